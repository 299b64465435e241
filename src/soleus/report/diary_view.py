"""What the pictures of a diary are drawn from: plain values, already reckoned elsewhere.

A night is counted, explicitly without cramps, or missing; these are three things, and a missing night has no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

NightState = Literal["count", "none", "missing"]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NIGHT_HOURS = (22, 23, 0, 1, 2, 3, 4, 5, 6)  # choice: the hours in which most people lie in bed are shaded
NOON_TO_NOON = (*range(12, 24), *range(12))  # the night lies in the middle of the clock


@dataclass(frozen=True, slots=True)
class NightCell:
    """One night of the calendar.

    Parameters
    ----------
    night_of : date
        The date of its evening.
    state : {"count", "none", "missing"}
        Cramps were counted; none was told; nothing was recorded.
    cramps : int, optional
        1 or more for "count", 0 or None for "none", None for "missing".

    Raises
    ------
    ValueError
        State and number contradict each other.
    """

    night_of: date
    state: NightState
    cramps: int | None = None

    def __post_init__(self) -> None:
        if self.state == "count" and not (self.cramps or 0) > 0:
            raise ValueError(f"night of {self.night_of}: counted, but the number of cramps is {self.cramps}")
        if self.state == "none" and self.cramps:
            raise ValueError(f"night of {self.night_of}: no cramps told, but the number of cramps is {self.cramps}")
        if self.state == "missing" and self.cramps is not None:
            raise ValueError(f"night of {self.night_of}: not recorded, so it has no number, not {self.cramps}")


@dataclass(frozen=True, slots=True)
class WeekBar:
    """Cramps per week in one week, with the interval.

    ``rate``, ``low``, ``high`` are cramps per week; all three are None when no night of that week was recorded.
    """

    week_start: date
    rate: float | None
    low: float | None
    high: float | None
    nights_recorded: int

    def __post_init__(self) -> None:
        if self.nights_recorded == 0 and self.rate is not None:
            raise ValueError(f"week of {self.week_start}: no night was recorded, so it has no rate, not {self.rate:g}")


@dataclass(frozen=True, slots=True)
class HourBin:
    """Cramps that began in one hour of the clock, ``hour`` 0 to 23."""

    hour: int
    cramps: int


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One reading with the limits of its own laboratory, in the unit of the series.

    ``real_change`` marks a reading that differs from those before by more than noise.
    """

    when: datetime
    value: float
    low_limit: float | None = None
    high_limit: float | None = None
    real_change: bool = False


@dataclass(frozen=True, slots=True)
class SeriesView:
    """Readings of one quantity over time; the band is the interval of the person's own level, None when unknown."""

    label: str
    unit: str
    points: tuple[SeriesPoint, ...]
    band_low: float | None
    band_high: float | None
    verdict: str


def day_words(day: date, *, year: bool = True) -> str:
    """Return a date as people read it.

    Examples
    --------
    >>> day_words(date(2026, 11, 5)), day_words(date(2026, 11, 5), year=False)
    ('5 November 2026', '5 November')
    """
    return f"{day.day} {MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")


def cramps_words(cell: NightCell) -> str:
    """Return what a night shows in words.

    Examples
    --------
    >>> cramps_words(NightCell(date(2026, 11, 5), "missing")), cramps_words(NightCell(date(2026, 11, 5), "count", 1))
    ('not recorded', '1 cramp')
    """
    if cell.state == "missing":
        return "not recorded"
    if cell.state == "none":
        return "no cramps"
    return f"{cell.cramps} cramp{'' if cell.cramps == 1 else 's'}"


def nights_words(cells: Sequence[NightCell]) -> str:
    """Return a calendar of nights in one sentence, for those who do not see it."""
    if not cells:
        return "No nights to show yet."
    first, last = min(c.night_of for c in cells), max(c.night_of for c in cells)
    states = [cell.state for cell in cells]
    total = sum(cell.cramps or 0 for cell in cells)
    return (
        f"Nights of {day_words(first)} to {day_words(last)}: {states.count('count')} with cramps ({total} in all), "
        f"{states.count('none')} without, {states.count('missing')} not recorded."
    )


def weeks_words(weeks: Sequence[WeekBar]) -> str:
    """Return the weeks in one sentence."""
    rates = [week.rate for week in weeks if week.rate is not None]
    if not rates:
        return "No recorded week to show yet."
    gaps = len(weeks) - len(rates)
    missing = f"; {gaps} without a recorded night" if gaps else ""
    return (
        f"{len(weeks)} week{'s' * (len(weeks) != 1)}{missing}. Cramps per week between {min(rates):.2g} and "
        f"{max(rates):.2g}; the lines show what chance leaves open (95 %)."
    )


def clock_words(hours: Sequence[HourBin]) -> str:
    """Return the clock in one sentence."""
    total = sum(b.cramps for b in hours)
    if not total:
        return "No cramp with a known time yet."
    night = sum(b.cramps for b in hours if b.hour in NIGHT_HOURS)
    top = max(hours, key=lambda b: b.cramps)
    return (
        f"{total} cramp{'s' * (total != 1)} with a known time, {night} of them from {NIGHT_HOURS[0]} to "
        f"{NIGHT_HOURS[-1] + 1} o'clock; most ({top.cramps}) from {top.hour} to {(top.hour + 1) % 24} o'clock."
    )


def series_words(view: SeriesView) -> str:
    """Return a series in two sentences."""
    if not view.points:
        return f"No readings of {view.label} yet."
    values = [p.value for p in view.points]
    n = len(values)
    range_words = f"{values[0]:.4g}" if n == 1 else f"{min(values):.4g} to {max(values):.4g}"
    band = ""
    if view.band_low is not None and view.band_high is not None:
        band = f" Own level: {view.band_low:.3g} to {view.band_high:.3g} {view.unit}."
    return f"{n} reading{'s' * (n != 1)} of {view.label}, {range_words} {view.unit}.{band} {view.verdict}".strip()
