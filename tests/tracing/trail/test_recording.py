"""Recordings: what was at every moment, and a policy that is left as it came."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules import module as torch_modules
from torch.utils._python_dispatch import TorchDispatchMode

from heedmap.policies.base import weights_sha256
from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.trail import recorder
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import entered
from heedmap.tracing.trail.recorder import record
from heedmap.tracing.trail.recording import Recording
from tests.tracing.trail.plain import DIM, LEFT, Body, Encoders, between, observation, policy_of
from tests.tracing.trail.plain import recorded as recorded_of


def recorded(body: Body) -> Recording:
    return recorded_of(policy_of(body))


def named(recording: Recording, name: str) -> list[Any]:
    return [op for op in recording.operators if op.name == f"aten::{name}"]


def test_what_is_written_over_keeps_what_it_was() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        states = words + 0
        states.fill_(3)
        states.mul_(2)
        states.add_(1)
        return states.mean(dim=1)

    found = recorded(body)
    (before,) = named(found, "fill_")
    assert torch.equal(before.inputs[0].tensor, before.inputs[0].tensor.new_tensor(0) + _words())
    held = [(op.inputs[0].tensor, op.outputs[0].tensor) for op in found.operators[before.number :]]
    (_, filled), (taken, doubled), (again, one_more), *_ = held
    assert (filled == 3).all()
    assert (taken == 3).all()
    assert (doubled == 6).all()
    assert (again == 6).all()
    assert (one_more == 7).all()


def _words() -> torch.Tensor:
    return Encoders().words_of(LEFT)


def test_a_write_through_a_view_changes_its_base_and_no_view_taken_before() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        states = words + 0
        row = states[:, 1]
        row.zero_()
        return states.sum(dim=1) + row

    found = recorded(body)
    (zeroed,) = named(found, "zero_")
    (summed,) = named(found, "sum")
    taken, read = zeroed.inputs[0].tensor, summed.inputs[0]
    assert torch.equal(taken, _words()[:, 1])
    assert (read.tensor[:, 1] == 0).all()
    assert torch.equal(read.tensor[:, 2], _words()[:, 2])
    assert zeroed.number in read.made_by
    assert zeroed.number in found.ancestors()


def test_storage_that_is_used_again_holds_no_earlier_value() -> None:
    """Tensors that come and go may lie at one address; what they held is kept apart."""

    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(1, DIM)
        for step in range(6):
            part = torch.full((1, DIM), float(step))
            part.add_(0.5)
            total = total + part
            del part
        return total

    found = recorded(body)
    parts = [op.outputs[0].tensor[0, 0].item() for op in named(found, "add_")]
    assert parts == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    full = [op.outputs[0].tensor[0, 0].item() for op in named(found, "full")]
    assert full == [0, 1, 2, 3, 4, 5]


def test_calls_of_one_module_are_numbered() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        states = words
        for _ in range(4):
            states = net.mix(states)
        return net.head(states.mean(dim=1))

    found = recorded(body)
    calls = [call for call in found.calls if call.module == "mix"]
    assert [call.call for call in calls] == [0, 1, 2, 3]
    assert {call.kind for call in calls} == {"Linear"}
    for call in calls:
        inside = found.operators[call.begun_at : call.ended_at]
        assert {(op.module, op.call) for op in inside} == {("mix", call.call)}
    keys = [op.key for op in found.operators]
    assert len(set(keys)) == len(keys)
    assert not [op for op in found.operators if op.module == "mix" and op.nth and op.name == "t"]


class Operators(TorchDispatchMode):
    """Names, noted by nothing of heedmap's."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(func._schema.name)
        return func(*args, **(kwargs or {}))


class InPlace(nn.Module):
    """Gives what it wrote to, as no operator gave it."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        states[:, 0] = 1
        return states


WRITE = InPlace()


def _busy(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    states = WRITE(torch.cat([words, image], dim=1))
    states = net.layer(states)
    states, _ = net.attention(states, states, states)
    net.cache[:] = states
    return net.head(net.cache.mean(dim=1))


def busy_policy() -> CallablePolicy:
    policy = policy_of(_busy)
    policy.module.add_module("write", WRITE)
    return policy


def test_only_the_operators_of_the_policy_are_recorded() -> None:
    policy = busy_policy()
    with Operators() as plain, torch.no_grad():
        policy.act_unchecked([observation()], [LEFT])
    found = record(policy, observation(), LEFT)
    assert [op.name for op in found.operators] == plain.names


def test_nothing_is_left_behind() -> None:
    policy = busy_policy()
    before, sha = policy([observation()], [LEFT]), weights_sha256(policy.module)
    hooks = [dict(hooks) for hooks in _all_hooks(policy.module)]
    found = record(policy, observation(), LEFT)
    assert found.scores is not None
    assert torch.equal(found.scores, before)
    assert torch.equal(policy([observation()], [LEFT]), before)
    assert weights_sha256(policy.module) == sha
    assert [dict(hooks) for hooks in _all_hooks(policy.module)] == hooks
    assert torch._C._len_torch_dispatch_stack() == 0
    assert torch.is_grad_enabled()


def _all_hooks(module: nn.Module) -> list[Any]:
    shared = [torch_modules._global_forward_hooks, torch_modules._global_forward_pre_hooks]
    own = [h for m in module.modules() for h in (m._forward_hooks, m._forward_pre_hooks)]
    return [*shared, *own]


def test_nothing_is_left_behind_by_a_policy_that_raises() -> None:
    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        net(torch.ones(1, 2))
        raise RuntimeError("broken")

    net = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(Exception, match="broken"):
        record(CallablePolicy("broken", run, net), observation(), LEFT)
    assert torch._C._len_torch_dispatch_stack() == 0
    assert not torch_modules._global_forward_hooks
    assert not torch_modules._global_forward_pre_hooks


def test_inference_mode_shows_the_same_operators() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        states = net.mix(torch.cat([words, image], dim=1))
        states[:, 0] = 0
        return net.head(states.mean(dim=1))

    def inside(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return body(net, words, image)

    plain, found = recorded(body), recorded(inside)
    assert plain.scores is not None
    assert found.scores is not None
    assert torch.equal(plain.scores, found.scores)
    weighty = {"aten::addmm", "aten::fill_", "aten::cat", "aten::mean"}
    one, two = ([op.name for op in r.operators if op.name in weighty] for r in (plain, found))
    assert one == two
    assert len(found.ancestors()) > 5


def _through_numpy(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    unused = net.mix(words)
    action = net.head(words.mean(dim=1) + image.mean(dim=1))
    assert unused.ndim
    return torch.from_numpy(action.numpy().copy())


def test_an_action_that_is_handed_on_through_numpy_is_found() -> None:
    found = recorded(_through_numpy)
    assert found.action is not None
    made = {found.operators[number].module for number in found.ancestors()}
    assert {"head", "embed", "image"} <= made
    assert "mix" not in made


def test_an_action_that_is_no_operators_leaves_all_as_ancestors() -> None:
    def run(frames: Sequence[Any], texts: Sequence[str]) -> Any:
        with torch.no_grad():
            action = net.head(net.words_of(texts[0]).mean(dim=1))
        return action.numpy() * 1.7 + 3

    net = Encoders()
    found = record(CallablePolicy("rescaled", run, net), observation(), LEFT)
    assert found.action is None
    assert found.ancestors() == frozenset(range(len(found.operators)))


def test_weights_are_never_different_and_a_buffer_that_is_written_to_is_none() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        net.cache[:, :4], net.cache[:, 4:] = words, image
        return net.head(net.cache.mean(dim=1))

    policy = policy_of(body)
    words = between(policy)
    weights = [v for op in words.base.operators for v in op.inputs if v.is_weight]
    assert len(weights) >= 4
    (averaged,) = [op for op in words.base.operators if op.name == "aten::mean"]
    (taken,) = words.of_inputs(averaged.number)
    assert taken.is_any
    assert words.action.is_any


def test_a_later_run_does_not_write_over_an_earlier_recording() -> None:
    """Of a policy that keeps what it writes to: a buffer, a tensor of its own, its action."""
    kept, action = torch.zeros(1, 8, DIM), torch.zeros(1, 3)

    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        kept[:, :4], kept[:, 4:] = words, image
        return action.copy_(net.head(kept.mean(dim=1)))

    net = Encoders()
    policy = CallablePolicy(
        "kept", lambda fs, ts: body(net, net.words_of(ts[0]), net.image_of(fs[0])), net
    )
    words = between(policy)
    assert words.action.is_any
    (averaged,) = named(words.base, "mean")
    assert torch.equal(averaged.inputs[0].tensor[:, :4], _words())
    again = between(policy)
    assert words.base.scores is not None
    assert again.base.scores is not None
    assert torch.equal(words.base.scores, again.base.scores)


class Random(nn.Module):
    """Layers in a row or beside each other, some of which lead nowhere."""

    def __init__(self, seed: int, plan: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.plan = plan
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in plan)
        self.shift: dict[int, torch.Tensor] = {}
        self.requires_grad_(False)

    def run(self, frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        states = [torch.ones(1, 4)]
        for number, ((one, two), layer) in enumerate(zip(self.plan, self.layers, strict=True)):
            taken = states[one % len(states)] + states[two % len(states)]
            given = torch.tanh(layer(taken))
            if number in self.shift:
                given = given + self.shift[number]
            if number % 3 == 2:  # written to, not made
                states[-1] = states[-1].clone()
                states[-1][:, 1:3] = given[:, 1:3]
            states.append(given)
        return states[-1]


PLANS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7)


@settings(max_examples=30, deadline=None)
@given(PLANS, st.integers(0, 99))
def test_ancestors_hold_every_module_that_the_action_changes_with(
    plan: list[tuple[int, int]], seed: int
) -> None:
    net = Random(seed, plan)
    policy = CallablePolicy("random", net.run, net)
    found = record(policy, observation(), LEFT)
    assert found.action is not None
    assert found.scores is not None
    modules = {found.operators[number].module for number in found.ancestors()}
    for number in range(len(plan)):
        net.shift = {number: torch.full((1, 4), 0.3)}
        changes = not torch.equal(policy([observation()], [LEFT]), found.scores)
        assert not changes or f"layers.{number}" in modules
    net.shift = {}


def test_memory_that_nothing_was_written_to_is_zero_in_every_run() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        torch.full_like(words, 7.0)  # what freed memory holds
        states = torch.empty_like(words)
        of_its_own = torch.empty(words.shape)
        states[:] = words
        of_its_own[:] = words
        return (states + of_its_own).mean(dim=1)

    found = recorded(body)
    made = [*named(found, "empty_like"), *named(found, "empty")]
    assert len(made) == 2
    assert all((each.outputs[0].tensor == 0).all() for each in made)


def test_a_deep_copy_and_memory_that_is_filled_are_no_differences() -> None:
    state = torch.randn(6)
    outside = torch.empty(6)

    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        del words
        torch.full((6,), float(state.sum()))  # what freed memory holds
        copied = copy.deepcopy(state)
        outside.copy_(copied)
        return net.head(image.mean(dim=1)) + outside[:3]

    policy = policy_of(body)
    outside.fill_(1.0)
    base = record(policy, observation(), LEFT)
    outside.fill_(2.0)  # what an earlier run left there
    other = record(policy, observation(), LEFT)
    found = Differences(base, other)
    assert found.unmatched == 0
    assert not found.action.is_any
    assert not entered(found)
    assert torch.equal(
        named(base, "copy_")[-1].outputs[0].tensor, state
    )  # what was copied is followed


def test_what_was_copied_deeply_is_followed() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        return copy.deepcopy(words.detach()).mean(dim=1)

    found = recorded(body)
    assert named(found, "embedding")[0].number in found.ancestors()
    assert found.scores is not None
    assert torch.allclose(found.scores, policy_of(body)([observation()], [LEFT]))


def test_a_run_that_is_too_large_is_recorded_up_to_there(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policy_of(lambda net, words, image: net.head(torch.cat([words, image], 1).mean(1)))
    whole = record(policy, observation(), LEFT)
    assert whole.is_whole
    assert whole.limit_bytes >= 2 * 2**30
    monkeypatch.setattr(recorder, "LEAST_BYTES", 300)
    monkeypatch.setattr(recorder, "free_bytes", lambda device: 8 * 400)
    part = record(policy, observation(), LEFT)
    assert part.is_full
    assert not part.is_whole
    assert part.scores is not None
    assert 0 < len(part.operators) < len(whole.operators)
