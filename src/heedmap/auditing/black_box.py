"""The audit of a policy of which nothing but its actions can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from heedmap.auditing.described import describe_policy
from heedmap.auditing.policy_result import policy_result
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions, measure_by_exchange
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.ladder.measurements import Measurements
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.record.record import PolicyResult


def audit_black_box(
    policy: Policy,
    trials: Sequence[Trial],
    seed: int,
    on_stage: Callable[[], None],
    options: UpperOptions,
) -> tuple[PolicyResult, UpperFacts]:
    """Rungs 5 and 6 by exchanging instructions; the others stay "not measured".

    Raises PolicyError where equal requests are answered with different actions: then no
    difference would mean anything.
    """
    is_repeated = True
    if trials:
        first = trials[0]
        example = [first.observation], [next(iter(first.instructions.values()))]
        with stage(Phrase("asking the same twice")):
            one, two = policy(*example), policy(*example)
        is_repeated = torch.equal(one, two)
        if not is_repeated and not _averages(policy):
            raise PolicyError(
                "The policy '{policy}' answers the same frame and instruction with actions that "
                "differ by up to {highest:.2g}; start the server with a fixed seed, or take the "
                "mean of several answers: ?repeats=32.",
                policy=policy.name,
                highest=float((one - two).abs().max()),
            )
    upper = UpperFacts()
    if trials:
        upper = measure_by_exchange(policy, trials, seed, on_stage, options)
    measurements = Measurements.of_black_box(upper.obeyed, upper.behaviour)
    described = describe_policy(policy, outputs_unchanged=is_repeated)
    return policy_result(described, policy.name, None, measurements), upper


def _averages(policy: Policy) -> bool:
    return policy.loaded is not None and policy.loaded.choices.get("repeats", "1") != "1"
