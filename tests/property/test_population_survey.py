"""Simulated surveys whose truth is known: do intervals hold it, are curves found, is calibration told rightly.

A population of strata and clusters with a random effect of each cluster is drawn many times with unequal weights.
Bounds are those of the number of draws: with 200 draws a coverage of 95 % lies within 91 and 99 % in more than 99 of
100 runs.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from soleus.population.calibration import area_under_curve, judge_model
from soleus.population.frequency_model import CrampAnswers, fit_frequency
from soleus.population.relative_risk import LogRatio, empirical_null
from soleus.population.survey import Design, weighted_mean, weighted_share

FloatArray = NDArray[np.float64]
STRATA, CLUSTERS = 15, 2
DRAWS = 200


def draw_design(rng: np.random.Generator, n: int) -> Design:
    cluster = rng.integers(0, STRATA * CLUSTERS, n)
    return Design(rng.lognormal(0, 0.5, n), cluster, np.repeat(np.arange(STRATA), CLUSTERS))


def true_steps(age: FloatArray, female: NDArray[np.bool_]) -> FloatArray:
    """P(once or more), and of these twice, five, and sixteen times or more."""
    curve = -1.1 + 0.9 * special.expit((age - 48) / 6) + 0.3 * female
    return special.expit(
        np.stack([curve, np.full_like(curve, 0.5), -1.2 + 0.01 * (age - 50), -0.8 + 0 * curve], axis=1)
    )


def draw_answers(rng: np.random.Generator, design: Design, *, together: float) -> CrampAnswers:
    n = len(design.weight)
    age, female = rng.integers(16, 86, n).astype(float), rng.random(n) < 0.5
    steps = special.logit(true_steps(age, female))
    steps[:, 0] += together * rng.standard_normal(STRATA * CLUSTERS)[design.cluster]
    answer = np.cumprod(rng.random((n, 4)) < special.expit(steps), axis=1).sum(axis=1).astype(float)
    return CrampAnswers(answer, age, female, np.zeros(n), np.ones(n, dtype=bool))


def test_intervals_of_shares_hold_the_truth_in_clusters() -> None:
    rng, hits, group = np.random.default_rng(1), 0, np.ones(1500, dtype=bool)
    for _ in range(DRAWS):
        design = draw_design(rng, 1500)
        effect = 0.4 * rng.standard_normal(STRATA * CLUSTERS)
        p = special.expit(-2 + effect)[design.cluster]
        found = weighted_share(rng.random(1500) < p, group, design)
        truth = float(special.expit(-2 + 0.4 * np.random.default_rng(0).standard_normal(200_000)).mean())
        hits += found.low <= truth <= found.high
    assert 0.91 * DRAWS <= hits <= 0.99 * DRAWS


def test_ignoring_the_clusters_would_not_hold_it() -> None:
    """The check above can fail: intervals that take people for independent are too short here."""
    rng, hits = np.random.default_rng(1), 0
    truth = float(special.expit(-2 + 0.4 * np.random.default_rng(0).standard_normal(200_000)).mean())
    for _ in range(DRAWS):
        cluster = rng.integers(0, STRATA * CLUSTERS, 1500)
        y = rng.random(1500) < special.expit(-2 + 0.4 * rng.standard_normal(STRATA * CLUSTERS))[cluster]
        half = 1.96 * np.sqrt(y.mean() * (1 - y.mean()) / 1500)
        hits += abs(y.mean() - truth) <= half
    assert hits < 0.88 * DRAWS


def test_a_domain_is_no_sample_of_its_own() -> None:
    rng = np.random.default_rng(2)
    design = draw_design(rng, 800)
    y, group = rng.random(800) < 0.3, design.cluster < 10
    found = weighted_mean(y.astype(float), group, design)
    assert found.n == group.sum()
    assert found.value == pytest.approx(np.average(y[group], weights=design.weight[group]))
    scaled = Design(design.weight * 1000, design.cluster, design.stratum_of)
    assert weighted_mean(y.astype(float), group, scaled).error == pytest.approx(found.error)


@pytest.mark.long
def test_the_fitted_curves_hold_the_true_ones() -> None:
    """Over 24 surveys and 14 places on two curves: 95 % intervals hold the truth in 89 % or more.

    In 40 surveys it was 92.8 % (standard error 1.2): 94 % for five or more a month, 91 % for any, 78 to 85 % where the
    true curve turns most sharply, as smoothing costs there what it gains elsewhere.
    """
    rng, hits, total = np.random.default_rng(3), 0, 0
    ages, sexes = np.repeat(np.array([18, 28, 38, 48, 58, 68, 80.0]), 2), np.tile([True, False], 7)
    truth = np.cumprod(true_steps(ages, sexes), axis=1)[:, [0, 2]]
    for _ in range(24):
        design = draw_design(rng, 4000)
        model = fit_frequency(draw_answers(rng, design, together=0.1), design)
        shares, slopes = model.shares(ages, sexes, np.zeros(len(ages)))
        assert shares.sum(axis=1) == pytest.approx(np.ones(len(ages)))
        for column, least in enumerate((1, 3)):
            low, high = model.interval(shares[:, least:].sum(axis=1), slopes[:, least:].sum(axis=1))
            hits += int(((low <= truth[:, column]) & (truth[:, column] <= high)).sum())
            total += len(ages)
    assert 0.89 * total <= hits <= 0.995 * total


def test_where_nothing_bends_nothing_is_bent() -> None:
    """With a straight truth the curves cost little more than their lines: no wiggles that the data do not bear."""
    rng = np.random.default_rng(4)
    design = draw_design(rng, 4000)
    answers = draw_answers(rng, design, together=0.0)
    straight = rng.random(4000) < special.expit(-1 + 0.02 * (answers.age - 50))
    flat = CrampAnswers(
        straight * (1.0 + rng.integers(0, 4, 4000)), answers.age, answers.female, answers.month, answers.used
    )
    model = fit_frequency(flat, design)
    assert all(step.degrees < 7.5 for step in model.steps)  # four are free: level and slope of either sex


@pytest.mark.parametrize("stretch", [0.5, 1.0, 2.0])
def test_the_calibration_slope_undoes_a_stretch(stretch: float) -> None:
    rng = np.random.default_rng(5)
    design = draw_design(rng, 20_000)
    logit = -1 + rng.standard_normal(20_000)
    y, everybody = rng.random(20_000) < special.expit(logit), np.ones(20_000, dtype=bool)
    judged = judge_model("stretched", special.expit(stretch * logit), y, everybody, design, float(y.mean()))
    assert judged.slope is not None
    assert judged.intercept is not None
    assert judged.slope.low <= 1 / stretch <= judged.slope.high
    assert judged.intercept.low <= 0 <= judged.intercept.high
    assert len(judged.groups) == 10
    assert (judged.scaled_brier > 0) == (stretch < 2.5)


def test_the_area_under_the_curve_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(6)
    design = draw_design(rng, 300)
    p, y = np.round(rng.random(300), 1), rng.random(300) < 0.3  # rounded: many ties
    group = np.arange(300) % 3 > 0
    weight = np.outer(design.weight[group & y], design.weight[group & ~y])
    higher = np.subtract.outer(p[group & y], p[group & ~y])
    expected = (weight * ((higher > 0) + 0.5 * (higher == 0))).sum() / weight.sum()
    found = area_under_curve(p, y, group, design)
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high


def test_the_area_under_the_curve_knows_its_error() -> None:
    rng, areas, errors = np.random.default_rng(7), [], []
    for _ in range(DRAWS):
        design = draw_design(rng, 600)
        x = rng.standard_normal(600)
        y = rng.random(600) < special.expit(x - 1)
        found = area_under_curve(x, y, np.ones(600, dtype=bool), design)
        areas.append(found.value)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.15)


def test_the_empirical_null_finds_a_common_error() -> None:
    rng = np.random.default_rng(8)
    errors = rng.uniform(0.05, 0.1, 200)
    controls = [LogRatio(float(rng.normal(0.2, np.hypot(e, 0.15))), float(e)) for e in errors]
    null = empirical_null(controls)
    assert null.mean == pytest.approx(0.2, abs=0.05)
    assert null.spread == pytest.approx(0.15, abs=0.04)
    assert empirical_null(controls[:2]).spread == 0
