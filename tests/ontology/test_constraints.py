import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology import OntologyError, ReasonCode, load_ontology
from ontology.constraints import Rule, derive, equivalents, find_conflicts, is_less_precise

SCHEMA = load_ontology("""
types:
  Person: {disjoint_with: [Place]}
  Place: {}
  City: {parents: [Place]}
relations:
  BORN_IN: {domain: [Person], range: [Place], functional: true}
  BORN_ON: {domain: [Person], range: date, functional: true}
  PARENT_OF: {domain: [Person], range: [Person], inverse: CHILD_OF}
  CHILD_OF: {domain: [Person], range: [Person], max_cardinality: 2}
  SPOUSE_OF: {domain: [Person], range: [Person], symmetric: true}
  PART_OF: {domain: [Place], range: [Place], transitive: true}
  MAYOR_OF: {domain: [Person], range: [City], inverse_functional: true}
  NAME: {domain: [Person], range: string, min_cardinality: 1}
""")
PEOPLE = [
    ("ada", ["Person"]),
    ("bob", ["Person"]),
    ("cyd", ["Person"]),
    ("dan", ["Person"]),
    ("rome", ["City"]),
    ("oslo", ["City"]),
]
NAMES = [("ada", "NAME", "Ada"), ("bob", "NAME", "Bob"), ("cyd", "NAME", "Cyd"), ("dan", "NAME", "Dan")]


def codes(edges, entities=PEOPLE):
    return [c.code for c in find_conflicts(SCHEMA, entities, [*NAMES, *edges])]


def test_a_graph_that_fits_has_no_conflicts():
    assert codes([("ada", "BORN_IN", "rome"), ("ada", "CHILD_OF", "bob")]) == []


@pytest.mark.parametrize(
    ("edges", "code"),
    [
        ([("ada", "BORN_IN", "rome"), ("ada", "BORN_IN", "oslo")], ReasonCode.FUNCTIONAL_CONFLICT),
        ([("ada", "MAYOR_OF", "rome"), ("bob", "MAYOR_OF", "rome")], ReasonCode.INVERSE_FUNCTIONAL_CONFLICT),
        ([("ada", "CHILD_OF", x) for x in ("bob", "cyd", "dan")], ReasonCode.MAX_CARDINALITY),
        ([("rome", "BORN_IN", "oslo")], ReasonCode.DOMAIN_VIOLATION),
        ([("ada", "BORN_IN", "bob")], ReasonCode.RANGE_VIOLATION),
        ([("ada", "BORN_ON", "soon")], ReasonCode.BAD_VALUE),
        ([("ada", "SPOUSE_OF", "ada")], ReasonCode.SELF_RELATION),
        ([("ada", "LIKES", "bob")], ReasonCode.UNKNOWN_RELATION),
    ],
)
def test_each_planted_violation_is_found_once(edges, code):
    assert codes(edges) == [code]


def test_disjoint_types_count_through_ancestors():
    found = find_conflicts(SCHEMA, [("x", ["Person", "City"])], [("x", "NAME", "X")])
    assert [(c.code, c.others) for c in found] == [(ReasonCode.DISJOINT_TYPES, ("City", "Person"))]


def test_a_missing_value_is_reported_for_the_entity():
    found = find_conflicts(SCHEMA, [("ada", ["Person"])], [])
    assert [(c.code, c.entity, c.relation) for c in found] == [(ReasonCode.MIN_CARDINALITY, "ada", "NAME")]


def test_conflicts_keep_all_sides():
    edges = [*NAMES, ("ada", "BORN_IN", "rome"), ("ada", "BORN_IN", "oslo")]
    (conflict,) = find_conflicts(SCHEMA, PEOPLE, edges)
    assert conflict.others == ("oslo", "rome")


def test_a_more_precise_date_is_no_conflict():
    assert codes([("ada", "BORN_ON", "1990"), ("ada", "BORN_ON", "1990-01-04")]) == []
    assert codes([("ada", "BORN_ON", "1990"), ("ada", "BORN_ON", "1991")]) == [ReasonCode.FUNCTIONAL_CONFLICT]


@pytest.mark.parametrize(
    ("date", "other", "expected"),
    [
        ("1990", "1990-01", True),
        ("19XX", "1990", True),
        ("1990", "1990", False),
        ("1990-01", "1990-11", False),
    ],
)
def test_precision_of_dates(date, other, expected):
    assert is_less_precise(date, other) is expected


def test_derives_inverse_symmetric_and_transitive_edges_only():
    edges = [
        ("ada", "PARENT_OF", "bob"),
        ("ada", "SPOUSE_OF", "cyd"),
        ("a", "PART_OF", "b"),
        ("b", "PART_OF", "c"),
        ("c", "PART_OF", "d"),
    ]
    found = {(d.head, d.relation, d.tail): d.rule for d in derive(SCHEMA, edges)}
    assert found == {
        ("bob", "CHILD_OF", "ada"): Rule.INVERSE,
        ("cyd", "SPOUSE_OF", "ada"): Rule.SYMMETRIC,
        ("a", "PART_OF", "c"): Rule.TRANSITIVE,
        ("a", "PART_OF", "d"): Rule.TRANSITIVE,
        ("b", "PART_OF", "d"): Rule.TRANSITIVE,
    }


def test_derivation_stops_at_its_limit():
    chain = [(f"n{i:03}", "PART_OF", f"n{i + 1:03}") for i in range(60)]
    with pytest.raises(OntologyError, match="more than 100 edges follow"):
        derive(SCHEMA, chain, max_edges=100)


NODES = st.sampled_from("abcdef")
EDGES = st.lists(st.tuples(NODES, st.sampled_from(["PART_OF", "SPOUSE_OF", "PARENT_OF", "CHILD_OF"]), NODES))


@given(EDGES)
def test_deriving_is_a_closure(edges):
    derived = [(d.head, d.relation, d.tail) for d in derive(SCHEMA, edges)]
    assert derive(SCHEMA, [*edges, *derived]) == []
    assert not set(derived) & set(edges)


@given(EDGES)
def test_premises_are_read_or_derived_edges(edges):
    derived = derive(SCHEMA, edges)
    known = set(edges) | {(d.head, d.relation, d.tail) for d in derived}
    assert all(premise in known for d in derived for premise in d.premises)


@given(EDGES, st.randoms())
def test_conflicts_do_not_depend_on_order(edges, random):
    shuffled = list(edges)
    random.shuffle(shuffled)
    assert find_conflicts(SCHEMA, PEOPLE, edges) == find_conflicts(SCHEMA, PEOPLE[::-1], shuffled)


def test_equivalents_name_what_a_query_must_follow():
    assert equivalents(SCHEMA, "PARENT_OF") == [("PARENT_OF", False), ("CHILD_OF", True)]
    assert equivalents(SCHEMA, "SPOUSE_OF") == [("SPOUSE_OF", False), ("SPOUSE_OF", True)]


def test_a_place_that_holds_another_of_the_values_is_no_conflict():
    ontology = load_ontology(
        "types: {Person: {}, Place: {}}\nrelations:\n"
        "  BORN_IN: {domain: [Person], range: [Place], functional: true}\n"
        "  IN: {domain: [Place], range: [Place], transitive: true}\n"
    )
    types = {"ada": ["Person"]} | {place: ["Place"] for place in ("town", "county", "country", "abroad")}
    born = [("ada", "BORN_IN", place) for place in ("town", "country")]
    within = [("town", "IN", "county"), ("county", "IN", "country")]
    assert [c.code for c in find_conflicts(ontology, types.items(), born)] == [ReasonCode.FUNCTIONAL_CONFLICT]
    assert find_conflicts(ontology, types.items(), [*born, *within]) == []
    elsewhere = [*born, *within, ("ada", "BORN_IN", "abroad")]
    assert [c.others for c in find_conflicts(ontology, types.items(), elsewhere)] == [("abroad", "town")]
    # Places that are said to be in each other tell nothing.
    circle = [*born, *within, ("country", "IN", "town")]
    assert [c.others for c in find_conflicts(ontology, types.items(), circle)] == [("country", "town")]
