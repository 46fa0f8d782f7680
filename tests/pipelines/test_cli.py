"""The command line as users meet it: every command, and every way to hold it wrong."""

import json
import os
import shutil

import pytest

from graphrag.engine import GraphRAG
from tests.conftest import DEMO, sha256


@pytest.fixture(scope="module")
def small_kg(tmp_path_factory, run):
    """A small base to read from."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "acme.txt").write_text("Acme Robotics was founded by Ada Smith in 1999. It is based in Lyon.")
    (folder / "lyon.txt").write_text("Lyon is a city in France. Acme Robotics has a factory in Lyon.")
    kg = folder / "kg"
    outcome = run("build", folder / "acme.txt", folder / "lyon.txt", "--out", kg)
    assert outcome.code == 0, outcome.err
    return kg


def test_build_reports_what_it_did(run, corpus, tmp_path):
    outcome = run("build", corpus, "--out", tmp_path / "kg", "--json")
    assert outcome.code == 0, outcome.err
    report = outcome.json
    assert report["documents"] == {
        "seen": 5, "added": 5, "replaced": 0, "unchanged": 0, "removed": 0, "failed": 0
    }  # fmt: skip
    chunks = report["chunks"]
    assert chunks["seen"] == chunks["ok"] + chunks["empty"] + chunks["failed"]
    triples = report["triples"]
    assert triples["proposed"] == triples["accepted"] + triples["repaired"] + sum(
        triples["rejected"].values()
    )
    assert json.loads((tmp_path / "kg" / "report.json").read_text())["documents"] == report["documents"]


def test_a_second_build_skips_unchanged_work(run, corpus, tmp_path):
    run("build", corpus, "--out", tmp_path / "kg")
    report = run("build", corpus, "--out", tmp_path / "kg", "--json").json
    assert report["documents"]["unchanged"] == 5
    assert report["chunks"]["seen"] == 0


def test_an_edit_is_replaced_and_equals_a_fresh_build(run, corpus, tmp_path):
    run("build", corpus, "--out", tmp_path / "kg")
    (corpus / "lyon.txt").write_text("Lyon is a city in France. Borealis Ltd. is based in Lyon.")
    (corpus / "porto.html").unlink()
    report = run("build", corpus, "--out", tmp_path / "kg", "--prune", "--json").json
    assert (report["documents"]["replaced"], report["documents"]["removed"]) == (1, 1)
    run("build", corpus, "--out", tmp_path / "fresh")
    assert exported(run, tmp_path / "kg", tmp_path) == exported(run, tmp_path / "fresh", tmp_path)


def test_order_and_workers_do_not_change_a_byte(run, corpus, tmp_path):
    files = sorted(corpus.iterdir())
    run("build", *files, "--out", tmp_path / "one")
    run(
        "build",
        *reversed(files),
        "--out",
        tmp_path / "two",
        "--workers",
        "2",
        "--set",
        "build.batch_documents=1",
    )
    assert exported(run, tmp_path / "one", tmp_path) == exported(run, tmp_path / "two", tmp_path)


def test_removal_equals_never_having_had_it(run, corpus, tmp_path):
    run("build", corpus, "--out", tmp_path / "kg")
    assert run("remove", tmp_path / "kg", "lyon.txt").code == 0
    (corpus / "lyon.txt").unlink()
    run("build", corpus, "--out", tmp_path / "fresh")
    assert exported(run, tmp_path / "kg", tmp_path) == exported(run, tmp_path / "fresh", tmp_path)


def exported(run, kg, folder):
    target = folder / f"{kg.name}.jsonl"
    outcome = run("export", kg, "--format", "jsonl", "-o", target)
    assert outcome.code == 0, outcome.err
    fingerprint = run("inspect", kg, "stats", "--json").json["fingerprint"]
    assert fingerprint == sha256(target)
    return target.read_bytes()


def test_search_prints_the_pinned_shape(run, small_kg):
    shape = run("search", small_kg, "Who founded Acme Robotics?", "--json", "-k", "2", "--trace").json
    assert {"question", "mode", "hits", "entities", "relations", "trace"} <= set(shape)
    hit = shape["hits"][0]
    assert set(hit) == {"rank", "score", "document", "chunk_id", "span", "text"}
    assert set(hit["document"]) == {"id", "key", "title", "source"}
    assert hit["rank"] == 1
    assert hit["document"]["key"] == "acme.txt"


@pytest.mark.parametrize("mode", ["hybrid", "local", "global", "passages", "auto"])
def test_every_mode_answers_with_exact_quotes(run, small_kg, mode):
    shape = run("ask", small_kg, "Who founded Acme Robotics?", "--json", "--mode", mode).json
    assert {"answer", "abstained", "citations", "hits"} <= set(shape)
    with GraphRAG.open(small_kg) as base:
        for citation in shape["citations"]:
            start, end = citation["span"]
            assert base.document(citation["document"]["id"]).text[start:end] == citation["quote"]


def test_ask_says_who(run, small_kg):
    outcome = run("ask", small_kg, "Who founded Acme Robotics?")
    assert outcome.code == 0
    assert "Ada Smith" in outcome.out
    assert "[1]" in outcome.out


@pytest.fixture(scope="module")
def dated_kg(tmp_path_factory, run):
    """Two notes that answer one question differently, a year apart."""
    folder = tmp_path_factory.mktemp("dated")
    notes = [
        {"id": "old", "text": "Ada Smith is the chief executive of Acme Robotics. Acme Robotics is in Lyon.",
         "metadata": {"kind": "memo", "date": "2020-03-01", "year": 2020}},
        {"id": "new", "text": "Ben Stone is the chief executive of Acme Robotics. Acme Robotics left Lyon.",
         "metadata": {"kind": "letter", "date": "2021-03-01", "year": 2021}},
    ]  # fmt: skip
    (folder / "notes.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes))
    outcome = run("build", folder / "notes.jsonl", "--out", folder / "kg")
    assert outcome.code == 0, outcome.err
    return folder / "kg"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], {"old", "new"}),
        (["--where", "kind=memo"], {"old"}),
        (["--where", "year=2021"], {"new"}),
        (["--where", "kind=memo", "--where", "kind=letter"], {"old", "new"}),
        (["--where", "kind=memo", "--where", "year=2021"], set()),
        (["--since", "2021"], {"new"}),
        (["--until", "2020-12"], {"old"}),
        (["--since", "2021", "--date-field", "year"], {"new"}),
        (["--document", "old"], {"old"}),
    ],
)
def test_filters_bind_what_a_search_finds(run, dated_kg, flags, expected):
    shape = run("search", dated_kg, "Who is the chief executive of Acme Robotics?", "--json", *flags).json
    assert {hit["document"]["key"] for hit in shape["hits"]} == expected
    people = {name for relation in shape["relations"] for name in (relation["head"], relation["tail"])}
    told = {"old": "Ada Smith", "new": "Ben Stone"}
    assert people & set(told.values()) <= {told[key] for key in expected}


@pytest.mark.parametrize(
    ("flags", "key", "named", "other"),
    [
        (["--until", "2020"], "old", "Ada Smith", "Ben Stone"),
        (["--since", "2021"], "new", "Ben Stone", "Ada Smith"),
    ],
)
def test_an_answer_reads_nothing_that_is_filtered_out(run, dated_kg, flags, key, named, other):
    shape = run("ask", dated_kg, "Who is the chief executive of Acme Robotics?", "--json", *flags).json
    assert named in shape["answer"]
    assert other not in json.dumps(shape)
    with GraphRAG.open(dated_kg) as base:
        keys = {base.document(citation["document"]["id"]).key for citation in shape["citations"]}
    assert keys == {key}


def test_type_and_relation_filters_name_what_there_is(run, dated_kg):
    question = "Who is the chief executive of Acme Robotics?"
    shape = run("search", dated_kg, question, "--json", "--relation", "LEADS").json
    assert {relation["type"] for relation in shape["relations"]} == {"LEADS"}
    outcome = run("search", dated_kg, question, "--relation", "EATS")
    assert (outcome.code, "LEADS" in outcome.err) == (2, True)
    assert run("search", dated_kg, question, "--where", "memo").code == 2


def test_search_settings_are_reachable_from_the_command_line(run, dated_kg):
    question = "Who is the chief executive of Acme Robotics?"
    small = run("search", dated_kg, question, "--json", "--trace", "--set", "retrieval.graph_size=1").json
    assert len(small["trace"]["graph"]["mass"]) == 1
    outcome = run("search", dated_kg, question, "--set", "retrieval.graph_sise=1")
    assert 'did you mean "retrieval.graph_size"' in outcome.err or 'did you mean "graph_size"' in outcome.err


def test_extract_prints_one_object_per_line(run):
    text = "Apple announced the M3 chip.\n\nParis is not in Spain.\n"
    outcome = run("extract", "-", "--lines", "--json", stdin=text.encode())
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert [row["line"] for row in rows] == [1, 2, 3]
    assert [row["text"] for row in rows] == ["Apple announced the M3 chip.", "", "Paris is not in Spain."]
    fact = next(triple for triple in rows[0]["triples"] if triple["verdict"] != "reject")
    assert (fact["head"], fact["relation"], fact["tail"]) == ("Apple", "ANNOUNCED", "M3 chip")
    assert not [triple for triple in rows[2]["triples"] if triple["verdict"] != "reject"]


def test_open_extraction_keeps_the_words(run):
    outcome = run("extract", "-", "--open", "--json", stdin=b"Maria Silva painted the old harbour of Porto.")
    triples = outcome.json["triples"]
    assert any(
        triple["head"] == "Maria Silva" and triple["relation"].startswith("painted") for triple in triples
    )


def test_eval_prints_metrics_and_writes_a_run(run, small_kg, tmp_path):
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        json.dumps(
            {
                "id": "q",
                "question": "Who founded Acme Robotics?",
                "gold_documents": ["acme.txt"],
                "answer": "Ada Smith",
            }
        )
    )
    outcome = run(
        "eval", small_kg, "--questions", questions, "--run", tmp_path / "run.jsonl", "--json", "-k", "2"
    )
    assert outcome.json["recall@2"] == 1.0
    assert {"recall@5", "all_recall@2", "mrr", "exact_match", "f1"} <= set(outcome.json)
    line = json.loads((tmp_path / "run.jsonl").read_text())
    assert line["documents"][0]["key"] == "acme.txt"
    assert set(line["documents"][0]) == {"key", "title", "source", "score"}


@pytest.mark.parametrize(
    "what", [("stats",), ("types",), ("documents",), ("entity", "Lyon"), ("document", "lyon.txt")]
)
def test_inspect_shows_each_view(run, small_kg, what):
    outcome = run("inspect", small_kg, *what)
    assert outcome.code == 0, outcome.err
    assert outcome.out.strip()
    assert run("inspect", small_kg, *what, "--json").json


def test_quarantine_gives_reasons_with_examples(run, demo_kg):
    data = run("quarantine", demo_kg, "stats", "--json").json
    assert data["total"] == sum(row["count"] for row in data["reasons"])
    example = data["reasons"][0]["example"]
    assert example["verdict"] == "reject"
    shown = run("quarantine", demo_kg, "show", example["id"], "--json").json
    assert shown["id"] == example["id"]


@pytest.mark.parametrize("form", ["jsonl", "graphml", "turtle", "cypher", "html"])
def test_exports_to_a_file(run, small_kg, tmp_path, form):
    target = tmp_path / f"graph.{form}"
    outcome = run("export", small_kg, "--format", form, "-o", target)
    assert outcome.code == 0, outcome.err
    assert target.stat().st_size > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_exports_to_a_folder(run, small_kg, tmp_path, form):
    outcome = run("export", small_kg, "--format", form, "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == ["entities", "evidence", "relations"]


def test_graphml_reads_back_in_networkx(run, small_kg, tmp_path):
    import networkx as nx

    run("export", small_kg, "--format", "graphml", "-o", tmp_path / "g.graphml")
    graph = nx.read_graphml(tmp_path / "g.graphml")
    with GraphRAG.open(small_kg) as base:
        assert set(graph) == {entity.id for entity in base.view.entities()}
        assert graph.number_of_edges() == sum(1 for _ in base.view.relations())


def test_verify_says_whole(run, small_kg):
    outcome = run("verify", small_kg)
    assert (outcome.code, outcome.out[:2]) == (0, "ok")


def test_init_writes_files_that_build(run, corpus, tmp_path):
    assert run("init", tmp_path / "new").code == 0
    outcome = run("build", corpus, "--config", tmp_path / "new" / "graphrag.yaml", "--out", tmp_path / "kg",
                  "--ontology", tmp_path / "new" / "ontology.yaml")  # fmt: skip
    assert outcome.code == 0, outcome.err
    again = run("init", tmp_path / "new")
    assert again.code == 2
    assert "--force" in again.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "{tmp}/none", "--out", "{tmp}/kg"], "none"),
        (["build", "{tmp}", "--out", "{tmp}/kg"], "no documents"),
        (["build", "{corpus}", "--out", "{tmp}/kg", "--set", "chunking.max_token=5"], "max_tokens"),
        (["build", "{corpus}", "--out", "{tmp}/kg", "--config", "{tmp}/none.yaml"], "cannot read"),
        (["build", "{corpus}", "--out", "{tmp}/kg", "--ontology", "{tmp}/none.yaml"], "none.yaml"),
        (["ask", "{tmp}/none", "Who?"], "not a knowledge base"),
        (["search", "{tmp}/none", "Who?"], "not a knowledge base"),
        (["inspect", "{tmp}/none"], "not a knowledge base"),
        (["extract", "{tmp}/none.txt"], "cannot read"),
        (["extract", "-", "--open", "--ontology", "x.yaml"], "not both"),
        (["build", "{corpus}"], "--out"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_misuse_is_one_clear_line_and_exit_code_2(run, corpus, tmp_path, arguments, message):
    folder = tmp_path / "empty"
    folder.mkdir()
    filled = [part.format(tmp=folder, corpus=corpus) for part in arguments]
    outcome = run(*filled)
    assert outcome.code == 2, outcome
    assert message in outcome.err
    assert "Traceback" not in outcome.err
    assert not outcome.out


def test_an_ontology_with_a_mistake_names_line_and_key(run, corpus, tmp_path):
    schema = tmp_path / "bad.yaml"
    schema.write_text(
        "name: bad\ntypes:\n  Person: {label: person}\n"
        "relations:\n  KNOWS: {domain: [Persn], range: [Person]}\n"
    )
    outcome = run("build", corpus, "--out", tmp_path / "kg", "--ontology", schema)
    assert outcome.code == 2
    assert "bad.yaml" in outcome.err
    assert "Persn" in outcome.err
    assert "Person" in outcome.err


def test_a_binary_file_is_reported_and_the_rest_is_built(run, corpus, tmp_path):
    (corpus / "blob.txt").write_bytes(bytes(range(256)) * 4)
    outcome = run("build", corpus, "--out", tmp_path / "kg")
    assert outcome.code == 3
    assert "blob.txt" in outcome.out
    report = json.loads((tmp_path / "kg" / "report.json").read_text())
    assert (report["documents"]["added"], report["documents"]["failed"]) == (5, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_reported(run, corpus, tmp_path):
    (corpus / "acme.txt").chmod(0)
    outcome = run("build", corpus, "--out", tmp_path / "kg")
    assert outcome.code == 3
    assert "acme.txt" in outcome.out


def test_a_damaged_store_is_said_so_with_exit_code_4(run, small_kg, tmp_path):
    kg = tmp_path / "kg"
    shutil.copytree(small_kg, kg)
    (kg / "kg.db").write_bytes(b"not a database" * 1000)
    for command in (["verify", kg], ["ask", kg, "Who?"]):
        outcome = run(*command)
        assert outcome.code == 4, outcome
        assert "Traceback" not in outcome.err


def test_output_into_a_closed_pipe_is_no_error(demo_kg):
    import subprocess
    import sys

    command = f"{sys.executable} -m pipelines quarantine {demo_kg} list --limit 1000 | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_the_demo_question_is_answered(run, demo_kg):
    shape = run("ask", demo_kg, "Who is the CEO of the company that invented the iPhone?", "--json").json
    assert "Tim Cook" in shape["short"]
    assert "Tim Cook" in shape["path"]["text"]
    assert "iPhone" in shape["path"]["text"]
    assert shape["citations"]


def test_the_demo_corpus_holds_the_announcement(run):
    outcome = run("extract", DEMO / "articles" / "m3_chip.md", "--json")
    facts = {
        (triple["head"], triple["relation"], triple["tail"])
        for triple in outcome.json["triples"]
        if triple["verdict"] != "reject"
    }
    assert ("Apple", "ANNOUNCED", "M3 chip") in facts


def test_resolve_merges_parts_and_forgets(run, corpus, tmp_path):
    kg = tmp_path / "kg"
    run("build", corpus, "--out", kg)
    before = exported(run, kg, tmp_path)
    names = ("Acme Robotics", "Ada Smith")
    merged = run("resolve", kg, "merge", *names, "--json").json
    assert len(merged["entities"]) == 1
    assert [(d["kind"], d["first"], d["second"]) for d in merged["decisions"]] == [("merge", *names)]
    assert run("rebuild", kg).code == 0
    run("build", corpus, "--out", kg)
    assert len(run("resolve", kg, "split", *names, "--json").json["entities"]) == 2
    assert "split" in run("resolve", kg).out
    assert run("resolve", kg, "forget", *names, "--json").json["decisions"] == []
    assert exported(run, kg, tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["merge", "Acme Robotics"], 2, "name the two"),
        (["merge", "Acme Robotics", "Nobody Known"], 2, "Nobody Known"),
        (["forget", "Acme Robotics", "Ada Smith"], 2, "nothing was decided"),
        (["split", "Acme Robotics", "Acme Robotics"], 2, "itself"),
    ],
)
def test_resolve_says_what_is_wrong(run, small_kg, arguments, code, message):
    outcome = run("resolve", small_kg, *arguments)
    assert outcome.code == code
    assert message in outcome.err
