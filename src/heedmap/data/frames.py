"""Named frames: given as arrays or by where they lie, checked, and written into a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from heedmap.data.images import png_bytes
from heedmap.data.observation import NamedFrame, Observation, of_frame
from heedmap.data.pixels import Frame
from heedmap.data.sources import frames_at
from heedmap.errors import FrameError


class FramePngs(Mapping[str, bytes]):
    """PNG files of named frames, made at first use."""

    def __init__(self, frames: Sequence[NamedFrame]) -> None:
        self._frames = {frame.name: frame for frame in frames}

    def __getitem__(self, name: str) -> bytes:
        return png_bytes(self._frames[name].pixels)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


FrameLike = np.ndarray | Path | str | Observation | NamedFrame
"""An array of uint8 (height, width, 3), where frames lie (see `data/locator.py`), an
`Observation` of several cameras, or a frame that has its name already."""

FramesLike = FrameLike | Sequence[FrameLike] | Mapping[str, FrameLike]
"""One frame or several, optionally by name."""


def named_frames(frames: FramesLike) -> list[NamedFrame]:
    """Give every frame a name: its key, its file's stem (see `told_apart`), or `frame_N`.

    Raises FrameError for no frame at all, an array that is not RGB uint8, or equal names.
    """
    if isinstance(frames, np.ndarray | Path | str | Observation | NamedFrame):
        frames = [frames]
    if isinstance(frames, Mapping):
        found = [each for name, value in frames.items() for each in _named(value, 0, name)]
    else:
        read = [each for index, value in enumerate(frames) for each in _named(value, index)]
        found = told_apart(read)
    if not found:
        raise FrameError("No frame was given; give at least one.")
    names = [frame.name for frame in found]
    for name in names:
        if names.count(name) > 1:
            raise FrameError(
                "Two frames are named '{name}'; give each once, or under a name of its own.",
                name=name,
            )
    return found


def told_apart(frames: Sequence[NamedFrame]) -> list[NamedFrame]:
    """Files of one name in different folders get as much of their folders as tells them apart.

    `day/frame.png` and `night/frame.png` are "day/frame" and "night/frame". What cannot be told
    apart, such as one file given twice, keeps its name.
    """
    groups: dict[str, list[NamedFrame]] = {}
    for frame in frames:
        groups.setdefault(frame.name, []).append(frame)
    names = {id(each): name for group in groups.values() for each, name in _own_names(group)}
    return [replace(frame, name=names[id(frame)]) for frame in frames]


def _own_names(group: Sequence[NamedFrame]) -> Iterator[tuple[NamedFrame, str]]:
    folders = [Path(frame.source).parent.parts for frame in group]
    for depth in range(1 + max(map(len, folders))):
        names = [
            "/".join([*(parts[-depth:] if depth else ()), frame.name])
            for frame, parts in zip(group, folders, strict=True)
        ]
        if len(set(names)) == len(group):
            return zip(group, names, strict=True)
    return ((frame, frame.name) for frame in group)


def _named(value: FrameLike, index: int, name: str | None = None) -> list[NamedFrame]:
    """Several where a locator names several; these get numbers behind a name of the user's."""
    if isinstance(value, NamedFrame):
        return [value if name is None else replace(value, name=name)]
    if isinstance(value, Path | str):
        found = frames_at(value)
        if name is None:
            return found
        names = [name] if len(found) == 1 else [f"{name}_{n}" for n in range(len(found))]
        return [replace(each, name=own) for each, own in zip(found, names, strict=True)]
    if not isinstance(value, Observation):
        return [NamedFrame(name or f"frame_{index}", "array", of_frame(_checked(value)))]
    if not value.images:
        raise FrameError("An observation without any camera image was given; give at least one.")
    for frame in value.images.values():
        _checked(frame)
    return [NamedFrame(name or f"frame_{index}", "observation", value)]


def _checked(frame: np.ndarray) -> Frame:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise FrameError(
            "A frame is an array of uint8 with shape (height, width, 3), got {dtype} with shape "
            "{shape}.",
            dtype=frame.dtype,
            shape=frame.shape,
        )
    return frame
