"""What an action that leaves torch is made from: where it is un-normalised in numpy, say."""

from __future__ import annotations

from contextlib import suppress

import torch

from heedmap.auditing.trails import Trails, recorded
from heedmap.errors import CaptureError, InstructionError
from heedmap.tracing.trail.recording import Recording, Value, rests_on_weights

CARRIERS_TRIED = 4
"""Last values of a run that are tried."""


def carrier(trails: Trails, text: str, base: Recording) -> Value | None:
    """What an action that leaves torch is made from: un-normalised in numpy, say.

    One of the last values that rest on weights; with that of a run on another frame in its place,
    the action is the one on that frame.
    """
    if trails.other_frame is None:
        return None
    other = trails.on_other_frame(text)
    theirs = {operator.key: operator for operator in other.operators}
    last = [
        operator
        for operator in reversed(base.operators)
        if operator.outputs
        and operator.outputs[0].tensor.is_floating_point()
        and rests_on_weights(base.operators, operator.outputs[0])
    ]
    for operator in last[:CARRIERS_TRIED]:
        held = theirs.get(operator.key)
        if held is None or other.scores is None or base.scores is None:
            continue
        with suppress(InstructionError, CaptureError):
            given = {operator.key: held.outputs[0].tensor}
            run = recorded(trails.policy, trails.observation, text, given)
            if run.scores is not None and run.scores.shape == other.scores.shape:
                is_theirs = torch.allclose(run.scores, other.scores, rtol=1e-4)
                if is_theirs and not torch.equal(other.scores, base.scores):
                    return operator.outputs[0]
    return None
