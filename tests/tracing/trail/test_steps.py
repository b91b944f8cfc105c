"""The table of a trail, against differences and shares that were worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.data.observation import Observation, of_frame
from heedmap.policies.base import same_sums, weights_sums
from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.trail.recorder import record
from heedmap.tracing.trail.recording import ModuleCall, Recording
from heedmap.tracing.trail.steps import carried_shares, relative_differences, steps

WORDS = {"left": [3.0, 4.0], "right": [3.0, -4.0], "left please": [3.0, 4.0, 1.0]}
FRAME = of_frame(np.full((2, 2, 3), 2, np.uint8))
DARK = of_frame(np.full((2, 2, 3), 1, np.uint8))


class Twice(nn.Module):
    """Twice what it is given, beside it as a tuple."""

    def forward(self, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return given, 2 * given


class Adding(nn.Module):
    """Words, of which one module gives the first two numbers on twice; the frame; their sum."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Identity()
        self.look = nn.Identity()
        self.twice = Twice()
        self.loop = nn.Identity()
        self.scale = nn.Parameter(torch.tensor(1.0), requires_grad=False)

    def forward(self, words: torch.Tensor, frame: torch.Tensor) -> torch.Tensor:
        first, second = self.twice(self.words(words)[:, :2])
        seen = self.look(frame)
        # The loop's calls are by turns of the words and of the frame.
        return self.scale * (self.loop(second - first) + self.loop(seen))


def adding(network: Adding, **options: Any) -> CallablePolicy:
    def run(frames: Sequence[np.ndarray], instructions: Sequence[str]) -> torch.Tensor:
        words = torch.tensor([WORDS[text] for text in instructions])
        light = torch.tensor([[float(frame.max())] * 2 for frame in frames])
        return network(words, light)

    return CallablePolicy("adding", run, network, **options)


def run(policy: CallablePolicy, text: str, at: Observation = FRAME) -> Recording:
    return record(policy, at, text)


ORDER = ["words", "twice", "look", "loop", "loop", ""]


def test_one_row_a_module_call_in_the_order_in_which_they_ended() -> None:
    policy = adding(Adding())
    base = run(policy, "left")
    found = steps(base, {})
    assert [step.module for step in found] == ORDER
    assert [step.order for step in found] == list(range(6))
    assert [step.call for step in found] == [0, 0, 0, 0, 1, 0]
    assert [step.kind for step in found[:2]] == ["Identity", "Twice"]
    assert [step.depth for step in found] == [1, 1, 1, 1, 1, 0]
    assert _depths("model", "model.layers.0", "model.layers.0.mlp", "model.layers.0") == [
        0,
        1,
        2,
        1,
    ]
    not_measured = {getattr(step, name) for step in found for name in ("instruction", "carried")}
    assert not_measured == {None}


def _depths(*modules: str) -> list[int]:
    calls = [ModuleCall(module, "", 0, (), 0, 0) for module in modules]
    return [step.depth for step in steps(Recording(calls=calls), {})]


def test_relative_differences_as_worked_out_by_hand() -> None:
    """|(0, -8)| / |(3, 4)| = 8 / 5; of the sum 8 / |(5, 6)|; of another frame 1 / 2."""
    policy = adding(Adding())
    base = run(policy, "left")
    size = (25 + 36) ** 0.5
    words = relative_differences(base, run(policy, "right"))
    assert words == pytest.approx([1.6, 1.6, 0, 1.6, 0, 8 / size])
    frame = relative_differences(base, run(policy, "left", DARK))
    assert frame == pytest.approx([0, 0, 0.5, 0, 0.5, 2**0.5 / size])
    assert relative_differences(base, run(policy, "left")) == [0] * 6


def test_what_cannot_be_compared_is_not_measured() -> None:
    """One word more is another shape where the words enter, and the same two numbers after."""
    policy = adding(Adding())
    found = relative_differences(run(policy, "left"), run(policy, "left please"))
    assert found == [None, 0, 0, 0, 0, 0]


def test_of_nothing_any_difference_is_all() -> None:
    base = run(adding(Adding()), "left", of_frame(np.zeros((2, 2, 3), np.uint8)))
    found = relative_differences(base, run(adding(Adding()), "left"))
    assert found[2] == 1.0


def test_a_call_that_the_other_run_lacks_is_not_measured() -> None:
    policy = adding(Adding())
    base, other = run(policy, "left"), run(policy, "right")
    other.calls = [call for call in other.calls if call.module != "twice"]
    assert relative_differences(base, other)[1] is None
    assert carried_shares(policy, FRAME, "left", base, other)[1] is None


def test_patching_carries_what_a_module_got_and_all_of_it_at_the_outermost() -> None:
    """An identity carries what it got; the nth call alone is patched; the frame carries nothing."""
    network = Adding()
    policy = adding(network)
    weights, hooks = weights_sums(network), len(network.loop._forward_hooks)
    before = policy([FRAME], ["left"])
    base, other = run(policy, "left"), run(policy, "right")
    done: list[tuple[int, int]] = []
    shares = carried_shares(
        policy, FRAME, "left", base, other, lambda *progress: done.append(progress)
    )
    assert shares == [1, 1, 0, 1, 0, 1]
    assert done == [(number, 6) for number in range(1, 7)]
    assert same_sums(weights, weights_sums(network))
    assert torch.equal(policy([FRAME], ["left"]), before)
    assert all(len(inner._forward_hooks) == hooks == 0 for inner in network.modules())
    table = steps(base, {"instruction": relative_differences(base, other)}, shares)
    assert [step.carried for step in table] == shares
    assert table[0].instruction == pytest.approx(1.6)


class TwoWays(nn.Module):
    """The words come in over two modules, three parts over the one and one over the other."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Identity()
        self.narrow = nn.Identity()

    def forward(self, words: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return 0.75 * self.wide(words) + 0.25 * self.narrow(words)


def test_a_module_on_one_of_two_ways_carries_its_part() -> None:
    policy = adding(TwoWays())  # pyright: ignore[reportArgumentType]
    base, other = run(policy, "left"), run(policy, "right")
    found = carried_shares(policy, FRAME, "left", base, other)
    assert found == pytest.approx([0.75, 0.25, 1])


def test_nothing_is_patched_where_the_actions_are_the_same() -> None:
    policy = adding(Adding())
    base, other = run(policy, "left"), run(policy, "left please")
    calls = policy.act_calls
    assert carried_shares(policy, FRAME, "left", base, other) == [None] * 6
    assert policy.act_calls == calls


class Keeping(nn.Module):
    """Keeps what it made of the words once it was given any, over all calls."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Identity()
        self.kept: dict[float, torch.Tensor] = {}
        self.may_keep = False

    def forward(self, words: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        key = float(words.sum())
        if self.may_keep and key in self.kept:
            return self.kept[key]
        self.kept[key] = self.words(words)
        return self.kept[key]


def test_a_policy_that_keeps_what_was_patched_in_is_not_measured() -> None:
    network = Keeping()
    policy = adding(network)  # pyright: ignore[reportArgumentType]
    base, other = run(policy, "left"), run(policy, "right")
    network.kept.clear()
    network.may_keep = True
    assert carried_shares(policy, FRAME, "left", base, other) == [None, None]


class Failing(Adding):
    """Raises where it is given other words than it was made for."""

    def forward(self, words: torch.Tensor, frame: torch.Tensor) -> torch.Tensor:
        given = self.words(words)
        if not torch.equal(given, words):
            raise ValueError("not mine")
        return self.look(given + frame)


def test_a_policy_that_fails_under_a_patch_is_not_measured_there() -> None:
    network = Failing()
    policy = adding(network)
    base, other = run(policy, "left"), run(policy, "right")
    assert carried_shares(policy, FRAME, "left", base, other) == [None, 1, 1]
    assert not network.words._forward_hooks
