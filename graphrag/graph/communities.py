"""Hierarchical Leiden: communities of at most a given size, nested, over every connected component.

Each connected component is divided by itself, from a seed and its own content alone, so a change
touches only the component it happens in, and the result does not depend on the order of the input.
Level 0 is the finest: a community that is not divided further has level 0, any other one more than
the highest of its parts. The communities of a level L are those of at most level L whose parent lies
above it; together they hold every node exactly once.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import igraph
import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import Community
from graphrag.ids import content_id

Rows = NDArray[np.int64]
Weights = NDArray[np.float64]

_ITERATIONS = 3
_SHARPER = 4.0
_ATTEMPTS = 4
# igraph draws from one generator for the whole process; who sets it must have it alone.
_GENERATOR = threading.Lock()


def hierarchical_communities(
    ids: Sequence[str],
    heads: Rows,
    tails: Rows,
    weights: Weights,
    *,
    max_size: int = 10,
    resolution: float = 1.0,
    seed: int = 0,
) -> list[Community]:
    """Nested communities of a weighted undirected graph.

    A component of at most `max_size` nodes is one community. A larger one is divided by Leiden on
    modularity, and each part that is still larger again on its own subgraph, until all leaves fit or
    cannot be divided. O(edges) per level of nesting, igraph's own Leiden, which gives the same
    modularity as leidenalg at a tenth of its cost.

    Args:
        ids: Names of the nodes, distinct.
        heads: (m,) row of one end of each edge.
        tails: (m,) row of the other end; parallel edges add up, self-loops are ignored.
        weights: (m,) positive.
        max_size: Most nodes of a leaf.
        resolution: Of modularity; higher gives smaller communities at the top.
        seed: Of the random generator.

    Returns:
        Communities sorted by level from the coarsest, then by id. Members are sorted.

    References:
        Traag, Waltman, van Eck, "From Louvain to Leiden", Scientific Reports 9, 2019.
    """
    if not len(ids):
        return []
    # Rows in the order of ids: the result must not depend on how the nodes came.
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    names = [ids[row] for row in order.tolist()]
    graph = _graph(len(ids), place[heads], place[tails], weights)
    divider = _Divider(max_size=max_size, resolution=resolution, seed=seed)
    nodes: list[_Node] = []
    membership = np.array(graph.connected_components().membership, dtype=np.int64)
    for component in _groups(membership):
        if len(component) <= max_size:
            nodes.append(_Node(component, ()))
        else:
            # The component itself says nothing; its parts are the coarsest communities.
            whole = divider.divide(_part(graph, component), component)
            nodes.extend(whole.parts or (whole,))
    found: list[Community] = []
    for node in nodes:
        _collect(node, None, names, found)
    return sorted(found, key=lambda item: (-item.level, item.id))


def communities_at(communities: Sequence[Community], level: int) -> list[Community]:
    """The communities of a level: every node in exactly one of them."""
    levels = {item.id: item.level for item in communities}
    return [
        item
        for item in communities
        if item.level <= level and (item.parent_id is None or levels[item.parent_id] > level)
    ]


def modularity(
    count: int,
    heads: Rows,
    tails: Rows,
    weights: Weights,
    membership: Sequence[int],
    *,
    resolution: float = 1.0,
) -> float:
    """Newman's modularity of a partition of `count` nodes, in [-0.5, 1]; 0 for a graph without edges."""
    graph = _graph(count, heads, tails, weights)
    if graph.ecount() == 0:
        return 0.0
    return float(graph.modularity(list(membership), weights="weight", resolution=resolution))


@dataclass(frozen=True, slots=True)
class _Node:
    rows: Rows
    parts: tuple["_Node", ...]

    @property
    def level(self) -> int:
        return 1 + max(part.level for part in self.parts) if self.parts else 0


@dataclass(frozen=True, slots=True)
class _Divider:
    max_size: int
    resolution: float
    seed: int

    def divide(self, graph: igraph.Graph, rows: Rows) -> _Node:
        """`graph` holds the induced subgraph of `rows`, in their order."""
        if len(rows) <= self.max_size:
            return _Node(rows, ())
        parts = self._parts(graph)
        if len(parts) < 2:
            return _Node(rows, ())
        return _Node(
            rows,
            tuple(
                self.divide(_part(graph, part), rows[part])
                if len(part) > self.max_size
                else _Node(rows[part], ())
                for part in parts
            ),
        )

    def _parts(self, graph: igraph.Graph) -> list[Rows]:
        resolution = self.resolution
        for _ in range(_ATTEMPTS):
            membership = _leiden(graph, resolution, self.seed)
            parts = _groups(membership)
            if 1 < len(parts) < graph.vcount():
                return parts
            # Too dense to divide at this resolution: look closer. A clique never divides.
            if len(parts) > 1:
                break
            resolution *= _SHARPER
        return []


def _leiden(graph: igraph.Graph, resolution: float, seed: int) -> Rows:
    with _GENERATOR:
        igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 - reproducible, not secret
        try:
            found = graph.community_leiden(
                objective_function="modularity",
                weights="weight",
                resolution=resolution,
                n_iterations=_ITERATIONS,
            )
        finally:
            igraph.set_random_number_generator(random)
    return np.array(found.membership, dtype=np.int64)


def _graph(count: int, heads: Rows, tails: Rows, weights: Weights) -> igraph.Graph:
    """Undirected, without loops, parallel edges added up, edges sorted by their ends."""
    low, high = np.minimum(heads, tails), np.maximum(heads, tails)
    proper = low != high
    low, high, kept = low[proper], high[proper], weights[proper]
    key, inverse = np.unique(low * count + high, return_inverse=True)
    total = np.bincount(inverse, weights=kept, minlength=len(key)) if len(key) else np.zeros(0)
    edges = np.column_stack((key // count, key % count)) if len(key) else np.zeros((0, 2), dtype=np.int64)
    graph = igraph.Graph(n=count, edges=edges, directed=False)
    graph.es["weight"] = total
    return graph


def _part(graph: igraph.Graph, rows: Rows) -> igraph.Graph:
    if len(rows) == graph.vcount():
        return graph
    return graph.induced_subgraph(rows.tolist(), implementation="create_from_scratch")


def _groups(membership: Rows) -> list[Rows]:
    """Rows of each group, ascending, groups in the order of their first row."""
    order = np.argsort(membership, kind="stable")
    _, starts = np.unique(membership[order], return_index=True)
    groups = np.split(order, starts[1:])
    return sorted(groups, key=lambda group: int(group[0]))


def _collect(node: _Node, parent: str | None, names: Sequence[str], found: list[Community]) -> str:
    members = tuple(names[row] for row in sorted(node.rows.tolist()))
    name = content_id("com", *members)
    found.append(Community(name, node.level, parent, members))
    for part in node.parts:
        _collect(part, name, names, found)
    return name
