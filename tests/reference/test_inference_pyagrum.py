"""Exact inference against an independent library, pyAgrum (junction tree, Shafer-Shenoy).

Compared: P(cause active) and the probability of the evidence on random networks of 12 causes and 18 findings
with 2 to 5 parents, with hard, soft and missing findings, and the target as one more finding that has all
causes as parents. The links that fired have no counterpart in pyAgrum's noisy-OR node, so `fired` and
`background` are compared on a network written out with one node for each link. Not compared: networks of the
size of the benchmark (benchmarks/inference.py does that).
Tolerance 1e-9: two independent double-precision programs; the junction tree divides messages, which may cost
it a few digits.
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from soleus.reasoning.kernel import infer_batch
from soleus.reasoning.noisy_or import NoisyOr, infer

with warnings.catch_warnings():
    # it warns while its C++ part is set up; where warnings are errors, that ends the process (SIGSEGV)
    warnings.simplefilter("ignore")
    import pyagrum as gum

TOLERANCE = 1e-9


def random_network(rng: np.random.Generator, c: int = 12, n: int = 18) -> NoisyOr:
    rows = [np.sort(rng.choice(c, size=int(rng.integers(2, 6)), replace=False)) for _ in range(n)]
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    return NoisyOr(
        c, indptr, np.concatenate(rows), rng.uniform(0.05, 0.98, indptr[-1]), rng.uniform(0.001, 0.2, (1, n))
    )


def noisy_or_table(links: list[float], leak: float) -> np.ndarray:
    """Table over (parents in order, finding), written from the definition."""
    table = np.empty((2,) * len(links) + (2,))
    for on in itertools.product((0, 1), repeat=len(links)):
        absent = (1.0 - leak) * float(np.prod([1.0 - q for q, active in zip(links, on, strict=True) if active]))
        table[on] = [absent, 1.0 - absent]
    return table


def as_bayes_net(network: NoisyOr, prior: np.ndarray, target: np.ndarray, leak: float) -> gum.BayesNet:
    net = gum.BayesNet()
    for c in range(network.n_causes):
        net.add(gum.LabelizedVariable(f"c{c}", "", 2))
        net.cpt(f"c{c}").fillWith([1.0 - prior[c], prior[c]])
    for f in range(network.n_findings):
        row = slice(network.indptr[f], network.indptr[f + 1])
        net.add(gum.LabelizedVariable(f"f{f}", "", 2))
        for c in network.parents[row]:
            net.addArc(f"c{c}", f"f{f}")
        table = noisy_or_table(network.links[row].tolist(), float(network.leaks[0, f]))
        for on in itertools.product((0, 1), repeat=len(network.parents[row])):
            net.cpt(f"f{f}")[{f"c{c}": s for c, s in zip(network.parents[row], on, strict=True)}] = table[on].tolist()
    # the target, one node for each link and one for the leak, joined by an or
    net.add(gum.LabelizedVariable("leak", "", 2))
    net.cpt("leak").fillWith([1.0 - leak, leak])
    previous = "leak"
    for c in range(network.n_causes):
        net.add(gum.LabelizedVariable(f"link{c}", "", 2))
        net.addArc(f"c{c}", f"link{c}")
        net.cpt(f"link{c}")[{f"c{c}": 0}] = [1.0, 0.0]
        net.cpt(f"link{c}")[{f"c{c}": 1}] = [1.0 - target[c], target[c]]
        net.add(gum.LabelizedVariable(f"or{c}", "", 2))
        net.addArc(previous, f"or{c}")
        net.addArc(f"link{c}", f"or{c}")
        for a, b in itertools.product((0, 1), repeat=2):
            net.cpt(f"or{c}")[{previous: a, f"link{c}": b}] = [1.0, 0.0] if a + b == 0 else [0.0, 1.0]
        previous = f"or{c}"
    return net


@pytest.mark.parametrize("seed", range(12))
def test_posteriors_equal_pyagrum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    c, n = network.n_causes, network.n_findings
    prior, target, leak = rng.uniform(0.01, 0.5, c), rng.uniform(0.0, 0.9, c), 0.03
    net = as_bayes_net(network, prior, target, leak)
    findings = rng.permutation(n)[: int(rng.integers(6, n))]
    kind = rng.choice(3, size=len(findings), p=[0.4, 0.4, 0.2])
    soft = rng.random((len(findings), 2))
    pairs = np.where(kind[:, None] == 0, [1.0, 0.0], np.where(kind[:, None] == 1, [0.0, 1.0], soft))
    engine = gum.ShaferShenoyInference(net)
    for f, pair, k in zip(findings.tolist(), pairs.tolist(), kind.tolist(), strict=True):
        engine.addEvidence(f"f{f}", pair if k == 2 else k)
    engine.addEvidence(f"or{c - 1}", 1)
    engine.makeInference()

    got = infer(network, 1 - prior, prior, findings, pairs, target_links=target, target_leak=leak)
    expected = np.array([engine.posterior(f"c{i}")[1] for i in range(c)])
    np.testing.assert_allclose(got.present, expected, rtol=0, atol=TOLERANCE)
    fired = np.array([engine.posterior(f"link{i}")[1] for i in range(c)])
    np.testing.assert_allclose(got.fired, fired, rtol=0, atol=TOLERANCE)
    assert abs(got.background - engine.posterior("leak")[1]) < TOLERANCE
    assert abs(got.log_evidence - np.log(engine.evidenceProbability())) < TOLERANCE

    states = np.zeros((1, n), dtype=np.int8)
    states[0, findings[kind < 2]] = kind[kind < 2] + 1
    entries = kind == 2
    batch = infer_batch(
        network,
        1 - prior,
        prior,
        states,
        target_links=target,
        target_leaks=leak,
        soft=([0, int(entries.sum())], findings[entries], soft[entries, 0], soft[entries, 1]),
    )
    np.testing.assert_allclose(batch.present[0], expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(batch.fired[0], fired, rtol=0, atol=TOLERANCE)
