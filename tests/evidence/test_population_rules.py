"""Every rule of the computed evidence, each with one deliberately bad file; the sound files pass.

The computed files are rewritten by hand here in the smallest sound form, beside the sound base of the other rules, and
broken in one place; the rule, the place, what is told and the way to mend it are asserted.
"""

from __future__ import annotations

import inspect
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from soleus.knowledge import check_population
from soleus.knowledge.load import EvidenceError, check_evidence, load_evidence

SOUND = Path(__file__).with_name("sound")
CURVES, PLAIN, RISKS, POINTS = (
    f"population/{name}.toml" for name in ("cramp_frequency", "plain_models", "relative_risks", "set_points")
)
RELEASE = "release.toml"
AGAIN = "soleus population fit"

ROW = "[0.7, 0.12, 0.1, 0.05, 0.03]"
SOURCE = 'source = "smith2001"\nverification = "computed"\nderivation = "made up"\npopulation = "adults"\n'
PLACES = {"age": "[16, 17]", "pregnancy_month": "[1, 2]", "all": "[16]"}
BY = {
    "women": "age", "men": "age", "everybody": "age", "pregnant": "pregnancy_month",
    "women_all": "all", "men_all": "all", "people_all": "all",
}  # fmt: skip


def curve(key: str, by: str) -> str:
    rows = {
        "shares": ROW,
        "low": "[0.6, 0.1, 0.08, 0.04, 0.02]",
        "high": "[0.8, 0.15, 0.13, 0.07, 0.05]",
        "at_least_low": "[0.25, 0.15, 0.06, 0.02]",
        "at_least_high": "[0.35, 0.22, 0.11, 0.05]",
    }
    many = PLACES[by].count(",") + 1
    lines = "".join(f"{name} = [{', '.join([row] * many)}]\n" for name, row in rows.items())
    return f'[{key}]\nby = "{by}"\nat = {PLACES[by]}\n{lines}n = 100\n{SOURCE}\n'


MODEL = (
    'outcome = "{0}"\nintercept = -1.0\nper_ten_years = 0.2\nfemale = 0.3\npregnant = 0.7\nprevalence = 0.3\nn = 100\n'
)
RATIOS = "".join(
    f"{name} = {{ value = 1.5, range = [1.1, 2.0] }}\n"
    for name in ("crude", "adjusted", "adjusted_for_health", "calibrated", "jerks")
)
RISK = (
    'label = "Weak legs"\nkind = "condition"\nexposed = 50\nexposed_with_cramps = 9\n'
    f'{RATIOS}finding = "calf_swelling"\n'
)
TEXTS = {
    CURVES: "".join(curve(key, by) for key, by in BY.items()),
    PLAIN: "".join(f"[{name}]\n{MODEL.format(name)}{SOURCE}\n" for name in ("any", "frequent")),
    RISKS: f"[weak]\n{RISK}{SOURCE}",
    POINTS: "",
}


@dataclass(frozen=True)
class Bad:
    """One edit of one sound file (the first place where the old text stands), and what must be told."""

    name: str
    code: str
    file: str
    old: str
    new: str
    where: str
    says: str
    fix: str = AGAIN


WOMEN = "cramp_frequency/women"
CRUDE = "crude = { value = 1.5, range = [1.1, 2.0] }"

BAD = [
    Bad("a row too few", "incomplete_curve", CURVES, f"[{ROW}, {ROW}]", f"[{ROW}]", WOMEN, "2 places, rows 1, 2, 2, 2"),
    Bad("no places", "incomplete_curve", CURVES, "at = [16, 17]", "at = []", WOMEN, "0 places, rows 2"),
    Bad("nobody", "incomplete_curve", CURVES, "n = 100", "n = 0", WOMEN, "2 places"),
    Bad("a year skipped", "incomplete_curve", CURVES, "[16, 17]", "[16, 18]", WOMEN, "do not follow each other"),
    Bad("years backward", "incomplete_curve", CURVES, "[16, 17]", "[17, 16]", WOMEN, "do not follow each other"),
    Bad("sum", "impossible_value", CURVES, "[[0.7,", "[[0.75,", f"{WOMEN}[16]", "sum 1.05"),
    Bad("share", "impossible_value", CURVES, "[[0.7, 0.12", "[[0.7, -0.01", f"{WOMEN}[16]", "shares 0.7, -0.01, "),
    Bad("range above", "impossible_value", CURVES, "low = [[0.6", "low = [[0.75", f"{WOMEN}[16]", "does not hold its"),
    Bad("range below", "impossible_value", CURVES, "high = [[0.8", "high = [[0.65", f"{WOMEN}[16]", "does not hold"),
    Bad("range beyond 1", "impossible_value", CURVES, "high = [[0.8", "high = [[1.2", f"{WOMEN}[16]", "does not hold"),
    Bad("negative range", "impossible_value", CURVES, "low = [[0.6, 0.1", "low = [[0.6, -0.1", f"{WOMEN}[16]", "range"),
    Bad("at least", "impossible_value", CURVES, "at_least_low = [[0.25", "at_least_low = [[0.31", f"{WOMEN}[16]", "no"),
    Bad("at most", "impossible_value", CURVES, "0.11, 0.05]]", "0.11, 0.02]]", f"{WOMEN}[17]", "does not hold"),
    Bad("no curve", "incomplete_curve", CURVES, "[pregnant]", "[expecting]", "cramp_frequency/pregnant", "curve preg"),
    Bad("no total", "incomplete_curve", CURVES, "[men_all]", "[men_total]", "cramp_frequency/men_all", "men_all by"),
    Bad("other kind", "incomplete_curve", CURVES, 'by = "age"', 'by = "all"', WOMEN, "there is no curve women by age"),
    Bad("coefficient", "impossible_value", PLAIN, "female = 0.3", "female = inf", "plain_models/any", "a coefficient"),
    Bad("not a number", "impossible_value", PLAIN, "pregnant = 0.7", "pregnant = nan", "plain_models/any", "a coeff"),
    Bad("prevalence", "impossible_value", PLAIN, "prevalence = 0.3", "prevalence = 1.3", "plain_models/any", "preval"),
    Bad("model of nobody", "impossible_value", PLAIN, "n = 100", "n = 0", "plain_models/any", "impossible"),
    Bad("ratio", "impossible_value", RISKS, CRUDE, CRUDE.replace("1.5", "2.5"), "relative_risks/weak.crude", "2.5 wit"),
    Bad("ratio of 0", "impossible_value", RISKS, CRUDE, CRUDE.replace("1.1", "0"), "relative_risks/weak.crude", "0 to"),
    Bad("no end", "impossible_value", RISKS, CRUDE, CRUDE.replace("2.0", "inf"), "relative_risks/weak.crude", "to inf"),
    Bad("jerks", "impossible_value", RISKS, "jerks = { value = 1.5", "jerks = { value = 0.5",
        "relative_risks/weak.jerks", "0.5 with range 1.1 to 2"),
    Bad("finding", "dangling_id", RISKS, '"calf_swelling"', '"swelling"', "relative_risks/weak", "finding 'swelling'"),
    Bad("no child", "no_background", RELEASE, "age = [0.0, 60.0]", "age = [1.0, 60.0]", "release.background",
        "no rate for the age 0", "add a row for this age"),
    Bad("no youth", "no_background", RELEASE, "age = [0.0, 60.0]", "age = [0.0, 15.0]", "release.background",
        "no rate for the age 15", "add a row for this age"),
]  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Path:
    root = tmp_path / "evidence"
    shutil.copytree(SOUND, root)
    (root / "population").mkdir(exist_ok=True)
    for name, text in TEXTS.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_the_sound_files_are_sound(base: Path) -> None:
    assert check_evidence(base) == []


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.code}: {bad.name}")
def test_a_bad_file_is_told_with_its_rule_its_place_and_how_to_mend_it(base: Path, bad: Bad) -> None:
    text = (base / bad.file).read_text(encoding="utf-8")
    assert bad.old in text
    (base / bad.file).write_text(text.replace(bad.old, bad.new, 1), encoding="utf-8")
    problems = check_evidence(base)
    found = [p for p in problems if (p.code, p.where) == (bad.code, bad.where) and bad.says in p.what]
    assert len(found) == 1, problems
    assert bad.fix in found[0].fix
    assert found[0].why
    with pytest.raises(EvidenceError, match=bad.code):
        load_evidence(base)


@pytest.mark.parametrize("file", [CURVES, PLAIN, RISKS, POINTS])
def test_a_missing_file_is_told(base: Path, file: str) -> None:
    (base / file).unlink()
    assert ("missing_file", file) in {(p.code, p.where) for p in check_evidence(base)}


def test_a_set_point_of_no_quantity_and_one_that_is_there_twice_are_told(base: Path) -> None:
    claim = (
        '{ value = 2.4, range = [2.3, 2.5], unit = "mmol/L", source = "smith2001", verification = "computed", '
        'derivation = "made up" }'
    )
    (base / POINTS).write_text(
        f"[calcium]\npopulation_mean = {claim}\n\n[chalk]\npopulation_mean = {claim}\n", encoding="utf-8"
    )
    told = {(p.code, p.where): p for p in check_evidence(base)}
    assert "no quantity 'chalk'" in told["dangling_id", f"{POINTS}#chalk"].what
    assert AGAIN in told["duplicate_id", "measurements/laboratory.toml#calcium"].fix


def test_every_rule_of_the_computed_evidence_has_a_bad_file() -> None:
    """A new rule without a bad file here fails."""
    written = re.findall(r'add\(\s*"(\w+)"', inspect.getsource(check_population))
    assert {bad.code for bad in BAD} == set(written)
    assert len(BAD) >= len(written)
