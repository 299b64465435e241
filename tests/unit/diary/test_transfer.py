"""Export and import, of the export itself and of tables that other programs made."""

from __future__ import annotations

import csv
import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from soleus.core.record import KINDS, Episode, Factor, Night, Sample
from soleus.diary import CsvMapping, Diary, DiaryError, erase, export_to, import_csv, import_from, open_diary

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0", "'=1", "''", "＝1", '"=1"', " =1", "-"]
COMMON = {"recorded_at": NOW, "zone": "Europe/Berlin"}


def fill(diary: Diary) -> None:
    entries: list[Episode | Night | Factor | Sample] = [
        Episode(id=f"e{i}", night_of=date(2026, 1, 1), note=text, relieved_by=(text, "a; b"), **COMMON)  # type: ignore[arg-type]
        for i, text in enumerate(FORMULAS)
    ]
    entries += [
        Episode(
            id="full",
            night_of=date(2026, 1, 2),
            started_at=datetime(2026, 1, 2, 23, 59, 59, 999999, tzinfo=UTC),
            duration_s=0.1 + 0.2,
            leg="left",
            muscle="toes",
            activity="in_bed",
            pain=0,
            woke=False,
            relieved_by=("stretching", "walking"),
            sore_next_day=True,
            note='a "quoted"\r\nline, with; signs',
            **COMMON,  # type: ignore[arg-type]
        ),
        Night(id="n", night_of=date(2026, 1, 3), cramps=0, slept_h=7.5, quality=10, **COMMON),  # type: ignore[arg-type]
        Factor(id="f", night_of=date(2026, 1, 3), name="=HYPERLINK(1)", value=-2.5, unit="-", **COMMON),  # type: ignore[arg-type]
        Sample(id="s", taken_at=NOW, quantity="calcium", value=2.15, unit="mmol/L", clock_known=False, **COMMON),  # type: ignore[arg-type]
    ]
    assert diary.add(entries, now=NOW).problems == ()


@pytest.mark.parametrize("from_tables", [False, True])
def test_export_erase_import_gives_the_same_diary(diary: Diary, tmp_path: Path, from_tables: bool) -> None:
    fill(diary)
    before, counts, folder = diary.content_hash(), diary.counts(), tmp_path / "out"
    assert export_to(diary, folder) == folder
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(f"{kind}.csv" for kind in KINDS), "audit.csv", "diary.sqlite", "documents.csv", "entries.json"]
    )
    head = json.loads((folder / "entries.json").read_text("utf-8"))
    assert head["content_hash"] == before
    assert head["counts"] == counts == {kind: len(some) for kind, some in head["entries"].items()}
    erase(diary, word="erase")
    assert sum(diary.counts().values()) == 0
    if from_tables:
        (folder / "entries.json").unlink()
    added = import_from(folder, diary, now=NOW)
    assert (added.new, added.problems) == (sum(counts.values()), ())
    assert diary.content_hash() == before
    assert import_from(folder, diary, now=NOW).same == added.new
    with open_diary(str(folder / "diary.sqlite")) as copy:
        assert copy.content_hash() == before


def test_the_copy_in_sqlite_has_what_was_changed(diary: Diary, tmp_path: Path) -> None:
    fill(diary)
    diary.remove("full", now=NOW)
    export_to(diary, tmp_path / "out")
    export_to(diary, tmp_path / "out")  # over the old one
    with open_diary(str(tmp_path / "out" / "diary.sqlite")) as copy:
        assert copy.content_hash() == diary.content_hash()
        assert getattr(copy.undo("full", now=NOW), "duration_s") == 0.1 + 0.2  # noqa: B009


def test_no_text_of_the_tables_is_run_by_a_spreadsheet(own: Diary, tmp_path: Path) -> None:
    fill(own)
    export_to(own, tmp_path / "out")
    shielded = 0
    for kind in KINDS:
        with (tmp_path / "out" / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for name, cell in row.items():
                    if name != "value":
                        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
                        shielded += cell.startswith("'")
                    else:
                        float(cell)  # a number is no formula
    assert shielded == 13  # eleven of the notes, a name and a unit


def test_the_export_does_not_go_over_the_diary(own: Diary, folder: Path) -> None:
    with pytest.raises(DiaryError, match="same_folder"):
        export_to(own, folder)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace('"pain":0', '"pain":"much"'), "bad_entry"),
        (lambda text: text.replace('"pain":0', '"pain":11'), "out_of_range"),
        (lambda text: text[:-20], "bad_export"),
        (lambda text: text.replace('"soleus_diary":1', '"soleus_diary":2'), "newer_export"),
        (lambda text: text.replace('"nights":[', '"knights":['), "no_such_kind"),
        (lambda text: "", "bad_export"),
    ],
)
def test_a_spoiled_export_is_told_and_nothing_is_half_written(own: Diary, tmp_path: Path, change, code: str) -> None:  # type: ignore[no-untyped-def]
    fill(own)
    file = export_to(own, tmp_path / "out") / "entries.json"
    erase(own, word="erase")
    text = file.read_text("utf-8")
    assert change(text) != text
    file.write_text(change(text), "utf-8")
    added = import_from(file, own, now=NOW)
    assert [one.code for one in added.problems] == [code]
    assert "entries.json" in added.problems[0].where
    assert sum(own.counts().values()) == 0
    assert import_from(tmp_path / "nothing", own, now=NOW).problems[0].code == "bad_export"
    assert import_from(tmp_path, own, now=NOW).problems[0].code == "no_export"


MAPPING = CsvMapping(
    columns={"started_at": "Wann", "pain": "Stärke", "leg": "Bein", "duration_s": "Sekunden", "woke": "wach"},
    constants={"muscle": "calf"},
    date_format="%d.%m.%Y %H:%M",
    decimal=",",
)
HEAD = "Wann;Stärke;Bein;Sekunden;wach\n"


def test_a_table_of_another_program(diary: Diary, tmp_path: Path) -> None:
    table = tmp_path / "export.csv"
    table.write_text(f"\ufeff{HEAD}01.02.2026 02:30;7;left;1.090,5;ja\n", "utf-8")
    refused = import_csv(table, MAPPING, diary, kind="episodes", zone="Europe/Berlin", now=NOW)
    assert [(one.code, one.where) for one in refused.problems] == [("bad_cell", "row 2, column wach")]
    table.write_text(f"\ufeff{HEAD}01.02.2026 02:30;7;left;1.090,5;yes\n01.02.2026 02:30;;;;\n", "utf-8")
    added = import_csv(table, MAPPING, diary, kind="episodes", zone="Europe/Berlin", now=NOW)
    assert (added.new, added.problems) == (2, ())
    (first,) = [one for one in diary.episodes() if one.pain is not None]
    assert (first.started_at, first.night_of) == (datetime(2026, 2, 1, 1, 30, tzinfo=UTC), date(2026, 1, 31))
    assert (first.pain, first.leg, first.duration_s, first.woke, first.muscle) == (7, "left", 1090.5, True, "calf")
    assert first.recorded_at == NOW
    later = import_csv(table, MAPPING, diary, kind="episodes", zone="Europe/Berlin", now=NOW + timedelta(days=1))
    assert (later.new, later.same, later.problems) == (0, 2, ())


def test_every_row_that_is_wrong_is_told_and_none_is_stored(diary: Diary, tmp_path: Path) -> None:
    table = tmp_path / "export.csv"
    rows = [
        "01.02.2026 02:30;7;left;90;yes",
        "2026-02-01;7;left;90;yes",  # row 3: another form of date
        "01.02.2026 02:30;much;left;90;yes",  # row 4
        "01.02.2026 02:30;7;third;90;yes",  # row 5
        "29.03.2020 02:30;7;left;90;yes",  # row 6: the clocks jumped over it
        "01.02.2026 02:30;7;left;90;yes;more",  # row 7
        "01.02.2026 02:30;7;left;-5;yes",  # row 8: told by the check of entries when the rest is right
    ]
    table.write_text(HEAD + "\n".join(rows), "utf-8")
    added = import_csv(table, MAPPING, diary, kind="episodes", zone="Europe/Berlin", now=NOW)
    assert [one.where.split(",")[0] for one in added.problems] == ["row 3", "row 4", "row 5", "row 6", "row 7"]
    table.write_text(HEAD + rows[0] + "\n" + rows[6] + "\n01.02.2027 02:30;7;left;90;yes", "utf-8")
    added = import_csv(table, MAPPING, diary, kind="episodes", zone="Europe/Berlin", now=NOW)
    told = [(one.code, one.where.split(".")[0]) for one in added.problems]
    assert ("negative_duration", "row 3") in told
    assert ("future", "row 4") in told
    assert sum(diary.counts().values()) == 0


@pytest.mark.parametrize(
    ("columns", "kind", "zone", "code"),
    [
        ({"pain": "Schmerz"}, "episodes", "UTC", "no_such_column"),
        ({"ache": "Wann"}, "episodes", "UTC", "no_such_field"),
        ({"pain": "Wann"}, "cramps", "UTC", "no_such_kind"),
        ({"pain": "Wann"}, "episodes", "Mars/Base", "no_such_zone"),
        ({"pain": "Stärke"}, "episodes", "UTC", "bad_row"),  # no night
    ],
)
def test_a_mapping_that_does_not_fit(own: Diary, tmp_path: Path, columns, kind: str, zone: str, code: str) -> None:  # type: ignore[no-untyped-def]
    table = tmp_path / "export.csv"
    table.write_text(f"{HEAD}01.02.2026 02:30;7;left;90;yes\n", "utf-8")
    assert [one.code for one in import_csv(table, columns, own, kind=kind, zone=zone, now=NOW).problems] == [code]


@pytest.mark.parametrize("content", [b"a,b\n\xff\xfe\x00", b"", None])
def test_a_file_that_is_no_table(own: Diary, tmp_path: Path, content: bytes | None) -> None:
    table = tmp_path / "export.csv"
    if content is not None:
        table.write_bytes(content)
    added = import_csv(table, {"pain": "a"}, own, kind="episodes", zone="UTC", now=NOW)
    assert [one.code for one in added.problems] in (["bad_table"], ["no_such_column"])
    assert sum(own.counts().values()) == 0


def large(number: int) -> list[Episode | Sample]:
    entries: list[Episode | Sample] = []
    for i in range(number):
        day = date(1990, 1, 1) + timedelta(days=i // 10)
        entries.append(Episode(id=f"e{i}", night_of=day, leg="left", pain=5, relieved_by=("stretching",), **COMMON))  # type: ignore[arg-type]
        at = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=2 * i)
        entries.append(Sample(id=f"s{i}", taken_at=at, quantity="calcium", value=2.3, unit="mmol/L", **COMMON))  # type: ignore[arg-type]
    return entries


@pytest.mark.parametrize("number", [2_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_large_diary_is_exported_in_seconds(own: Diary, tmp_path: Path, number: int) -> None:
    own.add(large(number), now=NOW)
    start = time.perf_counter()
    export_to(own, tmp_path / "out")
    assert time.perf_counter() - start < 10 * number / 100_000 + 0.5
    before = own.content_hash()
    erase(own, word="erase")
    assert import_from(tmp_path / "out", own, now=NOW).new == 2 * number
    assert own.content_hash() == before
