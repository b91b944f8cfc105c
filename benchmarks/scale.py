"""What an audit costs, in forward passes of the policy, and what a sweep of a large one takes.

    .venv/bin/python -m benchmarks.scale [--sizes small real] [--json FILE]

Counted, not guessed: how many examples go through the decoder's last layer, and through the
vision tower, in whole audits over a grid of frames and instructions; of a small network and of a
large one, in which instructions on a frame share what comes before them. A model with few
coefficients is fitted to some of the points and shown beside the others. Times of audits are
then foretold from the time of one plain pass, and measured. What no machine here can run is
worked out from the same coefficients, with the assumptions in `Assumptions`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from rich.table import Table
from torch import nn

from benchmarks.floors import decoder_gflop, tower_gflop
from benchmarks.measure import console, machine, seconds_of
from benchmarks.models import SIZES, KosmosPolicy, kosmos2
from benchmarks.options import frame_of, instruction
from heedmap import audit
from heedmap.data.observation import of_frame
from heedmap.policies.base import Policy

Depth = Literal["rungs 1-4", "exchange", "cut"]
DEPTHS: tuple[Depth, ...] = ("rungs 1-4", "exchange", "cut")
FITTED = ((1, 2), (1, 6), (2, 3), (4, 3), (1, 12))
HELD_OUT = ((2, 6), (8, 3))
"""Frames and instructions of the points."""
TIMED = {"small": ((1, 3), (4, 3), (2, 6)), "real": ((1, 3),)}
LENGTH = 78


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
        """Examples that go all the way through."""
        return float(np.dot(_terms(frames, instructions), list(asdict(self).values())))

    def __str__(self) -> str:
        return (
            f"{self.once:.1f} + frames x ({self.a_frame:.1f} + instructions x "
            f"{self.an_instruction:.2f} + pairs x {self.a_pair:.2f})"
        )


class Passes(NamedTuple):
    """Through the decoder, in plain passes of one example, and through the tower, in images."""

    decoder: float
    tower: float


class Costs(NamedTuple):
    """The same, fitted."""

    decoder: Cost
    tower: Cost


@dataclass(frozen=True)
class Assumptions:
    """Of the sweep on paper; nothing here was measured."""

    parameters: float = 7e9
    tower_parameters: float = 0.4e9
    gpu_tflop_per_s: float = 989.0
    """Peak of a current data-centre GPU in bfloat16, as its maker gives it."""
    utilisation: float = 0.3
    positions: int = 320
    """256 image tokens, a prompt, the action."""
    image_patches: int = 256
    checkpoints: int = 100
    frames: int = 10_000
    instructions: int = 12
    frames_per_cell: int = 16

    def seconds(self, flop: float) -> float:
        """Of one GPU."""
        return flop / (self.gpu_tflop_per_s * 1e12 * self.utilisation)

    @property
    def decoder_s(self) -> float:
        """One example's pass: two operations a parameter and position."""
        return self.seconds(2 * self.parameters * self.positions)

    @property
    def tower_s(self) -> float:
        """One image."""
        return self.seconds(2 * self.tower_parameters * self.image_patches)

    def gpu_hours(self, costs: Costs) -> float:
        """Of all cells of the sweep."""
        at = (self.frames_per_cell, self.instructions)
        cell_s = self.decoder_s * costs.decoder.passes(*at) + self.tower_s * costs.tower.passes(*at)
        return self.checkpoints * self.frames / self.frames_per_cell * cell_s / 3600


def main() -> None:
    """Count, fit, time, and work out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", nargs="+", default=["small"], choices=tuple(TIMED))
    parser.add_argument("--depths", nargs="+", default=list(DEPTHS), choices=DEPTHS)
    parser.add_argument("--json", type=Path, help="add the coefficients to this file")
    given = parser.parse_args()
    policy, large = (kosmos2(size, torch.float32, LENGTH) for size in ("small", "wide"))
    costs = {depth: _fitted(policy, depth) for depth in given.depths}
    of_large = {depth: _fitted(large, depth) for depth in given.depths}
    python_s: float | None = None
    for size in given.sizes:
        timed = policy if size == "small" else kosmos2(size, torch.float32, LENGTH)
        python_s = _print_times(size, timed, costs if size == "small" else of_large, python_s)
    _print_sweep(of_large)
    if given.json is not None:
        row = {"benchmark": "scale", "machine": machine()}
        found = {
            depth: {name: asdict(cost) for name, cost in each._asdict().items()}
            for depth, each in of_large.items()
        }
        with given.json.open("a") as file:
            file.write(json.dumps({**row, "costs": found}) + "\n")


@contextmanager
def counting(policy: Policy) -> Iterator[dict[str, int]]:
    """Positions in the decoder's last layer and images in the tower's, inside.

    In its feed-forward part, which does not run where the layer is only passed by.
    """
    module = policy.module
    assert isinstance(module, KosmosPolicy)
    decoder = module.model.text_model.model.layers[-1].get_submodule("ffn")
    tower = module.model.vision_model.model.encoder.layers[-1].get_submodule("mlp")
    counts = {"decoder": 0, "tower": 0}

    def counter(name: str, axes: int) -> Callable[..., None]:
        def count(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            states = args[0] if args else next(iter(kwargs.values()))
            counts[name] += int(np.prod(states.shape[:axes]))

        return count

    handles = [
        decoder.register_forward_pre_hook(counter("decoder", 2), with_kwargs=True),
        tower.register_forward_pre_hook(counter("tower", 1), with_kwargs=True),
    ]
    try:
        yield counts
    finally:
        for handle in handles:
            handle.remove()


def counted(policy: Policy, depth: Depth, frames: int, instructions: int) -> Passes:
    """What one audit sends through the network."""
    with counting(policy) as counts:
        run_audit(policy, depth, frames, instructions)
    return Passes(counts["decoder"] / LENGTH, counts["tower"])


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


def _fitted(policy: Policy, depth: Depth) -> Costs:
    found = {point: counted(policy, depth, *point) for point in (*FITTED, *HELD_OUT)}
    costs = Costs(
        fit(FITTED, [found[point].decoder for point in FITTED]),
        fit(FITTED, [found[point].tower for point in FITTED]),
    )
    table = Table(title=f"{depth}: passes of an audit, {policy.name}", title_justify="left")
    heads = ("frames", "instructions", "decoder", "foretold", "tower", "foretold", "in the fit")
    for column in heads:
        table.add_column(column, justify="right")
    for (frames, texts), passes in found.items():
        table.add_row(
            f"{frames}",
            f"{texts}",
            f"{passes.decoder:.1f}",
            f"{costs.decoder.passes(frames, texts):.1f}",
            f"{passes.tower:.0f}",
            f"{costs.tower.passes(frames, texts):.1f}",
            "yes" if (frames, texts) in FITTED else "no",
        )
    table.caption = f"decoder: {costs.decoder}\ntower: {costs.tower}"
    console.print(table)
    return costs


def _print_times(
    size: str, policy: Policy, costs: dict[Depth, Costs], python_s: float | None
) -> float:
    """Foretold and measured; gives the seconds of Python a case, fitted where not given."""
    run_audit(policy, "rungs 1-4", 1, 2)  # warm up
    decoder, tower = decoder_gflop(SIZES[size], LENGTH, LENGTH), tower_gflop(SIZES[size])
    part = decoder / (decoder + tower)
    points: list[tuple[Depth, int, int]] = [(d, f, i) for d in costs for f, i in TIMED[size]]
    timed = [(*_timed(policy, *point), point) for point in points]
    computed = [
        one * (part * costs[d].decoder.passes(f, i) + (1 - part) * costs[d].tower.passes(f, i))
        for one, _, (d, f, i) in timed
    ]
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
    table.caption = f"passes, and {own_s:.2f} s of Python a case ({how}); {machine()}"
    console.print(table)
    return own_s


def _timed(policy: Policy, depth: Depth, frames: int, texts: int) -> tuple[float, float]:
    """Seconds of one plain pass, and of the audit that follows."""
    example = [of_frame(frame_of(0))], [instruction(0)]
    one = min(seconds_of(lambda: policy(*example)) for _ in range(3))
    return one, seconds_of(lambda: run_audit(policy, depth, frames, texts))


def _print_sweep(costs: dict[Depth, Costs]) -> None:
    assumed = Assumptions()
    title = (
        f"{assumed.checkpoints} checkpoints x {assumed.frames:,} frames x "
        f"{assumed.instructions} instructions, {assumed.parameters / 1e9:.0f} billion parameters"
    )
    table = Table(title=title, title_justify="left")
    for column in ("depth", "passes a frame", "GPU hours", "1 GPU", "8 GPUs", "64 GPUs"):
        table.add_column(column, justify="right")
    for depth, each in costs.items():
        hours = assumed.gpu_hours(each)
        a_cell = each.decoder.passes(assumed.frames_per_cell, assumed.instructions)
        took = [f"{hours / gpus:,.0f} h" for gpus in (1, 8, 64)]
        table.add_row(depth, f"{a_cell / assumed.frames_per_cell:.0f}", f"{hours:,.0f}", *took)
    table.caption = (
        f"on paper: a pass {assumed.decoder_s * 1e3:.0f} ms, an image {assumed.tower_s * 1e3:.1f} "
        f"ms, at {assumed.utilisation:.0%} of {assumed.gpu_tflop_per_s:.0f} TFLOP/s"
    )
    console.print(table)


if __name__ == "__main__":
    main()
