"""The key `molar_mass` of a quantity: read, checked as a claim, refused when it is negative."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soleus.knowledge.load import read_evidence

SOUND = Path(__file__).parent / "sound"
CLAIM = (
    'molar_mass = {{ value = {value}, range = [{low}, 40.1], unit = "g/mol", source = "expert", '
    'verification = "expert", derivation = "a test" }}\n'
)


def with_molar_mass(folder: Path, value: float, low: float) -> Path:
    root = folder / "evidence"
    shutil.copytree(SOUND, root)
    file = root / "measurements" / "laboratory.toml"
    text = file.read_text(encoding="utf-8")
    assert "[calcium]\n" in text
    file.write_text(
        text.replace("[calcium]\n", "[calcium]\n" + CLAIM.format(value=value, low=low), 1), encoding="utf-8"
    )
    return root


def test_it_is_read(tmp_path: Path) -> None:
    evidence, problems = read_evidence(with_molar_mass(tmp_path, 40.078, 40.0))
    assert problems == []
    assert evidence is not None
    molar_mass = evidence.quantities["calcium"].molar_mass
    assert molar_mass is not None
    assert molar_mass.value == pytest.approx(40.078)


@pytest.mark.parametrize(("value", "low"), [(-40.0, -41.0), (41.0, 40.0)])
def test_an_impossible_one_is_refused(tmp_path: Path, value: float, low: float) -> None:
    _, problems = read_evidence(with_molar_mass(tmp_path, value, low))
    assert [problem.code for problem in problems] == ["impossible_value"]
    assert "molar_mass" in problems[0].where
