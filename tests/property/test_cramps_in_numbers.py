"""What must hold for every diary: order is nothing, a missing night is only missing, units and names do not matter."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.core.record import Factor, NightCount
from soleus.knowledge.load import load_evidence
from soleus.monitoring.comparison import compare_with_people
from soleus.monitoring.cramp_change import change_over_time
from soleus.monitoring.cramp_rate import weekly_rate
from soleus.monitoring.overdispersion import Dispersion, count_interval, ratio_interval
from soleus.monitoring.triggers import look_for_triggers

EVIDENCE = load_evidence()
START = date(2026, 3, 1)
NOW = datetime(2026, 12, 1, tzinfo=UTC)

DIARY = st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=1, max_size=120)
WHOLE = st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=30, max_size=90)


def nights(values: list[int | None], start: date = START) -> list[NightCount]:
    return [
        NightCount(night_of=start + timedelta(days=i), cramps=value)
        for i, value in enumerate(values)
        if value is not None
    ]


def noted(values: list[int | None], seed: int) -> list[Factor]:
    rng = random.Random(seed)
    return [
        Factor(id=str(i), recorded_at=NOW, zone="UTC", night_of=START + timedelta(days=i), name=name, value=value)
        for name in ("wine", "standing")
        for i in range(len(values))
        if (value := rng.choice([0.0, 1.0, None])) is not None
    ]


@given(DIARY, st.randoms(use_true_random=False), st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_order_and_a_missing_night_change_nothing(values: list[int | None], shuffle: random.Random, more: int) -> None:
    last = START + timedelta(days=len(values) - 1)
    diary = nights(values)
    mixed = list(diary)
    shuffle.shuffle(mixed)
    rate = weekly_rate(diary, START, last, evidence=EVIDENCE)
    assert weekly_rate(mixed, START, last, evidence=EVIDENCE) == rate
    longer = weekly_rate(diary, START, last + timedelta(days=more), evidence=EVIDENCE)
    assert longer.nights_missing == rate.nights_missing + more
    assert (
        replace(longer, last=last, nights_missing=rate.nights_missing, if_missing_free=rate.if_missing_free) == rate
    ), "only the number of nights and the bound for missing nights may differ"
    if rate.per_week is not None and rate.if_missing_free is not None:
        assert longer.if_missing_free is not None
        assert longer.if_missing_free <= rate.if_missing_free <= rate.per_week


@given(DIARY)
@settings(deadline=None, max_examples=60)
def test_the_interval_holds_the_rate_and_the_share(values: list[int | None]) -> None:
    rate = weekly_rate(nights(values), START, START + timedelta(days=len(values) - 1), evidence=EVIDENCE)
    if rate.per_week is None:
        return
    assert rate.low is not None
    assert rate.high is not None
    assert rate.share_low is not None
    assert rate.share_high is not None
    assert 0 <= rate.low <= rate.per_week <= rate.high
    assert 0 <= rate.share_low <= (rate.share or 0) <= rate.share_high <= 1
    found = compare_with_people(rate, 50, None, EVIDENCE)
    assert found is not None
    assert found.fewer.value + found.same.value + found.more.value == pytest.approx(1)
    for share in (found.fewer, found.same, found.more):
        assert 0 <= share.low <= share.value <= share.high <= 1


@given(st.integers(0, 500), st.floats(1, 8), st.floats(1, 50), st.integers(2, 6))
@settings(deadline=None)
def test_counting_in_another_unit_scales_the_interval(
    total: int, dispersion: float, degrees: float, factor: int
) -> None:
    # k times the count with k times the dispersion is the same information in a smaller unit
    one = count_interval(total, Dispersion(dispersion, 2.0, 2.0, 1.0, degrees))
    scaled = count_interval(factor * total, Dispersion(factor * dispersion, 2.0, 2.0, 1.0, degrees))
    assert scaled == pytest.approx([factor * bound for bound in one])


@given(st.integers(1, 200), st.integers(1, 200), st.integers(14, 100), st.integers(14, 100), st.integers(2, 5))
@settings(deadline=None)
def test_a_ratio_does_not_depend_on_the_unit_of_time(
    before: int, after: int, nights_before: int, nights_after: int, k: int
) -> None:
    dispersion = Dispersion(2.0, 2.0, 2.0, 1.0, 12.0)
    one = ratio_interval(before, nights_before, after, nights_after, dispersion)
    assert ratio_interval(before, k * nights_before, after, k * nights_after, dispersion) == pytest.approx(one)
    assert one[0] <= (after / nights_after) / (before / nights_before) <= one[1]


@given(WHOLE, st.integers(0, 2**16), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_triggers_do_not_depend_on_the_order_and_flag_only_what_leaves_out_one(
    values: list[int | None], seed: int, shuffle: random.Random
) -> None:
    diary, factors = nights(values), noted(values, seed)
    report = look_for_triggers(diary, factors, seed=1)
    mixed_nights, mixed_factors = list(diary), list(factors)
    shuffle.shuffle(mixed_nights)
    shuffle.shuffle(mixed_factors)
    assert look_for_triggers(mixed_nights, mixed_factors, seed=1) == report
    assert {t.name for t in report.shown} | {w.name for w in report.not_yet} <= {"wine", "standing"}
    for trigger in report.shown:
        assert min(trigger.nights_with, trigger.nights_without) >= 7
        assert trigger.low <= trigger.ratio <= trigger.high
        assert (trigger in report.flagged) == (not trigger.low - 1e-9 <= 1 <= trigger.high + 1e-9)
        if trigger in report.flagged:
            assert trigger.probability <= report.false_alarm


@given(WHOLE, st.integers(0, 2**16))
@settings(deadline=None, max_examples=30)
def test_a_factor_turned_over_gives_the_ratio_turned_over(values: list[int | None], seed: int) -> None:
    factors = noted(values, seed)
    turned = [
        Factor(id=f.id, recorded_at=NOW, zone="UTC", night_of=f.night_of, name=f.name, value=1 - f.value)
        for f in factors
    ]
    ratios = {t.name: t.ratio for t in look_for_triggers(nights(values), factors, seed=1).shown}
    others = {t.name: t.ratio for t in look_for_triggers(nights(values), turned, seed=1).shown}
    assert ratios == pytest.approx({name: 1 / ratio for name, ratio in others.items()})


@given(st.lists(st.integers(0, 6), min_size=40, max_size=80), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_a_change_does_not_depend_on_the_order(values: list[int], shuffle: random.Random) -> None:
    diary = nights(list(values))
    mixed = list(diary)
    shuffle.shuffle(mixed)
    split = START + timedelta(days=len(values) // 2)
    assert change_over_time(mixed, split=split, evidence=EVIDENCE) == change_over_time(
        diary, split=split, evidence=EVIDENCE
    )
