"""``soleus population`` as a person types it: files that are none, and answers that nothing can be learned from.

What is said of people who can be judged is asked in tests/unit/population/test_judging.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from soleus.app.cli.main import main

Output = pytest.CaptureFixture[str]
N = 400


def survey(folder: Path, answer: NDArray[np.float64]) -> str:
    rng = np.random.default_rng(1)
    columns = {
        "SEQN": np.arange(N) + 1.0,
        "SDDSRVYR": np.full(N, 5.0),
        "RIDAGEYR": rng.integers(16, 86, N).astype(float),
        "RIAGENDR": rng.integers(1, 3, N).astype(float),
        "RIDEXPRG": np.full(N, np.nan),
        "RHD152": np.full(N, np.nan),
        "SLQ160": answer,
        "WTMEC2YR": rng.lognormal(9, 0.5, N),
        "SDMVSTRA": np.arange(N) % 15.0,
        "SDMVPSU": np.arange(N) // 15 % 2 + 1.0,
    }
    path = folder / "people.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    return str(path)


def answers(*, often: int, once: int) -> NDArray[np.float64]:
    """Return as many answers of 3 and of 1, among zeros."""
    result = np.zeros(N)
    result[:often], result[often : often + once] = 3.0, 1.0
    return np.random.default_rng(2).permutation(result)


@pytest.mark.parametrize("action", [("judge",), ("fit",), ("plot", "--out", "pictures")])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("missing.parquet", "not_read"),
        ("folder.xpt", "not_read"),
        ("empty.xpt", "empty_file"),
        ("words.parquet", "damaged_file"),
        ("people.sas7bdat", "unknown_format"),
    ],
)
def test_what_is_no_survey_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, action: tuple[str, ...], kind: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.xpt").mkdir()
    Path("empty.xpt").write_bytes(b"")
    Path("words.parquet").write_text("never, often", encoding="utf-8")
    Path("people.sas7bdat").write_text("never, often", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    assert main(["population", *action, kind]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert f"{kind}: " in caught.err
    assert f"[{code}]" in caught.err
    assert "Traceback" not in caught.err
    assert sorted(tmp_path.iterdir()) == before  # nothing is written


@pytest.mark.parametrize("action", ["judge", "fit"])
def test_a_program_gets_the_refusal_as_json(tmp_path: Path, capsys: Output, action: str) -> None:
    assert main(["population", action, str(tmp_path / "none.xpt"), "--json"]) == 2
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["code"], problem["where"]) == ("not_read", "none.xpt")


def test_a_small_survey_is_judged(tmp_path: Path, capsys: Output) -> None:
    path = survey(tmp_path, answers(often=30, once=80))
    assert main(["population", "judge", path, "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert judged["n"] == N
    assert {o["outcome"]: o["events"] for o in judged["outcomes"]} == {"any": 110, "frequent": 30}
    for share in judged["prevalence"].values():
        assert 0 < share["low"] < share["value"] < share["high"] < 1
    assert main(["population", "judge", path]) == 0
    said = capsys.readouterr().out
    assert f"{N} people of people.parquet" in said
    assert "nan" not in said


@pytest.mark.parametrize(
    ("often", "once", "said"),
    [
        (0, 0, "0 of 400 people have night cramps"),
        (0, 60, "0 of 400 people have five or more"),
        (1, 60, "1 of 400 people have five or more"),
        (9, 60, "9 of 400 people have five or more"),
        (60, N - 60, "400 of 400 people have night cramps"),
        (N - 1, 0, "399 of 400 people have night cramps"),
    ],
)
def test_too_few_on_one_side_are_refused(tmp_path: Path, capsys: Output, often: int, once: int, said: str) -> None:
    path = survey(tmp_path, answers(often=often, once=once))
    assert main(["population", "judge", path, "--json"]) == 2
    caught = capsys.readouterr()
    [problem] = json.loads(caught.out)["problems"]
    assert problem["code"] == "no_outcome"
    assert problem["what"].startswith(said)


def test_ten_are_enough(tmp_path: Path, capsys: Output) -> None:
    assert main(["population", "judge", survey(tmp_path, answers(often=10, once=60)), "--json"]) == 0
    [frequent] = [o for o in json.loads(capsys.readouterr().out)["outcomes"] if o["outcome"] == "frequent"]
    slope = frequent["models"][0]["slope"]
    assert slope["low"] < slope["value"] < slope["high"]
