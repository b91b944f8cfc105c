"""Time and peak memory of named ways, side by side, and the machine they were measured on."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Way = Callable[[], object]
console = Console(width=110)


@dataclass(frozen=True)
class Timing:
    """Seconds of one way over the rounds, and its ratio to the reference in the same rounds."""

    way: str
    median_s: float
    low_s: float
    high_s: float
    ratio: float
    ratio_low: float
    ratio_high: float


def interleaved(ways: Mapping[str, Way], rounds: int, warm_up: int = 1) -> list[Timing]:
    """Every way once a round, in turn, so that a busy machine hurts all alike.

    The first way is the reference. Medians and quartiles over the rounds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=(rounds + warm_up) * len(ways))
        for number in range(rounds + warm_up):
            for name, way in ways.items():
                taken = seconds_of(way)
                if number >= warm_up:
                    seconds[name].append(taken)
                progress.advance(task)
    reference = np.array(next(iter(seconds.values())))
    return [_timing(name, np.array(taken), reference) for name, taken in seconds.items()]


def seconds_of(way: Way) -> float:
    """Wall time of one run, with everything that was queued on a GPU."""
    _synchronise()
    start = time.perf_counter()
    way()
    _synchronise()
    return time.perf_counter() - start


def peak_mib(module: str, arguments: Sequence[str]) -> float:
    """Whole-process peak memory of `python -m module arguments`, in MiB.

    The child prints its own peak as its last line (see `print_peak`).
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return float("nan")
    return float(done.stdout.strip().splitlines()[-1])


def print_peak() -> None:
    """The most memory that this process has held, in MiB; on a GPU, that which torch held."""
    if torch.cuda.is_available():
        print(torch.cuda.max_memory_allocated() / 2**20)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def machine() -> str:
    """Processor, cores and threads, or the GPU's name; torch's version."""
    name = platform.processor() or platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        lines = [line for line in cpu_info.read_text().splitlines() if "model name" in line]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    what = f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        what = torch.cuda.get_device_name()
    return f"{what}, torch {torch.__version__}"


def print_timings(title: str, timings: Sequence[Timing], floors: Mapping[str, float]) -> None:
    """A table with medians, quartiles, ratios, and the predicted floor where there is one."""
    table = Table(title=title, title_justify="left")
    table.add_column("way")
    for column in ("median s", "quartiles", "ratio", "quartiles", "floor s"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in timings:
        floor = floors.get(each.way)
        table.add_row(
            each.way,
            f"{each.median_s:.3g}",
            f"{each.low_s:.3g}-{each.high_s:.3g}",
            f"{each.ratio:.3f}",
            f"{each.ratio_low:.3f}-{each.ratio_high:.3f}",
            "" if floor is None else f"{floor:.3g}",
        )
    table.caption = machine()
    console.print(table)


def write_json(path: Path | None, name: str, timings: Sequence[Timing], **more: object) -> None:
    """Add the rows to a file of JSON lines."""
    if path is not None:
        row = {"benchmark": name, "machine": machine(), **more}
        with path.open("a") as file:
            file.write(json.dumps({**row, "timings": [asdict(each) for each in timings]}) + "\n")


def _timing(name: str, taken: np.ndarray, reference: np.ndarray) -> Timing:
    low, middle, high = np.quantile(taken, [0.25, 0.5, 0.75])
    ratio_low, ratio, ratio_high = np.quantile(taken / reference, [0.25, 0.5, 0.75])
    return Timing(name, middle, low, high, ratio, ratio_low, ratio_high)


def _synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
