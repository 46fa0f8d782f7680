import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal
from rdflib.namespace import RDF, RDFS

from ontology import OntologyError, load_ontology, shipped_ontology
from ontology.rdf import GraphEdge, GraphEntity, GraphEvidence, export_ontology, graph_to_rdf, import_rdf_text
from tests.ontology.strategies import ontologies

SCHEMA = load_ontology("""
name: people
types:
  Person: {}
  Place: {}
relations:
  BORN_IN: {domain: [Person], range: [Place]}
  BORN_ON: {domain: [Person], range: date}
  AGE: {domain: [Person], range: integer}
""")


@pytest.mark.parametrize("format", ["turtle", "xml", "json-ld"])
@settings(max_examples=40)
@given(ontology=ontologies())
def test_export_then_import_is_the_identity(format, ontology):
    text = export_ontology(ontology, format=format)
    imported = import_rdf_text(text, format=format)
    assert imported.ontology == ontology
    assert imported.notes == ()


@pytest.mark.parametrize("name", ["general", "scholarly", "finance"])
def test_the_shipped_schemas_survive_rdf(name):
    ontology = shipped_ontology(name)
    assert import_rdf_text(export_ontology(ontology)).ontology == ontology


@given(ontology=ontologies())
@settings(max_examples=20)
def test_the_same_schema_gives_the_same_text(ontology):
    assert export_ontology(ontology) == export_ontology(ontology)


def test_refuses_an_unknown_format():
    with pytest.raises(OntologyError, match="choose turtle, xml, json-ld"):
        export_ontology(SCHEMA, format="yaml")
    with pytest.raises(OntologyError, match="choose turtle, json-ld"):
        graph_to_rdf(SCHEMA, [], [], format="xml")


ENTITIES = [
    GraphEntity("p1", 'Ada "the first" \\ Lovelace\n', ["Person"], ["Ada\tL."], "wrote\u2028notes"),
    GraphEntity("id with <spaces> & ünïcödé", "London", ["Place"]),
]
EDGES = [
    GraphEdge("p1", "BORN_IN", ENTITIES[1].id, [GraphEvidence("d1", 3, 9, 'in "London"')]),
    GraphEdge("p1", "BORN_ON", "1815-12-10"),
    GraphEdge("p1", "BORN_ON", "181X"),
    GraphEdge("p1", "AGE", "36"),
]


@pytest.mark.parametrize("format", ["turtle", "json-ld"])
def test_a_graph_reads_back_with_its_names_values_and_evidence(format):
    graph = Graph().parse(data=graph_to_rdf(SCHEMA, ENTITIES, EDGES, format=format), format=format)
    names = {str(o) for o in graph.objects(None, RDFS.label)}
    assert names == {entity.name for entity in ENTITIES}
    assert len(set(graph.subjects(RDF.type, RDF.Statement))) == 1
    values = {(str(o), str(o.datatype).rpartition("#")[2]) for o in graph.objects() if isinstance(o, Literal)}
    assert {("1815-12-10", "date"), ("181X", "edtf"), ("36", "integer"), ('in "London"', "None")} <= values


def test_both_formats_hold_the_same_graph():
    turtle = Graph().parse(data=graph_to_rdf(SCHEMA, ENTITIES, EDGES), format="turtle")
    json_ld = Graph().parse(data=graph_to_rdf(SCHEMA, ENTITIES, EDGES, format="json-ld"), format="json-ld")
    assert set(turtle) == set(json_ld)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_any_name_and_id_is_written_safely(text):
    turtle = graph_to_rdf(SCHEMA, [GraphEntity("x" + text, text)], [])
    graph = Graph().parse(data=turtle, format="turtle")
    assert [str(o) for o in graph.objects(None, RDFS.label)] == [text]
    node = json.loads(graph_to_rdf(SCHEMA, [GraphEntity("x" + text, text)], [], format="json-ld"))
    assert len(node["@graph"]) == 2
