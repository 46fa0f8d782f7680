"""Anthropic's own protocol, through its official library (the extra "anthropic"); retries are the gate's."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from graphrag.errors import MissingDependencyError
from graphrag.llm.client import CallError, SDKClient, Trouble, count_of, sendable, status_trouble
from graphrag.llm.messages import LENGTH, REFUSAL, Reply, Request
from graphrag.llm.secret import Secret

logger = logging.getLogger(__name__)

_FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": LENGTH, "refusal": REFUSAL,
           "model_context_window_exceeded": LENGTH}  # fmt: skip


class AnthropicClient(SDKClient):
    """A `ChatClient` for Anthropic's servers.

    It knows no seed, so samples that differ only by it are different answers to one request; it makes no
    embeddings.

    Args:
        base_url: "" is Anthropic's own server.
        structured: "json_schema" or "auto" hold the answer to the schema; "none" asks in words alone.
        connections: Calls that may be in flight at once.
        proxy: URL of an HTTP proxy.
    """

    def __init__(
        self,
        model: str,
        *,
        key: Secret,
        base_url: str = "",
        provider: str = "",
        structured: str = "auto",
        connections: int = 8,
        proxy: str | None = None,
    ) -> None:
        super().__init__(
            model,
            key=key,
            where=base_url or "https://api.anthropic.com",
            provider=provider or "anthropic",
            structured=structured,
            connections=connections,
            proxy=proxy,
        )

    def complete(self, request: Request, *, seconds: float) -> Reply:
        raw = self._call(request, seconds, stream=False)
        try:
            # The library's older responses hold their bytes; its newer ones are read.
            return _reply(raw.read() if hasattr(raw, "read") else raw.content)
        except Exception as error:
            raise self._trouble(error) from error

    def stream(self, request: Request, *, seconds: float) -> Iterator[str | Reply]:
        events = self._call(request, seconds, stream=True)
        parts: list[str] = []
        finish, prompt, completion, served = "", 0, 0, ""
        try:
            for event in events:
                if event.type == "message_start":
                    served, prompt = event.message.model, event.message.usage.input_tokens
                elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                    parts.append(event.delta.text)
                    yield event.delta.text
                elif event.type == "message_delta":
                    finish = event.delta.stop_reason or finish
                    completion = event.usage.output_tokens or completion
        except Exception as error:
            raise self._trouble(error) from error
        if not finish:
            raise CallError(Trouble.TRANSIENT, "the stream ended before the answer did", sent=True)
        tokens = count_of(prompt), count_of(completion)
        yield Reply("".join(parts), _FINISH.get(finish, finish), *tokens, served_by=str(served)[:200])

    def embed(self, texts: Sequence[str], *, seconds: float) -> tuple[list[list[float]], int]:
        raise CallError(Trouble.FATAL, "Anthropic makes no embeddings; set embedding.name to another")

    def _arguments(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        turns = [{"role": m.role, "content": sendable(m.content)} for m in request.messages]
        system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
        arguments: dict[str, Any] = {"model": self.model, "max_tokens": sampling.max_tokens}
        arguments["messages"] = [turn for turn in turns if turn["role"] != "system"]
        if system:
            arguments["system"] = system
        if sampling.stop:
            arguments["stop_sequences"] = list(sampling.stop)
        # What models differ in goes beside what the library knows: its versions differ in it, too.
        extra = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
        if sampling.top_p is not None:
            extra["temperature"] = None  # newer models take only one of the two
        body: dict[str, Any] = {name: value for name, value in extra.items() if value is not None}
        if request.schema is not None and self.structured in ("auto", "json_schema"):
            form = {"type": "json_schema", "schema": json.loads(request.schema.json)}
            body["output_config"] = {"format": form}
        arguments["extra_body"] = {name: value for name, value in body.items() if name not in self._dropped}
        return arguments

    def _adapt(self, error: Exception) -> bool:
        """Whether the server refused something that we can do without; it is left out from then on."""
        if getattr(error, "status_code", None) != 400:
            return False
        text = str(error).lower()
        for name in ("temperature", "top_p", "top_k", "output_config"):
            required = name == "output_config" and self.structured != "auto"
            if name in text and name not in self._dropped and not required:
                self._dropped.add(name)
                logger.warning('%s does not take "%s"; leaving it out', self._where, name)
                return True
        return False

    def _call(self, request: Request, seconds: float, *, stream: bool) -> Any:
        messages = self._client().messages
        while True:  # as often as there is something left to leave out
            arguments = self._arguments(request)
            self._deadline.start(seconds)
            try:
                if stream:
                    return messages.create(stream=True, **arguments)
                return messages.with_raw_response.create(**arguments)
            except Exception as error:
                if not self._adapt(error):
                    raise self._trouble(error) from error

    def _make(self) -> Any:
        try:
            import anthropic
        except ImportError as error:
            raise MissingDependencyError("anthropic", "anthropic") from error
        from graphrag.llm.transport import Deadline, http_client

        self._deadline = Deadline()
        return anthropic.Anthropic(
            api_key=self._key.reveal() or "none",
            base_url=self._where,
            max_retries=0,
            timeout=None,
            http_client=http_client(
                self._deadline, connections=self._connections, proxy=self._proxy, sdk=anthropic
            ),
        )

    def _trouble(self, error: Exception) -> CallError:
        if isinstance(error, CallError):
            return error
        import anthropic

        text = self._key.scrub(str(error))[:500]
        if isinstance(error, anthropic.APIStatusError):
            if error.status_code == 400 and "credit balance" in text.lower():
                message = f"the account at {self._where} has no credit left; top it up"
                return CallError(Trouble.FATAL, message, status=400)
            return status_trouble(
                error.status_code, error.response.headers, error.body, text, self.model, self._where
            )
        if isinstance(error, anthropic.APITimeoutError):
            return CallError(Trouble.TIMEOUT, f"{self._where} did not answer in time", sent=True)
        if isinstance(error, anthropic.APIConnectionError):
            cause = self._key.scrub(str(error.__cause__ or error))[:300]
            sent = "connect" not in type(error.__cause__).__name__.lower()
            return CallError(Trouble.TRANSIENT, f"the connection to {self._where} failed: {cause}", sent=sent)
        return CallError(Trouble.TRANSIENT, f"{type(error).__name__}: {text}", sent=True)


def _reply(raw: bytes) -> Reply:
    """Read a message from a response's bytes, trusting none of its parts."""
    try:
        data = json.loads(raw)
        text = "".join(block["text"] for block in data["content"] if block["type"] == "text")
        finish = str(data.get("stop_reason") or "")
        usage = data.get("usage") or {}
        tokens = count_of(usage.get("input_tokens")), count_of(usage.get("output_tokens"))
        served = str(data.get("model") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"the server's answer is not a message: {type(error).__name__}"
        raise CallError(Trouble.TRANSIENT, message, status=200, sent=True) from error
    return Reply(text, _FINISH.get(finish, finish), *tokens, served_by=served[:200])
