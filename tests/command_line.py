"""`heedmap ...` as a person runs it, within this process: starting one takes seconds.

That it runs in a process of its own too is tested where that matters: engines, killed runs, and
one command of a page.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from heedmap.cli.console import out as console
from heedmap.cli.main import main

WIDTH = 120


@dataclass(frozen=True)
class Ran:
    """What one run of the command line did."""

    code: int
    out: str
    err: str


def run_heedmap(*arguments: str | Path, cwd: Path) -> Ran:
    """Run `heedmap ARGUMENTS` in a folder whose modules can be imported, as a user's can."""
    printed, errors = io.StringIO(), io.StringIO()
    with (
        importing_from(cwd),
        chdir(cwd),
        mock.patch.object(sys, "argv", ["heedmap", *map(str, arguments)]),
        of_width(WIDTH),
        redirect_stdout(printed),
        redirect_stderr(errors),
    ):
        code = _exit_code()
    return Ran(code, printed.getvalue(), errors.getvalue())


@contextmanager
def of_width(columns: int) -> Iterator[None]:
    """Within it tables have room for these many columns."""
    before, console.width = console.width, columns
    try:
        yield
    finally:
        console.width = before


def _exit_code() -> int:
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


@contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Within it the folder's own modules are found; after it they are forgotten."""
    before = set(sys.modules)
    with mock.patch.object(sys, "path", [str(folder), *sys.path]):
        try:
            yield
        finally:
            for name in set(sys.modules) - before:
                place = getattr(sys.modules[name], "__file__", None)
                if place and Path(place).parent == folder:
                    del sys.modules[name]
