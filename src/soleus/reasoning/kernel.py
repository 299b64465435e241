"""Exact posteriors for many patients, each with findings of their own, compiled with numba.

The same algorithm as `soleus.reasoning.noisy_or` (fold the absent findings, fold the trees, sweep the rest),
written so that nothing is allocated for a patient. Only code that scores batches imports this module; it
needs the extra ``soleus[cohort]``. The rare patients that are too wide for the compiled tables are handed to
`infer`, one by one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soleus.reasoning.kernel_rows import APPROXIMATE, EXACT, IMPOSSIBLE, TOO_WIDE, score_rows
from soleus.reasoning.kernel_sweep import STORE_TABLES
from soleus.reasoning.kernel_vector import aligned_room
from soleus.reasoning.noisy_or import ImpossibleEvidence, NoisyOr, TooWide, infer

__all__ = ["APPROXIMATE", "EXACT", "IMPOSSIBLE", "TOO_WIDE", "BatchInference", "infer_batch"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LARGEST = float(np.finfo(np.float64).max)
MAX_TABLE_BITS = 22  # choice: such a row takes a fifth of a second, less than listing its likeliest sets of causes


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
    alone : array (N,)
        P(the target's leak fired and no cause's link to the target did | evidence); NaN where impossible.
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
    alone: Floats
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
    only_evidence: bool = False,
    max_width: int = MAX_TABLE_BITS,
    threads: int = 1,
    cycles: Ints | None = None,
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
    only_evidence : bool
        Leave out the pass back: only `log_evidence` is worked out, the rest is NaN.
    max_width : int
        Most bits a table may have (1 to 22), not counting a cause that leaves as soon as it has entered; above it the
        row is approximate and `omitted` says by how much. Each thread reserves addresses for 29 tables of that many
        bits (1 GB at 22, 60 MB at 18), of which it touches what its widest row needs.
    threads : int
        Threads to use; the compiled code releases the interpreter lock.
    cycles : int64 array (6,), optional
        For measurements, on one thread: the processor cycles of each stage (`kernel_rows.STAGES`) and the sweep's
        floating-point operations are added to it.

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
    if known.view(np.uint8).max(initial=0) > 2:
        _require((known < 0) | (known > 2), "states", "is not 0 (unknown), 1 (absent) or 2 (present)")
    if not 1 <= max_width <= MAX_TABLE_BITS or threads < 1:
        raise ValueError(f"max_width {max_width} must be 1 to {MAX_TABLE_BITS} and threads {threads} at least 1")
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

    kept = 0 if only_evidence else n
    out = BatchInference(
        np.zeros(n),
        np.zeros((kept, c)),
        np.zeros((kept, c)),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n, np.int8),
    )
    miss = 1.0 - network.links
    # read-only views throughout: whether an input may be written to is part of its compiled type
    tables = tuple(_fixed(a) for a in (network.indptr, network.parents, network.links, miss, network.leaks))
    inputs = (off, on, known, table, to_target, background, row_ptr, finding, l0, l1)
    given = (has_target, only_evidence, *(_fixed(a) for a in inputs))
    results = (
        out.log_evidence,
        out.present,
        out.fired,
        out.background,
        out.alone,
        out.status,
        np.zeros(0, np.int64) if cycles is None else cycles,
    )

    def work(bounds: tuple[int, int]) -> None:
        # not allocated in compiled code: NumPy asks for large pages, which halves the time of the widest rows
        sizes = 4 << max_width, STORE_TABLES << max_width, 1 << max_width
        score_rows(*bounds, max_width, tables, given, (*results, *(aligned_room(size) for size in sizes)))

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
        out.log_evidence[i] = one.log_evidence
        if not only_evidence:
            out.present[i], out.fired[i] = one.present, one.fired
        out.background[i], out.omitted[i] = one.background, one.omitted
        # P(leak fired) = P(alone) + leak * P(a link fired), and P(leak silent) = (1 - leak) * P(a link fired)
        leak = min(background[i], 1.0 - 2.0**-53)
        out.alone[i] = min(max((one.background - leak) / (1.0 - leak), 0.0), 1.0)
        out.status[i] = APPROXIMATE if one.omitted else EXACT
    out.log_evidence[out.status == IMPOSSIBLE] = -np.inf
    out.log_evidence[out.status == TOO_WIDE] = np.nan
    out.omitted[out.status == TOO_WIDE] = 1.0
    refused = (out.status >= IMPOSSIBLE) | only_evidence
    out.background[refused] = out.alone[refused] = np.nan
    if only_evidence:
        nothing = np.broadcast_to(np.nan, (n, c))
        return replace(out, present=nothing, fired=nothing)
    out.present[refused] = out.fired[refused] = np.nan
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
    if not (array.min(initial=0.0) >= 0.0 and array.max(initial=0.0) <= min(top, _LARGEST)):  # NaN is neither
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
    place = np.repeat(np.arange(n) * n_findings, np.diff(row_ptr)) + finding
    _require(known.ravel()[place] != 0, "soft: entry", "concerns a finding whose state is also given")
    listed = np.zeros(known.size, dtype=bool)
    listed[place] = True
    if np.count_nonzero(listed) < len(finding):
        raise ValueError("soft: a finding is listed twice for one patient")
    return row_ptr, finding, l0, l1
