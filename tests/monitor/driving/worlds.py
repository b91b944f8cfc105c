"""A tiny gymnasium environment, and policies of which it is known whether they heed."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import nn

from heedmap.data.pixels import Frame
from heedmap.monitor.driving.driver import Driver
from heedmap.monitor.driving.environment import Each, Maker, one_by_one
from heedmap.monitor.driving.folder import DriveFolder
from heedmap.monitor.driving.gym import GymEnvironment, GymOptions
from heedmap.monitor.driving.run import Drives, settings_of
from heedmap.policies.callable import CallablePolicy
from heedmap.report.driving.result import CONDITIONS, Drive

REACH = 4
"""Cells to either lamp."""
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
NAMES = ("left", "stay", "right")
Act = Callable[[Frame, str], int]


class Fork(gymnasium.Env[Frame, np.int64]):
    """A corridor with a red lamp at one end and a blue one at the other; the seed says which."""

    render_mode = "rgb_array"
    actions_taken = 0

    def __init__(self) -> None:
        self.action_space = gymnasium.spaces.Discrete(3)
        self.observation_space = gymnasium.spaces.Box(0, 255, (16, 18, 3), np.uint8)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Frame, dict]:
        super().reset(seed=seed)
        self.place = 0
        sides = [RED, BLUE] if self.np_random.random() < 0.5 else [BLUE, RED]
        self.lamps = {-REACH: sides[0], REACH: sides[1]}
        self.goal = RED if self.np_random.random() < 0.5 else BLUE
        return self.frame(), {"mission": f"go to the {'red' if self.goal == RED else 'blue'} lamp"}

    def step(self, action: np.int64) -> tuple[Frame, float, bool, bool, dict]:
        type(self).actions_taken += 1
        self.place = int(np.clip(self.place + int(action) - 1, -REACH, REACH))
        is_there = self.lamps.get(self.place) == self.goal
        return self.frame(), float(is_there), is_there, False, {}

    def frame(self) -> Frame:
        """Two pixels a cell, dark but for lamps and agent."""
        frame = np.zeros((16, 18, 3), np.uint8)
        for place, colour in [*self.lamps.items(), (self.place, WHITE)]:
            rows = slice(8, None) if colour == WHITE else slice(0, 8)
            frame[rows, 2 * (place + REACH) : 2 * (place + REACH) + 2] = colour
        return frame


class Uncopied(Fork):
    """A simulator whose state cannot be copied."""

    def __deepcopy__(self, memo: object) -> Uncopied:
        raise TypeError("cannot pickle a pointer")


class Unrepeatable(Uncopied):
    """One that never does the same twice."""

    def frame(self) -> Frame:
        frame = super().frame()
        frame[15, 17] = random.randrange(256)
        return frame


class Dying(Fork):
    """Its simulator ends the whole process."""

    def step(self, action: np.int64) -> tuple[Frame, float, bool, bool, dict]:
        os._exit(7)


class Slow(Fork):
    """Each step takes as long as drawing does."""

    def step(self, action: np.int64) -> tuple[Frame, float, bool, bool, dict]:
        time.sleep(0.02)
        return super().step(action)


def heeding(frame: Frame, text: str) -> int:
    """Goes to the lamp that is named, and stays where none is."""
    colour = RED if "red" in text else BLUE if "blue" in text else None
    if colour is None:
        return 1
    lamp = next(c for c in (0, 17) if tuple(frame[0, c]) == colour)
    return 0 if lamp == 0 else 2


def confounded(frame: Frame, text: str) -> int:
    """Goes to the left, whatever is said."""
    return 0


class FirstWords(nn.Module):
    """Decides in the first frame: keeps its first instruction."""

    def __init__(self) -> None:
        super().__init__()
        self.text: str | None = None

    def reset(self) -> None:
        self.text = None

    def run(self, frames: Sequence[Frame], texts: Sequence[str]) -> np.ndarray:
        self.text = self.text if self.text is not None else texts[0]
        return as_logits([heeding(frame, self.text) for frame in frames])


def as_logits(actions: Sequence[int]) -> np.ndarray:
    return 5.0 * np.eye(3, dtype=np.float32)[list(actions)]


def policy_of(act: Act) -> CallablePolicy:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return torch.from_numpy(as_logits(list(map(act, frames, texts))))

    return CallablePolicy(act.__name__, run, nn.Identity(), action_names=NAMES)


def make_heeding() -> CallablePolicy:
    """A factory, for the command line."""
    return policy_of(heeding)


def first_words() -> CallablePolicy:
    network = FirstWords()
    return CallablePolicy("first_words", network.run, network, action_names=NAMES)


def fork(kind: type[Fork] = Fork, paraphrase: str | None = None) -> Maker:
    return lambda: GymEnvironment(kind, GymOptions(paraphrase=paraphrase))


def driven(
    policy: CallablePolicy,
    folder: Path,
    maker: Maker | None = None,
    *,
    episodes: int = 6,
    every: int = 0,
    keeps_state: bool = False,
    max_steps: int = 10,
    first_seed: int = 0,
    each: Each = one_by_one,
) -> Drive:
    """Drive it, three episodes side by side."""
    maker = maker or fork(paraphrase="walk to the lamp")
    driver = Driver(policy, keeps_state=keeps_state, parallel=3)
    settings = settings_of(
        *(driver, maker, policy.name, "fork", {}, CONDITIONS, max_steps, every),
    )
    return Drives(driver, settings, maker, DriveFolder(folder), each).run(episodes, first_seed)
