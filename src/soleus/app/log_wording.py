"""What was understood of a diary line, said back to the person in one sentence. Reads and computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from soleus.app.log_words import MONTHS, WEEKDAYS
from soleus.core.record import Episode, Night, zone_of

_ACTIVITIES = {
    "asleep": "while asleep",
    "in_bed": "in bed",
    "resting": "at rest",
    "standing": "while standing",
    "walking": "while walking",
    "exercising": "while exercising",
    "after_exercise": "after exercise",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def night_words(night: date) -> str:
    """Return a night with the two days it joins.

    Examples
    --------
    >>> night_words(date(2026, 11, 30))
    'the night of Monday 30 November to Tuesday 1 December 2026'
    """
    morning = night + timedelta(days=1)
    first = f"{WEEKDAYS[night.weekday()].capitalize()} {night.day}"
    if night.month != morning.month:
        first += f" {MONTHS[night.month - 1].capitalize()}" + (f" {night.year}" if night.year != morning.year else "")
    last = f"{WEEKDAYS[morning.weekday()].capitalize()} {morning.day} {MONTHS[morning.month - 1].capitalize()}"
    return f"the night of {first} to {last} {morning.year}"


def length_words(seconds: float) -> str:
    """Return a length of time as people say it.

    Examples
    --------
    >>> length_words(30), length_words(60), length_words(150), length_words(5400)
    ('30 seconds', '1 minute', '2.5 minutes', '1.5 hours')
    """
    for size, name in ((3600.0, "hour"), (60.0, "minute"), (1.0, "second")):
        if seconds >= size or size == 1.0:
            value = f"{seconds / size:.3g}"
            return f"{value} {name}{'' if value == '1' else 's'}"
    raise AssertionError("not reached")


def say_back(entries: Sequence[Episode | Night], now: bool) -> str:
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
    when = night_words(entries[0].night_of)
    hours = next((e.slept_h for e in entries if isinstance(e, Night) and e.slept_h is not None), None)
    slept = f", {hours:g} hours of sleep," if hours is not None else ""
    awake = next((e.awakenings for e in entries if isinstance(e, Night) and e.awakenings is not None), None)
    slept += f"{'' if slept else ','} awake {awake} time{'' if awake == 1 else 's'}," if awake is not None else ""
    if counts and counts[0] == 0:
        return f"No cramps{slept} in {when}."
    if counts and counts[0] is None:
        return f"A note, and no cramp, in {when}."
    n = counts[0] if counts and counts[0] is not None else len(episodes)
    number = _NUMBERS[n] if n < len(_NUMBERS) else str(n)
    head = f"{number.capitalize()} cramp{'' if n == 1 else 's'}{slept.rstrip(',')}"
    told = [_episode_words(episode, now and i == 0) for i, episode in enumerate(episodes)]
    if len(told) > 1 and len(set(told)) == 1 and told[0]:
        told = [f"each {told[0]}"]
    words = "; then ".join(part or "no more told" for part in told) if any(told) else ""
    return f"{head}: {words}; in {when}." if words else f"{head} in {when}."


def _episode_words(episode: Episode, now: bool) -> str:
    parts = []
    if episode.leg or episode.muscle:
        muscle = {"calf": "calves", "foot": "feet", "thigh": "thighs", "shin": "shins", "hamstring": "hamstrings"}
        site: str = episode.muscle or "leg"
        if episode.leg == "both":
            site = muscle.get(site, "legs" if site == "leg" else site)
        parts.append(f"{episode.leg} {site}" if episode.leg else "another muscle" if site == "other" else site)
    if now:
        parts.append("now")
    elif episode.started_at is not None:
        parts.append(f"at {episode.started_at.astimezone(zone_of(episode.zone)):%H:%M}")
    if episode.duration_s is not None:
        parts.append(length_words(episode.duration_s))
    if episode.pain is not None:
        parts.append(f"pain {episode.pain} of 10")
    if episode.woke is not None:
        parts.append("woke you" if episode.woke else "did not wake you")
    if episode.activity is not None:
        parts.append(_ACTIVITIES[episode.activity])
    if episode.relieved_by:
        parts.append(f"eased by {' and '.join(episode.relieved_by)}")
    if episode.sore_next_day is not None:
        parts.append("sore the next day" if episode.sore_next_day else "not sore the next day")
    return ", ".join(parts)
