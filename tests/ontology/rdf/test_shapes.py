"""What our own check finds, an independent SHACL validator finds, and nothing else.

The table below is the one in docs/ontology.md.
"""

import pyshacl
import pytest
from rdflib import Graph
from rdflib.namespace import SH

from ontology import ReasonCode, find_conflicts, load_ontology
from ontology.rdf import GraphEdge, GraphEntity, export_ontology, graph_to_rdf

SCHEMA = load_ontology("""
name: people
types:
  Person: {disjoint_with: [Place]}
  Organization: {}
  Place: {}
  City: {parents: [Place]}
relations:
  BORN_IN: {domain: [Person], range: [Place], functional: true}
  CHILD_OF: {domain: [Person], range: [Person], max_cardinality: 2}
  MAYOR_OF: {domain: [Person], range: [City], inverse_functional: true}
  WORKS_FOR: {domain: [Person], range: [Organization, Person]}
  OWNS: {domain: [Person, Organization]}
  NAME: {domain: [Person], range: string, min_cardinality: 1}
  BORN_ON: {domain: [Person], range: date}
  AGE: {domain: [Person], range: integer}
  SIZE: {domain: [Person], range: {type: enumeration, values: [S, M]}}
  CODE: {domain: [Person], range: {type: pattern, pattern: "[A-Z]{3}"}}
""")
ENTITIES = {
    "ada": ["Person"],
    "bob": ["Person"],
    "cyd": ["Person"],
    "dan": ["Person"],
    "rome": ["City"],
    "oslo": ["City"],
    "acme": ["Organization"],
}
EDGES = [
    *((who, "NAME", who.title()) for who in ("ada", "bob", "cyd", "dan")),
    ("ada", "BORN_IN", "rome"),
    ("ada", "CHILD_OF", "bob"),
    ("bob", "MAYOR_OF", "rome"),
    ("ada", "WORKS_FOR", "acme"),
    ("acme", "OWNS", "rome"),
    ("ada", "BORN_ON", "1990-01-04"),
    ("bob", "BORN_ON", "195X"),
    ("cyd", "BORN_ON", "1960"),
    ("ada", "AGE", "31"),
    ("ada", "SIZE", "S"),
    ("ada", "CODE", "ABC"),
]
SHAPES = Graph().parse(data=export_ontology(SCHEMA), format="turtle")

# Reason code, what is planted, and the SHACL components that must object.
TABLE = [
    (ReasonCode.DOMAIN_VIOLATION, [("rome", "BORN_IN", "oslo")], {}, {"Class"}),
    (ReasonCode.DOMAIN_VIOLATION, [("rome", "OWNS", "oslo")], {}, {"Or"}),
    (ReasonCode.RANGE_VIOLATION, [("cyd", "BORN_IN", "acme")], {}, {"Class"}),
    (ReasonCode.RANGE_VIOLATION, [("cyd", "WORKS_FOR", "oslo")], {}, {"Or"}),
    (ReasonCode.BAD_VALUE, [("dan", "BORN_ON", "a rainy day")], {}, {"Or"}),
    (ReasonCode.BAD_VALUE, [("dan", "AGE", "many")], {}, {"Datatype"}),
    (ReasonCode.BAD_VALUE, [("dan", "SIZE", "XXL")], {}, {"In"}),
    (ReasonCode.BAD_VALUE, [("dan", "CODE", "ABCD")], {}, {"Pattern"}),
    (ReasonCode.SELF_RELATION, [("dan", "CHILD_OF", "dan")], {}, {"SPARQL"}),
    (ReasonCode.UNKNOWN_RELATION, [("ada", "LIKES", "bob")], {}, {"Closed"}),
    (ReasonCode.FUNCTIONAL_CONFLICT, [("ada", "BORN_IN", "oslo")], {}, {"MaxCount"}),
    (ReasonCode.INVERSE_FUNCTIONAL_CONFLICT, [("cyd", "MAYOR_OF", "rome")], {}, {"MaxCount"}),
    (ReasonCode.MAX_CARDINALITY, [("ada", "CHILD_OF", "cyd"), ("ada", "CHILD_OF", "dan")], {}, {"MaxCount"}),
    (ReasonCode.MIN_CARDINALITY, [], {"eve": ["Person"]}, {"MinCount"}),
    (ReasonCode.DISJOINT_TYPES, [], {"rome": ["City", "Person"]}, {"Not"}),
]


def components(entities, edges):
    """Names of the constraint components a validator reports for a graph."""
    nodes = [GraphEntity(key, key, types) for key, types in entities.items()]
    text = graph_to_rdf(SCHEMA, nodes, [GraphEdge(*edge) for edge in edges])
    conforms, report, _ = pyshacl.validate(
        Graph().parse(data=text, format="turtle"), shacl_graph=SHAPES, ont_graph=SHAPES, advanced=True
    )
    found = {str(c).rpartition("#")[2] for c in report.objects(None, SH.sourceConstraintComponent)}
    assert conforms is (not found)
    return {name.removesuffix("ConstraintComponent") for name in found}


@pytest.mark.filterwarnings("ignore")
def test_a_graph_that_fits_conforms_for_both():
    assert find_conflicts(SCHEMA, ENTITIES.items(), EDGES) == []
    assert components(ENTITIES, EDGES) == set()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("code", "edges", "entities", "expected"), TABLE)
def test_a_planted_violation_is_found_by_both(code, edges, entities, expected):
    names = [("rome", "NAME", "Rome")] if "rome" in entities else []
    graph = ENTITIES | entities, [*EDGES, *names, *edges]
    ours = {c.code for c in find_conflicts(SCHEMA, graph[0].items(), graph[1])}
    assert ours == {code}
    assert components(*graph) == expected


@pytest.mark.filterwarnings("ignore")
def test_an_entity_without_a_name_violates_the_shapes():
    text = graph_to_rdf(SCHEMA, [GraphEntity("x", "", ["Place"])], [])
    conforms, _, _ = pyshacl.validate(
        Graph().parse(data=text, format="turtle"), shacl_graph=SHAPES, advanced=True
    )
    assert not conforms
