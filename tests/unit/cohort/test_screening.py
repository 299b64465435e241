"""Screening a register from file to folder: counts that add up, rejects, continuing after a kill, and bad input."""

from __future__ import annotations

import csv
import errno
import filecmp
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soleus.app.cli.main import main
from soleus.cohort.mapping import FindingColumn, Mapping, PersonColumns, QuantityColumn, SexColumn
from soleus.cohort.problems import ScreeningError
from soleus.cohort.scoring import Scorer
from soleus.cohort.screening import Order, doubts, screen
from soleus.core.screening import ScreeningSummary
from soleus.knowledge.load import load_evidence

EVIDENCE = load_evidence()
MAPPING = Mapping(
    person=PersonColumns(id="pid", age="age", sex=SexColumn(column="sex")),
    findings=(FindingColumn(column="knot", finding="hard_knot"), FindingColumn(column="calf", finding="site_calf")),
    quantities=(QuantityColumn(column="ca", quantity="calcium", unit="mmol/L"),),
)
MAPPING_TEXT = """
[person]
id = "pid"
age = "age"
sex = { column = "sex" }

[[finding]]
column = "knot"
finding = "hard_knot"

[[finding]]
column = "calf"
finding = "site_calf"

[[quantity]]
column = "ca"
quantity = "calcium"
unit = "mmol/L"
"""


def people(n: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "pid": [f"p{i:06d}" for i in range(n)],
            "age": rng.integers(18, 95, n),
            "sex": rng.choice(["F", "M"], n),
            "knot": pa.array(rng.integers(0, 2, n), mask=rng.random(n) < 0.4),
            "calf": pa.array(rng.integers(0, 2, n), mask=rng.random(n) < 0.4),
            "ca": pa.array(np.round(rng.normal(2.36, 0.09, n), 2), mask=rng.random(n) < 0.5),
            "not_read": ["x"] * n,
        }
    )


def write(path: Path, table: pa.Table, rows_in_group: int = 300) -> Path:
    pq.write_table(table, path, row_group_size=rows_in_group)
    return path


def run(source: Path | str, out: Path, **more: Any) -> ScreeningSummary:
    options: dict[str, Any] = {"mapping": MAPPING, "part_rows": 256} | more
    return screen(EVIDENCE, Order(str(source), out, **options), lambda *_: None, lambda _: None)


def answers(out: Path) -> pa.Table:
    return pq.read_table(sorted(out.glob("part-*.parquet")))


def rejects(out: Path) -> list[dict[str, str]]:
    with (out / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def same(one: Path, other: Path) -> bool:
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)


def test_answers_are_the_scorers_in_the_order_of_the_rows(tmp_path: Path) -> None:
    table = people(1000)
    summary = run(write(tmp_path / "in.parquet", table), tmp_path / "out")
    expected = Scorer(EVIDENCE, MAPPING).score(table.combine_chunks().to_batches()[0])
    found = answers(tmp_path / "out")
    assert found["person"].to_pylist() == table["pid"].to_pylist()
    assert found["row"].to_pylist() == list(range(1, 1001))
    for name in found.schema.names:
        if name != "row":
            assert found[name].to_pylist() == expected.column(name).to_pylist(), name
    assert not any(field.nullable for field in found.schema if pa.types.is_floating(field.type))
    assert (summary.read, summary.screened, summary.rejected) == (1000, 1000, 0)
    assert sum(summary.urgency.values()) == sum(summary.first_cause.values()) == sum(summary.cramp) == 1000
    assert sum(sum(group.values()) for group in summary.groups.values()) == 1000
    assert sum(summary.expected.values()) == pytest.approx(1_000_000, rel=0.35)


def test_nothing_is_dropped_and_the_counts_add_up(tmp_path: Path) -> None:
    table = people(600).to_pylist()
    table[10]["age"] = 300
    table[20]["ca"] = 9.4
    table[30]["pid"] = table[31]["pid"]
    table[40]["pid"] = None
    source = write(tmp_path / "in.parquet", pa.Table.from_pylist(table))
    summary = run(source, tmp_path / "out")
    told = rejects(tmp_path / "out")
    assert [(int(row["row"]), row["code"]) for row in told] == [
        (11, "bad_age"),
        (21, "unit_slip"),
        (31, "duplicate_person"),
        (32, "duplicate_person"),
        (41, "missing_person"),
    ]
    assert summary.read == 600
    assert summary.rejected == len(told) == 5
    assert summary.screened == answers(tmp_path / "out").num_rows == 595
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["summary"]["rejects"] == summary.rejects
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")


def test_a_csv_gives_the_same_answers_as_parquet_and_keeps_its_malformed_rows(tmp_path: Path) -> None:
    table = people(300).drop_columns(["not_read"])
    lines = ["pid;age;sex;knot;calf;ca"]
    lines += [";".join("" if cell is None else str(cell) for cell in row.values()) for row in table.to_pylist()]
    lines[5] += ";=1+1"
    source = tmp_path / "in.csv"
    source.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    summary = run(source, tmp_path / "out")
    assert (summary.read, summary.rejected) == (300, 1)
    [told] = rejects(tmp_path / "out")
    assert (told["row"], told["code"]) == ("5", "malformed_row")
    run(write(tmp_path / "in.parquet", table), tmp_path / "plain")
    plain = answers(tmp_path / "plain").to_pylist()
    found = answers(tmp_path / "out").to_pylist()
    del plain[4]
    for one, other in zip(found, plain, strict=True):
        one.pop("manifest"), other.pop("manifest")
        assert one == other


def test_a_cell_that_is_a_formula_is_not_run_by_a_spreadsheet(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("pid,age,sex,knot,calf,ca\n=cmd(),=1+1,F,1,0,\n", encoding="utf-8")
    run(source, tmp_path / "out")
    [told] = rejects(tmp_path / "out")
    assert told["person"] == "'=cmd()"
    assert told["value"] == "'=1+1"


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_the_rows_of_a_query_are_screened(tmp_path: Path, kind: str) -> None:
    table = people(50)
    if kind == "duckdb":
        source = str(tmp_path / "register.duckdb")
        with duckdb.connect(source) as database:
            database.register("given", table)
            database.execute("CREATE TABLE people AS SELECT * FROM given")
    else:
        source = f"sqlite:///{tmp_path / 'register.sqlite'}"
        with sqlite3.connect(tmp_path / "register.sqlite") as connection:
            connection.execute("CREATE TABLE people (pid, age, sex, knot, calf, ca)")
            rows = [tuple(row.values())[:6] for row in table.to_pylist()]
            connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.close()
    query = "SELECT * FROM people WHERE age >= 40 ORDER BY pid"
    summary = run(source, tmp_path / "out", query=query)
    older = [row["pid"] for row in table.to_pylist() if row["age"] >= 40]
    assert answers(tmp_path / "out")["person"].to_pylist() == older
    assert summary.read == len(older)


def test_a_folder_of_files_is_one_register(tmp_path: Path) -> None:
    table = people(700)
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "a.parquet", table.slice(0, 333))
    write(folder / "b.parquet", table.slice(333))
    run(folder, tmp_path / "out")
    run(write(tmp_path / "whole.parquet", table), tmp_path / "plain")
    assert answers(tmp_path / "out").equals(answers(tmp_path / "plain"))


def test_an_empty_register_gives_an_empty_result(tmp_path: Path) -> None:
    summary = run(write(tmp_path / "in.parquet", people(0)), tmp_path / "out")
    assert summary == ScreeningSummary(expected=summary.expected)
    assert answers(tmp_path / "out").num_rows == 0


def written_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # the screening has ended and tidied up
        return None


def test_three_kills_change_no_byte(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", people(6000))
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING_TEXT, encoding="utf-8")
    run(source, tmp_path / "whole", part_rows=100)

    def start() -> subprocess.Popen[bytes]:
        words = ["screen", str(source), str(tmp_path / "out"), "--mapping", str(mapping), "--part-rows", "100"]
        return subprocess.Popen([sys.executable, "-m", "soleus", *words], stderr=subprocess.DEVNULL)

    counts = tmp_path / "out.partial" / "counts"
    for wanted in (1, 12, 30):
        process = start()
        until = time.monotonic() + 120
        while len(list(counts.glob("*.json"))) < wanted and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (tmp_path / "out").exists()
    before = {path: written_at(path) for path in counts.glob("*.json")}
    assert 30 <= len(before) < 60
    last = start()
    redone = set()
    while last.poll() is None:
        redone |= {path for path, at in before.items() if written_at(path) not in (at, None)}
        time.sleep(0.005)
    assert last.returncode == 0
    assert not redone
    assert same(tmp_path / "whole", tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()


def test_the_result_does_not_depend_on_threads(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", people(900))
    run(source, tmp_path / "one", threads=1)
    run(source, tmp_path / "four", threads=4)
    assert same(tmp_path / "one", tmp_path / "four")


def refused(code: str, tmp_path: Path, source: Path | str, **more: Any) -> ScreeningError:
    with pytest.raises(ScreeningError) as caught:
        run(source, tmp_path / "out", **more)
    assert caught.value.problem.code == code
    assert caught.value.problem.fix
    assert not (tmp_path / "out").exists()
    return caught.value


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", people(500))
    source.write_bytes(source.read_bytes()[:-200])
    refused("not_parquet", tmp_path, source)
    damaged = write(tmp_path / "damaged.parquet", people(5000))
    raw = bytearray(damaged.read_bytes())
    raw[400:4000] = bytes(3600)
    damaged.write_bytes(raw)
    with pytest.raises(ScreeningError):
        run(damaged, tmp_path / "out2")
    assert not (tmp_path / "out2").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("in.parquet", b"", "not_parquet"),
        ("in.parquet", b"PAR1 nonsense", "not_parquet"),
        ("in.csv", b"", "bad_csv"),
        ("in.csv", b"pid,pid,age\n1,2,3\n", "column_twice"),
        ("in.csv", b"pid,age\n1,2\n", "missing_column"),
        ("in.csv", b"\xff\xfep\x00i\x00d\x00,\x00", "bad_csv"),
        ("missing.parquet", None, "no_input"),
        ("missing.csv", None, "no_input"),
    ],
)
def test_input_that_is_no_register_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    refused(code, tmp_path, source)


def test_a_column_of_a_wrong_type_is_refused_by_name(tmp_path: Path) -> None:
    table = people(20).drop_columns(["knot"]).append_column("knot", pa.array([{"a": 1}] * 20))
    error = refused("wrong_column_type", tmp_path, write(tmp_path / "in.parquet", table))
    assert "column knot" in error.problem.what


def test_mixed_units_are_told_of_the_column_as_a_whole(tmp_path: Path) -> None:
    table = people(400).to_pylist()
    for row in table[::4]:
        row["ca"] = 9.4
    summary = run(write(tmp_path / "in.parquet", pa.Table.from_pylist(table)), tmp_path / "out")
    [doubt] = doubts(summary)
    assert (doubt.code, doubt.where) == ("mixed_units", "ca")
    assert summary.rejects == {"unit_slip": 100}


@pytest.mark.parametrize("file", ["part-", "rejects", "counts", "manifest"])
def test_a_full_disk_leaves_nothing_under_the_final_name_and_can_be_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    table = people(600).to_pylist()
    table[300]["age"] = 300
    source = write(tmp_path / "in.parquet", pa.Table.from_pylist(table))
    run(source, tmp_path / "whole")
    real = Path.replace

    def full(path: Path, target: Path) -> Path:
        if file in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        error = refused("disk_full", tmp_path, source)
    assert "make room" in error.problem.fix
    assert not list((tmp_path / "out.partial").rglob("*.writing"))
    run(source, tmp_path / "out")
    assert same(tmp_path / "whole", tmp_path / "out")


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files is a thing of POSIX")
def test_a_real_limit_of_the_disk_is_told(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", people(3000))
    (tmp_path / "mapping.toml").write_text(MAPPING_TEXT, encoding="utf-8")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000));"
        "from soleus.app.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["screen", str(source), str(tmp_path / "out"), "--mapping", str(tmp_path / "mapping.toml")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", people(20))
    (tmp_path / "out").mkdir()
    with pytest.raises(ScreeningError) as caught:
        run(source, tmp_path / "out")
    assert caught.value.problem.code == "output_exists"
    assert not list((tmp_path / "out").iterdir())


def test_an_interrupted_screening_is_not_continued_with_another_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in.parquet", people(600))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen(EVIDENCE, Order(str(source), tmp_path / "out", MAPPING, part_rows=256), stop, lambda _: None)
    other = Mapping(person=MAPPING.person, findings=MAPPING.findings)
    error = refused("other_screening", tmp_path, source, mapping=other)
    assert "mapping" in error.problem.what
    run(source, tmp_path / "out")


def test_after_a_refused_input_the_same_output_is_free_for_another(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"x")
    with pytest.raises(ScreeningError, match="not a whole Parquet file"):
        run(damaged, tmp_path / "out")
    assert run(write(tmp_path / "in.parquet", people(20)), tmp_path / "out").screened == 20
    assert not (tmp_path / "out.partial").exists()


@pytest.mark.skipif(os.name != "posix", reason="locks of another process are held by fcntl here")
def test_two_screenings_do_not_write_to_one_folder(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", people(300))
    place = tmp_path / "out.partial"
    place.mkdir()
    hold = (
        "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "print(1, flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold, str(place / "lock")], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        refused("in_use", tmp_path, source)
    finally:
        holder.kill()
        holder.communicate()


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.parquet", people(120))
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING_TEXT, encoding="utf-8")
    assert main(["screen", str(source), str(tmp_path / "out"), "--mapping", str(mapping)]) == 0
    told = capsys.readouterr()
    assert "120 rows: 120 screened, 0 rejected" in told.out
    assert "120 of 120 rows" in told.err
    assert main(["screen", str(source), str(tmp_path / "out"), "--mapping", str(mapping)]) == 2
    mapping.write_text(MAPPING_TEXT.replace("hard_knot", "hard_knott"), encoding="utf-8")
    assert main(["screen", str(source), str(tmp_path / "other"), "--mapping", str(mapping)]) == 2
    assert "hard_knot" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
