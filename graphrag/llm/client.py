"""Clients: the one place that speaks to a server. Each call is one attempt; the gate retries.

`OpenAIClient` speaks the chat protocol that OpenAI, Azure OpenAI, Ollama, vLLM, LM Studio and
llama.cpp share. Servers differ in which parameters they take; what a server refuses by name is left
out from then on, once, with a line in the log.
"""

import email.utils
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from graphrag.llm.messages import REFUSAL, Reply, Request
from graphrag.llm.secret import Secret

logger = logging.getLogger(__name__)

STRUCTURED = ("json_schema", "json_object", "none")


class Trouble(StrEnum):
    """Why a call gave no answer, and with it what the gate does about it."""

    RATE = "rate"  # wait, all of us
    TRANSIENT = "transient"  # try again
    TIMEOUT = "timeout"  # try again; it may have been paid
    TOO_LONG = "too_long"  # the prompt does not fit the model: split it
    REFUSED = "refused"  # this prompt only
    BAD_REQUEST = "bad_request"  # this request only, or all of them
    FATAL = "fatal"  # all of them: key, model, payment


class CallError(Exception):
    """One attempt that gave no answer.

    Attributes:
        retry_after: Seconds the server asks to wait; None if it does not say.
        sent: Whether the server may have done, and billed, the work.
    """

    def __init__(
        self,
        trouble: Trouble,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        sent: bool = False,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.status = status
        self.retry_after = retry_after
        self.sent = sent


class ChatClient(Protocol):
    """What the gate needs of a client; every call raises `CallError` and nothing else."""

    @property
    def provider(self) -> str:
        """Names the server's kind; part of the ledger's key."""
        ...

    @property
    def model(self) -> str: ...

    @property
    def structured(self) -> str:
        """How JSON is asked for; part of the key of requests with a schema."""
        ...

    def complete(self, request: Request, *, seconds: float) -> Reply:
        """One attempt, over within `seconds` real seconds."""
        ...

    def stream(self, request: Request, *, seconds: float) -> Iterator[str | Reply]:
        """Pieces of text as they come; the whole as a `Reply` last."""
        ...

    def embed(self, texts: Sequence[str], *, seconds: float) -> tuple[list[list[float]], int]:
        """Vectors in order, and the tokens they cost."""
        ...

    def stop(self, seconds: float) -> None:
        """End calls in flight within `seconds` real seconds."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class SDKClient:
    """What clients built on a maker's SDK share: it is made on first use, and its calls end when told to.

    Args:
        model: Name of the model as the server knows it.
        key: May be empty for servers that want none.
        where: Address of the server.
        provider: Name in the ledger's key.
        structured: How answers are held to a schema.
        connections: Calls that may be in flight at once.
        proxy: URL of an HTTP proxy.
    """

    def __init__(
        self,
        model: str,
        *,
        key: Secret,
        where: str,
        provider: str,
        structured: str,
        connections: int,
        proxy: str | None,
    ) -> None:
        self.model = model
        self.provider = provider
        self.structured = structured
        self._key = key
        self._where = where
        self._connections = connections
        self._proxy = proxy
        self._lock = threading.Lock()
        self._sdk: Any = None
        self._deadline: Any = None
        self._dropped: set[str] = set()

    def stop(self, seconds: float) -> None:
        """See `ChatClient`."""
        if self._deadline is not None:
            self._deadline.stop_at = time.monotonic() + seconds

    def close(self) -> None:
        """See `ChatClient`."""
        with self._lock:
            if self._sdk is not None:
                self._sdk.close()

    def _client(self) -> Any:
        with self._lock:
            if self._sdk is None:
                self._sdk = self._make()
        return self._sdk

    def _make(self) -> Any:
        """The SDK's client, and `_deadline` with it."""
        raise NotImplementedError


class OpenAIClient(SDKClient):
    """The official SDK with its retries off.

    Args:
        model: Name of the model as the server knows it (Azure: of the deployment).
        key: May be empty for servers that want none.
        base_url: "" is OpenAI's own server.
        api_version: Given, the server is Azure OpenAI and `base_url` its endpoint.
        provider: Name in the ledger's key; the host of `base_url` by default, so that a server on
            another port still finds its paid answers.
        structured: "json_schema", "json_object", "none", or "auto": the best the server takes.
        connections: Calls that may be in flight at once.
        proxy: URL of an HTTP proxy.
    """

    def __init__(
        self,
        model: str,
        *,
        key: Secret,
        base_url: str = "",
        api_version: str = "",
        provider: str = "",
        structured: str = "auto",
        connections: int = 8,
        proxy: str | None = None,
    ) -> None:
        super().__init__(
            model,
            key=key,
            where=base_url or "https://api.openai.com/v1",
            provider=provider or _host(base_url),
            structured=structured,
            connections=connections,
            proxy=proxy,
        )
        self._api_version = api_version
        self._mode = structured if structured != "auto" else STRUCTURED[0]
        self._tokens_name = "max_tokens"

    def complete(self, request: Request, *, seconds: float) -> Reply:
        raw = self._call(lambda: self._create(request, stream=False), request, seconds)
        return _reply(raw.content)

    def stream(self, request: Request, *, seconds: float) -> Iterator[str | Reply]:
        events = self._call(lambda: self._create(request, stream=True), request, seconds)
        parts: list[str] = []
        finish, usage, served = "stop", (0, 0), ""
        try:
            for event in events:
                served = event.model or served
                if event.usage is not None:
                    usage = (event.usage.prompt_tokens, event.usage.completion_tokens)
                for choice in event.choices[:1]:
                    finish = choice.finish_reason or finish
                    if choice.delta.content:
                        parts.append(choice.delta.content)
                        yield choice.delta.content
        except Exception as error:
            raise self._trouble(error) from error
        yield Reply("".join(parts), finish, *usage, served_by=served)

    def embed(self, texts: Sequence[str], *, seconds: float) -> tuple[list[list[float]], int]:
        def call() -> Any:
            return self._client().embeddings.with_raw_response.create(
                model=self.model, input=list(texts), encoding_format="float"
            )

        raw = self._call(call, None, seconds)
        return _vectors(raw.content, len(texts))

    def _call(self, call: Callable[[], Any], request: Request | None, seconds: float) -> Any:
        # A refusal of a parameter by name is no failure: leave it out and ask again, a few times at most.
        for _ in range(6):
            self._client()
            self._deadline.start(seconds)
            try:
                return call()
            except Exception as error:
                if request is not None and self._adapt(error, request):
                    continue
                raise self._trouble(error) from error
        raise CallError(
            Trouble.BAD_REQUEST, f"{self._where} refuses one parameter after the other", status=400
        )

    def _create(self, request: Request, *, stream: bool) -> Any:
        arguments = self._arguments(request)
        completions = self._client().chat.completions
        if stream:
            return completions.create(stream=True, stream_options={"include_usage": True}, **arguments)
        return completions.with_raw_response.create(**arguments)

    def _arguments(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        optional: dict[str, Any] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": None if sampling.seed is None else sampling.seed + request.sample,
            "stop": list(sampling.stop) or None,
        }
        arguments = {k: v for k, v in optional.items() if v is not None and k not in self._dropped}
        arguments["model"] = self.model
        arguments["messages"] = [{"role": m.role, "content": sendable(m.content)} for m in request.messages]
        arguments[self._tokens_name] = sampling.max_tokens
        if sampling.top_k is not None and "top_k" not in self._dropped:
            arguments["extra_body"] = {"top_k": sampling.top_k}
        if request.schema is not None and self._mode != "none":
            arguments["response_format"] = _response_format(request, self._mode)
        return arguments

    def _adapt(self, error: Exception, request: Request) -> bool:
        """Whether the server named a parameter it does not take, and we can do without."""
        if getattr(error, "status_code", None) not in (400, 422):
            return False
        param, message = _named(error)
        with self._lock:
            if self._tokens_name == "max_tokens" and "max_completion_tokens" in message:
                self._tokens_name = "max_completion_tokens"
                return True
            about_format = param.startswith("response_format") or any(w in message for w in _FORMAT_WORDS)
            if (
                request.schema is not None
                and self.structured == "auto"
                and about_format
                and self._mode != "none"
            ):
                self._mode = STRUCTURED[STRUCTURED.index(self._mode) + 1]
                logger.warning(
                    '%s does not take that response format; asking for "%s"', self._where, self._mode
                )
                return True
            for name in ("temperature", "top_p", "seed", "stop", "top_k"):
                if name not in self._dropped and (param == name or (f"'{name}'" in message and not param)):
                    self._dropped.add(name)
                    logger.warning('%s does not take the parameter "%s"; leaving it out', self._where, name)
                    return True
        return False

    def _make(self) -> Any:
        import openai  # takes most of a second: only who asks a model pays for it

        from graphrag.llm.transport import Deadline, http_client

        self._deadline = Deadline()
        common: dict[str, Any] = {
            "api_key": self._key.reveal() or "none",
            "max_retries": 0,
            "timeout": None,  # the transport bounds the whole call instead of each wait
            "http_client": http_client(self._deadline, connections=self._connections, proxy=self._proxy),
        }
        if self._api_version:
            return openai.AzureOpenAI(
                azure_endpoint=self._where,
                api_version=self._api_version,
                azure_deployment=self.model,
                **common,
            )
        return openai.OpenAI(base_url=self._where, organization=None, project=None, **common)

    def _trouble(self, error: Exception) -> CallError:
        if isinstance(error, CallError):
            return error
        import openai

        # The SDK's own messages may quote headers or URLs; ours never carry the key.
        text = self._key.scrub(str(error))[:500]
        if isinstance(error, openai.APIStatusError):
            return status_trouble(
                error.status_code, error.response.headers, error.body, text, self.model, self._where
            )
        if isinstance(error, openai.APITimeoutError):
            return CallError(Trouble.TIMEOUT, f"{self._where} did not answer in time", sent=True)
        if isinstance(error, openai.APIConnectionError):
            cause = self._key.scrub(str(error.__cause__ or error))[:300]
            sent = "connect" not in type(error.__cause__).__name__.lower()
            return CallError(Trouble.TRANSIENT, f"the connection to {self._where} failed: {cause}", sent=sent)
        return CallError(Trouble.TRANSIENT, f"{type(error).__name__}: {text}", sent=True)


_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output")
_TOO_LONG_WORDS = ("context length", "context_length", "maximum context", "too many tokens", "context window",
                   "prompt is too long", "exceeds the available context")  # fmt: skip


def _host(base_url: str) -> str:
    from urllib.parse import urlsplit

    return (urlsplit(base_url).hostname or base_url) if base_url else "api.openai.com"


def sendable(text: str) -> str:
    """The text as it can travel."""
    # JSON over HTTP is UTF-8: a lone surrogate cannot travel.
    return text.encode("utf-8", "replace").decode("utf-8")


def _response_format(request: Request, mode: str) -> dict[str, Any]:
    if mode == "json_object" or request.schema is None:
        return {"type": "json_object"}
    schema = {"name": request.schema.name, "strict": True, "schema": json.loads(request.schema.json)}
    return {"type": "json_schema", "json_schema": schema}


def _named(error: Exception) -> tuple[str, str]:
    body = getattr(error, "body", None)
    param = body.get("param") if isinstance(body, Mapping) else None
    return (param if isinstance(param, str) else ""), str(error).lower()


def status_trouble(
    status: int, headers: Mapping[str, str], body: object, text: str, model: str, where: str
) -> CallError:
    """What a status that is no success means for the gate, with a message that says what to do."""
    code = str(body.get("code") or body.get("type") or "") if isinstance(body, Mapping) else ""
    wait = retry_after(headers)
    lower = f"{text} {code}".lower()
    if status == 429 and "insufficient_quota" in lower:
        return CallError(
            Trouble.FATAL, f"the account at {where} has no credit left; top it up", status=status
        )
    if status in (400, 413, 422) and any(words in lower for words in _TOO_LONG_WORDS):
        return CallError(
            Trouble.TOO_LONG, f'the prompt does not fit the model "{model}": {text}', status=status
        )
    if status == 400 and "content_filter" in lower:
        return CallError(
            Trouble.REFUSED, f"the server's content filter refused the prompt: {text}", status=status
        )
    if status == 429:
        return CallError(Trouble.RATE, f"{where} asks to slow down", status=status, retry_after=wait)
    if status in (408, 409, 425) or status >= 500:
        message = f"{where} answered {status}: {text}"
        return CallError(Trouble.TRANSIENT, message, status=status, retry_after=wait, sent=status >= 500)
    fix = {
        401: f"{where} does not accept the API key; set the environment variable named by llm.api_key_env",
        402: f"{where} wants payment; settle the account, then run again to resume",
        403: f'{where} does not let this key use the model "{model}"; check the key\'s rights and llm.model',
        404: f'{where} knows no model "{model}"; check llm.model and llm.base_url',
    }.get(status)
    if fix is not None:
        return CallError(Trouble.FATAL, f"{fix} (status {status}: {text})", status=status)
    return CallError(
        Trouble.BAD_REQUEST, f"{where} refuses the request (status {status}): {text}", status=status
    )


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds a server asks to wait, from ``Retry-After`` as seconds or date; None if it does not.

    A date is read against the server's own ``Date`` header where there is one: clocks differ.
    """
    millis = headers.get("retry-after-ms")
    if millis is not None and _number(millis) is not None:
        return max(0.0, (_number(millis) or 0.0) / 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    until = _date(value)
    if until is None:
        return None
    reference = _date(headers.get("date") or "")
    if reference is None:
        reference = time.time() if now is None else now
    return max(0.0, until - reference)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None


def _date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _reply(raw: bytes) -> Reply:
    """Read a chat completion from a response's bytes, trusting none of its parts."""
    try:
        data = json.loads(raw)
        choice = data["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        finish = str(choice.get("finish_reason") or "stop")
        usage = data.get("usage") or {}
        tokens = count_of(usage.get("prompt_tokens")), count_of(usage.get("completion_tokens"))
        served = str(data.get("model") or "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        message = f"the server's answer is not a chat completion: {type(error).__name__}"
        raise CallError(Trouble.TRANSIENT, message, status=200, sent=True) from error
    if not isinstance(text, str):
        raise CallError(Trouble.TRANSIENT, "the server's answer holds no text", status=200, sent=True)
    if message.get("refusal"):
        finish, text = REFUSAL, str(message["refusal"])
    return Reply(text, finish, *tokens, served_by=served[:200])


def count_of(value: object) -> int:
    """A number of tokens as a server reports it; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else 0


def _vectors(raw: bytes, expected: int) -> tuple[list[list[float]], int]:
    try:
        data = json.loads(raw)
        rows = sorted(data["data"], key=lambda row: row["index"])
        vectors = [[float(value) for value in row["embedding"]] for row in rows]
        tokens = count_of((data.get("usage") or {}).get("prompt_tokens"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        message = f"the server's answer is not a list of embeddings: {type(error).__name__}"
        raise CallError(Trouble.TRANSIENT, message, status=200, sent=True) from error
    if len(vectors) != expected or len({len(vector) for vector in vectors}) > 1:
        message = f"the server gave {len(vectors)} embeddings for {expected} texts"
        raise CallError(Trouble.TRANSIENT, message, status=200, sent=True)
    return vectors, tokens
