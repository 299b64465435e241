"""One series of measurements in words and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from soleus.core.case import Person
from soleus.core.message import Message, say, say_all
from soleus.core.record import Sample, zone_of
from soleus.knowledge.schema import Evidence, Quantity
from soleus.monitoring.change import assess_change
from soleus.monitoring.protocol import evaluate
from soleus.monitoring.ready_protocols import PROTOCOLS
from soleus.monitoring.rhythm import DayNight, day_night
from soleus.monitoring.set_point import estimate_set_point
from soleus.monitoring.units import convert
from soleus.report.diary_view import SeriesPoint, SeriesView

_LATEST = {
    "real change": say("Latest: real change."),
    "within noise": say("Latest: within noise."),
    "too few readings": say("Latest: too few readings."),
}
MOST_READINGS = 60  # choice: of a long series the latest readings are used; older ones say little of now


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """A picture of the readings, and what they say in sentences."""

    quantity: str
    view: SeriesView
    lines: tuple[str, ...]


def report_series(key: str, samples: Sequence[Sample], evidence: Evidence) -> SeriesReport:
    """Return what the readings of one quantity say.

    Parameters
    ----------
    key : str
        Evidence id, or the person's own name: then the readings are drawn and nothing is reckoned from them.
    samples : sequence of Sample
        At least one, in any order.
    evidence : Evidence
    """
    every = sorted(samples, key=lambda sample: (sample.taken_at, sample.id))
    ordered = every[-MOST_READINGS:]
    older = (
        [say("The latest {used} of {all} readings are used.", used=len(ordered), all=len(every))]
        if len(every) > len(ordered)
        else []
    )
    quantity = evidence.quantities.get(key)
    lines: list[str]
    if quantity is None:
        unit = ordered[-1].unit
        points = tuple(_point(s, s.value, s.low, s.high) for s in ordered if s.unit == unit)
        others = len(ordered) - len(points)
        lines = [
            *older,
            say("Its variation within and between people is not known, so neither set point nor change can be told."),
        ]
        if others:
            lines.append(say("{others} readings in other units are not drawn.", others=others))
        lines += _day_and_night([sample for sample in every if sample.unit == unit], None, evidence)
        return SeriesReport(key, SeriesView(key, unit, points, None, None, ""), tuple(lines))
    read, unread = _canonical(ordered, quantity)
    points = tuple(_point(s, v, _limit(s.low, s, quantity), _limit(s.high, s, quantity)) for s, v in read)
    if not read:
        return SeriesReport(key, SeriesView(quantity.label, quantity.unit, (), None, None, ""), tuple(unread))
    values = [value for _, value in read]
    estimate = estimate_set_point(values, quantity, Person(), disease_share=evidence.policy["disease_share"].value)
    change = assess_change([sample.taken_at for sample, _ in read], values, quantity)
    lines = [*older, estimate.words]
    for limit, below in _limits(points, quantity):
        chance = estimate.probability_below(limit) if below else estimate.probability_above(limit)
        lines.append(_chance_words(limit, quantity.unit, chance, below=below))
        if 0.01 <= chance <= 0.99:  # choice: what is settled needs no further sample
            lines.append(estimate.next_sample(limit).words)
    real = [part.words for part in (change.latest, change.trend, change.step) if part.verdict == "real change"]
    lines += [*real, change.words, *_day_and_night([sample for sample, _ in read], quantity, evidence)]
    view = SeriesView(
        quantity.label, quantity.unit, points, estimate.low, estimate.high, _LATEST[change.latest.verdict]
    )
    return SeriesReport(key, view, (*lines, *unread))


def _chance_words(limit: float, unit: str, chance: float, *, below: bool) -> Message:
    share = _percent(chance)
    if below:
        return say("Chance that it lies below {limit:g} {unit}: {chance}.", limit=limit, unit=unit, chance=share)
    return say("Chance that it lies above {limit:g} {unit}: {chance}.", limit=limit, unit=unit, chance=share)


def _day_and_night(samples: Sequence[Sample], quantity: Quantity | None, evidence: Evidence) -> list[Message]:
    """Say what mornings and evenings show, and how far a series by a protocol has come."""
    lines: list[Message] = []
    for name in sorted({sample.series for sample in samples} & set(PROTOCOLS)):
        report = evaluate(PROTOCOLS[name], [sample for sample in samples if sample.series == name], evidence=evidence)
        lines += [say("Protocol {name}: {says}", name=PROTOCOLS[name].name, says=report.says), *report.warnings]
        left_out = [sitting for sitting in report.sittings if not sitting.counts]
        lines += [
            say("Does not count: {at:%Y-%m-%d %H:%M}: {why_not}", at=sitting.at, why_not=sitting.why_not)
            for sitting in left_out
        ]
        lines += _weekly(report.day_night)
    found = day_night(samples, quantity=quantity)
    if found.morning and found.evening and not lines:
        lines += [found.says, *_weekly(found)]
    return lines


def _weekly(found: DayNight) -> list[Message]:
    said = [
        say("{swing:.2g} % from {first:%Y-%m-%d} ({days} days)", swing=swing, first=week.first, days=week.days)
        for week in found.weeks
        if (swing := week.amplitude_percent) is not None
    ]
    return [say("Swing of a day, week by week: {weeks}.", weeks=say_all(said, "; "))] if said else []


def _canonical(samples: Sequence[Sample], quantity: Quantity) -> tuple[list[tuple[Sample, float]], list[Message]]:
    read, unread = [], []
    for sample in samples:
        try:
            read.append((sample, convert(sample.value, sample.unit, quantity)))
        except ValueError as error:
            unread.append(
                say(
                    "Not used: {value:g} {unit} of {taken:%Y-%m-%d}: {why}",
                    value=sample.value,
                    unit=sample.unit,
                    taken=sample.taken_at,
                    why=error.args[0],
                )
            )
    return read, unread


def _limit(limit: float | None, sample: Sample, quantity: Quantity) -> float | None:
    return None if limit is None else convert(limit, sample.unit, quantity)


def _limits(points: Sequence[SeriesPoint], quantity: Quantity) -> list[tuple[float, bool]]:
    """Return (limit, is a lower one): the laboratory's own of the latest reading that has one, else the evidence's."""
    low = next((p.low_limit for p in reversed(points) if p.low_limit is not None), None)
    high = next((p.high_limit for p in reversed(points) if p.high_limit is not None), None)
    known = {level.side: level.limit.value for level in quantity.levels if level.laboratory_limit}
    low, high = low if low is not None else known.get("below"), high if high is not None else known.get("above")
    return [(limit, below) for limit, below in ((low, True), (high, False)) if limit is not None]


def _point(sample: Sample, value: float, low: float | None, high: float | None) -> SeriesPoint:
    return SeriesPoint(sample.taken_at.astimezone(zone_of(sample.zone)), value, low, high)


def _percent(chance: float) -> Message:
    if chance < 0.001:
        return say("under 0.1 %")
    return say("over 99.9 %") if chance > 0.999 else say("{p:.2g} %", p=100 * chance)
