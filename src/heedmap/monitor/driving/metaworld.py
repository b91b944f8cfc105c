"""A task of `testbed.metaworld` as an environment: an arm, its camera picture and state.

The phases are before and after the first grasp. The state cannot be copied, for the renderer
is MuJoCo's own; it is replayed.
"""

from __future__ import annotations

from typing import NoReturn, final

import numpy as np

from heedmap.data.observation import ONLY_CAMERA, Observation
from heedmap.monitor.driving.environment import Scores, View
from heedmap.monitor.driving.scores import clipped
from heedmap.report.driving.result import Condition, Goal
from heedmap.testbed.metaworld import TASKS, make_task


@final
class MetaWorldTask:
    """The wrong instruction is the task that undoes this one."""

    max_steps = 150
    judges_other = False

    def __init__(self, name: str) -> None:
        self._env = make_task(name)
        task = TASKS[name]
        self._texts: dict[Condition, str] = {
            "right": task.text,
            "wrong": TASKS[task.undone_by].text,
            "paraphrase": task.paraphrase,
            "blank": "",
        }

    def begin(self, seed: int) -> bool:
        """Draw the object's place by the seed."""
        self._env.seed(seed)
        self._state, _ = self._env.reset(seed=seed)
        self._is_reached = self._is_over = self._has_grasped = False
        return True

    def look(self) -> View:
        """The picture, upright, and the state of 39 numbers."""
        picture = np.ascontiguousarray(self._env.render()[::-1, ::-1])
        seen = Observation({ONLY_CAMERA: picture}, self._state.astype(np.float32))
        return View(seen, self._texts, "after_grasp" if self._has_grasped else "before_grasp")

    def act(self, scores: Scores) -> str:
        """Move the hand and the gripper."""
        space = self._env.action_space
        action = clipped(scores, space.low, space.high)
        self._state, _, terminated, truncated, info = self._env.step(action)
        self._is_over = bool(terminated or truncated)
        self._is_reached = bool(info["success"])
        self._has_grasped = self._has_grasped or bool(info["grasp_success"])
        return ",".join(f"{value:.3g}" for value in action)

    def reached(self, goal: Goal) -> bool:
        """As the task says itself."""
        return goal == "target" and self._is_reached

    def is_over(self) -> bool:
        """After 500 steps."""
        return self._is_over

    def close(self) -> None:
        """Give back the renderer."""
        self._env.close()

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("MuJoCo's renderer cannot be copied")
