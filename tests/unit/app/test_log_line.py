"""A line written half asleep: what it is read as, what is told back, and what is never guessed."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from itertools import count, permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.app.log_line import LogLine, last_night, read_log_line
from soleus.core.record import Episode, Night, check_entry, night_of

BERLIN = "Europe/Berlin"
MORNING = datetime(2026, 11, 26, 8, 30, tzinfo=ZoneInfo(BERLIN))  # a Thursday
LAST = date(2026, 11, 25)


def read(text: str, now: datetime = MORNING, zone: str = BERLIN) -> LogLine:
    ids = count()
    return read_log_line(text, now=now, zone=zone, new_id=lambda: f"id-{next(ids)}")


def episodes(line: LogLine) -> list[Episode]:
    return [entry for entry in line.entries if isinstance(entry, Episode)]


def nights(line: LogLine) -> list[Night]:
    return [entry for entry in line.entries if isinstance(entry, Night)]


def only(text: str, now: datetime = MORNING, zone: str = BERLIN) -> Episode:
    line = read(text, now, zone)
    assert len(line.entries) == 1, line
    entry = line.entries[0]
    assert isinstance(entry, Episode)
    return entry


def local(episode: Episode) -> str:
    assert episode.started_at is not None
    return f"{episode.started_at.astimezone(ZoneInfo(episode.zone)):%Y-%m-%d %H:%M}"


def codes(line: LogLine) -> set[str]:
    return {problem.code for problem in line.problems}


@pytest.mark.parametrize("text", ["", "now", "  ", "Now!", "a cramp", "cramp", "jetzt"])
def test_the_shortest_lines_are_a_cramp_now(text: str) -> None:
    episode = only(text)
    assert episode.started_at == MORNING
    assert episode.night_of == LAST
    assert episode.recorded_at == MORNING


def test_a_full_line_is_read_into_its_parts() -> None:
    episode = only("now both calves 2 min pain 7 woke me")
    assert (episode.leg, episode.muscle, episode.duration_s, episode.pain, episode.woke) == (
        "both",
        "calf",
        120,
        7,
        True,
    )
    episode = only("at 3am right foot 5 minutes pain 6 stretching helped")
    assert (episode.leg, episode.muscle, episode.duration_s, episode.pain) == ("right", "foot", 300, 6)
    assert episode.relieved_by == ("stretching",)
    assert local(episode) == "2026-11-26 03:00"


def test_the_order_of_words_and_capitals_do_not_matter() -> None:
    parts = ["3:15", "left calf", "2 min", "pain 7", "woke me"]
    expected = only(" ".join(parts))
    for order in permutations(parts):
        for joint in (" ", ", "):
            assert only(joint.join(order)) == expected
            assert only(joint.join(order).upper()) == expected


@pytest.mark.parametrize(
    ("text", "night"),
    [
        ("none", LAST),
        ("none last night", LAST),
        ("no cramps last night", LAST),
        ("last night none", LAST),
        ("0", LAST),
        ("zero cramps", LAST),
        ("didn't have any cramps last night", LAST),
        ("not a single cramp", LAST),
        ("keine Krämpfe", LAST),
        ("none tuesday night", date(2026, 11, 24)),
        ("2026-11-20 none", date(2026, 11, 20)),
    ],
)
def test_none_is_a_night_with_zero(text: str, night: date) -> None:
    line = read(text)
    assert [(entry.night_of, entry.cramps) for entry in nights(line)] == [(night, 0)]
    assert not episodes(line)
    assert line.said.startswith("No cramps in the night of")


@pytest.mark.parametrize(
    ("text", "night", "cramps"),
    [
        ("2 cramps last night", LAST, 2),
        ("last night twice", LAST, 2),
        ("THREE CRAMPS LAST NIGHT", LAST, 3),
        ("2026-11-20 2 cramps", date(2026, 11, 20), 2),
        ("20.11.2026 2 cramps", date(2026, 11, 20), 2),
        ("Nov 20, 2026: 2 cramps", date(2026, 11, 20), 2),
        ("20th of November 2", date(2026, 11, 20), 2),
        ("11/20/2026 2 cramps", date(2026, 11, 20), 2),
        ("2 nights ago 3", date(2026, 11, 24), 3),
        ("night before last 4 cramps", date(2026, 11, 24), 4),
        ("night of monday to tuesday 2", date(2026, 11, 23), 2),
        ("thursday night 1", date(2026, 11, 19), 1),  # tonight is Thursday, but has not begun
        ("31 december 2", date(2025, 12, 31), 2),  # without a year: the latest that is over
        ("letzte Nacht 2", LAST, 2),
    ],
)
def test_a_count_belongs_to_a_night(text: str, night: date, cramps: int) -> None:
    line = read(text)
    assert [(entry.night_of, entry.cramps) for entry in nights(line)] == [(night, cramps)]
    assert not line.problems


def test_a_count_with_a_place_keeps_both() -> None:
    line = read("last night 2, left calf")
    assert [(n.night_of, n.cramps) for n in nights(line)] == [(LAST, 2)]
    assert [(e.leg, e.muscle, e.started_at) for e in episodes(line)] == [("left", "calf", None)] * 2
    assert line.said == ("Two cramps: each left calf; in the night of Wednesday 25 to Thursday 26 November 2026.")
    line = read("tuesday night 1 left toes")
    assert [(e.night_of, e.leg, e.muscle) for e in episodes(line)] == [(date(2026, 11, 24), "left", "toes")]


def test_two_places_and_two_times_are_two_cramps_in_their_order() -> None:
    line = read("left calf 3:15, right foot 4:20")
    assert [(local(e), e.leg, e.muscle) for e in episodes(line)] == [
        ("2026-11-26 03:15", "left", "calf"),
        ("2026-11-26 04:20", "right", "foot"),
    ]
    line = read("2 cramps last night, left calf and right foot")
    assert [(e.leg, e.muscle) for e in episodes(line)] == [("left", "calf"), ("right", "foot")]
    assert [(e.leg, e.muscle) for e in episodes(read("left and right calf"))] == [("both", "calf")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03:15", "2026-11-26 03:15"),
        ("3:15 left calf", "2026-11-26 03:15"),
        ("at 3.15 right foot", "2026-11-26 03:15"),
        ("3am", "2026-11-26 03:00"),
        ("3 a.m. left calf", "2026-11-26 03:00"),
        ("at three o'clock", "2026-11-26 03:00"),
        ("half past 3", "2026-11-26 03:30"),
        ("quarter to 4", "2026-11-26 03:45"),
        ("at midnight", "2026-11-26 00:00"),
        ("right calf 10 pm", "2026-11-25 22:00"),
        ("9:10", "2026-11-25 09:10"),  # not yet today
        ("last night at 11", "2026-11-25 23:00"),
        ("at 3 in the morning", "2026-11-26 03:00"),
        ("yesterday 3am", "2026-11-25 03:00"),
        ("tuesday night at 2", "2026-11-25 02:00"),
        ("yesterday evening at 9", "2026-11-25 21:00"),
        ("2026-11-20 03:15", "2026-11-20 03:15"),
        ("2026-11-20T03:15 left calf", "2026-11-20 03:15"),
        ("tuesday at 9 in the evening", "2026-11-24 21:00"),
        ("half an hour ago", "2026-11-26 08:00"),
        ("10 min ago left calf", "2026-11-26 08:20"),
        ("um 3 Uhr linke Wade", "2026-11-26 03:00"),
        ("vor 10 Minuten rechte Wade", "2026-11-26 08:20"),
    ],
)
def test_times(text: str, expected: str) -> None:
    episode = only(text)
    assert local(episode) == expected
    assert episode.started_at is not None
    assert episode.night_of == night_of(episode.started_at, BERLIN)


def test_from_to_gives_the_length() -> None:
    episode = only("from 23:55 to 0:05 left calf")
    assert (local(episode), episode.duration_s) == ("2026-11-25 23:55", 600)
    episode = only("left calf from 3 to 3:10")
    assert (local(episode), episode.duration_s) == ("2026-11-26 03:00", 600)
    assert only("left calf one and a half minutes").duration_s == 90


def test_two_bare_hours() -> None:
    assert [local(e) for e in episodes(read("last night at 2 and 4 left calf"))] == [
        "2026-11-26 02:00",
        "2026-11-26 04:00",
    ]


def test_the_morning_of_a_date_belongs_to_the_night_before() -> None:
    assert read("morning of 2026-11-20 2 cramps").entries[0].night_of == date(2026, 11, 19)
    assert read("evening of 2026-11-20 2 cramps").entries[0].night_of == date(2026, 11, 20)


@pytest.mark.parametrize(("hour", "expected"), [(0, 25), (2, 25), (8, 25), (11, 25), (12, 25), (15, 25), (22, 25)])
def test_last_night_by_the_hour_of_telling(hour: int, expected: int) -> None:
    # before noon the night that has just ended or is running, after noon the night before: both began yesterday
    now = MORNING.replace(hour=hour)
    assert read("last night 2", now).entries[0].night_of == date(2026, 11, expected) == last_night(now, BERLIN)


def test_noon_parts_the_nights() -> None:
    now = MORNING.replace(hour=14)
    assert only("11:59", now).night_of == date(2026, 11, 25)
    assert only("12:01", now).night_of == date(2026, 11, 26)
    assert only("left calf", now).night_of == date(2026, 11, 26)


def test_a_missing_and_a_repeated_hour_are_told() -> None:
    now = datetime(2026, 3, 29, 9, 0, tzinfo=ZoneInfo(BERLIN))
    line = read("2:30 left calf", now)
    assert [(p.code, p.level) for p in line.problems] == [("missing_hour", "info")]
    assert episodes(line)[0].started_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    now = datetime(2026, 10, 25, 9, 0, tzinfo=ZoneInfo(BERLIN))
    line = read("2:30 left calf", now)
    assert [(p.code, p.level) for p in line.problems] == [("repeated_hour", "info")]
    assert episodes(line)[0].started_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two
    assert not read("3:30 left calf", now).problems


def test_one_hour_ago_counts_real_time_across_the_change_of_the_clocks() -> None:
    now = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 by the clock, an hour after 01:30 by the clock
    assert only("1 hour ago", now).started_at == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def test_a_day_that_was_skipped_at_the_date_line() -> None:
    now = datetime(2011, 12, 31, 0, 10, tzinfo=ZoneInfo("Pacific/Apia"))  # 30 December 2011 did not exist there
    episode = only("23:00", now, "Pacific/Apia")
    assert episode.started_at is not None
    assert episode.started_at <= now


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("left calf while asleep", "asleep"),
        ("in bed, left calf", "in_bed"),
        ("while walking left calf", "walking"),
        ("left calf after running", "after_exercise"),
        ("yesterday evening after a walk", "after_exercise"),
        ("standing, right foot", "standing"),
        ("during exercise right foot", "exercising"),
        ("sitting, left calf", "resting"),
    ],
)
def test_activity(text: str, activity: str) -> None:
    assert only(text).activity == activity


@pytest.mark.parametrize(
    ("text", "relieved_by"),
    [
        ("left calf, stretching", ("stretching",)),
        ("left calf, stretched it", ("stretching",)),
        ("left calf toes up", ("stretching",)),
        ("left calf, walking helped", ("walking",)),
        ("left calf, walked it off", ("walking",)),
        ("left calf, eased by walking", ("walking",)),
        ("left calf massage and heat", ("massage", "heat")),
        ("left calf, stretching did not help", ()),
        ("left calf, without stretching", ()),
        ("left calf, nothing helped", ()),
    ],
)
def test_relief(text: str, relieved_by: tuple[str, ...]) -> None:
    episode = only(text)
    assert episode.relieved_by == relieved_by
    assert episode.activity is None
    if not relieved_by:
        assert episode.note  # what did not help is kept in words


def test_woken_and_sore() -> None:
    assert only("woke me at 3, left calf").woke is True
    assert only("didn't wake me, left calf").woke is False
    assert only("left calf").woke is None
    assert only("last night left calf, sore today").sore_next_day is True
    assert only("last night left calf, not sore").sore_next_day is False


@pytest.mark.parametrize("text", ["sore today", "left calf sore"])
def test_soreness_alone_is_no_cramp(text: str) -> None:
    line = read(text)
    assert not episodes(line)
    assert [(night.night_of, night.cramps, night.note) for night in nights(line)] == [(LAST, None, text)]
    assert codes(line) == {"no_cramp_told"}


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("left claf", "left calf"),
        ("lfet calf", "left calf"),
        ("left calff pian 7", "left calf pain 7"),
        ("last nigth 3 crmps", "last night 3 cramps"),
        ("tusday night 1 left toes", "tuesday night 1 left toes"),
        ("left calf 2 minuts", "left calf 2 minutes"),
        ("right foot strtching helped", "right foot stretching helped"),
    ],
)
def test_slips_of_one_letter_are_read_and_told(text: str, like: str) -> None:
    assert read(text).entries == read(like).entries
    assert codes(read(text)) == {"read_as"}


@pytest.mark.parametrize("word", ["food", "light", "tight", "half", "skin", "paid", "bath", "nine", "work", "list"])
def test_ordinary_words_are_no_slips(word: str) -> None:
    assert "read_as" not in codes(read(f"left calf {word}"))


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("2 cramps last night after chocolate", "after chocolate"),
        ("left calf, 2 beers before bed", "2 beers before bed"),
        ("last night 2, tired today", "tired today"),
        ("left calf banana", "banana"),
    ],
)
def test_what_is_not_understood_is_kept_and_told(text: str, note: str) -> None:
    line = read(text)
    assert line.entries[0].note == note
    assert codes(line) == {"kept_as_note"}
    assert note in str(line.problems[0])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("500 cramps", "out_of_range"),
        ("500", "out_of_range"),
        ("-2 cramps", "out_of_range"),
        ("1.5 cramps last night", "out_of_range"),
        ("pain 11", "out_of_range"),
        ("left calf 500 min", "out_of_range"),
        ("left calf -5 minutes", "negative_duration"),
        ("2027-01-01 1 cramp", "future"),
        ("tomorrow 2", "future"),
        ("today at 23:00", "future"),
        ("2026-02-30 1", "no_such_date"),
        ("5/6/2026 1", "unclear_date"),
        ("left calf on 20/11", "unclear_date"),
        ("25:00", "no_such_time"),
        ("3:75 left calf", "no_such_time"),
        ("monday and tuesday 2", "two_times"),
        ("last night 2, now left calf", "two_times"),
        ("last night none, tonight 1", "none_or_some"),
        ("none this week", "more_than_one_night"),
        ("none the last 3 nights", "more_than_one_night"),
        ("2 cramps every night", "more_than_one_night"),
        ("no cramps in the left calf", "none_or_some"),
        ("none, pain 7", "none_or_some"),
        ("none yesterday evening", "none_or_some"),
        ("maybe a cramp last night", "in_doubt"),
        ("not a cramp", "in_doubt"),
        ("not left calf", "unclear_negation"),
        ("banana", "nothing_understood"),
        ("last night 2 beers", "nothing_understood"),
        ("2 cramps 3 times", "two_counts"),
        ("2 cramps 1:00 2:00 3:00", "count_mismatch"),
    ],
)
def test_what_cannot_be_meant_is_a_problem_and_no_entry(text: str, code: str) -> None:
    line = read(text)
    assert line.entries == ()
    assert code in {problem.code for problem in line.problems if problem.level == "error"}
    assert line.said.startswith("Nothing was entered, because ")


def test_none_before_the_night_is_over_is_not_taken_for_granted() -> None:
    assert codes(read("none tonight", MORNING.replace(hour=22))) == {"night_not_over"}
    assert not read("none tonight", MORNING.replace(hour=22)).entries
    early = read("none", MORNING.replace(hour=2))
    assert [(p.code, p.level) for p in early.problems] == [("night_not_over", "warning")]
    assert nights(early)[0].night_of == LAST


def test_how_many_is_not_invented() -> None:
    line = read("cramps last night")
    assert codes(line) >= {"count_unknown"}
    assert len(episodes(line)) == 1
    assert not nights(line)  # one at least is no count of the night


def test_sleep_is_no_length_of_a_cramp() -> None:
    line = read("2 cramps last night, slept 6 hours")
    assert [(n.cramps, n.slept_h) for n in nights(line)] == [(2, 6)]
    assert [(n.cramps, n.slept_h) for n in nights(read("none, slept 7 hours"))] == [(0, 7)]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("none, stretched before bed", "stretched before bed"),
        ("none last night, sore after a walk", "sore after a walk"),
        ("took magnesium, none last night", "took magnesium"),
    ],
)
def test_what_was_done_in_a_night_without_cramps_is_a_note(text: str, note: str) -> None:
    line = read(text)
    assert [(n.night_of, n.cramps, n.note) for n in nights(line)] == [(LAST, 0, note)]
    assert not episodes(line)


def test_waking_without_a_cramp_is_no_cramp() -> None:
    assert [(n.cramps, n.awakenings) for n in nights(read("none, woke twice"))] == [(0, 2)]
    assert read("none, woke twice").said.startswith("No cramps, awake 2 times, in the night of")


def test_a_hand_is_no_leg() -> None:
    line = read("cramp in my right hand now")
    assert [(e.leg, e.muscle, e.note) for e in episodes(line)] == [(None, "other", "right hand")]
    assert "not_a_leg" in codes(line)


def test_nothing_can_steer_the_terminal() -> None:
    line = read("left calf \x1b[2Jhello")
    assert line.entries[0].note.isprintable()
    assert line.said.isprintable()


def test_now_must_have_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        read("left calf", datetime(2026, 1, 1))


WORDS = [
    *("now", "left", "right", "both", "calf", "foot", "toes", "last", "night", "tonight", "yesterday", "today"),
    *("evening", "morning", "afternoon", "none", "no", "not", "cramp", "cramps", "2", "3", "500", "-1", "0", "3:15"),
    *("3am", "25:00", "at", "ago", "min", "minutes", "hour", "pain", "7", "7/10", "woke", "me", "stretching"),
    *("walking", "helped", "after", "running", "sore", "2026-11-20", "2027-01-01", "20/11", "tuesday", "since"),
    *("every", "week", "in", "bed", "the", "a", ",", ";", ".", "half an", "slept", "hours", "banana", "nov", "links"),
]


@given(
    st.lists(st.sampled_from(WORDS), max_size=9),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Pacific/Auckland", "Asia/Kathmandu"]),
)
def test_any_line_gives_sound_entries_of_one_night_or_an_error(words: list[str], at: datetime, zone: str) -> None:
    now = at.replace(tzinfo=UTC)
    line = read(" ".join(words), now, zone)
    failed = any(problem.level == "error" for problem in line.problems)
    assert failed == (not line.entries)
    assert len({entry.night_of for entry in line.entries}) <= 1
    assert len({entry.id for entry in line.entries}) == len(line.entries)
    assert line.said.endswith(".")
    for entry in line.entries:
        assert check_entry(entry, now) == []
        assert entry.night_of <= night_of(now, zone)
        if isinstance(entry, Episode) and entry.started_at is not None:
            assert entry.started_at <= now
    if {"none", "no", "0"}.isdisjoint(words):
        assert all(night.cramps != 0 for night in nights(line))  # a zero is never made of anything else


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    line = read(text)
    assert line.said
    assert bool(line.entries) != any(problem.level == "error" for problem in line.problems)


def test_even_the_longest_line_is_read_at_once_and_a_longer_one_is_refused() -> None:
    start = time.perf_counter()
    assert codes(read("a 1 cramp pain " * 33)) == {"kept_as_note"}
    assert time.perf_counter() - start < 1  # forty times what was measured
    assert codes(read("left calf " * 51)) == {"too_long"}


def test_the_night_told_is_the_night_entered() -> None:
    for back in range(7):
        day = LAST - timedelta(days=back)
        line = read(f"{day:%A} night 2".lower())
        assert line.entries[0].night_of == day
        assert f"{day:%A} {day.day}" in line.said
