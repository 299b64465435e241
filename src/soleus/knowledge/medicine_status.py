"""Whether a medicine is taken: what verbs and particles around its name say, and texts that name none."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from soleus.knowledge import medicine_language as language
from soleus.knowledge.medicine_lexicon import MedicineName
from soleus.knowledge.medicine_names import Marks

Status = Literal["taken", "stopped", "recent", "none"]


def read_statuses(tokens: list[str], marks: Marks) -> list[tuple[MedicineName, Status, bool]]:
    """Give each name the status that the words around it say, and whether it is new.

    Parameters
    ----------
    tokens : list of str
        Plain words and punctuation.
    marks : Marks
        The names among them.

    Returns
    -------
    list of (MedicineName, Status, bool)

    Examples
    --------
    >>> a, b = MedicineName(("a",), ("a",), ()), MedicineName(("b",), ("b",), ())
    >>> [status for _, status, _ in read_statuses("stopped a , takes b".split(), {1: (a, 2), 4: (b, 5)})]
    ['stopped', 'taken']
    """
    results: list[tuple[MedicineName, Status, bool]] = []
    for clause in _clauses(tokens, marks):
        words = [tokens[i] for i in clause]
        recent = language.is_recent(" ".join(words))
        new = recent if recent is not None else bool(set(words) & (language.STARTED | {"increased"}))
        results.extend(_clause_statuses(clause, tokens, marks, bool(recent), new))
    return results


def _clauses(tokens: list[str], marks: Marks) -> list[list[int]]:
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


def _is_postfix(position: int, tokens: list[str], marks: Marks) -> bool:
    """Tell whether no name follows this verb within its chunk."""
    for place in range(position + 1, len(tokens)):
        if place in marks:
            return False
        if tokens[place] in language.BREAKS or tokens[place] == "and":
            return True
    return True


def _clause_statuses(
    clause: list[int], tokens: list[str], marks: Marks, recent: bool, new: bool
) -> list[tuple[MedicineName, Status, bool]]:
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


def says_none(tokens: list[str], unknown: tuple[str, ...]) -> bool:
    """Tell whether the text says that no medicine is taken ("no medication", "nil", "none").

    Examples
    --------
    >>> says_none(["no", "medication"], ()), says_none(["no", "new", "medication"], ())
    (True, False)
    """
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


def only_talk(tokens: list[str]) -> bool:
    """Tell whether the text denies something and names nothing ("no relief from tablets").

    Examples
    --------
    >>> only_talk(["no", "relief"]), only_talk(["no", "statin"])
    (True, False)
    """
    words = [token for token in tokens if token.isalpha()]
    return bool(words) and bool(language.NOT & set(words)) and all(word in language.HARMLESS for word in words)
