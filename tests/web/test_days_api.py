"""The API of the diary in numbers and of measurements, and what the day pages refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from soleus.app.web.form_fields import go_back
from soleus.app.web.house import House
from soleus.core.record import Night
from soleus.report.language import LANGUAGES

TOLD = {"name": "serum Ca", "value": "9,2", "unit": "mg/dL", "low": 8.5, "high": "10.5", "taken": "2026-11-20"}


def tell_nights(house: House, days: int) -> date:
    """Tell of every other of the last nights; return the last one."""
    now, zone = house.now(), house.zone()
    last = now.astimezone(UTC).date() - timedelta(days=2)
    checks = [
        Night(id=str(i), recorded_at=now, zone=zone, night_of=last - timedelta(days=i), cramps=i % 3)
        for i in range(0, days, 2)
    ]
    assert house.diary.add(checks, now=now).problems == ()
    return last


def test_an_empty_diary_has_no_numbers_and_nothing_missing(here: TestClient) -> None:
    assert here.get("/api/diary").json() == {"report": None, "says": []}
    assert here.get("/api/nights/missing").json()["missing"] == []
    assert here.get("/api/measurements").json() == []


def test_the_diary_in_numbers_tells_what_is_missing(here: TestClient, house: House) -> None:
    last = tell_nights(house, 60)
    first = last - timedelta(days=39)
    answer = here.get("/api/diary", params={"first": first.isoformat(), "last": last.isoformat()}).json()
    rate = answer["report"]["rate"]
    assert (rate["nights_recorded"], rate["nights_missing"]) == (20, 20)
    assert rate["low"] < rate["per_week"] < rate["high"]
    assert [night["state"] for night in answer["report"]["nights"]].count("missing") == 20
    assert "20 nights missing" in answer["says"][0]


@pytest.mark.parametrize("query", ["first=2026-11-20&last=2026-11-01", "first=soon", "last=2026-13-01"])
def test_a_stretch_that_is_none_is_refused_as_everywhere(here: TestClient, house: House, query: str) -> None:
    tell_nights(house, 400)
    answer = here.get(f"/api/diary?{query}")
    assert answer.status_code == 422
    assert set(answer.json()["problems"][0]) == {"code", "level", "where", "what", "why", "fix"}


@pytest.mark.parametrize("query", ["first=0001-01-01", "last=0001-01-01", "first=9999-12-31", "last=9999-12-31"])
def test_the_ends_of_the_calendar_do_no_harm(here: TestClient, house: House, query: str) -> None:
    tell_nights(house, 40)
    assert here.get(f"/api/diary?{query}").status_code in (200, 422)


def test_a_result_is_read_without_being_kept_then_kept_once(here: TestClient, house: House) -> None:
    read = here.post("/api/measurements/read", json=TOLD).json()
    assert read["says"] == "Calcium, total: 9.2 mg/dL = 2.296 mmol/L"
    assert house.diary.samples() == []
    answers = [here.put("/api/measurements/a", json=TOLD).json() for _ in range(3)]
    assert [answer["new"] for answer in answers] == [True, False, False]
    (sample,) = house.diary.samples()
    assert (sample.quantity, sample.value, sample.low, sample.high) == ("calcium", 9.2, 8.5, 10.5)
    other = here.put("/api/measurements/a", json={**TOLD, "value": "9.3"})
    assert (other.status_code, other.json()["problems"][0]["code"]) == (409, "id_taken")


def test_a_slip_of_the_unit_is_refused_with_the_mending(here: TestClient, house: House) -> None:
    answer = here.put("/api/measurements/a", json={**TOLD, "unit": "mmol/L", "low": None, "high": None})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["code"], problem["where"]) == ("unit_slip", "measure.unit")
    assert house.diary.samples() == []


def test_a_series_is_reported_by_its_id_and_by_an_own_name(here: TestClient) -> None:
    here.put("/api/measurements/a", json=TOLD)
    here.put("/api/measurements/b", json={"name": "girth / left", "value": "36", "unit": "cm"})
    assert here.get("/api/measurements/calcium").json()["view"]["label"] == "Calcium, total"
    assert here.get("/api/measurements/girth%20/%20left").json()["quantity"] == "girth / left"
    assert {one["quantity"] for one in here.get("/api/measurements").json()} == {"calcium", "girth / left"}
    assert here.get("/measurements/girth%20%2F%20left").status_code == 200
    assert here.get("/api/measurements/iron").status_code == 404


def test_missing_nights_are_listed_from_the_first_told_one(here: TestClient, house: House) -> None:
    last = tell_nights(house, 5)
    missing = here.get("/api/nights/missing").json()["missing"]
    assert (last - timedelta(days=1)).isoformat() in missing
    assert min(missing) > (last - timedelta(days=4)).isoformat()


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_day_page_opens_in_every_language(here: TestClient, house: House, language: str) -> None:
    last = tell_nights(house, 60)
    here.put("/api/measurements/a", json=TOLD)
    paths = ["/", "/morning", f"/morning/{last}", f"/morning/{last}/kept?changed=0", "/diary", "/diary?stretch=all"]
    paths += [f"/diary/night/{last}", "/measurements", "/measurements/calcium", "/measurements/add", "/more"]
    for path in [*paths, "/measurements/entry/a", "/measurements/add?of=calcium"]:
        answer = here.get(path, headers={"accept-language": language})
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in answer.text
        assert "style=" not in answer.text, path
        assert "<style" not in answer.text, path


@pytest.mark.parametrize(
    "path",
    [
        "/morning/2999-01-01",
        "/morning/0001-01-01",
        "/diary/night/9999-12-31",
        "/diary?month=2999-01",
        "/diary?month=0001-01",
        "/diary?month=x",
        "/measurements/nothing",
        "/measurements/entry/nothing",
    ],
)
def test_what_is_not_there_is_told_and_not_shown(here: TestClient, path: str) -> None:
    assert here.get(path).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "", "/a?b=c", "x" * 9],
)
def test_a_form_goes_back_to_pages_of_ours_only(address: str) -> None:
    assert go_back(address, "/diary").headers["location"] == "/diary"


def test_no_address_of_a_page_holds_what_was_told(here: TestClient, house: House) -> None:
    def form(path: str, **fields: Any) -> str:
        page = here.get("/morning")
        token = page.text.split('name="csrf" value="')[1].split('"')[0]
        return str(here.post(path, data={"csrf": token, **fields}).headers.get("location", ""))

    night = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    went = form(f"/morning/{night}", id="check", cramps="1", c1_id="cramp", c1_pain="9", note="secret words")
    assert went == f"/morning/{night}/kept?changed=cramp&changed=check"
    went = form("/measurements/add", id="one", name="calcium", value="2.15", unit="mmol/L", day="2026-11-20")
    assert went == "/measurements/calcium?kept=one"
    assert house.diary.counts() == {"episodes": 1, "nights": 1, "factors": 0, "samples": 1}
