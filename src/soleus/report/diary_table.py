"""The twin of each picture of the diary as a table, in text and in HTML: the same values for eyes, ears and copying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from soleus.report.diary_view import (
    NOON_TO_NOON,
    HourBin,
    NightCell,
    SeriesView,
    WeekBar,
    cramps_words,
)
from soleus.report.language import Language

AS_IN_FILES = Language("en", lambda text, plural, n: None)  # of files: dates as a program sorts them


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, the heads of the columns, and rows of as many words."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tabulate_nights(cells: Sequence[NightCell], language: Language = AS_IN_FILES) -> Table:
    """Return the calendar of nights as a table; here as below, without a language dates are written as in a file."""
    rows = tuple(
        (_date(c.night_of, language), _told(cramps_words(c), language)) for c in sorted(cells, key=lambda c: c.night_of)
    )
    heads = (language.say("night of"), language.say("cramps"))
    return Table(language.say("Cramps by night"), heads, rows)


def tabulate_weeks(weeks: Sequence[WeekBar], language: Language = AS_IN_FILES) -> Table:
    """Return the weeks as a table; a week without a recorded night has no number."""
    rows = []
    for week in sorted(weeks, key=lambda w: w.week_start):
        between = ""
        if week.low is not None and week.high is not None:
            between = language.say("{low:.2g} to {high:.2g}", low=week.low, high=week.high)
        rate = language.say("not recorded") if week.rate is None else language.number(week.rate, ".2g")
        rows.append((_date(week.week_start, language), rate, between, str(week.nights_recorded)))
    heads = (
        language.say("week of"),
        language.say("cramps per week"),
        language.say("95 % between"),
        language.say("nights recorded"),
    )
    return Table(language.say("Cramps per week"), heads, tuple(rows))


def tabulate_clock(hours: Sequence[HourBin], language: Language = AS_IN_FILES) -> Table:
    """Return the clock as a table from noon to noon."""
    counts = {b.hour: b.cramps for b in hours}
    rows = tuple(
        (language.say("{first}:00 to {end}:00", first=f"{h:02d}", end=f"{(h + 1) % 24:02d}"), str(counts.get(h, 0)))
        for h in NOON_TO_NOON
    )
    return Table(language.say("Cramps by hour of their start"), (language.say("hour"), language.say("cramps")), rows)


def tabulate_series(view: SeriesView, language: Language = AS_IN_FILES) -> Table:
    """Return a series of readings as a table."""
    rows = []
    for point in sorted(view.points, key=lambda p: p.when):
        low = "" if point.low_limit is None else language.number(point.low_limit, ".4g")
        high = "" if point.high_limit is None else language.number(point.high_limit, ".4g")
        mark = language.say("real change") if point.real_change else ""
        when = _date(point.when, language) + f" {point.when:%H:%M}"
        rows.append((when, language.number(point.value, ".4g"), low, high, mark))
    heads = (
        language.say("time"),
        view.unit or language.say("value"),
        language.say("lower limit"),
        language.say("upper limit"),
        language.say("mark"),
    )
    return Table(_told(view.label, language), heads, tuple(rows))


def render_table_text(table: Table, *, width: int = 80) -> str:
    """Return a table for a terminal; a line never goes beyond the width.

    Examples
    --------
    >>> print(render_table_text(Table("Cramps by night", ("night of", "cramps"), (("2026-11-25", "no cramps"),))))
    Cramps by night
    night of    cramps
    2026-11-25  no cramps
    """
    lines = [_clean(table.caption)]
    every = [tuple(_clean(word) for word in row) for row in (table.heads, *table.rows)]
    sizes = [max(len(row[i]) for row in every) for i in range(len(table.heads))]
    for row in every:
        lines.append("  ".join(word.ljust(size) for word, size in zip(row, sizes, strict=True)).rstrip())
    return "\n".join(line[:width].rstrip() for line in lines)


def render_table_html(table: Table) -> str:
    """Return a table as HTML with a caption and heads that a screen reader can follow."""
    heads = "".join(f'<th scope="col">{escape(_clean(head))}</th>' for head in table.heads)
    rows = "".join(
        f'<tr><th scope="row">{escape(_clean(row[0]))}</th>'
        + "".join(f"<td>{escape(_clean(word))}</td>" for word in row[1:])
        + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{escape(_clean(table.caption))}</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _date(day: date, language: Language) -> str:
    return f"{day:%Y-%m-%d}" if language is AS_IN_FILES else language.day(day)


def _told(text: str, language: Language) -> str:
    return text if language is AS_IN_FILES else language.tell(text)
