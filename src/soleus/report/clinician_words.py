"""Words of the report for a clinician that stand for codes, and numbers in a language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import exp

from soleus.core.assessment import Probability, Step
from soleus.core.message import Message, say
from soleus.core.record import zone_of
from soleus.report.clinician import Spread
from soleus.report.language import Language

URGENCY: dict[str, Message] = {
    "emergency": say("now, as an emergency"),
    "same_day": say("today"),
    "soon": say("within two weeks"),
    "routine": say("at an ordinary visit"),
    "self_care": say("nothing is urgent"),
}
ANATOMY: dict[str, Message] = {
    "calf": say("calf"),
    "foot": say("foot"),
    "toes": say("toes"),
    "shin": say("shin"),
    "thigh": say("thigh"),
    "hamstring": say("back of the thigh"),
    "other": say("elsewhere"),
    "left": say("left"),
    "right": say("right"),
    "both": say("both"),
}
ACTIVITY: dict[str, Message] = {
    "asleep": say("asleep"),
    "in_bed": say("awake in bed"),
    "resting": say("resting"),
    "standing": say("standing"),
    "walking": say("walking"),
    "exercising": say("exercising"),
    "after_exercise": say("after exercise"),
}
RELIEF: dict[str, Message] = {
    "stretching": say("stretching"),
    "walking": say("walking"),
    "massage": say("massage"),
    "heat": say("heat"),
    "cold": say("cold"),
    "standing": say("standing up"),
    "standing_up": say("standing up"),
    "nothing": say("nothing"),
}
POSTURE: dict[str, Message] = {"lying": say("lying"), "sitting": say("sitting"), "standing": say("standing")}
VERDICT: dict[str, Message] = {
    "real change": say("real change"),
    "within noise": say("within noise"),
    "too few readings": say("too few readings"),
    "more cramps": say("more cramps with it (an association, not a cause)"),
    "fewer cramps": say("fewer cramps with it (an association, not a cause)"),
    "no association seen": say("no association seen"),
    "can't tell yet": say("can't tell yet"),
}
BURDEN: dict[str, Message] = {
    "question": say("Ask"),
    "examination": say("Examine"),
    "blood_test": say("Blood test"),
    "imaging": say("Imaging"),
    "specialist": say("Specialist"),
}
HALVES: dict[str, Message] = {
    "more": say("The later half of the period had more cramps than the earlier half."),
    "fewer": say("The later half of the period had fewer cramps than the earlier half."),
    "can't tell": say("Whether the later half differs from the earlier half can't be told from noise."),
}
SEX: dict[str, Message] = {"female": say("Woman"), "male": say("Man")}


def named(words: dict[str, Message], code: str, language: Language) -> str:
    """Return the words of a code in a language; a person's own word as it is."""
    return language.tell(words[code]) if code in words else code.replace("_", " ")


def percent(p: float, language: Language) -> str:
    r"""Return a probability as people read it.

    Examples
    --------
    >>> from soleus.report.language import load_language
    >>> percent(0.4567, load_language("en")), percent(0.0312, load_language("de"))
    ('46\xa0%', '3,1\xa0%')
    """
    if p < 0.001:
        return language.say("under 0.1 %").replace(" %", "\u00a0%")  # number and sign stay on one line
    if p > 0.999:
        return language.say("over 99.9 %").replace(" %", "\u00a0%")
    return f"{language.number(100 * p, '.1f' if p < 0.1 or p > 0.95 else '.0f')}\u00a0%"


def between(p: Probability, language: Language) -> str:
    """Return the interval of a probability, such as "31 % to 60 %"."""
    low, high = percent(p.low, language), percent(p.high, language)
    return low if low == high else language.say("{low} to {high}", low=low, high=high)


def moment(at: datetime, language: Language, *, clock: bool = True, year: bool = True) -> str:
    """Return a moment as people read it: "26 November 2026, 03:10"."""
    words = language.day(at.date()) if year else short_day(at.date(), language)
    return f"{words}, {language.clock(at)}" if clock else words


def local(at: datetime, zone: str) -> datetime:
    """Return a moment by the clock of the place where the person was."""
    return at.astimezone(zone_of(zone))


def short_day(day: date, language: Language) -> str:
    """Return day and month, short."""
    return language.day(day, "d. MMM" if language.code == "de" else "d MMM")


def value(number: float | None, language: Language, spec: str = ".4g") -> str:
    """Return a number, "" when there is none."""
    return "" if number is None else language.number(number, spec)


def minutes(seconds: float, language: Language) -> str:
    """Return how long something lasted, in seconds up to a minute and a half, else in minutes.

    Examples
    --------
    >>> from soleus.report.language import load_language
    >>> minutes(45, load_language("en")), minutes(150, load_language("de"))
    ('45 s', '2,5 min')
    """
    if seconds <= 90:
        return f"{language.number(seconds, '.0f')} s"
    return f"{language.number(seconds / 60, '.2g' if seconds < 6000 else '.0f')} min"


def clock(hours_from_noon: float) -> str:
    """Return a time of day from hours after noon.

    Examples
    --------
    >>> clock(15.5), clock(11.999)
    ('03:30', '00:00')
    """
    total = round((hours_from_noon + 12) * 60) % (24 * 60)
    return f"{total // 60:02d}:{total % 60:02d}"


def spread(told: Spread, said: Sequence[str], language: Language) -> str:
    """Return the middle of what was told and the middle half (``said`` in that order); of a few only the middle."""
    middle, low, high = said
    if told.n < 4 or low == high:  # choice: fewer than four values have no middle half worth telling
        return language.say("{middle} (told {n} times)", middle=middle, n=told.n) if told.n > 1 else middle
    return language.say("{middle}, mostly {low} to {high}", middle=middle, low=low, high=high)


def step_words(step: Step, language: Language) -> str:
    """Return what was known, with its state."""
    label = language.tell(step.label)
    if step.state == "absent":
        return language.say("no: {finding}", finding=label)
    return language.say("measured: {finding}", finding=label) if step.state == "measured" else label


def limits(low: float | None, high: float | None, language: Language) -> str:
    """Return the limits of a laboratory.

    Examples
    --------
    >>> from soleus.report.language import load_language
    >>> limits(2.2, 2.6, load_language("en")), limits(None, 5, load_language("en"))
    ('2.2 to 2.6', 'up to 5')
    """
    if low is not None and high is not None:
        return language.say("{low} to {high}", low=value(low, language), high=value(high, language))
    if low is not None:
        return language.say("from {low}", low=value(low, language))
    return language.say("up to {high}", high=value(high, language)) if high is not None else ""


def odds(log_odds: float, language: Language) -> str:
    """Return by how much a step multiplies or divides the odds.

    Examples
    --------
    >>> from soleus.report.language import load_language
    >>> odds(2.5, load_language("en")), odds(-0.3, load_language("de"))
    ('× 12', '÷ 1,3')
    """
    factor = min(exp(abs(log_odds)), 999999)
    words = language.number(float(f"{factor:.2g}"), "g")
    return f"× {words}" if log_odds >= 0 else f"÷ {words}"
