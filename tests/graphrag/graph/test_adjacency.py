from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.errors import DataError, StoreDamagedError
from graphrag.graph.adjacency import CSRGraph, relation_rows


def edges_of(graph: CSRGraph, node: int) -> list[tuple[int, float, int, bool]]:
    own = slice(graph.indptr[node], graph.indptr[node + 1])
    return list(
        zip(
            graph.indices[own].tolist(),
            graph.weights[own].tolist(),
            graph.relations[own].tolist(),
            graph.forward[own].tolist(),
            strict=True,
        )
    )


def test_a_relation_lies_at_both_its_ends_heaviest_first() -> None:
    graph = CSRGraph.from_relations(4, [0, 0, 2, 1], [1, 2, 0, 1], [1.0, 2.0, 2.0, 1.0])
    assert edges_of(graph, 0) == [(2, 2.0, 1, True), (2, 2.0, 2, False), (1, 1.0, 0, True)]
    assert edges_of(graph, 1) == [(0, 1.0, 0, False), (1, 1.0, 3, True)]  # a self-loop stands once
    assert edges_of(graph, 3) == []
    assert graph.degrees.tolist() == [3, 2, 2, 0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3)), max_size=40))
def test_the_matrix_is_symmetric_and_sums_parallel_relations(edges: list[tuple[int, int, int]]) -> None:
    source, target, weights = zip(*edges, strict=True) if edges else ((), (), ())
    wanted = np.zeros((10, 10))
    for a, b, weight in edges:
        wanted[a, b] += weight
        if a != b:
            wanted[b, a] += weight
    assert np.array_equal(CSRGraph.from_relations(10, source, target, weights).matrix().toarray(), wanted)


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(0, 4))
def test_gather_gives_the_first_edges_of_each_node(nodes: list[int], most: int) -> None:
    rng = np.random.default_rng(1)
    graph = CSRGraph.from_relations(10, rng.integers(0, 10, 30), rng.integers(0, 10, 30), rng.random(30))
    owner, places = graph.gather(np.array(nodes, dtype=np.int64), most=most)
    wanted = [
        (at, place)
        for at, node in enumerate(nodes)
        for place in range(graph.indptr[node], min(graph.indptr[node] + most, graph.indptr[node + 1]))
    ]
    assert list(zip(owner.tolist(), places.tolist(), strict=True)) == wanted


@pytest.mark.parametrize("edges", [0, 50])
def test_save_then_open_is_identity(tmp_path: Path, edges: int) -> None:
    rng = np.random.default_rng(1)
    graph = CSRGraph.from_relations(
        20, rng.integers(0, 20, edges), rng.integers(0, 20, edges), rng.random(edges)
    )
    graph.save(tmp_path / "adjacency")
    opened = CSRGraph.open(tmp_path / "adjacency")
    for name in ("indptr", "indices", "weights", "relations", "forward"):
        assert np.array_equal(getattr(opened, name), getattr(graph, name))


@pytest.mark.parametrize("damage", ["missing", "cut", "short"])
def test_damage_is_found_when_the_graph_is_opened(tmp_path: Path, damage: str) -> None:
    CSRGraph.from_relations(3, [0, 1], [1, 2]).save(tmp_path)
    path = tmp_path / "weights.npy"
    match damage:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-4])
        case "short":
            np.save(path, np.zeros(3, dtype=np.float32))
    with pytest.raises(StoreDamagedError, match="rebuild it"):
        CSRGraph.open(tmp_path)


@pytest.mark.parametrize(
    ("source", "target", "weights", "message"),
    [([0], [3], None, "rows 0 to 2"), ([0], [1], [-1.0], "not negative"), ([0, 1], [1], None, "as many")],
)
def test_wrong_relations_are_refused(
    source: list[int], target: list[int], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        CSRGraph.from_relations(3, source, target, weights)


def test_relation_rows_names_an_unknown_end() -> None:
    assert relation_rows(["a", "b"], ["b", "a"]).tolist() == [1, 0]
    with pytest.raises(DataError, match="'c', which is not among the entities"):
        relation_rows(["a", "b"], ["c"])
