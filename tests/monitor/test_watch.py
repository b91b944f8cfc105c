"""The monitor itself: what it tells where a reading fails, is too dear, or cannot be kept."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial
from heedmap.errors import FrameError, MonitorError, PolicyError, RecordError
from heedmap.monitor import watch
from heedmap.monitor.ranks import refuse_sharded
from heedmap.monitor.watch import Monitor
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import ACTIONS
from tests.conftest import random_policy
from tests.monitor.runs import network, policy_of, trials


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def watching(policy: Any, **options: Any) -> Monitor:
    given = {"until": "exchange", "every_steps": 1, "most_cost_share": None, **options}
    return Monitor(policy, trials()[:1], **given)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock on which every audit takes 2 s, and nothing else takes time."""
    clock, real = Clock(), watch.climb

    def climb(*args: Any, **kwargs: Any) -> Any:
        clock.now_s += 2.0
        return real(*args, **kwargs)

    monkeypatch.setattr(watch, "climb", climb)
    return clock


def test_a_dear_reading_is_put_off_and_that_is_said_once(
    slow: Clock, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = watching(policy_of(network()), most_cost_share=0.1, clock=slow, verbose=True)
    for step in range(30):
        monitor.at(step)
        slow.now_s += 1.0
    assert [reading.step for reading in monitor.readings] == [0, 18]
    assert monitor.cost.seconds == pytest.approx(4.0)
    assert monitor.cost.share == pytest.approx(4 / 34)
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "a reading takes 2 s; one at step 1 would be 67 % of the time since the last" in told[0]
    assert monitor.finish() == "heedmap: 2 readings, 4.0 s, 11.8 % of the run"
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("heedmap: step 0: ")
    assert last == "heedmap: 2 readings, 4.0 s, 11.8 % of the run"


def test_a_monitor_speaks_korean_and_keeps_what_it_keeps_in_english(
    slow: Clock,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    kept = []
    for language in ("en", "ko"):
        monkeypatch.setenv("HEEDMAP_LANG", language)
        history = tmp_path / f"{language}.jsonl"
        monitor = watching(
            policy_of(network()), most_cost_share=0.1, clock=slow, verbose=True, history=history
        )
        monitor.at(0)
        assert monitor.at(1) is None
        kept.append(history.read_text())
    assert kept[0] == kept[1]
    assert "verdict" not in kept[1]
    assert "측정 한 번에 2초가 걸립니다." in caplog.text
    assert monitor.finish().startswith("heedmap: 측정 1회, 2.0초, 실행 시간의 100.0 %")
    said = next(line for line in capsys.readouterr().out.splitlines() if "스텝 0" in line)
    assert not re.search("[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", said), said


def test_training_outlives_a_reading_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    net = network()
    monitor = watching(policy_of(net))
    with torch.no_grad():
        weight = next(net.head.parameters())
        good = weight.clone()
        weight.fill_(float("nan"))  # a step that diverged
    assert monitor.at(0) is None
    assert monitor.at(1) is None
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "no reading at step 0; training goes on. The policy 'in-training' gave" in told[0]
    with torch.no_grad():
        weight.copy_(good)
    assert monitor.at(2) is not None
    with torch.no_grad():
        weight.fill_(float("nan"))
    with pytest.raises(PolicyError, match="not finite"):
        watching(policy_of(net), strict=True).at(0)


def test_training_outlives_a_policy_that_ends_the_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    net = network()

    def ends(frames: Any, instructions: Any) -> torch.Tensor:
        raise SystemExit(0)

    policy = CallablePolicy("ends", ends, net, action_names=ACTIONS)
    assert watching(policy).at(0) is None
    assert "training goes on. The policy 'ends' raised SystemExit: 0, while " in caplog.text
    with pytest.raises(PolicyError, match="raised SystemExit"):
        watching(policy, strict=True).at(0)


def test_a_weight_that_the_policy_updates_ends_the_run() -> None:
    policy = random_policy("sound")

    def updates(frames: Any, instructions: Any) -> torch.Tensor:
        with torch.no_grad():
            policy.module.get_parameter("action_token").add_(1e-4)
        return policy.act([of_frame(frame) for frame in frames], instructions)

    updating = CallablePolicy("updating", updates, policy.module, action_names=ACTIONS)
    with pytest.raises(MonitorError, match="action_token"):
        watching(updating).at(0)


def test_readings_do_not_depend_on_the_state_of_the_generators() -> None:
    policy = random_policy("sound")
    drawn: list[torch.Tensor] = []

    def noisy(frames: Any, instructions: Any) -> torch.Tensor:
        drawn.append(torch.rand(()))
        scores = policy.act([of_frame(frame) for frame in frames], instructions)
        return scores + drawn[0]  # the first number that is drawn, ever

    found = []
    for seed in (1, 2):
        drawn.clear()
        torch.manual_seed(seed)
        drawing = CallablePolicy("noisy", noisy, policy.module, action_names=ACTIONS)
        reading = watching(drawing).at(0)
        assert reading is not None
        found.append((reading.metrics, drawn[0]))
    assert found[0] == found[1]


def test_a_policy_is_made_of_the_module_in_training() -> None:
    monitor = watching(policy_of)
    with pytest.raises(MonitorError, match=r"monitor\.at\(step, module\)"):
        monitor.at(0)
    assert monitor.at(1, network()) is not None


class Head(nn.Module):
    """A module of one's own: torch does not compile its own ones by themselves."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        return self.inner(state)


def test_a_compiled_module_is_read_uncompiled_and_stays_compiled() -> None:
    net = network()
    plain = watching(policy_of(net)).at(0)
    ran: list[int] = []

    def backend(graph: torch.fx.GraphModule, _: Any) -> Any:
        def run(*args: Any) -> Any:
            ran.append(1)
            return graph(*args)

        return run

    head = Head(net.head)
    net.head = nn.Sequential(head)
    head.compile(backend=backend)
    state = torch.rand(1, net.config.dim)
    head(state)
    assert len(ran) == 1
    seen = watching(policy_of(net)).at(0)
    assert plain is not None
    assert seen is not None
    assert seen.metrics == plain.metrics
    assert len(ran) == 1
    head(state)
    assert len(ran) == 2


def test_trials_that_do_not_fit_are_refused_before_training() -> None:
    with pytest.raises(MonitorError, match="at least one trial"):
        Monitor(policy_of(network()), [])
    large = of_frame(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(FrameError, match="56x56"):
        Monitor(policy_of(network()), [Trial("large", large, {"a": "go left", "b": "go right"})])


def test_a_history_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monitor = watching(policy_of(network()), strict=True, history=tmp_path / "file" / "h.jsonl")
    with pytest.raises(RecordError, match="cannot be added to"):
        monitor.at(0)


def test_sharded_parameters_are_refused() -> None:
    net = nn.Linear(2, 2)
    refuse_sharded(net)
    setattr(net.weight, "_fsdp_flattened", True)  # noqa: B010 - as FSDP marks those it flattens
    with pytest.raises(MonitorError, match=r"'weight' is sharded over several processes"):
        refuse_sharded(net)
    with pytest.raises(MonitorError, match="has no parameters"):
        refuse_sharded(nn.ReLU())


def test_continuous_actions_are_told_in_their_own_unit() -> None:
    policy = random_policy("sound")

    def run(frames: Any, instructions: Any) -> torch.Tensor:
        return policy.act([of_frame(frame) for frame in frames], instructions)

    values = CallablePolicy("values", run, policy.module)
    asked = [replace(trials()[0], expected={})]
    reading = Monitor(values, asked, action_scale=[1.0, 1.0, 1.0]).at(0)
    assert reading is not None
    assert {"heedmap/used_mediated_scale_units", "heedmap/obeyed_swap_scale_units"} <= set(
        reading.metrics
    )
    assert not any("_bits" in name or "flip" in name for name in reading.metrics)
    assert reading.metrics["heedmap/used_dependence_scale_units"] > 0
