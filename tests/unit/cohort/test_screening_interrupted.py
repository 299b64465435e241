"""Where a kill, a second try or a stray byte could drop or swap rows: counts, rows and rejects must agree."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soleus.cohort import working_folder
from soleus.cohort.mapping import FindingColumn, Mapping, PersonColumns
from soleus.cohort.parts import PartWriter
from soleus.cohort.problems import ScreeningError
from soleus.cohort.screening import Order, screen
from soleus.cohort.working_folder import WorkingFolder
from soleus.core.screening import ScreeningSummary
from soleus.knowledge.load import load_evidence

EVIDENCE = load_evidence()
MAPPING = Mapping(
    person=PersonColumns(id="pid", age="age"), findings=(FindingColumn(column="knot", finding="hard_knot"),)
)


def run(source: Path | str, out: Path, **more: Any) -> ScreeningSummary:
    return screen(EVIDENCE, Order(str(source), out, MAPPING, **more), lambda *_: None, lambda _: None)


def codes(out: Path) -> list[str]:
    return pq.read_table(sorted(out.glob("part-*.parquet")))["person"].to_pylist()


def rejects(out: Path) -> list[tuple[str, str]]:
    with (out / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return [(row["row"], row["code"]) for row in csv.DictReader(file)]


def parquet(path: Path, ids: list[str], **more: pa.Array) -> Path:
    table = {"pid": ids, "age": [50.0] * len(ids), "knot": [True] * len(ids)} | more
    pq.write_table(pa.table(table), path)
    return path


def stop(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_what_a_kill_after_the_final_name_leaves_is_never_taken_for_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = parquet(tmp_path / "in.parquet", ["a", "b", "c"]), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(working_folder.shutil, "rmtree", stop)
        with pytest.raises(KeyboardInterrupt):
            run(source, out)
    assert codes(out) == ["a", "b", "c"]
    shutil.rmtree(out)
    assert run(source, out).screened == 3
    assert codes(out) == ["a", "b", "c"]


def test_malformed_rows_are_kept_when_a_kill_comes_after_the_csv_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out"
    source.write_text("pid,age,knot\na,50,1\nb,50\nc,51,0\n", encoding="utf-8")
    write = WorkingFolder.write

    def killed(folder: WorkingFolder, path: Path, writer: Any) -> None:
        write(folder, path, writer)
        if path == folder.input:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(WorkingFolder, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            run(source, out)
    summary = run(source, out)
    assert (summary.read, summary.screened, summary.rejected) == (3, 2, 1)
    assert rejects(out) == [("2", "malformed_row")]


def test_an_interrupted_screening_of_one_database_is_not_continued_with_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        with sqlite3.connect(tmp_path / f"{name}.db") as database:
            database.execute("CREATE TABLE people(pid TEXT, age REAL, knot INTEGER)")
            database.execute("INSERT INTO people VALUES (?, 50, 1)", (name,))
        database.close()
    query = "SELECT * FROM people"
    with monkeypatch.context() as patch:
        patch.setattr(PartWriter, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            run(f"sqlite:///{tmp_path}/one.db", tmp_path / "out", query=query)
    with pytest.raises(ScreeningError) as caught:
        run(f"sqlite:///{tmp_path}/other.db", tmp_path / "out", query=query)
    assert caught.value.problem.code == "other_screening"
    assert "source" in caught.value.problem.what
    run(f"sqlite:///{tmp_path}/one.db", tmp_path / "out", query=query)
    assert codes(tmp_path / "out") == ["one"]


def test_a_row_that_is_not_utf8_is_a_reject_and_the_others_are_screened(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out"
    source.write_bytes(b"pid,age,knot\na,50,1\n\xe9,50,1\nc,51\nd,200,1\ne,51,0\n")
    summary = run(source, out)
    assert (summary.read, summary.screened, summary.rejected) == (5, 2, 3)
    assert rejects(out) == [("2", "not_utf8"), ("3", "malformed_row"), ("4", "bad_age")]
    assert codes(out) == ["a", "e"]


def test_rows_keep_their_numbers_among_many_malformed_ones(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out"
    good = [i for i in range(1, 30_001) if i % 7 and not 9000 < i < 25_000]
    kept = set(good)
    lines = [f"p{i},50,1" if i in kept else f"p{i},50" for i in range(1, 30_001)]
    source.write_text("pid,age,knot\n" + "\n".join(lines), encoding="utf-8")
    summary = run(source, out)
    assert (summary.read, summary.screened) == (30_000, len(good))
    answers = pq.read_table(out / "part-00000.parquet")
    assert answers["row"].to_pylist() == good
    assert answers["person"].to_pylist() == [f"p{i}" for i in good]
    assert [int(row) for row, _ in rejects(out)] == [i for i in range(1, 30_001) if i not in kept]


def test_codes_that_differ_by_any_blank_are_one_person(tmp_path: Path) -> None:
    source = parquet(tmp_path / "in.parquet", ["7", "7\t", "8", "\u00a08", "9"])
    assert run(source, tmp_path / "out").rejects == {"duplicate_person": 4}
    assert codes(tmp_path / "out") == ["9"]


def test_a_column_of_the_register_that_is_called_like_ours_is_no_number_of_rows(tmp_path: Path) -> None:
    source = parquet(tmp_path / "in.parquet", ["a", "b"], __row=pa.array(["x", "y"]))
    run(source, tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "part-00000.parquet")["row"].to_pylist() == [1, 2]
