"""Turns of phrase that change what the words around them mean, made plain before the words are cut.

Whether a remedy worked, what is no longer so, what lies long in the past, what an illness is treated with, and who
has "the same". Nothing here knows a finding.
"""

from __future__ import annotations

import re

_END = r"(?=\s*(?:$|[,;.]|\band\b|\bbut\b))"
_GAIN = (
    r"(?:benefit|relief|effect|success|response|improvement|avail|result|use|good|luck|joy|difference|change"
    r"|resolution)"
)
_DEGREE = r"(?:(?:any|much|lasting|real|great|significant|sustained|clinical|apparent|obvious|further|symptomatic)\s+)*"
_FRUITLESS = re.compile(
    rf"[\s,]*\b(?:(?:was|were|is|are|proved|has been|have been)\s+)?(?:"
    rf"(?:with|to|of|had|has|gives?|gave|made|makes)?\s*(?:no|without|little|minimal|poor)\s+{_DEGREE}{_GAIN}"
    r"|ineffective(?:ly)?|unhelpful|useless|in vain|unavailing|fruitless|not effective|not helpful|not successful"
    r"|(?:has |have |had )?failed"
    r"|(?:do|does|did|has|have|had|would|will)(?:n't| not| never)\s+(?:really |much |actually )?"
    r"(?:help|helped|work|worked|relieve|relieved|do anything|done anything|do much|respond|responded)"
    r"(?:\s+(?:it|at all))?"
    rf")\b{_END}"
)
_WORKED = re.compile(r"\b(?:help|ease|reliev|better|works|relief|settle|improve)")


def without_outcome(text: str, *, relief: bool) -> str:
    """Put plain words in the place of a tail that says that something did not work.

    Parameters
    ----------
    text : str
        Cleaned text.
    relief : bool
        The field asks what gives relief: then the tail denies what stands before it. Elsewhere it is "not help", which
        denies no illness.

    Examples
    --------
    >>> without_outcome("stretching, without benefit", relief=True)
    'stretching none'
    >>> without_outcome("sciatica, physiotherapy ineffective", relief=False)
    'sciatica, physiotherapy not help'
    """
    found = _FRUITLESS.search(text)
    if found is None or not text[: found.start()].strip(" ,"):
        return text
    if not relief:
        return f"{text[: found.start()]} not help{text[found.end() :]}"
    before = text[: found.start()].rstrip(" ,")
    if not _WORKED.search(before) and " and " in before:  # "massage, heat and stretching without benefit"
        before = before.replace(",", " and ")
    return f"{before} none{text[found.end() :]}"


_NOW = re.compile(
    r"\b(?:now|nowadays|currently|these days|at present|of late|lately|recently|progress\w* to|increas\w* to)\b"
)
_THEN = re.compile(
    r"\b(?:used to be|was|were|had been|previously|formerly|initially|at first|originally|in the beginning"
    r"|(?:years?|months?|weeks?) ago)\b"
)
_TURN = re.compile(r"\s*(?:[,;]|\bbut\b|\band\b(?= now)|\bthen\b|(?=\bnow\b|\bprogressing to\b|\bincreasing to\b))\s*")


def last_state(text: str) -> str:
    """Keep of a state that has changed what holds now.

    Examples
    --------
    >>> last_state("used to be once a month, now every night")
    'now every night'
    >>> last_state("every night, was once a month")
    'every night'
    >>> last_state("every night, worse in winter")
    'every night, worse in winter'
    """
    clauses = [clause for clause in _TURN.split(text) if clause]
    if len(clauses) < 2:
        return text
    now = [clause for clause in clauses if _NOW.search(clause)]
    if now:
        return ", ".join(now)
    still = [clause for clause in clauses if not _THEN.search(clause)]
    return ", ".join(still) if still and len(still) < len(clauses) else text


_YOUNG = (
    r"(?:child|kid|lad|lass|boy|girl|schoolboy|schoolgirl|teen|teenager|youngster|baby|infant|toddler|youth|student"
    r"|young (?:child|boy|girl|man|woman|adult)|little (?:boy|girl)|small child|adolescent|nipper)"
)
_IN_YOUTH = re.compile(
    rf"\bas (?:a |an )?{_YOUNG}\b"
    rf"|\bwhen (?:i|he|she|they) (?:was|were) (?:a |about )?(?:{_YOUNG}|little|young|small|at school)\b"
    r"|\bin (?:my|his|her|their) (?:early |late )?(?:childhood|infancy|adolescence|youth|teens)\b"
)
_LONG_AGO = re.compile(
    r"\bin (?:(?:my|his|her|their|early|late) )*(?:twenties|thirties|forties)\b"
    # choice: a year up to 2019 lies years back whenever this is read; no clock is asked
    r"|\b(?:in|back in|from) (?:the )?(?:early |late )?(?:19\d\d|20[01]\d)(?:'?s)?\b|\((?:19\d\d|20[01]\d)\)"
    r"|\b(?:(?:many|some|several|a few|few|lots of|donkey's) )?(?:years|decades|ages|yonks) (?:ago|back|earlier)\b"
    r"|\blong ago\b|\ba long time ago\b|\bin (?:the )?distant past\b"
)
_AT_AGE = re.compile(r"\bat (?:age |the age of )?(?:[1-9]\d?)(?=\s*(?:$|[,;.)]))|\b(?:19\d\d|20[01]\d)$")
_STILL = re.compile(r"\b(?:since|until|till|began|begun|start\w*|first|onset|present|ongoing|persist\w*|continu\w*)\b")


def mark_long_ago(text: str, *, history: bool) -> str:
    """Put ``remotespan`` in the place of words for a time that lies years back.

    What began then may still be there, so a text that says "since" or "started" is left as it is. "At 17" and a bare
    year are ages and years in a history only.

    Examples
    --------
    >>> mark_long_ago("broken leg in 1989", history=True)
    'broken leg  remotespan '
    >>> mark_long_ago("broken leg as a lad", history=True)
    'broken leg in childhood'
    >>> mark_long_ago("cramps started in 1989", history=True)
    'cramps started in 1989'
    """
    if _STILL.search(text):
        return text
    text = _LONG_AGO.sub(" remotespan ", _IN_YOUTH.sub("in childhood", text))
    return _AT_AGE.sub(" remotespan ", text) if history else text


_TREATED = re.compile(
    r"[\s,]*\b((?:(?:well|poorly|previously|currently|being) )?"
    r"(?:treated|managed|controlled|medicated) (?:with|by|on)\b"
    r"|(?:under|on) treatment with\b|for which (?:he|she|they|i|was|is|now|takes|took)\b)"
)


def part_treatment(text: str) -> str:
    """Part an illness from what it is treated with.

    Examples
    --------
    >>> part_treatment("hypertension treated with bendroflumethiazide")
    'hypertension , treated with bendroflumethiazide'
    """
    return _TREATED.sub(r" , \1", text).removeprefix(" , ")


_LIKE = re.compile(r"\s*,\s*(?=(?:the )?(?:same as|just like|like|as (?:does|did|has|had)) (?:his|her|my|their|the)\b)")


def join_likeness(text: str) -> str:
    """Bring "the same as her mother" to the complaint that it is about.

    Examples
    --------
    >>> join_likeness("leg cramps, same as her mother")
    'leg cramps same as her mother'
    """
    return _LIKE.sub(" ", text)
