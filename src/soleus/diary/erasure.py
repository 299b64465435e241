"""Erasing: afterwards nothing of what was written is left in the person's data folder."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from soleus.diary.engine import telling
from soleus.diary.errors import DamagedDiary, DiaryError, problem
from soleus.diary.places import BACKUP_FOLDER, DIARY_NAME, wipe
from soleus.diary.store import Diary
from soleus.diary.tables import KEPT_BESIDE, TABLES

WORD = "erase"
PATIENCE_S = 1.0  # choice: a reader of the same person is done by then, or is told of


def erase(target: Diary | Path, *, word: str) -> None:
    """Erase a diary with its history, its backups and the files that a restoring put aside; this can't be undone.

    Documents, linked devices and the audit go too. An empty diary remains. Exports are the person's own files and are
    left alone, also those in the data folder. What a disk, a snapshot or a synchronized folder keeps by itself is out
    of reach.

    Parameters
    ----------
    target : Diary or Path
        An open diary, or the data folder of one (which may be damaged; then its file is removed).
    word : str
        "erase", so that nobody erases by a slip.

    Raises
    ------
    DiaryError
        The wrong word, or another program has the diary open.
    """
    if word != WORD:
        fix = f"say the word {WORD!r}"
        raise DiaryError([problem("not_confirmed", "word", f"{word!r} is not {WORD!r}", "nothing was erased", fix)])
    if isinstance(target, Diary):
        _erase_rows(target)
        if target.path is not None:
            _remove_copies(target.path)
        return
    from soleus.diary.opening import open_diary

    path = target / DIARY_NAME if target.is_dir() else target
    if path.exists():
        try:
            with open_diary(str(path), create=False) as diary:
                _erase_rows(diary)
        except DamagedDiary:
            for ending in ("", "-wal", "-shm", "-journal"):
                wipe(Path(f"{path}{ending}"))
    _remove_copies(path)


def _erase_rows(diary: Diary) -> None:
    tables = [*TABLES.values(), *KEPT_BESIDE]
    with diary.writing() as connection:
        for table in tables:
            connection.execute(sa.delete(table))
    if diary.path is None:
        if diary.engine.dialect.name == "postgresql":
            with diary.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for table in tables:
                    connection.execute(sa.text(f"VACUUM FULL {table.name}"))
        return
    diary.engine.dispose()  # our own idle connections must not hold the old log
    with telling(diary.path), closing(sqlite3.connect(diary.path, isolation_level=None, timeout=PATIENCE_S)) as raw:
        raw.execute("PRAGMA secure_delete=ON")
        raw.execute("PRAGMA temp_store=MEMORY")
        for step in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            busy = raw.execute(step).fetchone()
            if busy is not None and busy[0]:
                what, why = "another program is reading the diary", "old pages may be left in its log"
                fix = "close the other program and erase again"
                raise DiaryError([problem("busy", str(diary.path), what, why, fix)])


def _remove_copies(path: Path) -> None:
    """Remove backups, replaced files and unfinished copies of this diary."""
    stem = re.escape(path.stem)
    stamp = r"-\d{8}T\d{6}Z(-\d+)?\.sqlite(-wal|-shm|-journal|\.json)?"
    in_backups = re.compile(rf"{stem}({stamp}|\.partial(-wal|-shm|-journal)?)")
    beside = re.compile(rf"{stem}\.replaced{stamp}|{re.escape(path.name)}\.partial(-wal|-shm|-journal)?")
    folder = path.parent / BACKUP_FOLDER
    if folder.is_dir():
        for file in sorted(folder.iterdir()):
            if in_backups.fullmatch(file.name):
                wipe(file)
        if not any(folder.iterdir()):
            folder.rmdir()
    for file in sorted(path.parent.iterdir()):
        if beside.fullmatch(file.name):
            wipe(file)
