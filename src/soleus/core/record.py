"""What a person records day and night: cramps, nights, circumstances and measurements; and which night is meant.

Every entry carries an id that its maker chose (so that writing it twice is writing it once), the moment it was
recorded, and the time zone of the person. The time that is claimed and the time it was written down are kept apart.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from soleus.core.message import Message, say
from soleus.core.problem import Problem

Leg = Literal["left", "right", "both"]
Muscle = Literal["calf", "foot", "toes", "shin", "thigh", "hamstring", "other"]
Activity = Literal["asleep", "in_bed", "resting", "standing", "walking", "exercising", "after_exercise"]
Posture = Literal["lying", "sitting", "standing"]

MOST_CRAMPS_A_NIGHT = 60  # choice: more in one night is a slip of the finger or another disease; it is asked back
LONGEST_CRAMP_S = 6 * 3600.0  # choice: beyond six hours it is no cramp; it is asked back
CLOCK_SKEW = timedelta(minutes=10)  # choice: two clocks of one household may differ by this much


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all entries share.

    Parameters
    ----------
    id : str
        Chosen by whoever makes the entry (a UUID); the same id is the same entry.
    recorded_at : datetime
        When it was written down, in UTC.
    zone : str
        IANA name of the person's time zone then, such as ``Europe/Berlin``.
    note : str
        Free words; kept, shown, and never read by the arithmetic.
    """

    id: str
    recorded_at: datetime
    zone: str
    note: str = ""


class Episode(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One cramp. What is None was not told.

    Parameters
    ----------
    night_of : date
        The night it belongs to, counted noon to noon: the date of the evening on which that night begins.
    started_at : datetime, optional
        UTC; None when only the night is remembered.
    duration_s : float, optional
        Seconds until it let go.
    pain : int, optional
        0 to 10.
    woke : bool, optional
        Whether it woke the person.
    sore_next_day : bool, optional
    """

    night_of: date
    started_at: datetime | None = None
    duration_s: float | None = None
    leg: Leg | None = None
    muscle: Muscle | None = None
    activity: Activity | None = None
    pain: int | None = None
    woke: bool | None = None
    relieved_by: tuple[str, ...] = ()
    sore_next_day: bool | None = None


class Night(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The morning check of one night. A night without one, and without a cramp, is missing, not free of cramps.

    Parameters
    ----------
    night_of : date
    cramps : int, optional
        How many cramps the person counts; 0 is an explicit "none".
    slept_h, quality, awakenings : optional
        Hours of sleep, 0 (worst) to 10 (best), times awake.
    """

    night_of: date
    cramps: int | None = None
    slept_h: float | None = None
    quality: int | None = None
    awakenings: int | None = None


class Factor(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A circumstance of a day that the person chose to follow: exercise, standing, alcohol, a medicine taken.

    ``night_of`` is the night that follows the day. ``value`` is 1 or 0 for yes or no, else an amount in ``unit``.
    """

    night_of: date
    name: str
    value: float
    unit: str = ""


class Sample(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One measurement as printed or read off: a laboratory result, a pressure, a velocity.

    Parameters
    ----------
    taken_at : datetime
        UTC.
    quantity : str
        Evidence id (``calcium``) or the person's own name for it.
    value, unit : float, str
        As told; converting is for whoever reads it.
    low, high : float, optional
        The laboratory's own limits, in ``unit``.
    clock_known : bool
        False when only the day is known; then the time of day of ``taken_at`` means nothing.
    series : str
        Name of a protocol of serial readings that it belongs to.
    """

    taken_at: datetime
    quantity: str
    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    posture: Posture | None = None
    leg: Leg | None = None
    clock_known: bool = True
    series: str = ""


AnyEntry = Episode | Night | Factor | Sample
KINDS: dict[str, type[Episode] | type[Night] | type[Factor] | type[Sample]] = {
    "episodes": Episode,
    "nights": Night,
    "factors": Factor,
    "samples": Sample,
}


class NightCount(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded night in numbers: the larger of the cramps logged and of the cramps counted in the morning."""

    night_of: date
    cramps: int


def night_of(at: datetime, zone: str) -> date:
    """Return the night that a moment belongs to: the date on which it began, from noon to noon by the person's clock.

    Parameters
    ----------
    at : datetime
        Aware, any zone.
    zone : str
        IANA name of the zone in which the person was.

    Raises
    ------
    ValueError
        A moment without a zone, or a zone that does not exist.

    Examples
    --------
    >>> from datetime import UTC
    >>> night_of(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "Europe/Berlin")
    datetime.date(2026, 3, 28)
    >>> night_of(datetime(2026, 3, 29, 10, 0, tzinfo=UTC), "Europe/Berlin")  # noon by the clock
    datetime.date(2026, 3, 29)
    """
    if at.tzinfo is None:
        raise ValueError(say("{at} has no time zone: write for example {at}Z", at=at.isoformat()))
    local = at.astimezone(zone_of(zone)).replace(tzinfo=None)
    return (local - timedelta(hours=12)).date()


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises
    ------
    ValueError
        No such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(say("no time zone {name!r}: write an IANA name such as Europe/Berlin", name=name)) from error


def check_entry(entry: AnyEntry, now: datetime, *, where: str = "entry") -> list[Problem]:
    """Return what is wrong with an entry; with an error in the list it must not be stored as it is.

    Parameters
    ----------
    entry : Episode, Night, Factor or Sample
    now : datetime
        Aware; entries later than this (plus ten minutes of clock skew) are in the future.
    where : str
        Place in the input, for the message.

    Examples
    --------
    >>> from datetime import UTC
    >>> when = datetime(2026, 1, 1, tzinfo=UTC)
    >>> bad = Episode(id="1", recorded_at=when, zone="UTC", night_of=date(2025, 12, 31), duration_s=-5)
    >>> [problem.code for problem in check_entry(bad, when)]
    ['negative_duration']
    """
    found: list[Problem] = []

    def add(code: str, place: str, what: str, why: str, fix: str) -> None:
        found.append(Problem(code=code, level="error", where=f"{where}.{place}", what=what, why=why, fix=fix))

    def within(place: str, value: float | None, low: float, high: float, unit: str = "") -> None:
        if value is not None and not low <= value <= high:  # NaN is not within either
            what, fix = _not_between(value, low, high, unit), say("correct the number or leave it out")
            add("out_of_range", place, what, say("it cannot be meant"), fix)

    try:
        zone_of(entry.zone)
    except ValueError as error:
        why, fix = say("the night cannot be told"), say("write an IANA name such as Europe/Berlin")
        add("no_such_zone", "zone", error.args[0], why, fix)
        return found
    if not entry.id or len(entry.id) > 64:
        add("bad_id", "id", say("an id has 1 to 64 characters"), say("it keeps entries apart"), say("use a UUID"))
    moments = [("recorded_at", entry.recorded_at)]
    if isinstance(entry, Episode) and entry.started_at is not None:
        moments.append(("started_at", entry.started_at))
    if isinstance(entry, Sample):
        moments.append(("taken_at", entry.taken_at))
    for place, moment in moments:
        if moment.tzinfo is None:
            what, why = say("the time has no zone"), say("it could be any of 26 hours")
            add("no_zone", place, what, why, say("add Z or an offset"))
            return found
        if moment > now + CLOCK_SKEW:
            what = say("{moment:%Y-%m-%d %H:%M} is in the future", moment=moment)
            add("future", place, what, say("it has not happened"), say("correct the date"))
    if not isinstance(entry, Sample) and entry.night_of > night_of(now + CLOCK_SKEW, entry.zone) + timedelta(days=1):
        what = say("the night of {night} is in the future", night=entry.night_of)
        add("future", "night_of", what, say("it is not over"), say("correct the date"))
    if isinstance(entry, Episode):
        if entry.duration_s is not None and entry.duration_s < 0:
            what, why = say("{seconds:g} s", seconds=entry.duration_s), say("a cramp ends after it starts")
            add("negative_duration", "duration_s", what, why, say("correct it"))
        else:
            within("duration_s", entry.duration_s, 0, LONGEST_CRAMP_S, "seconds")
        within("pain", entry.pain, 0, 10)
        if entry.started_at is not None and night_of(entry.started_at, entry.zone) != entry.night_of:
            what = say(
                "{at:%Y-%m-%d %H:%M} UTC is not in the night of {night}", at=entry.started_at, night=entry.night_of
            )
            fix = say("write {night}", night=night_of(entry.started_at, entry.zone))
            add("other_night", "night_of", what, say("nights run from noon to noon"), fix)
    elif isinstance(entry, Night):
        within("cramps", entry.cramps, 0, MOST_CRAMPS_A_NIGHT, "cramps a night")
        within("slept_h", entry.slept_h, 0, 24, "hours")
        within("quality", entry.quality, 0, 10)
        within("awakenings", entry.awakenings, 0, 100)
    elif isinstance(entry, Factor):
        if not entry.name.strip():
            what, why = say("the factor has no name"), say("it cannot be followed")
            add("no_name", "name", what, why, say("name it, such as alcohol"))
        within("value", entry.value, -1e6, 1e6)
    else:
        if not entry.quantity.strip():
            what, why = say("the measurement has no name"), say("it cannot be read")
            add("no_name", "quantity", what, why, say("name it, such as calcium"))
        within("value", entry.value, -1e9, 1e9)
    return found


def _not_between(value: float, low: float, high: float, unit: str) -> Message:
    if unit == "seconds":
        return say("{value:g} is not between {low:g} and {high:g} seconds", value=value, low=low, high=high)
    if unit == "hours":
        return say("{value:g} is not between {low:g} and {high:g} hours", value=value, low=low, high=high)
    if unit == "cramps a night":
        return say("{value:g} is not between {low:g} and {high:g} cramps a night", value=value, low=low, high=high)
    return say("{value:g} is not between {low:g} and {high:g}", value=value, low=low, high=high)
