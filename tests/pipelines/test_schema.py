"""What the commands around the schema say of a real graph, and whether it holds."""

import json
import shutil

import pyshacl
import pytest
import yaml
from rdflib import Graph
from rdflib.namespace import SH

from graphrag.config import Config, ExtractionConfig, OntologyConfig
from graphrag.datamodel import Document
from graphrag.engine import GraphRAG
from graphrag.reading import reader_from
from ontology import dump_ontology, load_ontology
from ontology.rdf import export_ontology


@pytest.fixture(scope="module")
def conflicts(run, demo_kg):
    return run("ontology", "check", demo_kg, "--json").json["conflicts"]


def test_every_side_of_a_conflict_shows_where_it_was_read(conflicts):
    assert conflicts
    for conflict in conflicts:
        assert "ent-" not in conflict["message"]
        assert conflict["others"] == [side["name"] for side in conflict["sides"]]
        for side in conflict["sides"]:
            assert side["evidence"], conflict
            assert all(item["quote"] and item["document"] for item in side["evidence"])


def test_the_summary_counts_conflicts_before_it_lists_them(run, demo_kg, conflicts):
    text = run("ontology", "check", demo_kg).out
    assert text.startswith(f"{len(conflicts)} conflicts")
    kinds = {(item["code"], item["relation"]) for item in conflicts}
    assert all(f"{code} {relation}" in text.split("\n\n")[1] for code, relation in kinds)


def test_statistics_lead_with_what_is_met_most_often(run, demo_kg):
    data = run("quarantine", demo_kg, "stats", "--json").json
    for row in data["reasons"]:
        counts = [item["count"] for item in row["messages"]]
        assert counts == sorted(counts, reverse=True)
        assert row["example"]["message"] == row["messages"][0]["message"]
    assert sum(row["count"] for row in data["reasons"]) == data["total"]


@pytest.mark.filterwarnings("ignore")
def test_the_exported_graph_conforms_except_for_the_conflicts_we_list(run, demo_kg, tmp_path, conflicts):
    for form, name in (("turtle", "kg.ttl"), ("json-ld", "kg.jsonld")):
        outcome = run("export", demo_kg, "--format", form, "-o", tmp_path / name)
        assert outcome.code == 0, outcome.err
    turtle = Graph().parse(tmp_path / "kg.ttl", format="turtle")
    assert set(turtle) == set(Graph().parse(tmp_path / "kg.jsonld", format="json-ld"))
    with GraphRAG.open(demo_kg) as base:
        shapes = Graph().parse(data=export_ontology(base.ontology), format="turtle")
        names = {entity.id: entity.name for entity in base.view.entities()}
    conforms, report, _ = pyshacl.validate(turtle, shacl_graph=shapes, ont_graph=shapes, advanced=True)
    assert not conforms
    theirs = {
        (str(report.value(result, SH.sourceConstraintComponent)).rpartition("#")[2].removesuffix(
            "ConstraintComponent"
        ), names[str(report.value(result, SH.focusNode)).rpartition("/")[2]])
        for result in report.subjects(SH.focusNode, None)
    }  # fmt: skip
    ours = set()
    for item in conflicts:
        at_tail = item["code"] == "range_violation"
        ours |= {(item["code"], name) for name in (item["others"] if at_tail else [item["entity"]])}
    of_types = {name for component, name in theirs if component in ("Class", "Or")}
    assert of_types == {name for code, name in ours if code in ("domain_violation", "range_violation")}
    many = {name for component, name in theirs if component == "MaxCount"}
    # A validator knows nothing of places in places and of dates in dates.
    assert {name for code, name in ours if code == "functional_conflict"} <= many
    assert {component for component, _ in theirs} <= {"Class", "Or", "MaxCount", "SPARQL"}


def test_what_is_suggested_for_the_demo_is_admitted_once_pasted(run, demo_kg, tmp_path):
    suggestions = run("ontology", "suggest", demo_kg, "--limit", 3, "--json").json["suggestions"]
    assert len(suggestions) == 3
    shutil.copytree(demo_kg, tmp_path / "kg")
    with GraphRAG.open(tmp_path / "kg", write=True) as base:
        whole = yaml.safe_load(dump_ontology(base.ontology))
        for suggestion in suggestions:
            for section, entries in yaml.safe_load(suggestion["yaml"]).items():
                whole[section] |= entries
        before = {triple.id for triple in base.quarantine()}
        base.replay(load_ontology(yaml.safe_dump(whole)))
        admitted = before - {triple.id for triple in base.quarantine()}
    assert len(admitted) >= sum(suggestion["admits"] for suggestion in suggestions)


def test_derived_edges_name_their_rule_and_premises(run, small_demo):
    data = run("ontology", "derive", small_demo, "--json").json
    assert data["count"] == len(data["derived"]) == 1
    (edge,) = data["derived"]
    assert (edge["head"], edge["relation"], edge["tail"]) == ("Acme Robotics", "LOCATED_IN", "France")
    assert (edge["provenance"], edge["rule"], len(edge["premises"])) == ("derived", "transitive", 2)


@pytest.fixture
def small_demo(run, tmp_path):
    (tmp_path / "a.txt").write_text("Acme Robotics is located in Lyon. Lyon is located in France.")
    outcome = run("build", tmp_path / "a.txt", "--out", tmp_path / "kg")
    assert outcome.code == 0, outcome.err
    return tmp_path / "kg"


def test_learn_writes_a_model_that_reads_what_its_examples_state(run, tmp_path):
    schema = tmp_path / "ships.yaml"
    schema.write_text(
        "name: ships\n"
        "types: {Ship: {label: ship}, Person: {label: person}}\n"
        "relations: {MASTER: {label: master, domain: [Ship], range: [Person]}}\n",
        encoding="utf-8",
    )
    people = ("Otto Brandt", "Helena Ruiz", "Jan Novak", "Lena Fischer", "Paul Weiss")
    ships = ("Aurora", "Meridian", "Valiant", "Halcyon", "Petrel")
    rows = [
        {
            "text": f"The {ship} is a ship that {person} took round the cape.",
            "triples": [[ship, "MASTER", person]],
        }
        for ship, person in zip(ships, people, strict=True)
    ]
    examples = tmp_path / "examples.jsonl"
    examples.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    model = tmp_path / "model.json"

    said = run("ontology", "learn", schema, "--examples", examples, "-o", model, "--json").json
    assert said["sentences"] == 5 and said["relations"] == ["MASTER"]

    text = "The Calypso is a ship that Ingrid Solberg took round the cape."
    settings = Config(
        extraction=ExtractionConfig(learned=str(model)), ontology=OntologyConfig(path=str(schema))
    )
    document = Document("doc", "calypso", text)
    read = reader_from(settings).read([document])[0]
    found = {(i.head.name, i.relation, i.tail.name) for i in read.triples if i.accepted}
    assert ("Calypso", "MASTER", "Ingrid Solberg") in found


def test_learn_says_which_files_it_needs(run, tmp_path):
    outcome = run("ontology", "learn", tmp_path / "schema.yaml")
    assert outcome.code == 2
    assert "--examples FILE" in outcome.err
