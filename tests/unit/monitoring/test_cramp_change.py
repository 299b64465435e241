"""Two periods compared: fewer, more, or can't tell; and what else could explain it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from soleus.core.record import NightCount
from soleus.knowledge.load import load_evidence
from soleus.monitoring.cramp_change import change_over_time

EVIDENCE = load_evidence()


def counts(values: list[int], start: date) -> list[NightCount]:
    return [NightCount(night_of=start + timedelta(days=i), cramps=value) for i, value in enumerate(values)]


def change(values: list[int], start: date, split: int, hemisphere: str | None = "north"):  # type: ignore[no-untyped-def]
    return change_over_time(
        counts(values, start),
        split=start + timedelta(days=split),
        evidence=EVIDENCE,
        hemisphere=hemisphere,  # type: ignore[arg-type]
    )


def test_fewer_more_and_cannot_tell() -> None:
    much, little = [2, 1, 0, 2] * 14, [0, 0, 1, 0] * 14
    start = date(2026, 1, 1)
    assert change(much + little, start, 56).verdict == "fewer"
    assert change(little + much, start, 56).verdict == "more"
    same = change(much + much, start, 56)
    assert (same.verdict, same.ratio) == ("can't tell", 1.0)
    assert "scatter" in same.reason
    assert same.smallest_fall is not None
    assert same.surely_seen_fall is not None
    assert same.smallest_fall < same.surely_seen_fall < 1


def test_a_short_period_cannot_tell_however_large_the_difference() -> None:
    result = change([5] * 13 + [0] * 40, date(2026, 1, 1), 13)
    assert result.verdict == "can't tell"
    assert "14 recorded nights" in result.reason


def test_cramps_that_begin_have_no_ratio_but_can_be_more() -> None:
    result = change([0] * 56 + [1, 0, 1, 1] * 14, date(2026, 1, 1), 56)
    assert (result.verdict, result.ratio, result.high) == ("more", None, None)
    none = change([0] * 112, date(2026, 1, 1), 56)
    assert (none.verdict, none.ratio) == ("can't tell", None)


def test_a_rare_cramp_cannot_show_a_fall() -> None:
    result = change([1, *[0] * 13] * 4, date(2026, 1, 1), 28)
    assert result.verdict == "can't tell"
    assert result.smallest_fall is None


def test_the_season_is_named_only_between_seasons_and_turned_over_in_the_south() -> None:
    values = [2, 1, 0, 2] * 30
    names = [rival.name for rival in change(values, date(2026, 6, 1), 60).rivals]
    assert "season" not in names, "both sides of mid-summer"
    north = change(values, date(2026, 7, 15), 60).rivals
    south = change(values, date(2026, 7, 15), 60, "south").rivals
    unknown = change(values, date(2026, 7, 15), 60, None).rivals
    assert [rival.name for rival in north] == [rival.name for rival in south] == ["season"]
    assert north[0].expected_ratio is not None
    assert south[0].expected_ratio is not None
    assert north[0].expected_ratio < 0.9
    assert south[0].expected_ratio > 1.1
    assert unknown[0].expected_ratio is None


def test_mid_summer_has_twice_the_cramps_of_mid_winter() -> None:
    # Garrison 2015: about double; peak to peak two thirds of the mean
    days = [date(2026, 7, 15) + timedelta(days=i) for i in (-7, 7)]
    winter = [date(2027, 1, 14) + timedelta(days=i) for i in (-7, 7)]
    nights = [
        NightCount(night_of=first + timedelta(days=i), cramps=1) for first in (days[0], winter[0]) for i in range(15)
    ]
    result = change_over_time(
        nights, periods=((days[0], days[1]), (winter[0], winter[1])), evidence=EVIDENCE, hemisphere="north"
    )
    assert result.rivals[0].expected_ratio == pytest.approx(0.5, abs=0.01)


def test_a_diary_begun_in_a_bad_stretch_names_regression_to_the_mean() -> None:
    start = date(2026, 5, 25)
    names = [rival.name for rival in change([3] * 14 + [1] * 42 + [1, 0] * 28, start, 56).rivals]
    assert "regression_to_the_mean" in names
    assert "regression_to_the_mean" not in [r.name for r in change([1] * 28 + [3] * 28 + [1] * 56, start, 56).rivals]
    # a rise is not explained by it
    assert "regression_to_the_mean" not in [r.name for r in change([3] * 14 + [1] * 42 + [5] * 56, start, 56).rivals]


def test_a_change_between_the_periods_is_not_taken_for_scatter() -> None:
    step = change([4] * 56 + [1] * 56, date(2026, 1, 1), 56)
    assert step.dispersion.night < 1


def test_the_periods_must_be_given_once_and_in_order() -> None:
    night = counts([1], date(2026, 1, 1))
    first, second = (date(2026, 1, 1), date(2026, 1, 20)), (date(2026, 1, 20), date(2026, 2, 1))
    with pytest.raises(ValueError, match="either"):
        change_over_time(night, evidence=EVIDENCE)
    with pytest.raises(ValueError, match="overlap"):
        change_over_time(night, periods=(first, second), evidence=EVIDENCE)
