"""A sheet on which a picture of the diary is drawn as SVG: one calm style, large text, words for those who do not see.

No script, no font and no image from elsewhere. Meaning is carried by shape and by words; the colors differ in lightness
too, so that a gray print keeps them, and they follow the reader's dark setting.
"""

from __future__ import annotations

from math import ceil, floor, log10
from xml.sax.saxutils import escape, quoteattr

WIDTH = 800
TEXT_SIZE = 17
HEAD_LENGTH = 58  # as many letters of the heading as fit; the title for screen readers is whole

_STYLE = """
.soleus text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:17px;fill:#2b3138}
.soleus .head{font-size:23px;font-weight:600}
.soleus .soft{fill:#5a636d}
.soleus .paper{fill:#fcfbf8}
.soleus .grid{stroke:#dedbd3;stroke-width:1}
.soleus .axis{stroke:#8a8f95;stroke-width:1.5}
.soleus .mark{fill:#3f5f87}
.soleus .bar{fill:#7f9bbd}
.soleus .some{fill:#b7c9df}
.soleus .on-mark{fill:#ffffff;font-weight:600}
.soleus .on-some{fill:#14243a;font-weight:600}
.soleus .ring{fill:none;stroke:#6b737c;stroke-width:2}
.soleus .gap{fill:none;stroke:#8b8880;stroke-width:1.5;stroke-dasharray:1.5 4;stroke-linecap:round}
.soleus .whisker{stroke:#2b3138;stroke-width:2;fill:none}
.soleus .tip{fill:#2b3138}
.soleus .night{fill:#e9eaf0}
.soleus .band{fill:#dfe6ee}
.soleus .limit{stroke:#6b737c;stroke-width:2;stroke-dasharray:9 6;fill:none}
.soleus .path{stroke:#7f9bbd;stroke-width:2;fill:none}
.soleus .change{fill:#fcfbf8;stroke:#1f3554;stroke-width:4}
@media (prefers-color-scheme:dark){
.soleus text{fill:#dcd9d2}.soleus .soft{fill:#a3a7ad}.soleus .paper{fill:#15171b}.soleus .grid{stroke:#2c3036}
.soleus .axis{stroke:#777d85}.soleus .mark{fill:#8fb0d8}.soleus .bar{fill:#5877a0}
.soleus .some{fill:#35496a}.soleus .on-mark{fill:#10141a}.soleus .on-some{fill:#f2f0ea}
.soleus .ring{stroke:#a3a7ad}.soleus .gap{stroke:#7b8089}.soleus .whisker{stroke:#e4e1da}.soleus .tip{fill:#e4e1da}
.soleus .night{fill:#21252e}.soleus .band{fill:#253345}.soleus .limit{stroke:#a3a7ad}.soleus .path{stroke:#5877a0}
.soleus .change{fill:#15171b;stroke:#c9dcf5}
}
"""


def clean(text: str) -> str:
    """Return text that XML can hold, without control characters."""
    return escape("".join(c if c.isprintable() else " " for c in text))


class Canvas:
    """A sheet of fixed width; things are added from back to front, and ``finish`` gives the SVG."""

    def __init__(self, name: str, title: str, description: str) -> None:
        self.name, self.title, self.description = name, title, description
        self.parts: list[str] = []

    def rect(self, x: float, y: float, w: float, h: float, kind: str, *, round_by: float = 0, says: str = "") -> None:
        """Add a rectangle."""
        radius = f' rx="{round_by:g}"' if round_by else ""
        self._shape(f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"{radius}', says)

    def circle(self, x: float, y: float, r: float, kind: str, *, says: str = "") -> None:
        """Add a circle."""
        self._shape(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"', says)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Add a line."""
        self._shape(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"', "")

    def path(self, points: list[tuple[float, float]], kind: str, *, closed: bool = False, says: str = "") -> None:
        """Add a line through points, closed to a shape if asked."""
        way = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self._shape(f'<path class="{kind}" d="M{way}{" Z" if closed else ""}"', says)

    def text(self, x: float, y: float, words: str, kind: str = "", *, anchor: str = "start") -> None:
        """Add words; ``y`` is their base line."""
        kind = f' class="{kind}"' if kind else ""
        anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{kind}{anchor}>{clean(words)}</text>')

    def paragraph(self, x: float, y: float, words: str, kind: str = "", *, columns: int = 80) -> float:
        """Add words over as many lines as they need and return the base line after them."""
        from textwrap import wrap

        for line in wrap(words, columns):
            self.text(x, y, line, kind)
            y += TEXT_SIZE * 1.4
        return y

    def _shape(self, start: str, says: str) -> None:
        self.parts.append(f"{start}><title>{clean(says)}</title>{_closing(start)}" if says else f"{start}/>")

    def finish(self, height: float) -> str:
        """Return the picture as SVG text."""
        head = self.title if len(self.title) <= HEAD_LENGTH else self.title[: HEAD_LENGTH - 1] + "…"
        title, description = f"{self.name}-title", f"{self.name}-desc"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="soleus" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'width="{WIDTH}" height="{height:.0f}" role="img" aria-labelledby={quoteattr(f"{title} {description}")}>\n'
            f"<title id={quoteattr(title)}>{clean(self.title)}</title>\n"
            f"<desc id={quoteattr(description)}>{clean(self.description)}</desc>\n"
            f"<style>{_STYLE}</style>\n"
            f'<rect class="paper" x="0" y="0" width="{WIDTH}" height="{height:.0f}"/>\n'
            f'<text class="head" x="24" y="40">{clean(head)}</text>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def _closing(start: str) -> str:
    return f"</{start[1:].split(' ', 1)[0]}>"


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Return round values from at or below ``low`` to at or above ``high``.

    Examples
    --------
    >>> ticks(0, 7)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    span = max(high - low, 1e-9)
    rough = span / about
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.99)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, max(last, first + 1) + 1)]
