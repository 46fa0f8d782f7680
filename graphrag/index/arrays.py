"""Flat arrays for ragged data and strings, as they lie in memory-mapped files."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of unequal length: row i is ``values[start[i]:start[i + 1]]``."""

    start: Array
    values: Array

    def __len__(self) -> int:
        return len(self.start) - 1

    def row(self, index: int) -> Array:
        return self.values[self.start[index] : self.start[index + 1]]

    def gather(self, rows: Array) -> tuple[Array, Array, Array]:
        """Values of several rows, end to end.

        Returns:
            For each value: which of `rows` it is of (a place in `rows`), its place in `values`
            (to read arrays that lie beside it), and the value.
        """
        low = self.start[rows].astype(np.int64)
        counts = self.start[np.asarray(rows) + 1] - low
        owner = np.repeat(np.arange(len(counts)), counts)
        ends = np.cumsum(counts)
        at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(low - ends + counts, counts)
        return owner, at, self.values[at]


@dataclass(frozen=True, slots=True)
class Strings:
    """Strings as one run of UTF-8 bytes."""

    start: Array
    raw: Array

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, index: int) -> str:
        return bytes(self.raw[self.start[index] : self.start[index + 1]]).decode("utf-8")

    def take(self, rows: Sequence[int] | Array) -> list[str]:
        return [self[int(row)] for row in rows]


def group(keys: Array, values: Array, count: int) -> Ragged:
    """Rows by key, 0 to `count` - 1; `keys` must be sorted."""
    start = np.searchsorted(keys, np.arange(count + 1)).astype(np.int64)
    return Ragged(start, values)


def ragged_from_pairs(keys: Array, values: Array, count: int, value_count: int) -> Ragged:
    """Rows of the distinct values of each key, sorted."""
    pairs = np.unique(keys.astype(np.int64) * max(1, value_count) + values)
    scale = max(1, value_count)
    return group(pairs // scale, (pairs % scale).astype(np.int32), count)


class StringBuffer:
    """Strings on their way to disk, as bytes: a tenth of the memory of a list of them."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._lengths = array("q")

    def __len__(self) -> int:
        return len(self._lengths)

    def append(self, string: str) -> None:
        encoded = string.encode("utf-8")
        self._raw += encoded
        self._lengths.append(len(encoded))

    def save(self, folder: Path, name: str) -> None:
        """Write `name.npy` and `name_start.npy`, as `write_strings` does."""
        start = np.zeros(len(self._lengths) + 1, dtype=np.int64)
        np.cumsum(np.frombuffer(self._lengths, dtype=np.int64), out=start[1:])
        np.save(folder / f"{name}_start.npy", start, allow_pickle=False)
        np.save(folder / f"{name}.npy", np.frombuffer(self._raw, dtype=np.uint8), allow_pickle=False)


def write_strings(folder: Path, name: str, strings: Sequence[str]) -> None:
    """Write `name.npy` and `name_start.npy`."""
    encoded = [string.encode("utf-8") for string in strings]
    lengths = np.fromiter((len(item) for item in encoded), dtype=np.int64, count=len(encoded))
    start = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths)))
    np.save(folder / f"{name}_start.npy", start, allow_pickle=False)
    np.save(folder / f"{name}.npy", np.frombuffer(b"".join(encoded), dtype=np.uint8), allow_pickle=False)
