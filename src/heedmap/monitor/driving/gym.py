"""Any gymnasium environment, with options for what differs from one to the next.

Success is one key of `info`, or a reward above 0. The environment judges its own mission alone, so
whether the goal of the wrong instruction was reached is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, final

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from pydantic import Field

from heedmap.data.observation import ONLY_CAMERA, Observation
from heedmap.data.pixels import Frame
from heedmap.errors import InputError, first_line_of
from heedmap.frozen import Frozen
from heedmap.monitor.driving.environment import Scores, View
from heedmap.monitor.driving.scores import chosen, clipped
from heedmap.phrase import Phrase
from heedmap.report.driving.result import Condition, Goal

MISSIONS = ("mission", "instruction", "language_instruction", "task_description", "prompt")
"""Under which environments have their instruction: in the observation, `info`, or as attribute."""
IMAGES = ("pixels", "image", "rgb", "agentview_image")
SUCCESSES = ("success", "is_success")
LEAST_PX = 16
"""A smaller `image` is no picture, such as MiniGrid's encoded cells."""
MOST_STEPS = 100
"""Where neither the environment nor the user says."""
OTHER_SEEDS = 20
"""So many further seeds are looked at for another mission."""


Words = Annotated[str, Field(min_length=1)]


class GymOptions(Frozen):
    """What the user says of an environment; None is found by looking."""

    image: str | None = None
    """Key of the observation, or `render`."""
    state: str | None = None
    success: str | None = None
    """Key of `info`, or `reward`: a reward above 0."""
    actions: tuple[int, ...] | None = None
    """The environment's action for each of the policy's, in order."""
    right: Words | None = None
    wrong: Words | None = None
    paraphrase: Words | None = None


@final
class GymEnvironment:
    """A gymnasium environment as heedmap drives it."""

    judges_other = False

    def __init__(
        self, make: Callable[[], gymnasium.Env[Any, Any]], options: GymOptions | None = None
    ) -> None:
        self._env = make()
        self._options = options or GymOptions()
        spec = self._env.spec
        self.max_steps = (spec.max_episode_steps if spec else None) or MOST_STEPS
        self._names, self._numbers = _discrete_actions(self._env, self._options)

    def begin(self, seed: int) -> bool:
        """Reset with that seed."""
        right = self._options.right or self._reset(seed)
        if right is None:
            raise InputError(
                "The environment says no instruction (looked for {missions}); give one with "
                "--right TEXT.",
                missions=", ".join(MISSIONS),
            )
        wrong = self._options.wrong or self._other_mission(seed, right)
        if wrong == right:
            raise InputError(
                "The wrong instruction is the right one of the episode with seed {seed} "
                "('{text}'); give another --wrong, or leave it out.",
                seed=seed,
                text=right,
            )
        self._texts: dict[Condition, str] = {"right": right, "blank": ""}
        if wrong is not None:
            self._texts["wrong"] = wrong
        if self._options.paraphrase is not None:
            self._texts["paraphrase"] = self._options.paraphrase
        self._reset(seed)
        return True

    def look(self) -> View:
        """The picture and state of the last observation."""
        return View(Observation({ONLY_CAMERA: self._frame()}, self._state()), self._texts)

    def act(self, scores: Scores) -> str:
        """The best action by its name, or the numbers within their bounds."""
        space = self._env.action_space
        if isinstance(space, Box):
            action = clipped(scores, space.low, space.high)
            text = ",".join(f"{value:.4g}" for value in action.flatten())
        elif self._names:
            best = chosen(scores, self._names)
            text, action = self._names[best], self._numbers[best]
        else:
            raise InputError(
                "The environment's actions are of the kind {kind}; Discrete and Box can be "
                "driven: wrap the environment in a factory that has one of these.",
                kind=type(space).__name__,
            )
        self._obs, reward, terminated, truncated, info = self._env.step(action)
        self._is_over = bool(terminated or truncated)
        self._is_reached = self._has_succeeded(float(reward), info)
        return text

    def reached(self, goal: Goal) -> bool:
        """Of the target: success at the last step."""
        return goal == "target" and self._is_reached

    def is_over(self) -> bool:
        """Terminated or truncated."""
        return self._is_over

    def close(self) -> None:
        """Close it."""
        self._env.close()

    def _reset(self, seed: int) -> str | None:
        self._obs, info = self._env.reset(seed=seed)
        self._is_over = self._is_reached = False
        places: list[object] = [info.get(name) for name in MISSIONS]
        if isinstance(self._obs, Mapping):
            places += [self._obs.get(name) for name in MISSIONS]
        places += [getattr(self._env.unwrapped, name, None) for name in MISSIONS]
        return next((text for text in places if isinstance(text, str) and text), None)

    def _other_mission(self, seed: int, right: str) -> str | None:
        others = (self._reset(seed + k) for k in range(1, OTHER_SEEDS + 1))
        return next((text for text in others if text is not None and text != right), None)

    def _has_succeeded(self, reward: float, info: Mapping[str, Any]) -> bool:
        key = self._options.success
        if key is None:
            key = next((name for name in SUCCESSES if name in info), "reward")
        if key == "reward":
            return reward > 0
        if key not in info:
            raise InputError(
                "The environment's info has no '{key}', it has {info}; give --success another "
                "key, or reward.",
                key=key,
                info=", ".join(map(str, info)) or None,
            )
        return bool(np.any(info[key]))

    def _frame(self) -> Frame:
        key, obs = self._options.image, self._obs
        if key is None and _is_picture(obs):
            return obs
        if key is None and isinstance(obs, Mapping):
            key = next((name for name in IMAGES if _is_picture(obs.get(name))), None)
        found: Any = self._rendered() if key in (None, "render") else _entry(obs, key)
        if key is None and not isinstance(found, np.ndarray):
            found = obs  # to say what it is
        if not _is_picture(found):
            raise InputError(
                "The environment gives no picture (uint8, height x width x 3, {least_px} px or "
                "more): {found}; give --image KEY, or a factory whose environment is made "
                "with render_mode='rgb_array'.",
                least_px=LEAST_PX,
                found=_described(found),
            )
        return found

    def _rendered(self) -> Any:
        if self._env.render_mode != "rgb_array":
            return None
        try:
            return self._env.render()
        except NotImplementedError:
            return None

    def _state(self) -> np.ndarray | None:
        if self._options.state is None:
            return None
        return np.asarray(_entry(self._obs, self._options.state), dtype=np.float32).flatten()


def _discrete_actions(
    env: gymnasium.Env[Any, Any], options: GymOptions
) -> tuple[list[str], tuple[int, ...]]:
    """Names and numbers of actions in the order of the policy's scores; empty for other spaces.

    Raises InputError for an action that it does not have.
    """
    space = env.action_space
    if not isinstance(space, Discrete):
        return [], ()
    numbers = options.actions or tuple(range(int(space.start), int(space.start + space.n)))
    if outside := [n for n in numbers if not space.contains(np.int64(n))]:
        raise InputError(
            "The environment has no action {action}; its actions are {start} to {last}.",
            action=outside[0],
            start=space.start,
            last=space.start + space.n - 1,
        )
    kinds = getattr(env.unwrapped, "actions", None)
    try:
        names = [str(kinds(n).name) for n in numbers]  # type: ignore[misc] # an IntEnum, perhaps
    except Exception:
        names = [str(n) for n in numbers]
    return names, numbers


def _entry(obs: Any, key: str | None) -> Any:
    if not isinstance(obs, Mapping) or key not in obs:
        names = ", ".join(map(str, obs)) if isinstance(obs, Mapping) else Phrase("no entries")
        raise InputError("The observation has no '{key}'; it has {names}.", key=key, names=names)
    return obs[key]


def _is_picture(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.dtype == np.uint8
        and value.ndim == 3
        and value.shape[2] == 3
        and min(value.shape[:2]) >= LEAST_PX
    )


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return Phrase("an array {shape} of {dtype}", shape=value.shape, dtype=value.dtype)
    return Phrase("got {kind}", kind=type(value).__name__)


def make_gym(name: str) -> Callable[[], gymnasium.Env[Any, Any]]:
    """What makes the environment of an id. Raises InputError where there is none to be had."""

    def make() -> gymnasium.Env[Any, Any]:
        try:
            return gymnasium.make(name, render_mode="rgb_array", disable_env_checker=True)
        except Exception as error:
            raise InputError(
                "The environment '{name}' cannot be made ({why}); give a gymnasium id, or "
                "package.module:factory.",
                name=name,
                why=first_line_of(error),
            ) from error

    return make
