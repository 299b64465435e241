"""How fast the pages are, on a diary of a year: ``python -m benchmarks.pages``.

Prints the time from the start of ``soleus serve`` to its first page, the first contentful paint and the transferred
bytes of the night page, the time of the next question of the interview, and the time of the report as PDF. It needs
Chromium.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from soleus.core.record import Episode, Leg, Night, Sample
from soleus.diary import open_diary

PORT = 7699
HERE = f"http://127.0.0.1:{PORT}"


def fill_a_year(path: Path) -> None:
    """Write a year of nights with two cramps a week, and a few measurements."""
    now = datetime.now(UTC)
    first = date.today() - timedelta(days=367)
    entries: list[Episode | Night | Sample] = []
    for i in range(365):
        night = first + timedelta(days=i)
        started = datetime(night.year, night.month, night.day, 2, 10, tzinfo=UTC) + timedelta(days=1)
        told: dict[str, Any] = {"recorded_at": started + timedelta(hours=6), "zone": "UTC", "night_of": night}
        if i % 7 in (1, 4):
            leg: Leg = "left" if i % 2 else "right"
            entries.append(
                Episode(id=f"e{i}", started_at=started, duration_s=90.0, pain=6, leg=leg, muscle="calf", **told)
            )
        if i % 9:
            entries.append(Night(id=f"n{i}", cramps=int(i % 7 in (1, 4)), slept_h=6.5, **told))
        if i % 90 == 0:
            value = 2.15 + 0.02 * (i % 4)
            entries.append(
                Sample(
                    id=f"s{i}",
                    recorded_at=started,
                    zone="UTC",
                    taken_at=started,
                    quantity="calcium",
                    value=value,
                    unit="mmol/L",
                )
            )
    with open_diary(str(path)) as diary:
        added = diary.add(entries, now=now)
    assert not added.problems, added.problems


def ask(path: str, body: object = None, method: str = "") -> tuple[float, bytes]:
    """Return seconds and answer of one call."""
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        HERE + path, raw, {"Content-Type": "application/json"}, method=method or ("POST" if raw else "GET")
    )
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = response.read()
    return time.perf_counter() - start, answer


def start_server(folder: Path) -> tuple[subprocess.Popen[bytes], float]:
    """Start the server and return it with the seconds until its first page."""
    environment = {**os.environ, "SOLEUS_DATA_DIR": str(folder)}
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "soleus", "serve", "--no-browser", "--port", str(PORT)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    while True:
        try:
            ask("/")
            return server, time.perf_counter() - start
        except OSError:
            time.sleep(0.01)


def look_at_night() -> tuple[float, int]:
    """Return the first contentful paint (ms, median of five fresh browsers) and the transferred bytes of /night."""
    from playwright.sync_api import sync_playwright

    paints, sizes = [], []
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(5):
            context = browser.new_context(viewport={"width": 375, "height": 700}, service_workers="block")
            page = context.new_page()
            page.goto(f"{HERE}/night", wait_until="load")
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
            paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            total = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            sizes.append(page.evaluate(f"{total}.reduce((sum, one) => sum + one.transferSize, 0)"))
            context.close()
        browser.close()
    return statistics.median(paints), max(sizes)


def interview() -> list[float]:
    """Answer twenty questions and return the seconds of each answer with the next question."""
    times = []
    ask("/api/interview/answers", {"age": 68})
    state = json.loads(ask("/api/interview/answers", {"sex": "female"})[1])
    for i in range(20):
        asked = state["next"]
        told: dict[str, object]
        if asked["kind"] == "complaint":
            usual = {one["id"] for one in asked["options"]} & {"calf", "night", "minutes", "months", "weekly"}
            told = {"screen": asked["about"], "choices": sorted(usual)}
        elif asked["kind"] == "question":
            told = {"finding": asked["about"], "answer": ("no", "unknown", "no")[i % 3]}
        elif asked["kind"] == "medicines":
            told = {"medicines": ["ramipril"], "complete": True}
        else:
            told = {"more": True}
        seconds, answer = ask("/api/interview/answers", told)
        state = json.loads(answer)
        times.append(seconds)
    return times


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        fill_a_year(Path(folder) / "diary.sqlite")
        for _ in range(3):
            server, seconds = start_server(Path(folder))
            starts.append(seconds)
            server.terminate()
            server.wait()
        server, _ = start_server(Path(folder))
        try:
            print(f"start to first page                    {statistics.median(starts):.2f} s (target under 2)")
            paint, size = look_at_night()
            print(f"/night first contentful paint          {paint:.0f} ms (target under 300)")
            print(f"/night transferred                     {size:,} bytes (target under 20,000)")
            times = interview()
            print(
                f"/why next question, {len(times)} answers        median {1000 * statistics.median(times):.0f} ms,"
                f" slowest {1000 * max(times):.0f} ms (target under 100)"
            )
            pdf = [ask("/api/report.pdf")[0] for _ in range(3)]
            print(f"report as PDF                          {statistics.median(pdf):.2f} s (target under 1)")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
