"""One document through the stages that need no other document: split, extract, check.

This is the expensive part of a build, and a pure function of the document, the settings and the
ontology, so it can run anywhere: in this process, in worker processes or on a cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Document
from graphrag.interfaces import Chunker, Extractor
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
    """

    config: str
    ontology: str | None

    def __call__(self, documents: Sequence[Document]) -> list[IngestedDocument]:
        return _reader(self.config, self.ontology).read(documents)


@lru_cache(maxsize=2)
def _reader(config_json: str, ontology_yaml: str | None) -> Reader:
    # Cached, since a worker loads the language pipeline once and reads many batches with it.
    config = Config.model_validate_json(config_json)
    ontology: Ontology | None = load_ontology(ontology_yaml) if ontology_yaml is not None else None
    return reader_for(config, ontology, make_extractor(config, ontology))


def reader_for(config: Config, ontology: Ontology | None, extractor: Extractor) -> Reader:
    """A reader with the settings' chunker and checker, and this extractor."""
    return Reader(make_chunker(config), extractor, Checker(ontology, config))
