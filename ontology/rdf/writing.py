"""Write a schema as OWL with SHACL shapes, and a graph as Turtle or JSON-LD."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TextIO

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH, SKOS, XSD
from rdflib.term import Node

from ontology.rdf.shapes import add_shapes
from ontology.rdf.vocabulary import DATE_TYPES, XSD_TYPES, G, Names, date_type, rdf_list
from ontology.schema import (
    DatatypeProperty,
    EntityType,
    Ontology,
    OntologyError,
    RelationType,
    ValueKind,
    ValueType,
)

FORMATS = {"turtle": "turtle", "xml": "xml", "json-ld": "json-ld"}


@dataclass(frozen=True, slots=True)
class GraphEntity:
    """A node to export: id, name, type keys, other names, description."""

    id: str
    name: str
    types: Sequence[str] = ()
    aliases: Sequence[str] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class GraphEvidence:
    """Where a text says an edge: the document, the half-open span in it, and its words."""

    document: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge to export; `tail` is an entity id or, under a datatype property, the value."""

    head: str
    relation: str
    tail: str
    evidence: Sequence[GraphEvidence] = ()


def export_ontology(
    ontology: Ontology, *, format: str = "turtle", base: str | None = None, shapes: bool = True
) -> str:
    """The schema in OWL, which `import_rdf` reads back to an equal one, with SHACL shapes that enforce it.

    Args:
        ontology: The schema.
        format: `turtle`, `xml` (RDF/XML) or `json-ld`.
        base: IRI all terms start with; a URN made of the name when not given.
        shapes: Whether to add the shapes.

    Raises:
        OntologyError: If the format is not one of the three.
    """
    if format not in FORMATS:
        raise OntologyError(f"cannot write RDF as {format!r}; choose {', '.join(FORMATS)}")
    names = Names.of(ontology, base)
    graph = Graph()
    for prefix, space in (("owl", OWL), ("skos", SKOS), ("sh", SH), ("g", G)):
        graph.bind(prefix, space)
    graph.bind("type", f"{names.base}type#")
    graph.bind("relation", f"{names.base}relation#")
    # Numbered blank nodes, because random ones would change the order of the output.
    blanks = (BNode(f"b{number:06d}") for number in count())
    _add_header(graph, ontology, names)
    for entity_type in ontology.types.values():
        _add_type(graph, entity_type, names)
    for relation in ontology.all_relations():
        _add_relation(graph, relation, names, blanks)
    if shapes:
        add_shapes(graph, ontology, names, blanks)
    return graph.serialize(format=FORMATS[format])


def write_turtle(
    file: TextIO,
    ontology: Ontology,
    entities: Iterable[GraphEntity],
    edges: Iterable[GraphEdge],
    *,
    base: str | None = None,
) -> None:
    """Write a graph as Turtle, one statement a line, in the order given and without holding it in memory."""
    names = Names.of(ontology, base)
    for prefix, iri in _PREFIXES.items():
        file.write(f"@prefix {prefix}: <{iri}> .\n")
    for subject, predicate, value in _statements(ontology, names, entities, edges):
        file.write(f"{subject.n3()} {_short(predicate)} {_term(value)} .\n")


def write_json_ld(
    file: TextIO,
    ontology: Ontology,
    entities: Iterable[GraphEntity],
    edges: Iterable[GraphEdge],
    *,
    base: str | None = None,
) -> None:
    """Write a graph as JSON-LD (expanded nodes under `@graph`), one node object a line."""
    names = Names.of(ontology, base)
    file.write('{"@context": {}, "@graph": [')
    separator = "\n"
    for subject, predicate, value in _statements(ontology, names, entities, edges):
        node: dict[str, object] = {"@id": str(subject)}
        if predicate == RDF.type:
            node["@type"] = [str(value)]
        elif isinstance(value, Literal):
            literal: dict[str, str] = {"@value": str(value)}
            if value.datatype is not None and value.datatype != XSD.string:
                literal["@type"] = str(value.datatype)
            node[str(predicate)] = [literal]
        else:
            node[str(predicate)] = [{"@id": str(value)}]
        file.write(separator + json.dumps(node, ensure_ascii=False))
        separator = ",\n"
    file.write("\n]}\n")


def graph_to_rdf(
    ontology: Ontology,
    entities: Iterable[GraphEntity],
    edges: Iterable[GraphEdge],
    *,
    format: str = "turtle",
    base: str | None = None,
) -> str:
    """A graph as text in `turtle` or `json-ld`; for a large one write to a file with `write_turtle`.

    Raises:
        OntologyError: If the format is neither.
    """
    writers = {"turtle": write_turtle, "json-ld": write_json_ld}
    if format not in writers:
        raise OntologyError(f"cannot write a graph as {format!r}; choose {', '.join(writers)}")
    file = io.StringIO()
    writers[format](file, ontology, entities, edges, base=base)
    return file.getvalue()


_PREFIXES = {"rdf": str(RDF), "rdfs": str(RDFS), "skos": str(SKOS), "xsd": str(XSD), "g": str(G)}


def _statements(
    ontology: Ontology, names: Names, entities: Iterable[GraphEntity], edges: Iterable[GraphEdge]
) -> Iterator[tuple[URIRef, URIRef, URIRef | Literal]]:
    for entity in entities:
        subject = names.entity(entity.id)
        yield subject, RDF.type, G.Entity
        for key in entity.types:
            yield subject, RDF.type, names.type(key)
        yield subject, RDFS.label, Literal(entity.name)
        for alias in entity.aliases:
            yield subject, SKOS.altLabel, Literal(alias)
        if entity.description:
            yield subject, RDFS.comment, Literal(entity.description)
    for edge in edges:
        subject, predicate = names.entity(edge.head), names.relation(edge.relation)
        value = _tail(ontology, names, edge)
        yield subject, predicate, value
        yield from _evidence_statements(names, edge, subject, predicate, value)


def _evidence_statements(
    names: Names, edge: GraphEdge, subject: URIRef, predicate: URIRef, value: URIRef | Literal
) -> Iterator[tuple[URIRef, URIRef, URIRef | Literal]]:
    if not edge.evidence:
        return
    statement = URIRef(
        f"{names.entity(edge.head)}/{edge.relation}/{names.entity(edge.tail).rsplit('/', 1)[1]}"
    )
    yield statement, RDF.type, RDF.Statement
    yield statement, RDF.subject, subject
    yield statement, RDF.predicate, predicate
    yield statement, RDF.object, value
    for number, evidence in enumerate(edge.evidence):
        node = URIRef(f"{statement}/evidence/{number}")
        yield statement, G.evidence, node
        yield node, G.document, Literal(evidence.document)
        yield node, G.start, Literal(str(evidence.start), datatype=XSD.integer)
        yield node, G.end, Literal(str(evidence.end), datatype=XSD.integer)
        yield node, G.quote, Literal(evidence.quote)


def _tail(ontology: Ontology, names: Names, edge: GraphEdge) -> URIRef | Literal:
    declared = ontology.properties.get(edge.relation)
    if declared is None:
        return names.entity(edge.tail)
    kind = declared.value.kind
    datatype = date_type(edge.tail) if kind is ValueKind.DATE else XSD_TYPES[kind]
    # A string needs no datatype in RDF 1.1; the lexical form of the others is kept as it is.
    return Literal(edge.tail, datatype=None if datatype == XSD.string else datatype, normalize=False)


def _short(iri: URIRef) -> str:
    for prefix, space in _PREFIXES.items():
        if iri.startswith(space):
            return f"{prefix}:{iri[len(space) :]}"
    return iri.n3()


def _term(value: URIRef | Literal) -> str:
    if isinstance(value, URIRef):
        return _short(value)
    escaped = json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
    return escaped if value.datatype is None else f"{escaped}^^{_short(value.datatype)}"


def _add_header(graph: Graph, ontology: Ontology, names: Names) -> None:
    graph.add((names.ontology, RDF.type, OWL.Ontology))
    graph.add((names.ontology, RDFS.label, Literal(ontology.name)))
    if ontology.version:
        graph.add((names.ontology, OWL.versionInfo, Literal(ontology.version)))
    if ontology.description:
        graph.add((names.ontology, RDFS.comment, Literal(ontology.description)))


def _add_words(graph: Graph, node: URIRef, item: EntityType | RelationType | DatatypeProperty) -> None:
    graph.add((node, G.key, Literal(item.key)))
    graph.add((node, RDFS.label, Literal(item.label)))
    for alias in item.aliases:
        graph.add((node, SKOS.altLabel, Literal(alias)))
    if item.description:
        graph.add((node, RDFS.comment, Literal(item.description)))


def _add_type(graph: Graph, entity_type: EntityType, names: Names) -> None:
    node = names.type(entity_type.key)
    graph.add((node, RDF.type, OWL.Class))
    _add_words(graph, node, entity_type)
    for parent in entity_type.parents:
        graph.add((node, RDFS.subClassOf, names.type(parent)))
    for other in entity_type.disjoint_with:
        graph.add((node, OWL.disjointWith, names.type(other)))


def _add_relation(
    graph: Graph, relation: RelationType | DatatypeProperty, names: Names, blanks: Iterator[BNode]
) -> None:
    node = names.relation(relation.key)
    _add_words(graph, node, relation)
    for cue in relation.cues:
        graph.add((node, G.cue, Literal(cue)))
    if relation.domain:
        graph.add((node, RDFS.domain, _union(graph, [names.type(k) for k in relation.domain], blanks)))
    if relation.functional:
        graph.add((node, RDF.type, OWL.FunctionalProperty))
    for term, bound in (
        (G.minCardinality, relation.min_cardinality),
        (G.maxCardinality, relation.max_cardinality),
    ):
        if bound is not None:
            graph.add((node, term, Literal(bound)))
    if isinstance(relation, DatatypeProperty):
        graph.add((node, RDF.type, OWL.DatatypeProperty))
        graph.add((node, RDFS.range, _datatype(graph, relation.value, blanks)))
        if relation.value.unit:
            graph.add((node, G.unit, Literal(relation.value.unit)))
        return
    graph.add((node, RDF.type, OWL.ObjectProperty))
    if relation.range:
        graph.add((node, RDFS.range, _union(graph, [names.type(k) for k in relation.range], blanks)))
    if relation.inverse is not None:
        graph.add((node, OWL.inverseOf, names.relation(relation.inverse)))
        graph.add((node, G.inverse, Literal(relation.inverse)))
    for cue in relation.inverse_cues:
        graph.add((node, G.inverseCue, Literal(cue)))
    for flag, characteristic in (
        (relation.symmetric, OWL.SymmetricProperty),
        (relation.transitive, OWL.TransitiveProperty),
        (relation.inverse_functional, OWL.InverseFunctionalProperty),
    ):
        if flag:
            graph.add((node, RDF.type, characteristic))


def _union(graph: Graph, members: list[URIRef], blanks: Iterator[BNode]) -> Node:
    if len(members) == 1:
        return members[0]
    union = next(blanks)
    graph.add((union, RDF.type, OWL.Class))
    graph.add((union, OWL.unionOf, rdf_list(graph, members, blanks)))
    return union


def _datatype(graph: Graph, value: ValueType, blanks: Iterator[BNode]) -> Node:
    if value.kind in (ValueKind.STRING, ValueKind.INTEGER, ValueKind.DECIMAL, ValueKind.BOOLEAN):
        return XSD_TYPES[value.kind]
    node = next(blanks)
    graph.add((node, RDF.type, RDFS.Datatype))
    if value.kind is ValueKind.DATE:
        graph.add((node, OWL.unionOf, rdf_list(graph, list(DATE_TYPES), blanks)))
    elif value.kind is ValueKind.ENUMERATION:
        graph.add((node, OWL.oneOf, rdf_list(graph, [Literal(v) for v in value.values], blanks)))
    else:
        facet = next(blanks)
        graph.add((facet, XSD.pattern, Literal(value.pattern)))
        graph.add((node, OWL.onDatatype, XSD.string))
        graph.add((node, OWL.withRestrictions, rdf_list(graph, [facet], blanks)))
    return node
