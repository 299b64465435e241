"""Stretches of a diary that are looked at: four weeks, twelve, a year, or all of it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from soleus.app.diary_report import DiaryReport, report_diary
from soleus.diary import Diary
from soleus.knowledge.schema import Evidence

STRETCHES: dict[str, int | None] = {"4": 28, "12": 84, "52": 364, "all": None}  # days, by their weeks
LONGEST_DAYS = 366 * 20  # choice: twenty years of nights are still drawn within a second


def stretch_of(name: str, began: date, latest: date) -> tuple[date, date]:
    """Return the first and last night of a stretch that ends with the latest night and begins within the diary.

    Examples
    --------
    >>> stretch_of("4", date(2026, 1, 1), date(2026, 11, 25))
    (datetime.date(2026, 10, 29), datetime.date(2026, 11, 25))
    >>> stretch_of("52", date(2026, 11, 1), date(2026, 11, 25))[0]
    datetime.date(2026, 11, 1)
    """
    return max(began, days_back(latest, (STRETCHES[name] or LONGEST_DAYS) - 1)), latest


def days_back(day: date, days: int) -> date:
    """Return the day that lies so many days before another, or the first of the calendar."""
    return date.fromordinal(max(1, day.toordinal() - days))


def report_stretch(
    diary: Diary,
    first: date,
    last: date,
    *,
    evidence: Evidence,
    age: float | None = None,
    sex: Literal["female", "male"] | None = None,
) -> DiaryReport:
    """Return the numbers and pictures of the nights from first to last."""
    return report_diary(
        diary.night_counts(first, last),
        diary.episodes(first, last),
        diary.nights(first, last),
        diary.factors(first, last),
        first,
        last,
        evidence=evidence,
        age=age,
        sex=sex,
    )
