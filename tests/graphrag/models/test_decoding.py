"""Decoders against exhaustive search."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.models.decoding import EntityPaths, Floats, best_path, best_paths, best_tree


def random_scores(seed: int, n: int) -> Floats:
    scores = np.random.default_rng(seed).normal(size=(n, n + 1)).astype(np.float32)
    scores[np.arange(n), np.arange(n) + 1] = -np.inf
    return scores


def total(scores: Floats, heads: tuple[int, ...]) -> float:
    return float(sum(scores[i, 0 if h == i else h + 1] for i, h in enumerate(heads)))


def is_tree(heads: tuple[int, ...]) -> bool:
    if sum(h == i for i, h in enumerate(heads)) != 1:
        return False
    for start in range(len(heads)):
        node, steps = start, 0
        while heads[node] != node and steps <= len(heads):
            node, steps = heads[node], steps + 1
        if steps > len(heads):
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 5))
def test_the_tree_is_the_best_of_all_trees_with_one_root(seed: int, n: int) -> None:
    scores = random_scores(seed, n)
    found = tuple(best_tree(scores).tolist())
    best = max(total(scores, heads) for heads in product(range(n), repeat=n) if is_tree(heads))
    assert is_tree(found)
    assert total(scores, found) == pytest.approx(best, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 60))
def test_every_long_sentence_gets_a_tree(seed: int, n: int) -> None:
    assert is_tree(tuple(best_tree(random_scores(seed, n)).tolist()))


def test_a_cycle_of_best_heads_is_broken_where_it_costs_least() -> None:
    none = -np.inf
    scores = np.array([[0.0, none, 9.0, 1.0], [0.0, 9.0, none, 3.0], [5.0, 0.0, 0.0, none]], np.float32)
    assert best_tree(scores).tolist() == [1, 2, 2]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 5))
def test_the_path_is_the_best_of_all_paths(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    emissions = rng.normal(size=(n, 3)).astype(np.float32)
    transitions = rng.normal(size=(3, 3)).astype(np.float32)

    def value(path: tuple[int, ...]) -> float:
        steps = sum(float(transitions[a, b]) for a, b in pairwise(path))
        return steps + sum(float(emissions[t, label]) for t, label in enumerate(path))

    best = max(value(path) for path in product(range(3), repeat=n))
    assert value(tuple(best_path(emissions, transitions))) == pytest.approx(best, abs=1e-4)


def test_no_tokens_have_no_path() -> None:
    assert best_path(np.zeros((0, 3), np.float32), np.zeros((3, 3), np.float32)) == []


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), lengths=st.lists(st.integers(1, 30), min_size=1, max_size=9))
def test_pieces_side_by_side_get_the_paths_they_get_alone(seed: int, lengths: list[int]) -> None:
    rng = np.random.default_rng(seed)
    emissions = rng.normal(size=(sum(lengths), 5)).astype(np.float32)
    transitions = rng.normal(size=(5, 5)).astype(np.float32)
    ends = np.cumsum(lengths)
    begins = ends - lengths
    together = best_paths(emissions, begins, ends, transitions).tolist()
    alone = [best_path(emissions[b:e], transitions) for b, e in zip(begins, ends, strict=True)]
    assert together == [label for path in alone for label in path]


NAMES = ["O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y", "E-Y", "S-Y"]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_names_open_and_close_inside_their_paragraph(seed: int, lengths: list[int]) -> None:
    rng = np.random.default_rng(seed)
    paths = EntityPaths(NAMES, rng.normal(size=(9, 9)).astype(np.float32))
    borders = [0, *np.cumsum(lengths).tolist()]
    path = paths.decode(rng.normal(size=(borders[-1], 9)).astype(np.float32) * 5, borders)
    for begin, end in pairwise(borders):
        opened = ""
        for label in path[begin:end]:
            place, kind = NAMES[label][0], NAMES[label][2:]
            assert opened == (kind if place in "IE" else "")
            opened = kind if place in "BI" else ""
        assert opened == ""
