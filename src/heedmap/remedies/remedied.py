"""A policy around a policy: what every remedy at inference returns."""

from __future__ import annotations

from torch import nn

from heedmap.data.observation import Observation
from heedmap.policies.base import Policy


class Remedied(Policy):
    """Takes what the policy inside takes, and gives actions of the same kind.

    Subclasses change what is run in `act`. Noise is pinned by the policy inside, so that two of its
    runs have equal noise.
    """

    family = "remedied"

    def __init__(self, inner: Policy, doing: str) -> None:
        super().__init__(f"{inner.name} + {doing}")
        self.inner = inner
        self.transformer_name = inner.transformer_name
        self.special_ids = inner.special_ids

    @property
    def module(self) -> nn.Module:
        """That of the policy inside."""
        return self.inner.module

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Those of the policy inside."""
        return self.inner.action_names

    def token_count(self, instruction: str) -> int | None:
        """As the policy inside counts."""
        return self.inner.token_count(instruction)

    def check_observation(self, observation: Observation) -> None:
        """As the policy inside checks."""
        self.inner.check_observation(observation)
