"""The labeled property graph as NetworkX holds it, and a user's own graph as a knowledge base.

A NetworkX edge costs most of a kilobyte, so searching never makes this graph; it is for people who
want to look, analyse and change a copy.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import networkx as nx

from graphrag.datamodel import (
    USER_GRAPH,
    CheckedTriple,
    Chunk,
    Document,
    Entity,
    Evidence,
    Extraction,
    Mention,
    Relation,
    Span,
    Triple,
)
from graphrag.errors import DataError
from graphrag.ids import chunk_id, content_id, document_id
from graphrag.merging import IngestedDocument
from graphrag.names import normal_form
from graphrag.store.codec import evidence_of, evidence_plain
from graphrag.text import clean_line

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


def ingested_from(
    graph: "nx.Graph[Any]",
    *,
    name: str = "name",
    type: str = "type",
    relation: str = "type",
    batch: int = 200,
) -> Iterator[IngestedDocument]:
    """A user's own graph as documents that state its edges, for `Ledger.apply`.

    Each node with edges becomes a document in which every edge stands as a sentence ("Ada Lovelace
    knows Charles Babbage."), so that facts from a graph have evidence like all others and can be
    updated node by node: the document's key is the node. Nodes without edges are named by theirs.
    Two nodes of one name are told apart by their keys ("Springfield (n17)").

    Args:
        graph: Directed or not; an undirected edge is stated once. Not modified.
        name: Node attribute with its name; the node itself where it is missing.
        type: Node attribute with its type.
        relation: Edge attribute with the relation; "RELATED_TO" where it is missing.
        batch: Edges of one node stated in one chunk.

    Raises:
        DataError: If two nodes read the same as text (1 and "1").
    """
    keys: dict[str, Any] = {}
    for node in graph:
        key = clean_line(str(node))
        if key in keys:
            raise DataError(f"nodes {keys[key]!r} and {node!r} read the same as text; rename one")
        keys[key] = node
    names = _names_of(graph, keys, name)
    for key in sorted(keys):
        node = keys[key]
        edges = sorted(
            (_relation_of(data.get(relation)), names[other], _type_of(graph.nodes[other].get(type)))
            for _, other, data in _edges_from(graph, node)
        )
        yield _stated(key, names[node], _type_of(graph.nodes[node].get(type)), edges, batch)


def _names_of(graph: "nx.Graph[Any]", keys: Mapping[str, Any], attribute: str) -> dict[Any, str]:
    plain = {
        node: clean_line(str(graph.nodes[node].get(attribute) or key)) or key for key, node in keys.items()
    }
    uses = Counter(normal_form(text) for text in plain.values())
    return {
        node: plain[node] if uses[normal_form(plain[node])] == 1 else f"{plain[node]} ({key})"
        for key, node in keys.items()
    }


def _edges_from(graph: "nx.Graph[Any]", node: Any) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    if graph.is_directed():
        yield from graph.edges(node, data=True)
        return
    for _, other, data in graph.edges(node, data=True):
        if str(node) <= str(other):
            yield node, other, data


def _relation_of(value: object) -> str:
    words = re.sub(r"[^A-Za-z0-9_]+", "_", str(value or "")).strip("_").upper()[:63]
    return words if words and not words[0].isdigit() else "RELATED_TO"


def _type_of(value: object) -> str | None:
    return clean_line(str(value)) if value else None


def _stated(
    key: str, subject: str, subject_type: str | None, edges: list[tuple[str, str, str | None]], batch: int
) -> IngestedDocument:
    sentences = [f"{subject} {relation.lower().replace('_', ' ')} {other}." for relation, other, _ in edges]
    groups = [range(start, min(start + batch, len(edges))) for start in range(0, len(edges), batch)]
    text = "\n".join(sentences) or f"{subject}."
    document = Document(document_id(key, subject, text, {}), key, text, subject, USER_GRAPH)
    starts = list(accumulate((len(sentence) + 1 for sentence in sentences), initial=0))
    chunks: list[Chunk] = []
    results: list[Extraction] = []
    verdicts: list[CheckedTriple] = []
    for ordinal, group in enumerate(groups or [range(0)]):
        start, end = (starts[group.start], starts[group.stop] - 1) if group else (0, len(text))
        name = chunk_id(document.id, start, end)
        chunks.append(Chunk(name, document.id, Span(start, end), text[start:end], subject, ordinal))
        mentions = [] if group else [Mention(name, Span(0, len(subject)), subject, subject, subject_type)]
        triples = []
        for place in group:
            relation, other, other_type = edges[place]
            first, last = starts[place], starts[place + 1] - 1
            head = Mention(name, Span(first, first + len(subject)), subject, subject, subject_type)
            tail = Mention(name, Span(last - 1 - len(other), last - 1), other, other, other_type)
            evidence = Evidence(document.id, name, Span(first, last), text[first:last], USER_GRAPH, 1.0)
            triple = Triple(head, relation.lower().replace("_", " "), tail, evidence)
            mentions += [head, tail]
            triples.append(triple)
            verdicts.append(
                CheckedTriple(
                    content_id("tri", name, str(place)), triple, "accept", relation, subject_type, other_type
                )
            )
        results.append(Extraction(name, tuple(mentions), tuple(triples)))
    return IngestedDocument(document, tuple(chunks), tuple(results), tuple(verdicts))
