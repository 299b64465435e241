"""Mornings against evenings: hand-made series whose answer is plain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from soleus.core.record import Sample
from soleus.knowledge.load import load_evidence
from soleus.monitoring.rhythm import ENOUGH_DAYS, day_night


def sample(at: datetime, value: float, zone: str = "UTC", **more: object) -> Sample:
    fields = {"quantity": "velocity", "unit": "cm/s", **more}
    return Sample(
        id=f"{at.isoformat()}-{value}",
        recorded_at=at,
        zone=zone,
        taken_at=at,
        value=value,
        **fields,  # type: ignore[arg-type]
    )


def at(day: int, hour: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour)


def pairs(days: int, evening: float = 0.0, noise: float = 1.0, seed: int = 1, level: float = 20.0) -> list[Sample]:
    scatter = np.random.default_rng(seed).normal(0, noise, (days, 2))
    return [
        sample(at(day + 1, hour), level + float(scatter[day, i]) + i * evening)
        for day in range(days)
        for i, hour in enumerate((7, 20))
    ]


def test_amplitude_per_cent_mean_is_worked_out_by_day_and_then_averaged() -> None:
    values = [(90, 110), (95, 105), (100, 100)]  # 20 %, 10 % and 0 % of 100
    series = [sample(at(d + 2, h), v) for d, day in enumerate(values) for h, v in zip((7, 19), day, strict=True)]
    result = day_night([sample(at(1, 7), 500.0), *series])
    assert result.first_day_left_out == date(2026, 1, 1)
    assert result.amplitude_percent == pytest.approx(10.0)
    assert result.amplitude == pytest.approx(10.0)
    assert result.morning is not None
    assert result.morning.value == pytest.approx(95.0)
    assert (result.days, result.measurable) == (3, None)
    assert result.says == "We can't tell yet: 3 days with a morning and an evening reading, 4 more to go."


def test_a_day_with_one_reading_has_no_amplitude_but_counts_in_its_mean() -> None:
    result = day_night([*pairs(9), sample(at(10, 7), 26.0)])
    assert result.days == 8
    assert result.morning is not None
    assert result.evening is not None
    assert (result.morning.days, result.evening.days) == (9, 8)


def test_a_clear_difference_is_measurable_and_its_interval_is_students() -> None:
    result = day_night(pairs(15, evening=4.0))
    assert result.measurable
    assert result.difference is not None
    series = pairs(15, evening=4.0)
    d = np.array([series[2 * i + 1].value - series[2 * i].value for i in range(1, 15)])
    half = 2.160369 * d.std(ddof=1) / np.sqrt(14)  # Student's 97.5 % with 13 degrees of freedom, printed tables 2.160
    assert (result.difference.low, result.difference.high) == pytest.approx((d.mean() - half, d.mean() + half), 1e-5)
    assert "higher than mornings" in result.says


def test_noise_is_called_noise_and_the_needed_days_are_more_than_there_are() -> None:
    result = day_night(pairs(15, evening=0.3))
    assert result.measurable is False
    assert result.beyond_noise is False
    assert "not distinguishable from noise" in result.says
    assert result.days_needed is None or result.days_needed > 14


def test_readings_after_midnight_belong_to_the_evening_before() -> None:
    series = [s for d in range(1, 4) for s in (sample(at(d, 8), 10.0), sample(at(d, 24.5), 14.0))]
    result = day_night(series, leave_out_first=False)
    assert result.difference is not None
    assert (result.difference.value, result.difference.days) == (4.0, 3)


def test_weeks_without_two_readings_a_day_stay_in_the_course_as_unknown() -> None:
    late = [sample(at(16 + d, h), v) for d in range(3) for h, v in ((7, 9.0), (19, 11.0))]
    result = day_night([*pairs(8), sample(at(12, 7), 20.0), *late])
    assert [(week.number, week.days) for week in result.weeks] == [(1, 7), (2, 0), (3, 3)]
    assert result.weeks[1].amplitude is None
    assert result.weeks[2].amplitude_percent == pytest.approx(20.0)


def test_unknown_clock_times_are_counted_and_left_out() -> None:
    result = day_night([*pairs(8), sample(at(3, 12), 900.0, clock_known=False)])
    assert result.without_clock == 1
    assert result.amplitude == day_night(pairs(8)).amplitude


def test_the_clock_is_that_of_the_place_where_the_sample_was_taken() -> None:
    early_in_auckland = [sample(at(d, 18), 10.0, "Pacific/Auckland") for d in range(1, 5)]  # 7 in the morning there
    late_in_auckland = [sample(at(d, 30), 12.0, "Pacific/Auckland") for d in range(1, 5)]  # 19 of that day
    result = day_night([*early_in_auckland, *late_in_auckland])
    assert result.difference is not None
    assert (result.difference.value, result.difference.days) == (2.0, 3)
    assert day_night([*early_in_auckland, *late_in_auckland], "UTC").morning is not None


@pytest.mark.parametrize("start", [date(2026, 3, 26), date(2026, 10, 22)])
def test_a_change_of_the_clocks_moves_no_reading_to_another_day(start: date) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    series = []
    for d in range(9):
        for hour, value in ((7, 10.0), (20, 13.0)):
            local = datetime(start.year, start.month, start.day, hour, tzinfo=berlin) + timedelta(days=d)
            series.append(sample(local.astimezone(UTC), value + d, "Europe/Berlin"))
    result = day_night(series)
    assert result.difference is not None
    assert (result.difference.value, result.difference.days, result.days) == (3.0, 8, 8)


def test_the_published_variation_makes_the_noise_at_least_that_large() -> None:
    calcium = load_evidence().quantities["calcium"]
    quiet = [
        sample(at(d, h), 2.3 + 0.001 * (d % 2), quantity="calcium", unit="mmol/L")
        for d in range(1, 10)
        for h in (7, 20)
    ]
    result = day_night(quiet, quantity=calcium)
    assert result.noise_amplitude is not None
    # two readings: 1.128 standard deviations, CVI 1.81 % and CVA 1.2 % of about 2.3
    assert result.noise_amplitude == pytest.approx(1.128 * 2.3 * np.hypot(0.0181, 0.012), rel=0.01)
    assert result.beyond_noise is False


def test_units_are_converted_and_temperatures_have_no_per_cent() -> None:
    mixed = [sample(at(d, h), v, unit=u) for d in range(1, 5) for h, v, u in ((7, 10.0, "cm/s"), (19, 0.12, "m/s"))]
    result = day_night(mixed)
    assert (result.unit, result.amplitude) == ("cm/s", pytest.approx(2.0))
    warm = [sample(at(d, h), v, unit="Cel") for d in range(1, 5) for h, v in ((7, 30.0), (19, 32.0))]
    assert day_night(warm).amplitude_percent is None
    assert day_night(warm).amplitude == pytest.approx(2.0)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="one quantity at a time"):
        day_night([sample(at(1, 7), 1.0), sample(at(1, 8), 1.0, quantity="abi")])
    with pytest.raises(ValueError, match="mmHg"):
        day_night([sample(at(1, 7), 1.0), sample(at(1, 8), 1.0, unit="mmHg")])


def test_nothing_and_little_give_an_answer() -> None:
    empty = day_night([])
    assert (empty.readings, empty.amplitude, empty.measurable, empty.weeks) == (0, None, None, ())
    assert empty.says.endswith(f"{ENOUGH_DAYS} more to go.")
    one = day_night(pairs(1), leave_out_first=False)
    assert one.difference is not None
    assert one.difference.low is None


def test_changing_posture_is_told() -> None:
    series = [sample(at(d, h), 10.0, posture=p) for d in range(1, 4) for h, p in ((7, "lying"), (19, "sitting"))]
    assert "posture" in day_night(series).notes[0]
