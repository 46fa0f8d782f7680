"""Read a schema from OWL, RDFS or SHACL. Nothing outside the given files is ever opened, imports included."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import DC, DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD
from rdflib.term import Node

from ontology.loader import MAX_TEXT, validate_ontology
from ontology.rdf.parsing import Parser, format_of, read_text
from ontology.rdf.statements import Statements
from ontology.rdf.vocabulary import SCHEMA_ORG, VALUE_KINDS, G
from ontology.schema import (
    IDENTIFIER,
    DatatypeProperty,
    EntityType,
    Ontology,
    OntologyError,
    RelationType,
    ValueKind,
    ValueType,
    words_of,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """A schema read from RDF, and what of the source it could not hold."""

    ontology: Ontology
    notes: tuple[str, ...]


def import_rdf(
    *paths: str | Path, format: str | None = None, name: str | None = None, skip_imports: bool = False
) -> Imported:
    """Read a schema from OWL, RDFS or SHACL files; several are read as one.

    Args:
        paths: Files in Turtle, RDF/XML or JSON-LD.
        format: `turtle`, `xml` or `json-ld` for all of them; by default told by suffix and content.
        name: Name of the schema; by default the label of its owl:Ontology, or the first file's name.
        skip_imports: Leave owl:imports out with a note instead of refusing the file. They are never followed.

    Raises:
        OntologyError: If a file cannot be read or parsed, refers to something outside, is over the limits,
            or holds no schema.
    """
    parser = Parser()
    for path in paths:
        parser.parse(read_text(Path(path)), format or format_of(Path(path)), str(path))
    source = ", ".join(str(path) for path in paths)
    fallback = Path(paths[0]).stem if paths else "ontology"
    return _import(parser.statements, fallback, name, source, skip_imports)


def import_rdf_text(
    text: str, *, format: str = "turtle", name: str | None = None, skip_imports: bool = False
) -> Imported:
    """The same from text."""
    parser = Parser()
    parser.parse(text, format, None)
    return _import(parser.statements, "ontology", name, None, skip_imports)


def _import(
    graph: Statements, fallback: str, name: str | None, source: str | None, skip_imports: bool
) -> Imported:
    imports = sorted({str(target) for target in graph.all_objects(OWL.imports)})
    if imports and not skip_imports:
        raise OntologyError(
            f"the file imports {imports[0]}; nothing is fetched: give the imported file as well and remove "
            "the import, or leave imports out (skip_imports)",
            source=source,
        )
    reader = _Reader(graph)
    reader.notes += [f"left out: import of {target}" for target in imports]
    ontology = reader.ontology(name, fallback)
    if not ontology.types and not ontology.relations and not ontology.properties:
        raise OntologyError("no class, property or shape found in the RDF", source=source)
    try:
        validate_ontology(ontology)
    except OntologyError as error:
        raise OntologyError(error.message, source=source, key=error.key) from error
    return Imported(ontology, tuple(sorted(set(reader.notes))))


_BUILT_IN = tuple(str(space) for space in (RDF, RDFS, OWL, XSD, SH, SKOS, G))
_TOP = frozenset({OWL.Thing, RDFS.Resource, *(space.Thing for space in SCHEMA_ORG)})
_PROPERTY_TYPES = (
    RDF.Property,
    OWL.ObjectProperty,
    OWL.DatatypeProperty,
    OWL.FunctionalProperty,
    OWL.InverseFunctionalProperty,
    OWL.SymmetricProperty,
    OWL.TransitiveProperty,
)
_DOMAIN = (RDFS.domain, *(space.domainIncludes for space in SCHEMA_ORG))
_RANGE = (RDFS.range, *(space.rangeIncludes for space in SCHEMA_ORG))
_INVERSE = (OWL.inverseOf, *(space.inverseOf for space in SCHEMA_ORG))
_LABELS = (RDFS.label, SKOS.prefLabel, *(space.name for space in SCHEMA_ORG))
_DESCRIPTIONS = (RDFS.comment, SKOS.definition, DCTERMS.description, DC.description)


class _Reader:
    def __init__(self, graph: Statements) -> None:
        self._graph = graph
        self.notes: list[str] = []
        self._shapes = _property_shapes(graph)
        classes = _ordered(self._find_classes())
        properties = _ordered(self._find_properties())
        self._types = self._keys(classes, camel=True)
        self._relations = self._keys(properties, camel=False)

    def ontology(self, name: str | None, fallback: str) -> Ontology:
        header = next(iter(_ordered(self._graph.subjects(RDF.type, OWL.Ontology))), None)
        read = [self._relation(node, key) for node, key in self._relations.items()]
        return Ontology(
            name=name or (self._label(header) if header is not None else "") or fallback,
            types={key: self._type(node, key) for node, key in self._types.items()},
            relations={r.key: r for r in read if isinstance(r, RelationType)},
            properties={r.key: r for r in read if isinstance(r, DatatypeProperty)},
            version="" if header is None else self._text(header, (OWL.versionInfo,)),
            description="" if header is None else self._text(header, _DESCRIPTIONS),
        )

    def _find_classes(self) -> set[Node]:
        graph = self._graph
        found: set[Node] = set(graph.subjects(RDF.type, OWL.Class)) | set(
            graph.subjects(RDF.type, RDFS.Class)
        )
        found |= set(graph.all_objects(RDFS.subClassOf)) | set(graph.all_objects(SH.targetClass))
        found |= set(graph.all_objects(SH["class"]))
        for term in (*_DOMAIN, *_RANGE):
            for target in graph.all_objects(term):
                found |= set(self._members(target))
        datatypes = set(graph.subjects(RDF.type, RDFS.Datatype))
        return {n for n in found if self._is_own(n) and n not in VALUE_KINDS and n not in datatypes}

    def _find_properties(self) -> set[Node]:
        found: set[Node] = set()
        for kind in _PROPERTY_TYPES:
            found |= set(self._graph.subjects(RDF.type, kind))
        found |= set(self._shapes)
        return {node for node in found if self._is_own(node)}

    def _is_own(self, node: Node) -> bool:
        return isinstance(node, URIRef) and node not in _TOP and not str(node).startswith(_BUILT_IN)

    def _keys(self, nodes: Iterable[Node], *, camel: bool) -> dict[Node, str]:
        """An identifier for each IRI: our own key, the local name, or the label where that is a number."""
        keys: dict[Node, str] = {}
        taken: set[str] = set()
        numbers: dict[str, int] = {}
        for node in nodes:
            assert isinstance(node, URIRef)
            own = self._text(node, (G.key,))
            base = own if IDENTIFIER.fullmatch(own) else self._identifier(node, camel)
            # Thousands of terms may share a local name: go on counting where the last one stopped.
            key, number = base, numbers.get(base[:56], 2)
            while key in taken:
                key, number = f"{base[:56]}_{number}", number + 1
            numbers[base[:56]] = number
            taken.add(key)
            keys[node] = key
        return keys

    def _identifier(self, node: URIRef, camel: bool) -> str:
        local = re.split(r"[/#:]", str(node).rstrip("/#"))[-1][:200]
        if re.fullmatch(r"[A-Za-z]{0,8}[_-]?\d+", local) and self._label(node):
            local = self._label(node)
        if camel and IDENTIFIER.fullmatch(local):
            return local
        return identifier_of(local, camel=camel)

    def _type(self, node: Node, key: str) -> EntityType:
        parents = []
        for parent in _ordered(self._graph.objects(node, RDFS.subClassOf)):
            if parent == node:
                continue
            if parent in self._types:
                parents.append(self._types[parent])
            elif isinstance(parent, BNode):
                self._note_restriction(parent, key)
        disjoint = [
            self._types[o] for o in _ordered(self._graph.objects(node, OWL.disjointWith)) if o in self._types
        ]
        if any(True for _ in self._graph.objects(node, OWL.equivalentClass)):
            self.notes.append(f"left out: equivalentClass of {key}")
        return EntityType(
            key=key,
            label=self._label(node) or words_of(key),
            parents=tuple(parents),
            aliases=self._aliases(node),
            description=self._text(node, _DESCRIPTIONS),
            disjoint_with=tuple(other for other in disjoint if other != key),
        )

    def _note_restriction(self, node: Node, key: str) -> None:
        about = self._graph.value(node, OWL.onProperty)
        named = self._relations.get(about) if isinstance(about, URIRef) else None
        self.notes.append(f"left out: restriction of {key}" + (f" on {named}" if named else ""))

    def _relation(self, node: Node, key: str) -> RelationType | DatatypeProperty:
        graph = self._graph
        shapes = [] if graph.has(node, G.key) else self._shapes.get(node, [])
        characteristics = set(graph.objects(node, RDF.type))
        low = [self._number(node, G.minCardinality), *(s.low for s in shapes)]
        high = [self._number(node, G.maxCardinality), *(s.high for s in shapes)]
        shared: dict[str, Any] = {
            "key": key,
            "label": self._label(node) or next((s.name for s in shapes if s.name), "") or words_of(key),
            "domain": self._domain(node, shapes, key),
            "functional": OWL.FunctionalProperty in characteristics,
            # Shapes of several classes differ; only what all of them allow holds for the relation.
            "min_cardinality": min((n for n in low if n is not None), default=None)
            if None not in low[1:]
            else None,
            "max_cardinality": max((n for n in high if n is not None), default=None)
            if None not in high[1:]
            else None,
            "aliases": self._aliases(node),
            "cues": self._texts(node, G.cue),
            "description": self._text(node, _DESCRIPTIONS),
        }
        classes, value = self._range(node, shapes, key)
        if value is not None:
            unit = self._text(node, (G.unit,)) or None
            return DatatypeProperty(value=ValueType(value.kind, value.values, value.pattern, unit), **shared)
        return RelationType(
            range=classes,
            inverse=self._inverse(node, key),
            symmetric=OWL.SymmetricProperty in characteristics or (node, OWL.inverseOf, node) in graph,
            transitive=OWL.TransitiveProperty in characteristics,
            inverse_functional=OWL.InverseFunctionalProperty in characteristics,
            inverse_cues=self._texts(node, G.inverseCue),
            **shared,
        )

    def _domain(self, node: Node, shapes: list[_PropertyShape], key: str) -> tuple[str, ...]:
        declared = [
            m
            for term in _DOMAIN
            for target in _ordered(self._graph.objects(node, term))
            for m in self._members(target)
        ]
        if len(list(self._graph.objects(node, RDFS.domain))) > 1:
            self.notes.append(f"read as a union: the several domains of {key}")
        if any(target in _TOP for target in declared):
            return ()
        found = [self._types[m] for m in declared if m in self._types]
        if not declared:
            found = [self._types[s.on] for s in shapes if s.on is not None and s.on in self._types]
        return tuple(dict.fromkeys(found))

    def _range(
        self, node: Node, shapes: list[_PropertyShape], key: str
    ) -> tuple[tuple[str, ...], ValueType | None]:
        targets = [target for term in _RANGE for target in _ordered(self._graph.objects(node, term))]
        targets = targets or [target for shape in shapes for target in shape.targets]
        classes: list[str] = []
        values: list[ValueType] = [v for s in shapes for v in (s.value,) if v is not None]
        for target in targets:
            value = self._value_type(target)
            if value is not None:
                values.append(value)
            elif any(m in _TOP for m in self._members(target)):
                return (), None
            else:
                classes += [self._types[m] for m in self._members(target) if m in self._types]
        if classes and values:
            self.notes.append(f"left out: values in the range of {key}, which also holds entities")
        if classes or not values:
            is_data = (node, RDF.type, OWL.DatatypeProperty) in self._graph
            plain = ValueType(ValueKind.STRING) if is_data and not classes else None
            return tuple(dict.fromkeys(classes)), plain
        if len({value.kind for value in values}) > 1:
            self.notes.append(f"read as string: the several value types of {key}")
            return (), ValueType(ValueKind.STRING)
        return (), values[0]

    def _value_type(self, target: Node) -> ValueType | None:
        graph = self._graph
        if isinstance(target, URIRef):
            kind = VALUE_KINDS.get(target)
            if kind is not None or target.startswith(str(XSD)):
                return ValueType(kind or ValueKind.STRING)
            if (target, RDF.type, RDFS.Datatype) not in graph:
                return None
        one_of = graph.value(target, OWL.oneOf)
        if one_of is not None:
            items = self._graph.items(one_of)
            literals = tuple(str(item) for item in items if isinstance(item, Literal))
            return ValueType(ValueKind.ENUMERATION, values=literals) if literals else None
        union = graph.value(target, OWL.unionOf)
        if union is not None:
            kinds = {VALUE_KINDS.get(m) for m in self._graph.items(union) if isinstance(m, URIRef)}
            return (
                ValueType(kinds.pop() or ValueKind.STRING) if len(kinds) == 1 and None not in kinds else None
            )
        restrictions = graph.value(target, OWL.withRestrictions)
        if restrictions is not None:
            for facet in self._graph.items(restrictions):
                pattern = graph.value(facet, XSD.pattern)
                if pattern is not None:
                    return ValueType(ValueKind.PATTERN, pattern=str(pattern))
            base = graph.value(target, OWL.onDatatype)
            return ValueType(VALUE_KINDS.get(base, ValueKind.STRING)) if isinstance(base, URIRef) else None
        return ValueType(ValueKind.STRING) if (target, RDF.type, RDFS.Datatype) in graph else None

    def _inverse(self, node: Node, key: str) -> str | None:
        own = self._text(self_node := node, (G.inverse,))
        if own:
            return own
        if self._graph.has(node, G.key):
            return None
        for term in _INVERSE:
            for other in _ordered(self._graph.objects(self_node, term)):
                if other == node or not isinstance(other, URIRef):
                    continue
                if other in self._relations:
                    return self._relations[other]
                return self._identifier(other, camel=False)
        return None

    def _members(self, target: Node) -> list[Node]:
        union = self._graph.value(target, OWL.unionOf)
        return [target] if union is None else self._graph.items(union)

    def _label(self, node: Node) -> str:
        return self._text(node, _LABELS)

    def _aliases(self, node: Node) -> tuple[str, ...]:
        aliases = self._texts(node, SKOS.altLabel)
        if self._graph.has(node, G.key):
            return aliases
        further = {*aliases, *self._texts(node, SKOS.prefLabel), *self._texts(node, RDFS.label)}
        return tuple(sorted(further - {self._label(node)}))

    def _text(self, node: Node, terms: Iterable[URIRef]) -> str:
        """The first text under the first term that has one: English before none before other languages."""
        for term in terms:
            literals = [
                o for o in self._graph.objects(node, term) if isinstance(o, Literal) and str(o).strip()
            ]
            if literals:
                return self._words(min(literals, key=lambda item: (_language_rank(item), str(item))), node)
        return ""

    def _texts(self, node: Node, term: URIRef) -> tuple[str, ...]:
        literals = [o for o in self._graph.objects(node, term) if isinstance(o, Literal)]
        kept = {self._words(o, node) for o in literals if _language_rank(o) < 2}
        return tuple(sorted(kept - {""}))

    def _words(self, literal: Literal, node: Node) -> str:
        """The text of a literal; other people's line breaks and indentation are folded, our own kept."""
        text = str(literal)
        is_own = self._graph.has(node, G.key) or (node, RDF.type, OWL.Ontology) in self._graph
        return (text if is_own else " ".join(text.split()))[:MAX_TEXT]

    def _number(self, node: Node, term: URIRef) -> int | None:
        return _count(self._graph.value(node, term))


@dataclass(frozen=True, slots=True)
class _PropertyShape:
    """What one SHACL property shape says of a path."""

    on: URIRef | None
    name: str
    low: int | None
    high: int | None
    targets: tuple[Node, ...]
    value: ValueType | None


def _property_shapes(graph: Statements) -> dict[Node, list[_PropertyShape]]:
    found: dict[Node, list[_PropertyShape]] = {}
    for shape, node in graph.pairs(SH.property):
        path = graph.value(node, SH.path)
        if not isinstance(path, URIRef):
            continue
        target = graph.value(shape, SH.targetClass)
        on = (
            target
            if isinstance(target, URIRef)
            else shape
            if (shape, RDF.type, OWL.Class) in graph or (shape, RDF.type, RDFS.Class) in graph
            else None
        )
        found.setdefault(path, []).append(
            _property_shape(graph, node, on if isinstance(on, URIRef) else None)
        )
    for shapes in found.values():
        shapes.sort(key=lambda item: (str(item.on), repr(item)))
    return found


def _property_shape(graph: Statements, node: Node, on: URIRef | None) -> _PropertyShape:
    targets = [*graph.objects(node, SH["class"]), *graph.objects(node, SH.datatype)]
    for alternatives in (*graph.objects(node, SH["or"]), *graph.objects(node, SH.xone)):
        for option in graph.items(alternatives):
            targets += [*graph.objects(option, SH["class"]), *graph.objects(option, SH.datatype)]
    value: ValueType | None = None
    enumerated = graph.value(node, SH["in"])
    pattern = graph.value(node, SH.pattern)
    if enumerated is not None:
        items = tuple(str(item) for item in graph.items(enumerated) if isinstance(item, Literal))
        value = ValueType(ValueKind.ENUMERATION, values=items) if items else None
    elif pattern is not None:
        value = ValueType(ValueKind.PATTERN, pattern=_unanchored(str(pattern)))
    if value is not None:
        targets = []
    low, high = _count(graph.value(node, SH.minCount)), _count(graph.value(node, SH.maxCount))
    name = graph.value(node, SH.name)
    return _PropertyShape(on, "" if name is None else str(name), low, high, tuple(_ordered(targets)), value)


def _unanchored(pattern: str) -> str:
    """SHACL searches where we match the whole value: anchors go, and an open end becomes anything."""
    left = pattern.removeprefix("^") if pattern.startswith("^") else ".*" + pattern
    return left.removesuffix("$") if left.endswith("$") and not left.endswith("\\$") else left + ".*"


def _count(value: Node | None) -> int | None:
    return int(str(value)) if value is not None and str(value).isdigit() else None


def _ordered(nodes: Iterable[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: (isinstance(node, BNode), str(node)))


def _language_rank(literal: Literal) -> int:
    language = (literal.language or "").lower()
    return 0 if language.startswith("en") else 1 if not language else 2


def identifier_of(label: str, *, camel: bool) -> str:
    """An identifier from a label or local name: `place of birth` -> `PLACE_OF_BIRTH` or `PlaceOfBirth`."""
    parts = re.findall(r"[A-Za-z0-9]+", words_of(label))
    text = "".join(part.capitalize() for part in parts) if camel else "_".join(parts).upper()
    text = text or ("Thing" if camel else "RELATION")
    return (f"_{text}" if text[0].isdigit() else text)[:63]
