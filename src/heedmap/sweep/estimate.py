"""What a plan comes to: counts, and how long it will take, from measuring one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.sweep.plan import Cell, Plan


class Measured(NamedTuple):
    """One cell, run without storing anything."""

    cell: Cell
    seconds: float
    load_seconds: float
    calls: int
    """Of the policy: whole passes, and such as stop where the transformer begins."""
    error: str | None

    def seconds_for(self, plan: Plan, cells: Sequence[Cell], workers: int) -> float:
        """About how long these cells take, if all policies were as fast as this one."""
        frames = sum(cell.count for cell in cells)
        policies = len({cell.policy for cell in cells})
        loads = self.load_seconds * max(policies, workers)
        return (self.seconds * frames / self.cell.count + loads) / workers

    def calls_for(self, cells: Sequence[Cell]) -> int:
        """About how often policies are called."""
        return round(self.calls * sum(cell.count for cell in cells) / self.cell.count)


def measure(plan: Plan, cell: Cell, permissions: Permissions = SAFE) -> Measured:
    """Run a cell and count; its results are thrown away."""
    from heedmap.sweep.cell import CellRunner

    runner = CellRunner(plan, permissions)
    outcome = runner.run(cell)
    return Measured(cell, outcome.seconds, outcome.load_seconds, runner.calls, outcome.error)


def instructions_in(plan: Plan) -> str:
    """How many instructions every set has; those of frames that bring their own are not read."""
    told = [
        f"{each.name} ({len(each.instructions) or 'of their own'}, {len(each.frames)} frames)"
        for each in plan.sets
    ]
    return ", ".join(told)
