"""The obvious vector index: compare with everything. Small, and the oracle for the fast one."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from graphrag.errors import StoreDamagedError
from graphrag.interfaces import Floats


class ExactIndex:
    """Scans all vectors for each query. O(vectors * dim) a query; see `interfaces.VectorIndex`."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._vectors: dict[str, Floats] = {}

    def __len__(self) -> int:
        return len(self._vectors)

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        self._vectors.update(zip(ids, np.array(vectors, dtype=np.float32), strict=True))

    def remove(self, ids: Iterable[str]) -> None:
        for name in ids:
            self._vectors.pop(name, None)

    def search(self, queries: Floats, k: int) -> tuple[list[list[str]], list[list[float]]]:
        names = sorted(self._vectors)
        matrix = np.array([self._vectors[name] for name in names], dtype=np.float64).reshape(-1, self.dim)
        found: list[list[str]] = []
        scores: list[list[float]] = []
        for query in np.asarray(queries, dtype=np.float64):
            values = (matrix * query).sum(axis=1).astype(np.float32)  # row by row: equal rows, equal bits
            order = np.argsort(-values, kind="stable")[:k]
            found.append([names[row] for row in order])
            scores.append(values[order].tolist())
        return found, scores

    def save(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        names = sorted(self._vectors)
        np.save(path / "ids.npy", np.array(names, dtype=np.str_), allow_pickle=False)
        vectors = np.array([self._vectors[name] for name in names], dtype=np.float32).reshape(-1, self.dim)
        np.save(path / "vectors.npy", vectors, allow_pickle=False)

    def load(self, path: Path) -> None:
        try:
            names = np.load(path / "ids.npy", allow_pickle=False).tolist()
            vectors = np.load(path / "vectors.npy", allow_pickle=False)
            if vectors.shape != (len(names), self.dim):
                raise ValueError(f"{vectors.shape} vectors for {len(names)} ids of {self.dim} dimensions")
        except (OSError, ValueError, EOFError) as error:
            raise StoreDamagedError(f'vector index "{path}" cannot be read: {error}; rebuild it') from error
        self._vectors = dict(zip(names, vectors, strict=True))
