"""What a person says about medicines, turned into substances and medicine classes.

Doses, units, frequencies, routes, release forms, salts and durations are read past, not misread. Nothing is guessed:
a name that is not known is listed with the nearest known names. The words come from ``evidence/medicines.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass

from soleus.knowledge import medicine_language as language
from soleus.knowledge.medicine_lexicon import MedicineLexicon, MedicineName, plain_words
from soleus.knowledge.medicine_names import mark_names, nearest_names
from soleus.knowledge.medicine_status import Status, only_talk, read_statuses, says_none

_MAX_TEXT = 500


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
    >>> from soleus.knowledge.medicine_lexicon import build_medicine_lexicon
    >>> lexicon = build_medicine_lexicon({"ingredients": {"simvastatin": ["takes_statin"], "ezetimibe": []},
    ...                                   "brands": {}, "class_words": {"statin": ["takes_statin"]}})
    >>> resolve_medicine("simvastatin 40 mg at night, stopped", lexicon).status
    'stopped'
    >>> resolve_medicine("no medication", lexicon).status
    'none'
    >>> resolve_medicine("simvastatni", lexicon).classes
    ('takes_statin',)
    """
    read = language.plain_status(plain_words(text[:_MAX_TEXT]))
    tokens = language.TOKEN.findall(read)
    marks, unknown = mark_names(tokens, lexicon)
    if language.is_anothers(read):
        marks = {}
    elif not language.TAKING.intersection(tokens):
        marks = {at: mark for at, mark in marks.items() if not at or tokens[at - 1] not in language.SOMEBODYS}
    groups: dict[Status, list[MedicineName]] = {"taken": [], "recent": [], "stopped": []}
    started = False
    for name, status, is_new in read_statuses(tokens, marks):
        groups[status].append(name)
        started = started or (is_new and status == "taken")
    if not any(groups.values()):
        nothing = says_none(tokens, unknown)
        plain = not unknown and bool(tokens)
        return MedicineResolution(
            text=text[:_MAX_TEXT],
            status="none" if nothing else "taken",
            understood=nothing or (plain and only_talk(tokens)),
            candidates=nearest_names(unknown, lexicon),
            unknown=unknown,
        )
    chief: Status = next(s for s in groups if groups[s])
    chosen = groups[chief]
    classes = tuple(dict.fromkeys(c for name in chosen for c in name.classes))
    others = tuple(dict.fromkeys(c for s in groups if s != chief for name in groups[s] for c in name.classes))
    return MedicineResolution(
        text=text[:_MAX_TEXT],
        ingredients=tuple(dict.fromkeys(part for name in chosen for part in name.ingredients)),
        classes=classes,
        status=chief,
        started_recently=started,
        understood=not unknown,
        candidates=nearest_names(unknown, lexicon),
        unknown=unknown,
        not_taken=tuple(c for c in others if c not in classes),
    )
