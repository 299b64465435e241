"""Small charts as SVG, without a library: lines on logarithmic or linear axes, and stacked bars.

Lines differ in their marks, which the names above the chart repeat, so that nothing depends on color alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 400, 310, 84, 56, 54, 22
LETTER = 7.5  # width of one, about
COLORS = ("#1f3554", "#a04a1c", "#5a636d", "#7f9bbd", "#c9b37a", "#dfe6ee")
STYLE = (
    "text{font-family:system-ui,'DejaVu Sans',sans-serif;font-size:13px;fill:#2b3138}"
    ".title{font-size:15px;font-weight:600}.soft{fill:#5a636d}.grid{stroke:#dedbd3}.axis{stroke:#8a8f95}"
)


@dataclass(frozen=True)
class Line:
    """A named line: points (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Lines with their axes; an axis is logarithmic where it says so."""

    title: str
    x_name: str
    y_name: str
    lines: Sequence[Line]
    log_x: bool = False
    log_y: bool = True


def draw_charts(charts: Sequence[Chart], title: str, note: str, columns: int = 2) -> str:
    """Return an SVG with the charts in rows."""
    rows = ceil(len(charts) / columns)
    parts = [
        f'<g transform="translate({i % columns * WIDTH},{i // columns * HEIGHT + 34})">{_chart(chart)}</g>'
        for i, chart in enumerate(charts)
    ]
    return _sheet(columns * WIDTH, rows * HEIGHT + 66, title, note, parts)


def draw_bars(
    bars: Sequence[tuple[str, Sequence[float], float]], parts: Sequence[str], unit: str, title: str, note: str
) -> str:
    """Return an SVG of bars, each in its own scale: a name, the lengths of its parts, and where a limit lies."""
    drawn: list[str] = []
    full = 470
    for i, name in enumerate(parts):
        x, y = 20 + i % 3 * 235, 52 + i // 3 * 24
        drawn += [f'<rect x="{x}" y="{y - 11}" width="14" height="14" fill="{COLORS[i]}" stroke="#5a636d"/>']
        drawn += [_text(x + 22, y, f"{i + 1}  {name}")]
    top = 52 + ceil(len(parts) / 3) * 24 + 14
    for row, (name, lengths, limit) in enumerate(bars):
        y, total = top + row * 56, sum(lengths)
        left: float = 210
        drawn += [_text(200, y + 20, name, anchor="end"), _text(218 + full, y + 20, f"{total:.1f} {unit}")]
        for i, length in enumerate(lengths):
            wide = full * length / total
            drawn += [
                f'<rect x="{left:.1f}" y="{y}" width="{wide:.1f}" height="30" fill="{COLORS[i]}" stroke="#fcfbf8"/>'
            ]
            if wide > 18:
                place = f'x="{left + wide / 2:.1f}" y="{y + 20}" text-anchor="middle"'
                color = "#ffffff" if i < 3 else "#14243a"
                drawn += [f'<text {place} style="fill:{color}">{i + 1}</text>']
            left += wide
        at = 210 + full * limit / total
        drawn += [
            f'<path d="M{at:.1f} {y - 5}v40" stroke="#c0392b" stroke-width="3"/>',
            _text(max(at, 214) + 5, y + 45, f"arithmetic of the sweep alone: {limit:.2g} {unit}", soft=True),
        ]
    return _sheet(800, top + len(bars) * 56 + 46, title, note, drawn)


def _sheet(width: float, height: float, title: str, note: str, parts: Sequence[str]) -> str:
    head = f'<text class="title" x="20" y="24">{escape(title)}</text>'
    foot = _text(20, height - 14, note, soft=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<rect width="{width}" height="{height}" fill="#fcfbf8"/>{head}{"".join(parts)}{foot}</svg>\n'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", soft: bool = False) -> str:
    kind = ' class="soft"' if soft else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _axis(
    values: Sequence[float], log: bool, start: float, length: float
) -> tuple[Callable[[float], float], list[float]]:
    """Return the scale from values to units of the picture, and the ticks."""
    low, high = min(values), max(*values, 1e-9)
    if log:
        low, high = 10.0 ** floor(log10(low)), 10.0 ** ceil(log10(high) + 1e-9)
        ticks = [10.0**e for e in range(round(log10(low)), round(log10(high)) + 1)]
        if len(ticks) > 6:
            ticks = ticks[::2]
        return lambda v: start + length * (log10(v) - log10(low)) / (log10(high) - log10(low)), ticks
    step = 10.0 ** floor(log10(high))
    step *= next(f for f in (0.1, 0.2, 0.5, 1, 2) if high / (step * f) <= 6)
    ticks = [i * step for i in range(ceil(high / step - 1e-9) + 1)]
    return lambda v: start + length * v / ticks[-1], ticks


def _chart(chart: Chart) -> str:
    points = [point for line in chart.lines for point in line.points]
    across, x_ticks = _axis([p[0] for p in points], chart.log_x, LEFT, WIDTH - LEFT - RIGHT)
    up, y_ticks = _axis([p[1] for p in points], chart.log_y, HEIGHT - BOTTOM, TOP + BOTTOM - HEIGHT)
    parts = [f'<text class="title" x="12" y="22" style="font-size:14px">{escape(chart.title)}</text>']
    for tick in y_ticks:
        y = up(tick)
        parts += [
            f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>',
            _text(LEFT - 6, y + 4, _number(tick), anchor="end"),
        ]
    for tick in x_ticks:
        if across(tick) <= WIDTH - RIGHT + 0.5:
            parts += [_text(across(tick), HEIGHT - BOTTOM + 18, _number(tick), anchor="middle")]
    parts += [
        f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>',
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 38, chart.x_name, anchor="middle", soft=True),
        _text(12, TOP - 14, chart.y_name, soft=True),
    ]
    for i, line in enumerate(chart.lines):
        places = [(across(x), up(y)) for x, y in line.points]
        track = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts += [f'<path d="M{track}" fill="none" stroke="{COLORS[i]}" stroke-width="2"/>']
        parts += [_mark(i, x, y) for x, y in places]
    x = WIDTH - RIGHT
    for i in reversed(range(len(chart.lines))) if len(chart.lines) > 1 else ():
        parts += [
            _text(x, TOP - 14, chart.lines[i].name, anchor="end"),
            _mark(i, x - LETTER * len(chart.lines[i].name) - 9, TOP - 18),
        ]
        x -= round(LETTER * len(chart.lines[i].name)) + 26
    return "".join(parts)


def _mark(kind: int, x: float, y: float) -> str:
    if kind == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLORS[0]}"/>'
    if kind == 1:
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{COLORS[1]}"/>'
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" fill="{COLORS[2]}"/>'


def _number(value: float) -> str:
    """Write a tick: whole numbers as they are, powers of ten below a thousandth as such."""
    if value and value < 1e-3:
        return f"1e{round(log10(value))}"
    return f"{value:,.10g}"
