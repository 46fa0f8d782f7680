"""The tables of an index on disk, and back for the next index to be made from."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from graphrag.index.arrays import Array, Ragged, Strings
from graphrag.index.content import ChunkTable, Content, DocumentTable, EntityTable, RelationTable
from graphrag.index.lexicon import Lexicon

_TABLES = {
    "lexicon": Lexicon,
    "document": DocumentTable,
    "chunk": ChunkTable,
    "entity": EntityTable,
    "relation": RelationTable,
}
_VECTORS = "chunk_vectors/vectors"  # the vector index keeps them
# The builder writes these, with entities of its own behind those of the tables.
_WRITTEN = {"entity_ids", "entity_ids_start", "entity_names", "entity_names_start", _VECTORS}


def save_content(content: Content, folder: Path) -> dict[str, int]:
    """Write the tables, all but what the builder writes anyway; a checksum of each file by name."""
    checksums = {}
    for name, array in _arrays(content):
        checksums[name] = checksum(array)
        if name not in _WRITTEN:
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return checksums


def load_content(folder: Path, meta: Mapping[str, Any]) -> Content:
    """The tables as they were saved.

    Raises:
        OSError, ValueError, KeyError, TypeError, EOFError: If they are not what was saved.
    """
    known = int(meta["known"])

    def load(name: str, count: int | None = None) -> Array:
        return load_array(folder, meta, name, count)

    def column(name: str, kind: Any) -> Array | Ragged | Strings:
        if kind not in (Strings, Ragged):
            return load(_VECTORS if name == "chunk_vectors" else name)
        start = load(f"{name}_start", known + 1 if name in _WRITTEN else None)
        values = load(name, int(start[-1]) if name in _WRITTEN else None)
        return Strings(start, values) if kind is Strings else Ragged(start, values)

    tables: dict[str, Any] = {
        prefix: table(*(column(f"{prefix}_{field.name}", field.type) for field in fields(table)))
        for prefix, table in _TABLES.items()
    }
    return Content(
        lexicon=tables["lexicon"],
        documents=tables["document"],
        chunks=tables["chunk"],
        mentions=Ragged(load("chunk_mentions_start"), load("chunk_mentions")),
        entities=tables["entity"],
        kinds=tuple(meta["kinds"]),
        subjects=load("document_subjects"),
        relations=tables["relation"],
        relation_types=tuple(meta["relation_types"]),
    )


def load_array(folder: Path, meta: Mapping[str, Any], name: str, count: int | None = None) -> Array:
    """An array, or its first `count` values.

    Raises:
        OSError, ValueError, KeyError, EOFError: If it is not what was saved.
    """
    array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    found = np.asarray(array if count is None else array[:count])
    if checksum(found) != meta["checksums"][name]:
        raise ValueError(f'"{name}.npy" is not what was saved')
    return found


def checksum(array: Array) -> int:
    """CRC-32 of an array's kind, shape and values."""
    kind = f"{array.dtype.str} {array.shape}".encode()
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, zlib.crc32(kind))


def _arrays(content: Content) -> Iterator[tuple[str, Array]]:
    tables: tuple[Any, ...] = (
        content.lexicon,
        content.documents,
        content.chunks,
        content.entities,
        content.relations,
    )
    for prefix, table in zip(_TABLES, tables, strict=True):
        for field in fields(table):
            yield from _parts(f"{prefix}_{field.name}", getattr(table, field.name))
    yield from _parts("chunk_mentions", content.mentions)
    yield "document_subjects", content.subjects


def _parts(name: str, column: Array | Ragged | Strings) -> Iterator[tuple[str, Array]]:
    if isinstance(column, Ragged):
        yield from ((f"{name}_start", column.start), (name, column.values))
    elif isinstance(column, Strings):
        yield from ((f"{name}_start", column.start), (name, column.raw))
    else:
        yield (_VECTORS if name == "chunk_vectors" else name), column
