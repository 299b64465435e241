"""Circumstances of a day that a person follows: which ones, and keeping what is told of one day."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from soleus.core.message import say
from soleus.core.record import Factor
from soleus.diary import Diary, DiaryError

SUGGESTED = (say("exercise"), say("long standing"), say("alcohol"))  # kept under their English names
MOST_SHOWN = 8  # choice: with more than a few the answer gets later and chance finds more; the newest are shown


class CircumstanceTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One circumstance: 1 for yes, 0 for no, else an amount in ``unit``; None takes back what was told of that day."""

    name: str
    value: float | None = None
    unit: str = ""


def followed(diary: Diary) -> list[CircumstanceTold]:
    """Return the circumstances that the person follows, the latest first; those suggested while there are none.

    ``value`` is None: nothing is told yet. ``unit`` is the one used last.
    """
    known: dict[str, str] = {}
    for one in reversed(diary.factors()):
        known.setdefault(one.name, one.unit)
    names = list(known)[:MOST_SHOWN] or [str(name) for name in SUGGESTED]
    return [CircumstanceTold(name=name, unit=known.get(name, "")) for name in names]


def tell_circumstances(
    diary: Diary, night: date, told: Iterable[CircumstanceTold], *, now: datetime, zone: str
) -> list[str]:
    """Keep what is told of the day before a night; return the ids of the entries that are now otherwise.

    Raises
    ------
    DiaryError
        One of them can't be kept; nothing was changed.
    """
    old = {one.name: one for one in diary.factors(night, night)}
    fresh: list[Factor] = []
    other: list[Factor] = []
    gone: list[str] = []
    for one in told:
        was = old.get(one.name)
        if one.value is None:
            gone += [was.id] if was is not None else []
        elif was is None:
            id = str(uuid.uuid4())
            fresh.append(
                Factor(id=id, recorded_at=now, zone=zone, night_of=night, name=one.name, value=one.value, unit=one.unit)
            )
        elif (was.value, was.unit) != (one.value, one.unit):
            other.append(msgspec.structs.replace(was, value=one.value, unit=one.unit, recorded_at=now))
    added = diary.add(fresh, now=now)
    if added.problems:
        raise DiaryError(added.problems)
    for changed in other:
        diary.revise(changed, now=now)
    for id in gone:
        diary.remove(id, now=now)
    return [*(one.id for one in fresh), *(one.id for one in other), *gone]
