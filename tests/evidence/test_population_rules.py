"""The rules of the computed evidence, each with one deliberately bad file.

The sound base (tests/evidence/sound) is copied and broken in one place; the rule, the place and the way to mend it are
asserted.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soleus.knowledge.load import check_evidence, load_evidence

SOUND = Path(__file__).with_name("sound")
CURVES, RISKS = "population/cramp_frequency.toml", "population/relative_risks.toml"
PLAIN, POINTS = "population/plain_models.toml", "population/set_points.toml"
FIRST = "  [0.7, 0.2, 0.08, 0.015, 0.005],\n"
CLAIM = (
    '{ value = 2.0, range = [1.0, 3.0], unit = "mmol/L", source = "smith2001", verification = "read", '
    'derivation = "as printed" }'
)


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "where", "what", "fix"),
    [
        (CURVES, "0.7, 0.2, 0.08", "0.8, 0.2, 0.08", "impossible_value", "women[16]", "sum 1.1", "population fit"),
        (CURVES, FIRST, "", "incomplete_curve", "women", "70 places, rows 69", "population fit"),
        (
            CURVES,
            "at = [16, 17, 18",
            "at = [16, 18, 18",
            "incomplete_curve",
            "women",
            "do not follow",
            "population fit",
        ),
        (CURVES, "  [0.35, 0.1,", "  [0.75, 0.1,", "impossible_value", "women[16]", "does not hold", "population fit"),
        (CURVES, "n = 1000", "n = 0", "incomplete_curve", "women", "70 places", "population fit"),
        (CURVES, "[women_all]", "[ladies]", "incomplete_curve", "women_all", "no curve women_all", "population fit"),
        (CURVES, 'by = "pregnancy_month"', 'by = "age"', "incomplete_curve", "pregnant", "pregnancy_month", "fit"),
        (RISKS, "value = 1.5", "value = 2.5", "impossible_value", "thiazide.crude", "2.5 with range", "population fit"),
        (
            RISKS,
            "range = [1.0, 2.0]",
            "range = [0.0, 2.0]",
            "impossible_value",
            "thiazide.crude",
            "range 0 to 2",
            "fit",
        ),
        (RISKS, 'finding = "thiazide"', 'finding = "pill"', "dangling_id", "thiazide", "'pill'", "population fit"),
        (PLAIN, "prevalence = 0.3", "prevalence = 1.3", "impossible_value", "plain_models/any", "prevalence", "fit"),
        (PLAIN, "intercept = -1.0", "intercept = nan", "impossible_value", "plain_models/any", "coefficient", "fit"),
        (POINTS, "", f"[potash]\npopulation_mean = {CLAIM}", "dangling_id", "potash", "'potash'", "correct the id"),
        (
            POINTS,
            "",
            f"[calcium]\npopulation_mean = {CLAIM}",
            "duplicate_id",
            "calcium",
            "population_mean",
            "remove it",
        ),
        (POINTS, "", "remove", "missing_file", POINTS, "missing", "restore"),
        (
            "release.toml",
            "age = [0.0, 60.0]",
            "age = [1.0, 60.0]",
            "no_background",
            "release",
            "the age 0",
            "add a row",
        ),
    ],
)
def test_a_broken_rule_is_told(
    tmp_path: Path, file: str, old: str, new: str, code: str, where: str, what: str, fix: str
) -> None:
    base = tmp_path / "evidence"
    shutil.copytree(SOUND, base)
    path, text = base / file, (SOUND / file).read_text(encoding="utf-8")
    if new == "remove":
        path.unlink()
    elif old:
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    else:
        path.write_text(f"{text}\n{new}\n", encoding="utf-8")
    told = [p for p in check_evidence(base) if p.code == code and where in p.where and what in p.what]
    assert told, "\n".join(map(str, check_evidence(base)))
    assert fix in told[0].fix


def test_set_points_are_added_to_their_quantities(tmp_path: Path) -> None:
    base = tmp_path / "evidence"
    shutil.copytree(SOUND, base)
    laboratory = base / "measurements" / "laboratory.toml"
    lines = laboratory.read_text(encoding="utf-8").splitlines(keepends=True)
    laboratory.write_text("".join(x for x in lines if not x.startswith("population_mean")), encoding="utf-8")
    with (base / POINTS).open("a", encoding="utf-8") as file:
        file.write(f"[calcium]\npopulation_mean = {CLAIM}\n")
    assert load_evidence(base).quantities["calcium"].population_mean.value == 2.0
    assert load_evidence(SOUND).quantities["calcium"].population_mean.value == 2.36
