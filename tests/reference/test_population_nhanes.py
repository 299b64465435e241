"""What the evidence takes from the national survey, against the survey file itself and against what others found in it.

Compared: the shipped files of evidence/population with those that `soleus population fit` writes from the public file
(byte for byte); weighted prevalences and their 95 % intervals with a table that was computed by other software; the
shipped shares with the figures of Grandner & Winkelman 2017; the fitted curves with the direct survey estimate of each
sex and age band, and, cross-validated, with the people they were not fitted on.
Tolerances are said with each test. The files are public data of the CDC and not part of this project: the tests are
skipped where they are absent.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from soleus.app.cli.main import main
from soleus.knowledge.load import evidence_root, load_evidence
from soleus.population.judging import CURVES, PLAIN_AGAIN, judge_population
from soleus.population.reading import SurveyTable, read_survey
from soleus.population.rebuilding import ANSWER_COLUMNS
from soleus.population.survey import read_design, weighted_share

FOLDER = Path(__file__).parents[3] / "shared" / "nhanes"
SURVEY = FOLDER / "nhanes_2005_2006.parquet"
FILES = ("cramp_frequency.toml", "plain_models.toml", "relative_risks.toml", "set_points.toml")


@dataclass(frozen=True)
class Fit:
    """What one run of the command wrote and printed."""

    folder: Path
    printed: dict[str, Any]


def here(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"the public file {path.name} is not beside this checkout")
    return path


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    folder = tmp_path_factory.mktemp("fit")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["population", "fit", str(here(SURVEY)), "--out", str(folder), "--json"]) == 0
    return Fit(folder, json.loads(out.getvalue()))


@pytest.fixture(scope="module")
def survey() -> SurveyTable:
    return read_survey([here(SURVEY)], ANSWER_COLUMNS)


def rows_of(name: str) -> list[dict[str, str]]:
    with here(FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the shipped files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_file_is_what_the_command_writes(fit: Fit, name: str) -> None:
    written, shipped = fit.folder / name, evidence_root() / "population" / name
    assert written.read_bytes() == shipped.read_bytes()


def test_every_shipped_file_is_written_by_the_command(fit: Fit) -> None:
    shipped = sorted(path.name for path in (evidence_root() / "population").iterdir())
    assert sorted(path.name for path in fit.folder.iterdir()) == shipped == sorted(FILES)


# --- prevalences that others computed ---------------------------------------------------------------------------------


def group_of(group: str, level: str, survey: SurveyTable) -> NDArray[np.bool_] | None:
    """Return the people of a row of prevalence.csv; None for groups that are not of age and sex."""
    age, sex = survey.column("RIDAGEYR"), survey.column("RIAGENDR")
    if group.startswith("age "):
        return age >= int(group.removeprefix("age ").rstrip("+"))
    words = level.split()
    if group not in ("agecat", "sex", "sex x age") or len(words) > 2:
        return None
    inside = np.ones(len(age), dtype=bool)
    for word in words:
        if word in ("male", "female"):
            inside &= sex == (1 if word == "male" else 2)
        else:
            first, _, last = word.rstrip("+").partition("-")
            inside &= (age >= int(first)) & (age <= int(last or 200))
    return inside & (age >= 18) if group == "sex" else inside  # the table's two rows of a sex are of 18 and over


def test_prevalences_and_intervals_are_those_of_other_software(survey: SurveyTable) -> None:
    """Shares to 0.006 points: the table gives hundredths of a percent. Ends of intervals to 0.02 points: both are on
    the logit scale with linearized errors, but the other software rounds the error as well.
    """
    design = read_design(survey)
    answer = survey.codes("SLQ160", 0, 1, 2, 3, 4)
    kinds = {"none": answer == 0, "mild": (answer == 1) | (answer == 2), "modsev": answer >= 3}
    compared = 0
    for row in rows_of("prevalence.csv"):
        if (row["wave"], row["weight"]) != ("2005-2006", "WTMEC2YR"):
            continue
        inside = group_of(row["group"], row["level"], survey)
        if inside is None:
            continue
        answered = inside & ~np.isnan(answer)
        name = f"{row['group']}, {row['level']}"
        assert int(answered.sum()) == int(row["n"]), name
        for kind, having in kinds.items():
            found = weighted_share(having, answered, design)
            assert int((having & answered).sum()) == int(row[f"n_{kind}"]), name
            assert 100 * found.value == pytest.approx(float(row[f"{kind}_pct"]), abs=0.006), (name, kind)
            ends = (100 * found.low, 100 * found.high)
            assert ends == pytest.approx((float(row[f"{kind}_lo"]), float(row[f"{kind}_hi"])), abs=0.02), (name, kind)
            compared += 1
    assert compared >= 3 * (3 + 7 + 2 + 14)


def test_the_shipped_shares_are_the_published_prevalences() -> None:
    """The paper rounds to whole percents and pools two cycles: 24 to 25 is 23.5 to 25.5 here, 6 is 5.5 to 6.5."""
    stated = {row["id"]: row["value"] for row in rows_of("tables.csv")}
    assert (stated["P1"], stated["P2"]) == ("24-25", "6")
    [shares] = load_evidence().cramp_frequency["people_all"].shares
    assert 23.5 <= 100 * (shares[1] + shares[2]) < 25.5
    assert 5.5 <= 100 * (shares[3] + shares[4]) < 6.5


# --- the curves -------------------------------------------------------------------------------------------------------


def test_the_intervals_of_the_curves_hold_the_direct_estimates(fit: Fit) -> None:
    """In at least 90 % of the cells of sex, age band and outcome: 95 % less what 28 cells scatter by."""
    cells = fit.printed["cells"]
    assert {(c["sex"], c["outcome"]) for c in cells} == {
        (s, o) for s in ("male", "female") for o in ("any", "frequent")
    }
    assert len(cells) == 28
    held = [c["fitted"]["low"] <= c["direct"]["value"] <= c["fitted"]["high"] for c in cells]
    assert sum(held) >= 0.9 * len(held)
    widths = [c["fitted"]["high"] - c["fitted"]["low"] for c in cells if c["outcome"] == "any"]
    assert max(widths) < 0.25  # an interval that holds anything would say nothing


@pytest.mark.long
def test_the_curves_predict_people_they_were_not_fitted_on(survey: SurveyTable) -> None:
    """For five or more a month: calibration slope within 0.1 of 1, Brier score not worse than the plain model's."""
    judged = judge_population(survey, load_evidence(), cross_validate=True)
    assert judged.cross_validated
    assert "fitted without the people" in judged.who
    [frequent] = [outcome for outcome in judged.outcomes if outcome.outcome == "frequent"]
    models = {model.model: model for model in frequent.models}
    slope = models[CURVES].slope
    assert slope is not None
    assert 0.9 <= slope.value <= 1.1
    assert models[CURVES].brier.value <= models[PLAIN_AGAIN].brier.value
    assert frequent.brier_differences[PLAIN_AGAIN].value <= 0
    assert models[CURVES].in_the_large.low <= 0 <= models[CURVES].in_the_large.high
