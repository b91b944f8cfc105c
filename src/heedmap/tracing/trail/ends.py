"""Where a difference between two runs ends: operators that take it and do not pass it on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import torch

from heedmap.ladder.behaviour import How
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.recording import (
    Operator,
)


@dataclass(frozen=True)
class Loss:
    """Where the instruction's difference ended."""

    how: How
    operator: Operator | None = None
    """None where it never entered."""
    positions: tuple[int, ...] = ()
    """Along the axis of the sequence, those that differed before it, where it has one."""
    kept: tuple[int, ...] = ()
    """Those that went on."""
    is_inside_reader: bool = False
    """Whether what went on holds the frame too: the network that makes the action."""


def entered(differences: Differences) -> list[int]:
    """Operators of which anything that they took or gave differs."""
    numbers = range(len(differences.base.operators))
    return [
        number
        for number in numbers
        if any(d.is_any for d in (*differences.of_inputs(number), *differences.of_outputs(number)))
    ]


def ends_at(words: Differences, number: int, taken: Set[int] | None = None) -> bool:
    """Whether a difference goes in and none comes out.

    `taken` are the values, by `id`, that the way to the action takes: of an operator that gives
    several, such as a median and its place, others do not count.
    """
    operator = words.base.operators[number]
    if operator.takes_only_shapes:
        return False
    given = zip(operator.outputs, words.of_outputs(number), strict=False)
    counted = [(id(value) in (taken or ()), d.is_any) for value, d in given]
    if any(is_taken for is_taken, _ in counted):
        counted = [each for each in counted if each[0]]
    takes = any(d.is_any for d in words.of_inputs(number))
    return takes and not any(is_any for _, is_any in counted)


def is_content(words: Differences, number: int) -> bool:
    """Whether what ended there was a floating tensor: ids also end where masks are made."""
    return any(
        words.between(one, two).is_any and one.tensor.is_floating_point()
        for one, two in words.input_pairs(number)
    )


def positions_of(words: Differences, operator: Operator) -> tuple[int, ...]:
    """Along the axis before the last, where the largest input differs."""
    pairs = [
        (one, two)
        for one, two in words.input_pairs(operator.number)
        if words.between(one, two).is_any and one.tensor.ndim >= 2
    ]
    if not pairs:
        return ()
    one, two = max(pairs, key=lambda pair: pair[0].tensor.numel())
    return along(words.entries(one, two), one.tensor.ndim - 2)


def along(entries: torch.Tensor, axis: int) -> tuple[int, ...]:
    """Places along one axis that hold any of these entries."""
    others = tuple(each for each in range(entries.ndim) if each != axis)
    return tuple(torch.nonzero(entries.any(dim=others) if others else entries).flatten().tolist())
