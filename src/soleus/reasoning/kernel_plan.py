"""The order in which one patient's vertices enter the compiled sweep: `soleus.reasoning.plan`, with sets as masks.

The open edges of vertex v are ``edge_of[start[v]:start[v + 1]]``; edge e joins cause ``edge_c[e]`` and finding
``edge_f[e]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from soleus.reasoning.kernel_compiler import compiled

__all__ = ["list_core_edges", "plan"]


@compiled
def list_core_edges(
    n_all: int, n_edge: int, edge_c: Any, edge_f: Any, degree: Any, start: Any, edge_of: Any, fill: Any
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
            fill[v] += 1
            fill[u] += 1


@compiled
def _count(bits: Any) -> Any:
    """Count the ones of an unsigned 64-bit number (the pattern that compilers turn into one instruction)."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def _close_greedily(movers: Any, m: int, first: int, masks: Any, weights: Any, n_bits: int, out: Any) -> None:
    """Order movers[:m] so that few of their neighbors are open at once; weights: movers on each neighbor."""
    opened, last, one = np.uint64(0), np.uint64(0), np.uint64(1)
    for b in range(n_bits):
        if weights[b] == 1:
            last |= one << np.uint64(b)
    for k in range(m):
        out[k] = movers[k]
    for k in range(m):
        best, best_score = k, 1 << 30
        for j in range(k, m):
            mask = masks[out[j]]
            new = _count(mask & ~opened)
            score = 1024 * (new - _count(mask & last)) + new
            if score < best_score:
                best, best_score = j, score
        if k == 0 and first >= 0:
            best = first
        v = out[best]
        out[best] = out[k]
        out[k] = v
        mask = masks[v]
        opened |= mask
        for b in range(n_bits):
            bit = one << np.uint64(b)
            if mask & bit:
                weights[b] -= 1
                if weights[b] == 1:
                    last |= bit
                elif weights[b] == 0:
                    last &= ~bit


@compiled
def _measure(
    order: Any,
    n: int,
    c: int,
    degree: Any,
    start: Any,
    edge_of: Any,
    edge_c: Any,
    edge_f: Any,
    waiting: Any,
    position: Any,
) -> tuple[int, int]:
    """Width and total table size of an order (see `plan_order`)."""
    opened, width, size = 0, 0, 0
    for k in range(n):
        v = order[k]
        waiting[v], position[v] = degree[v], -1
    for k in range(n):
        v = order[k]
        opened += 1
        if opened > width:
            width = opened
        if opened < 50:
            size += 1 << opened
        position[v] = 0
        for j in range(start[v], start[v + 1]):
            u = edge_f[edge_of[j]] if v < c else edge_c[edge_of[j]]
            waiting[u] -= 1
            if waiting[u] == 0 and position[u] == 0:
                opened -= 1
        if waiting[v] == 0:
            opened -= 1
    return width, size


@compiled
def plan(core: Any, n: int, c: int, degree: Any, start: Any, edge_of: Any, edge_c: Any, edge_f: Any, space: Any) -> int:
    """Choose the order in which the core enters the table; return its width (as `plan_order` does)."""
    order, trial, waiting, position, masks, local, stack = space
    n_c = 0
    while core[n_c] < c:
        n_c += 1
    n_f = n - n_c
    if n_f > 64:
        return 1000
    for k in range(n):
        local[core[k]] = k if k < n_c else k - n_c
        masks[core[k]] = 0
    for k in range(n):
        v = core[k]
        for j in range(start[v], start[v + 1]):
            u = edge_f[edge_of[j]] if v < c else edge_c[edge_of[j]]
            if k < n_c or n_c <= 64:
                masks[v] |= np.uint64(1) << np.uint64(local[u])
    movers, weights, chosen = stack[:n], stack[n : 2 * n], stack[2 * n : 3 * n]
    best_width, best_size = 1000, 1 << 62
    n_narrow = 0
    for k in range(n_c, n):
        n_narrow += degree[core[k]] <= 6
    if n_c > 64:
        n_narrow = 0
    for attempt in range(2 + 16):
        # 0 and 2..9: finding frontier; 1 and 10..17: sweep over causes
        over_causes = attempt == 1 or attempt >= 10
        if attempt == 1 and best_size <= 256:
            break
        if attempt == 2 and best_size <= 16384:  # a wide patient: a few more starts cost less than they save
            break
        if over_causes and n_narrow == 0:
            continue
        m, first = 0, -1
        if over_causes:
            for k in range(n_c):
                weights[k] = 0
            for k in range(n_c, n):
                f = core[k]
                if degree[f] <= 6:
                    movers[m] = f
                    m += 1
                    for j in range(start[f], start[f + 1]):
                        weights[local[edge_c[edge_of[j]]]] += 1
        else:
            m = n_c
            for k in range(n_c):
                movers[k] = core[k]
            for k in range(n_c, n):
                weights[k - n_c] = degree[core[k]]
        if attempt >= 2:
            first = (attempt - 2) % 8 * m // 8
        _close_greedily(movers, m, first, masks, weights, n_c if over_causes else n_f, chosen)
        for k in range(n):
            position[core[k]] = -1
        w = 0
        for k in range(m + (n_c if over_causes else 0)):
            # a mover enters after its neighbors; over causes, a cause enters after its wide findings, and
            # causes without narrow findings come last
            v = chosen[k] if k < m else core[k - m]
            if position[v] == 0:
                continue
            for j in range(start[v], start[v + 1]):
                u = edge_f[edge_of[j]] if v < c else edge_c[edge_of[j]]
                if position[u] == 0:
                    continue
                if over_causes and v >= c:
                    for jj in range(start[u], start[u + 1]):
                        g = edge_f[edge_of[jj]]
                        if degree[g] > 6 and position[g] < 0:
                            position[g] = 0
                            trial[w] = g
                            w += 1
                position[u] = 0
                trial[w] = u
                w += 1
            position[v] = 0
            trial[w] = v
            w += 1
        width, size = _measure(trial, n, c, degree, start, edge_of, edge_c, edge_f, waiting, position)
        if size < best_size and width <= max(best_width, 30):
            best_width, best_size = width, size
            for k in range(n):
                order[k] = trial[k]
    return best_width
