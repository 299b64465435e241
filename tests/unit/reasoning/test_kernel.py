"""`BatchInference.alone` against enumeration and against the evidence without the target; wide rows; threads.

Compared: P(the target's leak fired and no link to it did | evidence) with (1) this file's own sum over all sets of
causes, (2) `infer_evidence` with every cause's active weight multiplied by 1 - link. Tolerance 1e-12 absolute, and
1e-11 relative in (2): nothing is subtracted. Networks are such that the target is a leaf, a root, in the swept core,
partly explained by certain causes, or has a leak of one. Not compared: `alone` of rows answered approximately, which
are only within `omitted`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from soleus.reasoning.kernel import APPROXIMATE, EXACT, IMPOSSIBLE, BatchInference, infer_batch
from soleus.reasoning.noisy_or import NoisyOr, infer_evidence

Floats = NDArray[np.float64]


def random_network(rng: np.random.Generator, n_causes: int, n_findings: int, most: int) -> NoisyOr:
    rows = [
        np.sort(rng.choice(n_causes, size=int(rng.integers(0, most + 1)), replace=False)) for _ in range(n_findings)
    ]
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    links = rng.choice([1.0, *rng.uniform(0.05, 0.95, size=9)], size=indptr[-1])
    return NoisyOr(n_causes, indptr, np.concatenate(rows), links, rng.uniform(0.01, 0.3, size=(2, n_findings)))


def random_rows(rng: np.random.Generator, network: NoisyOr, n: int) -> dict[str, Any]:
    """Weights with certain and impossible causes, targets with few or many links, leaks from 1e-9 to 1."""
    shape = (n, network.n_causes)
    active = rng.choice([0.0, 1.0, *rng.uniform(0.01, 0.6, size=8)], size=shape)
    target = rng.choice([0.0, 1.0, *rng.random(5)], size=shape) * (rng.random(shape) < rng.random((n, 1)))
    return {
        "inactive": 1.0 - active,
        "active": active,
        "states": rng.choice([0, 1, 2], size=(n, network.n_findings), p=[0.4, 0.3, 0.3]).astype(np.int8),
        "leak_rows": rng.integers(0, 2, size=n),
        "target_links": target,
        "target_leaks": rng.choice([1e-9, 0.05, 0.4, 0.999, 1.0], size=n),
    }


def enumerated(network: NoisyOr, rows: dict[str, Any], i: int) -> tuple[float, float]:
    """Evidence, and evidence with the leak fired and no link of the target, summed over all sets of causes."""
    c = network.n_causes
    sets = (np.arange(1 << c)[:, None] >> np.arange(c)) & 1
    weight = np.where(sets == 1, rows["active"][i], rows["inactive"][i]).prod(axis=1)
    for f, state in enumerate(rows["states"][i].tolist()):
        a, b = network.indptr[f], network.indptr[f + 1]
        missed = np.where(sets[:, network.parents[a:b]] == 1, 1.0 - network.links[a:b], 1.0).prod(axis=1)
        absent = (1.0 - network.leaks[rows["leak_rows"][i], f]) * missed
        weight = weight * (1.0, absent, 1.0 - absent)[state]
    silent = np.where(sets == 1, 1.0 - rows["target_links"][i], 1.0).prod(axis=1)
    leak = rows["target_leaks"][i]
    return float((weight * (leak * silent + (1.0 - silent))).sum()), float((weight * leak * silent).sum())


def without_target(network: NoisyOr, rows: dict[str, Any], i: int) -> float:
    """Logarithm of the evidence with the leak fired and no link of the target, by a second inference."""
    known = np.flatnonzero(rows["states"][i])
    pairs = np.where(rows["states"][i, known][:, None] == 2, [[0.0, 1.0]], [[1.0, 0.0]])
    silent = rows["active"][i] * (1.0 - rows["target_links"][i])
    log_evidence = infer_evidence(
        network, rows["inactive"][i], silent, known, pairs, leak_row=int(rows["leak_rows"][i]), max_width=22
    )
    return float(log_evidence) + float(np.log(rows["target_leaks"][i]))


@pytest.mark.parametrize("most", [1, 2, 5])
def test_alone_equals_enumeration(most: int) -> None:
    """Up to one parent a finding: trees, folded away; up to five: a core."""
    rng = np.random.default_rng(most)
    seen = 0
    for _ in range(8):
        network = random_network(rng, 6, 8, most)
        rows = random_rows(rng, network, 60)
        batch = infer_batch(network, **rows)
        for i in range(60):
            evidence, alone = enumerated(network, rows, i)
            if evidence == 0.0:
                assert batch.status[i] == IMPOSSIBLE
                assert np.isnan(batch.alone[i])
                continue
            seen += 1
            assert batch.status[i] == EXACT
            assert batch.alone[i] == pytest.approx(alone / evidence, abs=1e-12)
    assert seen > 300


def test_alone_equals_a_second_inference_to_its_last_digits() -> None:
    """Thirty causes: most targets are in the core; small probabilities keep their digits."""
    rng = np.random.default_rng(3)
    network = random_network(rng, 30, 40, 6)
    rows = random_rows(rng, network, 80)
    rows["active"] = np.clip(rows["active"], 0.001, 0.9)
    rows["inactive"] = 1.0 - rows["active"]
    rows["target_links"] = np.minimum(rows["target_links"], 0.97)
    batch = infer_batch(network, **rows)
    assert (batch.status == EXACT).all()
    expected = np.array([np.exp(without_target(network, rows, i) - batch.log_evidence[i]) for i in range(80)])
    np.testing.assert_allclose(batch.alone, expected, rtol=1e-11, atol=0)
    assert expected.min() < 1e-6
    assert (batch.alone <= batch.background * (1 + 1e-15)).all()


def test_without_a_target_nothing_is_alone() -> None:
    rng = np.random.default_rng(4)
    network = random_network(rng, 6, 8, 3)
    rows = random_rows(rng, network, 20)
    del rows["target_links"], rows["target_leaks"]
    batch = infer_batch(network, **rows)
    assert (batch.alone[batch.status == EXACT] == 0.0).all()


def fields(batch: BatchInference) -> dict[str, NDArray[Any]]:
    return {name: getattr(batch, name) for name in BatchInference.__slots__}


def dense_rows(n: int) -> tuple[NoisyOr, dict[str, Any]]:
    """People with 8 or 9 present findings of many causes each: tables of about 10 bits."""
    rng = np.random.default_rng(5)
    network = random_network(rng, 16, 9, 16)
    rows = random_rows(rng, network, n)
    rows["active"] = np.clip(rows["active"], 0.01, 0.6)
    rows["inactive"] = 1.0 - rows["active"]
    rows["target_links"] = np.minimum(rows["target_links"], 0.9)
    rows["target_leaks"] = np.full(n, 0.05)
    rows["states"][:] = 2
    rows["states"][::2, 0] = 0
    return network, rows


def test_rows_too_wide_for_the_compiled_tables_are_answered_by_the_general_method() -> None:
    """The bound covers every probability, `alone` among them."""
    network, rows = dense_rows(12)
    exact = infer_batch(network, **rows)
    assert (exact.status == EXACT).all()
    narrow = infer_batch(network, **rows, max_width=3)
    assert (narrow.status == APPROXIMATE).all()
    for name in ("present", "fired", "background", "alone"):
        distance = np.abs(getattr(narrow, name) - getattr(exact, name)).reshape(12, -1).max(axis=1)
        assert (distance <= narrow.omitted + 1e-12).all(), name


def test_a_row_does_not_depend_on_the_others() -> None:
    network, rows = dense_rows(12)
    together = fields(infer_batch(network, **rows, max_width=6, threads=3))
    for i in range(12):
        single = fields(infer_batch(network, **{k: v[i : i + 1] for k, v in rows.items()}, max_width=6))
        for name, values in together.items():
            np.testing.assert_array_equal(values[i : i + 1], single[name])
