"""The report for a clinician: what page one says, in words that a busy reader cannot misread."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.app.clinician_report import build_clinician_report, report_period
from soleus.app.session import load_session
from soleus.core.case import Case, Measurement, Words
from soleus.core.record import Episode, Factor, Night, NightCount, Sample
from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_html import clinician_css, render_clinician_html
from soleus.report.clinician_layout import Bar, Layout, Notice, Pairs, Points, Section, Sheet, clean
from soleus.report.clinician_layout import Words as Said
from soleus.report.clinician_plot import render_strip_svg
from soleus.report.clinician_set import lay_out
from soleus.report.clinician_text import render_clinician_text
from soleus.report.diary_view import NightCell
from soleus.report.language import load_language

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
EVENING = date(2026, 11, 24)
ENGLISH = load_language("en")
ATTACKS = '<script>alert(1)</script> #image("/etc/passwd") $x$ *a* @b \\ {{ 7*7 }} \u202e\x00\x07'


def cramp(night: date, *, late: bool = False, **told: Any) -> Episode:
    start = datetime.combine(night + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=3, minutes=10)
    recorded = start + timedelta(days=4 if late else 0, hours=5)
    fields: dict[str, Any] = {"id": f"{night}-{told.get('note', '')}", "started_at": start, **told}
    return Episode(recorded_at=recorded, zone="UTC", night_of=night, **fields)


def report(
    episodes: list[Episode] | None = None, free: list[date] | None = None, case: Case | None = None, **more: Any
) -> ClinicianReport:
    told = episodes or []
    counts: dict[date, int] = dict.fromkeys(free or [], 0)
    for one in told:
        counts[one.night_of] = counts.get(one.night_of, 0) + 1
    checks = [
        Night(id=f"n{n}", recorded_at=datetime(n.year, n.month, n.day, 8, tzinfo=UTC) + timedelta(days=1), zone="UTC",
              night_of=n, cramps=0)
        for n in free or []
    ]  # fmt: skip
    return build_clinician_report(
        [NightCount(night_of=night, cramps=n) for night, n in counts.items()],
        told,
        checks,
        more.pop("factors", []),
        more.pop("samples", []),
        case or Case(),
        now=more.pop("now", NOW),
        zone="UTC",
        session=load_session(),
        **more,
    )


def section(layout: Layout, key: str) -> Section:
    return next(one for one in layout.sections if one.key == key)


def said(part: object) -> str:
    if isinstance(part, Said):
        return part.words
    if isinstance(part, Points):
        return "\n".join((*part.items, part.more))
    if isinstance(part, Pairs):
        return "\n".join(f"{name}: {value}" for name, value in part.rows)
    if isinstance(part, Notice):
        return "\n".join((part.title, part.urgency, *part.lines))
    if isinstance(part, Sheet):
        return "\n".join(" | ".join(str(c) for c in row if not isinstance(c, Bar)) for row in part.rows)
    return ""


def told(layout: Layout, key: str) -> str:
    return "\n".join(said(part) for part in section(layout, key).parts)


def test_nights_with_without_and_missing_are_counted_apart() -> None:
    nights = [EVENING - timedelta(days=i) for i in range(10)]
    made = report([cramp(nights[9]), cramp(nights[9], note="b"), cramp(nights[3])], free=[nights[4], nights[5]])
    words = told(lay_out(made, ENGLISH), "rate")
    assert "10 nights: 4 recorded (2 with cramps, 2 without), 6 not recorded." in words
    assert "5.2 cramps per week" in words
    assert "too few nights" in words
    assert "03:10" in words


def test_a_night_noted_long_after_is_counted_as_late_and_marked() -> None:
    nights = [EVENING - timedelta(days=i) for i in range(4)]
    made = report([cramp(nights[0]), cramp(nights[2], late=True)])
    assert made.late == (nights[2],)
    layout = lay_out(made, ENGLISH)
    assert "1 night was filled in late" in told(layout, "rate")
    rows = next(p for s in layout.appendix if s.key == "cramps" for p in s.parts if isinstance(p, Sheet)).rows
    assert [row[0] for row in rows] == ["22 November 2026 ▴", "24 November 2026"]


def test_a_late_addition_to_a_night_noted_in_time_does_not_make_it_late() -> None:
    assert report([cramp(EVENING), cramp(EVENING, late=True, note="forgotten")]).late == ()


def test_nights_since_the_last_entry_are_missing_and_not_left_out() -> None:
    made = report([cramp(date(2026, 11, 1))])
    assert (made.first, made.last) == (date(2026, 11, 1), EVENING)
    assert [cell.state for cell in made.marks].count("missing") == 23


def test_without_a_record_and_without_a_case_nothing_is_judged() -> None:
    made = report()
    layout = lay_out(made, ENGLISH)
    assert made.assessment is None
    assert layout.who == "Age and sex were not told."
    assert told(layout, "flags").startswith("Not judged")
    assert "can't be told: no night of this period was recorded" in told(layout, "rate")
    assert "84 of 84 nights were not recorded; they count as unknown" in told(layout, "missing")
    assert "free of cramps" not in told(layout, "rate")


def test_a_red_flag_stands_right_after_the_question_with_what_to_do() -> None:
    case = Case(age=57, symptoms=Words(present=("one leg swollen", "calf warm and red")))
    layout = lay_out(report(case=case, question="Is it a clot?"), ENGLISH)
    assert [one.key for one in layout.sections][:3] == ["question", "flags", "rate"]
    first = section(layout, "flags").parts[0]
    assert isinstance(first, Notice)
    assert first.pressing
    assert "today" in first.urgency
    assert first.lines[0]


def test_causes_are_shown_as_probabilities_with_interval_and_not_as_a_diagnosis() -> None:
    layout = lay_out(report(case=Case(age=68, sex="female", findings={"at_night": True})), ENGLISH)
    sheet = next(part for part in section(layout, "causes").parts if isinstance(part, Sheet))
    values = [row[1].value for row in sheet.rows[:-1] if isinstance(row[1], Bar)]
    assert values == sorted(values, reverse=True)
    assert 3 <= len(values) <= 5
    assert "not a diagnosis" in told(layout, "causes")
    assert layout.who == "Woman, 68 years old"


def test_what_was_answered_dont_know_and_the_interview_stand_in_the_report() -> None:
    case = Case(findings={"at_night": True, "leg_swelling_both": False}, not_known=("hair_loss_legs", "at_rest"))
    layout = lay_out(report(case=case), ENGLISH)
    assert "Answered “don't know”" in told(layout, "missing")
    rows = dict(
        row for s in layout.appendix if s.key == "told" for p in s.parts if isinstance(p, Sheet) for row in p.rows
    )
    assert {"Answered yes", "Answered no", "Answered “don't know”"} <= set(rows)


def test_medicines_are_told_as_told_and_whether_the_list_is_complete() -> None:
    some = lay_out(report(case=Case(medicines=("Ramipril 5 mg",))), ENGLISH)
    assert told(some, "medicines").startswith("Ramipril 5 mg.\nThe list may be incomplete.")
    whole = lay_out(report(case=Case(medicines=("Ramipril 5 mg",), medicines_complete=True)), ENGLISH)
    assert "this list is complete" in told(whole, "medicines")
    assert told(lay_out(report(), ENGLISH), "medicines").startswith("Not told.")
    many = lay_out(report(case=Case(medicines=tuple(f"thing {i}" for i in range(11)))), ENGLISH)
    assert "and 3 more, see appendix" in told(many, "medicines")


def test_repeated_measurements_show_own_level_limits_and_verdict() -> None:
    samples = [
        Sample(id=str(i), recorded_at=NOW, zone="UTC", taken_at=NOW - timedelta(days=40 - 9 * i), quantity="calcium",
               value=v, unit="mmol/L", low=2.2, high=2.6)
        for i, v in enumerate((2.31, 2.34, 2.32, 2.33))
    ]  # fmt: skip
    case = Case(measurements=(Measurement(name="ferritin", value=35, unit="ng/mL", time="2026-11-02"),))
    words = told(lay_out(report(samples=samples, case=case), ENGLISH), "measurements")
    assert "13 Nov" in words
    assert "2.33 mmol/L (2.2 to 2.6)" in words
    assert "within noise (4 readings)" in words
    assert "ferritin | 35 ng/mL" in words


def test_what_was_tried_is_counted_and_an_association_is_not_made_of_few_nights() -> None:
    nights = [EVENING - timedelta(days=i) for i in range(6)]
    factors = [
        Factor(id=f"f{i}", recorded_at=NOW, zone="UTC", night_of=night, name="magnesium", value=float(i < 2))
        for i, night in enumerate(nights)
    ]
    made = report([cramp(n, relieved_by=("stretching",)) for n in nights], factors=factors)
    words = told(lay_out(made, ENGLISH), "medicines")
    assert "Eased the cramp: stretching 6 of 6" in words
    assert "magnesium: on 2 of 6 nights noted; can't tell yet" in words


def test_thirteen_years_of_diary_give_the_last_twelve_weeks_unless_asked() -> None:
    nights = [EVENING - timedelta(days=i) for i in range(13 * 365)]
    counts = [NightCount(night_of=night, cramps=0) for night in nights]
    assert report_period(counts, NOW, "UTC") == (EVENING - timedelta(days=83), EVENING)
    assert report_period(counts, NOW, "UTC", nights[200], nights[100]) == (nights[200], nights[100])
    with pytest.raises(ValueError, match="is after"):
        report_period(counts, NOW, "UTC", nights[1], nights[2])


def test_the_order_of_entries_does_not_matter() -> None:
    cramps = [cramp(EVENING - timedelta(days=i), pain=i) for i in range(6)]
    assert report(cramps) == report(cramps[::-1])


def test_the_strip_tells_three_kinds_of_night_by_shape_and_needs_no_style() -> None:
    marks = [NightCell(EVENING, "count", 3), NightCell(EVENING, "none"), NightCell(EVENING, "missing")]
    svg = render_strip_svg(marks, [], ENGLISH)
    ink = 'fill="#1d2a3a"/>'
    assert svg.count(ink) == 3
    assert svg.count("<circle") == 1
    assert "style" not in svg
    assert "class=" not in svg
    assert ">12</text>" in render_strip_svg([NightCell(EVENING, "count", 12)], [], ENGLISH)


@pytest.mark.parametrize("body_only", [True, False])
def test_the_page_is_sound_html_in_which_no_word_of_a_person_is_code(body_only: bool) -> None:
    note = ATTACKS + "x" * 10_000
    factor = Factor(id="f", recorded_at=NOW, zone="UTC", night_of=EVENING, name=ATTACKS, value=1.0, note=note)
    made = report([cramp(EVENING, note=note, relieved_by=(ATTACKS,))], question=ATTACKS, factors=[factor],
                  case=Case(medicines=(ATTACKS,), history=(ATTACKS,)))  # fmt: skip
    html = render_clinician_html(made, ENGLISH, body_only=body_only)
    assert "<script" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html
    if body_only:
        assert html.lstrip().startswith("<article")
        assert "<style" not in html
        assert " style=" not in html
        html = f"<!doctype html><html lang=en><title>x</title>{html}</html>"
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert [element.tag for element in tree.iter() if element.tag in ("h1", "h2")][:2] == ["h1", "h2"]


def test_the_rules_of_the_page_touch_nothing_else() -> None:
    lines = [line.strip() for line in clinician_css().splitlines()]
    for line in lines:
        if line and not line.startswith(("/*", "@", "}")):
            assert line.startswith(".clinician"), line


@pytest.mark.parametrize("code", ["en", "de"])
def test_dates_and_numbers_follow_the_language(code: str) -> None:
    made = report([cramp(EVENING - timedelta(days=i)) for i in range(0, 6, 2)])
    text = render_clinician_text(made, load_language(code), appendix=True)
    assert ("24. November 2026" if code == "de" else "24 November 2026") in text
    assert ("7,0" if code == "de" else "7.0") in text
    assert "2026-11" not in text
    assert all(len(line) <= 100 for line in text.splitlines())


@given(st.text())
def test_cleaned_words_hold_no_control_sign_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert all(c.isprintable() or c in "\u200c\u200d" for c in cleaned)
    assert clean(cleaned) == cleaned
