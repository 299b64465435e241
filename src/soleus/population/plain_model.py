"""The plain model that the fitted curves must not be worse than: a straight line of age, sex, and pregnant or not.

Frozen, its few coefficients are part of the evidence; beside that it is fitted again on the people who judge, each time
without the part of the country that is predicted, which is more than a frozen model can have.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped]

from soleus.knowledge.schema import PlainModel
from soleus.population.age_curve import line
from soleus.population.frequency_model import CrampAnswers
from soleus.population.penalized_logit import fit_at
from soleus.population.survey import Design
from soleus.population.toml_text import DIGITS, table

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Outcome = Literal["any", "frequent"]

LEAST: dict[Outcome, int] = {"any": 1, "frequent": 3}  # the first answer that counts


def has_outcome(answers: CrampAnswers, outcome: Outcome) -> BoolArray:
    """Return who has night cramps at all, or five or more a month."""
    return np.asarray(answers.answer >= LEAST[outcome])


def plain_columns(answers: CrampAnswers) -> FloatArray:
    """Return intercept, age in tens of years from 50, female, pregnant."""
    pregnant = np.where(np.isnan(answers.month), 1.0, answers.month > 0)
    return np.column_stack([np.ones(len(answers.age)), line(np.nan_to_num(answers.age)), answers.female, pregnant])


def fit_plain(answers: CrampAnswers, design: Design, outcome: Outcome, keep: BoolArray) -> FloatArray:
    """Return the four coefficients of the survey-weighted logistic regression on some people."""
    used = answers.used & keep
    x, weight = plain_columns(answers)[used], design.weight[used] / design.weight[used].mean()
    constant = np.ptp(x, axis=0) == 0  # no pregnant women among them: their coefficient is not asked for
    constant[0] = False
    beta = np.zeros(x.shape[1])
    beta[~constant] = fit_at(x[:, ~constant], weight * has_outcome(answers, outcome)[used], weight, [], ()).coefficients
    return beta


def predict_plain(coefficients: FloatArray, answers: CrampAnswers) -> FloatArray:
    """Return everybody's probability."""
    return np.asarray(special.expit(plain_columns(answers) @ coefficients))


def plain_models(answers: CrampAnswers, design: Design) -> dict[str, PlainModel]:
    """Return the plain models of both outcomes with their prevalence, as the evidence keeps them."""
    models: dict[str, PlainModel] = {}
    for outcome in LEAST:
        beta = fit_plain(answers, design, outcome, answers.used)
        weight = np.where(answers.used, design.weight, 0.0)
        prevalence = float(weight @ has_outcome(answers, outcome) / weight.sum())
        rounded = [float(f"{x:.{DIGITS}g}") for x in (*beta, prevalence)]
        models[outcome] = PlainModel(
            outcome=outcome,
            intercept=rounded[0],
            per_ten_years=rounded[1],
            female=rounded[2],
            pregnant=rounded[3],
            prevalence=rounded[4],
            n=int(answers.used.sum()),
            source="nhanes_recalc",
            verification="computed",
            derivation="survey-weighted logistic regression on age (16 to 85), sex and pregnancy; kept to compare with",
            population="US civilians at home, 16 and over, 2005-2006",
            place="question SLQ160, survey weights WTMEC2YR",
        )
    return models


def frozen_coefficients(model: PlainModel) -> FloatArray:
    """Return the coefficients that the evidence keeps."""
    return np.array([model.intercept, model.per_ten_years, model.female, model.pregnant])


def plain_toml(models: dict[str, PlainModel]) -> str:
    """Return the models as TOML tables."""
    return "\n".join(table(name, msgspec.to_builtins(model)) for name, model in models.items())
