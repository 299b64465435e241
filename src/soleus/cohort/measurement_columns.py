"""Columns of measurements: cells, with their units and limits, become readings in canonical units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from soleus.cohort.cells import Column, Rejects, Unreadable, distinct, flatten, is_unknown, number_in
from soleus.cohort.mapping import QuantityColumn
from soleus.core.case import Reading
from soleus.knowledge.laboratory import resolve_value
from soleus.knowledge.laboratory_index import LaboratoryIndex
from soleus.reasoning.batch_people import CENSORED, Readings

__all__ = ["MeasuredColumn", "Measurements", "gather_readings"]

NOT_A_NUMBER = Unreadable("not_a_number", "it is not a number", "write a plain number, or leave the cell empty")
UNEVEN = Unreadable(
    "uneven_lists", "there are not as many units or limits as values", "give one for each value, or none"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one distinct cell with its unit and limits gives."""

    readings: tuple[Reading, ...]
    facts: tuple[tuple[str, bool], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """A column of measurements as read: answers, which of them each cell holds (-1 none), and each cell's row."""

    answers: list[Measured]
    which: NDArray[np.int64]
    rows: NDArray[np.int64]


class MeasuredColumn:
    """Reads one column of measurements, in the way a single assessment reads a printed result."""

    def __init__(self, column: QuantityColumn, index: LaboratoryIndex, unknown: frozenset[str]) -> None:
        self.column, self.index = column, index
        self.cells: Column[Measured] = Column(column.column, self._read, unknown)
        self.units: Column[str] = Column(column.unit_column or "", str, unknown)
        self.limits = [Column(name or "", _number, unknown) for name in (column.low_column, column.high_column)]

    def read(self, batch: pa.RecordBatch, rejects: Rejects) -> Measurements:
        """Return the measurements of a batch; a cell that cannot be used makes its row a reject."""
        cells, rows = flatten(batch.column(self.column.column))
        values, which = distinct(cells)
        sides = [self._side(self.units, self.column.unit_column, batch, rows, rejects)]
        sides += [
            self._side(limit, name, batch, rows, rejects)
            for limit, name in zip(self.limits, (self.column.low_column, self.column.high_column), strict=True)
        ]
        if any(side is not None for side in sides):
            silent = np.array([*(is_unknown(value, self.cells.unknown) for value in values), True])
            which = np.where(silent[which], -1, which)
            # a cell is read together with its unit and limits: each distinct combination once
            parts = [side if side is not None else ([None], np.zeros(len(which), dtype=np.int64)) for side in sides]
            combined, place = np.unique(
                np.stack([which, *(index for _, index in parts)], axis=1),
                axis=0,
                return_inverse=True,
            )
            told = [
                None
                if row[0] < 0
                else (values[row[0]], *(side[k] for (side, _), k in zip(parts, row[1:], strict=True)))
                for row in combined.tolist()
            ]
            kept = [k for k, one in enumerate(told) if one is not None]
            position = np.full(len(told), -1, dtype=np.int64)
            position[kept] = np.arange(len(kept))
            values, which = [_Together(*told[k]) for k in kept], position[place.reshape(-1)]  # type: ignore[misc]
        read = self.cells.read(values, which, rows, rejects)
        return Measurements(read.answers, read.which, rows)

    @staticmethod
    def _side(
        column: Column[Any], name: str | None, batch: pa.RecordBatch, rows: NDArray[np.int64], rejects: Rejects
    ) -> tuple[list[Any], NDArray[np.int64]] | None:
        """Return a column of units or limits: its answers, the last of them None, and which each value has."""
        if name is None:
            return None
        listed = batch.column(name)
        cells, own = flatten(listed)
        known, which = distinct(cells)
        read = column.read(known, which, own, rejects)
        if cells is listed:  # one unit or limit for all values of a row
            which = read.which[rows]
        else:  # each value has its own
            values, sides = (np.bincount(of, minlength=batch.num_rows) for of in (rows, own))
            uneven = np.flatnonzero((values != sides) & (sides > 0))
            rejects.add(name, [UNEVEN.code], np.zeros(len(uneven), dtype=np.int64), uneven, {0: UNEVEN})
            within = np.arange(len(rows)) - (np.cumsum(values) - values)[rows]
            at = (np.cumsum(sides) - sides)[rows] + np.minimum(within, np.maximum(sides[rows] - 1, 0))
            which = np.where(sides[rows] > 0, np.append(read.which, -1)[np.minimum(at, len(read.which))], -1)
        return [*read.answers, None], np.where(which < 0, len(read.answers), which)

    def _read(self, cell: Any) -> Measured | Unreadable:
        value, unit, low, high = cell if isinstance(cell, _Together) else (cell, None, None, None)
        if isinstance(value, bool | np.bool_):
            return NOT_A_NUMBER
        number = number_in(value)
        printed = str(value) if number is None else number
        name = self.column.quantity
        answer = resolve_value(name, printed, unit or self.column.unit, low, high, self.index, where=self.column.column)
        if not answer.readings and not answer.facts and answer.problems:
            first = answer.problems[0]
            return Unreadable(first.code, f"{first.what}: {first.why}" if first.why else first.what, first.fix)
        return Measured(
            answer.readings,
            tuple((fact.finding, fact.present) for fact in answer.facts),
            tuple(problem.code for problem in answer.problems),
        )


class _Together(tuple[Any, str | None, float | None, float | None]):
    """A value with its unit and limits, as one cell."""

    __slots__ = ()

    def __new__(cls, value: Any, unit: str | None, low: float | None, high: float | None) -> _Together:
        return super().__new__(cls, (value, unit, low, high))

    def __str__(self) -> str:
        return f"{self[0]} {self[1]}" if self[1] else str(self[0])


def _number(cell: Any) -> float | Unreadable:
    number = number_in(cell)
    return NOT_A_NUMBER if number is None else number


def gather_readings(columns: list[Measurements], n: int) -> Readings | None:
    """Return the readings of one quantity from all its columns, person by person; None when there are none."""
    people: list[NDArray[np.int64]] = []
    pools: list[NDArray[np.float64]] = []
    for one in columns:
        listed = [_row(reading) for answer in one.answers for reading in answer.readings]
        if not listed:
            continue
        pool = np.array(listed)
        count = np.array([*(len(answer.readings) for answer in one.answers), 0])
        start = np.concatenate(([0], np.cumsum(count)))[:-1]
        each = count[one.which]
        people.append(np.repeat(one.rows, each))
        within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        pools.append(pool[np.repeat(start[one.which], each) + within])
    if not people:
        return None
    person, values = np.concatenate(people), np.concatenate(pools)
    if len(people) > 1:
        order = np.argsort(person, kind="stable")
        person, values = person[order], values[order]
    return Readings(
        np.concatenate(([0], np.cumsum(np.bincount(person, minlength=n)))),
        np.ascontiguousarray(values[:, 0]),
        np.ascontiguousarray(values[:, 1]),
        np.ascontiguousarray(values[:, 2]),
        values[:, 3].astype(np.int8),
    )


def _row(reading: Reading) -> tuple[float, float, float, float]:
    low, high = (np.nan if limit is None else limit for limit in (reading.low, reading.high))
    return reading.value, low, high, float(CENSORED.index(reading.censored))
