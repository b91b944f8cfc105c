"""What a layer of a stack is called with: its states, and all other inputs that are per position.

Masks and rotary tables have one entry a position, as the states have. Where a layer is to
run on some positions only, or on those of several sequences at once, they are taken along.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from heedmap.errors import CaptureError
from heedmap.types import Embeddings


class NotShareableError(CaptureError):
    """This network's layers cannot be run on a part of their positions; the message says why."""


@dataclass(frozen=True)
class LayerInput:
    """Arguments of one call of a layer; `place` is where the states (batch, position, dim) are."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: int | str

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any], length: int) -> LayerInput:
        """Raises NotShareableError where no argument is (batch, `length`, dim)."""
        for place, value in [*enumerate(args), *kwargs.items()]:
            is_states = torch.is_tensor(value) and value.is_floating_point() and value.ndim == 3
            if is_states and value.shape[1] == length:
                return cls(args, kwargs, place)
        raise NotShareableError(
            "its layers take no states of shape (batch, {length}, dim); position-first layers are "
            "run whole",
            length=length,
        )

    @property
    def states(self) -> Embeddings:
        """The states that enter the layer."""
        return self.args[self.place] if isinstance(self.place, int) else self.kwargs[self.place]

    @property
    def others(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with None in the states' place."""
        return self._with(None)

    def replaced(
        self, states: Embeddings, others: tuple[tuple[Any, ...], dict[str, Any]]
    ) -> LayerInput:
        """Other arguments, and these states in their place."""
        return replace(self, args=others[0], kwargs=others[1])._holding(states)

    def _holding(self, states: Embeddings) -> LayerInput:
        args, kwargs = self._with(states)
        return replace(self, args=args, kwargs=kwargs)

    def _with(self, value: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if isinstance(self.place, int):
            return (*self.args[: self.place], value, *self.args[self.place + 1 :]), self.kwargs
        return self.args, {**self.kwargs, self.place: value}


def at_positions(value: Any, length: int, positions: torch.Tensor) -> Any:
    """Arguments of a layer at some of `length` positions, for one example; caches are left out."""
    if torch.is_tensor(value):
        for axis in position_axes(value, length):
            value = value.index_select(axis, positions.to(value.device))
        return value
    if isinstance(value, list | tuple):
        return type(value)(at_positions(each, length, positions) for each in value)
    if isinstance(value, dict):
        return {key: at_positions(each, length, positions) for key, each in value.items()}
    return None if is_cache(value) else value


def is_cache(value: Any) -> bool:
    """Whether it is a cache of transformers, which is imported only by policies that use it."""
    transformers = sys.modules.get("transformers")
    return transformers is not None and isinstance(value, transformers.Cache)


def suffixes_stacked(values: Sequence[Any], lengths: Sequence[int], prefix: int) -> Any:
    """Arguments of several sequences behind their common prefix, as one batch, padded in front.

    Raises NotShareableError where a tensor without positions is not the same for all.
    """
    first = values[0]
    if isinstance(first, list | tuple):
        columns = zip(*values, strict=True)
        return type(first)(suffixes_stacked(column, lengths, prefix) for column in columns)
    if isinstance(first, dict):
        return {
            key: suffixes_stacked([value[key] for value in values], lengths, prefix)
            for key in first
        }
    if not torch.is_tensor(first):
        return None if is_cache(first) else first
    axes = position_axes(first, lengths[0])
    if not axes:
        if all(torch.equal(first, other) for other in values[1:]):
            return first
        raise NotShareableError("its layers take a tensor that is another for every instruction")
    width = max(lengths) - prefix
    padded = [
        _padded_suffix(value, position_axes(value, length), length, prefix, width)
        for value, length in zip(values, lengths, strict=True)
    ]
    batch_axis = axes[0] - 1 if len(axes) == 1 else 0
    if batch_axis < 0 or first.shape[batch_axis] != 1:
        raise NotShareableError("its layers take a table of positions without a batch axis")
    return torch.cat(padded, dim=batch_axis)


def position_axes(tensor: torch.Tensor, length: int) -> tuple[int, ...]:
    """Axes that count positions, by the shapes in use.

    (position,), (batch, position), (batch, position, dim), (axis, batch, position),
    (batch, head, query, key), (axis, batch, position, dim), (batch, position, head, dim).
    """
    shape = tensor.shape
    preferred = {1: [(0,)], 2: [(0, 1)], 3: [(1, 2)], 4: [(2, 3)]}.get(len(shape), [])
    fallback = {2: [(1,), (0,)], 3: [(1,), (2,), (0,)], 4: [(2,), (1,), (3,)]}.get(len(shape), [])
    for axes in (*preferred, *fallback):
        if all(shape[axis] == length for axis in axes):
            return axes
    return ()


def _padded_suffix(
    tensor: torch.Tensor, axes: tuple[int, ...], length: int, prefix: int, width: int
) -> torch.Tensor:
    """Positions from `prefix` on, the first of them repeated in front up to `width`."""
    missing = width - (length - prefix)
    positions = torch.cat([torch.full((missing,), prefix), torch.arange(prefix, length)])
    for axis in axes:
        tensor = tensor.index_select(axis, positions.to(tensor.device))
    return tensor
