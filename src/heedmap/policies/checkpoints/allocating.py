"""Pickles that torch takes for weights, looked at for what would only take memory.

Torch's list of safe types holds some that make room for as many numbers as they are told: a pickle
of a hundred bytes can ask for any amount.
"""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path
from typing import IO

from heedmap.errors import CheckpointError

_MAKE_ROOM = ("builtins bytearray", "__builtin__ bytearray", "torch Tensor")
_LARGE = 2**24
"""Numbers in one call: no optimiser's state is written so."""
_OLD_FORM = 4
"""Pickles before the weights' numbers in files of torch's older form."""


def check_pickles(path: Path) -> None:
    """Raise CheckpointError for a checkpoint that makes room without storing what goes there.

    What is no pickle at all is said by torch.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith("data.pkl"):
                        with archive.open(name) as file:
                            _check(file, path)
            return
        with path.open("rb") as file:
            for _ in range(_OLD_FORM):
                _check(file, path)
    except CheckpointError:
        raise
    except Exception:
        return


def _check(file: IO[bytes], path: Path) -> None:
    """One pickle, step by step; nothing of it is run."""
    texts: list[str] = []
    makes_room, has_large = False, False
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "GLOBAL":
            makes_room |= argument in _MAKE_ROOM
        elif opcode.name == "STACK_GLOBAL":
            makes_room |= " ".join(texts[-2:]) in _MAKE_ROOM
        elif isinstance(argument, str):
            texts.append(argument)
        elif (isinstance(argument, int) and "INT" in opcode.name) or "LONG" in opcode.name:
            has_large |= isinstance(argument, int) and abs(argument) > _LARGE
    if makes_room and has_large:
        raise CheckpointError(
            "The checkpoint {path} asks for memory that it does not fill; it is no checkpoint "
            "that a trainer wrote. Save its weights as safetensors.",
            path=path,
        )
