"""Cells of a column of a register: each distinct one is read once, however many rows hold it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "Column",
    "ColumnTypeError",
    "Read",
    "Rejects",
    "Unreadable",
    "cell_key",
    "distinct",
    "flatten",
    "is_unknown",
    "number_in",
]

T = TypeVar("T")
Indices = NDArray[np.int64]

MOST_KEPT = 200_000  # choice: distinct cells of a column that are kept for later batches
LONGEST = 80  # characters of a cell that a reject repeats


class ColumnTypeError(TypeError):
    """A column holds something that no cell of a register is (a struct, binary data): nothing in it can be read."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a cell cannot be read."""

    code: str
    why: str
    fix: str


def cell_key(cell: object) -> str:
    """Return the form in which cells are compared: 1, 1.0, "1" and " 1.0 " are one, and so are True and "true".

    Examples
    --------
    >>> cell_key(1), cell_key("1.0"), cell_key(True), cell_key(" Yes ")
    ('1', '1', 'true', 'yes')
    """
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    text = str(cell).strip().casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.15g}" if math.isfinite(number) else text


def is_unknown(cell: object, unknown: frozenset[str]) -> bool:
    """Tell whether a cell says nothing: empty, not a number (NaN), or one of the cells that mean unknown."""
    key = cell_key(cell)
    return key in ("", "nan") or key in unknown


def number_in(cell: object) -> float | None:
    """Return the finite number that a cell holds, as a number or as text; None when it holds none.

    Examples
    --------
    >>> number_in(68), number_in(" 68.5 "), number_in("old")
    (68.0, 68.5, None)
    """
    if isinstance(cell, bool | np.bool_):
        return None
    try:
        number = float(str(cell))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def distinct(column: pa.Array) -> tuple[list[Any], Indices]:
    """Return the distinct cells of a column and which of them each row holds; -1 where it is empty."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    plain = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if not (plain or pa.types.is_boolean(kind) or pa.types.is_integer(kind) or _is_number(kind)):
        if pa.types.is_null(kind):
            return [], np.full(len(column), -1, dtype=np.int64)
        raise ColumnTypeError(f"it holds {kind}, which is neither text nor a number")
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    which = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return encoded.dictionary.to_pylist(), which


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def flatten(column: pa.Array) -> tuple[pa.Array, Indices]:
    """Return the cells of a column, and the row of each; a list's items are cells of its row."""
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return column, np.arange(len(column))
    count = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return column.flatten(), np.repeat(np.arange(len(column)), count)


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A column as read: what each distinct cell says, and which of them each cell is; -1 where it is unknown."""

    answers: list[T]
    which: Indices

    def values(self, empty: Any, dtype: Any) -> NDArray[Any]:
        """Return one number for each cell: the answers, and `empty` where unknown."""
        return np.array([*self.answers, empty], dtype=dtype)[self.which]


class Column(Generic[T]):
    """Reads the cells of one column with one function, keeping what it has read.

    Parameters
    ----------
    name : str
        In the table.
    read : callable
        Takes a cell and returns what it says, or why it is `Unreadable`.
    unknown : frozenset of str
        Cells (see `cell_key`) that mean unknown, beside empty ones.
    """

    def __init__(self, name: str, read: Callable[[Any], T | Unreadable], unknown: frozenset[str]) -> None:
        self.name, self.interpret, self.unknown = name, read, unknown
        self.kept: dict[Any, T | Unreadable | None] = {}

    def read(self, cells: Sequence[Any], which: Indices, rows: Indices, rejects: Rejects) -> Read[T]:
        """Return what cells say; those that cannot be read make their row (`rows`) a reject.

        Parameters
        ----------
        cells, which
            As `distinct` returns them.
        rows : (len(which),) int array
            The row of each cell.
        rejects : Rejects
        """
        if len(self.kept) > MOST_KEPT:
            self.kept.clear()
        answers: list[T] = []
        place = np.full(len(cells) + 1, -1, dtype=np.int64)  # the last one stands for an empty cell
        wrong: dict[int, Unreadable] = {}
        for k, cell in enumerate(cells):
            answer = self._one(cell)
            if isinstance(answer, Unreadable):
                wrong[k] = answer
            elif answer is not None:
                place[k] = len(answers)
                answers.append(answer)
        if wrong:
            rejects.add(self.name, cells, which, rows, wrong)
        return Read(answers, place[which])

    def _one(self, cell: Any) -> T | Unreadable | None:
        try:
            return self.kept[cell]
        except KeyError:
            pass
        answer = None if is_unknown(cell, self.unknown) else self.interpret(cell)
        self.kept[cell] = answer
        return answer


@dataclass(slots=True)
class Rejects:
    """The rows of a batch that cannot be read, each with the first reason found.

    ``which`` (N,): index into the lists of reasons, -1 for a row that can be read.
    """

    which: Indices
    reasons: list[Unreadable] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    @classmethod
    def none(cls, n: int) -> Rejects:
        """Return N rows that can all be read so far."""
        return cls(np.full(n, -1, dtype=np.int64))

    def add(
        self, column: str, cells: Sequence[object], which: Indices, rows: Indices, wrong: dict[int, Unreadable]
    ) -> None:
        """Reject the rows whose cell is one of those in `wrong` (by index into the distinct `cells`)."""
        entry = np.full(len(cells) + 1, -1, dtype=np.int64)
        for k, reason in wrong.items():
            entry[k] = len(self.reasons)
            self.reasons.append(reason)
            self.columns.append(column)
            self.cells.append(_shown(cells[k]))
        found = entry[which]
        at = np.flatnonzero(found >= 0)[::-1]  # of several cells in one row the first one counts: it is written last
        new = np.full(len(self.which), -1, dtype=np.int64)
        new[rows[at]] = found[at]
        self.which = np.where(self.which < 0, new, self.which)

    def rows(self) -> NDArray[np.bool_]:
        """Return which rows are rejects (N,)."""
        rejected: NDArray[np.bool_] = self.which >= 0
        return rejected


def _shown(cell: object) -> str:
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", f"{cell:.15g}" if isinstance(cell, float) else str(cell))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
