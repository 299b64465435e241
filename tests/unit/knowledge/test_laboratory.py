"""Laboratory readings: names, units, numbers, words, groups of tests, and formulas.

Conversions are compared with the pairs printed in laboratory guides (AMA Manual of Style SI table, American
Diabetes Association, National Academy of Medicine); the tolerance of 1 % covers the rounding of the print.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.knowledge.laboratory import ResolvedMeasurement, resolve_measurement
from soleus.knowledge.laboratory_formulas import albumin_adjusted_calcium, egfr_ckd_epi_2021
from soleus.knowledge.laboratory_index import (
    LaboratoryIndex,
    listed_results,
    name_and_value,
    panels_from,
    tells_of_a_challenge,
)
from soleus.knowledge.laboratory_text import normalize_unit, parse_number, parse_value
from soleus.knowledge.load import load_evidence

EVIDENCE = load_evidence()
QUANTITIES = EVIDENCE.quantities
FINDINGS = {k: v for k, v in EVIDENCE.findings.items() if v.kind in ("test", "laboratory", "history", "sign")}
PANELS = panels_from(EVIDENCE.vocabulary["panels"])
INDEX = LaboratoryIndex(QUANTITIES, PANELS)


def read(
    name: str,
    value: float | str | None,
    unit: str | None = None,
    low: float | None = None,
    high: float | None = None,
) -> ResolvedMeasurement:
    return resolve_measurement(name, value, unit, low, high, INDEX, where="measurements[0]")


def facts(answer: ResolvedMeasurement) -> dict[str, bool]:
    return {fact.finding: fact.present for fact in answer.facts}


def codes(answer: ResolvedMeasurement) -> list[str]:
    return [problem.code for problem in answer.problems]


PAIRS = [
    ("calcium", 10.0, "mg/dL", "calcium", 2.495),
    ("calcium", 5.0, "mEq/L", "calcium", 2.5),
    ("ionised calcium", 4.8, "mg/dL", "calcium_ionized", 1.2),
    ("magnesium", 1.7, "mg/dL", "magnesium", 0.70),
    ("magnesium", 1.4, "mEq/L", "magnesium", 0.70),
    ("potassium", 3.5, "mEq/L", "potassium", 3.5),
    ("phosphorus", 4.5, "mg/dL", "phosphate", 1.45),
    ("albumin", 3.5, "g/dL", "albumin", 35.0),
    ("25-OH vitamin D", 20.0, "ng/mL", "vitamin_d", 50.0),
    ("PTH", 65.0, "pg/mL", "pth", 6.9),
    ("TSH", 4.5, "µIU/mL", "tsh", 4.5),
    ("creatinine", 1.0, "mg/dL", "creatinine", 88.4),
    ("ferritin", 30.0, "ng/mL", "ferritin", 30.0),
    ("HbA1c", 6.5, "%", "hba1c", 48.0),
    ("HbA1c", 7.0, "%", "hba1c", 53.0),
    ("fasting glucose", 126.0, "mg/dL", "glucose", 7.0),
    ("free T4", 1.0, "ng/dL", "free_t4", 12.9),
    ("haemoglobin", 12.0, "g/dL", "hemoglobin", 120.0),
    ("CRP", 1.0, "mg/dL", "crp", 10.0),
    ("cortisol", 5.0, "µg/dL", "cortisol", 138.0),
    ("lactate", 18.0, "mg/dL", "lactate", 2.0),
    ("vitamin B12", 200.0, "pg/mL", "vitamin_b12", 148.0),
    ("BUN", 28.0, "mg/dL", "urea_nitrogen", 10.0),
    ("bilirubin", 1.0, "mg/dL", "bilirubin", 17.1),
    ("CK", 10.0, "µkat/L", "ck", 600.0),
    ("platelets", 2.5, "lakhs/cumm", "platelets", 250.0),
    ("WBC", 7200.0, "cells/mm3", "white_cells", 7.2),
    ("D-dimer", 0.5, "mg/L FEU", "d_dimer", 500.0),
]


@pytest.mark.parametrize(("name", "value", "unit", "quantity", "expected"), PAIRS)
def test_published_unit_pairs(name: str, value: float, unit: str, quantity: str, expected: float) -> None:
    answer = read(name, value, unit)
    assert [r.quantity for r in answer.readings] == [quantity]
    assert answer.readings[0].value == pytest.approx(expected, rel=0.01)
    assert answer.problems == ()


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("serum Ca", "calcium"),
        ("Ca++", "calcium"),
        ("Total calcium", "calcium"),
        ("corrected calcium", "calcium_adjusted"),
        ("Calcium (albumin-adjusted)", "calcium_adjusted"),
        ("Calcium (ionised, venous)", "calcium_ionized"),
        ("Calcium (first visit)", "calcium"),
        ("albumin-adjusted calcium", "calcium_adjusted"),
        ("serum calcium (corrected)", "calcium_adjusted"),
        ("Ca (ionized)", "calcium_ionized"),
        ("iCa", "calcium_ionized"),
        ("creatine phosphokinase", "ck"),
        ("CPK (peak)", "ck"),
        ("Creatine kinase (CK)", "ck"),
        ("Plasma K+", "potassium"),
        ("ankle-brachial pressure index", "abi"),
        ("left ABI", "abi"),
        ("intact PTH", "pth"),
        ("25(OH)D", "vitamin_d"),
        ("haemoglobin A1c", "hba1c"),
        ("SGOT", "ast"),
    ],
)
def test_names(name: str, quantity: str) -> None:
    assert INDEX.find(name) == f"quantity:{quantity}"


def test_another_fluid_is_not_the_blood_test() -> None:
    for name in (
        "24-hour urine calcium",
        "urinary magnesium",
        "CSF glucose",
        "lactate post-exercise",
        "exercise ABI",
    ):
        answer = read(name, 1.0, "mmol/L")
        assert (answer.readings, answer.facts) == ((), ()), name


def test_unit_slip_is_told_and_not_used() -> None:
    answer = read("calcium", 9.2, "mmol/L")
    assert answer.readings == ()
    (problem,) = answer.problems
    assert (problem.code, problem.level, problem.where) == ("unit_slip", "error", "measurements[0].unit")
    assert problem.what == "calcium 9.2 mmol/L looks like mg/dL: 9.2 mg/dL = 2.30 mmol/L"
    assert "was not used" in problem.why
    assert "mg/dL" in problem.fix


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("calcium", 2.3, "mg/dL"),
        ("albumin", 4.1, "g/L"),
        ("creatinine", 1.0, "umol/L"),
        ("haemoglobin", 14.0, "g/L"),
        ("HbA1c", 7.2, "mmol/mol"),
        ("glucose", 5.5, "mg/dL"),
        ("magnesium", 1.8, "mmol/L"),
        ("ionized calcium", 4.8, "mmol/L"),
    ],
)
def test_other_unit_slips(name: str, value: float, unit: str) -> None:
    answer = read(name, value, unit)
    assert answer.readings == ()
    assert codes(answer) == ["unit_slip"]


def test_limits_reveal_a_slip_that_the_value_hides() -> None:
    assert codes(read("phosphate", 3.5, "mmol/L", 2.5, 4.5)) == ["unit_slip"]
    assert read("phosphate", 3.5, "mmol/L").readings[0].value == 3.5  # dialysis patients reach this
    assert read("phosphate", 3.5, "mmol/L", 0.8, 1.5).readings[0].high == 1.5


def test_disease_values_are_not_called_slips() -> None:
    for name, value, unit in (
        ("calcium", 1.2, "mmol/L"),
        ("magnesium", 0.2, "mmol/L"),
        ("potassium", 1.6, "mmol/L"),
        ("sodium", 104, "mmol/L"),
        ("CK", 250_000, "U/L"),
        ("TSH", 210, "mIU/L"),
        ("glucose", 30, "mmol/L"),
        ("cortisol", 12, "nmol/L"),
        ("ABI", 0.2, None),
        ("creatinine", 1100, "umol/L"),
        ("ferritin", 2, "ug/L"),
    ):
        assert read(name, value, unit).readings[0].value == pytest.approx(value), name


def test_missing_unit_is_assumed_only_when_one_fits() -> None:
    answer = read("calcium", 2.05)
    assert (answer.readings[0].value, codes(answer)) == (2.05, ["unit_assumed"])
    assert read("creatinine", 1.1).readings[0].value == pytest.approx(97.24)
    assert read("HbA1c", 7.2).readings[0].value == pytest.approx(55.196)
    for name, value in (("vitamin D", 12.0), ("PTH", 40.0), ("magnesium", 0.7), ("glucose", 30.0)):
        ambiguous = read(name, value)
        assert ambiguous.readings == (), name
        assert codes(ambiguous) == ["unit_missing"], name


def test_limits_settle_a_missing_unit() -> None:
    assert read("Mg", 0.7, None, 0.7, 1.0).readings[0].value == 0.7
    answer = read("Mg", 1.2, None, 1.7, 2.4)
    assert answer.readings[0].value == pytest.approx(0.494, abs=0.001)
    assert answer.readings[0].low == pytest.approx(0.70, abs=0.005)


def test_common_misprint_is_read_and_told() -> None:
    answer = read("TSH", 73, "mIU/mL")
    assert (answer.readings[0].value, codes(answer)) == (73.0, ["unit_misprint"])
    assert codes(read("potassium", 2.1, "mg/dL")) == ["unit_misprint"]


def test_impossible_values_and_unknown_units() -> None:
    for name, value, unit, code in (
        ("sodium", -5, "mmol/L", "impossible_value"),
        ("potassium", 35, "mmol/L", "impossible_value"),
        ("ABI", 85, None, "impossible_value"),
        ("calcium", 2.2, "furlongs", "unknown_unit"),
        ("calcium", math.nan, "mmol/L", "not_a_number"),
        ("calcium", math.inf, "mmol/L", "not_a_number"),
        ("calcium", True, "mmol/L", "not_a_number"),
        ("calcium", "purple", None, "value_not_understood"),
    ):
        answer = read(name, value, unit)
        assert answer.readings == (), (name, value)
        assert codes(answer) == [code]
        assert all(p.fix and p.why for p in answer.problems)


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected", "censored"),
    [
        ("TSH", "<0.01", "mIU/L", [0.01], "<"),
        ("TSH", "> 100", "mIU/L", [100.0], ">"),
        ("CK", "1,494", "U/L", [1494.0], ""),
        ("CK", "52 000 U/L", None, [52000.0], ""),
        ("CK", "110-135", "U/L", [110.0, 135.0], ""),
        ("calcium", "2,05", "mmol/L", [2.05], ""),
        ("calcium", "2,050 mmol/L", None, [2.05], ""),
        ("ABI", "1.3 right, 1.2 left", None, [1.2], ""),
        ("ABI", "0.6 (L), 0.95 (R)", None, [0.6], ""),
        ("eGFR", ">60 mL/min/1.73 m²", None, [60.0], ">"),
        ("potassium", "2.3 mEq/L on admission, 3.9 after treatment", None, [2.3], ""),
        ("WBC", "7.2 x 10^9/L", None, [7.2], ""),
        ("platelets", "250,000", None, [250.0], ""),
        ("CK", "5 x ULN", None, [1250.0], ""),
        ("calcium", "about 1.8", "mmol/L", [1.8], ""),
    ],
)
def test_values_as_text(name: str, value: str, unit: str | None, expected: list[float], censored: str) -> None:
    answer = read(name, value, unit)
    assert [r.value for r in answer.readings] == pytest.approx(expected)
    assert {r.censored for r in answer.readings} == {censored}


def test_printed_interval_becomes_the_limits() -> None:
    for text in ("2.1 mmol/L (3.5-5.0)", "2.1 (normal 3.5-5.0)", "2.1 mEq/L [ref 3.5 to 5.0]"):
        (reading,) = read("K+", text).readings
        assert (reading.value, reading.low, reading.high) == (2.1, 3.5, 5.0), text
    assert read("CK", "1494 U/L (normal <200)").readings[0].high == 200.0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CK", "normal", {"ck_high": False, "ck_very_high": False}),
        ("CK", "moderately high", {"ck_high": True}),
        ("CK", "markedly elevated", {"ck_very_high": True}),
        ("calcium", "low", {"calcium_low": True, "calcium_high": False}),
        ("calcium", "low-normal", {"calcium_low": False, "calcium_very_low": False, "calcium_high": False}),
        ("D-dimer", "negative", {"d_dimer_high": False}),
        ("D-dimer", "positive", {"d_dimer_high": True}),
        ("creatinine", "not raised", {"creatinine_high": False}),
        ("TSH", "suppressed", {"tsh_low": True, "tsh_high": False, "tsh_very_high": False}),
        ("magnesium", "not done", {}),
        ("magnesium", "borderline", {}),
    ],
)
def test_words(name: str, value: str, expected: dict[str, bool]) -> None:
    assert facts(read(name, value)) == expected


def test_abnormal_without_direction_gives_nothing() -> None:
    answer = read("calcium", "abnormal")
    assert (answer.facts, codes(answer)) == ((), ["value_not_understood"])


@pytest.mark.parametrize(
    ("name", "value", "some", "never"),
    [
        (
            "electrolytes, renal and thyroid function",
            "normal",
            {"potassium_low", "creatinine_high", "tsh_high"},
            "ck_high",
        ),
        ("U&E", "normal", {"sodium_low", "creatinine_high"}, "calcium_low"),
        ("routine bloods", "unremarkable", {"anemia", "potassium_low"}, "magnesium_low"),
        ("blood minerals", "normal", {"calcium_low", "magnesium_low"}, "anemia"),
        ("haemogram and chemistry", "within normal limits", {"anemia", "liver_enzymes_high"}, "tsh_high"),
        ("calcium, magnesium, CK", "normal", {"calcium_low", "magnesium_low", "ck_high"}, "potassium_low"),
    ],
)
def test_groups_of_tests(name: str, value: str, some: set[str], never: str) -> None:
    told = facts(read(name, value))
    assert some <= set(told)
    assert not any(told.values())
    assert never not in told


def test_group_with_an_unclear_result_is_not_used() -> None:
    assert codes(read("U&E", "abnormal")) == ["value_for_a_group"]
    assert codes(read("renal function", 3.0)) == ["value_for_a_group"]
    assert read("electrolytes", "not done").problems == ()


def test_two_tests_with_two_numbers() -> None:
    answer = read("sodium/potassium", "138/4.1", "mmol/L")
    assert [(r.quantity, r.value) for r in answer.readings] == [("sodium", 138.0), ("potassium", 4.1)]


def test_unknown_and_misspelled_names() -> None:
    assert codes(read("potasium", 2.0, "mmol/L")) == ["name_assumed"]
    unknown = read("foo bar", 3.0)
    assert (unknown.understood, codes(unknown)) == (False, ["unknown_measurement"])
    assert "Creatine kinase" in read("creatine", 3.0).candidates
    assert read("chloride", 101, "mmol/L") == ResolvedMeasurement(name="chloride")


def test_limits_are_checked() -> None:
    assert codes(read("calcium", 2.3, "mmol/L", 2.6, 2.2)) == ["limits_swapped"]
    ignored = read("ESR", 12, "mm/h", None, 400)
    assert (codes(ignored), ignored.readings[0].high) == (["limits_ignored"], None)


@given(
    st.text(max_size=300),
    st.one_of(st.none(), st.text(max_size=300), st.floats(), st.integers()),
    st.one_of(st.none(), st.text(max_size=40)),
)
@settings(max_examples=300, deadline=None)
def test_no_input_breaks_it(name: str, value: float | str | None, unit: str | None) -> None:
    answer = read(name, value, unit)
    assert all(math.isfinite(r.value) for r in answer.readings)


@given(st.sampled_from(sorted(QUANTITIES)), st.floats(0.05, 0.95), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_any_unit_gives_the_same_value_or_nothing(key: str, place: float, which: int) -> None:
    """A believable value in any known unit comes back as itself or is refused; never another one."""
    quantity = QUANTITIES[key]
    low, high = quantity.reference[0].range if quantity.reference else quantity.plausible
    wanted = low + place * (high - low)
    unit = list(quantity.units)[which % len(quantity.units)]
    written = (wanted - quantity.offset.get(unit, 0.0)) / quantity.units[unit]
    answer = read(quantity.terms[0], written, unit.rstrip("?") or None)
    assert all(r.value == pytest.approx(wanted, rel=1e-4, abs=1e-6) for r in answer.readings)


def test_every_level_names_a_finding_and_lies_in_the_plausible_range() -> None:
    for key, quantity in QUANTITIES.items():
        low, high = quantity.plausible
        for level in quantity.levels:
            assert level.finding in FINDINGS, (key, level.finding)
            assert low < level.limit.value < high, key
        assert low < quantity.population_mean.value < high, key


def test_every_panel_names_known_things() -> None:
    for key, panel in PANELS.panels.items():
        assert set(panel.quantities) <= set(QUANTITIES), key
        assert set(panel.findings) <= set(FINDINGS), key


def test_no_name_means_two_tests() -> None:
    seen: dict[str, str] = {}
    for key, quantity in QUANTITIES.items():
        for term in quantity.terms:
            assert seen.setdefault(term, key) == key, term


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "expected"),
    [(88.4, 50, "male", 92), (88.4, 50, "female", 69), (221.0, 60, "male", 29), (53.04, 30, "female", 124)],
)
def test_egfr_against_the_published_equation(creatinine: float, age: float, sex: str, expected: int) -> None:
    # Recomputed by hand from the equation as printed (inker2021); whole numbers, as calculators print them.
    assert round(egfr_ckd_epi_2021(creatinine, age, sex)) == expected


def test_egfr_refuses_what_the_equation_is_not_for() -> None:
    for creatinine, age, sex in (
        (0.0, 50, "male"),
        (80.0, 12, "male"),
        (80.0, 50, "other"),
        (math.nan, 50, "male"),
    ):
        with pytest.raises(ValueError, match=r"creatinine|age|sex"):
            egfr_ckd_epi_2021(creatinine, age, sex)


def test_albumin_adjusted_calcium() -> None:
    assert albumin_adjusted_calcium(2.05, 30.0) == pytest.approx(2.25)
    # 8.0 mg/dL with albumin 3.0 g/dL is 8.8 mg/dL by the 0.8 rule; the rules differ by rounding only.
    assert albumin_adjusted_calcium(8.0 / 4.0078, 30.0) == pytest.approx(8.8 / 4.0078, abs=0.005)
    with pytest.raises(ValueError, match="albumin"):
        albumin_adjusted_calcium(2.2, 0.0)


def test_numbers_and_units_as_text() -> None:
    assert parse_number("1,494") == (1494.0, 1.494)
    assert parse_number("2,15") == (2.15, 2.15)
    assert parse_number("2,50,000") == (250000.0, 250000.0)
    assert normalize_unit("x 10⁹/L") == "10*9/l"
    assert (parse_value("").numbers, parse_value("").word) == ((), "")
    assert len(parse_value("9 " * 5_000_000).numbers) <= 200  # cut, not searched without end


@pytest.mark.parametrize(
    ("name", "result", "each"),
    [
        ("sodium", "128, potassium 2.9", [("sodium", "128"), ("potassium", "2.9")]),
        ("TSH", "2.1 and free T4 normal", [("TSH", "2.1"), ("free T4", "normal")]),
        ("potassium", "2.9; magnesium low", [("potassium", "2.9"), ("magnesium", "low")]),
        ("ABI", "0.6 right, 1.0 left", [("ABI", "0.6 right, 1.0 left")]),
        ("CK", "5000, normal at 3 weeks", [("CK", "5000, normal at 3 weeks")]),
        ("EMG", "normal, no denervation", [("EMG", "normal, no denervation")]),
    ],
)
def test_a_second_test_in_one_line_has_its_own_result(name: str, result: str, each: list[tuple[str, str]]) -> None:
    assert listed_results(name, result, INDEX) == each


def test_what_was_normal_between_attacks_is_no_result_of_the_attack() -> None:
    assert facts(read("CK", "raised during the attack, normal between"))["ck_high"]
    assert facts(read("potassium", "low in attacks, normal between attacks"))["potassium_low"]


def test_what_failed_to_rise_is_not_high() -> None:
    for words in ("failed to rise", "did not rise", "no increase"):
        assert parse_value(words).word == "not_high"
    assert tells_of_a_challenge("no rise on exercise", INDEX)
    assert not tells_of_a_challenge("900 after exercise", INDEX)


def test_a_value_at_the_bedside_is_cut_into_name_and_value() -> None:
    assert name_and_value("ABPI 0.62 left, 1.05 right") == ("ABPI", "0.62 left, 1.05 right")
    assert name_and_value("cold left foot") is None
