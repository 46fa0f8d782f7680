"""The derived search index: flat arrays made from one commit, memory-mapped when searching.

Everything a search needs short of the texts themselves: names, sentences with the entities in them,
words, vectors, relations. `index.builder` makes it; it carries the commit's number and is made again
when that differs; the ledger stays the one source of truth. Opening maps files and reads nothing
else, whatever the size.

Rows: chunks, entities, relations and documents are numbered in the order of their ids; sentences by
chunk and place. Ragged data are pairs of arrays: `<name>_start` (n + 1) and the values.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import StoreError
from graphrag.graph.adjacency import CSRGraph
from graphrag.index.arrays import Array, Ragged, Strings, spread
from graphrag.index.hnsw import HNSWIndex
from graphrag.index.names import NameTable, Spelling

FORMAT = 8

BY_VIEW = 1
"""The knowledge base records a mention of the entity in this sentence."""
BY_NAME = 2
"""A name of the entity stands in this sentence, though nothing was extracted there."""
LEAD = 4
"""The text's first words name the entity: in a text without a title, what it is about."""


@dataclass(frozen=True)
class SearchIndex:
    """One commit's arrays. Immutable, so any number of threads may search it.

    Attributes:
        folder: Where the arrays lie.
        commit: The commit they were made from.
        embedder: Name of the embedder whose vectors they hold.
        counts: Documents, chunks, sentences, entities, relations.
    """

    folder: Path
    commit: int
    embedder: str
    dim: int
    counts: Mapping[str, int]
    relation_types: tuple[str, ...]
    entity_types: tuple[str, ...]

    def _load(self, name: str) -> Array:
        # A plain array over the mapped file: each slice of a memmap object costs microseconds.
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))

    def _ragged(self, name: str) -> Ragged:
        return Ragged(self._load(f"{name}_start"), self._load(name))

    @cached_property
    def chunk_ids(self) -> Strings:
        return Strings(self._load("chunk_ids_start"), self._load("chunk_ids"))

    @cached_property
    def entity_ids(self) -> Strings:
        return Strings(self._load("entity_ids_start"), self._load("entity_ids"))

    @cached_property
    def relation_ids(self) -> Strings:
        return Strings(self._load("relation_ids_start"), self._load("relation_ids"))

    @cached_property
    def document_ids(self) -> Strings:
        return Strings(self._load("document_ids_start"), self._load("document_ids"))

    @cached_property
    def entity_names(self) -> Strings:
        """Display name of each entity."""
        return Strings(self._load("entity_names_start"), self._load("entity_names"))

    @cached_property
    def metadata(self) -> Strings:
        """Canonical JSON of each document's metadata, with its key, title and source."""
        return Strings(self._load("document_facts_start"), self._load("document_facts"))

    @cached_property
    def names(self) -> NameTable:
        return NameTable(self._load("name_hash"), self._load("name_entity"), self._load("name_flags"))

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(self._load("spelling_key"), self._load("spelling_word"))

    @cached_property
    def name_words(self) -> Strings:
        return Strings(self._load("name_words_start"), self._load("name_words"))

    @cached_property
    def chunk_document(self) -> Array:
        """(chunks,) document row."""
        return self._load("chunk_document")

    @cached_property
    def chunk_ordinal(self) -> Array:
        """(chunks,) place in the document."""
        return self._load("chunk_ordinal")

    @cached_property
    def chunk_tokens(self) -> Array:
        """(chunks,) tokens of the passage with its title, as `graphrag.context` estimates them."""
        return self._load("chunk_tokens")

    @cached_property
    def chunk_sentences(self) -> Array:
        """(chunks + 1,) first sentence of each chunk."""
        return self._load("chunk_spans_start")

    def sentences_of(self, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Place in `chunks` and row of every sentence of the chunks, in order."""
        return spread(self.chunk_sentences[chunks], self.chunk_sentences[chunks + 1])

    @cached_property
    def sentence_chunk(self) -> Array:
        """(sentences,) chunk row."""
        return self._load("sentence_chunk")

    @cached_property
    def sentence_span(self) -> Array:
        """(sentences, 2) start and end in the document."""
        return self._load("chunk_spans")

    @cached_property
    def near(self) -> HNSWIndex:
        """Nearest chunks by row: scanned exactly while they are few, an HNSW graph beyond."""
        near = HNSWIndex(self.dim)
        near.load(self.folder / "chunk_vectors")
        return near

    @cached_property
    def chunk_vectors(self) -> Array:
        """(chunks, dim) unit rows, float32."""
        return np.asarray(self.near.vectors)

    @cached_property
    def sentence_vectors(self) -> Array:
        """(sentences, dim) int8: unit rows times 127."""
        return self._load("chunk_sentence_vectors")

    @cached_property
    def term_hash(self) -> Array:
        """(terms,) sorted hashes; the place is the term's row."""
        return self._load("term_hash")

    @cached_property
    def term_idf(self) -> Array:
        """(terms,) inverse chunk frequency, float32, positive."""
        return self._load("term_idf")

    @cached_property
    def common_terms(self) -> Array:
        """(m,) rows of the most frequent terms, those that stand in `term_vectors`."""
        return self._load("common_terms")

    @cached_property
    def term_vectors(self) -> Array:
        """(m, dim) unit rows, float32: each common term by its most frequent spelling."""
        return self._load("term_vectors")

    @cached_property
    def title_terms(self) -> Ragged:
        """Term rows of each chunk's title, each once."""
        return self._ragged("title_terms")

    @cached_property
    def sentence_terms(self) -> Ragged:
        """Term rows of each sentence, each once."""
        return self._ragged("sentence_terms")

    @cached_property
    def term_chunks(self) -> Ragged:
        """Chunk rows of each term; `term_chunk_weights` lies beside it."""
        return self._ragged("term_chunks")

    @cached_property
    def term_chunk_weights(self) -> Array:
        """BM25 weight of each posting in `term_chunks`, float32."""
        return self._load("term_chunk_weights")

    @cached_property
    def term_sentences(self) -> Ragged:
        """Sentence rows of each term; `term_sentence_weights` lies beside it."""
        return self._ragged("term_sentences")

    @cached_property
    def term_sentence_weights(self) -> Array:
        return self._load("term_sentence_weights")

    @cached_property
    def sentence_entities(self) -> Ragged:
        """Entity rows in each sentence."""
        return self._ragged("sentence_entities")

    @cached_property
    def entity_sentences(self) -> Ragged:
        """Sentence rows that each entity stands in; `entity_sentence_kinds` lies beside it."""
        return self._ragged("entity_sentences")

    @cached_property
    def entity_sentence_kinds(self) -> Array:
        """How each of `entity_sentences` was found: sum of BY_VIEW, BY_NAME, LEAD."""
        return self._load("entity_sentence_kinds")

    @cached_property
    def entity_subjects(self) -> Ragged:
        """Chunk rows of the documents that are about each entity, first chunk first."""
        return self._ragged("entity_subjects")

    @cached_property
    def entity_subject_titled(self) -> Array:
        """Whether each of `entity_subjects` is so by its title, rather than by its first words."""
        return self._load("entity_subject_titled")

    @cached_property
    def chunk_subject(self) -> Array:
        """(chunks,) entity row the chunk's document is about, by title or first words; -1 if none."""
        return self._load("chunk_subject")

    @cached_property
    def chunk_titled(self) -> Array:
        """(chunks,) whether `chunk_subject` comes from a title."""
        return self._load("chunk_titled")

    @cached_property
    def entity_frequency(self) -> Array:
        """(entities,) number of chunks that name the entity."""
        return self._load("entity_frequency")

    @cached_property
    def entity_flags(self) -> Array:
        return self._load("entity_flags")

    @cached_property
    def entity_type(self) -> Array:
        """(entities,) row in `entity_types`."""
        return self._load("entity_type")

    @cached_property
    def relation_subject(self) -> Array:
        return self._load("relation_subject")

    @cached_property
    def relation_object(self) -> Array:
        return self._load("relation_object")

    @cached_property
    def relation_type(self) -> Array:
        """(relations,) row in `relation_types`."""
        return self._load("relation_type")

    @cached_property
    def relation_weight(self) -> Array:
        return self._load("relation_weight")

    @cached_property
    def relation_sentences(self) -> Ragged:
        """Sentence rows that state each relation."""
        return self._ragged("relation_sentences")

    @cached_property
    def sentence_relations(self) -> Ragged:
        """Relations that each sentence states."""
        return self._ragged("sentence_relations")

    @cached_property
    def adjacency(self) -> CSRGraph:
        """Relations of each entity, both directions; of each those with most evidence first.

        A relation of weight w weighs w / (1 + w) here.
        """
        return CSRGraph.open(self.folder / "adjacency")

    @cached_property
    def adjacency_types(self) -> Array:
        """Row in `relation_types` of each edge of `adjacency`."""
        return self._load("adjacency_types")

    @cached_property
    def relation_type_sums(self) -> Array:
        """(relation types, 2) number of relations of each type, and sum of their weights in `adjacency`."""
        return self._load("relation_type_sums")

    @cached_property
    def hub_rows(self) -> Array:
        """Entities with more relations than a search looks at, sorted."""
        return self._load("hub_rows")

    @cached_property
    def hub_edges(self) -> Ragged:
        """Places in `adjacency` of each of `hub_rows`, by type; `hub_edge_types` lies beside it."""
        return self._ragged("hub_edges")

    @cached_property
    def hub_edge_types(self) -> Array:
        return self._load("hub_edge_types")


def open_search_index(folder: Path, commit: int) -> SearchIndex:
    """Map the index of `commit`.

    Raises:
        StoreError: If there is none, or it was written by another version; the message says what
            to run.
    """
    path = folder / f"{commit:012d}"
    try:
        meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(
            f'no search index of commit {commit} in "{folder}"; run `graphrag rebuild` to make it'
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(
            f'the search index in "{path}" cannot be read ({error}); run `graphrag rebuild`'
        ) from error
    if meta.get("format") != FORMAT:
        raise StoreError(
            f'the search index in "{path}" has format {meta.get("format")}, this version reads {FORMAT}; '
            "run `graphrag rebuild`"
        )
    return SearchIndex(
        folder=path,
        commit=commit,
        embedder=meta["embedder"],
        dim=meta["dim"],
        counts=meta["counts"],
        relation_types=tuple(meta["relation_types"]),
        entity_types=tuple(meta["entity_types"]),
    )
