"""Frames in `.npy` files: one image, or several along the first axis."""

from __future__ import annotations

from pathlib import Path
from typing import final

import numpy as np

from heedmap.data.episodes import Episode
from heedmap.data.images import as_frame, check_size
from heedmap.data.observation import ONLY_CAMERA
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase


@final
class ArrayEpisode(Episode):
    """An array of shape (height, width, 3) or (frame, height, width, 3)."""

    noun = Phrase("array")
    advice = Phrase(
        "give a .npy file of numbers, as numpy.save writes it; pickled objects are never loaded"
    )

    def __init__(self, path: Path) -> None:
        super().__init__(path, path.stem)
        shape = self._array().shape
        if len(shape) not in (2, 3, 4):
            raise FrameError(
                "{path} holds an array of shape {shape}, expected (height, width, 3) or (frame, "
                "height, width, 3).",
                path=path,
                shape=shape,
            )
        self._is_one = len(shape) < 4
        height, width = shape[:2] if self._is_one else shape[1:3]
        check_size(width, height, Phrase("An image in {path}", path=path))

    @property
    def length(self) -> int:
        """One, or the first axis."""
        return 1 if self._is_one else len(self._array())

    @property
    def cameras(self) -> tuple[str, ...]:
        """One camera."""
        return (ONLY_CAMERA,)

    def image(self, camera: str, index: int) -> Frame:
        """Mapped from the file, so that only this image is read."""
        array = self._array()
        found = array if self._is_one else array[index]
        return as_frame(
            np.array(found), Phrase("The image {index} in {path}", index=index, path=self.path)
        )

    def _array(self) -> np.ndarray:
        return np.lib.format.open_memmap(self.path, mode="r")
