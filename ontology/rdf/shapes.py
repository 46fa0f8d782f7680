"""SHACL shapes that say what `check` and `find_conflicts` enforce, for other people's validators.

docs/ontology.md has the table of reason codes and constraint components; tests/ontology/rdf/test_shapes.py
plants one violation of each kind and compares both verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, SKOS
from rdflib.term import Node

from ontology.rdf.vocabulary import DATE_TYPES, XSD_TYPES, G, Names, rdf_list
from ontology.schema import DatatypeProperty, Ontology, RelationType, ValueKind


def add_shapes(graph: Graph, ontology: Ontology, names: Names, blanks: Iterator[BNode]) -> None:
    """Add one group of shapes for each relation, one for each disjointness, and one that closes the graph."""
    for relation in ontology.all_relations():
        _Shapes(graph, names, blanks).relation(relation)
    for entity_type in ontology.types.values():
        for other in entity_type.disjoint_with:
            _Shapes(graph, names, blanks).disjoint(entity_type.key, other)
    _Shapes(graph, names, blanks).entity([names.relation(r.key) for r in ontology.all_relations()])
    _Shapes(graph, names, blanks).evidence()


class _Shapes:
    def __init__(self, graph: Graph, names: Names, blanks: Iterator[BNode]) -> None:
        self._graph = graph
        self._names = names
        self._blanks = blanks

    def relation(self, relation: RelationType | DatatypeProperty) -> None:
        path = self._names.relation(relation.key)
        subject = self._node_shape(f"{relation.key}_subject", SH.targetSubjectsOf, path)
        self._classes(subject, [self._names.type(key) for key in relation.domain])
        most = [b for b in (1 if relation.functional else None, relation.max_cardinality) if b is not None]
        if most:
            self._property(subject, path, {SH.maxCount: Literal(min(most))})
        if relation.min_cardinality:
            for key in relation.domain:
                target = self._node_shape(f"{relation.key}_of_{key}", SH.targetClass, self._names.type(key))
                self._property(target, path, {SH.minCount: Literal(relation.min_cardinality)})
        if isinstance(relation, DatatypeProperty):
            self._value(subject, path, relation)
            return
        self._not_itself(subject, relation.key)
        tail = self._node_shape(f"{relation.key}_object", SH.targetObjectsOf, path)
        self._classes(tail, [self._names.type(key) for key in relation.range])
        if relation.inverse_functional:
            backwards = next(self._blanks)
            self._graph.add((backwards, SH.inversePath, path))
            self._property(tail, backwards, {SH.maxCount: Literal(1)})

    def disjoint(self, key: str, other: str) -> None:
        shape = self._node_shape(f"{key}_not_{other}", SH.targetClass, self._names.type(key))
        excluded = next(self._blanks)
        self._graph.add((excluded, SH["class"], self._names.type(other)))
        self._graph.add((shape, SH["not"], excluded))

    def entity(self, paths: list[URIRef]) -> None:
        """An entity has a name, and no relation the schema does not know."""
        shape = self._node_shape("Entity", SH.targetClass, G.Entity)
        self._property(shape, RDFS.label, {SH.minCount: Literal(1), SH.minLength: Literal(1)})
        ignored = [RDF.type, RDFS.comment, SKOS.altLabel]
        self._graph.add((shape, SH.closed, Literal(True)))
        self._graph.add((shape, SH.ignoredProperties, rdf_list(self._graph, ignored, self._blanks)))
        for path in paths:
            self._property(shape, path, {})

    def evidence(self) -> None:
        """A statement about an edge says where it was read."""
        shape = self._node_shape("Statement", SH.targetClass, RDF.Statement)
        self._property(shape, G.evidence, {SH.minCount: Literal(1)})

    def _value(self, shape: Node, path: URIRef, relation: DatatypeProperty) -> None:
        value = relation.value
        if value.kind is ValueKind.DATE:
            options = [self._anonymous({SH.datatype: datatype}) for datatype in DATE_TYPES]
            self._property(shape, path, {SH["or"]: rdf_list(self._graph, options, self._blanks)})
            return
        rules: dict[URIRef, Node] = {SH.datatype: XSD_TYPES[value.kind]}
        if value.kind is ValueKind.ENUMERATION:
            members = [Literal(item) for item in value.values]
            rules[SH["in"]] = rdf_list(self._graph, members, self._blanks)
        if value.pattern is not None:
            rules[SH.pattern] = Literal(f"^(?:{value.pattern})$")
        self._property(shape, path, rules)

    def _not_itself(self, shape: Node, key: str) -> None:
        """SHACL's core cannot compare an entity with its own values; its SPARQL part can."""
        path = self._names.relation(key)
        query = f"SELECT $this ?value WHERE {{ $this {path.n3()} ?value . FILTER ($this = ?value) }}"
        rules: dict[URIRef, Node] = {
            SH.select: Literal(query),
            SH.message: Literal(f"an entity cannot stand in {key} to itself"),
        }
        self._graph.add((shape, SH.sparql, self._anonymous(rules)))

    def _classes(self, shape: Node, classes: list[URIRef]) -> None:
        if len(classes) == 1:
            self._graph.add((shape, SH["class"], classes[0]))
        elif classes:
            options = [self._anonymous({SH["class"]: item}) for item in classes]
            self._graph.add((shape, SH["or"], rdf_list(self._graph, options, self._blanks)))

    def _node_shape(self, key: str, target: URIRef, node: URIRef) -> URIRef:
        shape = self._names.shape(key)
        self._graph.add((shape, RDF.type, SH.NodeShape))
        self._graph.add((shape, target, node))
        return shape

    def _property(self, shape: Node, path: Node, rules: dict[URIRef, Node]) -> None:
        self._graph.add((shape, SH.property, self._anonymous({SH.path: path, **rules})))

    def _anonymous(self, rules: dict[URIRef, Node]) -> Node:
        node = next(self._blanks)
        for term, value in rules.items():
            self._graph.add((node, term, value))
        return node
