"""When a diary line happened: its date, its night and its times of day, from words.

A night runs from noon to noon and has the date of its evening. A time without a date is the most recent such time that
is not in the future. Of a clock time that a change of the clocks repeats, the first is taken, and that is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from soleus.app.log_clock import WHOLE, Clock, Report, night_hour, read_clocks
from soleus.app.log_words import MONTHS, WEEKDAYS, Line
from soleus.core.record import night_of, zone_of

AMOUNT = r"(?P<n>-?\d+ and a half|-?\d+(?:\.\d+)?|half an?|an?|quarter of an?|a couple of)\s*"
UNIT_S = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
WORD_AMOUNTS = {"a": 1.0, "an": 1.0, "half a": 0.5, "half an": 0.5, "quarter of a": 0.25, "quarter of an": 0.25}
WORD_AMOUNTS["a couple of"] = 2.0
_DAY = "|".join(WEEKDAYS)
_MONTH = "|".join(MONTHS)
_PART = r"(?: (?:at |in the |in )?(?P<part>morning|afternoon|evening|night))?"


@dataclass(slots=True)
class When:
    """What a line says of its time.

    ``night`` is always known; ``moments`` are the starts in UTC, in the order told. ``whole_night`` is False when only
    a part of the day was meant. ``now`` is True when the cramp is happening or just over.
    """

    night: date
    moments: list[datetime] = field(default_factory=list)
    whole_night: bool = True
    dated: bool = False
    now: bool = False
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Reference:
    dates: tuple[date, ...]  # possible dates, the most likely first
    part: str | None


def amount(words: str) -> float:
    """Return an amount such as "2.5", "half an" or "a".

    Examples
    --------
    >>> amount("half an"), amount("2.5"), amount("1 and a half")
    (0.5, 2.5, 1.5)
    """
    if words in WORD_AMOUNTS:
        return WORD_AMOUNTS[words]
    return float(words.removesuffix(" and a half")) + (0.5 if words.endswith("half") else 0.0)


def read_when(line: Line, now: datetime, zone: str, report: Report) -> When | None:
    """Take everything that says when from a line.

    Parameters
    ----------
    line : Line
        Its words; those understood are marked as used.
    now : datetime
        Aware.
    zone : str
        IANA name of the person's zone.
    report : callable
        Told of each problem.

    Returns
    -------
    When or None
        None when an error was reported.
    """
    today = now.astimezone(zone_of(zone)).date()
    ago = line.take(rf"{WHOLE}{AMOUNT}(?P<unit>s|min|m|h|nights?|days?|weeks?) ago\b") or line.take(
        rf"\bvor {AMOUNT}(?P<unit>s|min|m|h)\b"
    )
    right_now = line.take(r"\b(?:right |just )?now\b|\bjust (?:had|got)\b")
    references = _references(line, today, now, zone, report)
    if references is None:
        return None
    clocks, duration_s = read_clocks(line, report)
    if clocks is None:
        return None
    if ago:
        size, unit = amount(ago["n"]), ago["unit"]
        if size < 0:
            report("future", "error", f"“{ago[0]}” is in the future", "it has not happened", "write it without a minus")
            return None
        if unit in UNIT_S:
            if references or clocks:
                _two_times(report)
                return None
            try:
                moment = now.astimezone(UTC) - timedelta(seconds=size * UNIT_S[unit])
            except OverflowError:
                _no_such_date(report, ago[0])
                return None
            return When(night=night_of(moment, zone), moments=[moment], dated=True)
        days = size * (7 if unit.startswith("week") else 1)
        if days != int(days) or days > 36500:
            _no_such_date(report, ago[0])
            return None
        references.append(_Reference((today - timedelta(days=int(days)),), "night" if "night" in unit else None))
    if not references and not clocks:
        return When(night=night_of(now, zone), now=right_now is not None)
    if right_now and references:
        _two_times(report)
        return None
    return _resolve(references, clocks, duration_s, now, zone, report)


def _two_times(report: Report) -> None:
    why, fix = "one line belongs to one night", "write one line for each night"
    report("two_times", "error", "two different times are told", why, fix)


def _no_such_date(report: Report, words: str) -> None:
    fix = "write the date as year-month-day, such as 2026-11-20"
    report("no_such_date", "error", f"“{words}” is no date that can be read", "the night cannot be told", fix)


def _references(line: Line, today: date, now: datetime, zone: str, report: Report) -> list[_Reference] | None:
    """Take the dates; None when one cannot be read."""
    found: list[_Reference] = []

    def day(words: str, *options: Callable[[], date]) -> bool:
        try:
            dates = tuple(option() for option in options)
        except (ValueError, OverflowError):
            _no_such_date(report, words)
            return False
        found.append(_Reference(dates, part))
        return True

    for match in line.take_all(rf"{WHOLE}(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:t(?=\d)|(?![\d-])){_PART}"):
        part = match["part"]
        if not day(match[0], partial(date, int(match[1]), int(match[2]), int(match[3]))):
            return None
    for match in line.take_all(rf"{WHOLE}(\d{{1,2}})([./])(\d{{1,2}})\2(\d{{4}}|\d{{2}})\b{_PART}"):
        part, first, second = match["part"], int(match[1]), int(match[3])
        year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
        if match[2] == "/" and first <= 12 and second <= 12 and first != second:
            why, fix = "it is another day in America than in Britain", "write it as year-month-day, such as 2026-11-20"
            report("unclear_date", "error", f"“{match[0]}” can be two dates", why, fix)
            return None
        if match[2] == "/" and second > 12:
            first, second = second, first
        if not day(match[0], partial(date, year, second, first)):
            return None
    named = line.take_all(
        rf"{WHOLE}(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? (?P<m1>{_MONTH})\b(?:(?: ,)? (?P<y1>\d{{4}})\b)?{_PART}"
    ) + line.take_all(
        rf"\b(?P<m1>{_MONTH}) (?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\b(?![.:])(?:(?: ,)? (?P<y1>\d{{4}})\b)?{_PART}"
    )
    for match in named:
        part = match["part"]
        years = (int(match["y1"]),) if match["y1"] else (today.year, today.year - 1)
        month, number = MONTHS.index(match["m1"]) + 1, int(match["d1"])
        if not day(match[0], *(partial(date, year, month, number) for year in years)):
            return None
    pair = line.take(rf"\b(?:night )?(?:of |from )?(?P<a>{_DAY}) (?:to|on|-) (?P<b>{_DAY})\b(?: night)?")
    if pair:
        if (WEEKDAYS.index(pair["b"]) - WEEKDAYS.index(pair["a"])) % 7 != 1:
            why, fix = "one line belongs to one night", "write one line for each night"
            report("more_than_one_night", "error", f"“{pair[0]}” is more than one night", why, fix)
            return None
        found.append(_Reference(_last(today, pair["a"], 0), "night"))
    sat_sun = r"|sat(?= (?:night|evening|morning))|sun(?= (?:night|evening|morning))"
    for match in line.take_all(rf"\b(?P<last>last )?(?:night of )?(?P<day>{_DAY}{sat_sun})\b{_PART}"):
        name = {"sat": "saturday", "sun": "sunday"}.get(match["day"], match["day"])
        found.append(_Reference(_last(today, name, 1 if match["last"] else 0), match["part"]))
    before, before2 = today - timedelta(days=1), today - timedelta(days=2)
    if line.take(r"\bthe night before last\b|\bnight before last\b"):
        found.append(_Reference((before2,), "night"))
    if near := line.take(rf"\b(?:the )?day before yesterday\b{_PART}"):
        found.append(_Reference((before2,), near["part"]))
    if line.take(r"\b(?:last|previous|past|yesterday) night\b|\b(?:in|during|through) the night\b|\bovernight\b"):
        found.append(_Reference((before, before2), "night"))
    if line.take(r"\blast evening\b"):
        found.append(_Reference((before,), "evening"))
    if near := line.take(rf"\byesterday\b{_PART}"):
        found.append(_Reference((before,), near["part"]))
    if line.take(r"\btomorrow\b|\bnext (?:night|week|month)\b"):
        report("future", "error", "the line speaks of what is to come", "it has not happened", "log it when it has")
        return None
    if line.take(r"\btonight\b|\b(?:this|today) night\b"):
        found.append(_Reference((night_of(now, zone),), "night"))
    if found:
        if len(found) == 1 and found[0].part is None:  # "evening of 2026-11-20", "tuesday at 3 in the morning"
            said = line.take(
                r"\b(?<!this )(?:early )?(?:(?:in|at) the |in |at )?(morning|afternoon|evening|night)\b(?: of)?"
            )
            found = [_Reference(found[0].dates, said[1])] if said else found
        return found
    # "today" beside another date is about the person's day ("tired today"), not about the cramp
    if near := line.take(r"\b(?:early )?(?:this|today) (?:in the )?(?P<part>morning|afternoon|evening)\b"):
        earlier = () if near["part"] == "morning" else (before,)  # "this evening" told after midnight is yesterday's
        found.append(_Reference((today, *earlier), near["part"]))
    elif line.take(r"\btoday\b"):
        found.append(_Reference((today,), None))
    return found


def _last(today: date, name: str, least: int) -> tuple[date, ...]:
    """Return the latest and the one before of a weekday, ``least`` or more days back."""
    back = (today.weekday() - WEEKDAYS.index(name)) % 7
    back += 7 if back < least else 0
    return today - timedelta(days=back), today - timedelta(days=back + 7)


def _resolve(
    references: list[_Reference],
    clocks: list[Clock],
    duration_s: float | None,
    now: datetime,
    zone: str,
    report: Report,
) -> When | None:
    """Find the dates that are meant: the latest that do not lie in the future."""
    if not references:
        today = now.astimezone(zone_of(zone)).date()
        moments = []
        for clock in clocks:
            near = [
                _moment(today - timedelta(days=back), clock, zone) for back in range(4)
            ]  # a day can be skipped at the date line
            moments.append(_told(next(m for m in near if m <= now), zone, clock, report))
        nights = {night_of(moment, zone) for moment in moments}
        if len(nights) > 1:
            _two_times(report)
            return None
        return When(night=nights.pop(), moments=moments, dated=True, duration_s=duration_s)
    answers = [answer for r in references if (answer := _date(r, clocks, now, zone, report)) is not None]
    if len(answers) < len(references):
        return None
    if len({(answer.night, tuple(answer.moments)) for answer in answers}) > 1:
        _two_times(report)
        return None
    answers[0].duration_s = duration_s
    return answers[0]


def _date(reference: _Reference, clocks: list[Clock], now: datetime, zone: str, report: Report) -> When | None:
    part, current = reference.part, night_of(now, zone)
    for day in reference.dates:
        night = day - timedelta(days=1) if part == "morning" else day
        try:
            moments = [_moment(*_on(day, part, clock), zone) for clock in clocks]
        except OverflowError:
            _no_such_date(report, str(day))
            return None
        if moments and all(moment <= now for moment in moments):
            nights = {night_of(moment, zone) for moment in moments}
            if len(nights) > 1:
                _two_times(report)
                return None
            moments = [_told(m, zone, _on(day, part, c)[1], report) for m, c in zip(moments, clocks, strict=True)]
            return When(night=nights.pop(), moments=moments, dated=True)
        if not moments and night <= current:
            return When(night=night, whole_night=part in (None, "night"), dated=True)
    day = reference.dates[0]
    if not clocks and part is None and day == current + timedelta(days=1):
        why, fix = "the night that begins today is yet to come", "write a time, or “last night”"
        what = f"the night of {day} was read as the night that began on {current}"
        report("assumed_night", "info", what, why, fix)
        return When(night=current, dated=True)
    report("future", "error", f"the time told, {day}, is in the future", "it has not happened", "correct the date")
    return None


def _on(day: date, part: str | None, clock: Clock) -> tuple[date, Clock]:
    """Return the calendar date and the clock of a time told with a day and a part of it."""
    if part == "night":
        hour = clock.hour if clock.half else night_hour(clock.hour)
        return (day if hour >= 12 else day + timedelta(days=1)), Clock(hour, clock.minute, "am")
    if part in ("afternoon", "evening") and not clock.half and 1 <= clock.hour < 12:
        return day, Clock(clock.hour + 12, clock.minute, "pm")
    return day, clock


def _moment(day: date, clock: Clock, zone: str) -> datetime:
    """Return the first instant at which the person's clock shows this time."""
    local = datetime.combine(day, time(clock.hour, clock.minute), tzinfo=zone_of(zone))
    return local.astimezone(UTC)


def _told(moment: datetime, zone: str, clock: Clock, report: Report) -> datetime:
    """Report a time that the clocks skipped or repeated."""
    local = moment.astimezone(zone_of(zone))
    shown = f"{clock.hour:02d}:{clock.minute:02d}"
    if (local.hour, local.minute) != (clock.hour, clock.minute):
        what = f"{shown} did not exist on {local:%Y-%m-%d}; read as {local:%H:%M}"
        report("missing_hour", "info", what, "the clocks were put forward", "correct the time if another was meant")
    elif local.utcoffset() != local.replace(fold=1).utcoffset():
        what = f"{shown} came twice on {local:%Y-%m-%d}; the first was taken"
        report("repeated_hour", "info", what, "the clocks were put back", "correct the time if the second was meant")
    return moment
