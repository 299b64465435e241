"""What is told of a measurement that was not used, or not used as printed."""

from __future__ import annotations

from soleus.core.message import Message, say
from soleus.core.problem import Problem, ProblemLevel
from soleus.knowledge.schema import Quantity

# code: level, place in the input, why it matters, how to mend it; what hangs on the value is said where it is found
_SAID: dict[str, tuple[ProblemLevel, str, str, str]] = {
    "limits_swapped": ("warning", "low", say("no interval begins above its end"), say("give the lower limit as low")),
    "limit_not_a_number": ("warning", "low", say("it cannot be compared"), say("give a plain number")),
    "limits_ignored": (
        "warning",
        "low",
        say("they are far from the usual ones"),
        say("give them in the unit of the value"),
    ),
    "name_assumed": ("info", "name", say("it differs by one letter"), say("correct the name if it is another test")),
    "unknown_measurement": ("warning", "name", say("its value was not used"), ""),
    "not_a_number": (
        "error",
        "value",
        say("it cannot be read"),
        say("give the printed number or the words of the report"),
    ),
    "too_many_numbers": (
        "error",
        "value",
        say("this is a table, not a result"),
        say("give one measurement for each result"),
    ),
    "value_not_understood": ("warning", "value", "", say("give a number with its unit, or low, high or normal")),
    "value_for_a_group": (
        "warning",
        "value",
        say("it does not say which of them it is"),
        say("give each test its own value"),
    ),
    "direction_without_meaning": ("info", "value", say("no finding is known for it"), say("nothing needs to be done")),
    "impossible_value": ("error", "value", "", say("check the number and its unit")),
    "limit_assumed": ("info", "value", "", say("give the number itself")),
    "unknown_unit": ("error", "unit", say("the value cannot be compared"), ""),
    "unit_misprint": ("warning", "unit", say("that unit is a common misprint for this test"), say("correct the unit")),
    "unit_slip": ("error", "unit", "", ""),
    "unit_assumed": ("info", "unit", say("it is the only usual unit that fits"), say("write the unit")),
    "unit_missing": ("error", "unit", "", say("write the unit")),
}


def measurement_problem(code: str, where: str, what: str, why: str = "", fix: str = "") -> Problem:
    """Return the problem of a measurement.

    Parameters
    ----------
    code : str
        One of those that docs/case.md explains.
    where : str
        The measurement; the problem names the field of it.
    what, why, fix : str
        What hangs on the value; what holds for every problem of the code need not be given.

    Examples
    --------
    >>> problem = measurement_problem("unit_missing", "measurements[0]", "calcium 2 has no unit")
    >>> problem.where, problem.fix
    ('measurements[0].unit', 'write the unit')
    """
    level, place, because, mend = _SAID[code]
    return Problem(code=code, level=level, where=f"{where}.{place}", what=what, why=why or because, fix=fix or mend)


def living_range(quantity: Quantity) -> Message:
    """Say between which values of a quantity a person can live."""
    low, high = quantity.plausible
    unit = unit_text(quantity)
    if unit:
        return say("a living person has {low:g} to {high:g} {unit}", low=low, high=high, unit=unit)
    return say("a living person has {low:g} to {high:g}", low=low, high=high)


def unit_text(quantity: Quantity) -> str:
    """Return the unit as it is written after a number; nothing for a ratio or pH."""
    return "" if quantity.unit in ("1", "{INR}", "[pH]") else quantity.unit


def with_unit(number: Message, unit: str) -> Message:
    """Say a number with its unit, if it has one.

    Examples
    --------
    >>> with_unit(rounded(2.2955), "mmol/L"), with_unit(rounded(45.0), "")
    ('2.30 mmol/L', '45')
    """
    return say("{number} {unit}", number=number, unit=unit) if unit else number


def rounded(value: float) -> Message:
    """Say a number shortly."""
    return say("{value:.2f}", value=value) if value < 10 else say("{value:.4g}", value=value)
