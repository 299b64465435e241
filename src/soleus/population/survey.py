"""Shares and means of a population from a sample with weights, strata and clusters.

Variances are those of Taylor linearization with clusters drawn with replacement within strata; a group of people is a
domain of the whole sample, not a sample of its own, so clusters without any of them count too.

Source: Korn & Graubard 1999, Analysis of Health Surveys, chapter 3; Lumley 2004 (doi:10.18637/jss.v009.i08).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped]  # not scipy.stats, which takes a second to import

from soleus.core.population import Estimate
from soleus.population.reading import SurveyTable, refuse

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

WEIGHT, STRATUM, CLUSTER = "WTMEC2YR", "SDMVSTRA", "SDMVPSU"


@dataclass(frozen=True, slots=True)
class Design:
    """Who stands for how many people, and which people were drawn together.

    ``weight`` (n,), people; 0 for those who were not examined. ``cluster`` (n,) numbers the clusters from 0;
    ``stratum_of`` gives the stratum of each cluster.
    """

    weight: FloatArray
    cluster: NDArray[np.int64]
    stratum_of: NDArray[np.int64]

    @property
    def degrees(self) -> int:
        """Degrees of freedom of a variance: clusters less strata."""
        return len(self.stratum_of) - len(np.unique(self.stratum_of))

    @property
    def t(self) -> float:
        """How many standard errors a 95 % interval reaches to each side."""
        return float(special.stdtrit(self.degrees, 0.975))


def read_design(table: SurveyTable) -> Design:
    """Return the design of a survey from its weight, stratum and cluster columns.

    Raises
    ------
    PopulationError
        All weights zero or missing, a negative weight, or a stratum with one cluster only.
    """
    weight = np.nan_to_num(table.column(WEIGHT))
    stratum, cluster = table.column(STRATUM), table.column(CLUSTER)
    where = " + ".join(name for name, _ in table.files)
    if not (weight > 0).any() or (weight < 0).any() or np.isinf(table.column(WEIGHT)).any():
        raise refuse(
            "weights", f"{where}: {WEIGHT}", "no weight is above zero, or one is below it or without end",
            "nobody can tell for how many people a person stands", "use the file as the survey published it"
        )  # fmt: skip
    examined = weight > 0
    if np.isnan(stratum[examined]).any() or np.isnan(cluster[examined]).any():
        raise refuse(
            "design", f"{where}: {STRATUM}, {CLUSTER}", "a person with a weight has no stratum or cluster",
            "no honest interval can be given", "use the file as the survey published it"
        )  # fmt: skip
    pairs, index = np.unique(np.column_stack([stratum, cluster])[examined], axis=0, return_inverse=True)
    strata, sizes = np.unique(pairs[:, 0], return_counts=True)
    if (sizes < 2).any():
        raise refuse(
            "design", f"{where}: {STRATUM}", f"stratum {strata[sizes < 2][0]:.0f} has one cluster only",
            "the scatter between clusters cannot be seen there", "use the whole cycle, not a part of it"
        )  # fmt: skip
    of_all = np.zeros(len(weight), dtype=np.int64)
    of_all[examined] = index.ravel()
    return Design(weight, of_all, np.searchsorted(strata, pairs[:, 0]))


def total_covariance(design: Design, scores: FloatArray, left_out: int | None = None) -> FloatArray:
    """Return the design-based covariance (k, k) of the sums of weighted scores (n, k); weights are already in them.

    With a cluster left out, its stratum cannot tell about scatter: the others speak for it.
    """
    scores = scores.reshape(len(scores), -1)
    clusters = len(design.stratum_of)
    totals = np.stack([np.bincount(design.cluster, column, clusters) for column in scores.T], axis=1)
    result = np.zeros((scores.shape[1],) * 2)
    strata = np.unique(design.stratum_of)
    silent = None if left_out is None else design.stratum_of[left_out]
    for stratum in strata[strata != silent] if silent is not None else strata:
        rows = totals[design.stratum_of == stratum]
        apart = rows - rows.mean(axis=0)
        result += len(rows) / (len(rows) - 1) * apart.T @ apart
    return result if silent is None else result * len(strata) / (len(strata) - 1)


def weighted_mean(values: FloatArray, group: BoolArray, design: Design) -> Estimate:
    """Return the mean of a group with a 95 % interval (Student's t on the natural scale).

    Parameters
    ----------
    values : (n,) array
        NaN is left out, as if the person were not in the group.
    group : (n,) array of bool
    """
    inside = group & ~np.isnan(values) & (design.weight > 0)
    weight = np.where(inside, design.weight, 0.0)
    if not inside.any():
        return Estimate(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    mean = float(weight @ np.nan_to_num(values) / weight.sum())
    error = _error(design, weight * (np.nan_to_num(values) - mean) / weight.sum())
    return Estimate(mean, mean - design.t * error, mean + design.t * error, error, int(inside.sum()))


def weighted_share(having: BoolArray | FloatArray, group: BoolArray, design: Design) -> Estimate:
    """Return the share of a group that has something, with a 95 % interval on the logit scale.

    The interval is that of `svyciprop(method = "logit")` in R. A share of 0 or 1 has no interval of this kind: it gets
    the exact one for the number of people that the weights leave.
    """
    found = weighted_mean(np.asarray(having, dtype=np.float64), group, design)
    value, error = found.value, found.error
    if not 0 < value < 1:
        weight = np.where(group & (design.weight > 0), design.weight, 0.0)
        people = weight.sum() ** 2 / (weight**2).sum() if weight.any() else 0.0
        beyond = 1 - 0.025 ** (1 / people) if people else 1.0
        low, high = (0.0, beyond) if value == 0 else (1 - beyond, 1.0)
        return Estimate(value, low, high, 0.0, found.n)
    middle, half = float(special.logit(value)), design.t * error / (value * (1 - value))
    return Estimate(value, float(special.expit(middle - half)), float(special.expit(middle + half)), error, found.n)


def _error(design: Design, scores: FloatArray) -> float:
    return float(np.sqrt(total_covariance(design, scores)[0, 0]))
