"""Reference change values, the worked calcium table and regression to the mean against printed figures.

Every reference change value is that of the evidence summary, printed to one decimal, for z 1.96; CVA is half of CVI
except where the summary used another. The calcium table (CVI 2.1 %, CVA 1.05 %) is compared to its last printed figure.
Creatine kinase: Wu 2009 prints +140 % and -60 %. The expected second reading has the formula of Barnett 2005; its
limits are compared with simulated pairs of readings, tolerance 3.5 standard errors.
"""

from __future__ import annotations

import numpy as np
import pytest

from soleus.monitoring.variation import (
    chance_mean_below,
    expect_second,
    rcv_lognormal,
    rcv_symmetric,
    samples_needed,
)

# test, CVI %, symmetric, up, down
RCV = [
    ("calcium", 2.1, 6.5, 6.7, -6.3),
    ("calcium, albumin-adjusted", 2.1, 6.5, 6.7, -6.3),
    ("calcium, ionized", 1.7, 5.3, 5.4, -5.1),
    ("magnesium", 3.6, 11.2, 11.8, -10.6),
    ("potassium", 4.6, 14.3, 15.3, -13.3),
    ("sodium", 0.6, 1.9, 1.9, -1.8),
    ("phosphate", 8.15, 25.3, 28.7, -22.3),
    ("albumin", 2.5, 8.1, 8.4, -7.8),
    ("25-hydroxyvitamin D", 6.3, 19.5, 21.5, -17.7),
    ("parathyroid hormone", 25.9, 80.3, 119.6, -54.5),
    ("creatine kinase", 22.8, 70.7, 100.5, -50.1),
    ("TSH", 19.3, 59.8, 80.6, -44.6),
    ("creatinine", 4.4, 13.6, 14.6, -12.7),
    ("ferritin", 14.2, 44.0, 54.9, -35.4),
    ("hemoglobin A1c", 1.2, 3.7, 3.8, -3.7),
    ("glucose", 4.7, 13.1, 14.0, -12.3),
]
OTHER_CVA = {"albumin": 1.5, "glucose": 0.58}  # the summary used the laboratory's own for these two


@pytest.mark.parametrize(("name", "cvi", "symmetric", "up", "down"), RCV)
def test_reference_change_values(name: str, cvi: float, symmetric: float, up: float, down: float) -> None:
    cva = OTHER_CVA.get(name, 0.5 * cvi)
    assert rcv_symmetric(cvi, cva, 1.96) == pytest.approx(symmetric, abs=0.051)
    assert rcv_lognormal(cvi, cva, 1.96) == pytest.approx((up, down), abs=0.051)


def test_creatine_kinase_as_wu_prints_it() -> None:
    # The variation that gives the printed rise gives the printed fall, to the ten percent they are rounded to.
    cv = 100 * np.sqrt(np.expm1((np.log(2.4) / (1.96 * 2**0.5)) ** 2))
    up, down = rcv_lognormal(cv, 0, 1.96)
    assert up == pytest.approx(140, abs=0.01)
    assert down == pytest.approx(-60, abs=5)


@pytest.mark.parametrize(
    ("set_point", "limit", "one", "three"),
    [
        (2.25, 2.2, 17, 5),
        (2.3, 2.2, 3.2, 0.07),
        (2.15, 2.2, 84, 95.7),
        (2.05, 2.0, 15, 3.6),
        (2.1, 2.0, 2.1, 0.02),
        (2.2, 2.0, 0.005, 0),
    ],
)
def test_the_worked_calcium_table(set_point: float, limit: float, one: float, three: float) -> None:
    for samples, printed in ((1, one), (3, three)):
        found = 100 * chance_mean_below(set_point, limit, 2.1, 1.05, samples)
        figures = str(printed)
        tolerance = 0.51 * 10.0 ** -(len(figures.split(".")[1]) if "." in figures else 0)
        assert found == pytest.approx(printed, abs=tolerance)


def test_samples_needed_is_the_smallest_number_that_is_enough() -> None:
    for cvi, within in ((2.1, 2.0), (22.8, 10.0), (0.6, 5.0)):
        spread = 1.96 * np.hypot(cvi, cvi / 2)
        count = samples_needed(cvi, cvi / 2, within, 1.96)
        assert spread / np.sqrt(count) <= within
        assert count == 1 or spread / np.sqrt(count - 1) > within


def test_the_second_reading_is_expected_at_the_regressed_value() -> None:
    # mu + rho (x - mu), rho = CVG^2 / (CVG^2 + CVI^2 + CVA^2): 9 / (9 + 4 + 1) of the distance from 2.36 is left
    second = expect_second(2.15, 2.36, 3.0, 2.0, 1.0)
    assert second.expected == pytest.approx(2.36 + 9 / 14 * (2.15 - 2.36))
    assert second.high - second.expected == pytest.approx(second.expected - second.low)
    assert second.up_percent > -second.down_percent  # from a low first reading, a rise is nothing unusual


@pytest.mark.parametrize("lognormal", [False, True])
@pytest.mark.parametrize("side", [-1.5, 0.0, 1.5])
def test_the_second_reading_lies_within_the_limits_as_often_as_stated(lognormal: bool, side: float) -> None:
    random = np.random.default_rng(20260101)
    between, within = 0.20, 0.10
    sds = (np.sqrt(np.log1p(between**2)), np.sqrt(np.log1p(within**2))) if lognormal else (between, within)
    center = -(sds[0] ** 2) / 2 if lognormal else 1.0
    people = center + sds[0] * random.normal(size=1_500_000)
    first = people + sds[1] * random.normal(size=people.size)
    second = people + sds[1] * random.normal(size=people.size)
    point = center + side * np.hypot(*sds)
    like = np.abs(first - point) < 0.002
    assert like.sum() > 1000
    value = float(np.exp(point)) if lognormal else float(point)
    limits = expect_second(value, 1.0, 20, 10, 0, lognormal=lognormal)
    edges = np.log([limits.low, limits.high]) if lognormal else np.array([limits.low, limits.high])
    inside = (second[like] > edges[0]) & (second[like] < edges[1])
    assert inside.mean() == pytest.approx(0.95, abs=3.5 * np.sqrt(0.95 * 0.05 / like.sum()))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: rcv_symmetric(-1, 1), "cvi -1"),
        (lambda: rcv_lognormal(1, float("nan")), "cva nan"),
        (lambda: expect_second(0, 1, 1, 1, 1), "positive"),
        (lambda: expect_second(1, 1, 0, 0, 0), "no variation"),
        (lambda: samples_needed(1, 1, 0), "above 0"),
        (lambda: chance_mean_below(1, 1, 1, 1, 0), "positive"),
    ],
)
def test_what_cannot_be_is_refused(call, match: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=match):
        call()
