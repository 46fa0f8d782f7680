"""The network asks BLAS for one thread and puts back what it found."""

from __future__ import annotations

from threading import Thread
from typing import Any

import numpy as np
import pytest

from graphrag.models.threads import one_thread

threadpoolctl = pytest.importorskip("threadpoolctl")


@pytest.fixture
def blas() -> Any:
    assert (np.ones((2, 2)) @ np.ones((2, 2))).sum() == 8  # loads it
    found = threadpoolctl.ThreadpoolController().select(user_api="blas")
    if not found.info():
        pytest.skip("numpy was built without a BLAS that can be steered")
    return found


def threads(blas: Any) -> set[int]:
    """Threads of numpy's own BLAS; scipy brings another, which the network does not use."""
    libraries = blas.info()
    own = [library for library in libraries if "numpy" in library["filepath"]]
    return {library["num_threads"] for library in own or libraries}


def test_one_thread_inside_and_the_setting_of_before_after(blas: Any) -> None:
    with blas.limit(limits=2):
        with one_thread():
            assert threads(blas) == {1}
        assert threads(blas) == {2}


def test_overlapping_callers_leave_nothing_behind(blas: Any) -> None:
    """The second caller finds the one thread of the first, which is not the setting of before."""
    with blas.limit(limits=2):
        outer = one_thread()
        outer.__enter__()
        inner = one_thread()
        worker = Thread(target=inner.__enter__)
        worker.start()
        worker.join()
        outer.__exit__(None, None, None)
        assert threads(blas) == {1}
        inner.__exit__(None, None, None)
        assert threads(blas) == {2}


def test_an_error_inside_puts_the_setting_back(blas: Any) -> None:
    with blas.limit(limits=2):
        with pytest.raises(ValueError, match="inside"), one_thread():
            raise ValueError("inside")
        assert threads(blas) == {2}
