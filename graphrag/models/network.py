"""The network of the shipped pipeline in plain numpy: embeddings, gated recurrences, and four readers.

A window of three tokens feeds a gated linear recurrence in both directions (QRNN, Bradbury et al., ICLR
2017): all matrix products of a text are done at once and only additions run token by token. The parser
scores every pair of words of a sentence (Dozat & Manning, ICLR 2017). One text is one call, so no result
depends on what else was in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from graphrag.models.features import FEATURES

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]

DISTANCES = 33
"""Head distances told apart on each side; further ones share the last bucket."""


def embed(weights: Weights, columns: NDArray[np.int32]) -> Floats:
    """Look up and mix the feature columns: (n, features) -> (n, width)."""
    parts = [weights[f"embed.{name}"][columns[:, i]] for i, name in enumerate(FEATURES)]
    mixed = np.concatenate(parts, axis=1) @ weights["mix.w"] + weights["mix.b"]
    half = mixed.shape[1] // 2
    out: Floats = np.maximum(mixed[:, :half], mixed[:, half:])
    return out


def encode(weights: Weights, part: str, x: Floats) -> Floats:
    """Run the recurrent layers named `part` over one text: (n, width) -> (n, width)."""
    layer = 0
    while f"{part}.{layer}.in.w" in weights:
        name = f"{part}.{layer}"
        gates = affine(weights, f"{name}.in", _window(_norm(x, weights[f"{name}.norm"])))
        x = x + affine(weights, f"{name}.out", _recur(gates))
        layer += 1
    return _norm(x, weights[f"{part}.norm"])


def affine(weights: Weights, name: str, x: Floats) -> Floats:
    """Apply one linear layer: (n, in) -> (n, out)."""
    out: Floats = x @ weights[f"{name}.w"]
    out += weights[f"{name}.b"]
    return out


def gelu(x: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016)."""
    inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)
    out: Floats = np.float32(0.5) * x * (1 + np.tanh(inner))
    return out


class ArcScorer:
    """Scores of every word as the head of every other word of its sentence, for one text."""

    def __init__(self, weights: Weights, states: Floats) -> None:
        dependents = gelu(affine(weights, "arc.dep", states))
        self._heads = gelu(affine(weights, "arc.head", states))
        self._queries = (dependents @ weights["arc.bilinear"]) / np.float32(np.sqrt(dependents.shape[1]))
        self._head_bias = self._heads @ weights["arc.headbias"]
        self._by_distance = dependents @ weights["arc.distance"].T + weights["arc.distancebias"]
        self._root = dependents @ weights["arc.root"] + weights["arc.rootbias"]

    def scores(self, begin: int, end: int) -> Floats:
        """Score the sentence [begin, end): (n, n + 1); column 0 is the root, a word never heads itself."""
        length = end - begin
        table = np.empty((length, length + 1), np.float32)
        table[:, 0] = self._root[begin:end]
        pairs = self._queries[begin:end] @ self._heads[begin:end].T + self._head_bias[begin:end]
        positions = np.arange(length)
        offsets = np.clip(positions - positions[:, None], -DISTANCES, DISTANCES) + DISTANCES
        pairs += np.take_along_axis(self._by_distance[begin:end], offsets, axis=1)
        pairs[positions, positions] = -np.inf
        table[:, 1:] = pairs
        return table


def relation_scores(weights: Weights, states: Floats, heads: NDArray[np.int64]) -> Floats:
    """Score the label of each arc: heads (n,) with the word's own index for a root -> (n, labels)."""
    dependents = gelu(affine(weights, "rel.dep", states))
    governors = gelu(affine(weights, "rel.head", states))[heads]
    governors[heads == np.arange(len(heads))] = weights["rel.rootvector"]
    n, width = dependents.shape
    products = (dependents @ weights["rel.bilinear"]).reshape(n, -1, width)
    both = affine(weights, "rel.both", np.concatenate([dependents, governors], axis=1))
    scores: Floats = np.matmul(products, governors[:, :, None])[:, :, 0] + both
    return scores


def entity_scores(weights: Weights, states: Floats) -> Floats:
    """Score each entity label at each token: (n, width) -> (n, labels)."""
    return affine(weights, "ner", gelu(affine(weights, "ner.hidden", states)))


def _norm(x: Floats, scale: Floats) -> Floats:
    """Scale each row to a root mean square of 1 (Zhang & Sennrich, NeurIPS 2019)."""
    square = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[1]) + np.float32(1e-6)
    out: Floats = x * (1 / np.sqrt(square))[:, None]
    out *= scale
    return out


def _window(x: Floats) -> Floats:
    """Put the left and right neighbour beside each row: (n, d) -> (n, 3 d)."""
    n, width = x.shape
    out = np.zeros((n, 3 * width), np.float32)
    out[1:, :width] = x[:-1]
    out[:, width : 2 * width] = x
    out[:-1, 2 * width :] = x[1:]
    return out


def _recur(gates: Floats) -> Floats:
    """h_t = f_t h_(t-1) + (1 - f_t) z_t; the second half of the columns runs backwards."""
    both = gates.shape[1] // 2
    hidden = both // 2
    forget = np.tanh(np.float32(0.5) * gates[:, both:])  # the logistic function by way of tanh
    forget *= np.float32(0.5)
    forget += np.float32(0.5)
    states: Floats = np.tanh(gates[:, :both])
    states -= forget * states
    for side in (forget, states):
        side[:, hidden:] = side[::-1, hidden:].copy()
    for t in range(1, len(states)):
        forget[t] *= states[t - 1]
        states[t] += forget[t]
    states[:, hidden:] = states[::-1, hidden:].copy()
    return states
