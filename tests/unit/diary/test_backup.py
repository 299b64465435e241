"""Backups, restoring and erasing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from soleus.core.record import Episode, Factor
from soleus.diary import (
    DamagedDiary,
    Diary,
    DiaryError,
    back_up,
    backup,
    check_backup,
    erase,
    export_to,
    open_diary,
    restore,
    verified_backups,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MARKER = "Xq7MARKERplanted"


def cramp(key: str, **more: object) -> Episode:
    return Episode(id=key, recorded_at=NOW, zone="UTC", night_of=date(2026, 1, 1), **more)  # type: ignore[arg-type]


def test_a_backup_holds_what_the_diary_holds_and_is_one_file(own: Diary, folder: Path) -> None:
    own.add([cramp("a"), cramp("b")], now=NOW)
    made = back_up(own, now=NOW)
    assert made.parent == folder / "backups"
    report = check_backup(made)
    assert report.sound
    assert report.made_at == NOW
    assert report.counts == own.counts()
    assert report.content_hash == own.content_hash()
    assert sorted(path.name for path in made.parent.iterdir()) == [made.name, f"{made.name}.json"]


def test_two_backups_in_one_second_are_two(own: Diary) -> None:
    first = back_up(own, now=NOW)
    own.add([cramp("a")], now=NOW)
    second = back_up(own, now=NOW)
    assert first != second
    assert verified_backups(first.parent)[0].path == second
    assert len(verified_backups(first.parent.parent)) == 2


def test_a_copy_that_differs_is_no_backup(own: Diary, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.add([cramp("a")], now=NOW)
    told = backup._describe

    def losing_one(connection):  # type: ignore[no-untyped-def]
        found = told(connection)
        if connection.engine is own.engine:
            return backup._Label(found.revision, {**found.counts, "episodes": 2}, found.content_hash)
        return found

    monkeypatch.setattr(backup, "_describe", losing_one)
    with pytest.raises(DiaryError, match="other_content"):
        back_up(own, now=NOW)
    assert list((folder / "backups").iterdir()) == []


def change_a_row(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE episodes SET pain = 9")
        raw.commit()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:8192])


def spoil_label(path: Path) -> None:
    path.with_name(f"{path.name}.json").write_text("{")


@pytest.mark.parametrize("spoil", [change_a_row, cut, spoil_label, Path.unlink])
def test_a_spoiled_backup_is_found_and_never_restored(own: Diary, folder: Path, spoil: Callable[[Path], None]) -> None:
    own.add([cramp("a")], now=NOW)
    made = back_up(own, now=NOW)
    spoil(made)
    assert not check_backup(made).sound
    assert verified_backups(made.parent) == []
    with pytest.raises(DamagedDiary):
        restore(made, now=NOW)
    assert own.counts()["episodes"] == 1


def test_restoring_keeps_the_replaced_file(own: Diary, folder: Path) -> None:
    own.add([cramp("a")], now=NOW)
    made = back_up(own, now=NOW)
    own.add([cramp("b")], now=NOW)
    own.close()
    result = restore(made, now=NOW)
    assert result.diary == folder / "diary.sqlite"
    with open_diary() as diary:
        assert [one.id for one in diary.episodes()] == ["a"]
        assert diary.content_hash() == result.report.content_hash
    assert result.replaced is not None
    with open_diary(str(result.replaced)) as aside:
        assert [one.id for one in aside.episodes()] == ["a", "b"]
    assert check_backup(made).sound


def test_a_diary_in_use_is_not_replaced(own: Diary) -> None:
    own.add([cramp("a")], now=NOW)
    made = back_up(own, now=NOW)
    with own.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM episodes").fetchall()
        with pytest.raises(DiaryError, match="busy"):
            restore(made, now=NOW)
    assert own.counts()["episodes"] == 1


def test_a_backup_from_another_place_is_read_through(own: Diary, tmp_path: Path) -> None:
    own.add([cramp("a")], now=NOW)
    copy = tmp_path / "stick.sqlite"
    copy.write_bytes(back_up(own, now=NOW).read_bytes())
    assert check_backup(copy).counts["episodes"] == 1
    assert restore(copy, now=NOW, to=tmp_path / "new" / "diary.sqlite").replaced is None
    with open_diary(str(tmp_path / "new" / "diary.sqlite")) as diary:
        assert diary.content_hash() == own.content_hash()


def test_a_year_of_daily_backups_thins_to_days_weeks_and_months(own: Diary) -> None:
    days = [NOW - timedelta(days=i) for i in range(400)]
    kept = sorted(backup.to_keep(days), reverse=True)
    assert kept[:7] == days[:7]
    assert len({day.strftime("%Y-%m") for day in kept}) == 12
    assert len(kept) == 7 + 3 + 10  # three more weeks; ten more months: March and February are there already
    for day in range(9):
        back_up(own, now=NOW + timedelta(days=day))
    left = [report.made_at for report in verified_backups(own.path.parent)]  # type: ignore[union-attr]
    assert left == [NOW + timedelta(days=day) for day in (8, 7, 6, 5, 4, 3, 2, 0)]  # 1 March: the newest of its week


def test_a_server_is_backed_up_by_its_own_means(postgres_url: str) -> None:
    with open_diary(postgres_url) as diary, pytest.raises(DiaryError, match="pg_dump"):
        back_up(diary, now=NOW)


def plant(diary: Diary) -> None:
    marked = [cramp(f"{MARKER}{i}", note=MARKER * 20, relieved_by=(MARKER,)) for i in range(50)]
    diary.add(marked, now=NOW)
    diary.add([Factor(id="f", recorded_at=NOW, zone="UTC", night_of=date(2026, 1, 1), name=MARKER, value=1)], now=NOW)
    diary.revise(cramp(f"{MARKER}1", note="changed"), now=NOW)
    diary.remove(f"{MARKER}2", now=NOW)


@pytest.mark.parametrize("by_folder", [False, True])
def test_after_erasing_the_marker_is_nowhere(own: Diary, folder: Path, bytes_of, by_folder: bool) -> None:  # type: ignore[no-untyped-def]
    plant(own)
    made = back_up(own, now=NOW)
    own.close()
    restore(made, now=NOW)  # puts a file aside
    plant_again = cramp("again", note=MARKER)
    own.add([plant_again], now=NOW)
    back_up(own, now=NOW + timedelta(days=1))
    (folder / "backups" / "diary.partial").write_text(MARKER)  # left by a crash
    assert bytes_of(folder).count(MARKER.encode()) > 300
    if by_folder:
        own.close()
        erase(folder, word="erase")
    else:
        erase(own, word="erase")
    assert MARKER.encode() not in bytes_of(folder)
    with open_diary(create=False) as diary:
        assert sum(diary.counts().values()) == 0
        with pytest.raises(DiaryError, match="no_such_id"):
            diary.undo(f"{MARKER}2", now=NOW)
        assert diary.add([cramp("new")], now=NOW).new == 1


def test_erasing_clears_the_log_and_the_free_pages_that_another_program_left(
    own: Diary, folder: Path, bytes_of
) -> None:  # type: ignore[no-untyped-def]
    plant(own)
    with closing(sqlite3.connect(str(own.path), isolation_level=None)) as other:  # stays open, so the log stays
        other.execute("PRAGMA secure_delete=OFF")
        other.execute("DELETE FROM episodes")
        assert MARKER.encode() in (folder / "diary.sqlite-wal").read_bytes()
        erase(own, word="erase")
        assert MARKER.encode() not in bytes_of(folder)


def test_erasing_a_damaged_diary_removes_it(own: Diary, folder: Path, bytes_of) -> None:  # type: ignore[no-untyped-def]
    plant(own)
    own.close()
    path = folder / "diary.sqlite"
    path.write_bytes(b"spoiled" + path.read_bytes())
    erase(folder, word="erase")
    assert MARKER.encode() not in bytes_of(folder)


def test_erasing_needs_the_word_and_leaves_what_is_not_its_own(own: Diary, folder: Path) -> None:
    own.add([cramp("a")], now=NOW)
    for word in ("", "Erase", "yes"):
        with pytest.raises(DiaryError, match="not_confirmed"):
            erase(own, word=word)
    assert own.counts()["episodes"] == 1
    (folder / "letter.txt").write_text("mine")
    erase(own, word="erase")
    assert (folder / "letter.txt").read_text() == "mine"


def test_erasing_tells_when_another_program_reads(own: Diary) -> None:
    plant(own)
    with closing(sqlite3.connect(str(own.path), isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT COUNT(*) FROM episodes").fetchone()
        with pytest.raises(DiaryError, match="busy"):
            erase(own, word="erase")


def test_erasing_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    with open_diary(postgres_url) as diary:
        plant(diary)
        export_to(diary, tmp_path / "out")
        erase(diary, word="erase")
        assert sum(diary.counts().values()) == 0
