"""What a night holds, what is missing or late, and keeping what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.app.morning import (
    LATE,
    CrampTold,
    MorningTold,
    is_late,
    look_at_night,
    missing_nights,
    night_ends,
    night_to_tell,
    take_back,
    tell_night,
    tell_none,
)
from soleus.core.record import Episode, Night, night_of
from soleus.diary import Diary, open_diary

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
LAST = date(2026, 11, 25)


@pytest.fixture
def diary() -> Iterator[Diary]:
    with open_diary("sqlite://") as opened:
        yield opened


def log(diary: Diary, id: str, hour: int, minute: int, night: date = LAST, leg: str | None = "left") -> None:
    start = datetime(night.year, night.month, night.day, tzinfo=UTC) + timedelta(days=1, hours=hour, minutes=minute)
    cramp = Episode(id=id, recorded_at=start, zone=ZONE, night_of=night, started_at=start, leg=leg)  # type: ignore[arg-type]
    assert diary.add([cramp], now=NOW).new == 1


def test_an_explicit_none_is_kept_once_however_often_it_is_told(diary: Diary) -> None:
    first = tell_none(diary, LAST, id="a", now=NOW, zone=ZONE)
    again = tell_none(diary, LAST, id="a", now=NOW + timedelta(seconds=2), zone=ZONE)
    assert (first.changed, again.changed) == (("a",), ())
    assert look_at_night(diary, LAST).state == "none"
    assert diary.counts()["nights"] == 1


def test_none_keeps_what_was_told_of_the_sleep(diary: Diary) -> None:
    tell_night(diary, LAST, MorningTold(id="a", slept_h=7.5, note="hot"), now=NOW, zone=ZONE)
    assert look_at_night(diary, LAST).state == "missing"
    tell_none(diary, LAST, id="b", now=NOW, zone=ZONE)
    (check,) = diary.nights()
    assert (check.cramps, check.slept_h, check.note) == (0, 7.5, "hot")


def test_none_beside_logged_cramps_is_not_believed(diary: Diary) -> None:
    log(diary, "one", 1, 0)
    log(diary, "two", 3, 0)
    asked = tell_none(diary, LAST, id="a", now=NOW, zone=ZONE)
    assert [problem.code for problem in asked.problems] == ["cramps_logged"]
    assert diary.counts() == {"episodes": 2, "nights": 0, "factors": 0, "samples": 0}
    done = tell_none(diary, LAST, id="a", now=NOW, zone=ZONE, remove_logged=True)
    assert look_at_night(diary, LAST).cramps == 0
    take_back(diary, done.changed, now=NOW)
    assert look_at_night(diary, LAST).cramps == 2


def test_a_morning_corrects_adds_and_removes_cramps_and_all_of_it_can_be_taken_back(diary: Diary) -> None:
    log(diary, "one", 1, 0)
    log(diary, "slip", 3, 0)
    before = diary.content_hash()
    told = MorningTold(
        id="check",
        cramps=2,
        quality=6,
        details=(
            CrampTold(id="one", leg="left", pain=7, muscle="calf"),
            CrampTold(id="slip", remove=True),
            CrampTold(id="new", pain=3),
            CrampTold(id="empty"),
        ),
    )
    kept = tell_night(diary, LAST, told, now=NOW, zone=ZONE)
    assert kept.problems == ()
    assert {one.id: one.pain for one in diary.episodes()} == {"one": 7, "new": 3}
    take_back(diary, reversed(kept.changed), now=NOW)
    assert diary.content_hash() == before


def test_the_same_form_sent_twice_changes_nothing_the_second_time(diary: Diary) -> None:
    told = MorningTold(id="check", cramps=1, details=(CrampTold(id="new", pain=3),))
    assert tell_night(diary, LAST, told, now=NOW, zone=ZONE).changed == ("new", "check")
    assert tell_night(diary, LAST, told, now=NOW + timedelta(minutes=1), zone=ZONE).changed == ()


def test_what_can_not_be_is_not_kept_at_all(diary: Diary) -> None:
    told = MorningTold(id="check", cramps=1, slept_h=30.0, details=(CrampTold(id="new", pain=3),))
    assert [problem.code for problem in tell_night(diary, LAST, told, now=NOW, zone=ZONE).problems] == ["out_of_range"]
    assert not any(diary.counts().values())


def test_a_count_that_is_told_late_is_late_though_the_sleep_was_told_in_time(diary: Diary) -> None:
    tell_night(diary, LAST, MorningTold(id="a", slept_h=7.0), now=NOW, zone=ZONE)
    assert not is_late(diary.nights()[0])
    tell_night(diary, LAST, MorningTold(id="a", slept_h=7.0, cramps=0), now=NOW + timedelta(days=5), zone=ZONE)
    assert look_at_night(diary, LAST).late


def test_a_cramp_logged_in_time_keeps_its_night_from_being_late(diary: Diary) -> None:
    log(diary, "one", 1, 0)
    tell_night(diary, LAST, MorningTold(id="a", cramps=2), now=NOW + timedelta(days=5), zone=ZONE)
    seen = look_at_night(diary, LAST)
    assert (seen.cramps, seen.late, is_late(seen.checks[0])) == (2, False, True)


def test_missing_nights_begin_with_the_diary_and_end_with_last_night(diary: Diary) -> None:
    assert missing_nights(diary, NOW, ZONE) == []
    tell_none(diary, LAST - timedelta(days=3), id="a", now=NOW, zone=ZONE)
    assert missing_nights(diary, NOW, ZONE) == [LAST, LAST - timedelta(days=1), LAST - timedelta(days=2)]


def test_close_taps_of_one_leg_are_a_question_and_those_of_two_legs_are_not(diary: Diary) -> None:
    log(diary, "a", 2, 0)
    log(diary, "b", 2, 4)
    log(diary, "c", 3, 0, leg="left")
    log(diary, "d", 3, 1, leg="right")
    assert [(a.id, b.id) for a, b in look_at_night(diary, LAST).close_pairs] == [("a", "b")]


@given(
    told=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    days=st.integers(0, 6),
    zone=st.sampled_from(["Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC"]),
)
def test_last_night_is_never_late_and_a_night_of_three_days_ago_always_is(told: datetime, days: int, zone: str) -> None:
    at = told.replace(tzinfo=UTC)
    night = night_to_tell(at, zone) - timedelta(days=days)
    check = Night(id="a", recorded_at=at, zone=zone, night_of=night, cramps=0)
    assert is_late(check) == (at - night_ends(night, zone) > LATE)
    if days == 0:
        assert not is_late(check)
    if days >= 3:
        assert is_late(check)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_the_night_to_tell_is_over_or_in_its_last_hours(at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    running = night_of(moment, ZONE)
    assert night_to_tell(moment, ZONE) in (running, running - timedelta(days=1))
