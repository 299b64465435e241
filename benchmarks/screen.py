"""Screening a register: rate beside the bare kernel's, memory, kills, and the same rows from Spark.

- The register: synthetic people (register.py), written to Parquet once.
- Bare kernel: the same people, already read and observed, scored in memory by a thread for each core.
- Screening: `soleus screen` as its own process, Parquet to Parquet. Peak memory is that of the process (VmHWM).
- Kills: the same again, killed with SIGKILL three times at random moments and started again; every file of the result
  must be the same, byte for byte, as in the undisturbed run.
- Spark: `soleus screen --engine local[2]`; the same rows, compared person by person, value by value.

Run ``python -m benchmarks.screen``; ``--people 10000000`` is the full run, ``--spark 1000000`` the Spark part.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.register import FINDINGS, mapping_text, write_register


def kernel_rate(register: Path, mapping: Path, rows: int, threads: int) -> float:
    """People per second of the bare kernel on the first `rows` people, with so many threads."""
    from soleus.cohort.mapping_file import load_mapping
    from soleus.cohort.register import BATCH_ROWS, Register
    from soleus.cohort.scoring import Scorer
    from soleus.knowledge.load import load_evidence
    from soleus.reasoning.batch import infer_people

    evidence = load_evidence()
    told = load_mapping(mapping, evidence)
    scorer = Scorer(evidence, told)
    ready = []
    for part in Register.open(register, told.columns()).parts(BATCH_ROWS):
        people = scorer.reader.read(part.batches[0]).people
        observed = scorer.inferrer.observer.observe(people)
        ready.append((observed, scorer.inferrer.contexts.parameters(people, observed.known), len(people)))
        if sum(n for *_, n in ready) >= rows:
            break
    network = scorer.inferrer.network
    infer_people(network, *ready[0][:2])  # compiled before the clock starts
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda one: infer_people(network, *one[:2]), ready))
    return sum(n for *_, n in ready) / (time.perf_counter() - began)


def screen(register: Path, out: Path, mapping: Path, *more: str, kill_after: float = 0.0) -> tuple[int, float, int]:
    """Run `soleus screen`, killed after some seconds if asked; return exit code, wall seconds and peak memory (MB)."""
    command = [sys.executable, "-m", "soleus", "screen", str(register), str(out), "--mapping", str(mapping), *more]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _peak_kb(process.pid))
        if kill_after and time.perf_counter() - began > kill_after:
            process.kill()
        time.sleep(0.05)
    return process.wait(), time.perf_counter() - began, peak // 1024


def _peak_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def same_bytes(one: Path, other: Path) -> bool:
    """Tell whether two folders hold the same files, byte for byte."""
    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)


def same_rows(local: Path, spark: Path) -> tuple[bool, int]:
    """Tell whether two results hold the same people with the same answers, whatever their order."""

    def table(folder: Path) -> pa.Table:
        return pq.read_table(sorted(folder.glob("part-*.parquet"))).drop_columns(["row"]).sort_by("person")

    one, other = table(local), table(spark)
    return one.equals(other), one.num_rows


def run(people: int, spark: int, folder: Path, threads: int, kernel_people: int) -> dict[str, Any]:
    """Do all measurements and return the figures."""
    findings = list(FINDINGS)
    mapping, register = folder / "mapping.toml", folder / "register.parquet"
    mapping.write_text(mapping_text(findings), encoding="utf-8")
    figures: dict[str, Any] = {"people": people, "threads": threads}
    if people:
        write_register(register, people, findings)
        os.sync()  # the register is on the disk before anything is timed
        figures["kernel_per_s"] = kernel_rate(register, mapping, min(kernel_people, people), threads)
        code, wall, peak = screen(register, folder / "undisturbed", mapping)
        figures |= {"code": code, "screen_s": wall, "screen_per_s": people / wall, "peak_mb": peak}
        figures["of_kernel"] = figures["screen_per_s"] / figures["kernel_per_s"]
        figures["kernel_after_per_s"] = kernel_rate(register, mapping, min(kernel_people, people), threads)
        moments = random.Random(20261126)
        figures["kills"] = []
        for _ in range(3):
            after = 2.0 + moments.random() * wall / 3
            code, ran, _ = screen(register, folder / "disturbed", mapping, kill_after=after)
            figures["kills"].append({"after_s": ran, "exit": code})
        code, ran, _ = screen(register, folder / "disturbed", mapping)
        figures |= {"resumed_exit": code, "resumed_s": ran}
        figures["byte_identical"] = same_bytes(folder / "undisturbed", folder / "disturbed")
    if spark:
        small = folder / "small.parquet"
        write_register(small, spark, findings, seed=7)
        code, wall, _ = screen(small, folder / "local", mapping)
        spark_code, spark_wall, _ = screen(small, folder / "spark", mapping, "--engine", f"local[{threads}]")
        same, rows = same_rows(folder / "local", folder / "spark")
        figures["spark"] = {
            "people": spark,
            "exit": [code, spark_code],
            "local_s": wall,
            "spark_s": spark_wall,
            "same_rows": same,
            "rows": rows,
        }
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Screening a synthetic register: rate, memory, kills, Spark.")
    parser.add_argument("--people", type=int, default=500_000, help="people of the register (500000)")
    parser.add_argument("--spark", type=int, default=50_000, help="people for Spark; 0 leaves it out (50000)")
    parser.add_argument("--kernel-people", type=int, default=400_000, help="people for the bare kernel (400000)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the bare kernel and Spark (all cores)")
    parser.add_argument("--folder", help="where to work (default: a temporary folder, removed at the end)")
    options = parser.parse_args()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="soleus-screen-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        print(json.dumps(run(options.people, options.spark, folder, options.threads, options.kernel_people), indent=1))
    finally:
        if not options.folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
