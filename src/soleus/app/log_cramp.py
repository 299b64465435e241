"""The cramps that a diary line tells of: how many, where, how long, how bad, what helped, or none at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from soleus.app.log_time import AMOUNT, UNIT_S, When, amount
from soleus.app.log_words import APART, Line
from soleus.core.problem import Problem, ProblemLevel
from soleus.core.record import MOST_CRAMPS_A_NIGHT, Activity, Leg, Muscle

Site = tuple[Leg | None, Muscle | None]
LONG_CRAMP_S = 3600.0  # choice: a longer one may be another length that was meant, such as of a walk; it is told

_MUSCLE = "calf|foot|toes|shin|thigh|hamstring"
_ELSEWHERE = r"hands?|arms?|fingers?|thumbs?|neck|back|belly|stomach|jaw|ribs?|shoulders?|wrists?"
_EXERCISE = "running|run|jogging|exercise|exercising|cycling|swimming|swim|gym|training|hiking|hike|football|tennis"
_ACTIVITY: tuple[tuple[str, Activity], ...] = (
    (rf"\bafter (?:a |an |the |my )?(?:long |hard )?(?:walk|walking|{_EXERCISE}|workout|dancing)\b", "after_exercise"),
    (r"\b(?:asleep|(?:in|during|from|out of) (?:my |the |deep )?sleep|(?:while )?sleeping)\b", "asleep"),
    (r"\b(?:lying )?in (?:my )?bed\b", "in_bed"),
    (r"\b(?:while |when |at )?(?:resting|rest|sitting|lying down|lying|on the (?:sofa|couch|chair))\b", "resting"),
    (r"\b(?:while |when )?standing\b(?! up)", "standing"),
    (r"\b(?:while |when |on a |during a )(?:walking|walk)\b|\bwalking\b", "walking"),
    (rf"\b(?:while |when |during |in |at )?(?:the )?(?:{_EXERCISE})\b", "exercising"),
)
_RELIEF: tuple[tuple[str, str, bool], ...] = (  # words, name, whether the word alone means relief
    (r"(?:the )?stretching(?: it)?(?: out)?", "stretching", True),
    (r"(?:my |the )?toes(?: pulled)? up|(?:pulled|pulling) (?:up )?(?:my |the )?toes(?: up)?", "stretching", True),
    (r"(?:a )?massage(?: it)?", "massage", True),
    (r"(?:a )?(?:heating pad|heat pad|hot water bottle|heat|hot shower|warm bath|hot bath)", "heat", True),
    (r"(?:an )?(?:ice pack|cold pack|ice)", "cold", True),
    (r"walked it off|got up and walked|walking it off", "walking", True),
    (r"walking(?: at)?", "walking", False),
    (r"stood up|standing up|got up|getting up|standing", "standing", False),
)
_HELPED = r"(?:helped|helps|eased it|relieved it|stopped it|fixed it|did it|worked)"
_BY = r"(?:helped|eased|relieved|stopped|better|gone|went away|let go) (?:by|with|after|on)"
_NOT = r"(?:did not|didn't|does not|doesn't|not|never)"


class Problems:
    """What is wrong with a line, each thing once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def __call__(self, code: str, level: ProblemLevel, what: str, why: str, fix: str) -> None:
        """Note one problem."""
        problem = Problem(code=code, level=level, where="line", what=what, why=why, fix=fix)
        if problem not in self.found:
            self.found.append(problem)

    def failed(self) -> bool:
        """Say whether nothing may be entered."""
        return any(problem.level == "error" for problem in self.found)


@dataclass(slots=True)
class Told:
    """What the line says of the cramps themselves."""

    none: bool = False
    count: int | None = None
    sites: tuple[Site, ...] = ()
    durations_s: tuple[float, ...] = ()
    pains: tuple[int, ...] = ()
    woke: bool | None = None
    sore: bool | None = None
    sore_words: str = ""
    slept_h: float | None = None
    awakenings: int | None = None
    activity: Activity | None = None
    relieved_by: tuple[str, ...] = ()
    cramp_named: bool = False

    @property
    def detailed(self) -> bool:
        """Whether anything is told that only a cramp can have."""
        told = self.sites or self.durations_s or self.pains or self.relieved_by
        return bool(told) or self.woke is not None


def read_before_time(line: Line, told: Told, report: Problems) -> None:
    """Take what must be read before the time: nights told together, what helped, soreness, "none" and lengths."""
    _refuse_many_nights(line, report)
    _take_none(line, told, report)
    if told.none:  # what a person did or felt in a night without cramps is no part of a cramp: it stays for the note
        if match := line.take(r"\b(?:woke|awake)(?: up)? (\d+) times\b"):
            told.awakenings = int(match[1])
    else:
        _take_relief(line, told)
        _take_sore_and_woke(line, told)
    told.durations_s = _take_lengths(line, told, report)


def read_after_time(line: Line, told: Told, when: When, report: Problems) -> None:
    """Take what is read when the time is known: how many, where, during what; then look at what is left."""
    if not told.durations_s and when.duration_s is not None:
        told.durations_s = (when.duration_s,)
    values = _take_counts(line, told, report)
    _take_sites(line, told, report)
    if not told.none:
        _take_activity(line, told)
    _count(line, told, values, bool(when.moments) or when.now, report)
    _check_rest(line, told, report)


def _refuse_many_nights(line: Line, report: Problems) -> None:
    """One line is one night: a "none" for a week must not become a "none" for last night alone."""
    several = r"\b(?:every|each|most|all|both|last \d+|past \d+|these|few|several) (?:nights?|weeks?|days?)\b(?! ago)"
    week = r"\b(?:this|last|all|a|per) (?:week|month)\b(?! ago)|\bsince (?:last |\w+day\b|yesterday|\d{4})"
    nights = r"\b(?:for |in )\d+ (?:nights|days|weeks)\b(?! ago)|\b\d+ nights\b(?! ago)"
    for pattern in (several, week, nights):
        if match := line.take(pattern):
            why, fix = "one line belongs to one night", "write one line for each night"
            report("more_than_one_night", "error", f"“{match[0]}” is more than one night", why, fix)


def _take_relief(line: Line, told: Told) -> None:
    found: list[str] = []
    for words, name, alone in _RELIEF:
        for failed in (rf"\b(?:{words}) (?:{_NOT} |no )help(?:ed|s)?\b", rf"\b(?:without|no|{_NOT}) (?:{words})(?!\w)"):
            if match := line.take(failed):
                line.keep(match)  # what did not help is no relief
        if match := line.take(rf"\b(?:before|after) (?:{words})(?!\w)(?! {_HELPED})") if alone else None:
            line.keep(match)
        if (
            line.take(rf"\b{_BY} (?:{words})(?!\w)")
            or line.take(rf"\b(?:{words}) {_HELPED}\b")
            or (alone and line.take(rf"\b(?:{words})(?!\w)"))
        ):
            found.append(name)
    if match := line.take(r"\b(?:none|not much|not a thing) helped\b"):
        line.keep(match)
    told.relieved_by = tuple(dict.fromkeys(found))


def _take_sore_and_woke(line: Line, told: Told) -> None:
    after = r"(?: (?:today|(?:the )?next day|the day after|(?:next|this) morning|now|afterwards|since))?"
    if line.take(rf"\b(?:not sore|no soreness|(?:isn't|wasn't) sore){after}\b"):
        told.sore = False
    elif match := line.take(rf"\b(?:still |a bit |a little |very |quite )?(?:sore|soreness|muskelkater){after}\b"):
        told.sore, told.sore_words = True, line.own(match)
    if line.take(r"\b(?:did not|didn't|not|never) (?:woke|wake)(?: me)?(?: up)?\b|\b(?:slept|sleep) through(?: it)?\b"):
        told.woke = False
    elif line.take(r"\b(?:woke|waked)(?: me)?(?: up)?(?: from sleep)?\b|\bwake me(?: up)?\b|\bwaking me(?: up)?\b"):
        told.woke = True


def _take_none(line: Line, told: Told, report: Problems) -> None:
    if match := line.take(r"\b(?:none|no) (?:more|other|further)(?: cramps?)?\b"):
        line.keep(match)
    pains = r"\bno pain\b|\bpainless\b"
    if line.take(pains):
        told.pains = (0,)
    cramps = (
        r"\b(?:did not|didn't|have not|haven't|had not|hadn't) (?:have |had |get |got )?(?:(?:a |any |1 )?cramps?)\b"
        r"|\b(?:not|without) (?:a single |any |1 |1 single )cramps?\b|\bwithout (?:a )?cramps?\b"
        r"|\bcramps? free\b|\bfree (?:of|from) cramps?\b"
        r"|\b(?:none|no|0|0 times) cramps?(?: at all)?\b|\bno (?:calf|foot|leg) cramps?\b|\bcramps? (?:none|no|0)\b"
    )
    hedged = r"\b(?:was not|wasn't|not(?= a cramp)|not sure|not really|almost|nearly|maybe|perhaps|unsure)\b"
    if match := line.take(rf"{hedged}(?: \S+){{0,3}}? (?:a )?cramps?\b|{hedged} none\b"):
        why, fix = "a doubt is neither a cramp nor none", "leave the night out, or say “1 cramp” or “none”"
        report("in_doubt", "error", f"“{match[0]}” does not say whether there was a cramp", why, fix)
    if line.take_all(cramps) + line.take_all(r"\bnone\b(?! helped)(?: at all)?|^no$|^0$"):
        told.none = True
        line.take_all(r"^no\b(?= [,;|])")


def _take_lengths(line: Line, told: Told, report: Problems) -> tuple[float, ...]:
    unit = r"(?P<unit>s|min|(?<=\d)m|h)\b(?! ago)"
    about = r"(?:\b(?:for|lasted|lasting|during) )?(?:\bat )?"
    found: list[tuple[int, float]] = []
    asleep = line.take(rf"\b(?:slept|sleep|geschlafen)(?: for)?(?: at)? {AMOUNT}h\b") or line.take(
        rf"(?<![\w.:/-]){AMOUNT}h (?:of )?(?:slept|sleep|geschlafen)\b"
    )
    if asleep:
        told.slept_h = amount(asleep["n"])
    for match in line.take_all(rf"\b(?:every|each) {AMOUNT}{unit}"):
        line.keep(match)
    for match in line.take_all(rf"{about}(?<![\w.:/-])(\d+(?:\.\d+)?)\s*(?:-|to)\s*(\d+(?:\.\d+)?)\s*{unit}"):
        middle = (float(match[1]) + float(match[2])) / 2
        what = f"“{match[0].strip()}” was read as {middle:g}"
        report("middle_taken", "info", what, "the middle stands for the range", "write one number if it is known")
        found.append((match.start(), middle * UNIT_S[match["unit"]]))
    for match in line.take_all(rf"{about}(?<![\w.:/])(?<!\bvor ){AMOUNT}{unit}"):
        seconds = amount(match["n"]) * UNIT_S[match["unit"]]
        found.append((match.start(), seconds))
        if seconds < 0:
            what = f"{match['n']} {match['unit']} is a negative length"
            report("negative_duration", "error", what, "a cramp ends after it starts", "write it without a minus")
        elif seconds > LONG_CRAMP_S:
            what = f"“{match[0].strip()}” was taken as the length of the cramp"
            report("long_cramp", "warning", what, "few cramps last that long", "leave it out if it was not meant")
    return tuple(seconds for _, seconds in sorted(found))


def _take_counts(line: Line, told: Told, report: Problems) -> list[float]:
    """Take pains and the numbers that are told of cramps."""
    number = r"(?<![\w.:/-])(-?\d+(?:\.\d+)?)"
    pains = [
        *line.take_all(
            r"\bpain(?: level| score| scale)?(?: was| of| is|:|=)? ?(-?\d+(?:\.\d+)?)(?: ?(?:/|of|out of) ?10)?"
        ),
        *line.take_all(rf"{number} ?(?:/|of|out of) ?10\b(?: pain)?"),
    ]
    for match in sorted(pains, key=lambda m: m.start()):
        if float(match[1]) != int(float(match[1])):
            why, fix = "pain is a whole number from 0 to 10", f"write {float(match[1]):.0f}"
            report("out_of_range", "error", f"pain {match[1]} is no whole number", why, fix)
        told.pains += (int(float(match[1])),)
    counts = line.take_all(
        rf"{number}\s*(?:times|x\b)(?: cramps?)?|{number}(?: \S+){{0,2}}? cramps\b|(?<!\w)-?1 cramp\b"
        r"|\bcramps \d+\b(?![.:/-])|\bx ?\d+\b"
    )
    values = [float(re.search(r"-?\d+(?:\.\d+)?", match[0])[0]) for match in counts]  # type: ignore[index]
    told.cramp_named = bool(line.take(r"\b(?:a|another) cramp\b"))
    plural = line.take(r"\b(?:(?:a )?few |several |some |many |a couple of )?cramps\b")
    if plural and "couple" in plural[0]:
        values.append(2.0)
    elif plural and not values:
        why, fix = "one cramp at least is sure", "write the number, such as “2 cramps”"
        report("count_unknown", "warning", "how many cramps was not told; one was entered", why, fix)
        line.keep(plural)
    told.cramp_named = (
        told.cramp_named or bool(line.take_all(r"\b(?:charley|charlie) horse\b|\bcramp\b")) or bool(plural)
    )
    return values


def _count(line: Line, told: Told, values: list[float], timed: bool, report: Problems) -> None:
    """Settle how many; a number that stands alone is a count when nothing else can be meant."""
    alone = (
        rf"(?<![^\W\d] )(?<![\w.:/-])(-?\d+(?:\.\d+)?)(?![\w.:/%-])(?= *(?:[{APART},;]|$|(?:and|in|on|my) [{APART}]))"
    )
    bare = line.take_all(alone)
    if len(bare) == 1 and not values and not timed:
        values = [float(bare[0][1])]
    else:
        for match in bare:
            line.keep(match)
            why, fix = "it could be a count, a time or a pain", "write for example “2 cramps”, “at 3:15” or “pain 7”"
            report("unclear_number", "warning", f"what {match[1]} counts is not clear", why, fix)
    if len(set(values)) > 1:
        told_numbers = " and ".join(f"{value:g}" for value in values)
        fix = "write one number"
        report("two_counts", "error", f"two numbers of cramps are told, {told_numbers}", "one night has one count", fix)
    elif values:
        value = values[0]
        if not (0 <= value <= MOST_CRAMPS_A_NIGHT) or value != int(value):
            what = f"{value:g} cramps in a night cannot be counted"
            why, fix = f"a count is a whole number from 0 to {MOST_CRAMPS_A_NIGHT}", "correct the number"
            report("out_of_range", "error", what, why, fix)
        elif value == 0:
            told.none = True
        else:
            told.count = int(value)


def _take_sites(line: Line, told: Told, report: Problems) -> None:
    elsewhere = line.take(rf"\b(?:(?:left|right|both) )?(?:{_ELSEWHERE})\b")
    if elsewhere:
        line.keep(elsewhere)
        why, fix = "the diary follows the legs", "leave it out if it was no leg cramp"
        report("not_a_leg", "warning", f"“{elsewhere[0]}” is no part of the leg; entered as “other”", why, fix)
    single = r"\b(l|r)\b\.?(?= (?:" + _MUSCLE + r"|leg)\b)"
    sides = {"l": "left", "r": "right"}
    pattern = (
        rf"(?P<leg>\bleft and right\b|\bright and left\b|\bleft\b|\bright\b|\bboth\b|{single})?(?: (?:leg|side))?"
        rf"(?: ?(?:in |of )?(?:the |my )?(?P<muscle>\b(?:{_MUSCLE})\b))?"
    )
    sites: list[Site] = [(None, "other")] if elsewhere else []
    for match in line.take_all(rf"(?=\b(?:left|right|both|l|r|{_MUSCLE})\b){pattern}(?<!\s)(?<=\w)"):
        leg = match["leg"] and ("both" if " and " in match["leg"] else sides.get(match["leg"][0], match["leg"]))
        leg = "both" if match["leg"] == "both" else leg
        sites.append((leg or None, match["muscle"]))  # type: ignore[arg-type]
    line.take_all(r"\bleg\b")
    if len(sites) == 2 and ((sites[0][0] is None) != (sites[1][0] is None)):
        (leg1, muscle1), (leg2, muscle2) = sites
        if (muscle1 is None) != (muscle2 is None):  # "calf, left"
            sites = [(leg1 or leg2, muscle1 or muscle2)]
    told.sites = tuple(sites)


def _take_activity(line: Line, told: Told) -> None:
    for pattern, activity in _ACTIVITY:
        match = line.take(pattern)
        if match and told.activity is None:
            told.activity = activity
        elif match:
            line.keep(match)


def _check_rest(line: Line, told: Told, report: Problems) -> None:
    """Refuse what must not be passed over: a date or a "not" that was not understood, a line with nothing in it."""
    rest = " ".join(line.rest())
    if match := re.search(r"(?<!\w)\d+(?:/\d+|st\b|nd\b|rd\b|th\b)", rest):
        fix = "write the date as year-month-day, such as 2026-11-20"
        report("unclear_date", "error", f"“{match[0]}” may be a date", "the night cannot be told", fix)
    turned = re.search(
        rf"(?:\b(?:no|not|never|without|nicht)|n't) +[{APART}]", line.text
    )  # it denies a word that was used
    if match := re.search(r"(?i)\b(?:no|not|never|without|nicht|\w+n't)\b", rest):
        why, fix = "it may turn the meaning round", "say it in other words"
        known = told.cramp_named or told.count is not None or told.none or told.sites
        level: ProblemLevel = "warning" if known and not turned else "error"
        report("unclear_negation", level, f"“{match[0]}” was not understood", why, fix)
