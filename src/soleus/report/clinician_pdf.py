"""The report for a clinician as a PDF that reads aloud in order (PDF/UA-1): set by typst, from the parts as data.

A person's words reach typst as JSON, never as mark-up, so nothing in them can be run. Typst sees an empty folder, none
of the machine's fonts and no network. The same report gives the same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_layout import Layout
from soleus.report.clinician_set import lay_out
from soleus.report.language import Language

REPLACED = "□"  # for a letter that the fonts of the page do not have
MOST_TRIED = 200  # choice: a text with more foreign letters than this is not tried letter by letter
_SURE = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180)))) | frozenset(
    "–—‘’‚“”„…•×÷≤≥−→▴■□€°µμ\u00a0\u200b"
)


def render_clinician_pdf(report: ClinicianReport, language: Language) -> bytes:
    """Return the report as a tagged PDF: page one, then the appendix.

    Letters that the built-in fonts lack (Chinese, emoji) are printed as □; the HTML page keeps them.

    Parameters
    ----------
    report : ClinicianReport
    language : Language
    """
    made = report.made_at
    stamp = {"year": made.year, "month": made.month, "day": made.day}
    return bytes(_compile(lay_out(report, language), stamp, format="pdf", pdf_standards=["ua-1"]))


def render_clinician_png(report: ClinicianReport, language: Language, *, ppi: float = 110) -> bytes:
    """Return page one as a picture, for looking at it."""
    made = report.made_at
    stamp = {"year": made.year, "month": made.month, "day": made.day}
    pages = _compile(lay_out(report, language), stamp, format="png", ppi=ppi)
    return bytes(pages[0] if isinstance(pages, list) else pages)


def _compile(layout: Layout, stamp: dict[str, int], **options: Any) -> Any:
    import msgspec
    import typst

    data = msgspec.json.encode({"layout": layout, "date": stamp}).decode()
    unknown = "".join(sorted({c for c in set(data) - _SURE if not c.isascii()}))
    for letter in _missing_letters(unknown):
        data = data.replace(letter, REPLACED)
    source = Path(__file__).with_name("templates").joinpath("clinician.typ").read_bytes()
    return _run(typst, source, {"data": data}, **options)


def _run(typst: Any, source: bytes, inputs: dict[str, str], **options: Any) -> Any:
    with TemporaryDirectory(prefix="soleus-report-") as empty:
        return typst.compile(
            source,
            root=empty,
            package_path=empty,
            package_cache_path=empty,
            font_paths=[],
            ignore_system_fonts=True,
            sys_inputs=inputs,
            timestamp=0,
            **options,
        )


@lru_cache(maxsize=64)
def _missing_letters(letters: str) -> str:
    """Return those letters that the built-in fonts do not have: typst names one a time when asked for PDF/UA."""
    import typst

    source = b'#set document(title: "-", date: none)\n#sys.inputs.letters'
    missing = ""
    while letters:
        try:
            _run(typst, source, {"letters": " ".join(letters)}, format="pdf", pdf_standards=["ua-1"])
        except RuntimeError as error:
            named = [c for c in str(error).split("font")[0] if c in letters]
            if not named or len(missing) >= MOST_TRIED:
                return missing + letters
            missing += named[0]
            letters = letters.replace(named[0], "")
        else:
            break
    return missing
