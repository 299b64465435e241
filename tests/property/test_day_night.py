"""What must hold for every series of readings: shifts, order, scale; and how often pure noise is called real."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.core.record import Sample
from soleus.monitoring.rhythm import day_night

START = datetime(2026, 3, 20, tzinfo=UTC)  # the series cross the spring change of the clocks in Berlin


def reading(minute: int, value: float) -> Sample:
    at = START + timedelta(minutes=minute)
    return Sample(
        id=f"{minute}", recorded_at=at, zone="Europe/Berlin", taken_at=at, quantity="velocity", value=value, unit="cm/s"
    )


series = st.lists(
    st.tuples(st.integers(0, 20 * 1440), st.integers(500, 5000)), max_size=50, unique_by=lambda pair: pair[0]
).map(lambda pairs: [reading(minute, value / 100) for minute, value in pairs])


def moved(samples: list[Sample], amount: float = 0.0, factor: float = 1.0) -> list[Sample]:
    return [reading(int((s.taken_at - START).total_seconds() // 60), s.value * factor + amount) for s in samples]


@given(series, st.integers(1, 500))
@settings(max_examples=60, deadline=None)
def test_adding_an_amount_leaves_amplitude_and_verdict(samples: list[Sample], amount: int) -> None:
    before, after = day_night(samples), day_night(moved(samples, amount))
    assert (after.amplitude is None) == (before.amplitude is None)
    if before.amplitude is not None and after.amplitude is not None:
        assert after.amplitude == pytest.approx(before.amplitude, abs=1e-9)
    if before.difference is not None and after.difference is not None:
        assert after.difference.value == pytest.approx(before.difference.value, abs=1e-9)
    if before.amplitude_percent and after.amplitude_percent:
        assert after.amplitude_percent < before.amplitude_percent


@given(series, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_samples_does_not_matter(samples: list[Sample], source: random.Random) -> None:
    shuffled = list(samples)
    source.shuffle(shuffled)
    assert day_night(shuffled) == day_night(samples)


@given(series, st.sampled_from([0.25, 2.0, 8.0]))
@settings(max_examples=60, deadline=None)
def test_another_unit_changes_no_per_cent_and_no_verdict(samples: list[Sample], factor: float) -> None:
    before, after = day_night(samples), day_night(moved(samples, factor=factor))
    assert after.measurable == before.measurable
    assert (after.amplitude_percent or 0) == pytest.approx(before.amplitude_percent or 0, abs=1e-9)


@given(series)
@settings(max_examples=60, deadline=None)
def test_days_add_up_and_the_amplitude_lies_within_the_readings(samples: list[Sample]) -> None:
    result = day_night(samples)
    assert sum(week.days for week in result.weeks) == result.days
    if result.amplitude is not None:
        values = [s.value for s in samples]
        assert 0 <= result.amplitude <= max(values) - min(values)
    if result.measurable is not None:
        assert result.difference is not None
        assert result.difference.days >= 7


def false_alarms(days: int, runs: int, *, seed: int, skewed: bool = False, drift: float = 0.0) -> tuple[float, float]:
    """Return how often pure noise is called measurable, and how often its amplitude is called beyond noise."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(runs, days + 1, 2))
    level = drift * rng.normal(size=(runs, days + 1)).cumsum(axis=1)
    values = 20 * np.exp(0.15 * noise) if skewed else 20 + noise + level[:, :, None]
    difference = beyond = 0
    minutes = [day * 1440 + hour * 60 for day in range(days + 1) for hour in (7, 19)]
    for run in values:
        result = day_night([reading(m, float(v)) for m, v in zip(minutes, run.ravel(), strict=True)])
        difference += bool(result.measurable)
        beyond += bool(result.beyond_noise)
    return difference / runs, beyond / runs


@pytest.mark.parametrize("days", [7, 14, 28])
def test_pure_noise_is_seldom_called_measurable(days: int) -> None:
    difference, beyond = false_alarms(days, 400, seed=days)
    assert difference <= 0.05  # 1.25 % by construction; 400 runs leave 0.6 points
    assert beyond <= 0.05


@pytest.mark.long
@pytest.mark.parametrize("days", [7, 14, 28])
@pytest.mark.parametrize(("skewed", "drift"), [(False, 0.0), (True, 0.0), (False, 0.7)])
def test_pure_noise_keeps_its_rate_with_skewed_readings_and_a_drifting_level(
    days: int, skewed: bool, drift: float
) -> None:
    difference, beyond = false_alarms(days, 4000, seed=days, skewed=skewed, drift=drift)
    assert 0.007 <= difference <= 0.018  # 1.25 % by construction; 4,000 runs leave 0.18 points
    assert beyond <= 0.016


def test_pure_noise_looked_at_three_times_is_seldom_called_measurable() -> None:
    """After one, two and four weeks: ever measurable in at most 5 %; 4.2 % in 4,000 runs, 800 leave 0.7 points."""
    rng = np.random.default_rng(21)
    minutes = [day * 1440 + hour * 60 for day in range(29) for hour in (7, 19)]
    ever = 0
    for _ in range(800):
        samples = [reading(m, float(v)) for m, v in zip(minutes, 20 + rng.normal(size=58), strict=True)]
        ever += any(day_night(samples[: 2 * (days + 1)]).measurable for days in (7, 14, 28))
    assert ever / 800 <= 0.05


def test_a_true_swing_is_found_once_there_are_days_enough() -> None:
    """Evenings 1.5 standard deviations higher: seldom clear after a week, nearly always after four."""
    rng = np.random.default_rng(11)
    found = {}
    for days in (7, 28):
        hits = 0
        for _ in range(100):
            values = 20 + rng.normal(size=(days + 1, 2)) + np.array([0.0, 1.5])
            samples = [
                reading(d * 1440 + h * 60, float(values[d, i])) for d in range(days + 1) for i, h in enumerate((7, 19))
            ]
            hits += bool(day_night(samples).measurable)
        found[days] = hits
    assert found[28] >= 97
    assert found[7] < found[28]
