"""The wordings that stand in a clause: all concepts of a wording are there, its body parts and its side too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from soleus.knowledge.body_parts import Within, part_within
from soleus.knowledge.clauses import Clause
from soleus.knowledge.lexicon import GENERAL, Lexicon, Pattern, says_not
from soleus.knowledge.negation import Scope
from soleus.knowledge.words import Token

_GAP = 5  # choice: other content words allowed inside one wording


class Hit(msgspec.Struct, frozen=True):
    """One wording found in one clause."""

    pattern: Pattern
    used: tuple[int, ...]
    lent: tuple[int, ...]


def find_hits(
    clause: Clause,
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    lexicon: Lexicon,
    fields: Sequence[str],
    allow: Callable[[Pattern], bool] | None,
) -> list[Hit]:
    """List every wording that fits a clause, the most specific first.

    Parameters
    ----------
    clause : Clause
    tokens, scopes : sequences
        The phrase that the clause is part of.
    lexicon : Lexicon
    fields : sequence of str
        The indexes to look in; ``""`` is the general one.
    allow : callable, optional
        Which general wordings may be used.

    Returns
    -------
    list of Hit

    Examples
    --------
    >>> from soleus.knowledge.clauses import split_clauses
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.knowledge.negation import read_scopes
    >>> from soleus.knowledge.word_lists import build_word_lists
    >>> from soleus.knowledge.words import cut, tokenize
    >>> lexicon = build_word_lists(load_evidence()).words
    >>> tokens = tokenize(cut("numb toes", lexicon.tables), lexicon.tables)
    >>> ((clause,),) = split_clauses(tokens, lexicon)
    >>> find_hits(clause, tokens, read_scopes(tokens), lexicon, [GENERAL], None)[0].pattern.findings
    (('numbness', True),)
    """
    within = lexicon.tables.within
    available = clause.keys if not clause.lent_keys else {**clause.lent_keys, **clause.keys}
    side = clause.side or clause.lent_side
    looks: list[str] = list(available)
    looks += [p for i in (clause.parts or clause.lent_parts) for p in within[tokens[i].key]]
    hits: list[tuple[tuple[int, int, int], Hit]] = []
    seen: set[int] = set()
    for field in fields:
        index = lexicon.index.get(field)
        if index is None:
            continue
        for look in looks:
            for number in index.get(look, ()):
                if number in seen:
                    continue
                seen.add(number)
                pattern = lexicon.patterns[number]
                hit = _fit(pattern, clause, available, side, tokens, scopes, within)
                if hit is None or (field == GENERAL and allow is not None and not allow(pattern)):
                    continue
                span = max(hit.used) - min(hit.used) if hit.used else 0
                exact = sum(tokens[i].key in pattern.parts for i in (*hit.used, *hit.lent))
                worth = pattern.weight + (field != GENERAL) + exact
                hits.append(((-worth, bool(pattern.noted), span + 2 * len(hit.lent)), hit))
    hits.sort(key=lambda each: each[0])
    return [hit for _, hit in hits]


def _fit(
    pattern: Pattern,
    clause: Clause,
    available: dict[str, list[int]],
    side: str,
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    within: Within,
) -> Hit | None:
    for key in pattern.keys:
        if key not in available:
            return None
    if pattern.side and pattern.side != side and not (pattern.side == "both" and side == "many"):
        return None
    used: list[int] = []
    lent: list[int] = []
    family = "family" in pattern.keys
    own_word = False
    for key in pattern.keys:
        own = clause.keys.get(key)
        if own is None:
            lent.append(available[key][0])
            continue
        i = next((j for j in own if scopes[j].family == family), own[0])
        used.append(i)
        own_word = own_word or tokens[i].kind in ("word", "family") or len(pattern.keys) == len(used) + len(lent)
    for part in pattern.parts:
        place = part_within(part, tokens, clause.parts, within)
        if place is None:
            place = part_within(part, tokens, clause.lent_parts, within) if not clause.parts else None
            if place is None:
                return None
            lent.append(place)
        else:
            used.append(place)
    if not used or (lent and not own_word and not (clause.parts and not clause.words)):
        return None
    if says_not(pattern) and not any(scopes[i].denied for i in used):
        return None
    if pattern.negated and not any(scopes[i].denied for i in used if tokens[i].key in pattern.negated):
        return None
    if len(used) > 1:
        inner = sum(1 for j in range(min(used) + 1, max(used)) if tokens[j].kind in ("word", "part") and j not in used)
        if inner > _GAP:
            return None
    return Hit(pattern, tuple(used), tuple(lent))
