"""The parts of a day by the person's clock: when a day starts, which are its morning and its evening."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from soleus.core.message import Message, say
from soleus.core.record import Sample, zone_of
from soleus.knowledge.laboratory_text import normalize_unit
from soleus.knowledge.schema import Quantity
from soleus.monitoring.units import convert, convert_unit

DAY_STARTS = 4.0  # choice: fewest people are awake at 4; readings after midnight belong to the evening before
FEWEST_DAYS = 3  # choice: an interval from two days would cover anything


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day by the person's clock, in hours from the start up to but not including the end.

    Hours beyond 24 are those after midnight of the same evening.
    """

    start: float
    end: float

    def holds(self, hour: float) -> bool:
        """Whether an hour of the clock (0 to 24) lies in it."""
        return self.start <= hour < self.end or self.start <= hour + 24 < self.end

    @property
    def words(self) -> Message:
        """Start and end by the clock."""
        start, end = (f"{int(hour % 24):02d}:{round(hour % 1 * 60):02d}" for hour in (self.start, self.end))
        return say("{start} to {end}", start=start, end=end)

    def __str__(self) -> str:
        return str(self.words)


MORNING = Window(DAY_STARTS, 12.0)  # choice: until noon
EVENING = Window(16.0, 24.0 + DAY_STARTS)  # choice: from late afternoon until the day ends


@dataclass(frozen=True, slots=True)
class DayMean:
    """Mean over days, with its 95 % interval (Student; None with fewer than 3 days) and the number of days."""

    value: float
    low: float | None
    high: float | None
    days: int


def day_of(local: datetime) -> date:
    """Return the day that a moment by the person's clock belongs to; days start at 4 in the morning."""
    return (local - timedelta(hours=DAY_STARTS)).date()


def local_time(sample: Sample, zone: str | None) -> datetime:
    """Return the time of a sample as the clock on the wall showed it, in `zone` or in the one noted with it."""
    return sample.taken_at.astimezone(zone_of(zone or sample.zone)).replace(tzinfo=None)


def hour_of(local: datetime) -> float:
    """Return the hour of the clock with its fraction."""
    return local.hour + local.minute / 60 + local.second / 3600


def mean_of_days(values: Sequence[float]) -> DayMean | None:
    """Return the mean of one value a day; None without any. Days are taken as independent."""
    if not values:
        return None
    mean, days = float(np.mean(values)), len(values)
    if days < FEWEST_DAYS:
        return DayMean(mean, None, None, days)
    half = float(special.stdtrit(days - 1, 0.975)) * float(np.std(values, ddof=1)) / math.sqrt(days)
    return DayMean(mean, mean - half, mean + half, days)


@dataclass(frozen=True, slots=True)
class Day:
    """The readings of one day in the order of time."""

    day: date
    values: tuple[float, ...]
    parts: tuple[str, ...]  # of each value: "morning", "evening", or "" for neither

    @property
    def morning(self) -> float | None:
        """Mean of its mornings; None without a reading."""
        return self._mean_of("morning")

    @property
    def evening(self) -> float | None:
        """Mean of its evenings; None without a reading."""
        return self._mean_of("evening")

    def _mean_of(self, part: str) -> float | None:
        chosen = [value for value, own in zip(self.values, self.parts, strict=True) if own == part]
        return sum(chosen) / len(chosen) if chosen else None

    @property
    def amplitude(self) -> float:
        """Highest less lowest."""
        return max(self.values) - min(self.values)

    @property
    def percent(self) -> float | None:
        """Amplitude in % of the mean of the day; None where that is not above zero."""
        mean = sum(self.values) / len(self.values)
        return 100 * self.amplitude / mean if mean > 0 else None


def group_days(
    samples: Sequence[Sample],
    unit: str,
    zone: str | None,
    quantity: Quantity | None,
    morning: Window,
    evening: Window,
) -> list[Day]:
    """Return the days of readings in the order of time, in one unit, each reading with its part of the day."""
    found: dict[date, list[tuple[float, str]]] = {}
    scales: dict[str, tuple[float, float]] = {}  # units are few and readings many
    for sample in samples:
        if sample.unit not in scales:
            scales[sample.unit] = _scale(sample.unit, unit, quantity)
        factor, offset = scales[sample.unit]
        value = sample.value * factor + offset
        local = local_time(sample, zone)
        hour = hour_of(local)
        part = "morning" if morning.holds(hour) else "evening" if evening.holds(hour) else ""
        found.setdefault(day_of(local), []).append((value, part))
    return [
        Day(day, tuple(value for value, _ in found[day]), tuple(part for _, part in found[day]))
        for day in sorted(found)
    ]


def _scale(unit: str, wanted: str, quantity: Quantity | None) -> tuple[float, float]:
    """Return factor and offset that turn a value in one unit into the wanted one."""
    if normalize_unit(unit) == normalize_unit(wanted):
        return 1.0, 0.0
    at_0, at_1 = (
        convert(value, unit, quantity) if quantity else convert_unit(value, unit, wanted) for value in (0.0, 1.0)
    )
    return at_1 - at_0, at_0
