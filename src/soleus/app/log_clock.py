"""The times of day in a diary line: 3:15, 3am, at 3, half past 3, 3 o'clock, midnight, from 3:15 to 3:20."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soleus.app.log_words import Line
from soleus.core.problem import ProblemLevel

Report = Callable[[str, ProblemLevel, str, str, str], None]  # code, level, what, why, fix
WHOLE = r"(?<![\w.:/-])"  # a number begins here, not inside another


_SUFFIX = r"(?: (?:(?:in|at) the|in|at) (?P<part>morning|afternoon|evening|night))?"
_NO_COUNT = r"(?![\d.:/-])(?! ?(?:cramps?|times|x\b|min|s\b|h\b|%))"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as told; ``half`` is "am", "pm" or "" when a clock of 24 hours was read."""

    hour: int
    minute: int
    half: str


def read_clocks(line: Line, report: Report) -> tuple[list[Clock] | None, float | None]:
    """Take the times of day in the order told, and the length when an end was told too."""
    found: list[tuple[int, Clock]] = []
    duration_s = None
    half = r"\s*(?P<ap{0}>[ap])\.?m\b\.?"
    hm = r"(?P<h{0}>\d{{1,2}})[:.](?P<m{0}>\d{{2}})"
    span = (
        rf"(?:{WHOLE}{hm.format(1)}|\b(?:from|between) (?P<h0>\d{{1,2}})(?:[:.](?P<m0>\d{{2}}))?)"
        rf"(?:{half.format(1)})?\s*(?:-|to|until|till|bis)\s*"
        rf"{hm.format(2)}(?:{half.format(2)})?(?! ?(?:min|s|h)\b){_SUFFIX}"
    )
    if match := line.take(span):
        start = _clock(match["h1"] or match["h0"], match["m1"] or match["m0"], match["ap1"], match["part"])
        end = _clock(match["h2"], match["m2"], match["ap2"], match["part"])
        if start is None or end is None:
            _no_such_time(report, match[0])
            return None, None
        minutes = (end.hour * 60 + end.minute - start.hour * 60 - start.minute) % (24 * 60)
        duration_s = minutes * 60.0
        found.append((match.start(), start))
    rules = (
        rf"\b(?P<past>quarter|half|5|10|20|25) (?P<way>past|to) (?P<h>\d{{1,2}})\b(?:\s*(?P<ap>[ap])\.?m\b)?{_SUFFIX}",
        r"\b(?:at )?(?P<word>midnight|noon)\b",
        rf"{WHOLE}(?:at )?(?P<h>\d{{1,2}})(?:[:.](?P<m>\d{{2}}))?{half.format('')}",
        rf"{WHOLE}(?:at )?(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?::\d{{2}})?(?:\s*(?:uhr|h)\b)?(?![\d:]){_SUFFIX}",
        rf"{WHOLE}(?:at )?(?P<h>\d{{1,2}})(?:\.(?P<m>\d{{2}}))? ?(?:uhr|o'?clock)\b{_SUFFIX}",
        rf"\bat (?P<h>\d{{1,2}})(?:[.h]?(?P<m>\d{{2}}))?\b{_NO_COUNT}{_SUFFIX}",
        rf"(?<=\|) and (?P<h>\d{{1,2}})(?:[.:](?P<m>\d{{2}}))?\b{_NO_COUNT}{_SUFFIX}",  # "at 2 and 4"
        rf"{WHOLE}(?P<h>\d{{1,2}}) in the (?P<part>morning|afternoon|evening)\b",
    )
    for rule in rules:
        for match in line.take_all(rule) if found or " and (" not in rule else ():
            told = match.groupdict()
            if told.get("word"):
                clock: Clock | None = Clock(0, 0, "am") if told["word"] == "midnight" else Clock(12, 0, "pm")
            else:
                clock = _clock(told["h"], told.get("m"), told.get("ap"), told.get("part"))
            if clock is None:
                _no_such_time(report, match[0])
                return None, None
            if told.get("past"):
                minutes = {"quarter": 15, "half": 30}.get(told["past"]) or int(told["past"])
                total = clock.hour * 60 + (minutes if told["way"] == "past" else -minutes)
                clock = Clock(total // 60 % 24, total % 60, clock.half)
            found.append((match.start(), clock))
    return [clock for _, clock in sorted(found, key=lambda item: item[0])], duration_s


def _no_such_time(report: Report, words: str) -> None:
    fix = "write hours and minutes, such as 3:15"
    report("no_such_time", "error", f"“{words.strip()}” is no time of day", "the night cannot be told", fix)


def _clock(hours: str, minutes: str | None, half: str | None, part: str | None) -> Clock | None:
    hour, minute = int(hours), int(minutes or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute) or (half == "a" and hour > 12):
        return None
    if half:
        return Clock(hour % 12 + (12 if half == "p" else 0) if hour <= 12 else hour % 24, minute, half + "m")
    if part == "night":
        return Clock(night_hour(hour), minute, "am")
    if part in ("afternoon", "evening") and 1 <= hour < 12:
        return Clock(hour + 12, minute, "pm")
    return Clock(hour % 24, minute, "am" if part else "")


def night_hour(hour: int) -> int:
    """Return the hour by 24 of a bare hour told of a night: 11 is 23, 3 is 3, 12 is midnight."""
    return 0 if hour == 12 else hour + 12 if 6 <= hour < 12 else hour % 24
