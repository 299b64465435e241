"""Bedside numbers in a phrase: blood pressure, pulse, temperature, power, reflexes, weight, drinks and cigarettes.

The limits come from ``evidence/vocabulary/vital_signs.toml``; no limit is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from soleus.knowledge.numbers import NUMBER, RANGE, Regex, beyond, number
from soleus.knowledge.vocabulary import BedsideLimit


class Seen(NamedTuple):
    """A finding that a number carries, with its words."""

    finding: str
    present: bool
    words: str


_BP = Regex(
    r"(?P<name>\b(?:bp|blood pressure|pressure)\b(?:\s*(?:of|was|is|reading|measured|today|now|at|=|:|-|lying"
    r"|sitting|standing))*\s*)?"
    r"\b(?P<sys>\d{2,3})\s*(?:/|\bover\b)\s*(?P<dia>\d{2,3})\b(?P<unit>\s*mm\s*hg)?"
)
_LINK = r"(?:\s*(?:of|was|is|rate|at|to|up to|about|around|=|:|-|regular|irregular|\())*\s*"
_HR = Regex(
    rf"\b(?:heart rate|pulse rate|pulse|hr|ventricular rate){_LINK}(?P<v>\d{{2,3}})(?!\s*[/%+])\b(?:\s*(?:bpm"
    rf"|beats?(?: per |/)min(?:ute)?|/min|per min(?:ute)?))?"
    r"|\b(?P<w>\d{2,3})\s*(?:bpm|beats?(?: per |/)min(?:ute)?)"
)
_TEMP = Regex(
    rf"\b(?:temperature|temp|t|fever|febrile|pyrexia){_LINK}(?P<v>\d{{2,3}}(?:\.\d+)?)(?:\s*(?P<u>c|f|celsius"
    rf"|fahrenheit|degrees(?: [cf]\w*)?)\b)?(?:\s*/\s*\d{{2,3}}(?:\.\d)?\s*[cf]\b)?"
    r"|\b(?P<w>\d{2,3}(?:\.\d+)?)\s*(?P<x>c|f|celsius|fahrenheit)\b"
)
_POWER = Regex(
    r"\b(?:(?:muscle |motor )?(?:power|strength)|mrc(?: grade| scale)?"
    r"|grade)(?P<mid>[a-z ,:=-]{0,40}?)(?P<v>[0-5])\s*(?P<sign>[+-]?)"
    r"(?:\s*/\s*5|\s*out of 5)(?P<sign2>[+-]?)|\bmrc(?: grade"
    r"| scale)?\s*(?P<y>[0-5])\s*(?P<sign4>[+-]?)(?!\s*/)(?!\d)"
    r"|(?<!\bl )(?<!\bc )(?<!\bs )\b(?P<w>[0-5])\s*(?P<sign3>[+-]?)\s*(?:/\s*5|out of 5)"
    r"(?:\s+(?:power|strength|weakness|in|on|bilaterally"
    r"|at|throughout|of|for|proximally|distally))?"
)
_BMI = Regex(rf"\b(?:bmi|body mass index)(?:\s*\(bmi\))?{_LINK}(?P<v>\d{{2}}(?:\.\d+)?)\b(?:\s*kg\s*/\s*m\s*\^?2?)?")
_CALF = Regex(
    r"(?:\b(?:calf|calves|leg|circumference)\b[a-z ,:]*?(?P<v>\d+(?:\.\d+)?)\s*(?P<u>cm|mm"
    r"|centimet\w+)\s*(?:larger|bigger|greater|more|wider|difference|swollen|thicker)[a-z ]*"
    r"|(?P<w>\d+(?:\.\d+)?)\s*(?P<u2>cm|mm|centimet\w+)\s*(?:larger|bigger|greater|wider|difference|thicker"
    r"|of swelling)?[a-z ]*\b(?:calf|calves|circumference)\b[a-z ]*"
    r"|\b(?:calf|calves|circumference)\b[a-z ]*\bdiffer(?:ence|s)?(?: of"
    r"| by)?\s*(?P<y>\d+(?:\.\d+)?)\s*(?P<u3>cm|mm|centimet\w+))"
)
_REFLEX = Regex(
    r"\b(?P<name>(?:(?:ankle|knee|achilles|patellar|deep tendon|tendon) )?(?:reflexe?s?|jerks?)"
    r"|dtrs?)(?P<mid>[a-z ,:=-]{0,30}?)(?P<v>[0-4])\s*\+?(?![\d/.])"
    r"|\b(?P<w>[0-4])\s*\+\s*(?:(?:deep )?tendon )?(?:reflexe?s?|jerks?|dtrs?)\b"
)
_PULSE_GRADE = Regex(
    r"\b(?:(?:pedal|dp|pt|dorsalis pedis|posterior tibial|distal|peripheral|foot|femoral"
    r"|popliteal) )+(?:pulses?)?(?P<mid>[a-z :=-]{0,25}?)(?P<v>[0-4])\s*\+(?:\s*/\s*[0-4]\+?)?"
    r"|\b(?P<w>[0-4])\s*\+\s*(?:(?:pedal|dp|pt|distal|peripheral|foot|dorsalis pedis) )*pulses\b"
)
_ALCOHOL = Regex(
    rf"\b{RANGE}\s*(?P<what>units?|drinks?|beers?|pints?|glasses?(?: of (?:wine|beer))?|cans?(?: of beer)?"
    rf"|bottles? of (?:beer|wine|vodka|whisk\w+|gin|rum|brandy|spirits)|standard drinks?|whisk\w+|vodkas?|shots?)"
    r"(?: of alcohol| alcohol| of wine| of beer)?(?:\s+(?:a|per|each|every|daily|weekly|nightly)\b|\s*/)\s*(?P<per>day"
    r"|night|evening|week|wk)?"
)
_CAPREFILL = Regex(
    r"\b(?:cap(?:illary)? (?:re-?fill(?:ing)?|return)(?: time)?|crt)"
    r"(?:\s*(?:of|was|is|at|=|:|>|about|over|more than))*\s*"
    r"(?P<v>\d{1,2}(?:\.\d)?)\s*(?:s|secs?|seconds?)\b"
)
_ALCOHOL_GRAMS = Regex(
    r"\b(?P<low>\d{1,3})\s*(?:-\s*\d{1,3}\s*)?(?:g|gm|gr|grams?)\b(?:\s+of)?(?:\s+(?:pure\s+)?(?:alcohol|ethanol))?"
    r"\s*(?:(?:a|per|each|every)\s+|/\s*)?(?P<per>days?|daily|weekly|week|wk|d)\b"
)
_SMOKES = Regex(
    rf"\b{RANGE}\s*(?:cigarettes?|cigs?|packs?(?: of cigarettes)?|ppd)(?:\s*(?:a|per|each|every|/)\s*day"
    rf"|\s*daily|\b)(?![- ]?year)"
)
_PACK_YEARS = Regex(r"\b\d+(?:\.\d+)?[\s-]*(?:pack|pk)[\s-]*(?:years?|yrs?)(?: history| of smoking| smoking history)?")
_WEIGHT = Regex(
    rf"\b(?P<verb>lost|gained|loss of|gain of|losing|gaining|lose|dropped)\s*(?:about |over |approximately "
    rf"|nearly |around )?{RANGE}\s*(?P<unit>kgs?|kilos?|kilograms?|lbs?|pounds?|stones?)(?: in weight| of weight)?"
    rf"|\b(?P<low2>{NUMBER})[\s-]*(?:kgs?|kilos?|kilograms?|lbs?|pounds?|stones?)(?: of)?[\s-]*(?:unintentional "
    rf"|unintended |involuntary )?weight (?P<verb2>loss|gain)"
)
_OTHER = Regex(
    r"\b(?:spo2|o2 sat\w*|oxygen saturations?|saturations?|sats|respiratory rate|resp rate|rr|weight|height|gcs"
    r"|nyha(?: class)?|ecog|mmse)"
    r"(?:\s*(?:of|was|is|=|:|on|at))*\s*\d+(?:\.\d+)?\s*(?:%|/min|kg|cm|m|lbs?|breaths?(?: per |/)min\w*"
    r"|/\s*\d+)?(?: (?:on )?room air)?"
    r"|\b\d{2,3}\s*%\s*(?:on )?(?:room air|ra|oxygen)"
)


_DRINK_GRAMS = (
    14.0  # choice: the larger of the usual standard drinks, so that no moderate drinker counts as a heavy one
)


def _drinks_in(container: str) -> float:
    # choice: a bottle of wine holds about 6 standard drinks, one of spirits about 16
    if not container.startswith("bottle") or container.endswith("beer"):
        return 1.0
    return 6.0 if container.endswith("wine") else 16.0


def _both(limits: Mapping[str, BedsideLimit], names: tuple[str, ...], value: float, words: str) -> list[Seen]:
    return [Seen(limits[n].finding, beyond(value, limits[n]), words.strip()) for n in names if n in limits]


def read_vital_signs(text: str, limits: Mapping[str, BedsideLimit]) -> tuple[list[Seen], list[str], str]:
    """Read blood pressure, pulse, temperature, power, reflex grade, body mass index and calf size.

    Parameters
    ----------
    text : str
        Cleaned text.
    limits : mapping of str to BedsideLimit
        ``vital_signs.toml``; a number without a limit gives nothing.

    Returns
    -------
    findings : list of Seen
    noted : list of str
        Numbers that are understood and that no finding uses (saturation, weight).
    rest : str
        The text without the numbers read.
    """
    seen: list[Seen] = []
    noted: list[str] = []
    if not any(c.isdigit() for c in text) and not _WEIGHT.search(text) and not _ALCOHOL.search(text):
        return seen, noted, text

    def take(pattern: Regex, use: Callable[[re.Match[str]], bool]) -> None:
        nonlocal text
        for found in list(pattern.finditer(text)):
            if use(found):
                text = text.replace(found.group(0), " ", 1)

    def power(m: re.Match[str]) -> bool:
        value = float(m["v"] or m["w"] or m["y"])
        if "-" in (m["sign"] or m["sign2"] or m["sign3"] or m["sign4"] or ""):
            value -= 0.5
        seen.extend(_both(limits, ("power",), value, m.group(0)))
        return True

    def calf(m: re.Match[str]) -> bool:
        value = float(m["v"] or m["w"] or m["y"])
        if (m["u"] or m["u2"] or m["u3"]) == "mm":
            value /= 10
        elif not re.search(r"larger|bigger|greater|wider|differ|thicker|swelling|swollen|more", m.group(0)):
            return False
        seen.extend(_both(limits, ("calf_difference",), value, m.group(0)))
        return True

    def pressure(m: re.Match[str]) -> bool:
        systolic, diastolic = float(m["sys"]), float(m["dia"])
        if not (m["name"] or m["unit"]) and not (
            60 <= systolic <= 280 and 30 <= diastolic <= 160 and systolic > diastolic
        ):
            return False
        words = m.group(0).strip()
        high = [n for n in ("systolic_high", "diastolic_high") if n in limits]
        values = {"systolic_high": systolic, "diastolic_high": diastolic}
        if high:
            seen.append(Seen(limits[high[0]].finding, any(beyond(values[n], limits[n]) for n in high), words))
        seen.extend(_both(limits, ("systolic_low",), systolic, words))
        return True

    def rate(m: re.Match[str]) -> bool:
        seen.extend(_both(limits, ("heart_rate_fast", "heart_rate_slow"), float(m["v"] or m["w"]), m.group(0)))
        return True

    def temperature(m: re.Match[str]) -> bool:
        value, unit = float(m["v"] or m["w"]), (m["u"] or m["x"] or "")
        if unit.startswith("f") or unit.endswith(" f") or value > 60:
            value = (value - 32) / 1.8
        if not 25 <= value <= 45:
            return False
        seen.extend(_both(limits, ("temperature_high",), round(value, 2), m.group(0)))
        return True

    def reflex(m: re.Match[str]) -> bool:
        value = float(m["v"] or m["w"])
        seen.extend(_both(limits, ("reflex_low", "reflex_high"), value, m.group(0)))
        return True

    def pulse(m: re.Match[str]) -> bool:
        seen.extend(_both(limits, ("pulse_low",), float(m["v"] or m["w"]), m.group(0)))
        return True

    def bmi(m: re.Match[str]) -> bool:
        seen.extend(_both(limits, ("bmi_high",), float(m["v"]), m.group(0)))
        return True

    def alcohol(m: re.Match[str]) -> bool:
        per_week = (
            number(m["low"])
            * _drinks_in(m["what"])
            * (1.0 if m["per"] in ("week", "wk") or "weekly" in m.group(0) else 7.0)
        )
        unit = "alcohol_units" if m["what"].startswith("unit") else "alcohol_drinks"
        limit, little = limits.get(f"{unit}_heavy"), limits.get(f"{unit}_little")
        if limit is not None and beyond(per_week, limit):
            seen.append(Seen(limit.finding, True, m.group(0).strip()))
        elif little is not None and beyond(per_week, little):
            seen.append(Seen(little.finding, False, m.group(0).strip()))
        else:
            noted.append(m.group(0).strip())
        return True

    def refill(m: re.Match[str]) -> bool:
        seen.extend(_both(limits, ("capillary_refill",), float(m["v"]), m.group(0)))
        return True

    def alcohol_grams(m: re.Match[str]) -> bool:
        if not re.search(r"\b(?:alcohol|ethanol|drink\w*|drank|etoh)\b", text):
            return False
        per_week = float(m["low"]) / _DRINK_GRAMS * (1.0 if m["per"].startswith("w") else 7.0)
        limit = limits.get("alcohol_drinks_heavy")
        if limit is not None and beyond(per_week, limit):
            seen.append(Seen(limit.finding, True, m.group(0).strip()))
        else:
            noted.append(m.group(0).strip())
        return True

    def smokes(m: re.Match[str]) -> bool:
        if re.search(r"\b(?:quit|stopped|former|ex|until|no longer|gave up|previously|never|not|denies)\b", text):
            return False
        seen.append(Seen("smoker", True, m.group(0).strip()))
        return True

    def weight(m: re.Match[str]) -> bool:
        verb = m["verb"] or m["verb2"]
        seen.append(Seen("weight_gain" if verb.startswith("gain") else "weight_loss", True, m.group(0).strip()))
        return True

    def other(m: re.Match[str]) -> bool:
        noted.append(m.group(0).strip())
        return True

    take(_PACK_YEARS, other)
    take(_OTHER, other)
    take(_CAPREFILL, refill)
    take(_CALF, calf)
    take(_WEIGHT, weight)
    take(_POWER, power)
    take(_REFLEX, reflex)
    take(_PULSE_GRADE, pulse)
    take(_BMI, bmi)
    take(_BP, pressure)
    take(_HR, rate)
    take(_TEMP, temperature)
    take(_SMOKES, smokes)
    take(_ALCOHOL, alcohol)
    take(_ALCOHOL_GRAMS, alcohol_grams)
    return seen, noted, text
