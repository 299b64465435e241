"""Phrases in which everything may be told: history, symptoms, signs and tests, with numbers, times and what is over."""

from __future__ import annotations

import re
from collections.abc import Sequence

from soleus.core.message import say
from soleus.knowledge import numbers, phrasing
from soleus.knowledge.complaint_times import add_frequency, add_limit, add_onset_age, add_spans
from soleus.knowledge.lexicon import GENERAL, Lexicon, Pattern
from soleus.knowledge.negation import read_scopes
from soleus.knowledge.phrase_reading import Reading, read_clauses
from soleus.knowledge.phrase_words import read_words
from soleus.knowledge.vital_signs import Seen, read_vital_signs
from soleus.knowledge.words import Token

_PAST_RESULT = frozenset(("onc", "befor", "previou", "past", "earlier", "former", "occasion", "remotespan"))
_BRACKETED = re.compile(r"\([^()]*\d[^()]*\)")
_STRIP = re.compile(r"(?<![\w.])[1-4]\s?\+(?![\w+])")  # "3+" on a test strip
_PARITY = re.compile(r"\bg\s?\d\s?p\s?\d(?:\s?a\s?\d)?\b|\bg\d\b")
_OTHER_CRAMPS = re.compile(
    r"\b(?:period|menstrual|monthly|stomach|abdominal|tummy|belly|bowel|gut|womb|uterine|writer'?s)\s+"
    r"(?:cramps?|cramping|spasms?)\b"
)


def read_open(text: str, field: str, lexicon: Lexicon, absent: bool) -> tuple[Reading, list[Token]]:
    """Read a phrase of a field in which everything may be told: history, symptoms, signs, tests.

    Parameters
    ----------
    text : str
        As `clean` gives it.
    field : str
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
    >>> reading, _ = read_open("30 weeks pregnant", "history", build_word_lists(load_evidence()).words, False)
    >>> reading.noted[0]
    '30 weeks pregnant'
    """
    before = Reading()
    text = phrasing.deny_what_was_excluded(text)
    text = phrasing.spell_out_organs(phrasing.without_how_often(text))
    if field == "test":
        text = _STRIP.sub(" positive ", text)
    text = numbers.without_lengths_of_exercise(text)
    over = field in ("history", "symptom", "free") and not absent and phrasing.is_over(text)
    born = numbers.after_birth(text)
    weeks = None
    if field in ("history", "symptom", "free"):
        weeks = numbers.pregnancy_weeks(text)
        if weeks is not None and not absent:
            before.matches.append(("pregnant", True, text))
            before.noted.append(say("{weeks:g} weeks pregnant", weeks=weeks))
    if absent and _BRACKETED.search(text):  # "hypertension (120/80)", denied: the reading only explains the denial
        before.noted += [found.strip(" ()") for found in _BRACKETED.findall(text)]
        text = _BRACKETED.sub(" ", text)
    seen, noted, text = read_vital_signs(text, lexicon.limits)
    _add_seen(before, seen, absent)
    before.noted += noted
    if _complains(text):
        add_spans(text, lexicon, before, absent, bare=False)
        text = add_frequency(text, lexicon, before, absent)
        add_onset_age(text, lexicon, before, absent)
    distance = numbers.walking_distance(text) if "walk" in text or "claudic" in text else None
    if distance is not None:
        text = distance[1]
        if field in ("symptom", "free", "history"):
            add_limit("walks_a_distance", lexicon, before, distance[0], absent)
    if weeks is not None or born:
        text = _PARITY.sub(" ", text)
    elif parity := _PARITY.search(text):
        before.noted.append(parity[0])
        text = _PARITY.sub(" ", text)
    text = phrasing.mark_long_ago(text, history=field == "history")
    text = numbers.place_times(text, lexicon.limits)
    if field not in ("sign", "test"):
        text = phrasing.without_outcome(text, relief=False)
    text = phrasing.join_likeness(phrasing.part_treatment(text))
    tokens = read_words(text, lexicon)
    policies = lexicon.policies
    told = not lexicon.complaint.isdisjoint(t.key for t in tokens)

    def belongs(pattern: Pattern) -> bool:
        return told or not pattern.findings or not all(policies[n].complaint for n, _ in pattern.findings)

    reading = read_clauses(tokens, read_scopes(tokens), lexicon, (field, GENERAL), absent=absent, allow=belongs)
    if born and "postpartum" in lexicon.policies and not absent and "remotespan" not in text:
        reading.matches.append(("postpartum", True, born))
    elif born:
        reading.noted.append(born)
    reading.matches = before.matches + reading.matches
    reading.noted = before.noted + reading.noted
    reading.normal |= before.normal
    if over:
        _leave_what_is_over(reading, lexicon)
    if field == "history" and not _PAST_RESULT.isdisjoint(t.key for t in tokens):  # "low potassium once"
        past = [m for m in reading.matches if m[0] in policies and policies[m[0]].kind == "laboratory"]
        reading.matches = [m for m in reading.matches if m not in past]
        reading.noted += [words for _, _, words in past]
    return reading, tokens


def _complains(text: str) -> bool:
    text = _OTHER_CRAMPS.sub(" ", text)
    return any(word in text for word in ("cramp", "spasm", "charley", "charlie", "attack", "episode", "lasting"))


def _add_seen(reading: Reading, seen: Sequence[Seen], absent: bool) -> None:
    reading.matches += [(s.finding, s.present != absent, s.words) for s in seen]
    if not absent:
        reading.normal.update(s.words for s in seen if not s.present)


def _leave_what_is_over(reading: Reading, lexicon: Lexicon) -> None:
    """Note complaints, signs and states of which the phrase says that they have passed."""
    kept = []
    for name, present, words in reading.matches:
        policy = lexicon.policies.get(name)
        if present and policy is not None and (policy.current or policy.kind in ("symptom", "sign", "laboratory")):
            reading.noted.append(words)
        else:
            kept.append((name, present, words))
    reading.matches = kept
