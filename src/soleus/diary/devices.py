"""Phones and other devices that the person linked over the home network, and how one is known again.

A device shows a random token of 256 bits at each call. Of the token only the SHA-256 is kept, so that neither the file
of the diary nor a backup lets anyone in; neither is ever exported.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from soleus.core.message import say
from soleus.diary.errors import DiaryError, problem
from soleus.diary.labels import clean_label
from soleus.diary.tables import devices, from_microseconds, to_microseconds

if TYPE_CHECKING:
    from soleus.diary.store import Diary

IDLE_LIMIT = timedelta(days=90)  # choice: a phone that was not used for a season was given away or lost
SEEN_EVERY = timedelta(hours=1)  # choice: writing at every call would cost more than what it tells
LONGEST_NAME = 60
_LONGEST_TOKEN = 128  # ours have 43 characters
_FIELDS = (devices.c.id, devices.c.name, devices.c.linked_at, devices.c.last_seen_at, devices.c.revoked_at)
_BY_TOKEN = sa.select(*_FIELDS).where(devices.c.token_hash == sa.bindparam("token_hash"))
_BY_ID = sa.select(*_FIELDS).where(devices.c.id == sa.bindparam("id"))


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One linked device; times in UTC.

    Parameters
    ----------
    id : str
        Not secret; it names the device in the audit.
    name : str
        What the person or the device calls it; may be empty.
    last_seen_at : datetime
        True to within an hour.
    revoked_at : datetime, optional
        Since then it is not let in.
    """

    id: str
    name: str
    linked_at: datetime
    last_seen_at: datetime
    revoked_at: datetime | None = None

    def is_let_in(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor unused for longer than `IDLE_LIMIT`."""
        return self.revoked_at is None and now - self.last_seen_at <= IDLE_LIMIT


def link_device(diary: Diary, name: str, *, now: datetime) -> tuple[Device, str]:
    """Link a device and return it with its token, which is not kept and can't be told again.

    Parameters
    ----------
    diary : Diary
    name : str
        Cleaned of control characters and cut at 60 characters.
    now : datetime
        Aware.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.diary import open_diary
    >>> now = datetime(2026, 1, 2, 8, tzinfo=UTC)
    >>> with open_diary("sqlite://") as diary:  # in memory, for the example
    ...     device, token = link_device(diary, "Ada's phone", now=now)
    ...     find_device(diary, token, now=now) == device, find_device(diary, "guessed", now=now)
    (True, None)
    """
    token = secrets.token_urlsafe(32)
    at = to_microseconds(now)
    row = {
        "id": secrets.token_hex(8),
        "name": clean_label(name, LONGEST_NAME),
        "linked_at": at,
        "last_seen_at": at,
        "revoked_at": None,
    }
    with diary.writing() as connection:
        connection.execute(sa.insert(devices), {**row, "token_hash": _hash(token)})
    return _device(tuple(row.values())), token


def find_device(diary: Diary, token: str, *, now: datetime) -> Device | None:
    """Return the device that has this token; None when there is none, it was revoked, or unused for 90 days.

    The token is looked up by its hash, so that the time this takes tells nothing about the tokens that are kept.
    """
    if not token or len(token) > _LONGEST_TOKEN or not token.isascii():
        return None
    with diary.reading() as connection:
        row = connection.execute(_BY_TOKEN, {"token_hash": _hash(token)}).first()
    if row is None:
        return None
    device = _device(row)
    if not device.is_let_in(now):
        return None
    if abs(now - device.last_seen_at) < SEEN_EVERY:  # abs: a clock that was set back must not keep a device for ever
        return device
    seen = to_microseconds(now)
    with diary.writing() as connection:  # of several calls at once the first writes; a revoked one stays as it is
        mine = (devices.c.id == device.id) & (devices.c.last_seen_at == row[3]) & devices.c.revoked_at.is_(None)
        connection.execute(sa.update(devices).where(mine).values(last_seen_at=seen))
        now_there = connection.execute(_BY_ID, {"id": device.id}).first()
    device = _device(now_there) if now_there is not None else device
    return device if now_there is not None and device.is_let_in(now) else None


def list_devices(diary: Diary) -> list[Device]:
    """Return all devices that were ever linked, also revoked ones, by the time of linking."""
    with diary.reading() as connection:
        rows = connection.execute(sa.select(*_FIELDS).order_by(devices.c.linked_at, devices.c.id)).all()
    return [_device(row) for row in rows]


def revoke_device(diary: Diary, id: str, *, now: datetime) -> Device:
    """Let a device in no more, and return it; one that was revoked earlier stays as it was.

    Raises
    ------
    DiaryError
        No device has this id.
    """
    with diary.writing() as connection:
        row = connection.execute(_BY_ID, {"id": clean_label(id, 64)}).first()
        if row is None:
            what, fix = say("no linked device has this id"), say("look it up in the list of devices")
            raise DiaryError([problem("no_such_device", "id", what, say("nothing was changed"), fix)])
        if row[4] is not None:
            return _device(row)
        at = to_microseconds(now)
        connection.execute(sa.update(devices).where(devices.c.id == row[0]).values(revoked_at=at))
    return _device((*row[:4], at))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _device(row: Any) -> Device:
    id, name, linked_at, last_seen_at, revoked_at = row
    return Device(
        id=id,
        name=name,
        linked_at=from_microseconds(linked_at),
        last_seen_at=from_microseconds(last_seen_at),
        revoked_at=None if revoked_at is None else from_microseconds(revoked_at),
    )
