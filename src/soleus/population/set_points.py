"""How far people differ in a laboratory value: mean and spread of set points, from one sample of each of many people.

One sample scatters around a person's set point; the spread of samples is therefore the spread of set points plus what
varies within a person and in the laboratory. Those two are taken from the evidence and subtracted, as variances.

Source: Fraser 2001, Biological Variation, chapter 1, for the sum of variances; the survey's own correction of
creatinine in 2005-2006 (BIOPRO_D documentation: -0.016 + 0.978 x value).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from soleus.knowledge.laboratory_formulas import albumin_adjusted_calcium, egfr_ckd_epi_2021
from soleus.knowledge.schema import Claim, Quantity
from soleus.population.frequency_model import CrampAnswers
from soleus.population.reading import SurveyTable, refuse
from soleus.population.survey import Design, weighted_mean
from soleus.population.toml_text import DIGITS, table

FloatArray = NDArray[np.float64]

ADULT = 18
POPULATION = "US civilians at home, 18 and over, not pregnant, 2005-2006"

# quantity: survey column and its unit as the evidence spells it
DIRECT: dict[str, tuple[str, str]] = {
    "calcium": ("LBXSCA", "mg/dl"),
    "potassium": ("LBXSKSI", "mmol/l"),
    "sodium": ("LBXSNASI", "mmol/l"),
    "phosphate": ("LBXSPH", "mg/dl"),
    "albumin": ("LBXSAL", "g/dl"),
    "vitamin_d": ("LBDVIDMS", "nmol/l"),
    "pth": ("LBXPT21", "pg/ml"),
    "hba1c": ("LBXGH", "%"),
    "glucose": ("LBXSGL", "mg/dl"),
    "hemoglobin": ("LBXHGB", "g/dl"),
    "crp": ("LBXCRP", "mg/dl"),
    "bicarbonate": ("LBXSC3SI", "mmol/l"),
    "vitamin_b12": ("LBXB12", "pg/ml"),
    "ast": ("LBXSASSI", "u/l"),
    "alt": ("LBXSATSI", "u/l"),
    "white_cells": ("LBXWBCSI", "10*9/l"),
    "platelets": ("LBXPLTSI", "10*9/l"),
    "urea": ("LBXSBU", "mgbun/dl"),
    "urea_nitrogen": ("LBXSBU", "mg/dl"),
    "bilirubin": ("LBXSTB", "mg/dl"),
}
CREATININE, ALBUMIN = "LBXSCR", "LBXSAL"
DERIVED = ("calcium_adjusted", "creatinine", "egfr")


@dataclass(frozen=True, slots=True)
class SetPoints:
    """Mean and between-person coefficient of variation of one quantity, as claims of the evidence."""

    population_mean: Claim
    between_person_cv: Claim


def set_point_columns() -> frozenset[str]:
    """Return the survey columns that are read here."""
    return frozenset({column for column, _ in DIRECT.values()} | {CREATININE})


def set_points(
    survey: SurveyTable, answers: CrampAnswers, design: Design, quantities: dict[str, Quantity]
) -> dict[str, SetPoints]:
    """Return what the survey says of every quantity that it measured, in the quantity's unit.

    Parameters
    ----------
    survey, answers, design
        The survey.
    quantities : dict
        The evidence: units, shape, and variation within a person and in the laboratory.

    Raises
    ------
    PopulationError
        More variation within a person than there is between samples: the evidence or the file must be wrong.
    """
    adults = (answers.age >= ADULT) & (answers.month == 0)
    found = {}
    for key in (*DIRECT, *DERIVED):
        if key in quantities:
            values, place = _values(key, survey, answers, quantities)
            found[key] = _estimate(key, values, place, quantities[key], adults, design)
    return {key: found[key] for key in quantities if key in found}


def _values(
    key: str, survey: SurveyTable, answers: CrampAnswers, quantities: dict[str, Quantity]
) -> tuple[FloatArray, str]:
    def converted(quantity: str, column: str, unit: str) -> FloatArray:
        known = quantities[quantity]
        return survey.column(column) * known.units[unit] + known.offset.get(unit, 0.0)

    if key in DIRECT:
        column, unit = DIRECT[key]
        return converted(key, column, unit), column
    if key == "calcium_adjusted":
        calcium = converted("calcium", *DIRECT["calcium"])
        albumin = converted("albumin", *DIRECT["albumin"])
        known = (calcium > 0) & (albumin > 0)  # NaN is neither
        adjusted = np.full(len(calcium), np.nan)
        pairs = zip(calcium[known].tolist(), albumin[known].tolist(), strict=True)
        adjusted[known] = [albumin_adjusted_calcium(*pair) for pair in pairs]
        return adjusted, f"{DIRECT['calcium'][0]} corrected with {ALBUMIN}"
    creatinine = (0.978 * survey.column(CREATININE) - 0.016) * quantities["creatinine"].units["mg/dl"]
    if key == "creatinine":
        return creatinine, f"{CREATININE} after the survey's correction"
    known = (creatinine > 0) & (answers.age >= ADULT)  # NaN is neither
    sex = np.where(answers.female, "female", "male")
    rate = np.full(len(creatinine), np.nan)
    rate[known] = egfr_ckd_epi_2021(creatinine[known], answers.age[known], sex[known])
    return rate, f"CKD-EPI 2021 from {CREATININE} after the survey's correction"


def _estimate(
    key: str, values: FloatArray, place: str, quantity: Quantity, adults: NDArray[np.bool_], design: Design
) -> SetPoints:
    log_scale = quantity.distribution == "lognormal"
    values = np.where(values > 0, values, np.nan)
    x = np.log(values) if log_scale else values
    mean = weighted_mean(x, adults, design)
    spread = weighted_mean((x - mean.value) ** 2, adults, design)  # its error is that of the variance, too
    within, laboratory = quantity.within_person_cv, quantity.analytical_cv

    def variance(cv: float) -> float:
        return math.log1p((cv / 100) ** 2) if log_scale else (cv / 100 * mean.value) ** 2

    def between(total: float, cvi: float, cva: float) -> float:
        left = max(total - variance(cvi) - variance(cva), 0.0)
        return 100 * (math.sqrt(math.expm1(left)) if log_scale else math.sqrt(left) / mean.value)

    cv = between(spread.value, within.value, laboratory.value)
    if cv <= 0:
        raise refuse(
            "no_spread", f"{key} ({place})", "samples differ less than one person's own samples do",
            "people cannot all have the same set point", "check the column's unit and the evidence's within_person_cv",
        )  # fmt: skip
    low = between(spread.low, within.range[1], laboratory.range[1])
    high = between(spread.high, within.range[0], laboratory.range[0])

    def level(at: float) -> float:
        """The mean of set points; of a lognormal one it lies above the middle by half of its variance."""
        return math.exp(at + variance(cv) / 2) if log_scale else at

    total = between(spread.value, 0.0, 0.0)
    shape = "mean of the logarithms, moved up by half of the variance between people" if log_scale else "weighted mean"
    return SetPoints(
        _claim(
            level(mean.value), level(mean.low), level(mean.high), quantity.unit, mean.n, place,
            f"{shape}; design-based range",
        ),
        _claim(
            cv, low, high, "%", mean.n, place,
            f"total variation {total:.1f} % less within-person {within.value:g} % and laboratory {laboratory.value:g} "
            f"%, as variances{' of the logarithm' if log_scale else ''}; the range takes the ends of all three",
        ),
    )  # fmt: skip


def _claim(value: float, low: float, high: float, unit: str, n: int, place: str, derivation: str) -> Claim:
    value, low, high = (float(f"{x:.{DIGITS}g}") for x in (value, low, high))
    return Claim(
        value=value, range=(low, high), unit=unit, source="nhanes_recalc", verification="computed",
        derivation=derivation, population=f"{POPULATION}, n {n}", place=f"{place}, survey weights WTMEC2YR",
    )  # fmt: skip


def set_points_toml(found: dict[str, SetPoints]) -> str:
    """Return the claims as TOML tables, one a quantity."""
    return "\n".join(
        table(
            key,
            {
                "population_mean": msgspec.to_builtins(points.population_mean),
                "between_person_cv": msgspec.to_builtins(points.between_person_cv),
            },
        )
        for key, points in found.items()
    )
