"""Classifier-free guidance on actions: `a_null + w (a_lang - a_null)`.

The null branch is the same policy on the same frame without the words (Ho & Salimans 2022;
on actions of VLA policies: CAG, arXiv 2602.17659). It amplifies what the instruction does, so it
cannot help where the instruction does nothing; and it extrapolates from whatever the policy does
without words, so that branch must give an action like the others: see `choose_null`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch

from heedmap.auditing.measures.distance import per_dimension_scale, scaled_l2
from heedmap.auditing.upper.runner import Runner
from heedmap.auditing.variants import MADE_UP_WORDS
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError, RemedyError
from heedmap.policies.base import ActionScores, Policy
from heedmap.remedies.remedied import Remedied
from heedmap.remedies.result import NullBranch

WEIGHTS = (1.5, 2.0, 3.0, 5.0)
"""Swept where none are named. 1 is the policy as it is."""
NULL_FRAMES = 16
"""On which the null branch is looked at."""
INSTRUCTIONS_IN_MEAN = 6
"""One run each."""
WITHIN_SHARE = 0.9
"""Of the frames (0..1), on which the null branch must give an action like the policy's others."""
LEAST_PROBABILITY = 1e-6
"""Floor before the logarithm, where a policy gives probabilities."""


@final
class Guided(Remedied):
    """A policy whose difference to its null branch is multiplied by `weight`.

    Of a discrete head logits are guided, of probabilities their logarithms; of a continuous one the
    values, all steps of a chunk. Costs one more run an action, and one for each further null text.
    """

    def __init__(self, inner: Policy, weight: float, null_texts: Sequence[str]) -> None:
        super().__init__(inner, f"guidance w={weight:g}")
        self.weight = weight
        self.null_texts = tuple(null_texts)

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """The guided action, on the device of the policy's own."""
        given = self.inner(observations, instructions)
        nulls = [self.inner(observations, [text] * len(observations)) for text in self.null_texts]
        if self.action_names is not None and all(map(_are_probabilities, (given, *nulls))):
            given, *nulls = (p.clamp(min=LEAST_PROBABILITY).log() for p in (given, *nulls))
        null = torch.stack(nulls).mean(dim=0)
        return null + self.weight * (given - null)


def guided(
    policy: Policy, weight: float = 2.0, null_texts: Sequence[str] = ("",), name: str | None = None
) -> Policy:
    """The policy under classifier-free guidance, to be called in a loop of one's own.

    `weight` 1 is the policy as it is, 0 its null branch alone. `null_texts` are what stands for "no
    instruction"; of several, the mean action is taken. Returns a policy: call it as
    `policy([observation], ["instruction"])`.

    Raises RemedyError for a weight that is not finite or below 0, or no null text.
    """
    if not (np.isfinite(weight) and weight >= 0):
        raise RemedyError(
            "The weight of guidance is a number from 0 up, got {weight}; try 2.", weight=weight
        )
    if not null_texts:
        raise RemedyError("Guidance needs a text that stands for no instruction; try ('',).")
    found = Guided(policy, weight, null_texts)
    found.name = name or found.name
    return found


def choose_null(
    policy: Policy, trials: Sequence[Trial], texts: Sequence[str]
) -> tuple[NullBranch, tuple[str, ...]]:
    """The first null branch whose actions are like the policy's own: blank, nonsense, or the mean.

    Like its own: no farther from the nearest of its actions than the two of them that are farthest
    apart, on `WITHIN_SHARE` of the frames. The mean over instructions is so by itself, but costs a
    run for each.
    """
    seen = [trial.observation for trial in trials[:NULL_FRAMES]]
    examples = [(o, t) for o, trial in zip(seen, trials, strict=False) for t in _texts(trial)]
    runner = Runner.of(policy, examples)
    rows = runner.scores(examples)
    own = [row for row in rows if row is not None]
    if not own:
        raise InstructionError(
            "The policy '{policy}' refuses the trials' instructions.", policy=policy.name
        )
    choices: list[tuple[NullBranch, str]] = [
        ("blank", ""),
        ("nonsense", " ".join(MADE_UP_WORDS)),
    ]
    for branch, text in choices:
        nulls = runner.controls([(observation, text) for observation in seen])
        found = [row for row in nulls if row is not None]
        if len(found) == len(seen) and _is_within(np.stack(found), np.stack(own)):
            return branch, (text,)
    return "mean", tuple(texts[:INSTRUCTIONS_IN_MEAN])


def _texts(trial: Trial) -> list[str]:
    return list(trial.instructions.values())


def _is_within(nulls: np.ndarray, own: np.ndarray) -> bool:
    """Both are (example, action); distances in standard deviations of the policy's own actions."""
    scale = per_dimension_scale(own)
    between = [scaled_l2(own, np.broadcast_to(row, own.shape), scale).max() for row in own]
    nearest = [scaled_l2(own, np.broadcast_to(row, own.shape), scale).min() for row in nulls]
    widest = max(float(max(between)), np.finfo(np.float32).eps)
    return float((np.array(nearest) <= widest).mean()) >= WITHIN_SHARE


def _are_probabilities(scores: torch.Tensor) -> bool:
    sums = scores.sum(dim=-1)
    return bool((scores >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-4)
