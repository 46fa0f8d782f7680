import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.graph.adjacency import CSRGraph
from graphrag.graph.traversal import SCAN, Neighbourhood, distinct, first_places, k_hop


def chain(length: int) -> CSRGraph:
    return CSRGraph.from_relations(length, np.arange(length - 1), np.arange(1, length))


def star(leaves: int, weights: list[float] | None = None) -> CSRGraph:
    return CSRGraph.from_relations(leaves + 1, np.zeros(leaves, dtype=int), np.arange(1, leaves + 1), weights)


def hops_of(found: Neighbourhood) -> dict[int, int]:
    return dict(zip(found.nodes.tolist(), found.hops.tolist(), strict=True))


def test_hops_are_distances_from_the_nearest_anchor() -> None:
    assert hops_of(k_hop(chain(10), [2, 7], hops=2)) == {
        0: 2, 1: 1, 2: 0, 3: 1, 4: 2, 5: 2, 6: 1, 7: 0, 8: 1, 9: 2,
    }  # fmt: skip


def test_from_a_seed_that_is_no_anchor_no_hops_are_counted() -> None:
    found = k_hop(chain(10), [2, 7], anchors=[True, False], hops=1)
    assert hops_of(found) == {1: 1, 2: 0, 3: 1, 6: -1, 7: -1, 8: -1}


def test_no_hops_give_the_seeds_and_the_relations_between_them() -> None:
    found = k_hop(chain(5), [4, 1, 2], hops=0)
    assert found.nodes.tolist() == [1, 2, 4]
    assert found.relations.tolist() == [1]
    assert found.ends.tolist() == [[0], [1]]


def test_no_seeds_give_nothing() -> None:
    found = k_hop(chain(5), [])
    assert len(found.nodes) == len(found.relations) == 0


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 3), st.lists(st.integers(0, 29), min_size=1, max_size=3))
def test_without_caps_it_is_what_networkx_finds(seed: int, hops: int, anchors: list[int]) -> None:
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, 30, 40), rng.integers(0, 30, 40)
    found = k_hop(CSRGraph.from_relations(30, source, target), sorted(set(anchors)), hops=hops)
    graph = nx.Graph(list(zip(source.tolist(), target.tolist(), strict=True)))
    graph.add_nodes_from(range(30))
    near = nx.multi_source_dijkstra_path_length(graph, set(anchors), cutoff=hops)
    assert hops_of(found) == near
    inside = [row for row in range(40) if source[row] in near and target[row] in near]
    assert found.relations.tolist() == inside
    assert found.nodes[found.ends[0]].tolist() == source[inside].tolist()
    assert found.nodes[found.ends[1]].tolist() == target[inside].tolist()
    assert found.leaving.tolist() == CSRGraph.from_relations(30, source, target).degrees[found.nodes].tolist()


def test_a_hub_is_capped_to_its_heaviest_edges_and_says_so() -> None:
    found = k_hop(star(100, np.arange(1, 101).tolist()), [0], hops=1, hub_cap=3)
    assert found.nodes.tolist() == [0, 98, 99, 100]
    assert found.pruned == 97


def test_equal_weights_are_kept_by_row() -> None:
    assert k_hop(star(10), [0], hops=1, hub_cap=3).nodes.tolist() == [0, 1, 2, 3]


def test_a_hub_s_wanted_edges_are_found_beyond_those_looked_at() -> None:
    graph = star(1000)
    wanted = np.array([997])  # by default no more than SCAN are looked at

    def weigh(places: np.ndarray) -> np.ndarray:
        return np.where(np.isin(places, wanted), 5.0, 1.0)

    found = k_hop(graph, [0], hops=1, hub_cap=2, weigh=weigh, wanted=lambda node: wanted)
    assert SCAN < 997
    assert found.nodes.tolist() == [0, 1, 998]


def test_mass_divides_over_edges_by_weight_and_is_damped() -> None:
    graph = CSRGraph.from_relations(5, [0, 0, 1], [2, 3, 4], [3.0, 1.0, 1.0])
    found = k_hop(graph, [0, 1], [0.75, 0.25], hops=1, damping=0.5)
    assert found.mass.tolist() == pytest.approx([0.75, 0.25, 0.28125, 0.09375, 0.125])


def test_at_most_so_many_nodes_stay_those_with_most_mass() -> None:
    found = k_hop(star(4, [1.0, 5.0, 3.0, 5.0]), [0], hops=1, max_nodes=3)
    assert found.nodes.tolist() == [0, 2, 4]
    assert found.pruned == 2


def test_anchors_stay_however_little_mass_they_have() -> None:
    found = k_hop(chain(9), [0, 8], [1.0, 1e-9], hops=3, max_nodes=2)
    assert found.nodes.tolist() == [0, 8]


def test_each_hop_walks_on_from_the_heaviest_only() -> None:
    graph = CSRGraph.from_relations(7, [0, 0, 0, 1, 2, 3], [1, 2, 3, 4, 5, 6], [1.0, 3.0, 2.0, 1.0, 1.0, 1.0])
    found = k_hop(graph, [0], hops=2, width=1)
    assert found.nodes.tolist() == [0, 1, 2, 3, 5]


def test_what_weighs_nothing_is_not_walked() -> None:
    graph = chain(5)

    def weigh(places: np.ndarray) -> np.ndarray:
        return np.where(graph.relations[places] == 1, 0.0, 1.0)

    assert k_hop(graph, [0], hops=4, weigh=weigh).nodes.tolist() == [0, 1]


def test_an_edge_that_one_end_sees_is_there() -> None:
    # The hub looks at its heaviest edges only; the light edge to its last leaf is seen from the leaf.
    graph = star(2000, [1.0] * 1999 + [0.5])
    found = k_hop(graph, [0, 2000], hops=0)
    assert found.relations.tolist() == [1999]


def test_what_comes_straight_back_is_counted() -> None:
    # Node 0 leads to three leaves and to node 4, which has another edge.
    graph = CSRGraph.from_relations(6, [0, 0, 0, 0, 4], [1, 2, 3, 4, 5])
    found = k_hop(graph, [0], hops=0)
    assert found.leaving.tolist() == [4.0]
    assert found.returning.tolist() == [3.5]


def test_what_pagerank_ranks_highest_is_collected() -> None:
    # Mostly neighbours in a ring, and some hubs that everything leads to.
    rng = np.random.default_rng(4)
    source = rng.integers(0, 5000, 12_000)
    hubs = np.minimum(rng.geometric(0.1, 12_000), 100)
    target = np.where(rng.random(12_000) < 0.1, hubs, (source + rng.geometric(0.2, 12_000)) % 5000)
    graph = CSRGraph.from_relations(5000, source[source != target], target[source != target])
    whole = igraph.Graph(5000, list(zip(source[source != target], target[source != target], strict=True)))
    found = 0
    for seed in range(1000, 3000, 200):
        part = k_hop(graph, [seed], hops=4, max_nodes=300)
        exact = np.array(whole.personalized_pagerank(reset_vertices=[seed]))
        found += len(set(part.nodes.tolist()) & set(np.argsort(-exact, kind="stable")[:20].tolist()))
    assert found >= 0.97 * 200


@given(st.lists(st.integers(0, 20)))
def test_distinct_is_what_numpy_says(values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    wanted, place = np.unique(array, return_inverse=True)
    first = np.unique(array, return_index=True)[1]
    assert [part.tolist() for part in distinct(array)] == [wanted.tolist(), place.tolist()]
    assert [part.tolist() for part in first_places(array)] == [wanted.tolist(), first.tolist()]
