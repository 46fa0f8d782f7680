"""How many texts may share a call of the network without any of them noticing.

Rows of several texts stacked in one matrix cost fewer and larger products. That is allowed only where a row
of a product has the same bits wherever it stands and however many rows stand with it. Most BLAS kernels keep
that promise for matrices of whole tiles (OpenBLAS for AVX-512, AVX and SSE), some do not (its Haswell kernel
adds up a row in one of two ways, by its place), so the first call tries it; where it does not hold, each text
is a call of its own. Either way the annotations of a text cannot depend on its batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

import numpy as np
from spacy.tokens import Doc

from graphrag.models.threads import one_thread

TILE = 16
"""Rows and columns of every matrix come in multiples of it; what is missing is filled with zeros."""

SLAB = 512
"""Rows multiplied at once; a multiple of `TILE`."""

_TOGETHER = 768  # tokens that share a call; more gain nothing


def tiled(size: int) -> int:
    """Round up to whole tiles."""
    return -(-size // TILE) * TILE


def batches(stream: Iterable[Doc], shapes: Iterable[tuple[int, int]]) -> Iterator[list[Doc]]:
    """Group texts, in order, for one call of a network with weight matrices of these shapes."""
    shared = _TOGETHER if all(rows_stand_alone(*shape) for shape in shapes) else 0
    batch: list[Doc] = []
    tokens = 0
    for doc in stream:
        batch.append(doc)
        tokens += len(doc)
        if tokens >= shared:
            yield batch
            batch, tokens = [], 0
    if batch:
        yield batch


@cache
def rows_stand_alone(n_in: int, n_out: int) -> bool:
    """Try whether rows times an (n_in, n_out) matrix give the same bits in any place of any company."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((n_in, n_out), dtype=np.float32)
    rows = rng.standard_normal((SLAB, n_in), dtype=np.float32)
    part, shift = 11 * TILE, 5
    with one_thread():
        together = rows @ weights
        borders = (0, TILE, 4 * TILE, 9 * TILE, 20 * TILE, SLAB)
        apart = np.concatenate([rows[begin:end] @ weights for begin, end in pairwise(borders)])
        moved = rows[shift : part + shift] @ weights
    return bool((apart == together).all() and (moved == together[shift : part + shift]).all())
