"""Adapter for heedmap's own trained specimens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import FrameError
from heedmap.frozen import Frozen
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.checkpoints.adapters import merge_adapter
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.family import Target
from heedmap.record.record import HeldOutAccuracy
from heedmap.testbed.miniworld.policy import PREFIX as ROOM_PREFIX
from heedmap.testbed.miniworld.policy import load_room_policy
from heedmap.testbed.specimens.cases import case_trials, frame_case
from heedmap.testbed.specimens.network import TinyKosmos2Policy, Wiring, rewired
from heedmap.testbed.specimens.readers import load_reader
from heedmap.testbed.specimens.world import ACTIONS, FRAME_PX
from heedmap.testbed.specimens.zoo import load_recipe, load_specimen, pixels_of

READER_PREFIX = "reader-"
"""As in `specimen:reader-colours`: see `readers`."""


class SpecimenOptions(Frozen):
    """What may follow `specimen:NAME?`."""

    adapter: Path | None = None
    """A folder of low-rank adapters (peft), as `heedmap finetune` writes it."""
    wiring: Wiring | None = None
    """The same weights in another wiring: what correcting the code, and nothing else, does."""


@final
class SpecimenPolicy(Policy):
    """A specimen by name; the recipe's accuracies travel with it."""

    family = "specimen"
    default_declared = "image=0:64,text=64:+len"

    def __init__(self, name: str, network: TinyKosmos2Policy | None = None) -> None:
        super().__init__(name)
        self._is_shipped = network is None
        self._network = network or load_specimen(name)

    @property
    def module(self) -> nn.Module:
        """The whole network."""
        return self._network

    @property
    def action_names(self) -> tuple[str, ...]:
        """left, right, forward."""
        return ACTIONS

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """Action logits on the network's device."""
        pixels = torch.stack([pixels_of(observation.frame) for observation in observations])
        return self._network(pixels.to(self._network.action_token.device), list(instructions))

    def token_count(self, instruction: str) -> int:
        """Tokens with `<s>`, the template and `</s>`. Raises InstructionError if too long."""
        return len(self._network.tokenizer.encode(instruction))

    def check_observation(self, observation: Observation) -> None:
        """Specimens see 56x56 px views of BabyAI rooms."""
        for frame in observation.images.values():
            height, width = frame.shape[:2]
            if (height, width) != (FRAME_PX, FRAME_PX):
                raise FrameError(
                    "A specimen takes frames of {size}x{size} px, got {width}x{height}; make one "
                    "with: heedmap specimens case --seed 0 --out case",
                    size=FRAME_PX,
                    width=width,
                    height=height,
                )

    def example(self) -> tuple[Frame, dict[str, str]]:
        """The first held-out frame case."""
        case = frame_case(0)
        return case.frame, case.instructions

    def example_trials(self, count: int) -> list[Trial]:
        """The first held-out frame cases, with the expected action of each instruction."""
        return case_trials(count)

    def held_out_accuracy(self) -> tuple[HeldOutAccuracy, ...]:
        """As measured after training, on rooms never trained on."""
        if not self._is_shipped:
            return ()
        return tuple(HeldOutAccuracy(**a.model_dump()) for a in load_recipe(self.name).accuracy)


def load(target: Target, permissions: Permissions) -> Policy:
    """The family `specimen`; it needs no permissions, for the weights come with heedmap."""
    name, options = target.place, target.options(SpecimenOptions)
    if name.startswith(ROOM_PREFIX) and options == SpecimenOptions():
        return load_room_policy(name.removeprefix(ROOM_PREFIX))
    if name.startswith(READER_PREFIX):
        network = load_reader(name.removeprefix(READER_PREFIX))
    elif options.adapter is None and options.wiring is None:
        return SpecimenPolicy(name)
    else:
        network = load_specimen(name)
    if options.wiring is not None:
        network = rewired(network, options.wiring)
    if options.adapter is not None:
        network = merge_adapter(network, options.adapter)
    return SpecimenPolicy(target.given_name or target.whole, network)
