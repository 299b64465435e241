"""Taking the whole diary out, as files that other programs read, and bringing it in again, unchanged."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from soleus.core.problem import Problem
from soleus.core.record import KINDS, AnyEntry
from soleus.diary.cells import join_words, read_cell, split_words, write_cell
from soleus.diary.contents import Fingerprint, count_entries, stream_entries
from soleus.diary.csv_import import CsvMapping, import_csv
from soleus.diary.errors import DiaryError, problem
from soleus.diary.places import make_private_file, make_private_folder, wipe
from soleus.diary.store import Added, Diary
from soleus.diary.tables import COLUMNS, TABLES, revisions
from soleus.diary.tables import to_row as row_of

__all__ = ["CsvMapping", "export_to", "import_csv", "import_from", "read_cell", "write_cell"]

JSON_NAME = "entries.json"
SQLITE_NAME = "diary.sqlite"
FORMAT = 1
AT_ONCE = 2_000  # choice: entries turned into text before they are written
_to_builtins = msgspec.to_builtins


def export_to(diary: Diary, folder: Path) -> Path:
    """Write the whole diary into a folder: one CSV for each kind, ``entries.json``, and a copy in SQLite.

    The CSV and JSON hold the entries as they are now; the SQLite copy has the replaced and removed ones too. In the
    CSV, texts that a spreadsheet might run carry a leading apostrophe; numbers are left as numbers.

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
        for name in (*(f"{kind}.csv" for kind in KINDS), JSON_NAME):
            make_private_file(folder / name)
        with diary.reading() as connection:
            _write_texts(connection, folder)
            _write_sqlite(diary, connection, folder / SQLITE_NAME)
    except OSError as error:
        fix = "choose another folder or make room"
        raise DiaryError([problem("cannot_write", str(folder), str(error), "the export is not whole", fix)]) from error
    return folder


def _write_texts(connection: sa.Connection, folder: Path) -> None:
    """Write the CSV files, the JSON and the fingerprint in one pass over the entries."""
    head = {"soleus_diary": FORMAT, "counts": count_entries(connection)}
    fingerprint = Fingerprint()
    with (folder / JSON_NAME).open("wb") as file:
        file.write(msgspec.json.encode(head)[:-1] + b',"entries":{')
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


def _portions(entries: Iterator[AnyEntry]) -> Iterator[list[AnyEntry]]:
    some: list[AnyEntry] = []
    for entry in entries:
        some.append(entry)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _cells(entry: AnyEntry) -> list[Any]:
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
        return
    from soleus.diary.opening import open_diary

    with open_diary(str(path)) as copy, copy.writing() as target_connection:
        for kind, table in TABLES.items():
            for some in _portions(stream_entries(connection, kind)):
                target_connection.execute(sa.insert(table), [row_of(entry) for entry in some])
        history = [dict(row._mapping) for row in connection.execute(sa.select(revisions))]
        if history:
            target_connection.execute(sa.insert(revisions), history)
    with closing(sqlite3.connect(path)) as target:
        target.execute("PRAGMA journal_mode=DELETE").fetchone()


class _Export(msgspec.Struct, forbid_unknown_fields=True):
    soleus_diary: int
    content_hash: str
    counts: dict[str, int]
    entries: dict[str, list[msgspec.Raw]]


def import_from(path: Path, diary: Diary, *, now: datetime) -> Added:
    """Bring in an export: its folder, its ``entries.json``, or one of its CSV files; all of it or nothing.

    Parameters
    ----------
    path : Path
    diary : Diary
        May hold entries already; equal ones count as ``same``.
    now : datetime
        Aware.
    """
    if path.is_dir():
        tables = [path / f"{kind}.csv" for kind in KINDS if (path / f"{kind}.csv").is_file()]
        sources = [path / JSON_NAME] if (path / JSON_NAME).is_file() else tables
    else:
        sources = [path]
    entries: list[AnyEntry] = []
    places: list[str] = []
    problems: list[Problem] = []
    if not sources:
        fix = f"name a folder with {JSON_NAME}, or the file itself"
        problems.append(problem("no_export", str(path), "there is no export", "nothing can be brought in", fix))
    for source in sources:
        read = _read_table if source.suffix == ".csv" else _read_json
        try:
            read(source, entries, places, problems)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError, csv.Error) as error:
            fix = "name an export made by soleus diary export; for other tables give a mapping"
            problems.append(problem("bad_export", str(source), str(error), "it can't be read", fix))
    if problems:
        return Added(problems=tuple(problems))
    return diary.add(entries, now=now, places=places)


def _read_json(path: Path, entries: list[AnyEntry], places: list[str], problems: list[Problem]) -> None:
    export = msgspec.json.decode(path.read_bytes(), type=_Export)
    if export.soleus_diary != FORMAT:
        what = f"it has form {export.soleus_diary}, this Soleus reads {FORMAT}"
        problems.append(problem("newer_export", str(path), what, "it was made by a later version", "update Soleus"))
        return
    for kind, some in export.entries.items():
        if kind not in KINDS:
            what, fix = f"{kind!r} is no kind of entry", f"use {', '.join(KINDS)}"
            problems.append(problem("no_such_kind", f"{path.name}: entries", what, "it can't be stored", fix))
            continue
        decode = msgspec.json.Decoder(KINDS[kind]).decode
        for index, raw in enumerate(some):
            where = f"{path.name}: {kind}[{index}]"
            try:
                entries.append(decode(raw))
                places.append(where)
            except msgspec.ValidationError as error:
                problems.append(problem("bad_entry", where, str(error), "it can't be stored", "correct that place"))


def _read_table(path: Path, entries: list[AnyEntry], places: list[str], problems: list[Problem]) -> None:
    kind = path.stem
    if kind not in KINDS:
        fix = f"its name must be one of {', '.join(f'{kind}.csv' for kind in KINDS)}; else give a mapping"
        problems.append(problem("no_such_kind", str(path), "the name tells no kind", "it can't be read", fix))
        return
    made = KINDS[kind]
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if tuple(next(reader, ())) != COLUMNS[kind]:
            fix = "use the file as it was exported, or give a mapping"
            what = "the columns are not those of an export"
            problems.append(problem("other_columns", f"{path.name}: row 1", what, "it can't be read", fix))
            return
        for cells in reader:
            where = f"{path.name}: row {reader.line_num}"
            if len(cells) != len(COLUMNS[kind]):
                what = f"{len(cells)} cells where {len(COLUMNS[kind])} are needed"
                problems.append(problem("bad_row", where, what, "it can't be read", "correct that row"))
                continue
            values: dict[str, Any] = {}
            for name, cell in zip(COLUMNS[kind], cells, strict=True):
                text = read_cell(cell)
                if name == "relieved_by":
                    values[name] = split_words(text)
                elif name in ("woke", "sore_next_day", "clock_known") and text in ("yes", "no"):
                    values[name] = text == "yes"
                elif text or cell:
                    values[name] = text
            try:
                entries.append(msgspec.convert(values, made, strict=False))
                places.append(where)
            except msgspec.ValidationError as error:
                problems.append(problem("bad_entry", where, str(error), "it can't be stored", "correct that row"))
