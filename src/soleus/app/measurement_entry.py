"""One measurement as it stands on the slip: how it is read, and what would be kept of it.

Names, values and units are taken as printed. What can't be believed is refused with a way to mend it; what had to be
assumed is told. A name that the evidence base does not know is the person's own measurement, and that is told too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from soleus.app.printed_number import printed_number
from soleus.app.sample_note import note_with_marks, split_note
from soleus.core.message import Message, say
from soleus.core.problem import Problem, ProblemLevel
from soleus.core.record import Leg, Posture, Sample, check_entry, zone_of
from soleus.diary import Diary, DiaryError
from soleus.diary.once import Known, keep_once
from soleus.knowledge.laboratory import ResolvedMeasurement, resolve_measurement
from soleus.knowledge.laboratory_index import LaboratoryIndex
from soleus.knowledge.schema import Quantity
from soleus.report.unit_words import shown_unit

WHERE = "measure"  # the place that problems name, before the field
LONGEST_NAME = 80  # choice: longer is no name of a measurement


class MeasurementTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One result as printed.

    Parameters
    ----------
    name : str
        As on the slip ("serum Ca"), or a name of one's own.
    value : str
        As printed: ``2.15``, ``2,15``, ``< 0.5``.
    unit : str
        As printed; may be left out where only one usual unit fits.
    low, high : str or float, optional
        The laboratory's own limits, in the unit of the value.
    taken : str
        ``2026-11-26`` or ``2026-11-26T08:30``, by the clock of ``zone`` unless it has an offset; left out, now.
    zone : str
        IANA name; left out, that of this computer.
    fasting : bool, optional
    posture, leg : optional
        For pressures and flows.
    series : str
        Name of the protocol of serial readings that it belongs to.
    """

    name: str
    value: str | float
    unit: str = ""
    low: str | float | None = None
    high: str | float | None = None
    taken: str = ""
    zone: str = ""
    fasting: bool | None = None
    posture: Posture | None = None
    leg: Leg | None = None
    series: str = ""
    note: str = ""


class MeasurementRead(msgspec.Struct, frozen=True, kw_only=True):
    """How a result was read.

    Parameters
    ----------
    quantity : str
        Evidence id, or the person's own name.
    known : bool
        Whether the evidence base knows it; else it is drawn and enters no assessment.
    says : str
        The reading in one line, such as "calcium 9.2 mg/dL = 2.3 mmol/L"; empty when it could not be read.
    value, unit : optional
        In the unit of the evidence base; as told for a measurement of one's own.
    sample : Sample, optional
        What would be kept; None when something is wrong.
    problems : tuple of Problem
        What is wrong, doubtful or assumed. ``where`` ends in the name of a field.
    """

    quantity: str
    known: bool
    says: str = ""
    value: float | None = None
    unit: str = ""
    sample: Sample | None = None
    problems: tuple[Problem, ...] = ()


def read_measurement(
    told: MeasurementTold, index: LaboratoryIndex, *, id: str, now: datetime, zone: str, decimal_comma: bool = False
) -> MeasurementRead:
    """Return how a result is read; nothing is stored.

    Parameters
    ----------
    told : MeasurementTold
    index : LaboratoryIndex
    id : str
        Of the sample.
    now, zone : datetime, str
        Clock and zone of the person.
    decimal_comma : bool
        Whether 1,494 means one and a half where both readings are possible; else it is one thousand.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> index = LaboratoryIndex(load_evidence().quantities)
    >>> told = MeasurementTold(name="serum Ca", value="9,2", unit="mg/dL", taken="2026-11-20")
    >>> read = read_measurement(told, index, id="a", now=datetime(2026, 11, 26, 8, tzinfo=UTC), zone="Europe/Berlin")
    >>> read.quantity, read.sample.value, read.sample.unit, round(read.value, 2), read.problems
    ('calcium', 9.2, 'mg/dL', 2.3, ())
    """
    name, zone = told.name.strip(), told.zone or zone
    problems: list[Problem] = []
    taken, clock_known = _moment(told.taken, now, zone, problems)
    sign, numbers = printed_number(told.value, decimal_comma)
    low, high = (_limit(told, side, decimal_comma, problems) for side in ("low", "high"))
    if not name or len(name) > LONGEST_NAME:
        what = say("the measurement has no name") if not name else say("the name is too long")
        problems.append(_problem("no_name", "name", what, say("it can't be read"), say("name it, such as calcium")))
        return MeasurementRead(quantity=name[:LONGEST_NAME], known=False, problems=tuple(problems))

    tries = [(number, _resolve(name, f"{sign}{number!r}", number, told.unit, (low, high), index)) for number in numbers]
    if not numbers:
        tries = [(math.nan, resolve_measurement(name, told.value, told.unit or None, low, high, index, where=WHERE))]
    believed = [one for one in tries if one[1].readings]
    number, answer = (believed or tries)[0]
    value, unit = (number if numbers else None), told.unit.strip()
    known = bool(answer.readings) or index.find(name).startswith("quantity:")
    if known and len(believed) > 1:
        problems.append(_assumed(told.value, number))
    problems += _told_problems(answer, name, own=value is not None and not answer.understood, index=index)
    quantity, shown, canonical_unit = name, value, unit
    if answer.readings:
        reading = answer.readings[0]
        quantity, shown, canonical_unit = reading.quantity, reading.value, index.quantities[reading.quantity].unit
        if value is None or not unit:
            value, unit = reading.value, canonical_unit
    elif known:
        quantity = index.find(name).partition(":")[2]
    elif len(numbers) > 1:
        problems.append(_assumed(told.value, number))
    failed = any(problem.level == "error" for problem in problems)
    if value is None or (known and not answer.readings):
        if not failed:
            why, fix = say("it can't be read"), say("give the printed number")
            what = say("{value!r} is no number", value=told.value)
            problems.append(_problem("not_a_number", "value", what, why, fix))
        return MeasurementRead(quantity=quantity, known=known, problems=tuple(problems))
    sample = Sample(
        id=id,
        recorded_at=now,
        zone=zone,
        note=note_with_marks(told.note, told.fasting, f"{sign} {number:g}" if sign else ""),
        taken_at=taken,
        quantity=quantity,
        value=value,
        unit=unit,
        low=low,
        high=high,
        posture=told.posture,
        leg=told.leg,
        clock_known=clock_known,
        series=told.series.strip(),
    )
    problems += check_entry(sample, now, where=WHERE)
    failed = any(problem.level == "error" for problem in problems)
    label = index.quantities[quantity].label if known else quantity
    return MeasurementRead(
        quantity=quantity,
        known=known,
        says=_says(label, f"{sign} " if sign else "", value, unit, shown, canonical_unit),
        value=shown,
        unit=canonical_unit,
        sample=None if failed else sample,
        problems=tuple(problems),
    )


def keep_measurement(diary: Diary, read: MeasurementRead, told: MeasurementTold, *, now: datetime) -> Known:
    """Store a result that was read; the same again under the same id changes nothing.

    Raises
    ------
    DiaryError
        What is wrong with it, or `id_taken`: something else was first kept under this id.
    """
    if read.sample is None:
        raise DiaryError([problem for problem in read.problems if problem.level == "error"])
    sample = read.sample

    def same(first: object) -> bool:
        if not isinstance(first, Sample):
            return False
        taken_at = sample.taken_at if told.taken else first.taken_at  # told without a time, it was "now"
        return msgspec.structs.replace(sample, recorded_at=first.recorded_at, taken_at=taken_at) == first

    return keep_once(diary, sample, now=now, same=same)


def told_again(sample: Sample, name: str) -> MeasurementTold:
    """Return a kept result as it was told, for correcting it.

    Examples
    --------
    >>> when = datetime(2026, 11, 20, 11, tzinfo=UTC)
    >>> kept = Sample(id="a", recorded_at=when, zone="Europe/Berlin", taken_at=when, quantity="crp", value=0.5,
    ...               unit="mg/L", clock_known=False, note="[fasting] [printed: < 0.5] tired")
    >>> told = told_again(kept, "CRP")
    >>> told.value, told.taken, told.fasting, told.note
    ('< 0.5', '2026-11-20', True, 'tired')
    """
    local = sample.taken_at.astimezone(zone_of(sample.zone))
    fasting, printed, note = split_note(sample.note)
    return MeasurementTold(
        name=name,
        value=printed or f"{sample.value:.10g}",
        unit=sample.unit,
        low=None if sample.low is None else f"{sample.low:.10g}",
        high=None if sample.high is None else f"{sample.high:.10g}",
        taken=local.strftime("%Y-%m-%dT%H:%M") if sample.clock_known else local.date().isoformat(),
        zone=sample.zone,
        fasting=fasting,
        posture=sample.posture,
        leg=sample.leg,
        series=sample.series,
        note=note,
    )


def _says(label: str, sign: str, value: float, unit: str, shown: float | None, canonical_unit: str) -> Message:
    if shown is None or (unit == canonical_unit or math.isclose(shown, value)):
        return say("{name}: {sign}{value:.6g} {unit}", name=label, sign=sign, value=value, unit=shown_unit(unit))
    return say(
        "{name}: {sign}{value:.6g} {unit} = {shown:.4g} {canonical}",
        name=label,
        sign=sign,
        value=value,
        unit=shown_unit(unit),
        shown=shown,
        canonical=shown_unit(canonical_unit),
    )


def _resolve(
    name: str,
    text: str,
    number: float,
    unit: str,
    limits: tuple[float | None, float | None],
    index: LaboratoryIndex,
) -> ResolvedMeasurement:
    """Read a measurement as a case does; a unit that is not on usual slips is converted first (UCUM names)."""
    from soleus.monitoring.units import convert

    plain: str | float = text if text[0] in "<>" else number
    answer = resolve_measurement(name, plain, unit or None, *limits, index, where=WHERE)
    quantity: Quantity | None = index.quantities.get(index.find(name).removeprefix("quantity:"))
    if quantity is None or "unknown_unit" not in {problem.code for problem in answer.problems}:
        return answer
    try:
        number = convert(number, unit, quantity)
        low, high = (None if limit is None else convert(limit, unit, quantity) for limit in limits)
    except ValueError:
        return answer
    return resolve_measurement(name, number, quantity.unit, low, high, index, where=WHERE)


def _told_problems(answer: ResolvedMeasurement, name: str, *, own: bool, index: LaboratoryIndex) -> Sequence[Problem]:
    """The problems of the reading; that the name is unknown is no fault when there is a number to keep."""
    if not own or [problem.code for problem in answer.problems] not in ([], ["unknown_measurement"]):
        return answer.problems
    near = [str(one).replace("_", " ") for one in answer.candidates]
    fix = say("check the name if it is a usual test")
    if near:
        fix = say("check the name if it is a usual test; known are {names}", names=", ".join(near))
    what = say("{name!r} is not in the evidence base", name=name)
    why = say("it is kept, drawn and compared by day and night, but enters no assessment")
    return (_problem("own_measurement", "name", what, why, fix, level="info"),)


def _assumed(value: str | float, number: float) -> Problem:
    return _problem(
        "number_assumed",
        "value",
        say("{value} was read as {number:g}", value=str(value), number=number),
        say("the mark may divide thousands or decimals"),
        say("write it without the mark, or with one more or one fewer decimal, if it is meant otherwise"),
        level="info",
    )


def _limit(told: MeasurementTold, side: str, decimal_comma: bool, problems: list[Problem]) -> float | None:
    limit: str | float | None = getattr(told, side)
    if limit is None or (isinstance(limit, str) and not limit.strip()):
        return None
    numbers = printed_number(limit, decimal_comma)[1]
    if numbers:
        return numbers[0]
    what = say("the limit {limit!r} is no number", limit=limit)
    problems.append(
        _problem(
            "limit_not_a_number", side, what, say("it can't be compared"), say("write it as printed, or leave it out")
        )
    )
    return None


def _moment(text: str, now: datetime, zone: str, problems: list[Problem]) -> tuple[datetime, bool]:
    """Read when a sample was taken: nothing is now, a date is that day at noon with its clock unknown."""
    if not text.strip():
        return now, True
    try:
        moment = datetime.fromisoformat(text.strip())
        clock_known = len(text.strip()) > 10
        if not clock_known:
            moment = moment.replace(hour=12)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_of(zone))
        today = not clock_known and moment.date() == now.astimezone(moment.tzinfo).date()
        return (min(moment, now) if today else moment).astimezone(UTC), clock_known  # noon of today may not have come
    except (ValueError, OverflowError):
        what = say("{text!r} is no date or time", text=text[:40])
        fix = say("write 2026-11-26 or 2026-11-26T08:30")
        problems.append(_problem("bad_time", "time", what, say("the order of the readings matters"), fix))
        return now, False


def _problem(code: str, field: str, what: str, why: str, fix: str, *, level: ProblemLevel = "error") -> Problem:
    return Problem(code=code, level=level, where=f"{WHERE}.{field}", what=what, why=why, fix=fix)
