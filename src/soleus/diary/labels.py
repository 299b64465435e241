"""Short texts from outside, such as the name a phone gives itself, made fit to be shown on one line."""

from __future__ import annotations

import unicodedata

_DIRECTING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean_label(text: str, longest: int) -> str:
    r"""Return a text on one line without control characters, cut at a number of characters.

    Signs that turn the direction of writing are taken out too: with them a name can pretend to be another.

    Examples
    --------
    >>> clean_label("  Ada's\tphone\x1b[31m\n ", 60), clean_label("a" * 100, 3)
    ("Ada's phone[31m", 'aaa')
    """
    spaced = " ".join(text[: 16 * longest].split())  # a huge text is not looked through to its end
    kept = (sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in _DIRECTING)
    return "".join(kept)[:longest].strip()
