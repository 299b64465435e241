"""The appendix of the report for a clinician: all entries, the steps behind the first causes, and the sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from soleus.core.assessment import CauseAnswer
from soleus.core.message import say
from soleus.core.record import Episode, Factor, Night, Sample
from soleus.report import clinician_words as words
from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_layout import Part, Points, Section, Sheet, Words, breakable, clean, share_out
from soleus.report.clinician_page import QUESTION_LENGTH, flag_notice, shown_suspects
from soleus.report.clinician_plot import NIGHTS_A_ROW, draw_strip
from soleus.report.language import Language

MOST_COLUMNS = 6  # choice: more circumstances side by side are too narrow to read
STEPS = 8  # choice: the steps that moved a cause most; the assessment itself has all


def lay_out_appendix(report: ClinicianReport, language: Language) -> tuple[Section, ...]:
    """Return the sections of the appendix; one that would be empty is left out."""
    sections = (
        _told(report, language),
        _flags(report, language),
        _cramps(report, language),
        _nights(report, language),
        _factors(report, language),
        _samples(report, language),
        _next(report, language),
        _steps(report, language),
        _sources(report, language),
    )
    return tuple(section for section in sections if section.parts)


def _told(report: ClinicianReport, language: Language) -> Section:
    case, rows = report.case, list[tuple[str, str]]()

    def add(name: str, told: Iterable[str]) -> None:
        listed = "; ".join(breakable(clean(one)) for one in told if one)
        if listed:
            rows.append((language.tell(name), listed))

    if len(report.question) > QUESTION_LENGTH:
        add(say("My question"), (report.question,))
    add(say("In own words"), (case.summary,))
    add(say("The cramps"), (*case.cramps.sites, case.cramps.timing or "", case.cramps.duration or "",
                            case.cramps.frequency or "", case.cramps.onset or ""))  # fmt: skip
    add(say("Set off by"), case.cramps.triggers)
    add(say("Eased by"), case.cramps.relieved_by)
    add(say("History"), case.history)
    add(say("Medicines"), case.medicines)
    add(say("Symptoms"), case.symptoms.present)
    add(say("No symptoms of"), case.symptoms.absent)
    add(say("Signs"), case.signs.present)
    add(say("No signs of"), case.signs.absent)
    add(say("Tests"), (f"{one.name}: {one.result}" for one in case.tests))
    add(
        say("Measurements told"),
        (
            f"{one.name} {one.value} {one.unit or ''}".strip()
            + (f" ({words.limits(one.low, one.high, language)})" if (one.low, one.high) != (None, None) else "")
            + (f", {one.time}" if one.time else "")
            for one in case.measurements
        ),
    )
    add(say("Answered yes"), (language.tell(label) for label, present in report.found if present))
    add(say("Answered no"), (language.tell(label) for label, present in report.found if not present))
    add(say("Answered “don't know”"), (language.tell(label) for label in report.not_known))
    add(say("Shown by the diary"), (language.tell(one) for one in report.shown))
    if report.assessment is not None:
        add(
            say("Not understood, so not used"),
            (one.phrase for one in report.assessment.understood if not one.understood),
        )
    heads = (language.say("What"), language.say("As told"))
    sheet = Sheet(language.say("What was told"), heads, tuple(rows), (22, 78))
    return Section("told", language.say("What was told"), (sheet,) if rows else ())


def _flags(report: ClinicianReport, language: Language) -> Section:
    parts: list[Part] = []
    if report.assessment is not None:
        parts += [flag_notice(flag, language) for flag in report.assessment.red_flags]
        asked = [
            f"{language.tell(flag.label)}: {'; '.join(language.tell(one) for one in flag.ask)}"
            for flag in report.assessment.ask_first
        ]
        if asked:
            parts += [Words(language.say("Not judged until these are answered:")), Points(tuple(asked))]
    return Section("all-flags", language.say("Red flags in full"), tuple(parts))


def _cramps(report: ClinicianReport, language: Language) -> Section:
    heads = tuple(
        language.tell(head)
        for head in (
            say("Night of"),
            say("Began"),
            say("Lasted"),
            say("Pain"),
            say("Where"),
            say("Doing"),
            say("Woke"),
            say("Sore"),
            say("Eased by"),
            say("Note"),
        )
    )
    rows = tuple(_cramp(one, report, language) for one in report.episodes)
    parts: list[Part] = []
    if len(report.marks) > NIGHTS_A_ROW:
        parts.append(draw_strip(report.marks, report.late, language, name="all-nights"))
    if rows:
        parts.append(_fitted(language.say("Every cramp of the period"), heads, rows))
    return Section("cramps", language.say("Every cramp"), tuple(parts))


def _fitted(caption: str, heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Sheet:
    """Return a table without the columns in which nothing was told."""
    kept = [i for i in range(len(heads)) if i == 0 or any(row[i] for row in rows)]
    heads, rows = tuple(heads[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows)
    return Sheet(caption, heads, rows, share_out(rows, heads))


def _cramp(one: Episode, report: ClinicianReport, language: Language) -> tuple[str, ...]:
    where = [words.named(words.ANATOMY, code, language) for code in (one.leg, one.muscle) if code]
    return (
        _night_words(one.night_of, report, language),
        language.clock(words.local(one.started_at, one.zone)) if one.started_at else "",
        words.minutes(one.duration_s, language) if one.duration_s is not None else "",
        str(one.pain) if one.pain is not None else "",
        " ".join(where),
        words.named(words.ACTIVITY, one.activity, language) if one.activity else "",
        _yes_no(one.woke, language),
        _yes_no(one.sore_next_day, language),
        ", ".join(breakable(clean(words.named(words.RELIEF, by, language))) for by in one.relieved_by),
        breakable(clean(one.note)),
    )


def _night_words(night: date, report: ClinicianReport, language: Language) -> str:
    return language.day(night) + (" ▴" if night in report.late else "")


def _yes_no(answer: bool | None, language: Language) -> str:
    return "" if answer is None else language.say("yes") if answer else language.say("no")


def _nights(report: ClinicianReport, language: Language) -> Section:
    heads = tuple(
        language.tell(head)
        for head in (
            say("Night of"),
            say("Cramps counted"),
            say("Slept"),
            say("Quality, 0 to 10"),
            say("Awake"),
            say("Note"),
        )
    )
    rows = tuple(_check(one, report, language) for one in report.nights)
    parts: list[Part] = [_fitted(language.say("Every morning check of the period"), heads, rows)] if rows else []
    gaps = _gaps([cell.night_of for cell in report.marks if cell.state == "missing"])
    if gaps:
        listed = "; ".join(
            language.day(first)
            if first == last
            else language.say("{low} to {high}", low=language.day(first), high=language.day(last))
            for first, last in gaps
        )
        parts.append(Words(language.say("Nights not recorded: {nights}.", nights=listed)))
    return Section("nights", language.say("Every night"), tuple(parts))


def _check(one: Night, report: ClinicianReport, language: Language) -> tuple[str, ...]:
    return (
        _night_words(one.night_of, report, language),
        "" if one.cramps is None else str(one.cramps) if one.cramps else language.say("none"),
        f"{language.number(one.slept_h)} h" if one.slept_h is not None else "",
        str(one.quality) if one.quality is not None else "",
        f"{one.awakenings}×" if one.awakenings is not None else "",
        breakable(clean(one.note)),
    )


def _gaps(nights: Sequence[date]) -> list[tuple[date, date]]:
    """Return runs of nights as (first, last)."""
    runs: list[tuple[date, date]] = []
    for night in nights:
        if runs and night - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], night)
        else:
            runs.append((night, night))
    return runs


def _factors(report: ClinicianReport, language: Language) -> Section:
    """Return a row for each night and a column for each circumstance; of many circumstances a row for each entry."""
    names = sorted({one.name for one in report.factors})
    caption, heads = language.say("Everything followed from day to day"), [language.say("Night of")]
    if len(names) <= MOST_COLUMNS:
        by_night: dict[date, list[Factor]] = {}
        for one in report.factors:
            by_night.setdefault(one.night_of, []).append(one)
        heads += [breakable(clean(name)) for name in names]
        rows = tuple(_day(night, by_night[night], names, language) for night in sorted(by_night))
    else:
        heads += [language.say("What"), language.say("Value")]
        rows = tuple(
            (language.day(one.night_of), breakable(clean(one.name)), _amount(one, language), breakable(clean(one.note)))
            for one in report.factors
        )
    parts = (_fitted(caption, (*heads, language.say("Note")), rows),) if rows else ()
    return Section("factors", language.say("What was followed from day to day"), parts)


def _day(night: date, noted: Sequence[Factor], names: Sequence[str], language: Language) -> tuple[str, ...]:
    told = {name: ", ".join(_amount(one, language) for one in noted if one.name == name) for name in names}
    notes = "; ".join(breakable(clean(one.note)) for one in noted if one.note)
    return (language.day(night), *told.values(), notes)


def _amount(one: Factor, language: Language) -> str:
    if not one.unit and one.value in (0, 1):
        return _yes_no(bool(one.value), language)
    return f"{language.number(one.value)} {clean(one.unit)}".strip()


def _samples(report: ClinicianReport, language: Language) -> Section:
    heads = tuple(
        language.tell(head)
        for head in (say("Taken"), say("What"), say("Value"), say("Limits"), say("Posture"), say("Leg"), say("Note"))
    )
    rows = tuple(_sample(one, language) for one in report.samples)
    parts: list[Part] = [_fitted(language.say("Every measurement"), heads, rows)] if rows else []
    said = [clean(language.tell(line)) for one in report.series for line in one.lines]
    if said:
        parts.append(Points(tuple(said)))
    return Section("samples", language.say("Every measurement"), tuple(parts))


def _sample(one: Sample, language: Language) -> tuple[str, ...]:
    unit = "" if one.unit == "1" else clean(one.unit)
    return (
        words.moment(words.local(one.taken_at, one.zone), language, clock=one.clock_known),
        breakable(clean(one.quantity.replace("_", " "))),
        f"{words.value(one.value, language)} {unit}".strip(),
        words.limits(one.low, one.high, language),
        words.named(words.POSTURE, one.posture, language) if one.posture else "",
        words.named(words.ANATOMY, one.leg, language) if one.leg else "",
        breakable(clean(one.note)),
    )


def _next(report: ClinicianReport, language: Language) -> Section:
    asked = report.assessment.inquiry.questions if report.assessment is not None else ()
    heads = (language.say("How"), language.say("What"), language.say("Why"))
    rows = tuple(
        (words.named(words.BURDEN, one.burden, language), language.tell(one.question), language.tell(one.why))
        for one in asked
    )
    sheet = Sheet(language.say("What to ask, examine or measure next"), heads, rows, (11, 38, 51))
    return Section("next", language.say("What to ask, examine or measure next"), (sheet,) if rows else ())


def _steps(report: ClinicianReport, language: Language) -> Section:
    parts: list[Part] = []
    for cause in shown_suspects(report.assessment) if report.assessment is not None else ():
        parts += _cause(cause, language)
    return Section("steps", language.say("The steps behind the first causes"), tuple(parts))


def _cause(cause: CauseAnswer, language: Language) -> list[Part]:
    name = language.tell(cause.plain_name)
    says = language.say(
        "{cause}: explains {now}, before anything was told {before}.",
        cause=name,
        now=words.percent(cause.explains.value, language),
        before=words.percent(cause.prior_explains, language),
    )
    ranked = sorted(cause.steps, key=lambda step: (-abs(step.log_odds), step.finding))
    rows = tuple(
        (
            words.step_words(step, language),
            words.odds(step.log_odds, language),
            language.tell(step.claim),
            f"{step.source} ({step.verification})",
        )
        for step in ranked[:STEPS]
    )
    parts: list[Part] = [Words(says, "lead")]
    if rows:
        heads = (language.say("What is known"), language.say("Odds"), language.say("Claim"), language.say("Source"))
        caption = language.say("Steps to “{cause}”", cause=name)
        more = len(ranked) - len(rows)
        cut_words = language.say_count("and {n} weaker step", "and {n} weaker steps", more) if more > 0 else ""
        parts.append(Sheet(caption, heads, rows, (30, 9, 42, 19), english=(3,), more=cut_words))
    settles = [language.tell(test) for test in cause.tests]
    if settles:
        listed = "; ".join(test.rstrip(". ") for test in settles)
        parts.append(Words(language.say("Would settle it: {tests}.", tests=listed)))
    return parts


def _sources(report: ClinicianReport, language: Language) -> Section:
    items = tuple(f"{one.key}: {one.words}" for one in report.sources)
    return Section("sources", language.say("Sources"), (Points(items, english=True),) if items else ())
