"""Frames of data sets, LeRobot and RLDS, are those that were written."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from heedmap.data.sources import frames_at
from heedmap.errors import FrameError
from tests.data.recordings import (
    framed,
    image,
    rlds_episode,
    same_colour,
    write_json,
    write_lerobot_2,
    write_lerobot_3,
    write_rlds,
)


@pytest.mark.parametrize("version", ["2 video", "2 image", "3"])
def test_a_lerobot_data_set(version: str, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    if version == "3":
        write_lerobot_3(folder)
    else:
        write_lerobot_2(folder, version.split()[1])
    (first,) = frames_at(folder)
    assert (first.name, first.instruction) == ("set_episode_000000_000000", "go to the left")
    third, last = frames_at(f"{folder}#episode=1&frames=2,-1")
    assert third.source == f"{folder}#2"
    assert third.instruction == "take the red ball"
    assert list(third.observation.images) == ["front", "wrist"]
    for frame, number in ((third, 8), (last, 11)):
        assert same_colour(frame.observation.images["front"], image(number))
        assert same_colour(frame.observation.images["wrist"], image(number, 1))
        assert frame.observation.state is not None
        assert frame.observation.state.tolist() == [1, number - 6]
    (at_time,) = frames_at(f"{folder}#episode=1&t=0.35")
    assert at_time.name == "set_episode_000001_000003"


def test_lerobot_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="no LeRobot data set .* and no RLDS data set"):
        frames_at(tmp_path)
    folder = tmp_path / "set"
    write_lerobot_2(folder)
    with pytest.raises(FrameError, match="there is no episode 2"):
        frames_at(f"{folder}#episode=2")
    info = json.loads((folder / "meta/info.json").read_text())
    for change, told in (
        ({"codebase_version": "v1.6"}, "version v1.6"),
        ({"data_path": "../../{episode_index}.parquet"}, "leads out of the data set"),
        ({"data_path": "{episode_index.__class__}"}, "fields that are not known"),
        ({"data_path": "data/none.parquet"}, "lacks the file data/none.parquet"),
        ({"features": {}}, "no camera"),
    ):
        write_json(folder / "meta/info.json", {**info, **change})
        with pytest.raises(FrameError, match=told):
            frames_at(folder)
    (folder / "meta/info.json").write_text("{")
    with pytest.raises(FrameError, match="cannot be read as JSON"):
        frames_at(folder)


def test_an_rlds_data_set_of_two_shards(tmp_path: Path) -> None:
    write_rlds(tmp_path / "set.tfrecord-00000-of-00002", [rlds_episode(0), rlds_episode(1)])
    write_rlds(tmp_path / "set.tfrecord-00001-of-00002", [rlds_episode(2)])
    second, last = frames_at(f"{tmp_path}#episode=2&frames=1,-1")
    assert second.instruction == "take block 2"
    assert list(last.observation.images) == ["image", "wrist_image"]
    assert np.array_equal(last.observation.images["image"], image(5))
    assert np.array_equal(last.observation.images["wrist_image"], image(5, 1))
    assert last.observation.state is not None
    assert last.observation.state.tolist() == [30, 31, 32]
    (own,) = frames_at(f"{tmp_path}/set.tfrecord-00000-of-00002#episode=1")
    assert own.name == "set_episode_000001_000000"
    assert own.instruction == "take block 1"
    with pytest.raises(FrameError, match="has 3 episodes, numbered from 0; there is no episode 3"):
        frames_at(f"{tmp_path}#episode=3")


def test_tfrecord_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "set.tfrecord"
    write_rlds(path, [rlds_episode(0)])
    whole = path.read_bytes()
    for content, told in (
        (whole[:-10], "cut short"),
        (struct.pack("<Q", 2**60) + b"....", "a record of 1,152,921,504,606,846,976 bytes"),
        (b"hello", "cut short"),
        (framed(b"\xff\xff\xff\xff"), "cannot be read as a tf.train.Example"),
        (whole[:300] + b"?" + whole[301:], "does not match its checksum"),
    ):
        path.write_bytes(content)
        with pytest.raises(FrameError, match=told):
            frames_at(path)
    write_rlds(path, [{"steps/action": [0.0]}])
    with pytest.raises(FrameError, match="no JPEG or PNG images .* it holds steps/action"):
        frames_at(path)


def test_parts_of_a_state_are_joined_where_there_is_no_whole(tmp_path: Path) -> None:
    """As DROID has them: joints and gripper."""
    episode = rlds_episode(0)
    del episode["steps/observation/state"]
    episode["steps/observation/joint_position"] = [float(n) for n in range(4 * 7)]
    episode["steps/observation/gripper_position"] = [0.5, 0.25, 0.0, 1.0]
    write_rlds(tmp_path / "x-train.tfrecord-00000-of-00001", [episode])
    (frame,) = frames_at(f"{tmp_path}#1")
    assert frame.observation.state is not None
    assert frame.observation.state.tolist() == [7, 8, 9, 10, 11, 12, 13, 0.25]


def test_a_folder_of_versions_says_which_one_to_give(tmp_path: Path) -> None:
    (tmp_path / "1.0.0").mkdir()
    write_rlds(tmp_path / "1.0.0/x-train.tfrecord-00000-of-00001", [rlds_episode(0)])
    with pytest.raises(FrameError, match=r"one folder further down; give one of them: .*1\.0\.0"):
        frames_at(str(tmp_path))
