"""Restores all training state after a reading.

What a look may change is put back: training flags, gradients, buffers, the state of every random
generator. What cannot be put back without a second copy of the network, its weights, is compared:
if they changed, the run is spoilt and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from heedmap.errors import MonitorError
from heedmap.policies.alone import alone
from heedmap.policies.base import weights_sums
from heedmap.policies.generators import generators_kept

MOST_COPIED_BYTES = 64 * 2**20
"""A buffer larger than this (quantised weights) is compared like a weight, not copied."""


@contextmanager
def untouched(module: nn.Module, seed: int) -> Iterator[None]:
    """Inside, generators start from `seed`, gradients are gone and nothing is autocast.

    Afterwards all is as it was, whatever ran inside and however it ended.

    Raises MonitorError when a weight was changed inside: that cannot be undone.
    """
    # Generators are outermost: other code in this block may draw, too.
    with alone(), generators_kept(module, seed=seed):
        before = weights_sums(module)
        try:
            with ExitStack() as kept:
                kept.enter_context(_modules(module))
                kept.enter_context(torch.inference_mode(False))
                kept.enter_context(torch.no_grad())
                for device in {parameter.device.type for parameter in module.parameters()}:
                    if torch.amp.is_autocast_available(device):
                        kept.enter_context(torch.autocast(device, enabled=False))
                yield
        finally:
            _check_same(before, weights_sums(module))


def _check_same(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> None:
    changed = sorted(
        name
        for name in before.keys() | after.keys()
        if name not in before or name not in after or not torch.equal(before[name], after[name])
    )
    if changed:
        raise MonitorError(
            "The weights changed while the monitor looked at the policy ({changed}{more}). This "
            "run is not the run that it would have been: a policy's forward pass must not update "
            "what it runs. Mend it and start again.",
            changed=", ".join(changed[:3]),
            more=", ..." if len(changed) > 3 else "",
        )


@dataclass(frozen=True)
class _Buffer:
    """A buffer, its place, and its values."""

    owner: nn.Module
    name: str
    tensor: torch.Tensor | None
    copy: torch.Tensor | None

    def put_back(self) -> None:
        """The very tensor, with the values that it had; not written where they are unchanged."""
        self.owner._buffers[self.name] = self.tensor
        if self.tensor is None or self.copy is None:
            return
        if not torch.equal(self.tensor, self.copy):
            with torch.no_grad():
                self.tensor.copy_(self.copy)


def _buffers_of(module: nn.Module) -> list[_Buffer]:
    """Those that are not in the state dict, too."""
    found = []
    for owner in module.modules():
        for name, tensor in owner._buffers.items():
            small = tensor is not None and tensor.nbytes <= MOST_COPIED_BYTES
            copy = tensor.detach().clone() if tensor is not None and small else None
            found.append(_Buffer(owner, name, tensor, copy))
    return found


@contextmanager
def _modules(module: nn.Module) -> Iterator[None]:
    """Training flags, buffers, gradients and `requires_grad`; without gradients inside."""
    flags = [(each, each.training) for each in module.modules()]
    buffers = _buffers_of(module)
    parameters = [(each, each.grad, each.requires_grad) for each in module.parameters()]
    for parameter, _, _ in parameters:
        parameter.grad = None  # what is added up inside must not land in the run's own tensor
    try:
        yield
    finally:
        for each, was_training in flags:
            each.training = was_training
        for buffer in buffers:
            buffer.put_back()
        for parameter, gradient, requires_grad in parameters:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient
