"""Where in a run's memory the entries of a value lie: so that views need no rule of their own."""

from __future__ import annotations

import torch

from heedmap.tracing.trail.recording import Operator, Value


def end_of(value: Value) -> int:
    """One behind the last place in its storage."""
    assert value.place is not None
    sizes = zip(value.tensor.shape, value.place.stride, strict=True)
    return value.place.offset + sum((size - 1) * stride for size, stride in sizes) + 1


def places_of(value: Value) -> torch.Tensor | slice:
    """Of every entry, its place in the storage."""
    assert value.place is not None
    if end_of(value) - value.place.offset == value.tensor.numel() and _is_in_order(value):
        return slice(value.place.offset, value.place.offset + value.tensor.numel())
    index = torch.full((), value.place.offset, dtype=torch.long)
    for size, stride in zip(value.tensor.shape, value.place.stride, strict=True):
        index = index[..., None] + stride * torch.arange(size)
    return index.reshape(-1)


def gives_views(operator: Operator) -> bool:
    """Whether what it gave lies where something lay that it took, unchanged."""
    if operator.func._schema.is_mutable or not operator.outputs:
        return False
    taken = {
        (value.place.storage, value.tensor.is_complex())
        for value in operator.inputs
        if value.place is not None
    }
    return all(
        value.place is not None and (value.place.storage, value.tensor.is_complex()) in taken
        for value in operator.outputs
    )


def _is_in_order(value: Value) -> bool:
    assert value.place is not None
    expected = 1
    for size, stride in reversed(list(zip(value.tensor.shape, value.place.stride, strict=True))):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True
