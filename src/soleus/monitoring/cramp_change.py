"""Whether a person's cramps have become fewer or more, and what else could explain it.

Two periods are compared by the ratio of their rates. When the interval leaves room for no change, the answer is "can't
tell", with the fall that would have stood out. A change that is real may still come from the season, or from the diary
having begun in a bad stretch: such rivals are named.

Source: the test behind the smallest fall is that of a quasi-Poisson rate difference; season: Garrison 2015.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from soleus.core.message import say
from soleus.core.record import NightCount
from soleus.knowledge.schema import Evidence
from soleus.monitoring.overdispersion import (
    Dispersion,
    FloatArray,
    count_interval,
    estimate_dispersion,
    night_grid,
    normal_quantile,
    ratio_interval,
)

Verdict = Literal["fewer", "can't tell", "more"]
Hemisphere = Literal["north", "south"]

FEWEST_NIGHTS = 14  # choice: a period of less than two recorded weeks may be one bad or good stretch
SEASON_WORTH_NAMING = 1.1  # choice: a seasonal ratio nearer to 1 than this is lost in any diary
FIRST_STRETCH = 14  # choice: nights at the beginning of a diary that may be the bad stretch it was begun for
YEAR = 365.25


@dataclass(frozen=True, slots=True)
class RivalExplanation:
    """Something other than a treatment that could have made the change, and the rate ratio it alone would make."""

    name: Literal["season", "regression_to_the_mean"]
    why: str
    expected_ratio: float | None


@dataclass(frozen=True, slots=True)
class PeriodRate:
    """Cramps a week in one period; the interval is 95 %. All None when no night was recorded."""

    first: date
    last: date
    nights_recorded: int
    nights_missing: int
    cramps: int
    per_week: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RateChange:
    """Two periods compared.

    ``ratio``, ``low``, ``high``: later rate over earlier rate with its 95 % interval; None without cramps before.
    ``smallest_fall``: the smallest fall, as a share, that would stand out here; None when even an end of all cramps
    would not. ``surely_seen_fall``: the one that would be seen four times in five.
    ``reason`` says why it can't be told, when it can't.
    """

    before: PeriodRate
    after: PeriodRate
    ratio: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str
    smallest_fall: float | None
    surely_seen_fall: float | None
    dispersion: Dispersion
    rivals: tuple[RivalExplanation, ...]


def change_over_time(
    night_counts: Sequence[NightCount],
    *,
    evidence: Evidence,
    split: date | None = None,
    periods: tuple[tuple[date, date], tuple[date, date]] | None = None,
    hemisphere: Hemisphere | None = None,
) -> RateChange:
    """Return whether the rate of cramps differs between two periods.

    Assumes that the periods were chosen before looking at the counts. A split put where the counts seem to change
    finds a change too often.

    Parameters
    ----------
    night_counts : sequence of NightCount
        Recorded nights only, each once, in any order.
    evidence : Evidence
        For the default dispersion, the season and the fall without treatment.
    split : date, optional
        First night of the later period; the periods then reach to the ends of the diary.
    periods : two pairs of dates, optional
        First and last night of the earlier and of the later period. Exactly one of `split` and `periods` is given.
    hemisphere : {"north", "south"}, optional
        Where the person lives; unknown, the season is named without a direction.

    Raises
    ------
    ValueError
        Neither or both of `split` and `periods`, periods that overlap or are exchanged, or a night given twice.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> start = date(2026, 1, 1)
    >>> counts = [NightCount(night_of=start + timedelta(days=i), cramps=2 if i < 42 else 0) for i in range(84)]
    >>> change = change_over_time(counts, split=start + timedelta(days=42), evidence=load_evidence())
    >>> change.verdict, change.ratio
    ('fewer', 0.0)
    """
    (first_1, last_1), (first_2, last_2) = _periods(night_counts, split, periods)
    grids = [night_grid(night_counts, first_1, last_1), night_grid(night_counts, first_2, last_2)]
    dispersion = estimate_dispersion(grids, evidence.policy["within_person_dispersion"].value)
    before = _period(grids[0], first_1, last_1, dispersion)
    after = _period(grids[1], first_2, last_2, dispersion)
    ratio = low = high = smallest = sure = None
    reason: str = ""
    if min(before.nights_recorded, after.nights_recorded) < FEWEST_NIGHTS:
        reason = say("each period needs at least {nights} recorded nights", nights=FEWEST_NIGHTS)
    elif before.cramps + after.cramps == 0:
        reason = say("there was no cramp in either period")
    if before.nights_recorded and after.nights_recorded and before.cramps:
        n_1, n_2 = before.nights_recorded, after.nights_recorded
        ratio = (after.cramps / n_2) / (before.cramps / n_1)
        low, high = ratio_interval(before.cramps, n_1, after.cramps, n_2, dispersion)
        rate = 7 * before.cramps / n_1
        smallest = smallest_detectable_fall(rate, n_1 / 7, n_2 / 7, dispersion.value, tail=dispersion.tail)
        sure = smallest_detectable_fall(rate, n_1 / 7, n_2 / 7, dispersion.value, tail=dispersion.tail, power=0.8)
    verdict: Verdict = "can't tell"
    if not reason:
        if before.cramps == 0:  # the ratio has no upper end, but its lower end may still lie above 1
            lowest, _ = ratio_interval(
                before.cramps, before.nights_recorded, after.cramps, after.nights_recorded, dispersion
            )
            verdict = "more" if lowest > 1 else "can't tell"
        elif high is not None and high < 1:
            verdict = "fewer"
        elif low is not None and low > 1:
            verdict = "more"
        if verdict == "can't tell":
            reason = say("the difference is within what the nights scatter by themselves")
    rivals = (
        *_season(grids, (first_1, first_2), evidence, hemisphere),
        *_bad_start(night_counts, grids[0], first_1, before, after, evidence),
    )
    return RateChange(before, after, ratio, low, high, verdict, reason, smallest, sure, dispersion, rivals)


def smallest_detectable_fall(
    per_week: float,
    weeks_before: float,
    weeks_after: float,
    dispersion: float,
    *,
    tail: float = 0.025,
    power: float = 0.5,
) -> float | None:
    """Return the smallest fall (share of the earlier rate) that stands out; None when none would.

    With z = (r1 - r2) / sqrt(dispersion (r1 / weeks before + r2 / weeks after)), the fall that brings z to its limit.
    A true fall of just that size is seen half of the time; `power` asks for more.

    Parameters
    ----------
    per_week : float
        Earlier rate, above 0.
    weeks_before, weeks_after : float
        Recorded weeks.
    dispersion : float
        Variance of a count over its mean.
    tail : float
        Probability of a false alarm on each side.
    power : float
        How often a fall of that size is to be seen.

    Examples
    --------
    >>> round(smallest_detectable_fall(5, 4, 4, 2.0), 2)
    0.71
    >>> smallest_detectable_fall(1, 4, 4, 2.0) is None
    True
    """
    if not (per_week > 0 and weeks_before > 0 and weeks_after > 0):
        return None
    scale = (normal_quantile(1 - tail) + normal_quantile(power)) ** 2 * dispersion
    half = scale / (2 * weeks_after)
    difference = -half + math.sqrt(half**2 + scale * per_week * (1 / weeks_before + 1 / weeks_after))
    return difference / per_week if difference <= per_week else None


def _periods(
    night_counts: Sequence[NightCount], split: date | None, periods: tuple[tuple[date, date], tuple[date, date]] | None
) -> tuple[tuple[date, date], tuple[date, date]]:
    if (split is None) == (periods is None):
        raise ValueError("give either the first night of the later period (split) or two periods")
    if periods is None and split is not None:
        nights = [night.night_of for night in night_counts]
        day = timedelta(days=1)
        periods = (min([*nights, split - day]), split - day), (split, max([*nights, split]))
    assert periods is not None
    (first_1, last_1), (first_2, last_2) = periods
    if not first_1 <= last_1 < first_2 <= last_2:
        raise ValueError(
            f"the periods {first_1} to {last_1} and {first_2} to {last_2} overlap or are exchanged: "
            "give the earlier one first, each with its first and last night"
        )
    return periods


def _period(grid: FloatArray, first: date, last: date, dispersion: Dispersion) -> PeriodRate:
    n, cramps = int(np.isfinite(grid).sum()), int(np.nansum(grid))
    if not n:
        return PeriodRate(first, last, 0, len(grid), 0, None, None, None)
    low, high = (7 * bound / n for bound in count_interval(cramps, dispersion))
    return PeriodRate(first, last, n, len(grid) - n, cramps, 7 * cramps / n, low, high)


def _season(
    grids: Sequence[FloatArray], firsts: Sequence[date], evidence: Evidence, hemisphere: Hemisphere | None
) -> tuple[RivalExplanation, ...]:
    """Return the season as a rival when the periods' recorded nights differ in their place on the yearly curve."""
    half = evidence.rival_explanations["season_swing"].value / 2
    peak = evidence.rival_explanations["season_peak_day"].value + (YEAR / 2 if hemisphere == "south" else 0.0)
    heights = []
    for grid, first in zip(grids, firsts, strict=True):
        days = np.flatnonzero(np.isfinite(grid)) + first.timetuple().tm_yday
        if not len(days):
            return ()
        heights.append(float(np.mean(1 + half * np.cos(2 * np.pi * (days - peak) / YEAR))))
    ratio = heights[1] / heights[0]
    if abs(math.log(ratio)) < math.log(SEASON_WORTH_NAMING):
        return ()
    if hemisphere is None:
        why = say("the periods lie in different seasons, and cramps are most frequent in summer")
        return (RivalExplanation("season", why, None),)
    why = say(
        "the periods lie in different seasons: cramps are most frequent in summer, and the season alone would make the "
        "later rate {ratio:.1f} times the earlier one",
        ratio=ratio,
    )
    return (RivalExplanation("season", why, ratio),)


def _bad_start(
    night_counts: Sequence[NightCount],
    grid: FloatArray,
    first: date,
    before: PeriodRate,
    after: PeriodRate,
    evidence: Evidence,
) -> tuple[RivalExplanation, ...]:
    """Return regression to the mean as a rival of a fall, when the diary began high and the first period holds that."""
    if before.per_week is None or after.per_week is None or after.per_week >= before.per_week:
        return ()
    recorded = np.flatnonzero(np.isfinite(grid))
    begins_here = first + timedelta(days=int(recorded[0])) == min(night.night_of for night in night_counts)
    start, rest = grid[recorded[:FIRST_STRETCH]], grid[recorded[FIRST_STRETCH:]]
    if not begins_here or (len(rest) and start.mean() <= rest.mean()):
        return ()
    fall = evidence.rival_explanations["fall_without_treatment"].value
    why = say(
        "the diary began in a bad stretch, and bad stretches pass by themselves: people who were given no active "
        "treatment in trials had {fall:.0f} % fewer cramps too",
        fall=fall,
    )
    return (RivalExplanation("regression_to_the_mean", why, 1 - fall / 100),)
