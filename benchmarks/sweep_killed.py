"""A sweep killed at random and gone on with, against one that was left alone.

    .venv/bin/python -m benchmarks.sweep_killed [--specimens '*'] [--frames 200] [--kills 2]
        [--interventions exchange cut] [--workers 1] [--seed 0] [--keep FOLDER]
        [--any-moment | --each-phase]

Every frame comes with three instructions. `kill -9` goes to the process that writes, once a number
of cells drawn at random is done, and a random part of the next cell's time later. With
`--any-moment` it comes at any moment of a process's life, also while it starts, plans or loads; a
run that came to its end is compared, and begun anew. With `--each-phase` a report follows on the
sweep, and kills are spread evenly over the phases of both (`benchmarks.phases`), at any moment of
each; prints how many came in which. Prints what every run had done by then, and compares all tables
but `timings`, part by part, the names of all files and the report; exits 1 where any byte differs,
or a file is left that an undisturbed run does not leave.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

from benchmarks.phases import PHASES, lengths, started
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import RUN_TABLES, RunTable

SWEEP = (sys.executable, "-c", "from heedmap.cli.main import main; main()", "sweep")
COMPARED: tuple[RunTable, ...] = tuple(name for name in RUN_TABLES if name != "timings")


def main() -> None:
    """Run both, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--specimens", default="*", help="a pattern over their names")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--interventions", nargs="*", default=["exchange", "cut"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--any-moment", action="store_true", help="kill at any moment")
    when.add_argument("--each-phase", action="store_true", help="kill evenly over the phases")
    parser.add_argument("--keep", type=Path, help="where the run folders stay")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = given.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        grid = place / "grid.yaml"
        content = {
            "policies": [f"specimen:{given.specimens}"],
            "frames": [{"specimen_cases": {"count": given.frames}}],
            "interventions": given.interventions,
        }
        grid.write_text(yaml.safe_dump(content))
        if given.each_phase:
            raise SystemExit(killed_in_each_phase(grid, place, given.kills, given.seed))
        command = [*SWEEP, str(grid), "--workers", str(given.workers), "--out"]
        temporary_files = place / "tmp"
        temporary_files.mkdir(exist_ok=True)
        os.environ["TMPDIR"] = str(temporary_files)  # of the sweeps: to see what they leave
        begun = time.perf_counter()
        subprocess.run([*command, str(place / "whole")], check=True)
        whole_s = time.perf_counter() - begun
        usual = set(os.listdir(temporary_files))
        print(f"left alone: {done(place / 'whole')} cells in {whole_s:.0f} s", flush=True)
        drawn, cells = random.Random(given.seed), done(place / "whole")
        if given.any_moment:
            differing = killed_any_moment(command, place, given.kills, whole_s, drawn)
        else:
            counts = sorted(drawn.sample(range(cells - 1), given.kills))
            delays_s = [drawn.uniform(0, whole_s / cells) for _ in counts]
            killed(command, place / "killed", counts, delays_s)
            differing = differences(place / "whole", place / "killed")
        differing += [f"{name} left" for name in os.listdir(temporary_files) if name not in usual]
    print("equal, byte for byte" if not differing else f"differs: {', '.join(differing)}")
    raise SystemExit(1 if differing else 0)


def killed_any_moment(
    command: list[str], place: Path, kills: int, whole_s: float, drawn: random.Random
) -> list[str]:
    """Kill so often, each time after any part of what a whole run takes; gives what differs."""
    folder, found, killed_after = place / "killed", list[str](), list[int]()
    while len(killed_after) < kills:
        process = subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL)
        try:
            code = process.wait(timeout=drawn.uniform(0, whole_s))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed_after.append(done(folder))
            continue
        if code != 0:
            return [f"the sweep ended with {code}"]
        found += differences(place / "whole", folder)
        shutil.rmtree(folder)
    subprocess.run([*command, str(folder)], check=True, stdout=subprocess.DEVNULL)
    print(f"killed {kills} times, after {killed_after} cells", flush=True)
    return found + differences(place / "whole", folder)


def killed_in_each_phase(grid: Path, place: Path, kills: int, seed: int) -> int:
    """Kill so often, as often in each phase as in any other; gives the exit code."""
    temporary_files = place / "tmp"
    temporary_files.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(temporary_files)
    with started(grid, place / "whole", from_nothing=True) as run:
        takes_s = lengths(run)
        run.end()
    usual = set(os.listdir(temporary_files))
    drawn, killed_in, found = random.Random(seed), Counter[str](), list[str]()
    share = -(-kills // len(PHASES))
    while killed_in.total() < kills:
        before = killed_in.total()
        for phase in PHASES:
            if killed_in[phase] < share and killed_in.total() < kills:
                reached = killed_after(grid, place, phase, drawn.uniform(0, takes_s[phase]))
                killed_in.update([reached] if reached is not None else [])
        found += completed(grid, place)
        print(f"killed {killed_in.total()} times", flush=True)
        if killed_in.total() == before or found:
            break
    found += [f"{name} left" for name in os.listdir(temporary_files) if name not in usual]
    print("| phase | s | kills |\n|---|---|---|")
    for phase in PHASES:
        print(f"| {phase} | {takes_s[phase]:.3f} | {killed_in[phase]} |")
    print("equal, byte for byte" if not found else f"differs: {', '.join(found)}")
    return int(bool(found) or killed_in.total() < kills)


def killed_after(grid: Path, place: Path, phase: str, delay_s: float) -> str | None:
    """Kill so long after a phase begins. Gives the phase that it came in; None where none did."""
    with started(grid, place / "killed", from_nothing=phase == "starting") as run:
        begun = run.phases()
        if not any(each == phase for _, each in begun):
            return None
        time.sleep(delay_s)
        os.kill(run.process_id, signal.SIGKILL)
        reached = [phase, *(each for _, each in begun)][-1]
        return reached if run.end() == -signal.SIGKILL else None


def completed(grid: Path, place: Path) -> list[str]:
    """What differs once the run has come to its end, which is then removed."""
    with started(grid, place / "killed") as run:
        if (code := run.end()) != 0:
            return [f"the sweep ended with {code}"]
    one, two = place / "whole" / "run", place / "killed" / "run"
    found = differences(one, two)
    for name in ("report.html", "manifest.json"):
        if (one / name).read_bytes() != (two / name).read_bytes():
            found.append(name)
    if not found:
        shutil.rmtree(place / "killed")
    return found


def killed(command: list[str], folder: Path, counts: list[int], delays_s: list[float]) -> None:
    """Run, kill so long after so many cells are done, each time anew, and run to the end."""
    for count, delay_s in zip(counts, delays_s, strict=True):
        process = subprocess.Popen([*command, str(folder)])
        while done(folder) < count and process.poll() is None:
            time.sleep(0.05)
        time.sleep(delay_s)
        if process.poll() is not None:
            raise SystemExit("The sweep ended before it was killed; it has too few cells.")
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"killed after {done(folder)} cells", flush=True)
    subprocess.run([*command, str(folder)], check=True)
    print(f"gone on with: {done(folder)} cells", flush=True)


def done(folder: Path) -> int:
    """Cells that count; a run that was killed before it had a plan has none."""
    return len(list((folder / "cells").glob("*.parquet")))


def differences(one: Path, two: Path) -> list[str]:
    """Tables and cells whose parts are not the same bytes, and files that one alone has."""
    first, second = RunFolder.open(one), RunFolder.open(two)
    found: list[str] = []
    parts = rows = 0
    for table in COMPARED:
        for cell in first.plan.cells:
            ours, theirs = first.part_of(cell, table), second.part_of(cell, table)
            parts += ours is not None
            if ours != theirs:
                found.append(f"{table}/{cell.id}")
        if not first.read(table).equals(second.read(table)):
            found.append(table)
        rows += len(first.read(table))
    names = [{str(p.relative_to(f)) for p in f.rglob("*")} for f in (one, two)]
    found += sorted(names[0] ^ names[1])
    print(f"compared {parts} parts of {len(COMPARED)} tables, {rows} rows", flush=True)
    return found


if __name__ == "__main__":
    main()
