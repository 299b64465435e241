"""The diary in SQLite and on a real PostgreSQL server: the same test for both."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest
import sqlalchemy as sa

from soleus.core.record import Episode, Factor, Night, NightCount, Sample
from soleus.diary import Diary, DiaryError, open_diary
from soleus.diary.once import keep_once

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
NIGHT = date(2026, 2, 28)


def cramp(key: str, night: date = NIGHT, **more: object) -> Episode:
    return Episode(id=key, recorded_at=NOW, zone="Europe/Berlin", night_of=night, **more)  # type: ignore[arg-type]


def check(key: str, night: date = NIGHT, **more: object) -> Night:
    return Night(id=key, recorded_at=NOW, zone="Europe/Berlin", night_of=night, **more)  # type: ignore[arg-type]


def sample(key: str, at: datetime = NOW, **more: object) -> Sample:
    plain = {"quantity": "calcium", "value": 2.15, "unit": "mmol/L"} | more
    return Sample(id=key, recorded_at=NOW, zone="Europe/Berlin", taken_at=at, **plain)  # type: ignore[arg-type]


def factor(key: str, name: str, night: date = NIGHT, value: float = 1) -> Factor:
    return Factor(id=key, recorded_at=NOW, zone="Europe/Berlin", night_of=night, name=name, value=value)


FULL = Episode(
    id="full",
    recorded_at=datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1))),
    zone="America/St_Johns",
    note="Wadenkrampf ä 😀 '; DROP TABLE episodes; --",
    night_of=NIGHT,
    started_at=datetime(2026, 3, 1, 2, 30, 0, 1, tzinfo=UTC),
    duration_s=93.25,
    leg="both",
    muscle="calf",
    activity="asleep",
    pain=7,
    woke=True,
    relieved_by=("stretching", "a; b", ""),
    sore_next_day=False,
)


def test_every_value_comes_back_as_it_was_written(diary: Diary) -> None:
    empty = cramp("empty")
    night = check("n", cramps=0, slept_h=6.5, quality=0, awakenings=3, note="ok")
    amount = factor("f", "alcohol", value=-0.0)
    reading = sample("s", low=2.1, high=2.6, posture="lying", leg="left", clock_known=False, series="peak")
    added = diary.add([FULL, empty, night, amount, reading], now=NOW)
    assert (added.new, added.same, added.problems) == (5, 0, ())
    assert diary.episodes() == [empty, FULL]  # without a known start comes first
    assert diary.nights() == [night]
    assert diary.factors() == [amount]
    assert diary.samples() == [reading]
    assert diary.episodes()[1].recorded_at.utcoffset() == timedelta(0)


def test_writing_twice_is_writing_once(diary: Diary) -> None:
    assert diary.add([FULL, FULL], now=NOW).new == 1
    before = diary.content_hash()
    again = diary.add([FULL, cramp("other")], now=NOW)
    assert (again.new, again.same) == (1, 1)
    assert diary.content_hash() != before


@pytest.mark.parametrize("intruder", [cramp("a", pain=9), check("a", cramps=1), sample("a")])
def test_an_id_that_is_taken_loses_nothing(diary: Diary, intruder: Episode | Night | Sample) -> None:
    diary.add([cramp("a", pain=3)], now=NOW)
    added = diary.add([cramp("b"), intruder], now=NOW)
    assert [one.code for one in added.problems] == ["id_taken"]
    assert added.problems[0].where == "entries[1].id"
    assert added.new == 0
    assert diary.episodes() == [cramp("a", pain=3)]  # b was not stored either
    assert diary.counts()["nights"] == diary.counts()["samples"] == 0


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (cramp("a", duration_s=-1.0), "negative_duration"),
        (cramp("a", NIGHT + timedelta(days=9)), "future"),
        (cramp("a", duration_s=float("nan")), "out_of_range"),
        (sample("a", low=float("inf")), "out_of_range"),
        (sample("a", value=float("nan")), "out_of_range"),
        (cramp("a", leg="third"), "bad_type"),
        (cramp("a", pain="much"), "bad_type"),
        (cramp("a", note="\ud800"), "bad_text"),
        (cramp("a", note="a\x00b"), "bad_text"),
        (cramp("x" * 65), "bad_id"),
        (msgspec.structs.replace(cramp("a"), recorded_at=datetime(2026, 1, 1)), "no_zone"),
        (NightCount(night_of=NIGHT, cramps=1), "bad_type"),
    ],
)
def test_what_can_not_be_is_told_and_not_stored(diary: Diary, entry: Episode, code: str) -> None:
    added = diary.add([cramp("good"), entry], now=NOW)
    assert code in [one.code for one in added.problems]
    assert all(one.where.startswith("entries[1]") for one in added.problems)
    assert sum(diary.counts().values()) == 0


def test_five_hundred_cramps_in_a_night_are_asked_back(diary: Diary) -> None:
    assert diary.add([cramp(f"c{i}") for i in range(60)], now=NOW).new == 60
    added = diary.add([cramp("one more"), cramp("elsewhere", NIGHT - timedelta(days=1))], now=NOW)
    assert [one.code for one in added.problems] == ["too_many_cramps"]
    assert diary.counts()["episodes"] == 60
    assert diary.add([cramp(f"d{i}", date(2026, 1, 1)) for i in range(500)], now=NOW).problems[0].code == (
        "too_many_cramps"
    )
    diary.add([cramp("near", date(2026, 1, 2))], now=NOW)
    with pytest.raises(DiaryError, match="too_many_cramps"):
        diary.revise(cramp("near", NIGHT), now=NOW)
    assert diary.episodes(date(2026, 1, 2), date(2026, 1, 2)) == [cramp("near", date(2026, 1, 2))]


def test_changes_can_be_taken_back_one_by_one(diary: Diary) -> None:
    first, second, third = cramp("a", pain=1), cramp("a", pain=2), cramp("a", pain=3, note="third")
    diary.add([first], now=NOW)
    assert diary.revise(second, now=NOW) == first
    assert diary.revise(third, now=NOW) == second
    assert diary.revise(third, now=NOW) == third  # no change
    assert diary.remove("a", now=NOW) == third
    assert diary.episodes() == []
    assert diary.undo("a", now=NOW) == third
    assert diary.undo("a", now=NOW) == second
    assert diary.undo("a", now=NOW) == first
    assert diary.episodes() == [first]
    assert diary.undo("a", now=NOW) is None  # its adding
    assert diary.episodes() == []
    assert diary.undo("a", now=NOW) == first
    assert diary.episodes() == [first]


def test_what_is_not_there_is_not_changed(diary: Diary) -> None:
    for action in (diary.remove, diary.undo):
        with pytest.raises(DiaryError, match="no_such_id"):
            action("ghost", now=NOW)
    with pytest.raises(DiaryError, match="no_such_id"):
        diary.revise(cramp("ghost"), now=NOW)
    diary.add([check("n", cramps=1)], now=NOW)
    with pytest.raises(DiaryError, match="id_taken"):
        diary.revise(cramp("n"), now=NOW)
    with pytest.raises(DiaryError, match="negative_duration"):
        diary.revise(cramp("n", duration_s=-2.0), now=NOW)
    assert diary.nights() == [check("n", cramps=1)]


def test_a_moment_without_zone_is_refused_for_now(diary: Diary) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        diary.add([cramp("a")], now=datetime(2026, 1, 1))


def test_order_and_limits(diary: Diary) -> None:
    late = cramp("1", started_at=datetime(2026, 3, 1, 4, tzinfo=UTC))
    early = cramp("2", started_at=datetime(2026, 3, 1, 1, tzinfo=UTC))
    before = cramp("3", NIGHT - timedelta(days=1))
    diary.add([late, early, before], now=NOW)
    assert [one.id for one in diary.episodes()] == ["3", "2", "1"]
    assert [one.id for one in diary.episodes(first=NIGHT)] == ["2", "1"]
    assert [one.id for one in diary.episodes(last=NIGHT - timedelta(days=1))] == ["3"]
    diary.add([factor("f1", "Zeit"), factor("f2", "alcohol"), factor("f3", "Ärger")], now=NOW)
    assert [one.name for one in diary.factors()] == ["Zeit", "alcohol", "Ärger"]  # by code point on every database
    assert [one.id for one in diary.factors(name="alcohol")] == ["f2"]
    # 23:30 UTC on 27 February is the 28th in Berlin
    diary.add([sample("s1", datetime(2026, 2, 27, 23, 30, tzinfo=UTC)), sample("s2", quantity="PTH")], now=NOW)
    assert [one.id for one in diary.samples(first=NIGHT, last=NIGHT)] == ["s1"]
    assert [one.id for one in diary.samples("PTH")] == ["s2"]
    assert diary.samples(first=date.min, last=date.max) == diary.samples()


def test_missing_nights_are_not_nights_without_cramps(diary: Diary) -> None:
    day = [date(2026, 2, 1) + timedelta(days=i) for i in range(6)]
    entries = [
        cramp("a", day[0]),
        cramp("b", day[0]),
        check("n0", day[0], cramps=1),  # fewer counted than logged
        check("n1", day[1], cramps=3),
        cramp("c", day[1]),  # fewer logged than counted
        check("n2", day[2], cramps=0),
        check("n3", day[3], slept_h=7.0),  # cramps not told: can't tell
        cramp("d", day[5]),
    ]
    diary.add(entries, now=NOW)
    told = {one.night_of: one.cramps for one in diary.night_counts()}
    assert told == {day[0]: 2, day[1]: 3, day[2]: 0, day[5]: 1}
    assert [one.night_of for one in diary.night_counts(day[1], day[2])] == day[1:3]


def test_equal_content_has_equal_hash_in_any_order_and_database(diary: Diary, tmp_path) -> None:  # type: ignore[no-untyped-def]
    entries = [FULL, cramp("B"), cramp("a"), cramp("ä"), check("n", cramps=2), sample("s"), factor("f", "x")]
    with open_diary(str(tmp_path / "other.sqlite")) as other:
        other.add(entries[::-1], now=NOW)
        diary.add(entries, now=NOW)
        assert diary.content_hash() == other.content_hash()
        other.revise(cramp("a", pain=1), now=NOW)
        assert diary.content_hash() != other.content_hash()
        other.undo("a", now=NOW)
        assert diary.content_hash() == other.content_hash()


def test_a_thousand_concurrent_writes_lose_nothing(diary: Diary) -> None:
    keys = [[f"{thread}-{i}" for i in range(63)] for thread in range(16)]  # 1,008
    acknowledged: list[str] = []
    failed: list[BaseException] = []

    def write(mine: list[str]) -> None:
        try:
            for i, key in enumerate(mine):
                if diary.add([cramp(key, date(2025, 1, 1) + timedelta(days=i))], now=NOW).new == 1:
                    acknowledged.append(key)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(mine,)) for mine in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(acknowledged) == 1008
    assert {one.id for one in diary.episodes()} == set(acknowledged)


def test_the_same_entry_from_many_threads_is_stored_once(diary: Diary) -> None:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(diary.add([FULL], now=NOW).new)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0] * 7 + [1]


def in_threads(diary: Diary, entries: list[Episode]) -> list[bool | BaseException]:
    """Keep each entry from a thread of its own, all before the first is stored: was it new, or why not."""
    became: list[bool | BaseException] = [False] * len(entries)

    def keep(i: int) -> None:
        try:
            became[i] = keep_once(diary, entries[i], now=NOW).new
        except BaseException as error:
            became[i] = error

    threads = [threading.Thread(target=keep, args=(i,)) for i in range(len(entries))]
    with diary.writing():
        for thread in threads:
            thread.start()
        time.sleep(0.1)  # all of them wait by then
    for thread in threads:
        thread.join()
    return became


@contextmanager
def commits_of(diary: Diary) -> Iterator[list[int]]:
    made: list[int] = []

    def note(connection: sa.Connection) -> None:
        made.append(1)

    sa.event.listen(diary.engine, "commit", note)
    yield made
    sa.event.remove(diary.engine, "commit", note)


def test_what_comes_at_once_is_stored_together(diary: Diary) -> None:
    with commits_of(diary) as commits:
        became = in_threads(diary, [cramp(f"c{i}", date(2025, 1, 1) + timedelta(days=i)) for i in range(40)])
    assert became == [True] * 40
    assert len(commits) <= 4  # the one that all waited for, the first of them, the rest; one more if a thread was late
    assert diary.counts()["episodes"] == 40


def test_what_is_wrong_among_those_at_once_is_told_to_its_own_call(diary: Diary) -> None:
    diary.add([cramp("taken", pain=1)], now=NOW)
    diary.add([cramp(f"full{i}", date(2025, 1, 1)) for i in range(60)], now=NOW)
    sound = [cramp(f"c{i}") for i in range(20)]
    others = [cramp("taken", pain=2), cramp("61st", date(2025, 1, 1)), cramp("taken", pain=1)]
    became = in_threads(diary, [*sound, *others])
    assert became[:20] == [True] * 20
    codes = [error.problems[0].code for error in became[20:22] if isinstance(error, DiaryError)]
    assert codes == ["id_taken", "too_many_cramps"]
    assert became[22] is False
    assert diary.counts()["episodes"] == 81


def test_a_night_takes_sixty_of_those_at_once(diary: Diary) -> None:
    became = in_threads(diary, [cramp(f"c{i}") for i in range(63)])
    assert became.count(True) == 60
    assert diary.counts()["episodes"] == 60


def test_when_the_disk_fails_each_call_is_told(diary: Diary) -> None:
    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    held = threading.Event()

    def keep(i: int) -> None:
        held.wait()
        try:
            keep_once(diary, cramp(f"c{i}"), now=NOW)
        except DiaryError as error:
            codes.append(error.problems[0].code)

    codes: list[str] = []
    threads = [threading.Thread(target=keep, args=(i,)) for i in range(10)]
    for thread in threads:
        thread.start()
    sa.event.listen(diary.engine, "commit", fail)
    held.set()
    for thread in threads:
        thread.join()
    sa.event.remove(diary.engine, "commit", fail)
    assert codes == ["disk_full"] * 10
    assert diary.counts()["episodes"] == 0
    assert keep_once(diary, cramp("c1"), now=NOW).new  # nothing of them is left to be taken along


def test_one_cramp_takes_few_questions_to_the_database(diary: Diary) -> None:
    diary.add([cramp("first")], now=NOW)
    asked: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:  # type: ignore[no-untyped-def]
        asked.append(statement)

    sa.event.listen(diary.engine, "before_cursor_execute", note)
    diary.add([cramp("second")], now=NOW)
    sa.event.remove(diary.engine, "before_cursor_execute", note)
    told = [statement for statement in asked if "BEGIN" not in statement and "pg_advisory" not in statement]
    assert len(told) == 3  # is the id known, the insert, how many in that night


def test_a_hundred_thousand_cramps_are_counted_at_once(own: Diary) -> None:
    # rows written directly: what is timed is the reading
    with own.writing() as connection:
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
            "INSERT INTO episodes (id, recorded_at, zone, note, night_of, started_at, relieved_by) "
            "SELECT printf('%d', i), 0, 'UTC', '', date('1990-01-01', printf('+%d days', i / 10)), i * 8640000000, "
            "'[]' FROM n"
        )
    start = time.perf_counter()
    counted = own.night_counts()
    taken = time.perf_counter() - start
    assert len(counted) == 10_000
    assert sum(one.cramps for one in counted) == 100_000
    assert taken < 0.3
