"""A series of readings as SVG, with the laboratory's limits and the person's own level. Computes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from textwrap import wrap

from soleus.report.diary_view import SeriesView, series_words
from soleus.report.language import Language
from soleus.report.picture_frame import ENGLISH, Scale, draw_grid, plot_left, plot_right, say_empty, short_day
from soleus.report.svg_canvas import LETTER, TEXT_SIZE, WIDTH, Canvas
from soleus.report.unit_words import shown_unit

TOP = 70.0
PLOT_HEIGHT = 300.0
DATE_ROOM, DATE_ROOM_NARROW = 130, 112  # units that a written date takes


def render_series_svg(
    view: SeriesView,
    *,
    name: str = "",
    language: Language = ENGLISH,
    width: int = WIDTH,
    headed: bool = True,
) -> str:
    """Return readings over time with the laboratory's limits, the person's own level and marks of real change.

    Parameters
    ----------
    view : SeriesView
    name : str
        Start of the ids in the picture; by default made from the label.
    language : Language
        Of the words in the picture.
    width : int
        `svg_canvas.WIDTH`, or `svg_canvas.NARROW` for a phone.
    headed : bool
        False where the page has a heading of its own.
    """
    slug = name or "series-" + (re.sub(r"[^a-z0-9]+", "-", view.label.lower()).strip("-") or "unnamed")
    label = language.tell(view.label)
    title = label + (f" ({shown_unit(view.unit)})" if shown_unit(view.unit) else "")
    words = language.tell(series_words(view))
    sheet = Canvas(slug, title, words, width=width, headed=headed)
    points = sorted(view.points, key=lambda p: p.when)
    if not points:
        return say_empty(sheet, words)
    edges = [p.value for p in points] + [e for p in points for e in (p.low_limit, p.high_limit) if e is not None]
    edges += [edge for edge in (view.band_low, view.band_high) if edge is not None]
    margin = (max(edges) - min(edges)) * 0.08 or abs(edges[0]) * 0.05 or 1.0
    scale = Scale(min(edges) - margin, max(edges) + margin, TOP, TOP + PLOT_HEIGHT)
    begin, end = points[0].when, points[-1].when
    span = (end - begin).total_seconds()
    begins, ends = plot_left(sheet), plot_right(sheet)
    left, right = (begins + 24, ends - 24) if sheet.narrow else (begins + 48, ends - 52)

    def across(when: datetime) -> float:
        return left + (right - left) * ((when - begin).total_seconds() / span if span else 0.5)

    if view.band_low is not None and view.band_high is not None:
        low, high = scale(view.band_low), scale(view.band_high)
        sheet.rect(begins, high, ends - begins, max(low - high, 2), "band", says=_band(view, language))
    draw_grid(sheet, scale, language)
    spots = [(across(p.when), scale(p.value)) for p in points]
    for limits in ([p.low_limit for p in points], [p.high_limit for p in points]):
        _limit(sheet, [x for x, _ in spots], limits, scale)
    if len(spots) > 1:
        sheet.path(spots, "path")
    for (x, y), point in zip(spots, points, strict=True):
        unit = shown_unit(view.unit)
        if point.real_change:
            corners = [(x, y - 12), (x + 12, y), (x, y + 12), (x - 12, y)]
            says = language.say("{day}: {value:.4g} {unit}, real change", day=point.when, value=point.value, unit=unit)
            sheet.path(corners, "change", closed=True, says=says)
        else:
            says = language.say("{day}: {value:.4g} {unit}", day=point.when, value=point.value, unit=unit)
            sheet.circle(x, y, 7, "mark", says=says)
    sheet.line(begins, scale.bottom, ends, scale.bottom, "axis")
    _dates(sheet, [p.when for p in points], across, scale.bottom + 28, language)
    y = _series_key(sheet, view, scale.bottom + 66, language)
    return sheet.finish(sheet.paragraph(24, y, language.tell(view.verdict)) + 4)


def _limit(sheet: Canvas, xs: list[float], limits: Sequence[float | None], scale: Scale) -> None:
    """Draw the limits as told with each reading; they step midway where the laboratory changed them."""
    for i, limit in enumerate(limits):
        if limit is None:
            continue
        x1 = plot_left(sheet) if i == 0 else (xs[i - 1] + xs[i]) / 2
        if i and limits[i - 1] == limit:
            continue
        end = i
        while end + 1 < len(limits) and limits[end + 1] == limit:
            end += 1
        x2 = plot_right(sheet) if end == len(xs) - 1 else (xs[end] + xs[end + 1]) / 2
        sheet.line(x1, scale(limit), x2, scale(limit), "limit")


def _dates(
    sheet: Canvas, times: list[datetime], across: Callable[[datetime], float], y: float, language: Language
) -> None:
    room = DATE_ROOM_NARROW if sheet.narrow else DATE_ROOM
    last, final = -1e9, across(times[-1])
    lowest, highest = room / 2, sheet.width - room / 2
    for when in times:
        x = across(when)
        if x - last < room or (when != times[-1] and final - x < room):
            continue
        last = x
        words = f"{short_day(language, when)} {when.year}"
        sheet.text(min(max(x, lowest), highest), y, words, "soft", anchor="middle")


def _series_key(sheet: Canvas, view: SeriesView, y: float, language: Language) -> float:
    """Say what the signs mean, side by side or, where they do not fit, below each other."""
    keys: list[tuple[str, str]] = []
    if view.band_low is not None and view.band_high is not None:
        keys.append(("band", _band(view, language)))
    if any(p.low_limit is not None or p.high_limit is not None for p in view.points):
        keys.append(("limit", language.say("laboratory limits")))
    if any(p.real_change for p in view.points):
        keys.append(("change", language.say("real change")))
    if not keys:
        return y
    x = 24.0
    for kind, words in keys:
        wide = 60 + LETTER * len(words)
        if x > 24 and x + wide > sheet.width:
            x, y = 24.0, y + TEXT_SIZE * 1.6
        if kind == "band":
            sheet.rect(x, y - 15, 34, 18, "band")
        elif kind == "limit":
            sheet.line(x, y - 6, x + 34, y - 6, "limit")
        else:
            sheet.path([(x + 17, y - 18), (x + 29, y - 6), (x + 17, y + 6), (x + 5, y - 6)], "change", closed=True)
        room = int((sheet.width - x - 52) / LETTER)
        for i, line in enumerate(wrap(words, room)):
            y += TEXT_SIZE * 1.3 if i else 0
            sheet.text(x + 44, y, line, "soft")
        x += wide + 24
    return y + TEXT_SIZE * 1.9


def _band(view: SeriesView, language: Language) -> str:
    assert view.band_low is not None
    assert view.band_high is not None
    unit, low, high = shown_unit(view.unit), view.band_low, view.band_high
    return language.say("own level {low:.3g} to {high:.3g} {unit}", low=low, high=high, unit=unit).strip()
