"""Canary secrets in every place that may hold one, and no output that shows a part of any."""

import base64
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from graphrag.testing.server import ScriptedServer

ROOT = Path(__file__).parent.parent.parent
# Twelve secrets, each of its own shape, so that a hit tells where it came from.
CANARIES = {
    name: f"sk-Kq{number}/+{name}=Zv{number * 7919 % 9973:04}xQ"
    for number, name in enumerate(
        (
            "OPENAI_API_KEY",
            "MY_MODEL_KEY",
            "NEO4J_PASSWORD",
            "AZURE_OPENAI_API_KEY",
            "AZURE_OPENAI_AD_TOKEN",
            "OPENAI_ADMIN_KEY",
            "OPENAI_WEBHOOK_SECRET",
            "HTTPS_PROXY",
            "dotenv",
            "neo4j_url",
            "base_url",
            "key_as_name",
        )
    )
}


def forms(secret: str) -> dict[str, bytes]:
    """How a secret may show: whole, by its ends, in base64, percent-encoded, as JSON writes it."""
    return {
        "whole": secret.encode(),
        "first 8": secret[:8].encode(),
        "last 8": secret[-8:].encode(),
        "base64": base64.b64encode(secret.encode())[:-4],
        "as basic auth": base64.b64encode(f"u:{secret}".encode())[:-4],
        "percent-encoded": urllib.parse.quote(secret, safe="").encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
    }


def hits(raw: bytes) -> list[str]:
    return [
        f"{name}: {form}"
        for name, secret in CANARIES.items()
        for form, v in forms(secret).items()
        if v in raw
    ]


def quoted(name: str) -> str:
    return urllib.parse.quote(CANARIES[name], safe="")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    proxied = {"HTTPS_PROXY": f"http://u:{quoted('HTTPS_PROXY')}@127.0.0.1:9"}
    kept = {key: value for key, value in os.environ.items() if not key.endswith(("_KEY", "_PASSWORD"))}
    (tmp_path / ".env").write_text(f"SECRET={CANARIES['dotenv']}\n", encoding="utf-8")
    named = {name: value for name, value in CANARIES.items() if name.isupper()}
    return {**kept, **named, **proxied, "PYTHONPATH": str(ROOT)}


def run(folder: Path, environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "pipelines", "--debug", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True)


def test_no_secret_shows_in_any_output_at_debug(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Ada Stone founded Acme. Ada Stone was born in Leeds.", "utf-8")
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"question": "Who founded Acme?", "answer": "Ada Stone"}\n', encoding="utf-8")
    outputs: dict[str, bytes] = {}
    with ScriptedServer(tmp_path / "server", script="tests.graphrag.generation.scripts:quoting") as server:
        model = ["--set", "llm.model=m", "--set", f"llm.base_url={server.url}"]
        model += ["--set", "llm.api_key_env=MY_MODEL_KEY", "--set", "llm.max_attempts=2"]
        build = ["build", "docs", "--out", "kg", *model, "--extractor", "llm"]
        secret_url = (
            f"http://u:{urllib.parse.quote(CANARIES['base_url'], safe='')}@127.0.0.1:{server.port}/v1"
        )
        neo4j = f"bolt://u:{urllib.parse.quote(CANARIES['neo4j_url'], safe='')}@127.0.0.1:9"
        commands = {
            "estimate": [*build, "--estimate"],
            "refused": build,
            "build": ["build", "docs", "--out", "kg", "--json"],
            "build with vectors from a server": [
                "build", "docs", "--out", "kg2", "--set", "embedding.name=http", "--set", "embedding.model=m",
                "--set", f"embedding.base_url={server.url}",
            ],
            "ask": ["ask", "kg", "Who founded Acme?", "--answerer", "llm", *model, "--trace"],
            "agent": ["ask", "kg", "Who founded Acme?", "--answerer", "agent", *model, "--trace", "--json"],
            "eval": ["eval", "kg", "--questions", "q.jsonl", "--judge", *model],
            "search": ["search", "kg", "Acme", "--json", "--trace"],
            "inspect": ["inspect", "kg", "stats", "--json"],
            "verify": ["verify", "kg"],
            **{form: ["export", "kg", "--format", form, "-o", f"out.{form}"]
               for form in ("jsonl", "graphml", "turtle", "cypher", "html", "csv")},
            "no such server": ["neo4j", "push", "kg", "--uri", "bolt://127.0.0.1:9"],
            "neo4j url": ["inspect", neo4j, "stats"],
            "secret in base_url": ["ask", "kg", "Who?", "--answerer", "llm", *model,
                                   "--set", f"llm.base_url={secret_url}"],
            "secret in the query": ["ask", "kg", "Who?", "--answerer", "llm", *model,
                                    "--set", f"llm.base_url={server.url}?key={CANARIES['base_url']}"],
            "secret for a name": ["ask", "kg", "Who?", "--answerer", "llm",
                                  "--set", f"llm.api_key_env={CANARIES['key_as_name']}"],
            "unknown setting": ["ask", "kg", "Who?", "--set", f"llm.api_key={CANARIES['key_as_name']}"],
        }  # fmt: skip
        for name, command in commands.items():
            server.plan(always="401" if name == "refused" else "")
            done = run(tmp_path, environment, *command)
            outputs[f"{name}: stdout"], outputs[f"{name}: stderr"] = done.stdout, done.stderr
            fails = name in ("refused", "no such server", "neo4j url", "unknown setting") or "secret" in name
            assert (done.returncode != 0) == fails, done.stderr.decode()[-2000:]
    for path in sorted(tmp_path.rglob("*")):
        # The server wrote down what it was sent; it is the one place the key is meant for.
        if path.is_file() and path.name != ".env" and "server" not in path.parts:
            outputs[str(path.relative_to(tmp_path))] = path.read_bytes()
    assert {"kg/kg.db", "kg/answers.db", "kg/report.json", "out.html"} <= set(outputs)
    found = {name: hits(raw) for name, raw in outputs.items()}
    assert {name: shown for name, shown in found.items() if shown} == {}


def test_the_canaries_are_found_where_they_are() -> None:
    secret = CANARIES["OPENAI_API_KEY"]
    assert hits(b"..." + secret[:8].encode()) == ["OPENAI_API_KEY: first 8"]
    assert "OPENAI_API_KEY: as basic auth" in hits(base64.b64encode(f"u:{secret}".encode()))
