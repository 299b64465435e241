"""A number as printed on a slip: with a point or a comma, with marks between thousands, or only a bound."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"([<>≤≥]?)=?\s*([+-]?\d[\d.,]*(?:[eE][+-]?\d{1,3})?)")


def printed_number(value: str | float, decimal_comma: bool = False) -> tuple[str, tuple[float, ...]]:
    """Return the sign of a bound, and the number; two numbers, the likelier first, where a mark can be read both ways.

    Parameters
    ----------
    value : str or float
        As printed.
    decimal_comma : bool
        Whether a comma before three digits rather marks decimals, as in German, than thousands.

    Returns
    -------
    tuple of str and tuple of float
        No number where there is none.

    Examples
    --------
    >>> printed_number("2,15"), printed_number("< 0.5"), printed_number("1.234,5"), printed_number("much")
    (('', (2.15,)), ('<', (0.5,)), ('', (1234.5,)), ('', ()))
    >>> printed_number("1,494"), printed_number("1,494", decimal_comma=True)
    (('', (1494.0, 1.494)), ('', (1.494, 1494.0)))
    """
    if isinstance(value, int | float):
        return "", ((float(value),) if math.isfinite(value) else ())
    text = re.sub(r"(?<=\d)[\s'\u00a0\u202f](?=\d{3})", "", value.strip())
    match = _NUMBER.fullmatch(text)
    if match is None:
        return "", ()
    sign = {"≤": "<", "≥": ">"}.get(match[1], match[1])
    return sign, tuple(number for number in _readings(match[2], decimal_comma) if math.isfinite(number))


def _readings(text: str, decimal_comma: bool) -> tuple[float, ...]:
    marks = re.sub(r"[^.,]", "", text)
    if not marks:
        return (float(text),)
    if len(set(marks)) == 2:  # 1.234,5 or 1,234.5: the last mark is the decimal one
        last = marks[-1]
        if marks.count(last) > 1:
            return ()
        return (float(text.replace("," if last == "." else ".", "").replace(",", ".")),)
    if len(marks) > 1:  # 1,234,567: only thousands are marked more than once
        return (float(re.sub("[.,]", "", text)),) if re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", text) else ()
    decimal = float(text.replace(",", "."))
    if marks == "." or not re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        return (decimal,)
    thousand = float(text.replace(",", ""))
    return (decimal, thousand) if decimal_comma else (thousand, decimal)
