"""Why an answer is what it is: steps whose log-odds add up, each with its claim and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from soleus.core.assessment import Step
from soleus.core.message import Message, say
from soleus.knowledge.schema import Cause, Claim, Link
from soleus.reasoning.network import BACKGROUND, Network, person_parameters
from soleus.reasoning.observation import Observation, Observed
from soleus.reasoning.posterior import Posterior, accumulate, row_of, with_last
from soleus.reasoning.red_flags import close_state

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trace:
    """What is told, K facts in a fixed order, and K + 1 posteriors: nothing told, the first fact, the first two ..."""

    observations: tuple[Observation, ...]
    posterior: Posterior


def trace_posteriors(network: Network, observed: Observed, *, steps: bool = True) -> Trace:
    """Return the posterior with nothing told, with the first fact, with the first two ... (the ends without ``steps``).

    The order is fixed: what is present or measured first, then what is absent, each in clinical order (cramp features,
    history, medicines, symptoms, signs, laboratory, tests) and by name. So the steps do not depend on the order
    in which things were told. All steps are draws of one inference; where
    that one is too wide for an exact answer, the last posterior is still that of an inference of its own.
    """
    network = network.restricted(o.finding for o in observed.observations)
    found = [o for o in observed.observations if o.state != "absent"]
    missing = [o for o in observed.observations if o.state == "absent"]
    exposures = {e.finding for cause in network.causes for e in cause.exposures}
    told: dict[str, bool] = {}
    rows = [person_parameters(network, observed.person, told)]
    for observation in (*found, *missing):
        if observation.finding in exposures:
            told[observation.finding] = observation.state != "absent"
            # what follows from it was left out of the observations: no diuretic means no thiazide
            closed = close_state(network.evidence, told)
            known = {key: value for key, value in observed.state.items() if key in closed}
            rows.append(person_parameters(network, observed.person, known))
        else:
            rows.append(rows[-1])
    if len(rows) > 1:  # what was told of exposures but left out of the observations (it contradicts another) counts too
        rows[-1] = person_parameters(network, observed.person, observed.state)
    told_rows = *observed.arrays(network, found), observed.indices(network, missing)
    posterior = accumulate(network, rows, *told_rows, ends=not steps)
    if steps and posterior.omitted > 0.0:  # too much for one sweep of all steps, yet seldom for the answer alone
        posterior = with_last(posterior, row_of(accumulate(network, rows, *told_rows, ends=True), -1))
    return Trace((*found, *missing), posterior)


def logit(p: FloatArray | float) -> FloatArray:
    """Return log(p / (1 - p)), finite for probabilities that rounding has pushed to 0 or 1."""
    clipped = np.clip(np.asarray(p, dtype=np.float64), 1e-300, 1 - 1e-16)
    return np.log(clipped) - np.log1p(-clipped)


def explain_cause(network: Network, trace: Trace, cause: Cause | None) -> tuple[Step, ...]:
    """Return the steps from prior to posterior for one cause (None: no specific cause found).

    Source: choice. Each step is the change in log-odds when one observation is added to those before it; sums of such
    changes telescope, so that prior + steps = posterior exactly, whatever the dependence between findings.
    """
    if cause is None:
        explains = present = logit(trace.posterior.background)
    else:
        c = network.cause_index[cause.id]
        explains, present = logit(trace.posterior.explains[:, c]), logit(trace.posterior.present[:, c])
    return _steps(network, trace, cause, explains, present)


def explain_cramp(network: Network, trace: Trace) -> tuple[Step, ...]:
    """Return the steps for "this is a true muscle cramp"."""
    log_odds = logit(trace.posterior.cramp)
    return _steps(network, trace, None, log_odds, log_odds, cramp=True)


def _steps(
    network: Network,
    trace: Trace,
    cause: Cause | None,
    explains: FloatArray,
    present: FloatArray,
    cramp: bool = False,
) -> tuple[Step, ...]:
    steps = []
    links = {link.finding: link for link in cause.links} if cause is not None else {}
    for i, observation in enumerate(trace.observations):
        claim, source, verification = _describe_claim(network, cause, links, observation, cramp=cramp)
        steps.append(
            Step(
                finding=observation.finding,
                label=network.evidence.findings[observation.finding].label,
                state=observation.state,
                words=observation.words,
                log_odds=float(explains[i + 1] - explains[i]),
                log_odds_present=float(present[i + 1] - present[i]),
                claim=claim,
                source=source,
                verification=verification,
            )
        )
    return tuple(steps)


def _describe_claim(
    network: Network, cause: Cause | None, links: Mapping[str, Link], observation: Observation, *, cramp: bool
) -> tuple[str, str, str]:
    """Put the claim behind a step into words: (sentence, source, verification)."""
    finding = network.evidence.findings[observation.finding]
    leak = finding.leak
    if cause is not None:
        for exposure in cause.exposures:
            if exposure.finding == observation.finding:
                risk = say("relative risk of cramps {value:.3g} ({low:.3g} to {high:.3g})", **_numbers(exposure))
                return risk, exposure.source, exposure.verification
        if link := links.get(observation.finding):
            seen = say(
                "seen in {value:.3g} ({low:.3g} to {high:.3g}) of people with it, against {without:.3g} in people with "
                "none of the causes ({source}, {verification})",
                **_numbers(link),
                without=leak.value,
                source=leak.source,
                verification=leak.verification,
            )
            return seen, link.source, link.verification
    if (cramp or cause is None or cause.makes == "cramp") and finding.in_cramp is not None:
        claim = finding.in_cramp
        seen = say(
            "seen in {value:.3g} ({low:.3g} to {high:.3g}) of true cramps, against {without:.3g} without",
            **_numbers(claim),
            without=leak.value,
        )
        return seen, claim.source, claim.verification
    name = (cause or network.evidence.causes[BACKGROUND]).plain_name
    return _moves_others(name), leak.source, leak.verification


@lru_cache(maxsize=1024)
def _moves_others(name: str) -> Message:
    """Return the sentence of most steps; made once for each cause, as it is the same for all findings."""
    return say("“{cause}” neither brings nor prevents it; it moves the other suspects", cause=name)


def _numbers(claim: Claim) -> dict[str, float]:
    return {"value": claim.value, "low": claim.range[0], "high": claim.range[1]}
