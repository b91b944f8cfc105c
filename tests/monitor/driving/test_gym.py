"""Environments of gymnasium: what is found by looking, and what has to be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.errors import HeedmapError, InputError, MissingExtraError, PolicyError
from heedmap.monitor.driving import load
from heedmap.monitor.driving.gym import GymEnvironment, GymOptions
from heedmap.monitor.driving.load import load_environment
from heedmap.monitor.driving.scores import clipped
from tests.monitor.driving.worlds import Fork, as_logits

FACTORIES = """
from tests.monitor.driving.worlds import Fork
from heedmap.monitor.driving.babyai import BabyAi

def nothing():
    return 7

def breaks():
    raise ZeroDivisionError("of nothing")
"""


class Arm(gymnasium.Env[dict[str, Any], np.ndarray]):
    """A continuous one, as suites of robots have them: a dict, success in info, no reward."""

    render_mode = None
    instruction = "raise the arm"

    def __init__(self) -> None:
        self.action_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
        self.observation_space = gymnasium.spaces.Dict()

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict, dict]:
        self.height = 0.0
        return self.seen(), {}

    def step(self, action: np.ndarray) -> tuple[dict, float, bool, bool, dict]:
        self.height += float(action[0])
        return self.seen(), 0.0, False, self.height > 3, {"success": self.height > 1}

    def seen(self) -> dict[str, Any]:
        picture = np.full((20, 20, 3), int(50 * self.height) % 256, np.uint8)
        return {"agentview_image": picture, "state": np.array([self.height, 0.5])}


def test_a_registered_babyai_level_is_found_by_looking() -> None:
    level = load_environment("BabyAI-GoToLocal-v0", {})()
    assert level.begin(3)
    view = level.look()
    assert view.texts["right"].startswith("go to")
    assert view.texts["wrong"] != view.texts["right"]
    assert "paraphrase" not in view.texts
    assert min(view.observation.frame.shape[:2]) > 64, "drawn, for its image is encoded cells"
    turns = np.eye(7)
    assert [level.act(turns[k]) for k in range(3)] == ["left", "right", "forward"]
    level.begin(3)
    assert level.look().observation.sha256 == view.observation.sha256
    level.close()


def test_a_continuous_one_is_driven_by_its_own_words_and_success() -> None:
    arm = GymEnvironment(Arm, GymOptions(state="state", wrong="lower the arm"))
    assert arm.begin(0)
    view = arm.look()
    assert view.texts == {"right": "raise the arm", "wrong": "lower the arm", "blank": ""}
    assert view.observation.state is not None
    assert view.observation.state.tolist() == [0, 0.5]
    assert arm.act(np.array([0.7, 9.0, -1.0, -1.0])) == "0.7,1"
    assert not arm.reached("target")
    arm.act(np.array([5.0, 0.0]))
    assert arm.reached("target")
    assert not arm.is_over()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (GymOptions(image="wrist"), "no 'wrist'; it has agentview_image, state"),
        (GymOptions(image="state"), r"no picture .* an array \(2,\) of float64; give --image"),
        (GymOptions(image="render"), "no picture .* got NoneType"),
        (GymOptions(success="done"), "info has no 'done', it has success"),
    ],
)
def test_what_is_not_there_is_one_sentence(options: GymOptions, said: str) -> None:
    arm = GymEnvironment(Arm, options)
    arm.begin(0)
    with pytest.raises(InputError, match=said):
        arm.look()
        arm.act(np.zeros(2))


def test_the_policys_actions_are_mapped_to_the_environments() -> None:
    corridor = GymEnvironment(Fork, GymOptions(actions=(2, 0)))
    corridor.begin(0)
    assert corridor.act(np.array([1.0, 0.0])) == "2"
    with pytest.raises(PolicyError, match=r"2 actions \(2, 0\), but the policy gives 3 numbers"):
        corridor.act(as_logits([0])[0])


@given(st.integers(1, 4), st.integers(1, 3), st.floats(-10, 10))
def test_values_stay_within_the_bounds_and_the_first_step_of_a_chunk_is_taken(
    size: int, steps: int, value: float
) -> None:
    low, high = np.full(size, -1, np.float32), np.full(size, 2, np.float32)
    scores = np.concatenate([np.full(size, value), np.full(size * (steps - 1), 99.0)])
    taken = clipped(scores, low, high)
    assert taken.shape == low.shape
    assert taken.dtype == np.float32
    assert taken.tolist() == pytest.approx([min(max(value, -1), 2)] * size)
    if size > 1:
        with pytest.raises(PolicyError, match="a chunk of several steps"):
            clipped(scores[:-1], low, high)


def test_factories_give_gymnasium_or_heedmaps_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drive_factories.py").write_text(FACTORIES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_environment("drive_factories:Fork", {})().begin(0)
    assert load_environment("drive_factories:BabyAi", {})().judges_other
    with pytest.raises(HeedmapError, match="returned a int, expected a gymnasium.Env"):
        load_environment("drive_factories:nothing", {})()
    with pytest.raises(HeedmapError, match="raised ZeroDivisionError: of nothing"):
        load_environment("drive_factories:breaks", {})()


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"'miniworld'.*\[miniworld\]"):
        load_environment("miniworld", {})
    with pytest.raises(MissingExtraError, match=r"'minigrid'.*\[drive\]"):
        load_environment("babyai", {})
