"""Bringing an export of a diary in again, unchanged."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from soleus.core.problem import Problem
from soleus.core.record import KINDS, AnyEntry
from soleus.core.spreadsheet import read_cell
from soleus.diary.adding import Added
from soleus.diary.cells import split_words
from soleus.diary.documents import LARGEST_BYTES, Document, check_document
from soleus.diary.errors import problem
from soleus.diary.export import DOCUMENTS_NAME, FORMAT, JSON_NAME
from soleus.diary.store import Diary
from soleus.diary.tables import COLUMNS


class _Export(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    soleus_diary: int
    content_hash: str
    counts: dict[str, int]
    documents: list[msgspec.Raw] = []  # exports made before there were any have none
    entries: dict[str, list[msgspec.Raw]]


@dataclass(slots=True)
class _Read:
    """What the files of an export hold, and what can't be read in them."""

    entries: list[AnyEntry] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take_document(self, document: Document, where: str) -> None:
        wrong = check_document(document.name, document.content, where)
        if wrong is None:
            self.documents.append(document)
        else:
            self.problems.append(wrong)


def import_from(path: Path, diary: Diary, *, now: datetime) -> Added:
    """Bring in an export: its folder, its ``entries.json``, or one of its CSV files; all of it or nothing.

    Only a document whose name stands for another in the diary is left out, and told as a warning.

    Parameters
    ----------
    path : Path
    diary : Diary
        May hold entries already; equal ones count as ``same``.
    now : datetime
        Aware.
    """
    if path.is_dir():
        names = (*(f"{kind}.csv" for kind in KINDS), DOCUMENTS_NAME)
        tables = [path / name for name in names if (path / name).is_file()]
        sources = [path / JSON_NAME] if (path / JSON_NAME).is_file() else tables
    else:
        sources = [path]
    found = _Read()
    if not sources:
        fix = f"name a folder with {JSON_NAME}, or the file itself"
        found.problems.append(problem("no_export", str(path), "there is no export", "nothing can be brought in", fix))
    for source in sources:
        if source.name == DOCUMENTS_NAME:
            read = _read_documents
        else:
            read = _read_table if source.suffix == ".csv" else _read_json
        try:
            read(source, found)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError, csv.Error) as error:
            fix = "name an export made by soleus diary export; for other tables give a mapping"
            found.problems.append(problem("bad_export", str(source), str(error), "it can't be read", fix))
    if found.problems:
        return Added(problems=tuple(found.problems))
    return diary.add(found.entries, now=now, places=found.places, documents=found.documents)


def _read_json(path: Path, found: _Read) -> None:
    export = msgspec.json.decode(path.read_bytes(), type=_Export)
    if export.soleus_diary != FORMAT:
        what = f"it has form {export.soleus_diary}, this Soleus reads {FORMAT}"
        why = "it was made by a later version"
        found.problems.append(problem("newer_export", str(path), what, why, "update Soleus"))
        return
    for index, raw in enumerate(export.documents):
        where = f"{path.name}: documents[{index}]"
        try:
            found.take_document(msgspec.json.decode(raw, type=Document), where)
        except msgspec.ValidationError as error:
            found.problems.append(_bad("bad_document", where, str(error), "correct that place"))
    for kind, some in export.entries.items():
        if kind not in KINDS:
            what, fix = f"{kind!r} is no kind of entry", f"use {', '.join(KINDS)}"
            found.problems.append(_bad("no_such_kind", f"{path.name}: entries", what, fix))
            continue
        decode = msgspec.json.Decoder(KINDS[kind]).decode
        for index, raw in enumerate(some):
            where = f"{path.name}: {kind}[{index}]"
            try:
                found.entries.append(decode(raw))
                found.places.append(where)
            except msgspec.ValidationError as error:
                found.problems.append(_bad("bad_entry", where, str(error), "correct that place"))


def _bad(code: str, where: str, what: str, fix: str) -> Problem:
    return problem(code, where, what, "it can't be stored", fix)


def _rows(path: Path, columns: tuple[str, ...], found: _Read) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the rows of an exported table by the names of its columns, each with its place; tell those that differ."""
    csv.field_size_limit(
        max(csv.field_size_limit(), LARGEST_BYTES + 1)
    )  # a document may be longer than the usual limit
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if tuple(next(reader, ())) != columns:
            fix = "use the file as it was exported, or give a mapping"
            what = "the columns are not those of an export"
            place = f"{path.name}: row 1"
            found.problems.append(problem("other_columns", place, what, "it can't be read", fix))
            return
        for cells in reader:
            where = f"{path.name}: row {reader.line_num}"
            if len(cells) != len(columns):
                what = f"{len(cells)} cells where {len(columns)} are needed"
                found.problems.append(problem("bad_row", where, what, "it can't be read", "correct that row"))
                continue
            yield where, dict(zip(columns, cells, strict=True))


def _read_documents(path: Path, found: _Read) -> None:
    for where, row in _rows(path, Document.__struct_fields__, found):
        try:
            texts = {name: read_cell(cell) for name, cell in row.items()}
            found.take_document(msgspec.convert(texts, Document, strict=False), where)
        except msgspec.ValidationError as error:
            found.problems.append(_bad("bad_document", where, str(error), "correct that row"))


def _read_table(path: Path, found: _Read) -> None:
    kind = path.stem
    if kind not in KINDS:
        fix = f"its name must be one of {', '.join(f'{kind}.csv' for kind in KINDS)}; else give a mapping"
        found.problems.append(problem("no_such_kind", str(path), "the name tells no kind", "it can't be read", fix))
        return
    for where, row in _rows(path, COLUMNS[kind], found):
        values: dict[str, Any] = {}
        for name, cell in row.items():
            text = read_cell(cell)
            if name == "relieved_by":
                values[name] = split_words(text)
            elif name in ("woke", "sore_next_day", "clock_known") and text in ("yes", "no"):
                values[name] = text == "yes"
            elif text or cell:
                values[name] = text
        try:
            found.entries.append(msgspec.convert(values, KINDS[kind], strict=False))
            found.places.append(where)
        except msgspec.ValidationError as error:
            found.problems.append(_bad("bad_entry", where, str(error), "correct that row"))
