"""What a look may change is put back, and what cannot be is told."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.errors import MonitorError
from heedmap.monitor import untouched as untouched_file
from heedmap.monitor.untouched import untouched


class Network(nn.Module):
    """All that a look may touch."""

    counted: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.dropout = nn.Dropout(0.5)
        self.frozen = nn.Linear(4, 2)
        self.register_buffer("counted", torch.zeros(1), persistent=False)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.frozen(self.dropout(self.norm(self.linear(given))))


@pytest.fixture
def net() -> Network:
    """In training with one part frozen in evaluation mode, the others with gradients."""
    torch.manual_seed(0)
    made = Network()
    made.frozen.eval().requires_grad_(False)
    made(torch.randn(8, 4)).sum().backward()
    return made


def running_mean(net: Network) -> torch.Tensor:
    assert net.norm.running_mean is not None
    return net.norm.running_mean


def drawn() -> tuple[float, float, float]:
    """The next number of every generator."""
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_training_flags_and_requires_grad_are_each_modules_own_again(net: Network) -> None:
    flags = [module.training for module in net.modules()]
    wants = [parameter.requires_grad for parameter in net.parameters()]
    assert len(set(flags)) == len(set(wants)) == 2
    with untouched(net, 0):
        net.eval().requires_grad_(True)
    assert [module.training for module in net.modules()] == flags
    assert [parameter.requires_grad for parameter in net.parameters()] == wants


def test_gradients_are_the_very_tensors_with_the_very_values(net: Network) -> None:
    before = [parameter.grad for parameter in net.parameters()]
    values = [None if grad is None else grad.clone() for grad in before]
    with untouched(net, 0), torch.enable_grad():
        net(torch.randn(8, 4)).sum().backward()
    for parameter, grad, value in zip(net.parameters(), before, values, strict=True):
        assert parameter.grad is grad
        assert (grad is None) == (value is None)
        if grad is not None and value is not None:
            assert torch.equal(grad, value)


def test_generators_go_on_as_if_nothing_had_been_drawn(net: Network) -> None:
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    with untouched(net, 5):
        inside = drawn()
    assert drawn() == expected
    with untouched(net, 5):  # the state outside is another one by now
        assert drawn() == inside


def test_buffers_are_put_back_also_those_outside_of_the_state_dict(net: Network) -> None:
    before = {name: (buffer, buffer.clone()) for name, buffer in net.named_buffers()}
    assert "counted" in before
    with untouched(net, 0):
        net.train()(torch.randn(8, 4))
        net.counted = torch.ones(1)
        assert not torch.equal(running_mean(net), before["norm.running_mean"][1])
    for name, buffer in net.named_buffers():
        assert buffer is before[name][0]
        assert torch.equal(buffer, before[name][1])


def test_all_is_put_back_where_the_look_fails(net: Network) -> None:
    expected, mean = torch.get_rng_state(), running_mean(net).clone()
    with pytest.raises(ZeroDivisionError), untouched(net, 0):
        net(torch.randn(8, 4))
        raise ZeroDivisionError
    assert torch.equal(torch.get_rng_state(), expected)
    assert torch.equal(running_mean(net), mean)


def test_modes_outside_do_not_reach_the_look(net: Network) -> None:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16), untouched(net, 0):
        assert not torch.is_inference_mode_enabled()
        assert not torch.is_grad_enabled()
        assert net(torch.randn(8, 4)).dtype == torch.float32
    assert torch.is_grad_enabled()


def _in_place(net: Network) -> None:
    net.linear.weight.data[0, 0] += 1e-6  # past autograd's count of versions


def _large_buffer(net: Network) -> None:
    running_mean(net).add_(1)


@pytest.mark.parametrize("change", [_in_place, _large_buffer])
def test_a_changed_weight_spoils_the_run_and_says_so(
    net: Network, change: Callable[[Network], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untouched_file, "MOST_COPIED_BYTES", 0)
    with pytest.raises(MonitorError, match=r"weights changed .* start again"), untouched(net, 0):
        change(net)


def test_a_changed_weight_is_told_even_where_the_look_fails(net: Network) -> None:
    with pytest.raises(MonitorError, match=r"linear\.weight"), untouched(net, 0):
        _in_place(net)
        raise ZeroDivisionError
