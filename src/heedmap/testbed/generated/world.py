"""A small world in which the right action is known: a square, a direction word, a pace word.

The instruction gives direction and pace, the colour of the square in the frame gives the grip, so
that neither is enough alone. Where the square is and what the state holds have no bearing on the
right action; the faults that follow them instead do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int

from heedmap.data.observation import ONLY_CAMERA, Observation
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial

SIDE = 16
"""Pixels along a frame's edge."""
DIRECTIONS = ("left", "right", "forward")
PACES = ("now", "slowly")
GRIPS = ("open", "closed")
"""Under a blue square, and under a red one."""
VERBS = ("go", "move", "head")
CLASSES = tuple("_".join(each) for each in product(DIRECTIONS, PACES, GRIPS))
VALUES = 4
"""Dimensions of the continuous action: sideways, ahead, pace, grip."""
SIGNS = {"left": "dim0:-", "right": "dim0:+", "forward": "dim1:+"}
"""Expected continuous action of each direction."""

Style = Literal["directions", "lengths", "pairs", "paraphrases", "paces"]
"""Which instructions a trial has: three directions, direction times pace, or one direction in
two wordings, or in two paces."""


@dataclass(frozen=True)
class Scene:
    """What is in a frame, and the robot's state."""

    place: int
    """Of the square: 0 left, 1 right, 2 in the middle; the direction that it would suggest."""
    is_red: bool
    pose: int
    """The direction that the state suggests."""
    height: int
    """Rows above the square, in pixels."""
    seed: int

    @property
    def frame(self) -> Frame:
        """Grey noise with a square of 6 by 6 pixels."""
        return _drawn(self).copy()

    @property
    def state(self) -> Float[np.ndarray, " state"]:
        """One-hot over the directions."""
        return np.eye(len(DIRECTIONS))[self.pose]

    @property
    def observation(self) -> Observation:
        """Frame and state."""
        return Observation({ONLY_CAMERA: self.frame}, self.state)


@lru_cache(maxsize=1024)
def _drawn(scene: Scene) -> Frame:
    rng = np.random.default_rng(scene.seed)
    pixels = rng.integers(90, 120, size=(SIDE, SIDE, 3), dtype=np.uint8)
    column = (0, SIDE - 6, (SIDE - 6) // 2)[scene.place]
    colour = (220, 30, 30) if scene.is_red else (30, 30, 220)
    pixels[scene.height : scene.height + 6, column : column + 6] = colour
    return pixels


def draw_scenes(count: int, rng: np.random.Generator) -> list[Scene]:
    """Scenes whose place, colour and pose are independent of each other."""
    return [
        Scene(
            place=int(rng.integers(3)),
            is_red=bool(rng.integers(2)),
            pose=int(rng.integers(3)),
            height=int(rng.integers(SIDE - 6)),
            seed=int(rng.integers(2**31)),
        )
        for _ in range(count)
    ]


def text_of(direction: int, pace: int = 0, verb: int = 0) -> str:
    """Such as "go left now": three words."""
    return f"{VERBS[verb]} {DIRECTIONS[direction]} {PACES[pace]}"


def longer_by(count: int) -> str:
    """So many words more, behind an instruction."""
    return " again" * count


def class_of(direction: int, pace: int, is_red: bool) -> int:
    """Index in `CLASSES`."""
    return (direction * len(PACES) + pace) * len(GRIPS) + int(is_red)


def values_of(classes: Int[torch.Tensor, " batch"]) -> Float[torch.Tensor, "batch values"]:
    """The continuous action of each class, every dimension from -1 to 1."""
    direction, pace, grip = classes // 4, classes // 2 % 2, classes % 2
    sideways = torch.tensor([-1.0, 1.0, 0.0])[direction]
    ahead = torch.tensor([-1.0, -1.0, 1.0])[direction]
    return torch.stack([sideways, ahead, 1.0 - 2 * pace, 1.0 - 2 * grip], dim=1)


def make_trials(
    seed: int, count: int = 12, style: Style = "directions", *, discrete: bool, plain: bool = False
) -> tuple[Trial, ...]:
    """Trials with expected actions; each came with the instruction that its square suggests.

    All three places and both colours come up in turn; with `plain` all squares are blue. `pairs`
    has expected actions for discrete policies only; in `lengths` each direction has another number
    of words.
    """
    rng = np.random.default_rng(1_000_000 + seed)
    trials: list[Trial] = []
    for number, scene in enumerate(draw_scenes(count, rng)):
        pose = (number + number // 3) % 3
        placed = Scene(
            number % 3, not plain and number // 3 % 2 == 1, pose, scene.height, scene.seed
        )
        trials.append(_trial(f"frame{number}", placed, style, discrete))
    return tuple(trials)


def _trial(name: str, scene: Scene, style: Style, discrete: bool) -> Trial:
    asked = _asked(style)
    longer = {key: longer_by(at if style == "lengths" else 0) for at, key in enumerate(asked)}
    texts = {key: text_of(*words) + longer[key] for key, words in asked.items()}
    expected = {
        key: CLASSES[class_of(direction, pace, scene.is_red)]
        if discrete
        else SIGNS[DIRECTIONS[direction]]
        for key, (direction, pace, _) in asked.items()
    }
    paraphrases = {
        key: (text_of(direction, pace, verb + 1) + longer[key],)
        for key, (direction, pace, verb) in asked.items()
    }
    own = DIRECTIONS[scene.place]
    recorded = own if own in texts else None
    return Trial(name, scene.observation, texts, expected, paraphrases, recorded)


def _asked(style: Style) -> dict[str, tuple[int, int, int]]:
    """Direction, pace and verb of each instruction, by its name."""
    if style in ("directions", "lengths"):
        return {name: (index, 0, 0) for index, name in enumerate(DIRECTIONS)}
    if style == "paraphrases":
        return {"go": (0, 0, 0), "move": (0, 0, 1)}
    if style == "paces":
        return {"now": (0, 0, 0), "slowly": (0, 1, 0)}
    return {
        f"{DIRECTIONS[direction]}_{PACES[pace]}": (direction, pace, 0)
        for direction, pace in product((0, 1), (0, 1))
    }


def pixels_of(observations: Sequence[Observation]) -> Float[torch.Tensor, "batch 3 side side"]:
    """Of the first camera, from 0 to 1."""
    stacked = np.stack([observation.frame for observation in observations])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255
