"""The engine of one machine: in this process, or in worker processes of its own.

A worker that is killed is replaced and its cell run again. When this process ends, however it
ends, its workers end too. Workers are forked from a server process that imports torch once and runs
nothing else: forking this process would lose torch's threads.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Literal

from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.processes import end_with_parent
from heedmap.sweep.engine import ATTEMPTS, Waiting
from heedmap.sweep.outcome import Outcome, failed
from heedmap.sweep.plan import Cell, Plan

SECONDS_TO_END = 5.0
"""That a worker is given when it is told to end."""


@dataclass(frozen=True)
class LocalEngine:
    """One machine; `workers` of 1 is this very process."""

    workers: int = 1
    name: Literal["local"] = "local"

    def outcomes(
        self, plan: Plan, permissions: Permissions, cells: Sequence[Cell]
    ) -> Generator[Outcome, None, None]:
        """Run every cell here, or in as many processes."""
        if self.workers == 1:
            from heedmap.sweep.cell import CellRunner

            runner = CellRunner(plan, permissions)
            for cell in cells:
                yield runner.run(cell).with_timing(self.name, "main", 1)
            return
        yield from _Pool(plan, permissions, list(cells), self.workers).outcomes()


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    cell: Cell | None = None
    holds: int | None = None


class _Pool:
    """Worker processes, each with a pipe of its own."""

    def __init__(
        self, plan: Plan, permissions: Permissions, cells: list[Cell], workers: int
    ) -> None:
        self._plan = plan
        self._permissions = permissions
        self._waiting = Waiting(cells)
        self._count = min(workers, len(cells))
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["heedmap.sweep.cell"])
        self._workers: list[_Worker] = []
        self._started = 0

    def outcomes(self) -> Generator[Outcome, None, None]:
        """What comes of every cell, in the order in which they end."""
        try:
            for _ in range(self._count):
                self._start()
            while any(worker.cell is not None for worker in self._workers):
                busy = {w.pipe: w for w in self._workers if w.cell is not None}
                for pipe in wait(list(busy)):
                    assert isinstance(pipe, Connection)
                    yield from self._heard(busy[pipe])
        finally:
            self._stop()

    def _heard(self, worker: _Worker) -> Generator[Outcome, None, None]:
        """A worker answered, or died."""
        cell = worker.cell
        assert cell is not None
        try:
            outcome: Outcome = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._died(worker, cell)
            return
        name = worker.process.name
        self._give(worker)
        yield outcome.with_timing("local", name, self._waiting.attempts[cell.id])

    def _died(self, worker: _Worker, cell: Cell) -> Generator[Outcome, None, None]:
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        code = worker.process.exitcode
        outcome: Outcome | None = None
        if not self._waiting.give_back(cell):
            told = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            message = f"Its worker died {ATTEMPTS} times, last by {told}."
            outcome = failed(self._plan, cell, "WorkerDied", message)
        if self._waiting.cells:
            self._start()
        if outcome is not None:
            yield outcome.with_timing("local", worker.process.name, ATTEMPTS)

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        self._started += 1
        process = self._context.Process(
            target=_work,
            args=(theirs, self._plan, self._permissions, dict(os.environ)),
            name=f"worker-{self._started}",
            daemon=True,
        )
        process.start()
        theirs.close()  # or the end of the worker would not be seen
        worker = _Worker(process, ours)
        self._workers.append(worker)
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        worker.cell = self._waiting.take(worker.holds)
        if worker.cell is not None:
            worker.holds = worker.cell.policy
        # One that died between two cells: reading from its pipe will tell.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.pipe.send(worker.cell)
        if worker.cell is None:
            worker.holds = None

    def _stop(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(SECONDS_TO_END)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()


def _work(
    pipe: Connection, plan: Plan, permissions: Permissions, environment: Mapping[str, str]
) -> None:
    """A worker's life: cells in, outcomes out, until it gets None or is left alone."""
    os.environ.update(environment)  # the server's is that of its start
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes
    end_with_parent()
    from heedmap.sweep.cell import CellRunner

    runner = CellRunner(plan, permissions)
    while True:
        try:
            cell: Cell | None = pipe.recv()
            if cell is None:
                return
            pipe.send(runner.run(cell))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
