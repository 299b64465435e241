"""What must hold of inference for any network and any patient (hypothesis).

Tolerance 1e-11: reordering changes the order of a few thousand positive products, whose relative errors are a
few 1e-16 each. Equalities that follow from the code path (a reading that says nothing, the same call twice)
are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from soleus.reasoning.kernel import EXACT, infer_batch
from soleus.reasoning.noisy_or import ImpossibleEvidence, Inference, NoisyOr, infer, infer_evidence

TOLERANCE = 1e-11
fast = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much])


@dataclass
class Patient:
    rows: list[dict[int, float]]
    leaks: list[float]
    prior: NDArray[np.float64]
    findings: list[int]
    likelihoods: NDArray[np.float64]
    target: NDArray[np.float64] | None
    target_leak: float

    @property
    def network(self) -> NoisyOr:
        items = [sorted(row.items()) for row in self.rows]
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in items])])
        flat = [pair for row in items for pair in row]
        return NoisyOr(len(self.prior), indptr, [c for c, _ in flat], [q for _, q in flat], [self.leaks])

    def infer(self, **options: Any) -> Inference:
        given: dict[str, Any] = {"target_links": self.target, "target_leak": self.target_leak}
        return infer(self.network, 1 - self.prior, self.prior, self.findings, self.likelihoods, **(given | options))


probability = st.one_of(
    st.floats(0.0, 1.0, allow_subnormal=False).map(lambda x: round(x, 6)), st.sampled_from([0.0, 1.0, 0.5])
)
likelihood = st.one_of(
    st.just((0.0, 1.0)), st.just((0.0, 1.0)), st.just((1.0, 0.0)), st.tuples(probability, probability)
)


@st.composite
def patients(draw: st.DrawFn, possible: bool = True) -> Patient:
    c, n = draw(st.integers(1, 7)), draw(st.integers(1, 8))
    rows = [draw(st.dictionaries(st.integers(0, c - 1), probability, max_size=c)) for _ in range(n)]
    leaks = draw(st.lists(probability, min_size=n, max_size=n))
    prior = np.array(draw(st.lists(probability, min_size=c, max_size=c)))
    findings = draw(st.lists(st.integers(0, n - 1), unique=True, max_size=n))
    pairs = np.array([draw(likelihood) for _ in findings]).reshape(-1, 2)
    target = np.array(draw(st.lists(probability, min_size=c, max_size=c))) if draw(st.booleans()) else None
    patient = Patient(rows, leaks, prior, findings, pairs, target, draw(probability))
    if possible:
        try:
            patient.infer()
        except ImpossibleEvidence:
            assume(False)
    return patient


def assert_same(a: Inference, b: Inference, causes: Any = slice(None), shift: float = 0.0) -> None:
    np.testing.assert_allclose(b.present, a.present[causes], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(b.fired, a.fired[causes], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(b.background, a.background, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(b.log_evidence, a.log_evidence + shift, rtol=TOLERANCE, atol=TOLERANCE)


@fast
@given(patients(), st.randoms(use_true_random=False))
def test_the_order_of_findings_and_causes_does_not_matter(p: Patient, random: Any) -> None:
    c, k = len(p.prior), len(p.findings)
    causes, listed, rows = list(range(c)), list(range(k)), list(range(len(p.rows)))
    for order in (causes, listed, rows):
        random.shuffle(order)
    new_cause, new_row = {old: i for i, old in enumerate(causes)}, {old: i for i, old in enumerate(rows)}
    shuffled = Patient(
        [{new_cause[cause]: q for cause, q in p.rows[f].items()} for f in rows],
        [p.leaks[f] for f in rows],
        p.prior[causes],
        [new_row[p.findings[i]] for i in listed],
        p.likelihoods[listed],
        None if p.target is None else p.target[causes],
        p.target_leak,
    )
    assert_same(p.infer(), shuffled.infer(), causes)


@fast
@given(patients())
def test_an_unknown_changes_nothing(p: Patient) -> None:
    unknown = [f for f in range(len(p.rows)) if f not in p.findings]
    told = infer(
        p.network,
        1 - p.prior,
        p.prior,
        p.findings + unknown,
        np.concatenate([p.likelihoods, np.ones((len(unknown), 2))]),
        target_links=p.target,
        target_leak=p.target_leak,
    )
    plain = p.infer()
    np.testing.assert_array_equal(told.present, plain.present)
    np.testing.assert_array_equal(told.fired, plain.fired)
    assert told.log_evidence == plain.log_evidence


@fast
@given(patients(), st.sampled_from([1e-30, 0.25, 7.0, 1e12]))
def test_scaling_a_reading_moves_only_the_evidence(p: Patient, factor: float) -> None:
    assume(p.findings)
    likelihoods = p.likelihoods.copy()
    likelihoods[0] *= factor
    scaled = infer(
        p.network,
        1 - p.prior,
        p.prior,
        p.findings,
        likelihoods,
        target_links=p.target,
        target_leak=p.target_leak,
    )
    assert_same(p.infer(), scaled, shift=float(np.log(factor)))


@fast
@given(patients(), st.sampled_from([1e-200, 1e-9, 3.0, 1e200]))
def test_scaling_the_weights_of_a_cause_moves_only_the_evidence(p: Patient, factor: float) -> None:
    inactive, active = 1 - p.prior, p.prior.copy()
    inactive[0] *= factor
    active[0] *= factor
    scaled = infer(
        p.network,
        inactive,
        active,
        p.findings,
        p.likelihoods,
        target_links=p.target,
        target_leak=p.target_leak,
    )
    assert_same(p.infer(), scaled, shift=float(np.log(factor)))


@fast
@given(patients())
def test_probabilities_are_probabilities(p: Patient) -> None:
    got = p.infer()
    for values in (got.present, got.fired, np.array(got.background)):
        assert np.all((values >= 0.0) & (values <= 1.0))
    assert np.all(got.fired <= got.present)
    assert got.omitted == 0.0
    if p.target is not None:  # something must have produced the target: the shares cover at least one whole
        assert got.fired.sum() + got.background >= 1.0 - TOLERANCE


@fast
@given(patients())
def test_the_evidence_alone_is_the_evidence(p: Patient) -> None:
    p.target = None
    alone = infer_evidence(p.network, 1 - p.prior, p.prior, p.findings, p.likelihoods)
    assert alone == p.infer().log_evidence


@fast
@given(patients())
def test_the_same_call_gives_the_same_bits(p: Patient) -> None:
    a, b = p.infer(), p.infer()
    assert a.present.tobytes() == b.present.tobytes()
    assert a.fired.tobytes() == b.fired.tobytes()
    assert a.log_evidence == b.log_evidence


@fast
@given(patients(), st.integers(0, 2**31), st.sampled_from([20, 1]))
def test_draws_equal_separate_calls(p: Patient, seed: int, width: int) -> None:
    """Every input may carry draws; each is what a call of its own gives. Width 1 tests the fallback too."""
    rng = np.random.default_rng(seed)
    d, network = 3, p.network

    def vary(values: Any) -> NDArray[np.float64]:
        return np.clip(np.asarray(values) * rng.uniform(0.7, 1.0, size=(d, *np.shape(values))), 0.0, 1.0)

    active, links, leaks, likelihoods = vary(p.prior), vary(network.links), vary(p.leaks), vary(p.likelihoods)
    target, target_leak = None if p.target is None else vary(p.target), vary(p.target_leak)
    try:
        singles = [
            infer(
                network,
                1 - active[i],
                active[i],
                p.findings,
                likelihoods[i],
                target_leak=target_leak[i],
                max_width=width,
                target_links=None if target is None else target[i],
                links=links[i],
                leaks=leaks[i],
            )
            for i in range(d)
        ]
    except ImpossibleEvidence:
        assume(False)
    drawn = infer(
        network,
        1 - active,
        active,
        p.findings,
        likelihoods,
        target_links=target,
        target_leak=target_leak,
        links=links,
        leaks=leaks,
        max_width=width,
    )
    assert drawn.present.shape == drawn.fired.shape == (d, network.n_causes)
    for i, single in enumerate(singles):
        np.testing.assert_allclose(drawn.present[i], single.present, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(drawn.fired[i], single.fired, rtol=0, atol=TOLERANCE)
        for name in ("log_evidence", "background", "omitted"):
            np.testing.assert_allclose(getattr(drawn, name)[i], getattr(single, name), rtol=0, atol=1e-9)


@fast
@given(st.lists(patients(), min_size=1, max_size=1), st.integers(0, 2**31))
def test_a_batch_equals_single_calls_on_any_number_of_threads(ps: list[Patient], seed: int) -> None:
    """Rows of one network with states and weights of their own, compared row by row with `infer`."""
    rng, p, n = np.random.default_rng(seed), ps[0], 9
    network = p.network
    states = rng.choice(3, size=(n, network.n_findings)).astype(np.int8)
    active = rng.uniform(0.05, 0.95, size=(n, network.n_causes))
    target = rng.random((n, network.n_causes))
    batch = infer_batch(network, 1 - active, active, states, target_links=target, target_leaks=0.1)
    threaded = infer_batch(network, 1 - active, active, states, target_links=target, target_leaks=0.1, threads=2)
    for name in ("log_evidence", "present", "fired", "background", "omitted", "status"):
        np.testing.assert_array_equal(getattr(batch, name), getattr(threaded, name))
    for i in range(n):
        listed = np.flatnonzero(states[i])
        hard = np.where(states[i, listed][:, None] == 2, [[0.0, 1.0]], [[1.0, 0.0]])
        try:
            one = infer(network, 1 - active[i], active[i], listed, hard, target_links=target[i], target_leak=0.1)
        except ImpossibleEvidence:
            assert batch.status[i] != EXACT
            continue
        assert batch.status[i] == EXACT
        row = Inference(batch.log_evidence[i], batch.present[i], batch.fired[i], batch.background[i], 0.0)
        assert_same(one, row)
