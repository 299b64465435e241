"""The rule on daily rhythms, each way of breaking it; a sound rhythm passes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soleus.knowledge.load import check_evidence, load_evidence

SOUND = Path(__file__).with_name("sound")
SOURCE = 'source = "expert", verification = "expert", derivation = "x"'
CLAIM = '{{ value = {value}, range = {range}, unit = "{unit}", ' + SOURCE + " }}"


def rhythm(highest: str = "20.0", lowest: str = "3.0", swing: str = "2.0", swing_range: str = "[1.0, 4.0]") -> str:
    hours = [CLAIM.format(value=hour, range=f"[{hour}, {hour}]", unit="hour") for hour in (highest, lowest)]
    return (
        f"\n[calcium.rhythm]\nhighest_hour = {hours[0]}\nlowest_hour = {hours[1]}\n"
        f"half_swing = {CLAIM.format(value=swing, range=swing_range, unit='%')}\n"
    )


def broken(tmp_path: Path, text: str) -> list[str]:
    root = tmp_path / "evidence"
    shutil.copytree(SOUND, root)
    path = root / "measurements" / "laboratory.toml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + text, encoding="utf-8")
    return [f"{problem.code} {problem.where}" for problem in check_evidence(root)]


def test_a_sound_rhythm_passes(tmp_path: Path) -> None:
    assert broken(tmp_path, rhythm()) == []


@pytest.mark.parametrize(
    "text",
    [
        rhythm(highest="24.5"),
        rhythm(lowest="20.0"),
        rhythm(swing="50.0", swing_range="[1.0, 120.0]"),
    ],
)
def test_an_impossible_rhythm_is_refused(tmp_path: Path, text: str) -> None:
    assert broken(tmp_path, text) == ["impossible_value quantities/calcium.rhythm"]


def test_every_rhythm_shipped_is_sourced() -> None:
    evidence = load_evidence()
    for quantity in evidence.quantities.values():
        if quantity.rhythm:
            for claim in (quantity.rhythm.highest_hour, quantity.rhythm.lowest_hour, quantity.rhythm.half_swing):
                assert claim.source in evidence.references
                assert claim.range[0] < claim.range[1]
