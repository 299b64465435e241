"""A stranger's phrase to findings: what it says, what it denies, and what was not understood.

Each phrase stands in a field of the case (site, timing, symptom, ...), which gives its words their context. A wrong
finding is worse than none: a wording that a neighboring word could change is not used, and what was not understood is
listed with the nearest findings.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soleus.core.message import say
from soleus.knowledge import phrasing
from soleus.knowledge.cramp_features import read_feature, read_site
from soleus.knowledge.lexicon import Lexicon
from soleus.knowledge.open_phrases import read_open
from soleus.knowledge.phrase_reading import Reading
from soleus.knowledge.vocabulary import Field
from soleus.knowledge.words import Token, clean, root_of

_OPEN = frozenset(("history", "symptom", "sign", "test", "free", "medicine_context"))


class Match(msgspec.Struct, frozen=True):
    """A finding told as present or absent, and the words that carried it."""

    finding: str
    present: bool
    words: str


class Resolution(msgspec.Struct, frozen=True):
    """How one phrase was read.

    Parameters
    ----------
    phrase, field : str
        As given; the phrase at most 500 characters.
    matches : tuple of Match
        Findings, each once, in the order of the text.
    noted : tuple of str
        Words that are understood and have no effect on a result.
    understood : bool
        False when a word that matters was left.
    leftover : tuple of str
        Words not used.
    candidates : tuple of str
        Nearest finding ids for what was not understood or was doubted; never used.
    """

    phrase: str
    field: str
    matches: tuple[Match, ...] = ()
    noted: tuple[str, ...] = ()
    understood: bool = False
    leftover: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


def resolve(phrase: str, field: Field, lexicon: Lexicon, *, absent: bool = False) -> Resolution:
    """Give the findings that one phrase tells, each present or absent.

    It claims nothing beyond the words: doubted, remote or someone else's illness gives no finding, a word that is
    not understood is listed, and medicine names are left to the reader of medicines.

    Parameters
    ----------
    phrase : str
        Any text; the first 500 characters are read and the rest is listed in ``leftover``.
    field : str
        Where the phrase stands in the case.
    lexicon : Lexicon
        From `build_lexicon`.
    absent : bool
        The phrase stands in a list of absent things ("swelling" under ``absent``).

    Returns
    -------
    Resolution

    Examples
    --------
    >>> from soleus.knowledge.lexicon import build_lexicon
    >>> from soleus.knowledge.vocabulary import vocabulary_from
    >>> blank = {k: [] for k in ("articles", "stop", "qualifiers", "ends_negation", "affirm", "hedge", "family",
    ...          "reporters", "side_one", "side_both", "weak", "complaint", "context")}
    >>> words = blank | {"abbreviations": {}, "spelling": {}, "stems": {}, "negation": ["no"]}
    >>> vocabulary = vocabulary_from({"words": words, "concepts": {}, "parts": {}, "fields": {}, "noted": {},
    ...     "findings": {"pregnant": {"terms": ["pregnant", "expecting a baby"]}}, "vital_signs": {}})
    >>> lexicon = build_lexicon({}, vocabulary)
    >>> resolve("Pregnant", "history", lexicon).matches
    (Match(finding='pregnant', present=True, words='pregnant'),)
    """
    text, rest = clean(phrase)
    trailing = (say("{count} characters not read", count=len(rest)),) if rest else ()
    shown = phrase if not rest else phrase[: len(phrase) - len(rest)]
    if not text:
        return Resolution(shown, field, leftover=trailing)
    if absent and field == "sign":
        missing = phrasing.name_the_missing(text)
        text, absent = (missing, False) if missing else (text, absent)
    if field in _OPEN:
        reading, tokens = read_open(text, field, lexicon, absent)
    elif field == "site":
        reading, tokens = read_site(text, lexicon, absent)
    else:
        reading, tokens = read_feature(text, field, lexicon, absent)
    return _finish(shown, field, reading, tokens, lexicon, trailing, absent)


def _finish(
    phrase: str,
    field: str,
    reading: Reading,
    tokens: list[Token],
    lexicon: Lexicon,
    trailing: tuple[str, ...],
    absent: bool,
) -> Resolution:
    states: dict[str, set[bool]] = {}
    for name, present, _ in reading.matches:
        states.setdefault(name, set()).add(present)
    quarrel = [name for name, both in states.items() if len(both) == 2]
    if quarrel and field in ("sign", "test"):  # "knee jerks lost, ankle jerks normal": what is normal is another place
        aside = {words for name, present, words in reading.matches if name in quarrel and not present}
        if aside <= reading.normal:
            reading.matches = [match for match in reading.matches if match[1] or match[2] not in aside]
            quarrel = []
    matches: dict[str, Match] = {}
    for name, present, words in reading.matches:
        if name not in quarrel:
            matches.setdefault(name, Match(name, present, words))
    for name, lesser in lexicon.outranks.items():
        if name in matches and matches[name].present:
            matches = {n: m for n, m in matches.items() if n not in lesser or not m.present}
    content = [(i, t) for i, t in enumerate(tokens) if t.kind == "word"]
    spent = {tokens[i].key for i in reading.used}
    left = [t for i, t in content if i not in reading.used and t.key not in spent]
    clinical = [t for t in left if t.key in lexicon.by_key and t.known and t.key not in lexicon.weak]
    done = len(content) - len(left)
    if matches:
        understood = not quarrel and not reading.refused and len(clinical) <= done
    elif quarrel or reading.refused:
        understood = False
    elif reading.noted:
        understood = not clinical and len(left) <= max(done, 1)
    else:
        understood = not left and bool(tokens) and not content and any(t.kind != "hedge" for t in tokens)
    noted = tuple(dict.fromkeys(reading.noted))
    if understood and not matches and not noted:
        noted = (phrase.strip(),)
    candidates = tuple(dict.fromkeys((*quarrel, *reading.candidates)))
    if not understood and len(candidates) < 5:
        candidates = tuple(dict.fromkeys((*candidates, *_nearest(left, lexicon))))
    candidates = tuple(name for name in candidates if name not in matches)[:5]
    leftover = tuple(dict.fromkeys(t.raw for t in left)) + trailing
    return Resolution(phrase, field, tuple(matches.values()), noted, understood, leftover, candidates)


def _nearest(left: Sequence[Token], lexicon: Lexicon) -> list[str]:
    """Give the findings whose wordings share most words, or words written alike, with what was left."""
    votes: dict[str, float] = {}
    for token in left[:12]:
        names = lexicon.by_key.get(token.key)
        if names is None and len(token.key) >= 5:
            from rapidfuzz import process
            from rapidfuzz.distance import JaroWinkler

            near = [
                w for size in range(len(token.key) - 2, len(token.key) + 3) for w in lexicon.by_length.get(size, ())
            ]
            best = (
                process.extractOne(token.key, near, scorer=JaroWinkler.similarity, score_cutoff=0.86) if near else None
            )
            if best is not None:
                root = root_of(best[0], lexicon.tables)
                key = lexicon.tables.single.get(root, (root, ""))[0]
                names = lexicon.by_key.get(key)
        for name in names or ():
            votes[name] = votes.get(name, 0.0) + 1.0 / len(names or ())
    return sorted(votes, key=lambda name: (-votes[name], name))[:5]
