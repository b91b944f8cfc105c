"""Frames from arrays, HDF5 episodes, clips and LeRobot folders are those that were written."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tfrecord.example_pb2
from hypothesis import given
from hypothesis import strategies as st
from tfrecord import TFRecordWriter

from heedmap.errors import FrameError
from heedmap.inputs.episodes import _HELD, IMAGES_HELD
from heedmap.inputs.images import png_bytes
from heedmap.inputs.locator import Locator, parse_locator
from heedmap.inputs.sources import frames_at

HEIGHT, WIDTH, FPS = 48, 64, 10


def image(number: int, seed: int = 0) -> np.ndarray:
    """Of one colour a frame, so that it survives a video's compression: 12 * number, and so on."""
    return np.full(
        (HEIGHT, WIDTH, 3), (12 * number + 5, 200 - 7 * number, 40 * seed + 20), np.uint8
    )


def write_clip(path: Path, frames: list[np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.gop_size = 5
        for each in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(each, format="rgb24")))
        container.mux(stream.encode())


def same_colour(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.shape == expected.shape and np.abs(found.mean((0, 1)) - expected[0, 0]).max() < 6


def test_arrays(tmp_path: Path) -> None:
    frames = np.stack([image(number) for number in range(4)])
    np.save(tmp_path / "a.npy", frames)
    found = frames_at(f"{tmp_path}/a.npy#1:4:2,0")
    assert [frame.name for frame in found] == ["a_000001", "a_000003", "a_000000"]
    assert all(
        np.array_equal(f.observation.frame, frames[n])
        for f, n in zip(found, (1, 3, 0), strict=True)
    )
    np.save(tmp_path / "one.npy", frames[2].astype(np.float32) / 255)
    (one,) = frames_at(tmp_path / "one.npy")
    assert one.name == "one"
    assert one.episode is None
    assert np.array_equal(one.observation.frame, frames[2])


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.array([[["code"]]], dtype=object), "Pickled objects are never loaded"),
        (np.full((4, 4, 3), np.nan, np.float32), "NaN or infinite"),
        (np.full((4, 4, 3), 2.0, np.float32), "undo the normalisation"),
        (np.zeros((4, 4, 3), np.int64), "type int64"),
        (np.zeros((4, 4, 5), np.uint8), r"shape \(4, 4, 5\)"),
        (np.zeros((2, 2, 4, 4, 3), np.uint8), "expected"),
    ],
)
def test_arrays_that_are_no_images(array: np.ndarray, told: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(FrameError, match=told):
        frames_at(tmp_path / "a.npy")


def test_an_absurd_shape_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000, 3)}"
    padded = header.ljust(117) + "\n"
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode()
    )
    with pytest.raises(FrameError):
        frames_at(tmp_path / "a.npy")


def write_episode(path: Path, **more: Any) -> None:
    with h5py.File(path, "w") as file:
        file["observations/images/top"] = np.stack([image(n) for n in range(5)])
        file["observations/images/wrist"] = np.stack([image(n, 1) for n in range(5)])
        file["observations/qpos"] = np.arange(10, dtype=np.float64).reshape(5, 2)
        file.attrs.update(more)


def test_an_hdf5_episode_with_two_cameras_and_a_state(tmp_path: Path) -> None:
    write_episode(tmp_path / "episode.h5", language_instruction="go to the left")
    last, second = frames_at(f"{tmp_path}/episode.h5#-1,1", history=2)
    assert (last.name, second.name) == ("episode_000004", "episode_000001")
    assert (last.instruction, last.episode) == ("go to the left", "episode")
    assert list(last.observation.images) == ["top", "wrist"]
    assert np.array_equal(last.observation.images["wrist"], image(4, 1))
    assert last.observation.state is not None
    assert last.observation.state.tolist() == [8, 9]
    before = [
        np.array_equal(o.frame, image(n))
        for o, n in zip(last.observation.history, (2, 3), strict=True)
    ]
    assert before == [True, True]
    # Before the first frame, the first again.
    assert [o.frame[0, 0, 0] for o in second.observation.history] == [5, 5]


def test_images_stored_as_files_in_hdf5(tmp_path: Path) -> None:
    files = [np.frombuffer(png_bytes(image(n)), np.uint8) for n in range(3)]
    padded = np.stack([np.pad(f, (0, max(map(len, files)) - len(f))) for f in files])
    with h5py.File(tmp_path / "e.hdf5", "w") as file:
        file["images"] = padded
    (found,) = frames_at(f"{tmp_path}/e.hdf5#2")
    assert np.array_equal(found.observation.frame, image(2))
    assert found.observation.state is None


def test_hdf5_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "e.h5"
    path.write_bytes(b"no hdf5")
    with pytest.raises(FrameError, match="cannot be read as HDF5"):
        frames_at(path)
    with h5py.File(path, "w") as file:
        file["actions"] = np.zeros(3)
    with pytest.raises(FrameError, match="no images at .* it holds actions"):
        frames_at(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("images", (2, 30_000, 30_000, 3), np.uint8, chunks=(1, 100, 100, 3))
    with pytest.raises(FrameError, match="30000x30000 px"):
        frames_at(path)
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "images",
            (900, 1000, 1000, 3),
            np.uint8,
            chunks=(900, 1000, 1000, 3),
            compression="gzip",
        )
    with pytest.raises(FrameError, match="chunks of 2,700,000,000 bytes"):
        frames_at(path)
    write_episode(path)
    with h5py.File(path, "a") as file:
        state: Any = file["observations/qpos"]
        state[0, 0] = np.nan
    with pytest.raises(FrameError, match="state .* NaN"):
        frames_at(path)
    with pytest.raises(FrameError, match="asks for frame 5, but .* has 5 frames"):
        frames_at(f"{path}#5")


def test_a_clip_by_index_and_by_time(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [image(n) for n in range(17)])
    by_index = frames_at(f"{tmp_path}/clip.mp4#0,3,16")
    assert [frame.name for frame in by_index] == ["clip_000000", "clip_000003", "clip_000016"]
    assert all(
        same_colour(f.observation.frame, image(n))
        for f, n in zip(by_index, (0, 3, 16), strict=True)
    )
    by_time = frames_at(f"{tmp_path}/clip.mp4#t=0,0.39,1.25")
    assert [frame.name for frame in by_time] == ["clip_000000", "clip_000003", "clip_000012"]
    with pytest.raises(FrameError, match=r"1\.70 s long; there is no frame at 9 s"):
        frames_at(f"{tmp_path}/clip.mp4#t=9")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(FrameError, match="cannot be decoded"):
        frames_at(tmp_path / "broken.mp4")


def features(kind: str) -> dict[str, Any]:
    return {
        "observation.images.front": {"dtype": kind, "shape": [HEIGHT, WIDTH, 3]},
        "observation.images.wrist": {"dtype": kind, "shape": [HEIGHT, WIDTH, 3]},
        "observation.state": {"dtype": "float32", "shape": [2]},
        "action": {"dtype": "float32", "shape": [2]},
    }


def rows(episode: int, length: int, first: int = 0) -> dict[str, list[Any]]:
    return {
        "timestamp": [n / FPS for n in range(length)],
        "frame_index": list(range(length)),
        "episode_index": [episode] * length,
        "index": [first + n for n in range(length)],
        "task_index": [episode % 2] * length,
        "observation.state": [[float(episode), float(n)] for n in range(length)],
        "action": [[0.0, 0.0]] * length,
    }


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


TASKS = ("go to the left", "take the red ball")


def write_lerobot_2(folder: Path, kind: str = "video") -> None:
    """Two episodes of six frames, a Parquet file and a clip each."""
    write_json(
        folder / "meta/info.json",
        {
            "codebase_version": "v2.1",
            "total_episodes": 2,
            "chunks_size": 1000,
            "fps": FPS,
            "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
            "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/"
            "episode_{episode_index:06d}.mp4",
            "features": features(kind),
        },
    )
    lines = [json.dumps({"task_index": n, "task": task}) for n, task in enumerate(TASKS)]
    (folder / "meta/tasks.jsonl").write_text("\n".join(lines) + "\n")
    for episode in range(2):
        table = rows(episode, 6)
        for seed, camera in enumerate(("front", "wrist")):
            key = f"observation.images.{camera}"
            frames = [image(6 * episode + n, seed) for n in range(6)]
            if kind == "video":
                write_clip(folder / f"videos/chunk-000/{key}/episode_{episode:06d}.mp4", frames)
            else:
                table[key] = [{"bytes": png_bytes(each), "path": None} for each in frames]
        path = folder / f"data/chunk-000/episode_{episode:06d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(table), path)


def write_lerobot_3(folder: Path) -> None:
    """Two episodes of six frames in one Parquet file and one clip a camera."""
    write_json(
        folder / "meta/info.json",
        {
            "codebase_version": "v3.0",
            "total_episodes": 2,
            "chunks_size": 1000,
            "fps": FPS,
            "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
            "features": features("video"),
        },
    )
    tasks = pa.table({"task_index": [0, 1], "__index_level_0__": list(TASKS)})
    pq.write_table(tasks, folder / "meta/tasks.parquet")
    places: dict[str, list[Any]] = {
        "episode_index": [0, 1],
        "length": [6, 6],
        "tasks": [[t] for t in TASKS],
    }
    places |= {"data/chunk_index": [0, 0], "data/file_index": [0, 0], "stats/mean": [0.0, 0.0]}
    for seed, camera in enumerate(("front", "wrist")):
        key = f"observation.images.{camera}"
        places |= {f"videos/{key}/chunk_index": [0, 0], f"videos/{key}/file_index": [0, 0]}
        places[f"videos/{key}/from_timestamp"] = [0.0, 0.6]
        places[f"videos/{key}/to_timestamp"] = [0.6, 1.2]
        clip = folder / f"videos/{key}/chunk-000/file-000.mp4"
        write_clip(clip, [image(n, seed) for n in range(12)])
    for path, table in (
        ("meta/episodes/chunk-000/file-000.parquet", pa.table(places)),
        (
            "data/chunk-000/file-000.parquet",
            pa.concat_tables([pa.table(rows(0, 6)), pa.table(rows(1, 6, 6))]),
        ),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / path)


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
    with pytest.raises(FrameError, match="cannot be used"):
        frames_at(folder)


def write_rlds(path: Path, episodes: list[dict[str, list[Any]]]) -> None:
    """As TensorFlow Datasets writes it: framed `tf.train.Example`s, steps one behind the other."""
    with path.open("wb") as file:
        for episode in episodes:
            protobuf: Any = tfrecord.example_pb2  # its messages are made at run time
            example = protobuf.Example()
            for key, values in episode.items():
                feature = example.features.feature[key]
                kinds = {bytes: feature.bytes_list, float: feature.float_list}
                kinds.get(type(values[0]), feature.int64_list).value.extend(values)
            content = example.SerializeToString()
            head = struct.pack("<Q", len(content))
            file.write(head + TFRecordWriter.masked_crc(head))
            file.write(content + TFRecordWriter.masked_crc(content))


def rlds_episode(number: int, steps: int = 4) -> dict[str, list[Any]]:
    return {
        "steps/is_first": [1] + [0] * (steps - 1),
        "steps/observation/image": [png_bytes(image(number + n)) for n in range(steps)],
        "steps/observation/wrist_image": [png_bytes(image(number + n, 1)) for n in range(steps)],
        "steps/observation/state": [float(10 * n + k) for n in range(steps) for k in range(3)],
        "steps/language_instruction": [f"take block {number}".encode()] * steps,
        "steps/action": [0.0] * steps,
    }


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
        (struct.pack("<Q", 4) + b"....\xff\xff\xff\xff....", "no tf.train.Example"),
    ):
        path.write_bytes(content)
        with pytest.raises(FrameError, match=told):
            frames_at(path)
    write_rlds(path, [{"steps/action": [0.0]}])
    with pytest.raises(FrameError, match="no JPEG or PNG images .* it holds steps/action"):
        frames_at(path)


def test_few_images_stay_decoded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.stack([image(n % 16) for n in range(60)]))
    found = frames_at(f"{tmp_path}/a.npy#:")
    assert [int(f.observation.frame[0, 0, 0]) for f in found] == [
        12 * (n % 16) + 5 for n in range(60)
    ]
    assert len(_HELD) <= IMAGES_HELD


@pytest.mark.parametrize(
    "text",
    ["a.h5#x", "a.h5#1:2:3:4", "a.h5#::0", "a.mp4#t=x", "a.mp4#t=-1", "a#speed=3", "a.h5#1,,2"],
)
def test_what_is_no_selection_is_told_the_forms(text: str) -> None:
    with pytest.raises(FrameError, match="write PATH#0,10,20"):
        parse_locator(text).indices(10)


@given(
    st.integers(1, 30),
    st.lists(
        st.one_of(st.integers(-40, 40), st.tuples(*[st.none() | st.integers(-9, 9)] * 3)),
        min_size=1,
    ),
)
def test_selections_are_pythons_own(length: int, parts: list[Any]) -> None:
    written, expected, is_fine = [], [], True
    for part in parts:
        if isinstance(part, int):
            written.append(str(part))
            is_fine = is_fine and -length <= part < length
            expected += [part % length]
        else:
            written.append(":".join("" if p is None else str(p) for p in part))
            is_fine = is_fine and part[2] != 0
            expected += [] if part[2] == 0 else list(range(length)[slice(*part)])
    locator = Locator("x", Path("x"), ",".join(written))
    if is_fine and expected:
        assert locator.indices(length) == list(dict.fromkeys(expected))
    else:
        with pytest.raises(FrameError):
            locator.indices(length)
