"""Environments in worker processes: the same episodes, and nothing left of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from heedmap.errors import InputError
from heedmap.monitor.driving.folder import LINES
from heedmap.monitor.driving.load import load_environment
from heedmap.monitor.driving.workers import Held, Remote, Worker, at_work
from tests.monitor.driving.worlds import driven, heeding, policy_of

HERE = "tests.monitor.driving.worlds"
SECONDS = 90


class HereWorker(Worker):
    """One that answers in this process."""

    def __init__(self, name: str) -> None:
        self._held, self._gone = Held(load_environment(name, {})), list[int]()

    def ask(self, number: int, method: str, *given: Any) -> Any:
        gone, self._gone = self._gone, []
        return self._held.answer(gone, number, method, given)

    def drop(self, number: int) -> None:
        self._gone.append(number)

    @property
    def count(self) -> int:
        """Of environments that are held."""
        return len(self._held._held)


@pytest.mark.parametrize(("kind", "how"), [("Fork", "copied"), ("Uncopied", "replayed")])
def test_what_a_worker_answers_makes_the_same_drive(tmp_path: Path, kind: str, how: str) -> None:
    name = f"{HERE}:{kind}"
    here = driven(policy_of(heeding), tmp_path / "a", load_environment(name, {}), every=2)
    worker = HereWorker(name)
    there = driven(policy_of(heeding), tmp_path / "b", lambda: Remote.made(worker), every=2)
    assert there == here
    assert {each.how for each in there.steered} == {how}
    assert Remote.made(worker).begin(0)
    worker.ask(0, "make")
    assert worker.count == 1, "copies and closed environments are let go"


@pytest.mark.apart
def test_two_processes_drive_the_same_and_are_gone_afterwards(tmp_path: Path) -> None:
    name = f"{HERE}:Fork"
    here = driven(policy_of(heeding), tmp_path / "a", load_environment(name, {}), every=2)
    with at_work(load_environment(name, {}), name, {}, 2) as (make, each):
        there = driven(policy_of(heeding), tmp_path / "b", make, every=2, each=each)
        assert there == here
        workers = psutil.Process().children(recursive=True)
    psutil.wait_procs(workers, timeout=10)
    assert sum(one.is_running() for one in workers) <= 2, "the server of forks, and its tracker"


@pytest.mark.apart
def test_a_worker_that_dies_is_one_sentence() -> None:
    name = f"{HERE}:Dying"
    with at_work(load_environment(name, {}), name, {}, 2) as (make, _):
        environment = make()
        environment.begin(0)
        with pytest.raises(InputError, match=r"has ended \(exit code 7\).*fewer --workers"):
            environment.act(np.array([1.0, 0.0, 0.0]))


def command(output: Path, workers: int) -> list[str]:
    return [
        *(sys.executable, "-c", "from heedmap.cli.main import main; main()", "drive"),
        *(f"{HERE}:make_heeding", "--env", f"{HERE}:Slow", "--out", str(output)),
        *("--episodes", "6", "--parallel", "2", "--workers", str(workers), "--json"),
    ]


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, bytes]:
    """What is printed of a drive that nothing stopped, and its lines."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    printed = json.loads(subprocess.check_output(command(folder, 1)))
    return printed, (folder / LINES).read_bytes()


@pytest.mark.apart
@pytest.mark.parametrize(
    ("workers", "how"), [(1, signal.SIGKILL), (2, signal.SIGKILL), (2, signal.SIGINT)]
)
def test_a_killed_drive_leaves_no_process_and_goes_on(
    whole: tuple[Any, bytes], tmp_path: Path, workers: int, how: signal.Signals
) -> None:
    lines = tmp_path / "out" / LINES
    process = subprocess.Popen(
        command(tmp_path / "out", workers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for(lambda: lines.is_file() and lines.read_bytes().count(b"\n") >= 2)
    children = psutil.Process(process.pid).children(recursive=True)
    assert (len(children) > 0) == (workers > 1)
    os.killpg(process.pid, how) if how == signal.SIGINT else process.kill()
    _, said = process.communicate(timeout=SECONDS)
    assert b"Traceback" not in said
    wait_for(lambda: not any(child.is_running() for child in children))
    again = json.loads(subprocess.check_output(command(tmp_path / "out", workers)))
    assert (again, lines.read_bytes()) == whole
