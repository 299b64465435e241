"""The pictures of a diary as text for a terminal, within its width, with or without block characters.

Without block characters every sign has a plain twin. A night that was not recorded is a dot, never a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from textwrap import wrap

from soleus.report.diary_view import (
    MONTHS,
    NIGHT_HOURS,
    NOON_TO_NOON,
    WEEKDAYS,
    HourBin,
    NightCell,
    SeriesPoint,
    SeriesView,
    WeekBar,
    clock_words,
    nights_words,
    series_words,
    weeks_words,
)

WIDTH = 80
LEAST_WIDTH = 40
CLOCK_ROWS = 6
HIGHEST_OVER_RATE = 2.5  # choice: an interval beyond this many times the highest rate ends in an arrow

_BLOCKS = {"none": "○", "missing": "·", "low": "█", "rate": "▓", "line": "─", "end": "┤", "beyond": "▶", "bar": "█"}
_BLOCKS |= {"night": "░", "base": "─", "band": "░", "point": "●", "change": "◆", "limit": "│", "eighths": " ▁▂▃▄▅▆▇█"}
_PLAIN = {"none": "o", "missing": ".", "low": "#", "rate": "=", "line": "-", "end": "|", "beyond": ">", "bar": "#"}
_PLAIN |= {"night": ":", "base": "-", "band": ":", "point": "*", "change": "X", "limit": "|", "eighths": "    #####"}


def can_draw_blocks(encoding: str | None) -> bool:
    """Say whether a terminal with this encoding can show the block characters.

    Examples
    --------
    >>> can_draw_blocks("utf-8"), can_draw_blocks("ascii"), can_draw_blocks(None)
    (True, False, False)
    """
    try:
        "".join(_BLOCKS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def render_nights_text(cells: Sequence[NightCell], *, width: int = WIDTH, blocks: bool = True) -> str:
    """Return the calendar of nights: a column for each week, a row for each weekday.

    Parameters
    ----------
    cells : sequence of NightCell
    width : int
        Columns of the terminal, at least 40.
    blocks : bool
        False for a terminal that shows ASCII only.

    Examples
    --------
    >>> from datetime import date
    >>> night = [NightCell(date(2026, 11, 2), "count", 2), NightCell(date(2026, 11, 4), "none")]
    >>> print(render_nights_text([*night, NightCell(date(2026, 11, 3), "missing")], blocks=False))
    Nights
         Nov 2026
    Mon   2
    Tue   .
    Wed   o
    Thu
    Fri
    Sat
    Sun
    2 = cramps counted   o no cramps   . not recorded (not zero)
    Nights of 2 November 2026 to 4 November 2026: 1 with cramps (2 in all), 1
    without, 1 not recorded.
    """
    width, sign = max(width, LEAST_WIDTH), _BLOCKS if blocks else _PLAIN
    if not cells:
        return "\n".join(["Nights", *wrap(nights_words(cells), width)])
    shown = {cell.night_of: cell for cell in cells}
    first, last = min(shown), max(shown)
    first -= timedelta(days=first.weekday())
    weeks, fit = (last - first).days // 7 + 1, (width - 4) // 3
    lines = ["Nights"]
    for start in range(0, weeks, fit):
        mondays = [first + timedelta(weeks=week) for week in range(start, min(start + fit, weeks))]
        heads, month = " " * 4, 0
        for column, monday in enumerate(mondays):
            begins = monday + timedelta(days=6)
            cut = column == 0 and (monday + timedelta(days=13)).day <= 7  # no room for its name before the next
            if begins.month != month and not cut and (begins.day <= 7 or column == 0):
                month = begins.month
                year = f" {begins.year}" if month == 1 or (start == 0 and column == 0) else ""
                heads = heads.ljust(4 + 3 * column)[: 4 + 3 * column] + " " + MONTHS[month - 1][:3] + year
        lines.append(heads[:width])
        for row, weekday in enumerate(WEEKDAYS):
            words = weekday[:3] + " "
            for monday in mondays:
                cell = shown.get(monday + timedelta(days=row))
                words += f"{'' if cell is None else _night(cell, sign):>3}"
            lines.append(words.rstrip())
    legend = f"2 = cramps counted   {sign['none']} no cramps   {sign['missing']} not recorded (not zero)"
    return "\n".join([*lines, *wrap(legend, width), *_words(nights_words(cells), width)])


def _night(cell: NightCell, sign: dict[str, str]) -> str:
    if cell.state == "count":
        return str(cell.cramps) if (cell.cramps or 0) < 100 else "++"
    return sign[cell.state]


def _words(text: str, width: int) -> list[str]:
    """Wrap a person's words, without control characters that would steer the terminal."""
    return wrap("".join(c if c.isprintable() else " " for c in text), width)


def render_weeks_text(weeks: Sequence[WeekBar], *, width: int = WIDTH, blocks: bool = True) -> str:
    """Return cramps per week as bars: dark up to the low end, gray up to the rate, a line up to the high end."""
    width, sign = max(width, LEAST_WIDTH), _BLOCKS if blocks else _PLAIN
    ordered = sorted(weeks, key=lambda w: w.week_start)
    rates = [w.rate for w in ordered if w.rate is not None]
    if not rates:
        return "\n".join(["Cramps per week", *wrap(weeks_words(weeks), width)])
    highest = max((w.high for w in ordered if w.high is not None), default=max(rates))
    top = max(min(highest, HIGHEST_OVER_RATE * max(rates)) if max(rates) > 0 else highest, 1.0)
    room = width - 12 - (27 if width >= 64 else 6)
    lines = ["Cramps per week"]
    for week in ordered:
        day = f"{week.week_start.day:2d} {MONTHS[week.week_start.month - 1][:3]} {week.week_start.year}"
        if week.rate is None:
            lines.append(f"{day} {sign['missing']} no night recorded")
            continue
        numbers = f" {week.rate:.2g}"
        if width >= 64 and week.low is not None and week.high is not None:
            numbers += f" ({week.low:.2g} to {week.high:.2g}) {week.nights_recorded} of 7"
        lines.append(f"{day} {_bar(week, top, room, sign)}{numbers}"[:width])
    legend = f"{sign['low'] * 2}{sign['rate'] * 2} rate, {sign['rate']}{sign['line']}{sign['end']} interval (95 %)"
    legend += "; of 7: nights recorded" if width >= 64 else ""
    return "\n".join([*lines, *wrap(legend, width), *wrap(weeks_words(weeks), width)])


def _bar(week: WeekBar, top: float, room: int, sign: dict[str, str]) -> str:
    def cells(value: float | None) -> int:
        return round(min(value or 0.0, top) / top * (room - 1))

    low, rate, high = cells(week.low), cells(week.rate), cells(week.high)
    if week.low is None or week.high is None:
        return (sign["bar"] * rate).ljust(room)
    bar = sign["low"] * min(low, rate) + sign["rate"] * (rate - min(low, rate)) + sign["line"] * (high - rate)
    return (bar + (sign["beyond"] if week.high > top else sign["end"])).ljust(room)


def render_clock_text(hours: Sequence[HourBin], *, width: int = WIDTH, blocks: bool = True) -> str:
    """Return cramps by the hour of their start from noon to noon, the hours of the night shaded."""
    width, sign = max(width, LEAST_WIDTH), _BLOCKS if blocks else _PLAIN
    counts = {b.hour: b.cramps for b in hours}
    most = max(counts.values(), default=0)
    if not most:
        return "\n".join(["Cramps over the clock", *wrap(clock_words(hours), width)])
    wide = 3 if width >= 24 * 3 + 5 else 1
    lines = ["Cramps over the clock"]
    for row in range(CLOCK_ROWS, 0, -1):
        words = f"{most if row == CLOCK_ROWS else '':>4} "
        for hour in NOON_TO_NOON:
            filled = counts.get(hour, 0) / most * CLOCK_ROWS - (row - 1)
            eighths = max(0, min(8, round(filled * 8))) if filled > 0 else 0
            if row == 1 and counts.get(hour, 0):
                eighths = max(eighths, 1 if blocks else 4)  # a single cramp is not lost beside many
            block = sign["eighths"][eighths]
            empty = sign["night"] if hour in NIGHT_HOURS else " "
            words += (block * (2 if wide == 3 else 1) if block != " " else empty * min(wide, 2)).ljust(wide, empty)
        lines.append(words.rstrip())
    lines.append(" " * 5 + sign["base"] * (24 * wide))
    heads = "".join((f"{h:02d}" if wide == 3 or h % 3 == 0 else "").ljust(wide)[: max(wide, 2)] for h in NOON_TO_NOON)
    if wide == 1:
        heads = "".join(f"{h:<3d}" for h in NOON_TO_NOON if h % 3 == 0)
    lines.append(" " * 5 + heads.rstrip())
    legend = f"{sign['night'] * 2} night; hours from noon to noon; only cramps whose time is known"
    return "\n".join([*lines, *wrap(legend, width), *wrap(clock_words(hours), width)])


def render_series_text(view: SeriesView, *, width: int = WIDTH, blocks: bool = True) -> str:
    """Return readings one below the other on a common scale, with limits, own level and marks of real change."""
    width, sign = max(width, LEAST_WIDTH), _BLOCKS if blocks else _PLAIN
    title = view.label + (f" ({view.unit})" if view.unit else "")
    points = sorted(view.points, key=lambda p: p.when)
    if not points:
        return "\n".join([*_words(title, width), *_words(series_words(view), width)])
    edges = [p.value for p in points] + [e for p in points for e in (p.low_limit, p.high_limit) if e is not None]
    edges += [edge for edge in (view.band_low, view.band_high) if edge is not None]
    low, high = min(edges), max(edges)
    margin = (high - low) * 0.05 or abs(low) * 0.05 or 1.0
    mark = " real change" if any(p.real_change for p in points) else ""
    sizes = max(len(f"{p.value:.4g}") for p in points)
    room = width - 10 - 2 - sizes - 2 - len(mark)
    lines = _words(title, width)
    for point in points:
        strip = _strip(view, point, low - margin, high + margin, room, sign)
        end = mark if point.real_change else ""
        lines.append(f"{point.when:%Y-%m-%d}  {point.value:>{sizes}.4g}  {strip}{end}".rstrip())
    legend = f"{sign['point']} reading   {sign['band'] * 2} own level   {sign['limit']} laboratory limit"
    legend += f"   {sign['change']} real change" if mark else ""
    return "\n".join([*lines, *wrap(legend, width), *_words(series_words(view), width)])


def _strip(view: SeriesView, point: SeriesPoint, low: float, high: float, room: int, sign: dict[str, str]) -> str:
    def column(value: float) -> int:
        return max(0, min(room - 1, round((value - low) / (high - low) * (room - 1))))

    cells = [" "] * room
    if view.band_low is not None and view.band_high is not None:
        start, end = column(view.band_low), column(view.band_high)
        cells[start : end + 1] = sign["band"] * (end + 1 - start)
    for limit in (point.low_limit, point.high_limit):
        if limit is not None:
            cells[column(limit)] = sign["limit"]
    cells[column(point.value)] = sign["change"] if point.real_change else sign["point"]
    return "".join(cells)
