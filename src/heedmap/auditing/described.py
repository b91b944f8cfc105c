"""What a policy is, as its result says it: family, layers, heads, names of its actions."""

from __future__ import annotations

from collections.abc import Sequence

from heedmap.ladder.measurements import Computation
from heedmap.policies.base import Policy
from heedmap.record.layout import DeclaredRegions
from heedmap.record.record import PolicyDescription
from heedmap.tracing.capture.stacks import Stack


def describe_policy(
    policy: Policy,
    stack: Stack | None = None,
    declared: DeclaredRegions | None = None,
    *,
    outputs_unchanged: bool = True,
) -> PolicyDescription:
    """What a policy is; without a stack, one of which nothing but its actions can be seen."""
    calls = () if stack is None else stack.calls
    return PolicyDescription(
        family=policy.family,
        layers=len(calls),
        heads=calls[0].head_count if calls else 0,
        action_names=policy.action_names,
        attention_layers=() if stack is None else stack.module_names,
        attention_implementation=calls[0].backend if calls else "not seen",
        outputs_unchanged=outputs_unchanged,
        declared=None if declared is None else declared.written,
        held_out_accuracy=policy.held_out_accuracy(),
        loaded=policy.loaded,
    )


def describe_over_graph(policy: Policy, computations: Sequence[Computation]) -> PolicyDescription:
    """As `describe_policy`, of a policy whose attention is in several stacks, caches or loops."""
    modules = tuple(dict.fromkeys(each.module for each in computations))
    reading = [each.groups for each in computations if each.action_rows]
    described = describe_policy(policy)
    return described.model_copy(
        update={
            "layers": len(modules),
            "heads": max(reading, default=0),
            "attention_layers": modules,
            "attention_implementation": "several stacks" if modules else "not seen",
        }
    )
