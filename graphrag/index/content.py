"""What the index knows of each document, chunk, entity and relation by itself: tables of columns.

The search arrays are a pure function of these tables (`index.builder`), and a row of a table is one of
its record and the embedder. A chunk's id tells its content, so its row is taken from the index before
where that has it: nothing is read, split or embedded twice.

Words are rows of a lexicon. A name is a run of words and -1; a row holds one run after the other.
"""

import json
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graphrag.context import estimate_tokens, passage_text
from graphrag.datamodel import Chunk, Document, Entity, Relation, Span
from graphrag.index.arrays import (
    Ragged,
    RaggedBuffer,
    StringBuffer,
    Strings,
    group,
    integers,
    join_rows,
    take,
    take_rows,
)
from graphrag.index.lexicon import Lexicon, WordRows, lexicon_of
from graphrag.index.name_runs import END
from graphrag.index.names import is_capital
from graphrag.interfaces import Embedder, Floats, KnowledgeView
from graphrag.sentences import sentences as split_sentences

_BATCH = 4096
_QUALIFIER = re.compile(r"(?<!\s)\s*\([^()]*\)\s*$")

Integers = NDArray[np.int32]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """Documents by id.

    Attributes:
        facts: Canonical JSON of metadata, key, title and source.
        names: The title, and the title without its qualifier; nothing where it has no words.
    """

    ids: Strings
    facts: Strings
    titles: Strings
    names: Ragged


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """Chunks by id.

    Attributes:
        document, ordinal, tokens: (n,) int32.
        spans: Sentences: (start, end) in the document.
        words: (row in the lexicon, start in the document) of each word; -1 for the start in the title.
        sentence_vectors: Of each sentence: int8, unit rows times 127.
        vectors: (n, dim) float32 of the passages with their titles.
    """

    ids: Strings
    document: Integers
    ordinal: Integers
    tokens: Integers
    spans: Ragged
    words: Ragged
    sentence_vectors: Ragged
    vectors: Floats


@dataclass(frozen=True, slots=True)
class EntityTable:
    """Entities by id.

    Attributes:
        names: As shown.
        kind: (n,) row in `Content.kinds`.
        literal: (n,) whether it is a value.
        own: Name and aliases as written.
        normal: Normal forms, with a capital where the shown name has one.
    """

    ids: Strings
    names: Strings
    kind: Integers
    literal: NDArray[np.bool_]
    own: Ragged
    normal: Ragged


@dataclass(frozen=True, slots=True)
class RelationTable:
    """Relations by id.

    Attributes:
        type: (n,) row in `Content.relation_types`.
        subject, object: (n,) entity rows.
        weight: (n,) float32.
        evidence: (chunk row, start in the document) of each statement.
    """

    ids: Strings
    type: Integers
    subject: Integers
    object: Integers
    weight: NDArray[np.float32]
    evidence: Ragged


@dataclass(frozen=True, slots=True)
class Content:
    """One commit's tables.

    Attributes:
        mentions: Of each chunk, (entity row, start in the document), sorted.
        kinds: Types of entities, sorted.
        subjects: (documents,) int32: the entity each title names, as the view says; -1 if none.
        relation_types: Sorted.
    """

    lexicon: Lexicon
    documents: DocumentTable
    chunks: ChunkTable
    mentions: Ragged
    entities: EntityTable
    kinds: tuple[str, ...]
    subjects: Integers
    relations: RelationTable
    relation_types: tuple[str, ...]


def gather(view: KnowledgeView, embedder: Embedder, before: Content | None = None) -> Content:
    """The tables of the view's commit; chunks that `before` has are not read again.

    Args:
        before: Tables made with the same embedder, of whatever commit.
    """
    words = WordRows(before.lexicon if before else None)
    documents = read_documents(view.documents(), words)
    document_row = rows_by_id(documents.ids)
    chunks = _chunks(view, document_row, words, embedder, before.chunks if before else None)
    chunk_row = rows_by_id(chunks.ids)
    entities, kinds, capital = read_entities(view.entities(), words)
    entity_row = rows_by_id(entities.ids)
    entities = replace(entities, normal=read_normals(view.names(), entity_row, capital, words))
    mentions = read_mentions(view.mentions(), chunk_row, entity_row)
    subjects = np.full(len(document_row), -1, dtype=np.int32)
    for document_id, entity_id in view.subjects():
        subjects[document_row[document_id]] = entity_row[entity_id]
    relations, relation_types = read_relations(view.relations(), entity_row, chunk_row)
    gathered = Content(
        lexicon_of(()),
        documents,
        chunks,
        mentions,
        entities,
        kinds,
        subjects,
        relations,
        relation_types,
    )
    return with_lexicon(gathered, words)


def with_lexicon(content: Content, words: WordRows) -> Content:
    """The content with its provisional word rows put in order."""
    used = np.zeros(len(words), dtype=np.bool_)
    names = (content.documents.names, content.entities.own, content.entities.normal)
    for runs in names:
        used[runs.values[runs.values != END]] = True
    used[content.chunks.words.values[:, 0]] = True
    lexicon, final = words.close(used)
    final = np.append(final, np.int32(END))  # place -1 is the last: ends stay ends
    titles, own, normal = (Ragged(runs.start, final[runs.values]) for runs in names)
    values = content.chunks.words.values.copy()
    values[:, 0] = final[values[:, 0]]
    return replace(
        content,
        lexicon=lexicon,
        documents=replace(content.documents, names=titles),
        chunks=replace(content.chunks, words=Ragged(content.chunks.words.start, values)),
        entities=replace(content.entities, own=own, normal=normal),
    )


def rows_by_id(ids: Strings) -> dict[str, int]:
    """Row of each id."""
    return {name: row for row, name in enumerate(ids.all())}


def read_documents(documents: Iterable[Document], words: WordRows) -> DocumentTable:
    """A table of documents, in the order given."""
    ids, facts, titles = StringBuffer(), StringBuffer(), StringBuffer()
    names = RaggedBuffer("i")
    for document in documents:
        ids.append(document.id)
        titles.append(document.title)
        facts.append(
            json.dumps(
                {
                    "key": document.key,
                    "title": document.title,
                    "source": document.source,
                    "metadata": dict(document.metadata),
                },
                sort_keys=True,
                ensure_ascii=False,
            )
        )
        names.append(_title_names(document.title, words))
    return DocumentTable(ids.close(), facts.close(), titles.close(), names.close())


def _title_names(title: str, words: WordRows) -> list[int]:
    run = words.of(title)
    if not run:
        return []
    bare = _QUALIFIER.sub("", title)
    shorter = words.of(bare) if bare != title else []
    return [*run, END, *shorter, END] if shorter else [*run, END]


def _chunks(
    view: KnowledgeView,
    document_row: Mapping[str, int],
    words: WordRows,
    embedder: Embedder,
    before: ChunkTable | None,
) -> ChunkTable:
    known = rows_by_id(before.ids) if before else {}
    places, documents, ordinals = array("q"), array("i"), array("i")

    def unknown() -> Iterator[Chunk]:
        count = len(known)
        for chunk in view.chunks():
            documents.append(document_row[chunk.document_id])
            ordinals.append(chunk.ordinal)
            if chunk.id in known:
                places.append(known[chunk.id])
            else:
                places.append(count)
                count += 1
                yield chunk

    fresh = read_chunks(unknown(), document_row, words, embedder)
    if before is None:
        return fresh
    chunks = take_rows(join_rows(before, fresh), integers(places))
    return replace(
        chunks,
        document=np.array(documents, dtype=np.int32),
        ordinal=np.array(ordinals, dtype=np.int32),
    )


def read_chunks(
    chunks: Iterator[Chunk], document_row: Mapping[str, int], words: WordRows, embedder: Embedder
) -> ChunkTable:
    """A table of chunks, in the order given: split into sentences and words, and embedded."""
    ids = StringBuffer()
    documents, ordinals, sizes = array("i"), array("i"), array("i")
    spans, runs = RaggedBuffer("q", 2), RaggedBuffer("i", 2)
    vectors = [np.empty((0, embedder.dim), dtype=np.float32)]
    sentence_vectors = [np.empty((0, embedder.dim), dtype=np.int8)]
    while batch := list(islice(chunks, _BATCH)):
        passages: list[str] = []
        sentences: list[str] = []
        for chunk in batch:
            ids.append(chunk.id)
            documents.append(document_row[chunk.document_id])
            ordinals.append(chunk.ordinal)
            sizes.append(estimate_tokens(passage_text(chunk)))
            passages.append(f"{chunk.title}. {chunk.text}" if chunk.title else chunk.text)
            found = split_sentences(chunk.text)
            offset = chunk.span.start
            spans.append(place for span in found for place in (offset + span.start, offset + span.end))
            title = [place for row in words.of(chunk.title) for place in (row, -1)]
            runs.append(title + words.placed(chunk.text, offset))
            sentences.extend(chunk.text[span.start : span.end] for span in found)
        vectors.append(embed(embedder, passages))
        sentence_vectors.append(np.rint(embed(embedder, sentences) * 127).astype(np.int8))
    sentence_spans = spans.close()
    return ChunkTable(
        ids.close(),
        np.array(documents, dtype=np.int32),
        np.array(ordinals, dtype=np.int32),
        np.array(sizes, dtype=np.int32),
        sentence_spans,
        runs.close(),
        Ragged(sentence_spans.start, np.concatenate(sentence_vectors)),
        np.concatenate(vectors),
    )


def embed(embedder: Embedder, texts: Sequence[str]) -> Floats:
    """(n, dim) vectors, a bounded number of texts at a time."""
    parts = [embedder.embed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
    return np.concatenate([np.empty((0, embedder.dim), dtype=np.float32), *parts])


def read_entities(
    entities: Iterable[Entity], words: WordRows
) -> tuple[EntityTable, tuple[str, ...], NDArray[np.bool_]]:
    """A table of entities without their normal forms, their types, and which names have a capital."""
    ids, names, kinds = StringBuffer(), StringBuffer(), _Kinds()
    literal, capital = bytearray(), bytearray()
    own = RaggedBuffer("i")
    for entity in entities:
        ids.append(entity.id)
        names.append(entity.name)
        kinds.append(entity.type)
        literal.append(entity.literal)
        capital.append(is_capital(entity.name))
        run: list[int] = []
        for name in (entity.name, *entity.aliases):
            run += words.of(name)
            run.append(END)
        own.append(run)
    types, rows = kinds.close()
    runs = own.close()
    empty = Ragged(np.zeros_like(runs.start), runs.values[:0])
    values = np.frombuffer(literal, dtype=np.bool_)
    table = EntityTable(ids.close(), names.close(), rows, values, runs, empty)
    return table, types, np.frombuffer(capital, dtype=np.bool_)


def read_normals(
    names: Iterable[tuple[str, str]], row: Mapping[str, int], capital: NDArray[np.bool_], words: WordRows
) -> Ragged:
    """Normal forms by entity; one has lost its capitals and takes on those of the name it stands for."""
    owners = array("q")
    runs = RaggedBuffer("i")
    for normal, entity_id in names:
        owner = row[entity_id]
        owners.append(owner)
        runs.append([*words.of(normal[:1].upper() + normal[1:] if capital[owner] else normal), END])
    owner_rows = integers(owners)
    order = np.argsort(owner_rows, kind="stable")
    labels = take(runs.close(), order)
    by_entity = group(owner_rows[order], labels.values, len(row))
    return Ragged(labels.start[by_entity.start], labels.values)


def read_mentions(
    mentions: Iterable[tuple[str, str, Span]], chunk_row: Mapping[str, int], entity_row: Mapping[str, int]
) -> Ragged:
    """(entity row, start) of the mentions of each chunk."""
    chunks, entities, starts = array("i"), array("i"), array("i")
    for chunk_id, entity_id, span in mentions:
        chunks.append(chunk_row[chunk_id])
        entities.append(entity_row[entity_id])
        starts.append(span.start)
    columns = [np.array(column, dtype=np.int32) for column in (chunks, entities, starts)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    values = np.stack((columns[1][order], columns[2][order]), axis=1)
    return group(columns[0][order], values, len(chunk_row))


def read_relations(
    relations: Iterable[Relation], entity_row: Mapping[str, int], chunk_row: Mapping[str, int]
) -> tuple[RelationTable, tuple[str, ...]]:
    """A table of relations, in the order given, and their types."""
    ids, kinds = StringBuffer(), _Kinds()
    subjects, objects, weights = array("i"), array("i"), array("d")
    evidence = RaggedBuffer("i", 2)
    for relation in relations:
        ids.append(relation.id)
        kinds.append(relation.type)
        subjects.append(entity_row[relation.subject_id])
        objects.append(entity_row[relation.object_id])
        weights.append(relation.weight)
        evidence.append(
            place for item in relation.evidence for place in (chunk_row[item.chunk_id], item.span.start)
        )
    types, rows = kinds.close()
    table = RelationTable(
        ids.close(),
        rows,
        np.array(subjects, dtype=np.int32),
        np.array(objects, dtype=np.int32),
        np.array(weights, dtype=np.float32),
        evidence.close(),
    )
    return table, types


class _Kinds:
    """A column of types on its way into rows of a sorted list."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._values = array("i")

    def append(self, kind: str) -> None:
        self._values.append(self._rows.setdefault(kind, len(self._rows)))

    def close(self) -> tuple[tuple[str, ...], Integers]:
        return sorted_types(list(self._rows), np.array(self._values, dtype=np.int32))


def sorted_types(types: Sequence[str], rows: Integers) -> tuple[tuple[str, ...], Integers]:
    """The types that are used, sorted, and the rows in that order."""
    used = np.flatnonzero(np.bincount(rows, minlength=len(types))).tolist()
    order = sorted(used, key=lambda row: types[row])
    final = np.zeros(len(types), dtype=np.int32)
    final[order] = np.arange(len(order))
    return tuple(types[row] for row in order), final[rows]
