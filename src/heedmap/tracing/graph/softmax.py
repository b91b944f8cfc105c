"""Attention that is written out: from a product back to its softmax, and to queries and keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from jaxtyping import Shaped

from heedmap.tracing.capture.trace import MATRIX_PRODUCTS
from heedmap.tracing.trail.kinds import PRODUCTS
from heedmap.tracing.trail.recording import Operator, Recording, Value
from heedmap.tracing.trail.softmax import STEPS, VIEWS, softmax_before

# fmt: off
_SAME_ORDER = frozenset({"_to_copy", "native_dropout"})
_SCALES = frozenset({
    "mul", "div", "add", "sub", "masked_fill", "where", "tanh", "clamp", "neg", "maximum",
})
# fmt: on
_SAME_LAYOUT = _SAME_ORDER | {"view", "_unsafe_view", "reshape", "contiguous", "clone", "alias"}
QueryRows = Shaped[torch.Tensor, "group query dim"]
KeyRows = Shaped[torch.Tensor, "group key dim"]


class GateError(Exception):
    """A softmax over outputs of a linear map weighs something, but not rows by queries and keys."""


def places_before(recording: Recording, value: Value) -> tuple[Operator, torch.Tensor] | None:
    """The softmax that a factor is a copy or view of, and of each entry its place in there."""
    found = softmax_before(recording, value)
    return None if found is None else (found.softmax, _places(*found))


def _places(softmax: Operator, steps: Iterable[Operator]) -> torch.Tensor:
    """Numbers of a softmax's entries, through the views that follow it."""
    given = softmax.outputs[0].tensor
    numbers = torch.arange(given.numel(), device=given.device).reshape(given.shape)
    for step in steps:
        if step.short_name not in _SAME_ORDER:
            args = [numbers if isinstance(arg, Value) else arg for arg in step.args]
            numbers = step.func(*args, **step.kwargs)
    return numbers


def factors_of_scores(
    recording: Recording, softmax: Operator, weights: torch.Tensor
) -> tuple[QueryRows, KeyRows, Value] | None:
    """Queries and keys whose product the softmax was taken of, and the queries' factor.

    None where none is recognised. Raises GateError where what is weighed are outputs of a linear
    map: a mixture of experts, or bins of an action.
    """
    value = softmax.inputs[0]
    groups, queries, keys = weights.shape
    before, behind = 0, 0  # columns of learned sinks, which no key is in
    is_in_order = True
    for _ in range(STEPS):
        if not value.made_by:
            return None
        operator = recording.operators[value.made_by[-1]]
        short = operator.short_name
        if operator.name in MATRIX_PRODUCTS and len(operator.inputs) > 1:
            one, two = (each.tensor for each in operator.inputs[-2:])
            if one.ndim == 2:
                one, two = one[None], two[None]
            two = two.mT
            lengths = (keys, keys - before - behind)
            if one.shape[:2] == (groups, queries) and two.shape[0] == groups:
                if operator.inputs[-1].is_weight:
                    raise GateError
                if two.shape[1] in lengths:
                    return one, _as_many(two, keys, before), operator.inputs[-2]
            is_turned = one.shape[0] == groups and two.shape[:2] == (groups, queries)
            if is_turned and one.shape[1] in lengths:
                return two, _as_many(one, keys, before), operator.inputs[-1]
            return None
        if operator.name == "aten::sum":
            return _factors_of_sum(recording, operator, weights) if is_in_order else None
        if short in ("addmm", "linear", "addmv") and any(v.is_weight for v in operator.inputs):
            raise GateError
        scores = [each for each in operator.inputs if each.tensor.is_floating_point()]  # no masks
        if short == "cat" and scores:
            value = max(scores, key=lambda each: each.tensor.numel())
            sizes = [each.tensor.shape[operator.args[1]] for each in operator.inputs]
            at = operator.inputs.index(value)
            is_in_order = False
            before, behind = before + sum(sizes[:at]), behind + sum(sizes[at + 1 :])
            continue
        if short not in VIEWS | _SCALES or not scores:
            return None
        is_in_order &= short not in VIEWS or short in _SAME_LAYOUT
        value = max(scores, key=lambda each: each.tensor.numel())
    return None


def _factors_of_sum(
    recording: Recording, operator: Operator, weights: torch.Tensor
) -> tuple[QueryRows, KeyRows, Value] | None:
    """Where scores are a product that is summed over its features, in the softmax's own layout.

    `weights` are places in the softmax: rows of the queries' factor are the same for all keys.
    """
    made_by = operator.inputs[0].made_by
    product = recording.operators[made_by[-1]] if made_by else None
    axes = operator.args[1] if len(operator.args) > 1 else None
    if product is None or product.short_name != "mul" or len(product.inputs) != 2:
        return None
    if not isinstance(axes, tuple | list) or len(axes) != 1:
        return None
    shape = list(product.outputs[0].tensor.shape)
    axis = int(axes[0]) % len(shape)
    del shape[axis]
    found: list[tuple[torch.Tensor, Value] | None] = [None, None]
    for factor in product.inputs:
        laid = factor.tensor.movedim(axis, -1)
        if laid.ndim - 1 != len(shape) or operator.outputs[0].tensor.numel() <= int(weights.max()):
            return None
        numbers = torch.arange(laid[..., 0].numel(), device=laid.device)
        at = numbers.reshape(laid.shape[:-1]).expand(shape).flatten()[weights]
        rows = laid.flatten(0, -2)
        if bool((at == at[..., :1]).all()):
            found[0] = rows[at[..., 0]], factor
        elif bool((at == at[:, :1]).all()):
            found[1] = rows[at[:, 0]], factor
    queries, keys = found
    return None if queries is None or keys is None else (queries[0], keys[0], queries[1])


def _as_many(keys: KeyRows, count: int, before: int) -> KeyRows:
    """With rows of zeros in the place of sinks, where these are still columns of the weights."""
    missing = count - keys.shape[1]
    return torch.nn.functional.pad(keys, (0, 0, before, missing - before)) if missing else keys


def _unviewed(recording: Recording, value: Value) -> Value:
    """What a value is a view of: each projection may view its input for itself."""
    while value.made_by:
        maker = recording.operators[value.made_by[-1]]
        if maker.short_name not in VIEWS - _SAME_ORDER or len(maker.inputs) != 1:
            return value
        value = maker.inputs[0]
    return value


class Source(NamedTuple):
    """Where the queries of a computation come from."""

    module: str
    hidden: Value | None
    """What they were projected from; None where no projection was recognised."""


def source_of(recording: Recording, operator: Operator, queries: Value | None) -> Source:
    """The projection that made the queries, and the module around it (see `Node.module`)."""
    value = queries
    for _ in range(2 * STEPS):
        if value is None or not value.made_by:
            break
        maker = recording.operators[value.made_by[-1]]
        activations = [each for each in maker.inputs if not each.is_weight]
        largest = max(activations, key=lambda each: each.tensor.numel(), default=None)
        if len(activations) < len(maker.inputs) and maker.short_name in PRODUCTS:
            around, _, _ = maker.module.rpartition(".")
            is_inside = around.startswith(f"{operator.module}." if operator.module else "")
            module = around if around and is_inside else operator.module
            return Source(module, None if largest is None else _unviewed(recording, largest))
        value = largest
    return Source(operator.module, None)
