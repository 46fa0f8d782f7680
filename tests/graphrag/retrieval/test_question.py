"""How well sentences cover a question."""

from typing import Any

import numpy as np
import pytest

from graphrag.config import SearchSettings
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.index.snapshot import SearchIndex
from graphrag.linking import Cues
from graphrag.retrieval.question import Question, Thesaurus, prepare_questions, sentence_matrix


def ask(
    index: SearchIndex, embedder: WordLlamaEmbedder, text: str, cues: Cues | None = None, **settings: Any
) -> Question:
    return prepare_questions(
        index,
        embedder,
        [text],
        thesaurus=Thesaurus(index, embedder),
        cues=cues,
        settings=SearchSettings(**settings),
    )[0]


def covered(index: SearchIndex, world: Any, question: Question) -> dict[str, float]:
    """Share of the question's words that each sentence covers."""
    rows = np.arange(len(index.sentence_chunk))
    shares = sentence_matrix(index, question, rows) @ question.shares
    texts = {}
    for row, share in zip(rows, shares, strict=True):
        chunk = world.chunks_by_id([index.chunk_ids[index.sentence_chunk[row]]])[0]
        start, end = (index.sentence_span[row] - chunk.span.start).tolist()
        texts[chunk.text[start:end]] = float(share)
    return texts


def test_a_sentence_with_every_word_covers_all(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder
) -> None:
    question = ask(index, embedder, "Bakers feed the starter", likeness=1.0)
    found = covered(index, world, question)
    assert found["Bakers feed the starter every evening."] == pytest.approx(1.0)
    assert found["Rain falls all through it."] == 0.0


def test_shares_sum_to_one(index: SearchIndex, embedder: WordLlamaEmbedder) -> None:
    question = ask(index, embedder, "Who directed Silent Harbor in the city?")
    assert question.shares.sum() == pytest.approx(1.0)
    assert question.asked.sum() == pytest.approx(1.0)
    assert (question.asked[question.linked.in_name] == 0).all()


def test_words_of_the_ontology_cover_in_part(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder, cues: Cues
) -> None:
    sentence = "Tim Cook is the chief executive of Apple."
    plain = covered(index, world, ask(index, embedder, "Who runs it?", likeness=1.0))
    cued = covered(index, world, ask(index, embedder, "Who runs it?", cues, likeness=1.0))
    assert plain[sentence] == 0.0
    assert cued.get(sentence, 0.0) >= plain[sentence]


def test_the_thesaurus_gives_the_same_again(index: SearchIndex, embedder: WordLlamaEmbedder) -> None:
    thesaurus = Thesaurus(index, embedder)
    first = thesaurus.alike(["director", "city", "qwertz"])
    assert thesaurus.alike(["director", "city", "qwertz"]) == first
    assert thesaurus.alike(["city"]) == {word: near for word, near in first.items() if word == "city"}


def test_many_questions_are_prepared_as_each_alone(index: SearchIndex, embedder: WordLlamaEmbedder) -> None:
    texts = ["Who directed Silent Harbor?", "How is bread made?", ""]
    thesaurus, settings = Thesaurus(index, embedder), SearchSettings()
    together = prepare_questions(index, embedder, texts, thesaurus=thesaurus, settings=settings)
    for question, text in zip(together, texts, strict=True):
        alone = prepare_questions(index, embedder, [text], thesaurus=thesaurus, settings=settings)[0]
        assert alone.linked.rest == question.linked.rest
        np.testing.assert_array_equal(alone.vector, question.vector)
        np.testing.assert_array_equal(alone.alike_value, question.alike_value)
