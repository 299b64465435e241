"""Phrases that tell one feature of the cramp: where, when, how long, how often, what starts it or eases it."""

from __future__ import annotations

import re

from soleus.knowledge import numbers, phrasing
from soleus.knowledge.complaint_times import add_frequency, add_limit, add_onset_age, add_spans
from soleus.knowledge.lexicon import GENERAL, Lexicon, Pattern
from soleus.knowledge.negation import read_scopes
from soleus.knowledge.phrase_reading import Reading, read_clauses
from soleus.knowledge.phrase_words import read_words
from soleus.knowledge.words import Token

_TODAY = re.compile(r"\b(?:earlier )?this (?:morning|afternoon|evening)\b|\btonight\b")


def read_feature(text: str, field: str, lexicon: Lexicon, absent: bool) -> tuple[Reading, list[Token]]:
    """Read a phrase that tells one feature of the cramp: its times, what brings it on, what eases it.

    Parameters
    ----------
    text : str
        As `clean` gives it.
    field : str
        The feature that is told.
    lexicon : Lexicon
    absent : bool
        The phrase stands in a list of absent things.

    Returns
    -------
    Reading, list of Token
        What was found, and the words that it was found in.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.knowledge.word_lists import build_word_lists
    >>> lexicon = build_word_lists(load_evidence()).words
    >>> read_feature("every night", "frequency", lexicon, False)[0].matches
    [('every_day', True, 'every night')]
    """
    before = Reading()
    if field in ("frequency", "timing"):
        text = phrasing.last_state(text)
    elif field == "relieved_by":
        text = phrasing.without_outcome(text, relief=True)
    elif field == "trigger":
        text = phrasing.without_harm(text)
    elif field == "onset":
        text = numbers.without_intervals(_TODAY.sub("today", text))
    used = text
    if field in ("duration", "onset"):
        add_onset_age(text, lexicon, before, absent)
        add_spans(text, lexicon, before, absent, bare=True, onset=field == "onset")
        used = numbers.place_times(text, lexicon.limits)
    if field in ("frequency", "duration", "timing", "onset"):
        used = add_frequency(used, lexicon, before, absent)
    if field == "trigger":
        distance = numbers.walking_distance(text)
        if distance is not None:
            used = distance[1]
            add_limit("walks_a_distance", lexicon, before, distance[0], absent)
    if field in ("frequency", "timing", "relieved_by", "trigger"):
        used = numbers.place_times(used, lexicon.limits)
    tokens = read_words(used, lexicon)
    policies = lexicon.policies

    def eases(pattern: Pattern) -> bool:
        return bool(pattern.noted) or all(n.startswith(("eased_", "better_after")) for n, _ in pattern.findings)

    def features(pattern: Pattern) -> bool:
        return bool(pattern.noted) or all(policies[n].kind == "feature" for n, _ in pattern.findings)

    reading = read_clauses(
        tokens,
        read_scopes(tokens),
        lexicon,
        (field, GENERAL),
        absent=absent,
        loose=True,
        allow=eases if field == "relieved_by" else features,
    )
    if field == "onset" and before.matches:
        reading.matches = [
            match
            for match in reading.matches
            if not match[0].startswith("onset_") or match[0] == "onset_after_new_medicine"
        ]
    reading.matches = before.matches + reading.matches
    reading.noted = before.noted + reading.noted
    return reading, tokens


def read_site(text: str, lexicon: Lexicon, absent: bool) -> tuple[Reading, list[Token]]:
    """Read where it hurts: parts give their site, sides give one or both.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> from soleus.knowledge.word_lists import build_word_lists
    >>> [match[0] for match in read_site("left calf", build_word_lists(load_evidence()).words, False)[0].matches]
    ['site_calf', 'one_sided']
    """
    tokens = read_words(text, lexicon)
    scopes = read_scopes(tokens)
    reading = read_clauses(tokens, scopes, lexicon, ("site",), absent=absent, loose=True)
    tables = lexicon.tables
    for i, token in enumerate(tokens):
        if token.kind != "part" or i in reading.used:
            continue
        site = next((tables.sites[p] for p in tables.within[token.key] if p in tables.sites), "")
        if site in lexicon.policies and not scopes[i].doubted:
            reading.matches.append((site, scopes[i].denied == absent, token.raw))
        else:
            reading.noted.append(token.raw)
        reading.used.add(i)
    told = {("both" if t.key == "both" else t.raw): t.raw for i, t in enumerate(tokens) if t.kind == "side"}
    if absent or any(scopes[i].denied for i, t in enumerate(tokens) if t.kind == "side"):
        reading.noted += list(told.values())
    elif "both" in told or {"left", "right"} <= told.keys():
        add_limit("both_sides", lexicon, reading, " and ".join(told.values()), False)
    elif told:
        add_limit("one_side", lexicon, reading, " ".join(told.values()), False)
    return reading, tokens
