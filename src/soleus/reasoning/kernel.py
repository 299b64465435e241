"""Exact posteriors for many patients, each with findings of their own, compiled with numba.

The same algorithm as `soleus.reasoning.noisy_or` (fold the absent findings, fold the trees, sweep the rest),
written so that nothing is allocated for a patient. Only code that scores batches imports this module; it
needs the extra ``soleus[batch]``. The rare patients that are too wide for the compiled tables are handed to
`infer`, one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from soleus.reasoning.noisy_or import ImpossibleEvidence, NoisyOr, TooWide, infer

__all__ = ["APPROXIMATE", "EXACT", "IMPOSSIBLE", "TOO_WIDE", "BatchInference", "infer_batch"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_F = TypeVar("_F", bound=Callable[..., Any])

EXACT, APPROXIMATE, IMPOSSIBLE, TOO_WIDE = 0, 1, 2, 3
_STORE_TABLES = 12  # choice: forward tables are kept for the backward sweep in room for this many of the widest


_INNER: dict[str, Any] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _compiled(function: _F) -> _F:
    """Compile a function that is called only from compiled code."""
    # no "reassoc" here: with it LLVM turns x * (1 - q) + y * q into x + q * (y - x), which cancels
    return cast(_F, numba.njit(error_model="numpy", fastmath={"contract"}, **_INNER)(function))


def _compiled_sum(function: _F) -> _F:
    # plain sums of products may be added in another (fixed) order, which lets them use vector registers
    return cast(_F, numba.njit(fastmath={"contract", "reassoc", "nsz"}, **_INNER)(function))


@dataclass(frozen=True, slots=True, eq=False)
class BatchInference:
    """Posteriors of N patients; a row of `present` is what `Inference.present` is for one.

    Attributes
    ----------
    log_evidence : array (N,)
        Natural logarithm of the evidence's weight; -inf where the evidence is impossible.
    present, fired : array (N, C)
        P(cause active | evidence) and P(its link to the target fired | evidence); NaN where the evidence is
        impossible.
    background : array (N,)
        P(the target's leak fired | evidence); NaN where impossible.
    omitted : array (N,)
        0.0 when exact, else an upper bound on how far any probability of the row is from the exact one.
    status : int8 array (N,)
        `EXACT` (0), `APPROXIMATE` (1: too wide, see `omitted`), `IMPOSSIBLE` (2) or `TOO_WIDE`
        (3: no answer, all NaN).
    """

    log_evidence: Floats
    present: Floats
    fired: Floats
    background: Floats
    omitted: Floats
    status: NDArray[np.int8]


def infer_batch(
    network: NoisyOr,
    inactive: ArrayLike,
    active: ArrayLike,
    states: ArrayLike,
    *,
    leak_rows: ArrayLike | None = None,
    target_links: ArrayLike | None = None,
    target_leaks: ArrayLike | None = None,
    soft: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] | None = None,
    max_width: int = 18,
    threads: int = 1,
) -> BatchInference:
    """Return the exact posteriors of many patients, each with other findings known.

    Every row is answered by itself: its result does not depend on the other rows, on `threads` or on the
    order.

    Parameters
    ----------
    network : NoisyOr
        C causes, F findings, B leak tables.
    inactive, active : array (N, C) or (C,)
        Non-negative weights of each cause being absent and present.
    states : int8 array (N, F)
        0 unknown, 1 absent, 2 present.
    leak_rows : int array (N,), optional
        Leak table of each patient; table 0 when missing.
    target_links, target_leaks : array (N, C) or (C,), and (N,) or float, optional
        Links and leak of one more finding that every patient has, for which `fired` and `background` are
        given.
    soft : tuple (row_ptr (N + 1,), finding (S,), l0 (S,), l1 (S,)), optional
        Measurements: those of patient i are entries ``row_ptr[i]:row_ptr[i + 1]``, with P(reading | finding
        absent) and P(reading | finding present). Their state must be 0, and a finding is listed once per
        patient.
    max_width : int
        Most bits a table may have (1 to 22); above it the row is approximate and `omitted` says by how much.
    threads : int
        Threads to use; the compiled code releases the interpreter lock.

    Returns
    -------
    BatchInference
        Impossible evidence does not raise here: `status` says which rows it concerns.

    Raises
    ------
    ValueError
        A shape, index, weight or probability is wrong; the message names the first row concerned.

    Notes
    -----
    Source: see `soleus.reasoning.noisy_or.infer`, with which it agrees to 1e-12.

    Examples
    --------
    >>> network = NoisyOr(2, indptr=[0, 2], parents=[0, 1], links=[0.9, 0.5], leaks=[[0.0]])
    >>> batch = infer_batch(network, [0.9, 0.8], [0.1, 0.2], states=[[2], [0]])
    >>> batch.present.round(4).tolist()
    [[0.5028, 0.6022], [0.1, 0.2]]
    """
    known = np.ascontiguousarray(states, dtype=np.int8)
    c, n_findings = network.n_causes, network.n_findings
    if known.ndim != 2 or known.shape[1] != n_findings:
        raise ValueError(f"states must have shape (patients, {n_findings} findings), not {known.shape}")
    n = len(known)
    _require(~((known >= 0) & (known <= 2)), "states", "is not 0 (unknown), 1 (absent) or 2 (present)")
    if not 1 <= max_width <= 22 or threads < 1:
        raise ValueError(f"max_width {max_width} must be 1 to 22 and threads {threads} at least 1")
    off = _rows("inactive", inactive, (n, c))
    on = _rows("active", active, (n, c))
    table = np.zeros(n, np.int64) if leak_rows is None else np.ascontiguousarray(leak_rows, dtype=np.int64)
    if table.shape != (n,):
        raise ValueError(f"leak_rows must have shape ({n},), not {table.shape}")
    _require((table < 0) | (table >= len(network.leaks)), "leak_rows", f"is not in 0..{len(network.leaks) - 1}")
    has_target = target_links is not None
    to_target = _rows("target_links", target_links, (n, c), 1.0) if has_target else np.zeros((n, c))
    background = _rows("target_leaks", 0.0 if target_leaks is None else target_leaks, (n,), 1.0)
    row_ptr, finding, l0, l1 = _soft(soft, known)

    out = BatchInference(
        np.zeros(n), np.zeros((n, c)), np.zeros((n, c)), np.zeros(n), np.zeros(n), np.zeros(n, np.int8)
    )
    miss = 1.0 - network.links
    # read-only views throughout: whether an input may be written to is part of its compiled type
    tables = tuple(_fixed(a) for a in (network.indptr, network.parents, network.links, miss, network.leaks))
    inputs = (off, on, known, table, to_target, background, row_ptr, finding, l0, l1)
    given = (has_target, *(_fixed(a) for a in inputs))
    results = (out.log_evidence, out.present, out.fired, out.background, out.status)

    def work(bounds: tuple[int, int]) -> None:
        _score_rows(*bounds, max_width, tables, given, results)

    if threads == 1 or n < 2 * threads:
        work((0, n))
    else:
        cuts = np.linspace(0, n, min(n, 8 * threads) + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, pairwise(cuts)))
    for i in np.flatnonzero(out.status == TOO_WIDE).tolist():
        chosen = np.flatnonzero(known[i])
        hard = np.where(known[i, chosen][:, None] == 2, [[0.0, 1.0]], [[1.0, 0.0]])
        part = slice(row_ptr[i], row_ptr[i + 1])
        try:
            one = infer(
                network,
                off[i],
                on[i],
                np.concatenate([chosen, finding[part]]),
                np.concatenate([hard, np.stack([l0[part], l1[part]], axis=1)]),
                leak_row=int(table[i]),
                target_links=to_target[i] if has_target else None,
                target_leak=background[i],
                max_width=max_width,
            )
        except ImpossibleEvidence:
            out.status[i] = IMPOSSIBLE
            continue
        except TooWide:
            continue
        out.log_evidence[i], out.present[i], out.fired[i] = one.log_evidence, one.present, one.fired
        out.background[i], out.omitted[i] = one.background, one.omitted
        out.status[i] = APPROXIMATE if one.omitted else EXACT
    out.log_evidence[out.status == IMPOSSIBLE] = -np.inf
    out.log_evidence[out.status == TOO_WIDE] = np.nan
    out.omitted[out.status == TOO_WIDE] = 1.0
    refused = out.status >= IMPOSSIBLE
    out.present[refused] = out.fired[refused] = np.nan
    out.background[refused] = np.nan
    return out


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view."""
    view = array.view()
    view.flags.writeable = False
    return view


def _require(wrong: NDArray[np.bool_], name: str, why: str) -> None:
    """Raise a ValueError that names the first place where something is wrong."""
    if wrong.any():
        raise ValueError(f"{name}{np.argwhere(wrong)[0].tolist()} {why}")


def _rows(name: str, given: ArrayLike | None, shape: tuple[int, ...], top: float = np.inf) -> Floats:
    """Read numbers for every row, repeating what is given once for all, and check their range."""
    array = np.asarray(given, dtype=np.float64)
    try:
        full = np.ascontiguousarray(np.broadcast_to(array, shape))
    except ValueError:
        raise ValueError(f"{name} must have shape {shape} or {shape[1:]}, not {array.shape}") from None
    bad = ~((array >= 0.0) & (array <= top) & (array < np.inf))
    _require(bad, name, "is not a probability" if top == 1.0 else "is not a finite non-negative number")
    return full


def _soft(soft: tuple[ArrayLike, ...] | None, known: NDArray[np.int8]) -> tuple[Ints, Ints, Floats, Floats]:
    """Read and check the measurements."""
    n, n_findings = known.shape
    if soft is None:
        return np.zeros(n + 1, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    row_ptr, finding = (np.ascontiguousarray(a, dtype=np.int64) for a in soft[:2])
    l0, l1 = (np.ascontiguousarray(a, dtype=np.float64) for a in soft[2:])
    if row_ptr.shape != (n + 1,) or row_ptr[0] != 0 or row_ptr[-1] != len(finding) or (np.diff(row_ptr) < 0).any():
        raise ValueError(f"soft: row_ptr must rise from 0 to {len(finding)} in {n + 1} steps")
    if not finding.shape == l0.shape == l1.shape:
        raise ValueError("soft: finding, l0 and l1 must have one shape")
    _require((finding < 0) | (finding >= n_findings), "soft: finding", f"is not in 0..{n_findings - 1}")
    _require(
        ~((l0 >= 0) & (l1 >= 0) & (l0 < np.inf) & (l1 < np.inf)),
        "soft: likelihood",
        "is not finite and non-negative",
    )
    row = np.repeat(np.arange(n), np.diff(row_ptr))
    _require(known[row, finding] != 0, "soft: entry", "concerns a finding whose state is also given")
    if len(np.unique(row * n_findings + finding)) < len(finding):
        raise ValueError("soft: a finding is listed twice for one patient")
    return row_ptr, finding, l0, l1


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _score_rows(first: int, last: int, max_width: int, tables: Any, given: Any, results: Any) -> None:
    """Score rows first..last - 1; everything that a row needs is allocated here, once."""
    indptr, parents, links, miss, leaks = tables
    has_target, off, on, known, table, to_target, background, row_ptr, soft_f, soft_l0, soft_l1 = given
    log_evidence, present, fired, from_leak, status = results
    c, n_findings = on.shape[1], known.shape[1]
    # vertices: causes 0..c-1, then the findings in play, the target last; value, slope: weights and their
    # derivatives
    n_vertices = c + n_findings + 1
    value, slope, likelihood = np.empty((n_vertices, 2)), np.empty((n_vertices, 2)), np.ones((n_vertices, 2))
    degree, near = np.empty(n_vertices, np.int64), np.empty(n_vertices, np.int64)
    n_edges = len(parents) + c
    edge_c, edge_f, edge_q = np.empty(n_edges, np.int64), np.empty(n_edges, np.int64), np.empty(n_edges)
    stack = np.empty(n_vertices + n_edges, np.int64)
    fold_leaf, fold_edge, fold_before = (
        np.empty(n_vertices, np.int64),
        np.empty(n_vertices, np.int64),
        np.empty((n_vertices, 2)),
    )
    is_leaf = np.empty(n_vertices, np.bool_)
    start, edge_of = np.empty(n_vertices + 1, np.int64), np.empty(2 * n_edges, np.int64)
    order, trial, waiting = (
        np.empty(n_vertices, np.int64),
        np.empty(n_vertices, np.int64),
        np.empty(n_vertices, np.int64),
    )
    position, opened = np.empty(n_vertices, np.int64), np.empty(n_vertices, np.int64)
    log_entry, log_bits = np.empty((n_vertices, 4), np.int64), np.empty((n_edges + n_vertices, 2), np.int64)
    core, local = np.empty(n_vertices, np.int64), np.empty(n_vertices, np.int64)
    masks = np.empty(n_vertices, np.uint64)
    work, store = np.empty(4 << max_width), np.empty(_STORE_TABLES << max_width)
    plan_space = (order, trial, waiting, position, masks, local, stack)
    sweep_space = (waiting, position, opened, log_entry, log_bits, work, store)

    for i in range(first, last):
        log_z, scale = 0.0, 1.0
        status[i] = 0
        for v in range(c):
            value[v, 0], value[v, 1] = off[i, v], on[i, v]
            degree[v], near[v] = 0, 0
        # absent findings fold into the weights; the others are listed
        n_absent, n_play, leak_row = 0, 0, table[i]
        soft_start, soft_end = row_ptr[i], row_ptr[i + 1]
        for f in range(n_findings):
            if known[i, f] == 1:
                scale *= 1.0 - leaks[leak_row, f]
                for k in range(indptr[f], indptr[f + 1]):
                    value[parents[k], 1] *= miss[k]
                n_absent += 1
            elif known[i, f] == 2:
                stack[n_play] = f
                likelihood[c + n_play, 0], likelihood[c + n_play, 1] = 0.0, 1.0
                n_play += 1
            if n_absent >= 16:  # sixteen factors of at least 1e-16 cannot underflow
                n_absent = 0
                log_z, scale = log_z + np.log(scale), 1.0
                log_z += _normalize(value, c)
        log_z, scale = log_z + np.log(scale), 1.0
        for s in range(soft_start, soft_end):
            l0, l1, f = soft_l0[s], soft_l1[s], soft_f[s]
            top = max(l0, l1)
            log_z += np.log(top)
            if l0 == l1:
                continue
            if l1 == 0.0:
                log_z += np.log(1.0 - leaks[leak_row, f])
                log_z += _normalize(value, c)
                for k in range(indptr[f], indptr[f + 1]):
                    value[parents[k], 1] *= miss[k]
                continue
            stack[n_play] = f
            likelihood[c + n_play, 0], likelihood[c + n_play, 1] = l0 / top, l1 / top
            n_play += 1
        log_z += _normalize(value, c)
        if not log_z > -np.inf:
            status[i] = IMPOSSIBLE
            continue
        # the graph of the findings in play; certain causes explain at once
        n_edge, target = 0, -1
        if has_target:
            target = c + n_play
            likelihood[target, 0], likelihood[target, 1] = 0.0, 1.0
        n_play_all = n_play + (1 if has_target else 0)
        for j in range(n_play_all):
            u = c + j
            degree[u], near[u] = 0, 0
            if u == target:
                yes = background[i]
                begin, end = 0, c
            else:
                f = stack[j]
                yes = leaks[leak_row, f]
                begin, end = int(indptr[f]), int(indptr[f + 1])
            no = 1.0 - yes
            for k in range(begin, end):
                v = k if u == target else int(parents[k])
                q = to_target[i, v] if u == target else links[k]
                if value[v, 0] == 0.0:
                    yes += no * q
                    no *= 1.0 - q
                elif q > 0.0 and value[v, 1] > 0.0:
                    edge_c[n_edge], edge_f[n_edge], edge_q[n_edge] = v, u, q
                    degree[v] += 1
                    degree[u] += 1
                    near[v] ^= n_edge
                    near[u] ^= n_edge
                    n_edge += 1
            value[u, 0], value[u, 1] = no, yes
        n_all = c + n_play_all
        # fold the leaves; `near` is the exclusive or of a vertex's open edges: at one edge it is that edge
        n_stack, n_fold = 0, 0
        for v in range(n_all):
            is_leaf[v] = False
            if degree[v] == 1:
                stack[n_stack] = v
                n_stack += 1
        while n_stack:
            n_stack -= 1
            v = stack[n_stack]
            if degree[v] != 1:
                continue
            e = near[v]
            u = edge_f[e] if v < c else edge_c[e]
            degree[v] = 0
            degree[u] -= 1
            near[u] ^= e
            if degree[u] == 1:
                stack[n_stack] = u
                n_stack += 1
            is_leaf[v] = True
            q, x0, x1, y0, y1 = edge_q[e], value[v, 0], value[v, 1], value[u, 0], value[u, 1]
            fold_leaf[n_fold], fold_edge[n_fold] = v, e
            fold_before[n_fold, 0], fold_before[n_fold, 1] = y0, y1
            n_fold += 1
            if v < c:
                value[u, 0], value[u, 1] = y0 * (x0 + x1 * (1.0 - q)), y1 * (x0 + x1) + y0 * x1 * q
            else:
                l0, l1 = likelihood[v, 0], likelihood[v, 1]
                y0 *= l0 * x0 + l1 * x1
                y1 *= l0 * x0 * (1.0 - q) + l1 * (x1 + x0 * q)
                total = y0 + y1
                log_z += np.log(total)
                value[u, 0], value[u, 1] = y0 / total, y1 / total
        n_core = 0
        for v in range(n_all):
            if degree[v] == 0:
                if not is_leaf[v]:
                    if v < c:
                        slope[v, 0] = slope[v, 1] = 1.0
                    else:
                        slope[v, 0], slope[v, 1] = likelihood[v, 0], likelihood[v, 1]
                        log_z += np.log(value[v, 0] * slope[v, 0] + value[v, 1] * slope[v, 1])
            else:
                core[n_core] = v
                n_core += 1
        if not log_z > -np.inf:
            status[i] = IMPOSSIBLE
            continue
        for v in range(c):
            fired[i, v] = 0.0
        if n_core:
            _list_core_edges(n_all, n_edge, edge_c, edge_f, degree, start, edge_of, stack)
            width = _plan(core, n_core, c, degree, start, edge_of, edge_c, edge_f, plan_space)
            if width > max_width:
                status[i] = TOO_WIDE
                continue
            graph = (order, n_core, c, target, degree, start, edge_of, edge_c, edge_f, edge_q)
            gain = _sweep(graph, value, slope, likelihood, fired[i], sweep_space)
            if gain == np.inf:
                status[i] = TOO_WIDE
                continue
            log_z += gain
            if not log_z > -np.inf:
                status[i] = IMPOSSIBLE
                continue
        # carry the derivatives out to the leaves: the transpose of the folding
        for k in range(n_fold - 1, -1, -1):
            v, e = fold_leaf[k], fold_edge[k]
            u = edge_f[e] if v < c else edge_c[e]
            q, x0, x1, d0, d1 = edge_q[e], value[v, 0], value[v, 1], slope[u, 0], slope[u, 1]
            y0, y1 = fold_before[k, 0], fold_before[k, 1]
            if v < c:
                mixed = (1.0 - q) * d0 + q * d1
                s0, s1 = y0 * d0 + y1 * d1, y0 * mixed + y1 * d1
                below = x0 * s0 + x1 * s1
                if u == target:
                    fired[i, v] = q * x1 * (y0 + y1) * d1 / below
                b0, b1 = x0 * d0 + x1 * mixed, (x0 + x1) * d1
            else:
                l0, l1 = likelihood[v, 0], likelihood[v, 1]
                s0 = y0 * d0 * l0 + y1 * d1 * (l0 * (1.0 - q) + l1 * q)
                s1 = (y0 * d0 + y1 * d1) * l1
                below = x0 * s0 + x1 * s1
                if v == target:
                    fired[i, u] = q * y1 * d1 * l1 * (x0 + x1) / below
                b0, b1 = (l0 * x0 + l1 * x1) * d0, (l0 * x0 * (1.0 - q) + l1 * (x1 + x0 * q)) * d1
            total = y0 * b0 + y1 * b1
            slope[u, 0], slope[u, 1], slope[v, 0], slope[v, 1] = (
                b0 / total,
                b1 / total,
                s0 / below,
                s1 / below,
            )
            value[u, 0], value[u, 1] = y0, y1
        log_evidence[i] = log_z
        for v in range(c):
            a, b = value[v, 0] * slope[v, 0], value[v, 1] * slope[v, 1]
            present[i, v] = b / (a + b)
        if has_target:
            x0, x1, s0, s1 = value[target, 0], value[target, 1], slope[target, 0], slope[target, 1]
            without = (x0 + x1) * s1 / (x0 * s0 + x1 * s1)  # P(other evidence) / P(evidence)
            from_leak[i] = min(background[i] * without, 1.0)
            for v in range(c):
                if value[v, 0] == 0.0:
                    fired[i, v] = to_target[i, v] * without
                fired[i, v] = min(fired[i, v], present[i, v])


@_compiled
def _normalize(value: Any, c: int) -> Any:
    """Scale the weights of every cause to sum one; return the logarithm of the scale."""
    log_scale, scale = 0.0, 1.0
    for v in range(c):
        total = value[v, 0] + value[v, 1]
        if total == 1.0:
            continue
        value[v, 0] /= total
        value[v, 1] /= total
        if not 1e-100 < total < 1e100:
            log_scale += np.log(total)
            continue
        scale *= total
        if not 1e-100 < scale < 1e100:
            log_scale, scale = log_scale + np.log(scale), 1.0
    return log_scale + np.log(scale)


@_compiled
def _list_core_edges(
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
        if degree[v] and degree[u]:  # both ends are left, so the edge is: an edge is folded only with one of its ends
            edge_of[fill[v]], edge_of[fill[u]] = e, e
            fill[v] += 1
            fill[u] += 1


@_compiled
def _count(bits: Any) -> Any:
    """Count the ones of an unsigned 64-bit number (the pattern that compilers turn into one instruction)."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@_compiled
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


@_compiled
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
    """Width and total table size of an order (see `plan_order` in noisy_or)."""
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


@_compiled
def _plan(
    core: Any, n: int, c: int, degree: Any, start: Any, edge_of: Any, edge_c: Any, edge_f: Any, space: Any
) -> int:
    """Choose the order in which the core enters the table; return its width (as `plan_order` in noisy_or)."""
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
        over_causes = attempt == 1 or attempt >= 10  # 0 and 2..9: finding frontier; 1 and 10..17: sweep over causes
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


@_compiled_sum
def _total(table: Any, n: int) -> float:
    total = 0.0
    for j in range(n):
        total += table[j]
    return total


@_compiled_sum
def _dot(a: Any, b: Any, n: int) -> float:
    total = 0.0
    for j in range(n):
        total += a[j] * b[j]
    return total


@_compiled_sum
def _dot_split(a: Any, b: Any, n: int, step: int, both: bool) -> float:
    """Sum of a * b where the bit `step` of b is set; with `both`, a is first summed over that bit."""
    total = 0.0
    for high in range(0, n, 2 * step):
        for j in range(high + step, high + 2 * step):
            total += ((a[j - step] if both else 0.0) + a[j]) * b[j]
    return total


@_compiled
def _sweep(graph: Any, value: Any, slope: Any, likelihood: Any, fired: Any, space: Any) -> Any:
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


@_compiled
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


@_compiled
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


@_compiled
def _explain_new(low: Any, high: Any, n: int, step: int, q: float, miss: float) -> None:
    """Let the open cause at bit `step` explain the newest finding (from half `low` to half `high`)."""
    for block in range(step, n, 2 * step):
        no, yes = low[block : block + step], high[block : block + step]
        for j in range(step):
            yes[j] += q * no[j]
            no[j] *= miss


@_compiled
def _explain_new_back(low: Any, high: Any, n: int, step: int, q: float, miss: float) -> None:
    """Transpose of `_explain_new`."""
    for block in range(step, n, 2 * step):
        no, yes = low[block : block + step], high[block : block + step]
        for j in range(step):
            no[j] = miss * no[j] + q * yes[j]


@_compiled
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


@_compiled
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
