"""The names of laboratory tests: single tests, groups of tests, and names that mean another fluid."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec

from soleus.knowledge.laboratory_text import LONGEST_TEXT, MOST_NUMBERS, normalize_unit, parse_value, plain_text
from soleus.knowledge.schema import Quantity, Record


class Panel(Record, frozen=True, kw_only=True):
    """Several tests reported under one name, and what a normal result says."""

    label: str
    terms: tuple[str, ...]
    quantities: tuple[str, ...]
    findings: tuple[str, ...] = ()


class Panels(Record, frozen=True, kw_only=True):
    """Group names, tests without a claim, and words that make a name mean another fluid or another test."""

    panels: dict[str, Panel]
    noted: dict[str, tuple[str, ...]]
    other_fluids: dict[str, tuple[str, ...]]


def panels_from(table: Mapping[str, Any]) -> Panels:
    """Return the panels that the parsed ``vocabulary/panels.toml`` describes."""
    return msgspec.convert(dict(table), Panels)


class LaboratoryIndex:
    """Names of tests, ready to look up; build it once and pass it in place of `quantities`."""

    def __init__(self, quantities: Mapping[str, Quantity], panels: Panels | None = None) -> None:
        self.quantities = quantities
        self.panels = panels.panels if panels else {}
        self.names = {
            plain_name(term): key
            for key, quantity in quantities.items()
            for term in (*quantity.terms, key.replace("_", " "))
        }
        self.groups = {plain_name(term): key for key, panel in self.panels.items() for term in panel.terms}
        self.noted = frozenset(plain_name(term) for term in (panels.noted.get("terms", ()) if panels else ()))
        fluids = panels.other_fluids.get("terms", ()) if panels else ()
        self.other = (
            re.compile(r"(?<![a-z])(?:" + "|".join(re.escape(plain_name(word)) for word in fluids) + r")(?![a-z])")
            if fluids
            else None
        )
        self.units = {
            key: {
                normalize_unit(unit): (factor, quantity.offset.get(unit, 0.0))
                for unit, factor in quantity.units.items()
            }
            for key, quantity in quantities.items()
        }
        # A unit that the evidence marks with "?" is a common misprint: it is read, and that is told.
        self.misprints = {
            (key, normalize_unit(unit))
            for key, quantity in quantities.items()
            for unit in quantity.units
            if unit.endswith("?")
        }

    def find(self, name: str) -> str:
        """Return ``quantity:id``, ``panel:id``, ``noted`` or "" for a name as printed."""
        for form in name_forms(name):
            if form in self.names:
                return f"quantity:{self._refined(self.names[form], form, name)}"
            if form in self.groups:
                return f"panel:{self.groups[form]}"
            if form in self.noted:
                return "noted"
            if self.other and self.other.search(form):
                return "noted"
        return ""

    def _refined(self, key: str, form: str, name: str) -> str:
        """Return a more special test when words dropped with the brackets belong to its names only."""
        dropped = set(re.findall(r"[a-z]{5,}", plain_name(name))) - set(re.findall(r"[a-z]{5,}", form))
        if not dropped:
            return key
        main = set(re.findall(r"[a-z]+", form))
        own = {word for term, other in self.names.items() if other == key for word in re.findall(r"[a-z]+", term)}
        special = {
            other
            for term, other in self.names.items()
            if other != key and (words := set(re.findall(r"[a-z]+", term))) > main and dropped & (words - own)
        }
        return special.pop() if len(special) == 1 else key

    def label(self, target: str) -> str:
        """Return what the test or group of tests is called that `find` gave."""
        kind, _, key = target.partition(":")
        return self.quantities[key].label if kind == "quantity" else self.panels[key].label

    def usual_units(self, key: str) -> dict[str, tuple[float, float]]:
        """Return the units that a laboratory may have left out: the first two, each scale once."""
        scales: dict[tuple[float, float], str] = {}
        for unit, scale in list(self.units[key].items())[:2]:
            scales.setdefault(scale, unit)
        return {unit: scale for scale, unit in scales.items()}


_QUALIFIERS = re.compile(
    r"(?<![a-z0-9])(?:serum|plasma|blood|s|p|b|fs|fp|sr|levels?|concentration|conc|values?|tests?|results?|initial|"
    r"baseline|repeat|repeated|peak|maximum|max|minimum|min|nadir|first|second|last|latest|recent|current|"
    r"total|admission|on admission|at presentation|presentation|today|venous|arterial|fasting|random|"
    r"morning|am|right|left|bilateral|both|legs?|resting|at rest|rest|lowest|highest|measured|"
    r"estimated|calculated|day \d+|week \d+|visit \d+|mean|average|median|follow-up|followup|during attack|"
    r"interictal|between (?:attacks|episodes|spells)|(?:during|in|with) (?:an? |the )?(?:attacks?|episodes?|spells?)|"
    r"(?:pre|post|before|after)[- ]?(?:dialysis|hd|h[ae]modialysis)|at (?:diagnosis|onset|discharge|first)|"
    r"on (?:arrival|presentation|day \d+)|nac|ifcc|"
    r"(?:\d+|an?|one|two|three|four|five|six|a few) (?:days?|weeks?|months?) (?:ago|earlier|before|previously|later)|"
    r"the|of|in|his|her)(?![a-z0-9])"
)


def plain_name(text: str) -> str:
    """Return a printed name in lower case without accents and ornaments."""
    text = unicodedata.normalize("NFD", plain_text(text))
    text = "".join(char for char in text if unicodedata.category(char) != "Mn").replace("γ", "gamma")
    text = re.sub(r"[_:;?!\"'`*#]|(?<=[a-z])\.(?= |$)", " ", text)
    return re.sub(r"\s+", " ", text).strip(" .,-")


def name_forms(name: str) -> list[str]:
    """The name as printed, then ever plainer forms of it."""
    full = plain_name(name)
    bare = plain_name(re.sub(r"[(\[][^)\]]*[)\]]", " ", full))
    inside = re.findall(r"[(\[]([^)\]]*)[)\]]", full)
    flat = re.sub(r"\s+", " ", re.sub(r"[()\[\]]", " ", full)).strip()
    forms = [full, flat]  # what stands in brackets may change the test: "calcium (ionized)"
    for form in (flat, bare):
        forms.append(form)
        stripped = re.sub(r"\s+", " ", _QUALIFIERS.sub(" ", form)).strip(" .,-/")
        forms += [plain_name(form), stripped, stripped.replace("-", " "), stripped.replace(" ", "-")]
    if not re.search(r"[a-z]", bare) or len(inside) == 1:
        forms += [plain_name(part) for part in inside]
    return list(dict.fromkeys(form for form in forms if form))


def named_tests(name: str, index: LaboratoryIndex) -> list[str]:
    """Return the tests that a name means, as `LaboratoryIndex.find` gives them: one, several told together, or none.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> named_tests("sodium and K levels", LaboratoryIndex(load_evidence().quantities))
    ['quantity:sodium', 'quantity:potassium']
    """
    found = index.find(name)
    if found:
        return [found]
    cuts = re.split(r"\s*(?:,|/|&|\+|;|\band\b|\bwith\b)\s*", plain_text(name))
    parts = [part for part in cuts if part]
    if not 1 < len(parts) <= MOST_NUMBERS:
        return []
    tail = re.search(r"\b(?:function|studies|tests?|levels?)\b", parts[-1])
    targets = []
    for part in parts:
        target = index.find(part) or (index.find(f"{part} {tail[0]}") if tail else "")
        if not target:
            return []
        targets.append(target)
    return list(dict.fromkeys(targets))


def misspelled_test(name: str, index: LaboratoryIndex) -> str:
    """Return the test that a long name means with one wrong letter; nothing when it may be two.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> misspelled_test("potasium", LaboratoryIndex(load_evidence().quantities))
    'quantity:potassium'
    """
    form = (name_forms(name) or [""])[-1]
    if not 7 <= len(form) <= 60:
        return ""
    from rapidfuzz.distance import OSA  # imported here: only a misspelling needs it

    names = {
        **{t: f"quantity:{k}" for t, k in index.names.items()},
        **{t: f"panel:{k}" for t, k in index.groups.items()},
    }
    near = {target for term, target in names.items() if OSA.distance(form, term, score_cutoff=1) <= 1}
    return near.pop() if len(near) == 1 else ""


_NEXT_TEST = re.compile(r"\s*[;,]\s+(?=[A-Za-z])|\s+and\s+(?=[A-Za-z])")
_MOST_NAME_WORDS = 5  # choice: the name of a test inside a list of results is not longer
_NAME_AND_VALUE = re.compile(r"\s*([A-Za-z][A-Za-z() -]{1,50}?)[\s:=]+([<>]?\s*\d.*)", re.DOTALL)


def listed_results(name: str, result: str, index: LaboratoryIndex) -> list[tuple[str, str]]:
    """Give the tests that one line tells, each with its own result: "ESR" with "88, CRP 60" is two.

    Examples
    --------
    >>> listed_results("sodium", "131, in the morning", LaboratoryIndex({}))
    [('sodium', '131, in the morning')]
    """
    found: list[tuple[str, str]] = []
    at = start = 0
    current = name
    for gap in _NEXT_TEST.finditer(result):
        words = result[gap.end() :].split()
        for size in range(min(_MOST_NAME_WORDS, len(words) - 1), 0, -1):
            other = " ".join(words[:size]).rstrip(":")
            known = index.find(other)
            if len(other) < 2 or not known or (known == "noted" and plain_name(other) not in index.noted):
                continue
            rest = result[gap.end() :].split(None, size)[size]
            value = parse_value(_NEXT_TEST.split(rest)[0])
            if value.numbers or value.word:
                found.append((current, result[start : gap.start()]))
                current, at = other, len(result) - len(rest)
                start = at
                break
    return [*found, (current, result[start:])]


def name_and_value(text: str) -> tuple[str, str] | None:
    """Cut "ABPI 0.62 left" into the name and the value, or give None.

    Examples
    --------
    >>> name_and_value("ABPI 0.62 left, 1.05 right"), name_and_value("pale left foot")
    (('ABPI', '0.62 left, 1.05 right'), None)
    """
    found = _NAME_AND_VALUE.fullmatch(text[:LONGEST_TEXT])
    return (found[1], found[2]) if found else None


def tells_of_a_challenge(result: str, index: LaboratoryIndex) -> bool:
    """Say whether a result in words is that of a test under exercise or stimulation, not of the resting person."""
    worded = not any(char.isdigit() for char in result)
    return worded and index.other is not None and bool(index.other.search(plain_name(result)))


def nearest_names(name: str, index: LaboratoryIndex) -> tuple[str, ...]:
    """Return up to three known test names that are spelled nearly like this one."""
    from rapidfuzz import fuzz, process  # imported here: only a misspelling needs it

    form = plain_name(name)
    if len(form) < 3:
        return ()
    known = [*index.names, *index.groups]
    found = process.extract(form[:80], known, scorer=fuzz.WRatio, limit=6, score_cutoff=80)
    labels = [
        index.quantities[index.names[term]].label if term in index.names else index.panels[index.groups[term]].label
        for term, _, _ in found
        if len(term) > 2
    ]
    return tuple(dict.fromkeys(labels))[:3]
