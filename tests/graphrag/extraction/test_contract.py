from collections.abc import Iterator
from pathlib import Path

import pytest

from graphrag.extraction.llm import LLMExtractor
from graphrag.extraction.spacy import SpacyExtractor
from graphrag.interfaces import Extractor
from graphrag.llm import Gate, OpenAIClient, Secret
from graphrag.testing.extraction import ExtractorContract
from graphrag.testing.server import ScriptedServer


class TestLLMExtractor(ExtractorContract):
    @pytest.fixture(autouse=True)
    def _server(self, tmp_path: Path) -> Iterator[None]:
        with ScriptedServer(tmp_path) as server:
            client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url)
            with Gate(client) as gate:
                self.gate = gate
                yield

    def make(self) -> Extractor:
        return LLMExtractor(self.gate, None)


class TestSpacyExtractor(ExtractorContract):
    def make(self) -> Extractor:
        return SpacyExtractor()
