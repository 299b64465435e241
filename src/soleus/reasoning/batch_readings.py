"""What the readings of many people say: derived readings, and the weight of each person's own set point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soleus.knowledge.laboratory_formulas import albumin_adjusted_calcium, egfr_ckd_epi_2021
from soleus.knowledge.schema import Evidence
from soleus.reasoning.batch_people import PRESENT, SEXES, UNKNOWN, FloatArray, People, Readings, States
from soleus.reasoning.set_point import ADULT, LEAST_ALBUMIN, weigh_sets

__all__ = ["DERIVED", "Weighed", "Weigher", "derive_batch"]

DERIVED = {"calcium": "calcium_adjusted", "creatinine": "egfr"}
MOST_KEPT = 200_000  # choice: weighed sets of readings that are kept for later batches, about 100 MB at most


def derive_batch(people: People) -> dict[str, Readings]:
    """Return the readings with calcium corrected for albumin and creatinine turned into eGFR where that is valid.

    The same rules as `soleus.reasoning.set_point.derive_readings`, for many.
    """
    result = dict(people.readings)
    n = len(people)
    none = np.zeros(n, dtype=bool)

    def has(key: str) -> NDArray[np.bool_]:
        return result[key].count() > 0 if key in result else none

    def told(key: str) -> NDArray[np.bool_]:
        return people.told[key] == PRESENT if key in people.told else none

    pregnant = np.nan_to_num(people.pregnancy_month) > 0
    both = has("calcium") & has("albumin") & ~has("calcium_adjusted")
    if both.any():
        calcium, albumin = result["calcium"], result["albumin"]
        level = np.zeros(n)
        for i in np.flatnonzero(both):
            level[i] = np.mean(albumin.value[albumin.start[i] : albumin.start[i + 1]])
        valid = both & ~pregnant & (level >= LEAST_ALBUMIN) & ~told("kidney_disease") & ~told("dialysis")
        taken = calcium.kept(valid)
        level_of = np.repeat(level, taken.count())
        pairs = zip(taken.value.tolist(), level_of.tolist(), strict=True)
        adjusted = np.array([albumin_adjusted_calcium(*pair) for pair in pairs])
        result["calcium_adjusted"] = _joined(result.get("calcium_adjusted"), _computed(taken, adjusted))
        result["calcium"] = calcium.kept(~valid)
    known = ~np.isnan(people.age) & (people.sex != UNKNOWN)
    valid = has("creatinine") & ~has("egfr") & known & (np.nan_to_num(people.age) >= ADULT) & ~pregnant
    if valid.any():
        taken = result["creatinine"].kept(valid)
        whose = np.repeat(np.arange(n), taken.count())
        sexes = np.array([sex or "" for sex in SEXES])
        rates = egfr_ckd_epi_2021(taken.value, people.age[whose], sexes[people.sex[whose]])
        result["egfr"] = _joined(result.get("egfr"), _computed(taken, rates))
    return result


def _computed(of: Readings, values: FloatArray) -> Readings:
    """Readings with new values: without limits of a laboratory, and no longer bounds."""
    nothing = np.full(len(values), np.nan)
    return Readings(of.start, values, nothing, nothing, np.zeros(len(values), np.int8))


def _joined(one: Readings | None, other: Readings) -> Readings:
    """Readings of two columns of which no person has both."""
    if one is None:
        return other
    count, more = one.count(), other.count()
    order = np.argsort(np.concatenate([np.repeat(np.arange(len(c)), c) for c in (count, more)]), kind="stable")
    return Readings(
        np.concatenate(([0], np.cumsum(count + more))),
        np.concatenate([one.value, other.value])[order],
        np.concatenate([one.low, other.low])[order],
        np.concatenate([one.high, other.high])[order],
        np.concatenate([one.censored, other.censored])[order],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What readings say about one finding in N people: (P(readings | absent), P(readings | present)) where `given`."""

    given: NDArray[np.bool_]
    absent: FloatArray
    present: FloatArray

    def states(self, told: States | None) -> States:
        """Return the state that each person's likelier side is, and what was `told` where nothing was measured."""
        state = np.where(self.present > self.absent, 2, 1).astype(np.int8)
        rest: States = np.zeros(len(state), np.int8) if told is None else told
        return np.where(self.given, state, rest)


class Weigher:
    """Weighs readings; equal readings of one quantity are weighed once and kept. Safe to share between threads."""

    def __init__(self, evidence: Evidence) -> None:
        self.quantities = evidence.quantities
        self.blunder, self.disease = evidence.policy["reading_blunder"].value, evidence.policy["disease_share"].value
        self.kept: dict[str, dict[bytes, tuple[tuple[str, float, float], ...]]] = {}

    def weigh(self, readings: Mapping[str, Readings], n: int) -> dict[str, Weighed]:
        """Return, for each finding that some reading concerns, what the readings of N people say about it.

        Of two tests of the same thing the one that speaks more for it counts, never both.
        """
        answers: dict[str, Weighed] = {}
        for key in sorted(readings):
            column = readings[key]
            people = np.flatnonzero(column.count())
            if not len(people):
                continue
            points, which = self._points(key, column, people)
            for slot in range(max(len(point) for point in points)):
                self._enter(answers, points, which, people, slot, n)
        return answers

    def _points(
        self, key: str, column: Readings, people: NDArray[np.int64]
    ) -> tuple[list[tuple[tuple[str, float, float], ...]], NDArray[np.int64]]:
        """Return the distinct answers of one quantity, and which of them each of the people has."""
        kept = self.kept.setdefault(key, {})
        if len(kept) > MOST_KEPT:
            kept.clear()
        rows = np.stack([column.value, column.low, column.high, column.censored.astype(np.float64)], axis=1)
        starts, ends = column.start[people], column.start[people + 1]
        plain = np.isnan(column.low).all() and np.isnan(column.high).all() and not column.censored.any()
        if plain and (ends - starts == 1).all():
            # the usual case, one bare value each: equal values are found without looking at each row
            _, first, which = np.unique(column.value[starts], return_index=True, return_inverse=True)
            names = [rows[start].tobytes() for start in starts[first].tolist()]
            return self._weighed(key, kept, names, column, people[first]), which
        # a person's readings, as bytes, are the name under which their weight is kept
        each = [rows[a:b].tobytes() for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        place: dict[bytes, int] = {}
        which = np.array([place.setdefault(name, len(place)) for name in each], dtype=np.int64)
        first = np.unique(which, return_index=True)[1]
        return self._weighed(key, kept, list(place), column, people[first]), which

    def _weighed(
        self,
        key: str,
        kept: dict[bytes, tuple[tuple[str, float, float], ...]],
        names: list[bytes],
        column: Readings,
        people: NDArray[np.int64],
    ) -> list[tuple[tuple[str, float, float], ...]]:
        """Return the answers to distinct sets of readings, weighing those that are new."""
        found = [kept.get(name) for name in names]
        new = [k for k, answer in enumerate(found) if answer is None]
        if new:
            sets = [column.of(key, int(people[k])) for k in new]
            points = weigh_sets(key, self.quantities[key], sets, self.blunder, self.disease)
            for k, answer in zip(new, points, strict=True):
                found[k] = kept[names[k]] = tuple((point.finding, *point.likelihood) for point in answer)
        return [answer for answer in found if answer is not None]

    @staticmethod
    def _enter(
        answers: dict[str, Weighed],
        points: list[tuple[tuple[str, float, float], ...]],
        which: NDArray[np.int64],
        people: NDArray[np.int64],
        slot: int,
        n: int,
    ) -> None:
        """Enter the answers on one side (below or above a limit) of one quantity."""
        findings = [point[slot][0] if slot < len(point) else "" for point in points]
        pairs = np.array([point[slot][1:] if slot < len(point) else (1.0, 1.0) for point in points])
        for finding in sorted(set(findings) - {""}):
            chosen = np.array([name == finding for name in findings])[which]
            rows, absent, present = people[chosen], pairs[which[chosen], 0], pairs[which[chosen], 1]
            weighed = answers.setdefault(finding, Weighed(np.zeros(n, dtype=bool), np.ones(n), np.ones(n)))
            with np.errstate(divide="ignore"):
                stronger = present / absent > weighed.present[rows] / weighed.absent[rows]
            stronger |= ~weighed.given[rows]
            weighed.given[rows] = True
            weighed.absent[rows] = np.where(stronger, absent, weighed.absent[rows])
            weighed.present[rows] = np.where(stronger, present, weighed.present[rows])
