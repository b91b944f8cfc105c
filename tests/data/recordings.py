"""Recordings as robots leave them: clips, HDF5 episodes, LeRobot folders, RLDS files."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tfrecord.example_pb2
from tfrecord import TFRecordWriter

from heedmap.data.images import png_bytes

HEIGHT, WIDTH, FPS = 48, 64, 10


def image(number: int, seed: int = 0) -> np.ndarray:
    """Of one colour a frame, so that it survives a video's compression: 12 * number, and so on."""
    return np.full(
        (HEIGHT, WIDTH, 3), (12 * number + 5, 200 - 7 * number, 40 * seed + 20), np.uint8
    )


def write_clip(path: Path, frames: list[np.ndarray], rate: Fraction | int = FPS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.gop_size = 5
        for each in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(each, format="rgb24")))
        container.mux(stream.encode())


def same_colour(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.shape == expected.shape and np.abs(found.mean((0, 1)) - expected[0, 0]).max() < 6


def write_episode(path: Path, **more: Any) -> None:
    with h5py.File(path, "w") as file:
        file["observations/images/top"] = np.stack([image(n) for n in range(5)])
        file["observations/images/wrist"] = np.stack([image(n, 1) for n in range(5)])
        file["observations/qpos"] = np.arange(10, dtype=np.float64).reshape(5, 2)
        file.attrs.update(more)


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
            file.write(framed(example.SerializeToString()))


def framed(content: bytes) -> bytes:
    """One TFRecord: its length and its content, each with a checksum."""
    head = struct.pack("<Q", len(content))
    parts = (head, TFRecordWriter.masked_crc(head), content, TFRecordWriter.masked_crc(content))
    return b"".join(parts)


def rlds_episode(number: int, steps: int = 4) -> dict[str, list[Any]]:
    return {
        "steps/is_first": [1] + [0] * (steps - 1),
        "steps/observation/image": [png_bytes(image(number + n)) for n in range(steps)],
        "steps/observation/wrist_image": [png_bytes(image(number + n, 1)) for n in range(steps)],
        "steps/observation/state": [float(10 * n + k) for n in range(steps) for k in range(3)],
        "steps/language_instruction": [f"take block {number}".encode()] * steps,
        "steps/action": [0.0] * steps,
    }
