"""The range of pure noise against printed tables, and the number of days against simulation.

Expected: the factors d2 and d3 of control charts, as printed to three digits in every table of them (ASTM MNL 7;
Montgomery, Introduction to statistical quality control, appendix VI). Tolerance: half of the last printed digit.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import stdtrit

from soleus.monitoring.noise_range import FALSE_ALARM, days_to_measure, noise_amplitude, range_moments

PRINTED = {
    2: (1.128, 0.853),
    3: (1.693, 0.888),
    4: (2.059, 0.880),
    5: (2.326, 0.864),
    6: (2.534, 0.848),
    7: (2.704, 0.833),
    8: (2.847, 0.820),
    9: (2.970, 0.808),
    10: (3.078, 0.797),
}


@pytest.mark.parametrize("readings", PRINTED)
def test_mean_and_spread_of_the_range_are_the_printed_ones(readings: int) -> None:
    assert range_moments(readings) == pytest.approx(PRINTED[readings], abs=0.0006)


def test_two_readings_have_a_closed_form() -> None:
    assert range_moments(2)[0] == pytest.approx(2 / math.sqrt(math.pi), abs=1e-6)
    assert range_moments(2)[1] == pytest.approx(math.sqrt(2 - 4 / math.pi), abs=1e-4)


@pytest.mark.parametrize("sizes", [[2] * 7, [2] * 28, [2, 3, 4] * 5])
def test_pure_noise_stays_below_its_limit(sizes: list[int]) -> None:
    rng = np.random.default_rng(3)
    expected, limit = noise_amplitude(sizes, 1.0)
    means = np.mean([np.ptp(rng.normal(size=(20_000, k)), axis=1) for k in sizes], axis=0)
    assert np.mean(means) == pytest.approx(expected, rel=0.01)
    assert 0.006 <= np.mean(means > limit) <= 0.014  # one in a hundred; 20,000 runs leave 0.07 points


@pytest.mark.parametrize(("difference", "sd"), [(5.0, 7.0), (3.0, 7.0), (6.0, 5.0)])
def test_the_days_needed_find_the_difference_in_four_of_five(difference: float, sd: float) -> None:
    days = days_to_measure(difference, sd, fewest=3)
    assert days is not None
    rng = np.random.default_rng(5)
    d = rng.normal(difference, sd, (20_000, days))
    found = np.abs(d.mean(axis=1)) > stdtrit(days - 1, 1 - FALSE_ALARM / 2) * d.std(axis=1, ddof=1) / math.sqrt(days)
    assert 0.77 <= found.mean() <= 0.85


def test_no_difference_takes_for_ever_and_no_scatter_the_fewest() -> None:
    assert days_to_measure(0.0, 1.0, 7) is None
    assert days_to_measure(1.0, 0.0, 7) == 7
