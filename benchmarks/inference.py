"""Speed and accuracy of exact inference beside pyAgrum and pgmpy, in one run on one core.

Every engine answers the same question for the same patients: P(cause active) for all 30 causes, given 10 to
30 observed findings that differ from patient to patient (network_generator.py). Reported: patients per second
of processor time, how many times faster Soleus is, and the largest absolute difference from Soleus. Peers
include the Python loop that their users write, since they have no call for many patients; networks are built
outside the clock; compilation, and a process's first use of much memory, are not counted.

- pyAgrum, default: Lazy propagation, every observed finding as hard evidence.
- pyAgrum, best: Shafer-Shenoy, absent findings folded into likelihoods of the causes by hand. The chief
  complaint, a finding of all causes, would need a table of 2^31 numbers; here it is written as a chain of
  or-nodes.
- pgmpy: variable elimination, one query for each cause.

The last regime is the network of Soleus itself (44 causes, 445 findings of up to 41 causes) and people who have the
complaint, in two worlds, true cramp or not, as `soleus.reasoning.batch` answers them; a person counts once. There are
eight times as many people, since a few take much of the time. pyAgrum gets a network of or-chains of the present
findings alone, made for each person (this is counted: the person's findings decide which network is small); who would
need tables beyond 2^18 numbers is left out, to its advantage.

Run ``python benchmarks/inference.py`` for a table, with ``--json`` for JSON; ``--seconds`` bounds each peer's
time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from soleus.reasoning.kernel import EXACT, infer_batch
from soleus.reasoning.noisy_or import NoisyOr

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that it also runs as a script
from benchmarks.inference_peers import (
    LARGEST_CLIQUE,
    Engine,
    pgmpy_engine,
    pyagrum_engine,
    pyagrum_worlds,
    soleus_single,
    soleus_worlds_single,
)
from benchmarks.network_generator import make_network, sample_complaints, sample_patients, with_complaint

REGIMES = ("sparse", "mixed", "present-heavy", "mixed + chief complaint")
SOLEUS_NETWORK = "Soleus network, people with the complaint"
MORE = 8  # times as many people there: one in some thousands takes a tenth of the time, and 10,000 hold none to three
Form = tuple[str, list[dict[str, Any]]]  # a name and the arguments of `infer_batch`, once for each world


def measure(answer: Engine, seconds: float, most: int) -> tuple[float, np.ndarray]:
    """Patients per second of processor time, and the answers for the patients that fitted into the time."""
    answers: list[np.ndarray] = []
    began = time.process_time()
    while len(answers) < most and (not answers or time.process_time() - began < seconds):
        answers.append(answer(len(answers)))
    return len(answers) / (time.process_time() - began), np.array(answers)


def run(patients: int, seconds: float, seed: int, peers: bool = True) -> list[dict[str, Any]]:
    """Measure every engine in every regime and return one record for each pair."""
    records: list[dict[str, Any]] = []
    for regime in REGIMES:
        rng = np.random.default_rng(seed)
        complaint = "complaint" in regime
        network = make_network(rng)
        if complaint:
            network = with_complaint(network, rng)
        cohort = sample_patients(network, patients, rng, regime.split(" + ")[0], complaint=complaint)
        weights = {"inactive": 1.0 - cohort.active, "active": cohort.active}
        forms: list[Form] = [
            ("Soleus infer_batch", [weights | {"network": network, "states": cohort.states}]),
        ]
        if complaint:
            start = network.indptr[-2]
            plain = NoisyOr(
                network.n_causes,
                network.indptr[:-1],
                network.parents[:start],
                network.links[:start],
                network.leaks[:, :-1],
            )
            target = {"target_links": network.links[start:], "target_leaks": float(network.leaks[0, -1])}
            form = weights | {"network": plain, "states": cohort.states[:, :-1], **target}
            forms.append(("Soleus infer_batch, as target", [form]))
        engines: list[tuple[str, Engine | str]] = [("Soleus infer, one by one", soleus_single(network, cohort))]
        if peers:
            engines += [
                ("pyAgrum, best", pyagrum_engine(network, cohort, best=True, complaint=complaint)),
                ("pyAgrum, default", pyagrum_engine(network, cohort, best=False, complaint=complaint)),
                ("pgmpy", pgmpy_engine(network, cohort, complaint=complaint)),
            ]
        records += compare(regime, forms, engines, cohort.states, seconds, [])
    records += run_soleus_network(patients, seconds, seed, peers)
    return records


def run_soleus_network(patients: int, seconds: float, seed: int, peers: bool) -> list[dict[str, Any]]:
    """Measure people with the complaint under the network of Soleus: two worlds each, as in `compute_batch`."""
    cohort = sample_complaints(MORE * patients, np.random.default_rng(seed))
    skipped: list[int] = []
    engines: list[tuple[str, Engine | str]] = [("Soleus infer, one by one", soleus_worlds_single(cohort))]
    if peers:
        engines += [
            ("pyAgrum, best", pyagrum_worlds(cohort, skipped)),
            ("pyAgrum, default", "not possible: a table of 2^42 numbers"),
            ("pgmpy", "not possible: a table of 2^42 numbers"),
        ]
    forms: list[Form] = [("Soleus infer_batch, both worlds", list(cohort.worlds))]
    records = compare(SOLEUS_NETWORK, forms, engines, cohort.states, seconds, skipped)
    # a handful of people takes most of the time: those with fewer present findings by themselves
    present = (cohort.states == 2).sum(axis=1)
    for place, most in enumerate((8, 18, 20), start=1):
        name, chosen = f"Soleus, {most} present at most", present <= most
        worlds = [{k: v if k == "network" else v[chosen] for k, v in world.items()} for world in cohort.worlds]
        part = compare(SOLEUS_NETWORK, [(name, worlds)], [], cohort.states[chosen], 0.0, [])
        part[0]["times_slower"] = records[0]["per_second_per_core"] / part[0]["per_second_per_core"]
        records[place:place] = part
    return records


def compare(
    regime: str,
    forms: list[Form],
    engines: list[tuple[str, Engine | str]],
    states: np.ndarray,
    seconds: float,
    skipped: list[int],
) -> list[dict[str, Any]]:
    """Time the batch forms and the engines on the same patients; the first form is the reference."""
    records: list[dict[str, Any]] = []
    reference, speed, patients = np.zeros(0), 0.0, len(states)
    for name, worlds in forms:
        for options in worlds:  # compiled, and given its memory by the system, before the clock starts
            infer_batch(**options)
        began = time.process_time()
        batches = [infer_batch(**options) for options in worlds]
        rate = patients / (time.process_time() - began)
        present = np.concatenate([batch.present for batch in batches], axis=1)
        if not speed:
            speed, reference = rate, present
        records.append(
            {
                "regime": regime,
                "engine": name,
                "patients": patients,
                "per_second_per_core": rate,
                "times_slower": speed / rate,
                "largest_difference": float(np.abs(present - reference).max()),
                "approximate": int(np.any([batch.status != EXACT for batch in batches], axis=0).sum()),
                "note": "",
                "observed": float((states > 0).sum(axis=1).mean()),
                "present": float((states == 2).sum(axis=1).mean()),
            }
        )
    for name, engine in engines:
        record: dict[str, Any] = {"regime": regime, "engine": name, "patients": 0, "note": ""}
        if isinstance(engine, str):
            record["note"] = engine
        else:
            rate, answers = measure(engine, seconds, patients)
            left_out = len(set(skipped)) if name.startswith("pyAgrum") else 0
            if left_out == len(answers):
                record["note"] = f"none of {left_out} people answered: tables of more than 2^{LARGEST_CLIQUE} numbers"
            else:
                record |= {
                    "patients": len(answers) - left_out,
                    "left_out": left_out,
                    "per_second_per_core": rate * (len(answers) - left_out) / len(answers),
                    "times_slower": speed / (rate * (len(answers) - left_out) / len(answers)),
                    "largest_difference": float(np.nanmax(np.abs(answers - reference[: len(answers)]))),
                }
        records.append(record)
    return records


def main() -> None:
    """Print the table or the JSON."""
    parser = argparse.ArgumentParser(description="Exact inference: Soleus beside pyAgrum and pgmpy, one core.")
    parser.add_argument("--patients", type=int, default=10_000, help="patients of each regime for Soleus (10000)")
    parser.add_argument("--seconds", type=float, default=6.0, help="processor time of each peer and regime (6)")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--no-peers", action="store_true", help="measure Soleus only")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args()
    records = run(options.patients, options.seconds, options.seed, not options.no_peers)
    if options.json:
        json.dump({"seed": options.seed, "records": records}, sys.stdout, indent=1)
        print()
        return
    regime = ""
    for r in records:
        if r["regime"] != regime:
            regime = r["regime"]
            print(
                f"\n{regime}: {r['observed']:.1f} findings observed, {r['present']:.1f} present;"
                f" {r['approximate']} of {r['patients']} too wide for an exact answer"
            )
            print(f"  {'engine':<31}{'patients':>9}{'per s, core':>13}{'times slower':>14}{'largest diff.':>15}")
        if r["note"]:
            print(f"  {r['engine']:<31}{r['note']}")
        else:
            print(
                f"  {r['engine']:<31}{r['patients']:>9}{r['per_second_per_core']:>13,.1f}"
                f"{r['times_slower']:>14,.1f}{r['largest_difference']:>15.1e}"
            )
            if r.get("left_out"):
                print(
                    f"    and {r['left_out']} left out, counted as answered: tables beyond 2^{LARGEST_CLIQUE} numbers"
                )


if __name__ == "__main__":
    main()
