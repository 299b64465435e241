"""The morning: what a night holds, which nights are not told yet, and keeping what is told of one.

A night that nobody told of is missing. It may be filled in later; what was written down late stays marked as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Literal, TypeVar

import msgspec

from soleus.app.log_line import last_night
from soleus.core.message import say, say_count
from soleus.core.problem import Problem
from soleus.core.record import AnyEntry, Episode, Factor, Leg, Muscle, Night, check_entry, zone_of
from soleus.diary import Diary

# choice: one morning that was forgotten is still remembered on the day after; then other nights mix in. It is counted
# from the noon at which a night ends, because that is the one moment that every night has.
LATE = timedelta(hours=36)
SHOWN_NIGHTS = 14  # choice: two weeks; what lies further back is remembered too badly to be asked for
ONE_CRAMP = timedelta(minutes=5)  # choice: two taps within this may have been one cramp; that is asked in the morning
FIRST_HOUR = 4  # choice: who is up before four still has some of the night to come, so the night before is meant

State = Literal["count", "none", "missing"]
E = TypeVar("E", Episode, Night, Factor)


@dataclass(frozen=True, slots=True)
class NightSeen:
    """What the diary holds of one night.

    Parameters
    ----------
    night_of : date
    cramps : int, optional
        The larger of those logged and those counted; None when neither was told: the night is missing.
    late : bool
        Nothing that tells the number of cramps was written down in time.
    episodes, checks, factors : tuple
        Entries; the newest check comes last.
    """

    night_of: date
    cramps: int | None = None
    late: bool = False
    episodes: tuple[Episode, ...] = ()
    checks: tuple[Night, ...] = ()
    factors: tuple[Factor, ...] = ()

    @property
    def state(self) -> State:
        """Counted, explicitly none, or missing."""
        return "missing" if self.cramps is None else "count" if self.cramps else "none"

    @property
    def check(self) -> Night | None:
        """The morning check that is shown and corrected: the newest."""
        return self.checks[-1] if self.checks else None

    @property
    def counted(self) -> int | None:
        """How many cramps were counted in the morning; None when that was not told."""
        return max((check.cramps for check in self.checks if check.cramps is not None), default=None)

    @property
    def told(self) -> bool:
        """Whether a person said how many there were; cramps logged at night alone may not be all."""
        return self.counted is not None

    @property
    def close_pairs(self) -> tuple[tuple[Episode, Episode], ...]:
        """Cramps that began within five minutes of each other on the same leg, or on legs not both told."""
        timed = [one for one in self.episodes if one.started_at is not None]
        return tuple(
            (a, b)
            for a, b in pairwise(timed)
            if a.started_at is not None
            and b.started_at is not None
            and b.started_at - a.started_at <= ONE_CRAMP
            and (a.leg == b.leg or a.leg is None or b.leg is None)
        )


def night_ends(night: date, zone: str) -> datetime:
    """Return the noon at which a night ends."""
    return datetime.combine(night + timedelta(days=1), time(12), zone_of(zone)).astimezone(UTC)


def is_late(entry: Episode | Night | Factor) -> bool:
    """Say whether an entry was written down more than 36 hours after its night had ended.

    Examples
    --------
    >>> told = Night(id="a", recorded_at=datetime(2026, 11, 29, 8, tzinfo=UTC), zone="UTC", night_of=date(2026, 11, 26))
    >>> is_late(told), is_late(msgspec.structs.replace(told, night_of=date(2026, 11, 27)))
    (True, False)
    """
    return entry.recorded_at > night_ends(entry.night_of, entry.zone) + LATE


def night_to_tell(now: datetime, zone: str) -> date:
    """Return the night that "last night" means in the morning; before four o'clock it is not over yet.

    Examples
    --------
    >>> night_to_tell(datetime(2026, 11, 26, 7, tzinfo=UTC), "UTC")
    datetime.date(2026, 11, 25)
    >>> night_to_tell(datetime(2026, 11, 26, 1, tzinfo=UTC), "UTC")
    datetime.date(2026, 11, 24)
    """
    early = now.astimezone(zone_of(zone)).hour < FIRST_HOUR
    return last_night(now, zone) - timedelta(days=early)


def look_at_nights(diary: Diary, first: date, last: date) -> list[NightSeen]:
    """Return what the diary holds of each night from first to last, also of those it holds nothing of."""
    cramps = {one.night_of: one.cramps for one in diary.night_counts(first, last)}
    episodes = _by_night(diary.episodes(first, last))
    checks = _by_night(sorted(diary.nights(first, last), key=lambda one: (one.recorded_at, one.id)))
    factors = _by_night(diary.factors(first, last))
    seen = []
    for i in range((last - first).days + 1):
        night = first + timedelta(days=i)
        logged, told = episodes.get(night, []), checks.get(night, [])
        counting: list[Episode | Night] = [*logged, *(one for one in told if one.cramps is not None)]
        seen.append(
            NightSeen(
                night_of=night,
                cramps=cramps.get(night),
                late=bool(counting) and all(is_late(one) for one in counting),
                episodes=tuple(logged),
                checks=tuple(told),
                factors=tuple(factors.get(night, [])),
            )
        )
    return seen


def look_at_night(diary: Diary, night: date) -> NightSeen:
    """Return what the diary holds of one night."""
    return look_at_nights(diary, night, night)[0]


def missing_nights(diary: Diary, now: datetime, zone: str, days: int = SHOWN_NIGHTS) -> list[date]:
    """Return the nights of the last days, up to last night, of which the number of cramps is not told; newest first.

    Nights before the first entry of the diary are not missing: nobody was asked yet.
    """
    last = night_to_tell(now, zone)
    nights = look_at_nights(diary, last - timedelta(days=days - 1), last)
    began = first_night(diary)
    return [one.night_of for one in reversed(nights) if one.state == "missing" and began and one.night_of >= began]


def first_night(diary: Diary) -> date | None:
    """Return the first night of which anything is in the diary; None for an empty one."""
    counts = diary.night_counts()
    first = [counts[0].night_of] if counts else []
    checks = diary.nights()
    return min([*first, *(one.night_of for one in checks[:1])], default=None)


class CrampTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One cramp as told in the morning: a logged one (the same id) is corrected, or taken out with ``remove``."""

    id: str
    leg: Leg | None = None
    muscle: Muscle | None = None
    pain: int | None = None
    woke: bool | None = None
    sore_next_day: bool | None = None
    duration_s: float | None = None
    remove: bool = False

    @property
    def says_something(self) -> bool:
        """Whether anything was told of it."""
        told = (self.leg, self.muscle, self.pain, self.woke, self.sore_next_day, self.duration_s)
        return any(value is not None for value in told)


class MorningTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told of one night; all of it may be left out.

    Parameters
    ----------
    id : str
        For the morning check, should the night have none yet; telling the same twice is telling it once.
    cramps : int, optional
        How many in all; 0 is an explicit "none".
    details : tuple of CrampTold
    """

    id: str
    cramps: int | None = None
    slept_h: float | None = None
    quality: int | None = None
    awakenings: int | None = None
    note: str = ""
    details: tuple[CrampTold, ...] = ()


class MorningKept(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: the ids of the entries that are now otherwise, newest change last; or what is wrong."""

    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def tell_night(diary: Diary, night: date, told: MorningTold, *, now: datetime, zone: str) -> MorningKept:
    """Keep what is told of a night; with a problem nothing is kept.

    A count of none beside logged cramps is not taken (problem ``cramps_logged``): one of them is a mistake, and only
    the person knows which.

    Parameters
    ----------
    diary : Diary
    night : date
    told : MorningTold
        All that is known of the night now: what is left out of a corrected check or cramp is taken out of it.
    now : datetime
        Aware.
    zone : str
        IANA name of the person's time zone.
    """
    seen = look_at_night(diary, night)
    fresh: list[AnyEntry] = []
    other: list[AnyEntry] = []
    removed: list[str] = []
    logged = {one.id: one for one in seen.episodes}
    for cramp in told.details:
        fields: dict[str, Any] = {name: getattr(cramp, name) for name in _DETAILS}
        old = logged.get(cramp.id)
        if old is not None and cramp.remove:
            removed.append(old.id)
        elif old is not None:
            other += _other(old, msgspec.structs.replace(old, **fields))
        elif cramp.says_something and not cramp.remove:
            fresh.append(Episode(id=cramp.id, recorded_at=now, zone=zone, night_of=night, **fields))
    left = len(logged) - len(removed) + len(fresh)
    if told.cramps == 0 and left:
        return MorningKept(problems=(_cramps_logged(left),))
    check = seen.check
    night_fields: dict[str, Any] = {
        name: getattr(told, name) for name in ("cramps", "slept_h", "quality", "awakenings", "note")
    }
    if check is None and any(value not in (None, "") for value in night_fields.values()):
        fresh.append(Night(id=told.id, recorded_at=now, zone=zone, night_of=night, **night_fields))
    elif check is not None:
        # a count that is told now is as old as now, whatever else was told of that night in time
        moment = check.recorded_at if check.cramps == told.cramps else now
        other += _other(check, msgspec.structs.replace(check, recorded_at=moment, **night_fields))
    problems = [one for entry in (*fresh, *other) for one in check_entry(entry, now, where=_where(entry))]
    if problems:
        return MorningKept(problems=tuple(problems))
    for id in removed:
        diary.remove(id, now=now)
    added = diary.add(fresh, now=now)
    if added.problems:
        for id in removed:
            diary.undo(id, now=now)
        return MorningKept(problems=added.problems)
    for entry in other:
        diary.revise(entry, now=now)
    return MorningKept(changed=(*removed, *(one.id for one in fresh), *(one.id for one in other)))


_DETAILS = ("leg", "muscle", "pain", "woke", "sore_next_day", "duration_s")


def tell_none(
    diary: Diary, night: date, *, id: str, now: datetime, zone: str, remove_logged: bool = False
) -> MorningKept:
    """Keep that a night had no cramps; what else was told of it stays.

    Parameters
    ----------
    diary, night, now, zone
        See `tell_night`.
    id : str
        For the morning check, should the night have none yet.
    remove_logged : bool
        Take out the cramps that were logged, because they were a mistake; else they are asked about.
    """
    seen = look_at_night(diary, night)
    details = tuple(CrampTold(id=one.id, remove=True) for one in seen.episodes) if remove_logged else ()
    old = seen.check
    if old is None:
        return tell_night(diary, night, MorningTold(id=id, cramps=0, details=details), now=now, zone=zone)
    told = MorningTold(
        id=old.id,
        cramps=0,
        slept_h=old.slept_h,
        quality=old.quality,
        awakenings=old.awakenings,
        note=old.note,
        details=details,
    )
    return tell_night(diary, night, told, now=now, zone=zone)


def take_back(diary: Diary, ids: Iterable[str], *, now: datetime) -> None:
    """Take back the last change of each of these entries."""
    for id in ids:
        diary.undo(id, now=now)


def _other(old: AnyEntry, new: AnyEntry) -> Sequence[AnyEntry]:
    return () if new == old else (new,)


def _where(entry: AnyEntry) -> str:
    return entry.id if isinstance(entry, Episode) else "night"


def _cramps_logged(count: int) -> Problem:
    return Problem(
        code="cramps_logged",
        level="error",
        where="night.cramps",
        what=say_count("{n} cramp is logged for this night", "{n} cramps are logged for this night", count),
        why=say("the larger number counts, so none would not be believed"),
        fix=say("remove what was logged by mistake, or tell how many there were"),
    )


def _by_night(entries: Iterable[E]) -> dict[date, list[E]]:
    found: dict[date, list[E]] = {}
    for entry in entries:
        found.setdefault(entry.night_of, []).append(entry)
    return found
