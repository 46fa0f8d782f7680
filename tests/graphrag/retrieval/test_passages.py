"""Plain passage search against slow, obvious versions."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.config import SearchSettings
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.index.snapshot import SearchIndex
from graphrag.index.terms import term_of, tokens, without_possessives
from graphrag.retrieval.passages import best_rows, best_sums, keyword_chunks, keyword_sentences, near_chunks
from graphrag.retrieval.question import Question, Thesaurus, prepare_questions


def ask(index: SearchIndex, embedder: WordLlamaEmbedder, text: str) -> Question:
    return prepare_questions(
        index, embedder, [text], thesaurus=Thesaurus(index, embedder), settings=SearchSettings()
    )[0]


def terms(text: str) -> list[str]:
    found = without_possessives(tokens(text), text)
    return [term for _, _, word in found if (term := term_of(word))]


def bm25(query: str, texts: list[str], *, k1: float = 1.2, b: float = 0.75) -> list[float]:
    """The formula of Robertson and Zaragoza (2009), written out."""
    bags = [terms(text) for text in texts]
    mean = sum(map(len, bags)) / len(bags)
    scores = []
    for bag in bags:
        score = 0.0
        for term in set(terms(query)):
            containing = sum(term in other for other in bags)
            idf = np.log1p((len(bags) - containing + 0.5) / (containing + 0.5))
            count = bag.count(term)
            score += idf * count * (k1 + 1) / (count + k1 * (1 - b + b * len(bag) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize("question", ["Who directed a comedy film?", "born in Graz", "Tim Cook", "the of"])
def test_keyword_scores_are_bm25(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder, question: str
) -> None:
    chunks = list(world.chunks())
    expected = bm25(question, [f"{chunk.title} {chunk.text}" for chunk in chunks])
    rows, scores = keyword_chunks(index, ask(index, embedder, question), len(chunks))
    assert set(rows.tolist()) == {row for row, score in enumerate(expected) if score > 0}
    assert scores == pytest.approx([expected[row] for row in rows], rel=1e-4)


def test_near_chunks_are_those_of_highest_cosine(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder
) -> None:
    question = ask(index, embedder, "a city by the sea")
    rows, scores = near_chunks(index, question.vector, 4)
    every = index.chunk_vectors @ question.vector
    assert rows.tolist() == np.argsort(-every, kind="stable")[:4].tolist()
    assert scores == pytest.approx(every[rows], abs=1e-6)


def test_one_good_sentence_lifts_a_long_passage(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder
) -> None:
    rows = keyword_sentences(index, ask(index, embedder, "Who feeds the starter every evening?"), 1)
    assert "starter" in world.chunks_by_id(index.chunk_ids.take(rows))[0].text


def test_filtered_passages_do_not_come_back(index: SearchIndex, embedder: WordLlamaEmbedder) -> None:
    question = ask(index, embedder, "Who directed a film?")
    allowed = np.zeros(len(index.chunk_ids), dtype=np.bool_)
    allowed[3] = True
    assert set(keyword_chunks(index, question, 9, allowed)[0].tolist()) <= {3}
    assert near_chunks(index, question.vector, 9, allowed)[0].tolist() == [3]
    assert set(keyword_sentences(index, question, 9, allowed).tolist()) <= {3}


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=30),
    st.sampled_from([41, 5000]),
    st.integers(1, 50),
)
def test_values_of_a_row_are_added(pairs: list[tuple[int, int]], count: int, k: int) -> None:
    wanted = Counter()
    for row, value in pairs:
        wanted[row] += value
    rows, values = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found, sums = best_sums(rows, values.astype(float), count, k)
    expected = sorted(wanted.items(), key=lambda item: (-item[1], item[0]))[:k]
    assert list(zip(found.tolist(), sums.tolist(), strict=True)) == expected


@given(st.lists(st.integers(-3, 3), max_size=12), st.integers(1, 14))
def test_best_rows_sort_as_a_full_sort_does(values: list[int], k: int) -> None:
    given_rows = 2 * np.arange(len(values))
    rows, scores = best_rows(given_rows, np.array(values, dtype=float), k)
    expected = sorted((-value, row) for row, value in zip(given_rows.tolist(), values, strict=True))[:k]
    assert rows.tolist() == [row for _, row in expected]
    assert scores.tolist() == [-negative for negative, _ in expected]


@pytest.mark.parametrize("levels", [1, 2, 30, 10**6])
@pytest.mark.parametrize("k", [1, 7, 300, 2999])
def test_best_of_many_rows_are_exact_whatever_their_ties(levels: int, k: int) -> None:
    scores = np.random.default_rng(levels).integers(0, levels, 3000).astype(float)
    for given_scores in (scores, np.sort(scores), -np.sort(scores)):
        rows, best = best_rows(np.arange(3000), given_scores, k)
        expected = np.lexsort((np.arange(3000), -given_scores))[:k]
        assert rows.tolist() == expected.tolist()
        assert best.tolist() == given_scores[expected].tolist()
