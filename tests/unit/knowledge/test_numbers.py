"""Numbers in phrases: distances walked, weeks of pregnancy, lengths of time, and what only looks like one."""

from __future__ import annotations

import pytest

from soleus.knowledge.load import load_evidence
from soleus.knowledge.numbers import pregnancy_weeks, walking_distance
from soleus.knowledge.resolve import resolve
from soleus.knowledge.word_lists import build_word_lists


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("walking 200 m", "200 m"),
        ("after 150 yards on the flat", "150 yards"),
        ("can walk two blocks", "two blocks"),
        ("woke at 2 am", None),
        ("i am unable to walk", None),
        ("last 10 km of a marathon", None),
        ("swimming past 1200 m", None),
        ("walking on the treadmill at 5 km/h", None),
    ],
)
def test_only_a_distance_walked_is_one(phrase: str, words: str | None) -> None:
    found = walking_distance(phrase)
    assert (found[0].strip() if found else None) == words


@pytest.mark.parametrize(
    ("phrase", "weeks"),
    [
        ("G2P1, 37 weeks", 37.0),
        ("late pregnancy", 33.0),
        ("term primigravida in labour", 39.0),
        ("since her second pregnancy", None),
        ("first pregnancy at 20", None),
        ("cramps during her last pregnancy", None),
    ],
)
def test_a_count_of_pregnancies_is_no_week(phrase: str, weeks: float | None) -> None:
    assert pregnancy_weeks(phrase) == weeks


@pytest.mark.parametrize(
    ("phrase", "findings"),
    [
        ("10-15 minutes", ["lasts_over_ten_minutes"]),
        ("2-3 minutes", ["lasts_seconds_to_minutes"]),
        ("half an hour", ["lasts_over_ten_minutes"]),
        ("5-30 minutes", []),
    ],
)
def test_a_range_of_minutes_counts_only_on_one_side_of_the_limit(phrase: str, findings: list[str]) -> None:
    answer = resolve(phrase, "duration", build_word_lists(load_evidence()).words)
    assert [match.finding for match in answer.matches] == findings
