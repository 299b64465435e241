"""The twin of each picture of the diary as a table, in text and in HTML: the same values for eyes, ears and copying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from soleus.report.diary_view import (
    NOON_TO_NOON,
    HourBin,
    NightCell,
    SeriesView,
    WeekBar,
    cramps_words,
)

NO_VALUE = "not recorded"


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, the heads of the columns, and rows of as many words."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tabulate_nights(cells: Sequence[NightCell]) -> Table:
    """Return the calendar of nights as a table."""
    rows = tuple((c.night_of.isoformat(), cramps_words(c)) for c in sorted(cells, key=lambda c: c.night_of))
    return Table("Cramps by night", ("night of", "cramps"), rows)


def tabulate_weeks(weeks: Sequence[WeekBar]) -> Table:
    """Return the weeks as a table; a week without a recorded night has no number."""
    rows = []
    for week in sorted(weeks, key=lambda w: w.week_start):
        known = week.rate is not None
        between = f"{week.low:.2g} to {week.high:.2g}" if week.low is not None and week.high is not None else ""
        rate = f"{week.rate:.2g}" if known else NO_VALUE
        rows.append((week.week_start.isoformat(), rate, between, str(week.nights_recorded)))
    return Table("Cramps per week", ("week of", "cramps per week", "95 % between", "nights recorded"), tuple(rows))


def tabulate_clock(hours: Sequence[HourBin]) -> Table:
    """Return the clock as a table from noon to noon."""
    counts = {b.hour: b.cramps for b in hours}
    rows = tuple((f"{h:02d}:00 to {(h + 1) % 24:02d}:00", str(counts.get(h, 0))) for h in NOON_TO_NOON)
    return Table("Cramps by hour of their start", ("hour", "cramps"), rows)


def tabulate_series(view: SeriesView) -> Table:
    """Return a series of readings as a table."""
    rows = []
    for point in sorted(view.points, key=lambda p: p.when):
        low = "" if point.low_limit is None else f"{point.low_limit:.4g}"
        high = "" if point.high_limit is None else f"{point.high_limit:.4g}"
        mark = "real change" if point.real_change else ""
        rows.append((f"{point.when:%Y-%m-%d %H:%M}", f"{point.value:.4g}", low, high, mark))
    heads = ("time", view.unit or "value", "lower limit", "upper limit", "mark")
    return Table(view.label, heads, tuple(rows))


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
