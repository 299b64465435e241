from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Quantity
from soleus.monitoring.change import assess_change, largest_step_p_value
from soleus.monitoring.variation import expect_second

QUANTITIES = load_evidence().quantities
CALCIUM, PTH = QUANTITIES["calcium"], QUANTITIES["pth"]


def draw_readings(quantity: Quantity, count: int, random: np.random.Generator) -> list[float]:
    """Return readings of a person in whom nothing changes and who varies exactly as the evidence says."""
    mean = quantity.population_mean.value
    between = quantity.between_person_cv.value / 100
    within = float(np.hypot(quantity.within_person_cv.value, quantity.analytical_cv.value)) / 100
    if quantity.distribution == "lognormal":
        sd = np.sqrt(np.log1p(between**2))
        level = float(np.exp(random.normal(np.log(mean) - sd**2 / 2, sd)))
        return list(level * np.exp(random.normal(0, np.sqrt(np.log1p(within**2)), count)))
    level = float(random.normal(mean, between * mean))
    return list(random.normal(level, within * level, count))


def alarms(quantity: Quantity, count: int, people: int, false_alarm: float) -> np.ndarray:  # type: ignore[type-arg]
    """Return the share of people told of any change, and by the latest reading, the trend and the step."""
    random = np.random.default_rng(20260105)
    told = np.zeros(4)
    for _ in range(people):
        times = list(np.cumsum(random.uniform(5, 60, count)))
        change = assess_change(times, draw_readings(quantity, count, random), quantity, false_alarm=false_alarm)
        told += [
            change.is_real,
            *(part.verdict == "real change" for part in (change.latest, change.trend, change.step)),
        ]
    return told / people


def check_alarms(quantity: Quantity, count: int, people: int, false_alarm: float, slack: float) -> None:
    told = alarms(quantity, count, people, false_alarm)
    asked = 1 if count < 3 else 3
    each = false_alarm / asked

    def reach(rate: float) -> float:
        return 3.5 * float(np.sqrt(rate * (1 - rate) / people))

    assert told[0] <= false_alarm + reach(false_alarm)
    assert told[0] >= each - reach(each)
    for share in told[1 : 1 + asked]:  # each question alone has the rate it is asked at: none is idle, none is greedy
        assert each * (1 - slack) - reach(each) <= share <= each + reach(each)


@pytest.mark.parametrize("count", [2, 4, 8, 16])
@pytest.mark.parametrize("key", ["calcium", "pth"])
def test_the_stated_false_alarm_rate(key: str, count: int) -> None:
    check_alarms(QUANTITIES[key], count, people=1200, false_alarm=0.10, slack=0.25)


@pytest.mark.long
@pytest.mark.parametrize("false_alarm", [0.05, 0.2])
@pytest.mark.parametrize("count", [2, 4, 8, 16])
@pytest.mark.parametrize("key", ["calcium", "phosphate", "sodium", "pth", "tsh", "ck"])
def test_the_stated_false_alarm_rate_of_more(key: str, count: int, false_alarm: float) -> None:
    check_alarms(QUANTITIES[key], count, people=6000, false_alarm=false_alarm, slack=0.25)


@pytest.mark.parametrize("count", [2, 3, 4, 8, 16])
def test_the_bound_for_the_largest_step_is_close_and_never_too_small(count: int) -> None:
    readings = np.random.default_rng(20260106).normal(size=(60_000, count))
    sums, splits = np.cumsum(readings, axis=1), np.arange(1, count)
    later = (sums[:, -1:] - sums[:, :-1]) / (count - splits)
    heights = np.abs(later - sums[:, :-1] / splits) / np.sqrt(1 / splits + 1 / (count - splits))
    largest = heights.max(axis=1)
    for height in (2.2, 2.8, 3.2):
        share = float((largest > height).mean())
        error = 3.5 * float(np.sqrt(share / 60_000))
        bound = largest_step_p_value(height, count)
        assert bound >= share - error
        if share < 0.06:  # where a change is told from noise
            assert bound <= 1.15 * share + error


@pytest.mark.parametrize("first", [2.1, 2.36, 2.6])
def test_two_readings_are_judged_about_the_regressed_value(first: float) -> None:
    change = assess_change([0, 30], [first, 2.3], CALCIUM, disease_share=0)
    expected = expect_second(first, 2.36, 3.0, 1.81, 1.2)
    assert (change.asked, change.each) == (1, 0.05)
    # here the scatter follows the person's level, there the mean of people: they differ by a tenth at the most
    assert change.latest.expected == pytest.approx(expected.expected, rel=0.003)
    assert (change.latest.low, change.latest.high) == pytest.approx((expected.low, expected.high), rel=0.01)


def test_two_readings_that_vary_by_ratios_are_exactly_the_regressed_change() -> None:
    change = assess_change([0, 30], [9.0, 5.0], PTH, disease_share=0)
    expected = expect_second(9.0, PTH.population_mean.value, PTH.between_person_cv.value, 15.2, 7.6, lognormal=True)
    assert (change.latest.low, change.latest.high) == pytest.approx((expected.low, expected.high))


def test_a_rise_from_a_low_reading_needs_more_than_a_fall() -> None:
    def verdict(second: float) -> str:
        return assess_change([0, 30], [2.15, second], CALCIUM).latest.verdict

    assert verdict(2.15 + 0.15) == "within noise"
    assert verdict(2.15 - 0.15) == "real change"


def test_a_step_is_found_where_it_is() -> None:
    change = assess_change([0, 30, 60, 90, 120], [2.38, 2.36, 2.37, 2.12, 2.10], CALCIUM)
    assert change.step.verdict == "real change"
    assert change.step.first_after == 3
    assert (change.step.before, change.step.after) == pytest.approx((2.37, 2.11))
    assert change.is_real


def test_a_trend_is_found_with_its_size() -> None:
    change = assess_change([0, 30, 60, 90, 120, 150], [2.20, 2.24, 2.28, 2.32, 2.36, 2.40], CALCIUM)
    assert change.trend.verdict == "real change"
    assert change.trend.change == pytest.approx(0.2)
    assert change.trend.days == pytest.approx(150)
    assert change.trend.low is not None
    assert change.trend.high is not None
    assert 0 < change.trend.low < 0.2 < change.trend.high
    doubled = assess_change([0, 100, 200, 300], [4.0, 5.04, 6.35, 8.0], PTH)
    assert doubled.trend.in_percent
    assert doubled.trend.change == pytest.approx(100, abs=1)


def test_a_real_shift_is_mostly_found() -> None:
    random = np.random.default_rng(20260107)
    found = 0
    for _ in range(200):
        readings = draw_readings(CALCIUM, 8, random)
        shifted = [*readings[:4], *(value - 0.15 for value in readings[4:])]
        found += assess_change(list(range(0, 240, 30)), shifted, CALCIUM).is_real
    assert found / 200 > 0.8


def test_too_few_readings_are_told() -> None:
    for count in (0, 1):
        change = assess_change(list(range(count)), [2.3] * count, CALCIUM)
        assert {change.latest.verdict, change.trend.verdict, change.step.verdict} == {"too few readings"}
        assert not change.is_real
        assert "too few readings" in change.words
    same_moment = assess_change([5, 5, 5], [2.3, 2.31, 2.29], CALCIUM)
    assert same_moment.trend.verdict == "too few readings"
    assert same_moment.asked == 2


def test_times_may_be_dates_in_any_order() -> None:
    start = datetime(2026, 1, 1, 8, tzinfo=UTC)
    values = [2.38, 2.36, 2.37, 2.12, 2.10]
    dates = [start + timedelta(days=30 * index) for index in range(5)]
    in_order = assess_change(dates, values, CALCIUM)
    mixed = [3, 0, 4, 2, 1]
    assert assess_change([dates[i] for i in mixed], [values[i] for i in mixed], CALCIUM) == in_order
    assert in_order.latest.value == pytest.approx(2.10)
    assert in_order.trend.days == pytest.approx(120)


@pytest.mark.parametrize(
    ("times", "values", "false_alarm", "match"),
    [
        ([0], [2.2, 2.3], 0.05, "1 times and 2 readings"),
        ([0, float("nan")], [2.2, 2.3], 0.05, "time 2 is nan"),
        ([datetime(2026, 1, 1), datetime(2026, 1, 2)], [2.2, 2.3], 0.05, "has no zone"),
        ([0, 1], [2.2, float("inf")], 0.05, "reading 2 is inf"),
        ([0, 1], [2.2, 2.3], 0.0, "false-alarm rate"),
    ],
)
def test_what_cannot_be_is_refused(times: list[float], values: list[float], false_alarm: float, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        assess_change(times, values, CALCIUM, false_alarm=false_alarm)
