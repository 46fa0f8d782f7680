"""What the offline import makes of the CSV files is the graph that a push makes."""

import re
from pathlib import Path

import pytest

from graphrag.datamodel import Community, Document, Finding, Report
from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError, DataError
from graphrag.ids import document_id
from graphrag.merging import IngestedDocument
from graphrag.store.ledger import Ledger
from graphrag.store.neo4j import Connection
from graphrag.store.neo4j import Neo4jServer as Place
from graphrag.store.neo4j_write import differences, push
from pipelines.export import export
from pipelines.neo4j_csv import _field
from tests.graphrag.store.making import Aka, Broken, Says, document
from tests.neo4j_server import LIB, Neo4jServer, need_neo4j

NASTY = [
    'Say "hello", she said; \\ and \\" more',
    "Two\nlines, and a tab\t here",
    "'single', ''two'', `back`",
    "ünïcödé 漢字 \U0001f600",
    "   blanks around   ",
    "=1+1",
    "\\N",
    "null",
]


def nasty_base(folder):
    metadata = {"deep": {"a": [1, "two", None]}, "text": 'a "quoted", text\n'}
    long = "Long " * 100_000 + '"end".'
    texts = [long, "", *NASTY]
    whole = [
        IngestedDocument(
            Document(document_id(f"k{n}", text[:20], text, metadata), f"k{n}", text, text[:20], "", metadata),
            (),
            (),
            (),
        )
        for n, text in enumerate(texts)
    ]
    said = [
        document(
            f"d{n}",
            [
                Says(f"Ada {name.strip()} x", "PERSON", "WROTE", f"Box {name.strip()} y", name.strip()),
                Says(f"Ada {name.strip()} x", "PERSON", name.strip(), "Notes", "WORK"),
                Says("Ada", "PERSON", "ATE", "Notes", "WORK", accepted=False),
                Broken("Nothing could be read here."),
                Aka("International Box Makers", "IBM", "acronym", "ORG"),
            ],
            title=name,
        )
        for n, name in enumerate(NASTY)
    ]
    with Ledger.create(folder, settings={}, ontology="", extractor="x") as ledger:
        ledger.apply([*whole, *said])
        relation = next(iter(ledger.relations()))
        ids = [entity.id for entity in ledger.entities()]
        finding = Finding('A "finding".', 1.5, (relation.id,), relation.evidence)
        ledger.set_communities(
            [Community("com-a", 0, "com-c", tuple(ids[:2])), Community("com-c", 1, None, tuple(ids))],
            [Report("com-a", "A title", "A summary.\nIn two lines.", (finding,), "basis")],
        )


@pytest.mark.neo4j
def test_an_imported_database_is_the_one_that_a_push_makes(tmp_path, demo_kg):
    need_neo4j()
    if not list(LIB.glob("neo4j-import-tool-*.jar")):
        pytest.skip("the import tool was not resolved from Maven Central")
    nasty_base(tmp_path / "nasty")
    for number, folder in enumerate((tmp_path / "nasty", demo_kg)):
        files = tmp_path / f"csv{number}"
        with GraphRAG.open(folder) as base:
            export(base, "neo4j-csv", files)
        server = Neo4jServer(tmp_path / f"home{number}")
        done = server.admin("database", "import", "full", "neo4j", "@import.args", folder=files)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        server.start()
        try:
            with Ledger.open(folder) as ledger, Connection(Place(server.uri)) as connection:
                report = push(ledger, connection)
                assert (report.written, report.deleted) == ({}, {})
                assert list(differences(ledger, connection)) == []
                indexes = connection.read("SHOW INDEXES YIELD name, state RETURN name, state")
                assert {row["state"] for row in indexes} == {"ONLINE"}
                assert {"kg_entity", "kg_chunk", "kg_text", "kg_forms"} <= {row["name"] for row in indexes}
        finally:
            server.kill()


def test_rows_counted_in_the_files_are_those_of_the_base(demo_kg, tmp_path):
    with GraphRAG.open(demo_kg) as base:
        export(base, "neo4j-csv", tmp_path / "csv")
        counts = base.stats()
    text = (tmp_path / "csv" / "relations.csv").read_text(encoding="utf-8")
    assert len(re.findall(r'^"ent-', text, flags=re.M)) == counts["relations"]
    arguments = (tmp_path / "csv" / "import.args").read_text(encoding="utf-8")
    assert "--relationships=relations.csv\n" in arguments
    assert "--bad-tolerance=0\n" in arguments


def test_a_cell_tells_an_absent_value_from_an_empty_one_and_refuses_what_it_cannot_hold():
    assert _field(None, "string") == ""
    assert _field("", "string") == '""'
    assert _field('a "b"', "string") == '"a ""b"""'
    assert _field(b"\x00\xff", "byte[]") == '"0\x1f-1"'
    assert _field([0.1, 2.0], "double[]") == '"0.1\x1f2.0"'
    with pytest.raises(DataError, match="control character"):
        _field(["a\x1fb"], "string[]")


def test_one_stream_is_not_enough(demo_kg):
    with GraphRAG.open(demo_kg) as base, pytest.raises(ConfigError, match="several files"):
        export(base, "neo4j-csv", Path("-"))
