"""The gate against a server that misbehaves, over real sockets, with the official SDK."""

import logging
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graphrag.datamodel import Chunk, Extraction, Failure, Span
from graphrag.errors import BudgetError, GraphRAGError, LLMCallError, LLMFatalError
from graphrag.extraction.describing import Example
from graphrag.extraction.llm import LLMExtractor
from graphrag.ids import chunk_id
from graphrag.llm import (
    Clock,
    Gate,
    Limits,
    Message,
    OpenAIClient,
    Price,
    Request,
    ResponseLedger,
    Sampling,
    Secret,
)
from graphrag.testing.server import ScriptedServer
from ontology import EntityType, Ontology, RelationType

FAULTS = {
    "429": 0.05,
    "429-seconds": 0.05,
    "500": 0.03,
    "502": 0.02,
    "503": 0.03,
    "silence": 0.05,
    "reset": 0.03,
    "garbage": 0.02,
    "cut": 0.02,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedServer]:
    with ScriptedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def calm(server: ScriptedServer) -> ScriptedServer:
    """The server without faults."""
    server.plan(faults={}, always="", seed=0, delay=0.0, wait=1.0)
    return server


_OPEN: list[Gate] = []


@pytest.fixture(autouse=True)
def closed_gates() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def passages(count: int, *, tag: str = "") -> list[Chunk]:
    """Chunks of documents of their own, so that each is one call."""
    made = []
    for number in range(count):
        company = f"Company{tag}{number}"
        text = f"Ada Number{tag}{number} founded {company}. She lives there. Bea joined {company}."
        document = f"doc-{tag}{number}"
        made.append(Chunk(chunk_id(document, 0, len(text)), document, Span(0, len(text)), text))
    return made


def gate_to(
    server: ScriptedServer,
    folder: Path | None = None,
    *,
    scale: float = 0.005,
    price: Price | None = None,
    **limits: float,
) -> Gate:
    given: dict[str, float] = {"call_seconds": 20.0, "max_in_flight": 8, **limits}
    client = OpenAIClient("scripted", key=Secret("sk-test-1234"), base_url=server.url, connections=64)
    ledger = ResponseLedger(folder / "answers.db") if folder is not None else None
    made = Gate(client, ledger=ledger, limits=Limits(**given), price=price, clock=Clock(scale))  # type: ignore[arg-type]
    _OPEN.append(made)
    return made


def _opened(gate: Gate) -> Gate:
    _OPEN.append(gate)
    return gate


def extract(gate: Gate, chunks: list[Chunk], gleanings: int = 0) -> list[Extraction | Failure]:
    return LLMExtractor(gate, None, gleanings=gleanings).extract(chunks)


def seen(server: ScriptedServer, since: int = 0) -> int:
    return len(server.requests()) - since


def ask(gate: Gate, text: str) -> str:
    return gate.ask(Request("test", (Message("user", text),))).text


# C1


@pytest.mark.parametrize("seed", [1, 2])
def test_a_third_of_faults_changes_nothing(calm: ScriptedServer, tmp_path: Path, seed: int) -> None:
    chunks = passages(200)
    whole = extract(gate_to(calm), chunks)
    before = seen(calm)
    calm.plan(faults=FAULTS, seed=seed, wait=2.0)
    gate = gate_to(calm, tmp_path, scale=0.02, max_in_flight=32)
    results = extract(gate, chunks)
    assert results == whole
    assert not any(isinstance(result, Failure) for result in results)
    assert seen(calm, before) <= 1.6 * len(chunks)
    # A resume finds everything paid for.
    before = seen(calm)
    assert extract(gate_to(calm, tmp_path), chunks) == whole
    assert seen(calm, before) == 0


# C2


@pytest.mark.parametrize("kind", ["429", "429-seconds", "429-date"])
def test_an_outage_of_a_minute_costs_few_requests(calm: ScriptedServer, kind: str) -> None:
    gate = gate_to(calm, scale=0.02, max_in_flight=8)
    list(gate.map(lambda text: ask(gate, text), [f"{kind} warm {n}" for n in range(8)]))
    before = seen(calm)
    calm.plan(always=kind, wait=20.0)
    healed = threading.Timer(1.2, lambda: calm.plan(always=""))  # 60 s of the gate's clock
    healed.start()
    answers = list(gate.map(lambda text: ask(gate, text), [f"{kind} {n}" for n in range(8)]))
    healed.join()
    during = [request for request in calm.requests()[before:] if request.fault]
    assert len(answers) == 8
    assert 1 <= len(during) <= 20
    assert gate.usage.waited_seconds <= 200.0


# C3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("401", "API key.*llm.api_key_env"),
        ("402", "payment.*resume"),
        ("403", "does not let this key use the model"),
        ("404", "knows no model.*llm.model"),
        ("400", "refuses the request"),
        ("quota", "no credit left"),
    ],
)
def test_a_fatal_answer_is_one_call_and_one_message(
    calm: ScriptedServer, tmp_path: Path, fault: str, message: str
) -> None:
    before = seen(calm)
    calm.plan(always=fault)
    chunks = passages(20, tag=f"fatal{fault}")
    with pytest.raises(LLMFatalError, match=message) as caught:
        extract(gate_to(calm, tmp_path), chunks)
    assert seen(calm, before) <= 3
    assert caught.value.exit_code == 7
    assert "sk-test" not in str(caught.value)
    calm.plan(always="")
    assert all(isinstance(result, Extraction) for result in extract(gate_to(calm, tmp_path), chunks))


def test_a_prompt_that_does_not_fit_is_split_and_not_looped(tmp_path: Path) -> None:
    text = " ".join(f"Ada Number{n} founded Company{n}." for n in range(60))
    chunk = Chunk(chunk_id("long", 0, len(text)), "long", Span(0, len(text)), text)
    with ScriptedServer(tmp_path, script="tests.graphrag.llm.scripts:small_context") as server:
        (result,) = extract(gate_to(server), [chunk])
        assert isinstance(result, Extraction)
        assert len(result.triples) == 60
        assert {text[t.evidence.span.start : t.evidence.span.end] for t in result.triples} == {
            t.evidence.quote for t in result.triples
        }
        assert seen(server) <= 9
        server.plan(always="context")
        (failed,) = extract(gate_to(server), [chunk])
        assert isinstance(failed, Failure)
        assert "too_long" in failed.error
        assert seen(server) <= 40


# C4


@pytest.mark.parametrize("fault", ["silence", "drip", "late"])
def test_twenty_calls_end_at_their_deadlines(calm: ScriptedServer, fault: str) -> None:
    calm.plan(always=fault, wait=0.05 if fault == "drip" else 30.0)
    gate = gate_to(
        calm, scale=1.0, call_seconds=0.5, max_attempts=2, max_in_flight=20, backoff_seconds=0.001,
        breaker_failures=1000,
    )  # fmt: skip
    _know(gate, calm, fault)
    before = len(calm.requests())

    def timed(text: str) -> float:
        started = time.monotonic()
        with pytest.raises(LLMCallError, match=r"2 attempts.*in time"):
            ask(gate, text)
        return time.monotonic() - started

    lasted = list(gate.map(timed, [f"slow {fault} {number}" for number in range(20)]))
    assert min(lasted) >= 1.0
    assert sorted(lasted)[10] <= 1.6  # two deadlines, and room for a noisy machine
    assert len(calm.requests()) - before == 40
    assert gate.usage.lost == 40


def _know(gate: Gate, server: ScriptedServer, tag: str) -> None:
    """Let one call succeed, so that the gate lets others go side by side."""
    always = {"silence": "silence", "drip": "drip", "late": "late"}[tag]
    server.plan(always="")
    ask(gate, f"hello {tag}")
    server.plan(always=always)


def test_twenty_silent_calls_end_with_the_run(calm: ScriptedServer) -> None:
    calm.plan(always="silence")
    gate = gate_to(calm, scale=0.05, call_seconds=5.0, run_seconds=40.0, max_in_flight=20, max_attempts=50)
    started = time.monotonic()
    with pytest.raises(BudgetError, match="40 seconds are over"):
        list(gate.map(lambda text: ask(gate, text), [f"never {n}" for n in range(20)]))
    assert time.monotonic() - started <= 4.0  # 2 s of deadline, and room for a noisy machine


# C6, C7


@pytest.mark.parametrize("fault", ["empty", "refusal", "content_filter", "length", "garbage"])
def test_a_bad_answer_is_a_counted_failure_and_never_kept_as_success(
    calm: ScriptedServer, tmp_path: Path, fault: str
) -> None:
    chunks = passages(20, tag=fault)
    calm.plan(always=fault)
    results = extract(gate_to(calm, tmp_path), chunks)
    failures = [result for result in results if isinstance(result, Failure)]
    assert len(failures) == len(chunks)
    assert {failure.item_id for failure in failures} == {chunk.id for chunk in chunks}
    assert all(failure.message for failure in failures)
    calm.plan(always="")
    if fault == "length":  # a cut answer is known to be cut: it is not paid for again, but split
        return
    assert all(isinstance(result, Extraction) for result in extract(gate_to(calm, tmp_path), chunks))


def test_a_cut_answer_is_split_and_all_of_it_is_found(tmp_path: Path) -> None:
    text = " ".join(f"Ada Number{n} founded Company{n}." for n in range(60))
    chunk = Chunk(chunk_id("long", 0, len(text)), "long", Span(0, len(text)), text)
    with ScriptedServer(tmp_path, script="tests.graphrag.llm.scripts:short_breath") as server:
        (result,) = extract(gate_to(server, tmp_path), [chunk])
        assert isinstance(result, Extraction)
        assert len(result.triples) == 60
        paid = seen(server)
        assert extract(gate_to(server, tmp_path), [chunk]) == [result]
        assert seen(server) == paid


def test_a_body_that_is_no_completion_is_retried(calm: ScriptedServer) -> None:
    calm.plan(faults={"not-json": 0.5}, seed=3)
    gate = gate_to(calm)
    assert all(isinstance(result, Extraction) for result in extract(gate, passages(20, tag="html")))
    assert gate.usage.retries > 0


# C8


def test_what_may_change_an_answer_asks_again_and_what_may_not_does_not(
    calm: ScriptedServer, tmp_path: Path
) -> None:
    person, company = EntityType("Person"), EntityType("Organization")
    founded = RelationType("FOUNDED", domain=("Person",), range=("Organization",))
    small = Ontology.build("o", [person, company], [founded])
    chunk = passages(1, tag="key")[0]
    own = tmp_path / "prompts"
    own.mkdir()
    shipped = Path("graphrag/prompts/extract.md").read_text(encoding="utf-8")
    (own / "extract.md").write_text(
        shipped.replace("You read passages", "You study passages"), encoding="utf-8"
    )

    def calls(
        ontology: Ontology | None = small,
        chunk: Chunk = chunk,
        model: str = "m",
        structured: str = "auto",
        provider: str = "",
        in_flight: int = 8,
        attempts: int = 8,
        seconds: float = 120.0,
        ledger: Path = tmp_path / "answers.db",
        **options: object,
    ) -> int:
        before = seen(calm)
        client = OpenAIClient(
            model, key=Secret("k"), base_url=calm.url, structured=structured, provider=provider
        )
        limits = Limits(max_in_flight=in_flight, max_attempts=attempts, call_seconds=seconds)
        with Gate(client, ledger=ResponseLedger(ledger), limits=limits) as gate:
            made = {"gleanings": 0, **options}
            LLMExtractor(gate, ontology, **made).extract([chunk])  # type: ignore[arg-type]
        return seen(calm, before)

    assert calls() == 1
    assert calls() == 0
    assert calls(in_flight=1) == 0
    assert calls(attempts=3, seconds=7.0) == 0
    logging.getLogger("graphrag").setLevel(logging.DEBUG)
    assert calls() == 0
    logging.getLogger("graphrag").setLevel(logging.NOTSET)
    shutil.copy(tmp_path / "answers.db", tmp_path / "elsewhere.db")
    assert calls(ledger=tmp_path / "elsewhere.db") == 0
    assert calls(chunk=replace(chunk, id="chk-other", ordinal=7, span=Span(5, 5 + len(chunk.text)))) == 0
    types = [person, company]
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"provider": "another house"},
        {"structured": "none"},
        {"structured": "json_object"},
        {"ontology": None},
        {"ontology": Ontology.build("o", types, [founded, RelationType("JOINED")])},
        {"ontology": Ontology.build("o", [*types, EntityType("Place")], [founded])},
        {"ontology": Ontology.build("o", [person, replace(company, description="A firm.")], [founded])},
        {"ontology": Ontology.build("o", types, [replace(founded, description="Began it.")])},
        {"ontology": Ontology.build("o", types, [replace(founded, label="set up")])},
        {"ontology": Ontology.build("o", types, [replace(founded, domain=())])},
        {"ontology": Ontology.build("o", types, [replace(founded, range=("Person",))])},
        {"chunk": replace(chunk, text=chunk.text + " ")},
        {"chunk": replace(chunk, text=chunk.text[:-1])},
        {"chunk": replace(chunk, title="A title")},
        {"sampling": Sampling(temperature=0.1)},
        {"sampling": Sampling(temperature=None)},
        {"sampling": Sampling(top_p=0.5)},
        {"sampling": Sampling(top_k=3)},
        {"sampling": Sampling(max_tokens=99)},
        {"sampling": Sampling(seed=5)},
        {"sampling": Sampling(seed=None)},
        {"sampling": Sampling(stop=("\n\n",))},
        {
            "examples": (
                Example("Ada founded Acme.", ({"subject": "Ada", "relation": "FOUNDED", "object": "Acme"},)),
            )
        },
        {"prompts": own},
        {"gleanings": 1},
    ]
    assert len(changes) >= 24
    for change in changes:
        assert calls(**change) == 1, change  # type: ignore[arg-type]
        assert calls(**change) == 0, change  # type: ignore[arg-type]


# C9


@pytest.mark.parametrize(
    "budget",
    [{"max_cost": cost} for cost in (0.005, 0.006, 0.007, 0.008, 0.01)]
    + [{"max_calls": count} for count in (1, 2, 7, 16, 29)],
    ids=str,
)
def test_a_budget_stops_and_a_resume_finishes(
    calm: ScriptedServer, tmp_path: Path, budget: dict[str, float]
) -> None:
    chunks = passages(30, tag="budget" + "".join(filter(str.isdigit, str(budget))))
    before = seen(calm)
    stops = 0
    for _ in range(40):
        already = seen(calm)
        # In real time: on a busy machine a scaled deadline would end calls, and they be asked again.
        gate = gate_to(calm, tmp_path, scale=1.0, price=Price(1.0, 1.0), **budget)
        try:
            results = extract(gate, chunks)
            break
        except BudgetError as error:
            stops += 1
            assert error.exit_code == 8
            assert (gate.usage.cost or 0.0) <= budget.get("max_cost", 1.0)
            assert seen(calm, already) <= budget.get("max_calls", 1_000)
    assert stops >= 1
    assert all(isinstance(result, Extraction) for result in results)
    assert seen(calm, before) == len(chunks)  # nothing was paid twice


# C10


@pytest.mark.parametrize("fault", ["500", "reset", "not-json"])
def test_the_server_sees_no_more_attempts_than_configured(calm: ScriptedServer, fault: str) -> None:
    before = len(calm.requests())
    calm.plan(always=fault)
    gate = gate_to(calm, max_attempts=5)
    with pytest.raises(LLMCallError, match="after 5 attempts"):
        ask(gate, f"attempts {fault}")
    requests = calm.requests()[before:]
    assert len(requests) == 5
    assert len({request.key for request in requests}) == 1


# Interrupts and secrets


def test_closing_ends_calls_that_hang(calm: ScriptedServer) -> None:
    calm.plan(always="silence")
    gate = gate_to(calm, scale=0.05, call_seconds=1000.0)
    caught: list[GraphRAGError] = []

    def run() -> None:
        try:
            ask(gate, "hang")
        except GraphRAGError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    gate.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert caught


def test_the_key_is_in_no_message(calm: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    secret = "sk-canary-5f2a91"
    calm.plan(always="401")
    client = OpenAIClient("scripted", key=Secret(secret), base_url=calm.url)
    with caplog.at_level("DEBUG"), pytest.raises(LLMFatalError) as caught:
        ask(_opened(Gate(client)), "x")
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caplog.text} {client.__dict__!r}"
    assert secret not in shown
    assert secret[-8:] not in shown


def test_nothing_but_the_server_is_connected_to(calm: ScriptedServer) -> None:
    targets: set[object] = set()
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "socket.connect":
            targets.add(arguments[1])

    sys.addaudithook(hook)
    extract(gate_to(calm), passages(5, tag="net"))
    watching = False
    assert targets == {("127.0.0.1", calm.port)}
