"""Try many hostile inputs, and print what became of them by kind.

`python -m tests.fuzz.run` tries as many as each kind says; `--short` fewer where they take long
(`make fuzz`), `--times 20` twenty times as many, `--first N` other seeds, `--kind words` one kind,
`--seconds 3600` until then, `--turn 25` so many of a kind before the next one has its turn,
`--processes 2` kinds side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from tests.fuzz.kinds import KINDS
from tests.fuzz.outcome import MOST_SECONDS, Outcome

ROOT = Path(__file__).parent.parent.parent
ROUND = 250
"""Of a kind, before the next one has its turn: more than any has in `make fuzz`, where each is then
tried by one process.
"""
WARM_UP_SECONDS = 180.0
"""For a sample to be written, and what reads it to be imported."""


@dataclass(frozen=True)
class Tried:
    """One input and its outcome."""

    kind: str
    seed: int
    done: str
    outcome: Outcome


class Worker:
    """A process that is started anew where an input ended it."""

    command = (sys.executable, "-m", "tests.fuzz.worker")

    def __init__(self, root: Path, patience_s: float = MOST_SECONDS) -> None:
        self._root = root
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._warm: set[str] = set()

    def try_one(self, kind: str, seed: int) -> Tried:
        """The outcome of one input."""
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(f"{kind}\t{seed}\n".encode())
        if kind not in self._warm:
            self._answer(WARM_UP_SECONDS)
            self._warm.add(kind)
        begin = time.monotonic()
        try:
            found = self._answer(self._patience_s)
        except TimeoutError:
            self.end()
            return Tried(kind, seed, "", Outcome("hang", "", time.monotonic() - begin))
        except EOFError:
            code = process.wait()
            self.end()
            told = (self._root / "errors").read_text(errors="replace").strip().splitlines()[-1:]
            return Tried(kind, seed, "", Outcome("abort", f"exit code {code}: {' '.join(told)}"))
        outcome = Outcome(found["kind"], found["told"], found["seconds"])
        return Tried(kind, seed, found["done"], outcome)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None
        self._warm.clear()

    def _running(self) -> subprocess.Popen[bytes]:
        """Its pipes have no buffer: a line that one holds already is none that `select` sees."""
        if self._process is None:
            temporary = self._root / "tmp"
            temporary.mkdir(exist_ok=True)
            with (self._root / "errors").open("a") as errors:
                self._process = subprocess.Popen(
                    [*self.command, str(self._root)],
                    cwd=ROOT,
                    env={**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    bufsize=0,
                )
        return self._process

    def _answer(self, seconds: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], seconds)[0]:
            raise TimeoutError
        line = process.stdout.readline()
        if not line:
            raise EOFError
        return json.loads(line)


def try_all(inputs: Iterable[tuple[str, int]], patience_s: float = MOST_SECONDS) -> Iterator[Tried]:
    """Every input of these kinds and seeds, one after another, in a folder that goes at the end.

    Raises RuntimeError where a valid sample is not accepted.
    """
    root = Path(tempfile.mkdtemp(prefix="heedmap-fuzz-"))
    worker = Worker(root, patience_s)
    try:
        for kind, seed in inputs:
            try:
                yield worker.try_one(kind, seed)
            except (EOFError, TimeoutError) as error:
                told = (root / "errors").read_text()[-2000:]
                raise RuntimeError(f"no sample of {kind} to begin with: {told}") from error
    finally:
        worker.end()
        shutil.rmtree(root, ignore_errors=True)


def inputs_of(
    names: Iterable[str], first: int, times: float, *, short: bool = False
) -> Iterator[tuple[str, int]]:
    """As many seeds as each kind says, times a factor."""
    for name in names:
        kind = KINDS[name]
        usual = kind.inputs if kind.short is None or not short else kind.short
        count = max(1, round(usual * times))
        yield from ((name, first + number) for number in range(count))


def side_by_side(
    inputs: Iterable[tuple[str, int]], processes: int, patience_s: float, turn: int = ROUND
) -> Iterator[Tried]:
    """As `try_all` in several processes; each takes the next `turn` inputs of a kind when free."""
    by_kind: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for each in inputs:
        by_kind[each[0]].append(each)
    longest = max(map(len, by_kind.values()), default=0)
    left, done = SimpleQueue[list[tuple[str, int]]](), SimpleQueue[Tried | BaseException | None]()
    for begin in range(0, longest, turn):  # where time ends, every kind had its turn
        for kind in sorted(
            by_kind, key=lambda name: KINDS[name].short is None
        ):  # the longest first
            left.put(by_kind[kind][begin : begin + turn])

    def work() -> None:
        try:
            for each in try_all(_taken(left), patience_s):
                done.put(each)
            done.put(None)
        except BaseException as error:
            done.put(error)

    for _ in range(processes):
        Thread(target=work, daemon=True).start()
    while processes:
        found = done.get()
        if isinstance(found, BaseException):
            raise found
        if found is None:
            processes -= 1
        else:
            yield found


def _taken(left: SimpleQueue[list[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
    while True:
        try:
            yield from left.get_nowait()
        except Empty:
            return


def table(found: Iterable[Tried]) -> str:
    """Figures by kind of input, in Markdown."""
    by_kind: dict[str, list[Tried]] = defaultdict(list)
    for each in found:
        by_kind[each.kind].append(each)
    by_kind["all"] = [each for several in by_kind.values() for each in several]
    lines = ["| input | tried | accepted | refused | findings |", "|---|---|---|---|---|"]
    for kind, several in by_kind.items():
        counts = Counter(each.outcome.kind for each in several)
        others = [f"{n} {k}" for k, n in counts.most_common() if k not in ("accepted", "refused")]
        figures = (len(several), counts["accepted"], counts["refused"], ", ".join(others) or "0")
        lines.append(f"| {kind} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def main() -> int:
    """Print a table, and every finding as JSON to `--out`; exit code 1 where there is one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", action="append", choices=KINDS, help="can be repeated")
    parser.add_argument("--times", type=float, default=1.0, help="of the usual number of inputs")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after these")
    parser.add_argument("--short", action="store_true", help="fewer of those that take long")
    parser.add_argument("--turn", type=int, default=ROUND, help="of a kind, before the next one")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--patience", type=float, default=MOST_SECONDS, help="seconds of an input")
    parser.add_argument("--out", type=Path, help="a file for the findings, as JSON lines")
    given = parser.parse_args()
    begin, found, names = time.monotonic(), list[Tried](), given.kind or list(KINDS)
    inputs = inputs_of(names, given.first, given.times, short=given.short)
    for each in side_by_side(inputs, given.processes, given.patience, given.turn):
        found.append(each)
        if each.outcome.is_finding:
            told = each.outcome.told[:300]
            print(f"{each.kind} {each.seed} ({each.done}): {each.outcome.kind}: {told}", flush=True)
        if time.monotonic() - begin > given.seconds:
            break
    print(table(found))
    print(f"{len(found)} inputs in {time.monotonic() - begin:.0f} s")
    findings = [each for each in found if each.outcome.is_finding]
    if given.out is not None:
        rows = [{**vars(each), "outcome": vars(each.outcome)} for each in findings]
        given.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return min(1, len(findings))


if __name__ == "__main__":
    raise SystemExit(main())
