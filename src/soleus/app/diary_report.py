"""The diary in numbers and pictures: from what is stored to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from soleus.core.record import Episode, Factor, Night, NightCount
from soleus.knowledge.schema import Evidence
from soleus.monitoring.clock_profile import ClockProfile, profile
from soleus.monitoring.comparison import Comparison, compare_with_people
from soleus.monitoring.cramp_change import RateChange, change_over_time
from soleus.monitoring.cramp_rate import CrampRate, weekly_rate
from soleus.monitoring.triggers import TriggerReport, look_for_triggers
from soleus.report.diary_view import HourBin, NightCell, WeekBar

YOUNGEST_ASKED = 16  # the survey behind the comparison asked nobody younger
SEED = 20261126  # choice: any fixed number; the same diary gives the same answer


@dataclass(frozen=True, slots=True)
class DiaryReport:
    """What `soleus diary show` shows. ``change`` and ``people`` are None when the nights do not bear them."""

    rate: CrampRate
    nights: tuple[NightCell, ...]
    weeks: tuple[WeekBar, ...]
    hours: tuple[HourBin, ...]
    clock: ClockProfile
    change: RateChange | None
    people: Comparison | None
    triggers: TriggerReport


def report_diary(
    counts: Sequence[NightCount],
    episodes: Sequence[Episode],
    nights: Sequence[Night],
    factors: Sequence[Factor],
    first: date,
    last: date,
    *,
    evidence: Evidence,
    age: float | None = None,
    sex: Literal["female", "male"] | None = None,
) -> DiaryReport:
    """Return the numbers and pictures of a stretch of a diary.

    Parameters
    ----------
    counts : sequence of NightCount
        Recorded nights.
    episodes, nights, factors : sequences
    first, last : date
        The stretch, both nights included.
    evidence : Evidence
    age, sex : optional
        For the comparison with people; unknown, all are taken.
    """
    within = [count for count in counts if first <= count.night_of <= last]
    rate = weekly_rate(within, first, last, evidence=evidence, episodes=episodes, nights=nights)
    told = [*nights, *episodes]
    zone = max(told, key=lambda entry: entry.recorded_at).zone if told else "UTC"
    clock = profile(episodes, within, zone, first=first, last=last)
    half = first + (last - first + timedelta(days=1)) // 2
    recorded = [count.night_of for count in within]
    halves = bool(recorded) and min(recorded) < half <= max(recorded)
    return DiaryReport(
        rate=rate,
        nights=_cells(within, first, last),
        weeks=_weeks(within, first, last, evidence),
        hours=tuple(HourBin(hour, cramps) for hour, cramps in enumerate(clock.cramps)),
        clock=clock,
        change=change_over_time(within, evidence=evidence, split=half) if halves else None,
        people=None if age is not None and age < YOUNGEST_ASKED else compare_with_people(rate, age, sex, evidence),
        triggers=look_for_triggers(within, factors, seed=SEED),
    )


def _cells(counts: Sequence[NightCount], first: date, last: date) -> tuple[NightCell, ...]:
    known = {count.night_of: count.cramps for count in counts}
    cells = []
    for i in range((last - first).days + 1):
        night = first + timedelta(days=i)
        cramps = known.get(night)
        state: Literal["count", "none", "missing"] = "missing" if cramps is None else "count" if cramps else "none"
        cells.append(NightCell(night, state, cramps))
    return tuple(cells)


def _weeks(counts: Sequence[NightCount], first: date, last: date, evidence: Evidence) -> tuple[WeekBar, ...]:
    """One bar a week from Monday to Sunday, cut at the ends of the stretch."""
    by_week: dict[date, list[NightCount]] = {}
    for count in counts:
        by_week.setdefault(count.night_of - timedelta(days=count.night_of.weekday()), []).append(count)
    monday = first - timedelta(days=first.weekday())
    bars = []
    while monday <= last:
        begin, end = max(monday, first), min(monday + timedelta(days=6), last)
        rate = weekly_rate(by_week.get(monday, []), begin, end, evidence=evidence)
        bars.append(WeekBar(monday, rate.per_week, rate.low, rate.high, rate.nights_recorded))
        monday += timedelta(days=7)
    return tuple(bars)
