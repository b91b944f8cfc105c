"""An HDF5 file of a stranger's shows nothing of any other file, and opens none."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from heedmap.data import hdf5, hdf5_own
from heedmap.data.sources import frames_at
from heedmap.errors import FrameError
from tests.data.recordings import image, write_episode

SECRET = "known to this user only"
STEPS = 5
Plant = Callable[[h5py.File, str, Path], None]
"""Makes a data set of a file, at a place, show what is in the folder of another file."""


def external_link(file: h5py.File, place: str, other: Path) -> None:
    file[place] = h5py.ExternalLink(other / "other.h5", "images")


def external_link_above(file: h5py.File, place: str, other: Path) -> None:
    above, _, last = place.rpartition("/")
    with h5py.File(other / "other.h5", "a") as theirs:
        theirs[f"in/{last}"] = h5py.SoftLink("/images")
    if above:
        file[above] = h5py.ExternalLink(other / "other.h5", "in")
    else:
        file["away"] = h5py.ExternalLink(other / "other.h5", "in")
        file[place] = h5py.SoftLink(f"away/./{last}")


def soft_links(file: h5py.File, place: str, other: Path) -> None:
    """A relative one, to an absolute one, over a group that is an external link."""
    above = place.rpartition("/")[0]
    file[place] = h5py.SoftLink("next")
    file[f"{above}/next"] = h5py.SoftLink("/away/images")
    file["away"] = h5py.ExternalLink(other / "other.h5", "/")


def stored_outside(file: h5py.File, place: str, other: Path) -> None:
    size = len(SECRET)
    file.create_dataset(place, (1, size), np.uint8, external=[(other / "text.txt", 0, size)])


def virtual(file: h5py.File, place: str, other: Path) -> None:
    shape = (STEPS, *image(0).shape)
    layout = h5py.VirtualLayout(shape, np.uint8)
    layout[:] = h5py.VirtualSource(other / "other.h5", "images", shape)
    file.create_virtual_dataset(place, layout)


def virtual_without_end(file: h5py.File, place: str, other: Path) -> None:
    """HDF5 opens its sources to say how long it is."""
    shape, most = (STEPS, *image(0).shape), (None, *image(0).shape)
    layout = h5py.VirtualLayout(shape, np.uint8, maxshape=most)
    source = h5py.VirtualSource(other / "other.h5", "images", shape, np.uint8, maxshape=most)
    end = h5py.h5s.UNLIMITED
    layout[:end] = source[:end]
    file.create_virtual_dataset(place, layout)


def virtual_of_itself(file: h5py.File, place: str, other: Path) -> None:
    """The file is its own source, and there it is an external link."""
    file["linked"] = h5py.ExternalLink(other / "other.h5", "images")
    shape = (STEPS, *image(0).shape)
    layout = h5py.VirtualLayout(shape, np.uint8)
    layout[:] = h5py.VirtualSource(".", "linked", shape)
    file.create_virtual_dataset(place, layout)


PLANTS: dict[Plant, str] = {
    external_link: "is reached by an external link to '{other}/other.h5'",
    external_link_above: "is reached by an external link to '{other}/other.h5'",
    soft_links: "is reached by an external link to '{other}/other.h5'",
    stored_outside: "is stored outside of the file, in '{other}/text.txt'",
    virtual: "is a virtual data set built from '{other}/other.h5'",
    virtual_without_end: "is a virtual data set built from '{other}/other.h5'",
    virtual_of_itself: "is a virtual data set built from '.'",
}


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A folder of files that are none of the recording's business."""
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "text.txt").write_text(SECRET)
    with h5py.File(folder / "other.h5", "w") as file:
        shape = (STEPS, *image(0).shape)
        file.create_dataset("images", shape, np.uint8, maxshape=(None, *shape[1:]))
    return folder


@pytest.fixture
def opened(other: Path) -> Iterator[Callable[[], bool]]:
    """Whether any of the other files was opened since it was last called, as Linux tells it."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells that a file was opened")
    watching = ctypes.CDLL(None)
    watch = watching.inotify_init1(os.O_NONBLOCK)
    watching.inotify_add_watch(watch, os.fsencode(other), 0x20)  # IN_OPEN

    def since() -> bool:
        try:
            return bool(os.read(watch, 4096))
        except BlockingIOError:
            return False

    yield since
    os.close(watch)


def plain_episode(path: Path, without: str) -> None:
    """An episode of one camera that lacks what stands at a place."""
    with h5py.File(path, "w") as file:
        if without not in hdf5.IMAGES:
            file["images"] = np.stack([image(n) for n in range(STEPS)])


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize(
    "place",
    [*hdf5.IMAGES, *(f"{each}/top" for each in hdf5.IMAGES[:3]), *hdf5.STATES, *hdf5.INSTRUCTIONS],
)
def test_what_leads_to_another_file_is_refused_and_the_file_left_closed(
    plant: Plant, place: str, other: Path, opened: Callable[[], bool], tmp_path: Path
) -> None:
    path = tmp_path / "episode.h5"
    plain_episode(path, without=place.removesuffix("/top"))
    with h5py.File(path, "a") as file:
        plant(file, place, other)
    opened()
    with pytest.raises(FrameError) as caught:
        frames_at(f"{path}#:")
    assert not opened()
    told = str(caught.value)
    assert PLANTS[plant].format(other=other) in told
    assert re.match(rf"'[^']+' in {path} ", told)
    assert "copy the data into it" in told
    assert "\n" not in told
    # So that the test can fail: h5py itself does open the other file.
    with h5py.File(path) as file:
        data: Any = file[place]
        assert data[: len(data)] is not None
    assert opened()


@pytest.mark.parametrize(
    "plant", [plant for plant in PLANTS if plant is not stored_outside], ids=lambda p: p.__name__
)
def test_the_remedy_that_is_told_helps(plant: Plant, other: Path, tmp_path: Path) -> None:
    theirs, mended = tmp_path / "episode.h5", tmp_path / "mended.h5"
    with h5py.File(theirs, "w") as old:
        plant(old, "images", other)
    with h5py.File(theirs) as old, h5py.File(mended, "w") as new:
        data: Any = old["images"]
        new["images"] = data[()]
    assert len(frames_at(f"{mended}#:")) == STEPS


def test_data_that_is_changed_for_a_link_later_is_refused_then(
    other: Path, opened: Callable[[], bool], tmp_path: Path
) -> None:
    path = tmp_path / "episode.h5"
    write_episode(path)
    episode = hdf5.Hdf5Episode(path)
    with h5py.File(path, "a") as file:
        for place in ("observations/images/top", "observations/qpos"):
            del file[place]
            external_link(file, place, other)
    opened()
    with pytest.raises(FrameError, match="external link"):
        episode.image("top", 0)
    with pytest.raises(FrameError, match="external link"):
        episode.state(0)
    assert not opened()


def test_links_inside_of_a_file_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "episode.h5"
    with h5py.File(path, "w") as file:
        file["raw/top"] = np.stack([image(n) for n in range(STEPS)])
        file["raw/same"] = file["raw/top"]
        file["raw/relative"] = h5py.SoftLink("./top")
        file["observations/images/absolute"] = h5py.SoftLink("/raw//relative")
        file["observations/images/hard"] = file["raw/top"]
        file["observations/qpos"] = h5py.SoftLink("/states_of_mine/qpos")
        file["states_of_mine/qpos"] = np.ones((STEPS, 2))
        file["task"] = h5py.SoftLink("text")
        file["text"] = "go to the left"
        file["observations/images/dangling"] = h5py.SoftLink("/nowhere/at/all")
        file["observations/images/through"] = h5py.SoftLink("/raw/top/beyond")
    episode = hdf5.Hdf5Episode(path)
    assert episode.cameras == ("absolute", "hard")
    assert np.array_equal(episode.image("absolute", 3), image(3))
    assert episode.instruction(0) == "go to the left"
    state = episode.state(0)
    assert state is not None
    assert state.tolist() == [1, 1]


def test_soft_links_in_a_circle_end(tmp_path: Path) -> None:
    path = tmp_path / "episode.h5"
    with h5py.File(path, "w") as file:
        file["images"] = h5py.SoftLink("/image")
        file["image"] = h5py.SoftLink("images/images")
    with pytest.raises(FrameError, match="no images at"):
        frames_at(path)
    with h5py.File(path, "w") as file:
        file["images"] = np.stack([image(n) for n in range(STEPS)])
        for number in range(hdf5_own.MOST_SOFT_LINKS):
            after = "images" if number == 0 else f"link{number - 1}"
            file[f"link{number}"] = h5py.SoftLink(after)
        own = hdf5_own.OwnData(file)
        assert own.dataset(f"link{hdf5_own.MOST_SOFT_LINKS - 1}") is not None
        file["one_more"] = h5py.SoftLink(f"link{hdf5_own.MOST_SOFT_LINKS - 1}")
        assert own.dataset("one_more") is None


def test_what_is_not_read_may_lead_anywhere(
    other: Path, opened: Callable[[], bool], tmp_path: Path
) -> None:
    path = tmp_path / "episode.h5"
    write_episode(path)
    with h5py.File(path, "a") as file:
        for number, plant in enumerate((external_link, stored_outside, virtual)):
            plant(file, f"extra/{number}", other)
    opened()
    assert len(frames_at(f"{path}#:")) == STEPS
    assert not opened()


def test_a_link_of_a_kind_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "episode.h5"
    with h5py.File(path, "w") as file:
        file["images"] = h5py.ExternalLink("other.h5", "images")
    content = path.read_bytes()
    # Of a link's message: version, flags, kind (64 is external), length of the name, the name.
    message = re.search(rb"\x01[\x08-\x1f](\x40)[^i]{0,9}\x06images", content, re.DOTALL)
    assert message is not None
    path.write_bytes(content[: message.start(1)] + b"\x45" + content[message.start(1) + 1 :])
    with pytest.raises(FrameError, match="a link of the unknown kind 69"):
        frames_at(path)


def test_a_data_set_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "episode.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["images"] = np.stack([image(n) for n in range(STEPS)])
    content = bytearray(path.read_bytes())
    content[content.rindex(b"OHDR") + 20] ^= 1  # a header's checksum no longer fits
    path.write_bytes(content)
    with pytest.raises(FrameError, match=r"'[a-z/]+' in .* cannot be opened \(.*intact"):
        frames_at(path)


def test_names_from_a_file_are_told_short_and_in_letters(tmp_path: Path) -> None:
    path = tmp_path / "episode.h5"
    with h5py.File(path, "w") as file:
        file["images"] = h5py.ExternalLink(f"\x1b[31mred\n{'x' * 5000}", "images")
    with pytest.raises(FrameError) as caught:
        frames_at(path)
    assert r"'\x1b[31mred\nxxx" in str(caught.value)
    assert len(str(caught.value)) < 600
