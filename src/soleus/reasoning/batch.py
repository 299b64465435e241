"""The same posterior for many people at once, through the compiled kernel.

Imported only where batches are wanted: a single assessment never waits for the compiler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Facts
from soleus.reasoning.kernel import infer_batch
from soleus.reasoning.network import CRAMP, OTHER, Network, person_parameters
from soleus.reasoning.observation import observe

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BatchPosterior:
    """Posteriors of N people; fields as in `soleus.reasoning.posterior.Posterior` with people in place of draws.

    ``status`` (N,) is 0 where the answer exists; other rows had impossible evidence and hold NaN.
    """

    cramp: FloatArray
    present: FloatArray
    explains: FloatArray
    background: FloatArray
    other: FloatArray
    omitted: FloatArray
    status: NDArray[np.int8]


def compute_batch(network: Network, people: Sequence[Facts], *, threads: int = 1) -> BatchPosterior:
    """Return the posteriors of many people; each equals `compute_posterior` of that person to 1e-9.

    Parameters
    ----------
    network : Network
    people : sequence of Facts
        One for each person; what is missing is unknown, and may be missing in every person differently.
    threads : int
        Threads for the kernel.

    Returns
    -------
    BatchPosterior
        Rows in the order of `people`.
    """
    n, c, f = len(people), len(network.causes), len(network.findings)
    prevalence, strength = np.empty((n, c)), np.empty((n, c))
    background, other = np.empty(n), np.empty(n)
    states = np.zeros((n, f), dtype=np.int8)
    leak_tables: dict[bytes, int] = {}
    tables: list[FloatArray] = []
    rows = np.empty(n, dtype=np.int64)
    soft_start, soft_finding, soft_weight = [0], [], []
    for i, facts in enumerate(people):
        observed = observe(network, facts)
        parameters = person_parameters(network, observed.person, observed.state)
        prevalence[i], strength[i] = parameters.prevalence[0], parameters.strength[0]
        background[i], other[i] = parameters.background[0], parameters.other[0]
        table = parameters.leaks[0]
        rows[i] = leak_tables.setdefault(table.tobytes(), len(tables))
        if rows[i] == len(tables):
            tables.append(table)
        for finding, likelihood in zip(*observed.arrays(network, observed.observations), strict=True):
            if tuple(likelihood) in ((1.0, 0.0), (0.0, 1.0)):
                states[i, finding] = 2 if likelihood[1] else 1
            else:
                soft_finding.append(int(finding))
                soft_weight.append(likelihood)
        soft_start.append(len(soft_finding))
    weights = np.array(soft_weight, dtype=np.float64).reshape(-1, 2)
    soft = (np.array(soft_start), np.array(soft_finding, dtype=np.int32), weights[:, 0], weights[:, 1])
    maker = network.makes_cramp
    leaks = np.array(tables).reshape(len(tables), 2, f)

    def half(world: int, active: FloatArray, links: FloatArray | None = None, target_leak: FloatArray | None = None):  # type: ignore[no-untyped-def]
        structure = replace(network.structure, leaks=leaks[:, world])
        return infer_batch(
            structure,
            1 - prevalence,
            active,
            states,
            leak_rows=rows,
            target_links=links,
            target_leaks=target_leak,
            soft=soft,
            threads=threads,
        )

    cramp = half(CRAMP, prevalence, np.where(maker, strength, 0.0), background)
    quiet = prevalence * np.where(maker, 1 - strength, 1.0)
    mimic = half(OTHER, quiet, np.where(maker, 0.0, strength), other)
    log_cramp, log_other = cramp.log_evidence, mimic.log_evidence + np.log1p(-background)
    silent = prevalence * (1 - strength)
    log_alone = half(CRAMP, silent).log_evidence + np.log(background)
    log_outside = half(OTHER, silent).log_evidence + np.log1p(-background) + np.log(other)
    top = np.maximum(log_cramp, log_other)
    w_cramp, w_other = np.exp(log_cramp - top), np.exp(log_other - top)
    total = w_cramp + w_other
    p_cramp, p_other = w_cramp / total, w_other / total
    return BatchPosterior(
        cramp=p_cramp,
        present=p_cramp[:, None] * cramp.present + p_other[:, None] * mimic.present,
        explains=p_cramp[:, None] * np.where(maker, cramp.fired, cramp.present * strength)
        + p_other[:, None] * mimic.fired,
        background=np.exp(log_alone - top) / total,
        other=np.exp(log_outside - top) / total,
        omitted=np.maximum(cramp.omitted, mimic.omitted),
        status=np.maximum(cramp.status, mimic.status),
    )
