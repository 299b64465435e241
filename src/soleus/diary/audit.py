"""Who read and wrote what, and when: rows that are only ever added, each chained to the one before by its hash.

A row that was changed, taken out, put in or moved breaks the chain, and the last row is noted apart, so that rows cut
off at the end are missed as well. The chain has no secret: it shows slips and quiet edits, not one who rewrites all of
it. Erasing the diary empties it. It is no part of the content of the diary and never imported; an export shows it as
``audit.csv`` only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec
import sqlalchemy as sa

from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.diary.errors import problem
from soleus.diary.labels import clean_label
from soleus.diary.tables import audit, audit_end, from_microseconds, to_microseconds

if TYPE_CHECKING:
    from soleus.diary.store import Diary

AuditAction = Literal["read", "write", "link", "revoke", "refused"]
THIS_COMPUTER = "this computer"
BEGINNING = "0" * 64  # stands for the hash of the row before the first
_AT_ONCE = 5_000  # choice: rows held in memory while streaming
_LONGEST = {"who": 64, "source": 64, "resource": 200}
_ACTIONS = get_args(AuditAction)
_INSERT = sa.insert(audit)
_END = sa.select(audit_end.c.seq, audit_end.c.hash)
_LAST = sa.select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
_MOVE_END = sa.update(audit_end).values(seq=sa.bindparam("to_seq"), hash=sa.bindparam("to_hash"))
_ROWS = sa.select(*(audit.c[name] for name in ("seq", "at", "who", "source", "action", "resource", "status", "hash")))


class AuditEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One call to the pages or the API, as it is handed to `append_audit`.

    Parameters
    ----------
    who : str
        Id of the linked device, or ``this computer``.
    source : str
        Network address of the caller.
    action : {"read", "write", "link", "revoke", "refused"}
    resource : str
        The template of the route, such as ``/api/episodes/{id}``: never ids, answers or other data. What follows a
        question mark is cut off.
    status : int
        Status of the HTTP answer, 0 to 999.
    at : datetime, optional
        When it happened; None for the moment of appending.
    """

    who: str
    source: str
    action: AuditAction
    resource: str
    status: int
    at: datetime | None = None


class AuditRow(AuditEvent, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event as it is kept: its number from 1 upwards, its moment in UTC, its link of the chain."""

    at: datetime
    seq: int
    hash: str


def append_audit(diary: Diary, rows: Sequence[AuditEvent], *, now: datetime) -> list[AuditRow]:
    """Add rows at the end in one transaction, and return them as they are kept.

    Raises
    ------
    ValueError
        An unknown action or a status out of range: a mistake in the caller; nothing was written.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.diary import open_diary
    >>> now = datetime(2026, 1, 2, 8, tzinfo=UTC)
    >>> seen = AuditEvent(who=THIS_COMPUTER, source="127.0.0.1", action="read", resource="/nights", status=200)
    >>> with open_diary("sqlite://") as diary:  # in memory, for the example
    ...     rows = append_audit(diary, [seen, seen], now=now)
    ...     [row.seq for row in rows], list_audit(diary, limit=1) == rows[1:], check_audit(diary)
    ([1, 2], True, None)
    """
    if not rows:
        return []
    made = [_values(row, now) for row in rows]
    with diary.writing() as connection:
        ends = [connection.execute(query).first() for query in (_END, _LAST)]
        seq, previous = max(((row[0], row[1]) for row in ends if row is not None), default=(0, BEGINNING))
        for values in made:
            seq += 1
            previous = _link(previous, seq, *values.values())
            values |= {"seq": seq, "hash": previous}
        connection.execute(_INSERT, made)
        if ends[0] is None:
            connection.execute(sa.insert(audit_end), {"seq": seq, "hash": previous})
        else:
            connection.execute(_MOVE_END, {"to_seq": seq, "to_hash": previous})
    return [AuditRow(**{**values, "at": from_microseconds(values["at"])}) for values in made]


def list_audit(diary: Diary, limit: int = 200) -> list[AuditRow]:
    """Return the newest rows, the last one first."""
    with diary.reading() as connection:
        rows = connection.execute(_ROWS.order_by(audit.c.seq.desc()).limit(max(limit, 0))).all()
    return [_row(row) for row in rows]


def check_audit(diary: Diary) -> Problem | None:
    """Return a problem that names the first row that was changed, removed, put in or moved; None when all are whole."""
    with diary.reading() as connection:
        return find_break(connection)


def find_break(connection: sa.Connection) -> Problem | None:
    """Return what `check_audit` returns, seen by this connection."""
    expected, previous = 0, BEGINNING
    with closing(_stream(connection)) as rows:
        for seq, *values, link in rows:
            expected += 1
            previous = _link(previous, seq, *values)
            if seq != expected or link != previous:
                return _broken(expected)
    end = connection.execute(_END).first()
    if tuple(end or (0, BEGINNING)) != (expected, previous):
        return _broken(expected + 1)
    return None


def stream_audit(connection: sa.Connection) -> Iterator[AuditRow]:
    """Give all rows from the first to the last, without holding them all."""
    for row in _stream(connection):
        yield _row(row)


def _stream(connection: sa.Connection) -> Generator[Any]:
    query = _ROWS.order_by(audit.c.seq)
    options = {"stream_results": True, "yield_per": _AT_ONCE}
    with connection.execute(query, execution_options=options) as result:  # a server's cursor is closed on leaving
        yield from result


def _values(event: AuditEvent, now: datetime) -> dict[str, Any]:
    if event.action not in _ACTIONS:
        raise ValueError(f"action {event.action!r} is none of {', '.join(_ACTIONS)}")
    if not 0 <= event.status <= 999:
        raise ValueError(f"status {event.status} is none of HTTP")
    return {
        "at": to_microseconds(event.at or now),
        "who": clean_label(event.who, _LONGEST["who"]),
        "source": clean_label(event.source, _LONGEST["source"]),
        "action": event.action,
        "resource": clean_label(event.resource.partition("?")[0], _LONGEST["resource"]),
        "status": event.status,
    }


def _link(previous: str, *values: Any) -> str:
    return hashlib.sha256(msgspec.json.encode((previous, *values))).hexdigest()


def _row(row: Any) -> AuditRow:
    seq, at, who, source, action, resource, status, link = row
    return AuditRow(
        seq=seq,
        at=from_microseconds(at),
        who=who,
        source=source,
        action=action,
        resource=resource,
        status=status,
        hash=link,
    )


def _broken(seq: int) -> Problem:
    return problem(
        "audit_broken",
        f"audit row {seq}",
        say("from row {row} on, the list of who read and wrote was changed outside of Soleus", row=seq),
        say("rows may be missing, moved or not as they were written; your entries are not concerned"),
        say("if nobody edited the file by hand, revoke the linked devices; erasing the diary starts a new list"),
    )
