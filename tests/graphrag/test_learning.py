"""Relations learnt from examples: real sentences through extractor, learner and checker."""

import json

import pytest

from graphrag.checking import Checker
from graphrag.config import Config, ExtractionConfig
from graphrag.datamodel import Chunk, Document, Extraction, Span
from graphrag.errors import ConfigError
from graphrag.extraction.spacy import SpacyExtractor
from graphrag.learning import Example, PairModel, read_examples
from graphrag.reading import learn_model
from ontology import load_ontology

SCHEMA = load_ontology(
    """
name: ships
types:
  Ship: {label: ship}
  Person: {label: person}
  City: {label: city}
relations:
  MASTER: {label: master, domain: [Ship], range: [Person]}
  HOME_PORT: {label: home port, domain: [Ship], range: [City]}
"""
)
SHIPS = ("Aurora", "Meridian", "Valiant", "Halcyon", "Petrel", "Calypso")
PEOPLE = ("Otto Brandt", "Helena Ruiz", "Jan Novak", "Lena Fischer", "Paul Weiss", "Ingrid Solberg")
PORTS = ("Hamburg", "Lisbon", "Oslo", "Rotterdam", "Genoa", "Bergen")
STATEMENT = "The {ship} is a ship out of {port} that {person} took round the cape."


def sentence(place: int, shift: int = 0) -> tuple[str, str, str, str]:
    ship, person, port = SHIPS[place], PEOPLE[(place + shift) % 6], PORTS[(place + shift) % 6]
    return STATEMENT.format(ship=ship, port=port, person=person), ship, person, port


def examples() -> list[Example]:
    found = []
    for place in range(6):
        text, ship, person, port = sentence(place)
        found.append(Example(text, ((ship, "MASTER", person), (ship, "HOME_PORT", port))))
    return found


@pytest.fixture(scope="module")
def extractor() -> SpacyExtractor:
    return SpacyExtractor()


@pytest.fixture(scope="module")
def model_file(extractor, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "ships.json"
    learn_model(SCHEMA, examples(), extractor).save(path)
    return path


def check(extractor: SpacyExtractor, text: str, learned: str | None):
    document = Document("doc", "key", text)
    result = extractor.extract([Chunk("chk", "doc", Span(0, len(text)), text)])[0]
    assert isinstance(result, Extraction)
    config = Config(extraction=ExtractionConfig(learned=learned))
    return [item for item in Checker(SCHEMA, config).check(document, [result]) if item.accepted]


def test_a_phrase_of_the_examples_is_read_in_names_never_seen_together(extractor, model_file):
    text, ship, person, _ = sentence(1, shift=2)
    without = {(i.head.name, i.relation, i.tail.name) for i in check(extractor, text, None)}
    items = check(extractor, text, str(model_file))
    found = {(i.head.name, i.relation, i.tail.name) for i in items}
    assert (ship, "MASTER", person) not in without
    assert (ship, "MASTER", person) in found
    assert without <= found


def test_what_is_learnt_has_exact_evidence_and_the_types_the_schema_declares(extractor, model_file):
    text, *_ = sentence(3, shift=1)
    learnt = [
        item
        for item in check(extractor, text, str(model_file))
        if item.triple.evidence.extractor == "learned:pair"
    ]
    assert learnt
    for item in learnt:
        relation = SCHEMA.relations[item.relation]
        assert (item.subject_type,) == relation.domain and (item.object_type,) == relation.range
        evidence = item.triple.evidence
        assert text[evidence.span.start : evidence.span.end] == evidence.quote
        assert item.score >= Config().extraction.min_score
        for mention in (item.head, item.tail):
            assert text[mention.span.start : mention.span.end] == mention.text


def test_learning_is_the_same_each_time_and_survives_the_file(extractor, model_file, tmp_path):
    learn_model(SCHEMA, examples(), extractor).save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == model_file.read_bytes()
    PairModel.load(model_file).save(tmp_path / "loaded.json")
    assert (tmp_path / "loaded.json").read_bytes() == model_file.read_bytes()


def test_another_model_asks_for_a_new_check(model_file, tmp_path):
    other = tmp_path / "other.json"
    other.write_bytes(model_file.read_bytes() + b"\n")
    marks = {
        Checker.fingerprint_of(Config(extraction=ExtractionConfig(learned=learned)))
        for learned in (None, str(model_file), str(other))
    }
    assert len(marks) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        ("no json", "is no JSON"),
        ("[]", "is no model"),
        ('{"format": "graphrag-pairs-1", "relations": [], "weights": [], "completeness": 1}', "is no model"),
        ('{"format": "graphrag-pairs-9"}', "graphrag-pairs-9"),
        (
            '{"format": "graphrag-pairs-1", "relations": ["A"], "weights": {"x": [1]}, "completeness": 1}',
            "is no",
        ),
    ],
)
def test_a_file_that_is_no_model_is_named(tmp_path, content, message):
    path = tmp_path / "model.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        PairModel.load(path)


def test_examples_that_cannot_be_used_are_named_by_line(tmp_path):
    path = tmp_path / "examples.jsonl"
    good = json.dumps({"text": "A ship.", "triples": [["A", "MASTER", "B"]]})
    path.write_text(good + "\n\n" + good + "\n", encoding="utf-8")
    assert len(read_examples(path, SCHEMA)) == 2
    for bad, message in (
        ("{}", "line 2: not an example"),
        ('{"text": "A", "triples": [["a", 1, "b"]]}', "line 2: not an example"),
        ('{"text": "A", "triples": [["a", "OWNS", "b"]]}', 'line 2: "ships" has no relation "OWNS"'),
    ):
        path.write_text(good + "\n" + bad + "\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            read_examples(path, SCHEMA)


def test_examples_whose_names_the_sentences_lack_teach_nothing(extractor):
    unknown = [Example("The Aurora left Hamburg.", (("Nautilus", "MASTER", "Nemo"),))]
    with pytest.raises(ConfigError, match="write heads and tails as the sentence"):
        learn_model(SCHEMA, unknown, extractor)
