"""How a result is read as it stands on the slip."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.app.measurement_entry import (
    MeasurementRead,
    MeasurementTold,
    keep_measurement,
    read_measurement,
    told_again,
)
from soleus.app.printed_number import printed_number
from soleus.diary import DiaryError, open_diary
from soleus.knowledge.laboratory_index import LaboratoryIndex
from soleus.knowledge.load import load_evidence

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


@lru_cache(maxsize=1)
def index() -> LaboratoryIndex:
    return LaboratoryIndex(load_evidence().quantities)


def read(decimal_comma: bool = False, **told: object) -> MeasurementRead:
    whole = MeasurementTold(**{"name": "calcium", "unit": "mmol/L", "taken": "2026-11-20", **told})  # type: ignore[arg-type]
    return read_measurement(whole, index(), id="a", now=NOW, zone="Europe/Berlin", decimal_comma=decimal_comma)


def codes(found: MeasurementRead) -> list[str]:
    return [problem.code for problem in found.problems]


@pytest.mark.parametrize("value", ["2,15", "2.15", " 2,15 ", "2.150"])
def test_a_comma_and_a_point_are_the_same(value: str) -> None:
    found = read(value=value)
    assert found.sample is not None
    assert (found.sample.value, found.problems) == (2.15, ())


@pytest.mark.parametrize(
    ("value", "comma", "expected"),
    [
        ("1,494", False, 1494.0),  # both are possible: in English a comma divides thousands
        ("1,494", True, 1.494),
        ("1.234,5", False, 1234.5),
        ("1 494", False, 1494.0),
    ],
)
def test_a_mark_that_can_be_read_both_ways_is_told(value: str, comma: bool, expected: float) -> None:
    found = read(comma, name="ferritin", value=value, unit="ug/L")
    assert found.sample is not None
    assert found.sample.value == expected
    assert ("number_assumed" in codes(found)) == (value == "1,494")


def test_a_mark_that_can_be_read_in_one_way_only_is_no_question() -> None:
    muscle_enzyme = read(True, name="creatine kinase", value="1,494", unit="U/L")
    assert muscle_enzyme.sample is not None
    assert (muscle_enzyme.sample.value, codes(muscle_enzyme)) == (1494.0, [])
    found = read(value="2,310", unit="mmol/L")
    assert found.sample is not None
    assert (found.sample.value, codes(found)) == (2.31, [])


def test_a_slip_of_the_unit_is_refused_with_the_way_to_mend_it() -> None:
    found = read(value="9.2")
    assert (found.sample, codes(found)) == (None, ["unit_slip"])
    assert found.problems[0].where == "measure.unit"
    assert "mg/dL" in found.problems[0].fix


def test_a_reading_is_said_in_both_units() -> None:
    assert read(value="9.2", unit="mg/dL").says == "Calcium, total: 9.2 mg/dL = 2.296 mmol/L"
    assert read(value="2.3").says == "Calcium, total: 2.3 mmol/L"


def test_a_bound_is_kept_with_its_sign() -> None:
    found = read(name="CRP", value="< 0.5", unit="mg/L")
    assert found.sample is not None
    assert (found.sample.value, found.sample.note) == (0.5, "[printed: < 0.5]")
    assert told_again(found.sample, "CRP").value == "< 0.5"


def test_a_name_of_ones_own_is_kept_and_told() -> None:
    found = read(name="left calf girth", value="36,5", unit="cm")
    assert found.sample is not None
    assert (found.known, found.quantity, found.sample.value, codes(found)) == (
        False,
        "left calf girth",
        36.5,
        ["own_measurement"],
    )


def test_today_before_noon_is_not_in_the_future() -> None:
    found = read(value="2.3", taken="2026-11-26")
    assert found.sample is not None
    assert (found.sample.clock_known, found.sample.taken_at <= NOW) == (False, True)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"value": "much"}, "value_not_understood"),
        ({"value": ""}, "value_not_understood"),
        ({"value": "2.3", "taken": "yesterday"}, "bad_time"),
        ({"value": "2.3", "taken": "2027-01-01"}, "future"),
        ({"value": "2.3", "low": "low"}, "limit_not_a_number"),
        ({"value": "2.3", "name": " "}, "no_name"),
        ({"value": "2.3", "zone": "Nowhere/Land"}, "bad_time"),
        ({"value": "230"}, "impossible_value"),
    ],
)
def test_what_can_not_be_read_is_told_and_not_kept(told: dict[str, object], code: str) -> None:
    found = read(False, **told)
    assert found.sample is None
    assert code in codes(found)
    with open_diary("sqlite://") as diary, pytest.raises(DiaryError):
        keep_measurement(diary, found, MeasurementTold(name="x", value="1"), now=NOW)


def test_the_same_result_under_the_same_id_is_one_and_another_is_refused() -> None:
    told = MeasurementTold(name="calcium", value="2.3", unit="mmol/L", taken="2026-11-20")
    with open_diary("sqlite://") as diary:
        for minute in range(3):
            now = NOW.replace(minute=minute)
            one = read_measurement(told, index(), id="a", now=now, zone="UTC")
            assert keep_measurement(diary, one, told, now=now).new == (minute == 0)
        assert diary.counts()["samples"] == 1
        with pytest.raises(DiaryError, match="id_taken"):
            keep_measurement(diary, read(value="2.4"), told, now=NOW)


@given(
    value=st.floats(1.6, 3.4).map(lambda number: f"{number:.2f}"),
    fasting=st.none() | st.booleans(),
    note=st.text(st.characters(whitelist_categories=("L", "N")), max_size=30),
    clock=st.booleans(),
)
def test_what_is_kept_is_told_again_as_it_was(value: str, fasting: bool | None, note: str, clock: bool) -> None:
    taken = "2026-11-20T08:30" if clock else "2026-11-20"
    found = read(value=value, fasting=fasting, note=note, taken=taken, low="2.2", high="2,6")
    assert found.sample is not None
    again = told_again(found.sample, "calcium")
    assert read_measurement(again, index(), id="a", now=NOW, zone="UTC").sample == found.sample
    assert (again.fasting, again.note, again.taken) == (fasting, note, taken)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_number(text: str) -> None:
    sign, numbers = printed_number(text)
    assert sign in ("", "<", ">")
    assert len(numbers) <= 2
