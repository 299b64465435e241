"""The person's own diary: what is written is kept, what is changed or removed can be brought back."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import sqlalchemy as sa

from soleus.core.problem import Problem
from soleus.core.record import KINDS, AnyEntry, Episode, Factor, Night, NightCount, Sample, zone_of
from soleus.diary import engine as database
from soleus.diary.adding import INSERT, Added, Refused, store
from soleus.diary.audit import find_break
from soleus.diary.checking import check_entries, find_entries, id_taken, too_many_cramps
from soleus.diary.contents import (
    between_nights,
    count_entries,
    count_nights,
    hash_contents,
    sample_bounds,
    select_entries,
)
from soleus.diary.documents import Document
from soleus.diary.errors import DiaryError, damaged, problem
from soleus.diary.tables import (
    FROM_ROW,
    KIND_OF,
    TABLES,
    episodes,
    factors,
    nights,
    revisions,
    samples,
    to_microseconds,
)
from soleus.diary.tables import to_row as row_of


class Diary:
    """An open diary; made by `open_diary`, closed by ``close`` or at the end of a ``with`` block.

    Safe to use from several threads. ``path`` is its file, None on a server or in memory.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.diary import open_diary
    >>> now = datetime(2026, 1, 2, 8, tzinfo=UTC)
    >>> with open_diary("sqlite://") as diary:  # in memory, for the example
    ...     cramp = Episode(id="a", recorded_at=now, zone="UTC", night_of=date(2026, 1, 1), leg="left")
    ...     diary.add([cramp], now=now).new, diary.add([cramp], now=now).same, diary.night_counts()
    (1, 1, [NightCount(night_of=datetime.date(2026, 1, 1), cramps=1)])
    """

    def __init__(self, engine: sa.Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path

    def __enter__(self) -> Diary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; what was acknowledged is on the disk already."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that sees one state of the diary."""
        with database.reading(self.engine, self.path) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give the one writing connection; all of the block is stored, or nothing."""
        with database.writing(self.engine, self.path) as connection:
            yield connection

    def add(
        self,
        entries: Iterable[AnyEntry],
        *,
        now: datetime,
        places: Sequence[str] | None = None,
        documents: Sequence[Document] = (),
    ) -> Added:
        """Store entries, all or none; writing one twice is writing it once.

        When this returns, the entries counted as ``new`` survive a crash and a power cut. An entry that was removed is
        stored again when it is added again.

        Parameters
        ----------
        entries : iterable of Episode, Night, Factor or Sample
        now : datetime
            Aware.
        places : sequence of str, optional
            What each entry is called in a problem, such as ``row 3``; default ``entries[0]`` and so on.
        documents : sequence of Document, optional
            Stored together with the entries by an import, unless the diary has one of the same name already.

        Returns
        -------
        Added
            With an error among its problems (`id_taken`, `too_many_cramps`, or one of `check_entry`), nothing stored.
        """
        sound, problems = check_entries(entries, now, places)
        if any(one.level == "error" for one in problems):
            return Added(problems=tuple(problems))
        if not sound and not documents:
            return Added()
        try:
            with self.writing() as connection:
                return store(connection, sound, documents, now)
        except Refused as refused:
            return Added(problems=refused.problems)

    def revise(self, entry: AnyEntry, *, now: datetime) -> AnyEntry:
        """Replace the entry that has this id and return the old one, which stays among the revisions.

        Raises
        ------
        DiaryError
            No such entry, one of another kind, or something wrong with the new one; nothing was changed.
        """
        sound, problems = check_entries([entry], now, ["entry"])
        if any(one.level == "error" for one in problems):
            raise DiaryError(problems)
        new = sound[0][0]
        with self.writing() as connection:
            old = self._one(connection, new.id)
            if type(old) is not type(new):
                raise DiaryError([id_taken("entry", new.id)])
            if old != new:
                self._keep(connection, old, "revise", now)
                self._put(connection, new, replaces=True)
        return old

    def remove(self, id: str, *, now: datetime) -> AnyEntry:
        """Take an entry out of the diary and return it; it stays among the revisions until all is erased.

        Raises
        ------
        DiaryError
            No such entry.
        """
        with self.writing() as connection:
            old = self._one(connection, id)
            self._keep(connection, old, "remove", now)
            self._drop(connection, old)
        return old

    def undo(self, id: str, *, now: datetime) -> AnyEntry | None:
        """Take back the last change of an entry: a revision, a removal, or (if it was never changed) its adding.

        Returns
        -------
        Episode, Night, Factor, Sample or None
            The entry as it is now; None when its adding was taken back (once more brings it back).

        Raises
        ------
        DiaryError
            Nothing is known of this id.
        """
        with self.writing() as connection:
            now_there = find_entries(connection, [id]).get(id)
            query = sa.select(revisions.c.seq, revisions.c.kind, revisions.c.content)
            query = query.where(revisions.c.id == id, revisions.c.undone.is_(False))
            last = connection.execute(query.order_by(revisions.c.seq.desc()).limit(1)).first()
            if last is None:
                gone = self._one(connection, id)
                self._keep(connection, gone, "remove", now)
                self._drop(connection, gone)
                return None
            old: AnyEntry = msgspec.json.decode(last.content, type=KINDS[last.kind])
            if now_there is not None:
                self._keep(connection, now_there, "undo", now, undone=True)
                if type(now_there) is not type(old):
                    self._drop(connection, now_there)
                    now_there = None
            self._put(connection, old, replaces=now_there is not None)
            connection.execute(sa.update(revisions).where(revisions.c.seq == last.seq).values(undone=True))
        return old

    @staticmethod
    def _one(connection: sa.Connection, id: str) -> AnyEntry:
        found = find_entries(connection, [id]).get(id)
        if found is None:
            told = problem("no_such_id", "id", f"no entry has the id {id!r}", "nothing was changed", "look up the id")
            raise DiaryError([told])
        return found

    @staticmethod
    def _keep(connection: sa.Connection, old: AnyEntry, change: str, now: datetime, *, undone: bool = False) -> None:
        row = {
            "kind": KIND_OF[type(old)],
            "id": old.id,
            "changed_at": to_microseconds(now),
            "change": change,
            "content": msgspec.json.encode(old).decode(),
            "undone": undone,
        }
        connection.execute(sa.insert(revisions), row)

    @staticmethod
    def _drop(connection: sa.Connection, entry: AnyEntry) -> None:
        table = TABLES[KIND_OF[type(entry)]]
        connection.execute(sa.delete(table).where(table.c.id == entry.id))

    @staticmethod
    def _put(connection: sa.Connection, entry: AnyEntry, *, replaces: bool) -> None:
        table = TABLES[KIND_OF[type(entry)]]
        if replaces:
            connection.execute(sa.update(table).where(table.c.id == entry.id).values(row_of(entry)))
        else:
            connection.execute(INSERT[KIND_OF[type(entry)]], row_of(entry))
        if isinstance(entry, Episode):
            problems = too_many_cramps(connection, {entry.night_of.isoformat()})
            if problems:
                raise DiaryError(problems)

    def last_recorded(self) -> list[AnyEntry]:
        """Return the entries that were recorded last: one, or those of one line."""
        with self.reading() as connection:
            newest = [connection.execute(sa.select(sa.func.max(t.c.recorded_at))).scalar() for t in TABLES.values()]
            latest = max((moment for moment in newest if moment is not None), default=None)
            found: list[AnyEntry] = []
            for kind, table in TABLES.items() if latest is not None else ():
                query = select_entries(kind).where(table.c.recorded_at == latest).order_by(table.c.id)
                found += [FROM_ROW[kind](row) for row in connection.execute(query)]
        return found

    def find(self, ids: Iterable[str]) -> dict[str, AnyEntry]:
        """Return those entries, of any kind, that have one of these ids."""
        with self.reading() as connection:
            return find_entries(connection, list(ids))

    def episodes(self, first: date | None = None, last: date | None = None) -> list[Episode]:
        """Return the cramps of the nights from first to last by night and start; without a known start come first."""
        query = between_nights(select_entries("episodes"), "episodes", first, last)
        started = episodes.c.started_at.asc().nulls_first()
        return cast(list[Episode], self._all("episodes", query.order_by(episodes.c.night_of, started, episodes.c.id)))

    def nights(self, first: date | None = None, last: date | None = None) -> list[Night]:
        """Return the morning checks of the nights from first to last."""
        query = between_nights(select_entries("nights"), "nights", first, last)
        return cast(list[Night], self._all("nights", query.order_by(nights.c.night_of, nights.c.id)))

    def factors(self, first: date | None = None, last: date | None = None, name: str | None = None) -> list[Factor]:
        """Return the circumstances of the nights from first to last, of one name or all, by night and name."""
        query = between_nights(select_entries("factors"), "factors", first, last)
        if name is not None:
            query = query.where(factors.c.name == name)
        return cast(
            list[Factor], self._all("factors", query.order_by(factors.c.night_of, factors.c.name, factors.c.id))
        )

    def samples(self, quantity: str | None = None, first: date | None = None, last: date | None = None) -> list[Sample]:
        """Return the measurements, of one quantity or all, of the person's own days from first to last, by time."""
        query = sample_bounds(select_entries("samples"), first, last)
        if quantity is not None:
            query = query.where(samples.c.quantity == quantity)
        found = cast(list[Sample], self._all("samples", query.order_by(samples.c.taken_at, samples.c.id)))
        if first is None and last is None:
            return found
        low, high = first or date.min, last or date.max
        return [one for one in found if low <= one.taken_at.astimezone(zone_of(one.zone)).date() <= high]

    def _all(self, kind: str, query: sa.Select[Any]) -> list[AnyEntry]:
        make: Callable[[Sequence[Any]], AnyEntry] = FROM_ROW[kind]
        with self.reading() as connection, _collector_at_rest():
            return [make(row) for row in connection.execute(query).all()]

    def night_counts(self, first: date | None = None, last: date | None = None) -> list[NightCount]:
        """Return each recorded night with the larger of the cramps logged and the cramps counted in the morning.

        A night is recorded when a cramp was logged or a morning check tells a count, 0 included. A night without
        either, also one of which only the sleep was told, is missing and not in the list.
        """
        with self.reading() as connection:
            return count_nights(connection, first, last)

    def counts(self) -> dict[str, int]:
        """Return the number of entries of each kind."""
        with self.reading() as connection:
            return count_entries(connection)

    def content_hash(self) -> str:
        """Return the SHA-256 of all documents and entries in canonical JSON: equal content, equal hash."""
        with self.reading() as connection:
            return hash_contents(connection)

    def check(self) -> tuple[Problem, ...]:
        """Look through the whole database and the audit and read every entry; return what is wrong.

        Raises
        ------
        DamagedDiary
            It can't be read to the end.
        """
        with self.reading() as connection:
            said = "ok"
            if self.engine.dialect.name == "sqlite":
                said = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
            if said == "ok":
                hash_contents(connection)
                broken = find_break(connection)
                return () if broken is None else (broken,)
        return damaged(self.path, said).problems if self.path is not None else ()


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for garbage among entries just made: none is, and 100,000 take 40 % less time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
