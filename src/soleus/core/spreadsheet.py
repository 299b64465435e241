"""Texts in the cells of a table, so that a spreadsheet runs nothing and all come back unchanged."""

from __future__ import annotations

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
