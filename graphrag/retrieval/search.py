"""What the retrievers share: from a question to one `Context`.

Prepare the question, find passages, look at the graph around them, pack.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock
from time import process_time
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from graphrag.config import SearchSettings
from graphrag.context import pack
from graphrag.datamodel import Anchor, Context, ContextItem, Hit, HitKind, Path, Query
from graphrag.errors import RetrievalError
from graphrag.filters import CompiledFilters, Filters, compile_filters
from graphrag.graph.traversal import SCAN, distinct
from graphrag.ids import content_id
from graphrag.index.arrays import products
from graphrag.index.names import TITLE_ONLY
from graphrag.index.snapshot import SearchIndex
from graphrag.interfaces import Embedder, KnowledgeView
from graphrag.linking import Cues, LinkedEntity, LinkedQuestion, specificity
from graphrag.retrieval.passages import near_chunks, passage_ranking
from graphrag.retrieval.paths import PassagePath, find_paths, in_order
from graphrag.retrieval.question import Question, Thesaurus, prepare_questions
from graphrag.retrieval.subgraph import Start, Subgraph, collect, is_hidden, relation_paths, walk

Mode = Literal["passages", "local", "hybrid"]
Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_MOST_SHOWN = 20
_MOST_PACKED = 5
_MOST_QUOTED = 3
_PRIOR_WIDTH = 80
_NEAR_CHUNKS = 5
_BY_MEANING = 0.5
_MOST_BY_MEANING = 5


class Search:
    """Searches one knowledge base's index, from any number of threads.

    Nothing that a search changes is held but caches, under a lock.

    Args:
        cues: Words that point to relation types (`graphrag.linking.make_cues`); None without ontology.
        budget: Tokens of the packed context.

    Raises:
        RetrievalError: If the index was made with another embedder.
    """

    def __init__(
        self,
        view: KnowledgeView,
        index: SearchIndex,
        embedder: Embedder,
        *,
        cues: Cues | None = None,
        settings: SearchSettings | None = None,
        budget: int = 12_000,
    ) -> None:
        if (index.embedder, index.dim) != (embedder.name, embedder.dim):
            raise RetrievalError(
                f'the index holds {index.dim}-dim vectors of "{index.embedder}", the embedder is '
                f'"{embedder.name}" with {embedder.dim}; run `graphrag rebuild` or set embedding.name back'
            )
        self.view = view
        self.index = index
        self.embedder = embedder
        self.cues = cues
        self.settings = settings or SearchSettings()
        self.budget = budget
        self._thesaurus = Thesaurus(index, embedder)
        self._filters: dict[str, CompiledFilters] = {}
        self._lock = Lock()

    def run(
        self, texts: Sequence[str], mode: Mode, *, k: int, trace: bool, filters: Filters | None
    ) -> list[Context]:
        """One context per question; the questions are embedded in one call."""
        questions = prepare_questions(
            self.index,
            self.embedder,
            texts,
            thesaurus=self._thesaurus,
            cues=self.cues,
            settings=self.settings,
        )
        compiled = self._compiled(filters)
        return [self._run(question, mode, k, trace, compiled) for question in questions]

    def start(self, question: Question, mode: Mode, k: int = 8) -> tuple[Question, Start]:
        """Where the walk around a question starts; and the question with its anchors, if it named none."""
        nothing = CompiledFilters()
        found = self.ranked_chunks(question, mode, k, nothing)
        if not question.linked.entities:
            question = self._anchored_by_meaning(question, nothing)
        return question, self._start(question, found)

    def ranked_chunks(self, question: Question, mode: Mode, k: int, filters: CompiledFilters) -> "_Found":
        """Passages, best first, without looking at the graph around them."""
        index, settings = self.index, self.settings
        rows, scores = passage_ranking(index, question, settings, allowed=filters.chunks)
        if mode == "passages":
            return _Found(rows[:k], scores[:k], (), (rows, scores))
        prior = rows[:_PRIOR_WIDTH], scores[:_PRIOR_WIDTH]
        if mode == "local":
            anchored = bool(question.linked.entities)
            prior = (rows[:0], scores[:0]) if anchored else (rows[: settings.seeds], scores[: settings.seeds])
        paths = find_paths(
            index, question, prior, settings, plain=rows, allowed=filters.chunks, walked=filters.entities
        )
        named = len({item.first for item in question.linked.entities})
        diversity = settings.diversity if named > 1 else settings.lone_diversity
        ordered = list(islice(in_order(paths, diversity=diversity, follow=settings.follow), k))
        found = np.array([chunk for chunk, _, _ in ordered], dtype=np.int64)
        worth = np.array([score for _, score, _ in ordered], dtype=np.float64)
        shown = [paths.path(place) for place in dict.fromkeys(place for _, _, place in ordered)]
        if len(found) < k:
            rest = rows[~(rows[:, None] == found).any(axis=1)][: k - len(found)]
            found = np.concatenate((found, rest))
            worth = np.concatenate((worth, np.full(len(rest), min(0.0, float(worth.min(initial=0.0))))))
        # What stands first is what counts; scores are made to fall with rank.
        return _Found(
            found, np.minimum.accumulate(worth) if len(worth) else worth, tuple(shown), (rows, scores)
        )

    def _run(self, question: Question, mode: Mode, k: int, trace: bool, filters: CompiledFilters) -> Context:
        started = process_time() if trace else 0.0
        question = _permitted(question, filters)
        found = self.ranked_chunks(question, mode, k, filters)
        if mode != "passages" and not question.linked.entities:
            question = self._anchored_by_meaning(question, filters)
        ranked = process_time() if trace else 0.0
        context = self.surroundings(question, mode, found, filters, trace=trace)
        if trace:
            timing = {"passages_ms": _ms(ranked - started), "graph_ms": _ms(process_time() - ranked)}
            context = replace(context, trace={**context.trace, "cpu": timing})
        return context

    def _anchored_by_meaning(self, question: Question, filters: CompiledFilters) -> Question:
        """Where the question names nothing, what the sentences nearest to it name anchors the graph."""
        index = self.index
        chunks, _ = near_chunks(index, question.vector, _NEAR_CHUNKS, filters.chunks)
        _, sentences = index.sentences_of(chunks)
        if not len(sentences):
            return question
        near = products(index.sentence_vectors[sentences], question.vector)
        owner, _, entities = index.sentence_entities.gather(sentences)
        entities = entities.astype(np.int64)
        kept = ~is_hidden(index, entities)
        if filters.entities is not None:
            kept &= filters.entities[entities]
        entities, near = entities[kept], np.maximum(near[owner[kept]], 0)
        worth = _BY_MEANING * near * specificity(index, entities)
        order = np.lexsort((entities, -worth))
        best = list(dict.fromkeys(entities[order].tolist()))[:_MOST_BY_MEANING]
        top = dict(zip(entities[order][::-1].tolist(), worth[order][::-1].tolist(), strict=True))
        linked = tuple(LinkedEntity(row, top[row], 0, 0, "embedding") for row in best if top[row] > 0)
        return replace(question, linked=replace(question.linked, entities=linked))

    def surroundings(
        self,
        question: Question,
        mode: Mode,
        found: "_Found",
        filters: CompiledFilters,
        *,
        trace: bool = False,
    ) -> Context:
        """The graph around the passages found, ranked and packed with them."""
        index = self.index
        hits = _hits(HitKind.CHUNK, index.chunk_ids.take(found.chunks), found.scores)
        query = self._query(question.linked)
        entities: tuple[Hit, ...] = ()
        relations: tuple[Hit, ...] = ()
        paths: list[Path] = []
        rows = np.empty(0, dtype=np.int64)
        graph: Subgraph | None = None
        mass: tuple[Scores, Scores] | None = None
        if mode != "passages":
            start = self._start(question, found)
            graph = self.around(question, start, filters)
            mass = walk(graph, start, damping=self.settings.damping)
            entities = self._entity_hits(graph, mass[0])
            relations, rows = self._relation_hits(graph, mass[0])
            anchors = [(item.entity, item.weight) for item in question.linked.entities]
            paths = relation_paths(index, graph, anchors)
        items, dropped = self._pack(question, found.chunks, hits, rows, relations, filters)
        context = Context(
            query=query,
            mode=mode,
            hits=hits,
            items=items,
            entities=entities,
            relations=relations,
            paths=tuple(paths),
            tokens=sum(item.tokens for item in items),
        )
        if trace:
            context = replace(context, trace=self._trace(question, found, graph, mass, context, dropped))
        return context

    def _query(self, linked: LinkedQuestion) -> Query:
        anchors = tuple(
            Anchor(
                self.index.entity_ids[item.entity],
                item.weight,
                " ".join(linked.words[item.first : item.first + item.length]),
                item.how,
            )
            for item in linked.entities
            if not self.index.entity_flags[item.entity] & TITLE_ONLY
        )
        return Query(content_id("qry", linked.text), linked.text, anchors, linked.relation_types)

    def _start(self, question: Question, found: "_Found") -> Start:
        """What the question names, by its weight, and the passages found, by their ranks."""
        linked = question.linked.entities
        weights = np.array([item.weight for item in linked], dtype=np.float64)
        share = self.settings.chunk_restart * max(float(weights.sum()), 1.0)
        return Start.of(
            np.array([item.entity for item in linked], dtype=np.int64),
            weights,
            found.chunks,
            share / np.arange(1.0, len(found.chunks) + 1.0),
        )

    def around(self, question: Question, start: Start, filters: CompiledFilters) -> Subgraph:
        """The part of the graph that a walk from `start` comes by most."""
        settings = self.settings
        return collect(
            self.index,
            start,
            hops=settings.hops,
            hub_cap=settings.hub_cap,
            width=settings.graph_width,
            most=settings.graph_size,
            damping=settings.damping,
            asked=question.asked_types,
            kept_relations=filters.relations,
            kept_entities=filters.entities,
            kept_facts=filters.facts,
        )

    def _entity_hits(self, graph: Subgraph, mass: Scores) -> tuple[Hit, ...]:
        things = ((mass > 0) & ~is_hidden(self.index, graph.entities)).nonzero()[0]
        order = things[np.lexsort((graph.entities[things], -mass[things]))][:_MOST_SHOWN]
        return _hits(HitKind.ENTITY, self.index.entity_ids.take(graph.entities[order]), mass[order])

    def _relation_hits(self, graph: Subgraph, mass: Scores) -> tuple[tuple[Hit, ...], Rows]:
        """Relations by the mass at their ends and how well they fit the question; and their rows."""
        worth = (mass[graph.subjects] + mass[graph.objects]) * graph.fit
        order = np.lexsort((graph.relations, -worth))
        order = order[worth[order] > 0][:_MOST_SHOWN]
        rows = graph.relations[order]
        return _hits(HitKind.RELATION, self.index.relation_ids.take(rows), worth[order]), rows

    def _pack(
        self,
        question: Question,
        chunk_rows: Rows,
        hits: Sequence[Hit],
        rows: Rows,
        relations: Sequence[Hit],
        filters: CompiledFilters,
    ) -> tuple[tuple[ContextItem, ...], tuple[str, ...]]:
        """Passages, then the best relations that none of them states."""
        index = self.index
        owner, _, sentence = index.relation_sentences.gather(rows)
        stated = np.zeros(len(rows), dtype=np.bool_)
        stated[owner[(index.sentence_chunk[sentence][:, None] == chunk_rows).any(axis=1)]] = True
        places = np.flatnonzero(~stated)[:_MOST_PACKED].tolist()
        packed = [relations[place] for place in places]
        words = [
            f"{index.entity_names[index.relation_subject[row]]} "
            f"-{index.relation_types[index.relation_type[row]]}-> "
            f"{index.entity_names[index.relation_object[row]]}"
            for row in rows[places]
        ]
        chunks = self.view.chunks_by_id([hit.id for hit in hits])
        stating = self._stating(question, rows[places], filters.chunks)
        records = self.view.relations_within([hit.id for hit in packed], index.chunk_ids.take(stating))
        by_id = {record.id: record for record in records}
        return pack(
            list(zip(hits, chunks, index.chunk_tokens[chunk_rows].tolist(), strict=True)),
            [(hit, by_id[hit.id], text) for hit, text in zip(packed, words, strict=True) if hit.id in by_id],
            budget=self.budget,
        )

    def _stating(self, question: Question, relations: Rows, allowed: NDArray[np.bool_] | None) -> Rows:
        """Chunks with the sentences that state the relations and are nearest to the question."""
        index = self.index
        found = []
        for row in relations.tolist():
            sentences = index.relation_sentences.row(row)
            if allowed is not None:
                sentences = sentences[allowed[index.sentence_chunk[sentences]]]
            sentences = sentences[:SCAN]
            if len(sentences) > _MOST_QUOTED:
                near = products(index.sentence_vectors[sentences], question.vector)
                sentences = sentences[(-near).argsort(kind="stable")[:_MOST_QUOTED]]
            found.append(index.sentence_chunk[sentences])
        return distinct(np.concatenate(found).astype(np.int64))[0] if found else np.empty(0, dtype=np.int64)

    def _trace(
        self,
        question: Question,
        found: "_Found",
        graph: Subgraph | None,
        mass: tuple[Scores, Scores] | None,
        context: Context,
        dropped: Sequence[str],
    ) -> dict[str, object]:
        index, linked = self.index, question.linked
        record: dict[str, object] = {
            "anchors": [
                {
                    "entity": index.entity_names[item.entity],
                    "id": index.entity_ids[item.entity],
                    "words": " ".join(linked.words[item.first : item.first + item.length]),
                    "how": item.how,
                    "weight": round(item.weight, 4),
                }
                for item in linked.entities
            ],
            "relation_types": list(linked.relation_types),
            "paths": [self._path_trace(path) for path in found.paths[:_MOST_SHOWN]],
            "budget": {
                "limit": self.budget,
                "used": context.tokens,
                "items": [
                    {
                        "marker": item.marker,
                        "id": item.id,
                        "tokens": item.tokens,
                        "share": round(item.tokens / max(1, context.tokens), 4),
                    }
                    for item in context.items
                ],
                "dropped": list(dropped),
            },
        }
        if graph is not None and mass is not None:
            record["graph"] = {
                "entities_by_hop": {
                    str(hop): int((graph.hops == hop).sum()) for hop in np.unique(graph.hops)
                },
                "relations": len(graph.relations),
                "passages": len(graph.chunks),
                "pruned_neighbours": graph.pruned,
                "mass": [
                    {
                        "entity": index.entity_names[int(graph.entities[place])],
                        "mass": round(float(mass[0][place]), 6),
                    }
                    for place in np.argsort(-mass[0], kind="stable")[:_MOST_SHOWN]
                ],
            }
        return record

    def _path_trace(self, path: PassagePath) -> dict[str, object]:
        index = self.index
        return {
            "score": round(path.score, 4),
            "chunks": index.chunk_ids.take(path.chunks),
            "by": [index.entity_names[row] for row in path.bridges],
        }

    def _compiled(self, filters: Filters | None) -> CompiledFilters:
        if filters is None:
            return CompiledFilters()
        with self._lock:
            known = self._filters.get(filters.key)
        if known is None:
            known = compile_filters(self.index, filters)
            with self._lock:
                if len(self._filters) > 64:
                    self._filters.clear()
                self._filters[filters.key] = known
        return known


@dataclass(frozen=True, slots=True)
class _Found:
    """Passages, best first, the paths that led to them, and what plain passage search says."""

    chunks: Rows
    scores: Scores
    paths: tuple[PassagePath, ...]
    plain: tuple[Rows, Scores]


def _permitted(question: Question, filters: CompiledFilters) -> Question:
    """The question without anchors that the filters rule out."""
    if filters.entities is None:
        return question
    kept = tuple(item for item in question.linked.entities if filters.entities[item.entity])
    return replace(question, linked=replace(question.linked, entities=kept))


def _hits(kind: HitKind, ids: Iterable[str], scores: Iterable[float]) -> tuple[Hit, ...]:
    return tuple(
        Hit(name, kind, float(score), rank)
        for rank, (name, score) in enumerate(zip(ids, scores, strict=True), start=1)
    )


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 3)
