"""How the time for a patient grows with the network and the evidence, where it goes, and what a wide patient costs.

- findings 30 to 960, causes 10 to 120, present findings 0 to 30, each varied alone (network_generator.py; 30 causes,
  120 findings of 2 to 6 causes, 10 to 30 known, "mixed"), for Soleus and for pyAgrum at its best;
- present findings on the network of Soleus itself (both worlds), with tables of up to 22 bits and with up to 18, as a
  single assessment and a screening have them; with 18, the rows too wide for an exact answer and how much probability
  these may miss (`omitted`);
- where the time goes: the stages of the kernel beside the time that the sweep's additions and multiplications alone
  would take at the rate that this core multiplies and adds numbers from its first cache.

Processor time of one core. ``python -m benchmarks.growth`` prints the tables; ``--pictures FOLDER`` draws
kernel_growth.svg and kernel_time.svg there; ``--seconds`` bounds each measurement.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.inference import measure
from benchmarks.inference_peers import pyagrum_engine
from benchmarks.kernel_chart import Chart, Line, draw_bars, draw_charts
from benchmarks.network_generator import (
    Cohort,
    ComplaintCohort,
    make_network,
    sample_complaints,
    sample_patients,
    sample_present,
    with_complaint,
)
from soleus.reasoning.kernel import APPROXIMATE, infer_batch
from soleus.reasoning.kernel_rows import OPERATIONS, STAGES
from soleus.reasoning.kernel_vector import add, aligned_room, fma, load, read_cycles, splat, total
from soleus.reasoning.noisy_or import MAX_WIDTH, NoisyOr

FINDINGS = (30, 60, 120, 240, 480, 960)
CAUSES = (10, 20, 30, 60, 90, 120)
PRESENT = (0, 5, 10, 15, 20, 25, 30)
REPEATS = 5  # of which the fastest counts: the clock also runs while others use the core
TOO_SLOW = 2.0  # seconds a patient: a peer that is slower is not asked for more
Record = dict[str, Any]


def measure_batch(worlds: list[dict[str, Any]], seconds: float) -> tuple[float, list[Any]]:
    """Seconds for each patient, over as many repeats as fit, at least one; and the last answers."""
    for options in worlds:  # compile
        infer_batch(**part_of(options, np.arange(1)))
    began, repeats, answers = time.process_time(), 0, []
    while not repeats or time.process_time() - began < seconds:
        answers = [infer_batch(**options) for options in worlds]
        repeats += 1
    return (time.process_time() - began) / repeats / len(worlds[0]["states"]), answers


def rows_of(cohort: Cohort, network: NoisyOr) -> dict[str, Any]:
    """Arguments of `infer_batch`."""
    return {"network": network, "inactive": 1 - cohort.active, "active": cohort.active, "states": cohort.states}


def grow(seed: int, seconds: float, patients: int, peers: bool) -> list[Record]:
    """Vary findings, causes and present findings, each alone."""
    records: list[Record] = []
    for what, sizes in (("findings", FINDINGS), ("causes", CAUSES), ("present", PRESENT)):
        too_slow = not peers
        for size in sizes:
            rng = np.random.default_rng(seed)
            network = make_network(rng, size if what == "causes" else 30, size if what == "findings" else 120)
            if what == "present":
                cohort = sample_present(network, patients, rng, size)
            else:
                cohort = sample_patients(network, patients, rng)
            own, _ = measure_batch([rows_of(cohort, network)], seconds)
            record: Record = {"what": what, "size": size, "soleus": own, "pyagrum": None}
            if not too_slow:
                engine = pyagrum_engine(network, cohort, best=True, complaint=False)
                if not isinstance(engine, str):
                    record["pyagrum"] = 1.0 / measure(engine, seconds, patients)[0]
                    too_slow = record["pyagrum"] > TOO_SLOW
            records.append(record)
    return records


def grow_soleus(seed: int, seconds: float, cohort: ComplaintCohort) -> list[Record]:
    """Time, and mass left out, by the number of present findings on the network of Soleus (both worlds)."""
    records: list[Record] = []
    number = (cohort.states == 2).sum(axis=1)
    for low in range(0, 31, 3):
        rows = np.flatnonzero((number >= low) & (number < low + 3))[: 400 if low < 15 else 40 if low < 21 else 8]
        if not len(rows):
            continue
        worlds = [part_of(world, rows) for world in cohort.worlds]
        own, _ = measure_batch(worlds, seconds if low < 18 else 0.0)
        narrow, answers = measure_batch([world | {"max_width": MAX_WIDTH} for world in worlds], 0.0)
        omitted = np.max([answer.omitted for answer in answers], axis=0)
        wide = np.any([answer.status >= APPROXIMATE for answer in answers], axis=0)
        records.append(
            {
                "what": "present, Soleus network",
                "size": float(number[rows].mean()),
                "people": len(rows),
                "soleus": own,
                "narrow": narrow,
                "approximate": int(wide.sum()),
                "omitted_median": float(np.median(omitted[wide])) if wide.any() else 0.0,
                "omitted_largest": float(omitted.max()),
            }
        )
    return records


def part_of(world: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
    """The arguments of some of the people."""
    return {name: given[rows] if isinstance(given, np.ndarray) else given for name, given in world.items()}


def split_time(name: str, worlds: list[dict[str, Any]], rate: float, clock: float) -> Record:
    """Microseconds of each stage for one patient, and what the sweep's arithmetic alone would take."""
    measure_batch(worlds, 0.0)
    cycles, whole = np.zeros(len(STAGES) + 1, np.int64), np.inf
    for _ in range(REPEATS):
        counted, began = np.zeros(len(STAGES) + 1, np.int64), time.process_time()
        for options in worlds:
            infer_batch(**options, cycles=counted)
        if time.process_time() - began < whole:
            cycles, whole = counted, time.process_time() - began
    n = len(worlds[0]["states"])
    stages = [float(x) / clock / n * 1e6 for x in cycles[:OPERATIONS]]
    return {
        "regime": name,
        "microseconds": dict(
            zip((*STAGES, "checks and copies"), [*stages, max(whole / n * 1e6 - sum(stages), 0.0)], strict=True)
        ),
        "operations": float(cycles[OPERATIONS]) / n,
        "bound": float(cycles[OPERATIONS]) / n / rate * 1e6,
    }


@numba.njit
def _multiply_and_add(table: Any, repeats: int) -> Any:
    """Eight independent sums of products over a table that fits the first cache."""
    x, s0, s1, s2, s3 = splat(0.5), splat(0.0), splat(0.0), splat(0.0), splat(0.0)
    s4, s5, s6, s7 = s0, s1, s2, s3
    for _ in range(repeats):
        for j in range(0, len(table), 64):
            s0, s1 = fma(x, load(table, j), s0), fma(x, load(table, j + 8), s1)
            s2, s3 = fma(x, load(table, j + 16), s2), fma(x, load(table, j + 24), s3)
            s4, s5 = fma(x, load(table, j + 32), s4), fma(x, load(table, j + 40), s5)
            s6, s7 = fma(x, load(table, j + 48), s6), fma(x, load(table, j + 56), s7)
    return total(add(add(add(s0, s1), add(s2, s3)), add(add(s4, s5), add(s6, s7))))


@numba.njit
def _cycles() -> Any:
    return read_cycles()


def measure_machine() -> tuple[float, float]:
    """Floating-point operations a second from the first cache, and cycles a second of the kernel's clock."""
    table, best = aligned_room(1024), 0.0
    table[:] = 1e-9
    _multiply_and_add(table, 1)
    _cycles()
    for _ in range(100):
        began = time.process_time()
        _multiply_and_add(table, 100_000)
        best = max(best, 2.0 * 1024 * 100_000 / (time.process_time() - began))
    first, began = _cycles(), time.perf_counter()
    while time.perf_counter() - began < 0.2:
        pass
    return best, (_cycles() - first) / (time.perf_counter() - began)


def main() -> None:
    """Print the tables, and draw the pictures."""
    parser = argparse.ArgumentParser(description="Growth of the time for a patient, and where it goes; one core.")
    parser.add_argument("--patients", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=1.5, help="processor time of each measurement (1.5)")
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--no-peers", action="store_true", help="measure Soleus only")
    parser.add_argument("--pictures", type=Path, help="folder for kernel_growth.svg and kernel_time.svg")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    options = parser.parse_args()
    rate, clock = measure_machine()
    growth = grow(options.seed, options.seconds, options.patients, not options.no_peers)
    split: list[Record] = []
    for regime in ("sparse", "mixed", "present-heavy"):
        rng = np.random.default_rng(options.seed)
        network = make_network(rng)
        cohort = sample_patients(network, options.patients, rng, regime)
        split.append(split_time(regime, [rows_of(cohort, network)], rate, clock))
    rng = np.random.default_rng(options.seed)
    network = with_complaint(make_network(rng), rng)
    cohort = sample_patients(network, options.patients, rng, complaint=True)
    split.append(split_time("mixed + complaint", [rows_of(cohort, network)], rate, clock))
    people = sample_complaints(options.patients, np.random.default_rng(options.seed))
    usual = np.flatnonzero((people.states == 2).sum(axis=1) < 17)
    split.append(split_time("Soleus network", [part_of(w, usual) for w in people.worlds], rate, clock))
    heavy = sample_complaints(options.patients, np.random.default_rng(options.seed), "present-heavy")
    soleus = grow_soleus(options.seed, options.seconds, heavy)
    found = {"seed": options.seed, "flops": rate, "growth": growth, "soleus_network": soleus, "time": split}
    if options.json:
        json.dump(found, sys.stdout, indent=1)
        print()
    else:
        _print(growth, soleus, split, rate)
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        (options.pictures / "kernel_growth.svg").write_text(_growth_picture(growth, soleus))
        (options.pictures / "kernel_time.svg").write_text(_time_picture(split, rate))


def _print(growth: list[Record], soleus: list[Record], split: list[Record], rate: float) -> None:
    print(f"{'varied':<12}{'size':>6}{'Soleus us':>12}{'pyAgrum us':>14}{'times':>9}")
    for r in growth:
        other = (
            f"{r['pyagrum'] * 1e6:>14,.0f}{r['pyagrum'] / r['soleus']:>9,.0f}" if r["pyagrum"] else f"{'-':>14}{'-':>9}"
        )
        print(f"{r['what']:<12}{r['size']:>6}{r['soleus'] * 1e6:>12,.2f}{other}")
    print("\nSoleus network, both worlds")
    print(f"{'':>16}{'22 bits':>13}{'18 bits':>13}")
    print(f"{'present':>8}{'people':>8}{'us':>13}{'us':>13}{'not exact':>11}{'omitted: median':>17}{'largest':>10}")
    for r in soleus:
        print(
            f"{r['size']:>8.1f}{r['people']:>8}{r['soleus'] * 1e6:>13,.0f}{r['narrow'] * 1e6:>13,.0f}"
            f"{r['approximate']:>11}"
            f"{r['omitted_median']:>17.1e}{r['omitted_largest']:>10.1e}"
        )
    print(f"\nmicroseconds a patient by stage; arithmetic at {rate / 1e9:.0f} GFLOP/s")
    for r in split:
        stages = ", ".join(f"{name} {x:.2f}" for name, x in r["microseconds"].items())
        print(f"{r['regime']:<18} {sum(r['microseconds'].values()):7.2f}: {stages}; arithmetic alone {r['bound']:.2f}")


def _growth_picture(growth: list[Record], soleus: list[Record]) -> str:
    charts = []
    for what, name in (
        ("findings", "findings in the network"),
        ("causes", "causes in the network"),
        ("present", "present findings"),
    ):
        rows = [r for r in growth if r["what"] == what]
        lines = [Line("Soleus", [(r["size"], r["soleus"] * 1e6) for r in rows])]
        peer = [(r["size"], r["pyagrum"] * 1e6) for r in rows if r["pyagrum"]]
        lines += [Line("pyAgrum, best", peer)] if peer else []
        charts.append(Chart(f"By {name}", name, "microseconds a patient", lines, log_x=False))
    times = [
        Line(name, [(r["size"], r[key] * 1e6) for r in soleus])
        for name, key in (("18 bits", "narrow"), ("22 bits", "soleus"))
    ]
    charts.append(Chart("Network of Soleus: time", "present findings", "microseconds a person", times))
    share = Line("% not exact", [(r["size"], 100.0 * r["approximate"] / r["people"]) for r in soleus])
    charts.append(
        Chart("Network of Soleus: % not exact with 18 bits", "present findings", "% of people", [share], log_y=False)
    )
    missed = [
        Line("largest", [(r["size"], 100.0 * r["omitted_largest"]) for r in soleus]),
        Line("median if not exact", [(r["size"], 100.0 * r["omitted_median"]) for r in soleus if r["approximate"]]),
    ]
    missed = [line for line in missed if line.points]
    charts.append(
        Chart("Network of Soleus: what these may miss", "present findings", "% of probability", missed, log_y=False)
    )
    return draw_charts(charts, "Time for a patient, one core", "Processor time; python -m benchmarks.growth")


def _time_picture(split: list[Record], rate: float) -> str:
    bars = [(r["regime"], list(r["microseconds"].values()), r["bound"]) for r in split]
    names = list(split[0]["microseconds"])
    return draw_bars(
        bars,
        names,
        "µs",
        "Where the kernel's time goes, for one patient",
        f"Each bar has its own scale. Red: the sweep's additions and multiplications at {rate / 1e9:.0f} GFLOP/s.",
    )


if __name__ == "__main__":
    main()
