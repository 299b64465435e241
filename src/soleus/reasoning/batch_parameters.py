"""Prevalences, leaks and rates of many people: worked out once for each distinct context, then looked up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Person
from soleus.knowledge.schema import Context, Evidence
from soleus.reasoning.batch_people import PRESENT, SETTINGS, SEXES, UNKNOWN, FloatArray, People, States
from soleus.reasoning.network import (
    CRAMP,
    MAXIMUM_PREVALENCE,
    OTHER,
    Network,
    Parameters,
    excess_risk,
    exposed_prevalence,
    exposure_parts,
    person_parameters,
)
from soleus.reasoning.noisy_or import NoisyOr

__all__ = ["Contexts", "PeopleParameters"]

OLDEST, LATEST = 121, 12  # choice: bounds on the whole years and months that contexts are told apart by


@dataclass(frozen=True, slots=True, eq=False)
class PeopleParameters:
    """Parameters of N people, as `soleus.reasoning.network.Parameters` has them for one.

    ``prevalence`` (N, C); ``background`` (N,); ``leak_row`` (N,) the leak table of each person in ``structures``, the
    network in the cramp and in the other world; ``strength`` (C,) and ``other``, which all people share.
    """

    prevalence: FloatArray
    strength: FloatArray
    background: FloatArray
    other: float
    structures: tuple[NoisyOr, NoisyOr]
    leak_row: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """The contexts met so far (K), as arrays; ``parts`` (K, exposures) by cause."""

    prevalence: FloatArray
    background: FloatArray
    leak_row: NDArray[np.int64]
    parts: dict[int, FloatArray]
    structures: tuple[NoisyOr, NoisyOr]


class Contexts:
    """The parameters of every context met so far. Safe to share between threads.

    A context is what `soleus.reasoning.network.applies` can tell apart: age and month between two limits that the
    evidence names (and each whole year, by which the background rate is given), sex, setting, childbirth.
    """

    def __init__(self, network: Network) -> None:
        self.network, self.lock = network, Lock()
        ages, months = _limits(network.evidence)
        self.ages, self.months = np.array(ages), np.array(months)
        self.exposed = [c for c, cause in enumerate(network.causes) if cause.exposures]
        self.risks = {c: np.array([e.value for e in network.causes[c].exposures]) for c in self.exposed}
        one = person_parameters(network, Person(), None)
        self.strength, self.other = one.strength[0], float(one.other[0])
        self.place: dict[int, int] = {}
        self.met: list[tuple[Person, Parameters]] = [(Person(), one)]  # so that the tables are never empty
        self.tables: _Tables | None = None

    def parameters(self, people: People, known: dict[str, States]) -> PeopleParameters:
        """Return the parameters of people whose findings `known` holds (only exposures are looked at)."""
        row, tables = self._rows(people)
        background, prevalence = tables.background[row], tables.prevalence[row]
        for c in self.exposed:
            prevalence[:, c] = self._exposed(c, prevalence[:, c], background, tables.parts[c], row, known)
        return PeopleParameters(
            prevalence=np.minimum(prevalence, MAXIMUM_PREVALENCE, out=prevalence),
            strength=self.strength,
            background=background,
            other=self.other,
            structures=tables.structures,
            leak_row=tables.leak_row[row],
        )

    def _exposed(
        self,
        c: int,
        prevalence: FloatArray,
        background: FloatArray,
        parts: FloatArray,
        row: NDArray[np.int64],
        known: dict[str, States],
    ) -> FloatArray:
        """Return the prevalence of one cause with what is known of its exposures."""
        spared, told = np.ones(len(row)), np.zeros(len(row))
        for e, exposure in enumerate(self.network.causes[c].exposures):
            column = known.get(exposure.finding)
            if column is None:
                continue
            present = column == PRESENT
            if present.any():
                spared[present] *= 1 - excess_risk(self.risks[c][e], background[present])
            told += np.where(column != UNKNOWN, parts[row, e], 0.0)
        return exposed_prevalence(prevalence, self.strength[c], spared, np.maximum(1.0 - told, 0.0))

    def _rows(self, people: People) -> tuple[NDArray[np.int64], _Tables]:
        """Return the context of each person, working out those not met before, and the tables of contexts."""
        age = np.where(np.isnan(people.age), 0, np.searchsorted(self.ages, people.age, side="right"))
        month = np.where(
            np.isnan(people.pregnancy_month), 0, np.searchsorted(self.months, people.pregnancy_month, side="right")
        )
        key = ((age * (len(self.months) + 1) + month) * len(SEXES) + people.sex) * len(SETTINGS) + people.setting
        key = key * 3 + people.postpartum
        distinct, first, which = np.unique(key, return_index=True, return_inverse=True)
        with self.lock:
            for name, i in zip(distinct.tolist(), first.tolist(), strict=True):
                if name not in self.place:
                    # any person of a context stands for all of them
                    person = people.person(i)
                    self.place[name] = len(self.met)
                    self.met.append((person, person_parameters(self.network, person, None)))
                    self.tables = None
            if self.tables is None:
                self.tables = self._tabulate()
            rows = np.array([self.place[name] for name in distinct.tolist()], dtype=np.int64)
            return rows[which], self.tables

    def _tabulate(self) -> _Tables:
        """Return all contexts met so far as arrays; equal leak tables are kept once."""
        network = self.network
        leaks: dict[bytes, tuple[int, FloatArray]] = {}
        leak_row = []
        for _, one in self.met:
            table = one.leaks[0]
            leak_row.append(leaks.setdefault(table.tobytes(), (len(leaks), table))[0])
        stacked = np.array([table for _, table in leaks.values()])
        return _Tables(
            prevalence=np.array([one.prevalence[0] for _, one in self.met]),
            background=np.array([float(one.background[0]) for _, one in self.met]),
            leak_row=np.array(leak_row, dtype=np.int64),
            parts={
                c: np.array([exposure_parts(network.evidence, network.causes[c], person) for person, _ in self.met])
                for c in self.exposed
            },
            structures=(
                replace(network.structure, leaks=stacked[:, CRAMP]),
                replace(network.structure, leaks=stacked[:, OTHER]),
            ),
        )


def _limits(evidence: Evidence) -> tuple[list[float], list[float]]:
    """Return every age and month at which something in the evidence changes, whole years and months included."""
    whens: list[Context] = [row.when for row in evidence.release.background]
    whens += [modifier.when for cause in evidence.causes.values() for modifier in cause.modifiers]
    whens += [claim.when for finding in evidence.findings.values() for claim in finding.leak_by_context]
    ages = {float(limit) for when in whens for limit in when.age or ()} | set(map(float, range(OLDEST)))
    months = {float(limit) for when in whens for limit in when.pregnancy_month or ()} | set(map(float, range(LATEST)))
    # month 0 is "not pregnant", and anything above it is not
    return sorted(ages), sorted(months | {np.nextafter(0.0, 1.0)})
