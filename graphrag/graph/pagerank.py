"""Personalised PageRank."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphrag.errors import ConvergenceError, DataError
from graphrag.graph.adjacency import sum_by

_CHECK = 4  # iterations from one look at the change to the next: looking costs as much as moving
_LARGE = 50_000  # edges from which on scipy's product is worth its import


def personalized_pagerank(
    adjacency: Any,
    restart: ArrayLike,
    *,
    damping: float = 0.85,
    tolerance: float = 1e-6,
    max_iterations: int = 200,
    leaving: ArrayLike | None = None,
    symmetric: bool = False,
) -> NDArray[np.float64]:
    """Rank nodes by a random walk that restarts at the query's entities.

    Mass at nodes without outgoing edges returns to `restart`. O(edges) per iteration; the change
    shrinks at least by `damping` each time, so 1e-6 takes at most some 90 iterations at 0.85.

    Args:
        adjacency: (n, n) CSR, non-negative; row i holds the edges leaving node i. A scipy matrix,
            or anything with `indptr`, `indices` and `data` or `weights` (`CSRGraph`).
        restart: (n,) probabilities summing to 1.
        damping: Chance of following an edge rather than restarting, in [0, 1).
        tolerance: L1 change of one iteration at which to stop.
        max_iterations: Bound on the work.
        leaving: (n,) weight of all edges of each node, where `adjacency` is a part of a graph and some
            lead out of it; what leaves the part restarts. The sums of the rows if None. Keeping to
            the true weights makes the ranks of the part those of the whole, but for what comes back.
        symmetric: Whether the matrix equals its transpose. Then Chebyshev's iteration is used, which
            needs a third of the steps.

    Returns:
        (n,) float64, stationary probabilities in the row order of `adjacency`.

    Raises:
        DataError: If shapes do not fit, a weight is negative or `restart` is no distribution.
        ConvergenceError: If `max_iterations` pass first; the message gives the last change.

    References:
        Haveliwala, "Topic-sensitive PageRank", WWW 2002. Golub & Varga, "Chebyshev semi-iterative
        methods", Numerische Mathematik 1961.
    """
    if not 0.0 <= damping < 1.0:
        raise DataError(f"damping = {damping} must lie in [0, 1)")
    start = _distribution(restart, len(adjacency.indptr) - 1)
    step = _Step(adjacency, leaving)
    # The solution of x = damping x P + start, made to sum to 1, is the same as where what does not move
    # (dangling nodes' mass, and what leaves) goes back to `start`.
    before, rank, change = start, start, np.inf
    stride = 1.0  # of Chebyshev's iteration; 1 is the plain one
    for iteration in range(1, max_iterations + 1):
        following = step.moved(rank)
        following *= damping
        following += start
        if symmetric and iteration > 1:
            stride = 1.0 / (1.0 - (0.5 if iteration == 2 else 0.25 * stride) * damping * damping)
            following -= before
            following *= stride
            following += before
        if iteration % _CHECK == 0 or iteration == max_iterations:
            total = float(following.sum())
            change = float(np.abs(following - rank).sum()) / total
            if change <= tolerance:
                final: NDArray[np.float64] = np.maximum(following, 0.0)
                final /= final.sum()
                return final
        before, rank = rank, following
    raise ConvergenceError(
        f"personalised PageRank of {len(start)} nodes changed by {change:.3g} in iteration {max_iterations}, "
        f"more than {tolerance:.3g}; raise max_iterations or tolerance, or lower damping ({damping})"
    )


def _distribution(restart: ArrayLike, count: int) -> NDArray[np.float64]:
    start = np.asarray(restart, dtype=np.float64)
    if start.shape != (count,):
        raise DataError(f"restart has shape {start.shape}; expected ({count},)")
    if not np.isfinite(start).all() or (start < 0).any() or abs(start.sum() - 1.0) > 1e-6:
        raise DataError("restart must hold probabilities that sum to 1")
    return start


class _Step:
    """Moves mass along edges once: x -> x P, with P the rows of the adjacency made to sum to 1."""

    def __init__(self, adjacency: Any, leaving: ArrayLike | None) -> None:
        weights = adjacency.data if hasattr(adjacency, "data") else adjacency.weights
        indptr = np.asarray(adjacency.indptr)
        self._count = len(indptr) - 1
        self._target = np.asarray(adjacency.indices)
        weight = np.asarray(weights, dtype=np.float64)
        if len(weight) and weight.min() < 0:
            raise DataError("edge weights must not be negative")
        source = np.repeat(np.arange(self._count), np.diff(indptr))
        total = sum_by(source, weight, self._count)
        if leaving is not None:
            total = np.maximum(total, np.asarray(leaving, dtype=np.float64))
        chance = weight / np.where(total > 0, total, 1.0)[source]
        self._source, self._chance = source, chance
        self._product: Any = None
        if len(weight) >= _LARGE:
            from scipy.sparse import csr_matrix

            shape = (self._count, self._count)
            self._product = csr_matrix((chance, self._target, indptr), shape=shape).T.tocsr()

    def moved(self, rank: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64]
        if self._product is not None:
            result = self._product @ rank  # (n, n) @ (n,) -> (n,)
        else:
            result = sum_by(self._target, rank[self._source] * self._chance, self._count)
        return result
