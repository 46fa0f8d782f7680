"""The graph around a question."""

from typing import Any

import igraph
import numpy as np
import pytest

from graphrag.index.snapshot import SearchIndex
from graphrag.retrieval.subgraph import Start, Subgraph, collect, relation_paths, walk


def row_of(index: SearchIndex, world: Any, name: str) -> int:
    ids = index.entity_ids.take(range(len(index.entity_ids)))
    return ids.index(world.entity_id(name))


def names(index: SearchIndex, graph: Subgraph, hop: int) -> set[str]:
    return set(index.entity_names.take(graph.entities[graph.hops == hop]))


def starting(entities: list[int], chunks: np.ndarray | None = None) -> Start:
    rows = np.empty(0, np.int64) if chunks is None else chunks
    return Start.of(np.array(entities, dtype=np.int64), np.ones(len(entities)), rows, np.full(len(rows), 0.1))


def around(index: SearchIndex, world: Any, name: str, **options: Any) -> Subgraph:
    settings = {"hops": 2, "hub_cap": 10, "asked": np.zeros(len(index.relation_types), dtype=np.bool_)}
    return collect(index, starting([row_of(index, world, name)]), **{**settings, **options})


def test_each_hop_walks_one_relation_further(index: SearchIndex, world: Any) -> None:
    graph = around(index, world, "iPhone", hops=3)
    assert names(index, graph, 0) == {"iPhone"}
    assert names(index, graph, 1) == {"Apple", "2007"}
    assert names(index, graph, 2) == {"Tim Cook"}
    assert names(index, graph, 3) == {"Mobile, Alabama"}


def test_a_hub_s_best_neighbours_are_those_asked_for(index: SearchIndex, world: Any) -> None:
    asked = np.array([name == "INVENTED" for name in index.relation_types])
    graph = around(index, world, "iPhone", hops=1, hub_cap=1, asked=asked)
    assert names(index, graph, 1) == {"Apple"}
    assert graph.pruned == 1


def test_filtered_relations_are_not_walked(index: SearchIndex, world: Any) -> None:
    kept = np.array([name == "INVENTED" for name in index.relation_types])
    graph = around(index, world, "iPhone", kept_relations=kept)
    assert names(index, graph, 1) == {"Apple"}
    assert len(graph.relations) == 1


def test_filtered_entities_are_neither_met_nor_walked_through(index: SearchIndex, world: Any) -> None:
    kept = np.ones(len(index.entity_flags), dtype=np.bool_)
    kept[row_of(index, world, "Apple")] = False
    chunks = np.arange(len(index.chunk_ids), dtype=np.int64)
    graph = around(index, world, "iPhone", hops=3, kept_entities=kept)
    assert set(index.entity_names.take(graph.entities)) == {"iPhone", "2007"}
    named = collect(
        index,
        starting([row_of(index, world, "iPhone")], chunks),
        hops=3,
        hub_cap=9,
        asked=np.zeros(len(index.relation_types), dtype=np.bool_),
        kept_entities=kept,
    )
    assert "Apple" not in index.entity_names.take(named.entities)


def test_passages_bring_the_entities_they_name(index: SearchIndex, world: Any) -> None:
    chunks = np.arange(len(index.chunk_ids), dtype=np.int64)
    asked = np.zeros(len(index.relation_types), dtype=np.bool_)
    start = starting([row_of(index, world, "Gdynia")], chunks)
    graph = collect(index, start, hops=0, hub_cap=5, asked=asked)
    assert "Ivo Lenz" in names(index, graph, -1)
    assert len(graph.chunks) == len(chunks)


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_the_walk_agrees_with_igraph(index: SearchIndex, world: Any, share: float) -> None:
    anchor = row_of(index, world, "iPhone")
    chunks = np.arange(len(index.chunk_ids), dtype=np.int64)
    start = Start.of(np.array([anchor]), np.ones(1), chunks, np.full(len(chunks), share))
    graph = collect(index, start, hops=3, hub_cap=9, asked=np.zeros(len(index.relation_types), bool))
    entities, passages = walk(graph, start, damping=0.85)
    assert entities.sum() + passages.sum() == pytest.approx(1.0)
    count = len(graph.entities)
    rarity = 1 / np.sqrt(np.bincount(graph.entity_place, minlength=count)[graph.entity_place])
    edges = [
        *zip(graph.subjects.tolist(), graph.objects.tolist(), strict=True),
        *zip(graph.entity_place.tolist(), (graph.chunk_place + count).tolist(), strict=True),
    ]
    peer = igraph.Graph(n=count + len(graph.chunks), edges=edges)
    restart = [*(graph.entities == anchor).astype(float), *np.full(len(chunks), share)]
    exact = peer.personalized_pagerank(damping=0.85, reset=restart, weights=[*graph.fit, *rarity])
    reached = peer.subcomponent(int(np.searchsorted(graph.entities, anchor)))
    if share:
        reached = list(range(count + len(chunks)))
    assert np.concatenate((entities, passages))[reached] == pytest.approx(np.array(exact)[reached], abs=4e-3)


def test_without_a_restart_nothing_has_mass(index: SearchIndex, world: Any) -> None:
    graph = around(index, world, "iPhone")
    entities, _ = walk(graph, starting([]), damping=0.5)
    assert not entities.any()


def test_what_two_anchors_lead_to_comes_first(index: SearchIndex, world: Any) -> None:
    chunks = np.arange(len(index.chunk_ids), dtype=np.int64)
    ends = [row_of(index, world, name) for name in ("iPhone", "Mobile, Alabama")]
    asked = np.zeros(len(index.relation_types), dtype=np.bool_)
    graph = collect(index, starting(ends, chunks), hops=3, hub_cap=9, asked=asked)
    paths = relation_paths(index, graph, [(row, 1.0) for row in ends])
    between = {world.entity_id("Apple"), world.entity_id("Tim Cook")}
    assert {path.entity_ids[-1] for path in paths[:4]} == between


def test_a_better_relation_makes_the_better_path(index: SearchIndex, world: Any) -> None:
    asked = np.array([name == "RELEASED_ON" for name in index.relation_types])
    graph = around(index, world, "iPhone", hops=1, asked=asked)
    paths = relation_paths(index, graph, [(row_of(index, world, "iPhone"), 1.0)])
    assert [path.text for path in paths] == ["iPhone -RELEASED_ON-> 2007", "iPhone <-INVENTED- Apple"]
