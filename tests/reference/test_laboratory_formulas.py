"""Calcium corrected for albumin and CKD-EPI 2021 against values that others print.

Albumin: a teaching page prints 2.11 mmol/L for calcium 1.83 mmol/L and albumin 26 g/L (Payne's formula); a calculator's
worked example prints 10.16 mg/dL for 9.2 mg/dL and 2.8 g/dL. CKD-EPI 2021: the calculator of the National Kidney
Foundation gives 71 for a man of 55 with 1.2 mg/dL, as quoted by a third party; an independent implementation tests 82
for a man of 50 with 1.1 mg/dL. Whole numbers are compared as whole numbers.
"""

from __future__ import annotations

import pytest

from soleus.knowledge.laboratory_formulas import albumin_adjusted_calcium, egfr_ckd_epi_2021
from soleus.knowledge.load import load_evidence
from soleus.monitoring.units import convert


def test_calcium_in_mmol_per_l() -> None:
    assert albumin_adjusted_calcium(1.83, 26) == pytest.approx(2.11, abs=0.005)


def test_calcium_in_mg_per_dl() -> None:
    quantities = load_evidence().quantities
    total, albumin = convert(9.2, "mg/dL", quantities["calcium"]), convert(2.8, "g/dL", quantities["albumin"])
    one_mg_per_dl = convert(1, "mg/dL", quantities["calcium"])
    assert albumin_adjusted_calcium(total, albumin) / one_mg_per_dl == pytest.approx(10.16, abs=0.01)


@pytest.mark.parametrize(
    ("creatinine_mg_per_dl", "age", "sex", "printed"), [(1.2, 55, "male", 71), (1.1, 50, "male", 82)]
)
def test_filtration_rate(creatinine_mg_per_dl: float, age: float, sex: str, printed: int) -> None:
    creatinine = convert(creatinine_mg_per_dl, "mg/dL", load_evidence().quantities["creatinine"])
    assert round(egfr_ckd_epi_2021(creatinine, age, sex)) == printed


def test_filtration_rate_at_the_knots() -> None:
    # At a creatinine of kappa both powers are 1: 142 x 0.9938^age, and 1.012 times that in women.
    assert egfr_ckd_epi_2021(0.9 * 88.4, 40, "male") == pytest.approx(142 * 0.9938**40)
    assert egfr_ckd_epi_2021(0.7 * 88.4, 40, "female") == pytest.approx(142 * 0.9938**40 * 1.012)
