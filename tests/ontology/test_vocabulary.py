"""Which relations ask for things of a class, and where those stand among words."""

import pytest

from ontology import load_ontology
from ontology.vocabulary import classes_of, find_classes

SCHEMA = load_ontology(
    """
name: classes
types:
  Film: {label: film}
  Genre: {label: film genre}
  Person: {label: person}
  Rank: {label: military rank}
relations:
  KIND: {label: kind, domain: [Film], range: [Genre]}
  VOICE: {label: voice type, domain: [Person]}
  INSTRUMENTATION: {label: instrumentation}
  HELD: {label: military rank, domain: [Person], range: [Rank]}
  DIRECTED_BY: {label: director, domain: [Film], range: [Person]}
"""
)


def names(text: str, relation: str) -> list[str]:
    found = SCHEMA.relation(relation)
    assert found is not None
    classes = classes_of(found, SCHEMA)
    assert classes is not None
    words = text.split()
    return [" ".join(words[first:end]) for first, end in find_classes(words, classes)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a swedish comedy horror film", ["comedy horror"]),
        ("a horror film about a house", ["horror film"]),
        ("a cyberpunk action film", ["cyberpunk", "action film"]),
        ("a documentary that nobody saw", []),  # only with the noun it stands before
        ("an indie rock band", ["indie rock"]),
        ("a country singer from a country house", ["country"]),
        ("two graphic novels", ["graphic novels"]),
    ],
)
def test_genres_are_whole_and_take_the_noun_they_need(text: str, expected: list[str]) -> None:
    assert names(text, "KIND") == expected


def test_the_longest_word_of_a_class_wins() -> None:
    assert names("a mezzo soprano and a tenor", "VOICE") == ["mezzo soprano", "tenor"]
    assert names("a rear admiral", "HELD") == ["rear admiral"]
    assert names("for violin and string quartet", "INSTRUMENTATION") == ["violin", "string quartet"]


def test_a_relation_between_named_things_has_no_class() -> None:
    relation = SCHEMA.relation("DIRECTED_BY")
    assert relation is not None
    assert classes_of(relation, SCHEMA) is None
