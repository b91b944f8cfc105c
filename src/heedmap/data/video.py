"""Frames of video clips, by index or by time, decoded with PyAV."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from heedmap.data.episodes import Episode
from heedmap.data.gates.files import check_regular
from heedmap.data.gates.gate import gate
from heedmap.data.images import check_size
from heedmap.data.observation import ONLY_CAMERA
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

ADVICE = Phrase("give an intact video file, such as MP4")


class Clip:
    """One video file: its frames' times, and the image at any of them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def seconds(self) -> list[float]:
        """When each frame is shown, from the first one on; read without decoding."""
        with self._opened() as (container, stream):
            times = [p.pts for p in container.demux(stream) if p.pts is not None]
            if not times or stream.time_base is None:
                raise FrameError("The clip {path} holds no frames.", path=self.path)
            return [float(pts * stream.time_base) for pts in sorted(times)]

    def index_at(self, second: float) -> int:
        """The frame that is shown at that moment, counted from the clip's beginning."""
        step = self._checked_step(second)
        return max(0, bisect_right(self.seconds, self.seconds[0] + second + step / 100) - 1)

    def nearest(self, second: float) -> int:
        """The frame whose time is nearest, for times that were rounded when they were written."""
        self._checked_step(second)
        wanted = self.seconds[0] + second
        after = bisect_right(self.seconds, wanted)
        around = range(max(0, after - 1), min(len(self.seconds), after + 1))
        return min(around, key=lambda index: abs(self.seconds[index] - wanted))

    def _checked_step(self, second: float) -> float:
        """Mean seconds from frame to frame. Raises FrameError for a moment after the clip."""
        length = self.seconds[-1] - self.seconds[0]
        step = length / max(1, len(self.seconds) - 1)
        if second > length + max(step, 1e-3):
            raise FrameError(
                "The clip {path} is {seconds:.2f} s long; there is no frame at {second:g} s.",
                path=self.path,
                seconds=length + step,
                second=second,
            )
        return step

    def image(self, index: int) -> Frame:
        """Decoded from the last key frame before it."""
        wanted = self.seconds[index]
        with self._opened() as (container, stream):
            assert stream.time_base is not None
            half = (self.seconds[-1] - self.seconds[0]) / max(1, len(self.seconds) - 1) / 2
            container.seek(round(wanted / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.time is not None and frame.time >= wanted - max(half, 1e-4) / 2:
                    return frame.to_ndarray(format="rgb24")
        raise FrameError(
            "The clip {path} ends before its frame {index}; it is cut short.",
            path=self.path,
            index=index,
        )

    @contextmanager
    def _opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        check_regular(self.path, Phrase("clip"), FrameError)
        with (
            gate(FrameError, Phrase("The clip {path}", path=self.path), ADVICE),
            av.open(str(self.path)) as container,
        ):
            if not container.streams.video:
                raise FrameError("{path} holds no video.", path=self.path)
            stream = container.streams.video[0]
            check_size(stream.width, stream.height, Phrase("The clip {path}", path=self.path))
            yield container, stream


@final
class ClipEpisode(Episode):
    """A clip as an episode of one camera."""

    noun = Phrase("clip")
    advice = ADVICE

    def __init__(self, path: Path) -> None:
        super().__init__(path, path.stem)
        self._clip = Clip(path)

    @property
    def length(self) -> int:
        """How many frames are shown."""
        return len(self._clip.seconds)

    @property
    def cameras(self) -> tuple[str, ...]:
        """One camera."""
        return (ONLY_CAMERA,)

    def image(self, camera: str, index: int) -> Frame:
        """As shown at that index."""
        return self._clip.image(index)

    def index_at(self, second: float) -> int:
        """The frame shown at that moment."""
        return self._clip.index_at(second)
