"""What a wording tells in its clause: the findings that the place, the side and the time allow."""

from __future__ import annotations

from collections.abc import Sequence

from soleus.knowledge.body_parts import any_lies_in, is_lower_limb
from soleus.knowledge.clauses import Clause
from soleus.knowledge.lexicon import Lexicon
from soleus.knowledge.wordings import Hit
from soleus.knowledge.words import Token

_REMOTE = frozenset(("remotespan", "remote", "childhood", "infancy", "youth", "adolescent"))
_FORMER = frozenset(("old", "former", "previou", "past"))
_BEGINS = frozenset(("start", "begin", "begun", "first", "since", "onset", "new", "recentspan"))
# Words that make a denial narrower than the wording beside them: "no cramps in short exercise" is not "no exertion".
_NARROWS = frozenset(("short", "long", "brief", "prolong", "early", "late"))


def findings_here(
    hit: Hit, clause: Clause, tokens: Sequence[Token], lexicon: Lexicon, denied: bool
) -> list[tuple[str, bool]]:
    """Give what a wording tells in its clause: its findings that the place, the side and the time allow.

    Parameters
    ----------
    hit : Hit
    clause : Clause
        Where the wording stands.
    tokens : sequence of Token
        The phrase that the clause is part of.
    lexicon : Lexicon
    denied : bool
        The wording is denied, by the phrase or by the list that it stands in.

    Returns
    -------
    list of (str, bool)
        Finding ids, each told as present or absent when the wording is not denied.
    """
    if denied and _narrowed(hit, clause, tokens):
        return []
    pattern = hit.pattern
    within = lexicon.tables.within
    parts = clause.parts or (clause.lent_parts if not pattern.parts else [])
    told = clause.side or clause.lent_side
    side = {"many": "both"}.get(told, told)
    elsewhere = denied and parts and not any(is_lower_limb(i, tokens, within) for i in parts)
    former = is_former(hit, clause, tokens)
    open_ = open_when_denied(hit, lexicon, denied)
    kept = []
    for name, present in pattern.findings:
        policy = lexicon.policies[name]
        if name in open_:
            continue
        if elsewhere and pattern.parts and (name, pattern.keys) in lexicon.placeless:
            continue  # "no arm weakness" does not say that nothing is weak
        if policy.side and side and side != policy.side and not (told == "many" and denied):
            continue
        if pattern.side == "both" and told == "many" and policy.side != "both":
            continue  # "cramps in hands and feet" does not say both sides
        if policy.recent and former and _BEGINS.isdisjoint(clause.keys):
            continue
        if not pattern.parts and parts and not any_lies_in(policy.parts, parts, tokens, within):
            continue
        lives = (
            parts and not {"leg", "limb", "any"} & {*policy.parts} and any_lies_in(policy.parts, parts, tokens, within)
        )
        narrow = denied and not pattern.parts and policy.parts != ("any",) and not lives
        if narrow and not all(is_lower_limb(i, tokens, within) for i in clause.parts):
            continue
        kept.append((name, present))
    return kept


def open_when_denied(hit: Hit, lexicon: Lexicon, denied: bool) -> list[str]:
    """List the findings of a wording that counts only when it is told: "no paralysis" leaves weakness open."""
    if not denied:
        return []
    pattern = hit.pattern
    return [n for n, _ in pattern.findings if (n, pattern.keys, pattern.parts) in lexicon.only_present]


def is_former(hit: Hit, clause: Clause, tokens: Sequence[Token]) -> bool:
    """Say whether the clause puts it years back: "20 years ago", "as a child", "old leg injury"."""
    if not _REMOTE.isdisjoint(clause.keys):
        return True
    for key in _FORMER & clause.keys.keys():
        for i in clause.keys[key]:
            if _noun_after(i, clause, tokens) in hit.used:
                return True
    return False


def _narrowed(hit: Hit, clause: Clause, tokens: Sequence[Token]) -> bool:
    """Say whether a word of length makes what is denied narrower than the wording: "no cramps in short exercise"."""
    for i in clause.at:
        if tokens[i].key not in _NARROWS:
            continue
        noun = _noun_after(i, clause, tokens)
        if i not in hit.used or (noun is not None and noun not in hit.used):
            return True
    return False


def _noun_after(i: int, clause: Clause, tokens: Sequence[Token]) -> int | None:
    """Give where the next word of content in the clause stands."""
    return next((j for j in range(i + 1, clause.at[-1] + 1) if tokens[j].kind in ("word", "part")), None)
