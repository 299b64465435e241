"""``soleus evidence check | show | list | snapshot`` and ``soleus --version``."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Any

import msgspec

from soleus.knowledge.load import EvidenceError, check_evidence, load_evidence, write_snapshot
from soleus.knowledge.schema import Evidence, Reference

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
    "relative_risks",
    "rival_explanations",
    "references",
)

SINGULAR = {
    "quantities": "measurement",
    "remedies": "remedy",
    "policy": "policy",
    "doppler": "Doppler row",
    "cramp_frequency": "cramp frequency",
    "relative_risks": "relative risk",
}


def run_evidence(options: argparse.Namespace) -> int:
    """Run one of the evidence actions; return the exit code (2 when the evidence is broken or the id unknown)."""
    if options.action == "check":
        return _check(Path(options.folder) if options.folder else None)
    try:
        if options.action == "snapshot":
            print(f"written: {write_snapshot()}")
            from soleus.knowledge.word_lists import write_words_snapshot

            print(f"written: {write_words_snapshot(load_evidence())}")
            return 0
        evidence = load_evidence()
    except EvidenceError as error:
        print(error, file=sys.stderr)
        return 2
    if options.action == "list":
        for key, record in sorted(getattr(evidence, options.part).items()):
            print(f"{key:36} {title(record)}")
        return 0
    return _show(evidence, options.id)


def print_version() -> int:
    """Print software and evidence versions."""
    from soleus.core.version import __version__

    evidence = load_evidence()
    print(f"soleus {__version__}, evidence {evidence.release.version} ({evidence.hash[:12]})")
    return 0


def _check(folder: Path | None) -> int:
    if folder is not None and not folder.is_dir():
        print(f"error: {folder} is not a folder", file=sys.stderr)
        return 2
    problems = check_evidence(folder)
    for problem in problems:
        print(problem)
    if any(problem.level == "error" for problem in problems):
        print(f"{len(problems)} problems", file=sys.stderr)
        return 2
    evidence = load_evidence(folder)
    print("the evidence is sound: " + ", ".join(f"{len(getattr(evidence, part))} {part}" for part in PARTS))
    words = count_verifications(evidence)
    print("claims by how their source was checked: " + ", ".join(f"{n} {word}" for word, n in words.items()))
    return 0


def count_verifications(evidence: Evidence) -> dict[str, int]:
    """Return how many claims were read, recalled, computed or are expert opinion."""
    from soleus.knowledge.check import all_records, iterate_claims

    counts = {"read": 0, "recalled": 0, "computed": 0, "expert": 0}
    for place, record in all_records(evidence):
        for _, claim in iterate_claims(record, place):
            counts[claim.verification] += 1  # type: ignore[attr-defined]
    return counts


def title(record: Any) -> str:
    """Return the human name of any evidence record."""
    for name in ("name", "label", "says", "site", "title", "finding", "derivation"):
        if hasattr(record, name):
            return str(getattr(record, name))
    return ""


def _show(evidence: Evidence, key: str) -> int:
    found = [(part, getattr(evidence, part)[key]) for part in PARTS if key in getattr(evidence, part)]
    if not found:
        import difflib

        known = [k for part in PARTS for k in getattr(evidence, part)]
        near = difflib.get_close_matches(key[:80], known, n=3, cutoff=0.5)
        hint = f"; nearest: {', '.join(near)}" if near else "; `soleus evidence list causes` lists ids"
        print(f"error: nothing is called {key[:80]!r}{hint}", file=sys.stderr)
        return 2
    cited: dict[str, None] = {}
    for part, record in found:
        print(f"{key} ({SINGULAR.get(part, part.removesuffix('s')).replace('_', ' ')})")
        _print_value(msgspec.to_builtins(record), 2, cited)
        if part == "findings":
            _print_links(evidence, key, cited)
    sources = [source for source in cited if source in evidence.references]
    if sources:
        print("\nsources")
        for source in sources:
            print(
                textwrap.fill(
                    f"[{source}] {cite(evidence.references[source])}", 96, initial_indent="  ", subsequent_indent="    "
                )
            )
    return 0


def _print_links(evidence: Evidence, finding: str, cited: dict[str, None]) -> None:
    print("  produced by:")
    for cause in evidence.causes.values():
        for link in cause.links:
            if link.finding == finding:
                cited[link.source] = None
                low, high = link.range
                sourced = f"[{link.source}, {link.verification}] {link.derivation}"
                print(f"    {cause.id}: {link.value:g} ({low:g} to {high:g}) {sourced}")


def _print_value(value: Any, indent: int, cited: dict[str, None]) -> None:
    pad = " " * indent
    for name, item in value.items():
        if name == "source" and isinstance(item, str):
            cited[item] = None
        if name == "sources":
            cited.update(dict.fromkeys(item))
        if isinstance(item, dict):
            print(f"{pad}{name}:")
            _print_value(item, indent + 2, cited)
        elif isinstance(item, (list, tuple)) and item and isinstance(item[0], dict):
            print(f"{pad}{name}:")
            for part in item:
                head, *_ = part.values()
                print(f"{pad}  - {head}")
                _print_value(dict(list(part.items())[1:]), indent + 6, cited)
        elif item not in ("", [], (), None, {}):
            text = ", ".join(map(str, item)) if isinstance(item, (list, tuple)) else str(item)
            print(textwrap.fill(f"{name}: {text}", 96, initial_indent=pad, subsequent_indent=pad + "    "))


def cite(reference: Reference) -> str:
    """Return a reference as one line."""
    parts = (
        reference.authors,
        reference.title,
        reference.journal,
        reference.year,
        reference.doi_or_url,
        reference.note,
    )
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
