"""A run whose instruction is not in the sequence ends before its first update."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback, TrainerState

from heedmap.errors import InstructionLostError, MonitorError
from heedmap.monitor.lightning import LightningMonitor
from heedmap.monitor.trainer import TrainerMonitor
from heedmap.monitor.watch import Monitor
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from tests.conftest import random_policy
from tests.monitor.runs import network, policy_of, run_lightning, run_loop, trainer_for, trials

TOLD = "stopped at step 0: The instruction is not in the sequence"


@pytest.fixture
def net() -> TinyKosmos2Policy:
    return network("monavla")


def watching(net: TinyKosmos2Policy, **options: Any) -> Monitor:
    return Monitor(policy_of(net), trials()[:1], until="exchange", **options)


def weights_of(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def assert_untrained(net: TinyKosmos2Policy, before: dict[str, torch.Tensor]) -> None:
    after = net.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_plain_loop_ends_with_one_sentence(net: TinyKosmos2Policy) -> None:
    before, monitor = weights_of(net), watching(net)
    with pytest.raises(InstructionLostError, match=TOLD) as raised:
        run_loop(net, 5, monitor)
    assert_untrained(net, before)
    assert "Fix: Insert the image embeddings between the tokens" in str(raised.value)
    assert "continue without text; pass stop_when=() to train anyway." in str(raised.value)
    assert monitor.readings[0].metrics["heedmap/rung_present"] == 0.0
    assert "heedmap/rung_visible" not in monitor.readings[0].metrics  # not measured, and not 0
    assert "heedmap/attended_share" not in monitor.readings[0].metrics


def test_lightning_fits_no_step(
    net: TinyKosmos2Policy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, monitor = weights_of(net), watching(net)
    with caplog.at_level(logging.WARNING, "heedmap.monitor"):
        run = run_lightning(net, 5, tmp_path, [LightningMonitor(monitor)])
    assert run.steps == 0
    assert not run.optimizer
    assert_untrained(net, before)
    assert TOLD in caplog.text
    assert monitor.stopped is not None
    assert monitor.stopped in caplog.text


def test_lightning_that_was_told_to_train_on_is_ended_by_the_error(
    net: TinyKosmos2Policy, tmp_path: Path
) -> None:
    before = weights_of(net)
    with pytest.raises(InstructionLostError, match=TOLD):
        run_lightning(net, 5, tmp_path, [LightningMonitor(watching(net))], min_steps=3)
    assert_untrained(net, before)


def test_a_trainer_takes_no_step(net: TinyKosmos2Policy, tmp_path: Path) -> None:
    before = weights_of(net)
    trainer = trainer_for(net, 5, tmp_path)
    TrainerMonitor(watching(net)).attach(trainer)
    with pytest.raises(InstructionLostError, match=TOLD):
        trainer.train()
    assert trainer.state.global_step == 0
    assert_untrained(net, before)
    assert trainer.state.log_history[0]["heedmap/rung_present"] == 0.0


class Rewires(TrainerCallback):
    """What a curriculum may do: from the second step on, the instruction is overwritten."""

    def __init__(self, net: TinyKosmos2Policy) -> None:
        self.net = net

    def on_step_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        if state.global_step == 1:
            self.net.config = replace(self.net.config, wiring="monavla")


def test_a_trainer_stops_after_the_step_at_which_the_instruction_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    net = network("sound")
    monitor = watching(net, every_steps=2, most_cost_share=None)
    trainer = trainer_for(net, 5, tmp_path)
    trainer.add_callback(Rewires(net))
    TrainerMonitor(monitor).attach(trainer)
    trainer.train()
    assert trainer.state.global_step == 2
    assert [reading.rungs["present"] for reading in monitor.readings] == ["holds", "fails"]
    assert "stopped at step 2: The instruction is not in the sequence" in caplog.text


def test_a_trainer_that_the_monitor_is_not_attached_to_is_told(
    net: TinyKosmos2Policy, tmp_path: Path
) -> None:
    trainer = trainer_for(net, 5, tmp_path)
    trainer.add_callback(TrainerMonitor(watching(net)))
    with pytest.raises(MonitorError, match=r"TrainerMonitor\(monitor\)\.attach\(trainer\)"):
        trainer.train()


def test_stop_when_nothing_trains_all_the_same(net: TinyKosmos2Policy) -> None:
    run_loop(net, 1, watching(net, stop_when=(), most_cost_share=None))
    assert next(net.parameters()).grad is not None


def test_a_road_around_the_transformer_is_no_reason_to_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = random_policy("monavla", cross_attends_to_words=True)
    monitor = Monitor(policy, trials()[:1], until="exchange")
    reading = monitor.at(0)
    assert reading is not None
    assert reading.rungs["present"] == "holds"  # the action depends on the instruction
    assert "length_leak" in reading.notes or "overwritten" in reading.notes
    assert reading.bypass == "found"
    assert "through a bypass path; training continues" in caplog.text
