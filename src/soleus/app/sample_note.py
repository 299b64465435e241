"""What the note of a measurement holds beside free words: whether it was taken fasting, and a value that is a bound."""

from __future__ import annotations

import re

_MARKS = re.compile(r"^(?:\[(fasting|not fasting)\] ?)?(?:\[printed: ([^\]]{1,40})\] ?)?")


def note_with_marks(note: str, fasting: bool | None, printed: str) -> str:
    """Return a note that says whether the person was fasting and, if not "", what was printed.

    Examples
    --------
    >>> note_with_marks("tired", True, "< 0.5"), note_with_marks("", None, "")
    ('[fasting] [printed: < 0.5] tired', '')
    """
    marks = [] if fasting is None else ["[fasting]" if fasting else "[not fasting]"]
    marks += [f"[printed: {printed}]"] if printed else []
    return " ".join([*marks, note.strip()]).strip()


def split_note(note: str) -> tuple[bool | None, str, str]:
    """Return what stands in the note of a sample: fasting or not, the value as printed if only a bound, free words."""
    match = _MARKS.match(note)
    assert match is not None  # it matches the empty start too
    fasting = {"fasting": True, "not fasting": False}.get(match[1] or "")
    return fasting, match[2] or "", note[match.end() :]
