"""When the tables would be too wide: sum over sets of few causes, and bound what was left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soleus.reasoning.patient_graph import Floats, PatientGraph, Value
from soleus.reasoning.plan import plan_order
from soleus.reasoning.sweep import explained

MAX_SETS = 40_000  # choice: the largest number of cause sets the fallback lists; about 0.1 s for one patient
RELAXED_WIDTH = 12  # choice: width of the sweep that bounds what the fallback left out


class TooWide(ValueError):
    """The exact answer needs more than `max_width` bits, and no small set of causes explains the evidence."""


def few_causes(graph: PatientGraph, max_width: int) -> Value:
    """Sum over sets of few open causes instead of sweeping; return a bound on the share left out."""
    core = graph.alive()
    causes, findings = [v for v in core if v < graph.n_causes], [v for v in core if v >= graph.n_causes]
    budget = MAX_SETS if graph.draws is None else MAX_SETS // 2
    most, listed = 0, 1
    while most < len(causes) and listed + math.comb(len(causes), most + 1) <= budget:
        most += 1
        listed += math.comb(len(causes), most)
    tail = () if graph.draws is None else (1,)
    kept: list[int] = []
    for f in sorted(findings, key=lambda v: len(graph.edges[v])):
        trial = {c: set(graph.edges[c]) & {*kept, f} for c in causes} | {g: set(graph.edges[g]) for g in [*kept, f]}
        if plan_order({v: near for v, near in trial.items() if near}, graph.n_causes)[1] <= min(
            RELAXED_WIDTH, max_width
        ):
            kept.append(f)
    near = {c: set(graph.edges[c]) & set(kept) for c in causes} | {g: set(graph.edges[g]) for g in kept}
    order = plan_order({v: us for v, us in near.items() if us}, graph.n_causes)[0] if kept else []
    order = [*order, *(c for c in causes if not near[c])]

    columns: list[list[Value]] = []
    for i in range(1 if graph.draws is None else graph.draws):
        part = slice(i, i + 1)

        def cut(value: Value, part: slice = part) -> Value:
            return value[part] if isinstance(value, np.ndarray) and value.ndim else value

        columns.append(_list_sets(graph, causes, findings, most, tail, cut))
        columns[-1].append(_mass_beyond(graph, order, near, most, tail, cut))
    flat = [np.concatenate(list(c)) for c in zip(*columns, strict=True)] if tail else columns[0]
    total, beyond, rest = flat[0], flat[-1], iter(flat[1:-1])
    graph.log_evidence = graph.log_evidence + np.log(total)
    for v in core:
        graph.slope[v] = (next(rest), next(rest))
    if graph.target in findings:
        graph.fired |= {c: graph.edges[c].get(graph.target, 0.0) * next(rest) for c in causes}
    return beyond / (total + beyond)


def _list_sets(
    graph: PatientGraph, causes: list[int], findings: list[int], most: int, tail: tuple[int, ...], cut: Any
) -> list[Value]:
    """Sum over sets of at most `most` causes: total, slopes of causes and findings, target shares."""
    n, place = len(causes), {f: k for k, f in enumerate(findings)}
    x0 = [cut(graph.value[c][0]) for c in causes]
    x1 = [cut(graph.value[c][1]) for c in causes]
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
                b[place[f]] += a[place[f]] * cut(q)
                a[place[f]] *= 1.0 - cut(q)
            grown.append((weight[:m] * gap[:m] * x1[i], mark, a, b))
        if n:
            gap[: math.comb(n - 1, size)] *= x0[n - 1]
        joint = weight * gap
        factors = []
        for k, f in enumerate(findings):
            (y0, y1), (l0, l1) = graph.value[f], graph.likelihood[f]
            rest = cut(l0) * no[k] + cut(l1) * yes[k]
            factors.append((rest, cut(y0) * rest + cut(y1) * cut(l1)))
            joint = joint * factors[-1][1]
        total = total + joint.sum(axis=0)
        inside += member.T.astype(float) @ joint
        outside += (~member).T.astype(float) @ joint
        for k, f in enumerate(findings):
            rest, factor = factors[k]
            without = np.divide(joint, factor, out=np.zeros_like(joint), where=factor > 0.0)
            slopes[k, 0] += (without * rest).sum(axis=0)
            slopes[k, 1] += (without * cut(graph.likelihood[f][1])).sum(axis=0)
            if f == graph.target:
                with_target += member.T.astype(float) @ without
        if grown:
            weight, member = np.concatenate([g[0] for g in grown]), np.concatenate([g[1] for g in grown])
            no, yes = (
                np.concatenate([g[2] for g in grown], axis=1),
                np.concatenate([g[3] for g in grown], axis=1),
            )
    if not np.all(total):
        raise TooWide(f"no set of up to {most} causes explains the findings: raise max_width")
    result: list[Value] = [total]
    for i in range(n):
        for sums, x in ((outside[i], x0[i]), (inside[i], x1[i])):
            result.append(np.divide(sums, x * total, out=np.zeros_like(sums), where=np.asarray(x) > 0.0))
    result += [s / total for pair in slopes for s in pair]
    return result + ([w / total for w in with_target] if graph.target in findings else [])


def _mass_beyond(
    graph: PatientGraph, order: list[int], near: dict[int, set[int]], most: int, tail: tuple[int, ...], cut: Any
) -> Value:
    """Bound the evidence from sets of more than `most` causes: findings not in `order` count as free."""
    table: Floats = np.zeros((1, most + 2, *tail))  # second axis: number of active causes, the last is "more"
    table[0, 0] = 1.0
    opened: list[int] = []
    waiting = {v: len(near[v]) for v in order}
    for v in order:
        x0, x1 = cut(graph.value[v][0]), cut(graph.value[v][1])
        new = np.stack([table * x0, table * x1])
        if v < graph.n_causes:
            new[1, :, 1:] = table[:, :-1] * x1
            new[1, :, -1] += table[:, -1] * x1
            new[1, :, 0] = 0.0
        for p, u in enumerate(opened):
            if u in near[v]:
                q = cut(graph.edges[v][u])
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
            table = (split[:, 0] * cut(l0) + split[:, 1] * cut(l1)).reshape(-1, most + 2, *tail)
    return table[0, -1]
