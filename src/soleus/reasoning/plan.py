"""The order in which one patient's causes and findings enter the sweep, so that its tables stay small.

An order is measured by the number of bits that its tables hold at once; it depends on the graph alone.
"""

from __future__ import annotations

__all__ = ["plan_order"]


def plan_order(edges: dict[int, set[int]], n_causes: int) -> tuple[list[int], int, int]:
    """Order the vertices of a graph of causes and findings so that the sweep's tables stay small.

    Two families of orders are built greedily and the cheaper is kept: closing causes one by one with findings
    kept as bits (the finding frontier), and closing the findings of up to six causes one by one with causes,
    and wider findings, kept as bits. Depends on the graph only.

    Parameters
    ----------
    edges : dict
        Neighbors of each vertex; causes are numbered below `n_causes`, findings from there on.
    n_causes : int
        Number of causes C.

    Returns
    -------
    order, width, size : list of int, int, int
        The vertices in the order in which they enter, the largest number of bits in a table, and the total of
        all table sizes (the cost).
    """
    causes = sorted(v for v in edges if v < n_causes)
    findings = sorted(v for v in edges if v >= n_causes)
    narrow = [f for f in findings if len(edges[f]) <= 6]
    wide = set(findings) - set(narrow)

    def measured(order: list[int]) -> tuple[int, int, list[int]]:
        waiting, opened, width, size = {v: len(edges[v]) for v in order}, 0, 0, 0
        for v in order:
            opened += 1
            width, size = max(width, opened), size + (1 << opened)
            placed.add(v)
            for u in edges[v]:
                waiting[u] -= 1
                if waiting[u] == 0 and u in placed:
                    opened -= 1
            if waiting[v] == 0:
                opened -= 1
        placed.clear()
        return width, size, order

    def frontier(start: int | None = None) -> list[int]:
        order: list[int] = []
        for cause in _close_greedily({c: edges[c] for c in causes}, start):
            new = [f for f in sorted(edges[cause]) if f not in placed] + [cause]
            order.extend(new)
            placed.update(new)
        placed.clear()
        return order

    def over_causes(start: int | None = None) -> list[int]:
        order: list[int] = []

        def place(cause: int) -> None:
            if cause not in placed:
                new = [f for f in sorted(edges[cause] & wide) if f not in placed] + [cause]
                order.extend(new)
                placed.update(new)

        for finding in _close_greedily({f: edges[f] for f in narrow}, start):
            for cause in sorted(edges[finding]):
                place(cause)
            order.append(finding)
        for cause in _close_greedily({c: edges[c] & wide for c in causes if c not in placed}):
            place(cause)
        placed.clear()
        return order

    placed: set[int] = set()
    plans = [measured(frontier())]
    if narrow and plans[0][1] > 256:
        plans.append(measured(over_causes()))
    if min(plan[1] for plan in plans) > 8192:  # a wide patient: a few more starts cost less than they save
        plans += [measured(frontier(c)) for c in causes[:: max(1, len(causes) // 8)]]
        plans += [measured(over_causes(f)) for f in narrow[:: max(1, len(narrow) // 4)]]
    width, size, order = min(plans, key=lambda plan: plan[1])
    return order, width, size


def _close_greedily(neighbors: dict[int, set[int]], start: int | None = None) -> list[int]:
    """Order vertices so that closing them one by one keeps few of their neighbors open at once."""
    names = sorted(set().union(*neighbors.values()))
    bit = {u: 1 << i for i, u in enumerate(names)}
    masks = {v: sum(bit[u] for u in near) for v, near in neighbors.items()}
    waiting = {bit[u]: sum(u in near for near in neighbors.values()) for u in names}
    opened = 0
    last = sum(b for b, n in waiting.items() if n == 1)
    order: list[int] = []
    while masks:
        best, best_score = -1, (1 << 30, 0)
        for v, mask in masks.items():
            new = (mask & ~opened).bit_count()
            score = (new - (mask & last).bit_count(), new)
            if score < best_score:
                best, best_score = v, score
        if start is not None and not order:
            best = start
        mask = masks.pop(best)
        order.append(best)
        opened |= mask
        for u in neighbors[best]:
            b = bit[u]
            waiting[b] -= 1
            if waiting[b] == 1:
                last |= b
            elif waiting[b] == 0:
                last &= ~b
    return order
