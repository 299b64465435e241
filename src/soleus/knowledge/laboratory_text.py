"""Read a laboratory result as printed: units, numbers, ranges, legs and words such as "low" or "normal".

This module knows writing, not medicine: what a number means is decided in `soleus.knowledge.laboratory`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Literal

import msgspec

LONGEST_TEXT = 400  # choice: a printed result is shorter; what is longer is no result and is not searched
MOST_NUMBERS = 24  # choice: more numbers than this in one value are a table, not a result

Word = Literal[
    "",
    "low",
    "very_low",
    "high",
    "very_high",
    "normal",
    "not_low",
    "not_high",
    "abnormal",
    "borderline",
    "graded",
    "unmeasurably_high",
    "not_done",
]


class ParsedValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a printed result says.

    Parameters
    ----------
    numbers : tuple of float
        The readings in the order written; a range gives both ends.
    censored : {"", "<", ">"}
        The number is only a bound.
    times_limit : bool
        The numbers are multiples of the upper limit ("5 x ULN").
    word : str
        The meaning of words, "" when there are none.
    unit : str
        A unit written behind the number, as printed.
    low, high : float or None
        A reference interval printed with the result.
    per_leg : bool
        The numbers belong to the two legs.
    other : tuple of float
        For each number the second way to read it (a comma that may be a decimal sign), else the same number.
    """

    numbers: tuple[float, ...] = ()
    censored: Literal["", "<", ">"] = ""
    times_limit: bool = False
    word: Word = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    per_leg: bool = False
    other: tuple[float, ...] = ()


def plain_text(text: str) -> str:
    """Return text in lower case with one spelling of minus, micro, multiplication and white space.

    Examples
    --------
    >>> plain_text("  25–OH  Vitamin D (µg/L) ")
    '25-oh vitamin d (ug/l)'
    """
    return tidy_text(text[:LONGEST_TEXT]).lower()


def tidy_text(text: str) -> str:
    """Return text as `plain_text` does, whole and with its capitals.

    Examples
    --------
    >>> tidy_text("K  2,9 – CK 900 µg/L")
    'K 2,9 - CK 900 ug/L'
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Zs") else char for char in text)
    for old, new in (
        ("μ", "u"),
        ("µ", "u"),
        ("−", "-"),
        ("–", "-"),
        ("—", "-"),
        ("‐", "-"),
        ("‑", "-"),
        ("×", "x"),
        ("≤", "<"),
        ("≥", ">"),
    ):
        text = text.replace(old, new)
    return re.sub(r"\s+", " ", text).strip()


_UNIT_WORDS = (
    (r"micro(?=mol|g|unit|iu|l)", "u"),
    (r"milli(?=mol|g|eq|unit|iu|l)", "m"),
    (r"nano(?=mol|g)", "n"),
    (r"pico(?=mol|g)", "p"),
    (r"grams?|gm\b", "g"),
    (r"mcg", "ug"),
    (r"moles?", "mol"),
    (r"international ?units?", "iu"),
    (r"litres?|liters?|ltr", "l"),
    (r"decilit(?:er|re)", "dl"),
    (r"percent", "%"),
    (r"\bper\b", "/"),
)


def normalize_unit(unit: str) -> str:
    """Return one spelling of a printed unit: lower case, no spaces, "u" for micro, "/" for per.

    Examples
    --------
    >>> [normalize_unit(unit) for unit in ("µmol/L", "mmol L-1", "mcg / dL", "x 10⁹/L")]
    ['umol/l', 'mmol/l', 'ug/dl', '10*9/l']
    """
    text = plain_text(unit.replace("⁹", "^9").replace("³", "^3").replace("m²", "m2"))
    for pattern, word in _UNIT_WORDS:
        text = re.sub(pattern, word, text)
    text = re.sub(r"(?<=[a-z])[ .·*]*(l|dl|ml)\s*[-^]+1\b", r"/\1", text)
    text = text.replace(" ", "").strip(".,;:[]?")
    text = re.sub(r"^(?:x|\*)?10(?:\^|\*\*|e|\*)?(3|6|9|12)(?=/)", r"10*\1", text)
    return text.replace("m^2", "m2").replace("(", "").replace(")", "")


_WORDS: tuple[tuple[Word, str], ...] = (
    (
        "not_done",
        r"not (?:done|tested|measured|available|performed|known|reported|given|stated|applicable)|"
        r"pending|awaited|unknown|n/?a|nd|none|\?+|-+|refused|unavailable",
    ),
    ("unmeasurably_high", r"(?:in|non[- ]?|not )compressible"),
    ("not_low", r"not (?:low|decreased|reduced|subnormal)"),
    (
        "not_high",
        r"not (?:high|raised|elevated|increased|detected)|negative|neg|no (?:elevation|rise|increase)|"
        r"(?:fail(?:ed|s|ing|ure)?|did not|does not|didn't|doesn't|never|without)(?: to| a| any)? "
        r"(?:rise|rose|increase)",
    ),
    (
        "normal",
        r"(?:low|lower|high|upper)(?: end| limit| range)?[- ](?:of )?normal(?: range| limits?)?|"
        r"normal to (?:high|low)|normal range|within (?:the )?(?:normal |reference )?"
        r"(?:limits?|range|interval)|in (?:the )?(?:normal|reference) range|wnl|normali[sz]ed|"
        r"(?<!not )normal|unremarkable|nad|"
        r"no abnormality|satisfactory|fine|ok(?:ay)?|not abnormal",
    ),
    (
        "very_low",
        r"(?:very|extremely|severely|critically|markedly|profoundly|dangerously|grossly|greatly) "
        r"(?:low|reduced|decreased|depressed|deficient)|severe(?:ly)? (?:deficiency|deficient)|panic low|"
        r"undetectable|unmeasurable|unrecordable",
    ),
    (
        "very_high",
        r"(?:very|extremely|severely|critically|markedly|massively|hugely|grossly|greatly|strikingly|"
        r"substantially|dramatically) (?:high|raised|elevated|increased)|massive(?:ly)?|"
        r"panic high|sky[- ]high|off the scale",
    ),
    ("borderline", r"borderline|equivocal|indeterminate|traces?|\(\+\)|\+/-|\+-"),
    ("graded", r"\+{1,4}"),
    (
        "low",
        r"low|lower|decreased|reduced|subnormal|depressed|deficien(?:t|cy)|insufficien(?:t|cy)|suppressed|"
        r"diminished|below (?:normal|range|the normal range|reference range|limit)|under range|hypo\w*",
    ),
    (
        "high",
        r"high|higher|raised|elevated|increased|above (?:normal|range|the normal range|reference range|"
        r"limit)|over range|positive|pos|hyper\w*|rise",
    ),
    ("abnormal", r"abnormal|deranged|impaired|altered|not normal|out of range"),
)
_WORD_PATTERNS = tuple((word, re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])")) for word, pattern in _WORDS)
_NUMBER = r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?"
_INTERVAL = re.compile(
    r"[(\[]?\s*(?:normal(?: range| values?| limits?)?|ref(?:erence)?\.?(?: range| interval| values?)?|range|"
    r"rr|nr|n|limits?)"
    rf"\s*[:=,]?\s*(?:({_NUMBER})\s*(?:-|to)\s*({_NUMBER})|"
    rf"(<|>|up to|less than|more than|under|over)\s*({_NUMBER}))"
    r"[^)\]]*[)\]]?"
)
_BRACKET_INTERVAL = re.compile(rf"(?<=\S)\s*[(\[]\s*({_NUMBER})\s*(?:-|to)\s*({_NUMBER})[^)\]]*[)\]]")
_TREATED = re.compile(
    r"(?:after|following|post|on|with)[- ](?:\w+ )?(?:treatment|replacement|correction|therapy|"
    r"supplement\w*|infusion|repletion|discharge|recovery)|"
    r"(?:in )?between(?: (?:attacks?|episodes?|bouts?|crises|spells))?\s*$|"
    r"between (?:attacks?|episodes?|bouts?|crises|spells)|interictal\w*|outside (?:of )?(?:the )?(?:attacks?|episodes?)"
)
_TIMES = re.compile(
    rf"({_NUMBER}|twice|double|three|four|five|six|ten|twenty)[ -]*(?:x|times|fold|-fold)?\s*(?:the\s+)?"
    r"(?:uln|upper limit(?: of normal)?|upper normal(?: limit)?|normal(?: limit| value)?|limit)(?![a-z])"
)
_TIMES_WORDS = {
    "twice": 2.0,
    "double": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "ten": 10.0,
    "twenty": 20.0,
}
_GRADE = re.compile(r"(?<![\d.,])[1-4]\s?\+(?![\d+])|(?<![\w+])\+{2,4}(?![\w+])")  # "3+", "+++" on a test strip
_TITER = re.compile(r"(?<![\d.,/:])1\s?[:/]\s?(?=\d{2,5}(?![\d.,/:]))")  # "1:320" is a titer of 320
_BOUND = (
    ("<", re.compile(r"<|less than|below(?= ?\d)|under(?= ?\d)|fewer than")),
    (">", re.compile(r">|more than|greater than|above(?= ?\d)|over(?= ?\d)|exceed\w*|at least")),
)
_LEG = re.compile(r"(?<![a-z])(?:right|left|rt|lt|r|l|both|bilateral\w*|each)(?![a-z])")


def spelled(unit: str) -> str:
    """Return a normalized unit as it is printed.

    Examples
    --------
    >>> spelled("mg/dl"), spelled("mmol/l")
    ('mg/dL', 'mmol/L')
    """
    return re.sub(r"(?<=[dmunpf/])l\b", "L", unit)


def parse_number(text: str) -> tuple[float, float] | None:
    """Return a printed number read with commas as thousands signs, and read with the comma as decimal sign.

    Examples
    --------
    >>> parse_number("1,494"), parse_number("2,15"), parse_number("12.5")
    ((1494.0, 1.494), (2.15, 2.15), (12.5, 12.5))
    """
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?", text)
    try:
        if grouped:
            first = float(text.replace(",", ""))
            return first, float(text.replace(",", ".")) if text.count(",") == 1 and "." not in text else first
        value = (
            float(text.replace(",", ".")) if text.count(",") == 1 and "." not in text else float(text.replace(",", ""))
        )
    except ValueError:
        return None
    return (value, value) if math.isfinite(value) else None


def parse_value(text: str) -> ParsedValue:
    """Return what a printed result says: numbers, bound, words, unit and interval.

    Parameters
    ----------
    text : str
        As printed, such as ``"<0.01"``, ``"1,494 U/L"``, ``"1.3 right, 1.2 left"``, ``"moderately high"``.

    Returns
    -------
    ParsedValue
        Without numbers and word when nothing was understood.

    Examples
    --------
    >>> parse_value("<0.01").censored, parse_value("<0.01").numbers
    ('<', (0.01,))
    >>> parse_value("1.3 right, 1.2 left").numbers
    (1.3, 1.2)
    >>> parse_value("9.2 mg/dL (normal 8.5-10.5)").unit, parse_value("moderately high").word
    ('mg/dl', 'high')
    """
    plain = plain_text(text)
    plain = re.sub(r"(?<=\d) (?=\d{3}(?![\d.]))", "", plain)
    plain = re.sub(r"(\d\.\d+),(?=\d+\.)", r"\1, ", plain)
    plain = _GRADE.sub(" + ", plain)
    plain = _TITER.sub("", plain)
    sign = -1.0 if re.match(r"-\s?\d", plain) else 1.0
    low = high = None
    segments = re.split(r"[;,](?!\d)", plain)
    if len(segments) > 1:  # what was measured after treatment or between attacks says nothing about the complaint
        plain = ",".join(part for part in segments if not _TREATED.search(part)) or plain
    interval = _INTERVAL.search(plain) or _BRACKET_INTERVAL.search(plain, 1)
    if interval:
        low, high = _interval(interval)
        plain = (plain[: interval.start()] + " " + plain[interval.end() :]).strip()
    times = _TIMES.search(plain)
    if times:
        number = _TIMES_WORDS.get(times[1])
        parsed = (number, number) if number else parse_number(times[1])
        if parsed:
            return ParsedValue(
                numbers=(parsed[0],), other=(parsed[0],), times_limit=True, word="high", low=low, high=high
            )
    censored: Literal["", "<", ">"] = ""
    if re.match(rf"\D*{_NUMBER}", plain):
        if _BOUND[0][1].search(plain):
            censored = "<"
        elif _BOUND[1][1].search(plain):
            censored = ">"
    numbers, unit = _numbers(plain)
    word = _word(re.sub(_NUMBER, " ", plain))
    per_leg = len(numbers) > 1 and bool(_LEG.search(plain))
    return ParsedValue(
        numbers=tuple(sign * first for first, _ in numbers),
        other=tuple(sign * second for _, second in numbers),
        censored=censored if len(numbers) == 1 else "",
        word=word,
        unit=unit,
        low=low,
        high=high,
        per_leg=per_leg,
    )


def _interval(match: re.Match[str]) -> tuple[float | None, float | None]:
    if match[1]:
        first, second = parse_number(match[1]), parse_number(match[2])
        return (first[0] if first else None), (second[0] if second else None)
    bound = parse_number(match[4] or "")
    if not bound:
        return None, None
    return (bound[0], None) if match[3] in (">", "more than", "over") else (None, bound[0])


_UNIT_AFTER = re.compile(
    r"\s*((?:(?:x\s*)?10[\^*e]*(?:3|6|9|12)\s*/\s*[a-z0-9]+)|/\s?(?:[munp]?l|mm3|cumm|hpf|mcl)|"
    r"(?:[kmunpg]?(?:mol|eq|g|iu|u|ui|kat|val)|mm|ml|lakhs?|gm|units?|miu|uiu|mcg|micromol\w*|pg|ng)"
    r"(?:\s?/\s?[a-z0-9.*^{}_]+){0,3}(?:\s?(?:feu|ddu))?|%)(?![a-z])"
)


def _numbers(plain: str) -> tuple[list[tuple[float, float]], str]:
    """All readings and the unit behind the first of them; exponents of units and dates are not readings."""
    found: list[tuple[float, float]] = []
    unit = ""
    position = 0
    pattern = re.compile(rf"(?<![\w.,^*])({_NUMBER})")
    while match := pattern.search(plain, position):
        parsed = parse_number(match[1].rstrip(",."))
        position = match.end()
        if parsed is None:
            continue
        behind = _UNIT_AFTER.match(plain, position)
        if behind:
            unit = unit or behind[1].strip()
            position = behind.end()
        elif re.match(
            r"\s*(?:years?|yrs?|months?|weeks?|days?|hours?|hrs?|min|am|pm|h\b|%ile|kg|cm)\b",
            plain[position:],
        ):
            continue
        found.append(parsed)
    return found, unit


def _word(text: str) -> Word:
    for word, pattern in _WORD_PATTERNS:
        if word == "not_done":
            if pattern.fullmatch(text.strip(" .")):
                return word
        elif pattern.search(text):
            return word
    return ""
