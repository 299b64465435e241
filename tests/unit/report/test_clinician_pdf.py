"""The report as PDF: tagged, in reading order, one page for the clinician, and nothing a person writes is mark-up."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from soleus.app.clinician_report import build_clinician_report
from soleus.app.session import load_session
from soleus.core.case import Case, Words
from soleus.core.record import Episode, Factor, Night, NightCount, Sample
from soleus.exchange.case_file import read_case
from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_pdf import REPLACED, render_clinician_pdf
from soleus.report.language import load_language

ROOT = Path(__file__).parents[3]
NOW = datetime.fromisoformat("2026-11-26T09:00:00+00:00")
ORDER = [
    "My question",
    "Red flags",
    "Cramps",
    "What may explain it",
    "Measurements",
    "Medicines and",
    "What is missing",
]


def diary(days: int = 84, note: str = "") -> ClinicianReport:
    """Return the report on a diary with all kinds of entries, a red flag, and more of all than fits page one."""
    episodes, nights, counts, factors = [], [], [], []
    for i in range(days):
        night = date(2026, 11, 24) - timedelta(days=i)
        if i % 11 == 0:
            continue
        at = datetime(night.year, night.month, night.day, 9, tzinfo=NOW.tzinfo) + timedelta(days=1 if i % 9 else 5)
        cramps = (0, 1, 0, 2)[i % 4]
        for k in range(cramps):
            start = datetime(night.year, night.month, night.day, 23, tzinfo=NOW.tzinfo) + timedelta(minutes=i * 7 % 400)
            episodes.append(
                Episode(id=f"{i}-{k}", recorded_at=at, zone="Europe/Berlin", night_of=night, started_at=start,
                        pain=i % 9, duration_s=90.0, leg="left", muscle="calf", activity="asleep", woke=True,
                        sore_next_day=True, relieved_by=("stretching",), note=note)
            )  # fmt: skip
        nights.append(
            Night(id=f"n{i}", recorded_at=at, zone="Europe/Berlin", night_of=night, cramps=cramps, slept_h=6.5)
        )
        counts.append(NightCount(night_of=night, cramps=cramps))
        for name in ("magnesium", "long standing", "wine", "stretching before bed"):
            factors.append(Factor(id=f"{name}{i}", recorded_at=at, zone="UTC", night_of=night, name=name, value=i % 2))
    samples = [
        Sample(id=f"{q}{i}", recorded_at=NOW, zone="UTC", taken_at=NOW - timedelta(days=50 - 9 * i), quantity=q,
               value=v, unit=unit, low=low, high=high)
        for q, v, unit, low, high in (("calcium", 2.31, "mmol/L", 2.2, 2.6), ("potassium", 4.1, "mmol/L", 3.5, 5.1),
                                      ("magnesium", 0.82, "mmol/L", 0.7, 1.05), ("ankle width", 24.0, "cm", None, None),
                                      ("calf width", 36.0, "cm", None, None))
        for i in range(3)
    ]  # fmt: skip
    case = Case(
        age=71, sex="male", medicines=tuple(f"Tablet {i} 5 mg in the morning" for i in range(10)),
        symptoms=Words(present=("one leg swollen", "calf warm and red")), findings={"at_night": True},
        not_known=("at_rest", "worse_when_standing", "family_history_cramps"),
    )  # fmt: skip
    return build_clinician_report(
        counts, episodes, nights, factors, samples, case, now=NOW, zone="Europe/Berlin", session=load_session(),
        question="Why do my calves cramp at night, is it my tablets, and would magnesium help? " * 4,
        first=date(2026, 11, 24) - timedelta(days=days - 1), last=date(2026, 11, 24),
    )  # fmt: skip


@pytest.fixture(scope="module")
def full() -> ClinicianReport:
    return diary()


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(reader: PdfReader) -> str:
    """Return the words without the breaks of lines and of long words."""
    return " ".join("".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


def test_it_is_a_tagged_document_with_title_and_language(full: ClinicianReport) -> None:
    for code, title in (("en", "Night leg cramps: report for the doctor"), ("de", None)):
        reader = read(render_clinician_pdf(full, load_language(code)))
        root = reader.trailer["/Root"]
        assert isinstance(root, DictionaryObject)
        assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
        assert str(root["/Lang"]).startswith(code)
        assert root["/StructTreeRoot"]["/K"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert reader.metadata is not None
        assert reader.metadata.title
        assert title is None or reader.metadata.title == title
        xmp = root["/Metadata"].get_object().get_data().decode()
        assert "<pdfuaid:part>1</pdfuaid:part>" in xmp or 'pdfuaid:part="1"' in xmp


def test_headings_pictures_and_tables_are_tagged(full: ClinicianReport) -> None:
    reader = read(render_clinician_pdf(full, load_language("en")))
    kinds: list[str] = []
    alternatives: list[str] = []

    def walk(node: object) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds.append(str(node["/S"]))
            if "/Alt" in node:
                alternatives.append(str(node["/Alt"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/L"} <= set(kinds)
    heads = [kind for kind in kinds if kind in ("/H1", "/H2", "/H3")]
    assert heads[:2] == ["/H1", "/H2"]
    assert alternatives[0].startswith("Every night from")


def test_page_one_holds_all_in_reading_order_even_of_a_full_record(full: ClinicianReport) -> None:
    reader = read(render_clinician_pdf(full, load_language("en")))
    page = reader.pages[0].extract_text()
    places = [page.find(words) for words in ORDER]
    assert -1 not in places
    assert places == sorted(places)
    assert "Possible clot" in page
    assert "cramps per week" in page
    assert "Made 26 November 2026" in page
    assert reader.pages[1].extract_text().startswith("Appendix")
    everything = text_of(reader)
    assert "26 November 2026" in everything
    assert "Tablet 9 5 mg" in everything
    assert "2026-11" not in everything


def test_page_one_of_a_full_record_fits_in_german_too(full: ClinicianReport) -> None:
    page = read(render_clinician_pdf(full, load_language("de"))).pages[0].extract_text()
    assert "soleus 0." in page
    assert "26. November 2026" in page


def test_the_same_report_gives_the_same_bytes(full: ClinicianReport) -> None:
    assert render_clinician_pdf(full, load_language("de")) == render_clinician_pdf(full, load_language("de"))


@pytest.mark.parametrize("name", ["night_cramps_68", "third_trimester", "dialysis"])
def test_page_one_of_the_examples_fits_one_page(name: str) -> None:
    case, _ = read_case(ROOT / "examples" / f"{name}.toml")
    made = build_clinician_report([], [], [], [], [], case, now=NOW, zone="UTC", session=load_session())
    for code in ("en", "de"):
        reader = read(render_clinician_pdf(made, load_language(code)))
        assert "soleus 0." in reader.pages[0].extract_text()


def test_an_empty_record_is_a_report_too() -> None:
    made = build_clinician_report([], [], [], [], [], Case(), now=NOW, zone="UTC", session=load_session())
    reader = read(render_clinician_pdf(made, load_language("en")))
    assert "no night of this period was recorded" in text_of(reader)


@pytest.mark.parametrize(
    "words",
    [
        '#image("/etc/passwd")',
        '#read("/etc/passwd")',
        "$ x^2 $ and *bold* _under_ @reference `raw` = heading <label>",
        "back\\slash \\u{41} // comment /* comment */ #let a = 1",
        '"]} #{ panic() } {"type":"words"}',
    ],
)
def test_words_that_look_like_markup_are_printed_as_they_are(words: str) -> None:
    made = diary(days=3, note=words)
    printed = text_of(read(render_clinician_pdf(made, load_language("en"))))
    assert " ".join(words.split()) in printed
    assert "root:" not in printed


def test_signs_that_turn_or_hide_text_are_left_out_and_letters_without_a_shape_are_boxes() -> None:
    made = diary(days=3, note="a\u202eb\x00c\u2066d \N{SLEEPING FACE} 中 Ελλ Кириллица")
    printed = text_of(read(render_clinician_pdf(made, load_language("en"))))
    assert f"abcd {REPLACED} {REPLACED} Ελλ Кириллица" in printed


def test_a_note_of_ten_thousand_letters_is_printed_whole() -> None:
    made = diary(days=2, note="wordless" * 1250)
    reader = read(render_clinician_pdf(made, load_language("en")))
    printed = text_of(reader).replace(" ", "")
    assert printed.count("wordless") > 1250 - len(reader.pages)  # one may be parted at the end of each page


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_no_question_breaks_the_page(question: str) -> None:
    made = build_clinician_report(
        [], [], [], [], [], Case(), now=NOW, zone="UTC", session=load_session(), question=question
    )
    assert render_clinician_pdf(made, load_language("en")).startswith(b"%PDF")
