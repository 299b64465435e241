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
    ("nights", "step", "answer"),
    [
        (0, "never", 0),
        (1, "once a month", 1),
        (3, "2 to 4 times a month", 2),
        (5, "5 to 15 times a month", 3),
        (31, "16 to 30 times a month", 4),
    ],
)
def test_each_answer_of_the_survey(nights: float, step: str, answer: int) -> None:
    found = compare_with_people(nights, 60, "female", EVIDENCE)
    assert found is not None
    assert found.step == step
    shares = EVIDENCE.cramp_frequency["women"].shares[60 - 16]
    expected = [sum(shares[:answer]), shares[answer], sum(shares[answer + 1 :])]
    assert [found.fewer.value, found.same.value, found.more.value] == pytest.approx(expected, abs=2e-4)
    assert (found.row, found.population) == ("women", "women of 60")
    for share in (found.fewer, found.same, found.more):
        assert share.low <= share.value <= share.high


def test_older_women_have_them_more_often_than_younger_men() -> None:
    old, young = (compare_with_people(0, *who, EVIDENCE) for who in ((75, "female"), (25, "male")))
    assert old is not None
    assert young is not None
    assert old.more.low > young.more.high


@pytest.mark.parametrize(
    ("age", "sex", "month", "row", "population"),
    [
        (16, "male", None, "men", "men of 16"),
        (29.9, "male", None, "men", "men of 29"),
        (95, None, None, "everybody", "people of 85 and over"),
        (30, "female", 8.4, "pregnant", "women in month 8 of pregnancy"),
        (30, "female", 0, "women", "women of 30"),
        (None, "female", None, "women_all", "women of 16 and over"),
        (None, None, None, "people_all", "people of 16 and over"),
    ],
)
def test_the_people_are_those_of_the_age_and_sex_or_everybody_where_unknown(  # type: ignore[no-untyped-def]
    age, sex, month, row, population
) -> None:
    found = compare_with_people(4, age, sex, EVIDENCE, month)
    assert found is not None
    assert (found.row, found.population) == (row, population)


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
