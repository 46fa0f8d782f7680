"""A knowledge base as rows of a property graph: which nodes and edges, with which labels and properties.

::

    (:Entity types)-[RELATION TYPE {evidence}]->(:Entity types)
    (entity)-[:MENTIONED_IN {starts, ends}]->(:Chunk)-[:PART_OF]->(:Document)-[:ABOUT]->(entity)
    (entity)-[:IN_COMMUNITY]->(:Community)-[:WITHIN]->(:Community)
    (:Rejected)-[:READ_IN]->(:Chunk)

Beside its speaking labels every node carries one of ours with underscores (`__Entity__`), which queries
and constraints use, so that an ontology may have a type called Document. `__Source__` nodes hold what was
read, compressed, for moving the base back; one `__KnowledgeBase__` node tells which commit this is.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from graphrag.datamodel import CheckedTriple, Community, Relation, Report
from graphrag.ids import canonical_json
from graphrag.store.codec import report_plain
from graphrag.store.identifiers import label, relationship

if TYPE_CHECKING:
    from graphrag.store.view import StoredView
    from ontology import Ontology

Properties = dict[str, Any]
LONGEST_NAME = 1000  # characters, in the index of names


class NodeKind(NamedTuple):
    """Nodes of one sort; `label` is the technical one, `properties` are ours beside the id."""

    name: str
    label: str
    properties: frozenset[str] = frozenset()


class EdgeKind(NamedTuple):
    """Edges of one sort; `type` is "" where each edge has its own."""

    name: str
    start: str
    type: str
    end: str
    properties: frozenset[str] = frozenset()


class Node(NamedTuple):
    """A node to be; `labels` without the technical one, sorted."""

    id: str
    labels: tuple[str, ...]
    properties: Properties


class Edge(NamedTuple):
    """An edge to be; `key` is unique within its kind."""

    key: str
    start: str
    type: str
    end: str
    properties: Properties


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


DOCUMENT = NodeKind(
    "documents", "__Document__", _set("name", "key", "title", "source", "text", "metadata__json")
)
CHUNK = NodeKind(
    "chunks", "__Chunk__", _set("name", "document_id", "title", "ordinal", "start", "end", "text")
)
ENTITY = NodeKind(
    "entities", "__Entity__", _set("name", "type", "aliases", "description", "literal", "names", "long_names")
)
COMMUNITY = NodeKind(
    "communities",
    "__Community__",
    _set("name", "level", "size", "title", "summary", "findings", "report__json"),
)
REJECTED = NodeKind(
    "rejected triples",
    "__Rejected__",
    _set("name", "subject", "predicate", "object", "relation", "reason", "message", "modality")
    | _set("quote", "start", "end"),
)
SOURCE = NodeKind("sources", "__Source__", _set("raw", "verdicts", "rejected", "failed"))
NODE_KINDS = (DOCUMENT, CHUNK, ENTITY, COMMUNITY, REJECTED, SOURCE)

RELATION = EdgeKind(
    "relations",
    ENTITY.label,
    "",
    ENTITY.label,
    _set("type", "weight", "evidence", "documents", "chunks", "starts", "ends", "extractors", "scores"),
)
MENTION = EdgeKind("mentions", ENTITY.label, "MENTIONED_IN", CHUNK.label, _set("starts", "ends"))
PART = EdgeKind("parts", CHUNK.label, "PART_OF", DOCUMENT.label)
ABOUT = EdgeKind("subjects", DOCUMENT.label, "ABOUT", ENTITY.label)
MEMBER = EdgeKind("members", ENTITY.label, "IN_COMMUNITY", COMMUNITY.label)
WITHIN = EdgeKind("levels", COMMUNITY.label, "WITHIN", COMMUNITY.label)
READ_IN = EdgeKind("rejections", REJECTED.label, "READ_IN", CHUNK.label)
EDGE_KINDS = (PART, RELATION, MENTION, ABOUT, MEMBER, WITHIN, READ_IN)


def node_rows(
    view: "StoredView", ontology: "Ontology | None", *, rejected: bool = False
) -> dict[NodeKind, Callable[[], Iterator[Node]]]:
    """For each kind a way to make its nodes; one batch of the store is held at a time.

    Args:
        rejected: Make nodes of what the ontology rejected, too: for people to look at.
    """
    return {
        DOCUMENT: lambda: _documents(view),
        CHUNK: lambda: _chunks(view),
        ENTITY: lambda: _entities(view, ontology),
        COMMUNITY: lambda: _communities(view),
        REJECTED: lambda: (_rejected(item) for item in (view.quarantine() if rejected else ())),
        SOURCE: lambda: _sources(view),
    }


def edge_rows(view: "StoredView", *, rejected: bool = False) -> dict[EdgeKind, Callable[[], Iterator[Edge]]]:
    """For each kind a way to make its edges; arguments as `node_rows`."""
    return {
        PART: lambda: (_edge(c.id, "PART_OF", c.document_id) for c in view.chunks()),
        RELATION: lambda: (_relation(item) for item in view.relations()),
        MENTION: lambda: _mentions(view),
        ABOUT: lambda: (_edge(document, "ABOUT", entity) for document, entity in view.subjects()),
        MEMBER: lambda: _members(current_communities(view)),
        WITHIN: lambda: (
            _edge(c.id, "WITHIN", c.parent_id) for c in current_communities(view) if c.parent_id is not None
        ),
        READ_IN: lambda: (
            _edge(item.id, "READ_IN", item.triple.evidence.chunk_id)
            for item in (view.quarantine() if rejected else ())
        ),
    }


def current_communities(view: "StoredView") -> list[Community]:
    """The communities, if they are of the view's commit; else none."""
    return list(view.communities()) if view.communities_commit == view.commit else []


def digest_of(labels: tuple[str, ...], properties: Mapping[str, Any]) -> str:
    """What tells two versions of a node or edge apart; absent and null properties are the same."""
    plain = {key: _plain(value) for key, value in properties.items() if value is not None}
    return hashlib.sha256(canonical_json([list(labels), plain]).encode("utf-8")).hexdigest()[:24]


def labels_of(type_key: str, ontology: "Ontology | None") -> tuple[str, ...]:
    """A type and everything it is a kind of, as labels, sorted."""
    above = ontology.ancestors(type_key) if ontology is not None else frozenset()
    return tuple(sorted({label(key) for key in above | {type_key}}))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return hashlib.sha256(value).hexdigest()
    return list(value) if isinstance(value, tuple) else value


def _edge(start: str, kind: str, end: str) -> Edge:
    return Edge(f"{start}>{end}", start, kind, end, {})


def _documents(view: "StoredView") -> Iterator[Node]:
    for d in view.documents():
        properties = {
            "name": d.title or d.key,
            "key": d.key,
            "title": d.title,
            "source": d.source,
            "text": d.text,
            # Neo4j has no maps and no mixed lists: metadata travels as JSON.
            "metadata__json": canonical_json(dict(d.metadata)),
        }
        yield Node(d.id, ("Document",), properties)


def _chunks(view: "StoredView") -> Iterator[Node]:
    for c in view.chunks():
        properties = {
            "name": c.text[:60],
            "document_id": c.document_id,
            "title": c.title,
            "ordinal": c.ordinal,
            "start": c.span.start,
            "end": c.span.end,
            "text": c.text,
        }
        yield Node(c.id, ("Chunk",), properties)


def _entities(view: "StoredView", ontology: "Ontology | None") -> Iterator[Node]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for normal, entity in view.names():
        names[entity].append(normal)
    labels: dict[str, tuple[str, ...]] = {}
    for e in view.entities():
        if e.type not in labels:
            labels[e.type] = labels_of(e.type, ontology)
        properties = {
            "name": e.name,
            "type": e.type,
            "aliases": list(e.aliases),
            "description": e.description,
            "literal": e.literal,
            **_names(names.get(e.id, [])),
        }
        yield Node(e.id, labels[e.type], properties)


def _names(forms: list[str]) -> Properties:
    """Names as they are looked up; a term of more than 32 kB in a full-text index brings Neo4j down."""
    return {
        "names": sorted(form for form in forms if len(form) <= LONGEST_NAME),
        "long_names": sorted(form for form in forms if len(form) > LONGEST_NAME) or None,
    }


def _communities(view: "StoredView") -> Iterator[Node]:
    communities = current_communities(view)
    held = sorted(view.reported() & {c.id for c in communities})
    reports = {report.community_id: report for report in view.reports_by_id(held)}
    for c in communities:
        report = reports.get(c.id)
        properties = {
            "name": report.title if report else f"{len(c.entity_ids)} entities",
            "level": c.level,
            "size": len(c.entity_ids),
            **_report(report),
        }
        yield Node(c.id, ("Community",), properties)


def _report(report: Report | None) -> Properties:
    if report is None:
        return {"title": None, "summary": None, "findings": None, "report__json": None}
    return {
        "title": report.title,
        "summary": report.summary,
        "findings": [finding.text for finding in report.findings],
        "report__json": canonical_json(report_plain(report)),
    }


def _rejected(item: CheckedTriple) -> Node:
    t = item.triple
    properties = {
        "name": f"{t.subject.name} {t.predicate} {t.object.name}"[:120],
        "subject": t.subject.name,
        "predicate": t.predicate,
        "object": t.object.name,
        "relation": item.relation,
        "reason": item.reason,
        "message": item.message,
        "modality": t.modality.value,
        "quote": t.evidence.quote,
        "start": t.evidence.span.start,
        "end": t.evidence.span.end,
    }
    return Node(item.id, ("Rejected",), properties)


def _sources(view: "StoredView") -> Iterator[Node]:
    for (document, raw, verdicts), (_, failed, rejected) in zip(view.sources(), view.troubles(), strict=True):
        properties = {
            "raw": raw,
            "verdicts": verdicts,
            "rejected": rejected,
            "failed": failed,
        }
        yield Node(document.id, (), properties)


def _relation(r: Relation) -> Edge:
    properties = {
        "type": r.type,
        "weight": r.weight,
        "evidence": [e.quote for e in r.evidence],
        "documents": [e.document_id for e in r.evidence],
        "chunks": [e.chunk_id for e in r.evidence],
        "starts": [e.span.start for e in r.evidence],
        "ends": [e.span.end for e in r.evidence],
        "extractors": [e.extractor for e in r.evidence],
        "scores": [float(e.score) for e in r.evidence],
    }
    return Edge(r.id, r.subject_id, relationship(r.type), r.object_id, properties)


def _mentions(view: "StoredView") -> Iterator[Edge]:
    for (chunk, entity), found in groupby(view.mentions(), key=lambda row: row[:2]):
        spans = [span for _, _, span in found]
        properties = {"starts": [s.start for s in spans], "ends": [s.end for s in spans]}
        yield Edge(f"{entity}>{chunk}", entity, "MENTIONED_IN", chunk, properties)


def _members(communities: list[Community]) -> Iterator[Edge]:
    """An entity hangs on the finest community that holds it; those above follow by WITHIN."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    for community in communities:
        if community.parent_id is not None:
            below[community.parent_id].update(community.entity_ids)
    for community in communities:
        for entity in community.entity_ids:
            if entity not in below[community.id]:
                yield _edge(entity, "IN_COMMUNITY", community.id)
