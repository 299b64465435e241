from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.knowledge.load import load_evidence
from soleus.monitoring.units import convert, convert_unit

QUANTITIES = load_evidence().quantities


@pytest.mark.parametrize(
    ("key", "value", "unit", "expected"),
    [
        ("calcium", 80, "ug/mL", 1.996),  # not listed: by dimension from mg/dL
        ("calcium", 2.2, "mmol/dm3", 2.2),
        ("potassium", 4000, "uEq/L", 4.0),
        ("pth", 5, "fmol/mL", 5.0),
        ("vitamin_d", 3, "ug/dL", 74.88),
        ("ck", 2, "nkat/L", 0.12),
        ("abi", 95, "%", 0.95),
        ("abi", 0.95, "", 0.95),
        ("abi", 0.95, "{ratio}", 0.95),
        ("transferrin_saturation", 0.3, "{ratio}", 30),
        ("egfr", 60, "mL/min/{1.73_m2}", 60),
        ("urine_protein", 300, "mg/(24.h)", 0.3),
        ("white_cells", 7.2, "10*6/mL", 7.2),
        ("d_dimer", 0.6, "ug/mL{FEU}", 600),
        ("ph", 7.4, "[pH]", 7.4),
        ("creatinine", 80, "µmol/l", 80),
        ("creatinine", 1, "MG/DL", 88.4),
        ("tsh", 2, "m[IU]/L", 2),
    ],
)
def test_units_that_are_printed(key: str, value: float, unit: str, expected: float) -> None:
    assert convert(value, unit, QUANTITIES[key]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("calcium", "cm/s"),
        ("calcium", "banana"),
        ("calcium", "mg/dL{corrected}"),  # an annotation that is not the quantity's own may mean another thing
        ("hba1c", "{ratio}"),  # two scales that differ by an offset
        ("white_cells", "mg/L"),  # "g/l" of the evidence stands for giga/L here
        ("calcium", "mg/("),
    ],
)
def test_an_unknown_unit_is_refused_with_the_usual_ones(key: str, unit: str) -> None:
    with pytest.raises(ValueError, match="Usual are") as error:
        convert(2.2, unit, QUANTITIES[key])
    assert QUANTITIES[key].unit in str(error.value)
    assert repr(unit) in str(error.value)


def test_a_missing_unit_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="the unit is missing"):
        convert(2.2, " ", QUANTITIES["calcium"])


def test_a_usual_misprint_is_not_converted() -> None:
    # Potassium of 4.1 mg/dL would be 1.05 mmol/L: nobody means that.
    with pytest.raises(ValueError, match="misprint"):
        convert(4.1, "mg/dL", QUANTITIES["potassium"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no number"):
        convert(value, "mmol/L", QUANTITIES["calcium"])


def test_units_of_different_things_are_not_converted() -> None:
    with pytest.raises(ValueError, match="same thing"):
        convert_unit(1, "mg/dL", "mmol/L")
    with pytest.raises(ValueError, match="not known"):
        convert_unit(1, "furlong", "m")


@given(st.floats(0.01, 1e4), st.sampled_from([("mm[Hg]", "kPa"), ("cm/s", "m/s"), ("[degF]", "Cel"), ("ng/mL", "g/L")]))
def test_there_and_back_is_the_same(value: float, units: tuple[str, str]) -> None:
    there, back = units
    assert convert_unit(convert_unit(value, there, back), back, there) == pytest.approx(value, rel=1e-9, abs=1e-9)


@given(st.sampled_from(sorted(QUANTITIES)), st.floats(0.01, 1e3))
def test_every_listed_unit_has_its_own_factor(key: str, value: float) -> None:
    quantity = QUANTITIES[key]
    for unit, factor in quantity.units.items():
        if unit and not unit.endswith("?"):
            expected = value * factor + quantity.offset.get(unit, 0.0)
            assert convert(value, unit, quantity) == pytest.approx(expected, rel=1e-12)
