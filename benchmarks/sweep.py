"""Throughput of a sweep: in this process, with worker processes, and with Ray's actors.

    .venv/bin/python -m benchmarks.sweep [--policies 4] [--frames 16] [--workers 1 2]
        [--engines local ray] [--interventions exchange cut] [--json FILE]

Each engine runs the same grid into a folder of its own; starting workers and loading policies
counts. Says whether all tables but `timings` came out equal.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from heedmap.sweep.engine import Engine, run_sweep
from heedmap.sweep.grid_file import GridFile
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.planning import make_plan
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import RUN_TABLES, RunTable
from heedmap.testbed.specimens.zoo import SPECIMENS


def main() -> None:
    """Run every engine and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--policies", type=int, default=4)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engines", nargs="+", choices=("local", "ray"), default=["local", "ray"])
    parser.add_argument("--interventions", nargs="*", default=["exchange", "cut"])
    parser.add_argument("--json", type=Path, help="add the rows to this file of JSON lines")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        content = {
            "policies": [f"specimen:{name}" for name in SPECIMENS[: given.policies]],
            "frames": [{"specimen_cases": {"count": given.frames}}],
            "interventions": given.interventions,
        }
        (place / "grid.yaml").write_text(yaml.safe_dump(content))
        runs = [
            (engine, workers, *timed(place, engine, workers))
            for engine in given.engines
            for workers in given.workers
        ]
        rows = rows_of(runs)
    show(f"{given.policies} specimens x {given.frames} frames x 3 instructions", rows)
    if given.json is not None:
        with given.json.open("a") as file:
            for row in rows:
                file.write(json.dumps({"benchmark": "sweep", **vars(given), **row}, default=str))
                file.write("\n")


def timed(place: Path, engine: str, workers: int) -> tuple[RunFolder, float]:
    """One engine on the grid, and how long it took."""
    plan = make_plan(GridFile(place / "grid.yaml"))
    folder = RunFolder.begin(place / f"{engine}-{workers}", plan)
    begun = time.perf_counter()
    totals = run_sweep(folder, engine_named(engine, workers))
    assert (totals.done, totals.failed) == (totals.cells, 0), totals
    return folder, time.perf_counter() - begun


def engine_named(name: str, workers: int) -> Engine:
    """With one worker, the local engine is this very process."""
    if name == "local":
        return LocalEngine(workers)
    from heedmap.sweep.ray_engine import RayEngine

    return RayEngine(workers)


def rows_of(runs: list[tuple[str, int, RunFolder, float]]) -> list[dict[str, object]]:
    """Figures of every run, against the first."""
    _, _, first, first_s = runs[0]
    frames = len(first.read("frames"))
    same: list[RunTable] = [name for name in RUN_TABLES if name != "timings"]
    return [
        {
            "engine": engine,
            "workers": workers,
            "seconds": round(seconds, 1),
            "frames_per_s": round(frames / seconds, 2),
            "against_first": round(first_s / seconds, 2),
            "equal": all(folder.read(name).equals(first.read(name)) for name in same),
        }
        for engine, workers, folder, seconds in runs
    ]


def show(title: str, rows: list[dict[str, object]]) -> None:
    """One table."""
    table = Table(title=title)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
