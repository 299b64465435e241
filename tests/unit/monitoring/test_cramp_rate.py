"""A person's cramps in numbers: what is counted, what is missing, and what is told of each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from soleus.core.record import Episode, Night, NightCount
from soleus.knowledge.load import load_evidence
from soleus.monitoring.cramp_rate import weekly_rate
from soleus.monitoring.overdispersion import Dispersion, estimate_dispersion, night_grid, ratio_interval, share_interval

EVIDENCE = load_evidence()
START = date(2026, 1, 1)
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def counts(values: list[int | None], start: date = START) -> list[NightCount]:
    return [
        NightCount(night_of=start + timedelta(days=i), cramps=value)
        for i, value in enumerate(values)
        if value is not None
    ]


def episode(day: int, **told: float | bool) -> Episode:
    night = START + timedelta(days=day)
    return Episode(id=str(told), recorded_at=NOW, zone="UTC", night_of=night, **told)  # type: ignore[arg-type]


def test_a_missing_night_is_not_a_night_without_cramps() -> None:
    rate = weekly_rate(counts([1, None, 1, None] * 10), START, START + timedelta(days=39), evidence=EVIDENCE)
    assert (rate.nights_recorded, rate.nights_missing, rate.cramps) == (20, 20, 20)
    assert rate.per_week == 7
    assert rate.if_missing_alike == 7
    assert rate.if_missing_free == 3.5
    assert rate.share == 1
    assert rate.share_high == 1
    assert 0.7 < (rate.share_low or 0) < 1


def test_without_a_recorded_night_nothing_is_told() -> None:
    rate = weekly_rate([], START, START + timedelta(days=6), evidence=EVIDENCE)
    assert rate.per_week is rate.low is rate.high is rate.share is rate.duration_s is rate.sleep_lost is None
    assert rate.says == "We can't tell yet: none of the 7 nights was recorded."


def test_two_weeks_are_told_to_be_too_few() -> None:
    two = weekly_rate(counts([1, 0] * 7), START, START + timedelta(days=13), evidence=EVIDENCE)
    four = weekly_rate(counts([1, 0] * 14), START, START + timedelta(days=27), evidence=EVIDENCE)
    assert not two.enough
    assert "too few" in two.says
    assert four.enough
    assert "too few" not in four.says


def test_a_month_without_cramps_still_leaves_room_for_some() -> None:
    rate = weekly_rate(counts([0] * 28), START, START + timedelta(days=27), evidence=EVIDENCE)
    assert rate.low == 0
    assert 0.3 < (rate.high or 0) < 3


def test_what_was_told_is_averaged_with_its_number_and_what_was_not_told_stays_out() -> None:
    told = [episode(0, duration_s=60, pain=4), episode(1, duration_s=120), episode(2, duration_s=180, woke=True)]
    told.append(episode(400, duration_s=9000))  # beyond the time looked at
    rate = weekly_rate(counts([1] * 28), START, START + timedelta(days=27), evidence=EVIDENCE, episodes=told)
    assert rate.duration_s is not None
    assert rate.pain is not None
    assert rate.woke is not None
    assert (rate.duration_s.mean, rate.duration_s.n) == (120, 3)
    assert (rate.pain.mean, rate.pain.n, rate.pain.low) == (4, 1, None)
    assert (rate.woke.mean, rate.woke.n) == (1, 1)
    # three nights: 120 +- t(0.975, 2) x 60 / sqrt 3
    assert rate.duration_s.high == pytest.approx(120 + 4.302653 * 60 / 3**0.5)


def test_sleep_lost_compares_nights_with_and_without_cramps() -> None:
    values: list[int | None] = [1, 0] * 10
    nights = [
        Night(
            id=str(i),
            recorded_at=NOW,
            zone="UTC",
            night_of=START + timedelta(days=i),
            slept_h=(6.0 if i % 2 == 0 else 7.0) + 0.1 * (i % 4 // 2),
        )
        for i in range(20)
    ]
    rate = weekly_rate(counts(values), START, START + timedelta(days=19), evidence=EVIDENCE, nights=nights)
    assert rate.sleep_lost is not None
    assert rate.sleep_lost.hours == pytest.approx(1.0)
    assert 0.9 < rate.sleep_lost.low < 1.0 < rate.sleep_lost.high < 1.1
    few = weekly_rate(counts(values), START, START + timedelta(days=19), evidence=EVIDENCE, nights=nights[:10])
    assert few.sleep_lost is None


@pytest.mark.parametrize(
    ("nights", "last", "says"),
    [
        ([1, 2], START - timedelta(days=1), "exchange them"),
        ([1, -2], START + timedelta(days=1), "cannot be negative"),
    ],
)
def test_what_cannot_be_is_refused(nights: list[int | None], last: date, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        weekly_rate(counts(nights), START, last, evidence=EVIDENCE)


def test_a_night_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        weekly_rate(counts([1]) * 2, START, START, evidence=EVIDENCE)


def test_clusters_and_good_and_bad_stretches_both_widen_the_interval() -> None:
    even = estimate_dispersion([night_grid(counts([1] * 84), START, START + timedelta(days=83))], 2.0)
    clusters = estimate_dispersion([night_grid(counts([7, *[0] * 6] * 12), START, START + timedelta(days=83))], 2.0)
    stretches = estimate_dispersion([night_grid(counts([2] * 14 + [0] * 14) * 1, START, START + timedelta(27))], 2.0)
    mixed = estimate_dispersion([night_grid(counts([2, 0] * 14), START, START + timedelta(days=27))], 2.0)
    assert even.value < 2 < clusters.value
    assert stretches.value > mixed.value
    assert stretches.night == pytest.approx(mixed.night), "the same counts, in another order"


def test_few_nights_are_drawn_to_the_default_and_many_speak_for_themselves() -> None:
    def after(nights: int) -> float:
        return estimate_dispersion(
            [night_grid(counts([4, 0, 0, 0] * (nights // 4)), START, START + timedelta(days=nights - 1))], 2.0
        ).night

    assert 1.5 < after(8) < after(28) < after(168) < 3.2  # variance 3, mean 1


def test_the_ratio_interval_turns_over_when_the_periods_are_exchanged() -> None:
    dispersion = Dispersion(2.0, 2.0, 2.0, 1.0, 12.0)
    low, high = ratio_interval(30, 28, 12, 42, dispersion)
    turned = ratio_interval(12, 42, 30, 28, dispersion)
    assert (low, high) == pytest.approx((1 / turned[1], 1 / turned[0]))


def test_the_share_of_nights_is_less_sure_when_nights_come_in_stretches() -> None:
    grid = night_grid(counts([1] * 14 + [0] * 14 + [1] * 14 + [0] * 14), START, START + timedelta(days=55))
    mixed = night_grid(counts([1, 0] * 28), START, START + timedelta(days=55))
    wide, narrow = share_interval(grid), share_interval(mixed)
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]
