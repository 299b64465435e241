"""The sweep: one pass forward and one back over a table of bits give the derivative of the evidence at every vertex.

The table has one bit for each open cause (active?) and each open finding (already explained?). A vertex enters
the table, is linked to its open neighbors, and leaves when all of them have entered. The pass back is the exact
transpose of the pass forward. Draws share the order and are swept in chunks that fit a core's cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from soleus.reasoning.patient_graph import Floats, Pair, PatientGraph, Value, cut, is_zero, log_weight

__all__ = ["explained", "sweep"]

_CHUNK_NUMBERS = 1 << 16  # choice: numbers in one table over draws; half a megabyte stays in a core's cache


class _Step(NamedTuple):
    """What the pass back needs of one vertex's entry."""

    vertex: int
    value: Pair
    before: Floats  # the table that the vertex entered
    links: list[tuple[int, int, Value, Value]]  # open neighbor, its bit, link, 1 - link
    left: list[tuple[int, int, Value, Value]]  # vertex that left afterwards, its bit, its two likelihoods


def sweep(graph: PatientGraph, order: list[int], size: int, *, backward: bool = True) -> None:
    """Sweep what is left of the graph and record the derivative at every vertex.

    Parameters
    ----------
    graph : PatientGraph
        Folded; `slope`, `fired` and `log_evidence` are filled in.
    order, size : list of int, int
        Order of its open vertices and total size of the tables, from `plan_order`.
    backward : bool
        False stops at the evidence and records no derivatives.
    """
    parts = [slice(None)]
    if graph.draws is not None:
        widest = max(1, min(_CHUNK_NUMBERS * 2 * len(order) // size, (1 << 26) // size))
        parts = [slice(i, min(i + widest, graph.draws)) for i in range(0, graph.draws, widest)]
    scales: list[Value] = []
    slopes: dict[int, list[Pair]] = {}
    fired: dict[int, list[Value]] = {}
    for part in parts:
        steps, log_scale = _forward(graph, order, part)
        scales.append(log_scale)
        slope, shares = _backward(graph, steps) if backward else ({}, {})
        for v, pair in slope.items():
            slopes.setdefault(v, []).append(pair)
        for v, share in shares.items():
            fired.setdefault(v, []).append(share)

    def joined(values: list[Value]) -> Value:
        return values[0] if graph.draws is None else np.concatenate(values)

    graph.slope |= {
        v: (joined([d0 for d0, _ in pairs]), joined([d1 for _, d1 in pairs])) for v, pairs in slopes.items()
    }
    graph.fired |= {v: joined(shares) for v, shares in fired.items()}
    graph.log_evidence = graph.log_evidence + joined(scales)


def _forward(graph: PatientGraph, order: list[int], part: slice) -> tuple[list[_Step], Value]:
    """Sweep a chunk of draws (all there is without draws) forward; return the steps and the log of the scale."""
    tail = () if graph.draws is None else (len(range(*part.indices(graph.draws))),)
    table: Floats = np.ones((1, *tail))
    opened: list[int] = []
    waiting = {v: len(graph.edges[v]) for v in order}
    log_scale: Value = np.zeros(tail) if tail else 0.0
    steps: list[_Step] = []
    scratch = _Scratch()
    for v in order:
        n = len(table)
        x0, x1 = cut(graph.value[v][0], part), cut(graph.value[v][1], part)
        new: Floats = np.empty((2, n, *tail))
        np.multiply(table, x0, out=new[0])
        np.multiply(table, x1, out=new[1])
        links = []
        for p, u in enumerate(opened):
            if u in graph.edges[v]:
                q = cut(graph.edges[v][u], part)
                miss = 1.0 - q
                links.append((u, p, q, miss))
                waiting[u] -= 1
                waiting[v] -= 1
                no, yes = explained(new, p, v < graph.n_causes)
                yes += scratch.product(no, q)
                no *= miss
        before, table = table, new.reshape(2 * n, *tail)
        opened.append(v)
        left = []
        for p in [p for p in range(len(opened) - 1, -1, -1) if waiting[opened[p]] == 0]:
            u = opened.pop(p)
            l0, l1 = cut(graph.likelihood[u][0], part), cut(graph.likelihood[u][1], part)
            split = table.reshape(-1, 2, 1 << p, *tail)
            if u < graph.n_causes:
                rest = split[:, 0] + split[:, 1]
            elif is_zero(l0):  # a hard finding's pair is (0, 1): what is not explained is dropped
                rest = split[:, 1]
            else:
                rest = split[:, 0] * l0 + split[:, 1] * l1
            table = rest.reshape(-1, *tail)
            left.append((u, p, l0, l1))
        if any(u >= graph.n_causes for u, *_ in left):
            scale = table.max(axis=0) if tail else float(table.max())
            log_scale = log_scale + log_weight(scale, "the present findings cannot be explained together")
            table = table / scale
        steps.append(_Step(v, (x0, x1), before, links, left))
    last = table[0] if tail else float(table[0])
    return steps, log_scale + log_weight(last, "the present findings cannot be explained")


def _backward(graph: PatientGraph, steps: list[_Step]) -> tuple[dict[int, Pair], dict[int, Value]]:
    """Sweep back; return the derivative at every vertex and P(link to the target fired) of its causes."""
    tail = steps[0].before.shape[1:]
    slopes: dict[int, Pair] = {}
    fired: dict[int, Value] = {}
    slope: Floats = np.ones((1, *tail))
    scratch = _Scratch()
    for v, (x0, x1), before, links, left in reversed(steps):
        for u, p, l0, l1 in reversed(left):
            split = np.empty((len(slope) >> p, 2, 1 << p, *tail))
            rest = slope.reshape(-1, 1 << p, *tail)
            if u < graph.n_causes:
                split[:, 0] = split[:, 1] = rest
            elif is_zero(l0):
                split[:, 0] = 0.0
                split[:, 1] = rest
            else:
                np.multiply(rest, l0, out=split[:, 0])
                np.multiply(rest, l1, out=split[:, 1])
            slope = split.reshape(-1, *tail)
        new = slope.reshape(2, -1, *tail)
        for _, p, q, miss in links:
            no, yes = explained(new, p, v < graph.n_causes)
            no *= miss
            no += scratch.product(yes, q)
        d0, d1 = scratch.dot(before, new[0], tail), scratch.dot(before, new[1], tail)
        total = x0 * d0 + x1 * d1
        for u, p, q, _ in links:
            if graph.target in (u, v):
                was = before.reshape(-1, 2, 1 << p, *tail)
                then = new[1].reshape(was.shape)[:, 1]
                if u == graph.target:
                    both = scratch.dot(was[:, 0], then, tail) + scratch.dot(was[:, 1], then, tail)
                    fired[v] = q * x1 * both / total
                else:
                    fired[u] = q * (x0 + x1) * scratch.dot(was[:, 1], then, tail) / total
        slopes[v] = (d0 / total, d1 / total)
        # the division keeps the sum of forward times backward at one
        new[0] *= x0 / total
        new[1] *= x1 / total
        slope = np.add(new[0], new[1], out=new[0])
    return slopes, fired


def explained(table: Floats, position: int, is_cause: bool) -> tuple[Floats, Floats]:
    """Return views of what a link between the newest bit and an older one leaves unexplained and explains."""
    both = table.reshape(2, -1, 2, 1 << position, *table.shape[2:])
    return (both[1, :, 0], both[1, :, 1]) if is_cause else (both[0, :, 1], both[1, :, 1])


class _Scratch:
    """Room for products that are needed once: asking the system for fresh memory costs more than the arithmetic."""

    def __init__(self) -> None:
        self._room: Floats = np.empty(0)

    def product(self, a: Floats, b: Value | Floats) -> Floats:
        """Return a * b, valid until the next product."""
        if self._room.size < a.size:
            self._room = np.empty(2 * a.size)
        return np.multiply(a, b, out=self._room[: a.size].reshape(a.shape))

    def dot(self, a: Floats, b: Floats, tail: tuple[int, ...]) -> Value:
        """Sum of products over states, separately for each draw."""
        if not tail:
            return float(np.vdot(a, b))
        return np.asarray(self.product(a, b).sum(axis=tuple(range(a.ndim - 1))))
