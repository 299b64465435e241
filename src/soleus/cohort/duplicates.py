"""People whose code stands in more than one row of a register: nobody can tell which row is right."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from soleus.cohort.duckdb_tables import name_of, open_database, path_of, text_of, told_in_words
from soleus.cohort.register import Register

__all__ = ["find_doubled", "is_text"]

SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())  # as the scorer trims; DuckDB: only " "


def find_doubled(register: Register, person: str, memory: str, folder: Path) -> pa.Array:
    """Return the codes that stand in more than one row, in their order; texts without the spaces around them.

    Parameters
    ----------
    register : Register
    person : str
        The column of the codes.
    memory : str
        What DuckDB may use; beyond it, it works on the disk.
    folder : Path
        Where it may write meanwhile.
    """
    files = ", ".join(path_of(file) for file in register.files)
    column = name_of(person)
    kind = pq.read_schema(register.files[0]).field(person).type
    code = f"trim({column}, {text_of(SPACES)})" if is_text(kind) else column
    place = folder / "duplicates"
    place.mkdir(exist_ok=True)
    with told_in_words(register.files[0]):
        database = open_database(place, memory)
        try:
            # a hash first: what is alone by its hash is alone, and only the few others are compared as texts
            database.execute(
                f"CREATE TABLE suspects AS SELECT hash({code}) AS key FROM read_parquet([{files}]) "
                f"WHERE {column} IS NOT NULL GROUP BY key HAVING count(*) > 1"
            )
            found = database.sql(
                f"SELECT {code} AS code FROM read_parquet([{files}]) WHERE hash({code}) IN (SELECT key FROM suspects) "
                f"GROUP BY code HAVING count(*) > 1 ORDER BY code"
            ).to_arrow_table()
        finally:
            database.close()
            for path in sorted(place.rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            place.rmdir()
    return found["code"].combine_chunks()


def is_text(kind: pa.DataType) -> bool:
    """Tell whether codes are texts, which are compared without the spaces around them."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
