"""Keeping, changing and taking out what a person records: the plain functions behind the pages and the API.

A tap at night is never refused because a clock is wrong. A phone may have been cut off for days, its clock may be a
year ahead, its time zone unknown here. What can be corrected is corrected, what can't is left out, and what the phone
claimed is told in the note.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from soleus.app.log_line import last_night
from soleus.core.message import Message, say
from soleus.core.record import (
    CLOCK_SKEW,
    KINDS,
    Activity,
    AnyEntry,
    Episode,
    Factor,
    Leg,
    Muscle,
    Night,
    Posture,
    Sample,
    night_of,
    zone_of,
)
from soleus.diary import Diary, DiaryError
from soleus.diary.errors import problem
from soleus.diary.once import Known, change, keep_once, take_out

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # choice: clocks that lost their battery say 1970 or 1980; no tap is so old

_NAMES: dict[type, str] = {made: name for name, made in KINDS.items()}
Moment = Annotated[datetime, msgspec.Meta(tz=True, description="with an offset or Z")]
E = TypeVar("E", Episode, Night, Factor, Sample)


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be told of any entry; what is left out of a change stays as it is."""

    recorded_at: Moment | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class EpisodeTold(_Told, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One cramp, as far as it is told; null takes back what was told before.

    Left out of a new one: ``recorded_at`` is now, ``zone`` this computer's, ``night_of`` follows from ``started_at``,
    else it is last night.
    """

    night_of: date | UnsetType = UNSET
    started_at: Moment | UnsetType | None = UNSET
    duration_s: float | UnsetType | None = UNSET
    leg: Leg | UnsetType | None = UNSET
    muscle: Muscle | UnsetType | None = UNSET
    activity: Activity | UnsetType | None = UNSET
    pain: int | UnsetType | None = UNSET
    woke: bool | UnsetType | None = UNSET
    relieved_by: tuple[str, ...] | UnsetType = UNSET
    sore_next_day: bool | UnsetType | None = UNSET


class NightTold(_Told, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One morning check, as far as it is told; null takes back what was told before."""

    night_of: date | UnsetType = UNSET
    cramps: int | UnsetType | None = UNSET
    slept_h: float | UnsetType | None = UNSET
    quality: int | UnsetType | None = UNSET
    awakenings: int | UnsetType | None = UNSET


class FactorChange(_Told, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be changed of a circumstance."""

    night_of: date | UnsetType = UNSET
    name: str | UnsetType = UNSET
    value: float | UnsetType = UNSET
    unit: str | UnsetType = UNSET


class FactorTold(FactorChange, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A circumstance of a day."""

    name: str
    value: float


class SampleChange(_Told, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be changed of a measurement."""

    taken_at: Moment | UnsetType = UNSET
    quantity: str | UnsetType = UNSET
    value: float | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    low: float | UnsetType | None = UNSET
    high: float | UnsetType | None = UNSET
    posture: Posture | UnsetType | None = UNSET
    leg: Leg | UnsetType | None = UNSET
    clock_known: bool | UnsetType = UNSET
    series: str | UnsetType = UNSET


class SampleTold(SampleChange, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A measurement as printed; left out, ``taken_at`` is now."""

    quantity: str
    value: float


Told = EpisodeTold | NightTold | FactorChange | SampleChange


class Kept(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """An entry as it is now, or as it was last if it was removed; ``new`` if this request stored it."""

    entry: E
    new: bool = False
    removed: bool = False


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an entry whose last change was taken back."""

    id: str
    kind: str
    removed: bool


def keep_entry(
    diary: Diary,
    kind: type[E],
    id: str,
    told: Told,
    *,
    now: datetime,
    zone: str,
    sent_at: datetime | None = None,
    tell: Callable[[Message], str] = str,
) -> Kept[E]:
    """Record an entry once: the same again, however often and however late, changes nothing.

    Parameters
    ----------
    diary : Diary
    kind : type
        Episode, Night, Factor or Sample.
    id : str
        Chosen by whoever tells it (a UUID).
    told : EpisodeTold, NightTold, FactorTold or SampleTold
    now, zone : datetime, str
        Clock and zone of this computer.
    sent_at : datetime, optional
        What the clock of the phone said when it sent this. If the two clocks differ by more than ten minutes, the
        times of a cramp are moved by the difference.
    tell : callable
        Says the remark about a doubted clock in the person's language.

    Returns
    -------
    Kept
        The entry as it is now, also if it was changed or removed after it was first kept.

    Raises
    ------
    DiaryError
        `id_taken`, or what is wrong with the entry.

    Examples
    --------
    >>> from soleus.diary import open_diary
    >>> now = datetime(2026, 1, 2, 3, 20, tzinfo=UTC)
    >>> told = EpisodeTold(leg="left", started_at=datetime(2031, 7, 7, 3, 10, tzinfo=UTC))
    >>> sent_at = datetime(2031, 7, 7, 3, 20, tzinfo=UTC)  # the phone's clock is years ahead
    >>> with open_diary("sqlite://") as diary:
    ...     kept = keep_entry(diary, Episode, "a", told, now=now, zone="UTC", sent_at=sent_at)
    >>> kept.entry.started_at.isoformat(), kept.entry.note
    ('2026-01-02T03:10:00+00:00', "The device's clock said 2031-07-07T03:10:00+00:00.")
    """
    fields = _fields(told)
    if kind is Episode:
        fields = _without_doubt(fields, now=now, zone=zone, sent_at=sent_at, tell=tell)
    fields.setdefault("recorded_at", now)
    fields.setdefault("zone", zone)
    if kind is Sample:
        fields.setdefault("taken_at", fields["recorded_at"])
    elif "night_of" not in fields:
        fields["night_of"] = _night(fields.get("started_at"), fields["zone"], fields["recorded_at"])

    known = keep_once(diary, kind(id=id, **fields), now=now, same=lambda first: _tells(told, first))
    return _kept(known, kind)


def change_entry(diary: Diary, kind: type[E], id: str, told: Told, *, now: datetime) -> Kept[E]:
    """Change what is told of an entry and leave the rest; the same again changes nothing.

    A cramp whose start changes moves to the night of the new start, unless a night is told too.

    Raises
    ------
    DiaryError
        `no_such_id`, `removed`, or what is wrong with the changed entry.
    """
    fields = _fields(told)

    def changed(old: AnyEntry) -> AnyEntry:
        new = msgspec.structs.replace(old, **fields)
        moved = isinstance(new, Episode) and new.started_at is not None and {"started_at", "zone"} & set(fields)
        if isinstance(new, Episode) and moved and "night_of" not in fields:
            return msgspec.structs.replace(new, night_of=_night(new.started_at, new.zone, now))
        return new

    return _kept(change(diary, kind, id, changed, now=now), kind)


def remove_entry(diary: Diary, kind: type[E], id: str, *, now: datetime) -> Kept[E]:
    """Take an entry out of the diary; once more is no error. `undo_entry` brings it back.

    Raises
    ------
    DiaryError
        `no_such_id`: there never was one.
    """
    return _kept(take_out(diary, kind, id, now=now), kind)


def undo_entry(diary: Diary, id: str, *, now: datetime) -> Undone:
    """Take back the last change of an entry: a revision, a removal, or its adding. Twice is not the same as once.

    Raises
    ------
    DiaryError
        `no_such_id`.
    """
    before = diary.find([id]).get(id)
    after = diary.undo(id, now=now)
    shown = after if after is not None else before
    return Undone(id=id, kind=_NAMES[type(shown)] if shown is not None else "", removed=after is None)


def find_entry(diary: Diary, kind: type[E], id: str) -> E:
    """Return the entry that has this id.

    Raises
    ------
    DiaryError
        `no_such_id`: none of this kind, or it was removed.
    """
    found = diary.find([id]).get(id)
    if not isinstance(found, kind):
        what = say("no entry of the kind {kind} has the id {id}", kind=_NAMES[kind], id=id)
        raise DiaryError([problem("no_such_id", "id", what, say("nothing can be shown"), say("look up the id"))])
    return found


def _kept(known: Known, kind: type[E]) -> Kept[E]:
    assert isinstance(known.entry, kind)
    return Kept(entry=known.entry, new=known.new, removed=known.removed)


def _fields(told: Told) -> dict[str, Any]:
    return {name: value for name in told.__struct_fields__ if (value := getattr(told, name)) is not UNSET}


def _night(started_at: datetime | None, zone: str, now: datetime) -> date:
    try:
        return night_of(started_at, zone) if started_at is not None else last_night(now, zone)
    except (ValueError, OverflowError):  # no such zone, or beyond any calendar: the check of the entry says so
        return now.date()


def _tells(told: Told, first: AnyEntry) -> bool:
    """Say whether what is told is what was first kept; what was left out was filled in and is not compared."""
    fields = _fields(told)
    claim = _claim(fields)
    if isinstance(first, Episode) and claim and claim in first.note:  # its clock or zone was doubted then
        note = str(fields.pop("note", ""))
        for name in ("recorded_at", "started_at", "night_of", "zone"):
            fields.pop(name, None)
        if not first.note.startswith(note):
            return False
    return all(getattr(first, name) == value for name, value in fields.items())


def _claim(fields: dict[str, Any]) -> str:
    """Return what the clock of the device said, as it is found again in the note."""
    claimed = fields.get("started_at") or fields.get("recorded_at")
    parts = [] if claimed is None else [claimed.isoformat()]
    if "zone" in fields:
        parts.append(fields["zone"].replace("\0", "")[:64] or "?")
    return " ".join(parts)


def _without_doubt(
    fields: dict[str, Any], *, now: datetime, zone: str, sent_at: datetime | None, tell: Callable[[Message], str]
) -> dict[str, Any]:
    """Return what is told of a cramp with times and a zone that can be true; the note tells what was changed."""
    sure = dict(fields)
    for name in {"started_at", "recorded_at"} & set(fields):
        at = _moved(fields[name], now, sent_at)
        if at is not None and not OLDEST <= at <= now + CLOCK_SKEW:
            at = None
        sure[name] = now if at is None and name == "recorded_at" else at
    try:
        zone_of(sure.get("zone", zone))
    except ValueError:
        sure["zone"] = zone
    if sure == fields:
        return sure
    if fields.get("started_at") is not None:
        sure["night_of"] = night_of(sure["started_at"] or now, sure.get("zone", zone))
    mark = tell(say("The device's clock said {claimed}.", claimed=_claim(fields)))
    sure["note"] = " ".join(part for part in (str(fields.get("note", "")), mark) if part)
    return sure


def _moved(at: datetime | None, now: datetime, sent_at: datetime | None) -> datetime | None:
    """Return a moment by this computer's clock, if that of the device was wrong when it sent it."""
    if at is None or sent_at is None or abs(now - sent_at) <= CLOCK_SKEW or at - sent_at > CLOCK_SKEW:
        return at
    try:
        return at + (now - sent_at)
    except OverflowError:
        return None
