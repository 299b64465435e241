"""Exact inference in the noisy-OR network against enumeration of every set of causes.

Compared: log evidence, P(cause active), P(link to the target fired) and P(background fired), from `infer`
(NumPy, one patient) and `infer_batch` (numba). The reference is this file's own sum over all 2^C sets of
causes; it knows nothing of orders, bits or folding. Tolerance 1e-12: both sides add at most a few thousand
positive products, each with a relative error of a few 1e-16. Not compared here: networks too large to
enumerate (see tests/reference).
"""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from soleus.reasoning import few_causes
from soleus.reasoning.kernel import APPROXIMATE, EXACT, IMPOSSIBLE, TOO_WIDE, infer_batch
from soleus.reasoning.noisy_or import ImpossibleEvidence, Inference, NoisyOr, TooWide, infer

Floats = NDArray[np.float64]
TOLERANCE = 1e-12


@dataclass
class Patient:
    network: NoisyOr
    inactive: Floats
    active: Floats
    findings: NDArray[np.int64]
    likelihoods: Floats
    leak_row: int
    target_links: Floats | None
    target_leak: float

    def infer(self, **options: Any) -> Inference:
        return infer(
            self.network,
            self.inactive,
            self.active,
            self.findings,
            self.likelihoods,
            leak_row=self.leak_row,
            target_links=self.target_links,
            target_leak=self.target_leak,
            **options,
        )


def enumerate_sets(p: Patient) -> tuple[float, Floats, Floats, float]:
    """Sum evidence, present, fired and background over all sets of causes, as in the textbook."""
    c = p.network.n_causes
    sets = (np.arange(1 << c)[:, None] >> np.arange(c)) & 1
    weight = np.where(sets == 1, p.active, p.inactive).prod(axis=1)
    for f, (l0, l1) in zip(p.findings.tolist(), p.likelihoods.tolist(), strict=True):
        a, b = p.network.indptr[f], p.network.indptr[f + 1]
        no = np.full(1 << c, 1.0 - p.network.leaks[p.leak_row, f])
        yes = np.full(1 << c, p.network.leaks[p.leak_row, f])
        for cause, q in zip(p.network.parents[a:b].tolist(), p.network.links[a:b].tolist(), strict=True):
            yes = yes + no * q * sets[:, cause]
            no = no * np.where(sets[:, cause] == 1, 1.0 - q, 1.0)
        weight = weight * (l0 * no + l1 * yes)
    fired, background, before = np.zeros(c), 0.0, weight
    if p.target_links is not None:
        no, yes = np.full(1 << c, 1.0 - p.target_leak), np.full(1 << c, p.target_leak)
        for cause, q in enumerate(p.target_links.tolist()):
            yes = yes + no * q * sets[:, cause]
            no = no * np.where(sets[:, cause] == 1, 1.0 - q, 1.0)
        weight = before * yes
    z = float(weight.sum())
    if z == 0.0:
        return 0.0, fired, fired, 0.0
    if p.target_links is not None:
        fired = p.target_links * (before[:, None] * sets).sum(axis=0) / z
        background = p.target_leak * float(before.sum()) / z
    return z, (weight[:, None] * sets).sum(axis=0) / z, fired, background


def random_patient(seed: int) -> Patient:
    """Make a small network and patient with weights, leaks and links of 0 and 1, and soft evidence."""
    rng = np.random.default_rng(seed)
    c, n_findings = int(rng.integers(1, 10)), int(rng.integers(1, 13))
    density = rng.choice([0.25, 0.5, 1.0])
    rows = [np.flatnonzero(rng.random(c) < density) for _ in range(n_findings)]
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    links = rng.random(indptr[-1])
    links[rng.random(len(links)) < 0.08] = 1.0
    links[rng.random(len(links)) < 0.05] = 0.0
    leaks = rng.random((2, n_findings)) ** 2
    leaks[rng.random(leaks.shape) < 0.2] = 0.0
    leaks[rng.random(leaks.shape) < 0.04] = 1.0
    network = NoisyOr(c, indptr, np.concatenate(rows) if len(links) else np.zeros(0, int), links, leaks)
    prior = rng.random(c) ** 2
    prior[rng.random(c) < 0.07] = 0.0
    prior[rng.random(c) < 0.07] = 1.0
    scale = rng.choice([1.0, 3.0, 1e-3], size=c)
    findings = rng.permutation(n_findings)[: int(rng.integers(0, n_findings + 1))]
    kind = rng.choice(3, size=len(findings), p=[0.2, 0.5, 0.3])
    soft = rng.random((len(findings), 2)) * rng.choice([1.0, 1e-5, 20.0], size=(len(findings), 1))
    soft[rng.random(soft.shape) < 0.05] = 0.0
    likelihoods = np.where(kind[:, None] == 0, [1.0, 0.0], np.where(kind[:, None] == 1, [0.0, 1.0], soft))
    target = None
    if rng.random() < 0.6:
        target = rng.random(c)
        target[rng.random(c) < 0.2] = 0.0
        target[rng.random(c) < 0.05] = 1.0
    leak = float(rng.choice([0.0, 0.02, rng.random()]))
    return Patient(
        network, (1 - prior) * scale, prior * scale, findings, likelihoods, int(rng.integers(2)), target, leak
    )


@pytest.fixture(scope="module")
def enumerated() -> list[tuple[Patient, tuple[float, Floats, Floats, float]]]:
    patients = [random_patient(seed) for seed in range(700)]
    return [(p, enumerate_sets(p)) for p in patients]


def error(got: Inference, expected: tuple[float, Floats, Floats, float]) -> float:
    z, present, fired, background = expected
    return max(
        abs(float(got.log_evidence) - math.log(z)) / max(1.0, abs(math.log(z))),
        float(np.abs(got.present - present).max()),
        float(np.abs(got.fired - fired).max()),
        abs(float(got.background) - background),
    )


def test_numpy_equals_enumeration(enumerated: list[Any]) -> None:
    possible = [(p, e) for p, e in enumerated if e[0] > 0.0]
    assert len(possible) >= 500
    assert sum(p.target_links is not None for p, _ in possible) >= 200
    errors = [error(p.infer(), e) for p, e in possible]
    assert max(errors) < TOLERANCE, f"patient {int(np.argmax(errors))}"


def test_impossible_evidence_is_refused_and_only_then(enumerated: list[Any]) -> None:
    impossible = [p for p, e in enumerated if e[0] == 0.0]
    assert len(impossible) >= 20
    for p in impossible:
        with pytest.raises(ImpossibleEvidence, match="probability zero"):
            p.infer()


def batch_of_one(p: Patient, **options: Any) -> Any:
    hard = {(1.0, 0.0): 1, (0.0, 1.0): 2}
    states = np.zeros((1, p.network.n_findings), dtype=np.int8)
    soft: list[tuple[int, float, float]] = []
    for f, (l0, l1) in zip(p.findings.tolist(), p.likelihoods.tolist(), strict=True):
        if (l0, l1) in hard:
            states[0, f] = hard[l0, l1]
        else:
            soft.append((f, l0, l1))
    columns = [np.array([s[k] for s in soft]) for k in range(3)]
    return infer_batch(
        p.network,
        p.inactive,
        p.active,
        states,
        leak_rows=[p.leak_row],
        target_links=p.target_links,
        target_leaks=p.target_leak,
        soft=(np.array([0, len(soft)]), *columns),
        **options,
    )


def test_numba_equals_enumeration(enumerated: list[Any]) -> None:
    for p, expected in enumerated:
        batch = batch_of_one(p)
        if expected[0] == 0.0:
            assert batch.status[0] == IMPOSSIBLE
            assert batch.log_evidence[0] == -np.inf
            assert np.isnan(batch.present).all()
        else:
            assert batch.status[0] == EXACT
            one = Inference(batch.log_evidence[0], batch.present[0], batch.fired[0], batch.background[0], 0.0)
            assert error(one, expected) < TOLERANCE


def test_a_fallback_over_all_sets_is_exact(enumerated: list[Any]) -> None:
    """Width one sends every loopy graph to the fallback, which lists all sets of up to nine causes."""
    wide = 0
    for p, expected in enumerated:
        if expected[0] == 0.0:
            continue
        got = p.infer(max_width=1)
        wide += batch_of_one(p, max_width=1).status[0] == APPROXIMATE
        assert got.omitted == 0.0
        assert error(got, expected) < TOLERANCE
    # up to nine causes all sets are listed: nothing is left out, and nothing is called approximate
    assert wide == 0


def test_truncated_fallback_covers_the_exact_answer(monkeypatch: pytest.MonkeyPatch, enumerated: list[Any]) -> None:
    """With room for few sets the answer is truncated; the omitted mass covers the distance."""
    monkeypatch.setattr(few_causes, "MAX_SETS", 12)
    truncated = 0
    for p, expected in enumerated:
        if expected[0] == 0.0:
            continue
        try:
            got = p.infer(max_width=2)
        except TooWide:
            continue
        omitted = float(got.omitted)
        truncated += omitted > 1e-6
        assert np.abs(got.present - expected[1]).max() <= omitted + TOLERANCE
        assert np.abs(got.fired - expected[2]).max() <= omitted + TOLERANCE
        assert abs(float(got.background) - expected[3]) <= omitted + TOLERANCE
        exact = math.log(expected[0])
        assert -1e-10 <= exact - float(got.log_evidence) <= -math.log1p(-min(omitted, 1 - 1e-15)) + 1e-10
    assert truncated >= 100


def test_many_wide_findings_fall_back_with_a_stated_bound() -> None:
    rng = np.random.default_rng(5)
    c, n = 40, 30
    network = NoisyOr(
        c,
        np.arange(0, c * n + 1, c),
        np.tile(np.arange(c), n),
        rng.random(c * n) * 0.8,
        np.full((1, n), 0.01),
    )
    prior = np.full(c, 0.01)
    got = infer(network, 1 - prior, prior, np.arange(n), np.tile([0.0, 1.0], (n, 1)), max_width=12)
    assert 0.0 < float(got.omitted) < 1.0
    states = np.full((2, n), 2, dtype=np.int8)
    states[1, 5:] = 1
    batch = infer_batch(network, 1 - prior, prior, states, max_width=12)
    assert batch.status.tolist() == [APPROXIMATE, EXACT]
    assert batch.omitted[0] == got.omitted
    assert batch.omitted[1] == 0.0


def small() -> NoisyOr:
    return NoisyOr(3, [0, 2, 3], [0, 2, 1], [0.5, 0.6, 0.7], [[0.1, 0.2]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"links": [0.5, 1.5, 0.7]}, r"finding 0, cause 2: link 1.5 is not a probability"),
        ({"links": [0.5, float("nan"), 0.7]}, r"finding 0, cause 2: link nan is not a probability"),
        ({"parents": [0, 3, 1]}, r"finding 0: cause 3 is not in 0..2"),
        ({"parents": [2, 0, 1]}, r"finding 0: parents \[2, 0\] are not sorted and unique"),
        ({"parents": [2, 2, 1]}, r"finding 0: parents \[2, 2\] are not sorted and unique"),
        ({"parents": [0.0, 1.5, 1.0]}, r"parents must hold whole numbers"),
        ({"leaks": [[0.1, -0.2]]}, r"finding 1, leak table 0: -0.2 is not a probability"),
        ({"leaks": [[0.1]]}, r"leaks must have shape \(tables, 2 findings\)"),
        ({"indptr": [0, 2, 4]}, r"end at len\(parents\)"),
        ({"links": [0.5, 0.6]}, r"must match"),
    ],
)
def test_a_wrong_network_is_refused(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "indptr": [0, 2, 3],
        "parents": [0, 2, 1],
        "links": [0.5, 0.6, 0.7],
        "leaks": [[0.1, 0.2]],
    }
    with pytest.raises(ValueError, match=message):
        NoisyOr(3, **(good | change))


def test_a_network_cannot_be_changed() -> None:
    network = small()
    with pytest.raises(ValueError, match="read-only"):
        network.links[0] = 0.0
    with pytest.raises(FrozenInstanceError):
        network.n_causes = 4  # type: ignore[misc]


def test_a_network_does_not_follow_the_arrays_it_was_made_from() -> None:
    links = np.array([0.5, 0.6, 0.7])
    network = NoisyOr(3, [0, 2, 3], [0, 2, 1], links, [[0.1, 0.2]])
    links[0] = 0.9
    assert network.links[0] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"findings": [0, 0], "likelihoods": [[0, 1], [0, 1]]}, "finding 0 is listed twice"),
        ({"findings": [2]}, "finding 2 is not in 0..1"),
        ({"findings": [0.5]}, "whole numbers"),
        ({"likelihoods": [[0, -1]]}, r"likelihoods\[0, 1\] is -1.0"),
        ({"likelihoods": [0, 1]}, r"likelihoods must have shape \(1, 2\)"),
        ({"active": [0.1, 0.2]}, r"active must have shape \(3,\)"),
        ({"active": [0.1, 0.2, float("inf")]}, r"active\[2\] is inf"),
        ({"leak_row": 1}, "leak_row 1 is not in 0..0"),
        ({"target_links": [0.1, 0.2, 1.2]}, r"target_links\[2\] is 1.2: not a probability"),
        ({"links": np.zeros((2, 3)), "active": np.ones((4, 3))}, "disagree on the number of draws"),
    ],
)
def test_wrong_input_is_refused(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "inactive": [0.9] * 3,
        "active": [0.1] * 3,
        "findings": [0],
        "likelihoods": [[0, 1]],
    }
    with pytest.raises(ValueError, match=message):
        infer(small(), **(good | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"states": [[0, 3]]}, r"states\[0, 1\] is not 0"),
        ({"states": [[0, 2, 0]]}, "states must have shape"),
        ({"active": [0.1, 0.2, -1.0]}, r"active\[2\] is not a finite non-negative number"),
        ({"leak_rows": [1]}, r"leak_rows\[0\] is not in 0..0"),
        (
            {"soft": ([0, 1], [0], [1.0], [0.5])},
            r"soft: entry\[0\] concerns a finding whose state is also given",
        ),
        ({"soft": ([0, 2], [1, 1], [1.0, 1.0], [0.5, 0.5])}, "listed twice"),
        ({"soft": ([0, 2], [1], [1.0], [0.5])}, "row_ptr must rise"),
        ({"threads": 0}, "threads 0"),
    ],
)
def test_wrong_batch_is_refused(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"inactive": [0.9] * 3, "active": [0.1] * 3, "states": [[2, 0]]}
    with pytest.raises(ValueError, match=message):
        infer_batch(small(), **(good | change))


def test_impossible_evidence_names_the_draw() -> None:
    network = NoisyOr(1, [0, 1], [0], [0.5], [[0.0]])
    with pytest.raises(ImpossibleEvidence, match="draw 1"):
        infer(network, [[0.5], [1.0]], [[0.5], [0.0]], [0], [[0, 1]])


def ring(n: int) -> NoisyOr:
    """Present findings in a ring, without leaks, each explained by two neighbors: half of the causes are needed."""
    rows = [sorted((i, (i + 1) % n)) for i in range(n)]
    return NoisyOr(n, np.arange(0, 2 * n + 1, 2), np.concatenate(rows), np.full(2 * n, 0.5), np.zeros((1, n)))


@pytest.mark.parametrize("apart", [1, 3, 67])
def test_a_core_of_more_than_a_word_of_causes_and_findings(apart: int) -> None:
    """150 of each: in planning their sets take three words. Findings in a ring, five with one more cause."""
    n, rng = 150, np.random.default_rng(apart)
    rows = [np.unique([i, (i + 1) % n, *([(i + apart) % n] if i % 30 == 0 else [])]) for i in range(n)]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    network = NoisyOr(
        n, indptr, np.concatenate(rows), rng.uniform(0.2, 0.9, size=indptr[-1]), rng.uniform(0.01, 0.1, size=(1, n))
    )
    prior = rng.uniform(0.05, 0.3, size=n)
    one = infer(network, 1 - prior, prior, np.arange(n), [[0, 1]] * n)
    batch = infer_batch(network, 1 - prior, prior, np.full((1, n), 2))
    assert batch.status.tolist() == [EXACT]
    assert np.abs(batch.present[0] - one.present).max() < 1e-12
    assert batch.log_evidence[0] == pytest.approx(one.log_evidence, rel=1e-12)


def test_where_many_causes_are_needed_the_bound_still_covers_the_answer() -> None:
    """Twelve causes at least must be active: the listed sets reach them, and say how much they leave out."""
    n, prior = 24, np.full(24, 0.1)
    exact = infer(ring(n), 1 - prior, prior, np.arange(n), [[0, 1]] * n)
    listed = infer(ring(n), 1 - prior, prior, np.arange(n), [[0, 1]] * n, max_width=2)
    assert exact.omitted == 0.0 < float(listed.omitted) <= 1.0
    assert np.abs(listed.present - exact.present).max() <= float(listed.omitted)
    batch = infer_batch(ring(n), 1 - prior, prior, np.full((1, n), 2), max_width=2)
    assert batch.status.tolist() == [APPROXIMATE]


def test_a_patient_beyond_every_method_is_refused_not_guessed() -> None:
    """Twelve causes at 1e-30 each weigh less than the smallest number: the list refuses, the sweep rescales."""
    n = 24
    network, prior = ring(n), np.full(n, 1e-30)
    with pytest.raises(TooWide, match="raise max_width"):
        infer(network, 1 - prior, prior, np.arange(n), [[0, 1]] * n, max_width=2)
    states = np.full((1, n), 2)
    batch = infer_batch(network, 1 - prior, prior, states, max_width=2)
    assert batch.status.tolist() == [TOO_WIDE]
    assert np.isnan(batch.present).all()
    assert infer_batch(network, 1 - prior, prior, states).status.tolist() == [EXACT]
