import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from graphrag.errors import BudgetError, ConfigError, LLMCallError, LLMFatalError
from graphrag.llm import (
    CallError,
    Clock,
    Gate,
    Limits,
    Message,
    Price,
    Reply,
    Request,
    ResponseLedger,
    Sampling,
)
from graphrag.llm.client import Trouble


class Scripted:
    """A client whose answers are a function of the call's number and prompt."""

    provider, model, structured = "test", "scripted", "auto"

    def __init__(self, script: Callable[[int, str], Reply | CallError], seconds: float = 0.0) -> None:
        self.script = script
        self.seconds = seconds
        self.calls: list[str] = []
        self.at: list[float] = []
        self.peak = self._now = 0
        self._lock = threading.Lock()

    def complete(self, request: Request, *, seconds: float) -> Reply:
        prompt = request.messages[-1].content
        with self._lock:
            number = len(self.calls)
            self.calls.append(prompt)
            self.at.append(time.monotonic())
            self._now += 1
            self.peak = max(self.peak, self._now)
        time.sleep(self.seconds)
        with self._lock:
            self._now -= 1
        result = self.script(number, prompt)
        if isinstance(result, CallError):
            raise result
        return result

    def stream(self, request: Request, *, seconds: float) -> Iterator[str | Reply]:
        reply = self.complete(request, seconds=seconds)
        yield from reply.text
        yield reply

    def embed(self, texts: Sequence[str], *, seconds: float) -> tuple[list[list[float]], int]:
        self.complete(Request("embed", (Message("user", texts[0]),)), seconds=seconds)
        return [[1.0] for _ in texts], 1

    def stop(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


def answer(number: int, prompt: str) -> Reply:
    return Reply(f"answer to {prompt}", prompt_tokens=10, completion_tokens=5)


def request(prompt: str, max_tokens: int = 2048) -> Request:
    return Request("test", (Message("user", prompt),), Sampling(max_tokens=max_tokens))


def fast() -> Clock:
    return Clock(scale=0.001)


def test_an_answer_is_on_disk_before_it_is_returned(tmp_path: Path) -> None:
    gate = Gate(Scripted(answer), ledger=ResponseLedger(tmp_path / "l.db"))
    reply = gate.ask(request("a"))
    assert ResponseLedger(tmp_path / "l.db").get(reply.key) is not None


def test_a_second_run_pays_nothing(tmp_path: Path) -> None:
    for expected in (3, 0):
        client = Scripted(answer)
        gate = Gate(client, ledger=ResponseLedger(tmp_path / "l.db"))
        texts = [gate.ask(request(p)).text for p in "abc"]
        assert texts == ["answer to a", "answer to b", "answer to c"]
        assert len(client.calls) == expected


def test_two_threads_with_one_request_make_one_call(tmp_path: Path) -> None:
    client = Scripted(answer, seconds=0.05)
    gate = Gate(client, ledger=ResponseLedger(tmp_path / "l.db"))
    replies = list(gate.map(gate.ask, [request("same")] * 8))
    assert len(client.calls) == 1
    assert {reply.text for reply in replies} == {"answer to same"}


def test_calls_in_flight_stay_within_the_limit() -> None:
    client = Scripted(answer, seconds=0.01)
    gate = Gate(client, limits=Limits(max_in_flight=4))
    replies = list(gate.map(gate.ask, [request(str(n)) for n in range(40)]))
    assert client.peak == 4
    assert [reply.text for reply in replies] == [f"answer to {n}" for n in range(40)]


def test_the_first_call_goes_alone() -> None:
    client = Scripted(answer, seconds=0.03)
    gate = Gate(client, limits=Limits(max_in_flight=8))
    list(gate.map(gate.ask, [request(str(n)) for n in range(8)]))
    assert client.at[1] - client.at[0] >= 0.03


def test_transient_trouble_is_retried_up_to_the_limit() -> None:
    client = Scripted(lambda n, p: CallError(Trouble.TRANSIENT, "broken", status=500))
    gate = Gate(client, limits=Limits(max_attempts=8), clock=fast())
    with pytest.raises(LLMCallError, match="after 8 attempts; last: broken") as caught:
        gate.ask(request("a"))
    assert len(client.calls) == 8
    assert caught.value.kind == "unanswered"


def test_being_told_to_slow_down_is_no_attempt() -> None:
    client = Scripted(lambda n, p: CallError(Trouble.RATE, "slow", status=429) if n < 20 else answer(n, p))
    gate = Gate(client, limits=Limits(max_attempts=2, outage_seconds=1e6), clock=fast())
    assert gate.ask(request("a")).text == "answer to a"
    assert len(client.calls) == 21


@pytest.mark.parametrize("workers", [1, 8])
def test_a_fatal_answer_costs_one_call_and_stops_all(workers: int) -> None:
    client = Scripted(lambda n, p: CallError(Trouble.FATAL, "wrong key", status=401), seconds=0.01)
    gate = Gate(client, limits=Limits(max_in_flight=workers))
    with pytest.raises(LLMFatalError, match="wrong key"):
        list(gate.map(gate.ask, [request(str(n)) for n in range(20)]))
    assert len(client.calls) == 1
    with pytest.raises(LLMFatalError, match="wrong key"):
        gate.ask(request("later"))


def test_retry_after_pauses_all_workers() -> None:
    def script(number: int, prompt: str) -> Reply | CallError:
        return (
            CallError(Trouble.RATE, "slow", status=429, retry_after=200.0)
            if number == 3
            else answer(number, prompt)
        )

    client = Scripted(script)
    gate = Gate(client, limits=Limits(max_in_flight=4), clock=fast())  # 200 s are 0.2 s
    list(gate.map(gate.ask, [request(str(n)) for n in range(12)]))
    gaps = [later - earlier for earlier, later in zip(client.at, client.at[1:], strict=False)]
    assert max(gaps) >= 0.15
    assert 200.0 <= gate.usage.waited_seconds <= 220.0


def test_retry_after_is_capped() -> None:
    def script(number: int, prompt: str) -> Reply | CallError:
        return CallError(Trouble.RATE, "slow", retry_after=1e9) if number == 0 else answer(number, prompt)

    gate = Gate(Scripted(script), clock=fast())
    gate.ask(request("a"))
    assert gate.usage.waited_seconds <= 330.0


def test_the_breaker_lets_one_call_at_a_time_through() -> None:
    down = True

    def script(number: int, prompt: str) -> Reply | CallError:
        return CallError(Trouble.TRANSIENT, "down", status=503) if down else answer(number, prompt)

    client = Scripted(script, seconds=0.002)
    gate = Gate(client, limits=Limits(max_in_flight=16, max_attempts=1000), clock=fast())
    gate.client = Scripted(answer)
    gate.ask(request("first"))  # opens the gate for all
    gate.client = client
    done: list[str] = []
    workers = [
        threading.Thread(target=lambda n=n: done.append(gate.ask(request(str(n))).text)) for n in range(16)
    ]
    for worker in workers:
        worker.start()
    time.sleep(0.3)
    down_calls = len(client.calls)
    down = False
    for worker in workers:
        worker.join()
    assert len(done) == 16
    # 300 scaled seconds of outage: the first wave, then probes 1, 2, 4, ... 60 s apart.
    assert down_calls <= 16 + 25


def test_an_outage_ends_the_run_with_a_hint_to_resume() -> None:
    gate = Gate(
        Scripted(lambda n, p: CallError(Trouble.RATE, "slow")),
        limits=Limits(outage_seconds=50.0),
        clock=fast(),
    )
    with pytest.raises(LLMFatalError, match=r"has not answered for 50 seconds.*resume"):
        gate.ask(request("a"))


def test_the_run_deadline_holds() -> None:
    gate = Gate(Scripted(answer, seconds=0.02), limits=Limits(run_seconds=100.0), clock=fast())
    with pytest.raises(BudgetError, match="100 seconds are over"):
        for number in range(50):
            gate.ask(request(str(number)))


@pytest.mark.parametrize("workers", [1, 8])
def test_the_money_budget_is_never_passed_and_a_later_run_resumes(tmp_path: Path, workers: int) -> None:
    paid = 0
    texts: set[str] = set()
    for _ in range(20):
        client = Scripted(answer)
        gate = Gate(
            client,
            ledger=ResponseLedger(tmp_path / "l.db"),
            price=Price(1.0, 1.0),
            limits=Limits(max_in_flight=workers, max_cost=0.001),
        )
        try:
            replies = list(gate.map(gate.ask, [request(str(n), max_tokens=100) for n in range(100)]))
        except BudgetError as error:
            assert "budget of 0.001 US dollars" in str(error)
            assert gate.usage.cost is not None
            assert gate.usage.cost <= 0.001
            paid += len(client.calls)
            continue
        paid += len(client.calls)
        texts = {reply.text for reply in replies}
        break
    assert len(texts) == 100
    assert paid == 100


def test_the_call_budget_holds() -> None:
    client = Scripted(answer)
    gate = Gate(client, limits=Limits(max_calls=7))
    with pytest.raises(BudgetError, match="budget of 7 calls"):
        list(gate.map(gate.ask, [request(str(n)) for n in range(20)]))
    assert len(client.calls) == 7


def test_a_budget_in_money_needs_a_price() -> None:
    with pytest.raises(ConfigError, match=r"set llm\.price_prompt"):
        Gate(Scripted(answer), limits=Limits(max_cost=1.0))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(Reply(""), "empty"), (Reply("  \n"), "empty"), (Reply("I cannot.", "content_filter"), "refused")],
)
def test_no_answer_is_no_success_and_is_asked_again(tmp_path: Path, reply: Reply, kind: str) -> None:
    client = Scripted(lambda n, p: reply if n == 0 else answer(n, p))
    gate = Gate(client, ledger=ResponseLedger(tmp_path / "l.db"))
    with pytest.raises(LLMCallError) as caught:
        gate.ask(request("a"))
    assert caught.value.kind == kind
    assert gate.ask(request("a")).text == "answer to a"


def test_a_request_that_does_not_fit_stops_nobody_else() -> None:
    def script(number: int, prompt: str) -> Reply | CallError:
        return (
            CallError(Trouble.TOO_LONG, "too long", status=400) if prompt == "big" else answer(number, prompt)
        )

    gate = Gate(Scripted(script))
    with pytest.raises(LLMCallError) as caught:
        gate.ask(request("big"))
    assert caught.value.kind == "too_long"
    assert gate.ask(request("small")).text == "answer to small"


def test_a_refused_request_is_fatal_only_before_the_first_success() -> None:
    bad = CallError(Trouble.BAD_REQUEST, "odd", status=400)
    with pytest.raises(LLMFatalError):
        Gate(Scripted(lambda n, p: bad)).ask(request("a"))
    gate = Gate(Scripted(lambda n, p: bad if p == "odd" else answer(n, p)))
    gate.ask(request("a"))
    with pytest.raises(LLMCallError) as caught:
        gate.ask(request("odd"))
    assert caught.value.kind == "bad_request"


def test_closing_wakes_those_who_wait() -> None:
    gate = Gate(Scripted(lambda n, p: CallError(Trouble.RATE, "slow", retry_after=250.0)))
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            gate.ask(request("a"))
        except LLMFatalError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.05)
    gate.stop()
    thread.join(timeout=2)
    assert not thread.is_alive()
    assert "closed" in str(errors[0])


def test_streaming_gives_the_pieces_and_keeps_the_whole(tmp_path: Path) -> None:
    client = Scripted(answer)
    gate = Gate(client, ledger=ResponseLedger(tmp_path / "l.db"))
    assert list(gate.stream(request("a"))) == list("answer to a")
    assert list(gate.stream(request("a"))) == ["answer to a"]
    assert len(client.calls) == 1


def test_lost_calls_are_reckoned_as_paid() -> None:
    def script(number: int, prompt: str) -> Reply | CallError:
        return CallError(Trouble.TIMEOUT, "late", sent=True) if number == 0 else answer(number, prompt)

    gate = Gate(Scripted(script), price=Price(1e6, 1e6), clock=fast())
    gate.ask(request("hello there"))
    usage = gate.usage
    assert usage.lost == 1
    assert usage.cost is not None
    assert usage.cost > 15.0


def test_usage_adds_up() -> None:
    gate = Gate(
        Scripted(lambda n, p: CallError(Trouble.TRANSIENT, "x") if n % 3 == 1 else answer(n, p)), clock=fast()
    )
    list(gate.map(gate.ask, [request(str(n)) for n in range(30)]))
    usage = gate.usage
    assert usage.answers == 30
    assert usage.calls == usage.answers + usage.retries
    assert usage.by_task == {"test": 30}


def test_an_estimate_counts_only_what_is_missing(tmp_path: Path) -> None:
    gate = Gate(Scripted(answer), ledger=ResponseLedger(tmp_path / "l.db"), price=Price(1.0, 2.0))
    gate.ask(request("a"))
    estimate = gate.estimate([request("a"), request("b")], completion_tokens=100)
    assert (estimate.calls, estimate.cached, estimate.completion_tokens) == (1, 1, 100)
    assert estimate.cost == pytest.approx((estimate.prompt_tokens + 200) / 1e6)


CHANGES: list[dict[str, object]] = [
    {"provider": "other"},
    {"model": "other"},
    {"structured": "none", "schema": True},
    {"temperature": 0.5},
    {"top_p": 0.9},
    {"top_k": 5},
    {"max_tokens": 7},
    {"seed": 1},
    {"stop": ("x",)},
    {"sample": 1},
    {"content": "other"},
    {"role": "system"},
    {"schema": True},
    {"schema": True, "version": "2"},
    {"schema": True, "body": '{"a":1}'},
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_that_may_change_the_answer_changes_the_key(change: dict[str, object]) -> None:
    from graphrag.llm import OutputSchema

    def key(**given: object) -> str:
        sampling = {
            k: v
            for k, v in given.items()
            if k in {"temperature", "top_p", "top_k", "max_tokens", "seed", "stop"}
        }
        schema = (
            OutputSchema("s", str(given.get("version", "1")), str(given.get("body", "{}")))
            if given.get("schema")
            else None
        )
        message = Message(str(given.get("role", "user")), str(given.get("content", "c")))
        made = Request("t", (message,), Sampling(**sampling), schema, int(str(given.get("sample", 0))))  # type: ignore[arg-type]
        return made.key(
            provider=str(given.get("provider", "p")),
            model=str(given.get("model", "m")),
            structured=str(given.get("structured", "auto")),
        )

    keys = {key(**other) for other in [*CHANGES, {}]}
    assert len(keys) == len(CHANGES) + 1
    assert key(**change) != key()


def test_the_task_is_no_part_of_the_key() -> None:
    message = (Message("user", "c"),)
    one, other = Request("extract", message), Request("answer", message)
    assert one.key(provider="p", model="m") == other.key(provider="p", model="m")


def test_a_server_that_asks_to_wait_for_nothing_is_not_hammered() -> None:
    def script(number: int, prompt: str) -> Reply | CallError:
        waits = CallError(Trouble.RATE, "slow", status=429, retry_after=0.0)
        return waits if time.monotonic() < healed else answer(number, prompt)

    client = Scripted(script)
    healed = time.monotonic() + 0.1  # 100 s of the gate's clock
    gate = Gate(client, limits=Limits(max_in_flight=4), clock=fast())
    assert len(list(gate.map(gate.ask, [request(str(n)) for n in range(4)]))) == 4
    assert len(client.calls) <= 16


def test_a_request_that_does_not_fit_proves_that_the_server_works() -> None:
    def script(number: int, prompt: str) -> Reply | CallError:
        return (
            CallError(Trouble.TOO_LONG, "too long", status=400) if prompt == "big" else answer(number, prompt)
        )

    client = Scripted(script, seconds=0.02)
    gate = Gate(client, limits=Limits(max_in_flight=8))
    with pytest.raises(LLMCallError):
        gate.ask(request("big"))
    list(gate.map(gate.ask, [request(str(n)) for n in range(8)]))
    assert client.peak > 1
