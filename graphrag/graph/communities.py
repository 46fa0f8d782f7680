"""Hierarchical Leiden: groups of entities within groups, every entity in some group.

Each connected component, and each group that is divided again, is worked on alone, its members in
the order of their ids and the random numbers started afresh. So a group's subdivision is a function
of its own members and edges: a change elsewhere cannot touch it, and neither can the order in which
anything arrived.

Leiden shuffles its nodes, and one node more in a large component gives every node another turn: a
quarter of the communities of a corpus would differ after a change of one document. So the shuffle is
taken out: members have their turns in the order of their ids (hashes, so in no order that means
anything), where one more moves none of the others. The quality is the same, and what changes is small.
"""

import hashlib
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from operator import attrgetter
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphrag.datamodel import Community
from graphrag.errors import ConfigError, DataError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Method = Literal["igraph", "leidenalg"]

# A component of fewer entities is one group at the top. On the scale of a whole graph modularity
# keeps such islands whole (its resolution limit); a size, unlike that limit, does not change with
# what happens elsewhere.
_ISLAND = 200
_FINER = (1.0, 2.0, 4.0, 8.0)  # factors of the resolution tried, in turn, on a group that will not divide
_RANDOM = threading.RLock()  # igraph draws from one generator per process


def hierarchical_communities(
    ids: Sequence[str],
    source: ArrayLike,
    target: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    max_size: int = 10,
    resolution: float = 1.0,
    seed: int = 0,
    iterations: int = 2,
    method: Method = "igraph",
) -> list[Community]:
    """Divide a graph into communities, and each larger than `max_size` again and again.

    The top is a Leiden partition of each large component; a component of up to 200 entities stays
    whole there, and entities without relations are communities of one. Level 0 is the finest: a
    community that is not divided has level 0, another one more than the highest of its parts, so
    each entity is in exactly one community of each cut (`communities_at`).
    A community larger than `max_size` at level 0 is one that does not fall into parts of at least
    two members even at eight times the resolution, such as a hub with its leaves.

    Ids are hashes of the members. Time is about that of one Leiden run for each level.

    Args:
        ids: Of the entities, unique, in any order.
        source: (e,) place in `ids` of one end of each edge.
        target: (e,) place of the other end. Direction does not count; parallel edges add up,
            self-loops are left out.
        weights: (e,) positive; all 1 if None.
        max_size: A larger community is divided again.
        resolution: Of modularity; higher gives more and smaller communities.
        seed: 0 takes entities in the order of their ids, so that small changes of the graph stay
            small; another one shuffles them.
        iterations: Of Leiden, each time; negative: until nothing improves.
        method: igraph's own Leiden, or the leidenalg package's of the same quality function: some
            ten times slower, kept to check by.

    Returns:
        All communities, from the highest level down (so parents come first), then by id.

    Raises:
        DataError: If ids repeat, edges point outside `ids` or weights are not positive and finite.
        ConfigError: If a setting is out of range.

    References:
        Traag, Waltman & van Eck, "From Louvain to Leiden: guaranteeing well-connected
        communities", Scientific Reports 2019.
    """
    if max_size < 2 or resolution <= 0:
        raise ConfigError(
            f"communities: max_size = {max_size} must be at least 2, resolution = {resolution} above 0"
        )
    names, place = _sorted_ids(ids)
    edges = _simple_edges(len(ids), source, target, weights, place)
    leiden = _Leiden(method, seed, iterations)
    alone, joined, edges = _without_isolated(len(names), edges)
    with leiden:
        nodes = _Splitter(leiden, max_size, resolution).tree(joined, edges)
    found = _communities(names, nodes)
    found += [Community(_community_id((name,)), 0, None, (name,)) for name in map(names.__getitem__, alone)]
    found.sort(key=attrgetter("id"))
    found.sort(key=attrgetter("level"), reverse=True)  # stable, so ids stay in order
    return found


def communities_at(communities: Sequence[Community], level: int) -> list[Community]:
    """Cut through the hierarchy: the communities up to `level` that have no parent up to `level`.

    Each entity is in exactly one of them. Level 0 gives the finest, a high one the top. Sorted by id.
    """
    levels = {community.id: community.level for community in communities}
    cut = [
        community
        for community in communities
        if community.level <= level and (community.parent_id is None or levels[community.parent_id] > level)
    ]
    return sorted(cut, key=lambda community: community.id)


def membership(ids: Sequence[str], communities: Sequence[Community]) -> Ints:
    """(n,) place in `communities`, a cut, of the one that holds each id; -1 if none does."""
    row = {name: place for place, name in enumerate(ids)}
    label = np.full(len(ids), -1, dtype=np.int64)
    for number, community in enumerate(communities):
        label[[row[name] for name in community.entity_ids]] = number
    return label


def modularity(
    count: int,
    source: ArrayLike,
    target: ArrayLike,
    weights: ArrayLike | None,
    label: ArrayLike,
    *,
    resolution: float = 1.0,
) -> float:
    """Modularity of a partition of `count` nodes by `label`; 0 for a graph without edges.

    References:
        Newman & Girvan, "Finding and evaluating community structure in networks", Phys. Rev. E 2004.
    """
    edges = _simple_edges(count, source, target, weights, np.arange(count))
    labels = np.unique(np.asarray(label), return_inverse=True)[1]
    total = edges.weight.sum()
    if total == 0:
        return 0.0
    inside = edges.weight[labels[edges.source] == labels[edges.target]].sum()
    degree = np.bincount(edges.source, edges.weight, count) + np.bincount(edges.target, edges.weight, count)
    shares = np.bincount(labels, degree) / (2 * total)
    return float(inside / total - resolution * (shares**2).sum())


@dataclass(frozen=True, slots=True)
class _Edges:
    """Undirected edges, each once: source < target, sorted by both."""

    source: Ints
    target: Ints
    weight: Floats


@dataclass(slots=True)
class _Node:
    """A community while the tree grows; `members` are places in the sorted ids."""

    members: list[int]
    parent: int
    level: int = 0


def _sorted_ids(ids: Sequence[str]) -> tuple[list[str], Ints]:
    """Ids in order, and where each of the given ones went."""
    if all(a < b for a, b in pairwise(ids)):  # as stores give them
        return list(ids), np.arange(len(ids))
    order = sorted(range(len(ids)), key=ids.__getitem__)
    names = [ids[at] for at in order]
    if any(a == b for a, b in pairwise(names)):
        raise DataError("ids must be unique")
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    return names, place


def _simple_edges(
    count: int, source: ArrayLike, target: ArrayLike, weights: ArrayLike | None, place: Ints
) -> _Edges:
    """Edges between new places, parallel ones added up: the same for every order of the input."""
    start, end = np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
    weight = np.ones(len(start)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(start) == len(end) == len(weight):
        raise DataError(f"{len(start)} sources, {len(end)} targets and {len(weight)} weights must be as many")
    if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= count):
        raise DataError(f"edges must point to places 0 to {count - 1} in ids")
    if not (np.isfinite(weight) & (weight > 0)).all():
        raise DataError("edge weights must be positive and finite")
    start, end = place[start], place[end]
    key = np.minimum(start, end) * count + np.maximum(start, end)
    key, weight = key[start != end], weight[start != end]
    arranged = np.lexsort((weight, key))  # by weight too, so that sums do not hang on the order given
    key, weight = key[arranged], weight[arranged]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    summed = np.add.reduceat(weight, first) if len(first) else weight
    key = key[first]
    return _Edges(key // max(1, count), key % max(1, count), summed)


def _without_isolated(count: int, edges: _Edges) -> tuple[list[int], Ints, _Edges]:
    """Places without an edge, those with one, and the edges between places among the latter.

    Most entities of a knowledge base have no relation; each is a community without further work.
    """
    linked = np.zeros(count, dtype=np.bool_)
    linked[edges.source] = linked[edges.target] = True
    place = np.cumsum(linked) - 1
    inner = _Edges(place[edges.source], place[edges.target], edges.weight)
    return np.flatnonzero(~linked).tolist(), np.flatnonzero(linked), inner


class _Splitter:
    """Grows the tree of communities from the top."""

    def __init__(self, leiden: "_Leiden", max_size: int, resolution: float) -> None:
        self._leiden = leiden
        self._max_size = max_size
        self._resolution = resolution

    def tree(self, places: Ints, edges: _Edges) -> list[_Node]:
        """All communities of `places`, each after its parent."""
        nodes: list[_Node] = []
        queue: list[tuple[int, _Edges]] = []  # communities still to be divided, with their own edges
        for members, inner in self._parts(places, edges, _components(len(places), edges)):
            if inner is None or len(members) <= _ISLAND:
                _place(nodes, queue, -1, members, inner)
                continue
            label = self._leiden.partition(len(members), inner, self._resolution)
            for part, part_edges in self._parts(members, inner, label):
                _place(nodes, queue, -1, part, part_edges)
        while queue:
            at, own = queue.pop()
            for part, part_edges in self._divided(nodes[at].members, own):
                _place(nodes, queue, at, part, part_edges)
        return nodes

    def _divided(self, members: list[int], edges: _Edges) -> Iterator[tuple[list[int], _Edges | None]]:
        """The parts of a community; none if it does not fall into parts of two or more."""
        if _is_star(len(members), edges):
            return
        for factor in _FINER:
            label = self._leiden.partition(len(members), edges, self._resolution * factor)
            label = _without_singles(label, edges)
            if label.max() > 0:
                yield from self._parts(members, edges, label)
                return

    def _parts(
        self, members: Sequence[int] | Ints, edges: _Edges, label: Ints
    ) -> Iterator[tuple[list[int], _Edges | None]]:
        """Members of each label, and the edges inside it between places in those members.

        Edges are only given for parts that have to be divided.
        """
        if not len(members):
            return
        sizes = np.bincount(label)
        if sizes.max() <= self._max_size:
            yield from ((part, None) for part in _grouped(members, label, len(sizes)))
            return
        order = np.argsort(label, kind="stable")
        starts = np.concatenate(([0], np.cumsum(sizes)))
        place = np.empty(len(members), dtype=np.int64)
        place[order] = np.arange(len(members)) - starts[label[order]]
        owner = label[edges.source]
        inside = np.flatnonzero((owner == label[edges.target]) & (sizes[owner] > self._max_size))
        inside = inside[np.argsort(owner[inside], kind="stable")]
        source, target = place[edges.source[inside]], place[edges.target[inside]]
        weight, sorted_members = edges.weight[inside], np.asarray(members)[order].tolist()
        bounds = np.searchsorted(owner[inside], np.arange(len(starts))).tolist()
        for number, (low, high) in enumerate(pairwise(starts.tolist())):
            inner = None
            if high - low > self._max_size:
                own = slice(bounds[number], bounds[number + 1])
                inner = _Edges(source[own], target[own], weight[own])
            yield sorted_members[low:high], inner


def _grouped(members: Sequence[int] | Ints, label: Ints, count: int) -> list[list[int]]:
    """Members by label, in their order; faster than sorting arrays for the few of a small community."""
    parts: list[list[int]] = [[] for _ in range(count)]
    for member, part in zip(members, label.tolist(), strict=True):
        parts[part].append(int(member))
    return parts


class _Leiden:
    """One Leiden run after another, each with the random numbers of a fresh start.

    Inside ``with`` igraph's generator is ours; it goes back to Python's, its default, after.
    """

    def __init__(self, method: Method, seed: int, iterations: int) -> None:
        self._run = {"igraph": self._igraph, "leidenalg": self._leidenalg}[method]
        self._seed = seed
        self._iterations = iterations
        # Repeatable on purpose.
        self._generator: _InOrder | random.Random = random.Random(seed) if seed else _InOrder()  # noqa: S311

    def __enter__(self) -> None:
        import igraph

        _RANDOM.acquire()
        igraph.set_random_number_generator(self._generator)

    def __exit__(self, *_: object) -> None:
        import igraph

        igraph.set_random_number_generator(random)
        _RANDOM.release()

    def partition(self, count: int, edges: _Edges, resolution: float) -> Ints:
        """(count,) labels 0, 1, ..."""
        pairs = np.column_stack((edges.source, edges.target))
        return np.asarray(self._run(count, pairs, edges.weight.tolist(), resolution), dtype=np.int64)

    def _igraph(self, count: int, pairs: Ints, weights: list[float], resolution: float) -> list[int]:
        """As ``Graph.community_leiden``, without the objects around it: they cost as much as a small run."""
        from igraph import GraphBase

        self._generator.seed(self._seed)
        labels: list[int]
        labels, _ = GraphBase(count, pairs.data).community_leiden(
            edge_weights=weights,
            resolution=resolution,
            normalize_resolution=True,  # modularity
            n_iterations=self._iterations,
        )
        return labels

    def _leidenalg(self, count: int, pairs: Ints, weights: list[float], resolution: float) -> list[int]:
        import igraph
        import leidenalg

        found = leidenalg.find_partition(
            igraph.Graph(count, edges=pairs),
            leidenalg.RBConfigurationVertexPartition,
            weights=weights,
            resolution_parameter=resolution,
            n_iterations=self._iterations,
            seed=self._seed,
        )
        labels: list[int] = found.membership
        return labels


class _InOrder:
    """Stands in for igraph's random numbers: its shuffles leave everything where it is.

    A shuffle swaps place i with a random place up to i; the highest draw is i itself. Where Leiden
    draws a community by its gain, the middle draw takes the best one unless others are as good.
    """

    def __init__(self) -> None:
        # Functions that are no Python code: they are called as often as there are nodes and edges.
        self.getrandbits = {count: (1 << count) - 1 for count in range(1, 65)}.__getitem__
        self.randint = max
        self.random = repeat(0.5).__next__

    def gauss(self, mean: float, _: float) -> float:
        return mean

    def seed(self, _: int) -> None:
        """There is no state."""


def _components(count: int, edges: _Edges) -> Ints:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(edges.source), dtype=np.int8)
    matrix = coo_matrix((ones, (edges.source, edges.target)), shape=(count, count))
    _, label = connected_components(matrix, directed=False)
    labels: Ints = label.astype(np.int64)
    return labels


def _without_singles(label: Ints, edges: _Edges) -> Ints:
    """Join each part of one to the larger part it has most weight to; all in one if there is none.

    Higher resolutions leave single members behind, and a community of one says nothing.
    """
    while True:
        sizes = np.bincount(label)
        if not (sizes == 1).any():
            return np.cumsum(sizes > 0)[label] - 1 if not sizes.all() else label  # without gaps
        single = sizes[label] == 1
        start = np.concatenate((edges.source, edges.target))
        end = np.concatenate((edges.target, edges.source))
        outward = single[start] & ~single[end]
        if not outward.any():
            return np.zeros_like(label)
        weight = np.concatenate((edges.weight, edges.weight))[outward]
        key = start[outward] * len(label) + label[end[outward]]
        pair, place = np.unique(key, return_inverse=True)
        node, part = pair // len(label), pair % len(label)
        best = np.lexsort((part, -np.bincount(place, weight), node))
        best = best[np.flatnonzero(np.diff(node[best], prepend=-1))]
        label = label.copy()
        label[node[best]] = part[best]


def _place(
    nodes: list[_Node], queue: list[tuple[int, _Edges]], parent: int, members: list[int], edges: _Edges | None
) -> None:
    nodes.append(_Node(members, parent))
    if edges is not None:
        queue.append((len(nodes) - 1, edges))


def _is_star(count: int, edges: _Edges) -> bool:
    """Whether all edges are those from one hub to all others: the commonest group that has no parts."""
    if len(edges.source) != count - 1:
        return False
    degree = np.bincount(edges.source, minlength=count) + np.bincount(edges.target, minlength=count)
    return bool(degree.max() == count - 1)


def _communities(names: Sequence[str], nodes: Sequence[_Node]) -> list[Community]:
    for node in reversed(nodes):
        if node.parent >= 0:
            parent = nodes[node.parent]
            parent.level = max(parent.level, node.level + 1)
    members = [tuple(map(names.__getitem__, node.members)) for node in nodes]
    made = [_community_id(own) for own in members]
    return [
        Community(name, node.level, made[node.parent] if node.parent >= 0 else None, own)
        for name, node, own in zip(made, nodes, members, strict=True)
    ]


def _community_id(members: Sequence[str]) -> str:
    """`ids.content_id` of "com" and the members as lines, at a third of its cost."""
    raw = "\n".join(members).encode("utf-8")
    return "com-" + hashlib.sha256(b"%d\x1f%b" % (len(raw), raw)).hexdigest()[:32]
