"""Where a difference between two runs is lost: the operator that takes it and does not pass it on.

Of all operators that the action depends on, those whose input differs and whose output does not are
where the difference ends. The last of them to run is the loss: everything that came further ended
there. What kind of operator it is says how the instruction was lost. Where it only picks rows of a
sequence, the attention before it is asked why nothing came into these rows.
"""

from __future__ import annotations

from math import inf

import torch

from heedmap.ladder.behaviour import How
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.trail import kinds
from heedmap.tracing.trail.attention import reads_of
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import Loss, ends_at, entered, is_content, positions_of
from heedmap.tracing.trail.picks import picked, why_not_read
from heedmap.tracing.trail.products import is_sum_over_equals, loss_of_product
from heedmap.tracing.trail.recording import Operator, leads_to


def find_loss(words: Differences, frame: Differences | None) -> Loss:
    """Where the difference between two instructions ended; the actions are the same.

    `frame` is the difference between two frames, which tells a text encoder from the network that
    makes the action.
    """
    base = words.base
    if not base.is_whole:
        return Loss("not known")  # it may have gone on where memory ended
    differing = entered(words)
    if not differing:
        return Loss("not entered")
    if (left := _leaves_torch(words, differing)) is not None:
        return Loss("leaves torch", left)
    ancestors = base.ancestors()
    if frame is not None and frame.action.is_any and not ancestors & set(entered(frame)):
        ancestors = frozenset(range(len(base.operators)))  # the way to the action is not whole
    if words.action.is_any:
        return _faded(words, frame, [number for number in differing if number in ancestors])
    taken = {id(value) for number in ancestors for value in base.operators[number].inputs}
    taken.add(id(base.action))
    ends = [number for number in differing if number in ancestors and ends_at(words, number, taken)]
    content = [number for number in ends if is_content(words, number)]
    if not (content or ends):
        return _never_taken(words, differing)
    number = (content or ends)[-1]
    if not content and (left := _after_lookup(words, differing, ancestors)) is not None:
        return left
    loss = _loss_at(words, frame, number)
    if loss.how == "overwritten":
        return _lost_in_what_is_written(words, frame, number, content) or loss
    return loss


def _lost_in_what_is_written(
    words: Differences, frame: Differences | None, number: int, ends: list[int]
) -> Loss | None:
    """Where the words were lost in what is written in their place, if that was made of them.

    None where it was made of something else, or it is not seen how they were lost in it.
    """
    operators = words.base.operators
    for end in reversed([each for each in ends if each < number]):
        if leads_to(operators, operators[end], lambda later: later.number == number):
            loss = _loss_at(words, frame, end)
            if loss.how in ("rounded away", "multiplied by zero"):
                return loss
    return None


def _leaves_torch(words: Differences, differing: list[int]) -> Operator | None:
    """Where the difference goes on outside of torch, as numbers or in numpy, and is lost there.

    Only where the action is made there: by the last operator that no other one takes anything of
    and that gives integers (a choice among bins, a token) or hands a tensor out as it is.
    """
    base = words.base
    if (base.action is not None and base.action.made_by) or words.action.is_any:
        return None
    consumed = {id(value) for operator in base.operators for value in operator.inputs}
    for number in reversed(differing):
        operator = base.operators[number]
        outputs = operator.outputs
        if not outputs or any(id(value) in consumed for value in outputs):
            continue
        is_choice = not any(value.tensor.is_floating_point() for value in outputs)
        differs = any(each.is_any for each in words.of_outputs(number))
        if differs and (is_choice or operator.short_name in kinds.HANDS_OUT):
            return operator
    return None


def _faded(words: Differences, frame: Differences | None, numbers: list[int]) -> Loss:
    """Where most of the difference went, of which rounding is all that comes out.

    Where it ended altogether on one way (values of zero, say, beside weights that round otherwise),
    that is what lost it.
    """
    remaining: dict[int, float] = {}
    for number in numbers:
        taken = [each.relative for each in words.of_inputs(number)]
        given = [each.relative for each in words.of_outputs(number)]
        operator = words.base.operators[number]
        if not (taken and given) or operator.takes_only_shapes or not is_content(words, number):
            continue
        if 0 < max(taken) < inf:
            remaining[number] = max(given) / max(taken)
    if not remaining:
        return Loss("not known")
    if ended := [number for number, share in remaining.items() if share == 0]:
        return _loss_at(words, frame, ended[-1])
    operator = words.base.operators[min(remaining, key=remaining.__getitem__)]
    is_choice = is_sum_over_equals(words, operator)
    return Loss("no choice" if is_choice else "rounded away", operator)


def _never_taken(words: Differences, differing: list[int]) -> Loss:
    """It was computed, but nothing that the action depends on takes it.

    Named by what computed content last: not by what only asks for a shape, or for its gradient's
    first value.
    """
    content = [
        number
        for number in differing
        if not words.base.operators[number].takes_only_shapes
        and any(
            d.is_any and value.tensor.is_floating_point()
            for d, value in zip(
                words.of_outputs(number), words.base.operators[number].outputs, strict=False
            )
        )
    ]
    return Loss("left out", words.base.operators[(content or differing)[-1]])


def _after_lookup(
    words: Differences, differing: list[int], ancestors: frozenset[int]
) -> Loss | None:
    """Ids end where masks are made; their embeddings, computed too, are taken by nothing."""
    floating = [
        number
        for number in differing
        if number not in ancestors
        and any(v.tensor.is_floating_point() for v in words.base.operators[number].outputs)
    ]
    return Loss("left out", words.base.operators[floating[-1]]) if floating else None


def _loss_at(words: Differences, frame: Differences | None, number: int) -> Loss:
    operator = words.base.operators[number]
    read = reads_of(words, number)
    if read is not None:
        how, positions = why_not_read(words, read, None)
        return Loss(how, operator, positions, is_inside_reader=True)
    short = operator.short_name
    if short in kinds.PICKING:
        return picked(words, frame, operator)
    if short in kinds.PRODUCTS:
        return loss_of_product(words, operator)
    return Loss(_how(words, operator, short), operator, positions_of(words, operator))


def _how(words: Differences, operator: Operator, short: str) -> How:
    if short in kinds.OVERWRITING:
        is_score_mask = short in ("masked_fill", "where") and _fills_low(operator)
        return "masked" if is_score_mask else "overwritten"
    if short in kinds.CHOOSING:
        return "rounded away" if _is_below_rounding(words, operator) else "no choice"
    if short in kinds.SATURATING:
        return "saturated"
    if short in kinds.LOOK_UPS:  # a table of zeros, or of equal rows
        is_zero = not operator.outputs[0].tensor.any()
        return "multiplied by zero" if is_zero else "rows equal"
    if short in ("add", "sub") and operator.kwargs.get("alpha") == 0:
        return "multiplied by zero"
    if short in kinds.ROUNDING:
        return "rounded away"
    return "not known"


def _is_below_rounding(words: Differences, operator: Operator) -> bool:
    """Whether a softmax is given scores that differ by less than its weights can tell."""
    if operator.short_name not in kinds.SOFTMAX:
        return False
    return all(
        float((one.tensor - two.tensor).abs().max()) < torch.finfo(one.tensor.dtype).eps
        for one, two in words.input_pairs(operator.number)
        if one.tensor.is_floating_point() and one.tensor.shape == two.tensor.shape
    )


def _fills_low(operator: Operator) -> bool:
    """Whether scores are filled with a mask's large negative number."""
    filled = operator.outputs[0].tensor
    return filled.is_floating_point() and bool((filled < MASKED_BELOW).any())
