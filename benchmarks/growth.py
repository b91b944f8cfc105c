"""How an audit's time and memory grow with the number of frames.

    .venv/bin/python -m benchmarks.growth [--size real|small] [--frames 1 8 32] [--json FILE]

Rungs 1 to 4 under three instructions, Kosmos-2 with its tower, from image files. Every count
runs in a process of its own, whose peak memory is told.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image
from rich.table import Table

from benchmarks.audit import INSTRUCTIONS
from benchmarks.measure import Timing, console, machine, print_peak, seconds_of, write_json
from benchmarks.models import kosmos2
from benchmarks.options import add_common, frame_of
from heedmap import audit


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_common(parser, lengths=False)
    parser.add_argument("--frames", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--only", type=int, help="audit so many frames; print seconds and peak")
    given = parser.parse_args()
    if given.only is not None:
        _run(given.size, getattr(torch, given.dtype), given.only)
        return
    table = Table(title=f"Audit of many frames, Kosmos-2 {given.size}", title_justify="left")
    for column in ("frames", "seconds", "seconds a frame", "process peak MiB"):
        table.add_column(column, justify="right")
    timings: list[Timing] = []
    for count in given.frames:
        shared = ["--size", given.size, "--dtype", given.dtype, "--only", str(count)]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.growth", *shared],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, peak = (float(line) for line in done.stdout.split()[-2:])
        table.add_row(f"{count}", f"{seconds:.1f}", f"{seconds / count:.2f}", f"{peak:,.0f}")
        timings.append(Timing(f"{count} frames", seconds, seconds, seconds, 1.0, 1.0, 1.0))
    table.caption = machine()
    console.print(table)
    write_json(given.json, "growth", timings, size=given.size, dtype=given.dtype)


def _run(size: str, dtype: torch.dtype, count: int) -> None:
    policy = kosmos2(size, dtype, 78)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(count)]
        for number, path in enumerate(paths):
            Image.fromarray(frame_of(number)).save(path)
        print(seconds_of(lambda: audit(policy, paths, INSTRUCTIONS, trials=())))
    print_peak()


if __name__ == "__main__":
    main()
