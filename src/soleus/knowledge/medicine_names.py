"""The names of medicines in a text: the longest name that fits, salts and reasons for a medicine left aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soleus.knowledge import medicine_language as language
from soleus.knowledge.medicine_lexicon import TYPO_LENGTH, MedicineLexicon, MedicineName

Marks = dict[int, tuple[MedicineName, int]]  # where a name begins: the name, and where it ends

_NEAR_SCORE = 72.0


def mark_names(tokens: list[str], lexicon: MedicineLexicon) -> tuple[Marks, tuple[str, ...]]:
    """Find the names of medicines, with the classes that the route leaves them, and the words that nobody knows.

    Parameters
    ----------
    tokens : list of str
        Plain words and punctuation.
    lexicon : MedicineLexicon

    Returns
    -------
    Marks, tuple of str

    Examples
    --------
    >>> from soleus.knowledge.medicine_lexicon import build_medicine_lexicon
    >>> lexicon = build_medicine_lexicon({"ingredients": {"timolol": ["takes_beta_blocker"]}})
    >>> marks, unknown = mark_names(["timolol", "eye", "drops", "and", "xyzzy"], lexicon)
    >>> marks[0][0].classes, unknown
    ((), ('xyzzy',))
    """
    marks: Marks = {}
    loose: list[tuple[int, str]] = []
    chunk_named: dict[int, bool] = {}
    chunk = 0
    chunk_of: dict[int, int] = {}
    position, skipping = 0, False
    previous_end = -1
    while position < len(tokens):
        token = tokens[position]
        if token in language.BREAKS or token in language.JOINS:
            chunk += 1
            skipping = skipping and token in language.JOINS
            position += 1
            continue
        chunk_of[position] = chunk
        found = _longest(tokens, position, lexicon)
        if found and (
            _is_salt(tokens, position, found[1], previous_end) or _is_state(tokens, position, found[1], skipping)
        ):
            found = None
        elif not found and token not in language.HARMLESS and not skipping:
            found = _typo(token, position, lexicon)
        if found:
            marks[position] = found
            chunk_named[chunk] = True
            position = previous_end = found[1]
            skipping = False
            continue
        if token == "for" and position + 1 < len(tokens) and not language.is_time(tokens[position + 1]):
            skipping = True  # what follows is the reason for the medicine, not a medicine
        elif (
            not skipping
            and token not in language.HARMLESS
            and not any(char.isdigit() for char in token)
            and token not in language.SALT_METALS | language.NOT_A_MEDICINE_AFTER
        ):
            loose.append((chunk, token))
        position += 1
    unknown = [word for place, word in loose if not chunk_named.get(place) and len(word) > 1]
    unknown += [
        word
        for place, word in loose
        if chunk_named.get(place) and len(word) >= TYPO_LENGTH and nearest_names((word,), lexicon, 85.0)
    ]
    local = _local_chunks(tokens, chunk_of)
    for start, (name, end) in marks.items():
        kept = _kept_classes(name.classes, local.get(chunk_of[start], ""))
        if kept != name.classes:
            marks[start] = (MedicineName(name.tokens, name.ingredients, kept), end)
    return marks, tuple(dict.fromkeys(unknown))


def _longest(tokens: list[str], position: int, lexicon: MedicineLexicon) -> tuple[MedicineName, int] | None:
    for entry in lexicon.index.get(tokens[position], ()):
        place = position
        for word in entry.tokens:
            if place < len(tokens) and tokens[place] in "/," and place > position:
                place += 1
            if place >= len(tokens) or tokens[place] != word:
                break
            place += 1
        else:
            return entry, place
    return None


def _is_salt(tokens: list[str], position: int, end: int, previous_end: int) -> bool:
    """Tell whether "potassium" directly after a substance is only its salt ("losartan potassium")."""
    if tokens[position] not in language.SALT_METALS or end != position + 1 or previous_end != position:
        return False
    following = tokens[end] if end < len(tokens) else ""
    return following not in language.COUNTER_IONS and tokens[position - 1] not in language.SALT_METALS


def _is_state(tokens: list[str], position: int, end: int, is_reason: bool) -> bool:
    """Tell whether the state of the body is meant ("for low calcium", "vitamin D deficiency"), not a medicine."""
    before = tokens[position - 1] if position else ""
    after = tokens[end] if end < len(tokens) else ""
    if after in language.NOT_A_MEDICINE_AFTER:
        return True
    return (
        tokens[position] in language.MINERALS
        and end == position + 1
        and (is_reason or before in language.NOT_A_MEDICINE_BEFORE)
    )


def _typo(token: str, position: int, lexicon: MedicineLexicon) -> tuple[MedicineName, int] | None:
    """Accept one edit in a long word when it can mean one thing only."""
    if len(token) < TYPO_LENGTH or not token.isalpha():
        return None
    from rapidfuzz.distance import OSA

    near = [
        word
        for word in lexicon.single_words
        if abs(len(word) - len(token)) <= 1 and OSA.distance(word, token, score_cutoff=1) <= 1
    ]
    entries = [entry for word in near for entry in lexicon.index[word] if entry.tokens == (word,)]
    meanings = {(entry.ingredients, entry.classes) for entry in entries}
    return (entries[0], position + 1) if len(meanings) == 1 else None


def _local_chunks(tokens: list[str], chunk_of: Mapping[int, int]) -> dict[int, str]:
    """Say for each chunk whether the medicine in it acts locally, is inhaled, or (absent) neither."""
    routes: dict[int, str] = {}
    for position, chunk in chunk_of.items():
        pair = (tokens[position], tokens[position + 1] if position + 1 < len(tokens) else "")
        if pair[0] in language.LOCAL or pair in language.LOCAL_PAIRS:
            routes[chunk] = "local"
        elif pair[0] in language.INHALED:
            routes.setdefault(chunk, "inhaled")
    last = tokens[-1] if tokens else ""
    if last in language.LOCAL_ADJECTIVES and {"(", ",", "."}.isdisjoint(tokens):
        routes = dict.fromkeys(set(chunk_of.values()), "local")  # a combination: "dexamethasone; tobramycin ophthalmic"
    return routes


def _kept_classes(classes: tuple[str, ...], route: str) -> tuple[str, ...]:
    if route == "local":
        return ()
    if route == "inhaled":
        return tuple(c for c in classes if c in language.KEPT_WHEN_INHALED)
    return classes


def nearest_names(unknown: Sequence[str], lexicon: MedicineLexicon, score: float = _NEAR_SCORE) -> tuple[str, ...]:
    """Return the known names that are spelled nearly like what was not understood; ``score`` is 100 for the same.

    Examples
    --------
    >>> from soleus.knowledge.medicine_lexicon import build_medicine_lexicon
    >>> nearest_names(["simvasttatine"], build_medicine_lexicon({"ingredients": {"simvastatin": []}}))
    ('simvastatin',)
    """
    if not unknown:
        return ()
    from rapidfuzz import fuzz, process

    found: list[str] = []
    for word in unknown[:5]:
        if len(word) < 4:
            continue
        for match, _, _ in process.extract(
            word, lexicon.display.keys(), scorer=fuzz.ratio, score_cutoff=score, limit=3
        ):
            found.append(lexicon.display[match])
    return tuple(dict.fromkeys(found))
