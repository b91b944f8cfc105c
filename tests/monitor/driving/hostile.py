"""Environments and policies that do what they should not, as factories for `--env`."""

from __future__ import annotations

import sys
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import nn

from heedmap.data.observation import Observation, of_frame
from heedmap.monitor.driving.environment import View
from heedmap.policies.callable import CallablePolicy
from tests.monitor.driving.worlds import NAMES, Fork, heeding, policy_of

BLACK = np.zeros((32, 32, 3), np.uint8)


class ResetRaises(Fork):
    """By its name."""

    def reset(self, **_: Any) -> Any:
        raise ValueError("asset missing: cup.xml\nsecond line")


class StepRaises(Fork):
    """By its name."""

    def step(self, action: Any) -> Any:
        if self.place:
            raise RuntimeError("simulation unstable")
        return super().step(action)


class StepExits(Fork):
    """By its name."""

    def step(self, action: Any) -> Any:
        sys.exit(0)


class FourOfFive(Fork):
    """By its name."""

    def step(self, action: Any) -> Any:
        return super().step(action)[:4]


class FloatPicture(Fork):
    """By its name."""

    def frame(self) -> Any:
        return super().frame() / 255


class TwoSpaces(Fork):
    """By its name."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space: Any = gymnasium.spaces.MultiDiscrete([3, 3])


class ManyActions(Fork):
    """By its name."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space = gymnasium.spaces.Discrete(5_000)


class NoNumbers(Fork):
    """By its name."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space: Any = gymnasium.spaces.Box(-1, 1, (0,), np.float32)


class LongWords(Fork):
    """By its name."""

    def reset(self, **given: Any) -> Any:
        frame, info = super().reset(**given)
        return frame, {"mission": info["mission"] + " please" * 1_000}


class OwnStart(Fork):
    """Begins otherwise at each reset, whatever the seed."""

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        _, info = super().reset(seed=seed)
        self.place = int(np.random.default_rng().integers(-3, 4))
        return self.frame(), info


class Loud(Fork):
    """By its name."""

    def step(self, action: Any) -> Any:
        print("{simulator}")
        return super().step(action)


class OneBuffer(Fork):
    """Writes each picture into the same array."""

    buffer: Any = None

    def frame(self) -> Any:
        frame = super().frame()
        self.buffer = np.zeros_like(frame) if self.buffer is None else self.buffer
        self.buffer[:] = frame
        return self.buffer


class Hand(Fork):
    """Three hundred joints; the first one's sign is the way."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space: Any = gymnasium.spaces.Box(-1, 1, (300,), np.float32)

    def step(self, action: Any) -> Any:
        return super().step(np.int64(np.sign(action[0]) + 1))


class Own:
    """heedmap's own protocol; never at a goal."""

    max_steps: Any = 3
    judges_other = False
    view: Any = View(of_frame(BLACK), {"right": "go left", "wrong": "go right", "blank": ""})

    def begin(self, seed: int) -> bool:
        return True

    def look(self) -> Any:
        return self.view

    def act(self, scores: Any) -> str:
        return "moved"

    def reached(self, goal: str) -> bool:
        return False

    def is_over(self) -> bool:
        return False


class NoSteps(Own):
    """By its name."""

    max_steps = None


class NoView(Own):
    """By its name."""

    view: Any = "a picture"


class NoTexts(Own):
    """By its name."""

    view = View(of_frame(BLACK), None)  # type: ignore[arg-type]


class NumberForWords(Own):
    """By its name."""

    view = View(of_frame(BLACK), {"right": 3, "wrong": "go right"})  # type: ignore[dict-item]


class GreyPicture(Own):
    """By its name."""

    view = View(of_frame(BLACK), Own.view.texts)

    def look(self) -> Any:
        object.__setattr__(self.view.observation, "images", {"image": BLACK[..., 0]})
        return self.view


class NanState(Own):
    """By its name."""

    view = View(Observation({"image": BLACK}, np.array([0.0, np.nan])), Own.view.texts)


def _policy(run: Any, **options: Any) -> CallablePolicy:
    return CallablePolicy("p", run, nn.Identity(), **options)


def heeds() -> CallablePolicy:
    """One that does what it should."""
    return policy_of(heeding)


def exits() -> CallablePolicy:
    """Ends the process, as a script does."""
    return _policy(lambda frames, texts: sys.exit(0), action_names=NAMES)


def writes_into_frames() -> CallablePolicy:
    """Leaves its frames black, and goes by the words."""

    def run(frames: Any, texts: Any) -> torch.Tensor:
        for frame in frames:
            frame[:] = 0
        return torch.eye(3)[[0 if "red" in text else 2 for text in texts]]

    return _policy(run, action_names=NAMES)


def huge() -> CallablePolicy:
    """So large that squares overflow; the way is by the words."""

    def run(frames: Any, texts: Any) -> torch.Tensor:
        rows = [-1e300 if "red" in text else 1e300 for text in texts]
        return torch.tensor(rows, dtype=torch.float64)[:, None].expand(-1, 300)

    return _policy(run)
