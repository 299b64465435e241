"""The interview, the answer, the remedies and the evidence over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from soleus.app.session import load_session
from soleus.core.assessment import Assessment
from soleus.core.case import Case

Ask = Callable[..., TestClient]


def test_an_interview_is_held_over_the_api(ask: Ask) -> None:
    client = ask()
    state = client.get("/api/interview").json()
    assert (state["next"]["kind"], state["next"]["about"]) == ("opening", "age")
    for told in ({"age": 68}, {"sex": "female"}):
        state = client.post("/api/interview/answers", json=told).json()
    assert state["next"]["options"][0]["id"] == "calf"
    for _ in range(60):
        screen = state["next"]
        if screen["kind"] == "done":
            break
        told = (
            {"finding": screen["about"], "answer": "no"}
            if screen["kind"] == "question"
            else {"passed": screen["about"]}
        )
        state = client.post("/api/interview/answers", json=told).json()
    assert screen["kind"] == "done"
    assert state["progress"]["may_stop"]
    before = state["answers"]
    state = client.post("/api/interview/back").json()
    assert state["answers"] == before[:-1]
    assert client.post("/api/interview/restart").json()["answers"] == []


def test_a_red_flag_has_to_be_read_before_going_on(ask: Ask) -> None:
    client = ask()
    state = client.post("/api/interview/answers", json={"finding": "leg_swelling_one_sided", "answer": "yes"}).json()
    assert state["next"]["kind"] == "danger"
    assert state["unread"] == [flag["id"] for flag in state["flags"]]
    state = client.post("/api/interview/answers", json={"seen": state["unread"]}).json()
    assert state["next"]["kind"] == "opening"
    assert state["flags"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"finding": "no_such_thing", "answer": "yes"}, 404),
        ({"age": 500}, 422),
        ({"finding": "hard_knot", "answer": "perhaps"}, 422),
        ({"colour": "blue"}, 422),
        ([], 422),
    ],
)
def test_what_can_not_be_meant_changes_nothing_and_is_told(ask: Ask, body: Any, status: int) -> None:
    client = ask()
    answer = client.post("/api/interview/answers", json=body)
    assert answer.status_code == status
    assert answer.json()["problems"][0]["fix"]
    assert client.get("/api/interview").json()["answers"] == []


def test_the_answer_is_that_of_the_interview_and_of_any_case(ask: Ask) -> None:
    client = ask()
    client.post("/api/interview/answers", json={"age": 68})
    client.post("/api/interview/answers", json={"finding": "hard_knot", "answer": "yes"})
    mine = client.get("/api/assessment", params={"draws": 0})
    same = client.post("/api/assess", params={"draws": 0}, json={"age": 68, "findings": {"hard_knot": True}})
    assert mine.json() == same.json()
    expected = load_session().assess(Case(age=68, findings={"hard_knot": True}), draws=0)
    assert msgspec.json.decode(mine.content, type=Assessment) == msgspec.json.decode(
        msgspec.json.encode(expected, enc_hook=str), type=Assessment
    )


def test_what_is_wrong_in_a_case_is_told_in_the_answer(ask: Ask) -> None:
    answer = ask().post("/api/assess", params={"draws": 0}, json={"age": 500, "findings": {"nothing": True}})
    assert answer.status_code == 200
    assert {"impossible_value", "unknown_finding"} <= {problem["code"] for problem in answer.json()["problems"]}
    assert ask().post("/api/assess", params={"draws": -1}, json={}).status_code == 422


def test_remedies_and_evidence(ask: Ask) -> None:
    client = ask()
    assert [group["id"] for group in client.get("/api/remedies").json()][-1] == "never"
    parts = [record["part"] for record in client.get("/api/evidence/cold").json()]
    assert parts == ["causes", "sayings"]
    assert client.get("/api/evidence/nothing").status_code == 404


def test_no_answer_is_ever_in_an_address(ask: Ask) -> None:
    client = ask()
    page = client.get("/why")
    token = page.text.partition('name="csrf" content="')[2].partition('"')[0]
    moved = client.post("/why/answer", data={"what": "age", "age": "68", "csrf": token})
    assert (moved.status_code, moved.headers["location"]) == (303, "/why")
    wrong = client.post("/why/answer", data={"what": "finding", "finding": "nothing", "answer": "yes", "csrf": token})
    assert wrong.status_code == 422
    assert client.get("/evidence/nothing").status_code == 404
