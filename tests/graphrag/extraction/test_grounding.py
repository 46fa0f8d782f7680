import pytest

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Chunk, Document, Extraction, Link, Span
from graphrag.extraction.grounding import AliasRecord, Grounder, Piece, Record
from ontology import DatatypeProperty, EntityType, Ontology, RelationType, ValueKind, ValueType

HEAD = "Some other chunk. "
TEXT = "Marie Curie was born in Warsaw. She founded the Radium Institute in 1912. The institute (RI) grew."
ONTOLOGY = Ontology.build(
    "science",
    [EntityType("Person", aliases=("human",)), EntityType("Organization"), EntityType("Place")],
    [
        RelationType("FOUNDED", domain=("Person",), range=("Organization",)),
        RelationType("BORN_IN", domain=("Person",), range=("Place",)),
        DatatypeProperty("FOUNDED_ON", ValueType(ValueKind.DATE), domain=("Organization",)),
    ],
)


def grounder(title: str = "", start: int = 0, ontology: Ontology | None = ONTOLOGY) -> Grounder:
    chunk = Chunk("c", "d", Span(len(HEAD), len(HEAD) + len(TEXT)), TEXT, title)
    return Grounder((Piece(chunk, start, len(TEXT)),), ontology, "llm:test")


def record(**changes: str) -> Record:
    given = {
        "subject": "Marie Curie",
        "subject_type": "Person",
        "relation": "FOUNDED",
        "object": "Radium Institute",
        "object_type": "Organization",
        "quote": "She founded the Radium Institute",
        **changes,
    }
    return Record.model_validate(given)


def test_spans_count_in_the_document() -> None:
    document = HEAD + TEXT
    triple = grounder().triple(record(subject_words="She"))
    for span, words in (
        (triple.evidence.span, triple.evidence.quote),
        (triple.subject.span, triple.subject.text),
        (triple.object.span, triple.object.text),
    ):
        assert document[span.start : span.end] == words
    assert (triple.subject.text, triple.subject.name, triple.subject.link) == (
        "She",
        "Marie Curie",
        Link.PRONOUN,
    )
    assert (triple.object.link, triple.object.type) == (Link.SELF, "Organization")


def test_a_part_of_a_chunk_has_the_same_spans() -> None:
    whole = grounder().triple(
        record(subject_words="She", quote="founded the Radium Institute", subject="Radium Institute")
    )
    part = grounder(start=32).triple(
        record(subject_words="She", quote="founded the Radium Institute", subject="Radium Institute")
    )
    assert whole == part


def test_a_name_outside_the_quote_is_taken_from_the_chunk() -> None:
    triple = grounder().triple(record())
    assert triple.subject.text == "Marie Curie"
    assert triple.evidence.quote == "She founded the Radium Institute"


@pytest.mark.parametrize(
    "changes",
    [
        {"quote": "Marie Curie founded Sorbonne"},
        {"quote": ""},
        {"subject": "Pierre Curie"},
        {"subject": "Pierre Curie", "subject_words": "She"},
        {"object": "Pasteur Institute"},
        {"object": ""},
        {"subject": "  "},
        {"subject": "Mar"},
    ],
)
def test_what_the_passage_does_not_bear_out_is_kept_without_evidence(changes: dict[str, str]) -> None:
    triple = grounder().triple(record(**changes))
    assert triple.evidence.quote == ""
    assert triple.evidence.span.start == triple.evidence.span.end
    document = Document("d", "k", HEAD + TEXT)
    (checked,) = Checker(ONTOLOGY, Config()).check(document, [Extraction("c", triples=(triple,))])
    assert (checked.decision, checked.reason) == ("reject", "unsupported")


def test_names_that_the_document_does_not_hold_are_not_passed_on() -> None:
    hidden = grounder().triple(
        record(subject="You read passages of text", object="Radium Institute", quote="x")
    )
    other = grounder().triple(record(subject="Another prompt", object="Radium Institute", quote="x"))
    assert hidden.subject.name.startswith("(not in the text: ")
    assert hidden.object.name == "Radium Institute"
    assert hidden.subject.name != other.subject.name  # or two rejected records would count as one


def test_a_sentence_is_no_relation() -> None:
    long = grounder().triple(
        record(relation="You read passages of text and write down the relations they state")
    )
    assert long.predicate.startswith("(not in the text: ")


def test_the_title_may_name_the_subject() -> None:
    triple = grounder(title="Maria Sklodowska").triple(record(subject="Maria Sklodowska"))
    assert triple.subject.link is Link.TITLE
    assert triple.evidence.quote
    assert triple.evidence.score == 0.8


def test_a_grounded_record_passes_the_check() -> None:
    document = Document("d", "k", HEAD + TEXT)
    dated = {"subject": "Radium Institute", "subject_type": "Organization", "relation": "FOUNDED_ON"}
    dated |= {"object": "1912", "object_type": "date", "quote": "founded the Radium Institute in 1912"}
    born = {"relation": "BORN_IN", "object": "Warsaw", "object_type": "Place"}
    born |= {"quote": "Marie Curie was born in Warsaw"}
    records = (record(subject_words="She"), record(**dated), record(**born))
    triples = tuple(grounder().triple(item) for item in records)
    checked = Checker(ONTOLOGY, Config()).check(document, [Extraction("c", triples=triples)])
    assert [item.relation for item in checked if item.accepted] == ["FOUNDED", "FOUNDED_ON", "BORN_IN"]
    assert checked[1].literal
    assert checked[1].triple.object.value == "1912"


def test_types_are_named_by_key_label_or_alias() -> None:
    assert grounder().triple(record(subject_type="HUMAN")).subject.type == "Person"
    assert grounder(ontology=None).triple(record(subject_type="person")).subject.type == "PERSON"
    assert grounder().triple(record(subject_type="")).subject.type is None


def test_a_pronoun_as_a_name_is_no_name() -> None:
    document = Document("d", "k", HEAD + TEXT)
    triple = grounder().triple(record(subject="She"))
    (checked,) = Checker(ONTOLOGY, Config()).check(document, [Extraction("c", triples=(triple,))])
    assert checked.reason == "bad_argument"


@pytest.mark.parametrize("ontology", [ONTOLOGY, None])
def test_a_clause_in_the_place_of_a_name_is_no_name(ontology: Ontology | None) -> None:
    clause = "founded the Radium Institute in 1912"
    triple = grounder(ontology=ontology).triple(
        record(subject="Marie Curie", object=clause, object_type="Organization", quote=f"She {clause}.")
    )
    (checked,) = Checker(ontology, Config()).check(
        Document("d", "d", HEAD + TEXT), [Extraction("c", (), (triple,))]
    )
    assert checked.reason == "bad_argument"


def test_evidence_counts_where_it_is_found() -> None:
    first, second = "Nothing here.", "Ada founded Acme."
    chunks = (Chunk("c1", "d", Span(0, 13), first), Chunk("c2", "d", Span(14, 31), second))
    pieces = tuple(Piece(chunk, 0, len(chunk.text)) for chunk in chunks)
    made = Grounder(pieces, None, "llm:test")
    for passage in (1, 2, 99, -1):
        triple = made.triple(
            Record(
                passage=passage, subject="Ada", relation="founded", object="Acme", quote="Ada founded Acme"
            )
        )
        assert triple.evidence.chunk_id == "c2"
        assert triple.evidence.span == Span(14, 30)


def test_an_alias_must_stand_in_the_passage() -> None:
    alias = grounder().alias(AliasRecord(name="Radium Institute", alias="RI"))
    assert alias is not None
    assert (alias.name, alias.alias, alias.kind) == ("Radium Institute", "RI", "aka")
    assert grounder().alias(AliasRecord(name="Radium Institute", alias="Curie Lab")) is None
    assert grounder().alias(AliasRecord(name="RI", alias="RI")) is None
