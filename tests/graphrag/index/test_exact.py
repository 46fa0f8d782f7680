from pathlib import Path

import pytest

from graphrag.errors import StoreDamagedError
from graphrag.index.exact import ExactIndex
from graphrag.testing.contracts import VectorIndexContract


class TestExactIndex(VectorIndexContract):
    def make(self, dim: int) -> ExactIndex:
        return ExactIndex(dim)


def test_a_missing_index_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(StoreDamagedError, match="rebuild it"):
        ExactIndex(4).load(tmp_path / "none")
