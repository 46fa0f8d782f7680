"""Nearest neighbours: an exact scan while there are few vectors, an HNSW graph when there are many."""

import json
import shutil
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import DataError, StoreDamagedError, StoreError
from graphrag.index.arrays import Strings, write_strings
from graphrag.interfaces import Floats

_VERSION = 2
_SLACK = 1e-5  # more than matrix products in float32 can be off by
_BLOCK = 16 * 2**20  # scores held at once
_WORN = 0.3  # share of rows that went, or came, at which all is laid out anew

Rows = NDArray[np.int64]


class HNSWIndex:
    """Cosine search over unit vectors with string ids; see `interfaces.VectorIndex`.

    Fewer than `exact_below` vectors are scanned, exactly. Beyond that an HNSW graph is built, on
    the first search or save that needs it, always in the order of insertion and by one thread: the
    same calls give the same graph. All scores are computed again in float64, so that equal vectors
    tie and ties go by id. A search for k results looks at `ef_search` candidates whatever k is, and
    scans exactly for a k beyond that; so results for k are a prefix of those for k + 1 on either side.

    Rows (insertion order, see `search_rows`) spare a caller with integer ids all string work. A row
    stays what it is until `remove` or a replacing `add` lays out the index anew.

    The graph takes inserts and deletes in place, also those made after it was saved and loaded: a
    deleted node stays as a way to others and is never found. It depends on the order of the calls,
    then, and is built again when the nodes that went and those that came since it was built are three
    tenths of it.

    Args:
        dim: Length of a vector.
        m: Links of a node; memory grows with it (about ``8 * m`` bytes a vector).
        ef_construction: Candidates looked at when a node is linked.
        ef_search: Candidates looked at in a search.
        exact_below: Scan while there are fewer vectors than this.
        seed: Of the nodes' random levels.

    References:
        Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using
        Hierarchical Navigable Small World graphs", TPAMI 2020.
    """

    _count: int  # rows in use, dead ones included
    _dead_count: int
    _vectors: Floats  # (capacity, dim)
    _dead: NDArray[np.bool_]  # (capacity,)
    _names: list[str]  # by row, unless they are still in `_stored_names`
    _stored_names: Strings | None
    _rows: dict[str, int] | None  # living ids; None until asked for
    _graph: Any
    _labels: Rows  # what the graph calls the rows that are in it, the first ones
    _row_of_label: Rows  # the inverse; -1 for dead nodes
    _built: int  # nodes of the graph when it was built; those that came later have the higher labels

    def __init__(
        self,
        dim: int,
        *,
        m: int = 16,
        ef_construction: int = 200,
        ef_search: int = 200,
        exact_below: int = 20_000,
        seed: int = 0,
    ) -> None:
        self.dim = dim
        self.m = m
        self.ef_construction = ef_construction
        self.ef_search = ef_search
        self.exact_below = exact_below
        self.seed = seed
        self._clear()

    def __len__(self) -> int:
        return self._count - self._dead_count

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        """Insert, or replace where the id is known; a later row of one call replaces an earlier one.

        Raises:
            DataError: If the vectors have another shape or are not finite.
        """
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.shape != (len(ids), self.dim):
            raise DataError(f"{vectors.shape} vectors for {len(ids)} ids; expected ({len(ids)}, {self.dim})")
        if not np.isfinite(vectors).all():
            raise DataError("vectors must be finite; the embedder gave NaN or infinity")
        rows = self._row_of()
        keep = {name: position for position, name in enumerate(ids)}
        chosen = sorted(keep.values())
        self._kill([rows[name] for name in keep if name in rows])
        start = self._count
        self._reserve(start + len(chosen))
        self._vectors[start : start + len(chosen)] = vectors[chosen]
        names = self._names_list()
        names.extend(ids[position] for position in chosen)
        rows.update((ids[position], start + place) for place, position in enumerate(chosen))
        self._count = len(names)
        if self._dead_count > _WORN * self._count:
            self._compact()

    def remove(self, ids: Iterable[str]) -> None:
        """Delete; unknown ids are ignored."""
        rows = self._row_of()
        self._kill([rows.pop(name) for name in sorted(set(ids)) if name in rows])
        if self._dead_count > _WORN * self._count:
            self._compact()

    def follow(self, ids: Sequence[str], vectors: Floats, source: Rows) -> None:
        """Become the index of other rows, keeping the graph of what stays.

        Args:
            source: (n,) row that each of the n new rows has had so far; -1 for a new one.

        Raises:
            DataError: If the vectors have another shape.
        """
        if vectors.shape != (len(ids), self.dim) or len(source) != len(ids):
            raise DataError(f"{vectors.shape} vectors for {len(ids)} ids; expected ({len(ids)}, {self.dim})")
        graph = self._graph
        new = np.flatnonzero(source < 0)
        if graph is not None and len(self._labels) == self._count and not self._dead_count:
            kept = np.zeros(self._count, dtype=bool)
            kept[source[source >= 0]] = True
            self._kill(np.flatnonzero(~kept).tolist())
            labels = np.full(len(ids), -1, dtype=np.int64)
            labels[source >= 0] = self._labels[source[source >= 0]]
            labels[new] = self._link(vectors[new])
            self._name_labels(labels)
        else:
            self._drop_graph()
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._names, self._rows, self._stored_names = list(ids), None, None
        self._count, self._dead_count = len(ids), 0
        self._dead = np.zeros(len(ids), dtype=bool)
        if self._is_worn():
            self._drop_graph()

    def search(self, queries: Floats, k: int) -> tuple[list[list[str]], list[list[float]]]:
        """See `interfaces.VectorIndex`."""
        found: list[list[str]] = []
        scores: list[list[float]] = []
        for candidates, values in self._candidates(queries, k):
            order = np.argsort(-values, kind="stable")
            ranked = values[order]
            if len(ranked) > k:  # only what ties with the last place can take it
                order = order[: int(np.searchsorted(-ranked, -ranked[k - 1], side="right"))]
            pairs = [(-float(values[at]), self._name(int(candidates[at]))) for at in order]
            pairs.sort()
            found.append([name for _, name in pairs[:k]])
            scores.append([-score for score, _ in pairs[:k]])
        return found, scores

    def search_rows(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """As `search`, in rows: the place of each id in order of insertion. Ties go by row.

        Returns:
            (q, k) rows and scores, best first; -1 and -inf where there are fewer than k.
        """
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        for at, (candidates, values) in enumerate(self._candidates(queries, k)):
            order = np.lexsort((candidates, -values))[:k]
            rows[at, : len(order)] = candidates[order]
            scores[at, : len(order)] = values[order]
        return rows, scores

    @property
    def vectors(self) -> Floats:
        """(n, dim) by row, not to be written to; rows of removed ids are still in it until `save`."""
        return self._vectors[: self._count]

    def name(self, row: int) -> str:
        """Id of a row that `search_rows` gave."""
        return self._name(row)

    def save(self, path: Path) -> None:
        """Write a folder, beside and renamed into place.

        Raises:
            StoreError: If it cannot be written.
        """
        if self._dead_count:
            self._compact()
        partial = path.with_name(path.name + ".partial")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            self._write(partial)
            old = path.with_name(path.name + ".old")
            shutil.rmtree(old, ignore_errors=True)
            if path.exists():
                path.rename(old)
            partial.rename(path)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise StoreError(f'cannot write the vector index "{path}": {error.strerror or error}') from error

    def load(self, path: Path) -> None:
        """Open a saved index: vectors are mapped, not read, until the first change.

        Raises:
            StoreDamagedError: If it is absent, cut, of another version or of another dimension.
        """
        self._clear()
        try:
            meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
            if meta["version"] != _VERSION or meta["dim"] != self.dim:
                raise ValueError(f"version {meta['version']} with {meta['dim']} dimensions, not {self.dim}")
            vectors = np.load(
                path / "vectors.npy", mmap_mode="r" if meta["count"] else None, allow_pickle=False
            )
            starts = np.load(path / "ids_start.npy", allow_pickle=False)
            names = Strings(starts, np.load(path / "ids.npy", allow_pickle=False))
            if vectors.shape != (meta["count"], self.dim) or len(names) != meta["count"]:
                raise ValueError(f"{vectors.shape} vectors and {len(names)} ids instead of {meta['count']}")
            if meta["graph"] is not None:
                labels = np.load(path / "labels.npy", allow_pickle=False)
                if labels.shape != (meta["count"],) or _crc32(path / "labels.npy") != meta["graph"]["labels"]:
                    raise ValueError('"labels.npy" is not what was saved')
                self._graph = self._read_graph(path / "graph.hnsw", meta["graph"])
                self._built = meta["graph"]["built"]
                self._name_labels(labels)
        except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError) as error:
            self._clear()
            raise StoreDamagedError(f'vector index "{path}" cannot be read: {error}; rebuild it') from error
        self._vectors, self._stored_names, self._count = vectors, names, meta["count"]
        self._dead = np.zeros(self._count, dtype=bool)

    def _clear(self) -> None:
        self._count = self._dead_count = 0
        self._vectors = np.empty((0, self.dim), dtype=np.float32)
        self._dead = np.zeros(0, dtype=bool)
        self._names, self._rows, self._stored_names = [], {}, None
        self._drop_graph()

    def _drop_graph(self) -> None:
        self._graph, self._built = None, 0
        self._name_labels(np.empty(0, dtype=np.int64))

    def _name_labels(self, labels: Rows) -> None:
        self._labels = labels
        nodes = self._graph.get_current_count() if self._graph is not None else 0
        self._row_of_label = np.full(nodes, -1, dtype=np.int64)
        self._row_of_label[labels] = np.arange(len(labels))

    def _is_worn(self) -> bool:
        if self._graph is None:
            return False
        nodes = len(self._row_of_label)
        gone = nodes - len(self._labels)
        return gone + nodes - self._built > _WORN * max(1, self._built)

    def _name(self, row: int) -> str:
        return self._names[row] if self._stored_names is None else self._stored_names[row]

    def _names_list(self) -> list[str]:
        if self._stored_names is not None:
            self._names = self._stored_names.take(range(self._count))
            self._rows = None
            self._stored_names = None
        return self._names

    def _row_of(self) -> dict[str, int]:
        names = self._names_list()
        if self._rows is None:
            self._rows = {name: row for row, name in enumerate(names) if not self._dead[row]}
        return self._rows

    def _reserve(self, count: int) -> None:
        if count <= len(self._vectors) and self._vectors.flags.writeable:
            return
        capacity = max(count, len(self._vectors) + len(self._vectors) // 2, 64)
        vectors = np.empty((capacity, self.dim), dtype=np.float32)
        vectors[: self._count] = self._vectors[: self._count]
        dead = np.zeros(capacity, dtype=bool)
        dead[: self._count] = self._dead[: self._count]
        self._vectors, self._dead = vectors, dead

    def _kill(self, rows: Sequence[int]) -> None:
        if rows:
            self._dead[rows] = True
            self._dead_count += len(rows)
            for row in rows:
                if row < len(self._labels):
                    self._graph.mark_deleted(int(self._labels[row]))

    def _compact(self) -> None:
        """Lay out the living rows anew, in order; a worn graph is built again when needed."""
        alive = np.flatnonzero(~self._dead[: self._count])
        names = self._names_list()
        self._names = [names[row] for row in alive]
        self._vectors = np.ascontiguousarray(self._vectors[alive])
        self._dead = np.zeros(len(alive), dtype=bool)
        self._count, self._dead_count = len(alive), 0
        self._rows = None
        self._name_labels(self._labels[alive[alive < len(self._labels)]])
        if self._is_worn():
            self._drop_graph()

    def _candidates(self, queries: Floats, k: int) -> Iterable[tuple[Rows, Floats]]:
        """Per query rows among which the best k are, with their true scores."""
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise DataError(f"queries have shape {queries.shape}; expected (q, {self.dim})")
        if k < 1 or not len(self) or not len(queries):
            empty = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
            return [empty] * len(queries)
        if len(self) >= self.exact_below and k <= self.ef_search <= len(self):
            try:
                found, _ = self._linked().knn_query(queries, k=self.ef_search, num_threads=1)
            except RuntimeError:  # hnswlib: fewer than k reachable, as when most nodes are deleted
                return self._scan(queries, k)
            return (
                (rows, self._scores(rows, query))
                for rows, query in zip(self._row_of_label[found], queries, strict=True)
            )
        return self._scan(queries, k)

    def _scan(self, queries: Floats, k: int) -> Iterable[tuple[Rows, Floats]]:
        vectors, count = self._vectors[: self._count], self._count
        dead = self._dead[:count]
        step = max(1, _BLOCK // count)
        for start in range(0, len(queries), step):
            block = queries[start : start + step] @ vectors.T  # (q, dim) @ (dim, n) -> (q, n)
            if self._dead_count:
                block[:, dead] = -np.inf
            for query, scores in zip(queries[start : start + step], block, strict=True):
                best = min(k, len(self))
                limit = np.partition(scores, count - best)[count - best] - _SLACK
                rows = np.flatnonzero(scores >= limit).astype(np.int64)
                yield rows, self._scores(rows, query)

    def _scores(self, rows: Rows, query: Floats) -> Floats:
        # Products of float32 are exact in float64 and rows are summed one by one: equal vectors get
        # equal bits wherever they lie, which a matrix product does not promise.
        products = self._vectors[rows].astype(np.float64) * query
        scores: Floats = products.sum(axis=1).astype(np.float32)
        return scores

    def _linked(self) -> Any:
        """The graph with all rows in it."""
        if self._graph is None:
            if self._dead_count:
                self._compact()
            self._graph = self._new_graph()
            self._graph.init_index(
                max_elements=max(self._count, 1),
                M=self.m,
                ef_construction=self.ef_construction,
                random_seed=self.seed + 100,
            )
            self._graph.set_num_threads(1)
            self._built = self._count
        if len(self._labels) < self._count:
            rows = np.arange(len(self._labels), self._count)
            labels = self._link(self._vectors[rows])
            for label in labels[self._dead[rows]].tolist():
                self._graph.mark_deleted(label)
            self._name_labels(np.append(self._labels, labels))
        self._graph.set_ef(max(self.ef_search, 1))
        return self._graph

    def _link(self, vectors: Floats) -> Rows:
        """Put vectors into the graph; their labels."""
        nodes = self._graph.get_current_count()
        if self._graph.get_max_elements() < nodes + len(vectors):
            self._graph.resize_index((nodes + len(vectors)) * 3 // 2)
        labels = np.arange(nodes, nodes + len(vectors))
        if len(vectors):
            self._graph.add_items(vectors, labels, num_threads=1)
        return labels

    def _new_graph(self) -> Any:
        import hnswlib

        return hnswlib.Index(space="ip", dim=self.dim)

    def _write(self, folder: Path) -> None:
        graph = None
        if len(self) >= self.exact_below and self._count:
            self._linked().save_index(str(folder / "graph.hnsw"))
            np.save(folder / "labels.npy", self._labels, allow_pickle=False)
            graph = {
                "bytes": (folder / "graph.hnsw").stat().st_size,
                "crc32": _crc32(folder / "graph.hnsw"),
                "labels": _crc32(folder / "labels.npy"),
                "nodes": self._graph.get_current_count(),
                "built": self._built,
            }
        np.save(folder / "vectors.npy", self._vectors[: self._count], allow_pickle=False)
        write_strings(folder, "ids", [self._name(row) for row in range(self._count)])
        meta = {
            "version": _VERSION,
            "dim": self.dim,
            "count": self._count,
            "m": self.m,
            "ef_construction": self.ef_construction,
            "seed": self.seed,
            "graph": graph,
        }
        text = json.dumps(meta, sort_keys=True, indent=1) + "\n"
        (folder / "meta.json").write_text(text, encoding="utf-8")  # last: its presence says all is there

    def _read_graph(self, path: Path, expected: dict[str, int]) -> Any:
        # hnswlib trusts its file; a cut or changed one can end the process, so it never gets to see one.
        if path.stat().st_size != expected["bytes"] or _crc32(path) != expected["crc32"]:
            raise ValueError(f'"{path.name}" is not what was saved')
        graph = self._new_graph()
        graph.load_index(str(path), max_elements=expected["nodes"])
        graph.set_num_threads(1)
        return graph


def _crc32(path: Path) -> int:
    value = 0
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            value = zlib.crc32(block, value)
    return value
