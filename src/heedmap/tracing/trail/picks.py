"""Differences that are left out where rows are picked: why did nothing come into these rows?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from heedmap.ladder.behaviour import How
from heedmap.tracing.capture.trace import SOFTMAX_OPERATORS, is_fused_attention
from heedmap.tracing.trail import kinds
from heedmap.tracing.trail.attention import Read, feeds_values, reads_of
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import Loss, along, ends_at, is_content, positions_of
from heedmap.tracing.trail.order import steps_before
from heedmap.tracing.trail.products import loss_of_product
from heedmap.tracing.trail.recording import (
    Operator,
    Recording,
    Value,
    leads_to,
    makers,
)

MOST_SINKS = 4
"""Learned columns that may stand beside a sequence's own keys."""


def picked(words: Differences, frame: Differences | None, operator: Operator) -> Loss:
    """Rows are picked that do not differ: why did nothing come into them?"""
    source, other = next(
        (one, two)
        for one, two in words.input_pairs(operator.number)
        if words.between(one, two).is_any
    )
    if operator.inputs[0] is not source:  # it says which entries are picked, and they are alike
        return Loss("no choice", operator)
    entries = words.entries(source, other)
    kept = _kept(words, operator, source)
    if kept is None:
        return Loss("left out", operator)
    axis = next(
        (a for a in range(entries.ndim) if not set(along(entries, a)) & set(along(kept, a))), None
    )
    if axis is None:
        return Loss("left out", operator)
    positions, rows = along(entries, axis), along(kept, axis)
    loss = Loss("left out", operator, positions, rows, _holds_frame(words, frame, operator))
    length = source.tensor.shape[axis]
    for read in _reads_before(words, source, length):
        how, seen = why_not_read(words, read, rows)
        if how == "masked by order" and _is_read_later(words.base, operator):
            return loss  # rows of a cache, say, are left out; these came before the words
        is_readers = loss.is_inside_reader or _holds_frame(words, frame, read.operator)
        at = {"operator": read.operator, "positions": seen or positions}
        return replace(loss, how=how, **at, is_inside_reader=is_readers)
    step = steps_before(words, operator, source, rows, positions)
    if step is not None and not _is_read_later(words.base, operator):
        is_readers = loss.is_inside_reader or _holds_frame(words, frame, step)
        return replace(loss, how="masked by order", operator=step, is_inside_reader=is_readers)
    return _lost_before(words, source) or loss


def _is_read_later(base: Recording, operator: Operator) -> bool:
    """Whether attention takes in what was picked, so that it is not yet what is decoded."""
    return leads_to(
        base.operators,
        operator,
        lambda later: is_fused_attention(later.name) or later.name in SOFTMAX_OPERATORS,
    )


def _lost_before(words: Differences, source: Value) -> Loss | None:
    """What took the difference before the rows were picked, and did not pass it on.

    A product: attention without a softmax that could be recognised, or keys and values that are
    nothing. A sum in which it is too small: a state that decays, say.
    """
    for number in _before(words, source):
        operator = words.base.operators[number]
        if operator.short_name in kinds.PICKING or not (
            ends_at(words, number) and is_content(words, number)
        ):
            continue
        if operator.short_name in kinds.PRODUCTS:
            return loss_of_product(words, operator)
        if feeds_values(words.base, operator):
            return Loss("values equal", operator, positions_of(words, operator))
        if operator.short_name in ("add", "sub", "rsub"):
            return Loss("rounded away", operator, positions_of(words, operator))
    return None


def _before(words: Differences, source: Value) -> list[int]:
    """Numbers of the operators that a value was made by, the last first."""
    made = {n for value in makers(words.base.operators, source) for n in value.made_by}
    return sorted(made, reverse=True)


def _kept(words: Differences, operator: Operator, source: Value) -> torch.Tensor | None:
    """Which entries of `source` a picking operator gives on; None where that cannot be asked.

    Of several parts, those that differ go nowhere: the difference ended here.
    """
    numbered = torch.arange(source.tensor.numel()).reshape(source.tensor.shape)
    args = [numbered if a is source else _plain(a) for a in operator.args]
    try:
        given = operator.func(*args, **{k: _plain(v) for k, v in operator.kwargs.items()})
    except (RuntimeError, TypeError, IndexError):
        return None
    parts = list(given) if isinstance(given, tuple | list) else [given]
    differing = [each.is_any for each in words.of_outputs(operator.number)]
    kept = torch.zeros(source.tensor.numel(), dtype=torch.bool)
    for part, differs in zip(parts, differing, strict=True):
        if not differs:
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
        if read is None or read.call.query_count != length:
            continue
        if not length <= read.call.key_count <= length + MOST_SINKS:
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
