"""The whole road with a model: build, kill, resume, edit, budget, estimate; from the command line."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from graphrag.extraction.describing import load_examples
from graphrag.testing.server import Recorded, ScriptedServer

ROOT = Path(__file__).parent.parent.parent
ONTOLOGY = """\
name: firms
types:
  Person: {}
  Organization: {aliases: [firm]}
  Place: {}
relations:
  FOUNDED: {domain: [Person], range: [Organization]}
  BORN_IN: {domain: [Person], range: [Place]}
"""
ACQUIRED = "  ACQUIRED: {domain: [Organization], range: [Organization]}\n"


class Road:
    """A corpus, a server and a command line that uses it."""

    def __init__(self, folder: Path, server: ScriptedServer, documents: int) -> None:
        self.folder = folder
        self.server = server
        self.sources = folder / "docs"
        self.sources.mkdir()
        for number in range(documents):
            self.write(number, f"Ada Stone{number} founded Acme{number}. Acme{number} acquired Bolt{number}.")
        self.ontology = folder / "ontology.yaml"
        self.ontology.write_text(ONTOLOGY, encoding="utf-8")

    def write(self, number: int, text: str) -> None:
        (self.sources / f"d{number:03}.txt").write_text(text, encoding="utf-8")

    def arguments(self, kg: str, *more: str) -> list[str]:
        settings = {
            "llm.model": "scripted",
            "llm.base_url": self.server.url,
            "llm.gleanings": "0",
            "llm.price_prompt": "1",
            "llm.price_completion": "1",
            "embedding.name": "hashing",
        }
        given = [item for key, value in settings.items() for item in ("--set", f"{key}={value}")]
        given += ["--ontology", str(self.ontology), "--extractor", "llm", *more]
        return [
            sys.executable,
            "-m",
            "pipelines",
            "build",
            str(self.sources),
            "--out",
            str(self.folder / kg),
            *given,
        ]

    def start(self, kg: str, *more: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.arguments(kg, *more),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            # What a shell starts in the background ignores Ctrl-C, and so would we.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def build(self, kg: str, *more: str) -> "subprocess.CompletedProcess[bytes]":
        done = subprocess.run(
            self.arguments(kg, *more), cwd=ROOT, capture_output=True, env=clean_environment()
        )
        if done.returncode in (0, 3) and not {"--estimate", "--dry-run"} & set(more):
            self.account(kg, done.returncode)
        return done

    def account(self, kg: str, code: int) -> None:
        """Whatever a build did: nothing that went in is missing from what came out."""
        report = json.loads((self.folder / kg / "report.json").read_text(encoding="utf-8"))
        documents, chunks, triples = report["documents"], report["chunks"], report["triples"]
        assert documents["seen"] == sum(documents[k] for k in ("added", "replaced", "unchanged", "failed"))
        assert chunks["seen"] == chunks["ok"] + chunks["empty"] + chunks["failed"]
        kept = triples["accepted"] + triples["repaired"]
        assert triples["proposed"] == kept + sum(triples["rejected"].values())
        assert len(report["failures"]) == chunks["failed"] + documents["failed"]
        assert all(failure["item_id"] and failure["message"] for failure in report["failures"])
        assert (code == 3) == bool(report["failures"])

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run([sys.executable, "-m", "pipelines", *arguments], cwd=ROOT, capture_output=True)

    def export(self, kg: str) -> str:
        target = self.folder / f"{kg}.jsonl"
        done = self.run("export", str(self.folder / kg), "--format", "jsonl", "-o", str(target))
        assert done.returncode == 0, done.stderr.decode()
        return hashlib.sha256(target.read_bytes()).hexdigest()

    def seen(self) -> list[Recorded]:
        return self.server.requests()


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    with ScriptedServer(tmp_path / "server") as server:
        yield Road(tmp_path, server, documents=12)


def test_the_whole_road(road: Road) -> None:
    planned = road.build("kg", "--estimate", "--json")
    assert planned.returncode == 0, planned.stderr.decode()
    assert "12 calls to scripted" in json.loads(planned.stdout)["plan"]
    assert road.seen() == []

    stopped = road.build("kg", "--max-cost", "0.004")
    assert stopped.returncode == 8, stopped.stderr.decode()
    assert b"budget" in stopped.stderr
    paid = len(road.seen())
    assert 0 < paid < 12
    assert "budget" in json.loads((road.folder / "kg" / "report.json").read_text())["error"]

    resumed = road.build("kg", "--json")
    assert resumed.returncode == 0, resumed.stderr.decode()
    assert len(road.seen()) == 12
    assert json.loads(resumed.stdout)["model"]["calls"] == 12 - paid
    first = road.export("kg")

    assert road.build("kg").returncode == 0
    assert len(road.seen()) == 12

    # One document edited: its chunk alone is asked about.
    road.write(3, "Bea Marsh founded Cog.")
    assert road.build("kg").returncode == 0
    assert len(road.seen()) == 13

    # A wider ontology admits what was quarantined, and nobody is asked.
    rejected = json.loads(road.run("quarantine", str(road.folder / "kg"), "stats", "--json").stdout)
    assert "unknown_relation" in json.dumps(rejected)
    road.ontology.write_text(ONTOLOGY + ACQUIRED, encoding="utf-8")
    replayed = road.run("quarantine", str(road.folder / "kg"), "replay", "--ontology", str(road.ontology))
    assert replayed.returncode == 0, replayed.stderr.decode()
    assert len(road.seen()) == 13
    assert road.export("kg") != first


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_soon_and_says_how_to_resume(road: Road, number: signal.Signals) -> None:
    road.server.plan(always="silence")
    process = road.start("kg")
    while not road.seen():
        time.sleep(0.05)
        assert process.poll() is None, process.communicate()
    started = time.monotonic()
    process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert time.monotonic() - started < 15
    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert b"resume" in errors or b"again" in errors


def test_a_missing_key_is_a_clear_error_before_any_call(road: Road) -> None:
    done = road.build("kg", "--set", "llm.base_url=''")
    assert done.returncode == 2
    assert b"OPENAI_API_KEY holds no key" in done.stderr


def test_a_wrong_key_ends_with_its_own_code(road: Road) -> None:
    road.server.plan(always="401")
    done = road.build("kg")
    assert done.returncode == 7
    assert b"does not accept the API key" in done.stderr
    assert len(road.seen()) <= 3


def test_failed_chunks_are_listed_and_make_the_build_partial(road: Road) -> None:
    road.server.plan(faults={"refusal": 0.08}, seed=2)
    done = road.build("kg", "--json", "--set", "build.max_failed_share=1.0")
    report = json.loads((road.folder / "kg" / "report.json").read_text())
    failed = report["chunks"]["failed"]
    assert report["chunks"]["seen"] == report["chunks"]["ok"] + report["chunks"]["empty"] + failed
    assert done.returncode == (3 if failed else 0)
    assert len(report["failures"]) == failed


@pytest.mark.parametrize("answerer", ["llm", "agent"])
def test_a_model_answers_with_citations(demo_kg: Path, tmp_path: Path, answerer: str) -> None:
    kg = tmp_path / "kg"
    shutil.copytree(demo_kg, kg)
    with ScriptedServer(tmp_path, script="tests.graphrag.generation.scripts:quoting") as server:
        settings = ["--set", "llm.model=scripted", "--set", f"llm.base_url={server.url}"]
        question = "Which passage comes first?"
        arguments = ["ask", str(kg), question, "--answerer", answerer, *settings, "--json", "--trace"]
        done = subprocess.run([sys.executable, "-m", "pipelines", *arguments], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        found = json.loads(done.stdout)
        assert not found["abstained"]
        assert found["citations"]
        assert found["citations"][0]["quote"]
        assert len(server.requests()) == (1 if answerer == "llm" else 2)
        streamed = subprocess.run(
            [sys.executable, "-m", "pipelines", *arguments, "--stream"], cwd=ROOT, capture_output=True
        )
        if answerer == "agent":
            assert streamed.returncode == 2
            assert b"leave --stream out" in streamed.stderr
            return
        # What was streamed is the answer, checked; the same answer is on stdout, and costs nothing.
        assert found["citations"][0]["quote"] in streamed.stderr.decode()
        assert json.loads(streamed.stdout)["citations"] == found["citations"]
        assert len(server.requests()) == 1


def test_a_model_judges_the_answers(road: Road) -> None:
    assert road.build("kg").returncode == 0
    questions = road.folder / "questions.jsonl"
    lines = [{"id": str(n), "question": f"Who founded Acme{n}?", "answer": f"Ada Stone{n}"} for n in range(3)]
    lines.append({"id": "x", "question": "Who founded Acme5?", "answer": "Somebody Else"})
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with ScriptedServer(road.folder / "judge", script="tests.graphrag.generation.scripts:honest") as server:
        settings = ["--set", "llm.model=judge", "--set", f"llm.base_url={server.url}", "--judge", "--json"]
        done = road.run("eval", str(road.folder / "kg"), "--questions", str(questions), *settings)
        assert done.returncode == 0, done.stderr.decode()
        metrics = json.loads(done.stdout)
    assert metrics["judged"] == 4
    assert metrics["judge_correct"] == 0.75
    assert metrics["judge_faithful"] == 1.0
    assert metrics["judge_agrees_with_f1"] == 1.0


def test_a_model_says_which_names_are_one_and_the_user_merges_them(road: Road) -> None:
    road.write(0, "Katherine Marsh founded Cog. Katherine Marsh was born in Hull.")
    road.write(1, "Catherine Marsh founded Dyne. Catherine Marsh was born in Hull.")
    assert road.build("kg").returncode == 0
    kg = str(road.folder / "kg")
    listed = json.loads(road.run("pairs", kg, "--least", "0.9", "--json").stdout)["pairs"]
    assert {"Katherine Marsh", "Catherine Marsh"} in [{row["first"], row["second"]} for row in listed]
    with ScriptedServer(road.folder / "judge", script="tests.graphrag.generation.scripts:matching") as server:
        settings = ["--set", "llm.model=judge", "--set", f"llm.base_url={server.url}", "--least", "0.9"]
        judged = road.run("pairs", kg, "--judge", *settings)
        assert judged.returncode == 0, judged.stderr.decode()
        assert b"yes: places" in judged.stdout
        paid = len(server.requests())
        merged = json.loads(road.run("pairs", kg, "--merge", "--json", *settings).stdout)["merged"]
        assert merged == 1
        assert len(server.requests()) == paid  # what was judged is not judged again
    kept = json.loads(road.run("resolve", kg, "list", "--json").stdout)
    assert "Katherine Marsh" in json.dumps(kept)


def test_a_users_own_prompts_and_examples_are_asked_with(road: Road) -> None:
    assert road.build("kg").returncode == 0
    own, shown = road.folder / "prompts", road.folder / "examples.yaml"
    assert b"extract " in road.run("prompts").stdout
    assert road.run("prompts", "--copy", str(own)).returncode == 0
    assert road.run("prompts", "--copy", str(own)).returncode == 2  # nothing is written over
    text = (own / "extract.md").read_text(encoding="utf-8")
    assert road.run("prompts", "extract").stdout.decode() == text
    (own / "extract.md").write_text(text.replace("[system]\n", "[system]\nBe brief.\n", 1), encoding="utf-8")
    shown.write_bytes(road.run("inspect", str(road.folder / "kg"), "examples").stdout)
    (first, *_) = load_examples(shown)
    assert {"subject", "relation", "object", "quote"} <= set(first.records[0])
    assert first.records[0]["quote"] in first.text
    before = len(road.server.bodies())
    settings = ["--set", f"llm.prompts={own}", "--set", f"llm.examples={shown}"]
    assert road.build("other", *settings, "--set", "llm.tasks.extract.max_tokens=777").returncode == 2
    assert road.build("other", *settings, "--set", "llm.tasks={extract: {max_tokens: 777}}").returncode == 0
    bodies = road.server.bodies()[before:]
    assert len(bodies) == 12
    assert {body["max_tokens"] for body in bodies} == {777}
    assert all(body["messages"][0]["content"].startswith("Be brief.") for body in bodies)
    assert all(first.text in json.dumps(body["messages"], ensure_ascii=False) for body in bodies)


def test_a_model_writes_the_reports(tmp_path: Path) -> None:
    with ScriptedServer(tmp_path / "server", script="tests.pipelines.scripts:reader_and_writer") as server:
        road = Road(tmp_path, server, documents=3)
        done = road.build("kg", "--set", "llm.reports=true")
        assert done.returncode == 0, done.stderr.decode()
        paid = len(server.requests())
        road.export("kg")
        assert "It is told that" in (road.folder / "kg.jsonl").read_text(encoding="utf-8")
        # Nothing changed: nothing is read or written again.
        assert road.build("kg", "--set", "llm.reports=true").returncode == 0
        assert len(server.requests()) == paid


def test_a_text_is_read_by_a_model_without_building(road: Road) -> None:
    text = road.folder / "text.txt"
    text.write_text("Ada Stone founded Acme.", encoding="utf-8")
    settings = [
        "--set",
        "extraction.name=llm",
        "--set",
        "llm.model=m",
        "--set",
        f"llm.base_url={road.server.url}",
    ]
    done = road.run("extract", str(text), "--ontology", str(road.ontology), *settings, "--json")
    assert done.returncode == 0, done.stderr.decode()
    (triple,) = json.loads(done.stdout)["triples"]
    assert (triple["head"], triple["relation"], triple["tail"]) == ("Ada Stone", "FOUNDED", "Acme")
    road.server.plan(always="refusal")
    failed = road.run("extract", str(text), "--ontology", str(road.ontology), *settings, "--json")
    assert failed.returncode == 3
    assert b"refused" in failed.stderr


@pytest.mark.parametrize("setting", ["llm.seed=1", "llm.api_key_env=SOME_OTHER_SECRET"])
def test_a_knowledge_base_cannot_choose_who_gets_a_key(road: Road, setting: str) -> None:
    built = road.build("kg", "--set", setting)  # its settings name the server's address, too
    assert built.returncode == 0, built.stderr.decode()
    paid = len(road.seen())
    questions = road.folder / "questions.jsonl"
    questions.write_text('{"question": "Who founded Acme1?", "answer": "Ada Stone1"}\n', encoding="utf-8")
    kg = str(road.folder / "kg")
    for command in (
        ["ask", kg, "Who?", "--answerer", "llm"],
        ["eval", kg, "--questions", str(questions), "--judge"],
    ):
        done = road.run(*command)
        assert done.returncode == 2
        assert b"the knowledge base itself names" in done.stderr
    assert len(road.seen()) == paid
