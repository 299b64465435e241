"""A sheet on which a picture of the diary is drawn as SVG: one calm style, large text, words for those who do not see.

No script, no font and no image from elsewhere. Meaning is carried by shape and by words; the colors differ in lightness
too, so that a gray print keeps them, and they follow the reader's dark setting.
"""

from __future__ import annotations

from math import ceil, floor, log10
from xml.sax.saxutils import escape, quoteattr

WIDTH = 800
NARROW = 340  # for a phone held upright: the same size of text, fewer words on the axes
TEXT_SIZE = 17
LETTER = 9.4  # about the width of a letter, in units of the picture
HEAD_LETTER = 13  # and of one of the heading; what does not fit is cut, the title for screen readers is whole
HEAD_ROOM = 46  # units above the picture that only the heading needs

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
    """A sheet of fixed width; things are added from back to front, and ``finish`` gives the SVG.

    Parameters
    ----------
    name : str
        Start of the ids in the picture.
    title, description : str
        For those who do not see it; the title is also the heading.
    width : int
        `WIDTH`, or `NARROW` for a phone.
    headed : bool
        False where the page has a heading of its own above the picture.
    """

    def __init__(self, name: str, title: str, description: str, *, width: int = WIDTH, headed: bool = True) -> None:
        self.name, self.title, self.description = name, title, description
        self.width, self.headed = width, headed
        self.parts: list[str] = []

    @property
    def narrow(self) -> bool:
        """Whether there is room for half of the words only."""
        return self.width < WIDTH

    @property
    def columns(self) -> int:
        """How many letters fit on a line."""
        return int((self.width - 48) / LETTER)

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

    def paragraph(self, x: float, y: float, words: str, kind: str = "") -> float:
        """Add words over as many lines as they need and return the base line after them."""
        from textwrap import wrap

        for line in wrap(words, self.columns):
            self.text(x, y, line, kind)
            y += TEXT_SIZE * 1.4
        return y

    def _shape(self, start: str, says: str) -> None:
        self.parts.append(f"{start}><title>{clean(says)}</title>{_closing(start)}" if says else f"{start}/>")

    def finish(self, height: float) -> str:
        """Return the picture as SVG text."""
        longest = int((self.width - 46) / HEAD_LETTER)
        head = self.title if len(self.title) <= longest else self.title[: longest - 1] + "…"
        title, description = f"{self.name}-title", f"{self.name}-desc"
        top = 0 if self.headed else HEAD_ROOM
        heading = f'<text class="head" x="24" y="40">{clean(head)}</text>\n' if self.headed else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="soleus" viewBox="0 {top} {self.width} {height - top:.0f}" '
            f'width="{self.width}" height="{height - top:.0f}" role="img" '
            f"aria-labelledby={quoteattr(f'{title} {description}')}>\n"
            f"<title id={quoteattr(title)}>{clean(self.title)}</title>\n"
            f"<desc id={quoteattr(description)}>{clean(self.description)}</desc>\n"
            f"<style>{_STYLE}</style>\n"
            f'<rect class="paper" x="0" y="{top}" width="{self.width}" height="{height - top:.0f}"/>\n'
            f"{heading}" + "\n".join(self.parts) + "\n</svg>\n"
        )


def without_style(svg: str) -> str:
    """Return a picture without its style, for a page whose stylesheet has it; a strict policy forbids others."""
    start, end = svg.find("<style>"), svg.find("</style>")
    return svg if start < 0 else svg[:start] + svg[end + len("</style>") :].lstrip("\n")


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
