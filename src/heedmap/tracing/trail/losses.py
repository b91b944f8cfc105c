"""Where a difference between two runs is lost: the operator that takes it and does not pass it on.

Of all operators that the action depends on, those whose input differs and whose output does not are
where the difference ends. The last of them to run is the loss: everything that came further ended
there. What kind of operator it is says how the instruction was lost. Where it only picks rows of a
sequence, the attention before it is asked why nothing came into these rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

import torch

from heedmap.ladder.evidence import How
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.capture.trace import SOFTMAX_OPERATORS, is_fused_attention
from heedmap.tracing.trail import kinds
from heedmap.tracing.trail.attention import Read, feeds_values, reads_of
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.order import steps_before
from heedmap.tracing.trail.recording import (
    Operator,
    Recording,
    Value,
    makers,
    rests_on_weights,
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
    ancestors = base.ancestors()
    if frame is not None and frame.action.is_any and not ancestors & set(entered(frame)):
        ancestors = frozenset(range(len(base.operators)))  # the way to the action is not whole
    if words.action.is_any:
        return _faded(words, [number for number in differing if number in ancestors])
    taken = {id(value) for number in ancestors for value in base.operators[number].inputs}
    taken.add(id(base.action))
    ends = [number for number in differing if number in ancestors and _ends(words, number, taken)]
    content = [number for number in ends if _is_content(words, number)]
    if not (content or ends):
        return _never_taken(words, differing)
    number = (content or ends)[-1]
    if not content and (left := _after_lookup(words, differing, ancestors)) is not None:
        return left
    return _loss_at(words, frame, number)


def _faded(words: Differences, numbers: list[int]) -> Loss:
    """Where most of the difference went, of which rounding is all that comes out."""

    def remaining(number: int) -> float:
        given = max((d.relative for d in words.of_outputs(number)), default=0.0)
        taken = max((d.relative for d in words.of_inputs(number)), default=0.0)
        return given / taken if 0 < taken < float("inf") else 1.0

    numbers = [
        number
        for number in numbers
        if kinds.short_name(words.base.operators[number]) not in kinds.SHAPES_ONLY
        and _is_content(words, number)
    ]
    if not numbers:
        return Loss("not known")
    operator = words.base.operators[min(numbers, key=remaining)]
    is_choice = _is_sum_over_equals(words, operator)
    return Loss("no choice" if is_choice else "rounded away", operator)


def _ends(words: Differences, number: int, taken: Set[int] | None = None) -> bool:
    """Whether a difference goes in and none comes out.

    `taken` are the values, by `id`, that the way to the action takes: of an operator that gives
    several, such as a median and its place, others do not count.
    """
    operator = words.base.operators[number]
    if kinds.short_name(operator) in kinds.SHAPES_ONLY:
        return False
    given = zip(operator.outputs, words.of_outputs(number), strict=False)
    counted = [(id(value) in (taken or ()), d.is_any) for value, d in given]
    if any(is_taken for is_taken, _ in counted):
        counted = [each for each in counted if each[0]]
    takes = any(d.is_any for d in words.of_inputs(number))
    return takes and not any(is_any for _, is_any in counted)


def _is_content(words: Differences, number: int) -> bool:
    """Whether what ended there was a floating tensor: ids also end where masks are made."""
    return any(
        words.between(one, two).is_any and one.tensor.is_floating_point()
        for one, two in words.input_pairs(number)
    )


def _never_taken(words: Differences, differing: list[int]) -> Loss:
    """It was computed, but nothing that the action depends on takes it.

    Named by what computed content last: not by what only asks for a shape, or for its gradient's
    first value.
    """
    content = [
        number
        for number in differing
        if kinds.short_name(words.base.operators[number]) not in kinds.SHAPES_ONLY
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
    short = kinds.short_name(operator)
    if short in kinds.PICKING:
        return _picked(words, frame, operator)
    if short in kinds.PRODUCTS:
        return _loss_of_product(words, operator)
    return Loss(_how(words, operator, short), operator, _positions(words, operator))


def _how(words: Differences, operator: Operator, short: str) -> How:
    if short in kinds.OVERWRITING:
        is_score_mask = short in ("masked_fill", "where") and _fills_low(operator)
        return "masked" if is_score_mask else "overwritten"
    if short in kinds.CHOOSING:
        return "no choice"
    if short in kinds.SATURATING:
        return "saturated"
    if short in kinds.LOOK_UPS and not any(v.tensor.any() for v in operator.outputs[:1]):
        return "multiplied by zero"  # a table of zeros
    if short in ("add", "sub") and operator.kwargs.get("alpha") == 0:
        return "multiplied by zero"
    if short == "native_layer_norm" and math.prod(operator.args[1]) == 1:
        return "no choice"  # one number, less its own mean, is nothing
    if short in kinds.ROUNDING:
        return "rounded away"
    return "not known"


def _fills_low(operator: Operator) -> bool:
    """Whether scores are filled with a mask's large negative number."""
    filled = operator.outputs[0].tensor if operator.outputs else None
    return filled is not None and filled.is_floating_point() and bool((filled < MASKED_BELOW).any())


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
        return "no choice" if _is_sum_over_equals(words, operator) else "rounded away"
    is_mask = any(
        bool((value.tensor != 0).any()) and not rests_on_weights(words.base.operators, value)
        for value in zero
    )
    return "masked" if is_mask else "multiplied by zero"


def _is_sum_over_equals(words: Differences, operator: Operator) -> bool:
    """Whether a matrix product weighs several rows that are all alike."""
    if kinds.short_name(operator) not in ("mm", "bmm") or len(operator.inputs) != 2:
        return False
    weighed = [
        value.tensor if place else value.tensor.mT
        for place, (value, other) in enumerate(words.input_pairs(operator.number))
        if not words.between(value, other).is_any
    ]
    rows = [each for each in weighed if each.shape[-2] > 1]
    return any(torch.equal(each, each[..., :1, :].expand_as(each)) for each in rows)


def _positions(words: Differences, operator: Operator) -> tuple[int, ...]:
    """Along the axis before the last, where the largest input differs."""
    pairs = [
        (one, two)
        for one, two in words.input_pairs(operator.number)
        if words.between(one, two).is_any and one.tensor.ndim >= 2
    ]
    if not pairs:
        return ()
    one, two = max(pairs, key=lambda pair: pair[0].tensor.numel())
    return _along(words.entries(one, two), one.tensor.ndim - 2)


def _along(entries: torch.Tensor, axis: int) -> tuple[int, ...]:
    others = tuple(each for each in range(entries.ndim) if each != axis)
    return tuple(torch.nonzero(entries.any(dim=others) if others else entries).flatten().tolist())


def _picked(words: Differences, frame: Differences | None, operator: Operator) -> Loss:
    """Rows are picked that do not differ: why did nothing come into them?"""
    source, other = next(
        (one, two)
        for one, two in words.input_pairs(operator.number)
        if words.between(one, two).is_any
    )
    entries = words.entries(source, other)
    kept = _kept(operator, source)
    if kept is None:
        return Loss("left out", operator)
    axis = next(
        (a for a in range(entries.ndim) if not set(_along(entries, a)) & set(_along(kept, a))), None
    )
    if axis is None:
        return Loss("left out", operator)
    positions, rows = _along(entries, axis), _along(kept, axis)
    loss = Loss("left out", operator, positions, rows, _holds_frame(words, frame, operator))
    length = source.tensor.shape[axis]
    for read in _reads_before(words, source, length):
        how, seen = why_not_read(words, read, rows)
        if how == "masked by order" and _is_read_later(words.base, operator):
            return loss  # rows of a cache, say, are left out; these came before the words
        return replace(loss, how=how, operator=read.operator, positions=seen or positions)
    step = steps_before(words, operator, source, rows, positions)
    if step is not None and not _is_read_later(words.base, operator):
        is_readers = loss.is_inside_reader or _holds_frame(words, frame, step)
        return replace(loss, how="masked by order", operator=step, is_inside_reader=is_readers)
    return _lost_before(words, source) or loss


def _is_read_later(base: Recording, operator: Operator) -> bool:
    """Whether attention takes in what was picked, so that it is not yet what is decoded."""
    touched = {operator.number}
    for later in base.operators[operator.number + 1 :]:
        if any(number in touched for value in later.inputs for number in value.made_by):
            touched.add(later.number)
            if is_fused_attention(later.name) or later.name in SOFTMAX_OPERATORS:
                return True
    return False


def _lost_before(words: Differences, source: Value) -> Loss | None:
    """A product before the rows were picked that took the difference and did not pass it on.

    Attention without a softmax that could be recognised, or keys and values that are nothing.
    """
    for number in _before(words, source):
        operator = words.base.operators[number]
        if kinds.short_name(operator) in kinds.PICKING or not (
            _ends(words, number) and _is_content(words, number)
        ):
            continue
        if kinds.short_name(operator) in kinds.PRODUCTS:
            return _loss_of_product(words, operator)
        if feeds_values(words.base, operator):
            return Loss("values equal", operator, _positions(words, operator))
    return None


def _before(words: Differences, source: Value) -> list[int]:
    """Numbers of the operators that a value was made by, the last first."""
    made = {n for value in makers(words.base.operators, source) for n in value.made_by}
    return sorted(made, reverse=True)


def _loss_of_product(words: Differences, operator: Operator) -> Loss:
    """By zero weights or a gate, or by zeros where the rows that differ would be read."""
    how = _why_product(words, operator)
    same = [
        one for one, two in words.input_pairs(operator.number) if not words.between(one, two).is_any
    ]
    are_activations = bool(same) and not any(value.is_weight for value in same)
    if how == "multiplied by zero":
        if are_activations and kinds.short_name(operator) in ("bmm", "baddbmm"):
            how = "no weight"
        elif feeds_values(words.base, operator):
            how = "values equal"
    return Loss(how, operator, _positions(words, operator))


def _kept(operator: Operator, source: Value) -> torch.Tensor | None:
    """Which entries of `source` a picking operator gives on; None where it picks from another."""
    if not operator.inputs or operator.inputs[0] is not source:
        return None  # it is what says which entries are picked
    numbered = torch.arange(source.tensor.numel()).reshape(source.tensor.shape)
    args = [numbered if a is source else _plain(a) for a in operator.args]
    try:
        given = operator.func(*args, **{k: _plain(v) for k, v in operator.kwargs.items()})
    except (RuntimeError, TypeError, IndexError):
        return None
    parts = list(given) if isinstance(given, tuple | list) else [given]
    kept = torch.zeros(source.tensor.numel(), dtype=torch.bool)
    for part in parts:
        kept[part.flatten()] = True
    return kept.reshape(source.tensor.shape)


def _plain(argument: object) -> object:
    if isinstance(argument, Value):
        return argument.tensor.cpu()
    if isinstance(argument, tuple):
        return [_plain(each) for each in argument]
    return argument


def _holds_frame(words: Differences, frame: Differences | None, operator: Operator) -> bool:
    return frame is not None and any(d.is_any for d in frame.of_outputs(operator.number))


def _reads_before(words: Differences, source: Value, length: int) -> Iterator[Read]:
    """Attention that mixed the rows of this sequence, the last first."""
    for number in _before(words, source):
        read = reads_of(words, number)
        if read is None or not read.call.query_count == read.call.key_count == length:
            continue
        if read.differing_keys or read.differing_queries:
            yield read


def why_not_read(
    words: Differences, read: Read, rows: tuple[int, ...] | None
) -> tuple[How, tuple[int, ...]]:
    """Why these query rows (None: all) took nothing from the keys that differ."""
    keys = list(read.differing_keys)
    call = read.call
    queries = list(range(call.query_count)) if rows is None else list(rows)
    positions = tuple(keys)
    if not keys:  # what asks differs, but what it is asked for does not
        return "values equal", read.differing_queries
    # An example's own queries see its own keys only: batches hold several branches.
    examples = list(read.differing_examples) or list(range(len(call.visibility())))
    visible = call.visibility().cpu()[examples][:, queries][:, :, keys]
    if not visible.any():
        is_by_order = read.is_causal and min(keys) > max(queries)
        return ("masked by order" if is_by_order else "masked"), positions
    weights = call.row_weights(tuple(queries))[examples][..., keys]
    if not (weights > 0).any():
        return "no weight", positions
    if read.values_are_equal:
        return "values equal", positions
    return "rounded away", positions
