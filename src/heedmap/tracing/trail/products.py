"""Differences that are lost in a product: by a gate, by a mask, by zeros, by rounding."""

from __future__ import annotations

import torch

from heedmap.ladder.behaviour import How
from heedmap.tracing.trail.attention import feeds_values
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import Loss, positions_of
from heedmap.tracing.trail.recording import (
    Operator,
    rests_on_weights,
)


def _why_product(words: Differences, operator: Operator) -> How:
    """Multiplied by zero by a gate or weights, by a mask, or lost in rounding."""
    factors = [
        one for one, two in words.input_pairs(operator.number) if not words.between(one, two).is_any
    ]
    zero = [value for value in factors if bool((value.tensor == 0).any())]
    if not zero:
        given = (*operator.args, *operator.kwargs.values())
        scalars = [a for a in given if isinstance(a, int | float)]
        if 0 in scalars:
            return "multiplied by zero"
        return "no choice" if is_sum_over_equals(words, operator) else "rounded away"
    is_mask = any(
        bool((value.tensor != 0).any()) and not rests_on_weights(words.base.operators, value)
        for value in zero
    )
    return "masked" if is_mask else "multiplied by zero"


def is_sum_over_equals(words: Differences, operator: Operator) -> bool:
    """Whether a matrix product weighs several rows that are all alike."""
    if operator.short_name not in ("mm", "bmm") or len(operator.inputs) != 2:
        return False
    weighed = [
        value.tensor if place else value.tensor.mT
        for place, (value, other) in enumerate(words.input_pairs(operator.number))
        if not words.between(value, other).is_any
    ]
    rows = [each for each in weighed if each.shape[-2] > 1]
    return any(torch.equal(each, each[..., :1, :].expand_as(each)) for each in rows)


def loss_of_product(words: Differences, operator: Operator) -> Loss:
    """By zero weights or a gate, or by zeros where the rows that differ would be read."""
    how = _why_product(words, operator)
    same = [
        one for one, two in words.input_pairs(operator.number) if not words.between(one, two).is_any
    ]
    are_activations = bool(same) and not any(value.is_weight for value in same)
    if how == "multiplied by zero":
        if are_activations and operator.short_name in ("bmm", "baddbmm"):
            how = "no weight"
        elif feeds_values(words.base, operator):
            how = "values equal"
    return Loss(how, operator, positions_of(words, operator))
