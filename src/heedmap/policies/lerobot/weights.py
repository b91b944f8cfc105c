"""Whether the weights of a file are in the module, LeRobot goes on where they are not; adapters."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from heedmap.errors import CheckpointError, MissingExtraError, first_line_of
from heedmap.policies.checkpoints.fit import Fit
from heedmap.policies.checkpoints.read import check_finite

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


def with_adapter(model: Any, adapter: Path) -> Any:
    """The model with peft's adapters merged. Raises CheckpointError where they do not fit."""
    try:
        peft = importlib.import_module("peft")
    except ModuleNotFoundError as error:
        raise MissingExtraError("lora", "peft") from error
    try:
        merged = peft.PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    except Exception as error:  # peft raises what it likes for adapters of another model
        raise CheckpointError(
            "The adapters in {adapter} cannot be merged ({why}).",
            adapter=adapter,
            why=first_line_of(error),
        ) from error
    for weight, tensor in merged.state_dict().items():
        check_finite(weight, tensor, adapter)
    return merged
