"""What happens to a knowledge base in Neo4j when servers die, connections break and limits are met.

Small numbers by default. For the full ones::

    GRAPHRAG_NEO4J_KILLS=30 GRAPHRAG_NEO4J_CUTS=200 GRAPHRAG_NEO4J_COMMIT_CUTS=20 GRAPHRAG_NEO4J_AWAY=45 \\
    GRAPHRAG_NEO4J_ROUNDS=50 GRAPHRAG_NEO4J_CORPORA=20 GRAPHRAG_NEO4J_STRINGS=500 GRAPHRAG_NEO4J_TIMEOUT=1 \\
    pytest tests/graphrag/store/test_neo4j_faults.py
"""

import math
import os
import random
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from itertools import product

import pytest
from neo4j import Query, Session

from graphrag.datamodel import Document
from graphrag.documents import make_document
from graphrag.errors import GraphRAGError, Neo4jUnavailableError, StoreError
from graphrag.ids import document_id
from graphrag.llm.secret import Secret
from graphrag.merging import IngestedDocument
from graphrag.store import neo4j as neo4j_store
from graphrag.store import neo4j_write
from graphrag.store.ledger import Ledger
from graphrag.store.neo4j import Connection
from graphrag.store.neo4j import Neo4jServer as Place
from graphrag.store.neo4j_view import Neo4jView, pull
from graphrag.store.neo4j_write import push
from tests.conftest import Outcome
from tests.graphrag.store.making import Aka, Says, document
from tests.graphrag.store.test_neo4j import ledger_in, pushed_at_once, same
from tests.neo4j_server import CutProxy, Neo4jServer, need_neo4j, shared_server, wipe

pytestmark = pytest.mark.neo4j


def number(name: str, usual: int) -> int:
    return int(os.environ.get(f"GRAPHRAG_NEO4J_{name}", usual))


KILLS = number("KILLS", 2)
CUTS = number("CUTS", 10)
COMMIT_CUTS = number("COMMIT_CUTS", 5)
AWAY = number("AWAY", 3)
ROUNDS = number("ROUNDS", 2)
CORPORA = number("CORPORA", 3)
STRINGS = number("STRINGS", 60)
TIMEOUT = number("TIMEOUT", 10)  # seconds; a busy machine does not answer the simplest question in one


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """What waits for a server looks more often; how long it waits in all stays."""
    monkeypatch.setattr(neo4j_store, "_LONGEST_PAUSE", 0.5)


@pytest.fixture
def connection():
    with Connection(Place(shared_server().uri), wait_seconds=60) as connection:
        wipe(connection)
        yield connection


def people(count: int, *, first: int = 0) -> list[IngestedDocument]:
    """Documents that say who knows whom."""
    return [
        document(
            f"d{n}", [Says(f"Person {n} {m}", "PERSON", "KNOWS", f"Person {m}", "PERSON") for m in range(9)]
        )
        for n in range(first, first + count)
    ]


class Heard:
    """A `Progress` that remembers the stages, and how many rows were acknowledged."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.rows = 0

    def start(self, stage: str, total: int | None) -> None:
        self.stages.append(stage)

    def advance(self, count: int = 1) -> None:
        self.rows += count

    def finish(self) -> None: ...


def in_small_steps(monkeypatch, rows: int) -> None:
    monkeypatch.setattr(neo4j_write, "_ROWS", {"node": rows, "edge": rows})
    monkeypatch.setattr(neo4j_write, "_AT_ONCE", rows)


# The server dies


def test_a_load_survives_kills_of_the_server(tmp_path, monkeypatch):
    """Nothing is sent twice by the push that goes on, so what is equal at the end was not lost."""
    need_neo4j()
    in_small_steps(monkeypatch, 100)
    server = Neo4jServer(tmp_path / "home", settings={"dbms.security.auth_enabled": "true"}).start()
    chosen = random.Random(5)
    interrupted = 0
    try:
        server.set_password("test-pass-1")
        with ledger_in(tmp_path / "kg", *people(150)) as ledger:
            for _ in range(KILLS):
                place = Place(server.uri, password=Secret("test-pass-1"))
                with Connection(place, wait_seconds=600) as connection:
                    wipe(connection)
                    heard = Heard()
                    loading = threading.Thread(
                        target=push, args=(ledger, connection), kwargs={"progress": heard}
                    )
                    loading.start()
                    goal = chosen.randrange(1, 5000)
                    while heard.rows < goal and loading.is_alive():
                        time.sleep(0.005)
                    interrupted += loading.is_alive()
                    server.kill()
                    server.start()
                    loading.join()
                    assert same(ledger, connection)
        assert interrupted >= KILLS * 0.8
        server.stop()
        checked = server.admin("database", "check", "neo4j", f"--report-path={tmp_path}")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert not list(tmp_path.glob("*.report"))
    finally:
        server.kill()


@contextmanager
def failing_push(ledger, connection, heard, expected):
    """A push that is on its way when the block begins, and over when it is left; its error in a list."""
    failed: list[Exception] = []

    def load() -> None:
        try:
            push(ledger, connection, progress=heard)
        except expected as error:
            failed.append(error)

    loading = threading.Thread(target=load)
    loading.start()
    while heard.rows < 500 and loading.is_alive():
        time.sleep(0.005)
    yield failed
    loading.join()


def test_a_load_waits_for_a_server_that_is_away_and_says_so(tmp_path, monkeypatch):
    need_neo4j()
    in_small_steps(monkeypatch, 100)
    server = Neo4jServer(tmp_path / "home").start()
    try:
        with ledger_in(tmp_path / "kg", *people(60)) as ledger, Connection(Place(server.uri)) as there:
            there.schema("RETURN 1")
            heard = Heard()
            with Connection(Place(server.uri), progress=heard) as connection:
                loading = threading.Thread(target=push, args=(ledger, connection), kwargs={"progress": heard})
                loading.start()
                while heard.rows < 500 and loading.is_alive():
                    time.sleep(0.005)
                server.kill()
                time.sleep(AWAY)
                assert loading.is_alive()
                server.start()
                loading.join()
                assert "waiting for the Neo4j server" in heard.stages
                assert same(ledger, connection)
            # Given up: what was acknowledged stays, and the same command goes on from there.
            with Connection(Place(server.uri), wait_seconds=1) as impatient:
                ledger.apply(people(60, first=100))
                heard = Heard()
                with failing_push(ledger, impatient, heard, Neo4jUnavailableError) as failed:
                    server.kill()
                assert "run the same command again" in str(failed[0])
            server.start()
            with Connection(Place(server.uri), wait_seconds=60) as connection:
                with pytest.raises(StoreError, match="not finished"):
                    Neo4jView(connection)
                before = heard.rows
                report = push(ledger, connection)
                whole = sum(len(list(make())) for make in rows_of(ledger))
                assert sum(report.written.values()) <= whole - before
                assert same(ledger, connection)
    finally:
        server.kill()


def rows_of(ledger):
    from graphrag.store.neo4j_rows import edge_rows, node_rows

    return [*node_rows(ledger, None).values(), *edge_rows(ledger).values()]


def test_a_server_that_comes_back_empty_is_not_filled_by_half(tmp_path, monkeypatch):
    need_neo4j()
    in_small_steps(monkeypatch, 100)
    server = Neo4jServer(tmp_path / "home").start()
    try:
        with (
            ledger_in(tmp_path / "kg", *people(60)) as ledger,
            Connection(Place(server.uri), wait_seconds=600) as connection,
        ):
            with failing_push(ledger, connection, Heard(), StoreError) as failed:
                server.kill()
                shutil.rmtree(server.home / "data")
                server.start()
            assert "emptied" in str(failed[0])
            (found,) = connection.read("MATCH (n) RETURN count(n) AS nodes")
            assert found["nodes"] == 0
            push(ledger, connection)
            assert same(ledger, connection)
    finally:
        server.kill()


# The connection breaks


def test_a_connection_cut_after_any_number_of_bytes_loses_and_doubles_nothing(
    tmp_path, connection, monkeypatch
):
    in_small_steps(monkeypatch, 40)
    port = shared_server().bolt_port
    with ledger_in(tmp_path, *people(12)) as ledger:
        counting = CutProxy(port, after_bytes=1 << 60)
        with Connection(Place(counting.uri)) as through:
            push(ledger, through)
        whole = counting.sent
        counting.close()
        assert same(ledger, connection)
        for cut in range(CUTS):
            wipe(connection)
            proxy = CutProxy(port, after_bytes=max(300, whole * (2 * cut + 1) // (2 * CUTS)))
            try:
                with Connection(Place(proxy.uri), wait_seconds=60) as through:
                    push(ledger, through)
            except Neo4jUnavailableError:
                push(ledger, connection)  # it was cut while it was being made
            assert proxy.cuts == 1
            proxy.close()
            assert same(ledger, connection), cut


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_connection_cut_at_a_commit_is_resumed(tmp_path, connection, monkeypatch, at):
    in_small_steps(monkeypatch, 10)
    with ledger_in(tmp_path, *people(12)) as ledger:
        for commit in range(COMMIT_CUTS):
            wipe(connection)
            proxy = CutProxy(shared_server().bolt_port, at_commit=at, skip=commit + 1)
            with Connection(Place(proxy.uri), wait_seconds=60) as through:
                push(ledger, through)
            assert proxy.cuts == 1
            proxy.close()
            assert same(ledger, connection), commit


# The server refuses


def test_small_limits_of_memory_and_time_are_met(tmp_path):
    need_neo4j()
    settings = {"db.memory.transaction.max": "16m", "db.transaction.timeout": f"{TIMEOUT}s"}
    server = Neo4jServer(tmp_path / "home", settings=settings).start()
    try:
        with (
            ledger_in(tmp_path / "kg", *people(400)) as ledger,
            Connection(Place(server.uri)) as connection,
        ):
            report = push(ledger, connection)
            usual = sum(-(-count // 5000) for count in report.written.values())
            assert report.transactions > usual + 2  # batches that were too big or too slow were halved
            assert same(ledger, connection)
    finally:
        server.kill()


def test_what_the_server_ended_for_its_time_is_asked_again_even_by_those_who_do_not_wait(connection):
    """A server that has just started may need longer for its first plan than its limit allows."""
    endless = "UNWIND range(1, 1000000000) AS n RETURN count(n) AS found"
    queries = iter([Query(endless, timeout=0.05), Query("RETURN 1 AS found")])

    def work(session: Session) -> int:
        return int(session.run(next(queries)).single(strict=True)["found"])

    assert connection._persisted("READ", work, wait_seconds=0.0) == 1


def test_refusals_are_one_clear_line_and_the_same_command_goes_on_afterwards(tmp_path, run, monkeypatch):
    need_neo4j()
    home, kg = tmp_path / "home", tmp_path / "kg"
    settings = {"dbms.security.auth_enabled": "true", "dbms.security.auth_lock_time": "1s"}
    server = Neo4jServer(home, settings=settings).start()
    with ledger_in(kg, *people(20)):
        pass

    def tried(place: Place, words: str) -> None:
        with pytest.raises(Neo4jUnavailableError, match=words) as caught:
            Connection(place)
        assert "pass-1" not in str(caught.value)
        assert "\n" not in str(caught.value)

    def pushed(*options: str) -> Outcome:
        return run("neo4j", "push", kg, "--uri", server.uri, *options)

    try:
        with pytest.raises(RuntimeError, match="exited with"):
            Neo4jServer(home, settings=settings).start()
        tried(Place(server.uri, password=Secret("neo4j")), "wants neo4j's first password changed")
        server.set_password("test-pass-1")
        good, wrong = Secret("test-pass-1"), Secret("wrong-pass-1")
        tried(Place(server.uri), "does not accept the name neo4j")
        tried(Place(server.uri, user="nobody", password=good), "does not accept the name nobody")
        tried(Place(server.uri, password=good, database="nothere"), 'no database "nothere"')
        monkeypatch.setenv("NEO4J_PASSWORD", "wrong-pass-1")
        refused = pushed()
        assert (refused.code, refused.err.count("\n")) == (9, 1)
        assert "does not accept the name neo4j" in refused.err
        assert "pass-1" not in refused.err
        for _ in range(2):
            tried(Place(server.uri, password=wrong), "does not accept the name neo4j")
        tried(Place(server.uri, password=wrong), "after too many wrong passwords")
        time.sleep(1.5)
        monkeypatch.setenv("NEO4J_PASSWORD", "test-pass-1")
        assert pushed().code == 0
        server.stop()
        read_only = {**settings, "server.databases.default_to_read_only": "true"}
        server = Neo4jServer(home, settings=read_only).start()
        assert pushed("--json").json["written"] == {}
        with Ledger.open(kg, write=True) as ledger:
            ledger.apply(people(20, first=100))
        refused = pushed()
        assert refused.code == 9
        assert "read-only, so nothing can be written" in refused.err.splitlines()[-1]
        server.stop()
        server = Neo4jServer(home, settings=settings).start()
        assert pushed().code == 0
        assert run("neo4j", "verify", kg, "--uri", server.uri).code == 0
    finally:
        server.kill()


def test_a_server_whose_disk_is_full_stops_the_load_and_it_goes_on_after(tmp_path):
    need_neo4j()
    home = tmp_path / "home"
    data = home / "data"
    data.mkdir(parents=True)
    own = ["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", str(data)]
    if os.geteuid() != 0 or subprocess.run(own, capture_output=True).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    server = Neo4jServer(home, settings={"db.tx_log.preallocate": "false"})
    try:
        server.start()
        with ledger_in(tmp_path / "kg", *people(200)) as ledger:
            with Connection(Place(server.uri), wait_seconds=5) as connection:
                push(ledger, connection)
                with (data / "other").open("wb") as other:
                    os.posix_fallocate(other.fileno(), 0, shutil.disk_usage(data).free - 1_000_000)
                ledger.apply(people(200, first=1000))
                with pytest.raises(GraphRAGError) as caught:
                    push(ledger, connection)
                assert "\n" not in str(caught.value)
            server.kill()
            (data / "other").unlink()
            server.start()
            with Connection(Place(server.uri), wait_seconds=60) as connection:
                push(ledger, connection)
                assert same(ledger, connection)
    finally:
        server.kill()
        subprocess.run(["umount", str(data)], check=False)


# Many at once


def test_eight_pushers_at_once_double_and_lose_nothing(tmp_path, connection):
    chosen = random.Random(7)

    def some(key: str, count: int) -> IngestedDocument:
        names = [f"Person {chosen.randrange(1000)}" for _ in range(2 * count)]
        pairs = zip(names[::2], names[1::2], strict=True)
        return document(key, [Says(a, "PERSON", f"MET_{chosen.randrange(5)}", b, "PERSON") for a, b in pairs])

    with ledger_in(tmp_path / "kg", *(some(f"d{n}", 50) for n in range(105))) as ledger:
        assert ledger.counts()["entities"] >= 990
        assert ledger.counts()["relations"] >= 5000
    for turn in range(ROUNDS):
        if turn % 2:
            wipe(connection)  # all eight start from nothing; else, from what is there
        with Ledger.open(tmp_path / "kg", write=True) as ledger:
            ledger.apply([some(f"d{turn % 105}", 50)])
        outcomes = pushed_at_once(8, tmp_path / "kg", connection.server)
        assert "pushed" in outcomes
        assert all(outcome == "pushed" or "somebody else" in outcome for outcome in outcomes), outcomes
        with Ledger.open(tmp_path / "kg") as ledger:
            assert same(ledger, connection), turn


# Odd values and hostile texts


VALUES = [
    None,
    True,
    0,
    -1,
    2**63 - 1,
    -(2**63),
    2**63,
    2**70,
    -(2**70),
    0.5,
    1e308,
    5e-324,
    -0.0,
    "",
    "a\nb",
    "k" * 9_000,
    "t" * 40_000,
    ("w " * 20_000).strip(),
    [],
    {},
    [1, "two", None],
    [None],
    [[1, 2], [3]],
    {"a": {"b": {"c": [1]}}},
    [{"a": 1}, {"a": "x"}],
    [0.0] * 4097,
    [0.0] * 384,
    [True, 1, 1.0],
    {"": 1},
    {"a.b`c": "x"},
]


def test_thirty_odd_values_come_back_or_are_refused_by_name(tmp_path, connection):
    assert len(VALUES) == 30
    documents = []
    for place, value in enumerate(VALUES):
        metadata = {"value": value, "usual": place}
        key = f"k{place}" if place % 2 else f"{'k' * 9_000}{place}"
        made = Document(document_id(key, "T", "text", metadata), key, "text", "T", "s", metadata)
        documents.append(IngestedDocument(made, (), (), ()))
    long = [
        Says("N" * 9_000, "PERSON", "SAW", "B" * 40_000, "X" * 9_000),
        Says("Ada", "PERSON", "R" * 9_000, "Box", "W"),
    ]
    with ledger_in(tmp_path / "kg", *documents, document("long", long, title="L" * 40_000)) as ledger:
        push(ledger, connection)
        assert same(ledger, connection)
        found = {d.metadata.get("usual"): d.metadata.get("value") for d in Neo4jView(connection).documents()}
        assert [found[place] for place in range(30)] == VALUES
        with pull(connection, tmp_path / "pulled") as pulled:
            assert pulled.fingerprint() == ledger.fingerprint()


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1: "a"}, {"a": {1, 2}}])
def test_what_no_store_can_hold_is_refused_by_name(value):
    try:
        made = make_document("text", key="k", metadata={"value": value})
    except GraphRAGError as error:
        assert '"k"' in str(error)
    else:
        assert made.metadata["value"] != value or value == {1: "a"}


@pytest.mark.parametrize("seed", range(CORPORA))
def test_a_corpus_goes_there_and_back_after_edits_and_removals(tmp_path, connection, seed):
    chosen = random.Random(1000 + seed)
    names = [
        f"{a} {b}"
        for a in ("Apple", "Box", "Ring", "M.", "Mark")
        for b in ("Inc.", "Twain", "GmbH", "Café", "李")
    ]

    def some(key: str) -> IngestedDocument:
        says = [
            Says(
                chosen.choice(names), chosen.choice(["PERSON", "ORG", None, "a b", "WORK"]),
                chosen.choice(["FOUNDED", "KNOWS", "was part of", "x`y"]), chosen.choice(names), "ORG",
                accepted=chosen.random() < 0.9,
            )
            for _ in range(chosen.randrange(1, 8))
        ]  # fmt: skip
        return document(key, [*says, Aka(chosen.choice(names), "A.I.")], title=chosen.choice(["", *names]))

    with ledger_in(tmp_path / "kg") as ledger:
        for turn in range(4):
            keys = [f"d{n}" for n in range(12)]
            chosen.shuffle(keys)
            gone = [key for key in keys[8:] if key in ledger.known()]
            ledger.apply([some(key) for key in keys[:8]], gone)
            report = push(ledger, connection)
            assert sum(report.written.values()) > 0
            assert same(ledger, connection)
            with pull(connection, tmp_path / f"pulled{turn}") as pulled:
                assert pulled.fingerprint() == ledger.fingerprint()
                if turn == 3:
                    wipe(connection)
                    sent = push(pulled, connection)
                    assert sum(sent.written.values()) == sum(len(list(make())) for make in rows_of(ledger))
                    assert same(ledger, connection)


PAYLOADS = [
    "`) DETACH DELETE n //",
    "``) DETACH DELETE n //",
    "\\u0060) DETACH DELETE n //",
    "\\\\u0060) DETACH DELETE n //",
    "A`]->() SET n.hacked = true //",
    "' OR 1=1 //",
    "\\' OR 1=1 //",
    '" OR 1=1 //',
    '\\"}) MATCH (n) DETACH DELETE n //',
    "x\nMATCH (n) DETACH DELETE n",
    "x\r\nMATCH (n) DETACH DELETE n",
    "})-[]-()",
    "}) RETURN 1 UNION MATCH (n) DETACH DELETE n //",
    "Ａ｀) ＤＥＴＡＣＨ ＤＥＬＥＴＥ n",
    "PERSON\n",
    "__Entity__",
    "__KnowledgeBase__",
    "kg; DROP CONSTRAINT kg_entity",
    "/* x */",
    "// x",
    "${n}",
    "$rows",
    "{{7*7}}",
    "row.id",
    "n:Person",
    ":Person",
    "a.b c-d",
    "Ring\u2028Two",
    "\u202eabc",
    "x\ty",
    "title:(a OR b)",
    "+a -b",
    "a~0.5",
    "[a TO b]",
    "*",
    "?",
    "a && b || !c",
    "\\",
    "\\\\",
    "AND",
    "NOT",
    '"',
    '""',
    "'",
    "''",
    "`",
    "``",
    "1",
    "0x1f",
    "null",
    "true",
    "NaN",
    "MATCH",
    "Ada'; CALL db.clearQueryCaches(); //",
]
AROUND = ["{}", "-- {}", "{} #", "x{}", "{}x", "a {} b", "`{}`", "'{}'", '"{}"', "){}(", "{}\\", "\\{}"]


def strings() -> list[str]:
    found = [around.format(payload).strip() for payload, around in product(PAYLOADS, AROUND)]
    found = sorted({text for text in found if any(letter.isalnum() for letter in text)})
    random.Random(1).shuffle(found)
    return found[:STRINGS]


def test_hostile_texts_are_stored_as_they_are_and_change_nothing_else(tmp_path, connection):
    connection.schema("CREATE (:Canary {name: 'alive', count: 1})-[:KEEPS]->(:Canary {name: 'second'})")
    texts = strings()
    assert len(texts) == STRINGS
    documents = [
        document(
            text,
            [Says(f"Ada {text} x", text, text, f"Box {text} y", text), Aka(f"Firm {text}", text)],
            title=text,
        )
        for text in texts
    ]
    with ledger_in(tmp_path, *documents) as ledger:
        push(ledger, connection, rejected=True)
        assert same(ledger, connection)
        view = Neo4jView(connection)
        for text in texts:
            assert view.entities_named(text) == ledger.entities_named(text)
            assert [d.key for d in view.find_documents(text)] == [d.key for d in ledger.find_documents(text)]
            assert [d.key for d in view.find_documents(text)][:1] == [text]
        rows = connection.read("MATCH (:__Entity__)-[r]->(:__Entity__) RETURN DISTINCT r.type AS type")
        assert {row["type"] for row in rows} == {relation.type for relation in ledger.relations()}
        (counted,) = connection.read("MATCH (d:__Document__) RETURN count(d) AS count")
        assert counted["count"] == len(texts)
        labels = connection.read("CALL db.labels() YIELD label RETURN label")
        assert all(row["label"].replace("_", "a").isalnum() and row["label"].isascii() for row in labels)
        for text in texts[:20]:
            with pytest.raises(GraphRAGError):
                Connection(Place(shared_server().uri, database=text))
    canaries = connection.read("MATCH (a:Canary)-[:KEEPS]->(b:Canary) RETURN properties(a) AS a, b.name AS b")
    assert canaries == [{"a": {"name": "alive", "count": 1}, "b": "second"}]
    hacked = connection.read("MATCH (n) WHERE n.hacked IS NOT NULL RETURN count(n) AS count")
    assert hacked == [{"count": 0}]


def test_the_exported_script_of_hostile_texts_runs_as_data(tmp_path, connection):
    from graphrag.engine import GraphRAG
    from pipelines.export import export

    texts = strings()
    documents = [
        document(text, [Says(f"Ada {text} x", text, text, f"Box {text} y", text)], title=text)
        for text in texts
    ]
    with ledger_in(tmp_path / "kg", *documents) as ledger:
        names = sorted(entity.name for entity in ledger.entities())
    with GraphRAG.open(tmp_path / "kg") as base:
        export(base, "cypher", tmp_path / "graph.cypher")
    connection.schema("CREATE (:Canary {name: 'alive'})")
    script = (tmp_path / "graph.cypher").read_text(encoding="utf-8")
    for statement in script.splitlines()[3:]:
        connection.schema(statement.removesuffix(";"))
    rows = connection.read("MATCH (e:__Entity__) RETURN e.name AS name ORDER BY name")
    assert sorted(row["name"] for row in rows) == names
    titles = connection.read("MATCH (d:Document) RETURN d.title AS title")
    assert sorted(row["title"] for row in titles) == sorted(texts)
    assert connection.read("MATCH (c:Canary) RETURN c.name AS name") == [{"name": "alive"}]
