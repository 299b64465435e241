"""Whether a person's cramps go with a circumstance they follow: exercise, standing, alcohol, a medicine.

Most diaries that look for triggers find some by chance. Here nothing is shown before there are nights enough, and the
whole family of factors together raises a false alarm in at most one person in twenty. What is found is an association.

The scatter that chance alone makes is taken from the person's own record: the counts are shifted in time against the
factors, around the end of the diary back to its beginning, so that good and bad stretches of the cramps and the habits
in the factors stay as they are and only what ties them together is broken. A factor is flagged when it stands out from
the largest of all factors in 96 % of the shifts.

Source: circular shifts as permutations of a stationary series (Politis & Romano 1992); largest statistic of a family
(Westfall & Young 1993).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np

from soleus.core.message import Message, say, say_all
from soleus.core.record import Factor, NightCount
from soleus.monitoring.factor_series import FactorSeries, FloatArray, NotYet, factor_series
from soleus.monitoring.overdispersion import night_grid

FEWEST_NIGHTS = 28  # choice: four weeks hold each weekday four times, and allow the 25 shifts that 4 % takes
FALSE_ALARM = 0.05  # choice: one person in twenty may be shown anything that is chance, over all their factors together
AIMED_AT = (
    0.04  # choice: shifting keeps the rate only nearly (a diary has ends, habits drift), so a little less is aimed at
)
MOST_SHIFTS = 1999  # choice: more would not move the probability by more than 0.005
SAME = 1e-9  # scores nearer than this are equal but for rounding
SEEN_POWER = 0.842  # normal quantile of 0.8: an association of this size is seen four times in five

NOT_A_CAUSE = say(
    "An association is not a cause: something else may come with the circumstance, "
    "or the first signs of a cramp may change what a person does."
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One factor that the data can bear to be looked at.

    ``ratio``, ``low``, ``high``: cramps a night with the factor over those without it; the interval holds for all
    factors looked at together. ``probability``: how often chance alone makes at least one factor of the family stand
    out this much. ``seen_from``: rate ratios, below and above 1, from which an association would have been seen four
    times in five.
    """

    name: str
    contrast: str
    nights_with: int
    nights_without: int
    per_night_with: float
    per_night_without: float
    ratio: float
    low: float
    high: float
    probability: float
    seen_from: tuple[float, float]
    verdict: Literal["more cramps", "fewer cramps", "no association seen"]

    @property
    def says(self) -> Message:
        """One plain sentence."""
        if self.verdict == "no association seen":
            return say(
                "{name}: no association seen. One that makes cramps {more:.1f} times as many, or "
                "{fewer:.1f} times, would probably have been seen.",
                name=self.name,
                more=self.seen_from[1],
                fewer=self.seen_from[0],
            )
        found: dict[str, object] = {
            "name": self.name,
            "contrast": self.contrast,
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
        }
        if self.verdict == "more cramps":
            seen = say(
                "{name}: more cramps on nights {contrast}, {ratio:.1f} times as many ({low:.1f} to {high:.1f}).",
                **found,
            )
        else:
            seen = say(
                "{name}: fewer cramps on nights {contrast}, {ratio:.1f} times as many ({low:.1f} to {high:.1f}).",
                **found,
            )
        return say_all([seen, NOT_A_CAUSE])


@dataclass(frozen=True, slots=True)
class TriggerReport:
    """The factors that can be judged, the strongest first, and those that can't yet with the reason."""

    shown: tuple[Trigger, ...]
    not_yet: tuple[NotYet, ...]
    nights_recorded: int
    shifts: int
    false_alarm: float
    caution: str = field(default_factory=lambda: NOT_A_CAUSE)  # a message can be no default of a described shape

    @property
    def flagged(self) -> tuple[Trigger, ...]:
        """The factors with an association."""
        return tuple(trigger for trigger in self.shown if trigger.verdict != "no association seen")


def look_for_triggers(night_counts: Sequence[NightCount], factors: Sequence[Factor], *, seed: int) -> TriggerReport:
    """Return which of the factors that a person follows go with more or fewer cramps.

    Assumes that cramps and factors have no common drift over the whole diary. A night on which a factor was not noted
    is unknown for that factor, not a night without it. Claims no cause.

    Parameters
    ----------
    night_counts : sequence of NightCount
        Recorded nights only, each once, in any order.
    factors : sequence of Factor
        In any order.
    seed : int
        Chooses the shifts when the diary is longer than 2,000 nights; the same seed gives the same answer.

    Raises
    ------
    ValueError
        One night twice, or a negative count.

    Examples
    --------
    >>> from datetime import datetime, timedelta, UTC
    >>> start, now = date(2026, 1, 1), datetime(2026, 6, 1, tzinfo=UTC)
    >>> counts, factors = [], []
    >>> for i in range(120):
    ...     night, stood = start + timedelta(days=i), i * i % 11 < 4
    ...     counts.append(NightCount(night_of=night, cramps=3 if stood else i % 2))
    ...     factors.append(Factor(id=str(i), recorded_at=now, zone="UTC", night_of=night, name="standing", value=stood))
    >>> [trigger.verdict for trigger in look_for_triggers(counts, factors, seed=1).shown]
    ['more cramps']
    """
    nights = [night.night_of for night in night_counts]
    first, last = (min(nights), max(nights)) if nights else (date.min, date.min)
    # whole weeks, the rest missing: so that a weekday stays one weekday when the end is shifted round to the beginning
    weeks = (last - first).days // 7 + 1
    grid = night_grid(night_counts, first, first + timedelta(days=7 * weeks - 1))
    recorded = int(np.isfinite(grid).sum())
    series, not_yet = factor_series(factors, grid, first)
    reason = None
    if recorded < FEWEST_NIGHTS:
        reason = say("{recorded} nights are recorded; it takes {needed}", recorded=recorded, needed=FEWEST_NIGHTS)
    elif not np.nansum(grid):
        reason = say("there was no cramp to go with anything")
    elif np.nanmin(grid) == np.nanmax(grid):
        reason = say("every recorded night had the same number of cramps")
    if reason or not series:
        waiting = (*not_yet, *(NotYet(s.name, reason) for s in series if reason))
        return TriggerReport((), tuple(sorted(waiting, key=_name)), recorded, 0, FALSE_ALARM)
    shifts = np.arange(1, len(grid))
    if len(shifts) > MOST_SHIFTS:
        shifts = np.sort(np.random.default_rng(seed).choice(shifts, MOST_SHIFTS, replace=False))
    shown = _judge(grid, series, shifts)
    return TriggerReport(shown, tuple(sorted(not_yet, key=_name)), recorded, len(shifts), FALSE_ALARM)


def _name(waiting: NotYet) -> str:
    return waiting.name


def _judge(grid: FloatArray, series: Sequence[FactorSeries], shifts: np.ndarray) -> tuple[Trigger, ...]:
    recorded = np.isfinite(grid)
    counts = np.where(recorded, grid, 0.0)
    rate = float(counts.sum() / recorded.sum())
    present = np.array([s.present for s in series])
    told = np.array([s.told for s in series])
    # one row a factor, one column a shift; column 0 is the diary as it is
    nights_with, nights_without = (_correlate(recorded.astype(float), part) for part in (present, told - present))
    cramps_with, cramps_without = (_correlate(counts, part) for part in (present, told - present))
    # half a cramp at the person's own rate on either side: a ratio exists without any cramp, and leans to no change
    log_ratio = np.log((cramps_with + 0.5) / (nights_with + 0.5 / rate)) - np.log(
        (cramps_without + 0.5) / (nights_without + 0.5 / rate)
    )
    chance = np.sqrt(1 / (cramps_with + 0.5) + 1 / (cramps_without + 0.5))  # Poisson error of the logarithm
    standing_out = log_ratio / chance
    # the diary as it is belongs to the shifts here too, or it would stand out from a mean it had no part in
    everything = standing_out[:, np.concatenate(([0], shifts))]
    center = everything.mean(axis=1, keepdims=True)
    scatter = np.maximum(everything.std(axis=1, keepdims=True), SAME)
    score = (standing_out - center) / scatter  # every factor in units of its own scatter under shifting
    largest = np.abs(score[:, shifts]).max(axis=0)
    allowed = int(AIMED_AT * (1 + len(shifts)))  # the diary as it is counts as one of the shifts
    limit = float(np.sort(largest)[-allowed])
    found = []
    for j, one in enumerate(series):
        own = float(score[j, 0])
        probability = float((1 + (largest >= abs(own) - SAME).sum()) / (1 + len(shifts)))
        error = float(chance[j, 0] * scatter[j, 0])
        middle = own * error  # the logarithm of the ratio, less what the half cramps make of it by themselves
        verdict: Literal["more cramps", "fewer cramps", "no association seen"] = "no association seen"
        if abs(own) > limit + SAME:  # then, and only then, the interval leaves out 1
            verdict = "more cramps" if own > 0 else "fewer cramps"
        reach = (limit + SEEN_POWER) * error
        found.append(
            Trigger(
                name=one.name,
                contrast=one.contrast,
                nights_with=round(float(nights_with[j, 0])),
                nights_without=round(float(nights_without[j, 0])),
                per_night_with=float(cramps_with[j, 0] / nights_with[j, 0]),
                per_night_without=float(cramps_without[j, 0] / nights_without[j, 0]),
                ratio=math.exp(middle),
                low=math.exp(middle - limit * error),
                high=math.exp(middle + limit * error),
                probability=probability,
                seen_from=(math.exp(-reach), math.exp(reach)),
                verdict=verdict,
            )
        )
    return tuple(sorted(found, key=lambda trigger: (trigger.probability, -abs(math.log(trigger.ratio)), trigger.name)))


def _correlate(series: FloatArray, factors: FloatArray) -> FloatArray:
    """Return for each factor and shift the sum over nights of the shifted series times the factor.

    Parameters
    ----------
    series : array, shape (nights,)
    factors : array, shape (factors, nights)

    Returns
    -------
    array, shape (factors, nights)
        Whole numbers: what the Fourier transform leaves behind the point is rounded off.
    """
    spectrum = np.fft.rfft(series)[None, :] * np.conj(np.fft.rfft(factors, axis=1))
    return np.maximum(np.round(np.fft.irfft(spectrum, n=len(series), axis=1)), 0.0)
