"""One kind of input: a valid sample, how it is read as users read it, how many are tried."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.command_line import run_heedmap
from tests.fuzz.outcome import SaidError

Read = Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    """One kind of input, in a folder of its own."""

    write: Callable[[Path], None]
    """Makes the sample."""
    read: Read
    inputs: int
    """How many are tried."""
    spoil: Callable[[Path, Random], str] | None = None
    """How a copy of the sample is changed; None: one of its files, in any way."""
    sign: Callable[[Path], None] | None = None
    """Makes checksums right again, as whoever hands out a hostile result would."""
    short: int | None = None
    """How many `make fuzz` tries, where all would take too long."""


USAGE = 2
"""The code of options that are none; above the last line is how the command is used."""


def command(folder: Path, *arguments: str | Path) -> None:
    """`heedmap ARGUMENTS` in a folder; its output is printed. Raises SaidError where it fails."""
    ran = run_heedmap(*arguments, cwd=folder)
    printed(ran.out)
    if ran.code not in (0, 3):
        lines = [line for line in ran.err.strip().splitlines() if not line.startswith("note: ")]
        raise SaidError("\n".join(lines[-1:] if ran.code == USAGE else lines))


def printed(text: str) -> None:
    """Goes where the harness looks for what a terminal would obey."""
    sys.__stdout__.write(text)  # pyright: ignore[reportOptionalMemberAccess]
    sys.__stdout__.flush()  # pyright: ignore[reportOptionalMemberAccess]
