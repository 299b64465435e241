"""The connection to the database: durable, private, one writer at a time, and errors in words.

SQLite writes through a write-ahead log that reaches the disk before a write is acknowledged (WAL, synchronous FULL),
overwrites what is deleted (secure_delete), and takes its lock when a writing transaction begins (BEGIN IMMEDIATE), so
that two writers wait for each other instead of failing. PostgreSQL takes an advisory lock for the same end.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool, StaticPool

from soleus.diary.errors import DiaryError, damaged, problem

BUSY_MS = 30_000  # choice: another process of the same person writes for seconds at most (an import)
PRAGMAS = (
    ("busy_timeout", BUSY_MS),
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("secure_delete", "ON"),
    ("temp_store", "MEMORY"),  # nothing of the diary in the system's folder for temporary files
)
WRITER = "soleus_writer"
ADVISORY_LOCK = 0x736F6C657573  # any constant; here the letters of the name
_one_writer = threading.Lock()


def make_engine(url: sa.URL) -> sa.Engine:
    """Return the engine for a diary with every setting in place; nothing is opened yet.

    Raises
    ------
    DiaryError
        The driver of the database is not installed.
    """
    sqlite = url.get_backend_name() == "sqlite"
    memory = sqlite and url.database in (None, "", ":memory:")
    try:
        engine = sa.create_engine(url, poolclass=StaticPool) if memory else sa.create_engine(url)
    except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
        told = problem(
            "no_driver",
            url.drivername,
            f"the database can't be reached: {error}",
            "its driver is not installed",
            "for PostgreSQL: pip install 'soleus[postgres]', and write postgresql+psycopg://",
        )
        raise DiaryError([told]) from error
    if sqlite:
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def make_reader(path: Path) -> sa.Engine:
    """Return an engine that can only read one SQLite file and leaves nothing beside it."""
    still = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    uri = f"file:{quote(str(path.resolve()))}?mode=ro{still}"
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "connect", _by_hand)
    return engine


def check_pages(path: Path) -> str:
    """Return "ok" or what SQLite finds wrong with the pages of a file, without changing the file in any case.

    A connection that may write would take the log of a crash into a damaged file when it closes.

    Raises
    ------
    sqlite3.DatabaseError
        It is no database at all.
    """
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000)) as raw:
        return str(raw.execute("PRAGMA quick_check(1)").fetchone()[0])


@contextmanager
def reading(engine: sa.Engine, path: Path | None = None) -> Iterator[sa.Connection]:
    """Give a connection that sees one state of the diary from first to last statement."""
    with telling(path), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def writing(engine: sa.Engine, path: Path | None = None) -> Iterator[sa.Connection]:
    """Give the one writing connection; commits at the end, rolls everything back on any error."""
    with _one_writer, telling(path), engine.connect() as connection:
        connection.execution_options(**{WRITER: True})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            yield connection


@contextmanager
def telling(path: Path | None) -> Iterator[None]:
    """Turn what the database says about its files, locks and connection into words."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        told = _in_words(str(error.orig), isinstance(error, sa.exc.OperationalError), path)
        if told is None:
            raise
        raise told from error
    except sqlite3.DatabaseError as error:
        told = _in_words(str(error), isinstance(error, sqlite3.OperationalError), path)
        if told is None:
            raise
        raise told from error


def _in_words(message: str, operational: bool, path: Path | None) -> DiaryError | None:
    where = str(path or "diary")
    if path is not None and any(word in message for word in ("malformed", "not a database", "corrupt")):
        return damaged(path, message)
    if not operational:
        return None
    for words, code, why, fix in (
        ("locked", "busy", "another program is writing to it", "close the other program or try again"),
        ("full", "disk_full", "the disk has no room", "make room and try again; nothing was lost"),
        ("readonly", "cannot_write", "the file may not be written", "give yourself the right to write to it"),
        ("unable to open", "cannot_open", "the file can't be opened", "check the folder and its permissions"),
        ("disk I/O", "disk_error", "the disk failed", "copy the file to another disk and try there"),
        ("connect", "cannot_reach", "the server does not answer", "check address, name, password and that it runs"),
    ):
        if words in message:
            return DiaryError([problem(code, where, f"the diary can't be used: {message.strip()}", why, fix)])
    return None


def _by_hand(dbapi: Any, _: object) -> None:
    dbapi.isolation_level = None  # transactions begin where `_begin` says so, not at the driver's guess


def _set_pragmas(dbapi: Any, record: object) -> None:
    _by_hand(dbapi, record)
    cursor = dbapi.cursor()
    for name, value in PRAGMAS:
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get(WRITER, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
