"""A person's cramps in numbers: how many a week, on how many nights, how long, how painful, how much sleep they cost.

Only recorded nights count. A night that is not recorded is missing, not free of cramps; what it could have changed is
told as bounds. What was not told of a cramp stays out of its mean, and the number behind every mean is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from soleus.core.message import Message, say, say_all, say_count
from soleus.core.record import Episode, Night, NightCount
from soleus.knowledge.schema import Evidence
from soleus.monitoring.cramp_change import (
    RateChange,
    RivalExplanation,
    change_over_time,
    smallest_detectable_fall,
)
from soleus.monitoring.overdispersion import (
    Dispersion,
    FloatArray,
    count_interval,
    estimate_dispersion,
    night_grid,
    share_interval,
    t_quantile,
)

__all__ = [
    "CrampRate",
    "RateChange",
    "RivalExplanation",
    "SleepLost",
    "Told",
    "change_over_time",
    "smallest_detectable_fall",
    "weekly_rate",
]

ENOUGH_NIGHTS = 28  # choice: cramps come in stretches; below four weeks the person's own scatter cannot be told
FEWEST_TOLD = 3  # choice: an interval of a mean from fewer values would cover anything
FEWEST_NIGHTS_OF_SLEEP = 7  # choice: nights of either kind before their sleep is compared


@dataclass(frozen=True, slots=True)
class Told:
    """Mean of what was told, the number of values behind it, and its 95 % interval (None with fewer than 3)."""

    mean: float
    n: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SleepLost:
    """Hours slept on nights without cramps less those on nights with cramps, with the 95 % interval (Welch).

    It is a difference between nights. That the cramps made it is not shown: bad sleep and cramps may share a cause.
    """

    hours: float
    low: float
    high: float
    nights_with: int
    nights_without: int


@dataclass(frozen=True, slots=True)
class CrampRate:
    """Cramps a week and what goes with them, from the recorded nights between `first` and `last`.

    ``per_week``, ``low``, ``high``: rate and its 95 % interval; None when no night was recorded.
    ``if_missing_free``, ``if_missing_alike``: the rate if every missing night had been free of cramps, or like the
    recorded ones on average.
    ``share``, ``share_low``, ``share_high``: recorded nights with at least one cramp.
    ``woke``: share of cramps that woke the person. ``enough`` is False below 28 recorded nights: the interval is then
    mostly that of people in general.
    """

    first: date
    last: date
    nights_recorded: int
    nights_missing: int
    cramps: int
    per_week: float | None
    low: float | None
    high: float | None
    dispersion: Dispersion
    if_missing_free: float | None
    if_missing_alike: float | None
    nights_with_cramps: int
    share: float | None
    share_low: float | None
    share_high: float | None
    duration_s: Told | None
    pain: Told | None
    woke: Told | None
    sleep_lost: SleepLost | None
    enough: bool

    @property
    def says(self) -> Message:
        """One plain sentence."""
        if self.per_week is None:
            return say("We can't tell yet: none of the {missing} nights was recorded.", missing=self.nights_missing)
        text = say(
            "{rate:.1f} cramps a week ({low:.1f} to {high:.1f}) from {recorded}; {missing}.",
            rate=self.per_week,
            low=self.low,
            high=self.high,
            recorded=say_count("{n} recorded night", "{n} recorded nights", self.nights_recorded),
            missing=say_count("{n} night missing", "{n} nights missing", self.nights_missing),
        )
        if self.enough:
            return text
        few = say("That is too few for a firm answer: it takes {nights} recorded nights.", nights=ENOUGH_NIGHTS)
        return say_all([text, few])


def weekly_rate(
    night_counts: Sequence[NightCount],
    first: date,
    last: date,
    *,
    evidence: Evidence,
    episodes: Sequence[Episode] = (),
    nights: Sequence[Night] = (),
) -> CrampRate:
    """Return the person's cramps a week with a 95 % interval, and what goes with them.

    Assumes that recorded nights are like the missing ones, and that the rate is steady over the time looked at. Claims
    nothing about nights outside of it.

    Parameters
    ----------
    night_counts : sequence of NightCount
        Recorded nights only, each once, in any order. Those outside `first` to `last` are left out.
    first, last : date
        First and last night looked at, both included.
    evidence : Evidence
        For the dispersion of a person of whom nothing is known.
    episodes, nights : sequences of Episode and Night
        For duration, pain, waking and sleep; those outside the time are left out.

    Raises
    ------
    ValueError
        The last night before the first, one night twice, or a negative count.

    Examples
    --------
    >>> from datetime import timedelta
    >>> from soleus.knowledge.load import load_evidence
    >>> start = date(2026, 1, 1)
    >>> counts = [NightCount(night_of=start + timedelta(days=i), cramps=i % 2) for i in range(28)]
    >>> rate = weekly_rate(counts, start, date(2026, 1, 31), evidence=load_evidence())
    >>> rate.per_week, rate.nights_missing, rate.nights_with_cramps
    (3.5, 3, 14)
    >>> rate.says
    '3.5 cramps a week (1.8 to 6.1) from 28 recorded nights; 3 nights missing.'
    """
    grid = night_grid(night_counts, first, last)
    recorded = np.isfinite(grid)
    n, cramps = int(recorded.sum()), int(np.nansum(grid))
    dispersion = estimate_dispersion([grid], evidence.policy["within_person_dispersion"].value)
    yes = np.where(recorded, (np.nan_to_num(grid) > 0).astype(float), np.nan)
    with_cramps = int(np.nansum(yes))
    per_week = low = high = free = share = share_low = share_high = None
    if n:
        per_week, free, share = 7 * cramps / n, 7 * cramps / len(grid), with_cramps / n
        low, high = (7 * bound / n for bound in count_interval(cramps, dispersion))
        share_low, share_high = share_interval(yes)
    within = [episode for episode in episodes if first <= episode.night_of <= last]
    return CrampRate(
        first=first,
        last=last,
        nights_recorded=n,
        nights_missing=len(grid) - n,
        cramps=cramps,
        per_week=per_week,
        low=low,
        high=high,
        dispersion=dispersion,
        if_missing_free=free,
        if_missing_alike=per_week,
        nights_with_cramps=with_cramps,
        share=share,
        share_low=share_low,
        share_high=share_high,
        duration_s=_told(within, lambda episode: episode.duration_s),
        pain=_told(within, lambda episode: episode.pain),
        woke=_told(within, lambda episode: episode.woke),
        sleep_lost=_sleep_lost(grid, first, [night for night in nights if first <= night.night_of <= last]),
        enough=n >= ENOUGH_NIGHTS,
    )


def _told(episodes: Sequence[Episode], value_of: Callable[[Episode], float | None]) -> Told | None:
    """Return the mean of what was told; cramps of one night count as one cluster in its interval."""
    by_night: dict[date, list[float]] = {}
    for episode in episodes:
        value = value_of(episode)
        if value is not None:
            by_night.setdefault(episode.night_of, []).append(float(value))
    # in order of night and value, so that the order in which entries come cannot move the last digit
    clusters = [np.sort(np.array(by_night[night])) for night in sorted(by_night)]
    if not clusters:
        return None
    values = np.concatenate(clusters)
    mean, n, groups = float(values.mean()), len(values), len(clusters)
    if groups < FEWEST_TOLD:
        return Told(mean, n, None, None)
    spread = sum(float((cluster - mean).sum()) ** 2 for cluster in clusters)
    half = t_quantile(0.975, groups - 1) * math.sqrt(spread * groups / (groups - 1)) / n
    smallest, largest = min(float(values.min()), 0.0), np.inf
    if set(np.unique(values)) <= {0.0, 1.0}:
        largest = 1.0
    return Told(mean, n, max(mean - half, smallest), float(min(mean + half, largest)))


def _sleep_lost(grid: FloatArray, first: date, nights: Sequence[Night]) -> SleepLost | None:
    with_cramps: list[float] = []
    without: list[float] = []
    for night in sorted(nights, key=lambda night: night.night_of):
        count = grid[(night.night_of - first).days]
        if night.slept_h is not None and math.isfinite(count):
            (with_cramps if count else without).append(night.slept_h)
    if min(len(with_cramps), len(without)) < FEWEST_NIGHTS_OF_SLEEP:
        return None
    parts = [(float(np.var(hours, ddof=1)) / len(hours), len(hours) - 1) for hours in (with_cramps, without)]
    variance = sum(part for part, _ in parts)
    hours = float(np.mean(without) - np.mean(with_cramps))
    if variance == 0:  # every night told alike
        return SleepLost(hours, hours, hours, len(with_cramps), len(without))
    degrees = variance**2 / sum(part**2 / free for part, free in parts)
    half = t_quantile(0.975, degrees) * math.sqrt(variance)
    return SleepLost(hours, hours - half, hours + half, len(with_cramps), len(without))
