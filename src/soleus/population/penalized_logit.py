"""Logistic regression with penalized smooth curves, and intervals that know how the sample was drawn.

How smooth a curve is, is estimated and not chosen: the penalty is a variance, estimated by restricted maximum
likelihood (REML, Laplace) on weights that are scaled down by the design effect, so that a clustered sample does not buy
wiggles. The covariance is a sandwich of the design-based covariance of the scores, with the penalty's share added to
its middle: in a simple random sample it equals the Bayesian covariance that has close to nominal coverage. That the
penalty itself is estimated is added to it.

Source: Wood 2011 (doi:10.1111/j.1467-9868.2010.00749.x) for REML; Marra & Wood 2012
(doi:10.1111/j.1467-9469.2011.00760.x) for the intervals; Wood, Pya & Saefken 2016
(doi:10.1080/01621459.2016.1180986) for the estimated penalty; Binder 1983 (doi:10.2307/1402588) for the sandwich.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]

MOST_STEPS = 60
LOG_PENALTIES = (-8.0, 16.0)  # choice: from nearly free to nearly gone; the edges change no curve


@dataclass(frozen=True, slots=True)
class PenalizedFit:
    """A fitted curve.

    ``coefficients`` (p,) on the logit scale; ``inverse`` (p, p) of the penalized information; ``penalty`` (p, p) and
    ``information`` (p, p) on the scale of the effective sample size; ``effect`` is the design effect behind that scale.
    ``smoothing`` (p, p) is the covariance that comes from the penalties being estimated.
    """

    coefficients: FloatArray
    inverse: FloatArray
    penalty: FloatArray
    information: FloatArray
    effect: float
    log_penalties: tuple[float, ...]
    log_evidence: float
    smoothing: FloatArray

    @property
    def degrees(self) -> float:
        """Effective degrees of freedom."""
        return float(np.trace(self.inverse @ self.information))


def fit_logit(
    x: FloatArray, yes: FloatArray, all_of: FloatArray, blocks: Sequence[slice], effect: float = 1.0
) -> PenalizedFit:
    """Return the regression of a share on columns of which some blocks are penalized.

    Parameters
    ----------
    x : (n, p) array
        Columns; those of a block are scaled so that their coefficients share one variance.
    yes, all_of : (n,) arrays
        Weighted number with the outcome, and of all, in each row; weights with mean 1 over people.
    blocks : sequence of slice
        The penalized columns, one penalty each; other columns are free.
    effect : float
        Design effect: the weights are divided by it.
    """
    yes, all_of = yes / effect, all_of / effect
    if not blocks:
        return _fit_with(x, yes, all_of, blocks, (), effect)

    def cost(log_penalties: FloatArray) -> float:
        clipped = np.clip(log_penalties, *LOG_PENALTIES)
        beyond = float(np.abs(log_penalties - clipped).sum())
        return -_fit_with(x, yes, all_of, blocks, tuple(clipped), effect).log_evidence + beyond

    start = np.full(len(blocks), 2.0)
    found = optimize.minimize(
        cost, start, method="Nelder-Mead",
        options={"xatol": 1e-4, "fatol": 1e-8, "maxiter": 2000, "initial_simplex": _simplex(start)},
    )  # fmt: skip
    best = np.clip(found.x, *LOG_PENALTIES)
    fit = _fit_with(x, yes, all_of, blocks, tuple(float(v) for v in best), effect)
    return replace(fit, smoothing=_smoothing_covariance(fit, blocks, _curvature(cost, best)))


def _curvature(cost: Callable[[FloatArray], float], at: FloatArray) -> FloatArray:
    """Return the second derivatives of the cost by central differences, taken inside the bounds."""
    width = 0.5  # choice: wide enough for a flat valley
    at = np.clip(at, LOG_PENALTIES[0] + 2 * width, LOG_PENALTIES[1] - 2 * width)
    ends = width * np.eye(len(at))
    result = np.zeros((len(at), len(at)))
    for i, a in enumerate(ends):
        for j, b in enumerate(ends[: i + 1]):
            cross = cost(at + a + b) - cost(at + a - b) - cost(at - a + b) + cost(at - a - b)
            result[i, j] = result[j, i] = cross / (4 * width**2)
    return result


def _smoothing_covariance(fit: PenalizedFit, blocks: Sequence[slice], curvature: FloatArray) -> FloatArray:
    """Return what the coefficients vary by because the penalties are estimated.

    Before anything is seen, a logarithm of a penalty is anywhere between the bounds: that variance is the most it has.
    """
    before = 12 / (LOG_PENALTIES[1] - LOG_PENALTIES[0]) ** 2
    values, vectors = np.linalg.eigh(curvature)
    variance = vectors @ np.diag(1 / (np.maximum(values, 0) + before)) @ vectors.T
    slopes = np.zeros((len(fit.coefficients), len(blocks)))
    for column, block in enumerate(blocks):
        pull = np.zeros(len(fit.coefficients))
        pull[block] = np.diag(fit.penalty)[block] * fit.coefficients[block]
        slopes[:, column] = -fit.inverse @ pull
    return np.asarray(slopes @ variance @ slopes.T)


def fit_at(
    x: FloatArray, yes: FloatArray, all_of: FloatArray, blocks: Sequence[slice], log_penalties: Sequence[float]
) -> PenalizedFit:
    """Return the regression with penalties that are known already; without blocks it is an ordinary one."""
    return _fit_with(x, yes, all_of, blocks, tuple(log_penalties), 1.0)


def _simplex(start: FloatArray) -> FloatArray:
    return np.vstack([start, start + 4.0 * np.eye(len(start))])


def _fit_with(
    x: FloatArray, yes: FloatArray, all_of: FloatArray, blocks: Sequence[slice], log_penalties: tuple[float, ...],
    effect: float,
) -> PenalizedFit:  # fmt: skip
    """Fit with known penalties by Newton steps, each halved until the penalized likelihood does not fall."""
    diagonal = np.zeros(x.shape[1])
    for block, value in zip(blocks, log_penalties, strict=True):
        diagonal[block] = np.exp(value)
    # a column of zeros (nobody is pregnant) keeps the coefficient 0 and does not stop the others
    idle = np.diag((~x.any(axis=0)).astype(np.float64))
    beta = np.zeros(x.shape[1])

    def likelihood(at: FloatArray) -> float:
        eta = x @ at
        return float(yes @ eta - all_of @ np.logaddexp(0, eta) - 0.5 * (diagonal * at) @ at)

    value = likelihood(beta)
    for _ in range(MOST_STEPS):
        p = special.expit(x @ beta)
        information = (x * (all_of * p * (1 - p))[:, None]).T @ x
        gradient = x.T @ (yes - all_of * p) - diagonal * beta
        hessian = information + np.diag(diagonal) + idle
        step = np.linalg.solve(hessian + 1e-12 * np.trace(hessian) * np.eye(len(hessian)) / len(hessian), gradient)
        scale = 1.0
        while likelihood(beta + scale * step) < value - 1e-12 and scale > 1e-6:
            scale /= 2
        beta = beta + scale * step
        new = likelihood(beta)
        if abs(new - value) < 1e-11 * (1 + abs(new)) and np.abs(scale * step).max() < 1e-9:
            break
        value = new
    p = special.expit(x @ beta)
    information = (x * (all_of * p * (1 - p))[:, None]).T @ x
    hessian = information + np.diag(diagonal) + idle
    penalized = diagonal[diagonal > 0]
    evidence = likelihood(beta) - 0.5 * np.linalg.slogdet(hessian)[1] + 0.5 * float(np.log(penalized).sum())
    return PenalizedFit(
        beta, np.linalg.inv(hessian), np.diag(diagonal), information, effect, log_penalties, float(evidence),
        np.zeros_like(hessian),
    )  # fmt: skip


def design_effect(fit: PenalizedFit, middle: FloatArray) -> float:
    """Return how much more the fit scatters than in a simple random sample of as many people.

    The mean of the generalized design effects (Rao & Scott 1984), each weighted by how freely it was fitted.
    ``middle`` is the design-based covariance of the scores, unscaled.
    """
    information = fit.information * fit.effect  # of people, not of effective people
    return float(np.trace(fit.inverse @ middle) / np.trace(fit.inverse @ information))
