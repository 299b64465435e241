"""What repeated readings say about a set point.

Reference: the share of single calcium readings, and of means of three, that fall below a limit for a given true set
point, worked out by hand with a within-person CV of 2.1 % and an analytical CV of 1.05 % (printed to two digits; the
tolerance is half of the last digit printed). The sound test base has just these CVs. Not compared here: the CVs of the
real evidence base.
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from soleus.core.case import Person, Reading
from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Quantity
from soleus.reasoning.set_point import SetPoint, _normal_cdf, _scale, derive_readings, weigh_readings

CALCIUM = load_evidence(Path(__file__).parents[2] / "evidence" / "sound").quantities["calcium"]
BLUNDER, DISEASE = 0.002, 0.02


def weigh(*values: float, quantity: Quantity = CALCIUM, blunder: float = BLUNDER, **of_reading: object) -> SetPoint:
    readings = [Reading(quantity="calcium", value=v, words=str(v), **of_reading) for v in values]  # type: ignore[arg-type]
    return weigh_readings("calcium", quantity, readings, blunder, DISEASE)[0]


def ratio(point: SetPoint) -> float:
    return point.likelihood[1] / point.likelihood[0]


@pytest.mark.parametrize(
    ("set_point", "limit", "single", "mean_of_three"),
    [
        (2.25, 2.2, (0.17, 0.005), (0.05, 0.005)),
        (2.3, 2.2, (0.032, 0.0005), (0.0007, 0.00005)),
        (2.15, 2.2, (0.84, 0.005), (0.957, 0.0005)),
        (2.05, 2.0, (0.15, 0.005), (0.036, 0.0005)),
        (2.1, 2.0, (0.021, 0.0005), (0.0002, 0.00005)),
        (2.2, 2.0, (0.00005, 0.000005), (0.0, 0.00005)),
    ],
)
def test_how_often_readings_of_a_known_set_point_fall_below_a_limit(
    set_point: float, limit: float, single: tuple[float, float], mean_of_three: tuple[float, float]
) -> None:
    _, within = _scale(CALCIUM, log_scale=False)
    assert within == pytest.approx(math.hypot(0.021, 0.0105))
    for n, (expected, tolerance) in ((1, single), (3, mean_of_three)):
        below = _normal_cdf(np.array([(limit - set_point) / (within * set_point / math.sqrt(n))]))[0]
        assert below == pytest.approx(expected, abs=tolerance)


def test_the_normal_distribution_is_as_exact_as_it_says() -> None:
    x = np.linspace(-6, 6, 241)
    exact = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])
    assert np.abs(_normal_cdf(x) - exact).max() < 7.5e-8


def test_three_values_that_agree_weigh_more_than_one() -> None:
    one, three = weigh(2.05), weigh(2.05, 2.05, 2.05)
    assert ratio(three) > 5 * ratio(one) > 5
    assert three.beyond > one.beyond
    assert three.high - three.low < one.high - one.low
    assert ratio(weigh(2.36, 2.36, 2.36)) < ratio(weigh(2.36)) < 1


def test_one_value_just_under_the_limit_weighs_little() -> None:
    assert 1 / 3 < ratio(weigh(2.19)) < 3
    assert ratio(weigh(1.8)) > 50


def test_lower_values_speak_more_for_low() -> None:
    ratios = [ratio(weigh(v)) for v in (2.4, 2.3, 2.2, 2.1, 2.0)]
    assert ratios == sorted(ratios)


def test_one_low_value_is_outweighed_by_two_normal_ones() -> None:
    assert ratio(weigh(2.1)) > 1 > ratio(weigh(2.1, 2.35, 2.38))


def test_the_order_of_readings_does_not_matter() -> None:
    np.testing.assert_allclose(weigh(2.0, 2.2, 2.4).likelihood, weigh(2.4, 2.0, 2.2).likelihood, rtol=1e-12)


def test_the_laboratory_s_own_limit_is_used() -> None:
    own = weigh(2.15, low=2.10)
    assert ratio(own) < ratio(weigh(2.15)) < ratio(weigh(2.15, low=2.25))
    assert own.beyond < weigh(2.15).beyond
    other = msgspec.structs.replace(
        CALCIUM, levels=(msgspec.structs.replace(CALCIUM.levels[0], laboratory_limit=False),)
    )
    assert weigh(2.15, quantity=other, low=2.10).likelihood == weigh(2.15, quantity=other).likelihood


@pytest.mark.parametrize("low", [8.5, 220.0, 0.0, -1.0])
def test_a_laboratory_limit_that_cannot_be_meant_is_not_used(low: float) -> None:
    assert weigh(2.36, low=low).likelihood == weigh(2.36).likelihood


@pytest.mark.parametrize("value", [0.9, 1.0, 1.5, 2.36, 3.5, 5.4])
@pytest.mark.parametrize("low", [None, 2.0, 2.5])
def test_no_single_value_makes_certainty(value: float, low: float | None) -> None:
    absent, present = weigh(value, low=low).likelihood
    assert absent > 0
    assert present > 0
    assert max(absent, present) == 1
    assert max(absent, present) / min(absent, present) < 100 / BLUNDER


def test_blunders_bound_what_an_absurd_value_says() -> None:
    careful, trusting = weigh(1.0, blunder=0.01), weigh(1.0, blunder=0.0001)
    assert ratio(careful) < ratio(trusting)
    assert weigh(1.0, 2.36, 2.36).mean == pytest.approx(weigh(2.36, 2.36).mean, abs=0.02)


def test_a_censored_value_says_only_its_side() -> None:
    below = weigh(2.0, censored="<")
    above = weigh(2.5, censored=">")
    assert ratio(below) > 3
    assert ratio(above) < 0.3
    assert below.mean < 2.1
    assert above.mean > 2.4
    # "above 1.0" is true of everybody and says nothing
    assert ratio(weigh(1.0, censored=">")) == pytest.approx(1, abs=0.03)


def test_the_set_point_lies_between_the_reading_and_the_population() -> None:
    point = weigh(2.1)
    assert 2.1 < point.mean < 2.36
    assert point.low < point.mean < point.high


def test_doubling_the_grid_moves_nothing_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [ratio(weigh(v)) for v in (1.9, 2.1, 2.19, 2.3, 2.5)]
    monkeypatch.setattr("soleus.reasoning.set_point.GRID_POINTS", 3200)
    after = [ratio(weigh(v)) for v in (1.9, 2.1, 2.19, 2.3, 2.5)]
    np.testing.assert_allclose(before, after, rtol=0.02)


def test_every_real_quantity_answers_inside_and_outside_its_limits() -> None:
    evidence = load_evidence()
    for key, quantity in evidence.quantities.items():
        low, high = quantity.plausible
        for value in (low, quantity.population_mean.value, high):
            for n in (1, 3):
                readings = [Reading(quantity=key, value=value, words="") for _ in range(n)]
                for point in weigh_readings(key, quantity, readings, BLUNDER, DISEASE):
                    assert all(0 < p <= 1 for p in point.likelihood), (key, value, point)
                    assert point.low <= point.mean <= point.high, (key, value, point)
                    assert 0 <= point.beyond <= 1 + 1e-12, (key, value, point)


def test_of_several_limits_the_most_extreme_one_that_is_favored_counts_once() -> None:
    calcium = load_evidence().quantities["calcium"]
    assert {level.finding for level in calcium.levels} >= {"calcium_low", "calcium_very_low", "calcium_high"}

    def names(*values: float) -> list[str]:
        readings = [Reading(quantity="calcium", value=v, words="") for v in values]
        return [p.finding for p in weigh_readings("calcium", calcium, readings, BLUNDER, DISEASE)]

    assert names(1.6, 1.6) == ["calcium_very_low", "calcium_high"]
    assert names(2.12, 2.12) == ["calcium_low", "calcium_high"]
    assert names(2.36) == ["calcium_low", "calcium_high"]


# --- derived readings -----------------------------------------------------------------------------------------------


def readings_of(**values: float) -> dict[str, list[Reading]]:
    return {key: [Reading(quantity=key, value=value, words=f"{key} {value}")] for key, value in values.items()}


def test_calcium_is_corrected_for_albumin() -> None:
    derived, notes = derive_readings(readings_of(calcium=2.1, albumin=35.0), Person(), {})
    assert "calcium" not in derived
    assert derived["calcium_adjusted"][0].value == pytest.approx(2.1 + 0.02 * (40 - 35))
    assert "was corrected" in notes[0]


@pytest.mark.parametrize(
    ("albumin", "person", "state"),
    [
        (29.0, Person(), {}),
        (35.0, Person(pregnancy_month=8.0), {}),
        (35.0, Person(), {"kidney_disease": True}),
        (35.0, Person(), {"dialysis": True}),
    ],
)
def test_calcium_is_not_corrected_where_no_formula_is_valid(
    albumin: float, person: Person, state: dict[str, bool]
) -> None:
    derived, notes = derive_readings(readings_of(calcium=2.1, albumin=albumin), person, state)
    assert "calcium_adjusted" not in derived
    assert derived["calcium"][0].value == 2.1
    assert "ionized" in notes[0]


def test_kidney_function_is_derived_only_where_the_formula_holds() -> None:
    creatinine = readings_of(creatinine=88.4)
    derived, _ = derive_readings(creatinine, Person(age=60, sex="female"), {})
    # CKD-EPI 2021, woman of 60 with 1.0 mg/dL: 142 x (1/0.7)^-1.2 x 0.9938^60 x 1.012 = 64.5
    assert derived["egfr"][0].value == pytest.approx(64.5, abs=0.5)
    for person in (
        Person(age=60),
        Person(sex="female"),
        Person(age=12, sex="female"),
        Person(age=30, sex="female", pregnancy_month=5),
    ):
        assert "egfr" not in derive_readings(creatinine, person, {})[0]
