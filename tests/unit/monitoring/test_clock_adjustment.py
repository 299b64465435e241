"""Known daily rhythms: directions as published, uncertainty, and what changes nothing."""

from __future__ import annotations

from datetime import time

import pytest

from soleus.knowledge.load import load_evidence
from soleus.monitoring.clock_adjustment import adjust_for_clock, rhythm_at

EVIDENCE = load_evidence()
WITH_RHYTHM = [key for key, quantity in EVIDENCE.quantities.items() if quantity.rhythm]


def test_the_four_named_rhythms_are_known() -> None:
    assert WITH_RHYTHM == ["calcium", "potassium", "pth", "tsh"]


@pytest.mark.parametrize(
    ("quantity", "at", "rises"),
    [
        ("calcium", time(3), True),  # lowest at 2-4: in the morning it would have been higher
        ("potassium", time(21), True),  # lowest at 21
        ("potassium", time(13), False),  # highest at 13
        ("pth", time(3), False),  # highest at 2-4
        ("tsh", time(2), False),  # nightly surge
        ("tsh", time(15), True),  # low in the afternoon
    ],
)
def test_a_sample_is_moved_the_published_way(quantity: str, at: time, rises: bool) -> None:
    result = adjust_for_clock(3.0, quantity, at, evidence=EVIDENCE)
    assert result.changed
    assert (result.value > 3.0) is rises
    assert result.low < result.value < result.high
    assert f"{at:%H:%M}" in result.note


@pytest.mark.parametrize("quantity", WITH_RHYTHM)
def test_a_sample_of_the_usual_hour_stays_as_it_is(quantity: str) -> None:
    result = adjust_for_clock(3.0, quantity, time(9), evidence=EVIDENCE)
    assert (result.value, result.low, result.high) == (3.0, 3.0, 3.0)


def test_unknown_time_and_unknown_rhythm_change_nothing() -> None:
    for quantity, at in (("calcium", None), ("vitamin_d", time(3)), ("my own meter", time(3))):
        result = adjust_for_clock(2.2, quantity, at, evidence=EVIDENCE)
        assert (result.value, result.low, result.high, result.changed) == (2.2, 2.2, 2.2, False)
        assert "nothing was changed" in result.note


@pytest.mark.parametrize("quantity", WITH_RHYTHM)
def test_highest_and_lowest_lie_where_the_evidence_says(quantity: str) -> None:
    rhythm = EVIDENCE.quantities[quantity].rhythm
    assert rhythm is not None
    quarters = [quarter / 4 for quarter in range(96)]
    curve = [rhythm_at(hour, rhythm) for hour in quarters]
    assert quarters[curve.index(max(curve))] == rhythm.highest_hour.value
    assert quarters[curve.index(min(curve))] == rhythm.lowest_hour.value
    assert max(curve) - min(curve) == pytest.approx(2 * rhythm.half_swing.value / 100)


def test_the_hours_published_for_potassium_give_its_published_swing() -> None:
    """Means of 4.23 at 13:00 and 3.96 at 21:00 (friedrich2014): the interval holds the printed ratio."""
    result = adjust_for_clock(1.0, "potassium", time(21), evidence=EVIDENCE)
    at_peak = adjust_for_clock(1.0, "potassium", time(13), evidence=EVIDENCE)
    assert result.value / at_peak.value == pytest.approx(4.23 / 3.96, rel=0.03)


def test_the_unit_does_not_matter() -> None:
    mmol = adjust_for_clock(2.15, "calcium", time(3), evidence=EVIDENCE)
    mg = adjust_for_clock(2.15 * 4.008, "calcium", time(3), evidence=EVIDENCE, unit="mg/dL")
    assert mg.value / mmol.value == pytest.approx(4.008)
    assert "mg/dL" in mg.note


def test_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        adjust_for_clock(float("nan"), "calcium", time(3), evidence=EVIDENCE)
