"""Changing a knowledge base: withdraw old contributions, add new ones, settle what they touch.

Everything happens inside one transaction that the caller holds. The counters that are kept (uses of
a term, of a spelling, of an alias) are exact integers, and `verify` counts them anew.
"""

import gc
import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphrag.datamodel import Document, Failure
from graphrag.ids import canonical_json
from graphrag.merging import Contribution, IngestedDocument, contribute
from graphrag.names import bare_form, normal_form
from graphrag.resolution import Decision, Term, Types
from graphrag.store import codec
from graphrag.store.schema import DERIVED_TABLES
from graphrag.store.settling import Settler, Touched
from graphrag.store.view import hash_of, pack_mentions

_CACHED_NAMES = 500_000
_BATCH = 512


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among a large change's records, which have none.

    It would look at all of them again and again while their number grows: a sixth of a load's time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def document_digest(document: Document, raw: bytes, verdicts: bytes) -> bytes:
    """SHA-256 over all of the ledger that one document is."""
    digest = hashlib.sha256()
    metadata = canonical_json(dict(document.metadata))
    fields = (document.id, document.key, document.title, document.source, document.text, metadata)
    for part in (*(text.encode("utf-8") for text in fields), raw, verdicts):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


def stored_document(db: sqlite3.Connection, doc: int) -> tuple[Document, bytes, bytes]:
    """A document of the ledger with its packed results and verdicts."""
    query = (
        "SELECT d.id, d.key, s.text, d.title, d.source, d.metadata, s.raw, s.verdicts"
        " FROM documents d JOIN sources s USING (doc) WHERE doc = ?"
    )
    id_, key, text, title, source, metadata, raw, verdicts = db.execute(query, (doc,)).fetchone()
    return Document(id_, key, text, title, source, json.loads(metadata)), raw, verdicts


@dataclass(slots=True)
class _Rows:
    """Rows of several documents, to be inserted table by table."""

    chunks: list[tuple[object, ...]] = field(default_factory=list)
    facts: list[tuple[object, ...]] = field(default_factory=list)
    uses: list[tuple[object, ...]] = field(default_factory=list)


class Writer:
    """Applies changes to a connection; one for the life of a writing `Ledger`.

    Caches the keys of names, terms and labels, so it must be told (`forget`) when a transaction is
    rolled back.
    """

    def __init__(self, db: sqlite3.Connection, types: Types) -> None:
        """Write through `db`, with the types of the stored ontology."""
        self._db = db
        self.types = types
        self.forget()

    def forget(self) -> None:
        """Drop every cache."""
        self._names: dict[str, int] = {}
        self._terms: dict[tuple[Any, ...], int] = {}
        self._labels: dict[str, int] = {}
        self._next: dict[str, int] = {}

    def decisions(self) -> list[Decision]:
        """The user's decisions, in their canonical order."""
        rows = self._db.execute(
            "SELECT kind, first, second, first_type, second_type FROM decisions ORDER BY "
            "first, first_type, second, second_type"
        )
        return [Decision(*row) for row in rows]

    def put(self, items: Sequence[IngestedDocument], removed: Iterable[str]) -> tuple[int, Touched]:
        """Replace documents by key and remove others.

        Returns:
            Change of the additive digest, and what was touched.
        """
        touched = Touched()
        change = 0
        fresh = [self._encode(item) for item in items]
        held = self._held([row[0].document.key for row in fresh])
        fresh = [row for row in fresh if held.get(row[0].document.key, (0, b""))[1] != row[3]]
        gone = [held[row[0].document.key] for row in fresh if row[0].document.key in held]
        gone += self._held(list(removed)).values()
        for doc, digest in gone:
            self._withdraw(doc, touched)
            query = "DELETE FROM documents WHERE doc = ? RETURNING id"
            touched.ids.update(name for (name,) in self._db.execute(query, (doc,)))
            self._db.execute("DELETE FROM sources WHERE doc = ?", (doc,))
            change -= int.from_bytes(digest, "big")
        first = self._take("documents", "doc", len(fresh))
        self._store(first, fresh)
        change += sum(int.from_bytes(digest, "big") for _, _, _, digest in fresh)
        self.contribute([(first + place, row[0]) for place, row in enumerate(fresh)], touched)
        touched.ids.update(row[0].document.id for row in fresh)
        self.settle(touched)
        return change, touched

    def contribute(self, rows: Sequence[tuple[int, IngestedDocument]], touched: Touched) -> None:
        """Add what stored documents say; `settle` must follow."""
        found = [(doc, item, contribute(item, self.types)) for doc, item in rows]
        self._intern((term for _, _, contribution in found for term in contribution.terms), touched)
        self._learn(
            {text for _, _, c in found for fact in c.facts for text in (fact.relation, fact.extractor)}
        )
        made = _Rows()
        for doc, item, contribution in found:
            self._add(doc, item, contribution, touched, made)
        self._db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", made.chunks)
        self._db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", made.facts)
        self._db.executemany("INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", made.uses)

    def settle(self, touched: Touched) -> None:
        """Bring counters, entities and edges up to what was touched."""
        Settler(self._db, self.types, self.decisions()).settle(touched)
        for term in touched.dead_terms:
            self._terms.pop(term, None)
        for normal in touched.dead_names:
            self._names.pop(normal, None)
        if len(self._names) > _CACHED_NAMES:
            self._names.clear()
            self._terms.clear()

    def derive(self) -> None:
        """Make all derived tables again from the ledger, documents in order of id."""
        for table in DERIVED_TABLES:
            if table not in ("communities", "reports"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608
        self.forget()
        with collector_paused():
            self._derive()

    def _derive(self) -> None:
        docs = [doc for (doc,) in self._db.execute("SELECT doc FROM documents ORDER BY id").fetchall()]
        for start in range(0, len(docs), _BATCH):
            touched = Touched()
            rows = []
            for doc in docs[start : start + _BATCH]:
                document, raw, verdicts = stored_document(self._db, doc)
                chunks, results = codec.decode_results(document, raw)
                checked = codec.decode_verdicts(document, results, verdicts)
                rows.append((doc, IngestedDocument(document, chunks, results, checked)))
            self.contribute(rows, touched)
            self.settle(touched)

    def _encode(self, item: IngestedDocument) -> tuple[IngestedDocument, bytes, bytes, bytes]:
        raw = codec.encode_results(item.document, item.chunks, item.results)
        verdicts = codec.encode_verdicts(item.document, item.results, item.triples)
        return item, raw, verdicts, document_digest(item.document, raw, verdicts)

    def _held(self, keys: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        rows = self._db.execute(
            "SELECT key, doc, digest FROM documents WHERE key IN (SELECT value FROM "
            "json_each(?)) ORDER BY key",
            (json.dumps(keys),),
        )
        return {key: (doc, digest) for key, doc, digest in rows}

    def _store(self, first: int, fresh: Sequence[tuple[IngestedDocument, bytes, bytes, bytes]]) -> None:
        documents = []
        sources = []
        for doc, (item, raw, verdicts, digest) in enumerate(fresh, start=first):
            d = item.document
            failed = sum(isinstance(result, Failure) for result in item.results)
            metadata = canonical_json(dict(d.metadata))
            documents.append((doc, d.id, d.key, d.title, d.source, metadata, digest, failed))
            sources.append((doc, d.text, raw, verdicts))
        self._db.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", documents)
        self._db.executemany("INSERT INTO sources VALUES (?, ?, ?, ?)", sources)

    def _withdraw(self, doc: int, touched: Touched) -> None:
        """Take back what a document contributed."""
        first_chunk, chunks, first_fact, facts, packed = self._db.execute(
            "SELECT first_chunk, chunks, first_fact, facts, terms FROM uses WHERE doc = ?", (doc,)
        ).fetchone()
        rows, aliases = codec.unpack(packed)
        for term, mentions, forms in rows:
            touched.term(term, -1, -mentions)
            for form, count in forms.items():
                touched.forms[term, form] += -count
        for first, second, kind in aliases:
            touched.aliases[first, second, kind] -= 1
        if facts:
            bounds = (first_fact, first_fact + facts - 1)
            touched.lost.update(
                self._db.execute("SELECT head, relation, tail FROM facts WHERE fact BETWEEN ? AND ?", bounds)
            )
            self._db.execute("DELETE FROM facts WHERE fact BETWEEN ? AND ?", bounds)
        self._db.execute(
            "DELETE FROM chunks WHERE chunk BETWEEN ? AND ?", (first_chunk, first_chunk + chunks - 1)
        )
        self._db.execute("DELETE FROM uses WHERE doc = ?", (doc,))

    def _add(
        self, doc: int, item: IngestedDocument, found: Contribution, touched: Touched, rows: "_Rows"
    ) -> None:
        terms = [self._terms[term] for term in found.terms]
        counts = [0] * len(terms)
        first_chunk = self._take("chunks", "chunk", len(item.chunks))
        for ordinal, (chunk, mentions) in enumerate(zip(item.chunks, found.mentions, strict=True)):
            for index, _, _ in mentions:
                counts[index] += 1
            packed = pack_mentions([(terms[index], start, end) for index, start, end in mentions])
            rows.chunks.append(
                (
                    first_chunk + ordinal,
                    hash_of(chunk.id),
                    doc,
                    ordinal,
                    chunk.span.start,
                    chunk.span.end,
                    packed,
                )
            )
        first_fact = self._take("facts", "fact", len(found.facts))
        labels = self._labels
        fact_rows = [
            (
                first_fact + place, first_chunk + f.chunk, terms[f.head], labels[f.relation],
                terms[f.tail], f.start,
                f.end, labels[f.extractor], f.score,
            )
            for place, f in enumerate(found.facts)
        ]  # fmt: skip
        rows.facts += fact_rows
        touched.gained.update((row[2], row[3], row[4]) for row in fact_rows)
        for term, uses, forms in zip(terms, counts, found.forms, strict=True):
            touched.term(term, 1, uses)
            for form, count in forms.items():
                touched.forms[term, form] += count
        aliases = [(terms[first], terms[second], kind) for first, second, kind in found.aliases]
        for alias in aliases:
            touched.aliases[alias] += 1
        packed = codec.pack([list(zip(terms, counts, found.forms, strict=True)), aliases])
        rejected: dict[str, int] = defaultdict(int)
        for checked in item.triples:
            if checked.decision == "reject":
                rejected[checked.reason or "unknown"] += 1
        subject = None if found.subject is None else terms[found.subject]
        rows.uses.append(
            (
                doc, first_chunk, len(item.chunks), first_fact, len(fact_rows),
                len(item.triples) - sum(rejected.values()), canonical_json(rejected),
                normal_form(item.document.title), subject, packed,
            ),
        )  # fmt: skip

    def _intern(self, terms: Iterable[Term], touched: Touched) -> None:
        """Give keys to terms that have none yet, and to their names."""
        missing = {term for term in terms if term not in self._terms}
        if not missing:
            return
        names = self._intern_names(sorted({term.normal for term in missing}), touched)
        wanted = json.dumps(sorted({names[term.normal] for term in missing}))
        stored = self._db.execute(
            "SELECT n.normal, t.type, t.strength, t.qualifier, t.literal, t.term FROM json_each(?) w"
            " JOIN names n ON n.name = w.value JOIN terms t ON t.name = n.name",
            (wanted,),
        )
        several = set()
        for normal, kind, strength, qualifier, literal, term in stored:
            self._terms[normal, kind, strength, qualifier, bool(literal)] = term
            several.add(normal)
        new = sorted(term for term in missing if term not in self._terms)
        first = self._take("terms", "term", len(new))
        rows = []
        linked = []
        for place, term in enumerate(new):
            self._terms[term] = first + place
            name = names[term.normal]
            rows.append((first + place, name, term.type, term.strength, term.qualifier, int(term.literal)))
            if term.normal in several:
                linked.append((name,))
            several.add(term.normal)
        self._db.executemany("INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0)", rows)
        self._db.executemany("UPDATE names SET linked = 1 WHERE name = ?", linked)

    def _intern_names(self, normals: Sequence[str], touched: Touched) -> Mapping[str, int]:
        missing = [normal for normal in normals if normal not in self._names]
        if missing:
            query = "SELECT normal, name FROM names WHERE normal IN (SELECT value FROM json_each(?))"
            self._names.update(self._db.execute(query, (json.dumps(missing),)))
            new = [normal for normal in missing if normal not in self._names]
            first = self._take("names", "name", len(new))
            rows = [(first + place, normal, bare_form(normal)) for place, normal in enumerate(new)]
            self._db.executemany("INSERT INTO names VALUES (?, ?, ?, 0)", rows)
            self._names.update((normal, name) for name, normal, _ in rows)
            touched.new_names.update((name, normal) for name, normal, _ in rows)
        return self._names

    def _learn(self, texts: Iterable[str]) -> None:
        for text in sorted(texts):
            if text not in self._labels:
                self._db.execute("INSERT OR IGNORE INTO labels (text) VALUES (?)", (text,))
                row = self._db.execute("SELECT label FROM labels WHERE text = ?", (text,)).fetchone()
                self._labels[text] = row[0]

    def _take(self, table: str, column: str, count: int = 1) -> int:
        """The first of `count` keys that the table never gave out in this writer's life."""
        if table not in self._next:
            (top,) = self._db.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608
            self._next[table] = (top or 0) + 1
        first = self._next[table]
        self._next[table] += count
        return first
