"""The client for Anthropic's protocol, with the official library and a loopback server that speaks it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from graphrag.config import LLMConfig
from graphrag.errors import ConfigError
from graphrag.llm import CallError, Gate, Message, OutputSchema, Request, Sampling, Secret
from graphrag.llm.anthropic import AnthropicClient
from graphrag.llm.client import Trouble
from graphrag.llm.messages import LENGTH, REFUSAL
from graphrag.llm.setup import open_gate

pytest.importorskip("anthropic", reason="THE CLIENT FOR ANTHROPIC WAS NOT TRIED: install the extra anthropic")
SCHEMA = OutputSchema(
    "s", "1", '{"type":"object","properties":{},"required":[],"additionalProperties":false}'
)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    status = 200
    headers: dict[str, str]
    stop_reason = "end_turn"
    refuses = ""
    error = {"type": "api_error", "message": "broken"}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.headers = {}
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    refused = False

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        self.refused = False
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((dict(self.headers), body))
        assert self.path == "/v1/messages"
        refused = bool(self.server.refuses) and self.server.refuses in body
        if refused:
            message = f"{self.server.refuses} is no more"
            self.server.error = {"type": "invalid_request_error", "message": message}
        if self.server.status != 200 or refused:
            self.refused = refused
            self.send(json.dumps({"type": "error", "error": self.server.error}).encode())
        elif body.get("stream"):
            self.send(
                "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in self.events()).encode()
            )
        else:
            message = self.message() | {"stop_reason": self.server.stop_reason}
            message["content"] = [{"type": "text", "text": '{"a": '}, {"type": "text", "text": "1}"}]
            self.send(json.dumps(message).encode())

    def message(self) -> dict[str, Any]:
        usage = {"input_tokens": 11, "output_tokens": 7}
        shape = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x"}
        return {**shape, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}

    def events(self) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": self.message()}
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for piece in ("Ada ", "Stone"):
            delta = {"type": "text_delta", "text": piece}
            yield {"type": "content_block_delta", "index": 0, "delta": delta}
        yield {"type": "content_block_stop", "index": 0}
        end = {"stop_reason": self.server.stop_reason, "stop_sequence": None}
        yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": 9}}
        yield {"type": "message_stop"}

    def send(self, raw: bytes) -> None:
        self.send_response(400 if self.refused else self.server.status)
        stream = raw.startswith(b"event:")
        self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def client(server: Server) -> Iterator[AnthropicClient]:
    made = AnthropicClient("claude-x", key=Secret("sk-ant-canary-1"), base_url=server.url)
    yield made
    made.close()


def request(schema: OutputSchema | None = None, **sampling: Any) -> Request:
    turns = (Message("system", "Be brief."), Message("user", "Who?"))
    return Request("t", turns, Sampling(**sampling), schema)


def test_a_request_is_put_as_the_protocol_wants_it(server: Server, client: AnthropicClient) -> None:
    asked = request(SCHEMA, temperature=0.5, top_k=3, max_tokens=99, stop=("x",))
    reply = client.complete(asked, seconds=20)
    assert (reply.text, reply.finish) == ('{"a": 1}', "stop")
    assert (reply.prompt_tokens, reply.completion_tokens) == (11, 7)
    ((headers, body),) = server.seen
    assert any("sk-ant-canary-1" in value for value in headers.values()), headers
    assert body["system"] == "Be brief."
    assert body["messages"] == [{"role": "user", "content": "Who?"}]
    assert (body["max_tokens"], body["temperature"], body["top_k"]) == (99, 0.5, 3)
    assert body["stop_sequences"] == ["x"]
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert "seed" not in body


def test_what_a_model_refuses_is_left_out_from_then_on(server: Server, client: AnthropicClient) -> None:
    server.refuses = "temperature"
    assert client.complete(request(temperature=0.5), seconds=20).text == '{"a": 1}'
    assert client.complete(request(temperature=0.5), seconds=20).text == '{"a": 1}'
    assert ["temperature" in body for _, body in server.seen] == [True, False, False]


def test_an_answer_streams_and_ends_as_a_whole(client: AnthropicClient) -> None:
    *pieces, whole = client.stream(request(), seconds=20)
    assert pieces == ["Ada ", "Stone"]
    assert not isinstance(whole, str)
    assert (whole.text, whole.finish, whole.completion_tokens) == ("Ada Stone", "stop", 9)


@pytest.mark.parametrize(
    ("said", "finish"), [("max_tokens", LENGTH), ("refusal", REFUSAL), ("stop_sequence", "stop")]
)
def test_why_it_ended_is_told_in_the_gates_words(
    server: Server, client: AnthropicClient, said: str, finish: str
) -> None:
    server.stop_reason = said
    assert client.complete(request(), seconds=20).finish == finish


@pytest.mark.parametrize(
    ("status", "message", "trouble"),
    [
        (401, "invalid x-api-key", Trouble.FATAL),
        (404, "model: claude-x", Trouble.FATAL),
        (429, "rate limit", Trouble.RATE),
        (529, "Overloaded", Trouble.TRANSIENT),
        (400, "prompt is too long: 210000 tokens", Trouble.TOO_LONG),
        (400, "Your credit balance is too low", Trouble.FATAL),
        (400, "messages: at least one message is required", Trouble.BAD_REQUEST),
    ],
)
def test_a_refusal_is_the_trouble_it_is(
    server: Server, client: AnthropicClient, status: int, message: str, trouble: Trouble
) -> None:
    server.status, server.error = status, {"type": "some_error", "message": message}
    server.headers = {"Retry-After": "7"}
    with pytest.raises(CallError) as caught:
        client.complete(request(), seconds=20)
    assert caught.value.trouble is trouble
    assert len(server.seen) == 1  # the library's own retries are off
    assert "canary" not in str(caught.value)
    if trouble is Trouble.RATE:
        assert caught.value.retry_after == 7.0


def test_settings_choose_it_and_keep_the_keys_apart(server: Server) -> None:
    settings = {
        "api": "anthropic",
        "model": "claude-x",
        "base_url": server.url,
        "api_key_env": "ANTHROPIC_API_KEY",
    }
    with open_gate(LLMConfig.model_validate(settings), key=Secret("k"), ledger=None) as gate:
        assert isinstance(gate, Gate)
        assert gate.ask(request()).text == '{"a": 1}'
    del settings["api_key_env"]
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
        open_gate(LLMConfig.model_validate(settings), key=Secret("k"), ledger=None)
