"""Module calls alone, against the recording that sees every operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.steps import measure_steps
from heedmap.auditing.trails import Trails
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.cases import case_trials
from heedmap.tracing.capture.instead import running_instead
from heedmap.tracing.capture.running import names_of_modules
from heedmap.tracing.capture.towers import remembering
from heedmap.tracing.trail.calls import add_remembered, record_calls
from heedmap.tracing.trail.recorder import record
from heedmap.tracing.trail.recording import Recording
from tests.conftest import random_policy
from tests.graph_policies import NETWORKS, TEXTS, network, policy, trials
from tests.tracing.trail.plain import observation


def calls_of(run: Recording) -> dict[tuple[str, int], list[torch.Tensor]]:
    return {(c.module, c.call): [v.tensor for v in c.outputs] for c in run.calls}


def check_same_calls(one: Recording, two: Recording) -> None:
    mine, theirs = calls_of(one), calls_of(two)
    assert [(c.module, c.kind, c.call) for c in one.calls] == [
        (c.module, c.kind, c.call) for c in two.calls
    ]
    for key, tensors in mine.items():
        for a, b in zip(tensors, theirs[key], strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    assert one.scores is not None
    assert two.scores is not None
    torch.testing.assert_close(one.scores, two.scores)


@pytest.mark.parametrize("name", NETWORKS)
def test_calls_are_those_of_the_whole_recording(name: str) -> None:
    whole, given = policy(network(name)), trials(1)[0].observation
    light = record_calls(whole, given, TEXTS["left"])
    check_same_calls(light, record(whole, given, TEXTS["left"]))
    assert not light.operators


class WritesLater(nn.Module):
    """What one layer gave is written over before the run ends."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        held = self.first(x)
        given = self.second(held)
        held.data.zero_()
        return given


def test_what_is_written_over_later_is_kept_as_it_was() -> None:
    net = WritesLater().eval()
    by_length = CallablePolicy(
        "writes", lambda frames, texts: net(torch.full((1, 3), float(len(texts[0])))), net
    )
    light = record_calls(by_length, observation(), "go left")
    ((first,),) = [tensors for key, tensors in calls_of(light).items() if key[0] == "first"]
    expected = net.first(torch.full((1, 3), 7.0))
    assert torch.equal(first, expected)


@contextmanager
def without_hooks(module: nn.Module) -> Iterator[None]:
    yield
    for inner in module.modules():
        assert not inner._forward_hooks
        assert not inner._forward_pre_hooks
        assert not list(running_instead(inner))


def test_steps_of_light_and_whole_recordings_agree() -> None:
    """Exchanged instruction, frame and the same again, module call by module call."""
    specimen, (trial,) = random_policy("sound"), case_trials(1)
    with without_hooks(specimen.module):
        light = measure_steps(Trails(specimen, trial.observation, 0).light, trial)
        whole = measure_steps(Trails(specimen, trial.observation, 0), trial)
    assert light is not None
    assert whole is not None
    assert light[0] == whole[0]
    assert any(step.instruction for step in whole[1])
    for mine, theirs in zip(light[1], whole[1], strict=True):
        check_same_step(asdict(mine), asdict(theirs))


def check_same_step(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    for column in ("module", "kind", "call"):
        assert mine[column] == theirs[column]
    for column in ("instruction", "frame", "same"):
        one, two = mine[column], theirs[column]
        assert (one is None) == (two is None), mine["module"]
        assert one is None or one == pytest.approx(two, rel=1e-4, abs=1e-6), mine["module"]


def test_steps_of_an_audit_are_made_of_the_passes_that_it_runs_anyway() -> None:
    """As if each had been recorded by itself, the calls inside the tower among them."""
    specimen, (trial,) = random_policy("sound"), case_trials(1)
    shown = {trial.name: trial.observation}
    table = audit(specimen, shown, trial.instructions, trials=[trial], until="cut").trail
    whole = measure_steps(Trails(specimen, trial.observation, 0), trial)
    assert whole is not None
    for mine, theirs in zip(table.to_pylist(), whole[1], strict=True):
        check_same_step(mine, asdict(theirs))


def tower_run(changed: bool) -> tuple[Policy, Recording, Recording]:
    """A base run and one whose tower is remembered; `changed`: it gives something else there."""
    torch.manual_seed(1)
    tower = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net = nn.ModuleDict({"tower": tower, "head": nn.Linear(3, 2)})

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        given = torch.ones(1, 3) + (float(len(texts[0])) if changed else 0.0)
        return net["head"](net["tower"](given) * len(texts[0]))

    whole = CallablePolicy("tower", run, net)
    with remembering(net, ["tower"]):
        base = record_calls(whole, observation(), "go left")
        other = record_calls(whole, observation(), "go right")
        add_remembered(whole, other, base)
    return whole, base, other


def test_a_tower_that_gave_the_same_from_memory_has_its_calls() -> None:
    _, base, other = tower_run(changed=False)
    assert set(calls_of(base)) == set(calls_of(other))
    assert torch.equal(calls_of(base)["tower.0", 0][0], calls_of(other)["tower.0", 0][0])


def test_a_tower_that_ran_anew_has_its_own() -> None:
    _, base, other = tower_run(changed=True)
    assert not torch.equal(calls_of(base)["tower.0", 0][0], calls_of(other)["tower.0", 0][0])


def test_names_are_those_of_torch() -> None:
    shared = nn.Linear(2, 2)
    net = nn.ModuleDict({"one": nn.Sequential(shared, nn.ReLU()), "two": shared})
    net["one"].register_module("none", None)
    for module in (net, random_policy("sound").module):
        assert names_of_modules(module) == {inner: name for name, inner in module.named_modules()}
        assert list(names_of_modules(module)) == list(module.modules())
