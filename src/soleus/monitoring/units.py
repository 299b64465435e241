"""Bring a reading to the canonical unit of its quantity: by the factors of the evidence first, then by physics.

Units are written as printed or in UCUM (mg/dL, [iU]/L, mm[Hg], Cel). What the evidence lists is read with its factor.
Anything else is converted by the dimensions of the unit and, between mass and amount of substance, by the molar mass of
the analyte. A unit that the evidence marks as a misprint for the test is refused: whoever has the report can look.

Source: the factors and molar masses of the evidence base; dimensions by pint (its definitions follow the SI).
"""

from __future__ import annotations

import math
import re
from functools import cache
from tokenize import TokenError
from typing import Any

from soleus.core.message import say
from soleus.knowledge.laboratory_text import normalize_unit, tidy_text
from soleus.knowledge.schema import Quantity

# UCUM and everyday symbols of units that take a metric prefix, and what pint calls them.
_METRIC = {
    "g": "gram",
    "mol": "mole",
    "L": "liter",
    "l": "liter",
    "m": "meter",
    "s": "second",
    "U": "enzyme_unit",
    "kat": "katal",
    "eq": "equivalent",
    "Eq": "equivalent",
    "[iU]": "international_unit",
    "[IU]": "international_unit",
    "IU": "international_unit",
    "M": "molar",
    "Pa": "pascal",
    "bar": "bar",
    "Hz": "hertz",
    "K": "kelvin",
}
# The same for units that take none. An everyday spelling stands beside the one of UCUM.
_PLAIN = {
    "%": "percent",
    "1": "1",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "hour": "hour",
    "sec": "second",
    "d": "day",
    "day": "day",
    "wk": "week",
    "mm[Hg]": "mmHg",
    "mmHg": "mmHg",
    "cm[H2O]": "cmH2O",
    "cmH2O": "cmH2O",
    "Cel": "degC",
    "degC": "degC",
    "[degF]": "degF",
    "degF": "degF",
    "[in_i]": "inch",
    "[ft_i]": "foot",
    "[lb_av]": "pound",
}
_PREFIXES = {
    "M": "mega",
    "k": "kilo",
    "d": "deci",
    "c": "centi",
    "m": "milli",
    "u": "micro",
    "n": "nano",
    "p": "pico",
    "f": "femto",
}
_KNOWN = {
    **{prefix + symbol: word + name for prefix, word in _PREFIXES.items() for symbol, name in _METRIC.items()},
    **_METRIC,
    **_PLAIN,
}
# Without regard to capitals the usual reading wins: milli before mega, liter, and never a bare "M".
_KNOWN_LOWER = {symbol.lower(): name for symbol, name in _KNOWN.items() if symbol[:1] != "M" and symbol[1:] != "M"}
_TOKEN = re.compile(r"10(?:\*|\^)(-?\d+)|((?:[A-Za-z%]|\[[^\]]+\])+)(\^?-?\d+)?|(\d+)|([./*()])")


def convert(value: float, unit: str, quantity: Quantity) -> float:
    """Return a reading in the canonical unit of its quantity.

    Parameters
    ----------
    value : float
    unit : str
        As printed, or in UCUM.
    quantity : Quantity
        A record of the evidence; the answer is in ``quantity.unit``.

    Raises
    ------
    ValueError
        The value is no number, or the unit is missing, not known for this quantity, or a misprint; the message lists
        the usual ones.

    Notes
    -----
    The evidence's own factors come first, then the dimensions of the unit, then the molar mass (``molar_mass``).

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> calcium = load_evidence().quantities["calcium"]
    >>> round(convert(8.6, "mg/dL", calcium), 3)
    2.146
    >>> convert(8.6, "stone", calcium)
    Traceback (most recent call last):
        ...
    ValueError: Calcium, total: unit 'stone' is not known. Usual are mmol/L, mg/dL, mg/L, meq/L: copy it from the report
    """
    label = quantity.label
    if not math.isfinite(value):
        raise ValueError(
            say("{quantity}: {value} is no number. Copy the number from the report", quantity=label, value=value)
        )
    known = {
        _spell(name): (factor, quantity.offset.get(name, 0.0))
        for name, factor in quantity.units.items()
        if not name.endswith("?")
    }
    spelled = _spell(unit)
    if spelled in known:
        factor, offset = known[spelled]
        return value * factor + offset
    if spelled == _spell(quantity.unit):
        return value
    usual = _usual_units(quantity)
    if not unit.strip():
        raise ValueError(
            say(
                "{quantity}: the unit is missing. Usual are {usual}: copy it from the report",
                quantity=label,
                usual=usual,
            )
        )
    if spelled in {_spell(name) for name in quantity.units if name.endswith("?")}:
        raise ValueError(
            say(
                "{quantity}: {unit!r} is nearly always a misprint. Usual are {usual}: look at the report again",
                quantity=label,
                unit=unit,
                usual=usual,
            )
        )
    answer = _by_dimension(value, unit, quantity)
    if answer is None:
        raise ValueError(
            say(
                "{quantity}: unit {unit!r} is not known. Usual are {usual}: copy it from the report",
                quantity=label,
                unit=unit,
                usual=usual,
            )
        )
    return answer


def convert_unit(value: float, unit: str, to_unit: str, molar_mass_g_per_mol: float | None = None) -> float:
    """Return a value in another unit, for anything that is measured.

    Parameters
    ----------
    value : float
    unit, to_unit : str
        As printed, or in UCUM.
    molar_mass_g_per_mol : float, optional
        Needed between mass and amount of substance.

    Raises
    ------
    ValueError
        A unit that is not known, or two that measure different things.

    Examples
    --------
    >>> round(convert_unit(0.61, "m/s", "cm/s"), 6)
    61.0
    >>> round(convert_unit(98.6, "[degF]", "Cel"), 6)
    37.0
    >>> round(convert_unit(90, "mg/dL", "mmol/L", molar_mass_g_per_mol=180.156), 3)
    4.996
    """
    source, target = _expression(unit), _expression(to_unit)
    for name, expression in ((unit, source), (to_unit, target)):
        if expression is None:
            raise ValueError(
                say("unit {unit!r} is not known: write it in UCUM, such as cm/s, mm[Hg], Cel, mg/dL", unit=name)
            )
    answer = _pint_convert(value, str(source), str(target), molar_mass_g_per_mol)
    if answer is None:
        raise ValueError(
            say("{unit!r} and {wanted!r} do not measure the same thing: correct one of them", unit=unit, wanted=to_unit)
        )
    return answer


def _spell(unit: str) -> str:
    return normalize_unit(re.sub(r"\[(iu)\]", r"\1", unit, flags=re.IGNORECASE)).replace("{", "").replace("}", "")


def _usual_units(quantity: Quantity) -> str:
    """List the first spellings of the evidence with the capitals of print, the canonical unit first."""
    names = [quantity.unit]
    for name in quantity.units:
        printed = re.sub(r"(?<![a-z])(d|m|u|n)?l(?![a-z])", lambda hit: (hit[1] or "") + "L", name).replace("iu", "IU")
        if name and not name.endswith("?") and printed not in names:
            names.append(printed)
    return ", ".join(names[:4])


def _by_dimension(value: float, unit: str, quantity: Quantity) -> float | None:
    """Convert by dimension to the canonical unit or to a usual one of the evidence, else by molar mass."""
    source = _expression(unit)
    if source is None or _annotations(unit) - _annotations(quantity.unit) - {"{ratio}"}:
        return None  # an annotation may change what is counted ({DDU}, {FEU}): only the quantity's own is passed over
    canonical = _expression(quantity.unit)
    pure_number = _pint_convert(1.0, source, "1") is not None
    if pure_number and quantity.offset:
        return None  # two scales of the same thing that differ by an offset (HbA1c): a bare ratio could be either
    if canonical is not None and (answer := _pint_convert(value, source, canonical)) is not None:
        return answer
    # Only the two usual spellings and the equivalents: a rare one may stand for something else ("g/l" for giga/L).
    anchors = [name for name in list(quantity.units)[:2] if not name.endswith("?")]
    for name in (*anchors, *(name for name in ("meq/l",) if name in quantity.units)):
        expression = _expression(name)
        if expression is not None and (answer := _pint_convert(value, source, expression)) is not None:
            return answer * quantity.units[name] + quantity.offset.get(name, 0.0)
    if canonical is not None and quantity.molar_mass is not None:
        return _pint_convert(value, source, canonical, quantity.molar_mass.value)
    return None


def _annotations(unit: str) -> set[str]:
    return set(re.findall(r"\{[^}]*\}", unit.lower()))


@cache
def _expression(unit: str) -> str | None:
    """Translate a unit as printed or in UCUM into pint's words, None when a part of it is not known."""
    text = re.sub(r"\bper\b", "/", tidy_text(unit)).replace(" ", "")
    text = re.sub(r"(?<![A-Za-z])mc(?=g|mol|[Ll]|IU)", "u", text.replace("°C", "Cel").replace("°F", "[degF]"))
    text = re.sub(r"(?<![^./*(])\{[^}]*\}", "1", text)  # an annotation that stands alone is the number one
    text = re.sub(r"\{[^}]*\}", "", text)  # one behind a unit only comments on it
    text = "1" + text if text.startswith("/") else text
    words: list[str] = []
    position = 0
    while position < len(text):
        hit = _TOKEN.match(text, position)
        if hit is None:
            return None
        position = hit.end()
        power, symbol, exponent, number, operator = hit.groups()
        if power is not None:
            words.append(f"1e{power}")
        elif operator is not None:
            words.append({".": "*"}.get(operator, operator))
        elif number is not None:
            words.append(number)
        else:
            name = _KNOWN.get(symbol) or _KNOWN_LOWER.get(symbol.lower())
            if name is None:
                return None
            words.append(f"{name}**({exponent.lstrip('^')})" if exponent else name)
    balanced = words.count("(") == words.count(")")
    return " ".join(words) if words and balanced else None


@cache
def _registry() -> Any:
    import pint  # here, because it takes as long to import as the rest of the program

    registry: Any = pint.UnitRegistry()
    registry.define("equivalent = [chemical_equivalence]")
    registry.define("international_unit = [biological_activity]")
    return registry


def _pint_convert(value: float, source: str, target: str, molar_mass: float | None = None) -> float | None:
    """Return the value in the target unit, None when the dimensions differ and no molar mass bridges them."""
    import pint

    registry = _registry()
    try:
        parsed, wanted = (registry.Quantity(registry.parse_expression(text)) for text in (source, target))
        if molar_mass is not None:
            mass = registry.Quantity(molar_mass, "gram/mole")
            ratio = parsed.dimensionality / wanted.dimensionality
            if ratio == mass.dimensionality:
                parsed = parsed / mass
            elif ratio == (1 / mass).dimensionality:
                parsed = parsed * mass
        reading = registry.Quantity(value * parsed.magnitude, parsed.units)
        return float(reading.to(wanted.units).magnitude / wanted.magnitude)
    except (pint.PintError, TokenError, SyntaxError, TypeError, AttributeError):
        return None
