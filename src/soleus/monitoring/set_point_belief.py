"""What is believed about one person's set point, before and after readings: a mixture of two normal distributions.

Most people are like the population that CVG describes. A few have a set point that a disease has moved; for them the
belief is wide, so that readings far from everyone else's are not drawn back to normal. On a logarithmic scale where set
points vary by ratios. Both parts are normal, as are the readings, so everything has a closed form.

Source: normal-normal updating with known variances (any text on Bayesian statistics); CVG, CVI, CVA and how far disease
reaches come from the evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from soleus.core.case import Person
from soleus.knowledge.schema import AgedClaim, Quantity
from soleus.monitoring.variation import log_sd, normal_cdf

DISEASE_SHARE = 0.02  # choice: as `disease_share` in the policy of the evidence, for callers that do not pass it on
NARROWEST_WIDE = 3.0  # choice: in someone with a disease the set point scatters at least three times as much


@dataclass(frozen=True, slots=True)
class Part:
    """One normal part of a belief, on the working scale; ``moved`` is the part of people whom a disease has moved."""

    weight: float
    mean: float
    sd: float
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Belief:
    """A mixture of normal distributions of one person's set point.

    ``log_scale`` tells that the parts are of the logarithm. The methods take and return values in the canonical unit.
    """

    parts: tuple[Part, ...]
    log_scale: bool

    def to_scale(self, value: float) -> float:
        """Return a value on the working scale."""
        if not self.log_scale:
            return value
        return math.log(value) if value > 0 else -math.inf

    def from_scale(self, point: float) -> float:
        """Return a point of the working scale in the canonical unit."""
        return math.exp(point) if self.log_scale else point

    def middle(self) -> float:
        """Return the mean; where the scale is logarithmic, the geometric one."""
        return self.from_scale(sum(part.weight * part.mean for part in self.parts))

    def below(self, value: float) -> float:
        """Return the probability that the set point is below a value."""
        return min(self._below_point(self.to_scale(value)), 1.0)  # the weights may sum to one and a rounding

    def moved(self) -> float:
        """Return the probability that the set point is one that a disease has moved."""
        return sum(part.weight for part in self.parts if part.moved)

    def quantile(self, probability: float) -> float:
        """Return the value below which the set point lies with a probability."""
        low = min(part.mean - 10 * part.sd for part in self.parts)
        high = max(part.mean + 10 * part.sd for part in self.parts)
        for _ in range(60):
            point = (low + high) / 2
            if self._below_point(point) < probability:
                low = point
            else:
                high = point
        return self.from_scale((low + high) / 2)

    def widen(self, sd: float) -> Belief:
        """Return the belief about the next reading: the set point and the scatter of a reading around it."""
        parts = tuple(Part(part.weight, part.mean, math.hypot(part.sd, sd), part.moved) for part in self.parts)
        return Belief(parts, self.log_scale)

    def learn(self, points: Sequence[float], sds: Sequence[float]) -> Belief:
        """Return the belief after readings.

        Parameters
        ----------
        points : sequence of float
            The readings on the working scale.
        sds : sequence of float
            How far each scatters around the set point.
        """
        precision = sum(1 / sd**2 for sd in sds)
        if precision == 0:
            return self
        mean = sum(point / sd**2 for point, sd in zip(points, sds, strict=True)) / precision
        fits, parts = [], []
        for part in self.parts:
            spread = math.hypot(part.sd, precision**-0.5)
            fits.append(math.log(part.weight) - 0.5 * ((mean - part.mean) / spread) ** 2 - math.log(spread))
            own = part.sd**-2
            center = (own * part.mean + precision * mean) / (own + precision)
            parts.append(Part(0.0, center, (own + precision) ** -0.5, part.moved))
        weights = [max(math.exp(fit - max(fits)), 1e-300) for fit in fits]
        return Belief(
            tuple(replace(part, weight=w / sum(weights)) for part, w in zip(parts, weights, strict=True)),
            self.log_scale,
        )

    def _below_point(self, point: float) -> float:
        return sum(part.weight * normal_cdf((point - part.mean) / part.sd) for part in self.parts)


def population_belief(quantity: Quantity, person: Person, disease_share: float = DISEASE_SHARE) -> Belief:
    """Return what is believed about the set point of a person of whom nothing has been measured.

    Parameters
    ----------
    quantity : Quantity
    person : Person
        Sex, age and pregnancy move the mean where the evidence has a reference interval for them.
    disease_share : float
        Share of people whose set point a disease has moved; 0 makes the belief one normal distribution.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> calcium = load_evidence().quantities["calcium"]
    >>> belief = population_belief(calcium, Person())
    >>> round(belief.middle(), 2), round(belief.below(2.2), 3)
    (2.37, 0.015)
    """
    log_scale = quantity.distribution == "lognormal"
    mean = population_mean(quantity, person)
    if log_scale:
        sd = log_sd(quantity.between_person_cv.value)
        center = math.log(mean) - sd**2 / 2
    else:
        sd, center = quantity.between_person_cv.value / 100 * mean, mean
    if not disease_share:
        return Belief((Part(1.0, center, sd),), log_scale)
    wide = max([NARROWEST_WIDE * sd, *(abs(reach - center) for reach in _disease_reaches(quantity, log_scale))])
    return Belief((Part(1 - disease_share, center, sd), Part(disease_share, center, wide, moved=True)), log_scale)


def noise_sd(quantity: Quantity, level: float, analytical_cv: float | None = None) -> float:
    """Return how far one reading scatters around a set point at this level, on the working scale.

    Parameters
    ----------
    quantity : Quantity
    level : float
        In the canonical unit; matters only where the scale is not logarithmic.
    analytical_cv : float, optional
        Percent, of the method that was used; else that of the evidence.
    """
    cva = quantity.analytical_cv.value if analytical_cv is None else analytical_cv
    cvi = quantity.within_person_cv.value
    if quantity.distribution == "lognormal":
        return log_sd(cvi, cva)
    return math.hypot(cvi, cva) / 100 * max(level, quantity.plausible[0], 1e-9)


def population_mean(quantity: Quantity, person: Person) -> float:
    """Return the mean of people of this sex, age and pregnancy, where the evidence has reference intervals for them.

    The mean of all adults is moved by the ratio of the middles of the two intervals.
    """
    mean = quantity.population_mean.value
    fitting = [(count, row) for row in quantity.reference if (count := _restrictions_met(row, person)) > 0]
    general = [row for row in quantity.reference if _restrictions(row) == []]
    if not general:  # intervals for women and for men only: the mean of the evidence is of both together
        general = [row for row in quantity.reference if _restrictions(row) == ["sex"]]
    if not fitting or not general:
        return mean
    row = max(fitting, key=lambda item: item[0])[1]
    usual = math.exp(sum(math.log(_middle(quantity, item)) for item in general) / len(general))
    return mean * _middle(quantity, row) / usual


def _restrictions(row: AgedClaim) -> list[str]:
    return [name for name in row.when.__struct_fields__ if getattr(row.when, name) is not None]


def _restrictions_met(row: AgedClaim, person: Person) -> int:
    """Return how many restrictions a row has, 0 when the person does not meet one of them."""
    names = _restrictions(row)
    for name in names:
        wanted, told = getattr(row.when, name), getattr(person, name)
        if told is None or (not wanted[0] <= told < wanted[1] if isinstance(wanted, tuple) else wanted != told):
            return 0
    return len(names)


def _middle(quantity: Quantity, row: AgedClaim) -> float:
    low, high = row.range
    return math.sqrt(low * high) if quantity.distribution == "lognormal" and low > 0 else (low + high) / 2


def _disease_reaches(quantity: Quantity, log_scale: bool) -> list[float]:
    """Return how far beyond each limit disease typically moves a set point, on the working scale."""
    reaches = []
    for level in quantity.levels:
        distance = level.spread.value if level.spread else 0.1 * level.limit.value
        reach = level.limit.value + (distance if level.side == "above" else -distance)
        reach = max(reach, quantity.plausible[0], 0.05 * level.limit.value)
        if reach > 0:
            reaches.append(math.log(reach) if log_scale else reach)
    return reaches
