import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology import Aligner, How, general_ontology, load_ontology
from ontology.phrases import readings

# A schema as strangers write them: bare labels, no cue words.
BARE = load_ontology("""
name: bare
types:
  Human: {label: human}
  Film: {label: film}
  Company: {label: film production company}
  City: {label: city}
  Award: {label: award}
  Country: {label: country}
  Taxon: {label: taxon}
  River: {label: watercourse}
relations:
  DIRECTOR: {label: director, domain: [Film], range: [Human]}
  SCREENWRITER: {label: screenwriter, domain: [Film], range: [Human]}
  CAST_MEMBER: {label: cast member, domain: [Film], range: [Human]}
  PRODUCTION_COMPANY: {label: production company, domain: [Film], range: [Company]}
  PUBLICATION_DATE: {label: publication date, domain: [Film], range: date}
  FILMING_LOCATION: {label: filming location, domain: [Film], range: [City]}
  PLACE_OF_BIRTH: {label: place of birth, domain: [Human], range: [City]}
  DATE_OF_BIRTH: {label: date of birth, domain: [Human], range: date}
  SPOUSE: {label: spouse, domain: [Human], range: [Human]}
  CHILD: {label: child, domain: [Human], range: [Human]}
  EMPLOYER: {label: employer, domain: [Human], range: [Company]}
  ALMA_MATER: {label: alma mater, domain: [Human], range: [Company]}
  AWARD_RECEIVED: {label: award received, domain: [Human], range: [Award]}
  CAPITAL: {label: capital, domain: [Country], range: [City]}
  TRIBUTARY: {label: tributary, domain: [River], range: [River]}
  FOLLOWED_BY: {label: followed by, domain: [Film], range: [Film]}
""")
ALIGNER = Aligner(BARE)


@pytest.mark.parametrize(
    ("phrase", "head", "tail", "key", "inverted"),
    [
        ("was directed by", "WORK", "PERSON", "DIRECTOR", False),
        ("directs", "PERSON", "WORK", "DIRECTOR", True),
        ("served as director of", "PERSON", "WORK", "DIRECTOR", True),
        ("has director", "WORK", "PERSON", "DIRECTOR", False),
        ("'s director", "WORK", "PERSON", "DIRECTOR", False),
        ("co-wrote", "PERSON", "WORK", "SCREENWRITER", True),
        ("written and directed by", "WORK", "PERSON", "DIRECTOR", False),
        ("starring", "WORK", "PERSON", "CAST_MEMBER", False),
        ("appeared in", "PERSON", "WORK", "CAST_MEMBER", True),
        ("was produced by", "WORK", "ORG", "PRODUCTION_COMPANY", False),
        ("premiered on", "WORK", "DATE", "PUBLICATION_DATE", False),
        ("was shot in", "WORK", "LOC", "FILMING_LOCATION", False),
        ("was born in", "PERSON", "LOC", "PLACE_OF_BIRTH", False),
        ("was born in", "PERSON", "DATE", "DATE_OF_BIRTH", False),
        ("married", "PERSON", "PERSON", "SPOUSE", False),
        ("is the wife of", "PERSON", "PERSON", "SPOUSE", False),
        ("is the son of", "PERSON", "PERSON", "CHILD", True),
        ("is the father of", "PERSON", "PERSON", "CHILD", False),
        ("worked for", "PERSON", "ORG", "EMPLOYER", False),
        ("hired", "ORG", "PERSON", "EMPLOYER", True),
        ("graduated from", "PERSON", "ORG", "ALMA_MATER", False),
        ("won", "PERSON", "MISC", "AWARD_RECEIVED", False),
        ("is the capital of", "LOC", "LOC", "CAPITAL", True),
        ("is a tributary of", "LOC", "LOC", "TRIBUTARY", True),
        ("was succeeded by", "WORK", "WORK", "FOLLOWED_BY", False),
    ],
)
def test_bare_labels_are_met_by_plain_english(phrase, head, tail, key, inverted):
    best = ALIGNER.relation_of(phrase, head_type=head, tail_type=tail)[0]
    assert (best.key, best.inverted) == (key, inverted)


@pytest.mark.parametrize("phrase", ["ate", "painted the fence of", "of", "", "!!", "is"])
def test_phrases_that_state_none_of_the_relations_match_nothing(phrase):
    assert ALIGNER.relation_of(phrase, head_type="PERSON", tail_type="PERSON") == []


@pytest.mark.parametrize(
    ("phrase", "how"), [("DIRECTOR", How.KEY), ("Director", How.ALIAS), ("was directed by", How.FRAME)]
)
def test_the_step_that_matched_is_told(phrase, how):
    assert ALIGNER.match(phrase)[0].how is how


def test_cues_and_their_other_forms_match():
    ontology = load_ontology("types: {A: {}}\nrelations: {R: {domain: A, range: A, cues: [gobble up]}}\n")
    aligner = Aligner(ontology)
    assert aligner.match("gobble up")[0].how is How.CUE
    assert aligner.match("has gobbled up")[0].how is How.LEMMA


def test_an_undeclared_inverse_is_read_backwards():
    ontology = load_ontology("types: {A: {}}\nrelations: {R: {domain: A, range: A, inverse: EATEN_BY}}\n")
    match = Aligner(ontology).match("eaten by")[0]
    assert (match.key, match.inverted) == ("R", True)


def test_scores_fall_from_key_to_frame():
    scores = [ALIGNER.match(phrase)[0].score for phrase in ("DIRECTOR", "director", "was directed by")]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("PERSON", "Human"),
        ("Dutch film director", "Human"),
        ("film", "Film"),
        ("1958 thriller film", "Film"),
        ("city of canals", "City"),
        ("MISC", None),
        ("gizmo", None),
    ],
)
def test_labels_and_nouns_find_their_type(label, expected):
    found = ALIGNER.type_of(label)
    assert (found and found[0]) == expected


def test_embeddings_are_asked_last_and_only_above_the_threshold():
    asked = []

    def embed(texts):
        asked.extend(texts)
        rows = [[1.0, 0.0] if text in ("helmed from afar", "director") else [0.0, 1.0] for text in texts]
        return np.array(rows, dtype=np.float32)

    aligner = Aligner(BARE, embed)
    assert aligner.match("was directed by")[0].how is How.FRAME
    assert asked == []
    match = aligner.match("helmed from afar")[0]
    assert (match.key, match.how) == ("DIRECTOR", How.EMBEDDING)
    assert Aligner(BARE, embed, threshold=1.1).match("helmed from afar") == ()


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_any_phrase_gives_sorted_known_matches(phrase):
    matches = Aligner(BARE).match(phrase)
    assert all(BARE.relation(match.key) is not None for match in matches)
    assert [m.score for m in matches] == sorted((m.score for m in matches), reverse=True)


def test_no_two_shipped_relations_claim_the_same_words_with_the_same_types():
    ontology = general_ontology()
    aligner = Aligner(ontology)
    for relation in ontology.relations.values():
        domain, range_ = (ends[0] if ends else None for ends in (relation.domain, relation.range))
        best = aligner.relation_of(relation.label, head_type=domain, tail_type=range_)[0]
        assert (best.key, best.inverted) == (relation.key, False)


@pytest.mark.parametrize("phrase", ["and", "and and", "and by", "and written and by", "x and and y"])
def test_loose_conjunctions_are_read_without_an_error(phrase: str) -> None:
    for reading in readings(phrase):
        assert 0 < reading.score <= 1
