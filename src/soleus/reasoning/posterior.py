"""The posterior of one person: true cramp or not, what is present, and what explains the complaint.

Two exact inferences, one in each half of the world, mixed by their evidence:

* *true cramp*: the target is the cramp itself, with the cramp-making causes and the background as its parents;
* *no true cramp*: no cramp link fired, and the target is the complaint, with the mimics as its parents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soleus.reasoning.network import CRAMP, OTHER, Network, Parameters
from soleus.reasoning.noisy_or import infer, infer_evidence

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior probabilities; D draws first, C causes.

    ``cramp`` (D,): P(true cramp). ``present`` (D, C): P(cause present).
    ``explains`` (D, C): P(the cause's link to the complaint fired).
    ``background`` (D,): P(a cramp, and no listed cause's link fired), "no specific cause found".
    ``other`` (D,): P(no cramp, and no listed cause's link fired), something outside the evidence base.
    ``log_evidence`` (D,). ``omitted``: largest probability mass left out, 0 when exact.
    """

    cramp: FloatArray
    present: FloatArray
    explains: FloatArray
    background: FloatArray
    other: FloatArray
    log_evidence: FloatArray
    omitted: float


def compute_posterior(
    network: Network,
    parameters: Parameters,
    findings: NDArray[np.int64],
    likelihoods: FloatArray,
    active_factor: FloatArray | None = None,
    world_factor: FloatArray | None = None,
) -> Posterior:
    """Return the exact posterior of one person, for every draw of the parameters.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        With a leading axis of D draws (1 for the central values).
    findings : (K,) int array
        Observed findings, unique; those not listed are unknown and change nothing.
    likelihoods : (K, 2) array
        P(observation | finding absent), P(observation | finding present): (1, 0) absent, (0, 1) present.
    active_factor : (D, C) array, optional
        Multiplies the weight of each cause being present (further absent findings, folded in by the caller).
    world_factor : (2, D) array, optional
        Multiplies the evidence of the cramp and the other world likewise.

    Returns
    -------
    Posterior

    Raises
    ------
    ImpossibleEvidence
        The observations cannot occur together under the network.
    """
    cramp_maker = network.makes_cramp
    pi, strength = parameters.prevalence, parameters.strength

    def one(
        world: int, active: FloatArray, target_links: FloatArray, target_leak: FloatArray
    ) -> tuple[FloatArray, ...]:
        result = infer(
            network.structure,
            _shared(1 - pi),
            _shared(active),
            findings,
            likelihoods,
            target_links=_shared(target_links),
            target_leak=_shared(target_leak),
            links=_shared(parameters.links),
            leaks=_shared(parameters.leaks[:, world]),
        )
        return (
            np.atleast_1d(np.asarray(result.log_evidence)),
            np.atleast_2d(result.present),
            np.atleast_2d(result.fired),
            np.atleast_1d(np.asarray(result.omitted)),
        )

    def without_complaint(world: int, active: FloatArray) -> FloatArray:
        log_evidence = infer_evidence(
            network.structure,
            _shared(1 - pi),
            _shared(active),
            findings,
            likelihoods,
            links=_shared(parameters.links),
            leaks=_shared(parameters.leaks[:, world]),
        )
        return np.atleast_1d(np.asarray(log_evidence))

    cramp_links = np.where(cramp_maker, strength, 0.0)
    mimic_links = np.where(cramp_maker, 0.0, strength)
    quiet = pi * np.where(cramp_maker, 1 - strength, 1.0)  # present, but did not make a cramp
    silent = pi * (1 - strength)  # present, but brought no complaint at all
    loud = pi
    if active_factor is not None:
        quiet, loud, silent = quiet * active_factor, loud * active_factor, silent * active_factor
    in_cramp = one(CRAMP, loud, cramp_links, parameters.background)
    in_other = one(OTHER, quiet, mimic_links, parameters.other)

    factor = np.zeros((2, 1)) if world_factor is None else np.log(world_factor)
    log_cramp = in_cramp[0] + factor[CRAMP]
    log_other = in_other[0] + factor[OTHER] + np.log1p(-parameters.background)
    log_alone = without_complaint(CRAMP, silent) + factor[CRAMP] + np.log(parameters.background)
    log_outside = (
        without_complaint(OTHER, silent) + factor[OTHER] + np.log1p(-parameters.background) + np.log(parameters.other)
    )
    top = np.maximum(log_cramp, log_other)
    weight_cramp, weight_other = np.exp(log_cramp - top), np.exp(log_other - top)
    total = weight_cramp + weight_other
    p_cramp, p_other = weight_cramp / total, weight_other / total
    return Posterior(
        cramp=p_cramp,
        present=p_cramp[:, None] * in_cramp[1] + p_other[:, None] * in_other[1],
        # A true cramp does not keep a mimic from bringing the complaint too: its link fires as it always does.
        explains=p_cramp[:, None] * np.where(cramp_maker, in_cramp[2], in_cramp[1] * strength)
        + p_other[:, None] * in_other[2],
        background=np.exp(log_alone - top) / total,
        other=np.exp(log_outside - top) / total,
        log_evidence=top + np.log(total),
        omitted=float(max(in_cramp[3].max(), in_other[3].max())),
    )


def _shared(values: FloatArray) -> FloatArray:
    """Drop a leading axis of one draw: numbers shared by all draws need not be spread over them."""
    shared: FloatArray = values[0] if values.shape[0] == 1 else values
    return shared


def if_absent(
    network: Network,
    parameters: Parameters,
    findings: NDArray[np.int64],
    likelihoods: FloatArray,
    now: Posterior,
    candidates: list[int],
) -> tuple[FloatArray, Posterior]:
    """Return, for each candidate finding, P(absent | evidence) and the posterior if it were absent.

    An absent finding only reweighs its causes, so all these questions share one inference with one draw for each
    candidate. ``parameters`` holds central values (one draw), ``now`` their posterior.
    """
    structure = network.structure
    factor = np.ones((len(candidates), structure.n_causes))
    for row, f in enumerate(candidates):
        span = slice(structure.indptr[f], structure.indptr[f + 1])
        factor[row, structure.parents[span]] = 1 - parameters.links[0, span]
    leak = 1 - parameters.leaks[0][:, candidates]  # (2, n)
    asked = compute_posterior(network, parameters, findings, likelihoods, factor, leak)
    return np.exp(asked.log_evidence - now.log_evidence[0]), asked


def accumulate(
    network: Network,
    rows: list[Parameters],
    findings: NDArray[np.int64],
    likelihoods: FloatArray,
    absent: NDArray[np.int64],
    *,
    ends: bool = False,
) -> Posterior:
    """Return the posteriors with nothing observed, with the first observation, the first two ..., in one inference.

    The K observations come first, then the M absent findings, so that there are 1 + K + M posteriors. ``rows`` holds as
    many parameters (central values); they may differ in prevalence and strength. ``ends`` keeps the first and the last
    posterior only, for a fraction of the work.
    """
    structure, base, k = network.structure, rows[0], len(findings)
    steps = len(rows)
    entered = np.arange(steps)[:, None] > np.arange(k)[None, :]
    spread = np.where(entered[:, :, None], likelihoods[None], 1.0)
    factor = np.ones((steps, structure.n_causes))
    leak = np.ones((2, steps))
    for row, f in enumerate(absent, start=k + 1):
        span = slice(structure.indptr[f], structure.indptr[f + 1])
        factor[row, structure.parents[span]] = 1 - base.links[0, span]
        leak[:, row] = 1 - base.leaks[0, :, f]
    kept = np.array([0, steps - 1]) if ends else np.arange(steps)
    parameters = Parameters(
        prevalence=np.concatenate([rows[i].prevalence for i in kept]),
        strength=np.concatenate([rows[i].strength for i in kept]),
        links=base.links,
        leaks=base.leaks,
        background=np.repeat(base.background, len(kept)),
        other=np.repeat(base.other, len(kept)),
    )
    factors: FloatArray = np.multiply.accumulate(factor, axis=0)
    leaks: FloatArray = np.multiply.accumulate(leak, axis=1)
    return compute_posterior(network, parameters, findings, spread[kept], factors[kept], leaks[:, kept])


def row_of(posterior: Posterior, row: int) -> Posterior:
    """Return one draw of a posterior, as a posterior of one draw."""
    return Posterior(
        cramp=posterior.cramp[[row]],
        present=posterior.present[[row]],
        explains=posterior.explains[[row]],
        background=posterior.background[[row]],
        other=posterior.other[[row]],
        log_evidence=posterior.log_evidence[[row]],
        omitted=posterior.omitted,
    )


def with_last(posterior: Posterior, last: Posterior) -> Posterior:
    """Return a posterior whose last draw is that of another one; `omitted` is that of the other."""
    return Posterior(
        cramp=np.concatenate([posterior.cramp[:-1], last.cramp]),
        present=np.concatenate([posterior.present[:-1], last.present]),
        explains=np.concatenate([posterior.explains[:-1], last.explains]),
        background=np.concatenate([posterior.background[:-1], last.background]),
        other=np.concatenate([posterior.other[:-1], last.other]),
        log_evidence=np.concatenate([posterior.log_evidence[:-1], last.log_evidence]),
        omitted=last.omitted,
    )
