"""Reciprocal rank fusion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.retrieval.fusion import fuse, fuse_rows

rankings = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=20), min_size=1, max_size=4)


def test_an_id_that_leads_every_ranking_scores_one() -> None:
    assert fuse([["a", "b"], ["a", "c"]])[0] == ("a", 1.0)


def test_the_paper_s_sum_of_reciprocal_ranks_orders_the_ids() -> None:
    # a: 1/61 + 1/63, b: 1/62 + 1/61, c: 1/63 + 1/62.
    assert [item for item, _ in fuse([["a", "b", "c"], ["b", "c", "a"]])] == ["b", "a", "c"]


def test_fusion_breaks_ties_by_id() -> None:
    assert [item for item, _ in fuse([["b", "a"], ["a", "b"]])] == ["a", "b"]


def test_as_many_weights_as_rankings_are_wanted() -> None:
    with pytest.raises(ValueError, match="2 rankings but 1 weights"):
        fuse([["a"], ["b"]], weights=[1.0])


@given(rankings, st.randoms())
def test_fusion_ignores_the_order_of_its_lists(lists: list[list[int]], random: object) -> None:
    mixed = list(lists)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert fuse(mixed) == fuse(lists)


@given(rankings)
def test_rows_fuse_as_ids_do(lists: list[list[int]]) -> None:
    slow = fuse(lists)
    rows, scores = fuse_rows([np.array(item, dtype=np.int64) for item in lists])
    assert rows.tolist() == [item for item, _ in slow]
    assert scores == pytest.approx([score for _, score in slow])
