"""Where a person's own level of a quantity lies, after some readings, and what one more would add.

One reading is not the level. It scatters around it, and a reading far from everyone else's is partly an accident. The
estimate therefore lies between the readings and the population, nearer to the readings the more there are.

Source: Fraser & Harris 1989 (fraser1989) for the components of variation, Barnett 2005 (barnett2005) for regression to
the mean; the estimate is Bayes' theorem in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from soleus.core.case import Person
from soleus.core.message import Message, say, say_all, say_count
from soleus.knowledge.schema import Quantity
from soleus.monitoring.set_point_belief import DISEASE_SHARE, Belief, noise_sd, population_belief

SETTLED = 0.95  # choice: a question is called settled when one answer has 95 %, as intervals in this project do
STEPS = 200  # choice: values of the next sample that are tried; the chance to settle is right to half a percent
WIDTH_STEPS = 20  # choice: the same for its width, which is smooth


@dataclass(frozen=True, slots=True)
class RepeatReading:
    """One reading in the canonical unit; ``analytical_cv`` in percent when that of the method used is known."""

    value: float
    analytical_cv: float | None = None


@dataclass(frozen=True, slots=True)
class NextSample:
    """What one more sample would add.

    ``width_now`` and ``width_then`` are the widths of the 95 % interval now and, on average, after it (canonical unit).
    ``settled`` tells whether the side of the limit is known with 95 % already, ``settles`` how probable it is that it
    will be known after one more.
    """

    limit: float
    width_now: float
    width_then: float
    settled: bool
    settles: float
    words: str


@dataclass(frozen=True, slots=True)
class SetPointEstimate:
    """A person's set point with its 95 % interval, in the canonical unit.

    ``mean`` is the geometric one where the quantity varies by ratios. ``readings_mean`` is that of the readings alone.
    ``unusual`` is the probability that the set point is not one of the population's, as in disease.
    """

    name: str
    unit: str
    count: int
    mean: float
    low: float
    high: float
    readings_mean: float | None
    unusual: float
    belief: Belief
    next_sd: float

    def probability_below(self, limit: float) -> float:
        """Return the probability that the set point lies below a limit (canonical unit)."""
        return self.belief.below(limit)

    def probability_above(self, limit: float) -> float:
        """Return the probability that the set point lies above a limit (canonical unit)."""
        return 1 - self.belief.below(limit)

    def next_sample(self, limit: float) -> NextSample:
        """Return what one more sample would add to the question on which side of a limit the set point lies.

        Parameters
        ----------
        limit : float
            Canonical unit.

        Raises
        ------
        ValueError
            A limit that is no number.
        """
        if not math.isfinite(limit):
            raise ValueError(f"{self.name}: limit {limit} is no number. Give it in {self.unit}")
        below = self.belief.below(limit)
        settled = self.count > 0 and max(below, 1 - below) >= SETTLED
        width_now = self.high - self.low
        settles = width_then = 0.0
        for weight, point in _likely_points(self.belief.widen(self.next_sd), STEPS):
            after = self.belief.learn([point], [self.next_sd]).below(limit)
            settles += weight * (max(after, 1 - after) >= SETTLED)
        for weight, point in _likely_points(self.belief.widen(self.next_sd), WIDTH_STEPS):
            then = self.belief.learn([point], [self.next_sd])
            width_then += weight * (then.quantile(0.975) - then.quantile(0.025))
        words = say_all([self._side_words(limit, below, settled), self._more_words(settled, settles, width_then)])
        return NextSample(
            limit=limit, width_now=width_now, width_then=width_then, settled=settled, settles=settles, words=words
        )

    def _side_words(self, limit: float, below: float, settled: bool) -> Message:
        told: dict[str, object] = {
            "name": self.name,
            "limit": show_value(limit, self.unit),
            "chance": _percent(max(below, 1 - below)),
        }
        if settled and below >= 0.5:
            return say("{name} is below {limit} ({chance}): settled, unless something changes.", **told)
        if settled:
            return say("{name} is above {limit} ({chance}): settled, unless something changes.", **told)
        if below >= 0.5:
            return say(
                "We can't tell yet on which side of {limit} the person's own level lies (below: {chance}).", **told
            )
        return say("We can't tell yet on which side of {limit} the person's own level lies (above: {chance}).", **told)

    def _more_words(self, settled: bool, settles: float, width_then: float) -> Message:
        told: dict[str, object] = {
            "now": self.high - self.low,
            "then": show_value(width_then, self.unit),
            "chance": _percent(settles),
        }
        if settled:
            return say(
                "One more sample would narrow the 95 % interval from {now:.2g} to about {then}; it would still be "
                "settled then with {chance}.",
                **told,
            )
        return say(
            "One more sample would settle it with {chance}, and narrow the 95 % interval from {now:.2g} to about "
            "{then}.",
            **told,
        )

    @property
    def words(self) -> Message:
        """What is known, in a sentence."""
        told: dict[str, object] = {
            "name": self.name,
            "middle": show_value(self.mean),
            "low": show_value(self.low),
            "high": show_value(self.high, self.unit),
        }
        if self.readings_mean is None:
            return say(
                "{name}: no reading yet, so we can't tell. 95 % of people like this have a level of {low} to {high}.",
                **told,
            )
        if abs(self.mean - self.readings_mean) <= 0.1 * (self.high - self.low):
            return say_count(
                "{name}: the person's own level is about {middle} ({low} to {high}, 95 %), from {n} reading.",
                "{name}: the person's own level is about {middle} ({low} to {high}, 95 %), from {n} readings.",
                self.count,
                **told,
            )
        return say_count(
            "{name}: the person's own level is about {middle} ({low} to {high}, 95 %), from {n} reading; {n} reading "
            "alone would say {alone}, part of which is taken for chance.",
            "{name}: the person's own level is about {middle} ({low} to {high}, 95 %), from {n} readings; {n} readings "
            "alone would say {alone}, part of which is taken for chance.",
            self.count,
            **told,
            alone=show_value(self.readings_mean),
        )


def estimate_set_point(
    readings: Sequence[RepeatReading | float],
    quantity: Quantity,
    person: Person,
    *,
    disease_share: float = DISEASE_SHARE,
) -> SetPointEstimate:
    """Return where a person's own level lies, drawn from the readings towards people like this one.

    It assumes that nothing has changed between the readings, that they were taken under like conditions (time of day,
    posture), on different days, and that the person varies as the people did whom CVI describes. It does not know of
    readings that were mixed up; `soleus.reasoning.set_point` allows for them. The interval holds 95 % among all people:
    for the few whose level lies three standard deviations from the mean, one or two readings are drawn too far towards
    it (of intervals for a calcium of 2.15 mmol/L, seven or eight in ten hold it; with eight readings, nine in ten).

    Parameters
    ----------
    readings : sequence of RepeatReading or float
        In the canonical unit; none is allowed and gives the population.
    quantity : Quantity
    person : Person
    disease_share : float
        Share of people whose set point a disease has moved. 0 makes the estimate the plain weighted mean of readings
        and population with weights n / (CVI^2 + CVA^2) and 1 / CVG^2, which draws a truly unusual person too far.

    Returns
    -------
    SetPointEstimate

    Raises
    ------
    ValueError
        A reading that is no number, or not positive where the quantity varies by ratios.

    Notes
    -----
    Where the scale is not logarithmic, a reading scatters by CV x set point. The set point in it is replaced by a first
    estimate, so that the closed form holds.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> calcium = load_evidence().quantities["calcium"]
    >>> one = estimate_set_point([2.15], calcium, Person())
    >>> round(one.mean, 2), round(one.low, 2), round(one.high, 2), round(one.probability_below(2.2), 2)
    (2.22, 2.12, 2.3, 0.32)
    >>> four = estimate_set_point([2.15, 2.33, 2.31, 2.35], calcium, Person())
    >>> round(four.mean, 2), round(four.probability_below(2.2), 3)
    (2.29, 0.0)
    """
    series = [reading if isinstance(reading, RepeatReading) else RepeatReading(reading) for reading in readings]
    prior = population_belief(quantity, person, disease_share)
    points = scale_points([reading.value for reading in series], quantity, prior)
    level = prior.middle()
    for reading in series:
        if reading.analytical_cv is not None and not 0 <= reading.analytical_cv < math.inf:
            raise ValueError(f"{quantity.label}: analytical variation {reading.analytical_cv} must be 0 % or more")
    belief = prior
    if series:
        for _ in range(2):  # once to know the level, once with the scatter that belongs to it
            sds = [noise_sd(quantity, level, reading.analytical_cv) for reading in series]
            belief = prior.learn(points, sds)
            level = belief.middle()
    plain = prior.from_scale(sum(points) / len(points)) if points else None
    return SetPointEstimate(
        name=quantity.plain,
        unit=quantity.unit,
        count=len(series),
        mean=belief.middle(),
        low=belief.quantile(0.025),
        high=belief.quantile(0.975),
        readings_mean=plain,
        unusual=belief.moved(),
        belief=belief,
        next_sd=noise_sd(quantity, level),
    )


def scale_points(values: Sequence[float], quantity: Quantity, belief: Belief) -> list[float]:
    """Return readings on the working scale of a belief.

    Raises
    ------
    ValueError
        A reading that is no number, or not positive where the quantity varies by ratios.
    """
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise ValueError(f"{quantity.label}: reading {index + 1} is {value}, no number. Leave it out or correct it")
        if belief.log_scale and value <= 0:
            raise ValueError(
                f"{quantity.label}: reading {index + 1} is {value:g} {quantity.unit}, which nobody can have. Correct "
                "it; a result below the measuring range is no reading"
            )
    return [belief.to_scale(value) for value in values]


def show_value(value: float, unit: str = "") -> Message:
    """Return a value with three figures, without an exponent for what laboratories report, and with its unit.

    Examples
    --------
    >>> [show_value(value) for value in (2.1499, 0.0123, 31.26, 1234.5)]
    ['2.15', '0.0123', '31.3', '1234']
    >>> show_value(2.1499, "mmol/L"), show_value(0.9, "1")
    ('2.15 mmol/L', '0.9')
    """
    size = abs(value)
    if 100 <= size < 1e7:
        number = say("{value:.0f}", value=value)
    else:
        number = say("{value:.1f}", value=value) if 10 <= size < 100 else say("{value:.3g}", value=value)
    return number if unit in ("", "1") else say("{number} {unit}", number=number, unit=unit)


def _likely_points(belief: Belief, steps: int) -> list[tuple[float, float]]:
    """Return points of equal probability within each part of a belief, with their weights."""
    standard = NormalDist()
    nodes = [standard.inv_cdf((step + 0.5) / steps) for step in range(steps)]
    return [(part.weight / steps, part.mean + part.sd * node) for part in belief.parts for node in nodes]


def _percent(probability: float) -> Message:
    shown = round(100 * probability)
    if shown < 1:
        return say("less than 1 %")
    return say("more than 99 %") if shown > 99 else say("{p} %", p=shown)
