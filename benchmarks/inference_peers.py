"""The engines that the benchmarks of inference compare, each as a function from a patient's number to its answer.

An engine that cannot answer at all is a string that says why.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.network_generator import Cohort, ComplaintCohort
from soleus.reasoning.noisy_or import NoisyOr, infer

Engine = Callable[[int], np.ndarray]
LARGEST_CLIQUE = 18  # choice: tables of 2^18 numbers, about a second; a person beyond is left out and counted


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


def soleus_worlds_single(cohort: ComplaintCohort) -> Engine:
    """Two calls of `infer` for each person, one in each world; the answers one after the other."""

    def answer(i: int) -> np.ndarray:
        listed = np.flatnonzero(cohort.states[i])
        pairs = np.where(cohort.states[i, listed][:, None] == 2, [[0.0, 1.0]], [[1.0, 0.0]])
        answers = [
            infer(
                world["network"],
                world["inactive"][i],
                world["active"][i],
                listed,
                pairs,
                leak_row=int(world["leak_rows"][i]),
                target_links=world["target_links"][i],
                target_leak=world["target_leaks"][i],
            ).present
            for world in cohort.worlds
        ]
        return np.concatenate(answers)

    return answer


def pyagrum_worlds(cohort: ComplaintCohort, skipped: list[int]) -> Engine | str:
    """PyAgrum at its best on the network of Soleus; people beyond `LARGEST_CLIQUE` are noted in `skipped` (NaN).

    A table for a finding of up to 41 causes does not fit, so that every present finding, and the complaint, is a chain
    of or-nodes over its causes; absent findings are folded into the causes by hand. A network is built for each person
    and world, of the present findings only: one that holds all findings would be larger by a factor of fifty.
    """
    try:
        import pyagrum
    except ImportError:
        return "not installed (uv sync --group bench)"
    gum: Any = pyagrum  # its classes carry no types
    gum.setNumberOfThreads(1)

    def chain(net: Any, name: str, parents: list[int], links: list[float], leak: float) -> str:
        previous = ""
        for c, q in zip(parents, links, strict=True):
            node = f"{name}_{c}"
            net.add(gum.LabelizedVariable(node, "", 2))
            if previous:
                net.addArc(previous, node)
            net.addArc(f"c{c}", node)
            for before, on in itertools.product((0, 1) if previous else (0,), (0, 1)):
                no = (1.0 - before) * (1.0 - q * on) * (1.0 if previous else 1.0 - leak)
                net.cpt(node)[{f"c{c}": on} | ({previous: before} if previous else {})] = [no, 1.0 - no]
            previous = node
        return previous

    def one(world: dict[str, Any], i: int) -> np.ndarray:
        network, leaks = world["network"], world["network"].leaks[world["leak_rows"][i]]
        off, on = world["inactive"][i], world["active"][i].copy()
        for f in np.flatnonzero(cohort.states[i] == 1).tolist():
            row = slice(network.indptr[f], network.indptr[f + 1])
            on[network.parents[row]] *= 1.0 - network.links[row]
        net, ends = gum.BayesNet(), []
        for c in range(network.n_causes):
            net.add(gum.LabelizedVariable(f"c{c}", "", 2))
            net.cpt(f"c{c}").fillWith([float(off[c] / (off[c] + on[c])), float(on[c] / (off[c] + on[c]))])
        for f in np.flatnonzero(cohort.states[i] == 2).tolist():
            row = slice(network.indptr[f], network.indptr[f + 1])
            ends.append(
                chain(net, f"f{f}", network.parents[row].tolist(), network.links[row].tolist(), float(leaks[f]))
            )
        of = np.flatnonzero(world["target_links"][i]).tolist()
        ends.append(chain(net, "t", of, world["target_links"][i][of].tolist(), float(world["target_leaks"][i])))
        tree = gum.JunctionTreeGenerator().junctionTree(net)  # the engine's own would claim the memory at once
        if max(len(tree.clique(node)) for node in tree.nodes()) > LARGEST_CLIQUE:
            skipped.append(i)
            return np.full(network.n_causes, np.nan)
        engine = gum.ShaferShenoyInference(net)
        for end in ends:
            if end:  # a finding without causes says nothing about them
                engine.addEvidence(end, 1)
        for c in range(network.n_causes):
            engine.addTarget(f"c{c}")
        engine.makeInference()
        return np.array([engine.posterior(f"c{c}")[1] for c in range(network.n_causes)])

    def answer(i: int) -> np.ndarray:
        return np.concatenate([one(world, i) for world in cohort.worlds])

    return answer
