"""Time of recording the action row, against a plain forward and other ways to see attention.

    .venv/bin/python -m benchmarks.capture [--size real|small] [--dtype float32|bfloat16]
        [--length 78 257 1024 2048] [--rounds 7] [--memory] [--without captum] [--json FILE]

Kosmos-2's text decoder with random weights, one example. Ways run in turn in every round;
ratios are to the plain SDPA forward of the same round. Before its time is told, each way's
rows are compared with eager attention's, to 1e-5 in float32. `--memory` measures the peak of
a process of its own for each way.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import torch
from rich.table import Table

from benchmarks.floors import (
    attention_mib,
    decoder_gflop,
    decoder_gigabytes,
    measured_rates,
)
from benchmarks.measure import (
    console,
    interleaved,
    machine,
    peak_mib,
    print_peak,
    print_timings,
    write_json,
)
from benchmarks.models import SIZES, kosmos2
from benchmarks.options import add_common, frame_of, instruction
from benchmarks.ways import OTHER_TOOLS, Rows, capture_ways

EAGER = "eager, output_attentions=True"


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_common(parser, lengths=True)
    parser.add_argument("--memory", action="store_true", help="peak memory instead of time")
    parser.add_argument("--without", nargs="*", default=[], help="leave out ways with these words")
    parser.add_argument("--only", help="run this way once and print the process's peak")
    given = parser.parse_args()
    dtype = getattr(torch, given.dtype)
    for length in given.length:
        if given.only is not None:
            policy = kosmos2(given.size, dtype, length, tower=False)
            capture_ways(policy, frame_of(0), instruction(0))[given.only]()
            print_peak()
        elif given.memory:
            _memory(given.size, given.dtype, length)
        else:
            _times(given, dtype, length)


def _times(given: argparse.Namespace, dtype: torch.dtype, length: int) -> None:
    policy = kosmos2(given.size, dtype, length, tower=False)
    every = capture_ways(policy, frame_of(0), instruction(0))
    ways = {n: way for n, way in every.items() if not any(word in n for word in given.without)}
    _check({name: way() for name, way in ways.items()}, dtype)
    size, rates = SIZES[given.size], measured_rates(dtype)
    floor = rates.seconds(decoder_gflop(size, length, length), decoder_gigabytes(size, dtype))
    timings = interleaved(ways, given.rounds, warm_up=0)
    title = f"Capture, Kosmos-2 {given.size} decoder, {given.dtype}, S = {length}"
    print_timings(title, timings, dict.fromkeys(list(ways)[:1], floor))
    absent = [tool for tool in OTHER_TOOLS if find_spec(tool) is None]
    if absent:
        hint = f"Not installed: {', '.join(absent)} (pip install 'heedmap[bench]')."
        console.print(hint, markup=False)
    write_json(given.json, "capture", timings, size=given.size, dtype=given.dtype, length=length)


def _check(rows: dict[str, Rows], dtype: torch.dtype) -> None:
    """Every way but the plain one must show what eager attention shows."""
    expected = rows[EAGER].float().cpu()
    allowed = 1e-5 if dtype == torch.float32 else 2e-2
    for name, got in rows.items():
        if got.numel() and not np.allclose(got.float().cpu(), expected, atol=allowed, rtol=0):
            worst = (got.float().cpu() - expected).abs().max()
            raise SystemExit(f"'{name}' shows other attention than eager does (by {worst:.2e}).")


def _memory(size: str, dtype: str, length: int) -> None:
    """Peaks of whole processes; what a way takes beyond the plain forward's process."""
    shared = ["--size", size, "--dtype", dtype, "--length", str(length), "--only"]
    names = ["plain SDPA forward", "heedmap capture_attention", EAGER]
    peaks = {name: peak_mib("benchmarks.capture", [*shared, name]) for name in names}
    plain, eager = peaks[names[0]], peaks[EAGER]
    table = Table(title=f"Peak memory, Kosmos-2 {size} decoder, {dtype}, S = {length}")
    for column in (
        "way",
        "peak MiB",
        "beyond plain MiB",
        "share of eager's",
        "kept, predicted MiB",
    ):
        table.add_column(column, justify="left" if column == "way" else "right")
    rows: Sequence[int] = (0, 1, length)
    for (name, peak), kept in zip(peaks.items(), rows, strict=True):
        table.add_row(
            name,
            f"{peak:,.0f}",
            f"{peak - plain:,.1f}",
            f"{(peak - plain) / (eager - plain):.4f}",
            f"{attention_mib(SIZES[size], kept, length):,.1f}",
        )
    table.caption = machine()
    console.print(table)


if __name__ == "__main__":
    main()
