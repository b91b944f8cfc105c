"""From a factor of a matrix product back to the softmax whose weights it is."""

from __future__ import annotations

from typing import NamedTuple

from heedmap.tracing.capture.trace import SOFTMAX_OPERATORS
from heedmap.tracing.trail.recording import Operator, Recording, Value

# fmt: off
VIEWS = frozenset({
    "view", "_unsafe_view", "reshape", "expand", "permute", "transpose", "unsqueeze", "squeeze",
    "contiguous", "t", "alias", "detach", "clone", "_to_copy", "slice", "select",
    "native_dropout", "unflatten", "flatten",
})
# fmt: on
"""Give numbers on as they are, in another order or shape, or some of them."""
STEPS = 16
"""Operators between a softmax and the product with the values, at most."""


class Weighing(NamedTuple):
    """A softmax, and what was done with its weights before they were multiplied."""

    softmax: Operator
    steps: tuple[Operator, ...]
    """Copies and views, the first one first."""


def softmax_before(recording: Recording, value: Value) -> Weighing | None:
    """The softmax that a factor is a copy or view of; None where it is of none."""
    steps: list[Operator] = []
    for _ in range(STEPS):
        if len(value.made_by) != 1:
            return None
        operator = recording.operators[value.made_by[0]]
        if operator.name in SOFTMAX_OPERATORS:
            return Weighing(operator, tuple(reversed(steps)))
        if operator.short_name not in VIEWS or not operator.inputs:
            return None
        steps.append(operator)
        value = operator.inputs[0]
    return None
