"""A forward pass that is watched, in which attention has to be seen."""

from __future__ import annotations

from heedmap.data.observation import Observation
from heedmap.policies.base import Policy
from heedmap.tracing.capture.trace import Trace, trace
from heedmap.tracing.observe import check_attention_seen


def traced(policy: Policy, observation: Observation, instruction: str) -> Trace:
    """One pass. Raises CaptureError when no attention can be seen at all."""
    with trace(policy.module) as seen:
        policy([observation], [instruction])
    check_attention_seen(policy, seen)
    return seen
