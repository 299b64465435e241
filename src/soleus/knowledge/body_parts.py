"""Where in the body: whether the parts that a phrase names lie in the part that a wording or a finding speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from soleus.knowledge.words import Token

Within = dict[str, tuple[str, ...]]  # a part, and the parts that it lies in, itself first


def is_lower_limb(i: int, tokens: Sequence[Token], within: Within) -> bool:
    """Say whether a named part belongs to the leg.

    Examples
    --------
    >>> is_lower_limb(0, [Token("calf", "part", "calves", True, True)], {"calf": ("calf", "leg")})
    True
    """
    return "leg" in within[tokens[i].key]


def part_within(wanted: str, tokens: Sequence[Token], at: Iterable[int], within: Within) -> int | None:
    """Give the first of some named parts that lies in the part that a wording wants; "limb" is an arm or a leg, whole.

    Examples
    --------
    >>> tokens = [Token("hand", "part", "hand", False, True), Token("calf", "part", "calf", False, True)]
    >>> part_within("leg", tokens, [0, 1], {"hand": ("hand", "arm"), "calf": ("calf", "leg")})
    1
    """
    for i in at:
        chain = within[tokens[i].key]
        if wanted in chain and (wanted != "limb" or tokens[i].key in ("limb", "all_limbs") or "leg" in chain):
            return i
    return None


def any_lies_in(allowed: tuple[str, ...], parts: Sequence[int], tokens: Sequence[Token], within: Within) -> bool:
    """Say whether one of some named parts lies where a finding lives; "any" is everywhere.

    Examples
    --------
    >>> tokens = [Token("hand", "part", "hand", False, True)]
    >>> any_lies_in(("leg",), [0], tokens, {"hand": ("hand", "arm")})
    False
    """
    if "any" in allowed:
        return True
    return any(
        any(part in allowed and (part != "limb" or tokens[i].key == part) for part in within[tokens[i].key])
        for i in parts
    )
