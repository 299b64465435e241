"""Folding and unfolding of one patient's trees, compiled: `soleus.reasoning.patient_graph`, in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from soleus.reasoning.kernel_compiler import compiled

__all__ = ["fold_leaves", "normalize", "unfold"]


@compiled
def fold_leaves(
    n_all: int, c: int, degree: Any, near: Any, edges: Any, value: Any, likelihood: Any, folded: Any, stack: Any
) -> tuple[int, float]:
    """Fold every vertex with one open edge into its neighbor, until none is left.

    `near` is the exclusive or of a vertex's open edges: at one edge it is that edge. Returns the number of leaves
    folded and the logarithm of the weights taken out.
    """
    edge_c, edge_f, edge_q = edges
    fold_leaf, fold_edge, before, is_leaf = folded
    log_z, product, n_stack, n_fold = 0.0, 1.0, 0, 0
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
        before[n_fold, 0], before[n_fold, 1] = y0, y1
        n_fold += 1
        if v < c:
            value[u, 0], value[u, 1] = y0 * (x0 + x1 * (1.0 - q)), y1 * (x0 + x1) + y0 * x1 * q
        else:
            l0, l1 = likelihood[v, 0], likelihood[v, 1]
            y0 *= l0 * x0 + l1 * x1
            y1 *= l0 * x0 * (1.0 - q) + l1 * (x1 + x0 * q)
            total = y0 + y1
            product *= total
            if not 1e-100 < product < 1e100:
                log_z, product = log_z + np.log(product), 1.0
            value[u, 0], value[u, 1] = y0 / total, y1 / total
    return n_fold, log_z + np.log(product)


@compiled
def unfold(
    n_fold: int,
    c: int,
    target: int,
    edges: Any,
    value: Any,
    slope: Any,
    likelihood: Any,
    folded: Any,
    fired: Any,
    dark: float,
) -> Any:
    """Carry the derivatives out to the leaves: the transpose of the folding, in the reverse order.

    `dark` is the derivative of the evidence by the target's first weight if no link to it fires; what it is once the
    target itself is unfolded is returned.
    """
    edge_c, edge_f, edge_q = edges
    fold_leaf, fold_edge, before, _is_leaf = folded
    for k in range(n_fold - 1, -1, -1):
        v, e = fold_leaf[k], fold_edge[k]
        u = edge_f[e] if v < c else edge_c[e]
        q, x0, x1, d0, d1 = edge_q[e], value[v, 0], value[v, 1], slope[u, 0], slope[u, 1]
        y0, y1 = before[k, 0], before[k, 1]
        if v < c:
            mixed = (1.0 - q) * d0 + q * d1
            s0, s1 = y0 * d0 + y1 * d1, y0 * mixed + y1 * d1
            below = x0 * s0 + x1 * s1
            b0, b1 = x0 * d0 + x1 * mixed, (x0 + x1) * d1
            total = y0 * b0 + y1 * b1
            if u == target:
                fired[v] = q * x1 * (y0 + y1) * d1 / below
                dark *= (x0 + x1 * (1.0 - q)) / total
        else:
            l0, l1 = likelihood[v, 0], likelihood[v, 1]
            s0 = y0 * d0 * l0 + y1 * d1 * (l0 * (1.0 - q) + l1 * q)
            s1 = (y0 * d0 + y1 * d1) * l1
            below = x0 * s0 + x1 * s1
            b0, b1 = (l0 * x0 + l1 * x1) * d0, (l0 * x0 * (1.0 - q) + l1 * (x1 + x0 * q)) * d1
            total = y0 * b0 + y1 * b1
            if v == target:
                fired[u] = q * y1 * d1 * l1 * (x0 + x1) / below
                dark = (y0 * d0 + y1 * d1 * (1.0 - q)) / below
        slope[u, 0], slope[u, 1] = b0 / total, b1 / total
        slope[v, 0], slope[v, 1] = s0 / below, s1 / below
        value[u, 0], value[u, 1] = y0, y1
    return dark


@compiled
def normalize(value: Any, c: int) -> Any:
    """Scale the weights of every cause to sum one; return the logarithm of the scale."""
    log_scale, scale = 0.0, 1.0
    for v in range(c):
        total = value[v, 0] + value[v, 1]
        if total == 1.0:
            continue
        one = 1.0 / total
        if one < 1e300:
            value[v, 0] *= one
            value[v, 1] *= one
        else:  # the reciprocal would overflow
            value[v, 0] /= total
            value[v, 1] /= total
        if not 1e-100 < total < 1e100:
            log_scale += np.log(total)
            continue
        scale *= total
        if not 1e-100 < scale < 1e100:
            log_scale, scale = log_scale + np.log(scale), 1.0
    return log_scale + np.log(scale)
