"""What comes back from running a cell: the parts of the tables, as bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from heedmap.errors import first_line_of
from heedmap.sweep.plan import Cell, Plan
from heedmap.sweep.tables import COMMIT, RunTable, part

CellStatus = Literal["ok", "failed"]


@dataclass(frozen=True)
class Outcome:
    """One cell, done or failed. Only the process that owns the run folder writes the parts."""

    cell: Cell
    status: CellStatus
    parts: dict[RunTable, bytes] = field(repr=False)
    error: str | None = None
    seconds: float = 0.0
    load_seconds: float = 0.0
    started_utc: str = ""

    def with_timing(self, engine: str, worker: str, attempts: int) -> Outcome:
        """The same with its row of the table `timings`, which alone tells one run from another."""
        row = {
            "cell": self.cell.id,
            "engine": engine,
            "worker": worker,
            "started_utc": self.started_utc,
            "seconds": self.seconds,
            "load_seconds": self.load_seconds,
            "attempts": attempts,
        }
        parts: dict[RunTable, bytes] = {**self.parts, "timings": part("timings", [row])}
        return Outcome(
            self.cell,
            self.status,
            parts,
            self.error,
            self.seconds,
            self.load_seconds,
            self.started_utc,
        )


def failed(plan: Plan, cell: Cell, error_type: str, message: str) -> Outcome:
    """A cell that could not be measured; it is recorded, and the sweep goes on."""
    row = {
        **cell_columns(plan, cell),
        "first": cell.first,
        "frames": cell.count,
        "status": "failed",
        "error_type": error_type,
        "error": message,
    }
    return Outcome(cell, "failed", {COMMIT: part(COMMIT, [row])}, message, started_utc=now_utc())


def failed_by(plan: Plan, cell: Cell, error: BaseException) -> Outcome:
    """As `failed`, for an error of ours or of a library."""
    return failed(plan, cell, type(error).__name__, first_line_of(error))


def cell_columns(plan: Plan, cell: Cell) -> dict[str, str]:
    """The columns that begin every row."""
    return {
        "cell": cell.id,
        "policy": plan.policies[cell.policy].name,
        "set": plan.sets[cell.set].name,
    }


def now_utc() -> str:
    """For the table `timings`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
