"""Camera frames: read from image files, checked, and written into a result as PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from heedmap.errors import FrameError
from heedmap.inputs.observation import ONLY_CAMERA, Observation, of_frame
from heedmap.types import Frame

MAX_PIXELS = 64_000_000
"""Larger images are refused before they are decoded: no camera of a robot makes them."""


FRAMES_HELD = 16
"""Frames from files that stay decoded: the ones that are being worked on."""


@dataclass(frozen=True)
class NamedFrame:
    """A frame with its name in the result and where it came from."""

    name: str
    source: str
    observation: Observation

    @property
    def pixels(self) -> Frame:
        """What a person looks at: the cameras side by side, the first one left."""
        return side_by_side(list(self.observation.images.values()))


class ImageFile(Mapping[str, Frame]):
    """The image of an only camera, read from its file when it is looked at.

    So a set of many frames takes the memory of few. The file is read once at the start, and
    what cannot be read is refused before any work is done.
    """

    def __init__(self, path: Path) -> None:
        load_frame(path)
        self._path = path
        self._written_ns = path.stat().st_mtime_ns

    def __getitem__(self, camera: str) -> Frame:
        if camera != ONLY_CAMERA:
            raise KeyError(camera)
        return _decoded(self._path, self._written_ns)

    def __iter__(self) -> Iterator[str]:
        return iter((ONLY_CAMERA,))

    def __len__(self) -> int:
        return 1


class FramePngs(Mapping[str, bytes]):
    """PNG files of named frames, made when they are asked for."""

    def __init__(self, frames: Sequence[NamedFrame]) -> None:
        self._frames = {frame.name: frame for frame in frames}

    def __getitem__(self, name: str) -> bytes:
        return png_bytes(self._frames[name].pixels)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


def observation_of_file(path: Path) -> Observation:
    """One camera and no state. Raises FrameError for a file that cannot be read as an image."""
    return Observation(ImageFile(path))


def load_frame(path: Path) -> Frame:
    """Read one image file as RGB.

    Raises FrameError when the file is missing, not an image, cut short, or absurdly large.
    """
    if not path.is_file():
        raise FrameError(f"The frame {path} does not exist; give the path of a PNG or JPEG file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise FrameError(
                        f"The frame {path} has {image.width}x{image.height} px, more than "
                        f"{MAX_PIXELS:,} pixels; scale it down."
                    )
                return np.array(image.convert("RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FrameError(f"The frame {path} is absurdly large: {error}") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise FrameError(
            f"The frame {path} cannot be read as an image ({error}); "
            f"give an intact PNG or JPEG file."
        ) from error


@lru_cache(maxsize=FRAMES_HELD)
def _decoded(path: Path, written_ns: int) -> Frame:
    """A file's image; `written_ns` tells a file from another of the same name before it."""
    return load_frame(path)


FrameLike = np.ndarray | Path | str | Observation
"""An array of uint8 (height, width, 3), an image file, or an `Observation` of several cameras."""

FramesLike = FrameLike | Sequence[FrameLike] | Mapping[str, FrameLike]
"""One frame or several, optionally by name."""


def named_frames(frames: FramesLike) -> list[NamedFrame]:
    """Give every frame a name: its key, its file's stem, or `frame_N`.

    Raises FrameError for no frame at all, an array that is not RGB uint8, or equal names.
    """
    if isinstance(frames, np.ndarray | Path | str | Observation):
        frames = [frames]
    if isinstance(frames, Mapping):
        found = [_named(name, value) for name, value in frames.items()]
    else:
        found = [_named(None, value, index) for index, value in enumerate(frames)]
    if not found:
        raise FrameError("No frame was given; give at least one.")
    names = [frame.name for frame in found]
    for name in names:
        if names.count(name) > 1:
            raise FrameError(
                f"Two frames are named '{name}'; rename a file, or give names of your own."
            )
    return found


def png_bytes(frame: Frame) -> bytes:
    """The frame as a PNG file's content."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue()


def side_by_side(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Frames of shape (height, width, 3) from left to right, black below the lower ones."""
    height = max(frame.shape[0] for frame in frames)
    padded = [np.pad(f, ((0, height - f.shape[0]), (0, 0), (0, 0))) for f in frames]
    return np.concatenate(padded, axis=1)


def _named(name: str | None, value: FrameLike, index: int = 0) -> NamedFrame:
    if isinstance(value, Path | str):
        path = Path(value)
        return NamedFrame(name or path.stem, str(path), observation_of_file(path))
    if not isinstance(value, Observation):
        return NamedFrame(name or f"frame_{index}", "array", of_frame(_checked(value)))
    if not value.images:
        raise FrameError("An observation without any camera image was given; give at least one.")
    for frame in value.images.values():
        _checked(frame)
    return NamedFrame(name or f"frame_{index}", "observation", value)


def _checked(frame: np.ndarray) -> Frame:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise FrameError(
            f"A frame is an array of uint8 with shape (height, width, 3), got {frame.dtype} "
            f"with shape {frame.shape}."
        )
    return frame
