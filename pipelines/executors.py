"""Where the expensive maps of a build run: here, or in worker processes.

Anything that is a `concurrent.futures.Executor` (a cluster's `Client.get_executor()`, say) serves
through `PoolExecutor` as well.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from graphrag.errors import PipelineError
from graphrag.interfaces import Executor

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class SerialExecutor:
    """Runs everything here, one item after the other."""

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Results in the order of the items."""
        return map(function, items)


class PoolExecutor:
    """Runs items in a pool, with a bounded number handed out, so that memory stays bounded too."""

    def __init__(self, pool: FuturesExecutor, *, in_flight: int) -> None:
        """Use `pool`, with at most `in_flight` items handed out and not yet taken back."""
        self._pool = pool
        self._in_flight = in_flight

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Results in the order of the items.

        Raises:
            PipelineError: If a worker process dies (out of memory, killed).
        """
        waiting: deque[Future[_Result]] = deque()
        try:
            for item in items:
                waiting.append(self._pool.submit(function, item))
                if len(waiting) >= self._in_flight:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise PipelineError(
                "a worker process died, most likely for want of memory; what was committed is kept: "
                "run the same command again with fewer --workers"
            ) from error
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def executor_for(workers: int) -> Iterator[Executor]:
    """Serial for one worker; otherwise that many processes, ended on leaving.

    Processes are spawned, not forked: a fork would carry the parent's locks and open store along.
    """
    if workers == 1:
        yield SerialExecutor()
        return
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield PoolExecutor(pool, in_flight=2 * workers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
