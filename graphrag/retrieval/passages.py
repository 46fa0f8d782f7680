"""Plain passage search: keywords and vectors, fused by rank.

The baseline in the box, and the prior that the graph search starts from.
"""

import numpy as np
from numpy.typing import NDArray

from graphrag.config import SearchSettings
from graphrag.graph.adjacency import sum_by
from graphrag.graph.traversal import distinct, first_places
from graphrag.index.arrays import Array, Ragged, products
from graphrag.index.snapshot import SearchIndex
from graphrag.interfaces import Floats
from graphrag.retrieval.fusion import fuse_rows
from graphrag.retrieval.question import Question

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_MOST_POSTINGS = 65_536
_SPARSE = 16  # sorting that many of the rows takes as long as looking at all of them


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
    rows, weights = _postings(index.term_sentences, index.term_sentence_weights, question.linked.terms)
    if allowed is not None:
        permitted = allowed[index.sentence_chunk[rows]]
        rows, weights = rows[permitted], weights[permitted]
    sentences, _ = best_sums(rows, weights, index.counts["sentences"], 3 * k)
    _, first = first_places(index.sentence_chunk[sentences].astype(np.int64))
    first.sort()
    ordered: Rows = index.sentence_chunk[sentences[first]][:k].astype(np.int64)
    return ordered


def best_sums(rows: Array, values: Array, count: int, k: int) -> tuple[Rows, Scores]:
    """The k rows whose values (positive) add up to most: rows and sums, best first, ties by row.

    Args:
        count: Rows that there could be.
    """
    if len(rows) * _SPARSE < count:
        distinct_rows, place = distinct(rows.astype(np.int64))
        return best_rows(distinct_rows, sum_by(place, values, len(distinct_rows)), k)
    best, scores = best_rows(None, sum_by(rows, values, count), k)
    met = scores > 0
    return best[met], scores[met]


def _by_best_sentence(index: SearchIndex, question: Question, chunks: Rows) -> Rows:
    """The chunks by the cosine of their nearest sentence, best first, ties by row."""
    owner, sentences = index.sentences_of(chunks)
    if not len(sentences):
        return chunks
    near = products(index.sentence_vectors[sentences], question.vector)
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
    rows, weights = _postings(index.term_chunks, index.term_chunk_weights, question.linked.terms)
    if allowed is not None:
        permitted = allowed[rows]
        rows, weights = rows[permitted], weights[permitted]
    return best_sums(rows, weights, index.counts["chunks"], k)


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
    scores = products(index.chunk_vectors, vector).astype(np.float64)
    if allowed is None:
        return best_rows(None, scores, k)
    rows = allowed.nonzero()[0]
    return best_rows(rows, scores[rows], k)


def best_rows(rows: Rows | None, scores: Scores, k: int) -> tuple[Rows, Scores]:
    """The k rows (given sorted) with the highest scores: rows and scores, best first, ties by row.

    Args:
        rows: The row of each score; its place if None.
    """
    while k < len(scores):
        # Of 2k blocks the highest score each: k of them reach the border, so it takes no more than k
        # others to be among the best. Partitioning all would take ten times as long, longer with ties.
        width = len(scores) // (2 * k)
        if width < 2:
            break
        highest = scores[: 2 * k * width].reshape(width, 2 * k).max(axis=0)
        highest.partition(k)
        border = highest[k]
        near = (scores > border).nonzero()[0]
        if len(near) < k:
            level = (scores == border).nonzero()[0][: k - len(near)]
            near = np.concatenate((near, level))
            near.sort()
        rows, scores = near if rows is None else rows[near], scores[near]
    order = (-scores).argsort(kind="stable")[:k]
    return order if rows is None else rows[order], scores[order]
