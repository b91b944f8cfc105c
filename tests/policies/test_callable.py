"""What a policy keeps between its calls is cleared before each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from heedmap.policies.callable import CallablePolicy
from tests.tracing.trail.plain import LEFT, observation


class Queue(nn.Module):
    """Gives the rest of a chunk before it looks again, as deployed policies do."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 2)
        self.left: list[torch.Tensor] = []
        self.resets = 0

    def reset(self) -> None:
        self.left.clear()
        self.resets += 1

    def select_action(self, frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        if not self.left:
            self.left = list(self.head(torch.full((3, 1, 1), float(len(texts[0])))))
        return self.left.pop()


class NeedsMore(Queue):
    """A `reset` of another kind than the one that is looked for."""

    def reset(self, seed: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise AssertionError("it was not asked for")


def acts(policy: CallablePolicy, text: str) -> torch.Tensor:
    return policy([observation()], [text])


def test_the_reset_of_a_bound_method_is_called_before_every_call() -> None:
    net = Queue()
    policy = CallablePolicy("queue", net.select_action, net)
    one, two = acts(policy, LEFT), acts(policy, "stop")
    assert not torch.equal(one, two)
    assert torch.equal(one, acts(policy, LEFT))
    assert net.resets == 3


def test_inside_an_episode_what_is_kept_is_left_to_the_policy() -> None:
    net = Queue()
    policy = CallablePolicy("queue", net.select_action, net)
    policy.begin_episode()
    acts(policy, LEFT)
    kept = len(net.left)
    acts(policy, "stop")
    assert (kept, len(net.left), net.resets) == (2, 1, 1)
    policy.begin_episode()
    assert net.left == []


def test_the_reset_of_the_module_is_found_too() -> None:
    net = Queue()
    policy = CallablePolicy("queue", lambda frames, texts: net.select_action(frames, texts), net)
    acts(policy, LEFT)
    assert net.resets == 1


def test_a_reset_that_is_given_comes_before_the_policys_own() -> None:
    net, calls = Queue(), list[str]()
    policy = CallablePolicy("queue", net.select_action, net, reset=lambda: calls.append("reset"))
    acts(policy, LEFT)
    acts(policy, LEFT)
    assert calls == ["reset", "reset"]
    assert net.resets == 0


def test_a_reset_that_needs_arguments_is_not_called() -> None:
    net = NeedsMore()
    acts(CallablePolicy("queue", net.select_action, net), LEFT)


def test_a_policy_without_one_is_called_as_it_is() -> None:
    net = nn.Linear(1, 2)
    policy = CallablePolicy("plain", lambda frames, texts: net(torch.ones(1, 1)), net)
    assert torch.equal(acts(policy, LEFT), acts(policy, "stop"))
