"""What the scorer makes of the cells of a register: forms of yes and no, units, rejects, and people left unread."""

from __future__ import annotations

import decimal
from typing import Any

import pyarrow as pa
import pytest

from soleus.cohort.cells import ColumnTypeError
from soleus.cohort.mapping import (
    CodedColumn,
    FindingColumn,
    Mapping,
    MedicineColumn,
    PersonColumns,
    QuantityColumn,
    SettingColumn,
    SexColumn,
)
from soleus.cohort.people_reader import DOUBLED
from soleus.cohort.scoring import ROW, Scorer
from soleus.knowledge.load import load_evidence

EVIDENCE = load_evidence()


def scorer(**parts: Any) -> Scorer:
    person = parts.pop("person", PersonColumns(id="pid", age="age", sex=SexColumn(column="sex")))
    return Scorer(EVIDENCE, Mapping(person=person, **parts))


KNOT = FindingColumn(column="knot", finding="hard_knot")
CALCIUM = QuantityColumn(column="ca", quantity="calcium", unit="mmol/L")


def score(one: Scorer, rows: int = 0, **columns: Any) -> dict[str, list[Any]]:
    """Score columns; those of the person that are not given are filled."""
    n = rows or len(next(iter(columns.values())))
    table: dict[str, Any] = {"pid": list(range(n)), "age": [60.0] * n, "sex": ["f"] * n} | columns
    return one.score(pa.RecordBatch.from_pydict(table)).to_pydict()


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ([True, None], [False, None]),
        ([1, None], [0, None]),
        ([1.0, float("nan")], [0.0, float("nan")]),
        (["yes", ""], ["NO ", " "]),
        (["1", "NA"], ["0.0", "na"]),
        (pa.array([1, None], pa.int8()), pa.array([0, None], pa.uint64())),
        (pa.array(["y", None]).dictionary_encode(), pa.array(["n", None], pa.large_string())),
        (pa.array([decimal.Decimal("1"), None]), pa.array([decimal.Decimal("0"), None])),
    ],
)
def test_yes_and_no_are_read_in_every_usual_form(yes: Any, no: Any) -> None:
    one = scorer(findings=(KNOT,), unknown=("NA",))
    known, unknown = score(one, rows=2, knot=yes)["cramp"]
    denied, unknown_too = score(one, rows=2, knot=no)["cramp"]
    assert unknown == unknown_too
    assert denied < unknown < known


def test_a_cell_that_is_neither_yes_nor_no_makes_its_row_a_reject_that_names_it() -> None:
    answers = score(scorer(findings=(KNOT,)), knot=["yes", "maybe", None])
    assert answers["reject_code"] == [None, "unknown_cell", None]
    assert (answers["reject_column"][1], answers["reject_value"][1]) == ("knot", "maybe")
    assert answers["cramp"][1] is None
    assert answers["urgency"][1] is None
    assert answers["problems"][1] is None
    assert answers["cramp"][0] is not None


def test_cells_listed_for_one_finding_of_a_column_are_unknown_to_the_other() -> None:
    findings = (
        FindingColumn(column="dx", finding="diabetes", present=("E11",), absent=("none",)),
        FindingColumn(column="dx", finding="kidney_disease", present=("N18",), absent=("none",)),
    )
    answers = score(scorer(findings=findings), dx=["E11", "N18", "none", None, "X99"])
    assert answers["reject_code"] == [None, None, None, None, "unknown_cell"]
    assert len({round(p, 12) for p in answers["cramp"][:4]}) == 4


@pytest.mark.parametrize(
    ("age", "code"),
    [
        ([60], None),
        (["60"], None),
        (["90+"], None),
        ([">89"], None),
        ([-1.0], "bad_age"),
        ([1000], "bad_age"),
        (["old"], "bad_age"),
        ([float("inf")], "bad_age"),
        ([None], None),
    ],
)
def test_ages(age: list[Any], code: str | None) -> None:
    assert score(scorer(findings=(KNOT,)), age=age, knot=[1])["reject_code"] == [code]


def test_a_value_that_no_living_person_has_is_a_reject_and_says_which_unit_it_may_be() -> None:
    answers = score(scorer(quantities=(CALCIUM,)), ca=[2.3, 9.4, None, 400.0])
    assert answers["reject_code"] == [None, "unit_slip", None, "impossible_value"]
    assert "mg/dL" in answers["reject_why"][1]


def test_units_differ_from_row_to_row() -> None:
    column = QuantityColumn(column="ca", quantity="calcium", unit="mmol/L", unit_column="unit")
    one = scorer(quantities=(column,))
    answers = score(
        one,
        ca=[2.15, 2.15 / EVIDENCE.quantities["calcium"].units["mg/dl"], 2.15, 2.15],
        unit=["mmol/L", "mg/dL", None, "furlong"],
    )
    assert answers["reject_code"] == [None, None, None, "unknown_unit"]
    first, second, third = answers["explains_hypocalcemia"][:3]
    assert second == pytest.approx(first, rel=1e-4)  # a reading is kept to six digits
    assert third == first


def test_several_readings_of_a_person_weigh_more_than_one() -> None:
    one = scorer(quantities=(CALCIUM,))
    answers = score(one, ca=[[2.0], [2.0, 2.01, 1.99], [], None])
    single, three, none, missing = answers["present_hypocalcemia"]
    assert three > single > none
    assert none == missing


def test_lists_of_units_that_do_not_fit_their_values_are_a_reject() -> None:
    column = QuantityColumn(column="ca", quantity="calcium", unit_column="unit")
    one = scorer(quantities=(column,))
    units = [["mmol/L", "mmol/L"], ["mmol/L"], ["mg/dL"]]
    answers = score(one, ca=[[2.3, 2.4], [2.3, 2.4], [9.4]], unit=units)
    assert answers["reject_code"] == [None, "uneven_lists", None]


def test_results_in_words_and_bounds_are_read() -> None:
    one = scorer(quantities=(CALCIUM,))
    answers = score(one, ca=["low", "normal", "<1.5", "2,3", "nonsense"])
    assert answers["reject_code"] == [None, None, None, None, "value_not_understood"]
    low, normal, below, plain = answers["present_hypocalcemia"][:4]
    assert below > normal
    assert low > plain


def test_a_complete_list_of_medicines_denies_the_others_and_an_empty_cell_denies_nothing() -> None:
    medicine = MedicineColumn(column="drugs", complete=True)
    one = scorer(medicines=(medicine,))
    partial = scorer(medicines=(MedicineColumn(column="drugs"),))
    cells = ["hydrochlorothiazide; amlodipine", "amlodipine", None, "xyzzyx"]
    whole, some = score(one, drugs=cells), score(partial, drugs=cells)
    assert whole["present_drug_induced"][1] < some["present_drug_induced"][1]
    assert whole["present_drug_induced"][2] == some["present_drug_induced"][2]
    assert some["present_drug_induced"][0] > some["present_drug_induced"][2]
    assert some["problems"][3] == ["not_understood"]
    assert some["reject_code"] == [None] * 4


def test_lists_of_medicines_are_read_like_texts() -> None:
    one = scorer(medicines=(MedicineColumn(column="drugs"),))
    text = score(one, drugs=["hydrochlorothiazide; amlodipine"])
    listed = score(one, drugs=[["hydrochlorothiazide", "amlodipine"]])
    assert listed == text


def test_pregnancy() -> None:
    person = PersonColumns(id="pid", age="age", sex=SexColumn(column="sex"), pregnant=CodedColumn(column="pregnant"))
    one = scorer(person=person, findings=(KNOT,))
    answers = score(one, age=[30.0] * 4, sex=["f", "f", "m", None], pregnant=[1, 0, 1, 1], knot=[None] * 4)
    assert answers["problems"] == [["month_unknown"], [], ["contradiction"], ["month_unknown"]]
    assert answers["present_pregnancy"][0] > answers["present_pregnancy"][1]
    assert answers["present_pregnancy"][3] == answers["present_pregnancy"][0]


def test_a_setting_may_be_the_same_for_all() -> None:
    def person(setting: SettingColumn) -> PersonColumns:
        return PersonColumns(id="pid", age="age", setting=setting)

    fixed = scorer(person=person(SettingColumn(value="emergency")), findings=(KNOT,))
    coded = scorer(person=person(SettingColumn(column="where")), findings=(KNOT,))
    answers = score(coded, knot=[1, 1, 1], where=["emergency", "primary_care", "moon"])
    assert answers["reject_code"] == [None, None, "unknown_cell"]
    assert score(fixed, knot=[1])["cramp"][0] == answers["cramp"][0] != answers["cramp"][1]


def test_a_red_flag_is_raised_and_sets_the_urgency() -> None:
    one = scorer(quantities=(QuantityColumn(column="ca", quantity="calcium", unit="mmol/L"),))
    answers = score(one, ca=[2.35, 1.6])
    assert answers["red_flags"][0] == []
    assert any("calcium" in flag for flag in answers["red_flags"][1])
    assert answers["urgency"][1] == "emergency"


@pytest.mark.parametrize("cells", [[None, 5], ["", "5"], [" ", "5"]])
def test_a_row_without_a_code_belongs_to_nobody(cells: list[Any]) -> None:
    answers = score(scorer(findings=(KNOT,)), pid=cells, knot=[1, 1])
    assert answers["reject_code"] == ["missing_person", None]
    assert answers["person"] == [None, "5"]


def test_codes_of_people_are_kept_as_they_are() -> None:
    assert score(scorer(findings=(KNOT,)), pid=["007", " a b ", "é"], knot=[1, 1, 1])["person"] == ["007", "a b", "é"]
    assert score(scorer(findings=(KNOT,)), pid=[7.0, None], knot=[1, 1])["person"] == ["7", None]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"a": 1}]),
        pa.array([b"x"], pa.binary()),
        pa.array([[1]]),
        pa.array([0], pa.timestamp("s")),
    ],
)
def test_a_column_of_another_kind_is_refused_by_name(column: pa.Array) -> None:
    with pytest.raises(ColumnTypeError, match="column knot"):
        score(scorer(findings=(KNOT,)), rows=1, knot=column)


def test_an_empty_batch_and_empty_columns() -> None:
    one = scorer(findings=(KNOT,), quantities=(CALCIUM,), medicines=(MedicineColumn(column="drugs", complete=True),))
    batch = pa.RecordBatch.from_pydict({name: pa.nulls(0) for name in one.mapping.columns()})
    assert one.score(batch).num_rows == 0
    nothing = score(one, rows=3, knot=pa.nulls(3), ca=pa.nulls(3), drugs=pa.nulls(3))
    assert nothing["reject_code"] == [None] * 3
    assert all(p is not None for p in nothing["cramp"])


def test_all_rows_of_a_doubled_code_are_rejects() -> None:
    answers = score(scorer(findings=(KNOT,)), pid=[1, 2, 1], knot=[1, 1, 0], **{DOUBLED: [True, False, True]})
    assert answers["reject_code"] == ["duplicate_person", None, "duplicate_person"]
    assert answers["reject_value"] == ["1", None, "1"]


def test_rows_of_the_source_are_repeated() -> None:
    one = scorer(findings=(KNOT,))
    assert score(one, knot=[1, 0], **{ROW: [10, 11]})["row"] == [10, 11]


def test_a_hostile_cell_is_told_in_one_short_line() -> None:
    answers = score(scorer(findings=(KNOT,)), knot=["=cmd|'/c calc'!A0\n\x00" + "x" * 10_000])
    shown = answers["reject_value"][0]
    assert len(shown) < 100
    assert "\n" not in shown
    assert "\x00" not in shown
