"""Has anything changed? The latest reading, a trend and a step, told from noise at one stated false-alarm rate.

Three questions are asked of a series of readings of one person:

- the latest reading: is it further from where it is expected than noise allows? Expected is the person's own level
  after the earlier readings, which with one earlier reading is the regressed value of Jones 2024;
- a trend: a straight line by generalized least squares, with the known variance of a reading;
- a step: the largest difference between the means before and after any point in time.

Of people in whom nothing has changed, no more than the stated share is told of any change, all questions together: each
is asked at its part of it, a third when there are readings enough for all three (Bonferroni). That holds each time the
question is put, for people who vary as CVI says. Illness, other laboratories and other conditions of sampling (time of
day, posture) vary more, and readings of one day are less than as many of different days. It is a rate among people. In
the few whose steady level lies three standard deviations from the mean it is higher with two readings (one in seven for
calcium of 2.1 to 2.15 mmol/L), as the second is expected nearer to the mean; from four readings on it holds there too.

Source: jones2024, barnett2005, fraser1989; for the largest difference the improved Bonferroni inequality (Worsley 1982,
Biometrika 69:297-302).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Person
from soleus.core.message import say, say_all
from soleus.knowledge.schema import Quantity
from soleus.monitoring.set_point import scale_points, show_value
from soleus.monitoring.set_point_belief import DISEASE_SHARE, Belief, noise_sd, population_belief
from soleus.monitoring.variation import normal_cdf

FloatArray = NDArray[np.float64]
Verdict = Literal["real change", "within noise", "too few readings"]

FALSE_ALARM = 0.05  # choice: as usual; one person in twenty without any change is told of one
LEAST_FOR_TREND = 3  # choice: a line through two points is the difference of two readings, which is asked already
LEAST_FOR_STEP = 3  # choice: with two readings the step is the same difference again


@dataclass(frozen=True, slots=True)
class LatestReading:
    """Whether the latest reading is a real change from the earlier ones.

    ``low`` to ``high`` is where it is expected without a change, at the false-alarm rate of this question.
    """

    verdict: Verdict
    words: str
    value: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """Whether the readings rise or fall steadily.

    ``change`` is that of the line over the ``days`` from the first to the last reading, in the canonical unit, or in
    percent where the quantity varies by ratios (``in_percent``); ``low`` to ``high`` is its interval at the false-alarm
    rate of this question.
    """

    verdict: Verdict
    words: str
    change: float | None = None
    low: float | None = None
    high: float | None = None
    days: float | None = None
    in_percent: bool = False
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Whether the level moved once; ``first_after`` is the index, in time order, of the first reading after it."""

    verdict: Verdict
    words: str
    first_after: int | None = None
    before: float | None = None
    after: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a series of readings says about change.

    ``false_alarm`` is the rate for all statements together, ``each`` the rate at which each of the ``asked`` is judged.
    """

    latest: LatestReading
    trend: Trend
    step: Step
    false_alarm: float
    each: float
    asked: int
    words: str

    @property
    def is_real(self) -> bool:
        """Whether any of the three statements says so."""
        return "real change" in (self.latest.verdict, self.trend.verdict, self.step.verdict)


def assess_change(
    times: Sequence[datetime | float],
    values: Sequence[float],
    quantity: Quantity,
    *,
    false_alarm: float = FALSE_ALARM,
    person: Person | None = None,
    disease_share: float = DISEASE_SHARE,
) -> Change:
    """Return what the readings of one person say about change.

    Parameters
    ----------
    times : sequence of datetime or float
        When the readings were taken: aware times, or days from any start. In any order.
    values : sequence of float
        In the canonical unit, one for each time.
    quantity : Quantity
    false_alarm : float
        Probability that anything is called a real change in a person in whom nothing has changed; above 0 and below 1.
    person : Person, optional
        Moves the population as in `estimate_set_point`.
    disease_share : float
        As in `estimate_set_point`.

    Raises
    ------
    ValueError
        Times and values of different number, a reading or a rate that cannot be.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> calcium = load_evidence().quantities["calcium"]
    >>> change = assess_change([0, 30], [2.15, 2.32], calcium)
    >>> change.latest.verdict, change.step.verdict
    ('within noise', 'too few readings')
    >>> assess_change([0, 30, 60, 90], [2.38, 2.36, 2.12, 2.10], calcium).step.verdict
    'real change'
    """
    if len(times) != len(values):
        raise ValueError(f"{len(times)} times and {len(values)} readings: give one time for each reading")
    if not 0 < false_alarm < 1:
        raise ValueError(f"false-alarm rate {false_alarm} must be above 0 and below 1, such as 0.05")
    prior = population_belief(quantity, person or Person(), disease_share)
    days = _days(times)
    order = sorted(range(len(days)), key=lambda index: days[index])
    points = [scale_points(values, quantity, prior)[index] for index in order]
    days = [days[index] for index in order]
    # Which questions are asked depends only on how many readings there are, never on what they say.
    asked = 1 + (_can_show_trend(days)) + (len(points) >= LEAST_FOR_STEP)
    each = false_alarm / asked
    belief, sd = prior, noise_sd(quantity, prior.middle())
    for _ in range(2 if points else 0):  # the scatter of a reading depends on the level, so the level comes first
        belief = prior.learn(points, [sd] * len(points))
        sd = noise_sd(quantity, belief.middle())
    latest = _judge_latest(points, quantity, prior, sd, each)
    trend = _judge_trend(np.array(days), np.array(points), quantity, prior, sd, each)
    step = _judge_step(np.array(points), quantity, prior, sd, each)
    verdicts = (latest.verdict, trend.verdict, step.verdict)
    if "real change" in verdicts:
        overall = say("{quantity}: real change.", quantity=quantity.plain)
    elif len(points) < 2:
        overall = say("{quantity}: too few readings.", quantity=quantity.plain)
    else:
        overall = say("{quantity}: within noise.", quantity=quantity.plain)
    rates = say(
        "Of people in whom nothing changed, at most {false_alarm:g} % would be told of a change here "
        "(questions asked: {asked}, each at {each:.2g} %).",
        false_alarm=100 * false_alarm,
        asked=asked,
        each=100 * each,
    )
    words = say_all([overall, rates])
    return Change(latest=latest, trend=trend, step=step, false_alarm=false_alarm, each=each, asked=asked, words=words)


def _days(times: Sequence[datetime | float]) -> list[float]:
    days: list[float] = []
    for index, time in enumerate(times):
        if isinstance(time, datetime):
            if time.tzinfo is None:
                raise ValueError(f"time {index + 1}, {time.isoformat()}, has no zone: add Z or an offset")
            days.append(time.timestamp() / timedelta(days=1).total_seconds())
        elif math.isfinite(time):
            days.append(float(time))
        else:
            raise ValueError(f"time {index + 1} is {time}, no number. Give a date or a number of days")
    return days


def _can_show_trend(days: Sequence[float]) -> bool:
    return len(days) >= LEAST_FOR_TREND and days[0] < days[-1]


def _judge_latest(points: Sequence[float], quantity: Quantity, prior: Belief, sd: float, each: float) -> LatestReading:
    if len(points) < 2:
        words = say(
            "{quantity}: a change needs a second reading; there is {count}.", quantity=quantity.plain, count=len(points)
        )
        return LatestReading("too few readings", words)
    earlier = prior.learn(points[:-1], [sd] * (len(points) - 1))
    coming = earlier.widen(sd)
    value = prior.from_scale(points[-1])
    below = coming.below(value)
    p_value = min(1.0, 2 * min(below, 1 - below))
    low, high = coming.quantile(each / 2), coming.quantile(1 - each / 2)
    real = not low <= value <= high
    told: dict[str, object] = {
        "value": show_value(value, quantity.unit),
        "low": show_value(low),
        "high": show_value(high),
    }
    if value < low:
        words = say(
            "Real change: the latest reading, {value}, is below {low} to {high}, where it is expected after the "
            "earlier ones when nothing has changed.",
            **told,
        )
    elif value > high:
        words = say(
            "Real change: the latest reading, {value}, is above {low} to {high}, where it is expected after the "
            "earlier ones when nothing has changed.",
            **told,
        )
    else:
        words = say(
            "Within noise: the latest reading, {value}, is within {low} to {high}, where it is expected after the "
            "earlier ones when nothing has changed.",
            **told,
        )
    return LatestReading("real change" if real else "within noise", words, value, coming.middle(), low, high, p_value)


def _judge_trend(
    days: FloatArray, points: FloatArray, quantity: Quantity, prior: Belief, sd: float, each: float
) -> Trend:
    if not _can_show_trend(list(days)):
        few = say(
            "{quantity}: a trend needs {least} readings on different days.",
            quantity=quantity.plain,
            least=LEAST_FOR_TREND,
        )
        return Trend("too few readings", few)
    # All readings have the same known variance, so generalized least squares is the ordinary line with that variance.
    centered = (days - days.mean()) / (days[-1] - days[0])
    information = float((centered**2).sum())
    slope = float((centered * points).sum()) / information
    error = sd / math.sqrt(information)
    p_value = 2 * normal_cdf(-abs(slope) / error)
    reach = NormalDist().inv_cdf(1 - each / 2) * error
    moved, low, high = (_as_change(rise, prior.log_scale) for rise in (slope, slope - reach, slope + reach))
    real = p_value < each
    length = float(days[-1] - days[0])
    unit = "%" if prior.log_scale else quantity.unit
    told: dict[str, object] = {
        "rise": show_value(abs(moved), unit),
        "days": say("{days:.0f}", days=length) if length >= 10 else say("{days:.2g}", days=length),
        "low": show_value(low),
        "high": show_value(high, unit),
    }
    if real and slope > 0:
        words = say(
            "Real change: a line through the readings rises by {rise} in {days} days "
            "(change between {low} and {high}).",
            **told,
        )
    elif real:
        words = say(
            "Real change: a line through the readings falls by {rise} in {days} days "
            "(change between {low} and {high}).",
            **told,
        )
    elif slope > 0:
        words = say(
            "Within noise: a line through the readings rises by {rise} in {days} days "
            "(change between {low} and {high}); noise alone does that too.",
            **told,
        )
    else:
        words = say(
            "Within noise: a line through the readings falls by {rise} in {days} days "
            "(change between {low} and {high}); noise alone does that too.",
            **told,
        )
    verdict: Verdict = "real change" if real else "within noise"
    return Trend(verdict, words, moved, low, high, length, prior.log_scale, p_value)


def _as_change(rise: float, log_scale: bool) -> float:
    return 100 * math.expm1(min(rise, 50.0)) if log_scale else rise


def _judge_step(points: FloatArray, quantity: Quantity, prior: Belief, sd: float, each: float) -> Step:
    count = len(points)
    if count < LEAST_FOR_STEP:
        few = say("{quantity}: a step needs {least} readings.", quantity=quantity.plain, least=LEAST_FOR_STEP)
        return Step("too few readings", few)
    before = np.arange(1, count)
    sums = np.cumsum(points)[:-1]
    means, later = sums / before, (points.sum() - sums) / (count - before)
    heights = np.abs(later - means) / (sd * np.sqrt(1 / before + 1 / (count - before)))
    split = int(np.argmax(heights))
    p_value = largest_step_p_value(float(heights[split]), count)
    real = p_value < each
    old, new = prior.from_scale(float(means[split])), prior.from_scale(float(later[split]))
    told: dict[str, object] = {
        "before": show_value(old),
        "after": show_value(new, quantity.unit),
        "reading": split + 2,
    }
    if real:
        words = say("Real change: the largest step is from {before} to {after} at reading {reading}.", **told)
    else:
        words = say(
            "Within noise: the largest step is from {before} to {after} at reading {reading}; "
            "noise alone does that too.",
            **told,
        )
    return Step("real change" if real else "within noise", words, split + 1, old, new, p_value)


@lru_cache(maxsize=4096)
def largest_step_p_value(height: float, count: int) -> float:
    """Return how often the largest standardized step in readings without any change is at least so high.

    Every point at which the readings can be split is a chance to find a step, so the largest of them is high by chance.
    The answer is an upper bound, exact for two readings and close for small values, so it never raises the false-alarm
    rate.

    Parameters
    ----------
    height : float
        Largest difference of the means before and after a split, in its standard errors.
    count : int
        How many readings, at least 2.

    Notes
    -----
    P(some |z_k| > c) <= sum of P(|z_k| > c) - sum of P(|z_k| > c and |z_k+1| > c) over neighboring splits. The joint
    probabilities are exact (Owen's T function).

    Examples
    --------
    >>> round(largest_step_p_value(1.959964, 2), 4)
    0.05
    >>> round(largest_step_p_value(2.7, 8), 3)
    0.039
    """
    from scipy.special import owens_t  # type: ignore[import-untyped]  # here, because scipy takes long to import

    tail = normal_cdf(-height)
    first = np.arange(1, count - 1)
    alike = np.sqrt(first * (count - first - 1) / ((first + 1) * (count - first)))

    def both_above(correlation: FloatArray) -> FloatArray:
        joint: FloatArray = tail - 2 * owens_t(height, np.sqrt((1 - correlation) / (1 + correlation)))
        return joint

    joint = 2 * (both_above(alike) + both_above(-alike))
    return float(min(1.0, max(0.0, 2 * (count - 1) * tail - joint.sum())))
