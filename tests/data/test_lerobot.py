"""LeRobot folders in the forms that they are found in, made by hand."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from heedmap.data.locator import parse_locator
from heedmap.data.sources import episode_at, frames_at
from heedmap.data.tasks import case_places
from heedmap.data.video import Clip
from heedmap.errors import FrameError
from tests.data.recordings import (
    TASKS,
    image,
    same_colour,
    write_clip,
    write_json,
    write_lerobot_2,
    write_lerobot_3,
)

FRONT = "observation.images.front"
WRIST = "observation.images.wrist"


def change_info(folder: Path, **changes: Any) -> None:
    path = folder / "meta/info.json"
    write_json(path, {**json.loads(path.read_text()), **changes})


def change_features(folder: Path, **changes: Any) -> None:
    """By the part of the name behind `observation.`; None takes a feature away."""
    features = json.loads((folder / "meta/info.json").read_text())["features"]
    features |= {f"observation.{name}": change for name, change in changes.items()}
    change_info(folder, features={k: f for k, f in features.items() if f is not None})


def change_column(path: Path, name: str, values: list[Any], new_name: str | None = None) -> None:
    table = pq.read_table(path)
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, new_name or name, pa.array(values)), path)


def depth_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), 2000, np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_task_of_every_frame_is_its_own(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    path = tmp_path / "data/chunk-000/episode_000001.parquet"
    change_column(path, "task_index", [1, 1, 0, 0, 1, 1])
    found = frames_at(f"{tmp_path}#episode=1&frames=:")
    assert [frame.instruction for frame in found] == [TASKS[n] for n in (1, 1, 0, 0, 1, 1)]


def test_tasks_as_newer_pandas_writes_them_among_other_texts(tmp_path: Path) -> None:
    write_lerobot_3(tmp_path)
    columns = {
        "subtask": pa.array(["reach", "grasp"]),
        "task_index": pa.array([1, 0]),
        "task": pa.array([TASKS[1], TASKS[0]], pa.large_string()),
    }
    pq.write_table(pa.table(columns), tmp_path / "meta/tasks.parquet")
    assert [frames_at(f"{tmp_path}#episode={n}")[0].instruction for n in (0, 1)] == list(TASKS)


@pytest.mark.parametrize("name", ["state", "observation.qpos"])
def test_a_state_of_another_name(name: str, tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    features = json.loads((tmp_path / "meta/info.json").read_text())["features"]
    features[name] = features.pop("observation.state")
    change_info(tmp_path, features=features)
    path = tmp_path / "data/chunk-000/episode_000000.parquet"
    change_column(path, "observation.state", [[1.0, float(n)] for n in range(6)], name)
    (frame,) = frames_at(f"{tmp_path}#frames=4")
    assert frame.observation.state is not None
    assert frame.observation.state.tolist() == [1, 4]


def test_no_state_is_guessed_among_several_vectors(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    numbers = {"dtype": "float32", "shape": [2]}
    change_features(tmp_path, state=None, effort=numbers, qpos=numbers)
    assert frames_at(tmp_path)[0].observation.state is None


@pytest.mark.parametrize(
    "declared",
    [
        {"info": {"is_depth_map": True}},
        {"video_info": {"video.is_depth_map": True}, "info": None},
        {"info": {"video.pix_fmt": "gray12le"}},
    ],
)
def test_a_depth_camera_is_skipped_and_named(declared: dict[str, Any], tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    change_features(tmp_path, **{"images.wrist": {"dtype": "video", **declared}})
    episode = episode_at(parse_locator(str(tmp_path)))
    assert (episode.cameras, episode.skipped_cameras) == (("front",), ("wrist",))
    change_features(tmp_path, **{"images.front": None})
    with pytest.raises(FrameError, match="no camera among its features but those that record dep"):
        frames_at(tmp_path)


def test_depth_in_a_table_is_known_by_its_images(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path, "image")
    path = tmp_path / "data/chunk-000/episode_000000.parquet"
    change_column(path, WRIST, [{"bytes": depth_png(), "path": None}] * 6)
    episode = episode_at(parse_locator(str(tmp_path)))
    assert (episode.cameras, episode.skipped_cameras) == (("front",), ("wrist",))
    (tmp_path / "depth.png").write_bytes(depth_png())
    with pytest.raises(FrameError, match="more than 8 bits a pixel, as depth images have"):
        frames_at(tmp_path / "depth.png")


def test_frames_a_second_that_are_no_whole_number(tmp_path: Path) -> None:
    """Times are rounded in the table, and an episode's beginning is a sum of such."""
    rate = Fraction(30000, 1001)
    write_lerobot_3(tmp_path)
    for seed, key in enumerate((FRONT, WRIST)):
        clip = tmp_path / f"videos/{key}/chunk-000/file-000.mp4"
        write_clip(clip, [image(n, seed) for n in range(12)], rate)
        begin = round(float(6 / rate), 3) + 4e-4
        path = tmp_path / "meta/episodes/chunk-000/file-000.parquet"
        change_column(path, f"videos/{key}/from_timestamp", [0.0, begin])
    path = tmp_path / "data/chunk-000/file-000.parquet"
    times = [float(np.float32(n / 29.97)) for n in range(6)] * 2
    change_column(path, "timestamp", times)
    for episode in (0, 1):
        for n, frame in enumerate(frames_at(f"{tmp_path}#episode={episode}&frames=:")):
            assert same_colour(frame.observation.images["front"], image(6 * episode + n))
            assert same_colour(frame.observation.images["wrist"], image(6 * episode + n, 1))


def test_the_nearest_frame_of_a_clip(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [image(n) for n in range(5)])
    clip = Clip(tmp_path / "clip.mp4")
    assert [clip.nearest(s) for s in (0, 0.04, 0.06, 0.2999, 0.3001, 0.4, 0.45)] == [
        *(0, 0, 1, 3, 3, 4, 4)
    ]
    with pytest.raises(FrameError, match="is 0.50 s long; there is no frame at 2 s"):
        clip.nearest(2)


def set_column(path: Path, name: str, column: pa.Array | None) -> None:
    table = pq.read_table(path)
    place = table.column_names.index(name)
    changed = table.drop(name) if column is None else table.set_column(place, name, column)
    pq.write_table(changed, path)


@pytest.mark.parametrize(
    ("name", "column", "told"),
    [
        ("observation.state", pa.array(["a"] * 6), "'a' in column 'observation.state', row 0 of"),
        ("observation.state", pa.array([["1", "2"]] * 6), r"\['1', '2'\] in column"),
        ("observation.state", pa.array([[1.0, None]] * 6), r"\[1.0, None\] in column"),
        ("observation.state", pa.array([[]] * 6, pa.list_(pa.float32())), r"\[\] in column"),
        ("observation.state", pa.array([[[1], [1, 2]]] * 6), "expected finite numbers"),
        ("observation.state", pa.array([[1e300, 0.0]] * 6), "expected finite numbers"),
        ("observation.state", pa.array([{"x": 1.0}] * 6), r"\{'x': 1.0\} in column"),
        ("observation.state", pa.array([b"\x1b[2J"] * 6), "4 bytes in column"),
        ("task_index", pa.array([None] * 6, pa.int64()), "nothing in column 'task_index', row 0"),
        ("task_index", pa.array([float("nan")] * 6), "nan in column 'task_index'"),
        ("task_index", pa.array([0.5] * 6), "expected a whole number from 0 on"),
        ("task_index", pa.array([-1] * 6), "expected a whole number from 0 on"),
        ("task_index", pa.array([[0, 1]] * 6), "expected one number"),
        ("task_index", pa.array(["0"] * 6), "'0' in column 'task_index', row 0"),
        ("frame_index", pa.array(["0"] * 6), "'0' in column 'frame_index', row 0"),
        ("frame_index", pa.array([0, 1, None, 3, 4, 5]), "nothing in column 'frame_index', row 2"),
        ("timestamp", pa.array([0.0, 0.1, 0.2, None, 0.4, 0.5]), "column 'timestamp', row 3 of ep"),
        (FRONT, pa.array(["/etc/hostname"] * 6), "is not stored as a PNG or JPEG file"),
        (FRONT, pa.array([{"bytes": "/etc/hostname"}] * 6), "is not stored as a PNG or JPEG"),
        (FRONT, pa.array([{"bytes": b"x", "path": 3}] * 6), "cannot be read as an image"),
        (FRONT, pa.array([{"bytes": None, "path": "a\0b"}] * 6), "cannot be used: .*null"),
        (FRONT, None, f"has no column '{FRONT}', expected one"),
    ],
)
def test_what_is_no_number_and_no_image_is_named_by_column_and_row(
    name: str, column: pa.Array | None, told: str, tmp_path: Path
) -> None:
    write_lerobot_2(tmp_path, "image")
    set_column(tmp_path / "data/chunk-000/episode_000000.parquet", name, column)
    with pytest.raises(FrameError, match=told):
        frames_at(f"{tmp_path}#t=0" if name == "timestamp" else tmp_path)


def test_rows_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Numbers of several digits, and in a file's own order."""
    write_lerobot_2(tmp_path, "image")
    path = tmp_path / "data/chunk-000/episode_000000.parquet"
    set_column(path, "frame_index", pa.array([100, 20, 3, 4, 5, 6]))
    states = [frame.observation.state for frame in frames_at(f"{tmp_path}#frames=:")]
    assert [state[1] for state in states if state is not None] == [2, 3, 4, 5, 1, 0]


@pytest.mark.parametrize(
    ("file", "name", "column", "told"),
    [
        ("episodes/chunk-000/file-000", f"videos/{FRONT}/from_timestamp", None, "has no column"),
        (
            "episodes/chunk-000/file-000",
            f"videos/{FRONT}/from_timestamp",
            pa.array([None, 0.6]),
            "nothing in column",
        ),
        ("episodes/chunk-000/file-000", "data/file_index", pa.array(["0", "0"]), "'0' in column"),
        ("tasks", "task_index", pa.array([None, 1]), "nothing in column 'task_index', row 0;"),
        ("tasks", "__index_level_0__", pa.array([None, "go"]), "expected a text"),
    ],
)
def test_places_and_tasks_that_are_none(
    file: str, name: str, column: pa.Array | None, told: str, tmp_path: Path
) -> None:
    write_lerobot_3(tmp_path)
    set_column(tmp_path / f"meta/{file}.parquet", name, column)
    with pytest.raises(FrameError, match=told):
        frames_at(tmp_path)


def test_columns_of_one_name_and_a_place_that_is_no_table(tmp_path: Path) -> None:
    write_lerobot_3(tmp_path)
    path = tmp_path / "data/chunk-000/file-000.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("timestamp", table["timestamp"]), path)
    with pytest.raises(FrameError, match="timestamp"):
        frames_at(tmp_path)
    (tmp_path / "meta/episodes/chunk-000/file-000.parquet").write_bytes(b"PAR1")
    with pytest.raises(FrameError, match=r"file-000.parquet cannot be read"):
        frames_at(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total_episodes": -1}, "total_episodes: .*greater than or equal to 0"),
        ({"total_episodes": 10**30}, "total_episodes: "),
        ({"total_episodes": 0}, "has 0 episodes"),
        ({"chunks_size": 0}, "chunks_size: "),
        ({"features": []}, "features: "),
        ({"data_path": "{episode_index:0999999999d}"}, "has fields that are not known"),
    ],
)
def test_counts_that_do_not_fit(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    write_lerobot_2(tmp_path, "image")
    change_info(tmp_path, **changes)
    with pytest.raises(FrameError, match=told):
        frames_at(tmp_path)


def test_more_episodes_than_are_there(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path, "image")
    change_info(tmp_path, total_episodes=10**9)
    with pytest.raises(FrameError, match=r"lacks the file data/chunk-142857/episode_142857143"):
        case_places(tmp_path)
    change_info(tmp_path, total_episodes=0)
    with pytest.raises(FrameError, match="has 0 episodes"):
        case_places(tmp_path)
