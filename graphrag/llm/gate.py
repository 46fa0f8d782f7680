"""The gate every call to a model passes: bounded in number, time and money, and paid once.

Who may call, and when, is `graphrag.llm.admission`'s business; here is what a call is: look into the
ledger, ask, write down, hand over.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from graphrag.errors import ConfigError, GraphRAGError, LLMCallError, LLMFatalError
from graphrag.llm.admission import Admission, Limits, Turn, Usage
from graphrag.llm.client import CallError, ChatClient
from graphrag.llm.clock import Clock
from graphrag.llm.ledger import ResponseLedger
from graphrag.llm.messages import LENGTH, REFUSAL, Reply, Request
from graphrag.llm.pricing import Estimate, Price, message_tokens

logger = logging.getLogger(__name__)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_STOP_GRACE_SECONDS = 8.0


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
        self._admission = Admission(self.limits, price=price, clock=self.clock, seed=seed)
        self._lock = threading.Lock()
        self._singles: dict[str, tuple[threading.Lock, int]] = {}

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
                self._admission.cached()
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
            self._admission.cached()
            yield found.text
            return
        attempts = 0
        while True:
            begun = False
            turn = self._turn(request)
            try:
                for piece in self.client.stream(request, seconds=self.clock.real(self.limits.call_seconds)):
                    if isinstance(piece, Reply):
                        self._record(request, key, self._counted(request, piece), turn)
                    else:
                        begun = True
                        yield piece
                return
            except CallError as error:
                attempts = self._admission.failed(turn, error, attempts)
                if begun:
                    raise LLMCallError(f"the answer broke off: {error}", kind="broken") from error
            finally:
                self._admission.leave(turn)
            self._admission.back_off(attempts)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors in order. Not kept in the ledger: indexes keep them.

        Raises:
            LLMCallError, LLMFatalError, BudgetError: As `ask`.
        """
        from graphrag.llm.messages import Message, Sampling

        request = Request("embed", tuple(Message("user", text) for text in texts), Sampling(max_tokens=0))
        attempts = 0
        while True:
            turn = self._turn(request)
            try:
                vectors, tokens = self.client.embed(texts, seconds=self.clock.real(self.limits.call_seconds))
                tokens = tokens or message_tokens(request.messages)
                self._admission.succeeded(turn, Reply("", prompt_tokens=tokens))
                return vectors
            except CallError as error:
                attempts = self._admission.failed(turn, error, attempts)
            finally:
                self._admission.leave(turn)
            self._admission.back_off(attempts)

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
        """What went through so far."""
        return self._admission.usage

    def stop(self) -> None:
        """Begin no more calls, wake all who wait, and give calls in flight a few seconds."""
        self._admission.stop(LLMFatalError("the gate is closed; run again to resume"))
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

    def _pay(self, request: Request, key: str) -> Reply:
        attempts = 0
        while True:
            turn = self._turn(request)
            try:
                reply = self.client.complete(request, seconds=self.clock.real(self.limits.call_seconds))
                return self._record(request, key, self._counted(request, reply), turn, attempts + 1)
            except CallError as error:
                attempts = self._admission.failed(turn, error, attempts)
            finally:
                self._admission.leave(turn)
            self._admission.back_off(attempts)

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

    def _record(self, request: Request, key: str, reply: Reply, turn: Turn, attempts: int = 1) -> Reply:
        """Ledger before use; an answer that is none is kept, but not as a success."""
        useless = _useless(reply)
        if self.ledger is not None:
            try:
                self.ledger.put(key, reply, task=request.task, usable=not useless, reason=useless)
            except GraphRAGError as error:
                self._admission.stop(error)  # nothing more is paid for when answers cannot be kept
                raise
        self._admission.succeeded(turn, reply)
        if useless:
            raise LLMCallError(
                f'the model gave no answer to a "{request.task}" request: {useless}', kind=useless
            )
        return replace(reply, key=key, attempts=attempts)

    def _turn(self, request: Request) -> Turn:
        return self._admission.enter(
            request.task, message_tokens(request.messages), request.sampling.max_tokens
        )

    @contextlib.contextmanager
    def _single(self, key: str) -> Iterator[None]:
        """Let only one thread at a time ask for one key."""
        with self._lock:
            lock, waiting = self._singles.get(key, (threading.Lock(), 0))
            self._singles[key] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, waiting = self._singles.pop(key)
                if waiting > 1:
                    self._singles[key] = (lock, waiting - 1)


def _useless(reply: Reply) -> str:
    """Why a reply answers nothing ("refused", "empty"), or "". A cut one still tells something."""
    if reply.finish == REFUSAL:
        return "refused"
    if not reply.text.strip() and reply.finish != LENGTH:
        return "empty"
    return ""
