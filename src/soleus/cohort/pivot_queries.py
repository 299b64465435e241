"""The questions that a long table is asked while it is turned (`soleus.cohort.long_table`), in DuckDB's SQL."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass

from soleus.cohort.duckdb_tables import name_of, text_of
from soleus.cohort.mapping import PRESENT, LongTable, Mapping, person_columns, wide_mapping

__all__ = ["CELL_KEY", "CONTRADICTORY", "PivotQueries", "agreed", "code_of", "is_number", "person_of"]

CONTRADICTORY = "contradictory: "  # no mapping lists such a cell, so the scorer refuses it
WHITE = "' ' || chr(9) || chr(10) || chr(13)"  # what may stand around a code
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "U", "FLOAT", "DOUBLE", "DECIMAL")
FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")

# the same forms are one as in soleus.cohort.cells.cell_key: 1, 1.0, "1" and " 1.0 "
CELL_KEY = f"""CREATE MACRO cell_key(x) AS coalesce(
    printf('%.15g', CASE WHEN isfinite(TRY_CAST(trim(x, {WHITE}) AS DOUBLE))
        THEN TRY_CAST(trim(x, {WHITE}) AS DOUBLE) END),
    lower(trim(x, {WHITE})))"""


def is_number(kind: str) -> bool:
    """Return whether a type of DuckDB is one of numbers.

    Examples
    --------
    >>> is_number("DECIMAL(18,3)"), is_number("UBIGINT"), is_number("VARCHAR"), is_number("UUID")
    (True, True, False, False)
    """
    return kind.startswith(NUMBERS) and not kind.endswith("]") and kind not in ("UUID", "UNION")


def code_of(column: str, kind: str) -> str:
    """Return the SQL of a code as trimmed text; whole numbers that arrive as floats are whole."""
    cell = name_of(column)
    if kind.startswith(FRACTIONS):
        whole = f"{cell} = floor({cell}) AND abs({cell}) < 1e15"
        return f"CASE WHEN {whole} THEN {cell}::BIGINT::VARCHAR ELSE {cell}::VARCHAR END"
    return f"trim({cell}::VARCHAR, {WHITE})"


def person_of(column: str, kind: str) -> str:
    """Return the SQL of a person's code; the rows of nobody are one person, which the scorer rejects."""
    return f"coalesce({code_of(column, kind)}, '')"


def agreed(cell: str, unknown: str, only: str = "true") -> str:
    """Return the SQL of what all rows of a person say; a cell that no scorer reads when they contradict."""
    text = f"trim({cell}::VARCHAR, {WHITE})"
    key = f"cell_key({text})"
    which = f"FILTER ({only} AND {key} NOT IN {unknown})"
    low, high = f"min({text}) {which}", f"max({text}) {which}"
    differ = f"min({key}) {which} <> max({key}) {which}"
    return f"CASE WHEN {differ} THEN {text_of(CONTRADICTORY)} || {low} || ' | ' || {high} ELSE {low} END"


@dataclass(frozen=True)
class PivotQueries:
    """The queries of one mapping.

    Parameters
    ----------
    mapping : Mapping
    long : LongTable
        Of the mapping.
    types : dict of str to str
        The type of each column of the table ``long``.
    unknown : str
        The cells that mean unknown, by their ``cell_key``, as a list of SQL.
    """

    mapping: Mapping
    long: LongTable
    types: Lookup[str, str]
    unknown: str

    @property
    def wide(self) -> Mapping:
        """The mapping of the result."""
        return wide_mapping(self.mapping)

    @property
    def targets(self) -> list[str]:
        """What codes say, each once, such as ``finding diabetes``."""
        return list(dict.fromkeys(row.target for row in self.mapping.codes))

    @property
    def attributes(self) -> list[str]:
        """The columns of people that codes don't tell."""
        names = person_columns(self.wide.person)[1:]
        return [name for name in names if not name.startswith("attribute:")]

    @property
    def numbers(self) -> bool:
        """Whether the values are numbers, not text."""
        return self.long.value is not None and is_number(self.types[self.long.value])

    @property
    def code(self) -> str:
        """A row's code."""
        return code_of(self.long.code, self.types[self.long.code])

    @property
    def person(self) -> str:
        """A row's person."""
        return person_of(self.long.person, self.types[self.long.person])

    def facts(self) -> str:
        """Return the query of the rows that the mapping names, sorted by person."""
        long = self.long
        value = f"{name_of(long.value)}::{'DOUBLE' if self.numbers else 'VARCHAR'}" if long.value else "NULL::VARCHAR"
        unit = f"trim({name_of(long.unit)}::VARCHAR, {WHITE})" if long.unit else "NULL::VARCHAR"
        time = f"{name_of(long.time)}::VARCHAR" if long.time else "NULL::VARCHAR"
        return f"""SELECT {self.person} AS person, {self.code} AS code, {value} AS value, {unit} AS unit,
            {self._instant()} AS instant, {time} AS time
            FROM long WHERE {self.code} IN (SELECT code FROM meaning) ORDER BY person"""

    def _instant(self) -> str:
        """Return the SQL of the order of time: a number where the cell is a date or a number, else null."""
        if self.long.time is None:
            return "NULL::DOUBLE"
        cell, kind = name_of(self.long.time), self.types[self.long.time]
        if is_number(kind):
            return f"{cell}::DOUBLE"
        if kind in ("TIMESTAMP WITH TIME ZONE", "DATE") or kind.startswith("TIMESTAMP"):
            return f"epoch_us({cell})::DOUBLE"
        return f"coalesce(epoch_us(TRY_CAST({cell} AS TIMESTAMP))::DOUBLE, TRY_CAST({cell} AS DOUBLE))"

    def persons(self, own: Sequence[str]) -> str:
        """Return the query of the long table's people: how many named rows each has, and its `own` columns of them."""
        told = "".join(f", {agreed(name_of(name), self.unknown)} AS {name_of(name)}" for name in own)
        named = f"count(*) FILTER ({self.code} IN (SELECT code FROM meaning))"
        return f"SELECT {self.person} AS person, {named} AS n{told} FROM long GROUP BY 1"

    def turned(self, facts: str) -> str:
        """Return the query of the wide rows of the people from ``$first`` to ``$last``.

        Parameters
        ----------
        facts : str
            The Parquet file of `facts`, as SQL.
        """
        columns = [f"persons.person AS {name_of(self.mapping.person.id)}", *map(name_of, self.attributes)]
        made = []
        for k, target in enumerate(self.targets):
            kind, _, name = target.partition(" ")
            if kind == "attribute":
                columns.append(f"t{k} AS {name_of(f'attribute:{name}')}")
                made.append(f"{agreed('value', self.unknown, f'target = {k}')} AS t{k}")
            elif kind == "finding":
                columns.append(f"t{k}[2:] AS {name_of(f'finding:{name}')}")
                made.append(f"max(says) FILTER (target = {k}) AS t{k}")
            else:
                columns.append(f"list_transform(t{k}, lambda x: x.value) AS {name_of(f'quantity:{name}')}")
                columns.append(f"list_transform(t{k}, lambda x: x.unit) AS {name_of(f'unit:{name}')}")
                order = "instant NULLS LAST, time NULLS LAST, code, value, given NULLS LAST"
                which = f"target = {k} AND key NOT IN {self.unknown}"
                made.append(f"list({{'value': value, 'unit': given}} ORDER BY {order}) FILTER ({which}) AS t{k}")
        # of what the rows say of a finding the last in the alphabet counts: unreadable, then present, then absent
        return f"""WITH fact AS (
                SELECT DISTINCT * FROM read_parquet({facts}) WHERE person BETWEEN $first AND $last),
            counted AS (SELECT person, count(*) AS times FROM fact GROUP BY person),
            keyed AS (SELECT *, cell_key(value::VARCHAR) AS key FROM fact),
            told AS (
                SELECT keyed.*, target,
                    CASE WHEN cell_key(keyed.unit) NOT IN {self.unknown} THEN keyed.unit ELSE meaning.unit END AS given,
                    CASE WHEN bare THEN '2{PRESENT}'
                         WHEN key IS NULL OR key IN {self.unknown} THEN NULL
                         ELSE coalesce(known_cell.says, '3' || value::VARCHAR) END AS says
                FROM keyed JOIN meaning USING (code)
                LEFT JOIN known_cell ON known_cell.meaning = meaning.number AND known_cell.cell = key),
            made AS (SELECT person, {", ".join(made)} FROM told GROUP BY person)
            SELECT {", ".join(columns)}, coalesce(times, 0) AS counted
            FROM persons LEFT JOIN made USING (person) LEFT JOIN counted USING (person)
            WHERE persons.person BETWEEN $first AND $last ORDER BY persons.person"""
