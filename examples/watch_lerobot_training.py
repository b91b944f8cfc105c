"""Train with LeRobot's own script, then audit each checkpoint that it wrote.

    python examples/watch_lerobot_training.py
    python examples/watch_lerobot_training.py --steps 200 --save-every 50

In an environment with `lerobot[dataset,training]` and heedmap. The data set is tiny and made by
LeRobot's writer; the policy is ACT, which takes no instruction: the audit says that it has none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

TASKS = ("go to the left", "go to the right")
SIDE_PX, FRAMES = 64, 6


def main(
    steps: Annotated[int, typer.Option(help="Optimizer steps.")] = 4,
    save_every: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder, made anew.")] = Path("runs/lerobot"),
) -> None:
    """Make a data set, train on it, and audit the checkpoints."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything is local
    shutil.rmtree(out, ignore_errors=True)
    write_data_set(out / "set")
    train = [
        *("lerobot-train", "--dataset.repo_id=me/set", f"--dataset.root={out / 'set'}"),
        *("--policy.type=act", "--policy.device=cpu", "--policy.push_to_hub=false"),
        *("--policy.pretrained_backbone_weights=null", "--policy.dim_model=32"),
        *("--policy.n_heads=2", "--policy.dim_feedforward=64", "--policy.chunk_size=4"),
        *("--policy.n_action_steps=4", f"--output_dir={out / 'act'}", f"--steps={steps}"),
        *(f"--save_freq={save_every}", "--batch_size=2", "--num_workers=0"),
    ]
    subprocess.run(train, check=True)
    watch = [
        *("heedmap", "watch-checkpoints", str(out / "act"), "--once", "--until", "exchange"),
        *("--cases", f"{out / 'set'}#episode=0&frames=0", "--out", str(out / "audits")),
    ]
    sys.exit(subprocess.run(watch).returncode)


def write_data_set(folder: Path) -> None:
    """Four episodes: a square that goes to the left or to the right, and the action that does."""
    dataset: Any = import_module("lerobot.datasets.lerobot_dataset")
    pixels = {"dtype": "image", "shape": (SIDE_PX, SIDE_PX, 3)}
    features = {
        "observation.images.front": {**pixels, "names": ["height", "width", "channels"]},
        "observation.state": {"dtype": "float32", "shape": (2,), "names": ["x", "y"]},
        "action": {"dtype": "float32", "shape": (2,), "names": ["dx", "dy"]},
    }
    made = dataset.LeRobotDataset.create("me/set", 10, features, folder, use_videos=False)
    for episode in range(4):
        way = -1 if episode % 2 == 0 else 1
        for index in range(FRAMES):
            place = SIDE_PX // 2 + 4 * way * index
            image = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
            image[28:36, place - 4 : place + 4] = 255
            made.add_frame(
                {
                    "observation.images.front": image,
                    "observation.state": np.array([place / SIDE_PX, 0.5], np.float32),
                    "action": np.array([way, 0], np.float32),
                    "task": TASKS[episode % 2],
                }
            )
        made.save_episode()
    made.finalize()


if __name__ == "__main__":
    typer.run(main)
