"""Plain passage search: keywords and vectors, fused by rank.

The baseline in the box, and the prior that the graph search starts from.
"""

import numpy as np
from numpy.typing import NDArray

from graphrag.index.arrays import Array, Ragged
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
    """Chunk rows by reciprocal rank fusion of keywords and vectors; the best possible score is 1.

    Keywords and vectors each rank passages as wholes and, where passages are long, by their best
    sentence: a long passage may hold the one that matters. Vectors of sentences rank what the other
    three found.
    """
    k = settings.first_stage
    wholes = [
        keyword_chunks(index, question, k, allowed)[0],
        near_chunks(index, question.vector, k, allowed)[0],
    ]
    if index.counts["sentences"] < settings.sentence_level * index.counts["chunks"]:
        return fuse_rows(wholes)
    wholes.append(keyword_sentences(index, question, k, allowed))
    found = np.unique(np.concatenate(wholes))
    return fuse_rows([*wholes, _by_best_sentence(index, question, found)[:k]])


def keyword_sentences(
    index: SearchIndex, question: Question, k: int, allowed: NDArray[np.bool_] | None = None
) -> Rows:
    """Chunk rows by BM25 of their best sentence, best first, ties by row of the sentence."""
    postings, weights = index.term_sentences, index.term_sentence_weights
    rows, values = _postings(postings, weights, question.linked.terms)
    scores = np.bincount(rows, weights=values, minlength=index.counts["sentences"])
    if allowed is not None:
        scores = np.where(allowed[index.sentence_chunk], scores, 0.0)
    sentences, _ = best_rows(scores, 3 * k, above=0.0)
    chunks = index.sentence_chunk[sentences].astype(np.int64)
    distinct, first = np.unique(chunks, return_index=True)
    ordered: Rows = distinct[np.argsort(first, kind="stable")][:k]
    return ordered


def _by_best_sentence(index: SearchIndex, question: Question, chunks: Rows) -> Rows:
    """The chunks by the cosine of their nearest sentence, best first, ties by row."""
    owner, sentences = index.sentences_of(chunks)
    if not len(sentences):
        return chunks
    near = index.sentence_vectors[sentences].astype(np.float32) @ question.vector
    low = np.searchsorted(owner, np.arange(len(chunks)))
    filled = np.flatnonzero(np.diff(np.append(low, len(owner))) > 0)
    best = np.maximum.reduceat(near, low[filled])
    ordered: Rows = chunks[filled][np.lexsort((chunks[filled], -best))]
    return ordered


def _postings(postings: Ragged, weights: Array, terms: Rows) -> tuple[Array, Array]:
    """Rows and weights of the terms' postings, rare terms first, at most `_MOST_POSTINGS` in all."""
    if not len(terms):
        return np.empty(0, np.int64), np.empty(0, np.float32)
    lengths = postings.start[terms + 1] - postings.start[terms]
    order = np.argsort(lengths, kind="stable")
    within = np.cumsum(lengths[order]) <= _MOST_POSTINGS
    within[0] = True
    _, at, rows = postings.gather(terms[order[within]])
    return rows, weights[at]


def keyword_chunks(
    index: SearchIndex, question: Question, k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[Rows, Scores]:
    """Chunk rows by BM25 over title and text, best first, ties by row; only those that share a word.

    Rare words first, and none any more once `_MOST_POSTINGS` places are looked at: what is left then
    stands nearly everywhere and could not change the order by much.
    """
    rows, values = _postings(index.term_chunks, index.term_chunk_weights, question.linked.terms)
    scores = np.bincount(rows, weights=values, minlength=index.counts["chunks"])
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
