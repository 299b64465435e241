"""A long table (one row for each fact, as OMOP and FHIR exports give) becomes one row for each person.

Rows may come in any order; the result is the same, byte for byte. The work is done by DuckDB on disk: memory stays
bounded whatever the size. What contradicts itself or can't be understood is not decided here: its cell becomes one
that the scorer refuses, so that the person is a reject with the reason.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from soleus.cohort.duckdb_tables import add_table, name_of, open_database, text_of, told_in_words
from soleus.cohort.mapping import ABSENT, PRESENT, LongTable, Mapping, person_columns, wide_mapping
from soleus.cohort.mapping_file import MappingError, check_mapping
from soleus.cohort.pivot_queries import CELL_KEY, PivotQueries, agreed, person_of
from soleus.core.problem import Problem
from soleus.knowledge.schema import Evidence

__all__ = ["Pivoted", "pivot_long"]

MOST_PEOPLE, MOST_FACTS = 100_000, 500_000  # choice: people or rows that are turned at a time
MOST_CODES = 20  # unnamed codes that are told, the most frequent first


@dataclass(frozen=True, slots=True)
class Pivoted:
    """What a long table held.

    Parameters
    ----------
    rows : int
        All of them.
    people : int
        Rows of the wide table; those without a person's code are one of them, which the scorer rejects.
    named : int
        Rows whose code the mapping names.
    repeated : int
        Of these, exact repetitions (same person, code, value, unit and time), which count once.
    unnamed : dict of str to int
        The most frequent codes that the mapping does not name, which were not read, and their rows.
    unnamed_codes : int
        How many such codes there are.
    """

    rows: int
    people: int
    named: int
    repeated: int
    unnamed: dict[str, int]
    unnamed_codes: int


def pivot_long(
    source: Path,
    mapping: Mapping,
    evidence: Evidence,
    out: Path,
    *,
    people: Path | None = None,
    memory: str = "700MB",
    told: Callable[[str], None] | None = None,
) -> Pivoted:
    """Turn a long table into the wide Parquet that ``wide_mapping(mapping)`` reads, one row a person, in their order.

    Parameters
    ----------
    source : Path
        A Parquet file, a folder of them, or a CSV (read as text).
    mapping : Mapping
        With ``long``.
    evidence : Evidence
        The mapping is checked against it.
    out : Path
        Written under another name first, in the folder ``OUT.pivot`` beside it, which must be the caller's alone.
    people : Path, optional
        A table with one row a person. Its people without a row in `source` are kept, all unknown; people of `source`
        that it lacks are kept without attributes. Without it the columns of people are those of `source`.
    memory : str
        What DuckDB may use, such as ``700MB``.
    told : callable, optional
        Is given a short line about what goes on.

    Raises
    ------
    MappingError
        The mapping names what the evidence does not have, or has no ``long``.
    ScreeningError
        A file can't be read, a column is missing, or the disk is full. Nothing is left under `out`.
    """
    if mapping.long is None:
        why, fix = "nothing was screened", "add [long], or screen the table as it is"
        what = "it has no [long], so it doesn't say what a long table's rows mean"
        raise MappingError([Problem(code="no_long_table", level="error", where="mapping", what=what, why=why, fix=fix)])
    if problems := check_mapping(mapping, evidence):
        raise MappingError(problems)
    folder = out.with_name(out.name + ".pivot")
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    with told_in_words(source):
        folder.mkdir(parents=True)
        try:
            turned = _Turning(folder, memory, told or _say_nothing).run(source, people, mapping, mapping.long)
            os.replace(folder / "wide.parquet", out)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return turned


class _Turning:
    """One pivot at work in its own folder."""

    def __init__(self, folder: Path, memory: str, told: Callable[[str], None]) -> None:
        self.folder, self.told = folder, told
        self.database = open_database(folder, memory)

    def run(self, source: Path, people: Path | None, mapping: Mapping, long: LongTable) -> Pivoted:
        """Do it all; the wide table is then ``wide.parquet`` in the folder, safely on the disk."""
        try:
            self.told("reading the long table")
            own, types = self._add_tables(source, people, mapping, long)
            self._add_meanings(mapping)
            keys = self.database.execute("SELECT DISTINCT cell_key(cell) AS key FROM silent ORDER BY key").fetchall()
            queries = PivotQueries(mapping, long, types, f"({', '.join(text_of(key) for (key,) in keys)})")
            rows, unnamed, most, codes = self._count_codes(queries)
            self.told("sorting the rows by person")
            self.database.execute(f"COPY ({queries.facts()}) TO {self._facts()} (FORMAT parquet, ROW_GROUP_SIZE 40960)")
            self.told("gathering the people")
            self._add_persons(queries, own, people is not None)
            count, counted = self._write(queries)
        finally:
            self.database.close()
        return Pivoted(rows, count, rows - unnamed, rows - unnamed - counted, most, codes)

    def _facts(self) -> str:
        return text_of(str(self.folder / "facts.parquet"))

    def _add_tables(
        self, source: Path, people: Path | None, mapping: Mapping, long: LongTable
    ) -> tuple[list[str], dict[str, str]]:
        """Make the tables ``long`` and ``given``; return the columns of people that the long one has, and its types."""
        needed = [one for one in (long.person, long.code, long.value, long.unit, long.time) if one]
        wide = wide_mapping(mapping)
        attributes = [name for name in person_columns(wide.person)[1:] if not name.startswith("attribute:")]
        given: set[str] = set()
        if people is not None:
            given = add_table(self.database, "given", people, [mapping.person.id], attributes)
        own = [name for name in attributes if name not in given]
        add_table(self.database, "long", source, [*needed, *own])
        return own, self._types("long")

    def _types(self, table: str) -> dict[str, str]:
        return dict(self.database.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall())

    def _add_meanings(self, mapping: Mapping) -> None:
        """Make tables of what the mapping says of codes and of cells."""
        execute = self.database.execute
        execute(CELL_KEY)
        execute("CREATE TABLE meaning (number INTEGER, code VARCHAR, target INTEGER, unit VARCHAR, bare BOOLEAN)")
        execute("CREATE TABLE listed (meaning INTEGER, cell VARCHAR, says VARCHAR)")
        execute("CREATE TABLE silent (cell VARCHAR)")
        targets = list(dict.fromkeys(row.target for row in mapping.codes))
        for number, row in enumerate(mapping.codes):
            target, bare = targets.index(row.target), not (row.present or row.absent)
            for code in row.codes:
                execute("INSERT INTO meaning VALUES (?, ?, ?, ?, ?)", [number, code.strip(), target, row.unit, bare])
            for says, cells in ((f"2{PRESENT}", row.present), (f"1{ABSENT}", row.absent)):
                for cell in cells:
                    execute("INSERT INTO listed VALUES (?, ?, ?)", [number, str(cell), says])
        for cell in ("", "nan", *mapping.unknown):
            execute("INSERT INTO silent VALUES (?)", [str(cell)])
        # max: cells that are written differently and mean the same are one
        known = "SELECT meaning, cell_key(cell) AS cell, max(says) AS says FROM listed GROUP BY 1, 2"
        execute(f"CREATE TABLE known_cell AS {known}")

    def _count_codes(self, queries: PivotQueries) -> tuple[int, int, dict[str, int], int]:
        """Return how many rows there are, and of those that the mapping does not name: rows, most frequent, codes."""
        self.database.execute(
            f"CREATE TABLE counted AS SELECT {queries.code} AS code, count(*) AS n FROM long GROUP BY 1"
        )
        left = "FROM counted WHERE code IS NULL OR code NOT IN (SELECT code FROM meaning)"
        most = f"SELECT coalesce(code, ''), n {left} ORDER BY n DESC, code LIMIT {MOST_CODES}"
        rows = self._one("SELECT coalesce(sum(n), 0) FROM counted")
        unnamed, codes = self._one(f"SELECT coalesce(sum(n), 0) {left}"), self._one(f"SELECT count(*) {left}")
        return rows, unnamed, dict(self.database.execute(most).fetchall()), codes

    def _one(self, query: str) -> int:
        return int(self.database.execute(query).fetchall()[0][0])

    def _add_persons(self, queries: PivotQueries, own: list[str], given: bool) -> None:
        """Make the table of people with their attributes, from the table of people and from the long one."""
        if not given:
            self.database.execute(f"CREATE TABLE persons AS {queries.persons(own)}")
            return
        person, of = queries.mapping.person.id, self._types("given")
        told = "".join(
            f", {agreed(name_of(name), queries.unknown)} AS {name_of(name)}"
            for name in queries.attributes
            if name not in own
        )
        self.database.execute(f"CREATE TABLE own AS {queries.persons(own)}")
        known = f"SELECT {person_of(person, of[person])} AS person{told} FROM given GROUP BY 1"
        self.database.execute(f"CREATE TABLE known AS {known}")
        listed = "".join(f", {name_of(name)}" for name in queries.attributes)
        both = f"SELECT person, coalesce(n, 0) AS n{listed} FROM own FULL JOIN known USING (person)"
        self.database.execute(f"CREATE TABLE persons AS {both}")

    def _write(self, queries: PivotQueries) -> tuple[int, int]:
        """Write the wide table, some people at a time; return the people, and the rows that counted."""
        total, counted, done = self._one("SELECT count(*) FROM persons"), 0, 0
        schema, query, file = _schema(queries), queries.turned(self._facts()), self.folder / "wide.parquet"
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for first, last in self._groups():
                some = self.database.sql(query, params={"first": first, "last": last}).to_arrow_table()
                counted += int(some.column("counted").to_numpy().sum())
                some = some.select(schema.names).cast(schema).combine_chunks()
                writer.write_table(some, row_group_size=some.num_rows)
                done += some.num_rows
                self.told(f"{done:,} of {total:,} people")
        with file.open("rb") as written:
            os.fsync(written.fileno())
        return total, counted

    def _groups(self) -> Iterator[tuple[str, str]]:
        """Return the first and the last person of each group that is turned at a time; only the data decide."""
        cursor = self.database.cursor().execute("SELECT person, n FROM persons ORDER BY person")
        first, last, people, facts = "", "", 0, 0
        while rows := cursor.fetchmany(10_000):
            for person, n in rows:
                if people and (people == MOST_PEOPLE or facts + n > MOST_FACTS):
                    yield first, last
                    people = facts = 0
                first, last = first if people else person, person
                people, facts = people + 1, facts + n
        if people:
            yield first, last


def _schema(queries: PivotQueries) -> pa.Schema:
    """Return the columns of the wide table: text, and lists of values and of units."""
    value = pa.float64() if queries.numbers else pa.string()
    lists = {one.column: value for one in queries.wide.quantities}
    lists |= {one.unit_column: pa.string() for one in queries.wide.quantities if one.unit_column}
    names = queries.wide.columns()
    return pa.schema([(name, pa.list_(lists[name]) if name in lists else pa.string()) for name in names])


def _say_nothing(line: str) -> None:
    """Take a line about what goes on, and leave it."""
