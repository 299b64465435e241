"""A sheet with panels for a printed figure: axes, curves with bands, estimates with intervals; no style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from xml.sax.saxutils import escape

FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
INK, SOFT, LINE, PAPER = "#1d2a3a", "#5a636d", "#dedbd3", "#ffffff"


class Sheet:
    """The whole figure: its size, its title, and what it shows in words for those who do not see it."""

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        self.width, self.height, self.title, self.description = width, height, title, description
        self.parts: list[str] = []

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "start", soft: bool = False, weight: str = "400"
    ) -> None:
        """Add words; ``y`` is their base line."""
        fill = SOFT if soft else INK
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">'
            f"{escape(words)}</text>"
        )

    def key(self, x: float, y: float, entries: Sequence[tuple[str, str, str, str]], words: str) -> None:
        """Add the legend: name, color, dash and shape of each, then a sentence."""
        for name, color, dash, shape in entries:
            self.line(x, y - 5, x + 30, y - 5, color, 2, dash)
            if shape:
                self.mark(x + 15, y - 5, color, shape)
            self.text(x + 38, y, name)
            x += 62 + 7.4 * len(name)
        self.text(x, y, words, soft=True)

    def line(self, x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, dash: str = "") -> None:
        """Add a straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        self.parts.append(f'<line {ends} stroke="{color}" stroke-width="{width:g}"{dashed}/>')

    def mark(self, x: float, y: float, color: str, shape: str, size: float = 4.2) -> None:
        """Add a circle, a square or a diamond."""
        look = f'fill="{color}" stroke="{INK}" stroke-width="0.6"'
        if shape == "circle":
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {look}/>')
        elif shape == "square":
            self.parts.append(
                f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size}" height="{2 * size}" {look}/>'
            )
        else:
            r = 1.3 * size
            way = f"M{x:.1f} {y - r:.1f} l{r:.1f} {r:.1f} l{-r:.1f} {r:.1f} l{-r:.1f} {-r:.1f} Z"
            self.parts.append(f'<path d="{way}" {look}/>')

    def finish(self) -> str:
        """Return the figure as SVG text."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" font-family="{FONT}" font-size="14">\n'
            f"<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>\n"
            f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>\n'
            f'<text x="24" y="28" font-size="18" font-weight="600" fill="{INK}">{escape(self.title)}</text>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


class Panel:
    """A rectangle of the sheet with its own scales; what lies beyond is held at the edge."""

    def __init__(
        self, sheet: Sheet, left: float, top: float, width: float, height: float,
        across: tuple[float, float], up: tuple[float, float], title: str,
    ) -> None:  # fmt: skip
        self.sheet, self.left, self.top, self.width, self.height = sheet, left, top, width, height
        self._across, self._up = across, up
        if title:
            sheet.text(left, top - 10, title, weight="600")

    def x(self, value: float) -> float:
        """Return where a value lies from left to right."""
        low, high = self._across
        return self.left + self.width * (min(max(value, low), high) - low) / (high - low)

    def y(self, value: float) -> float:
        """Return where a value lies from bottom to top; scales may run downwards."""
        low, high = self._up
        share = (value - low) / (high - low)
        return self.top + self.height * (1 - min(max(share, 0.0), 1.0))

    def axes(self, xs: Iterable[float], ys: Iterable[float], words: str, *, percent: bool = False) -> None:
        """Add grid lines with percentages at the left and values below."""
        for value in ys:
            if value <= self._up[1] + 1e-9:
                self.sheet.line(self.left, self.y(value), self.left + self.width, self.y(value), LINE)
                self.sheet.text(self.left - 8, self.y(value) + 5, f"{100 * value:.3g} %", anchor="end", soft=True)
        bottom = self.top + self.height
        self.sheet.line(self.left, bottom, self.left + self.width, bottom, SOFT, 1.2)
        for value in xs:
            self.sheet.line(self.x(value), bottom, self.x(value), bottom + 5, SOFT)
            shown = f"{100 * value:.3g} %" if percent else f"{value:g}"
            self.sheet.text(self.x(value), bottom + 20, shown, anchor="middle", soft=True)
        self.sheet.text(self.left + self.width / 2, bottom + 38, words, anchor="middle")

    def ratio_axis(self, ratios: Sequence[float], words: str) -> None:
        """Add a logarithmic axis with a line at 1."""
        bottom = self.top + self.height
        for ratio in ratios:
            strong = abs(ratio - 1) < 1e-9
            self.sheet.line(self.x(log(ratio)), self.top, self.x(log(ratio)), bottom, SOFT if strong else LINE, 1.2)
            self.sheet.text(self.x(log(ratio)), bottom + 20, f"{ratio:g}", anchor="middle", soft=True)
        self.sheet.text(self.left + self.width / 2, bottom + 40, words, anchor="middle")

    def curve(self, xs: Sequence[float], ys: Sequence[float], color: str, dash: str = "") -> None:
        """Add a curve."""
        way = " L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.sheet.parts.append(f'<path d="M{way}" fill="none" stroke="{color}" stroke-width="2.2"{dashed}/>')

    def band(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], color: str) -> None:
        """Add a band between two curves."""
        there = [(x, y) for x, y in zip(xs, high, strict=True)]
        back = [(x, y) for x, y in zip(xs, low, strict=True)][::-1]
        way = " L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in there + back)
        self.sheet.parts.append(f'<path d="M{way} Z" fill="{color}" fill-opacity="0.15" stroke="none"/>')

    def estimate(self, x: float, value: float, low: float, high: float, color: str, shape: str) -> None:
        """Add an estimate with its interval upright."""
        at = self.x(x)
        self.sheet.line(at, self.y(low), at, self.y(high), color, 1.4)
        self.sheet.mark(at, self.y(value), color, shape)

    def across(self, y: float, value: float, low: float, high: float, color: str, shape: str) -> None:
        """Add an estimate with its interval lying; an arrow head where it goes on beyond the edge."""
        at = self.y(y)
        self.sheet.line(self.x(low), at, self.x(high), at, color, 1.6)
        for end, beyond, turn in ((low, low < self._across[0], 1), (high, high > self._across[1], -1)):
            if beyond:
                tip = self.x(end)
                self.sheet.parts.append(f'<path d="M{tip:.1f} {at:.1f} l{6 * turn} -3 v6 Z" fill="{color}"/>')
        self.sheet.mark(self.x(value), at, color, shape, 3.4)
