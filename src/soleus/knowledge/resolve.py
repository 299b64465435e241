"""A stranger's phrase to findings: what it says, what it denies, and what was not understood.

Each phrase stands in a field of the case (site, timing, symptom, ...), which gives its words their context. A wrong
finding is worse than none: a wording that a neighboring word could change is not used, and what was not understood is
listed with the nearest findings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from soleus.core.message import say
from soleus.knowledge import numbers, phrasing
from soleus.knowledge.clauses import Reading, read_clauses
from soleus.knowledge.lexicon import GENERAL, Lexicon, Pattern, build_lexicon
from soleus.knowledge.negation import read_scopes
from soleus.knowledge.numbers import pregnancy_weeks
from soleus.knowledge.vital_signs import Seen, read_vital_signs
from soleus.knowledge.vocabulary import Field
from soleus.knowledge.words import Token, american, clean, cut, root_of, tokenize

__all__ = ["Match", "Resolution", "build_lexicon", "pregnancy_weeks", "resolve"]

_OPEN = frozenset(("history", "symptom", "sign", "test", "free", "medicine_context"))
_LASTS = re.compile(r"\b(?:last\w*|each|at a time|per (?:episode|attack|cramp)|episodes? of|up to|duration)\b")
_LONG_AGO = re.compile(r"\b(?:for|since|over|history|past|ago|last|during|began|started|duration|first)\b")
_MORE = re.compile(r"(?:\b(?:more than|over|longer than|at least|greater than|exceeding)|>=?)\s*$")
_LESS = re.compile(r"(?:\b(?:less than|under|up to|within|at most|no more than|maximum)|<=?)\s*(?:about|a)?\s*$")
_AND_MORE = re.compile(r"\s*(?:or (?:even )?(?:more|longer|so or more)|and (?:more|longer)|plus\b|\+)")
_AFTERMATH = re.compile(r"[\s'-]*(?:after|following) (?:the|an?|each|every|it|them|my|his|her|cramps?|attacks?)\b")
_PACE = re.compile(
    r"\b(?:wors\w+|deteriorat\w+|increas\w+)(?: \w+)? (?:over|within|in|for|during)(?: the)?(?: last| past)?\s*$"
)
_PACE_FAST = re.compile(
    r"\b(?:wors\w+|deteriorat\w+|increas\w+|came on|comes on|developed|evolv\w+|built up|builds up|grew|spread)"
    r"(?: \w+)? (?:over|within|in)(?: about)?\s*$"
)
_PAST_RESULT = frozenset(("onc", "befor", "previou", "past", "earlier", "former", "occasion", "remotespan"))
_TODAY = re.compile(r"\b(?:earlier )?this (?:morning|afternoon|evening)\b|\btonight\b")
_BRACKETED = re.compile(r"\([^()]*\d[^()]*\)")
_STRIP = re.compile(r"(?<![\w.])[1-4]\s?\+(?![\w+])")  # "3+" on a test strip
_PARITY = re.compile(r"\bg\s?\d\s?p\s?\d(?:\s?a\s?\d)?\b|\bg\d\b")


class Match(msgspec.Struct, frozen=True):
    """A finding told as present or absent, and the words that carried it."""

    finding: str
    present: bool
    words: str


class Resolution(msgspec.Struct, frozen=True):
    """How one phrase was read.

    Parameters
    ----------
    phrase, field : str
        As given; the phrase at most 500 characters.
    matches : tuple of Match
        Findings, each once, in the order of the text.
    noted : tuple of str
        Words that are understood and have no effect on a result.
    understood : bool
        False when a word that matters was left.
    leftover : tuple of str
        Words not used.
    candidates : tuple of str
        Nearest finding ids for what was not understood or was doubted; never used.
    """

    phrase: str
    field: str
    matches: tuple[Match, ...] = ()
    noted: tuple[str, ...] = ()
    understood: bool = False
    leftover: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


def resolve(phrase: str, field: Field, lexicon: Lexicon, *, absent: bool = False) -> Resolution:
    """Give the findings that one phrase tells, each present or absent.

    It claims nothing beyond the words: doubted, remote or someone else's illness gives no finding, a word that is
    not understood is listed, and medicine names are left to the reader of medicines.

    Parameters
    ----------
    phrase : str
        Any text; the first 500 characters are read and the rest is listed in ``leftover``.
    field : str
        Where the phrase stands in the case.
    lexicon : Lexicon
        From `build_lexicon`.
    absent : bool
        The phrase stands in a list of absent things ("swelling" under ``absent``).

    Returns
    -------
    Resolution

    Examples
    --------
    >>> from soleus.knowledge.vocabulary import vocabulary_from
    >>> blank = {k: [] for k in ("articles", "stop", "qualifiers", "ends_negation", "affirm", "hedge", "family",
    ...          "reporters", "side_one", "side_both", "weak", "complaint", "context")}
    >>> words = blank | {"abbreviations": {}, "spelling": {}, "stems": {}, "negation": ["no"]}
    >>> vocabulary = vocabulary_from({"words": words, "concepts": {}, "parts": {}, "fields": {}, "noted": {},
    ...     "findings": {"pregnant": {"terms": ["pregnant", "expecting a baby"]}}, "vital_signs": {}})
    >>> lexicon = build_lexicon({}, vocabulary)
    >>> resolve("Pregnant", "history", lexicon).matches
    (Match(finding='pregnant', present=True, words='pregnant'),)
    """
    text, rest = clean(phrase)
    trailing = (say("{count} characters not read", count=len(rest)),) if rest else ()
    shown = phrase if not rest else phrase[: len(phrase) - len(rest)]
    if not text:
        return Resolution(shown, field, leftover=trailing)
    if absent and field == "sign":
        missing = phrasing.name_the_missing(text)
        text, absent = (missing, False) if missing else (text, absent)
    if field in _OPEN:
        reading, tokens = _read_open(text, field, lexicon, absent)
    elif field == "site":
        reading, tokens = _read_site(text, lexicon, absent)
    else:
        reading, tokens = _read_closed(text, field, lexicon, absent)
    return _finish(shown, field, reading, tokens, lexicon, trailing, absent)


def _tokens(text: str, lexicon: Lexicon) -> list[Token]:
    tokens = tokenize(cut(text, lexicon.tables), lexicon.tables)
    if any(t.kind == "word" and not t.known for t in tokens):
        tokens = [t._replace(known=True) if not t.known and t.key in lexicon.keys else t for t in tokens]
    if any(t.kind == "word" and not t.known and len(t.raw) >= 7 for t in tokens):
        tokens = [_respell(t, lexicon) if t.kind == "word" and not t.known else t for t in tokens]
    if any(t.kind == "family" for t in tokens):
        tokens = [_alike(tokens, i) for i in range(len(tokens))]
    return tokens


def _alike(tokens: Sequence[Token], i: int) -> Token:
    """Read "a brother with the same" and "two affected siblings" as relatives with the complaint."""
    token = tokens[i]
    following = tokens[i + 1].kind if i + 1 < len(tokens) else "end"
    last = following in ("end", "comma", "and") or (i + 1 < len(tokens) and tokens[i + 1].raw == "as")
    before = tokens[i - 1].kind if i else "end"
    affected = token.raw == "affected" and (last or following == "family" or before == "family")
    if affected or (token.raw in ("same", "likewise") and last):
        return Token("alike", "word", token.raw, False, True)
    return token


def _respell(token: Token, lexicon: Lexicon) -> Token:
    """Take a long word with one slip of the pen as the only word it can be."""
    raw = american(token.raw)
    if len(raw) < 7 or not raw.isalpha():
        return token
    near = [w for size in (len(raw) - 1, len(raw), len(raw) + 1) for w in lexicon.by_length.get(size, ())]
    near = [w for w in near if w[0] == raw[0]]
    if not near:
        return token
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    close = process.extract(raw, near, scorer=OSA.distance, score_cutoff=1, limit=None)
    roots = {root_of(word, lexicon.tables) for word, _, _ in close}
    meanings = {lexicon.tables.single.get(root, (root, "word")) for root in roots}
    if len(meanings) != 1:
        return token
    key, kind = meanings.pop()
    return Token(key, kind, token.raw, token.raw.endswith("s") and kind == "part", True)


def _add_numbers(reading: Reading, seen: Sequence[Seen], absent: bool) -> None:
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


def _read_open(text: str, field: str, lexicon: Lexicon, absent: bool) -> tuple[Reading, list[Token]]:
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
    _add_numbers(before, seen, absent)
    before.noted += noted
    complaint = _complaint(text)
    if complaint:
        _read_spans(text, lexicon, before, absent, bare=False)
        _read_frequency(text, lexicon, before, absent)
        times = numbers.times_per_day(text)
        if times is not None:
            text = text.replace(times[1], " timespan ")
        age = numbers.age_at_onset(text)
        _read_age(age, lexicon, before, absent)
    distance = numbers.walking_distance(text) if "walk" in text or "claudic" in text else None
    if distance is not None:
        text = distance[1]
        if field in ("symptom", "free", "history"):
            _limit_match("walks_a_distance", lexicon, before, distance[0], absent)
    if weeks is not None or born:
        text = _PARITY.sub(" ", text)
    elif _PARITY.search(text):
        before.noted.append(_PARITY.search(text).group(0))  # type: ignore[union-attr]
        text = _PARITY.sub(" ", text)
    text = phrasing.mark_long_ago(text, history=field == "history")
    text = numbers.place_times(text, lexicon.limits)
    if field not in ("sign", "test"):
        text = phrasing.without_outcome(text, relief=False)
    text = phrasing.join_likeness(phrasing.part_treatment(text))
    tokens = _tokens(text, lexicon)
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


_OTHER_CRAMPS = re.compile(
    r"\b(?:period|menstrual|monthly|stomach|abdominal|tummy|belly|bowel|gut|womb|uterine|writer'?s)\s+"
    r"(?:cramps?|cramping|spasms?)\b"
)


def _complaint(text: str) -> bool:
    text = _OTHER_CRAMPS.sub(" ", text)
    return any(word in text for word in ("cramp", "spasm", "charley", "charlie", "attack", "episode", "lasting"))


def _limit_match(name: str, lexicon: Lexicon, reading: Reading, words: str, absent: bool) -> None:
    limit = lexicon.limits.get(name)
    if limit is not None and limit.finding in lexicon.policies:
        reading.matches.append((limit.finding, not absent, words.strip()))


def _read_age(age: float | None, lexicon: Lexicon, reading: Reading, absent: bool) -> None:
    limit = lexicon.limits.get("youth")
    if age is not None and limit is not None and numbers.beyond(age, limit):
        reading.matches.append((limit.finding, not absent, say("since age {age:g}", age=age)))


def _read_spans(text: str, lexicon: Lexicon, reading: Reading, absent: bool, *, bare: bool, onset: bool = False) -> str:
    """Read lengths of time: of an attack (seconds to hours) and of the illness (days to years)."""
    limits = lexicon.limits
    for low, high, kind, words in numbers.spans(text):
        at = text.find(words)
        ahead, behind = text[max(0, at - 24) : at], text[at + len(words) :]
        lasting = bool(_LASTS.search(ahead))
        pace = _PACE_FAST if kind == "short" else _PACE
        if (onset and pace.search(text[:at])) or (not bare and _AFTERMATH.match(behind)):
            reading.noted.append(words)  # how fast it grew, or how long it was felt afterwards
            continue
        if kind == "short" and onset and not lasting:  # "six hours ago" is no length of an attack
            back = re.match(r"[\s'-]*(?:ago|earlier|before|prior|previously|back|history)\b", text[at + len(words) :])
            if back or high >= numbers.SECONDS["hour"]:
                _limit_match("illness_days", lexicon, reading, words, absent)
            else:
                reading.noted.append(words)
        elif kind == "short":
            if not bare and not lasting and not re.search(r"\b(?:for|of)\s*(?:about|up to)?\s*$", ahead):
                continue
            if _MORE.search(ahead) or _AND_MORE.match(behind):
                low, high = low + 1, float("inf")
            elif _LESS.search(ahead):
                low = 0.0
            short, long = limits.get("attack_short"), limits.get("attack_long")
            if short is not None and numbers.beyond(high, short):
                reading.matches.append((short.finding, not absent, words))
            elif long is not None and low >= long.value and numbers.beyond(high, long):  # "10-15 minutes"
                reading.matches.append((long.finding, not absent, words))
            else:
                reading.noted.append(words)
        else:
            if (
                not bare
                and not re.search(r"\b(?:for|over|since|past|last|history of|x|during)\b", ahead)
                and not re.match(r"[\s'-]*(?:history|ago|duration)", text[at + len(words) :])
            ):
                continue
            if re.search(r"\b(?:lasts|lasting|each|at a time|per episode)\s*(?:for|up to|about)?\s*$", ahead):
                _limit_match("attack_long", lexicon, reading, words, absent)
                continue
            for name in ("illness_days", "illness_weeks", "illness_months"):
                limit = limits.get(name)
                if limit is not None and numbers.beyond((low + high) / 2, limit):
                    reading.matches.append((limit.finding, not absent, words))
                    break
    return text


def _read_frequency(text: str, lexicon: Lexicon, reading: Reading, absent: bool) -> bool:
    times = numbers.times_per_day(text)
    if times is None:
        return False
    rate, words = times
    many, daily, weekly = (lexicon.limits.get(n) for n in ("several_a_day", "every_day", "weekly"))
    if absent or re.search(r"\b(?:not|never|no longer|less than)\s+(?:\w+\s+)?$", text[: text.find(words)]):
        reading.noted.append(words)
        return True
    if many is not None and numbers.beyond(rate, many):
        reading.matches.append((many.finding, True, words))
    counted = re.search(r"week|wk|fortnight|month|year", words)
    if counted and rate > 1 and weekly is not None:  # "10 cramps a week" may fall on three nights
        reading.matches.append((weekly.finding, True, words))
    elif daily is not None and numbers.beyond(rate, daily):
        reading.matches.append((daily.finding, True, words))
    elif weekly is not None:
        reading.matches.append((weekly.finding, numbers.beyond(rate, weekly), words))
    return True


def _read_closed(text: str, field: str, lexicon: Lexicon, absent: bool) -> tuple[Reading, list[Token]]:
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
        _read_age(numbers.age_at_onset(text), lexicon, before, absent)
        _read_spans(text, lexicon, before, absent, bare=True, onset=field == "onset")
        used = numbers.place_times(text, lexicon.limits)
    if field in ("frequency", "duration", "timing", "onset") and _read_frequency(used, lexicon, before, absent):
        times = numbers.times_per_day(used)
        used = used.replace(times[1], " timespan ") if times else used
    if field == "trigger":
        distance = numbers.walking_distance(text)
        if distance is not None:
            used = distance[1]
            _limit_match("walks_a_distance", lexicon, before, distance[0], absent)
        used = numbers.place_times(used, lexicon.limits)
    if field in ("frequency", "timing", "relieved_by"):
        used = numbers.place_times(used, lexicon.limits)
    tokens = _tokens(used, lexicon)
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


def _read_site(text: str, lexicon: Lexicon, absent: bool) -> tuple[Reading, list[Token]]:
    """Read where it hurts: parts give their site, sides give one or both."""
    tokens = _tokens(text, lexicon)
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
        _limit_match("both_sides", lexicon, reading, " and ".join(told.values()), False)
    elif told:
        _limit_match("one_side", lexicon, reading, " ".join(told.values()), False)
    return reading, tokens


def _finish(
    phrase: str,
    field: str,
    reading: Reading,
    tokens: list[Token],
    lexicon: Lexicon,
    trailing: tuple[str, ...],
    absent: bool,
) -> Resolution:
    states: dict[str, set[bool]] = {}
    for name, present, _ in reading.matches:
        states.setdefault(name, set()).add(present)
    quarrel = [name for name, both in states.items() if len(both) == 2]
    if quarrel and field in ("sign", "test"):  # "knee jerks lost, ankle jerks normal": what is normal is another place
        aside = {words for name, present, words in reading.matches if name in quarrel and not present}
        if aside <= reading.normal:
            reading.matches = [match for match in reading.matches if match[1] or match[2] not in aside]
            quarrel = []
    matches: dict[str, Match] = {}
    for name, present, words in reading.matches:
        if name not in quarrel:
            matches.setdefault(name, Match(name, present, words))
    for name, lesser in lexicon.outranks.items():
        if name in matches and matches[name].present:
            matches = {n: m for n, m in matches.items() if n not in lesser or not m.present}
    content = [(i, t) for i, t in enumerate(tokens) if t.kind == "word"]
    spent = {tokens[i].key for i in reading.used}
    left = [t for i, t in content if i not in reading.used and t.key not in spent]
    clinical = [t for t in left if t.key in lexicon.by_key and t.known and t.key not in lexicon.weak]
    done = len(content) - len(left)
    if matches:
        understood = not quarrel and not reading.refused and len(clinical) <= done
    elif quarrel or reading.refused:
        understood = False
    elif reading.noted:
        understood = not clinical and len(left) <= max(done, 1)
    else:
        understood = not left and bool(tokens) and not content and any(t.kind != "hedge" for t in tokens)
    noted = tuple(dict.fromkeys(reading.noted))
    if understood and not matches and not noted:
        noted = (phrase.strip(),)
    candidates = tuple(dict.fromkeys((*quarrel, *reading.candidates)))
    if not understood and len(candidates) < 5:
        candidates = tuple(dict.fromkeys((*candidates, *_nearest(left, lexicon))))
    candidates = tuple(name for name in candidates if name not in matches)[:5]
    leftover = tuple(dict.fromkeys(t.raw for t in left)) + trailing
    return Resolution(phrase, field, tuple(matches.values()), noted, understood, leftover, candidates)


def _nearest(left: Sequence[Token], lexicon: Lexicon) -> list[str]:
    """Give the findings whose wordings share most words, or words written alike, with what was left."""
    votes: dict[str, float] = {}
    for token in left[:12]:
        names = lexicon.by_key.get(token.key)
        if names is None and len(token.key) >= 5:
            from rapidfuzz import process
            from rapidfuzz.distance import JaroWinkler

            near = [
                w for size in range(len(token.key) - 2, len(token.key) + 3) for w in lexicon.by_length.get(size, ())
            ]
            best = (
                process.extractOne(token.key, near, scorer=JaroWinkler.similarity, score_cutoff=0.86) if near else None
            )
            if best is not None:
                root = root_of(best[0], lexicon.tables)
                key = lexicon.tables.single.get(root, (root, ""))[0]
                names = lexicon.by_key.get(key)
        for name in names or ():
            votes[name] = votes.get(name, 0.0) + 1.0 / len(names or ())
    return sorted(votes, key=lambda name: (-votes[name], name))[:5]
