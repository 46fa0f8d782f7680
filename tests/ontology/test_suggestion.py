import pytest
import yaml

from ontology import Candidate, Checker, dump_ontology, load_ontology
from ontology.schema import ontology_to_plain
from ontology.suggestion import Rejected, SuggestionKind, apply, suggest

SCHEMA = load_ontology("""
name: companies
types:
  Person: {label: person}
  Organization: {label: organization, aliases: [company]}
  Place: {label: place}
relations:
  FOUNDED: {label: founded, domain: [Person], range: [Organization]}
  HEADQUARTERED_IN: {label: headquartered in, domain: [Organization], range: [Place]}
""")


def reject(*candidates, example="some text"):
    checker = Checker(SCHEMA)
    items = []
    for number, candidate in enumerate(candidates):
        verdict = checker.check(candidate)
        assert not verdict.is_accepted, (candidate, verdict)
        items.append(Rejected(candidate, verdict.reason, verdict.relation, f"{example} {number}"))
    return items


SUED = [Candidate(f"Company {n}", "sued", f"Rival {n}", "ORG", "ORG") for n in range(4)]
BORN = [Candidate(f"Ann {n}", "was born on", "4 May 1970", "PERSON", "DATE") for n in range(3)]
PLACES = [Candidate(f"Settlers {n}", "founded", f"Town {n}", "Person", "Place") for n in range(3)]


def test_a_phrase_nobody_knows_becomes_a_relation_with_its_types():
    (best, *_) = suggest(reject(*SUED), SCHEMA)
    assert (best.kind, best.key, best.admits, best.seen) == (SuggestionKind.NEW_RELATION, "SUED", 4, 4)
    assert yaml.safe_load(best.yaml)["relations"]["SUED"]["domain"] == ["Organization"]


def test_values_become_a_datatype_property():
    (best, *_) = suggest(reject(*BORN), SCHEMA)
    assert yaml.safe_load(best.yaml)["relations"][best.key]["range"] == "date"
    assert best.admits == 3


def test_a_range_is_widened_where_the_types_say_so():
    (best, *_) = suggest(reject(*PLACES), SCHEMA)
    assert (best.kind, best.key) == (SuggestionKind.WIDEN_RANGE, "FOUNDED")
    assert yaml.safe_load(best.yaml)["relations"]["FOUNDED"]["range"] == ["Organization", "Place"]


def test_a_noun_without_a_type_becomes_one():
    ships = [Candidate(f"Ship {n}", "FOUNDED", "Acme", "frigate", "Organization") for n in range(3)]
    found = suggest(reject(*ships), SCHEMA)
    assert (SuggestionKind.NEW_TYPE, "Frigate") in [(s.kind, s.key) for s in found]


def test_what_a_suggestion_promises_holds_after_pasting():
    rejected = reject(*SUED, *BORN, *PLACES)
    for item in suggest(rejected, SCHEMA):
        plain = ontology_to_plain(SCHEMA)
        for section, entries in yaml.safe_load(item.yaml).items():
            plain[section] |= entries
        pasted = load_ontology(yaml.safe_dump(plain) + "\n")
        assert pasted == apply(SCHEMA, item)
        checker = Checker(pasted)
        assert sum(checker.check(r.candidate).is_accepted for r in rejected) >= item.admits > 0


def test_the_most_useful_comes_first_and_few_are_not_enough():
    found = suggest(reject(*SUED, *BORN), SCHEMA)
    assert [s.admits for s in found] == sorted((s.admits for s in found), reverse=True)
    assert suggest(reject(SUED[0]), SCHEMA) == []


def test_examples_quote_the_text():
    (best, *_) = suggest(reject(*SUED, example="Company 0 sued Rival 0."), SCHEMA)
    assert best.examples[0] == "(Company 0, sued, Rival 0) in: Company 0 sued Rival 0. 0"
    assert len(best.examples) == 3


def test_a_naming_function_may_rename_and_describe():
    (best, *_) = suggest(reject(*SUED), SCHEMA, name=lambda s: ("TOOK_TO_COURT", "Brought a case against."))
    assert best.key == "TOOK_TO_COURT"
    assert yaml.safe_load(best.yaml)["relations"]["TOOK_TO_COURT"]["description"] == "Brought a case against."


@pytest.mark.parametrize("key", ["FOUNDED", "not an identifier", ""])
def test_a_bad_name_is_ignored(key):
    (best, *_) = suggest(reject(*SUED), SCHEMA, name=lambda s: (key, ""))
    assert best.key == "SUED"


@pytest.mark.parametrize("phrase", ["in", "has", "!!!", "and then they all went to"])
def test_phrases_that_say_nothing_are_not_proposed(phrase):
    empty = [Candidate(f"A {n}", phrase, f"B {n}", "ORG", "ORG") for n in range(5)]
    assert suggest(reject(*empty), SCHEMA) == []


def test_suggestions_do_not_depend_on_the_order_of_rejects():
    rejected = reject(*SUED, *BORN, *PLACES)
    assert suggest(rejected, SCHEMA) == suggest(rejected[::-1], SCHEMA)


def test_a_list_in_one_sentence_speaks_once():
    once = [Rejected(c, r, k, "one and the same sentence") for c, r, k, _ in reject(*SUED)]
    assert suggest(once, SCHEMA) == []


def test_common_nouns_are_no_ends():
    nouns = [Candidate(f"Company {n}", "sued", "rivals", "ORG", "ORG") for n in range(4)]
    assert suggest(reject(*nouns), SCHEMA) == []


def test_the_schema_itself_is_not_changed():
    before = dump_ontology(SCHEMA)
    suggest(reject(*SUED, *PLACES), SCHEMA)
    assert dump_ontology(SCHEMA) == before
