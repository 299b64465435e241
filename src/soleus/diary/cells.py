"""Lists of words in the cells of a table, so that all come back unchanged."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


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
