"""One entry of the evidence base with every claim it makes: the page behind each number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from soleus.core.message import Message, say, say_all
from soleus.knowledge.schema import (
    Association,
    Cause,
    Claim,
    Context,
    Evidence,
    Exposure,
    Finding,
    Link,
    Record,
    Reference,
)

PART_NAMES: dict[str, Message] = {
    "causes": say("Cause"),
    "findings": say("Finding"),
    "quantities": say("Measurement"),
    "remedies": say("Remedy"),
    "red_flags": say("Red flag"),
    "sayings": say("What is often said"),
    "scores": say("Score"),
    "policy": say("Rule of this project"),
    "doppler": say("Blood flow"),
    "cramp_frequency": say("How common cramps are"),
    "rival_explanations": say("Other complaint"),
    "references": say("Source"),
}
CLAIM_NAMES: dict[str, Message] = {
    "leak": say("Seen in people with a leg complaint and none of the listed causes"),
    "in_cramp": say("Seen in people with a true muscle cramp"),
    "leak_by_context": say("The same for some people"),
    "share": say("Share of such complaints that it explains, before anything is told"),
    "strength": say("How often it brings the complaint where it is present"),
    "modifiers": say("How much commoner in some people"),
    "exposures": say("Relative risk of cramps"),
    "effects": say("Measured effect"),
    "population_mean": say("Mean level in the population"),
    "between_person_cv": say("How much people differ"),
    "within_person_cv": say("How much one person varies from day to day"),
    "analytical_cv": say("How much the laboratory varies"),
    "limit": say("Limit"),
    "spread": say("How sharp the limit is"),
    "molar_mass": say("Molar mass"),
    "reference": say("Usual level"),
    "associations": say("Published, but not used in the sums"),
    "notes": say("Published, but not used in the sums"),
    "facts": say("Published, but not used in the sums"),
    "highest_hour": say("Hour of the highest value"),
    "lowest_hour": say("Hour of the lowest value"),
    "half_swing": say("Swing over the day"),
}


SETTINGS: dict[str, Message] = {
    "community": say("at home"),
    "primary_care": say("in a doctor's practice"),
    "emergency": say("in an emergency department"),
    "hospital": say("in hospital"),
    "dialysis_unit": say("in a dialysis unit"),
}


class ClaimShown(msgspec.Struct, frozen=True, kw_only=True):
    """One claim; ``value`` None where only words are claimed. ``anchor`` is the place on its page."""

    anchor: str
    label: str
    about: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    population: str
    place: str
    derivation: str
    verification: str
    source: str


class EvidenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: its names and texts, its claims, and the sources that they cite."""

    id: str
    part: str
    title: str
    texts: tuple[str, ...]
    claims: tuple[ClaimShown, ...]
    produced_by: tuple[ClaimShown, ...]
    references: dict[str, Reference]


def find_records(evidence: Evidence, key: str) -> tuple[EvidenceRecord, ...]:
    """Return the entries of this id; a cause and a saying may share one. Empty when there is none.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> [record] = find_records(load_evidence(), "site_calf")
    >>> record.title, [claim.anchor for claim in record.claims][:2], find_records(load_evidence(), "nothing")
    ('In the calf', ['leak', 'in_cramp'], ())
    """
    return tuple(
        _record(evidence, part, key, getattr(evidence, part)[key])
        for part in PART_NAMES
        if key in getattr(evidence, part)
    )


def title_of(record: Any) -> str:
    """Return the human name of any entry."""
    for name in ("plain_name", "name", "label", "says", "site", "title", "finding"):
        if getattr(record, name, ""):
            return str(getattr(record, name))
    return ""


def _record(evidence: Evidence, part: str, key: str, record: Record) -> EvidenceRecord:
    claims = tuple(_claims(evidence, record))
    produced = tuple(_produced(evidence, key)) if part == "findings" else ()
    cited = [claim.source for claim in (*claims, *produced)] + list(getattr(record, "sources", ()))
    if part == "references":
        cited = [key]
    known = {source: evidence.references[source] for source in dict.fromkeys(cited) if source in evidence.references}
    return EvidenceRecord(
        id=key,
        part=part,
        title=title_of(record) or key.replace("_", " "),
        texts=tuple(_texts(record)),
        claims=claims,
        produced_by=produced,
        references=known,
    )


def _texts(record: Record) -> Iterator[str]:
    """Give the sentences of an entry, those first that say what it is."""
    usual = ("summary", "population", "advice", "effect", "harms", "not_when_text", "data_say", "why", "do", "see")
    for name in ("plain", "question") if isinstance(record, Finding) else usual:
        if text := getattr(record, name, ""):
            yield text


def _claims(evidence: Evidence, record: Record) -> Iterator[ClaimShown]:
    if isinstance(record, Claim | Association):
        yield _shown(record, "claim", say("Claim"), "")
        return
    if "source" in record.__struct_fields__:
        yield _cited(record)
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for i, claim in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(claim, Claim | Association):
                anchor = name if not isinstance(value, tuple) else f"{name}-{getattr(claim, 'finding', i)}"
                yield _shown(claim, anchor, _label(name, claim, evidence), _about(claim))
            elif isinstance(claim, Record):  # a limit or a rhythm of a measurement
                for inner in claim.__struct_fields__:
                    part = getattr(claim, inner)
                    if isinstance(part, Claim):
                        said = getattr(claim, "finding", "")
                        about = evidence.findings[said].label if said in evidence.findings else ""
                        yield _shown(part, f"{name}-{i}-{inner}", _label(inner, part, evidence), about)


def _label(name: str, claim: Claim | Association, evidence: Evidence) -> str:
    if name == "links":
        finding = evidence.findings[getattr(claim, "finding", "")]
        return say("How often it brings: {finding}", finding=finding.label)
    return CLAIM_NAMES.get(name) or name.replace("_", " ")


def _about(claim: Claim | Association) -> str:
    if isinstance(claim, Association):
        return claim.about
    when = getattr(claim, "when", None)
    if isinstance(when, Context):
        return _whom(when)
    return str(getattr(claim, "outcome", ""))


def _whom(when: Context) -> str:
    """Say in words to whom a claim applies."""
    parts: list[str] = []
    if when.sex is not None:
        parts.append(say("women") if when.sex == "female" else say("men"))
    if when.age is not None:
        parts.append(say("age {low:g} to {high:g}", low=when.age[0], high=when.age[1]))
    if when.pregnancy_month is not None:
        low, high = when.pregnancy_month
        parts.append(say("month of pregnancy {low:g} to {high:g}", low=low, high=high))
    if when.postpartum is not None:
        parts.append(say("after childbirth") if when.postpartum else say("not after childbirth"))
    if when.setting is not None:
        parts.append(SETTINGS[when.setting])
    return say_all(parts, ", ")


def _produced(evidence: Evidence, finding: str) -> Iterator[ClaimShown]:
    """Give what each cause does to a finding, the likeliest first."""
    links = [
        (link, cause.id, cause.plain_name, f"from-{cause.id}")
        for cause in evidence.causes.values()
        for link in arrows(cause)
        if link.finding == finding
    ]
    for link, _, name, anchor in sorted(links, key=lambda one: (-one[0].value, one[1])):
        yield _shown(link, anchor, name, "")


def arrows(cause: Cause) -> tuple[Link | Exposure, ...]:
    """Return everything that a cause claims about findings."""
    return (*cause.links, *cause.exposures)


def _shown(claim: Claim | Association, anchor: str, label: str, about: str) -> ClaimShown:
    low, high = claim.range or (None, None)
    return ClaimShown(
        anchor=anchor,
        label=label,
        about=about,
        value=claim.value,
        low=low,
        high=high,
        unit=claim.measure if isinstance(claim, Association) else claim.unit,
        population=claim.population,
        place=claim.place,
        derivation=claim.note if isinstance(claim, Association) else claim.derivation,
        verification=claim.verification,
        source=claim.source,
    )


def _cited(record: Any) -> ClaimShown:
    """Return the source of an entry that is one claim in words, such as a red flag."""
    return ClaimShown(
        anchor="claim",
        label=say("Source"),
        about="",
        value=None,
        low=None,
        high=None,
        unit="",
        population="",
        place=getattr(record, "place", ""),
        derivation=getattr(record, "derivation", ""),
        verification=record.verification,
        source=record.source,
    )
