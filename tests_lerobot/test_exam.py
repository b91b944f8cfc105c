"""The exam over a data set that LeRobot's own writer wrote, of a policy that LeRobot runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command_line import run_heedmap
from tests_lerobot.tiny import ACTION, CAMERAS, PX, STATE

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before the first import: nothing is fetched
writer: Any = import_module("lerobot.datasets.lerobot_dataset")
pytestmark = pytest.mark.filterwarnings("ignore")  # as in test_data_sets.py

EPISODES, STEPS = 10, 4
TASKS = (
    "put the spoon on the towel",
    "push the spoon to the left",
    "open the drawer",
    "close the drawer",
    "서랍을 여세요",
)


def write(folder: Path) -> None:
    """Version 3: many episodes in a clip and a table."""
    names = ["height", "width", "channels"]
    camera = {"dtype": "video", "shape": (PX, PX, 3), "names": names}
    features: dict[str, Any] = {f"observation.images.{name}": camera for name in CAMERAS}
    for key, size in (("observation.state", STATE), ("action", ACTION)):
        features[key] = {"dtype": "float32", "shape": (size,), "names": list("abcdefgh"[:size])}
    made = writer.LeRobotDataset.create(
        "me/set", 10, features, folder, use_videos=True, video_backend="pyav"
    )
    random = np.random.default_rng(0)
    for episode in range(EPISODES):
        for _ in range(STEPS):
            frame: dict[str, Any] = {
                f"observation.images.{name}": random.integers(0, 255, (PX, PX, 3), np.uint8)
                for name in CAMERAS
            }
            frame["observation.state"] = random.normal(size=STATE).astype(np.float32)
            frame["action"] = np.zeros(ACTION, np.float32)
            made.add_frame({**frame, "task": TASKS[episode % len(TASKS)]})
        made.save_episode(parallel_encoding=False)
    made.finalize()


def test_a_policy_of_lerobots_is_examined_on_its_own_data_set(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    write(tmp_path / "set")
    policy = f"lerobot:{checkpoint('smolvla')}"
    ran = run_heedmap(
        *("exam", "set", "--policy", policy, "--frames", "20", "--json", "-"), cwd=tmp_path
    )
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    kinds = {each["kind"]: each for each in found["kinds"]}
    assert (found["frames"], found["instructions"]) == (20, len(TASKS))
    assert kinds["verb"]["variants"] >= 10
    assert not kinds["verb"]["is_outside"]
    assert kinds["negation"]["frames"] == 20
    assert kinds["verb"]["refused"] == 0
    assert found["unit"] == "scale units"
