"""Where two recorded runs differ: operator by operator, module call by module call.

Operators are matched by module, call, name and order within the call, so that a loop that runs
longer in one of the runs does not shift what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Bool

from heedmap.tracing.trail.recording import (
    ModuleCall,
    Operator,
    Recording,
    Value,
    as_floats,
)

Differs = Bool[torch.Tensor, "..."]
"""Which entries of a tensor are other in the other run."""


@dataclass(frozen=True)
class Difference:
    """Of one value between two runs."""

    relative: float
    """Length of the difference over the length of the value (L2 norms); inf from nothing."""
    is_comparable: bool = True
    """False where the shapes differ: then nothing is known of single entries."""

    @property
    def is_any(self) -> bool:
        """Whether the two are not equal bit for bit."""
        return self.relative > 0


SAME = Difference(0.0)
OTHER_SHAPE = Difference(float("inf"), is_comparable=False)


@dataclass
class Differences:
    """Between a base run and another one."""

    base: Recording
    other: Recording
    _known: dict[tuple[int, int], Difference] = field(default_factory=dict)

    @cached_property
    def matched(self) -> dict[int, Operator]:
        """By the number of the base's operator, the other run's."""
        others = {operator.key: operator for operator in self.other.operators}
        found = ((op.number, others.get(op.key)) for op in self.base.operators)
        return {number: other for number, other in found if other is not None}

    @property
    def unmatched(self) -> int:
        """Operators of the base that the other run has no match for."""
        return len(self.base.operators) - len(self.matched)

    def of_inputs(self, number: int) -> tuple[Difference, ...]:
        """Of what the base's operator of that number took."""
        mine, other = self.base.operators[number], self.matched.get(number)
        return self._pairs(mine.inputs, None if other is None else other.inputs)

    def of_outputs(self, number: int) -> tuple[Difference, ...]:
        """Of what it gave."""
        mine, other = self.base.operators[number], self.matched.get(number)
        return self._pairs(mine.outputs, None if other is None else other.outputs)

    def input_pairs(self, number: int) -> list[tuple[Value, Value]]:
        """What the operator took in the base run and in the other one."""
        other = self.matched.get(number)
        if other is None:
            return []
        return list(zip(self.base.operators[number].inputs, other.inputs, strict=False))

    def of_call(self, call: ModuleCall, other: ModuleCall | None) -> Difference:
        """The largest of what a module call gave."""
        found = self._pairs(call.outputs, None if other is None else other.outputs)
        return max(found, key=lambda each: each.relative, default=SAME)

    def between(self, one: Value, two: Value) -> Difference:
        """Of two values; a weight is the same in both runs."""
        key = id(one), id(two)
        if key not in self._known:
            self._known[key] = _difference(one, two)
        return self._known[key]

    def entries(self, one: Value, two: Value) -> Differs:
        """Which entries differ; all, where the shapes do."""
        if one.tensor.shape != two.tensor.shape:
            return torch.ones(one.tensor.shape, dtype=torch.bool)
        return _differs(one.tensor, two.tensor)

    @cached_property
    def other_calls(self) -> Mapping[tuple[str, int], ModuleCall]:
        """Module calls of the other run."""
        return {(call.module, call.call): call for call in self.other.calls}

    @property
    def action(self) -> Difference:
        """Of the scores."""
        one, two = self.base.scores, self.other.scores
        assert one is not None
        assert two is not None
        return _difference(Value(one), Value(two))

    def _pairs(
        self, mine: Sequence[Value], others: Sequence[Value] | None
    ) -> tuple[Difference, ...]:
        if others is None:
            return ()
        return tuple(self.between(one, two) for one, two in zip(mine, others, strict=False))


def _difference(one: Value, two: Value) -> Difference:
    if one.is_weight and two.is_weight:
        return SAME
    a, b = one.tensor, two.tensor
    if a.shape != b.shape:
        return OTHER_SHAPE
    if torch.equal(a, b):
        return SAME
    size, apart = one.length, _plain_distance(a, b)
    if 0 < size < torch.inf and 0 < apart < torch.inf:
        return Difference(apart / size)
    if not _differs(a, b).any():
        return SAME
    a, b = (_finite(side) for side in (a, b))
    largest = max(a.abs().max().item(), b.abs().max().item())
    if largest:  # or squares leave float64
        a, b = a / largest, b / largest
    size, apart = a.norm().item(), (b - a).norm().item()
    if apart == 0:  # one of them is not finite where the other is
        return Difference(1.0)
    return Difference(apart / size if size else float("inf"))


def _plain_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The L2 norm of the difference; 0 or infinite where squares leave the values' precision."""
    return float(torch.linalg.vector_norm(as_floats(b) - as_floats(a)))


def _differs(a: torch.Tensor, b: torch.Tensor) -> Differs:
    apart = a != b
    if a.is_floating_point() or a.is_complex():
        apart &= ~(a.isnan() & b.isnan())
    return apart


def _finite(tensor: torch.Tensor) -> torch.Tensor:
    whole = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    return torch.nan_to_num(whole.double(), nan=0.0, posinf=0.0, neginf=0.0)
