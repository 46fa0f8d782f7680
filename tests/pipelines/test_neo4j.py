"""Neo4j from the command line, and what people look at in Neo4j Browser."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from graphrag.config import Config
from graphrag.context import passage_text
from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError, DataError, StoreError
from graphrag.llm.secret import Secret
from graphrag.registry import make_ontology
from graphrag.store.neo4j import Connection
from graphrag.store.neo4j import Neo4jServer as Place
from graphrag.store.neo4j_query import TEMPLATES
from graphrag.testing.server import ScriptedServer
from pipelines.knowledge import neo4j_at, place_of
from pipelines.neo4j import deep_link, entity_link, guide, push_to, saved_queries, style
from tests.neo4j_server import shared_server, wipe

BROWSER = "http://localhost:7474/browser/"
QUESTION = "Who founded Acme Robotics?"


@pytest.fixture
def uri(tmp_path, monkeypatch):
    server = shared_server()
    monkeypatch.setenv("GRAPHRAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    with Connection(Place(server.uri)) as connection:
        wipe(connection)
    return server.uri


@pytest.mark.neo4j
def test_push_verify_pull_and_browse(run, demo_kg, tmp_path, uri):
    first = run("neo4j", "push", demo_kg, "--uri", uri, "--json")
    assert first.code == 0, first.err
    assert first.json["written"]["relations"] > 100
    assert run("neo4j", "push", demo_kg, "--uri", uri, "--json").json["written"] == {}
    assert run("neo4j", "verify", demo_kg, "--uri", uri).out == "ok: the same graph\n"
    assert run("verify", uri).code == 0
    pulled = run("neo4j", "pull", "--uri", uri, "--out", tmp_path / "pulled")
    assert first.json["fingerprint"] in pulled.out
    assert run("neo4j", "pull", "--uri", uri, "--out", tmp_path / "pulled").code == 2
    browsed = run("neo4j", "browse", "--uri", uri, "--out", tmp_path / "inspect")
    assert (tmp_path / "inspect" / "graph.grass").exists()
    assert browsed.out.count("?dbms=bolt") == len(saved_queries())
    assert "ent-" in run("neo4j", "browse", "--uri", uri, "--entity", "Tim Cook").out
    assert run("neo4j", "browse", "--uri", uri, "--entity", "Nobody At All").code == 2


@pytest.mark.neo4j
def test_verify_tells_a_difference_by_its_exit_code(run, demo_kg, uri):
    push_to(demo_kg, Place(uri))
    with Connection(Place(uri)) as connection:
        connection.schema("MATCH (e:Person) WITH e ORDER BY e.id LIMIT 1 SET e.name = 'Somebody'")
        outcome = run("neo4j", "verify", demo_kg, "--uri", uri)
        assert outcome.code == 4
        assert "entities: 1 different" in outcome.err
        assert run("neo4j", "push", demo_kg, "--uri", uri, "--full").code == 0
        assert run("neo4j", "verify", demo_kg, "--uri", uri).code == 0


@pytest.mark.neo4j
def test_a_base_built_into_neo4j_is_the_one_built_into_a_folder(run, corpus, tmp_path, uri):
    folder = tmp_path / "kg"
    for kg in (folder, uri):
        outcome = run("build", corpus, "--out", kg)
        assert outcome.code == 0, outcome.err
    stats = [run("inspect", kg, "stats", "--json").json for kg in (folder, uri)]
    assert stats[0]["fingerprint"] == stats[1]["fingerprint"]
    found = [run("search", kg, QUESTION, "--json") for kg in (folder, uri)]
    assert found[0].json == found[1].json
    (corpus / "ada.md").write_text("# Ada Smith\n\nAda Smith was born in Lisbon.")
    for kg in (folder, uri):
        assert run("build", corpus, "--out", kg).code == 0
        assert run("remove", kg, "porto.html").code == 0
    stats = [run("inspect", kg, "stats", "--json").json for kg in (folder, uri)]
    assert stats[0]["fingerprint"] == stats[1]["fingerprint"]
    assert run("neo4j", "verify", folder, "--uri", uri).code == 0


@pytest.mark.neo4j
def test_searching_and_asking_in_neo4j_is_searching_and_asking_in_the_file(demo_kg, tmp_path, uri):
    push_to(demo_kg, Place(uri))
    questions = ["Who is the CEO of the company that invented the iPhone?", "Where was Marie Curie born?"]
    with GraphRAG.open(demo_kg) as here, GraphRAG.open(Place(uri, cache=tmp_path / "other")) as there:
        for question in questions:
            for mode in ("hybrid", "local", "global", "passages"):
                assert there.search(question, mode=mode, k=8) == here.search(question, mode=mode, k=8)
            assert there.ask(question) == here.ask(question)
        with pytest.raises(ConfigError, match="graphrag neo4j push"):
            here.cypher("RETURN 1")


@pytest.mark.neo4j
def test_an_answer_from_neo4j_says_where_to_look_at_what_it_names(run, demo_kg, uri, monkeypatch):
    push_to(demo_kg, Place(uri))
    monkeypatch.setenv("NEO4J_HTTP", "http://127.0.0.1:17474")
    for command in ("ask", "search"):
        said = run(command, uri, "Who is the CEO of the company that invented the iPhone?").out
        (line,) = [line for line in said.splitlines() if line.startswith("  Tim Cook  ")]
        assert "http://127.0.0.1:17474/browser/?dbms=bolt" in line
        with GraphRAG.open(Place(uri)) as base:
            assert base.entity("Tim Cook").id in line
    assert "Neo4j Browser" not in run("ask", demo_kg, "Who is the CEO of Apple?").out


@pytest.mark.neo4j
def test_a_writer_that_was_overtaken_starts_from_what_is_there(demo_kg, corpus, tmp_path, uri):
    here, there = Place(uri, cache=tmp_path / "here"), Place(uri, cache=tmp_path / "there")
    with GraphRAG.build(corpus, here) as base:
        first = base.stats()["fingerprint"]
    with GraphRAG.open(there, write=True) as base:
        assert base.stats()["fingerprint"] == first
        base.remove("lyon.txt")
    base = GraphRAG.open(here, write=True)
    assert "lyon.txt" not in base.view.known()
    base.remove("porto.html")
    with GraphRAG.open(there, write=True) as other:
        other.remove("ada.md")
    with pytest.raises(StoreError, match="somebody else"):
        base.refresh()
    base.close()
    with GraphRAG.open(here, write=True) as again:
        assert "ada.md" not in again.view.known()
        assert "porto.html" in again.view.known()


@pytest.mark.neo4j
def test_saved_queries_and_templates_run_and_only_read(demo_kg, uri):
    push_to(demo_kg, Place(uri), rejected=True)
    with GraphRAG.open(Place(uri)) as base:
        for name, text in saved_queries().items():
            rows = base.cypher(text)
            assert (rows == []) == (name == "08_unsupported.cypher"), name
        found = base.cypher("neighbours", name="Apple")
        assert "Apple" in (found[0]["subject"], found[0]["object"])
        (evidence, *_) = base.cypher("evidence", id=found[0]["id"])
        document = next(d for d in base.view.documents() if d.key == evidence["document"])
        assert document.text[evidence["start"] : evidence["end"]] == evidence["quote"]
        assert base.cypher("path", first="Tim Cook", second="iPhone")[0]["names"][0] == "Tim Cook"
        assert len(base.cypher("passages", words="telephone", limit=2)) <= 2
        assert len(base.cypher("MATCH (n) RETURN n.id", rows=7)) == 7
        assert set(TEMPLATES) == {"neighbours", "evidence", "path", "passages", "similar"}


@pytest.mark.neo4j
def test_cypher_that_does_more_than_read_the_graph_is_refused(demo_kg, uri):
    with Connection(Place(uri)) as connection:
        connection.schema("CREATE (:Canary {name: 'alive'})")
    push_to(demo_kg, Place(uri))
    bad = [
        "CREATE (n)", "MATCH (n) DETACH DELETE n", "MATCH (n) SET n.x = 1", "MATCH (n) REMOVE n:Person",
        "MERGE (n:X) RETURN n", "FOREACH (i IN [1] | CREATE ())",
        "MATCH (n) CALL (n) { SET n.x = 1 } RETURN n",
        "MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS", "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l",
        "LOAD CSV FROM 'http://127.0.0.1:1/' AS l RETURN l", "CALL dbms.components()", "CALL db.labels()",
        "CALL apoc.load.json('http://127.0.0.1:1/')", "SHOW DATABASES", "SHOW TRANSACTIONS",
        "PROFILE MATCH (n) RETURN n", "CREATE INDEX FOR (n:X) ON n.y", "DROP CONSTRAINT kg_entity",
        "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'", "TERMINATE TRANSACTIONS 'x'",
        "RETURN 1; MATCH (n) DETACH DELETE n", "/* */ CREATE (n)", "// x\nCREATE (n)", "ＣＲＥＡＴＥ (n)",
        "CALL db.index.fulltext.drop('kg_text')", "CALL db.index.fulltext.queryNodesX('a', 'b')", "",
        "CALL tx.setMetaData({a: 1})", "CALL db.createLabel('X')", "CALL dbms.killQueries(['x'])",
    ]  # fmt: skip
    with GraphRAG.open(Place(uri)) as base:
        for text in bad:
            with pytest.raises(DataError):
                base.cypher(text)
        with pytest.raises(StoreError, match="time limit"):
            base.cypher("UNWIND range(1, 1000000000) AS a RETURN sum(a)", seconds=0.5)
        assert base.cypher("MATCH (c:Canary) RETURN c.name AS name") == [{"name": "alive"}]
        assert base.view.verify() == []


# Without a server


def test_a_server_that_is_away_and_a_password_in_an_address_have_their_exit_codes(run, tmp_path):
    away = run("search", "bolt://127.0.0.1:9", "a question")
    assert (away.code, away.err.count("\n")) == (9, 1)
    assert "cannot be reached" in away.err
    leaky = run("search", "bolt://neo4j:hunter2@127.0.0.1:9", "a question")
    assert leaky.code == 2
    assert "hunter2" not in leaky.out + leaky.err
    assert run("neo4j", "pull", "--uri", "http://x", "--out", tmp_path / "kg").code == 2
    assert not (tmp_path / "kg").exists()


def test_the_password_comes_from_the_environment_or_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("NEO4J_PASSWORD", "from-environment")
    monkeypatch.setenv("NEO4J_USERNAME", "me")
    monkeypatch.setenv("NEO4J_DATABASE", "graphs")
    server = neo4j_at("bolt://host:7687")
    assert server.password is not None
    assert (server.user, server.database, server.password.reveal()) == ("me", "graphs", "from-environment")
    assert "from-environment" not in repr(server)
    (tmp_path / "secret").write_text("from-file\n")
    named = neo4j_at("bolt://host:7687", password_file=tmp_path / "secret")
    assert named.password is not None
    assert named.password.reveal() == "from-file"
    with pytest.raises(ConfigError, match="cannot read the password file"):
        neo4j_at("bolt://host:7687", password_file=tmp_path / "absent")
    assert place_of("folder").name == "folder"


def test_the_style_has_a_rule_for_every_type_and_general_types_come_first():
    ontology = make_ontology(Config())
    text = style(ontology)
    names = re.findall(r"^node\.(\w+) \{", text, flags=re.M)
    assert set(ontology.types) <= set(names)
    for key in ontology.types:
        for above in ontology.ancestors(key) - {key}:
            assert names.index(above) < names.index(key)
    assert set(re.findall(r"^relationship\.(\w+) \{", text, flags=re.M)) == set(ontology.relations)
    assert text.count("{\n") == text.count("\n}")


def test_links_carry_the_query_and_never_a_password():
    server = Place("bolt://host:7687", password=Secret("hunter2"))
    link = deep_link(BROWSER, "MATCH (n) WHERE n.name = 'A&B#' RETURN n", server=server)
    said = parse_qs(urlsplit(link).query)
    assert said["arg"] == ["MATCH (n) WHERE n.name = 'A&B#' RETURN n"]
    assert said["dbms"] == ["bolt://host:7687"]
    assert "hunter2" not in link
    values = parse_qs(urlsplit(deep_link(BROWSER, "RETURN $x", parameters={"x": "é"})).query)
    assert json.loads(values["arg"][0]) == {"x": "é"}


def test_a_link_to_an_entity_takes_ids_only():
    assert "ent-" + "0" * 32 in entity_link(BROWSER, "ent-" + "0" * 32)
    with pytest.raises(DataError, match="not the id"):
        entity_link(BROWSER, "ent-' DETACH DELETE n //")


def test_every_saved_query_has_a_title_a_limit_or_counts_and_stands_in_the_guide():
    text = guide(BROWSER)
    for name, query in saved_queries().items():
        assert query.startswith("// "), name
        assert query.splitlines()[1].strip() in text
        assert (
            "LIMIT" in query or "count(" in query or "shortestPath" in query or "__KnowledgeBase__" in query
        )


@pytest.mark.neo4j
def test_vectors_are_given_once_and_like_passages_are_found(run, demo_kg, uri):
    first = run("neo4j", "push", demo_kg, "--uri", uri, "--vectors", "--json")
    with GraphRAG.open(demo_kg) as here, GraphRAG.open(Place(uri)) as base:
        assert first.json["vectors"] == here.stats()["chunks"]
        chunks = list(here.view.chunks())
        held = here.embedder.embed([passage_text(chunk) for chunk in chunks])
        words = "a telephone with a screen"
        likeness = held @ here.embedder.embed([words])[0]
        best = [chunks[row].id for row in likeness.argsort()[::-1][:20]]
        found = base.cypher("similar", words=words, limit=10)
        assert found[0]["id"] == best[0]
        assert len({row["id"] for row in found} & set(best)) >= 8
    assert run("neo4j", "push", demo_kg, "--uri", uri, "--vectors", "--json").json["vectors"] == 0
    assert run("neo4j", "verify", demo_kg, "--uri", uri).code == 0


# Queries from the command line, and those that a model writes


@pytest.mark.neo4j
def test_a_query_and_a_template_from_the_command_line(run, demo_kg, uri):
    push_to(demo_kg, Place(uri))
    found = run("neo4j", "query", "neighbours", "--uri", uri, "--param", "name=Apple", "--json")
    assert {"subject", "relation", "object", "weight", "id"} == set(found.json["rows"][0])
    own = "MATCH (p:Person) WHERE p.name = $name RETURN p.name AS name, size(p.aliases) AS aliases"
    shown = run("neo4j", "query", own, "--uri", uri, "--param", "name=Tim Cook").out
    assert shown.splitlines()[0].split() == ["name", "aliases"]
    assert "Tim Cook" in shown
    assert run("neo4j", "query", "MATCH (n) DETACH DELETE n", "--uri", uri).code == 2
    assert run("neo4j", "query", own, "--uri", uri, "--param", "name").code == 2
    assert run("neo4j", "verify", demo_kg, "--uri", uri).code == 0


@pytest.mark.neo4j
def test_a_model_writes_a_query_only_where_that_is_allowed(run, demo_kg, uri, tmp_path, monkeypatch):
    push_to(demo_kg, Place(uri))
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with ScriptedServer(tmp_path, script="tests.pipelines.scripts:querying") as model:
        settings = ["--set", "llm.model=m", "--set", f"llm.base_url={model.url}"]
        ask = ["neo4j", "query", "--ask", "--uri", uri, "--json"]
        off = run(*ask, "Who is the CEO of Apple?", *settings)
        assert off.code == 2
        assert "llm.cypher=true" in off.err
        assert model.requests() == []
        settings += ["--set", "llm.cypher=true"]
        found = run(*ask, "Who is the CEO of Apple?", *settings)
        assert {"name": "Tim Cook"} in found.json["rows"], found.err
        assert found.json["parameters"] == {"name": "Apple"}
        bad = run(*ask, "Delete Apple?", *settings)
        assert (bad.code, bad.out) == (1, "")
        assert "would change the database" in bad.err
    assert run("neo4j", "verify", demo_kg, "--uri", uri).code == 0
