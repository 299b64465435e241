"""What is not Parquet becomes one Parquet file first, once: CSV, and the result of a query.

So every register is read the same way, in an order that stays the same when a screening is continued.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from soleus.cohort.problems import screening_error
from soleus.cohort.scoring import ROW

__all__ = ["MalformedRow", "stage_csv", "stage_query"]

WHY = "nothing was screened"
QUERY_ROWS = 50_000  # choice: rows of a query that are in memory at once
DELIMITERS = (",", ";", "\t", "|")

MalformedRow = tuple[int, str]


def stage_csv(source: Path, out: Path) -> list[MalformedRow]:
    """Write a CSV as Parquet, all cells as text; return the rows with the wrong number of fields and their text.

    The first line names the columns; the separator is the one of comma, semicolon, tab and bar that it has most of.

    Raises
    ------
    ScreeningError
        The file is empty, is not UTF-8, or two columns have one name.
    """
    names, delimiter = _header(source)
    malformed: list[MalformedRow] = []

    def keep(row: Any) -> str:
        malformed.append((row.number, row.text[:200]))
        return "skip"

    try:
        reader = pacsv.open_csv(
            source,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=4 << 20),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
        schema = pa.schema([*reader.schema, pa.field(ROW, pa.int64())])
        number = 0
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in reader:
                rows, number = _rows(number, batch.num_rows, malformed)
                writer.write_batch(batch.append_column(ROW, pa.array(rows, pa.int64())))
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        what = "it is no table of comma-separated values in UTF-8"
        said = " ".join(str(error).split())[:200]
        raise screening_error("bad_csv", str(source), what, said, "save it as CSV in UTF-8") from None
    return malformed


def _rows(last: int, count: int, malformed: list[MalformedRow]) -> tuple[list[int], int]:
    """Number the next `count` good rows after row `last` (from 1, without the line of names)."""
    bad = {number - 1 for number, _ in malformed}
    rows: list[int] = []
    while len(rows) < count:
        last += 1
        if last not in bad:
            rows.append(last)
    return rows, last


def _header(source: Path) -> tuple[list[str], str]:
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(1 << 20)
            delimiter = max(DELIMITERS, key=first.count)
            file.seek(0)
            names = next(csv.reader(file, delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise screening_error(
            "bad_csv", str(source), "it is not text in UTF-8", str(error), "save it as UTF-8"
        ) from None
    if not names:
        raise screening_error("bad_csv", str(source), "it is empty", WHY, "the first line must name the columns")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        what = f"two columns are called {twice[0]}"
        raise screening_error("column_twice", str(source), what, WHY, "give every column a name of its own")
    return names, delimiter


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
