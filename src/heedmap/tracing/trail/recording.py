"""One run of a policy as it was recorded: values, operators, module calls, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import torch

from heedmap.policies.base import ActionScores

LEAST_BYTES = 2 * 2**30
"""Activations that a recording may hold, however little memory is free."""


class Place(NamedTuple):
    """Where a tensor lay in the memory of a run; two views of one storage share entries."""

    storage: int
    """A number of its own for each storage of a run."""
    offset: int = 0
    stride: tuple[int, ...] = ()


_SHAPES_ONLY = frozenset({
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros",
    "new_ones", "new_full", "new_empty", "new_empty_strided", "sym_size", "sym_numel",
})  # fmt: skip

OperatorKey = tuple[str, int, str, int]
"""Module, call of the module, operator's name, and which of that name within the call."""


def as_floats(tensor: torch.Tensor) -> torch.Tensor:
    """Float32 or float64: complex numbers as pairs, all others in float64."""
    if tensor.dtype in (torch.float32, torch.float64):
        return tensor
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor.double()


@dataclass(eq=False)
class Value:
    """A tensor as it was at one moment of a run."""

    tensor: torch.Tensor
    made_by: tuple[int, ...] = ()
    """Numbers of the operators that wrote it; none for what the run was given."""
    is_weight: bool = False
    """A parameter or buffer of the module."""
    place: Place | None = None
    """Where in memory it lay; None of what was made outside of a recording."""

    @cached_property
    def length(self) -> float:
        """L2 norm; 0 or infinite where squares leave the tensor's precision."""
        return float(torch.linalg.vector_norm(as_floats(self.tensor)))

    @property
    def may_be_kept(self) -> bool:
        """Whether it may be activations of an earlier run: not made in this one, and no weight."""
        is_given = not self.made_by and not self.is_weight
        return is_given and self.tensor.is_floating_point() and self.tensor.numel() > 1


@dataclass(frozen=True, eq=False)
class Operator:
    """One operator that ran."""

    number: int
    name: str
    """As torch's schema has it: "aten::addmm"."""
    module: str
    """The innermost module that was running; empty for the outermost."""
    call: int
    """Which call of this module it belongs to, from 0."""
    nth: int
    """Which operator of this name within the call, from 0."""
    func: Any
    args: tuple[Any, ...]
    """Arguments with a `Value` in the place of every tensor."""
    kwargs: Mapping[str, Any]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]

    @property
    def key(self) -> OperatorKey:
        """By which the same operator of another run is found."""
        return self.module, self.call, self.name, self.nth

    @property
    def short_name(self) -> str:
        """Without namespace and underscore: of "aten::index_put_" it is "index_put"."""
        return self.name.removeprefix("aten::").rstrip("_")

    @property
    def takes_only_shapes(self) -> bool:
        """Whether it takes no more of a tensor than its shape."""
        return self.short_name in _SHAPES_ONLY


@dataclass(frozen=True, eq=False)
class ModuleCall:
    """One call of one module."""

    module: str
    kind: str
    """Name of its class."""
    call: int
    outputs: tuple[Value, ...]
    begun_at: int
    ended_at: int
    """Operators from `begun_at` up to, not including, `ended_at` ran inside."""


@dataclass
class Recording:
    """A run in the order in which it happened."""

    operators: list[Operator] = field(default_factory=list)
    calls: list[ModuleCall] = field(default_factory=list)
    """In the order in which they ended."""
    scores: ActionScores | None = None
    action: Value | None = None
    """The scores, as what the operators gave; None where they were made outside torch."""
    held_bytes: int = 0
    """Of activations."""
    limit_bytes: int = LEAST_BYTES
    """A run with more is recorded up to there."""
    has_gaps: bool = False
    """Whether something ran that could not be recorded, such as an associative scan."""

    @property
    def is_whole(self) -> bool:
        """False where memory ended first, or something in it could not be recorded."""
        return not (self.is_full or self.has_gaps)

    @property
    def is_full(self) -> bool:
        """Whether memory ended first."""
        return self.held_bytes > self.limit_bytes

    def ancestors(self) -> frozenset[int]:
        """Numbers of the operators that the action depends on; all, where that is not known."""
        if self.action is None or not self.action.made_by:
            return frozenset(range(len(self.operators)))
        found, left = set[int](), list(self.action.made_by)
        while left:
            number = left.pop()
            if number not in found:
                found.add(number)
                if not self.operators[number].takes_only_shapes:
                    left += [n for value in self.operators[number].inputs for n in value.made_by]
        return frozenset(found)


def leads_to(
    operators: Sequence[Operator], operator: Operator, is_one: Callable[[Operator], bool]
) -> bool:
    """Whether what the operator gives, or anything made of it, goes into one of these."""
    touched = {operator.number}
    for later in operators[operator.number + 1 :]:
        if any(not touched.isdisjoint(value.made_by) for value in later.inputs):
            if is_one(later):
                return True
            touched.add(later.number)
    return False


def rests_on_weights(operators: Sequence[Operator], value: Value) -> bool:
    """Whether any weight is among what a value was made from."""
    return any(maker.is_weight for maker in makers(operators, value))


def makers(operators: Sequence[Operator], value: Value) -> Iterator[Value]:
    """A value, and all that it was made from."""
    seen, left = set[int](), [value]
    while left:
        each = left.pop()
        yield each
        for number in each.made_by:
            if number not in seen:
                seen.add(number)
                left += operators[number].inputs
