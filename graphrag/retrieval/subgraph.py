"""The part of the graph around a question: collected by capped breadth-first search, ranked by a walk.

Nodes are entities and the passages that name them. A random walk that restarts at what the question
names (personalized PageRank) tells how much each node has to do with it; chains of relations from
what is named are followed for explanations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import Path, Step
from graphrag.graph.pagerank import personalized_pagerank
from graphrag.index.names import LITERAL, TITLE_ONLY
from graphrag.index.snapshot import SearchIndex

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_TOLERANCE = 1e-4  # of the whole mass; enough to rank by


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Entities around a question with the relations among them and the passages that name them.

    Attributes:
        entities: (e,) sorted entity rows.
        hops: (e,) relations walked from the nearest anchor; -1 for one met only in a passage.
        relations: (r,) relation rows, both ends inside.
        subjects, objects: (r,) places in `entities`.
        chunks: (c,) sorted chunk rows.
        chunk_place, entity_place: (i,) which of `chunks` names which of `entities`.
        pruned: Neighbours that the hub cap or the size limit left out.
    """

    entities: Rows
    hops: Rows
    relations: Rows
    subjects: Rows
    objects: Rows
    chunks: Rows
    chunk_place: Rows
    entity_place: Rows
    pruned: int


def collect(
    index: SearchIndex,
    anchors: Rows,
    chunks: Rows,
    *,
    hops: int,
    hub_cap: int,
    asked: NDArray[np.bool_],
    kept_relations: NDArray[np.bool_] | None = None,
    kept_entities: NDArray[np.bool_] | None = None,
    most: int = 2000,
) -> Subgraph:
    """Walk `hops` relations out from the anchors, and add what the passages name.

    Of a hub's neighbours the `hub_cap` best are followed: relations the question asks for first,
    then heavier ones. At most `most` entities are collected.

    Args:
        asked: (relation types,) whether the question points to the type.
        kept_relations: (relation types,) which types may be walked; all if absent.
        kept_entities: (entities,) which entities may be met; all if absent.
    """
    met: dict[int, int] = dict.fromkeys(anchors.tolist(), 0)
    frontier = np.unique(anchors)
    pruned = 0
    for hop in range(1, hops + 1):
        if not len(frontier) or len(met) >= most:
            break
        near, left_out = _neighbours(index, frontier, hub_cap, asked, kept_relations)
        if kept_entities is not None:
            near = near[kept_entities[near]]
        pruned += left_out
        fresh = [row for row in near.tolist() if row not in met][: most - len(met)]
        met.update(dict.fromkeys(fresh, hop))
        frontier = np.array(sorted(fresh), dtype=np.int64)
    chunk_rows = np.unique(chunks)
    owner, entity = _named_in(index, chunk_rows)
    if kept_entities is not None:
        owner, entity = owner[kept_entities[entity]], entity[kept_entities[entity]]
    for row in np.unique(entity).tolist():
        if len(met) >= 2 * most:
            break
        met.setdefault(row, -1)
    entities = np.array(sorted(met), dtype=np.int64)
    distance = np.array([met[row] for row in entities.tolist()], dtype=np.int64)
    place, inside = _places(entities, entity)
    relations, subjects, objects = _relations_among(index, entities, kept_relations, 64 * hub_cap)
    return Subgraph(
        entities, distance, relations, subjects, objects, chunk_rows, owner[inside], place[inside], pruned
    )


def walk(
    graph: Subgraph,
    restart_entities: Scores,
    restart_chunks: Scores,
    relation_weights: Scores,
    *,
    damping: float,
) -> tuple[Scores, Scores]:
    """Personalized PageRank over entities and passages.

    Args:
        restart_entities: (e,) where the walk starts again; need not sum to 1.
        restart_chunks: (c,) the same for passages.
        relation_weights: (r,) how readily each relation is walked, either way.

    Returns:
        Mass of each entity and each passage; together they sum to 1 (or are all 0 with no restart).
    """
    entity_count, chunk_count = len(graph.entities), len(graph.chunks)
    restart = np.concatenate((restart_entities, restart_chunks))
    if restart.sum() <= 0:
        return np.zeros(entity_count), np.zeros(chunk_count)
    restart = restart / restart.sum()
    named = np.bincount(graph.entity_place, minlength=entity_count).astype(np.float64)
    # A passage hands on its mass by rarity: what stands everywhere says little.
    incidence = 1.0 / np.sqrt(np.maximum(named[graph.entity_place], 1.0))
    source = np.concatenate(
        (graph.subjects, graph.objects, graph.entity_place, graph.chunk_place + entity_count)
    )
    target = np.concatenate(
        (graph.objects, graph.subjects, graph.chunk_place + entity_count, graph.entity_place)
    )
    weight = np.concatenate((relation_weights, relation_weights, incidence, incidence))
    count = entity_count + chunk_count
    order = np.argsort(source, kind="stable")
    start = np.searchsorted(source[order], np.arange(count + 1))
    mass = personalized_pagerank(
        _Edges(start, target[order], weight[order]), restart, damping=damping, tolerance=_TOLERANCE
    )
    return mass[:entity_count], mass[entity_count:]


class _Edges(NamedTuple):
    """A CSR matrix, as far as PageRank looks at it."""

    indptr: Rows
    indices: Rows
    data: Scores


def relation_paths(
    index: SearchIndex,
    graph: Subgraph,
    anchors: Sequence[tuple[int, float]],
    edge_scores: Scores,
    *,
    longest: int = 3,
    most: int = 10,
) -> list[Path]:
    """Chains of relations from the anchors to other entities, best first, at most one per entity and anchor.

    A chain is worth its anchor's weight times the scores of its relations; an entity that several
    anchors lead to is worth what they add up to, so that it stands before those that satisfy only one.

    Args:
        edge_scores: (r,) in [0, 1].
    """
    if not len(graph.relations):
        return []
    source = np.concatenate((graph.subjects, graph.objects))
    target = np.concatenate((graph.objects, graph.subjects))
    edge = np.tile(np.arange(len(graph.relations)), 2)
    worth = np.tile(edge_scores, 2)
    count = len(graph.entities)
    chains = []
    joint = np.zeros(count)
    for row, weight in anchors:
        place, known = _places(graph.entities, np.array([row]))
        if known[0]:
            reached, trails = _chains(int(place[0]), source, target, edge, worth, count, longest)
            joint += weight * reached.max(axis=0)
            chains.append((weight, reached, trails))
    # Where the best chains end; a few more than wanted, since an end may close several chains.
    ends = np.lexsort((graph.entities, -joint))[: 2 * most]
    found: list[tuple[float, float, list[tuple[int, int]]]] = []
    for place in ends[joint[ends] > 0].tolist():
        for weight, reached, trails in chains:
            length = int(reached[:, place].argmax())
            steps = _trail(place, length, trails, source)
            if steps:
                found.append((float(joint[place]), weight * float(reached[length, place]), steps))
    found.sort(key=lambda item: (-item[0], -item[1], len(item[2]), item[2]))
    return [_as_path(index, graph, score, steps) for score, _, steps in found[:most]]


def _neighbours(
    index: SearchIndex,
    frontier: Rows,
    hub_cap: int,
    asked: NDArray[np.bool_],
    kept: NDArray[np.bool_] | None,
) -> tuple[Rows, int]:
    low = index.adjacency.start[frontier]
    counts = index.adjacency.start[frontier + 1] - low
    bounded = np.minimum(counts, 64 * hub_cap)  # what is looked at of the largest hubs
    owner = np.repeat(np.arange(len(frontier)), bounded)
    ends = np.cumsum(bounded)
    at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(low - ends + bounded, bounded)
    target = index.adjacency.values[at].astype(np.int64)
    relation = index.adjacency_relations[at]
    kind = index.relation_type[relation]
    if kept is not None:
        owner, target, relation, kind = (part[kept[kind]] for part in (owner, target, relation, kind))
    order = np.lexsort((target, -index.relation_weight[relation], ~asked[kind], owner))
    first = np.searchsorted(owner, np.arange(len(frontier)))
    within = np.arange(len(order)) - first[owner[order]] < hub_cap
    chosen = target[order][within]
    distinct, where = np.unique(chosen, return_index=True)
    return distinct[np.argsort(where, kind="stable")], int(counts.sum()) - int(within.sum())


def _named_in(index: SearchIndex, chunks: Rows) -> tuple[Rows, Rows]:
    """Place in `chunks` and entity row, each pair once."""
    low = index.chunk_sentences[chunks]
    counts = index.chunk_sentences[chunks + 1] - low
    ends = np.cumsum(counts)
    sentences = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(low - ends + counts, counts)
    chunk_of = np.repeat(np.arange(len(chunks)), counts)
    owner, _, entity = index.sentence_entities.gather(sentences)
    total = max(1, len(index.entity_flags))
    subject = index.chunk_subject[chunks].astype(np.int64)
    about = np.flatnonzero(subject >= 0)
    pairs = np.unique(
        np.concatenate((chunk_of[owner] * total + entity.astype(np.int64), about * total + subject[about]))
    )
    return pairs // total, pairs % total


def _relations_among(
    index: SearchIndex, entities: Rows, kept: NDArray[np.bool_] | None, most_per_entity: int
) -> tuple[Rows, Rows, Rows]:
    low = index.adjacency.start[entities]
    counts = np.minimum(index.adjacency.start[entities + 1] - low, most_per_entity)
    ends = np.cumsum(counts)
    at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(low - ends + counts, counts)
    _, inside = _places(entities, index.adjacency.values[at])
    relations = np.unique(index.adjacency_relations[at[inside]]).astype(np.int64)
    if kept is not None:
        relations = relations[kept[index.relation_type[relations]]]
    subjects, _ = _places(entities, index.relation_subject[relations])
    objects, _ = _places(entities, index.relation_object[relations])
    return relations, subjects, objects


def _places(rows: Rows, wanted: NDArray[np.integer]) -> tuple[Rows, NDArray[np.bool_]]:
    if not len(rows):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = np.searchsorted(rows, wanted)
    at[at == len(rows)] = 0
    return at, rows[at] == wanted


def _chains(
    start: int, source: Rows, target: Rows, edge: Rows, worth: Scores, count: int, longest: int
) -> tuple[Scores, list[Rows]]:
    """Best worth of a chain of each length to each node, and the directed edge each was reached by."""
    reached = np.zeros((longest + 1, count))
    reached[0, start] = 1.0
    trails: list[Rows] = []
    settled = reached[0].copy()
    for length in range(1, longest + 1):
        offer = reached[length - 1][source] * worth
        order = np.lexsort((edge, -offer, target))
        nodes, first = np.unique(target[order], return_index=True)
        best = order[first]
        better = offer[best] > settled[nodes]
        came = np.full(count, -1, dtype=np.int64)
        came[nodes[better]] = best[better]
        reached[length, nodes[better]] = offer[best][better]
        settled[nodes[better]] = offer[best][better]
        trails.append(came)
    reached[0, start] = 0.0
    return reached, trails


def _trail(place: int, length: int, trails: list[Rows], source: Rows) -> list[tuple[int, int]]:
    """Directed edges (as places in the doubled edge list) from the start to `place`."""
    steps: list[tuple[int, int]] = []
    while length > 0:
        step = int(trails[length - 1][place])
        if step < 0:
            return []
        steps.append((step, place))
        place = int(source[step])
        length -= 1
    return steps[::-1]


def _as_path(index: SearchIndex, graph: Subgraph, score: float, steps: list[tuple[int, int]]) -> Path:
    count = len(graph.relations)
    first, _ = steps[0]
    place = int(graph.subjects[first] if first < count else graph.objects[first - count])
    rows = [int(graph.entities[place])]
    walked: list[Step] = []
    text = index.entity_names[rows[0]]
    for step, reached in steps:
        forward = step < count
        relation = int(graph.relations[step % count])
        name = index.relation_types[int(index.relation_type[relation])]
        rows.append(int(graph.entities[reached]))
        walked.append(Step(index.relation_ids[relation], forward))
        shown = index.entity_names[rows[-1]]
        text += f" -{name}-> {shown}" if forward else f" <-{name}- {shown}"
    return Path(tuple(index.entity_ids.take(rows)), tuple(walked), score, text)


def is_hidden(index: SearchIndex, entities: Rows) -> NDArray[np.bool_]:
    """Whether each entity is a value (a date, a number), or one only the index knows."""
    hidden: NDArray[np.bool_] = (index.entity_flags[entities] & (LITERAL | TITLE_ONLY)) != 0
    return hidden
