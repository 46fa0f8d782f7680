"""One writer at a time, by a lock of the operating system.

The lock lives as long as the process that holds it, so a killed writer leaves none behind. What the
lock file says (process, host, start) is information for people and decides nothing.
"""

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from graphrag.errors import StoreError, StoreLockedError


class WriteLock:
    """Holds `path` locked until `release`."""

    def __init__(self, path: Path, handle: int) -> None:
        """Use `acquire`."""
        self._path = path
        self._handle = handle

    @classmethod
    def acquire(cls, path: Path, *, wait_seconds: float = 0.0) -> Self:
        """Take the lock.

        Args:
            wait_seconds: How long to wait for another writer to finish.

        Raises:
            StoreLockedError: If another process holds it; the message tells which.
            StoreError: If the file cannot be opened.
        """
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StoreError(
                f'cannot write in "{path.parent}": {error.strerror}; check its permissions'
            ) from error
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = _holder(handle)
                    os.close(handle)
                    raise StoreLockedError(
                        f'"{path.parent}" is being written by {holder}; wait until it ends, then try again'
                    ) from None
                time.sleep(0.05)
            except OSError as error:
                os.close(handle)
                raise StoreError(
                    f'"{path.parent}" is on a file system without locks ({error.strerror}); use a local disk'
                ) from error
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        note = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "start": started})
        with suppress(OSError):  # a full disk must not keep from a base what would free it
            os.ftruncate(handle, 0)
            os.pwrite(handle, note.encode("utf-8"), 0)
        return cls(path, handle)

    def release(self) -> None:
        """Give the lock up; harmless when repeated."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _holder(handle: int) -> str:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
        return f"process {note['pid']} on {note['host']}, started {note['start']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
