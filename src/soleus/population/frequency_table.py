"""The fitted answers as evidence: shares by year of age for women, men and both, by month of pregnancy, and of all."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from soleus.knowledge.schema import FrequencyCurve
from soleus.population.age_curve import MONTHS, OLDEST, YOUNGEST
from soleus.population.frequency_model import CrampAnswers, FrequencyModel
from soleus.population.survey import Design, weighted_share
from soleus.population.toml_text import DIGITS, table

FloatArray = NDArray[np.float64]

AGES = tuple(range(YOUNGEST, OLDEST + 1))
POPULATION = "US civilians at home, 16 and over, 2005-2006"
PLACE = "question SLQ160, survey weights WTMEC2YR"
MODEL = (
    "continuation-ratio logistic regressions of the five answers; smooth in age (P-splines) with a smooth difference "
    "between the sexes and a random walk over the months of pregnancy; penalties by REML on weights scaled by the "
    "design effect; ranges from the design-based sandwich over clusters with the penalties' own share and uncertainty, "
    "t with {degrees} degrees of freedom"
)


def frequency_curves(model: FrequencyModel, answers: CrampAnswers, design: Design) -> dict[str, FrequencyCurve]:
    """Return the curves that the evidence keeps, by their ids."""
    ages = np.array(AGES, dtype=np.float64)
    none = np.zeros(len(ages))
    women, men = (model.shares(ages, np.full(len(ages), female), none) for female in (True, False))
    both = tuple((w + m) / 2 for w, m in zip(women, men, strict=True))
    used = answers.used & ~np.isnan(answers.month)
    text = MODEL.format(degrees=design.degrees)
    result = {
        "women": _curve(
            model, women, "age", AGES, int((used & answers.female).sum()), text + "; not pregnant", "female"
        ),
        "men": _curve(model, men, "age", AGES, int((used & ~answers.female).sum()), text, "male"),
        "everybody": _curve(model, both, "age", AGES, int(used.sum()), text + "; the mean of women and men", None),
        "pregnant": _pregnant(model, answers, design, text),
    }
    for name, female in (("women_all", True), ("men_all", False), ("people_all", None)):
        result[name] = _everybody(answers, design, female)
    return result


def _pregnant(model: FrequencyModel, answers: CrampAnswers, design: Design, text: str) -> FrequencyCurve:
    """Return the shares in each month, at the ages of the women who were pregnant."""
    pregnant = answers.used & (answers.month > 0)
    age, weight = answers.age[pregnant], design.weight[pregnant] / design.weight[pregnant].sum()
    rows = [model.shares(age, np.ones(len(age), dtype=bool), np.full(len(age), float(month))) for month in MONTHS]
    shares = np.array([weight @ share for share, _ in rows])
    slopes = np.array([np.tensordot(weight, slope, axes=1) for _, slope in rows])
    return _curve(
        model, (shares, slopes), "pregnancy_month", MONTHS, int(pregnant.sum()),
        text + "; at the ages of the women who were pregnant", "female",
    )  # fmt: skip


def _curve(
    model: FrequencyModel, of: tuple[FloatArray, ...], by: str, at: tuple[int, ...], n: int, text: str, sex: str | None
) -> FrequencyCurve:
    shares, slopes = of
    low, high = zip(*(model.interval(shares[:, k], slopes[:, k]) for k in range(5)), strict=True)
    beyond, steep = _at_least(shares), _at_least(slopes)
    beyond_low, beyond_high = zip(*(model.interval(beyond[:, k], steep[:, k]) for k in range(1, 5)), strict=True)
    return _record(by, at, shares, low, high, beyond_low, beyond_high, n, text, sex)


def _at_least(parts: FloatArray) -> FloatArray:
    return np.flip(np.cumsum(np.flip(parts, axis=1), axis=1), axis=1)


def _everybody(answers: CrampAnswers, design: Design, female: bool | None) -> FrequencyCurve:
    group = answers.used if female is None else answers.used & (answers.female == female)
    each = [weighted_share(answers.answer == k, group, design) for k in range(5)]
    beyond = [weighted_share(answers.answer >= k, group, design) for k in range(1, 5)]
    sex = None if female is None else ("female" if female else "male")
    return _record(
        "all", (YOUNGEST,), np.array([[e.value for e in each]]), [[e.low] for e in each], [[e.high] for e in each],
        [[e.low] for e in beyond], [[e.high] for e in beyond], int(group.sum()),
        "weighted share of each answer among those who gave one; range on the logit scale, Taylor linearization", sex,
    )  # fmt: skip


def _record(by, at, shares, low, high, beyond_low, beyond_high, n, derivation, sex) -> FrequencyCurve:  # type: ignore[no-untyped-def]
    def rows(columns: object) -> list[list[float]]:
        return [[float(f"{x:.{DIGITS}g}") for x in row] for row in np.array(columns).T]

    return msgspec.convert(
        {
            "by": by, "at": list(at), "shares": rows(shares.T), "low": rows(low), "high": rows(high),
            "at_least_low": rows(beyond_low), "at_least_high": rows(beyond_high), "n": n, "source": "nhanes_recalc",
            "verification": "computed", "derivation": derivation, "population": POPULATION, "place": PLACE, "sex": sex,
        },
        FrequencyCurve,
    )  # fmt: skip


def frequency_toml(curves: dict[str, FrequencyCurve]) -> str:
    """Return the curves as TOML tables."""
    return "\n".join(table(name, msgspec.to_builtins(curve)) for name, curve in curves.items())
