"""The report for a clinician: from diary, case and clock to what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from statistics import quantiles
from typing import TYPE_CHECKING

from soleus.app.diary_report import DiaryReport, report_diary
from soleus.app.measurement_report import MOST_READINGS, report_series
from soleus.app.record_case import case_with_record, recent
from soleus.app.session import Session
from soleus.core.assessment import Assessment
from soleus.core.case import Case
from soleus.core.record import Episode, Factor, Night, NightCount, Sample, night_of, zone_of
from soleus.core.version import __version__
from soleus.knowledge.schema import Evidence
from soleus.monitoring.change import assess_change
from soleus.report.clinician import (
    ClinicianReport,
    Pattern,
    Rate,
    Series,
    SleepLost,
    Source,
    Spread,
    Tally,
    Tried,
)

if TYPE_CHECKING:
    from soleus.diary import Diary

DAYS = 84  # choice: twelve weeks say how it is now; a longer time on request
LATE = timedelta(hours=36)  # choice: what is told the evening after is fresh; a day and a half later it is memory
SUSPECTS = 5  # causes whose sources are listed


def read_clinician_report(
    diary: Diary,
    case: Case,
    session: Session,
    now: datetime,
    zone: str,
    question: str = "",
    first: date | None = None,
    last: date | None = None,
    assess: Callable[..., Assessment] | None = None,
) -> ClinicianReport:
    """Return the report on what a diary and a case hold.

    Parameters
    ----------
    diary : Diary
    case : Case
        What was told in the interview or in a case file; an empty one when nothing was.
    session : Session
    now : datetime
        Aware.
    zone : str
        IANA name of the person's time zone.
    question : str
        The person's own question to the doctor.
    first, last : date, optional
        The period; see `report_period`.
    assess : callable, optional
        Called like `Session.assess` in its place, by a program that keeps its answers.
    """
    counts = diary.night_counts()
    first, last = report_period(counts, now, zone, first, last)
    return build_clinician_report(
        counts,
        diary.episodes(first, last),
        diary.nights(first, last),
        diary.factors(first, last),
        diary.samples(last=last + timedelta(days=1)),
        case,
        now=now,
        zone=zone,
        session=session,
        question=question,
        first=first,
        last=last,
        assess=assess,
    )


def report_period(
    counts: Sequence[NightCount], now: datetime, zone: str, first: date | None = None, last: date | None = None
) -> tuple[date, date]:
    """Return the first and the last night that a report is about.

    Left out, the last is the one that is over (or has begun and is recorded), and the first is twelve weeks before,
    but not before the first night ever recorded. Nights since the last entry are in it, as missing.

    Raises
    ------
    ValueError
        The first night after the last.

    Examples
    --------
    >>> from datetime import UTC
    >>> counts = [NightCount(night_of=date(2026, 1, 1), cramps=1)]
    >>> report_period(counts, datetime(2026, 1, 5, 9, tzinfo=UTC), "UTC")
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 3))
    """
    recorded = [count.night_of for count in counts]
    if last is None:
        current = night_of(now, zone)
        last = current if current in recorded else current - timedelta(days=1)
    if first is None:
        first = last - timedelta(days=DAYS - 1)
        first = max(first, min(recorded)) if recorded and min(recorded) <= last else first
    if first > last:
        raise ValueError(f"{first} is after {last}")
    return first, last


def build_clinician_report(
    counts: Sequence[NightCount],
    episodes: Sequence[Episode],
    nights: Sequence[Night],
    factors: Sequence[Factor],
    samples: Sequence[Sample],
    case: Case,
    *,
    now: datetime,
    zone: str,
    session: Session,
    question: str = "",
    first: date | None = None,
    last: date | None = None,
    assess: Callable[..., Assessment] | None = None,
) -> ClinicianReport:
    """Return the report on entries of a diary and a case; the same input gives the same report.

    Parameters
    ----------
    counts : sequence of NightCount
        Recorded nights.
    episodes, nights, factors : sequences
        Those outside the period are left out.
    samples : sequence of Sample
        All of them: a person's own level is read from many.
    case, now, zone, session, question, first, last, assess
        As in `read_clinician_report`.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.app.session import load_session
    >>> report = build_clinician_report([], [], [], [], [], Case(), now=datetime(2026, 11, 26, 9, tzinfo=UTC),
    ...                                 zone="UTC", session=load_session())
    >>> report.first, report.last, report.rate.per_week, report.assessment
    (datetime.date(2026, 9, 2), datetime.date(2026, 11, 24), None, None)
    """
    first, last = report_period(counts, now, zone, first, last)
    within = [count for count in counts if first <= count.night_of <= last]
    cramps = sorted((one for one in episodes if first <= one.night_of <= last), key=_by_start)
    checks = sorted((one for one in nights if first <= one.night_of <= last), key=lambda one: (one.night_of, one.id))
    noted = sorted(
        (one for one in factors if first <= one.night_of <= last), key=lambda one: (one.night_of, one.name, one.id)
    )
    end = last + timedelta(days=1)  # the morning of the last night belongs to it
    measured = sorted(
        (one for one in samples if one.taken_at.astimezone(zone_of(one.zone)).date() <= end),
        key=lambda one: (one.taken_at, one.id),
    )
    evidence = session.evidence
    diary = report_diary(within, cramps, checks, noted, first, last, evidence=evidence)
    full, shown, notes = case_with_record(case, *recent(cramps, within, DAYS), measured, evidence)
    nothing = full == Case(id=case.id)
    assessment = None if nothing else (assess or session.assess)(full, problems=list(notes), shown=shown)
    lost = diary.rate.sleep_lost
    labels = {key: finding.label for key, finding in evidence.findings.items()}
    return ClinicianReport(
        made_at=now.astimezone(zone_of(zone)),
        zone=zone,
        first=first,
        last=last,
        question=question,
        person=session.understand(case).person,
        case=case,
        marks=diary.nights,
        late=_late_nights(within, cramps, checks),
        rate=Rate(diary.rate.per_week, diary.rate.low, diary.rate.high, diary.rate.enough),
        change=diary.change.verdict if diary.change is not None else "",
        pattern=_pattern(cramps),
        sleep_lost=SleepLost(lost.hours, lost.low, lost.high) if lost is not None else None,
        assessment=assessment,
        series=_series(measured, evidence),
        tried=_tried(noted, diary),
        not_known=tuple(labels.get(key, key.replace("_", " ")) for key in case.not_known),
        found=tuple((labels.get(key, key), present) for key, present in sorted(case.findings.items())),
        shown=tuple(one.words for one in shown),
        episodes=tuple(cramps),
        nights=tuple(checks),
        factors=tuple(noted),
        samples=tuple(measured),
        sources=_sources(assessment, evidence),
        software=f"soleus {__version__}",
        evidence=f"{evidence.release.version} ({evidence.hash[:12]})",
    )


def _by_start(one: Episode) -> tuple[date, float, str]:
    return one.night_of, one.started_at.timestamp() if one.started_at is not None else 0.0, one.id


def _late_nights(
    counts: Sequence[NightCount], episodes: Sequence[Episode], nights: Sequence[Night]
) -> tuple[date, ...]:
    """Return the recorded nights of which the first entry was made late, counted from the noon that ends the night."""
    earliest: dict[date, datetime] = {}
    ends: dict[date, datetime] = {}
    told: list[Episode | Night] = [*episodes, *(night for night in nights if night.cramps is not None)]
    for entry in told:
        night = entry.night_of
        earliest[night] = min(earliest.get(night, entry.recorded_at), entry.recorded_at)
        ends[night] = datetime.combine(night + timedelta(days=1), time(12), tzinfo=zone_of(entry.zone))
    recorded = {count.night_of for count in counts}
    return tuple(night for night in sorted(recorded & set(earliest)) if earliest[night] > ends[night] + LATE)


def _pattern(episodes: Sequence[Episode]) -> Pattern:
    hours = []
    for one in episodes:
        if one.started_at is not None:
            local = one.started_at.astimezone(zone_of(one.zone))
            hours.append((local.hour + local.minute / 60 - 12) % 24)
    relieved = [one.relieved_by for one in episodes if one.relieved_by]
    return Pattern(
        started_h=_spread(hours),
        duration_s=_spread(one.duration_s for one in episodes),
        pain=_spread(one.pain for one in episodes),
        muscles=_tallies((one.muscle,) if one.muscle else () for one in episodes),
        legs=_tallies((one.leg,) if one.leg else () for one in episodes),
        woke=_yes(episodes, "woke", lambda one: one.woke),
        sore=_yes(episodes, "sore", lambda one: one.sore_next_day),
        relieved_by=_tallies(relieved),
    )


def _spread(told: Iterable[float | None]) -> Spread | None:
    values = [float(value) for value in told if value is not None]
    if not values:
        return None
    low, middle, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return Spread(middle, low, high, len(values))


def _tallies(told: Iterable[Sequence[str]]) -> tuple[Tally, ...]:
    answers = [words for words in told if words]
    counts = Counter(word for words in answers for word in dict.fromkeys(words))
    return tuple(
        Tally(word, n, len(answers)) for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _yes(episodes: Sequence[Episode], name: str, of: Callable[[Episode], bool | None]) -> Tally | None:
    told = [answer for answer in map(of, episodes) if answer is not None]
    return Tally(name, sum(told), len(told)) if told else None


def _tried(factors: Sequence[Factor], diary: DiaryReport) -> tuple[Tried, ...]:
    noted = Counter(factor.name for factor in factors)
    with_it = Counter(factor.name for factor in factors if factor.value)
    said: dict[str, str] = {trigger.name: trigger.verdict for trigger in diary.triggers.shown}
    flagged = [trigger.name for trigger in diary.triggers.flagged]
    order = sorted(noted, key=lambda name: (name not in flagged, -noted[name], name))
    return tuple(Tried(name, noted[name], with_it[name], said.get(name, "can't tell yet")) for name in order)


def _series(samples: Sequence[Sample], evidence: Evidence) -> tuple[Series, ...]:
    by_quantity: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda one: (one.taken_at, one.id)):
        by_quantity.setdefault(sample.quantity, []).append(sample)
    return tuple(
        _one_series(key, by_quantity[key], evidence)
        for key in sorted(by_quantity, key=lambda key: (key not in evidence.quantities, key))
    )


def _one_series(key: str, samples: Sequence[Sample], evidence: Evidence) -> Series:
    report, quantity = report_series(key, samples, evidence), evidence.quantities.get(key)
    view, latest = report.view, samples[-1]
    value, unit, at = latest.value, latest.unit, latest.taken_at.astimezone(zone_of(latest.zone))
    if view.points:
        value, unit, at = view.points[-1].value, view.unit, view.points[-1].when
    change = None
    if quantity is not None and view.points:
        change = assess_change([p.when for p in view.points], [p.value for p in view.points], quantity)
    known = {one.taken_at: one.clock_known for one in samples[-MOST_READINGS:]}
    return Series(
        label=view.label,
        unit=unit,
        readings=len(samples),
        latest=value,
        latest_at=at,
        clock_known=known.get(at, latest.clock_known),
        level_low=view.band_low,
        level_high=view.band_high,
        limit_low=next((p.low_limit for p in reversed(view.points) if p.low_limit is not None), None),
        limit_high=next((p.high_limit for p in reversed(view.points) if p.high_limit is not None), None),
        verdict="" if change is None else "real change" if change.is_real else change.latest.verdict,
        lines=report.lines,
    )


def _sources(assessment: Assessment | None, evidence: Evidence) -> tuple[Source, ...]:
    """Return the bibliography of what the report says of flags and first causes, by key."""
    if assessment is None:
        return ()
    cited = [flag.source for flag in (*assessment.red_flags, *assessment.ask_first)]
    for cause in assessment.causes[:SUSPECTS]:
        cited += [cause.share_source, *(step.source for step in cause.steps)]
    keys = {key.strip() for text in cited for key in text.replace(";", ",").split(",")} & set(evidence.references)
    return tuple(Source(key, _reference(evidence, key)) for key in sorted(keys))


def _reference(evidence: Evidence, key: str) -> str:
    entry = evidence.references[key]
    parts = (entry.authors, f"{entry.title}", entry.journal, entry.year, entry.doi_or_url)
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
