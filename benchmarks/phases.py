"""A sweep and its report in one process, which tells in which phase it is.

`python -m benchmarks.phases FD GRID RUN` is what `heedmap sweep GRID --out RUN` and `heedmap report
RUN` are, but for a line that it writes to the file descriptor whenever a phase begins, and for time
and commit that the report names, which are always the same. Who reads the lines knows where a kill
came.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

PHASES = (
    "starting",
    "planning",
    "loading",
    "first cell",
    "writing a cell",
    "loading others",
    "later cells",
    "pooling",
    "drawing",
    "writing the report",
)
"""In the order in which they first come."""
_BEGIN_WITH = {
    "heedmap.sweep.planning:make_plan": "planning",
    "heedmap.sweep.cell:CellRunner._loaded": "loading",
    "heedmap.sweep.cell:CellRunner._measured": "first cell",
    "heedmap.sweep.store:RunFolder.commit": "writing a cell",
    "heedmap.sweep.result:result_of": "pooling",
    "heedmap.report.page.render:render_html": "drawing",
    "heedmap.sweep.store:RunFolder.add_report": "writing the report",
}
"""What a phase begins with; it lasts until the next one begins."""
_ONCE_A_CELL_IS_DONE = {"loading": "loading others", "first cell": "later cells"}
PRELOADED = ["heedmap.cli.main", *(place.partition(":")[0] for place in _BEGIN_WITH), "altair"]
_ALWAYS = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Run:
    """Such a process; `lines` come as phases begin, each with the seconds since the start."""

    process_id: int
    end: Callable[[], int]
    """Waits for its end; gives the exit code, negative for a signal."""
    lines: IO[str]

    def phases(self) -> Iterator[tuple[float, str]]:
        """As they begin, until the process ends."""
        for line in self.lines:
            begun_s, _, phase = line.strip().partition(" ")
            yield float(begun_s), phase


@contextmanager
def started(grid: Path, place: Path, *, from_nothing: bool = False) -> Iterator[Run]:
    """A process that sweeps and reports into `place/run`.

    It begins with a Python that has imported all, unless `from_nothing`.
    """
    place.mkdir(parents=True, exist_ok=True)
    ours, theirs = os.pipe()
    end = (_spawned if from_nothing else _forked)(theirs, grid, place)
    os.close(theirs)
    with os.fdopen(ours) as lines:
        yield Run(*end, lines)


def _spawned(descriptor: int, grid: Path, place: Path) -> tuple[int, Callable[[], int]]:
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.phases", str(descriptor), str(grid), "run"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        pass_fds=[descriptor],
        stdout=subprocess.DEVNULL,
    )
    return process.pid, process.wait


def _forked(descriptor: int, grid: Path, place: Path) -> tuple[int, Callable[[], int]]:
    """Of a server that does nothing else: torch's and Arrow's threads would be lost."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    given = Connection(os.dup(descriptor), readable=False)
    process = context.Process(target=_in_a_fork, args=(given, grid, place))
    process.start()
    given.close()
    assert process.pid is not None

    def end() -> int:
        process.join()
        assert process.exitcode is not None
        return process.exitcode

    return process.pid, end


def _in_a_fork(told: Connection, grid: Path, place: Path) -> None:
    os.chdir(place)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sweep_and_report(told.fileno(), str(grid), "run")


def lengths(run: Run) -> dict[str, float]:
    """Seconds that each phase takes where it first comes, of a run that is left alone."""
    begun = [*run.phases()]
    found: dict[str, float] = {}
    for (at_s, phase), (next_s, _) in itertools.pairwise(begun):
        found.setdefault(phase, next_s - at_s)
    return found


class _Teller:
    """Writes a line for each phase."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = time.perf_counter()
        self.is_cell_done = False

    def tell(self, phase: str) -> None:
        if self.is_cell_done:
            phase = _ONCE_A_CELL_IS_DONE.get(phase, phase)
        self.is_cell_done |= phase == "writing a cell"
        line = f"{time.perf_counter() - self._begun:.6f} {phase}\n"
        os.write(self._descriptor, line.encode())

    def wrap(self, place: str, phase: str) -> None:
        """Tell of the phase whenever that function is called."""
        module, _, path = place.partition(":")
        owner: Any = importlib.import_module(module)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        real: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(real)
        def telling(*args: Any, **kwargs: Any) -> Any:
            self.tell(phase)
            return real(*args, **kwargs)

        setattr(owner, name, telling)


def sweep_and_report(descriptor: int, grid: str, run: str) -> None:
    """In this process. Raises SystemExit with any other code than 0."""
    teller = _Teller(descriptor)
    teller.tell("starting")
    from heedmap.cli.main import main as heedmap
    from heedmap.sweep import result

    teller.is_cell_done = any(Path(run).glob("checksums/*.json"))
    for place, phase in _BEGIN_WITH.items():
        teller.wrap(place, phase)
    real, same = result.describe_run, {"created_utc": _ALWAYS, "commit": None}
    result.describe_run = lambda *args: real(*args).model_copy(update=same)
    for command in (["sweep", grid, "--out", run], ["report", run]):
        sys.argv = ["heedmap", *command]
        try:
            heedmap()
        except SystemExit as ended:
            if ended.code:
                raise
    teller.tell("over")


if __name__ == "__main__":
    sweep_and_report(int(sys.argv[1]), sys.argv[2], sys.argv[3])
