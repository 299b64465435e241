"""The parts that the report for a clinician is set from: told in one language, free of any mark-up.

A page on paper, a page in a browser and a text are each set from the same parts, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

LONGEST_WORD = 40  # choice: a longer run of letters without a space may be broken anywhere
_KEPT = "\u200c\u200d"  # joiners: some scripts cannot be read without them


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph. "lead" is the one sentence to remember, "quote" the person's own words, "line" room for a pen."""

    words: str
    style: Literal["plain", "soft", "lead", "quote", "line"] = "plain"
    type: Literal["words"] = "words"


@dataclass(frozen=True, slots=True)
class Points:
    """A list; ``more`` says what was cut, "" when nothing was."""

    items: tuple[str, ...]
    more: str = ""
    english: bool = False
    type: Literal["points"] = "points"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names with their values."""

    rows: tuple[tuple[str, str], ...]
    type: Literal["pairs"] = "pairs"


@dataclass(frozen=True, slots=True)
class Bar:
    """A probability with its interval, drawn; the cell beside it says it in numbers."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. ``shares`` are the relative widths of the columns; ``english`` are those that stay in English."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | Bar, ...], ...]
    shares: tuple[float, ...]
    english: tuple[int, ...] = ()
    more: str = ""
    type: Literal["sheet"] = "sheet"


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, what it shows in words, and its signs with their meaning."""

    svg: str
    words: str
    keys: tuple[tuple[str, str], ...] = ()
    type: Literal["picture"] = "picture"


@dataclass(frozen=True, slots=True)
class Notice:
    """A red flag: what it is, how urgent, and what belongs to it."""

    title: str
    urgency: str
    pressing: bool
    lines: tuple[str, ...]
    type: Literal["notice"] = "notice"


Part = Words | Points | Pairs | Sheet | Picture | Notice


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its parts. Two sections after each other with ``half`` may stand side by side."""

    key: str
    title: str
    parts: tuple[Part, ...]
    half: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole report: what stands on page one, what at its foot, and the appendix."""

    language: str
    title: str
    who: str
    period: str
    pen: tuple[str, ...]
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
    appendix_title: str
    appendix: tuple[Section, ...]
    page: str


def clean(text: str) -> str:
    r"""Return a person's words without control characters and without signs that turn the direction of what follows.

    Examples
    --------
    >>> clean("calf\x00 and\nfoot \u202eright")
    'calf and foot right'
    """
    kept = (c if c.isprintable() or c in _KEPT else " " if c.isspace() else "" for c in text)
    return " ".join("".join(kept).split())


def cut(text: str, length: int) -> str:
    """Return text no longer than ``length``, cut at a space and ended with "…".

    Examples
    --------
    >>> cut("stretching before bed", 15)
    'stretching…'
    """
    if len(text) <= length:
        return text
    short = text[: length - 1]
    return (short.rsplit(" ", 1)[0] if " " in short[length // 2 :] else short).rstrip(" ,;.") + "…"


def breakable(text: str) -> str:
    r"""Return text in which a very long word may be broken at the end of a line.

    Examples
    --------
    >>> breakable("a" * 50).count("\u200b"), breakable("short words")
    (1, 'short words')
    """
    if len(text) <= LONGEST_WORD:
        return text
    return " ".join(
        "\u200b".join(word[i : i + LONGEST_WORD] for i in range(0, len(word), LONGEST_WORD))
        if len(word) > LONGEST_WORD
        else word
        for word in text.split(" ")
    )


def joined(sentences: Iterable[str]) -> str:
    """Return sentences one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)


def share_out(
    rows: Sequence[Sequence[str | Bar]], heads: Sequence[str], *, least: float = 5, most: float = 34
) -> tuple[float, ...]:
    """Return widths for columns in proportion to their longest words, within limits."""
    widths = []
    for i, head in enumerate(heads):
        cells = [row[i] for row in rows]
        longest = max((len(cell) if isinstance(cell, str) else 12 for cell in cells), default=0)
        widths.append(float(min(max(longest, len(head), least), most)))
    return tuple(widths)
