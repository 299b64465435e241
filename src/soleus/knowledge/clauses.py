"""The clauses of a phrase, and what they lend each other.

Clauses joined by commas, "and" or "or" lend each other body parts, sides and heads ("weakness and wasting of both
calves").
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from soleus.knowledge.body_parts import Within, is_lower_limb
from soleus.knowledge.lexicon import Lexicon
from soleus.knowledge.words import Token

KEY_KINDS = frozenset(("word", "qualifier", "not", "family", "hedge", "number", "reporter"))
_PREPOSITIONS = frozenset(
    (
        "of",
        "in",
        "on",
        "over",
        "at",
        "around",
        "involving",
        "affecting",
        "across",
        "throughout",
        "within",
        "down",
        "behind",
        "near",
    )
)
_PREDICATES = frozenset(("normal", "low", "high"))
_LENT = frozenset(
    ("normal", "low", "high", "absent", "difficulty", "sudden", "loss", "family", "pain", "cramp", "severe")
)


class Clause(msgspec.Struct):
    """Tokens between two separators, and what they may borrow from their neighbors."""

    at: list[int]
    keys: dict[str, list[int]]
    parts: list[int]
    side: str
    postposed: bool
    words: int
    lent_keys: dict[str, list[int]] = msgspec.field(default_factory=dict)
    lent_parts: list[int] = msgspec.field(default_factory=list)
    lent_side: str = ""


def split_clauses(tokens: Sequence[Token], lexicon: Lexicon, *, headed: bool = False) -> list[list[Clause]]:
    """Give the clauses of a phrase, in groups that a full stop or "but" separates.

    ``headed``: a body part that stands first heads what follows, as in the report of an examination.
    """
    groups: list[list[Clause]] = [[]]
    at: list[int] = []

    def close() -> None:
        if at:
            groups[-1].append(_clause(tokens, list(at), lexicon.tables.paired))
            at.clear()

    for i, token in enumerate(tokens):
        if token.kind == "end":
            close()
            groups.append([])
        elif token.kind in ("comma", "and", "or"):
            close()
        else:
            at.append(i)
    close()
    for group in groups:
        _share_nouns(group, tokens, lexicon.described)
    return [_lend(group, tokens, lexicon.tables.within, headed) for group in groups if group]


def _clause(tokens: Sequence[Token], at: list[int], paired: frozenset[str]) -> Clause:
    keys: dict[str, list[int]] = {}
    parts: list[int] = []
    sides: set[str] = set()
    words = 0
    postposed = False
    for i in at:
        token = tokens[i]
        if token.kind == "part":
            if not parts and words:
                back = i - 1
                while back >= at[0] and tokens[back].kind in ("qualifier", "side", "number"):
                    back -= 1
                postposed = back >= at[0] and tokens[back].raw in _PREPOSITIONS
            parts.append(i)
        elif token.kind == "side":
            sides.add(token.raw if token.raw in ("left", "right") else token.key)
        elif token.kind in KEY_KINDS:
            keys.setdefault(token.key, []).append(i)
            words += token.kind == "word"
    if "both" in sides or len(sides & {"left", "right"}) == 2:
        side = "both"
    elif sides:
        side = "one"
    elif any(tokens[i].plural and tokens[i].key in paired for i in parts):
        side = "many"
    else:
        side = ""
    return Clause(at, keys, parts, side, postposed, words)


def _share_nouns(group: list[Clause], tokens: Sequence[Token], described: frozenset[str]) -> None:
    """Give adjectives that "and" joins the noun they share: "skin cool and dry", "dry and itchy skin"."""
    for one, other in pairwise(group):
        if other.at[0] - one.at[-1] != 2 or tokens[one.at[-1] + 1].kind != "and":
            continue
        words = {id(c): [i for i in c.at if tokens[i].kind == "word"] for c in (one, other)}
        for adjective, pair in ((other, one), (one, other)):
            mine, theirs = words[id(adjective)], words[id(pair)]
            if len(mine) != 1 or len(theirs) < 2 or adjective.parts:
                continue
            noun = theirs[0] if pair is one else theirs[-1]
            if tokens[noun].key in described and tokens[mine[0]].key not in described:
                adjective.lent_keys.setdefault(tokens[noun].key, [noun])


def _denies(clause: Clause, tokens: Sequence[Token]) -> int | None:
    """Give where the clause's own denial stands."""
    return next((i for i in clause.at if tokens[i].kind == "not"), None)


def _may_lend(giver: Clause, clause: Clause, tokens: Sequence[Token], headed: bool) -> bool:
    """Say whether a clause may borrow a body part: not when it has its own "no", unless the part heads the list.

    "No back pain, no numbness" denies all numbness; "right calf: no swelling, no redness" is about the calf. Signs
    are listed under the part ("calf supple, no tenderness").
    """
    if _denies(clause, tokens) is None or giver.at[0] > clause.at[0]:
        return True
    denial = _denies(giver, tokens)
    if denial is None:
        return headed and giver.parts[0] == giver.at[0]
    return giver.parts[0] < denial


def _lend(group: list[Clause], tokens: Sequence[Token], within: Within, headed: bool) -> list[Clause]:
    for n, clause in enumerate(group):
        before, after = group[:n], group[n + 1 :]
        if not clause.parts:
            giver = next((c for c in after if c.parts), None)
            adjective = (  # "swollen, red left leg"
                giver is not None
                and giver is after[0]
                and clause.words == 1
                and all(is_lower_limb(i, tokens, within) for i in giver.parts)
            )
            if giver is not None and _denies(giver, tokens) is not None:
                giver = None  # "no numbness, no weakness of the arms"
            if giver is None or not (giver.postposed or adjective):
                giver = next((c for c in reversed(before) if c.parts), None)
                giver = None if giver is not None and giver.postposed else giver
            if giver is not None and _may_lend(giver, clause, tokens, headed):
                clause.lent_parts = giver.parts
                clause.lent_side = giver.side
        if clause.parts and not clause.side and before and before[-1].side in ("one", "both") and not clause.words:
            clause.lent_side = before[-1].side
        if clause.parts and not clause.words:
            head = next((c for c in reversed(before) if c.words), None) or next((c for c in after if c.words), None)
            if head is not None:
                clause.lent_keys.update(head.keys)
        elif clause.words:
            leads = clause.parts and all(i > clause.parts[0] for at in clause.keys.values() for i in at)
            if leads and before and before[-1].postposed:  # "cramps in the thighs and calves after running"
                clause.lent_keys.update(before[-1].keys)
            if before and before[-1].words and _denies(clause, tokens) is None:
                for lent in (before[-1].keys, before[-1].lent_keys):
                    for key, at in lent.items():
                        if key in _LENT:
                            clause.lent_keys.setdefault(key, at)
            for other in after:
                for key in _PREDICATES & other.keys.keys():
                    at = other.keys[key]
                    if any(i < at[0] and tokens[i].kind == "word" for i in other.at):
                        clause.lent_keys.setdefault(key, at)
    return group
