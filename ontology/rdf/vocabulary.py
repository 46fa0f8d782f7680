"""The terms written and understood in RDF, and where a schema's own terms live."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from rdflib import BNode, Graph, Namespace, URIRef
from rdflib.namespace import RDF, RDFS, XSD
from rdflib.term import Node

from ontology.schema import Ontology, ValueKind

# What OWL has no word for: cue words, cardinalities free of a class, our keys.
G = Namespace("urn:graphrag:schema#")
SCHEMA_ORG = (Namespace("http://schema.org/"), Namespace("https://schema.org/"))

XSD_TYPES = {
    ValueKind.STRING: XSD.string,
    ValueKind.INTEGER: XSD.integer,
    ValueKind.DECIMAL: XSD.decimal,
    ValueKind.BOOLEAN: XSD.boolean,
    ValueKind.ENUMERATION: XSD.string,
    ValueKind.PATTERN: XSD.string,
}
# A date of any precision is one of these; decades and centuries have no XSD type of their own.
DATE_TYPES = (XSD.date, XSD.gYearMonth, XSD.gYear, G.edtf)

_KINDS_OF_XSD = {
    ValueKind.STRING: "string normalizedString token language Name NCName anyURI NMTOKEN",
    ValueKind.INTEGER: (
        "integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
        "unsignedInt unsignedLong unsignedShort unsignedByte"
    ),
    ValueKind.DECIMAL: "decimal float double",
    ValueKind.DATE: "date dateTime dateTimeStamp gYear gYearMonth",
    ValueKind.BOOLEAN: "boolean",
}
VALUE_KINDS: dict[URIRef, ValueKind] = {
    URIRef(f"{XSD}{name}"): kind for kind, names in _KINDS_OF_XSD.items() for name in names.split()
}
VALUE_KINDS |= {RDFS.Literal: ValueKind.STRING, RDF.langString: ValueKind.STRING, G.edtf: ValueKind.DATE}
_SCHEMA_ORG_VALUES = {
    "Text": ValueKind.STRING,
    "URL": ValueKind.STRING,
    "CssSelectorType": ValueKind.STRING,
    "PronounceableText": ValueKind.STRING,
    "XPathType": ValueKind.STRING,
    "DataType": ValueKind.STRING,
    "Time": ValueKind.STRING,
    "Date": ValueKind.DATE,
    "DateTime": ValueKind.DATE,
    "Number": ValueKind.DECIMAL,
    "Float": ValueKind.DECIMAL,
    "Integer": ValueKind.INTEGER,
    "Boolean": ValueKind.BOOLEAN,
}
VALUE_KINDS |= {space[name]: kind for space in SCHEMA_ORG for name, kind in _SCHEMA_ORG_VALUES.items()}


@dataclass(frozen=True, slots=True)
class Names:
    """IRIs of a schema's terms and of a graph's entities, all under one base."""

    base: str

    @staticmethod
    def of(ontology: Ontology, base: str | None = None) -> Names:
        """Names under `base`, or under a URN made of the schema's name."""
        if base is not None:
            return Names(base)
        slug = re.sub(r"[^a-z0-9]+", "-", ontology.name.lower()).strip("-") or "ontology"
        return Names(f"urn:ontology:{slug}:")

    @property
    def ontology(self) -> URIRef:
        """The schema itself."""
        return URIRef(self.base.rstrip(":/#"))

    def type(self, key: str) -> URIRef:
        """An entity type. Types and relations may share a key, so they have separate paths."""
        return URIRef(f"{self.base}type#{key}")

    def relation(self, key: str) -> URIRef:
        """A relation or datatype property."""
        return URIRef(f"{self.base}relation#{key}")

    def shape(self, key: str) -> URIRef:
        """A SHACL shape."""
        return URIRef(f"{self.base}shape#{key}")

    def entity(self, entity_id: str) -> URIRef:
        """An entity of a graph; any text is a safe id."""
        return URIRef(f"{self.base}entity/{quote(entity_id, safe='')}")


def date_type(value: str) -> URIRef:
    """The datatype a date in EDTF is written with, by its precision."""
    for form, datatype in (
        (r"-?\d{4}-\d\d", XSD.gYearMonth),
        (r"-?\d{4}", XSD.gYear),
        (r"-?\d{3}X|-?\d\dXX", G.edtf),
    ):
        if re.fullmatch(form, value):
            return datatype
    return XSD.date  # what is no date at all must not pass as one


def rdf_list(graph: Graph, members: Sequence[Node], blanks: Iterator[BNode]) -> Node:
    """Add an RDF list with the next blank nodes and return its first cell."""
    cells = [next(blanks) for _ in members]
    for position, (cell, member) in enumerate(zip(cells, members, strict=True)):
        graph.add((cell, RDF.first, member))
        rest = cells[position + 1] if position + 1 < len(cells) else RDF.nil
        graph.add((cell, RDF.rest, rest))
    return cells[0] if cells else RDF.nil
