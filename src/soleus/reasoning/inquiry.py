"""What to ask, examine or measure next, why, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soleus.core.assessment import URGENCIES, Inquiry, Question, RaisedFlag, Urgency
from soleus.core.message import Message, say
from soleus.knowledge.schema import Evidence
from soleus.reasoning.network import BACKGROUND, Network, Parameters
from soleus.reasoning.observation import Observed
from soleus.reasoning.posterior import Posterior, if_absent
from soleus.reasoning.red_flags import close_state

FloatArray = NDArray[np.float64]
SHOWN = 8  # choice: a person reads no longer list
SHORTLIST = 64  # choice: questions compared exactly; more change the best ones seldom and cost time


def suggest_questions(
    network: Network,
    observed: Observed,
    parameters: Parameters,
    now: Posterior,
    open_flags: tuple[RaisedFlag, ...] = (),
) -> Inquiry:
    """Return the most useful next questions, best first, and whether anything left would change the advice.

    Usefulness is the expected information about what explains the complaint (bits), divided by the burden of asking
    (a question costs less than a blood test, a blood test less than imaging). One exact inference serves all.
    """
    evidence = network.evidence
    candidates = _shortlist(network, now, _candidates(network, observed))
    if not candidates:
        return Inquiry(questions=(), stop=True, reason=say("everything the evidence base can use is already known"))
    indices = [network.finding_index[key] for key in candidates]
    p_absent, absent = if_absent(network, parameters, *observed.arrays(network, observed.observations), now, indices)
    p_absent = np.clip(p_absent, 1e-9, 1 - 1e-9)
    names = [*(cause.id for cause in network.causes), BACKGROUND, "other"]
    base = _table(now)  # (1, S)
    no = _table(absent)  # (n, S)
    yes = np.clip((base - p_absent[:, None] * no) / (1 - p_absent[:, None]), 0, 1)
    gain = _entropy(base) - p_absent * _entropy(no) - (1 - p_absent) * _entropy(yes)
    policy = Policy.of(evidence, names)
    current = policy.advice(base)[0]
    no_advice, yes_advice = policy.advice(no), policy.advice(yes)
    considered = evidence.policy["answer_worth_considering"].value
    leading = int(np.argmax(base[0]))
    threshold = evidence.policy["question_worth_asking"].value
    rows: list[tuple[float, Question]] = []
    for i, key in enumerate(candidates):
        finding = evidence.findings[key]
        changes = (p_absent[i] > considered and no_advice[i] != current) or (
            1 - p_absent[i] > considered and yes_advice[i] != current
        )
        bits = float(max(gain[i], 0.0))
        rise = int(np.argmax(yes[i] - base[0]))
        rows.append(
            (
                bits / evidence.policy[f"burden_{finding.burden}"].value,
                Question(
                    finding=key,
                    label=finding.label,
                    question=finding.question or say("{label}?", label=finding.label),
                    burden=finding.burden,
                    gain_bits=bits,
                    why=_why(network, names, base[0], yes[i], no[i], rise, leading),
                    changes_advice=bool(changes),
                ),
            )
        )
    rows.sort(key=lambda row: (-row[0], row[1].finding))
    useful = [(worth, q) for worth, q in rows if worth >= threshold]
    stop = not open_flags and not any(q.changes_advice for _, q in useful)
    if stop:
        reason = say("no answer that is still open would change the advice")
    elif open_flags:
        reason = say("a danger has to be ruled out first")
    else:
        reason = say("the answers below could change the advice")
    return Inquiry(questions=tuple(q for _, q in rows[:SHOWN]), stop=stop, reason=reason)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a clinician's advice hangs on: the leading explanation and how fast care is needed, for many outcomes."""

    urgency: NDArray[np.int64]
    threshold: FloatArray

    @classmethod
    def of(cls, evidence: Evidence, names: list[str]) -> Policy:
        """Read each suspect's urgency and the probability at which it calls for it."""
        level = [evidence.causes[name].urgency if name in evidence.causes else URGENCIES[-1] for name in names]
        return cls(
            urgency=np.array([URGENCIES.index(urgency) for urgency in level]),
            threshold=np.array([act_threshold(evidence, urgency) for urgency in level]),
        )

    def advice(self, explains: FloatArray) -> list[tuple[int, int]]:
        """Return (leading suspect, index of urgency) for each row of probabilities."""
        calling = np.where(explains >= self.threshold, self.urgency, len(URGENCIES) - 1)
        return list(zip(explains.argmax(axis=1).tolist(), calling.min(axis=1).tolist(), strict=True))


def act_threshold(evidence: Evidence, urgency: Urgency) -> float:
    """Return the probability from which a cause of this urgency calls for it (2, never, for self-care)."""
    return evidence.policy[f"act_{urgency}"].value if urgency != "self_care" else 2.0


def urgency_of(evidence: Evidence, explains: dict[str, float]) -> tuple[Urgency, str]:
    """Return the urgency that the probabilities alone call for, and the cause that calls for it.

    An urgency is called for once the causes that need care that fast or faster explain the complaint, together, with at
    least the probability that the policy sets for it: three dangers at one chance in ten each are no less reason to go
    than one at three in ten. The cause returned is the likeliest of them. Red flags are judged elsewhere and can only
    raise this.
    """
    dangers: list[tuple[float, str]] = []
    for urgency in URGENCIES[:-1]:
        dangers += [
            (value, key)
            for key, value in explains.items()
            if key in evidence.causes and evidence.causes[key].urgency == urgency
        ]
        if dangers and sum(value for value, _ in dangers) >= act_threshold(evidence, urgency):
            return urgency, max(dangers)[1]
    return "self_care", ""


def _candidates(network: Network, observed: Observed) -> list[str]:
    evidence = network.evidence
    known = close_state(evidence, observed.state)
    exposures = {e.finding for cause in network.causes for e in cause.exposures}
    candidates = []
    for i, key in enumerate(network.findings):
        finding = evidence.findings[key]
        linked = network.structure.indptr[i + 1] > network.structure.indptr[i] or finding.in_cramp is not None
        if (
            key in known
            or key in observed.not_known
            or not linked
            or key in exposures
            or any(known.get(other) for other in finding.excludes)
        ):
            continue
        if finding.burden == "question" and not finding.question:
            continue
        candidates.append(key)
    return candidates


def _shortlist(network: Network, now: Posterior, candidates: list[str]) -> list[str]:
    """Keep the candidates whose answer could move most, to first order, so that the exact comparison stays quick.

    To first order a finding tells as much about a cause as the cause is uncertain, times how much oftener it produces
    it than others do, and a finding of cramps tells about the cramp.
    """
    structure = network.structure
    uncertain = now.present[0] * (1 - now.present[0])
    cramp = float(now.cramp[0] * (1 - now.cramp[0]))
    promise = {}
    for key in candidates:
        f = network.finding_index[key]
        span = slice(structure.indptr[f], structure.indptr[f + 1])
        in_cramp, leak = structure.leaks[:, f]
        moved = (
            float((uncertain[structure.parents[span]] * structure.links[span] ** 2).sum())
            + cramp * (in_cramp - leak) ** 2
        )
        promise[key] = (
            moved
            / np.sqrt(max(in_cramp, leak))
            / network.evidence.policy[f"burden_{network.evidence.findings[key].burden}"].value
        )
    return sorted(sorted(candidates, key=lambda key: (-promise[key], key))[:SHORTLIST])


def _table(posterior: Posterior) -> FloatArray:
    return np.concatenate((posterior.explains, posterior.background[:, None], posterior.other[:, None]), axis=1)


def _entropy(probabilities: FloatArray) -> FloatArray:
    """Sum over the suspects of the binary entropy of "explains", in bits (they are not exclusive)."""
    p = np.clip(probabilities, 1e-12, 1 - 1e-12)
    entropy: FloatArray = -(p * np.log2(p) + (1 - p) * np.log2(1 - p)).sum(axis=1)
    return entropy


def _why(
    network: Network, names: list[str], base: FloatArray, yes: FloatArray, no: FloatArray, rise: int, leading: int
) -> Message:
    def plain(i: int) -> str:
        if names[i] in network.evidence.causes:
            return network.evidence.causes[names[i]].plain_name
        return say("something else")

    rising: dict[str, object] = {
        "cause": plain(rise),
        "now": _percent(base[rise]),
        "with_yes": _percent(yes[rise]),
        "with_no": _percent(no[rise]),
    }
    if rise == leading:
        return say("yes would take “{cause}” from {now} to {with_yes}, no to {with_no}", **rising)
    return say(
        "yes would take “{cause}” from {now} to {with_yes}, no to {with_no}; "
        "“{leading}” would go from {leading_now} to {leading_then} with yes",
        **rising,
        leading=plain(leading),
        leading_now=_percent(base[leading]),
        leading_then=_percent(yes[leading]),
    )


def _percent(p: float) -> Message:
    if p < 0.001:
        return say("under 0.1 %")
    return say("{p:.1f} %", p=100 * p) if p < 0.1 else say("{p:.0f} %", p=100 * p)
