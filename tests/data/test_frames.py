"""Frames are read whole, or refused in one sentence."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from heedmap.data.frames import FramePngs, named_frames
from heedmap.data.images import load_frame, png_bytes
from heedmap.errors import FrameError
from heedmap.testbed.specimens.world import FrameCase


def test_a_png_is_read_back_as_it_was(case: FrameCase, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(case.frame))
    assert np.array_equal(load_frame(path), case.frame)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_other_colour_modes_become_rgb(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (4, 3)).save(tmp_path / "a.png")
    assert load_frame(tmp_path / "a.png").shape == (3, 4, 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="does not exist"):
        load_frame(tmp_path / "none.png")


def test_a_file_that_is_no_image_or_is_cut_short(case: FrameCase, tmp_path: Path) -> None:
    whole = png_bytes(case.frame)
    for content in (b"", b"no image", whole[: len(whole) // 2]):
        path = tmp_path / "a.png"
        path.write_bytes(content)
        with pytest.raises(FrameError, match="cannot be read as an image"):
            load_frame(path)


def test_an_image_bomb_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    assert len(buffer.getvalue()) < 100_000
    (tmp_path / "bomb.png").write_bytes(buffer.getvalue())
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(FrameError, match="9000x9000 px"):
        load_frame(tmp_path / "bomb.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bigger.png")
    with pytest.raises(FrameError, match="could be decompression bomb"):
        load_frame(tmp_path / "bigger.png")


def test_names_come_from_keys_files_or_order(case: FrameCase, tmp_path: Path) -> None:
    path = tmp_path / "hall.png"
    path.write_bytes(png_bytes(case.frame))
    assert [f.name for f in named_frames({"own": path})] == ["own"]
    assert [f.name for f in named_frames([path, case.frame])] == ["hall", "frame_1"]
    assert [f.name for f in named_frames(case.frame)] == ["frame_0"]
    with pytest.raises(FrameError, match="Two frames are named 'hall'"):
        named_frames([path, path])


def test_files_of_one_name_are_told_apart_by_their_folders(case: FrameCase, tmp_path: Path) -> None:
    places = ["a/day/frame.png", "a/night/frame.png", "b/day/other.png"]
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_bytes(png_bytes(case.frame))
    paths = [tmp_path / place for place in places]
    assert [f.name for f in named_frames(paths)] == ["day/frame", "night/frame", "other"]
    (tmp_path / "b/day/frame.png").write_bytes(png_bytes(case.frame))
    found = named_frames([paths[0], tmp_path / "b/day/frame.png"])
    assert [f.name for f in found] == ["a/day/frame", "b/day/frame"]


def test_frames_from_files_are_not_all_held(tmp_path: Path, case: FrameCase) -> None:
    """Forty files: few stay decoded, each reads as it is, and a broken one is refused at once."""
    paths = [tmp_path / f"{number}.png" for number in range(40)]
    for number, path in enumerate(paths):
        path.write_bytes(png_bytes(np.full((3, 4, 3), number, np.uint8)))
    frames = named_frames(paths)
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == list(range(40))
    assert list(frames[0].observation.images) == ["image"]
    assert FramePngs(frames)["7"] == paths[7].read_bytes()
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(FrameError, match="cannot be read"):
        named_frames([*paths, tmp_path / "broken.png"])
