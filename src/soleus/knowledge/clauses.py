"""From tokens to findings: clauses, what they share, and which wording of which finding fits best.

A wording fits a clause when all its concepts stand there. Clauses joined by commas, "and" or "or" lend each other
body parts, sides and heads ("weakness and wasting of both calves"). The most specific wording wins and uses up its
words. A word that is not understood and stands right beside a one-word wording makes it unsafe, and it is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from soleus.knowledge.lexicon import GENERAL, Lexicon, Pattern, is_shared
from soleus.knowledge.negation import TURNS, Scope
from soleus.knowledge.vocabulary import STATEMENTS
from soleus.knowledge.words import Token

_KEY_KINDS = frozenset(("word", "qualifier", "not", "family", "hedge", "number", "reporter"))
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
_DENIALS = frozenset(("not", "absent", "unrelated"))
_PREDICATES = frozenset(("normal", "low", "high"))
_LENT = frozenset(
    ("normal", "low", "high", "absent", "difficulty", "sudden", "loss", "family", "pain", "cramp", "severe")
)
_REMOTE = frozenset(("remotespan", "remote", "childhood", "infancy", "youth", "adolescent"))
_FORMER = frozenset(("old", "former", "previou", "past"))
_BEGINS = frozenset(("start", "begin", "begun", "first", "since", "onset", "new", "recentspan"))
# Words that make a denial narrower than the wording beside them: "no cramps in short exercise" is not "no exertion".
_NARROWS = frozenset(("short", "long", "brief", "prolong", "early", "late"))
_TIMED = "beside_complaint"  # the index of times that a symptom of the complaint may stand beside
_TIMED_FIELDS = frozenset(("symptom", "history", "free"))
_PLACED_IN_TIME = frozenset(("at", "in", "on", "when", "while", "during", "by", "all", "every", "whenever"))
_GAP = 5  # choice: other content words allowed inside one wording


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


class Hit(msgspec.Struct, frozen=True):
    """One wording found in one clause."""

    pattern: Pattern
    used: tuple[int, ...]
    lent: tuple[int, ...]


class Reading(msgspec.Struct):
    """Everything found in a phrase, by token."""

    matches: list[tuple[str, bool, str]] = msgspec.field(default_factory=list)
    noted: list[str] = msgspec.field(default_factory=list)
    used: set[int] = msgspec.field(default_factory=set)
    candidates: list[str] = msgspec.field(default_factory=list)
    refused: bool = False
    normal: set[str] = msgspec.field(default_factory=set)  # words that call something normal


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
        elif token.kind in _KEY_KINDS:
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


def _lend(
    group: list[Clause], tokens: Sequence[Token], within: dict[str, tuple[str, ...]], headed: bool
) -> list[Clause]:
    for n, clause in enumerate(group):
        before, after = group[:n], group[n + 1 :]
        if not clause.parts:
            giver = next((c for c in after if c.parts), None)
            adjective = (  # "swollen, red left leg"
                giver is not None
                and giver is after[0]
                and clause.words == 1
                and all("leg" in within[tokens[i].key] for i in giver.parts)
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


def _part_fits(
    wanted: str, tokens: Sequence[Token], at: Iterable[int], within: dict[str, tuple[str, ...]]
) -> int | None:
    for i in at:
        chain = within[tokens[i].key]
        if wanted in chain and (wanted != "limb" or tokens[i].key in ("limb", "all_limbs") or "leg" in chain):
            return i
    return None


def _hits(
    clause: Clause,
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    lexicon: Lexicon,
    fields: Sequence[str],
    allow: Callable[[Pattern], bool] | None,
) -> list[Hit]:
    """List every wording that fits the clause, most specific first."""
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
    within: dict[str, tuple[str, ...]],
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
        place = _part_fits(part, tokens, clause.parts, within)
        if place is None:
            place = _part_fits(part, tokens, clause.lent_parts, within) if not clause.parts else None
            if place is None:
                return None
            lent.append(place)
        else:
            used.append(place)
    if not used or (lent and not own_word and not (clause.parts and not clause.words)):
        return None
    if _says_not(pattern) and not any(scopes[i].denied for i in used):
        return None
    if pattern.negated and not any(scopes[i].denied for i in used if tokens[i].key in pattern.negated):
        return None
    if len(used) > 1:
        inner = sum(1 for j in range(min(used) + 1, max(used)) if tokens[j].kind in ("word", "part") and j not in used)
        if inner > _GAP:
            return None
    return Hit(pattern, tuple(used), tuple(lent))


def _beside(hit: Hit, clause: Clause, tokens: Sequence[Token], used: set[int], context: frozenset[str]) -> bool:
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


def _strange(clause: Clause, tokens: Sequence[Token]) -> bool:
    """Say whether most words of the clause are not understood: then what is left of it may mean anything."""
    content = [tokens[i] for i in clause.at if tokens[i].kind in ("word", "part")]
    unknown = sum(not token.known for token in content)
    return unknown > 1 and 2 * unknown > len(content)


def _lower_limb(i: int, tokens: Sequence[Token], within: dict[str, tuple[str, ...]]) -> bool:
    return "leg" in within[tokens[i].key]


def read_clauses(
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    lexicon: Lexicon,
    fields: Sequence[str],
    *,
    absent: bool = False,
    allow: Callable[[Pattern], bool] | None = None,
    loose: bool = False,
) -> Reading:
    """Find the findings that a tokenized phrase tells.

    Parameters
    ----------
    tokens, scopes : sequences
        From `tokenize` and `read_scopes`.
    lexicon : Lexicon
    fields : sequence of str
        The indexes to look in; ``""`` is the general one.
    absent : bool
        The phrase stands in a list of absent things.
    allow : callable, optional
        Which general wordings may be used.
    loose : bool
        In a field that gives the context, a word beside a wording does not make it unsafe.

    Returns
    -------
    Reading
    """
    reading = Reading()
    within = lexicon.tables.within
    for group in split_clauses(tokens, lexicon, headed="sign" in fields):
        chosen: list[tuple[Clause, Hit]] = []
        for clause in group:
            if _strange(clause, tokens):
                reading.refused = True
                continue
            taken: set[int] = set()
            for hit in _hits(clause, tokens, scopes, lexicon, fields, allow):
                free = [i for i in hit.used if tokens[i].kind in ("word", "family") and not is_shared(tokens[i].key)]
                if any(i in taken for i in free) or (not free and hit.pattern.noted and set(hit.used) <= reading.used):
                    continue
                if any(
                    set(hit.used) == set(o.used) and hit.pattern.parts != o.pattern.parts and not hit.pattern.side
                    for c, o in chosen
                    if c is clause
                ):
                    continue
                if (absent or any(scopes[i].denied for i in hit.used)) and any(
                    set(hit.used) < set(o.used) for c, o in chosen if c is clause and not o.pattern.noted
                ):
                    continue  # "not only at night" does not deny the night
                if (
                    not free
                    and "normal" in hit.pattern.keys
                    and any(set(hit.used) < set(o.used) for c, o in chosen if c is clause)
                ):
                    continue  # "thyroid function normal" does not say that the thyroid is
                if _refuse(hit, clause, tokens, scopes, lexicon, absent, reading):
                    continue
                taken.update(free)
                chosen.append((clause, hit))
                reading.used.update(i for i in hit.used if tokens[i].kind in _KEY_KINDS or tokens[i].kind == "part")
                reading.used.update(i for i in hit.lent if is_shared(tokens[i].key) or tokens[i].kind == "part")
        safe = reading.used
        for clause, hit in chosen:
            if not loose and not hit.pattern.noted and _beside(hit, clause, tokens, safe, lexicon.context):
                reading.candidates += [name for name, _ in hit.pattern.findings]
                reading.used.difference_update(hit.used)
                reading.refused = True
                continue
            _accept(hit, clause, tokens, scopes, lexicon, absent, reading)
        if not absent and _TIMED_FIELDS.intersection(fields):
            for clause in group:
                _add_times(clause, chosen, tokens, scopes, lexicon, reading)
        for clause in group:
            _elsewhere(clause, tokens, lexicon, reading, within)
    return reading


def _refuse(
    hit: Hit,
    clause: Clause,
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    lexicon: Lexicon,
    absent: bool,
    reading: Reading,
) -> bool:
    """Say whether a wording that fits must not be used: a relative, another body part, the other side, too long ago."""
    pattern = hit.pattern
    if any(scopes[i].family for i in hit.used) != ("family" in pattern.keys):
        if not pattern.noted and "family" not in pattern.keys:  # somebody else's: understood, without effect
            reading.noted.append(" ".join(tokens[i].raw for i in sorted(hit.used)))
            reading.used.update(i for i in hit.used if tokens[i].kind in ("word", "part"))
        return not pattern.noted
    if pattern.noted:
        return False
    denied = absent or any(scopes[i].denied for i in hit.used)
    if pattern.denied and not denied:
        return True
    if _eased_by_another(hit, tokens):
        return True
    if any(scopes[i].steady for i in hit.used) and not any(scopes[i].denied and not scopes[i].steady for i in hit.used):
        reading.noted.append(" ".join(tokens[i].raw for i in sorted(hit.used)))
        reading.used.update(hit.used)
        return True
    if "normal" in clause.keys and "normal" not in pattern.keys and clause.keys["normal"][0] not in reading.used:
        return True
    if _fitting(hit, clause, tokens, lexicon, denied) or _open_when_denied(hit, lexicon, denied):
        return False
    if _former(hit, clause, tokens):  # long ago: understood, without effect
        reading.noted.append(" ".join(tokens[i].raw for i in sorted(hit.used)))
        reading.used.update(i for i in hit.used if tokens[i].kind == "word")
    return True


def _eased_by_another(hit: Hit, tokens: Sequence[Token]) -> bool:
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


def _open_when_denied(hit: Hit, lexicon: Lexicon, denied: bool) -> list[str]:
    """List the findings of a wording that counts only when it is told: "no paralysis" leaves weakness open."""
    if not denied:
        return []
    pattern = hit.pattern
    return [n for n, _ in pattern.findings if (n, pattern.keys, pattern.parts) in lexicon.only_present]


def _former(hit: Hit, clause: Clause, tokens: Sequence[Token]) -> bool:
    """Say whether the clause puts it years back: "20 years ago", "as a child", "old leg injury"."""
    if not _REMOTE.isdisjoint(clause.keys):
        return True
    for key in _FORMER & clause.keys.keys():
        for i in clause.keys[key]:
            noun = next((j for j in range(i + 1, clause.at[-1] + 1) if tokens[j].kind in ("word", "part")), None)
            if noun in hit.used:
                return True
    return False


def _narrowed(hit: Hit, clause: Clause, tokens: Sequence[Token]) -> bool:
    """Say whether a word of length makes what is denied narrower than the wording: "no cramps in short exercise"."""
    for i in clause.at:
        if tokens[i].key not in _NARROWS:
            continue
        noun = next((j for j in range(i + 1, clause.at[-1] + 1) if tokens[j].kind in ("word", "part")), None)
        if i not in hit.used or (noun is not None and noun not in hit.used):
            return True
    return False


def _fitting(
    hit: Hit, clause: Clause, tokens: Sequence[Token], lexicon: Lexicon, denied: bool
) -> list[tuple[str, bool]]:
    """Give what a wording tells here: its findings that the place, the side and the time allow."""
    pattern = hit.pattern
    within = lexicon.tables.within
    parts = clause.parts or (clause.lent_parts if not pattern.parts else [])
    told = clause.side or clause.lent_side
    side = {"many": "both"}.get(told, told)
    elsewhere = denied and parts and not any(_lower_limb(i, tokens, within) for i in parts)
    former = _former(hit, clause, tokens)
    narrowed = denied and _narrowed(hit, clause, tokens)
    open_ = _open_when_denied(hit, lexicon, denied)
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
        if narrowed:
            continue
        if not pattern.parts and parts and not _place_fits(policy.parts, parts, tokens, within):
            continue
        lives = (
            parts and not {"leg", "limb", "any"} & {*policy.parts} and _place_fits(policy.parts, parts, tokens, within)
        )
        narrow = denied and not pattern.parts and policy.parts != ("any",) and not lives
        if narrow and not all(_lower_limb(i, tokens, within) for i in clause.parts):
            continue
        kept.append((name, present))
    return kept


def _says_not(pattern: Pattern) -> bool:
    return not _DENIALS.isdisjoint(pattern.keys)


def _place_fits(
    allowed: tuple[str, ...], parts: Sequence[int], tokens: Sequence[Token], within: dict[str, tuple[str, ...]]
) -> bool:
    if "any" in allowed:
        return True
    return any(
        any(part in allowed and (part != "limb" or tokens[i].key == part) for part in within[tokens[i].key])
        for i in parts
    )


def _accept(
    hit: Hit,
    clause: Clause,
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    lexicon: Lexicon,
    absent: bool,
    reading: Reading,
) -> None:
    pattern = hit.pattern
    at = sorted({*hit.used, *hit.lent})
    words = " ".join(tokens[i].raw for i in at)
    if pattern.noted:
        reading.noted.append(words)
        return
    doubted = any(scopes[i].doubted for i in hit.used if tokens[i].kind != "hedge") and "possible" not in pattern.keys
    spoken = [i for i in hit.used if tokens[i].kind in ("word", "part", "qualifier")] or list(hit.used)
    denied = not _says_not(pattern) and any(scopes[i].denied for i in spoken)
    turned = tokens[clause.at[0]].raw in TURNS  # "no cramps in the feet, only the calves"
    borrowed = not turned and any(scopes[i].denied for i in hit.lent if tokens[i].key != "not")
    denied = denied or (not _says_not(pattern) and borrowed)
    if not any(tokens[i].kind == "not" for i in clause.at) and not any(p for _, p in pattern.findings):
        denied = False  # "no clonus, plantars flexor": the denial before does not turn what is called normal
    fitting = _fitting(hit, clause, tokens, lexicon, absent or any(scopes[i].denied for i in hit.used))
    kept = []
    for name, present in fitting:
        if doubted and not lexicon.policies[name].hedged:
            reading.candidates.append(name)
        else:
            kept.append((name, present))
    if not fitting:
        reading.noted.append(words)
        return
    if doubted and not kept:
        reading.noted.append(f"possible {words}")
        return
    if denied and absent:
        reading.candidates += [name for name, _ in kept]
        reading.refused = True
        reading.used.difference_update(hit.used)
        return
    flip = denied or absent
    if flip:
        reversed_ = [(n, p) for n, p in kept if not p]
        if reversed_ and (len(kept) > 1 or reversed_[0][0] not in STATEMENTS):
            reading.candidates += [name for name, _ in kept]
            reading.noted.append(words)
            return
    elif {lexicon.policies[n].side for n, p in kept if p} >= {"one", "both"}:
        reading.candidates += [name for name, _ in kept]
        reading.refused = True
        reading.used.difference_update(hit.used)
        return
    reading.matches += [(name, present != flip, words) for name, present in kept]
    if not flip and not all(present for _, present in kept):
        reading.normal.add(words)


def _add_times(
    clause: Clause,
    chosen: Sequence[tuple[Clause, Hit]],
    tokens: Sequence[Token],
    scopes: Sequence[Scope],
    lexicon: Lexicon,
    reading: Reading,
) -> None:
    """Add when the complaint comes, told in the same clause as a symptom that is one: "feet on fire at night"."""
    index = lexicon.index.get(_TIMED)
    told = {name for name, present, _ in reading.matches if present}
    if index is None or not any(_complains(hit, tokens, lexicon, told) for c, hit in chosen if c is clause):
        return
    if any(not _lower_limb(i, tokens, lexicon.tables.within) for i in clause.parts) or "eased" in clause.keys:
        return
    for key in list(clause.keys):
        for number in index.get(key, ()):
            pattern = lexicon.patterns[number]
            at = [clause.keys[k][0] for k in pattern.keys if k in clause.keys]
            if len(at) < len(pattern.keys) or any(scopes[i].denied or scopes[i].doubted for i in at):
                continue
            first = min(at)
            if any(i in hit.used for c, hit in chosen if c is clause for i in at):
                continue  # "kicks at night" is one finding already
            if (first and tokens[first - 1].raw in _PLACED_IN_TIME) or tokens[first].raw.endswith(("nal", "ly")):
                words = " ".join(tokens[i].raw for i in at)
                reading.matches += [(n, p, words) for n, p in pattern.findings if n not in told]
                reading.used.update(at)


def _complains(hit: Hit, tokens: Sequence[Token], lexicon: Lexicon, told: set[str]) -> bool:
    """Say whether a wording that was taken tells of a symptom that is the complaint, or stands for it."""
    return any(tokens[i].key in lexicon.timed for i in hit.used) and any(
        name in told and lexicon.policies[name].kind in ("symptom", "history") for name, _ in hit.pattern.findings
    )


def _elsewhere(
    clause: Clause, tokens: Sequence[Token], lexicon: Lexicon, reading: Reading, within: dict[str, tuple[str, ...]]
) -> None:
    """Note a known complaint in a part of the body where no finding has it ("swollen face")."""
    parts = clause.parts or clause.lent_parts
    if not parts or all(_lower_limb(i, tokens, within) for i in parts):
        return
    left = [i for i in clause.at if tokens[i].kind == "word" and i not in reading.used]
    if left and all(tokens[i].known for i in left):
        reading.noted.append(" ".join(tokens[i].raw for i in sorted({*left, *clause.parts})))
        reading.used.update(left)
