"""The rules of the evidence base that hold between records, and inside each claim."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterator
from typing import Any

import msgspec

from soleus.core.problem import Problem
from soleus.knowledge.check_population import check_curve, check_plain_model, check_relative_risk, check_survey_parts
from soleus.knowledge.schema import (
    Claim,
    Evidence,
    Exposure,
    FrequencyCurve,
    Link,
    PlainModel,
    Record,
    RedFlag,
    RelativeRisk,
    Rhythm,
)

PARTS = (
    "causes",
    "findings",
    "quantities",
    "doppler",
    "remedies",
    "red_flags",
    "sayings",
    "scores",
    "policy",
    "cramp_frequency",
    "plain_models",
    "relative_risks",
    "rival_explanations",
)
FIXES = {
    "unknown_key": "remove the key or correct its spelling; the allowed keys are in docs/evidence.md",
    "missing_source": 'add `source` (a key of references.bib) or source = "expert" with verification = "expert"',
    "missing_key": "add the key; docs/evidence.md lists what each record needs",
    "wrong_type": "write the value in the type that docs/evidence.md gives",
    "toml_syntax": "correct the TOML at that line; each key may appear once",
}


def broken_rule(code: str, where: str, what: str, why: str, fix: str) -> Problem:
    """Return the problem of an evidence file that breaks a rule."""
    return Problem(code=code, level="error", where=where, what=what, why=why, fix=fix)


def iterate_claims(item: object, where: str) -> Iterator[tuple[str, Record]]:
    """Yield every claim-like record (one with a `source`) inside a record, with its place."""
    if isinstance(item, msgspec.Struct):
        if "source" in item.__struct_fields__ and isinstance(item, Record):
            yield where, item
        for name in item.__struct_fields__:
            yield from iterate_claims(getattr(item, name), f"{where}.{name}")
    elif isinstance(item, tuple):
        for index, part in enumerate(item):
            yield from iterate_claims(part, f"{where}[{index}]")


def all_records(evidence: Evidence) -> Iterator[tuple[str, Record]]:
    """Yield every top-level record with its place, such as ``causes/dvt``."""
    for part in PARTS:
        for key, record in getattr(evidence, part).items():
            yield f"{part}/{key}", record
    yield "release", evidence.release


def check_relations(evidence: Evidence) -> list[Problem]:
    """Return every rule that the records break between them or inside a claim."""
    problems: list[Problem] = []

    def add(code: str, where: str, what: str, why: str, fix: str) -> None:
        problems.append(broken_rule(code, where, what, why, fix))

    for place, record in all_records(evidence):
        for where, claim in iterate_claims(record, place):
            _check_claim(claim, where, evidence, add)
    for key, quantity in evidence.quantities.items():
        if quantity.rhythm is not None:
            _check_rhythm(quantity.rhythm, f"quantities/{key}.rhythm", add)
    check_survey_parts(evidence, add)
    _check_ids(evidence, add)
    _check_rules(evidence, add)
    return problems


Add = Callable[[str, str, str, str, str], None]


def _check_claim(claim: Any, where: str, evidence: Evidence, add: Add) -> None:
    if not claim.source.strip():
        code = "unsourced_red_flag" if isinstance(claim, RedFlag) else "missing_source"
        add(
            code,
            where,
            "the source is empty",
            "a number or rule without a source cannot be trusted",
            FIXES["missing_source"],
        )
        return
    if claim.source != "expert" and claim.source not in evidence.references:
        add(
            "dangling_source",
            where,
            f"source {claim.source!r} is not in references.bib",
            "the claim cannot be traced",
            "add the entry to references.bib or correct the key",
        )
    if claim.source == "expert" and claim.verification in ("read", "recalled"):
        add(
            "expert_not_labeled",
            where,
            f"source is expert but verification is {claim.verification!r}",
            "opinion must not look like a study",
            'write verification = "expert"',
        )
    if isinstance(claim, FrequencyCurve):
        check_curve(claim, where, add)
    if isinstance(claim, PlainModel):
        check_plain_model(claim, where, add)
    if isinstance(claim, RelativeRisk):
        check_relative_risk(claim, where, evidence, add)
    if not isinstance(claim, Claim):
        return
    low, high = claim.range
    if not all(math.isfinite(x) for x in (claim.value, low, high)) or not low <= claim.value <= high:
        add(
            "impossible_value",
            where,
            f"value {claim.value} with range {low} to {high}",
            "the range must hold the value",
            "correct the value or the range",
        )
    elif claim.unit == "probability" and not (0 < claim.value < 1 and low >= 0 and high <= 1):
        add(
            "impossible_value",
            where,
            f"probability {claim.value} (range {low} to {high})",
            "certainty leaves nothing to learn from, and less than 0 or more than 1 is no probability",
            "write a value above 0 and below 1",
        )
    elif claim.value < 0 and claim.unit not in {
        "difference",
        "count per week",
        "count per 2 weeks",
        "count per 4 weeks",
        "count per night",
        "percent",
        "cm",
        "VAS cm",
    }:
        add(
            "impossible_value",
            where,
            f"negative value {claim.value} {claim.unit}",
            "this quantity cannot be negative",
            "correct the value or the unit",
        )
    if not claim.derivation.strip():
        add(
            "missing_derivation",
            where,
            "the derivation is empty",
            "nobody can tell how the number came about",
            "say in a sentence how it was derived",
        )


def _check_rhythm(rhythm: Rhythm, where: str, add: Add) -> None:
    highest, lowest, swing = rhythm.highest_hour.value, rhythm.lowest_hour.value, rhythm.half_swing
    if not (
        0 <= highest < 24 and 0 <= lowest < 24 and highest != lowest and 0 <= swing.range[0] <= swing.range[1] < 100
    ):
        add(
            "impossible_value",
            where,
            f"highest at {highest:g} h, lowest at {lowest:g} h, half swing {swing.range[0]:g} to {swing.range[1]:g} %",
            "a day has two different hours for them, and a value cannot swing below zero",
            "write hours from 0 to 24 that differ, and a half swing below 100 %",
        )


def _check_ids(evidence: Evidence, add: Add) -> None:
    findings, causes = evidence.findings, evidence.causes

    def need(kind: str, known: Container[str], key: str, where: str) -> None:
        if key not in known:
            add(
                "dangling_id",
                where,
                f"no {kind} {key!r}",
                "the arrow would point to nothing",
                f"correct the id or define the {kind}",
            )

    for cause in causes.values():
        seen: set[str] = set()
        arrows: tuple[Link | Exposure, ...] = (*cause.links, *cause.exposures)
        for link in arrows:
            need("finding", findings, link.finding, f"causes/{cause.id}.links")
            if link.finding in seen:
                add(
                    "duplicate_link",
                    f"causes/{cause.id}",
                    f"two links to {link.finding}",
                    "one arrow, one number",
                    "keep one",
                )
            seen.add(link.finding)
    for key, finding in findings.items():
        for other in (*finding.is_a, *finding.excludes):
            need("finding", findings, other, f"findings/{key}")
    for key, quantity in evidence.quantities.items():
        for level in quantity.levels:
            need("finding", findings, level.finding, f"quantities/{key}.levels")
    for key, remedy in evidence.remedies.items():
        for cause_id in remedy.causes:
            need("cause", causes, cause_id, f"remedies/{key}.causes")
        for other in remedy.not_when:
            if re.fullmatch(r"!?\w+", other) and other not in {"pregnant", "postpartum"}:
                need("finding", findings, other.lstrip("!"), f"remedies/{key}.not_when")
        for source in remedy.sources:
            if source != "expert":
                need("reference", evidence.references, source, f"remedies/{key}.sources")
    for key, saying in evidence.sayings.items():
        for cause_id in saying.causes:
            need("cause", causes, cause_id, f"sayings/{key}.causes")
        for other in saying.findings:
            need("finding", findings, other, f"sayings/{key}.findings")
        for source in saying.sources:
            if source != "expert":
                need("reference", evidence.references, source, f"sayings/{key}.sources")
    for key, absences in evidence.all_absent.items():
        for other in absences:
            need("finding", findings, other, f"all_absent/{key}")
    medicines = {key for key, finding in findings.items() if finding.kind == "medicine"} - {"takes_no_medicines"}
    for other in sorted(medicines - set(evidence.all_absent.get("takes_no_medicines", ()))):
        add(
            "incomplete_statement",
            "all_absent/takes_no_medicines",
            f"{other} is not listed",
            '"no medicines" would leave it unknown',
            "add it to the list",
        )
    for key, score in evidence.scores.items():
        for other in (score.finding, *score.items):
            need("finding", findings, other, f"scores/{key}")


_LITERAL = re.compile(r"(?P<name>!?[a-z]\w*)(?:\s*(?P<op><=|>=|<|>)\s*(?P<number>-?\d+(?:\.\d+)?))?")


def parse_literal(text: str) -> tuple[str, str, float] | None:
    """Split a rule literal into name, comparison ("" for a finding) and number; None when it is malformed."""
    match = _LITERAL.fullmatch(text.strip())
    if not match:
        return None
    return match["name"], match["op"] or "", float(match["number"] or 0)


def _check_rules(evidence: Evidence, add: Add) -> None:
    numbers = {"age", "month", *evidence.quantities, *(f"{key}_ratio" for key in evidence.quantities)}
    words = {"pregnant", "postpartum", *evidence.findings}
    for key, flag in evidence.red_flags.items():
        where = f"red_flags/{key}.rule"
        if not flag.rule or not all(flag.rule):
            add(
                "empty_rule",
                where,
                "an empty rule",
                "it would never or always be raised",
                "write at least one literal in each list",
            )
        for text in (literal for conjunction in (*flag.rule, *flag.ask_when) for literal in conjunction):
            parsed = parse_literal(text)
            if parsed is None or (parsed[0].lstrip("!") not in (numbers if parsed[1] else words)):
                add(
                    "dangling_id",
                    where,
                    f"{text!r} names nothing known",
                    "the flag could never be raised",
                    "use a finding id or a quantity with a limit",
                )
        for cause_id in flag.suggests:
            if cause_id not in evidence.causes:
                add(
                    "dangling_id",
                    where,
                    f"suggests unknown cause {cause_id!r}",
                    "nothing could be shown",
                    "correct the id",
                )
