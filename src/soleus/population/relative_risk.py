"""How much more often people who have or take something have frequent night cramps, and how far that may be trusted.

Three ratios for each: crude; adjusted for age (smooth), sex, education, body mass index and smoking; and also for
self-rated health and the number of other medicines. A ratio is that of two shares, each standardized to everybody in
the analysis (g-computation from a logistic regression), with design-based intervals. The last model is fitted for
leg jerks as well: what goes with jerks as much as with cramps is a way of answering, not a cramp. Negative controls
show what the last model makes of exposures that do nothing; its ratios are given once more with that error taken out
and added.

None of these is a likelihood ratio, and none is used as one.

Source: Greenland 2004 (doi:10.1093/aje/kwh221) for standardized ratios; Lipsitch 2010
(doi:10.1097/EDE.0b013e3181d61eeb) for negative controls; Schuemie 2014 (doi:10.1002/sim.5925) for the empirical null.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special  # type: ignore[import-untyped]

from soleus.knowledge.schema import Ratio, RelativeRisk
from soleus.population.age_curve import bends, line
from soleus.population.exposures import Exposure, count_medicines
from soleus.population.frequency_model import CrampAnswers
from soleus.population.penalized_logit import PenalizedFit, fit_at, fit_logit
from soleus.population.reading import SurveyTable
from soleus.population.survey import Design, total_covariance
from soleus.population.toml_text import DIGITS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

YOUNGEST = 20  # conditions and education are asked in this form from 20 on
FEWEST_CASES = 5  # choice: with fewer exposed people with cramps a ratio is noise
FEWEST_WITHOUT = 3  # choice: the share of cases is then below 1 for sure; quinine has few without
AGE_AND_SEX = 4  # the first columns of the covariates: level and line of age, of either sex
FREQUENT = 3  # the answer "5 to 15 times a month"
MODEL = (
    "ratio of shares with five or more night cramps a month, standardized to everybody (g-computation from a "
    "survey-weighted logistic regression), design-based range; people of 20 and over, not pregnant, with all "
    "covariates known"
)


@dataclass(frozen=True, slots=True)
class LogRatio:
    """Logarithm of a ratio with its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Null:
    """What ratios of exposures that do nothing look like: their mean and spread on the log scale, beyond chance."""

    mean: float
    spread: float
    error: float
    controls: int


@dataclass(frozen=True, slots=True)
class Covariates:
    """Columns to adjust for; ``blocks`` are the penalized ones; ``known`` has those without a gap."""

    basic: FloatArray
    health: FloatArray
    medicines: FloatArray
    block: slice
    known: BoolArray


def read_covariates(table: SurveyTable, answers: CrampAnswers) -> Covariates:
    """Return what is adjusted for; every column is centered or 0/1."""
    education = table.codes("DMDEDUC2", 1, 2, 3, 4, 5)
    bmi = (table.column("BMXBMI") - 28) / 5
    smoked, now = table.codes("SMQ020", 1, 2), table.codes("SMQ040", 1, 2, 3)
    smoking = np.where(smoked == 2, 0.0, np.where(np.isin(now, (1, 2)), 2.0, np.where(now == 3, 1.0, np.nan)))
    rating = table.codes("HUQ010", 1, 2, 3, 4, 5)
    medicines = count_medicines(table)
    female = answers.female.astype(np.float64) - 0.5
    age = np.nan_to_num(answers.age)
    free = np.column_stack(
        [np.ones(len(age)), line(age), female, female * line(age), bmi, bmi**2]
        + [education == k for k in (1, 2, 3, 4)]
        + [smoking == k for k in (1, 2)]
    ).astype(np.float64)
    bent = bends(age)
    basic = np.concatenate([free, bent], axis=1)
    health = np.column_stack([rating == k for k in (2, 3, 4, 5)]).astype(np.float64)
    known = ~np.isnan(education) & ~np.isnan(bmi) & ~np.isnan(smoking) & ~np.isnan(rating) & ~np.isnan(medicines)
    return Covariates(np.nan_to_num(basic), health, medicines, slice(free.shape[1], basic.shape[1]), known)


def relative_risks(
    table: SurveyTable, answers: CrampAnswers, design: Design, exposures: list[Exposure]
) -> tuple[dict[str, RelativeRisk], Null, list[str]]:
    """Return the ratios of all exposures with enough people, the empirical null, and the exposures with too few.

    Parameters
    ----------
    table, answers, design
        The survey.
    exposures : list of Exposure
        See `soleus.population.exposures.read_exposures`.
    """
    covariates = read_covariates(table, answers)
    jerks = table.codes("SLQ150", 0, 1, 2, 3, 4)
    base = answers.used & (answers.age >= YOUNGEST) & (answers.month == 0) & covariates.known
    frequent = answers.answer >= FREQUENT
    shapes = [
        _age_penalty(frequent, base, covariates, design),
        _age_penalty(jerks >= FREQUENT, base & ~np.isnan(jerks), covariates, design),
    ]
    found: dict[str, dict[str, LogRatio]] = {}
    counts, too_few = {}, []
    for exposure in exposures:
        group = base & ~np.isnan(exposure.having)
        having = group & (exposure.having == 1)
        cases = int((having & frequent).sum())
        if cases < FEWEST_CASES or int(having.sum()) - cases < FEWEST_WITHOUT or not _jerked(having, jerks):
            too_few.append(exposure.key)
            continue
        counts[exposure.key] = (int(having.sum()), cases)
        others = np.maximum(np.nan_to_num(covariates.medicines) - (having if exposure.kind == "medicine" else 0), 0)
        many = np.column_stack([others == 1, others == 2, (others >= 3) & (others <= 4), others >= 5]).astype(
            np.float64
        )
        full = np.concatenate([covariates.basic, covariates.health, many], axis=1)
        one = np.ones((len(having), 1))
        told = group & ~np.isnan(jerks)
        found[exposure.key] = {
            "crude": _ratio(having, frequent, group, one, None, 0.0, design),
            "adjusted": _ratio(having, frequent, group, covariates.basic, covariates.block, shapes[0], design),
            "adjusted_for_health": _ratio(having, frequent, group, full, covariates.block, shapes[0], design),
            "jerks": _ratio(having, jerks >= FREQUENT, told, full, covariates.block, shapes[1], design),
        }
    controls = [found[e.key]["adjusted_for_health"] for e in exposures if e.negative_control and e.key in found]
    null = empirical_null(controls)
    return (
        {e.key: _record(e, found[e.key], counts[e.key], null, design) for e in exposures if e.key in found},
        null,
        too_few,
    )


def _jerked(having: BoolArray, jerks: FloatArray) -> bool:
    with_jerks = int((having & (jerks >= FREQUENT)).sum())
    return 0 < with_jerks < int(having.sum())


def _age_penalty(outcome: BoolArray, group: BoolArray, covariates: Covariates, design: Design) -> float:
    """Return how bent the age curve is, estimated once from age and sex, without any exposure."""
    weight = design.weight[group] / design.weight[group].mean()
    of_age_and_sex = np.concatenate(
        [covariates.basic[group, :AGE_AND_SEX], covariates.basic[group, covariates.block]], 1
    )
    x, index = np.unique(of_age_and_sex, axis=0, return_inverse=True)
    yes, everybody = (np.bincount(index.ravel(), of).astype(np.float64) for of in (weight * outcome[group], weight))
    return fit_logit(x, yes, everybody, [slice(AGE_AND_SEX, x.shape[1])]).log_penalties[0]


def _ratio(
    having: BoolArray, outcome: BoolArray, group: BoolArray, columns: FloatArray, block: slice | None, penalty: float,
    design: Design,
) -> LogRatio:  # fmt: skip
    """Return the standardized ratio; its error is that of the influence of each person on it."""
    rows = np.flatnonzero(group)
    weight = design.weight[rows] / design.weight[rows].mean()
    x = np.concatenate([columns[rows], having[rows, None].astype(np.float64)], axis=1)
    x = x[:, np.ptp(x, axis=0) > 0] if block is None else x
    if block is None:
        x = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    y = outcome[rows].astype(np.float64)
    fit = fit_at(x, weight * y, weight, [block] if block else [], (penalty,) if block else ())
    influence = _influence(fit, x, y, weight)
    everybody = np.zeros(len(design.weight))
    everybody[rows] = influence[1]
    return LogRatio(influence[0], float(np.sqrt(total_covariance(design, everybody)[0, 0])))


def _influence(fit: PenalizedFit, x: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[float, FloatArray]:
    total = weight.sum()
    scores = (weight * (y - special.expit(x @ fit.coefficients)))[:, None] * x
    moves = scores @ fit.inverse
    logs, parts = [], []
    for value in (1.0, 0.0):
        at = x.copy()
        at[:, -1] = value
        p = special.expit(at @ fit.coefficients)
        share = float(weight @ p / total)
        slope = ((weight * p * (1 - p)) @ at) / total
        logs.append(np.log(share))
        parts.append((weight * (p - share) / total + moves @ slope) / share)
    return float(logs[0] - logs[1]), parts[0] - parts[1]


def empirical_null(controls: list[LogRatio]) -> Null:
    """Return mean and spread of the error of exposures that do nothing, by maximum likelihood.

    Source: Schuemie 2014, equation 1; with fewer than three controls there is no telling, and nothing is calibrated.
    """
    if len(controls) < 3:
        return Null(0.0, 0.0, 0.0, len(controls))
    values = np.array([c.value for c in controls])
    errors = np.array([c.error for c in controls])

    def cost(log_spread: float) -> float:
        variance = errors**2 + np.exp(2 * log_spread)
        mean = (values / variance).sum() / (1 / variance).sum()
        return float(0.5 * (np.log(variance) + (values - mean) ** 2 / variance).sum())

    log_spread = float(optimize.minimize_scalar(cost, bounds=(-7.0, 1.0), method="bounded").x)
    variance = errors**2 + np.exp(2 * log_spread)
    precision = (1 / variance).sum()
    return Null(
        float((values / variance).sum() / precision), float(np.exp(log_spread)), float(precision**-0.5), len(controls)
    )


def _record(
    exposure: Exposure, ratios: dict[str, LogRatio], counts: tuple[int, int], null: Null, design: Design
) -> RelativeRisk:
    last = ratios["adjusted_for_health"]
    error = float(np.sqrt(last.error**2 + null.spread**2 + null.error**2))

    def ratio(of: LogRatio) -> Ratio:
        value, low, high = (
            float(f"{np.exp(of.value + side * design.t * of.error):.{DIGITS}g}") for side in (0.0, -1.0, 1.0)
        )
        return Ratio(value=value, range=(low, high))

    return RelativeRisk(
        label=exposure.label,
        kind=exposure.kind,
        finding=exposure.finding,
        exposed=counts[0],
        exposed_with_cramps=counts[1],
        calibrated=ratio(LogRatio(last.value - null.mean, error)),
        source="nhanes_recalc",
        verification="computed",
        derivation=MODEL,
        population="US civilians at home, 20 and over, 2005-2006",
        place="questions SLQ160 and SLQ150, survey weights WTMEC2YR",
        negative_control=exposure.negative_control,
        lesson=exposure.lesson,
        **{name: ratio(value) for name, value in ratios.items()},
    )
