"""Whether probabilities are right: mean squared error, calibration and discrimination on a weighted, clustered sample.

Every number has a design-based 95 % interval by linearization: each person's influence on it is summed by cluster.

Source: Steyerberg 2010 (doi:10.1097/EDE.0b013e3181c30fb2) and Van Calster 2019 (doi:10.1186/s12916-019-1466-7) for what
is measured; Binder 1983 (doi:10.2307/1402588) for the intervals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped]

from soleus.core.population import Estimate, ModelJudgment, RiskGroup
from soleus.population.survey import Design, total_covariance, weighted_mean, weighted_share

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

GROUPS = 10
FEWEST_IN_GROUP = 20  # choice: a group with fewer people is joined with its neighbor


def judge_model(name: str, p: FloatArray, y: BoolArray, group: BoolArray, design: Design, null: float) -> ModelJudgment:
    """Return what can be said of a model's probabilities.

    Parameters
    ----------
    name : str
    p : (n,) array
        Probabilities, 0 to 1; only those of the group are read.
    y : (n,) array of bool
        What was answered.
    group : (n,) array of bool
        The people to judge on.
    design : Design
    null : float
        The probability that the null gives to everybody.
    """
    brier = weighted_mean(np.where(group, (y - p) ** 2, np.nan).astype(np.float64), group, design)
    worst = weighted_mean(np.asarray((y - null) ** 2, dtype=np.float64), group, design).value
    logit = special.logit(np.clip(p, 1e-9, 1 - 1e-9))
    level = _logistic(np.ones((len(p), 1)), logit, y, group, design)
    varies = bool(np.ptp(p[group]) > 1e-12)
    line = _logistic(np.column_stack([np.ones(len(p)), logit]), np.zeros(len(p)), y, group, design) if varies else None
    groups = risk_groups(p, y, group, design)
    steps = (
        _linear(np.column_stack([np.ones(len(p)), _group_means(p, group, design)]), y, group, design)
        if varies
        else None
    )
    return ModelJudgment(
        model=name,
        brier=brier,
        scaled_brier=1 - brier.value / worst,
        in_the_large=level[0],
        slope=line[1] if line else None,
        intercept=line[0] if line else None,
        group_slope=steps[1] if steps else None,
        group_intercept=steps[0] if steps else None,
        auc=area_under_curve(p, y, group, design),
        groups=groups,
    )


def _logistic(x: FloatArray, offset: FloatArray, y: BoolArray, group: BoolArray, design: Design) -> list[Estimate]:
    """Return the coefficients of a survey-weighted logistic regression with sandwich intervals."""
    weight = np.where(group, design.weight, 0.0)
    weight = weight / weight.sum() * group.sum()
    x, y = np.where(group[:, None], x, 0.0), y.astype(np.float64)
    offset = np.where(group, offset, 0.0)
    beta = np.zeros(x.shape[1])
    for _ in range(60):
        fitted = special.expit(offset + x @ beta)
        information = (x * (weight * fitted * (1 - fitted))[:, None]).T @ x
        step = np.linalg.solve(information, x.T @ (weight * (y - fitted)))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    fitted = special.expit(offset + x @ beta)
    inverse = np.linalg.inv((x * (weight * fitted * (1 - fitted))[:, None]).T @ x)
    middle = total_covariance(design, x * (weight * (y - fitted))[:, None])
    return _estimates(beta, inverse @ middle @ inverse, int(group.sum()), design)


def _linear(x: FloatArray, y: BoolArray, group: BoolArray, design: Design) -> list[Estimate]:
    weight = np.where(group, design.weight, 0.0)
    weight, x = weight / weight.sum(), np.where(group[:, None], x, 0.0)
    inverse = np.linalg.inv((x * weight[:, None]).T @ x)
    beta = inverse @ (x.T @ (weight * y))
    middle = total_covariance(design, x * (weight * (y - x @ beta))[:, None])
    return _estimates(beta, inverse @ middle @ inverse, int(group.sum()), design)


def _estimates(beta: FloatArray, covariance: FloatArray, n: int, design: Design) -> list[Estimate]:
    errors = np.sqrt(np.diag(covariance))
    return [
        Estimate(float(b), float(b - design.t * e), float(b + design.t * e), float(e), n)
        for b, e in zip(beta, errors, strict=True)
    ]


def _group_of(p: FloatArray, group: BoolArray, design: Design) -> NDArray[np.int64]:
    """Return the tenth, by weight, of each person; -1 outside. People with the same probability stay together."""
    rows = np.flatnonzero(group)
    _, index = np.unique(np.round(p[rows], 12), return_inverse=True)
    weight = np.bincount(index.ravel(), design.weight[rows])
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    tenth = np.minimum((middle * GROUPS).astype(np.int64), GROUPS - 1)
    result = np.full(len(p), -1)
    result[rows] = tenth[index.ravel()]
    counts = np.bincount(result[rows], minlength=GROUPS)
    for k in range(GROUPS - 1):  # a small group goes up to the next
        if 0 < counts[k] < FEWEST_IN_GROUP:
            result[result == k] = k + 1
            counts[k + 1] += counts[k]
    return result


def _group_means(p: FloatArray, group: BoolArray, design: Design) -> FloatArray:
    tenth = _group_of(p, group, design)
    means = np.zeros(len(p))
    for k in np.unique(tenth[group]):
        means[tenth == k] = weighted_mean(p, tenth == k, design).value
    return means


def risk_groups(p: FloatArray, y: BoolArray, group: BoolArray, design: Design) -> tuple[RiskGroup, ...]:
    """Return predicted and observed shares in tenths of people by predicted probability (fewer when many are equal)."""
    tenth = _group_of(p, group, design)
    return tuple(
        RiskGroup(weighted_mean(p, tenth == k, design).value, weighted_share(y, tenth == k, design))
        for k in np.unique(tenth[group])
    )


def area_under_curve(p: FloatArray, y: BoolArray, group: BoolArray, design: Design) -> Estimate:
    """Return the probability that of two people, one with the outcome and one without, the right one has the higher p.

    Ties count half. The interval is on the logit scale.

    Source: the weighted Mann-Whitney statistic; its influence are the placement values (DeLong 1988,
    doi:10.2307/2531595), summed by cluster.
    """
    rows = np.flatnonzero(group)
    _, index = np.unique(np.round(p[rows], 12), return_inverse=True)
    index, cases, weight = index.ravel(), y[rows], design.weight[rows]
    with_it = np.bincount(index, weight * cases)
    without = np.bincount(index, weight * ~cases)
    below = (np.cumsum(without) - without / 2) / without.sum()  # share of those without it that lie lower
    above = 1 - (np.cumsum(with_it) - with_it / 2) / with_it.sum()
    area = float((with_it @ below) / with_it.sum())
    influence = np.zeros(len(p))
    influence[rows] = np.where(
        cases, weight * (below[index] - area) / with_it.sum(), weight * (above[index] - area) / without.sum()
    )
    error = float(np.sqrt(total_covariance(design, influence)[0, 0]))
    middle, half = special.logit(area), design.t * error / (area * (1 - area))
    return Estimate(area, float(special.expit(middle - half)), float(special.expit(middle + half)), error, len(rows))
