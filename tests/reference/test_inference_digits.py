"""Accuracy on patients with 13 and 30 present findings, where the textbook's signed sum loses every digit.

Compared: P(cause active) and log evidence with 60-digit arithmetic (mpmath) of Heckerman's Quickscore (UAI
1989), the sum over all subsets of present findings with alternating signs: another formula, in another
arithmetic. Tolerance 1e-12 absolute for probabilities, and 1e-10 relative also for the small ones. The same
signed sum in double precision is computed too, and must be far off: the cases are hard, the test can fail.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from soleus.reasoning.kernel import infer_batch
from soleus.reasoning.noisy_or import NoisyOr, infer


def quickscore(
    network: NoisyOr, prior: np.ndarray, present: list[int], absent: list[int], number: Any
) -> tuple[Any, list[Any]]:
    """Evidence and P(cause active and evidence) by inclusion and exclusion over the present findings."""
    c, one = network.n_causes, number(1)
    link: list[dict[int, Any]] = [
        {int(p): number(float(q)) for p, q in zip(network.parents[a:b], network.links[a:b], strict=True)}
        for a, b in zip(network.indptr[:-1], network.indptr[1:], strict=True)
    ]
    off, on = [one - number(float(p)) for p in prior], [number(float(p)) for p in prior]
    start = one
    for f in absent:
        start *= one - number(float(network.leaks[0, f]))
        for cause, q in link[f].items():
            on[cause] *= one - q
    total, joint = number(0), [number(0)] * c

    def visit(k: int, sign: int, scale: Any, active: list[Any]) -> None:
        nonlocal total
        if k < len(present):
            visit(k + 1, sign, scale, active)
            f = present[k]
            shrunk = list(active)
            for cause, q in link[f].items():
                shrunk[cause] = shrunk[cause] * (one - q)
            visit(k + 1, -sign, scale * (one - number(float(network.leaks[0, f]))), shrunk)
            return
        product = sign * scale
        for a, b in zip(off, active, strict=True):
            product *= a + b
        total += product
        for i in range(c):
            joint[i] += product * active[i] / (off[i] + active[i])

    visit(0, 1, start, on)
    return total, joint


@pytest.mark.parametrize(("seed", "n_present"), [(1, 13), (2, 13), (3, 13)])
def test_no_digit_is_lost(seed: int, n_present: int) -> None:
    rng = np.random.default_rng(seed)
    c, n = 12, n_present + 6
    rows = [np.sort(rng.choice(c, size=int(rng.integers(2, 7)), replace=False)) for _ in range(n)]
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    links = rng.uniform(0.001, 0.05, size=indptr[-1])  # weak links and rare leaks: the evidence is very unlikely
    network = NoisyOr(c, indptr, np.concatenate(rows), links, rng.uniform(1e-5, 1e-3, size=(1, n)))
    prior = rng.uniform(0.001, 0.1, size=c)
    present, absent = list(range(n_present)), list(range(n_present, n))
    with mpmath.workdps(60):
        total, joint = quickscore(network, prior, present, absent, mpmath.mpf)
        expected = np.array([float(j / total) for j in joint])
        log_evidence = float(mpmath.log(total))
    signed_total, signed = quickscore(network, prior, present, absent, float)
    signed_error = np.abs(np.array(signed) / signed_total - expected).max()
    # also true for nan: the signed sum in double precision has nothing left here
    assert not signed_error < 1e-3

    pairs = np.array([[0.0, 1.0]] * len(present) + [[1.0, 0.0]] * len(absent))
    one = infer(network, 1 - prior, prior, present + absent, pairs)
    batch = infer_batch(network, 1 - prior, prior, np.array([[2] * len(present) + [1] * len(absent)]))
    for got, log_got in ((one.present, one.log_evidence), (batch.present[0], batch.log_evidence[0])):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
        assert abs(float(log_got) - log_evidence) < 1e-12 * abs(log_evidence)


def test_tiny_probabilities_keep_their_digits() -> None:
    """Thirty present findings of one rare cause: closed form, evidence near 1e-60."""
    n = 30
    network = NoisyOr(2, np.arange(0, 2 * n + 1, 2), [0, 1] * n, [0.01, 0.02] * n, np.full((1, n), 1e-7))
    prior = np.array([1e-9, 1e-6])
    got = infer(network, 1 - prior, prior, range(n), [[0, 1]] * n)
    with mpmath.workdps(60):
        leak = mpmath.mpf(1e-7)
        fine = [mpmath.mpf(float(p)) for p in prior]
        joint = {}
        for a in (0, 1):
            for b in (0, 1):
                weight = (fine[0] if a else 1 - fine[0]) * (fine[1] if b else 1 - fine[1])
                miss = (1 - leak) * (1 - a * mpmath.mpf(0.01)) * (1 - b * mpmath.mpf(0.02))
                joint[a, b] = weight * (1 - miss) ** n
        total = sum(joint.values())
        expected = [float((joint[1, 0] + joint[1, 1]) / total), float((joint[0, 1] + joint[1, 1]) / total)]
        log_evidence = float(mpmath.log(total))
    np.testing.assert_allclose(got.present, expected, rtol=1e-11, atol=0)
    assert abs(float(got.log_evidence) - log_evidence) < 1e-11
