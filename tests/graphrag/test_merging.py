from dataclasses import replace

import pytest

from graphrag.datamodel import Evidence, Extraction, Link, Mention, Span
from graphrag.errors import DataError
from graphrag.merging import IngestedDocument, check_ingested, contribute, pick_names, weigh
from graphrag.resolution import CORROBORATED, STATED, TAGGED, Term, Types
from ontology import load_ontology
from tests.graphrag.store.making import Aka, Says, document

OPEN = Types()


def test_facts_and_mentions_point_at_terms() -> None:
    found = contribute(document("a", [Says("Ada Lovelace", "PERSON", "WROTE", "Notes", "WORK")]), OPEN)
    names = [term.normal for term in found.terms]
    assert names == ["ada lovelace", "notes"]
    (fact,) = found.facts
    assert (names[fact.head], fact.relation, names[fact.tail]) == ("ada lovelace", "WROTE", "notes")
    assert found.mentions == [[(0, 0, 12), (1, 19, 24)]]


def test_a_rejected_triple_gives_no_fact_but_its_names_stand() -> None:
    found = contribute(document("a", [Says("Ada", "PERSON", "ATE", "Cake", None, accepted=False)]), OPEN)
    assert found.facts == []
    assert [term.normal for term in found.terms] == ["ada", "cake"]


def test_a_value_is_a_literal_only_where_a_fact_holds_it() -> None:
    said = document("a", [Says("Ada", "PERSON", "BORN_ON", "1815", "DATE", literal=True)])
    assert Term("1815", "DATE", TAGGED, "", True) in contribute(said, OPEN).terms
    unsaid = replace(said, triples=())
    assert [term.normal for term in contribute(unsaid, OPEN).terms] == ["ada"]


def test_a_stated_type_outranks_a_tagged_one() -> None:
    item = document(
        "a", [Says("Ring", "WORK", "R", "Ada", "PERSON", stated=True), Says("Ring", "ORG", "R", "Ada", None)]
    )
    ring = next(term for term in contribute(item, OPEN).terms if term.normal == "ring")
    assert (ring.type, ring.strength) == ("Work", STATED)


def test_a_fact_that_agrees_with_the_tagger_corroborates() -> None:
    item = document("a", [Says("Ada", "Person", "R", "Bern", "Place")])
    assert {term.strength for term in contribute(item, OPEN).terms} == {CORROBORATED}


def test_a_type_that_only_kindred_words_ask_for_is_not_borne_out() -> None:
    schema = load_ontology("name: x\ntypes: {Place: {}, Country: {parents: [Place]}}\nrelations: {IN: {}}")
    types = Types(schema, {"LOC": "Place"}.get)
    item = document("a", [Says("Ada", None, "IN", "Peru", "LOC")])

    def peru(how: str) -> str:
        repairs = (f"relation_renamed: is from -> IN ({how})", "type_narrowed: tail: LOC -> Country")
        checked = replace(item.triples[0], decision="repair", object_type="Country", repairs=repairs)
        terms = contribute(replace(item, triples=(checked,)), types).terms
        return next(term.type for term in terms if term.normal == "peru")

    assert (peru("cue"), peru("lemma"), peru("frame")) == ("Country", "Country", "Place")


def test_the_title_parts_its_subject_from_others_of_the_name() -> None:
    item = document("a", [Says("Ring", "WORK", "R", "Ada", "PERSON")], title="Ring (1998 film)")
    found = contribute(item, OPEN)
    assert found.subject is not None
    assert found.terms[found.subject].qualifier == "1998 film"


def test_a_pronoun_counts_for_the_name_it_stands_for_and_never_as_a_name() -> None:
    item = document("a", [Says("Ada", "PERSON", "R", "Bern", "LOC")])
    result = item.results[0]
    assert isinstance(result, Extraction)
    she = Mention(result.chunk_id, Span(0, 3), "She", "Ada", "PERSON", link=Link.PRONOUN)
    item = replace(item, results=(replace(result, mentions=(*result.mentions, she)),))
    found = contribute(item, OPEN)
    assert [term.normal for term in found.terms] == ["ada", "bern"]
    assert found.forms[0] == {"Ada": 1}


def test_an_alias_makes_a_name_of_the_same_type() -> None:
    found = contribute(document("a", [Aka("World Trade Body", "WTB", "acronym", "ORG")]), OPEN)
    full, other, kind = found.aliases[0]
    assert (found.terms[full].normal, found.terms[other].normal, kind) == (
        "world trade body",
        "wtb",
        "acronym",
    )
    assert found.terms[other].type == "Organization"


def test_an_alias_that_names_nobody_is_left_out() -> None:
    assert (
        contribute(document("a", [Aka("Northwind Motors", "the Company", "aka", "ORG")]), OPEN).aliases == []
    )


def test_a_chunk_that_does_not_quote_its_document_is_refused() -> None:
    item = document("a", ["Rain fell."])
    broken = IngestedDocument(item.document, (replace(item.chunks[0], text="Snow fell."),), item.results, ())
    with pytest.raises(DataError, match="does not quote it at 0:10"):
        check_ingested(broken)


def test_a_missing_result_is_refused() -> None:
    item = document("a", ["Rain fell."])
    with pytest.raises(DataError, match="0 results for 1 chunks"):
        check_ingested(replace(item, results=()))


def test_the_most_frequent_spelling_is_the_name_and_ties_go_by_string() -> None:
    assert pick_names({"IBM": 2, "ibm": 1}) == ("IBM", ("ibm",))
    assert pick_names({"b": 1, "a": 1}) == ("a", ("b",))


def test_a_passage_in_two_overlapping_chunks_weighs_once() -> None:
    one = Evidence("doc-1", "chk-1", Span(0, 9), "Ada wrote", "x", 0.9)
    assert weigh([one, replace(one, chunk_id="chk-2")]) == 1.0
    assert weigh([one, replace(one, span=Span(10, 19))]) == 2.0
