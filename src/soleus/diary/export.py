"""Taking the whole diary out, as files that other programs read."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import sqlalchemy as sa

from soleus.core.record import KINDS, AnyEntry
from soleus.core.spreadsheet import write_cell
from soleus.diary.audit import AuditRow, stream_audit
from soleus.diary.cells import join_words
from soleus.diary.contents import Fingerprint, count_entries, stream_entries
from soleus.diary.documents import Document, stream_documents
from soleus.diary.errors import DiaryError, problem
from soleus.diary.places import make_private_file, make_private_folder, wipe
from soleus.diary.store import Diary
from soleus.diary.tables import COLUMNS, TABLES, audit, audit_end, devices, revisions, to_microseconds
from soleus.diary.tables import documents as documents_table
from soleus.diary.tables import to_row as row_of

JSON_NAME = "entries.json"
SQLITE_NAME = "diary.sqlite"
DOCUMENTS_NAME = "documents.csv"
AUDIT_NAME = "audit.csv"
FORMAT = 1
NOT_COPIED = (devices, audit, audit_end)
AT_ONCE = 2_000  # choice: entries turned into text before they are written
_to_builtins = msgspec.to_builtins


def export_to(diary: Diary, folder: Path) -> Path:
    """Write the whole diary into a folder: a CSV for each kind, ``documents.csv``, ``entries.json``, a SQLite copy.

    The CSV and JSON hold the entries and documents as they are now; the SQLite copy has the replaced and removed
    entries too. In the CSV, texts that a spreadsheet might run carry a leading apostrophe; numbers are left as numbers.

    ``audit.csv`` shows who read and wrote what, for the person to read; nothing imports it. Linked devices are not
    exported. The SQLite copy holds neither the devices with the hashes of their tokens nor the audit, so that handing
    it on tells no one which devices and addresses there are at home.

    Parameters
    ----------
    diary : Diary
    folder : Path
        Made if it is missing; files of an earlier export in it are replaced, others left alone.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DiaryError
        The folder is that of the diary itself, or can't be written.
    """
    if diary.path is not None and folder.resolve() == diary.path.parent.resolve():
        fix = "name another folder, such as soleus-export in your documents"
        what = "it is the folder of the diary itself"
        raise DiaryError([problem("same_folder", str(folder), what, "the copy would replace the diary", fix)])
    try:
        make_private_folder(folder)
        for name in (*(f"{kind}.csv" for kind in KINDS), DOCUMENTS_NAME, AUDIT_NAME, JSON_NAME):
            make_private_file(folder / name)
        with diary.reading() as connection:
            _write_texts(connection, folder)
            _write_audit(connection, folder / AUDIT_NAME)
            _write_sqlite(diary, connection, folder / SQLITE_NAME)
    except OSError as error:
        fix = "choose another folder or make room"
        raise DiaryError([problem("cannot_write", str(folder), str(error), "the export is not whole", fix)]) from error
    return folder


def _write_texts(connection: sa.Connection, folder: Path) -> None:
    """Write the CSV files, the JSON and the fingerprint in one pass over documents and entries."""
    head = {"soleus_diary": FORMAT, "counts": count_entries(connection)}
    fingerprint = Fingerprint()
    with (folder / JSON_NAME).open("wb") as file:
        file.write(msgspec.json.encode(head)[:-1] + b',"documents":[')
        _write_documents(connection, folder / DOCUMENTS_NAME, file, fingerprint)
        file.write(b'],"entries":{')
        for number, kind in enumerate(sorted(KINDS)):
            file.write((b"," if number else b"") + b'\n"' + kind.encode() + b'":[')
            with (folder / f"{kind}.csv").open("w", encoding="utf-8", newline="") as table:
                writer = csv.writer(table)
                writer.writerow(COLUMNS[kind])
                separator = b"\n"
                for some in _portions(stream_entries(connection, kind)):
                    file.write(separator + b",\n".join([fingerprint.add(kind, entry) for entry in some]))
                    separator = b",\n"
                    writer.writerows([_cells(entry) for entry in some])
            file.write(b"]")
        file.write(b'},\n"content_hash":"' + fingerprint.hex().encode() + b'"}\n')


def _write_documents(connection: sa.Connection, path: Path, file: BinaryIO, fingerprint: Fingerprint) -> None:
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(Document.__struct_fields__)
        separator = b"\n"
        for document in stream_documents(connection):
            fingerprint.add_document(document)
            file.write(separator + msgspec.json.encode(document))
            separator = b",\n"
            writer.writerow(_cells(document))


def _write_audit(connection: sa.Connection, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        columns = tuple(audit.c.keys())
        writer.writerow(columns)
        for row in stream_audit(connection):
            cells = dict(zip(row.__struct_fields__, _cells(row), strict=True))
            writer.writerow([cells[name] for name in columns])


def _portions(entries: Iterator[AnyEntry]) -> Iterator[list[AnyEntry]]:
    some: list[AnyEntry] = []
    for entry in entries:
        some.append(entry)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _cells(entry: AnyEntry | Document | AuditRow) -> list[Any]:
    cells: list[Any] = []
    for value in _to_builtins(entry).values():
        if isinstance(value, str):
            cells.append(write_cell(value))
        elif isinstance(value, (list, tuple)):
            cells.append(write_cell(join_words(value)))
        elif isinstance(value, bool):
            cells.append("yes" if value else "no")
        else:
            cells.append("" if value is None else value)
    return cells


def _write_sqlite(diary: Diary, connection: sa.Connection, path: Path) -> None:
    wipe(path)
    make_private_file(path)
    if diary.path is not None:
        with closing(sqlite3.connect(diary.path)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE").fetchone()
            target.execute("PRAGMA journal_mode=MEMORY").fetchone()  # no journal beside it that holds what is cleared
            target.execute("PRAGMA secure_delete=ON").fetchone()
            for table in NOT_COPIED:
                target.execute(f"DELETE FROM {table.name}")
            target.commit()
        return
    from soleus.diary.opening import open_diary

    with open_diary(str(path)) as copy, copy.writing() as target_connection:
        for kind, table in TABLES.items():
            for some in _portions(stream_entries(connection, kind)):
                target_connection.execute(sa.insert(table), [row_of(entry) for entry in some])
        for document in stream_documents(connection):
            row = {
                "name": document.name,
                "content": document.content,
                "changed_at": to_microseconds(document.changed_at),
            }
            target_connection.execute(sa.insert(documents_table), row)
        history = [dict(row._mapping) for row in connection.execute(sa.select(revisions))]
        if history:
            target_connection.execute(sa.insert(revisions), history)
    with closing(sqlite3.connect(path)) as target:
        target.execute("PRAGMA journal_mode=DELETE").fetchone()
