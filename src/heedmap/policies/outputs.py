"""What policies give: a tensor, numpy, a dict or a list, of vectors or of chunks of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from heedmap.phrase import Phrase

MOST_VALUES = 500_000_000
"""Of a batch: far more than any head gives."""
NAMES = ("action", "actions", "action_pred", "pred_actions", "logits", "action_logits")
"""Under which a policy that gives a dict has its action, in this order."""


def as_scores(given: Any, examples: int) -> torch.Tensor:
    """The action's scores, (batch, action), of whatever a policy gave for a batch.

    Chunks, (batch, step, dim), become (batch, step * dim); one vector for one example becomes a
    row; of a dict the entry of one of `NAMES` is taken, or the only tensor; of a tuple the first
    tensor; a list with one entry an example is stacked. Integers become floats.

    Raises TypeError for anything else: also for tensors without real values, such as sparse,
    complex and empty ones.
    """
    tensor = _tensor(given, examples)
    if (odd := _oddness(tensor)) is not None:
        raise TypeError(Phrase("the policy gave {odd}; expected the values of an action", odd=odd))
    if not tensor.is_floating_point():
        tensor = tensor.to(torch.float32)
    if tensor.ndim == 0 or (tensor.ndim == 1 and examples == 1):
        tensor = tensor.reshape(1, -1)
    if tensor.ndim == 1 and len(tensor) == examples:
        tensor = tensor[:, None]
    return tensor.flatten(1) if tensor.ndim > 2 and len(tensor) == examples else tensor


def _oddness(tensor: torch.Tensor) -> str | None:
    """Why nothing could be computed from it; None where it can."""
    if tensor.is_meta:
        return Phrase("a tensor that holds no values (on the device 'meta')")
    if tensor.is_complex():
        return Phrase("complex numbers")
    if tensor.layout != torch.strided or tensor.is_quantized:
        return Phrase("a sparse or quantised tensor")
    if tensor.numel() == 0 or tensor.numel() > MOST_VALUES:
        return Phrase(
            "a tensor of {count:,} values, of shape {shape}",
            count=tensor.numel(),
            shape=tuple(tensor.shape),
        )
    return None


def _tensor(given: Any, examples: int) -> torch.Tensor:
    if torch.is_tensor(given):
        return given
    if isinstance(given, np.ndarray | np.generic):
        return torch.from_numpy(np.array(given))
    if isinstance(given, Mapping):
        return _tensor(_entry(given), examples)
    if isinstance(given, list | tuple) and given:
        return _of_sequence(given, examples)
    if isinstance(given, int | float):
        return torch.tensor([given], dtype=torch.float32)
    if (logits := getattr(given, "logits", None)) is not None:  # an output class of transformers
        return _tensor(logits, examples)
    raise TypeError(
        Phrase(
            "the policy gave {kind}; expected a tensor or array of shape (batch, action) or "
            "(batch, step, dim), or a dict that holds one as 'action'",
            kind=type(given).__name__,
        )
    )


def _of_sequence(given: list[Any] | tuple[Any, ...], examples: int) -> torch.Tensor:
    if all(_is_number(each) for each in given):
        return torch.tensor([float(each) for each in given], dtype=torch.float32)
    if isinstance(given, tuple):
        return _tensor(given[0], examples)
    if len(given) == examples:
        return torch.stack([_tensor(each, 1).flatten() for each in given])
    if examples == 1:  # the steps of one chunk
        return torch.stack([_tensor(each, 1).flatten() for each in given])[None]
    raise TypeError(
        Phrase(
            "the policy gave a list of {count} for {examples} examples; expected one entry each",
            count=len(given),
            examples=examples,
        )
    )


def _is_number(given: Any) -> bool:
    """Also numpy's numbers, and tensors that hold one."""
    if torch.is_tensor(given) or isinstance(given, np.ndarray):
        return given.ndim == 0
    return isinstance(given, int | float | np.generic)


def _entry(given: Mapping[Any, Any]) -> Any:
    for name in NAMES:
        if name in given:
            return given[name]
    tensors = [each for each in given.values() if torch.is_tensor(each)]
    if len(tensors) == 1:
        return tensors[0]
    raise TypeError(
        Phrase(
            "the policy gave a dict with {given}; expected the action under one of the names "
            "{names}",
            given=", ".join(map(str, given)) or Phrase("no entries"),
            names=", ".join(NAMES),
        )
    )
