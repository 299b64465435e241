"""Texts and lists in the cells of a table, so that a spreadsheet runs nothing and all come back unchanged."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet may run what starts so
SHIELD = "'"


def write_cell(text: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula; `read_cell` gives it back unchanged.

    Examples
    --------
    >>> write_cell("=1+1"), read_cell(write_cell("=1+1")), read_cell(write_cell("'quoted"))
    ("'=1+1", '=1+1', "'quoted")
    """
    return SHIELD + text if text.startswith((*DANGEROUS, SHIELD)) else text


def read_cell(text: str) -> str:
    """Return the text that `write_cell` was given."""
    return text[1:] if text.startswith(SHIELD) else text


def join_words(words: Sequence[str]) -> str:
    """Return a list of words as one text that `split_words` takes apart again.

    Examples
    --------
    >>> join_words(("stretching", "walking")), join_words(("a;b",))
    ('stretching; walking', '["a;b"]')
    """
    joined = "; ".join(words)
    if joined.startswith("[") or split_words(joined) != tuple(words):
        return msgspec.json.encode(words).decode()
    return joined


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a cell that lists them: by semicolons, or a JSON list."""
    if text.startswith("["):
        try:
            return msgspec.json.decode(text, type=tuple[str, ...])
        except msgspec.DecodeError:
            pass
    return tuple(word.strip() for word in text.split(";") if word.strip())
