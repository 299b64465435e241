"""What a person says about medicines, turned into substances and medicine classes.

Doses, units, frequencies, routes, release forms, salts and durations are read past, not misread. Nothing is guessed:
a name that is not known is listed with the nearest known names. The words come from ``evidence/medicines.toml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from soleus.knowledge import medicine_language as language

Status = Literal["taken", "stopped", "recent", "none"]

_MAX_TEXT = 500
_NEAR_SCORE = 72.0
_TYPO_LENGTH = 7


@dataclass(frozen=True, slots=True)
class MedicineResolution:
    """What a text says about medicines.

    Attributes
    ----------
    text : str
        The text as it was read (at most 500 characters).
    ingredients : tuple of str
        Active substances, in order of appearance; those taken, or, when none is taken, those stopped or not taken.
    classes : tuple of str
        Finding ids (``takes_...``) of the same medicines.
    status : {"taken", "stopped", "recent", "none"}
        ``stopped`` covers all that is said not to be taken ("no statin", "allergic to"); ``recent`` is stopped
        within three months; ``none`` is no medicine at all.
    started_recently : bool
        The text says that the medicine is new (about three months at most) or its dose was raised.
    understood : bool
        Something was recognized and no part of the text names an unknown medicine.
    candidates : tuple of str
        Nearest known names for what was not understood.
    unknown : tuple of str
        The words that were not understood.
    not_taken : tuple of str
        Finding ids of medicines that the text says are stopped or not taken, beside others that are taken.
    """

    text: str
    ingredients: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    status: Status = "taken"
    started_recently: bool = False
    understood: bool = False
    candidates: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Name:
    tokens: tuple[str, ...]
    ingredients: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MedicineLexicon:
    """All known medicine names, indexed by their first word."""

    index: Mapping[str, tuple[_Name, ...]]
    single_words: tuple[str, ...]
    display: Mapping[str, str]


def build_medicine_lexicon(words: Mapping[str, Any]) -> MedicineLexicon:
    """Return the lexicon made from the tables of ``evidence/medicines.toml``.

    Parameters
    ----------
    words : mapping
        Tables ``ingredients`` (name to finding ids), ``brands`` (name to ingredients) and ``class_words`` (words to
        finding ids).

    Returns
    -------
    MedicineLexicon
        Immutable; built once and shared.

    Raises
    ------
    ValueError
        When a brand names an ingredient that the lexicon does not have.

    Examples
    --------
    >>> lexicon = build_medicine_lexicon({"ingredients": {"furosemide": ["takes_loop_diuretic"]},
    ...                                   "brands": {"lasix": ["furosemide"]}, "class_words": {}})
    >>> resolve_medicine("Lasix 40 mg bd", lexicon).classes
    ('takes_loop_diuretic',)
    """
    ingredients: Mapping[str, Sequence[str]] = words.get("ingredients", {})
    names: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for name, classes in ingredients.items():
        names.append((name, (name,), tuple(classes)))
    for name, parts in words.get("brands", {}).items():
        missing = [part for part in parts if part not in ingredients]
        if missing:
            raise ValueError(f"brand {name!r} names unknown ingredient {missing[0]!r}: add it to [ingredients]")
        names.append((name, tuple(parts), _unique(c for part in parts for c in ingredients[part])))
    for name, classes in words.get("class_words", {}).items():
        names.append((name, (), tuple(classes)))
    table: dict[tuple[str, ...], _Name] = {}
    display: dict[str, str] = {}
    for name, parts, classes in names:
        tokens = tuple(_WORD.findall(_normal(name))) if not name.isalpha() else (_normal(name),)
        table.setdefault(tokens, _Name(tokens, parts, classes))
        if len(tokens) > 1 and "-" in name and len(joined := "".join(tokens)) >= _TYPO_LENGTH:
            table.setdefault((joined,), _Name((joined,), parts, classes))
        display.setdefault(" ".join(tokens), name)
    index: dict[str, list[_Name]] = {}
    for tokens, entry in table.items():
        index.setdefault(tokens[0], []).append(entry)
    ordered = {
        word: tuple(entries) if len(entries) == 1 else tuple(sorted(entries, key=lambda entry: -len(entry.tokens)))
        for word, entries in index.items()
    }
    single = tuple(sorted(tokens[0] for tokens in table if len(tokens) == 1 and len(tokens[0]) >= _TYPO_LENGTH - 1))
    return MedicineLexicon(index=ordered, single_words=single, display=display)


def resolve_medicine(text: str, lexicon: MedicineLexicon) -> MedicineResolution:
    """Return which medicines a text names, their classes, and whether they are taken.

    Answers "what does this line of a medicine list or letter say", for one medicine or several. Assumes that the
    text is about medicines. Does not judge whether a medicine suits the person.

    Parameters
    ----------
    text : str
        Plain words; brand, international, British or American names; everything beyond 500 characters is not read.
    lexicon : MedicineLexicon
        From `build_medicine_lexicon`.

    Returns
    -------
    MedicineResolution
        Empty with ``understood`` False when nothing was recognized.

    Examples
    --------
    >>> lexicon = build_medicine_lexicon({"ingredients": {"simvastatin": ["takes_statin"], "ezetimibe": []},
    ...                                   "brands": {}, "class_words": {"statin": ["takes_statin"]}})
    >>> resolve_medicine("simvastatin 40 mg at night, stopped", lexicon).status
    'stopped'
    >>> resolve_medicine("no medication", lexicon).status
    'none'
    >>> resolve_medicine("simvastatni", lexicon).classes
    ('takes_statin',)
    """
    read = language.plain_status(_normal(text[:_MAX_TEXT]))
    tokens = language.TOKEN.findall(read)
    marks, unknown = _mark(tokens, lexicon)
    if language.is_anothers(read):
        marks = {}
    elif not language.TAKING.intersection(tokens):
        marks = {at: mark for at, mark in marks.items() if not at or tokens[at - 1] not in language.SOMEBODYS}
    groups: dict[Status, list[_Name]] = {"taken": [], "recent": [], "stopped": []}
    started = False
    for name, status, is_new in _statuses(tokens, marks):
        groups[status].append(name)
        started = started or (is_new and status == "taken")
    if not any(groups.values()):
        nothing = _says_none(tokens, unknown)
        plain = not unknown and bool(tokens)
        return MedicineResolution(
            text=text[:_MAX_TEXT],
            status="none" if nothing else "taken",
            understood=nothing or (plain and _only_talk(tokens)),
            candidates=_nearest(unknown, lexicon),
            unknown=unknown,
        )
    chief: Status = next(s for s in groups if groups[s])
    chosen = groups[chief]
    classes = _unique(c for name in chosen for c in name.classes)
    others = _unique(c for s in groups if s != chief for name in groups[s] for c in name.classes)
    return MedicineResolution(
        text=text[:_MAX_TEXT],
        ingredients=_unique(part for name in chosen for part in name.ingredients),
        classes=classes,
        status=chief,
        started_recently=started,
        understood=not unknown,
        candidates=_nearest(unknown, lexicon),
        unknown=unknown,
        not_taken=tuple(c for c in others if c not in classes),
    )


_DECIMAL = re.compile(r"(\d)[.,](?=\d)")
_DASH = re.compile(r"[-‐‑–—_]")
_WORD = re.compile(r"[a-zµ0-9]+")


def _normal(text: str) -> str:
    if not text.isascii():
        text = (
            unicodedata.normalize("NFKC", text).replace("μ", "µ").replace("Μ", "µ").replace("’", "").replace("ï", "i")
        )
    text = (
        text.lower().replace("'", "").replace("d/c", "discontinued").replace("sulph", "sulf").replace("oestr", "estr")
    )
    return _DASH.sub(" ", _DECIMAL.sub(r"\1", text))


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _mark(tokens: list[str], lexicon: MedicineLexicon) -> tuple[dict[int, tuple[_Name, int]], tuple[str, ...]]:
    """Find the names (start index to name and end index) and the words that nobody knows."""
    marks: dict[int, tuple[_Name, int]] = {}
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
        if chunk_named.get(place) and len(word) >= _TYPO_LENGTH and _nearest((word,), lexicon, 85.0)
    ]
    local = _local_chunks(tokens, chunk_of)
    for start, (name, end) in marks.items():
        kept = _kept_classes(name.classes, local.get(chunk_of[start], ""))
        if kept != name.classes:
            marks[start] = (_Name(name.tokens, name.ingredients, kept), end)
    return marks, _unique(unknown)


def _longest(tokens: list[str], position: int, lexicon: MedicineLexicon) -> tuple[_Name, int] | None:
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


def _typo(token: str, position: int, lexicon: MedicineLexicon) -> tuple[_Name, int] | None:
    """Accept one edit in a long word when it can mean one thing only."""
    if len(token) < _TYPO_LENGTH or not token.isalpha():
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


def _statuses(tokens: list[str], marks: Mapping[int, tuple[_Name, int]]) -> list[tuple[_Name, Status, bool]]:
    """Give each name the status that the words around it say."""
    results: list[tuple[_Name, Status, bool]] = []
    for clause in _clauses(tokens, marks):
        words = [tokens[i] for i in clause]
        recent = language.is_recent(" ".join(words))
        new = recent if recent is not None else bool(set(words) & (language.STARTED | {"increased"}))
        results.extend(_clause_statuses(clause, tokens, marks, bool(recent), new))
    return results


def _clauses(tokens: list[str], marks: Mapping[int, tuple[_Name, int]]) -> list[list[int]]:
    """Cut the text at full stops, semicolons, line ends, "but" and at a change of verb after a comma."""
    clauses: list[list[int]] = [[]]
    for position, token in enumerate(tokens):
        if token in {".", ";", "\n", "but", "however", "then"}:
            clauses.append([])
            continue
        before = tokens[position - 1] if position else ""
        verb = token in language.STARTED | language.TAKING | language.STOPPED and before in {
            ",",
            "and",
            "to",
            "now",
        }
        heads = any(i >= position for i in marks)
        if verb and heads and any(i in marks for i in clauses[-1]) and not _is_postfix(position, tokens, marks):
            clauses.append([])
        clauses[-1].append(position)
    named = [clause for clause in clauses if any(i in marks for i in clause)]
    for place, clause in enumerate(clauses):  # "simvastatin; stopped last week": the verb belongs to what stands before
        if clause and not any(i in marks for i in clause) and place and clauses[place - 1] in named:
            named[named.index(clauses[place - 1])] = clauses[place - 1] + clause
    return named


def _is_postfix(position: int, tokens: list[str], marks: Mapping[int, tuple[_Name, int]]) -> bool:
    """Tell whether no name follows this verb within its chunk."""
    for place in range(position + 1, len(tokens)):
        if place in marks:
            return False
        if tokens[place] in language.BREAKS or tokens[place] == "and":
            return True
    return True


def _clause_statuses(
    clause: list[int], tokens: list[str], marks: Mapping[int, tuple[_Name, int]], recent: bool, new: bool
) -> list[tuple[_Name, Status, bool]]:
    names = [i for i in clause if i in marks]
    covered = {place for i in names for place in range(i, marks[i][1])}
    switches = [i for i in clause if i not in covered and tokens[i] in language.SWITCHED]
    cues = [(i, status) for i in clause if i not in covered and (status := _cue(i, tokens, recent)) is not None]
    status_of: dict[int, Status] = {}
    for switch in switches:
        for i in _left_behind(switch, clause, tokens, names):
            status_of[i] = "recent" if recent else "stopped"
    for cue, status in cues:
        after = [] if tokens[cue] == "naive" else _following(cue, clause, tokens, names)
        for i in after or _preceding(cue, clause, tokens, names):
            status_of[i] = status
    return [(marks[i][0], status_of.get(i, "taken"), new and status_of.get(i, "taken") == "taken") for i in names]


def _cue(position: int, tokens: list[str], recent: bool) -> Status | None:
    token = tokens[position]
    following = tokens[position + 1 : position + 4]
    if token == "no" and following[:1] == ["longer"]:
        return "recent" if recent else "stopped"
    if token == "used" and following[:1] == ["to"] and following[1:2] in (["take"], ["be"], ["use"]):
        return "stopped"
    if token == "until":
        return "recent" if recent else "stopped"
    if token == "recent" and following[:1] == ["course"]:
        return "recent"
    if token in {"past", "previously"}:  # "for the past year", "two weeks previously" are times
        before = tokens[position - 1] if position else ""
        is_length = before in {"the", "for"} and bool(following) and language.is_time(following[0])
        if is_length or (before != "the" and language.is_time(before)):
            return None
    if token in language.STOPPED:
        return "recent" if recent else "stopped"
    if token in language.NOT and not language.OUTCOME.intersection(following[:2]):
        return "stopped"
    return None


def _left_behind(switch: int, clause: list[int], tokens: list[str], names: list[int]) -> list[int]:
    """Names that a switch leaves ("A switched to B", "switched from A to B", "A replaced by B")."""
    later = [i for i in names if i > switch]
    to = next((i for i in clause if i > switch and tokens[i] in {"to", "by", "with", "for"}), None)
    if to is None or not any(i > to for i in later):
        return []
    between = [i for i in later if i < to]
    return between or [i for i in names if i < switch][-1:]


def _following(cue: int, clause: list[int], tokens: list[str], names: list[int]) -> list[int]:
    """Names after a cue ("stopped A and B", "no A, B or C"), as far as the list it governs goes."""
    later = [i for i in names if i > cue]
    between_cue = [tokens[i] for i in clause if later and cue < i < later[0]]
    if not later or {",", "(", ")", "and"} & set(between_cue) or language.EXCEPT & set(between_cue):
        return []
    passive = tokens[cue] in language.STOPPED and cue and tokens[cue - 1] in {"was", "were", "been", "being", "is"}
    if passive and any(i < cue for i in names):
        return []
    governed = [later[0]]
    whole_list = any(tokens[i] == "or" for i in clause if i > cue) or (
        tokens[cue] not in language.NOT and tokens[cue] != "off"
    )
    for before, name in pairwise(later):
        between = {tokens[i] for i in clause if before < i < name}
        if between & (language.STARTED | language.TAKING | {"(", ")"}):
            break
        if "," in between and not (whole_list and any(tokens[i] in {"and", "or"} for i in clause if i > cue)):
            break
        governed.append(name)
    return governed


def _preceding(cue: int, clause: list[int], tokens: list[str], names: list[int]) -> list[int]:
    """Names before a cue ("A stopped", "A, B (stopped)", "A and B were stopped")."""
    earlier = [i for i in names if i < cue]
    if not earlier or tokens[cue] in {"no", "without", "none", "nil", "never", "not"}:
        return []
    if "were" in [tokens[i] for i in clause if earlier[-1] < i < cue]:
        return earlier
    governed = [earlier[-1]]
    for i, after in zip(reversed(earlier[:-1]), reversed(earlier), strict=False):
        if any(tokens[place] in {",", "(", ")"} for place in clause if i < place < after):
            break
        governed.append(i)
    return governed


def _says_none(tokens: list[str], unknown: tuple[str, ...]) -> bool:
    """Tell whether the text says that no medicine is taken ("no medication", "nil", "none")."""
    words = [token for token in tokens if token.isalpha()]
    if unknown or not words or language.OTHER_THAN_NONE & set(words):
        return False
    if set(words) <= {
        "none",
        "nil",
        "no",
        "not",
        "known",
        "regular",
        "of",
        "note",
        "any",
        "at",
        "all",
        "nothing",
    }:
        return True
    return bool(language.NOT & set(words)) and bool(language.MEDICINE_NOUNS & set(words))


def _only_talk(tokens: list[str]) -> bool:
    words = [token for token in tokens if token.isalpha()]
    return bool(words) and bool(language.NOT & set(words)) and all(word in language.HARMLESS for word in words)


def _nearest(unknown: Sequence[str], lexicon: MedicineLexicon, score: float = _NEAR_SCORE) -> tuple[str, ...]:
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
    return _unique(found)
