"""Shards of one sweep, run apart, as one run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heedmap.errors import RecordError
from heedmap.sweep.engine import Totals
from heedmap.sweep.outcome import Outcome
from heedmap.sweep.plan import Cell, difference
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import COMMIT, RUN_TABLES, RunTable

SAME_TABLES: tuple[RunTable, ...] = tuple(name for name in RUN_TABLES if name != "timings")
"""Equal, whoever measured a cell."""


def merge(out: Path, sources: Sequence[Path]) -> Totals:
    """Copy the cells of every run to `out`, which may hold some of them already.

    A cell that was measured counts before one that failed. Raises RecordError when the runs are
    not of one plan, or hold different results for one cell; then nothing of it is copied.
    """
    runs = [RunFolder.open(source) for source in sources]
    for run in runs[1:]:
        if told := difference(runs[0].plan, run.plan):
            raise RecordError(
                "{run} is of another plan than {other} ({told}), so they do not add up; merge "
                "shards of one grid.",
                run=run.path,
                other=runs[0].path,
                told=told,
            )
    target = RunFolder.begin(out, runs[0].plan)
    with target.writing():
        for run in runs:
            statuses = run.statuses()
            for cell in run.plan.cells:
                if cell.id in statuses:
                    _copy(cell, statuses[cell.id], run, target)
        statuses = target.statuses()
    failed = list(statuses.values()).count("failed")
    return Totals(len(target.plan.cells), len(statuses), failed)


def _copy(cell: Cell, status: str, run: RunFolder, target: RunFolder) -> None:
    there = target.part_of(cell, COMMIT)
    parts: dict[RunTable, bytes] = {
        name: content for name in RUN_TABLES if (content := run.part_of(cell, name)) is not None
    }
    if there is not None:
        is_there = target.rows(COMMIT, [cell])[0]["status"]
        if status != is_there:
            if status == "failed":
                return  # what is there was measured
        else:
            if status == "ok":
                _check_same(cell, parts, run, target)
            return
    target.commit(Outcome(cell, "ok" if status == "ok" else "failed", parts))


def _check_same(
    cell: Cell, parts: dict[RunTable, bytes], run: RunFolder, target: RunFolder
) -> None:
    for name in SAME_TABLES:
        if parts.get(name) != target.part_of(cell, name):
            raise RecordError(
                "{run} and {target} hold different results for the cell {id} (table {name}); one "
                "of them was measured on other weights, frames or hardware.",
                run=run.path,
                target=target.path,
                id=cell.id,
                name=name,
            )
