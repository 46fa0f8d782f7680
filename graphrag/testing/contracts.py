"""What every implementation of a seam must do: subclass a suite and give it a factory.

::

    class TestMyEmbedder(EmbedderContract):
        def make(self) -> Embedder:
            return MyEmbedder()

The suites use plain asserts, so any runner that collects ``test_`` methods runs them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import Document
from graphrag.ids import document_id
from graphrag.interfaces import Chunker, Embedder, LexicalIndex, VectorIndex

_TEXTS = (
    "",
    " \n\t ",
    "One sentence only.",
    "# Rivers\n\nThe Odra rises in the east. It runs north.\n\n- a list\n- of things\n",
    "No stop at the end",
    "비가 온다. 바람이 분다. 雨が降る。風が吹く。",
    "x" * 5000,
    "word " * 3000,
    "e" + "\u0301" * 500 + " \U0001f468\u200d\U0001f469\u200d\U0001f467" * 50,
    "A sentence that goes on, clause after clause, " * 200 + "until it ends.",
    "\n\n".join(f"Paragraph {number} says a thing. It says another, too." for number in range(200)),
)


class ChunkerContract:
    """For a `Chunker`."""

    def make(self) -> Chunker:
        """Give the chunker under test."""
        raise NotImplementedError

    def test_chunks_quote_the_document_exactly_and_in_order(self) -> None:
        for document in _documents():
            chunks = self.make().split(document)
            assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
            assert [chunk.span.start for chunk in chunks] == sorted({chunk.span.start for chunk in chunks})
            for chunk in chunks:
                assert chunk.text == document.text[chunk.span.start : chunk.span.end]
                assert chunk.text.strip()
                assert (chunk.document_id, chunk.title) == (document.id, document.title)

    def test_every_visible_character_is_in_a_chunk(self) -> None:
        for document in _documents():
            covered = np.zeros(len(document.text), dtype=bool)
            for chunk in self.make().split(document):
                covered[chunk.span.start : chunk.span.end] = True
            missed = [character for character, hit in zip(document.text, covered, strict=True) if not hit]
            assert not "".join(missed).strip()

    def test_chunk_ids_are_unique_and_repeatable(self) -> None:
        for document in _documents():
            ids = [chunk.id for chunk in self.make().split(document)]
            assert len(set(ids)) == len(ids)
            assert ids == [chunk.id for chunk in self.make().split(document)]


class EmbedderContract:
    """For an `Embedder`."""

    def make(self) -> Embedder:
        """Give the embedder under test."""
        raise NotImplementedError

    def test_rows_are_unit_vectors_in_float32(self) -> None:
        embedder = self.make()
        rows = embedder.embed(["a river", "Zürich", "비가 온다", "x" * 3000])
        assert rows.shape == (4, embedder.dim)
        assert rows.dtype == np.float32
        assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)

    def test_an_empty_text_gives_a_zero_row(self) -> None:
        rows = self.make().embed(["", "rain"])
        assert not rows[0].any()
        assert rows[1].any()

    def test_no_texts_give_no_rows(self) -> None:
        embedder = self.make()
        assert embedder.embed([]).shape == (0, embedder.dim)

    def test_a_row_depends_on_its_text_only(self) -> None:
        embedder = self.make()
        texts = [f"{word} number {number}" for number in range(40) for word in ("river", "bridge of stone")]
        together = embedder.embed(texts)
        backwards = embedder.embed(texts[::-1])[::-1]
        alone = np.concatenate([embedder.embed([text]) for text in texts])
        assert np.array_equal(together, backwards)
        assert np.array_equal(together, alone)

    def test_the_name_tells_the_model(self) -> None:
        assert self.make().name == self.make().name
        assert self.make().name.strip()


class VectorIndexContract:
    """For a `VectorIndex`; `exact` is False where a search may miss a neighbour."""

    exact = True

    def make(self, dim: int) -> VectorIndex:
        """Give an empty index."""
        raise NotImplementedError

    def test_search_equals_a_full_scan(self) -> None:
        index, ids, vectors = self._filled(300)
        queries = _unit_rows(20, 16, seed=2)
        found, scores = index.search(queries, 10)
        wanted = [_scan(ids, vectors, query, 10) for query in queries]
        if self.exact:
            assert found == wanted
        hits = sum(len(set(a) & set(b)) for a, b in zip(found, wanted, strict=True))
        assert hits >= 0.95 * 200
        for row in scores:
            assert row == sorted(row, reverse=True)

    def test_scores_are_cosines(self) -> None:
        index, ids, vectors = self._filled(50)
        found, scores = index.search(vectors[:5], 3)
        for row, (names, values) in enumerate(zip(found, scores, strict=True)):
            assert names[0] == ids[row]
            rows = [ids.index(name) for name in names]
            assert np.allclose(values, vectors[rows] @ vectors[row], atol=1e-5)

    def test_k_beyond_the_size_gives_all(self) -> None:
        index, ids, _ = self._filled(7)
        found, scores = index.search(_unit_rows(2, 16, seed=3), 50)
        assert [sorted(row) for row in found] == [sorted(ids)] * 2
        assert [len(row) for row in scores] == [7, 7]

    def test_an_empty_index_finds_nothing(self) -> None:
        assert self.make(16).search(_unit_rows(2, 16, seed=3), 5) == ([[], []], [[], []])

    def test_ties_go_by_id(self) -> None:
        index = self.make(16)
        row = _unit_rows(1, 16, seed=4)
        index.add(["c", "a", "b"], np.repeat(row, 3, axis=0))
        assert index.search(row, 3)[0] == [["a", "b", "c"]]

    def test_search_k_is_a_prefix_of_k_plus_1(self) -> None:
        index, _, _ = self._filled(200)
        query = _unit_rows(1, 16, seed=5)
        longest = index.search(query, 30)[0][0]
        for k in range(1, 30):
            assert index.search(query, k)[0][0] == longest[:k]

    def test_adding_a_known_id_replaces_its_vector(self) -> None:
        index, ids, vectors = self._filled(40)
        index.add([ids[3]], -vectors[3:4])
        assert len(index) == 40
        assert index.search(-vectors[3:4], 1)[0] == [[ids[3]]]
        assert index.search(vectors[3:4], 1)[0] != [[ids[3]]]

    def test_removed_ids_are_not_found(self) -> None:
        index, ids, vectors = self._filled(40)
        index.remove([*ids[:20], "unknown"])
        assert len(index) == 20
        found = index.search(vectors, 40)[0]
        assert all(sorted(row) == sorted(ids[20:]) for row in found)

    def test_save_then_load_is_identity(self, tmp_path: Path) -> None:
        index, ids, vectors = self._filled(60)
        index.remove(ids[:5])
        index.save(tmp_path / "index")
        loaded = self.make(16)
        loaded.load(tmp_path / "index")
        assert len(loaded) == 55
        assert loaded.search(vectors, 10) == index.search(vectors, 10)
        loaded.add([ids[0]], vectors[:1])  # and it can still grow
        assert loaded.search(vectors[:1], 1)[0] == [[ids[0]]]

    def _filled(self, count: int) -> tuple[VectorIndex, list[str], NDArray[np.float32]]:
        index = self.make(16)
        ids = [f"v{number:04}" for number in range(count)]
        np.random.default_rng(1).shuffle(ids)
        vectors = _unit_rows(count, 16, seed=1)
        for start in range(0, count, 37):
            index.add(ids[start : start + 37], vectors[start : start + 37])
        return index, ids, vectors


class LexicalIndexContract:
    """For a `LexicalIndex`."""

    texts: Sequence[str] = (
        "The river Odra runs north.",
        "A bridge of stone crosses the river.",
        "The north is cold, the south is warm.",
        "Stone on stone, the wall rose.",
        "",
        "강물이 북쪽으로 흐른다.",
    )

    def make(self) -> LexicalIndex:
        """Give an empty index."""
        raise NotImplementedError

    def test_texts_with_rarer_and_more_words_come_first(self) -> None:
        index, ids = self._filled()
        found, scores = index.search(["stone bridge"], 5)
        assert found == [[ids[1], ids[3]]]
        assert scores[0] == sorted(scores[0], reverse=True)
        assert min(scores[0]) > 0

    def test_only_texts_that_share_a_word_are_found(self) -> None:
        index, _ = self._filled()
        assert index.search(["zebra", "", "?!"], 5) == ([[], [], []], [[], [], []])

    def test_case_and_accents_do_not_count(self) -> None:
        index, ids = self._filled()
        assert index.search(["ÓDRA"], 5)[0] == [[ids[0]]]

    def test_scripts_without_blanks_are_searched(self) -> None:
        index, ids = self._filled()
        assert index.search(["북쪽"], 5)[0] == [[ids[5]]]

    def test_ties_go_by_id(self) -> None:
        index = self.make()
        index.add(["c", "a", "b"], ["same words"] * 3)
        assert index.search(["words"], 2)[0] == [["a", "b"]]

    def test_search_k_is_a_prefix_of_k_plus_1(self) -> None:
        index = self.make()
        random = np.random.default_rng(3)
        words = "river bridge stone north wall".split()  # noqa: SIM905
        index.add([f"t{n:03}" for n in range(200)], [" ".join(random.choice(words, 6)) for _ in range(200)])
        longest = index.search(["stone wall"], 200)[0][0]
        for k in (1, 2, 7, 30, 111):
            assert index.search(["stone wall"], k)[0][0] == longest[:k]

    def test_adds_and_removals_equal_a_fresh_index(self) -> None:
        index, ids = self._filled()
        index.add([ids[0], "new"], ["A wall in the north.", "Stone river, stone sea."])
        index.remove([ids[3], "unknown"])
        fresh = self.make()
        texts = dict(zip(ids, self.texts, strict=True))
        texts |= {ids[0]: "A wall in the north.", "new": "Stone river, stone sea."}
        del texts[ids[3]]
        fresh.add(list(texts)[::-1], list(texts.values())[::-1])
        queries = ["stone", "river north", "wall", "the cold bridge", "북쪽"]
        assert len(index) == len(fresh)
        assert index.search(queries, 9) == fresh.search(queries, 9)

    def test_save_then_load_is_identity(self, tmp_path: Path) -> None:
        index, ids = self._filled()
        index.save(tmp_path / "index")
        loaded = self.make()
        loaded.load(tmp_path / "index")
        queries = ["stone", "river north", "zebra"]
        assert len(loaded) == len(ids)
        assert loaded.search(queries, 9) == index.search(queries, 9)
        loaded.remove([ids[1]])
        assert loaded.search(["bridge"], 9)[0] == [[]]

    def _filled(self) -> tuple[LexicalIndex, list[str]]:
        index = self.make()
        ids = [f"t{number}" for number in range(len(self.texts))]
        index.add(ids, self.texts)
        return index, ids


def _documents() -> list[Document]:
    return [
        Document(document_id(str(number), "A title", text, {}), str(number), text, "A title")
        for number, text in enumerate(_TEXTS)
    ]


def _unit_rows(count: int, dim: int, *, seed: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _scan(ids: Sequence[str], vectors: NDArray[np.float32], query: NDArray[np.float32], k: int) -> list[str]:
    scores = vectors @ query
    order = sorted(range(len(ids)), key=lambda row: (-scores[row], ids[row]))
    return [ids[row] for row in order[:k]]
