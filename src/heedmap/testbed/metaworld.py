"""Tasks of Farama's `metaworld` in pairs that share a scene, and its scripted experts as policies.

The package has no instructions; these are heedmap's own. In each pair one task undoes the other, so
that the scene alone tells which of both is left to do, and only the words ask for the other.

    heedmap drive heedmap.testbed.metaworld:heeding --env metaworld:drawer-open
    heedmap drive heedmap.testbed.metaworld:opening --env metaworld:drawer-close

Yu et al. 2019, "Meta-World: A Benchmark and Evaluation for Multi-Task and Meta Reinforcement
Learning" (the tasks and the experts).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.errors import InputError, MissingExtraError, first_line_of
from heedmap.policies.callable import CallablePolicy

FRAME_PX = 128
CAMERA = "corner2"
DIMENSIONS = 4
"""Of an action: three of the hand's motion, one of the gripper."""


@dataclass(frozen=True)
class Task:
    """One task: what is said, the same in other words, and the task that undoes it."""

    text: str
    paraphrase: str
    undone_by: str


TASKS: dict[str, Task] = {
    "drawer-open": Task("open the drawer", "pull the drawer out", "drawer-close"),
    "drawer-close": Task("close the drawer", "push the drawer in", "drawer-open"),
    "door-open": Task("open the door", "pull the door wide", "door-close"),
    "door-close": Task("close the door", "push the door shut", "door-open"),
    "faucet-open": Task("open the faucet", "turn the faucet on", "faucet-close"),
    "faucet-close": Task("close the faucet", "turn the faucet off", "faucet-open"),
    "window-open": Task("open the window", "slide the window aside", "window-close"),
    "window-close": Task("close the window", "slide the window shut", "window-open"),
}


def make_task(name: str) -> Any:
    """The simulator of a task, a gymnasium environment. Raises InputError for an unknown one.

    Raises MissingExtraError where metaworld is not installed.
    """
    if name not in TASKS:
        raise InputError(
            "'{name}' is no task here; write one of {tasks}.", name=name, tasks=", ".join(TASKS)
        )
    kinds = _module("metaworld.env_dict").ALL_V3_ENVIRONMENTS
    try:
        size = {"width": FRAME_PX, "height": FRAME_PX}
        env = kinds[f"{name}-v3"](render_mode="rgb_array", camera_name=CAMERA, **size)
    except Exception as error:
        raise InputError(
            "metaworld cannot draw here ({error_kind}: {why}); MuJoCo needs EGL (Debian: apt-get "
            "install libegl1 libgl1-mesa-dri).",
            error_kind=type(error).__name__,
            why=first_line_of(error),
        ) from error
    env._set_task_called = True  # so that reset draws the object's place, by the seed
    env._freeze_rand_vec, env.seeded_rand_vec = False, True
    return env


def heeding() -> CallablePolicy:
    """The scripted expert of the task that is said; it rests where none is."""
    return _expert("heeding", lambda text: text)


def opening() -> CallablePolicy:
    """Ignores its instruction: the expert that opens the drawer, whatever is said."""
    return _expert("opening", lambda _: TASKS["drawer-open"].text)


def _expert(name: str, heard: Callable[[str], str]) -> CallablePolicy:
    def run(observations: Sequence[Observation], texts: Sequence[str]) -> torch.Tensor:
        rows = [_action(seen, heard(text)) for seen, text in zip(observations, texts, strict=True)]
        return torch.from_numpy(np.stack(rows))

    return CallablePolicy(name, run, nn.Identity(), takes_observations=True)


def _action(seen: Observation, text: str) -> np.ndarray:
    said = {words: name for name, t in TASKS.items() for words in (t.text, t.paraphrase)}
    if text not in said or seen.state is None:
        return np.zeros(DIMENSIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # metaworld warns of values that it clips
        action = _scripted(said[text]).get_action(seen.state.astype(np.float64))
    return np.clip(action, -1, 1)


@cache
def _scripted(name: str) -> Any:
    return _module("metaworld.policies").ENV_POLICY_MAP[f"{name}-v3"]()


def _module(name: str) -> Any:
    if importlib.util.find_spec("metaworld") is None:
        raise MissingExtraError("metaworld", "metaworld")
    if "DISPLAY" not in os.environ:
        os.environ.setdefault("MUJOCO_GL", "egl")
    return importlib.import_module(name)
