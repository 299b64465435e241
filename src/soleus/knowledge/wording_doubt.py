"""When a wording that stands there is not to be trusted: what is not understood around it may turn its sense."""

from __future__ import annotations

from collections.abc import Sequence

from soleus.knowledge.clauses import Clause
from soleus.knowledge.wordings import Hit
from soleus.knowledge.words import Token


def is_strange(clause: Clause, tokens: Sequence[Token]) -> bool:
    """Say whether most words of the clause are not understood: then what is left of it may mean anything."""
    content = [tokens[i] for i in clause.at if tokens[i].kind in ("word", "part")]
    unknown = sum(not token.known for token in content)
    return unknown > 1 and 2 * unknown > len(content)


def beside_unknown(hit: Hit, clause: Clause, tokens: Sequence[Token], used: set[int], context: frozenset[str]) -> bool:
    """Say whether a word that nobody understood stands right beside a one-word wording."""
    solid = [i for i in hit.used if tokens[i].kind in ("word", "part", "family")]
    if len(solid) + len(hit.lent) > 1 or not solid:
        return False
    line = [
        i for i in clause.at if tokens[i].kind not in ("qualifier", "side", "of", "number", "not", "hedge", "affirm")
    ]
    place = line.index(solid[0])
    if place > 0:
        left = tokens[line[place - 1]]
        if left.kind == "word" and line[place - 1] not in used and left.key not in hit.pattern.keys:
            return True
    if place + 1 < len(line):
        right = tokens[line[place + 1]]
        harmless = right.key in context or right.key in hit.pattern.keys or _no_help(right, tokens[line[place + 1] - 1])
        remedy = not right.known and tokens[line[place + 1] - 1].raw == "on"  # "epilepsy on valproate"
        harmless = harmless or remedy
        if right.kind == "word" and not harmless and line[place + 1] not in used:
            return not right.raw.endswith(("ed", "ing"))
    return False


def _no_help(token: Token, before: Token) -> bool:
    return token.raw == "help" and before.kind == "not"  # "sciatica, injections not help"


def eased_by_another(hit: Hit, tokens: Sequence[Token]) -> bool:
    """Say whether what eases is named behind "relieved by": "pain at rest relieved by hanging the foot"."""
    if not hit.pattern.findings or not all(name.startswith("eased_") for name, _ in hit.pattern.findings):
        return False
    by = next((i for i in hit.used if tokens[i].key == "eased"), None)
    if by is None or not (
        tokens[by].raw.endswith((" by", " with")) or (by + 1 < len(tokens) and tokens[by + 1].raw in ("by", "with"))
    ):
        return False
    means = [
        i for i in hit.used if tokens[i].kind in ("word", "part") and tokens[i].key not in ("eased", "pain", "cramp")
    ]
    return bool(means) and max(means) < by and any(t.kind in ("word", "part") for t in tokens[by + 1 :])
