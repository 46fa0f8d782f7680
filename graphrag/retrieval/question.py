"""A question made ready for search: what it names, what it asks, and how well a sentence fits that.

A question's word counts as covered by the word itself, by a word the embedder holds for nearly the
same ("husband" by "married"), or by a word an ontology gives for a relation that the question names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphrag.config import SearchSettings
from graphrag.index.arrays import Array, products, spread
from graphrag.index.snapshot import SearchIndex
from graphrag.index.terms import STOPWORDS, fold, stem
from graphrag.interfaces import Embedder, Floats
from graphrag.linking import Cues, LinkedQuestion, link_question, term_rows

_MOST_ALIKE = 12
_LEAST_ALIKE = 0.4
_MOST_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Question:
    """What search knows about a question before it looks at a passage.

    Attributes:
        linked: Names, relation types and search terms.
        vector: (dim,) of the whole question.
        rest_vector: (dim,) of the question without the names.
        shares: (t,) share of each search term in the whole, by inverse frequency; sums to 1.
        asked: (t,) the same of the terms that are not names; sums to 1, or all 0.
        alike_place: (terms of the corpus,) one more than the place below of a term that stands for a
            question's term, itself included; 0 for all others.
        alike_term: For each of them the question's term, as a place in `linked.terms`.
        alike_value: For each of them what it is worth, in (0, 1].
        asked_types: (relation types,) whether the question points to the type.
    """

    linked: LinkedQuestion
    vector: Floats
    rest_vector: Floats
    shares: NDArray[np.float64]
    asked: NDArray[np.float64]
    alike_place: NDArray[np.int32]
    alike_term: NDArray[np.int64]
    alike_value: NDArray[np.float32]
    asked_types: NDArray[np.bool_]


class Thesaurus:
    """Words of the corpus that the embedder holds for nearly the same as a word; remembers its finds.

    Looking at the common terms of the corpus takes about a millisecond a word, once.
    """

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._known: dict[str, tuple[tuple[int, float], ...]] = {}

    def alike(self, words: Iterable[str]) -> dict[str, tuple[tuple[int, float], ...]]:
        """For each word the nearest terms, best first: row and cosine, down to `_LEAST_ALIKE`."""
        wanted = dict.fromkeys(words)
        if len(self._known) > _MOST_REMEMBERED:
            self._known = {}
        known = self._known  # another thread may start a new one meanwhile
        found = {word: known.get(word) for word in wanted}
        fresh = [word for word, near in found.items() if near is None]
        # One word at a time: a product of another shape may round otherwise.
        for word, vector in zip(fresh, self._embedder.embed(fresh) if fresh else (), strict=True):
            found[word] = known[word] = self._nearest(vector)
        return {word: near for word, near in found.items() if near}

    def _nearest(self, vector: Floats) -> tuple[tuple[int, float], ...]:
        index = self._index
        similar = products(index.term_vectors, vector)
        near = np.flatnonzero(similar >= _LEAST_ALIKE)
        near = near[np.argsort(-similar[near], kind="stable")][:_MOST_ALIKE]
        return tuple(zip(index.common_terms[near].tolist(), similar[near].tolist(), strict=True))


def prepare_questions(
    index: SearchIndex,
    embedder: Embedder,
    texts: Sequence[str],
    *,
    thesaurus: Thesaurus,
    cues: Cues | None = None,
    settings: SearchSettings,
) -> list[Question]:
    """Link questions and embed them, all in one call to the embedder."""
    linked = [link_question(index, text, cues) for text in texts]
    vectors = embedder.embed([*texts, *(item.rest or item.text for item in linked)])
    return [
        _prepare(index, item, vectors[at], vectors[len(texts) + at], thesaurus, settings)
        for at, item in enumerate(linked)
    ]


def sentence_matrix(index: SearchIndex, question: Question, sentences: Array) -> NDArray[np.float32]:
    """(s, t): how well each sentence covers each of the question's terms, in [0, 1]."""
    owner, _, terms = index.sentence_terms.gather(sentences)
    return _cover(question, owner, terms, len(sentences))


def chunk_matrix(index: SearchIndex, question: Question, chunks: Array) -> NDArray[np.float32]:
    """(c, t): the same for chunks, titles included."""
    first, bodies = index.chunk_sentences, index.sentence_terms
    # The sentences of a chunk follow each other, and so do their terms.
    owner, at = spread(bodies.start[first[chunks]], bodies.start[first[chunks + 1]])
    title_owner, _, title_terms = index.title_terms.gather(chunks)
    owners, terms = np.concatenate((owner, title_owner)), np.concatenate((bodies.values[at], title_terms))
    return _cover(question, owners, terms, len(chunks))


def _cover(question: Question, owner: Array, terms: Array, count: int) -> NDArray[np.float32]:
    width = len(question.linked.terms)
    cover = np.zeros(count * width, dtype=np.float32)
    if width and len(terms):
        at = question.alike_place[terms]
        known = at.nonzero()[0]
        at = at[known] - 1
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
    thesaurus: Thesaurus,
    settings: SearchSettings,
) -> Question:
    weights = linked.weights.astype(np.float64)
    asked = np.where(linked.in_name, 0.0, weights)
    places = {int(row): place for place, row in enumerate(linked.terms.tolist())}
    best: dict[int, tuple[float, int]] = {row: (1.0, place) for row, place in places.items()}
    if settings.likeness < 1:
        words = _asked_words(linked)
        own = dict(zip(words, term_rows(index, [stem(word) for word in words]).tolist(), strict=True))
        for word, near in thesaurus.alike(words).items():
            if own[word] not in places:
                continue
            for term, similarity in near:
                value = settings.like_weight * similarity
                worse = term not in best or best[term][0] < value
                if similarity >= settings.likeness and worse:
                    best[term] = (value, places[own[word]])
    for term, place in zip(linked.cue_terms.tolist(), linked.cue_of.tolist(), strict=True):
        if term not in best or best[term][0] < settings.cue_weight:
            best[term] = (settings.cue_weight, place)
    ordered = sorted(best)
    alike_place = np.zeros(len(index.term_hash), dtype=np.int32)
    alike_place[ordered] = np.arange(1, len(ordered) + 1)
    return Question(
        linked=linked,
        vector=vector,
        rest_vector=rest_vector,
        shares=weights / max(float(weights.sum()), 1e-9),
        asked=asked / max(float(asked.sum()), 1e-9),
        alike_place=alike_place,
        alike_term=np.array([best[row][1] for row in ordered], dtype=np.int64),
        alike_value=np.array([best[row][0] for row in ordered], dtype=np.float32),
        asked_types=_marked(linked.relation_types, index.relation_types),
    )


def _marked(wanted: Sequence[str], known: Sequence[str]) -> NDArray[np.bool_]:
    marks = np.zeros(len(known), dtype=np.bool_)
    for name in wanted:
        if name in known:
            marks[known.index(name)] = True
    return marks
