"""A fused attention operator of a recording, as the call that it was."""

from __future__ import annotations

from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.capture.trace import fused_call
from heedmap.tracing.trail.recording import Operator, Value


def fused_call_of(operator: Operator) -> FusedCall:
    """What a fused attention operator of a recording was called with."""
    args = tuple(a.tensor if isinstance(a, Value) else a for a in operator.args)
    kwargs = {k: v.tensor if isinstance(v, Value) else v for k, v in operator.kwargs.items()}
    return fused_call(operator.module, operator.func, args, kwargs)
