"""Where a person lies among people of the same age and sex."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from soleus.core.record import NightCount
from soleus.knowledge.load import load_evidence
from soleus.monitoring.comparison import compare_with_people
from soleus.monitoring.cramp_rate import weekly_rate

EVIDENCE = load_evidence()


@pytest.mark.parametrize(
    ("nights", "step", "fewer", "same", "more"),
    [
        # women of 60 to 69: 57.24, 13.86, 18.16, 7.21, 3.53 %
        (0, "never", 0.0, 0.5724, 0.4276),
        (1, "once a month", 0.5724, 0.1386, 0.2890),
        (3, "2 to 4 times a month", 0.7110, 0.1816, 0.1074),
        (5, "5 to 15 times a month", 0.8926, 0.0721, 0.0353),
        (31, "16 to 30 times a month", 0.9647, 0.0353, 0.0),
    ],
)
def test_each_answer_of_the_survey(nights: float, step: str, fewer: float, same: float, more: float) -> None:
    found = compare_with_people(nights, 60, "female", EVIDENCE)
    assert found is not None
    assert found.step == step
    assert [found.fewer.value, found.same.value, found.more.value] == pytest.approx([fewer, same, more], abs=2e-4)
    assert (found.row, found.n, found.population) == ("women_60_69", 844, "women of 60 to 69")
    for share in (found.fewer, found.same, found.more):
        assert share.low <= share.value <= share.high


@pytest.mark.parametrize(
    ("age", "sex", "row"),
    [
        (16, "male", "men_16_29"),
        (29.9, "male", "men_16_29"),
        (30, "female", "women_30_39"),
        (95, None, "people_80_up"),
        (None, "female", "women_all"),
        (None, None, "people_all"),
    ],
)
def test_the_row_is_that_of_the_age_and_sex_or_of_everybody_where_unknown(age, sex, row) -> None:  # type: ignore[no-untyped-def]
    found = compare_with_people(4, age, sex, EVIDENCE)
    assert found is not None
    assert found.row == row


def test_a_short_diary_reaches_into_several_answers() -> None:
    def of(nights: int):  # type: ignore[no-untyped-def]
        start = date(2026, 1, 1)
        diary = [NightCount(night_of=start + timedelta(days=i), cramps=int(i % 3 == 0)) for i in range(nights)]
        rate = weekly_rate(diary, start, start + timedelta(days=nights - 1), evidence=EVIDENCE)
        return compare_with_people(rate, 50, "male", EVIDENCE)

    short, long = of(14), of(364)
    assert short.steps_apart
    assert short.step_high != long.step == "5 to 15 times a month"
    assert not long.steps_apart
    assert long.fewer.high - long.fewer.low < short.fewer.high - short.fewer.low


def test_no_recorded_night_is_no_comparison() -> None:
    rate = weekly_rate([], date(2026, 1, 1), date(2026, 1, 7), evidence=EVIDENCE)
    assert compare_with_people(rate, 50, "male", EVIDENCE) is None


@pytest.mark.parametrize(("nights", "age", "says"), [(4, 12, "from 16"), (40, 50, "0 to 31"), (-1, 50, "0 to 31")])
def test_what_cannot_be_compared_is_refused(nights: float, age: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compare_with_people(nights, age, "female", EVIDENCE)
