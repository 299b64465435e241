"""The order in which one patient's vertices enter the compiled sweep: `soleus.reasoning.plan`, with sets as bits.

Vertices are numbered by their place in the core, causes first. Bit j of ``near[k]`` (word j // 64) says that k has an
edge to the j-th vertex of the other kind; sets of causes and of findings are such rows of words, too.
"""

from __future__ import annotations

from typing import Any

from soleus.reasoning.kernel_bits import WORD, count_bits, lowest_bit
from soleus.reasoning.kernel_compiler import compiled, inlined

__all__ = ["MARKS", "list_core_edges", "plan"]


MARKS = 4  # rows of words that planning works with, besides `near`
NARROW = 6  # choice: findings of more causes than this stay bits when the sweep goes over causes
STARTS, MORE_STARTS = 8, 24  # choices: other first movers, tried for wide and for the widest patients
# choices, measured: below these amounts of work another plan costs more time than it can save
LITTLE_WORK, MUCH_WORK, VERY_MUCH_WORK, MOST_WORK, STEP_STATES = 24_000, 60_000, 2_000_000, 40_000_000, 16


@compiled
def list_core_edges(
    core: Any, n: int, n_all: int, n_c: int, n_edge: int, edges: Any, degree: Any, start: Any, lists: Any, near: Any
) -> None:
    """List the open edges of every vertex that is left, and set their bits in `near`.

    Those of v are edge_of[start[v]:start[v + 1]]; other[j] is the vertex at the other end of edge_of[j].
    """
    edge_c, edge_f, _edge_q = edges
    edge_of, other, place, fill = lists
    words, total = _count_words(n, n_c), 0
    for v in range(n_all):
        start[v] = fill[v] = total
        total += degree[v]
    start[n_all] = total
    for k in range(n):
        place[core[k]] = k if k < n_c else k - n_c
        for w in range(words):
            near[k, w] = 0
    for e in range(n_edge):
        v, u = edge_c[e], edge_f[e]
        if degree[v] and degree[u]:  # an edge is folded only with one of its ends: both are left, so it is
            edge_of[fill[v]], edge_of[fill[u]] = e, e
            other[fill[v]], other[fill[u]] = u, v
            fill[v] += 1
            fill[u] += 1
            i, j = place[v], place[u]
            near[i, j // WORD] |= 1 << j % WORD
            near[n_c + j, i // WORD] |= 1 << i % WORD


@inlined
def _count_words(n: int, n_c: int) -> int:
    """Return how many words hold a set of causes or of findings of the core."""
    return (max(n_c, n - n_c) + WORD - 1) // WORD


@compiled
def plan(core: Any, n: int, n_c: int, degree: Any, near: Any, space: Any) -> int:
    """Choose the order in which the core enters the table; return its width, in bits of the tables kept."""
    order, trial, chosen, score, marks = space
    words = _count_words(n, n_c)
    best_width, best_work = 1000, 1 << 62
    n_narrow = 0
    for k in range(n_c, n):
        n_narrow += degree[core[k]] <= NARROW
    for attempt in range(3 + 2 * MORE_STARTS):
        # findings closed one by one, the finding frontier, the sweep over causes; then the latter two from other starts
        over_causes = attempt >= 2 and attempt % 2 == 0
        enough = (0, LITTLE_WORK, MUCH_WORK, VERY_MUCH_WORK)[min(attempt, 3)]
        if best_work <= (enough if attempt < 3 + 2 * STARTS else MOST_WORK):
            break
        if over_causes and n_narrow == 0:
            continue
        m = n_c
        if attempt == 0:
            _close_findings(near, n_c, n, words, marks[0], chosen)
        else:
            m = _list_movers(core, n, n_c, degree, over_causes, chosen)
            # in steps of 7, so that the first few starts are far apart, too
            first = (attempt - 3) // 2 * 7 % MORE_STARTS * m // MORE_STARTS if attempt >= 3 else -1
            _close_greedily(near, n_c, words, over_causes, m, first, marks, score, chosen)
        _list_entries(core, n, n_c, degree, near, words, over_causes, chosen, m, marks, trial)
        width, work = _measure(trial, n, n_c, near, words, marks, best_work)
        if work < best_work and width <= max(best_width, 30):
            best_width, best_work = width, work
            for k in range(n):
                order[k] = core[trial[k]]
    return best_width


@inlined
def _list_movers(core: Any, n: int, n_c: int, degree: Any, over_causes: bool, out: Any) -> int:
    """List those whose order is sought, all causes or the narrow findings; return how many there are."""
    if not over_causes:
        for k in range(n_c):
            out[k] = k
        return n_c
    m = 0
    for k in range(n_c, n):
        if degree[core[k]] <= NARROW:
            out[m] = k
            m += 1
    return m


@compiled
def _close_findings(near: Any, n_c: int, n: int, words: int, left: Any, out: Any) -> None:
    """Order the causes: again and again those that are left of the finding with the fewest left."""
    for w in range(words):
        left[w] = -1
    listed = 0
    while listed < n_c:
        least, best = 1 << 40, -1
        for k in range(n_c, n):
            count = 0
            for w in range(words):
                count += count_bits(near[k, w] & left[w])
            if 0 < count < least:
                least, best = count, k
        for w in range(words):
            new = near[best, w] & left[w]
            left[w] ^= new
            listed = _list_bits(new, w * WORD, out, listed)


@inlined
def _list_bits(word: int, first: int, out: Any, listed: int) -> int:
    """Append the bits of a word to a list, as numbers from `first` on; return the new length."""
    while word:
        out[listed] = first + lowest_bit(word)
        listed += 1
        word &= word - 1
    return listed


@compiled
def _close_greedily(
    near: Any, n_c: int, words: int, over_causes: bool, m: int, first: int, marks: Any, score: Any, out: Any
) -> None:
    """Order the movers out[:m], in place, so that few of their neighbors are open at once.

    A mover's score is how many neighbors it opens less how many it closes, then how many it opens.
    """
    movers, shut, last = marks[0], marks[1], marks[2]  # movers left, neighbors not open, those with one mover left
    shift, shift_other = (n_c, 0) if over_causes else (0, n_c)
    for w in range(words):
        movers[w], shut[w], last[w] = 0, -1, 0
    for k in range(m):
        v = out[k] - shift
        movers[v // WORD] |= 1 << v % WORD
    once, twice = marks[3], shut
    for w in range(words):  # neighbors of one mover only: those seen once, not twice
        once[w], twice[w] = 0, 0
    for k in range(m):
        for w in range(words):
            twice[w] |= once[w] & near[out[k], w]
            once[w] |= near[out[k], w]
    for w in range(words):
        last[w], shut[w] = once[w] & ~twice[w], -1
    for k in range(m):
        score[k] = _score(near, out[k], words, shut, last)
    for k in range(m):
        best = k
        if k == 0 and first >= 0:
            best = first
        else:
            least = score[k]
            for j in range(k + 1, m):
                if score[j] < least:
                    best, least = j, score[j]
        v = out[best]
        out[best], score[best], out[k] = out[k], score[k], v
        movers[(v - shift) // WORD] &= ~(1 << (v - shift) % WORD)
        is_new = False
        for w in range(words):
            opened, word = near[v, w] & shut[w], near[v, w]
            shut[w] ^= opened
            is_new |= opened != 0
            while word:
                u = w * WORD + lowest_bit(word)
                word &= word - 1
                left = 0
                for ww in range(words):
                    left += count_bits(near[shift_other + u, ww] & movers[ww])
                if left == 1:
                    last[w] |= 1 << u % WORD
                    is_new = True
        if is_new:
            for j in range(k + 1, m):
                score[j] = _score(near, out[j], words, shut, last)


@inlined
def _score(near: Any, v: int, words: int, shut: Any, last: Any) -> int:
    total = 0
    for w in range(words):
        total += 1025 * count_bits(near[v, w] & shut[w]) - 1024 * count_bits(near[v, w] & last[w])
    return total


@compiled
def _list_entries(
    core: Any,
    n: int,
    n_c: int,
    degree: Any,
    near: Any,
    words: int,
    over_causes: bool,
    chosen: Any,
    m: int,
    marks: Any,
    trial: Any,
) -> None:
    """List who enters when: a mover after its neighbors; over causes, a cause after its wide findings.

    Causes without a narrow finding come last.
    """
    causes, findings, wide = marks[0], marks[1], marks[2]  # those not yet listed; wide findings
    for w in range(words):
        causes[w] = findings[w] = -1
        wide[w] = 0
    if over_causes:
        for k in range(n_c, n):
            if degree[core[k]] > NARROW:
                wide[(k - n_c) // WORD] |= 1 << (k - n_c) % WORD
    listed = 0
    for i in range(m + (n_c if over_causes else 0)):
        v = chosen[i] if i < m else i - m
        if v >= n_c:  # a finding, after its causes, each after its own wide findings
            for w in range(words):
                new = near[v, w] & causes[w]
                causes[w] ^= new
                while new:
                    u = w * WORD + lowest_bit(new)
                    new &= new - 1
                    for ww in range(words):
                        before = near[u, ww] & wide[ww] & findings[ww]
                        findings[ww] ^= before
                        listed = _list_bits(before, n_c + ww * WORD, trial, listed)
                    trial[listed] = u
                    listed += 1
            trial[listed] = v
            listed += 1
            findings[(v - n_c) // WORD] &= ~(1 << (v - n_c) % WORD)
        elif causes[v // WORD] >> v % WORD & 1:
            for w in range(words):
                new = near[v, w] & findings[w]
                findings[w] ^= new
                listed = _list_bits(new, n_c + w * WORD, trial, listed)
            trial[listed] = v
            listed += 1
            causes[v // WORD] ^= 1 << v % WORD


@compiled
def _measure(trial: Any, n: int, n_c: int, near: Any, words: int, marks: Any, enough: int) -> tuple[int, int]:
    """Largest number of bits in a table kept, and the work of the sweep, of an order, from its end to its start.

    Work is counted in states that a link touches; each step also costs as much as a short table. Counting stops where
    it reaches `enough`.
    """
    # of causes and of findings: who enters later, and who waits for somebody who enters later
    for w in range(words):
        for row in range(4):
            marks[row, w] = 0
    kept, width, work = 0, 0, 0
    for k in range(n - 1, -1, -1):
        v = trial[k]
        is_finding = v >= n_c
        own, across = (1, 0) if is_finding else (0, 1)
        index = v - n_c if is_finding else v
        place, bit = index // WORD, 1 << index % WORD
        links, closed, degree = 0, 0, 0
        for w in range(words):
            word = near[v, w]
            degree += count_bits(word)
            links += count_bits(word & ~marks[across, w])
            closed += count_bits(word & ~marks[2 + across, w])
            marks[2 + across, w] |= word
        stays = marks[2 + own, place] & bit != 0
        marks[2 + own, place] |= bit
        marks[own, place] |= bit
        width = max(width, kept + closed)
        kept += closed - stays
        if kept < 40:
            work += (4 + links) * ((1 << kept) + STEP_STATES) << (is_finding or links < degree)
        if work >= enough:
            break
    return width, work
