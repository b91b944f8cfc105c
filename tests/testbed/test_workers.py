"""The demo's worker processes: the same comes out, errors come through, and no worker is missed."""

from __future__ import annotations

import os
import signal

import pytest

from heedmap.errors import FrameError, PolicyError
from heedmap.testbed.workers import each_in_a_process


def squared(number: int) -> tuple[int, int]:
    """The square, and the process that made it."""
    return number**2, os.getpid()


def fails(number: int) -> None:
    raise FrameError(f"frame {number} is dark")


def dies(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_one_is_run_once_wherever_it_runs(workers: int) -> None:
    found = list(each_in_a_process(squared, range(5), workers))
    assert sorted((given, square) for given, (square, _) in found) == [
        (number, number**2) for number in range(5)
    ]
    assert {process == os.getpid() for _, (_, process) in found} == {workers == 1}


def test_an_error_comes_through() -> None:
    with pytest.raises(FrameError, match="is dark"):
        list(each_in_a_process(fails, range(3), 2))


def test_a_worker_that_is_killed_is_said_in_one_sentence() -> None:
    with pytest.raises(PolicyError, match="was killed"):
        list(each_in_a_process(dies, range(3), 2))
