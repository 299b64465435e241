"""The night of a cramp across daylight saving and travel, and export, erasing and import of any diary.

The expected nights are told by a clock that is walked through independently of `night_of`: the local date of the
wall clock, and whether it shows noon or later. Time zone facts are those of the IANA database.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.core.record import Episode, Factor, Night, Sample, check_entry, night_of
from soleus.diary import erase, export_to, import_from, open_diary

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # half an hour
    "Australia/Lord_Howe",  # daylight saving of half an hour
    "Pacific/Apia",  # skipped 30 December 2011
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "UTC",
]
moments = st.datetimes(datetime(1995, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


@given(at=moments, zone=zones)
def test_a_night_runs_from_noon_to_noon_by_the_wall_clock(at: datetime, zone: str) -> None:
    wall = at.astimezone(ZoneInfo(zone))
    expected = wall.date() if wall.hour >= 12 else wall.date() - timedelta(days=1)
    assert night_of(at, zone) == expected


@given(at=moments, zone=zones, offset=st.integers(-14 * 60, 14 * 60))
def test_the_offset_in_which_a_moment_is_written_does_not_matter(at: datetime, zone: str, offset: int) -> None:
    assert night_of(at.astimezone(timezone(timedelta(minutes=offset))), zone) == night_of(at, zone)


@given(at=moments, zone=zones, seconds=st.integers(0, 6 * 3600))
def test_nights_never_go_backwards_in_one_place(at: datetime, zone: str, seconds: int) -> None:
    before, after = night_of(at, zone), night_of(at + timedelta(seconds=seconds), zone)
    step = 2 if zone == "Pacific/Apia" else 1  # one date was never there
    assert timedelta(0) <= after - before <= timedelta(days=step)


@pytest.mark.parametrize(
    ("utc", "night"),
    [
        ("2025-10-26T00:30Z", "2025-10-25"),  # 02:30 summer time
        ("2025-10-26T01:30Z", "2025-10-25"),  # 02:30 again, winter time
        ("2026-03-29T00:59Z", "2026-03-28"),  # 01:59, then 03:00
        ("2026-03-29T01:00Z", "2026-03-28"),
        ("2026-03-29T09:59Z", "2026-03-28"),  # 11:59 summer time
        ("2026-03-29T10:01Z", "2026-03-29"),  # 12:01
        ("2026-01-10T10:59Z", "2026-01-09"),  # 11:59 winter time
        ("2026-01-10T11:01Z", "2026-01-10"),  # 12:01
    ],
)
def test_two_in_the_morning_and_noon_in_berlin(utc: str, night: str) -> None:
    assert night_of(datetime.fromisoformat(utc), "Europe/Berlin") == date.fromisoformat(night)


def test_the_night_of_the_change_is_an_hour_longer_or_shorter() -> None:
    def hours(night: date) -> int:
        start = datetime(night.year, night.month, night.day, tzinfo=UTC)
        return sum(night_of(start + timedelta(hours=h), "Europe/Berlin") == night for h in range(60))

    assert [hours(date(2025, 10, 25)), hours(date(2026, 3, 28)), hours(date(2026, 1, 10))] == [25, 23, 24]


def test_a_flight_over_the_date_line() -> None:
    # leaves Tokyo at 23:00 on 10 May (14:00 UTC), lands in Honolulu at 11:00 on 10 May (21:00 UTC)
    before, after = datetime(2025, 5, 10, 14, tzinfo=UTC), datetime(2025, 5, 10, 21, tzinfo=UTC)
    assert night_of(before, "Asia/Tokyo") == date(2025, 5, 10)
    assert night_of(after, "Pacific/Honolulu") == date(2025, 5, 9)  # before noon there: the same date dawns twice
    assert night_of(after + timedelta(hours=1), "Pacific/Honolulu") == date(2025, 5, 10)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    flown = [
        Episode(id="1", recorded_at=before, zone="Asia/Tokyo", night_of=date(2025, 5, 10), started_at=before),
        Episode(id="2", recorded_at=after, zone="Pacific/Honolulu", night_of=date(2025, 5, 9), started_at=after),
    ]
    assert [check_entry(one, now) for one in flown] == [[], []]
    with open_diary("sqlite://") as diary:
        assert diary.add(flown, now=now).new == 2
        assert [one.id for one in diary.episodes()] == ["2", "1"]  # by night, and each keeps its own moment and zone
        assert [one.started_at for one in diary.episodes()] == [after, before]


@given(at=moments, zone=zones)
def test_another_night_than_that_of_the_start_is_refused(at: datetime, zone: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    right = Episode(id="1", recorded_at=at, zone=zone, night_of=night_of(at, zone), started_at=at)
    wrong = Episode(id="1", recorded_at=at, zone=zone, night_of=right.night_of + timedelta(days=1), started_at=at)
    assert check_entry(right, now) == []
    assert [one.code for one in check_entry(wrong, now)] == ["other_night"]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
numbers = st.floats(-1e6, 1e6)
names = texts.filter(lambda text: bool(text.strip()))


@st.composite
def entries(draw: st.DrawFn, key: str) -> Episode | Night | Factor | Sample:
    at, zone = draw(moments), draw(zones)
    shared = {"id": key, "recorded_at": at, "zone": zone, "note": draw(texts)}
    night = night_of(at, zone)
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return Episode(
            **shared,
            night_of=night,
            started_at=draw(st.sampled_from([None, at])),
            duration_s=draw(st.none() | st.floats(0, 21600)),
            leg=draw(st.sampled_from([None, "left", "right", "both"])),
            pain=draw(st.none() | st.integers(0, 10)),
            woke=draw(st.none() | st.booleans()),
            relieved_by=tuple(draw(st.lists(texts, max_size=3))),
        )
    if kind == 1:
        return Night(**shared, night_of=night, cramps=draw(st.none() | st.integers(0, 60)))
    if kind == 2:
        return Factor(**shared, night_of=night, name=draw(names), value=draw(numbers), unit=draw(texts))
    return Sample(
        **shared,
        taken_at=at,
        quantity=draw(names),
        value=draw(numbers),
        low=draw(st.none() | numbers),
        clock_known=draw(st.booleans()),
        series=draw(texts),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("diary")


@settings(max_examples=20, deadline=None)
@given(data=st.data(), number=st.integers(0, 6), from_tables=st.booleans())
def test_export_erase_import_keeps_any_diary(place: Path, data: st.DataObject, number: int, from_tables: bool) -> None:
    written = [data.draw(entries(f"id{i}")) for i in range(number)]
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with open_diary(str(place / "data" / "diary.sqlite")) as diary:
        erase(diary, word="erase")  # what the example before left
        empty = diary.content_hash()
        assert diary.add(written, now=now).problems == ()
        read = [*diary.episodes(), *diary.nights(), *diary.factors(), *diary.samples()]
        assert sorted(read, key=lambda one: one.id) == written
        before = diary.content_hash()
        assert (before == empty) == (number == 0)
        out = export_to(diary, place / "out")
        erase(diary, word="erase")
        assert diary.content_hash() == empty
        if from_tables:
            (out / "entries.json").unlink()
        added = import_from(out, diary, now=now)
        assert (added.new, added.problems) == (number, ())
        assert diary.content_hash() == before
