"""What an audit costs, in forward passes of the policy, and what a sweep of a large one takes.

    .venv/bin/python -m benchmarks.scale [--json FILE]

Counted, not guessed: torch counts the floating-point operations of whole audits over a grid of
frames and instructions; divided by those of one plain pass they are *passes*. A model with few
coefficients is fitted to some of the points and shown beside the others. Times of audits are
then foretold from the time of one pass, and measured. What no machine here can run is worked
out from the same coefficients, with the assumptions in `Assumptions`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measure import console, machine, seconds_of
from benchmarks.models import kosmos2
from benchmarks.options import frame_of, instruction
from heedmap import audit
from heedmap.inputs.observation import of_frame
from heedmap.policies.base import Policy

Depth = Literal["rungs 1-4", "exchange", "cut"]
DEPTHS: tuple[Depth, ...] = ("rungs 1-4", "exchange", "cut")
FITTED = ((1, 2), (1, 6), (2, 3), (4, 3), (1, 12))
HELD_OUT = ((2, 6), (8, 3))
"""Frames and instructions of the points."""
COUNTED = "deep"
"""The size that is counted: the parts of a pass (tower, projector, decoder) are in about the
proportions of a policy of some billion parameters; in a flat one the projector weighs too much."""
TIMED = {"deep": ((1, 3), (4, 3), (2, 6)), "real": ((1, 3),)}


@dataclass(frozen=True)
class Cost:
    """Passes of one audit: some once, some a frame, and on each frame for every instruction.

    Pairs of instructions are put to the policy joined, as a control.
    """

    once: float
    a_frame: float
    an_instruction: float
    a_pair: float

    def passes(self, frames: int, instructions: int) -> float:
        """Plain forward passes that do as many operations."""
        return float(np.dot(_terms(frames, instructions), list(asdict(self).values())))

    def __str__(self) -> str:
        return (
            f"{self.once:.1f} + frames x ({self.a_frame:.1f} + instructions x "
            f"{self.an_instruction:.2f} + pairs x {self.a_pair:.2f})"
        )


@dataclass(frozen=True)
class Assumptions:
    """Of the sweep on paper; the first three are assumed, not measured."""

    parameters: float = 7e9
    gpu_tflop_per_s: float = 989.0
    """Peak of a current data-centre GPU in bfloat16, as its maker gives it."""
    utilisation: float = 0.3
    positions: int = 320
    """256 image tokens, a prompt, the action."""
    checkpoints: int = 100
    frames: int = 10_000
    instructions: int = 12
    frames_per_cell: int = 16

    @property
    def pass_s(self) -> float:
        """One example's forward pass: two operations a parameter and position."""
        flop = 2 * self.parameters * self.positions
        return flop / (self.gpu_tflop_per_s * 1e12 * self.utilisation)

    def gpu_hours(self, cost: Cost) -> float:
        """Of all cells of the sweep."""
        cells = self.checkpoints * self.frames / self.frames_per_cell
        return cells * cost.passes(self.frames_per_cell, self.instructions) * self.pass_s / 3600


def main() -> None:
    """Count, fit, time, and work out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", nargs="+", default=[COUNTED], choices=tuple(TIMED))
    parser.add_argument("--depths", nargs="+", default=list(DEPTHS), choices=DEPTHS)
    parser.add_argument("--json", type=Path, help="add the coefficients to this file")
    given = parser.parse_args()
    policy = kosmos2(COUNTED, torch.float32, 78)
    costs = {depth: _fitted(policy, depth) for depth in given.depths}
    python_s: float | None = None
    for size in given.sizes:
        timed = policy if size == COUNTED else kosmos2(size, torch.float32, 78)
        python_s = _print_times(size, timed, costs, python_s)
    _print_sweep(costs)
    if given.json is not None:
        row = {"benchmark": "scale", "machine": machine()}
        found = {depth: asdict(cost) for depth, cost in costs.items()}
        with given.json.open("a") as file:
            file.write(json.dumps({**row, "costs": found}) + "\n")


def gflop(way: Callable[[], object]) -> float:
    """Floating-point operations of matrix products and attention, in thousand millions."""
    with FlopCounterMode(display=False) as counter:
        way()
    return counter.get_total_flops() / 1e9


def counted_passes(policy: Policy, depth: Depth, frames: int, instructions: int) -> float:
    """Operations of one audit, in plain passes of one example."""
    plain = gflop(lambda: policy([of_frame(frame_of(0))], [instruction(0)]))
    return gflop(lambda: run_audit(policy, depth, frames, instructions)) / plain


def run_audit(policy: Policy, depth: Depth, frames: int, instructions: int) -> None:
    """One audit of so many frames and instructions."""
    images = {f"frame {n}": frame_of(n) for n in range(frames)}
    texts = {f"instruction {n}": instruction(n) for n in range(instructions)}
    if depth == "rungs 1-4":
        audit(policy, images, texts, trials=())
    else:
        audit(policy, images, texts, until=depth)


def fit(points: Sequence[tuple[int, int]], passes: Sequence[float]) -> Cost:
    """Least squares of relative errors."""
    rows = np.array([_terms(*point) for point in points])
    found, *_ = np.linalg.lstsq(rows / np.array(passes)[:, None], np.ones(len(points)), rcond=None)
    return Cost(*found.tolist())


def _terms(frames: int, instructions: int) -> list[float]:
    pairs = instructions * (instructions - 1) / 2
    return [1.0, frames, frames * instructions, frames * pairs]


def _fitted(policy: Policy, depth: Depth) -> Cost:
    counted = {point: counted_passes(policy, depth, *point) for point in (*FITTED, *HELD_OUT)}
    cost = fit(FITTED, [counted[point] for point in FITTED])
    table = Table(title=f"{depth}: passes of an audit, counted", title_justify="left")
    for column in ("frames", "instructions", "counted", "foretold", "off by", "used in the fit"):
        table.add_column(column, justify="right")
    for (frames, texts), passes in counted.items():
        foretold = cost.passes(frames, texts)
        is_fitted = "yes" if (frames, texts) in FITTED else "no"
        off = f"{foretold / passes - 1:+.0%}"
        table.add_row(f"{frames}", f"{texts}", f"{passes:.1f}", f"{foretold:.1f}", off, is_fitted)
    table.caption = f"{cost}; {machine()}"
    console.print(table)
    return cost


def _print_times(
    size: str, policy: Policy, costs: dict[Depth, Cost], python_s: float | None
) -> float:
    """Foretold and measured; gives the seconds of Python a case, fitted where not given."""
    run_audit(policy, "rungs 1-4", 1, 2)  # warm up
    points: list[tuple[Depth, int, int]] = [(d, f, i) for d in costs for f, i in TIMED[size]]
    timed = [(*_timed(policy, *point), point) for point in points]
    computed = [costs[d].passes(f, i) * one for one, _, (d, f, i) in timed]
    cases = np.array([f * i for _, f, i in points])
    taken = np.array([whole for _, whole, _ in timed])
    own_s = float(np.median((taken - computed) / cases)) if python_s is None else python_s
    table = Table(title=f"Seconds of an audit, Kosmos-2 {size}", title_justify="left")
    for column in ("depth", "frames", "instructions", "one pass s", "foretold s", "measured s"):
        table.add_column(column, justify="right")
    for (one, whole, (depth, frames, texts)), compute_s in zip(timed, computed, strict=True):
        foretold = compute_s + own_s * frames * texts
        figures = (f"{one:.3f}", f"{foretold:.1f}", f"{whole:.1f}")
        table.add_row(depth, f"{frames}", f"{texts}", *figures)
    how = "fitted here" if python_s is None else "as fitted above"
    table.caption = f"passes x one pass + {own_s:.2f} s of Python a case ({how}); {machine()}"
    console.print(table)
    return own_s


def _timed(policy: Policy, depth: Depth, frames: int, texts: int) -> tuple[float, float]:
    """Seconds of one plain pass, and of the audit that follows."""
    example = [of_frame(frame_of(0))], [instruction(0)]
    one = min(seconds_of(lambda: policy(*example)) for _ in range(5))
    return one, seconds_of(lambda: run_audit(policy, depth, frames, texts))


def _print_sweep(costs: dict[Depth, Cost]) -> None:
    assumed = Assumptions()
    title = (
        f"{assumed.checkpoints} checkpoints x {assumed.frames:,} frames x "
        f"{assumed.instructions} instructions, {assumed.parameters / 1e9:.0f} billion parameters"
    )
    table = Table(title=title, title_justify="left")
    for column in ("depth", "passes a frame", "GPU hours", "1 GPU", "8 GPUs", "64 GPUs"):
        table.add_column(column, justify="right")
    for depth, cost in costs.items():
        hours = assumed.gpu_hours(cost)
        a_frame = cost.passes(assumed.frames_per_cell, assumed.instructions)
        days = [f"{hours / 24 / gpus:,.1f} days" for gpus in (1, 8, 64)]
        table.add_row(depth, f"{a_frame / assumed.frames_per_cell:.0f}", f"{hours:,.0f}", *days)
    table.caption = (
        f"on paper: one pass {assumed.pass_s * 1e3:.0f} ms at {assumed.utilisation:.0%} of "
        f"{assumed.gpu_tflop_per_s:.0f} TFLOP/s, {assumed.positions} positions"
    )
    console.print(table)


if __name__ == "__main__":
    main()
