"""Who may call now: the state that all threads of a gate share.

Kept under one condition:

* slots: at most `max_in_flight` calls at once;
* probing: true at the start and after trouble: one call at a time, until one succeeds. So a wrong
  key costs one call, not one per worker;
* pause: set by 429, ``Retry-After`` and the circuit breaker; it holds back *all* calls;
* reserve: what calls in flight may cost at most, so that the budget is never passed.
"""

import random
import threading
from dataclasses import dataclass, field

from graphrag.errors import BudgetError, GraphRAGError, LLMCallError, LLMFatalError
from graphrag.llm.client import CallError, Trouble
from graphrag.llm.clock import Clock
from graphrag.llm.messages import Reply
from graphrag.llm.pricing import Price


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


@dataclass(frozen=True, slots=True)
class Turn:
    """A slot held by one call.

    Attributes:
        task: What the call is for.
        began: When, by the gate's clock.
        prompt_tokens: About how long its prompt is.
        tokens, cost: What it may take at most; reserved until it ends.
    """

    task: str
    began: float
    prompt_tokens: int
    tokens: int
    cost: float


class Admission:
    """Lets calls begin, and learns from how they end."""

    def __init__(self, limits: Limits, *, price: Price | None, clock: Clock, seed: int) -> None:
        self._limits = limits
        self._price = price
        self._clock = clock
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
        self._calls = self._answers = self._cached = self._retries = self._lost = 0
        self._prompt_tokens = self._completion_tokens = 0
        self._waited = self._cost = 0.0
        self._by_task: dict[str, int] = {}

    def enter(self, task: str, prompt_tokens: int, max_tokens: int) -> Turn:
        """Wait for a slot.

        Raises:
            LLMFatalError, BudgetError, StoreError: Where no call may begin any more.
        """
        tokens = prompt_tokens + max_tokens
        cost = self._price.of(prompt_tokens, max_tokens) if self._price else 0.0
        with self._condition:
            while True:
                self._check()
                now = self._clock.now()
                if self._paused_until > now:
                    self._wait(self._paused_until - now)
                elif self._in_flight >= (1 if self._probing else self._limits.max_in_flight):
                    self._wait(1.0)
                elif reason := self._over_budget(tokens, cost):
                    if self._in_flight == 0:
                        self.stop(BudgetError(f"{reason}; run again with a larger one to resume"))
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
            self._reserved_tokens += tokens
            self._reserved_cost += cost
            return Turn(task, now, prompt_tokens, tokens, cost)

    def leave(self, turn: Turn) -> None:
        """Give the slot and the reserve back."""
        with self._condition:
            self._in_flight -= 1
            self._reserved_tokens -= turn.tokens
            self._reserved_cost -= turn.cost
            self._condition.notify_all()

    def _wait(self, seconds: float) -> None:
        self._condition.wait(max(0.0005, self._clock.real(min(seconds, 5.0))))

    def _check(self) -> None:
        if self._stopped is not None:
            raise self._stopped
        now = self._clock.now()
        limits = self._limits
        if (
            limits.run_seconds is not None
            and self._started is not None
            and now - self._started > limits.run_seconds
        ):
            over = BudgetError(
                f"the run's {limits.run_seconds:g} seconds are over; run again with more to resume"
            )
            self.stop(over)
            raise over
        troubled = self._probing and (self._pauses or self._failures)
        if troubled and self._last_success is not None and now - self._last_success > limits.outage_seconds:
            away = LLMFatalError(
                f"the model's server has not answered for {limits.outage_seconds:g} seconds; "
                "check that it runs, then run again to resume"
            )
            self.stop(away)
            raise away

    def _over_budget(self, tokens: int, cost: float) -> str:
        limits = self._limits
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

    def succeeded(self, turn: Turn, reply: Reply) -> None:
        """Note an answer, and what it cost."""
        with self._condition:
            self._answers += 1
            self._by_task[turn.task] = self._by_task.get(turn.task, 0) + 1
            self._prompt_tokens += reply.prompt_tokens
            self._completion_tokens += reply.completion_tokens
            if self._price is not None:
                self._cost += self._price.of(reply.prompt_tokens, reply.completion_tokens)
            self._last_success = self._clock.now()
            if turn.began >= self._pause_began:  # an answer to a call begun before the trouble proves nothing
                self._probing = False
                self._failures = self._pauses = 0
            self._condition.notify_all()

    def failed(self, turn: Turn, error: CallError, attempts: int) -> int:
        """Note a failed attempt; how many attempts that makes.

        Raises:
            LLMCallError: If this request cannot go on.
            LLMFatalError: If no request can.
        """
        with self._condition:
            if error.sent:
                self._lost += 1
                if self._price is not None:
                    self._cost += self._price.of(turn.prompt_tokens, 0)
            if error.trouble is Trouble.FATAL or (
                error.trouble is Trouble.BAD_REQUEST and self._answers == 0
            ):
                fatal = LLMFatalError(str(error))
                self.stop(fatal)
                raise fatal from error
            if error.trouble in (Trouble.TOO_LONG, Trouble.REFUSED, Trouble.BAD_REQUEST):
                # The server works; only this request does not.
                self._last_success = self._clock.now()
                self._probing = False
                self._failures = self._pauses = 0
                self._condition.notify_all()
                raise LLMCallError(str(error), kind=error.trouble.value) from error
            self._pause(turn, error)
            if error.trouble is not Trouble.RATE:
                attempts += 1
                if attempts >= self._limits.max_attempts:
                    message = f'no answer to a "{turn.task}" request after {attempts} attempts; last: {error}'
                    raise LLMCallError(message, kind="unanswered") from error
            self._retries += 1
            return attempts

    def _pause(self, turn: Turn, error: CallError) -> None:
        """Hold back all calls where the server, and not one request, is in trouble."""
        now = self._clock.now()
        rate = error.trouble is Trouble.RATE
        if not rate:
            self._failures += 1
        asked = (
            None
            if error.retry_after is None
            else min(error.retry_after, self._limits.max_retry_after_seconds)
        )
        broken = not rate and self._failures >= self._limits.breaker_failures
        if not (rate or broken or asked is not None):
            return
        until = now + asked * (1 + 0.1 * self._random.random()) if asked is not None else now
        if turn.began >= self._pause_began:
            # Only trouble met after the last pause makes the next one longer: eight workers that are
            # told "slow down" at once were told once.
            self._pauses += 1
            self._pause_began = now
            if asked is None or asked < self._limits.backoff_seconds:
                # A server that asks to wait for nothing, again and again, is not taken at its word.
                grown = min(
                    self._limits.max_backoff_seconds,
                    self._limits.backoff_seconds * 2.0 ** min(self._pauses, 30),
                )
                until = max(until, now + grown * (0.5 + 0.5 * self._random.random()))
        self._probing = True
        if until > self._paused_until:
            self._waited += until - max(now, self._paused_until)
            self._paused_until = until
        self._condition.notify_all()

    def back_off(self, attempts: int) -> None:
        """Wait before the next attempt of one request: exponential, full jitter."""
        if attempts == 0:
            return  # it was told to slow down; the shared pause does the waiting
        bound = min(self._limits.max_backoff_seconds, self._limits.backoff_seconds * 2.0 ** (attempts - 1))
        with self._condition:
            seconds = bound * self._random.random()
        self._clock.sleep(seconds, self._halt)

    def cached(self) -> None:
        """Note an answer that cost nothing."""
        with self._condition:
            self._cached += 1

    def stop(self, error: GraphRAGError) -> None:
        """Let nothing begin any more: all who wait, and all who come, get `error`."""
        with self._condition:
            if self._stopped is None:
                self._stopped = error
            self._condition.notify_all()
        self._halt.set()

    @property
    def usage(self) -> Usage:
        """What went through so far."""
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
                cost=self._cost if self._price is not None else None,
                by_task=dict(sorted(self._by_task.items())),
            )
