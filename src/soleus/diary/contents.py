"""What is in a diary: its entries in order, how many there are, and the fingerprint of them and the documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from soleus.core.record import AnyEntry, NightCount
from soleus.diary.documents import Document, stream_documents
from soleus.diary.tables import COLUMNS, FROM_ROW, TABLES, episodes, nights, to_microseconds

AT_ONCE = 5_000  # choice: rows held in memory while streaming
_canonical = msgspec.json.Encoder(order="sorted").encode


def select_entries(kind: str) -> sa.Select[Any]:
    """Return the query of all entries of a kind with the columns in the order of the entry's fields."""
    table = TABLES[kind]
    return sa.select(*(table.c[name] for name in COLUMNS[kind]))


def between_nights(query: sa.Select[Any], kind: str, first: date | None, last: date | None) -> sa.Select[Any]:
    """Narrow a query to nights from first to last, both included."""
    night = TABLES[kind].c.night_of
    if first is not None:
        query = query.where(night >= first.isoformat())
    if last is not None:
        query = query.where(night <= last.isoformat())
    return query


def stream_entries(connection: sa.Connection, kind: str) -> Iterator[AnyEntry]:
    """Give all entries of a kind by id, without holding them all."""
    make = FROM_ROW[kind]
    query = select_entries(kind).order_by(TABLES[kind].c.id)
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": AT_ONCE})
    for rows in result.partitions():
        for row in rows:
            yield make(row)


def count_entries(connection: sa.Connection) -> dict[str, int]:
    """Return the number of entries of each kind."""
    return {
        kind: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
        for kind, table in TABLES.items()
    }


class Fingerprint:
    """The SHA-256 over the canonical JSON of documents by name, then of entries by kind (alphabetically) and by id.

    A diary without documents has the fingerprint that it had before there were any.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, kind: str, entry: AnyEntry) -> bytes:
        """Take an entry in and return its canonical JSON: the keys in alphabetical order, no spaces."""
        encoded = _canonical(entry)
        self._digest.update(kind.encode() + b"\t" + encoded + b"\n")
        return encoded

    def add_document(self, document: Document) -> None:
        """Take a document in: its name and its content, not when it was changed."""
        encoded = _canonical({"name": document.name, "content": document.content})
        self._digest.update(b"documents\t" + encoded + b"\n")

    def hex(self) -> str:
        """Return the fingerprint of all that was taken in."""
        return self._digest.hexdigest()


def hash_contents(connection: sa.Connection, *, with_documents: bool = True) -> str:
    """Return the fingerprint of all documents and entries; a diary of form 0001 has no table of documents."""
    fingerprint = Fingerprint()
    for document in stream_documents(connection) if with_documents else ():
        fingerprint.add_document(document)
    for kind in sorted(TABLES):
        for entry in stream_entries(connection, kind):
            fingerprint.add(kind, entry)
    return fingerprint.hex()


def count_nights(connection: sa.Connection, first: date | None, last: date | None) -> list[NightCount]:
    """Return the recorded nights with their cramps; see `Diary.night_counts`."""
    logged = sa.select(episodes.c.night_of, sa.func.count().label("cramps")).group_by(episodes.c.night_of)
    counted = sa.select(nights.c.night_of, nights.c.cramps).where(nights.c.cramps.is_not(None))
    both = sa.union_all(
        between_nights(logged, "episodes", first, last), between_nights(counted, "nights", first, last)
    ).subquery()
    query = sa.select(both.c.night_of, sa.func.max(both.c.cramps)).group_by(both.c.night_of).order_by(both.c.night_of)
    return [NightCount(night_of=date.fromisoformat(night), cramps=int(n)) for night, n in connection.execute(query)]


def sample_bounds(query: sa.Select[Any], first: date | None, last: date | None) -> sa.Select[Any]:
    """Narrow a query of samples to the days from first to last, with a day to spare on both sides for any zone."""
    taken = TABLES["samples"].c.taken_at
    if first is not None and first > date.min + timedelta(days=1):
        start = datetime.combine(first - timedelta(days=1), time.min, UTC)
        query = query.where(taken >= to_microseconds(start))
    if last is not None and last < date.max - timedelta(days=2):
        end = datetime.combine(last + timedelta(days=2), time.min, UTC)
        query = query.where(taken < to_microseconds(end))
    return query
