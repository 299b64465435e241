"""Red flags of many people: the rules of `soleus.reasoning.red_flags`, judged column by column.

Only what raises a flag is looked at. What is unknown raises nothing and clears nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from soleus.core.assessment import URGENCIES
from soleus.knowledge.check import parse_literal
from soleus.knowledge.schema import Evidence
from soleus.reasoning.batch_observation import Closure, ObservedPeople
from soleus.reasoning.batch_people import ABSENT, PRESENT, UNKNOWN, FloatArray, People, Readings, States
from soleus.reasoning.inquiry import act_threshold
from soleus.reasoning.red_flags import usual_upper_limit

__all__ = ["FlagRules", "urgency_ranks"]

Bools = NDArray[np.bool_]


class FlagRules:
    """All red-flag rules, most urgent first. Safe to share between threads.

    Attributes
    ----------
    flags : tuple of str
        Ids in the order in which an assessment lists them.
    ranks : (R,) int
        Index of each flag's urgency in `soleus.core.assessment.URGENCIES`.
    """

    def __init__(self, evidence: Evidence, closure: Closure) -> None:
        self.evidence, self.closure = evidence, closure
        self.flags = tuple(
            sorted(evidence.red_flags, key=lambda key: (URGENCIES.index(evidence.red_flags[key].urgency), key))
        )
        self.ranks = np.array([URGENCIES.index(evidence.red_flags[key].urgency) for key in self.flags])

    def raised(self, people: People, observed: ObservedPeople) -> Bools:
        """Return which flags are raised in whom, (N, R)."""
        judge = _Judge(self.evidence, people, observed.readings, self.closure.close(observed.known))
        raised = np.zeros((len(people), len(self.flags)), dtype=bool)
        for r, key in enumerate(self.flags):
            for conjunction in self.evidence.red_flags[key].rule:
                holds: Bools | None = None
                for text in conjunction:
                    verdict = judge.holds(text)
                    if verdict is None:
                        holds = None
                        break
                    holds = verdict if holds is None else holds & verdict
                if holds is not None:
                    raised[:, r] |= holds
        return raised


class _Judge:
    """Says in whom a literal is known to hold; None when in nobody."""

    def __init__(
        self, evidence: Evidence, people: People, readings: Mapping[str, Readings], state: Mapping[str, States]
    ) -> None:
        self.evidence, self.people, self.readings, self.state = evidence, people, readings, state
        self.known: dict[str, Bools | None] = {}

    def holds(self, text: str) -> Bools | None:
        if text not in self.known:
            verdict = self._judge(text)
            self.known[text] = verdict if verdict is not None and verdict.any() else None
        return self.known[text]

    def _judge(self, text: str) -> Bools | None:
        parsed = parse_literal(text)
        if parsed is None:
            raise ValueError(f"malformed rule literal {text!r}")
        name, comparison, number = parsed
        if comparison:
            return self._compare(name, comparison, number)
        wanted = ABSENT if name.startswith("!") else PRESENT
        plain, people = name.lstrip("!"), self.people
        if plain == "pregnant":
            month = people.pregnancy_month
            return month > 0 if wanted == PRESENT else month <= 0  # an unknown month is neither
        column = self.state.get(plain)
        if plain == "postpartum":
            column = people.postpartum if column is None else np.where(column == UNKNOWN, people.postpartum, column)
        return None if column is None else column == wanted

    def _compare(self, name: str, comparison: str, number: float) -> Bools | None:
        if name in ("age", "month"):
            values = self.people.age if name == "age" else self.people.pregnancy_month
            return _beyond(values, np.zeros(len(values), np.int8), comparison, number)
        column = self.readings.get(name.removesuffix("_ratio"))
        if column is None or not len(column.value):
            return None
        values = column.value
        if name.endswith("_ratio"):
            usual = usual_upper_limit(self.evidence.quantities[name.removesuffix("_ratio")])
            upper = np.where(np.isnan(column.high), np.nan if usual is None else usual, column.high)
            values = values / upper
        # any one reading beyond a dangerous limit counts: waiting for a second one is not ours to decide
        one = _beyond(values, column.censored, comparison, number)
        person = np.repeat(np.arange(len(self.people)), column.count())
        return np.bincount(person[one], minlength=len(self.people)) > 0


def _beyond(values: FloatArray, censored: NDArray[np.int8], comparison: str, number: float) -> Bools:
    """Where a value is known to be beyond a limit; a bound on a value may leave it open, NaN always does."""
    below = {"<": values < number, "<=": values <= number}.get(comparison)
    if below is not None:
        # "below value": the value itself may lie anywhere under it
        return np.where(censored == 1, values <= number, below & (censored == 0))
    above = values > number if comparison == ">" else values >= number
    return np.where(censored == 2, values >= number, above & (censored == 0))


def urgency_ranks(evidence: Evidence, causes: tuple[str, ...], explains: FloatArray) -> NDArray[np.int64]:
    """Return the urgency that probabilities (N, C) alone call for, as an index into `URGENCIES`.

    The rule of `soleus.reasoning.inquiry.urgency_of`: causes that need care that fast or faster, together.
    """
    ranks = np.array([URGENCIES.index(evidence.causes[key].urgency) for key in causes])
    urgency = np.full(len(explains), len(URGENCIES) - 1, dtype=np.int64)
    for rank in reversed(range(len(URGENCIES) - 1)):
        dangers = explains[:, ranks <= rank]
        if dangers.shape[1]:
            urgency[dangers.sum(axis=1) >= act_threshold(evidence, URGENCIES[rank])] = rank
    return urgency
