"""What our own check finds, an independent SHACL validator finds, and nothing else.

The tables below are together the one in docs/ontology.md: no code is left out.
"""

import re
from pathlib import Path

import pyshacl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rdflib import Graph
from rdflib.namespace import RDF, SH

from ontology import Candidate, ReasonCode, check, find_conflicts, load_ontology
from ontology.rdf import GraphEdge, GraphEntity, GraphEvidence, export_ontology, graph_to_rdf
from ontology.rdf.vocabulary import G
from ontology.values import normalise_value

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

# What the check says of one triple, and what a validator says of a graph into which it got all the same.
TRIPLES = [
    (ReasonCode.UNKNOWN_RELATION, ("Ada", "LIKES", "Bob", "Person", "Person"), {"Closed"}),
    (ReasonCode.DOMAIN_VIOLATION, ("Rome", "BORN_IN", "Oslo", "City", "City"), {"Class"}),
    (ReasonCode.RANGE_VIOLATION, ("Cyd", "BORN_IN", "Acme", "Person", "Organization"), {"Class"}),
    (ReasonCode.AMBIGUOUS_TYPE, ("It", "OWNS", "Rome", None, "City"), {"Or"}),
    (ReasonCode.BAD_VALUE, ("Dan", "AGE", "many", "Person", None), {"Datatype"}),
    (ReasonCode.SELF_RELATION, ("Dan", "CHILD_OF", "Dan", "Person", "Person"), {"SPARQL"}),
    (ReasonCode.EMPTY_ARGUMENT, ("Dan", "CHILD_OF", " ", "Person", "Person"), {"MinLength"}),
]
# Statements about the reading of a sentence, of which a graph shows nothing.
OF_THE_TEXT = {
    ReasonCode.LOW_SCORE,
    ReasonCode.BAD_ARGUMENT,
    ReasonCode.NEGATED,
    ReasonCode.HYPOTHETICAL,
    ReasonCode.REPORTED,
    ReasonCode.INVALID_OUTPUT,
}


def components(entities, edges):
    """Names of the constraint components a validator reports for a graph."""
    nodes = [GraphEntity(key, key.strip(), types) for key, types in entities.items()]
    text = graph_to_rdf(SCHEMA, nodes, [GraphEdge(*edge) for edge in edges])
    return reported(Graph().parse(data=text, format="turtle"))


def reported(data):
    conforms, report, _ = pyshacl.validate(data, shacl_graph=SHAPES, ont_graph=SHAPES, advanced=True)
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


IDS = st.sampled_from(sorted(ENTITIES))
RELATIONS = st.sampled_from([*SCHEMA.relations, "LIKES"])


def written(relation, value):
    """A value as a graph holds it: in its one written form, where it can be read."""
    known = SCHEMA.properties.get(relation)
    return (normalise_value(value, known.value) if known else None) or value


VALUES = st.sampled_from(["1990", "199X", "31", "S", "ABC", "a rainy day"])
PROPERTIES = st.sampled_from(sorted(set(SCHEMA.properties) - {"NAME"}))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(IDS, RELATIONS, IDS) | st.tuples(IDS, PROPERTIES, VALUES), max_size=3, unique=True),
    st.dictionaries(IDS, st.sampled_from([["Person"], ["City"], ["Person", "City"], []]), max_size=1),
)
@example([("ada", "AGE", "199X")], {})
def test_a_validator_accepts_exactly_the_graphs_without_conflicts(edges, types):
    edges = [(head, relation, written(relation, tail)) for head, relation, tail in edges]
    graph = ENTITIES | types, sorted({*EDGES, *edges})
    assert (find_conflicts(SCHEMA, graph[0].items(), graph[1]) == []) is (components(*graph) == set())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("code", "triple", "expected"), TRIPLES)
def test_what_the_check_rejects_a_validator_rejects(code, triple, expected):
    head, relation, tail, head_type, tail_type = triple
    assert check(SCHEMA, Candidate(*triple)).reason is code
    entities = {head: [head_type] if head_type else []}
    if relation not in SCHEMA.properties:
        entities |= {tail: [tail_type] if tail_type else []}
    people = [name for name, types in entities.items() if "Person" in types]
    assert (
        components(entities, [*((name, "NAME", "x") for name in people), (head, relation, tail)]) == expected
    )


@pytest.mark.filterwarnings("ignore")
def test_an_edge_that_nothing_says_is_found_by_a_validator():
    code, expected = ReasonCode.UNSUPPORTED, {"MinCount"}
    nodes = [GraphEntity(key, key, types) for key, types in ENTITIES.items()]
    said = [GraphEvidence("d1", 3, 9, "as the text has it")]
    text = graph_to_rdf(SCHEMA, nodes, [GraphEdge(*edge, said) for edge in EDGES])
    data = Graph().parse(data=text, format="turtle")
    assert reported(data) == set()
    statement = min(data.subjects(RDF.type, RDF.Statement))
    data.remove((statement, G.evidence, None))
    assert reported(data) == expected
    assert documented()[code.value] == expected


@pytest.mark.filterwarnings("ignore")
def test_no_code_is_left_out_and_the_documentation_has_the_same_table():
    table = documented()
    assert set(table) == {code.value for code in ReasonCode}
    planted = [(code, found) for code, _, _, found in TABLE] + [(code, found) for code, _, found in TRIPLES]
    for code, found in planted:
        assert found <= table[code.value], code
    assert {code for code in ReasonCode if not table[code.value]} == OF_THE_TEXT
    assert {code for code, _ in planted} | OF_THE_TEXT | {ReasonCode.UNSUPPORTED} == set(ReasonCode)


def documented():
    """Reason codes and SHACL components as docs/ontology.md lists them."""
    text = (Path(__file__).parents[3] / "docs/ontology.md").read_text(encoding="utf-8")
    section = text.partition("## Reason codes")[2].partition("\n## ")[0]
    table = {}
    for row in re.findall(r"^\| (`.*) \|$", section, re.MULTILINE):
        codes, _, components = (cell.strip() for cell in row.split(" | "))
        names = set() if components.startswith("none") else set(re.findall(r"\b[A-Z][A-Za-z]+", components))
        columns = re.findall(r"`(\w+)`", codes)
        for code in columns:
            table[code] = names
    return table
