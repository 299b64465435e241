"""What the pictures of a diary are drawn from: plain values, already reckoned elsewhere.

A night is counted, explicitly without cramps, or missing; these are three things, and a missing night has no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from soleus.core.message import Message, say, say_all, say_as, say_count

NightState = Literal["count", "none", "missing"]
WEEKDAYS = (
    say("Monday"),
    say("Tuesday"),
    say("Wednesday"),
    say("Thursday"),
    say("Friday"),
    say("Saturday"),
    say("Sunday"),
)
MONTHS = (
    say("January"),
    say("February"),
    say("March"),
    say("April"),
    say("May"),
    say("June"),
    say("July"),
    say("August"),
    say("September"),
    say("October"),
    say("November"),
    say("December"),
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


def day_words(day: date, *, year: bool = True) -> Message:
    """Return a date as people read it.

    Examples
    --------
    >>> day_words(date(2026, 11, 5)), day_words(date(2026, 11, 5), year=False)
    ('5 November 2026', '5 November')
    """
    words = say("{day} {month}", day=day.day, month=MONTHS[day.month - 1])
    return say_as(f"{words} {day.year}", "{day}", day=day) if year else words


def cramps_words(cell: NightCell) -> Message:
    """Return what a night shows in words.

    Examples
    --------
    >>> cramps_words(NightCell(date(2026, 11, 5), "missing")), cramps_words(NightCell(date(2026, 11, 5), "count", 1))
    ('not recorded', '1 cramp')
    """
    if cell.state == "missing":
        return say("not recorded")
    if cell.state == "none":
        return say("no cramps")
    return say_count("{n} cramp", "{n} cramps", cell.cramps or 0)


def nights_words(cells: Sequence[NightCell]) -> Message:
    """Return a calendar of nights in one sentence, for those who do not see it."""
    if not cells:
        return say("No nights to show yet.")
    first, last = min(c.night_of for c in cells), max(c.night_of for c in cells)
    states = [cell.state for cell in cells]
    total = sum(cell.cramps or 0 for cell in cells)
    return say(
        "Nights of {first} to {last}: {some} with cramps ({total} in all), {none} without, {missing} not recorded.",
        first=day_words(first),
        last=day_words(last),
        some=states.count("count"),
        total=total,
        none=states.count("none"),
        missing=states.count("missing"),
    )


def weeks_words(weeks: Sequence[WeekBar]) -> Message:
    """Return the weeks in one sentence."""
    rates = [week.rate for week in weeks if week.rate is not None]
    if not rates:
        return say("No recorded week to show yet.")
    gaps = len(weeks) - len(rates)
    if gaps:
        count = say_count(
            "{n} week; {gaps} without a recorded night.",
            "{n} weeks; {gaps} without a recorded night.",
            len(weeks),
            gaps=gaps,
        )
    else:
        count = say_count("{n} week.", "{n} weeks.", len(weeks))
    span = say(
        "Cramps per week between {low:.2g} and {high:.2g}; the lines show what chance leaves open (95 %).",
        low=min(rates),
        high=max(rates),
    )
    return say_all([count, span])


def clock_words(hours: Sequence[HourBin]) -> Message:
    """Return the clock in one sentence."""
    total = sum(b.cramps for b in hours)
    if not total:
        return say("No cramp with a known time yet.")
    night = sum(b.cramps for b in hours if b.hour in NIGHT_HOURS)
    top = max(hours, key=lambda b: b.cramps)
    return say_count(
        "{n} cramp with a known time, {nightly} of them from {start} to {end} o'clock; most ({most}) from {hour} to "
        "{next} o'clock.",
        "{n} cramps with a known time, {nightly} of them from {start} to {end} o'clock; most ({most}) from {hour} to "
        "{next} o'clock.",
        total,
        nightly=night,
        start=NIGHT_HOURS[0],
        end=NIGHT_HOURS[-1] + 1,
        most=top.cramps,
        hour=top.hour,
        next=(top.hour + 1) % 24,
    )


def series_words(view: SeriesView) -> Message:
    """Return a series in two sentences."""
    if not view.points:
        return say("No readings of {label} yet.", label=view.label)
    values = [p.value for p in view.points]
    n = len(values)
    told = [
        say_count(
            "{n} reading of {label}, {low:.4g} {unit}.",
            "{n} readings of {label}, {low:.4g} to {high:.4g} {unit}.",
            n,
            label=view.label,
            low=min(values),
            high=max(values),
            unit=view.unit,
        )
    ]
    if view.band_low is not None and view.band_high is not None:
        told.append(
            say("Own level: {low:.3g} to {high:.3g} {unit}.", low=view.band_low, high=view.band_high, unit=view.unit)
        )
    return say_all([*told, *([view.verdict] if view.verdict else [])])
