"""Every night of a period in one strip, so small that it fits the page of a clinician.

A square for each cramp, a ring for a night without, a gray column with a cross for a night that was not recorded:
three shapes that a gray print keeps. A night that was filled in late has a mark under the line.
All looks are attributes of the shapes, so that the strip needs no style of its own wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from xml.sax.saxutils import escape, quoteattr

from soleus.report.clinician_layout import Picture
from soleus.report.clinician_words import short_day
from soleus.report.diary_view import NightCell
from soleus.report.language import Language

NIGHTS_A_ROW, LEAST_WIDTH = 84, 56  # choice: a few nights are not blown up to the width of the page
STEP = 10.0
SQUARE = 7.6
LIFT = 9.0  # from one square of a night to the next
MOST_SQUARES = 6  # choice: beyond six the number is read faster than the squares are counted
TEXT = 14
INK, MIDDLE, FAINT, GROUND = "#1d2a3a", "#5b6570", "#8b929a", "#ececec"
FONT = "system-ui, 'Segoe UI', Roboto, 'Libertinus Serif', serif"


def render_strip_svg(
    marks: Sequence[NightCell], late: Sequence[date], language: Language, *, name: str = "strip", words: str = ""
) -> str:
    """Return every night of a period as a strip of SVG, twelve weeks a row.

    Parameters
    ----------
    marks : sequence of NightCell
        Every night, in order.
    late : sequence of date
        Nights that were filled in late.
    language : Language
    name : str
        Start of the ids in the picture; choose another when two stand on one page.
    words : str
        What the picture shows; see `strip_words`.
    """
    rows = [marks[i : i + NIGHTS_A_ROW] for i in range(0, len(marks), NIGHTS_A_ROW)]
    late_nights, parts, y = frozenset(late), list[str](), 0.0
    width = STEP * max(min(len(marks), NIGHTS_A_ROW), LEAST_WIDTH)
    for row in rows:
        highest = min(max((cell.cramps or 0 for cell in row), default=0), MOST_SQUARES)
        tall = max(highest, 2) * LIFT + (TEXT if any((c.cramps or 0) > MOST_SQUARES for c in row) else 0)
        base = y + tall + 4
        for i, cell in enumerate(row):
            parts += _night(cell, i * STEP, base, tall, cell.night_of in late_nights)
        parts.append(_line(0, base + 0.8, len(row) * STEP, base + 0.8, INK, 1.2))
        parts += _dates(row, base, width, language)
        y = base + 34
    title, description = quoteattr(f"{name}-title"), quoteattr(f"{name}-desc")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {y:.0f}" width="{width:g}" height="{y:.0f}" '
        f'role="img" aria-labelledby="{name}-title {name}-desc" font-family="{FONT}" font-size="{TEXT}">'
        f"<title id={title}>{escape(language.say('Every night'))}</title><desc id={description}>{escape(words)}</desc>"
        + "".join(parts)
        + "</svg>"
    )


def render_key_svg(kind: str) -> str:
    """Return one sign of the legend: "count", "none", "missing" or "late"."""
    night = date(2001, 1, 1)
    cells = {"count": NightCell(night, "count", 2), "missing": NightCell(night, "missing")}
    cell = cells.get(kind, NightCell(night, "none"))
    shapes = _night(cell, 1, 22, 20, kind == "late")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 31" width="12" height="31" aria-hidden="true">'
        + "".join(shapes)
        + "</svg>"
    )


def draw_strip(marks: Sequence[NightCell], late: Sequence[date], language: Language, *, name: str) -> Picture:
    """Return the strip with what it says and what its signs mean."""
    words = strip_words(marks, language)
    keys = [
        (render_key_svg("count"), language.say("a square for each cramp")),
        (render_key_svg("none"), language.say("no cramps")),
        (render_key_svg("missing"), language.say("not recorded (not zero)")),
    ]
    if set(late) & {cell.night_of for cell in marks}:
        keys.append((render_key_svg("late"), language.say("filled in late")))
    return Picture(render_strip_svg(marks, late, language, name=name, words=words), words, tuple(keys))


def strip_words(marks: Sequence[NightCell], language: Language) -> str:
    """Return the strip in words, for those who do not see it."""
    if not marks:
        return language.say("No nights to show yet.")
    states = [cell.state for cell in marks]
    return language.say(
        "Every night from {first} to {last}: {with_cramps} with cramps, {without} without, {missing} not recorded.",
        first=language.day(marks[0].night_of),
        last=language.day(marks[-1].night_of),
        with_cramps=states.count("count"),
        without=states.count("none"),
        missing=states.count("missing"),
    )


def _night(cell: NightCell, x: float, base: float, tall: float, late: bool) -> list[str]:
    middle, parts = x + STEP / 2, list[str]()
    if cell.state == "missing":
        parts.append(
            f'<rect x="{x:.1f}" y="{base - tall:.1f}" width="{STEP:.1f}" height="{tall:.1f}" fill="{GROUND}"/>'
        )
        y = base - 4.8
        parts.append(_line(middle - 2.4, y - 2.4, middle + 2.4, y + 2.4, MIDDLE, 1.1))
        parts.append(_line(middle - 2.4, y + 2.4, middle + 2.4, y - 2.4, MIDDLE, 1.1))
    elif cell.state == "none":
        ring = f'cx="{middle:.1f}" cy="{base - 4.8:.1f}" r="3.2"'
        parts.append(f'<circle {ring} fill="none" stroke="{MIDDLE}" stroke-width="1.2"/>')
    else:
        cramps = cell.cramps or 0
        for i in range(min(cramps, MOST_SQUARES)):
            top = base - i * LIFT - SQUARE - 0.6
            parts.append(
                f'<rect x="{middle - SQUARE / 2:.1f}" y="{top:.1f}" width="{SQUARE}" height="{SQUARE}" fill="{INK}"/>'
            )
        if cramps > MOST_SQUARES:
            y = base - MOST_SQUARES * LIFT - 3
            parts.append(f'<text x="{middle:.1f}" y="{y:.1f}" text-anchor="middle" fill="{INK}">{cramps}</text>')
    if late:
        parts.append(f'<path d="M{middle:.1f} {base + 3:.1f} l3 5.4 h-6 Z" fill="{MIDDLE}"/>')
    return parts


def _dates(row: Sequence[NightCell], base: float, width: float, language: Language) -> list[str]:
    parts = []
    first = row[0].night_of
    mondays = [i for i in range(len(row)) if (first + timedelta(days=i)).weekday() == 0]
    for k, i in enumerate(mondays):
        x = i * STEP
        parts.append(_line(x, base + 1, x, base + (13 if k % 2 == 0 else 7), FAINT, 1))
        if k % 2 == 0 and x < width - 44:
            day = escape(short_day(first + timedelta(days=i), language))
            parts.append(f'<text x="{x + 3:.1f}" y="{base + 23:.1f}" fill="{INK}">{day}</text>')
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, color: str, width: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width:g}"/>'
