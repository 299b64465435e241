"""One patient's graph of causes and findings: trees are folded away, and unfolded once the rest is known.

A leaf (a vertex with one open neighbor) is folded into that neighbor's weights, until no leaf is left: a cause
into the finding it may explain, a finding into the weights of its only open cause. Unfolding is the exact
transpose; it carries the derivatives of the evidence back out to the leaves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soleus.core.message import say

__all__ = ["Floats", "ImpossibleEvidence", "Pair", "PatientGraph", "Value", "cut", "is_zero", "log_weight"]

Floats = NDArray[np.float64]
Value = Any  # one float, or an array with one float per draw: + and * are all that is asked of it
Pair = tuple[Value, Value]  # weight of 0 (inactive, unexplained) and of 1 (active, explained)


class ImpossibleEvidence(ValueError):
    """The evidence has probability zero under the network, so that no posterior exists."""


class PatientGraph:
    """One patient's graph while it is folded: working state of a single call of `infer`.

    Vertices below C are causes, C + k is the k-th listed finding that is not simply absent, and the target
    comes last. `value[v]` is the pair of weights of v (always summing to one), `slope[v]` the derivative of
    the evidence by them.
    """

    def __init__(self, n_causes: int, value: list[Pair], draws: int | None) -> None:
        self.n_causes, self.draws = n_causes, draws
        self.value = value
        self.likelihood: list[Pair] = [(1.0, 1.0)] * n_causes
        self.edges: list[dict[int, Value]] = [{} for _ in range(n_causes)]
        self.target = -1
        self.target_links: list[Value] = []
        self.target_leak: Value = 0.0
        self.certain: set[int] = set()
        self.folded: list[tuple[int, int, Value, Pair]] = []  # leaf, its neighbor, link, the neighbor's value before
        self.slope: dict[int, Pair] = {}
        self.fired: dict[int, Value] = {}
        self.log_evidence: Value = 0.0

    def add(self, row: Sequence[int], links: Sequence[Value], leak: Value, pair: Pair, name: str) -> None:
        """Add a finding; certain causes explain it at once, impossible ones and zero links are left out."""
        vertex = len(self.value)
        no, yes = 1.0 - leak, leak
        self.edges.append({})
        for c, q in zip(row, links, strict=True):
            if c in self.certain:
                no, yes = no * (1.0 - q), yes + no * q
            elif not is_zero(q) and not is_zero(self.value[c][1]):
                self.edges[c][vertex] = self.edges[vertex][c] = q
        self.value.append((no, yes))
        top = np.maximum(*pair) if self.draws is not None else max(pair)
        self.weigh(top, f"{name} has both likelihoods zero")
        self.likelihood.append((pair[0] / top, pair[1] / top))

    def normalize(self, vertices: Sequence[int], why: str) -> None:
        """Scale pairs of weights to sum one against underflow; the log evidence keeps the scale."""
        for v in vertices:
            no, yes = self.value[v]
            total = no + yes
            if isinstance(total, float) and total == 1.0:
                continue
            self.weigh(total, f"cause {v}: {why}")
            self.value[v] = (no / total, yes / total)

    def weigh(self, weight: Value, where: str) -> None:
        """Multiply the evidence by a weight; a zero weight means that it contradicts itself at `where`."""
        self.log_evidence = self.log_evidence + log_weight(weight, where)

    def alive(self) -> list[int]:
        """Vertices that still have an edge."""
        return [v for v, near in enumerate(self.edges) if near]

    def fold_leaves(self) -> None:
        """Fold every vertex with one open neighbor into it, until none is left; close the roots of trees."""
        leaves = [v for v in reversed(range(len(self.edges))) if len(self.edges[v]) == 1]
        while leaves:
            leaf = leaves.pop()
            if len(self.edges[leaf]) != 1:
                continue
            near, q = self.edges[leaf].popitem()
            del self.edges[near][leaf]
            if len(self.edges[near]) == 1:
                leaves.append(near)
            (x0, x1), (y0, y1) = self.value[leaf], self.value[near]
            self.folded.append((leaf, near, q, (y0, y1)))
            if leaf < self.n_causes:
                self.value[near] = (y0 * (x0 + x1 * (1.0 - q)), y1 * (x0 + x1) + y0 * x1 * q)
            else:
                l0, l1 = self.likelihood[leaf]
                self.value[near] = (y0 * (l0 * x0 + l1 * x1), y1 * (l0 * x0 * (1.0 - q) + l1 * (x1 + x0 * q)))
                self.normalize([near], "a present finding cannot be explained")
        leaf_set = {leaf for leaf, *_ in self.folded}
        for v in range(len(self.edges)):
            if not self.edges[v] and v not in leaf_set:
                (x0, x1), (l0, l1) = self.value[v], self.likelihood[v]
                if v >= self.n_causes:
                    self.weigh(l0 * x0 + l1 * x1, "a finding cannot be explained")
                self.slope[v] = (l0, l1)

    def unfold(self) -> None:
        """Carry the derivatives back out to the leaves, the exact transpose of `fold_leaves`."""
        for leaf, near, q, before in reversed(self.folded):
            (x0, x1), (y0, y1), (d0, d1) = self.value[leaf], before, self.slope[near]
            if leaf < self.n_causes:
                mixed = (1.0 - q) * d0 + q * d1
                s0, s1 = y0 * d0 + y1 * d1, y0 * mixed + y1 * d1
                if near == self.target:
                    self.fired[leaf] = q * x1 * (y0 + y1) * d1 / (x0 * s0 + x1 * s1)
                back = (x0 * d0 + x1 * mixed, (x0 + x1) * d1)
            else:
                l0, l1 = self.likelihood[leaf]
                s0, s1 = y0 * d0 * l0 + y1 * d1 * (l0 * (1.0 - q) + l1 * q), (y0 * d0 + y1 * d1) * l1
                if leaf == self.target:
                    self.fired[near] = q * y1 * d1 * l1 * (x0 + x1) / (x0 * s0 + x1 * s1)
                back = ((l0 * x0 + l1 * x1) * d0, (l0 * x0 * (1.0 - q) + l1 * (x1 + x0 * q)) * d1)
            # a common factor of a slope cancels wherever it is used: keep slopes near one
            total, below = y0 * back[0] + y1 * back[1], x0 * s0 + x1 * s1
            self.slope[near], self.value[near] = (back[0] / total, back[1] / total), before
            self.slope[leaf] = (s0 / below, s1 / below)


def is_zero(value: Value) -> bool:
    """Whether the value is zero (in every draw)."""
    return not value.any() if isinstance(value, np.ndarray) else value == 0.0


def log_weight(value: Value, where: str) -> Value:
    """Natural logarithm of a weight; a zero weight means that the evidence cannot occur."""
    if isinstance(value, np.ndarray):
        if not value.all():
            draw = int(np.argmin(value))
            raise ImpossibleEvidence(
                say("the evidence has probability zero in draw {draw}: {where}", draw=draw, where=where)
            )
        return np.log(value)
    if value == 0.0:
        raise ImpossibleEvidence(say("the evidence has probability zero: {where}", where=where))
    return math.log(value)


def cut(value: Value, part: slice) -> Value:
    """Return the chosen draws of a value; a number that all draws share stays as it is."""
    return value[part] if isinstance(value, np.ndarray) and value.ndim else value
