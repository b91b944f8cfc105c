"""Real training runs of a small specimen: a loop of one's own, Lightning, transformers' Trainer.

Every run draws from torch's generator in each step (noise on the pixels, shuffled batches), so
that a monitor which moves the generator by one number changes the weights.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch import Trainer as LightningTrainer
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainingArguments

from heedmap.data.trials import Trial
from heedmap.monitor.trainer import TrainerMonitor
from heedmap.monitor.watch import Monitor
from heedmap.testbed.specimens.cases import case_trials, frame_case
from heedmap.testbed.specimens.network import NetworkConfig, TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.policy import SpecimenPolicy
from heedmap.testbed.specimens.world import ACTIONS
from heedmap.testbed.specimens.zoo import pixels_of

SCENES, BATCH, PEAK_LR = 48, 8, 3e-3


@cache
def trials() -> tuple[Trial, ...]:
    """Four held-out frame cases."""
    return tuple(case_trials(4))


@cache
def scenes() -> list[tuple[torch.Tensor, list[str]]]:
    """Frames with an instruction for every action; none of them is one of `trials`."""
    cases = [frame_case(seed, "path") for seed in range(1000, 1000 + SCENES)]
    return [(pixels_of(c.frame), [c.instructions[side] for side in ACTIONS]) for c in cases]


class Scenes(Dataset[int]):
    """Numbers of `scenes`: a batch is a tensor, as both trainers want it."""

    def __len__(self) -> int:
        return SCENES

    def __getitem__(self, index: int) -> int:
        return index


def network(wiring: Wiring = "sound") -> TinyKosmos2Policy:
    """Fresh and seeded, in training mode."""
    torch.manual_seed(0)
    return TinyKosmos2Policy(NetworkConfig(wiring=wiring, dim=24, layers=2)).train()


def policy_of(net: nn.Module) -> SpecimenPolicy:
    """The policy around a network in training."""
    assert isinstance(net, TinyKosmos2Policy)
    return SpecimenPolicy("in-training", net)


def loss_of(net: TinyKosmos2Policy, numbers: Sequence[int]) -> torch.Tensor:
    """Cross-entropy over all instructions of some scenes, with noise on the pixels."""
    drawn = [scenes()[number] for number in numbers]
    pixels = torch.stack([pixels for pixels, _ in drawn])
    noisy = pixels + 0.01 * torch.randn_like(pixels)
    logits = net.training_logits(noisy, [text for _, texts in drawn for text in texts])
    return F.cross_entropy(logits, torch.arange(len(ACTIONS)).repeat(len(drawn)))


class Ended(NamedTuple):
    """What a run left behind."""

    weights: dict[str, torch.Tensor]
    optimizer: dict[str, torch.Tensor]
    random_state: torch.Tensor
    steps: int


def ended(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> Ended:
    """Copies of all that a run made."""
    states = {
        f"{number}.{name}": value.detach().clone()
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }
    weights = {name: value.detach().clone() for name, value in net.state_dict().items()}
    return Ended(weights, states, torch.get_rng_state(), steps)


def same(one: Ended, two: Ended) -> bool:
    """Whether two runs ended bit for bit alike."""
    return (
        one.steps == two.steps
        and _equal(one.weights, two.weights)
        and _equal(one.optimizer, two.optimizer)
        and torch.equal(one.random_state, two.random_state)
    )


def _equal(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def run_loop(net: TinyKosmos2Policy, steps: int, monitor: Monitor | None = None) -> Ended:
    """A loop as people write it."""
    torch.manual_seed(1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_LR)
    for step in range(steps):
        if monitor is not None:
            monitor.at(step, net)
        numbers = torch.randint(SCENES, (BATCH,)).tolist()
        optimizer.zero_grad()
        loss_of(net, numbers).backward()
        optimizer.step()
    if monitor is not None:
        monitor.at(steps, net)
    return ended(net, optimizer, steps)


class LitSpecimen(LightningModule):
    """A specimen as a LightningModule."""

    def __init__(self, net: TinyKosmos2Policy) -> None:
        super().__init__()
        self.net = net

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        return loss_of(self.net, batch.tolist())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=PEAK_LR)


def quiet(folder: Path) -> dict[str, Any]:
    """Options of a Lightning trainer on the CPU that prints and keeps nothing."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return {
        "default_root_dir": folder,
        "accelerator": "cpu",
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "log_every_n_steps": 1,
    }


def loader() -> DataLoader[int]:
    """Shuffled batches of scenes."""
    return DataLoader(Scenes(), batch_size=BATCH, shuffle=True, drop_last=True)


def run_lightning(
    net: TinyKosmos2Policy,
    steps: int,
    folder: Path,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> Ended:
    """Lightning, fitting."""
    torch.manual_seed(1)
    given = {**quiet(folder), "max_epochs": -1, "max_steps": steps, **options}
    trainer = LightningTrainer(callbacks=list(callbacks), **given)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The 'train_dataloader' does not have many workers")
        trainer.fit(LitSpecimen(net), loader())
    return ended(net, trainer.optimizers[0], trainer.global_step)


class WithLoss(nn.Module):
    """A specimen that gives its loss, as a Trainer wants it."""

    def __init__(self, net: TinyKosmos2Policy) -> None:
        super().__init__()
        self.net = net

    def forward(self, numbers: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": loss_of(self.net, numbers.tolist())}


def training_arguments(folder: Path, **options: Any) -> TrainingArguments:
    """Of a Trainer on the CPU that saves nothing."""
    given: dict[str, Any] = {
        "report_to": "none",
        "save_strategy": "no",
        "logging_steps": 2,
        "disable_tqdm": True,
        **options,
    }
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=BATCH,
        learning_rate=PEAK_LR,
        lr_scheduler_type="constant",
        use_cpu=True,
        seed=1,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        **given,
    )


def collate(numbers: list[int]) -> dict[str, torch.Tensor]:
    """A batch as `WithLoss` takes it."""
    return {"numbers": torch.tensor(numbers)}


def trainer_for(net: TinyKosmos2Policy, steps: int, folder: Path, **options: Any) -> Trainer:
    """Transformers' Trainer of a specimen."""
    arguments = training_arguments(folder, max_steps=steps, **options)
    return Trainer(
        model=WithLoss(net), args=arguments, train_dataset=Scenes(), data_collator=collate
    )


def run_trainer(
    net: TinyKosmos2Policy,
    steps: int,
    folder: Path,
    monitor: Monitor | None = None,
    **options: Any,
) -> Ended:
    """Transformers' Trainer, training."""
    trainer = trainer_for(net, steps, folder, **options)
    if monitor is not None:
        TrainerMonitor(monitor).attach(trainer)
    trainer.train()
    optimizer: Any = trainer.optimizer
    return ended(net, optimizer, trainer.state.global_step)
