"""On which rows of each attention computation the action rests directly.

Directly: by the way beside all later attention (residual stream, projections, norms, loops), with
what these read held as it was. Such query rows are the *action rows* of a computation: those that
are decoded, in this stack or flow step or another. Found by reverse-mode differentiation over the
recorded operators, each run again by itself: so it works for policies that run without gradients
or in inference mode. What has no derivative (an argmax, a look-up by id, a clamp at its limit)
passes on that something depends on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch

from heedmap.tracing.graph.places import end_of, gives_views, places_of
from heedmap.tracing.trail.kinds import OVERWRITING, SATURATING
from heedmap.tracing.trail.recording import Operator, Recording, Value

_ELEMENTWISE_CUTOFFS = SATURATING - {
    "argmax", "topk", "sort", "max", "softmax", "_softmax", "log_softmax", "_log_softmax",
    "bucketize", "gelu", "silu", "elu", "mish", "softplus", "tanh", "sigmoid",
}  # fmt: skip
"""Have no slope over a part of their range; here they pass everything on."""

_SOFTMAXES = frozenset({"_softmax", "_log_softmax", "_safe_softmax"})
_LOOKUPS = frozenset({"index", "embedding", "gather", "index_select", "take"})

Dependence = Mapping[int, torch.Tensor]
"""By operator number: which entries of its output the action rests on directly (non-zero)."""


def direct_dependence(
    recording: Recording, action: Sequence[Value], at: Collection[int], seed: int = 0
) -> Dependence:
    """For the operators numbered in `at`, where the action rests on what they gave.

    `action` are the values of the recording that it is, or is made from. Nothing is followed past
    these operators into what they took.
    """
    back = _Backward()
    generator = torch.Generator().manual_seed(seed)
    # Each is added where it was made: what lay in its place before is another value.
    last = {value.made_by[-1]: value for value in action if value.made_by}
    found: dict[int, torch.Tensor] = {}
    for operator in reversed(recording.operators):
        if (value := last.get(operator.number)) is not None:
            shape = value.tensor.shape
            back.add(value, torch.randn(shape, generator=generator, dtype=torch.float64))
        if gives_views(operator):
            continue  # what lies in one place needs no rule
        arriving = [back.take(value) for value in operator.outputs]
        if not any(_is_any(each) for each in arriving):
            continue
        if operator.number in at:
            if arriving[0] is not None:
                found[operator.number] = arriving[0]
            continue
        if operator.takes_only_shapes:
            continue
        for value, gradient in zip(operator.inputs, _through(operator, arriving), strict=True):
            if gradient is not None and not value.is_weight:
                back.add(value, gradient)
    return found


class _Backward:
    """What has arrived so far, by place in memory: so that views need no rule of their own."""

    def __init__(self) -> None:
        self._by_storage: dict[tuple[int, bool], torch.Tensor] = {}

    def add(self, value: Value, gradient: torch.Tensor) -> None:
        """Something more depends on these entries."""
        held = self._held(value)
        if held is not None:
            # One by one, for entries of an expanded view lie in one place.
            flat = gradient.detach().abs().double().cpu().reshape(-1)
            largest = flat.max()
            if largest > 0:  # in size; only what is not zero matters
                _add(held, value, flat / largest)

    def take(self, value: Value) -> torch.Tensor | None:
        """What arrived at an output; what lay in its place before is another value."""
        held = self._held(value)
        if held is None:
            return None
        index = places_of(value)
        found = held[index].clone().reshape(value.tensor.shape)
        held[index] = 0
        return found

    def _held(self, value: Value) -> torch.Tensor | None:
        if value.place is None or not value.tensor.numel():
            return None
        key = value.place.storage, value.tensor.is_complex()
        largest = end_of(value)
        held = self._by_storage.get(key)
        if held is None or len(held) < largest:
            wider = torch.zeros(largest, dtype=torch.float64)
            if held is not None:
                wider[: len(held)] = held
            self._by_storage[key] = held = wider
        return held


def _add(held: torch.Tensor, value: Value, flat: torch.Tensor) -> None:
    places = places_of(value)
    if isinstance(places, slice):
        held[places] += flat
    else:  # one by one, for entries of an expanded view lie in one place
        held.index_add_(0, places, flat)


def _is_any(gradient: torch.Tensor | None) -> bool:
    return gradient is not None and bool((gradient != 0).any())


def _through(
    operator: Operator, arriving: Sequence[torch.Tensor | None]
) -> list[torch.Tensor | None]:
    """What depends on each input, given what depends on the outputs."""
    short = operator.short_name
    if short in _SOFTMAXES:  # flat where one entry has all the weight
        axis = operator.args[1]
        return [_along_axis(value, arriving[0], axis) for value in operator.inputs]
    found = None if short in _ELEMENTWISE_CUTOFFS else _by_derivative(operator, arriving)
    largest = max(
        (each for each in arriving if each is not None), key=lambda each: each.numel()
    ).abs()
    if found is not None and (short in OVERWRITING or any(_is_any(each) for each in found)):
        if short in _LOOKUPS:  # which entries are picked decides, too
            pairs = zip(operator.inputs, found, strict=True)
            return [_by_shape(v, largest) if _is_index(v) else each for v, each in pairs]
        return found
    by_shape = [_by_shape(value, largest) for value in operator.inputs]
    # What is written over is gone.
    return [None, *by_shape[1:]] if short in OVERWRITING else by_shape


def _along_axis(value: Value, gradient: torch.Tensor | None, axis: int) -> torch.Tensor | None:
    """All entries along an axis depend on one another."""
    if gradient is None or value.is_weight:
        return None
    return gradient.abs().sum(dim=axis, keepdim=True).expand(value.tensor.shape)


def _is_index(value: Value) -> bool:
    return not _can_differ(value.tensor)


def _by_derivative(
    operator: Operator, arriving: Sequence[torch.Tensor | None]
) -> list[torch.Tensor | None] | None:
    """By running the operator again; None where it has no derivative."""
    leaves = [
        value.tensor.detach().clone().requires_grad_()
        if _can_differ(value.tensor) and not value.is_weight
        else None
        for value in operator.inputs
    ]
    if not any(leaf is not None for leaf in leaves):
        return None
    given = {
        id(value): (value.tensor if leaf is None else _not_a_leaf(leaf))
        for value, leaf in zip(operator.inputs, leaves, strict=True)
    }
    with torch.inference_mode(False), torch.enable_grad():
        try:
            result = operator.func(
                *_filled(operator.args, given), **_filled(dict(operator.kwargs), given)
            )
            outputs = [each for each in _flat(result) if torch.is_tensor(each)]
            pairs = [
                (output, gradient.to(output.dtype).to(output.device))
                for output, gradient in zip(outputs, arriving, strict=False)
                if gradient is not None and output.requires_grad and output.shape == gradient.shape
            ]
            if not pairs:
                return None
            wanted = [leaf for leaf in leaves if leaf is not None]
            gradients = iter(
                torch.autograd.grad(
                    [output for output, _ in pairs],
                    wanted,
                    [gradient for _, gradient in pairs],
                    allow_unused=True,
                )
            )
        except (RuntimeError, TypeError, NotImplementedError):
            return None
    return [None if leaf is None else next(gradients) for leaf in leaves]


def _not_a_leaf(leaf: torch.Tensor) -> torch.Tensor:
    """An operator may write into what it takes, which a leaf forbids."""
    return leaf.view_as(leaf) if leaf.ndim == 0 else leaf.clone()


def _can_differ(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _filled(nested: Any, given: Mapping[int, torch.Tensor]) -> Any:
    if isinstance(nested, Value):
        return given[id(nested)]
    if isinstance(nested, tuple | list):
        return [_filled(each, given) for each in nested]
    if isinstance(nested, dict):
        return {name: _filled(each, given) for name, each in nested.items()}
    return nested


def _flat(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]


def _by_shape(value: Value, gradient: torch.Tensor) -> torch.Tensor | None:
    """Without a derivative: entries depend on those in their place, else all on all."""
    if value.is_weight:
        return None
    shape = value.tensor.shape
    if tuple(shape) == tuple(gradient.shape):
        return gradient
    if value.tensor.numel() == 1:
        return gradient.sum().reshape(shape)
    for reduced in (_summed_to(gradient, shape), _spread_over(gradient, shape)):
        if reduced is not None:
            return reduced
    return torch.full(shape, float(gradient.sum()), dtype=torch.float64)


def _summed_to(gradient: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """The input was broadcast, or each of its entries (an id) gave a row."""
    try:
        if torch.broadcast_shapes(shape, gradient.shape) == gradient.shape:
            return gradient.sum_to_size(shape)
    except RuntimeError:
        pass
    if gradient.shape[: len(shape)] == shape:
        return gradient.flatten(len(shape)).sum(-1) if gradient.ndim > len(shape) else gradient
    return None


def _spread_over(gradient: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """One axis was reduced, as by an argmax: all of it is what each entry depends on."""
    for axis in range(len(shape)):
        kept = shape[:axis] + shape[axis + 1 :]
        if tuple(gradient.shape) == tuple(kept):
            return gradient.unsqueeze(axis).expand(shape)
    return None
