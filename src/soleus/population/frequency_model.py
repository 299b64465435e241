"""How often people of an age, a sex and a month of pregnancy have night cramps: five answers, smooth in age.

Each answer is reached through the ones before it: once or more, of these twice or more, of these five or more, of
these sixteen or more times a month (a continuation-ratio model). Each step is a logistic regression with its own smooth
curve of age, its own smooth difference between the sexes and its own smooth effect of the month of pregnancy, so the
steps need not be parallel. What is uncertain in one step is uncertain together with the others: the covariance is
taken over all steps at once.

Source: Agresti 2013, Categorical Data Analysis, 8.3.6, for continuation ratios; `penalized_logit` for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped]

from soleus.population.age_curve import bends, line, month_steps
from soleus.population.penalized_logit import PenalizedFit, design_effect, fit_logit
from soleus.population.reading import SurveyTable
from soleus.population.survey import Design, total_covariance

FloatArray = NDArray[np.float64]

STEPS = 4
ROUNDS = 3  # choice: the design effect and the curve are estimated in turn; it changes by less than 1 % after two


@dataclass(frozen=True, slots=True)
class CrampAnswers:
    """Who answered, as columns over all people of the file.

    ``answer`` 0 to 4, NaN for none; ``female`` bool; ``month`` of pregnancy, 0 for not pregnant, NaN for pregnant
    in an unknown month. ``used`` marks those who can be fitted: an answer, a weight, and a known month if pregnant.
    """

    answer: FloatArray
    age: FloatArray
    female: NDArray[np.bool_]
    month: FloatArray
    used: NDArray[np.bool_]


def read_answers(table: SurveyTable, design: Design) -> CrampAnswers:
    """Return the answers to the question on night cramps with age, sex and pregnancy.

    Pregnant is RIDEXPRG 1 (at the examination); its month is RHD152. Those whose pregnancy could not be ascertained
    count as not pregnant: most of them are women for whom no test was done. Without the column RIDEXPRG everybody does,
    and without RHD152 every month is unknown.
    """
    answer = table.codes("SLQ160", 0, 1, 2, 3, 4)
    sex = table.codes("RIAGENDR", 1, 2)
    age = table.column("RIDAGEYR")
    nobody = np.full(table.n, np.nan)
    pregnant = (table.codes("RIDEXPRG", 1, 2, 3) if "RIDEXPRG" in table else nobody) == 1
    month = np.where(pregnant, table.codes("RHD152", *range(1, 11)) if "RHD152" in table else nobody, 0.0)
    used = ~np.isnan(answer) & ~np.isnan(sex) & ~np.isnan(age) & (age >= 16) & (design.weight > 0)
    return CrampAnswers(answer, age, sex == 2, month, used)


def model_columns(age: FloatArray, female: NDArray[np.bool_], month: FloatArray) -> tuple[FloatArray, list[slice]]:
    """Return the regression columns and which of them are penalized together."""
    side = np.where(female, 0.5, -0.5)
    tens, bent = line(age), bends(age)
    pregnant = (month > 0).astype(np.float64)
    free = np.column_stack([np.ones_like(tens), tens, side, side * tens, pregnant])
    walk = month_steps(month)
    parts = [free, bent, side[:, None] * bent, walk]
    ends = np.cumsum([part.shape[1] for part in parts])
    return np.concatenate(parts, axis=1), [slice(int(a), int(b)) for a, b in pairwise(ends)]


@dataclass(frozen=True, slots=True)
class FrequencyModel:
    """The fitted steps and the covariance of all their coefficients together; ``t`` is the reach of an interval."""

    steps: tuple[PenalizedFit, ...]
    covariance: FloatArray
    t: float
    n: int

    def shares(self, age: FloatArray, female: NDArray[np.bool_], month: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return shares of the five answers (n, 5) and their derivatives (n, 5, p) by all coefficients."""
        x, _ = model_columns(age, female, month)
        width = x.shape[1]
        go_on = np.stack([special.expit(x @ step.coefficients) for step in self.steps], axis=1)
        reach = np.concatenate([np.ones((len(x), 1)), np.cumprod(go_on, axis=1)], axis=1)  # P(answer >= k)
        slope = np.zeros((len(x), STEPS + 1, STEPS * width))
        for k in range(1, STEPS + 1):
            for j in range(k):
                slope[:, k, j * width : (j + 1) * width] = (reach[:, k] * (1 - go_on[:, j]))[:, None] * x
        shares = reach - np.concatenate([reach[:, 1:], np.zeros((len(x), 1))], axis=1)
        slopes = slope - np.concatenate([slope[:, 1:], np.zeros((len(x), 1, slope.shape[2]))], axis=1)
        return shares, slopes

    def interval(self, value: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of shares (n,) with derivatives (n, p), on the logit scale."""
        error = np.sqrt(np.einsum("np,pq,nq->n", slope, self.covariance, slope))
        middle, half = special.logit(value), self.t * error / (value * (1 - value))
        return special.expit(middle - half), special.expit(middle + half)


def fit_frequency(answers: CrampAnswers, design: Design, left_out: int | None = None) -> FrequencyModel:
    """Return the model of the five answers.

    Parameters
    ----------
    answers : CrampAnswers
    design : Design
    left_out : int, optional
        A cluster whose people are not fitted on.

    Source: choice: women whose month of pregnancy is unknown are left out, as nothing can be learned from them here.
    """
    used = answers.used & ~np.isnan(answers.month) & (design.cluster != (-1 if left_out is None else left_out))
    effect = np.ones(STEPS)
    cells, index = np.unique(
        np.column_stack([answers.age, answers.female, np.nan_to_num(answers.month)])[used], axis=0, return_inverse=True
    )
    x, blocks = model_columns(cells[:, 0], cells[:, 1] == 1, cells[:, 2])
    index = index.ravel()
    weight = design.weight[used] / design.weight[used].mean()
    answer = answers.answer[used]
    for _ in range(ROUNDS):
        fits, effects = [], []
        scores = np.zeros((len(answers.used), STEPS * x.shape[1]))
        for k in range(STEPS):
            reached, beyond = weight * (answer >= k), weight * (answer >= k + 1)
            yes, everybody = (np.bincount(index, of, len(x)).astype(np.float64) for of in (beyond, reached))
            fit = fit_logit(x, yes, everybody, blocks, float(effect[k]))
            residual = beyond - reached * special.expit(x @ fit.coefficients)[index]
            columns = slice(k * x.shape[1], (k + 1) * x.shape[1])
            scores[used, columns] = residual[:, None] * x[index]
            effects.append(design_effect(fit, total_covariance(design, scores[:, columns], left_out)))
            fits.append(fit)
        scaled_by, effect = effect, np.maximum(effects, 1.0)
    scale = np.repeat(scaled_by, x.shape[1])
    middle = total_covariance(design, scores, left_out) / np.outer(scale, scale)
    inverse, smoothing = np.zeros_like(middle), np.zeros_like(middle)
    for k, fit in enumerate(fits):
        columns = slice(k * x.shape[1], (k + 1) * x.shape[1])
        middle[columns, columns] += fit.penalty
        inverse[columns, columns], smoothing[columns, columns] = fit.inverse, fit.smoothing
    return FrequencyModel(tuple(fits), inverse @ middle @ inverse + smoothing, design.t, int(used.sum()))
