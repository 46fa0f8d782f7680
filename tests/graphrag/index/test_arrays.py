"""Ragged arrays and strings."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphrag.index.arrays import Ragged, Strings, group, products, ragged_from_pairs, write_strings

rows = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=8)


def ragged(lists: list[list[int]]) -> Ragged:
    lengths = [len(row) for row in lists]
    start = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Ragged(start, np.array([value for row in lists for value in row], dtype=np.int64))


@given(rows, st.data())
def test_gather_gives_the_rows_one_after_the_other(lists: list[list[int]], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=6))
    table = ragged(lists)
    owner, at, values = table.gather(np.array(wanted, dtype=np.int64))
    assert values.tolist() == [value for row in wanted for value in lists[row]]
    assert owner.tolist() == [place for place, row in enumerate(wanted) for _ in lists[row]]
    assert table.values[at].tolist() == values.tolist()


def test_grouping_fills_rows_without_values() -> None:
    table = group(np.array([0, 0, 2]), np.array([5, 6, 7]), 4)
    assert [table.row(row).tolist() for row in range(4)] == [[5, 6], [], [7], []]


def test_pairs_collapse_and_sort() -> None:
    table = ragged_from_pairs(np.array([1, 1, 1, 0]), np.array([4, 2, 4, 9]), 2, 10)
    assert [table.row(row).tolist() for row in range(2)] == [[9], [2, 4]]


def test_strings_come_back_as_they_were(tmp_path: Path) -> None:
    words = ["", "naïve", "東京", "a\tb"]
    write_strings(tmp_path, "words", words)
    table = Strings(np.load(tmp_path / "words_start.npy"), np.load(tmp_path / "words.npy"))
    assert table.take(range(4)) == words
    assert table[2] == "東京"


def test_a_rows_product_does_not_depend_on_the_rows_beside_it() -> None:
    random = np.random.default_rng(0)
    vector = random.standard_normal(64).astype(np.float32)
    for matrix in (
        random.standard_normal((1300, 64)).astype(np.float32),
        random.integers(-127, 128, (1300, 64)).astype(np.int8),
    ):
        whole = products(matrix, vector)
        scale = 1 / 127 if matrix.dtype == np.int8 else 1.0
        assert np.allclose(whole, matrix.astype(np.float64) @ vector * scale, atol=1e-4)
        for rows in (slice(0, 1), slice(511, 514), slice(700, 1300)):
            assert products(matrix[rows], vector).tolist() == whole[rows].tolist()
