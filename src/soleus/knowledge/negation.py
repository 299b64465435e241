"""Who and whether: which words of a phrase are denied, doubted, or told of somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from soleus.knowledge.words import Token

_CONTENT = ("word", "part")
_POSITIVE_START = frozenset(
    [
        "new",
        "severe",
        "mark",
        "progress",
        "progressive",
        "significant",
        "recent",
        "chronic",
        "intermittent",
        "mild",
        "moderat",
        "worsen",
        "bilateral",
    ]
)


# Who stands near the patient and may be ill instead; an animal or a friend counts only where no other word comes first.
_SPOUSE = "spouse"
_NEAR = frozenset(
    (
        "dog",
        "cat",
        "pet",
        "puppy",
        "kitten",
        "pony",
        "neighbor",
        "friend",
        "colleagu",
        "workmat",
        "flatmat",
        "roommat",
        "housemat",
        "classmat",
        "teammat",
        "cowork",
        "co-work",
        "boss",
        "landlord",
        "lodger",
    )
)
# Words after a spouse that tell of the spouse's own health, and words that make a witness of them.
_HAS = frozenset(
    (
        "has",
        "had",
        "have",
        "having",
        "with",
        "is",
        "was",
        "got",
        "gets",
        "died",
        "suffers",
        "suffered",
        "developed",
        "underwent",
        "diagnosed",
        "diagnosed with",
        "on",
        "takes",
        "taking",
        "needs",
        "uses",
        "receives",
    )
)
_WITNESS = frozenset(
    (
        "to",
        "by",
        "of",
        "about",
        "that",
        "been",
        "seen",
        "heard",
        "felt",
        "found",
        "observed",
        "noted",
        "described",
        "told",
        "worried",
        "awake",
        "woken",
        "kept",
        "kicked",
        "complained",
    )
)
_BEARS = frozenset(("postpartum", "pregnant"))
_CHANGES = frozenset(("chang", "gettingworse", "worse", "high", "increasing", "worsening", "difference", "progress"))
TURNS = frozenset(("only", "more", "rather", "mainly", "mostly"))
_SUBJECTS = frozenset(["i", "he", "she", "they", "we", "it", "there"])


class Scope(NamedTuple):
    """What holds for one word of a phrase.

    ``steady``: only a change of it is denied ("no change in the weakness"), so the word itself is neither told nor
    denied.
    """

    denied: bool = False
    doubted: bool = False
    family: bool = False
    steady: bool = False


def _content_between(tokens: Sequence[Token], start: int, stop: int) -> bool:
    return any(t.kind in _CONTENT or (t.kind == "qualifier" and t.key == "known") for t in tokens[start:stop])


def _end_of(tokens: Sequence[Token], start: int, kinds: tuple[str, ...]) -> int:
    for i in range(start, len(tokens)):
        if tokens[i].kind in kinds:
            return i
    return len(tokens)


def _start_of(tokens: Sequence[Token], before: int, kinds: tuple[str, ...]) -> int:
    for i in range(before - 1, -1, -1):
        if tokens[i].kind in kinds:
            return i + 1
    return 0


def _forward(tokens: Sequence[Token], start: int) -> int:
    """Give where the scope of a denial that begins at ``start`` ends."""
    content = False
    for i in range(start, len(tokens)):
        token = tokens[i]
        if token.kind == "end" or (token.kind == "affirm" and content):
            return i
        if token.kind == "stop" and token.raw == "with" and content:
            return i
        if token.kind in ("comma", "and") and content and i + 1 < len(tokens):
            following = tokens[i + 1]
            listed = any(t.kind in ("or", "not") for t in tokens[i + 1 :])
            if not listed and (
                following.raw in _SUBJECTS
                or (following.raw in TURNS and token.kind == "comma")
                or following.key in _POSITIVE_START
                or following.kind == "number"
                or (following.kind == "side" and token.kind == "comma")
                or following.key in ("timespan", "recentspan", "remotespan")
            ):
                return i
        content = content or token.kind in ("word", "part")
    return len(tokens)


def _deny(tokens: Sequence[Token], denied: list[bool]) -> None:
    for i, token in enumerate(tokens):
        if token.kind != "not":
            continue
        following = [t.raw for t in tokens[i + 1 : i + 2]]
        if following and following[0] in ("only", "just", "merely") and any(t.raw == "but" for t in tokens[i:]):
            continue
        if following and following[0] in ("just", "merely") and _content_between(tokens, 0, i):
            continue  # "in both legs, not just one"
        if token.raw == "non":  # "non-pitting edema": the next word only
            if i + 1 < len(tokens):
                denied[i + 1] = True
            continue
        if token.raw in ("naive", "naïve"):  # "statin-naive patient": the word before only
            if i:
                denied[i - 1] = True
            continue
        until = _end_of(tokens, i + 1, ("comma", "and", "or", "end", "not"))
        since = _start_of(tokens, i, ("comma", "end"))
        if not _content_between(tokens, i + 1, until) and _content_between(tokens, since, i):
            if any(t.raw in ("were", "are") for t in tokens[since:i]):
                since = _start_of(tokens, since, ("end", "not"))
            for j in range(max(since, _start_of(tokens, i, ("end", "affirm"))), i):
                denied[j] = True
            continue
        for j in range(i + 1, _forward(tokens, i + 1)):
            denied[j] = True


def _steady(tokens: Sequence[Token], steady: list[bool]) -> None:
    """Mark what stands after "no change in" or "no worsening of"."""
    for i, token in enumerate(tokens[:-2]):
        if token.kind == "not" and tokens[i + 1].key in _CHANGES and tokens[i + 2].raw in ("in", "of", "to"):
            for j in range(i + 3, _end_of(tokens, i + 3, ("end", "not"))):
                steady[j] = True


def _doubt(tokens: Sequence[Token], doubted: list[bool]) -> None:
    stops = ("comma", "and", "end", "not")
    for i, token in enumerate(tokens):
        if token.kind != "hedge":
            continue
        until = _end_of(tokens, i + 1, stops)
        since = _start_of(tokens, i, stops)
        if _content_between(tokens, i + 1, until):
            since = i
        for j in range(since, until):
            doubted[j] = True


def _relate(tokens: Sequence[Token], family: list[bool]) -> None:
    for i, token in enumerate(tokens):
        if token.kind != "family":
            continue
        if any(t.kind == "reporter" for t in tokens[i + 1 : i + 3]):
            if i and tokens[i - 1].kind == "word":
                family[i - 1] = True  # "pregnant sister lives with us"
            continue
        if any(t.kind == "reporter" for t in tokens[max(0, i - 2) : i]):
            continue
        ends = ("end",)
        before = tokens[i - 1] if i else None
        since = _start_of(tokens, i, (*ends, "comma"))
        after = before is not None and (before.raw in ("in", "on") or not _content_between(tokens, i + 1, len(tokens)))
        if after:
            since = _start_of(tokens, i, ends)
        for j in range(since, len(tokens) if not after else _end_of(tokens, i + 1, ("end", "comma"))):
            if tokens[j].kind == "end" and tokens[j].raw != "but" and j > i:
                break
            family[j] = True


def _tells_of_spouse(tokens: Sequence[Token], i: int) -> bool:
    """Say whether what follows a spouse is the spouse's own ("has MS"), not what they see ("has seen him kick")."""
    following = tokens[i + 1 : i + 5]
    if not following:
        return False
    if tokens[i].key != _SPOUSE and _content_between(tokens, _start_of(tokens, i, ("comma", "end")), i):
        return False  # "walking the dog with pain"
    if tokens[i].raw.endswith("'s") and not any(t.raw in _WITNESS or t.kind == "reporter" for t in following[:2]):
        return following[0].kind in ("word", "part", "qualifier")  # "wife's insulin"
    if following[0].key in _BEARS:
        return True
    if following[0].raw not in _HAS:
        return False
    return not any(t.raw in _WITNESS or t.kind == "reporter" for t in following[1:3])


def _relate_spouse(tokens: Sequence[Token], family: list[bool]) -> None:
    for i, token in enumerate(tokens):
        if (token.key == _SPOUSE or token.key in _NEAR) and _tells_of_spouse(tokens, i):
            for j in range(i, _end_of(tokens, i + 1, ("end",))):
                family[j] = True


def read_scopes(tokens: Sequence[Token]) -> list[Scope]:
    """Give for each word whether it is denied, doubted, or told of a relative.

    A denial reaches over a list ("no fever, cough or chills") to a word that turns ("but", "has"), a full stop, or a
    new clause; one that stands last reaches back ("swelling: none"). What is told of a relative, or of a partner, a
    friend or an animal that has it, stays with them.

    Parameters
    ----------
    tokens : sequence of Token

    Returns
    -------
    list of Scope
        One per token.
    """
    denied = [False] * len(tokens)
    doubted = [False] * len(tokens)
    family = [False] * len(tokens)
    steady = [False] * len(tokens)
    kinds = {token.kind for token in tokens}
    if "not" in kinds:
        _deny(tokens, denied)
        _steady(tokens, steady)
    if "hedge" in kinds:
        _doubt(tokens, doubted)
    if "family" in kinds:
        _relate(tokens, family)
    _relate_spouse(tokens, family)
    return [Scope(*each) for each in zip(denied, doubted, family, steady, strict=True)]
