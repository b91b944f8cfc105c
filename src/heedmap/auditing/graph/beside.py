"""A way from the words to the action beside attention: adaLN, FiLM, a pooled encoding."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from heedmap.auditing.graph.rows import Beside
from heedmap.auditing.trails import Trails, recorded
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.recording import Operator, OperatorKey


def way_beside(
    trails: Trails, text: str, other: str, change: float, held: Mapping[OperatorKey, torch.Tensor]
) -> Beside | None:
    """Where the words of `other` get to the action though what attention gave is `held`.

    `change` is what they then do to the action. None where attention in a form that is not
    recognised may be the way.
    """
    base = trails.of(text)
    words = Differences(base, recorded(trails.policy, trails.observation, other, held))
    frame = trails.over_frame(text)
    ancestors = base.ancestors()
    differing = [
        operator
        for operator in base.operators
        if operator.number in ancestors
        and any(each.is_any for each in words.of_outputs(operator.number))
    ]
    if any(_mixes_rows(operator) for operator in differing):
        return None
    for operator in differing:
        if frame is None or any(d.is_any for d in frame.of_outputs(operator.number)):
            return Beside(operator.module, change)
    return Beside("", change)


def _mixes_rows(operator: Operator) -> bool:
    """Whether an operator multiplies activations with one another, or exponentiates."""
    short = operator.short_name
    if short in ("exp", "logsumexp"):
        return True
    return short in ("bmm", "mm", "baddbmm") and not any(v.is_weight for v in operator.inputs)
