"""Two simple answers to be compared with: how common causes are, and one cause at a time (naive Bayes)."""

from __future__ import annotations

import numpy as np

from soleus.core.case import Facts
from soleus.reasoning.network import BACKGROUND, CRAMP, OTHER, Network, person_parameters
from soleus.reasoning.observation import observe
from soleus.reasoning.posterior import compute_posterior


def by_prevalence(network: Network, facts: Facts) -> dict[str, float]:
    """Return how often each cause explains such a complaint in people like this one, whatever was found."""
    observed = observe(network, facts)
    prior = compute_posterior(network, person_parameters(network, facts.person, {}), *observed.arrays(network, ()))
    named = dict(zip((cause.id for cause in network.causes), prior.explains[0].tolist(), strict=True))
    return {**named, BACKGROUND: float(prior.background[0])}


def by_single_cause(network: Network, facts: Facts) -> dict[str, float]:
    """Return the posterior if exactly one cause were present and findings were independent given it (same numbers)."""
    observed = observe(network, facts)
    parameters = person_parameters(network, facts.person, observed.state)
    findings, likelihoods = observed.arrays(network, observed.observations)
    prior = by_prevalence(network, facts)
    structure = network.structure
    log_score = {}
    for name in (*(cause.id for cause in network.causes), BACKGROUND):
        makes_cramp = name == BACKGROUND or network.evidence.causes[name].makes == "cramp"
        leak = parameters.leaks[0, CRAMP if makes_cramp else OTHER]
        total = np.log(max(prior[name], 1e-12))
        c = network.cause_index.get(name)
        for f, (absent, present) in zip(findings, likelihoods, strict=True):
            span = slice(structure.indptr[f], structure.indptr[f + 1])
            link = parameters.links[0, span][structure.parents[span] == c].sum() if c is not None else 0.0
            p = 1 - (1 - leak[f]) * (1 - link)
            total += np.log(max(absent * (1 - p) + present * p, 1e-300))
        log_score[name] = total
    top = max(log_score.values())
    weights = {name: float(np.exp(value - top)) for name, value in log_score.items()}
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}
