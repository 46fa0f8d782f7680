import os

import pytest

from graphrag.errors import PipelineError
from pipelines.executors import SerialExecutor, executor_for


def square(number: int) -> int:
    return number * number


def die(number: int) -> int:
    os._exit(1)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers):
    with executor_for(workers) as executor:
        assert list(executor.map(square, range(20))) == [number * number for number in range(20)]


def test_items_are_taken_only_as_they_are_needed():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    with executor_for(2) as executor:
        results = executor.map(square, items())
        assert next(results) == 0
        assert len(taken) <= 5


def test_serial_runs_here():
    assert next(SerialExecutor().map(lambda _: os.getpid(), [0])) == os.getpid()


def test_a_dead_worker_is_said_so():
    with executor_for(2) as executor, pytest.raises(PipelineError, match="fewer --workers"):
        list(executor.map(die, [1, 2]))
