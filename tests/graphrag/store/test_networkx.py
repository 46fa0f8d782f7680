from pathlib import Path

import networkx as nx
import pytest

from graphrag.errors import DataError
from graphrag.store.ledger import Ledger
from graphrag.store.networkx import entities_of, ingested_from, relations_of, to_networkx
from ontology import general_ontology
from tests.graphrag.store.making import Aka, Broken, Says, document


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="x")
    said: list[Says | Aka | Broken | str] = [
        Says("Ada", "PERSON", "KNOWS", "Bob", "PERSON"),
        Says("Ada", "PERSON", "LIKES", "Bob", "PERSON"),
        Says("Bob", "PERSON", "KNOWS", "Bob", "PERSON"),
        Says("Ada", "PERSON", "BORN_ON", "1815", "DATE", literal=True),
        Aka("Robert Marley", "Bob", "aka", "PERSON"),
    ]
    made.apply([document("a", said), document("b", said[:1])])
    return made


def test_the_graph_holds_every_entity_and_relation_without_loss(ledger: Ledger) -> None:
    graph = to_networkx(ledger)
    assert entities_of(graph) == list(ledger.entities())
    assert relations_of(graph) == list(ledger.relations())


def test_parallel_edges_and_loops_are_kept(ledger: Ledger) -> None:
    graph = to_networkx(ledger)
    (ada,), (bob,) = ledger.entities_named("ada"), ledger.entities_named("bob")
    assert sorted(data["type"] for data in graph[ada][bob].values()) == ["KNOWS", "LIKES"]
    assert graph.number_of_edges(bob, bob) == 1
    knows = next(data for data in graph[ada][bob].values() if data["type"] == "KNOWS")
    assert knows["weight"] == 2.0
    assert {item["quote"] for item in knows["evidence"]} == {"Ada knows Bob."}


def test_labels_hold_the_type_and_what_it_is_a_kind_of(ledger: Ledger) -> None:
    graph = to_networkx(ledger, ontology=general_ontology())
    (ada,) = ledger.entities_named("ada")
    assert graph.nodes[ada]["labels"] == ["Agent", "Person"]


def test_algorithms_of_networkx_run_on_it(ledger: Ledger) -> None:
    rank = nx.pagerank(nx.DiGraph(to_networkx(ledger)), weight="weight")
    (bob,) = ledger.entities_named("bob")
    assert max(rank, key=lambda node: rank[node]) == bob


def own_graph() -> "nx.MultiDiGraph[object]":
    graph: nx.MultiDiGraph[object] = nx.MultiDiGraph()
    graph.add_node("a", name="Ada Lovelace", type="PERSON")
    graph.add_node("b", name="Springfield", type="LOC")
    graph.add_node("c", name="Springfield", type="LOC")
    graph.add_node(7)
    graph.add_edge("a", "b", type="lives in")
    graph.add_edge("a", "c", type="born in")
    graph.add_edge("a", "b")
    return graph


def test_a_user_s_own_graph_becomes_a_knowledge_base_with_evidence(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="networkx") as ledger:
        ledger.apply(list(ingested_from(own_graph())))
        names = {e.id: f"{e.name} {e.description}".strip() for e in ledger.entities()}
        found = {(names[r.subject_id], r.type, names[r.object_id]) for r in ledger.relations()}
        quotes = {item.quote for relation in ledger.relations() for item in relation.evidence}
        assert ledger.verify() == []
    assert sorted(names.values()) == ["7", "Ada Lovelace", "Springfield b", "Springfield c"]
    assert found == {
        ("Ada Lovelace", "LIVES_IN", "Springfield b"),
        ("Ada Lovelace", "BORN_IN", "Springfield c"),
        ("Ada Lovelace", "RELATED_TO", "Springfield b"),
    }
    assert "Ada Lovelace lives in Springfield (b)." in quotes


def test_a_hub_is_stated_in_several_chunks() -> None:
    (hub, *_) = (item for item in ingested_from(nx.star_graph(25), batch=10) if item.document.key == "0")
    assert [len(result.triples) for result in hub.results if hasattr(result, "triples")] == [10, 10, 5]


def test_an_undirected_edge_is_stated_once() -> None:
    documents = list(ingested_from(nx.path_graph(3)))
    assert sum(len(item.triples) for item in documents) == 2


def test_nodes_that_read_the_same_are_refused() -> None:
    graph: nx.DiGraph[object] = nx.DiGraph([(1, "1")])
    with pytest.raises(DataError, match="read the same as text"):
        list(ingested_from(graph))
