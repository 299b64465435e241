"""Speed and accuracy of exact inference beside pyAgrum and pgmpy, in one run on one core.

Every engine answers the same question for the same patients: P(cause active) for all 30 causes, given 10 to
30 observed findings that differ from patient to patient (network_generator.py). Reported: patients per second
of processor time, how many times faster Soleus is, and the largest absolute difference from Soleus. Peers
include the Python loop that their users write, since they have no call for many patients; networks are built
outside the clock and compilation is not counted.

- pyAgrum, default: Lazy propagation, every observed finding as hard evidence.
- pyAgrum, best: Shafer-Shenoy, absent findings folded into likelihoods of the causes by hand. The chief
  complaint, a finding of all causes, would need a table of 2^31 numbers; here it is written as a chain of
  or-nodes.
- pgmpy: variable elimination, one query for each cause.

Run ``python benchmarks/inference.py`` for a table, with ``--json`` for JSON; ``--seconds`` bounds each peer's
time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from soleus.reasoning.kernel import EXACT, infer_batch
from soleus.reasoning.noisy_or import NoisyOr, infer

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that it also runs as a script
from benchmarks.network_generator import Cohort, make_network, sample_patients, with_complaint

Engine = Callable[[int], np.ndarray]
REGIMES = ("sparse", "mixed", "present-heavy", "mixed + chief complaint")


def soleus_single(network: NoisyOr, cohort: Cohort) -> Engine:
    """One call of `infer` for each patient (NumPy, no compilation)."""

    def answer(i: int) -> np.ndarray:
        listed = np.flatnonzero(cohort.states[i])
        pairs = np.where(cohort.states[i, listed][:, None] == 2, [[0.0, 1.0]], [[1.0, 0.0]])
        return infer(network, 1.0 - cohort.active[i], cohort.active[i], listed, pairs).present

    return answer


def pyagrum_engine(network: NoisyOr, cohort: Cohort, *, best: bool, complaint: bool) -> Engine | str:
    """PyAgrum as usually written, or at its best; a string says why there is none."""
    try:
        import pyagrum
    except ImportError:
        return "not installed (uv sync --group bench)"
    if complaint and not best:
        return "not possible: a table of 2^31 numbers"
    gum: Any = pyagrum  # its classes carry no types
    gum.setNumberOfThreads(1)
    net = gum.BayesNet()
    for c in range(network.n_causes):
        net.add(gum.LabelizedVariable(f"c{c}", "", 2))
        net.cpt(f"c{c}").fillWith([0.5, 0.5])  # the patient's own prior is given as a likelihood
    last = network.n_findings - 1
    for f in range(network.n_findings):
        row = slice(network.indptr[f], network.indptr[f + 1])
        parents, links, leak = (
            network.parents[row].tolist(),
            network.links[row].tolist(),
            float(network.leaks[0, f]),
        )
        if complaint and f == last:
            previous = ""
            for c, q in zip(parents, links, strict=True):
                net.add(gum.LabelizedVariable(f"or{c}", "", 2))
                if previous:
                    net.addArc(previous, f"or{c}")
                net.addArc(f"c{c}", f"or{c}")
                for before, on in itertools.product((0, 1) if previous else (0,), (0, 1)):
                    no = (1.0 - before) * (1.0 - q * on) * (1.0 if previous else 1.0 - leak)
                    where = {f"c{c}": on} | ({previous: before} if previous else {})
                    net.cpt(f"or{c}")[where] = [no, 1.0 - no]
                previous = f"or{c}"
            continue
        net.add(gum.LabelizedVariable(f"f{f}", "", 2))
        for c in parents:
            net.addArc(f"c{c}", f"f{f}")
        for states in itertools.product((0, 1), repeat=len(parents)):
            no = (1.0 - leak) * float(np.prod([1.0 - q for q, a in zip(links, states, strict=True) if a]))
            net.cpt(f"f{f}")[{f"c{c}": a for c, a in zip(parents, states, strict=True)}] = [no, 1.0 - no]
    rows = [
        (network.parents[a:b], 1.0 - network.links[a:b])
        for a, b in zip(network.indptr[:-1], network.indptr[1:], strict=True)
    ]

    def answer(i: int) -> np.ndarray:
        engine = gum.ShaferShenoyInference(net) if best else gum.LazyPropagation(net)
        weight = cohort.active[i].copy()
        for f in np.flatnonzero(cohort.states[i]).tolist():
            if best and cohort.states[i, f] == 1:
                parents, miss = rows[f]
                weight[parents] *= miss
            else:
                name = f"or{network.n_causes - 1}" if complaint and f == last else f"f{f}"
                engine.addEvidence(name, int(cohort.states[i, f]) - 1)
        for c in range(network.n_causes):
            engine.addEvidence(f"c{c}", [1.0 - cohort.active[i, c], weight[c]])
            engine.addTarget(f"c{c}")
        engine.makeInference()
        return np.array([engine.posterior(f"c{c}")[1] for c in range(network.n_causes)])

    return answer


def pgmpy_engine(network: NoisyOr, cohort: Cohort, *, complaint: bool) -> Engine | str:
    """Answer with pgmpy's variable elimination; a string says why there is no such engine."""
    warnings.simplefilter("ignore")  # pgmpy announces its own deprecations
    try:
        from pgmpy.factors.discrete import TabularCPD
        from pgmpy.inference import VariableElimination
        from pgmpy.models import DiscreteBayesianNetwork
    except ImportError:
        return "not installed (uv sync --group bench)"
    if complaint:
        return "not possible: a table of 2^31 numbers"
    model = DiscreteBayesianNetwork()
    model.add_nodes_from([f"c{c}" for c in range(network.n_causes)])
    for f in range(network.n_findings):
        row = slice(network.indptr[f], network.indptr[f + 1])
        parents, links, leak = (
            network.parents[row].tolist(),
            network.links[row].tolist(),
            float(network.leaks[0, f]),
        )
        model.add_edges_from([(f"c{c}", f"f{f}") for c in parents])
        absent = [
            (1.0 - leak) * float(np.prod([1.0 - q for q, a in zip(links, on, strict=True) if a]))
            for on in itertools.product((0, 1), repeat=len(parents))
        ]
        table = [absent, [1.0 - p for p in absent]]
        model.add_cpds(TabularCPD(f"f{f}", 2, table, [f"c{c}" for c in parents], [2] * len(parents)))

    def answer(i: int) -> np.ndarray:
        for c, p in enumerate(cohort.active[i].tolist()):
            model.add_cpds(TabularCPD(f"c{c}", 2, [[1.0 - p], [p]]))
        engine = VariableElimination(model)
        evidence = {f"f{f}": int(cohort.states[i, f]) - 1 for f in np.flatnonzero(cohort.states[i]).tolist()}
        return np.array(
            [engine.query([f"c{c}"], evidence=evidence, show_progress=False).values[1] for c in range(network.n_causes)]
        )

    return answer


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
        forms: list[tuple[str, dict[str, Any]]] = [
            ("Soleus infer_batch", {"network": network, "states": cohort.states})
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
            form = {"network": plain, "states": cohort.states[:, :-1], **target}
            forms.append(("Soleus infer_batch, as target", form))
        reference, speed = np.zeros(0), 0.0
        for name, options in forms:
            options |= {"inactive": 1.0 - cohort.active, "active": cohort.active}
            infer_batch(**(options | {k: options[k][:1] for k in ("states", "inactive", "active")}))  # compile
            began = time.process_time()
            batch = infer_batch(**options)
            rate = patients / (time.process_time() - began)
            if not speed:
                speed, reference = rate, batch.present
            records.append(
                {
                    "regime": regime,
                    "engine": name,
                    "patients": patients,
                    "per_second_per_core": rate,
                    "times_slower": speed / rate,
                    "largest_difference": float(np.abs(batch.present - reference).max()),
                    "approximate": int((batch.status != EXACT).sum()),
                    "note": "",
                    "observed": float((cohort.states > 0).sum(axis=1).mean()),
                    "present": float((cohort.states == 2).sum(axis=1).mean()),
                }
            )
        engines: list[tuple[str, Engine | str]] = [("Soleus infer, one by one", soleus_single(network, cohort))]
        if peers:
            engines += [
                ("pyAgrum, best", pyagrum_engine(network, cohort, best=True, complaint=complaint)),
                ("pyAgrum, default", pyagrum_engine(network, cohort, best=False, complaint=complaint)),
                ("pgmpy", pgmpy_engine(network, cohort, complaint=complaint)),
            ]
        for name, engine in engines:
            record: dict[str, Any] = {"regime": regime, "engine": name, "patients": 0, "note": ""}
            if isinstance(engine, str):
                record["note"] = engine
            else:
                rate, answers = measure(engine, seconds, patients)
                record |= {
                    "patients": len(answers),
                    "per_second_per_core": rate,
                    "times_slower": speed / rate,
                    "largest_difference": float(np.abs(answers - reference[: len(answers)]).max()),
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


if __name__ == "__main__":
    main()
