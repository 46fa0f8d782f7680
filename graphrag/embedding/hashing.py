"""Character n-grams hashed into a vector: no model, any script, always the same."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import ConfigError
from graphrag.interfaces import Floats

_SIZES = (2, 3, 4)
_CUT = 100_000
_BATCH = 256
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class HashingEmbedder:
    """Signed counts of 2- to 4-grams inside words, blanks counted as word ends; unit length.

    Finds shared words and spellings, not meanings: for tests, and where no weights may be used.
    About 20,000 short texts a second.

    Args:
        dim: Length of a vector.

    References:
        Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
    """

    def __init__(self, dim: int = 256) -> None:
        if dim < 8:
            raise ConfigError(f"embedding.dim = {dim} is too small; use at least 8")
        self._dim = dim

    @property
    def name(self) -> str:
        return f"hashing-1-{self._dim}"

    @property
    def dim(self) -> int:
        return self._dim

    def embed(self, texts: Sequence[str]) -> Floats:
        """See `interfaces.Embedder`."""
        parts = [self._embed_batch(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return np.concatenate([np.empty((0, self._dim), dtype=np.float32), *parts])

    def _embed_batch(self, texts: Sequence[str]) -> Floats:
        folded = [_fold(text[:_CUT]) for text in texts]
        joined = "".join(folded)
        points = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
        rows = np.repeat(np.arange(len(texts)), [len(text) for text in folded])
        counts = np.zeros(len(texts) * self._dim)
        for size in _SIZES:
            hashes, first = _ngrams(points, rows, size)
            cells = first * self._dim + (hashes % np.uint64(self._dim)).astype(np.intp)
            signs = np.where(hashes >> np.uint64(63), 1.0, -1.0)
            counts += np.bincount(cells, weights=signs, minlength=len(counts))  # whole numbers: exact
        vectors = counts.reshape(len(texts), self._dim)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # A text whose n-grams cancel out is as rare as it is short; give it one fixed direction.
        vectors[(norms[:, 0] == 0) & np.array([bool(text) for text in folded]), 0] = 1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Floats = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0).astype(
            np.float32
        )
        return unit


def _fold(text: str) -> str:
    """Lower case, no accents, single blanks, one blank at each end; "" for blanks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    words = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).split()
    return f" {' '.join(words)} " if words else ""


def _ngrams(
    points: NDArray[np.uint64], rows: NDArray[np.intp], size: int
) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Hashes of all runs of `size` code points inside one text, and the row of each."""
    count = len(points) - size + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.intp)
    hashes = np.full(count, size, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for offset in range(size):
            hashes = (hashes ^ points[offset : offset + count]) * _PRIME
        hashes ^= hashes >> np.uint64(29)
        hashes *= _MIX
        hashes ^= hashes >> np.uint64(32)
        hashes *= _MIX
    inside = rows[:count] == rows[size - 1 :]
    return hashes[inside], rows[:count][inside]
