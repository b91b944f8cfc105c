"""Three faults of deployment, planted into a policy of LeRobot's after it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from lerobot.processor import ComplementaryDataProcessorStep, ObservationProcessorStep
from lerobot.utils.constants import OBS_LANGUAGE_ATTENTION_MASK

from heedmap.policies.lerobot.policy import LeRobotPolicy


@dataclass
class KeepsFirstTask(ComplementaryDataProcessorStep):
    """Gives the first task that it saw, whatever is asked later."""

    first: Any = None

    def complementary_data(self, complementary_data: dict[str, Any]) -> dict[str, Any]:
        if self.first is None:
            self.first = complementary_data["task"]
        return {**complementary_data, "task": self.first}

    def transform_features(self, features: Any) -> Any:
        return features


@dataclass
class HidesWords(ObservationProcessorStep):
    """Masks the language as if it were padding."""

    def observation(self, observation: dict[str, Any]) -> dict[str, Any]:
        mask = observation[OBS_LANGUAGE_ATTENTION_MASK]
        return {**observation, OBS_LANGUAGE_ATTENTION_MASK: torch.zeros_like(mask)}

    def transform_features(self, features: Any) -> Any:
        return features


def stale_task(policy: LeRobotPolicy) -> None:
    policy._parts.processors.before.steps.insert(0, KeepsFirstTask())


def masked_words(policy: LeRobotPolicy) -> None:
    policy._parts.processors.before.steps.append(HidesWords())


def zeroed_words(policy: LeRobotPolicy) -> None:
    inner: Any = policy.module.model
    owner = getattr(inner, "vlm_with_expert", None) or inner.paligemma_with_expert
    embed: Callable[[torch.Tensor], torch.Tensor] = owner.embed_language_tokens
    owner.embed_language_tokens = lambda tokens: embed(tokens) * 0


FAULTS = {"stale task": stale_task, "masked words": masked_words, "zeroed words": zeroed_words}
