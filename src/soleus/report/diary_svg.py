"""The pictures of a diary as SVG: nights, weeks and hours of the clock. Computes nothing.

A counted night is a filled square with its number, a night without cramps a ring, a night that was not recorded an
empty dotted outline: three shapes, so that a missing night is never seen as zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from textwrap import wrap

from soleus.report.diary_view import (
    NIGHT_HOURS,
    NOON_TO_NOON,
    HourBin,
    NightCell,
    WeekBar,
    clock_words,
    cramps_words,
    nights_words,
    weeks_words,
)
from soleus.report.language import Language
from soleus.report.picture_frame import (
    ENGLISH,
    Scale,
    draw_grid,
    month_words,
    plot_left,
    plot_right,
    say_empty,
    short_day,
    weekday_words,
)
from soleus.report.svg_canvas import LETTER, TEXT_SIZE, WIDTH, Canvas

TOP = 70.0
PLOT_HEIGHT = 260.0
CELL = 42.0
MOST_OF_A_WEEK = 4  # choice: weeks with more than half of their nights make the scale
HIGHEST_OVER_RATE = 2.5  # choice: an interval beyond this many times the highest rate ends in an arrow


def render_nights_svg(
    cells: Sequence[NightCell],
    *,
    name: str = "nights",
    language: Language = ENGLISH,
    width: int = WIDTH,
    headed: bool = True,
) -> str:
    """Return the calendar of nights: a column for each week, a row for each weekday.

    Parameters
    ----------
    cells : sequence of NightCell
        In any order.
    name : str
        Start of the ids in the picture; choose another when two stand on one page.
    language : Language
        Of the words in the picture.
    width : int
        `svg_canvas.WIDTH`, or `svg_canvas.NARROW` for a phone.
    headed : bool
        False where the page has a heading of its own.
    """
    words = language.tell(nights_words(cells))
    sheet = Canvas(name, language.say("Nights"), words, width=width, headed=headed)
    if not cells:
        return say_empty(sheet, words)
    left = plot_left(sheet)
    weeks_a_band = int((plot_right(sheet) - left) // CELL)  # as many as fit side by side with numbers that can be read
    first = min(c.night_of for c in cells)
    first -= timedelta(days=first.weekday())
    weeks = (max(c.night_of for c in cells) - first).days // 7 + 1
    bands = -(-weeks // weeks_a_band)
    height = 7 * CELL + 48
    for band in range(bands):
        top = TOP + 24 + band * height
        for row in (0, 2, 4, 6):
            sheet.text(14 if sheet.narrow else 24, top + (row + 0.5) * CELL + 6, weekday_words(language, row), "soft")
        month = 0
        for column in range(min(weeks_a_band, weeks - band * weeks_a_band)):
            monday = first + timedelta(weeks=band * weeks_a_band + column)
            begins = monday + timedelta(days=6)  # a month is named over the first week that reaches into it
            cut = column == 0 and (monday + timedelta(days=13)).day <= 7  # no room for its name before the next
            if begins.month != month and not cut and (begins.day <= 7 or column == 0):
                month = begins.month
                year = f" {begins.year}" if month == 1 or (band == 0 and column == 0) else ""
                sheet.text(left + column * CELL + 3, top - 8, month_words(language, begins) + year, "soft")
    for cell in sorted(cells, key=lambda c: c.night_of):
        week, row = divmod((cell.night_of - first).days, 7)
        band, column = divmod(week, weeks_a_band)
        _night(sheet, cell, left + column * CELL, TOP + 24 + band * height + row * CELL, language)
    bottom = TOP + 24 + bands * height - 12
    return sheet.finish(_legend(sheet, bottom, language))


def _night(sheet: Canvas, cell: NightCell, x: float, y: float, language: Language) -> None:
    weekday = weekday_words(language, cell.night_of.weekday(), whole=True)
    says = language.say("{weekday} {day}: {cramps}", weekday=weekday, day=cell.night_of, cramps=cramps_words(cell))
    if cell.state == "count":
        many = (cell.cramps or 0) >= 3  # choice: two depths of color are enough, the number says the rest
        kind = "mark" if many else "some"
        sheet.rect(x + 3, y + 3, CELL - 6, CELL - 6, kind, round_by=6, says=says)
        sheet.text(x + CELL / 2, y + CELL / 2 + 6, str(cell.cramps), f"on-{kind}", anchor="middle")
    elif cell.state == "none":
        sheet.circle(x + CELL / 2, y + CELL / 2, CELL / 2 - 8, "ring", says=says)
    else:
        sheet.rect(x + 7, y + 7, CELL - 14, CELL - 14, "gap", round_by=5, says=says)


def _legend(sheet: Canvas, y: float, language: Language) -> float:
    day = date(2001, 1, 1)  # any day: the legend shows shapes
    x = 24.0
    for cell, words, wide in (
        (NightCell(day, "count", 2), language.say("cramps counted"), 215),
        (NightCell(day, "none"), language.say("no cramps"), 165),
        (NightCell(day, "missing"), language.say("not recorded (not zero)"), 0),
    ):
        before = len(sheet.parts)
        _night(sheet, cell, x, y, language)
        sheet.parts[before:] = [re.sub(r"<title>.*?</title>", "", part) for part in sheet.parts[before:]]
        sheet.text(x + CELL + 6, y + CELL / 2 + 6, words)
        if sheet.narrow:
            y += CELL - 4
        else:
            x += max(wide, CELL + 30 + LETTER * len(words))
    return y + 16 if sheet.narrow else y + CELL + 20


def render_weeks_svg(
    weeks: Sequence[WeekBar],
    *,
    name: str = "weeks",
    language: Language = ENGLISH,
    width: int = WIDTH,
    headed: bool = True,
) -> str:
    """Return cramps per week as bars with whiskers for the interval; a week without a recorded night is a gap.

    Parameters
    ----------
    weeks : sequence of WeekBar
    name : str
        Start of the ids in the picture.
    language : Language
        Of the words in the picture.
    width : int
        `svg_canvas.WIDTH`, or `svg_canvas.NARROW` for a phone.
    headed : bool
        False where the page has a heading of its own.
    """
    words = language.tell(weeks_words(weeks))
    sheet = Canvas(name, language.say("Cramps per week"), words, width=width, headed=headed)
    ordered = sorted(weeks, key=lambda w: w.week_start)
    known = [w for w in ordered if w.rate is not None]
    if not known:
        return say_empty(sheet, words)
    # one night of a week can stand for a rate that would press all others flat
    whole = [w for w in known if w.nights_recorded >= MOST_OF_A_WEEK] or known
    top_rate = max(w.rate for w in whole if w.rate is not None)
    highest = max((w.high for w in whole if w.high is not None), default=top_rate)
    top = max(min(highest, top_rate * HIGHEST_OVER_RATE) if top_rate > 0 else highest, 1.0)
    scale = Scale(0.0, top, TOP, TOP + PLOT_HEIGHT)
    draw_grid(sheet, scale, language)
    left, right = plot_left(sheet), plot_right(sheet)
    step = (right - left) / len(ordered)
    bar = min(step * 0.62, 46.0)
    every = -(-len(ordered) * 74 // int(right - left))  # 74 units of width for each written date
    base = scale.bottom
    for i, week in enumerate(ordered):
        x = left + (i + 0.5) * step
        if i % every == 0:
            words = short_day(language, week.week_start)
            written = min(x, sheet.width - LETTER * len(words) / 2 - 4)
            sheet.text(written, base + 26, words, "soft", anchor="middle")
        if step >= 26 or i % every == 0:
            sheet.text(x, base + 52, str(week.nights_recorded), "soft", anchor="middle")
        _week(sheet, week, x, bar, scale, language)
    sheet.line(left, base, right, base, "axis")
    foot = language.say(
        "Lower row of numbers: nights recorded in that week. Line on a bar: what chance leaves open (95 %)."
    )
    if any((w.high or w.rate or 0) > scale.high for w in known):
        foot += " " + language.say("An arrow goes on beyond the picture.")
    y = sheet.paragraph(24, base + 88, foot, "soft")
    if len(known) < len(ordered):
        sheet.rect(24, y - 14, 22, 18, "gap", round_by=4)
        words = language.say("no night recorded that week (not zero)")
        for line in wrap(words, sheet.columns - 4):
            sheet.text(56, y, line, "soft")
            y += TEXT_SIZE * 1.4
    return sheet.finish(y + 4)


def _week(sheet: Canvas, week: WeekBar, x: float, bar: float, scale: Scale, language: Language) -> None:
    base, day = scale.bottom, week.week_start
    if week.rate is None:
        says = language.say("Week of {day}: no night recorded", day=day)
        sheet.rect(x - bar / 2, base - 46, bar, 40, "gap", round_by=5, says=says)
        return
    if week.low is None or week.high is None:
        says = language.say_count(
            "Week of {day}: {rate:.2g} cramps per week, {n} night recorded",
            "Week of {day}: {rate:.2g} cramps per week, {n} nights recorded",
            week.nights_recorded,
            day=day,
            rate=week.rate,
        )
    else:
        says = language.say_count(
            "Week of {day}: {rate:.2g} cramps per week ({low:.2g} to {high:.2g}), {n} night recorded",
            "Week of {day}: {rate:.2g} cramps per week ({low:.2g} to {high:.2g}), {n} nights recorded",
            week.nights_recorded,
            day=day,
            rate=week.rate,
            low=week.low,
            high=week.high,
        )
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


def render_clock_svg(
    hours: Sequence[HourBin],
    *,
    name: str = "clock",
    language: Language = ENGLISH,
    width: int = WIDTH,
    headed: bool = True,
) -> str:
    """Return cramps by the hour of their start from noon to noon, the night shaded.

    Parameters
    ----------
    hours : sequence of HourBin
        Hours that are not given have no cramp.
    name : str
        Start of the ids in the picture.
    language : Language
        Of the words in the picture.
    width : int
        `svg_canvas.WIDTH`, or `svg_canvas.NARROW` for a phone.
    headed : bool
        False where the page has a heading of its own.
    """
    words = language.tell(clock_words(hours))
    sheet = Canvas(name, language.say("Cramps over the clock"), words, width=width, headed=headed)
    counts = {b.hour: b.cramps for b in hours}
    if not any(counts.values()):
        return say_empty(sheet, words)
    scale = Scale(0.0, float(max(counts.values())), TOP + 26, TOP + 26 + PLOT_HEIGHT)
    left, right = plot_left(sheet), plot_right(sheet)
    step = (right - left) / 24
    first = NOON_TO_NOON.index(NIGHT_HOURS[0])
    x = left + first * step
    sheet.rect(x, TOP, len(NIGHT_HOURS) * step, scale.bottom - TOP, "night", round_by=8)
    sheet.text(x + len(NIGHT_HOURS) * step / 2, TOP + 20, language.say("night"), "soft", anchor="middle")
    draw_grid(sheet, scale, language)
    for i, hour in enumerate(NOON_TO_NOON):
        n = counts.get(hour, 0)
        x = left + i * step
        if hour % 3 == 0:
            sheet.line(x, scale.bottom, x, scale.bottom + 7, "axis")
            sheet.text(x, scale.bottom + 28, str(hour), "soft", anchor="middle")
        if n:
            says = language.say_count(
                "{first} to {end} o'clock: {n} cramp",
                "{first} to {end} o'clock: {n} cramps",
                n,
                first=hour,
                end=(hour + 1) % 24,
            )
            y, gap = scale(n), min(3.0, step / 6)
            sheet.rect(x + gap, y, step - 2 * gap, scale.bottom - y, "mark", round_by=gap, says=says)
    sheet.line(right, scale.bottom, right, scale.bottom + 7, "axis")
    sheet.text(right, scale.bottom + 28, "12", "soft", anchor="middle")
    sheet.line(left, scale.bottom, right, scale.bottom, "axis")
    words = language.say("Hour of the clock, from noon to noon. Only cramps whose time is known.")
    return sheet.finish(sheet.paragraph(24, scale.bottom + 64, words, "soft") + 4)
