"""What belongs to the person stays with them: backup, export, import and erasing on the pages and over the API."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from soleus.app import keeping
from soleus.app.keeping import BackupState, back_up_now, backup_state, export_zip, import_zip, list_backups
from soleus.app.web.house import House
from soleus.core.record import Episode
from soleus.diary import Diary, DiaryError, open_diary, write_document

Ask = Callable[..., TestClient]
MARKER = "MARKERWORD"


def cramp(house: House, id: str = "a", note: str = MARKER) -> Episode:
    at = house.now() - timedelta(hours=1)
    return Episode(id=id, recorded_at=at, zone="UTC", night_of=(at - timedelta(days=1)).date(), leg="left", note=note)


def token_of(client: TestClient) -> str:
    return str(client.get("/api/session").json()["csrf"])


@pytest.fixture
def filled(house: House) -> House:
    """A diary with one cramp and one document."""
    house.diary.add([cramp(house)], now=house.now())
    write_document(house.diary, "interview", json.dumps({"words": MARKER}), now=house.now())
    return house


# --- settings ---------------------------------------------------------------------------------------------------------


def test_settings_are_kept_and_honored_on_every_page(here: TestClient) -> None:
    told = {
        "csrf": token_of(here),
        "language": "de",
        "theme": "dark",
        "text": "large",
        "contrast": "high",
        "motion": "reduced",
        "speak": "yes",
    }
    assert here.post("/settings", data=told).headers["location"] == "/settings?done=saved"
    page = here.get("/settings?done=saved").text
    assert '<html lang="de" data-theme="dark" data-text="large" data-contrast="high" data-motion="reduced">' in page
    assert here.get("/api/settings").json() == {
        "language": "de",
        "theme": "dark",
        "text": "large",
        "contrast": "high",
        "motion": "reduced",
        "speak": True,
        "vibrate": False,
    }


def test_a_setting_that_cannot_be_chosen_changes_nothing(here: TestClient) -> None:
    answer = here.post("/settings", data={"csrf": token_of(here), "theme": "pink"})
    assert answer.status_code == 422
    assert here.get("/api/settings").json()["theme"] == "system"


def test_settings_brought_in_from_elsewhere_break_no_page(here: TestClient, house: House) -> None:
    for content in ('{"theme": "pink"}', "no json", "[]", ""):
        write_document(house.diary, "settings", content, now=house.now())
        assert here.get("/settings").status_code == 200


# --- backup -----------------------------------------------------------------------------------------------------------


def test_a_missing_and_an_old_backup_are_told_and_a_fresh_one_is_not(
    here: TestClient, filled: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no backup yet." in here.get("/settings").text
    assert here.post("/settings/backup", data={"csrf": token_of(here)}).status_code == 303
    page = here.get("/settings?done=backed_up").text
    assert "There is no backup yet." not in page
    assert "1 entry" in page
    later = filled.now() + timedelta(days=8)
    object.__setattr__(filled, "now", lambda: later)
    assert "The newest backup is 8 days old." in here.get("/settings").text


def test_the_check_finds_a_damaged_backup_and_a_changed_audit(here: TestClient, filled: House) -> None:
    assert here.post("/api/check").json()["problems"] == []
    name = here.post("/api/backups").json()["name"]
    assert [one["name"] for one in here.get("/api/backups").json()] == [name]
    assert filled.diary.path is not None
    backup = filled.diary.path.parent / "backups" / name
    raw = bytearray(backup.read_bytes())
    raw[len(raw) // 2 :] = b"\xff" * (len(raw) - len(raw) // 2)
    backup.write_bytes(raw)
    assert here.get("/api/backups").json() == []
    assert here.post("/api/check").json()["backup"]["newest"] is None
    assert "There is no backup yet." in here.post("/settings/check", data={"csrf": token_of(here)}).text


def test_a_diary_on_a_server_is_backed_up_by_the_means_of_the_server() -> None:
    now = datetime.now(UTC)
    with open_diary("sqlite://") as diary:  # in memory: no file, as on a server
        assert backup_state(diary, now) == BackupState(possible=False, newest=None, overdue=False)
        assert list_backups(diary) == ()
        with pytest.raises(DiaryError, match="not in a file"):
            back_up_now(diary, now)


# --- export and import ------------------------------------------------------------------------------------------------


def test_an_export_comes_back_whole_and_leaves_nothing_behind(here: TestClient, filled: House, tmp_path: Path) -> None:
    assert filled.diary.path is not None
    folder = filled.diary.path.parent
    before = sorted(path.name for path in folder.iterdir())
    answer = here.get("/settings/export")
    assert answer.headers["content-type"] == "application/zip"
    assert re.fullmatch(
        r'attachment; filename="soleus-export-\d{4}-\d\d-\d\d\.zip"', answer.headers["content-disposition"]
    )
    assert here.get("/api/export").status_code == 200
    assert sorted(path.name for path in folder.iterdir()) == before
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert "soleus-export/entries.json" in packed.namelist()
    with open_diary(str(tmp_path / "other.sqlite")) as other:
        added = import_zip(other, io.BytesIO(answer.content), filled.now())
        assert (added.new, added.documents, added.problems) == (1, 1, ())
        assert other.content_hash() == filled.diary.content_hash()
    assert MARKER not in str(answer.headers)


def test_an_import_by_the_page_and_by_the_api_tells_what_it_did(here: TestClient, filled: House, ask: Ask) -> None:
    exported = here.get("/api/export").content
    data = {"csrf": token_of(here)}
    page = here.post("/settings/import", data=data, files={"file": ("a.zip", exported)})
    assert page.status_code == 200
    assert "0 entries were brought in." in page.text
    assert "1 was there already." in page.text
    answer = ask().post("/api/import", content=exported, headers={"content-type": "application/zip"})
    assert answer.json() == {"new": 0, "same": 1, "documents": 0, "problems": []}
    entries = zipfile.ZipFile(io.BytesIO(exported)).read("soleus-export/entries.json")
    assert here.post("/settings/import", data=data, files={"file": ("e.json", entries)}).status_code == 200
    assert ask().post("/api/import", content=exported).status_code == 415


def packed_file(*files: tuple[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as target:
        for name, content in files:
            target.writestr(name, content)
    made.seek(0)
    return made


ROOM = 1 << 20


@pytest.mark.parametrize(
    "file",
    [
        packed_file(("../entries.json", b"{}")),
        packed_file(("soleus-export/../../entries.json", b"{}")),
        packed_file(("/etc/entries.json", b"{}")),
        packed_file(("..\\entries.json", b"{}")),
        packed_file(("C:entries.json", b"{}")),
        packed_file(("entries.json", b"0" * (ROOM + 1))),  # a bomb: a thousandth of that is sent
        packed_file(
            *[
                (f"soleus-export/{name}.csv", b"0" * (ROOM // 3))
                for name in ("episodes", "nights", "factors", "samples")
            ]
        ),
        packed_file(*[(f"{number}.txt", b"") for number in range(100)]),
        packed_file(("a/entries.json", b"{}"), ("b/entries.json", b"{}")),
        packed_file(("entries.json", b"{}"), kind=zipfile.ZIP_LZMA),
        packed_file(("unrelated.txt", b"x")),
        packed_file(("deep/er/entries.json", b"{}")),
        packed_file(),
        packed_file(("entries.json", b"[" * 100_000)),
        packed_file(("entries.json", b"\xff\xfe\x00")),
        packed_file(("entries.json", b"{}")),
        packed_file(("soleus-export/episodes.csv", b"\x00,\xff\n")),
        io.BytesIO(b""),
        io.BytesIO(b"PK\x05\x06" + b"\0" * 18),
        io.BytesIO(b"PK\x03\x04 no zip at all"),
        io.BytesIO(b'{"soleus_diary": 1}'),
    ],
)
def test_a_file_that_is_no_export_is_told_and_brings_nothing_in(
    filled: House, file: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_UNPACKED", ROOM)
    assert filled.diary.path is not None
    before, listed = filled.diary.content_hash(), sorted(filled.diary.path.parent.parent.rglob("*"))
    file.seek(0)
    added = import_zip(filled.diary, file, filled.now())
    assert [one.level for one in added.problems][:1] == ["error"]
    assert added.problems[0].fix
    assert not any("passing" in one.where for one in added.problems)
    assert (added.new, added.same, added.documents) == (0, 0, 0)
    assert filled.diary.content_hash() == before
    assert sorted(filled.diary.path.parent.parent.rglob("*")) == listed


def test_a_broken_or_locked_zip_is_told(filled: House) -> None:
    with export_zip(filled.diary) as file:
        whole = file.read()
    for cut in (len(whole) // 3, len(whole) - 5):
        assert import_zip(filled.diary, io.BytesIO(whole[:cut]), filled.now()).problems
    middle = whole.index(b"entries.json") + 200
    broken = whole[:middle] + bytes(64) + whole[middle + 64 :]
    assert import_zip(filled.diary, io.BytesIO(broken), filled.now()).problems
    locked = bytearray(packed_file(("entries.json", b"{}")).getvalue())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # says that it is encrypted
    assert import_zip(filled.diary, io.BytesIO(bytes(locked)), filled.now()).problems


# --- erasing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["", "yes", "eras", "löschen!", "erase everything"])
def test_without_the_word_nothing_is_erased(here: TestClient, filled: House, word: str) -> None:
    answer = here.post("/settings/erase", data={"csrf": token_of(here), "word": word})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert here.post("/api/erase", json={"word": word}, headers={"x-csrf-token": token_of(here)}).status_code == 422
    assert sum(filled.diary.counts().values()) == 1


def test_the_word_erases_everything_that_was_ever_written(here: TestClient, filled: House) -> None:
    assert filled.diary.path is not None
    folder = filled.diary.path.parent
    here.post("/settings/backup", data={"csrf": token_of(here)})
    (folder / ".passing-left").mkdir()
    (folder / ".passing-left" / "entries.json").write_text(MARKER)
    assert any(MARKER.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert here.get("/settings/erased").headers["location"] == "/settings"
    answer = here.post("/settings/erase", data={"csrf": token_of(here), "word": " Erase "})
    assert answer.headers["location"] == "/settings/erased"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "Everything is erased" in here.get("/settings/erased").text
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if MARKER.encode() in path.read_bytes()]
    assert not list(folder.glob("backups/*")) + list(folder.glob(".passing-*"))


def test_the_word_of_the_language_of_the_page_erases_too(here: TestClient, filled: House) -> None:
    here.put("/api/settings", json={"language": "de"}, headers={"x-csrf-token": token_of(here)})
    page = here.get("/settings/erase").text
    word = re.search(r'for="word">[^<]*: (\w+)<', page)
    assert word is not None
    assert here.post("/settings/erase", data={"csrf": token_of(here), "word": word[1]}).status_code == 303
    assert filled.diary.counts()["episodes"] == 0


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_report_carries_the_question_and_keeps_it_nowhere(here: TestClient, filled: House) -> None:
    told = {
        "csrf": token_of(here),
        "question": "Is it my <b>water</b> tablet?",
        "first": "",
        "last": "",
        "format": "page",
    }
    page = here.post("/report", data=told)
    assert page.status_code == 200
    assert "Is it my &lt;b&gt;water&lt;/b&gt; tablet?" in page.text
    assert "water" not in here.get("/report").text
    pdf = here.post("/report", data={**told, "format": "pdf"})
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-02-01", "2026-01-01"),
        ("nonsense", ""),
        ("9999-01-01", ""),
        ("0424-07-31", ""),
        ("", "0001-01-01"),
        ("", "9999-12-31"),
        ("1999-01-01", ""),
    ],
)
def test_an_impossible_time_of_a_report_is_told(here: TestClient, first: str, last: str) -> None:
    told = {"csrf": token_of(here), "question": "Why?", "first": first, "last": last, "format": "pdf"}
    answer = here.post("/report", data=told)
    assert answer.status_code == 422
    assert "Why?" in answer.text  # what was typed is still there


@pytest.mark.parametrize(
    ("form", "kind"), [("json", "application/json"), ("html", "text/html; charset=utf-8"), ("pdf", "application/pdf")]
)
def test_the_api_gives_the_report_in_every_form(ask: Ask, filled: House, form: str, kind: str) -> None:
    program = ask()
    assert program.get(f"/api/report.{form}").headers["content-type"] == kind
    assert program.post("/api/report", json={"question": "Why?", "format": form}).headers["content-type"] == kind


def test_the_page_about_the_api_lists_every_call(here: TestClient) -> None:
    page = here.get("/api/docs").text
    calls = [(method, path) for path, some in here.get("/api/openapi.json").json()["paths"].items() for method in some]
    assert len(calls) > 20
    assert all(f"<code>{method.upper()} {path}</code>" in page for method, path in calls)


def test_a_diary_of_the_tests_is_in_a_file_of_its_own(filled: House) -> None:
    assert isinstance(filled.diary, Diary)
    assert filled.diary.path is not None
    assert "house" in filled.diary.path.parts
