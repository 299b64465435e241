"""The answer where the sweep's tables would be too wide: sets of few causes are listed, the rest is bounded.

The posteriors count every set of at most so many open causes. What larger sets would add is bounded from above by
a narrow sweep that keeps only some of the findings (the others count as if any set explained them) and counts
active causes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from soleus.reasoning.patient_graph import Floats, PatientGraph, Value, cut
from soleus.reasoning.plan import plan_order
from soleus.reasoning.sweep import explained

__all__ = ["MAX_SETS", "TooWide", "few_causes"]

MAX_SETS = 40_000  # choice: the largest number of cause sets that are listed; about 0.1 s for one patient
_RELAXED_WIDTH = 12  # choice: width of the sweep that bounds what is left out


class TooWide(ValueError):
    """The exact answer needs more than `max_width` bits, and no small set of causes explains the evidence."""


def few_causes(graph: PatientGraph, max_width: int) -> Value:
    """Sum over sets of few open causes instead of sweeping; return a bound on the share left out.

    Parameters
    ----------
    graph : PatientGraph
        Folded; `slope`, `fired` and `log_evidence` are filled in.
    max_width : int
        Most bits a table may have.

    Raises
    ------
    TooWide
        No set of few causes explains the findings.
    """
    core = graph.alive()
    causes, findings = [v for v in core if v < graph.n_causes], [v for v in core if v >= graph.n_causes]
    budget = MAX_SETS if graph.draws is None else MAX_SETS // 2
    most, listed = 0, 1
    while most < len(causes) and listed + math.comb(len(causes), most + 1) <= budget:
        most += 1
        listed += math.comb(len(causes), most)
    order, near = _relaxed(graph, causes, findings, min(_RELAXED_WIDTH, max_width))
    columns: list[list[Value]] = []
    for i in range(1 if graph.draws is None else graph.draws):
        part = slice(i, i + 1)
        sums = _list_sets(graph, causes, findings, most, part)
        columns.append([*sums, _mass_beyond(graph, order, near, most, part)])
    flat = columns[0] if graph.draws is None else [np.concatenate(list(c)) for c in zip(*columns, strict=True)]
    total, beyond, rest = flat[0], flat[-1], iter(flat[1:-1])
    graph.log_evidence = graph.log_evidence + np.log(total)
    for v in core:
        graph.slope[v] = (next(rest), next(rest))
    if graph.target in findings:
        graph.fired |= {c: graph.edges[c].get(graph.target, 0.0) * next(rest) for c in causes}
    return beyond / (total + beyond)


def _relaxed(
    graph: PatientGraph, causes: list[int], findings: list[int], max_width: int
) -> tuple[list[int], dict[int, set[int]]]:
    """Keep as many findings as a sweep of at most `max_width` bits has room for; return its order and edges."""
    near: dict[int, set[int]] = {c: set() for c in causes}
    order: list[int] = []
    for f in sorted(findings, key=lambda v: len(graph.edges[v])):
        trial = {v: us | {f} if v in graph.edges[f] else us for v, us in near.items()} | {f: set(graph.edges[f])}
        planned, width, _ = plan_order({v: us for v, us in trial.items() if us}, graph.n_causes)
        if width <= max_width:
            order, near = planned, trial
    return [*order, *(c for c in causes if not near[c])], near


def _list_sets(graph: PatientGraph, causes: list[int], findings: list[int], most: int, part: slice) -> list[Value]:
    """Sum over sets of at most `most` causes: total, slopes of causes and findings, target shares."""
    tail = () if graph.draws is None else (1,)
    n, place = len(causes), {f: k for k, f in enumerate(findings)}
    x0 = [cut(graph.value[c][0], part) for c in causes]
    x1 = [cut(graph.value[c][1], part) for c in causes]
    weight: Floats = np.ones((1, *tail))
    member: NDArray[np.bool_] = np.zeros((1, n), dtype=bool)
    no: Floats = np.ones((len(findings), 1, *tail))
    yes = np.zeros_like(no)
    total: Value = 0.0
    inside, outside = np.zeros((n, *tail)), np.zeros((n, *tail))
    slopes = np.zeros((len(findings), 2, *tail))
    with_target = np.zeros((n, *tail))
    for size in range(most + 1):
        gap = np.ones_like(weight)  # product of the inactive weights between a set's last cause and the next
        grown: list[tuple[Floats, NDArray[np.bool_], Floats, Floats]] = []
        for i in range(n):
            if i:
                gap[: math.comb(i - 1, size)] *= x0[i - 1]
            m = math.comb(i, size)  # sets are ordered by their last cause: these have all causes before i
            if size == most or not m:
                continue
            mark, a, b = member[:m].copy(), no[:, :m].copy(), yes[:, :m].copy()
            mark[:, i] = True
            for f, q in graph.edges[causes[i]].items():
                b[place[f]] += a[place[f]] * cut(q, part)
                a[place[f]] *= 1.0 - cut(q, part)
            grown.append((weight[:m] * gap[:m] * x1[i], mark, a, b))
        if n:
            gap[: math.comb(n - 1, size)] *= x0[n - 1]
        joint = weight * gap
        factors = []
        for k, f in enumerate(findings):
            (y0, y1), (l0, l1) = graph.value[f], graph.likelihood[f]
            rest = cut(l0, part) * no[k] + cut(l1, part) * yes[k]
            factors.append((rest, cut(y0, part) * rest + cut(y1, part) * cut(l1, part)))
            joint = joint * factors[-1][1]
        total = total + joint.sum(axis=0)
        inside += member.T.astype(float) @ joint
        outside += (~member).T.astype(float) @ joint
        for k, f in enumerate(findings):
            rest, factor = factors[k]
            without = np.divide(joint, factor, out=np.zeros_like(joint), where=factor > 0.0)
            slopes[k, 0] += (without * rest).sum(axis=0)
            slopes[k, 1] += (without * cut(graph.likelihood[f][1], part)).sum(axis=0)
            if f == graph.target:
                with_target += member.T.astype(float) @ without
        if grown:
            weight, member = np.concatenate([g[0] for g in grown]), np.concatenate([g[1] for g in grown])
            no = np.concatenate([g[2] for g in grown], axis=1)
            yes = np.concatenate([g[3] for g in grown], axis=1)
    if not np.all(total):
        raise TooWide(f"no set of up to {most} causes explains the findings: raise max_width")
    result: list[Value] = [total]
    for i in range(n):
        for sums, x in ((outside[i], x0[i]), (inside[i], x1[i])):
            result.append(np.divide(sums, x * total, out=np.zeros_like(sums), where=np.asarray(x) > 0.0))
    result += [s / total for pair in slopes for s in pair]
    return result + ([w / total for w in with_target] if graph.target in findings else [])


def _mass_beyond(graph: PatientGraph, order: list[int], near: dict[int, set[int]], most: int, part: slice) -> Value:
    """Bound the evidence from sets of more than `most` causes: findings not in `order` count as free."""
    tail = () if graph.draws is None else (1,)
    table: Floats = np.zeros((1, most + 2, *tail))  # second axis: number of active causes, the last is "more"
    table[0, 0] = 1.0
    opened: list[int] = []
    waiting = {v: len(near[v]) for v in order}
    for v in order:
        x0, x1 = cut(graph.value[v][0], part), cut(graph.value[v][1], part)
        new = np.stack([table * x0, table * x1])
        if v < graph.n_causes:
            new[1, :, 1:] = table[:, :-1] * x1
            new[1, :, -1] += table[:, -1] * x1
            new[1, :, 0] = 0.0
        for p, u in enumerate(opened):
            if u in near[v]:
                q = cut(graph.edges[v][u], part)
                no, yes = explained(new, p, v < graph.n_causes)
                yes += no * q
                no *= 1.0 - q
                waiting[u] -= 1
                waiting[v] -= 1
        table = new.reshape(-1, most + 2, *tail)
        opened.append(v)
        for p in [p for p in range(len(opened) - 1, -1, -1) if waiting[opened[p]] == 0]:
            l0, l1 = graph.likelihood[opened.pop(p)]
            split = table.reshape(-1, 2, 1 << p, most + 2, *tail)
            table = (split[:, 0] * cut(l0, part) + split[:, 1] * cut(l1, part)).reshape(-1, most + 2, *tail)
    return table[0, -1]
