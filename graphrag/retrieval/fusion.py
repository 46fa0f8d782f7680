"""Reciprocal rank fusion: several rankings of the same things made into one.

Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009. Scores of different searches cannot be compared; ranks can.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graphrag.graph.adjacency import sum_by
from graphrag.graph.traversal import distinct

_Id = TypeVar("_Id", bound=Hashable)

RANK_OFFSET = 60
"""The paper's constant: how slowly a rank's worth falls off."""


def fuse(
    rankings: Sequence[Sequence[_Id]], *, weights: Sequence[float] | None = None, offset: int = RANK_OFFSET
) -> list[tuple[_Id, float]]:
    """Fuse rankings of ids, best first; the order of `rankings` does not matter.

    Args:
        rankings: Each names an id at most once; later occurrences are ignored.
        weights: One per ranking; 1 each if absent.

    Returns:
        (id, score) best first, ties by id; an id that leads every ranking scores 1.
    """
    shares = [1.0] * len(rankings) if weights is None else list(weights)
    if len(shares) != len(rankings):
        raise ValueError(f"{len(rankings)} rankings but {len(shares)} weights")
    parts: dict[_Id, list[float]] = {}
    for ranking, share in zip(rankings, shares, strict=True):
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            parts.setdefault(item, []).append(share / (offset + rank))
    best = sum(shares) / (offset + 1)
    # Sorted before adding, so that the rounding does not depend on the order of the rankings.
    scores = {item: sum(sorted(values)) / best for item, values in parts.items()}
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def fuse_rows(
    rankings: Sequence[NDArray[np.int64]],
    *,
    weights: Sequence[float] | None = None,
    offset: int = RANK_OFFSET,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """`fuse` for arrays of distinct rows: rows and scores, best first, ties by row."""
    shares = [1.0] * len(rankings) if weights is None else list(weights)
    rows = np.concatenate([np.empty(0, np.int64), *rankings])
    worth = np.concatenate(
        [np.empty(0, np.float64)]
        + [
            share / (offset + 1.0 + np.arange(len(ranking)))
            for ranking, share in zip(rankings, shares, strict=True)
        ]
    )
    order = np.lexsort((worth, rows))
    found, place = distinct(rows[order])
    scores = sum_by(place, worth[order], len(found)) / max(sum(shares) / (offset + 1), 1e-12)
    best = (-scores).argsort(kind="stable")
    return found[best], scores[best]
