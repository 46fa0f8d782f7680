"""Measures against worked examples."""

import pytest

from graphrag.datamodel import Citation, Document, Evidence, Span
from graphrag.errors import DataError
from graphrag.evaluation import (
    all_recall,
    answer_f1,
    citation_precision,
    exact_match,
    mean,
    ndcg,
    normalize_answer,
    recall,
    reciprocal_rank,
    triple_score,
)

RANKED = ["d3", "d2", "d3", "d0", "d1"]


def test_recall_counts_a_repeated_document_once() -> None:
    assert recall(RANKED, ["d0", "d1"], 3) == 0.5
    assert recall(RANKED, ["d0", "d1"], 4) == 1.0


def test_all_recall_wants_every_gold_document() -> None:
    assert all_recall(RANKED, ["d0", "d2"], 2) == 0.0
    assert all_recall(RANKED, ["d0", "d2"], 3) == 1.0


def test_reciprocal_rank_is_of_the_first_gold() -> None:
    assert reciprocal_rank(RANKED, ["d0", "d1"]) == pytest.approx(1 / 3)
    assert reciprocal_rank(RANKED, ["d9"]) == 0.0


def test_ndcg_agrees_with_the_worked_example_of_graded_relevance() -> None:
    # Relevance 3, 2, 3, 0, 1, 2 in rank order: DCG 6.861, ideal order 3, 3, 2, 2, 1, 0: 7.141.
    relevance = {"a": 3.0, "b": 2.0, "c": 3.0, "d": 0.0, "e": 1.0, "f": 2.0}
    assert ndcg(list("abcdef"), relevance, 6) == pytest.approx(6.861 / 7.141, abs=1e-3)


def test_ndcg_of_a_perfect_ranking_is_one() -> None:
    assert ndcg(["d1", "d2", "d3"], ["d1", "d2"]) == pytest.approx(1.0)


def test_gold_that_is_empty_cannot_be_scored() -> None:
    with pytest.raises(DataError, match="without gold documents"):
        recall(RANKED, [], 5)


def test_answers_are_compared_without_case_articles_and_punctuation() -> None:
    assert normalize_answer("  The  U.S. Senate!") == "us senate"
    assert exact_match("the Eiffel Tower", ["Eiffel Tower."]) == 1.0
    assert exact_match("Eiffel", ["Eiffel Tower"]) == 0.0


def test_answer_f1_takes_the_best_gold_answer() -> None:
    # Two of three words right, both gold words found: P 2/3, R 1.
    assert answer_f1("in Paris France", ["Paris, France", "Lyon"]) == pytest.approx(0.8)


def test_triple_score_counts_exact_triples() -> None:
    score = triple_score({(1, "r", 2), (1, "r", 3)}, {(1, "r", 2), (4, "r", 5), (6, "r", 7)})
    assert (score.precision, score.recall) == (0.5, pytest.approx(1 / 3))
    assert score.f1 == pytest.approx(0.4)


def test_nothing_found_where_nothing_was_to_find_is_perfect() -> None:
    assert triple_score([], []).f1 == 1.0
    assert triple_score([], [1]).f1 == 0.0


def test_a_citation_is_right_only_if_its_quote_stands_at_its_span() -> None:
    document = Document("doc-1", "k", "Ada wrote notes.")
    good = Evidence("doc-1", "chk-1", Span(0, 3), "Ada", "t", 1.0)
    moved = Evidence("doc-1", "chk-1", Span(1, 4), "Ada", "t", 1.0)
    lost = Evidence("doc-9", "chk-1", Span(0, 3), "Ada", "t", 1.0)
    citations = [Citation(1, good), Citation(2, moved), Citation(3, lost)]
    assert citation_precision(citations, {"doc-1": document}) == pytest.approx(1 / 3)


def test_mean_of_nothing_is_zero() -> None:
    assert mean([]) == 0.0
