"""What an action that leaves torch is made from: where it is un-normalised or decoded in numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

import torch

from heedmap.auditing.trails import Trails, recorded
from heedmap.errors import CaptureError, InstructionError
from heedmap.tracing.trail.recording import Operator, Recording, Value, rests_on_weights

CARRIERS_TRIED = 4
"""Last values of a run that are tried."""
_CHOOSING = frozenset({"argmax", "argmin", "multinomial", "bucketize"})


def carriers(trails: Trails, text: str, base: Recording) -> list[Value]:
    """What an action that was made outside of torch rests on; empty where it is not found.

    One of the last values that rest on weights, or all that was chosen (tokens, bins): with those
    of a run on another frame in their place, the action is the one on that frame.
    """
    if trails.other_frame is None:
        return []
    other = trails.on_other_frame(text)
    wanted = other.scores
    if wanted is None or base.scores is None or torch.equal(wanted, base.scores):
        return []
    theirs = {operator.key: operator for operator in other.operators}
    for tried in _tried(base):
        pairs = [(mine, theirs[mine.key]) for mine in tried if mine.key in theirs]
        held = {mine.key: their.outputs[0].tensor for mine, their in pairs}
        if len(held) < len(tried):
            continue
        with suppress(InstructionError, CaptureError):
            run = recorded(trails.policy, trails.observation, text, held)
            if run.scores is None or run.scores.shape != wanted.shape:
                continue
            if torch.allclose(run.scores, wanted, rtol=1e-4):
                return [operator.outputs[0] for operator in tried]
    return []


def _tried(base: Recording) -> Iterator[Sequence[Operator]]:
    """Operators whose first outputs may together be what the action is made from."""

    def rests(operator: Operator) -> bool:  # dear: asked of as few as may be
        return rests_on_weights(base.operators, operator.outputs[0])

    given = [operator for operator in base.operators if operator.outputs]
    floating = (each for each in reversed(given) if each.outputs[0].tensor.is_floating_point())
    for operator in islice(filter(rests, floating), CARRIERS_TRIED):
        yield [operator]
    chosen = [e for e in given if e.short_name in _CHOOSING and _number(e) and rests(e)]
    if chosen:
        yield chosen


def _number(operator: Operator) -> bool:
    """Whether what it gives first are whole numbers."""
    tensor = operator.outputs[0].tensor
    return not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)
