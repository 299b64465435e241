"""From facts and readings to the observations that enter inference, each counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soleus.core.assessment import Measured
from soleus.core.case import Facts, Person, Reading
from soleus.core.message import say, say_all, say_as
from soleus.knowledge.generality import ancestors
from soleus.knowledge.schema import Evidence
from soleus.reasoning.network import Network
from soleus.reasoning.red_flags import close_state
from soleus.reasoning.set_point import SetPoint, derive_readings, weigh_readings

DECIDED = 20  # choice: a measured state counts as known for rules when the readings favor it 20 to 1
KIND_ORDER = ("feature", "history", "medicine", "symptom", "sign", "laboratory", "test")


@dataclass(frozen=True, slots=True)
class Observation:
    """One finding as observed: (P(observation | absent), P(observation | present)) and the words behind it."""

    finding: str
    state: Literal["present", "absent", "measured"]
    likelihood: tuple[float, float]
    words: str


@dataclass(frozen=True, slots=True)
class Observed:
    """All observations of one person in a fixed clinical order, and what the readings said."""

    person: Person
    state: dict[str, bool]
    observations: tuple[Observation, ...]
    readings: dict[str, list[Reading]]
    measured: tuple[Measured, ...]
    not_known: frozenset[str] = frozenset()

    def indices(self, network: Network, used: Sequence[Observation]) -> NDArray[np.int64]:
        """Return the finding indices (K,) of observations."""
        return np.array([network.finding_index[o.finding] for o in used], dtype=np.int64)

    def arrays(self, network: Network, used: Sequence[Observation]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return finding indices (K,) and likelihoods (K, 2) of observations."""
        return self.indices(network, used), np.array([o.likelihood for o in used], dtype=np.float64).reshape(-1, 2)


def observe(network: Network, facts: Facts) -> Observed:
    """Return what is observed about a person, so that no piece of information is counted twice.

    A measured set point replaces the same statement in words. A special finding replaces the general one it implies. A
    score whose items are all known replaces its items.
    """
    evidence = network.evidence
    state = facts.state()
    words = {fact.finding: fact.words for fact in facts.facts}
    by_quantity: dict[str, list[Reading]] = {}
    for reading in facts.readings:
        by_quantity.setdefault(reading.quantity, []).append(reading)
    readings, notes = derive_readings(by_quantity, facts.person, state)
    blunder, disease = evidence.policy["reading_blunder"].value, evidence.policy["disease_share"].value
    observations: dict[str, Observation] = {}
    measured: list[Measured] = []
    for key in sorted(readings):
        for point in weigh_readings(key, evidence.quantities[key], readings[key], blunder, disease):
            told = say_all(tuple(reading.words for reading in readings[key]), "; ")
            observation = Observation(point.finding, "measured", point.likelihood, told)
            # two tests of the same thing (AST and ALT): the one that speaks more for it counts, never both
            if point.finding not in observations or _ratio(observation) > _ratio(observations[point.finding]):
                observations[point.finding] = observation
            measured.append(_measured(evidence, point, notes))
    for finding, present in state.items():
        if finding not in observations:
            likelihood = (0.0, 1.0) if present else (1.0, 0.0)
            observations[finding] = Observation(finding, "present" if present else "absent", likelihood, words[finding])
    _add_exclusions(evidence, observations)
    kept = _drop_doubled(evidence, observations)
    ordered = sorted(kept.values(), key=lambda o: (KIND_ORDER.index(evidence.findings[o.finding].kind), o.finding))
    full_state = {
        **state,
        **{o.finding: o.likelihood[1] > o.likelihood[0] for o in kept.values() if _decided(o)},
    }
    return Observed(facts.person, full_state, tuple(ordered), readings, tuple(measured), frozenset(facts.not_known))


def _ratio(observation: Observation) -> float:
    absent, present = observation.likelihood
    return present / absent if absent > 0 else float("inf")


def _add_exclusions(evidence: Evidence, observations: dict[str, Observation]) -> None:
    """What is told to be one thing is not the other: "chronic" denies "sudden", a normal test what it rules out.

    Only features of the complaint and tests exclude as observations: theirs are the kinds of one question (how it
    began, how long it lasts, which side), so that the answer to one answers the others.
    """
    for finding in list(observations):
        observation = observations[finding]
        if not _is_present(observation):
            continue
        for other in excluded_by(evidence, finding):
            if other not in observations:
                observations[other] = Observation(other, "absent", (1.0, 0.0), observation.words)


def excluded_by(evidence: Evidence, finding: str) -> tuple[str, ...]:
    """Return the findings that are absent when this one is present."""
    kinds = [evidence.findings[key] for key in (finding, *sorted(ancestors(evidence, finding)))]
    return tuple(dict.fromkeys(other for one in kinds if one.kind in ("feature", "test") for other in one.excludes))


def _decided(observation: Observation) -> bool:
    """Whether the state is taken as known for rules."""
    low, high = sorted(observation.likelihood)
    return observation.state != "measured" or high >= DECIDED * low


def _drop_doubled(evidence: Evidence, observations: Mapping[str, Observation]) -> dict[str, Observation]:
    """Leave out general findings told by a special one, special absences told by a general one, and items of scores."""
    drop: set[str] = set()
    for finding, observation in observations.items():
        for general in ancestors(evidence, finding):
            if general not in observations:
                continue
            if _is_present(observation):
                drop.add(general)
            elif not _is_present(observations[general]):
                drop.add(finding)
    state = close_state(evidence, {f: _is_present(o) for f, o in observations.items()})
    kept = {f: o for f, o in observations.items() if f not in drop}
    for score in evidence.scores.values():
        if score.finding in observations:
            for item in score.items:
                kept.pop(item, None)
        elif all(item in state for item in score.items):
            met = sum(state[item] for item in score.items) >= score.at_least
            for item in score.items:
                kept.pop(item, None)
            labels = [evidence.findings[item].label for item in score.items if state[item]]
            told = say_all(tuple(say_as(label.lower(), label) for label in labels), ", ")
            kept[score.finding] = Observation(
                score.finding,
                "present" if met else "absent",
                (0.0, 1.0) if met else (1.0, 0.0),
                told or say("none of its items"),
            )
    return kept


def _is_present(observation: Observation) -> bool:
    return observation.likelihood[1] > observation.likelihood[0]


def _measured(evidence: Evidence, point: SetPoint, notes: Sequence[str]) -> Measured:
    quantity = evidence.quantities[point.quantity]
    absent, present = point.likelihood
    ratio = present / absent if absent > 0 else 1e9
    count = len(point.readings)
    if 1 / 3 < ratio < 3:
        said = say("this settles little: repeat it") if count == 1 else say("these settle little")
    elif count == 1 and ratio > 3:
        said = say("one reading is not a set point: repeat it before it counts in full")
    else:
        said = None
    relevant = [note for note in notes if "calcium" in note] if point.quantity.startswith("calcium") else []
    return Measured(
        quantity=point.quantity,
        label=quantity.label,
        unit=quantity.unit,
        readings=point.readings,
        set_point=point.mean,
        low=point.low,
        high=point.high,
        finding=point.finding,
        finding_label=evidence.findings[point.finding].label,
        beyond=point.beyond,
        likelihood_ratio=ratio,
        note=say_all((*relevant, *([said] if said else ())), "; "),
    )
