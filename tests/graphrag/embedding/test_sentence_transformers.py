import importlib.util

import pytest

from graphrag.embedding.sentence_transformers import SentenceTransformersEmbedder
from graphrag.errors import ConfigError, MissingDependencyError


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None, reason="extra is installed"
)
def test_a_missing_library_names_its_extra() -> None:
    with pytest.raises(MissingDependencyError, match=r"graphrag-ontology\[st\]"):
        SentenceTransformersEmbedder("some-model").embed(["rain"])


def test_a_model_must_be_named() -> None:
    with pytest.raises(ConfigError, match="name a sentence-transformers model"):
        SentenceTransformersEmbedder("")
