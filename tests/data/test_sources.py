"""Frames from arrays, HDF5 episodes and clips are those that were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.data.episodes import _HELD, IMAGES_HELD
from heedmap.data.images import png_bytes
from heedmap.data.locator import Locator, parse_locator
from heedmap.data.sources import frames_at
from heedmap.errors import FrameError
from tests.data.recordings import image, same_colour, write_clip, write_episode


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
        (np.array([[["code"]]], dtype=object), "pickled objects are never loaded"),
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
    with pytest.raises(FrameError, match="cannot be read"):
        frames_at(tmp_path / "broken.mp4")


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
