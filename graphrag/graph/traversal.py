"""Neighbourhoods: k hops around weighted seeds, nodes with most mass first, nothing dropped untold.

Breadth-first search in which each hop walks on only from where most of a random walk's mass has come,
so that what it costs is bounded by the arguments, whatever the size of the graph and of its hubs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphrag.graph.adjacency import CSRGraph, sum_by

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

SCAN = 256
"""Most edges of one node that are looked at; fewer where the node has little mass."""

_LEAST_SCANNED = 16
_GRAIN = 2e-4  # of all mass: an edge that hands on less is not worth looking at


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A part of a graph around seeds.

    Attributes:
        nodes: (m,) rows of the graph, sorted.
        hops: (m,) relations walked from the nearest seed that counts as an anchor; -1 where there is no
            such way.
        mass: (m,) how much of the seeds' mass came by on the way, spread over edges by their weight.
        relations: (r,) relations among the nodes, sorted, as rows of the graph's own. Of two nodes with
            more than `SCAN` edges, one that neither end has among its heaviest is left out.
        ends: (2, r) the two ends of each, as places in `nodes`; the subject first.
        weights: (r,) as walked.
        leaving: (m,) weight of all edges of each node, whether they lead into the part or not; of nodes
            with more edges than are looked at an estimate.
        returning: (m,) how much of that comes straight back: the weight of the edges that lead out, each
            times the chance of being the one taken next.
        pruned: Neighbours met that are not in the part: cut off at a hub, or with too little mass.
    """

    nodes: Rows
    hops: Rows
    mass: Scores
    relations: Rows
    ends: Rows
    weights: Scores
    leaving: Scores
    returning: Scores
    pruned: int


def k_hop(
    graph: CSRGraph,
    seeds: ArrayLike,
    mass: ArrayLike | None = None,
    *,
    anchors: ArrayLike | None = None,
    hops: int = 2,
    hub_cap: int = 64,
    width: int = 64,
    max_nodes: int = 250,
    damping: float = 0.85,
    weigh: Callable[[Rows], Scores] | None = None,
    wanted: Callable[[int], Rows] | None = None,
) -> Neighbourhood:
    """Collect what lies within `hops` relations of the seeds, in either direction.

    Each hop walks on from the `width` nodes with most mass that were not walked on from yet, along at
    most `hub_cap` edges of each, the heaviest; in the end the `max_nodes` with most mass stay, seeds that
    are anchors always among them. Ties go by row. O(hops * width * SCAN + max_nodes * SCAN).

    Args:
        seeds: (s,) distinct rows to start from.
        mass: (s,) positive mass of each, as shares of 1 (of which other things may hold some); equal
            if None.
        anchors: (s,) whether `hops` counts from the seed; from all if None.
        hops: How far; 0 gives the seeds alone.
        hub_cap: Edges followed from one node.
        width: Nodes walked on from in one hop.
        max_nodes: Most nodes in all.
        damping: Share of a node's mass that it hands on.
        weigh: Weight of edges, by their places in the graph's arrays; 0 for one that must not be
            walked. The graph's own weights if None.
        wanted: Places of a hub's edges to look at besides its heaviest.
    """
    weigh = weigh or (lambda places: graph.weights[places].astype(np.float64))
    near = _seeds(seeds, mass, anchors)
    pruned = 0
    for _ in range(hops):
        front = near.unwalked(width)
        if not len(front):
            break
        scan = _scan(near.mass[front], max(SCAN, hub_cap))
        edges = _edges(graph, near.nodes[front], scan, hub_cap, weigh, wanted)
        pruned += edges.left_out
        near.receive(front, edges, damping)
    kept = near.heaviest(max_nodes)
    pruned += len(near.nodes) - len(kept)
    return _part(graph, near, kept, pruned, weigh)


@dataclass(frozen=True, slots=True)
class _EdgeList:
    owner: Rows  # which node of those asked for
    target: Rows
    share: Scores  # of the node's weight
    left_out: int


class _Mass:
    """Nodes met so far, sorted, with the mass that came to each."""

    def __init__(self, nodes: Rows, mass: Scores, hops: Rows) -> None:
        self.nodes = nodes
        self.mass = mass
        self.hops = hops
        self.walked = np.zeros(len(nodes), dtype=bool)
        self.anchors = hops == 0

    def unwalked(self, width: int) -> Rows:
        """Places of the `width` heaviest nodes not walked on from yet; they count as walked from now on."""
        fresh = (~self.walked).nonzero()[0]
        if len(fresh) > width:
            fresh = fresh[(-self.mass[fresh]).argsort(kind="stable")[:width]]
        self.walked[fresh] = True
        return fresh

    def receive(self, front: Rows, edges: _EdgeList, damping: float) -> None:
        """Take in what the nodes at `front` hand on along their edges."""
        handed = damping * self.mass[front][edges.owner] * edges.share
        before = self.hops[front][edges.owner]
        nodes, place = distinct(np.concatenate((self.nodes, edges.target)))
        old, new = place[: len(self.nodes)], place[len(self.nodes) :]
        mass = sum_by(new, handed, len(nodes))
        mass[old] += self.mass
        far = np.full(len(nodes), _FAR)
        far[old] = np.where(self.hops < 0, _FAR, self.hops)
        reached = before >= 0
        np.minimum.at(far, new[reached], before[reached] + 1)
        walked, anchors = np.zeros(len(nodes), dtype=bool), np.zeros(len(nodes), dtype=bool)
        walked[old], anchors[old] = self.walked, self.anchors
        self.nodes, self.mass, self.walked, self.anchors = nodes, mass, walked, anchors
        self.hops = np.where(far == _FAR, -1, far)

    def heaviest(self, most: int) -> Rows:
        if len(self.nodes) <= most:
            return np.arange(len(self.nodes))
        best = np.lexsort((-self.mass, ~self.anchors))[: max(most, int(self.anchors.sum()))]
        return np.sort(best)


_FAR = 1 << 30


def _seeds(seeds: ArrayLike, mass: ArrayLike | None, anchors: ArrayLike | None) -> _Mass:
    rows = np.asarray(seeds, dtype=np.int64).reshape(-1)
    given = np.full(len(rows), 1 / max(1, len(rows))) if mass is None else np.asarray(mass, dtype=np.float64)
    counted = np.ones(len(rows), dtype=bool) if anchors is None else np.asarray(anchors, dtype=bool)
    order = np.argsort(rows, kind="stable")
    return _Mass(rows[order], given[order], np.where(counted[order], 0, -1))


def _edges(
    graph: CSRGraph,
    nodes: Rows,
    scan: Rows,
    hub_cap: int,
    weigh: Callable[[Rows], Scores],
    wanted: Callable[[int], Rows] | None,
) -> _EdgeList:
    """The edges to follow from each of the nodes."""
    owner, places, weight, leaving = _looked_at(graph, nodes, scan, weigh)
    degree = graph.indptr[nodes + 1] - graph.indptr[nodes]
    if wanted is not None:
        for at in np.flatnonzero((degree > scan) & (scan >= SCAN)).tolist():
            more = wanted(int(nodes[at]))
            more = more[more >= graph.indptr[nodes[at]] + scan[at]]
            owner = np.concatenate((owner, np.full(len(more), at)))
            places = np.concatenate((places, more))
            weight = np.concatenate((weight, weigh(more)))
    followed = weight > 0
    for at in (np.bincount(owner, minlength=len(nodes)) > hub_cap).nonzero()[0].tolist():
        edges = (owner == at).nonzero()[0]
        followed[edges[np.lexsort((places[edges], -weight[edges]))[hub_cap:]]] = False
    owner, places, weight = owner[followed], places[followed], weight[followed]
    target = graph.indices[places].astype(np.int64)
    return _EdgeList(owner, target, weight / leaving[owner], int(degree.sum()) - len(owner))


def _scan(mass: Scores, most: int) -> Rows:
    """How many edges of each node are looked at: what hands on next to nothing need not be seen whole."""
    scan: Rows = np.clip(mass / _GRAIN, _LEAST_SCANNED, most).astype(np.int64)
    return scan


def _looked_at(
    graph: CSRGraph, nodes: Rows, scan: Rows, weigh: Callable[[Rows], Scores]
) -> tuple[Rows, Rows, Scores, Scores]:
    """Owner, place and weight of the heaviest edges of each node, and the weight of all its edges."""
    owner, places = graph.gather(nodes, most=scan)
    weight = weigh(places)
    leaving = sum_by(owner, weight, len(nodes))
    degree = graph.indptr[nodes + 1] - graph.indptr[nodes]
    leaving *= np.maximum(1.0, degree / scan)
    return owner, places, weight, leaving


def _part(
    graph: CSRGraph, near: "_Mass", kept: Rows, pruned: int, weigh: Callable[[Rows], Scores]
) -> Neighbourhood:
    """The nodes kept, the relations among them, and what leads out."""
    nodes = near.nodes[kept]
    scan = _scan(near.mass[kept], SCAN)
    owner, places, weight, leaving = _looked_at(graph, nodes, scan, weigh)
    neighbour = graph.indices[places]
    at = np.minimum(nodes.searchsorted(neighbour), max(0, len(nodes) - 1))
    inside = nodes[at] == neighbour if len(nodes) else np.zeros(0, dtype=bool)
    out = (~inside).nonzero()[0]
    beyond = neighbour[out]
    back = weight[out] / (graph.indptr[beyond + 1] - graph.indptr[beyond])
    returning = sum_by(owner[out], back, len(nodes))
    returning *= np.maximum(1.0, (graph.indptr[nodes + 1] - graph.indptr[nodes]) / scan)
    among = (inside & (weight > 0)).nonzero()[0]
    owner, at, places, weight = owner[among], at[among], places[among], weight[among]
    relations, first = first_places(graph.relations[places].astype(np.int64))
    forward = graph.forward[places[first]]
    one, other = owner[first], at[first]
    ends = np.stack((np.where(forward, one, other), np.where(forward, other, one)))
    return Neighbourhood(
        nodes,
        near.hops[kept],
        near.mass[kept],
        relations,
        ends,
        weight[first],
        leaving,
        returning,
        pruned,
    )


def distinct(values: Rows) -> tuple[Rows, Rows]:
    """Sorted distinct values, and the place among them of each; what `numpy.unique` does, in less time."""
    order = values.argsort(kind="stable")
    ordered = values[order]
    new = run_starts(ordered)
    place = np.empty(len(values), dtype=np.int64)
    place[order] = new.cumsum() - 1
    return ordered[new], place


def first_places(values: Rows) -> tuple[Rows, Rows]:
    """Sorted distinct values, and where each stands first."""
    order = values.argsort(kind="stable")
    ordered = values[order]
    new = run_starts(ordered)
    return ordered[new], order[new]


def run_starts(ordered: Rows) -> NDArray[np.bool_]:
    """Whether each value differs from the one before it; the first one does."""
    new = np.empty(len(ordered), dtype=np.bool_)
    new[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


def places_of(rows: Rows, wanted: NDArray[np.integer]) -> tuple[Rows, NDArray[np.bool_]]:
    """Place of each wanted row among the sorted `rows`, and whether it is there at all."""
    if not len(rows):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = rows.searchsorted(wanted)
    at[at == len(rows)] = 0
    return at, rows[at] == wanted
