"""The answer where the sweep's tables would be too wide: the likeliest sets of causes are listed, the rest is bounded.

The posteriors count the sets that weigh most, found level by level: the best sets of one cause, of two, of three ...
What all other sets could add is bounded from above: findings that do not fit a narrow sweep are replaced by an upper
bound that is a product over causes (the tangent of a concave logarithm, Jaakkola and Jordan, JAIR 1999), the sweep
gives the bound of all sets together, and the listed sets' share of it is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soleus.core.message import say
from soleus.reasoning.patient_graph import Floats, PatientGraph, Value
from soleus.reasoning.plan import plan_order
from soleus.reasoning.sweep import explained

__all__ = ["MAX_SETS", "TooWide", "few_causes"]

MAX_SETS = 12_000  # choice: the largest number of cause sets that are listed; about 0.2 s for one patient
_DRAWN_SETS = 750  # choice: the same where many draws share them; ends of intervals move by 0.001 against 3,000
_NUMBERS = 1 << 24  # choice: numbers in one table of sets, findings and draws; a few tenths of a second
_RELAXED_WIDTH = 16  # choice: width of the sweep that bounds what is left out
_FLOOR = -60.0  # choice: an unexplained finding without a leak counts as e^-60 while sets are looked for
_STEEPEST = 20.0  # choice: a tangent that rises by more than e^20 is replaced by the largest weight
_NEGLIGIBLE = 1e-13  # choice: a level that adds less than this share ends the search

Bools = NDArray[np.bool_]


class TooWide(ValueError):
    """The exact answer needs more than `max_width` bits, and no small set of causes explains the evidence."""


@dataclass(frozen=True, slots=True)
class _Open:
    """What is open, as arrays with draws first: D draws (1 without draws), C causes, P findings."""

    off: Floats  # (D, C) weight of each cause being absent
    on: Floats  # (D, C)
    miss: Floats  # (D, C, P) logarithm of 1 - link, 0 where there is no link
    unexplained: Floats  # (D, P) weight of the leak not explaining
    leak: Floats  # (D, P)
    no: Floats  # (D, P) likelihood of the reading when the finding is absent
    yes: Floats  # (D, P)

    @classmethod
    def of(cls, graph: PatientGraph, causes: list[int], findings: list[int]) -> _Open:
        """Collect the open part of a folded graph."""
        draws = 1 if graph.draws is None else graph.draws

        def spread(values: list[Value]) -> Floats:
            return np.array([np.broadcast_to(value, (draws,)) for value in values], dtype=np.float64).T

        miss = np.zeros((draws, len(causes), len(findings)))
        place = {f: k for k, f in enumerate(findings)}
        with np.errstate(divide="ignore"):
            for i, c in enumerate(causes):
                for f, q in graph.edges[c].items():
                    miss[:, i, place[f]] = np.log1p(-np.asarray(q))
        return cls(
            off=spread([graph.value[c][0] for c in causes]),
            on=spread([graph.value[c][1] for c in causes]),
            miss=np.maximum(miss, -700.0),
            unexplained=spread([graph.value[f][0] for f in findings]),
            leak=spread([graph.value[f][1] for f in findings]),
            no=spread([graph.likelihood[f][0] for f in findings]),
            yes=spread([graph.likelihood[f][1] for f in findings]),
        )

    def factors(self, draw: int, log_missed: Floats) -> Floats:
        """Weight of each reading (N, P) for sets whose links all miss with exp(log_missed)."""
        factors: Floats = self.leak[draw] * self.yes[draw] + self.unexplained[draw] * self.rest(draw, log_missed)
        return factors

    def rest(self, draw: int, log_missed: Floats) -> Floats:
        """Weight of each reading (N, P) where the leak does not explain."""
        rest: Floats = self.no[draw] + (self.no[draw] - self.yes[draw]) * np.expm1(log_missed)
        return rest

    def weights(self, draw: int, member: Floats) -> Floats:
        """Return the prior weight (N,) of sets as logarithms."""
        with np.errstate(divide="ignore"):
            log_off, log_on = np.log(self.off[draw]), np.log(self.on[draw])
        log_off = np.maximum(log_off, -700.0)
        weights: Floats = member @ (log_on - log_off) + log_off.sum()
        return weights


def few_causes(graph: PatientGraph, max_width: int) -> float:
    """Sum over the likeliest sets of open causes instead of sweeping; return a bound on the share left out.

    Draws share their sets, found for the first, the middle and the last of them, and the bound is the largest of
    these three.

    Parameters
    ----------
    graph : PatientGraph
        Folded; `slope`, `fired` and `log_evidence` are filled in.
    max_width : int
        Most bits a table may have.

    Raises
    ------
    TooWide
        No listed set of causes explains the findings.
    """
    core = graph.alive()
    causes, findings = [v for v in core if v < graph.n_causes], [v for v in core if v >= graph.n_causes]
    numbers = _Open.of(graph, causes, findings)
    draws = len(numbers.off)
    most = max(12, min(MAX_SETS if draws == 1 else _DRAWN_SETS, _NUMBERS // (max(len(findings), 1) * draws)))
    looked = sorted({0, draws // 2, draws - 1})
    member = _likely_sets(numbers, min(most, MAX_SETS), looked)
    order, near = _relaxed(graph, causes, findings, min(_RELAXED_WIDTH, max_width))
    kept = np.array([f in near for f in findings])
    everything = len(causes) < 60 and len(member) == 1 << len(causes)
    target = findings.index(graph.target) if graph.target in findings else -1
    columns: list[list[float]] = []
    omitted = 0.0
    for d in range(draws):
        total, sums, joint, log_missed = _sum_sets(numbers, d, member, target)
        if total == 0.0:
            raise TooWide(
                say(
                    "none of the {sets} likeliest sets of causes explains the findings: raise max_width",
                    sets=len(member),
                )
            )
        columns.append([total, *sums])
        if d in looked and not everything:
            beyond = _mass_beyond(graph, numbers, d, member, joint, log_missed, causes, order, near, kept)
            omitted = max(omitted, beyond / (total + beyond))
    flat: list[Value] = (
        list(columns[0]) if graph.draws is None else [np.array(list(values)) for values in zip(*columns, strict=True)]
    )
    rest = iter(flat[1:])
    graph.log_evidence = graph.log_evidence + np.log(flat[0])
    for v in core:
        graph.slope[v] = (next(rest), next(rest))
    if graph.target in findings:
        graph.fired |= {c: graph.edges[c].get(graph.target, 0.0) * next(rest) for c in causes}
    return omitted


def _likely_sets(numbers: _Open, most: int, looked: list[int]) -> Bools:
    """Return the sets (N, C), at most `most`, that weigh most in some of the draws, the empty one among them."""
    n = numbers.off.shape[1]
    if n < 20 and 1 << n <= most:
        return (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(bool)
    names = np.asarray(np.random.default_rng(0).integers(1, 1 << 62, size=n, dtype=np.uint64))
    found: dict[int, tuple[float, Bools]] = {}
    for d in looked:
        for score, member in _search(numbers, d, names, max(2, most // (4 * len(looked)))):
            for s, row, key in zip(score.tolist(), member, (member @ names).tolist(), strict=True):
                if key not in found or s > found[key][0]:
                    found[key] = (s, row)
    best = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))[:most]
    return np.array([row for _, (_, row) in best])


def _search(numbers: _Open, draw: int, names: NDArray[np.uint64], beam: int) -> list[tuple[Floats, Bools]]:
    """Grow sets by one cause at a time, keeping the `beam` best of each size; scores are relative to the best set."""
    n = numbers.off.shape[1]
    member: Bools = np.zeros((1, n), dtype=bool)
    log_missed: Floats = np.zeros((1, numbers.leak.shape[1]))
    levels: list[tuple[Floats, Bools]] = []
    total = -np.inf
    for _ in range(n + 1):
        with np.errstate(divide="ignore"):
            readings = np.maximum(np.log(numbers.factors(draw, log_missed)), _FLOOR)
        score = numbers.weights(draw, member.astype(np.float64)) + readings.sum(axis=1)
        if len(score) > beam:
            chosen = np.argpartition(-score, beam)[:beam]
            score, member, log_missed = score[chosen], member[chosen], log_missed[chosen]
        levels.append((score, member))
        mass = float(np.logaddexp.reduce(score))
        if mass < total + np.log(_NEGLIGIBLE):
            break
        total = float(np.logaddexp(total, mass))
        rows, added = np.nonzero(~member)
        if not len(rows):
            break
        _, first = np.unique((member @ names)[rows] + names[added], return_index=True)
        rows, added = rows[first], added[first]
        member, log_missed = member[rows], log_missed[rows] + numbers.miss[draw][added]
        member[np.arange(len(rows)), added] = True
    return [(score - total, member) for score, member in levels]


def _sum_sets(numbers: _Open, draw: int, member: Bools, target: int) -> tuple[float, list[float], Floats, Floats]:
    """Sum over sets: total, slopes of causes and findings, target shares; and each set's weight and misses."""
    chosen = member.astype(np.float64)
    log_missed = chosen @ numbers.miss[draw]
    rest = numbers.rest(draw, log_missed)
    factors = numbers.leak[draw] * numbers.yes[draw] + numbers.unexplained[draw] * rest
    joint = np.exp(numbers.weights(draw, chosen)) * factors.prod(axis=1)
    total = float(joint.sum())
    if total == 0.0:
        return 0.0, [], joint, log_missed
    inside = joint @ chosen
    sums: list[float] = []
    for i in range(chosen.shape[1]):
        for part, x in ((total - inside[i], numbers.off[draw, i]), (inside[i], numbers.on[draw, i])):
            sums.append(max(float(part), 0.0) / (float(x) * total) if x > 0.0 else 0.0)
    share = np.divide(1.0, factors, out=np.zeros_like(factors), where=factors > 0.0)
    leaked = joint @ share
    unexplained = joint @ np.multiply(share, rest, out=rest) / total
    for k in range(factors.shape[1]):
        sums += [float(unexplained[k]), float(leaked[k] * numbers.yes[draw, k] / total)]
    if target >= 0:
        sums += (((joint * share[:, target]) @ chosen) / total).tolist()
    return total, sums, joint, log_missed


def _relaxed(
    graph: PatientGraph, causes: list[int], findings: list[int], max_width: int
) -> tuple[list[int], dict[int, set[int]]]:
    """Keep as many findings as a sweep of at most `max_width` bits has room for; return its order and edges."""
    near: dict[int, set[int]] = {c: set() for c in causes}
    order: list[int] = []
    for f in sorted(findings, key=lambda v: (np.mean(graph.value[v][1]), v)):  # the least leak is the hardest to bound
        trial = {v: us | {f} if v in graph.edges[f] else us for v, us in near.items()} | {f: set(graph.edges[f])}
        planned, width, _ = plan_order({v: us for v, us in trial.items() if us}, graph.n_causes)
        if width <= max_width:
            order, near = planned, trial
    return [*order, *(c for c in causes if not near[c])], near


def _mass_beyond(
    graph: PatientGraph,
    numbers: _Open,
    draw: int,
    member: Bools,
    joint: Floats,
    log_missed: Floats,
    causes: list[int],
    order: list[int],
    near: dict[int, set[int]],
    kept: Bools,
) -> float:
    """Bound the evidence of all sets that were not listed."""
    height, slope = _line_above(numbers, draw, joint, log_missed, kept)
    # exp(height + slope * misses) is never below the reading's weight, and is a product over causes
    tilt = numbers.miss[draw] @ slope
    top = float(height.sum())
    chosen = member.astype(np.float64)
    readings = numbers.factors(draw, log_missed)[:, kept].prod(axis=1)
    listed = float((np.exp(numbers.weights(draw, chosen) + chosen @ tilt + top) * readings).sum())
    place = {c: i for i, c in enumerate(causes)}
    off, on = numbers.off[draw], numbers.on[draw] * np.exp(tilt)
    table: Floats = np.ones(1)
    opened: list[int] = []
    waiting = {v: len(near[v]) for v in order}
    for v in order:
        x0, x1 = (
            (off[place[v]], on[place[v]])
            if v in place
            else (_cut(graph.value[v][0], draw), _cut(graph.value[v][1], draw))
        )
        new = np.stack([table * x0, table * x1])
        for p, u in enumerate(opened):
            if u in near[v]:
                q = _cut(graph.edges[v][u], draw)
                no, yes = explained(new, p, v < graph.n_causes)
                yes += no * q
                no *= 1.0 - q
                waiting[u] -= 1
                waiting[v] -= 1
        table = new.reshape(-1)
        opened.append(v)
        for p in [p for p in range(len(opened) - 1, -1, -1) if waiting[opened[p]] == 0]:
            u = opened.pop(p)
            split = table.reshape(-1, 2, 1 << p)
            l0, l1 = _cut(graph.likelihood[u][0], draw), _cut(graph.likelihood[u][1], draw)
            table = (split[:, 0] * l0 + split[:, 1] * l1).reshape(-1)
    bound = float(table[0]) * float(np.exp(top))
    return max(bound - listed, 0.0) + 1e-12 * bound  # the subtraction rounds


def _line_above(numbers: _Open, draw: int, joint: Floats, log_missed: Floats, kept: Bools) -> tuple[Floats, Floats]:
    """Bound the logarithm of each reading's weight by a line in its misses: (height, slope), zero where kept.

    With m the sum of log(1 - link) over a set, the weight is a + b exp(m), m <= 0. For b < 0 its logarithm is concave
    in m: the tangent where the listed sets are. For b > 0 it is convex: the chord over all possible m.
    """
    yes, no, free = numbers.yes[draw], numbers.no[draw], numbers.unexplained[draw]
    a, b = yes * (free + numbers.leak[draw]), free * (no - yes)
    height, slope = np.zeros(len(a)), np.zeros(len(a))
    lowest = numbers.miss[draw].sum(axis=0)
    at = joint @ log_missed / joint.sum()
    for k in np.nonzero(~kept)[0]:
        m = min(at[k], -1e-9)
        value = a[k] + b[k] * np.exp(m)
        tangent = b[k] * np.exp(m) / value
        if b[k] < 0.0 and tangent * lowest[k] < _STEEPEST:
            slope[k] = tangent
            height[k] = np.log(value) - tangent * m
        elif b[k] > 0.0:
            ends = np.log(a[k] + b[k]), np.log(max(a[k] + b[k] * np.exp(lowest[k]), 1e-300))
            slope[k] = (ends[0] - ends[1]) / -lowest[k] if lowest[k] < 0.0 else 0.0
            height[k] = ends[0]
        else:  # flat, or so steep that the tangent says nothing
            height[k] = np.log(a[k])
    return height, slope


def _cut(value: Value, draw: int) -> float:
    return float(value[draw]) if isinstance(value, np.ndarray) and value.ndim else float(value)
