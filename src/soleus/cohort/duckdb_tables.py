"""A register's file as a table of DuckDB: Parquet as it is, CSV as all text; what can't be read is told in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from soleus.cohort.csv_header import csv_header
from soleus.cohort.problems import ScreeningError, screening_error

__all__ = ["add_table", "name_of", "open_database", "path_of", "text_of", "told_in_words"]

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt")


def open_database(folder: Path, memory: str) -> Any:
    """Return a connection to a new database in `folder` that keeps to `memory` and spills to the folder.

    It never loads or fetches an extension, and reads its clock nowhere.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": 2,
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": False,  # every query that matters says its order
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    database = duckdb.connect(str(folder / "work.duckdb"), config=settings)
    database.execute("SET enable_progress_bar = false")
    return database


def add_table(database: Any, name: str, source: Path, needed: Iterable[str], wanted: Iterable[str] = ()) -> set[str]:
    """Make a view (Parquet) or a copy (CSV, which is slow to read twice) of some columns of a file.

    Parameters
    ----------
    database : duckdb connection
    name : str
        Of the new table.
    source : Path
        A Parquet file, a folder of them, or a CSV.
    needed, wanted : iterable of str
        Columns that it must have, and columns that are taken when it has them.

    Returns
    -------
    set of str
        The columns of the new table.

    Raises
    ------
    ScreeningError
        The file can't be read, or lacks a column.
    """
    with told_in_words(source):
        scan, columns = _scan(source)
        for column in needed:
            if column not in columns:
                raise _missing(source, column, columns)
        taken = list(dict.fromkeys([*needed, *(column for column in wanted if column in columns)]))
        if twice := [column for column in taken if columns.count(column) > 1]:
            fix = "give every column a name of its own"
            raise screening_error("column_twice", source.name, f"two columns are called {twice[0]}", WHY, fix)
        kind = "TABLE" if _is_text(source) else "VIEW"
        listed = ", ".join(name_of(column) for column in taken)
        database.execute(f"CREATE {kind} {name} AS SELECT {listed} FROM {scan}")
        return set(taken)


WHY = "nothing was screened"


@contextmanager
def told_in_words(source: Path) -> Iterator[None]:
    """Turn what goes wrong with a file, or with the space to work in, into one problem."""
    try:
        yield
    except ScreeningError:
        raise
    except duckdb.OutOfMemoryException as error:
        fix = "allow more with --memory, such as --memory 2GB"
        raise screening_error("no_memory", source.name, _first_line(error), WHY, fix) from None
    except (duckdb.Error, OSError, UnicodeDecodeError) as error:
        raise _unreadable(source, error) from None


def name_of(column: str) -> str:
    """Return a column's name as SQL reads it, whatever is in it.

    Examples
    --------
    >>> print(name_of('the "age" in years'))
    "the ""age"" in years"
    """
    return '"' + column.replace('"', '""') + '"'


def _scan(source: Path) -> tuple[str, list[str]]:
    """Return the SQL that reads a file, and its columns as they are written."""
    if not source.exists():
        raise screening_error("no_input", str(source), "there is no such file or folder", WHY, "check the name")
    if _is_text(source):
        columns, delimiter = csv_header(source)
        typed = ", ".join(f"{text_of(column)}: 'VARCHAR'" for column in dict.fromkeys(columns))
        if len(set(columns)) < len(columns):  # told by the caller when it matters; DuckDB needs distinct names
            unique = [f"{column}\x00{k}" if column in columns[:k] else column for k, column in enumerate(columns)]
            typed = ", ".join(f"{text_of(column)}: 'VARCHAR'" for column in unique)
        dialect = f"auto_detect=false, header=true, delim={text_of(delimiter)}, quote='\"', escape='\"'"
        return f"read_csv({path_of(source)}, {dialect}, columns={{{typed}}})", columns
    files = sorted(one for one in source.rglob("*") if one.suffix.lower() in PARQUET) if source.is_dir() else [source]
    if not files or files[0].suffix.lower() not in PARQUET:
        what = "there is no Parquet file in it" if source.is_dir() else "it is neither Parquet nor CSV"
        fix = f"give a file that ends in {', '.join((*PARQUET, *TEXT))}"
        raise screening_error("bad_input", str(source), what, WHY, fix)
    scan = f"read_parquet([{', '.join(path_of(one) for one in files)}], hive_partitioning=false)"
    with duckdb.connect() as probe:
        described = probe.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    return scan, [str(row[0]) for row in described]


def _is_text(source: Path) -> bool:
    return source.is_file() and source.suffix.lower() in TEXT


def _missing(source: Path, column: str, columns: list[str]) -> ScreeningError:
    from rapidfuzz import process  # imported here: only a missing column needs it

    near = [name for name, score, _ in process.extract(column, columns, limit=3, processor=str.lower) if score >= 60]
    fix = f"did you mean {' or '.join(near)}?" if near else f"its columns are {', '.join(columns[:12])}"
    return screening_error("missing_column", source.name, f"there is no column {column!r}", WHY, fix)


def _unreadable(source: Path, error: Exception) -> ScreeningError:
    what = _first_line(error)
    if "CSV Error" in what:
        line = re.search(r"CSV Error on Line: (\d+)", str(error))
        reason = re.search(r"^(Expected Number.*|Value with.*|Invalid unicode.*)$", str(error), re.MULTILINE)
        what = f"line {line[1] if line else '?'} can't be read: {reason[1] if reason else what}"
        fix = "correct that line: as many fields as the first line has, quotes closed, saved as UTF-8"
        return screening_error("bad_csv", source.name, what, WHY, fix)
    if "space" in what.lower() and isinstance(error, OSError | duckdb.IOException):
        return screening_error("disk_full", source.name, what, WHY, "make room where the answers are written")
    if isinstance(error, UnicodeDecodeError):
        return screening_error("bad_csv", source.name, "it isn't UTF-8", WHY, "save it as UTF-8")
    fix = "check that the file is whole and may be read, and copy it again if it isn't"
    return screening_error("bad_input", source.name, what, WHY, fix)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def text_of(value: str) -> str:
    """Return a text as SQL reads it."""
    return "'" + value.replace("'", "''") + "'"


def path_of(source: Path) -> str:
    """Return the name of a file as SQL reads it."""
    return text_of(re.sub(r"([*?\[])", r"[\1]", str(source)))  # a star in a name is no pattern
