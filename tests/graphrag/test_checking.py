import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.checking import Checker
from graphrag.config import Config, load_config
from graphrag.datamodel import Evidence, Extraction, Failure, Mention, Modality, Span, Triple
from graphrag.documents import make_document
from graphrag.ids import chunk_id
from ontology import ReasonCode, load_ontology

SCHEMA = load_ontology(
    """
name: test
types:
  Person: {label: person}
  Organization: {label: organization, aliases: [company]}
  Trade: {label: trade, aliases: [occupation]}
relations:
  FOUNDED: {label: founded, domain: [Person], range: [Organization], aliases: [founder of]}
  PRACTISES: {label: practises, domain: [Person], range: [Trade]}
  BORN_ON: {label: born on, domain: [Person], range: date, cues: [was born on]}
"""
)
TEXT = (
    "Ada Smith founded Acme. Ada Smith practises surgery. Ada Smith was born on 3 May 1970. They founded it."
)


def triple(
    head, predicate, tail, *, head_type="PERSON", tail_type="ORG", value=None, modality=Modality.ASSERTED
):
    document = make_document(TEXT, key="d")
    chunk = chunk_id(document.id, 0, len(TEXT))

    def mention(text, kind, value=None):
        start = TEXT.index(text)
        return Mention(chunk, Span(start, start + len(text)), text, text, kind, value=value)

    start = TEXT.index(head)
    end = TEXT.index(".", TEXT.index(tail)) + 1
    evidence = Evidence(document.id, chunk, Span(start, end), TEXT[start:end], "test", 0.9)
    return document, Triple(
        mention(head, head_type), predicate, mention(tail, tail_type, value), evidence, modality
    )


def checked(document, item, config=None, ontology=SCHEMA):
    extraction = Extraction(item.evidence.chunk_id, triples=(item,))
    results = Checker(ontology, config or Config()).check(document, [extraction])
    return results[0]


def test_a_fitting_triple_is_accepted_in_the_schemas_words():
    result = checked(*triple("Ada Smith", "founded", "Acme"))
    assert result.accepted
    assert (result.head.name, result.relation, result.tail.name) == ("Ada Smith", "FOUNDED", "Acme")
    assert (result.subject_type, result.object_type) == ("Person", "Organization")


def test_a_triple_read_backwards_is_turned_round_and_says_so():
    result = checked(*triple("Acme", "was founded by", "Ada Smith", head_type="ORG", tail_type="PERSON"))
    assert result.inverted
    assert (result.head.name, result.tail.name) == ("Ada Smith", "Acme")
    assert any(repair.startswith("inverted") for repair in result.repairs)


def test_a_value_is_kept_as_a_literal():
    result = checked(*triple("Ada Smith", "was born on", "3 May 1970", tail_type="DATE", value="1970-05-03"))
    assert (result.relation, result.literal, result.tail.value) == ("BORN_ON", True, "1970-05-03")


@pytest.mark.parametrize(
    ("modality", "reason"),
    [
        (Modality.NEGATED, ReasonCode.NEGATED),
        (Modality.HYPOTHETICAL, ReasonCode.HYPOTHETICAL),
        (Modality.REPORTED, ReasonCode.REPORTED),
        (Modality.QUESTION, ReasonCode.HYPOTHETICAL),
    ],
)
def test_what_the_text_does_not_assert_is_no_fact(modality, reason):
    assert checked(*triple("Ada Smith", "founded", "Acme", modality=modality)).reason == reason


def test_an_unknown_relation_is_rejected_with_its_words():
    result = checked(*triple("Ada Smith", "frobnicated", "Acme"))
    assert (result.reason, result.relation) == (ReasonCode.UNKNOWN_RELATION, "frobnicated")


def test_a_wrong_type_is_rejected():
    result = checked(*triple("Acme", "founded", "Ada Smith", head_type="EVENT", tail_type="EVENT"))
    assert result.reason == ReasonCode.DOMAIN_VIOLATION


def test_a_bare_common_noun_names_no_company():
    result = checked(*triple("Ada Smith", "founded", "surgery", tail_type=None))
    assert result.reason == ReasonCode.BAD_ARGUMENT


def test_a_common_noun_may_name_a_trade():
    result = checked(*triple("Ada Smith", "practises", "surgery", tail_type=None))
    assert (result.relation, result.tail.name) == ("PRACTISES", "surgery")


def test_words_that_are_not_in_the_text_support_nothing():
    document, item = triple("Ada Smith", "founded", "Acme")
    forged = Triple(
        item.subject,
        item.predicate,
        item.object,
        Evidence(document.id, item.evidence.chunk_id, Span(0, 9), "Eve Smith", "test", 1.0),
    )
    assert checked(document, forged).reason == ReasonCode.UNSUPPORTED


def test_an_empty_span_supports_nothing():
    document, item = triple("Ada Smith", "founded", "Acme")
    empty = Evidence(document.id, item.evidence.chunk_id, Span(5, 5), "", "test", 1.0)
    assert (
        checked(document, Triple(item.subject, "founded", item.object, empty)).reason
        == ReasonCode.UNSUPPORTED
    )


def test_a_low_score_is_quarantined_where_the_settings_say_so():
    config = load_config(None, ["extraction.min_score=0.95"])
    assert checked(*triple("Ada Smith", "founded", "Acme"), config).reason == ReasonCode.LOW_SCORE


def test_open_mode_names_relations_by_their_words():
    result = checked(*triple("Ada Smith", "frobnicated with", "Acme"), ontology=None)
    assert (result.relation, result.subject_type) == ("FROBNICATED_WITH", "Person")


@given(st.text(max_size=80))
def test_open_mode_always_makes_an_identifier(words):
    document, item = triple("Ada Smith", "founded", "Acme")
    result = checked(document, Triple(item.subject, words, item.object, item.evidence), ontology=None)
    assert result.relation.isidentifier()
    assert result.relation.isascii()
    assert len(result.relation) <= 63


def test_a_statement_read_twice_counts_once():
    document, item = triple("Ada Smith", "founded", "Acme")
    extraction = Extraction(item.evidence.chunk_id, triples=(item, item))
    assert len(Checker(SCHEMA, Config()).check(document, [extraction, extraction])) == 1


def test_failures_give_no_triples():
    document, _ = triple("Ada Smith", "founded", "Acme")
    assert Checker(SCHEMA, Config()).check(document, [Failure("extract", "chk-1", "X", "x")]) == ()
