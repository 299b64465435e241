"""Results in words: what "low", "high" or "normal" says of one test, or of all tests of a group."""

from __future__ import annotations

from collections.abc import Sequence

from soleus.core.case import Fact
from soleus.core.message import say, say_all
from soleus.core.problem import Problem
from soleus.knowledge.laboratory_index import LaboratoryIndex
from soleus.knowledge.laboratory_problems import measurement_problem
from soleus.knowledge.schema import Level, Quantity

Verdict = tuple[list[Fact], list[Problem]]

_WORDS = {  # a result in words, as `parse_value` names it
    "normal": say("normal"),
    "not_low": say("not low"),
    "not_high": say("not high"),
    "low": say("low"),
    "very_low": say("very low"),
    "high": say("high"),
    "very_high": say("very high"),
    "unmeasurably_high": say("unmeasurably high"),
    "graded": say("graded"),
    "abnormal": say("abnormal"),
    "borderline": say("borderline"),
    "not_done": say("not done"),
}


def read_verdict(name: str, quantity: Quantity, word: str, where: str) -> Verdict:
    """Return the findings that a result in words makes present or absent, and what could not be used.

    Parameters
    ----------
    name : str
        As printed.
    quantity : Quantity
    word : str
        As `parse_value` names it.
    where : str
        The place in the input.

    Returns
    -------
    list of Fact, list of Problem

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> facts, problems = read_verdict("Mg", load_evidence().quantities["magnesium"], "low", "tests[0]")
    >>> [(fact.finding, fact.present, fact.words) for fact in facts if fact.present], problems
    ([('magnesium_low', True, 'Mg low')], [])
    """
    said = say("{name} {word}", name=name, word=_WORDS.get(word, word.replace("_", " ")))
    below = [level for level in quantity.levels if level.side == "below"]
    above = [level for level in quantity.levels if level.side == "above"]
    facts: list[Fact] = []
    problems: list[Problem] = []

    def add(levels: list[Level], present: bool) -> None:
        facts.extend(Fact(finding=level.finding, present=present, words=said, where=where) for level in levels)

    if word in ("normal", "not_low"):
        add(below, False)
    if word in ("normal", "not_high"):
        add(above, False)
    if word == "unmeasurably_high" or (word == "graded" and not below):  # "3+" cannot be too little
        word = "high"
    for side, other, direction in ((below, above, "low"), (above, below, "high")):
        if word not in (direction, f"very_{direction}"):
            continue
        if not side:
            what = say("{name} is low", name=name) if direction == "low" else say("{name} is high", name=name)
            problems.append(measurement_problem("direction_without_meaning", where, what))
            continue
        mildest_first = sorted(side, key=lambda level: level.limit.value, reverse=direction == "low")
        add(mildest_first[-1:] if word.startswith("very") else mildest_first[:1], True)
        add(other, False)
    if word == "abnormal":
        what, why = say("{name} is called abnormal", name=name), say("it may be too low or too high")
        problems.append(measurement_problem("value_not_understood", where, what, why))
    return facts, problems


def read_group_verdict(
    name: str, groups: Sequence[str], quantities: Sequence[str], word: str, index: LaboratoryIndex, where: str
) -> Verdict:
    """Return what one result says of several tests: only "normal" says something about each of them.

    Parameters
    ----------
    name : str
        As printed.
    groups, quantities : sequences of str
        The panels and the single tests that the name means.
    word : str
        As `parse_value` names it.
    index : LaboratoryIndex
    where : str
        The place in the input.

    Returns
    -------
    list of Fact, list of Problem

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> index = LaboratoryIndex(load_evidence().quantities)
    >>> facts, _ = read_group_verdict("Ca and Mg", [], ["calcium", "magnesium"], "not_low", index, "tests[0]")
    >>> [fact.finding for fact in facts], any(fact.present for fact in facts)
    (['calcium_low', 'calcium_very_low', 'magnesium_low', 'magnesium_very_low'], False)
    """
    if word in ("not_done", "borderline"):
        return [], []
    panels = [index.panels[key] for key in groups]
    if word not in ("normal", "not_high", "not_low"):
        labels = [panel.label for panel in panels]
        labels += [index.quantities[key].label for key in quantities]
        tests = say_all(labels, ", ")
        what = say("{name}: one result for several tests ({tests})", name=name, tests=tests)
        return [], [measurement_problem("value_for_a_group", where, what)]
    facts: list[Fact] = []
    tested = list(quantities)
    said = say("{name} {word}", name=name, word=_WORDS["normal"])
    for panel in panels:
        tested += [key for key in panel.quantities if key in index.quantities]
        facts += [Fact(finding=finding, present=False, words=said, where=where) for finding in panel.findings]
    for key in dict.fromkeys(tested):
        facts += read_verdict(name, index.quantities[key], word, where)[0]
    return facts, []
