"""Rules changed one by one: does a test notice?

    .venv/bin/python -m benchmarks.mutants [--files FILE ...] [--tests PLACE ...] [--least 0.9]
        [--only NAME ...]

mutmut makes the changes (a number, a comparison, an argument left out). Each is tried by those
tests that run the changed function, the shortest first, in a fork of one session of pytest, so that
nothing is imported or collected again: a second a change or less. Files and tests are those of
`[tool.mutmut]` in pyproject.toml, or as given. Prints each change that no test noticed as it comes,
then figures by file; exits 1 where a share of a file's changes below `--least` was noticed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from _pytest.runner import runtestprotocol
from mutmut.configuration import config
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import get_mutant_name, mangled_name_from_mutant_name

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "benchmarks", "examples", "docs", "pyproject.toml")
"""What the changed code is put beside."""
SECONDS, FACTOR = 20, 3
"""A change may make the tests take so many seconds, and so many times what they take."""

Fate = Literal["noticed", "unnoticed", "timeout", "no test"]
LEFT: tuple[Fate, ...] = ("unnoticed", "no test")


@dataclass
class Mutants:
    """The changes of one file."""

    file: str
    code: str
    names: Sequence[str]
    """Of all changes, with the module before them."""
    fates: dict[str, Fate] = field(default_factory=dict)

    @property
    def noticed_share(self) -> float:
        """Of those that were tried, 0..1; a test that never ends is noticed, too."""
        counts = Counter(self.fates.values())
        return (counts["noticed"] + counts["timeout"]) / max(1, len(self.fates))

    def difference(self, name: str) -> str:
        """What one of them changes, as lines of a diff."""
        short = name.rpartition(".")[2]
        functions = {
            node.name: ast.unparse(node).splitlines()
            for node in ast.walk(ast.parse(self.code))
            if isinstance(node, ast.FunctionDef)
        }
        before = functions[f"{mangled_name_from_mutant_name(short)}__mutmut_orig"]
        lines = list(difflib.unified_diff(before, functions[short], lineterm="", n=0))[2:]
        changes = [line for line in lines if line[0] in "+-" and "__mutmut_" not in line]
        return "\n".join(f"    {line}" for line in changes)


class Session:
    """A plugin of pytest that runs all tests once, and those of each change in a fork."""

    def __init__(self, changed: Sequence[Mutants], only: Sequence[str], seconds: int) -> None:
        self._changed = changed
        self._only = only
        self._seconds = seconds
        self._is_fork = False
        self._failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A failed test ends a fork; of unchanged code none may fail."""
        if not report.failed:
            return
        if self._is_fork:
            os._exit(1)
        self._failed.append(f"{report.nodeid}\n{report.longreprtext[-2_000:]}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run everything; tells pytest that it is done."""
        hits, took_s = self._ran_once(session.items)
        if self._failed:
            raise SystemExit("fails without any change: " + "\n".join(self._failed))
        print(f"{len(session.items)} tests take {sum(took_s.values()):.0f} s", flush=True)
        for each in self._changed:
            begun = time.monotonic()
            for number, name in enumerate(each.names, 1):
                if self._only and name not in self._only:
                    continue
                items = sorted(hits[mangled_name_from_mutant_name(name)], key=lambda i: took_s[i])
                limit_s = self._seconds + FACTOR * sum(took_s[item] for item in items)
                each.fates[name] = self._fate(name, items, limit_s) if items else "no test"
                if each.fates[name] in LEFT:
                    place = f"{number} of {len(each.names)}"
                    told = f"{each.fates[name]}: {name} ({place})\n{each.difference(name)}"
                    print(told, flush=True)
            print(f"{each.file}: {time.monotonic() - begun:.0f} s", flush=True)
        return True

    def _ran_once(
        self, items: Sequence[pytest.Item]
    ) -> tuple[Mapping[str, set[pytest.Item]], dict[pytest.Item, float]]:
        """Which tests run which function, and how long each takes."""
        hits, took_s = defaultdict[str, set[pytest.Item]](set), dict[pytest.Item, float]()
        set_mutant_under_test("stats")
        state()._stats.clear()
        for item in items:
            begun = time.perf_counter()
            runtestprotocol(item, log=True, nextitem=None)
            took_s[item] = time.perf_counter() - begun
            for function in state()._stats:
                hits[function].add(item)
            state()._stats.clear()
        return hits, took_s

    def _fate(self, name: str, items: Sequence[pytest.Item], limit_s: float) -> Fate:
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            self._is_fork = True
            self._run_changed(name, items, limit_s)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
            return "timeout"
        return "unnoticed" if status == 0 else "noticed"

    def _run_changed(self, name: str, items: Sequence[pytest.Item], limit_s: float) -> None:
        """In a fork, which ends here."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(limit_s))
        set_mutant_under_test(name)
        try:
            for item in items:
                runtestprotocol(item, log=True, nextitem=None)
        except BaseException:
            os._exit(2)
        os._exit(0)


def changed(file: str) -> Mutants:
    """Put all changes of a file into it, none of them active."""
    made = mutate_file_contents(file, Path(file).read_text())
    Path(file).write_text(made.code)
    return Mutants(
        file, made.code, [get_mutant_name(Path(file), each) for each in made.mutant_names]
    )


def table(found: Sequence[Mutants]) -> str:
    """Figures by file in Markdown."""
    lines = ["| file | changes | noticed | unnoticed | no test |", "|---|---|---|---|---|"]
    for each in found:
        counts = Counter(each.fates.values())
        noticed = counts["noticed"] + counts["timeout"]
        figures = (len(each.fates), noticed, counts["unnoticed"], counts["no test"])
        lines.append(f"| {each.file} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def run_here(given: argparse.Namespace) -> int:
    """Change the files of this very folder, and try; gives the exit code."""
    found = [changed(file) for file in given.files]
    options = ("-q", "-s", "-p", "no:cacheprovider", "-n", "0", *given.tests)
    code = pytest.main(list(options), plugins=[Session(found, given.only, given.seconds)])
    print(table(found))
    return int(code != 0 or any(each.noticed_share < given.least for each in found if each.fates))


def main() -> int:
    """Copy what is needed to a folder that goes at the end, and try every change there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", nargs="+", default=config().only_mutate)
    parser.add_argument("--tests", nargs="+", default=config().pytest_add_cli_args_test_selection)
    parser.add_argument("--only", nargs="*", default=[], help="changes, by their names")
    parser.add_argument("--least", type=float, default=0.9, help="share that must be noticed")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="more that one may take")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        return run_here(given)
    with tempfile.TemporaryDirectory(prefix="heedmap-mutants-") as folder:
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder) / name)
        environment = {**os.environ, "PYTHONPATH": f"{folder}/src", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.mutants", "--here", *sys.argv[1:]]
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
