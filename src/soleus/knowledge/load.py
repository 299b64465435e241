"""Load the evidence base from its text files, strictly.

The text files are the truth. A snapshot made from them (one JSON file) spares a command the parsing; it is used
only when its fingerprint equals that of the text files, so it can never say anything else than they do.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from soleus.core.problem import Problem
from soleus.knowledge.check import FIXES, broken_rule, check_relations
from soleus.knowledge.schema import (
    Cause,
    Claim,
    DopplerRow,
    Evidence,
    Finding,
    FrequencyCurve,
    PlainModel,
    Quantity,
    Record,
    RedFlag,
    Reference,
    RelativeRisk,
    Release,
    Remedy,
    Saying,
    Score,
)

T = TypeVar("T")
R = TypeVar("R", bound=Record)

SET_POINTS = "population/set_points.toml"  # what `soleus population fit` found of the quantities: added to them
SNAPSHOT = Path(__file__).with_name("snapshot.json")

_FOLDERS: dict[str, tuple[str, type[Record]]] = {
    "findings": ("findings/*.toml", Finding),
    "quantities": ("measurements/laboratory.toml", Quantity),
    "doppler": ("measurements/doppler.toml", DopplerRow),
    "remedies": ("remedies/*.toml", Remedy),
    "red_flags": ("red_flags/*.toml", RedFlag),
    "sayings": ("sayings.toml", Saying),
    "scores": ("scores.toml", Score),
    "policy": ("policy.toml", Claim),
    "cramp_frequency": ("population/cramp_frequency.toml", FrequencyCurve),
    "plain_models": ("population/plain_models.toml", PlainModel),
    "relative_risks": ("population/relative_risks.toml", RelativeRisk),
    "rival_explanations": ("rival_explanations.toml", Claim),
}


class EvidenceError(ValueError):
    """The evidence base cannot be used; `problems` says where and how to mend it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def evidence_root() -> Path:
    """Return the folder with the evidence text files, installed or in a checkout."""
    installed = Path(__file__).parents[1] / "evidence"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "evidence"


def load_evidence(root: Path | None = None) -> Evidence:
    """Return the checked evidence base.

    Parameters
    ----------
    root : Path, optional
        A folder of evidence files; by default the one this software came with.

    Returns
    -------
    Evidence
        Every cause, finding, measurement, remedy and red flag with its sources.

    Raises
    ------
    EvidenceError
        When any file breaks a rule; the message says where and how to mend it.

    Examples
    --------
    >>> load_evidence().causes["hypocalcemia"].plain_name
    'Low calcium in the blood'
    """
    root = root or evidence_root()
    fingerprint = fingerprint_evidence(root)
    if SNAPSHOT.is_file():
        raw = SNAPSHOT.read_bytes()
        if f'"hash":"{fingerprint}"'.encode() in raw[-200:]:
            with suppress(msgspec.DecodeError):  # written by another version of the software: read the text files
                return msgspec.json.decode(raw, type=Evidence)
    evidence, problems = read_evidence(root)
    errors = [problem for problem in problems if problem.level == "error"]
    if evidence is None or errors:
        raise EvidenceError(errors or problems)
    return evidence


def write_snapshot(root: Path | None = None, path: Path = SNAPSHOT) -> Path:
    """Write the fast copy of the evidence base that commands read; return its path."""
    evidence, problems = read_evidence(root or evidence_root())
    errors = [problem for problem in problems if problem.level == "error"]
    if evidence is None or errors:
        raise EvidenceError(errors)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.encode(evidence))
    temporary.replace(path)
    return path


def fingerprint_evidence(root: Path) -> str:
    """Return the SHA-256 over names and contents of all evidence files, in name order."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".toml", ".bib"}):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def check_evidence(root: Path | None = None) -> list[Problem]:
    """Return every broken rule of the evidence base (an empty list when it is sound)."""
    return read_evidence(root or evidence_root())[1]


def read_evidence(root: Path) -> tuple[Evidence | None, list[Problem]]:
    """Parse and check all files under `root`; the evidence is None when it cannot be put together."""
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    for part, (pattern, record) in _FOLDERS.items():
        added = _read_toml(root / SET_POINTS, root, problems) or {} if part == "quantities" else {}
        parts[part] = _read_tables(root, pattern, record, problems, added)
    parts["causes"] = _read_causes(root, problems)
    parts["references"] = _read_references(root / "references.bib", problems)
    release = _read_toml(root / "release.toml", root, problems)
    parts["release"] = None if release is None else _convert(release, Release, "release.toml", problems)
    parts["vocabulary"] = {
        path.stem: _read_toml(path, root, problems) or {} for path in sorted((root / "vocabulary").glob("*.toml"))
    }
    absences = _read_toml(root / "all_absent.toml", root, problems) or {}
    parts["all_absent"] = _convert(absences, dict[str, tuple[str, ...]], "all_absent.toml", problems) or {}
    parts["medicines"] = _read_toml(root / "medicines.toml", root, problems) or {}
    if parts["release"] is None:
        return None, problems
    evidence = Evidence(**parts, hash=fingerprint_evidence(root))
    problems.extend(check_relations(evidence))
    return evidence, problems


def _read_toml(path: Path, root: Path, problems: list[Problem]) -> dict[str, Any] | None:
    where = path.relative_to(root).as_posix()
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        problems.append(
            broken_rule(
                "missing_file", where, "the file is missing", "the evidence base is incomplete", "restore the file"
            )
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(broken_rule("toml_syntax", where, str(error), "the file cannot be read", FIXES["toml_syntax"]))
    return None


def _convert(data: object, record: type[T], where: str, problems: list[Problem]) -> T | None:
    try:
        return msgspec.convert(data, record, strict=True)
    except msgspec.ValidationError as error:
        text = str(error)
        if "unknown field" in text:
            code = "unknown_key"
        elif "missing required field `source`" in text or "missing required field `verification`" in text:
            code = "missing_source"
        elif "missing required field" in text:
            code = "missing_key"
        else:
            code = "wrong_type"
        problems.append(broken_rule(code, where, text, "a record that is not understood may mislead", FIXES[code]))
        return None


def _files(root: Path, pattern: str, problems: list[Problem]) -> list[Path]:
    """Return the files of one part in name order; a part without any file is a problem, not an empty part."""
    paths = sorted(root.glob(pattern))
    if not paths:
        problems.append(
            broken_rule(
                "missing_file", pattern, "the file is missing", "the evidence base is incomplete", "restore the file"
            )
        )
    return paths


def _read_tables(
    root: Path, pattern: str, record: type[R], problems: list[Problem], added: dict[str, Any]
) -> dict[str, R]:
    """Return the records of the files of one part; ``added`` are fields of some of them that were computed."""
    found: dict[str, R] = {}
    left = dict(added)
    for path in _files(root, pattern, problems):
        for key, table in (_read_toml(path, root, problems) or {}).items():
            where = f"{path.relative_to(root).as_posix()}#{key}"
            more = left.pop(key, {}) if isinstance(table, dict) else {}
            if twice := sorted(key for key in more if key in table):
                problems.append(
                    broken_rule(
                        "duplicate_id",
                        where,
                        f"{', '.join(twice)} is here and in {SET_POINTS}",
                        "two numbers cannot both be right",
                        f"remove it here: `soleus population fit` writes {SET_POINTS}",
                    )
                )
            item = _convert({**table, **more} if more else table, record, where, problems)
            if item is None:
                continue
            if key in found:
                problems.append(
                    broken_rule(
                        "duplicate_id", where, f"{key} is defined twice", "two records cannot both be right", "keep one"
                    )
                )
            found[key] = item
    for key in left:
        problems.append(
            broken_rule(
                "dangling_id", f"{SET_POINTS}#{key}", f"no quantity {key!r}", "it would be lost", "correct the id"
            )
        )
    return found


def _read_causes(root: Path, problems: list[Problem]) -> dict[str, Cause]:
    causes: dict[str, Cause] = {}
    for path in _files(root, "causes/*.toml", problems):
        where = path.relative_to(root).as_posix()
        data = _read_toml(path, root, problems)
        cause = None if data is None else _convert(data, Cause, where, problems)
        if cause is None:
            continue
        if cause.id != path.stem:
            problems.append(
                broken_rule(
                    "file_name",
                    where,
                    f"id is {cause.id!r}",
                    "one cause a file, named after it",
                    f"name the file {cause.id}.toml",
                )
            )
        causes[cause.id] = cause
    return causes


_ENTRY = re.compile(r"@(\w+)\s*\{\s*([^,\s]+)\s*,(.*?)\n\}", re.S)
_FIELD = re.compile(r"(\w+)\s*=\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|\"([^\"]*)\")")


def _read_references(path: Path, problems: list[Problem]) -> dict[str, Reference]:
    references: dict[str, Reference] = {}
    if not path.is_file():
        problems.append(
            broken_rule("missing_file", path.name, "the file is missing", "no source can be shown", "restore the file")
        )
        return references
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        problems.append(
            broken_rule(
                "bib_syntax", path.name, str(error), "the file cannot be read", "save it as plain text in UTF-8"
            )
        )
        return references
    for _, key, body in _ENTRY.findall(text):
        fields = {
            name.lower(): (a or b).replace("{", "").replace("}", "").strip() for name, a, b in _FIELD.findall(body)
        }
        if key in references:
            problems.append(
                broken_rule(
                    "duplicate_id",
                    f"{path.name}#{key}",
                    "defined twice",
                    "a source must be one thing",
                    "keep one entry",
                )
            )
        if not fields.get("title"):
            problems.append(
                broken_rule(
                    "missing_key", f"{path.name}#{key}", "no title", "the source cannot be found", "add a title"
                )
            )
            continue
        references[key] = Reference(
            title=fields["title"],
            authors=fields.get("author", ""),
            year=fields.get("year", ""),
            journal=fields.get("journal", "") or fields.get("howpublished", "") or fields.get("publisher", ""),
            doi_or_url=fields.get("doi", "") or fields.get("url", ""),
            note=fields.get("note", ""),
        )
    if text.count("\n@") + text.startswith("@") != len(_ENTRY.findall(text)):
        problems.append(
            broken_rule(
                "bib_syntax",
                path.name,
                "an entry is not closed",
                "a source would be lost",
                "end each entry with } on its own line",
            )
        )
    return references
