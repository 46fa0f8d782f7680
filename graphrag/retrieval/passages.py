"""Plain passage search: keywords and vectors, fused by rank.

The baseline in the box, and the prior that the graph search starts from.
"""

import numpy as np
from numpy.typing import NDArray

from graphrag.index.arrays import Array
from graphrag.index.snapshot import SearchIndex
from graphrag.interfaces import Floats
from graphrag.retrieval.fusion import fuse_rows
from graphrag.retrieval.question import Question
from graphrag.retrieval.settings import SearchSettings

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_MOST_POSTINGS = 65_536


def passage_ranking(
    index: SearchIndex,
    question: Question,
    settings: SearchSettings,
    *,
    allowed: NDArray[np.bool_] | None = None,
) -> tuple[Rows, Scores]:
    """Chunk rows by reciprocal rank fusion of keywords and vectors; the best possible score is 1."""
    k = settings.first_stage
    return fuse_rows(
        [keyword_chunks(index, question, k, allowed)[0], near_chunks(index, question.vector, k, allowed)[0]]
    )


def keyword_chunks(
    index: SearchIndex, question: Question, k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[Rows, Scores]:
    """Chunk rows by BM25 over title and text, best first, ties by row; only those that share a word.

    Rare words first, and none any more once `_MOST_POSTINGS` places are looked at: what is left then
    stands nearly everywhere and could not change the order by much.
    """
    terms = question.linked.terms
    if not len(terms):
        return np.empty(0, np.int64), np.empty(0, np.float64)
    lengths = index.term_chunks.start[terms + 1] - index.term_chunks.start[terms]
    order = np.argsort(lengths, kind="stable")
    within = np.cumsum(lengths[order]) <= _MOST_POSTINGS
    within[0] = True
    terms = terms[order[within]]
    _, at, rows = index.term_chunks.gather(terms)
    scores = np.bincount(rows, weights=index.term_chunk_weights[at], minlength=index.counts["chunks"])
    return best_rows(scores if allowed is None else np.where(allowed, scores, 0.0), k, above=0.0)


def near_chunks(
    index: SearchIndex, vector: Floats, k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[Rows, Scores]:
    """Chunk rows by cosine, best first, ties by row.

    Beyond some twenty thousand chunks an HNSW graph finds them, unless they are filtered.
    """
    near = index.near
    if allowed is None and len(near) >= near.exact_below and k <= near.ef_search:
        rows, found = near.search_rows(vector[None, :], k)
        there = rows[0] >= 0
        return rows[0][there], found[0][there].astype(np.float64)
    scores = (index.chunk_vectors @ vector).astype(np.float64)
    return best_rows(scores if allowed is None else np.where(allowed, scores, -np.inf), k, above=-np.inf)


def best_rows(scores: Array, k: int, *, above: float) -> tuple[Rows, Scores]:
    """The k highest scores greater than `above`: rows and scores, best first, ties by row."""
    rows = np.flatnonzero(scores > above)
    if k < len(rows):
        border = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
        rows = rows[scores[rows] >= border]
    rows = rows[np.lexsort((rows, -scores[rows]))][:k]
    return rows, scores[rows].astype(np.float64)
