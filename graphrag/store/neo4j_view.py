"""Reading a knowledge base out of Neo4j: a `KnowledgeView` over the graph itself.

Records come back exactly as the embedded store gives them, so everything built on a view (search
indexes, answers, the canonical export) comes out the same. What was read from each document is kept
compressed beside the graph; from it `pull` makes the embedded store again.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

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
from graphrag.errors import NotFoundError, StoreDamagedError, StoreError
from graphrag.merging import stated_within
from graphrag.names import bare_form
from graphrag.progress import Silent
from graphrag.resolution import Decision
from graphrag.store import codec, exporting
from graphrag.store.ledger import IngestedDocument, Ledger
from graphrag.store.neo4j import Connection, Neo4jServer
from graphrag.store.neo4j_rows import LONGEST_NAME
from graphrag.store.neo4j_write import manifest

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from graphrag.interfaces import Progress
    from graphrag.store.neo4j_vocabulary import Vocabulary

_Item = TypeVar("_Item")
_DOCUMENT = (
    "d.id AS id, d.key AS key, d.text AS text, d.title AS title, d.source AS source, "
    "d.metadata__json AS metadata"
)
_CHUNK = (
    "c.id AS id, c.document_id AS document, c.start AS start, c.end AS end, c.text AS text, "
    "c.title AS title, c.ordinal AS ordinal"
)
_ENTITY = (
    "e.id AS id, e.name AS name, e.type AS type, e.aliases AS aliases, e.description AS description, "
    "e.literal AS literal"
)
_RELATION = "r.id AS id, a.id AS subject, b.id AS object, properties(r) AS held"
_BATCH = 500
_TEXTS = 200  # whole texts, so fewer at a time


class Neo4jView:
    """A knowledge base in Neo4j, for reading. Implements `KnowledgeView`.

    Raises:
        NotFoundError: If the database holds none.
        StoreError: If a push to it was not finished.
    """

    writable = False

    def __init__(self, connection: Connection) -> None:
        held = manifest(connection)
        uri = connection.server.uri
        if held is None:
            raise NotFoundError(
                f"{uri} holds no knowledge base; move one there with: graphrag neo4j push KG --uri {uri}"
            )
        if not held.get("complete"):
            raise StoreError(f"a push to {uri} was not finished; run it again")
        self._connection = connection
        self._held: Mapping[str, Any] = held

    @property
    def folder(self) -> Path:
        """Where what is derived from this very content may be kept: it names the fingerprint."""
        return self._connection.server.folder / str(self._held["fingerprint"])[:24]

    @property
    def server(self) -> Neo4jServer:
        """Where it is."""
        return self._connection.server

    @property
    def meta(self) -> Mapping[str, str]:
        """Settings, ontology and the extractor's fingerprint, as stored."""
        return {key: str(self._held[key]) for key in ("settings", "ontology", "extractor", "commit")}

    @property
    def commit(self) -> int:
        return int(self._held["commit"])

    @property
    def communities_commit(self) -> int:
        """The commit if communities and reports of it are there; else 0."""
        return self.commit if self._held["communities"] else 0

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self.close()

    def refresh(self) -> None:
        """See the newest push."""
        self._held = Neo4jView(self._connection)._held

    # Documents

    def documents(self) -> Iterator[Document]:
        """All, sorted by id."""
        query = f"MATCH (d:__Document__) WHERE d.id > $after RETURN {_DOCUMENT} ORDER BY d.id LIMIT $limit"
        return (_document(row) for row in self._pages(query, _TEXTS))

    def documents_by_id(self, ids: Sequence[str]) -> list[Document]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        query = f"UNWIND $ids AS id MATCH (d:__Document__ {{id: id}}) RETURN {_DOCUMENT}"
        return self._by_id(query, ids, _document, "document")

    def find_documents(self, name: str) -> list[Document]:
        """Documents whose key, id, title or source is `name`, sorted by id; a key or id beats the rest."""
        exact = self._read(
            f"MATCH (d:__Document__) WHERE d.key = $name OR d.id = $name RETURN {_DOCUMENT} ORDER BY d.id",
            name=name,
        )
        rows = exact or self._read(
            f"MATCH (d:__Document__) WHERE d.title = $name OR d.source = $name "
            f"RETURN {_DOCUMENT} ORDER BY d.id",
            name=name,
        )
        return [_document(row) for row in rows]

    def known(self) -> dict[str, str]:
        """Document id by key."""
        rows = self._read("MATCH (d:__Document__) RETURN d.key AS key, d.id AS id ORDER BY key")
        return {row["key"]: row["id"] for row in rows}

    def fresh(self) -> dict[str, str]:
        """Document id by key, for the documents of which every chunk was read."""
        query = (
            "MATCH (d:__Document__) MATCH (s:__Source__ {id: d.id}) WHERE s.failed = 0 "
            "RETURN d.key AS key, d.id AS id ORDER BY key"
        )
        return {row["key"]: row["id"] for row in self._read(query)}

    # Chunks and mentions

    def chunks(self) -> Iterator[Chunk]:
        """All, sorted by id."""
        query = f"MATCH (c:__Chunk__) WHERE c.id > $after RETURN {_CHUNK} ORDER BY c.id LIMIT $limit"
        return (_chunk(row) for row in self._pages(query))

    def chunks_by_id(self, ids: Sequence[str]) -> list[Chunk]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        query = f"UNWIND $ids AS id MATCH (c:__Chunk__ {{id: id}}) RETURN {_CHUNK}"
        return self._by_id(query, ids, _chunk, "chunk")

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """A document's chunks, in order; [] for an unknown id."""
        query = (
            f"MATCH (d:__Document__ {{id: $id}})<-[:PART_OF]-(c:__Chunk__) RETURN {_CHUNK} ORDER BY c.ordinal"
        )
        return [_chunk(row) for row in self._read(query, id=document_id)]

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        """(chunk id, entity id, span), sorted."""
        query = """
            MATCH (c:__Chunk__) WHERE c.id > $after WITH c ORDER BY c.id LIMIT $limit
            RETURN c.id AS id, COLLECT {
                MATCH (c)<-[m:MENTIONED_IN]-(e:__Entity__) RETURN [e.id, m.starts, m.ends]
            } AS found ORDER BY id
        """
        for row in self._pages(query):
            for entity, starts, ends in sorted(row["found"]):
                for start, end in sorted(zip(starts, ends, strict=True)):
                    yield row["id"], entity, Span(start, end)

    def mentions_in(self, chunk_ids: Sequence[str]) -> list[tuple[str, str, Span]]:
        """(chunk id, entity id, span) of every mention in these chunks, sorted."""
        query = (
            "UNWIND $ids AS id MATCH (c:__Chunk__ {id: id})<-[m:MENTIONED_IN]-(e:__Entity__) "
            "RETURN c.id AS chunk, e.id AS entity, m.starts AS starts, m.ends AS ends"
        )
        return sorted(
            (row["chunk"], row["entity"], Span(start, end))
            for row in self._read(query, ids=sorted(set(chunk_ids)))
            for start, end in zip(row["starts"], row["ends"], strict=True)
        )

    def subjects(self) -> Iterator[tuple[str, str]]:
        """(document id, id of the entity its title names), sorted."""
        query = """
            MATCH (d:__Document__) WHERE d.id > $after WITH d ORDER BY d.id LIMIT $limit
            RETURN d.id AS id, COLLECT { MATCH (d)-[:ABOUT]->(e:__Entity__) RETURN e.id } AS found ORDER BY id
        """
        for row in self._pages(query):
            for entity in sorted(row["found"]):
                yield row["id"], entity

    # Entities

    def entities(self) -> Iterator[Entity]:
        """All, sorted by id."""
        query = f"MATCH (e:__Entity__) WHERE e.id > $after RETURN {_ENTITY} ORDER BY e.id LIMIT $limit"
        return (_entity(row) for row in self._pages(query))

    def entities_by_id(self, ids: Sequence[str]) -> list[Entity]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        query = f"UNWIND $ids AS id MATCH (e:__Entity__ {{id: id}}) RETURN {_ENTITY}"
        return self._by_id(query, ids, _entity, "entity")

    def names(self) -> Iterator[tuple[str, str]]:
        """(normal form, entity id) of every name and alias, sorted."""
        query = (
            "MATCH (e:__Entity__) WHERE e.id > $after "
            "RETURN e.id AS id, e.names + coalesce(e.long_names, []) AS names ORDER BY e.id LIMIT $limit"
        )
        return iter(sorted((name, row["id"]) for row in self._pages(query) for name in row["names"]))

    def entities_named(self, normal: str) -> list[str]:
        """Ids of the entities with this normal form among their names, sorted.

        Where none has it, those with the same bare form.
        """
        return self._named(normal) or self._named(bare_form(normal))

    def _named(self, normal: str) -> list[str]:
        if not normal:
            return []
        if len(normal) > LONGEST_NAME:
            rows = self._read(
                "MATCH (e:__Entity__) WHERE $name IN e.long_names RETURN e.id AS id ORDER BY id", name=normal
            )
            return [row["id"] for row in rows]
        # The full-text index narrows, the comparison decides.
        query = (
            "CALL db.index.fulltext.queryNodes('kg_forms', $term) YIELD node "
            "WHERE $name IN node.names RETURN DISTINCT node.id AS id ORDER BY id"
        )
        return [row["id"] for row in self._read(query, term=phrase(normal), name=normal)]

    # Relations

    def relations(self) -> Iterator[Relation]:
        """All, sorted by id."""
        query = """
            MATCH (a:__Entity__) WHERE a.id > $after WITH a ORDER BY a.id LIMIT $limit
            RETURN a.id AS id, COLLECT {
                MATCH (a)-[r WHERE r.id STARTS WITH 'rel-']->(b:__Entity__)
                RETURN {id: r.id, subject: a.id, object: b.id, held: properties(r)}
            } AS found ORDER BY id
        """
        found = [_relation(item) for row in self._pages(query) for item in row["found"]]
        return iter(sorted(found, key=lambda relation: relation.id))

    def relations_by_id(self, ids: Sequence[str]) -> list[Relation]:
        """In the order asked for.

        Raises:
            NotFoundError: For an unknown id.
        """
        return _in_order(ids, self._relations_found(ids), "relation")

    def relations_within(self, ids: Sequence[str], chunk_ids: Sequence[str]) -> list[Relation]:
        """See `KnowledgeView.relations_within`; here all evidence lies on the relation and is read."""
        found = self._relations_found(ids)
        known = (found[item] for item in dict.fromkeys(ids) if item in found)
        return stated_within(known, set(chunk_ids))

    def _relations_found(self, ids: Sequence[str]) -> dict[str, Relation]:
        query = (
            "CALL db.index.fulltext.queryRelationships('kg_relations', $term) YIELD relationship AS r "
            f"WITH r, startNode(r) AS a, endNode(r) AS b WHERE r.id IN $ids RETURN {_RELATION}"
        )
        found: dict[str, Relation] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start : start + _BATCH]
            term = " OR ".join(phrase(item) for item in part)
            found |= {r.id: r for r in map(_relation, self._read(query, term=term, ids=part))}
        return found

    def relations_of(self, entity_id: str) -> list[Relation]:
        """The relations that an entity is an end of, sorted by id."""
        query = (
            "MATCH (e:__Entity__ {id: $id})-[r WHERE r.id STARTS WITH 'rel-']-(:__Entity__) "
            f"WITH DISTINCT r, startNode(r) AS a, endNode(r) AS b RETURN {_RELATION} ORDER BY r.id"
        )
        return [_relation(row) for row in self._read(query, id=entity_id)]

    # Communities

    def communities(self) -> Iterator[Community]:
        """All, sorted by id; members follow from the finest communities upwards."""
        parents = {
            row["id"]: (row["level"], row["parent"])
            for row in self._read(
                "MATCH (c:__Community__) OPTIONAL MATCH (c)-[:WITHIN]->(p:__Community__) "
                "RETURN c.id AS id, c.level AS level, p.id AS parent ORDER BY id"
            )
        }
        members: defaultdict[str, set[str]] = defaultdict(set)
        query = """
            MATCH (c:__Community__) WHERE c.id > $after WITH c ORDER BY c.id LIMIT $limit
            RETURN c.id AS id, COLLECT { MATCH (e:__Entity__)-[:IN_COMMUNITY]->(c) RETURN e.id } AS found
            ORDER BY id
        """
        for row in self._pages(query):
            members[row["id"]].update(row["found"])
        for name in sorted(parents, key=lambda name: parents[name][0]):
            parent = parents[name][1]
            if parent is not None:
                members[parent] |= members[name]
        for name, (level, parent) in parents.items():
            yield Community(name, level, parent, tuple(sorted(members[name])))

    def reports_by_id(self, community_ids: Sequence[str]) -> list[Report]:
        """In the order asked for.

        Raises:
            NotFoundError: For a community without a report.
        """
        query = (
            "UNWIND $ids AS id MATCH (c:__Community__ {id: id}) WHERE c.report__json IS NOT NULL "
            "RETURN c.id AS id, c.report__json AS report"
        )
        rows = self._read(query, ids=sorted(set(community_ids)))
        found = {row["id"]: codec.report_of(json.loads(row["report"])) for row in rows}
        return _in_order(community_ids, found, "report of community")

    def reported(self) -> set[str]:
        """Ids of the communities that have a report."""
        query = "MATCH (c:__Community__) WHERE c.report__json IS NOT NULL RETURN c.id AS id"
        return {row["id"] for row in self._read(query)}

    # What was read

    def extractions(self) -> Iterator[tuple[Document, tuple[Chunk, ...], tuple[Extraction | Failure, ...]]]:
        """Everything that was read, sorted by document id."""
        for document, raw, _ in self.sources():
            yield document, *codec.decode_results(document, raw)

    def sources(self, where: str = "") -> Iterator[tuple[Document, bytes, bytes]]:
        """Every document with what was read out of it and the verdicts, packed, by id."""
        query = (
            "MATCH (d:__Document__) WHERE d.id > $after MATCH (s:__Source__ {id: d.id}) "
            f"{where} RETURN {_DOCUMENT}, s.raw AS raw, s.verdicts AS verdicts ORDER BY d.id LIMIT $limit"
        )
        for row in self._pages(query, _TEXTS):
            yield _document(row), bytes(row["raw"]), bytes(row["verdicts"])

    def quarantine(self) -> Iterator[CheckedTriple]:
        """Rejected triples with their reasons, by document id, then by their own."""
        for document, raw, verdicts in self.sources("WHERE s.rejected > 0"):
            _, results = codec.decode_results(document, raw)
            checked = codec.decode_verdicts(document, results, verdicts)
            yield from sorted((c for c in checked if not c.accepted), key=lambda c: c.id)

    def failures(self) -> Iterator[Failure]:
        """Chunks that could not be read, by document id, in order."""
        for document, raw, _ in self.sources("WHERE s.failed > 0"):
            _, results = codec.decode_results(document, raw)
            yield from (result for result in results if isinstance(result, Failure))

    def decisions(self) -> list[Decision]:
        """The user's decisions, sorted by name."""
        return [Decision(*row) for row in json.loads(self._held["decisions__json"])]

    def why(self, entity_id: str) -> NoReturn:
        """Not kept in Neo4j.

        Raises:
            StoreError: Always; says where to look.
        """
        raise StoreError(
            f"why the names of {entity_id} were merged is not kept in Neo4j; "
            f"bring the base back with: graphrag neo4j pull KG --uri {self._connection.server.uri}"
        )

    # Counts and trust

    def counts(self) -> dict[str, int]:
        """What is stored, by kind, as it was counted when it was pushed."""
        counts: dict[str, int] = json.loads(self._held["counts__json"])
        return counts

    def rejections(self) -> dict[str, int]:
        """Number of quarantined triples by reason, sorted."""
        found: defaultdict[str, int] = defaultdict(int)
        for item in self.quarantine():
            found[str(item.reason)] += 1
        return dict(sorted(found.items()))

    def export(self) -> Iterator[str]:
        """The canonical export, read from the graph."""
        return exporting.export_lines(self)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the canonical export."""
        digest = hashlib.sha256()
        for line in self.export():
            digest.update(line.encode("utf-8") + b"\n")
        return digest.hexdigest()

    def verify(self) -> list[str]:
        """What is not as it was pushed, in words; [] if nothing is."""
        if self.fingerprint() == self._held["fingerprint"]:
            return []
        return ["the graph in Neo4j was changed by hand: its export is not the one that was pushed"]

    def cypher(
        self, text: str, *, rows: int = 1000, seconds: float = 10.0, **parameters: object
    ) -> list[dict[str, Any]]:
        """Rows of a Cypher query that only reads, or of one of `graphrag.store.neo4j_query.TEMPLATES`.

        Values go into `parameters`, never into the text.

        Raises:
            DataError: If the query would do more than read the graph.
        """
        return self.query(text, parameters, rows=rows, seconds=seconds)

    def query(
        self, text: str, parameters: Mapping[str, object], *, rows: int = 1000, seconds: float = 10.0
    ) -> list[dict[str, Any]]:
        """As `cypher`, with the values as one mapping, so that no name of a value can stand for a limit."""
        from graphrag.store.neo4j_query import query

        return query(self._connection, text, parameters, rows=rows, seconds=seconds)

    def vocabulary(self) -> "Vocabulary":
        """The words that queries on this graph may use: those of its ontology, or else of what is in it."""
        from graphrag.store.neo4j_vocabulary import Vocabulary
        from ontology import load_ontology

        text = self.meta["ontology"]
        return Vocabulary.of(load_ontology(text) if text else None, self._connection)

    # Private

    def _read(self, query: str, **values: object) -> list[dict[str, Any]]:
        return self._connection.read(query, **values)

    def _pages(self, query: str, size: int = 1000) -> Iterator[dict[str, Any]]:
        """Rows of a query in order of `id`, a page at a time, so that no transaction waits for its reader.

        Raises:
            StoreError: If somebody pushed meanwhile, so that the pages are not of one commit.
        """
        after = ""
        while True:
            rows = self._read(query, after=after, limit=size)
            yield from rows
            if len(rows) < size:
                break
            after = rows[-1]["id"]
        now = manifest(self._connection)
        if now is None or now.get("run") != self._held.get("run") or not now.get("complete"):
            raise StoreError(
                f"the knowledge base in {self._connection.server.uri} was changed while it was read; "
                "run the same command again"
            )

    def _by_id(
        self, query: str, ids: Sequence[str], make: Callable[[Mapping[str, Any]], _Item], kind: str
    ) -> list[_Item]:
        wanted = sorted(set(ids))
        found = {row["id"]: make(row) for row in self._read(query, ids=wanted)} if wanted else {}
        return _in_order(ids, found, kind)


def pull(
    connection: Connection, folder: str | Path, *, progress: "Progress | None" = None, batch: int = 200
) -> Ledger:
    """Make the embedded knowledge base again from what Neo4j holds; open for writing.

    Everything is derived again from what was read, so the result is exact; its fingerprint is compared.

    Raises:
        StoreError: If the folder holds one already.
        StoreDamagedError: If the graph in Neo4j is not the one that was pushed there.
    """
    progress = progress or Silent()
    view = Neo4jView(connection)
    ledger = Ledger.create(
        folder,
        settings=json.loads(view.meta["settings"]),
        ontology=view.meta["ontology"],
        extractor=view.meta["extractor"],
    )
    progress.start("from Neo4j", view.counts()["documents"])
    try:
        items: list[IngestedDocument] = []
        for document, raw, verdicts in view.sources():
            chunks, results = codec.decode_results(document, raw)
            triples = codec.decode_verdicts(document, results, verdicts)
            items.append(IngestedDocument(document, chunks, results, triples))
            if len(items) == batch:
                ledger.apply(items)
                progress.advance(len(items))
                items = []
        ledger.apply(items)
        ledger.decide(view.decisions(), require_names=False)
        if view.communities_commit:
            communities = list(view.communities())
            ledger.set_communities(communities, view.reports_by_id(sorted(view.reported())))
        progress.finish()
        if ledger.fingerprint() != view._held["fingerprint"]:
            raise StoreDamagedError(
                f"what was pulled from {connection.server.uri} is not what was pushed there: the graph was "
                "changed by hand, or pushed by a version that derived it otherwise. In the knowledge base it "
                "came from run graphrag rebuild, then push again with --full"
            )
    except BaseException:
        ledger.close()
        raise
    return ledger


def phrase(text: str) -> str:
    """A text as one quoted Lucene phrase, whatever it holds."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _document(row: Mapping[str, Any]) -> Document:
    return Document(
        row["id"], row["key"], row["text"], row["title"], row["source"], json.loads(row["metadata"])
    )


def _chunk(row: Mapping[str, Any]) -> Chunk:
    span = Span(row["start"], row["end"])
    return Chunk(row["id"], row["document"], span, row["text"], row["title"], row["ordinal"])


def _entity(row: Mapping[str, Any]) -> Entity:
    return Entity(
        row["id"], row["name"], row["type"], tuple(row["aliases"]), row["description"], row["literal"]
    )


def _relation(row: Mapping[str, Any]) -> Relation:
    held = row["held"]
    evidence = tuple(
        Evidence(document, chunk, Span(start, end), quote, extractor, score)
        for document, chunk, start, end, quote, extractor, score in zip(
            held["documents"],
            held["chunks"],
            held["starts"],
            held["ends"],
            held["evidence"],
            held["extractors"],
            held["scores"],
            strict=True,
        )
    )
    return Relation(row["id"], row["subject"], held["type"], row["object"], held["weight"], evidence)


def _in_order(ids: Sequence[str], found: Mapping[str, _Item], kind: str) -> list[_Item]:
    for item in ids:
        if item not in found:
            raise NotFoundError(f'no {kind} has the id "{item}"')
    return [found[item] for item in ids]
