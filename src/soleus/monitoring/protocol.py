"""Serial measurements with a meter at home, by a fixed protocol: which sittings count, and when the data suffice.

As with a peak flow meter: twice a day, at fixed times, in one posture, three tries a sitting, at least seven days
after a first one of practice. What does not keep to the protocol is not used, and why is said. No such protocol was
validated for velocities in veins or for cramps; the means and their intervals are given, no limit of normal.

Source: practice of home blood pressure (warren2010) and of peak flow (GINA); posture and rest in the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from soleus.core.message import Message, say, say_all, say_count
from soleus.core.record import Leg, Posture, Sample
from soleus.knowledge.laboratory_text import normalize_unit
from soleus.knowledge.schema import Evidence
from soleus.monitoring.day_parts import DayMean, Window, day_of, hour_of, local_time
from soleus.monitoring.rhythm import ENOUGH_DAYS, DayNight, day_night
from soleus.monitoring.units import convert_unit

Take = Literal["highest", "middle"]
MORNING_TIMES = Window(6.0, 10.0)  # choice: soon after getting up, before the legs have been stood on for long
EVENING_TIMES = Window(18.0, 23.0)  # choice: after the day on the legs, before bed

_POSTURES = {"lying": say("lying"), "sitting": say("sitting"), "standing": say("standing")}
_LEGS = {"left": say("left"), "right": say("right"), "both": say("both")}


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a series of measurements is to be taken.

    ``tries`` readings make a sitting (of more, the first ones are used); all of them lie within ``sitting_min`` minutes
    of the first. ``take`` says which of them stands for the sitting: the highest where a poor try can only be too low,
    else the middle one. ``days`` are counted without the first day, which is practice. ``rest_min`` is told to the
    person; it cannot be checked. ``leg`` None: the leg of the first reading that names one.
    ``still`` and ``moved`` name the published blood flow figures in two postures, for the warning.
    """

    name: str
    quantity: str
    unit: str
    posture: Posture | None
    take: Take
    why: tuple[str, ...]
    rest_min: float = 10.0
    morning: Window = MORNING_TIMES
    evening: Window = EVENING_TIMES
    tries: int = 3
    sitting_min: float = 30.0
    days: int = ENOUGH_DAYS
    leg: Leg | None = None
    still: str = ""
    moved: str = ""

    def __post_init__(self) -> None:
        """Refuse a protocol that no series could keep."""
        if self.tries < 1 or self.days < ENOUGH_DAYS or self.sitting_min <= 0:
            raise ValueError(
                say(
                    "protocol {name!r}: {tries} tries, {days} days, {minutes:g} minutes a sitting: write at least "
                    "1 try, {enough} days and some minutes",
                    name=self.name,
                    tries=self.tries,
                    days=self.days,
                    minutes=self.sitting_min,
                    enough=ENOUGH_DAYS,
                )
            )
        if any(self.morning.holds(quarter / 4) and self.evening.holds(quarter / 4) for quarter in range(96)):
            raise ValueError(
                say(
                    "protocol {name!r}: morning {morning} and evening {evening} overlap",
                    name=self.name,
                    morning=self.morning.words,
                    evening=self.evening.words,
                )
            )

    def instructions(self) -> tuple[str, ...]:
        """Say what to do, one plain sentence each."""
        take: dict[str, object] = {"tries": self.tries, "minutes": self.sitting_min}
        if self.take == "highest":
            counts = say(
                "Take {tries} readings within {minutes:g} minutes and write them all down; the highest counts.", **take
            )
        else:
            counts = say(
                "Take {tries} readings within {minutes:g} minutes and write them all down; the middle one counts.",
                **take,
            )
        return (
            say(
                "Measure twice a day: {morning} and {evening}, always at about the same time.",
                morning=self.morning.words,
                evening=self.evening.words,
            ),
            say(
                "Rest for {minutes:g} minutes first, then measure {posture}, on the same leg and at the same spot.",
                minutes=self.rest_min,
                posture=_POSTURES[self.posture] if self.posture else say("always in the same posture"),
            ),
            counts,
            say("Do so for {days} days. The first day is practice.", days=self.days + 1),
        )


@dataclass(frozen=True, slots=True)
class Sitting:
    """One sitting: when by the person's clock, its value if it counts, and why not otherwise.

    ``notes`` tells which single readings of it were left out.
    """

    at: datetime
    day: date
    part: Literal["morning", "evening", ""]
    tries: int
    value: float | None
    why_not: str
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is used."""
        return self.value is not None and not self.why_not


@dataclass(frozen=True, slots=True)
class ProtocolReport:
    """What a series by a protocol amounts to.

    ``days_complete``: days with a morning and an evening sitting that count, without the first day. ``day_night`` is
    computed from the sittings that count, without the first day.
    """

    protocol: Protocol
    sittings: tuple[Sitting, ...]
    without_clock: int
    practice_day: date | None
    days_complete: int
    day_night: DayNight
    warnings: tuple[Message, ...]

    @property
    def enough(self) -> bool:
        """Whether the data support a statement."""
        return self.days_complete >= self.protocol.days

    @property
    def best(self) -> tuple[Sitting, ...]:
        """The sittings that count, with their values."""
        return tuple(sitting for sitting in self.sittings if sitting.counts)

    @property
    def morning(self) -> DayMean | None:
        """Mean of the mornings that count, with its interval."""
        return self.day_night.morning

    @property
    def evening(self) -> DayMean | None:
        """Mean of the evenings that count, with its interval."""
        return self.day_night.evening

    @property
    def daily_variability_percent(self) -> float | None:
        """Amplitude per cent mean; None where the unit has no true zero, or no day is complete."""
        return self.day_night.amplitude_percent

    @property
    def says(self) -> Message:
        """Whether the data suffice, in one sentence."""
        done, wanted = self.days_complete, self.protocol.days
        if self.enough and done == wanted:
            return say("Enough: {done} of {wanted} days.", done=done, wanted=wanted)
        if self.enough:
            return say("Enough: {done} days, {wanted} are needed.", done=done, wanted=wanted)
        return say_count(
            "Not yet: {n} more day with a morning and an evening reading.",
            "Not yet: {n} more days with a morning and an evening reading.",
            wanted - done,
        )


def evaluate(
    protocol: Protocol, samples: Sequence[Sample], *, evidence: Evidence, zone: str | None = None
) -> ProtocolReport:
    """Return which sittings of a series count, whether they suffice, and mornings against evenings.

    Parameters
    ----------
    protocol : Protocol
    samples : sequence of Sample
        The readings of the series, in any order; those of another quantity are an error, not left out silently.
    evidence : Evidence
        For what posture does to the reading.
    zone : str, optional
        IANA name of the zone whose clock is read; left out, the one noted with each sample.

    Raises
    ------
    ValueError
        A reading of another quantity, or in a unit that cannot be converted to the protocol's.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.monitoring.ready_protocols import VEIN_VELOCITY
    >>> def tries(day, hour, *values):
    ...     moments = [datetime(2026, 5, day, hour, 5 * i, tzinfo=UTC) for i in range(len(values))]
    ...     return [Sample(id=f"{at:%d%H%M}", recorded_at=at, zone="UTC", taken_at=at, unit="cm/s", posture="lying",
    ...                    quantity="popliteal vein peak velocity", value=v) for at, v in zip(moments, values)]
    >>> series = [s for day in range(1, 6) for hour in (7, 20) for s in tries(day, hour, 10.0, 12.0, 11.0)]
    >>> report = evaluate(VEIN_VELOCITY, series + tries(6, 7, 10.0), evidence=load_evidence())
    >>> report.says, report.best[0].value, report.sittings[-1].why_not
    ('Not yet: 3 more days with a morning and an evening reading.', 12.0, 'only 1 of 3 tries')
    """
    other = sorted({sample.quantity for sample in samples} - {protocol.quantity})
    if other:
        raise ValueError(f"the protocol is for {protocol.quantity!r}, not {', '.join(other)}: give its readings only")
    known = sorted((s for s in samples if s.clock_known), key=lambda s: (s.taken_at, s.recorded_at, s.id))
    leg = protocol.leg or next((sample.leg for sample in known if sample.leg), None)
    groups: list[list[Sample]] = []
    for sample in known:
        if not groups or sample.taken_at - groups[-1][0].taken_at > timedelta(minutes=protocol.sitting_min):
            groups.append([])
        groups[-1].append(sample)
    sittings: list[Sitting] = []
    used: list[Sample] = []
    taken: set[tuple[date, str]] = set()
    practice = day_of(local_time(known[0], zone)) if known else None
    for group in groups:
        sitting = _sitting(protocol, group, leg, zone)
        if sitting.counts and (sitting.day, sitting.part) in taken:
            second = say("a second sitting in the same morning")
            if sitting.part == "evening":
                second = say("a second sitting in the same evening")
            sitting = replace(sitting, value=None, why_not=second)
        if sitting.counts and sitting.day == practice:
            sitting = replace(sitting, why_not=say("the first day is practice"))
        if sitting.value is not None:
            taken.add((sitting.day, sitting.part))
        sittings.append(sitting)
        if sitting.counts and sitting.value is not None:
            used.append(msgspec.structs.replace(group[0], value=sitting.value, unit=protocol.unit, leg=leg))
    complete = {day for day, part in taken if part == "morning" and day != practice}
    complete &= {day for day, part in taken if part == "evening"}
    result = day_night(
        used,
        zone,
        quantity=evidence.quantities.get(protocol.quantity),
        morning=protocol.morning,
        evening=protocol.evening,
        leave_out_first=False,
    )
    return ProtocolReport(
        protocol=protocol,
        sittings=tuple(sittings),
        without_clock=len(samples) - len(known),
        practice_day=practice,
        days_complete=len(complete),
        day_night=result,
        warnings=_warnings(protocol, evidence),
    )


def _sitting(protocol: Protocol, group: Sequence[Sample], leg: Leg | None, zone: str | None) -> Sitting:
    at = local_time(group[0], zone)
    hour = hour_of(at)
    part: Literal["morning", "evening", ""] = (
        "morning" if protocol.morning.holds(hour) else "evening" if protocol.evening.holds(hour) else ""
    )
    values: list[float] = []
    reasons: list[Message] = []
    for sample in group:
        reason = _departure(protocol, sample, leg)
        if reason:
            reasons.append(reason)
        else:
            values.append(_in_unit(sample, protocol.unit))
    why_not: str = ""
    if not part:
        why_not = say(
            "at {clock:%H:%M}, outside {morning} and {evening}",
            clock=at.time(),
            morning=protocol.morning.words,
            evening=protocol.evening.words,
        )
    elif not values:
        why_not = say_all(list(dict.fromkeys(reasons)), "; ")
    elif len(values) < protocol.tries:
        few = say("only {done} of {tries} tries", done=len(values), tries=protocol.tries)
        why_not = say_all([few, *dict.fromkeys(reasons)], "; ")
    value = None
    if not why_not:
        if len(values) > protocol.tries:  # the best of five is higher than the best of three
            reasons.append(
                say("only the first {tries} of {done} tries are used", tries=protocol.tries, done=len(values))
            )
        ordered = sorted(values[: protocol.tries])
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        value = ordered[-1] if protocol.take == "highest" else middle
    return Sitting(at, day_of(at), part, len(values), value, why_not, () if why_not else tuple(dict.fromkeys(reasons)))


def _departure(protocol: Protocol, sample: Sample, leg: Leg | None) -> Message | None:
    """Return how one reading departs from the protocol; None when it keeps to it."""
    if protocol.posture is not None and sample.posture != protocol.posture:
        if sample.posture is None:
            return say("posture: the posture was not noted")
        told, wanted = _POSTURES[sample.posture], _POSTURES[protocol.posture]
        return say("posture: {told}, not {wanted}", told=told, wanted=wanted)
    if leg is not None and sample.leg is not None and sample.leg != leg:
        return say("leg: {told}, not {wanted}", told=_LEGS[sample.leg], wanted=_LEGS[leg])
    return None


def _in_unit(sample: Sample, unit: str) -> float:
    if normalize_unit(sample.unit) == normalize_unit(unit) or (unit == "1" and not sample.unit.strip()):
        return sample.value
    return convert_unit(sample.value, sample.unit, unit)


def _warnings(protocol: Protocol, evidence: Evidence) -> tuple[Message, ...]:
    """Say what posture alone does to the reading, from the published figures."""
    if protocol.still and protocol.moved:
        still, moved = evidence.doppler[protocol.still], evidence.doppler[protocol.moved]
        warning = say(
            "Posture alone changes it: {site} {still:g} {still_unit} {still_state}, {moved:g} {moved_unit} "
            "{moved_state} ({source}).",
            site=still.site,
            still=still.claim.value,
            still_unit=still.claim.unit,
            still_state=still.state,
            moved=moved.claim.value,
            moved_unit=moved.claim.unit,
            moved_state=moved.state,
            source=still.claim.source,
        )
        return (warning,)
    quantity = evidence.quantities.get(protocol.quantity)
    facts = quantity.facts if quantity else ()
    return tuple(
        say("Posture alone changes it: {note} ({source}).", note=fact.note, source=fact.source)
        for fact in facts
        if fact.about == "posture"
    )
