"""A cause passes through the table: its two states and all its links, in one pass over the memory each way.

A cause whose findings are all open needs no bit of its own, and most causes are such. Step by step, the copy, every two
links, the mixture and each derivative would be a pass of their own. Here a block of eight vectors, the combinations of
three bits, stays in registers from the first step to the last; a fourth to sixth such link needs another pass.
"""

from __future__ import annotations

from typing import Any

from soleus.reasoning.kernel_compiler import compiled, inlined
from soleus.reasoning.kernel_links import link_all, links_within
from soleus.reasoning.kernel_table import dot_bit, mix, mix_back
from soleus.reasoning.kernel_vector import add, fma, lanes, load, mul, splat, store, swap, total

__all__ = ["BLOCKS", "pass_back", "pass_through"]

BLOCKS = 64  # the fewest states of a table in blocks: three bits within a vector, three that choose one of eight
NONE = (0.0, 0.0, 0.0)


@inlined
def pass_through(
    to: Any, at: int, of: Any, start: int, n: int, x0: float, x1: float, bits: Any, first: int, last: int, edge_q: Any
) -> None:
    """Write x0 times a table plus x1 times what it is once the active cause has explained.

    Edge ``bits[b, 0]`` leads to the finding at position ``bits[b, 1]``, for b from first to last - 1. What is written
    does not overlap with the table.
    """
    if n < BLOCKS:
        link_all(to, at, of, start, n, x1, bits, first, last, edge_q, False)
        mix(to, at, of, start, n, x0)
        return
    within, qa, qb, qc = links_within(bits, first, last, edge_q), 0.0, 0.0, 0.0
    sa, sb, sc, is_begun = 0, 0, 0, False
    for b in range(first, last):
        step, q = 1 << bits[b, 1], edge_q[bits[b, 0]]
        if step < 8:
            continue
        if sa == 0:
            sa, qa = step, q
        elif sb == 0:
            sb, qb = step, q
        elif sc == 0:
            sc, qc = step, q
        else:  # a fourth: the three before it take a pass of their own
            if is_begun:
                _explain(to, at, to, at, n, (sa, sb, sc), (qa, qb, qc), False)
            else:
                _explain(to, at, of, start, n, (sa, sb, sc), (qa, qb, qc), False)
            is_begun = True
            sa, sb, sc, qa, qb, qc = step, 0, 0, q, 0.0, 0.0
    if is_begun:
        _mix(to, at, to, at, n, (sa, sb, sc), (qa, qb, qc), within, of, start, x0, x1)
    else:
        _mix(to, at, of, start, n, (sa, sb, sc), (qa, qb, qc), within, of, start, x0, x1)


@inlined
def pass_back(
    table: Any,
    before: Any,
    start: int,
    n: int,
    x0: float,
    x1: float,
    bits: Any,
    first: int,
    last: int,
    edge_q: Any,
    sure: int,
) -> tuple[float, float, float]:
    """Transpose of `pass_through`, in the first n states of a table; the next n are room to work.

    `before` holds the table that the cause entered. Returns the derivatives by x0, by x1, and by x1 if the link
    ``bits[sure]`` is sure to fire (0 where `sure` is -1).
    """
    if n < BLOCKS:
        link_all(table, n, table, 0, n, 1.0, bits, first, last, edge_q, True)
        d0, d1 = mix_back(table, n, before, start, n, x0, x1)
        return d0, d1, dot_bit(before, start, table, n, n, 1 << bits[sure, 1], 1.0) if sure >= 0 else 0.0
    within, qa, qb, qc = links_within(bits, first, last, edge_q), 0.0, 0.0, 0.0
    sa, sb, sc, place, sure_step = 0, 0, 0, 0, 0
    if sure >= 0:
        sure_step = 1 << bits[sure, 1]
        if sure_step >= 8:  # its derivative is that of the last pass: it is the third bit there
            sc, qc = sure_step, edge_q[bits[sure, 0]]
    for b in range(first, last):
        step, q = 1 << bits[b, 1], edge_q[bits[b, 0]]
        if step < 8 or b == sure:
            continue
        if sa == 0:
            sa, qa = step, q
        elif sb == 0:
            sb, qb = step, q
        elif sc == 0:
            sc, qc = step, q
        else:
            if sure_step >= 8:
                _explain(table, n, table, place, n, (sa, sb, step), (qa, qb, q), True)
                sa, sb = 0, 0
                qa, qb = 0.0, 0.0
            else:
                _explain(table, n, table, place, n, (sa, sb, sc), (qa, qb, qc), True)
                sa, sb, sc, qa, qb, qc = step, 0, 0, q, 0.0, 0.0
            place = n
    return _derive(table, place, before, start, n, (sa, sb, sc), (qa, qb, qc), within, x0, x1, sure_step)


@inlined
def _three_bits(steps: Any) -> Any:
    """Return three steps, those of bits that no link leads to where there is none, and all in ascending order."""
    sa, sb, sc = steps
    if sa == 0:
        sa = _spare(sb | sc)
    if sb == 0:
        sb = _spare(sa | sc)
    if sc == 0:
        sc = _spare(sa | sb)
    low, high = min(sa, sb, sc), max(sa, sb, sc)
    return sa, sb, sc, low, sa ^ sb ^ sc ^ low ^ high, high


@inlined
def _spare(used: int) -> int:
    """Return the smallest step of whole vectors that is not used."""
    free = ~used & -8
    return free & -free


@compiled
def _block(table: Any, j: int, sa: int, sb: int, sc: int) -> Any:
    """Read the eight vectors of a block."""
    return (
        load(table, j),
        load(table, j + sa),
        load(table, j + sb),
        load(table, j + sa + sb),
        load(table, j + sc),
        load(table, j + sa + sc),
        load(table, j + sb + sc),
        load(table, j + sa + sb + sc),
    )


@compiled
def _misses(within: Any, links: Any) -> Any:
    """Return what each of a block's eight vectors is multiplied with: the links to what is not explained all missed."""
    q1, q2, q4 = within
    qa, qb, qc = links
    a, b, c = splat(1.0 - qa), splat(1.0 - qb), splat(1.0 - qc)
    v7 = mul(lanes(1, 1.0 - q1, 1.0), mul(lanes(2, 1.0 - q2, 1.0), lanes(4, 1.0 - q4, 1.0)))
    v6, v5, v3 = mul(a, v7), mul(b, v7), mul(c, v7)
    v4, v2, v1 = mul(b, v6), mul(c, v6), mul(c, v5)
    return mul(c, v4), v1, v2, v3, v4, v5, v6, v7


@compiled
def _times(v: Any, w: Any) -> Any:
    """Return the products of eight vectors and eight others."""
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    w0, w1, w2, w3, w4, w5, w6, w7 = w
    return mul(v0, w0), mul(v1, w1), mul(v2, w2), mul(v3, w3), mul(v4, w4), mul(v5, w5), mul(v6, w6), mul(v7, w7)


@compiled
def _turn(v: Any, step: int, take: Any) -> Any:
    """Add to each lane of eight vectors a share of the one whose index differs in the bit `step`."""
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    return (
        fma(take, _turned(v0, step), v0),
        fma(take, _turned(v1, step), v1),
        fma(take, _turned(v2, step), v2),
        fma(take, _turned(v3, step), v3),
        fma(take, _turned(v4, step), v4),
        fma(take, _turned(v5, step), v5),
        fma(take, _turned(v6, step), v6),
        fma(take, _turned(v7, step), v7),
    )


@compiled
def _turned(v: Any, step: int) -> Any:
    """Exchange the lanes whose index differs in the bit `step`."""
    if step == 1:
        return swap(v, 1)
    if step == 2:
        return swap(v, 2)
    return swap(v, 4)


@compiled
def _hits(v: Any, within: Any, links: Any, back: bool) -> Any:
    """Add what the links explain to a block that is not yet multiplied with `_misses`, or the transpose.

    A link moves q of what is not explained and leaves 1 - q. Links to different findings commute, so that all that is
    left is multiplied at once: one operation for two vectors and a link.
    """
    q1, q2, q4 = within
    if q1 > 0.0:
        v = _turn(v, 1, lanes(1, q1, 0.0) if back else lanes(1, 0.0, q1))
    if q2 > 0.0:
        v = _turn(v, 2, lanes(2, q2, 0.0) if back else lanes(2, 0.0, q2))
    if q4 > 0.0:
        v = _turn(v, 4, lanes(4, q4, 0.0) if back else lanes(4, 0.0, q4))
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    a, b, c = splat(links[0]), splat(links[1]), splat(links[2])
    if back:
        v0, v2, v4, v6 = fma(a, v1, v0), fma(a, v3, v2), fma(a, v5, v4), fma(a, v7, v6)
        v0, v1, v4, v5 = fma(b, v2, v0), fma(b, v3, v1), fma(b, v6, v4), fma(b, v7, v5)
        return fma(c, v4, v0), fma(c, v5, v1), fma(c, v6, v2), fma(c, v7, v3), v4, v5, v6, v7
    v1, v3, v5, v7 = fma(a, v0, v1), fma(a, v2, v3), fma(a, v4, v5), fma(a, v6, v7)
    v2, v3, v6, v7 = fma(b, v0, v2), fma(b, v1, v3), fma(b, v4, v6), fma(b, v5, v7)
    return v0, v1, v2, v3, fma(c, v0, v4), fma(c, v1, v5), fma(c, v2, v6), fma(c, v3, v7)


@compiled
def _write(table: Any, j: int, sa: int, sb: int, sc: int, v: Any) -> None:
    """Write the eight vectors of a block."""
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    store(table, j, v0)
    store(table, j + sa, v1)
    store(table, j + sb, v2)
    store(table, j + sa + sb, v3)
    store(table, j + sc, v4)
    store(table, j + sa + sc, v5)
    store(table, j + sb + sc, v6)
    store(table, j + sa + sb + sc, v7)


@compiled
def _mixed(a: float, v: Any, b: float, w: Any) -> Any:
    """Return a times eight vectors plus b times eight others."""
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    w0, w1, w2, w3, w4, w5, w6, w7 = w
    f, g = splat(a), splat(b)
    return (
        fma(g, w0, mul(f, v0)),
        fma(g, w1, mul(f, v1)),
        fma(g, w2, mul(f, v2)),
        fma(g, w3, mul(f, v3)),
        fma(g, w4, mul(f, v4)),
        fma(g, w5, mul(f, v5)),
        fma(g, w6, mul(f, v6)),
        fma(g, w7, mul(f, v7)),
    )


@compiled
def _product(v: Any, w: Any, sums: Any) -> Any:
    """Add the products of eight vectors and eight others to two sums."""
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    w0, w1, w2, w3, w4, w5, w6, w7 = w
    one, other = sums
    return (
        fma(v6, w6, fma(v4, w4, fma(v2, w2, fma(v0, w0, one)))),
        fma(v7, w7, fma(v5, w5, fma(v3, w3, fma(v1, w1, other)))),
    )


@compiled
def _explain(to: Any, at: int, of: Any, start: int, n: int, steps: Any, links: Any, back: bool) -> None:
    """Write a table after three links, or their transpose."""
    sa, sb, sc, low, middle, high = _three_bits(steps)
    misses = _misses(NONE, links)
    for i in range(0, n >> 3, 8):
        j = i + (i & -low)  # zeros go in where the block has its three bits
        j += j & -middle
        j += j & -high
        v = _block(of, start + j, sa, sb, sc)
        v = _hits(_times(v, misses), NONE, links, True) if back else _times(_hits(v, NONE, links, False), misses)
        _write(to, at + j, sa, sb, sc, v)


@compiled
def _mix(
    to: Any,
    at: int,
    of: Any,
    start: int,
    n: int,
    steps: Any,
    links: Any,
    within: Any,
    before: Any,
    before_start: int,
    x0: float,
    x1: float,
) -> None:
    """Do the last pass of `pass_through`: x1 times a table after up to six links, plus x0 times that before."""
    sa, sb, sc, low, middle, high = _three_bits(steps)
    misses = _misses(within, links)
    for i in range(0, n >> 3, 8):
        j = i + (i & -low)
        j += j & -middle
        j += j & -high
        v = _times(_hits(_block(of, start + j, sa, sb, sc), within, links, False), misses)
        _write(to, at + j, sa, sb, sc, _mixed(x1, v, x0, _block(before, before_start + j, sa, sb, sc)))


@compiled
def _derive(
    table: Any,
    of: int,
    before: Any,
    start: int,
    n: int,
    steps: Any,
    links: Any,
    within: Any,
    x0: float,
    x1: float,
    sure_step: int,
) -> tuple[float, float, float]:
    """Do the last pass of `pass_back`, up to six links; those before it have left their table in ``table[of:]``."""
    sa, sb, sc, low, middle, high = _three_bits(steps)
    misses, zero = _misses(within, links), splat(0.0)
    d0, d1, fired = (zero, zero), (zero, zero), (zero, zero)
    for i in range(0, n >> 3, 8):
        j = i + (i & -low)
        j += j & -middle
        j += j & -high
        v = _hits(_times(_block(table, of + j, sa, sb, sc), misses), within, links, True)
        w, u = _block(before, start + j, sa, sb, sc), _block(table, j, sa, sb, sc)
        d0, d1 = _product(w, u, d0), _product(w, v, d1)
        if sure_step > 0:
            fired = _product(_reached(w, sure_step), v, fired)
        _write(table, j, sa, sb, sc, _mixed(x0, u, x1, v))
    sure = add(fired[0], fired[1])
    if 0 < sure_step < 8:
        sure = mul(lanes(sure_step, 0.0, 1.0), sure)
    return total(add(d0[0], d0[1])), total(add(d1[0], d1[1])), total(sure)


@compiled
def _reached(w: Any, step: int) -> Any:
    """Return what is explained for sure: the two states of a bit added, in its set state; of a low bit, in both."""
    w0, w1, w2, w3, w4, w5, w6, w7 = w
    if step >= 8:  # the block's third bit
        zero = splat(0.0)
        return zero, zero, zero, zero, add(w0, w4), add(w1, w5), add(w2, w6), add(w3, w7)
    return (
        add(w0, _turned(w0, step)),
        add(w1, _turned(w1, step)),
        add(w2, _turned(w2, step)),
        add(w3, _turned(w3, step)),
        add(w4, _turned(w4, step)),
        add(w5, _turned(w5, step)),
        add(w6, _turned(w6, step)),
        add(w7, _turned(w7, step)),
    )
