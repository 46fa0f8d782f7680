"""Flat arrays for ragged data and strings, as they lie in memory-mapped files."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Array = NDArray[Any]
Table = TypeVar("Table", bound="DataclassInstance")

_SHORT_RUN = 16  # mean length of runs below which rows are copied one by one


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of unequal length: row i is ``values[start[i]:start[i + 1]]``; a value may be a tuple."""

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
        owner, at = spread(self.start[rows], self.start[rows + 1])
        return owner, at, self.values[at]


@dataclass(frozen=True, slots=True)
class Strings:
    """Strings as one run of UTF-8 bytes."""

    start: Array
    raw: Array

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, index: int) -> str:
        return str(self.raw.data[int(self.start[index]) : int(self.start[index + 1])], "utf-8")

    def take(self, rows: Sequence[int] | Array) -> list[str]:
        places = np.asarray(rows, dtype=np.int64)
        raw = self.raw.data
        ends = zip(self.start[places].tolist(), self.start[places + 1].tolist(), strict=True)
        return [str(raw[low:high], "utf-8") for low, high in ends]

    def all(self) -> list[str]:
        """Every string; many times faster than one by one."""
        raw = bytes(self.raw)
        bounds = self.start.tolist()
        if raw.isascii():
            text = raw.decode("ascii")
            return [text[low:high] for low, high in pairwise(bounds)]
        return [raw[low:high].decode("utf-8") for low, high in pairwise(bounds)]

    def save(self, folder: Path, name: str) -> None:
        """Write `name.npy` and `name_start.npy`."""
        np.save(folder / f"{name}_start.npy", self.start, allow_pickle=False)
        np.save(folder / f"{name}.npy", self.raw, allow_pickle=False)


def spread(low: Array, high: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers from each `low` up to its `high`: which of them each is of, and the number."""
    counts = high - low
    owner = np.arange(len(counts)).repeat(counts)
    at = np.arange(len(owner))
    at += (high - counts.cumsum())[owner]
    return owner, at


Column = TypeVar("Column", Array, Ragged, Strings)


def take(column: Column, rows: Array) -> Column:
    """The rows of a column, in the order asked for; runs of neighbours are copied whole."""
    found: Any = column
    if isinstance(column, Ragged):
        found = Ragged(*_take_ragged(column.start, column.values, rows))
    elif isinstance(column, Strings):
        found = Strings(*_take_ragged(column.start, column.raw, rows))
    else:
        found = _copied(column, rows, *_runs(rows))
    return cast(Column, found)


def join(first: Column, second: Column) -> Column:
    """The rows of one column, then those of another."""
    found: Any
    if isinstance(first, Ragged) and isinstance(second, Ragged):
        found = Ragged(_join_starts(first.start, second.start), np.concatenate((first.values, second.values)))
    elif isinstance(first, Strings) and isinstance(second, Strings):
        found = Strings(_join_starts(first.start, second.start), np.concatenate((first.raw, second.raw)))
    else:
        found = np.concatenate((first, second))
    return cast(Column, found)


def take_rows(table: Table, rows: Array) -> Table:
    """The rows of a dataclass of columns, in the order asked for."""
    return type(table)(*(take(getattr(table, field.name), rows) for field in fields(table)))


def join_rows(first: Table, second: Table) -> Table:
    """The rows of one table, then those of another."""
    columns = ((getattr(first, field.name), getattr(second, field.name)) for field in fields(first))
    return type(first)(*(join(*pair) for pair in columns))


def _runs(rows: Array) -> tuple[Array, Array]:
    """First row and one past the last of each run of neighbours in `rows`."""
    breaks = np.flatnonzero(np.diff(rows) != 1)
    first = np.concatenate(([0], breaks + 1))[: len(rows)].astype(np.int64)
    last = np.concatenate((breaks, [len(rows) - 1]))[: len(first)]
    return rows[first], rows[last] + 1


def _take_ragged(start: Array, values: Array, rows: Array) -> tuple[Array, Array]:
    counts = start[rows + 1] - start[rows]
    bounds = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(counts, out=bounds[1:])
    low, high = _runs(rows)
    if len(low) > len(rows) // _SHORT_RUN:
        at = np.arange(bounds[-1]) + np.repeat(start[rows] - bounds[:-1], counts)
        return bounds, values[at]
    return bounds, _copied(values, rows, start[low], start[high])


def _copied(values: Array, rows: Array, low: Array, high: Array) -> Array:
    if len(low) > len(rows) // _SHORT_RUN:
        return values[rows]
    runs = zip(low.tolist(), high.tolist(), strict=True)
    return np.concatenate([values[:0], *(values[first:last] for first, last in runs)])


def _join_starts(first: Array, second: Array) -> Array:
    return np.concatenate((first, second[1:] + first[-1]))


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

    def close(self) -> Strings:
        """All of them; nothing may be appended afterwards."""
        return Strings(starts(self._lengths), np.frombuffer(self._raw, dtype=np.uint8))


class RaggedBuffer:
    """Rows of integers, or of tuples of them, on their way into a `Ragged`.

    Args:
        code: "i" for 32 bits, "q" for 64.
        width: Length of a tuple.
    """

    def __init__(self, code: str, width: int | None = None) -> None:
        self._values: array[int] = array(code)
        self._lengths = array("q")
        self._width = width

    def append(self, flat: Iterable[int]) -> None:
        """Append a row; its tuples lie end to end in `flat`."""
        before = len(self._values)
        self._values.extend(flat)
        self._lengths.append((len(self._values) - before) // (self._width or 1))

    def close(self) -> Ragged:
        """All rows; nothing may be appended afterwards."""
        values = np.array(self._values)
        return Ragged(
            starts(self._lengths), values if self._width is None else values.reshape(-1, self._width)
        )


def integers(values: "array[int]") -> NDArray[np.int64]:
    """The same memory as an array."""
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.empty(0, dtype=np.int64)


def starts(lengths: "array[int]") -> NDArray[np.int64]:
    """(n + 1,) where rows of these lengths begin."""
    found = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(integers(lengths), out=found[1:])
    return found


def write_strings(folder: Path, name: str, strings: Sequence[str]) -> None:
    """Write `name.npy` and `name_start.npy`."""
    strings_of(strings).save(folder, name)


def strings_of(strings: Iterable[str]) -> Strings:
    """A list of strings as one run of bytes."""
    buffer = StringBuffer()
    for string in strings:
        buffer.append(string)
    return buffer.close()


def products(matrix: Array, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) float32 dot products of the rows (float32, or int8 as 127ths) with a vector.

    Row by row: for one question a product of the whole would wake the threads of the linear-algebra
    library, which burn more time waiting for each other than it takes; and a row's product does not
    depend on the rows beside it.
    """
    matrix = np.asarray(matrix)  # slices of a memmap object cost microseconds
    found: NDArray[np.float32]
    if matrix.dtype == np.float32:
        found = np.vecdot(matrix, vector)
        return found
    found = np.empty(len(matrix), dtype=np.float32)
    scaled = vector * np.float32(1 / 127)
    for at in range(0, len(matrix), _BLOCK):  # so that the copy stays in the processor's cache
        np.vecdot(matrix[at : at + _BLOCK].astype(np.float32), scaled, out=found[at : at + _BLOCK])
    return found


_BLOCK = 512
