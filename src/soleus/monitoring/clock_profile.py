"""Cramps over the clock, and at night against by day, with the nights that were not recorded in view.

Each cramp with a known start is put into its hour by the clock on the wall where the person was. The rate of an hour is
the number of its cramps over the hours of it that were recorded: on the night with a repeated hour that hour counts
twice, on the one with a missing hour not at all. A recorded night covers noon to noon. A night without a record adds
nothing: neither cramps nor hours.

Cramps of one night come together. The interval of a share is therefore Wilson's with the number of cramps divided by a
design effect of nights as clusters, and Student's quantile for that many nights.

Source: Wilson 1927; design effect of a ratio as in Kish 1965. That people note nightly cramps more, or less, faithfully
than those of the day cannot be seen here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped]

from soleus.core.message import Message, say, say_all, say_count
from soleus.core.proportion import wilson_interval
from soleus.core.record import Episode, NightCount, zone_of

NIGHT_STARTS = time(22, 0)  # choice: most adults lie down between 22 and 23
NIGHT_ENDS = time(7, 0)  # choice: most adults are up by 7
ENOUGH_NIGHTS = 10  # choice: with fewer nights the design effect itself is not known
ENOUGH_CRAMPS = 20  # choice: with fewer cramps even an interval of independent ones is wider than 40 points
STEP = timedelta(minutes=15)  # choice: clocks are changed by full quarters of an hour everywhere


@dataclass(frozen=True, slots=True)
class Share:
    """A share of cramps with its 95 % interval: how many of how many, on how many nights, and the design effect."""

    value: float
    low: float
    high: float
    cramps: int
    of: int
    nights: int
    design_effect: float


@dataclass(frozen=True, slots=True)
class ClockProfile:
    """Cramps over the clock.

    ``cramps`` and ``exposure_h`` have 24 entries, one for each hour of the clock from 0; ``per_hour`` is their ratio,
    None where the hour was never recorded. ``at_night``: share of the cramps of known time that began between the hours
    of night; ``even_share``: what it would be if cramps came evenly over the recorded time. ``night_to_day``: rate per
    hour at night over that by day, None without a cramp by day. ``second_half``: share of the cramps at night that
    began in the second half of it. ``without_time``: cramps of which only the night is known.
    """

    first: date | None
    last: date | None
    nights_recorded: int
    missing: tuple[date, ...]
    cramps: tuple[int, ...]
    exposure_h: tuple[float, ...]
    without_time: int
    at_night: Share | None
    even_share: float | None
    night_to_day: float | None
    first_half_cramps: int
    second_half_cramps: int
    second_half: Share | None

    @property
    def per_hour(self) -> tuple[float | None, ...]:
        """Cramps for each hour of recorded time, by the hour of the clock."""
        return tuple(
            count / hours if hours > 0 else None for count, hours in zip(self.cramps, self.exposure_h, strict=True)
        )

    @property
    def enough(self) -> bool:
        """Whether there are enough cramps on enough nights for a statement."""
        return self.at_night is not None and self.at_night.nights >= ENOUGH_NIGHTS and self.at_night.of >= ENOUGH_CRAMPS

    @property
    def says(self) -> Message:
        """Two or three plain sentences."""
        known = sum(self.cramps)
        missing = say_count("{n} night was not recorded.", "{n} nights were not recorded.", len(self.missing))
        timeless = say("{cramps} have no time.", cramps=self.without_time)
        if self.at_night is None or not self.enough:
            yet = say(
                "We can't tell yet: {cramps} cramps of known time on {nights} nights; it takes {enough_cramps} on "
                "{enough_nights}.",
                cramps=known,
                nights=self.at_night.nights if self.at_night else 0,
                enough_cramps=ENOUGH_CRAMPS,
                enough_nights=ENOUGH_NIGHTS,
            )
            return say_all([yet, timeless, missing])
        share = self.at_night
        nightly = say(
            "{share:.0f} % of {cramps} cramps began between {start:%H:%M} and {end:%H:%M} "
            "({low:.0f} to {high:.0f} %); spread evenly it would be {even:.0f} %.",
            share=100 * share.value,
            cramps=known,
            start=NIGHT_STARTS,
            end=NIGHT_ENDS,
            low=100 * share.low,
            high=100 * share.high,
            even=100 * (self.even_share or 0),
        )
        return say_all([nightly, timeless, missing])


def profile(
    episodes: Sequence[Episode],
    night_counts: Sequence[NightCount],
    zone: str,
    *,
    first: date | None = None,
    last: date | None = None,
) -> ClockProfile:
    """Return the cramps over the clock, by night and by day, and in the two halves of the night.

    A night with an episode is a recorded one, whether it has a count or not. Assumes that the whole of a recorded night
    and day was watched.

    Parameters
    ----------
    episodes : sequence of Episode
        In any order. The clock is read in the zone noted with each.
    night_counts : sequence of NightCount
        Recorded nights, each once.
    zone : str
        IANA name of the zone in which the recorded nights were spent: it tells how long each hour of the clock was.
    first, last : date, optional
        First and last night looked at, both included; left out, those of the record.

    Raises
    ------
    ValueError
        No such zone, one night twice, a negative count, or a last night before the first.

    Examples
    --------
    >>> from datetime import UTC
    >>> def cramp(day, hour):
    ...     at = datetime(2026, 3, day, hour, 20, tzinfo=UTC)
    ...     return Episode(id=f"{day}-{hour}", recorded_at=at, zone="UTC", started_at=at,
    ...                    night_of=(at - timedelta(hours=12)).date())
    >>> counts = [NightCount(night_of=date(2026, 3, day), cramps=1) for day in range(1, 29) if day != 4]
    >>> result = profile([cramp(day, 3) for day in range(2, 28, 2) for _ in "ab"], counts, "UTC")
    >>> result.cramps[3], result.exposure_h[3], result.missing
    (26, 27.0, (datetime.date(2026, 3, 4),))
    """
    clock = zone_of(zone)
    counts = _counts(night_counts)
    recorded = sorted({*counts, *(episode.night_of for episode in episodes)})
    first = first or (recorded[0] if recorded else None)
    last = last or (recorded[-1] if recorded else None)
    if first is not None and last is not None and last < first:
        raise ValueError(f"the last night {last} is before the first {first}: exchange them")
    recorded = [night for night in recorded if first is not None and last is not None and first <= night <= last]
    exposure, night_h = np.zeros(24), 0.0
    for night in recorded:
        exposure += _hours_of_clock(night, clock)
        night_h += _night(night, clock)[1] / 3600
    inside = set(recorded)
    chosen = sorted((e for e in episodes if e.night_of in inside), key=lambda e: (e.night_of, e.id))
    hours, logged = [0] * 24, dict.fromkeys(recorded, 0)
    nightly: dict[date, list[bool]] = {}
    late: dict[date, list[bool]] = {}
    for episode in chosen:
        logged[episode.night_of] += 1
        if episode.started_at is None:
            continue
        own = zone_of(episode.zone)
        hours[episode.started_at.astimezone(own).hour] += 1
        part = _part_of_night(episode.started_at, episode.night_of, own)
        nightly.setdefault(episode.night_of, []).append(part is not None)
        if part is not None:
            late.setdefault(episode.night_of, []).append(part >= 0.5)
    total = sum(max(counts.get(night, 0), logged[night]) for night in recorded)
    at_night = _share(list(nightly.values()))
    all_h = float(exposure.sum())
    by_day = at_night.of - at_night.cramps if at_night else 0
    second = _share(list(late.values()))
    known = {night.toordinal() for night in recorded}
    return ClockProfile(
        first=first,
        last=last,
        nights_recorded=len(recorded),
        missing=tuple(
            date.fromordinal(day)
            for day in (range(first.toordinal(), last.toordinal() + 1) if first and last else ())
            if day not in known
        ),
        cramps=tuple(hours),
        exposure_h=tuple(float(hour) for hour in exposure),
        without_time=total - sum(hours),
        at_night=at_night,
        even_share=night_h / all_h if all_h else None,
        night_to_day=(at_night.cramps / night_h) / (by_day / (all_h - night_h)) if at_night and by_day else None,
        first_half_cramps=second.of - second.cramps if second else 0,
        second_half_cramps=second.cramps if second else 0,
        second_half=second,
    )


def _counts(night_counts: Sequence[NightCount]) -> dict[date, int]:
    counts: dict[date, int] = {}
    for item in night_counts:
        if item.night_of in counts:
            raise ValueError(f"the night of {item.night_of} is there twice: give each night once")
        if item.cramps < 0:
            raise ValueError(f"{item.cramps} cramps in the night of {item.night_of}: a count is not negative")
        counts[item.night_of] = item.cramps
    return counts


def _utc(day: date, clock_time: time, clock: ZoneInfo) -> datetime:
    return datetime.combine(day, clock_time, tzinfo=clock).astimezone(UTC)


def _hours_of_clock(night: date, clock: ZoneInfo) -> NDArray[np.float64]:
    """Return how long each hour of the clock lasted from noon to noon: 1, but for nights when clocks are changed."""
    start, end = _utc(night, time(12), clock), _utc(night + timedelta(days=1), time(12), clock)
    if end - start == timedelta(hours=24):
        return np.ones(24)
    hours = np.zeros(24)
    at = start
    while at < end:
        hours[at.astimezone(clock).hour] += min(STEP, end - at) / timedelta(hours=1)
        at += STEP
    return hours


def _night(night: date, clock: ZoneInfo) -> tuple[datetime, float]:
    """Return when the night began and how many seconds it lasted, however the clocks were changed in it."""
    start = _utc(night, NIGHT_STARTS, clock)
    return start, (_utc(night + timedelta(days=1), NIGHT_ENDS, clock) - start).total_seconds()


def _part_of_night(at: datetime, night: date, clock: ZoneInfo) -> float | None:
    """Return how much of the night had passed (0 to 1); None when it was not night."""
    start, length = _night(night, clock)
    passed = (at.astimezone(UTC) - start).total_seconds() / length
    return passed if 0 <= passed < 1 else None


def _share(clusters: Sequence[Sequence[bool]]) -> Share | None:
    """Return the share of True with Wilson's interval, nights being the clusters."""
    sizes = np.array([len(cluster) for cluster in clusters], dtype=np.float64)
    hits = np.array([sum(cluster) for cluster in clusters], dtype=np.float64)
    of, nights = int(sizes.sum()), len(clusters)
    if not of:
        return None
    share = float(hits.sum()) / of
    # Never below 1: that nights share cramps out evenly is not to be learned from a few of them. Where the scatter
    # between nights cannot show (one night, or all cramps alike) each night counts as one cramp.
    effect = float((sizes**2).sum()) / of
    if nights > 1 and 0 < share < 1:
        variance = nights / (nights - 1) * float(((hits - share * sizes) ** 2).sum()) / of**2
        effect = max(1.0, variance / (share * (1 - share) / of))
    n = of / effect
    z = float(special.stdtrit(nights - 1, 0.975)) if nights > 1 else math.inf
    if not math.isfinite(z):
        return Share(share, 0.0, 1.0, int(hits.sum()), of, nights, effect)
    low, high = wilson_interval(share, n, z)
    return Share(share, low, high, int(hits.sum()), of, nights, effect)
