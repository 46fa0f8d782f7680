import json
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from graphrag.testing.scripts import facts, passages
from graphrag.testing.server import ScriptedServer, fault_of

PASSAGE = '<passage-0123abcd number="2">\nAda Stone founded Acme. Bea joined Bolt.\n</passage-0123abcd>'


def post(server: ScriptedServer, body: dict[str, object]) -> dict[str, object]:
    request = urllib.request.Request(
        f"{server.url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


def test_the_schedule_is_a_function_of_seed_prompt_and_attempt() -> None:
    plan = {"faults": {"429": 0.2, "500": 0.1}, "always": "", "seed": 4}
    drawn = [fault_of(plan, f"key{n}", 0) for n in range(4_000)]
    assert drawn == [fault_of(plan, f"key{n}", 0) for n in range(4_000)]
    counts = Counter(drawn)
    assert 0.17 <= counts["429"] / 4_000 <= 0.23
    assert 0.08 <= counts["500"] / 4_000 <= 0.12
    assert drawn != [fault_of({**plan, "seed": 5}, f"key{n}", 0) for n in range(4_000)]


def test_every_request_is_written_down(tmp_path: Path) -> None:
    with ScriptedServer(tmp_path, script="graphrag.testing.scripts:echo") as server:
        body: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        assert post(server, body)["choices"][0]["message"]["content"] == "hi"  # type: ignore[index]
        server.plan(always="500")
        with pytest.raises(urllib.error.HTTPError, match="500"):
            post(server, body)
    first, second = server.requests()
    assert (first.fault, first.attempt, second.fault, second.attempt) == ("", 0, "500", 1)
    assert first.key == second.key
    assert first.finished is not None
    assert server.bodies()[0] == body


def test_an_unknown_plan_is_refused(tmp_path: Path) -> None:
    with ScriptedServer(tmp_path) as server, pytest.raises(ValueError, match="refuses the plan"):
        server.plan(colour="red")


def test_facts_reads_the_fenced_passages_and_gleans_nothing() -> None:
    messages = [{"role": "system", "content": ""}, {"role": "user", "content": PASSAGE}]
    assert passages(messages) == [(2, "Ada Stone founded Acme. Bea joined Bolt.")]
    triples = json.loads(facts(messages, {}))["triples"]
    assert [(t["passage"], t["subject"], t["relation"], t["object"]) for t in triples] == [
        (2, "Ada Stone", "FOUNDED", "Acme"),
        (2, "Bea", "JOINED", "Bolt"),
    ]
    more = [
        *messages,
        {"role": "assistant", "content": "{}"},
        {"role": "user", "content": "Anything left out?"},
    ]
    assert json.loads(facts(more, {}))["triples"] == []
