"""What a person does with the whole record: back it up, take it with them, bring it back, erase it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

import msgspec

from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.core.record import KINDS
from soleus.diary import Added, Diary, DiaryError, back_up, check_backup, erase, export_to, import_from
from soleus.diary.backup import BackupReport, newest_sound, verified_backups
from soleus.diary.errors import problem
from soleus.diary.export import DOCUMENTS_NAME, JSON_NAME
from soleus.diary.places import BACKUP_FOLDER, make_private_file, make_private_folder, wipe

BACKUP_AGE = timedelta(days=7)  # choice: what was told in a week can still be remembered
ERASE_WORD = "erase"
EXPORT_FOLDER = "soleus-export"
PASSING = ".passing-"  # begins the names of folders that hold a copy for a moment
MOST_MEMBERS = 64  # choice: an export has nine files
MOST_UNPACKED = 256 << 20  # choice: 1 million cramps, as JSON
READ_NAMES = frozenset({JSON_NAME, DOCUMENTS_NAME, *(f"{kind}.csv" for kind in KINDS)})
# What zipfile raises for a file that is cut, altered or of a kind that it does not read (NotImplementedError).
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


class BackupTold(msgspec.Struct, frozen=True, kw_only=True):
    """One backup that was opened and counted; ``name`` is that of its file in ``backups/``."""

    name: str
    made_at: datetime | None
    entries: int


class BackupState(msgspec.Struct, frozen=True, kw_only=True):
    """How well the diary is backed up.

    Parameters
    ----------
    possible : bool
        False for a diary on a server, which is backed up by the means of that server.
    newest : BackupTold, optional
        The newest backup that is sound; it was opened and compared just now.
    overdue : bool
        Something is in the diary and there is no sound backup of the last seven days.
    """

    possible: bool
    newest: BackupTold | None
    overdue: bool


class Soundness(msgspec.Struct, frozen=True, kw_only=True):
    """What looking through the diary and its newest backup showed; sound when there are no problems."""

    entries: int
    problems: tuple[Problem, ...]
    backup: BackupState


def backup_state(diary: Diary, now: datetime) -> BackupState:
    """Open the newest backup of a diary, compare it, and return how well the diary is backed up.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.diary import open_diary
    >>> with open_diary("sqlite://") as diary:
    ...     backup_state(diary, datetime(2026, 1, 2, tzinfo=UTC)).possible
    False
    """
    if diary.path is None:
        return BackupState(possible=False, newest=None, overdue=False)
    report = newest_sound(diary.path)
    fresh = report is not None and report.made_at is not None and now - report.made_at <= BACKUP_AGE
    return BackupState(
        possible=True,
        newest=None if report is None else _told(report),
        overdue=not fresh and any(diary.counts().values()),
    )


def list_backups(diary: Diary) -> tuple[BackupTold, ...]:
    """Return all sound backups of a diary, the newest first; each is opened and compared."""
    if diary.path is None:
        return ()
    return tuple(_told(report) for report in verified_backups(diary.path.parent / BACKUP_FOLDER, stem=diary.path.stem))


def back_up_now(diary: Diary, now: datetime) -> BackupTold:
    """Make a backup, open it and compare it.

    Raises
    ------
    DiaryError
        The diary is not in a file, or the copy is not equal to it.
    """
    return _told(check_backup(back_up(diary, now=now)))


def check_soundness(diary: Diary, now: datetime) -> Soundness:
    """Read the whole diary, its audit and its newest backup, and return what is wrong."""
    try:
        problems = diary.check()
    except DiaryError as error:
        problems = error.problems
    return Soundness(entries=sum(diary.counts().values()), problems=problems, backup=backup_state(diary, now))


def _told(report: BackupReport) -> BackupTold:
    return BackupTold(name=report.path.name, made_at=report.made_at, entries=sum(report.counts.values()))


def export_zip(diary: Diary) -> BinaryIO:
    """Return the whole diary as an open ZIP file that has no name and is gone when it is closed."""
    target = tempfile.TemporaryFile(dir=_passing_place(diary))  # noqa: SIM115 - it is handed on open
    try:
        with _passing_folder(diary) as folder, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            export_to(diary, folder / EXPORT_FOLDER)
            for file in sorted((folder / EXPORT_FOLDER).iterdir()):
                packed.write(file, f"{EXPORT_FOLDER}/{file.name}")
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target


def import_zip(diary: Diary, uploaded: BinaryIO, now: datetime) -> Added:
    """Bring in an export that was packed by `export_zip`, or its ``entries.json`` alone; all of it or nothing.

    Only the files of an export are looked at, by their bare names; nothing is written where a name in the file says.

    Parameters
    ----------
    diary : Diary
    uploaded : binary file
    now : datetime
        Aware.

    Returns
    -------
    Added
        With an error among its problems nothing was stored.
    """
    with _passing_folder(diary) as folder:
        try:
            if zipfile.is_zipfile(uploaded):
                uploaded.seek(0)
                _unpack(uploaded, folder)
            else:
                uploaded.seek(0)
                _copy(uploaded, folder / JSON_NAME, MOST_UNPACKED)
        except DiaryError as error:
            return Added(problems=error.problems)
        except UNREADABLE:
            return Added(problems=(_not_an_export(say("the file is damaged or packed in another way")),))
        found = import_from(folder, diary, now=now)
        inside = tuple(
            msgspec.structs.replace(one, where=one.where.replace(f"{folder}/", "")) for one in found.problems
        )
        return Added(new=found.new, same=found.same, problems=inside, documents=found.documents)


def erase_all(diary: Diary, word: str, *, words: tuple[str, ...] = ()) -> None:
    """Erase the diary with its history, documents, devices, audit and backups; this can't be undone.

    Parameters
    ----------
    diary : Diary
    word : str
        "erase", or one of ``words``, in any case.
    words : tuple of str
        The same word in the person's language.

    Raises
    ------
    DiaryError
        Another word, or another program has the diary open.
    """
    told = word.strip().casefold()
    if told not in {ERASE_WORD, *(one.strip().casefold() for one in words)}:
        raise DiaryError(
            [
                problem(
                    "not_confirmed",
                    "word",
                    say("the word is not the one that was asked for"),
                    say("nothing was erased"),
                    say("type the word as it is shown"),
                )
            ]
        )
    erase(diary, word=ERASE_WORD)
    clear_passing(diary)


def clear_passing(diary: Diary) -> None:
    """Remove copies that were left behind when the program was ended while an export was being made."""
    if diary.path is None:
        return
    for folder in diary.path.parent.glob(f"{PASSING}*"):
        if folder.is_dir() and not folder.is_symlink():
            _clear(folder)


def _passing_place(diary: Diary) -> Path | None:
    """Return the folder of the diary, which only its owner may enter; the system's own for one on a server."""
    return diary.path.parent if diary.path is not None else None


@contextmanager
def _passing_folder(diary: Diary) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=PASSING, dir=_passing_place(diary)))
    make_private_folder(folder, own=True)
    try:
        yield folder
    finally:
        _clear(folder)


def _clear(folder: Path) -> None:
    for file in sorted(folder.rglob("*")):
        wipe(file)
    shutil.rmtree(folder, ignore_errors=True)


def _unpack(uploaded: BinaryIO, folder: Path) -> None:
    with zipfile.ZipFile(uploaded) as packed:
        members = [member for member in packed.infolist() if not member.is_dir()]
        if len(members) > MOST_MEMBERS:
            raise DiaryError([_not_an_export(say("it has {n} files", n=len(members)))])
        room, taken = MOST_UNPACKED, set()
        for member in members:
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or ":" in member.filename or "\x00" in member.orig_filename:
                raise DiaryError([_not_an_export(say("a file in it would lie outside of the export"))])
            if path.name not in READ_NAMES or len(path.parts) > 2:
                continue
            if path.name in taken:
                raise DiaryError([_not_an_export(say("it has two files named {name}", name=path.name))])
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
                raise DiaryError([_not_an_export(say("it is encrypted or packed in another way"))])
            taken.add(path.name)
            with packed.open(member) as source:
                room -= _copy(source, folder / path.name, room)
        if not taken:
            raise DiaryError([_not_an_export(say("none of its files is that of an export"))])


def _copy(source: IO[bytes], target: Path, most: int) -> int:
    """Copy at most so many bytes, counted as they come: what the file says of its own size is not believed."""
    make_private_file(target)
    written = 0
    with target.open("wb") as file:
        while block := source.read(1 << 16):
            written += len(block)
            if written > most:
                largest = MOST_UNPACKED >> 20
                raise DiaryError([_not_an_export(say("unpacked it is larger than {most} MB", most=largest))])
            file.write(block)
    return written


def _not_an_export(what: str) -> Problem:
    why = say("nothing was brought in")
    return problem("bad_export", "file", what, why, say("choose a file that Soleus exported, as it was written"))
