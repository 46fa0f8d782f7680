"""A question made ready for search: what it names, what it asks, and how well a sentence fits that.

A question's word counts as covered by the word itself, by a word the embedder holds for nearly the
same ("husband" by "married"), or by a word an ontology gives for a relation that the question names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphrag.index.arrays import Array
from graphrag.index.snapshot import SearchIndex
from graphrag.index.terms import STOPWORDS, fold
from graphrag.interfaces import Embedder, Floats
from graphrag.linking import Cues, LinkedQuestion, link_question
from graphrag.retrieval.settings import SearchSettings

_MOST_ALIKE = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What search knows about a question before it looks at a passage.

    Attributes:
        linked: Names, relation types and search terms.
        vector: (dim,) of the whole question.
        rest_vector: (dim,) of the question without the names.
        shares: (t,) share of each search term in the whole, by inverse frequency; sums to 1.
        asked: (t,) the same of the terms that are not names; sums to 1, or all 0.
        alike: Sorted rows of the terms that stand for a question's term, itself included.
        alike_term: For each of them the question's term, as a place in `linked.terms`.
        alike_value: For each of them what it is worth, in (0, 1].
    """

    linked: LinkedQuestion
    vector: Floats
    rest_vector: Floats
    shares: NDArray[np.float64]
    asked: NDArray[np.float64]
    alike: NDArray[np.int64]
    alike_term: NDArray[np.int64]
    alike_value: NDArray[np.float32]


def prepare_questions(
    index: SearchIndex,
    embedder: Embedder,
    texts: Sequence[str],
    *,
    cues: Cues | None = None,
    settings: SearchSettings,
) -> list[Question]:
    """Link questions and embed them, all texts in one call to the embedder."""
    linked = [link_question(index, text, cues) for text in texts]
    words = sorted({word for item in linked for word in _asked_words(item)}) if settings.likeness < 1 else []
    vectors = embedder.embed([*texts, *(item.rest or item.text for item in linked), *words])
    word_vectors = dict(zip(words, vectors[2 * len(texts) :], strict=True))
    return [
        _prepare(index, item, vectors[at], vectors[len(texts) + at], word_vectors, settings)
        for at, item in enumerate(linked)
    ]


def sentence_matrix(index: SearchIndex, question: Question, sentences: Array) -> NDArray[np.float32]:
    """(s, t): how well each sentence covers each of the question's terms, in [0, 1]."""
    owner, _, terms = index.sentence_terms.gather(sentences)
    return _cover(question, owner, terms, len(sentences))


def title_matrix(index: SearchIndex, question: Question, chunks: Array) -> NDArray[np.float32]:
    """(c, t): the same for the titles of chunks."""
    owner, _, terms = index.title_terms.gather(chunks)
    return _cover(question, owner, terms, len(chunks))


def _cover(question: Question, owner: Array, terms: Array, count: int) -> NDArray[np.float32]:
    width = len(question.linked.terms)
    cover = np.zeros(count * width, dtype=np.float32)
    if not len(question.alike) or not len(terms):
        return cover.reshape(count, width)
    at = np.searchsorted(question.alike, terms)
    at[at == len(question.alike)] = 0
    known = np.flatnonzero(question.alike[at] == terms)
    at = at[known]
    np.maximum.at(cover, owner[known] * width + question.alike_term[at], question.alike_value[at])
    return cover.reshape(count, width)


def _asked_words(linked: LinkedQuestion) -> list[str]:
    named = {
        place for entity in linked.entities for place in range(entity.first, entity.first + entity.length)
    }
    folds = (fold(word) for at, word in enumerate(linked.words) if at not in named)
    return [word for word in folds if word not in STOPWORDS and not word.isdigit()]


def _prepare(
    index: SearchIndex,
    linked: LinkedQuestion,
    vector: Floats,
    rest_vector: Floats,
    word_vectors: dict[str, Floats],
    settings: SearchSettings,
) -> Question:
    from graphrag.index.terms import stem
    from graphrag.linking import term_rows

    weights = linked.weights.astype(np.float64)
    asked = np.where(linked.in_name, 0.0, weights)
    places = {int(row): place for place, row in enumerate(linked.terms.tolist())}
    best: dict[int, tuple[float, int]] = {row: (1.0, place) for row, place in places.items()}
    words = [word for word in _asked_words(linked) if word in word_vectors]
    if words and len(index.common_terms):
        rows = term_rows(index, [stem(word) for word in words])
        similar = index.term_vectors @ np.array([word_vectors[word] for word in words]).T  # (m, words)
        for column, row in enumerate(rows.tolist()):
            place = places.get(row)
            if place is None:
                continue
            near = np.flatnonzero(similar[:, column] >= settings.likeness)
            near = near[np.argsort(-similar[near, column], kind="stable")][:_MOST_ALIKE]
            for other in near.tolist():
                term = int(index.common_terms[other])
                value = settings.like_weight * float(similar[other, column])
                if term not in places and (term not in best or best[term][0] < value):
                    best[term] = (value, place)
    for term, place in zip(linked.cue_terms.tolist(), linked.cue_of.tolist(), strict=True):
        if term not in best or best[term][0] < settings.cue_weight:
            best[term] = (settings.cue_weight, place)
    ordered = sorted(best)
    return Question(
        linked=linked,
        vector=vector,
        rest_vector=rest_vector,
        shares=weights / max(float(weights.sum()), 1e-9),
        asked=asked / max(float(asked.sum()), 1e-9),
        alike=np.array(ordered, dtype=np.int64),
        alike_term=np.array([best[row][1] for row in ordered], dtype=np.int64),
        alike_value=np.array([best[row][0] for row in ordered], dtype=np.float32),
    )
