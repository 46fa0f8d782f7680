import pytest

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.errors import ConfigError
from graphrag.testing.contracts import EmbedderContract


class TestHashingEmbedder(EmbedderContract):
    def make(self) -> HashingEmbedder:
        return HashingEmbedder()


def test_spellings_of_one_name_are_near() -> None:
    right, typo, other = HashingEmbedder().embed(["Ermengarde of Tours", "Ermengarde of Torus", "Zhang San"])
    assert right @ typo > 0.7
    assert right @ other < 0.4


def test_case_accents_and_blanks_do_not_count() -> None:
    plain, other = HashingEmbedder().embed(["Zurich lake", "  ZÜRICH\n lake "])
    assert plain @ other == pytest.approx(1.0)


def test_vectors_are_the_same_on_every_machine() -> None:
    row = HashingEmbedder(dim=8).embed(["rain"])[0]
    assert row == pytest.approx([0.3536, -0.3536, -0.3536, 0.3536, 0.0, 0.0, -0.7071, 0.0], abs=1e-4)


def test_too_few_dimensions_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 8"):
        HashingEmbedder(dim=4)
