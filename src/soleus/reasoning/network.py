"""Compile the evidence base into an immutable network of numbers.

The world has two halves: *it is a true cramp* (produced by a cramp-making cause or by the background, which is
"no specific cause found") and *it is not* (a mimic or something outside the evidence base brings the complaint).
In each half the causes and findings are a two-layer noisy-OR network, so both are inferred exactly and mixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Person
from soleus.knowledge.schema import AgedClaim, Cause, Claim, Context, Evidence, Modifier
from soleus.reasoning.noisy_or import NoisyOr

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BACKGROUND = "idiopathic"
CRAMP, OTHER = 0, 1
MAXIMUM_PREVALENCE = 0.95  # choice: a context makes a cause likely, never certain


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything inference needs for one person, with an optional leading axis of draws (D).

    ``prevalence``, ``strength``: (D, C). ``links``: (D, nnz). ``leaks``: (D, 2, F) for the cramp and the other world.
    ``background``, ``other``: (D,), rates of the complaint without a listed cause.
    """

    prevalence: FloatArray
    strength: FloatArray
    links: FloatArray
    leaks: FloatArray
    background: FloatArray
    other: FloatArray


@dataclass(frozen=True, slots=True)
class Spread:
    """A claim as a distribution: its center and the distances to its range, on the logit or log scale."""

    center: FloatArray
    below: FloatArray
    above: FloatArray

    @classmethod
    def of(cls, claims: Iterable[Claim], transform: str) -> Spread:
        """Read ranges as 95 % intervals, each side apart (a split normal on the transformed scale)."""
        table = np.array([(c.value, *c.range) for c in claims], dtype=np.float64).reshape(-1, 3)
        if transform == "logit":
            table = np.clip(table, 1e-9, 1 - 1e-9)
            table = np.log(table) - np.log1p(-table)
        else:
            table = np.log(np.maximum(table, 1e-9))
        return cls(table[:, 0], (table[:, 0] - table[:, 1]) / 1.96, (table[:, 2] - table[:, 0]) / 1.96)

    def draw(self, normal: FloatArray) -> FloatArray:
        """Turn standard normal draws (D, n) into values on the transformed scale."""
        return self.center + np.where(normal < 0, normal * self.below, normal * self.above)


def expit(x: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


@dataclass(frozen=True, slots=True)
class Network:
    """The compiled evidence: structure, claims as spreads, and who is who. Immutable."""

    evidence: Evidence
    causes: tuple[Cause, ...]
    cause_index: dict[str, int]
    findings: tuple[str, ...]
    finding_index: dict[str, int]
    structure: NoisyOr
    link_claims: tuple[Claim, ...]
    makes_cramp: NDArray[np.bool_]

    @property
    def hash(self) -> str:
        """Fingerprint of the evidence this network was compiled from."""
        return self.evidence.hash


def compile_network(evidence: Evidence) -> Network:
    """Return the network of all causes and findings of the evidence base.

    Parameters
    ----------
    evidence : Evidence
        A checked evidence base, see `soleus.knowledge.load.load_evidence`.

    Returns
    -------
    Network
        Causes and findings in the order of their ids; "idiopathic" is not a node but the background.
    """
    causes = tuple(evidence.causes[key] for key in sorted(evidence.causes) if key != BACKGROUND)
    findings = tuple(sorted(evidence.findings))
    finding_index = {key: i for i, key in enumerate(findings)}
    arrows: list[tuple[int, int, Claim]] = sorted(
        ((finding_index[link.finding], c, link) for c, cause in enumerate(causes) for link in cause.links),
        key=lambda arrow: arrow[:2],
    )
    counts = np.bincount([arrow[0] for arrow in arrows], minlength=len(findings))
    structure = NoisyOr(
        n_causes=len(causes),
        indptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        parents=np.array([arrow[1] for arrow in arrows], dtype=np.int32),
        links=np.array([arrow[2].value for arrow in arrows], dtype=np.float64),
        leaks=np.array(
            [
                [(f.in_cramp or f.leak).value for f in (evidence.findings[key] for key in findings)],
                [evidence.findings[key].leak.value for key in findings],
            ]
        ),
    )
    return Network(
        evidence=evidence,
        causes=causes,
        cause_index={cause.id: c for c, cause in enumerate(causes)},
        findings=findings,
        finding_index=finding_index,
        structure=structure,
        link_claims=tuple(arrow[2] for arrow in arrows),
        makes_cramp=np.array([cause.makes == "cramp" for cause in causes]),
    )


def applies(context: Context, person: Person) -> bool:
    """Tell whether a context-bound claim holds for a person; an unknown never satisfies a restriction."""
    if context.age and not (person.age is not None and context.age[0] <= person.age < context.age[1]):
        return False
    if context.sex and context.sex != person.sex:
        return False
    if context.pregnancy_month:
        month = person.pregnancy_month
        if month is None or not context.pregnancy_month[0] <= month < context.pregnancy_month[1]:
            return False
    if context.postpartum is not None and context.postpartum != bool(person.postpartum):
        return False
    return not (context.setting and context.setting != person.setting)


def unknown_setting_weight(evidence: Evidence, modifier: Modifier, person: Person) -> float:
    """Return the chance that a setting-bound modifier applies to a person whose setting is not known (else 0).

    An unknown setting is not "primary care": it is each setting with the probability that the policy gives.
    """
    setting = modifier.when.setting
    if setting is None or person.setting is not None:
        return 0.0
    elsewhere = msgspec.structs.replace(modifier.when, setting=None)
    claim = evidence.policy.get(f"unknown_setting_{setting}")
    return claim.value if claim is not None and applies(elsewhere, person) else 0.0


def contextual(base: Claim, alternatives: Iterable[AgedClaim], person: Person) -> Claim:
    """Return the claim for this person: the first alternative that applies, else the general one."""
    return next((claim for claim in alternatives if applies(claim.when, person)), base)


def background_claim(evidence: Evidence, person: Person) -> list[Claim]:
    """Return the background rates that fit the person (several, to be averaged, when age or sex is unknown)."""
    age = person.age if person.age is not None else None
    rows = [
        row
        for row in evidence.release.background
        if (row.when.sex is None or person.sex is None or row.when.sex == person.sex)
        and (row.when.pregnancy_month is None)
        and row.when.age is not None
        and (row.when.age[0] <= (65.0 if age is None else age) < row.when.age[1])
    ]
    specific = [row for row in rows if row.when.sex is not None]
    return list(specific or rows)


def exposure_state(cause: Cause, state: dict[str, bool]) -> tuple[list[int], bool]:
    """Return which exposures of a cause are present, and whether every one of them is known to be absent."""
    present = [i for i, exposure in enumerate(cause.exposures) if state.get(exposure.finding)]
    absent = bool(cause.exposures) and all(state.get(exposure.finding) is False for exposure in cause.exposures)
    return present, absent


def person_parameters(
    network: Network, person: Person, state: dict[str, bool], normals: FloatArray | None = None
) -> Parameters:
    """Return prevalences, strengths, links, leaks and rates for one person.

    Parameters
    ----------
    network : Network
    person : Person
        Age, sex, pregnancy and setting; unknown ones restrict nothing and modify nothing.
    state : dict
        Known findings; only exposures (medicines) are looked at here.
    normals : (D, n_claims) array, optional
        Standard normal draws; without them D is 1 and every claim has its central value.

    Notes
    -----
    prevalence = share x reference rate / strength, its odds multiplied by the modifiers that apply.
    A cause with exposures (medicines) is "present" when one of those taken acts on this person; its prevalence is
    [1 - prod(1 - (RR - 1) x background / (1 - background))] / strength over those taken.
    """
    evidence, causes = network.evidence, network.causes
    draws = 1 if normals is None else normals.shape[0]
    position = 0

    def values(claims: list[Claim], transform: str) -> FloatArray:
        nonlocal position
        spread = Spread.of(claims, transform)
        raw = spread.center[None, :] if normals is None else spread.draw(normals[:, position : position + len(claims)])
        position += len(claims)
        return expit(raw) if transform == "logit" else np.exp(raw)

    reference = evidence.release.reference_rate.value
    share = values([cause.share for cause in causes], "logit")
    strength = values([cause.strength for cause in causes], "logit")
    links = values(list(network.link_claims), "logit")
    background_rows = background_claim(evidence, person)
    background = values(background_rows, "logit").mean(axis=1)
    other = values([evidence.release.other_complaint], "logit")[:, 0]
    leak_claims = [
        contextual(evidence.findings[key].leak, evidence.findings[key].leak_by_context, person)
        for key in network.findings
    ]
    leak_other = values(leak_claims, "logit")
    cramp_columns = [i for i, key in enumerate(network.findings) if evidence.findings[key].in_cramp is not None]
    leak_cramp = leak_other.copy()
    in_cramp = [claim for i in cramp_columns if (claim := evidence.findings[network.findings[i]].in_cramp) is not None]
    leak_cramp[:, cramp_columns] = values(in_cramp, "logit")

    modifier_rows = [
        (c, modifier)
        for c, cause in enumerate(causes)
        for modifier in cause.modifiers
        if applies(modifier.when, person)
    ]
    log_odds_shift = np.zeros((draws, len(causes)))
    shifts = np.log(values([modifier for _, modifier in modifier_rows], "log"))
    for column, (c, _) in enumerate(modifier_rows):
        log_odds_shift[:, c] += shifts[:, column]

    prevalence = np.minimum(share * reference / strength, 0.5)
    for c, cause in enumerate(causes):
        if not cause.exposures:
            continue
        present, absent = exposure_state(cause, state)
        risks = values([cause.exposures[i] for i in present], "log")
        if present:
            added = np.clip((risks - 1) * (background / (1 - background))[:, None], 0, 0.95)
            acting = 1 - np.prod(1 - added, axis=1)
            prevalence[:, c] = np.minimum(acting / strength[:, c], MAXIMUM_PREVALENCE)
            log_odds_shift[:, c] = 0  # the modifiers say how many people take them; here it is known
        elif absent:
            prevalence[:, c] = 1e-6
    odds = prevalence / (1 - prevalence) * np.exp(log_odds_shift)
    prevalence = np.minimum(odds / (1 + odds), MAXIMUM_PREVALENCE)
    return Parameters(
        prevalence=prevalence,
        strength=np.minimum(strength, 0.999),
        links=links,
        leaks=np.stack([leak_cramp, leak_other], axis=1),
        background=background,
        other=other,
    )


def count_normals(network: Network) -> int:
    """Return an upper bound on the uncertain numbers a person's parameters use."""
    evidence = network.evidence
    return (
        2 * len(network.causes)
        + len(network.link_claims)
        + 2 * len(network.findings)
        + len(evidence.release.background)
        + 1
        + sum(len(cause.modifiers) + len(cause.exposures) for cause in network.causes)
    )
