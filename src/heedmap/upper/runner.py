"""Many examples through a policy, several at once where it gives the same that way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from heedmap.errors import HeedmapError
from heedmap.inputs.observation import Observation
from heedmap.policies.base import Policy

Scores = Float[np.ndarray, " action"]
"""The action's scores of one example."""

Example = tuple[Observation, str]

BATCH = 32
BATCH_TOLERANCE = 1e-4
"""Of the largest score: a batch that differs by more is not used."""


def length_key(policy: Policy, instruction: str) -> int:
    """Examples with equal keys go into one batch: tokens, or words where nobody counts those."""
    count = policy.token_count(instruction)
    return len(instruction.split()) if count is None else count


@dataclass(frozen=True)
class Runner:
    """A policy and how many examples it is run on at once."""

    policy: Policy
    batch: int

    @classmethod
    def of(cls, policy: Policy, examples: Sequence[Example]) -> Runner:
        """Batches where these examples give the same together as one by one; else singles.

        A policy with pinned noise is run singly: in a batch each example has other noise.
        """
        if policy.noise_seed is not None:
            return cls(policy, 1)
        key = length_key(policy, examples[0][1])
        alike = [example for example in examples if length_key(policy, example[1]) == key][:3]
        alike = alike if len(alike) > 1 else [examples[0], examples[0]]
        single = torch.cat([policy([observation], [text]) for observation, text in alike])
        try:
            together = policy(*_columns(alike))
        except HeedmapError:
            return cls(policy, 1)
        worst = (single - together).abs().max()
        agrees = worst <= BATCH_TOLERANCE * single.abs().max().clamp(min=1)
        return cls(policy, BATCH if agrees else 1)

    def scores(self, examples: Sequence[Example]) -> list[Scores | None]:
        """Scores in the order of the examples; None where the policy cannot take one."""
        found: list[Scores | None] = [None] * len(examples)
        for chunk in self._chunks(examples):
            for index, scores in zip(chunk, self._run([examples[i] for i in chunk]), strict=True):
                found[index] = scores
        return found

    def _chunks(self, examples: Sequence[Example]) -> list[list[int]]:
        """Numbers of examples of equal length, at most a batch together."""
        by_key: dict[int | None, list[int]] = {}
        for index, (_, text) in enumerate(examples):
            by_key.setdefault(self._key(text), []).append(index)
        return [
            numbers[start : start + self.batch]
            for key, numbers in by_key.items()
            if key is not None
            for start in range(0, len(numbers), self.batch)
        ]

    def _key(self, text: str) -> int | None:
        try:
            return length_key(self.policy, text)
        except HeedmapError:
            return None  # too long for this policy

    def _run(self, examples: Sequence[Example]) -> Sequence[Scores | None]:
        try:
            return list(self.policy(*_columns(examples)).double().cpu().numpy())
        except HeedmapError:
            if len(examples) == 1:
                return [None]
            return [scores for example in examples for scores in self._run([example])]


def _columns(examples: Sequence[Example]) -> tuple[list[Observation], list[str]]:
    return [observation for observation, _ in examples], [text for _, text in examples]
