"""A small LeRobot data set, version 2.1, its images in its Parquet files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from heedmap.data.images import png_bytes
from tests_lerobot.tiny import PX, STATE

CAMERAS = ("front", "wrist")
TASKS = ("go to the left", "go to the right")
LENGTH = 4


def write_data_set(folder: Path) -> Path:
    """Two episodes, a task each."""
    rng = np.random.default_rng(0)
    images = {f"observation.images.{c}": {"dtype": "image", "shape": [PX, PX, 3]} for c in CAMERAS}
    info = {
        "codebase_version": "v2.1",
        "total_episodes": len(TASKS),
        "chunks_size": 1000,
        "fps": 10,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "features": {**images, "observation.state": {"dtype": "float32", "shape": [STATE]}},
    }
    (folder / "meta").mkdir(parents=True)
    (folder / "data" / "chunk-000").mkdir(parents=True)
    (folder / "meta" / "info.json").write_text(json.dumps(info))
    lines = [json.dumps({"task_index": n, "task": task}) for n, task in enumerate(TASKS)]
    (folder / "meta" / "tasks.jsonl").write_text("\n".join(lines) + "\n")
    for episode in range(len(TASKS)):
        table = {
            "timestamp": [n / 10 for n in range(LENGTH)],
            "frame_index": list(range(LENGTH)),
            "episode_index": [episode] * LENGTH,
            "task_index": [episode] * LENGTH,
            "observation.state": rng.normal(size=(LENGTH, STATE)).tolist(),
        }
        for key in images:
            frames = rng.integers(0, 255, (LENGTH, PX, PX, 3), dtype=np.uint8)
            table[key] = [{"bytes": png_bytes(each), "path": None} for each in frames]
        path = folder / "data" / "chunk-000" / f"episode_{episode:06d}.parquet"
        pq.write_table(pa.table(table), path)
    return folder
