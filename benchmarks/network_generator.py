"""A random network of the size and shape of a diagnostic one, and patients sampled from it.

The network: 30 causes and 120 findings, leaky noisy-OR with 2 to 6 parents; priors evenly spread in their
logarithm over 0.001 to 0.3, links uniform in 0.2 to 0.95, leaks log-uniform in 0.001 to 0.05. Three context
roots (age in four bands, sex, pregnancy) act on the priors of the causes. They are always observed, so they
are folded into each patient's own prior weights: every engine receives the same patient-specific priors and a
network without context nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Person
from soleus.knowledge.load import load_evidence
from soleus.reasoning.network import CRAMP, OTHER, Network, compile_network, person_parameters
from soleus.reasoning.noisy_or import NoisyOr

Floats = NDArray[np.float64]
PRESENT_WEIGHT = {"sparse": 1.0, "mixed": 4.0, "present-heavy": 12.0}


@dataclass(frozen=True)
class Cohort:
    """Patients of one evidence regime: prior weights (N, C) and states (N, F).

    A state is 0 (unknown), 1 (absent) or 2 (present).
    """

    active: Floats
    states: NDArray[np.int8]
    target_links: Floats | None = None
    target_leak: float = 0.0


def make_network(
    rng: np.random.Generator, n_causes: int = 30, n_findings: int = 120, parents: tuple[int, int] = (2, 6)
) -> NoisyOr:
    """Return a random network; findings have uniformly many parents between the two bounds."""
    rows = [
        np.sort(rng.choice(n_causes, size=int(rng.integers(parents[0], parents[1] + 1)), replace=False))
        for _ in range(n_findings)
    ]
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    links = rng.uniform(0.2, 0.95, size=indptr[-1])
    leaks = np.exp(rng.uniform(np.log(0.001), np.log(0.05), size=(1, n_findings)))
    return NoisyOr(n_causes, indptr, np.concatenate(rows), links, leaks)


def with_complaint(network: NoisyOr, rng: np.random.Generator, leak: float = 0.05) -> NoisyOr:
    """Return the network with one more finding, the last, that is a finding of all causes."""
    c = network.n_causes
    return NoisyOr(
        c,
        np.append(network.indptr, network.indptr[-1] + c),
        np.append(network.parents, np.arange(c)),
        np.append(network.links, rng.uniform(0.2, 0.95, size=c)),
        np.append(network.leaks, [[leak]], axis=1),
    )


def sample_patients(
    network: NoisyOr, n: int, rng: np.random.Generator, regime: str = "mixed", *, complaint: bool = False
) -> Cohort:
    """Sample patients who have at least one cause and 10 to 30 observed findings.

    Which findings are observed depends on the regime: a present finding is that many times as likely to be
    among them (1 sparse, 4 mixed, 12 present-heavy). With `complaint`, the last finding of the network is
    present in everybody.
    """
    c, n_findings = network.n_causes, network.n_findings
    base = rng.permutation(np.exp(np.linspace(np.log(0.001), np.log(0.3), c)))  # stratified: seeds stay comparable
    context = np.exp(rng.normal(0.0, 0.4, size=(4 * 2 * 2, c)))
    active = np.clip(base * context[rng.integers(0, len(context), size=n)], 0.0005, 0.5)
    causes = rng.random((n, c)) < active
    while not (has := causes.any(axis=1)).all():
        causes[~has] = rng.random((int((~has).sum()), c)) < active[~has]
    present = np.empty((n, n_findings), dtype=bool)
    for f in range(n_findings):
        row = slice(network.indptr[f], network.indptr[f + 1])
        miss = np.where(causes[:, network.parents[row]], 1.0 - network.links[row], 1.0).prod(axis=1)
        present[:, f] = rng.random(n) < 1.0 - miss * (1.0 - network.leaks[0, f])
    if complaint:
        present[:, -1] = True
    states = _reveal(present, rng, regime, complaint=complaint)
    return Cohort(active, states)


def sample_present(network: NoisyOr, n: int, rng: np.random.Generator, n_present: int, n_absent: int = 10) -> Cohort:
    """Sample patients with exactly so many findings known to be present, and so many absent.

    Causes are drawn as in `sample_patients`; while fewer findings than wanted are present, one more cause is made
    active, so that the present ones belong together. Patients who cannot have that many are drawn anew.
    """
    base = sample_patients(network, n, rng)
    states = np.zeros_like(base.states)
    for i in range(n):
        while not states[i].any():
            active = rng.random(network.n_causes) < base.active[i]
            for cause in rng.permutation(network.n_causes):
                missed = np.where(active[network.parents], 1.0 - network.links, 1.0)
                miss = np.multiply.reduceat(missed, network.indptr[:-1])  # every finding has a cause
                present = rng.random(network.n_findings) < 1.0 - miss * (1.0 - network.leaks[0])
                if present.sum() >= n_present:
                    break
                active[cause] = True
            if n_present <= present.sum() <= network.n_findings - n_absent:
                states[i, rng.permutation(np.flatnonzero(present))[:n_present]] = 2
                states[i, rng.permutation(np.flatnonzero(~present))[:n_absent]] = 1
    return Cohort(base.active, states)


@dataclass(frozen=True)
class ComplaintCohort:
    """People who have the complaint, under the network of Soleus itself, and the two worlds that explain it.

    `worlds` holds, for "true cramp" and "no true cramp", the keyword arguments of `infer_batch`; `background` is the
    rate of cramps without a listed cause, one for each person; `causes` are the true ones.
    """

    network: Network
    worlds: tuple[dict[str, Any], dict[str, Any]]
    background: Floats
    causes: NDArray[np.bool_]
    states: NDArray[np.int8]


def sample_complaints(n: int, rng: np.random.Generator, regime: str = "mixed") -> ComplaintCohort:
    """Sample people with the complaint from the evidence base, with 10 to 30 of their findings known.

    Age (20 to 89, by decade) and sex are drawn evenly; causes and the complaint are drawn from the network of that
    person until the complaint is there (so that causes are as frequent as among those who complain); every finding is
    drawn in its world (true cramp or not); a present finding is `PRESENT_WEIGHT` times as likely to be known.
    """
    network = compile_network(load_evidence())
    structure, maker = network.structure, network.makes_cramp
    contexts = [Person(age=float(age), sex=sex) for age in range(25, 90, 10) for sex in ("female", "male")]
    people = [person_parameters(network, person, {}) for person in contexts]
    prevalence, strength = (np.concatenate([getattr(p, name) for p in people]) for name in ("prevalence", "strength"))
    background, other = (np.concatenate([getattr(p, name) for p in people]) for name in ("background", "other"))
    leaks = np.concatenate([p.leaks for p in people])  # (contexts, 2, findings)
    which = rng.integers(0, len(contexts), size=n)
    causes = np.zeros((n, structure.n_causes), dtype=bool)
    cramp = np.zeros(n, dtype=bool)
    left = np.arange(n)
    while len(left):
        at = which[left]
        drawn = rng.random((len(left), structure.n_causes)) < prevalence[at]
        fires = drawn & (rng.random(drawn.shape) < strength[at])
        is_cramp = (fires & maker).any(axis=1) | (rng.random(len(left)) < background[at])
        complains = is_cramp | (fires & ~maker).any(axis=1) | (rng.random(len(left)) < other[at])
        causes[left], cramp[left] = drawn, is_cramp
        left = left[~complains]
    present = np.empty((n, structure.n_findings), dtype=bool)
    world = np.where(cramp, CRAMP, OTHER)
    for f in range(structure.n_findings):
        row = slice(structure.indptr[f], structure.indptr[f + 1])
        miss = np.where(causes[:, structure.parents[row]], 1.0 - structure.links[row], 1.0).prod(axis=1)
        present[:, f] = rng.random(n) < 1.0 - miss * (1.0 - leaks[which, world, f])
    states = _reveal(present, rng, regime)
    pi, s = prevalence[which], strength[which]
    shared = {"inactive": 1.0 - pi, "states": states, "leak_rows": which}
    worlds = (
        shared
        | {
            "network": replace(structure, leaks=leaks[:, CRAMP]),
            "active": pi,
            "target_links": np.where(maker, s, 0.0),
            "target_leaks": background[which],
        },
        shared
        | {
            "network": replace(structure, leaks=leaks[:, OTHER]),
            "active": pi * np.where(maker, 1.0 - s, 1.0),
            "target_links": np.where(maker, 0.0, s),
            "target_leaks": other[which],
        },
    )
    return ComplaintCohort(network, worlds, background[which], causes, states)


def _reveal(
    present: NDArray[np.bool_], rng: np.random.Generator, regime: str, *, complaint: bool = False
) -> NDArray[np.int8]:
    """Return the states of 10 to 30 findings of each row, a present one more likely; others are unknown."""
    # the k largest of log(weight) + Gumbel noise are k draws without replacement in proportion to the weights
    order = np.log(np.where(present, PRESENT_WEIGHT[regime], 1.0)) + rng.gumbel(size=present.shape)
    if complaint:
        order[:, -1] = np.inf
    rank = np.argsort(np.argsort(-order, axis=1), axis=1)
    observed = rank < rng.integers(10, 31, size=len(present))[:, None]
    return np.where(observed, np.where(present, 2, 1), 0).astype(np.int8)
