import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology import (
    Candidate,
    Checker,
    Decision,
    ReasonCode,
    RelationType,
    RepairKind,
    Verdict,
    check,
    general_ontology,
    load_ontology,
)
from ontology.values import normalise_value
from tests.ontology.strategies import ontologies

FILMS = load_ontology("""
name: films
types:
  Human: {label: human}
  City: {label: city}
  Film: {label: film}
relations:
  DIRECTOR: {label: director, domain: [Film], range: [Human]}
  CAST_MEMBER: {label: cast member, domain: [Film], range: [Human]}
  RELEASE_DATE: {label: publication date, domain: [Film], range: date}
  FILMING_LOCATION: {label: filming location, domain: [Film], range: [City]}
  BIRTH_DATE: {label: date of birth, domain: [Human], range: date}
""")


@pytest.mark.parametrize(
    ("candidate", "relation", "inverted"),
    [
        (Candidate("Vertigo", "was directed by", "Hitchcock", "WORK", "PERSON"), "DIRECTOR", False),
        (Candidate("Hitchcock", "directed", "Vertigo", "PERSON", "WORK"), "DIRECTOR", True),
        (Candidate("Hitchcock", "is the director of", "Vertigo", "PERSON", "WORK"), "DIRECTOR", True),
        (Candidate("Vertigo", "stars", "James Stewart", "WORK", "PERSON"), "CAST_MEMBER", False),
        (Candidate("James Stewart", "starred in", "Vertigo", "PERSON", "WORK"), "CAST_MEMBER", True),
        (Candidate("Vertigo", "was filmed in", "San Francisco", "WORK", "LOC"), "FILMING_LOCATION", False),
        (Candidate("Vertigo", "was released on", "9 May 1958", "WORK", "DATE"), "RELEASE_DATE", False),
        (Candidate("Hitchcock", "was born on", "13 August 1899", "PERSON", "DATE"), "BIRTH_DATE", False),
    ],
)
def test_schema_without_cues_reads_plain_english(candidate, relation, inverted):
    verdict = check(FILMS, candidate)
    assert (verdict.relation, verdict.inverted) == (relation, inverted)
    assert verdict.decision is Decision.REPAIR


def test_accepts_what_the_schema_says_unchanged():
    verdict = check(FILMS, Candidate("Vertigo", "DIRECTOR", "Hitchcock", "Film", "Human"))
    assert verdict.decision is Decision.ACCEPT
    assert verdict.repairs == ()


def test_normalises_dates_and_records_it():
    verdict = check(FILMS, Candidate("Hitchcock", "BIRTH_DATE", "13 August 1899", "Human"))
    assert verdict.value == "1899-08-13"
    assert [repair.kind for repair in verdict.repairs] == [RepairKind.VALUE_NORMALISED]


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate("Vertigo", "frobnicates", "Hitchcock"), ReasonCode.UNKNOWN_RELATION),
        (Candidate("Hitchcock", "CAST_MEMBER", "Stewart", "Human", "Human"), ReasonCode.DOMAIN_VIOLATION),
        (Candidate("Vertigo", "DIRECTOR", "1958", "Film", "DATE"), ReasonCode.RANGE_VIOLATION),
        (Candidate("Hitchcock", "BIRTH_DATE", "a rainy day", "Human"), ReasonCode.BAD_VALUE),
        (Candidate("Vertigo", "DIRECTOR", "Vertigo", "Film", "Human"), ReasonCode.SELF_RELATION),
        (Candidate("", "DIRECTOR", "Hitchcock", "Film", "Human"), ReasonCode.EMPTY_ARGUMENT),
    ],
)
def test_rejects_with_one_reason(candidate, reason):
    verdict = check(FILMS, candidate)
    assert (verdict.decision, verdict.reason) == (Decision.REJECT, reason)
    assert verdict.message


@pytest.mark.parametrize(
    ("candidate", "relation"),
    [
        (Candidate("Apple", "invented", "iPhone", "ORG", "PRODUCT"), "INVENTED"),
        (Candidate("Tim Cook", "is the CEO of", "Apple", "PERSON", "ORG"), "CEO_OF"),
        (Candidate("Apple", "announced", "M3 chip", "ORG", "PRODUCT"), "ANNOUNCED"),
        (Candidate("Apple", "was founded by", "Steve Jobs", "ORG", "PERSON"), "FOUNDED"),
        (Candidate("Apple", "was founded in", "1976", "ORG", "DATE"), "FOUNDED_ON"),
        (Candidate("Paris", "is the capital of", "France", "LOC", "LOC"), "CAPITAL_OF"),
    ],
)
def test_general_ontology_covers_everyday_facts(candidate, relation):
    assert check(general_ontology(), candidate).relation == relation


PHRASES = [
    "was directed by",
    "directed",
    "stars",
    "starred in",
    "was filmed in",
    "DIRECTOR",
    "was born in",
    "is",
    "x",
]
LABELS = ["PERSON", "WORK", "LOC", "ORG", "DATE", "MISC", "Film", "Human", "film director", "gizmo", None]
CANDIDATES = st.builds(
    Candidate,
    st.sampled_from(["Vertigo", "Ann", "1958", "drama"]),
    st.sampled_from(PHRASES) | st.text(max_size=12),
    st.sampled_from(["Bo", "4 May 1970", "Ann", "comedy"]),
    st.sampled_from(LABELS),
    st.sampled_from(LABELS),
    st.sampled_from([None, True, False]),
)


def accepted_form(candidate: Candidate, verdict: Verdict) -> Candidate:
    """The candidate as its verdict says it should stand."""
    head, tail = (candidate.tail, candidate.head) if verdict.inverted else (candidate.head, candidate.tail)
    tail = tail if verdict.value is None else verdict.value
    return Candidate(head, verdict.relation or "", tail, verdict.head_type, verdict.tail_type)


@settings(max_examples=300)
@given(st.sampled_from(["films", "general"]) | ontologies(), CANDIDATES)
def test_check_is_idempotent(schema, candidate):
    ontology = (
        {"films": FILMS, "general": general_ontology()}.get(schema, schema)
        if isinstance(schema, str)
        else schema
    )
    verdict = check(ontology, candidate)
    if verdict.is_accepted:
        again = check(ontology, accepted_form(candidate, verdict))
        assert again.decision is Decision.ACCEPT
        assert again.repairs == ()
        assert (again.relation, again.head_type, again.tail_type, again.value) == (
            verdict.relation,
            verdict.head_type,
            verdict.tail_type,
            verdict.value,
        )


@settings(max_examples=300)
@given(ontologies(), st.lists(CANDIDATES, max_size=5))
def test_what_is_accepted_satisfies_the_schema(ontology, candidates):
    checker = Checker(ontology)
    for candidate in candidates:
        verdict = checker.check(candidate)
        if not verdict.is_accepted:
            assert verdict.reason is not None
            continue
        relation = ontology.relation(verdict.relation)
        assert relation is not None
        assert not relation.domain or any(ontology.is_a(verdict.head_type, key) for key in relation.domain)
        if isinstance(relation, RelationType):
            assert not relation.range or any(ontology.is_a(verdict.tail_type, key) for key in relation.range)
        else:
            assert normalise_value(verdict.value, relation.value) == verdict.value


@given(st.lists(CANDIDATES, max_size=6), st.randoms())
def test_verdicts_do_not_depend_on_what_was_checked_before(candidates, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    one, other = Checker(FILMS), Checker(FILMS)
    forward = {candidate: one.check(candidate) for candidate in candidates}
    assert {candidate: other.check(candidate) for candidate in shuffled} == forward


def test_a_schema_word_used_backwards_is_turned_round_only_when_its_types_say_so():
    turned = check(FILMS, Candidate("Hitchcock", "director", "Vertigo", "PERSON", "WORK"))
    assert turned.inverted
    assert RepairKind.INVERTED in [repair.kind for repair in turned.repairs]
    assert not check(FILMS, Candidate("Hitchcock", "director", "Vertigo")).inverted


def test_a_missing_type_is_inferred_when_one_reading_fits():
    verdict = check(FILMS, Candidate("Vertigo", "directed by", "Hitchcock"))
    assert (verdict.head_type, verdict.tail_type) == ("Film", "Human")
    ontology = general_ontology()
    both = check(ontology, Candidate("It", "CAUSED", "that", None, "Event"))
    assert both.reason is ReasonCode.AMBIGUOUS_TYPE


def test_the_name_of_a_type_is_no_thing():
    ontology = load_ontology(
        "types: {Film: {}, Genre: {}}\nrelations: {GENRE: {domain: Film, range: Genre}}\n"
    )
    assert check(ontology, Candidate("Vertigo", "is", "film", "Film")).reason is ReasonCode.BAD_ARGUMENT
    assert check(ontology, Candidate("Vertigo", "is", "thriller", "Film")).relation == "GENRE"
