"""SmolLM2's specimens: `smollm:counterfactual` and `smollm:confounded`, each in three wirings.

smollm:counterfactual              as it was trained
smollm:counterfactual@masked       the same weights; the mask hides the instruction
smollm:counterfactual@overwritten  the same weights; image tokens are written over it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from torch import nn

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import FrameError, PolicyError
from heedmap.frozen import Frozen
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.family import Target
from heedmap.testbed.miniworld.network import pixels_of
from heedmap.testbed.miniworld.world import FRAME_PX
from heedmap.testbed.smollm.backbone import load_backbone
from heedmap.testbed.smollm.cases import room_trials
from heedmap.testbed.smollm.network import PREFIX, WIRINGS, SmolPolicy, Wiring
from heedmap.testbed.smollm.weights import REGIMES, VISION, Regime, load_trained, weights_file
from heedmap.testbed.specimens.world import ACTIONS

SPECIMENS: tuple[str, ...] = tuple(
    regime if wiring == "sound" else f"{regime}@{wiring}"
    for regime in REGIMES
    for wiring in WIRINGS
)


class SmolOptions(Frozen):
    """Nothing may follow `smollm:NAME?` but a name."""


@final
class SmolSpecimen(Policy):
    """A network of `network`, by whatever decoder, on frames of the 3-D room."""

    family = "smollm"
    default_declared = f"image=1:{PREFIX},text={PREFIX}:+len"

    def __init__(self, name: str, network: SmolPolicy) -> None:
        super().__init__(name)
        self._network = network

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
        pixels = pixels_of([observation.frame for observation in observations])
        return self._network(pixels.to(self._network.action_token.device), list(instructions))

    def token_count(self, instruction: str) -> int:
        """Tokens of the words; there are no special ones among them."""
        return len(self._network.tokenize(instruction))

    def check_observation(self, observation: Observation) -> None:
        """The 3-D room's camera gives 112x112 px."""
        for frame in observation.images.values():
            height, width = frame.shape[:2]
            if (height, width) != (FRAME_PX, FRAME_PX):
                raise FrameError(
                    "A specimen of the 3-D room takes frames of {size}x{size} px, got "
                    "{width}x{height}; write some with: heedmap specimens room-cases --out cases",
                    size=FRAME_PX,
                    width=width,
                    height=height,
                )

    def example(self) -> tuple[Frame, dict[str, str]]:
        """The first held-out room."""
        (trial,) = room_trials(1)
        return trial.observation.frame, dict(trial.instructions)

    def example_trials(self, count: int) -> list[Trial]:
        """The first held-out rooms, at most as many as are shipped."""
        return room_trials(count)


def load(target: Target, permissions: Permissions) -> SmolSpecimen:
    """The family `smollm`; it needs no permissions: its weights come with two packages.

    Raises PolicyError for an unknown name, and where the backbone's package is missing.
    """
    target.options(SmolOptions)
    regime, wiring = read_name(target.place)
    network = load_network(regime, wiring)
    return SmolSpecimen(target.given_name or f"smollm:{target.place}", network)


def read_name(name: str) -> tuple[Regime, Wiring]:
    """Regime and wiring of a specimen. Raises PolicyError for a name that is none."""
    own, at, how = name.partition("@")
    regime: Regime | None = next((each for each in REGIMES if each == own), None)
    wiring: Wiring | None = next((each for each in WIRINGS if each == (how or "sound")), None)
    if regime is None or wiring is None or (at and not how):
        raise PolicyError(
            "'{name}' is no specimen of SmolLM2; write one of {specimens}.",
            name=name,
            specimens=", ".join(SPECIMENS),
        )
    return regime, wiring


def load_network(regime: Regime, wiring: Wiring = "sound") -> SmolPolicy:
    """A specimen's network, float32, in evaluation mode. Raises as `load`."""
    network = SmolPolicy(load_backbone(), wiring)
    load_trained(network, weights_file(VISION[regime]), weights_file(regime))
    return network.eval().requires_grad_(False)
