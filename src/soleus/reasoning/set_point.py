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
    log_scale = quantity.distribution == "lognormal"
    grid, healthy = _population(quantity, log_scale)
    values = np.array([reading.value for reading in readings], dtype=np.float64)
    density = _reading_density(quantity, readings, grid, log_scale, blunder)
    posterior = _with_disease(quantity, grid, healthy, disease, log_scale) * density
    posterior /= posterior.sum()
    mean, low, high = _summary(grid, posterior, log_scale)
    answers = []
    for side in ("below", "above"):
        levels = [level for level in quantity.levels if level.side == side]
        if not levels:
            continue
        sign = -1.0 if side == "below" else 1.0
        limits = [_limit(quantity, level, readings) for level in levels]
        order = sorted(range(len(levels)), key=lambda i: sign * limits[i])
        chosen = order[0]
        weights = {
            i: _weigh(quantity, levels[i], limits[i], grid, healthy, readings, log_scale, blunder) for i in order
        }
        for i in order:
            # a more extreme limit is used only when the set point is more likely beyond it than not
            if posterior[_is_beyond(grid, limits[i], side, log_scale)].sum() > 0.5:
                chosen = i
        beyond = float(posterior[_is_beyond(grid, limits[chosen], side, log_scale)].sum())
        answers.append(
            SetPoint(
                quantity=key,
                finding=levels[chosen].finding,
                likelihood=weights[chosen],
                mean=mean,
                low=low,
                high=high,
                beyond=beyond,
                readings=tuple(float(v) for v in values),
            )
        )
    return answers


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
    quantity: Quantity, readings: Sequence[Reading], grid: FloatArray, log_scale: bool, blunder: float
) -> FloatArray:
    """P(all readings | set point) on the grid, each a normal around the set point or, rarely, a blunder."""
    _, within = _scale(quantity, log_scale)
    low, high = quantity.plausible
    width = np.log(high / max(low, 1e-9)) if log_scale else high - low
    total = np.ones_like(grid)
    for reading in readings:
        value = np.log(max(reading.value, 1e-9)) if log_scale else reading.value
        sd = within if log_scale else np.maximum(within * np.abs(grid), 1e-9)
        distance = (value - grid) / sd
        if reading.censored == "<":
            density = _normal_cdf(distance)
        elif reading.censored == ">":
            density = _normal_cdf(-distance)
        else:
            density = np.exp(-0.5 * distance**2) / (np.sqrt(2 * np.pi) * sd)
        total = total * ((1 - blunder) * density + blunder / width)
    return total


def _normal_cdf(x: FloatArray) -> FloatArray:
    # Abramowitz & Stegun 26.2.17, absolute error below 7.5e-8: numpy has no erf and scipy is too heavy to import here.
    t = 1 / (1 + 0.2316419 * np.abs(x))
    tail = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi) * t
    tail = tail * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    cumulative: FloatArray = np.where(x >= 0, 1 - tail, tail)
    return cumulative


def _is_beyond(grid: FloatArray, limit: float, side: str, log_scale: bool) -> NDArray[np.bool_]:
    edge = np.log(max(limit, 1e-9)) if log_scale else limit
    return grid < edge if side == "below" else grid > edge


def _weigh(
    quantity: Quantity,
    level: Level,
    limit: float,
    grid: FloatArray,
    prior: FloatArray,
    readings: Sequence[Reading],
    log_scale: bool,
    blunder: float,
) -> tuple[float, float]:
    """P(readings | set point within the limit) and P(readings | beyond it), the larger scaled to 1."""
    beyond = _is_beyond(grid, limit, level.side, log_scale)
    within_prior = np.where(beyond, 0.0, prior)
    inside = float(
        (within_prior * _reading_density(quantity, readings, grid, log_scale, blunder)).sum()
        / max(within_prior.sum(), 1e-300)
    )
    edge, reach = _edge_and_reach(level, limit, log_scale)
    sign = -1.0 if level.side == "below" else 1.0
    steps = (np.arange(GRID_POINTS) + 0.5) / GRID_POINTS
    distance = (
        -np.log1p(-steps) * reach
    )  # quantiles of an exponential: most patients are just beyond the limit, few far
    points = edge + sign * distance
    low, high = quantity.plausible
    bounds = (np.log(max(low, 1e-9)), np.log(high)) if log_scale else (low, high)
    points = np.clip(points, *bounds)
    outside = float(_reading_density(quantity, readings, points, log_scale, blunder).mean())
    top = max(inside, outside)
    return (inside / top, outside / top) if top > 0 else (1.0, 1.0)


def _summary(grid: FloatArray, posterior: FloatArray, log_scale: bool) -> tuple[float, float, float]:
    cumulative = np.cumsum(posterior)
    points = np.interp([0.025, 0.5, 0.975], cumulative, grid)
    low, middle, high = np.exp(points) if log_scale else points
    return float(middle), float(low), float(high)


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
        if person.pregnancy_month or level < 30 or state.get("kidney_disease") or state.get("dialysis"):
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
        and person.age >= 18
        and person.sex
        and not person.pregnancy_month
    ):
        result["egfr"] = [
            Reading(
                quantity="egfr",
                value=egfr_ckd_epi_2021(r.value, person.age, person.sex),
                words=say("eGFR from {words}", words=r.words),
            )
            for r in creatinine
        ]
    return result, notes
