"""Chains of passages that answer a question together.

A question of several hops names the first thing and describes the next by it. So search starts at the
passages about what the question names (or that match its words), and follows the entities they name to
other passages, preferring links whose sentence fits what is asked and chains that cover more of the
question's words than their parts do. Beam search over arrays; the cost depends on the settings, not
on the size of the corpus.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graphrag.config import SearchSettings
from graphrag.graph.traversal import distinct, first_places, places_of, run_starts
from graphrag.index.arrays import Array, Ragged, products
from graphrag.index.names import LITERAL
from graphrag.index.snapshot import SearchIndex
from graphrag.linking import specificity
from graphrag.retrieval.question import Question, chunk_matrix, sentence_matrix

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PassagePath:
    """Passages in the order they were walked.

    Attributes:
        chunks: Rows, the first one anchored in the question.
        bridges: Entity rows that lead from each passage to the next; one fewer than `chunks`.
        sentences: Rows of the sentences that name each bridge in the passage it is left by.
    """

    score: float
    chunks: tuple[int, ...]
    bridges: tuple[int, ...]
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Beam:
    """Paths of one length, best first, as parallel arrays."""

    chunks: Rows  # (p, length)
    bridges: Rows  # (p, length - 1)
    sentences: Rows  # (p, length - 1)
    base: Scores  # (p,) score without coverage
    cover: NDArray[np.float32]  # (p, t)
    scores: Scores  # (p,)

    def take(self, rows: Array) -> "_Beam":
        return _Beam(
            self.chunks[rows],
            self.bridges[rows],
            self.sentences[rows],
            self.base[rows],
            self.cover[rows],
            self.scores[rows],
        )


@dataclass(frozen=True, slots=True)
class PathList:
    """Many paths, as arrays by length; a place is (length - 1, row)."""

    levels: tuple[_Beam, ...]

    def chunks(self, place: Place) -> tuple[int, ...]:
        return tuple(self.levels[place[0]].chunks[place[1]].tolist())

    def path(self, place: Place) -> PassagePath:
        level, row = self.levels[place[0]], place[1]
        return PassagePath(
            float(level.scores[row]),
            tuple(level.chunks[row].tolist()),
            tuple(level.bridges[row].tolist()),
            tuple(level.sentences[row].tolist()),
        )

    def by_start(self) -> tuple[list[float], list[Place], list[int]]:
        """All paths, those of one first passage together, best first.

        Returns:
            Scores, places, and where each first passage's begin, with where the last one's end.
        """
        if not len(self.levels[0].scores):
            return [], [], [0]
        first = np.concatenate([level.chunks[:, 0] for level in self.levels])
        score = np.concatenate([level.scores for level in self.levels])
        # Ties go to the shorter path, then as the paths of a level stand.
        order = np.lexsort((-score, first))
        changes = run_starts(first[order]).nonzero()[0].tolist()
        known = [
            (number, row) for number, level in enumerate(self.levels) for row in range(len(level.scores))
        ]
        places = [known[place] for place in order.tolist()]
        return score[order].tolist(), places, [*changes, len(places)]


def find_paths(
    index: SearchIndex,
    question: Question,
    prior: tuple[Rows, Scores],
    settings: SearchSettings,
    *,
    plain: Rows,
    allowed: NDArray[np.bool_] | None = None,
    walked: NDArray[np.bool_] | None = None,
) -> PathList:
    """Search for chains of passages.

    Args:
        prior: Chunk rows that a path may start at besides the anchored ones, best first, with the score
            plain passage search gives them, in [0, 1].
        plain: Chunk rows that plain search found; what a hub leads to is sought among them.
        allowed: (chunks,) which passages may be walked; all if absent.
        walked: (entities,) which entities may lead from one to the next; all if absent.

    Returns:
        Paths of every length up to ``settings.passage_hops + 1`` passages, by length, best first.
    """
    search = _Search(index, question, settings, allowed, walked, np.sort(plain))
    beam = search.starts(prior)
    levels = [beam]
    for _ in range(settings.passage_hops if len(beam.scores) else 0):
        width = settings.seeds if len(levels) == 1 else settings.beam
        beam = search.step(beam.take(np.arange(min(width, len(beam.scores)))))
        if not len(beam.scores):
            break
        levels.append(beam)
    return PathList(tuple(levels))


def in_order(paths: PathList, *, diversity: float, follow: float) -> Iterator[tuple[int, float, Place]]:
    """Passages in the order of their best path: row, score and place of that path; each passage once.

    A path gives its passages one by one, each `follow` later than the one before; and each further path
    with the same first passage is charged `diversity` more, so that a question about two things does
    not see only the first. O(paths) to begin with, then by what is asked for.
    """
    shown: set[int] = set()
    scores, places, bounds = paths.by_start()
    # One entry for each first passage, its best path left, and one for each path that goes on: worth,
    # passages, place, the step to show, the path to take its turn after it (-1: none) and the last of its
    # first passage, how often that was charged.
    heap: list[tuple[float, tuple[int, ...], Place, int, int, int, int]] = [
        (-scores[low], paths.chunks(places[low]), places[low], 0, low + 1, high, 0)
        for low, high in pairwise(bounds)
    ]
    heapify(heap)
    while heap:
        negative, chunks, place, at, after, end, charged = heappop(heap)
        fresh = next((step for step in range(at, len(chunks)) if chunks[step] not in shown), None)
        if after >= 0:  # it stood for its first passage: the next best path takes its place
            charged += fresh is not None
            if after < end:
                worth = diversity * charged - scores[after]
                follower = places[after]
                heappush(heap, (worth, paths.chunks(follower), follower, 0, after + 1, end, charged))
        if fresh is None:
            continue
        shown.add(chunks[fresh])
        yield chunks[fresh], -negative, place
        if fresh + 1 < len(chunks):
            heappush(heap, (negative + follow, chunks, place, fresh + 1, -1, 0, 0))


class _Search:
    def __init__(
        self,
        index: SearchIndex,
        question: Question,
        settings: SearchSettings,
        allowed: NDArray[np.bool_] | None,
        walked: NDArray[np.bool_] | None,
        familiar: Rows,
    ) -> None:
        self.index = index
        self.question = question
        self.settings = settings
        self.allowed = allowed
        self.walked = walked
        self.familiar = familiar
        linked = question.linked.entities
        self.anchors = np.array([item.entity for item in linked], dtype=np.int64)
        self.anchor_weights = np.array([item.weight for item in linked], dtype=np.float64)
        firsts = {first: place for place, first in enumerate(sorted({item.first for item in linked}))}
        # Entities of one name share a group: a passage is anchored by one of them, not by all.
        self.anchor_groups = np.array([firsts[item.first] for item in linked], dtype=np.int64)
        self.asked_types = question.asked_types

    def starts(self, prior: tuple[Rows, Scores]) -> _Beam:
        """Single passages: those the anchors stand in, and those plain search found."""
        settings = self.settings
        prior_rows, prior_scores = prior
        owner, chunks, worth = self._anchored()
        count = max(1, len(self.anchors))
        keys, best = _best_of(chunks * count + self.anchor_groups[owner], worth * self.anchor_weights[owner])
        rows, _ = distinct(np.concatenate((keys // count, prior_rows)))
        rows = self._permitted(rows)
        if not len(rows):
            return _empty_beam(len(self.question.shares))
        anchored = np.zeros(len(rows))
        at, known = places_of(rows, keys // count)
        np.add.at(anchored, at[known], best[known])
        ranked = np.zeros(len(rows))
        at, known = places_of(rows, prior_rows)
        ranked[at[known]] = prior_scores[known]
        cover = chunk_matrix(self.index, self.question, rows)
        base = (
            settings.start * anchored
            + settings.prior * ranked
            + settings.meaning * np.maximum(self._nearness(rows, self.question.vector), 0)
        )
        scores = base + settings.coverage * (cover @ self.question.shares)
        order = np.lexsort((rows, -scores))[: 2 * settings.seeds]
        none = np.empty((len(order), 0), dtype=np.int64)
        return _Beam(rows[order][:, None], none, none, base[order], cover[order], scores[order])

    def step(self, beam: _Beam) -> _Beam:
        """Each path one passage longer, by every entity its last passage names."""
        settings = self.settings
        path, entity, sentence, link = self._bridges(beam)
        if not len(path):
            return _empty_beam(beam.cover.shape[1])
        entities, which = distinct(entity)
        targets, strength = self._targets(entities)
        owner, at, chunk = targets.gather(which)
        pair_path, pair_strength = path[owner], strength[at]
        chunk = chunk.astype(np.int64)
        fresh = ~(beam.chunks[pair_path] == chunk[:, None]).any(axis=1)
        owner, pair_path, chunk, pair_strength = (
            owner[fresh],
            pair_path[fresh],
            chunk[fresh],
            pair_strength[fresh],
        )
        rows, place = distinct(chunk)
        cover = chunk_matrix(self.index, self.question, rows)
        near = np.maximum(self._nearness(rows, self.question.rest_vector), 0)
        base = (
            beam.base[pair_path]
            + settings.link * link[owner] * pair_strength
            + settings.last_meaning * near[place]
            - (settings.hop_cost if beam.chunks.shape[1] == 1 else settings.later_hop_cost)
        )
        joined = np.maximum(beam.cover[pair_path], cover[place])
        scores = base + settings.coverage * (joined @ self.question.shares)
        order = np.lexsort((chunk, pair_path, -scores))[:2000]
        _, first = first_places(pair_path[order] * self.index.counts["chunks"] + chunk[order])
        order = order[np.sort(first)][:400]
        origin = pair_path[order]
        return _Beam(
            np.concatenate((beam.chunks[origin], chunk[order, None]), axis=1),
            np.concatenate((beam.bridges[origin], entity[owner[order], None]), axis=1),
            np.concatenate((beam.sentences[origin], sentence[owner[order], None]), axis=1),
            base[order],
            joined[order],
            scores[order],
        )

    def _anchored(self) -> tuple[Rows, Rows, Scores]:
        """Which anchor, which chunk, and what the chunk is worth for it (in [0, 1])."""
        settings = self.settings
        owner, sentence, subject_owner, subject_chunk, about = self._reach(
            self.anchors, self.settings.anchor_cap
        )
        known = np.zeros(len(self.anchors), dtype=np.bool_)
        known[subject_owner] = True
        fit = np.minimum(1.0, (settings.floor + self._fit(sentence)) / (settings.floor + 0.5))
        mention = settings.mention * fit * np.where(known[owner], settings.mention_of_known, 1.0)
        chunk = self.index.sentence_chunk[sentence].astype(np.int64)
        return (
            np.concatenate((owner, subject_owner)),
            np.concatenate((chunk, subject_chunk)),
            np.concatenate((mention, about)),
        )

    def _reach(self, entities: Rows, cap: int) -> tuple[Rows, Rows, Rows, Rows, Scores]:
        """Sentences that name entities, and chunks that are about them with what that is worth.

        Of an entity in more than `cap` chunks only those sentences count that plain search found.
        """
        index = self.index
        hub = index.entity_frequency[entities] > cap
        plain = (~hub).nonzero()[0]
        owner, _, sentence = index.entity_sentences.gather(entities[plain])
        owner = plain[owner]
        if hub.any():
            hub_owner, hub_sentence = self._familiar_sentences(entities, hub)
            owner, sentence = np.concatenate((owner, hub_owner)), np.concatenate((sentence, hub_sentence))
        subject_owner, at, chunk = index.entity_subjects.gather(entities)
        chunk = chunk.astype(np.int64)
        about = np.where(index.entity_subject_titled[at], 1.0, self.settings.lead)
        about = about / np.sqrt(1.0 + index.chunk_ordinal[chunk])
        return owner, sentence.astype(np.int64), subject_owner, chunk, about

    def _familiar_sentences(self, entities: Rows, hub: NDArray[np.bool_]) -> tuple[Rows, Rows]:
        """Place in `entities` and sentence, of the hubs, in the chunks that plain search found."""
        sentence, entity = self._familiar
        hubs = hub.nonzero()[0]
        hubs = hubs[entities[hubs].argsort()]
        at, known = places_of(entities[hubs], entity)
        return hubs[at[known]], sentence[known]

    @cached_property
    def _familiar(self) -> tuple[Rows, Rows]:
        """Sentence and entity of all that may be hubs, in the chunks that plain search found."""
        index, settings = self.index, self.settings
        _, sentence = index.sentences_of(self.familiar)
        owner, _, entity = index.sentence_entities.gather(sentence)
        least = min(settings.anchor_cap, settings.passage_hub_cap)
        frequent = (index.entity_frequency[entity] > least).nonzero()[0]
        return sentence[owner[frequent]], entity[frequent].astype(np.int64)

    def _bridges(self, beam: _Beam) -> tuple[Rows, Rows, Rows, Scores]:
        """Path, entity, sentence and strength of every way out of the beam's last passages."""
        settings, index = self.settings, self.index
        last = beam.chunks[:, -1]
        path, sentence = index.sentences_of(last)
        fit = self._fit(sentence)
        owner, _, entity = index.sentence_entities.gather(sentence)
        entity = entity.astype(np.int64)
        strength = np.minimum(1.0, settings.floor + fit[owner])
        path, sentence = path[owner], sentence[owner]
        strength = strength + settings.relation * self._related(sentence, entity)
        subject = index.chunk_subject[last].astype(np.int64)
        about = (subject >= 0).nonzero()[0]
        path = np.concatenate((path, about))
        entity = np.concatenate((entity, subject[about]))
        sentence = np.concatenate((sentence, index.chunk_sentences[last[about]]))
        strength = np.concatenate((strength, np.full(len(about), settings.floor)))
        anchored = (entity[:, None] == self.anchors).any(axis=1)
        kept = ~anchored & ((index.entity_flags[entity] & LITERAL) == 0)
        if self.walked is not None:
            kept &= self.walked[entity]
        path, entity, sentence, strength = path[kept], entity[kept], sentence[kept], strength[kept]
        strength = strength * specificity(index, entity) ** settings.specificity
        order = np.lexsort((sentence, -strength, entity, path))
        path, entity, sentence, strength = path[order], entity[order], sentence[order], strength[order]
        first = np.ones(len(path), dtype=np.bool_)
        first[1:] = (path[1:] != path[:-1]) | (entity[1:] != entity[:-1])
        path, entity, sentence, strength = path[first], entity[first], sentence[first], strength[first]
        best = np.lexsort((entity, path, -(beam.base[path] + settings.link * strength)))[: settings.bridges]
        return path[best], entity[best], sentence[best], strength[best]

    def _targets(self, entities: Rows) -> tuple[Ragged, Scores]:
        """Chunks reached by each of the entities and what the last step is worth; hubs are capped."""
        settings, index = self.settings, self.index
        owner, sentence, subject_owner, subject_chunk, about = self._reach(entities, settings.passage_hub_cap)
        owners = np.concatenate((owner, subject_owner))
        chunks = np.concatenate((index.sentence_chunk[sentence].astype(np.int64), subject_chunk))
        worth = np.concatenate((np.full(len(owner), settings.reach_mention), about))
        total = index.counts["chunks"]
        keys, best = _best_of(owners * total + chunks, worth)
        owners, chunks = keys // total, keys % total
        if self.allowed is not None:
            kept = self.allowed[chunks]
            owners, chunks, best = owners[kept], chunks[kept], best[kept]
        start = owners.searchsorted(np.arange(len(entities) + 1))
        return Ragged(start, chunks), best

    def _fit(self, sentences: Rows) -> Scores:
        """How well sentences fit what is asked besides the names, in about [0, 1]."""
        settings, index, question = self.settings, self.index, self.question
        if not len(sentences):
            return np.empty(0)
        words = sentence_matrix(index, question, sentences) @ question.asked
        near = products(index.sentence_vectors[sentences], question.rest_vector)
        fit: Scores = settings.sentence_words * words + settings.sentence_meaning * np.maximum(near, 0)
        if self.asked_types.any():
            owner, _, relation = index.sentence_relations.gather(sentences)
            stated = owner[self.asked_types[index.relation_type[relation]]]
            bonus = np.zeros(len(sentences))
            bonus[stated] = settings.relation_sentence
            fit += bonus
        return fit

    def _related(self, sentences: Rows, entities: Rows) -> NDArray[np.bool_]:
        """Whether the sentence states a relation of the entity that the question asks for."""
        index = self.index
        if not self.asked_types.any():
            return np.zeros(len(sentences), dtype=np.bool_)
        stating, where = distinct(sentences)
        owner, _, relation = index.sentence_relations.gather(stating)
        asked = self.asked_types[index.relation_type[relation]]
        owner, relation = owner[asked], relation[asked]
        total = max(1, len(index.entity_flags))
        ends = np.concatenate(
            (
                owner * total + index.relation_subject[relation],
                owner * total + index.relation_object[relation],
            )
        )
        ends.sort()
        return places_of(ends, where * total + entities)[1]

    def _nearness(self, chunks: Rows, vector: NDArray[np.float32]) -> Scores:
        return products(self.index.chunk_vectors[chunks], vector).astype(np.float64)

    def _permitted(self, chunks: Rows) -> Rows:
        return chunks if self.allowed is None else chunks[self.allowed[chunks]]


def _empty_beam(terms: int) -> _Beam:
    none = np.empty((0, 0), dtype=np.int64)
    return _Beam(none, none, none, np.empty(0), np.empty((0, terms), dtype=np.float32), np.empty(0))


def _best_of(keys: Rows, values: Scores) -> tuple[Rows, Scores]:
    """Each distinct key, sorted, with its highest value."""
    if not len(keys):
        return keys, values
    order = keys.argsort(kind="stable")
    ordered = keys[order]
    first = run_starts(ordered).nonzero()[0]
    return ordered[first], np.maximum.reduceat(values[order], first)
