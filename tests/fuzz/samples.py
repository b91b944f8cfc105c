"""Small valid samples of everything that is read. Each function fills an empty folder."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image

FACTORY = """
import torch
from heedmap import CallablePolicy

def policy():
    network = torch.nn.EmbeddingBag(256, 3)

    def run(frames, instructions):
        return torch.cat([network(torch.tensor([list(t.encode()) or [0]])) for t in instructions])

    return CallablePolicy("bag", run, network, action_names=["left", "right", "forward"])
"""
CASE = [
    {"name": "left", "text": "go to the left", "expert_action": "left", "recorded": True},
    {"name": "right", "text": "go to the right", "paraphrases": ["turn right", "rechts"]},
]
ROWS = [
    {"instruction": "pick up the red cup", "asked": "pick up the cup", "step": 1},
    {"instruction": "pick up the red cup ", "asked": None, "step": 2},
    {"instruction": ["p", "u", "s", "h", " ", "i", "t"], "asked": "push it", "step": 3},
]
BDDL = "(define (problem x)\n  (:language pick up the {word} cup)\n  (:goal (and (On a b))))\n"


def picture(side: int = 24) -> Image.Image:
    pixels = np.arange(side * side * 3).reshape(side, side, 3) % 251
    return Image.fromarray(pixels.astype(np.uint8))


def write_images(folder: Path) -> None:
    picture().save(folder / "a.png")
    picture(32).save(folder / "b.jpg", exif=_turned())


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def write_arrays(folder: Path) -> None:
    np.save(folder / "a.npy", np.asarray(picture()))
    np.save(folder / "b.npy", np.stack([np.asarray(picture())] * 3))


def write_hdf5(folder: Path) -> None:
    from tests.data.recordings import write_episode

    write_episode(folder / "e.h5", language_instruction="take the cup")


def write_video(folder: Path) -> None:
    from tests.data.recordings import image, write_clip

    write_clip(folder / "c.mp4", [image(number) for number in range(6)])


def write_rlds_set(folder: Path) -> None:
    from tests.data.recordings import rlds_episode, write_rlds

    (folder / "set").mkdir()
    write_rlds(folder / "set/x-train.tfrecord-00000-of-00001", [rlds_episode(n) for n in range(2)])


def write_lerobot_images(folder: Path) -> None:
    from tests.data.recordings import write_lerobot_2

    write_lerobot_2(folder / "set", "image")


def write_lerobot_video(folder: Path) -> None:
    from tests.data.recordings import write_lerobot_3

    write_lerobot_3(folder / "set")


def write_cases(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        picture().save(folder / name / "frame.png")
        (folder / name / "instructions.yaml").write_text(yaml.safe_dump(CASE))


def write_word_table(folder: Path) -> None:
    table = [
        {"group": "direction", "language": "en", "sets": [["left", "right"], ["up", "down"]]},
        {"group": "colour", "language": "ko", "sets": [["빨간", "파란"]]},
    ]
    (folder / "table.yaml").write_text(yaml.safe_dump(table, allow_unicode=True))


def write_grid(folder: Path) -> None:
    picture().save(folder / "a.png")
    (folder / "set.yaml").write_text(yaml.safe_dump(CASE))
    grid = {
        "policies": ["specimen:exp41b_resume_exp40_pta@sound", {"spec": "x:y", "name": "two"}],
        "frames": [{"path": "a.png"}, {"specimen_cases": {"count": 2, "style": "goal"}}],
        "instructions": {"given": "set.yaml", "mine": {"a": "go", "b": {"text": "stop"}}},
        "interventions": ["exchange"],
    }
    (folder / "grid.yaml").write_text(yaml.safe_dump(grid))


def write_examples(folder: Path) -> None:
    picture().save(folder / "a.png")
    lines = ["frame,instruction,action,episode", "a.png,go left,left,1", "a.png,go right,right,2"]
    (folder / "data.csv").write_text("\n".join(lines))


def write_words(folder: Path) -> None:
    tasks = folder / "tasks" / "libero_goal"
    tasks.mkdir(parents=True)
    for word in ("red", "blue"):
        (tasks / f"pick_up_the_{word}_cup.bddl").write_text(BDDL.format(word=word))
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (folder / "list.json").write_text(json.dumps({"instructions": ["go left", "go right"]}))
    (folder / "list.yaml").write_text(yaml.safe_dump({"tasks": {"a": "go left", "b": "stop"}}))
    (folder / "list.txt").write_text("go left\ngo right\n")
    with (folder / "list.csv").open("w") as file:
        csv.writer(file).writerows([["task", "step"], ["go left", 1], ["go right", 2]])
    pq.write_table(pa.table({"task": ["go left", "go right"]}), folder / "list.parquet")


def write_places(folder: Path) -> None:
    write_images(folder)
    write_arrays(folder)
    write_hdf5(folder)
    (folder / "written").write_text("@a.png")


def write_options(folder: Path) -> None:
    write_images(folder)
    written = ["--instruction", "left=go to the left", "--instruction", "right=go to the right"]
    (folder / "written").write_text("\n--next--\n".join(written))


def write_factories(folder: Path) -> None:
    (folder / "factories.py").write_text(FACTORY)


def _state() -> dict[str, Any]:
    import torch

    return {"a.weight": torch.randn(4, 3), "a.bias": torch.zeros(4), "steps": torch.tensor(3)}


def write_weights(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file(_state(), folder / "model.safetensors")
    torch.save({"epoch": 3, "state_dict": _state()}, folder / "last.pt")


def write_shards(folder: Path) -> None:
    from safetensors.torch import save_file

    state = _state()
    save_file({"a.weight": state["a.weight"]}, folder / "one.safetensors")
    save_file({"a.bias": state["a.bias"]}, folder / "two.safetensors")
    index = {"weight_map": {"a.weight": "one.safetensors", "a.bias": "two.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_vlm(folder: Path) -> None:
    from tests.families import family

    own = family("paligemma")
    own.model.save_pretrained(folder)
    own.processor.save_pretrained(folder)


def write_kosmos2(folder: Path) -> None:
    from tests.robovlms_files import write_checkpoint

    write_checkpoint(folder)


def write_published(folder: Path) -> None:
    rows = [(f"m{m}", name, layer, 46.4, 0.0) for m in "ab" for name in "lr" for layer in range(3)]
    lines = ["model,instruction,layer,image_pct,text_pct"]
    lines += [",".join(map(str, row)) for row in rows]
    (folder / "layers.csv").write_text("\n".join(lines))
    cells = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>\n" for row in rows)
    (folder / "page.html").write_text(f"<table>{cells}</table>")
    pasted = [f"{m}{name}{layer}{image}%{text}%" for m, name, layer, image, text in rows]
    (folder / "page.txt").write_text("\n".join(pasted))
    layer = {"layer": 0, "image_ratio_mean": 0.4, "text_ratio_mean": 0.1, "top_positions": [[3, 1]]}
    dump = {"m": {"left": {"text_len": 12, "seq_len": 99, "per_layer": [layer, layer]}}}
    (folder / "dump.json").write_text(json.dumps(dump))


def write_answers(folder: Path) -> None:
    from heedmap.policies.server.messages import (
        npy_array,
        numpy_array,
        openpi_array,
        packed,
        vla_eval_array,
    )

    answer = {"actions": np.arange(8.0).reshape(4, 2), "t": {"ms": 3.5}}
    writers = {"openpi": openpi_array, "vla_eval": vla_eval_array}
    for name, write in {**writers, "npy": npy_array, "numpy": numpy_array}.items():
        (folder / name).write_bytes(packed(answer, write))
    import pickle

    import torch

    from tests.policies.server.lerobot_servers import TimedAction

    buffer = io.BytesIO()
    pickle.dump([TimedAction(0.1, n, torch.randn(3)) for n in range(2)], buffer)
    (folder / "pickle").write_bytes(buffer.getvalue())
