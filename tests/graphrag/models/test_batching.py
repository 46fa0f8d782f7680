"""Texts share a call of the network only where none of them can notice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from graphrag.models import batching, load_pipeline
from graphrag.models.batching import SLAB, TILE, batches, rows_stand_alone, tiled
from graphrag.models.threads import one_thread

WORDS = [
    "the",
    "The",
    "Oslo",
    "founded",
    "1994",
    ",",
    ".",
    "(",
    "Corp",
    "quickly",
    "Lena",
    "zarvoon",
    "naïve",
]
WORDS += ["U.S.", "–", "a", "\n\n", "", "\n"]
TEXTS = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def nlp() -> Language:
    found = load_pipeline()
    found.remove_pipe("doc_cleaner")  # it would drop the bits to compare
    return found


def everything(doc: Doc) -> tuple[bytes, bytes]:
    return doc.tensor.tobytes(), doc.to_bytes(exclude=["tensor", "user_data"])


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_a_text_has_the_same_bits_alone_and_in_company(nlp: Language, texts: list[str]) -> None:
    together = [everything(doc) for doc in nlp.pipe(texts)]
    assert together == [everything(nlp(text)) for text in texts]


def test_where_rows_notice_each_other_texts_are_read_one_by_one(
    nlp: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["Lena Marsh founded Nordlab.", "", "It is in Oslo."]
    together = [everything(doc) for doc in nlp.pipe(texts)]
    monkeypatch.setattr(batching, "rows_stand_alone", lambda n_in, n_out: False)
    docs = [nlp.make_doc(text) for text in texts]
    assert [len(batch) for batch in batches(docs, [(64, 64)])] == [1, 1, 1]
    assert [everything(doc) for doc in nlp.pipe(texts)] == together


def test_no_text_is_lost_and_none_is_moved(nlp: Language) -> None:
    docs = [nlp.make_doc("word " * (7 * number % 300)) for number in range(40)]
    found = list(batches(docs, [(64, 64)]))
    assert [doc for batch in found for doc in batch] == docs
    assert list(batches([], [(64, 64)])) == []


def test_texts_are_handed_on_while_more_come(nlp: Language) -> None:
    taken = 0

    def stream() -> Iterator[str]:
        nonlocal taken
        for _ in range(500):
            taken += 1
            yield "A sentence of seven words stands here."

    next(iter(nlp.pipe(stream())))
    assert taken < 250


@pytest.mark.parametrize(("n_in", "n_out"), [(576, 512), (192, 736), (64, 3264), (128, 48)])
def test_what_the_trial_promises_holds_for_every_number_of_rows(n_in: int, n_out: int) -> None:
    if not rows_stand_alone(n_in, n_out):
        pytest.skip("this BLAS adds up a row by its place")
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((n_in, n_out), dtype=np.float32)
    rows = rng.standard_normal((SLAB, n_in), dtype=np.float32)
    with one_thread():
        whole = rows @ weights
        for size in range(TILE, SLAB, TILE):
            begin = int(rng.integers(0, SLAB - size))
            assert (rows[begin : begin + size] @ weights == whole[begin : begin + size]).all()


def test_tiles() -> None:
    assert [tiled(size) for size in (0, 1, TILE, TILE + 1)] == [0, TILE, TILE, 2 * TILE]
