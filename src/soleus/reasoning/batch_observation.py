"""From the facts of many people to the observations that enter inference, each counted once.

The rules of `soleus.reasoning.observation`, applied column by column. Both are kept side by side because a single
assessment also has to say in words what it did; `tests/property` hold them equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soleus.knowledge.generality import ancestors
from soleus.knowledge.schema import Evidence
from soleus.reasoning.batch_people import ABSENT, PRESENT, UNKNOWN, FloatArray, People, Readings, States
from soleus.reasoning.batch_readings import DERIVED, Weighed, Weigher, derive_batch
from soleus.reasoning.network import Network
from soleus.reasoning.observation import DECIDED, excluded_by

__all__ = ["Closure", "ObservedPeople", "Observer", "SoftRows", "reachable"]

Columns = dict[str, States]
SoftRows = tuple[NDArray[np.int64], NDArray[np.int64], FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class ObservedPeople:
    """What is observed in N people.

    Attributes
    ----------
    states : (N, F) int8
        Hard observations of all findings of the network.
    soft : (row_ptr (N + 1,), finding (S,), P(readings | absent) (S,), P(readings | present) (S,))
    known : dict of str to (N,) int8
        What rules take as known: what was told, and what was measured beyond doubt.
    readings : dict of str to Readings
        With the derived ones.
    """

    states: States
    soft: SoftRows
    known: Columns
    readings: dict[str, Readings]


class Closure:
    """Adds what follows from known findings (see `soleus.reasoning.red_flags.close_state`)."""

    def __init__(self, evidence: Evidence) -> None:
        self.pairs = [(key, general) for key, finding in evidence.findings.items() for general in finding.is_a]

    def close(self, columns: Mapping[str, States]) -> Columns:
        """Return the columns with a present special case making the general one present, and the reverse."""
        closed = {key: column.copy() for key, column in columns.items()}
        changed = True
        while changed:
            changed = False
            for special, general in self.pairs:
                changed |= _spread(closed, special, general, PRESENT)
                changed |= _spread(closed, general, special, ABSENT)
        return closed


def _spread(columns: Columns, source: str, target: str, state: int) -> bool:
    """Let a finding in a state bring another, where that is unknown, into the same; return whether anything changed."""
    told = columns.get(source)
    if told is None:
        return False
    follows = (told == state) & (columns[target] == UNKNOWN if target in columns else True)
    if not follows.any():
        return False
    columns.setdefault(target, np.zeros(len(told), np.int8))[follows] = state
    return True


def reachable(evidence: Evidence, findings: Iterable[str], quantities: Iterable[str]) -> set[str]:
    """Return every finding that can be observed in people of whom these findings and quantities may be told.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> sorted(reachable(load_evidence(), ["hard_knot"], ["magnesium"]) - {"hard_knot"})[:1]
    ['magnesium_low']
    """
    keys = {*quantities, *(derived for source, derived in DERIVED.items() if source in quantities)}
    told = {*findings, *(level.finding for key in keys for level in evidence.quantities[key].levels)}
    excluded = {other for key in told for other in excluded_by(evidence, key)}
    return told | excluded | {score.finding for score in evidence.scores.values()}


class Observer:
    """Observes batches of people for one network. Safe to share between threads."""

    def __init__(self, network: Network) -> None:
        evidence = network.evidence
        self.network, self.evidence = network, evidence
        self.weigher, self.closure = Weigher(evidence), Closure(evidence)
        self.ancestors = {key: tuple(sorted(ancestors(evidence, key))) for key in evidence.findings}
        self.excludes = {key: excluded_by(evidence, key) for key in evidence.findings}

    def observe(self, people: People) -> ObservedPeople:
        """Return what is observed, so that no piece of information is counted twice.

        A measured set point replaces the same statement in words. A special finding replaces the general one it
        implies. A score whose items are all known replaces its items.
        """
        n = len(people)
        readings = derive_batch(people)
        weighed = self.weigher.weigh(readings, n)
        columns = {key: column.copy() for key, column in people.told.items()}
        for key, measured in weighed.items():
            columns[key] = measured.states(people.told.get(key))
        self._exclude(columns, n)
        kept = self._drop_doubled(columns)
        known = dict(people.told)
        for key, column in kept.items():
            decided = column != UNKNOWN
            if key in weighed:
                pair = weighed[key]
                low, high = np.minimum(pair.absent, pair.present), np.maximum(pair.absent, pair.present)
                decided &= ~pair.given | (high >= DECIDED * low)
            before = known.get(key)
            known[key] = np.where(decided, column, 0 if before is None else before).astype(np.int8)
        states = np.zeros((n, len(self.network.findings)), np.int8)
        for key, column in kept.items():
            hard = np.where(weighed[key].given, UNKNOWN, column) if key in weighed else column
            states[:, self.network.finding_index[key]] = hard
        return ObservedPeople(states, self._soft(kept, weighed, n), known, readings)

    def _exclude(self, columns: Columns, n: int) -> None:
        """What is told to be one thing is not the other; only features and tests exclude."""
        present = {key: columns[key] == PRESENT for key in columns if self.excludes[key]}
        for key, is_present in present.items():
            for other in self.excludes[key]:
                column = columns.setdefault(other, np.zeros(n, np.int8))
                column[is_present & (column == UNKNOWN)] = ABSENT

    def _drop_doubled(self, columns: Columns) -> Columns:
        """Leave out general findings told by a special one, special absences told by a general one, items of scores."""
        kept = {key: column.copy() for key, column in columns.items()}
        for key, column in columns.items():
            for general in self.ancestors[key]:
                wide = columns.get(general)
                if wide is None:
                    continue
                kept[general][(column == PRESENT) & (wide != UNKNOWN)] = UNKNOWN
                kept[key][(column == ABSENT) & (wide == ABSENT)] = UNKNOWN
        scores = [s for s in self.evidence.scores.values() if s.finding in columns or set(s.items) & set(columns)]
        closed = self.closure.close(columns) if scores else {}
        for score in scores:
            items = [closed.get(item) for item in score.items]
            told = columns.get(score.finding)
            replaced = np.zeros(len(next(iter(columns.values()))), dtype=bool) if told is None else told != UNKNOWN
            complete = [item for item in items if item is not None]
            if len(complete) == len(items):
                judged = ~replaced & np.logical_and.reduce([item != UNKNOWN for item in complete])
                met = np.add.reduce([(item == PRESENT).astype(np.int64) for item in complete]) >= score.at_least
                column = kept.setdefault(score.finding, np.zeros(len(judged), np.int8))
                column[judged] = np.where(met, PRESENT, ABSENT)[judged]
                replaced = replaced | judged
            for item in score.items:
                if item in kept:
                    kept[item][replaced] = UNKNOWN
        return kept

    def _soft(self, kept: Columns, weighed: Mapping[str, Weighed], n: int) -> SoftRows:
        """Return the measured observations, person by person."""
        keys = sorted(key for key in weighed if key in kept)
        if not keys:
            return np.zeros(n + 1, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        counts = np.stack([weighed[key].given & (kept[key] != UNKNOWN) for key in keys], axis=1)
        rows, columns = np.nonzero(counts)
        index = np.array([self.network.finding_index[key] for key in keys], dtype=np.int64)
        absent = np.stack([weighed[key].absent for key in keys], axis=1)
        present = np.stack([weighed[key].present for key in keys], axis=1)
        start = np.concatenate(([0], np.cumsum(counts.sum(axis=1))))
        return start, index[columns], absent[rows, columns], present[rows, columns]
