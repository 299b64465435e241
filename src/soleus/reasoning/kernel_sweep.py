"""The compiled sweep of one patient's graph: `soleus.reasoning.sweep`, in place in tables that are given."""

from __future__ import annotations

from typing import Any

import numpy as np

from soleus.reasoning.kernel_compiler import compiled, compiled_sum

__all__ = ["STORE_TABLES", "sweep"]

STORE_TABLES = 12  # choice: forward tables are kept for the pass back in room for this many of the widest


@compiled_sum
def _total(table: Any, n: int) -> float:
    total = 0.0
    for j in range(n):
        total += table[j]
    return total


@compiled_sum
def _dot(a: Any, b: Any, n: int) -> float:
    total = 0.0
    for j in range(n):
        total += a[j] * b[j]
    return total


@compiled_sum
def _dot_split(a: Any, b: Any, n: int, step: int, both: bool) -> float:
    """Sum of a * b where the bit `step` of b is set; with `both`, a is first summed over that bit."""
    total = 0.0
    for high in range(0, n, 2 * step):
        for j in range(high + step, high + 2 * step):
            total += ((a[j - step] if both else 0.0) + a[j]) * b[j]
    return total


@compiled
def sweep(graph: Any, value: Any, slope: Any, likelihood: Any, fired: Any, space: Any) -> Any:
    """Fill slopes and fired, forward and back; return the log scale: -inf impossible, inf out of room."""
    order, n, c, target, degree, start, edge_of, edge_c, edge_f, edge_q = graph
    waiting, position, opened, entry, bits, table, store = space
    log_z, n_open, n_bits, offset = 0.0, 0, 0, 0
    for k in range(n):
        waiting[order[k]], position[order[k]] = degree[order[k]], -1
    store[0] = 1.0
    for k in range(n):
        v = order[k]
        size = 1 << n_open
        x0, x1 = value[v, 0], value[v, 1]
        low, high, before = table[:size], table[size : 2 * size], store[offset : offset + size]
        for j in range(size):
            low[j] = x0 * before[j]
            high[j] = x1 * before[j]
        for jj in range(start[v], start[v + 1]):
            e = edge_of[jj]
            u = edge_f[e] if v < c else edge_c[e]
            if position[u] < 0:
                continue
            waiting[u] -= 1
            waiting[v] -= 1
            bits[n_bits, 0], bits[n_bits, 1] = e, position[u]
            n_bits += 1
            q, miss, step = edge_q[e], 1.0 - edge_q[e], 1 << position[u]
            if v < c:
                _explain(high, size, step, q, miss)
            else:
                _explain_new(low, high, size, step, q, miss)
        entry[k, 0], entry[k, 1], entry[k, 2] = offset, size, n_bits
        opened[n_open], position[v] = v, n_open
        n_open += 1
        size *= 2
        explained = False
        for p in range(n_open - 1, -1, -1):
            u = opened[p]
            if waiting[u]:
                continue
            bits[n_bits, 0], bits[n_bits, 1] = u, p
            n_bits += 1
            l0, l1 = likelihood[u, 0], likelihood[u, 1]
            explained |= u >= c
            size //= 2
            _leave(table, size, 1 << p, l0, l1)
            n_open -= 1
            for pp in range(p, n_open):
                opened[pp] = opened[pp + 1]
                position[opened[pp]] = pp
        entry[k, 3] = n_bits
        offset += entry[k, 1]
        if offset + size > len(store):
            return np.inf
        scale = 1.0
        if explained:
            total = _total(table, size)
            log_z += np.log(total)
            scale = 1.0 / total
            if not total > 0.0:
                return -np.inf
        after = store[offset : offset + size]
        for j in range(size):
            after[j] = scale * table[j]
    log_z += np.log(store[offset])
    table[0] = 1.0
    for k in range(n - 1, -1, -1):
        v = order[k]
        offset, size, links_end, n_bits = entry[k, 0], entry[k, 1], entry[k, 2], entry[k, 3]
        begin = entry[k - 1, 3] if k else 0
        wide = (2 * size) >> (n_bits - links_end)
        for b in range(n_bits - 1, links_end - 1, -1):
            u = bits[b, 0]
            _enter_back(table, wide, 1 << bits[b, 1], likelihood[u, 0], likelihood[u, 1])
            wide *= 2
        low, high, before = table[:size], table[size : 2 * size], store[offset : offset + size]
        for b in range(begin, links_end):
            q, miss, step = edge_q[bits[b, 0]], 1.0 - edge_q[bits[b, 0]], 1 << bits[b, 1]
            if v < c:
                _explain_back(high, size, step, q, miss)
            else:
                _explain_new_back(low, high, size, step, q, miss)
        x0, x1 = value[v, 0], value[v, 1]
        d0, d1 = _dot(before, low, size), _dot(before, high, size)
        total = x0 * d0 + x1 * d1
        scale = 1.0 / total
        for b in range(begin, links_end):
            e = bits[b, 0]
            if edge_f[e] == target:
                step = 1 << bits[b, 1]
                if v == target:
                    fired[edge_c[e]] = edge_q[e] * (x0 + x1) * _dot_split(before, high, size, step, False) * scale
                else:
                    fired[v] = edge_q[e] * x1 * _dot_split(before, high, size, step, True) * scale
        slope[v, 0], slope[v, 1] = d0 * scale, d1 * scale
        x0, x1 = x0 * scale, x1 * scale  # keeps the sum of forward times backward at one
        for j in range(size):
            low[j] = x0 * low[j] + x1 * high[j]
    return log_z


@compiled
def _explain(high: Any, n: int, step: int, q: float, miss: float) -> None:
    """Let an active cause (the newest bit, half `high`) explain the open finding at bit `step`."""
    if step < 8:  # short runs: one loop over pairs
        for j in range(n // 2):
            at = 2 * j - (j & (step - 1))
            high[at + step] += q * high[at]
            high[at] *= miss
        return
    for block in range(0, n, 2 * step):
        no, yes = high[block : block + step], high[block + step : block + 2 * step]
        for j in range(step):
            yes[j] += q * no[j]
            no[j] *= miss


@compiled
def _explain_back(high: Any, n: int, step: int, q: float, miss: float) -> None:
    """Transpose of `_explain`."""
    if step < 8:
        for j in range(n // 2):
            at = 2 * j - (j & (step - 1))
            high[at] = miss * high[at] + q * high[at + step]
        return
    for block in range(0, n, 2 * step):
        no, yes = high[block : block + step], high[block + step : block + 2 * step]
        for j in range(step):
            no[j] = miss * no[j] + q * yes[j]


@compiled
def _explain_new(low: Any, high: Any, n: int, step: int, q: float, miss: float) -> None:
    """Let the open cause at bit `step` explain the newest finding (from half `low` to half `high`)."""
    for block in range(step, n, 2 * step):
        no, yes = low[block : block + step], high[block : block + step]
        for j in range(step):
            yes[j] += q * no[j]
            no[j] *= miss


@compiled
def _explain_new_back(low: Any, high: Any, n: int, step: int, q: float, miss: float) -> None:
    """Transpose of `_explain_new`."""
    for block in range(step, n, 2 * step):
        no, yes = low[block : block + step], high[block : block + step]
        for j in range(step):
            no[j] = miss * no[j] + q * yes[j]


@compiled
def _leave(table: Any, n: int, step: int, l0: float, l1: float) -> None:
    """Sum the bit `step` out of the table, with its weights; n entries are left, packed at the front."""
    if step < 8:
        for j in range(n):
            at = 2 * j - (j & (step - 1))
            table[j] = l0 * table[at] + l1 * table[at + step]
        return
    for block in range(0, n, step):
        to, no = table[block : block + step], table[2 * block : 2 * block + step]
        yes = table[2 * block + step : 2 * block + 2 * step]
        for j in range(step):
            to[j] = l0 * no[j] + l1 * yes[j]


@compiled
def _enter_back(table: Any, n: int, step: int, l0: float, l1: float) -> None:
    """Transpose of `_leave`: spread n entries over the bit `step`, from the back: none is overwritten."""
    if step < 8:
        for j in range(n - 1, -1, -1):
            at, entry = 2 * j - (j & (step - 1)), table[j]
            table[at + step] = l1 * entry
            table[at] = l0 * entry
        return
    for block in range(n - step, -1, -step):
        of, no = table[block : block + step], table[2 * block : 2 * block + step]
        yes = table[2 * block + step : 2 * block + 2 * step]
        for j in range(step):
            yes[j] = l1 * of[j]
        for j in range(step):
            no[j] = l0 * of[j]
