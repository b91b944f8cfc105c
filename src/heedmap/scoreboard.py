"""The ladder judged on policies whose truth is known: planted cause against named cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from heedmap.pipeline import audit
from heedmap.policies.callable import CallablePolicy
from heedmap.record import PolicyResult
from heedmap.specimens.network import TinyKosmos2Policy
from heedmap.specimens.planted import PLANTS, Plant
from heedmap.specimens.world import ACTIONS, frame_case
from heedmap.specimens.zoo import load_specimen, pixels_of
from heedmap.types import Frame
from heedmap.verdict import Cause, Verdict

Progress = Callable[[str, int, int], None]
"""Called after each plant with its name, plants done, and plants in all."""


@dataclass(frozen=True)
class Score:
    """What the ladder said of one plant."""

    plant: Plant
    result: PolicyResult

    @property
    def verdict(self) -> Verdict:
        """What the ladder said."""
        return self.result.verdict

    @property
    def named(self) -> Cause:
        """The cause that the ladder named."""
        return self.verdict.cause

    @property
    def is_right(self) -> bool:
        """Whether cause and bypass module are those that were planted."""
        return self.named == self.plant.cause and self.bypass_is_right

    @property
    def bypass_is_right(self) -> bool:
        """Whether the bypass found, or none, is the one that was planted."""
        return self.verdict.bypass.module == self.plant.bypass_module


def score_plants(
    plants: Sequence[Plant] = PLANTS,
    case_seed: int = 0,
    network_for: Callable[[str], TinyKosmos2Policy] = load_specimen,
    on_progress: Progress | None = None,
) -> list[Score]:
    """Audit every plant on one held-out frame, as bare callables around a torch module.

    `network_for` gives the specimen that a plant is planted on, by its name.
    """
    case = frame_case(case_seed)
    scores: list[Score] = []
    for done, plant in enumerate(plants, start=1):
        policy = bare_policy(plant.name, plant.build(network_for(plant.base)))
        result = audit(policy, {"case": case.frame}, case.instructions, seed=case_seed)
        scores.append(Score(plant, result.record.policies[0]))
        if on_progress is not None:
            on_progress(plant.name, done, len(plants))
    return scores


def bare_policy(name: str, network: nn.Module) -> CallablePolicy:
    """A network that takes pixels and instructions, as a policy of which nothing is told."""
    network.eval().requires_grad_(False)

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        return network(torch.stack([pixels_of(frame) for frame in frames]), list(instructions))

    return CallablePolicy(name, run, network, action_names=ACTIONS)


def false_alarms(scores: Sequence[Score]) -> tuple[int, int]:
    """Healthy plants of which a fault was told, and healthy plants in all."""
    healthy = [score for score in scores if score.plant.is_healthy]
    return sum(score.named != "none" for score in healthy), len(healthy)
