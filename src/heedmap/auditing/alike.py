"""Whether a policy acts alike on the same input: nothing can be concluded of one that does not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import torch

from heedmap.data.observation import Observation
from heedmap.errors import InstructionError, PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.stages import stage

WATCHED_TOLERANCE = 1e-5
"""Of the largest score: in inference mode a watched pass takes composite operators apart, which may
round otherwise."""


def is_same(one: ActionScores, two: ActionScores) -> bool:
    """Whether two runs of the same input, each watched or plain, gave the same."""
    if one.shape != two.shape:
        return False
    most = WATCHED_TOLERANCE * float(one.abs().max())
    return float((one - two).abs().max()) <= most


@stage(Phrase("asking the same twice"))
def check_acts_alike(
    policy: Policy, observation: Observation, texts: Sequence[str]
) -> ActionScores:
    """What the policy does under the first text, before another one and after it.

    Raises PolicyError where that differs: it draws noise, or keeps something between its calls.
    """
    one = policy([observation], [texts[0]])
    with suppress(InstructionError):
        policy([observation], [texts[-1]])
    two = policy([observation], [texts[0]])
    if not torch.equal(one, two):
        apart = float((one - two).abs().max()) if one.shape == two.shape else float("nan")
        raise PolicyError(
            "The policy '{policy}' is not deterministic: the same frame and instruction, given "
            "twice, gave actions that differ by up to {apart:.2g}. Pin its noise "
            "(CallablePolicy(..., noise_seed=0)), and clear its caches and queues in each call.",
            policy=policy.name,
            apart=apart,
        )
    return one
