"""Things of a class and far-off names, from real sentences through extractor and checker."""

import pytest

from graphrag.checking import Checker
from graphrag.config import Config, ExtractionConfig
from graphrag.datamodel import Chunk, Document, Extraction, Span
from graphrag.extraction.spacy import SpacyExtractor
from ontology import load_ontology

SCHEMA = load_ontology(
    """
name: culture
types:
  Film: {label: film}
  Book: {label: book}
  Song: {label: song}
  Person: {label: person}
  Genre: {label: genre}
  Language: {label: language}
relations:
  GENRE: {label: genre, domain: [Film, Book, Song], range: [Genre]}
  VOICE: {label: voice type, domain: [Person]}
  INSTRUMENTATION: {label: instrumentation, domain: [Song]}
  LANGUAGE: {label: language of work, domain: [Film, Book, Song], range: [Language]}
  AUTHOR: {label: author, domain: [Book], range: [Person]}
"""
)


@pytest.fixture(scope="module")
def extractor() -> SpacyExtractor:
    return SpacyExtractor()


def facts(extractor: SpacyExtractor, text: str, how: str = "") -> set[tuple[str, str, str]]:
    document = Document("doc", "key", text)
    result = extractor.extract([Chunk("chk", "doc", Span(0, len(text)), text)])[0]
    assert isinstance(result, Extraction)
    settings = ExtractionConfig(join_distant=how == "join:")
    found = Checker(SCHEMA, Config(extraction=settings)).check(document, [result])
    for item in found:
        evidence = item.triple.evidence
        assert text[evidence.span.start : evidence.span.end] == evidence.quote
        for mention in (item.head, item.tail):
            assert text[mention.span.start : mention.span.end] == mention.text
    return {
        (item.head.name, item.relation, item.tail.name)
        for item in found
        if item.accepted and item.triple.evidence.extractor.startswith(how)
    }


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (
            "Salt Moon is a 1994 Norwegian comedy horror film directed by Ingrid Solberg.",
            ("Salt Moon", "GENRE", "comedy horror"),
        ),
        ("Otto Brandt was an Austrian operatic tenor.", ("Otto Brandt", "VOICE", "tenor")),
        (
            '"Grey River" is a song for piano and cello by Helena Ruiz.',
            ("Grey River", "INSTRUMENTATION", "cello"),
        ),
        (
            "The Glass River is a novel by Helena Ruiz, first published in Spanish in 1998.",
            ("Glass River", "LANGUAGE", "Spanish"),
        ),
    ],
)
def test_things_of_a_class_are_found(
    extractor: SpacyExtractor, text: str, fact: tuple[str, str, str]
) -> None:
    assert fact in facts(extractor, text)


def test_a_phrase_is_no_genre_as_a_whole(extractor: SpacyExtractor) -> None:
    found = facts(extractor, "Salt Moon is a low-budget comedy horror film about a lighthouse.")
    assert {tail for _, relation, tail in found if relation == "GENRE"} == {"comedy horror"}


def test_an_adjective_of_a_nation_is_no_language(extractor: SpacyExtractor) -> None:
    found = facts(extractor, "The Glass River is a novel by the Spanish writer Helena Ruiz.")
    assert not [fact for fact in found if fact[1] == "LANGUAGE"]


def test_what_is_denied_gives_nothing(extractor: SpacyExtractor) -> None:
    assert not facts(extractor, "Salt Moon is not a comedy horror film.", "class:")


def test_a_far_name_is_joined_by_the_cue_before_it(extractor: SpacyExtractor) -> None:
    text = "The Glass River is a book that sold well in Bergen, where the author Helena Ruiz had a bakery."
    assert ("Glass River", "AUTHOR", "Helena Ruiz") in facts(extractor, text, "join:")


@pytest.mark.parametrize(
    "text",
    [
        "The Glass River is a book about a coast where Helena Ruiz was born.",  # no cue
        "The Glass River is a book about Bergen, and no author but Helena Ruiz knows why.",  # denied
    ],
)
def test_far_names_are_not_joined_without_a_cue(extractor: SpacyExtractor, text: str) -> None:
    assert not facts(extractor, text, "join:")
