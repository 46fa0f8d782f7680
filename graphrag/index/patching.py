"""The tables of a commit from those of an older one and what has changed since: the rest is not read.

Rows of records that may differ are dropped and read again; all other rows are copied, and the row
numbers in them follow. Work in Python is that of the change; the copies are block moves.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from graphrag.index.arrays import Array, Ragged, Strings, Table, join, join_rows, strings_of, take, take_rows
from graphrag.index.content import (
    ChunkTable,
    Content,
    DocumentTable,
    EntityTable,
    RelationTable,
    read_chunks,
    read_documents,
    read_entities,
    read_mentions,
    read_normals,
    read_relations,
    rows_by_id,
    sorted_types,
    with_lexicon,
)
from graphrag.index.lexicon import WordRows
from graphrag.interfaces import Changed, ChangingView, Embedder

Rows = NDArray[np.int64]


class MismatchError(Exception):
    """The older tables and what is said to have changed do not fit together: read everything."""


def patch(view: ChangingView, changed: Changed, before: Content, embedder: Embedder) -> Content:
    """The tables of the view's commit.

    Args:
        changed: What may differ from the commit of `before`.

    Raises:
        MismatchError: If a row that is said to be as it was points to one that is not there.
    """
    return _Patch(view, changed, before, embedder).run()


@dataclass(frozen=True, slots=True)
class _Merged(Generic[Table]):
    """A table without the rows that went and with those that came, by id.

    Attributes:
        order: For each row its place in the old rows followed by the fresh ones.
        row: For each old row its new one; -1 if it went.
    """

    table: Table
    order: Rows
    row: Rows

    def fresh(self) -> Rows:
        """The rows that came."""
        return np.flatnonzero(self.order >= len(self.row))


def _merge(before: Table, ids: Strings, gone: Rows, fresh: Table, fresh_ids: Strings) -> _Merged[Table]:
    count = len(ids)
    kept = np.delete(np.arange(count), gone)
    places = np.searchsorted(_keys(ids)[kept], _keys(fresh_ids))
    order = np.insert(kept, places, count + np.arange(len(fresh_ids)))
    row = np.full(count, -1, dtype=np.int64)
    old = order < count
    row[order[old]] = np.flatnonzero(old)
    return _Merged(take_rows(join_rows(before, fresh), order), order, row)


class _Patch:
    """One table after the other, as the rows of each depend on those before."""

    def __init__(self, view: ChangingView, changed: Changed, before: Content, embedder: Embedder) -> None:
        self.view = view
        self.changed = changed
        self.before = before
        self.embedder = embedder
        self.words = WordRows(before.lexicon)

    def run(self) -> Content:
        self.documents = self._documents()
        self.chunks = self._chunks()
        self.entities, kinds = self._entities()
        # An entity that was read again is the same entity, at whatever row.
        self.entity_row = self.entities.row.copy()
        read = np.flatnonzero(self.entity_row < 0)
        self.entity_row[read] = rows_of(self.entities.table.ids, take(self.before.entities.ids, read))
        mentions = self._mentions()
        relations, relation_types = self._relations()
        content = Content(
            lexicon=self.before.lexicon,
            documents=self.documents.table,
            chunks=self.chunks.table,
            mentions=mentions,
            entities=self.entities.table,
            kinds=kinds,
            subjects=self._subjects(),
            relations=relations,
            relation_types=relation_types,
        )
        return with_lexicon(content, self.words)

    def _documents(self) -> _Merged[DocumentTable]:
        old = self.before.documents
        fresh = read_documents(self.view.documents_among(self.changed.documents), self.words)
        return _merge(old, old.ids, _places(old.ids, self.changed.documents), fresh, fresh.ids)

    def _chunks(self) -> _Merged[ChunkTable]:
        old = self.before.chunks
        old = replace(old, document=self.documents.row[old.document].astype(np.int32))
        read = self.view.chunks_among(self.changed.documents)
        document_row = _row_by_id(self.documents.table.ids, {chunk.document_id for chunk in read})
        fresh = read_chunks(iter(read), document_row, self.words, self.embedder)
        return _merge(old, old.ids, np.flatnonzero(old.document < 0), fresh, fresh.ids)

    def _entities(self) -> tuple[_Merged[EntityTable], tuple[str, ...]]:
        old = self.before.entities
        fresh, kinds, capital = read_entities(self.view.entities_among(self.changed.entities), self.words)
        row = rows_by_id(fresh.ids)
        fresh = replace(
            fresh,
            kind=fresh.kind + np.int32(len(self.before.kinds)),
            normal=read_normals(self.view.names_among(list(row)), row, capital, self.words),
        )
        merged = _merge(old, old.ids, _places(old.ids, self.changed.entities), fresh, fresh.ids)
        kinds, kind = _united((*self.before.kinds, *kinds), merged.table.kind)
        return replace(merged, table=replace(merged.table, kind=kind)), kinds

    def _mentions(self) -> Ragged:
        """Copy the mentions of the chunks that stay; read those of new ones and of names that moved."""
        old = self.before.mentions
        stale = self.entity_row < 0
        stale[_places(self.before.entities.ids, self.changed.moved)] = True
        owner = np.repeat(np.arange(len(old)), np.diff(old.start))
        again = np.append(np.zeros(len(old), dtype=np.bool_), True)  # the last stands for new chunks
        again[owner[stale[old.values[:, 0]]]] = True
        source = self.chunks.order.copy()
        unread = np.flatnonzero(again[np.minimum(source, len(old))])
        ids = take(self.chunks.table.ids, unread).all()
        read = self.view.mentions_among(ids)
        entity_row = _row_by_id(self.entities.table.ids, {entity for _, entity, _ in read})
        fresh = read_mentions(read, {name: row for row, name in enumerate(ids)}, entity_row)
        source[unread] = len(old) + np.arange(len(ids))
        values = old.values.copy()
        values[:, 0] = self.entity_row[values[:, 0]]
        return take(join(Ragged(old.start, values), fresh), source)

    def _relations(self) -> tuple[RelationTable, tuple[str, ...]]:
        old = self.before.relations
        read = self.view.relations_among(self.changed.relations)
        ends = {end for relation in read for end in (relation.subject_id, relation.object_id)}
        stated = {item.chunk_id for relation in read for item in relation.evidence}
        fresh, types = read_relations(
            read, _row_by_id(self.entities.table.ids, ends), _row_by_id(self.chunks.table.ids, stated)
        )
        fresh = replace(fresh, type=fresh.type + np.int32(len(self.before.relation_types)))
        evidence = old.evidence.values.copy()
        evidence[:, 0] = self.chunks.row[evidence[:, 0]]
        old = replace(
            old,
            subject=self.entity_row[old.subject].astype(np.int32),
            object=self.entity_row[old.object].astype(np.int32),
            evidence=Ragged(old.evidence.start, evidence),
        )
        merged = _merge(old, old.ids, _hashed(old.ids, self.changed.relations), fresh, fresh.ids).table
        for column in (merged.subject, merged.object, merged.evidence.values[:, 0]):
            if (column < 0).any():
                raise MismatchError("a relation that did not change points to something that is gone")
        types, rows = _united((*self.before.relation_types, *types), merged.type)
        return replace(merged, type=rows), types

    def _subjects(self) -> NDArray[np.int32]:
        pairs = list(self.view.subjects())
        subjects = np.full(len(self.documents.table.ids), -1, dtype=np.int32)
        rows = _rows(self.documents.table.ids, [document for document, _ in pairs])
        subjects[rows] = _rows(self.entities.table.ids, [entity for _, entity in pairs])
        return subjects


def _united(types: Sequence[str], rows: NDArray[np.int32]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """As `sorted_types`, of types that may stand twice."""
    distinct = list(dict.fromkeys(types))
    place = np.array([distinct.index(name) for name in types], dtype=np.int32)
    return sorted_types(distinct, place[rows])


def _keys(ids: Strings) -> Array:
    """Sorted ids as an array of byte strings; no copy where all are equally long, as content ids are."""
    lengths = np.diff(ids.start)
    if len(ids) and lengths[0] and (lengths == lengths[0]).all():
        return np.ascontiguousarray(ids.raw).view(f"S{lengths[0]}")
    return np.array([name.encode("utf-8") for name in ids.all()], dtype=np.bytes_)


def rows_of(ids: Strings, wanted: Strings) -> Rows:
    """Row of each wanted id among sorted ones; -1 where it is not there."""
    keys, asked = _keys(ids), _keys(wanted)
    if not len(keys) or not len(asked):
        return np.full(len(asked), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, place, -1)


def _rows(ids: Strings, wanted: Iterable[str]) -> Rows:
    return rows_of(ids, strings_of(wanted))


def _places(ids: Strings, wanted: Collection[str]) -> Rows:
    """Rows of the wanted ids that are there."""
    rows = _rows(ids, sorted(wanted))
    return rows[rows >= 0]


def _row_by_id(ids: Strings, wanted: Collection[str]) -> dict[str, int]:
    names = sorted(wanted)
    return dict(zip(names, _rows(ids, names).tolist(), strict=True))


def _hashed(ids: Strings, hashes: Collection[int]) -> Rows:
    """Rows of the ids whose hash begins with these 63 bits."""
    listed = sorted(hashes)
    if not listed or not len(ids):
        return np.empty(0, dtype=np.int64)
    keys, prefix = _keys(ids), ids[0].partition("-")[0]
    low, high = (
        np.searchsorted(keys, np.array([f"{prefix}-{number:016x}" for number in numbers], dtype=np.bytes_))
        for numbers in ([value << 1 for value in listed], [(value << 1) + 2 for value in listed])
    )
    return np.concatenate([np.arange(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
