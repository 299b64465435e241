"""Compile the evidence base into an immutable network of numbers.

The world has two halves: *it is a true cramp* (produced by a cramp-making cause or by the background, which is
"no specific cause found") and *it is not* (a mimic or something outside the evidence base brings the complaint).
In each half the causes and findings are a two-layer noisy-OR network, so both are inferred exactly and mixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
MAXIMUM_COMMON = 0.5  # choice: no cause is present in more than half of all who complain, whatever was drawn
MAXIMUM_PREVALENCE = 0.95  # choice: a context makes a cause likely, never certain
MINIMUM_PREVALENCE = 1e-6  # choice: "takes none of these medicines" makes it unlikely, never impossible
MAXIMUM_STRENGTH = 0.999


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

    def restricted(self, findings: Iterable[str]) -> Network:
        """Return the network with these findings only: unobserved findings change nothing and cost time."""
        kept = sorted(set(findings))
        indptr = self.structure.indptr
        rows = [self.finding_index[key] for key in kept]
        columns = [j for f in rows for j in range(indptr[f], indptr[f + 1])]
        counts = [int(indptr[f + 1] - indptr[f]) for f in rows]
        return replace(
            self,
            findings=tuple(kept),
            finding_index={key: i for i, key in enumerate(kept)},
            structure=NoisyOr(
                n_causes=self.structure.n_causes,
                indptr=np.concatenate(([0], np.cumsum(counts, dtype=np.int64))).astype(np.int32),
                parents=self.structure.parents[columns],
                links=self.structure.links[columns],
                leaks=self.structure.leaks[:, rows],
            ),
            link_claims=tuple(self.link_claims[j] for j in columns),
        )


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
        if not month or not context.pregnancy_month[0] <= month < context.pregnancy_month[1]:
            return False  # month 0 is "not pregnant"
    if context.postpartum is not None and context.postpartum != bool(person.postpartum):
        return False
    return not (context.setting and context.setting != person.setting)


def modifier_weight(evidence: Evidence, modifier: Modifier, person: Person) -> float:
    """Return the chance that a modifier applies: 0 or 1, and between them when the setting is not known.

    An unknown setting is not "primary care": it is each setting with the probability that the policy gives.
    """
    if applies(modifier.when, person):
        return 1.0
    setting = modifier.when.setting
    chance = evidence.policy.get(f"unknown_setting_{setting}")
    if person.setting is not None or chance is None:
        return 0.0
    elsewhere = msgspec.structs.replace(modifier.when, setting=None)
    return chance.value if applies(elsewhere, person) else 0.0


def contextual(base: Claim, alternatives: Iterable[AgedClaim], person: Person) -> Claim:
    """Return the claim for this person: the first alternative that applies, else the general one."""
    return next((claim for claim in alternatives if applies(claim.when, person)), base)


UNKNOWN_AGE = 65.0  # choice: the middle of those who come with night cramps


def background_claim(evidence: Evidence, person: Person) -> Claim:
    """Return the rate of five or more night cramps a month in people of the same whole year of age and the same sex.

    From 16 on it is the fitted curve of people who are not pregnant, also for a pregnant woman: what comes on top
    belongs to the cause pregnancy. An unknown sex is both, an unknown age is taken as 65.

    Parameters
    ----------
    evidence : Evidence
    person : Person

    Returns
    -------
    Claim
        The same for everybody of one year of age and sex.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> rate = background_claim(load_evidence(), Person(age=65, sex="female"))
    >>> f"{rate.value:.3f} ({rate.range[0]:.3f} to {rate.range[1]:.3f})"
    '0.095 (0.076 to 0.118)'
    """
    age = UNKNOWN_AGE if person.age is None else person.age
    curve = evidence.cramp_frequency[{"female": "women", "male": "men"}.get(person.sex or "", "everybody")]
    if age < curve.at[0]:
        return next(
            row
            for row in evidence.release.background
            if row.when.age and row.when.age[0] <= age < row.when.age[1] and row.when.sex in (None, person.sex)
        )
    row = min(int(age), curve.at[-1]) - curve.at[0]
    return Claim(
        value=sum(curve.shares[row][3:]),
        range=(curve.at_least_low[row][2], curve.at_least_high[row][2]),
        source=curve.source,
        verification=curve.verification,
        derivation=curve.derivation,
        population=curve.population,
        place=curve.place,
    )


def exposure_parts(evidence: Evidence, cause: Cause, person: Person) -> list[float]:
    """Return the part of a cause's share that each exposure holds in people of whom nothing is told.

    It is in proportion to how many people have it (its leak) and to its excess risk.
    """
    findings = [evidence.findings[exposure.finding] for exposure in cause.exposures]
    held = [contextual(finding.leak, finding.leak_by_context, person).value for finding in findings]
    parts = [leak * max(exposure.value - 1, 0.0) for leak, exposure in zip(held, cause.exposures, strict=True)]
    total = sum(parts)
    return [part / total for part in parts] if total else parts


def exposed_prevalence(prevalence: FloatArray, strength: FloatArray, spared: FloatArray, unknown: Any) -> FloatArray:
    """Return the prevalence of a cause with exposures, once some are known.

    Parameters
    ----------
    prevalence, strength : array
        Of the cause, with nothing known of its exposures.
    spared : array
        P(none of the exposures that are present makes a cramp).
    unknown : float or array
        Part of the prevalence that the exposures not told of still hold: they are not absent.
    """
    acting = np.minimum((1 - spared) / strength, 1.0)
    exposed: FloatArray = np.maximum(1 - (1 - acting) * (1 - prevalence * unknown), MINIMUM_PREVALENCE)
    return exposed


def excess_risk(risk: FloatArray, background: FloatArray) -> FloatArray:
    """Return P(an exposure makes a cramp) from its relative risk and the background rate."""
    added: FloatArray = np.clip((risk - 1) * (background / (1 - background)), 0, 1)
    return added


class Draws:
    """Turns claims into values: their central values, or draws that use up standard normals (D, n) from the left."""

    def __init__(self, normals: FloatArray | None) -> None:
        self.normals, self.position = normals, 0
        self.count = 1 if normals is None else len(normals)

    def logit(self, claims: Sequence[Claim]) -> FloatArray:
        """Return probabilities (D, len(claims))."""
        return expit(self._raw(claims, "logit"))

    def log(self, claims: Sequence[Claim]) -> FloatArray:
        """Return ratios (D, len(claims))."""
        ratios: FloatArray = np.exp(self._raw(claims, "log"))
        return ratios

    def _raw(self, claims: Sequence[Claim], scale: str) -> FloatArray:
        spread = Spread.of(claims, scale)
        if self.normals is None:
            return spread.center[None, :]
        columns = slice(self.position, self.position + len(claims))
        self.position += len(claims)
        return spread.draw(self.normals[:, columns])


def person_parameters(
    network: Network,
    person: Person,
    state: dict[str, bool] | None,
    normals: FloatArray | None = None,
) -> Parameters:
    """Return prevalences, strengths, links, leaks and rates for one person.

    Parameters
    ----------
    network : Network
    person : Person
        Age, sex, pregnancy and setting; an unknown setting counts as each setting with its chance.
    state : dict, optional
        Known findings; only exposures (medicines) are looked at here. None leaves the exposures to the caller.
    normals : (D, n_claims) array, optional
        Standard normal draws; without them D is 1 and every claim has its central value.

    Notes
    -----
    prevalence = share x reference rate / strength, its odds multiplied by the modifiers that apply.
    A cause with exposures (medicines) is "present" when one of those taken acts on this person: with probability
    [1 - prod(1 - (RR - 1) x background / (1 - background))] / strength over those taken. Medicines not told of are not
    absent: they keep their part of the prevalence.
    """
    evidence, causes = network.evidence, network.causes
    draws = Draws(normals)
    share = draws.logit([cause.share for cause in causes])
    strength = draws.logit([cause.strength for cause in causes])
    background = draws.logit([background_claim(evidence, person)])[:, 0]
    other = draws.logit([evidence.release.other_complaint])[:, 0]
    leaks = _leaks(network, person, draws)
    links = network.structure.links[None, :] if normals is None else draws.logit(network.link_claims)
    shift = _context_shift(network, person, draws)
    prevalence = np.minimum(share * evidence.release.reference_rate.value / strength, MAXIMUM_COMMON)
    prevalence = np.clip(prevalence, MINIMUM_PREVALENCE / 1e3, MAXIMUM_PREVALENCE)
    odds = prevalence / (1 - prevalence) * np.exp(shift)
    prevalence = odds / (1 + odds)
    for c, cause in enumerate(causes):
        if not cause.exposures or state is None:
            continue
        parts = exposure_parts(evidence, cause, person)
        told = [exposure.finding in state for exposure in cause.exposures]
        unknown = sum(part for part, known in zip(parts, told, strict=True) if not known) if sum(parts) else 1.0
        present = [exposure for exposure in cause.exposures if state.get(exposure.finding)]
        added = excess_risk(draws.log(present), background[:, None])
        spared = np.prod(1 - added, axis=1)
        prevalence[:, c] = exposed_prevalence(prevalence[:, c], strength[:, c], spared, unknown)
    return Parameters(
        prevalence=np.minimum(prevalence, MAXIMUM_PREVALENCE),
        strength=np.minimum(strength, MAXIMUM_STRENGTH),
        links=links,
        leaks=leaks,
        background=background,
        other=other,
    )


def _leaks(network: Network, person: Person, draws: Draws) -> FloatArray:
    """Return leaks (D, 2, F) of the cramp and the other world in this person's context."""
    findings = [network.evidence.findings[key] for key in network.findings]
    other = draws.logit([contextual(finding.leak, finding.leak_by_context, person) for finding in findings])
    cramp = other.copy()
    columns = [i for i, finding in enumerate(findings) if finding.in_cramp is not None]
    cramp[:, columns] = draws.logit([finding.in_cramp for finding in findings if finding.in_cramp is not None])
    return np.stack([cramp, other], axis=1)


def _context_shift(network: Network, person: Person, draws: Draws) -> FloatArray:
    """Return the change of log-odds (D, C) of each cause in this person's context."""
    rows = [
        (c, modifier, weight)
        for c, cause in enumerate(network.causes)
        for modifier in cause.modifiers
        if (weight := modifier_weight(network.evidence, modifier, person))
    ]
    shift = np.zeros((draws.count, len(network.causes)))
    factors = draws.log([modifier for _, modifier, _ in rows])
    for column, (c, _, weight) in enumerate(rows):
        shift[:, c] += np.log1p(weight * (factors[:, column] - 1))
    return shift


def count_normals(network: Network) -> int:
    """Return an upper bound on the uncertain numbers a person's parameters use."""
    return (
        2 * len(network.causes)
        + len(network.link_claims)
        + 2 * len(network.findings)
        + 2
        + sum(len(cause.modifiers) + len(cause.exposures) for cause in network.causes)
    )
