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
]

MOST_NUMBERS = 24  # choice: more numbers than this in one value are a table, not a result
FAR_LIMITS = 2.5 * CLOSE  # choice: limits this far from ours (a factor of 5.7) cannot be about the same thing

# code: level, place in the input, why it matters, how to mend it
_SAID: dict[str, tuple[ProblemLevel, str, str, str]] = {
    "limits_swapped": ("warning", "low", "no interval begins above its end", "give the lower limit as low"),
    "limit_not_a_number": ("warning", "low", "it cannot be compared", "give a plain number"),
    "limits_ignored": (
        "warning",
        "low",
        "they are far from the usual ones",
        "give them in the unit of the value",
    ),
    "name_assumed": ("info", "name", "it differs by one letter", "correct the name if it is another test"),
    "unknown_measurement": ("warning", "name", "its value was not used", "{fix}"),
    "not_a_number": (
        "error",
        "value",
        "it cannot be read",
        "give the printed number or the words of the report",
    ),
    "too_many_numbers": (
        "error",
        "value",
        "this is a table, not a result",
        "give one measurement for each result",
    ),
    "value_not_understood": (
        "warning",
        "value",
        "{why}",
        "give a number with its unit, or low, high or normal",
    ),
    "value_for_a_group": (
        "warning",
        "value",
        "it does not say which of them it is",
        "give each test its own value",
    ),
    "direction_without_meaning": ("info", "value", "no finding is known for it", "nothing needs to be done"),
    "impossible_value": ("error", "value", "a living person has {why}", "check the number and its unit"),
    "limit_assumed": ("info", "value", "the upper limit {why} was used", "give the number itself"),
    "unknown_unit": ("error", "unit", "the value cannot be compared", "use one of {fix}"),
    "unit_misprint": ("warning", "unit", "that unit is a common misprint for this test", "correct the unit"),
    "unit_slip": (
        "error",
        "unit",
        "it does not fit {why}; it was not used",
        "if it is {fix}, write that unit",
    ),
    "unit_assumed": ("info", "unit", "it is the only usual unit that fits", "write the unit"),
    "unit_missing": ("error", "unit", "several units fit: {why}", "write the unit"),
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
            fix = f"did you mean {' or '.join(candidates)}?" if candidates else "use the name on the report"
            self._problem("unknown_measurement", f"{self.name[:80]!r} is no known test", fix=fix)
            return self._answer(understood=False, candidates=candidates)
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
        self._problem("name_assumed", f"{self.name!r} was read as {label.lower()}")
        return list(near)

    def _parse(self, value: object) -> ParsedValue | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self._problem("not_a_number", f"{self.name}: {value!r} is no result")
            return None
        if not isinstance(value, str):
            number = float(value)
            if not math.isfinite(number):
                self._problem("not_a_number", f"{self.name} is {number}")
                return None
            return ParsedValue(numbers=(number,), other=(number,))
        parsed = parse_value(value)
        if len(parsed.numbers) > MOST_NUMBERS:
            self._problem("too_many_numbers", f"{self.name}: {len(parsed.numbers)} numbers")
            return None
        if not parsed.numbers and not parsed.word:
            why = "it is neither a number nor a known word"
            self._problem("value_not_understood", f"{self.name}: {value[:80]!r}", why=why)
            return None
        return parsed

    def _given_limits(self, low: object, high: object, parsed: ParsedValue) -> Limits:
        """The laboratory's limits as given, else as printed with the value."""
        given: list[float | None] = []
        for limit in (low, high):
            usable = isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit)
            if limit is not None and not usable:
                self._problem("limit_not_a_number", f"limit {limit!r} of {self.name}")
            given.append(float(limit) if usable else None)  # type: ignore[arg-type]
        if given == [None, None]:
            given = [parsed.low, parsed.high]
        if given[0] is not None and given[1] is not None and given[0] >= given[1]:
            self._problem("limits_swapped", f"limits {given[0]:g} to {given[1]:g} of {self.name}")
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
                what = f"{self.name} {number:g}{_behind(unit)} = {value:.4g}{_unit_text(quantity)}"
                self._problem("impossible_value", what, why=_span(quantity))
        if kept and key == "abi":
            kept = [min(kept)]  # source: aboyans2012, the lower leg counts
        low, high = self._canonical_limits(quantity, scale, limits)
        written = ", ".join(f"{parsed.censored}{number:g}" for number in numbers)
        words = f"{self.name} {written}{_behind(unit)}"
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
                what = f"{self.name}: unit {unit!r} is not known for {quantity.label.lower()}"
                self._problem("unknown_unit", what, fix=", ".join(list(quantity.units)[:3]))
                return None
            slip = find_slip(quantity, parsed, scale, usual, limits)
            if slip:
                likely = spelled(slip)
                right = f"{number:g} {likely} = {_rounded(convert(number, usual[slip]))}{_unit_text(quantity)}"
                confirmed = limits_confirm(quantity, usual[slip], limits)
                self._problem(
                    "unit_slip",
                    f"{self.name} {number:g} {unit} looks like {likely}: {right}",
                    why="the given limits" if confirmed else "a living person",
                    fix=likely,
                )
                return None
            if (key, normalize_unit(unit)) in self.index.misprints:
                read = f"{convert(number, scale):.4g}{_unit_text(quantity)}"
                self._problem("unit_misprint", f"{self.name} in {unit} was read as {read}")
            return scale
        if "" in known:
            return known[""]
        fitting = fitting_units(quantity, parsed, usual, limits)
        if len(fitting) == 1:
            name = next(iter(fitting))
            self._problem("unit_assumed", f"{self.name} {number:g} has no unit; {spelled(name)} was assumed")
            return fitting[name]
        if fitting:
            readings = "; ".join(
                f"{number:g} {name} = {_rounded(convert(number, scale))}{_unit_text(quantity)}"
                for name, scale in fitting.items()
            )
            self._problem("unit_missing", f"{self.name} {number:g} has no unit", why=readings)
        else:
            what = f"{self.name} {number:g} fits no usual unit"
            self._problem("impossible_value", what, why=_span(quantity))
        return None

    def _canonical_limits(self, quantity: Quantity, scale: Scale, limits: Limits) -> Limits:
        gaps = limit_gaps(quantity, scale, limits)
        if gaps and max(gaps) > FAR_LIMITS:
            self._problem("limits_ignored", f"limits of {self.name}: {limits[0]} to {limits[1]}")
            return (None, None)
        low, high = (None if limit is None else round(convert(limit, scale), 6) for limit in limits)
        return (low, high)

    def _times(self, key: str, quantity: Quantity, parsed: ParsedValue, high: float | None, unit: str | None) -> None:
        """Read a multiple of the upper limit."""
        scale = self.index.units[key].get(normalize_unit(unit)) if unit else None
        above = [level.limit.value for level in quantity.levels if level.side == "above"]
        limit = convert(high, scale) if high is not None and scale else min(above, default=None)
        said = f"{self.name} {parsed.numbers[0]:g} times the upper limit"
        if limit is None:
            self._problem("value_not_understood", said, why="no upper limit is known")
            return
        value = min(parsed.numbers[0] * limit, quantity.plausible[1])
        self._problem("limit_assumed", f"{said} was read as {value:g}{_unit_text(quantity)}", why=f"{limit:g}")
        self.readings.append(Reading(quantity=key, value=value, words=said, high=limit))

    def _words(self, quantity: Quantity, parsed: ParsedValue) -> None:
        """Turn low, high, normal and the like into findings."""
        word = parsed.word
        said = f"{self.name} {word.replace('_', ' ')}"
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
                self._problem("direction_without_meaning", f"{self.name} is {direction}")
                continue
            mildest_first = sorted(side, key=lambda level: level.limit.value, reverse=direction == "low")
            level = mildest_first[-1] if word.startswith("very") else mildest_first[0]
            self._fact(level.finding, True, said)
            self._absent(other, said)
        if word == "abnormal":
            why = "it may be too low or too high"
            self._problem("value_not_understood", f"{self.name} is called abnormal", why=why)

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
            what = f"{self.name}: one result for several tests ({', '.join(labels)})"
            self._problem("value_for_a_group", what)
            return
        for panel in panels:
            quantities = [*quantities, *(key for key in panel.quantities if key in self.index.quantities)]
            for finding in panel.findings:
                self._fact(finding, False, f"{self.name} normal")
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
                why=because.replace("{why}", why),
                fix=mend.replace("{fix}", fix),
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


def _span(quantity: Quantity) -> str:
    return f"{quantity.plausible[0]:g} to {quantity.plausible[1]:g}{_unit_text(quantity)}"


def _unit_text(quantity: Quantity) -> str:
    return "" if quantity.unit in ("1", "{INR}", "[pH]") else f" {quantity.unit}"


def _rounded(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.4g}"


def _behind(unit: str | None) -> str:
    return f" {unit}" if unit else ""
