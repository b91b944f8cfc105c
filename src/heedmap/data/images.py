"""Images: decoded from files, checked before they cost memory, and written as PNG."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from heedmap.data.gates.files import check_regular
from heedmap.data.gates.gate import gate
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

MAX_PIXELS = 64_000_000
"""Larger images are refused before they are decoded: no camera of a robot makes them."""
ADVICE = Phrase("give an intact PNG or JPEG file")
DEPTH_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's names of single-channel pixels of more than 8 bits, as depth cameras write them."""


def load_frame(path: Path) -> Frame:
    """Read one image file as RGB.

    Raises FrameError when the file is missing, not an image, cut short, or absurdly large.
    """
    check_regular(path, Phrase("frame"), FrameError)
    return decode_image(path, Phrase("The frame {path}", path=path))


def decode_image(file: Path | bytes, what: str) -> Frame:
    """The RGB image of a PNG or JPEG file, or of its content, turned as its EXIF data say.

    Raises as `load_frame`.
    """
    with gate(FrameError, what, ADVICE, Phrase("an image")), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
            check_size(image.width, image.height, what)
            if image.mode in DEPTH_MODES:
                raise FrameError(
                    "{what} has more than 8 bits a pixel, as depth images have; give the image of "
                    "a colour camera.",
                    what=what,
                )
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def is_depth(content: bytes) -> bool:
    """Whether an image file holds depth; its pixels are not decoded. False for what is broken."""
    try:
        with gate(FrameError, Phrase("It"), ADVICE), Image.open(io.BytesIO(content)) as image:
            return image.mode in DEPTH_MODES
    except FrameError:
        return False


def check_size(width: int, height: int, what: str) -> None:
    """Raise FrameError for an image that no robot's camera makes."""
    if width * height > MAX_PIXELS or min(width, height) < 1:
        raise FrameError(
            "{what} has {width}x{height} px, expected 1 to {most:,} pixels; scale it down.",
            what=what,
            width=width,
            height=height,
            most=MAX_PIXELS,
        )


def as_frame(image: np.ndarray, what: str) -> Frame:
    """RGB bytes of an array: grey is repeated, alpha left out, 0..1 scaled to 0..255.

    Raises FrameError for another shape or type, and for numbers that are not finite.
    """
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim == 3 and image.shape[2] not in (3, 4) and image.shape[0] == 3:
        image = np.moveaxis(image, 0, 2)
    if image.ndim != 3 or image.shape[2] not in (3, 4):
        raise FrameError(
            "{what} is an array of shape {shape}, expected (height, width, 3).",
            what=what,
            shape=image.shape,
        )
    check_size(image.shape[1], image.shape[0], what)
    image = image[..., :3]
    if np.issubdtype(image.dtype, np.floating):
        if not np.isfinite(image).all():
            raise FrameError(
                "{what} has pixels that are NaN or infinite; mend the recording.", what=what
            )
        if image.min() < 0 or image.max() > 1:
            raise FrameError(
                "{what} has pixels from {lowest:g} to {highest:g}, expected bytes (0 to 255) or "
                "numbers from 0 to 1; undo the normalisation.",
                what=what,
                lowest=image.min(),
                highest=image.max(),
            )
        return np.round(image * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise FrameError(
            "{what} has pixels of type {dtype}, expected uint8.", what=what, dtype=image.dtype
        )
    return np.ascontiguousarray(image)


def png_bytes(frame: Frame) -> bytes:
    """The frame as a PNG file's content."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue()


THUMBNAIL_PX = 112


def thumbnail(frame: Frame) -> bytes:
    """The frame as a JPEG of at most `THUMBNAIL_PX`; a small one is enlarged by a whole factor."""
    image, buffer = Image.fromarray(frame), io.BytesIO()
    factor = max(1, THUMBNAIL_PX // max(image.size))
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def pixels_sha256(frame: Frame) -> str:
    """Of the decoded pixels, so that it does not depend on how a file packs them."""
    return hashlib.sha256(frame.tobytes()).hexdigest()


def side_by_side(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Frames of shape (height, width, 3) from left to right, black below the lower ones."""
    height = max(frame.shape[0] for frame in frames)
    padded = [np.pad(f, ((0, height - f.shape[0]), (0, 0), (0, 0))) for f in frames]
    return np.concatenate(padded, axis=1)
