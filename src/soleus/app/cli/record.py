"""``soleus log``, ``diary``, ``measure``, ``backup``, ``restore`` and ``doctor``: the person's own record."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soleus.app.cli.main import ANSWERED_WITH_ERRORS, NOT_READ, OK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soleus.app.record_case import Shown
    from soleus.core.case import Case
    from soleus.core.problem import Problem
    from soleus.diary import Diary

SHOWN_DAYS = 84  # choice: twelve weeks say how it is now; older nights are shown on request


def run_record(options: argparse.Namespace) -> int:
    """Run one of the commands of the record; return the exit code."""
    from soleus.app.cli.record_show import run_doctor, show_diary, show_measurements
    from soleus.diary import DiaryError

    actions = {
        "log": _log,
        "backup": _backup,
        "restore": _restore,
        "doctor": run_doctor,
        "diary show": show_diary,
        "diary add": _add,
        "diary undo": _undo,
        "diary import": _import,
        "diary export": _export,
        "diary erase": _erase,
        "measure add": _measure,
        "measure show": show_measurements,
    }
    if problem := _wrong_zone(getattr(options, "zone", None)):
        _tell([problem])
        return NOT_READ
    name = options.command if options.command not in ("diary", "measure") else f"{options.command} {options.action}"
    try:
        return actions[name](options)
    except DiaryError as error:
        _tell(error.problems)
        return NOT_READ


def here() -> str:
    """Return the IANA name of this machine's time zone, UTC when it cannot be told (``soleus doctor`` shows it)."""
    from soleus.core.record import zone_of

    named = os.environ.get("TZ", "").lstrip(":")
    link = Path(named) if named.startswith("/") else Path("/etc/localtime")
    parts = link.resolve().parts if link.exists() else ()
    linked = "/".join(parts[parts.index("zoneinfo") + 1 :]) if "zoneinfo" in parts else "UTC"
    for name in (named, linked):
        try:
            return zone_of(name).key
        except ValueError:  # such as "CET-1CEST" or a path: the next one
            continue
    return "UTC"


def _wrong_zone(name: str | None) -> Problem | None:
    from soleus.core.problem import Problem
    from soleus.core.record import zone_of

    try:
        zone_of(here() if name is None else name)
    except ValueError as error:
        return Problem(
            code="no_such_zone",
            level="error",
            where="--zone" if name else "TZ",
            what=str(error),
            why="the night cannot be told",
            fix="give --zone with a name such as Europe/Berlin",
        )
    return None


def new_id() -> str:
    """Return a fresh id for an entry."""
    return str(uuid.uuid4())


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(problems: Iterable[Problem]) -> bool:
    """Print problems to standard error; say whether one is an error."""
    listed = list(problems)
    for problem in listed:
        print(problem, file=sys.stderr)
    return any(problem.level == "error" for problem in listed)


def open_chosen(options: argparse.Namespace, *, create: bool = True) -> Diary:
    """Open the diary that the command names, or the person's own."""
    from soleus.diary import open_diary

    return open_diary(options.at, create=create)


def _log(options: argparse.Namespace) -> int:
    from soleus.app.log_line import read_log_line

    now = _now()
    line = read_log_line(" ".join(options.words), now=now, zone=options.zone or here(), new_id=new_id)
    failed = _tell(line.problems)
    if failed or not line.entries:
        return ANSWERED_WITH_ERRORS
    with open_chosen(options) as diary:
        added = diary.add(line.entries, now=now)
    if _tell(added.problems):
        return ANSWERED_WITH_ERRORS
    print(line.said)
    return OK


def _add(options: argparse.Namespace) -> int:
    """Add one entry from ``name=value`` words; what is left out and can be known is filled in."""
    import msgspec

    from soleus.app.log_line import last_night
    from soleus.core.record import KINDS

    now, zone = _now(), options.zone or here()
    given: dict[str, object] = {"id": new_id(), "recorded_at": now, "zone": zone}
    for word in options.fields:
        name, equals, value = word.partition("=")
        if not equals:
            print(f"error: {word!r} says no field. To mend it: write name=value. [not_read]", file=sys.stderr)
            return NOT_READ
        given[name] = tuple(value.split("+")) if name == "relieved_by" else value
    kind = KINDS[f"{options.kind}s"]
    if options.kind == "sample":
        given.setdefault("taken_at", now)
    else:
        given.setdefault("night_of", last_night(now, zone))
    try:
        entry = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(name for name in kind.__struct_fields__ if name not in ("id", "recorded_at", "zone"))
        print(f"error: {error}. To mend it: the fields of a {options.kind} are {known}. [not_read]", file=sys.stderr)
        return NOT_READ
    with open_chosen(options) as diary:
        added = diary.add([entry], now=now)
    if _tell(added.problems):
        return ANSWERED_WITH_ERRORS
    print(f"recorded: {options.kind} {entry.id}")
    return OK


def _undo(options: argparse.Namespace) -> int:
    """Take back what was recorded last, or the last change of one entry."""
    from soleus.core.record import KINDS, Sample

    names = {kind: name.removesuffix("s") for name, kind in KINDS.items()}
    now = _now()
    with open_chosen(options, create=False) as diary:
        if options.id:
            entry = diary.undo(options.id, now=now)
            print(f"taken back: {options.id}" if entry is None else f"as before: {names[type(entry)]} {entry.id}")
            return OK
        entries = diary.last_recorded()
        for entry in entries:
            diary.remove(entry.id, now=now)
            night = "" if isinstance(entry, Sample) else f" of the night of {entry.night_of}"
            print(f"taken back: {names[type(entry)]}{night}; to have it again: soleus diary undo --id {entry.id}")
    if not entries:
        print("the diary is empty")
    return OK


def _import(options: argparse.Namespace) -> int:
    from soleus.diary import CsvMapping, import_csv, import_from

    path, now = Path(options.path), _now()
    with open_chosen(options) as diary:
        if path.suffix.lower() == ".csv":
            if not options.kind or not options.map:
                print(
                    f"error: {path}: a CSV file needs --kind and --map. To mend it: see docs/diary.md for a mapping."
                    " [no_mapping]",
                    file=sys.stderr,
                )
                return NOT_READ
            import msgspec

            try:
                mapping = msgspec.toml.decode(Path(options.map).read_bytes(), type=CsvMapping)
            except (OSError, msgspec.MsgspecError, ValueError) as error:
                print(f"error: {options.map}: {error}. To mend it: see docs/diary.md. [not_read]", file=sys.stderr)
                return NOT_READ
            kind = f"{options.kind}s"
            added = import_csv(path, mapping, diary, kind=kind, zone=options.zone or here(), now=now)
        else:
            added = import_from(path, diary, now=now)
    failed = _tell(added.problems)
    print(f"imported: {added.new} new, {added.same} already there, {len(added.problems)} not taken")
    return ANSWERED_WITH_ERRORS if failed else OK


def _export(options: argparse.Namespace) -> int:
    from soleus.diary import export_to

    with open_chosen(options, create=False) as diary:
        folder = export_to(diary, Path(options.folder))
        counts = diary.counts()
    print(f"exported to {folder}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    return OK


def _erase(options: argparse.Namespace) -> int:
    from soleus.diary import DamagedDiary, data_folder, erase

    word = options.word
    if word is None:
        print("This erases the whole diary and its backups on this machine. There is no way back.")
        try:
            word = input('Type "erase" to go on: ')
        except EOFError:
            word = ""
    if word != "erase":
        print("nothing was erased")
        return OK
    try:
        with open_chosen(options, create=False) as diary:
            erase(diary, word=word)
    except DamagedDiary:
        if options.at is not None:
            raise
        erase(data_folder(), word=word)
    print("erased: the diary and its backups")
    return OK


def _backup(options: argparse.Namespace) -> int:
    from soleus.diary import back_up, check_backup

    with open_chosen(options, create=False) as diary:
        path = back_up(diary, now=_now())
    report = check_backup(path)
    print(f"backed up and verified: {path} ({', '.join(f'{n} {kind}' for kind, n in report.counts.items())})")
    return OK


def _restore(options: argparse.Namespace) -> int:
    from soleus.diary import check_backup, restore

    path = Path(options.file)
    report = check_backup(path)
    if not report.sound:
        _tell(report.problems)
        return NOT_READ
    said = ", ".join(f"{n} {kind}" for kind, n in report.counts.items())
    if options.check:
        print(f"sound: {path} ({said})")
        return OK
    done = restore(path, now=_now())
    print(f"restored: {done.diary} ({said})")
    if done.replaced is not None:
        print(f"the diary that it replaced is kept as {done.replaced}")
    return OK


def _measure(options: argparse.Namespace) -> int:
    from soleus.app.measurement_entry import MeasurementTold, read_measurement
    from soleus.knowledge.laboratory_index import LaboratoryIndex
    from soleus.knowledge.load import load_evidence

    now = _now()
    told = MeasurementTold(
        name=options.quantity,
        value=options.value,
        unit=options.unit or "",
        low=options.low,
        high=options.high,
        taken=options.time or "",
        zone=options.zone or "",
        posture=options.posture,
        leg=options.leg,
        series=options.series or "",
        note=options.note or "",
    )
    index = LaboratoryIndex(load_evidence().quantities)
    read = read_measurement(told, index, id=new_id(), now=now, zone=here())
    _tell(read.problems)
    if read.sample is None:
        unread = any(problem.code == "bad_time" for problem in read.problems)
        return NOT_READ if unread else ANSWERED_WITH_ERRORS
    with open_chosen(options) as diary:
        added = diary.add([read.sample], now=now)
    if _tell(added.problems):
        return ANSWERED_WITH_ERRORS
    value, unit = read.sample.value, read.sample.unit
    print(f"recorded: {read.quantity.replace('_', ' ')} {value:g} {'' if unit == '1' else unit}".rstrip())
    return OK


def add_diary(case: Case, at: str | None) -> tuple[Case, tuple[Shown, ...], tuple[Problem, ...]]:
    """Return the case with what the last twelve weeks of the diary and all measurements show."""
    from soleus.app.record_case import case_with_record, recent
    from soleus.app.session import load_session
    from soleus.diary import open_diary

    with open_diary(at, create=False) as diary:
        nights = diary.night_counts()
        first = max((night.night_of for night in nights), default=None)
        since = first - timedelta(days=SHOWN_DAYS - 1) if first else None
        episodes, nights = recent(diary.episodes(first=since), nights, SHOWN_DAYS)
        return case_with_record(case, episodes, nights, diary.samples(), load_session().evidence)
