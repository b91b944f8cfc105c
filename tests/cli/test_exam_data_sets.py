"""`heedmap exam` over LeRobot and RLDS sets, with a policy that reads all that they have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedmap.data.images import png_bytes
from tests.command_line import run_heedmap
from tests.data.recordings import write_json, write_rlds
from tests.data.recordings import write_lerobot_2 as write_two

EPISODES, STEPS, PX = 14, 3, 32
TASKS = (
    "put the spoon on the towel",
    "push the spoon to the left",
    "open the top drawer",
    "close the top drawer",
    "put the carrot on the plate",
    "pick up the red cup from the left",
    "서랍을 닫으세요",
)
POLICY = """
import torch
from heedmap.policies.callable import CallablePolicy

VERBS = ("open", "close", "push", "pull", "pick", "put", "여세요", "닫으세요")


def act(observations, instructions):
    rows = []
    for seen, text in zip(observations, instructions, strict=True):
        assert seen.state.shape == (STATE,) and len(seen.images) == 2
        words = text.lower().rstrip(".!").split()
        moves = [float(verb in words) for verb in VERBS]
        rows.append([*moves, float(seen.state[0]) / 100, seen.frame.mean() / 2550])
    return torch.tensor(rows)


def make():
    return CallablePolicy("verbs", act, torch.nn.Identity(), takes_observations=True)
"""


def picture(episode: int, step: int, camera: int) -> bytes:
    found = np.full((PX, PX, 3), 20 + 50 * (episode % 4), np.uint8)
    found[8 * camera : 8 * camera + 8, 8 * step : 8 * step + 8] = 250
    return png_bytes(found)


def droid(folder: Path) -> tuple[str, int]:
    """Two shards; the state lies in parts, as DROID's does."""
    for shard in range(2):
        episodes = [_record(n) for n in range(EPISODES) if n % 2 == shard]
        write_rlds(folder / f"set-train.tfrecord-0000{shard}-of-00002", episodes)
    return str(folder), 8


def _record(number: int) -> dict[str, list[Any]]:
    steps = range(STEPS)
    cameras = ("exterior_image_1_left", "wrist_image_left")
    images = {
        f"steps/observation/{name}": [picture(number, step, camera) for step in steps]
        for camera, name in enumerate(cameras)
    }
    return {
        **images,
        "steps/is_first": [1] + [0] * (STEPS - 1),
        "steps/observation/joint_position": [float(number + k) for _ in steps for k in range(7)],
        "steps/observation/gripper_position": [0.5] * STEPS,
        "steps/language_instruction": [TASKS[number % len(TASKS)].encode()] * STEPS,
    }


def lerobot(folder: Path) -> tuple[str, int]:
    """Version 2.1 with its images in its tables."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    write_two(folder, "image")
    info = json.loads((folder / "meta/info.json").read_text())
    write_json(folder / "meta/info.json", {**info, "total_episodes": EPISODES})
    lines = [json.dumps({"task_index": n, "task": task}) for n, task in enumerate(TASKS)]
    (folder / "meta/tasks.jsonl").write_text("\n".join(lines) + "\n")
    for number in range(EPISODES):
        table: dict[str, list[Any]] = {
            "timestamp": [step / 10 for step in range(STEPS)],
            "frame_index": list(range(STEPS)),
            "episode_index": [number] * STEPS,
            "task_index": [number % len(TASKS)] * STEPS,
            "observation.state": [[float(number), float(step)] for step in range(STEPS)],
        }
        for camera, name in enumerate(("front", "wrist")):
            images = [picture(number, step, camera) for step in range(STEPS)]
            table[f"observation.images.{name}"] = [{"bytes": i, "path": None} for i in images]
        pq.write_table(pa.table(table), folder / f"data/chunk-000/episode_{number:06d}.parquet")
    return str(folder), 2


@pytest.mark.parametrize("write", [droid, lerobot])
def test_every_frame_with_its_state_and_cameras_is_examined(
    write: Callable[[Path], tuple[str, int]], tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    data_set, state = write(folder)
    (tmp_path / "my_verbs.py").write_text(f"STATE = {state}\n{POLICY}")
    ran = run_heedmap(
        *("exam", data_set, "--policy", "my_verbs:make", "--frames", str(2 * EPISODES)),
        *("--json", "-"),
        cwd=tmp_path,
    )
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    kinds = {each["kind"]: each for each in found["kinds"]}
    assert (found["frames"], found["episodes"]) == (2 * EPISODES, EPISODES)
    assert found["instructions"] == len(TASKS)
    assert kinds["verb"]["verdict"] == "changes"
    assert kinds["verb"]["frames"] == 2 * EPISODES * 5 // 7, "pull and 여세요 are not in the set"
    assert not kinds["verb"]["is_outside"], "verbs of the data set are exchanged for each other"
    for kind in ("noun", "colour", "direction"):
        assert kinds[kind]["changed"]["value"] == 0.0
    assert kinds["trained"]["verdict"] == "changes"
    assert found["own_right"] is None
