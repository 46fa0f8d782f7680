"""From scores to structures: one tree per sentence, and a legal sequence of entity labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_NEVER = np.float32(-1e4)


def best_tree(scores: Floats) -> NDArray[np.int64]:
    """Find the best dependency tree with one root.

    The best head of each word is usually a tree already; otherwise roots are tried, likeliest first,
    with the algorithm of Chu & Liu (1965) and Edmonds (1967) until no other can be better. O(n^2) in the
    usual case.

    Args:
        scores: (n, n + 1); row i holds the scores of word i's heads, column 0 the root's, column j + 1 word
            j's. A word's score as its own head is minus infinity.

    Returns:
        (n,) heads; the root is its own head. Ties go to the lower index.
    """
    n = len(scores)
    if n == 1:
        return np.zeros(1, dtype=np.int64)
    greedy = scores.argmax(axis=1)
    roots = np.flatnonzero(greedy == 0)
    if len(roots) == 1:
        heads = greedy - 1
        heads[roots[0]] = roots[0]
        if _find_cycle(heads) is None:
            return np.asarray(heads, dtype=np.int64)
    return _best_by_root(scores)


def _best_by_root(scores: Floats) -> NDArray[np.int64]:
    """Try roots in the order of a bound on their trees (all others get their best heads) until it holds."""
    others = scores[:, 1:].max(axis=1).astype(np.float64)
    bounds = others.sum() + scores[:, 0] - others
    best, best_total = np.zeros(0, dtype=np.int64), -np.inf
    for root in np.argsort(-bounds, kind="stable").tolist():
        if bounds[root] <= best_total:
            break
        tree = _rooted_tree(scores[:, 1:], root)
        total = _total(scores, tree)
        if total > best_total:
            best, best_total = tree, total
    return best


def _total(scores: Floats, heads: NDArray[np.int64]) -> float:
    rows = np.arange(len(heads))
    return float(scores[rows, np.where(heads == rows, 0, heads + 1)].astype(np.float64).sum())


def _rooted_tree(pairs: Floats, root: int) -> NDArray[np.int64]:
    """Find the best tree in which `root` is the root; pairs[i, j] scores j as the head of i."""
    table = pairs.astype(np.float64)
    table[root] = -np.inf
    return _edmonds(table, root)


def _edmonds(table: NDArray[np.float64], root: int) -> NDArray[np.int64]:
    n = len(table)
    heads: NDArray[np.int64] = table.argmax(axis=1).astype(np.int64)
    heads[root] = root
    cycle = _find_cycle(heads)
    if cycle is None:
        return heads
    inside = np.zeros(n, dtype=bool)
    inside[cycle] = True
    outside = np.flatnonzero(~inside)
    members = np.flatnonzero(inside)
    kept = table[members, heads[members]]
    # contracted graph: the nodes outside, then the cycle as one node
    size = len(outside) + 1
    small = np.full((size, size), -np.inf)
    small[:-1, :-1] = table[np.ix_(outside, outside)]
    leaving = table[np.ix_(outside, members)]
    small[:-1, -1] = leaving.max(axis=1)
    entering = table[np.ix_(members, outside)] - kept[:, None]
    small[-1, :-1] = entering.max(axis=0)
    solved = _edmonds(small, int(np.flatnonzero(outside == root)[0]))
    for position, node in enumerate(outside):
        head = solved[position]
        heads[node] = members[leaving[position].argmax()] if head == size - 1 else outside[head]
    gate = solved[-1]
    broken = members[entering[:, gate].argmax()]
    heads[broken] = outside[gate]
    heads[root] = root
    return heads


def _find_cycle(heads: NDArray[np.int64]) -> list[int] | None:
    """Return the nodes of one cycle longer than a self-loop, or None."""
    state = [0] * len(heads)  # 0 new, then the number of the walk that met the node
    listed = heads.tolist()
    for walk, start in enumerate(range(len(listed)), start=1):
        node = start
        while state[node] == 0:
            state[node] = walk
            if listed[node] == node:
                break
            node = listed[node]
        else:
            if state[node] == walk:
                cycle = [node]
                following = listed[node]
                while following != node:
                    cycle.append(following)
                    following = listed[following]
                if len(cycle) > 1:
                    return cycle
    return None


def best_path(emissions: Floats, transitions: Floats) -> list[int]:
    """Find the best label sequence (Viterbi 1967): (n, k) and (k, k) -> n labels; ties to the lower label.

    `transitions[i, j]` scores label j right after label i. O(n k^2).
    """
    if not len(emissions):
        return []
    by_target = np.ascontiguousarray(transitions.T)
    ways = np.empty_like(by_target)
    totals = list(emissions.copy())
    for total, following in pairwise(totals):
        np.add(by_target, total, out=ways)
        following += np.maximum.reduce(ways, axis=1)
    path = [int(totals[-1].argmax())]
    for total in reversed(totals[:-1]):
        path.append(int((by_target[path[-1]] + total).argmax()))
    return path[::-1]


class EntityPaths:
    """Best legal sequences of entity labels."""

    def __init__(self, names: Sequence[str], transitions: Floats) -> None:
        """Take the labels (`O`, `B-X`, `I-X`, `E-X`, `S-X`) and the score of label j right after label i."""
        legal = np.array([[_may_follow(second, first) for second in names] for first in names])
        self._transitions = np.where(legal, transitions, _NEVER).astype(np.float32)
        self._not_first = np.array([name[0] not in "OBS" for name in names])
        self._not_last = np.array([name[0] not in "OES" for name in names])

    def decode(self, scores: Floats, borders: Sequence[int]) -> NDArray[np.int64]:
        """Label the paragraphs [borders[i], borders[i + 1]), none empty: (n, labels) -> (n,)."""
        begins, ends = np.array(borders[:-1]), np.array(borders[1:])
        scores = scores.copy()
        scores[np.ix_(begins, self._not_first)] = _NEVER
        scores[np.ix_(ends - 1, self._not_last)] = _NEVER
        if len(begins) == 1:
            return np.array(best_path(scores, self._transitions))
        return best_paths(scores, begins, ends, self._transitions)


def best_paths(
    emissions: Floats, begins: NDArray[np.int64], ends: NDArray[np.int64], transitions: Floats
) -> NDArray[np.int64]:
    """Find the labels `best_path` finds for each piece [begin, end): (n, k) and (k, k) -> (n,).

    Pieces take their steps together, so that the steps are as many as the longest piece has rows.
    """
    order = np.argsort(begins - ends, kind="stable")  # longest first
    begins, lengths = begins[order], (ends - begins)[order]
    k = len(transitions)
    # pieces that have a row at each step, and the rows in the order of the steps
    active = (len(lengths) - np.cumsum(np.bincount(lengths))).tolist()[:-1]
    rows = np.concatenate([begins[:running] + step for step, running in enumerate(active)])
    totals = emissions[rows]
    borders = [0, *np.cumsum(active).tolist()]
    towards = transitions[:, None, :]
    ways = np.empty((k, len(begins), k), dtype=np.float32)  # from, piece, to
    before = totals[: active[0]]
    for running, begin in zip(active[1:], borders[1:], strict=False):
        if running < ways.shape[1]:
            ways = np.empty((k, running, k), dtype=np.float32)
        np.add(towards, before[:running].T[:, :, None], out=ways)
        before = totals[begin : begin + running]
        before += np.maximum.reduce(ways, axis=0)
    following = np.ascontiguousarray(transitions.T)
    labels = np.empty(len(rows), dtype=np.int64)
    chosen = labels[:0]
    for running, begin in zip(reversed(active), reversed(borders[:-1]), strict=True):
        total = totals[begin : begin + running]
        if len(chosen):
            total[: len(chosen)] += following[chosen]
        chosen = total.argmax(axis=1, out=labels[begin : begin + running])
    path = np.empty(len(emissions), dtype=np.int64)
    path[rows] = labels
    return path


def _may_follow(second: str, first: str) -> bool:
    inside, continues = first[0] in "BI", second[0] in "IE"
    return inside == continues and (not inside or first[2:] == second[2:])
