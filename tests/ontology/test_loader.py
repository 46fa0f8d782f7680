import pickle

import pytest
from hypothesis import given

from ontology import (
    DatatypeProperty,
    EntityType,
    Ontology,
    OntologyError,
    RelationType,
    ValueKind,
    dump_ontology,
    general_ontology,
    load_ontology,
    shipped_ontology,
)
from tests.ontology.strategies import ontologies

SMALLEST = """
name: companies
types:
  Agent: {label: agent}
  Person: {label: person, parents: [Agent]}
  Organization: {label: organization, parents: [Agent], aliases: [company, firm]}
relations:
  FOUNDED: {label: founded, domain: [Person], range: [Organization], inverse: FOUNDED_BY, cues: [set up]}
"""


def test_reads_the_smallest_useful_schema():
    ontology = load_ontology(SMALLEST)
    assert ontology.name == "companies"
    assert ontology.types["Organization"].aliases == ("company", "firm")
    assert ontology.relations["FOUNDED"].domain == ("Person",)
    assert ontology.inverse_of("FOUNDED_BY") == "FOUNDED"
    assert ontology.ancestors("Person") == {"Person", "Agent"}


def test_json_is_read_as_well():
    text = '{"name": "j", "types": {"A": {}}, "relations": {"R": {"domain": ["A"], "range": "date"}}}'
    assert load_ontology(text).properties["R"].value.kind is ValueKind.DATE


def test_a_path_and_its_text_give_the_same_schema(tmp_path):
    path = tmp_path / "companies.yaml"
    path.write_text(SMALLEST)
    assert load_ontology(path) == load_ontology(str(path)) == load_ontology(SMALLEST)


@given(ontologies())
def test_dump_then_load_is_the_identity(ontology):
    assert load_ontology(dump_ontology(ontology)) == ontology


@given(ontologies())
def test_pickle_keeps_a_schema(ontology):
    copy = pickle.loads(pickle.dumps(ontology))
    assert copy == ontology
    assert copy.fingerprint == ontology.fingerprint


def test_the_fingerprint_follows_content_and_not_layout():
    first = load_ontology(SMALLEST)
    shuffled = load_ontology(
        "# a comment\nrelations: {FOUNDED: {cues: [set up], range: Organization, domain: Person, "
        "label: founded, inverse: FOUNDED_BY}}\ntypes:\n"
        "  Organization: {aliases: [firm, company], parents: [Agent]}\n"
        "  Person: {parents: [Agent]}\n  Agent:\nname: companies\n"
    )
    assert shuffled.fingerprint == first.fingerprint
    assert load_ontology(SMALLEST.replace("set up", "started")).fingerprint != first.fingerprint
    assert load_ontology(SMALLEST + "version: '2'\n").fingerprint != first.fingerprint


@pytest.mark.parametrize("text", ["no", "null value", "1.0", "true", "~x", "2024-01-01"])
def test_labels_are_taken_as_written(text):
    ontology = load_ontology(f"types:\n  A: {{label: {text}}}\n")
    assert ontology.types["A"].label == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("types:\n  A: {lable: x}\n", r'^2: types\.A\.lable: unknown key; did you mean "label"\?'),
        (
            "types:\n  A:\n    parents:\n      - Bgent\n  Agent: {}\n",
            r'^3: types\.A\.parents: unknown type "Bgent"',
        ),
        (
            "types:\n  Person: {}\nrelations:\n  R: {range: [Persn]}\n",
            r'^4: relations\.R\.range: .* "Person"\?',
        ),
        ("typs:\n  A: {}\n", r'^1: typs: unknown key; did you mean "types"\?'),
        ("types:\n  A: {parents: [B]}\n  B: {parents: [A]}\n", r"a kind of itself: A -> B -> A"),
        ("types:\n  A: {parents: [A]}\n", r"a kind of itself: A -> A"),
        ("types:\n  A: {}\n  A: {}\n", r'^3: "A" is already declared in line 2'),
        ("types:\n  A b: {}\n", r"^2: types\.A b: not an identifier"),
        ("types:\n  '`) DETACH DELETE': {}\n", r"not an identifier"),
        ("types:\n  date: {}\n", r'"date" is the name of a value type'),
        ("relations:\n  " + "R" * 64 + ": {}\n", r"not an identifier"),
        ("types: [A, B]\n", r"^1: types: must be a mapping"),
        ("types:\n  A: text\n", r"^2: types\.A: must be a mapping"),
        ("- a\n- b\n", r"a schema is a mapping"),
        ("a: b: c\n", r"not valid YAML"),
        ("types:\n  A: &x {}\n  B: *x\n", r"^2: anchors and aliases"),
        ("types:\n  A: !!python/object:os.system {}\n", r"^2: tag .* is not supported"),
        ("types: {}\n---\ntypes: {}\n", r"one YAML document"),
        ("relations:\n  R: {symmetric: perhaps}\n", r"^2: relations\.R\.symmetric: must be true or false"),
        ("relations:\n  R: {max_cardinality: -1}\n", r"must be a whole number"),
        ("relations:\n  R: {min_cardinality: 3, max_cardinality: 2}\n", r"is 3, above max_cardinality 2"),
        (
            "relations:\n  R: {range: date, symmetric: true}\n",
            r"no meaning for a relation whose range is a value",
        ),
        ("relations:\n  R: {range: [date, string]}\n", r'"date" is a value type'),
        ("relations:\n  R: {range: {type: enumeration}}\n", r"an enumeration needs its values"),
        ("relations:\n  R: {range: {type: datum}}\n", r'unknown value type "datum"; did you mean "date"\?'),
        ("relations:\n  R: {range: {type: pattern, pattern: '['}}\n", r"not a regular expression"),
        ("relations:\n  R: {range: {type: pattern, pattern: '(a+)+$'}}\n", r"a choice inside a repeat"),
        ("relations:\n  R: {inverse: R}\n", r"symmetric: true"),
        ("relations:\n  R: {inverse: S}\n  S: {inverse: T}\n", r'"S" names another inverse'),
        ("types:\n  A: {disjoint_with: [B]}\n  B: {}\n  C: {parents: [A, B]}\n", r'"C" is a kind of both'),
        ("relations:\n  R: {domain: [[A]]}\n", r"must be a list of texts"),
        ("types:\n  A: {label: " + "x" * 20_000 + "}\n", r"a text of 20,000 characters"),
    ],
)
def test_errors_name_line_key_and_near_match(text, message):
    with pytest.raises(OntologyError, match=message):
        load_ontology(text)


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("types:\n  A: {parents: [B]}\n")
    with pytest.raises(OntologyError, match=r"broken\.yaml:2: types\.A\.parents") as caught:
        load_ontology(path)
    assert (caught.value.line, caught.value.key) == (2, "types.A.parents")


@pytest.mark.parametrize(("content", "message"), [(None, "cannot read"), (b"\xff\xfe\x00", "not UTF-8")])
def test_an_unreadable_file_is_said_so(tmp_path, content, message):
    path = tmp_path / "schema.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OntologyError, match=message):
        load_ontology(path)


def test_an_empty_file_is_an_error():
    with pytest.raises(OntologyError, match="a schema is a mapping"):
        load_ontology("\n")


def test_a_long_chain_of_subclasses_is_refused():
    lines = "\n".join(f"  T{i}: {{parents: [T{i + 1}]}}" for i in range(100))
    with pytest.raises(OntologyError, match="more than 64 levels"):
        load_ontology(f"types:\n{lines}\n  T100: {{}}\n")


def test_building_from_records_is_checked_too():
    with pytest.raises(OntologyError, match=r"relations\.R\.domain: unknown type"):
        Ontology.build("x", [EntityType("A")], [RelationType("R", domain=("B",))])
    with pytest.raises(OntologyError, match=r"types\.A: declared twice"):
        Ontology.build("x", [EntityType("A"), EntityType("A")])


@pytest.mark.parametrize("name", ["general", "scholarly", "finance"])
def test_the_shipped_schemas_are_valid_and_described(name):
    ontology = shipped_ontology(name)
    assert ontology.description
    assert len(ontology.types) >= 14
    assert all(relation.domain or name == "general" for relation in ontology.relations.values())


def test_the_general_schema_has_the_promised_size():
    ontology = general_ontology()
    assert len(ontology.types) >= 25
    assert len(ontology.all_relations()) >= 80
    assert all(isinstance(p, DatatypeProperty) for p in ontology.properties.values())


def test_an_unknown_shipped_schema_is_an_error():
    with pytest.raises(OntologyError, match="there are finance, general, scholarly"):
        shipped_ontology("medicine")
