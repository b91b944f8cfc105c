"""What runs the cells, and the loop that stores what comes back.

Engines differ in where cells run; what comes out is the same. Workers give back the bytes of
the parts, and only this process writes them: a cluster needs no shared disk.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.record.manifest import listed
from heedmap.sweep.outcome import Outcome
from heedmap.sweep.plan import Cell, Plan
from heedmap.sweep.store import RunFolder

ATTEMPTS = 3
"""How often a cell is tried whose worker dies under it."""


@runtime_checkable
class Engine(Protocol):
    """Runs cells somewhere."""

    def outcomes(
        self, plan: Plan, permissions: Permissions, cells: Sequence[Cell]
    ) -> Generator[Outcome, None, None]:
        """What comes of every cell, in the order in which they end.

        Closing the iterator stops all workers.
        """
        ...


@dataclass
class Totals:
    """How far a sweep is."""

    cells: int
    done: int = 0
    failed: int = 0
    frames: int = 0
    """That were measured now."""
    damaged: Mapping[str, str] = field(default_factory=dict[str, str])
    """Cells that were measured again because files of theirs were damaged: which, and how."""


@dataclass
class Waiting:
    """Cells that are to be run; a worker gets those of the policy that it holds first."""

    cells: list[Cell]
    attempts: dict[str, int] = field(default_factory=dict)

    def take(self, holds: int | None) -> Cell | None:
        """The next cell for a worker that holds this policy; None where none is left."""
        if not self.cells:
            return None
        counts: dict[int, int] = {}
        for cell in self.cells:
            counts[cell.policy] = counts.get(cell.policy, 0) + 1
        policy = holds if holds in counts else max(counts, key=lambda each: counts[each])
        cell = next(cell for cell in self.cells if cell.policy == policy)
        self.cells.remove(cell)
        self.attempts[cell.id] = self.attempts.get(cell.id, 0) + 1
        return cell

    def give_back(self, cell: Cell) -> bool:
        """The worker of this cell died. False where it was tried often enough."""
        if self.attempts[cell.id] >= ATTEMPTS:
            return False
        self.cells.insert(0, cell)
        return True


def run_sweep(
    folder: RunFolder,
    engine: Engine,
    *,
    cells: Sequence[Cell] | None = None,
    permissions: Permissions = SAFE,
    retry_failed: bool = False,
    on_progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Run what is missing in a run folder; gives how many cells are done, and failed, in all.

    `cells` are those of a shard; left out, all. Raises RecordError when another process
    writes there, or the disk is full. Cells whose files are damaged are run again.
    """
    plan = folder.plan
    wanted = plan.cells if cells is None else cells
    with folder.writing():
        damaged = {cell: listed(files) for cell, files in folder.damaged().items()}
        folder.forget(damaged)
        statuses = folder.statuses()
        if retry_failed:
            again = [cell.id for cell in wanted if statuses.get(cell.id) == "failed"]
            folder.forget(again)
            statuses = {cell: s for cell, s in statuses.items() if cell not in again}
        left = [cell for cell in wanted if cell.id not in statuses]
        done = [statuses[cell.id] for cell in wanted if cell.id in statuses]
        totals = Totals(len(wanted), len(done), done.count("failed"), damaged=damaged)
        on_progress(totals)
        if not left:
            return totals
        outcomes = engine.outcomes(plan, permissions, left)
        with closing(outcomes):  # whatever happens here, no worker stays behind
            for outcome in outcomes:
                folder.commit(outcome)
                totals.done += 1
                totals.failed += outcome.status == "failed"
                totals.frames += outcome.cell.count if outcome.status == "ok" else 0
                on_progress(totals)
    return totals
