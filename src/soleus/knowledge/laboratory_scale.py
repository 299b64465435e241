"""Can a stated unit be believed? Judged by living people, by disease and by the laboratory's own limits."""

from __future__ import annotations

import math
from collections.abc import Mapping

from soleus.knowledge.laboratory_text import ParsedValue
from soleus.knowledge.schema import Quantity

Scale = tuple[float, float]  # factor and offset to the canonical unit
Limits = tuple[float | None, float | None]  # the laboratory's own, in the unit of the value

CLOSE = math.log(2)  # choice: laboratory limits within a factor of two of ours belong to the same unit
FAR_SD = 6.0  # choice: population standard deviations beyond which a value needs another explanation
NEAR_SD = 2.0  # choice: population standard deviations within which a value is ordinary
BELIEVABLE_SD = 4.0  # choice: population standard deviations within which a missing unit may be inferred
DISEASE_REACH = 5.0  # choice: typical distances beyond a limit that disease still reaches


def convert(number: float, scale: Scale) -> float:
    """Return a number in the canonical unit."""
    return number * scale[0] + scale[1]


def is_possible(quantity: Quantity, numbers: tuple[float, ...], scale: Scale, censored: str) -> bool:
    """Whether a living person can have all these values."""
    lowest, highest = quantity.plausible
    values = [convert(number, scale) for number in numbers]
    return all((v >= lowest or (censored == "<" and v >= 0)) and (v <= highest or censored == ">") for v in values)


def is_believable(quantity: Quantity, value: float) -> bool:
    """Whether a value is found in the population or in a disease that a limit speaks of."""
    return _distance(quantity, value) <= BELIEVABLE_SD or _in_disease(quantity, value)


def limit_gaps(quantity: Quantity, scale: Scale, limits: Limits) -> list[float]:
    """Return how far (logarithm of the ratio) given limits lie from ours when read in a unit."""
    gaps = []
    for given, own in zip(limits, _usual_limits(quantity), strict=True):
        if given is not None and given > 0 and own:
            value = convert(given, scale)
            gaps.append(abs(math.log(value / own)) if value > 0 else math.inf)
    return gaps


def limits_confirm(quantity: Quantity, scale: Scale, limits: Limits) -> bool:
    """Whether the given limits are near ours in this unit."""
    gaps = limit_gaps(quantity, scale, limits)
    return bool(gaps) and max(gaps) <= CLOSE


def limits_deny(quantity: Quantity, scale: Scale, limits: Limits) -> bool:
    """Whether the given limits are far from ours in this unit."""
    gaps = limit_gaps(quantity, scale, limits)
    return bool(gaps) and min(gaps) > CLOSE


def find_slip(quantity: Quantity, parsed: ParsedValue, scale: Scale, usual: Mapping[str, Scale], limits: Limits) -> str:
    """Return the unit that a value was probably meant in, or "" when the stated one can be believed."""
    if limits_confirm(quantity, scale, limits):
        return ""
    numbers = parsed.numbers
    possible = any(is_possible(quantity, written, scale, parsed.censored) for written in (numbers, parsed.other))
    for name, other in usual.items():
        if other == scale:
            continue
        if limits_deny(quantity, scale, limits) and limits_confirm(quantity, other, limits):
            return name
        if not possible:
            if is_possible(quantity, numbers, other, parsed.censored):
                return name
        elif (
            limits == (None, None)
            and not parsed.censored
            and all(
                _is_odd(quantity, convert(n, scale)) and _distance(quantity, convert(n, other)) < NEAR_SD
                for n in numbers
            )
        ):
            return name
    return ""


def fitting_units(
    quantity: Quantity, parsed: ParsedValue, usual: Mapping[str, Scale], limits: Limits
) -> dict[str, Scale]:
    """Return the usual units in which a value without one can be meant."""
    fitting: dict[str, Scale] = {}
    for written in (
        parsed.numbers,
        parsed.other,
    ):  # the comma as decimal sign only when nothing fits otherwise
        fitting = fitting or {
            name: scale
            for name, scale in usual.items()
            if is_possible(quantity, written, scale, parsed.censored) and not limits_deny(quantity, scale, limits)
        }
    if len(fitting) > 1:
        believable = {
            name: scale
            for name, scale in fitting.items()
            if all(is_believable(quantity, convert(n, scale)) for n in parsed.numbers)
        }
        return believable if len(believable) == 1 else fitting
    return fitting


def _is_odd(quantity: Quantity, value: float) -> bool:
    return _distance(quantity, value) > FAR_SD and not _in_disease(quantity, value)


def _usual_limits(quantity: Quantity) -> tuple[float | None, float | None]:
    """The limits nearest to normal: from the levels, else the ends of the first reference interval."""
    below = [level.limit.value for level in quantity.levels if level.side == "below"]
    above = [level.limit.value for level in quantity.levels if level.side == "above"]
    interval = quantity.reference[0].range if quantity.reference else (None, None)
    return (max(below) if below else interval[0]), (min(above) if above else interval[1])


def _distance(quantity: Quantity, value: float) -> float:
    """How many population standard deviations a value lies from the mean."""
    spread = math.hypot(quantity.between_person_cv.value, quantity.within_person_cv.value) / 100
    center = quantity.population_mean.value
    if quantity.distribution == "lognormal":
        return abs(math.log(max(value, 1e-12) / center)) / math.sqrt(math.log1p(spread**2))
    return abs(value - center) / (spread * center)


def _in_disease(quantity: Quantity, value: float) -> bool:
    """Whether a value beyond a limit lies where disease still reaches."""
    for level in quantity.levels:
        reach = DISEASE_REACH * (level.spread.value if level.spread else 0.2 * level.limit.value)
        beyond = level.limit.value - value if level.side == "below" else value - level.limit.value
        if 0 <= beyond <= reach:
            return True
    return False
