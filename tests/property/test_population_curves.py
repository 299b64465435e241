"""What must not change the fitted curves: the order of people, the unit of the weights, and who cannot be fitted on.

Whether their intervals hold a known truth, and whether a straight truth stays straight, is asked in
`test_population_survey`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from soleus.population.frequency_model import CrampAnswers, FrequencyModel, fit_frequency
from soleus.population.survey import Design

FloatArray = NDArray[np.float64]
N, STRATA = 1500, 15
AGES = np.tile(np.array([16.0, 25, 35, 45, 55, 65, 75, 85]), 2)
FEMALE = np.repeat([True, False], 8)


@pytest.fixture(scope="module")
def people() -> tuple[CrampAnswers, Design]:
    """A small survey whose curve bends at fifty, with pregnant women."""
    rng = np.random.default_rng(11)
    age, female = rng.integers(16, 86, N).astype(float), rng.random(N) < 0.5
    month = np.where(female & (age < 40) & (rng.random(N) < 0.3), rng.integers(1, 11, N), 0).astype(float)
    go_on = special.expit(-1.2 + 1.1 * special.expit((age - 50) / 4) + 0.3 * female + 0.8 * (month > 6))
    answer = np.cumprod(rng.random((N, 4)) < go_on[:, None], axis=1).sum(axis=1).astype(float)
    design = Design(rng.lognormal(9, 0.5, N), rng.integers(0, 2 * STRATA, N), np.repeat(np.arange(STRATA), 2))
    return CrampAnswers(answer, age, female, month, np.ones(N, dtype=bool)), design


@pytest.fixture(scope="module")
def fitted(people: tuple[CrampAnswers, Design]) -> FrequencyModel:
    return fit_frequency(*people)


def reordered(answers: CrampAnswers, design: Design, rows: NDArray[np.int64]) -> tuple[CrampAnswers, Design]:
    return (
        CrampAnswers(
            answers.answer[rows], answers.age[rows], answers.female[rows], answers.month[rows], answers.used[rows]
        ),
        Design(design.weight[rows], design.cluster[rows], design.stratum_of),
    )


def told(model: FrequencyModel, month: float = 0.0) -> FloatArray:
    """Return shares of five answers and the ends of their intervals."""
    women = FEMALE if month == 0 else np.ones(len(AGES), dtype=bool)
    shares, slopes = model.shares(AGES, women, np.full(len(AGES), month))
    ends = [model.interval(shares[:, k], slopes[:, k]) for k in range(5)]
    return np.concatenate([shares, *(np.stack(pair, axis=1) for pair in ends)], axis=1)


def test_the_curves_are_not_flat(fitted: FrequencyModel) -> None:
    """What is compared below is not the same for everybody."""
    shares = told(fitted)[:8, 0]
    assert shares[2] - shares[6] > 0.1
    assert np.all(np.diff(told(fitted)[:, 5:].reshape(16, 5, 2), axis=2) > 0)


def test_the_order_of_people_changes_nothing(people: tuple[CrampAnswers, Design], fitted: FrequencyModel) -> None:
    """To the fifth digit, which is what the evidence keeps: sums are taken in another order."""
    again = fit_frequency(*reordered(*people, np.random.default_rng(12).permutation(N)))
    for month in (0.0, 9.0):
        np.testing.assert_allclose(told(again, month), told(fitted, month), rtol=1e-5)


@pytest.mark.parametrize("factor", [2.0, 1e-4])
def test_the_unit_of_the_weights_changes_nothing(
    people: tuple[CrampAnswers, Design], fitted: FrequencyModel, factor: float
) -> None:
    """The interval too: twice the weight is not twice as many people."""
    answers, design = people
    again = fit_frequency(answers, replace(design, weight=factor * design.weight))
    for month in (0.0, 9.0):
        np.testing.assert_allclose(told(again, month), told(fitted, month), rtol=1e-5)


def test_who_is_not_used_changes_nothing(people: tuple[CrampAnswers, Design], fitted: FrequencyModel) -> None:
    """Of people marked as not used, and of pregnant women in an unknown month, no answer is looked at."""
    answers, design = people
    rows = np.concatenate([np.arange(N), np.arange(300)])
    more, wider = reordered(answers, design, rows)
    extra = np.arange(len(rows)) >= N
    unknown = extra & more.female
    more = replace(
        more,
        answer=np.where(extra, 4.0, more.answer),
        month=np.where(unknown, np.nan, more.month),
        used=~extra | unknown,
    )
    again = fit_frequency(more, wider)
    assert again.n == fitted.n == N
    np.testing.assert_allclose(told(again), told(fitted), rtol=1e-5)
