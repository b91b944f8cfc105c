"""Episodes in HDF5 files: images at `observations/images` or `images`, as robots record them.

A camera is a data set of shape (frame, height, width, 3), or of (frame, bytes) where images
are stored as JPEG or PNG; several cameras are data sets in a group, by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import h5py
import numpy as np
from jaxtyping import Float

from heedmap.data.episodes import Episode
from heedmap.data.gates.files import check_regular
from heedmap.data.gates.gate import gate
from heedmap.data.hdf5_own import OwnData
from heedmap.data.images import as_frame, check_size, decode_image
from heedmap.data.observation import ONLY_CAMERA
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

IMAGES = ("observations/images", "observation/images", "images", "observations/image", "image")
STATES = (
    "observations/qpos",
    "observations/state",
    "observation/state",
    "observations/states",
    "state",
    "states",
)
INSTRUCTIONS = ("language_instruction", "instruction", "task", "language", "prompt")
MOST_CHUNK_BYTES = 2**30
"""A chunk is always unpacked whole."""
MOST_TEXT_BYTES = 2**24
"""Of an instruction, or the chunk that it lies in."""


@final
class Hdf5Episode(Episode):
    """One episode a file. Raises FrameError when the file holds no images where we look."""

    noun = Phrase("episode")
    advice = Phrase("give an intact .h5 or .hdf5 file")

    def __init__(self, path: Path) -> None:
        super().__init__(path, path.stem)
        with _opened(self.path) as own:
            places = _cameras(own)
            if places is None:
                held = ", ".join((own.names() or [])[:8]) or Phrase("nothing")
                raise FrameError(
                    "{path} has no images at {places}; it holds {held}. Give a factory or .npy "
                    "files.",
                    path=path,
                    places=", ".join(IMAGES[:3]),
                    held=held,
                )
            self._places = places
            sets: dict[str, Any] = {each: own.dataset(each) for each in places.values()}
            if not sets:
                raise FrameError("{path} has a group of images that holds no camera.", path=path)
            for name, data in sets.items():
                _check(data, f"{path}:{name}")
            self._length = min(len(data) for data in sets.values())
            self._state = next((place for place in STATES if own.dataset(place) is not None), None)
            self._text = _instruction(own)

    @property
    def length(self) -> int:
        """Of the shortest camera."""
        return self._length

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names in the group of images; one camera where it is a data set."""
        return tuple(self._places)

    def image(self, camera: str, index: int) -> Frame:
        """Bytes of a stored image file are decoded."""
        what = Phrase(
            "The image {index} of '{camera}' in {path}", index=index, camera=camera, path=self.path
        )
        with _opened(self.path) as own:
            data: Any = own.dataset(self._places[camera])
            with gate(FrameError, what, self.advice):
                found = data[index]
        if isinstance(found, bytes) or (isinstance(found, np.ndarray) and found.ndim == 1):
            return decode_image(bytes(found), what)
        return as_frame(found, what)

    def state(self, index: int) -> Float[np.ndarray, " state"] | None:
        """From the first of the usual places that is there."""
        if self._state is None:
            return None
        with _opened(self.path) as own:
            data: Any = own.dataset(self._state)
            if data is None or data.ndim != 2 or index >= len(data):
                return None
            return np.asarray(data[index], dtype=np.float32)

    def instruction(self, index: int) -> str | None:
        """An attribute or a text of the file, one for the whole episode."""
        return self._text


def instruction_in(path: Path) -> str | None:
    """The text of a file, which needs no images; None where none was recorded.

    LIBERO's files keep it in the JSON attribute `problem_info` of their group `data`. Raises
    FrameError where the file cannot be read.
    """
    with _opened(path) as own:
        found = _instruction(own)
        return found if found is not None else _of_problem_info(own)


@contextmanager
def _opened(path: Path) -> Iterator[OwnData]:
    check_regular(path, Phrase("episode"), FrameError)
    what = Phrase("The episode {path}", path=path)
    with gate(FrameError, what, Hdf5Episode.advice, Phrase("HDF5")), h5py.File(path, "r") as file:
        yield OwnData(file)


def _of_problem_info(own: OwnData) -> str | None:
    try:
        text = json.loads(own.attribute("problem_info", "data") or "{}")["language_instruction"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    pieces: list[Any] = text if isinstance(text, list) else [text]
    return "".join(pieces) if all(isinstance(each, str) for each in pieces) else None


def _cameras(own: OwnData) -> dict[str, str] | None:
    """Where each camera's images lie, from the first of the usual places that is there."""
    for place in IMAGES:
        if own.dataset(place) is not None:
            return {ONLY_CAMERA: place}
        if (names := own.names(place)) is not None:
            inside = {name: f"{place}/{name}" for name in names}
            return {name: each for name, each in inside.items() if own.dataset(each) is not None}
    return None


def _check(data: h5py.Dataset, what: str) -> None:
    """Sizes as they are declared, before anything is unpacked."""
    is_files = data.ndim in (1, 2)
    if data.ndim not in (1, 2, 4) or not len(data):
        raise FrameError(
            "{what} has the shape {shape}, expected (frame, height, width, 3), or (frame, bytes) "
            "of image files.",
            what=what,
            shape=data.shape,
        )
    if not is_files:
        shape = data.shape[1:]
        height, width = shape[1:] if shape[0] == 3 and shape[2] != 3 else shape[:2]
        check_size(width, height, Phrase("An image of {what}", what=what))
    chunk = int(np.prod(data.chunks)) * data.dtype.itemsize if data.chunks else 0
    if chunk > MOST_CHUNK_BYTES:
        raise FrameError(
            "{what} is stored in chunks of {chunk:,} bytes, expected {most:,} at "
            "most; write it anew with smaller chunks.",
            what=what,
            chunk=chunk,
            most=MOST_CHUNK_BYTES,
        )


def _first_of(data: h5py.Dataset) -> Any:
    """The first value alone: what is declared may be larger than any memory. None where it is."""
    chunk = int(np.prod(data.chunks)) * data.dtype.itemsize if data.chunks else 0
    if data.size is None or not data.size or max(chunk, data.dtype.itemsize) > MOST_TEXT_BYTES:
        return None
    return data[(0,) * data.ndim]


def _instruction(own: OwnData) -> str | None:
    for name in INSTRUCTIONS:
        value = own.attribute(name)
        if value is None and (dataset := own.dataset(name)) is not None:
            value = _first_of(dataset)
        if isinstance(value, np.ndarray) and value.size:
            value = value.flat[0]
        if isinstance(value, bytes):
            value = value.decode("utf-8", errors="replace")
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None
