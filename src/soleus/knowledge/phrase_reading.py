"""From tokens to findings: in each clause the most specific wording that can be trusted wins and uses up its words.

A word that is not understood and stands right beside a one-word wording makes it unsafe, and it is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from soleus.knowledge.body_parts import Within, is_lower_limb
from soleus.knowledge.clauses import KEY_KINDS, Clause, split_clauses
from soleus.knowledge.lexicon import Lexicon, Pattern, is_shared, says_not
from soleus.knowledge.negation import TURNS, Scope
from soleus.knowledge.vocabulary import STATEMENTS
from soleus.knowledge.wording_doubt import beside_unknown, eased_by_another, is_strange
from soleus.knowledge.wording_sense import findings_here, is_former, open_when_denied
from soleus.knowledge.wordings import Hit, find_hits
from soleus.knowledge.words import Token

_TIMED = "beside_complaint"  # the index of times that a symptom of the complaint may stand beside
_TIMED_FIELDS = frozenset(("symptom", "history", "free"))
_PLACED_IN_TIME = frozenset(("at", "in", "on", "when", "while", "during", "by", "all", "every", "whenever"))


class Reading(msgspec.Struct):
    """Everything found in a phrase, by token."""

    matches: list[tuple[str, bool, str]] = msgspec.field(default_factory=list)
    noted: list[str] = msgspec.field(default_factory=list)
    used: set[int] = msgspec.field(default_factory=set)
    candidates: list[str] = msgspec.field(default_factory=list)
    refused: bool = False
    normal: set[str] = msgspec.field(default_factory=set)  # words that call something normal


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
            if is_strange(clause, tokens):
                reading.refused = True
                continue
            taken: set[int] = set()
            for hit in find_hits(clause, tokens, scopes, lexicon, fields, allow):
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
                reading.used.update(i for i in hit.used if tokens[i].kind in KEY_KINDS or tokens[i].kind == "part")
                reading.used.update(i for i in hit.lent if is_shared(tokens[i].key) or tokens[i].kind == "part")
        for clause, hit in chosen:
            if (
                not loose
                and not hit.pattern.noted
                and beside_unknown(hit, clause, tokens, reading.used, lexicon.context)
            ):
                _leave_open(hit, hit.pattern.findings, reading)
                continue
            _accept(hit, clause, tokens, scopes, lexicon, absent, reading)
        if not absent and _TIMED_FIELDS.intersection(fields):
            for clause in group:
                _add_times(clause, chosen, tokens, scopes, lexicon, reading)
        for clause in group:
            _elsewhere(clause, tokens, reading, within)
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
            reading.noted.append(_words(hit.used, tokens))
            reading.used.update(i for i in hit.used if tokens[i].kind in ("word", "part"))
        return not pattern.noted
    if pattern.noted:
        return False
    denied = absent or any(scopes[i].denied for i in hit.used)
    if pattern.denied and not denied:
        return True
    if eased_by_another(hit, tokens):
        return True
    if any(scopes[i].steady for i in hit.used) and not any(scopes[i].denied and not scopes[i].steady for i in hit.used):
        reading.noted.append(_words(hit.used, tokens))
        reading.used.update(hit.used)
        return True
    if "normal" in clause.keys and "normal" not in pattern.keys and clause.keys["normal"][0] not in reading.used:
        return True
    if findings_here(hit, clause, tokens, lexicon, denied) or open_when_denied(hit, lexicon, denied):
        return False
    if is_former(hit, clause, tokens):  # long ago: understood, without effect
        reading.noted.append(_words(hit.used, tokens))
        reading.used.update(i for i in hit.used if tokens[i].kind == "word")
    return True


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
    words = _words({*hit.used, *hit.lent}, tokens)
    if pattern.noted:
        reading.noted.append(words)
        return
    doubted = any(scopes[i].doubted for i in hit.used if tokens[i].kind != "hedge") and "possible" not in pattern.keys
    spoken = [i for i in hit.used if tokens[i].kind in ("word", "part", "qualifier")] or list(hit.used)
    denied = not says_not(pattern) and any(scopes[i].denied for i in spoken)
    turned = tokens[clause.at[0]].raw in TURNS  # "no cramps in the feet, only the calves"
    borrowed = not turned and any(scopes[i].denied for i in hit.lent if tokens[i].key != "not")
    denied = denied or (not says_not(pattern) and borrowed)
    if not any(tokens[i].kind == "not" for i in clause.at) and not any(p for _, p in pattern.findings):
        denied = False  # "no clonus, plantars flexor": the denial before does not turn what is called normal
    fitting = findings_here(hit, clause, tokens, lexicon, absent or any(scopes[i].denied for i in hit.used))
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
        _leave_open(hit, kept, reading)
        return
    flip = denied or absent
    if flip:
        reversed_ = [(n, p) for n, p in kept if not p]
        if reversed_ and (len(kept) > 1 or reversed_[0][0] not in STATEMENTS):
            reading.candidates += [name for name, _ in kept]
            reading.noted.append(words)
            return
    elif {lexicon.policies[n].side for n, p in kept if p} >= {"one", "both"}:
        _leave_open(hit, kept, reading)
        return
    reading.matches += [(name, present != flip, words) for name, present in kept]
    if not flip and not all(present for _, present in kept):
        reading.normal.add(words)


def _words(at: Iterable[int], tokens: Sequence[Token]) -> str:
    return " ".join(tokens[i].raw for i in sorted(at))


def _leave_open(hit: Hit, findings: Iterable[tuple[str, bool]], reading: Reading) -> None:
    """Give the findings of a wording as candidates only, and its words back."""
    reading.candidates += [name for name, _ in findings]
    reading.used.difference_update(hit.used)
    reading.refused = True


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
    if any(not is_lower_limb(i, tokens, lexicon.tables.within) for i in clause.parts) or "eased" in clause.keys:
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


def _elsewhere(clause: Clause, tokens: Sequence[Token], reading: Reading, within: Within) -> None:
    """Note a known complaint in a part of the body where no finding has it ("swollen face")."""
    parts = clause.parts or clause.lent_parts
    if not parts or all(is_lower_limb(i, tokens, within) for i in parts):
        return
    left = [i for i in clause.at if tokens[i].kind == "word" and i not in reading.used]
    if left and all(tokens[i].known for i in left):
        reading.noted.append(_words({*left, *clause.parts}, tokens))
        reading.used.update(left)
