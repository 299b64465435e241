"""What is checked before an entry is stored, and the comparison with what is stored already."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from soleus.core.problem import Problem
from soleus.core.record import KINDS, MOST_CRAMPS_A_NIGHT, AnyEntry, check_entry
from soleus.diary.errors import problem
from soleus.diary.tables import COLUMNS, FROM_ROW, KIND_OF, TABLES, episodes

CHUNK = 5_000  # choice: ids in one question to the database; SQLite takes 32,766 and PostgreSQL 65,535
FLOATS = {
    "episodes": ("duration_s",),
    "nights": ("slept_h",),
    "factors": ("value",),
    "samples": ("value", "low", "high"),
}
_encode = msgspec.json.Encoder().encode
_BY_ID = {
    kind: sa.select(*(table.c[name] for name in COLUMNS[kind])).where(
        table.c.id.in_(sa.bindparam("ids", expanding=True))
    )
    for kind, table in TABLES.items()
}
_WHERE_ID: sa.CompoundSelect[Any] = sa.union_all(
    *(
        sa.select(sa.literal_column(f"'{kind}'")).select_from(table).where(table.c.id == sa.bindparam("id"))
        for kind, table in TABLES.items()
    )
)
_NIGHT_COUNT = sa.select(sa.func.count()).select_from(episodes).where(episodes.c.night_of == sa.bindparam("night"))
_decoders = {kind: msgspec.json.Decoder(made) for kind, made in KINDS.items()}


def check_entries(
    entries: Iterable[AnyEntry], now: datetime, places: Sequence[str] | None = None
) -> tuple[list[tuple[AnyEntry, str]], list[Problem]]:
    """Return the entries in the form in which they are stored, each with its place, and what is wrong with any.

    Parameters
    ----------
    entries : iterable of entries
    now : datetime
        Aware.
    places : sequence of str, optional
        What each entry is called in a message, such as ``row 3``.

    Raises
    ------
    ValueError
        ``now`` has no zone.
    """
    if now.tzinfo is None:
        raise ValueError(f"now ({now.isoformat()}) has no time zone")
    sound: list[tuple[AnyEntry, str]] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        where = places[index] if places is not None else f"entries[{index}]"
        normal = _normal(entry, where)
        if isinstance(normal, Problem):
            problems.append(normal)
            continue
        try:
            found = check_entry(normal, now, where=where)
        except OverflowError:
            why = "no calendar reaches there"
            found = [problem("out_of_range", where, "the date is not one of this age", why, "correct the date")]
        problems += found
        if not any(one.level == "error" for one in found):
            sound.append((normal, where))
    return sound, problems


def _normal(entry: AnyEntry, where: str) -> AnyEntry | Problem:
    """Return the entry with every value of its declared type, or why that can't be."""
    kind = KIND_OF.get(type(entry))
    if kind is None:
        what = f"{type(entry).__name__} is no entry of a diary"
        return problem("bad_type", where, what, "it can't be stored", "make an Episode, Night, Factor or Sample")
    for name in FLOATS[kind]:
        value = getattr(entry, name)
        if isinstance(value, float) and not math.isfinite(value):
            what = f"{value} is no number"
            return problem("out_of_range", f"{where}.{name}", what, "it cannot be meant", "correct or leave it out")
    try:
        encoded = _encode(entry)
        if b"\\u0000" in encoded:
            what = "a text holds the character NUL"
            return problem("bad_text", where, what, "not every database can keep it", "remove that character")
        return _decoders[kind].decode(encoded)
    except UnicodeEncodeError:
        return problem("bad_text", where, "a text is not valid Unicode", "it can't be written", "write it anew")
    except (msgspec.ValidationError, TypeError, OverflowError) as error:
        return problem("bad_type", where, str(error), "it can't be stored", "write a value of the right kind")


def find_entries(connection: sa.Connection, ids: Sequence[str]) -> dict[str, AnyEntry]:
    """Return the stored entries with these ids, of any kind."""
    found: dict[str, AnyEntry] = {}
    kinds: Iterable[str] = _BY_ID
    if len(ids) == 1:  # the usual writing of one entry: one short question instead of four
        kinds = connection.execute(_WHERE_ID, {"id": ids[0]}).scalars().all()
    for kind in kinds:
        query = _BY_ID[kind]
        if len(ids) > CHUNK and connection.execute(sa.select(TABLES[kind].c.id).limit(1)).first() is None:
            continue
        make = FROM_ROW[kind]
        for start in range(0, len(ids), CHUNK):
            for row in connection.execute(query, {"ids": ids[start : start + CHUNK]}):
                found[row[0]] = make(row)
    return found


def id_taken(where: str, key: str) -> Problem:
    """Return the problem of an id that stands for something else already."""
    return problem(
        "id_taken",
        f"{where}.id",
        f"the id {key!r} belongs to another entry with other content",
        "writing it would lose the other; nothing was stored",
        "give the new entry an id of its own, or revise the old one",
    )


def too_many_cramps(connection: sa.Connection, nights: set[str]) -> list[Problem]:
    """Return a problem for each of these nights that has more cramps than can be meant."""
    if len(nights) == 1:
        (night,) = nights
        number = connection.execute(_NIGHT_COUNT, {"night": night}).scalar_one()
        return [_too_many(night, number)] if number > MOST_CRAMPS_A_NIGHT else []
    count = sa.func.count()
    query = sa.select(episodes.c.night_of, count).group_by(episodes.c.night_of).having(count > MOST_CRAMPS_A_NIGHT)
    if len(nights) <= CHUNK:
        query = query.where(episodes.c.night_of.in_(sorted(nights)))
    counted = connection.execute(query.order_by(episodes.c.night_of))
    return [_too_many(night, number) for night, number in counted if night in nights]


def _too_many(night: str, number: int) -> Problem:
    return problem(
        "too_many_cramps",
        f"night of {night}",
        f"{number} cramps in one night; more than {MOST_CRAMPS_A_NIGHT} can't be kept",
        "it is a slip, or another disease than cramps; nothing was stored",
        "look for entries written twice; if it is true, tell it in the note of the night, and tell a doctor",
    )
