"""The gate every call to a model passes: bounded in number, time and money, and paid once.

State shared by all threads, under one condition:

* slots: at most `max_in_flight` calls at once;
* probing: true at the start and after trouble: one call at a time, until one succeeds. So a wrong
  key costs one call, not one per worker;
* pause: set by 429, ``Retry-After`` and the circuit breaker; it holds back *all* calls;
* reserve: what calls in flight may cost at most, so that the budget is never passed.
"""

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from graphrag.errors import BudgetError, ConfigError, GraphRAGError, LLMCallError, LLMFatalError
from graphrag.llm.client import CallError, ChatClient, Trouble
from graphrag.llm.clock import Clock
from graphrag.llm.ledger import ResponseLedger
from graphrag.llm.messages import LENGTH, REFUSAL, Reply, Request
from graphrag.llm.pricing import Estimate, Price, message_tokens

logger = logging.getLogger(__name__)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_STOP_GRACE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a run. None is no limit.

    Attributes:
        call_seconds: From sending a request to its last byte.
        max_attempts: Per request; being told to slow down (429) is no attempt.
        backoff_seconds: Mean wait grows from half of it, doubling, with full jitter.
        max_backoff_seconds: Longest wait between attempts, and longest pause of the breaker.
        max_retry_after_seconds: Longest wait a server may ask for.
        breaker_failures: Failures in a row, over all threads, after which calls go one at a time.
        outage_seconds: Without any success for so long, the run is given up.
        run_seconds: From the gate's first call.
        max_cost: US dollars. Calls in flight are reckoned at their most, so it is never passed.
    """

    max_in_flight: int = 8
    call_seconds: float = 120.0
    max_attempts: int = 8
    backoff_seconds: float = 1.0
    max_backoff_seconds: float = 60.0
    max_retry_after_seconds: float = 300.0
    breaker_failures: int = 5
    outage_seconds: float = 900.0
    run_seconds: float | None = None
    max_cost: float | None = None
    max_tokens: int | None = None
    max_calls: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What went through the gate.

    Attributes:
        calls: Sent to the server, failed ones included.
        answers: Calls that brought an answer.
        cached: Answers from the ledger.
        lost: Calls without an answer that the server may have billed; reckoned in `cost` by prompt.
        waited_seconds: Time the whole gate was paused.
        cost: US dollars; None where no price is known.
        by_task: Answers paid for, by task.
    """

    calls: int = 0
    answers: int = 0
    cached: int = 0
    retries: int = 0
    lost: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    waited_seconds: float = 0.0
    cost: float | None = 0.0
    by_task: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Turn:
    """A slot held by one call: when it began, and what it may cost."""

    began: float
    tokens: int
    cost: float


class Gate:
    """Asks a model; safe to use from many threads.

    Args:
        client: Makes single attempts.
        ledger: Where answers are kept; None keeps none, for questions nobody asks twice.
        price: Of the client's model; needed for `Limits.max_cost`.
        clock: Time; a scaled one in tests.
        seed: Of the jitter. It takes no part in results.

    Raises:
        ConfigError: If a budget in money is set and no price is known.
    """

    def __init__(
        self,
        client: ChatClient,
        *,
        ledger: ResponseLedger | None = None,
        limits: Limits | None = None,
        price: Price | None = None,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.client = client
        self.ledger = ledger
        self.limits = limits or Limits()
        self.price = price
        self.clock = clock or Clock()
        if self.limits.max_cost is not None and price is None:
            raise ConfigError(
                f'a budget of {self.limits.max_cost} needs a price, and none is known for "{client.model}"; '
                "set llm.price_prompt and llm.price_completion (US dollars per million tokens)"
            )
        self._random = random.Random(seed)  # noqa: S311 - jitter, no secret
        self._condition = threading.Condition()
        self._in_flight = 0
        self._reserved_tokens = 0
        self._reserved_cost = 0.0
        self._probing = True
        self._paused_until = float("-inf")
        self._pause_began = float("-inf")
        self._pauses = 0
        self._failures = 0
        self._started: float | None = None
        self._last_success: float | None = None
        self._stopped: GraphRAGError | None = None
        self._halt = threading.Event()
        self._singles: dict[str, list[object]] = {}
        self._calls = self._answers = self._cached = self._retries = self._lost = 0
        self._prompt_tokens = self._completion_tokens = 0
        self._waited = self._cost = 0.0
        self._by_task: dict[str, int] = {}

    def ask(self, request: Request) -> Reply:
        """The answer to a request: from the ledger, or paid for and in the ledger before it is returned.

        Two threads with the same request make one call.

        Raises:
            LLMCallError: This request got no usable answer; `kind` says why.
            LLMFatalError: No request can get one.
            BudgetError: A budget is reached.
        """
        key = self.key(request)
        with self._single(key):
            found = self.ledger.get(key) if self.ledger is not None else None
            if found is not None:
                with self._condition:
                    self._cached += 1
                return found
            return self._pay(request, key)

    def stream(self, request: Request) -> Iterator[str]:
        """The answer's text in pieces as they come; recorded when whole.

        Trouble before the first piece is retried as in `ask`; later trouble raises.

        Raises:
            LLMCallError, LLMFatalError, BudgetError: As `ask`.
        """
        key = self.key(request)
        found = self.ledger.get(key) if self.ledger is not None else None
        if found is not None:
            with self._condition:
                self._cached += 1
            yield found.text
            return
        attempts = 0
        while True:
            begun = False
            turn = self._enter(request)
            try:
                for piece in self.client.stream(request, seconds=self.clock.real(self.limits.call_seconds)):
                    if isinstance(piece, Reply):
                        self._record(request, key, self._counted(request, piece), turn)
                    else:
                        begun = True
                        yield piece
                return
            except CallError as error:
                attempts = self._failed(turn, error, attempts, request)
                if begun:
                    raise LLMCallError(f"the answer broke off: {error}", kind="broken") from error
            finally:
                self._leave(turn)
            self._back_off(attempts)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors in order. Not kept in the ledger: indexes keep them.

        Raises:
            LLMCallError, LLMFatalError, BudgetError: As `ask`.
        """
        from graphrag.llm.messages import Message, Sampling

        request = Request("embed", tuple(Message("user", text) for text in texts), Sampling(max_tokens=0))
        attempts = 0
        while True:
            turn = self._enter(request)
            try:
                vectors, tokens = self.client.embed(texts, seconds=self.clock.real(self.limits.call_seconds))
                tokens = tokens or message_tokens(request.messages)
                self._succeeded(turn, request, Reply("", prompt_tokens=tokens))
                return vectors
            except CallError as error:
                attempts = self._failed(turn, error, attempts, request)
            finally:
                self._leave(turn)
            self._back_off(attempts)

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Run `function`, which asks this gate, over items in threads; results in order.

        Ctrl-C ends waiting at once and gives calls in flight a few seconds, so that their answers
        reach the ledger. Any error of `function` is raised here after the others have ended.
        """
        work = list(items)
        if len(work) <= 1 or self.limits.max_in_flight == 1:
            yield from (function(item) for item in work)
            return
        pool = ThreadPoolExecutor(min(len(work), self.limits.max_in_flight), thread_name_prefix="llm")
        futures: list[Future[_Result]] = []
        try:
            futures = [pool.submit(function, item) for item in work]
            for future in futures:
                yield future.result()
        except (Exception, GeneratorExit):
            raise
        except BaseException:  # Ctrl-C, or a signal that ends the program
            self.stop()
            raise
        finally:
            for future in futures:
                future.cancel()
            pool.shutdown(wait=True)

    def key(self, request: Request) -> str:
        """Where the ledger keeps the answer to this request."""
        client = self.client
        return request.key(provider=client.provider, model=client.model, structured=client.structured)

    def refuse(self, keys: Iterable[str], reason: str) -> None:
        """Answers that turned out useless: kept in the ledger, asked for again."""
        if self.ledger is not None:
            self.ledger.refuse([key for key in keys if key], reason)

    def estimate(self, requests: Iterable[Request], *, completion_tokens: int) -> Estimate:
        """What asking these would take, from their real prompts; nothing is sent.

        Args:
            completion_tokens: Expected length of one answer.
        """
        calls = cached = tokens = 0
        for request in requests:
            if self.ledger is not None and self.ledger.has(self.key(request)):
                cached += 1
            else:
                calls += 1
                tokens += message_tokens(request.messages)
        answers = calls * completion_tokens
        return Estimate(
            calls, cached, tokens, answers, self.price.of(tokens, answers) if self.price else None
        )

    @property
    def usage(self) -> Usage:
        with self._condition:
            return Usage(
                calls=self._calls,
                answers=self._answers,
                cached=self._cached,
                retries=self._retries,
                lost=self._lost,
                prompt_tokens=self._prompt_tokens,
                completion_tokens=self._completion_tokens,
                waited_seconds=self._waited,
                cost=self._cost if self.price is not None else None,
                by_task=dict(sorted(self._by_task.items())),
            )

    def stop(self) -> None:
        """Begin no more calls, wake all who wait, and give calls in flight a few seconds."""
        self._stop(LLMFatalError("the gate is closed; run again to resume"))
        self.client.stop(self.clock.real(_STOP_GRACE_SECONDS))

    def close(self) -> None:
        """Stop, and let go of connections and ledger."""
        self.stop()
        self.client.close()
        if self.ledger is not None:
            self.ledger.close()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- one paid answer ----------------------------------------------------------------------------

    def _pay(self, request: Request, key: str) -> Reply:
        attempts = 0
        while True:
            turn = self._enter(request)
            try:
                reply = self.client.complete(request, seconds=self.clock.real(self.limits.call_seconds))
                return self._record(request, key, self._counted(request, reply), turn, attempts + 1)
            except CallError as error:
                attempts = self._failed(turn, error, attempts, request)
            finally:
                self._leave(turn)
            self._back_off(attempts)

    def _counted(self, request: Request, reply: Reply) -> Reply:
        if reply.prompt_tokens:
            return reply
        # Some servers report no usage: count ourselves rather than call it free.
        from graphrag.llm.pricing import approximate_tokens

        return replace(
            reply,
            prompt_tokens=message_tokens(request.messages),
            completion_tokens=reply.completion_tokens or approximate_tokens(reply.text),
        )

    def _record(self, request: Request, key: str, reply: Reply, turn: _Turn, attempts: int = 1) -> Reply:
        """Ledger before use; an answer that is none is kept, but not as a success."""
        useless = _useless(reply)
        if self.ledger is not None:
            try:
                self.ledger.put(key, reply, task=request.task, usable=not useless, reason=useless)
            except GraphRAGError as error:
                self._stop(error)  # nothing more is paid for when answers cannot be kept
                raise
        self._succeeded(turn, request, reply)
        if useless:
            raise LLMCallError(
                f'the model gave no answer to a "{request.task}" request: {useless}', kind=useless
            )
        return replace(reply, key=key, attempts=attempts)

    # -- entering and leaving -----------------------------------------------------------------------

    def _enter(self, request: Request) -> _Turn:
        """Wait for a slot; raise where no call may begin any more."""
        tokens = message_tokens(request.messages)
        cost = self.price.of(tokens, request.sampling.max_tokens) if self.price else 0.0
        with self._condition:
            while True:
                self._check()
                now = self.clock.now()
                if self._paused_until > now:
                    self._wait(self._paused_until - now)
                elif self._in_flight >= (1 if self._probing else self.limits.max_in_flight):
                    self._wait(1.0)
                elif reason := self._over_budget(tokens + request.sampling.max_tokens, cost):
                    if self._in_flight == 0:
                        self._stop(BudgetError(f"{reason}; run again with a larger one to resume"))
                        continue
                    self._wait(1.0)  # calls in flight may turn out cheaper than reserved
                else:
                    break
            if self._started is None:
                self._started = now
            if self._last_success is None:
                self._last_success = now
            self._calls += 1
            self._in_flight += 1
            self._reserved_tokens += tokens + request.sampling.max_tokens
            self._reserved_cost += cost
            return _Turn(now, tokens + request.sampling.max_tokens, cost)

    def _leave(self, turn: _Turn) -> None:
        with self._condition:
            self._in_flight -= 1
            self._reserved_tokens -= turn.tokens
            self._reserved_cost -= turn.cost
            self._condition.notify_all()

    def _wait(self, seconds: float) -> None:
        self._condition.wait(max(0.0005, self.clock.real(min(seconds, 5.0))))

    def _check(self) -> None:
        if self._stopped is not None:
            raise self._stopped
        now = self.clock.now()
        limits = self.limits
        if (
            limits.run_seconds is not None
            and self._started is not None
            and now - self._started > limits.run_seconds
        ):
            over = BudgetError(
                f"the run's {limits.run_seconds:g} seconds are over; run again with more to resume"
            )
            self._stop(over)
            raise over
        troubled = self._probing and (self._pauses or self._failures)
        if troubled and self._last_success is not None and now - self._last_success > limits.outage_seconds:
            away = LLMFatalError(
                f"the model's server has not answered for {limits.outage_seconds:g} seconds; "
                "check that it runs, then run again to resume"
            )
            self._stop(away)
            raise away

    def _over_budget(self, tokens: int, cost: float) -> str:
        limits = self.limits
        if limits.max_calls is not None and self._calls + 1 > limits.max_calls:
            return f"the budget of {limits.max_calls} calls is reached"
        used = self._prompt_tokens + self._completion_tokens + self._reserved_tokens
        if limits.max_tokens is not None and used + tokens > limits.max_tokens:
            return f"the budget of {limits.max_tokens} tokens is reached"
        if limits.max_cost is not None and self._cost + self._reserved_cost + cost > limits.max_cost:
            if not self._cost + self._reserved_cost:
                return f"one call may cost {cost:.4f} US dollars, more than the budget of {limits.max_cost:g}"
            return f"the budget of {limits.max_cost:g} US dollars is reached (spent: {self._cost:.4f})"
        return ""

    # -- after a call -------------------------------------------------------------------------------

    def _succeeded(self, turn: _Turn, request: Request, reply: Reply) -> None:
        with self._condition:
            self._answers += 1
            self._by_task[request.task] = self._by_task.get(request.task, 0) + 1
            self._prompt_tokens += reply.prompt_tokens
            self._completion_tokens += reply.completion_tokens
            if self.price is not None:
                self._cost += self.price.of(reply.prompt_tokens, reply.completion_tokens)
            self._last_success = self.clock.now()
            if turn.began >= self._pause_began:  # an answer to a call begun before the trouble proves nothing
                self._probing = False
                self._failures = self._pauses = 0
            self._condition.notify_all()

    def _failed(self, turn: _Turn, error: CallError, attempts: int, request: Request) -> int:
        """Note a failed attempt; the attempts made now, or an error where there is no going on."""
        with self._condition:
            if error.sent:
                self._lost += 1
                if self.price is not None:
                    self._cost += self.price.of(message_tokens(request.messages), 0)
            if error.trouble is Trouble.FATAL or (
                error.trouble is Trouble.BAD_REQUEST and self._answers == 0
            ):
                fatal = LLMFatalError(str(error))
                self._stop(fatal)
                raise fatal from error
            if error.trouble in (Trouble.TOO_LONG, Trouble.REFUSED, Trouble.BAD_REQUEST):
                # The server works; only this request does not.
                self._last_success = self.clock.now()
                raise LLMCallError(str(error), kind=error.trouble.value) from error
            self._pause(turn, error)
            if error.trouble is not Trouble.RATE:
                attempts += 1
                if attempts >= self.limits.max_attempts:
                    message = (
                        f'no answer to a "{request.task}" request after {attempts} attempts; last: {error}'
                    )
                    raise LLMCallError(message, kind="unanswered") from error
            self._retries += 1
            return attempts

    def _pause(self, turn: _Turn, error: CallError) -> None:
        """Hold back all calls where the server, and not one request, is in trouble."""
        now = self.clock.now()
        rate = error.trouble is Trouble.RATE
        if not rate:
            self._failures += 1
        asked = (
            None if error.retry_after is None else min(error.retry_after, self.limits.max_retry_after_seconds)
        )
        broken = not rate and self._failures >= self.limits.breaker_failures
        if not (rate or broken or asked is not None):
            return
        until = now + asked * (1 + 0.1 * self._random.random()) if asked is not None else now
        if turn.began >= self._pause_began:
            # Only trouble met after the last pause makes the next one longer: eight workers that are
            # told "slow down" at once were told once.
            if asked is None:
                self._pauses += 1
                grown = min(self.limits.max_backoff_seconds, self.limits.backoff_seconds * 2.0**self._pauses)
                until = now + grown * (0.5 + 0.5 * self._random.random())
            self._pause_began = now
        self._probing = True
        if until > self._paused_until:
            self._waited += until - max(now, self._paused_until)
            self._paused_until = until
        self._condition.notify_all()

    def _back_off(self, attempts: int) -> None:
        """Wait before the next attempt of one request: exponential, full jitter."""
        if attempts == 0:
            return  # it was told to slow down; the shared pause does the waiting
        bound = min(self.limits.max_backoff_seconds, self.limits.backoff_seconds * 2.0 ** (attempts - 1))
        with self._condition:
            seconds = bound * self._random.random()
        self.clock.sleep(seconds, self._halt)

    def _stop(self, error: GraphRAGError) -> None:
        with self._condition:
            if self._stopped is None:
                self._stopped = error
            self._condition.notify_all()
        self._halt.set()

    @contextlib.contextmanager
    def _single(self, key: str) -> Iterator[None]:
        """Let only one thread at a time ask for one key."""
        with self._condition:
            entry = self._singles.setdefault(key, [threading.Lock(), 0])
            entry[1] = entry[1] + 1  # type: ignore[operator]
        lock: threading.Lock = entry[0]  # type: ignore[assignment]
        try:
            with lock:
                yield
        finally:
            with self._condition:
                entry[1] = entry[1] - 1  # type: ignore[operator]
                if entry[1] == 0:
                    self._singles.pop(key, None)


def _useless(reply: Reply) -> str:
    """Why a reply answers nothing ("refused", "empty"), or "". A cut one still tells something."""
    if reply.finish == REFUSAL:
        return "refused"
    if not reply.text.strip() and reply.finish != LENGTH:
        return "empty"
    return ""
