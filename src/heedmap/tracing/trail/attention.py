"""Attention as it lies in a recording: a fused kernel, or a softmax multiplied with values."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from heedmap.tracing.capture.calls import AttentionCall, WrittenOutCall
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.capture.trace import (
    MATRIX_PRODUCTS,
    is_fused_attention,
)
from heedmap.tracing.graph.nodes import node_at
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.fused import fused_call_of
from heedmap.tracing.trail.recording import Operator, Recording, Value
from heedmap.tracing.trail.softmax import VIEWS, softmax_before

# fmt: off
_JOINS = frozenset({
    "cat", "stack", "split", "split_with_sizes", "unbind", "select", "chunk",
    "add", "mul", "copy", "index_copy", "slice_scatter", "narrow",
})
# fmt: on
"""Further ways of a projection to the attention that reads it: biases, masks, caches."""


@dataclass(frozen=True, eq=False)
class Read:
    """One attention computation of the base run, and what of its keys differs."""

    operator: Operator
    call: AttentionCall
    differing_keys: tuple[int, ...]
    """Positions at which keys or values differ between the runs."""
    differing_queries: tuple[int, ...]
    """Positions at which queries differ; empty where they were not seen."""
    values_are_equal: bool
    """Whether the values there are the same in both runs, so that only the keys differ."""
    is_causal: bool
    differing_examples: tuple[int, ...] = ()
    """Of a batch of several branches, those that differ; empty where that was not told apart."""


def reads_of(words: Differences, number: int) -> Read | None:
    """The attention that an operator computes; None where it is none."""
    operator, other = words.base.operators[number], words.matched.get(number)
    if is_fused_attention(operator.name):
        return _fused(words, operator, other)
    if operator.name in MATRIX_PRODUCTS:
        return _written_out(words, operator, other) or _in_any_layout(words, operator, other)
    if operator.short_name in ("mul", "sum"):
        return _in_any_layout(words, _sum_of(words.base, operator), other)
    return None


def _sum_of(base: Recording, operator: Operator) -> Operator:
    """Of a product the sum over it, where that comes next; else itself."""
    following = base.operators[operator.number + 1 : operator.number + 2]
    is_next = operator.short_name == "mul" and following and following[0].short_name == "sum"
    if is_next and following[0].inputs[0].made_by == (operator.number,):
        return following[0]
    return operator


def _in_any_layout(words: Differences, operator: Operator, other: Operator | None) -> Read | None:
    """As an attention graph recognises it: keys first, a product and a sum, einsum."""
    theirs = None if other is None else words.matched.get(operator.number)
    if theirs is None:
        return None
    mine, their = node_at(words.base, operator), node_at(words.other, theirs)
    if mine is None or their is None or mine.values.shape != their.values.shape:
        return None
    if mine.scores is None or mine.query_count != their.query_count:
        return None
    weights = mine.weights(range(mine.query_count))
    call = WrittenOutCall(
        module_name=operator.module,
        backend="softmax",
        scores=mine.scores[None],
        weights=weights[None],
        value=mine.values[None],
    )
    values_apart = _rows_apart(mine.values, their.values)
    weights_apart = _columns_apart(weights, their.weights(range(mine.query_count)))
    return Read(
        operator,
        call,
        _numbers(values_apart if bool(values_apart.any()) else weights_apart),
        (),
        not bool(values_apart.any()),
        _is_lower_triangle(call),
    )


def _fused(words: Differences, operator: Operator, other: Operator | None) -> Read | None:
    mine = fused_call_of(operator)
    if other is None:
        return None
    theirs = fused_call_of(other)
    if mine.key.shape != theirs.key.shape or mine.value.shape != theirs.value.shape:
        return None
    apart = _rows_apart(mine.key, theirs.key) | _rows_apart(mine.value, theirs.value)
    is_causal = mine.is_causal or _is_lower_triangle(mine)
    return Read(
        operator,
        mine,
        _numbers(apart),
        _numbers(_rows_apart(mine.query, theirs.query)),
        not bool(_rows_apart(mine.value, theirs.value).any()),
        is_causal,
        _examples(mine.key != theirs.key, mine.value != theirs.value),
    )


def _examples(*apart: torch.Tensor) -> tuple[int, ...]:
    """Along the batch, where any of these differs."""
    return _numbers(torch.stack([each.flatten(1).any(dim=1) for each in apart]).any(dim=0))


def _written_out(words: Differences, operator: Operator, other: Operator | None) -> Read | None:
    if other is None or len(operator.inputs) < 2 or len(other.inputs) < 2:
        return None
    factors, theirs = operator.inputs[-2:], other.inputs[-2:]
    for index in (0, 1):
        weights, values = factors[index].tensor, factors[1 - index].tensor
        other_values = theirs[1 - index].tensor
        if values.ndim < 2 or values.shape[-2] != weights.shape[-1]:
            continue
        scores = _scores_of(words.base, factors[index])
        if scores is None:
            continue
        if other_values.shape != values.shape or theirs[index].tensor.shape != weights.shape:
            return None
        shape = (1, -1, *weights.shape[-2:])
        call = WrittenOutCall(
            module_name=operator.module,
            backend="softmax",
            scores=scores.reshape(shape),
            weights=weights.reshape(shape),
            value=values.reshape(1, -1, *values.shape[-2:]),
        )
        values_apart = _rows_apart(values, other_values)
        weights_apart = _columns_apart(weights, theirs[index].tensor)
        return Read(
            operator,
            call,
            _numbers(values_apart if bool(values_apart.any()) else weights_apart),
            (),
            not bool(values_apart.any()),
            _is_lower_triangle(call),
        )
    return None


def _scores_of(base: Recording, weights: Value) -> torch.Tensor | None:
    """What the weights of a product were made from; None where they are no attention's.

    Without a softmax operator (exponentials written out): none of them negative, the mask is where
    the exponent is a mask's large negative number.
    """
    tensor = weights.tensor
    found = softmax_before(base, weights)
    if found is not None:
        softmax = found.softmax
        scores, axis = softmax.inputs[0].tensor, softmax.args[1]
        if axis in (-1, scores.ndim - 1):
            # A learned sink is one more column, which is cut off before the product.
            scores = scores[..., : tensor.shape[-1]]
            return scores if scores.numel() == tensor.numel() else None
        is_masked = bool((scores < MASKED_BELOW).any())  # heads last, say: another order of axes
        return torch.where(tensor > 0, 0.0, -torch.inf if is_masked else 0.0)
    is_square = tensor.ndim >= 2 and tensor.shape[-1] == tensor.shape[-2] > 1
    if weights.is_weight or not is_square or bool((tensor < 0).any()):
        return None
    is_masked = _is_masked_exponential(base, weights)
    if is_masked is None:
        return None
    return torch.where(tensor > 0, 0.0, -torch.inf if is_masked else 0.0)


def _is_masked_exponential(base: Recording, value: Value) -> bool | None:
    """Whether weights were masked, as exponents or after; None where there is no sign of either."""
    left, seen, is_masked = [value], set[int](), False
    while left and len(seen) < _SEARCHED:
        each = left.pop(0)
        for number in each.made_by:
            if number in seen:
                continue
            seen.add(number)
            operator = base.operators[number]
            if operator.name == "aten::exp":
                return is_masked or _is_masked_before(base, operator.inputs[0])
            if operator.short_name in ("mul", "where", "masked_fill"):
                is_masked |= any(_is_mask(each.tensor) for each in operator.inputs)
            left += operator.inputs
    return True if is_masked else None  # attention without exponentials, but with a mask


def _is_masked_before(base: Recording, exponent: Value) -> bool:
    """Whether a mask was put on the scores: filled in, or as a large negative number."""
    if bool((exponent.tensor < MASKED_BELOW).any()):
        return True
    value = exponent
    for _ in range(_FILLED_WITHIN):
        if not value.made_by or not base.operators[value.made_by[-1]].inputs:
            return False
        operator = base.operators[value.made_by[-1]]
        if operator.short_name in ("where", "masked_fill"):
            return any(_is_mask(each.tensor) for each in operator.inputs)
        value = max(operator.inputs, key=lambda each: each.tensor.numel())
    return False


_FILLED_WITHIN = 6
"""Operators between a mask that is filled in and the exponentials: a scale, a largest score."""


def _is_mask(tensor: torch.Tensor) -> bool:
    """Noughts and ones, with a nought among them."""
    return bool((tensor == 0).any()) and bool(((tensor == 0) | (tensor == 1)).all())


_SEARCHED = 24
"""Operators that are looked at between exponentials and the product with the values."""


def feeds_values(base: Recording, operator: Operator) -> bool:
    """Whether attention reads as its values what an operator gave, by way of copies and views."""
    touched = {operator.number}
    for later in base.operators[operator.number + 1 :]:
        taken = [any(n in touched for n in value.made_by) for value in later.inputs]
        if not any(taken):
            continue
        if is_fused_attention(later.name):
            return len(taken) > 2 and taken[2]
        if later.name in MATRIX_PRODUCTS:
            others = [v for v, is_taken in zip(later.inputs, taken, strict=True) if not is_taken]
            return any(softmax_before(base, value) is not None for value in others)
        if later.short_name in VIEWS | _JOINS:
            touched.add(later.number)
    return False


def _rows_apart(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Positions (axis -2) at which two tensors differ."""
    apart = one != two
    return apart.any(dim=-1).reshape(-1, one.shape[-2]).any(dim=0)


def _columns_apart(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    apart = (one != two) & ~(one.isnan() & two.isnan())
    return apart.reshape(-1, one.shape[-1]).any(dim=0)


def _numbers(flags: torch.Tensor) -> tuple[int, ...]:
    return tuple(torch.nonzero(flags).flatten().tolist())


def _is_lower_triangle(call: AttentionCall) -> bool:
    """Whether every row sees itself and what came before, and nothing after."""
    seen = call.visibility()[0]
    if seen.shape[0] != seen.shape[1] or len(seen) < 2:
        return False
    return not bool(seen.triu(1).any())
