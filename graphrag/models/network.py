"""The network of the shipped pipeline in plain numpy: embeddings, gated recurrences, and four readers.

A window of three tokens feeds a gated linear recurrence in both directions (QRNN, Bradbury et al., ICLR
2017): all matrix products are done at once and only additions run token by token. The parser scores every
pair of words of a sentence (Dozat & Manning, ICLR 2017). Rows of several texts may share the matrices, each
text at its `Rows.texts`; nothing flows from one to another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graphrag.models.batching import SLAB, tiled
from graphrag.models.features import FEATURES, PARAGRAPH, Featurizer

Floats = NDArray[np.float32]
Indexes = NDArray[np.int64]
Weights = Mapping[str, Floats]

DISTANCES = 33
"""Head distances told apart on each side; further ones share the last bucket."""

_REMEMBERED = 30_000  # word forms, 1.5 kB each
_GATHERED = 64  # rows of label products looked at together, so that they stay in the cache


@dataclass(frozen=True)
class Rows:
    """Where the texts stand in the rows of a matrix.

    Attributes:
        texts: (begin, end) of each text, none empty; rows past the last one are zeros up to a whole tile.
    """

    texts: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Rows:
        ends = np.cumsum(lengths).tolist()
        return cls([(end - length, end) for end, length in zip(ends, lengths, strict=True)])

    @property
    def used(self) -> int:
        return self.texts[-1][1]

    @property
    def size(self) -> int:
        return tiled(self.used)

    @cached_property
    def firsts(self) -> Indexes:
        return np.array([begin for begin, _ in self.texts], dtype=np.int64)

    @cached_property
    def lasts(self) -> Indexes:
        return np.array([end - 1 for _, end in self.texts], dtype=np.int64)

    @cached_property
    def backwards(self) -> Indexes:
        """Each text read from its end; its own inverse."""
        order = np.arange(self.size)
        for begin, end in self.texts:
            order[begin:end] = np.arange(end - 1, begin - 1, -1)
        return order


class Linear:
    """x W + b. Columns are filled up to whole tiles, as `batching` asks for."""

    def __init__(self, weight: Floats, bias: Floats) -> None:
        self.outputs = weight.shape[1]
        fill = tiled(self.outputs) - self.outputs
        self._weight = np.ascontiguousarray(np.pad(weight, ((0, 0), (0, fill))), dtype=np.float32)
        self._bias = np.pad(bias, (0, fill)).astype(np.float32)

    @classmethod
    def named(cls, weights: Weights, *names: str) -> Linear:
        """Take layers of one input side by side."""
        return cls(
            np.concatenate([weights[f"{name}.w"] for name in names], axis=1),
            np.concatenate([weights[f"{name}.b"] for name in names]),
        )

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self._weight.shape
        return rows, columns

    def __call__(self, x: Floats) -> Floats:
        """Map (n, in), n in whole tiles, to (n, out)."""
        out = np.empty((len(x), self._weight.shape[1]), dtype=np.float32)
        for begin in range(0, len(x), SLAB):
            np.matmul(x[begin : begin + SLAB], self._weight, out=out[begin : begin + SLAB])
        out += self._bias
        return out[:, : self.outputs]


class Embedding:
    """Rows of words: what a form adds is computed when it is first met and remembered."""

    def __init__(self, weights: Weights, featurizer: Featurizer) -> None:
        self._featurizer = featurizer
        self._tables = [weights[f"embed.{name}"] for name in FEATURES[:-1]]
        casing = weights[f"embed.{FEATURES[-1]}"]
        split = len(weights["mix.w"]) - casing.shape[1]
        self._mix, self._bias = weights["mix.w"][:split], weights["mix.b"]
        self._casing = casing @ weights["mix.w"][split:]
        self._forget()

    @property
    def width(self) -> int:
        """Columns of the result."""
        return len(self._bias) // 2

    def __call__(
        self, keys: Sequence[int], word: Callable[[int], str], breaks: NDArray[np.int32], rows: Rows
    ) -> Floats:
        """Mix the features of each token.

        Args:
            keys: A number for the form of each token.
            word: Gives the form of a number.
            breaks: What ends before each token: 0, `NEWLINE` or `PARAGRAPH`.
            rows: Where the texts stand.

        Returns:
            (rows.size, width).
        """
        places = self._places
        if len(places) > _REMEMBERED:
            self._forget()
            places = self._places
        for key in keys:
            if key not in places:
                self._add(key, word(key))
        where = [places[key] for key in keys]
        before = breaks.copy()
        before[rows.firsts] = PARAGRAPH
        before[1:] = np.maximum(before[1:], self._opens[where[:-1]])
        mixed = self._forms[where]
        mixed += self._casing[self._casings[where] * 4 + before]
        out = np.zeros((rows.size, self.width), dtype=np.float32)
        np.maximum(mixed[:, : self.width], mixed[:, self.width :], out=out[: rows.used])
        return out

    def _forget(self) -> None:
        self._places: dict[int, int] = {}
        self._forms = np.empty((1024, len(self._bias)), dtype=np.float32)
        self._casings = np.empty(1024, dtype=np.int32)
        self._opens = np.empty(1024, dtype=np.int32)

    def _add(self, key: int, word: str) -> None:
        place = len(self._places)
        if place == len(self._forms):
            self._forms, self._casings, self._opens = (
                np.concatenate([table, np.empty_like(table)])
                for table in (self._forms, self._casings, self._opens)
            )
        *columns, casing, opens = self._featurizer.describe(word)
        parts = [table[column] for table, column in zip(self._tables, columns, strict=True)]
        self._forms[place] = np.concatenate(parts) @ self._mix + self._bias
        self._casings[place], self._opens[place] = casing, opens
        self._places[key] = place


class RecurrentLayers:
    """The recurrent layers of one part of the encoder."""

    def __init__(self, weights: Weights, part: str) -> None:
        self._norm = weights[f"{part}.norm"]
        self._layers: list[tuple[Floats, Linear, Linear]] = []
        while (name := f"{part}.{len(self._layers)}") + ".in.w" in weights:
            weight, bias = weights[f"{name}.in.w"].copy(), weights[f"{name}.in.b"].copy()
            half = len(bias) // 2
            weight[:, half:] *= np.float32(0.5)  # the gate is a logistic function by way of tanh
            bias[half:] *= np.float32(0.5)
            self._layers.append(
                (weights[f"{name}.norm"], Linear(weight, bias), Linear.named(weights, f"{name}.out"))
            )

    @property
    def linears(self) -> list[Linear]:
        """Every matrix."""
        return [linear for _, *linears in self._layers for linear in linears]

    def __call__(self, x: Floats, rows: Rows) -> Floats:
        """Read the texts in both directions: (rows.size, width) -> the same shape."""
        width = x.shape[1]
        window = np.zeros((len(x), 3 * width), dtype=np.float32)
        middle = window[:, width : 2 * width]
        for scale, into, out in self._layers:
            _norm(x, scale, middle)
            window[1:, :width] = middle[:-1]
            window[rows.firsts, :width] = 0
            window[:-1, 2 * width :] = middle[1:]
            window[rows.lasts, 2 * width :] = 0
            x = x + out(_recur(into(window), rows))
        return _norm(x, self._norm, np.empty_like(x))


class TreeScorer:
    """Scores tags, sentence starts, heads and labels from the states of the parser."""

    def __init__(self, weights: Weights, n_tags: int, n_morphs: int) -> None:
        self._heads = Linear.named(
            weights, "tag", "morph", "start", "arc.dep", "arc.head", "rel.dep", "rel.head"
        )
        self._n_tags, self._n_morphs = n_tags, n_morphs
        self._arc, self._relation = len(weights["arc.bilinear"]), len(weights["rel.bilinear"])
        scale = np.float32(1 / np.sqrt(self._arc))
        self._arcs = Linear(
            np.concatenate(
                [weights["arc.bilinear"] * scale, weights["arc.distance"].T, weights["arc.root"][:, None]],
                axis=1,
            ),
            # a bias of the heads is, in the product with them, a bias of the queries
            np.concatenate([weights["arc.headbias"], weights["arc.distancebias"], weights["arc.rootbias"]]),
        )
        n, both = self._relation, weights["rel.both.w"]
        self._n_labels = both.shape[1]
        by_head = weights["rel.bilinear"].reshape(n, self._n_labels, n).transpose(2, 1, 0)
        self._relations = Linear(
            np.concatenate([by_head.reshape(n, -1), both[n:]], axis=1),
            # what a dependent adds alone is, in the product with it, a bias of its head's matrix
            np.concatenate([both[:n].T.reshape(-1), weights["rel.both.b"]]),
        )
        self._root = weights["rel.rootvector"]

    @property
    def linears(self) -> list[Linear]:
        """Every matrix."""
        return [self._heads, self._arcs, self._relations]

    def read(self, states: Floats) -> TreeScores:
        """Score the words of some texts: (n, width), n in whole tiles."""
        out = self._heads(states)
        tags, morphs = self._n_tags, self._n_tags + self._n_morphs
        hidden = gelu(out[:, morphs + 1 :])
        arc, relation = self._arc, self._relation
        queries = self._arcs(hidden[:, :arc])
        return TreeScores(
            tags=out[:, :tags],
            morphs=out[:, tags:morphs],
            starts=out[:, morphs],
            queries=queries[:, :arc],
            keys=hidden[:, arc : 2 * arc],
            by_distance=queries[:, arc:-1],
            root=queries[:, -1],
            dependents=hidden[:, 2 * arc : 2 * arc + relation],
            governors=hidden[:, 2 * arc + relation :],
        )

    def labels(self, scores: TreeScores, heads: Indexes) -> Floats:
        """Score the label of each arc: heads (n,) with the word's own index for a root -> (n, labels)."""
        n = len(heads)
        own = heads == np.arange(n)
        # words share heads: what depends on the head alone is computed once for each
        distinct, which = np.unique(np.where(own, -1, heads), return_inverse=True)
        governors = np.zeros((tiled(len(distinct)), self._relation), dtype=np.float32)
        governors[: len(distinct)] = scores.governors[distinct]
        governors[: len(distinct)][distinct == -1] = self._root
        out = self._relations(governors)
        border = self._n_labels * self._relation
        products = out[:, :border].reshape(len(out), self._n_labels, self._relation)
        result = out[which, border:]
        for begin in range(0, n, _GATHERED):
            some = slice(begin, min(begin + _GATHERED, n))
            result[some] += np.matmul(products[which[some]], scores.dependents[some, :, None])[:, :, 0]
        return result


@dataclass(frozen=True, slots=True)
class TreeScores:
    """What the parser makes of the words of some texts; rows as in the states."""

    tags: Floats
    morphs: Floats
    starts: Floats
    queries: Floats
    keys: Floats
    by_distance: Floats
    root: Floats
    dependents: Floats
    governors: Floats

    def arcs(self, begin: int, end: int) -> Floats:
        """Score the heads in the sentence [begin, end): (n, n + 1); column 0 is the root.

        A word never heads itself.
        """
        length = end - begin
        table = np.empty((length, length + 1), np.float32)
        table[:, 0] = self.root[begin:end]
        pairs = table[:, 1:]
        np.matmul(self.queries[begin:end], self.keys[begin:end].T, out=pairs)
        pairs += _by_place(self.by_distance[begin:end])
        table.reshape(-1)[1 :: length + 2] = -np.inf
        return table


class EntityScorer:
    """Scores each entity label at each token."""

    def __init__(self, weights: Weights) -> None:
        self._hidden, self._out = Linear.named(weights, "ner.hidden"), Linear.named(weights, "ner")

    @property
    def linears(self) -> list[Linear]:
        """Every matrix."""
        return [self._hidden, self._out]

    def __call__(self, states: Floats) -> Floats:
        """Map (n, width), n in whole tiles, to (n, labels)."""
        return self._out(gelu(self._hidden(states)))


def gelu(x: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016)."""
    inner = x * x
    inner *= np.float32(0.044715 * 0.7978845608)
    inner += np.float32(0.7978845608)
    inner *= x
    np.tanh(inner, out=inner)
    inner += np.float32(1)
    inner *= x
    inner *= np.float32(0.5)
    return inner


def _by_place(by_distance: Floats) -> Floats:
    """Turn scores by distance (n, 2 DISTANCES + 1) into scores by head (n, n); a view if n is small."""
    n = len(by_distance)
    reach = max(DISTANCES, n - 1)
    if reach > DISTANCES:
        by_distance = np.pad(by_distance, ((0, 0), (reach - DISTANCES,) * 2), mode="edge")
    step = by_distance.strides[1]
    # head j of word i stands at distance j - i: a step down is a step back
    return np.lib.stride_tricks.as_strided(
        by_distance[:, reach:], (n, n), (by_distance.strides[0] - step, step), writeable=False
    )


def _norm(x: Floats, scale: Floats, out: Floats) -> Floats:
    """Scale each row to a root mean square of 1 (Zhang & Sennrich, NeurIPS 2019)."""
    square = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[1]) + np.float32(1e-6)
    np.multiply(x, (1 / np.sqrt(square))[:, None], out=out)
    out *= scale
    return out


def _recur(gates: Floats, rows: Rows) -> Floats:
    """h_t = f_t h_(t-1) + (1 - f_t) z_t in each text; the second half of the columns runs backwards."""
    both = gates.shape[1] // 2
    hidden = both // 2
    np.tanh(gates, out=gates)
    forget = np.empty((len(gates), both), dtype=np.float32)
    states = np.empty_like(forget)
    for target, source in ((forget, gates[:, both:]), (states, gates[:, :both])):
        target[:, :hidden] = source[:, :hidden]
        target[:, hidden:] = source[rows.backwards, hidden:]
    forget *= np.float32(0.5)
    forget += np.float32(0.5)
    states -= forget * states
    multiply, add = np.multiply, np.add
    for begin, end in rows.texts:
        state, *later = states[begin:end]
        for gate, following in zip(forget[begin + 1 : end], later, strict=True):
            multiply(gate, state, gate)
            add(following, gate, following)
            state = following
    states[:, hidden:] = states[rows.backwards, hidden:]
    return states
