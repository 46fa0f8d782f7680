"""The derived search index."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.errors import StoreError
from graphrag.index.builder import build_search_index
from graphrag.index.names import TITLE_ONLY
from graphrag.index.snapshot import SearchIndex, open_search_index

TEXTS = {
    "a": ("Ada Lovelace", "Ada Lovelace wrote notes on an engine. Charles Babbage had designed it."),
    "b": ("", "Charles Babbage was born in London. London is wet.\n\nHe kept a diary."),
    "c": ("Old Engine", "The machine stands in a museum."),
}
TYPES = {"Ada Lovelace": "Person", "Charles Babbage": "Person", "London": "City"}
FACTS = [("b", "Charles Babbage", "BORN_IN", "London", "was born in London")]


@pytest.fixture
def view(memory_view: Callable[..., Any]) -> Any:
    return memory_view(TEXTS, types=TYPES, facts=FACTS)


@pytest.fixture
def index(view: Any, tmp_path: Path) -> SearchIndex:
    return build_search_index(view, HashingEmbedder(dim=32), tmp_path / "index")


def files_below(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def sentences_of(index: SearchIndex, view: Any, name: str) -> set[str]:
    row = index.entity_ids.take(range(len(index.entity_ids))).index(view.entity_id(name))
    texts = set()
    for sentence in index.entity_sentences.row(row).tolist():
        document = index.document_ids[index.chunk_document[index.sentence_chunk[sentence]]]
        start, end = index.sentence_span[sentence].tolist()
        texts.add(view.documents_by_id([document])[0].text[start:end])
    return texts


def test_counts_tell_what_is_inside(index: SearchIndex) -> None:
    assert dict(index.counts) == {"documents": 3, "chunks": 4, "sentences": 6, "entities": 3, "relations": 1}


def test_entities_stand_in_the_sentences_that_name_them(index: SearchIndex, view: Any) -> None:
    assert sentences_of(index, view, "London") == {"Charles Babbage was born in London.", "London is wet."}
    assert sentences_of(index, view, "Charles Babbage") == {
        "Charles Babbage had designed it.",
        "Charles Babbage was born in London.",
    }


def test_a_relation_points_to_the_sentence_that_states_it(index: SearchIndex) -> None:
    sentence = int(index.relation_sentences.row(0)[0])
    assert index.sentence_relations.row(sentence).tolist() == [0]
    assert index.relation_types == ("BORN_IN",)


def test_relations_are_walked_both_ways(index: SearchIndex) -> None:
    ends = {int(index.relation_subject[0]), int(index.relation_object[0])}
    for end in ends:
        _, places = index.adjacency.gather(np.array([end]))
        assert set(index.adjacency.indices[places].tolist()) == ends - {end}
        assert index.adjacency_types[places].tolist() == [0]


def test_a_title_without_an_entity_is_a_name_all_the_same(index: SearchIndex) -> None:
    hidden = np.flatnonzero(index.entity_flags & TITLE_ONLY)
    assert [index.entity_names[int(row)] for row in hidden] == ["Old Engine"]
    assert len(index.entity_subjects.row(int(hidden[0]))) == 1


def test_without_a_title_the_first_words_tell_the_subject(index: SearchIndex, view: Any) -> None:
    row = index.entity_ids.take(range(3)).index(view.entity_id("Charles Babbage"))
    chunks = index.entity_subjects.row(row)
    texts = [chunk.text for chunk in view.chunks_by_id(index.chunk_ids.take(chunks))]
    assert texts == ["Charles Babbage was born in London. London is wet.", "He kept a diary."]


def test_the_same_content_gives_the_same_bytes(view: Any, index: SearchIndex, tmp_path: Path) -> None:
    again = build_search_index(view, HashingEmbedder(dim=32), tmp_path / "again")
    names = files_below(index.folder)
    assert names == files_below(again.folder)
    for name in names:
        assert (index.folder / name).read_bytes() == (again.folder / name).read_bytes()


def test_a_newer_commit_replaces_the_older_index(view: Any, index: SearchIndex, tmp_path: Path) -> None:
    view.commit = 2
    build_search_index(view, HashingEmbedder(dim=32), tmp_path / "index")
    assert open_search_index(tmp_path / "index", 2).commit == 2
    with pytest.raises(StoreError, match="no search index of commit 1"):
        open_search_index(tmp_path / "index", 1)


def test_an_index_of_another_format_is_refused(index: SearchIndex) -> None:
    meta = index.folder / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "format": 999}))
    with pytest.raises(StoreError, match="graphrag rebuild"):
        open_search_index(index.folder.parent, 1)


def test_an_empty_knowledge_base_has_an_index(memory_view: Callable[..., Any], tmp_path: Path) -> None:
    index = build_search_index(memory_view({}), HashingEmbedder(dim=32), tmp_path)
    assert set(index.counts.values()) == {0}
