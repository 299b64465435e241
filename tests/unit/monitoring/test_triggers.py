"""Triggers: nothing before the data can bear it, what is there is found, and why a factor can't be judged."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from soleus.core.record import Factor, NightCount
from soleus.monitoring.triggers import NOT_A_CAUSE, look_for_triggers

START = date(2026, 1, 1)
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def nights(values) -> list[NightCount]:  # type: ignore[no-untyped-def]
    return [NightCount(night_of=START + timedelta(days=i), cramps=int(v)) for i, v in enumerate(values)]


def factor(name: str, values, unit: str = "") -> list[Factor]:  # type: ignore[no-untyped-def]
    return [
        Factor(
            id=f"{name}{i}",
            recorded_at=NOW,
            zone="UTC",
            night_of=START + timedelta(days=i),
            name=name,
            value=float(v),
            unit=unit,
        )
        for i, v in enumerate(values)
        if v is not None
    ]


def why(report) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {waiting.name: waiting.reason for waiting in report.not_yet}


def test_a_true_trigger_among_twenty_factors_is_found() -> None:
    rng = np.random.default_rng(7)
    present = rng.random((20, 180)) < 0.4
    cramps = rng.poisson(np.where(present[3], 1.6, 0.4))
    report = look_for_triggers(
        nights(cramps), [f for j in range(20) for f in factor(f"factor {j}", present[j])], seed=1
    )
    assert [trigger.name for trigger in report.flagged] == ["factor 3"]
    found = report.shown[0]
    assert found.verdict == "more cramps"
    assert 1 < found.low < 4 < found.high
    assert found.probability <= report.false_alarm
    assert NOT_A_CAUSE in found.says


def test_what_protects_is_found_too() -> None:
    rng = np.random.default_rng(8)
    present = rng.random(180) < 0.5
    report = look_for_triggers(nights(rng.poisson(np.where(present, 0.3, 1.5))), factor("stretching", present), seed=1)
    assert [t.verdict for t in report.shown] == ["fewer cramps"]
    assert report.shown[0].high < 1


def test_no_association_is_said_with_the_size_that_would_have_been_seen() -> None:
    rng = np.random.default_rng(9)
    report = look_for_triggers(nights(rng.poisson(1.0, 120)), factor("wine", rng.random(120) < 0.5), seed=1)
    [trigger] = report.shown
    assert trigger.verdict == "no association seen"
    assert trigger.low < 1 < trigger.high
    assert trigger.seen_from[0] < 1 < trigger.seen_from[1]
    assert trigger.says.startswith("wine: no association seen. One that makes cramps")


def test_a_longer_diary_could_have_seen_a_smaller_association() -> None:
    rng = np.random.default_rng(10)
    cramps, present = rng.poisson(1.0, 360), rng.random(360) < 0.5
    short = look_for_triggers(nights(cramps[:60]), factor("wine", present[:60]), seed=1).shown[0]
    long = look_for_triggers(nights(cramps), factor("wine", present), seed=1).shown[0]
    assert long.seen_from[1] < short.seen_from[1]


@pytest.mark.parametrize(
    ("present", "cramps", "says"),
    [
        ([1, 0, 0, 1, 0, 1] * 4, [1, 0] * 12, "24 nights are recorded; it takes 28"),
        ([1, 0, 0, 0, 0, 0, 0, 0] * 5, [1, 0] * 20, "5 recorded nights with it and 35 without; it takes 7 of each"),
        ([1] * 40, [1, 0] * 20, "40 recorded nights with it and 0 without"),
        ([1] * 30 + [0] * 30, [1, 0] * 30, "compare these as periods"),
        ([1, 1, 0, 0, 0, 0, 0] * 10, [1, 0] * 35, "day of the week"),
        ([1, 0, 0, 1, 0] * 10, [0] * 50, "no cramp"),
        ([1, 0, 0, 1, 0] * 10, [2] * 50, "the same number"),
    ],
)
def test_a_factor_that_the_data_cannot_bear_is_not_shown(present: list[int], cramps: list[int], says: str) -> None:
    report = look_for_triggers(nights(cramps), factor("standing", present), seed=1)
    assert report.shown == ()
    assert says in why(report)["standing"]


def test_a_night_on_which_the_factor_was_not_noted_is_unknown() -> None:
    only_yes = [1 if i % 3 == 0 else None for i in range(90)]
    report = look_for_triggers(nights([1, 0, 2] * 30), factor("wine", only_yes), seed=1)
    assert "30 recorded nights with it and 0 without" in why(report)["wine"]


def test_an_amount_is_split_at_none_or_at_the_persons_own_median() -> None:
    rng = np.random.default_rng(11)
    some, always = rng.poisson(1.0, 80), rng.integers(2000, 12000, 80)
    entries = [*factor("beer", some, "glasses"), *factor("steps", always, "steps")]
    report = look_for_triggers(nights(rng.poisson(1.0, 80)), entries, seed=1)
    contrast = {trigger.name: trigger.contrast for trigger in report.shown}
    assert contrast["beer"] == "with it"
    assert contrast["steps"] == f"with more than {np.median(always):g} steps"


def test_amounts_in_different_units_are_not_mixed() -> None:
    entries = [*factor("beer", [1, 0] * 20, "glasses"), *factor("beer", [0.5, 0] * 20, "L")]
    assert "different units" in why(look_for_triggers(nights([1, 0, 0, 2] * 10), entries, seed=1))["beer"]


def test_an_empty_diary_is_an_empty_report() -> None:
    report = look_for_triggers([], factor("wine", [1, 0]), seed=1)
    assert (report.shown, report.not_yet, report.nights_recorded) == ((), (), 0)


def test_a_diary_beyond_the_most_shifts_depends_on_the_seed_only_in_the_chosen_shifts() -> None:
    rng = np.random.default_rng(12)
    cramps, present = nights(rng.poisson(1.0, 2600)), factor("wine", rng.random(2600) < 0.5)
    one, again, other = (look_for_triggers(cramps, present, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one.shifts == 1999
    assert abs(one.shown[0].probability - other.shown[0].probability) < 0.05


def test_half_a_year_of_twenty_factors_takes_less_than_a_second() -> None:
    rng = np.random.default_rng(13)
    cramps = nights(rng.poisson(1.0, 180))
    entries = [f for j in range(20) for f in factor(f"factor {j}", rng.random(180) < 0.4)]
    begun = time.perf_counter()
    assert len(look_for_triggers(cramps, entries, seed=1).shown) == 20
    assert time.perf_counter() - begun < 1.0
