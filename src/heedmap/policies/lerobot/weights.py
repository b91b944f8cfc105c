"""Whether the weights of a file are in the module, LeRobot goes on where they are not; adapters."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from heedmap.policies.checkpoints.fit import Fit

State = dict[str, torch.Tensor]


def fit_of(module: nn.Module, file: Path) -> Fit:
    """What of a file is not in a module that was loaded from it, and what of it stayed random.

    LeRobot renames weights of older versions, so those are found by their values. Of weights that
    are shared under several names one is enough.
    """
    stored = load_file(file)
    own = module.state_dict()
    used: set[str] = set()
    found: set[str] = set()
    for name, tensor in own.items():
        for other in (name, f"model.{name}", name.removeprefix("model.")):
            if other in stored and _same(tensor, stored[other]):
                used.add(other)
                found.add(name)
                break
    for name in [name for name in own if name not in found]:
        match = next((k for k, v in stored.items() if _same(own[name], v)), None)
        if match is not None:
            used.add(match)
            found.add(name)
    shared = {_storage(own[name]) for name in found}
    values = [own[name] for name in found]
    return Fit(
        missing=tuple(
            name
            for name in own
            if name not in found and own[name].numel() and _storage(own[name]) not in shared
        ),
        unexpected=tuple(
            name
            for name, tensor in stored.items()
            if name not in used and not any(_same(each, tensor) for each in values)
        ),
    )


def _same(own: torch.Tensor, stored: torch.Tensor) -> bool:
    """Equal in the module's own precision."""
    if own.shape != stored.shape:
        return False
    return torch.equal(own, stored.to(own.device, own.dtype))


def _storage(tensor: torch.Tensor) -> tuple[int, int]:
    return tensor.data_ptr(), tensor.numel()
