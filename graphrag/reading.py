"""One document through the stages that need no other document: split, extract, check.

This is the expensive part of a build, and a pure function of the document, the settings and the
ontology, so it can run anywhere: in this process, in worker processes or on a cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from graphrag.checking import Checker
from graphrag.config import Config, ExtractionConfig
from graphrag.datamodel import Chunk, Document, Extraction, Span
from graphrag.interfaces import Chunker, Extractor
from graphrag.learning import COMPLETENESS, Example, PairModel
from graphrag.registry import make_chunker, make_extractor, make_ontology
from graphrag.store.ledger import IngestedDocument
from ontology import Ontology, load_ontology


class Reader:
    """Turns documents into what a store takes in."""

    def __init__(self, chunker: Chunker, extractor: Extractor, checker: Checker) -> None:
        """Join the three stages."""
        self.chunker = chunker
        self.extractor = extractor
        self.checker = checker

    def read(self, documents: Sequence[Document]) -> list[IngestedDocument]:
        """Split, extract and check, in order. A chunk that cannot be read becomes a `Failure`."""
        split = [self.chunker.split(document) for document in documents]
        results = self.extractor.extract([chunk for chunks in split for chunk in chunks])
        ingested = []
        start = 0
        for document, chunks in zip(documents, split, strict=True):
            own = tuple(results[start : start + len(chunks)])
            start += len(chunks)
            ingested.append(IngestedDocument(document, tuple(chunks), own, self.checker.check(document, own)))
        return ingested


def reader_from(config: Config) -> Reader:
    """A reader with the settings' own ontology, without a knowledge base around it."""
    ontology = make_ontology(config)
    return reader_for(config, ontology, make_extractor(config, ontology))


@dataclass(frozen=True)
class ReadingTask:
    """A `Reader` that can travel to another process: it carries only settings.

    Attributes:
        config: Canonical JSON of the settings.
        ontology: The schema as YAML; None for open mode.
        verdicts: `Checker.fingerprint_of` the settings: a model they name may have been learnt anew.
    """

    config: str
    ontology: str | None
    verdicts: str = ""

    def __call__(self, documents: Sequence[Document]) -> list[IngestedDocument]:
        return _reader(self.config, self.ontology, self.verdicts).read(documents)


@lru_cache(maxsize=2)
def _reader(config_json: str, ontology_yaml: str | None, _verdicts: str) -> Reader:
    # Cached, since a worker loads the language pipeline once and reads many batches with it.
    config = Config.model_validate_json(config_json)
    ontology: Ontology | None = load_ontology(ontology_yaml) if ontology_yaml is not None else None
    return reader_for(config, ontology, make_extractor(config, ontology))


def reader_for(config: Config, ontology: Ontology | None, extractor: Extractor) -> Reader:
    """A reader with the settings' chunker and checker, and this extractor."""
    return Reader(make_chunker(config), extractor, Checker(ontology, config))


def learn_model(
    ontology: Ontology,
    examples: Sequence[Example],
    extractor: Extractor,
    *,
    completeness: float = COMPLETENESS,
) -> PairModel:
    """A model of how examples state an ontology's relations, for `extraction.learned`.

    Args:
        ontology: The schema the triples of the examples are of.
        examples: Sentences with triples; each is read as a document of its own.
        extractor: Who reads them; the one that will read the documents.
        completeness: Share of the true triples of a sentence that the examples list.
    """
    checker = Checker(ontology, Config(extraction=ExtractionConfig(join_distant=True)))
    documents = [Document(f"doc-{place}", str(place), item.text) for place, item in enumerate(examples)]
    chunks = [Chunk(f"chk-{d.key}", d.id, Span(0, len(d.text)), d.text) for d in documents]
    pairs = [
        checker.pairs(document, [result] if isinstance(result, Extraction) else [])
        for document, result in zip(documents, extractor.extract(chunks), strict=True)
    ]
    return PairModel.learn(examples, pairs, completeness=completeness)
