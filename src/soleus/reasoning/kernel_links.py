"""The links of the compiled sweep: active causes explain open findings in a table, eight states at a time.

Bits and short tables are as in `soleus.reasoning.kernel_table`.
"""

from __future__ import annotations

from typing import Any

from soleus.reasoning.kernel_compiler import compiled, inlined
from soleus.reasoning.kernel_table import scale
from soleus.reasoning.kernel_vector import fma, lanes, load, mul, splat, store, swap

__all__ = ["link_all", "link_new", "link_new_back", "links_within"]


@inlined
def links_within(bits: Any, first: int, last: int, edge_q: Any) -> tuple[float, float, float]:
    """Return the links to findings at the three lowest bits, which are within a vector; 0 where there is none."""
    q1, q2, q4 = 0.0, 0.0, 0.0
    for b in range(first, last):
        p, q = bits[b, 1], edge_q[bits[b, 0]]
        q1 = q if p == 0 else q1
        q2 = q if p == 1 else q2
        q4 = q if p == 2 else q4
    return q1, q2, q4


@compiled
def link_all(
    to: Any,
    at: int,
    of: Any,
    start: int,
    n: int,
    x: float,
    bits: Any,
    first: int,
    last: int,
    edge_q: Any,
    back: bool,
) -> None:
    """Write x times a table in which an active cause explains its open findings; with `back`, the transpose.

    Edge ``bits[b, 0]`` leads to the finding at position ``bits[b, 1]``. Links of different findings commute, so that
    they go through the table together: those of the three lowest bits in the pass that copies, the others two at a
    time.
    """
    if n < 8:
        scale(to, at, of, start, n, x)
        for b in range(first, last):
            _link(to, at, n, 1 << bits[b, 1], edge_q[bits[b, 0]], back)
        return
    q1, q2, q4 = links_within(bits, first, last, edge_q)
    if q1 + q2 + q4 == 0.0:
        scale(to, at, of, start, n, x)
    else:
        take1, take2, take4 = lanes(1, 0.0, q1), lanes(2, 0.0, q2), lanes(4, 0.0, q4)
        if back:
            take1, take2, take4 = lanes(1, q1, 0.0), lanes(2, q2, 0.0), lanes(4, q4, 0.0)
        keep1, keep2, keep4 = lanes(1, x * (1.0 - q1), x), lanes(2, 1.0 - q2, 1.0), lanes(4, 1.0 - q4, 1.0)
        take1 = mul(splat(x), take1)
        for j in range(0, n, 8):
            v = load(of, start + j)
            v = fma(take1, swap(v, 1), mul(keep1, v))
            v = fma(take2, swap(v, 2), mul(keep2, v))
            store(to, at + j, fma(take4, swap(v, 4), mul(keep4, v)))
    single = -1
    for b in range(first, last):
        if bits[b, 1] < 3:
            continue
        if single < 0:
            single = b
        else:
            q, q_other = edge_q[bits[single, 0]], edge_q[bits[b, 0]]
            _link_two(to, at, n, 1 << bits[single, 1], 1 << bits[b, 1], q, q_other, back)
            single = -1
    if single >= 0:
        _link(to, at, n, 1 << bits[single, 1], edge_q[bits[single, 0]], back)


@compiled
def _link_two(table: Any, at: int, n: int, step: int, large: int, q: float, q_large: float, back: bool) -> None:
    """Link the findings at two bits from eight on."""
    if step > large:
        step, large, q, q_large = large, step, q_large, q
    take, keep, more, rest = splat(q), splat(1.0 - q), splat(q_large), splat(1.0 - q_large)
    for i in range(0, n >> 2, 8):
        j = i + (i & -step)  # zeros go in where the two bits are
        j += at + (j & -large)
        v00, v01 = load(table, j), load(table, j + step)
        v10, v11 = load(table, j + large), load(table, j + step + large)
        if back:
            v00, v10 = fma(take, v01, mul(keep, v00)), fma(take, v11, mul(keep, v10))
            store(table, j, fma(more, v10, mul(rest, v00)))
            store(table, j + step, fma(more, v11, mul(rest, v01)))
        else:
            v01, v11 = fma(take, v00, v01), fma(take, v10, v11)
            v00, v10 = mul(keep, v00), mul(keep, v10)
            store(table, j + step + large, fma(more, v01, v11))
            store(table, j, mul(rest, v00))
            store(table, j + step, mul(rest, v01))
            v10 = fma(more, v00, v10)
        store(table, j + large, v10)


@compiled
def _link(table: Any, at: int, n: int, step: int, q: float, back: bool) -> None:
    """Link one finding: any in tables below eight states, one at a bit from eight on in others."""
    miss = 1.0 - q
    if n < 8:
        for j in range(at, at + n):
            if (j - at) & step:
                if back:
                    table[j - step] = miss * table[j - step] + q * table[j]
                else:
                    table[j] += q * table[j - step]
                    table[j - step] *= miss
        return
    take, keep = splat(q), splat(miss)
    for i in range(0, n >> 1, 8):
        j = at + i + (i & -step)  # a zero goes in where the bit is
        no, yes = load(table, j), load(table, j + step)
        if back:
            store(table, j, fma(take, yes, mul(keep, no)))
        else:
            store(table, j + step, fma(take, no, yes))
            store(table, j, mul(keep, no))


@compiled
def link_new(table: Any, high: int, n: int, step: int, q: float, miss: float) -> None:
    """Let the open cause at bit `step` explain the newest finding (from the low half to the half at `high`)."""
    if n < 8:
        for j in range(n):
            if j & step:
                table[high + j] += q * table[j]
                table[j] *= miss
    elif step < 8:
        keep, take = lanes(step, 1.0, miss), lanes(step, 0.0, q)
        for j in range(0, n, 8):
            no = load(table, j)
            store(table, high + j, fma(take, no, load(table, high + j)))
            store(table, j, mul(keep, no))
    else:
        more, rest = splat(q), splat(miss)
        for i in range(0, n >> 1, 8):
            j = i + (i & -step) + step
            no = load(table, j)
            store(table, high + j, fma(more, no, load(table, high + j)))
            store(table, j, mul(rest, no))


@compiled
def link_new_back(table: Any, high: int, n: int, step: int, q: float, miss: float) -> None:
    """Transpose of `link_new`."""
    if n < 8:
        for j in range(n):
            if j & step:
                table[j] = miss * table[j] + q * table[high + j]
    elif step < 8:
        keep, take = lanes(step, 1.0, miss), lanes(step, 0.0, q)
        for j in range(0, n, 8):
            store(table, j, fma(take, load(table, high + j), mul(keep, load(table, j))))
    else:
        more, rest = splat(q), splat(miss)
        for i in range(0, n >> 1, 8):
            j = i + (i & -step) + step
            store(table, j, fma(more, load(table, high + j), mul(rest, load(table, j))))
