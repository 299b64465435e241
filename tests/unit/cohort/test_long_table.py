"""What a long table becomes: one row a person, whatever the order of its rows, and nothing decided in silence."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soleus.cohort import long_table
from soleus.cohort.long_table import Pivoted, pivot_long
from soleus.cohort.mapping import (
    ABSENT,
    PRESENT,
    CodeRow,
    LongTable,
    Mapping,
    PersonColumns,
    SettingColumn,
    SexColumn,
    wide_mapping,
)
from soleus.cohort.mapping_file import MappingError
from soleus.cohort.problems import ScreeningError
from soleus.cohort.scoring import Scorer
from soleus.knowledge.load import load_evidence

EVIDENCE = load_evidence()
LONG = LongTable(person="pid", code="code", value="value", unit="unit", time="time")
CODES = (
    CodeRow(codes=("ca", "ca ionized?"), quantity="calcium", unit="mg/dL"),
    CodeRow(codes=("E11", " E10 "), finding="diabetes"),
    CodeRow(codes=("knot",), finding="hard_knot", present=("yes", 1), absent=("no", 0)),
)
FACTS = ("pid", "code", "value", "unit", "time")
CALCIUM, UNIT, DIABETES, KNOT = "quantity:calcium", "unit:calcium", "finding:diabetes", "finding:hard_knot"


def mapping(person: PersonColumns | None = None, codes: tuple[CodeRow, ...] = CODES, long: LongTable = LONG) -> Mapping:
    return Mapping(person=person or PersonColumns(id="pid"), unknown=("NA", -9), long=long, codes=codes)


def write_csv(path: Path, rows: list[tuple[Any, ...]], columns: tuple[str, ...] = FACTS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def pivot(source: Path, one: Mapping, **more: Any) -> tuple[Pivoted, dict[str, dict[str, Any]]]:
    """Return what was counted, and the wide rows by the person's code."""
    out = source.parent / "wide.parquet"
    counted = pivot_long(source, one, EVIDENCE, out, **more)
    table = pq.read_table(out)
    assert tuple(table.schema.names) == wide_mapping(one).columns()
    rows = table.to_pylist()
    codes = [row[one.person.id] for row in rows]
    assert codes == sorted(set(codes))
    assert counted.people == len(rows)
    assert sorted(path.name for path in source.parent.glob("wide*")) == ["wide.parquet"]  # nothing else is left
    return counted, dict(zip(codes, rows, strict=True))


def rejects(source: Path, one: Mapping) -> dict[str | None, tuple[str | None, str | None]]:
    """Return why each person of the pivoted table is a reject, by the person's code."""
    scored = Scorer(EVIDENCE, wide_mapping(one)).score(
        pq.read_table(source.parent / "wide.parquet").combine_chunks().to_batches()[0]
    )
    told = scored.select(["person", "reject_code", "reject_value"]).to_pylist()
    return {row["person"]: (row["reject_code"], row["reject_value"]) for row in told}


def test_readings_are_in_the_order_of_time_with_their_units(tmp_path: Path) -> None:
    rows = [
        ("2", "ca", "9.3", "", "2020-03-01"),
        ("2", "ca", "2.31", "mmol/L", "2020-01-15T08:00:00"),
        ("2", "ca ionized?", "<8.0", "NA", "2020-02-01 07:30"),
        ("10", "ca", "NA", "", "2020-02-01"),
        ("10", "ca", "", "", "2020-02-02"),
        ("2", "ca", "9.9", "", ""),
    ]
    counted, people = pivot(write_csv(tmp_path / "long.csv", rows), mapping())
    assert people["2"][CALCIUM] == ["2.31", "<8.0", "9.3", "9.9"]
    assert people["2"][UNIT] == ["mmol/L", "mg/dL", "mg/dL", "mg/dL"]
    assert people["10"][CALCIUM] is people["10"][UNIT] is None
    assert (counted.rows, counted.named, counted.repeated) == (6, 6, 0)


def test_an_exact_repetition_counts_once_and_is_told(tmp_path: Path) -> None:
    row = ("2", "ca", "9.3", "mg/dL", "2020-03-01")
    rows = [row, row, ("2", "ca", "9.3", "mg/dL", "2020-03-02"), ("3", *row[1:]), row, ("2", "xx", "", "", "")] * 2
    counted, people = pivot(write_csv(tmp_path / "long.csv", rows), mapping())
    assert people["2"][CALCIUM] == ["9.3", "9.3"]
    assert people["3"][CALCIUM] == ["9.3"]
    assert (counted.rows, counted.named, counted.repeated) == (12, 10, 7)


def test_findings(tmp_path: Path) -> None:
    rows = [
        ("code is enough", "E11", "", "", ""),
        ("trimmed", " E10", "no", "", ""),
        ("yes wins", "knot", "no", "", "2020"),
        ("yes wins", "knot", "1.0", "", "2019"),
        ("no", "knot", " NO ", "", ""),
        ("unknown", "knot", "NA", "", ""),
        ("unreadable", "knot", "Maybe", "", ""),
        ("unreadable", "knot", "yes", "", ""),
    ]
    source = write_csv(tmp_path / "long.csv", rows)
    _, people = pivot(source, mapping())
    assert {name: row[DIABETES] for name, row in people.items() if row[DIABETES]} == {
        "code is enough": PRESENT,
        "trimmed": PRESENT,
    }
    told = {"yes wins": PRESENT, "no": ABSENT, "unreadable": "Maybe"}
    assert {name: row[KNOT] for name, row in people.items() if row[KNOT]} == told
    reasons = rejects(source, mapping())
    assert reasons.pop("unreadable") == ("unknown_cell", "Maybe")
    assert set(reasons.values()) == {(None, None)}


def test_one_code_may_say_several_things(tmp_path: Path) -> None:
    codes = (
        CodeRow(codes=("dx",), finding="diabetes", present=("E11",), absent=("none", "N18")),
        CodeRow(codes=("dx",), finding="kidney_disease", present=("N18",), absent=("none", "E11")),
    )
    _, people = pivot(write_csv(tmp_path / "long.csv", [("1", "dx", "E11", "", "")]), mapping(codes=codes))
    assert people["1"] == {"pid": "1", DIABETES: PRESENT, "finding:kidney_disease": ABSENT}


def test_attributes_told_by_codes_become_columns_and_contradictions_rejects(tmp_path: Path) -> None:
    person = PersonColumns(
        id="pid",
        sex=SexColumn(column="", female=(8532,), male=(8507,)),
        setting=SettingColumn(codes={"ER": "emergency"}),
    )
    codes = (
        *CODES,
        CodeRow(codes=("age",), attribute="age"),
        CodeRow(codes=("sex",), attribute="sex"),
        CodeRow(codes=("place",), attribute="setting"),
        CodeRow(codes=("month",), attribute="pregnancy_month"),
    )
    one = mapping(person, codes)
    rows = [
        *(("1", code, value, "", "") for code, value in (("age", "68"), ("sex", "8532"), ("place", "ER"))),
        *(("2", "age", value, "", "") for value in ("68", "68.0", " 68", "NA", "")),
        *(("3", "age", value, "", "") for value in ("68", "69")),
        *(("4", "sex", value, "", "") for value in ("8507", "8532")),
        ("5", "month", "3", "", ""),
    ]
    source = write_csv(tmp_path / "long.csv", rows)
    _, people = pivot(source, one)
    assert people["1"]["attribute:setting"] == "ER"
    assert people["5"]["attribute:pregnancy_month"] == "3"
    reasons = rejects(source, one)
    assert reasons["3"] == ("bad_age", "contradictory: 68 | 69")
    assert reasons["4"] == ("unknown_cell", "contradictory: 8507 | 8532")
    assert [reasons[code] for code in "125"] == [(None, None)] * 3


def test_columns_of_people_may_stand_in_every_row(tmp_path: Path) -> None:
    one = mapping(PersonColumns(id="pid", age="age in years"))
    rows = [
        ("1", "ca", "9", "", "", "68"),
        ("1", "other", "", "", "", "68.0"),
        ("2", "other", "", "", "", "40"),
        ("3", "ca", "9", "", "", "40"),
        ("3", "other", "", "", "", "41"),
        ("4", "ca", "9", "", "", "NA"),
    ]
    source = write_csv(tmp_path / "long.csv", rows, (*FACTS, "age in years"))
    counted, people = pivot(source, one)
    told = {code: row["age in years"] for code, row in people.items()}
    assert told == {"1": "68", "2": "40", "3": "contradictory: 40 | 41", "4": None}
    assert rejects(source, one)["3"][0] == "bad_age"
    assert (counted.unnamed, counted.unnamed_codes) == ({"other": 3}, 1)


def test_people_of_either_table_are_kept(tmp_path: Path) -> None:
    one = mapping(PersonColumns(id="pid", age="age", sex=SexColumn(column="sex")))
    pq.write_table(
        pa.table({"pid": [1, 2, 2, 4, 4], "age": [50.5, 60, 60, 70, 71], "sex": ["f", "m", "m", "f", "f"]}),
        tmp_path / "people.parquet",
    )
    source = write_csv(tmp_path / "long.csv", [("1", "E11", "", "", ""), ("3", "E11", "", "", "")])
    _, people = pivot(source, one, people=tmp_path / "people.parquet")
    told = [(code, row["age"], row["sex"], row[DIABETES]) for code, row in people.items()]
    assert told == [
        ("1", "50.5", "f", PRESENT),
        ("2", "60.0", "m", None),
        ("3", None, None, PRESENT),
        ("4", "contradictory: 70.0 | 71.0", "f", None),
    ]
    assert rejects(source, one)["4"][0] == "bad_age"


def test_rows_of_nobody_become_one_reject(tmp_path: Path) -> None:
    rows = [("", "E11", "", "", ""), (" ", "ca", "9", "", ""), ("1", "E11", "", "", "")]
    source = write_csv(tmp_path / "long.csv", rows)
    assert list(pivot(source, mapping())[1]) == ["", "1"]
    assert rejects(source, mapping()) == {None: ("missing_person", ""), "1": (None, None)}


def test_types_of_parquet_are_kept_where_they_matter(tmp_path: Path) -> None:
    at = [dt.datetime(2020, 1, 2, tzinfo=dt.UTC), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]
    table = pa.table(
        {
            "pid": pa.array([7.0, 7.0, None, 8.0]),  # whole numbers with empty cells among them
            "code": [3006906, 3006906, 3006906, 201826],
            "value": [9.25, 9.5, float("nan"), None],
            "time": pa.array([*at, None, at[0]], pa.timestamp("us", "Europe/Berlin")),
        }
    )
    codes = (
        CodeRow(codes=("3006906",), quantity="calcium", unit="mg/dL"),
        CodeRow(codes=("201826",), finding="diabetes"),
    )
    one = mapping(codes=codes, long=LongTable(person="pid", code="code", value="value", time="time"))
    (tmp_path / "long" / "year=2020").mkdir(parents=True)
    pq.write_table(table.slice(0, 1), tmp_path / "long" / "year=2020" / "a.parquet")
    pq.write_table(table.slice(1), tmp_path / "long" / "b.parquet")
    _, people = pivot(tmp_path / "long", one)
    assert people["7"][CALCIUM] == [9.5, 9.25]
    assert people[""][CALCIUM] is None
    assert people["8"][DIABETES] == PRESENT


def random_rows(seed: int, n: int) -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(seed)
    codes = ("ca", "E11", "knot", "x1", "x2", "")
    return [
        (
            str(rng.integers(0, n // 8)),
            codes[rng.integers(0, len(codes))],
            str(rng.choice(["9.1", "9.2", "yes", "no", "NA", "?"])),
            str(rng.choice(["", "mg/dL"])),
            f"2020-0{rng.integers(1, 10)}-01",
        )
        for _ in range(n)
    ]


def test_the_order_of_rows_does_not_matter_and_the_bytes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_table, "MOST_FACTS", 500)  # many groups of people
    monkeypatch.setattr(long_table, "MOST_PEOPLE", 60)
    rows, made = random_rows(1, 3000), []
    for seed in range(3):
        source = write_csv(tmp_path / "long.csv", [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))])
        counted, people = pivot(source, mapping())
        made.append((counted, (tmp_path / "wide.parquet").read_bytes()))
    assert made[0] == made[1] == made[2]
    assert pq.ParquetFile(tmp_path / "wide.parquet").num_row_groups > 5

    # and they are what a plain loop makes of them
    for code in {row[0] for row in rows}:
        mine = sorted({row[1:] for row in rows if row[0] == code}, key=lambda row: (row[3], row[0], row[1], row[2]))
        readings = [(value, unit or "mg/dL") for one, value, unit, _ in mine if one == "ca" and value != "NA"]
        wanted: list[tuple[str, str]] = []
        same = [row for row in mine if row[0] == "ca" and row[1] != "NA"]
        for _, value, unit, _ in sorted(same, key=lambda row: (row[3], row[1], row[2] or "mg/dL")):
            wanted.append((value, unit or "mg/dL"))
        assert sorted(readings) == sorted(wanted)
        assert (people[code][CALCIUM] or []) == [value for value, _ in wanted], code
        assert (people[code][UNIT] or []) == [unit for _, unit in wanted], code
        knots = {value for one, value, _, _ in mine if one == "knot"} - {"NA"}
        unreadable = sorted(knots - {"yes", "no"})
        state = unreadable[-1] if unreadable else PRESENT if "yes" in knots else ABSENT if knots else None
        assert people[code][KNOT] == state
        assert people[code][DIABETES] == (PRESENT if any(row[0] == "E11" for row in mine) else None)
    assert counted.rows == 3000
    assert counted.unnamed_codes == 3
    assert sum(counted.unnamed.values()) + counted.named == 3000


def test_more_rows_than_memory_are_turned_on_disk(tmp_path: Path) -> None:
    n = 3_000_000
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "pid": pa.array(rng.integers(0, 100_000, n)).cast(pa.string()),
            "code": np.array(["ca", "E11", "other"])[rng.integers(0, 3, n)],
            "value": rng.normal(9.2, 0.4, n),
        }
    )
    pq.write_table(table, tmp_path / "long.parquet")
    one = mapping(codes=CODES[:2], long=LongTable(person="pid", code="code", value="value"))
    lines: list[str] = []
    counted, people = pivot(tmp_path / "long.parquet", one, memory="100MB", told=lines.append)
    assert counted.rows == n
    assert sum(len(row[CALCIUM] or ()) for row in people.values()) == int(np.sum(table["code"].to_numpy() == "ca"))
    assert any("100,000 people" in line for line in lines)


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        (b"pid,code,value,unit\n1,ca,9,\n", "missing_column", "time"),
        (b"pid,Code,value,unit,time\n", "missing_column", "did you mean Code"),
        (b"pid,code,value,unit,time\n1,ca,9,,\n2,ca\n", "bad_csv", "line 3"),
        (b"pid,code,value,unit,time\n1,ca,9,,,7\n", "bad_csv", "line 2"),
        (b'pid,code,value,unit,time\n1,"ca,9,,\n', "bad_csv", "line 2"),
        (b"pid,code,value,unit,time\n1,ca\xff,9,,\n", "bad_csv", "line 2"),
        (b"pid,code,value,unit,time,pid\n1,ca,9,,,1\n", "column_twice", "pid"),
        (b"", "bad_csv", "first line"),
    ],
)
def test_a_csv_that_cannot_be_read_is_told_in_words(tmp_path: Path, content: bytes, code: str, where: str) -> None:
    (tmp_path / "long.csv").write_bytes(content)
    with pytest.raises(ScreeningError, match=where) as told:
        pivot_long(tmp_path / "long.csv", mapping(), EVIDENCE, tmp_path / "wide.parquet")
    assert told.value.problem.code == code
    assert [path.name for path in tmp_path.iterdir()] == ["long.csv"]


def test_other_files_that_cannot_be_read_are_told_in_words(tmp_path: Path) -> None:
    def code(source: Path) -> str:
        with pytest.raises(ScreeningError) as told:
            pivot_long(source, mapping(), EVIDENCE, tmp_path / "wide.parquet")
        return told.value.problem.code

    assert code(tmp_path / "none.parquet") == "no_input"
    assert code(tmp_path / "none.csv") == "no_input"
    pq.write_table(pa.table({name: ["1"] * 5000 for name in FACTS}), tmp_path / "short.parquet")
    (tmp_path / "short.parquet").write_bytes((tmp_path / "short.parquet").read_bytes()[:-30])
    assert code(tmp_path / "short.parquet") == "bad_input"
    (tmp_path / "empty").mkdir()
    assert code(tmp_path / "empty") == "bad_input"
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    assert code(tmp_path / "table.xlsx") == "bad_input"


def test_a_failed_pivot_keeps_what_was_there_and_a_stale_folder_is_no_hindrance(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "long.csv", [("1", "E11", "", "", "")])
    (tmp_path / "wide.parquet.pivot").mkdir()
    (tmp_path / "wide.parquet.pivot" / "work.duckdb").write_bytes(b"of a run that was killed")
    pivot(source, mapping())
    before = (tmp_path / "wide.parquet").read_bytes()
    source.write_bytes(b"pid,code\n")
    with pytest.raises(ScreeningError):
        pivot_long(source, mapping(), EVIDENCE, tmp_path / "wide.parquet")
    assert (tmp_path / "wide.parquet").read_bytes() == before


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_table(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", write_table)
    source = write_csv(tmp_path / "long.csv", [("1", "E11", "", "", "")])
    with pytest.raises(ScreeningError) as told:
        pivot_long(source, mapping(), EVIDENCE, tmp_path / "wide.parquet")
    assert told.value.problem.code == "disk_full"
    assert [path.name for path in tmp_path.iterdir()] == ["long.csv"]


def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "long.csv", [])
    wide = wide_mapping(mapping())
    wrong = mapping(codes=(CodeRow(codes=("x",), finding="no such finding"),))
    for one in (wide, wrong):
        with pytest.raises(MappingError):
            pivot_long(source, one, EVIDENCE, tmp_path / "wide.parquet")


def test_a_table_without_rows_has_no_people(tmp_path: Path) -> None:
    counted, people = pivot(write_csv(tmp_path / "long.csv", []), mapping())
    assert people == {}
    assert counted == Pivoted(0, 0, 0, 0, {}, 0)


def test_names_with_quotes_and_stars_are_names(tmp_path: Path) -> None:
    long = LongTable(person='the "pid"', code="co'de", value="value")
    one = mapping(PersonColumns(id='the "pid"'), CODES[:2], long)
    (tmp_path / "other.csv").write_text("nothing\n")
    source = write_csv(tmp_path / "it's [*].csv", [("o'hara", "E11", "")], ('the "pid"', "co'de", "value"))
    assert pivot(source, one)[1]["o'hara"][DIABETES] == PRESENT
