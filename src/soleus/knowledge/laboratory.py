"""Turn a laboratory or bedside measurement as printed into readings in canonical units, or say why not.

Nothing is guessed silently: a unit is inferred only when one usual unit alone fits, and the assumption is
told; a value that looks like another unit is not used and the likely correction is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec

from soleus.core.case import Fact, Reading
from soleus.core.message import Message, say, say_all, say_as, say_or
from soleus.core.problem import Problem, ProblemLevel
from soleus.knowledge.laboratory_formulas import albumin_adjusted_calcium, egfr_ckd_epi_2021
from soleus.knowledge.laboratory_index import (
    LaboratoryIndex,
    Panel,
    Panels,
    name_forms,
    nearest_names,
    panels_from,
)
from soleus.knowledge.laboratory_scale import (
    CLOSE,
    Limits,
    Scale,
    convert,
    find_slip,
    fitting_units,
    is_possible,
    limit_gaps,
    limits_confirm,
)
from soleus.knowledge.laboratory_text import ParsedValue, normalize_unit, parse_value, plain_text, spelled
from soleus.knowledge.schema import Level, Quantity

__all__ = [
    "LaboratoryIndex",
    "Panel",
    "Panels",
    "ResolvedMeasurement",
    "albumin_adjusted_calcium",
    "egfr_ckd_epi_2021",
    "panels_from",
    "resolve_measurement",
    "resolve_value",
]

MOST_NUMBERS = 24  # choice: more numbers than this in one value are a table, not a result
FAR_LIMITS = 2.5 * CLOSE  # choice: limits this far from ours (a factor of 5.7) cannot be about the same thing

# code: level, place in the input, why it matters, how to mend it; what hangs on the value is said where it is found
_SAID: dict[str, tuple[ProblemLevel, str, str, str]] = {
    "limits_swapped": ("warning", "low", say("no interval begins above its end"), say("give the lower limit as low")),
    "limit_not_a_number": ("warning", "low", say("it cannot be compared"), say("give a plain number")),
    "limits_ignored": (
        "warning",
        "low",
        say("they are far from the usual ones"),
        say("give them in the unit of the value"),
    ),
    "name_assumed": ("info", "name", say("it differs by one letter"), say("correct the name if it is another test")),
    "unknown_measurement": ("warning", "name", say("its value was not used"), ""),
    "not_a_number": (
        "error",
        "value",
        say("it cannot be read"),
        say("give the printed number or the words of the report"),
    ),
    "too_many_numbers": (
        "error",
        "value",
        say("this is a table, not a result"),
        say("give one measurement for each result"),
    ),
    "value_not_understood": ("warning", "value", "", say("give a number with its unit, or low, high or normal")),
    "value_for_a_group": (
        "warning",
        "value",
        say("it does not say which of them it is"),
        say("give each test its own value"),
    ),
    "direction_without_meaning": ("info", "value", say("no finding is known for it"), say("nothing needs to be done")),
    "impossible_value": ("error", "value", "", say("check the number and its unit")),
    "limit_assumed": ("info", "value", "", say("give the number itself")),
    "unknown_unit": ("error", "unit", say("the value cannot be compared"), ""),
    "unit_misprint": ("warning", "unit", say("that unit is a common misprint for this test"), say("correct the unit")),
    "unit_slip": ("error", "unit", "", ""),
    "unit_assumed": ("info", "unit", say("it is the only usual unit that fits"), say("write the unit")),
    "unit_missing": ("error", "unit", "", say("write the unit")),
}

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


class ResolvedMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one measurement gave.

    Parameters
    ----------
    readings : tuple of Reading
        Values and laboratory limits in the canonical unit of their quantity.
    facts : tuple of Fact
        Findings that words such as "low" or "normal" make present or absent.
    problems : tuple of Problem
        Everything that was not used, and every assumption made.
    understood : bool
        The name is known; it may still have given nothing ("not done", "chloride").
    candidates : tuple of str
        The nearest known names when it was not understood.
    """

    name: str
    readings: tuple[Reading, ...] = ()
    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    understood: bool = True
    candidates: tuple[str, ...] = ()


def resolve_measurement(
    name: str,
    value: float | str | None,
    unit: str | None,
    low: float | None,
    high: float | None,
    quantities: Mapping[str, Quantity] | LaboratoryIndex,
    panels: Panels | None = None,
    *,
    where: str = "measurement",
) -> ResolvedMeasurement:
    """Return the readings and findings that one measurement as printed gives.

    Answers "which quantity is it, how much in our unit, and can the unit be trusted?". It does not judge what
    the value means for the person; that is weighed with its variation elsewhere.

    Parameters
    ----------
    name : str
        As printed: ``"serum Ca"``, ``"corrected calcium"``, ``"U&E"``, ``"renal and thyroid function"``.
    value : float, str or None
        A number, or text such as ``"<0.01"``, ``"1,494"``, ``"1.3 right, 1.2 left"``, ``"normal"``.
    unit : str or None
        As printed; None when not given.
    low, high : float or None
        The laboratory's own limits, in the unit of the value.
    quantities : mapping of str to Quantity, or LaboratoryIndex
    panels : Panels, optional
        Names of groups of tests; not needed with an index.
    where : str
        The place in the input, for problems.

    Returns
    -------
    ResolvedMeasurement

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> quantities = load_evidence().quantities
    >>> resolve_measurement("serum Ca", 9.2, "mg/dL", 8.5, 10.5, quantities).readings[0].value
    2.29552
    >>> resolve_measurement("calcium", 9.2, "mmol/L", None, None, quantities).problems[0].what
    'calcium 9.2 mmol/L looks like mg/dL: 9.2 mg/dL = 2.30 mmol/L'
    """
    index = quantities if isinstance(quantities, LaboratoryIndex) else LaboratoryIndex(quantities, panels)
    reader = _Reader(index, str(name), where)
    return reader.read(value, unit, low, high)


def resolve_value(
    key: str,
    value: float | str | None,
    unit: str | None,
    low: float | None,
    high: float | None,
    index: LaboratoryIndex,
    *,
    where: str = "measurement",
) -> ResolvedMeasurement:
    """Return what `resolve_measurement` returns, for a quantity that is known by its id (``"calcium"``).

    Examples
    --------
    >>> from soleus.knowledge.laboratory_index import panels_from
    >>> from soleus.knowledge.load import load_evidence
    >>> evidence = load_evidence()
    >>> index = LaboratoryIndex(evidence.quantities, panels_from(evidence.vocabulary["panels"]))
    >>> resolve_value("calcium", "<1.5", "mmol/L", None, None, index).readings[0].censored
    '<'
    """
    reader = _Reader(index, index.quantities[key].plain, where)
    return reader.read_as([f"quantity:{key}"], value, unit, low, high)


class _Reader:
    """Reads one measurement, gathering readings, facts and problems."""

    def __init__(self, index: LaboratoryIndex, name: str, where: str) -> None:
        self.index, self.name, self.where = index, name, where
        self.readings: list[Reading] = []
        self.facts: dict[str, Fact] = {}
        self.problems: list[Problem] = []

    def read(
        self, value: float | str | None, unit: str | None, low: float | None, high: float | None
    ) -> ResolvedMeasurement:
        """Return what the measurement gives."""
        targets = self._targets() or self._misspelled()
        if not targets:
            candidates = nearest_names(self.name, self.index)
            fix = say("use the name on the report")
            if candidates:
                fix = say("did you mean {names}?", names=say_or(candidates))
            self._problem("unknown_measurement", say("{name!r} is no known test", name=self.name[:80]), fix=fix)
            return self._answer(understood=False, candidates=candidates)
        return self.read_as(targets, value, unit, low, high)

    def read_as(
        self, targets: list[str], value: float | str | None, unit: str | None, low: float | None, high: float | None
    ) -> ResolvedMeasurement:
        """Return what the measurement gives, when the tests that it names are known."""
        parsed = self._parse(value)
        if parsed is None:
            return self._answer()
        unit = unit if unit and unit.strip() else (parsed.unit or None)
        limits = self._given_limits(low, high, parsed)
        quantities = [key.partition(":")[2] for key in targets if key.startswith("quantity:")]
        groups = [key.partition(":")[2] for key in targets if key.startswith("panel:")]
        if len(targets) == 1 and quantities:
            self._quantity(quantities[0], parsed, unit, limits)
        elif parsed.numbers and len(quantities) == len(targets) == len(parsed.numbers):
            for key, number, other in zip(quantities, parsed.numbers, parsed.other, strict=True):
                one = msgspec.structs.replace(parsed, numbers=(number,), other=(other,), per_leg=False)
                self._quantity(key, one, unit, (None, None))
        elif groups or len(quantities) > 1:
            self._group(groups, quantities, parsed)
        return self._answer()

    def _targets(self) -> list[str]:
        """The tests that the name means: one, a group, several told together, or none."""
        found = self.index.find(self.name)
        if found:
            return [found]
        cuts = re.split(r"\s*(?:,|/|&|\+|;|\band\b|\bwith\b)\s*", plain_text(self.name))
        parts = [part for part in cuts if part]
        if not 1 < len(parts) <= MOST_NUMBERS:
            return []
        tail = re.search(r"\b(?:function|studies|tests?|levels?)\b", parts[-1])
        targets = []
        for part in parts:
            target = self.index.find(part) or (self.index.find(f"{part} {tail[0]}") if tail else "")
            if not target:
                return []
            targets.append(target)
        return list(dict.fromkeys(targets))

    def _misspelled(self) -> list[str]:
        """Accept one wrong letter in a long name when only one test is that near; tell it."""
        form = (name_forms(self.name) or [""])[-1]
        if not 7 <= len(form) <= 60:
            return []
        from rapidfuzz.distance import OSA  # imported here: only a misspelling needs it

        names = {
            **{t: f"quantity:{k}" for t, k in self.index.names.items()},
            **{t: f"panel:{k}" for t, k in self.index.groups.items()},
        }
        near = {target for term, target in names.items() if OSA.distance(form, term, score_cutoff=1) <= 1}
        if len(near) != 1:
            return []
        kind, _, key = next(iter(near)).partition(":")
        label = self.index.quantities[key].label if kind == "quantity" else self.index.panels[key].label
        read = say("{name!r} was read as {label}", name=self.name, label=say_as(label.lower(), label))
        self._problem("name_assumed", read)
        return list(near)

    def _parse(self, value: object) -> ParsedValue | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self._problem("not_a_number", say("{name}: {value!r} is no result", name=self.name, value=value))
            return None
        if not isinstance(value, str):
            number = float(value)
            if not math.isfinite(number):
                self._problem("not_a_number", say("{name} is {number}", name=self.name, number=str(number)))
                return None
            return ParsedValue(numbers=(number,), other=(number,))
        parsed = parse_value(value)
        if len(parsed.numbers) > MOST_NUMBERS:
            count = len(parsed.numbers)
            self._problem("too_many_numbers", say("{name}: {count} numbers", name=self.name, count=count))
            return None
        if not parsed.numbers and not parsed.word:
            what = say("{name}: {value!r}", name=self.name, value=value[:80])
            self._problem("value_not_understood", what, why=say("it is neither a number nor a known word"))
            return None
        return parsed

    def _given_limits(self, low: object, high: object, parsed: ParsedValue) -> Limits:
        """The laboratory's limits as given, else as printed with the value."""
        given: list[float | None] = []
        for limit in (low, high):
            usable = isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit)
            if limit is not None and not usable:
                self._problem("limit_not_a_number", say("limit {limit!r} of {name}", limit=limit, name=self.name))
            given.append(float(limit) if usable else None)  # type: ignore[arg-type]
        if given == [None, None]:
            given = [parsed.low, parsed.high]
        if given[0] is not None and given[1] is not None and given[0] >= given[1]:
            what = say("limits {low:g} to {high:g} of {name}", low=given[0], high=given[1], name=self.name)
            self._problem("limits_swapped", what)
            return (None, None)
        return (given[0], given[1])

    def _quantity(self, key: str, parsed: ParsedValue, unit: str | None, limits: Limits) -> None:
        quantity = self.index.quantities[key]
        if not parsed.numbers or parsed.word == "unmeasurably_high":
            self._words(quantity, parsed)
            return
        if parsed.times_limit:
            self._times(key, quantity, parsed, limits[1], unit)
            return
        scale = self._scale(key, quantity, parsed, unit, limits)
        if scale is None:
            return
        # A comma is a thousands sign, unless only the decimal reading is possible.
        decimal = not is_possible(quantity, parsed.numbers, scale, parsed.censored)
        decimal = decimal and is_possible(quantity, parsed.other, scale, parsed.censored)
        numbers = parsed.other if decimal else parsed.numbers
        lowest, highest = quantity.plausible
        kept = []
        for number in numbers:
            value = convert(number, scale)
            if is_possible(quantity, (number,), scale, parsed.censored):
                kept.append(min(max(value, lowest), highest))
            else:
                printed = _with_unit(say("{number:g}", number=number), unit or "")
                read = _with_unit(say("{value:.4g}", value=value), _unit_text(quantity))
                what = say("{name} {printed} = {read}", name=self.name, printed=printed, read=read)
                self._problem("impossible_value", what, why=_span(quantity))
        if kept and key == "abi":
            kept = [min(kept)]  # source: aboyans2012, the lower leg counts
        low, high = self._canonical_limits(quantity, scale, limits)
        written = say_all([_censored(parsed.censored, number) for number in numbers], ", ")
        words = say("{name} {value}", name=self.name, value=_with_unit(written, unit or ""))
        self.readings += [
            Reading(quantity=key, value=round(value, 6), words=words, low=low, high=high, censored=parsed.censored)
            for value in kept
        ]

    def _scale(
        self, key: str, quantity: Quantity, parsed: ParsedValue, unit: str | None, limits: Limits
    ) -> Scale | None:
        """The scale of a stated unit that can be believed, or of the only usual unit that fits."""
        known, usual = self.index.units[key], self.index.usual_units(key)
        number = parsed.numbers[0]
        if unit is not None:
            scale = known.get(normalize_unit(unit))
            if scale is None:
                what = say(
                    "{name}: unit {unit!r} is not known for {label}",
                    name=self.name,
                    unit=unit,
                    label=say_as(quantity.label.lower(), quantity.label),
                )
                fix = say("use one of {units}", units=", ".join(list(quantity.units)[:3]))
                self._problem("unknown_unit", what, fix=fix)
                return None
            slip = find_slip(quantity, parsed, scale, usual, limits)
            if slip:
                likely = spelled(slip)
                right = _with_unit(_rounded(convert(number, usual[slip])), _unit_text(quantity))
                why = say("it does not fit a living person; it was not used")
                if limits_confirm(quantity, usual[slip], limits):
                    why = say("it does not fit the given limits; it was not used")
                what = say(
                    "{name} {number:g} {unit} looks like {likely}: {number:g} {likely} = {right}",
                    name=self.name,
                    number=number,
                    unit=unit,
                    likely=likely,
                    right=right,
                )
                self._problem("unit_slip", what, why=why, fix=say("if it is {unit}, write that unit", unit=likely))
                return None
            if (key, normalize_unit(unit)) in self.index.misprints:
                read = _with_unit(say("{value:.4g}", value=convert(number, scale)), _unit_text(quantity))
                self._problem(
                    "unit_misprint", say("{name} in {unit} was read as {read}", name=self.name, unit=unit, read=read)
                )
            return scale
        if "" in known:
            return known[""]
        fitting = fitting_units(quantity, parsed, usual, limits)
        if len(fitting) == 1:
            name = next(iter(fitting))
            what = say(
                "{name} {number:g} has no unit; {unit} was assumed", name=self.name, number=number, unit=spelled(name)
            )
            self._problem("unit_assumed", what)
            return fitting[name]
        if fitting:
            readings = [
                say(
                    "{number:g} {unit} = {right}",
                    number=number,
                    unit=name,
                    right=_with_unit(_rounded(convert(number, scale)), _unit_text(quantity)),
                )
                for name, scale in fitting.items()
            ]
            what = say("{name} {number:g} has no unit", name=self.name, number=number)
            why = say("several units fit: {readings}", readings=say_all(readings, "; "))
            self._problem("unit_missing", what, why=why)
        else:
            what = say("{name} {number:g} fits no usual unit", name=self.name, number=number)
            self._problem("impossible_value", what, why=_span(quantity))
        return None

    def _canonical_limits(self, quantity: Quantity, scale: Scale, limits: Limits) -> Limits:
        gaps = limit_gaps(quantity, scale, limits)
        if gaps and max(gaps) > FAR_LIMITS:
            what = say("limits of {name}: {low} to {high}", name=self.name, low=limits[0], high=limits[1])
            self._problem("limits_ignored", what)
            return (None, None)
        low, high = (None if limit is None else round(convert(limit, scale), 6) for limit in limits)
        return (low, high)

    def _times(self, key: str, quantity: Quantity, parsed: ParsedValue, high: float | None, unit: str | None) -> None:
        """Read a multiple of the upper limit."""
        scale = self.index.units[key].get(normalize_unit(unit)) if unit else None
        above = [level.limit.value for level in quantity.levels if level.side == "above"]
        limit = convert(high, scale) if high is not None and scale else min(above, default=None)
        said = say("{name} {times:g} times the upper limit", name=self.name, times=parsed.numbers[0])
        if limit is None:
            self._problem("value_not_understood", said, why=say("no upper limit is known"))
            return
        value = min(parsed.numbers[0] * limit, quantity.plausible[1])
        read = _with_unit(say("{number:g}", number=value), _unit_text(quantity))
        what = say("{told} was read as {read}", told=said, read=read)
        self._problem("limit_assumed", what, why=say("the upper limit {limit:g} was used", limit=limit))
        self.readings.append(Reading(quantity=key, value=value, words=said, high=limit))

    def _words(self, quantity: Quantity, parsed: ParsedValue) -> None:
        """Turn low, high, normal and the like into findings."""
        word = parsed.word
        said = say("{name} {word}", name=self.name, word=_WORDS.get(word, word.replace("_", " ")))
        below = [level for level in quantity.levels if level.side == "below"]
        above = [level for level in quantity.levels if level.side == "above"]
        if word in ("normal", "not_low"):
            self._absent(below, said)
        if word in ("normal", "not_high"):
            self._absent(above, said)
        if word == "unmeasurably_high" or (word == "graded" and not below):  # "3+" cannot be too little
            word = "high"
        for side, other, direction in ((below, above, "low"), (above, below, "high")):
            if word not in (direction, f"very_{direction}"):
                continue
            if not side:
                low = say("{name} is low", name=self.name)
                what = low if direction == "low" else say("{name} is high", name=self.name)
                self._problem("direction_without_meaning", what)
                continue
            mildest_first = sorted(side, key=lambda level: level.limit.value, reverse=direction == "low")
            level = mildest_first[-1] if word.startswith("very") else mildest_first[0]
            self._fact(level.finding, True, said)
            self._absent(other, said)
        if word == "abnormal":
            what, why = say("{name} is called abnormal", name=self.name), say("it may be too low or too high")
            self._problem("value_not_understood", what, why=why)

    def _absent(self, levels: list[Level], said: str) -> None:
        for level in levels:
            self._fact(level.finding, False, said)

    def _group(self, groups: list[str], quantities: list[str], parsed: ParsedValue) -> None:
        """Several tests with one result: only "normal" says something about each of them."""
        if parsed.word in ("not_done", "borderline"):
            return
        panels = [self.index.panels[key] for key in groups]
        if parsed.word not in ("normal", "not_high", "not_low"):
            labels = [panel.label for panel in panels]
            labels += [self.index.quantities[key].label for key in quantities]
            tests = say_all(labels, ", ")
            what = say("{name}: one result for several tests ({tests})", name=self.name, tests=tests)
            self._problem("value_for_a_group", what)
            return
        for panel in panels:
            quantities = [*quantities, *(key for key in panel.quantities if key in self.index.quantities)]
            for finding in panel.findings:
                self._fact(finding, False, say("{name} {word}", name=self.name, word=_WORDS["normal"]))
        for key in dict.fromkeys(quantities):
            self._words(self.index.quantities[key], parsed)

    def _fact(self, finding: str, present: bool, words: str) -> None:
        if present or finding not in self.facts:
            self.facts[finding] = Fact(finding=finding, present=present, words=words, where=self.where)

    def _problem(self, code: str, what: str, why: str = "", fix: str = "") -> None:
        level, place, because, mend = _SAID[code]
        self.problems.append(
            Problem(
                code=code,
                level=level,
                where=f"{self.where}.{place}",
                what=what,
                why=why or because,
                fix=fix or mend,
            )
        )

    def _answer(self, understood: bool = True, candidates: tuple[str, ...] = ()) -> ResolvedMeasurement:
        return ResolvedMeasurement(
            name=self.name,
            readings=tuple(self.readings),
            facts=tuple(self.facts.values()),
            problems=tuple(self.problems),
            understood=understood,
            candidates=candidates,
        )


def _span(quantity: Quantity) -> Message:
    low, high = quantity.plausible
    unit = _unit_text(quantity)
    if unit:
        return say("a living person has {low:g} to {high:g} {unit}", low=low, high=high, unit=unit)
    return say("a living person has {low:g} to {high:g}", low=low, high=high)


def _unit_text(quantity: Quantity) -> str:
    return "" if quantity.unit in ("1", "{INR}", "[pH]") else quantity.unit


def _with_unit(number: Message, unit: str) -> Message:
    return say("{number} {unit}", number=number, unit=unit) if unit else number


def _rounded(value: float) -> Message:
    return say("{value:.2f}", value=value) if value < 10 else say("{value:.4g}", value=value)


def _censored(sign: str, number: float) -> Message:
    return say("{sign}{number:g}", sign=sign, number=number) if sign else say("{number:g}", number=number)
