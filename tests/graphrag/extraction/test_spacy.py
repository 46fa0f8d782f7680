"""The extractor's contract: spans quote, documents stand alone, only what the text asserts is asserted."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.datamodel import Chunk, Extraction, Link, Modality, Span, Triple
from graphrag.errors import ConfigError
from graphrag.extraction.spacy import SpacyExtractor

Read = Callable[..., Extraction]


def _facts(result: Extraction) -> set[tuple[str, str, str]]:
    return {
        (t.subject.name, t.predicate, t.object.name)
        for t in result.triples
        if t.modality is Modality.ASSERTED
    }


def _find(result: Extraction, predicate: str) -> Triple:
    return next(t for t in result.triples if t.predicate == predicate)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Apple announced the M3 chip.", ("Apple", "announced", "M3 chip")),
        ("Acme was founded by Ann Lee.", ("Acme", "was founded by", "Ann Lee")),
        ("Ann Lee was born in Oslo.", ("Ann Lee", "was born in", "Oslo")),
        ("Paris is the capital of France.", ("Paris", "is the capital of", "France")),
        ("Ann Lee served as president of Acme.", ("Ann Lee", "served as president of", "Acme")),
        ("Acme, which bought Zenith, is a firm.", ("Acme", "bought", "Zenith")),
        ("Bob Ray and Ann Lee founded Acme.", ("Ann Lee", "founded", "Acme")),
        ("Bob Ray and Ann Lee founded Acme.", ("Bob Ray", "founded", "Acme")),
        ("Ann Lee directed and produced Saltwater.", ("Ann Lee", "produced", "Saltwater")),
        ("The company's CEO Tim Cook left.", ("Tim Cook", "is CEO of", "company")),
        ('"Of Salt" is a 1987 film directed by Ann Lee.', ("Of Salt", "directed by", "Ann Lee")),
        ('"Of Salt" is a 1987 film directed by Ann Lee.', ("Of Salt", "released in", "1987")),
        ("Ann Lee (born 3 May 1950) is a chemist.", ("Ann Lee", "born", "3 May 1950")),
    ],
)
def test_plain_sentences_give_their_facts(read: Read, text: str, fact: tuple[str, str, str]) -> None:
    assert fact in _facts(read(text))


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("Acme did not buy Zenith.", Modality.NEGATED),
        ("Acme never bought Zenith.", Modality.NEGATED),
        ("Acme may buy Zenith.", Modality.HYPOTHETICAL),
        ("Acme wants to buy Zenith.", Modality.HYPOTHETICAL),
        ("Acme would buy Zenith.", Modality.HYPOTHETICAL),
        ("If Acme bought Zenith, prices would rise.", Modality.HYPOTHETICAL),
        ("Ann Lee said that Acme bought Zenith.", Modality.REPORTED),
        ("Acme refused to buy Zenith.", Modality.NEGATED),
        ("Did Acme buy Zenith?", Modality.QUESTION),
    ],
)
def test_what_is_not_asserted_is_no_fact(read: Read, text: str, modality: Modality) -> None:
    found = [t for t in read(text).triples if t.subject.name == "Acme" and t.object.name == "Zenith"]
    assert found
    assert {t.modality for t in found} == {modality}


def test_values_carry_their_normal_form(read: Read) -> None:
    triple = _find(read("Acme was founded on 3 May 1950."), "was founded on")
    assert (triple.object.type, triple.object.value) == ("DATE", "1950-05-03")


def test_a_stated_type_is_read_from_the_copula(read: Read) -> None:
    mention = next(m for m in read("Ann Lee was a Dutch film director.").mentions if m.name == "Ann Lee")
    assert (mention.type, mention.type_stated) == ("film director", True)


def test_acronyms_are_recorded_and_used(read: Read) -> None:
    result = read("General Tool Company (GTC) is a firm in Leeds. GTC bought Zenith in 1999.")
    assert [(a.name, a.alias, a.kind) for a in result.aliases] == [("General Tool Company", "GTC", "acronym")]
    assert ("General Tool Company", "bought", "Zenith") in _facts(result)


def test_pronouns_and_descriptions_are_tied_to_names(read: Read) -> None:
    result = read("Acme Corp is a company in Leeds. The company bought Zenith. It sold Nadir in 2001.")
    assert {("Acme Corp", "bought", "Zenith"), ("Acme Corp", "sold", "Nadir")} <= _facts(result)
    links = {m.text: m.link for m in result.mentions}
    assert (links["company"], links["It"]) == (Link.DESCRIPTION, Link.PRONOUN)


def test_names_are_free_of_markup(read: Read) -> None:
    result = read("# Notes\n\n**Acme** bought [Zenith](http://zenith.example).\n")
    assert ("Acme", "bought", "Zenith") in _facts(result)


def test_a_heading_makes_no_sentence_with_the_text_below(read: Read) -> None:
    result = read("## Ann Lee\n\nAcme bought Zenith.\n")
    assert _facts(result) == {("Acme", "bought", "Zenith")}


def test_other_languages_give_no_triples(read: Read) -> None:
    result = read("Die Firma Acme wurde von Anna Lee in Berlin gegründet und ist heute bekannt.")
    assert (result.language, result.triples) == ("de", ())


def test_an_unknown_pipeline_is_refused() -> None:
    with pytest.raises(ConfigError, match="no_such_model"):
        SpacyExtractor("no_such_model")


def test_the_fingerprint_is_stable(extractor: SpacyExtractor) -> None:
    assert extractor.fingerprint == SpacyExtractor().fingerprint


def test_a_document_does_not_depend_on_its_neighbours(extractor: SpacyExtractor) -> None:
    texts = ["Ann Lee founded Acme.", "She sold it in 1999.", "Bob Ray met Lee."]
    chunks = [Chunk(f"c{i}", f"d{i}", Span(0, len(t)), t) for i, t in enumerate(texts)]
    together = extractor.extract(chunks)
    alone = [extractor.extract([chunk])[0] for chunk in chunks]
    assert together == alone


def test_chunks_of_one_document_share_their_names(extractor: SpacyExtractor) -> None:
    texts = ["Ann Lee founded Acme. ", "Lee sold Acme in 1999."]
    chunks = [Chunk("c0", "d", Span(0, 22), texts[0]), Chunk("c1", "d", Span(22, 44), texts[1])]
    second = extractor.extract(chunks)[1]
    assert isinstance(second, Extraction)
    assert ("Ann Lee", "sold", "Acme") in _facts(second)


def test_open_triples_are_in_the_words_of_the_text(extractor: SpacyExtractor) -> None:
    found = {triple[:3] for triple in extractor.open_triples("Ann Lee served as president of Acme in 1999.")}
    assert ("Ann Lee", "served as president of", "Acme") in found


_PIECES = st.sampled_from(
    [
        "Ann Lee",
        "Acme",
        "founded",
        "the company",
        "in 1999",
        "(born 1950)",
        "He",
        "said that",
        ",",
        ".",
        "\n",
        "# ",
        "- ",
        "**",
        "(GTC)",
        "was",
        "by",
        "not",
        "$5 million",
        "삼성",
        "🙂",
        '"Of Salt"',
        "and",
        "of",
        "who",
        "\u200b",
        "x" * 300,
    ]
)


@settings(max_examples=150)
@given(pieces=st.lists(_PIECES, max_size=25), offset=st.integers(0, 50))
def test_every_span_quotes_the_document(extractor: SpacyExtractor, pieces: list[str], offset: int) -> None:
    text = " ".join(pieces)
    result = extractor.extract([Chunk("c", "d", Span(offset, offset + len(text)), text, "Acme (company)")])[0]
    assert isinstance(result, Extraction)
    document = "." * offset + text
    for mention in [*result.mentions, *(m for t in result.triples for m in (t.subject, t.object))]:
        assert document[mention.span.start : mention.span.end] == mention.text
        assert mention.text.strip()
        assert mention.name.strip()
    for triple in result.triples:
        evidence = triple.evidence
        assert document[evidence.span.start : evidence.span.end] == evidence.quote
        assert evidence.span.start <= triple.subject.span.start or triple.subject.link is not Link.SELF
        assert 0 < evidence.score <= 1
    for alias in result.aliases:
        assert offset <= alias.span.start < alias.span.end <= offset + len(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a" * 100_000,
        "the dog and " * 3000,
        "(" * 20_000,
        "[" * 20_000,
        '"A ' * 5_000,
        "He said that " * 1500,
        "co-" * 10_000,
        "😀👩‍👩‍👧 " * 2000,
        "\n" * 50_000,
        "Acme 삼성 Москва 東京 " * 500,
        "the man who saw " * 800,
    ],
)
def test_hostile_text_is_survived(extractor: SpacyExtractor, text: str) -> None:
    result = extractor.extract([Chunk("c", "d", Span(0, len(text)), text)])[0]
    assert isinstance(result, Extraction)
    extractor.open_triples(text[:5000])
