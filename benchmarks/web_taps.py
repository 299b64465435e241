"""Taps of the night page at a steady rate: how long it takes until Soleus says that each is in the diary.

A real ``soleus serve`` on a diary that holds a year; an open loop (a tap is sent when it is due, whether or not earlier
ones were answered), over connections that stay open; the time counts from the moment at which the tap was due.

    python -m benchmarks.web_taps --rate 200 --seconds 60
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.web_server import running
from soleus.core.record import MOST_CRAMPS_A_NIGHT, Episode, Factor, Night, Sample, night_of
from soleus.diary import open_diary

CONNECTIONS = 24  # choice: of browsers and phones of one household there are fewer
A_NIGHT = MOST_CRAMPS_A_NIGHT // 2  # taps spread over so many nights that the limit of a night is not met
ZONE = "Europe/London"


def fill_year(folder: Path, now: datetime) -> dict[str, int]:
    """Write a year of a person with four cramps a week, a check every morning and a blood test a month."""
    rng = random.Random(1)
    with open_diary(str(folder / "diary.sqlite")) as diary:
        entries: list[Episode | Night | Factor | Sample] = []
        for day in range(1, 366):
            evening = now - timedelta(days=day)
            night = night_of(evening, ZONE)
            cramps = rng.choices((0, 1, 2, 3), (60, 25, 10, 5))[0]
            for i in range(cramps):
                at = datetime.combine(night, datetime.min.time(), UTC) + timedelta(hours=25 + rng.random() * 4)
                made = Episode(
                    id=f"e{day}.{i}", recorded_at=at, zone=ZONE, night_of=night, started_at=at, leg="left", pain=6
                )
                entries.append(made)
            base = {"recorded_at": evening, "zone": ZONE, "night_of": night}
            entries.append(Night(id=f"n{day}", cramps=cramps, slept_h=7.0, **base))  # type: ignore[arg-type]
            entries.append(Factor(id=f"f{day}", name="alcohol", value=float(day % 2), **base))  # type: ignore[arg-type]
            if day % 30 == 0:
                value = round(rng.gauss(2.32, 0.05), 2)
                sample = Sample(
                    id=f"s{day}",
                    recorded_at=evening,
                    zone=ZONE,
                    taken_at=evening,
                    quantity="calcium",
                    value=value,
                    unit="mmol/L",
                )
                entries.append(sample)
        added = diary.add(entries, now=now)
        if added.problems:
            raise SystemExit(str(added.problems[0]))
        return diary.counts()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return status


async def tap_steadily(port: int, rate: float, seconds: float) -> tuple[list[float], Counter[int]]:
    """Return the seconds from due to acknowledged of each tap, and the statuses."""
    queue: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    took: list[float] = []
    statuses: Counter[int] = Counter()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (one := await queue.get()) is not None:
            due, request = one
            writer.write(request)
            statuses[await _answer(reader)] += 1
            took.append(time.perf_counter() - due)
        writer.close()

    workers = [asyncio.create_task(connection()) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.2)
    start = time.perf_counter()
    for i in range(int(rate * seconds)):
        due = start + i / rate
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        queue.put_nowait((due, _request(port, i)))
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    return took, statuses


def _request(port: int, i: int) -> bytes:
    night = date.today() - timedelta(days=1_000 + i // A_NIGHT)
    at = datetime.combine(night, datetime.min.time(), UTC) + timedelta(hours=25)
    told = {"leg": "left" if i % 2 else "right", "started_at": at, "recorded_at": at, "zone": ZONE}
    body = msgspec.json.encode(told)
    head = f"PUT /api/episodes/{uuid.uuid4()} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def main() -> int:
    """Fill a diary, serve it, tap, and print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = fill_year(folder, datetime.now(UTC))
        with running(folder) as port:
            took, statuses = asyncio.run(tap_steadily(port, options.rate, options.seconds))
        with open_diary(str(folder / "diary.sqlite")) as diary:
            lost = statuses[200] - (diary.counts()["episodes"] - counts["episodes"])
    took.sort()
    shown = {name: 1000 * took[min(len(took) - 1, int(len(took) * part))] for name, part in PARTS.items()}
    print(f"{len(took):,} taps at {options.rate:g} a second beside a year of diary, {os.cpu_count()} cores")
    print("  ".join(f"{name} {ms:.1f} ms" for name, ms in shown.items()), f" max {1000 * took[-1]:.1f} ms")
    print(f"statuses {dict(statuses)}, acknowledged but not in the diary: {lost}")
    return 0 if set(statuses) == {200} and lost == 0 else 1


PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}

if __name__ == "__main__":
    sys.exit(main())
