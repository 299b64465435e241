"""A diary of 100,000 cramps and 100,000 measurements: how long whole commands take, and 1,000 writes at once."""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.commands import run
from soleus.core.record import Episode, Sample, night_of
from soleus.diary import open_diary

MANY = 100_000
WRITES, THREADS = 1_000, 16
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def fill() -> None:
    """Write the entries into the diary of ``SOLEUS_DATA_DIR``."""
    rng = random.Random(1)
    zone = "Europe/London"
    with open_diary() as diary:
        for part in range(0, MANY, 10_000):
            cramps, samples = [], []
            for i in range(part, part + 10_000):
                at = NOW - timedelta(days=5_000) + timedelta(minutes=rng.randrange(4_990 * 1_440))
                cramps.append(
                    Episode(
                        id=f"e{i}", recorded_at=NOW, zone=zone, night_of=night_of(at, zone), started_at=at, leg="left"
                    )
                )
                value = round(rng.gauss(2.32, 0.05), 2)
                samples.append(
                    Sample(
                        id=f"s{i}",
                        recorded_at=NOW,
                        zone=zone,
                        taken_at=at,
                        quantity="calcium",
                        value=value,
                        unit="mmol/L",
                    )
                )
            added = diary.add([*cramps, *samples], now=NOW)
            if added.problems:
                raise SystemExit(str(added.problems[0]))


def write_at_once() -> tuple[int, float]:
    """Return how many of 1,000 acknowledged writes from 16 threads are lost, and the seconds they took."""
    with open_diary() as diary:
        before = diary.counts()["episodes"]
        acknowledged: list[str] = []

        def work(thread: int) -> None:
            for i in range(thread, WRITES, THREADS):
                night = night_of(NOW, "UTC") - timedelta(days=i % 300 + 6_000)
                cramp = Episode(id=f"w{i}", recorded_at=NOW, zone="UTC", night_of=night)
                if diary.add([cramp], now=NOW).new:
                    acknowledged.append(cramp.id)

        start = time.perf_counter()
        threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
    with open_diary() as diary:
        return len(acknowledged) - (diary.counts()["episodes"] - before), seconds


def main() -> int:
    """Fill a diary, then time the commands."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOLEUS_DATA_DIR"] = folder
        start = time.perf_counter()
        fill()
        print(f"written: {MANY:,} cramps and {MANY:,} measurements in {time.perf_counter() - start:.1f} s")
        commands = {
            "soleus diary show": (["diary", "show"], 5),
            "soleus diary show, all": (["diary", "show", "--from", "2013-01-01"], 3),
            "soleus log left calf": (["log", "left", "calf"], 7),
            "soleus measure show calcium": (["measure", "show", "calcium"], 3),
            "soleus diary export": (["diary", "export", "OUT"], 1),
        }
        print(f"{'command':36} {'min s':>7} {'median':>7} {'max':>7} {'peak MB':>8}")
        for name, (arguments, repeats) in commands.items():
            words = [str(Path(folder) / "out") if word == "OUT" else word for word in arguments]
            runs = [run(words) for _ in range(repeats)]
            seconds = [s for s, _ in runs]
            peak = max(m for _, m in runs)
            print(f"{name:36} {min(seconds):7.3f} {statistics.median(seconds):7.3f} {max(seconds):7.3f} {peak:8.0f}")
        lost, seconds_all = write_at_once()
        print(f"1,000 writes at once from {THREADS} threads: {lost} lost, {seconds_all:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
