"""The engine of a cluster: Ray actors, each with a policy of its own.

A cell names its frames, and the actor that runs it reads them: nothing but plans, cells and
finished parts goes over the network, and only the process that began the sweep writes. An
actor that dies is replaced, and its cell run again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from heedmap.errors import InputError, MissingExtraError
from heedmap.phrase import Phrase
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.sweep.engine import ATTEMPTS, Waiting
from heedmap.sweep.outcome import Outcome, failed
from heedmap.sweep.plan import Cell, Plan

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anyone
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # an actor without GPU sees none

try:
    import ray
    from ray.exceptions import RayActorError, RaySystemError
except ModuleNotFoundError as error:
    raise MissingExtraError("ray", error.name or "ray") from error


@dataclass(frozen=True)
class RayEngine:
    """Actors on a cluster, or on a Ray that is started here and ends with the sweep."""

    workers: int = 1
    address: str | None = None
    """Of a running cluster, such as `auto` or `ray://HOST:10001`."""
    cpus_each: float = 1.0
    gpus_each: float = 0.0
    """A share of a GPU: with 0.25, four actors share one."""

    def outcomes(
        self, plan: Plan, permissions: Permissions, cells: Sequence[Cell]
    ) -> Generator[Outcome, None, None]:
        """Run every cell on an actor."""
        workers = min(self.workers, len(cells))
        is_ours = not ray.is_initialized()
        if is_ours:
            self._connect(workers)
        try:
            yield from _Actors(self, plan, permissions, list(cells), workers).outcomes()
        finally:
            if is_ours:
                ray.shutdown()

    def _connect(self, workers: int) -> None:
        quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
        try:
            if self.address is not None:
                ray.init(address=self.address, **quiet)
                return
            cpus = max(1, round(workers * self.cpus_each + 0.49))
            ray.init(num_cpus=cpus, include_dashboard=False, **quiet)
        except (ConnectionError, RaySystemError, RuntimeError, ValueError) as error:
            where = self.address or Phrase("this machine")
            raise InputError(
                "Ray cannot be reached at {where}: {why}; start it with 'ray start "
                "--head', or leave --address out.",
                where=where,
                why=str(error).splitlines()[0],
            ) from error


class _Runner:
    """Lives in an actor."""

    def __init__(self, plan: Plan, permissions: Permissions, path: list[str], here: str) -> None:
        # As in the process that began: policies may be modules of its folder. On another
        # machine the folder may not be there.
        sys.path[:0] = [each for each in path if each not in sys.path]
        if os.path.isdir(here):
            os.chdir(here)
        from heedmap.sweep.cell import CellRunner

        self._runner = CellRunner(plan, permissions)

    def run(self, cell: Cell) -> Outcome:
        return self._runner.run(cell)


@dataclass
class _Worker:
    name: str
    actor: Any
    cell: Cell | None = None
    holds: int | None = None


class _Actors:
    """Actors, and the cells that they are at."""

    def __init__(
        self,
        engine: RayEngine,
        plan: Plan,
        permissions: Permissions,
        cells: list[Cell],
        workers: int,
    ) -> None:
        self._plan = plan
        self._waiting = Waiting(cells)
        self._count = workers
        self._started = 0
        self._busy: dict[Any, _Worker] = {}
        """By what will hold the outcome."""
        made: Any = ray.remote(num_cpus=engine.cpus_each, num_gpus=engine.gpus_each)
        self._class = made(_Runner)
        self._given = (ray.put(plan), permissions, list(sys.path), os.getcwd())

    def outcomes(self) -> Generator[Outcome, None, None]:
        """What comes of every cell, in the order in which they end."""
        try:
            for _ in range(self._count):
                self._start()
            while self._busy:
                ready, _ = ray.wait(list(self._busy), num_returns=1)
                yield from self._heard(ready[0])
        finally:
            for worker in self._busy.values():
                ray.kill(worker.actor)

    def _heard(self, answer: Any) -> Generator[Outcome, None, None]:
        """An actor answered, or died."""
        worker = self._busy.pop(answer)
        cell = worker.cell
        assert cell is not None
        try:
            outcome: Outcome = ray.get(answer)
        except RayActorError as error:
            yield from self._died(worker, cell, str(error))
            return
        attempts = self._waiting.attempts[cell.id]
        self._give(worker)
        yield outcome.with_timing("ray", worker.name, attempts)

    def _died(self, worker: _Worker, cell: Cell, told: str) -> Generator[Outcome, None, None]:
        outcome: Outcome | None = None
        if not self._waiting.give_back(cell):
            message = f"Its worker died {ATTEMPTS} times, last by: {told.splitlines()[0]}"
            outcome = failed(self._plan, cell, "WorkerDied", message)
        if self._waiting.cells:
            self._start()
        if outcome is not None:
            yield outcome.with_timing("ray", worker.name, ATTEMPTS)

    def _start(self) -> None:
        self._started += 1
        self._give(_Worker(f"actor-{self._started}", self._class.remote(*self._given)))

    def _give(self, worker: _Worker) -> None:
        cell = self._waiting.take(worker.holds)
        if cell is None:
            ray.kill(worker.actor)  # what it held is free for others
            return
        worker.cell, worker.holds = cell, cell.policy
        self._busy[worker.actor.run.remote(cell)] = worker
