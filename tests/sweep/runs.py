"""Small grids, run here or as a command, and what they leave."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

import heedmap
from heedmap.sweep.engine import Engine, Totals, run_sweep
from heedmap.sweep.grid_file import GridFile
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.outcome import Outcome
from heedmap.sweep.plan import Cell, Plan
from heedmap.sweep.planning import make_plan
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import RUN_TABLES, RunTable
from tests.command_line import run_heedmap

ROOT = Path(__file__).parent.parent.parent
HEEDMAP = (sys.executable, "-c", "from heedmap.cli.main import main; main()")
POLICIES = "tests.sweep.some_policies"
TWINS: tuple[str | dict[str, Any], ...] = (
    "plain",
    {"spec": f"{POLICIES}:plain", "name": "twin"},
)
COMPARED: tuple[RunTable, ...] = tuple(name for name in RUN_TABLES if name != "timings")


def grid(
    folder: Path,
    policies: Sequence[str | dict[str, Any]] = ("plain",),
    count: int = 4,
    **more: Any,
) -> Path:
    """A grid over held-out frame cases; policies without a colon are `some_policies`."""
    content = {
        "policies": [
            each if isinstance(each, dict) or ":" in each else f"{POLICIES}:{each}"
            for each in policies
        ],
        "frames": [{"specimen_cases": {"count": count}}],
        "interventions": ["exchange"],
        "frames_per_cell": 2,
        **more,
    }
    path = folder / "grid.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def plan_of(path: Path) -> Plan:
    """The plan of a grid's file."""
    return make_plan(GridFile(path))


def ran(path: Path, out: Path, engine: Engine | None = None, **more: Any) -> RunFolder:
    """A grid run to its end in this process, or by an engine."""
    folder = RunFolder.begin(out, plan_of(path))
    totals = run_sweep(folder, engine or LocalEngine(), **more)
    assert isinstance(totals, Totals)
    return folder


def command(*arguments: str | Path, cwd: Path = ROOT, **more: Any) -> subprocess.Popen[str]:
    """`heedmap ...` in a process of its own."""
    places = (str(ROOT), str(Path(heedmap.__file__).parent.parent), os.environ.get("PYTHONPATH"))
    path = os.pathsep.join(each for each in places if each)
    return subprocess.Popen(
        [*HEEDMAP, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def told(*arguments: str | Path, cwd: Path = ROOT) -> tuple[int, str, str]:
    """`heedmap ...` in this process: exit code and what was printed."""
    ran = run_heedmap(*arguments, cwd=cwd)
    return ran.code, ran.out, ran.err


def tables(folder: RunFolder) -> dict[str, pa.Table]:
    """All that does not depend on who ran it, and when."""
    return {name: folder.read(name) for name in COMPARED}


def with_part(folder: RunFolder, cell: Cell, table: RunTable, content: bytes) -> None:
    """As if the cell had been measured with this part of one table."""
    parts: dict[RunTable, bytes] = {
        name: held for name in RUN_TABLES if (held := folder.part_of(cell, name)) is not None
    }
    folder.commit(Outcome(cell, "ok", {**parts, table: content}))


def assert_same(one: RunFolder, two: RunFolder) -> None:
    """Equal table by table, row by row."""
    first, second = tables(one), tables(two)
    assert len(first["cells"]) == len(one.plan.cells)
    for name in COMPARED:
        assert first[name].equals(second[name]), name
