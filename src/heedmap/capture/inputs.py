"""What enters layer 0 of a transformer: the sequence after all embedding and merging."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from heedmap.capture.attention import attention_layer_names
from heedmap.errors import CaptureError
from heedmap.types import Embeddings


@dataclass
class InputCapture:
    """The sequences that entered the first layer, one for each forward pass."""

    layer_name: str
    calls: list[Embeddings] = field(default_factory=list)

    def only(self) -> Embeddings:
        """The sequence of the one forward pass. Raises CaptureError unless it ran once."""
        if len(self.calls) != 1:
            raise CaptureError(
                f"The layer '{self.layer_name}' ran {len(self.calls)} times in one forward pass, "
                f"expected once; name the transformer that feeds the action."
            )
        return self.calls[0]


@contextmanager
def capture_first_layer_input(model: nn.Module) -> Iterator[InputCapture]:
    """Record what enters the first layer of `model`; the hook is removed in any case."""
    name = first_layer_name(model)
    capture = InputCapture(name)

    def record(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        hidden = args[0] if args else kwargs["hidden_states"]
        capture.calls.append(hidden.detach().clone())

    handle = model.get_submodule(name).register_forward_pre_hook(record, with_kwargs=True)
    try:
        with torch.no_grad():
            yield capture
    finally:
        handle.remove()


def first_layer_name(model: nn.Module) -> str:
    """The block around the first attention module: the entry of a ModuleList it lies in.

    Raises CaptureError when `model` holds no attention module.
    """
    names = attention_layer_names(model)
    if not names:
        raise CaptureError(
            f"{type(model).__name__} holds no attention module (no class named '...Attention'); "
            f"give the transformer that feeds the action."
        )
    parts = names[0].split(".")
    for end in range(len(parts), 0, -1):
        if isinstance(model.get_submodule(".".join(parts[: end - 1])), nn.ModuleList):
            return ".".join(parts[:end])
    return ".".join(parts[:-1])
