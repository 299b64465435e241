"""The page of a screened register: every count is on it, in words too, and nothing is fetched from elsewhere."""

from __future__ import annotations

import html5lib

from soleus.core.screening import BINS, ScreeningSummary
from soleus.knowledge.load import load_evidence
from soleus.report.screening_html import render_screening

EVIDENCE = load_evidence()
SUMMARY = ScreeningSummary(
    read=1010,
    screened=1000,
    rejected=10,
    urgency={"emergency": 12, "soon": 38, "self_care": 950},
    red_flags={"calcium_very_low": 7} if "calcium_very_low" in EVIDENCE.red_flags else {min(EVIDENCE.red_flags): 7},
    first_cause={"idiopathic": 900, "other": 100},
    expected={"idiopathic": 812_345, "pregnancy": 20_000, "other": 4_000},
    cramp=(*(0 for _ in range(BINS - 1)), 1000),
    groups={"female 60": {"emergency": 12, "self_care": 88}, "unknown unknown": {"self_care": 900}},
    rejects={"bad_age": 10},
    rejected_columns={"age <script> bad_age": 10},
)


def test_the_page_is_sound_and_says_all_counts() -> None:
    page = render_screening(SUMMARY, EVIDENCE)
    html5lib.HTMLParser(strict=True).parse(page)
    for said in (
        "1,010 rows",
        "1,000 screened",
        "10 rejected",
        "12 (1.2 %)",
        "812.3 (81 %)",
        "female, 60 to 69",
        "n 100",
    ):
        assert said in page, said
    assert "12.0 % (7.0 to 19.8)" in page
    assert page.count("<svg") == page.count('role="img" aria-label=') == 6


def test_nothing_comes_from_elsewhere_and_cells_are_text() -> None:
    page = render_screening(SUMMARY, EVIDENCE)
    assert "http" not in page
    assert "<script" not in page
    assert "age &lt;script&gt; bad_age" in page


def test_an_empty_register_has_a_page() -> None:
    page = render_screening(ScreeningSummary(), EVIDENCE)
    html5lib.HTMLParser(strict=True).parse(page)
    assert "nobody was screened" in page
