from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.core.case import Person
from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Quantity
from soleus.monitoring.set_point import RepeatReading, estimate_set_point
from soleus.monitoring.set_point_belief import DISEASE_SHARE
from soleus.monitoring.variation import log_sd

EVIDENCE = load_evidence()
CALCIUM, PTH = EVIDENCE.quantities["calcium"], EVIDENCE.quantities["pth"]
NOBODY = Person()


def draw_person(quantity: Quantity, count: int, random: np.random.Generator) -> tuple[float, list[float]]:
    """Return a true set point and readings around it, of a person who varies exactly as the evidence says."""
    mean = quantity.population_mean.value
    between = quantity.between_person_cv.value / 100
    within = float(np.hypot(quantity.within_person_cv.value, quantity.analytical_cv.value)) / 100
    if quantity.distribution == "lognormal":
        sd = np.sqrt(np.log1p(between**2))
        level = float(np.exp(random.normal(np.log(mean) - sd**2 / 2, sd)))
        return level, list(level * np.exp(random.normal(0, np.sqrt(np.log1p(within**2)), count)))
    level = float(random.normal(mean, between * mean))
    return level, list(random.normal(level, within * level, count))


def coverage(quantity: Quantity, count: int, people: int) -> float:
    random = np.random.default_rng(20260102)
    inside = 0
    for _ in range(people):
        level, readings = draw_person(quantity, count, random)
        estimate = estimate_set_point(readings, quantity, NOBODY)
        inside += estimate.low <= level <= estimate.high
    return inside / people


@pytest.mark.parametrize("count", [2, 4, 8, 16])
@pytest.mark.parametrize("key", ["calcium", "pth"])
def test_the_interval_holds_the_set_point_in_95_of_100(key: str, count: int) -> None:
    assert coverage(EVIDENCE.quantities[key], count, 2000) == pytest.approx(0.95, abs=0.02)


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("key", ["sodium", "phosphate", "potassium", "tsh", "ck", "ferritin"])
def test_the_interval_of_other_quantities(key: str, count: int) -> None:
    assert coverage(EVIDENCE.quantities[key], count, 8000) == pytest.approx(0.95, abs=0.015)


def test_the_default_share_of_disease_is_that_of_the_policy() -> None:
    assert EVIDENCE.policy["disease_share"].value == DISEASE_SHARE


def test_without_disease_it_is_the_weighted_mean_of_readings_and_population() -> None:
    # posterior set point = weighted mean, weights 1/CVG^2 and n/(CVI^2+CVA^2); here of the logarithms
    readings = [6.0, 7.5, 9.0]
    between = log_sd(PTH.between_person_cv.value)
    within = log_sd(PTH.within_person_cv.value, PTH.analytical_cv.value)
    population = math.log(PTH.population_mean.value) - between**2 / 2
    own = 3 / within**2
    mean = (population / between**2 + own * np.log(readings).mean()) / (1 / between**2 + own)
    sd = (1 / between**2 + own) ** -0.5
    estimate = estimate_set_point(readings, PTH, NOBODY, disease_share=0)
    assert math.log(estimate.mean) == pytest.approx(mean)
    assert (math.log(estimate.low), math.log(estimate.high)) == pytest.approx(
        (mean - 1.96 * sd, mean + 1.96 * sd), rel=1e-3
    )


def test_the_mirror_cases_of_one_low_calcium() -> None:
    one = estimate_set_point([2.15], CALCIUM, NOBODY)
    assert one.mean > 2.15
    assert 0.1 < one.probability_below(2.2) < 0.5
    refuted = estimate_set_point([2.15, 2.33, 2.31, 2.35], CALCIUM, NOBODY)
    assert refuted.probability_below(2.2) < 0.01
    confirmed = estimate_set_point([2.15, 2.12, 2.14, 2.13], CALCIUM, NOBODY)
    assert confirmed.probability_below(2.2) > 0.95
    assert confirmed.probability_below(2.2) + confirmed.probability_above(2.2) == pytest.approx(1)


def test_a_reading_far_from_everyone_is_not_drawn_back_to_normal() -> None:
    far = estimate_set_point([1.7], CALCIUM, NOBODY)
    assert far.low < 1.7 < far.high
    assert far.unusual > 0.99
    drawn = estimate_set_point([1.7], CALCIUM, NOBODY, disease_share=0)
    assert drawn.low > 1.7


def test_a_more_exact_method_weighs_more() -> None:
    exact = estimate_set_point([RepeatReading(2.25, 0.3)], CALCIUM, NOBODY)
    coarse = estimate_set_point([RepeatReading(2.25, 4.0)], CALCIUM, NOBODY)
    assert exact.high - exact.low < coarse.high - coarse.low
    assert abs(exact.mean - 2.25) < abs(coarse.mean - 2.25)


def test_pregnancy_and_sex_move_the_population() -> None:
    pregnant = estimate_set_point([], CALCIUM, Person(sex="female", pregnancy_month=8))
    assert pregnant.mean == pytest.approx(CALCIUM.population_mean.value * 2.3 / 2.4)
    creatinine = EVIDENCE.quantities["creatinine"]
    men, women, anyone = (
        estimate_set_point([], creatinine, person).mean for person in (Person(sex="male"), Person(sex="female"), NOBODY)
    )
    assert women < anyone < men
    assert math.sqrt(women * men) == pytest.approx(anyone)


def test_what_one_more_sample_would_add_comes_true() -> None:
    estimate = estimate_set_point([2.15, 2.12, 2.14], CALCIUM, NOBODY, disease_share=0)
    foreseen = estimate.next_sample(2.2)
    random = np.random.default_rng(20260103)
    settled, widths = 0, []
    for _ in range(3000):
        level = random.normal(estimate.belief.parts[0].mean, estimate.belief.parts[0].sd)
        then = estimate.belief.learn([random.normal(level, estimate.next_sd)], [estimate.next_sd])
        settled += max(then.below(2.2), 1 - then.below(2.2)) >= 0.95
        widths.append(then.parts[0].sd * 2 * 1.96)
    assert foreseen.settles == pytest.approx(settled / 3000, abs=0.03)
    assert foreseen.width_then == pytest.approx(np.mean(widths), rel=0.01)
    assert foreseen.width_then < foreseen.width_now
    assert not foreseen.settled
    assert "can't tell yet" in foreseen.words


def test_probabilities_come_true() -> None:
    random = np.random.default_rng(20260104)
    said, was = [], []
    for _ in range(3000):
        level, readings = draw_person(CALCIUM, 2, random)
        probability = estimate_set_point(readings, CALCIUM, NOBODY).probability_below(2.3)
        if 0.3 < probability < 0.7:
            said.append(probability)
            was.append(level < 2.3)
    assert len(said) > 200
    assert np.mean(was) == pytest.approx(np.mean(said), abs=0.08)


def test_without_a_reading_nothing_is_settled() -> None:
    nothing = estimate_set_point([], CALCIUM, NOBODY)
    assert nothing.count == 0
    assert nothing.readings_mean is None
    assert "can't tell" in nothing.words
    assert not nothing.next_sample(2.2).settled


@pytest.mark.parametrize(
    ("readings", "quantity", "match"),
    [
        ([2.2, float("nan")], CALCIUM, "reading 2 is nan"),
        ([0.0], PTH, "nobody can have"),
        ([RepeatReading(2.2, -1)], CALCIUM, "analytical variation -1"),
    ],
)
def test_what_cannot_be_is_refused(readings: list[float], quantity: Quantity, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        estimate_set_point(readings, quantity, NOBODY)


def test_a_limit_must_be_a_number() -> None:
    with pytest.raises(ValueError, match="limit nan"):
        estimate_set_point([2.2], CALCIUM, NOBODY).next_sample(float("nan"))


@settings(max_examples=40)
@given(st.lists(st.floats(1.0, 4.0), min_size=1, max_size=4))
def test_the_order_of_readings_does_not_matter_and_the_interval_is_in_order(readings: list[float]) -> None:
    first = estimate_set_point(readings, CALCIUM, NOBODY)
    assert first.low < first.high
    assert 0 <= first.probability_below(2.2) <= 1
    for other in permutations(readings):
        again = estimate_set_point(other, CALCIUM, NOBODY)
        assert (again.mean, again.low, again.high) == pytest.approx((first.mean, first.low, first.high), rel=1e-9)
