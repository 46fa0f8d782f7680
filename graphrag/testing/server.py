"""A model server for tests: speaks the real protocol over loopback, answers by a script, fails by schedule.

It runs in a process of its own and writes down every request in its own SQLite file, so both outlive
a killed client. Answers are a function of the prompt alone; faults are a function of seed, prompt and
attempt alone. So a run with faults can be compared with one without, byte for byte.

::

    with ScriptedServer(folder, script="graphrag.testing.scripts:facts", faults={"429": 0.1}) as server:
        client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url)
        ...
        server.requests()   # every request with its fault, in order of arrival
"""

import argparse
import contextlib
import email.utils
import hashlib
import http.client
import importlib
import json
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Script = Callable[[Sequence[Mapping[str, str]], Mapping[str, Any]], str]
"""From messages and the request's body to the answer's text."""

FAULTS = (
    "429",  # without Retry-After
    "429-seconds",  # with Retry-After: <wait>
    "429-date",
    "500",
    "502",
    "503",
    "silence",  # accepts, never answers
    "drip",  # one byte per `wait` seconds
    "late",  # the right answer, `wait` seconds late
    "reset",  # the connection breaks inside the body
    "not-json",  # a body that is no JSON
    "garbage",  # a completion whose text is nonsense
    "cut",  # a completion whose text breaks off, said to be whole
    "length",  # a completion whose text breaks off, said to be cut
    "empty",
    "refusal",
    "content_filter",
    "400",
    "401",
    "402",
    "403",
    "404",
    "context",  # 400: the prompt is too long
    "quota",  # 429 that will never end
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as the server saw it.

    Attributes:
        key: Hash of the messages and the parameters.
        attempt: How often this key came before, from 0.
        started, finished: Seconds since the server started; `finished` is None while in flight or
            after a broken connection.
        fault: What was done instead of answering; "" for a good answer.
    """

    key: str
    attempt: int
    started: float
    finished: float | None
    fault: str
    bytes_sent: int
    path: str


class ScriptedServer:
    """Starts the server in another process; a context manager.

    Args:
        folder: Where its request ledger goes.
        script: ``module:function`` that answers.
        faults: Share of requests per kind of fault; the rest is answered.
        always: A fault for every request, or "".
        seed: Of the fault schedule.
        delay: Seconds before each good answer.
        wait: Seconds a faulty answer asks for (Retry-After), drips or is late by.
        port: 0 for any free one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        script: str = "graphrag.testing.scripts:facts",
        faults: Mapping[str, float] | None = None,
        always: str = "",
        seed: int = 0,
        delay: float = 0.0,
        wait: float = 1.0,
        port: int = 0,
    ) -> None:
        self.ledger_path = folder / "requests.db"
        self._plan: dict[str, Any] = {
            "faults": dict(faults or {}),
            "always": always,
            "seed": seed,
            "delay": delay,
            "wait": wait,
        }
        self._script = script
        self._wanted_port = port
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """What to give a client as its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "ScriptedServer":
        command = [sys.executable, "-m", "graphrag.testing.server", "--ledger", str(self.ledger_path)]
        command += [
            "--script",
            self._script,
            "--plan",
            json.dumps(self._plan),
            "--port",
            str(self._wanted_port),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("port "):
            self.__exit__()
            raise RuntimeError(f"the scripted server did not start: {line!r}")
        self.port = int(line.split()[1])
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def plan(self, **changes: Any) -> None:
        """Change faults, always, seed, delay or wait while it runs."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/plan", json.dumps(changes))
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise ValueError(f"the scripted server refuses the plan {changes!r}")
        finally:
            connection.close()

    def requests(self) -> list[Recorded]:
        """Every request so far, in order of arrival."""
        with contextlib.closing(sqlite3.connect(self.ledger_path, timeout=10)) as db:
            rows = db.execute(
                "SELECT key, attempt, started, finished, fault, bytes_sent, path FROM requests ORDER BY id"
            ).fetchall()
        return [Recorded(*row) for row in rows]

    def bodies(self) -> list[dict[str, Any]]:
        """The JSON bodies of every request so far."""
        with contextlib.closing(sqlite3.connect(self.ledger_path, timeout=10)) as db:
            return [json.loads(row[0]) for row in db.execute("SELECT body FROM requests ORDER BY id")]


def fault_of(plan: Mapping[str, Any], key: str, attempt: int) -> str:
    """The fault for one attempt at one prompt: a function of the seed and nothing else."""
    if plan["always"]:
        return str(plan["always"])
    raw = hashlib.sha256(f"{plan['seed']}:{key}:{attempt}".encode()).digest()
    draw = int.from_bytes(raw[:8], "big") / 2**64
    for kind, share in sorted(plan["faults"].items()):
        if draw < share:
            return str(kind)
        draw -= share
    return ""


class _Requests:
    """The server's own ledger of requests."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._attempts: dict[str, int] = {}
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # it must outlive its client, not the machine
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, key TEXT, attempt INTEGER,"
            " started REAL, finished REAL, fault TEXT, bytes_sent INTEGER DEFAULT 0, path TEXT, body TEXT)"
        )

    def begin(self, key: str, path: str, body: str, plan: Mapping[str, Any]) -> tuple[int, str]:
        with self._lock:
            attempt = self._attempts.get(key, 0)
            self._attempts[key] = attempt + 1
            fault = fault_of(plan, key, attempt)
            cursor = self._db.execute(
                "INSERT INTO requests (key, attempt, started, fault, path, body) VALUES (?,?,?,?,?,?)",
                (key, attempt, time.monotonic() - self._start, fault, path, body),
            )
        return int(cursor.lastrowid or 0), fault

    def finish(self, row: int, size: int) -> None:
        with self._lock:
            self._db.execute(
                "UPDATE requests SET finished = ?, bytes_sent = ? WHERE id = ?",
                (time.monotonic() - self._start, size, row),
            )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, script: Script, plan: dict[str, Any], ledger: _Requests) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.script = script
        self.plan = plan
        self.ledger = ledger

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/plan":
            self._change_plan(raw)
            return
        try:
            body = json.loads(raw)
        except ValueError:
            self._send(400, _error("the body is not JSON", "invalid_request_error"))
            return
        key = hashlib.sha256(
            json.dumps([body.get("messages"), body.get("input"), body.get("seed")], sort_keys=True).encode()
        ).hexdigest()
        plan = dict(self.server.plan)
        row, fault = self.server.ledger.begin(key, self.path, raw.decode("utf-8"), plan)
        size = self._answer(body, fault, plan)
        if size >= 0:
            self.server.ledger.finish(row, size)

    def _change_plan(self, raw: bytes) -> None:
        changes = json.loads(raw)
        known = set(self.server.plan)
        if set(changes) <= known:
            self.server.plan.update(changes)
            self._send(200, b"{}")
        else:
            self._send(400, b"{}")

    def _answer(self, body: dict[str, Any], fault: str, plan: Mapping[str, Any]) -> int:
        """Bytes sent, or -1 where the connection was broken on purpose."""
        wait = float(plan["wait"])
        if fault in _STATUS:
            status, message, code = _STATUS[fault]
            return self._send(status, _error(message, code), headers=_wait_headers(fault, wait))
        if fault == "silence":
            time.sleep(3600)
            return -1
        if self.path.endswith("/embeddings"):
            return self._send(200, json.dumps(_embeddings(body)).encode())
        try:
            text = self.server.script(body.get("messages") or [], body)
        except Exception as error:
            # A script may name the fault it wants; any other error is the script's own.
            fault = getattr(error, "fault", "500")
            if fault == "parameter":
                refused = _error(str(error), "unsupported_parameter", param=getattr(error, "param", ""))
                return self._send(400, refused)
            if fault in _STATUS:
                status, message, code = _STATUS[fault]
                return self._send(status, _error(message, code))
            text = '{"triples": [{"passage": 1, "subject": "Ada'
        finish = "stop"
        if fault == "garbage":
            text = "As a language model I would rather talk about the weather } ] {"
        elif fault in ("cut", "length"):
            text, finish = text[: max(1, len(text) * 2 // 3)], "length" if fault == "length" else "stop"
        elif fault == "empty":
            text = ""
        elif fault == "content_filter":
            text, finish = "", "content_filter"
        time.sleep(float(plan["delay"]) + (wait if fault == "late" else 0.0))
        if body.get("stream"):
            return self._stream(text, finish, body)
        raw = json.dumps(_completion(body, text, finish, refused=fault == "refusal")).encode()
        if fault == "not-json":
            raw = b"<html><body>Bad gateway</body></html>"
        return self._send(200, raw, fault=fault, wait=wait)

    def _send(
        self,
        status: int,
        raw: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        fault: str = "",
        wait: float = 0.0,
    ) -> int:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if fault == "reset":
            self.wfile.write(raw[: len(raw) // 2])
            self.wfile.flush()
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            self.connection.close()
            self.close_connection = True
            return -1
        if fault == "drip":
            for position in range(len(raw)):
                self.wfile.write(raw[position : position + 1])
                self.wfile.flush()
                time.sleep(wait)
            return len(raw)
        self.wfile.write(raw)
        self.wfile.flush()
        return len(raw)

    def _stream(self, text: str, finish: str, body: Mapping[str, Any]) -> int:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        size = 0
        for event in _events(text, finish, body):
            raw = f"data: {event}\n\n".encode()
            self.wfile.write(raw)
            self.wfile.flush()
            size += len(raw)
        self.close_connection = True
        return size


_STATUS = {
    "429": (429, "slow down", "rate_limit_exceeded"),
    "429-seconds": (429, "slow down", "rate_limit_exceeded"),
    "429-date": (429, "slow down", "rate_limit_exceeded"),
    "500": (500, "internal error", "server_error"),
    "502": (502, "bad gateway", "server_error"),
    "503": (503, "overloaded", "server_error"),
    "400": (400, "this request is not understood", "invalid_request_error"),
    "401": (401, "incorrect API key provided", "invalid_api_key"),
    "402": (402, "payment required", "billing"),
    "403": (403, "this key may not use the model", "permission_denied"),
    "404": (404, "the model does not exist", "model_not_found"),
    "context": (400, "this model's maximum context length is exceeded", "context_length_exceeded"),
    "quota": (429, "you exceeded your current quota", "insufficient_quota"),
}


def _wait_headers(fault: str, wait: float) -> dict[str, str]:
    if fault == "429-seconds":
        return {"Retry-After": f"{wait:g}"}
    if fault == "429-date":
        return {"Retry-After": email.utils.formatdate(time.time() + wait, usegmt=True)}
    return {}


def _error(message: str, code: str, *, param: str = "") -> bytes:
    error = {"message": message, "type": code, "code": code, "param": param or None}
    return json.dumps({"error": error}).encode()


def _tokens(text: str) -> int:
    return len(text.split()) + 1


def _completion(body: Mapping[str, Any], text: str, finish: str, *, refused: bool = False) -> dict[str, Any]:
    prompt = sum(_tokens(str(message.get("content"))) for message in body.get("messages") or [])
    message: dict[str, Any] = {"role": "assistant", "content": None if refused else text}
    message["refusal"] = "I cannot help with that." if refused else None
    usage = {"prompt_tokens": prompt, "completion_tokens": _tokens(text)}
    usage["total_tokens"] = sum(usage.values())
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": str(body.get("model")),
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": usage,
    }


def _events(text: str, finish: str, body: Mapping[str, Any]) -> Iterator[str]:
    base = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": body.get("model"),
    }
    for word in re.findall(r"\s*\S+|\s+", text):
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        yield json.dumps({**base, "choices": [choice]})
    yield json.dumps({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    yield json.dumps({**base, "choices": [], "usage": _completion(body, text, finish)["usage"]})
    yield "[DONE]"


def _embeddings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Vectors from word hashes: equal words, near texts."""
    texts = body.get("input") or []
    rows = []
    for index, text in enumerate([texts] if isinstance(texts, str) else texts):
        vector = [0.0] * 16
        for word in str(text).lower().split():
            vector[hashlib.sha256(word.encode()).digest()[0] % 16] += 1.0
        rows.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = sum(_tokens(str(text)) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": body.get("model"), "usage": usage}


def load_script(name: str) -> Script:
    """The function that ``module:function`` names."""
    module, _, function = name.partition(":")
    script: Script = getattr(importlib.import_module(module), function)
    return script


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until killed; the port stands on the first line of standard output."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--script", default="graphrag.testing.scripts:facts")
    parser.add_argument("--plan", default="{}")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args(arguments)
    plan = {"faults": {}, "always": "", "seed": 0, "delay": 0.0, "wait": 1.0, **json.loads(options.plan)}
    unknown = [kind for kind in plan["faults"] if kind not in FAULTS]
    if unknown:
        raise SystemExit(f"unknown faults: {', '.join(unknown)}")
    options.ledger.parent.mkdir(parents=True, exist_ok=True)
    server = _Server(options.port, load_script(options.script), plan, _Requests(options.ledger))
    sys.stdout.write(f"port {server.server_address[1]}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
