"""Take the six pictures of the pages that the docs show: ``python tests/docs/take_pictures.py [FOLDER]``.

Starts Soleus on a temporary diary, fills it with ten weeks as a person of 68 might have told them, and looks at it with
Chromium. The pictures go to ``docs/pictures``; each is kept under 150 KB.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from soleus.app.clinician_report import read_clinician_report
from soleus.app.interview_record import told_case
from soleus.app.session import load_session
from soleus.core.record import Episode, Factor, Night, Sample
from soleus.diary import Diary, open_diary
from soleus.report.clinician_pdf import render_clinician_png
from soleus.report.language import load_language

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 150_000  # bytes: the docs load at once on a telephone
ZONE = "UTC"
QUESTION = "My calcium is always a little low. Could that be why my calf cramps at night?"
WEEKS = 10
# of each week: the clock, leg, muscle, pain and minutes of the cramps of a night; None: a night that was not told
NIGHTS: tuple[tuple[tuple[str, str, str, int, float], ...] | None, ...] = (
    (("02:40", "left", "calf", 7, 3.0),),
    (),
    (),
    (("03:15", "left", "calf", 6, 2.0), ("04:50", "right", "calf", 4, 1.5)),
    (),
    (("23:50", "left", "foot", 4, 1.0),),
    (),
    (),
    (("01:30", "left", "calf", 8, 4.0),),
    (),
    None,
    (),
    (("02:10", "left", "calf", 6, 2.5), ("02:55", "left", "calf", 5, 1.5), ("05:20", "right", "foot", 3, 1.0)),
    (),
    (),
    (("04:05", "right", "calf", 5, 2.0),),
    (),
    (("03:30", "left", "calf", 7, 3.0),),
    (),
    (),
    (("00:45", "left", "toes", 3, 1.0),),
    (),
    (),
)
TOLD_LATE = 12  # nights ago: this one was told two days afterwards
CALCIUM = ((160, 2.14), (95, 2.11), (48, 2.17), (13, 2.12))  # days ago, mmol/L


def fill(diary: Diary, now: datetime) -> None:
    """Put ten weeks into a diary: cramps at different hours, a missing night, a late one, some results."""
    entries: list[Episode | Night | Factor | Sample] = []
    for ago in range(1, 7 * WEEKS):
        night = now.date() - timedelta(days=ago)
        held = NIGHTS[(ago + 4) % len(NIGHTS)]
        morning = datetime(night.year, night.month, night.day, 7, 20, tzinfo=UTC) + timedelta(days=1)
        if morning >= now:
            continue
        told: dict[str, Any] = {"zone": ZONE, "night_of": night, "recorded_at": morning}
        if ago == TOLD_LATE:
            told["recorded_at"] = morning + timedelta(days=2)
        if ago % 5 != 4:
            walked = held is not None and len(held) > 0 and ago % 3 > 0
            entries.append(Factor(id=f"walk{ago}", name="long walk", value=float(walked), **told))
        if held is None:
            continue
        for n, (clock, leg, muscle, pain, minutes) in enumerate(held):
            hour, minute = map(int, clock.split(":"))
            day = night if hour > 12 else night + timedelta(days=1)
            at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
            details: dict[str, Any] = {"leg": leg, "muscle": muscle, "pain": pain, "woke": True, "activity": "asleep"}
            entries.append(Episode(id=f"e{ago}-{n}", started_at=at, duration_s=60 * minutes, **details, **told))
        slept = 7.5 - 0.5 * len(held)
        entries.append(
            Night(id=f"n{ago}", cramps=len(held), slept_h=slept, quality=8 - 2 * len(held), awakenings=1, **told)
        )
    for ago, value in CALCIUM:
        taken = datetime(now.year, now.month, now.day, 8, tzinfo=UTC) - timedelta(days=ago)
        entries.append(
            Sample(
                id=f"ca{ago}",
                quantity="calcium",
                value=value,
                unit="mmol/L",
                low=2.2,
                high=2.6,
                taken_at=taken,
                recorded_at=taken + timedelta(hours=9),
                zone=ZONE,
                clock_known=False,
            )
        )
    added = diary.add(entries, now=now)
    assert not added.problems, added.problems


def ask(address: str, path: str, body: object = None) -> Any:
    """Return what the API answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def answer(address: str, questions: int = 14) -> None:
    """Go through the interview as this person would."""
    likely = {"calf", "night", "minutes", "months", "weekly", "stretching"}
    ask(address, "/api/interview/answers", {"age": 68})
    state = ask(address, "/api/interview/answers", {"sex": "female"})
    for i in range(questions):
        asked = state["next"]
        told: dict[str, Any]
        if asked["kind"] == "complaint":
            told = {"screen": asked["about"], "choices": sorted(likely & {one["id"] for one in asked["options"]})}
        elif asked["kind"] == "question":
            told = {"finding": asked["about"], "answer": ("no", "no", "unknown")[i % 3]}
        else:
            break
        state = ask(address, "/api/interview/answers", told)


@contextmanager
def lived_in() -> Iterator[tuple[str, Path]]:
    """Run Soleus on a diary that is filled; give its address and the file of the diary."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        database = Path(folder) / "diary.sqlite"
        with open_diary(str(database)) as diary:
            fill(diary, datetime.now(UTC))
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "soleus", "serve", "--no-browser", "--port", str(port)]
        environment = {**os.environ, "SOLEUS_DATA_DIR": folder, "TZ": ZONE}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address, server)
            answer(address)
            yield address, database
        finally:
            server.terminate()
            server.wait()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    for _ in range(300):
        try:
            ask(address, "/api/session")
            return
        except OSError:
            assert server.poll() is None, "the server ended by itself"
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 seconds")


def keep(folder: Path, name: str, png: bytes) -> None:
    """Write a picture, with fewer colors when it would be too large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colors in (0, 256, 128, 64, 32):
        out = io.BytesIO()
        (picture.quantize(colors, dither=Image.Dither.NONE) if colors else picture).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            break
    (folder / name).write_bytes(out.getvalue())
    print(f"{name}: {picture.width} x {picture.height}, {out.tell() / 1000:.0f} KB, {colors or 'all'} colors")


def look(browser: Browser, width: int, height: int) -> Page:
    """Return a window of this size."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", timezone_id=ZONE, service_workers="block"
    )
    return context.new_page()


def take(address: str, database: Path, browser: Browser, folder: Path) -> None:
    """Take the six pictures."""
    page = look(browser, 375, 800)
    page.goto(f"{address}/morning/{date.today() - timedelta(days=1)}")
    keep(folder, "morning.png", page.screenshot())

    page = look(browser, 1280, 900)
    page.goto(f"{address}/diary")
    keep(folder, "diary.png", page.screenshot())
    page.goto(f"{address}/why/answer")
    keep(folder, "why_answer.png", page.screenshot())
    keep(folder, "report.png", first_sheet(database))

    page = look(browser, 375, 700)
    page.goto(f"{address}/night")
    keep(folder, "night.png", page.screenshot())
    page.get_by_role("button", name="Left leg").click()
    page.locator("#count:not(:empty)").wait_for()
    keep(folder, "night_guide.png", page.screenshot())


def first_sheet(database: Path) -> bytes:
    """Return page one of the report as a picture about 1,000 points wide."""
    now = datetime.now(UTC)
    with open_diary(str(database)) as diary:
        report = read_clinician_report(diary, told_case(diary), load_session(), now, ZONE, QUESTION)
    return render_clinician_png(report, load_language("en"), ppi=121)


def main(folder: Path = FOLDER) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with lived_in() as (address, database), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(address, database, browser, folder)
        browser.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
