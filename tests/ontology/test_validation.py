import pytest

from ontology import Candidate, Decision, ReasonCode, RepairKind, check, general_ontology, load_ontology

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
