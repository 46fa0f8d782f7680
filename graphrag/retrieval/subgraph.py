"""The part of the graph around a question: collected by capped breadth-first search, ranked by a walk.

Nodes are entities and the passages that name them. A random walk that restarts at what the question
names (personalized PageRank) tells how much each node has to do with it; chains of relations from
what is named are followed for explanations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import Path, Step
from graphrag.graph.adjacency import sum_by
from graphrag.graph.pagerank import personalized_pagerank
from graphrag.graph.traversal import SCAN, distinct, k_hop, places_of, run_starts
from graphrag.index.names import LITERAL, TITLE_ONLY
from graphrag.index.snapshot import SearchIndex

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_TOLERANCE = 5e-3  # of the whole mass; enough to rank by


@dataclass(frozen=True, slots=True)
class Start:
    """Where a walk starts and restarts: entities, and passages.

    Attributes:
        entities: (a,) distinct entity rows.
        entity_mass: (a,) share of each in the restart.
        chunks: (c,) sorted, distinct chunk rows.
        chunk_mass: (c,) the same for passages. All shares together are 1.
    """

    entities: Rows
    entity_mass: Scores
    chunks: Rows
    chunk_mass: Scores

    @classmethod
    def of(cls, entities: Rows, entity_weights: Scores, chunks: Rows, chunk_weights: Scores) -> "Start":
        """Of weights that need not sum to 1, in any order; those of one row add up."""
        rows, place = distinct(entities)
        chunk_rows, chunk_place = distinct(chunks)
        mass = sum_by(place, entity_weights, len(rows))
        chunk_mass = sum_by(chunk_place, chunk_weights, len(chunk_rows))
        total = max(float(mass.sum() + chunk_mass.sum()), 1e-300)
        return cls(rows, mass / total, chunk_rows, chunk_mass / total)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Entities around a question with the relations among them and the passages that name them.

    Attributes:
        entities: (e,) sorted entity rows.
        hops: (e,) relations walked from the nearest anchor; -1 where only a passage leads to it.
        relations: (r,) relation rows, both ends inside.
        subjects, objects: (r,) places in `entities`.
        fit: (r,) how well each fits the question, in (0, 1]; its weight in the walk.
        volume: Weight of all relations of the knowledge base, counted at both ends.
        leaving: (e,) weight of all relations of each entity, inside or not.
        returning: (e,) how much of the weight that leads out comes straight back.
        chunks: (c,) sorted chunk rows.
        chunk_place, entity_place: (i,) which of `chunks` names which of `entities`.
        share: (i,) how readily a passage and an entity lead to each other: by the entity's rarity here.
        chunk_leaving: (c,) sum of the shares of each passage, inside or not.
        pruned: Neighbours that the caps left out.
    """

    entities: Rows
    hops: Rows
    relations: Rows
    subjects: Rows
    objects: Rows
    fit: Scores
    volume: float
    leaving: Scores
    returning: Scores
    chunks: Rows
    chunk_place: Rows
    entity_place: Rows
    share: Scores
    chunk_leaving: Scores
    pruned: int


def collect(
    index: SearchIndex,
    start: Start,
    *,
    hops: int,
    hub_cap: int,
    asked: NDArray[np.bool_],
    kept_relations: NDArray[np.bool_] | None = None,
    kept_entities: NDArray[np.bool_] | None = None,
    kept_facts: NDArray[np.bool_] | None = None,
    width: int = 32,
    most: int = 300,
    damping: float = 0.85,
) -> Subgraph:
    """Walk `hops` relations out from the anchors and from what the passages name.

    See `graphrag.graph.traversal.k_hop`: what a walk comes by most is followed and kept first. Relations
    that the question asks for are heavier than any other, then those with more evidence.

    Args:
        asked: (relation types,) whether the question points to the type.
        kept_relations: (relation types,) which types may be walked; all if absent.
        kept_entities: (entities,) which entities may be met; all if absent.
        kept_facts: (relations,) which relations may be walked; all if absent.
        most: Entities collected.
    """
    owner, entity = named_in(index, start.chunks)
    if kept_entities is not None:
        permitted = kept_entities[entity]
        owner, entity = owner[permitted], entity[permitted]
    named, place = distinct(entity)
    # A passage hands on its mass by rarity: what stands everywhere says little.
    share = 1.0 / np.sqrt(np.bincount(place, minlength=len(named)))[place]
    chunk_leaving = sum_by(owner, share, len(start.chunks))
    handed = damping * start.chunk_mass[owner] * share / chunk_leaving[owner]
    seeds, mass, anchors = _seeds(start, named, place, handed)
    graph, types = index.adjacency, index.adjacency_types
    strength = np.where(asked, 0.8, 0.2)

    def weigh(places: Rows) -> Scores:
        weight: Scores = strength[types[places]] + 0.2 * graph.weights[places]
        if kept_relations is not None:
            weight[~kept_relations[types[places]]] = 0.0
        if kept_facts is not None:
            weight[~kept_facts[graph.relations[places]]] = 0.0
        if kept_entities is not None:
            weight[~kept_entities[graph.indices[places]]] = 0.0
        return weight

    near = k_hop(
        graph,
        seeds,
        mass,
        anchors=anchors,
        hops=hops,
        hub_cap=hub_cap,
        width=width,
        max_nodes=most,
        damping=damping,
        weigh=weigh,
        wanted=_wanted(index, asked) if asked.any() else None,
    )
    at, inside = places_of(near.nodes, entity)
    return Subgraph(
        entities=near.nodes,
        hops=near.hops,
        relations=near.relations,
        subjects=near.ends[0],
        objects=near.ends[1],
        fit=near.weights,
        volume=2
        * float(index.relation_type_sums[:, 0] @ strength + 0.2 * index.relation_type_sums[:, 1].sum()),
        leaving=near.leaving,
        returning=near.returning,
        chunks=start.chunks,
        chunk_place=owner[inside],
        entity_place=at[inside],
        share=share[inside],
        chunk_leaving=chunk_leaving,
        pruned=near.pruned,
    )


def walk(graph: Subgraph, start: Start, *, damping: float) -> tuple[Scores, Scores]:
    """Personalized PageRank over entities and passages.

    Returns:
        Mass of each entity and each passage; together they sum to 1 (or are all 0 with no restart).
    """
    entity_count, chunk_count = len(graph.entities), len(graph.chunks)
    count = entity_count + chunk_count + 1
    restart = np.zeros(count)
    at, inside = places_of(graph.entities, start.entities)
    restart[at[inside]] = start.entity_mass[inside]
    restart[entity_count:-1] = start.chunk_mass
    total = float(restart.sum())
    if total <= 0:
        return np.zeros(entity_count), np.zeros(chunk_count)
    # The rest of the graph stands in as one more node, which what leads out leads to and comes back from
    # by its weight; out and straight back is two steps of the walk, the second of which is damped here.
    back = damping * graph.returning
    within = sum_by(graph.subjects, graph.fit, entity_count) + sum_by(graph.objects, graph.fit, entity_count)
    out = np.maximum(graph.leaving - within - graph.returning, 0.0)
    rest = max(graph.volume - float(graph.leaving.sum()), float(out.sum()))
    chunk, itself = graph.chunk_place + entity_count, np.arange(entity_count)
    outside = np.full(entity_count, count - 1)
    one = np.concatenate((graph.subjects, graph.entity_place, itself))
    other = np.concatenate((graph.objects, chunk, outside))
    weight = np.concatenate((graph.fit, graph.share, out))
    source = np.concatenate((one, other, itself, [count - 1]))
    target = np.concatenate((other, one, itself, [count - 1]))
    weight = np.concatenate((weight, weight, back, [rest - out.sum()]))
    order = source.argsort(kind="stable")
    leaving = np.concatenate((graph.leaving, graph.chunk_leaving, [rest]))
    leaving[:entity_count] += sum_by(graph.entity_place, graph.share, entity_count)
    mass = personalized_pagerank(
        _Edges(source[order].searchsorted(np.arange(count + 1)), target[order], weight[order]),
        restart / total,
        damping=damping,
        tolerance=_TOLERANCE,
        leaving=leaving,
        symmetric=True,
    )[:-1]
    mass = mass / mass.sum()
    return mass[:entity_count], mass[entity_count:]


class _Edges(NamedTuple):
    """A CSR matrix, as far as PageRank looks at it."""

    indptr: Rows
    indices: Rows
    data: Scores


def named_in(index: SearchIndex, chunks: Rows) -> tuple[Rows, Rows]:
    """Place in `chunks` and entity row, each pair once."""
    chunk_of, sentences = index.sentences_of(chunks)
    owner, _, entity = index.sentence_entities.gather(sentences)
    total = max(1, len(index.entity_flags))
    subject = index.chunk_subject[chunks].astype(np.int64)
    about = (subject >= 0).nonzero()[0]
    pairs, _ = distinct(
        np.concatenate((chunk_of[owner] * total + entity.astype(np.int64), about * total + subject[about]))
    )
    return pairs // total, pairs % total


def relation_paths(
    index: SearchIndex,
    graph: Subgraph,
    anchors: Sequence[tuple[int, float]],
    *,
    longest: int = 3,
    most: int = 10,
) -> list[Path]:
    """Chains of relations from the anchors to other entities, best first, at most one per entity and anchor.

    A chain is worth its anchor's weight times the fit of its relations; an entity that several anchors
    lead to is worth what they add up to, so that it stands before those that satisfy only one.
    """
    rows = np.array([row for row, _ in anchors], dtype=np.int64)
    places, known = places_of(graph.entities, rows)
    if not known.any() or not len(graph.relations):
        return []
    starts = places[known]
    weights = np.array([weight for _, weight in anchors])[known]
    edges = _Directed.of(graph)
    reached = edges.chains(starts, len(graph.entities), longest)
    best = reached.max(axis=0)  # (anchors, entities)
    joint = weights @ best
    # Where the best chains end; a few more than wanted, since an end may close several chains.
    ends = np.lexsort((graph.entities, -joint))[: 2 * most]
    ends = ends[joint[ends] > 0]
    worth = weights[:, None] * best[:, ends]  # (anchors, ends)
    anchor, end = worth.nonzero()
    lengths = reached[:, anchor, ends[end]].argmax(axis=0)
    shown = np.lexsort((end, anchor, lengths, -worth[anchor, end], -joint[ends[end]]))[:most]
    paths = []
    for first, place in zip(anchor[shown].tolist(), ends[end[shown]].tolist(), strict=True):
        steps = edges.trail(reached[:, first], int(starts[first]), place)
        paths.append(_as_path(index, graph, float(joint[place]), steps))
    return paths


@dataclass(frozen=True, slots=True)
class _Directed:
    """Every relation both ways, by the entity it leads to; number r + e is relation e walked backwards."""

    edge: Rows  # (2r,) number
    source: Rows  # (2r,)
    fit: Scores  # (2r,)
    targets: Rows  # (t,) entities that some edge leads to, sorted
    start: Rows  # (t + 1,) where the edges to each of them stand

    @classmethod
    def of(cls, graph: Subgraph) -> "_Directed":
        target = np.concatenate((graph.objects, graph.subjects))
        edge = target.argsort(kind="stable")
        ordered = target[edge]
        start = np.append(run_starts(ordered).nonzero()[0], len(ordered))
        source = np.concatenate((graph.subjects, graph.objects))[edge]
        fit = np.concatenate((graph.fit, graph.fit))[edge]
        return cls(edge, source, fit, ordered[start[:-1]], start)

    def chains(self, starts: Rows, count: int, longest: int) -> NDArray[np.float64]:
        """(longest + 1, anchors, entities): best worth of a chain of each length, if no shorter is better."""
        reached = np.zeros((longest + 1, len(starts), count))
        settled = np.zeros((len(starts), count))
        reached[0, np.arange(len(starts)), starts] = 1.0
        settled[np.arange(len(starts)), starts] = 1.0
        for length in range(1, longest + 1):
            offers = reached[length - 1][:, self.source] * self.fit
            best = np.maximum.reduceat(offers, self.start[:-1], axis=1)
            better = best > settled[:, self.targets]
            reached[length][:, self.targets] = np.where(better, best, 0.0)
            np.maximum(settled, reached[length], out=settled)
        reached[0] = 0.0
        return reached

    def trail(self, reached: NDArray[np.float64], first: int, place: int) -> list[int]:
        """Numbers of the edges of the best chain from `first` to `place`."""
        steps: list[int] = []
        for length in range(int(reached[:, place].argmax()), 0, -1):
            at = int(self.targets.searchsorted(place))
            low, high = int(self.start[at]), int(self.start[at + 1])
            before = (
                reached[length - 1][self.source[low:high]] if length > 1 else self.source[low:high] == first
            )
            step = low + int((before * self.fit[low:high]).argmax())
            steps.append(int(self.edge[step]))
            place = int(self.source[step])
        return steps[::-1]


def _seeds(start: Start, named: Rows, place: Rows, handed: Scores) -> tuple[Rows, Scores, NDArray[np.bool_]]:
    """Rows that hold mass at first, the mass, and whether the question names them."""
    rows, at = distinct(np.concatenate((start.entities, named)))
    anchors = np.zeros(len(rows), dtype=np.bool_)
    anchors[at[: len(start.entities)]] = True
    mass = sum_by(at[: len(start.entities)], start.entity_mass, len(rows))
    mass[at[len(start.entities) :]] += sum_by(place, handed, len(named))
    return rows, mass, anchors


def _wanted(index: SearchIndex, asked: NDArray[np.bool_]) -> Callable[[int], Rows]:
    """For a hub, the places of its heaviest relations of the types asked for."""
    types = np.flatnonzero(asked)

    def places(row: int) -> Rows:
        at = int(index.hub_rows.searchsorted(row))
        if at == len(index.hub_rows) or index.hub_rows[at] != row:
            return np.empty(0, dtype=np.int64)
        low, high = int(index.hub_edges.start[at]), int(index.hub_edges.start[at + 1])
        kinds = index.hub_edge_types[low:high]
        first = low + kinds.searchsorted(types)
        last = np.minimum(low + kinds.searchsorted(types, side="right"), first + SCAN)
        found = [index.hub_edges.values[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        return np.concatenate(found).astype(np.int64)

    return places


def _as_path(index: SearchIndex, graph: Subgraph, score: float, steps: list[int]) -> Path:
    count = len(graph.relations)
    rows: list[int] = []
    walked: list[Step] = []
    text = ""
    for step in steps:
        forward, edge = step < count, step % count
        subject, other = int(graph.entities[graph.subjects[edge]]), int(graph.entities[graph.objects[edge]])
        if not forward:
            subject, other = other, subject
        if not rows:
            rows.append(subject)
            text = index.entity_names[subject]
        rows.append(other)
        relation = int(graph.relations[edge])
        name = index.relation_types[int(index.relation_type[relation])]
        walked.append(Step(index.relation_ids[relation], forward))
        shown = index.entity_names[other]
        text += f" -{name}-> {shown}" if forward else f" <-{name}- {shown}"
    return Path(tuple(index.entity_ids[row] for row in rows), tuple(walked), score, text)


def is_hidden(index: SearchIndex, entities: Rows) -> NDArray[np.bool_]:
    """Whether each entity is a value (a date, a number), or one only the index knows."""
    hidden: NDArray[np.bool_] = (index.entity_flags[entities] & (LITERAL | TITLE_ONLY)) != 0
    return hidden
