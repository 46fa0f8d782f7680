"""Reading a knowledge base: entities and relations as grouped views over what documents say.

No entity or relation is stored as such. A term belongs to an entity, a fact joins two terms; names,
types, aliases, weights and evidence are read off the multiset each time, so nothing can drift.
"""

import json
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from graphrag.datamodel import (
    CheckedTriple,
    Chunk,
    Community,
    Document,
    Entity,
    Evidence,
    Extraction,
    Failure,
    Relation,
    Report,
    Span,
)
from graphrag.errors import NotFoundError
from graphrag.ids import chunk_id, fingerprint, relation_id
from graphrag.interfaces import Changed
from graphrag.merging import entity_type, pick_names, weigh
from graphrag.names import bare_form
from graphrag.resolution import Decision, Merge, Term, Types
from graphrag.store import codec, journal

_Item = TypeVar("_Item")
_BATCH = 1000


_FACT_ENDS = """
    JOIN terms th ON th.term = f.head JOIN entities es ON es.entity = th.entity
    JOIN terms tt ON tt.term = f.tail JOIN entities eo ON eo.entity = tt.entity
    JOIN labels l ON l.label = f.relation
"""


class Conflict(NamedTuple):
    """A relation that should have one object and has several: kept and shown, never overwritten."""

    subject_id: str
    type: str
    object_ids: tuple[str, ...]


class StoredView:
    """A `KnowledgeView` of one commit. Streams are sorted and hold one batch in memory at a time."""

    _db: sqlite3.Connection

    @property
    def meta(self) -> Mapping[str, str]:
        """Settings, ontology, extractor fingerprint and versions, as stored."""
        return dict(self._rows("SELECT key, value FROM meta ORDER BY key"))

    @property
    def commit(self) -> int:
        """Number of the commit; 0 before the first change of content."""
        return int(self._one("SELECT value FROM meta WHERE key = 'commit'")[0])

    @cached_property
    def types(self) -> Types:
        """What resolution knows of the stored ontology."""
        raise NotImplementedError

    # Changes

    @property
    def state(self) -> str:
        """See `interfaces.ChangingView`."""
        meta = self.meta
        return fingerprint([meta.get(key, "") for key in ("digest", "meta_digest", "derivation")])

    def changed_since(self, commit: int, state: str) -> Changed | None:
        """See `interfaces.ChangingView`."""
        if commit == self.commit:
            return Changed(set(), set(), set(), set()) if state == self.state else None
        return journal.read(self._db, commit, state, self.commit)

    def touched_since(self, commit: int) -> set[str] | None:
        """Entities whose name, type or relations may differ from those of an earlier commit of this file.

        Those at the other end of a relation are among them. None if it is not known.
        """
        if commit == self.commit:
            return set()
        changed = journal.read(self._db, commit, None, self.commit)
        if changed is None:
            return None
        touched = changed.entities | changed.moved
        query = """
            SELECT a.id, b.id FROM json_each(?) j CROSS JOIN edges g ON g.hash = j.value
            JOIN entities a ON a.entity = g.subject JOIN entities b ON b.entity = g.object
        """
        neighbours = {end for row in self._rows(query, (_list(changed.relations),)) for end in row}
        for one, other in (("head", "tail"), ("tail", "head")):
            query = f"""
                SELECT DISTINCT n.id FROM json_each(?) j CROSS JOIN entities e ON e.id = j.value
                CROSS JOIN terms t ON t.entity = e.entity CROSS JOIN facts f ON f.{one} = t.term
                JOIN terms u ON u.term = f.{other} JOIN entities n ON n.entity = u.entity
            """  # noqa: S608
            neighbours.update(name for (name,) in self._rows(query, (_list(touched),)))
        return touched | neighbours

    def documents_among(self, ids: Collection[str]) -> list[Document]:
        """Those that are stored, sorted by id."""
        where = "WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY d.id"
        return list(self._documents(where, (_list(ids),)))

    def chunks_among(self, document_ids: Collection[str]) -> list[Chunk]:
        """The chunks of these documents, sorted by id."""
        where = "WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY c.hash"
        return list(self._chunks(where, (_list(document_ids),)))

    def mentions_among(self, chunk_ids: Collection[str]) -> list[tuple[str, str, Span]]:
        """(chunk id, entity id, span) in these chunks, sorted."""
        query = """
            SELECT d.id, c.start, c.end, c.mentions FROM chunks c JOIN documents d USING (doc)
            WHERE c.hash IN (SELECT value FROM json_each(?)) ORDER BY c.hash
        """
        rows = [
            (chunk_id(document, start, end), list(unpack_mentions(packed)))
            for document, start, end, packed in self._rows(query, (_list([hash_of(i) for i in chunk_ids]),))
        ]
        terms = _list({term for _, mentions in rows for term, _, _ in mentions})
        query = """
            SELECT t.term, e.id FROM json_each(?) w JOIN terms t ON t.term = w.value
            JOIN entities e USING (entity)
        """
        entity = dict(self._rows(query, (terms,)))
        return sorted(
            {
                (chunk, entity[term], Span(first, last))
                for chunk, mentions in rows
                for term, first, last in mentions
            }
        )

    def entities_among(self, ids: Collection[str]) -> list[Entity]:
        """Those that exist, sorted by id."""
        query = "SELECT entity, id FROM entities WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        return self._entities(self._rows(query, (_list(ids),)))

    def names_among(self, entity_ids: Collection[str]) -> list[tuple[str, str]]:
        """(normal form, entity id) of the names of these entities, sorted."""
        chosen = "entity IN (SELECT entity FROM entities WHERE id IN (SELECT value FROM json_each(?)))"
        names = _NAMES.replace("mentions > 0", f"mentions > 0 AND {chosen}")
        return self._rows(f"SELECT normal, id FROM ({names}) ORDER BY 1, 2", (_list(entity_ids),))  # noqa: S608

    def relations_among(self, hashes: Collection[int]) -> list[Relation]:
        """Relations by `hash_of` their ids, sorted."""
        return self._relations(self._edges(hashes))

    # Documents

    def known(self) -> dict[str, str]:
        """Document id by key."""
        return dict(self._rows("SELECT key, id FROM documents ORDER BY key"))

    def fresh(self) -> dict[str, str]:
        """Document id by key, for the documents of which every chunk was read."""
        return dict(self._rows("SELECT key, id FROM documents WHERE failed = 0 ORDER BY key"))

    def documents(self) -> Iterator[Document]:
        """All documents, sorted by id."""
        return self._documents("ORDER BY d.id", ())

    def documents_by_id(self, ids: Sequence[str]) -> list[Document]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        found = {
            d.id: d for d in self._documents("WHERE d.id IN (SELECT value FROM json_each(?))", (_list(ids),))
        }
        return _in_order(ids, found, "document")

    def documents_by_key(self, keys: Sequence[str]) -> Iterator[Document]:
        """Those of `keys` that are stored, sorted by key."""
        for batch in _batches(sorted(keys), _BATCH):
            where = "WHERE d.key IN (SELECT value FROM json_each(?)) ORDER BY d.key"
            yield from self._documents(where, (_list(batch),))

    def find_documents(self, name: str) -> list[Document]:
        """Documents whose key, id, title or source is `name`, sorted by id; a key or id beats the rest."""
        exact = list(self._documents("WHERE d.key = ?1 OR d.id = ?1 ORDER BY d.id", (name,)))
        return exact or list(self._documents("WHERE d.title = ?1 OR d.source = ?1 ORDER BY d.id", (name,)))

    def _documents(self, where: str, values: Sequence[Any]) -> Iterator[Document]:
        query = (
            f"SELECT d.id, d.key, s.text, d.title, d.source, d.metadata FROM documents d JOIN "  # noqa: S608
            f"sources s USING (doc) {where}"
        )
        for id_, key, text, title, source, metadata in self._db.execute(query, values):
            yield Document(id_, key, text, title, source, json.loads(metadata))

    def extractions(self) -> Iterator[tuple[Document, tuple[Chunk, ...], tuple[Extraction | Failure, ...]]]:
        """Everything that was read, sorted by document id; for replay without an extractor."""
        for document, raw, _ in self._ledger():
            yield document, *codec.decode_results(document, raw)

    def quarantine(self) -> Iterator[CheckedTriple]:
        """Rejected triples with their reasons, by document id, then by their own."""
        where = "JOIN uses u USING (doc) WHERE u.rejected != '{}'"
        for document, raw, verdicts in self._ledger(where):
            _, results = codec.decode_results(document, raw)
            checked = codec.decode_verdicts(document, results, verdicts)
            yield from sorted((c for c in checked if not c.accepted), key=lambda c: c.id)

    def failures(self) -> Iterator[Failure]:
        """Chunks that could not be read, by document id, in order."""
        for document, raw, _ in self._ledger("WHERE d.failed > 0"):
            _, results = codec.decode_results(document, raw)
            yield from (result for result in results if isinstance(result, Failure))

    def sources(self) -> Iterator[tuple[Document, bytes, bytes]]:
        """Every document with what was read out of it and the verdicts, as `codec` packs them, by id."""
        return self._ledger()

    def troubles(self) -> Iterator[tuple[str, int, int]]:
        """(document id, chunks that could not be read, triples rejected) of every document, by id."""
        query = """
            SELECT d.id, d.failed, (SELECT coalesce(sum(value), 0) FROM json_each(u.rejected))
            FROM documents d JOIN uses u USING (doc) ORDER BY d.id
        """
        return iter(self._db.execute(query))

    def _ledger(self, where: str = "") -> Iterator[tuple[Document, bytes, bytes]]:
        query = (
            f"SELECT d.id, d.key, s.text, d.title, d.source, d.metadata, s.raw, s.verdicts FROM "  # noqa: S608
            f"documents d JOIN sources s USING (doc) {where} ORDER BY d.id"
        )
        for id_, key, text, title, source, metadata, raw, verdicts in self._db.execute(query):
            yield Document(id_, key, text, title, source, json.loads(metadata)), raw, verdicts

    # Chunks and mentions

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, sorted by id."""
        return self._chunks("ORDER BY c.hash", ())

    def chunks_by_id(self, ids: Sequence[str]) -> list[Chunk]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        hashes = _list([hash_of(item) for item in ids])
        found = {c.id: c for c in self._chunks("WHERE c.hash IN (SELECT value FROM json_each(?))", (hashes,))}
        return _in_order(ids, found, "chunk")

    def _chunks(self, where: str, values: Sequence[Any]) -> Iterator[Chunk]:
        query = (
            f"SELECT d.id, d.title, c.ordinal, c.start, c.end, substr(s.text, c.start + 1, "  # noqa: S608
            f"c.end - c.start) FROM chunks c JOIN documents d USING (doc) JOIN sources s USING "
            f"(doc) {where}"
        )
        for document, title, ordinal, start, end, text in self._db.execute(query, values):
            yield Chunk(chunk_id(document, start, end), document, Span(start, end), text, title, ordinal)

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """A document's chunks, in order; [] for an unknown id."""
        return list(self._chunks("WHERE d.id = ? ORDER BY c.ordinal", (document_id,)))

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        """(chunk id, entity id, span), sorted."""
        entity = dict(self._rows("SELECT t.term, e.id FROM terms t JOIN entities e USING (entity)"))
        query = (
            "SELECT d.id, c.start, c.end, c.mentions FROM chunks c JOIN documents d USING "
            "(doc) ORDER BY c.hash"
        )
        for document, start, end, packed in self._db.execute(query):
            chunk = chunk_id(document, start, end)
            for name, first, last in sorted({(entity[t], a, b) for t, a, b in unpack_mentions(packed)}):
                yield chunk, name, Span(first, last)

    def subjects(self) -> Iterator[tuple[str, str]]:
        """(document id, id of the entity its title names), sorted; titles that name none are left out."""
        query = """
            SELECT d.id, e.id FROM uses u JOIN documents d USING (doc)
            JOIN terms t ON t.term = u.subject JOIN entities e ON e.entity = t.entity
            WHERE EXISTS (SELECT 1 FROM terms v WHERE v.entity = e.entity AND v.mentions > 0)
            UNION
            SELECT d.id, min(e.id) FROM uses u JOIN documents d USING (doc)
            JOIN names n ON n.normal = u.title JOIN terms t ON t.name = n.name AND t.literal = 0
            JOIN entities e ON e.entity = t.entity
            WHERE u.subject IS NULL AND u.title != ''
            GROUP BY d.id HAVING count(DISTINCT e.entity) = 1 AND sum(t.mentions) > 0
            ORDER BY 1, 2
        """
        return iter(self._db.execute(query))

    # Entities

    def entities(self) -> Iterator[Entity]:
        """All entities, sorted by id; a title's qualifier ("1998 film") is the description."""
        for batch in _batches(self._db.execute("SELECT entity, id FROM entities ORDER BY id"), _BATCH):
            yield from self._entities(batch)

    def entities_by_id(self, ids: Sequence[str]) -> list[Entity]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        query = "SELECT entity, id FROM entities WHERE id IN (SELECT value FROM json_each(?))"
        found = {e.id: e for e in self._entities(self._rows(query, (_list(ids),)))}
        return _in_order(ids, found, "entity")

    def _entities(self, rows: Iterable[tuple[int, str]]) -> list[Entity]:
        rows = list(rows)
        wanted = _list([entity for entity, _ in rows])
        terms: dict[int, list[tuple[Term, int]]] = defaultdict(list)
        visible: set[int] = set()
        query = """
            SELECT t.entity, n.normal, t.type, t.strength, t.qualifier, t.literal, t.documents, t.mentions
            FROM json_each(?) w JOIN terms t ON t.entity = w.value JOIN names n USING (name)
        """
        for entity, normal, kind, strength, qualifier, literal, documents, mentions in self._db.execute(
            query, (wanted,)
        ):
            terms[entity].append((Term(normal, kind, strength, qualifier, bool(literal)), documents))
            if mentions:
                visible.add(entity)
        forms: dict[int, dict[str, int]] = defaultdict(dict)
        query = """
            SELECT t.entity, f.form, sum(f.count) FROM json_each(?) w
            JOIN terms t ON t.entity = w.value JOIN forms f USING (term) GROUP BY 1, 2
        """
        for entity, form, count in self._db.execute(query, (wanted,)):
            forms[entity][form] = count
        found = []
        for entity, name_id in rows:
            if entity in visible:
                name, aliases = pick_names(forms[entity])
                literal = terms[entity][0][0].literal
                kind = terms[entity][0][0].type if literal else entity_type(terms[entity], self.types)
                told_apart = sorted({term.qualifier for term, _ in terms[entity]} - {"", "="})
                found.append(Entity(name_id, name, kind, aliases, "; ".join(told_apart), literal))
        return found

    def names(self) -> Iterator[tuple[str, str]]:
        """(normal form, entity id) of every name, bare name and alias, sorted."""
        return iter(self._db.execute(f"SELECT normal, id FROM ({_NAMES}) ORDER BY 1, 2"))  # noqa: S608

    def entities_named(self, normal: str) -> list[str]:
        """Ids of the entities with this normal form among their names, sorted.

        Where none has it, those with the same bare form ("Mt. Everest" finds Mount Everest).
        """
        return self._named(normal) or self._named(bare_form(normal))

    def _named(self, normal: str) -> list[str]:
        words = normal.split(" ")
        qualified = [[" ".join(words[:i]), " ".join(words[i:])] for i in range(1, len(words))]
        query = """
            WITH found(term) AS (
              SELECT t.term FROM names n JOIN terms t USING (name) WHERE n.normal = ?1
              UNION SELECT t.term FROM names n JOIN terms t USING (name) WHERE n.bare = ?1
              UNION SELECT t.term FROM json_each(?2) q JOIN names n ON n.normal = q.value ->> 0
                JOIN terms t ON t.name = n.name AND t.qualifier = q.value ->> 1
              UNION SELECT a.first FROM names n JOIN terms t USING (name) JOIN aliases a ON a.second = t.term
                WHERE n.normal = ?1
            )
            SELECT DISTINCT e.id FROM found JOIN terms t USING (term) JOIN entities e USING (entity)
            WHERE EXISTS (SELECT 1 FROM terms v WHERE v.entity = e.entity AND v.mentions > 0) ORDER BY 1
        """
        return [row[0] for row in self._rows(query, (normal, _list(qualified)))]

    def why(self, entity_id: str) -> list[Merge]:
        """The unions that made an entity of several names, in order, each with its ground.

        Raises:
            NotFoundError: For an unknown id.
        """
        row = self._db.execute("SELECT entity FROM entities WHERE id = ?", (entity_id,)).fetchone()
        if row is None:
            raise NotFoundError(f'no entity has the id "{entity_id}"')
        query = """
            SELECT first, first_tag, second, second_tag, kind, score, documents FROM merges
            WHERE entity = ? ORDER BY position
        """
        return [
            Merge((first, first_tag), (second, second_tag), kind, score, documents)
            for first, first_tag, second, second_tag, kind, score, documents in self._rows(query, row)
        ]

    def things(self) -> list[str]:
        """See `interfaces.LightGraph`."""
        query = """
            SELECT e.id FROM entities e JOIN terms t USING (entity) WHERE t.literal = 0
            GROUP BY e.id HAVING max(t.mentions) > 0 ORDER BY e.id
        """
        return [name for (name,) in self._rows(query)]

    # Relations

    def ties(self) -> Iterator[tuple[str, str, float]]:
        """See `interfaces.LightGraph`; a relation weighs what `graphrag.merging.weigh` makes of it."""
        labels = self._rows("SELECT label, text FROM labels")
        symmetric = [label for label, text in labels if self.types.symmetric(text)]
        query = """
            WITH placed AS (
              SELECT th.entity AS one, f.relation, tt.entity AS other, c.doc, f.start, f.end,
                f.relation IN (SELECT value FROM json_each(?)) AND th.entity > tt.entity AS turned
              FROM facts f JOIN terms th ON th.term = f.head JOIN terms tt ON tt.term = f.tail
              JOIN chunks c USING (chunk)
              WHERE th.entity != tt.entity AND th.literal = 0 AND tt.literal = 0
            ), said AS (
              SELECT DISTINCT iif(turned, other, one) AS head, relation, iif(turned, one, other) AS tail,
                doc, start, end
              FROM placed
            )
            SELECT a.id, b.id, n FROM (SELECT head, tail, count(*) AS n FROM said GROUP BY head, tail)
            JOIN entities a ON a.entity = head JOIN entities b ON b.entity = tail
        """
        for one, other, weight in self._db.execute(query, (_list(symmetric),)):
            yield one, other, float(weight)

    def relations(self) -> Iterator[Relation]:
        """All relations, sorted by id."""
        rows = self._db.execute("SELECT subject, relation, object FROM edges ORDER BY hash")
        for batch in _batches(rows, _BATCH):
            yield from self._relations(batch)

    def relations_by_id(self, ids: Sequence[str]) -> list[Relation]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        found = {r.id: r for r in self.relations_among([hash_of(item) for item in ids])}
        return _in_order(ids, found, "relation")

    def relations_within(self, ids: Sequence[str], chunk_ids: Sequence[str]) -> list[Relation]:
        """See `KnowledgeView.relations_within`."""
        edges = self._edges([hash_of(item) for item in ids])
        chunks = _list([hash_of(item) for item in chunk_ids])
        found = {r.id: r for r in self._relations(edges, chunks)}
        return [found[item] for item in dict.fromkeys(ids) if item in found]

    def relations_of(self, entity_id: str) -> list[Relation]:
        """The relations that an entity is an end of, sorted by id."""
        return self.relations_around([entity_id])

    def relations_around(self, entity_ids: Collection[str]) -> list[Relation]:
        """The relations that one of the entities is an end of, sorted by id."""
        ends = (
            "json_each(?) j CROSS JOIN entities e ON e.id = j.value CROSS JOIN terms t USING (entity) "
            f"CROSS JOIN facts f ON f.{end} = t.term WHERE 1"
            for end in ("head", "tail")
        )
        return self._relations_where(ends, _list(entity_ids))

    def relations_in(self, document_id: str) -> list[Relation]:
        """The relations that a document is evidence of, sorted by id; [] for an unknown id."""
        facts = "documents d JOIN uses u USING (doc) JOIN facts f"
        within = "f.fact >= u.first_fact AND f.fact < u.first_fact + u.facts WHERE d.id = ?"
        return self._relations_where([f"{facts} ON {within}"], document_id)

    def _relations_where(self, sources: Iterable[str], identifier: str) -> list[Relation]:
        """Relations of the facts `f` that each source (ours, never a text's) selects by an id."""
        edges: set[tuple[int, int, int]] = set()
        for source in sources:
            chosen = source.replace(" WHERE ", f" {_FACT_ENDS} WHERE ")
            query = f"SELECT DISTINCT th.entity, f.relation, tt.entity, l.text, es.id, eo.id FROM {chosen}"  # noqa: S608
            for subject, kind, other, text, first, second in self._rows(query, (identifier,)):
                turned = first > second and self.types.symmetric(text)
                edges.add((other, kind, subject) if turned else (subject, kind, other))
        found = [r for batch in _batches(sorted(edges), _BATCH) for r in self._relations(batch)]
        return sorted(found, key=lambda relation: relation.id)

    def _relations(self, edges: Sequence[tuple[int, int, int]], chunks: str | None = None) -> list[Relation]:
        """Relations of edges, by id; by what these chunks (hashes, in JSON) state of them alone, if given."""
        # An edge's facts are found by (head, relation, tail), so a hub costs its own edges and no more; and
        # those of a document stand together, so that of an edge with much evidence none but its own is met.
        query = """
            SELECT w.value ->> 0, d.id, c.start, c.end, f.start, f.end,
              substr(s.text, f.start + 1, f.end - f.start), x.text, f.score
            FROM json_each(?) w
            CROSS JOIN terms th ON th.entity = w.value ->> 1
            CROSS JOIN terms tt ON tt.entity = w.value ->> 3
            CROSS JOIN facts f ON f.head = th.term AND f.relation = w.value ->> 2 AND f.tail = tt.term
            JOIN labels x ON x.label = f.extractor JOIN chunks c ON c.chunk = f.chunk
            JOIN documents d ON d.doc = c.doc JOIN sources s ON s.doc = c.doc
        """
        if chunks is not None:
            query = """
                WITH k AS MATERIALIZED (
                  SELECT c.chunk, c.doc, c.start, c.end, u.first_fact AS first, u.first_fact + u.facts AS last
                  FROM json_each(?) j CROSS JOIN chunks c ON c.hash = j.value JOIN uses u ON u.doc = c.doc
                ), w AS MATERIALIZED (
                  SELECT value ->> 0 AS place, th.term AS head, value ->> 2 AS relation, tt.term AS tail
                  FROM json_each(?) CROSS JOIN terms th ON th.entity = value ->> 1
                  CROSS JOIN terms tt ON tt.entity = value ->> 3
                )
                SELECT w.place, d.id, k.start, k.end, f.start, f.end,
                  substr(s.text, f.start + 1, f.end - f.start), x.text, f.score
                FROM k CROSS JOIN w
                CROSS JOIN facts f ON f.head = w.head AND f.relation = w.relation AND f.tail = w.tail
                  AND f.fact >= k.first AND f.fact < k.last AND f.chunk = k.chunk
                JOIN labels x ON x.label = f.extractor
                JOIN documents d ON d.doc = k.doc JOIN sources s ON s.doc = k.doc
            """
        ends = self._ends(edges)
        rows = [(place, *edge) for place, edge in enumerate(edges)]
        # A relation that holds both ways is said either way round.
        rows += [
            (place, other, kind, subject)
            for place, (subject, kind, other) in enumerate(edges)
            if subject != other and self.types.symmetric(ends[place][1])
        ]
        evidence: dict[int, list[Evidence]] = defaultdict(list)
        values = (_list(rows),) if chunks is None else (chunks, _list(rows))
        for place, document, first, last, start, end, quote, extractor, score in self._db.execute(
            query, values
        ):
            chunk = chunk_id(document, first, last)
            evidence[place].append(Evidence(document, chunk, Span(start, end), quote, extractor, score))
        found = []
        for place, items in evidence.items():
            items.sort(key=lambda e: (e.document_id, e.span, e.quote, e.chunk_id, e.extractor, -e.score))
            distinct = _distinct(items)
            found.append(Relation(relation_id(*ends[place]), *ends[place], weigh(distinct), distinct))
        found.sort(key=lambda relation: relation.id)
        return found

    def _edges(self, hashes: Collection[int]) -> list[tuple[int, int, int]]:
        query = "SELECT subject, relation, object FROM edges WHERE hash IN (SELECT value FROM json_each(?))"
        return self._rows(query, (_list(hashes),))

    def _ends(self, edges: Sequence[tuple[int, int, int]]) -> list[tuple[str, str, str]]:
        """Content ids and relation type of edges, in order."""
        query = """
            SELECT es.id, l.text, eo.id FROM json_each(?) w
            JOIN entities es ON es.entity = w.value ->> 0 JOIN labels l ON l.label = w.value ->> 1
            JOIN entities eo ON eo.entity = w.value ->> 2 ORDER BY w.key
        """
        return list(self._rows(query, (_list(edges),)))

    def conflicts(self, functional: Iterable[str]) -> Iterator[Conflict]:
        """Subjects with several objects of a relation that allows one, sorted.

        Args:
            functional: Relation types that allow one object.
        """
        query = """
            SELECT es.id, l.text, json_group_array(eo.id) FROM edges g JOIN labels l ON l.label = g.relation
            JOIN entities es ON es.entity = g.subject JOIN entities eo ON eo.entity = g.object
            WHERE l.text IN (SELECT value FROM json_each(?))
            GROUP BY g.subject, g.relation HAVING count(*) > 1 ORDER BY 1, 2
        """
        for subject, kind, objects in self._db.execute(query, (_list(sorted(functional)),)):
            yield Conflict(subject, kind, tuple(sorted(json.loads(objects))))

    # Communities

    def communities(self) -> Iterator[Community]:
        """All communities, sorted by id; of the commit `communities_commit`."""
        for id_, level, parent, packed in self._db.execute(
            "SELECT id, level, parent, entities FROM communities ORDER BY id"
        ):
            yield Community(id_, level, parent, tuple(codec.unpack(packed)))

    @property
    def communities_commit(self) -> int:
        """The commit that communities and reports were made from; 0 if there are none yet."""
        return int(self._noted("communities_commit") or 0)

    @property
    def reports_made(self) -> str:
        """How all the reports were made, as `Ledger.set_communities` was told; "" if it was not."""
        return self._noted("reports_made")

    def _noted(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def reports_by_id(self, community_ids: Sequence[str]) -> list[Report]:
        """In the order asked for.

        Raises:
            NotFoundError: For a community without a report.
        """
        query = "SELECT community, content FROM reports WHERE community IN (SELECT value FROM json_each(?))"
        found = {name: codec.decode_report(raw) for name, raw in self._rows(query, (_list(community_ids),))}
        return _in_order(community_ids, found, "report of community")

    def reported(self) -> set[str]:
        """Ids of the communities that have a report."""
        return {row[0] for row in self._rows("SELECT community FROM reports")}

    def decisions(self) -> list[Decision]:
        """The user's decisions, sorted by name."""
        rows = self._rows(
            "SELECT kind, first, second, first_type, second_type FROM decisions"
            " ORDER BY first, first_type, second, second_type"
        )
        return [Decision(*row) for row in rows]

    # Counts

    def counts(self) -> dict[str, int]:
        """What is stored, by kind; triples = accepted + rejected, chunks include failed ones."""
        documents, chunks, accepted = self._one("SELECT count(*), total(chunks), total(accepted) FROM uses")
        rejected = sum(self.rejections().values())
        (failed,) = self._one("SELECT total(failed) FROM documents")
        entities, literals = self._one(
            "SELECT count(DISTINCT entity) FILTER (WHERE literal = 0), count(DISTINCT "
            "entity) FILTER (WHERE literal = 1)"
            " FROM terms WHERE mentions > 0"
        )
        return {
            "documents": documents,
            "chunks": int(chunks),
            "chunks_failed": int(failed),
            "entities": entities,
            "literals": literals,
            "relations": self._one("SELECT count(*) FROM edges")[0],
            "evidence": self._one("SELECT count(*) FROM facts")[0],
            "triples": int(accepted) + rejected,
            "triples_accepted": int(accepted),
            "triples_rejected": rejected,
            "communities": self._one("SELECT count(*) FROM communities")[0],
            "reports": self._one("SELECT count(*) FROM reports")[0],
        }

    def rejections(self) -> dict[str, int]:
        """Number of quarantined triples by reason, sorted."""
        query = "SELECT r.key, sum(r.value) FROM uses u, json_each(u.rejected) r GROUP BY 1 ORDER BY 1"
        return dict(self._rows(query))

    # Private

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._db.execute(query, values).fetchall()

    def _one(self, query: str, values: Sequence[Any] = ()) -> Any:
        return self._db.execute(query, values).fetchone()


_NAMES = """
    WITH shown(entity) AS (SELECT DISTINCT entity FROM terms WHERE mentions > 0)
    SELECT n.normal, e.id FROM shown JOIN terms t USING (entity) JOIN names n USING (name)
    JOIN entities e USING (entity)
    UNION SELECT n.bare, e.id FROM shown JOIN terms t USING (entity) JOIN names n USING (name)
      JOIN entities e USING (entity) WHERE n.bare != n.normal
    UNION SELECT n.normal || ' ' || t.qualifier, e.id FROM shown JOIN terms t USING (entity)
      JOIN names n USING (name) JOIN entities e USING (entity) WHERE t.qualifier NOT IN ('', '=')
    UNION SELECT n.normal, e.id FROM aliases a JOIN terms t ON t.term = a.second JOIN names n USING (name)
      JOIN terms f ON f.term = a.first JOIN shown ON shown.entity = f.entity
      JOIN entities e ON e.entity = f.entity
"""


def hash_of(identifier: str) -> int:
    """The first 63 bits of a content id: an order-preserving key for tables."""
    try:
        return int(identifier.rpartition("-")[2][:16], 16) >> 1
    except ValueError:
        return -1


def pack_mentions(rows: Sequence[tuple[int, int, int]]) -> bytes:
    """(term, start, end) rows as bytes."""
    flat = array("q", [number for row in rows for number in row])
    return flat.tobytes()


def unpack_mentions(packed: bytes) -> Iterator[tuple[int, int, int]]:
    """The inverse of `pack_mentions`."""
    flat = array("q")
    flat.frombytes(packed)
    return zip(flat[::3], flat[1::3], flat[2::3], strict=True)


def _distinct(items: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Sorted evidence without repeats (two terms of one entity in one clause), the best score kept."""
    kept: list[Evidence] = []
    for item in items:
        last = kept[-1] if kept else None
        if last is None or (last.chunk_id, last.span, last.extractor) != (
            item.chunk_id,
            item.span,
            item.extractor,
        ):
            kept.append(item)
    return tuple(kept)


def _list(items: Collection[Any]) -> str:
    return json.dumps(list(items))


def _in_order(ids: Sequence[str], found: Mapping[str, _Item], kind: str) -> list[_Item]:
    for item in ids:
        if item not in found:
            raise NotFoundError(f'no {kind} has the id "{item}"')
    return [found[item] for item in ids]


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
