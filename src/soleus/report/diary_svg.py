"""The pictures of a diary as SVG: nights, weeks, hours of the clock, and a series of readings. Computes nothing.

A counted night is a filled square with its number, a night without cramps a ring, a night that was not recorded an
empty dotted outline: three shapes, so that a missing night is never seen as zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from soleus.report.diary_view import (
    MONTHS,
    NIGHT_HOURS,
    NOON_TO_NOON,
    WEEKDAYS,
    HourBin,
    NightCell,
    SeriesView,
    WeekBar,
    clock_words,
    cramps_words,
    day_words,
    nights_words,
    series_words,
    weeks_words,
)
from soleus.report.svg_canvas import TEXT_SIZE, WIDTH, Canvas, ticks

LEFT, RIGHT, TOP = 70.0, WIDTH - 24.0, 70.0
PLOT_HEIGHT = 260.0
CELL = 42.0
WEEKS_A_BAND = 16  # as many weeks as fit side by side with numbers that can be read
HIGHEST_OVER_RATE = 2.5  # choice: an interval beyond this many times the highest rate ends in an arrow


def render_nights_svg(cells: Sequence[NightCell], *, name: str = "nights") -> str:
    """Return the calendar of nights: a column for each week, a row for each weekday.

    Parameters
    ----------
    cells : sequence of NightCell
        In any order.
    name : str
        Start of the ids in the picture; choose another when two stand on one page.
    """
    sheet = Canvas(name, "Nights", nights_words(cells))
    if not cells:
        return _empty(sheet, nights_words(cells))
    first = min(c.night_of for c in cells)
    first -= timedelta(days=first.weekday())
    weeks = (max(c.night_of for c in cells) - first).days // 7 + 1
    bands = -(-weeks // WEEKS_A_BAND)
    height = 7 * CELL + 48
    for band in range(bands):
        top = TOP + 24 + band * height
        for row in (0, 2, 4, 6):
            sheet.text(24, top + (row + 0.5) * CELL + 6, WEEKDAYS[row][:3], "soft")
        month = 0
        for column in range(min(WEEKS_A_BAND, weeks - band * WEEKS_A_BAND)):
            monday = first + timedelta(weeks=band * WEEKS_A_BAND + column)
            begins = monday + timedelta(days=6)  # a month is named over the first week that reaches into it
            cut = column == 0 and (monday + timedelta(days=13)).day <= 7  # no room for its name before the next
            if begins.month != month and not cut and (begins.day <= 7 or column == 0):
                month = begins.month
                year = f" {begins.year}" if month == 1 or (band == 0 and column == 0) else ""
                sheet.text(LEFT + column * CELL + 3, top - 8, MONTHS[month - 1][:3] + year, "soft")
    for cell in sorted(cells, key=lambda c: c.night_of):
        week, row = divmod((cell.night_of - first).days, 7)
        band, column = divmod(week, WEEKS_A_BAND)
        _night(sheet, cell, LEFT + column * CELL, TOP + 24 + band * height + row * CELL)
    bottom = TOP + 24 + bands * height - 12
    return sheet.finish(_legend(sheet, bottom))


def _night(sheet: Canvas, cell: NightCell, x: float, y: float) -> None:
    says = f"{WEEKDAYS[cell.night_of.weekday()]} {day_words(cell.night_of)}: {cramps_words(cell)}"
    if cell.state == "count":
        many = (cell.cramps or 0) >= 3  # choice: two depths of color are enough, the number says the rest
        kind = "mark" if many else "some"
        sheet.rect(x + 3, y + 3, CELL - 6, CELL - 6, kind, round_by=6, says=says)
        sheet.text(x + CELL / 2, y + CELL / 2 + 6, str(cell.cramps), f"on-{kind}", anchor="middle")
    elif cell.state == "none":
        sheet.circle(x + CELL / 2, y + CELL / 2, CELL / 2 - 8, "ring", says=says)
    else:
        sheet.rect(x + 7, y + 7, CELL - 14, CELL - 14, "gap", round_by=5, says=says)


def _legend(sheet: Canvas, y: float) -> float:
    day = date(2001, 1, 1)  # any day: the legend shows shapes
    x = 24.0
    for cell, words, wide in (
        (NightCell(day, "count", 2), "cramps counted", 215),
        (NightCell(day, "none"), "no cramps", 165),
        (NightCell(day, "missing"), "not recorded (not zero)", 0),
    ):
        before = len(sheet.parts)
        _night(sheet, cell, x, y)
        sheet.parts[before:] = [re.sub(r"<title>.*?</title>", "", part) for part in sheet.parts[before:]]
        sheet.text(x + CELL + 6, y + CELL / 2 + 6, words)
        x += wide
    return y + CELL + 20


def render_weeks_svg(weeks: Sequence[WeekBar], *, name: str = "weeks") -> str:
    """Return cramps per week as bars with whiskers for the interval; a week without a recorded night is a gap.

    Parameters
    ----------
    weeks : sequence of WeekBar
    name : str
        Start of the ids in the picture.
    """
    sheet = Canvas(name, "Cramps per week", weeks_words(weeks))
    ordered = sorted(weeks, key=lambda w: w.week_start)
    known = [w for w in ordered if w.rate is not None]
    if not known:
        return _empty(sheet, weeks_words(weeks))
    top_rate = max(w.rate for w in known if w.rate is not None)
    highest = max((w.high for w in known if w.high is not None), default=top_rate)
    top = max(min(highest, top_rate * HIGHEST_OVER_RATE) if top_rate > 0 else highest, 1.0)
    scale = _Scale(0.0, top, TOP, TOP + PLOT_HEIGHT)
    _grid(sheet, scale)
    step = (RIGHT - LEFT) / len(ordered)
    bar = min(step * 0.62, 46.0)
    every = -(-len(ordered) * 74 // int(RIGHT - LEFT))  # 74 units of width for each written date
    base = scale.bottom
    for i, week in enumerate(ordered):
        x = LEFT + (i + 0.5) * step
        if i % every == 0:
            words = f"{week.week_start.day} {MONTHS[week.week_start.month - 1][:3]}"
            sheet.text(x, base + 26, words, "soft", anchor="middle")
        if step >= 26 or i % every == 0:
            sheet.text(x, base + 52, str(week.nights_recorded), "soft", anchor="middle")
        _week(sheet, week, x, bar, scale)
    sheet.line(LEFT, base, RIGHT, base, "axis")
    foot = "Lower row of numbers: nights recorded in that week. Line on a bar: what chance leaves open (95 %)."
    y = sheet.paragraph(24, base + 88, foot, "soft")
    if len(known) < len(ordered):
        sheet.rect(24, y - 14, 22, 18, "gap", round_by=4)
        sheet.text(56, y, "no night recorded that week (not zero)", "soft")
        y += TEXT_SIZE * 1.4
    return sheet.finish(y + 4)


def _week(sheet: Canvas, week: WeekBar, x: float, bar: float, scale: _Scale) -> None:
    base = scale.bottom
    start = f"Week of {day_words(week.week_start)}: "
    if week.rate is None:
        sheet.rect(x - bar / 2, base - 46, bar, 40, "gap", round_by=5, says=start + "no night recorded")
        return
    interval = f" ({week.low:.2g} to {week.high:.2g})" if week.low is not None and week.high is not None else ""
    says = f"{start}{week.rate:.2g} cramps per week{interval}, {week.nights_recorded} nights recorded"
    y = scale(week.rate)
    # a rate of zero is a bar too, one line thin: it was recorded
    sheet.rect(x - bar / 2, min(y, base - 3), bar, max(base - y, 3), "bar", round_by=min(4, bar / 4), says=says)
    if week.low is None or week.high is None:
        return
    low, high = scale(week.low), scale(week.high)
    cap = min(bar / 4, 8)
    sheet.line(x, low, x, high, "whisker")
    sheet.line(x - cap, low, x + cap, low, "whisker")
    if week.high > scale.high:
        sheet.path([(x - 6, high + 8), (x, high - 4), (x + 6, high + 8)], "tip", closed=True, says=says)
    else:
        sheet.line(x - cap, high, x + cap, high, "whisker")


def render_clock_svg(hours: Sequence[HourBin], *, name: str = "clock") -> str:
    """Return cramps by the hour of their start from noon to noon, the night shaded.

    Parameters
    ----------
    hours : sequence of HourBin
        Hours that are not given have no cramp.
    name : str
        Start of the ids in the picture.
    """
    sheet = Canvas(name, "Cramps over the clock", clock_words(hours))
    counts = {b.hour: b.cramps for b in hours}
    if not any(counts.values()):
        return _empty(sheet, clock_words(hours))
    scale = _Scale(0.0, float(max(counts.values())), TOP + 26, TOP + 26 + PLOT_HEIGHT)
    step = (RIGHT - LEFT) / 24
    first = NOON_TO_NOON.index(NIGHT_HOURS[0])
    x = LEFT + first * step
    sheet.rect(x, TOP, len(NIGHT_HOURS) * step, scale.bottom - TOP, "night", round_by=8)
    sheet.text(x + len(NIGHT_HOURS) * step / 2, TOP + 20, "night", "soft", anchor="middle")
    _grid(sheet, scale)
    for i, hour in enumerate(NOON_TO_NOON):
        n = counts.get(hour, 0)
        x = LEFT + i * step
        if hour % 3 == 0:
            sheet.line(x, scale.bottom, x, scale.bottom + 7, "axis")
            sheet.text(x, scale.bottom + 28, str(hour), "soft", anchor="middle")
        if n:
            says = f"{hour} to {(hour + 1) % 24} o'clock: {n} cramp{'s' * (n != 1)}"
            y = scale(n)
            sheet.rect(x + 3, y, step - 6, scale.bottom - y, "mark", round_by=3, says=says)
    sheet.line(RIGHT, scale.bottom, RIGHT, scale.bottom + 7, "axis")
    sheet.text(RIGHT, scale.bottom + 28, "12", "soft", anchor="middle")
    sheet.line(LEFT, scale.bottom, RIGHT, scale.bottom, "axis")
    words = "Hour of the clock, from noon to noon. Only cramps whose time is known."
    return sheet.finish(sheet.paragraph(24, scale.bottom + 64, words, "soft") + 4)


def render_series_svg(view: SeriesView, *, name: str = "") -> str:
    """Return readings over time with the laboratory's limits, the person's own level and marks of real change.

    Parameters
    ----------
    view : SeriesView
    name : str
        Start of the ids in the picture; by default made from the label.
    """
    slug = name or "series-" + (re.sub(r"[^a-z0-9]+", "-", view.label.lower()).strip("-") or "unnamed")
    title = view.label + (f" ({view.unit})" if view.unit else "")
    sheet = Canvas(slug, title, series_words(view))
    points = sorted(view.points, key=lambda p: p.when)
    if not points:
        return _empty(sheet, series_words(view))
    edges = [p.value for p in points] + [e for p in points for e in (p.low_limit, p.high_limit) if e is not None]
    edges += [edge for edge in (view.band_low, view.band_high) if edge is not None]
    margin = (max(edges) - min(edges)) * 0.08 or abs(edges[0]) * 0.05 or 1.0
    scale = _Scale(min(edges) - margin, max(edges) + margin, TOP, TOP + PLOT_HEIGHT + 40)
    begin, end = points[0].when, points[-1].when
    span = (end - begin).total_seconds()
    left, right = LEFT + 48, RIGHT - 52

    def across(when: datetime) -> float:
        return left + (right - left) * ((when - begin).total_seconds() / span if span else 0.5)

    if view.band_low is not None and view.band_high is not None:
        low, high = scale(view.band_low), scale(view.band_high)
        sheet.rect(LEFT, high, RIGHT - LEFT, max(low - high, 2), "band", says=f"own level {_band(view)}")
    _grid(sheet, scale)
    spots = [(across(p.when), scale(p.value)) for p in points]
    for limits in ([p.low_limit for p in points], [p.high_limit for p in points]):
        _limit(sheet, [x for x, _ in spots], limits, scale)
    if len(spots) > 1:
        sheet.path(spots, "path")
    for (x, y), point in zip(spots, points, strict=True):
        says = f"{day_words(point.when)}: {point.value:.4g} {view.unit}"
        if point.real_change:
            corners = [(x, y - 12), (x + 12, y), (x, y + 12), (x - 12, y)]
            sheet.path(corners, "change", closed=True, says=f"{says}, real change")
        else:
            sheet.circle(x, y, 7, "mark", says=says)
    sheet.line(LEFT, scale.bottom, RIGHT, scale.bottom, "axis")
    _dates(sheet, [p.when for p in points], across, scale.bottom + 28)
    y = _series_key(sheet, view, scale.bottom + 66)
    return sheet.finish(sheet.paragraph(24, y, view.verdict) + 4)


def _limit(sheet: Canvas, xs: list[float], limits: Sequence[float | None], scale: _Scale) -> None:
    """Draw the limits as told with each reading; they step midway where the laboratory changed them."""
    for i, limit in enumerate(limits):
        if limit is None:
            continue
        x1 = LEFT if i == 0 else (xs[i - 1] + xs[i]) / 2
        x2 = RIGHT if i == len(xs) - 1 else (xs[i] + xs[i + 1]) / 2
        if i and limits[i - 1] == limit:
            continue
        end = i
        while end + 1 < len(limits) and limits[end + 1] == limit:
            end += 1
        x2 = RIGHT if end == len(xs) - 1 else (xs[end] + xs[end + 1]) / 2
        sheet.line(x1, scale(limit), x2, scale(limit), "limit")


def _dates(sheet: Canvas, times: list[datetime], across: Callable[[datetime], float], y: float) -> None:
    last = -1e9
    final = across(times[-1])
    for when in times:
        x = across(when)
        if x - last < 130 or (when != times[-1] and final - x < 130):
            continue
        last = x
        sheet.text(x, y, f"{when.day} {MONTHS[when.month - 1][:3]} {when.year}", "soft", anchor="middle")


def _series_key(sheet: Canvas, view: SeriesView, y: float) -> float:
    x = 24.0
    if view.band_low is not None and view.band_high is not None:
        sheet.rect(x, y - 15, 34, 18, "band")
        words = f"own level {_band(view)}"
        sheet.text(x + 44, y, words, "soft")
        x += 84 + 9.2 * len(words)
    if any(p.low_limit is not None or p.high_limit is not None for p in view.points):
        sheet.line(x, y - 6, x + 34, y - 6, "limit")
        sheet.text(x + 44, y, "laboratory limits", "soft")
        x += 210
    if any(p.real_change for p in view.points):
        sheet.path([(x + 12, y - 18), (x + 24, y - 6), (x + 12, y + 6), (x, y - 6)], "change", closed=True)
        sheet.text(x + 36, y, "real change", "soft")
        x += 150
    return y + TEXT_SIZE * 1.9 if x > 24 else y


def _band(view: SeriesView) -> str:
    return f"{view.band_low:.3g} to {view.band_high:.3g} {view.unit}".strip()


class _Scale:
    """From a value to its height on the sheet; what lies beyond the ends is held at them."""

    def __init__(self, low: float, high: float, top: float, bottom: float) -> None:
        self.marks = ticks(low, high)
        self.low, self.high, self.top, self.bottom = self.marks[0], self.marks[-1], top, bottom

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


def _grid(sheet: Canvas, scale: _Scale) -> None:
    for value in scale.marks:
        if value != int(value) and scale.low == 0 and scale.high >= 2:
            continue  # counts have no halves
        y = scale(value)
        sheet.line(LEFT, y, RIGHT, y, "grid")
        sheet.text(LEFT - 10, y + 6, f"{value:.4g}", "soft", anchor="end")


def _empty(sheet: Canvas, words: str) -> str:
    sheet.text(24, 84, words, "soft")
    return sheet.finish(112)
