"""One thread for the products of the network, whatever the BLAS library would take.

They are small: threads that share one wait for each other longer than they work, and on a machine busy with
other processes they wait for a core, spinning. There a sentence was measured to cost twelve times the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

try:
    from threadpoolctl import ThreadpoolController
except ImportError:  # an environment older than this dependency: the same results, and slower
    ThreadpoolController = None


class _OneThread:
    """Counts who is inside, since the number of threads is one setting of the whole process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._controller: Any = None
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1 and ThreadpoolController is not None:
                if self._controller is None:  # numpy is loaded by now, so its BLAS is found
                    self._controller = ThreadpoolController().select(user_api="blas")
                self._limit = self._controller.limit(limits=1)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._limit is not None:
                self._limit.restore_original_limits()


_one_thread = _OneThread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let BLAS use one thread inside; the setting found is put back when the last caller leaves."""
    _one_thread.enter()
    try:
        yield
    finally:
        _one_thread.leave()
