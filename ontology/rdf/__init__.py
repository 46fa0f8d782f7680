"""OWL, RDFS and SHACL in Turtle, RDF/XML and JSON-LD: schemas in and out, graphs out.

Imported on use only: rdflib takes a fifth of a second to load.
"""

from ontology.rdf.reading import Imported, identifier_of, import_rdf, import_rdf_text
from ontology.rdf.writing import (
    GraphEdge,
    GraphEntity,
    GraphEvidence,
    export_ontology,
    graph_to_rdf,
    write_json_ld,
    write_turtle,
)

__all__ = [
    "GraphEdge",
    "GraphEntity",
    "GraphEvidence",
    "Imported",
    "export_ontology",
    "graph_to_rdf",
    "identifier_of",
    "import_rdf",
    "import_rdf_text",
    "write_json_ld",
    "write_turtle",
]
