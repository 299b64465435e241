"""Storing new entries: all of a call or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from soleus.core.problem import Problem
from soleus.core.record import AnyEntry
from soleus.diary.checking import find_entries, id_taken, too_many_cramps
from soleus.diary.documents import Document, bring_in_documents
from soleus.diary.tables import KIND_OF, TABLES, to_row

INSERT = {kind: sa.insert(table) for kind, table in TABLES.items()}  # made once: they keep what was compiled


@dataclass(frozen=True, slots=True)
class Added:
    """What became of entries that were to be added; with an error among ``problems`` none was stored.

    ``new`` were stored, ``same`` were there already with the same content. ``documents`` came with an import and were
    stored; a warning ``name_taken`` tells of each that was not, because its name stands for another.
    """

    new: int = 0
    same: int = 0
    problems: tuple[Problem, ...] = ()
    documents: int = 0


class Refused(Exception):
    """Something is wrong with the entries; whoever meets it rolls back."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)


def store(
    connection: sa.Connection,
    entries: Sequence[tuple[AnyEntry, str]],
    documents: Sequence[Document],
    now: datetime,
) -> Added:
    """Store checked entries (each with its place in a problem) and documents; see `Diary.add`.

    Raises
    ------
    Refused
        An id that stands for something else, or too many cramps in a night.
    """
    problems: list[Problem] = []
    fresh: dict[str, AnyEntry] = {}
    same = 0
    known = find_entries(connection, list({entry.id for entry, _ in entries}))
    for entry, where in entries:
        old = known.get(entry.id) or fresh.get(entry.id)
        if old is None:
            fresh[entry.id] = entry
        elif type(old) is type(entry) and old == entry:
            same += 1
        else:
            problems.append(id_taken(where, entry.id))
    problems = problems or _insert(connection, fresh.values())
    if problems:
        raise Refused(problems)
    stored, kept = bring_in_documents(connection, documents, now) if documents else (0, [])
    return Added(new=len(fresh), same=same, problems=tuple(kept), documents=stored)


def _insert(connection: sa.Connection, entries: Iterable[AnyEntry]) -> list[Problem]:
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in TABLES}
    for entry in entries:
        rows[KIND_OF[type(entry)]].append(to_row(entry))
    for kind, some in rows.items():
        if some:
            connection.execute(INSERT[kind], some)
    touched = {row["night_of"] for row in rows["episodes"]}
    return too_many_cramps(connection, touched) if touched else []
