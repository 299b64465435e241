"""The same posterior for many people at once, through the compiled kernel.

Imported only where batches are wanted: a single assessment never waits for the compiler.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soleus.reasoning.batch_observation import ObservedPeople, Observer
from soleus.reasoning.batch_parameters import Contexts, PeopleParameters
from soleus.reasoning.batch_people import FloatArray, People
from soleus.reasoning.kernel import BatchInference, infer_batch
from soleus.reasoning.network import CRAMP, OTHER, Network
from soleus.reasoning.noisy_or import MAX_WIDTH

__all__ = ["BatchPosterior", "Inferrer", "infer_people"]


@dataclass(frozen=True, slots=True, eq=False)
class BatchPosterior:
    """Posteriors of N people; fields as in `soleus.reasoning.posterior.Posterior` with people in place of draws.

    ``status`` (N,) is that of `soleus.reasoning.kernel.BatchInference`: rows without an answer hold NaN.
    """

    cramp: FloatArray
    present: FloatArray
    explains: FloatArray
    background: FloatArray
    other: FloatArray
    omitted: FloatArray
    status: NDArray[np.int8]


class Inferrer:
    """Observes and infers batches of people for one network. Safe to share between threads.

    Parameters
    ----------
    network : Network
    findings : iterable of str, optional
        All that can be observed in these people (see `soleus.reasoning.batch_observation.reachable`); the rest of the
        network is left out. All findings when missing.

    Examples
    --------
    >>> from soleus.core.case import Fact, Facts, Person
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.reasoning.batch_people import gather_people
    >>> from soleus.reasoning.network import compile_network
    >>> inferrer = Inferrer(compile_network(load_evidence()))
    >>> told = (Fact(finding="eased_by_stretching", present=True, words="", where=""),)
    >>> people = gather_people([Facts(person=Person(age=68.0, sex="female"), facts=told), Facts(person=Person())])
    >>> (inferrer.infer(people).cramp > 0.8).tolist()
    [True, True]
    """

    def __init__(self, network: Network, findings: Iterable[str] | None = None) -> None:
        self.network = network if findings is None else network.restricted(findings)
        self.observer, self.contexts = Observer(self.network), Contexts(self.network)

    def infer(self, people: People, *, threads: int = 1) -> BatchPosterior:
        """Return the posteriors of N people; each equals the single assessment's to 1e-9."""
        observed = self.observer.observe(people)
        return infer_people(self.network, observed, self.contexts.parameters(people, observed.known), threads=threads)


def infer_people(
    network: Network, observed: ObservedPeople, parameters: PeopleParameters, *, threads: int = 1
) -> BatchPosterior:
    """Return the posteriors of N people who are observed: two exact inferences each, a cramp and not a cramp.

    Parameters
    ----------
    network : Network
    observed : ObservedPeople
    parameters : PeopleParameters
        Of the same people.
    threads : int
        Threads for the kernel.

    Returns
    -------
    BatchPosterior
        Rows in the order of the people; a row does not depend on the others.

    Notes
    -----
    The two halves and their mixture are those of `soleus.reasoning.posterior.compute_posterior`.
    """
    maker, strength = network.makes_cramp, parameters.strength
    loud = parameters.prevalence
    quiet = loud * np.where(maker, 1 - strength, 1.0)  # present, but did not make a cramp
    absent = 1 - loud

    def half(world: int, active: FloatArray, links: FloatArray | None = None, leak: Any = None) -> BatchInference:
        return infer_batch(
            parameters.structures[world],
            absent,
            active,
            observed.states,
            leak_rows=parameters.leak_row,
            target_links=links,
            target_leaks=leak,
            soft=observed.soft,
            only_evidence=links is None,
            max_width=MAX_WIDTH,  # as a single assessment, so that both leave out the same
            threads=threads,
        )

    cramp = half(CRAMP, loud, np.where(maker, strength, 0.0), parameters.background)
    mimic = half(OTHER, quiet, np.where(maker, 0.0, strength), parameters.other)
    # present, but brought no complaint at all: what is left to the background, which then must have fired
    alone = half(CRAMP, loud * (1 - strength)).log_evidence + np.log(parameters.background)
    log_cramp, log_other = cramp.log_evidence, mimic.log_evidence + np.log1p(-parameters.background)
    possible = np.isfinite(np.maximum(log_cramp, log_other))
    top = np.where(possible, np.fmax(log_cramp, log_other), 0.0)
    w_cramp, w_other = np.exp(log_cramp - top), np.exp(log_other - top)
    total = w_cramp + w_other
    with np.errstate(invalid="ignore"):
        p_cramp, p_other = (w_cramp / total)[:, None], (w_other / total)[:, None]
    # a true cramp does not keep a mimic from bringing the complaint too: its link fires as it always does
    explains = p_cramp * np.where(maker, cramp.fired, cramp.present * strength) + p_other * mimic.fired
    return BatchPosterior(
        cramp=p_cramp[:, 0],
        present=p_cramp * cramp.present + p_other * mimic.present,
        explains=explains,
        background=np.exp(alone - top) / total,
        other=p_other[:, 0] * mimic.alone,
        omitted=np.maximum(cramp.omitted, mimic.omitted),
        status=np.maximum(cramp.status, mimic.status),
    )
