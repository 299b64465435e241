"""Numbers in a phrase: lengths of time, how often, how far, weeks of pregnancy.

The limits come from
``evidence/vocabulary/vital_signs.toml``; no limit is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from soleus.knowledge.vocabulary import BedsideLimit


class Regex:
    """A regular expression that is compiled when it is first used: importing stays cheap."""

    def __init__(self, source: str) -> None:
        self.source = source

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self.source)

    def search(self, text: str) -> re.Match[str] | None:
        """Give the first place where it fits."""
        return self.compiled.search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Give every place where it fits."""
        return self.compiled.finditer(text)

    def sub(self, put: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Put something in its place."""
        return self.compiled.sub(put, text)


# choice: unit conversions and the usual lengths of calendar units, not medical constants
SECONDS = {"second": 1.0, "sec": 1.0, "s": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0, "hr": 3600.0, "h": 3600.0}
DAYS = {
    "day": 1.0,
    "night": 1.0,
    "week": 7.0,
    "wk": 7.0,
    "fortnight": 14.0,
    "month": 30.44,
    "mo": 30.44,
    "year": 365.25,
    "yr": 365.25,
    "decade": 3652.5,
}
_NUMBER_WORDS = {
    "a couple of": 2,
    "a couple": 2,
    "couple of": 2,
    "a few": 3,
    "few": 3,
    "several": 4,
    "half an": 0.5,
    "half a": 0.5,
    "one and a half": 1.5,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fourteen": 14,
    "fifteen": 15,
    "eighteen": 18,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
    "dozen": 12,
    "many": 5,
    "an": 1,
    "a": 1,
}
_WORDS = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
NUMBER = rf"(?:\d+(?:\.\d+)?|{_WORDS})"
_TO = r"\s*(?:-|to|or|–)\s*"
RANGE = rf"(?P<low>{NUMBER})(?:{_TO}(?P<high>{NUMBER}))?\s*\+?"
_SHORT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|(?<![a-z])(?<![a-z]\s)[sh])"
_LONG = r"(?:days?|nights?|weeks?|wks?|fortnights?|months?|mos?|years?|yrs?|decades?)"
_TIME = Regex(rf"\b{RANGE}[\s-]*(?P<unit>{_SHORT}|{_LONG})\b")
_AGO = Regex(
    rf"\b(?:(?:about|around|approximately|almost|nearly|over|some|more than"
    rf"|at least)\s+)?{RANGE}[\s-]*(?P<unit>{_LONG}|hours?)"
    r"(?:'s?)?\s+(?P<when>ago|earlier|previously|prior|before|back|after|post[a-z]*)\b"
)
_AGE = Regex(
    r"\b(?:\d{1,3}\s*[- ]?(?:years?|yrs?|y)[\s-]*(?:old|of age)|\d{1,3}\s*(?:yo|y/o)\b|(?:aged?|at age"
    r"|at the age of|since age|"
    r"from age|since the age of|from the age of)\s+\d{1,3})"
)
_SINCE_AGE = Regex(r"\b(?:since|from|at|began at|onset at)(?: the)? age(?: of)?\s+(?P<age>\d{1,2})\b")


def number(text: str) -> float:
    """Give the value of a number in digits or words.

    Examples
    --------
    >>> number("3.5"), number("twenty"), number("a couple of")
    (3.5, 20.0, 2.0)
    """
    return float(_NUMBER_WORDS[text]) if text in _NUMBER_WORDS else float(text)


def beyond(value: float, limit: BedsideLimit) -> bool:
    """Say whether a reading lies on the limit's side."""
    if limit.side == "above":
        return value > limit.value
    if limit.side == "at_least":
        return value >= limit.value
    if limit.side == "below":
        return value < limit.value
    return value <= limit.value


def age_at_onset(text: str) -> float | None:
    """Give the age at which something began ("since age 12"), in years."""
    found = _SINCE_AGE.search(text)
    return float(found["age"]) if found else None


def place_times(text: str, limits: Mapping[str, BedsideLimit]) -> str:
    """Put plain words in the place of ages and lengths of time, so that they do not stand in a match's way.

    "three weeks ago" becomes ``recentspan``, "10 years ago" ``remotespan``, "for 2 years" ``timespan``, "72-year-old"
    ``agespan``.
    """
    text = _AGE.sub(" agespan ", text)
    if not _TIME.search(text) and not _AGO.search(text):
        return text
    recent = limits["recent_event"].value if "recent_event" in limits else 0.0

    def ago(m: re.Match[str]) -> str:
        unit = m["unit"].rstrip("s")
        days = number(m["high"] or m["low"]) * DAYS.get(unit, 1.0)
        after = " after " if m["when"].startswith(("after", "post")) else " "
        return (" recentspan " if days <= recent else " remotespan ") + (m["when"] if after != " " else "") + " "

    text = _AGO.sub(ago, text)
    return _TIME.sub(" timespan ", text).replace(" after  timespan ", " timespan ")


_SINCE_EVENT = Regex(
    rf"\b(?P<lead>(?:for|over|past|last|within)\s+(?:the\s+|about\s+)*)?(?:{RANGE}[\s-]*)?(?P<unit>{_SHORT}|{_LONG})"
    r"\s+(?P<when>after|following|post|into)\b(?=[\s-]*\w)"
)


def without_intervals(text: str) -> str:
    """Put ``timespan`` in the place of the time between another event and the onset.

    "Three days after the operation" says when it began, not how long ago.

    Examples
    --------
    >>> without_intervals("2 days after surgery"), without_intervals("for 2 days following surgery")
    ('timespan after surgery', 'for 2 days following surgery')
    """

    def put(m: re.Match[str]) -> str:
        return m.group(0) if m["lead"] else f"timespan {'into' if m['when'] == 'into' else 'after'}"

    return _SINCE_EVENT.sub(put, text)


def spans(text: str) -> list[tuple[float, float, str, str]]:
    """List the lengths of time in a text: low, high (seconds for short units, days for long), kind, words.

    Examples
    --------
    >>> spans("60 seconds, for 2 years")
    [(60.0, 60.0, 'short', '60 seconds'), (730.5, 730.5, 'long', '2 years')]
    """
    out = []
    for m in _TIME.finditer(text):
        unit = m["unit"] if m["unit"] in ("s", "h") else m["unit"].rstrip("s")
        low, high = number(m["low"]), number(m["high"] or m["low"])
        scale, kind = (SECONDS[unit], "short") if unit in SECONDS else (DAYS[unit], "long")
        out.append((low * scale, high * scale, kind, m.group(0).strip()))
    return out


_EVERY = Regex(
    rf"\bevery (?:single\s+)?(?:(?P<n>{NUMBER}|other|second|third|few)\s*(?:-\s*{NUMBER}|to\s+{NUMBER})?\s*)?"
    rf"(?P<unit>hours?|days?|nights?|weeks?|months?|evenings?|mornings?|years?)\b"
)
_PER = Regex(
    rf"\b(?P<low>{NUMBER}|once|twice|thrice|multiple|numerous)(?:{_TO}(?P<high>{NUMBER}|twice))?\s*(?:x|times?"
    rf"|episodes?|cramps?|attacks?|spasms?|nights?|days?|bouts?)?"
    r"\s*(?:a|an|per|each|every|/|in a|out of|of the|this)\s*(?P<unit>hour|day|night|week|wk|month|fortnight"
    r"|year|evening)s?\b"
    rf"|\b(?P<low2>{NUMBER}|once|twice|multiple|several|many)(?:{_TO}(?P<high2>{NUMBER}|twice))?\s*(?:x"
    rf"|times?)?\s*(?P<unit2>daily|nightly|weekly|monthly|hourly|yearly)\b"
    r"|\b(?P<unit3>daily|nightly|weekly|monthly|fortnightly|hourly|yearly|annually)\b"
)
_UNIT_DAYS = {
    "hour": 1 / 24,
    "day": 1.0,
    "night": 1.0,
    "evening": 1.0,
    "morning": 1.0,
    "week": 7.0,
    "wk": 7.0,
    "fortnight": 14.0,
    "month": 30.44,
    "year": 365.25,
    "daily": 1.0,
    "nightly": 1.0,
    "weekly": 7.0,
    "fortnightly": 14.0,
    "monthly": 30.44,
    "hourly": 1 / 24,
    "yearly": 365.25,
    "annually": 365.25,
}
_COUNT = {"once": 1.0, "twice": 2.0, "thrice": 3.0, "multiple": 4.0, "numerous": 5.0}


def _count(text: str) -> float:
    return _COUNT[text] if text in _COUNT else number(text)


def times_per_day(text: str) -> tuple[float, str] | None:
    """Give how often something happens, in times a day, and the words that say so.

    Examples
    --------
    >>> times_per_day("10-15 per day"), times_per_day("3 times a week")[0] * 7, times_per_day("often")
    ((12.5, '10-15 per day'), 3.0, None)
    """
    every = _EVERY.search(text)
    if every:
        n = every["n"]
        gap = 1.0 if n is None else {"other": 2.0, "second": 2.0, "third": 3.0, "few": 3.0}.get(n) or number(n)
        return 1.0 / (gap * _UNIT_DAYS[every["unit"].rstrip("s")]), every.group(0)
    per = _PER.search(text)
    if per is None:
        return None
    low = per["low"] or per["low2"]
    high = per["high"] or per["high2"] or low
    count = 1.0 if low is None else (_count(low) + _count(high)) / 2
    return count / _UNIT_DAYS[per["unit"] or per["unit2"] or per["unit3"]], per.group(0)


_DISTANCE = Regex(
    rf"\b\d+(?:\.\d+)?(?:{_TO}\d+(?:\.\d+)?)?[\s-]*m\b"  # "2 am" and "I am" hold no meters
    rf"|\b(?:{NUMBER}|one|half|quarter|1/2)(?:{_TO}{NUMBER})?\s*(?:an?\s+|of a\s+)?[\s-]*(?:met(?:er|re)s?"
    rf"|yards?|yds?|feet|ft|blocks?|miles?|km|kilomet(?:er|re)s?|steps|flights?(?: of stairs)?|houses|paces)\b"
    rf"|\b(?:{NUMBER})(?:{_TO}{NUMBER})?[\s-]*(?:minutes?|mins?)(?:'|s)?\s*(?:of\s+)?(?:walk(?:ing)?)\b"
    rf"|\bwalk(?:ing|s|ed)?\s+(?:for\s+)?(?:about\s+)?(?:{NUMBER})(?:{_TO}{NUMBER})?[\s-]*(?:minutes?|mins?)\b"
    r"|\b(?:same|fixed|constant|certain|set|short|reproducible|particular|predictable)\s+(?:walking\s+)?distances?\b"
)


_LENGTH_OF_EXERCISE = Regex(
    rf"\b(?:{NUMBER})[\s-]*(?:kms?|kilomet(?:er|re)s?|miles?|k|m|met(?:er|re)s?)\s+"
    r"(?=(?:fun |trail |charity |training )?(?:runs?|races?|hikes?|march|ride|swim|treks?|jog|sprints?)\b)"
)


def without_lengths_of_exercise(text: str) -> str:
    """Leave out how far a run or a hike went: "after a 10 km run" is after a run.

    Examples
    --------
    >>> without_lengths_of_exercise("sore after 10 km run")
    'sore after run'
    """
    return _LENGTH_OF_EXERCISE.sub("", text)


_NOT_WALKED = Regex(
    r"\b(?:sw[iu]m\w*|cycl\w*|bik(?:e|ing)\w*|rowing|rowed|marathons?|triathlons?|ironman|rac(?:e|es|ing)|mph|kph"
    r"|driv\w*|drove|fl(?:y|ying|ights?)|travel\w*|journeys?)\b"
    r"|\bkm ?/ ?h\b|\b(?:km|miles?) (?:an|per) hour\b"
)


def walking_distance(text: str) -> tuple[str, str] | None:
    """Give the words that name a distance walked, and the text without them.

    A distance swum, cycled or raced and a speed are none.

    Examples
    --------
    >>> walking_distance("after 200 m")[0], walking_distance("woke at 2 am"), walking_distance("last 10 km of a race")
    ('200 m', None, None)
    """
    found = None if _NOT_WALKED.search(text) else _DISTANCE.search(text)
    if found is None:
        return None
    return found.group(0), f"{text[: found.start()]} walking {text[found.end() :]}"


_WEEKS = Regex(
    rf"\b(?P<w>\d{{1,2}})(?:st|nd|rd|th)?(?:\s*\+\s*(?P<d>[0-6])|\s*(?:\d/7))?(?:\s*-\s*\d{{1,2}})?[\s-]*(?:weeks?|wks?|w)\b"
    rf"|\b(?P<words>{_WORDS})\s+weeks?\b"
)
_GESTATION = Regex(
    r"\b(?:pregnan\w*|gestation\w*|gravid\w*|trimester|antenatal|expecting|g\d\s*p\d|primigravida|multigravida"
    r"|primip\w*|"
    r"multip\w*|fetus|foetus|amenorrh\w*|ga|(?:weeks?|wks?) gone)\b"
)
_AFTER_BIRTH = Regex(
    r"\b(?:postpartum|post-partum|post partum|postnatal|post-natal|puerper\w*|postnatally)\b(?! (?:depression"
    r"|psychosis|blues|thyroiditis))|\bafter (?:the )?(?:birth|delivery|childbirth|giving birth|having (?:my|her"
    r"|a|the) baby|c-?section|cesarean|caesarean)\b"
    r"|\b(?:delivered|gave birth|had (?:a|my|her) baby|c-?section|cesarean"
    r"|caesarean(?: section)?)\b(?=.*\b(?:ago|last|yesterday|recent|days|weeks)\b)"
    r"|\brecent(?:ly)? (?:delivered|delivery|gave birth|childbirth|cesarean|caesarean|given birth)\b"
    r"|\bpost[- ]?c-?section\b"
)
_TRIMESTER = Regex(
    r"\b(?P<t>first|1st|second|2nd|third|3rd|last|late|early|mid)[\s-]*trimester\b"
    r"|\b(?P<part>late|early|mid)[\s-]*pregnancy\b"  # "first pregnancy" counts children, not months
    r"|\b(?P<term>term primi\w*|term multi\w*|(?:primi|multi)\w* at term|pregnan\w* at term)\b"
)
# choice: the middle week of each trimester, from the definition of the trimesters (to week 13, 27 and birth)
_TRIMESTER_WEEK = {
    "first": 8.0,
    "1st": 8.0,
    "second": 20.0,
    "2nd": 20.0,
    "third": 33.0,
    "3rd": 33.0,
    "last": 33.0,
    "late": 33.0,
    "early": 8.0,
    "mid": 20.0,
}
_TERM_WEEK = 39.0  # choice: the definition of full term, 39 to 40 weeks
_MONTHS = Regex(
    r"\b(?P<m>\d{1,2})(?:st|nd|rd|th)?[\s-]*months?[\s-]*(?:pregnan\w*|gestation|gravid|of pregnancy)"
    r"|\b(?P<o>\d)(?:st|nd|rd|th)\s+month\b(?= of| pregnan)"
    r"|\b(?P<ordinal>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\s+month\b"
    r"(?= of (?:her |the |my )?preg| preg)"
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def pregnancy_weeks(text: str) -> float | None:
    """Give the weeks of pregnancy that a phrase tells, or None.

    Weeks count from the last period; a trimester gives its middle week. Weeks after a birth give None.

    Parameters
    ----------
    text : str

    Returns
    -------
    float or None

    Examples
    --------
    >>> pregnancy_weeks("G3P2 at 37 weeks"), pregnancy_weeks("third trimester"), pregnancy_weeks("2 weeks postpartum")
    (37.0, 33.0, None)
    >>> pregnancy_weeks("term primigravida in labour"), pregnancy_weeks("since her second pregnancy")
    (39.0, None)
    """
    text = text[:500].lower()
    if after_birth(text):
        return None
    told = _GESTATION.search(text)
    weeks = _WEEKS.search(text)
    bare = weeks is not None and re.fullmatch(
        r"[\s(]*(?:at |about |approximately )?[\s)]*", text.replace(weeks.group(0), "")
    )
    if weeks is not None and (told or bare):
        value = number(weeks["w"] or weeks["words"]) + float(weeks["d"] or 0) / 7
        return value if 1 <= value <= 45 else None
    month = _MONTHS.search(text)
    if month is not None:
        counted = month["m"] or month["o"] or _ORDINALS.index(month["ordinal"]) + 1
        value = float(counted) * 4.345
        return value if value <= 45 else None
    trimester = _TRIMESTER.search(text)
    if trimester is None:
        return None
    return _TERM_WEEK if trimester["term"] else _TRIMESTER_WEEK[trimester["t"] or trimester["part"]]


def after_birth(text: str) -> str:
    """Give the words that say a birth was lately, or an empty string.

    Examples
    --------
    >>> after_birth("delivered 3 weeks ago"), after_birth("delivered two boxes")
    ('delivered', '')
    """
    found = _AFTER_BIRTH.search(text.lower())
    return found.group(0) if found else ""
