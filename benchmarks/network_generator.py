"""A random network of the size and shape of a diagnostic one, and patients sampled from it.

The network: 30 causes and 120 findings, leaky noisy-OR with 2 to 6 parents; priors evenly spread in their
logarithm over 0.001 to 0.3, links uniform in 0.2 to 0.95, leaks log-uniform in 0.001 to 0.05. Three context
roots (age in four bands, sex, pregnancy) act on the priors of the causes. They are always observed, so they
are folded into each patient's own prior weights: every engine receives the same patient-specific priors and a
network without context nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    # the k largest of log(weight) + Gumbel noise are k draws without replacement in proportion to the weights
    order = np.log(np.where(present, PRESENT_WEIGHT[regime], 1.0)) + rng.gumbel(size=present.shape)
    if complaint:
        order[:, -1] = np.inf
    rank = np.argsort(np.argsort(-order, axis=1), axis=1)
    observed = rank < rng.integers(10, 31, size=n)[:, None]
    states = np.where(observed, np.where(present, 2, 1), 0).astype(np.int8)
    return Cohort(active, states)
