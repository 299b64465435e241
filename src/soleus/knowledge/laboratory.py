"""Turn a laboratory or bedside measurement as printed into readings in canonical units, or say why not.

Nothing is guessed silently: a unit is inferred only when one usual unit alone fits, and the assumption is
told; a value that looks like another unit is not used and the likely correction is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from soleus.core.case import Fact, Reading
from soleus.core.message import Message, say, say_all, say_as, say_or
from soleus.core.problem import Problem
from soleus.knowledge.laboratory_index import LaboratoryIndex, Panels, misspelled_test, named_tests, nearest_names
from soleus.knowledge.laboratory_problems import living_range, measurement_problem, unit_text, with_unit
from soleus.knowledge.laboratory_scale import CLOSE, Limits, Scale, convert, is_possible, limit_gaps
from soleus.knowledge.laboratory_text import MOST_NUMBERS, ParsedValue, normalize_unit, parse_value
from soleus.knowledge.laboratory_units import read_unit
from soleus.knowledge.laboratory_verdicts import Verdict, read_group_verdict, read_verdict
from soleus.knowledge.schema import Quantity

FAR_LIMITS = 2.5 * CLOSE  # choice: limits this far from ours (a factor of 5.7) cannot be about the same thing


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
        targets = named_tests(self.name, self.index) or self._misspelled()
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
            self._take(read_group_verdict(self.name, groups, quantities, parsed.word, self.index, self.where))
        return self._answer()

    def _misspelled(self) -> list[str]:
        """Take a misspelled name for the only test that it can be; tell it."""
        target = misspelled_test(self.name, self.index)
        if not target:
            return []
        label = self.index.label(target)
        read = say("{name!r} was read as {label}", name=self.name, label=say_as(label.lower(), label))
        self._problem("name_assumed", read)
        return [target]

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
            self._take(read_verdict(self.name, quantity, parsed.word, self.where))
            return
        if parsed.times_limit:
            self._times(key, quantity, parsed, limits[1], unit)
            return
        scale, problem = read_unit(self.name, key, parsed, unit, limits, self.index, self.where)
        if problem:
            self.problems.append(problem)
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
                printed = with_unit(say("{number:g}", number=number), unit or "")
                read = with_unit(say("{value:.4g}", value=value), unit_text(quantity))
                what = say("{name} {printed} = {read}", name=self.name, printed=printed, read=read)
                self._problem("impossible_value", what, why=living_range(quantity))
        if kept and key == "abi":
            kept = [min(kept)]  # source: aboyans2012, the lower leg counts
        low, high = self._canonical_limits(quantity, scale, limits)
        written = say_all([_censored(parsed.censored, number) for number in numbers], ", ")
        words = say("{name} {value}", name=self.name, value=with_unit(written, unit or ""))
        self.readings += [
            Reading(quantity=key, value=round(value, 6), words=words, low=low, high=high, censored=parsed.censored)
            for value in kept
        ]

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
        read = with_unit(say("{number:g}", number=value), unit_text(quantity))
        what = say("{told} was read as {read}", told=said, read=read)
        self._problem("limit_assumed", what, why=say("the upper limit {limit:g} was used", limit=limit))
        self.readings.append(Reading(quantity=key, value=value, words=said, high=limit))

    def _take(self, verdict: Verdict) -> None:
        facts, problems = verdict
        self.problems += problems
        for fact in facts:
            if fact.present or fact.finding not in self.facts:
                self.facts[fact.finding] = fact

    def _problem(self, code: str, what: str, why: str = "", fix: str = "") -> None:
        self.problems.append(measurement_problem(code, self.where, what, why, fix))

    def _answer(self, understood: bool = True, candidates: tuple[str, ...] = ()) -> ResolvedMeasurement:
        return ResolvedMeasurement(
            name=self.name,
            readings=tuple(self.readings),
            facts=tuple(self.facts.values()),
            problems=tuple(self.problems),
            understood=understood,
            candidates=candidates,
        )


def _censored(sign: str, number: float) -> Message:
    return say("{sign}{number:g}", sign=sign, number=number) if sign else say("{number:g}", number=number)
