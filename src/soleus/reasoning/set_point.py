"""What repeated readings say about a person's set point: a measurement is evidence, not a fact.

A reading scatters around the person's own set point (within-person and analytical variation); set points scatter
between people. Readings therefore weigh "the set point is beyond the limit" against "it is not"; one value just
under a limit weighs little, three that agree weigh much.

Source: Fraser & Harris 1989 (components of variation); the weighing itself is Bayes' theorem by numerical integration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Person, Reading
from soleus.core.message import say
from soleus.knowledge.schema import Level, Quantity

FloatArray = NDArray[np.float64]
ADULT = 18  # years: the equation for eGFR was made in adults (inker2021)
LEAST_ALBUMIN = 30  # g/L: below it no correction of calcium is valid (smith2018)
SETS_AT_ONCE = 64  # choice: tables of 64 x 400 numbers stay in a core's cache
_BOUNDS = {"": 0, "<": -1, ">": 1}
GRID_POINTS = 400  # choice: a grid fine enough that doubling it moves a likelihood ratio by less than 0.1 %


@dataclass(frozen=True, slots=True)
class SetPoint:
    """What the readings of one quantity say.

    ``likelihood`` is (P(readings | not beyond the limit), P(readings | beyond it)), scaled so that the larger is 1.
    ``mean``, ``low``, ``high``: set point in the canonical unit with its 95 % interval.
    ``beyond``: P(set point beyond the limit) in the general population after the readings.
    """

    quantity: str
    finding: str
    likelihood: tuple[float, float]
    mean: float
    low: float
    high: float
    beyond: float
    readings: tuple[float, ...]


def weigh_readings(
    key: str, quantity: Quantity, readings: Sequence[Reading], blunder: float, disease: float
) -> list[SetPoint]:
    """Return one `SetPoint` for each side (below, above) on which the quantity has a limit.

    The limit is the laboratory's own where it was given and the evidence allows it. Of several limits on one side the
    most extreme one that the readings favor is used, else the nearest to normal, so that no reading counts twice.

    Parameters
    ----------
    key, quantity : str, Quantity
    readings : sequence of Reading
        In the canonical unit, at least one.
    blunder : float
        Probability that a reading is wrong altogether (mix-up, hemolysis): it keeps any one value from certainty.
    disease : float
        Share of people whose set point a disease has moved beyond a limit (for what is shown, not for the weights).

    Returns
    -------
    list of SetPoint
    """
    return weigh_sets(key, quantity, [readings], blunder, disease)[0]


def weigh_sets(
    key: str, quantity: Quantity, sets: Sequence[Sequence[Reading]], blunder: float, disease: float
) -> list[list[SetPoint]]:
    """Return what `weigh_readings` returns for each of many people's readings of one quantity.

    Parameters
    ----------
    key, quantity, blunder, disease
        As in `weigh_readings`.
    sets : sequence of sequence of Reading
        One person's readings each, at least one.

    Returns
    -------
    list of list of SetPoint
        In the order of `sets`; a set's answer does not depend on the others.
    """
    answers: list[list[SetPoint]] = []
    for first in range(0, len(sets), SETS_AT_ONCE):
        answers += _weigh_some(key, quantity, sets[first : first + SETS_AT_ONCE], blunder, disease)
    return answers


def _weigh_some(
    key: str, quantity: Quantity, sets: Sequence[Sequence[Reading]], blunder: float, disease: float
) -> list[list[SetPoint]]:
    """Weigh the readings of a few people; arrays have one row (U) for each."""
    log_scale = quantity.distribution == "lognormal"
    grid, healthy = _population(quantity, log_scale)
    read = _Sets.of(sets, log_scale)
    density = _reading_density(quantity, read, grid[None, :], log_scale, blunder)
    posterior = _with_disease(quantity, grid, healthy, disease, log_scale) * density
    posterior /= posterior.sum(axis=1, keepdims=True)
    mean, low, high = _summary(grid, posterior, log_scale)
    answers: list[list[SetPoint]] = [[] for _ in sets]
    for side in ("below", "above"):
        levels = [level for level in quantity.levels if level.side == side]
        if not levels:
            continue
        sign = -1.0 if side == "below" else 1.0
        limits = np.array([[_limit(quantity, level, readings) for level in levels] for readings in sets])
        likelihoods = np.empty((len(sets), len(levels), 2))
        beyond = np.empty((len(sets), len(levels)))
        for i, level in enumerate(levels):
            is_beyond = _is_beyond(grid[None, :], limits[:, [i]], side, log_scale)
            beyond[:, i] = np.where(is_beyond, posterior, 0.0).sum(axis=1)
            outside = _density_beyond(quantity, level, limits[:, i], read, log_scale, blunder)
            likelihoods[:, i] = _weigh(healthy, is_beyond, density, outside)
        order = np.argsort(sign * limits, axis=1, kind="stable")
        for row, readings in enumerate(sets):
            chosen = order[row, 0]
            for i in order[row]:
                # a more extreme limit is used only when the set point is more likely beyond it than not
                if beyond[row, i] > 0.5:
                    chosen = i
            answers[row].append(
                SetPoint(
                    quantity=key,
                    finding=levels[chosen].finding,
                    likelihood=(float(likelihoods[row, chosen, 0]), float(likelihoods[row, chosen, 1])),
                    mean=float(mean[row]),
                    low=float(low[row]),
                    high=float(high[row]),
                    beyond=float(beyond[row, chosen]),
                    readings=tuple(float(reading.value) for reading in readings),
                )
            )
    return answers


@dataclass(frozen=True, slots=True)
class _Sets:
    """Readings of U people, at most J each, on the working scale; those beyond a person's own number are not `given`.

    ``value``, ``given`` (U, J); ``bound`` (U, J): -1 a reading "below value", 1 "above value", 0 the value itself.
    """

    value: FloatArray
    given: NDArray[np.bool_]
    bound: NDArray[np.int8]

    @classmethod
    def of(cls, sets: Sequence[Sequence[Reading]], log_scale: bool) -> _Sets:
        most = max(len(readings) for readings in sets)
        value, given = np.zeros((len(sets), most)), np.zeros((len(sets), most), dtype=bool)
        bound = np.zeros((len(sets), most), dtype=np.int8)
        for row, readings in enumerate(sets):
            given[row, : len(readings)] = True
            value[row, : len(readings)] = [reading.value for reading in readings]
            bound[row, : len(readings)] = [_BOUNDS[reading.censored] for reading in readings]
        return cls(np.log(np.maximum(value, 1e-9)) if log_scale else value, given, bound)


def _limit(quantity: Quantity, level: Level, readings: Sequence[Reading]) -> float:
    """Return the laboratory's own limit when it was given and can be meant, else that of the evidence."""
    own = [r.low if level.side == "below" else r.high for r in readings]
    if level.laboratory_limit:
        for limit in own:
            if limit is not None and quantity.plausible[0] < limit < quantity.plausible[1]:
                return limit
    return level.limit.value


def _scale(quantity: Quantity, log_scale: bool) -> tuple[float, float]:
    """Between-person and within-person-plus-analytical SD on the working scale at the population mean."""
    between = quantity.between_person_cv.value / 100
    within = float(np.hypot(quantity.within_person_cv.value, quantity.analytical_cv.value)) / 100
    if log_scale:
        return float(np.sqrt(np.log1p(between**2))), float(np.sqrt(np.log1p(within**2)))
    return between * quantity.population_mean.value, within


def _population(quantity: Quantity, log_scale: bool) -> tuple[FloatArray, FloatArray]:
    low, high = quantity.plausible
    center = quantity.population_mean.value
    between, _ = _scale(quantity, log_scale)
    if log_scale:
        grid = np.linspace(np.log(max(low, center * 1e-4, 1e-9)), np.log(high), GRID_POINTS)
        middle = np.log(center) - between**2 / 2
    else:
        near = np.linspace(max(low, center - 8 * between), min(high, center + 8 * between), GRID_POINTS // 2)
        grid = np.unique(np.concatenate((np.linspace(low, high, GRID_POINTS // 2), near)))
        middle = center
    density = np.exp(-0.5 * ((grid - middle) / between) ** 2) + 1e-300
    prior = density * np.gradient(grid)
    return grid, prior / prior.sum()


def _with_disease(
    quantity: Quantity, grid: FloatArray, healthy: FloatArray, disease: float, log_scale: bool
) -> FloatArray:
    """Return the distribution of set points with a tail beyond each first limit, where disease has moved them."""
    prior = (1 - disease) * healthy
    for side in ("below", "above"):
        levels = [level for level in quantity.levels if level.side == side]
        if not levels:
            continue
        sign = -1.0 if side == "below" else 1.0
        level = min(levels, key=lambda level: sign * level.limit.value)
        limit = level.limit.value
        edge, reach = _edge_and_reach(level, limit, log_scale)
        distance = sign * (grid - edge)
        tail = np.where(distance > 0, np.exp(-np.maximum(distance, 0) / reach), 0.0) * np.gradient(grid)
        if tail.sum() > 0:
            prior = prior + disease / 2 * tail / tail.sum()
    return prior


def _edge_and_reach(level: Level, limit: float, log_scale: bool) -> tuple[float, float]:
    """Return a limit and the typical distance beyond it, on the working scale."""
    reach = level.spread.value if level.spread else 0.1 * limit
    if not log_scale:
        return limit, reach
    share = reach / max(limit, 1e-9)
    return float(np.log(max(limit, 1e-9))), float(
        np.log1p(share) if level.side == "above" else -np.log(max(1 - share, 0.05))
    )


def _reading_density(
    quantity: Quantity, read: _Sets, points: FloatArray, log_scale: bool, blunder: float
) -> FloatArray:
    """P(all readings | set point) at points (U or 1, G): each a normal around the set point or, rarely, a blunder."""
    _, within = _scale(quantity, log_scale)
    low, high = quantity.plausible
    width = np.log(high / max(low, 1e-9)) if log_scale else high - low
    sd: FloatArray = np.full_like(points, within) if log_scale else np.maximum(within * np.abs(points), 1e-9)
    peak = (1 - blunder) / (np.sqrt(2 * np.pi) * sd)
    total = np.ones((len(read.value), points.shape[1]))
    for j in range(read.value.shape[1]):
        distance = (read.value[:, [j]] - points) / sd
        density = peak * np.exp(-0.5 * distance**2)
        for bound in (-1, 1):
            rows = np.flatnonzero(read.bound[:, j] == bound)
            if len(rows):
                density[rows] = (1 - blunder) * _normal_cdf(-bound * distance[rows])
        density += blunder / width
        total *= np.where(read.given[:, [j]], density, 1.0)
    return total


def _normal_cdf(x: FloatArray) -> FloatArray:
    # Abramowitz & Stegun 26.2.17, absolute error below 7.5e-8: numpy has no erf and scipy is too heavy to import here.
    t = 1 / (1 + 0.2316419 * np.abs(x))
    tail = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi) * t
    tail = tail * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    cumulative: FloatArray = np.where(x >= 0, 1 - tail, tail)
    return cumulative


def _is_beyond(grid: FloatArray, limit: FloatArray, side: str, log_scale: bool) -> NDArray[np.bool_]:
    edge = np.log(np.maximum(limit, 1e-9)) if log_scale else limit
    return grid < edge if side == "below" else grid > edge


def _density_beyond(
    quantity: Quantity, level: Level, limits: FloatArray, read: _Sets, log_scale: bool, blunder: float
) -> FloatArray:
    """P(readings | set point beyond the limit), (U,): most patients are just beyond it, few far."""
    edges = np.array([_edge_and_reach(level, limit, log_scale) for limit in limits.tolist()])
    sign = -1.0 if level.side == "below" else 1.0
    steps = (np.arange(GRID_POINTS) + 0.5) / GRID_POINTS
    # quantiles of an exponential
    points = edges[:, [0]] + sign * (-np.log1p(-steps))[None, :] * edges[:, [1]]
    low, high = quantity.plausible
    bounds = (np.log(max(low, 1e-9)), np.log(high)) if log_scale else (low, high)
    mean: FloatArray = _reading_density(quantity, read, np.clip(points, *bounds), log_scale, blunder).mean(axis=1)
    return mean


def _weigh(prior: FloatArray, is_beyond: NDArray[np.bool_], density: FloatArray, outside: FloatArray) -> FloatArray:
    """P(readings | set point within the limit) and P(readings | beyond it), (U, 2), the larger scaled to 1."""
    within: FloatArray = np.where(is_beyond, 0.0, prior)
    inside = (within * density).sum(axis=1) / np.maximum(within.sum(axis=1), 1e-300)
    pair = np.stack([inside, outside], axis=1)
    top = pair.max(axis=1, keepdims=True)
    scaled: FloatArray = np.divide(pair, top, out=np.ones_like(pair), where=top > 0)
    return scaled


def _summary(grid: FloatArray, posterior: FloatArray, log_scale: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Median and 95 % interval of each row (U, G) of a posterior."""
    cumulative = np.cumsum(posterior, axis=1)
    points = np.array([np.interp([0.025, 0.5, 0.975], row, grid) for row in cumulative])
    low, middle, high = (np.exp(points) if log_scale else points).T
    return middle, low, high


def derive_readings(
    readings: Mapping[str, Sequence[Reading]], person: Person, state: Mapping[str, bool]
) -> tuple[dict[str, list[Reading]], list[str]]:
    """Return the readings with total calcium corrected for albumin and creatinine turned into eGFR where that is valid.

    Calcium is not corrected in pregnancy, with albumin below 30 g/L or in kidney disease: there no formula is valid and
    ionized calcium must settle it (smith2018, lian2018). The notes say what was done or left.
    """
    from soleus.knowledge.laboratory_formulas import albumin_adjusted_calcium, egfr_ckd_epi_2021

    result = {key: list(values) for key, values in readings.items()}
    notes: list[str] = []
    calcium, albumin = result.get("calcium"), result.get("albumin")
    if calcium and albumin and "calcium_adjusted" not in result:
        level = float(np.mean([r.value for r in albumin]))
        if person.pregnancy_month or level < LEAST_ALBUMIN or state.get("kidney_disease") or state.get("dialysis"):
            notes.append(
                say("total calcium was not corrected for albumin: no formula is valid here; ask for ionized calcium")
            )
        else:
            result["calcium_adjusted"] = [
                Reading(
                    quantity="calcium_adjusted",
                    value=albumin_adjusted_calcium(r.value, level),
                    words=say("{words}, corrected for albumin {level:g} g/L", words=r.words, level=level),
                )
                for r in calcium
            ]
            del result["calcium"]
            notes.append(say("total calcium was corrected for albumin"))
    creatinine = result.get("creatinine")
    if (
        creatinine
        and "egfr" not in result
        and person.age is not None
        and person.age >= ADULT
        and person.sex
        and not person.pregnancy_month
    ):
        result["egfr"] = [
            Reading(
                quantity="egfr",
                value=float(egfr_ckd_epi_2021(r.value, person.age, person.sex)),
                words=say("eGFR from {words}", words=r.words),
            )
            for r in creatinine
        ]
    return result, notes
