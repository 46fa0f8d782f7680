import subprocess
import sys

import numpy as np
import pytest

from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.errors import ConfigError
from graphrag.testing.contracts import EmbedderContract


class TestWordLlamaEmbedder(EmbedderContract):
    def make(self) -> WordLlamaEmbedder:
        return WordLlamaEmbedder()


class TestShortWordLlamaEmbedder(EmbedderContract):
    def make(self) -> WordLlamaEmbedder:
        return WordLlamaEmbedder(dim=64)


def test_related_texts_are_nearer_than_unrelated_ones() -> None:
    cat, kitten, bond = WordLlamaEmbedder().embed(["a cat asleep", "a sleeping kitten", "bond yields fell"])
    assert cat @ kitten > cat @ bond + 0.3


def test_vectors_equal_those_of_the_wheels_own_loader() -> None:
    code = (
        "import pathlib, sys, wordllama; texts = ['Ada met the duke.', 'rain'];"
        "model = wordllama.WordLlama.load("
        "cache_dir=pathlib.Path(wordllama.__file__).parent, disable_download=True);"
        "sys.stdout.buffer.write(model.embed(texts, norm=True).tobytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    theirs = np.frombuffer(done.stdout, dtype=np.float32).reshape(2, 256)
    assert np.allclose(WordLlamaEmbedder().embed(["Ada met the duke.", "rain"]), theirs, atol=1e-5)


def test_bulk_work_gives_the_same_bits_as_one_text_at_a_time() -> None:
    embedder = WordLlamaEmbedder()
    texts = [f"Passage {number} tells of the river and of bridge {number % 7}." * 9 for number in range(400)]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.array_equal(embedder.embed(texts), alone)


def test_no_socket_is_opened_and_wordllama_itself_stays_unloaded() -> None:
    code = (
        "import sys; seen = [];"
        "sys.addaudithook(lambda event, args: seen.append(event) if event.startswith('socket') else None);"
        "from graphrag.embedding.wordllama import WordLlamaEmbedder;"
        "WordLlamaEmbedder().embed(['rain']); print(seen, 'wordllama' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False"


def test_more_dimensions_than_the_weights_have_are_refused() -> None:
    with pytest.raises(ConfigError, match="8 to 256 dimensions"):
        WordLlamaEmbedder(dim=512)
