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


_HARMLESS = re.compile(
    r"[\s,]*\b(?:(?:is|are|was|were)\s+)?(?:"
    r"(?:without|with no|causes? no|gives? no|no)\s+(?:any\s+)?"
    r"(?:problems?|difficult(?:y|ies)|trouble|symptoms?|complaints?|pains?|cramps?|issues?|discomfort)"
    r"|(?:well|easily) tolerated|tolerated well|pain-?\s?free|fine|no problem"
    rf"){_END}"
)
_NO_TROUBLE = re.compile(r"^no (?:problems?|difficult(?:y|ies)|trouble|issues?)\s+(?:with|on|in|when|while|during)?\s*")


def without_harm(text: str) -> str:
    """Put plain words in the place of a tail that says that a trigger brings nothing on.

    Examples
    --------
    >>> without_harm("climbing stairs without any difficulty"), without_harm("no trouble with swimming")
    ('climbing stairs none', 'no swimming')
    """
    found = _HARMLESS.search(text)
    if found is not None and text[: found.start()].strip(" ,"):
        return f"{text[: found.start()]} none{text[found.end() :]}"
    return _NO_TROUBLE.sub("no ", text)


_HOW_OFTEN = re.compile(
    r"\b(?:occasionally|sometimes|often|frequently|rarely|usually|mostly|always|intermittently|seldom)\s+"
    r"(?=(?:accompanied|associated|followed|preceded|relieved|helped|eased|radiat\w+|spreading|visible|palpable|with"
    r"|worse\w*|triggered|provoked|brought on|precipitated|aggravated)\b)"
)


def without_how_often(text: str) -> str:
    """Leave out how often a circumstance comes: it is not how often the complaint does.

    Examples
    --------
    >>> without_how_often("spasms, occasionally followed by soreness")
    'spasms, followed by soreness'
    """
    return _HOW_OFTEN.sub("", text)


_OVER = re.compile(
    r"\b(?:(?:has |have |had |was |were |since |now |fully |completely |entirely |long since |made an? )*"
    r"(?:recovered(?! from)|(?:full|complete|total|good|spontaneous) recovery|(?:fully|completely) recovered|healed"
    r"|cured|(?:now |fully |completely |since |(?<=[,;] ))resolved|in (?:full |complete |lasting )?remission"
    r"|(?:not|none|never) since|not (?:now|any ?more|any longer)"
    r"|(?:not|none|never)(?: \w+)? (?:again|afterwards|thereafter)"
    r"|no (?:relapse|recurrence)s?))"
    r"(?:\s+(?:in|by|since|after|within|for|with)\b[\w\s-]{0,30})?(?:\s+(?:19|20)\d\d)?\s*(?=$|[;.)])"
)
_NOT_OVER = re.compile(
    r"\b(?:not|never|n't|incomplete\w*|partial\w*|partly|slow\w*|un|yet|hardly|poor\w*|only|until)\s+(?:\w+\s+)?$"
)
_COMES_AND_GOES = re.compile(
    r"\b(?:attacks?|episod\w+|spells?|bouts?|each|every|between|transient\w*|hours?|minutes?|seconds)\b"
)
_AGAIN = re.compile(r"\b(?:but|now again|relaps\w+|recurr(?:ed|ing)|came back|returned|back again)\b")


def is_over(text: str) -> bool:
    """Say whether a phrase ends with words that what it tells has passed.

    Examples
    --------
    >>> is_over("hepatitis at 20, full recovery"), is_over("never fully recovered"), is_over("ulcer healed 2009")
    (True, False, True)
    """
    if _COMES_AND_GOES.search(text):
        return False
    for found in _OVER.finditer(text):
        starts = found.start()
        if text[:starts].strip(" ,;") and not _NOT_OVER.search(text[:starts]):
            return not _AGAIN.search(text[found.end() :])
    return False


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


_EXPECTED = re.compile(
    r"(?:(?:both|all|the|right|left|bilateral|deep|tendon|knee|ankle|achilles|patellar|lower limb|leg|foot|feet|pedal"
    r"|distal|peripheral|popliteal|femoral|posterior tibial|dorsalis pedis|and|or|light|joint position)[\s,]+)*"
    r"(?:reflex(?:es)?|jerks?|pulses?|pulsations?|vibration(?: sense| sensation)?|sensation|proprioception)"
    r"(?:\s+(?:on|at|in|of|over|below|to)\b[\w\s]*)?"
)


def name_the_missing(text: str) -> str | None:
    """Call absent what every healthy person has: "ankle jerks" in a list of absent things means lost ankle jerks.

    Examples
    --------
    >>> name_the_missing("knee and ankle jerks"), name_the_missing("brisk reflexes")
    ('absent knee and ankle jerks', None)
    """
    return f"absent {text}" if _EXPECTED.fullmatch(text) else None


_ORGAN = r"(?:renal|kidney|liver|hepatic|thyroid|heart|cardiac|lung|muscle|nerve|spinal|neurological|vascular|bowel)"
_ORGANS = re.compile(
    rf"\b(?P<one>{_ORGAN})(?P<join>\s*,\s*|\s+(?:or|and|nor)\s+|\s*/\s*)"
    rf"(?={_ORGAN}(?:(?:\s*,\s*|\s+(?:or|and|nor)\s+|\s*/\s*){_ORGAN})*\s+(?P<noun>disease|failure|disorders?|trouble)\b)"
)


_TESTED = re.compile(
    r"\b(?:checked|tested|screened|investigated|examined)(?: out)? for (?P<what>[\w\s-]{3,40}?)"
    r"\s*[,;:]?\s*(?:but |and )?"
    r"(?:(?:it |that |this |test )?(?:was|were|is|all|came back|came out|tests?|results?) )*"
    r"(?:negative|clear|normal|fine|not found|ruled out|excluded)(?=\s*(?:$|[,;.]))"
)


def deny_what_was_excluded(text: str) -> str:
    """Say plainly that what was looked for was not there.

    Examples
    --------
    >>> deny_what_was_excluded("checked for gout, came back negative")
    'no gout'
    """
    return _TESTED.sub(r"no \g<what>", text)


def spell_out_organs(text: str) -> str:
    """Give each organ of a list the illness that they share.

    Examples
    --------
    >>> spell_out_organs("no renal or liver disease")
    'no renal disease or liver disease'
    """
    return _ORGANS.sub(lambda m: f"{m['one']} {m['noun']}{m['join']}", text)


_LIKE = re.compile(r"\s*,\s*(?=(?:the )?(?:same as|just like|like|as (?:does|did|has|had)) (?:his|her|my|their|the)\b)")


def join_likeness(text: str) -> str:
    """Bring "the same as her mother" to the complaint that it is about.

    Examples
    --------
    >>> join_likeness("leg cramps, same as her mother")
    'leg cramps same as her mother'
    """
    return _LIKE.sub(" ", text)
