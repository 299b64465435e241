"""The screening of a register by Spark: the same scorer, so every row gets the same answer as without Spark.

Spark reads the table, finds the codes that stand in more than one row, and hands batches of people to the scorer in
its Python workers. Rows have no order in Spark: compare by the person's code.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from soleus.cohort.csv_header import csv_header
from soleus.cohort.mapping import Mapping
from soleus.cohort.people_reader import DOUBLED
from soleus.cohort.problems import ScreeningError, screening_error
from soleus.cohort.scoring import ROW, Scorer
from soleus.cohort.spark_session import open_spark
from soleus.knowledge.schema import Evidence

__all__ = ["score_with_spark"]

WHY = "nothing was screened"
TEXT = (".csv", ".tsv", ".txt")
KEY, DOUBLED_KEY = "__key", "__doubled_key"
CELLS = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double", pa.list_(pa.string()): "array<string>"}

MOST_SCORERS = 4  # choice: that a process keeps

_scorers: dict[str, Scorer] = {}


def score_with_spark(
    source: Path, mapping: Mapping, evidence: Evidence, engine: str, out: Path, *, session: Any = None
) -> None:
    """Screen a wide table with Spark and write the answers to all rows, rejects among them, as Parquet.

    Parameters
    ----------
    source : Path
        A Parquet file, a folder of them, or a CSV (read as text), at the same place on all computers of a cluster.
    mapping : Mapping
        Of a wide table.
    evidence : Evidence
    engine : str
        ``local[2]``, or a cluster such as ``spark://host:7077``, whose computers need Soleus, too.
    out : Path
        A new folder, which Spark fills with files; the columns are those of ``Scorer.schema``.
    session : SparkSession, optional
        An open one to use instead of `engine`.

    Raises
    ------
    MappingError
        The mapping names what the evidence does not have.
    ScreeningError
        There is no Spark or no Java, a column is missing or of a kind that no cell has, the table can't be read, or
        the answers can't be written. Rows of a CSV with too few or too many fields stop the screening.
    """
    payload = pickle.dumps((evidence, mapping))
    scorer = _scorer(payload)
    if not source.exists():
        raise screening_error("no_input", str(source), "there is no such file or folder", WHY, "check the name")
    if out.exists():
        fix = "remove it, or choose another name"
        raise screening_error("output_exists", str(out), "it is already there", WHY, fix)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            warnings.catch_warnings(),
            nullcontext(session) if session is not None else open_spark(engine, out.parent) as spark,
        ):
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # no pandas is used here
            try:
                _score(*_table(spark, source, mapping), scorer.schema, payload).write.parquet(str(out.absolute()))
            except Exception as error:
                # py4j's errors have no base in common with PySpark's; what is ours is told as it is
                if isinstance(error, ScreeningError) or not _of_spark(error):
                    raise
                raise _in_words(error, source) from error
    except OSError as error:
        what = f"it can't be written: {error.strerror or error}"
        raise screening_error("not_written", str(out), what, WHY, "choose a folder that you may write to") from None


def _table(spark: Any, source: Path, mapping: Mapping) -> tuple[Any, list[str]]:
    """Return the columns that the mapping reads, and the number of each row when the table has it; and their names."""
    from pyspark.sql.functions import col as spark_column

    place = str(source.absolute())
    if source.is_file() and source.suffix.lower() in TEXT:
        table = _csv(spark, source, place)
    else:
        table = spark.read.option("recursiveFileLookup", "true").parquet(place)
    for column in mapping.columns():
        if column not in table.columns:
            fix = f"its columns are {', '.join(table.columns[:12])}"
            raise screening_error("missing_column", source.name, f"there is no column {column!r}", WHY, fix)
    names = [*mapping.columns(), *([ROW] if ROW in table.columns else [])]
    # Spark doesn't take every name in every place: it gets plain ones, and the worker gives them back
    columns = [spark_column(_quoted(name)).alias(f"c{k}") for k, name in enumerate(names)]
    return table.select(*columns), names


def _csv(spark: Any, source: Path, place: str) -> Any:
    """Return a CSV, every cell as text; a row with a wrong number of fields makes an error."""
    try:
        columns, delimiter = csv_header(source)
        with source.open(encoding="utf-8") as file:  # Spark would replace what isn't UTF-8, and say nothing
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        raise screening_error("bad_csv", source.name, "it isn't UTF-8", WHY, "save it as UTF-8") from None
    if len(set(columns)) < len(columns):
        raise screening_error("column_twice", source.name, "two columns have one name", WHY, "rename one of them")
    from pyspark.sql import types

    schema = types.StructType([types.StructField(name, types.StringType()) for name in columns])
    options = {"header": "true", "sep": delimiter, "quote": '"', "escape": '"', "multiLine": "true"}
    options |= {"mode": "FAILFAST", "encoding": "UTF-8", "maxCharsPerColumn": "-1", "enforceSchema": "true"}
    return spark.read.options(**options).schema(schema).csv(place)


def _score(table: Any, names: list[str], answers: pa.Schema, payload: bytes) -> Any:
    """Return the answers to all rows of a table; its first column is the person's code."""
    from pyspark.sql import functions as sql

    code = _code(table)
    doubled = (
        table.select(code.alias(DOUBLED_KEY))
        .where(sql.col(DOUBLED_KEY) != "")
        .groupBy(DOUBLED_KEY)
        .count()
        .where("count > 1")
        .drop("count")
    )
    marked = table.withColumn(KEY, code).join(doubled, sql.col(KEY) == sql.col(DOUBLED_KEY), "left")
    marked = marked.select(*table.columns, sql.col(DOUBLED_KEY).isNotNull().alias(DOUBLED))
    schema = ", ".join(f"`{field.name}` {CELLS[field.type]}" for field in answers)
    work = partial(_score_batches, payload, [*names, DOUBLED])
    return marked.mapInArrow(work, schema)


def _code(table: Any) -> Any:
    """Return the person's code as the scorer reads it: trimmed text, whole numbers that arrive as floats are whole."""
    from pyspark.sql import functions as sql

    cell = sql.col("c0")
    text = cell.cast("string")
    if table.dtypes[0][1].startswith(("float", "double")):
        text = sql.when(cell == sql.floor(cell), cell.cast("bigint").cast("string")).otherwise(text)
    return sql.regexp_replace(text, r"(?U)^\s+|\s+$", "")


def _score_batches(payload: bytes, names: list[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Score batches in a worker of Spark."""
    scorer = _scorer(payload)
    for batch in batches:
        yield scorer.score(batch.rename_columns(names))


def _scorer(payload: bytes) -> Scorer:
    """Return the scorer of a pickled evidence base and mapping; this process builds each one once."""
    digest = hashlib.sha256(payload).hexdigest()
    if digest not in _scorers:
        while len(_scorers) >= MOST_SCORERS:
            del _scorers[next(iter(_scorers))]
        evidence, mapping = pickle.loads(payload)  # made by score_with_spark itself
        _scorers[digest] = Scorer(evidence, mapping)
    return _scorers[digest]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _of_spark(error: Exception) -> bool:
    return type(error).__module__.startswith(("pyspark", "py4j"))


def _in_words(error: Exception, source: Path) -> ScreeningError:
    """Return the problem that an error of Spark tells among much else."""
    said = str(error)
    if kind := re.search(r"ColumnTypeError: (.*)", said):
        fix = "give text or numbers in it, or leave it out of the mapping"
        return screening_error("bad_column", source.name, kind[1], WHY, fix)
    if "No module named 'soleus" in said:
        return screening_error(
            "no_soleus", "--engine", "its computers lack soleus", WHY, "pip install 'soleus[spark]' on each of them"
        )
    if "No space left" in said:
        return screening_error("disk_full", source.name, "no space is left", WHY, "make room and try again")
    if row := re.search(r"MALFORMED_RECORD_IN_PARSING[^\n]*", said):
        fix = "correct that row; without --engine it would be a reject, and the others screened"
        return screening_error("bad_csv", source.name, _short(row[0]), WHY, fix)
    causes = re.findall(r"Caused by: ([^\n]*)", said)
    first = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    fix = "check that the file is whole and may be read, and copy it again if it isn't"
    return screening_error("bad_input", source.name, _short(causes[-1] if causes else first), WHY, fix)


def _short(text: str) -> str:
    return " ".join(text.split())[:300]
