"""Linked devices: known by their token alone, shut out when revoked, idle or restored; on both databases."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from soleus.diary import (
    Device,
    Diary,
    DiaryError,
    back_up,
    erase,
    export_to,
    find_device,
    import_from,
    link_device,
    list_devices,
    open_diary,
    restore,
    revoke_device,
)
from soleus.diary.devices import IDLE_LIMIT, SEEN_EVERY

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_linked_device_is_known_by_its_token_alone(diary: Diary) -> None:
    device, token = link_device(diary, "Ada's phone", now=NOW)
    other, other_token = link_device(diary, "Ada's phone", now=NOW + timedelta(seconds=1))
    assert len(token) == len(other_token) == 43  # 256 bits
    assert len({device.id, other.id, token, other_token}) == 4
    assert device == Device(id=device.id, name="Ada's phone", linked_at=NOW, last_seen_at=NOW)
    assert find_device(diary, token, now=NOW) == device
    assert find_device(diary, other_token, now=NOW + timedelta(seconds=1)) == other
    assert list_devices(diary) == [device, other]


@pytest.mark.parametrize(
    "guess",
    ["", "%", "_" * 43, "x" * 43, "\x00", "ä" * 43, "\ud800", "' OR 1=1 --", "x" * 10_000_000, "token"],
)
def test_what_is_no_token_lets_nobody_in(diary: Diary, guess: str) -> None:
    link_device(diary, "phone", now=NOW)
    assert find_device(diary, guess, now=NOW) is None


def test_a_token_changed_a_little_is_none_and_its_hash_is_none_either(diary: Diary) -> None:
    _, token = link_device(diary, "phone", now=NOW)
    for guess in (token[:-1], token + "A", token.swapcase(), f" {token}", hashlib.sha256(token.encode()).hexdigest()):
        assert find_device(diary, guess, now=NOW) is None


def test_only_the_hash_of_a_token_is_kept(own: Diary, folder: Path, bytes_of) -> None:  # type: ignore[no-untyped-def]
    _, token = link_device(own, "phone", now=NOW)
    kept = bytes_of(folder)
    assert token.encode() not in kept
    assert hashlib.sha256(token.encode()).hexdigest().encode() in kept


def test_a_revoked_device_is_shut_out_for_good(diary: Diary) -> None:
    device, token = link_device(diary, "phone", now=NOW)
    _, other_token = link_device(diary, "tablet", now=NOW)
    later = NOW + timedelta(days=1)
    revoked = revoke_device(diary, device.id, now=later)
    assert revoked.revoked_at == later
    assert find_device(diary, token, now=later) is None
    assert find_device(diary, other_token, now=later) is not None
    assert revoke_device(diary, device.id, now=later + timedelta(days=1)) == revoked
    assert [one.revoked_at for one in list_devices(diary) if one.id == device.id] == [later]


@pytest.mark.parametrize("id", ["", "%", "_" * 16, "nobody", "a\x00b", "\ud800", "x" * 1_000_000])
def test_an_unknown_device_can_not_be_revoked(diary: Diary, id: str) -> None:
    _, token = link_device(diary, "phone", now=NOW)
    with pytest.raises(DiaryError, match="no_such_device"):
        revoke_device(diary, id, now=NOW)
    assert find_device(diary, token, now=NOW) is not None


def test_a_device_that_is_not_used_for_a_season_is_shut_out(diary: Diary) -> None:
    _, token = link_device(diary, "phone", now=NOW)
    used = find_device(diary, token, now=NOW + IDLE_LIMIT)
    assert used is not None
    assert used.last_seen_at == NOW + IDLE_LIMIT  # and the season begins anew
    assert find_device(diary, token, now=NOW + 2 * IDLE_LIMIT + timedelta(seconds=1)) is None
    assert [one.last_seen_at for one in list_devices(diary)] == [NOW + IDLE_LIMIT]  # a refusal is no use


def test_last_seen_is_written_once_an_hour_at_most(diary: Diary) -> None:
    _, token = link_device(diary, "phone", now=NOW)
    writes: list[str] = []

    @sa.event.listens_for(diary.engine, "before_cursor_execute")
    def note(connection, cursor, statement, parameters, context, executemany) -> None:  # type: ignore[no-untyped-def]
        if statement.startswith("UPDATE"):
            writes.append(statement)

    for minutes in range(180):
        assert find_device(diary, token, now=NOW + timedelta(minutes=minutes)) is not None
    assert len(writes) == 2
    assert list_devices(diary)[0].last_seen_at == NOW + 2 * SEEN_EVERY


def test_a_clock_that_was_wrong_does_not_keep_a_device_for_ever(diary: Diary) -> None:
    _, token = link_device(diary, "phone", now=NOW + timedelta(days=3650))
    assert find_device(diary, token, now=NOW) is not None
    assert find_device(diary, token, now=NOW + IDLE_LIMIT + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Ada's\tphone\r\n ", "Ada's phone"),
        ("a\x00b\x1b[2Jc\x7f", "ab[2Jc"),
        ("\u202egnp.exe\u2066", "gnp.exe"),
        ("x" * 5_000_000, "x" * 60),
        ("\ud800Ü😀", "Ü😀"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # escaping is for whoever shows it
        ("", ""),
    ],
)
def test_a_name_is_one_short_line(diary: Diary, name: str, kept: str) -> None:
    device, _ = link_device(diary, name, now=NOW)
    assert device.name == kept
    assert list_devices(diary) == [device]


def test_sixteen_threads_at_once_find_the_device(diary: Diary) -> None:
    _, token = link_device(diary, "phone", now=NOW)
    later = NOW + SEEN_EVERY
    found: list[Device | None] = []
    failed: list[BaseException] = []

    def look() -> None:
        try:
            found.extend(find_device(diary, token, now=later) for _ in range(20))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(found) == 320
    assert {one.last_seen_at for one in found if one is not None} == {later}


def test_devices_are_no_content_and_leave_with_no_export(diary: Diary, tmp_path: Path, bytes_of) -> None:  # type: ignore[no-untyped-def]
    before = diary.content_hash()
    tokens = [link_device(diary, f"Xq7MARKER phone {i}", now=NOW)[1] for i in range(50)]
    assert diary.content_hash() == before
    out = export_to(diary, tmp_path / "out")
    left = bytes_of(out)
    assert b"Xq7MARKER" not in left
    assert all(hashlib.sha256(token.encode()).hexdigest().encode() not in left for token in tokens)
    with open_diary(str(out / "diary.sqlite")) as copy:
        assert list_devices(copy) == []
    assert import_from(out, diary, now=NOW).problems == ()
    assert len(list_devices(diary)) == 50  # an import changes no device


def test_erasing_unlinks_all_devices(diary: Diary) -> None:
    _, token = link_device(diary, "phone", now=NOW)
    erase(diary, word="erase")
    assert find_device(diary, token, now=NOW) is None
    assert list_devices(diary) == []


def test_restoring_lets_no_device_in_that_may_have_been_revoked(own: Diary) -> None:
    device, token = link_device(own, "lost phone", now=NOW)
    made = back_up(own, now=NOW)
    revoke_device(own, device.id, now=NOW)
    own.close()
    restore(made, now=NOW)
    with open_diary(create=False) as diary:
        assert find_device(diary, token, now=NOW) is None
        assert [one.revoked_at for one in list_devices(diary)] == [NOW]
    restore(made, now=NOW)  # the backup itself was left as it is
