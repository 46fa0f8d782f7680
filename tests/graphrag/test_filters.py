"""Filters over a small index."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.errors import ConfigError
from graphrag.filters import Filters, compile_filters
from graphrag.index.builder import build_search_index
from graphrag.index.snapshot import SearchIndex

METADATA = {
    "a": {"kind": "memo", "date": "2020-05-04", "tags": ["red", "old"], "open": True},
    "b": {"kind": "letter", "date": "2021", "open": False},
    "c": {"kind": "memo", "date": "2022-01-31T10:00:00"},
    "d": {},
}


@pytest.fixture
def index(memory_view: Callable[..., Any], tmp_path: Path) -> SearchIndex:
    texts = {key: ("", f"Text of {key}, by Ada.") for key in METADATA}
    facts = [("a", "Ada", "WROTE", "Memo", "by Ada")]
    view = memory_view(texts, types={"Ada": "Person", "Memo": "Work"}, facts=facts, metadata=METADATA)
    return build_search_index(view, HashingEmbedder(dim=16), tmp_path)


def passing(index: SearchIndex, filters: Filters) -> set[str]:
    import json

    mask = compile_filters(index, filters).chunks
    assert mask is not None
    return {json.loads(index.metadata[index.chunk_document[row]])["key"] for row in mask.nonzero()[0]}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(metadata={"kind": "memo"}), {"a", "c"}),
        (Filters(metadata={"kind": ["memo", "letter"]}), {"a", "b", "c"}),
        (Filters(metadata={"tags": "old"}), {"a"}),
        (Filters(metadata={"open": False}), {"b"}),
        (Filters(metadata={"kind": "memo", "open": True}), {"a"}),
        (Filters(since="2021"), {"b", "c"}),
        (Filters(until="2021"), {"a", "b"}),
        (Filters(since="2020-05-04", until="2020-05-04"), {"a"}),
        (Filters(since="2020-05-05", until="2021-12"), {"b"}),
        (Filters(until="2022-01-31"), {"a", "b", "c"}),
        (Filters(documents=("a", "d")), {"a", "d"}),
        (Filters(metadata={"kind": "poem"}), set()),
    ],
)
def test_documents_pass_by_what_they_carry(index: SearchIndex, filters: Filters, expected: set[str]) -> None:
    assert passing(index, filters) == expected


def test_without_conditions_everything_passes(index: SearchIndex) -> None:
    compiled = compile_filters(index, Filters())
    assert (compiled.chunks, compiled.entities, compiled.relations) == (None, None, None)


def test_an_unknown_type_is_named_with_the_known_ones(index: SearchIndex) -> None:
    with pytest.raises(ConfigError, match=r'no entity type "Persn".*Person, Work'):
        compile_filters(index, Filters(entity_types=("Persn",)))
    with pytest.raises(ConfigError, match=r'no relation type "READ".*WROTE'):
        compile_filters(index, Filters(relation_types=("READ",)))


@pytest.mark.parametrize("date", ["May 2020", "20-05", "2020/05/04", "2020-5"])
def test_a_date_must_be_iso(index: SearchIndex, date: str) -> None:
    with pytest.raises(ConfigError, match="is not a date"):
        compile_filters(index, Filters(since=date))


def test_equal_filters_share_a_key() -> None:
    assert Filters(documents=("a", "b")).key == Filters(documents=("b", "a")).key
    assert Filters(since="2020").key != Filters(until="2020").key
