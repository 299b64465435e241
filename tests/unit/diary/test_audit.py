"""The audit: rows are added and never changed, and a change from outside is found; on both databases."""

from __future__ import annotations

import csv
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from soleus.diary import (
    AuditEvent,
    AuditRow,
    Diary,
    append_audit,
    check_audit,
    erase,
    export_to,
    import_from,
    link_device,
    list_audit,
    open_diary,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def event(resource: str = "/nights", **more: object) -> AuditEvent:
    plain = {"who": "this computer", "source": "127.0.0.1", "action": "read", "status": 200} | more
    return AuditEvent(resource=resource, **plain)  # type: ignore[arg-type]


def fill(diary: Diary, number: int = 5) -> list[AuditRow]:
    return append_audit(diary, [event(f"/page/{i}") for i in range(number)], now=NOW)


def test_rows_are_kept_in_order_and_told_newest_first(diary: Diary) -> None:
    assert (list_audit(diary), check_audit(diary)) == ([], None)
    first = append_audit(diary, [event("/nights"), event("/api/episodes/{id}", action="write", status=422)], now=NOW)
    earlier = NOW - timedelta(seconds=3)
    second = append_audit(diary, [event("/", who="d1", action="refused", status=403, at=earlier)], now=NOW)
    assert append_audit(diary, [], now=NOW) == []
    assert [row.seq for row in (*first, *second)] == [1, 2, 3]
    assert [row.at for row in (*first, *second)] == [NOW, NOW, earlier]
    assert list_audit(diary) == [*second, *first[::-1]]
    assert list_audit(diary, limit=2) == [second[0], first[1]]
    assert list_audit(diary, limit=0) == list_audit(diary, limit=-1) == []
    assert len({row.hash for row in list_audit(diary)}) == 3
    assert check_audit(diary) is None
    assert diary.check() == ()


TAMPERINGS = [
    ("UPDATE audit SET status = 500 WHERE seq = 3", 3),
    ("UPDATE audit SET who = 'd1' WHERE seq = 1", 1),
    ("UPDATE audit SET at = at + 1 WHERE seq = 5", 5),
    ("UPDATE audit SET hash = 'x' WHERE seq = 2", 2),
    ("DELETE FROM audit WHERE seq = 3", 3),
    ("DELETE FROM audit WHERE seq = 1", 1),
    ("DELETE FROM audit WHERE seq = 5", 5),  # cut off at the end
    ("DELETE FROM audit", 1),
    ("DELETE FROM audit_end", 6),
    ("UPDATE audit SET seq = 6 WHERE seq = 5", 5),
    ("UPDATE audit SET resource = (SELECT o.resource FROM audit o WHERE o.seq = 5 - audit.seq) WHERE seq IN (2, 3)", 2),
    ("INSERT INTO audit SELECT 6, at, who, source, action, resource, status, hash FROM audit WHERE seq = 5", 6),
]


@pytest.mark.parametrize(("tampering", "row"), TAMPERINGS)
def test_a_change_from_outside_is_found(diary: Diary, tampering: str, row: int) -> None:
    fill(diary)
    with diary.writing() as connection:
        connection.execute(sa.text(tampering))
    found = check_audit(diary)
    assert found is not None
    assert (found.code, found.where) == ("audit_broken", f"audit row {row}")
    assert diary.check() == (found,)


def test_two_rows_that_changed_places_are_found(diary: Diary) -> None:
    fill(diary)
    with diary.writing() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(sa.text(f"UPDATE audit SET seq = {new} WHERE seq = {old}"))
    found = check_audit(diary)
    assert found is not None
    assert found.where == "audit row 2"


@pytest.mark.parametrize("tampering", ["DELETE FROM audit WHERE seq > 3", "DELETE FROM audit WHERE seq = 2"])
def test_what_is_added_later_does_not_heal_the_chain(diary: Diary, tampering: str) -> None:
    fill(diary)
    with diary.writing() as connection:
        connection.execute(sa.text(tampering))
    assert [row.seq for row in append_audit(diary, [event()], now=NOW)] == [6]
    assert check_audit(diary) is not None


def test_erasing_begins_a_new_list(diary: Diary) -> None:
    fill(diary)
    erase(diary, word="erase")
    assert (list_audit(diary), check_audit(diary)) == ([], None)
    assert [row.seq for row in fill(diary, 2)] == [1, 2]
    assert check_audit(diary) is None


def test_texts_from_outside_are_one_short_line_and_no_data(diary: Diary) -> None:
    (row,) = append_audit(
        diary,
        [event("/search?note=secret", who="a\x00\nb\x1b" * 100, source="\ud800fe80::1%eth0\r\nSet-Cookie: x" * 50)],
        now=NOW,
    )
    assert row.resource == "/search"
    assert len(row.who) <= 64
    assert len(row.source) <= 64
    assert not any(ord(sign) < 32 for sign in row.who + row.source)
    (long,) = append_audit(diary, [event("/" + "x" * 5_000_000)], now=NOW)
    assert len(long.resource) == 200
    assert list_audit(diary) == [long, row]
    assert check_audit(diary) is None


@pytest.mark.parametrize("wrong", [{"action": "erase"}, {"status": -1}, {"status": 10**12}])
def test_a_row_that_can_not_be_writes_none_of_the_batch(diary: Diary, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is none of"):
        append_audit(diary, [event(), event(**wrong)], now=NOW)
    assert list_audit(diary) == []


def test_sixteen_threads_at_once_make_one_chain(diary: Diary) -> None:
    failed: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for i in range(10):
                append_audit(diary, [event(f"/{thread}/{i}/{k}") for k in range(3)], now=NOW)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    rows = list_audit(diary, limit=1_000)
    assert [row.seq for row in rows] == list(range(480, 0, -1))
    assert len({row.resource for row in rows}) == 480
    assert check_audit(diary) is None


def test_the_audit_is_no_content_and_the_person_can_read_it(diary: Diary, tmp_path: Path) -> None:
    before = diary.content_hash()
    device, _ = link_device(diary, "phone", now=NOW)
    rows = append_audit(diary, [event(), event("=cmd", who=device.id, source="192.168.1.7")], now=NOW)
    assert diary.content_hash() == before
    out = export_to(diary, tmp_path / "out")
    with (out / "audit.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert [row["hash"] for row in told] == [row.hash for row in rows]
    assert told[1] == {
        "seq": "2",
        "at": "2026-03-01T09:00:00Z",
        "who": device.id,
        "source": "192.168.1.7",
        "action": "read",
        "resource": "'=cmd",
        "status": "200",
        "hash": rows[1].hash,
    }
    for name in ("entries.json", "diary.sqlite"):
        assert b"192.168.1.7" not in (out / name).read_bytes()
    with open_diary(str(out / "diary.sqlite")) as copy:
        assert (list_audit(copy), copy.check()) == ([], ())
    assert import_from(out, diary, now=NOW).problems == ()
    assert list_audit(diary) == rows[::-1]  # an import adds none
