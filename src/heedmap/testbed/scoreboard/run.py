"""Audit planted policies with default settings: planted cause against named cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.ladder.causes import Cause
from heedmap.ladder.evidence import Intervention
from heedmap.ladder.verdict import Verdict
from heedmap.policies.callable import CallablePolicy
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.cases import case_trials, frame_case
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from heedmap.testbed.specimens.planted import Plant, load_base
from heedmap.testbed.specimens.world import ACTIONS, Style
from heedmap.testbed.specimens.zoo import pixels_of

TRIALS = 24
"""Held-out frame cases that the upper rungs are measured on."""

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
    plants: Sequence[Plant],
    case_seed: int = 0,
    base_for: Callable[[str], nn.Module] = load_base,
    trials: int = TRIALS,
    until: Intervention = "map",
    on_progress: Progress | None = None,
) -> list[Score]:
    """Audit every plant as a bare callable around a torch module.

    Rungs 1-4 on the held-out case `case_seed`, the upper ones on `trials` cases from there on
    (0: not at all), up to the stage `until`. `base_for` gives what a plant is planted on, by its
    name.
    """
    scores: list[Score] = []
    for done, plant in enumerate(plants, start=1):
        base = base_for(plant.base)
        module = plant.build(cast("TinyKosmos2Policy", base)) if plant.build else base
        case = frame_case(case_seed, plant.style)
        result = audit(
            bare_policy(plant.name, module),
            {"case": case.frame},
            case.instructions,
            trials=_trials(trials, plant.style, case_seed),
            until=until,
            seed=case_seed,
        )
        scores.append(Score(plant, result.record.policies[0]))
        if on_progress is not None:
            on_progress(plant.name, done, len(plants))
    return scores


def bare_policy(name: str, network: nn.Module) -> CallablePolicy:
    """A network that takes pixels and instructions, as a policy without any configuration."""
    network.eval().requires_grad_(False)

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        return network(torch.stack([pixels_of(frame) for frame in frames]), list(instructions))

    return CallablePolicy(name, run, network, action_names=ACTIONS)


@cache
def _trials(count: int, style: Style, first: int) -> tuple[Trial, ...]:
    return tuple(case_trials(count, style, first))
