"""Arrays of plain numbers in messages, made of their bytes; nothing of a message is run."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np

NUMBERS = re.compile(r"[<>=|]?[biuf][1248]")
"""How NumPy writes the types that are taken: no objects, no records, no texts."""
NPY = re.compile(rb"\x93NUMPY(?:\x01\x00(..)|\x02\x00(....))", re.DOTALL)
MOST_HEADER_BYTES = 4096


def plain_type(written: object) -> np.dtype:
    """A type of numbers as NumPy writes it. Raises ValueError for any other."""
    if not isinstance(written, str) or not NUMBERS.fullmatch(written):
        raise ValueError(f"an array of {written!r:.40}, expected plain numbers")
    return np.dtype(written)


def plain_array(data: bytes, dtype: object, shape: Any, order: Any = "C") -> np.ndarray:
    """An array over the bytes. Raises ValueError, or TypeError, where shape and type do not fit."""
    return np.frombuffer(data, plain_type(dtype)).reshape(shape, order=order)


def npy_content(content: bytes) -> np.ndarray:
    """The array of a `.npy` file. Raises ValueError, TypeError or KeyError for anything else.

    NumPy's own reader makes room for the shape that is said before it looks at the data.
    """
    begin = NPY.match(content)
    if begin is None:
        raise ValueError("an array that is no .npy file")
    size = int.from_bytes(begin[1] or begin[2], "little")
    if size > MOST_HEADER_BYTES:
        raise ValueError("a .npy file with an absurdly long header")
    header = ast.literal_eval(content[begin.end() : begin.end() + size].decode("latin1").strip())
    order = "F" if header["fortran_order"] else "C"
    return plain_array(content[begin.end() + size :], header["descr"], header["shape"], order)
