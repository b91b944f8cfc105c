"""An episode as a video: MP4 (H.264), written with PyAV (the extra `drive`)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from heedmap.data.pixels import Frame
from heedmap.errors import MissingExtraError, RecordError
from heedmap.record.files import PART_PREFIX

FRAMES_A_SECOND = 5
LEAST_PX, MOST_PX = 224, 640
"""Of the longer side: smaller frames are enlarged by whole numbers, larger ones reduced."""


def check_can_write() -> None:
    """Raise MissingExtraError where PyAV is missing: before anything is driven."""
    try:
        import av  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("drive", "av") from error


def write_video(path: Path, frames: Sequence[Frame]) -> None:
    """Write the frames, whole or not at all. Raises RecordError when they cannot be written."""
    import av
    from av.error import FFmpegError

    pictures = [_resized(frame) for frame in frames]
    height, width = pictures[0].shape[:2]
    part = path.with_name(f"{PART_PREFIX}{path.name}")
    try:
        with av.open(str(part), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=Fraction(FRAMES_A_SECOND))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = {"crf": "20", "threads": "1"}
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        part.replace(path)
    except (OSError, FFmpegError) as error:
        raise RecordError(
            "The video cannot be written to {path}: {why}.", path=path, why=error
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _resized(frame: Frame) -> Frame:
    """Within the bounds, with even sides, as the codec asks."""
    image, longest = Image.fromarray(frame), max(frame.shape[:2])
    factor = -(-LEAST_PX // longest) if longest < LEAST_PX else min(1.0, MOST_PX / longest)
    width, height = (2 * max(1, round(side * factor / 2)) for side in image.size)
    how = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.LANCZOS
    return np.asarray(image.resize((width, height), how))
