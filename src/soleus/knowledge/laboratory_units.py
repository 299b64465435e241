"""In which unit a result is meant: the stated one, when it can be believed, or the only usual one that fits."""

from __future__ import annotations

from soleus.core.message import say, say_all, say_as
from soleus.core.problem import Problem
from soleus.knowledge.laboratory_index import LaboratoryIndex
from soleus.knowledge.laboratory_problems import living_range, measurement_problem, rounded, unit_text, with_unit
from soleus.knowledge.laboratory_scale import Limits, Scale, convert, find_slip, fitting_units, limits_confirm
from soleus.knowledge.laboratory_text import ParsedValue, normalize_unit, spelled


def read_unit(
    name: str, key: str, parsed: ParsedValue, unit: str | None, limits: Limits, index: LaboratoryIndex, where: str
) -> tuple[Scale | None, Problem | None]:
    """Return the scale of a stated unit that can be believed, or of the only usual unit that fits, and what is told.

    Parameters
    ----------
    name : str
        As printed.
    key : str
        The quantity.
    parsed : ParsedValue
        With at least one number.
    unit : str or None
        As printed; None when not given.
    limits : Limits
        The laboratory's own, in the unit of the value.
    index : LaboratoryIndex
    where : str
        The place in the input.

    Returns
    -------
    Scale or None, Problem or None
        Without a scale the value is not used.

    Examples
    --------
    >>> from soleus.knowledge.laboratory_text import parse_value
    >>> from soleus.knowledge.load import load_evidence
    >>> index = LaboratoryIndex(load_evidence().quantities)
    >>> scale, problem = read_unit("Ca", "calcium", parse_value("9.2"), None, (None, None), index, "measurements[0]")
    >>> scale, problem.what
    ((0.249513, 0.0), 'Ca 9.2 has no unit; mg/dL was assumed')
    """
    if unit is not None:
        return _stated(name, key, parsed, unit, limits, index, where)
    if "" in index.units[key]:
        return index.units[key][""], None
    return _inferred(name, key, parsed, limits, index, where)


def _stated(
    name: str, key: str, parsed: ParsedValue, unit: str, limits: Limits, index: LaboratoryIndex, where: str
) -> tuple[Scale | None, Problem | None]:
    quantity, usual = index.quantities[key], index.usual_units(key)
    number = parsed.numbers[0]
    scale = index.units[key].get(normalize_unit(unit))
    if scale is None:
        what = say(
            "{name}: unit {unit!r} is not known for {label}",
            name=name,
            unit=unit,
            label=say_as(quantity.label.lower(), quantity.label),
        )
        fix = say("use one of {units}", units=", ".join(list(quantity.units)[:3]))
        return None, measurement_problem("unknown_unit", where, what, fix=fix)
    slip = find_slip(quantity, parsed, scale, usual, limits)
    if slip:
        likely = spelled(slip)
        right = with_unit(rounded(convert(number, usual[slip])), unit_text(quantity))
        why = say("it does not fit a living person; it was not used")
        if limits_confirm(quantity, usual[slip], limits):
            why = say("it does not fit the given limits; it was not used")
        what = say(
            "{name} {number:g} {unit} looks like {likely}: {number:g} {likely} = {right}",
            name=name,
            number=number,
            unit=unit,
            likely=likely,
            right=right,
        )
        fix = say("if it is {unit}, write that unit", unit=likely)
        return None, measurement_problem("unit_slip", where, what, why, fix)
    if (key, normalize_unit(unit)) in index.misprints:
        read = with_unit(say("{value:.4g}", value=convert(number, scale)), unit_text(quantity))
        what = say("{name} in {unit} was read as {read}", name=name, unit=unit, read=read)
        return scale, measurement_problem("unit_misprint", where, what)
    return scale, None


def _inferred(
    name: str, key: str, parsed: ParsedValue, limits: Limits, index: LaboratoryIndex, where: str
) -> tuple[Scale | None, Problem | None]:
    quantity = index.quantities[key]
    number = parsed.numbers[0]
    fitting = fitting_units(quantity, parsed, index.usual_units(key), limits)
    if len(fitting) == 1:
        ((unit, scale),) = fitting.items()
        what = say("{name} {number:g} has no unit; {unit} was assumed", name=name, number=number, unit=spelled(unit))
        return scale, measurement_problem("unit_assumed", where, what)
    if fitting:
        readings = [
            say(
                "{number:g} {unit} = {right}",
                number=number,
                unit=unit,
                right=with_unit(rounded(convert(number, scale)), unit_text(quantity)),
            )
            for unit, scale in fitting.items()
        ]
        what = say("{name} {number:g} has no unit", name=name, number=number)
        why = say("several units fit: {readings}", readings=say_all(readings, "; "))
        return None, measurement_problem("unit_missing", where, what, why)
    what = say("{name} {number:g} fits no usual unit", name=name, number=number)
    return None, measurement_problem("impossible_value", where, what, living_range(quantity))
