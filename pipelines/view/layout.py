"""Where the nodes of the page stand: communities as discs, near those they are tied to.

Each community is a disc of its members in sunflower order, the most connected in the middle. The discs
are moved apart and together by their ties (a force layout of the few discs, not of the many nodes), so
the whole costs little, is the same every time, and shows what belongs together.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SPACING = 16.0
_GOLDEN = math.pi * (3.0 - math.sqrt(5.0))
_MOST_DISCS = 1_500
_STEPS = 120

Points = NDArray[np.float64]


def place(
    count: int, edges: Sequence[tuple[int, int]], community: Sequence[int]
) -> tuple[list[float], list[float]]:
    """Coordinates of `count` nodes; lower numbers stand nearer the middle of their disc.

    Args:
        edges: Pairs of nodes.
        community: Of each node; -1 for none, which puts it beside its first neighbour.
    """
    home = _adopt(count, edges, community)
    members: dict[int, list[int]] = defaultdict(list)
    for node, disc in enumerate(home):
        members[disc].append(node)
    discs = sorted(members, key=lambda disc: (-len(members[disc]), disc))
    rank = {disc: number for number, disc in enumerate(discs)}
    radius = np.array([_SPACING * math.sqrt(len(members[disc]) + 0.5) for disc in discs])
    ties: Counter[tuple[int, int]] = Counter()
    for start, end in edges:
        a, b = rank[home[start]], rank[home[end]]
        if a != b:
            ties[min(a, b), max(a, b)] += 1
    centres = _spread(radius, ties)
    xs, ys = [0.0] * count, [0.0] * count
    for number, disc in enumerate(discs):
        for order, node in enumerate(members[disc]):
            away, turn = _SPACING * math.sqrt(order + 0.3), order * _GOLDEN
            xs[node] = round(float(centres[number, 0]) + away * math.cos(turn), 1)
            ys[node] = round(float(centres[number, 1]) + away * math.sin(turn), 1)
    return xs, ys


def _adopt(count: int, edges: Sequence[tuple[int, int]], community: Sequence[int]) -> list[int]:
    """A disc for every node: its community, else its first neighbour's, else one of all strays."""
    home = list(community)
    for start, end in edges:
        if home[start] < 0 <= home[end]:
            home[start] = home[end]
        elif home[end] < 0 <= home[start]:
            home[end] = home[start]
    return home[:count]


def _spread(radius: Points, ties: Counter[tuple[int, int]]) -> Points:
    """Centres of the discs: pulled together by ties, pushed apart where they would touch."""
    count = len(radius)
    # Start as a sunflower by size, scaled to the discs' total area.
    order = np.arange(count)
    reach = np.sqrt(np.cumsum(radius**2)) * 1.5
    centres = np.stack([reach * np.cos(order * _GOLDEN), reach * np.sin(order * _GOLDEN)], axis=1)
    if count < 3 or count > _MOST_DISCS:
        return centres
    pairs = np.array(sorted(ties), dtype=np.int64).reshape(-1, 2)
    weight = np.sqrt(np.array([ties[a, b] for a, b in map(tuple, pairs.tolist())], dtype=np.float64))
    need = radius[:, None] + radius[None, :] + 1.5 * _SPACING
    for step in range(_STEPS):
        cooling = 1.0 - step / _STEPS
        if len(pairs):
            pull = centres[pairs[:, 1]] - centres[pairs[:, 0]]
            pull *= (0.06 * cooling * weight / (1.0 + weight))[:, None]
            np.add.at(centres, pairs[:, 0], pull)
            np.add.at(centres, pairs[:, 1], -pull)
        centres *= 1.0 - 0.01 * cooling
        gap = centres[:, None, :] - centres[None, :, :]
        distance = np.sqrt((gap**2).sum(axis=2)) + np.eye(count) * 1e9 + 1e-6
        push = np.clip(need - distance, 0.0, None) / distance * 0.35
        centres += (gap * push[:, :, None]).sum(axis=1)
    return centres
