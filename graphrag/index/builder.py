"""Makes the search index of a commit: a pure function of a `KnowledgeView` and an embedder.

What the arrays mean stands in `index.snapshot`, which reads them; what they are made from, in
`index.content`.
"""

import json
import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import StoreDamagedError, StoreError
from graphrag.graph.adjacency import CSRGraph
from graphrag.graph.traversal import SCAN
from graphrag.ids import fingerprint
from graphrag.index.arrays import Array, Ragged, group, join, ragged_from_pairs, strings_of, take
from graphrag.index.content import Content, embed, gather, sorted_types
from graphrag.index.hnsw import HNSWIndex
from graphrag.index.name_runs import NameRuns, name_runs
from graphrag.index.names import (
    LITERAL,
    TITLE_ONLY,
    NameTable,
    build_spelling,
    match_names,
    name_table,
)
from graphrag.index.patching import MismatchError, patch, rows_of
from graphrag.index.snapshot import BY_NAME, BY_VIEW, FORMAT, LEAD, SearchIndex, open_search_index
from graphrag.index.storing import checksum, load_array, load_content, save_content
from graphrag.index.terms import fold
from graphrag.index.words import Words, sentences_at, spelling_of_terms, words_of
from graphrag.interfaces import ChangingView, Embedder, KnowledgeView

_log = logging.getLogger(__name__)
_LEAD_WORDS = 4
_K1 = 1.2
_B = 0.75
_COMMON_TERMS = 12_000
_COMMON_FREQUENCY = 2

Rows = NDArray[np.int64]


def build_search_index(view: KnowledgeView, embedder: Embedder, folder: Path) -> SearchIndex:
    """Make the index of the view's commit under `folder`, replacing those of older commits.

    It is written beside and renamed into place, so a reader sees all of it or nothing. The same
    view and embedder give the same bytes, whether or not an older index lies there; what it knows
    is taken from it, if it is whole and was made with the same embedder.

    Two exceptions. Where passages are so many that nearest ones are found by a graph, the graph takes
    changes in place, so `chunk_vectors` depends on the history; what it finds is scored exactly, and
    `GraphRAG.rebuild` starts it anew. And an embedder whose vectors depend on the other texts of a call
    gives vectors that differ in their last bits.

    Raises:
        StoreError: If the folder cannot be written.
    """
    commit = view.commit
    target = folder / f"{commit:012d}"
    partial = folder / f".{commit:012d}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = _newest(folder, embedder)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _Builder(view, embedder, partial, before).run()
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        for other in _made(folder):
            if other != target:
                shutil.rmtree(other, ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f'cannot write the search index in "{folder}": {error.strerror}; free disk space or choose '
            "another folder, then run `graphrag rebuild`"
        ) from error
    return open_search_index(folder, commit)


def _made(folder: Path) -> list[Path]:
    """The indexes in the folder and what is left of unfinished ones, by commit."""
    return sorted(
        (path for path in folder.iterdir() if path.is_dir() and path.name.strip(".partil").isdigit()),
        key=lambda path: path.name,
    )


@dataclass(frozen=True, slots=True)
class _Before:
    """The index to be replaced: its tables, and the vectors of its common words by spelling."""

    folder: Path
    commit: int
    state: str
    content: Content
    common: dict[str, int]
    common_vectors: Array


def _newest(folder: Path, embedder: Embedder) -> _Before | None:
    """The newest index that is whole and was made with this embedder."""
    for path in reversed(_made(folder)):
        try:
            meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
            made = meta["format"], meta["embedder"], meta["dim"]
            if made != (FORMAT, embedder.name, embedder.dim) or meta.pop("checksum") != fingerprint(meta):
                continue
            content = load_content(path, meta)
            common = content.lexicon.words.take(load_array(path, meta, "common_words"))
            vectors = load_array(path, meta, "term_vectors")
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            continue
        places = {fold(word): row for row, word in enumerate(common)}
        return _Before(path, meta["commit"], meta["state"], content, places, vectors)
    return None


def _tables(view: KnowledgeView, embedder: Embedder, before: _Before | None) -> Content:
    if before is not None and isinstance(view, ChangingView):
        changed = view.changed_since(before.commit, before.state)
        if changed is not None:
            try:
                return patch(view, changed, before.content, embedder)
            except MismatchError:
                _log.warning("the search index of commit %d does not fit; reading everything", before.commit)
    return gather(view, embedder, before.content if before else None)


class _Builder:
    """Makes the search arrays from the tables and writes both, one subject after the other."""

    def __init__(self, view: KnowledgeView, embedder: Embedder, folder: Path, before: _Before | None) -> None:
        self.commit = view.commit
        self.embedder = embedder
        self.folder = folder
        self.before = before
        self.state = view.state if isinstance(view, ChangingView) else ""
        self.content = _tables(view, embedder, before)
        self.chunk_count = len(self.content.chunks.ids)
        self.sentence_chunk = np.repeat(
            np.arange(self.chunk_count, dtype=np.int32), np.diff(self.content.chunks.spans.start)
        )

    def run(self) -> None:
        self.checksums = save_content(self.content, self.folder)
        names = self._entities()
        self._names(names)
        self._save("sentence_chunk", self.sentence_chunk)
        self._vectors()
        words = words_of(self.content.chunks)
        self._incidence(words, names)
        self._terms(words)
        self._relations()
        self._finish()

    def _save(self, name: str, array: Array) -> None:
        np.save(self.folder / f"{name}.npy", array, allow_pickle=False)

    def _save_ragged(self, name: str, ragged: Ragged) -> None:
        self._save(f"{name}_start", ragged.start)
        self._save(name, ragged.values)

    def _entities(self) -> NameRuns:
        """Entities, those of titles that the knowledge base has none for, and the names of both."""
        content = self.content
        entities, lexicon = content.entities, content.lexicon
        own, normal = (name_runs(runs, lexicon, entities.literal) for runs in (entities.own, entities.normal))
        titles = name_runs(content.documents.names, lexicon, np.zeros(len(content.subjects), dtype=np.bool_))
        hidden = self._title_subjects(own, normal, titles)
        titles = replace(titles, owner=self.subject[titles.owner])
        join(entities.ids, strings_of([""] * len(hidden))).save(self.folder, "entity_ids")
        join(entities.names, take(content.documents.titles, hidden)).save(self.folder, "entity_names")
        kinds = (*content.kinds, "")
        nothing = np.full(len(hidden), kinds.index(""), dtype=np.int32)
        self.entity_types, rows = sorted_types(kinds, np.append(entities.kind, nothing))
        self._save("entity_type", rows.astype(np.int16))
        values = entities.literal.astype(np.uint8) * np.uint8(LITERAL)
        self.entity_flags = np.append(values, np.full(len(hidden), TITLE_ONLY, dtype=np.uint8))
        self._save("entity_flags", self.entity_flags)
        return own.joined(normal, titles).short()

    def _title_subjects(self, own: NameRuns, normal: NameRuns, titles: NameRuns) -> Rows:
        """Find the entity that each title names: `subject` (documents,); -1 without a title.

        A title is a name of its subject. Where the knowledge base knows no subject, an entity of that
        name is taken; where there is none either, the index makes up one of its own, so that a
        passage can always be found by its title.

        Returns:
            For each entity made up, the first document that it is the subject of.
        """
        subject = self.content.subjects.astype(np.int64)
        named = own.joined(normal)
        written = np.arange(len(named.owner)) >= len(own.owner)  # names as written before normal forms
        things = np.flatnonzero((named.flags & LITERAL) == 0)
        order = things[np.lexsort((named.owner[things], written[things], named.hashes[things]))]
        hashes = named.hashes[order]
        documents, first = np.unique(titles.owner, return_index=True)  # the bare title comes second
        title = titles.hashes[first]
        unknown = subject[documents] < 0
        documents, title = documents[unknown], title[unknown]
        place = np.minimum(np.searchsorted(hashes, title), max(0, len(hashes) - 1))
        known = hashes[place] == title if len(hashes) else np.zeros(len(title), dtype=np.bool_)
        subject[documents[known]] = named.owner[order][place[known]]
        documents, title = documents[~known], title[~known]
        _, first, same = np.unique(title, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(first))
        subject[documents] = len(self.content.entities.ids) + rank[same]
        self.subject = subject
        made_up: Rows = documents[np.sort(first)]
        return made_up

    def _names(self, names: NameRuns) -> None:
        """The names' arrays, and those of the words that they are made of."""
        self.table = name_table(names.hashes, names.owner.astype(np.int32), names.flags)
        lexicon = self.content.lexicon
        words = sorted({fold(word) for word in lexicon.words.take(np.unique(names.words))})
        spelling = build_spelling(words)
        strings_of(words).save(self.folder, "name_words")
        self._save("name_hash", self.table.hashes)
        self._save("name_entity", self.table.entities)
        self._save("name_flags", self.table.flags)
        self._save("spelling_key", spelling.keys)
        self._save("spelling_word", spelling.words)

    def _vectors(self) -> None:
        chunks = self.content.chunks
        near = HNSWIndex(self.embedder.dim)
        known = np.full(self.chunk_count, -1, dtype=np.int64)
        if self.before is not None:
            try:
                near.load(self.before.folder / "chunk_vectors")
                known = rows_of(self.before.content.chunks.ids, chunks.ids)
            except StoreDamagedError:
                _log.warning("the vector index in %s is damaged; making it anew", self.before.folder)
        near.follow(chunks.ids.all(), chunks.vectors, known)
        near.save(self.folder / "chunk_vectors")

    def _incidence(self, words: Words, names: NameRuns) -> None:
        """Which entity stands in which sentence: what was extracted, and every known name besides."""
        sentences, entities, kinds, places = self._recorded(words)
        starts, named = self._names_in(words, names)
        sentences = np.concatenate((sentences, words.sentence[starts]))
        entities = np.concatenate((entities, named))
        kinds = np.concatenate((kinds, np.full(len(starts), BY_NAME, dtype=np.uint8)))
        places = np.concatenate((places, words.place[starts]))
        first = self.content.chunks.ordinal[self.sentence_chunk[sentences]] == 0
        kinds[first & (places < _LEAD_WORDS)] |= LEAD

        entity_count, chunk_count = len(self.entity_flags), self.chunk_count
        key = sentences * max(1, entity_count) + entities
        order = np.argsort(key, kind="stable")
        unique, at = np.unique(key[order], return_index=True)
        merged = np.bitwise_or.reduceat(kinds[order], at) if len(at) else kinds[:0]
        pair_sentence, pair_entity = unique // max(1, entity_count), unique % max(1, entity_count)
        count = len(self.sentence_chunk)
        self._save_ragged("sentence_entities", group(pair_sentence, pair_entity.astype(np.int32), count))
        by_entity = np.lexsort((pair_sentence, pair_entity))
        self._save_ragged(
            "entity_sentences",
            group(pair_entity[by_entity], pair_sentence[by_entity].astype(np.int32), entity_count),
        )
        self._save("entity_sentence_kinds", merged[by_entity])
        chunk_of = self.sentence_chunk[pair_sentence].astype(np.int64)
        chunk_pairs = np.unique(pair_entity * max(1, chunk_count) + chunk_of)
        frequency = np.bincount(chunk_pairs // max(1, chunk_count), minlength=entity_count)
        self._save("entity_frequency", frequency.astype(np.int32))
        self._subjects(pair_sentence, pair_entity, merged)

    def _names_in(self, words: Words, names: NameRuns) -> tuple[Rows, Rows]:
        """First word and entity of each name in the texts; a title inside a longer name counts too."""
        titled = np.zeros(len(self.entity_flags), dtype=np.bool_)
        titled[self.subject[self.subject >= 0]] = True
        lexicon = self.content.lexicon
        hashes, capital = lexicon.fold_hash[words.row], lexicon.capital[words.row]
        begins, ends = names.first(lexicon)[words.row], names.last(lexicon)[words.row]
        found = []
        for entities in (np.ones_like(titled), titled):
            chosen = entities[self.table.entities]
            table = NameTable(
                self.table.hashes[chosen], self.table.entities[chosen], self.table.flags[chosen]
            )
            starts, _, rows = match_names(hashes, capital, words.breaks, table, begins=begins, ends=ends)
            body = words.sentence[starts] >= 0
            found.append((starts[body], table.entities[rows[body]].astype(np.int64)))
        return np.concatenate([starts for starts, _ in found]), np.concatenate([rows for _, rows in found])

    def _recorded(self, words: Words) -> tuple[Rows, Rows, NDArray[np.uint8], Rows]:
        """The view's mentions by sentence: sentences, entities, kinds, and the word each starts at."""
        mentions = self.content.mentions
        chunk = np.repeat(np.arange(self.chunk_count), np.diff(mentions.start))
        entity, start = (mentions.values[:, column].astype(np.int64) for column in (0, 1))
        sentence = sentences_at(self.content.chunks, chunk, start)
        known = sentence >= 0
        kinds = np.full(int(known.sum()), BY_VIEW, dtype=np.uint8)
        return sentence[known], entity[known], kinds, words.at(chunk, start)[known]

    def _subjects(self, pair_sentence: Rows, pair_entity: Rows, kinds: NDArray[np.uint8]) -> None:
        chunks = self.content.chunks
        subject = self.subject[chunks.document]
        titled = subject >= 0
        lead = ((kinds & LEAD) != 0) & ((self.entity_flags[pair_entity] & LITERAL) == 0)
        lead_document = chunks.document[self.sentence_chunk[pair_sentence[lead]]]
        lead_entity = pair_entity[lead]
        by_lead = np.full(len(self.subject), -1, dtype=np.int64)
        by_lead[lead_document[::-1]] = lead_entity[::-1]
        subject = np.where(titled, subject, by_lead[chunks.document])
        self._save("chunk_subject", subject.astype(np.int32))
        self._save("chunk_titled", titled)
        # What the first words name is what the first chunk is about too, whatever the title says.
        lead_chunk = self.sentence_chunk[pair_sentence[lead]].astype(np.int64)
        rows = np.flatnonzero(subject >= 0)
        total = max(1, self.chunk_count)
        pairs = np.concatenate((subject[rows] * total + rows, lead_entity * total + lead_chunk))
        distinct, first = np.unique(pairs, return_index=True)
        about, chunk = distinct // total, distinct % total
        by_title = (first < len(rows)) & titled[chunk]
        order = np.lexsort((chunk, chunks.ordinal[chunk], about))
        self._save_ragged(
            "entity_subjects", group(about[order], chunk[order].astype(np.int32), len(self.entity_flags))
        )
        self._save("entity_subject_titled", by_title[order])

    def _terms(self, words: Words) -> None:
        lexicon = self.content.lexicon
        stands = np.zeros(len(lexicon), dtype=np.bool_)
        stands[words.row] = True
        terms = np.unique(lexicon.term_hash[stands & (lexicon.term_hash != 0)])
        term_of = np.where(lexicon.term_hash != 0, np.searchsorted(terms, lexicon.term_hash), -1)
        index = term_of[words.row]
        has_term = index >= 0
        index, chunk, sentence = index[has_term], words.chunk[has_term], words.sentence[has_term]
        self._save("term_hash", terms)
        postings, weights = _bm25(index, chunk, len(terms), self.chunk_count)
        frequency = np.diff(postings.start)
        idf = np.log1p((self.chunk_count - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self._save("term_idf", idf)
        self._common(terms, frequency, words)
        self._save_ragged("term_chunks", postings)
        self._save("term_chunk_weights", weights)
        body = sentence >= 0
        count = len(self.sentence_chunk)
        postings, weights = _bm25(index[body], sentence[body], len(terms), count)
        self._save_ragged("term_sentences", postings)
        self._save("term_sentence_weights", weights)
        owner = np.repeat(np.arange(len(terms)), np.diff(postings.start))
        by_sentence = np.argsort(postings.values, kind="stable")
        self._save_ragged(
            "sentence_terms",
            group(postings.values[by_sentence], owner[by_sentence].astype(np.int32), count),
        )
        self._save_ragged(
            "title_terms", ragged_from_pairs(chunk[~body], index[~body], self.chunk_count, len(terms))
        )

    def _common(self, terms: NDArray[np.uint64], frequency: Rows, words: Words) -> None:
        """Vectors of the most frequent words, with which a question's words find their like."""
        order = np.lexsort((terms, -frequency))[:_COMMON_TERMS]
        rows = np.sort(order[frequency[order] >= _COMMON_FREQUENCY])
        spelling = spelling_of_terms(words, self.content.lexicon, terms[rows])
        texts = [fold(word) for word in self.content.lexicon.words.take(spelling)]
        known = self.before.common if self.before else {}
        new = [text for text in texts if text not in known]
        fresh = embed(self.embedder, new)
        places = {**known, **{text: len(known) + row for row, text in enumerate(new)}}
        before = self.before.common_vectors if self.before else fresh[:0]
        vectors = np.concatenate((before, fresh))[[places[text] for text in texts]]
        self._save("common_terms", rows.astype(np.int32))
        for name, array in (
            ("common_words", spelling.astype(np.int32)),
            ("term_vectors", vectors.reshape(-1, self.embedder.dim)),
        ):
            self.checksums[name] = checksum(array)
            self._save(name, array)

    def _relations(self) -> None:
        relations = self.content.relations
        subject, other = relations.subject.astype(np.int64), relations.object.astype(np.int64)
        self._adjacency(subject, other, relations.type, relations.weight)
        stated = np.repeat(np.arange(len(relations.ids)), np.diff(relations.evidence.start))
        chunk, start = (relations.evidence.values[:, column].astype(np.int64) for column in (0, 1))
        sentence = sentences_at(self.content.chunks, chunk, start)
        sentence, stated = sentence[sentence >= 0], stated[sentence >= 0]
        total, count = len(relations.ids), len(self.sentence_chunk)
        self._save_ragged("relation_sentences", ragged_from_pairs(stated, sentence, total, count))
        self._save_ragged("sentence_relations", ragged_from_pairs(sentence, stated, count, total))

    def _adjacency(self, subject: Rows, other: Rows, types: Array, weights: Array) -> None:
        """Relations by both their ends, and the edges of hubs once more, by type."""
        weight = weights / (1.0 + weights)
        graph = CSRGraph.from_relations(len(self.entity_flags), subject, other, weight)
        graph.save(self.folder / "adjacency")
        count = len(self.content.relation_types)
        sums = np.bincount(types, minlength=count), np.bincount(types, weight, count)
        self._save("relation_type_sums", np.stack(sums, axis=1).astype(np.float64))
        kinds = types[graph.relations].astype(np.int16)
        self._save("adjacency_types", kinds)
        hubs = np.flatnonzero(graph.degrees > SCAN)
        owner, places = graph.gather(hubs)
        order = np.lexsort((places, kinds[places], owner))
        self._save("hub_rows", hubs)
        self._save_ragged("hub_edges", group(owner, places[order].astype(np.int64), len(hubs)))
        self._save("hub_edge_types", kinds[places[order]])

    def _finish(self) -> None:
        content = self.content
        meta = {
            "format": FORMAT,
            "commit": self.commit,
            "state": self.state,
            "embedder": self.embedder.name,
            "dim": self.embedder.dim,
            "counts": {
                "documents": len(content.documents.ids),
                "chunks": self.chunk_count,
                "sentences": len(self.sentence_chunk),
                "entities": len(content.entities.ids),
                "relations": len(content.relations.ids),
            },
            "relation_types": content.relation_types,
            "entity_types": self.entity_types,
            "kinds": content.kinds,
            "known": len(content.entities.ids),
            "checksums": self.checksums,
        }
        text = json.dumps({**meta, "checksum": fingerprint(meta)}, sort_keys=True, indent=1)
        (self.folder / "meta.json").write_text(text, encoding="utf-8")


def _bm25(terms: Rows, units: Rows, term_count: int, unit_count: int) -> tuple[Ragged, NDArray[np.float32]]:
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
