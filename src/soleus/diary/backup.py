"""Backups that were opened and counted before anyone relies on them, and the way back.

A backup is a whole SQLite file made by SQLite's own backup, next to the diary in ``backups/``, with a small file of
what it must contain. It counts as sound only when it passes SQLite's integrity check and holds just that.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import sqlalchemy as sa

from soleus.core.problem import Problem
from soleus.diary.contents import count_entries, hash_contents
from soleus.diary.engine import check_pages, make_reader, telling, writing
from soleus.diary.errors import DamagedDiary, DiaryError, problem
from soleus.diary.migrations import NEWEST
from soleus.diary.places import (
    BACKUP_FOLDER,
    DIARY_NAME,
    data_folder,
    make_private_file,
    make_private_folder,
    sync_folder,
    wipe,
)
from soleus.diary.store import Diary
from soleus.diary.tables import KEPT_BESIDE, VERSION_TABLE, devices, to_microseconds

ENTRIES_AS_NOW = frozenset({"0001", NEWEST})  # forms whose entries lie in the present tables
DAILY, WEEKLY, MONTHLY = 7, 4, 12  # choice: a week by days, a month by weeks, a year by months
_NAME = re.compile(r"(?P<stem>.+)-(?P<stamp>\d{8}T\d{6}Z)(?:-\d+)?\.sqlite")


class _Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup must contain, written beside it. Of an older form only the rows of its tables are known."""

    revision: str
    counts: dict[str, int]
    content_hash: str | None
    beside: dict[str, int] = {}  # rows of what is kept besides the entries; the labels of form 0001 tell none


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What opening a backup showed. It is sound when ``problems`` is empty.

    ``content_hash`` is None for a backup of an older form; ``made_at`` is None when the name does not tell.
    """

    path: Path
    made_at: datetime | None
    counts: dict[str, int] = field(default_factory=dict)
    content_hash: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether it can be relied on."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Restored:
    """Where the diary is now, where the file that it replaced was put, and what the backup holds."""

    diary: Path
    replaced: Path | None
    report: BackupReport


def back_up(diary: Diary, *, now: datetime) -> Path:
    """Make a backup of the diary, verify it, thin out the old ones, and return its file.

    Parameters
    ----------
    diary : Diary
        In a file.
    now : datetime
        Aware; it names the backup.

    Raises
    ------
    DiaryError
        The diary is not in a file, or the copy is not equal to it (then no backup is left behind).
    """
    if diary.path is None:
        fix = "back the server up by its own means, such as pg_dump; or use soleus diary export"
        raise DiaryError([problem("no_file", "diary", "the diary is not in a file", "there is nothing to copy", fix)])
    return back_up_file(diary.engine, diary.path, now=now)


def back_up_file(engine: sa.Engine, path: Path, *, now: datetime) -> Path:
    """Back up a diary of any form; see `back_up`."""
    folder = path.parent / BACKUP_FOLDER
    make_private_folder(folder, own=True)
    partial = folder / f"{path.stem}.partial"
    wipe(partial)
    make_private_file(partial)
    try:
        with writing(engine, path) as connection:  # nobody writes until the copy has been compared
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE").fetchone()  # one file, nothing beside it
            expected = _describe(connection)
            _raise_if(_compare(partial, expected))
        _sync(partial)
        target_path = _free_name(folder, path.stem, now)
        label = _label_of(target_path)
        make_private_file(label)
        label.write_bytes(msgspec.json.encode(expected))
        _sync(label)
        partial.replace(target_path)
    finally:
        wipe(partial)
    sync_folder(folder)
    _thin_out(folder, path.stem, keep=target_path)
    return target_path


def check_backup(path: Path) -> BackupReport:
    """Open a backup without changing it and tell whether it is sound and what it holds."""
    made = _made_at(path)
    if not path.is_file():
        told = problem("no_backup", str(path), "there is no such file", "nothing can be restored", "name another file")
        return BackupReport(path, made, problems=(told,))
    try:
        expected = msgspec.json.decode(_label_of(path).read_bytes(), type=_Label)
    except FileNotFoundError:
        expected = None  # a copy from elsewhere: it can be read through, but not compared
    except (msgspec.DecodeError, OSError) as error:
        told = problem("bad_label", str(_label_of(path)), str(error), "the backup can't be compared", "use another")
        return BackupReport(path, made, problems=(told,))
    found = _compare(path, expected)
    if isinstance(found, Problem):
        return BackupReport(path, made, problems=(found,))
    return BackupReport(path, made, counts=found.counts, content_hash=found.content_hash)


def verified_backups(folder: Path, *, stem: str | None = None) -> list[BackupReport]:
    """Return the sound backups of a folder, newest first; every one is opened and compared.

    Parameters
    ----------
    folder : Path
        The folder of the backups, or the data folder that has it.
    stem : str, optional
        Only those of the diary with this file name (without its ending).
    """
    reports = (check_backup(path) for path in _backups(folder, stem))
    return [report for report in reports if report.sound]


def newest_sound(diary: Path) -> BackupReport | None:
    """Return the newest sound backup of the diary in this file; older ones are not opened."""
    for path in _backups(diary.parent / BACKUP_FOLDER, diary.stem):
        report = check_backup(path)
        if report.sound:
            return report
    return None


def restore(path: Path, *, now: datetime, to: Path | None = None) -> Restored:
    """Put a sound backup in the place of the diary; the file that was there is kept beside it.

    Linked devices must be linked anew: the backup can't know which of them were revoked since it was made.

    Parameters
    ----------
    path : Path
        The backup; it stays where it is.
    now : datetime
        Aware; it names the replaced file.
    to : Path, optional
        The file of the diary; default ``diary.sqlite`` in the person's data folder.

    Raises
    ------
    DamagedDiary
        The backup is not sound; nothing was changed.
    DiaryError
        Another program has the diary open.
    """
    report = check_backup(path)
    if report.problems:
        raise DamagedDiary(report.problems)
    target = to if to is not None else data_folder() / DIARY_NAME
    make_private_folder(target.parent, own=to is None)
    partial = target.with_name(f"{target.name}.partial")
    wipe(partial)
    make_private_file(partial)
    try:
        with partial.open("wb") as copy, path.open("rb") as source:
            shutil.copyfileobj(source, copy)
        with closing(sqlite3.connect(partial)) as copied:
            copied.execute("PRAGMA journal_mode=DELETE").fetchone()
        found = _compare(partial, None)
        if isinstance(found, Problem):
            raise DiaryError([found])
        if (found.counts, found.content_hash) != (report.counts, report.content_hash):
            what, fix = "the copy is not equal to the backup", "try again, or restore another backup"
            raise DiaryError([problem("other_content", str(partial), what, "nothing was changed", fix)])
        _shut_devices_out(partial, now)
        _sync(partial)
        replaced = _put_aside(target, now) if target.exists() else None
        partial.replace(target)
    finally:
        wipe(partial)
    sync_folder(target.parent)
    return Restored(target, replaced, report)


def to_keep(made: Iterable[datetime]) -> set[datetime]:
    """Return which backups stay: the newest of each of the last 7 days, 4 weeks and 12 months that have one.

    Examples
    --------
    >>> days = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 32)]
    >>> sorted(day.day for day in to_keep(days))
    [11, 18, 25, 26, 27, 28, 29, 30, 31]
    """
    newest_first = sorted(made, reverse=True)
    kept: set[datetime] = set()
    for form, number in (("%Y-%m-%d", DAILY), ("%G-%V", WEEKLY), ("%Y-%m", MONTHLY)):
        spans: dict[str, datetime] = {}
        for at in newest_first:
            spans.setdefault(at.strftime(form), at)
        kept |= set(sorted(spans.values(), reverse=True)[:number])
    return kept


def _describe(connection: sa.Connection) -> _Label:
    """Return what is in a diary: entries and their fingerprint, or the rows of each table of an older form."""
    revision = str(connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one())
    if revision in ENTRIES_AS_NOW:
        newest = revision == NEWEST
        beside = {table.name: _rows(connection, table.name) for table in KEPT_BESIDE} if newest else {}
        return _Label(revision, count_entries(connection), hash_contents(connection, with_documents=newest), beside)
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    tables = [str(row[0]) for row in names]
    return _Label(revision, {name: _rows(connection, name) for name in tables}, None)


def _rows(connection: sa.Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f'SELECT COUNT(*) FROM "{table}"').scalar_one())


def _compare(path: Path, expected: _Label | None) -> _Label | Problem:
    """Return what a copy holds, or what is wrong with it; nothing is written."""
    why, fix = "it can't be relied on", "use another backup, or make a new one"
    engine = make_reader(path)
    try:
        with engine.connect() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            if said != "ok":
                return problem("damaged_backup", str(path), f"the backup is damaged: {said}", why, fix)
            found = _describe(connection)
    except (sa.exc.DatabaseError, sa.exc.NoResultFound, ValueError, TypeError) as error:
        said = str(getattr(error, "orig", None) or error)
        return problem("damaged_backup", str(path), f"the backup can't be read: {said}", why, fix)
    finally:
        engine.dispose()
    if expected is not None and found != expected:
        held, written = (sum((one.counts | one.beside).values()) for one in (found, expected))
        what = f"it holds {held} rows where {written} were written"
        if held == written:
            what = "its entries are not those that were written"
        return problem("other_content", str(path), what, why, fix)
    return found


def _raise_if(found: _Label | Problem) -> None:
    if isinstance(found, Problem):
        raise DiaryError([found])


def _shut_devices_out(path: Path, now: datetime) -> None:
    """Revoke all devices of a copy, also one that was revoked only after the backup was made."""
    with closing(sqlite3.connect(path)) as copied, copied:
        copied.execute("PRAGMA secure_delete=ON")
        if copied.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (devices.name,)).fetchone():
            copied.execute("UPDATE devices SET revoked_at = ? WHERE revoked_at IS NULL", (to_microseconds(now),))


def _put_aside(target: Path, now: datetime) -> Path:
    """Move the present diary out of the way, whole, and return where it went."""
    aside = _free_name(target.parent, f"{target.stem}.replaced", now)
    try:
        sound = check_pages(target) == "ok"
    except sqlite3.DatabaseError:
        sound = False
    if sound:  # a damaged file is moved byte for byte, together with its log
        with telling(target), closing(sqlite3.connect(target, timeout=1)) as present:
            present.execute("PRAGMA journal_mode=DELETE").fetchone()  # takes the log in; needs the file for itself
    for ending in ("", "-wal"):
        old = Path(f"{target}{ending}")
        if old.exists():
            old.replace(f"{aside}{ending}")
    Path(f"{target}-shm").unlink(missing_ok=True)
    return aside


def _free_name(folder: Path, stem: str, now: datetime) -> Path:
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    path = folder / f"{stem}-{stamp}.sqlite"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{stamp}-{number}.sqlite"
        number += 1
    return path


def _backups(folder: Path, stem: str | None) -> list[Path]:
    """Return the files that are named as backups, newest first."""
    inner = folder / BACKUP_FOLDER
    place = inner if inner.is_dir() else folder
    if not place.is_dir():
        return []
    named = [(match, path) for path in place.iterdir() if (match := _NAME.fullmatch(path.name))]
    ours = [path for match, path in named if stem is None or match["stem"] == stem]
    return sorted(ours, key=lambda path: (_made_at(path), len(path.name), path.name), reverse=True)


def _made_at(path: Path) -> datetime | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    with suppress(ValueError):
        return datetime.strptime(match["stamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return None


def _label_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _thin_out(folder: Path, stem: str, *, keep: Path) -> None:
    dated = [(at, path) for path in _backups(folder, stem) if (at := _made_at(path))]
    kept = to_keep(at for at, _ in dated)
    for at, path in dated:
        if at not in kept and path != keep:
            wipe(path)
            wipe(_label_of(path))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
