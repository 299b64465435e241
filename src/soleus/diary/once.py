"""Writing that may arrive twice, late or out of turn: from a phone that was cut off and tries again.

What a phone sends again must not undo what happened since: a correction made in the morning stays, and an entry that
was taken out stays out. So the same id is compared with what was *first* kept under it, not with what it has become.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.core.record import KINDS, AnyEntry
from soleus.diary.checking import check_entries, find_entries, id_taken
from soleus.diary.errors import DiaryError, problem
from soleus.diary.store import Diary
from soleus.diary.tables import KIND_OF, revisions
from soleus.diary.together import write_together

_BY_ID = sa.select(revisions.c.kind, revisions.c.content).where(revisions.c.id == sa.bindparam("id")).limit(1)
_FIRST, _LAST = _BY_ID.order_by(revisions.c.seq), _BY_ID.order_by(revisions.c.seq.desc())


@dataclass(frozen=True, slots=True)
class Known:
    """An entry as it is now, or as it was last if it was taken out; ``new`` if this call stored it."""

    entry: AnyEntry
    new: bool = False
    removed: bool = False


def keep_once(diary: Diary, entry: AnyEntry, *, now: datetime, same: Callable[[AnyEntry], bool] | None = None) -> Known:
    """Store an entry unless its id is known; return what is known of it.

    Parameters
    ----------
    diary : Diary
    entry : Episode, Night, Factor or Sample
    now : datetime
        Aware.
    same : callable, optional
        Says whether the entry first kept under this id is what is told again; equality if left out.

    Raises
    ------
    DiaryError
        `id_taken`: something else was first kept under this id; or what is wrong with the entry. Nothing was changed.

    Examples
    --------
    >>> from datetime import UTC, date
    >>> from soleus.core.record import Episode
    >>> from soleus.diary import open_diary
    >>> now = datetime(2026, 1, 2, 8, tzinfo=UTC)
    >>> cramp = Episode(id="a", recorded_at=now, zone="UTC", night_of=date(2026, 1, 1), leg="left")
    >>> with open_diary("sqlite://") as diary:
    ...     first = keep_once(diary, cramp, now=now).new
    ...     _ = diary.remove("a", now=now)
    ...     again = keep_once(diary, cramp, now=now)  # a phone that did not hear the answer sends it again
    ...     first, again.new, again.removed, diary.counts()["episodes"]
    (True, False, True, 0)
    """
    sound, problems = check_entries([entry], now, ["entry"])
    if not sound:
        raise DiaryError(problems)
    new = sound[0][0]

    def work(connection: sa.Connection) -> Known:
        current = find_entries(connection, [new.id]).get(new.id)
        first = _revision(connection, _FIRST, new.id)
        if current is None and first is None:
            Diary._put(connection, new, replaces=False)
            return Known(new, new=True)
        original = current if first is None else first
        if type(original) is not type(new) or not (original == new if same is None else same(original)):
            raise DiaryError([id_taken("entry", new.id)])
        if current is not None:
            return Known(current)
        last = _revision(connection, _LAST, new.id)
        assert last is not None
        return Known(last, removed=True)

    return write_together(diary, work)


def change(
    diary: Diary, kind: type[AnyEntry], id: str, changed: Callable[[AnyEntry], AnyEntry], *, now: datetime
) -> Known:
    """Change an entry as it is at this moment, so that two who change different things of it both succeed.

    Parameters
    ----------
    diary : Diary
    kind : type
        What it must be.
    id : str
    changed : callable
        Takes the entry and returns it changed.
    now : datetime
        Aware.

    Raises
    ------
    DiaryError
        `no_such_id`; `removed`, if it was taken out; or what is wrong with the changed entry. Nothing was changed.
    """

    def work(connection: sa.Connection) -> Known:
        old = find_entries(connection, [id]).get(id)
        if type(old) is not kind:
            gone = _revision(connection, _LAST, id)
            raise DiaryError([_removed(id) if type(gone) is kind else _unknown(kind, id)])
        sound, problems = check_entries([changed(old)], now, ["entry"])
        if not sound:
            raise DiaryError(problems)
        new = sound[0][0]
        if new != old:
            Diary._keep(connection, old, "revise", now)
            Diary._put(connection, new, replaces=True)
        return Known(new)

    return write_together(diary, work)


def take_out(diary: Diary, kind: type[AnyEntry], id: str, *, now: datetime) -> Known:
    """Take an entry out of the diary; once more is no error. It stays among the revisions until all is erased.

    Raises
    ------
    DiaryError
        `no_such_id`: there never was such an entry of this kind.
    """

    def work(connection: sa.Connection) -> Known:
        old = find_entries(connection, [id]).get(id)
        if type(old) is kind:
            Diary._keep(connection, old, "remove", now)
            Diary._drop(connection, old)
            return Known(old, removed=True)
        gone = _revision(connection, _LAST, id)
        if type(gone) is not kind or old is not None:
            raise DiaryError([_unknown(kind, id)])
        return Known(gone, removed=True)

    return write_together(diary, work)


def _revision(connection: sa.Connection, query: sa.Select[tuple[str, str]], id: str) -> AnyEntry | None:
    row = connection.execute(query, {"id": id}).first()
    return None if row is None else msgspec.json.decode(row.content, type=KINDS[row.kind])


def _unknown(kind: type, id: str) -> Problem:
    what = say("no entry of the kind {kind} has the id {id}", kind=KIND_OF[kind], id=id)
    return problem("no_such_id", "id", what, say("nothing was changed"), say("look up the id"))


def _removed(id: str) -> Problem:
    what = say("the entry {id} was taken out of the diary", id=id)
    return problem("removed", "id", what, say("there is nothing to change"), say("bring it back first"))
