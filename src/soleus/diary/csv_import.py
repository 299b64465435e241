"""Bringing in a table that another program made: which column means what, and every row that can't be read."""

from __future__ import annotations

import csv
import types
import typing
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from soleus.core.problem import Problem
from soleus.core.record import KINDS, AnyEntry, night_of, zone_of
from soleus.diary.adding import Added
from soleus.diary.cells import split_words
from soleus.diary.errors import problem
from soleus.diary.store import Diary

YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})
_IDS = uuid.UUID("5f0c3a0e-4d3c-4b0e-9c55-7f6a1b8f2d11")  # any constant: ids of rows without one are made from it
_encode = msgspec.json.Encoder(order="sorted").encode


class CsvMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the columns of a table become the fields of an entry.

    Parameters
    ----------
    columns : dict of str to str
        Field of the entry -> heading of the column.
    constants : dict of str to str, optional
        Field -> the same text for every row, such as ``{"unit": "mmol/L"}``.
    date_format : str, optional
        As for ``strptime`` (``%d.%m.%Y %H:%M``); empty for ISO 8601.
    decimal : {".", ","}
        The decimal sign.
    delimiter : str, optional
        Between the columns; empty to tell it from the first line.
    """

    columns: dict[str, str]
    constants: dict[str, str] = {}
    date_format: str = ""
    decimal: typing.Literal[".", ","] = "."
    delimiter: str = ""


def import_csv(
    path: Path, mapping: CsvMapping | Mapping[str, str], diary: Diary, *, kind: str, zone: str, now: datetime
) -> Added:
    """Bring in the rows of a table as entries of one kind; if one row can't be read, none is stored.

    A row without an id gets one from its content, so that bringing in the same file twice adds nothing. The night is
    told from the start when no column gives it. Cells that are empty are values that were not told.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with a line of headings.
    mapping : CsvMapping, or mapping of field to heading
    diary : Diary
    kind : {"episodes", "nights", "factors", "samples"}
    zone : str
        IANA name of the zone of times without an offset, and of the entries.
    now : datetime
        Aware; the time at which the entries were recorded here, unless a column tells another.

    Returns
    -------
    Added
        Each problem names its row as a spreadsheet numbers it (the headings are row 1).
    """
    plan = mapping if isinstance(mapping, CsvMapping) else CsvMapping(columns=dict(mapping))
    problems = _check_plan(plan, kind, zone)
    entries: list[AnyEntry] = []
    places: list[str] = []
    undated: list[int] = []
    if not problems:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                head = file.readline()
                file.seek(0)
                delimiter = plan.delimiter or max(",;\t", key=head.count)
                reader = csv.DictReader(file, delimiter=delimiter)
                missing = sorted(set(plan.columns.values()) - set(reader.fieldnames or ()))
                if missing:
                    fix = f"the columns are: {', '.join(reader.fieldnames or ()) or 'none'}"
                    what = f"no column {', '.join(missing)}"
                    problems.append(problem("no_such_column", f"{path.name}: row 1", what, "it is in the mapping", fix))
                else:
                    _read_rows(reader, plan, kind, zone, now, entries, places, undated, problems)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            fix = "save it as CSV in UTF-8"
            problems.append(problem("bad_table", str(path), str(error), "the table can't be read", fix))
    if problems:
        return Added(problems=tuple(problems))
    known = diary.find([entries[index].id for index in undated])
    for index in undated:  # what came in earlier keeps the time at which it came
        old = known.get(entries[index].id)
        if old is not None:
            entries[index] = msgspec.structs.replace(entries[index], recorded_at=old.recorded_at)
    return diary.add(entries, now=now, places=places)


def _check_plan(plan: CsvMapping, kind: str, zone: str) -> list[Problem]:
    if kind not in KINDS:
        fix = f"use {', '.join(KINDS)}"
        return [problem("no_such_kind", "kind", f"{kind!r} is no kind of entry", "nothing was stored", fix)]
    found = []
    fields = KINDS[kind].__struct_fields__
    for name in (*plan.columns, *plan.constants):
        if name not in fields:
            fix = f"use {', '.join(fields)}"
            found.append(problem("no_such_field", "mapping", f"{name!r} is no field", "it has no place", fix))
    try:
        zone_of(zone)
    except ValueError as error:
        fix = "write an IANA name such as Europe/Berlin"
        found.append(problem("no_such_zone", "zone", str(error), "times can't be told", fix))
    return found


def _read_rows(
    reader: csv.DictReader[str],
    plan: CsvMapping,
    kind: str,
    zone: str,
    now: datetime,
    entries: list[AnyEntry],
    places: list[str],
    undated: list[int],
    problems: list[Problem],
) -> None:
    """Read all rows; ``undated`` gets the index of each entry whose time of recording is the import's."""
    made = KINDS[kind]
    hints = typing.get_type_hints(made)
    seen: Counter[bytes] = Counter()
    for number, row in enumerate(reader, start=2):
        where = f"row {number}"
        if None in row:
            what, why = "it has more cells than there are headings", "the columns can't be told apart"
            problems.append(problem("bad_row", where, what, why, "quote texts that hold the delimiter"))
            continue
        values: dict[str, Any] = {"zone": zone}
        texts = dict(plan.constants) | {
            name: text for name, column in plan.columns.items() if (text := (row[column] or "").strip())
        }
        wrong = False
        own_zone = texts.get("zone", zone)
        for name, text in texts.items():
            try:
                values[name] = _value(text, hints[name], plan, own_zone)
            except ValueError as error:
                place = f"{where}, column {plan.columns.get(name, name)}"
                problems.append(problem("bad_cell", place, str(error), "it can't be read", "correct that cell"))
                wrong = True
        if wrong:
            continue
        started = values.get("started_at")
        if kind == "episodes" and "night_of" not in values and started is not None:
            values["night_of"] = night_of(started, values["zone"])
        if "id" not in values:
            content = kind.encode() + _encode(values)
            seen[content] += 1  # the same row twice is two entries, if the table has it twice
            values["id"] = str(uuid.uuid5(_IDS, f"{content.decode()}#{seen[content]}"))
        if "recorded_at" not in values:
            values["recorded_at"] = now.astimezone(UTC)
            undated.append(len(entries))
        try:
            entries.append(msgspec.convert(values, made, strict=False))
            places.append(where)
        except msgspec.ValidationError as error:
            if undated and undated[-1] == len(entries):
                undated.pop()
            fix = "correct that row, or map or set the field"
            problems.append(problem("bad_row", where, str(error), "it can't be stored", fix))


def _value(text: str, hint: Any, plan: CsvMapping, zone: str) -> Any:
    """Return what a cell means for a field of this type.

    Raises
    ------
    ValueError
        It can't be read; the message says what was expected.
    """
    options = set(typing.get_args(hint)) if isinstance(hint, (types.UnionType,)) else {hint}
    if datetime in options:
        return _moment(text, plan.date_format, zone)
    if date in options:
        return _read_time(text, plan.date_format).date()
    if bool in options:
        if text.lower() in YES | NO:
            return text.lower() in YES
        raise ValueError(f"{text!r} is neither yes nor no")
    if float in options or int in options:
        number = text.replace(".", "").replace(",", ".") if plan.decimal == "," and "," in text else text
        try:
            return float(number) if float in options else int(number)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
    return split_words(text) if typing.get_origin(hint) is tuple else text


def _read_time(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form) if form else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date like {form or '2026-01-31 or 2026-01-31T02:30'}") from None


def _moment(text: str, form: str, zone: str) -> datetime:
    """Return a moment in UTC; a clock time that happened twice means the first, one that never was is refused."""
    read = _read_time(text, form)
    if read.tzinfo is None:
        local = read.replace(tzinfo=zone_of(zone))
        back = local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if back != read:
            raise ValueError(f"{text!r} never was on the clocks of {zone}: they went forward then")
        read = local
    return read.astimezone(UTC)
