"""Relations as compressed sparse rows: each seen from both ends, mapped from disk, open at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphrag.errors import DataError, StoreDamagedError
from graphrag.index.arrays import spread

Rows = NDArray[np.int64]
_FILES = ("indptr", "indices", "weights", "relations", "forward")


@dataclass(frozen=True, slots=True)
class CSRGraph:
    """Neighbours of n nodes; those of node i lie at indptr[i] to indptr[i + 1] of the edge arrays.

    A relation lies at both its ends (a self-loop at its one end, once). Each node's edges stand
    heaviest first, then by neighbour, then by relation, so the first k are the k to keep.

    Attributes:
        indptr: (n + 1,) int64.
        indices: (e,) int32, the neighbour.
        weights: (e,) float32.
        relations: (e,) int32, row of the relation in the arrays the graph was made from.
        forward: (e,) bool, whether the node is the relation's subject.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weights: NDArray[np.float32]
    relations: NDArray[np.int32]
    forward: NDArray[np.bool_]

    @classmethod
    def from_relations(
        cls, count: int, source: ArrayLike, target: ArrayLike, weights: ArrayLike | None = None
    ) -> "CSRGraph":
        """Build from the subject and object rows of relations; O(e log e).

        Raises:
            DataError: If a row is not in [0, count) or a weight is negative or not finite.
        """
        start, end = np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
        weight = (
            np.ones(len(start), dtype=np.float32)
            if weights is None
            else np.asarray(weights, dtype=np.float32)
        )
        if not len(start) == len(end) == len(weight):
            raise DataError(
                f"{len(start)} subjects, {len(end)} objects and {len(weight)} weights must be as many"
            )
        if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= count):
            raise DataError(f"relations must join rows 0 to {count - 1}")
        if not (np.isfinite(weight) & (weight >= 0)).all():
            raise DataError("relation weights must be finite and not negative")
        proper = np.flatnonzero(start != end)
        owner = np.concatenate((start, end[proper]))
        neighbour = np.concatenate((end, start[proper]))
        relation = np.concatenate((np.arange(len(start)), proper))
        both = np.concatenate((weight, weight[proper]))
        forward = np.concatenate((np.ones(len(start), dtype=bool), np.zeros(len(proper), dtype=bool)))
        order = np.lexsort((relation, neighbour, -both, owner))
        indptr = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=count)))).astype(np.int64)
        return cls(
            indptr,
            neighbour[order].astype(np.int32),
            both[order],
            relation[order].astype(np.int32),
            forward[order],
        )

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def degrees(self) -> Rows:
        """(n,) edges at each node."""
        return np.diff(self.indptr)

    def gather(self, nodes: Rows, *, most: int | Rows | None = None) -> tuple[Rows, Rows]:
        """Edges of several nodes, of each the first `most` (one number for all, or one for each).

        Returns:
            For each edge: the place of its node in `nodes`, and its own place in the edge arrays.
        """
        start = self.indptr[nodes]
        counts = self.indptr[np.asarray(nodes) + 1] - start
        if most is not None:
            counts = np.minimum(counts, most)
        return spread(start, start + counts)

    def matrix(self) -> Any:
        """(n, n) scipy CSR of the weights, symmetric, parallel relations added up."""
        from scipy.sparse import csr_matrix

        matrix = csr_matrix(
            (self.weights.astype(np.float64), self.indices, self.indptr), shape=(len(self),) * 2
        )
        matrix.sum_duplicates()
        return matrix

    def save(self, folder: Path) -> None:
        """Write one ``.npy`` file for each array into `folder`, which the caller renames into place."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def open(cls, folder: Path) -> "CSRGraph":
        """Map a saved graph; nothing but headers is read.

        Raises:
            StoreDamagedError: If a file is missing or cut, or the arrays do not fit each other.
        """
        try:
            arrays = [_mapped(folder / f"{name}.npy") for name in _FILES]
        except (OSError, ValueError, EOFError) as error:
            raise StoreDamagedError(f'adjacency "{folder}" cannot be read: {error}; rebuild it') from error
        graph = cls(*arrays)
        edges = {len(array) for array in arrays[1:]}
        if len(edges) != 1 or len(graph.indptr) < 1 or int(graph.indptr[-1]) not in edges:
            raise StoreDamagedError(f'adjacency "{folder}": its arrays do not fit each other; rebuild it')
        return graph


def _mapped(path: Path) -> Any:
    try:
        # A plain array over the mapped file: each slice of a memmap object costs microseconds.
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:  # an array without elements cannot be mapped
        array = np.load(path, allow_pickle=False)
        if array.size:
            raise
        return array


def sum_by(rows: NDArray[Any], values: NDArray[Any], count: int) -> NDArray[np.float64]:
    """(count,) sums of the values of each row."""
    sums: Any = np.bincount(rows, values, count)
    return np.asarray(sums, dtype=np.float64)


def relation_rows(names: Sequence[str], ends: Sequence[str]) -> Rows:
    """Rows of `ends` among sorted `names`.

    Raises:
        DataError: If one is not among them.
    """
    row = {name: place for place, name in enumerate(names)}
    try:
        return np.fromiter((row[end] for end in ends), dtype=np.int64, count=len(ends))
    except KeyError as error:
        raise DataError(f"a relation ends at {error}, which is not among the entities") from error
