"""All wordings of all findings as patterns of concepts, indexed: built once, pure data, ready to be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from soleus.knowledge.schema import Finding
from soleus.knowledge.vocabulary import SPECIAL, BedsideLimit, FindingWords, Vocabulary
from soleus.knowledge.words import Tables, Token, build_tables, clean, cut, root_of, tokenize

_DENIALS = frozenset(("not", "absent", "unrelated"))
GENERAL = ""  # the index of wordings that hold in every open field
_SHARED = frozenset(
    (
        "cramp",
        "pain",
        "not",
        "family",
        "normal",
        "low",
        "high",
        "difficulty",
        "sudden",
        "muscle",
        "worse",
        "eased",
        "night",
        "absent",
    )
)


class Pattern(msgspec.Struct, frozen=True, array_like=True):
    """A wording as concepts: all of them must stand in one clause, in any order.

    ``keys`` are concepts, ``parts`` body parts, ``side`` a side; ``findings`` pairs an id with what the wording says
    of it. ``noted`` is the group of a wording that has no effect. ``denied`` marks one that counts only when denied.
    ``negated`` are the concepts that a denial inside the wording is about: "pain without cramp" is not a cramp without
    pain.
    """

    text: str
    keys: tuple[str, ...]
    parts: tuple[str, ...]
    side: str
    findings: tuple[tuple[str, bool], ...]
    noted: str = ""
    denied: bool = False
    weight: int = 0
    negated: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True, array_like=True):
    """How the wordings of one finding may be read; see `FindingWords`."""

    parts: tuple[str, ...]
    side: str
    hedged: bool
    recent: bool
    kind: str
    complaint: bool = False
    current: bool = False


class Lexicon(msgspec.Struct, frozen=True):
    """Everything `resolve` needs: plain data, so it can be pickled or stored as a snapshot."""

    tables: Tables
    patterns: tuple[Pattern, ...]
    index: dict[str, dict[str, tuple[int, ...]]]
    policies: dict[str, Policy]
    limits: dict[str, BedsideLimit]
    by_key: dict[str, tuple[str, ...]]
    by_length: dict[int, tuple[str, ...]]
    keys: frozenset[str]
    weak: frozenset[str]
    complaint: frozenset[str]
    context: frozenset[str]
    placeless: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    outranks: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    only_present: frozenset[tuple[str, tuple[str, ...], tuple[str, ...]]] = frozenset()
    described: frozenset[str] = frozenset()
    timed: frozenset[str] = frozenset()


_DEFAULT_PARTS = {
    "feature": ("leg",),
    "symptom": ("leg",),
    "sign": ("leg",),
    "history": ("any",),
    "medicine": ("any",),
    "laboratory": ("any",),
    "test": ("any",),
}


def read_pattern(term: str, tables: Tables) -> list[Pattern]:
    """Turn one wording into patterns; "feet or legs" gives one for each.

    Parameters
    ----------
    term : str
    tables : Tables

    Returns
    -------
    list of Pattern
        Without findings; empty when the wording holds no content.
    """
    tokens = tokenize(cut(clean(term)[0], tables), tables)
    return patterns_of(term, tokens)


def patterns_of(term: str, tokens: list[Token]) -> list[Pattern]:
    """Turn the tokens of one wording into patterns."""
    keys: set[str] = set()
    parts: list[str] = []
    side = ""
    alternative = False
    plural = False
    weight = 0
    before: set[str] = set()
    after: list[str] = []
    denying = False
    for key, kind, _, many, _ in tokens:
        if kind == "not":
            denying = True
        elif kind == "word" and denying:
            after.append(key)
        elif kind == "word":
            before.add(key)
        if kind == "part":
            if key not in parts:
                parts.append(key)
            plural = plural or many
        elif kind == "side":
            side = key
        elif kind == "or":
            alternative = True
        elif kind in ("word", "qualifier", "not", "family", "hedge", "number", "reporter") and key not in keys:
            keys.add(key)
            weight += 1 if kind == "qualifier" else 2
    if not keys and not parts:
        return []
    ordered = tuple(sorted(keys))
    negated = tuple(sorted(set(after) - before)) if before and "not" in keys else ()
    if alternative and len(parts) > 1:
        return [
            Pattern(term, ordered, (part,), side, (), weight=weight + 1 + bool(side), negated=negated) for part in parts
        ]
    return [Pattern(term, ordered, tuple(parts), side, (), weight=weight + len(parts) + bool(side), negated=negated)]


def _one_sense(entries: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    """Drop a finding that one wording calls both present and absent: such a wording says nothing of it."""
    unique = dict.fromkeys(entries)
    return tuple((f, p) for f, p in unique if (f, not p) not in unique)


def _too_general(keys: tuple[str, ...], weak: set[str], present: bool) -> bool:
    plain = [key for key in keys if key not in _DENIALS]
    if not plain:
        return True
    return len(plain) == 1 and plain[0] in weak and (len(plain) == len(keys) or not present)


def build_lexicon(findings: Mapping[str, Finding], vocabulary: Vocabulary) -> Lexicon:
    """Index every wording of every finding.

    Parameters
    ----------
    findings : mapping of str to Finding
        The evidence's findings by id, with their ``terms`` and ``absent_terms``.
    vocabulary : Vocabulary
        Further wordings, synonyms, and what is understood without effect. Wordings of findings that do not exist
        are left out (`check_vocabulary` lists them).

    Returns
    -------
    Lexicon
    """
    tables = build_tables(vocabulary)
    known_patterns: dict[str, list[Pattern]] = {}

    def patterns_in(term: str) -> list[Pattern]:
        found = known_patterns.get(term)
        if found is None:
            found = known_patterns[term] = read_pattern(term, tables)
        return found

    roots = [root_of(w, tables) for w in vocabulary.words.weak]
    weak = {*vocabulary.words.weak, *roots, *(tables.single.get(root, (root, ""))[0] for root in roots)}
    owners: dict[tuple[tuple[str, ...], tuple[str, ...], bool], set[str]] = {}
    never: set[tuple[str, tuple[str, ...], tuple[str, ...], str]] = set()
    only_present: set[tuple[str, tuple[str, ...], tuple[str, ...]]] = set()
    known = {*findings, *SPECIAL}
    merged: dict[str, dict[tuple[object, ...], tuple[Pattern, list[tuple[str, bool]]]]] = {GENERAL: {}}

    def add_pattern(field: str, pattern: Pattern, finding: str, present: bool, noted: str, denied: bool) -> None:
        place = merged.setdefault(field, {})
        identity = (pattern.keys, pattern.parts, pattern.side, bool(noted), denied, pattern.negated)
        if identity not in place:
            place[identity] = (msgspec.structs.replace(pattern, noted=noted, denied=denied), [])
        owner = owners.get((pattern.keys, pattern.parts, denied), (finding,))
        if finding and field == GENERAL and finding not in owner:
            return
        if field == GENERAL and not denied and (finding, pattern.keys, pattern.parts, pattern.side) in never:
            return
        if finding:
            place[identity][1].append((finding, present))

    def add(field: str, term: str, finding: str, present: bool, *, noted: str = "", denied: bool = False) -> None:
        for pattern in patterns_in(term):
            if not pattern.keys and not noted and field != "site":
                continue
            placeless = not pattern.parts or says_not(pattern)
            general = field == GENERAL and not noted
            if general and not denied and placeless and _too_general(pattern.keys, weak, present):
                continue
            if general and pattern.parts and pattern.weight - len(pattern.parts) - bool(pattern.side) < 2:
                continue  # a place and qualifiers only
            if not present and not noted and _DENIALS & set(pattern.keys) and len(pattern.keys) > 1:
                # "no weakness" is read as weakness, denied; the scope of the denial is found in the phrase
                keys = tuple(key for key in pattern.keys if key not in _DENIALS)
                pattern = msgspec.structs.replace(pattern, keys=keys, weight=pattern.weight - 2, negated=())
                add_pattern(field, pattern, finding, True, noted, True)
                continue
            add_pattern(field, pattern, finding, present, noted, denied)

    # A wording of one or two concepts belongs to the findings that the vocabulary gives it to, when it gives it to any.
    for name, extra in vocabulary.findings.items():
        for plain, terms in ((True, (*extra.terms, *extra.absent_terms)), (False, extra.denied)):
            for pattern in (p for term in terms for p in patterns_in(term)):
                keys = tuple(key for key in pattern.keys if key not in _DENIALS)
                if len(keys) + len(pattern.parts) <= 2:
                    owners.setdefault((keys, pattern.parts, True), set()).add(name)
                    if plain and keys == pattern.keys:
                        owners.setdefault((keys, pattern.parts, False), set()).add(name)
        for pattern in (p for term in extra.never for p in patterns_in(term)):
            never.add((name, pattern.keys, pattern.parts, pattern.side))
        for pattern in (p for term in extra.only_present for p in patterns_in(term)):
            only_present.add((name, pattern.keys, pattern.parts))

    policies: dict[str, Policy] = {}
    for name in dict.fromkeys((*findings, *SPECIAL)):
        finding = findings.get(name)
        extra = vocabulary.findings.get(name) or FindingWords()
        kind = finding.kind if finding is not None else "history"
        if kind == "medicine" and name not in SPECIAL:  # names of medicines are read elsewhere
            policies[name] = Policy(("any",), "", False, False, kind)
            continue
        for present, terms in (
            (True, (finding.terms if finding else ()) + extra.terms),
            (False, (finding.absent_terms if finding else ()) + extra.absent_terms),
        ):
            for term in terms:
                add(GENERAL, term, name, present)
        for term in extra.only_present:
            add(GENERAL, term, name, True)
        for term in extra.denied:
            add(GENERAL, term, name, True, denied=True)
        policies[name] = Policy(
            extra.parts if extra.parts is not None else _DEFAULT_PARTS[kind],
            extra.side,
            extra.hedged,
            extra.recent,
            kind,
            extra.complaint,
            extra.current,
        )
    for field, names in vocabulary.fields.items():
        for name, terms in names.items():
            for term in terms:
                if name == "noted":
                    add(field, term, "", True, noted=field)
                elif name.lstrip("!") in known:
                    add(field, term, name.lstrip("!"), not name.startswith("!"))
    for group, terms in vocabulary.noted.items():
        for term in terms:
            add(GENERAL, term, "", True, noted=group)

    patterns: list[Pattern] = []
    index: dict[str, dict[str, tuple[int, ...]]] = {}
    by_key: dict[str, dict[str, None]] = {}
    for field, place in merged.items():
        counts: dict[str, int] = {}
        for pattern, _ in place.values():
            for key in pattern.keys:
                counts[key] = counts.get(key, 0) + 1
        postings: dict[str, list[int]] = {}
        for pattern, entries in place.values():
            if pattern.denied:  # what the same wording says when it is not denied, is denied too
                bare = place.get((pattern.keys, pattern.parts, pattern.side, False, False, ()))
                entries = entries + (bare[1] if bare is not None else [])
                pattern = msgspec.structs.replace(pattern, weight=pattern.weight + 1)
            found = _one_sense(entries)
            if not found and not pattern.noted:
                continue
            rarest = min(pattern.keys or pattern.parts, key=lambda k: (counts.get(k, 0), k))
            postings.setdefault(rarest, []).append(len(patterns))
            patterns.append(msgspec.structs.replace(pattern, findings=found) if found else pattern)
            if not pattern.noted:
                for key in pattern.keys:
                    for name, _ in found:
                        by_key.setdefault(key, {})[name] = None
        index[field] = {key: tuple(ids) for key, ids in postings.items()}

    lengths: dict[int, set[str]] = {}
    written = {w for p in patterns for w in p.text.lower().split()} | {
        w for entries in vocabulary.concepts.values() for w in entries
    }
    for root in written:
        if len(root) >= 5 and root.isalpha():
            lengths.setdefault(len(root), set()).add(root)
    return Lexicon(
        tables=tables,
        patterns=tuple(patterns),
        index=index,
        policies=policies,
        limits=dict(vocabulary.vital_signs),
        by_key={key: tuple(names) for key, names in by_key.items()},
        weak=frozenset(weak),
        complaint=frozenset(vocabulary.words.complaint),
        context=frozenset(vocabulary.words.context),
        outranks={name: words.outranks for name, words in vocabulary.findings.items() if words.outranks},
        only_present=frozenset(only_present),
        described=frozenset(vocabulary.words.described),
        timed=frozenset(vocabulary.words.timed),
        placeless=frozenset((n, p.keys) for p in patterns if not p.parts and len(p.keys) == 1 for n, _ in p.findings),
        keys=frozenset(key for pattern in patterns for key in pattern.keys),
        by_length={size: tuple(sorted(words)) for size, words in lengths.items()},
    )


def says_not(pattern: Pattern) -> bool:
    """Say whether a wording itself denies.

    Examples
    --------
    >>> says_not(Pattern("no reflexes", ("not", "reflex"), (), "", ()))
    True
    """
    return not _DENIALS.isdisjoint(pattern.keys)


def is_shared(key: str) -> bool:
    """Say whether a concept may serve two findings of one clause ("calf pain at night on walking")."""
    return key in _SHARED
