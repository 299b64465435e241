"""What is not Parquet becomes one Parquet file first, once: CSV, and the result of a query.

So every register is read the same way, in an order that stays the same when a screening is continued.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from soleus.cohort.csv_header import csv_header
from soleus.cohort.problems import screening_error
from soleus.cohort.scoring import ROW

__all__ = ["MALFORMED", "stage_csv", "stage_query"]

WHY = "nothing was screened"
QUERY_ROWS = 50_000  # choice: rows of a query that are in memory at once

KEPT = 10_000  # choice: malformed rows that are in memory at once
# code of a malformed row: why, and how to mend it
MALFORMED = {
    "malformed_row": (
        "it does not have as many fields as the first line has names",
        "correct that line: quote cells that hold the separator",
    ),
    "not_utf8": ("a cell of it is not UTF-8", "save the table as UTF-8, or correct that row"),
}
_MALFORMED_SCHEMA = pa.schema(
    [("row", pa.int64()), *((name, pa.string()) for name in ("person", "code", "column", "value"))]
)


class _Malformed:
    """The malformed rows of a CSV, written as they come; their numbers are kept until they have been passed."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self.writer = writer
        self.rows: list[tuple[int, str, str, str, str]] = []
        self.numbers: list[int] = []
        self.lock = threading.Lock()  # the reader of CSV reads ahead in a thread of its own

    def keep(self, row: Any) -> str:
        """Take a row with a wrong number of fields (the line of names is number 1), and have it skipped."""
        with self.lock:
            self.numbers.append(row.number - 1)
        self.add(row.number - 1, "malformed_row", "", row.text[:200])
        return "skip"

    def add(self, number: int, code: str, column: str, value: str) -> None:
        """Take one row."""
        with self.lock:
            self.rows.append((number, "", code, column, value))
            if len(self.rows) >= KEPT:
                self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self.rows:
            columns = [
                pa.array(cells, field.type)
                for cells, field in zip(zip(*self.rows, strict=True), _MALFORMED_SCHEMA, strict=True)
            ]
            self.writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=_MALFORMED_SCHEMA))
            self.rows = []

    def number(self, last: int, count: int) -> NDArray[np.int64]:
        """Return the numbers of the next `count` good rows after row `last` (from 1, without the line of names)."""
        with self.lock:
            near = np.arange(last + 1, last + 1 + count + len(self.numbers))
            rows = near[~np.isin(near, self.numbers)][:count]
            if count:
                self.numbers = [number for number in self.numbers if number > rows[-1]]
        return rows


def stage_csv(source: Path, out: Path, malformed_out: Path, undecoded_out: Path) -> None:
    """Write a CSV as Parquet, all cells as text.

    The first line names the columns; the separator is the one of comma, semicolon, tab and bar that it has most of.
    Rows with a wrong number of fields, and rows with cells that are not UTF-8, are written to a file of their own each,
    in their order (row, person, code, column, value).

    Raises
    ------
    ScreeningError
        The file is empty, its first line is not UTF-8, or two columns have one name.
    """
    names, delimiter = csv_header(source)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        what = f"two columns are called {twice[0]}"
        raise screening_error("column_twice", str(source), what, WHY, "give every column a name of its own")
    schema = pa.schema([*((name, pa.string()) for name in names), (ROW, pa.int64())])
    try:
        with (
            pq.ParquetWriter(malformed_out, _MALFORMED_SCHEMA, compression="zstd") as of_malformed,
            pq.ParquetWriter(undecoded_out, _MALFORMED_SCHEMA, compression="zstd") as of_undecoded,
        ):
            malformed, undecoded = _Malformed(of_malformed), _Malformed(of_undecoded)
            reader = pacsv.open_csv(
                source,
                read_options=pacsv.ReadOptions(use_threads=False, block_size=4 << 20),
                parse_options=pacsv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=malformed.keep
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=True, null_values=[""]
                ),
            )
            last = 0
            with pq.ParquetWriter(out, schema, compression="zstd") as table:
                for batch in reader:
                    rows = malformed.number(last, batch.num_rows)
                    last = int(rows[-1]) if len(rows) else last
                    table.write_batch(_as_text(batch, rows, names, undecoded), row_group_size=1 << 20)
            malformed.flush()
            undecoded.flush()
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        what = "it is no table of comma-separated values in UTF-8"
        said = " ".join(str(error).split())[:200]
        raise screening_error("bad_csv", str(source), what, said, "save it as CSV in UTF-8") from None


def _as_text(batch: pa.RecordBatch, rows: NDArray[np.int64], names: list[str], undecoded: _Malformed) -> pa.RecordBatch:
    """Return the rows whose cells all are UTF-8, numbered; the others are kept apart."""
    numbered = pa.RecordBatch.from_arrays([*batch.columns, pa.array(rows)], names=[*names, ROW])
    schema = pa.schema([*((name, pa.string()) for name in names), (ROW, pa.int64())])
    try:
        return numbered.cast(schema)
    except pa.ArrowInvalid:  # rare: look for the rows
        good = np.ones(len(rows), dtype=bool)
        for name in names:
            for i, cell in enumerate(numbered.column(name).to_pylist()):
                if good[i] and cell is not None and not _is_utf8(cell):
                    good[i] = False
                    undecoded.add(int(rows[i]), "not_utf8", name, cell.decode(errors="backslashreplace")[:200])
        return numbered.filter(pa.array(good)).cast(schema)


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def stage_query(source: str, query: str, out: Path, *, memory: str = "700MB") -> None:
    """Write the result of a query as Parquet.

    Parameters
    ----------
    source : str
        A DuckDB database (``.duckdb``), or a database URL as SQLAlchemy takes it (``postgresql://...``, ``sqlite:///...``).
    query : str
        One statement that returns rows; nothing is written to the database.
    out : Path
    memory : str
        Most memory DuckDB may use.

    Raises
    ------
    ScreeningError
        The database cannot be opened, or the query fails.
    """
    if "://" in source:
        _stage_by_url(source, query, out)
        return
    import duckdb

    path = Path(source)
    if not path.is_file():
        raise screening_error("no_input", source, "there is no such database", WHY, "check its name")
    try:
        with duckdb.connect(source, read_only=True, config={"memory_limit": memory}) as database:
            reader = database.sql(query).to_arrow_reader(QUERY_ROWS)
            with pq.ParquetWriter(out, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch)
    except (duckdb.Error, AttributeError) as error:
        what = "the query gives no rows" if isinstance(error, AttributeError) else "the query failed"
        said = " ".join(str(error).split())[:300]
        raise screening_error("bad_query", source, what, said, "try the query in DuckDB first") from None


def _stage_by_url(url: str, query: str, out: Path) -> None:
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(url)
        with engine.connect().execution_options(stream_results=True, max_row_buffer=QUERY_ROWS) as connection:
            result = connection.execute(sa.text(query))
            names = list(result.keys())
            schema = pa.schema([(name, pa.string()) for name in names])
            with pq.ParquetWriter(out, schema, compression="zstd") as writer:
                for rows in result.partitions(QUERY_ROWS):
                    columns = [
                        [None if cell is None else str(cell) for cell in column] for column in zip(*rows, strict=True)
                    ]
                    writer.write_batch(
                        pa.RecordBatch.from_arrays([pa.array(c, pa.string()) for c in columns], schema=schema)
                    )
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        said = " ".join(str(getattr(error, "orig", error) or error).split())[:300]
        name = sa.engine.make_url(url).render_as_string(hide_password=True) if "://" in url else url
        raise screening_error("bad_query", name, "the query failed", said, "check the URL and the query") from None
