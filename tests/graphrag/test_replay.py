"""After an edit of the schema, replay gives what a build from scratch gives, and reads no text again."""

import os
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from graphrag import GraphRAG, make_document
from graphrag.config import Config, load_config
from graphrag.datamodel import Chunk, Extraction, Failure, Mention, Modality, Triple
from graphrag.registry import make_chunker, make_extractor
from ontology import Ontology, general_ontology, load_ontology
from tests.ontology.edits import Edits

SCHEMA = """
name: firms
types:
  Agent: {label: agent}
  Person: {label: person, parents: [Agent], disjoint_with: [Organization]}
  Organization: {label: organization, parents: [Agent], aliases: [company, firm, maker]}
  Place: {label: place}
  City: {label: city, parents: [Place]}
  Product: {label: product}
relations:
  FOUNDED: {label: founded, domain: [Person], range: [Organization], inverse: FOUNDED_BY}
  LED: {label: led, domain: [Person], range: [Organization], cues: [served as chief of]}
  BASED_IN: {label: based in, domain: [Organization], range: [Place], functional: true}
  BORN_IN: {label: born in, domain: [Person], range: [City]}
  BORN_ON: {label: born on, domain: [Person], range: date}
  MADE: {label: made, domain: [Organization], range: [Product]}
  MARRIED: {label: married, domain: [Person], range: [Person], symmetric: true}
"""
TEXTS = {
    "quill": (
        "Quill Motors",
        "Quill Motors is a car maker based in Turin. It was founded by Nora Weiss in 1954. Nora Weiss was "
        "born in Graz on 3 May 1921. Quill Motors made the Heron. In 1976 it bought Lanark Steel.",
    ),
    "nora": (
        "Nora Weiss",
        "Nora Weiss (3 May 1921 – 1990) was an Austrian engineer. She married Paul Ritter. She led Quill "
        "Motors. She wrote Roads of Tin. Paul Ritter did not found Quill Motors.",
    ),
    "graz": ("Graz", "Graz is a city in Austria. Graz lies on the Mur. Paul Ritter may live in Graz."),
    "steel": (
        "Lanark Steel",
        "Lanark Steel was a firm in Lanark. It was owned by Quill Motors. Paul Ritter served as chief of "
        "Lanark Steel. The firm employed 4,000 people. Anna Ritter said that Lanark Steel made the Heron.",
    ),
}
PHRASES = [
    "founded", "was founded by", "made", "bought", "wrote", "married", "led", "owned by", "lies on", "is",
    "based in", "was born in", "was born on", "served as chief of", "live in", "employed", "died in",
]  # fmt: skip
NOUNS = ["person", "company", "city", "river", "car", "book", "engineer", "car maker", "country", "event"]
EDITS = Edits(PHRASES, NOUNS)
EXAMPLES = int(os.environ.get("GRAPHRAG_REPLAYS", "25"))
# Each example makes two stores: where there is a file system in memory, no disk has to sync them.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


CONFIG = Config()
DOCUMENTS = [make_document(text, key=key, title=title) for key, (title, text) in TEXTS.items()]
CHUNKS = [chunk for document in DOCUMENTS for chunk in make_chunker(CONFIG).split(document)]
LABELS = ["PERSON", "ORG", "LOC", "PRODUCT", "WORK", "MISC", "car maker", "river", None]


class Recorded:
    """Gives out what was read before, so that no example pays for extraction, and counts what is asked."""

    fingerprint = "recorded"

    def __init__(self, results: dict[str, Extraction | Failure]) -> None:
        self._results = results
        self.asked = 0

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction | Failure]:
        self.asked += len(chunks)
        return [self._results[chunk.id] for chunk in chunks]


@pytest.fixture(scope="module")
def readings() -> list[Extraction | Failure]:
    """What the shipped pipeline reads in the texts."""
    results = make_extractor(CONFIG, None).extract(CHUNKS)
    assert sum(len(result.triples) for result in results if isinstance(result, Extraction)) > 20
    return results


def shaken(readings: Sequence[Extraction | Failure], chance: random.Random) -> Recorded:
    """The readings with phrases, labels and ways of stating changed here and there."""

    def label(mention: Mention) -> Mention:
        if mention.value is not None or chance.random() < 0.7:
            return mention
        return replace(mention, type=chance.choice(LABELS), type_stated=chance.random() < 0.2)

    def triple(item: Triple) -> Triple:
        phrase = item.predicate if chance.random() < 0.6 else chance.choice(PHRASES)
        modality = item.modality if chance.random() < 0.9 else chance.choice(list(Modality))
        return replace(
            item,
            subject=label(item.subject),
            predicate=phrase,
            object=label(item.object),
            modality=modality,
        )

    def result(item: Extraction | Failure) -> Extraction | Failure:
        if isinstance(item, Failure):
            return item
        mentions = tuple(label(mention) for mention in item.mentions)
        return replace(item, mentions=mentions, triples=tuple(triple(one) for one in item.triples))

    return Recorded({chunk.id: result(item) for chunk, item in zip(CHUNKS, readings, strict=True)})


def content(base: GraphRAG) -> list[str]:
    return [*base.export(), *map(repr, sorted(base.quarantine(), key=lambda triple: triple.id))]


def assert_equals_a_fresh_build(base: GraphRAG, folder: Path, schema: Ontology, recorded: Recorded) -> None:
    with GraphRAG.create(folder, ontology=schema, config=base.config, extractor=recorded) as fresh:
        fresh.add(DOCUMENTS[::-1])
        ours, theirs = content(base), content(fresh)
    for line in set(ours) ^ set(theirs):
        note(line)
    assert ours == theirs


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_replay_equals_a_build_from_scratch(
    data: st.DataObject, readings: list[Extraction | Failure]
) -> None:
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    recorded = shaken(readings, chance)
    schema = load_ontology(SCHEMA)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        place = Path(folder)
        with GraphRAG.create(place / "kg", ontology=schema, config=CONFIG, extractor=recorded) as base:
            base.add(DOCUMENTS)
            asked = recorded.asked
            for turn in range(data.draw(st.integers(1, 3))):
                for _ in range(data.draw(st.integers(1, 4))):
                    kind = data.draw(st.sampled_from(EDITS.kinds()))
                    edited = EDITS.of(kind, data.draw, schema)
                    event(f"{kind}: {'valid' if edited != schema else 'no change'}")
                    schema = edited
                base.replay(schema)
                assert recorded.asked == asked
                assert_equals_a_fresh_build(base, place / f"fresh{turn}", schema, recorded)
                asked = recorded.asked
            assert base.view.verify() == []


@pytest.mark.parametrize("kind", EDITS.kinds())
def test_an_edit_of_each_kind_alone(kind: str, readings: list[Extraction | Failure], tmp_path: Path) -> None:
    """Kinds that random draws reach seldom; each changes the schema, and most the graph."""
    schema = load_ontology(SCHEMA)

    @settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        edited = EDITS.of(kind, data.draw, schema)
        if edited == schema:
            return
        recorded = Recorded({chunk.id: item for chunk, item in zip(CHUNKS, readings, strict=True)})
        with (
            tempfile.TemporaryDirectory(dir=MEMORY) as folder,
            GraphRAG.create(Path(folder) / "kg", ontology=schema, extractor=recorded) as base,
        ):
            base.add(DOCUMENTS)
            asked = recorded.asked
            base.replay(edited)
            assert recorded.asked == asked
            assert_equals_a_fresh_build(base, Path(folder) / "fresh", edited, recorded)

    run()


def test_replay_from_the_shipped_schema_to_another_and_back(
    readings: list[Extraction | Failure], tmp_path: Path
) -> None:
    recorded = Recorded({chunk.id: item for chunk, item in zip(CHUNKS, readings, strict=True)})
    general, own = general_ontology(), load_ontology(SCHEMA)
    with GraphRAG.create(tmp_path / "kg", ontology=general, extractor=recorded) as base:
        base.add(DOCUMENTS)
        first = content(base)
        base.replay(own)
        assert content(base) != first
        assert_equals_a_fresh_build(base, tmp_path / "own", own, recorded)
        base.replay(general)
        assert content(base) == first


@pytest.mark.parametrize("way", ["replay", "add"])
@pytest.mark.parametrize(("before", "after"), [(0.2, 0.6), (0.2, 0.9), (0.9, 0.0)])
def test_reopened_with_another_least_score_a_base_equals_a_fresh_build(
    before: float, after: float, way: str, readings: list[Extraction | Failure], tmp_path: Path
) -> None:
    recorded = Recorded({chunk.id: item for chunk, item in zip(CHUNKS, readings, strict=True)})
    schema = load_ontology(SCHEMA)
    old, new = (load_config(None, [f"extraction.min_score={least}"]) for least in (before, after))
    with GraphRAG.create(tmp_path / "kg", ontology=schema, config=old, extractor=recorded) as base:
        base.add(DOCUMENTS)
        first = content(base)
    asked = recorded.asked
    with GraphRAG.create(tmp_path / "kg", config=new, extractor=recorded) as base:
        if way == "replay":
            base.replay()
        else:
            base.add(DOCUMENTS)
        assert recorded.asked == asked
        assert content(base) != first
        assert_equals_a_fresh_build(base, tmp_path / "fresh", schema, recorded)
        assert base.view.verify() == []
