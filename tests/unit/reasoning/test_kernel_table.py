"""The kernel's vector operations against NumPy, for table sizes from 1 to 256 states (4096 for a cause that passes).

Compared: each operation with the same one written on a table that is reshaped to (rest, bit, rest); each pass back
with the transpose of its pass forward, <A x, y> = <x, A' y>. Tolerance 1e-13 relative: sums of at most 256 positive
products. Not compared here: what the sweep makes of them, see test_noisy_or.py.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from soleus.reasoning import kernel_links, kernel_pass, kernel_table

Floats = NDArray[np.float64]
SIZES = [1, 2, 4, 8, 16, 32, 64, 256]
BITS = [(n, p) for n in SIZES for p in range(n.bit_length() - 1)]
ROOM = 600  # numbers in every array: twice the largest table, and some that must stay as they are

# the kernel's functions can be called from compiled code only
scale, mix, mix_back, sum_table, dot, dot_bit = (
    kernel_table.scale,
    kernel_table.mix,
    kernel_table.mix_back,
    kernel_table.sum_table,
    kernel_table.dot,
    kernel_table.dot_bit,
)
leave, drop, enter_back = kernel_table.leave, kernel_table.drop, kernel_table.enter_back
link_all, link_new, link_new_back = kernel_links.link_all, kernel_links.link_new, kernel_links.link_new_back


pass_through, pass_back = kernel_pass.pass_through, kernel_pass.pass_back


@numba.njit
def _plain(a: Any, b: Any, more: Any, n: int) -> Any:
    scale(a, 3, b, 5, n, 0.25)
    mix(a, 300, b, 5, n, 0.5)
    return sum_table(b, 5, n), dot(b, more, n)


@numba.njit
def _mix_back(table: Any, before: Any, n: int) -> Any:
    return mix_back(table, n, before, 7, n, 0.25, 0.5)


@numba.njit
def _dot_bit(a: Any, b: Any, n: int, step: int, both: float) -> Any:
    return dot_bit(a, 5, b, n, n, step, both)


@numba.njit
def _leave(to: Any, place: int, table: Any, n: int, step: int, l0: float, l1: float) -> None:
    leave(to, place, table, n, step, l0, l1)


@numba.njit
def _drop(to: Any, place: int, table: Any, n: int, step: int) -> None:
    drop(to, place, table, n, step)


@numba.njit
def _enter_back(table: Any, n: int, step: int, l0: float, l1: float) -> None:
    enter_back(table, n, step, l0, l1)


@numba.njit
def _link_all(to: Any, of: Any, n: int, x: float, bits: Any, links: Any, back: bool) -> None:
    link_all(to, n, of, 5, n, x, bits, 0, len(bits), links, back)


@numba.njit
def _link_new(table: Any, n: int, step: int, q: float, back: bool) -> None:
    if back:
        link_new_back(table, n, n, step, q, 1.0 - q)
    else:
        link_new(table, n, n, step, q, 1.0 - q)


@numba.njit
def _pass_through(to: Any, of: Any, n: int, x0: float, x1: float, bits: Any, links: Any) -> None:
    pass_through(to, n, of, 5, n, x0, x1, bits, 0, len(bits), links)


@numba.njit
def _pass_back(table: Any, before: Any, n: int, x0: float, x1: float, bits: Any, links: Any, sure: int) -> Any:
    return pass_back(table, before, 5, n, x0, x1, bits, 0, len(bits), links, sure)


def random(seed: int, room: int = ROOM) -> Floats:
    return np.random.default_rng(seed).uniform(0.1, 1.0, size=room)


def close(got: Any, expected: Any) -> None:
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=0)


def linked(table: Floats, p: int, q: float) -> Floats:
    """Return the table after an active cause has explained the finding at bit p with its link q."""
    split = table.reshape(-1, 2, 1 << p)
    return np.stack([(1.0 - q) * split[:, 0], split[:, 1] + q * split[:, 0]], axis=1).ravel()


@pytest.mark.parametrize("n", SIZES)
def test_plain_passes(n: int) -> None:
    a, b, more = random(1), random(2), random(3)
    was = a.copy()
    sums = _plain(a, b, more, n)
    close(a[3 : 3 + n], 0.25 * b[5 : 5 + n])
    close(a[300 : 300 + n], was[300 : 300 + n] + 0.5 * b[5 : 5 + n])
    close(sums, (b[5 : 5 + n].sum(), b[:n] @ more[:n]))
    untouched = np.r_[0:3, 3 + n : 300, 300 + n : ROOM]
    np.testing.assert_array_equal(a[untouched], was[untouched])
    table, before = random(4), random(5)
    low, high = table[:n].copy(), table[n : 2 * n].copy()
    close(_mix_back(table, before, n), (before[7 : 7 + n] @ low, before[7 : 7 + n] @ high))
    close(table[:n], 0.25 * low + 0.5 * high)


@pytest.mark.parametrize(("n", "p"), BITS)
def test_a_bit_leaves_and_enters_back(n: int, p: int) -> None:
    table, half = random(1), n // 2
    split = table[:n].reshape(-1, 2, 1 << p).copy()
    to, was = random(2), random(2)
    _leave(to, 3, table, half, 1 << p, 0.3, 0.7)
    close(to[3 : 3 + half], (0.3 * split[:, 0] + 0.7 * split[:, 1]).ravel())
    untouched = np.r_[0:3, 3 + half : ROOM]
    np.testing.assert_array_equal(to[untouched], was[untouched])
    aside = random(2)
    _drop(aside, 3, table, half, 1 << p)
    np.testing.assert_array_equal(aside[3 : 3 + half], split[:, 1].ravel())
    np.testing.assert_array_equal(aside[untouched], was[untouched])
    dropped = table.copy()
    _drop(dropped, 0, dropped, half, 1 << p)
    np.testing.assert_array_equal(dropped[:half], split[:, 1].ravel())
    np.testing.assert_array_equal(dropped[n:], table[n:])
    in_place = table.copy()
    _leave(in_place, 0, in_place, half, 1 << p, 0.3, 0.7)
    np.testing.assert_array_equal(in_place[:half], to[3 : 3 + half])
    back = random(3)
    y = back[:half].copy()
    _enter_back(back, half, 1 << p, 0.3, 0.7)
    close(to[3 : 3 + half] @ y, table[:n] @ back[:n])


@pytest.mark.parametrize(("n", "p"), BITS)
def test_shares_of_one_bit(n: int, p: int) -> None:
    a, b = random(1), random(2)
    was, then = a[5 : 5 + n].reshape(-1, 2, 1 << p), b[n : 2 * n].reshape(-1, 2, 1 << p)
    close(_dot_bit(a, b, n, 1 << p, 0.0), (was[:, 1] * then[:, 1]).sum())
    close(_dot_bit(a, b, n, 1 << p, 1.0), ((was[:, 0] + was[:, 1]) * then[:, 1]).sum())


@pytest.mark.parametrize("n", SIZES)
def test_links_of_an_active_cause(n: int) -> None:
    """Every set of up to four bits for small tables, random sets for large ones; links of 0 and 1 among them."""
    width, rng = n.bit_length() - 1, np.random.default_rng(n)
    for _ in range(40):
        places = rng.permutation(width)[: int(rng.integers(0, width + 1))]
        links = rng.choice([0.0, 1.0, *rng.random(6)], size=ROOM)
        edges = rng.permutation(len(places)).astype(np.int64)
        bits = np.stack([edges, places], axis=1).astype(np.int64)
        of, to = random(1), random(2)
        was, x = to.copy(), float(rng.random())
        expected = x * of[5 : 5 + n]
        for e, p in bits.tolist():
            expected = linked(expected, p, float(links[e]))
        _link_all(to, of, n, x, bits, links, False)
        close(to[n : 2 * n], expected)
        np.testing.assert_array_equal(to[:n], was[:n])
        np.testing.assert_array_equal(to[2 * n :], was[2 * n :])
        y, back = random(3), random(4)
        _link_all(back, y, n, x, bits, links, True)
        close(to[n : 2 * n] @ y[5 : 5 + n], of[5 : 5 + n] @ back[n : 2 * n])


@pytest.mark.parametrize("n", [*SIZES, 4096])
def test_a_cause_passes_through(n: int) -> None:
    """Both its states and all its links at once: sets of up to twelve bits, each of them the sure one in turn."""
    width, rng, room = n.bit_length() - 1, np.random.default_rng(n), 2 * n + 90
    for _ in range(40):
        places = rng.permutation(width)[: int(rng.integers(0, width + 1))]
        links = rng.choice([0.0, 1.0, *rng.random(6)], size=ROOM)
        edges = rng.permutation(len(places)).astype(np.int64)
        bits = np.stack([edges, places], axis=1).astype(np.int64)
        before, to = random(1, room), random(2, room)
        was, (x0, x1) = to.copy(), rng.random(2).tolist()

        def active(sure: int, bits: Any = bits, links: Floats = links, before: Floats = before) -> Floats:
            table = before[5 : 5 + n]
            for b, (e, p) in enumerate(bits.tolist()):
                table = linked(table, p, 1.0 if b == sure else float(links[e]))
            return table

        _pass_through(to, before, n, x0, x1, bits, links)
        close(to[n : 2 * n], x0 * before[5 : 5 + n] + x1 * active(-1))
        np.testing.assert_array_equal(to[:n], was[:n])
        np.testing.assert_array_equal(to[2 * n :], was[2 * n :])
        for sure in range(-1, len(bits)):
            back = random(3, room)
            y = back.copy()
            d0, d1, fired = _pass_back(back, before, n, x0, x1, bits, links, sure)
            close(before[5 : 5 + n] @ back[:n], to[n : 2 * n] @ y[:n])
            close((d0, d1), (before[5 : 5 + n] @ y[:n], active(-1) @ y[:n]))
            close(fired, active(sure) @ y[:n] if sure >= 0 else 0.0)
            np.testing.assert_array_equal(back[2 * n :], y[2 * n :])


@pytest.mark.parametrize(("n", "p"), BITS)
def test_a_new_finding_is_explained_by_an_open_cause(n: int, p: int) -> None:
    table = random(1)
    low, high = (table[a : a + n].reshape(-1, 2, 1 << p).copy() for a in (0, n))
    x = table[: 2 * n].copy()
    _link_new(table, n, 1 << p, 0.3, False)
    high[:, 1] += 0.3 * low[:, 1]
    low[:, 1] *= 0.7
    close(table[: 2 * n], np.concatenate([low.ravel(), high.ravel()]))
    back = random(2)
    y = back[: 2 * n].copy()
    _link_new(back, n, 1 << p, 0.3, True)
    close(table[: 2 * n] @ y, x @ back[: 2 * n])
