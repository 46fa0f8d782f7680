"""Making the graph in a Neo4j database equal to a knowledge base, with as few writes as that takes.

What is there is listed as (id, digest); only what differs is written and only what is gone is deleted. So
a push is idempotent, resumes by itself after a crash of either side, and leaves nodes of other people
alone. Small changes are one transaction; a longer load marks the base incomplete until it is done.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from graphrag.errors import StoreError
from graphrag.ids import canonical_json
from graphrag.progress import Silent
from graphrag.store.identifiers import identifier
from graphrag.store.neo4j import Connection, TransactionTooBigError
from graphrag.store.neo4j_rows import (
    EDGE_KINDS,
    ENTITY,
    NODE_KINDS,
    RELATION,
    Edge,
    EdgeKind,
    Node,
    NodeKind,
    digest_of,
    edge_rows,
    node_rows,
)

if TYPE_CHECKING:
    from neo4j import Transaction

    from graphrag.interfaces import Progress
    from graphrag.store.ledger import Ledger
    from ontology import Ontology

FORMAT = 1
_Item = TypeVar("_Item")
_ROWS = {"node": 5000, "edge": 5000}
_BYTES = 4_000_000
_FEW = 500
_AT_ONCE = 20_000  # rows that are written in one transaction, so that readers see all of a change or none
DIGEST = "kg_digest"


@dataclass
class PushReport:
    """What a push did.

    Attributes:
        written: Rows sent, by kind; each is known to have been written, from the query's own count.
        deleted: Rows deleted, by kind.
        transactions: Committed ones.
    """

    fingerprint: str = ""
    commit: int = 0
    written: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    transactions: int = 0
    total: dict[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        return sum(self.written.values()) + sum(self.deleted.values())


class Batch(NamedTuple):
    """Rows for one statement, which returns how many it wrote."""

    kind: str
    query: str
    rows: list[dict[str, Any]]
    deletes: bool = False
    values: Mapping[str, Any] = {}


def manifest(connection: Connection) -> dict[str, Any] | None:
    """What the database says of the knowledge base in it; None if it holds none.

    Raises:
        StoreError: If it was written by a newer version.
    """
    rows = connection.read("MATCH (m:__KnowledgeBase__ {id: 'kg'}) RETURN properties(m) AS held")
    if not rows:
        return None
    held: dict[str, Any] = rows[0]["held"]
    if held.get("format", FORMAT) != FORMAT:
        raise StoreError(
            f"{connection.server.uri} holds a knowledge base of format {held['format']}, and this version "
            f"knows format {FORMAT}; use the graphrag that wrote it, or push again"
        )
    return held


def push(
    ledger: "Ledger",
    connection: Connection,
    *,
    full: bool = False,
    rejected: bool = False,
    expected: str | None = None,
    progress: "Progress | None" = None,
) -> PushReport:
    """Make the knowledge base in Neo4j equal to `ledger`.

    Args:
        full: Trust nothing that is there: compare every property, not only digests. Repairs what others
            changed by hand.
        rejected: Also show what the ontology rejected, as nodes.
        expected: Fingerprint that must be there now; a writer elsewhere has been at work otherwise.

    Raises:
        StoreError: If rows sent are not rows written, or somebody else is pushing.
        Neo4jUnavailableError: If the server stays away; run the same again to go on.
    """
    return _Push(ledger, connection, rejected, progress or Silent()).run(full=full, expected=expected)


def differences(ledger: "Ledger", connection: Connection) -> Iterator[str]:
    """What in Neo4j is not as `ledger` has it, in words; every property and label is compared."""
    from graphrag.store.neo4j_view import Neo4jView

    held = manifest(connection)
    if held is None:
        yield f"{connection.server.uri} holds no knowledge base"
        return
    if not held.get("complete"):
        yield "a push was not finished; run it again"
    ontology = _ontology(ledger)
    rejected = bool(held.get("rejected"))
    for node_kind, make in node_rows(ledger, ontology, rejected=rejected).items():
        there = _listed_nodes(connection, node_kind, held.get("labels", ()), full=True)
        yield from _compared(node_kind.name, {n.id: digest_of(n.labels, n.properties) for n in make()}, there)
    for edge_kind, make_edges in edge_rows(ledger, rejected=rejected).items():
        found = _listed_edges(connection, edge_kind, full=True)
        wanted = {e.key: digest_of((e.start, e.type, e.end), e.properties) for e in make_edges()}
        yield from _compared(edge_kind.name, wanted, {key: place.digest for key, place in found.items()})
        (count,) = connection.read(f"MATCH {_pattern(edge_kind)} RETURN count(*) AS count")
        if count["count"] != len(found):
            yield f"{edge_kind.name}: {count['count'] - len(found)} are there twice"
    if held.get("fingerprint") != ledger.fingerprint():
        yield "the fingerprint noted in Neo4j is not that of the knowledge base"
    elif held.get("complete") and Neo4jView(connection).fingerprint() != held["fingerprint"]:
        yield "the export from Neo4j is not that of the knowledge base"


class _Place(NamedTuple):
    start: str
    type: str
    end: str
    digest: str
    double: bool = False


class _Push:
    def __init__(
        self, ledger: "Ledger", connection: Connection, rejected: bool, progress: "Progress"
    ) -> None:
        self._ledger = ledger
        self._connection = connection
        self._rejected = rejected
        self._progress = progress
        self._run = secrets.token_hex(8)
        self._known_labels: list[str] = []

    def run(self, *, full: bool, expected: str | None) -> PushReport:
        ledger, connection = self._ledger, self._connection
        report = PushReport(ledger.fingerprint(), ledger.commit)
        held = manifest(connection)
        found = held.get("fingerprint") if held else None
        if expected is not None and held is not None and held.get("complete") and found != expected:
            raise StoreError(
                f"the knowledge base in {connection.server.uri} was changed by somebody else meanwhile; "
                "run the same command again to start from its present state"
            )
        wanted = self._manifest(report)
        if not full and held is not None and {**held, **wanted, "run": held.get("run")} == held:
            return report
        _make_constraints(connection)
        if held is not None and held.get("imported"):
            _fill_empty_lists(connection)
        ontology = _ontology(ledger)
        labels = {label for labels in _labels(ledger, ontology) for label in labels}
        found_labels = {identifier(str(name), fallback="Entity") for name in (held or {}).get("labels") or ()}
        known = sorted(found_labels | labels)
        self._known_labels = known
        self._progress.start("to Neo4j", None)
        batches = self._batches(ontology, full=full)
        first = list(_first_rows(batches, _AT_ONCE))
        rest = next(batches, None)
        final = {**wanted, "labels": known, "run": self._run, "imported": None}
        if rest is None:
            self._at_once(first, final, found, report)
        else:
            self._in_steps([*first, rest], batches, final, found, report)
        self._progress.finish()
        _make_indexes(connection)
        return report

    def _manifest(self, report: PushReport) -> dict[str, Any]:
        meta = self._ledger.meta
        return {
            "name": "graphrag knowledge base",
            "format": FORMAT,
            "commit": report.commit,
            "fingerprint": report.fingerprint,
            "complete": True,
            "settings": meta["settings"],
            "ontology": meta["ontology"],
            "extractor": meta["extractor"],
            "rejected": self._rejected,
            "communities": self._ledger.communities_commit == report.commit,
            "decisions__json": canonical_json([list(d) for d in self._ledger.decisions()]),
            "counts__json": canonical_json(self._ledger.counts()),
        }

    def _batches(self, ontology: "Ontology | None", *, full: bool) -> Iterator[Batch]:
        """Nodes, then edges to delete and to write, then nodes to delete."""
        gone: list[Batch] = []
        for kind, make in node_rows(self._ledger, ontology, rejected=self._rejected).items():
            there = _listed_nodes(self._connection, kind, self._known_labels, full=full)
            yield from _node_batches(kind, make(), there, self._known_labels)
            gone += [
                Batch(kind.name, _delete_node(kind), [{"id": key} for key in part], deletes=True)
                for part in _parts(sorted(there), _ROWS["node"])
            ]
        for edge_kind, make_edges in edge_rows(self._ledger, rejected=self._rejected).items():
            yield from _edge_batches(
                edge_kind, make_edges(), _listed_edges(self._connection, edge_kind, full=full)
            )
        yield from gone

    def _at_once(
        self, batches: list[Batch], final: Mapping[str, Any], found: str | None, report: PushReport
    ) -> None:
        def work(transaction: "Transaction") -> list[int]:
            _claim(transaction, final, found)
            return [_send(transaction, batch, batch.rows) for batch in batches]

        try:
            counts = self._connection.write(work)
        except TransactionTooBigError:
            return self._in_steps(batches, iter(()), final, found, report)
        for batch, count in zip(batches, counts, strict=True):
            self._count(batch, batch.rows, count, report)
        report.transactions += 1
        return None

    def _in_steps(
        self,
        batches: Iterable[Batch],
        more: Iterator[Batch],
        final: Mapping[str, Any],
        found: str | None,
        report: PushReport,
    ) -> None:
        marks = {"run": self._run, "complete": False, "labels": final["labels"], "format": FORMAT}
        self._connection.write(lambda transaction: _claim(transaction, marks, found), halves=False)
        for source in (batches, more):
            for batch in source:
                self._step(batch, batch.rows, report)
        self._connection.write(lambda transaction: _finish(transaction, self._run, final), halves=False)
        report.transactions += 2

    def _step(self, batch: Batch, rows: list[dict[str, Any]], report: PushReport) -> None:
        def work(transaction: "Transaction") -> int:
            _still_ours(transaction, self._run)
            return _send(transaction, batch, rows)

        try:
            count = self._connection.write(work)
        except TransactionTooBigError as error:
            if len(rows) == 1:
                raise StoreError(
                    f"one of the {batch.kind} is too much for a transaction on "
                    f"{self._connection.server.uri}; raise db.memory.transaction.max or "
                    "db.transaction.timeout there"
                ) from error
            for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                self._step(batch, part, report)
            return
        report.transactions += 1
        self._count(batch, rows, count, report)

    def _count(self, batch: Batch, rows: Sequence[Mapping[str, Any]], count: int, report: PushReport) -> None:
        if count != len(rows) and not batch.deletes:
            raise StoreError(
                f"{len(rows):,} {batch.kind} were sent and {count:,} written; an end of an edge is missing "
                "or doubled in Neo4j: push again with --full, and report it if that does not help"
            )
        kinds = report.deleted if batch.deletes else report.written
        kinds[batch.kind] = kinds.get(batch.kind, 0) + len(rows)
        self._progress.advance(len(rows))


def _claim(transaction: "Transaction", properties: Mapping[str, Any], found: str | None) -> None:
    """Take over the manifest node; fails where another push committed since it was read."""
    row = transaction.run(
        "MERGE (m:__KnowledgeBase__ {id: 'kg'}) SET m.kg_lock = true REMOVE m.kg_lock "
        "RETURN m.fingerprint AS fingerprint, m.run AS run"
    ).single(strict=True)
    if row["fingerprint"] not in (found, properties.get("fingerprint")):
        raise StoreError("somebody else has pushed to this Neo4j meanwhile; run the same command again")
    transaction.run("MATCH (m:__KnowledgeBase__ {id: 'kg'}) SET m += $properties", properties=properties)


def _still_ours(transaction: "Transaction", run: str) -> None:
    query = "MATCH (m:__KnowledgeBase__ {id: 'kg'}) WHERE m.run = $run RETURN count(m) AS count"
    if transaction.run(query, run=run).single(strict=True)["count"] != 1:
        raise StoreError(
            "the load cannot go on: the database was emptied, or somebody else is pushing to it; "
            "run the same command again"
        )


def _finish(transaction: "Transaction", run: str, final: Mapping[str, Any]) -> None:
    _still_ours(transaction, run)
    transaction.run("MATCH (m:__KnowledgeBase__ {id: 'kg'}) SET m += $properties", properties=final)


def _send(transaction: "Transaction", batch: Batch, rows: list[dict[str, Any]]) -> int:
    # The text of the statement was made from the tables in this module and allow-listed identifiers.
    result = transaction.run(batch.query, rows=rows, **batch.values)
    return int(result.single(strict=True)["written"])


# Statements


def _node_batches(
    kind: NodeKind, nodes: Iterable[Node], there: dict[str, str], known_labels: Sequence[str]
) -> Iterator[Batch]:
    """What to write; takes out of `there` all that stays."""
    groups: defaultdict[tuple[tuple[str, ...], bool], _Group] = defaultdict(_Group)
    for node in nodes:
        digest = digest_of(node.labels, node.properties)
        held = there.pop(node.id, None)
        if held == digest:
            continue
        known = held is not None
        group = groups[node.labels, known]
        row = {"id": node.id, "props": {**node.properties, DIGEST: digest}}
        for rows in group.add(row, _size(node.properties), _ROWS["node"]):
            yield Batch(kind.name, _write_node(kind, node.labels, known, known_labels), rows)
    few = _Group()
    for (labels, known), group in groups.items():
        if len(group) >= _FEW or not labels:
            for rows in group.rest():
                yield Batch(kind.name, _write_node(kind, labels, known, known_labels), rows)
            continue
        old = [label for label in known_labels if label not in labels] if known and kind is ENTITY else []
        for row in group.take():
            wider: dict[str, Any] = {**row, "labels": labels, "old": old}
            for rows in few.add(wider, _size(wider["props"]), _ROWS["node"]):
                yield Batch(kind.name, _write_any_node(kind), rows)
    for rows in few.rest():
        yield Batch(kind.name, _write_any_node(kind), rows)


def _edge_batches(kind: EdgeKind, edges: Iterable[Edge], there: dict[str, _Place]) -> Iterator[Batch]:
    groups: defaultdict[str, _Group] = defaultdict(_Group)
    gone: list[dict[str, Any]] = []
    doubled = [key for key, place in there.items() if place.double]
    for part in _parts([_named_edge(key, there.pop(key)) for key in doubled], _ROWS["edge"]):
        yield Batch(kind.name, _delete_edge(kind), part, deletes=True)
    for edge in edges:
        digest = digest_of((edge.start, edge.type, edge.end), edge.properties)
        held = there.pop(edge.key, None)
        if held is not None and held.digest == digest:
            continue
        row = {"s": edge.start, "t": edge.end, "props": {**edge.properties, DIGEST: digest}}
        if not kind.type:
            row["id"] = edge.key
            if held is not None and held[:3] != (edge.start, edge.type, edge.end):
                gone.append(_named_edge(edge.key, held))
        for rows in groups[edge.type].add(row, _size(edge.properties), _ROWS["edge"]):
            yield Batch(kind.name, _write_edge(kind, edge.type), rows)
    for key, place in there.items():
        gone.append(_named_edge(key, place))
    for part in _parts(gone, _ROWS["edge"]):
        yield Batch(kind.name, _delete_edge(kind), part, deletes=True)
    few = _Group()
    for name, group in groups.items():
        if len(group) >= _FEW or kind.type:
            for rows in group.rest():
                yield Batch(kind.name, _write_edge(kind, name), rows)
            continue
        for row in group.take():
            wider: dict[str, Any] = {**row, "type": name}
            for rows in few.add(wider, _size(wider["props"]), _ROWS["edge"]):
                yield Batch(kind.name, _write_any_edge(kind), rows)
    for rows in few.rest():
        yield Batch(kind.name, _write_any_edge(kind), rows)


def _named_edge(key: str, place: "_Place") -> dict[str, Any]:
    return {"s": place.start, "t": place.end, "type": place.type, "id": key}


class _Group:
    """Rows for one statement, given out in batches bounded in number and bytes."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def take(self) -> list[dict[str, Any]]:
        rows, self._rows, self._bytes = self._rows, [], 0
        return rows

    def add(self, row: dict[str, Any], size: int, limit: int) -> Iterator[list[dict[str, Any]]]:
        if self._rows and (len(self._rows) >= limit or self._bytes + size > _BYTES):
            yield from self.rest()
        self._rows.append(row)
        self._bytes += size

    def rest(self) -> Iterator[list[dict[str, Any]]]:
        if self._rows:
            yield self.take()


def _write_node(kind: NodeKind, labels: Sequence[str], known: bool, known_labels: Sequence[str]) -> str:
    old = [label for label in known_labels if label not in labels] if known and kind is ENTITY else []
    remove = f" REMOVE n:{':'.join(old)}" if old else ""
    add = f", n:{':'.join(labels)}" if labels else ""
    return (
        f"UNWIND $rows AS row MERGE (n:{kind.label} {{id: row.id}}) SET n += row.props{add}{remove} "
        "RETURN count(*) AS written"
    )


def _write_any_node(kind: NodeKind) -> str:
    """For labels that few nodes have: planning a statement costs the server more than many rows."""
    return (
        f"UNWIND $rows AS row MERGE (n:{kind.label} {{id: row.id}}) SET n += row.props, n:$(row.labels) "
        "REMOVE n:$(row.old) RETURN count(*) AS written"
    )


def _write_any_edge(kind: EdgeKind) -> str:
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.start} {{id: row.s}}), (b:{kind.end} {{id: row.t}}) "
        "MERGE (a)-[r:$(row.type) {id: row.id}]->(b) SET r += row.props RETURN count(*) AS written"
    )


def _delete_node(kind: NodeKind) -> str:
    return (
        f"UNWIND $rows AS row MATCH (n:{kind.label} {{id: row.id}}) DETACH DELETE n "
        "RETURN count(*) AS written"
    )


def _write_edge(kind: EdgeKind, name: str) -> str:
    key = "" if kind.type else " {id: row.id}"
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.start} {{id: row.s}}), (b:{kind.end} {{id: row.t}}) "
        f"MERGE (a)-[r:{name}{key}]->(b) SET r += row.props RETURN count(*) AS written"
    )


def _delete_edge(kind: EdgeKind) -> str:
    # The type is data here, since one found in the database may be anybody's.
    which = f":{kind.type}" if kind.type else " WHERE r.id = row.id AND type(r) = row.type"
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.start} {{id: row.s}})-[r{which}]->"
        f"(b:{kind.end} {{id: row.t}}) DELETE r RETURN count(*) AS written"
    )


def _pattern(kind: EdgeKind) -> str:
    if kind.type:
        return f"(a:{kind.start})-[r:{kind.type}]->(b:{kind.end})"
    # Edges that users drew between entities have no id of ours.
    return f"(a:{kind.start})-[r WHERE r.id STARTS WITH 'rel-']->(b:{kind.end})"


def _make_constraints(connection: Connection) -> None:
    for kind in (*NODE_KINDS, NodeKind("manifest", "__KnowledgeBase__")):
        name = f"kg_{kind.label.strip('_').lower()}"
        connection.schema(
            f"CREATE CONSTRAINT {name} IF NOT EXISTS FOR (n:{kind.label}) REQUIRE n.id IS UNIQUE"
        )


def _fill_empty_lists(connection: Connection) -> None:
    """Put back what the offline import cannot hold: it takes an empty list for an absent one."""
    for where, key in (
        ("(n:__Entity__)", "aliases"),
        ("(n:__Entity__)", "names"),
        ("(n:__Community__ WHERE n.report__json IS NOT NULL)", "findings"),
    ):
        connection.schema(
            f"MATCH {where} WHERE n.{key} IS NULL CALL (n) {{ SET n.{key} = [] }} "
            "IN TRANSACTIONS OF 10000 ROWS"
        )


def _make_indexes(connection: Connection) -> None:
    """Full-text indexes: passages, names to look at, and names and relation ids word by word."""
    exact = "OPTIONS {indexConfig: {`fulltext.analyzer`: 'keyword'}}"
    for text in (
        "CREATE FULLTEXT INDEX kg_text IF NOT EXISTS FOR (n:__Chunk__) ON EACH [n.title, n.text]",
        "CREATE FULLTEXT INDEX kg_names IF NOT EXISTS FOR (n:__Entity__) ON EACH [n.name, n.aliases]",
        f"CREATE FULLTEXT INDEX kg_forms IF NOT EXISTS FOR (n:__Entity__) ON EACH [n.names] {exact}",
    ):
        connection.schema(text)
    types = connection.read(
        f"MATCH {_pattern(RELATION)} WITH DISTINCT type(r) AS name RETURN name ORDER BY name"
    )
    indexed = connection.read(
        "SHOW FULLTEXT INDEXES YIELD name, labelsOrTypes WHERE name = 'kg_relations' RETURN labelsOrTypes"
    )
    names = [row["name"] for row in types if identifier(row["name"], fallback="") == row["name"]]
    if names and (not indexed or set(names) - set(indexed[0]["labelsOrTypes"])):
        connection.schema("DROP INDEX kg_relations IF EXISTS")
        connection.schema(
            f"CREATE FULLTEXT INDEX kg_relations FOR ()-[r:{'|'.join(names)}]-() ON EACH [r.id] {exact}"
        )
    await_indexes(connection)


def await_indexes(connection: Connection, seconds: float = 600.0) -> None:
    """Wait until our indexes are filled; by asking again and again, since calls may have a short limit."""
    end = time.monotonic() + seconds
    query = (
        "SHOW INDEXES YIELD name, state WHERE name STARTS WITH 'kg_' AND state <> 'ONLINE' "
        "RETURN name, state ORDER BY name"
    )
    while waiting := connection.read(query):
        failed = [row["name"] for row in waiting if row["state"] == "FAILED"]
        if failed or time.monotonic() > end:
            raise StoreError(
                f"the index {(failed or [waiting[0]['name']])[0]} of {connection.server.uri} did not come "
                "online; its log says why; drop it there and push again"
            )
        time.sleep(0.2)


# What is there


def _listed_nodes(
    connection: Connection, kind: NodeKind, known_labels: Iterable[str], *, full: bool
) -> dict[str, str]:
    if not full:
        query = f"MATCH (n:{kind.label}) RETURN n.id AS id, n.{DIGEST} AS digest"
        return connection.collect(query, lambda rows: {row["id"]: row["digest"] or "" for row in rows})
    known = frozenset(known_labels)
    query = f"MATCH (n:{kind.label}) RETURN n.id AS id, labels(n) AS labels, properties(n) AS held"
    return connection.collect(query, lambda rows: {row["id"]: _actual(kind, row, known) for row in rows})


def _actual(kind: NodeKind, row: Mapping[str, Any], known: frozenset[str]) -> str:
    """Digest of what a node really is; properties and labels that others added do not count."""
    static = {"Document", "Chunk", "Community", "Rejected"} if kind is not ENTITY else known
    labels = tuple(sorted(label for label in row["labels"] if label in static))
    held = {key: value for key, value in row["held"].items() if key in kind.properties}
    return digest_of(labels, held)


def _listed_edges(connection: Connection, kind: EdgeKind, *, full: bool) -> dict[str, _Place]:
    held = "properties(r)" if full else "null"
    query = (
        f"MATCH {_pattern(kind)} RETURN a.id AS s, type(r) AS type, b.id AS t, r.id AS id, "
        f"r.{DIGEST} AS digest, {held} AS held"
    )

    def listed(rows: Iterator[dict[str, Any]]) -> dict[str, _Place]:
        found: dict[str, _Place] = {}
        for row in rows:
            key = row["id"] if not kind.type else f"{row['s']}>{row['t']}"
            digest = row["digest"] or ""
            if full:
                plain = {name: value for name, value in row["held"].items() if name in kind.properties}
                digest = digest_of((row["s"], row["type"], row["t"]), plain)
            found[key] = _Place(row["s"], row["type"], row["t"], digest, key in found)
        return found

    return connection.collect(query, listed)


def _compared(kind: str, wanted: Mapping[str, str], there: Mapping[str, str]) -> Iterator[str]:
    missing, extra = sorted(wanted.keys() - there.keys()), sorted(there.keys() - wanted.keys())
    other = sorted(key for key in wanted.keys() & there.keys() if wanted[key] != there[key])
    for words, keys in (("missing", missing), ("too many", extra), ("different", other)):
        if keys:
            yield f"{kind}: {len(keys):,} {words} in Neo4j, the first is {keys[0]}"


def _ontology(ledger: "Ledger") -> "Ontology | None":
    from ontology import load_ontology

    text = ledger.meta["ontology"]
    return load_ontology(text) if text else None


def _labels(ledger: "Ledger", ontology: "Ontology | None") -> Iterator[tuple[str, ...]]:
    from graphrag.store.neo4j_rows import labels_of

    return (labels_of(kind, ontology) for kind in {entity.type for entity in ledger.entities()})


def _first_rows(batches: Iterator[Batch], limit: int) -> Iterator[Batch]:
    """Batches until they hold `limit` rows."""
    count = 0
    for batch in batches:
        yield batch
        count += len(batch.rows)
        if count >= limit:
            return


def _size(properties: Mapping[str, Any]) -> int:
    total = 0
    for value in properties.values():
        if isinstance(value, list):
            total += sum(len(item) if isinstance(item, str) else 8 for item in value)
        else:
            total += len(value) if isinstance(value, str | bytes) else 8
    return total + 100


def _parts(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


__all__ = ["EDGE_KINDS", "NODE_KINDS", "PushReport", "await_indexes", "differences", "manifest", "push"]
