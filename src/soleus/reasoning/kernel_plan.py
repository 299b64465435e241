"""The order in which one patient's vertices enter the compiled sweep: `soleus.reasoning.plan`, with counts.

The open edges of vertex v are ``edge_of[start[v]:start[v + 1]]``; edge e joins cause ``edge_c[e]`` and finding
``edge_f[e]``.
"""

from __future__ import annotations

from typing import Any

from soleus.reasoning.kernel_compiler import compiled

__all__ = ["list_core_edges", "plan"]


NARROW = 6  # choice: findings of more causes than this stay bits when the sweep goes over causes
STARTS = 8  # choice: other first movers, tried for wide patients
# choices, measured: below these amounts of work another plan costs more time than it can save
LITTLE_WORK, MUCH_WORK, VERY_MUCH_WORK, STEP_STATES = 24_000, 60_000, 2_000_000, 16


@compiled
def list_core_edges(
    n_all: int, n_edge: int, edge_c: Any, edge_f: Any, degree: Any, start: Any, edge_of: Any, other: Any, fill: Any
) -> None:
    """List the open edges of every vertex that is left: those of v are edge_of[start[v]:start[v + 1]]."""
    total = 0
    for v in range(n_all):
        start[v] = fill[v] = total
        total += degree[v]
    start[n_all] = total
    for e in range(n_edge):
        v, u = edge_c[e], edge_f[e]
        if degree[v] and degree[u]:  # an edge is folded only with one of its ends: both are left, so it is
            edge_of[fill[v]], edge_of[fill[u]] = e, e
            other[fill[v]], other[fill[u]] = u, v
            fill[v] += 1
            fill[u] += 1


@compiled
def _close_greedily(graph: Any, movers: Any, m: int, first: int, space: Any, out: Any) -> None:
    """Order movers[:m] so that few of their neighbors are open at once.

    `waiting[u]` holds the movers on each neighbor u; neighbors with -1 do not count. A mover's score is how many
    neighbors it opens less how many it closes, then how many it opens; counts are kept up to date, not counted anew.
    """
    start, other = graph
    waiting, score, is_open = space
    for k in range(m):
        v = movers[k]
        out[k], new, closed = v, 0, 0
        for j in range(start[v], start[v + 1]):
            u = other[j]
            if waiting[u] > 0:
                new += 1
                closed += waiting[u] == 1
                is_open[u] = 0
        score[v] = 1025 * new - 1024 * closed
    for k in range(m):
        best = k
        if k == 0 and first >= 0:
            best = first
        else:
            least = score[out[k]]
            for j in range(k + 1, m):
                if score[out[j]] < least:
                    best, least = j, score[out[j]]
        v = out[best]
        out[best], out[k] = out[k], v
        score[v] = 1 << 40
        for j in range(start[v], start[v + 1]):
            u = other[j]
            if waiting[u] <= 0:
                continue
            waiting[u] -= 1
            change = 0
            if not is_open[u]:
                is_open[u] = 1
                change = -1025
            if waiting[u] == 1:
                change -= 1024
            if change:
                for i in range(start[u], start[u + 1]):
                    score[other[i]] += change


@compiled
def _measure(order: Any, n: int, c: int, degree: Any, start: Any, other: Any, waiting: Any, is_open: Any) -> Any:
    """Largest number of bits in a table kept, and the work of the sweep, of an order.

    Work is counted in states that a link touches; each step also costs as much as a short table.
    """
    opened, width, work = 0, 0, 0
    for k in range(n):
        waiting[order[k]], is_open[order[k]] = degree[order[k]], 0
    for k in range(n):
        v = order[k]
        links, closed = 0, 0
        for j in range(start[v], start[v + 1]):
            u = other[j]
            links += is_open[u]
            waiting[u] -= 1
            closed += waiting[u] == 0 and is_open[u]
        if opened < 40:
            work += (4 + links) * ((1 << opened) + STEP_STATES) << (v >= c or links < degree[v])
        is_open[v] = 1
        opened += 1 - (waiting[v] == 0)
        width = max(width, opened)
        opened -= closed
    return width, work


@compiled
def plan(core: Any, n: int, c: int, degree: Any, start: Any, other: Any, space: Any) -> int:
    """Choose the order in which the core enters the table; return its width, in bits of the tables kept."""
    order, trial, waiting, is_open, score, stack = space
    n_c = 0
    while core[n_c] < c:
        n_c += 1
    movers, chosen = stack[:n], stack[n : 2 * n]
    graph, counts = (start, other), (waiting, score, is_open)
    best_width, best_work = 1000, 1 << 62
    n_narrow = 0
    for k in range(n_c, n):
        n_narrow += degree[core[k]] <= NARROW
    for attempt in range(3 + 2 * STARTS):
        # findings closed one by one, the finding frontier, the sweep over causes; then the latter two from other starts
        over_causes = attempt == 2 or attempt >= 3 + STARTS
        if best_work <= (0, LITTLE_WORK, MUCH_WORK, VERY_MUCH_WORK)[min(attempt, 3)]:
            break
        if over_causes and n_narrow == 0:
            continue
        m = 0
        for k in range(n):
            v = core[k]
            waiting[v] = 0 if over_causes else degree[v]
            if degree[v] <= NARROW if over_causes and v >= c else v < c and not over_causes:
                movers[m] = v
                m += 1
        if over_causes:
            for k in range(m):
                for j in range(start[movers[k]], start[movers[k] + 1]):
                    waiting[other[j]] += 1
        if attempt == 0:
            _close_findings(graph, core, n_c, n, waiting, is_open, chosen)
        else:
            first = (attempt - 3) % STARTS * m // STARTS if attempt >= 3 else -1
            _close_greedily(graph, movers, m, first, counts, chosen)
        _list_entries(core, n, n_c, c, over_causes, chosen, m, degree, start, other, is_open, trial)
        width, work = _measure(trial, n, c, degree, start, other, waiting, is_open)
        if work < best_work and width <= max(best_width, 30):
            best_width, best_work = width, work
            for k in range(n):
                order[k] = trial[k]
    return best_width


@compiled
def _close_findings(graph: Any, core: Any, n_c: int, n: int, waiting: Any, is_out: Any, out: Any) -> None:
    """Order the causes: again and again those that are left of the finding with the fewest left."""
    start, other = graph
    for k in range(n_c):
        is_out[core[k]] = 0
    w = 0
    while w < n_c:
        least, best = 1 << 40, -1
        for k in range(n_c, n):
            if 0 < waiting[core[k]] < least:
                least, best = waiting[core[k]], core[k]
        for j in range(start[best], start[best + 1]):
            v = other[j]
            if not is_out[v]:
                is_out[v], out[w] = 1, v
                w += 1
                for i in range(start[v], start[v + 1]):
                    waiting[other[i]] -= 1


@compiled
def _list_entries(
    core: Any,
    n: int,
    n_c: int,
    c: int,
    over_causes: bool,
    chosen: Any,
    m: int,
    degree: Any,
    start: Any,
    other: Any,
    is_in: Any,
    trial: Any,
) -> None:
    """List who enters when: a mover after its neighbors; over causes, a cause after its wide findings.

    Causes without a narrow finding come last.
    """
    for k in range(n):
        is_in[core[k]] = 0
    w = 0
    for k in range(m + (n_c if over_causes else 0)):
        v = chosen[k] if k < m else core[k - m]
        if is_in[v]:
            continue
        for j in range(start[v], start[v + 1]):
            u = other[j]
            if is_in[u]:
                continue
            if over_causes and v >= c:
                for jj in range(start[u], start[u + 1]):
                    g = other[jj]
                    if degree[g] > NARROW and not is_in[g]:
                        is_in[g], trial[w] = 1, g
                        w += 1
            is_in[u], trial[w] = 1, u
            w += 1
        is_in[v], trial[w] = 1, v
        w += 1
