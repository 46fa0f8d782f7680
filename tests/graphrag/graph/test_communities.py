import random as python_random
import subprocess
import sys
from collections.abc import Sequence

import igraph
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.datamodel import Community
from graphrag.errors import ConfigError, DataError
from graphrag.graph.communities import (
    Method,
    communities_at,
    hierarchical_communities,
    membership,
    modularity,
)
from graphrag.ids import content_id

Edges = Sequence[tuple[str, str]]


def build(edges: Edges, alone: Sequence[str] = (), **options: object) -> list[Community]:
    ids = sorted({name for edge in edges for name in edge} | set(alone))
    place = {name: number for number, name in enumerate(ids)}
    source = [place[a] for a, _ in edges]
    target = [place[b] for _, b in edges]
    return hierarchical_communities(ids, source, target, **options)  # type: ignore[arg-type]


def clique(prefix: str, size: int) -> list[tuple[str, str]]:
    names = [f"{prefix}{number:03}" for number in range(size)]
    return [(a, b) for a in names for b in names if a < b]


def rings(count: int, size: int) -> list[tuple[str, str]]:
    """Cliques joined in a ring."""
    edges = [edge for number in range(count) for edge in clique(f"c{number:03}-", size)]
    return edges + [(f"c{n:03}-000", f"c{(n + 1) % count:03}-001") for n in range(count)]


def members(communities: Sequence[Community]) -> list[tuple[str, ...]]:
    return sorted(community.entity_ids for community in communities)


def random_graph(seed: int, nodes: int = 400, edges: int = 900) -> list[tuple[str, str]]:
    """Groups of about 20, with a tenth of the edges between them."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, nodes, size=edges)
    end = np.where(
        rng.random(edges) < 0.1,
        rng.integers(0, nodes, size=edges),
        start // 20 * 20 + rng.integers(0, 20, size=edges),
    )
    return [(f"n{a:04}", f"n{b:04}") for a, b in zip(start.tolist(), end.tolist(), strict=True) if a != b]


def test_cliques_in_a_ring_are_the_finest_communities() -> None:
    found = communities_at(build(rings(30, 6)), 0)
    cliques = [tuple(f"c{n:03}-{m:03}" for m in range(6)) for n in range(30)]
    assert members(found) == cliques


def test_small_components_and_lone_entities_are_communities() -> None:
    found = build([*clique("a", 3), ("x", "y")], alone=["lone"])
    assert members(found) == [("a000", "a001", "a002"), ("lone",), ("x", "y")]
    assert {(community.level, community.parent_id) for community in found} == {(0, None)}


def check_tree(communities: Sequence[Community], ids: Sequence[str]) -> None:
    by_id = {community.id: community for community in communities}
    assert len(by_id) == len(communities)
    children: dict[str, list[Community]] = {}
    for community in communities:
        assert list(community.entity_ids) == sorted(set(community.entity_ids))
        if community.parent_id is not None:
            children.setdefault(community.parent_id, []).append(community)
    for community in communities:
        parts = children.get(community.id, [])
        assert community.level == 1 + max((part.level for part in parts), default=-1)
        if parts:
            assert len(parts) > 1
            assert sorted(name for part in parts for name in part.entity_ids) == list(community.entity_ids)
    for level in range(max((c.level for c in communities), default=0) + 1):
        cut = communities_at(communities, level)
        assert sorted(name for community in cut for name in community.entity_ids) == sorted(ids)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 150), st.sampled_from([2, 5, 10]))
def test_each_cut_holds_every_entity_once(seed: int, nodes: int, edges: int, max_size: int) -> None:
    rng = np.random.default_rng(seed)
    ids = [f"e{number:03}" for number in range(nodes)]
    ends = rng.integers(0, nodes, size=(edges, 2))
    found = hierarchical_communities(ids, ends[:, 0], ends[:, 1], rng.random(edges) + 0.1, max_size=max_size)
    check_tree(found, ids)


def test_a_large_graph_makes_a_deep_tree() -> None:
    edges = random_graph(1, nodes=3000, edges=9000)
    found = build(edges)
    check_tree(found, sorted({name for edge in edges for name in edge}))
    assert max(community.level for community in found) >= 2
    assert all(len(c.entity_ids) <= 40 for c in communities_at(found, 0))


def test_the_order_of_ids_and_edges_does_not_count() -> None:
    edges = random_graph(2)
    ids = sorted({name for edge in edges for name in edge})
    wanted = build(edges)
    rng = np.random.default_rng(3)
    for _ in range(3):
        order = rng.permutation(len(ids))
        shuffled = [ids[place] for place in order]
        place = {name: number for number, name in enumerate(shuffled)}
        turned = [edge[::-1] if rng.random() < 0.5 else edge for edge in rng.permutation(np.array(edges))]
        found = hierarchical_communities(
            shuffled, [place[a] for a, _ in turned], [place[b] for _, b in turned]
        )
        assert found == wanted


def test_a_change_touches_its_own_component_only() -> None:
    one, other = rings(40, 6), [(f"z{a}", f"z{b}") for a, b in random_graph(4)]
    before = {community.id for community in build(one + other)}
    after = {community.id for community in build([*one, ("c000-000", "c020-003"), *other])}
    assert {c.id for c in build(other)} <= before & after


def test_a_communitys_parts_depend_on_itself_only() -> None:
    edges = random_graph(5, nodes=3000, edges=9000)
    found = build(edges)
    top = max(
        (c for c in communities_at(found, 99) if len(c.entity_ids) <= 200), key=lambda c: len(c.entity_ids)
    )
    inside = set(top.entity_ids)
    assert len(inside) > 30
    alone = build([edge for edge in edges if inside.issuperset(edge)])
    assert {c.id for c in alone} == {c.id for c in found if inside.issuperset(c.entity_ids)}


def test_the_seed_decides_and_the_hash_seed_does_not() -> None:
    code = (
        "from tests.graphrag.graph.test_communities import build, random_graph;"
        "print(hash('x'), [c.id for c in build(random_graph(6, 2000, 4000))][:40])"
    )
    outputs = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(done.stdout.split(" ", 1))
    assert outputs[0][0] != outputs[1][0]
    assert outputs[0][1] == outputs[1][1]


def test_pythons_own_random_numbers_are_left_alone() -> None:
    python_random.seed(1)
    build(rings(50, 6))
    after = python_random.random()
    python_random.seed(1)
    assert python_random.random() == after


def test_a_hub_with_its_leaves_stays_one_community() -> None:
    (found,) = build([("hub", f"leaf{number:02}") for number in range(50)])
    assert len(found.entity_ids) == 51


def test_modularity_equals_igraphs() -> None:
    edges = random_graph(7)
    ids = sorted({name for edge in edges for name in edge})
    place = {name: number for number, name in enumerate(ids)}
    source, target = [place[a] for a, _ in edges], [place[b] for _, b in edges]
    weights = np.random.default_rng(1).random(len(edges)) + 0.5
    found = communities_at(hierarchical_communities(ids, source, target, weights), 0)
    label = membership(ids, found)
    graph = igraph.Graph(len(ids), edges=list(zip(source, target, strict=True)))
    wanted = graph.modularity(label.tolist(), weights=weights.tolist())
    assert modularity(len(ids), source, target, weights, label) == pytest.approx(wanted)


def test_the_top_is_as_modular_as_leidenalgs() -> None:
    edges = random_graph(8, nodes=3000, edges=12000)
    ids = sorted({name for edge in edges for name in edge})
    place = {name: number for number, name in enumerate(ids)}
    source, target = [place[a] for a, _ in edges], [place[b] for _, b in edges]
    quality = []
    methods: tuple[Method, ...] = ("igraph", "leidenalg")
    for method in methods:
        top = communities_at(hierarchical_communities(ids, source, target, method=method), 99)
        quality.append(modularity(len(ids), source, target, None, membership(ids, top)))
    assert quality[0] >= quality[1] - 0.005


def test_an_id_is_the_content_id_of_the_members() -> None:
    (found,) = build([("y", "é"), ("x", "y")])
    assert found.id == content_id("com", "x\ny\né")


def test_an_empty_graph_has_no_communities() -> None:
    assert hierarchical_communities([], [], []) == []
    assert modularity(0, [], [], None, []) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a", "a"], [0], [1], None), "unique"),
        ((["a", "b"], [0], [2], None), "places 0 to 1"),
        ((["a", "b"], [0], [1], [0.0]), "positive and finite"),
        ((["a", "b"], [0], [1], [float("nan")]), "positive and finite"),
        ((["a", "b"], [0, 1], [1], None), "must be as many"),
    ],
)
def test_wrong_input_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        hierarchical_communities(*arguments)  # type: ignore[arg-type]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_size = 1"):
        hierarchical_communities(["a"], [], [], max_size=1)


def test_one_node_more_leaves_most_of_a_large_component_alone() -> None:
    """Shuffled, about a quarter of the communities would differ."""
    rng = np.random.default_rng(0)
    count = 3000
    group = np.repeat(np.arange(count // 15), 15)
    source = rng.integers(0, count, 9000)
    near = rng.random(9000) < 0.8
    target = rng.integers(0, count, 9000)
    target[near] = group[source[near]] * 15 + rng.integers(0, 15, int(near.sum()))
    ids = [f"ent-{row:05}" for row in range(count)]
    before = {item.id for item in hierarchical_communities(ids, source, target)}
    new = []
    for neighbour in (7, 1500, 2900):
        after = hierarchical_communities(
            [*ids, f"ent-{neighbour:05}x"], [*source, neighbour], [*target, count]
        )
        new.append(len({item.id for item in after} - before))
    assert np.median(new) < 0.05 * len(before), new


def test_another_seed_shuffles_and_repeats_itself() -> None:
    rng = np.random.default_rng(1)
    source, target = rng.integers(0, 600, 2000), rng.integers(0, 600, 2000)
    ids = [f"ent-{row:04}" for row in range(600)]
    first = hierarchical_communities(ids, source, target, seed=3)
    assert first == hierarchical_communities(ids, source, target, seed=3)
    assert first != hierarchical_communities(ids, source, target)
