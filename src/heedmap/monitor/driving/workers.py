"""Environments in worker processes: they simulate and draw at the same time.

The policy stays in this process and is asked as without workers, in the same batches, so that the
episodes are the same. A worker holds several environments, which it knows by number; copies of
their states stay in it. Workers are forked from a server process that runs nothing else, and end
when this process ends, however it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from copy import deepcopy
from itertools import cycle
from multiprocessing.connection import Connection
from typing import Any

from heedmap.errors import HeedmapError, InputError
from heedmap.monitor.driving.environment import (
    Each,
    Environment,
    Given,
    Made,
    Maker,
    Scores,
    View,
    one_by_one,
)
from heedmap.monitor.driving.load import load_environment
from heedmap.policies.processes import end_with_parent
from heedmap.report.driving.result import GOALS, Goal

SECONDS_TO_END = 5.0


class Worker:
    """One process, asked by one thread at a time."""

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(theirs, name, dict(options), dict(os.environ)), daemon=True
        )
        self._process.start()
        theirs.close()  # or the end of the worker would not be seen
        self._lock = threading.Lock()
        self._dropped: deque[int] = deque()

    def ask(self, number: int, method: str, *given: Any) -> Any:
        """What a method of an environment gives. Raises what it raises.

        Raises InputError where the process has ended.
        """
        with self._lock:
            dropped = [self._dropped.popleft() for _ in range(len(self._dropped))]
            try:
                self._pipe.send((dropped, number, method, given))
                found, error = self._pipe.recv()
            except (EOFError, OSError) as ended:
                raise InputError(
                    "A process that simulates has ended (exit code {code}), as where memory runs "
                    "out; run the same command again, with fewer --workers or --parallel.",
                    code=self._exit_code(),
                ) from ended
        if error is not None:
            raise error
        return found

    def drop(self, number: int) -> None:
        """Forget an environment with the next question; called by the collector at any moment."""
        self._dropped.append(number)

    def stop(self) -> None:
        """End the process; it closes its environments first, unless one of them hangs."""
        if self._lock.acquire(blocking=False):
            with suppress(OSError):
                self._pipe.send(None)
            self._process.join(SECONDS_TO_END)
        self._process.terminate()
        self._process.join(SECONDS_TO_END)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _exit_code(self) -> int | None:
        self._process.join(SECONDS_TO_END)
        return self._process.exitcode


class Remote:
    """An environment in a worker."""

    def __init__(self, worker: Worker, number: int, max_steps: int, judges_other: bool) -> None:
        self._worker, self._number = worker, number
        self.max_steps, self.judges_other = max_steps, judges_other
        self._reached, self._is_over = dict[Goal, bool](), False
        self._drop = weakref.finalize(self, worker.drop, number)

    @classmethod
    def made(cls, worker: Worker) -> Remote:
        """One more environment of the worker's kind."""
        return cls(worker, *worker.ask(0, "make"))

    def begin(self, seed: int) -> bool:
        """As `Environment.begin`."""
        has_episode, self._is_over = self._worker.ask(self._number, "begin", seed)
        return has_episode

    def look(self) -> View:
        """As `Environment.look`."""
        return self._worker.ask(self._number, "look")

    def act(self, scores: Scores) -> str:
        """As `Environment.act`."""
        answer = self._worker.ask(self._number, "act", scores)
        action, self._reached, self._is_over = answer
        return action

    def reached(self, goal: Goal) -> bool:
        """As `Environment.reached`."""
        return self._reached[goal]

    def is_over(self) -> bool:
        """As `Environment.is_over`."""
        return self._is_over

    def close(self) -> None:
        """It is closed before the worker answers again, or ends."""
        self._drop()

    def __deepcopy__(self, memo: object) -> Remote:
        """The state as it is, copied in the worker. Raises TypeError where it cannot be."""
        number = self._worker.ask(self._number, "copy")
        if number is None:
            raise TypeError("The environment's state cannot be copied.")
        copied = Remote(self._worker, number, self.max_steps, self.judges_other)
        copied._reached, copied._is_over = dict(self._reached), self._is_over
        return copied


class Workers:
    """So many worker processes, each with its share of the environments. Closes them at its end."""

    def __init__(self, name: str, options: Mapping[str, str], count: int) -> None:
        self._workers = [Worker(name, options) for _ in range(count)]
        self._turns = cycle(self._workers)
        self._threads = ThreadPoolExecutor(count)

    def make(self) -> Environment:
        """One more environment, in the worker whose turn it is."""
        return Remote.made(next(self._turns))

    def each(self, call: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
        """What a function that asks an environment gives of each; workers answer side by side."""
        return list(self._threads.map(call, given))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown()


@contextmanager
def at_work(
    here: Maker, name: str, options: Mapping[str, str], count: int
) -> Iterator[tuple[Maker, Each]]:
    """What makes environments and how several are asked: in this process, or in `count` others."""
    if count == 1:
        yield here, one_by_one
        return
    with Workers(name, options, count) as workers:
        yield workers.make, workers.each


class Held:
    """The environments in a worker, by number."""

    def __init__(self, make: Callable[[], Environment]) -> None:
        self._make, self._next = make, 1
        self._held, self._copies = dict[int, Environment](), set[int]()

    def answer(self, dropped: list[int], number: int, method: str, given: tuple[Any, ...]) -> Any:
        """Of one question."""
        for each in dropped:
            self._let_go(each)
        if method == "make":
            made = self._make()
            return self._keep(made), made.max_steps, made.judges_other
        environment = self._held[number]
        if method == "copy":
            return self._copied(environment)
        found = getattr(environment, method)(*given)
        if method == "begin":  # what is always asked next comes with it
            return found, found and environment.is_over()
        if method == "act":
            return found, {goal: environment.reached(goal) for goal in GOALS}, environment.is_over()
        return found

    def close(self) -> None:
        """All that were made here."""
        for number in list(self._held):
            self._let_go(number)

    def _let_go(self, number: int) -> None:
        environment = self._held.pop(number, None)
        if environment is not None and number not in self._copies:  # its window may be shared
            environment.close()

    def _copied(self, environment: Environment) -> int | None:
        try:
            number = self._keep(deepcopy(environment))
        except Exception:  # simulators raise anything at all when they cannot be copied
            return None
        self._copies.add(number)
        return number

    def _keep(self, environment: Environment) -> int:
        number, self._next = self._next, self._next + 1
        self._held[number] = environment
        return number


def _work(
    pipe: Connection, name: str, options: dict[str, str], environment: Mapping[str, str]
) -> None:
    """A worker's life: questions in, answers out, until it is left alone."""
    os.environ.update(environment)  # the server's is that of its start
    os.dup2(2, 1)  # what simulators print is no result
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes
    end_with_parent()
    held: Held | None = None
    while True:
        try:
            question = pipe.recv()
            if question is None:
                break
            try:
                held = held or Held(load_environment(name, options))
                answer = held.answer(*question), None
            except HeedmapError as error:
                answer = None, error
            pipe.send(answer)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            break
    if held is not None:
        held.close()
