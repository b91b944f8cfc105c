"""The specimens of the 3-D room: `specimen:miniworld-heeding` and `specimen:miniworld-confounded`.

heeding      trained on the expert's action to the object that is named
confounded   trained on the expert's action to the object nearest to the middle of the picture,
             whichever is named: as of recordings in which the words went with the view
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from heedmap.data.pixels import Frame
from heedmap.errors import FrameError, PolicyError
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.miniworld.network import RoomPolicy, pixels_of
from heedmap.testbed.miniworld.world import FRAME_PX
from heedmap.testbed.specimens.world import ACTIONS

Regime = Literal["heeding", "confounded"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
PREFIX = "miniworld-"


def load_room_policy(name: str) -> CallablePolicy:
    """A shipped specimen by its name without the prefix. Raises PolicyError for an unknown one."""
    network = load_network(name)

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        for frame in frames:
            if frame.shape[:2] != (FRAME_PX, FRAME_PX):
                raise FrameError(
                    "A specimen of the 3-D room takes frames of {size}x{size} px, got "
                    "{width}x{height}; drive it with --env miniworld.",
                    size=FRAME_PX,
                    width=frame.shape[1],
                    height=frame.shape[0],
                )
        return network(pixels_of(frames), instructions)

    return CallablePolicy(f"specimen:{PREFIX}{name}", run, network, action_names=ACTIONS)


def load_network(name: str) -> RoomPolicy:
    """Its network, float32. Raises PolicyError for an unknown name, and for damaged weights."""
    regime: Regime | None = next((each for each in REGIMES if each == name), None)
    if regime is None:
        raise PolicyError(
            "'{prefix}{name}' is no specimen; write one of {regimes}.",
            prefix=PREFIX,
            name=name,
            regimes=", ".join(f"{PREFIX}{each}" for each in REGIMES),
        )
    network = RoomPolicy()
    try:
        stored = load_file(weights_file(regime))
        network.load_state_dict({key: value.float() for key, value in stored.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise PolicyError(
            "The weights {path} cannot be read ({why}); install heedmap again, or train "
            "them again: python -m heedmap.testbed.miniworld.train {regime}",
            path=weights_file(regime),
            why=error,
            regime=regime,
        ) from error
    return network.eval().requires_grad_(False)


def weights_file(regime: Regime) -> Path:
    """Where the shipped weights lie, in half precision."""
    return Path(__file__).parent / "weights" / f"{regime}.safetensors"
