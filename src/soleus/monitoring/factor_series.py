"""The circumstances a person follows as one value a night: with, without, or not told; and which can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from soleus.core.message import Message, say, say_all, say_count
from soleus.core.record import Factor

FloatArray = NDArray[np.float64]

FEWEST_EACH = 7  # choice: with fewer nights of either kind one bad night makes a trigger
FEWEST_CHANGES = 8  # choice: with fewer turns the nights with the factor are a period of their own, not single nights
WEEKDAY_SHARE = 0.9  # choice: with more of it explained by the weekday the factor is the weekday


@dataclass(frozen=True, slots=True)
class FactorSeries:
    """One factor: ``present`` and ``told``, 0 or 1 for each calendar night; ``contrast`` names the nights with it."""

    name: str
    contrast: str
    present: FloatArray
    told: FloatArray


@dataclass(frozen=True, slots=True)
class NotYet:
    """A factor that the data can't bear to be judged, and why."""

    name: str
    reason: str


def factor_series(factors: Sequence[Factor], grid: FloatArray, first: date) -> tuple[list[FactorSeries], list[NotYet]]:
    """Return the factors that can be judged, in order of name, and those that can't with the reason.

    Parameters
    ----------
    factors : sequence of Factor
        Names are taken without regard to capitals. Several amounts of one night add up.
    grid : array, shape (nights,)
        Cramps of each calendar night, NaN where missing.
    first : date
        The first night of the grid.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> one = Factor(id="1", recorded_at=datetime(2026, 1, 2, tzinfo=UTC), zone="UTC", night_of=date(2026, 1, 1),
    ...              name="Wine", value=1)
    >>> factor_series([one], np.zeros(40), date(2026, 1, 1))[1]
    [NotYet(name='wine', reason='noted on 1 recorded night with it and 0 without; it takes 7 of each')]
    """
    by_name: dict[str, list[Factor]] = {}
    for factor in factors:
        if 0 <= (factor.night_of - first).days < len(grid):
            by_name.setdefault(" ".join(factor.name.split()).casefold(), []).append(factor)
    ready: list[FactorSeries] = []
    waiting: list[NotYet] = []
    for name in sorted(by_name):
        units = sorted({factor.unit.strip() for factor in by_name[name]})
        if len(units) > 1:
            told = say_all([unit or say("none") for unit in units], ", ")
            waiting.append(NotYet(name, say("noted in different units ({units})", units=told)))
            continue
        values = np.full(len(grid), np.nan)
        for factor in by_name[name]:
            night = (factor.night_of - first).days
            values[night] = factor.value if np.isnan(values[night]) else values[night] + factor.value
        one = _split(name, units[0], values, grid)
        reason = _reason(one, np.isfinite(grid), first)
        if reason:
            waiting.append(NotYet(name, reason))
        else:
            ready.append(one)
    return ready, waiting


def _split(name: str, unit: str, values: FloatArray, grid: FloatArray) -> FactorSeries:
    """Return with against without; an amount that is hardly ever none is split at the person's own median."""
    told = np.isfinite(values)
    both = told & np.isfinite(grid)
    limit, contrast = 0.0, say("with it")
    is_amount = bool(unit) or not set(np.unique(values[both])) <= {0.0, 1.0}
    if is_amount and both.any() and (values[both] <= 0).sum() < FEWEST_EACH:
        limit = float(np.median(values[both]))
        contrast = say("with more than {limit:g}", limit=limit)
        if unit:
            contrast = say("with more than {limit:g} {unit}", limit=limit, unit=unit)
    return FactorSeries(name, contrast, (np.nan_to_num(values) > limit).astype(float) * told, told.astype(float))


def _reason(one: FactorSeries, recorded: NDArray[np.bool_], first: date) -> Message | None:
    """Return why a factor can't be judged; None when it can."""
    nights = np.flatnonzero((one.told > 0) & recorded)
    present = one.present[nights]
    with_it, without = int(present.sum()), int(len(present) - present.sum())
    if min(with_it, without) < FEWEST_EACH:
        return say_count(
            "noted on {n} recorded night with it and {without} without; it takes {needed} of each",
            "noted on {n} recorded nights with it and {without} without; it takes {needed} of each",
            with_it,
            without=without,
            needed=FEWEST_EACH,
        )
    if np.abs(np.diff(present)).sum() < FEWEST_CHANGES:
        return say("it came in a few long stretches: compare these as periods instead")
    weekday = (nights + first.weekday()) % 7
    spread = present - present.mean()
    within = sum(float(((p := present[weekday == day]) - p.mean()) @ (p - p.mean())) for day in set(weekday.tolist()))
    if 1 - within / float(spread @ spread) > WEEKDAY_SHARE:
        return say("it follows the day of the week, so the two can't be told apart")
    return None
