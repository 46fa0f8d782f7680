import socket
from pathlib import Path

import pytest

from ontology import Candidate, OntologyError, ValueKind, check, dump_ontology, load_ontology
from ontology.rdf import identifier_of, import_rdf, import_rdf_text

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_reads_a_foaf_like_vocabulary_from_turtle():
    ontology = import_rdf(DATA / "foaf_like.ttl").ontology
    assert (ontology.name, ontology.version) == ("people and their pages", "0.99")
    assert ontology.is_a("Image", "Document")
    assert ontology.are_disjoint("Person", "Organization")
    knows = ontology.relations["KNOWS"]
    assert (knows.domain, knows.range) == (("Person",), ("Person",))
    assert ontology.relations["MAKER"].inverse == "MADE"
    assert ontology.relations["HOMEPAGE"].inverse_functional
    assert ontology.properties["AGE"].value.kind is ValueKind.INTEGER
    assert ontology.properties["BIRTHDAY"].functional
    assert ontology.properties["NICK"].label == "nickname"


def test_prefers_english_labels():
    assert import_rdf(DATA / "foaf_like.ttl").ontology.types["Person"].label == "Person"


def test_reads_a_schema_org_like_vocabulary_from_json_ld():
    imported = import_rdf(DATA / "schema_like.jsonld")
    ontology = imported.ontology
    assert ontology.relations["AUTHOR"].range == ("Organization", "Person")
    assert ontology.properties["BIRTH_DATE"].value.kind is ValueKind.DATE
    assert set(ontology.types["LocalBusiness"].parents) == {"Organization", "Place"}
    assert ontology.relations["EMPLOYEE"].inverse == "WORKS_FOR"
    assert "left out: values in the range of ADDRESS, which also holds entities" in imported.notes


def test_reads_a_prov_like_vocabulary_from_rdf_xml():
    imported = import_rdf(DATA / "prov_like.rdf")
    ontology = imported.ontology
    assert ontology.relations["WAS_DERIVED_FROM"].transitive
    assert ontology.relations["WAS_INFLUENCED_BY"].domain == ("Activity", "Agent", "Entity")
    assert ontology.properties["STARTED_AT_TIME"].value.kind is ValueKind.DATE
    assert imported.notes == ("left out: restriction of Plan on WAS_DERIVED_FROM",)


def test_reads_shacl_shapes_alone():
    ontology = import_rdf(DATA / "shapes_like.ttl").ontology
    assert set(ontology.types) == {"Person", "Company"}
    assert ontology.properties["EMAIL"].value.pattern == "[^@]+@[^@]+"
    assert ontology.properties["EMAIL"].max_cardinality == 1
    assert ontology.properties["SIZE"].value.values == ("S", "M", "L")
    assert ontology.properties["FOUNDED"].label == "founding year"
    assert ontology.relations["WORKS_FOR"].min_cardinality == 1
    assert set(ontology.relations["OWNER"].range) == {"Company", "Person"}


@pytest.mark.parametrize("name", ["foaf_like.ttl", "schema_like.jsonld", "prov_like.rdf", "shapes_like.ttl"])
def test_an_imported_schema_survives_yaml(name):
    ontology = import_rdf(DATA / name).ontology
    assert load_ontology(dump_ontology(ontology)) == ontology


def test_an_imported_schema_checks_plain_english():
    ontology = import_rdf(DATA / "schema_like.jsonld").ontology
    verdict = check(ontology, Candidate("Ann Lee", "was born in", "Oslo", "PERSON", "LOC"))
    assert verdict.relation == "BIRTH_PLACE"


def test_several_files_are_read_as_one():
    ontology = import_rdf(DATA / "foaf_like.ttl", DATA / "shapes_like.ttl").ontology
    assert {"KNOWS", "WORKS_FOR"} <= set(ontology.relations)


XML = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#">{}</rdf:RDF>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + XML.format("")
EXTERNAL = '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + XML.format("&e;")
OWL = "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix : <urn:x#> .\n"


@pytest.mark.parametrize(
    ("text", "format", "message"),
    [
        (BOMB, "xml", "document types and entities are refused"),
        (EXTERNAL, "xml", "^2: document types and entities"),
        ('{"@context": "http://example.org/c.jsonld", "@id": "x"}', "json-ld", "nothing is fetched"),
        ('{"@context": [{}, "file:///etc/passwd"]}', "json-ld", "nothing is fetched"),
        (
            '{"@context": {"a": {"@id": "urn:a", "@context": "http://e.org/"}}}',
            "json-ld",
            "nothing is fetched",
        ),
        ('{"@context": {"@import": "http://e.org/"}}', "json-ld", "nothing is fetched"),
        (
            OWL + "<urn:o> owl:imports <http://example.org/other> .",
            "turtle",
            "imports http://example.org/other",
        ),
        (OWL + "<urn:o> owl:imports <file:///etc/passwd> .", "turtle", "imports file:///etc/passwd"),
        (OWL + ":A a owl:Class ; nonsense", "turtle", "not valid turtle"),
        ("{", "json-ld", "not valid JSON"),
        (XML.format("<owl:Class"), "xml", "not valid xml"),
        (OWL, "turtle", "no class, property or shape"),
        (OWL, "brainwaves", "choose turtle, xml or json-ld"),
        ('<?xml version="1.0" encoding="UTF-7"?>' + XML.format(""), "xml", "encoding UTF-7 is refused"),
    ],
)
def test_refuses_with_a_clear_error(text, format, message):
    with pytest.raises(OntologyError, match=message):
        import_rdf_text(text, format=format)


def test_names_the_cycle_of_cyclic_subclasses():
    rdfs = "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    with pytest.raises(OntologyError, match="A -> B -> A"):
        import_rdf_text(OWL + rdfs + ":A rdfs:subClassOf :B . :B rdfs:subClassOf :A .")


def test_imports_can_be_left_out_with_a_note():
    imported = import_rdf_text(
        OWL + "<urn:o> owl:imports <http://e.org/o> . :A a owl:Class .", skip_imports=True
    )
    assert imported.notes == ("left out: import of http://e.org/o",)


def test_a_relative_iri_does_not_reveal_a_folder():
    imported = import_rdf_text("@prefix owl: <http://www.w3.org/2002/07/owl#> . <Dog> a owl:Class .")
    assert set(imported.ontology.types) == {"Dog"}


def test_a_file_error_names_the_file(tmp_path):
    with pytest.raises(OntologyError, match=r"nowhere\.ttl: cannot read"):
        import_rdf(tmp_path / "nowhere.ttl")
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(OntologyError, match="unknown RDF suffix"):
        import_rdf(tmp_path / "a.docx")


def test_opaque_names_take_their_key_from_the_label():
    text = (
        OWL + '@prefix r: <http://www.w3.org/2000/01/rdf-schema#> . :Q5 a owl:Class ; r:label "human being" .'
    )
    assert set(import_rdf_text(text).ontology.types) == {"HumanBeing"}


@pytest.mark.parametrize(
    ("label", "camel", "expected"),
    [
        ("place of birth", False, "PLACE_OF_BIRTH"),
        ("place of birth", True, "PlaceOfBirth"),
        ("birthPlace", False, "BIRTH_PLACE"),
        ("3D model", True, "_3DModel"),
        ("`; DROP TABLE --", False, "DROP_TABLE"),
        ("한국", True, "Thing"),
        ("x" * 200, False, "X" * 63),
    ],
)
def test_identifiers_are_safe(label, camel, expected):
    assert identifier_of(label, camel=camel) == expected
