"""Unit pairs against published ones, and every factor of the evidence against the molar mass of its analyte.

The pairs are those that laboratories print (1 mg/dL of calcium is 0.2495 mmol/L); each is compared to the number of
figures it is printed with. Atomic weights are the abridged standard ones of IUPAC 2021 (Pure Appl Chem 94:573-600); the
formulas are those of the pure substances. Factors may differ from molar masses by 0.5 %, which is their own rounding.
"""

from __future__ import annotations

import re

import msgspec
import pytest

from soleus.knowledge.load import load_evidence
from soleus.monitoring.units import convert, convert_unit

QUANTITIES = load_evidence().quantities

# quantity, value, unit, the same in the canonical unit, half a unit of the last printed figure
PAIRS = [
    ("calcium", 1, "mg/dL", 0.2495, 0.00005),
    ("calcium", 4.008, "mg/dL", 1.0, 0.0002),
    ("calcium", 2, "mEq/L", 1.0, 1e-9),
    ("calcium_adjusted", 1, "mg/dL", 0.2495, 0.00005),
    ("calcium_ionized", 4.008, "mg/dL", 1.0, 0.0002),
    ("magnesium", 1, "mg/dL", 0.4114, 0.00005),
    ("magnesium", 2, "mEq/L", 1.0, 1e-9),
    ("potassium", 4.1, "mEq/L", 4.1, 1e-9),
    ("sodium", 140, "mEq/L", 140, 1e-9),
    ("phosphate", 1, "mg/dL", 0.3229, 0.00005),
    ("albumin", 1, "g/dL", 10, 1e-9),
    ("vitamin_d", 1, "ng/mL", 2.496, 0.0005),
    ("pth", 1, "pg/mL", 0.106, 0.0005),
    ("pth", 15, "pg/mL", 1.6, 0.05),
    ("pth", 65, "pg/mL", 6.9, 0.05),
    ("ck", 150, "[iU]/L", 150, 1e-9),
    ("ck", 150, "IU/L", 150, 1e-9),
    ("tsh", 1, "u[iU]/mL", 1, 1e-9),
    ("tsh", 1, "uIU/mL", 1, 1e-9),
    ("creatinine", 1, "mg/dL", 88.4, 0.05),
    ("ferritin", 1, "ng/mL", 1, 1e-9),
    ("hba1c", 6.5, "%", 10.93 * 6.5 - 23.5, 1e-9),
    ("glucose", 1, "mg/dL", 0.0555, 0.00005),
]
WEIGHTS = {
    "H": 1.008,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "Na": 22.990,
    "Mg": 24.305,
    "P": 30.974,
    "S": 32.06,
    "K": 39.098,
    "Ca": 40.078,
    "Co": 58.933,
    "I": 126.904,
}
MASS_UNITS = {"mg/dl", "mg/l", "g/l", "ng/ml", "pg/ml", "ug/l", "ug/dl", "ng/l", "ng/dl", "mg%", "pg/dl"}
WITH_MOLAR_MASS = sorted(key for key, quantity in QUANTITIES.items() if quantity.molar_mass)


@pytest.mark.parametrize(("key", "value", "unit", "expected", "tolerance"), PAIRS)
def test_a_published_pair(key: str, value: float, unit: str, expected: float, tolerance: float) -> None:
    assert convert(value, unit, QUANTITIES[key]) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("key", WITH_MOLAR_MASS)
def test_the_molar_mass_is_that_of_the_formula(key: str) -> None:
    claim = QUANTITIES[key].molar_mass
    assert claim is not None
    formula = claim.derivation.split()[0]
    mass = sum(WEIGHTS[atom] * int(count or 1) for atom, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula))
    assert claim.value == pytest.approx(mass, abs=0.001)


@pytest.mark.parametrize("key", WITH_MOLAR_MASS)
def test_every_mass_factor_agrees_with_the_molar_mass(key: str) -> None:
    quantity = QUANTITIES[key]
    assert quantity.molar_mass is not None
    for unit in MASS_UNITS.intersection(quantity.units):
        by_mass = convert_unit(1, unit.replace("mg%", "mg/dl"), quantity.unit, quantity.molar_mass.value)
        assert quantity.units[unit] == pytest.approx(by_mass, rel=0.005), unit


def test_enough_analytes_have_a_molar_mass_and_a_mass_unit() -> None:
    checked = [key for key in WITH_MOLAR_MASS if MASS_UNITS.intersection(QUANTITIES[key].units)]
    assert {"calcium", "magnesium", "phosphate", "vitamin_d", "pth", "creatinine", "glucose"} <= set(checked)
    assert len(checked) >= 18


@pytest.mark.parametrize(("key", "unit"), [("calcium", "mg/dL"), ("glucose", "g/L"), ("cortisol", "ug/dL")])
def test_without_a_factor_the_molar_mass_takes_its_place(key: str, unit: str) -> None:
    quantity = QUANTITIES[key]
    bare = msgspec.structs.replace(quantity, units={quantity.unit.lower(): 1.0})
    assert convert(1, unit, bare) == pytest.approx(convert(1, unit, quantity), rel=0.005)
    with pytest.raises(ValueError, match="not known"):
        convert(1, unit, msgspec.structs.replace(bare, molar_mass=None))


@pytest.mark.parametrize(
    ("value", "unit", "to_unit", "expected"),
    [
        (760, "mm[Hg]", "kPa", 101.325),  # one standard atmosphere
        (1, "m/s", "cm/s", 100),
        (98.6, "[degF]", "Cel", 37),
        (37, "Cel", "K", 310.15),
        (1, "ukat/L", "U/L", 60),  # the definition of the katal
        (50, "%", "{ratio}", 0.5),
        (1, "[in_i]", "cm", 2.54),
        (60, "/min", "Hz", 1),
        (1, "mM", "mmol/L", 1),
        (1, "[iU]/L", "m[iU]/mL", 1),
        (1, "10*9/L", "10*3/uL", 1),
    ],
)
def test_units_of_any_measurement(value: float, unit: str, to_unit: str, expected: float) -> None:
    assert convert_unit(value, unit, to_unit) == pytest.approx(expected, rel=1e-6)
