"""The direct survey estimate of each sex and age band beside the fitted one: whether the curves smooth too much.

A fitted interval is that of the curve, not of a new sample; where the two differ by more than the curve's interval,
either the curve misses something or the sample does. Both outcomes, two sexes and seven bands make 28 cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soleus.core.population import CellCover, Estimate
from soleus.knowledge.schema import Evidence, FrequencyCurve
from soleus.population.frequency_model import CrampAnswers, FrequencyModel
from soleus.population.plain_model import LEAST
from soleus.population.survey import Design, weighted_share

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BANDS = ((16, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 85))
Fitted = Callable[[BoolArray, int], Estimate]  # those of the cell, and the first answer that counts


def compare_cells(answers: CrampAnswers, design: Design, fitted: Fitted) -> tuple[CellCover, ...]:
    """Return every cell with anybody in it; ``fitted`` gives the fitted share of some people with its interval."""
    cells = []
    sexes: tuple[Literal["female", "male"], ...] = ("male", "female")
    for outcome, least in LEAST.items():
        for sex in sexes:
            for ages in BANDS:
                group = answers.used & (answers.female == (sex == "female"))
                group &= (answers.age >= ages[0]) & (answers.age <= ages[1])
                if group.any():
                    direct = weighted_share(answers.answer >= least, group, design)
                    cells.append(CellCover(sex, ages, outcome, direct, fitted(group, least)))
    return tuple(cells)


def model_cells(model: FrequencyModel, answers: CrampAnswers, design: Design) -> tuple[CellCover, ...]:
    """Return the cells with the exact interval of the mean of a fitted model over the people of the cell."""

    def fitted(group: BoolArray, least: int) -> Estimate:
        known = group & ~np.isnan(answers.month)
        shares, slopes = model.shares(answers.age[known], answers.female[known], answers.month[known])
        weight = design.weight[known] / design.weight[known].sum()
        value = np.array([weight @ shares[:, least:].sum(axis=1)])
        slope = (weight @ slopes[:, least:].sum(axis=1))[None, :]
        low, high = model.interval(value, slope)
        error = float(np.sqrt(slope[0] @ model.covariance @ slope[0]))
        return Estimate(float(value[0]), float(low[0]), float(high[0]), error, int(known.sum()))

    return compare_cells(answers, design, fitted)


def evidence_cells(evidence: Evidence, answers: CrampAnswers, design: Design) -> tuple[CellCover, ...]:
    """Return the cells with what the evidence says: means over the cell of the yearly shares and of their ranges.

    The range is that of a mean whose years err all together, which they nearly do; it is a little too wide.
    """
    curves = evidence.cramp_frequency

    def fitted(group: BoolArray, least: int) -> Estimate:
        known = np.flatnonzero(group & ~np.isnan(answers.month))
        weight = design.weight[known] / design.weight[known].sum()
        rows = np.array([_row(curves, answers, int(person), least) for person in known])
        value, low, high = weight @ rows
        return Estimate(float(value), float(low), float(high), float((high - low) / (2 * design.t)), len(known))

    return compare_cells(answers, design, fitted)


def _row(
    curves: dict[str, FrequencyCurve], answers: CrampAnswers, person: int, least: int
) -> tuple[float, float, float]:
    month = answers.month[person]
    curve = curves["pregnant" if month > 0 else "women" if answers.female[person] else "men"]
    place = int(month if month > 0 else answers.age[person])
    at = min(max(place, curve.at[0]), curve.at[-1]) - curve.at[0]
    return sum(curve.shares[at][least:]), curve.at_least_low[at][least - 1], curve.at_least_high[at][least - 1]
