"""What the templates of the day pages say of cramps, mornings and times, in the language of the page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from soleus.app.morning import is_late
from soleus.core.message import Message, say, say_count
from soleus.core.record import Episode, Night, zone_of
from soleus.report.language import Language

_MUSCLES: dict[tuple[str | None, str | None], Message] = {
    ("left", "calf"): say("left calf"),
    ("right", "calf"): say("right calf"),
    ("both", "calf"): say("both calves"),
    ("left", "foot"): say("left foot"),
    ("right", "foot"): say("right foot"),
    ("both", "foot"): say("both feet"),
    ("left", "toes"): say("toes, left"),
    ("right", "toes"): say("toes, right"),
    ("both", "toes"): say("toes of both feet"),
    ("left", "shin"): say("left shin"),
    ("right", "shin"): say("right shin"),
    ("both", "shin"): say("both shins"),
    ("left", "thigh"): say("front of the left thigh"),
    ("right", "thigh"): say("front of the right thigh"),
    ("both", "thigh"): say("front of both thighs"),
    ("left", "hamstring"): say("back of the left thigh"),
    ("right", "hamstring"): say("back of the right thigh"),
    ("both", "hamstring"): say("back of both thighs"),
    ("left", None): say("left leg"),
    ("right", None): say("right leg"),
    ("both", None): say("both legs"),
    (None, "calf"): say("calf"),
    (None, "foot"): say("foot"),
    (None, "toes"): say("toes"),
    (None, "shin"): say("shin"),
    (None, "thigh"): say("front of the thigh"),
    (None, "hamstring"): say("back of the thigh"),
}


def night_tools(language: Language) -> dict[str, Any]:
    """Return the functions that the templates of the day pages use beside those of every page."""

    def cramp_words(cramp: Episode) -> str:
        return ", ".join(language.tell(part) for part in cramp_parts(cramp))

    def check_words(check: Night) -> str:
        return ", ".join(language.tell(part) for part in check_parts(check))

    def first_large(text: str) -> str:
        return text[:1].upper() + text[1:]

    return {
        "next_day": lambda night: night + timedelta(days=1),
        "local_clock": local_clock,
        "cramp_words": cramp_words,
        "check_words": check_words,
        "entry_is_late": is_late,
        "first_large": first_large,
        "weekdays": lambda: [date(2001, 1, 1) + timedelta(days=i) for i in range(7)],  # a Monday and on
    }


def local_clock(cramp: Episode) -> str:
    """Return the time of day at which a cramp began, by the clock of the person."""
    return "" if cramp.started_at is None else cramp.started_at.astimezone(zone_of(cramp.zone)).strftime("%H:%M")


def cramp_parts(cramp: Episode) -> list[Message]:
    """Return what is known of a cramp, each as one sentence part.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> when = datetime(2026, 1, 2, 8, tzinfo=UTC)
    >>> cramp_parts(Episode(id="a", recorded_at=when, zone="UTC", night_of=date(2026, 1, 1), leg="left", pain=6))
    ['left leg', 'pain 6 of 10']
    """
    parts: list[Message] = []
    muscle = None if cramp.muscle == "other" else cramp.muscle
    if (cramp.leg, muscle) in _MUSCLES:
        parts.append(_MUSCLES[cramp.leg, muscle])
    if cramp.pain is not None:
        parts.append(say("pain {pain} of 10", pain=cramp.pain))
    if cramp.duration_s is not None and cramp.duration_s < 90:
        parts.append(say_count("{n} second", "{n} seconds", round(cramp.duration_s)))
    elif cramp.duration_s is not None:
        parts.append(say("{minutes:.2g} minutes", minutes=cramp.duration_s / 60))
    if cramp.woke is not None:
        parts.append(say("it woke you") if cramp.woke else say("you were awake"))
    if cramp.sore_next_day is not None:
        parts.append(say("sore in the morning") if cramp.sore_next_day else say("not sore in the morning"))
    return parts


def check_parts(check: Night) -> list[Message]:
    """Return what was told in a morning, each as one sentence part."""
    parts: list[Message] = []
    if check.cramps is not None:
        parts.append(say_count("{n} cramp", "{n} cramps", check.cramps) if check.cramps else say("no cramps"))
    if check.slept_h is not None:
        parts.append(say("{hours:g} hours slept", hours=check.slept_h))
    if check.quality is not None:
        parts.append(say("sleep {quality} of 10", quality=check.quality))
    if check.awakenings is not None:
        parts.append(say_count("{n} time awake", "{n} times awake", check.awakenings))
    return parts
