"""Files from outside: regular ones of a bounded size. A pipe or a device would never end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from heedmap.errors import HeedmapError, InputError

MOST_TEXT_BYTES = 64 * 2**20
"""Of a file that a person or a script wrote; each kind may allow less."""


def check_regular(path: Path, what: str, error: type[HeedmapError] = InputError) -> int:
    """The size of a regular file, in bytes; links are followed.

    Raises `error`, in which the file goes by `what` ("instructions file"), where there is none, or
    something else: a folder, a pipe, a device.
    """
    try:
        found = path.stat()
    except FileNotFoundError as cause:
        raise error(
            "The {what} {path} does not exist; give the path of one.", what=what, path=path
        ) from cause
    except (OSError, ValueError) as cause:
        why = getattr(cause, "strerror", None) or str(cause)
        raise error(
            "The {what} {path} cannot be read: {why}.", what=what, path=path, why=why
        ) from cause
    if not stat.S_ISREG(found.st_mode):
        raise error(
            "The {what} {path} is no regular file; give the path of one.", what=what, path=path
        )
    return found.st_size


def read_bytes(
    path: Path, what: str, error: type[HeedmapError] = InputError, most: int = MOST_TEXT_BYTES
) -> bytes:
    """The content of a file. Raises `error` as `check_regular`, and for more than `most` bytes."""
    size = check_regular(path, what, error)
    if size > most:
        raise error(
            "The {what} {path} has {size:,} bytes, expected {most:,} at most; give a smaller one.",
            what=what,
            path=path,
            size=size,
            most=most,
        )
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            content = file.read(most + 1)
    except OSError as cause:
        raise error(
            "The {what} {path} cannot be read: {why}.",
            what=what,
            path=path,
            why=cause.strerror or cause,
        ) from cause
    if len(content) > most:  # it grew, or never ends
        raise error(
            "The {what} {path} has more than {most:,} bytes; give a smaller one.",
            what=what,
            path=path,
            most=most,
        )
    return content


def read_text(
    path: Path, what: str, error: type[HeedmapError] = InputError, most: int = MOST_TEXT_BYTES
) -> str:
    """The content of a UTF-8 file; a mark of byte order at its beginning is left out.

    Raises `error` as `read_bytes`, and for bytes that are no UTF-8.
    """
    try:
        return read_bytes(path, what, error, most).decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise error(
            "The {what} {path} cannot be read as UTF-8 (byte {start:,}); save it as UTF-8.",
            what=what,
            path=path,
            start=cause.start,
        ) from cause


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that took the file's place after it was looked at does not hold the reader up."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
