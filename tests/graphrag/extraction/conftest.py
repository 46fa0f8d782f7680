"""One loaded pipeline for all tests of extraction: loading takes a second, using it changes nothing."""

from collections.abc import Callable

import pytest

from graphrag.datamodel import Chunk, Extraction, Span
from graphrag.extraction.spacy import SpacyExtractor

Read = Callable[..., Extraction]


@pytest.fixture(scope="session")
def extractor() -> SpacyExtractor:
    return SpacyExtractor()


@pytest.fixture(scope="session")
def read(extractor: SpacyExtractor) -> Read:
    """Extract from one text as a document of one chunk."""

    def run(text: str, title: str = "") -> Extraction:
        result = extractor.extract([Chunk("chk", "doc", Span(0, len(text)), text, title)])[0]
        assert isinstance(result, Extraction)
        return result

    return run
