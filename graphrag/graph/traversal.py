"""Neighbourhoods: k hops around weighted anchors, hubs capped, nothing dropped untold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphrag.graph.adjacency import CSRGraph, sum_by

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A part of a graph around anchors.

    Attributes:
        nodes: (m,) rows of the graph, sorted.
        hops: (m,) distance from the nearest anchor along the edges that were followed.
        mass: (m,) how much of the anchors' weight reached the node when it was found, spread over
            edges by their weight.
        relations: (r,) relations among the nodes, sorted. Of a node with more than the cap, one that
            neither end has among its heaviest is left out.
        graph: The same as a graph of its own: node i is ``nodes[i]``, relation j is ``relations[j]``.
        capped: Nodes of which only the heaviest edges were followed, sorted.
        edges_pruned: (len(capped),) edges of each that were not followed.
        nodes_pruned: Nodes found but not kept, for `max_nodes`.
    """

    nodes: Rows
    hops: NDArray[np.int64]
    mass: NDArray[np.float64]
    relations: Rows
    graph: CSRGraph
    capped: Rows
    edges_pruned: Rows
    nodes_pruned: int


def k_hop(
    graph: CSRGraph,
    anchors: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    hops: int = 2,
    hub_cap: int = 64,
    max_nodes: int | None = None,
    blocked: NDArray[np.bool_] | None = None,
) -> Neighbourhood:
    """Collect what lies within `hops` relations of the anchors, in either direction.

    Of each node at most the `hub_cap` heaviest edges are followed. Where a hop finds more than
    `max_nodes` allow, those with most mass stay, ties by row. O(nodes found * hub_cap), plus one
    byte for each node of the graph.

    Args:
        anchors: (a,) rows to start from.
        weights: (a,) positive weight of each; equal if None.
        hops: How far; 0 gives the anchors alone.
        hub_cap: Edges followed from one node.
        max_nodes: Most nodes in all, anchors always among them; no bound if None.
        blocked: (n,) nodes that are taken in but not walked through, such as dates; None for none.
    """
    start, share = _anchors(anchors, weights)
    seen = np.zeros(len(graph), dtype=bool)
    seen[start] = True
    layers, masses = [start], [share]
    nodes_pruned = 0
    frontier, mass = start, share
    for _ in range(hops):
        if blocked is not None:
            open_ = ~blocked[frontier]
            frontier, mass = frontier[open_], mass[open_]
        found, arrived = _step(graph, frontier, mass, hub_cap, seen)
        room = len(found) if max_nodes is None else max(0, max_nodes - sum(map(len, layers)))
        if len(found) > room:
            best = np.sort(np.lexsort((found, -arrived))[:room])
            nodes_pruned += len(found) - room
            found, arrived = found[best], arrived[best]
        if not len(found):
            break
        seen[found] = True
        layers.append(found)
        masses.append(arrived)
        frontier, mass = found, arrived
    return _neighbourhood(graph, layers, masses, hub_cap, nodes_pruned)


def _anchors(anchors: ArrayLike, weights: ArrayLike | None) -> tuple[Rows, NDArray[np.float64]]:
    """Distinct rows, sorted, with weights that sum to 1."""
    rows = np.asarray(anchors, dtype=np.int64).reshape(-1)
    given = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    start, place = np.unique(rows, return_inverse=True)
    total = sum_by(place, given, len(start))
    return start, total / total.sum() if total.sum() > 0 else total


def _step(
    graph: CSRGraph, frontier: Rows, mass: NDArray[np.float64], hub_cap: int, seen: NDArray[np.bool_]
) -> tuple[Rows, NDArray[np.float64]]:
    """Nodes one hop on that were not seen, sorted, with the mass that reached each."""
    owner, places = graph.gather(frontier, most=hub_cap)
    weight = graph.weights[places].astype(np.float64)
    leaving = sum_by(owner, weight, len(frontier))
    share = mass[owner] * np.divide(
        weight, leaving[owner], out=np.zeros_like(weight), where=leaving[owner] > 0
    )
    neighbour = graph.indices[places].astype(np.int64)
    new = ~seen[neighbour]
    found, place = np.unique(neighbour[new], return_inverse=True)
    return found, sum_by(place, share[new], len(found))


def _neighbourhood(
    graph: CSRGraph,
    layers: list[Rows],
    masses: list[NDArray[np.float64]],
    hub_cap: int,
    nodes_pruned: int,
) -> Neighbourhood:
    nodes = np.concatenate(layers)
    order = np.argsort(nodes)
    hops = np.repeat(np.arange(len(layers)), [len(layer) for layer in layers])[order]
    nodes, mass = nodes[order], np.concatenate(masses)[order]
    owner, places = graph.gather(nodes, most=hub_cap)
    neighbour = graph.indices[places]
    at = np.minimum(np.searchsorted(nodes, neighbour), max(0, len(nodes) - 1))
    inside = nodes[at] == neighbour if len(nodes) else np.zeros(0, dtype=bool)
    owner, at, places = owner[inside], at[inside], places[inside]
    relations, first = np.unique(graph.relations[places].astype(np.int64), return_index=True)
    forward = graph.forward[places[first]]
    source = np.where(forward, owner[first], at[first])
    target = np.where(forward, at[first], owner[first])
    part = CSRGraph.from_relations(len(nodes), source, target, graph.weights[places[first]])
    degrees = graph.indptr[nodes + 1] - graph.indptr[nodes]
    hubs = degrees > hub_cap
    return Neighbourhood(
        nodes, hops, mass, relations, part, nodes[hubs], degrees[hubs] - hub_cap, nodes_pruned
    )
