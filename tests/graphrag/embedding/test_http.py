import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.embedding.http import HTTPEmbedder
from graphrag.errors import ConfigError, LLMFatalError
from graphrag.testing.contracts import EmbedderContract

Answer = Callable[[list[str]], tuple[int, object]]


class Server(ThreadingHTTPServer):
    """A real server on the loopback; `answer` says what it does, `batches` what it was asked."""

    answer: Answer
    batches: list[list[str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.batches.append(body["input"])
        status, answer = self.server.answer(body["input"])
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: object) -> None:
        pass


def good(texts: list[str]) -> tuple[int, object]:
    rows = (3 * HashingEmbedder(dim=16).embed(texts)).tolist()
    data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
    return 200, {
        "object": "list",
        "data": data[::-1],
        "model": "m",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.answer, server.batches = good, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class TestHTTPEmbedder(EmbedderContract):
    @pytest.fixture(autouse=True)
    def _serve(self, server: Server) -> None:
        self.url = server.url

    def make(self) -> HTTPEmbedder:
        return HTTPEmbedder("m", self.url)


def test_texts_are_sent_in_batches_and_blank_ones_not_at_all(server: Server) -> None:
    HTTPEmbedder("m", server.url, dim=16, batch_size=2).embed(["a", "", "b", "c"])
    assert server.batches == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda texts: (401, {"error": "no"}), "status 401; check embedding.model"),
        (lambda texts: (200, {"object": "list", "data": [], "model": "m"}), "0 vectors for 1 texts"),
        (
            lambda texts: (200, {"data": [{"index": 0, "embedding": [1.0, 2.0], "object": "embedding"}]}),
            r"vectors of \[2\] numbers instead of 16",
        ),
        (
            lambda texts: (
                200,
                {"data": [{"index": 0, "embedding": [float("nan")] * 16, "object": "embedding"}]},
            ),
            "not finite",
        ),
    ],
)
def test_a_refusal_or_a_wrong_answer_is_an_error_that_says_what_to_check(
    server: Server, answer: Answer, message: str
) -> None:
    server.answer = answer
    with pytest.raises(LLMFatalError, match=message):
        HTTPEmbedder("m", server.url, dim=16).embed(["rain"])


def test_a_short_outage_is_waited_out(server: Server) -> None:
    failures = [503, 503]
    server.answer = lambda texts: (failures.pop(), {}) if failures else good(texts)
    assert HTTPEmbedder("m", server.url, dim=16, max_retries=2).embed(["rain"]).any()
    assert len(server.batches) == 3


def test_no_server_is_an_error_without_the_key() -> None:
    with pytest.raises(LLMFatalError, match="cannot be reached") as caught:
        HTTPEmbedder("m", "http://127.0.0.1:9/v1", api_key="s3cret", dim=16, max_retries=0).embed(["rain"])
    assert "s3cret" not in str(caught.value)


def test_a_model_must_be_named() -> None:
    with pytest.raises(ConfigError, match="name the server's embedding model"):
        HTTPEmbedder("")
