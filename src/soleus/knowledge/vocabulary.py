"""What the words mean: the shape of ``evidence/vocabulary/`` and how it is loaded.

The vocabulary is knowledge, not code: spelling, synonyms, body parts, negation and hedging cues, extra wordings
of findings, things that are understood but that no claim uses, and the limits of bedside numbers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from soleus.knowledge.schema import Claim, Finding, Record

Field = Literal[
    "site",
    "timing",
    "duration",
    "frequency",
    "onset",
    "trigger",
    "relieved_by",
    "history",
    "medicine_context",
    "symptom",
    "sign",
    "test",
    "free",
]
FILES = ("words", "concepts", "parts", "findings", "fields", "noted", "vital_signs")


class FindingWords(Record, frozen=True, kw_only=True):
    """Further wordings of one finding, and how they may be read.

    Parameters
    ----------
    denied : tuple of str
        Broader wordings that count only when they are denied: "no swelling" also denies swelling of one leg.
    never : tuple of str
        Wordings that are not this finding, whatever its file says: too general, or another finding's.
    only_present : tuple of str
        Wordings that count only when they are told, not when they are denied: "no paralysis" leaves weakness open.
    parts : tuple of str, optional
        Body parts that may stand beside a wording that names none; ``("any",)`` for no restriction. When not
        given: the lower limb, and for history anything.
    side : {"one", "both"}, optional
        The finding is about one side or about both; a phrase that says the other is not this finding.
    hedged : bool
        An exposure: "possible bite" counts as told.
    recent : bool
        Only what happened in the last weeks counts; "ten years ago" is not this finding.
    complaint : bool
        A time, place or trigger of the complaint: in a free phrase it counts only beside a word for the complaint.
    current : bool
        A state: told as healed, recovered or in remission, it is no longer this finding.
    outranks : tuple of str
        Lesser findings that the same phrase does not tell beside this one.
    """

    terms: tuple[str, ...] = ()
    absent_terms: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    only_present: tuple[str, ...] = ()
    parts: tuple[str, ...] | None = None
    side: Literal["", "one", "both"] = ""
    hedged: bool = False
    recent: bool = False
    complaint: bool = False
    current: bool = False
    outranks: tuple[str, ...] = ()


class Part(Record, frozen=True, kw_only=True):
    """A body part: its names, what it lies within, and the site finding it gives in the field ``site``.

    ``paired``: "swollen ankles" then means both.
    """

    words: tuple[str, ...]
    paired: bool = False
    within: str = ""
    site: str = ""


class BedsideLimit(Claim, frozen=True, kw_only=True):
    """A limit on a number read at the bedside, and the finding that lies beyond it."""

    finding: str
    side: Literal["above", "at_least", "below", "at_most"]


class Words(Record, frozen=True, kw_only=True):
    """Closed word classes: spelling, stems, function words, qualifiers and cues.

    Parameters
    ----------
    abbreviations : dict
        Literal strings (with slashes or signs) and what to read instead, before words are cut.
    spelling, stems : dict
        Whole words: British to American, and irregular forms.
    weak : tuple of str
        Words too general to carry a finding alone, unless the field gives the context.
    complaint : tuple of str
        Concepts that name the complaint (cramp, pain).
    context : tuple of str
        Concepts of time and occasion, which may stand beside any finding without changing it.
    timed : tuple of str
        Concepts of a symptom whose time is the time of the complaint ("urge to move in the evening").
    described : tuple of str
        Concepts whose adjectives may be joined by "and": "skin cool and dry" tells of cool skin and of dry skin.
    """

    abbreviations: dict[str, str]
    spelling: dict[str, str]
    stems: dict[str, str]
    articles: tuple[str, ...]
    stop: tuple[str, ...]
    qualifiers: tuple[str, ...]
    negation: tuple[str, ...]
    ends_negation: tuple[str, ...]
    affirm: tuple[str, ...]
    hedge: tuple[str, ...]
    family: tuple[str, ...]
    reporters: tuple[str, ...]
    side_one: tuple[str, ...]
    side_both: tuple[str, ...]
    weak: tuple[str, ...]
    complaint: tuple[str, ...]
    context: tuple[str, ...]
    timed: tuple[str, ...] = ()
    described: tuple[str, ...] = ()


class Vocabulary(Record, frozen=True, kw_only=True):
    """All of ``evidence/vocabulary/`` in one value.

    Parameters
    ----------
    concepts : dict of str to tuple of str
        Concept and the words or phrases that mean it. An entry that begins with ``=`` must stand as written.
    fields : dict
        Field, finding, and the wordings that mean it in that field only; a finding written ``!id`` is absent.
    noted : dict
        Group and the phrases that are understood and have no effect.
    """

    words: Words
    concepts: dict[str, tuple[str, ...]]
    parts: dict[str, Part]
    findings: dict[str, FindingWords]
    fields: dict[str, dict[str, tuple[str, ...]]]
    noted: dict[str, tuple[str, ...]]
    vital_signs: dict[str, BedsideLimit]


# choice: ids that a phrase may give although they are not findings of the network; the reader of a case acts on them.
STATEMENTS = ("examination_normal", "neurological_examination_normal", "vascular_examination_normal", "labs_normal")
SPECIAL = ("pregnant", "postpartum", *STATEMENTS, "takes_no_medicines")


def vocabulary_from(tables: Mapping[str, Any]) -> Vocabulary:
    """Give the vocabulary that parsed tables describe, one table per file of ``evidence/vocabulary/``.

    Parameters
    ----------
    tables : mapping of str to Any
        File stem (``words``, ``concepts``, ...) to the parsed content.

    Returns
    -------
    Vocabulary

    Raises
    ------
    msgspec.ValidationError
        When a file says something that the vocabulary has no place for.
    """
    return msgspec.convert(dict(tables), Vocabulary)


def load_vocabulary(directory: str | Path) -> Vocabulary:
    """Read the vocabulary from a folder of TOML files.

    Parameters
    ----------
    directory : str or Path
        The folder ``evidence/vocabulary``.

    Returns
    -------
    Vocabulary

    Raises
    ------
    FileNotFoundError
        When one of the seven files is missing.
    msgspec.ValidationError
        When a file says something that the vocabulary has no place for.
    """
    folder = Path(directory)
    return vocabulary_from({name: tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in FILES})


def check_vocabulary(vocabulary: Vocabulary, findings: Mapping[str, Finding]) -> list[str]:
    """List what the vocabulary says about findings that do not exist, in words.

    Parameters
    ----------
    vocabulary : Vocabulary
    findings : mapping of str to Finding

    Returns
    -------
    list of str
        One sentence per unknown id; empty when all is well.
    """
    known = {*findings, *SPECIAL}
    wrong = [f"findings.toml names {name}, which is no finding" for name in vocabulary.findings if name not in known]
    for field, entries in vocabulary.fields.items():
        wrong += [
            f"fields.toml, {field}: {name} is no finding"
            for name in entries
            if name != "noted" and name.lstrip("!") not in known
        ]
    wrong += [
        f"vital_signs.toml, {name}: {limit.finding} is no finding"
        for name, limit in vocabulary.vital_signs.items()
        if limit.finding and limit.finding not in known
    ]
    wrong += [
        f"parts.toml, {name}: {part.site} is no finding"
        for name, part in vocabulary.parts.items()
        if part.site and part.site not in known
    ]
    wrong += [
        f"parts.toml, {name}: within {part.within}, which is no part"
        for name, part in vocabulary.parts.items()
        if part.within and part.within not in vocabulary.parts
    ]
    return wrong
