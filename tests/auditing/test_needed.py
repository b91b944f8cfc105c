"""What the frames of a data set foretell: planted in recorded data, silent in counterfactual."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heedmap.auditing.embeddings import pooled_embeddings
from heedmap.auditing.needed import foretold, pooled_pixels
from heedmap.data.examples import Examples, load_examples
from heedmap.data.images import png_bytes
from heedmap.data.pixels import Frame
from heedmap.errors import HeedmapError
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.world import ACTIONS, FrameCase
from tests.cli.conftest import Cli, cli
from tests.conftest import random_policy

__all__ = ["cli"]


def world_examples(recorded: bool, rooms: int = 120) -> Examples:
    """Recorded: the nearest object is asked for. Else: an object on every side."""
    room = Room()
    frames, rows = [], []
    for number in range(rooms):
        scene = draw_scene(number, room)
        frames.append(scene.frame)
        by_side = [next(t for t in scene.targets if t.expert_action == side) for side in ACTIONS]
        for target in [scene.nearest()] if recorded else by_side:
            rows.append((number, target.instruction("goal"), target.expert_action, str(number)))
    frame, instruction, action, episode = (tuple(column) for column in zip(*rows, strict=True))
    return Examples(tuple(frames), frame, instruction, action, episode)


def test_in_recorded_data_the_frame_foretells_the_action() -> None:
    found = foretold(world_examples(recorded=True), "action")
    assert found.is_foretold
    assert found.foretold_share > 0.3
    assert found.accuracy > found.majority + 0.2
    assert "without reading the instruction" in found.sentence


def test_in_counterfactual_data_it_does_not() -> None:
    """The same rooms with every side asked for: log2(3) bits are open on every frame."""
    found = foretold(world_examples(recorded=False), "action")
    assert not found.is_foretold
    assert found.entropy_bits == pytest.approx(np.log2(3), abs=1e-3)
    assert found.probe_bits == pytest.approx(np.log2(3), abs=1e-2)
    assert "needs the instruction" in found.sentence


def made_up(labels: Sequence[int], episodes: int = 40) -> Examples:
    """As many frames as labels, their brightness drawn; labels are given as instructions."""
    frames = tuple(np.zeros((8, 8, 3), np.uint8) for _ in labels)
    return Examples(
        frames,
        tuple(range(len(labels))),
        tuple(f"go to {label}" for label in labels),
        tuple(None for _ in labels),
        tuple(str(n % episodes) for n in range(len(labels))),
    )


def test_a_feature_that_is_the_label_leaves_nothing_open_and_noise_everything() -> None:
    labels = np.arange(160) % 2  # even and odd
    noise = np.random.default_rng(0).normal(size=(160, 6))

    def telling(frames: Sequence[Frame]) -> np.ndarray:
        return labels[:, None] + 0.01 * noise[:, :1]

    def silent(frames: Sequence[Frame]) -> np.ndarray:
        return noise

    known = foretold(made_up(labels.tolist(), episodes=160), "instruction", telling)
    assert known.entropy_bits == pytest.approx(1, abs=0.01)  # two equally frequent classes
    assert known.probe_bits < 0.1
    assert known.accuracy == 1
    unknown = foretold(made_up(labels.tolist(), episodes=160), "instruction", silent)
    assert abs(unknown.foretold_bits.value) < 0.1
    assert not unknown.is_foretold


def test_an_episode_never_stands_on_both_sides() -> None:
    """A feature that is the episode's number tells labels that are the episode's own."""
    episodes = np.arange(200) % 20
    labels = np.random.default_rng(0).integers(0, 2, size=20)[episodes]
    one_hot = np.eye(20)[episodes]
    examples = made_up(labels.tolist(), episodes=20)
    found = foretold(examples, "instruction", lambda _: one_hot)
    assert found.foretold_bits.value < 0.1
    assert found.episodes == 20


def test_rare_classes_are_left_out_and_counted() -> None:
    found = foretold(made_up([0, 1] * 20 + [2, 3]), "instruction", lambda f: np.ones((len(f), 1)))
    assert (found.examples, found.left_out, found.classes) == (40, 2, 2)
    assert found.foretold_bits.left_out == 2


@pytest.mark.parametrize("count", [2, 12])
def test_too_small_a_data_set_is_refused(count: int) -> None:
    with pytest.raises(HeedmapError, match="too small to probe the instruction"):
        foretold(made_up([0, 1] * (count // 2)), "instruction")


def test_pooled_pixels_are_mean_colours() -> None:
    """16 x 16 pixels on a grid of 8 x 8: each cell is the mean of four, from 0 to 1."""
    frame = np.zeros((16, 16, 3), np.uint8)
    frame[0, 0] = [255, 0, 0]
    grid = pooled_pixels([frame])[0].reshape(8, 8, 3)
    assert grid[0, 0, 0] == pytest.approx(0.25, abs=0.01)
    assert grid.sum() == pytest.approx(grid[0, 0, 0])


def test_a_policys_own_image_embeddings(case: FrameCase) -> None:
    policy = random_policy("sound")
    embed = pooled_embeddings(policy, case.instructions["left"])
    rows = embed([case.frame, 255 - case.frame])
    assert rows.shape == (2, 2 * 24)  # mean and maximum of 24 dimensions
    assert not np.allclose(rows[0], rows[1])


# Data sets on disk.


def write_frames(folder: Path, examples: Examples) -> list[str]:
    names = [f"f{number}.png" for number in range(len(examples.frames))]
    for name, frame in zip(names, examples.frames, strict=True):
        (folder / name).write_bytes(png_bytes(frame))
    return [names[number] for number in examples.frame]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_tables_of_every_kind_say_the_same(kind: str, tmp_path: Path) -> None:
    examples = world_examples(recorded=True, rooms=3)
    columns = {
        "frame": write_frames(tmp_path, examples),
        "instruction": list(examples.instruction),
        "action": list(examples.action),
        "episode": list(examples.episode),
    }
    path, rows = tmp_path / f"data.{kind}", list(zip(*columns.values(), strict=True))
    if kind == "csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([list(columns), *rows])
    elif kind == "jsonl":
        lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
        path.write_text("\n".join(lines))
    else:
        pq.write_table(pa.table(columns), path)
    read = load_examples(path)
    assert read.instruction == examples.instruction
    assert read.action == examples.action
    assert read.episode == examples.episode
    assert (read.frames[1] == examples.frames[1]).all()


def test_without_episodes_the_frame_is_its_own(tmp_path: Path) -> None:
    examples = world_examples(recorded=False, rooms=2)
    names = write_frames(tmp_path, examples)
    rows = ["frame,instruction", *(f"{n},{t}" for n, t in zip(names, examples.instruction))]  # noqa: B905
    (tmp_path / "data.csv").write_text("\n".join(rows))
    read = load_examples(tmp_path / "data.csv")
    assert read.episode == tuple(names)
    assert len(read.frames) == 2
    assert set(read.action) == {None}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data.csv", "frame,text\na.png,go\n", "no column instruction"),
        ("data.csv", "frame,instruction\nnone.png,go\n", "none.png does not exist"),
        ("data.txt", "frame,instruction\n", "of an unknown kind"),
        ("data.parquet", "no parquet", "cannot be read"),
        ("data.jsonl", '{"frame": "a.png", "instruction": null}\n', "without a frame or an"),
    ],
)
def test_broken_tables_are_refused_in_one_sentence(
    name: str, content: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(HeedmapError, match=words):
        load_examples(tmp_path / name)


def test_the_command_on_a_folder_of_cases(cli: Cli, tmp_path: Path) -> None:
    ran = cli("specimens", "case", "--seed", "0", "--count", "10", "--out", "cases")
    assert ran.code == 0, ran.err
    ran = cli("needed", "cases", "--target", "action")
    assert ran.code == 0, ran.err
    assert "this data needs the instruction" in " ".join(ran.out.split())
    ran = cli("needed", "cases", "--target", "action", "--json")
    (found,) = json.loads(ran.out)
    assert found["examples"] == 30
    ran = cli("needed", "nothing")
    assert ran.code == 1
    assert "nothing does not exist" in ran.err
