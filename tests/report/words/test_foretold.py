"""Data sets whose first frame predicts the instruction, and their twins in which it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from heedmap.report.words.finding import Finding
from heedmap.report.words.findings import find_all
from heedmap.report.words.sources import read_source
from tests.data.recordings import write_rlds

EPISODES = 30
TEXTS = ("open the drawer", "pick up the cup")

Write = Callable[[Path, int, str, np.ndarray], None]


def picture(kind: int, number: int) -> np.ndarray:
    """A room of one kind, brighter or darker, with noise of its own."""
    noise = np.random.default_rng(number).integers(0, 40, (24, 32, 3))
    return (noise + (30 if kind else 160)).astype(np.uint8)


def as_hdf5(folder: Path, scenes: list[int]) -> Path:
    for number, scene in enumerate(scenes):
        with h5py.File(folder / f"episode_{number:02d}.h5", "w") as file:
            file["images"] = picture(scene, number)[None]
            file["language_instruction"] = TEXTS[number % 2]
    return folder


def as_rlds(folder: Path, scenes: list[int]) -> Path:
    from heedmap.data.images import png_bytes

    path = folder / "rooms-train.tfrecord-00000-of-00001"
    episodes = [
        {
            "steps/observation/image": [png_bytes(picture(scene, number))],
            "steps/language_instruction": [TEXTS[number % 2].encode()],
        }
        for number, scene in enumerate(scenes)
    ]
    write_rlds(path, episodes)
    return folder


def codes(folder: Path, *, with_frames: bool = True) -> dict[str, Finding]:
    found = find_all([read_source(folder, "trained")], with_frames=with_frames).findings
    return {each.code: each for each in found}


WRITERS = (as_hdf5, as_rlds)


@pytest.mark.parametrize("write", WRITERS)
def test_one_room_an_instruction_is_found(
    write: Callable[[Path, list[int]], Path], tmp_path: Path
) -> None:
    found = codes(write(tmp_path, [number % 2 for number in range(EPISODES)]))["foretold"]
    assert found.count == EPISODES
    assert "names the instruction in 100 % of held-out episodes (30 of 30;" in found.sentence()
    assert "프로브" in found.sentence("ko")


@pytest.mark.parametrize("write", WRITERS)
def test_every_instruction_in_every_room_is_not(
    write: Callable[[Path, list[int]], Path], tmp_path: Path
) -> None:
    folder = write(tmp_path, [number // 2 % 2 for number in range(EPISODES)])
    assert not {"foretold", "frames_unread"} & set(codes(folder))


def test_few_episodes_and_no_frames_have_no_finding(tmp_path: Path) -> None:
    few = as_hdf5(tmp_path, [number % 2 for number in range(8)])
    assert "foretold" not in codes(few)
    assert "foretold" not in codes(as_hdf5(tmp_path, [0, 1] * 15), with_frames=False)


def test_frames_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    folder = as_hdf5(tmp_path, [0, 1] * 15)
    for path in list(folder.iterdir())[:20]:
        with h5py.File(path, "a") as file:
            del file["images"]
            file["images"] = np.zeros(3)
    found = codes(folder)["frames_unread"]
    assert "10 of 30 episodes" in found.sentence()
