"""Scoring of rows: for each patient, fold the evidence into a graph, fold its trees, sweep, unfold; all compiled."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from soleus.reasoning import (
    kernel_bits,
    kernel_compiler,
    kernel_fold,
    kernel_links,
    kernel_pass,
    kernel_plan,
    kernel_sweep,
    kernel_table,
    kernel_vector,
)
from soleus.reasoning.kernel_bits import WORD, load_bytes, lowest_bit
from soleus.reasoning.kernel_compiler import compiled, source_stamp
from soleus.reasoning.kernel_fold import fold_leaves, normalize, unfold
from soleus.reasoning.kernel_plan import MARKS, list_core_edges, plan
from soleus.reasoning.kernel_sweep import count_operations, forward, sweep
from soleus.reasoning.kernel_vector import read_cycles

__all__ = ["APPROXIMATE", "EXACT", "IMPOSSIBLE", "OPERATIONS", "STAGES", "TOO_WIDE", "score_rows"]

EXACT, APPROXIMATE, IMPOSSIBLE, TOO_WIDE = 0, 1, 2, 3
STAGES = ("absent findings", "graph and trees", "plan", "sweep", "posteriors")
OPERATIONS = len(STAGES)  # place of the count of the sweep's floating-point operations, after the stages' cycles
TINY = 2.0**-53  # a leak of one leaves this much to the target's causes: what they explain stays defined


# numba keeps compiled code on disk while the function's own file and the types of its arguments stay the same; the
# default of the last argument is part of its type and stands for the files of the functions called
_STAMP = source_stamp(
    kernel_bits.__file__,
    kernel_compiler.__file__,
    kernel_fold.__file__,
    kernel_links.__file__,
    kernel_pass.__file__,
    kernel_plan.__file__,
    kernel_sweep.__file__,
    kernel_table.__file__,
    kernel_vector.__file__,
)


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def score_rows(
    first: int, last: int, max_width: int, tables: Any, given: Any, results: Any, stamp: int = _STAMP
) -> None:
    """Score rows first..last - 1; all that a row needs is allocated here, once, but for the room for tables."""
    indptr, parents, links, miss, leaks = tables
    has_target, only_evidence, off, on, known, table, to_target, background, row_ptr, soft_f, soft_l0, soft_l1 = given
    log_evidence, present, fired, from_leak, alone, status, cycles, work, store, aside = results
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
    edges, folded = (edge_c, edge_f, edge_q), (fold_leaf, fold_edge, fold_before, np.empty(n_vertices, np.bool_))
    is_leaf = folded[3]
    start, edge_of = np.empty(n_vertices + 1, np.int64), np.empty(2 * n_edges, np.int64)
    order, trial, waiting = (
        np.empty(n_vertices, np.int64),
        np.empty(n_vertices, np.int64),
        np.empty(n_vertices, np.int64),
    )
    position, opened = np.empty(n_vertices, np.int64), np.empty(n_vertices, np.int64)
    log_entry, log_bits = np.empty((n_vertices + 1, 5), np.int64), np.empty((n_edges + n_vertices, 2), np.int64)
    other, rescale = np.empty(2 * n_edges, np.int64), np.empty(n_vertices)
    core, score = np.empty(n_vertices, np.int64), np.empty(n_vertices, np.int64)
    place, near_words = (
        np.empty(n_vertices, np.int64),
        np.empty((n_vertices, (n_vertices + WORD - 1) // WORD), np.int64),
    )
    marks = np.empty((MARKS, near_words.shape[1]), np.int64)
    plan_space, lists = (order, trial, stack, score, marks), (edge_of, other, place, stack)
    sweep_space = (waiting, position, opened, log_entry, rescale, log_bits, work, store, aside)

    for i in range(first, last):
        log_z, scale = 0.0, 1.0
        status[i] = 0
        began = read_cycles()
        for v in range(c):
            value[v, 0], value[v, 1] = off[i, v], on[i, v]
            degree[v], near[v] = 0, 0
        # absent findings fold into the weights; the others are listed
        n_known = _list_known(known[i], stack)
        n_absent, n_play, leak_row = 0, 0, table[i]
        soft_start, soft_end = row_ptr[i], row_ptr[i + 1]
        for j in range(n_known):
            f = stack[j]
            if known[i, f] == 2:
                stack[n_play] = f
                likelihood[c + n_play, 0], likelihood[c + n_play, 1] = 0.0, 1.0
                n_play += 1
                continue
            scale *= 1.0 - leaks[leak_row, f]
            for k in range(indptr[f], indptr[f + 1]):
                value[parents[k], 1] *= miss[k]
            n_absent += 1
            if n_absent >= 16:  # sixteen factors of at least 1e-16 cannot underflow
                n_absent = 0
                log_z, scale = log_z + np.log(scale), 1.0
                log_z += normalize(value, c)
        log_z, scale = log_z + np.log(scale), 1.0
        for s in range(soft_start, soft_end):
            l0, l1, f = soft_l0[s], soft_l1[s], soft_f[s]
            top = max(l0, l1)
            log_z += np.log(top)
            if l0 == l1:
                continue
            if l1 == 0.0:
                log_z += np.log(1.0 - leaks[leak_row, f])
                log_z += normalize(value, c)
                for k in range(indptr[f], indptr[f + 1]):
                    value[parents[k], 1] *= miss[k]
                continue
            stack[n_play] = f
            likelihood[c + n_play, 0], likelihood[c + n_play, 1] = l0 / top, l1 / top
            n_play += 1
        log_z += normalize(value, c)
        if not log_z > -np.inf:
            status[i] = IMPOSSIBLE
            continue
        began = _lap(cycles, 0, began)
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
            if u == target:
                no = max(no, TINY)
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
        n_fold, gain = fold_leaves(n_all, c, degree, near, edges, value, likelihood, folded, stack)
        log_z += gain
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
        if not only_evidence:
            for v in range(c):
                fired[i, v] = 0.0
        dark = 1.0 if has_target else 0.0
        began = _lap(cycles, 1, began)
        if n_core:
            n_c = 0
            while core[n_c] < c:
                n_c += 1
            list_core_edges(core, n_core, n_all, n_c, n_edge, edges, degree, start, lists, near_words)
            width = plan(core, n_core, n_c, degree, near_words, plan_space)
            began = _lap(cycles, 2, began)
            if width > max_width:
                status[i] = TOO_WIDE
                continue
            graph = (order, n_core, c, target, degree, start, edge_of, other, edge_c, edge_f, edge_q)
            if only_evidence:
                gain, unexplained = forward(graph, value, likelihood, sweep_space), 0.0
            else:
                gain, unexplained = sweep(graph, value, slope, likelihood, fired[i], sweep_space)
            if len(cycles) > 0:
                cycles[OPERATIONS] += count_operations(n_core, log_entry)
            if gain == np.inf:
                status[i] = TOO_WIDE
                continue
            log_z += gain
            if not log_z > -np.inf:
                status[i] = IMPOSSIBLE
                continue
            if has_target and degree[target]:
                dark = unexplained / value[target, 0] if value[target, 0] > 0.0 else 0.0
        began = _lap(cycles, 3, began)
        log_evidence[i] = log_z
        if only_evidence:
            continue
        dark = unfold(n_fold, c, target, edges, value, slope, likelihood, folded, fired[i], dark)
        for v in range(c):
            a, b = value[v, 0] * slope[v, 0], value[v, 1] * slope[v, 1]
            present[i, v] = b / (a + b)
        if has_target:
            x0, x1, s0, s1 = value[target, 0], value[target, 1], slope[target, 0], slope[target, 1]
            without = (x0 + x1) * s1 / (x0 * s0 + x1 * s1)  # P(other evidence) / P(evidence)
            from_leak[i] = min(background[i] * without, 1.0)
            # given that the target is unexplained, its leak fired with the odds leak to 1 - leak
            alone[i] = min(
                background[i] / max(1.0 - background[i], TINY) * x0 * dark / (x0 * s0 + x1 * s1), from_leak[i]
            )
            for v in range(c):
                if value[v, 0] == 0.0:
                    fired[i, v] = to_target[i, v] * without
                fired[i, v] = min(fired[i, v], present[i, v])
        began = _lap(cycles, 4, began)


@compiled
def _list_known(known: Any, out: Any) -> int:
    """List the findings that are not unknown, eight at a time: most are; return how many are known."""
    n, n_known = len(known), 0
    whole = n & -8
    for first in range(0, whole, 8):
        word = load_bytes(known, first)
        while word:
            shift = lowest_bit(word) & -8
            out[n_known] = first + shift // 8
            n_known += 1
            word &= ~(255 << shift)
    for f in range(whole, n):
        if known[f]:
            out[n_known] = f
            n_known += 1
    return n_known


@compiled
def _lap(cycles: Any, stage: int, began: int) -> int:
    """Add the cycles since `began` to a stage, where they are asked for; return the time now."""
    if len(cycles) == 0:
        return began
    now: int = read_cycles()
    cycles[stage] += now - began
    return now
