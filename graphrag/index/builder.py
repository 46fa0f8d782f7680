"""Makes the search index of a commit: a pure function of a `KnowledgeView` and an embedder.

What the arrays mean stands in `index.snapshot`, which reads them.
"""

import json
import re
import shutil
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphrag.context import estimate_tokens, passage_text
from graphrag.datamodel import Chunk
from graphrag.errors import StoreError
from graphrag.index.arrays import Array, Ragged, StringBuffer, group, ragged_from_pairs, write_strings
from graphrag.index.hnsw import HNSWIndex
from graphrag.index.names import (
    LITERAL,
    TITLE_ONLY,
    NameTable,
    build_name_table,
    build_spelling,
    is_capital,
    match_names,
)
from graphrag.index.snapshot import BY_NAME, BY_VIEW, FORMAT, LEAD, SearchIndex, open_search_index
from graphrag.index.terms import folded
from graphrag.index.words import Words
from graphrag.interfaces import Embedder, Floats, KnowledgeView
from graphrag.sentences import sentences as split_sentences

_LEAD_WORDS = 4
_QUALIFIER = re.compile(r"\s*\([^()]*\)\s*$")
_K1 = 1.2
_B = 0.75
_EMBED_BATCH = 4096
_COMMON_TERMS = 12_000
_COMMON_FREQUENCY = 2


def build_search_index(view: KnowledgeView, embedder: Embedder, folder: Path) -> SearchIndex:
    """Make the index of the view's commit under `folder`, replacing those of older commits.

    It is written beside and renamed into place, so a reader sees all of it or nothing. The same
    view and embedder give the same bytes.

    Raises:
        StoreError: If the folder cannot be written.
    """
    commit = view.commit
    target = folder / f"{commit:012d}"
    partial = folder / f".{commit:012d}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _Builder(view, embedder, partial).run()
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        for other in folder.iterdir():
            if other.is_dir() and other != target and other.name.strip(".partil").isdigit():
                shutil.rmtree(other, ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f'cannot write the search index in "{folder}": {error.strerror}; free disk space or choose '
            "another folder, then run `graphrag rebuild`"
        ) from error
    return open_search_index(folder, commit)


class _Builder:
    """Gathers rows from the view's streams and writes the arrays, one subject after the other."""

    def __init__(self, view: KnowledgeView, embedder: Embedder, folder: Path) -> None:
        self.view = view
        self.embedder = embedder
        self.folder = folder

    def run(self) -> None:
        self._documents()
        self._entities()
        words = self._chunks()
        self._incidence(words)
        self._terms(words)
        self._relations()
        self._finish()

    def _save(self, name: str, array: Array) -> None:
        np.save(self.folder / f"{name}.npy", array, allow_pickle=False)

    def _save_ragged(self, name: str, ragged: Ragged) -> None:
        self._save(f"{name}_start", ragged.start)
        self._save(name, ragged.values)

    def _documents(self) -> None:
        ids: list[str] = []
        facts: list[str] = []
        self.titles: list[str] = []
        for document in self.view.documents():
            ids.append(document.id)
            self.titles.append(document.title)
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
        self.document_row = {name: row for row, name in enumerate(ids)}
        write_strings(self.folder, "document_ids", ids)
        write_strings(self.folder, "metadata", facts)

    def _entities(self) -> None:
        ids: list[str] = []
        shown: list[str] = []
        types: list[str] = []
        flags: list[int] = []
        names: list[tuple[str, int, bool]] = []
        for row, entity in enumerate(self.view.entities()):
            ids.append(entity.id)
            shown.append(entity.name)
            types.append(entity.type)
            flags.append(LITERAL * entity.literal)
            names.extend((name, row, entity.literal) for name in (entity.name, *entity.aliases))
        self.entity_row = {name: row for row, name in enumerate(ids)}
        for normal, entity_id in self.view.names():
            row = self.entity_row[entity_id]
            # A normal form has lost its capitals; it takes on those of the name it stands for.
            names.append(
                (normal[:1].upper() + normal[1:] if is_capital(shown[row]) else normal, row, bool(flags[row]))
            )
        self.entity_count = len(ids)
        self.document_subject = self._title_subjects(names, ids, shown, types, flags)
        self.entity_types = sorted(set(types))
        type_row = {name: row for row, name in enumerate(self.entity_types)}
        table, words = build_name_table(names)
        spelling = build_spelling(words)
        self.table = table
        self.entity_flags = np.array(flags, dtype=np.uint8)
        write_strings(self.folder, "entity_ids", ids)
        write_strings(self.folder, "entity_names", shown)
        write_strings(self.folder, "name_words", words)
        self._save("entity_type", np.array([type_row[name] for name in types], dtype=np.int16))
        self._save("entity_flags", self.entity_flags)
        self._save("name_hash", table.hashes)
        self._save("name_entity", table.entities)
        self._save("name_flags", table.flags)
        self._save("spelling_key", spelling.keys)
        self._save("spelling_word", spelling.words)

    def _title_subjects(
        self,
        names: list[tuple[str, int, bool]],
        ids: list[str],
        shown: list[str],
        types: list[str],
        flags: list[int],
    ) -> NDArray[np.int64]:
        """(documents,) the entity each title names; -1 without a title.

        A title is a name of its subject. Where the knowledge base knows no subject, an entity of that
        name is taken; where there is none either, the index makes up one of its own, so that a
        passage can always be found by its title.
        """
        subject = np.full(len(self.titles), -1, dtype=np.int64)
        for document_id, entity_id in self.view.subjects():
            subject[self.document_row[document_id]] = self.entity_row[entity_id]
        named = {tuple(folded(name)): row for name, row, literal in reversed(names) if not literal}
        for document, title in enumerate(self.titles):
            words = tuple(folded(title))
            if not words:
                continue
            if subject[document] < 0:
                subject[document] = named.get(words, -1)
            if subject[document] < 0:
                subject[document] = named[words] = len(ids)
                ids.append("")
                shown.append(title)
                types.append("")
                flags.append(TITLE_ONLY)
            row = int(subject[document])
            names.append((title, row, False))
            bare = _QUALIFIER.sub("", title)
            if bare != title and folded(bare):
                names.append((bare, row, False))
        return subject

    def _chunks(self) -> Words:
        ids: list[str] = []
        documents: list[int] = []
        ordinals: list[int] = []
        spans: list[tuple[int, int]] = []
        sentence_counts: list[int] = []
        sizes: list[int] = []
        words = Words()
        vectors: list[Floats] = []
        sentence_vectors: list[NDArray[np.int8]] = []
        for batch in _batches(self.view.chunks(), _EMBED_BATCH):
            passages: list[str] = []
            sentences: list[str] = []
            for chunk in batch:
                row = len(ids)
                ids.append(chunk.id)
                documents.append(self.document_row[chunk.document_id])
                ordinals.append(chunk.ordinal)
                sizes.append(estimate_tokens(passage_text(chunk)))
                passages.append(f"{chunk.title}. {chunk.text}" if chunk.title else chunk.text)
                found = [(span.start, span.end) for span in split_sentences(chunk.text)]
                sentence_counts.append(len(found))
                words.add(row, chunk.title, chunk.text, chunk.span.start, found, len(spans))
                spans.extend((chunk.span.start + start, chunk.span.start + end) for start, end in found)
                sentences.extend(chunk.text[start:end] for start, end in found)
            vectors.append(self._embed(passages))
            sentence_vectors.append(np.rint(self._embed(sentences) * 127).astype(np.int8))
        self.chunk_row = {name: row for row, name in enumerate(ids)}
        self.chunk_document = np.array(documents, dtype=np.int32)
        self.chunk_ordinal = np.array(ordinals, dtype=np.int32)
        self.chunk_sentences = np.concatenate(([0], np.cumsum(sentence_counts, dtype=np.int64)))
        self.sentence_chunk = np.repeat(np.arange(len(ids), dtype=np.int32), sentence_counts)
        self.sentence_span = np.array(spans, dtype=np.int64).reshape(-1, 2)
        empty = np.empty((0, self.embedder.dim), dtype=np.float32)
        write_strings(self.folder, "chunk_ids", ids)
        self._save("chunk_document", self.chunk_document)
        self._save("chunk_ordinal", self.chunk_ordinal)
        self._save("chunk_tokens", np.array(sizes, dtype=np.int32))
        self._save("chunk_sentences", self.chunk_sentences)
        self._save("sentence_chunk", self.sentence_chunk)
        self._save("sentence_span", self.sentence_span)
        near = HNSWIndex(self.embedder.dim)
        near.add(ids, np.concatenate([empty, *vectors]))
        near.save(self.folder / "chunk_vectors")
        self._save("sentence_vectors", np.concatenate([empty.astype(np.int8), *sentence_vectors]))
        words.close()
        return words

    def _embed(self, texts: Sequence[str]) -> Floats:
        parts = [
            self.embedder.embed(texts[at : at + _EMBED_BATCH]) for at in range(0, len(texts), _EMBED_BATCH)
        ]
        return np.concatenate([np.empty((0, self.embedder.dim), dtype=np.float32), *parts])

    def _incidence(self, words: Words) -> None:
        """Which entity stands in which sentence: what was extracted, and every known name besides."""
        sentences, entities, kinds, places = self._recorded(words)
        starts, named = self._names_in(words)
        sentences = np.concatenate((sentences, words.sentence[starts]))
        entities = np.concatenate((entities, named))
        kinds = np.concatenate((kinds, np.full(len(starts), BY_NAME, dtype=np.uint8)))
        places = np.concatenate((places, words.place[starts]))
        first = self.chunk_ordinal[self.sentence_chunk[sentences]] == 0
        kinds[first & (places < _LEAD_WORDS)] |= LEAD

        key = sentences * max(1, len(self.entity_flags)) + entities
        order = np.argsort(key, kind="stable")
        unique, at = np.unique(key[order], return_index=True)
        merged = np.bitwise_or.reduceat(kinds[order], at) if len(at) else kinds[:0]
        pair_sentence = unique // max(1, len(self.entity_flags))
        pair_entity = unique % max(1, len(self.entity_flags))
        count = len(self.sentence_chunk)
        self._save_ragged("sentence_entities", group(pair_sentence, pair_entity.astype(np.int32), count))
        by_entity = np.lexsort((pair_sentence, pair_entity))
        self._save_ragged(
            "entity_sentences",
            group(pair_entity[by_entity], pair_sentence[by_entity].astype(np.int32), len(self.entity_flags)),
        )
        self._save("entity_sentence_kinds", merged[by_entity])
        chunk_pairs = np.unique(
            pair_entity * max(1, len(self.chunk_row)) + self.sentence_chunk[pair_sentence].astype(np.int64)
        )
        self._save(
            "entity_frequency",
            np.bincount(chunk_pairs // max(1, len(self.chunk_row)), minlength=len(self.entity_flags)).astype(
                np.int32
            ),
        )
        self._subjects(pair_sentence, pair_entity, merged)

    def _names_in(self, words: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First word and entity of each name in the texts; a title inside a longer name counts too."""
        titled = np.zeros(len(self.entity_flags), dtype=np.bool_)
        titled[self.document_subject[self.document_subject >= 0]] = True
        of_title = titled[self.table.entities]
        titles = NameTable(
            self.table.hashes[of_title], self.table.entities[of_title], self.table.flags[of_title]
        )
        found = []
        for table in (self.table, titles):
            starts, _, rows = match_names(words.fold_hash, words.capital, words.breaks, table)
            body = words.sentence[starts] >= 0
            found.append((starts[body], table.entities[rows[body]].astype(np.int64)))
        return np.concatenate([starts for starts, _ in found]), np.concatenate([rows for _, rows in found])

    def _recorded(
        self, words: Words
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
        """The view's mentions by sentence: sentences, entities, kinds, and the word each starts at."""
        chunks, entities, starts = array("q"), array("q"), array("q")
        for chunk_id, entity_id, span in self.view.mentions():
            chunks.append(self.chunk_row[chunk_id])
            entities.append(self.entity_row[entity_id])
            starts.append(span.start)
        chunk, start = _integers(chunks), _integers(starts)
        sentence = self._sentence_at(chunk, start)
        place = words.place_of(chunk, start)
        known = sentence >= 0
        return (
            sentence[known],
            _integers(entities)[known],
            np.full(int(known.sum()), BY_VIEW, dtype=np.uint8),
            place[known],
        )

    def _sentence_at(self, chunk: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of the sentence of `chunk` that holds the character `start`; -1 if none."""
        if not len(chunk) or not len(self.sentence_chunk):
            return np.full(len(chunk), -1, dtype=np.int64)
        scale = int(max(self.sentence_span.max(), start.max())) + 1
        keys = self.sentence_chunk.astype(np.int64) * scale + self.sentence_span[:, 0]
        row = np.searchsorted(keys, chunk * scale + start, side="right") - 1
        row = np.maximum(row, 0)
        return np.where(self.sentence_chunk[row] == chunk, row, -1)

    def _subjects(
        self, pair_sentence: NDArray[np.int64], pair_entity: NDArray[np.int64], kinds: NDArray[np.uint8]
    ) -> None:
        chunk_count = len(self.chunk_row)
        subject = self.document_subject[self.chunk_document] if chunk_count else np.empty(0, np.int64)
        titled = subject >= 0
        lead = ((kinds & LEAD) != 0) & ((self.entity_flags[pair_entity] & LITERAL) == 0)
        lead_document = self.chunk_document[self.sentence_chunk[pair_sentence[lead]]]
        lead_entity = pair_entity[lead]
        by_lead = np.full(len(self.document_row), -1, dtype=np.int64)
        by_lead[lead_document[::-1]] = lead_entity[::-1]
        subject = np.where(titled, subject, by_lead[self.chunk_document]) if chunk_count else subject
        self._save("chunk_subject", subject.astype(np.int32))
        self._save("chunk_titled", titled)
        # What the first words name is what the first chunk is about too, whatever the title says.
        lead_chunk = self.sentence_chunk[pair_sentence[lead]].astype(np.int64)
        rows = np.flatnonzero(subject >= 0)
        total = max(1, chunk_count)
        pairs = np.concatenate((subject[rows] * total + rows, lead_entity * total + lead_chunk))
        distinct, first = np.unique(pairs, return_index=True)
        about, chunk = distinct // total, distinct % total
        by_title = (first < len(rows)) & titled[chunk]
        order = np.lexsort((chunk, self.chunk_ordinal[chunk], about))
        self._save_ragged(
            "entity_subjects", group(about[order], chunk[order].astype(np.int32), len(self.entity_flags))
        )
        self._save("entity_subject_titled", by_title[order])

    def _terms(self, words: Words) -> None:
        has_term = words.term_hash != 0
        terms, index = np.unique(words.term_hash[has_term], return_inverse=True)
        chunk, sentence = words.chunk[has_term], words.sentence[has_term]
        self._save("term_hash", terms)
        chunk_count = len(self.chunk_row)
        frequency = _distinct_counts(index, chunk, len(terms), chunk_count)
        idf = np.log1p((chunk_count - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self._save("term_idf", idf)
        self._common(terms, frequency, words)
        postings, weights = _bm25(index, chunk, len(terms), chunk_count)
        self._save_ragged("term_chunks", postings)
        self._save("term_chunk_weights", weights)
        body = sentence >= 0
        postings, weights = _bm25(index[body], sentence[body], len(terms), len(self.sentence_chunk))
        self._save_ragged("term_sentences", postings)
        self._save("term_sentence_weights", weights)
        self._save_ragged(
            "sentence_terms",
            ragged_from_pairs(sentence[body], index[body], len(self.sentence_chunk), len(terms)),
        )

        self._save_ragged(
            "title_terms", ragged_from_pairs(chunk[~body], index[~body], chunk_count, len(terms))
        )

    def _common(self, terms: NDArray[np.uint64], frequency: NDArray[np.int64], words: Words) -> None:
        """Vectors of the most frequent words, with which a question's words find their like."""
        order = np.lexsort((terms, -frequency))[:_COMMON_TERMS]
        rows = np.sort(order[frequency[order] >= _COMMON_FREQUENCY])
        spellings = words.spelling_of_terms()
        self._save("common_terms", rows.astype(np.int32))
        self._save("term_vectors", self._embed([spellings[int(terms[row])] for row in rows]))

    def _relations(self) -> None:
        ids = StringBuffer()
        kinds: dict[str, int] = {}
        types, subjects, objects = array("q"), array("q"), array("q")
        weights = array("d")
        stated, chunks, starts = array("q"), array("q"), array("q")
        for row, relation in enumerate(self.view.relations()):
            ids.append(relation.id)
            types.append(kinds.setdefault(relation.type, len(kinds)))
            subjects.append(self.entity_row[relation.subject_id])
            objects.append(self.entity_row[relation.object_id])
            weights.append(relation.weight)
            for item in relation.evidence:
                stated.append(row)
                chunks.append(self.chunk_row[item.chunk_id])
                starts.append(item.span.start)
        self.relation_types = sorted(kinds)
        place = {name: at for at, name in enumerate(self.relation_types)}
        final = np.array([place[name] for name in kinds], dtype=np.int32)
        pairs = np.stack((_integers(subjects), _integers(objects)), axis=1)
        ids.save(self.folder, "relation_ids")
        self._save("relation_subject", pairs[:, 0].astype(np.int32))
        self._save("relation_object", pairs[:, 1].astype(np.int32))
        self._save("relation_type", final[_integers(types)])
        self._save("relation_weight", np.frombuffer(weights, dtype=np.float64).astype(np.float32))
        self.relation_count = len(ids)
        self._adjacency(pairs)
        sentence = self._sentence_at(_integers(chunks), _integers(starts))
        known = sentence >= 0
        sentences, relations = sentence[known], _integers(stated)[known]
        count = len(self.sentence_chunk)
        self._save_ragged("relation_sentences", ragged_from_pairs(relations, sentences, len(ids), count))
        self._save_ragged("sentence_relations", ragged_from_pairs(sentences, relations, count, len(ids)))

    def _adjacency(self, pairs: NDArray[np.int64]) -> None:
        rows = np.arange(len(pairs), dtype=np.int64)
        source = np.concatenate((pairs[:, 0], pairs[:, 1]))
        target = np.concatenate((pairs[:, 1], pairs[:, 0]))
        relation = np.concatenate((rows, rows))
        order = np.lexsort((relation, target, source))
        self._save_ragged(
            "adjacency", group(source[order], target[order].astype(np.int32), len(self.entity_flags))
        )
        self._save("adjacency_relations", relation[order].astype(np.int32))

    def _finish(self) -> None:
        meta = {
            "format": FORMAT,
            "commit": self.view.commit,
            "embedder": self.embedder.name,
            "dim": self.embedder.dim,
            "counts": {
                "documents": len(self.document_row),
                "chunks": len(self.chunk_row),
                "sentences": len(self.sentence_chunk),
                "entities": self.entity_count,
                "relations": self.relation_count,
            },
            "relation_types": self.relation_types,
            "entity_types": self.entity_types,
        }
        text = json.dumps(meta, sort_keys=True, indent=1)
        (self.folder / "meta.json").write_text(text, encoding="utf-8")


def _integers(values: "array[int]") -> NDArray[np.int64]:
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.empty(0, dtype=np.int64)


def _batches(items: Iterator[Chunk], size: int) -> Iterator[list[Chunk]]:
    batch: list[Chunk] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _distinct_counts(
    terms: NDArray[np.int64], units: NDArray[np.int64], term_count: int, unit_count: int
) -> NDArray[np.int64]:
    """In how many units each term stands."""
    pairs = np.unique(terms * max(1, unit_count) + units)
    return np.bincount(pairs // max(1, unit_count), minlength=term_count)


def _bm25(
    terms: NDArray[np.int64], units: NDArray[np.int64], term_count: int, unit_count: int
) -> tuple[Ragged, NDArray[np.float32]]:
    """Postings by term with each one's BM25 weight (Robertson & Zaragoza 2009; idf never negative)."""
    pairs, counts = np.unique(terms * max(1, unit_count) + units, return_counts=True)
    term, unit = pairs // max(1, unit_count), pairs % max(1, unit_count)
    lengths = np.bincount(units, minlength=unit_count).astype(np.float64)
    mean = lengths.mean() if unit_count else 1.0
    frequency = np.bincount(term, minlength=term_count)
    idf = np.log1p((unit_count - frequency + 0.5) / (frequency + 0.5))
    norm = _K1 * (1 - _B + _B * lengths[unit] / max(mean, 1e-9))
    weights = idf[term] * counts * (_K1 + 1) / (counts + norm)
    return group(term, unit.astype(np.int32), term_count), weights.astype(np.float32)
