"""A run with the monitor is the run without it: weights, optimizer and generators, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from heedmap.data.pixels import Frame
from heedmap.monitor import watch
from heedmap.monitor.lightning import LightningMonitor
from heedmap.monitor.watch import Monitor
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from heedmap.testbed.specimens.world import ACTIONS
from tests.conftest import run_bare
from tests.monitor.runs import (
    Ended,
    network,
    run_lightning,
    run_loop,
    run_trainer,
    same,
    trials,
)

STEPS = 4
Run = Callable[[TinyKosmos2Policy, Monitor | None, Path], Ended]


def drawing(net: TinyKosmos2Policy) -> CallablePolicy:
    """A policy that draws from torch's generator, flips training flags and asks for gradients."""

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        torch.rand(3)
        net.head.train()
        scores = run_bare(net, frames, instructions)
        if scores.requires_grad:
            scores.sum().backward(retain_graph=True)  # into .grad, which is the run's own
        return scores

    return CallablePolicy("drawing", run, net, action_names=ACTIONS)


def lightning(net: TinyKosmos2Policy, monitor: Monitor | None, folder: Path) -> Ended:
    callbacks = [] if monitor is None else [LightningMonitor(monitor)]
    return run_lightning(net, STEPS, folder, callbacks, accumulate_grad_batches=2)


def trainer(net: TinyKosmos2Policy, monitor: Monitor | None, folder: Path) -> Ended:
    return run_trainer(net, STEPS, folder, monitor, gradient_accumulation_steps=2)


RUNS: dict[str, Run] = {
    "loop": lambda net, monitor, folder: run_loop(net, STEPS, monitor),
    "lightning": lightning,
    "trainer": trainer,
}


def watched(run: Run, folder: Path) -> tuple[Ended, Monitor]:
    net = network()
    monitor = Monitor(
        drawing(net), trials()[:1], every_steps=2, until="exchange", most_cost_share=None
    )
    return run(net, monitor, folder), monitor


@pytest.mark.parametrize("kind", RUNS)
def test_a_watched_run_equals_one_without_a_monitor(kind: str, tmp_path: Path) -> None:
    bare = RUNS[kind](network(), None, tmp_path / "bare")
    seen, monitor = watched(RUNS[kind], tmp_path / "seen")
    assert bare.steps == STEPS
    assert [reading.step for reading in monitor.readings] == [0, 2, 4]
    assert same(bare, seen)


def test_the_comparison_sees_a_monitor_that_puts_nothing_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @contextmanager
    def nothing(*_: Any) -> Iterator[None]:
        yield

    bare = RUNS["loop"](network(), None, tmp_path)
    monkeypatch.setattr(watch, "untouched", nothing)
    monkeypatch.setattr("heedmap.auditing.preparation.generators_kept", nothing)  # an audit's own
    seen, _ = watched(RUNS["loop"], tmp_path)
    assert not torch.equal(bare.random_state, seen.random_state)
    assert not same(bare, seen)
