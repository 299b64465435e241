"""The commands of the population on small made-up surveys: what is said of whom, and what is refused."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from soleus.app.cli.main import main
from soleus.core.population import CellCover, Estimate
from soleus.knowledge.load import load_evidence
from soleus.population.judging import predict_shares
from soleus.population.plain_model import frozen_coefficients

Output = pytest.CaptureFixture[str]
EVIDENCE = load_evidence()


def survey(folder: Path, cycle: int = 5, n: int = 1500, **change: NDArray[np.float64] | None) -> Path:
    """People who answer exactly as the evidence says that people do."""
    rng = np.random.default_rng(cycle)
    age, sex = rng.integers(16, 86, n).astype(float), rng.integers(1, 3, n).astype(float)
    pregnant = (sex == 2) & (age < 40) & (rng.random(n) < 0.2)
    month = np.where(pregnant, rng.integers(1, 10, n), np.nan)
    shares = predict_shares(EVIDENCE, age, sex == 2, np.where(pregnant, month, 0.0))
    answer = (rng.random(n)[:, None] > np.cumsum(shares, axis=1)).sum(axis=1).clip(0, 4).astype(float)
    columns: dict[str, NDArray[np.float64] | None] = {
        "SEQN": np.arange(n, dtype=float),
        "SDDSRVYR": np.full(n, float(cycle)),
        "RIDAGEYR": age,
        "RIAGENDR": sex,
        "RIDEXPRG": np.where(pregnant, 1.0, 2.0),
        "RHD152": month,
        "SLQ160": answer,
        "WTMEC2YR": rng.lognormal(9, 0.5, n),
        "SDMVSTRA": rng.integers(0, 15, n).astype(float),
        "SDMVPSU": rng.integers(1, 3, n).astype(float),
        **change,
    }
    path = folder / f"people_{cycle}.parquet"
    parquet.write_table(pyarrow.table({k: v for k, v in columns.items() if v is not None}), path)
    return path


def test_people_who_follow_the_evidence_are_judged_so(tmp_path: Path, capsys: Output) -> None:
    assert main(["population", "judge", str(survey(tmp_path, n=6000)), "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert judged["who"] == "none of these people was used for fitting"
    assert (judged["cycle"], judged["fitted_on"], judged["n"]) == (5, False, 6000)
    for outcome in judged["outcomes"]:
        curves = outcome["models"][0]
        assert curves["model"] == "fitted curves"
        assert curves["slope"]["low"] <= 1 <= curves["slope"]["high"]
        assert curves["in_the_large"]["low"] <= 0 <= curves["in_the_large"]["high"]
        assert curves["group_slope"]["low"] <= 1 <= curves["group_slope"]["high"]
        assert outcome["brier_differences"]["null"]["value"] < 0
        assert {model["model"] for model in outcome["models"]} >= {"null", "plain logistic, frozen"}
    assert len(judged["cells"]) == 28


def test_the_people_of_the_fit_are_no_test(tmp_path: Path, capsys: Output) -> None:
    assert main(["population", "judge", str(survey(tmp_path, cycle=4))]) == 0
    said = capsys.readouterr().out
    assert "fitted on these very people: this is no test of them" in said
    assert "calibration slope" in said
    assert "tenths by predicted probability" in said


def test_without_a_column_of_pregnancy_it_is_told(tmp_path: Path, capsys: Output) -> None:
    path = survey(tmp_path, RIDEXPRG=None, RHD152=None)
    assert main(["population", "judge", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unknown"]["pregnancy_unknown"] > 100


def test_refused_and_unknown_answers_are_counted_and_left_out(tmp_path: Path, capsys: Output) -> None:
    answers = np.array(([0.0] * 6 + [1.0, 2.0, 3.0, 9.0]) * 150)
    assert main(["population", "judge", str(survey(tmp_path, SLQ160=answers)), "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert (judged["n"], judged["unknown"]["no_answer"]) == (1350, 150)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SLQ160": None}, "missing_column"),
        ({"WTMEC2YR": np.zeros(1500)}, "weights"),
        ({"SLQ160": np.zeros(1500)}, "no_outcome"),
        ({"SLQ160": np.full(1500, 9.0)}, "no_outcome"),
        ({"SDMVPSU": np.ones(1500)}, "design"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_words(
    tmp_path: Path, capsys: Output, change: dict[str, NDArray[np.float64] | None], code: str
) -> None:
    assert main(["population", "judge", str(survey(tmp_path, **change)), "--json"]) == 2
    caught = capsys.readouterr()
    assert json.loads(caught.out)["problems"][0]["code"] == code
    assert f"[{code}]" in caught.err


def test_another_cycle_is_not_fitted_on(tmp_path: Path, capsys: Output) -> None:
    assert main(["population", "fit", str(survey(tmp_path))]) == 2
    assert "[other_cycle]" in capsys.readouterr().err


def test_a_fit_needs_all_columns(tmp_path: Path, capsys: Output) -> None:
    assert main(["population", "fit", str(survey(tmp_path, cycle=4, RHD152=None))]) == 2
    assert "no column RHD152" in capsys.readouterr().err


def test_pictures_are_drawn_with_and_without_people(tmp_path: Path, capsys: Output) -> None:
    assert main(["population", "plot", "--out", str(tmp_path / "a")]) == 0
    assert main(["population", "plot", str(survey(tmp_path)), "--out", str(tmp_path / "b")]) == 0
    names = {path.name for path in (tmp_path / "b").iterdir()}
    assert names == {f"population_{name}.svg" for name in ("age", "pregnancy", "risks", "calibration")}
    assert {path.name for path in (tmp_path / "a").iterdir()} == names - {"population_calibration.svg"}
    for path in (tmp_path / "b").iterdir():
        tree = ET.parse(path).getroot()
        found = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert {"title", "desc", "text", "line"} <= found
    marks = (tmp_path / "b" / "population_age.svg").read_text(encoding="utf-8").count("<circle")
    assert marks == 14 + 1  # a direct estimate of women in each of seven bands and two panels, and the legend
    assert capsys.readouterr().out.count("written: ") == 7


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["population", "plot", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_predicted_shares_are_those_of_the_evidence() -> None:
    curves = EVIDENCE.cramp_frequency
    shares = predict_shares(
        EVIDENCE,
        np.array([40.0, 40.0, 95.0, 28.0, 28.0]),
        np.array([True, False, False, True, True]),
        np.array([0.0, 0.0, 0.0, 8.0, np.nan]),
    )
    expected = [curves["women"].shares[24], curves["men"].shares[24], curves["men"].shares[-1]]
    expected += [curves["pregnant"].shares[7], tuple(np.mean(curves["pregnant"].shares, axis=0))]
    np.testing.assert_allclose(shares, expected)


def test_the_plain_model_is_near_the_curves_at_fifty() -> None:
    for outcome, least in (("any", 1), ("frequent", 3)):
        beta = frozen_coefficients(EVIDENCE.plain_models[outcome])
        plain = 1 / (1 + np.exp(-(beta[0] + beta[2])))
        assert plain == pytest.approx(sum(EVIDENCE.cramp_frequency["women"].shares[50 - 16][least:]), rel=0.25)


def test_a_cell_is_covered_when_the_fitted_interval_holds_the_direct_estimate() -> None:
    fitted = Estimate(0.05, 0.04, 0.06, 0.005, 100)
    for direct, covered in ((0.04, True), (0.0599, True), (0.061, False), (0.03, False)):
        of = CellCover("male", (16, 29), "any", Estimate(direct, 0.0, 1.0, 0.1, 100), fitted)
        assert of.covered is covered
