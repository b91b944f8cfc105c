"""Which ways lead from an operator of a recorded run to the action."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from heedmap.tracing.trail import kinds
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.losses import Loss, entered, find_loss
from heedmap.tracing.trail.recording import Operator, Recording


def is_lost_there_too(words: Differences, frame: Differences | None, loss: Loss) -> bool:
    """Whether what the frame changes ends where what the instruction changes does.

    At the same operator; or that operator gives zeros whatever it is given, or neither is taken by
    anything that the action is made from, and the frame has no way around it. Where the instruction
    does not enter: whether the frame does not, either.
    """
    if frame is None or frame.action.is_any:
        return False
    if loss.how == "not entered":
        return not entered(frame)
    if loss.operator is None:
        return False
    other = find_loss(frame, None)
    if other.operator is loss.operator:
        return True
    if _is_never_taken(words, loss):
        return _is_never_taken(frame, other) or not _has_way_around(
            words.base, entered(frame), loss.operator
        )
    enters = entered(frame)
    if (
        loss.how != "multiplied by zero"
        or not enters
        or not _is_zero_whatever(words, loss.operator)
    ):
        return False
    return not _has_way_around(words.base, enters, loss.operator)


def _is_never_taken(runs: Differences, loss: Loss) -> bool:
    """Whether the operator still gives the difference on, and nothing of the action takes it."""
    if loss.how != "left out" or loss.operator is None:
        return False
    return any(each.is_any for each in runs.of_outputs(loss.operator.number))


def is_at_limit(words: Differences, frame: Differences | None, loss: Loss) -> bool:
    """Whether it is numbers of the action that no longer change where the difference ended.

    Otherwise some other value in the network is at its limit, or another frame moves them.
    """
    if loss.operator is None or not _goes_into_action(words.base, loss.operator):
        return False
    if frame is None:
        return True
    number = loss.operator.number
    other = frame.matched.get(number)
    if other is None:
        return False
    for one, two in words.input_pairs(number):
        for mine, theirs in zip(loss.operator.outputs, other.outputs, strict=False):
            if one.tensor.shape == mine.tensor.shape and words.between(one, two).is_any:
                moved = words.entries(one, two) & frame.entries(mine, theirs)
                return not bool(moved.any())
    return False


def is_kept_instead(words: Differences, loss: Loss) -> bool:
    """Whether the action is made from what an earlier run made of one of the two texts.

    A value that no operator of this run gave, equal to what is computed here and not taken.
    """
    if not _is_never_taken(words, loss):
        return False
    base, ancestors = words.base, words.base.ancestors()
    given = [
        value.tensor
        for number in ancestors
        for value in base.operators[number].inputs
        if value.may_be_kept
    ]
    return any(
        _is_one_of(made.tensor, given) and any(each.is_any for each in words.of_outputs(number))
        for number, operator in enumerate(base.operators)
        if number not in ancestors
        for run in (operator, words.matched.get(number))
        if run is not None
        for made in run.outputs
    )


def _is_one_of(value: torch.Tensor, others: Iterable[torch.Tensor]) -> bool:
    return any(value.shape == other.shape and torch.equal(value, other) for other in others)


def _has_way_around(base: Recording, sources: Iterable[int], without: Operator) -> bool:
    """Whether any of these operators leads to the action past that one."""
    if base.action is None or not base.action.made_by:
        return True  # nothing is known of the ways to the action
    found, left = set[int](), list(base.action.made_by)
    while left:
        number = left.pop()
        if number not in found and number != without.number:
            found.add(number)
            left += [n for value in base.operators[number].inputs for n in value.made_by]
    return not found.isdisjoint(sources)


def _is_zero_whatever(words: Differences, operator: Operator) -> bool:
    """Whether one factor of a product is all zeros, so that nothing comes through."""
    return any(
        not words.between(one, two).is_any and not bool(one.tensor.any())
        for one, two in words.input_pairs(operator.number)
    )


def _goes_into_action(base: Recording, operator: Operator) -> bool:
    """Whether its numbers become the action's one by one, scaled or moved at most."""
    if base.action is None:
        return False
    ancestors = base.ancestors()
    if operator.number not in ancestors:
        return False
    touched = {operator.number}
    for later in base.operators[operator.number + 1 :]:
        if later.number not in ancestors:
            continue
        if any(number in touched for value in later.inputs for number in value.made_by):
            touched.add(later.number)
            if later.short_name not in kinds.ELEMENTWISE:
                return False
    return True
