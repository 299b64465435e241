"""What a single cell of a register says: an age, a month, a sex, a setting, yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from soleus.cohort.cells import Unreadable, cell_key, number_in
from soleus.cohort.mapping import Cell, CodedColumn, SettingColumn, SexColumn
from soleus.reasoning.batch_people import ABSENT, PRESENT, SETTINGS, UNKNOWN

__all__ = ["read_age", "read_month", "setting_reader", "sex_reader", "state_reader", "whole_numbers_as_text"]

YES = ("1", "true", "yes", "y")
NO = ("0", "false", "no", "n")
WOMEN, MEN = ("female", "f", "woman"), ("male", "m", "man")
OLDEST, LAST_MONTH = 120.0, 10.5  # as in a case file
LARGEST_WHOLE = 2.0**53  # above it a float does not hold every whole number

CodeReader = Callable[[Any], int | Unreadable]


def whole_numbers_as_text(column: pa.Array) -> pa.Array:
    """Return codes that arrived as floats as text, cell by cell: 7.0 as "7"; 7.5 stays "7.5", and NaN is no code.

    Examples
    --------
    >>> whole_numbers_as_text(pa.array([7.0, 12345678.0, 7.5, float("nan"), None])).to_pylist()
    ['7', '12345678', '7.5', None, None]
    """
    column = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), LARGEST_WHOLE))
    texts = pc.if_else(whole, column, 0.0).cast(pa.int64()).cast(pa.string())
    return pc.if_else(whole, texts, column.cast(pa.string()))


def read_age(cell: Any) -> float | Unreadable:
    """Return the age in years that a cell tells, 0 to 120."""
    # registers write the oldest as "90+" or ">89", so that nobody can be recognized
    number = number_in(re.sub(r"^\s*>=?\s*|\s*\+\s*$", "", cell) if isinstance(cell, str) else cell)
    if number is None or not 0 <= number <= OLDEST:
        return Unreadable("bad_age", f"an age is 0 to {OLDEST:g} years", "give the age in years, or leave it empty")
    return number


def read_month(cell: Any) -> float | Unreadable:
    """Return the month of pregnancy that a cell tells, 0 (not pregnant) to 10.5."""
    number = number_in(cell)
    if number is None or not 0 <= number <= LAST_MONTH:
        why = f"a month of pregnancy is 0 (not pregnant) to {LAST_MONTH:g}"
        return Unreadable("bad_month", why, "give weeks divided by 4.345, or leave the cell empty")
    return number


def _listed(codes: dict[str, int], meaning: str) -> CodeReader:
    """Return a reader of cells that a mapping lists."""

    def read(cell: Any) -> int | Unreadable:
        code = codes.get(cell_key(cell))
        if code is None:
            return Unreadable(
                "unknown_cell", f"it is not one of the cells that mean {meaning}", "list it in the mapping"
            )
        return code

    return read


def _keys(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(cell_key(cell) for cell in cells)


def sex_reader(one: SexColumn) -> CodeReader:
    """Return a reader of the sex: 1 female, 2 male (places in `soleus.reasoning.batch_people.SEXES`)."""
    women, men = (_keys(one.female), _keys(one.male)) if one.female or one.male else (WOMEN, MEN)
    return _listed({**dict.fromkeys(women, 1), **dict.fromkeys(men, 2)}, "female or male")


def setting_reader(one: SettingColumn) -> CodeReader:
    """Return a reader of the setting (a place in `soleus.reasoning.batch_people.SETTINGS`)."""
    codes = one.codes or {name: name for name in SETTINGS if name}
    return _listed({cell_key(cell): SETTINGS.index(name) for cell, name in codes.items()}, "a setting")


def state_reader(one: CodedColumn, all_: list[CodedColumn]) -> CodeReader:
    """Return a reader of yes and no; a cell that only another finding of the same column lists is unknown here."""
    present, absent = (_keys(one.present), _keys(one.absent)) if one.present or one.absent else (YES, NO)
    others = dict.fromkeys((key for other in all_ for key in _keys((*other.present, *other.absent))), UNKNOWN)
    return _listed({**others, **dict.fromkeys(absent, ABSENT), **dict.fromkeys(present, PRESENT)}, "yes or no")
