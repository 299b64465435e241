"""The tables of the diary, the same in SQLite and PostgreSQL, and the way of an entry into a row and back.

Moments are whole microseconds since 1970 in UTC and nights are ISO dates as text, so that both databases keep, compare
and sort them alike. Keys sort by code point in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from soleus.core.record import KINDS, AnyEntry, Episode, Factor, Night, Sample

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
KIND_OF: dict[type, str] = {made: kind for kind, made in KINDS.items()}
VERSION_TABLE = "alembic_version"

metadata = sa.MetaData()


def key(length: int | None = None) -> sa.types.TypeEngine[str]:
    """Return a text type that sorts by code point."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _shared() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", key(64), primary_key=True),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    ]


episodes = sa.Table(
    "episodes",
    metadata,
    *_shared(),
    sa.Column("night_of", key(10), nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("duration_s", sa.Double),
    sa.Column("leg", sa.Text),
    sa.Column("muscle", sa.Text),
    sa.Column("activity", sa.Text),
    sa.Column("pain", sa.Integer),
    sa.Column("woke", sa.Boolean),
    sa.Column("relieved_by", sa.Text, nullable=False),
    sa.Column("sore_next_day", sa.Boolean),
    sa.Index("episodes_by_night", "night_of", "started_at"),
)
nights = sa.Table(
    "nights",
    metadata,
    *_shared(),
    sa.Column("night_of", key(10), nullable=False),
    sa.Column("cramps", sa.Integer),
    sa.Column("slept_h", sa.Double),
    sa.Column("quality", sa.Integer),
    sa.Column("awakenings", sa.Integer),
    sa.Index("nights_by_night", "night_of"),
)
factors = sa.Table(
    "factors",
    metadata,
    *_shared(),
    sa.Column("night_of", key(10), nullable=False),
    sa.Column("name", key(), nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Index("factors_by_night", "night_of", "name"),
)
samples = sa.Table(
    "samples",
    metadata,
    *_shared(),
    sa.Column("taken_at", sa.BigInteger, nullable=False),
    sa.Column("quantity", sa.Text, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("low", sa.Double),
    sa.Column("high", sa.Double),
    sa.Column("posture", sa.Text),
    sa.Column("leg", sa.Text),
    sa.Column("clock_known", sa.Boolean, nullable=False),
    sa.Column("series", sa.Text, nullable=False),
    sa.Index("samples_by_time", "taken_at"),
    sa.Index("samples_by_quantity", "quantity", "taken_at"),
)
revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("id", key(64), nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Column("change", sa.Text, nullable=False),  # revise, remove or undo: what replaced the content
    sa.Column("content", sa.Text, nullable=False),  # JSON of the entry as it was before
    sa.Column("undone", sa.Boolean, nullable=False),
    sa.Index("revisions_by_id", "id", "seq"),
)
documents = sa.Table(
    "documents",
    metadata,
    sa.Column("name", key(64), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)
devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", key(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("token_hash", key(64), nullable=False),
    sa.Column("linked_at", sa.BigInteger, nullable=False),
    sa.Column("last_seen_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Index("devices_by_token", "token_hash", unique=True),
)
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
audit_end = sa.Table(  # one row, the last of the audit: without it nobody would miss rows cut off at the end
    "audit_end",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False),
)

KEPT_BESIDE = (revisions, documents, devices, audit, audit_end)  # what a diary holds besides its entries
TABLES: dict[str, sa.Table] = {"episodes": episodes, "nights": nights, "factors": factors, "samples": samples}
COLUMNS: dict[str, tuple[str, ...]] = {kind: made.__struct_fields__ for kind, made in KINDS.items()}


def to_microseconds(at: datetime) -> int:
    """Return a moment as whole microseconds since 1970 in UTC.

    Examples
    --------
    >>> from_microseconds(to_microseconds(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))).isoformat()
    '2026-03-29T01:30:00+00:00'
    """
    return (at - EPOCH) // MICROSECOND


def from_microseconds(count: int) -> datetime:
    """Return the moment in UTC."""
    return EPOCH + timedelta(microseconds=count)


def _moment(count: int | None) -> datetime | None:
    return None if count is None else EPOCH + timedelta(microseconds=count)


_night = lru_cache(maxsize=1 << 16)(date.fromisoformat)
_words = msgspec.json.Decoder(tuple[str, ...]).decode


def to_row(entry: AnyEntry) -> dict[str, Any]:
    """Return the row of an entry that has been checked."""
    row: dict[str, Any] = {name: getattr(entry, name) for name in COLUMNS[KIND_OF[type(entry)]]}
    for name, value in row.items():
        if isinstance(value, datetime):
            row[name] = to_microseconds(value)
        elif isinstance(value, date):
            row[name] = value.isoformat()
        elif isinstance(value, float):
            row[name] = value + 0.0  # a negative zero would not come back from every database
    if isinstance(entry, Episode):
        row["relieved_by"] = msgspec.json.encode(entry.relieved_by).decode()
    return row


def _episode(row: Sequence[Any]) -> Episode:
    key, recorded, zone, note, night, started, duration, leg, muscle, activity, pain, woke, relieved, sore = row
    return Episode(
        id=key,
        recorded_at=EPOCH + timedelta(microseconds=recorded),
        zone=zone,
        note=note,
        night_of=_night(night),
        started_at=_moment(started),
        duration_s=duration,
        leg=leg,
        muscle=muscle,
        activity=activity,
        pain=pain,
        woke=woke,
        relieved_by=() if relieved == "[]" else _words(relieved),
        sore_next_day=sore,
    )


def _night_entry(row: Sequence[Any]) -> Night:
    key, recorded, zone, note, night, cramps, slept, quality, awakenings = row
    return Night(
        id=key,
        recorded_at=from_microseconds(recorded),
        zone=zone,
        note=note,
        night_of=_night(night),
        cramps=cramps,
        slept_h=slept,
        quality=quality,
        awakenings=awakenings,
    )


def _factor(row: Sequence[Any]) -> Factor:
    key, recorded, zone, note, night, name, value, unit = row
    return Factor(
        id=key,
        recorded_at=from_microseconds(recorded),
        zone=zone,
        note=note,
        night_of=_night(night),
        name=name,
        value=value,
        unit=unit,
    )


def _sample(row: Sequence[Any]) -> Sample:
    key, recorded, zone, note, taken, quantity, value, unit, low, high, posture, leg, clock_known, series = row
    return Sample(
        id=key,
        recorded_at=EPOCH + timedelta(microseconds=recorded),
        zone=zone,
        note=note,
        taken_at=EPOCH + timedelta(microseconds=taken),
        quantity=quantity,
        value=value,
        unit=unit,
        low=low,
        high=high,
        posture=posture,
        leg=leg,
        clock_known=clock_known,
        series=series,
    )


FROM_ROW: dict[str, Callable[[Sequence[Any]], AnyEntry]] = {
    "episodes": _episode,
    "nights": _night_entry,
    "factors": _factor,
    "samples": _sample,
}
