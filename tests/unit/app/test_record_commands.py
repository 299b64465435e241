"""The commands of the record, as a person types them."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soleus.app.cli.main import main
from soleus.app.cli.record import here
from soleus.core.record import Sample
from soleus.diary import open_diary

ROOT = Path(__file__).parents[3]
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("SOLEUS_DATA_DIR", str(folder))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("COLUMNS", "80")
    return folder


def run(*words: str) -> int:
    return main(list(words))


def test_a_cramp_is_noted_in_one_line_and_shown(capsys: Output) -> None:
    assert run("log", "left", "calf", "2", "min", "pain", "7") == 0
    assert "left calf" in capsys.readouterr().out
    with open_diary() as diary:
        (cramp,) = diary.episodes()
    assert (cramp.leg, cramp.muscle, cramp.duration_s, cramp.pain, cramp.zone) == (
        "left",
        "calf",
        120,
        7,
        "Europe/Berlin",
    )
    assert run("diary", "show") == 0
    assert "1 cramp" in capsys.readouterr().out


def test_a_line_that_cannot_be_is_refused_and_nothing_is_stored(capsys: Output) -> None:
    assert run("log", "500", "cramps") == 1
    assert "500 cramps" in capsys.readouterr().err
    with open_diary() as diary:
        assert diary.counts()["episodes"] == 0


def test_an_empty_diary_says_how_to_begin(capsys: Output) -> None:
    assert run("log", "no", "cramps", "last", "night") == 0
    capsys.readouterr()
    assert run("diary", "show", "--from", "2001-01-01", "--to", "2001-02-01") == 0
    assert "soleus log" in capsys.readouterr().out


def test_without_a_diary_every_command_says_so_and_makes_none(home: Path, capsys: Output) -> None:
    for command in (("diary", "show"), ("measure", "show"), ("backup",), ("doctor",), ("diary", "export", "x")):
        assert run(*command) == 2, command
        assert "[no_diary]" in capsys.readouterr().err
    assert not (home / "diary.sqlite").exists()


def test_fields_are_added_and_wrong_ones_are_named(capsys: Output) -> None:
    assert run("diary", "add", "night", "cramps=0", "slept_h=6.5", "quality=7") == 0
    assert run("diary", "add", "factor", "name=alcohol", "value=2", "unit=glasses") == 0
    with open_diary() as diary:
        (night,), (factor,) = diary.nights(), diary.factors()
    assert (night.cramps, night.slept_h, factor.name, factor.value) == (0, 6.5, "alcohol", 2.0)
    capsys.readouterr()
    assert run("diary", "add", "night", "cramp=0") == 2
    assert "the fields of a night are" in capsys.readouterr().err
    assert run("diary", "add", "night", "none") == 2
    assert run("diary", "add", "episode", "duration_s=-5") == 1
    assert "[negative_duration]" in capsys.readouterr().err


def test_a_measurement_is_checked_as_in_a_case(capsys: Output) -> None:
    assert run("measure", "add", "calcium", "9.2", "mmol/L") == 1
    assert "[unit_slip]" in capsys.readouterr().err
    assert run("measure", "add", "Ca", "8.6", "mg/dL", "--time", "2026-10-02T08:40", "--posture", "sitting") == 0
    assert run("measure", "add", "calcium", "2.31", "mmol/L", "--time", "2026-10-14") == 0
    assert run("measure", "add", "popliteal vein", "12", "cm/s", "--leg", "left") == 0
    assert run("measure", "add", "calcium", "much", "mmol/L") == 1
    assert run("measure", "add", "calcium", "2.2", "mmol/L", "--time", "yesterday") == 2
    with open_diary() as diary:
        first, second = diary.samples(quantity="calcium")
    assert first.taken_at == datetime(2026, 10, 2, 6, 40, tzinfo=UTC)
    assert (first.value, first.unit, first.posture, first.clock_known) == (8.6, "mg/dL", "sitting", True)
    assert not second.clock_known
    capsys.readouterr()
    assert run("measure", "show", "calcium", "--json") == 0
    (series,) = json.loads(capsys.readouterr().out)
    assert [round(point["value"], 2) for point in series["view"]["points"]] == [2.15, 2.31]
    assert run("measure", "show") == 0
    assert "neither set point nor change can be told" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "value", "unit"),
    [(("calcium", "0.0023", "mol/L"), 0.0023, "mol/L"), (("magnesium", "18", "ug/mL"), 18, "ug/mL")],
)
def test_any_unit_of_the_right_kind_is_taken_as_told(words: tuple[str, ...], value: float, unit: str) -> None:
    assert run("measure", "add", *words) == 0
    with open_diary() as diary:
        (sample,) = diary.samples()
    assert (sample.value, sample.unit) == (value, unit)


def test_a_unit_of_another_kind_is_refused_with_the_usual_ones(capsys: Output) -> None:
    assert run("measure", "add", "calcium", "2.2", "furlongs") == 1
    assert "mmol/l" in capsys.readouterr().err


def test_a_future_sample_is_refused(capsys: Output) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert run("measure", "add", "calcium", "2.2", "mmol/L", "--time", tomorrow) == 1
    assert "[future]" in capsys.readouterr().err


def test_the_example_is_imported_once_shown_drawn_and_assessed(tmp_path: Path, capsys: Output) -> None:
    assert run("diary", "import", str(ROOT / "examples" / "diary")) == 0
    assert run("diary", "import", str(ROOT / "examples" / "diary")) == 0
    assert "0 new, 173 already there" in capsys.readouterr().out
    assert run("diary", "show", "--age", "68", "--sex", "female", "--svg", str(tmp_path / "pictures")) == 0
    said = capsys.readouterr().out
    for words in (
        "cramps a week",
        "Of 100 women of 68",
        "6 not recorded",
        "Cramps over the clock",
        "long standing",
    ):
        assert words in said, words
    for name in ("nights", "weeks", "clock"):
        assert (tmp_path / "pictures" / f"{name}.svg").read_text("utf-8").startswith("<svg")
    assert run("diary", "show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rate"]["nights_missing"] == 6
    assert run("assess", str(ROOT / "examples" / "night_cramps_68.toml"), "--diary", "--json") == 0
    steps = json.loads(capsys.readouterr().out)["causes"][0]["steps"]
    assert any(step["words"].startswith("diary: ") for step in steps)
    assert run("assess", "--diary") == 0


def test_assess_without_a_case_or_diary_says_what_to_name(capsys: Output) -> None:
    assert run("assess") == 2
    assert "[no_case]" in capsys.readouterr().err
    assert run("assess", "--diary") == 2
    assert "[no_diary]" in capsys.readouterr().err


def test_a_csv_is_imported_with_a_mapping(tmp_path: Path, capsys: Output) -> None:
    table, mapping = tmp_path / "cramps.csv", tmp_path / "map.toml"
    table.write_text("When;Seconds;Side\n02.10.2026 03:10;90;left\n05.10.2026 04:00;120;right\n", encoding="utf-8")
    columns = '[columns]\nstarted_at = "When"\nduration_s = "Seconds"\nleg = "Side"\n'
    mapping.write_text(f'date_format = "%d.%m.%Y %H:%M"\n{columns}', encoding="utf-8")
    assert run("diary", "import", str(table)) == 2
    assert "[no_mapping]" in capsys.readouterr().err
    assert run("diary", "import", str(table), "--kind", "episode", "--map", str(mapping)) == 0
    assert "2 new" in capsys.readouterr().out
    table.write_text("When;Seconds;Side\n02.13.2026 03:10;90;left\n", encoding="utf-8")
    assert run("diary", "import", str(table), "--kind", "episode", "--map", str(mapping)) == 1
    assert "row 2" in capsys.readouterr().err
    mapping.write_text("columns = 3", encoding="utf-8")
    assert run("diary", "import", str(table), "--kind", "episode", "--map", str(mapping)) == 2


def test_export_erase_import_gives_the_same_content(home: Path, tmp_path: Path, capsys: Output) -> None:
    marker = "PLANTED-7731"
    run("diary", "import", str(ROOT / "examples" / "diary"))
    run("diary", "add", "night", f"note={marker}", "cramps=1", "night_of=2026-11-24")
    run("backup")
    with open_diary() as diary:
        before = diary.content_hash()
    assert run("diary", "export", str(tmp_path / "out")) == 0
    assert run("diary", "erase", "--word", "yes") == 0
    assert "nothing was erased" in capsys.readouterr().out
    assert run("diary", "erase", "--word", "erase") == 0
    left = [path for path in home.rglob("*") if path.is_file() and marker.encode() in path.read_bytes()]
    assert left == []
    assert run("diary", "import", str(tmp_path / "out")) == 0
    with open_diary() as diary:
        assert diary.content_hash() == before


def test_a_backup_is_verified_and_puts_a_damaged_diary_right(home: Path, capsys: Output) -> None:
    run("diary", "import", str(ROOT / "examples" / "diary"))
    assert run("backup") == 0
    backup = re.search(r"verified: (\S+)", capsys.readouterr().out)
    assert backup
    assert run("restore", backup[1], "--check") == 0
    assert "sound" in capsys.readouterr().out
    assert run("doctor") == 0
    assert "1 verified" in capsys.readouterr().out
    raw = bytearray((home / "diary.sqlite").read_bytes())
    raw[: len(raw) // 2] = b"x" * (len(raw) // 2)
    (home / "diary.sqlite").write_bytes(bytes(raw))
    assert run("diary", "show") == 2
    assert backup[1] in capsys.readouterr().err
    assert run("restore", backup[1]) == 0
    assert run("diary", "show") == 0
    (home / "broken.sqlite").write_bytes(b"no database")
    assert run("restore", str(home / "broken.sqlite")) == 2


def test_the_file_is_for_its_owner_alone(home: Path) -> None:
    run("log", "now")
    assert (home / "diary.sqlite").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    with sqlite3.connect(home / "diary.sqlite") as raw:
        assert raw.execute("pragma integrity_check").fetchone() == ("ok",)
    raw.close()


def test_the_interview_does_not_ask_what_the_diary_answers(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    run("diary", "import", str(ROOT / "examples" / "diary"))
    asked: list[str] = []

    def answer(prompt: str = "") -> str:
        asked.append(prompt)
        return "f"

    monkeypatch.setattr("builtins.input", answer)
    assert run("ask", "--diary") == 0
    said = capsys.readouterr().out + " ".join(asked)
    assert re.search(r"Your diary answers \d+ questions", said)
    assert "Does it come only at night" not in said


def test_the_last_line_is_taken_back_and_can_be_had_again(capsys: Output) -> None:
    run("diary", "add", "night", "cramps=1", "night_of=2026-11-01")
    run("log", "2026-11-05", "2", "cramps,", "left", "calf")
    with open_diary() as diary:
        before, hash_before = diary.counts(), diary.content_hash()
    capsys.readouterr()
    assert run("diary", "undo") == 0
    ids = re.findall(r"--id (\S+)", capsys.readouterr().out)
    with open_diary() as diary:
        assert [night.night_of.day for night in diary.nights()] == [1]
        assert diary.counts()["episodes"] == 0
    for entry in ids:
        assert run("diary", "undo", "--id", entry) == 0
    with open_diary() as diary:
        assert (diary.counts(), diary.content_hash()) == (before, hash_before)
    assert run("diary", "undo", "--id", "nothing") == 2


def test_a_series_by_a_protocol_says_what_counts_and_how_far_it_has_come(capsys: Output) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    samples = [
        Sample(
            id=f"{day}-{hour}-{k}",
            recorded_at=now,
            zone="Europe/Berlin",
            taken_at=datetime(2026, 11, day, hour, 2 * k, tzinfo=UTC),
            quantity="popliteal vein peak velocity",
            value=11 + k + (hour > 12),
            unit="cm/s",
            posture="sitting" if day == 6 else "lying",
            leg="left",
            series="vein_velocity",
        )
        for day in range(1, 10)
        for hour in (6, 18)
        for k in range(3)
    ]
    with open_diary() as diary:
        assert diary.add(samples, now=now).problems == ()
    assert run("measure", "show") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Protocol vein_velocity:" in said
    assert "posture: sitting, not lying" in said
    assert "the first day is practice" in said
    assert "Swing of a day, week by week" in said
    assert "Posture alone changes it" in said


HOSTILE: list[tuple[str, ...]] = [
    ("log", "--zone", "Mars/Phobos", "left"),
    ("log", "a" * 10_000),
    ("log", "\x00\x1b[2J"),
    ("log", "--at", "nonsense://x", "left"),
    ("diary", "show", "--from", "2026-13-01"),
    ("diary", "show", "--from", "2026-11-02", "--to", "2026-11-01"),
    ("diary", "show", "--age", "-3"),
    ("diary", "show", "--age", "nan"),
    ("diary", "show", "--age", "5"),
    ("diary", "add", "night", "cramps=many"),
    ("diary", "add", "night", "cramps=0", "night_of=2035-01-01"),
    ("diary", "add", "night", "cramps=0", "night_of=0001-01-01"),
    ("diary", "add", "sample", "quantity=calcium", "value=2.2", "unit=mmol/L", "taken_at=0001-01-01T00:00:00Z"),
    ("diary", "import", "/nowhere"),
    ("diary", "import", "/"),
    ("diary", "undo", "--id", "x'; drop table episodes; --"),
    ("measure", "add", "calcium", "nan", "mmol/L"),
    ("measure", "add", "calcium", "1e400", "mmol/L"),
    ("measure", "add", "calcium", "2.2", "mmol/L", "--low", "nan"),
    ("measure", "add", "calcium", "2.2", "mmol/L", "--time", "0001-01-01"),
    ("measure", "add", "calcium", "2.2", "mmol/L", "--time", "9999-12-31T23:59"),
    ("measure", "add", "", "3"),
    ("measure", "show", "nothing"),
    ("restore", "/nowhere.sqlite"),
    ("restore", "/", "--check"),
]


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: " ".join(words)[:60])
def test_hostile_words_get_a_sentence_and_never_a_traceback(words: tuple[str, ...], capsys: Output) -> None:
    assert run("log", "left", "calf") == 0
    capsys.readouterr()
    try:
        code = run(*words)
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    assert code in (0, 1, 2)
    assert said.out.strip() or said.err.strip()
    if code:
        assert re.search(r"\[[a-z_]+\]", said.err), said.err
    with open_diary() as diary:
        assert diary.check() == ()


@pytest.mark.parametrize(
    ("named", "meant"),
    [("Asia/Tokyo", "Asia/Tokyo"), (":Asia/Tokyo", "Asia/Tokyo"), ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo")],
)
def test_the_time_zone_is_that_of_the_machine(named: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if named.startswith("/") and not Path(named).exists():
        named = meant  # a machine without zone files in the usual place
    monkeypatch.setenv("TZ", named)
    assert here() == meant
    monkeypatch.setenv("TZ", "no zone at all")
    assert here() != "no zone at all"
