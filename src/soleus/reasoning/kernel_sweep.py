"""The compiled sweep of one patient's graph: `soleus.reasoning.sweep`, in place in tables that are given."""

from __future__ import annotations

from typing import Any

import numpy as np

from soleus.reasoning.kernel_compiler import compiled
from soleus.reasoning.kernel_links import link_all, link_new, link_new_back
from soleus.reasoning.kernel_pass import BLOCKS, pass_back, pass_through
from soleus.reasoning.kernel_table import dot, dot_bit, drop, enter_back, leave, mix_back, scale, sum_table
from soleus.reasoning.kernel_vector import LANES

__all__ = ["STORE_TABLES", "count_operations", "forward", "sweep"]

STORE_TABLES = 24  # choice: room for the tables kept for the pass back, in tables of the largest width


@compiled
def sweep(graph: Any, value: Any, slope: Any, likelihood: Any, fired: Any, space: Any) -> tuple[float, float]:
    """Fill slopes and fired, forward and back; return the log scale and the target's weight while unexplained.

    The scale is -inf where the evidence is impossible, inf where the room for tables is too small.
    """
    log_z = forward(graph, value, likelihood, space)
    if not -np.inf < log_z < np.inf:
        return log_z, 0.0
    return log_z, _back(graph, value, slope, likelihood, fired, space)


@compiled
def forward(graph: Any, value: Any, likelihood: Any, space: Any) -> Any:
    """Enter the vertices in order; keep the table before each entry, its links and who left after it."""
    order, n, c, target, degree, start, edge_of, other, _edge_c, _edge_f, edge_q = graph
    waiting, position, opened, entry, rescale, bits, table, kept, aside = space
    log_z, product, pending = 0.0, 1.0, 1.0
    n_open, n_bits, offset = 0, 0, 0
    for k in range(n):
        waiting[order[k]], position[order[k]] = degree[order[k]], -1
    kept[0] = 1.0
    for k in range(n):
        v, size = order[k], 1 << n_open
        ahead = offset + max(size, LANES)  # every table begins where a vector may, so that none lies across cache lines
        if ahead + 2 * size > len(kept):
            return np.inf
        x0, x1 = value[v, 0] * pending, value[v, 1] * pending
        first = n_bits
        for j in range(start[v], start[v + 1]):
            u = other[j]
            if position[u] >= 0:
                waiting[u] -= 1
                bits[n_bits, 0], bits[n_bits, 1] = edge_of[j], position[u]
                n_bits += 1
        waiting[v] -= n_bits - first
        passing = v < c and waiting[v] == 0  # a cause whose findings are all open needs no bit of its own
        entry[k, 0], entry[k, 1], entry[k, 2], entry[k, 4] = offset, size, n_bits, passing
        rescale[k], pending = pending, 1.0
        if n_bits == first:  # nothing to link, so that nothing can leave
            scale(kept, ahead, kept, offset, size, x0)
            scale(kept, ahead + size, kept, offset, size, x1)
            entry[k, 3] = n_bits
            opened[n_open], position[v] = v, n_open
            n_open += 1
            offset = ahead
            continue
        leaves, after = False, size
        for p in range(n_open):
            leaves |= waiting[opened[p]] == 0
        if passing and not leaves:
            pass_through(kept, ahead, kept, offset, size, x0, x1, bits, first, n_bits, edge_q)
            entry[k, 3] = n_bits
            offset = ahead
            continue
        if passing:
            pass_through(table, 0, kept, offset, size, x0, x1, bits, first, n_bits, edge_q)
        else:
            scale(table, 0, kept, offset, size, x0)
            if v < c:
                link_all(table, size, kept, offset, size, x1, bits, first, n_bits, edge_q, False)
            else:
                scale(table, size, kept, offset, size, x1)
                for b in range(first, n_bits):
                    q = edge_q[bits[b, 0]]
                    link_new(table, size, size, 1 << bits[b, 1], q, 1.0 - q)
            opened[n_open], position[v] = v, n_open
            n_open += 1
            after *= 2
        explained, leaving = False, 0
        for p in range(n_open):
            leaving += waiting[opened[p]] == 0
        offset = ahead
        if offset + (after >> leaving) > len(kept):
            return np.inf
        if not leaving:
            scale(kept, offset, table, 0, after, 1.0)
        for p in range(n_open - 1, -1, -1):
            u = opened[p]
            if waiting[u]:
                continue
            bits[n_bits, 0], bits[n_bits, 1] = u, p
            n_bits += 1
            explained |= u >= c
            after //= 2
            leaving -= 1
            if u == target:
                leave(aside, 0, table, after, 1 << p, 1.0, 0.0)
            to, at = (table, 0) if leaving else (kept, offset)  # the last one leaves a table that is kept
            if likelihood[u, 0] == 0.0:
                drop(to, at, table, after, 1 << p)
            else:
                leave(to, at, table, after, 1 << p, likelihood[u, 0], likelihood[u, 1])
            n_open -= 1
            for pp in range(p, n_open):
                opened[pp] = opened[pp + 1]
                position[opened[pp]] = pp
        entry[k, 3] = n_bits
        if explained:
            left = sum_table(kept, offset, after)
            if not left > 0.0:
                return -np.inf
            product *= left
            pending = 1.0 / left
            if not 1e-100 < product < 1e100:
                log_z, product = log_z + np.log(product), 1.0
    entry[n, 0] = offset
    return log_z + np.log(product * (kept[offset] * pending))


@compiled
def _back(graph: Any, value: Any, slope: Any, likelihood: Any, fired: Any, space: Any) -> float:
    """Transpose of `forward`: the sum of forward times backward stays one at every step."""
    order, n, c, target, _degree, _start, _edge_of, _other, edge_c, edge_f, edge_q = graph
    _waiting, _position, _opened, entry, rescale, bits, table, kept, aside = space
    table[0] = 1.0 / kept[entry[n, 0]]
    unexplained = 0.0
    for k in range(n - 1, -1, -1):
        v = order[k]
        offset, size, links_end, n_bits, passing = entry[k, 0], entry[k, 1], entry[k, 2], entry[k, 3], entry[k, 4]
        begin = entry[k - 1, 3] if k else 0
        wide = ((2 - passing) * size) >> (n_bits - links_end)
        for b in range(n_bits - 1, links_end - 1, -1):
            u = bits[b, 0]
            if u == target:
                unexplained = dot(aside, table, wide)
            enter_back(table, wide, 1 << bits[b, 1], likelihood[u, 0], likelihood[u, 1])
            wide *= 2
        x0, x1 = value[v, 0], value[v, 1]
        y0, y1 = x0 * rescale[k], x1 * rescale[k]
        if passing:
            sure = -1
            for b in range(begin, links_end):
                sure = b if edge_f[bits[b, 0]] == target else sure
            d0, d1, fires = pass_back(table, kept, offset, size, y0, y1, bits, begin, links_end, edge_q, sure)
            one = 1.0 / (x0 * d0 + x1 * d1)
            slope[v, 0], slope[v, 1] = d0 * one, d1 * one
            if sure >= 0:
                fired[v] = edge_q[bits[sure, 0]] * x1 * one * fires
            continue
        if v < c:
            link_all(table, size, table, size, size, 1.0, bits, begin, links_end, edge_q, True)
        else:
            for b in range(begin, links_end):
                q = edge_q[bits[b, 0]]
                link_new_back(table, size, size, 1 << bits[b, 1], q, 1.0 - q)
        d0, d1 = mix_back(table, size, kept, offset, size, y0, y1)
        one = 1.0 / (x0 * d0 + x1 * d1)
        slope[v, 0], slope[v, 1] = d0 * one, d1 * one
        for b in range(begin, links_end):
            e, step = bits[b, 0], 1 << bits[b, 1]
            if edge_f[e] == target:
                if v == target:
                    fired[edge_c[e]] = edge_q[e] * (x0 + x1) * one * dot_bit(kept, offset, table, size, size, step, 0.0)
                else:
                    fired[v] = edge_q[e] * x1 * one * dot_bit(kept, offset, table, size, size, step, 1.0)
    return unexplained


@compiled
def count_operations(n: int, entry: Any) -> int:
    """Count the additions and multiplications of the last sweep, forward and back.

    For each state of the table that a vertex enters: two a link and twelve besides for a cause that passes in blocks;
    else three a link (a product, and one that is added, on half of the states, each way) and ten to weigh the newcomer,
    to mix, and to find its two derivatives. Leaving is not counted.
    """
    count, begin = 0, 0
    for k in range(n):
        links, size = entry[k, 2] - begin, entry[k, 1]
        count += (12 + 2 * links if entry[k, 4] and size >= BLOCKS else 10 + 3 * links) * size
        begin = entry[k, 3]
    return count
