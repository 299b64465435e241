"""What the report for a clinician is made from: plain values, already reckoned elsewhere. Computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from soleus.core.assessment import Assessment
from soleus.core.case import Case, Person
from soleus.core.record import Episode, Factor, Night, Sample
from soleus.report.diary_view import NightCell


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle (median) of what was told, the range of the middle half, and how many values stand behind it."""

    middle: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was told, of how many cramps that told of it at all."""

    name: str
    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Cramps per week with the 95 % interval; all None when no night was recorded.

    ``enough`` is False when so few nights were recorded that the interval is mostly that of people in general.
    """

    per_week: float | None
    low: float | None
    high: float | None
    enough: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the cramps of the period are like; None or empty where nothing was told.

    Parameters
    ----------
    started_h : Spread, optional
        Hours from noon to the start: 15.5 is 03:30.
    duration_s, pain : Spread, optional
        Seconds; 0 to 10.
    muscles, legs, relieved_by : tuple of Tally
        The most frequent first.
    woke, sore : Tally, optional
    """

    started_h: Spread | None
    duration_s: Spread | None
    pain: Spread | None
    muscles: tuple[Tally, ...]
    legs: tuple[Tally, ...]
    woke: Tally | None
    sore: Tally | None
    relieved_by: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class SleepLost:
    """Hours slept less on nights with cramps, with the 95 % interval."""

    hours: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """Repeated measurements of one quantity, in one unit.

    Parameters
    ----------
    latest_at : datetime
        By the person's clock; only its day counts when ``clock_known`` is False.
    level_low, level_high : float, optional
        95 % interval of the person's own level; None when the variation of the quantity is not known.
    limit_low, limit_high : float, optional
        The limits of the laboratory, of the latest reading that has them.
    verdict : str
        Of the latest reading or of the whole series; "" when it cannot be told.
    lines : tuple of str
        What the readings say, in sentences.
    """

    label: str
    unit: str
    readings: int
    latest: float
    latest_at: datetime
    clock_known: bool
    level_low: float | None
    level_high: float | None
    limit_low: float | None
    limit_high: float | None
    verdict: Literal["real change", "within noise", "too few readings", ""]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A circumstance or remedy that the person follows: on how many nights noted, with it on how many, what is seen."""

    name: str
    noted: int
    with_it: int
    says: str


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of the bibliography."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class ClinicianReport:
    """Everything that the report for a clinician shows.

    Parameters
    ----------
    made_at : datetime
        By the person's clock.
    first, last : date
        The period; both nights included.
    question : str
        The person's own words; "" leaves room for a pen.
    marks : tuple of NightCell
        Every night of the period, in order.
    late : tuple of date
        Recorded nights that were filled in late.
    change : str
        What the later half of the period shows against the earlier, "" when that can't be told.
    assessment : Assessment, optional
        None when nothing is known that it could be made from.
    not_known : tuple of str
        Labels of what was asked and answered "don't know".
    found : tuple of (str, bool)
        Labels of what was answered in the interview, present or absent.
    shown : tuple of str
        What the diary shows of the findings, in words.
    tried : tuple of Tried
        The associations first.
    """

    made_at: datetime
    zone: str
    first: date
    last: date
    question: str
    person: Person
    case: Case
    marks: tuple[NightCell, ...]
    late: tuple[date, ...]
    rate: Rate
    change: str
    pattern: Pattern
    sleep_lost: SleepLost | None
    assessment: Assessment | None
    series: tuple[Series, ...]
    tried: tuple[Tried, ...]
    not_known: tuple[str, ...]
    found: tuple[tuple[str, bool], ...]
    shown: tuple[str, ...]
    episodes: tuple[Episode, ...]
    nights: tuple[Night, ...]
    factors: tuple[Factor, ...]
    samples: tuple[Sample, ...]
    sources: tuple[Source, ...]
    software: str
    evidence: str
