"""What was understood of a diary line, said back to the person in one sentence. Reads and computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from soleus.core.message import Message, say, say_all, say_count
from soleus.core.record import Episode, Night, zone_of
from soleus.report.diary_view import MONTHS, WEEKDAYS

_ACTIVITIES = {
    "asleep": say("while asleep"),
    "in_bed": say("in bed"),
    "resting": say("at rest"),
    "standing": say("while standing"),
    "walking": say("while walking"),
    "exercising": say("while exercising"),
    "after_exercise": say("after exercise"),
}
_CRAMPS = (
    say("No cramps"),
    say("One cramp"),
    say("Two cramps"),
    say("Three cramps"),
    say("Four cramps"),
    say("Five cramps"),
    say("Six cramps"),
    say("Seven cramps"),
    say("Eight cramps"),
    say("Nine cramps"),
    say("Ten cramps"),
    say("Eleven cramps"),
    say("Twelve cramps"),
)
_SITES = {  # whole, as other languages bend the side by the part of the leg
    ("left", "calf"): say("left calf"),
    ("left", "foot"): say("left foot"),
    ("left", "toes"): say("left toes"),
    ("left", "shin"): say("left shin"),
    ("left", "thigh"): say("left thigh"),
    ("left", "hamstring"): say("left hamstring"),
    ("left", "other"): say("left other"),
    ("left", None): say("left leg"),
    ("right", "calf"): say("right calf"),
    ("right", "foot"): say("right foot"),
    ("right", "toes"): say("right toes"),
    ("right", "shin"): say("right shin"),
    ("right", "thigh"): say("right thigh"),
    ("right", "hamstring"): say("right hamstring"),
    ("right", "other"): say("right other"),
    ("right", None): say("right leg"),
    ("both", "calf"): say("both calves"),
    ("both", "foot"): say("both feet"),
    ("both", "toes"): say("both toes"),
    ("both", "shin"): say("both shins"),
    ("both", "thigh"): say("both thighs"),
    ("both", "hamstring"): say("both hamstrings"),
    ("both", "other"): say("both other"),
    ("both", None): say("both legs"),
    (None, "calf"): say("calf"),
    (None, "foot"): say("foot"),
    (None, "toes"): say("toes"),
    (None, "shin"): say("shin"),
    (None, "thigh"): say("thigh"),
    (None, "hamstring"): say("hamstring"),
    (None, "other"): say("another muscle"),
}


def night_words(night: date) -> Message:
    """Return a night with the two days it joins.

    Examples
    --------
    >>> night_words(date(2026, 11, 30))
    'the night of Monday 30 November to Tuesday 1 December 2026'
    """
    morning = night + timedelta(days=1)
    days: dict[str, object] = {
        "first_weekday": WEEKDAYS[night.weekday()],
        "first_day": night.day,
        "last_weekday": WEEKDAYS[morning.weekday()],
        "last_day": morning.day,
        "last_month": MONTHS[morning.month - 1],
        "year": morning.year,
    }
    if night.month == morning.month:
        return say(
            "the night of {first_weekday} {first_day} to {last_weekday} {last_day} {last_month} {year}",
            **days,
        )
    days["first_month"] = MONTHS[night.month - 1]
    if night.year == morning.year:
        return say(
            "the night of {first_weekday} {first_day} {first_month} to {last_weekday} {last_day} {last_month} {year}",
            **days,
        )
    return say(
        "the night of {first_weekday} {first_day} {first_month} {first_year} to "
        "{last_weekday} {last_day} {last_month} {year}",
        **days,
        first_year=night.year,
    )


def length_words(seconds: float) -> Message:
    """Return a length of time as people say it.

    Examples
    --------
    >>> length_words(30), length_words(60), length_words(150), length_words(5400)
    ('30 seconds', '1 minute', '2.5 minutes', '1.5 hours')
    """
    if seconds >= 3600:
        hours = seconds / 3600
        return say("1 hour") if f"{hours:.3g}" == "1" else say("{hours:.3g} hours", hours=hours)
    if seconds >= 60:
        minutes = seconds / 60
        return say("1 minute") if f"{minutes:.3g}" == "1" else say("{minutes:.3g} minutes", minutes=minutes)
    return say("1 second") if f"{seconds:.3g}" == "1" else say("{seconds:.3g} seconds", seconds=seconds)


def say_back(entries: Sequence[Episode | Night], now: bool) -> Message:
    """Return one sentence on what the entries say, with the night they belong to.

    Parameters
    ----------
    entries : sequence of Episode or Night
        At least one, all of one night.
    now : bool
        Whether the first cramp is happening or just over.
    """
    episodes = [entry for entry in entries if isinstance(entry, Episode)]
    counts = [entry.cramps for entry in entries if isinstance(entry, Night)]
    night = night_words(entries[0].night_of)
    if counts and counts[0] is None:
        return say("A note, and no cramp, in {night}.", night=night)
    slept = _sleep_words([entry for entry in entries if isinstance(entry, Night)])
    n = counts[0] if counts and counts[0] is not None else len(episodes)
    number = _CRAMPS[n] if n < len(_CRAMPS) else say("{number} cramps", number=n)
    head = say_all([number, *slept], ", ")
    if n == 0 and slept:
        return say("{told}, in {night}.", told=head, night=night)
    told = [_episode_words(episode, now and i == 0) for i, episode in enumerate(episodes)]
    if n == 0 or not any(told):
        return say("{told} in {night}.", told=head, night=night)
    if len(told) > 1 and len(set(told)) == 1:
        words = say("each {told}", told=told[0])
    else:
        first, *rest = (part or say("no more told") for part in told)
        words = say_all([first, *(say("then {told}", told=part) for part in rest)], "; ")
    return say("{head}: {told}; in {night}.", head=head, told=words, night=night)


def _sleep_words(nights: Sequence[Night]) -> list[Message]:
    hours = next((night.slept_h for night in nights if night.slept_h is not None), None)
    awake = next((night.awakenings for night in nights if night.awakenings is not None), None)
    slept = [say("{hours:g} hours of sleep", hours=hours)] if hours is not None else []
    return [*slept, *([say_count("awake {n} time", "awake {n} times", awake)] if awake is not None else [])]


def _episode_words(episode: Episode, now: bool) -> Message:
    parts = []
    if episode.leg or episode.muscle:
        parts.append(_SITES[episode.leg, episode.muscle])
    if now:
        parts.append(say("now"))
    elif episode.started_at is not None:
        parts.append(say("at {clock:%H:%M}", clock=episode.started_at.astimezone(zone_of(episode.zone)).time()))
    if episode.duration_s is not None:
        parts.append(length_words(episode.duration_s))
    if episode.pain is not None:
        parts.append(say("pain {pain} of 10", pain=episode.pain))
    if episode.woke is not None:
        parts.append(say("woke you") if episode.woke else say("did not wake you"))
    if episode.activity is not None:
        parts.append(_ACTIVITIES[episode.activity])
    if episode.relieved_by:
        parts.append(say("eased by {means}", means=_and(episode.relieved_by)))
    if episode.sore_next_day is not None:
        parts.append(say("sore the next day") if episode.sore_next_day else say("not sore the next day"))
    return say_all(parts, ", ")


def _and(names: Sequence[str]) -> str:
    told = names[0]
    for name in names[1:]:
        told = say("{one} and {other}", one=told, other=name)
    return told
