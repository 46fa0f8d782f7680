"""An HTTP transport whose calls end at their deadline.

The time-outs of HTTP libraries bound each *wait* for bytes. A server that sends one byte per second
never trips them. Here every read and write of a call gets what is left of that call's time, so the
sum is bounded, and closing the gate ends calls that hang.
"""

import importlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

MAX_BODY_BYTES = 32 * 1024 * 1024
_POLL_SECONDS = 0.25


class Deadline:
    """When the call of the current thread must be over, in real monotonic seconds.

    `stop_at` bounds the calls of all threads: whoever shuts down sets it.
    """

    def __init__(self) -> None:
        self._local = threading.local()
        self.stop_at = float("inf")

    def start(self, seconds: float) -> None:
        """Give the calling thread `seconds` for its next call."""
        self._local.at = time.monotonic() + seconds

    def left(self) -> float:
        """Real seconds the calling thread's call may still take; may be negative."""
        at = getattr(self._local, "at", float("inf"))
        return float(min(at, self.stop_at) - time.monotonic())


def http_modules(sdk: ModuleType | None = None) -> tuple[ModuleType, ModuleType]:
    """The HTTP library an SDK, by default OpenAI's, is built on (httpx or its successor), and its core."""
    if sdk is None:
        import openai

        sdk = openai
    for base in sdk.DefaultHttpxClient.__mro__:
        root = base.__module__.partition(".")[0]
        if root.startswith("httpx"):
            core = root.replace("httpx", "httpcore")
            return importlib.import_module(root), importlib.import_module(core)
    raise ImportError(
        f"the installed {sdk.__name__} package is built on an HTTP library unknown here; install a newer one"
    )


def http_client(
    deadline: Deadline, *, connections: int, proxy: str | None = None, sdk: ModuleType | None = None
) -> Any:
    """An HTTP client for the SDK, of the SDK's own kind, that obeys `deadline`."""
    httpx, core = http_modules(sdk)
    backend = _backend(core, deadline)
    common: dict[str, Any] = {
        "ssl_context": httpx.create_ssl_context(),
        "max_connections": connections,
        "max_keepalive_connections": connections,
        "keepalive_expiry": 30.0,
        "network_backend": backend,
    }
    pool = core.HTTPProxy(proxy_url=proxy, **common) if proxy else core.ConnectionPool(**common)
    return httpx.Client(transport=_transport(httpx, core, pool), follow_redirects=False, trust_env=False)


def _backend(core: Any, deadline: Deadline) -> Any:
    class DeadlineStream(core.NetworkStream):  # type: ignore[misc]
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            # Short waits, so that a deadline set meanwhile by another thread is seen.
            limit = float("inf") if timeout is None else time.monotonic() + timeout
            while True:
                left = min(deadline.left(), limit - time.monotonic())
                if left <= 0:
                    raise core.ReadTimeout("the call's time is over")
                try:
                    return bytes(self._inner.read(max_bytes, min(left, _POLL_SECONDS)))
                except core.ReadTimeout:
                    continue

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._inner.write(buffer, _bounded(core.WriteTimeout, deadline, timeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
        ) -> Any:
            left = _bounded(core.ConnectTimeout, deadline, timeout)
            return DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, left))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class DeadlineBackend(core.NetworkBackend):  # type: ignore[misc]
        def __init__(self) -> None:
            self._inner = core.SyncBackend()

        def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> Any:
            left = _bounded(core.ConnectTimeout, deadline, timeout)
            return DeadlineStream(self._inner.connect_tcp(host, port, timeout=left, **options))

    return DeadlineBackend()


def _bounded(error: Callable[[str], Exception], deadline: Deadline, timeout: float | None) -> float | None:
    left = deadline.left()
    if left <= 0:
        raise error("the call's time is over")
    if left == float("inf"):
        return timeout
    return left if timeout is None else min(left, timeout)


def _transport(httpx: Any, core: Any, pool: Any) -> Any:
    mapping = [(getattr(core, name), getattr(httpx, name)) for name in _ERRORS]

    def mapped(error: Exception) -> Exception:
        for inner, outer in mapping:
            if isinstance(error, inner):
                return outer(str(error))  # type: ignore[no-any-return]
        return error

    class BoundedStream(httpx.SyncByteStream):  # type: ignore[misc]
        def __init__(self, stream: Iterable[bytes]) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            try:
                for part in self._stream:
                    size += len(part)
                    if size > MAX_BODY_BYTES:
                        raise httpx.RemoteProtocolError(f"the answer is longer than {MAX_BODY_BYTES} bytes")
                    yield part
            except _core_errors(core) as error:
                raise mapped(error) from error

        def close(self) -> None:
            close = getattr(self._stream, "close", None)
            if close is not None:
                close()

    class DeadlineTransport(httpx.BaseTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            url = core.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            )
            inner = core.Request(
                method=request.method,
                url=url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
            try:
                answer = pool.handle_request(inner)
            except _core_errors(core) as error:
                raise mapped(error) from error
            return httpx.Response(
                status_code=answer.status,
                headers=answer.headers,
                stream=BoundedStream(answer.stream),
                extensions=answer.extensions,
            )

        def close(self) -> None:
            pool.close()

    return DeadlineTransport()


# Most specific first: the first match names the error.
_ERRORS = (
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "TimeoutException",
    "ConnectError",
    "ReadError",
    "WriteError",
    "NetworkError",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
    "RemoteProtocolError",
    "ProtocolError",
)


def _core_errors(core: Any) -> tuple[type[Exception], ...]:
    return tuple(getattr(core, name) for name in _ERRORS)
