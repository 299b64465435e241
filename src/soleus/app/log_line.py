"""One line of a diary, written in the middle of the night, as entries: forgiving, and nothing guessed silently.

"" is a cramp now; "last night 2, left calf", "at 3am right foot 5 minutes pain 6 stretching helped" and "none last
night" are read in any order of words. What is not understood is kept as the note and told. Where a line could mean no
cramp and a cramp, or several nights, or the future, nothing is entered and the person is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from soleus.app.log_cramp import Problems, Told, read_after_time, read_before_time
from soleus.app.log_time import When, read_when
from soleus.app.log_wording import say_back
from soleus.app.log_words import read_words
from soleus.core.problem import Problem
from soleus.core.record import Episode, Night, check_entry, zone_of

MOST_EPISODES = 12  # choice: more cramps than this in one line are kept as a count, without a row for each
LONGEST_LINE = 500  # choice: letters; one night told in words is far shorter, and longer text is a paste by mistake
NIGHT_IS_OVER_H = 5  # choice: "none" told before five in the morning may come too early, and that is said

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogLine:
    """What one line was understood to say.

    ``entries`` are ready to be stored; with an error among ``problems`` there are none. ``said`` says it back in one
    sentence, with the night it belongs to.
    """

    entries: tuple[Episode | Night, ...]
    said: str
    problems: tuple[Problem, ...]


def read_log_line(text: str, *, now: datetime, zone: str, new_id: Callable[[], str]) -> LogLine:
    """Return the entries that one line of a person means, said back in one sentence.

    A line without a time is about now, a bare count and a bare "none" are about last night. "Last night" before noon
    is the night that has just ended or is running. A time without a date is the most recent one.

    Parameters
    ----------
    text : str
        What was written; "" is a cramp now.
    now : datetime
        Aware.
    zone : str
        IANA name of the person's time zone.
    new_id : callable
        Gives the id of each entry.

    Returns
    -------
    LogLine

    Raises
    ------
    ValueError
        ``now`` has no zone, or the zone does not exist.

    Examples
    --------
    >>> from itertools import count
    >>> ids = count()
    >>> now = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
    >>> line = read_log_line("at 3am left calf 2 min", now=now, zone="UTC", new_id=lambda: str(next(ids)))
    >>> print(line.said)
    One cramp: left calf, at 03:00, 2 minutes; in the night of Wednesday 25 to Thursday 26 November 2026.
    >>> print(read_log_line("none", now=now, zone="UTC", new_id=lambda: str(next(ids))).said)
    No cramps in the night of Wednesday 25 to Thursday 26 November 2026.
    """
    if now.tzinfo is None:
        raise ValueError("the time now has no time zone")
    zone_of(zone)
    now = now.astimezone(UTC)
    report = Problems()
    if len(text) > LONGEST_LINE:
        fix = f"write at most {LONGEST_LINE} letters"
        report("too_long", "error", f"the line has {len(text)} letters", "one line is one night", fix)
        return _nothing(report)
    line = read_words(text)
    told = Told()
    read_before_time(line, told, report)
    when = None if report.failed() else read_when(line, now, zone, report)
    if when is not None:
        read_after_time(line, told, when, report)
    if when is None or report.failed():
        return _nothing(report)
    note = "; ".join(part for part in (*line.kept, *line.rest()) if part)
    for wrote, read in line.slips:
        report("read_as", "info", f"“{wrote}” was read as {read}", "it is one letter away", "correct it if not meant")
    entries = _entries(told, when, note, now, zone, new_id, report, bool(line.words))
    for entry in entries:
        report.found.extend(check_entry(entry, now, where="line"))
    if report.failed():
        return _nothing(report)
    if note:
        report("kept_as_note", "info", f"“{note}” is kept as a note", "it was not understood", "say it in other words")
    return LogLine(entries=entries, said=say_back(entries, when.now), problems=tuple(report.found))


def last_night(now: datetime, zone: str) -> date:
    """Return the night that began yesterday evening: before noon it has just ended or is running.

    Examples
    --------
    >>> last_night(datetime(2026, 11, 26, 7, 0, tzinfo=UTC), "UTC")
    datetime.date(2026, 11, 25)
    """
    return now.astimezone(zone_of(zone)).date() - timedelta(days=1)


def _nothing(report: Problems) -> LogLine:
    first = next(problem for problem in report.found if problem.level == "error")
    said = f"Nothing was entered, because {first.what}."
    return LogLine(entries=(), said=said, problems=tuple(dict.fromkeys(report.found)))


def _entries(
    told: Told,
    when: When,
    note: str,
    now: datetime,
    zone: str,
    new_id: Callable[[], str],
    report: Problems,
    worded: bool,
) -> tuple[Episode | Night, ...]:
    """Return the entries; a count or a "none" of a whole night is a night's check, each cramp known is an episode."""
    base: dict[str, Any] = {"recorded_at": now, "zone": zone, "note": note}
    local = now.astimezone(zone_of(zone))
    plain_night = when.whole_night and not when.moments and not when.now
    night = when.night if when.dated else last_night(now, zone)
    if told.slept_h is not None and not (told.none or (plain_night and told.count is not None)):
        base["note"] = "; ".join(part for part in (note, f"slept {told.slept_h:g} hours") if part)
    if told.none:
        if told.count or told.detailed or when.moments or told.cramp_named or when.now or not when.whole_night:
            why, fix = "“none” is for a whole night and both legs", "write “none last night”, or the cramp alone"
            report("none_or_some", "error", "the line says both none and something of a cramp", why, fix)
            return ()
        if night == local.date():
            why, fix = "a night is free of cramps when it is over", "say it in the morning"
            report("night_not_over", "error", "this night is not over", why, fix)
            return ()
        if night == last_night(now, zone) and local.hour < NIGHT_IS_OVER_H:
            why, fix = "a cramp may still come", "log it if one does; it will count"
            report("night_not_over", "warning", "this night is not over yet", why, fix)
        return (Night(id=new_id(), night_of=night, cramps=0, slept_h=told.slept_h, awakenings=told.awakenings, **base),)
    other = told.durations_s or told.pains or told.relieved_by or told.woke is not None or told.activity
    known = bool(other or told.sites or told.cramp_named or told.count or when.moments or when.now)
    sure = other or told.cramp_named or told.count or when.moments or when.now or when.dated
    if told.sore and not sure:
        places = " and ".join(" ".join(part for part in site if part) for site in told.sites)
        base["note"] = "; ".join(part for part in (f"{places} {told.sore_words}".strip(), note) if part)
        why, fix = "which cramp it follows is not told", "write for example “last night 1, sore”"
        report("no_cramp_told", "warning", "no cramp was told; the soreness is kept as a note of last night", why, fix)
        return (Night(id=new_id(), night_of=night, cramps=None, **base),)
    if worded and not known and (note or not (when.dated or told.sore)):
        why, fix = "it would be a guess", "write for example “now left calf”, “last night 2” or “none”"
        report("nothing_understood", "error", "no cramp was found in the line", why, fix)
        return ()
    return _cramps(told, when, plain_night and told.count is not None, night, base, now, new_id, report)


def _cramps(
    told: Told,
    when: When,
    whole: bool,
    night: date,
    base: dict[str, Any],
    now: datetime,
    new_id: Callable[[], str],
    report: Problems,
) -> tuple[Episode | Night, ...]:
    if not when.dated and not when.now and told.count is None:
        when.now, whole = True, False
    if when.now:
        when.moments = [now]
        night = when.night
    elif not when.dated:
        when.night = night
    sites = told.sites
    one_leg = len({leg for leg, _ in sites if leg}) <= 1 and told.count is None
    if len(sites) > 1 and (told.count == 1 or (one_leg and len(when.moments) <= 1)):
        first = ", ".join(str(part) for part in sites[0] if part)
        others = ", ".join(" ".join(str(part) for part in site if part) for site in sites[1:])
        why, fix = "one cramp has one place here", "write “2 cramps” if there were two"
        report("one_place", "warning", f"one place was taken, {first}; also told: {others}", why, fix)
        base["note"] = "; ".join(part for part in (base["note"], f"also {others}") if part)
        sites = sites[:1]
    when.moments = list(dict.fromkeys(when.moments))
    n = told.count or max(len(when.moments), len(sites), 1)
    if n < len(when.moments) or n < len(sites) or max(len(when.moments), len(sites)) > MOST_EPISODES:
        fix = "write one line for each cramp"
        report(
            "count_mismatch",
            "error",
            f"{n} cramps with {len(when.moments)} times and {len(sites)} places are told",
            "they do not agree",
            fix,
        )
        return ()
    entries: list[Episode | Night] = []
    if whole:
        entries.append(Night(id=new_id(), night_of=night, cramps=n, slept_h=told.slept_h, **base))
        plain = not told.detailed and told.activity is None and told.sore is None
        if plain or n > MOST_EPISODES:
            return tuple(entries)
    if n > MOST_EPISODES:
        entries.append(Night(id=new_id(), night_of=night, cramps=n, slept_h=told.slept_h, **base))
        return tuple(entries)
    if len(sites) > 1 and len(sites) < n:
        sites = (*sites, *[(None, None)] * (n - len(sites)))
    durations = _shared(told.durations_s, n, "length", base, report)
    pains = _shared(told.pains, n, "pain", base, report)
    places = _shared(sites, n, "place", base, report)
    for i in range(n):
        leg, muscle = places[i] or (None, None)
        entries.append(
            Episode(
                id=new_id(),
                night_of=night,
                started_at=when.moments[i] if i < len(when.moments) else None,
                duration_s=durations[i],
                leg=leg,
                muscle=muscle,
                activity=told.activity,
                pain=pains[i],
                woke=told.woke,
                relieved_by=told.relieved_by,
                sore_next_day=None if when.now else told.sore,
                **(base | ({"note": ""} if i or whole else {})),
            )
        )
    return tuple(entries)


def _shared(values: Sequence[T], n: int, what: str, base: dict[str, Any], report: Problems) -> list[T | None]:
    """Return a value for each of ``n`` cramps: one told is that of all, as many as cramps go in their order."""
    if len(values) <= 1:
        return [values[0] if values else None] * n
    if len(values) == n:
        return list(values)
    told = ", ".join(f"{value}" for value in values)
    why, fix = f"there are {n} cramps", "write one line for each cramp"
    report("unclear_number", "warning", f"{len(values)} values of {what} are told ({told}); none was used", why, fix)
    base["note"] = "; ".join(part for part in (base["note"], f"{what} {told}") if part)
    return [None] * n
