"""``soleus report`` as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from soleus.app.cli.main import main

ROOT = Path(__file__).parents[3]
CASE = str(ROOT / "examples" / "runner.toml")
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("SOLEUS_DATA_DIR", str(folder))
    monkeypatch.setenv("TZ", "Europe/London")
    monkeypatch.setenv("COLUMNS", "90")
    return folder


def run(*words: str) -> int:
    return main(["report", *words])


def test_the_page_is_printed_from_the_diary_alone(capsys: Output) -> None:
    assert main(["diary", "import", str(ROOT / "examples" / "diary")]) == 0
    capsys.readouterr()
    assert run("--from", "2026-09-07", "--to", "2026-11-22", "--question", "Why?") == 0
    out = capsys.readouterr().out
    assert "77 nights: 71 recorded (24 with cramps, 47 without), 6 not recorded." in " ".join(out.split())
    assert out.index("MY QUESTION") < out.index("RED FLAGS") < out.index("CRAMPS\n") < out.index("WHAT MAY EXPLAIN IT")
    assert "this rests on the diary alone" in " ".join(out.split())


def test_pdf_and_html_are_written_in_german(tmp_path: Path, capsys: Output) -> None:
    assert main(["diary", "import", str(ROOT / "examples" / "diary")]) == 0
    pdf, html = tmp_path / "r.pdf", tmp_path / "r.html"
    assert run(CASE, "--pdf", str(pdf), "--html", str(html), "--to", "2026-11-22", "--language", "de") == 0
    assert f"written: {pdf}" in capsys.readouterr().out
    root = PdfReader(pdf).trailer["/Root"]
    assert str(root["/Lang"]) == "de"  # type: ignore[index]
    assert '<html lang="de">' in html.read_text(encoding="utf-8")
    assert "22. November 2026" in html.read_text(encoding="utf-8")


def test_a_case_without_a_diary_is_enough_and_begins_no_diary(home: Path, capsys: Output) -> None:
    assert run(CASE) == 0
    assert "WHAT MAY EXPLAIN IT" in capsys.readouterr().out
    assert not home.exists()


def test_without_diary_and_case_it_says_how_to_begin(capsys: Output) -> None:
    assert run() == 2
    assert "[no_diary]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--from", "2026-11-22", "--to", "2026-11-01"), "bad_date"),
        ((CASE, "--pdf", "/nowhere/at/all.pdf"), "not_written"),
        (("missing.toml",), "not_readable"),
    ],
)
def test_what_cannot_be_done_is_told_with_how_to_mend_it(words: tuple[str, ...], code: str, capsys: Output) -> None:
    assert run(*words) == 2
    err = capsys.readouterr().err
    assert "To mend it" in err
    assert code in err
