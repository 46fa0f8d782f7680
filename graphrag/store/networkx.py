"""The labeled property graph as NetworkX holds it, and a user's own graph as a knowledge base.

A NetworkX edge costs most of a kilobyte, so searching never makes this graph; it is for people who
want to look, analyse and change a copy.
"""

from typing import TYPE_CHECKING, Any

import networkx as nx

from graphrag.datamodel import Entity, Relation
from graphrag.store.codec import evidence_of, evidence_plain

if TYPE_CHECKING:
    from graphrag.interfaces import KnowledgeView
    from ontology import Ontology


def to_networkx(view: "KnowledgeView", *, ontology: "Ontology | None" = None) -> "nx.MultiDiGraph[str]":
    """A directed multigraph: entity ids as nodes, relation ids as edge keys.

    Nodes carry `name`, `type`, `labels` (the type and everything it is a kind of, sorted), `aliases`,
    `description`, `literal`; edges `type`, `weight` and `evidence`, a list of plain dicts with
    document_id, chunk_id, span, quote, extractor and score. The graph's own `name` and
    `commit` say what it was made from. About 2 kB per relation.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name="graphrag", commit=view.commit)
    for entity in view.entities():
        above = ontology.ancestors(entity.type) if ontology is not None else frozenset()
        graph.add_node(
            entity.id,
            name=entity.name,
            type=entity.type,
            labels=sorted(above | {entity.type}),
            aliases=list(entity.aliases),
            description=entity.description,
            literal=entity.literal,
        )
    for relation in view.relations():
        graph.add_edge(
            relation.subject_id,
            relation.object_id,
            key=relation.id,
            type=relation.type,
            weight=relation.weight,
            evidence=[evidence_plain(item) for item in relation.evidence],
        )
    return graph


def entities_of(graph: "nx.MultiDiGraph[str]") -> list[Entity]:
    """The entities of a graph made by `to_networkx`, sorted by id."""
    nodes = [(node, dict(graph.nodes[node])) for node in graph]
    return [
        Entity(node, data["name"], data["type"], tuple(data["aliases"]), data["description"], data["literal"])
        for node, data in sorted(nodes, key=lambda item: item[0])
    ]


def relations_of(graph: "nx.MultiDiGraph[str]") -> list[Relation]:
    """The relations of a graph made by `to_networkx`, sorted by id."""
    edges: list[tuple[str, str, str, dict[str, Any]]] = list(graph.edges(keys=True, data=True))
    return [
        Relation(
            key,
            head,
            data["type"],
            tail,
            data["weight"],
            tuple(evidence_of(item) for item in data["evidence"]),
        )
        for head, tail, key, data in sorted(edges, key=lambda edge: edge[2])
    ]
