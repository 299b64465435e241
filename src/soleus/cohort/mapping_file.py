"""Read a mapping file and check it against the evidence, before the first row of a register is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from soleus.cohort.mapping import CodedColumn, Mapping, QuantityColumn, person_columns
from soleus.core.problem import Problem
from soleus.knowledge.laboratory_text import normalize_unit
from soleus.knowledge.schema import Evidence


class MappingError(ValueError):
    """A mapping file can't be used; ``problems`` says where and how to mend it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(one) for one in self.problems))


def load_mapping(path: Path, evidence: Evidence) -> Mapping:
    """Return the mapping that a TOML file describes, checked against the evidence.

    Parameters
    ----------
    path : Path
        See docs/screening.md for what it may say.
    evidence : Evidence
        Its findings, quantities and units are the ones that can be named.

    Raises
    ------
    MappingError
        The file can't be read, isn't TOML, names an unknown finding, quantity or unit, or says two things about one
        column. All that is wrong is told at once.
    """
    name = path.name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(
            [
                _problem(
                    "no_mapping", str(path), f"it can't be read: {error}", "check its name; it is a text file in UTF-8"
                )
            ]
        ) from None
    try:
        mapping = msgspec.toml.decode(text, type=Mapping)
    except msgspec.ValidationError as error:
        where = f"{name}{_line_of(str(error), text)}"
        raise MappingError([_problem("bad_mapping", where, str(error), "see docs/screening.md")]) from None
    except msgspec.DecodeError as error:  # its message names line and column
        raise MappingError([_problem("bad_mapping", name, f"it is no TOML: {error}", "correct that line")]) from None
    if problems := check_mapping(mapping, evidence, name):
        raise MappingError(problems)
    return mapping


def check_mapping(mapping: Mapping, evidence: Evidence, name: str = "mapping") -> list[Problem]:
    """Return everything that is wrong with a mapping (an empty list when it is sound).

    Parameters
    ----------
    mapping : Mapping
    evidence : Evidence
    name : str
        Its file, for the places of the problems.
    """
    found = [*_check_findings(mapping, evidence, name), *_check_quantities(mapping, evidence, name)]
    found += [*_check_person(mapping, name), *_check_medicines(mapping, name)]
    found += _check_long(mapping, evidence, name) if mapping.long is not None else _check_wide(mapping, name)
    return found


def _check_findings(mapping: Mapping, evidence: Evidence, name: str) -> Iterable[Problem]:
    uses = Counter(one.column for one in mapping.findings)
    told = Counter(one.finding for one in mapping.findings)
    for number, one in enumerate(mapping.findings, start=1):
        where = f"{name}: [[finding]] {number}, column {one.column}"
        yield from _known(one.finding, evidence.findings, "finding", where)
        yield from _both_lists(one, where)
        if uses[one.column] > 1 and not (one.present and one.absent):
            what = f"column {one.column} is named twice"
            yield _problem("column_twice", where, what, "keep one, or list present and absent cells for each finding")
        if told[one.finding] > 1:
            what = f"finding {one.finding} is read from {told[one.finding]} columns"
            yield _problem("finding_twice", where, what, "make one column of them first: they may contradict")


def _check_quantities(mapping: Mapping, evidence: Evidence, name: str) -> Iterable[Problem]:
    roles: Counter[str] = Counter()
    for one in mapping.quantities:
        roles.update([one.column])
    others = {*person_columns(mapping.person), *(one.column for one in mapping.findings)}
    for number, one in enumerate(mapping.quantities, start=1):
        where = f"{name}: [[quantity]] {number}, column {one.column}"
        yield from _known(one.quantity, evidence.quantities, "quantity", where)
        yield from _known_unit(one.quantity, one.unit, evidence, where)
        if roles[one.column] > 1 or one.column in others or one.column in _side_columns(one):
            yield _problem("column_twice", where, f"column {one.column} is named twice", "keep one of them")


def _side_columns(one: QuantityColumn) -> set[str]:
    return {column for column in (one.unit_column, one.low_column, one.high_column) if column}


def _check_person(mapping: Mapping, name: str) -> Iterable[Problem]:
    person = mapping.person
    named = [person.id, person.age, person.pregnancy_month]
    for one in (person.sex, person.pregnant, person.postpartum, person.setting):
        named.append(one.column if one is not None else None)
    for column, times in Counter(column for column in named if column).items():
        if times > 1:
            where = f"{name}: [person]"
            yield _problem("column_twice", where, f"column {column} is named twice", "give each its own column")
    setting = person.setting
    if (
        setting is not None
        and bool(setting.column) == (setting.value is not None)
        and (setting.value or not mapping.long)
    ):
        where = f"{name}: [person.setting]"
        yield _problem("bad_setting", where, "it needs a column or a value, and not both", "give one of them")
    for label, coded in (("pregnant", person.pregnant), ("postpartum", person.postpartum)):
        if coded is not None:
            yield from _both_lists(coded, f"{name}: [person.{label}]")
    if person.sex is not None and bool(person.sex.female) != bool(person.sex.male):
        what = "female and male need each other: one list alone leaves the other cells unreadable"
        yield _problem("one_list", f"{name}: [person.sex]", what, "list the cells of both")


def _check_medicines(mapping: Mapping, name: str) -> Iterable[Problem]:
    for number, one in enumerate(mapping.medicines, start=1):
        if not one.separator:
            where = f"{name}: [[medicine]] {number}, column {one.column}"
            yield _problem("no_separator", where, "the separator is empty", 'write one, such as ";"')


def _check_wide(mapping: Mapping, name: str) -> Iterable[Problem]:
    if mapping.codes:
        what = "[[code]] says what the codes of a long table mean, and there is no [long]"
        yield _problem("no_long_table", f"{name}: [[code]]", what, "add [long], or use [[finding]] and [[quantity]]")
    elif not (mapping.findings or mapping.quantities or mapping.medicines):
        what = "no column is a finding, a quantity or a medicine"
        yield _problem("empty_mapping", name, what, "name at least one: there is nothing to screen")


def _check_long(mapping: Mapping, evidence: Evidence, name: str) -> Iterable[Problem]:
    if mapping.findings or mapping.quantities or mapping.medicines:
        what = "a long table has no columns of findings, quantities or medicines"
        yield _problem("long_and_wide", f"{name}: [long]", what, "say with [[code]] what its codes mean")
    if not mapping.codes:
        yield _problem("empty_mapping", name, "no [[code]]", "say what at least one code means")
    told = Counter((code, row.target) for row in mapping.codes for code in row.codes)
    for number, row in enumerate(mapping.codes, start=1):
        where = f"{name}: [[code]] {number}"
        kinds = [row.finding, row.quantity, row.attribute]
        if sum(kind is not None for kind in kinds) != 1:
            what = "it needs exactly one of finding, quantity and attribute"
            yield _problem("bad_code", where, what, "give one of them")
            continue
        if not row.codes:
            yield _problem("bad_code", where, "codes is empty", "list the codes")
        if row.finding is not None:
            yield from _known(row.finding, evidence.findings, "finding", where)
            yield from _both_lists(row, where)
        elif row.present or row.absent:
            yield _problem("bad_code", where, "present and absent are for findings", "remove them")
        if row.quantity is not None:
            yield from _known(row.quantity, evidence.quantities, "quantity", where)
            yield from _known_unit(row.quantity, row.unit, evidence, where)
        needs_value = row.finding is None or row.present or row.absent
        if needs_value and mapping.long is not None and mapping.long.value is None:
            yield _problem("no_value", where, "its value is needed, and [long] names no value", "add value to [long]")
        for code in row.codes:
            if told[code, row.target] > 1:
                yield _problem("code_twice", where, f"code {code} says {row.target} twice", "keep one of them")
    for attribute, also in (("age", mapping.person.age), ("pregnancy_month", mapping.person.pregnancy_month)):
        if also and any(row.attribute == attribute for row in mapping.codes):
            what = f"{attribute} is both a code and a column of people"
            yield _problem("attribute_twice", f"{name}: [person]", what, "keep one of them")


def _both_lists(one: CodedColumn | object, where: str) -> Iterable[Problem]:
    present = {_text(cell) for cell in getattr(one, "present", ())}
    absent = {_text(cell) for cell in getattr(one, "absent", ())}
    if both := sorted(present & absent):
        what = f"{', '.join(both)} means both present and absent"
        yield _problem("both_lists", where, what, "keep it in one list")


def _text(cell: object) -> str:
    return str(cell).lower()


def _known(word: str, known: Iterable[str], kind: str, where: str) -> Iterable[Problem]:
    names = list(known)
    if word not in names:
        from rapidfuzz import process  # imported here: only an unknown name needs it

        near = [name for name, score, _ in process.extract(word, names, limit=3) if score >= 60]
        fix = f"did you mean {' or '.join(near)}?" if near else f"soleus evidence list shows every {kind}"
        yield _problem(f"unknown_{kind}", where, f"{word!r} is no {kind} of the evidence", fix)


def _known_unit(quantity: str, unit: str | None, evidence: Evidence, where: str) -> Iterable[Problem]:
    known = evidence.quantities.get(quantity)
    if unit is None or known is None:
        return
    if normalize_unit(unit) not in {normalize_unit(one) for one in known.units}:
        fix = f"use one of {', '.join(list(known.units)[:4])}"
        yield _problem("unknown_unit", where, f"unit {unit!r} isn't known for {quantity}", fix)


def _line_of(message: str, text: str) -> str:
    """Return the line of the table that a message like ``… - at `$.finding[2].column` `` is about, or ""."""
    place = re.search(r"at `\$\.(\w+)(?:\[(\d+)\])?", message)
    if place is None:
        return ""
    number, wanted = int(place[2] or 0), re.compile(rf"\s*\[\[?\s*{re.escape(place[1])}\b")
    lines = [line for line, content in enumerate(text.splitlines(), start=1) if wanted.match(content)]
    return f": line {lines[number]}" if number < len(lines) else ""


def _problem(code: str, where: str, what: str, fix: str) -> Problem:
    return Problem(code=code, level="error", where=where, what=what, why="nothing was screened", fix=fix)
