"""The report for a clinician as plain text, for a terminal or a letter."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_layout import Bar, Notice, Pairs, Part, Picture, Points, Section, Sheet, Words
from soleus.report.clinician_set import lay_out
from soleus.report.language import Language

WIDTH = 100


def render_clinician_text(
    report: ClinicianReport, language: Language, *, width: int = WIDTH, appendix: bool = False
) -> str:
    """Return the report as text.

    Parameters
    ----------
    report : ClinicianReport
    language : Language
    width : int
        Longest line.
    appendix : bool
        With all data.
    """
    it = lay_out(report, language)
    lines = [it.title.upper(), it.who, it.period]
    for section in it.sections:
        lines += _section(section, width)
    if appendix:
        lines += ["", it.appendix_title.upper()]
        for section in it.appendix:
            lines += _section(section, width)
    lines.append("")
    for line in it.foot:
        lines += wrap(line, width)
    return "\n".join(line.rstrip() for line in lines).replace("\u00a0", " ").replace("\u200b", "") + "\n"


def _section(section: Section, width: int) -> Iterator[str]:
    yield ""
    yield section.title.upper()
    for part in section.parts:
        yield from _part(part, width)


def _part(part: Part, width: int) -> Iterator[str]:
    if isinstance(part, Words):
        yield from _wrapped(part.words or "_" * (width - 4), width, "  ")
    elif isinstance(part, Points):
        for item in (*part.items, *((part.more,) if part.more else ())):
            yield from _wrapped(item, width, "  - ")
    elif isinstance(part, Pairs):
        for name, value in part.rows:
            yield from _wrapped(f"{name}: {value}", width, "  ")
    elif isinstance(part, Notice):
        yield from _wrapped(f"{part.title}: {part.urgency}", width, "  ! ")
        for line in part.lines:
            yield from _wrapped(line, width, "    ")
    elif isinstance(part, Picture):
        yield from _wrapped(part.words, width, "  ")
    else:
        yield from _sheet(part, width)


def _sheet(sheet: Sheet, width: int) -> Iterator[str]:
    """Set a table by columns where they fit, else each row as one wrapped line; drawn bars are left out."""
    kept = [i for i in range(len(sheet.heads)) if not any(isinstance(row[i], Bar) for row in sheet.rows)]
    rows = [[str(row[i]) for i in kept] for row in (sheet.heads, *sheet.rows)]
    sizes = [max(len(row[i]) for row in rows) for i in range(len(kept))]
    if sum(sizes) + 2 * len(sizes) <= width:
        for row in rows:
            yield "  " + "  ".join(word.ljust(size) for word, size in zip(row, sizes, strict=True))
    else:
        for row in rows[1:]:
            yield from _wrapped("; ".join(word for word in row if word), width, "  - ")
    if sheet.more:
        yield from _wrapped(sheet.more, width, "  ")


def _wrapped(words: str, width: int, start: str) -> list[str]:
    return wrap(words, width, initial_indent=start, subsequent_indent=" " * max(len(start), 4))
