"""The person's record as a case: what the diary shows becomes findings, repeated measurements become set points.

Nothing is taken from a night that was not recorded, and a statement is made only when enough entries bear it; until
then the finding stays unknown. All shares and counts below are choices of this project, not published limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from statistics import median

import msgspec

from soleus.core.case import Case, Measurement
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.core.record import Episode, NightCount, Sample, zone_of
from soleus.knowledge.schema import Evidence
from soleus.monitoring.clock_adjustment import adjust_for_clock
from soleus.monitoring.units import convert

FEW, SOME = 3, 6  # choice: entries that bear "mostly", and entries that bear "always" or "never"
NIGHTS = 14  # choice: two weeks of recorded nights bear a statement on how often
MOST, PART = 0.8, 0.2  # choice: "mostly", and a share that is no exception any more
LEAST_SHIFT = 0.002  # choice: a shift of less than 0.2 % is smaller than any rounding on a slip and is not told
TEN_MINUTES_S = 600.0  # the limit in the definition of a cramp, see the finding lasts_seconds_to_minutes
IN_BED = ("asleep", "in_bed")
SITES = {
    "calf": "site_calf",
    "foot": "site_foot",
    "toes": "site_foot",
    "thigh": "site_thigh",
    "hamstring": "site_thigh",
}
_IN_THE = {"site_calf": say("in the calf"), "site_foot": say("in the foot"), "site_thigh": say("in the thigh")}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that the record shows to be present or absent, and the entries that show it, in words."""

    finding: str
    present: bool
    words: str


def show_findings(episodes: Sequence[Episode], nights: Sequence[NightCount], evidence: Evidence) -> tuple[Shown, ...]:
    """Return the findings that a record of cramps and nights bears.

    Parameters
    ----------
    episodes : sequence of Episode
    nights : sequence of NightCount
        Recorded nights only.
    evidence : Evidence
        For how much cramps vary within a person.

    Returns
    -------
    tuple of Shown
        By finding; a finding that the entries do not bear is not in it, so it stays unknown.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> when = datetime(2026, 1, 2, 8, tzinfo=UTC)
    >>> night = date(2026, 1, 1)
    >>> cramps = [Episode(id=str(i), recorded_at=when, zone="UTC", night_of=night, activity="asleep") for i in range(6)]
    >>> from soleus.knowledge.load import load_evidence
    >>> [(shown.finding, shown.words) for shown in show_findings(cramps, [], load_evidence())][:2]
    [('at_night', 'diary: 6 of 6 cramps at night'), ('at_rest', 'diary: 6 of 6 cramps at rest')]
    """
    found: dict[str, Shown] = {}

    def tell(finding: str, present: bool | None, words: str) -> None:
        if present is not None:
            found[finding] = Shown(finding=finding, present=present, words=say("diary: {words}", words=words))

    def share(told: Iterable[bool]) -> tuple[int, int]:
        answers = list(told)
        return sum(answers), len(answers)

    def mostly(
        finding: str, counts: tuple[int, int], what: str, *, high: float = 0.5, none: bool = True, some: int = FEW
    ) -> None:
        yes, n = counts
        present = True if n >= some and yes >= high * n else False if none and n >= SOME and yes == 0 else None
        tell(finding, present, say("{yes} of {told} cramps {what}", yes=yes, told=n, what=what))

    at_night = [value for value in map(_at_night, episodes) if value is not None]
    by_night, timed = share(at_night)
    nightly = say("{yes} of {told} cramps {what}", yes=by_night, told=timed, what=say("at night"))
    tell("at_night", True if by_night else None, nightly)
    if timed >= SOME:
        by_day = timed - by_night
        only = True if by_day == 0 else False if by_day >= 2 and by_day >= PART * timed else None
        words = say("{nightly} of {told} cramps at night, {daily} by day", nightly=by_night, told=timed, daily=by_day)
        tell("only_at_night", only, words)
    active = [e.activity for e in episodes if e.activity is not None]
    mostly("at_rest", share(a in (*IN_BED, "resting") for a in active), say("at rest"), none=False)
    mostly("on_exertion", share(a in ("walking", "exercising") for a in active), say("while walking or exercising"))
    mostly("after_exertion", share(a == "after_exercise" for a in active), say("after exercise"), none=False)
    mostly("woken_by_it", share(e.woke for e in episodes if e.woke is not None), say("woke the person"))
    sore = share(e.sore_next_day for e in episodes if e.sore_next_day is not None)
    mostly("soreness_after", sore, say("left soreness"))
    relieved = [e.relieved_by for e in episodes if e.relieved_by]
    eased = share("stretching" in by for by in relieved)
    mostly("eased_by_stretching", eased, say("let go with stretching"), none=False)
    for finding in sorted(set(SITES.values())):
        sited = share(SITES.get(e.muscle) == finding for e in episodes if e.muscle is not None)
        mostly(finding, sited, _IN_THE[finding], high=PART, none=False, some=1)
    _durations(episodes, tell)
    _sides(episodes, tell)
    pains = [e.pain for e in episodes if e.pain is not None]
    if len(pains) >= FEW:
        middle = median(pains)
        severe = True if middle >= 7 else False if middle <= 4 else None  # choice: 7 of 10 is commonly called severe
        words = say("pain {pain:g} of 10 in the middle of {told} cramps", pain=middle, told=len(pains))
        tell("pain_severe", severe, words)
    _frequency(nights, evidence, tell)
    return tuple(found[key] for key in sorted(found))


Tell = Callable[[str, "bool | None", str], None]


def _at_night(episode: Episode) -> bool | None:
    """Say whether a cramp came at night, None when that was not told."""
    if episode.activity in IN_BED or episode.woke:
        return True
    if episode.started_at is not None:
        hour = episode.started_at.astimezone(zone_of(episode.zone)).hour
        return hour >= 22 or hour < 7  # choice: the hours in which most people lie in bed
    return False if episode.activity in ("standing", "walking", "exercising") else None


def _durations(episodes: Sequence[Episode], tell: Tell) -> None:
    told = [e.duration_s for e in episodes if e.duration_s is not None]
    short = sum(seconds <= TEN_MINUTES_S for seconds in told)
    if len(told) >= FEW:
        words = say("{yes} of {told} cramps within ten minutes", yes=short, told=len(told))
        tell("lasts_seconds_to_minutes", True if short >= MOST * len(told) else None, words)
        tell("lasts_over_ten_minutes", True if short <= PART * len(told) else None, words)


def _sides(episodes: Sequence[Episode], tell: Tell) -> None:
    legs = [e.leg for e in episodes if e.leg is not None]
    left, right = legs.count("left") + legs.count("both"), legs.count("right") + legs.count("both")
    words = say("{left} of {told} cramps left, {right} right", left=left, told=len(legs), right=right)
    if len(legs) >= SOME:
        tell("one_sided", True if min(left, right) == 0 else None, words)
    if len(legs) >= FEW:
        tell("both_sides", True if min(left, right) >= PART * len(legs) else None, words)


def _frequency(nights: Sequence[NightCount], evidence: Evidence, tell: Tell) -> None:
    if len(nights) < NIGHTS:
        return
    from soleus.monitoring.cramp_rate import weekly_rate

    counted = sorted(nights, key=lambda night: night.night_of)
    rate = weekly_rate(counted, counted[0].night_of, counted[-1].night_of, evidence=evidence)
    if rate.per_week is None or rate.low is None or rate.high is None:
        return
    words = say(
        "{rate:.2g} cramps a week ({low:.2g} to {high:.2g}) in {nights} recorded nights",
        rate=rate.per_week,
        low=rate.low,
        high=rate.high,
        nights=len(counted),
    )
    tell("weekly_or_more", True if rate.per_week >= 1 and rate.low >= 0.5 else False if rate.high < 1 else None, words)
    with_cramps = [night.cramps for night in counted if night.cramps]
    part = len(with_cramps) / len(counted)
    words = say("cramps in {some} of {nights} recorded nights", some=len(with_cramps), nights=len(counted))
    tell("every_day", True if part >= 0.9 else False if part <= 0.7 else None, words)
    if with_cramps:
        average = sum(with_cramps) / len(counted)
        several = True if part >= 0.9 and average >= 2 else False if average < 1 else None
        words = say("{average:.2g} cramps a night in {nights} recorded nights", average=average, nights=len(counted))
        tell("several_a_day", several, words)


def case_with_record(
    case: Case,
    episodes: Sequence[Episode],
    nights: Sequence[NightCount],
    samples: Sequence[Sample],
    evidence: Evidence,
) -> tuple[Case, tuple[Shown, ...], tuple[Problem, ...]]:
    """Return the case with what the record adds, the findings that it shows, and what was assumed.

    What the case says of a finding itself is left alone; every measurement of the record is added, so that repeated
    ones weigh together as one set point. Where a quantity has a daily rhythm and the clock time is known, its value is
    taken as if sampled at the usual hour, and that is told.

    Parameters
    ----------
    case : Case
        Age, sex, history and whatever else was told.
    episodes, nights, samples
        The record; nights are recorded nights only.
    evidence : Evidence
    """
    shown = show_findings(episodes, nights, evidence)
    findings = {s.finding: s.present for s in shown} | case.findings
    measurements, notes = [], []
    for sample in sorted(samples, key=lambda s: (s.taken_at, s.id)):
        measurement, note = _measurement(sample, evidence)
        measurements.append(measurement)
        notes += [note] if note else []
    full = msgspec.structs.replace(case, findings=findings, measurements=(*case.measurements, *measurements))
    return full, tuple(s for s in shown if s.finding not in case.findings), tuple(notes)


def _measurement(sample: Sample, evidence: Evidence) -> tuple[Measurement, Problem | None]:
    local = sample.taken_at.astimezone(zone_of(sample.zone))
    value, unit, low, high = _in_usual_unit(sample, evidence)
    clock = local.time() if sample.clock_known else None
    adjusted = adjust_for_clock(value, sample.quantity, clock, evidence=evidence, unit=unit)
    measurement = Measurement(
        name=sample.quantity.replace("_", " "),
        value=adjusted.value,
        unit=unit or None,
        low=low,
        high=high,
        time=local.isoformat(timespec="minutes") if sample.clock_known else f"{local:%Y-%m-%d}",
    )
    if abs(adjusted.factor - 1) < LEAST_SHIFT:
        return measurement, None
    note = Problem(
        code="clock_adjusted",
        level="info",
        where=f"diary.{sample.quantity}",
        what=adjusted.note,
        why=say("the level of this quantity moves with the clock"),
        fix=say("sample at the same hour of the morning to do without"),
    )
    return measurement, note


def _in_usual_unit(sample: Sample, evidence: Evidence) -> tuple[float, str, float | None, float | None]:
    """Return value, unit and limits in the unit of the evidence; as told where it cannot be done: the case says so."""
    quantity = evidence.quantities.get(sample.quantity)
    if quantity is None or sample.unit == quantity.unit:
        return sample.value, sample.unit, sample.low, sample.high
    try:
        low, high = (None if v is None else convert(v, sample.unit, quantity) for v in (sample.low, sample.high))
        return convert(sample.value, sample.unit, quantity), quantity.unit, low, high
    except ValueError:
        return sample.value, sample.unit, sample.low, sample.high


def recent(
    episodes: Sequence[Episode], nights: Sequence[NightCount], days: int
) -> tuple[list[Episode], list[NightCount]]:
    """Return the part of a record that lies within ``days`` nights of its last recorded night."""
    if not nights:
        return list(episodes), []
    first = max(night.night_of for night in nights) - timedelta(days=days - 1)
    return [e for e in episodes if e.night_of >= first], [n for n in nights if n.night_of >= first]
