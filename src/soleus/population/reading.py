"""Survey tables as a person downloads them: SAS transport files (XPT) of one cycle, or one Parquet table.

The columns keep the names of the survey (NHANES). Nothing is downloaded here and nothing is guessed: a column that is
missing, a file that ends too early or a person who comes twice is a problem in words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soleus.core.problem import Problem

FloatArray = NDArray[np.float64]

PERSON, EVERYBODY = "SEQN", "SDMVSTRA"
MEDICINE_ROW, MEDICINE_NAMES, ANY_MEDICINE = "RXDDRUG", "DV_RX_NAMES", "RXDUSE"
TEXT = (MEDICINE_ROW, MEDICINE_NAMES)  # the only columns of text that are read
RECORD = 80  # bytes of a record of a SAS transport file; a whole file is a whole number of them
XPT_HEAD = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
XPT_NAMES = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
XPT_ROWS = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
XPT_NAME_BYTES = 140  # of the description of a column; its width in a row is the third number
NOT_A_MEDICINE = re.compile(r"\d+|")  # codes for refused, not known and unspecified stand in the place of a name


class PopulationError(ValueError):
    """A survey cannot be used; `problems` says where and how to mend it."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def refuse(code: str, where: str, what: str, why: str, fix: str) -> PopulationError:
    """Return the error for something that makes a survey unusable."""
    return PopulationError(Problem(code=code, level="error", where=where, what=what, why=why, fix=fix))


@dataclass(frozen=True, slots=True)
class SurveyTable:
    """One row a person, columns by their survey names.

    ``columns`` are float64 with NaN for missing. ``medicines`` are the generic names of each person's prescriptions:
    an empty tuple for none, None where the person was not asked. ``files`` are names with SHA-256.
    """

    columns: Mapping[str, FloatArray]
    medicines: tuple[tuple[str, ...] | None, ...]
    files: tuple[tuple[str, str], ...]

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.medicines)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def column(self, name: str) -> FloatArray:
        """Return a column; a problem in words when the files do not hold it."""
        if name not in self.columns:
            raise refuse(
                "missing_column",
                " + ".join(file for file, _ in self.files),
                f"there is no column {name}",
                "the analysis needs it",
                "add the survey file that holds it; docs/population.md says which",
            )
        return self.columns[name]

    def codes(self, name: str, *valid: int) -> FloatArray:
        """Return a column of codes: only the valid ones, NaN for refused, not known and missing."""
        column = self.column(name)
        return np.where(np.isin(column, valid), column, np.nan)


def read_survey(paths: Sequence[Path], wanted: Collection[str] | None = None) -> SurveyTable:
    """Return the people of one survey cycle from one Parquet file or from several XPT files joined on SEQN.

    Parameters
    ----------
    paths : sequence of Path
        Tables of the same cycle, in any order. The people are those of the table with the strata, which has everybody;
        without one, of the first table that has one row a person.
    wanted : collection of str, optional
        Column names to read; SEQN always is. Without it, all.

    Raises
    ------
    PopulationError
        A file that is missing, empty, cut off or of another kind; no SEQN; a person twice in a table of people; a
        column of the same name in two tables with different values.

    Source: the file layout of NHANES, wwwn.cdc.gov/nchs/nhanes; SAS Technical Support TS-140 for the transport format.
    """
    if not paths:
        raise refuse("no_file", "command", "no file was named", "there is nothing to read", "name the survey's files")
    files = tuple((path.name, hashlib.sha256(_bytes(path)).hexdigest()) for path in paths)
    tables = [(path, _columns(path, None if wanted is None else {PERSON, *wanted})) for path in paths]
    for path, table in tables:
        if PERSON not in table:
            raise refuse(
                "missing_column", path.name, "there is no column SEQN", "people cannot be told apart", "use whole files"
            )
        _check_people(path, table[PERSON])
        text = [name for name, values in table.items() if isinstance(values, list) and name not in TEXT]
        if wanted is not None and text:
            raise _no_numbers(path, text[0], "it holds text")
    of_people = [table for _, table in tables if MEDICINE_ROW not in table]
    everybody = next((table for table in of_people if EVERYBODY in table), next(iter(of_people), None))
    people = np.unique(tables[0][1][PERSON]) if everybody is None else everybody[PERSON]
    people = np.asarray(people, dtype=np.float64)
    row_of = {float(person): row for row, person in enumerate(people)}
    columns: dict[str, FloatArray] = {PERSON: people}
    names: list[tuple[str, ...] | None] = [None] * len(people)
    for path, table in tables:
        if MEDICINE_ROW in table:
            _add_prescriptions(table, row_of, names)
            continue
        ids = np.asarray(table[PERSON], dtype=np.float64)
        if len(np.unique(ids)) < len(ids):
            values, counts = np.unique(ids, return_counts=True)
            raise refuse(
                "duplicate_person",
                path.name,
                f"SEQN {values[counts > 1][0]:.0f} comes {counts.max()} times",
                "nobody can tell which row is right",
                "use the file as the survey published it, one row a person",
            )
        _join(path, table, ids, row_of, columns)
        if MEDICINE_NAMES in table:
            for person, text in zip(ids, table[MEDICINE_NAMES], strict=True):
                if float(person) in row_of and text is not None:
                    names[row_of[float(person)]] = _medicines(str(text).split("|"))
    if ANY_MEDICINE in columns:  # whether anyone was asked is told by the question, not by an empty list
        asked = np.isin(columns[ANY_MEDICINE], (1, 2))
        names = [name if known else None for name, known in zip(names, asked, strict=True)]
    return SurveyTable(columns, tuple(names), files)


def _check_people(path: Path, ids: Any) -> None:
    if len(ids) == 0:
        raise refuse("empty_file", path.name, "the file has no rows", "nobody is in it", "download it again")
    if isinstance(ids, list) or np.isnan(ids).any():
        raise _no_numbers(path, PERSON, "it holds text, or somebody has no number")


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise refuse(
            "not_read", path.name, error.strerror or str(error), "the survey is incomplete", "check name and permission"
        ) from None
    if not data:
        raise refuse("empty_file", path.name, "the file is empty", "nobody is in it", "download it again")
    return data


def _columns(path: Path, wanted: Collection[str] | None) -> dict[str, Any]:
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path, wanted)
    if path.suffix.lower() == ".xpt":
        return _read_xpt(path, wanted)
    raise refuse(
        "unknown_format", path.name, f"files ending in {path.suffix!r} are not read", "only the survey's own form is "
        "known", "give XPT files as downloaded, or a Parquet file with the survey's column names"
    )  # fmt: skip


def _read_parquet(path: Path, wanted: Collection[str] | None) -> dict[str, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise _no_library("pyarrow") from None
    try:
        names = [name for name in parquet.read_schema(path).names if wanted is None or name.upper() in wanted]
        table = parquet.read_table(path, columns=names)
        twice = [name for k, name in enumerate(names) if name.upper() in (other.upper() for other in names[:k])]
    except (pa.ArrowInvalid, OSError) as error:
        raise _cut_off(path, str(error)) from None
    if twice:
        raise refuse(
            "column_twice", f"{path.name}: {twice[0]}", "the file has this column twice",
            "nobody can tell which is right", "use the file as the survey published it"
        )  # fmt: skip
    return {
        name.upper(): column.to_pylist() if _is_text(column.type, pa) else _numbers(path, name, column)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def _is_text(kind: Any, pa: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _numbers(path: Path, name: str, column: Any) -> FloatArray:
    try:
        return np.asarray(column.cast("float64").to_numpy(zero_copy_only=False), dtype=np.float64)
    except (ValueError, NotImplementedError) as error:  # what PyArrow raises for a kind that has no number in it
        raise _no_numbers(path, name, f"{column.type} cannot be read as numbers ({error})") from None


def _no_numbers(path: Path, name: str, what: str) -> PopulationError:
    return refuse(
        "wrong_type", f"{path.name}: {name}", what, "the survey gives numbers here",
        "keep the column as the survey published it"
    )  # fmt: skip


def _read_xpt(path: Path, wanted: Collection[str] | None) -> dict[str, Any]:
    try:
        import pyreadstat
    except ImportError:
        raise _no_library("pyreadstat") from None
    if not _is_whole(path.read_bytes()):
        raise _cut_off(path, "it is not a whole SAS transport file")
    try:
        data, _ = pyreadstat.read_xport(str(path), output_format="dict")
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise _cut_off(path, str(error)) from None
    return {
        name.upper(): np.asarray(values, dtype=np.float64) if _all_numbers(values) else list(values)
        for name, values in data.items()
        if wanted is None or name.upper() in wanted
    }


def _is_whole(data: bytes) -> bool:
    """Whether a transport file ends where a person's row ends, filled up with blanks to a whole record.

    The number of rows is written nowhere; a file that lost whole rows and nothing else cannot be told.
    """
    names, rows = data.find(XPT_NAMES), data.find(XPT_ROWS)
    if not data.startswith(XPT_HEAD) or len(data) % RECORD or not 0 < names < rows:
        return False
    count = data[names + 54 : names + 58]
    if not count.isdigit():
        return False
    starts = [names + RECORD + XPT_NAME_BYTES * k for k in range(int(count))]
    width = sum(int.from_bytes(data[at + 4 : at + 6], "big") for at in starts)
    beyond = (len(data) - rows - RECORD) % width if width else 0
    return beyond < RECORD and not data[len(data) - beyond :].strip(b" ")


def _all_numbers(values: Any) -> bool:
    return np.asarray(values).dtype.kind in "iufb" or all(isinstance(x, (int, float, type(None))) for x in values)


def _cut_off(path: Path, what: str) -> PopulationError:
    return refuse("damaged_file", path.name, what, "people may be missing without a sign", "download the file again")


def _no_library(name: str) -> PopulationError:
    return refuse(
        "missing_library", name, f"{name} is not installed", "survey files are read with it",
        "pip install 'soleus[population]'"
    )  # fmt: skip


def _join(
    path: Path, table: Mapping[str, Any], ids: FloatArray, row_of: Mapping[float, int], columns: dict[str, FloatArray]
) -> None:
    rows = np.array([row_of.get(float(person), -1) for person in ids])
    for name, values in table.items():
        if name == PERSON or isinstance(values, list):  # other columns of text are not needed
            continue
        joined = np.full(len(row_of), np.nan)
        joined[rows[rows >= 0]] = np.asarray(values, dtype=np.float64)[rows >= 0]
        if name in columns and not np.array_equal(columns[name], joined, equal_nan=True):
            raise refuse(
                "column_twice", f"{path.name}: {name}", "another file has other values in this column",
                "files of two cycles may have been mixed", "give the files of one cycle, each once"
            )  # fmt: skip
        columns[name] = joined


def _add_prescriptions(
    table: Mapping[str, Any], row_of: Mapping[float, int], names: list[tuple[str, ...] | None]
) -> None:
    told: dict[int, list[str]] = {}
    for person, name in zip(table[PERSON], table[MEDICINE_ROW], strict=True):
        row = row_of.get(float(person))
        if row is not None:
            told.setdefault(row, []).append(str(name or ""))
    use = table.get(ANY_MEDICINE)
    asked = np.isin(np.asarray(use, dtype=np.float64), (1, 2)) if use is not None else np.ones(len(table[PERSON]), bool)
    known = {row_of[float(p)] for p, yes in zip(table[PERSON], asked, strict=True) if yes and float(p) in row_of}
    for row, texts in told.items():
        names[row] = _medicines(texts) if row in known else None


def _medicines(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(text.strip() for text in texts if text.strip() and not NOT_A_MEDICINE.fullmatch(text.strip()))
    )
