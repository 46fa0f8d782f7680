"""A knowledge base in a real Neo4j is the one in the file, whatever happens on the way there."""

import random
import threading
import time
from pathlib import Path

import pytest

from graphrag.config import Config
from graphrag.datamodel import Community, Document, Finding, Report
from graphrag.errors import ConfigError, Neo4jUnavailableError, NotFoundError, StoreDamagedError, StoreError
from graphrag.ids import document_id
from graphrag.merging import IngestedDocument
from graphrag.registry import make_ontology
from graphrag.store import neo4j_write
from graphrag.store.ledger import Decision, Ledger
from graphrag.store.neo4j import Connection, is_neo4j
from graphrag.store.neo4j import Neo4jServer as Place
from graphrag.store.neo4j_view import Neo4jView, phrase, pull
from graphrag.store.neo4j_write import differences, push
from ontology import dump_ontology
from tests.graphrag.store.making import Aka, Broken, Says, document
from tests.neo4j_server import CutProxy, shared_server, wipe

pytestmark = pytest.mark.neo4j

NASTY = [
    "`) DETACH DELETE n //",
    "A`]->() SET n.hacked = true //",
    "\\u0060)-[]-() DETACH DELETE n //",
    "x' OR '1'='1",
    '"}) MATCH (n) DETACH DELETE n //',
    "Ａ｀ full-width",
    "PERSON\n",
    "__Entity__",
    "kg; DROP CONSTRAINT kg_entity",
    "a.b c-d",
]


@pytest.fixture
def connection():
    with Connection(Place(shared_server().uri), wait_seconds=60) as connection:
        wipe(connection)
        yield connection


def ledger_in(folder: Path, *documents: IngestedDocument, ontology: str = "") -> Ledger:
    ledger = Ledger.create(folder, settings={"a": 1}, ontology=ontology, extractor="x")
    ledger.apply(documents)
    return ledger


def few_documents() -> list[IngestedDocument]:
    return [
        document(
            "one",
            [
                Says("Ada Lovelace", "PERSON", "WROTE", "Notes", "WORK"),
                Says("Ada Lovelace", "PERSON", "BORN_ON", "1815", "DATE", literal=True),
                Says("Ada Lovelace", "PERSON", "ATE", "Notes", "WORK", accepted=False),
                Broken("Nothing could be read here."),
            ],
            title="Ada Lovelace",
        ),
        document("two", [Aka("International Box Makers", "IBM", "acronym", "ORG"), "No statement at all."]),
        document(
            "three", [Says("IBM", "ORG", "MADE", "Box", "PRODUCT"), Says("Ada", "PERSON", "SAW", "Box", None)]
        ),
    ]


def with_communities(ledger: Ledger) -> Ledger:
    """Two levels over the first entities, with a report that cites a relation."""
    ids = [entity.id for entity in ledger.entities() if not entity.literal]
    relation = next(iter(ledger.relations()))
    finding = Finding("A finding.", 1.5, (relation.id,), relation.evidence)
    ledger.set_communities(
        [
            Community("com-a", 0, "com-c", tuple(ids[:2])),
            Community("com-b", 0, "com-c", tuple(ids[2:3])),
            Community("com-c", 1, None, tuple(ids)),
        ],
        [Report("com-a", "A title", "A summary.", (finding,), "basis")],
    )
    return ledger


def same(ledger: Ledger, connection: Connection) -> bool:
    return list(differences(ledger, connection)) == [] and (
        Neo4jView(connection).fingerprint() == ledger.fingerprint()
    )


# The same graph


def test_every_stream_and_look_up_reads_as_in_the_file(tmp_path, connection):
    with with_communities(ledger_in(tmp_path, *few_documents())) as ledger:
        push(ledger, connection)
        view = Neo4jView(connection)
        for name in (
            "documents", "chunks", "entities", "relations", "names", "mentions", "subjects", "communities",
            "quarantine", "failures", "extractions",
        ):  # fmt: skip
            assert list(getattr(view, name)()) == list(getattr(ledger, name)()), name
        for name in ("known", "fresh", "counts", "rejections", "reported", "decisions"):
            assert getattr(view, name)() == getattr(ledger, name)(), name
        for kind in ("documents", "chunks", "entities", "relations"):
            ids = [item.id for item in getattr(ledger, kind)()][::-1]
            assert getattr(view, f"{kind}_by_id")(ids) == getattr(ledger, f"{kind}_by_id")(ids)
            with pytest.raises(NotFoundError, match="no-such"):
                getattr(view, f"{kind}_by_id")([*ids, "no-such"])
        for normal in ["ada lovelace", "ibm", "international box makers", "nobody", "", '"*:~']:
            assert view.entities_named(normal) == ledger.entities_named(normal), normal
        for entity in ledger.entities():
            assert view.relations_of(entity.id) == ledger.relations_of(entity.id)
        chunks = [chunk.id for chunk in ledger.chunks()][:3]
        ids = [*(relation.id for relation in ledger.relations()), "no-such"]
        assert view.relations_within(ids, chunks) == ledger.relations_within(ids, chunks)
        assert view.mentions_in(chunks) == [row for row in ledger.mentions() if row[0] in chunks]
        assert view.reports_by_id(["com-a"]) == ledger.reports_by_id(["com-a"])
        assert view.find_documents("Ada Lovelace") == ledger.find_documents("Ada Lovelace")
        assert view.commit == ledger.commit
        assert view.verify() == []


def test_pushing_again_writes_nothing_and_pulling_gives_the_same_base(tmp_path, connection):
    with with_communities(ledger_in(tmp_path / "kg", *few_documents())) as ledger:
        ledger.decide([Decision("split", "ada", "", "ada lovelace", "")], require_names=False)
        with_communities(ledger)
        first = push(ledger, connection, rejected=True)
        assert first.written["relations"] == ledger.counts()["relations"]
        assert first.written["rejected triples"] == 1
        assert push(ledger, connection, rejected=True).changes == 0
        assert push(ledger, connection, rejected=True, full=True).changes == 0
        with pull(connection, tmp_path / "pulled") as pulled:
            assert list(pulled.export()) == list(ledger.export())
            assert pulled.verify() == []
            assert push(pulled, connection, rejected=True, full=True).changes == 0


def test_nodes_carry_real_labels_and_lead_to_their_source_in_one_step(tmp_path, connection):
    schema = dump_ontology(make_ontology(Config()))
    says = [Says("Ada Lovelace", "PERSON", "WORKS_FOR", "Box Company", "ORG")]
    with ledger_in(tmp_path, document("one", says, title="Ada"), ontology=schema) as ledger:
        push(ledger, connection)
        (row,) = connection.read(
            "MATCH (p:Person:Agent)-[r:WORKS_FOR]->(c:Organization:Agent) "
            "MATCH (p)-[m:MENTIONED_IN]->(k:Chunk)-[:PART_OF]->(d:Document) "
            "RETURN r.evidence AS evidence, substring(d.text, m.starts[0], m.ends[0] - m.starts[0]) AS words"
        )
        assert row == {"evidence": ["Ada Lovelace works for Box Company."], "words": "Ada Lovelace"}
        assert same(ledger, connection)


@pytest.mark.parametrize("seed", range(3))
def test_edits_and_removals_arrive_exactly(tmp_path, connection, seed):
    rng = random.Random(seed)
    names = ["Apple", "Apple Inc.", "IBM", "Mark Twain", "M. Twain", "AMA", "Ring"]
    types = ["PERSON", "ORG", None, "WORK"]

    def some(key: str) -> IngestedDocument:
        items: list[Says | Aka | str] = [
            Says(
                rng.choice(names),
                rng.choice(types),
                rng.choice(["FOUNDED", "KNOWS"]),
                rng.choice(names),
                "ORG",
            )
            for _ in range(rng.randrange(1, 5))
        ]
        return document(
            key, [*items, Aka(rng.choice(names), rng.choice(names))], title=rng.choice(["", *names])
        )

    with ledger_in(tmp_path / "kg") as ledger:
        for _ in range(4):
            keys = [f"d{number}" for number in range(5)]
            rng.shuffle(keys)
            gone = [key for key in keys[3:] if key in ledger.known()]
            ledger.apply([some(key) for key in keys[:3]], gone)
            push(ledger, connection)
            assert same(ledger, connection)
        with pull(connection, tmp_path / "pulled") as pulled:
            assert pulled.fingerprint() == ledger.fingerprint()


def test_an_empty_base_can_be_pushed_and_pulled(tmp_path, connection):
    with ledger_in(tmp_path / "kg") as ledger:
        push(ledger, connection)
        with pull(connection, tmp_path / "pulled") as pulled:
            assert list(pulled.export()) == []


# Other people's changes


def test_what_others_keep_in_the_database_stays(tmp_path, connection):
    connection.schema("CREATE (:Mine {id: 'ent-mine', name: 'canary'})-[:OWNS]->(:Mine {name: 'second'})")
    with ledger_in(tmp_path, *few_documents()) as ledger:
        push(ledger, connection)
        connection.schema(
            "MATCH (e:__Entity__ {name: 'Notes'}), (m:Mine {name: 'canary'}) "
            "SET e:Favourite, e.my_score = 0.5 MERGE (m)-[:LIKES]->(e) MERGE (e)-[:MY_OWN]->(e)"
        )
        ledger.apply([document("four", [Says("Zoe", "PERSON", "READ", "Notes", "WORK")])])
        push(ledger, connection, full=True)
        assert same(ledger, connection)
        (kept,) = connection.read(
            "MATCH (m:Mine)-[:LIKES]->(e:Favourite)-[:MY_OWN]->(e) RETURN e.my_score AS score, m.name AS name"
        )
        assert kept == {"score": 0.5, "name": "canary"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("MATCH (e:__Entity__ {name: 'Notes'}) SET e.name = 'Nots'", "entities: 1 different"),
        ("MATCH (d:__Document__ {key: 'one'}) SET d.text = d.text + '!'", "documents: 1 different"),
        ("MATCH (e:__Entity__ {name: 'Notes'}) DETACH DELETE e", "entities: 1 missing"),
        ("MATCH ()-[r:WROTE]->() SET r.weight = 9.0", "relations: 1 different"),
        ("MATCH ()-[r:WROTE]->() DELETE r", "relations: 1 missing"),
        ("MATCH (a)-[r:WROTE]->(b) CREATE (a)-[s:WROTE]->(b) SET s = properties(r)", "are there twice"),
        ("MATCH ()-[r:MENTIONED_IN]->() WITH r LIMIT 1 DELETE r", "mentions: 1 missing"),
        ("CREATE (:__Entity__ {id: 'ent-0', name: 'x'})", "entities: 1 too many"),
        ("MATCH (s:__Source__) WITH s LIMIT 1 SET s.raw = null", "sources: 1 different"),
    ],
)
def test_a_change_by_hand_is_found_and_put_right(tmp_path, connection, change, words):
    with ledger_in(tmp_path, *few_documents()) as ledger:
        push(ledger, connection)
        connection.schema(change)
        assert any(words in problem for problem in differences(ledger, connection))
        push(ledger, connection, full=True)
        assert same(ledger, connection)


def test_a_graph_changed_by_hand_is_not_pulled_as_if_it_were_not(tmp_path, connection):
    with ledger_in(tmp_path / "kg", *few_documents()) as ledger:
        push(ledger, connection)
    connection.schema("MATCH (d:__Document__ {key: 'two'}) SET d.source = 'elsewhere'")
    with pytest.raises(StoreDamagedError, match=r"changed by hand, or .* graphrag rebuild"):
        pull(connection, tmp_path / "pulled")


def test_an_edge_whose_end_is_missing_is_an_error_not_silence(tmp_path, connection, monkeypatch):
    original = neo4j_write._send

    def meddled(transaction, batch, rows):
        if batch.kind == "relations":
            transaction.run("MATCH (e:__Entity__ {name: 'Notes'}) DETACH DELETE e")
        return original(transaction, batch, rows)

    monkeypatch.setattr(neo4j_write, "_send", meddled)
    with ledger_in(tmp_path, *few_documents()) as ledger:
        with pytest.raises(StoreError, match="relations were sent and"):
            push(ledger, connection)
        monkeypatch.undo()
        push(ledger, connection, full=True)
        assert same(ledger, connection)


def pushed_at_once(count, folder, server):
    """What became of pushes of one knowledge base, begun at the same time: "pushed", or the error's words."""
    outcomes: list[str] = []

    def work() -> None:
        with Ledger.open(folder) as mine, Connection(server) as own:
            try:
                push(mine, own)
                outcomes.append("pushed")
            except StoreError as error:
                outcomes.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_pushing_at_the_same_time_doubles_nothing(tmp_path, connection):
    with ledger_in(tmp_path / "kg", *few_documents()) as ledger:
        push(ledger, connection)
        ledger.apply([document("four", [Says("Zoe", "PERSON", "READ", "Notes", "WORK")])])
    outcomes = pushed_at_once(6, tmp_path / "kg", connection.server)
    assert "pushed" in outcomes
    assert all(outcome == "pushed" or "somebody else" in outcome for outcome in outcomes)
    with Ledger.open(tmp_path / "kg") as ledger:
        assert same(ledger, connection)


# Whatever texts hold


def test_no_text_becomes_part_of_a_query(tmp_path, connection):
    connection.schema("CREATE (:Canary {name: 'alive'})")
    items = [Says(f"Ada {name.strip()} x", name, name, f"Box {name.strip()} y", name) for name in NASTY]
    with ledger_in(
        tmp_path, *[document(name, [item], title=name) for name, item in zip(NASTY, items, strict=True)]
    ) as ledger:
        push(ledger, connection)
        assert same(ledger, connection)
        view = Neo4jView(connection)
        for name in NASTY:
            assert view.entities_named(name) == ledger.entities_named(name)
            assert [d.key for d in view.find_documents(name)] == [name]
        stored = {
            row["type"]
            for row in connection.read("MATCH (:__Entity__)-[r]->(:__Entity__) RETURN r.type AS type")
        }
        assert stored == set(NASTY)
    assert connection.read("MATCH (c:Canary) RETURN c.name AS name") == [{"name": "alive"}]


def test_no_name_found_in_the_database_becomes_part_of_a_query(tmp_path, connection):
    with ledger_in(tmp_path, *few_documents()) as ledger:
        push(ledger, connection)
        connection.schema(
            "MATCH (m:__KnowledgeBase__), (a:__Entity__), (b:__Entity__) WITH m, a, b LIMIT 1 "
            "SET m.labels = ['X SET n.hacked = true //'] "
            "CREATE (a)-[:`A {id: row.id}]->(b) DETACH DELETE b //` {id: 'rel-0'}]->(b)"
        )
        push(ledger, connection, full=True)
        assert same(ledger, connection)
        hacked = connection.read("MATCH (n) WHERE n.hacked IS NOT NULL RETURN count(*) AS count")
        assert hacked == [{"count": 0}]


def test_values_that_neo4j_has_no_type_for_come_back(tmp_path, connection):
    metadata = {"deep": {"a": [1, "two", None, {"b": 2.5}]}, "big": 2**70, "none": None, "list": [1, "a"]}
    text = "Long " * 10_000 + "end."
    made = Document(document_id("k", "T", text, metadata), "k", text, "T", "s", metadata)
    item = IngestedDocument(made, (), (), ())
    long_name = "Ada " + "x" * 9_000
    with ledger_in(
        tmp_path, item, document("n", [Says(long_name, "PERSON", "SAW", "Box " + "y" * 40_000, None)])
    ) as ledger:
        push(ledger, connection)
        assert same(ledger, connection)
        view = Neo4jView(connection)
        assert view.documents_by_id([made.id])[0].metadata == metadata
        for name in {normal for normal, _ in ledger.names()}:
            assert view.entities_named(name) == ledger.entities_named(name)


def test_a_lucene_phrase_ends_where_it_should():
    assert phrase('a "b" \\ c') == '"a \\"b\\" \\\\ c"'


# Whatever happens to the connection


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_connection_cut_at_the_commit_of_all_at_once_loses_and_doubles_nothing(tmp_path, connection, at):
    proxy = CutProxy(shared_server().bolt_port, at_commit=at)
    with ledger_in(tmp_path, *few_documents()) as ledger:
        with Connection(Place(proxy.uri), wait_seconds=60) as cut:
            assert push(ledger, cut).transactions == 1
        assert proxy.cuts == 1
        assert same(ledger, connection)
    proxy.close()


@pytest.mark.parametrize("kilobytes", [4, 7, 12, 19])
def test_a_connection_cut_anywhere_loses_and_doubles_nothing(tmp_path, connection, kilobytes):
    documents = [
        document(f"d{n}", [Says(f"Person {n}", "PERSON", "KNOWS", f"Person {n + 1}", "PERSON")])
        for n in range(40)
    ]
    with ledger_in(tmp_path, *documents) as ledger:
        proxy = CutProxy(shared_server().bolt_port, after_bytes=kilobytes * 1024)
        try:
            with Connection(Place(proxy.uri), wait_seconds=60) as cut:
                push(ledger, cut)
        except Neo4jUnavailableError:
            push(ledger, connection)
        assert proxy.cuts == 1
        assert same(ledger, connection)
        proxy.close()


def test_a_push_of_somebody_else_is_taken_over_or_gives_way(tmp_path, connection):
    connection.schema("CREATE (:__KnowledgeBase__ {id: 'kg', run: 'another', complete: false})")
    with ledger_in(tmp_path, *few_documents()) as ledger:
        push(ledger, connection)
        assert same(ledger, connection)
        ledger.apply([], ["one"])
        with pytest.raises(StoreError, match="changed by somebody else"):
            push(ledger, connection, expected="another fingerprint")


@pytest.mark.parametrize(
    "query", ["MATCH (n) DETACH DELETE n", "MATCH (m:__KnowledgeBase__) SET m.run = 'x'"]
)
def test_a_database_emptied_or_taken_during_a_load_is_not_filled_by_half(
    tmp_path, connection, monkeypatch, query
):
    original = neo4j_write._send
    sent = []

    def meddled(transaction, batch, rows):
        sent.append(batch)
        count = original(transaction, batch, rows)
        if len(sent) == 3:
            # Once this transaction is over: the manifest node is locked while it goes on.
            threading.Timer(0.2, connection.schema, [query]).start()
            time.sleep(0.4)
        return count

    monkeypatch.setattr(neo4j_write, "_AT_ONCE", 10)
    monkeypatch.setattr(neo4j_write, "_send", meddled)
    with ledger_in(tmp_path, *few_documents()) as ledger:
        with pytest.raises(StoreError, match="emptied, or somebody else"):
            push(ledger, connection)
        monkeypatch.undo()
        push(ledger, connection)
        assert same(ledger, connection)


# Addresses


@pytest.mark.parametrize("uri", ["bolt://neo4j:secret@host:7687", "neo4j+s://me@host"])
def test_an_address_with_a_password_is_refused_without_repeating_it(uri):
    with pytest.raises(ConfigError, match="NEO4J_PASSWORD") as caught:
        Place(uri)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("uri", ["http://host:7474", "bolt://", "bolt://host:7687/db", "bolt://host?x=1"])
def test_other_addresses_are_refused(uri):
    with pytest.raises(ConfigError):
        Place(uri)


def test_a_server_that_is_away_is_one_clear_line():
    with pytest.raises(Neo4jUnavailableError, match="cannot be reached"):
        Connection(Place("bolt://127.0.0.1:9"))


def test_a_server_that_is_too_old_is_one_clear_line(connection, monkeypatch):
    monkeypatch.setattr("graphrag.store.neo4j._OLDEST", (99, 0))
    with pytest.raises(Neo4jUnavailableError, match=r"runs Neo4j 5\.26\.\d+; 5\.26 or newer is needed"):
        Connection(connection.server)


def test_places_and_addresses_are_told_from_folders():
    assert is_neo4j("bolt://host:7687")
    assert is_neo4j("neo4j+s://host")
    assert is_neo4j(Place("bolt://host"))
    assert not is_neo4j("neo4j")
    assert not is_neo4j(Path("bolt"))


def test_a_base_that_is_not_there_or_not_finished_is_not_read(tmp_path, connection):
    with pytest.raises(NotFoundError, match="graphrag neo4j push"):
        Neo4jView(connection)
    connection.schema("CREATE (:__KnowledgeBase__ {id: 'kg', complete: false})")
    with pytest.raises(StoreError, match="not finished"):
        Neo4jView(connection)
