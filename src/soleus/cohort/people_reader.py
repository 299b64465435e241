"""From a batch of a register's rows to the facts of people: the mapping applied, and what cannot be read set apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from soleus.cohort.cells import (
    Column,
    ColumnTypeError,
    Read,
    Rejects,
    Unreadable,
    cell_key,
    distinct,
    flatten,
    is_unknown,
)
from soleus.cohort.coded_cells import (
    read_age,
    read_month,
    setting_reader,
    sex_reader,
    state_reader,
    whole_numbers_as_text,
)
from soleus.cohort.mapping import CodedColumn, Mapping, MedicineColumn
from soleus.cohort.measurement_columns import MeasuredColumn, Measurements, gather_readings
from soleus.core.case import Case
from soleus.knowledge.generality import ancestors
from soleus.knowledge.laboratory_index import LaboratoryIndex, panels_from
from soleus.knowledge.schema import Evidence
from soleus.knowledge.understand import MONTH_ASSUMED, POSTPARTUM_FINDING, understand
from soleus.knowledge.word_lists import WordLists, build_word_lists
from soleus.reasoning.batch_people import ABSENT, PRESENT, SETTINGS, UNKNOWN, People, Readings, States

__all__ = ["DOUBLED", "PeopleReader", "ReadPeople"]

DOUBLED = "__doubled"  # an optional column: the person's code stands in another row, too

NO_MEDICINES = "takes_no_medicines"

Bools = NDArray[np.bool_]


@dataclass(slots=True)
class ReadPeople:
    """A batch as read: the people, their codes, the rows that cannot be read, and what is worth telling of others.

    ``problems``: code of a problem and the rows (N,) that have it.
    """

    people: People
    ids: pa.Array
    rejects: Rejects
    problems: dict[str, Bools]


@dataclass(slots=True)
class _Told:
    """Findings as they are gathered; what is told as present and as absent counts as present, the safer reading."""

    n: int
    states: dict[str, States] = field(default_factory=dict)
    problems: dict[str, Bools] = field(default_factory=dict)

    def add(self, finding: str, rows: NDArray[np.int64] | None, state: States) -> None:
        """Add what one source says of a finding: `state` of each person, or of each of the `rows`."""
        if rows is not None:
            spread = np.zeros(self.n, np.int8)
            np.maximum.at(spread, rows, state)
            state = spread
        known = self.states.get(finding)
        if known is not None:
            self.note("contradiction", (known != UNKNOWN) & (state != UNKNOWN) & (known != state))
            state = np.maximum(known, state)
        self.states[finding] = state

    def fill(self, findings: Iterable[str], rows: Bools, general: dict[str, set[str]]) -> None:
        """Make findings absent in some rows, where neither they nor a special case of them (`general`) was told."""
        implied: dict[str, Bools] = {}
        for finding, state in self.states.items():
            for wide in general[finding]:
                implied[wide] = implied.get(wide, np.zeros(self.n, dtype=bool)) | (state == PRESENT)
        for finding in findings:
            known = self.states.get(finding, np.zeros(self.n, np.int8))
            silent = rows & (known == UNKNOWN)
            if finding in implied:
                silent &= ~implied[finding]
            self.states[finding] = np.where(silent, ABSENT, known).astype(np.int8)

    def note(self, code: str, rows: Bools) -> None:
        """Note a problem of some rows."""
        if rows.any():
            self.problems[code] = self.problems[code] | rows if code in self.problems else rows


class PeopleReader:
    """Reads batches of one register with one mapping. Safe to share between threads."""

    def __init__(self, evidence: Evidence, mapping: Mapping) -> None:
        self.evidence, self.mapping = evidence, mapping
        unknown = frozenset(cell_key(cell) for cell in mapping.unknown)
        person = mapping.person
        self.age = _column(person.age, read_age, unknown)
        self.month = _column(person.pregnancy_month, read_month, unknown)
        self.sex = _column(person.sex.column, sex_reader(person.sex), unknown) if person.sex else None
        self.setting = (
            _column(person.setting.column, setting_reader(person.setting), unknown)
            if person.setting and person.setting.column
            else None
        )
        coded: dict[str, list[CodedColumn]] = {}
        for one in (person.pregnant, person.postpartum, *mapping.findings):
            if one is not None:
                coded.setdefault(one.column, []).append(one)
        self.coded = {
            one: Column(name, state_reader(one, all_), unknown) for name, all_ in coded.items() for one in all_
        }
        laboratory = LaboratoryIndex(evidence.quantities, panels_from(evidence.vocabulary["panels"]))
        self.measured = [(one.quantity, MeasuredColumn(one, laboratory, unknown)) for one in mapping.quantities]
        self.medicines = [(one, Column(one.column, self._medicine, unknown)) for one in mapping.medicines]
        self.unknown = unknown
        self.general = {key: ancestors(evidence, key) for key in evidence.findings}
        # pairs that cannot both be present, in the direction in which a single case tells them
        self.pairs = [(key, other) for key, one in evidence.findings.items() for other in one.excludes if key < other]

    def read(self, batch: pa.RecordBatch) -> ReadPeople:
        """Return the people of a batch; every row is either readable or a reject.

        Raises
        ------
        ColumnTypeError
            A column holds what no cell is; the message names the column.
        """
        n = batch.num_rows
        rejects, told = Rejects.none(n), _Told(n)
        ids = self._ids(batch, rejects)
        nobody = np.zeros(n, np.int8)
        age = self._numbers(self.age, batch, rejects)
        month = self._numbers(self.month, batch, rejects)
        sex = _values(self.sex, batch, rejects, nobody)
        setting = _values(self.setting, batch, rejects, nobody)
        if self.mapping.person.setting and self.mapping.person.setting.value is not None:
            setting = np.full(n, SETTINGS.index(self.mapping.person.setting.value), dtype=np.int8)
        pregnant = self._coded(self.mapping.person.pregnant, batch, rejects, nobody)
        postpartum = self._coded(self.mapping.person.postpartum, batch, rejects, nobody)
        for one in self.mapping.findings:
            told.add(one.finding, None, self._coded(one, batch, rejects, nobody))
        complete = [self._take_medicines(one, column, batch, rejects, told) for one, column in self.medicines]
        readings = self._take_measurements(batch, rejects, told)
        for listed, (medicine, _) in zip(complete, self.medicines, strict=True):
            if medicine.complete:
                told.fill(self.evidence.all_absent[NO_MEDICINES], listed, self.general)
        for key, other in self.pairs:
            if key in told.states and other in told.states:
                told.note("contradiction", (told.states[key] == PRESENT) & (told.states[other] == PRESENT))
        month, sex = _pregnancy(month, sex, pregnant, told)
        if POSTPARTUM_FINDING in told.states:
            postpartum = np.where(postpartum == UNKNOWN, told.states[POSTPARTUM_FINDING], postpartum)
        people = People(age, month, sex, setting, postpartum.astype(np.int8), told.states, readings)
        return ReadPeople(people, ids, rejects, told.problems)

    def _ids(self, batch: pa.RecordBatch, rejects: Rejects) -> pa.Array:
        """Return the codes of people as text; a row without one is a reject."""
        name = self.mapping.person.id
        column = batch.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_floating(column.type):  # whole numbers with empty cells among them arrive as floats
            column = whole_numbers_as_text(column)
        try:
            ids = pc.utf8_trim_whitespace(column.cast(pa.string()))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # PyArrow says so of a kind that is no text
            raise ColumnTypeError(f"column {name}: {column.type} is no person's code") from None
        missing = np.flatnonzero(pc.fill_null(pc.equal(ids, ""), True).to_numpy(zero_copy_only=False))
        rejects.add(name, [""], np.zeros(len(missing), dtype=np.int64), missing, {0: MISSING})
        if DOUBLED in batch.schema.names:
            doubled = np.flatnonzero(batch.column(DOUBLED).to_numpy(zero_copy_only=False))
            told = ids.take(pa.array(doubled)).to_pylist()
            rejects.add(name, told, np.arange(len(told)), doubled, dict.fromkeys(range(len(told)), DUPLICATE))
        return pc.if_else(pc.equal(ids, ""), None, ids)

    def _numbers(self, column: Column[float] | None, batch: pa.RecordBatch, rejects: Rejects) -> NDArray[np.float64]:
        if column is None:
            return np.full(batch.num_rows, np.nan)
        return _read(column, batch, rejects).values(np.nan, np.float64)

    def _coded(self, one: CodedColumn | None, batch: pa.RecordBatch, rejects: Rejects, nobody: States) -> States:
        return _values(self.coded[one], batch, rejects, nobody) if one is not None else nobody

    def _take_measurements(self, batch: pa.RecordBatch, rejects: Rejects, told: _Told) -> dict[str, Readings]:
        """Read all columns of measurements; results in words become findings."""
        by_quantity: dict[str, list[Measurements]] = {}
        for quantity, column in self.measured:
            try:
                read = column.read(batch, rejects)
            except ColumnTypeError as error:
                raise ColumnTypeError(f"column {column.column.column}: {error}") from None
            by_quantity.setdefault(quantity, []).append(read)
            _spread([answer.facts for answer in read.answers], read.which, read.rows, told)
            _note([answer.problems for answer in read.answers], read.which, read.rows, told)
        gathered = {key: gather_readings(columns, told.n) for key, columns in by_quantity.items()}
        return {key: one for key, one in gathered.items() if one is not None}

    def _take_medicines(
        self,
        medicine: MedicineColumn,
        column: Column[tuple[tuple[tuple[str, bool], ...], bool]],
        batch: pa.RecordBatch,
        rejects: Rejects,
        told: _Told,
    ) -> Bools:
        """Read one column of medicines; return the rows that have a list of them, be it empty."""
        listed = batch.column(medicine.column)
        cells, rows = flatten(listed)
        texts, which = distinct(cells)
        parts = [_parts(text, medicine.separator) for text in texts]
        names = {name: k for k, name in enumerate(dict.fromkeys(name for part in parts for name in part))}
        # one cell may name several medicines: each name is read once, and counts for every row that has it
        count = np.array([*(len(part) for part in parts), 0])
        flat = np.array([names[name] for part in parts for name in part], dtype=np.int64)
        start = np.concatenate(([0], np.cumsum(count)))[:-1]
        each = count[which]
        within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        named, owner = flat[np.repeat(start[which], each) + within], np.repeat(rows, each)
        read = column.read(list(names), named, owner, rejects)
        _spread([facts for facts, _ in read.answers], read.which, owner, told)
        _note([() if understood else ("not_understood",) for _, understood in read.answers], read.which, owner, told)
        if cells is not listed:
            has_list: Bools = listed.is_valid().to_numpy(zero_copy_only=False)
            return has_list
        silent = np.array([*(is_unknown(text, self.unknown) for text in texts), True])
        return ~silent[which]

    @cached_property
    def words(self) -> WordLists:
        """The words of the evidence base: only names of medicines need them, and to load them takes a while."""
        return build_word_lists(self.evidence)

    def _medicine(self, name: Any) -> tuple[tuple[tuple[str, bool], ...], bool]:
        facts = understand(Case(medicines=(str(name),)), self.evidence, self.words)
        return tuple((fact.finding, fact.present) for fact in facts.facts), all(u.understood for u in facts.understood)


DUPLICATE = Unreadable(
    "duplicate_person",
    "more than one row has this person's code, and nobody can tell which is right",
    "keep one row for each person, or screen the register as a long table",
)
MISSING = Unreadable("missing_person", "a row without a person's code belongs to nobody", "give every row a code")


def _column(name: str | None, read: Any, unknown: frozenset[str]) -> Column[Any] | None:
    return Column(name, read, unknown) if name else None


def _distinct(batch: pa.RecordBatch, name: str) -> tuple[list[Any], NDArray[np.int64]]:
    try:
        return distinct(batch.column(name))
    except ColumnTypeError as error:
        raise ColumnTypeError(f"column {name}: {error}") from None


def _read(column: Column[Any], batch: pa.RecordBatch, rejects: Rejects) -> Read[Any]:
    cells, which = _distinct(batch, column.name)
    return column.read(cells, which, np.arange(len(which)), rejects)


def _values(column: Column[Any] | None, batch: pa.RecordBatch, rejects: Rejects, nobody: States) -> States:
    return nobody if column is None else _read(column, batch, rejects).values(0, np.int8)


def _spread(
    facts: list[tuple[tuple[str, bool], ...]], which: NDArray[np.int64], rows: NDArray[np.int64], told: _Told
) -> None:
    """Add the findings that distinct cells give to all rows that hold them."""
    for finding in sorted({finding for one in facts for finding, _ in one}):
        state = [max((ABSENT + present for name, present in one if name == finding), default=UNKNOWN) for one in facts]
        told.add(finding, rows, np.array([*state, UNKNOWN], dtype=np.int8)[which])


def _note(codes: list[tuple[str, ...]], which: NDArray[np.int64], rows: NDArray[np.int64], told: _Told) -> None:
    """Note the problems that distinct cells have in all rows that hold them."""
    for code in sorted({code for one in codes for code in one}):
        has = np.array([*(code in one for one in codes), False])[which]
        noted = np.zeros(told.n, dtype=bool)
        noted[rows[has]] = True
        told.note(code, noted)


def _pregnancy(
    month: NDArray[np.float64], sex: States, pregnant: States, told: _Told
) -> tuple[NDArray[np.float64], States]:
    """Return month and sex, each as far as the other tells it, as in `soleus.knowledge.understand`."""
    male = sex == 2
    wrong = male & (pregnant == PRESENT)
    told.note("contradiction", wrong)
    month = np.where(wrong, np.nan, month)
    pregnant = np.where(wrong, UNKNOWN, pregnant)
    assumed = np.isnan(month) & (pregnant == PRESENT)
    told.note("month_unknown", assumed)
    month = np.where(assumed, MONTH_ASSUMED, month)
    month = np.where(np.isnan(month) & ((pregnant == ABSENT) | male), 0.0, month)
    return month, np.where((month > 0) & (sex == 0), 1, sex).astype(np.int8)


def _parts(text: object, separator: str) -> list[str]:
    return [part.strip() for part in str(text).split(separator) if part.strip()]
