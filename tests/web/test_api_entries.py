"""The API of the diary: once is once, a repetition undoes nothing, and no tap is refused because a clock is wrong."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from soleus.app.entry_keeping import EpisodeTold, keep_entry, remove_entry
from soleus.app.web.house import House
from soleus.core.record import Episode
from soleus.diary import Diary, DiaryError, open_diary
from soleus.diary.together import write_together

Json = dict[str, Any]
NOW = datetime.now(UTC).replace(microsecond=0)
AT = (NOW - timedelta(hours=2)).isoformat()
TAP: Json = {"leg": "left", "started_at": AT, "recorded_at": AT, "zone": "Europe/Berlin"}
KINDS: dict[str, tuple[Json, Json]] = {
    "episodes": (TAP, {"pain": 7}),
    "nights": ({"cramps": 2, "slept_h": 6.5}, {"cramps": 3}),
    "factors": ({"name": "alcohol", "value": 1}, {"value": 0}),
    "samples": ({"quantity": "calcium", "value": 2.31, "unit": "mmol/L", "taken_at": AT}, {"value": 2.13}),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


def codes(answer: Any) -> list[str]:
    return [problem["code"] for problem in answer.json()["problems"]]


def put(client: TestClient, told: Json, id: str = "a", **headers: str) -> Json:
    answer = client.put(f"/api/episodes/{id}", json=told, headers=headers)
    assert answer.status_code == 200, answer.text
    kept: Json = answer.json()
    return kept


@each_kind
def test_an_entry_goes_through_its_whole_life(here: TestClient, kind: str) -> None:
    told, changed = KINDS[kind]
    path = f"/api/{kind}/one"
    assert here.get(path).status_code == 404
    first = here.put(path, json=told).json()
    assert (first["new"], first["removed"]) == (True, False)
    assert here.get(path).json() == first["entry"]
    assert here.get(f"/api/{kind}").json() == [first["entry"]]
    changes = [here.patch(path, json=changed).json() for _ in range(2)]
    assert changes[0] == changes[1]
    assert changes[0]["entry"] == {**first["entry"], **changed}
    removals = [here.delete(path).json() for _ in range(2)]
    assert removals[0] == removals[1] == {**changes[0], "removed": True}
    assert here.get(path).status_code == 404
    assert here.get(f"/api/{kind}").json() == []
    assert here.post("/api/entries/one/undo").json() == {"id": "one", "kind": kind, "removed": False}
    assert here.get(path).json() == changes[0]["entry"]


@each_kind
def test_what_was_never_kept_is_not_found(here: TestClient, kind: str) -> None:
    changed = KINDS[kind][1]
    for answer in (
        here.get(f"/api/{kind}/x"),
        here.patch(f"/api/{kind}/x", json=changed),
        here.delete(f"/api/{kind}/x"),
        here.post("/api/entries/x/undo"),
    ):
        assert answer.status_code == 404
        assert codes(answer) == ["no_such_id"]


@each_kind
def test_an_id_of_another_kind_is_not_found_and_not_overwritten(here: TestClient, kind: str) -> None:
    other = next(name for name in KINDS if name != kind)
    kept = here.put(f"/api/{other}/x", json=KINDS[other][0]).json()["entry"]
    answer = here.put(f"/api/{kind}/x", json=KINDS[kind][0])
    assert (answer.status_code, codes(answer)) == (409, ["id_taken"])
    assert here.patch(f"/api/{kind}/x", json=KINDS[kind][1]).status_code == 404
    assert here.delete(f"/api/{kind}/x").status_code == 404
    assert here.get(f"/api/{other}/x").json() == kept


def test_the_same_id_a_hundred_times_is_one_row(here: TestClient, house: House) -> None:
    answers = [put(here, TAP) for _ in range(100)]
    assert [one["new"] for one in answers] == [True] + 99 * [False]
    assert len({str(one["entry"]) for one in answers}) == 1
    assert house.diary.counts()["episodes"] == 1


def test_the_same_id_from_sixteen_threads_is_one_row(tmp_path: Any) -> None:
    told = EpisodeTold(leg="left", started_at=NOW)
    new: list[bool] = []
    with open_diary(str(tmp_path / "diary.sqlite")) as diary:

        def send() -> None:
            for i in range(10):
                new.append(keep_entry(diary, Episode, f"id{i}", told, now=NOW, zone="UTC").new)

        threads = [threading.Thread(target=send) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert diary.counts()["episodes"] == 10
    assert (len(new), sum(new)) == (160, 10)


def test_of_writings_that_share_a_commit_only_the_wrong_one_is_refused(tmp_path: Any) -> None:
    refused: list[str] = []
    with open_diary(str(tmp_path / "diary.sqlite")) as diary:
        started = threading.Barrier(12)

        def send(i: int) -> None:
            started.wait()
            told = EpisodeTold(started_at=NOW, duration_s=-1.0 if i % 3 == 0 else 1.0, leg="left")
            try:
                keep_entry(diary, Episode, f"id{i}" if i % 3 else "id1", told, now=NOW, zone="UTC")
            except DiaryError as error:
                refused.extend(problem.code for problem in error.problems)

        with diary.writing():  # all wait, so that they are written together
            threads = [threading.Thread(target=send, args=(i,)) for i in range(12)]
            for thread in threads:
                thread.start()
        for thread in threads:
            thread.join()
        assert {one.id for one in diary.episodes()} == {f"id{i}" for i in range(12) if i % 3}
    assert refused == 4 * ["negative_duration"]


def test_a_fault_in_a_shared_commit_is_told_to_all_and_stores_nothing(tmp_path: Any) -> None:
    told: list[str] = []
    with open_diary(str(tmp_path / "diary.sqlite")) as diary:

        def keep(i: int) -> None:
            try:
                keep_entry(diary, Episode, f"id{i}", EpisodeTold(started_at=NOW), now=NOW, zone="UTC")
            except ZeroDivisionError:
                told.append("fault")

        def fail() -> None:
            with pytest.raises(ZeroDivisionError):
                write_together(diary, lambda connection: 1 / 0)

        with diary.writing():
            threads = [threading.Thread(target=keep, args=(i,)) for i in range(4)]
            threads.append(threading.Thread(target=fail))
            for thread in threads:
                thread.start()
        for thread in threads:
            thread.join()
        assert diary.counts()["episodes"] == 4 - len(told)
        keep(9)  # and the diary goes on
        assert "id9" in diary.find(["id9"])


def test_a_repetition_does_not_undo_a_later_correction(here: TestClient) -> None:
    put(here, TAP)
    here.patch("/api/episodes/a", json={"leg": "right", "note": "it was the other one"})
    again = put(here, TAP)
    assert (again["new"], again["entry"]["leg"], again["entry"]["note"]) == (False, "right", "it was the other one")


@pytest.mark.parametrize("how", ["delete", "undo"])
def test_a_repetition_does_not_bring_back_what_was_removed(here: TestClient, house: House, how: str) -> None:
    put(here, TAP)
    if how == "delete":
        here.delete("/api/episodes/a")
    else:
        assert here.post("/api/entries/a/undo").json()["removed"]
    again = put(here, TAP)
    assert (again["new"], again["removed"], again["entry"]["leg"]) == (False, True, "left")
    assert house.diary.counts()["episodes"] == 0
    late = here.patch("/api/episodes/a", json={"pain": 5})
    assert (late.status_code, codes(late)) == (409, ["removed"])


def test_other_content_under_a_known_id_is_refused_also_after_changes(here: TestClient) -> None:
    put(here, TAP)
    other = {**TAP, "leg": "right"}
    assert codes(here.put("/api/episodes/a", json=other)) == ["id_taken"]
    here.patch("/api/episodes/a", json={"leg": "right"})
    assert codes(here.put("/api/episodes/a", json=other)) == ["id_taken"]  # it is as it is now, but not what was first
    here.delete("/api/episodes/a")
    assert codes(here.put("/api/episodes/a", json=other)) == ["id_taken"]


def test_two_changes_of_different_things_both_stay(here: TestClient) -> None:
    put(here, TAP)
    here.patch("/api/episodes/a", json={"duration_s": 95.5})
    entry = here.patch("/api/episodes/a", json={"pain": 7}).json()["entry"]
    assert (entry["duration_s"], entry["pain"], entry["leg"]) == (95.5, 7, "left")
    assert here.patch("/api/episodes/a", json={"pain": None}).json()["entry"]["pain"] is None


def test_a_cramp_that_is_moved_to_another_time_moves_to_its_night(here: TestClient) -> None:
    put(here, {**TAP, "started_at": "2026-01-10T02:00:00Z"})
    entry = here.patch("/api/episodes/a", json={"started_at": "2026-01-09T02:00:00Z"}).json()["entry"]
    assert entry["night_of"] == "2026-01-08"


def test_the_lists_can_be_narrowed_to_nights(here: TestClient) -> None:
    for day in (10, 11, 12):
        put(here, {"started_at": f"2026-01-{day}T02:00:00Z"}, id=f"e{day}")
    found = here.get("/api/episodes", params={"first": "2026-01-10", "last": "2026-01-10"}).json()
    assert [one["id"] for one in found] == ["e11"]
    assert len(here.get("/api/episodes", params={"first": "0001-01-01", "last": "9999-12-31"}).json()) == 3
    assert here.get("/api/episodes", params={"first": "yesterday"}).status_code == 422


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"duration_s": -1}, "negative_duration"),
        ({"pain": 11}, "out_of_range"),
        ({"started_at": "2026-01-10T02:00:00"}, "not_read"),
        ({"started_at": "2026-01-10T02:00:00Z", "zone": "UTC", "night_of": "2026-01-01"}, "other_night"),
        ({"leg": "middle"}, "not_read"),
        ({"lag": "left"}, "not_read"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_nothing_kept(here: TestClient, told: Json, code: str) -> None:
    answer = here.put("/api/episodes/a", json=told)
    assert (answer.status_code, codes(answer)) == (422, [code])
    assert here.get("/api/episodes").json() == []


def test_the_limit_of_a_night_is_told(here: TestClient) -> None:
    for i in range(60):
        put(here, TAP, id=f"e{i}")
    assert codes(here.put("/api/episodes/more", json=TAP)) == ["too_many_cramps"]
    assert put(here, TAP, id="e0")["new"] is False


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [timedelta(days=800), timedelta(days=-9_000), timedelta(hours=-3), timedelta(hours=1)]
)
def test_a_wrong_clock_is_corrected_by_what_it_said_when_it_sent(here: TestClient, wrong: timedelta) -> None:
    """The tap waited for five hours on a phone whose clock is wrong all the time."""
    tapped, sent = NOW - timedelta(hours=5) + wrong, datetime.now(UTC) + wrong
    told = {"leg": "left", "started_at": tapped.isoformat(), "recorded_at": tapped.isoformat(), "zone": "UTC"}
    first = put(here, told, **{"x-sent-at": sent.isoformat()})["entry"]
    started = datetime.fromisoformat(first["started_at"])
    assert abs(started - (NOW - timedelta(hours=5))) < timedelta(seconds=60)
    assert tapped.isoformat() in first["note"]
    again = put(here, told, **{"x-sent-at": (sent + timedelta(seconds=9)).isoformat()})
    assert (again["new"], again["entry"]) == (False, first)


@pytest.mark.parametrize("claimed", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:10Z"])
@pytest.mark.parametrize("sent_at", ["", "no time", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_tap_of_an_impossible_time_is_kept_with_what_was_claimed(
    here: TestClient, claimed: str, sent_at: str
) -> None:
    entry = put(here, {"leg": "left", "started_at": claimed, "zone": "Europe/Berlin"}, **{"x-sent-at": sent_at})[
        "entry"
    ]
    assert entry["started_at"] is None or abs(datetime.fromisoformat(entry["started_at"]) - NOW) < timedelta(hours=1)
    assert claimed[:19] in entry["note"]
    assert abs(datetime.fromisoformat(entry["night_of"] + "T00:00:00+00:00") - NOW) < timedelta(days=2)
    assert put(here, {"leg": "left", "started_at": claimed, "zone": "Europe/Berlin"})["new"] is False


def test_a_zone_that_is_not_known_here_is_replaced_and_told(here: TestClient) -> None:
    entry = put(here, {**TAP, "zone": "Mars/Olympus"})["entry"]
    assert entry["zone"] != "Mars/Olympus"
    assert "Mars/Olympus" in entry["note"]
    assert datetime.fromisoformat(entry["started_at"]) == datetime.fromisoformat(AT)
    assert put(here, {**TAP, "zone": "Mars/Olympus"})["new"] is False


def test_the_note_on_a_doubted_clock_comes_after_ones_own(here: TestClient) -> None:
    told = {"note": "while reading", "started_at": "2199-01-01T02:00:00Z"}
    assert put(here, told)["entry"]["note"].startswith("while reading ")
    assert codes(here.put("/api/episodes/a", json={**told, "note": "asleep"})) == ["id_taken"]


def test_a_right_clock_leaves_no_remark(here: TestClient) -> None:
    entry = put(here, TAP, **{"x-sent-at": (datetime.now(UTC) + timedelta(minutes=9)).isoformat()})["entry"]
    assert (entry["note"], datetime.fromisoformat(entry["started_at"])) == ("", datetime.fromisoformat(AT))


moments = st.datetimes(timezones=st.sampled_from([UTC, datetime.fromisoformat("2000-01-01T00:00:00-11:30").tzinfo]))


@pytest.fixture(scope="module")
def one_diary() -> Iterator[Diary]:
    with open_diary("sqlite://") as diary:
        yield diary


@given(started=st.none() | moments, recorded=st.none() | moments, sent=st.none() | moments, zone=st.text(max_size=20))
def test_no_clock_and_no_zone_makes_a_tap_lost(
    one_diary: Diary, started: datetime | None, recorded: datetime | None, sent: datetime | None, zone: str
) -> None:
    fields: Json = {"started_at": started, "leg": "left", "zone": zone}
    told = EpisodeTold(**fields) if recorded is None else EpisodeTold(recorded_at=recorded, **fields)
    id = str(uuid.uuid4())
    first = keep_entry(one_diary, Episode, id, told, now=NOW, zone="Europe/Berlin", sent_at=sent)
    later = NOW + timedelta(days=1)
    again = keep_entry(one_diary, Episode, id, told, now=later, zone="UTC", sent_at=None)
    assert (first.new, again.new, again.entry) == (True, False, first.entry)
    assert one_diary.find([id]) == {id: first.entry}
    remove_entry(one_diary, Episode, id, now=NOW)  # so that the limit of a night is not met


# --- what is told about it -------------------------------------------------------------------------------------------


def test_every_route_is_described_with_an_example_of_its_body(here: TestClient) -> None:
    paths = here.get("/api/openapi.json").json()["paths"]
    for kind in KINDS:
        for method in ("put", "patch"):
            content = paths[f"/api/{kind}/{{id}}"][method]["requestBody"]["content"]["application/json"]
            assert here.put("/api/factors/none", json={}).status_code == 422
            answer = here.request(method, f"/api/{kind}/{kind}", json=content["example"])
            assert answer.status_code == 200, answer.text


def test_a_full_disk_is_a_reason_to_try_again_not_a_mistake_of_the_tap(
    here: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from soleus.diary.errors import problem

    def full(*_: object, **__: object) -> None:
        raise DiaryError([problem("disk_full", "diary", "no room", "the disk is full", "make room")])

    monkeypatch.setattr("soleus.app.entry_keeping.keep_once", full)
    answer = here.put("/api/episodes/a", json=TAP)
    assert (answer.status_code, codes(answer)) == (503, ["disk_full"])


def test_a_browser_needs_the_token_of_its_page(ask: Callable[..., TestClient]) -> None:
    client = ask()
    token = client.get("/api/session").json()["csrf"]
    assert codes(client.put("/api/episodes/a", json=TAP)) == ["no_token"]
    assert put(client, TAP, **{"x-csrf-token": token})["new"]
