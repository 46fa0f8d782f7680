from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graphrag.embedding.gated import GatedEmbedder
from graphrag.errors import LLMFatalError
from graphrag.llm import Clock, Gate, OpenAIClient, Secret
from graphrag.testing.server import ScriptedServer


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with ScriptedServer(tmp_path, faults={"429": 0.1, "500": 0.2, "reset": 0.1}, seed=1) as server:
        client = OpenAIClient("vectors", key=Secret("k"), base_url=server.url)
        with Gate(client, clock=Clock(0.002)) as made:
            yield made


def test_vectors_come_in_order_whatever_fails_on_the_way(gate: Gate) -> None:
    texts = [f"word{n} common" for n in range(50)] + ["", "  "]
    embedder = GatedEmbedder(gate, batch_size=3)
    vectors = embedder.embed(texts)
    assert vectors.shape == (52, embedder.dim)
    assert np.allclose(np.linalg.norm(vectors[:50], axis=1), 1.0)
    assert not vectors[50:].any()
    alone = np.vstack([GatedEmbedder(gate, batch_size=100).embed([text])[0] for text in texts[:10]])
    assert np.allclose(vectors[:10], alone)
    assert gate.usage.retries > 0


def test_vectors_of_another_length_are_refused(gate: Gate) -> None:
    with pytest.raises(LLMFatalError, match=r"vectors of \[16\] numbers, expected 7"):
        GatedEmbedder(gate, dim=7).embed(["a"])


def test_the_name_tells_model_and_length(gate: Gate) -> None:
    assert GatedEmbedder(gate).name == "http-vectors-16"
