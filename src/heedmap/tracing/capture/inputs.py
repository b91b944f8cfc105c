"""The sequence that enters a stack's first layer, and the states that leave its last.

Both can be read and both can be replaced: reading shows what is where, replacing is an
intervention. A layer is the numbered module around an attention module; its sequence is
the first floating tensor it takes (or gives) that has one entry a position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from heedmap.errors import CaptureError, HeedmapError
from heedmap.phrase import Phrase
from heedmap.tracing.capture.stacks import Stack, pattern_of
from heedmap.types import Embeddings

EditSequence = Callable[[Embeddings], Embeddings]


class SequenceLengthError(CaptureError):
    """The sequence is not as long as expected, or the layer takes none."""


@dataclass
class SequenceCapture:
    """The sequences that entered a layer, one for each time it ran."""

    layer_name: str
    calls: list[Embeddings] = field(default_factory=list)

    def only(self) -> Embeddings:
        """The sequence of the one forward pass. Raises CaptureError unless it ran once."""
        if len(self.calls) != 1:
            raise CaptureError(
                "The layer '{name}' ran {count} times in one forward pass, expected once; "
                "give a policy that decodes one action (step) at a time.",
                name=self.layer_name,
                count=len(self.calls),
            )
        return self.calls[0]


@contextmanager
def capture_entering(
    module: nn.Module, stack: Stack, edit: EditSequence | None = None
) -> Iterator[SequenceCapture]:
    """Record what enters the first layer of `stack`; the hook is removed in any case.

    `edit` may replace the sequence by another of the same shape, which the layer then takes.
    Sequences are (batch, position, dim), whichever way the layer has its axes.
    """
    capture = SequenceCapture(stack.first_block)

    def note(sequence: Embeddings) -> Embeddings | None:
        capture.calls.append(sequence.detach().clone())
        return None if edit is None else edit(sequence)

    handle = _before_layer(module.get_submodule(stack.first_block), stack, note)
    try:
        yield capture
    finally:
        handle.remove()


@contextmanager
def edit_entering_layers(
    module: nn.Module, stack: Stack, edit: Callable[[int, Embeddings], Embeddings | None]
) -> Iterator[None]:
    """Replace what enters every layer by `edit(layer, states)`; None leaves it as it is."""
    handles = [
        _before_layer(module.get_submodule(name), stack, partial(edit, layer))
        for layer, name in enumerate(stack.block_names)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _before_layer(
    layer: nn.Module, stack: Stack, edit: Callable[[Embeddings], Embeddings | None]
) -> RemovableHandle:
    """A hook that shows a layer's sequence to `edit` and puts what that gives in its place."""

    def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        place, tensor = _find([*enumerate(args), *kwargs.items()], stack.length, stack.first_block)
        axis = _position_axis(tensor, stack.length)
        replaced = edit(_batch_first(tensor, axis))
        if replaced is None:
            return None
        edited = _as_before(replaced, tensor, axis)
        if isinstance(place, int):
            return (*args[:place], edited, *args[place + 1 :]), kwargs
        return args, {**kwargs, place: edited}

    return layer.register_forward_pre_hook(hook, with_kwargs=True)


@contextmanager
def edit_leaving(module: nn.Module, stack: Stack, edit: EditSequence) -> Iterator[None]:
    """Replace the states that leave the last layer of `stack` by `edit` of them."""
    layer = module.get_submodule(stack.last_block)

    def hook(_: nn.Module, __: Any, output: Any) -> Any:
        parts = list(output) if isinstance(output, tuple | list) else [output]
        place, tensor = _find(list(enumerate(parts)), stack.length, stack.last_block)
        axis = _position_axis(tensor, stack.length)
        parts[place] = _as_before(edit(_batch_first(tensor, axis)), tensor, axis)
        if not isinstance(output, tuple | list):
            return parts[0]
        return tuple(parts) if isinstance(output, tuple) else parts

    handle = layer.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


class ReachedError(HeedmapError):
    """Raised inside a policy when its first layer has been reached and no more is wanted."""


@contextmanager
def stopping_before(module: nn.Module, layer_name: str) -> Iterator[None]:
    """End the forward pass, and the body with it, where that layer would begin."""

    def stop(*_: Any) -> None:
        raise ReachedError("The layer '{name}' was reached.", name=layer_name)

    handle = module.get_submodule(layer_name).register_forward_pre_hook(stop)
    try:
        with suppress(ReachedError):
            yield
    finally:
        handle.remove()


class Boundary:
    """What the layers of a stack took and gave in one pass, of whatever length it was."""

    def __init__(self) -> None:
        self._taken: list[tuple[Any, Any]] | None = None
        self._given: dict[str, Any] = {}
        self.last_output: Any = None
        """What the last layer gave, in its own form."""
        self.at_begin: int | None = None
        """What was counted when the first of the layers began."""

    def entering(self, length: int) -> Embeddings:
        """The sequence that entered the first layer. Raises SequenceLengthError otherwise."""
        return self._sequence(self._taken or [], length, next(iter(self._given), ""))

    def leaving(self, length: int) -> tuple[Embeddings, ...]:
        """The states that left every layer, in the order in which they ran."""
        return tuple(
            self._sequence(list(enumerate(_parts(output))), length, name)
            for name, output in self._given.items()
        )

    def _sequence(self, candidates: list[tuple[Any, Any]], length: int, name: str) -> Embeddings:
        _, tensor = _find(candidates, length, name)
        return _batch_first(tensor, _position_axis(tensor, length))

    def begin(
        self, count: Callable[[], int], _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Hook: keeps what the first layer takes."""
        if self._taken is None:
            self.at_begin = count()
            given = [*enumerate(args), *kwargs.items()]
            self._taken = [(place, _kept(value)) for place, value in given if _is_states(value)]

    def end(self, name: str, keep: bool, _: nn.Module, __: Any, output: Any) -> None:
        """Hook: keeps what a layer gives."""
        self.last_output = _copied_states(output)
        self._given[name] = self.last_output if keep else None


@contextmanager
def watch_boundaries(
    module: nn.Module, blocks: Sequence[str], count: Callable[[], int], *, leaving: bool = False
) -> Iterator[dict[str, Boundary]]:
    """Watch layers of these names, by their pattern; leaves no hook behind.

    `count` is asked when the first of a pattern begins. With `leaving`, what they give is kept.
    """
    boundaries: dict[str, Boundary] = {}
    handles: list[RemovableHandle] = []
    for name in blocks:
        boundary = boundaries.setdefault(pattern_of(name), Boundary())
        layer = module.get_submodule(name)
        begin, end = partial(boundary.begin, count), partial(boundary.end, name, leaving)
        handles.append(layer.register_forward_pre_hook(begin, with_kwargs=True))
        handles.append(layer.register_forward_hook(end))
    try:
        yield boundaries
    finally:
        for handle in handles:
            handle.remove()


def _is_states(value: Any) -> bool:
    return torch.is_tensor(value) and value.is_floating_point() and value.ndim in (2, 3)


def _kept(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone()


def _parts(output: Any) -> list[Any]:
    return list(output) if isinstance(output, tuple | list) else [output]


def _copied_states(output: Any) -> Any:
    copies = [_kept(part) if _is_states(part) else None for part in _parts(output)]
    return tuple(copies) if isinstance(output, tuple | list) else copies[0]


def _find(candidates: list[tuple[Any, Any]], length: int, name: str) -> tuple[Any, torch.Tensor]:
    """The first floating tensor with one entry per position, and its place."""
    for place, value in candidates:
        if _is_states(value) and _position_axis(value, length) >= 0:
            return place, value
    shapes = [tuple(v.shape) for _, v in candidates if torch.is_tensor(v)]
    raise SequenceLengthError(
        "The layer '{name}' neither takes nor gives a sequence of {length} positions (tensors "
        "found: {shapes}); put each attention layer into an nn.Module of its own that takes and "
        "gives (batch, position, dim).",
        name=name,
        length=length,
        shapes=shapes or Phrase("none"),
    )


def _position_axis(tensor: torch.Tensor, length: int) -> int:
    """The axis of positions: 1 of (batch, position, dim), 0 of (position, batch, dim)."""
    preferred = (1, 0) if tensor.ndim == 3 else (0,)
    return next((axis for axis in preferred if tensor.shape[axis] == length), -1)


def _batch_first(tensor: torch.Tensor, axis: int) -> Embeddings:
    if tensor.ndim == 2:
        return tensor[None]
    return tensor if axis == 1 else tensor.transpose(0, 1)


def _as_before(sequence: Embeddings, like: torch.Tensor, axis: int) -> torch.Tensor:
    if like.ndim == 2:
        return sequence[0]
    return sequence if axis == 1 else sequence.transpose(0, 1)
