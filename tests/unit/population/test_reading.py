"""Survey files as people have them: XPT and Parquet, whole, cut off, mixed up, or not survey files at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pyreadstat
import pytest
from pyarrow import parquet

from soleus.population.reading import PopulationError, read_survey
from soleus.population.survey import read_design

PEOPLE: dict[str, list[Any]] = {
    "SEQN": [1.0, 2.0, 3.0, 4.0],
    "RIDAGEYR": [20.0, 50.0, 70.0, 30.0],
    "WTMEC2YR": [100.0, 0.0, 300.0, 200.0],
    "SDMVSTRA": [1.0, 1.0, 1.0, 1.0],
    "SDMVPSU": [1.0, 1.0, 2.0, 2.0],
}
SLEEP = {"SEQN": [2.0, 1.0, 4.0], "SLQ160": [4.0, 0.0, 9.0]}
MEDICINES = {
    "SEQN": [1.0, 1.0, 2.0, 3.0],
    "RXDUSE": [1.0, 1.0, 2.0, 7.0],
    "RXDDRUG": ["LATANOPROST OPHTHALMIC", "55555", "", ""],
}


def xpt(folder: Path, name: str, columns: dict[str, list[Any]]) -> Path:
    path = folder / f"{name}.xpt"
    pyreadstat.write_xport(pandas.DataFrame(columns), str(path), table_name=name[:8], file_format_version=5)
    return path


def written(folder: Path, columns: dict[str, list[Any]], name: str = "people.parquet") -> Path:
    path = folder / name
    parquet.write_table(pyarrow.table(columns), path)
    return path


def code_of(*paths: Path) -> str:
    with pytest.raises(PopulationError) as caught:
        read_survey(paths)
    [problem] = caught.value.problems
    assert problem.level == "error"
    assert problem.what
    assert problem.why
    assert problem.fix
    return problem.code


def test_xpt_tables_are_joined_by_person(tmp_path: Path) -> None:
    table = read_survey(
        [xpt(tmp_path, "DEMO_D", PEOPLE), xpt(tmp_path, "SLQ_D", SLEEP), xpt(tmp_path, "RXQ_RX_D", MEDICINES)]
    )
    assert table.n == 4
    np.testing.assert_array_equal(table.codes("SLQ160", 0, 1, 2, 3, 4), [0, 4, np.nan, np.nan])
    # one who named an eye drop and one without a name; one who takes none; refused; not in the table at all
    assert table.medicines == (("LATANOPROST OPHTHALMIC",), (), None, None)
    assert [name for name, _ in table.files] == ["DEMO_D.xpt", "SLQ_D.xpt", "RXQ_RX_D.xpt"]


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    names = {"RXQ_RX_D": MEDICINES, "SLQ_D": SLEEP, "DEMO_D": PEOPLE}
    paths = [xpt(tmp_path, name, columns) for name, columns in names.items()]
    one, other = read_survey(paths), read_survey(paths[::-1])
    assert one.n == 4  # everybody, not only those who answered
    assert one.medicines == other.medicines
    for name in ("SEQN", "RIDAGEYR", "SLQ160"):
        np.testing.assert_array_equal(one.column(name), other.column(name))


def test_parquet_and_xpt_say_the_same(tmp_path: Path) -> None:
    from_xpt, from_parquet = read_survey([xpt(tmp_path, "DEMO_D", PEOPLE)]), read_survey([written(tmp_path, PEOPLE)])
    for name in PEOPLE:
        np.testing.assert_array_equal(from_xpt.column(name), from_parquet.column(name))


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    table = read_survey([written(tmp_path, PEOPLE)], {"RIDAGEYR"})
    assert set(table.columns) == {"SEQN", "RIDAGEYR"}


def test_names_of_columns_may_be_written_small(tmp_path: Path) -> None:
    assert "RIDAGEYR" in read_survey([written(tmp_path, {"seqn": [1.0], "ridageyr": [20.0]})])


def test_a_missing_file(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.xpt") == "not_read"
    assert code_of() == "no_file"


@pytest.mark.parametrize("name", ["empty.xpt", "empty.parquet"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert code_of(tmp_path / name) == "empty_file"


@pytest.mark.parametrize("name", ["text.xpt", "text.parquet"])
def test_a_file_that_is_something_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"SEQN,SLQ160\n1,0\n" * 10)
    assert code_of(tmp_path / name) == "damaged_file"


@pytest.mark.parametrize("cut", [1, 40, 700])
def test_a_download_that_broke_off(tmp_path: Path, cut: int) -> None:
    for path in (xpt(tmp_path, "DEMO_D", PEOPLE), written(tmp_path, PEOPLE)):
        path.write_bytes(path.read_bytes()[:-cut])
        assert code_of(path) == "damaged_file"


@pytest.mark.parametrize("records", [1, 2, 5])
def test_a_download_that_broke_off_between_two_records(tmp_path: Path, records: int) -> None:
    """A row of seven columns has 56 bytes, a record 80: the cut goes through a row."""
    columns = {f"C{k}": list(np.arange(100.0) + k) for k in range(6)}
    path = xpt(tmp_path, "DEMO_D", {"SEQN": list(np.arange(100.0)), **columns})
    assert read_survey([path]).n == 100
    path.write_bytes(path.read_bytes()[: -80 * records])
    assert code_of(path) == "damaged_file"


@pytest.mark.parametrize("people", range(1, 12))
def test_a_whole_file_of_any_length_is_read(tmp_path: Path, people: int) -> None:
    columns = {"SEQN": list(np.arange(people) + 1.0), "SLQ160": [1.0] * people, "RIDAGEYR": [50.0] * people}
    assert read_survey([xpt(tmp_path, "SLQ_D", columns)]).n == people


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    for name in ("folder.parquet", "folder.xpt"):
        (tmp_path / name).mkdir()
        assert code_of(tmp_path / name) == "not_read"


def test_a_file_without_anybody(tmp_path: Path) -> None:
    nobody = {name: pyarrow.array([], type=pyarrow.float64()) for name in PEOPLE}
    path = tmp_path / "nobody.parquet"
    parquet.write_table(pyarrow.table(nobody), path)
    assert code_of(path) == "empty_file"
    assert code_of(xpt(tmp_path, "DEMO_D", {name: [] for name in PEOPLE})) == "empty_file"


def test_an_unknown_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "demo.csv").write_text("SEQN\n1\n", encoding="utf-8")
    assert code_of(tmp_path / "demo.csv") == "unknown_format"


def test_a_person_twice(tmp_path: Path) -> None:
    assert code_of(written(tmp_path, {"SEQN": [1.0, 2.0, 2.0], "SLQ160": [0.0, 1.0, 3.0]})) == "duplicate_person"


def test_no_person_number(tmp_path: Path) -> None:
    assert code_of(written(tmp_path, {"SLQ160": [0.0]})) == "missing_column"


def test_a_column_that_is_no_number(tmp_path: Path) -> None:
    assert code_of(written(tmp_path, {"SEQN": [1.0], "SLQ160": [[0.0, 1.0]]})) == "wrong_type"


@pytest.mark.parametrize("ids", [["p1", "p2"], [1.0, None]])
def test_people_without_a_number(tmp_path: Path, ids: list[Any]) -> None:
    columns = {"SEQN": ids, "SLQ160": [0.0, 1.0]}
    assert code_of(written(tmp_path, columns)) == "wrong_type"
    assert code_of(xpt(tmp_path, "SLQ_D", columns)) == "wrong_type"


def test_words_in_the_place_of_codes_are_no_missing_column(tmp_path: Path) -> None:
    columns = {"SEQN": [1.0, 2.0], "SLQ160": ["never", "often"]}
    for path in (written(tmp_path, columns), xpt(tmp_path, "SLQ_D", columns)):
        with pytest.raises(PopulationError, match="SLQ160: it holds text") as caught:
            read_survey([path], {"SLQ160"})
        assert caught.value.problems[0].code == "wrong_type"


def test_a_column_that_is_there_twice(tmp_path: Path) -> None:
    assert code_of(written(tmp_path, {"SEQN": [1.0], "SLQ160": [0.0], "slq160": [4.0]})) == "column_twice"


def test_two_files_that_contradict_each_other(tmp_path: Path) -> None:
    other = {**SLEEP, "SLQ160": [1.0, 1.0, 1.0]}
    assert code_of(xpt(tmp_path, "SLQ_D", SLEEP), xpt(tmp_path, "SLQ_E", other)) == "column_twice"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    table = read_survey([written(tmp_path, PEOPLE)])
    with pytest.raises(PopulationError, match="no column SLQ160"):
        table.codes("SLQ160", 0)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"WTMEC2YR": [0.0] * 4}, "no weight is above zero"),
        ({"WTMEC2YR": [100.0, -1.0, 1.0, 1.0]}, "below it"),
        ({"WTMEC2YR": [None] * 4}, "no weight is above zero"),
        ({"WTMEC2YR": [float("inf"), 1.0, 1.0, 1.0]}, "without end"),
        ({"SDMVPSU": [1.0, 1.0, 1.0, 1.0]}, "one cluster only"),
        ({"SDMVSTRA": [1.0, 1.0, None, 1.0]}, "no stratum"),
    ],
)
def test_a_design_that_cannot_be(tmp_path: Path, change: dict[str, list[Any]], what: str) -> None:
    types = {name: pyarrow.array(values, type=pyarrow.float64()) for name, values in {**PEOPLE, **change}.items()}
    with pytest.raises(PopulationError, match=what):
        read_design(read_survey([written(tmp_path, types)]))
