"""Morning against evening: means, difference, daily amplitude and its weekly course, and whether it can be told at all.

Two readings of one day always differ. Whether evenings really differ from mornings is judged by the paired differences
of many days; how much a day swings is set beside what readings that only scatter would give. The first day is left out,
as in home blood pressure and peak flow: people are learning then.

A day runs from 4 in the morning to 4 in the next by the person's clock, so that a late evening is not the next day.
Days are taken as independent of each other; where a level drifts over weeks, the intervals of the means are too narrow,
while the difference within days is not touched.

Source: amplitude per cent mean as in the monitoring of peak flow (GINA: daily 100 x (highest - lowest) / mean,
averaged). No validation of it exists for vessels or cramps, so no limit of "too much" is given here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from soleus.core.message import Message, say, say_all, say_count
from soleus.core.record import Sample
from soleus.knowledge.laboratory_text import normalize_unit
from soleus.knowledge.schema import Quantity
from soleus.monitoring.clock_adjustment import ClockAdjusted, adjust_for_clock
from soleus.monitoring.day_parts import (
    EVENING,
    FEWEST_DAYS,
    MORNING,
    Day,
    DayMean,
    Window,
    group_days,
    mean_of_days,
)
from soleus.monitoring.noise_range import FALSE_ALARM, days_to_measure, noise_amplitude

__all__ = [
    "ENOUGH_DAYS",
    "EVENING",
    "MORNING",
    "ClockAdjusted",
    "DayMean",
    "DayNight",
    "Week",
    "Window",
    "adjust_for_clock",
    "day_night",
]

ENOUGH_DAYS = 7  # choice: the rule of home blood pressure; means of seven days still vary by 4 % (warren2010)
INTERVAL_SCALES = {"cel", "degc", "c", "°c", "[degf]", "degf", "f", "°f"}  # units whose zero is arbitrary: no per cent


@dataclass(frozen=True, slots=True)
class Week:
    """Amplitude of one week, counted from the first day that counts; None when no day of it has two readings."""

    number: int
    first: date
    days: int
    amplitude: float | None
    amplitude_percent: float | None


@dataclass(frozen=True, slots=True)
class DayNight:
    """What readings of mornings and evenings say.

    ``difference`` is evening less morning, from days with both. ``amplitude`` is the daily highest less lowest,
    averaged over the ``days`` with at least two readings; ``amplitude_percent`` relates it to each day's mean (None
    where the unit has no true zero or a mean is not above it). ``noise_sd`` is the scatter of one reading around
    that day's level; ``noise_amplitude`` is the amplitude that such scatter alone would give, and ``noise_limit`` the
    most of it.

    ``measurable``: whether evenings differ from mornings; None before ``ENOUGH_DAYS`` days with both. Pure noise is
    called measurable in 1.25 % of series. ``beyond_noise``: whether the amplitude as a whole exceeds the noise, also
    that of published variation within a person and of the laboratory where it is known. ``days_needed``: days with both
    that a difference like the one seen takes; None when it is more than a year, or not known.
    """

    unit: str
    readings: int
    without_clock: int
    first_day_left_out: date | None
    morning: DayMean | None
    evening: DayMean | None
    difference: DayMean | None
    days: int
    amplitude: float | None
    amplitude_percent: float | None
    weeks: tuple[Week, ...]
    noise_sd: float | None
    noise_amplitude: float | None
    noise_limit: float | None
    measurable: bool | None
    beyond_noise: bool | None
    days_needed: int | None
    notes: tuple[str, ...] = ()

    @property
    def says(self) -> Message:
        """Two plain sentences at most."""
        paired = self.difference.days if self.difference else 0
        if self.measurable is None or self.difference is None:
            return say_count(
                "We can't tell yet: {n} day with a morning and an evening reading, {more} more to go.",
                "We can't tell yet: {n} days with a morning and an evening reading, {more} more to go.",
                paired,
                more=ENOUGH_DAYS - paired,
            )
        text = self._difference_words(self.difference)
        if self.amplitude is None or self.noise_amplitude is None:
            return text
        swing = say(
            "A day swings by {swing}; readings that only scatter would give {noise}.",
            swing=self._amount(say("{value:.3g}", value=self.amplitude)),
            noise=self._amount(say("{value:.3g}", value=self.noise_amplitude)),
        )
        return say_all([text, swing])

    def _difference_words(self, difference: DayMean) -> Message:
        size = abs(difference.value)
        if self.measurable:
            low, high = sorted((abs(difference.low or 0.0), abs(difference.high or 0.0)))
            told: dict[str, object] = {
                "size": self._amount(say("{value:.3g}", value=size)),
                "low": low,
                "high": high,
                "days": difference.days,
            }
            if difference.value > 0:
                return say("Evenings are {size} higher than mornings ({low:.3g} to {high:.3g}, {days} days).", **told)
            return say("Evenings are {size} lower than mornings ({low:.3g} to {high:.3g}, {days} days).", **told)
        told = {"days": difference.days, "size": self._amount(say("{value:.2g}", value=size))}
        if self.days_needed:
            return say(
                "Morning and evening are not distinguishable from noise after {days} days; a difference of {size}, if "
                "it is real, takes about {needed} days.",
                **told,
                needed=self.days_needed,
            )
        return say(
            "Morning and evening are not distinguishable from noise after {days} days; a difference of {size}, if it "
            "is real, takes more than a year.",
            **told,
        )

    def _amount(self, number: Message) -> Message:
        if not self.unit or self.unit == "1":
            return number
        return say("{number} {unit}", number=number, unit=self.unit)


def day_night(
    samples: Sequence[Sample],
    zone: str | None = None,
    *,
    quantity: Quantity | None = None,
    morning: Window = MORNING,
    evening: Window = EVENING,
    leave_out_first: bool = True,
) -> DayNight:
    """Return mornings against evenings, the daily amplitude with its weekly course, and whether it is measurable.

    Parameters
    ----------
    samples : sequence of Sample
        Of one quantity, in any order. Those whose clock time is not known are counted and left out.
    zone : str, optional
        IANA name of the zone whose clock is read; left out, the zone noted with each sample.
    quantity : Quantity, optional
        Its record in the evidence: the unit to convert to, and the variation that the amplitude has to exceed.
    morning, evening : Window
    leave_out_first : bool
        Whether the first day with a reading is left out.

    Raises
    ------
    ValueError
        More than one quantity, or units that cannot be converted into each other.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> def reading(day, hour, value):
    ...     at = datetime(2026, 1, day, hour, tzinfo=UTC)
    ...     return Sample(id=f"{day}-{hour}", recorded_at=at, zone="UTC", taken_at=at, quantity="velocity", value=value,
    ...                   unit="cm/s")
    >>> series = [reading(day, hour, value + day % 3) for day in range(1, 9) for hour, value in ((7, 20.0), (19, 26.0))]
    >>> result = day_night(series + [reading(day, 20, 27.0) for day in (2, 5)])
    >>> result.measurable, result.difference.days, round(result.difference.value, 2)
    (True, 7, 5.86)
    >>> result.says
    'Evenings are 5.86 cm/s higher than mornings (5.63 to 6.08, 7 days). A day swings by 6 cm/s; readings that only
    scatter would give 0.503 cm/s.'
    """
    names = {sample.quantity for sample in samples}
    if len(names) > 1:
        raise ValueError(f"readings of {', '.join(sorted(names))}: give one quantity at a time")
    known = sorted((s for s in samples if s.clock_known), key=lambda s: (s.taken_at, s.value, s.id))
    unit = quantity.unit if quantity else (known[0].unit if known else "")
    grouped = group_days(known, unit, zone, quantity, morning, evening)
    left_out = grouped[0].day if grouped and leave_out_first else None
    days = grouped[1:] if left_out else grouped
    several = [day for day in days if len(day.values) > 1]
    paired = [day.evening - day.morning for day in days if day.morning is not None and day.evening is not None]
    difference = mean_of_days(paired)
    amplitude = float(np.mean([day.amplitude for day in several])) if several else None
    has_zero = normalize_unit(unit) not in INTERVAL_SCALES and unit.strip().lower() not in INTERVAL_SCALES
    noise_sd = _scatter(several)
    expected = limit = None
    level = float(np.mean([value for day in several for value in day.values])) if several else 0.0
    if noise_sd is not None:
        published = _published_sd(quantity, level) if quantity else 0.0
        expected, limit = noise_amplitude([len(day.values) for day in several], max(noise_sd, published))
    measurable, needed = _judge(paired)
    return DayNight(
        unit=unit,
        readings=sum(len(day.values) for day in days),
        without_clock=len(samples) - len(known),
        first_day_left_out=left_out,
        morning=mean_of_days([day.morning for day in days if day.morning is not None]),
        evening=mean_of_days([day.evening for day in days if day.evening is not None]),
        difference=difference,
        days=len(several),
        amplitude=amplitude,
        amplitude_percent=_percent(several) if has_zero else None,
        weeks=_weeks(days, has_zero),
        noise_sd=noise_sd,
        noise_amplitude=expected,
        noise_limit=limit,
        measurable=measurable,
        beyond_noise=None if limit is None or amplitude is None or len(several) < ENOUGH_DAYS else amplitude > limit,
        days_needed=needed,
        notes=_notes(known),
    )


def _judge(paired: Sequence[float]) -> tuple[bool | None, int | None]:
    """Return whether evenings differ from mornings, and how many days a difference like this takes."""
    days = len(paired)
    if days < FEWEST_DAYS:
        return None, None
    mean, spread = float(np.mean(paired)), float(np.std(paired, ddof=1))
    needed = days_to_measure(mean, spread, ENOUGH_DAYS) if mean else None
    if days < ENOUGH_DAYS:
        return None, needed
    limit = float(special.stdtrit(days - 1, 1 - FALSE_ALARM / 2)) * spread / math.sqrt(days)
    measurable = abs(mean) > limit
    # a difference just below the limit may come out as needing fewer days than there are: it takes more than these
    return measurable, needed if measurable or needed is None else max(needed, days + 1)


def _scatter(several: Sequence[Day]) -> float | None:
    """Return the standard deviation of one reading, once the level of each day and the time of day are taken out."""
    if len(several) < FEWEST_DAYS:
        return None
    residuals, marks = [], []
    for day in several:
        values = np.array(day.values)
        parts = np.array([[part == "morning", part == "evening"] for part in day.parts], dtype=np.float64)
        residuals.append(values - values.mean())
        marks.append(parts - parts.mean(axis=0))
    y, x = np.concatenate(residuals), np.concatenate(marks)
    solution, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    free = len(y) - len(several) - int(rank)
    if free < 1:
        return None
    return math.sqrt(float(np.sum((y - x @ solution) ** 2)) / free)


def _published_sd(quantity: Quantity, level: float) -> float:
    return abs(level) * math.hypot(quantity.within_person_cv.value, quantity.analytical_cv.value) / 100


def _percent(days: Sequence[Day]) -> float | None:
    shares = [day.percent for day in days]
    known = [share for share in shares if share is not None]
    return float(np.mean(known)) if known and len(known) == len(shares) else None


def _weeks(days: Sequence[Day], has_zero: bool) -> tuple[Week, ...]:
    if not days:
        return ()
    start = days[0].day
    by_week: dict[int, list[Day]] = {}
    for day in days:
        week = by_week.setdefault((day.day - start).days // 7, [])
        if len(day.values) > 1:
            week.append(day)
    return tuple(
        Week(
            number=number + 1,
            first=start + timedelta(weeks=number),
            days=len(chosen),
            amplitude=float(np.mean([day.amplitude for day in chosen])) if chosen else None,
            amplitude_percent=_percent(chosen) if has_zero else None,
        )
        for number in range(max(by_week) + 1)
        for chosen in [by_week.get(number, [])]
    )


def _notes(samples: Sequence[Sample]) -> tuple[str, ...]:
    notes = []
    if len({sample.posture for sample in samples}) > 1:
        notes.append(say("The posture was not always the same or not always noted: it may be what differs."))
    if len({sample.leg for sample in samples}) > 1:
        notes.append(say("The leg was not always the same or not always noted: it may be what differs."))
    return tuple(notes)
