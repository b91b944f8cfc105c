"""One form for all sources of frames: an episode that gives images, states and instructions.

Images are read when they are looked at, and only a few are held, so that a set of many
frames takes the memory of few.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float

from heedmap.data.gates.gate import gate
from heedmap.data.images import load_frame
from heedmap.data.observation import ONLY_CAMERA, Observation
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

_READING = (
    *("__init__", "length", "cameras", "skipped_cameras"),
    *("image", "state", "instruction", "index_at"),
)
"""Of an episode, what reads its files."""
MOST_HISTORY = 1000
"""Moments before a frame: no policy sees as many."""
IMAGES_HELD = 32
"""Images that stay decoded: those that are being worked on."""


class Episode(ABC):
    """Frames in the order of time. Reading opens and closes its files: nothing stays open.

    All that a subclass reads passes one gate: whatever its library raises is a FrameError.
    """

    noun = Phrase("recording")
    """What its file is called in errors."""
    advice = Phrase("give an intact one")
    """What to do where it cannot be read."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        for name, own in list(vars(cls).items()):
            if name in _READING and isinstance(own, property):
                setattr(cls, name, property(_gated(own.fget), doc=own.__doc__))
            elif name in _READING:
                setattr(cls, name, _gated(own))

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    @property
    @abstractmethod
    def length(self) -> int:
        """How many frames."""

    @property
    @abstractmethod
    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras, the first one the main one."""

    @property
    def skipped_cameras(self) -> tuple[str, ...]:
        """Names of cameras that are not read: those that record depth."""
        return ()

    @abstractmethod
    def image(self, camera: str, index: int) -> Frame:
        """One image. Raises FrameError when it cannot be read."""

    def state(self, index: int) -> Float[np.ndarray, " state"] | None:
        """The robot's own state; None where none was recorded."""
        return None

    def instruction(self, index: int) -> str | None:
        """The instruction of the robot; None where that was not recorded."""
        return None

    def index_at(self, second: float) -> int:
        """The frame shown at that moment. Raises FrameError where frames have no times."""
        raise FrameError(
            "The frames of {path} have no times; name them by index: #0,10,20.", path=self.path
        )

    def observation(self, index: int, history: int = 0) -> Observation:
        """One moment, with `history` moments before it; before the first, the first again.

        The images are read once, so that what is broken is refused before any work is done.
        """
        if not 0 <= history <= MOST_HISTORY:
            raise FrameError(
                "A history has at most {most} frames, got {history}.",
                most=MOST_HISTORY,
                history=history,
            )
        before = [max(0, each) for each in range(index - history, index)]
        return Observation(
            EpisodeImages(self, index),
            checked_state(self.state(index), self.path),
            tuple(self.observation(each) for each in before),
        )


def _gated(read: Callable[..., Any] | None) -> Callable[..., Any]:
    assert read is not None

    @wraps(read)
    def gated(self: Episode, *given: Any, **more: Any) -> Any:
        path = vars(self).get("path", given[0] if given else "")
        with gate(FrameError, Phrase("The {noun} {path}", noun=self.noun, path=path), self.advice):
            return read(self, *given, **more)

    return gated


@final
class ImageEpisode(Episode):
    """One PNG or JPEG file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, path.stem)

    @property
    def length(self) -> int:
        """One."""
        return 1

    @property
    def cameras(self) -> tuple[str, ...]:
        """One camera."""
        return (ONLY_CAMERA,)

    def image(self, camera: str, index: int) -> Frame:
        """The file's image."""
        return load_frame(self.path)


class EpisodeImages(Mapping[str, Frame]):
    """The cameras' images at one moment of an episode, read when they are looked at."""

    def __init__(self, episode: Episode, index: int) -> None:
        self._episode = episode
        self._index = index
        for camera in episode.cameras:
            self[camera]  # refuses what cannot be read

    def __getitem__(self, camera: str) -> Frame:
        if camera not in self._episode.cameras:
            raise KeyError(camera)
        key = (id(self._episode), self._index, camera)
        if key not in _HELD or _HELD[key][0] is not self._episode:
            _HELD[key] = self._episode, self._episode.image(camera, self._index)
        _HELD.move_to_end(key)
        while len(_HELD) > IMAGES_HELD:
            _HELD.popitem(last=False)
        return _HELD[key][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._episode.cameras)

    def __len__(self) -> int:
        return len(self._episode.cameras)


_HELD: OrderedDict[tuple[int, int, str], tuple[Episode, Frame]] = OrderedDict()


def checked_state(
    state: Float[np.ndarray, " state"] | None, path: Path
) -> Float[np.ndarray, " state"] | None:
    """The state as it is. Raises FrameError where it holds what is no number."""
    if state is not None and not np.isfinite(state).all():
        raise FrameError("A state in {path} is NaN or infinite; mend the recording.", path=path)
    return state
