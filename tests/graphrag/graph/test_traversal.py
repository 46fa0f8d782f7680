import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.graph.adjacency import CSRGraph
from graphrag.graph.traversal import k_hop


def chain(length: int) -> CSRGraph:
    return CSRGraph.from_relations(length, np.arange(length - 1), np.arange(1, length))


def test_hops_are_distances_from_the_nearest_anchor() -> None:
    found = k_hop(chain(10), [2, 7], hops=2)
    assert dict(zip(found.nodes.tolist(), found.hops.tolist(), strict=True)) == {
        0: 2, 1: 1, 2: 0, 3: 1, 4: 2, 5: 2, 6: 1, 7: 0, 8: 1, 9: 2,
    }  # fmt: skip


def test_no_hops_give_the_anchors_and_the_relations_between_them() -> None:
    found = k_hop(chain(5), [1, 2, 4], hops=0)
    assert found.nodes.tolist() == [1, 2, 4]
    assert found.relations.tolist() == [1]


def test_no_anchors_give_nothing() -> None:
    found = k_hop(chain(5), [])
    assert len(found.nodes) == len(found.relations) == len(found.graph) == 0


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 3), st.lists(st.integers(0, 29), min_size=1, max_size=3))
def test_without_caps_it_is_what_networkx_finds(seed: int, hops: int, anchors: list[int]) -> None:
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, 30, 40), rng.integers(0, 30, 40)
    found = k_hop(CSRGraph.from_relations(30, source, target), anchors, hops=hops, hub_cap=1000)
    graph = nx.Graph(list(zip(source.tolist(), target.tolist(), strict=True)))
    graph.add_nodes_from(range(30))
    near = nx.multi_source_dijkstra_path_length(graph, set(anchors), cutoff=hops)
    assert dict(zip(found.nodes.tolist(), found.hops.tolist(), strict=True)) == near
    inside = [row for row in range(40) if source[row] in near and target[row] in near]
    assert found.relations.tolist() == inside
    wanted = CSRGraph.from_relations(
        len(near), np.searchsorted(found.nodes, source[inside]), np.searchsorted(found.nodes, target[inside])
    )
    assert np.array_equal(found.graph.indices, wanted.indices)
    assert np.array_equal(found.graph.forward, wanted.forward)
    assert not len(found.capped)


def test_a_hub_is_capped_to_its_heaviest_edges_and_says_so() -> None:
    graph = CSRGraph.from_relations(101, np.zeros(100, dtype=int), np.arange(1, 101), np.arange(1, 101))
    found = k_hop(graph, [0], hops=1, hub_cap=3)
    assert found.nodes.tolist() == [0, 98, 99, 100]
    assert (found.capped.tolist(), found.edges_pruned.tolist()) == ([0], [97])


def test_equal_weights_are_kept_by_row() -> None:
    graph = CSRGraph.from_relations(11, np.zeros(10, dtype=int), np.arange(1, 11))
    assert k_hop(graph, [0], hops=1, hub_cap=3).nodes.tolist() == [0, 1, 2, 3]


def test_mass_divides_over_edges_by_weight_from_weighted_anchors() -> None:
    graph = CSRGraph.from_relations(5, [0, 0, 1], [2, 3, 4], [3.0, 1.0, 1.0])
    found = k_hop(graph, [0, 1], [3.0, 1.0], hops=1)
    assert found.mass.tolist() == pytest.approx([0.75, 0.25, 0.5625, 0.1875, 0.25])


def test_max_nodes_keeps_those_with_most_mass() -> None:
    graph = CSRGraph.from_relations(5, [0, 0, 0, 0], [1, 2, 3, 4], [1.0, 5.0, 3.0, 5.0])
    found = k_hop(graph, [0], hops=1, max_nodes=3)
    assert found.nodes.tolist() == [0, 2, 4]
    assert found.nodes_pruned == 2


def test_blocked_nodes_are_taken_in_but_not_walked_through() -> None:
    blocked = np.zeros(5, dtype=bool)
    blocked[1] = True
    assert k_hop(chain(5), [0], hops=4, blocked=blocked).nodes.tolist() == [0, 1]


def test_an_edge_that_one_end_keeps_is_kept() -> None:
    # The hub 0 drops the light edge to 4, node 4 does not.
    graph = CSRGraph.from_relations(5, [0, 0, 0, 4], [1, 2, 3, 0], [9.0, 9.0, 9.0, 1.0])
    found = k_hop(graph, [0, 4], hops=1, hub_cap=3)
    assert found.relations.tolist() == [0, 1, 2, 3]
    assert found.graph.forward[found.graph.indptr[4] : found.graph.indptr[5]].tolist() == [True]
