"""Page one of the report for a clinician: what a busy reader needs, the dangerous first."""

from __future__ import annotations

from collections.abc import Sequence

from soleus.core.assessment import Assessment, CauseAnswer, RaisedFlag
from soleus.core.message import say
from soleus.report import clinician_words as words
from soleus.report.clinician import ClinicianReport, Series
from soleus.report.clinician_layout import (
    Bar,
    Notice,
    Pairs,
    Part,
    Points,
    Section,
    Sheet,
    Words,
    clean,
    cut,
    joined,
)
from soleus.report.clinician_plot import NIGHTS_A_ROW, draw_strip
from soleus.report.language import Language

# choice: as much as fits one page and is read there; the appendix has all
QUESTION_LENGTH, FLAGS, SUSPECTS, SERIES, MEDICINES, TRIED, ASKED, NOT_KNOWN = 420, 3, 5, 4, 8, 3, 4, 5
LIKELY = 0.01  # choice: after the first three, a cause under 1 % is left to the appendix


def lay_out_page(report: ClinicianReport, language: Language) -> tuple[Section, ...]:
    """Return the sections of page one in the order in which they are read."""
    return (
        _question(report, language),
        _flags(report, language),
        _rate(report, language),
        _causes(report, language),
        _series(report, language),
        _medicines(report, language),
        _missing(report, language),
    )


def who_words(report: ClinicianReport, language: Language) -> str:
    """Return age, sex and pregnancy as far as they were told."""
    person, case = report.person, report.case
    told = []
    if person.sex is not None:
        told.append(language.tell(words.SEX[person.sex]))
    if person.age is not None and (case.age is not None or not case.age_band):
        told.append(language.say_count("{n} year old", "{n} years old", int(person.age)))
    elif case.age_band:
        told.append(language.say("{band} years old", band=clean(case.age_band)))
    if not told:
        return language.say("Age and sex were not told.")
    if person.pregnancy_month:
        told.append(language.say("pregnant, month {month:.0f}", month=person.pregnancy_month))
    elif case.pregnant:
        told.append(language.say("pregnant"))
    elif person.postpartum:
        told.append(language.say("gave birth lately"))
    return ", ".join(told)


def _question(report: ClinicianReport, language: Language) -> Section:
    question = clean(report.question)
    opened, closed = "„“" if language.code == "de" else "“”"
    quote = f"{opened}{cut(question, QUESTION_LENGTH)}{closed}"
    part = Words(quote, "quote") if question else Words("", "line")
    return Section("question", language.say("My question"), (part,))


def more_words(n: int, language: Language) -> str:
    """Return that a list was cut by ``n``, "" when it was not."""
    return language.say_count("and {n} more, see appendix", "and {n} more, see appendix", n) if n > 0 else ""


def _flags(report: ClinicianReport, language: Language) -> Section:
    title = language.say("Red flags")
    found = report.assessment
    if found is None:
        says = language.say("Not judged: no question of the interview was answered and nothing was recorded.")
        return Section("flags", title, (Words(says),))
    parts: list[Part] = [flag_notice(flag, language) for flag in found.red_flags[:FLAGS]]
    if more := more_words(len(found.red_flags) - FLAGS, language):
        parts.append(Words(more, "soft"))
    if not found.red_flags:
        parts.append(Words(language.say("None is raised by what is known.")))
    if found.ask_first:
        open_flags = [language.tell(flag.label) for flag in found.ask_first]
        more = more_words(len(open_flags) - FLAGS, language)
        listed = "; ".join([*open_flags[:FLAGS], *([more] if more else [])])
        parts.append(Words(language.say("Not yet judged, because something was not told: {flags}.", flags=listed)))
    return Section("flags", title, tuple(parts))


def flag_notice(flag: RaisedFlag, language: Language) -> Notice:
    """Return a raised red flag."""
    because = "; ".join(clean(language.tell(trigger)) for trigger in flag.triggers)
    return Notice(
        title=language.tell(flag.label),
        urgency=language.tell(words.URGENCY[flag.urgency]),
        pressing=flag.urgency in ("emergency", "same_day"),
        lines=(language.tell(flag.do), language.say("Because of: {reasons}.", reasons=because.rstrip("."))),
    )


def _rate(report: ClinicianReport, language: Language) -> Section:
    parts: list[Part] = [Words(rate_words(report, language), "lead"), Words(_nights_words(report, language))]
    shown = report.marks[-NIGHTS_A_ROW:]
    parts.append(draw_strip(shown, report.late, language, name="nights"))
    if len(report.marks) > len(shown):
        parts.append(
            Words(language.say("The drawing shows the last 12 weeks of the period; the appendix has all."), "soft")
        )
    rows = pattern_rows(report, language)
    if rows:
        parts.append(Pairs(rows))
    return Section("rate", language.say("Cramps"), tuple(parts))


def rate_words(report: ClinicianReport, language: Language) -> str:
    """Return cramps per week with the interval, in one sentence."""
    rate = report.rate
    if rate.per_week is None or rate.low is None or rate.high is None:
        return language.say("How many cramps a week can't be told: no night of this period was recorded.")
    says = language.say(
        "{rate:.1f} cramps per week (95 % interval {low:.1f} to {high:.1f})",
        rate=rate.per_week,
        low=rate.low,
        high=rate.high,
    )
    return says if rate.enough else language.say("{rate}; too few nights for a firm answer", rate=says)


def _nights_words(report: ClinicianReport, language: Language) -> str:
    states = [cell.state for cell in report.marks]
    says = language.say(
        "{total} nights: {recorded} recorded ({with_cramps} with cramps, {without} without), {missing} not recorded.",
        total=len(states),
        recorded=len(states) - states.count("missing"),
        with_cramps=states.count("count"),
        without=states.count("none"),
        missing=states.count("missing"),
    )
    late = ""
    if report.late:
        late = language.say_count(
            "{n} night was filled in late (marked ▴).", "{n} nights were filled in late (marked ▴).", len(report.late)
        )
    change = language.tell(words.HALVES[report.change]) if report.change in words.HALVES else ""
    return joined([says, late, change])


def pattern_rows(report: ClinicianReport, language: Language) -> tuple[tuple[str, str], ...]:
    """Return what the cramps are like, as names and values."""
    pattern, rows = report.pattern, list[tuple[str, str]]()
    if told := pattern.started_h:
        at = tuple(words.clock(hours) for hours in (told.middle, told.low, told.high))
        rows.append((language.say("Time of night"), words.spread(told, at, language)))
    if told := pattern.duration_s:
        lasted = tuple(words.minutes(seconds, language) for seconds in (told.middle, told.low, told.high))
        rows.append((language.say("Duration"), words.spread(told, lasted, language)))
    if told := pattern.pain:
        pains = tuple(language.number(pain, ".2g") for pain in (told.middle, told.low, told.high))
        pain = words.spread(told, pains, language)
        rows.append((language.say("Pain, 0 to 10"), pain))
    for name, tallies in ((say("Muscle"), pattern.muscles), (say("Leg"), pattern.legs)):
        if tallies:
            listed = ", ".join(f"{words.named(words.ANATOMY, t.name, language)} {t.count}" for t in tallies[:3])
            rows.append((language.tell(name), listed))
    for name, tally in ((say("Woke from sleep"), pattern.woke), (say("Sore next day"), pattern.sore)):
        if tally is not None:
            rows.append((language.tell(name), of_words(tally.count, tally.of, language)))
    if lost := report.sleep_lost:
        says = language.say("{hours:.1f} h ({low:.1f} to {high:.1f})", hours=lost.hours, low=lost.low, high=lost.high)
        rows.append((language.say("Sleep lost, nights with cramps"), says))
    return tuple(rows)


def of_words(count: int, of: int, language: Language) -> str:
    """Return "3 of 4"."""
    return language.say("{count} of {of}", count=count, of=of)


def shown_suspects(found: Assessment) -> Sequence[CauseAnswer]:
    """Return the causes that page one names: the first suspects, the likeliest explanation on top."""
    chosen = [c for i, c in enumerate(found.causes[:SUSPECTS]) if i < 3 or c.explains.value >= LIKELY]
    return sorted(chosen, key=lambda cause: -cause.explains.value)


def _causes(report: ClinicianReport, language: Language) -> Section:
    title, found = language.say("What may explain it"), report.assessment
    if found is None:
        return Section(
            "causes", title, (Words(language.say("Not judged: nothing was told and nothing was recorded.")),)
        )
    caution = language.say("Probabilities computed from the evidence base for what was told; not a diagnosis.")
    rows = [
        (
            language.tell(cause.plain_name),
            Bar(cause.explains.value, cause.explains.low, cause.explains.high),
            words.percent(cause.explains.value, language),
            words.between(cause.explains, language),
        )
        for cause in shown_suspects(found)
    ]
    rest = found.unexplained
    rows.append(
        (
            language.say("Something outside the evidence base"),
            Bar(rest.value, rest.low, rest.high),
            words.percent(rest.value, language),
            words.between(rest, language),
        )
    )
    heads = (
        language.say("Cause"),
        language.say("0 to 100 %"),
        language.say("Explains"),
        language.say("95 % interval"),
    )
    verdict = "" if found.cramp.prior == found.cramp.probability.value else language.tell(found.cramp.verdict)
    interview = ""
    if not told_anything(report):
        interview = language.say("There was no interview: this rests on the diary alone.")
    sheet = Sheet(language.say("Causes that may explain the cramps"), heads, tuple(rows), (40, 31, 13, 18))
    return Section("causes", title, (sheet, Words(joined([verdict, caution, interview]), "soft")))


def told_anything(report: ClinicianReport) -> bool:
    """Say whether anything but diary entries was told."""
    case = report.case
    return bool(
        case.findings or case.not_known or case.history or case.medicines or case.symptoms.present or case.age
        or case.symptoms.absent or case.signs.present or case.signs.absent or case.summary or case.sex
        or case.measurements or case.tests or any(getattr(case.cramps, f) for f in case.cramps.__struct_fields__)
    )  # fmt: skip


def _series(report: ClinicianReport, language: Language) -> Section:
    title = language.say("Measurements")
    told = [
        (clean(one.name), f"{clean(str(one.value))} {clean(one.unit or '')}".strip(), clean(one.time or ""))
        for one in report.case.measurements
    ]
    if not report.series and not told:
        return Section("measurements", title, (Words(language.say("No measurement is recorded.")),))
    rows = [series_row(one, language) for one in report.series[:SERIES]]
    room = max(SERIES - len(rows), 0)
    rows += [(name, result, "", at or "–") for name, result, at in told[:room]]
    more = more_words(max(len(report.series) - SERIES, 0) + max(len(told) - room, 0), language)
    heads = (
        language.say("Latest"),
        language.say("Value (limits)"),
        language.say("Own level, 95 %"),
        language.say("Verdict"),
    )
    sheet = Sheet(language.say("Latest measurements"), heads, tuple(rows), (29, 28, 17, 28), more=more)
    return Section("measurements", title, (sheet,))


def series_row(one: Series, language: Language) -> tuple[str, str, str, str]:
    """Return name and day, value with limits, own level, and verdict of a series."""
    unit = "" if one.unit == "1" else clean(one.unit)
    within = words.limits(one.limit_low, one.limit_high, language)
    value = f"{words.value(one.latest, language)} {unit}".strip() + (f" ({within})" if within else "")
    level = ""
    if one.level_low is not None and one.level_high is not None:
        low, high = (words.value(v, language, ".3g") for v in (one.level_low, one.level_high))
        level = language.say("{low} to {high}", low=low, high=high)
    day = words.short_day(one.latest_at.date(), language)
    name = f"{clean(language.tell(one.label))}, {day}"
    readings = language.say_count("{n} reading", "{n} readings", one.readings)
    verdict = words.named(words.VERDICT, one.verdict, language) if one.verdict else "–"
    return name, value, level or "–", f"{verdict} ({readings})"


def _medicines(report: ClinicianReport, language: Language) -> Section:
    case, parts = report.case, list[Part]()
    told = [cut(clean(one), 60) for one in case.medicines]
    if [one.lower() for one in told] == ["none"]:
        parts.append(Words(language.say("The person takes none.")))
    elif told:
        more = more_words(len(told) - MEDICINES, language)
        parts.append(Words("; ".join([*told[:MEDICINES], *([more] if more else [])]) + "."))
        complete = say("The person says that this list is complete.")
        maybe = say("The list may be incomplete.")
        parts.append(Words(language.tell(complete if case.medicines_complete else maybe), "soft"))
    elif case.medicines_complete:
        parts.append(Words(language.say("The person takes none.")))
    else:
        parts.append(Words(language.say("Not told.")))
    rows = []
    if report.pattern.relieved_by:
        listed = [
            f"{cut(clean(words.named(words.RELIEF, t.name, language)), 30)} {of_words(t.count, t.of, language)}"
            for t in report.pattern.relieved_by[:3]
        ]
        rows.append((language.say("Eased the cramp"), ", ".join(listed)))
    for one in report.tried[:TRIED]:
        nights = of_words(one.with_it, one.noted, language)
        says = language.say(
            "on {nights} nights noted; {verdict}", nights=nights, verdict=words.named(words.VERDICT, one.says, language)
        )
        rows.append((cut(clean(one.name), 40), says))
    if not rows:
        rows.append((language.say("Tried"), language.say("nothing recorded")))
    parts.append(Pairs(tuple(rows)))
    if more := more_words(len(report.tried) - TRIED, language):
        parts.append(Words(more, "soft"))
    return Section("medicines", language.say("Medicines and what was tried"), tuple(parts), half=True)


def _missing(report: ClinicianReport, language: Language) -> Section:
    found, parts = report.assessment, list[Part]()
    asked = found.inquiry.questions if found is not None else ()
    items = tuple(
        f"{words.named(words.BURDEN, one.burden, language)}: {language.tell(one.question)}" for one in asked[:ASKED]
    )
    if items:
        parts.append(Points(items, more_words(len(asked) - ASKED, language)))
    missing = sum(cell.state == "missing" for cell in report.marks)
    if missing:
        says = language.say(
            "{missing} of {total} nights were not recorded; they count as unknown, not as free of cramps.",
            missing=missing,
            total=len(report.marks),
        )
        parts.append(Words(says))
    if report.not_known:
        labels = [language.tell(label) for label in report.not_known]
        more = more_words(len(labels) - NOT_KNOWN, language)
        listed = "; ".join([*labels[:NOT_KNOWN], *([more] if more else [])])
        parts.append(Words(language.say("Answered “don't know”: {labels}.", labels=listed)))
    if not parts:
        parts.append(Words(language.say("Nothing that would change the advice.")))
    return Section("missing", language.say("What is missing"), tuple(parts), half=True)
