"""Trained once, looked at by many tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from heedmap.monitor.lightning import LightningMonitor
from heedmap.monitor.watch import Monitor
from heedmap.testbed.specimens.policy import SpecimenPolicy
from tests.monitor.runs import LitSpecimen, network, policy_of, run_lightning, trials


class Learned(NamedTuple):
    """A Lightning run that learned to heed, and where it was logged."""

    monitor: Monitor
    events: Path
    history: Path


def inner_policy(module: torch.nn.Module) -> SpecimenPolicy:
    """The policy inside the module that Lightning trains."""
    assert isinstance(module, LitSpecimen)
    return policy_of(module.net)


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """60 steps, in which the specimen learns to turn as it is told."""
    folder = tmp_path_factory.mktemp("learned")
    history = folder / "history.jsonl"
    monitor = Monitor(
        inner_policy, trials()[:3], every_steps=30, most_cost_share=None, history=history
    )
    logger = TensorBoardLogger(folder, name="", version="run")
    run_lightning(network(), 60, folder, [LightningMonitor(monitor)], logger=logger)
    return Learned(monitor, folder / "run", history)
