"""Documents: kept, replaced, exported, brought in again, erased; on both databases."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soleus.core.record import Episode, Night
from soleus.diary import (
    Diary,
    DiaryError,
    back_up,
    check_backup,
    document_names,
    erase,
    export_to,
    import_from,
    open_diary,
    read_document,
    write_document,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ANSWERS = '{"answers": {"night_cramps": "yes"}, "words": "=1+1 ä 😀 \\"x\\"; \'DROP TABLE documents"}\r\n'
MARKER = "Xq7MARKERplanted"


def cramp(key: str) -> Episode:
    return Episode(id=key, recorded_at=NOW, zone="UTC", night_of=date(2026, 1, 1), pain=3)


def test_a_document_comes_back_as_it_was_written(diary: Diary) -> None:
    assert read_document(diary, "interview") is None
    assert document_names(diary) == []
    for name in ("settings", "interview", "interview 2026-11-26T08:00:00Z", "Ähre", "x" * 64, " "):
        write_document(diary, name, ANSWERS, now=NOW)
        assert read_document(diary, name) == ANSWERS
    write_document(diary, "interview", "", now=NOW)
    assert read_document(diary, "interview") == ""
    names = [" ", "interview", "interview 2026-11-26T08:00:00Z", "settings", "x" * 64, "Ähre"]
    assert document_names(diary) == names  # by code point on every database
    assert sum(diary.counts().values()) == 0  # they are no entries


@pytest.mark.parametrize(
    "name", ["%", "_", "interv%", "INTERVIEW", "interview ", "interview' OR '1'='1", "*", "[a-z]*"]
)
def test_a_name_is_taken_to_the_letter(diary: Diary, name: str) -> None:
    write_document(diary, "interview", "mine", now=NOW)
    assert read_document(diary, name) is None
    write_document(diary, name, "other", now=NOW)
    assert read_document(diary, "interview") == "mine"
    assert read_document(diary, name) == "other"


@pytest.mark.parametrize("name", ["", "x" * 65, "a\x00b", "a\nb", "a\x1b[31m", "\ud800", "\x7f"])
def test_a_name_that_can_not_be_is_told_and_reads_as_nothing(diary: Diary, name: str) -> None:
    with pytest.raises(DiaryError, match="bad_name"):
        write_document(diary, name, "{}", now=NOW)
    assert read_document(diary, name) is None
    assert document_names(diary) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [("x" * 1_000_001, "too_large"), ("ä" * 500_001, "too_large"), ("a\x00b", "bad_text"), ("\udfff", "bad_text")],
)
def test_a_content_that_can_not_be_kept_leaves_the_old_one(diary: Diary, content: str, code: str) -> None:
    write_document(diary, "interview", "mine", now=NOW)
    with pytest.raises(DiaryError, match=code):
        write_document(diary, "interview", content, now=NOW)
    assert read_document(diary, "interview") == "mine"


def test_a_document_of_a_megabyte_goes_out_and_in(diary: Diary, tmp_path: Path) -> None:
    large = "ä," * 333_333
    write_document(diary, "large", large, now=NOW)
    before = diary.content_hash()
    for name in ("entries.json", "documents.csv"):
        out = export_to(diary, tmp_path / "out")
        erase(diary, word="erase")
        assert import_from(out / name, diary, now=NOW).documents == 1
        assert read_document(diary, "large") == large
        assert diary.content_hash() == before


def test_now_needs_a_zone(diary: Diary) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        write_document(diary, "a", "{}", now=datetime(2026, 1, 1))


def test_documents_belong_to_the_content(diary: Diary, tmp_path: Path) -> None:
    diary.add([cramp("a"), Night(id="n", recorded_at=NOW, zone="UTC", night_of=date(2026, 1, 2), cramps=0)], now=NOW)
    # as it was before there were documents
    assert diary.content_hash() == "d50c2405a9bb596b685364d5e6ad50d2c360cd5817f6e63d962c5046527d1d35"
    hashes = {diary.content_hash()}
    for name, content in (("a", "1"), ("b", "1"), ("a", "2")):
        write_document(diary, name, content, now=NOW)
        hashes.add(diary.content_hash())
    assert len(hashes) == 4
    with open_diary(str(tmp_path / "other.sqlite")) as other:
        for name, content in (("b", "1"), ("a", "2")):
            write_document(other, name, content, now=NOW + timedelta(days=3))
        assert other.content_hash() not in hashes
        assert import_from(export_to(diary, tmp_path / "out"), other, now=NOW).new == 2
        assert other.content_hash() == diary.content_hash()


@pytest.mark.parametrize("from_tables", [False, True])
def test_export_erase_import_keeps_the_documents(diary: Diary, tmp_path: Path, from_tables: bool) -> None:
    diary.add([cramp("a")], now=NOW)
    for name, content in (("interview", ANSWERS), ("=settings", "'quoted"), ("empty", "")):
        write_document(diary, name, content, now=NOW)
    before, out = diary.content_hash(), export_to(diary, tmp_path / "out")
    with (out / "documents.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["'=settings", "empty", "interview"]
    assert rows[2] == {"name": "interview", "content": ANSWERS, "changed_at": "2026-03-01T09:00:00Z"}
    exported = json.loads((out / "entries.json").read_text("utf-8"))
    assert [one["name"] for one in exported["documents"]] == ["=settings", "empty", "interview"]
    assert exported["content_hash"] == before
    erase(diary, word="erase")
    assert document_names(diary) == []
    if from_tables:
        (out / "entries.json").unlink()
    later = NOW + timedelta(days=1)
    added = import_from(out, diary, now=later)
    assert (added.new, added.documents, added.problems) == (1, 3, ())
    assert diary.content_hash() == before
    again = import_from(out, diary, now=later)
    assert (again.new, again.same, again.documents, again.problems) == (0, 1, 0, ())
    with open_diary(str(out / "diary.sqlite")) as copy:
        assert copy.content_hash() == before
        assert read_document(copy, "interview") == ANSWERS
    assert json.loads((export_to(diary, out) / "entries.json").read_text("utf-8")) == exported  # the moments as well


def test_importing_overwrites_no_document(diary: Diary, tmp_path: Path) -> None:
    diary.add([cramp("a")], now=NOW)
    write_document(diary, "settings", "old", now=NOW)
    write_document(diary, "interview", "same", now=NOW)
    out = export_to(diary, tmp_path / "out")
    erase(diary, word="erase")
    write_document(diary, "settings", "mine", now=NOW)
    added = import_from(out, diary, now=NOW)
    assert [(one.code, one.level, one.where) for one in added.problems] == [
        ("name_taken", "warning", "documents: settings")
    ]
    assert (added.new, added.documents) == (1, 1)  # everything else came in
    assert read_document(diary, "settings") == "mine"
    assert read_document(diary, "interview") == "same"


def test_an_older_export_without_documents_is_brought_in(diary: Diary, tmp_path: Path) -> None:
    diary.add([cramp("a")], now=NOW)
    before = diary.content_hash()
    out = export_to(diary, tmp_path / "out")
    exported = json.loads((out / "entries.json").read_text("utf-8"))
    del exported["documents"]
    (out / "entries.json").write_text(json.dumps(exported), "utf-8")
    (out / "documents.csv").unlink()
    for source in (out / "entries.json", out):
        erase(diary, word="erase")
        assert import_from(source, diary, now=NOW).problems == ()
        assert diary.content_hash() == before
        (out / "entries.json").unlink(missing_ok=True)  # then from the tables


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "x" * 65}, "bad_name"),
        ({"name": 5}, "bad_document"),
        ({"content": "x" * 1_000_001}, "too_large"),
        ({"content": "a\x00"}, "bad_text"),
        ({"changed_at": "2026-01-01T00:00:00"}, "bad_document"),
        ({"more": 1}, "bad_document"),
    ],
)
def test_a_spoiled_document_is_told_and_nothing_comes_in(own: Diary, tmp_path: Path, change, code: str) -> None:  # type: ignore[no-untyped-def]
    own.add([cramp("a")], now=NOW)
    write_document(own, "interview", "{}", now=NOW)
    file = export_to(own, tmp_path / "out") / "entries.json"
    erase(own, word="erase")
    exported = json.loads(file.read_text("utf-8"))
    exported["documents"][0] |= change
    file.write_text(json.dumps(exported), "utf-8")
    added = import_from(file, own, now=NOW)
    assert [(one.code, one.where) for one in added.problems] == [(code, "entries.json: documents[0]")]
    assert sum(own.counts().values()) == len(document_names(own)) == 0


def test_a_date_from_nowhere_becomes_that_of_the_import(own: Diary, tmp_path: Path) -> None:
    write_document(own, "interview", "{}", now=NOW)
    out = export_to(own, tmp_path / "out")
    erase(own, word="erase")
    file = out / "entries.json"
    file.write_text(file.read_text("utf-8").replace("2026-03-01T09:00:00Z", "0001-01-01T00:00:00+14:00"), "utf-8")
    assert import_from(file, own, now=NOW).documents == 1
    assert json.loads((export_to(own, out) / "entries.json").read_text("utf-8"))["documents"][0]["changed_at"] == (
        "2026-03-01T09:00:00Z"
    )


def test_a_backup_misses_no_document(own: Diary, folder: Path) -> None:
    write_document(own, "interview", "{}", now=NOW)
    made = back_up(own, now=NOW)
    report = check_backup(made)
    assert report.sound
    assert report.content_hash == own.content_hash()
    assert report.counts == own.counts()
    with open_diary(str(made)) as copy:
        write_document(copy, "interview", "[]", now=NOW)
    assert [one.code for one in check_backup(made).problems] == ["other_content"]


def test_after_erasing_no_document_is_left(own: Diary, folder: Path, bytes_of) -> None:  # type: ignore[no-untyped-def]
    write_document(own, MARKER, MARKER * 10_000, now=NOW)
    write_document(own, MARKER, "short", now=NOW)
    back_up(own, now=NOW)
    assert MARKER.encode() in bytes_of(folder)
    erase(own, word="erase")
    assert MARKER.encode() not in bytes_of(folder)


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=64)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.dictionaries(NAMES, TEXTS, max_size=6), from_tables=st.booleans())
def test_any_documents_go_out_and_in_unchanged(
    own: Diary, tmp_path: Path, kept: dict[str, str], from_tables: bool
) -> None:
    erase(own, word="erase")
    for name, content in kept.items():
        write_document(own, name, content, now=NOW)
    before, out = own.content_hash(), export_to(own, tmp_path / "out")
    erase(own, word="erase")
    assert import_from(out / ("documents.csv" if from_tables else "entries.json"), own, now=NOW).problems == ()
    assert {name: read_document(own, name) for name in document_names(own)} == kept
    assert own.content_hash() == before
