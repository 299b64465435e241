"""Opening: settings of SQLite, permissions, the form of the tables, damage, and a writer killed in mid-write."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from soleus.core.record import Episode
from soleus.diary import (
    DamagedDiary,
    Diary,
    DiaryError,
    back_up,
    check_backup,
    document_names,
    find_device,
    link_device,
    migrations,
    open_diary,
    opening,
    read_document,
    restore,
    verified_backups,
    write_document,
)
from soleus.diary.contents import hash_contents
from soleus.diary.migrations import NEWEST, REVISIONS
from soleus.diary.tables import metadata

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def cramps(number: int, start: int = 0) -> list[Episode]:
    return [
        Episode(
            id=f"c{i}", recorded_at=NOW, zone="UTC", night_of=date(2025, 1, 1) + timedelta(days=i % 400), note="x" * 50
        )
        for i in range(start, start + number)
    ]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_sqlite_is_set_to_lose_nothing(own: Diary) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 30_000}
    for access in (own.reading, own.writing):
        with access() as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        assert found == wanted


def test_a_writer_takes_its_lock_at_the_beginning(own: Diary) -> None:
    with own.writing(), closing(sqlite3.connect(str(own.path), timeout=0)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT COUNT(*) FROM episodes").fetchone() == (0,)  # reading goes on


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_only_the_owner_can_read(folder: Path) -> None:
    old = os.umask(0)
    try:
        with open_diary() as diary:
            diary.add(cramps(1), now=NOW)
            back_up(diary, now=NOW)
            files = [path for path in folder.rglob("*") if path.is_file()]
            assert {"diary.sqlite", "diary.sqlite-wal", "diary.sqlite-shm"} <= {path.name for path in files}
            assert {mode(path) for path in files} == {0o600}
            assert mode(folder) == mode(folder / "backups") == 0o700
    finally:
        os.umask(old)
    folder.chmod(0o755)
    (folder / "diary.sqlite").chmod(0o644)
    with open_diary():
        assert mode(folder) == 0o700
        assert mode(folder / "diary.sqlite") == 0o600


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_the_person_chose_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with open_diary(str(tmp_path / "mine.sqlite")):
        assert mode(tmp_path) == 0o755
        assert mode(tmp_path / "mine.sqlite") == 0o600


def test_the_migrations_make_exactly_the_tables_in_use(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with open_diary(url) as diary, diary.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        if diary.path is not None:
            names = {"episodes_by_night", "nights_by_night", "factors_by_night", "samples_by_time"}
            found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")
            assert names <= {row[0] for row in found}
    scripts = ScriptDirectory(str(Path(opening.__file__).parent / "migrations"))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)
    assert scripts.get_heads() == [NEWEST]


def test_opening_an_existing_diary_imports_no_alembic(own: Diary) -> None:
    code = (
        "import sys; from soleus.diary import open_diary; open_diary(create=False).close(); "
        "print([name for name in ('alembic', 'sqlalchemy.orm', 'platformdirs') if name in sys.modules])"
    )
    own.close()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_older_form_is_backed_up_before_it_is_changed(
    own: Diary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.add(cramps(3), now=NOW)
    own.close()
    with closing(sqlite3.connect(folder / "diary.sqlite")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0000'")
        raw.commit()
    seen: list[int] = []

    def migrate(connection: sa.Connection) -> None:
        (backup,) = (folder / "backups").glob("*.sqlite")
        with closing(sqlite3.connect(backup)) as raw:
            seen.append(raw.execute("SELECT COUNT(*) FROM episodes").fetchone()[0])
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{NEWEST}'")

    monkeypatch.setattr(opening, "REVISIONS", ("0000", *REVISIONS))
    monkeypatch.setattr(opening, "migrate", migrate)
    open_diary().close()
    assert seen == [3]


def open_form_0001(url: str) -> Diary:
    """Open a new diary of the first form."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "NEWEST", "0001")
        patch.setattr(opening, "NEWEST", "0001")
        return open_diary(url)


def fill_form_0001(url: str) -> tuple[list[Episode], str]:
    """Make a diary of the first form with a changed and a removed cramp; return its cramps and its fingerprint."""
    with open_form_0001(url) as diary:
        diary.add(cramps(300), now=NOW)
        diary.revise(msgspec.structs.replace(cramps(1)[0], pain=7), now=NOW)
        diary.remove("c1", now=NOW)
        with diary.reading() as connection:
            tables = set(sa.inspect(connection).get_table_names())
            assert {"documents", "devices", "audit"} & tables == set()
            return diary.episodes(), hash_contents(connection, with_documents=False)


def test_a_diary_of_the_first_form_is_brought_up_with_nothing_lost(url: str, folder: Path) -> None:
    stored, fingerprint = fill_form_0001(url)
    for _ in range(2):  # the second time nothing is left to be done
        with open_diary(url) as diary:
            assert diary.episodes() == stored
            assert diary.content_hash() == fingerprint
            assert diary.check() == ()
            with diary.reading() as connection:
                assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "0002"
    with open_diary(url) as diary:
        assert diary.undo("c1", now=NOW).id == "c1"  # type: ignore[union-attr]
        assert diary.undo("c0", now=NOW) == cramps(1)[0]
        write_document(diary, "settings", "{}", now=NOW)
        assert read_document(diary, "settings") == "{}"
        device, token = link_device(diary, "phone", now=NOW)
        assert find_device(diary, token, now=NOW) == device
        assert diary.path is None or len(verified_backups(folder)) == 1


def test_the_backup_made_before_the_step_leads_back_to_the_first_form(folder: Path) -> None:
    stored, fingerprint = fill_form_0001(str(folder / "diary.sqlite"))
    with open_diary() as diary:
        write_document(diary, "settings", "{}", now=NOW)
    (report,) = verified_backups(folder)
    assert report.content_hash == fingerprint
    assert report.counts == {"episodes": 299, "nights": 0, "factors": 0, "samples": 0}
    label = report.path.with_name(f"{report.path.name}.json")
    told = json.loads(label.read_text())
    assert told["revision"] == "0001"
    del told["beside"]  # a label as it was written by Soleus of the first form
    label.write_text(json.dumps(told))
    assert check_backup(report.path).sound
    restore(report.path, now=NOW)
    with open_diary(create=False) as diary:
        assert diary.episodes() == stored
        assert document_names(diary) == []


def test_a_step_that_fails_changes_nothing(url: str) -> None:
    stored, _ = fill_form_0001(url)
    with open_form_0001(url) as diary, diary.writing() as connection:
        connection.execute(sa.text("CREATE TABLE audit (a TEXT)"))  # in the way of the third new table
    with pytest.raises(sa.exc.DBAPIError, match="already exists"):
        open_diary(url)
    with open_form_0001(url) as diary:
        assert diary.episodes() == stored
        with diary.reading() as connection:
            assert {"documents", "devices"} & set(sa.inspect(connection).get_table_names()) == set()


def test_a_diary_of_a_later_version_is_left_alone(own: Diary, folder: Path) -> None:
    own.close()
    with closing(sqlite3.connect(folder / "diary.sqlite")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    before = (folder / "diary.sqlite").read_bytes()
    with pytest.raises(DiaryError, match="newer_diary"):
        open_diary()
    assert (folder / "diary.sqlite").read_bytes() == before


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.sqlite"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(DiaryError, match="other_database"):
        open_diary(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("nothing://at all", "no_driver"),
        ("://", "bad_url"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "cannot_reach"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, code: str) -> None:
    with pytest.raises(DiaryError, match=code):
        open_diary(url)


def test_without_create_nothing_is_made(folder: Path, postgres_url: str) -> None:
    for url in (None, postgres_url):
        with pytest.raises(DiaryError, match="no_diary"):
            open_diary(url, create=False)
    assert not folder.exists()
    with pytest.raises(DiaryError, match="is_folder"):
        open_diary(str(folder.parent))


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def damage_head(path: Path) -> None:
    path.write_bytes(b"no database at all, but words" * 500)


def damage_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_all(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_middle, damage_head, damage_end, damage_all])
def test_a_damaged_diary_names_the_newest_sound_backup_and_nothing_is_overwritten(
    own: Diary, folder: Path, damage
) -> None:  # type: ignore[no-untyped-def]
    own.add(cramps(2_000), now=NOW)
    sound = back_up(own, now=NOW)
    own.add(cramps(100, 5_000), now=NOW)
    spoiled = back_up(own, now=NOW + timedelta(days=1))
    own.close()
    damage_head(spoiled)
    path = folder / "diary.sqlite"
    damage(path)
    before = path.read_bytes()
    with pytest.raises(DamagedDiary) as caught:
        open_diary()
    assert caught.value.backup == sound
    assert str(sound) in caught.value.problems[0].fix
    assert path.read_bytes() == before
    restored = restore(sound, now=NOW)
    assert restored.replaced is not None
    assert restored.replaced.read_bytes() == before
    with open_diary(create=False) as diary:
        assert diary.counts()["episodes"] == 2_000


def test_the_log_of_a_crash_is_not_taken_into_a_damaged_file(own: Diary, folder: Path, tmp_path: Path) -> None:
    own.add(cramps(3_000), now=NOW)
    with own.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    own.add(cramps(50, 4_000), now=NOW)
    for name in ("diary.sqlite", "diary.sqlite-wal"):  # as a crash leaves them
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert (tmp_path / "diary.sqlite-wal").stat().st_size > 0
    damage_middle(tmp_path / "diary.sqlite")
    before = [(tmp_path / name).read_bytes() for name in ("diary.sqlite", "diary.sqlite-wal")]
    with pytest.raises(DamagedDiary):
        open_diary(str(tmp_path / "diary.sqlite"))
    assert [(tmp_path / name).read_bytes() for name in ("diary.sqlite", "diary.sqlite-wal")] == before


def test_damage_that_comes_while_the_diary_is_open_is_told(own: Diary, folder: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    own.add(cramps(3_000), now=NOW)
    assert own.check() == ()
    made = back_up(own, now=NOW)
    own.close()
    damage_middle(folder / "diary.sqlite")
    monkeypatch.setattr(opening, "CHECKED_WHOLE_BYTES", 0)  # as for a file too large to be checked at every opening
    with open_diary() as diary:
        try:
            codes = [one.code for one in diary.check()]
        except DamagedDiary as error:
            codes = [one.code for one in error.problems]
        assert codes == ["damaged_diary"]
        with pytest.raises(DamagedDiary) as caught:
            diary.content_hash()
        assert caught.value.backup == made


def test_a_damaged_diary_without_a_backup_says_so(own: Diary, folder: Path) -> None:
    own.close()
    damage_head(folder / "diary.sqlite")
    with pytest.raises(DamagedDiary, match="no sound backup") as caught:
        open_diary()
    assert caught.value.backup is None


# A process that has imported everything and, at each line it reads, forks a child that writes and tells what was
# acknowledged: so 25 rounds need one start of Python.
WRITER = """
import os, sys
from datetime import UTC, date, datetime, timedelta
from soleus.core.record import Episode
from soleus.diary import open_diary
now = datetime(2026, 3, 1, 9, tzinfo=UTC)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        diary = open_diary()
        os.write(1, f"ready {os.getpid()}\\n".encode())
        for i in range(100_000):
            some = [
                Episode(id=f"{line.strip()}-{i}-{k}", recorded_at=now, zone="UTC", note="n" * 300,
                        night_of=date(2000, 1, 1) + timedelta(days=(i * 5 + k) % 9000))
                for k in range(5)
            ]
            if diary.add(some, now=now).new == 5:
                os.write(1, f"ack {line.strip()}-{i}\\n".encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.write(1, b"gone\\n")
"""


@pytest.fixture
def writer(own: Diary) -> Iterator[subprocess.Popen[str]]:
    own.close()
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    yield process
    process.communicate(timeout=10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the writer")
def test_a_writer_killed_in_mid_write_loses_nothing_acknowledged(own: Diary, writer: subprocess.Popen[str]) -> None:
    chance = random.Random(20260301)
    assert writer.stdin is not None
    assert writer.stdout is not None
    acknowledged: set[str] = set()
    cut_short = 0
    for round_number in range(25):
        writer.stdin.write(f"r{round_number}\n")
        writer.stdin.flush()
        victim = int(writer.stdout.readline().removeprefix("ready "))
        before = len(acknowledged)
        time.sleep(chance.uniform(0.02, 0.12))
        os.kill(victim, signal.SIGKILL)
        for line in writer.stdout:
            if line == "gone\n":
                break
            acknowledged.add(line.removeprefix("ack ").strip())
        cut_short += len(acknowledged) > before
        with open_diary(create=False) as diary, diary.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            stored = [row[0] for row in connection.exec_driver_sql("SELECT id FROM episodes")]
        calls = {key.rpartition("-")[0] for key in stored}
        assert acknowledged <= calls
        assert len(stored) == 5 * len(calls)  # each call whole or not at all
    assert cut_short >= 20  # the writer was in the middle of its work when it was killed


TOGETHER = """
import os, sys
from datetime import UTC, date, datetime
from soleus.core.record import Episode
from soleus.diary import open_diary
now = datetime(2026, 3, 1, 9, tzinfo=UTC)
gate_out, gate_in = os.pipe()
children = []
for child in range(4):
    if (pid := os.fork()) == 0:
        os.close(gate_in)
        os.read(gate_out, 1)  # all go when the gate is closed
        with open_diary() as diary:
            for i in range(10):
                entry = Episode(id=f"{child}-{i}", recorded_at=now, zone="UTC", night_of=date(2026, 1, 1))
                assert diary.add([entry], now=now).new == 1
        os._exit(0)
    children.append(pid)
os.close(gate_in)
sys.exit(sum(os.waitpid(pid, 0)[1] for pid in children) != 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the writers")
def test_several_programs_make_and_fill_one_diary_at_once(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    with open_diary(create=False) as diary:
        assert diary.counts()["episodes"] == 40
