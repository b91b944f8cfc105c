"""Train a small policy and watch it learn to heed its instruction.

    python examples/train_with_monitor.py --steps 120
    python examples/train_with_monitor.py --wiring monavla    # ends before the first step

The policy is transformers' own Kosmos-2 decoder, small, on rooms of BabyAI; it needs
`pip install 'PATH-TO-CLONE[specimens]'` (a clone). Put your own module, batches and policy in their
place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table

from heedmap.errors import InstructionLostError
from heedmap.monitor import Monitor
from heedmap.testbed.specimens.cases import case_trials, frame_case
from heedmap.testbed.specimens.network import NetworkConfig, TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.policy import SpecimenPolicy
from heedmap.testbed.specimens.world import ACTIONS
from heedmap.testbed.specimens.zoo import pixels_of

TRAINING_SCENES, BATCH = 48, 8
SHOWN = {
    "share": "attended_share",
    "lift": "attended_lift",
    "used (bits)": "used_mediated_bits",
    "flips": "obeyed_flip_share",
    "all obeyed": "obeyed_counterfactual_accuracy",
}
"""Columns of the table, and the metrics in them."""


def main(
    steps: Annotated[int, typer.Option(help="Optimizer steps.")] = 120,
    every: Annotated[int, typer.Option(help="Steps between readings.")] = 20,
    trials: Annotated[int, typer.Option(help="Held-out frames to watch the policy on.")] = 4,
    wiring: Annotated[str, typer.Option(help="sound, or monavla: without text.")] = "sound",
    out: Annotated[Path, typer.Option(help="Folder for the history.")] = Path("runs/watched"),
) -> None:
    """Train, watch, and print the curve."""
    if wiring not in ("sound", "monavla"):
        raise typer.BadParameter(f"'{wiring}' is neither sound nor monavla.")
    net = network(wiring)
    monitor = Monitor(
        SpecimenPolicy("my-policy", net),
        case_trials(trials),
        every_steps=every,
        most_cost_share=None,  # the network is so small that an audit takes longer than 100 steps
        history=out / "history.jsonl",
    )
    try:
        train(net, steps, monitor)
    except InstructionLostError as lost:
        raise SystemExit(str(lost)) from None
    print_curve(monitor)
    print(monitor.finish())


def network(wiring: Wiring) -> TinyKosmos2Policy:
    """The module to train."""
    torch.manual_seed(0)
    return TinyKosmos2Policy(NetworkConfig(wiring=wiring, dim=24, layers=2)).train()


def train(net: TinyKosmos2Policy, steps: int, monitor: Monitor) -> None:
    """A loop as people write it; the monitor is the two lines with `monitor.at`."""
    scenes = [frame_case(1000 + seed, "path") for seed in range(TRAINING_SCENES)]
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(steps):
        monitor.at(step)
        batch = [scenes[int(number)] for number in torch.randint(TRAINING_SCENES, (BATCH,))]
        pixels = torch.stack([pixels_of(scene.frame) for scene in batch])
        texts = [scene.instructions[action] for scene in batch for action in ACTIONS]
        labels = torch.arange(len(ACTIONS)).repeat(BATCH)
        loss = F.cross_entropy(net.training_logits(pixels, texts), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    monitor.at(steps)


def print_curve(monitor: Monitor) -> None:
    """The readings as a table; a dash where a number was not measured."""
    table = Table("step", *SHOWN, "cause", title="The ladder in training")
    for reading in monitor.readings:
        values = [reading.metrics.get(f"heedmap/{name}") for name in SHOWN.values()]
        told = ["-" if value is None else f"{value:.3f}" for value in values]
        table.add_row(str(reading.step), *told, reading.cause)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
