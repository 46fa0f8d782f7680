"""Making the index of the next commit from the one before: the same bytes as from nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.index.builder import build_search_index
from graphrag.interfaces import Embedder, Floats

PARAGRAPHS = [
    "Ada Lovelace wrote notes. Charles Babbage's engine had impressed her.",
    "Charles Babbage was born in London. London is wet.",
    "The Old Engine stands in a museum in Zürich.",
    "서울은 한국의 수도이다. 애플은 서울에 있다.",
    "He kept a diary about engines, engineering and the engineer.",
    "…",
]
TITLES = ["", "Ada Lovelace", "London (city)", "Old Engine", "The", "서울"]
ENTITIES = {
    "Ada Lovelace": "Person",
    "Charles Babbage": "Person",
    "London": "City",
    "서울": "City",
    "애플": "",
}
BORN = ("Charles Babbage", "BORN_IN", "London", "was born in London")

texts = st.tuples(
    st.sampled_from(TITLES), st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=3).map("\n\n".join)
)
states = st.tuples(
    st.dictionaries(st.sampled_from("abcdef"), texts, max_size=5),
    st.sets(st.sampled_from(sorted(ENTITIES)), max_size=5),
)


def view_of(
    memory_view: Callable[..., Any], documents: dict[str, tuple[str, str]], names: set[str], commit: int
) -> Any:
    """A view of these documents that knows these entities and the facts between them."""
    known = {name: ENTITIES[name] for name in names}
    facts = [
        (key, *BORN)
        for key, (_, text) in documents.items()
        if BORN[3] in text and {BORN[0], BORN[2]} <= names
    ]
    view = memory_view(documents, types=known, facts=facts)
    view.commit = commit
    return view


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def from_nothing(view: Any, embedder: Embedder) -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        return contents(build_search_index(view, embedder, Path(folder)).folder)


class Counting:
    """An embedder that counts the texts it was given."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder, self.count = embedder, 0
        self.name, self.dim = embedder.name, embedder.dim

    def embed(self, texts: Sequence[str]) -> Floats:
        self.count += len(texts)
        return self.embedder.embed(texts)


@pytest.mark.parametrize("embedder", [HashingEmbedder(dim=16), WordLlamaEmbedder(dim=64)])
def test_after_any_changes_the_index_is_that_of_a_build_from_nothing(
    embedder: Embedder, memory_view: Callable[..., Any]
) -> None:
    @given(st.lists(states, min_size=2, max_size=4))
    @settings(max_examples=40, deadline=None)
    def holds(history: list[tuple[dict[str, tuple[str, str]], set[str]]]) -> None:
        with TemporaryDirectory() as folder:
            for commit, (documents, names) in enumerate(history, start=1):
                view = view_of(memory_view, documents, names, commit)
                index = build_search_index(view, embedder, Path(folder))
                assert contents(index.folder) == from_nothing(view, embedder)

    holds()


@pytest.fixture
def first(memory_view: Callable[..., Any]) -> Any:
    documents = {key: ("", text) for key, text in zip("abcd", PARAGRAPHS, strict=False)}
    return view_of(memory_view, documents, {"London", "Charles Babbage"}, 1)


@pytest.fixture
def second(memory_view: Callable[..., Any]) -> Any:
    documents = {key: ("", text) for key, text in zip("bcde", PARAGRAPHS[1:], strict=False)}
    return view_of(memory_view, documents, {"London", "Charles Babbage", "서울"}, 2)


def test_only_what_is_new_is_embedded(first: Any, second: Any, tmp_path: Path) -> None:
    embedder = Counting(HashingEmbedder(dim=16))
    build_search_index(first, embedder, tmp_path)
    embedder.count = 0
    build_search_index(second, embedder, tmp_path)
    assert embedder.count == 2  # a passage of one sentence


def test_a_damaged_index_is_not_built_upon(first: Any, second: Any, tmp_path: Path) -> None:
    embedder = HashingEmbedder(dim=16)
    wanted = from_nothing(second, embedder)
    for path in build_search_index(first, embedder, tmp_path / "sound").folder.rglob("*"):
        if path.is_file():
            folder = tmp_path / path.stem
            built = build_search_index(first, embedder, folder).folder
            victim = built / path.relative_to(tmp_path / "sound" / built.name)
            raw = bytearray(victim.read_bytes())
            raw[len(raw) * 3 // 4 % len(raw)] ^= 0x55
            victim.write_bytes(raw)
            assert contents(build_search_index(second, embedder, folder).folder) == wanted, path.name


def test_the_vectors_of_another_embedder_are_not_taken(first: Any, second: Any, tmp_path: Path) -> None:
    build_search_index(first, HashingEmbedder(dim=24), tmp_path)
    index = build_search_index(second, HashingEmbedder(dim=16), tmp_path)
    assert contents(index.folder) == from_nothing(second, HashingEmbedder(dim=16))
