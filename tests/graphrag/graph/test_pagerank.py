import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, random_array

from graphrag.errors import ConvergenceError, DataError
from graphrag.graph.adjacency import CSRGraph
from graphrag.graph.pagerank import personalized_pagerank


def graph_and_restart(
    seed: int, nodes: int = 40, density: float = 0.08
) -> tuple[csr_matrix, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    matrix = csr_matrix(random_array((nodes, nodes), density=density, rng=rng))
    restart = rng.random(nodes) * (rng.random(nodes) < 0.2)
    restart[0] += 0.1
    return matrix, restart / restart.sum()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 0.85]))
def test_ranks_equal_those_of_networkx(seed: int, damping: float) -> None:
    matrix, restart = graph_and_restart(seed)  # some rows are empty: dangling nodes
    graph = nx.from_scipy_sparse_array(matrix, create_using=nx.DiGraph)
    personal = dict(enumerate(restart.tolist()))
    wanted = nx.pagerank(graph, damping, personal, max_iter=500, tol=1e-12, dangling=personal)
    rank = personalized_pagerank(matrix, restart, damping=damping, tolerance=1e-10)
    assert rank == pytest.approx([wanted[node] for node in range(40)], abs=1e-8)


def test_ranks_equal_those_of_igraph() -> None:
    rng = np.random.default_rng(2)
    source, target = rng.integers(0, 60, 240), rng.integers(0, 60, 240)
    weights = rng.random(240).astype(np.float32)
    proper = source != target
    graph = CSRGraph.from_relations(60, source[proper], target[proper], weights[proper])
    edges = list(zip(source[proper].tolist(), target[proper].tolist(), strict=True))
    peer = igraph.Graph(60, edges=edges)
    restart = np.zeros(60)
    restart[[3, 7]] = 0.75, 0.25
    wanted = peer.personalized_pagerank(reset=restart.tolist(), weights=weights[proper].tolist())
    assert personalized_pagerank(graph, restart, tolerance=1e-10) == pytest.approx(wanted, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 0.95), st.floats(0.0, 0.2))
def test_ranks_are_probabilities(seed: int, damping: float, density: float) -> None:
    matrix, restart = graph_and_restart(seed, density=density)
    rank = personalized_pagerank(matrix, restart, damping=damping, max_iterations=1000)
    assert rank.sum() == pytest.approx(1.0)
    assert (rank >= 0).all()


def test_both_products_give_the_same_ranks() -> None:
    rng = np.random.default_rng(1)
    source, target = rng.integers(0, 5000, 40_000), rng.integers(0, 5000, 40_000)
    graph = CSRGraph.from_relations(5000, source, target)  # 80,000 edges: the sparse product
    restart = np.zeros(5000)
    restart[17] = 1.0
    rank = personalized_pagerank(graph, restart, tolerance=1e-12)
    moved = np.bincount(target, rank[source] / graph.degrees[source], 5000) + np.bincount(
        source[source != target], (rank[target] / graph.degrees[target])[source != target], 5000
    )
    assert 0.85 * moved + 0.15 * restart == pytest.approx(rank, abs=1e-9)


def test_without_edges_all_mass_stays_at_the_restart() -> None:
    restart = np.array([0.25, 0.75, 0.0])
    assert personalized_pagerank(csr_matrix((3, 3)), restart).tolist() == restart.tolist()


def test_unreachable_nodes_rank_zero() -> None:
    graph = CSRGraph.from_relations(4, [0, 2], [1, 3])
    rank = personalized_pagerank(graph, [1.0, 0.0, 0.0, 0.0])
    assert rank[2:].tolist() == [0.0, 0.0]


def test_too_few_iterations_are_an_error_with_the_last_change() -> None:
    matrix, restart = graph_and_restart(1)
    with pytest.raises(ConvergenceError, match=r"40 nodes changed by 0\.\d+ in iteration 2"):
        personalized_pagerank(matrix, restart, max_iterations=2)


@pytest.mark.parametrize(
    ("restart", "damping", "message"),
    [
        ([1.0, 0.0], 0.85, r"shape \(2,\); expected \(3,\)"),
        ([1.0, 1.0, 0.0], 0.85, "sum to 1"),
        ([1.5, -0.5, 0.0], 0.85, "sum to 1"),
        ([float("nan"), 0.0, 1.0], 0.85, "sum to 1"),
        ([1.0, 0.0, 0.0], 1.0, r"damping = 1.0 must lie in \[0, 1\)"),
    ],
)
def test_wrong_arguments_are_refused(restart: list[float], damping: float, message: str) -> None:
    with pytest.raises(DataError, match=message):
        personalized_pagerank(csr_matrix(np.eye(3)), restart, damping=damping)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(DataError, match="not be negative"):
        personalized_pagerank(csr_matrix(-np.eye(2)), [1.0, 0.0])


@pytest.mark.parametrize("damping", [0.0, 0.5, 0.85, 0.97])
def test_fewer_steps_on_a_symmetric_matrix_come_to_the_same(damping: float) -> None:
    matrix, restart = graph_and_restart(3)
    both = (matrix + matrix.T).tocsr()
    wanted = personalized_pagerank(both, restart, damping=damping, tolerance=1e-12, max_iterations=5000)
    steps = 40 if damping < 0.9 else 120
    rank = personalized_pagerank(
        both, restart, damping=damping, tolerance=1e-9, max_iterations=steps, symmetric=True
    )
    assert rank == pytest.approx(wanted, abs=1e-8)


def test_what_leaves_the_part_restarts() -> None:
    graph = CSRGraph.from_relations(2, [0], [1])
    rank = personalized_pagerank(graph, [1.0, 0.0], damping=0.5, leaving=[4.0, 1.0], tolerance=1e-12)
    # x0 = s + x1 / 2 and x1 = x0 / 8, made to sum to 1
    assert rank == pytest.approx([8 / 9, 1 / 9])
