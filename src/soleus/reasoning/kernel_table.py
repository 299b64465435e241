"""What the compiled sweep does to its tables: scale, mix, leave and their transposes, eight states at a time.

A table holds one number for each combination of its bits; the bit `step` (a power of two) is set where
``index & step``. Tables of fewer than eight states, and the rest of the code, use plain loops.
"""

from __future__ import annotations

from typing import Any

from soleus.reasoning.kernel_compiler import compiled
from soleus.reasoning.kernel_vector import (
    add,
    first_of_pairs,
    fma,
    lanes,
    load,
    merge_pairs,
    mul,
    splat,
    store,
    swap,
    total,
)

__all__ = [
    "dot",
    "dot_bit",
    "drop",
    "enter_back",
    "leave",
    "mix",
    "mix_back",
    "scale",
    "sum_table",
]


@compiled
def scale(to: Any, at: int, of: Any, start: int, n: int, x: float) -> None:
    """Write x times a table."""
    if n < 8:
        for j in range(n):
            to[at + j] = x * of[start + j]
        return
    factor = splat(x)
    for j in range(0, n, 8):
        store(to, at + j, mul(factor, load(of, start + j)))


@compiled
def mix(to: Any, at: int, of: Any, start: int, n: int, x: float) -> None:
    """Add x times a table to another."""
    if n < 8:
        for j in range(n):
            to[at + j] += x * of[start + j]
        return
    factor = splat(x)
    for j in range(0, n, 8):
        store(to, at + j, fma(factor, load(of, start + j), load(to, at + j)))


@compiled
def mix_back(table: Any, high: int, before: Any, start: int, n: int, x0: float, x1: float) -> tuple[float, float]:
    """Replace the low half by x0 * low + x1 * high; return the products of both halves with the table before."""
    if n < 8:
        d0, d1 = 0.0, 0.0
        for j in range(n):
            d0 += before[start + j] * table[j]
            d1 += before[start + j] * table[high + j]
            table[j] = x0 * table[j] + x1 * table[high + j]
        return d0, d1
    sum0, sum1, f0, f1 = splat(0.0), splat(0.0), splat(x0), splat(x1)
    for j in range(0, n, 8):
        was, low, up = load(before, start + j), load(table, j), load(table, high + j)
        sum0, sum1 = fma(was, low, sum0), fma(was, up, sum1)
        store(table, j, fma(f1, up, mul(f0, low)))
    return total(sum0), total(sum1)


@compiled
def sum_table(table: Any, start: int, n: int) -> Any:
    """Sum of a table."""
    if n < 8:
        plain = 0.0
        for j in range(n):
            plain += table[start + j]
        return plain
    sums = splat(0.0)
    for j in range(0, n, 8):
        sums = add(sums, load(table, start + j))
    return total(sums)


@compiled
def dot(a: Any, b: Any, n: int) -> Any:
    """Sum of products."""
    if n < 8:
        plain = 0.0
        for j in range(n):
            plain += a[j] * b[j]
        return plain
    sums = splat(0.0)
    for j in range(0, n, 8):
        sums = fma(load(a, j), load(b, j), sums)
    return total(sums)


@compiled
def dot_bit(a: Any, start: int, b: Any, high: int, n: int, step: int, both: float) -> Any:
    """Sum of (a + both * a without the bit) * b where the bit `step` of b is set."""
    if n < 8:
        plain = 0.0
        for j in range(n):
            if j & step:
                plain += (both * a[start + j - step] + a[start + j]) * b[high + j]
        return plain
    sums, factor = splat(0.0), splat(both)
    if step >= 8:
        for i in range(0, n >> 1, 8):
            j = i + (i & -step)  # a zero goes in where the bit is
            was = fma(factor, load(a, start + j), load(a, start + j + step))
            sums = fma(was, load(b, high + j + step), sums)
        return total(sums)
    wanted = lanes(step, 0.0, 1.0)
    for j in range(0, n, 8):
        was = load(a, start + j)
        if step == 1:
            other = swap(was, 1)
        elif step == 2:
            other = swap(was, 2)
        else:
            other = swap(was, 4)
        sums = fma(mul(wanted, fma(factor, other, was)), load(b, high + j), sums)
    return total(sums)


@compiled
def leave(to: Any, place: int, table: Any, n: int, step: int, l0: float, l1: float) -> None:
    """Sum the bit `step` out of a table with its weights; the n entries left are packed from to[place] on."""
    if step < 8 and n < 8:
        for j in range(n):
            at = 2 * j - (j & (step - 1))
            to[place + j] = l0 * table[at] + l1 * table[at + step]
        return
    f0, f1 = splat(l0), splat(l1)
    if step == 1:
        for j in range(0, n, 8):
            a, b = load(table, 2 * j), load(table, 2 * j + 8)
            store(to, place + j, fma(f1, merge_pairs(a, b, 1, 1), mul(f0, merge_pairs(a, b, 1, 0))))
    elif step == 2:
        for j in range(0, n, 8):
            a, b = load(table, 2 * j), load(table, 2 * j + 8)
            store(to, place + j, fma(f1, merge_pairs(a, b, 2, 1), mul(f0, merge_pairs(a, b, 2, 0))))
    elif step == 4:
        for j in range(0, n, 8):
            a, b = load(table, 2 * j), load(table, 2 * j + 8)
            store(to, place + j, fma(f1, merge_pairs(a, b, 4, 1), mul(f0, merge_pairs(a, b, 4, 0))))
    else:
        for j in range(0, n, 8):
            at = j + (j & -step)
            store(to, place + j, fma(f1, load(table, at + step), mul(f0, load(table, at))))


@compiled
def drop(to: Any, place: int, table: Any, n: int, step: int) -> None:
    """`leave` of a finding known to be present: what is not explained is dropped."""
    if step < 8 and n < 8:
        for j in range(n):
            to[place + j] = table[2 * j - (j & (step - 1)) + step]
    elif step == 1:
        for j in range(0, n, 8):
            store(to, place + j, merge_pairs(load(table, 2 * j), load(table, 2 * j + 8), 1, 1))
    elif step == 2:
        for j in range(0, n, 8):
            store(to, place + j, merge_pairs(load(table, 2 * j), load(table, 2 * j + 8), 2, 1))
    elif step == 4:
        for j in range(0, n, 8):
            store(to, place + j, merge_pairs(load(table, 2 * j), load(table, 2 * j + 8), 4, 1))
    else:
        for j in range(0, n, 8):
            store(to, place + j, load(table, j + (j & -step) + step))


@compiled
def enter_back(table: Any, n: int, step: int, l0: float, l1: float) -> None:
    """Transpose of `leave`: spread n entries over the bit `step`, from the back: none is overwritten."""
    if step < 8 and n < 8:
        for j in range(n - 1, -1, -1):
            at, entry = 2 * j - (j & (step - 1)), table[j]
            table[at + step] = l1 * entry
            table[at] = l0 * entry
        return
    if step < 8:
        weights = lanes(step, l0, l1)
        for j in range(n - 8, -1, -8):
            entry = load(table, j)
            if step == 1:
                first, second = first_of_pairs(entry, 1, 0), first_of_pairs(entry, 1, 1)
            elif step == 2:
                first, second = first_of_pairs(entry, 2, 0), first_of_pairs(entry, 2, 1)
            else:
                first, second = first_of_pairs(entry, 4, 0), first_of_pairs(entry, 4, 1)
            store(table, 2 * j, mul(weights, first))
            store(table, 2 * j + 8, mul(weights, second))
        return
    f0, f1 = splat(l0), splat(l1)
    for j in range(n - 8, -1, -8):
        entry, at = load(table, j), j + (j & -step)
        store(table, at + step, mul(f1, entry))
        store(table, at, mul(f0, entry))
