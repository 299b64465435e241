"""The rules of the computed evidence: how often people have night cramps, and what goes with them."""

from __future__ import annotations

import math
from collections.abc import Callable

from soleus.knowledge.schema import Evidence, FrequencyCurve, PlainModel, RelativeRisk

Add = Callable[[str, str, str, str, str], None]

AGAIN = "write the file again with `soleus population fit`; it is not edited by hand"
CURVES = {"women": "age", "men": "age", "everybody": "age", "pregnant": "pregnancy_month"}
WHOLE = ("women_all", "men_all", "people_all")
YOUNGEST = 16  # the survey asked from this age on


def check_curve(curve: FrequencyCurve, where: str, add: Add) -> None:
    """Check that shares make 1, that ranges hold them, and that there is one row for each age or month."""
    rows = (curve.shares, curve.low, curve.high, curve.at_least_low, curve.at_least_high)
    if any(len(part) != len(curve.at) for part in rows) or not curve.at or curve.n <= 0:
        add(
            "incomplete_curve", where, f"{len(curve.at)} places, rows {', '.join(str(len(part)) for part in rows)}",
            "a share would be read at a wrong age", AGAIN,
        )  # fmt: skip
        return
    if any(b - a != 1 for a, b in zip(curve.at, curve.at[1:], strict=False)):
        add("incomplete_curve", where, "the places do not follow each other", "an age would have no share", AGAIN)
    for at, shares, low, high, beyond_low, beyond_high in zip(curve.at, *rows, strict=True):
        if not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 0.001:
            add(
                "impossible_value", f"{where}[{at}]",
                f"shares {', '.join(f'{share:g}' for share in shares)} with sum {sum(shares):g}",
                "every person gave one of the answers, so the shares make 1", AGAIN,
            )  # fmt: skip
        beyond = tuple(sum(shares[k:]) for k in range(1, 5))
        held = zip((*shares, *beyond), (*low, *beyond_low), (*high, *beyond_high), strict=True)
        if not all(0 <= bottom <= value + 1e-4 and value - 1e-4 <= top <= 1 for value, bottom, top in held):
            add("impossible_value", f"{where}[{at}]", "a range does not hold its share", "no range can be given", AGAIN)


def check_plain_model(model: PlainModel, where: str, add: Add) -> None:
    """Check that the coefficients are numbers and the prevalence a share."""
    numbers = (model.intercept, model.per_ten_years, model.female, model.pregnant)
    if not all(math.isfinite(x) for x in numbers) or not 0 < model.prevalence < 1 or model.n <= 0:
        add("impossible_value", where, "a coefficient or the prevalence is impossible", "nothing can be judged", AGAIN)


def check_relative_risk(risk: RelativeRisk, where: str, evidence: Evidence, add: Add) -> None:
    """Check that each ratio is above 0 within its range, and that the finding exists."""
    for name in ("crude", "adjusted", "adjusted_for_health", "calibrated", "jerks"):
        ratio = getattr(risk, name)
        low, high = ratio.range
        if not 0 < low <= ratio.value <= high < math.inf:
            add(
                "impossible_value", f"{where}.{name}", f"{ratio.value:g} with range {low:g} to {high:g}",
                "a ratio is above 0 and its range holds it", AGAIN,
            )  # fmt: skip
    if risk.finding and risk.finding not in evidence.findings:
        add("dangling_id", where, f"no finding {risk.finding!r}", "nobody could look it up", AGAIN)


def check_survey_parts(evidence: Evidence, add: Add) -> None:
    """Check that every curve that is read by name is there and that children below the asked ages have a rate."""
    for key, by in (*CURVES.items(), *((key, "all") for key in WHOLE)):
        curve = evidence.cramp_frequency.get(key)
        if curve is None or curve.by != by:
            add(
                "incomplete_curve", f"cramp_frequency/{key}", f"there is no curve {key} by {by}",
                "people like the person cannot be found", AGAIN,
            )  # fmt: skip
    for age in range(YOUNGEST):
        whens = [row.when for row in evidence.release.background]
        if not any(when.age and when.age[0] <= age < when.age[1] for when in whens):
            add(
                "no_background", "release.background", f"there is no rate for the age {age}",
                "a child of this age could not be assessed", "add a row for this age",
            )  # fmt: skip
