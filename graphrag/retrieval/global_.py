"""Search for questions about the collection as a whole: choose communities, map, reduce.

Relevant communities are chosen at one level, or from the top down as far as relevance goes. Each is
mapped, in batches side by side, to its points: sentences that bear on the question and say something
new. The reduce step keeps the best points within a budget, spread over communities and documents.
Each point is a quotation with its evidence.

References:
    Edge et al., "From Local to Global: A Graph RAG Approach to Query-Focused Summarization", 2024.
    Carbonell and Goldstein, "The use of MMR", SIGIR 1998 (new against what is already said).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import Chunk, Context, ContextItem, Evidence, Hit, HitKind, Query, Span
from graphrag.errors import DataError
from graphrag.generation.wording import kindred
from graphrag.ids import content_id
from graphrag.index.snapshot import SearchIndex
from graphrag.index.terms import STOPWORDS, fold, stem, tokens
from graphrag.interfaces import Embedder, Executor, Floats, KnowledgeView
from graphrag.linking import Cues, term_rows
from graphrag.retrieval.themes import Rows, Themes, lay_themes
from ontology.morphology import singular

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
Scores = NDArray[np.float64]

_MEANING = 0.65
"""Share of nearness in vector space in a sentence's score; the rest is shared words."""
_NOVELTY = 0.35
"""Price of likeness to a point already taken."""
_OUTSIDE = 0.1
"""What a thing of another community counts for in an overview of this one."""
_EMPTY = 0.4
"""How much less a sentence counts that names no thing at all."""
_BEST_SENTENCES = 20_000
"""Sentences that tell which communities are relevant."""
_NEAR_PASSAGES = 2_000
_SHARING = 20_000
"""Passages near the question, and sentences that share its words, that are compared in meaning."""
_SECOND_LOOK = 1_200
"""Sentences whose own words are compared with the question's in vector space."""
_ALIKE = 0.8
_LEAST_ALIKE = 0.5
_MOST_ALIKE = 12
_KINDRED = 0.7
"""What another word for the same happening is worth beside the word itself."""
_SPREAD = 0.8
"""How much a further point from the same document is discounted."""
_WEAK = 0.55
"""Points below this share of the best one's score are left out."""
_REPEATED = 0.92
"""Cosine from which a sentence says again what was said."""
_PER_COMMUNITY = 6
_PER_SOURCE = 3
_PER_THEME = 2
_BATCH = 16
_RELEVANT = 0.3
"""A community is followed while its relevance is this share of the best one's."""
_SHORT, _LONG = 25, 600
# Words by which a question speaks of the collection itself rather than of what is in it.
_ABOUT_TEXT = frozenset(
    """
    another appear article articles collection compare corpus dataset describe described discuss
    discussed document documents explain general main mention mentioned outline overall overview
    passages role run said say says source sources stories story subject subjects summarise
    summarize summary tell tells text texts theme themes told topic topics trace
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question.

    Attributes:
        share: Its share of what is asked, by rarity; those of a question sum to 1.
        vector: (dim,).
        worth: Terms of the corpus that meet it, with what each is worth, the least first.
    """

    share: float
    vector: Floats
    worth: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for global search.

    Attributes:
        vector: (dim,) of its words that tell of something.
        terms: Each of them.
    """

    vector: Floats
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class MapTask:
    """One batch of communities to find points in; plain arrays, so that it can travel to a worker.

    Attributes:
        community: (n,) community row of each sentence, sorted.
        sentence: (n,) sentence rows.
        score: (n,) how well each bears on the question.
        vectors: (n, dim) int8.
    """

    community: Rows
    sentence: Rows
    score: Scores
    vectors: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Point:
    """A sentence a community has to say on the question."""

    community: int
    sentence: int
    score: float


class GlobalRetriever:
    """Answers questions about the whole collection from its communities. Safe for several threads."""

    def __init__(
        self,
        view: KnowledgeView,
        index: SearchIndex,
        embedder: Embedder,
        *,
        cues: Cues | None = None,
        level: int | None = None,
        budget_tokens: int = 12_000,
        points: int = 20,
        executor: Executor | None = None,
    ) -> None:
        """Lay the view's communities over the index.

        Args:
            view: The knowledge base; its communities must have been made.
            index: Of the same commit.
            embedder: The one the index was made with.
            cues: Words of an ontology's relations.
            level: Search the communities of this level; from the top down by relevance if None.
            budget_tokens: For the points together.
            points: Most points in one result.
            executor: Where batches are mapped; here if absent.

        Raises:
            DataError: If `budget_tokens` or `points` is not positive.
        """
        if budget_tokens < 1 or points < 1:
            raise DataError(
                f"global search needs a positive budget, not {budget_tokens} tokens, {points} points"
            )
        self._view = view
        self._index = index
        self._embedder = embedder
        self._cues = cues
        self._level = level
        self._budget = budget_tokens
        self._points = points
        self._executor: Executor = executor or _Here()
        self._themes = lay_themes(view, index, embedder)

    @property
    def themes(self) -> Themes:
        """The communities over the index."""
        return self._themes

    def retrieve(self, question: str, *, k: int = 8, trace: bool = False) -> Context:
        """Points on the question with their communities, and the passages they stand in, best first.

        Args:
            question: In plain words.
            k: Passages returned.
            trace: Record what was chosen and why.
        """
        asked = self._prepare(question)
        score = self._score(asked)
        chosen, relevance = self._choose(asked, score)
        if asked is None:
            score = self._centrality(chosen)
        tasks = list(self._tasks(chosen, score))
        points = [point for found in self._executor.map(map_batch, tasks) for point in found]
        kept = self._reduce(points) if asked is not None else self._overview(points)
        items = self._items(kept)
        looked = int(self._themes.sizes[chosen].sum()) if len(chosen) else 0
        chunks = max(1, self._index.counts["chunks"])
        return Context(
            query=Query(content_id("qry", question), question),
            mode="global",
            hits=self._hits(kept, k),
            items=items,
            tokens=sum(item.tokens for item in items),
            coverage=round(looked / chunks, 6),
            trace=self._trace(chosen, relevance, points, kept) if trace else {},
        )

    def _prepare(self, question: str) -> Asked | None:
        """The question without the words about the collection; None if nothing else is left."""
        words = [(surface, fold(surface)) for _, _, surface in tokens(question)]
        kept = [
            (surface, word) for surface, word in words if word not in STOPWORDS and word not in _ABOUT_TEXT
        ]
        if not kept:
            return None
        folded = list(dict.fromkeys(word for _, word in kept))
        rows = term_rows(self._index, [stem(word) for word in folded]).tolist()
        vectors = self._embedder.embed([" ".join(surface for surface, _ in kept), *map(singular, folded)])
        rarest = float(np.max(self._index.term_idf, initial=1.0))
        weights = [float(self._index.term_idf[row]) if row >= 0 else rarest for row in rows]
        total = sum(weights)
        terms = []
        for word, row, weight, vector in zip(folded, rows, weights, vectors[1:], strict=True):
            worth = self._alike(vector)
            kin = term_rows(self._index, [*map(stem, kindred(word)), *self._cue_stems(stem(word))])
            worth |= {int(other): max(_KINDRED, worth.get(int(other), 0.0)) for other in kin[kin >= 0]}
            if row >= 0:
                worth[row] = 1.0
            met = tuple(sorted(worth.items(), key=lambda item: (item[1], item[0])))
            terms.append(Term(weight / total, vector, met))
        return Asked(vectors[0], tuple(terms))

    def _alike(self, vector: Floats) -> dict[int, float]:
        """Terms among the corpus's common ones that mean nearly the same, with what each is worth."""
        if not len(self._index.common_terms):
            return {}
        similar = self._index.term_vectors @ vector
        near = np.flatnonzero(similar >= _LEAST_ALIKE)
        near = near[np.argsort(-np.round(similar[near], 6), kind="stable")][:_MOST_ALIKE]
        return {int(self._index.common_terms[row]): _ALIKE * float(similar[row]) for row in near}

    def _cue_stems(self, term: str) -> list[str]:
        """Stems of the words an ontology gives the relations that this word names."""
        if self._cues is None:
            return []
        relations = self._cues.phrases.get((term,), ())
        return sorted({word for relation in relations for word in self._cues.words.get(relation, ())})

    def _score(self, asked: Asked | None) -> Scores:
        """(sentences,) how well each sentence bears on the question; on none, how central it is."""
        count = self._index.counts["sentences"]
        if asked is None:
            return np.ones(count)
        words = np.zeros(count)
        for term in asked.terms:
            met = np.zeros(count)
            for row, value in term.worth:  # the least first, so that the best meeting stays
                met[self._index.term_sentences.row(row)] = value
            words += term.share * met
        near = self._near(asked.vector, words)
        best = _MEANING * near + (1.0 - _MEANING) * words
        rows = np.sort(np.argsort(-np.round(best, 9), kind="stable")[:_SECOND_LOOK])
        words[rows] = np.maximum(words[rows], self._like_words(asked, rows))
        score: Scores = (_MEANING * near + (1.0 - _MEANING) * words) * self._substance
        return score

    def _near(self, vector: Floats, words: Scores) -> Scores:
        """(sentences,) nearness in meaning; 0 for those that share no word and lie in a distant passage."""
        near = np.zeros(len(words))
        passages = np.argsort(-np.round(self._index.chunk_vectors @ vector, 6), kind="stable")[
            :_NEAR_PASSAGES
        ]
        close = np.zeros(self._index.counts["chunks"], dtype=np.bool_)
        close[passages] = True
        rows = np.flatnonzero(close[np.asarray(self._index.sentence_chunk)])
        sharing = np.argsort(-np.round(words, 9), kind="stable")[:_SHARING]
        rows = np.union1d(rows, sharing[words[sharing] > 0.0])
        vectors = self._index.sentence_vectors[rows].astype(np.float32)
        near[rows] = np.clip(vectors @ (vector * np.float32(1 / 127)), 0.0, 1.0)
        return near

    @cached_property
    def _substance(self) -> Scores:
        """(sentences,) less for a sentence that names nothing ("The idea changed the industry.")."""
        named = np.diff(self._index.sentence_entities.start)
        substance: Scores = 1.0 - _EMPTY * (1.0 - np.minimum(named, 2) / 2.0)
        return substance

    def _like_words(self, asked: Asked, rows: Rows) -> Scores:
        """How well each sentence's own words meet the question's in vector space.

        The index knows vectors of the commonest terms only; the words of promising sentences are few.
        """
        texts = [quote for _, quote in self._quotes(rows)]
        split = [[fold(surface) for _, _, surface in tokens(text)] for text in texts]
        known = sorted(
            {word for words in split for word in words if word not in STOPWORDS and word.isalpha()}
        )
        if not known:
            return np.zeros(len(rows))
        place = {word: number for number, word in enumerate(known)}
        alike = (
            self._embedder.embed([singular(word) for word in known])
            @ np.array([term.vector for term in asked.terms]).T
        )  # (w, t)
        alike = np.where(alike >= _LEAST_ALIKE, np.where(alike > 0.999, 1.0, _ALIKE * alike), 0.0)
        shares = np.array([term.share for term in asked.terms])
        found = np.zeros(len(rows))
        for number, words in enumerate(split):
            mine = [place[word] for word in words if word in place]
            if mine:
                found[number] = float(alike[mine].max(axis=0) @ shares)
        return found

    def _centrality(self, chosen: Rows) -> Scores:
        """How much a sentence says about much-mentioned things of its own community, for overviews."""
        ids = self._index.entity_ids
        place = {ids[row]: row for row in range(self._index.counts["entities"])}
        member = np.full(len(ids), -1, dtype=np.int64)
        for community in chosen.tolist():
            rows = (place.get(name, -1) for name in self._themes.communities[community].entity_ids)
            member[[row for row in rows if row >= 0]] = community
        holder = self._themes.lift(chosen)[np.asarray(self._index.sentence_chunk)]
        incidence = self._index.sentence_entities
        owner = np.repeat(np.arange(len(incidence)), np.diff(incidence.start))
        weight = np.log1p(np.asarray(self._index.entity_frequency, dtype=np.float64))[incidence.values]
        weight = weight * np.where(member[incidence.values] == holder[owner], 1.0, _OUTSIDE)
        total = np.bincount(owner, weights=weight, minlength=self._index.counts["sentences"])
        first = np.asarray(self._index.chunk_sentences)[:-1]
        opening = first[(np.asarray(self._index.chunk_ordinal) == 0) & (first < len(total))]
        total[opening] *= 1.5  # a document's first sentence says what it is about
        shares: Scores = total / max(float(total.max(initial=0.0)), 1e-9)
        return shares

    def _choose(self, asked: Asked | None, score: Scores) -> tuple[Rows, Scores]:
        """Communities to look into, and the relevance of all."""
        relevance = self._relevance(asked, score)
        if self._level is not None or asked is None:
            top = max((item.level for item in self._themes.communities), default=0)
            rows = self._themes.cut(self._level if self._level is not None else top)
            return rows[self._themes.sizes[rows] > 0], relevance
        return self._descend(relevance), relevance

    def _relevance(self, asked: Asked | None, score: Scores) -> Scores:
        """A community is as relevant as its best passages, and as what its report is about."""
        themes = self._themes
        sentence_home = themes.home[np.asarray(self._index.sentence_chunk)]
        best = np.zeros((len(themes), 3))
        # Communities none of whose sentences is among the best have no chance; so few need a look.
        order = np.argsort(-np.round(score, 9), kind="stable")[:_BEST_SENTENCES]
        filled = np.zeros(len(themes), dtype=np.int64)
        for sentence in order.tolist():
            row = int(sentence_home[sentence])
            while row >= 0 and filled[row] < 3:
                best[row, filled[row]] = score[sentence]
                filled[row] += 1
                row = int(themes.parent[row])
        relevance = best.sum(axis=1) / np.maximum(
            filled, 1
        )  # a small one is not less relevant for being small
        if asked is not None and len(themes):
            relevance = 0.75 * relevance + 0.25 * np.clip(themes.vectors @ asked.vector, 0.0, 1.0)
        rounded: Scores = np.round(relevance, 9)
        return rounded

    def _descend(self, relevance: Scores) -> Rows:
        """From the top down: relevant parts, or a small community whole where all its parts are."""
        themes = self._themes
        if not len(themes):
            return np.empty(0, np.int64)
        least = _RELEVANT * float(relevance.max())
        chosen: list[int] = []
        queue = [row for row in range(len(themes)) if themes.parent[row] < 0 and themes.sizes[row] > 0]
        while queue:
            row = queue.pop()
            if relevance[row] < least:
                continue
            parts = [part for part in themes.children[row] if themes.sizes[part] > 0]
            good = [part for part in parts if relevance[part] >= least]
            if good and (len(good) < len(parts) or themes.communities[row].level > 1):
                queue += good
            else:
                chosen.append(row)
        return np.array(sorted(chosen, key=lambda row: (-relevance[row], row)), dtype=np.int64)

    def _tasks(self, chosen: Rows, score: Scores) -> Iterator[MapTask]:
        """Batches of communities with their promising sentences."""
        if not len(chosen):
            return
        holder = self._themes.lift(chosen)[np.asarray(self._index.sentence_chunk)]
        span = np.asarray(self._index.sentence_span)
        length = span[:, 1] - span[:, 0]
        rows = np.flatnonzero((holder >= 0) & (length >= _SHORT) & (length <= _LONG) & (score > 0.0))
        order = rows[np.lexsort((rows, -score[rows], holder[rows]))]
        owner = holder[order]
        place = np.arange(len(order)) - np.searchsorted(owner, owner)
        order = order[place < 4 * _PER_COMMUNITY]
        for start in range(0, len(chosen), _BATCH):
            batch = np.sort(chosen[start : start + _BATCH])
            mine = order[np.isin(holder[order], batch)]
            yield MapTask(
                holder[mine], mine, np.round(score[mine], 9), np.asarray(self._index.sentence_vectors[mine])
            )

    def _reduce(self, points: Sequence[Point]) -> list[Point]:
        """The best points that say different things, from many documents, within the budget."""
        if not points:
            return []
        ranked = sorted(points, key=lambda point: (-point.score, point.sentence))[: 12 * self._points]
        sentences = np.array([point.sentence for point in ranked], dtype=np.int64)
        vectors = _unit(self._index.sentence_vectors[sentences])
        chunk = np.asarray(self._index.sentence_chunk)[sentences]
        source = np.asarray(self._index.chunk_document)[chunk]
        score = np.array([point.score for point in ranked])
        top = float(score.max())
        free = score >= _WEAK * top
        closeness = np.zeros(len(ranked))
        taken = np.zeros(len(ranked))  # points kept from the same source
        kept: list[Point] = []
        spent = 0
        while free.any() and len(kept) < self._points:
            value = score / (1.0 + _SPREAD * taken) - _NOVELTY * top * np.maximum(0.0, closeness - 0.5)
            best = int(np.argmax(np.where(free, np.round(value, 9), -np.inf)))
            free[best] = False
            cost = _tokens(self._evidence(ranked[best].sentence).quote)
            if spent + cost > self._budget:
                continue
            spent += cost
            kept.append(ranked[best])
            taken += source == source[best]
            closeness = np.maximum(closeness, vectors @ vectors[best])
            free &= (closeness <= _REPEATED) & (taken < _PER_SOURCE)
        return kept

    def _overview(self, points: Sequence[Point]) -> list[Point]:
        """The two most central points of each community, the largest communities first."""
        ranked = sorted(
            points,
            key=lambda point: (
                -int(self._themes.sizes[point.community]),
                point.community,
                -point.score,
                point.sentence,
            ),
        )
        kept: list[Point] = []
        spent = 0
        for point in ranked:
            cost = _tokens(self._evidence(point.sentence).quote)
            same = sum(other.community == point.community for other in kept)
            if len(kept) < self._points and same < _PER_THEME and spent + cost <= self._budget:
                kept.append(point)
                spent += cost
        return kept

    def _evidence(self, sentence: int) -> Evidence:
        [(chunk, quote)] = self._quotes(np.array([sentence]))
        start, end = (int(part) for part in self._index.sentence_span[sentence])
        return Evidence(chunk.document_id, chunk.id, Span(start, end), quote, "quote", 1.0)

    def _quotes(self, rows: Rows) -> list[tuple[Chunk, str]]:
        """The passage and the words of each sentence."""
        owner = np.asarray(self._index.sentence_chunk)[rows]
        distinct = np.unique(owner)
        chunks = dict(
            zip(distinct.tolist(), self._view.chunks_by_id(self._index.chunk_ids.take(distinct)), strict=True)
        )
        spans = np.asarray(self._index.sentence_span)[rows]
        found = []
        for at, (start, end) in zip(owner.tolist(), spans.tolist(), strict=True):
            chunk = chunks[at]
            found.append((chunk, chunk.text[start - chunk.span.start : end - chunk.span.start]))
        return found

    def _items(self, points: Sequence[Point]) -> tuple[ContextItem, ...]:
        items = []
        for marker, point in enumerate(points, start=1):
            evidence = self._evidence(point.sentence)
            text = _told(evidence.quote, self._view.chunks_by_id([evidence.chunk_id])[0].title)
            community = self._themes.communities[point.community].id
            items.append(
                ContextItem(marker, HitKind.REPORT, community, text, (evidence,), _tokens(text), point.score)
            )
        return tuple(items)

    def _hits(self, points: Sequence[Point], k: int) -> tuple[Hit, ...]:
        best: dict[int, float] = {}
        for point in points:
            chunk = int(self._index.sentence_chunk[point.sentence])
            best[chunk] = max(best.get(chunk, 0.0), point.score)
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:k]
        return tuple(
            Hit(self._index.chunk_ids[chunk], HitKind.CHUNK, score, rank)
            for rank, (chunk, score) in enumerate(ranked, start=1)
        )

    def _trace(
        self, chosen: Rows, relevance: Scores, points: Sequence[Point], kept: Sequence[Point]
    ) -> Mapping[str, object]:
        def title(row: int) -> str:
            report = self._themes.reports[row]
            return report.title if report is not None else ""

        return {
            "selection": "dynamic" if self._level is None else f"level {self._level}",
            "communities": [
                {
                    "id": self._themes.communities[row].id,
                    "level": self._themes.communities[row].level,
                    "title": title(row),
                    "relevance": float(relevance[row]),
                    "passages": int(self._themes.sizes[row]),
                }
                for row in chosen.tolist()
            ],
            "points_found": len(points),
            "points_kept": len(kept),
        }


def map_batch(task: MapTask) -> list[Point]:
    """The map step: for each community its best points that differ (maximal marginal relevance)."""
    found: list[Point] = []
    bounds = np.flatnonzero(np.diff(task.community)) + 1 if len(task.community) else np.empty(0, np.int64)
    starts = [0, *bounds.tolist()] if len(task.community) else []
    for start, end in zip(starts, [*starts[1:], len(task.community)], strict=True):
        vectors = _unit(task.vectors[start:end])
        scores = task.score[start:end]
        closeness = np.zeros(end - start)
        free = np.ones(end - start, dtype=np.bool_)
        for _ in range(min(_PER_COMMUNITY, end - start)):
            gain = np.where(
                free, scores - _NOVELTY * scores.max() * np.maximum(0.0, closeness - 0.5), -np.inf
            )
            place = int(np.argmax(np.round(gain, 9)))
            free[place] = False
            closeness = np.maximum(closeness, vectors @ vectors[place])
            found.append(
                Point(int(task.community[start]), int(task.sentence[start + place]), float(scores[place]))
            )
    return found


class _Here:
    """An executor that runs things where it stands."""

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        return (function(item) for item in items)


def _tokens(text: str) -> int:
    """At most so many tokens: counted generously, since loading a token table costs more than the search."""
    plain = sum(character.isascii() for character in text)
    return plain // 3 + 2 * (len(text) - plain) + 1


def _unit(rows: NDArray[np.int8]) -> Floats:
    vectors: Floats = rows.astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
    return vectors


def _told(quote: str, title: str) -> str:
    """A quotation on one line; led by the title where it opens with a pronoun."""
    text = " ".join(quote.split())
    if title and _LEANS.match(text) and title.casefold() not in text.casefold():
        return f"({title}) {text}"
    return text


_LEANS = re.compile(
    r"(?:\w+ ){0,4}?(?:he|she|it|they|his|her|its|their|this|these|the company|the firm)\b", re.IGNORECASE
)
