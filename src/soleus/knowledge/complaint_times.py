"""Times told of the complaint: how long an attack and the illness last, how often attacks come, and since which age."""

from __future__ import annotations

import re

from soleus.core.message import say
from soleus.knowledge import numbers
from soleus.knowledge.lexicon import Lexicon
from soleus.knowledge.phrase_reading import Reading

_LASTS = re.compile(r"\b(?:last\w*|each|at a time|per (?:episode|attack|cramp)|episodes? of|up to|duration)\b")
_MORE = re.compile(r"(?:\b(?:more than|over|longer than|at least|greater than|exceeding)|>=?)\s*$")
_LESS = re.compile(r"(?:\b(?:less than|under|up to|within|at most|no more than|maximum)|<=?)\s*(?:about|a)?\s*$")
_AND_MORE = re.compile(r"\s*(?:or (?:even )?(?:more|longer|so or more)|and (?:more|longer)|plus\b|\+)")
_AFTERMATH = re.compile(r"[\s'-]*(?:after|following) (?:the|an?|each|every|it|them|my|his|her|cramps?|attacks?)\b")
_PACE = re.compile(
    r"\b(?:wors\w+|deteriorat\w+|increas\w+)(?: \w+)? (?:over|within|in|for|during)(?: the)?(?: last| past)?\s*$"
)
_PACE_FAST = re.compile(
    r"\b(?:wors\w+|deteriorat\w+|increas\w+|came on|comes on|developed|evolv\w+|built up|builds up|grew|spread)"
    r"(?: \w+)? (?:over|within|in)(?: about)?\s*$"
)


def add_limit(name: str, lexicon: Lexicon, reading: Reading, words: str, absent: bool) -> None:
    """Add the finding that a limit of the vocabulary stands for, when it is one of the evidence.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.knowledge.word_lists import build_word_lists
    >>> reading = Reading()
    >>> add_limit("one_side", build_word_lists(load_evidence()).words, reading, "left", False)
    >>> reading.matches
    [('one_sided', True, 'left')]
    """
    limit = lexicon.limits.get(name)
    if limit is not None and limit.finding in lexicon.policies:
        reading.matches.append((limit.finding, not absent, words.strip()))


def add_onset_age(text: str, lexicon: Lexicon, reading: Reading, absent: bool) -> None:
    """Add that the complaint began in youth, when the text gives the age at which it began."""
    age = numbers.age_at_onset(text)
    limit = lexicon.limits.get("youth")
    if age is not None and limit is not None and numbers.beyond(age, limit):
        reading.matches.append((limit.finding, not absent, say("since age {age:g}", age=age)))


def add_spans(text: str, lexicon: Lexicon, reading: Reading, absent: bool, *, bare: bool, onset: bool = False) -> None:
    """Add lengths of time: of an attack (seconds to hours) and of the illness (days to years).

    Parameters
    ----------
    text : str
    lexicon : Lexicon
    reading : Reading
        What is found is added here.
    absent : bool
        The phrase stands in a list of absent things.
    bare : bool
        The field asks for a length of time, so that it needs no word ("for", "lasting") beside it.
    onset : bool
        The field asks when the illness began.
    """
    limits = lexicon.limits
    for low, high, kind, words in numbers.spans(text):
        at = text.find(words)
        ahead, behind = text[max(0, at - 24) : at], text[at + len(words) :]
        lasting = bool(_LASTS.search(ahead))
        pace = _PACE_FAST if kind == "short" else _PACE
        if (onset and pace.search(text[:at])) or (not bare and _AFTERMATH.match(behind)):
            reading.noted.append(words)  # how fast it grew, or how long it was felt afterwards
            continue
        if kind == "short" and onset and not lasting:  # "six hours ago" is no length of an attack
            back = re.match(r"[\s'-]*(?:ago|earlier|before|prior|previously|back|history)\b", text[at + len(words) :])
            if back or high >= numbers.SECONDS["hour"]:
                add_limit("illness_days", lexicon, reading, words, absent)
            else:
                reading.noted.append(words)
        elif kind == "short":
            if not bare and not lasting and not re.search(r"\b(?:for|of)\s*(?:about|up to)?\s*$", ahead):
                continue
            if _MORE.search(ahead) or _AND_MORE.match(behind):
                low, high = low + 1, float("inf")
            elif _LESS.search(ahead):
                low = 0.0
            short, long = limits.get("attack_short"), limits.get("attack_long")
            if short is not None and numbers.beyond(high, short):
                reading.matches.append((short.finding, not absent, words))
            elif long is not None and low >= long.value and numbers.beyond(high, long):  # "10-15 minutes"
                reading.matches.append((long.finding, not absent, words))
            else:
                reading.noted.append(words)
        else:
            if (
                not bare
                and not re.search(r"\b(?:for|over|since|past|last|history of|x|during)\b", ahead)
                and not re.match(r"[\s'-]*(?:history|ago|duration)", text[at + len(words) :])
            ):
                continue
            if re.search(r"\b(?:lasts|lasting|each|at a time|per episode)\s*(?:for|up to|about)?\s*$", ahead):
                add_limit("attack_long", lexicon, reading, words, absent)
                continue
            for name in ("illness_days", "illness_weeks", "illness_months"):
                limit = limits.get(name)
                if limit is not None and numbers.beyond((low + high) / 2, limit):
                    reading.matches.append((limit.finding, not absent, words))
                    break


def add_frequency(text: str, lexicon: Lexicon, reading: Reading, absent: bool) -> str:
    """Add how often the complaint comes, and give the text with the place of it marked."""
    times = numbers.times_per_day(text)
    if times is None:
        return text
    rate, words = times
    marked = text.replace(words, " timespan ")
    many, daily, weekly = (lexicon.limits.get(n) for n in ("several_a_day", "every_day", "weekly"))
    if absent or re.search(r"\b(?:not|never|no longer|less than)\s+(?:\w+\s+)?$", text[: text.find(words)]):
        reading.noted.append(words)
        return marked
    if many is not None and numbers.beyond(rate, many):
        reading.matches.append((many.finding, True, words))
    counted = re.search(r"week|wk|fortnight|month|year", words)
    if counted and rate > 1 and weekly is not None:  # "10 cramps a week" may fall on three nights
        reading.matches.append((weekly.finding, True, words))
    elif daily is not None and numbers.beyond(rate, daily):
        reading.matches.append((daily.finding, True, words))
    elif weekly is not None:
        reading.matches.append((weekly.finding, numbers.beyond(rate, weekly), words))
    return marked
