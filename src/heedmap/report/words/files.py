"""Text files of strangers: regular files only, of a limited size, decoded whatever they hold."""

from __future__ import annotations

import stat
from pathlib import Path

from heedmap.errors import InstructionError


def read_text(path: Path, most_bytes: int, what: str) -> str:
    """The content as text; bytes that are no UTF-8 become replacement characters.

    Raises InstructionError, in one sentence, for what is missing, too large or no regular file:
    a pipe would never end.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InstructionError(
                "The {what} {path} is no regular file; give a file or folder.", what=what, path=path
            )
        if found.st_size > most_bytes:
            raise InstructionError(
                "The {what} {path} has {size:,} bytes, expected {most:,} at most; give "
                "one of instructions alone.",
                what=what,
                path=path,
                size=found.st_size,
                most=most_bytes,
            )
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise InstructionError(
            "The {what} {path} cannot be read: {why}.",
            what=what,
            path=path,
            why=error.strerror or error,
        ) from error
