"""What LeRobot's own writer writes is read as its own reader reads it, pixel for pixel."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedmap.data.locator import parse_locator
from heedmap.data.sources import episode_at, episode_count, frames_at

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before the first import: nothing is fetched
writer: Any = import_module("lerobot.datasets.lerobot_dataset")
# its encoders and parquet writers leave files to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore")

HEIGHT, WIDTH, FPS = 64, 96, 30
LENGTHS = (7, 5, 9, 4, 6)
TASKS = ("pick the red cube", "pick the blue cube", "öffne die Schublade", "왼쪽으로 가")
CAMERAS = ("front", "wrist")


def image(number: int) -> np.ndarray:
    """A ramp with a line that moves, and noise that makes files large enough to be several."""
    pixels = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = (number * 37) % 256, np.arange(WIDTH) * 2
    pixels[number % HEIGHT] = 255
    return pixels


def write(folder: Path, kind: str, depth: bool) -> Any:
    """A data set of five episodes in several files; gives it, opened by LeRobot's reader."""
    colour = {"dtype": kind, "shape": (HEIGHT, WIDTH, 3), "names": ["height", "width", "channels"]}
    features: dict[str, Any] = {f"observation.images.{camera}": colour for camera in CAMERAS}
    features["observation.state"] = {"dtype": "float32", "shape": (3,), "names": ["a", "b", "c"]}
    features["action"] = {"dtype": "float32", "shape": (2,), "names": ["x", "y"]}
    if depth:
        names = {"names": ["height", "width", "channels"], "info": {"is_depth_map": True}}
        deep = {"dtype": kind, "shape": (HEIGHT, WIDTH, 1), **names}
        features["observation.images.depth"] = deep
    made = writer.LeRobotDataset.create(
        "me/set", FPS, features, folder, use_videos=kind == "video", video_backend="pyav"
    )
    made.meta.info.chunks_size = 2
    made.meta.info.data_files_size_in_mb = 0.05
    made.meta.info.video_files_size_in_mb = 0.003
    numbers = np.random.default_rng(0)
    for episode, length in enumerate(LENGTHS):
        for index in range(length):
            number = 10 * episode + index
            changes = index > 3 and episode % 2  # the task, inside of the episode
            frame: dict[str, Any] = {
                "observation.images.front": image(number),
                "observation.images.wrist": image(number + 50),
                "observation.state": numbers.normal(size=3).astype(np.float32),
                "action": np.zeros(2, np.float32),
                "task": TASKS[(episode + bool(changes)) % len(TASKS)],
            }
            if depth:
                deep = numbers.integers(200, 4000, (HEIGHT, WIDTH, 1))
                frame["observation.images.depth"] = deep.astype(np.uint16)
            made.add_frame(frame)
        made.save_episode(parallel_encoding=False)
    made.finalize()
    return writer.LeRobotDataset("me/set", folder, video_backend="pyav")


@pytest.mark.parametrize(
    ("kind", "depth"), [("image", False), ("video", False), ("image", True), ("video", True)]
)
def test_frames_states_and_tasks_are_those_that_lerobot_reads(
    kind: str, depth: bool, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    own = write(folder, kind, depth)
    assert len(list(folder.rglob("file-*.mp4" if kind == "video" else "data/*/*.parquet"))) > 2
    assert episode_count(folder) == len(LENGTHS)
    found = [
        frame
        for episode in range(len(LENGTHS))
        for frame in frames_at(f"{folder}#episode={episode}&frames=:")
    ]
    assert len(found) == len(own) == sum(LENGTHS)
    for frame, item in zip(found, map(own.__getitem__, range(len(own))), strict=True):
        for camera in CAMERAS:
            pixels = np.round(item[f"observation.images.{camera}"].numpy() * 255)
            expected = pixels.astype(np.uint8).transpose(1, 2, 0)
            assert np.array_equal(frame.observation.images[camera], expected)
        assert frame.observation.state is not None
        assert np.array_equal(frame.observation.state, item["observation.state"].numpy())
        assert frame.instruction == item["task"]
    episode = episode_at(parse_locator(str(folder)))
    assert episode.cameras == CAMERAS
    assert episode.skipped_cameras == (("depth",) if depth else ())
