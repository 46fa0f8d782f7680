"""The guard of `kg.cypher`: what would do more than read is refused, what reads is answered.

30 bad and all good queries by default; ``GRAPHRAG_QUERIES=300`` sends all.
"""

import contextlib
import os
import socket
import threading
import time
from itertools import product

import pytest

from graphrag.errors import DataError, GraphRAGError, StoreError
from graphrag.store.neo4j import Connection
from graphrag.store.neo4j import Neo4jServer as Place
from graphrag.store.neo4j_query import TEMPLATES, query
from graphrag.store.neo4j_write import push
from tests.graphrag.store.test_neo4j import few_documents, ledger_in
from tests.neo4j_server import Neo4jServer, need_neo4j

pytestmark = pytest.mark.neo4j
COUNT = int(os.environ.get("GRAPHRAG_QUERIES", "30"))

WRITES = [
    "CREATE (:Hacked)", "MERGE (:Hacked {a: 1})", "MATCH (n) SET n.hacked = 1", "MATCH (n) SET n:Hacked",
    "MATCH (n) SET n += {hacked: 1}", "MATCH (n) SET n = {}", "MATCH (n) SET n[$key] = 1",
    "MATCH (n) SET n:$($label)", "MATCH (n) REMOVE n.name", "MATCH (n) REMOVE n:Person",
    "MATCH (n) DETACH DELETE n", "MATCH ()-[r]->() DELETE r", "MATCH (n) NODETACH DELETE n",
    "FOREACH (i IN [1] | CREATE (:Hacked))", "MATCH (n) FOREACH (x IN [n] | SET x.hacked = 1)",
    "MATCH (n) CALL (n) { SET n.hacked = 1 } RETURN n", "CALL { CREATE (:Hacked) RETURN 1 AS a } RETURN a",
    "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10 ROWS",
    "MATCH (n) CALL (n) { SET n.hacked = 1 } IN 2 CONCURRENT TRANSACTIONS OF 1 ROWS ON ERROR CONTINUE",
    "MATCH (a), (b) WITH a, b LIMIT 1 CREATE (a)-[:HACKED]->(b)",
    "MATCH (a), (b) WITH a, b LIMIT 1 MERGE (a)-[:HACKED]->(b)",
    "UNWIND [1, 2] AS x CREATE (:Hacked {x: x})", "OPTIONAL MATCH (n:Nothing) CREATE (:Hacked)",
    "MATCH (n) WITH n LIMIT 1 SET n.hacked = true RETURN n",
    "MATCH (n) RETURN n UNION MATCH (n) SET n.hacked = 1 RETURN n",
    "MATCH (m:__KnowledgeBase__) SET m.complete = false", "MERGE (n:Hacked) ON CREATE SET n.a = 1 RETURN n",
    "MERGE (n:Person {id: 'x'}) ON MATCH SET n.hacked = 1",
]  # fmt: skip
SCHEMA = [
    "CREATE INDEX hacked FOR (n:Person) ON (n.name)", "DROP CONSTRAINT kg_entity", "DROP INDEX kg_text",
    "CREATE CONSTRAINT hacked FOR (n:Person) REQUIRE n.name IS UNIQUE",
    "CREATE FULLTEXT INDEX hacked FOR (n:Person) ON EACH [n.name]",
    "CREATE LOOKUP INDEX FOR (n) ON EACH labels(n)", "CREATE VECTOR INDEX hacked FOR (n:Person) ON (n.v)",
    "CREATE USER eve SET PASSWORD 'abcdefgh'", "DROP USER neo4j",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'", "ALTER USER neo4j SET PASSWORD 'abcdefgh'",
    "CREATE DATABASE hacked", "DROP DATABASE neo4j", "START DATABASE neo4j", "STOP DATABASE neo4j",
    "GRANT ROLE admin TO eve", "CREATE ROLE hacked", "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "SHOW DATABASES", "SHOW USERS", "SHOW TRANSACTIONS", "SHOW SETTINGS", "SHOW PROCEDURES",
    "SHOW FUNCTIONS", "SHOW INDEXES", "SHOW CONSTRAINTS", "SHOW CURRENT USER",
    "SHOW SETTINGS YIELD name, value RETURN name, value", "USE system SHOW DATABASES",
    "USE neo4j CREATE (:Hacked)", "ENABLE SERVER 'x'", "CREATE ALIAS a FOR DATABASE neo4j",
]  # fmt: skip
FILES = [
    "LOAD CSV FROM '{place}' AS l RETURN l", "LOAD CSV WITH HEADERS FROM '{place}' AS l RETURN l",
    "LOAD CSV FROM $place AS l RETURN l",
    "LOAD CSV FROM '{place}' AS l FIELDTERMINATOR ';' RETURN count(l)",
    "MATCH (n) WITH n LIMIT 1 LOAD CSV FROM '{place}' AS l RETURN l",
    "CALL {{ LOAD CSV FROM '{place}' AS l RETURN l }} RETURN l",
    "RETURN COUNT {{ CALL {{ LOAD CSV FROM '{place}' AS l RETURN l }} RETURN l }} AS c",
    "RETURN 1 AS l UNION LOAD CSV FROM '{place}' AS l RETURN l", "CALL apoc.load.json('{place}')",
    "CALL apoc.load.csv('{place}')", "CALL apoc.load.xml('{place}')", "CALL apoc.import.json('{place}')",
    "CALL apoc.export.json.all('{place}', {{}})", "RETURN apoc.load.json('{place}')",
    "CALL apoc.cypher.runFile('{place}')",
]  # fmt: skip
CALLS = [
    "CALL dbms.components()", "CALL dbms.listConfig()", "CALL dbms.killQueries(['x'])", "CALL db.labels()",
    "CALL db.propertyKeys()", "CALL db.createLabel('Hacked')", "CALL db.createProperty('hacked')",
    "CALL db.createRelationshipType('HACKED')", "CALL tx.setMetaData({a: 1})", "CALL db.clearQueryCaches()",
    "CALL dbms.setConfigValue('db.transaction.timeout', '0')",
    "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()",
    "CALL db.create.setNodeVectorProperty(null, 'a', [1.0])", "CALL db.prepareForReplication()",
    "CALL db.resampleIndex('kg_text')", "CALL db.awaitIndexes(1)", "CALL dbms.queryJmx('*:*')",
    "CALL dbms.listConnections()", "CALL db.ping()", "CALL db.stats.retrieve('GRAPH COUNTS')",
    "CALL apoc.cypher.doIt('CREATE (:Hacked)', {})", "CALL apoc.periodic.commit('CREATE (:Hacked)', {})",
    "CALL apoc.util.sleep(100000)", "CALL db.index.fulltext.drop('kg_text')",
    "CALL db.index.fulltext.queryNodesX('a', 'b')", "CALL `db.labels`()", "CALL `dbms`.`listConfig`()",
    "CALL dbms.security.createUser('eve', 'abcdefgh', false)", "CALL dbms.upgrade()",
    "CALL db.schema.visualization()", "CALL dbms.routing.getRoutingTable({})",
    "CALL genai.vector.encodeBatch(['a'], 'OpenAI', {})",
    "CALL db.index.fulltext.queryNodes('kg_text', 'a') YIELD node CALL db.labels() YIELD label RETURN label",
]  # fmt: skip
ODD = [
    "", " ", ";", "// nothing", "EXPLAIN CREATE (:Hacked)", "PROFILE MATCH (n) RETURN n",
    "PROFILE CREATE (:Hacked)", "RETURN 1; CREATE (:Hacked)", "RETURN 1;\nMATCH (n) DETACH DELETE n;",
    "MATCH (n) RETURN n //\n; DROP INDEX kg_text", "CYPHER 5 CREATE (:Hacked)",
    "CYPHER runtime=slotted CREATE (:Hacked)", "CYPHER planner=cost MERGE (:Hacked)",
    "ＣＲＥＡＴＥ (:Hacked)",
    "\\u0043REATE (:Hacked)", "CRE\\u0041TE (:Hacked)", "MATCH (n) \\u0053ET n.hacked = 1",
    ":auto CREATE (:Hacked)", ":use system", "BEGIN", "COMMIT", "CREATE (:`Hacked\\u0060) RETURN 1 //`)",
    "not a query at all", "RETURN 1 LIMIT 1 CREATE (:Hacked)", "MATCH (n) RETURN n.`a` CREATE (:Hacked)",
]  # fmt: skip
DISGUISES = ["{}", "/* x */ {}", "// x\n{}", "  \n\t{}", "CYPHER 5 {}", "{} //", "lower"]

GOOD_BODIES = [
    "MATCH (n) RETURN count(n) AS c", "MATCH (p:Person) RETURN p.name AS name ORDER BY name LIMIT 5",
    "MATCH (a)-[r]->(b) RETURN a.name, type(r), b.name LIMIT 5", "MATCH ()-[r:WROTE]->() RETURN r.evidence",
    "MATCH (n) WHERE n.name = 'CREATE (:Hacked)' RETURN n",
    "MATCH (n) WHERE n.name CONTAINS 'DELETE' RETURN n", "MATCH (n {name: $name}) RETURN n",
    "MATCH p = (a)-[*1..2]-(b) RETURN length(p) LIMIT 3",
    "MATCH p = shortestPath((a:Person)-[*..4]-(b:Document)) RETURN [n IN nodes(p) | n.name] LIMIT 1",
    "MATCH p = ALL SHORTEST (a:Person)-[]-+(b:Document) RETURN length(p) LIMIT 1",
    "MATCH (a:Person) ((x)-[r]-(y)){1,2} (b:Document) RETURN count(*)",
    "OPTIONAL MATCH (n:Nothing) RETURN n", "UNWIND [1, 2, 3] AS x RETURN x", "RETURN 1 AS one",
    "MATCH (n) RETURN labels(n) AS l, count(*) AS c ORDER BY c DESC",
    "MATCH (n) WITH n SKIP 1 LIMIT 2 RETURN n.name", "MATCH (n) RETURN DISTINCT n.type",
    "MATCH (n:__Entity__) RETURN collect(n.name)[0..3] AS names",
    "MATCH (n) WHERE EXISTS { (n)-[:WROTE]->() } RETURN n.name",
    "MATCH (n) RETURN n.name, COUNT { (n)--() } AS links LIMIT 3",
    "MATCH (n:Document) RETURN COLLECT { MATCH (n)<-[:PART_OF]-(c) RETURN c.name } AS parts",
    "MATCH (n) CALL (n) { MATCH (n)-[r]->() RETURN count(r) AS c } RETURN n.name, c LIMIT 3",
    "MATCH (a:Person) RETURN a.name AS n UNION MATCH (b:Document) RETURN b.name AS n",
    "MATCH (n) WHERE n.name =~ '(?i)ada.*' RETURN n.name",
    "MATCH (n) WHERE n.name IN ['Ada', 'Notes'] RETURN n",
    "MATCH (n) RETURN CASE WHEN n.literal THEN 'value' ELSE 'thing' END AS kind, count(*)",
    "MATCH (c:Chunk)-[:PART_OF]->(d:Document) RETURN d.name, collect(c.ordinal)",
    "MATCH (n) RETURN n {.name, .type} LIMIT 2",
    "CALL db.index.fulltext.queryNodes('kg_text', 'Ada') YIELD node, score RETURN node.name, score",
    "CALL db.index.fulltext.queryNodes('kg_names', 'Ada', {limit: 1}) YIELD node RETURN node",
    "MATCH (n) WHERE n:Person|Document RETURN n.name", "MATCH (n:Person|Document) RETURN n.name",
    "MATCH (n:!Person) RETURN n LIMIT 1",
    "MATCH (n) WHERE n.name IS NOT NULL RETURN max(n.name), min(n.name)",
    "MATCH (n) RETURN n[$key] LIMIT 1", "MATCH (n:$($label)) RETURN n LIMIT 1",
    "MATCH (n) WHERE elementId(n) <> '' RETURN n LIMIT 1",
    "MATCH (n) RETURN reduce(s = 0, x IN [1, 2] | s + x) LIMIT 1",
    "MATCH (a:Person)-[:WROTE]->(b) MATCH (c)-[:WROTE]->(b) RETURN a, c LIMIT 5",
    "MATCH (d:Document {key: 'one'}) RETURN d.text", "MATCH (m:__KnowledgeBase__) RETURN m.commit",
    "MATCH (n) RETURN percentileCont(size(n.name), 0.5)",
    "MATCH (n) WHERE any(x IN n.aliases WHERE x = 'IBM') RETURN n",
    "MATCH (n:Chunk) RETURN substring(n.text, 0, 5) AS s ORDER BY s",
    "MATCH (a)-[r]-(b) WHERE a <> b AND NOT (a)-[:PART_OF]-(b) RETURN count(*)",
    "MATCH (n) RETURN n ORDER BY n.name LIMIT 1",
    "MATCH (a:Person), (b:Document) RETURN a.name, b.name LIMIT 4",
    "RETURN date('2020-01-01') AS d, point({x: 1, y: 2}) AS p",
    "MATCH (a:__Entity__ {name: 'Notes'})<-[r]-(b) RETURN b.name", "MATCH (n) RETURN sum(n.ordinal)",
]  # fmt: skip
GOOD_DISGUISES = ["{}", "/* SET x */ {} // DELETE"]


def bad_queries(web: str, file: str) -> list[str]:
    places = [web, file, "file:///etc/passwd"]
    found = list(WRITES)
    found += [
        disguise.format(text) if "{}" in disguise else text.lower()
        for disguise, text in product(DISGUISES[1:], WRITES[:15])
    ]
    found += SCHEMA + CALLS + ODD
    found += [text.format(place=place) for text, place in product(FILES, places)]
    found += [
        disguise.format(text) if "{}" in disguise else text.lower()
        for disguise, text in product(DISGUISES[1:], [*SCHEMA[:3], *CALLS[:4], *SCHEMA[18:21]])
    ]
    return list(dict.fromkeys(found))


def spread(items: list[str], count: int) -> list[str]:
    """`count` of them from all over the list; all if there are no more."""
    return items if count >= len(items) else [items[n * len(items) // count] for n in range(count)]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A base on a server that would itself read any file, a connection, and what tells if it did."""
    need_neo4j()
    folder = tmp_path_factory.mktemp("guard")
    settings = {"dbms.security.allow_csv_import_from_file_urls": "true"}
    server = Neo4jServer(folder / "home", settings=settings).start()
    canary = server.home / "import" / "canary.csv"
    canary.write_text("secret\n")
    web = Listener()
    try:
        with (
            ledger_in(folder / "kg", *few_documents()) as ledger,
            Connection(Place(server.uri)) as connection,
        ):
            push(ledger, connection)
            yield ledger, connection, web, canary
    finally:
        web.close()
        server.kill()


class Listener:
    """Counts who connects."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x.csv"
        self.heard = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._socket.accept()[0].close()
                self.heard += 1

    def close(self) -> None:
        self._socket.close()


def test_there_are_three_hundred_bad_queries_and_a_hundred_good_ones():
    assert len(bad_queries("http://127.0.0.1:1/", "file:///canary.csv")) >= 300
    assert len(GOOD_BODIES) * len(GOOD_DISGUISES) >= 100


def test_no_bad_query_writes_reads_files_or_opens_addresses(asked):
    _, connection, web, canary = asked
    bad = spread(bad_queries(web.url, canary.as_uri()), COUNT)
    values = {"place": web.url, "key": "hacked", "label": "Hacked"}
    before = everything(connection)
    set_far_back(canary)
    answered = []
    for text in bad:
        try:
            query(connection, text, values)
            answered.append(text)
        except (DataError, StoreError):
            pass
    assert answered == []
    assert everything(connection) == before
    assert web.heard == 0
    assert not was_read(canary)
    assert "Hacked" not in {
        row["label"] for row in connection.read("CALL db.labels() YIELD label RETURN label")
    }


def test_the_canaries_would_have_told(asked):
    _, connection, web, canary = asked
    heard = web.heard
    set_far_back(canary)
    rows = connection.read(f"LOAD CSV FROM '{canary.as_uri()}' AS line RETURN line")
    assert rows == [{"line": ["secret"]}]
    with contextlib.suppress(GraphRAGError):
        connection.limited(f"LOAD CSV FROM '{web.url}' AS line RETURN line", {}, rows=1, seconds=5)
    assert web.heard > heard
    if not was_read(canary):
        pytest.skip("this file system does not note when a file is read")


def set_far_back(file) -> None:
    """Date the last reading of a file to long before its last change, so that the next one shows."""
    os.utime(file, (1_000_000, time.time()))


def was_read(file) -> bool:
    return file.stat().st_atime > 1_000_001


def everything(connection: Connection) -> list[dict[str, object]]:
    """What is in the database, as counts and sums that any write would change."""
    return [
        *connection.read(
            "MATCH (n) RETURN count(n) AS nodes, sum(size(keys(n))) AS k, sum(size(labels(n))) AS l"
        ),
        *connection.read("MATCH ()-[r]->() RETURN count(r) AS edges, sum(size(keys(r))) AS k"),
        *connection.read("SHOW INDEXES YIELD name RETURN name ORDER BY name"),
        *connection.read("SHOW CONSTRAINTS YIELD name RETURN name ORDER BY name"),
        *connection.read("SHOW USERS YIELD user RETURN user ORDER BY user"),
        *connection.read("SHOW DATABASES YIELD name, currentStatus RETURN name, currentStatus ORDER BY name"),
        *connection.read("MATCH (m:__KnowledgeBase__) RETURN properties(m) AS held"),
    ]


def test_every_good_query_is_answered_as_the_server_answers_it(asked):
    _, connection, _, _ = asked
    values = {"name": "Notes", "key": "name", "label": "Person"}
    for disguise, text in product(GOOD_DISGUISES, GOOD_BODIES):
        whole = disguise.format(text)
        rows = query(connection, whole, values)
        assert rows == connection.limited(whole, values, rows=1000, seconds=10), text
    for name in set(TEMPLATES) - {"similar"}:  # that one needs vectors, which this base has not
        query(connection, name, TEMPLATE_VALUES)


TEMPLATE_VALUES = {
    "name": "Notes", "id": "rel-0", "first": "Ada Lovelace", "second": "Notes", "words": "Ada", "limit": 3,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "UNWIND range(1, 10000000000) AS a RETURN sum(a)",
        "MATCH (a)-[*]-(b)-[*]-(c)-[*]-(d) RETURN count(*)",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a + b < 0 RETURN a",
        "RETURN reduce(s = 0, x IN range(1, 2000000000) | s + x)",
        "MATCH (a), (b), (c), (d), (e), (f), (g) WHERE a.name < g.name RETURN max(f.name)",
    ],
)
def test_a_query_that_does_not_end_is_ended(asked, text):
    _, connection, _, _ = asked
    started = time.monotonic()
    with pytest.raises(StoreError):
        query(connection, text, seconds=1.0)
    assert time.monotonic() - started < 30
    assert query(connection, "RETURN 1 AS one") == [{"one": 1}]


def test_no_more_rows_come_than_asked_for(asked):
    _, connection, _, _ = asked
    assert len(query(connection, "UNWIND range(1, 100000000) AS a RETURN a", rows=11)) == 11
    assert len(query(connection, "UNWIND range(1, 5000) AS a RETURN a")) == 1000
