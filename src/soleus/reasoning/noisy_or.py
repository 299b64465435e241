"""Exact posteriors of causes in a two-layer noisy-OR network, adding and multiplying positive numbers only.

A finding is present when at least one of its active causes' links fires or its leak does. The classic
inclusion-exclusion sum over present findings (Heckerman's Quickscore) subtracts nearly equal numbers and
loses every digit from about 13 present findings on. Here nothing is subtracted:

1. findings known absent multiply into the weights of their causes;
2. parts of the graph that are trees are folded away, leaf by leaf (a cause into the finding it may explain, a
   finding into the weights of its only open cause);
3. what remains is swept once: a table over bits, one bit for each open cause (active?) and each open finding
   (already explained?). A vertex enters the table, is linked to its open neighbors, and leaves when all of
   them have entered. The backward sweep is the exact transpose, so that one pass each way gives every
   posterior.

The order of the sweep is chosen for each patient from the graph alone (`plan_order`). Above a width limit the
answer counts only sets of few causes and states an upper bound on the probability mass left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soleus.reasoning.few_causes import TooWide, few_causes
from soleus.reasoning.patient_graph import (
    Floats,
    ImpossibleEvidence,
    Pair,
    PatientGraph,
    Value,
    is_zero,
)
from soleus.reasoning.plan import plan_order
from soleus.reasoning.sweep import sweep

MAX_WIDTH = 18  # choice: a quarter of a million states a table, about half a second; the compiled kernel uses the same
_MAX_NUMBERS = 1 << 24  # choice: numbers in all tables over all draws; one to two seconds

__all__ = ["ImpossibleEvidence", "Inference", "NoisyOr", "TooWide", "infer", "infer_evidence"]


@dataclass(frozen=True, slots=True, eq=False)
class NoisyOr:
    """Immutable two-layer network: causes above, findings below, each a leaky noisy-OR of its parents.

    P(finding absent | causes) = (1 - leak) x product over its active parents of (1 - link). Causes are
    independent before evidence; their weights belong to the patient and are given to `infer`.

    Parameters
    ----------
    n_causes : int
        Number of causes C.
    indptr : int32 array (F + 1,)
        The parents of finding f are ``parents[indptr[f]:indptr[f + 1]]``.
    parents : int32 array (nnz,)
        Indices of causes, strictly increasing within one finding.
    links : float64 array (nnz,)
        P(this link fires | the cause is active), each in [0, 1].
    leaks : float64 array (B, F)
        P(finding present | no parent active), one row for each leak table (age band), each in [0, 1].

    Raises
    ------
    ValueError
        A shape, index or probability is wrong; the message names the finding and the cause.

    Examples
    --------
    >>> network = NoisyOr(2, indptr=[0, 1, 3], parents=[0, 0, 1], links=[0.9, 0.5, 0.7], leaks=[[0.1, 0.2]])
    >>> network.n_findings
    2
    """

    n_causes: int
    indptr: NDArray[np.int32]
    parents: NDArray[np.int32]
    links: Floats
    leaks: Floats

    def __post_init__(self) -> None:
        """Check everything once and make the arrays read-only, so that a network can be shared and hashed."""
        for name, kind in (
            ("indptr", np.int32),
            ("parents", np.int32),
            ("links", np.float64),
            ("leaks", np.float64),
        ):
            given = np.asarray(getattr(self, name))
            array = np.array(given, dtype=kind, order="C")
            if kind is np.int32 and not np.array_equal(given, array):
                raise ValueError(f"{name} must hold whole numbers that fit 32 bits")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        indptr, parents, links, leaks = self.indptr, self.parents, self.links, self.leaks
        if self.n_causes < 0 or indptr.ndim != 1 or len(indptr) < 1 or indptr[0] != 0 or indptr[-1] != len(parents):
            raise ValueError("indptr must be 1-D, start at 0 and end at len(parents); n_causes must not be negative")
        if parents.ndim != 1 or links.shape != parents.shape:
            raise ValueError(f"links has shape {links.shape}, parents has shape {parents.shape}: they must match")
        if leaks.ndim != 2 or leaks.shape[0] < 1 or leaks.shape[1] != len(indptr) - 1:
            raise ValueError(f"leaks must have shape (tables, {len(indptr) - 1} findings), not {leaks.shape}")
        for finding, (start, end) in enumerate(pairwise(indptr.tolist())):
            if end < start:
                raise ValueError(f"finding {finding}: indptr decreases from {start} to {end}")
            row = parents[start:end].tolist()
            for cause, link in zip(row, links[start:end].tolist(), strict=True):
                if not 0 <= cause < self.n_causes:
                    raise ValueError(f"finding {finding}: cause {cause} is not in 0..{self.n_causes - 1}")
                if not 0.0 <= link <= 1.0:
                    raise ValueError(f"finding {finding}, cause {cause}: link {link} is not a probability")
            if any(b <= a for a, b in pairwise(row)):
                raise ValueError(f"finding {finding}: parents {row} are not sorted and unique")
        wrong = np.argwhere(~((leaks >= 0.0) & (leaks <= 1.0)))
        if len(wrong):
            table, finding = wrong[0].tolist()
            raise ValueError(f"finding {finding}, leak table {table}: {leaks[table, finding]} is not a probability")

    @property
    def n_findings(self) -> int:
        """Number of findings F."""
        return len(self.indptr) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """Posterior of one patient: what is present, what explains the target, and how exact the answer is.

    Attributes
    ----------
    log_evidence : float or array (D,)
        Natural logarithm of the evidence's weight; a probability where the weights and likelihoods are. In
        the fallback a lower bound: the exact value is at most ``log_evidence - log(1 - omitted)``.
    present : array (C,) or (D, C)
        P(cause active | evidence).
    fired : array (C,) or (D, C)
        P(the cause's link to the target fired | evidence); zeros without a target. Several links and the leak
        may have fired at once, so that these do not sum to one.
    background : float or array (D,)
        P(the target's leak fired | evidence).
    omitted : float or array (D,)
        0.0 when exact; else every probability above is within this distance of the exact one (looked at in the first,
        the middle and the last draw).
    """

    log_evidence: float | Floats
    present: Floats
    fired: Floats
    background: float | Floats
    omitted: float | Floats


def infer(
    network: NoisyOr,
    inactive: ArrayLike,
    active: ArrayLike,
    findings: ArrayLike,
    likelihoods: ArrayLike,
    *,
    leak_row: int = 0,
    target_links: ArrayLike | None = None,
    target_leak: ArrayLike = 0.0,
    links: ArrayLike | None = None,
    leaks: ArrayLike | None = None,
    max_width: int = MAX_WIDTH,
) -> Inference:
    """Return the exact posterior of every cause given a patient's findings.

    Answers "which causes are active, and which of them explains the complaint?" A finding that is not listed
    is unknown and changes nothing. Any of the numbers may have a leading axis of D draws; all draws share one
    plan.

    Parameters
    ----------
    network : NoisyOr
        C causes, F findings, B leak tables.
    inactive, active : array (C,) or (D, C)
        Non-negative weights of each cause being absent and present, usually 1 - prevalence and prevalence. A
        zero on one side makes the cause certain or impossible.
    findings : int array (K,)
        The observed findings, each once, in any order.
    likelihoods : array (K, 2) or (D, K, 2)
        P(reading | finding absent) and P(reading | finding present): (1, 0) is absent, (0, 1) present, a
        measurement is any non-negative pair.
    leak_row : int
        Which of the B leak tables applies.
    target_links, target_leak : array (C,) or (D, C), and float or array (D,)
        Links and leak of one more finding, known to be present, for which `fired` and `background` are given.
    links, leaks : array (D, nnz) and (D, F), optional
        Drawn parameters that replace the network's links and its leak table.
    max_width : int
        Most bits a table may have; above it, and where the tables of all draws together would take seconds, only the
        likeliest sets of causes are counted and `Inference.omitted` is positive.

    Returns
    -------
    Inference
        With a leading axis D where any input has one. Weights 1e-300 times smaller than their alternatives
        count as zero.

    Raises
    ------
    ValueError
        An input has the wrong shape, is negative, not finite or not a probability; the message names it.
    ImpossibleEvidence
        The evidence cannot occur; the message says where it contradicts itself.
    TooWide
        Neither an exact answer within `max_width` nor one by small sets of causes exists.

    Notes
    -----
    Source: leaky noisy-OR of Henrion, UAI 1987; the sweep over explained sets is ours, the exact sum that
    Heckerman's Quickscore (UAI 1989) writes with signs. Time is proportional to 2 to the power of the plan's
    width.

    Examples
    --------
    >>> network = NoisyOr(2, indptr=[0, 2], parents=[0, 1], links=[0.9, 0.5], leaks=[[0.0]])
    >>> infer(network, [0.9, 0.8], [0.1, 0.2], findings=[0], likelihoods=[[0, 1]]).present.round(4).tolist()
    [0.5028, 0.6022]
    """
    graph = _read(network, inactive, active, findings, likelihoods, leak_row, target_links, target_leak, links, leaks)
    omitted = _solve(graph, max_width, backward=True)
    graph.unfold()
    return _collect(graph, omitted)


def infer_evidence(
    network: NoisyOr,
    inactive: ArrayLike,
    active: ArrayLike,
    findings: ArrayLike,
    likelihoods: ArrayLike,
    *,
    leak_row: int = 0,
    links: ArrayLike | None = None,
    leaks: ArrayLike | None = None,
    max_width: int = MAX_WIDTH,
) -> float | Floats:
    """Return the logarithm of the evidence alone, in half the time of `infer`; arguments and errors as there.

    Examples
    --------
    >>> network = NoisyOr(2, indptr=[0, 2], parents=[0, 1], links=[0.9, 0.5], leaks=[[0.0]])
    >>> float(np.exp(infer_evidence(network, [0.9, 0.8], [0.1, 0.2], findings=[0], likelihoods=[[0, 1]])).round(4))
    0.181
    """
    graph = _read(network, inactive, active, findings, likelihoods, leak_row, None, 0.0, links, leaks)
    _solve(graph, max_width, backward=False)
    if graph.draws is None:
        return float(graph.log_evidence)
    return np.array(np.broadcast_to(graph.log_evidence, (graph.draws,)), dtype=np.float64)


def _solve(graph: PatientGraph, max_width: int, *, backward: bool) -> Value:
    """Fold and sweep the graph, or count small sets of causes where it is too wide; return the mass left out."""
    graph.fold_leaves()
    core = graph.alive()
    if not core:
        return 0.0
    order, width, size = _plan(tuple((v, tuple(sorted(graph.edges[v]))) for v in core), graph.n_causes)
    too_long = graph.draws is not None and size * graph.draws > _MAX_NUMBERS
    if width > max_width or too_long:
        return few_causes(graph, max_width)
    sweep(graph, order, size, backward=backward)
    return 0.0


@lru_cache(maxsize=16)
def _plan(edges: tuple[tuple[int, tuple[int, ...]], ...], n_causes: int) -> tuple[list[int], int, int]:
    """Plan a graph once: one answer sweeps the same graph for its value, its steps and its interval."""
    return plan_order({v: set(near) for v, near in edges}, n_causes)


def _columns(
    name: str, given: ArrayLike, shape: tuple[int, ...], *, top: float = math.inf
) -> tuple[list[Value], int | None]:
    """Read (*shape) or (D, *shape) numbers into a flat list of floats or of arrays (D,), and say D."""
    array = np.asarray(given, dtype=np.float64)
    if array.shape != shape and array.shape[1:] != shape:
        raise ValueError(f"{name} must have shape {shape} or (draws, *{shape}), not {array.shape}")
    right = (array >= 0.0) & (array <= top) & (array < math.inf)
    if not right.all():
        place = np.argwhere(~right)[0].tolist()
        what = "a probability" if top == 1.0 else "a finite non-negative number"
        raise ValueError(f"{name}{place} is {array[tuple(place)]}: not {what}")
    if array.shape == shape:
        flat: list[Value] = array.ravel().tolist()
        return flat, None
    if len(array) == 0:
        raise ValueError(f"{name} has no draws")
    return list(np.ascontiguousarray(array.reshape(len(array), -1).T)), len(array)


def _read(
    network: NoisyOr,
    inactive: ArrayLike,
    active: ArrayLike,
    findings: ArrayLike,
    likelihoods: ArrayLike,
    leak_row: int,
    target_links: ArrayLike | None,
    target_leak: ArrayLike,
    links: ArrayLike | None,
    leaks: ArrayLike | None,
) -> PatientGraph:
    """Check the inputs, multiply absent findings into the weights, build the graph of the others."""
    n, n_findings = network.n_causes, network.n_findings
    if not 0 <= leak_row < len(network.leaks):
        raise ValueError(f"leak_row {leak_row} is not in 0..{len(network.leaks) - 1}")
    listed = np.asarray(findings)
    if listed.ndim != 1 or (listed.size and not np.issubdtype(listed.dtype, np.integer)):
        raise ValueError("findings must be a 1-D array of whole numbers")
    chosen: list[int] = listed.tolist()
    for f in chosen:
        if not 0 <= f < n_findings:
            raise ValueError(f"finding {f} is not in 0..{n_findings - 1}")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"finding {next(f for f in chosen if chosen.count(f) > 1)} is listed twice")
    read = [
        _columns("inactive", inactive, (n,)),
        _columns("active", active, (n,)),
        _columns("likelihoods", likelihoods if chosen else np.zeros((0, 2)), (len(chosen), 2)),
        ([], None) if target_links is None else _columns("target_links", target_links, (n,), top=1.0),
        _columns("target_leak", target_leak, (), top=1.0),
        ([], None) if links is None else _columns("links", links, (len(network.links),), top=1.0),
        ([], None) if leaks is None else _columns("leaks", leaks, (n_findings,), top=1.0),
    ]
    sizes = {d for _, d in read if d is not None}
    if len(sizes) > 1:
        raise ValueError(f"the inputs disagree on the number of draws: {sorted(sizes)}")
    off, on, weigh, to_target, background, drawn_links, drawn_leaks = (columns for columns, _ in read)
    graph = PatientGraph(n, list(zip(off, on, strict=True)), sizes.pop() if sizes else None)
    graph.normalize(range(n), "both weights are zero")
    kept: list[tuple[list[int], list[Value], Value, Pair, str]] = []
    n_absent = 0
    for k, f in enumerate(chosen):
        start, end = int(network.indptr[f]), int(network.indptr[f + 1])
        row: list[int] = network.parents[start:end].tolist()
        link = drawn_links[start:end] if drawn_links else network.links[start:end].tolist()
        leak = drawn_leaks[f] if drawn_leaks else float(network.leaks[leak_row, f])
        no, yes = weigh[2 * k], weigh[2 * k + 1]
        if is_zero(no - yes):  # the reading says nothing: exactly as if it had not been made
            graph.weigh(no, f"finding {f} has both likelihoods zero")
        elif is_zero(yes):
            graph.weigh(no * (1.0 - leak), f"finding {f} is absent but certain")
            for c, q in zip(row, link, strict=True):
                graph.value[c] = (graph.value[c][0], graph.value[c][1] * (1.0 - q))
            n_absent += 1
            if n_absent % 16 == 0:  # sixteen factors of at least 1e-16 cannot underflow
                graph.normalize(range(n), "an absent finding contradicts it")
        else:
            kept.append((row, link, leak, (no, yes), f"finding {f}"))
    if n_absent:
        graph.normalize(range(n), "an absent finding contradicts it")
    graph.certain = {c for c in range(n) if is_zero(graph.value[c][0])}
    for row, link, leak, pair, name in kept:
        graph.add(row, link, leak, pair, name)
    if target_links is not None:
        graph.target, graph.target_links, graph.target_leak = len(graph.value), to_target, background[0]
        graph.add(list(range(n)), to_target, background[0], (0.0, 1.0), "the target")
    return graph


def _collect(graph: PatientGraph, omitted: Value) -> Inference:
    """Turn the derivatives of the evidence into posteriors."""
    shape = () if graph.draws is None else (graph.draws,)
    present, fired = np.zeros((graph.n_causes, *shape)), np.zeros((graph.n_causes, *shape))
    for c in range(graph.n_causes):
        (x0, x1), (s0, s1) = graph.value[c], graph.slope[c]
        present[c] = x1 * s1 / (x0 * s0 + x1 * s1)
    background: Value = 0.0
    if graph.target >= 0:
        (x0, x1), (s0, s1) = graph.value[graph.target], graph.slope[graph.target]
        without = (x0 + x1) * s1 / (x0 * s0 + x1 * s1)  # P(other evidence) / P(evidence)
        background = np.minimum(graph.target_leak * without, 1.0)
        for c, share in graph.fired.items():
            fired[c] = share
        for c in sorted(graph.certain):
            fired[c] = graph.target_links[c] * without
        np.minimum(fired, present, out=fired)  # a link fires only from an active cause: trims the last digit
    if graph.draws is None:
        return Inference(float(graph.log_evidence), present, fired, float(background), float(omitted))
    log_evidence, background, omitted = (
        np.array(np.broadcast_to(x, shape), dtype=np.float64) for x in (graph.log_evidence, background, omitted)
    )
    return Inference(log_evidence, np.ascontiguousarray(present.T), np.ascontiguousarray(fired.T), background, omitted)
