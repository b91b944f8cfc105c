"""Where frames lie: a path, and after `#` which of its frames are meant.

`episode.h5#0,10,20`, `episode.h5#0:100:10`, `clip.mp4#t=1.5`, and for data sets of several
episodes `folder#episode=3&frames=0,10`. Without `#`, the first frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from heedmap.data.gates.gate import gate
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

MOST_FRAMES = 100_000
"""Of one locator: a slip of the pen such as `0:1000000000` is refused, not tried."""


@dataclass(frozen=True)
class Locator:
    """Frames of one file or folder."""

    written: str
    path: Path
    frames: str = "0"
    """Indices and slices, comma-separated, as they were written."""
    seconds: tuple[float, ...] = ()
    """Moments of a clip instead of indices."""
    episode: int | None = None

    def indices(self, length: int) -> list[int]:
        """The frames that are meant, of `length`; negative ones count from the end.

        Raises FrameError for one beyond the end, or what is no index.
        """
        found: list[int] = []
        for part in self.frames.split(","):
            found += self._indices_of(part.strip(), length)
        if not found:
            raise FrameError(
                "'{written}' names no frame: there are {length} frames.",
                written=self.written,
                length=length,
            )
        return list(dict.fromkeys(found))

    def _indices_of(self, part: str, length: int) -> list[int]:
        numbers = [_integer(text, self.written) for text in part.split(":")]
        if ":" in part:
            if len(numbers) > 3 or numbers[-1] == 0:
                _refuse(self.written)
            return list(range(length)[slice(*numbers)])[:MOST_FRAMES]
        index = numbers[0]
        if index is None:
            _refuse(self.written)
        if not -length <= index < length:
            raise FrameError(
                "'{written}' asks for frame {index}, but {path} has {length} frames (0 to {last}).",
                written=self.written,
                index=index,
                path=self.path,
                length=length,
                last=length - 1,
            )
        return [index % length]


def parse_locator(text: str) -> Locator:
    """Read `PATH#SELECTION`. Raises FrameError for a selection that cannot be read."""
    path, _, selection = text.partition("#")
    with gate(FrameError, f"'{text}'", Phrase("give PATH#FRAMES")):
        if not selection and Path(text).exists():
            return Locator(text, Path(text))
    frames, seconds, episode = "0", (), None
    for field in selection.split("&") if selection else ():
        key, separator, value = field.partition("=")
        if not separator:
            key, value = "frames", field
        if key == "frames":
            frames = value
        elif key == "t":
            seconds = tuple(_second(part, text) for part in value.split(","))
        elif key == "episode":
            episode = _integer(value, text)
        else:
            _refuse(text)
    return Locator(text, Path(path), frames, seconds, episode)


def _integer(text: str, written: str) -> int | None:
    """None for nothing, as between the colons of a slice."""
    try:
        return int(text) if text.strip() else None
    except ValueError:
        _refuse(written)


def _second(text: str, written: str) -> float:
    try:
        second = float(text)
    except ValueError:
        _refuse(written)
    if not 0 <= second < 1e6:
        _refuse(written)
    return second


def _refuse(written: str) -> NoReturn:
    raise FrameError(
        "'{written}' does not say which frames; write PATH#0,10,20 or PATH#0:100:10 (indices), "
        "CLIP.mp4#t=1.5 (seconds), or FOLDER#episode=3&frames=0,10.",
        written=written,
    )
