"""Messages in msgpack, in which each protocol writes arrays in its own way; all are read here.

openpi and vla-eval put an array's bytes, type and shape into a map, under keys of bytes and of
text; GR00T's servers take the content of a `.npy` file, later ones what msgpack-numpy writes.
Nothing but plain numbers is made of what comes in.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from heedmap.errors import MissingExtraError, PolicyError, first_line_of

try:
    import msgpack
except ModuleNotFoundError as error:
    raise MissingExtraError("server", error.name or "msgpack") from error

NUMBERS = re.compile(r"[<>=|]?[biuf][1248]")
"""How NumPy writes the types that are taken: no objects, no records, no texts."""
NPY = re.compile(rb"\x93NUMPY(?:\x01\x00(..)|\x02\x00(....))", re.DOTALL)
MOST_HEADER_BYTES = 4096
Write = Callable[[Any], Any]


def packed(message: Any, write: Write) -> bytes:
    """A message as a server reads it; `write` is one of the functions below."""
    data = msgpack.packb(message, default=write)
    assert data is not None
    return data


def unpacked(data: bytes, server: str, what: str) -> Any:
    """A server's message. Raises PolicyError, which names the protocol, for anything else."""
    try:
        return msgpack.unpackb(data, object_hook=_read, strict_map_key=False)
    except Exception as error:  # bytes from outside: whatever it is that cannot be read in them
        raise PolicyError(
            f"The server {server} sent what is no message of {what} ({first_line_of(error)}); give "
            f"the address of a policy server, and ?protocol=NAME for another protocol."
        ) from error


def openpi_array(value: Any) -> Any:
    """As openpi's clients write it."""
    if isinstance(value, np.ndarray):
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def vla_eval_array(value: Any) -> Any:
    """As vla-eval's clients write it."""
    return {key.decode(): each for key, each in openpi_array(value).items()}


def npy_array(value: Any) -> Any:
    """As GR00T's clients write it."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a {type(value).__name__} cannot be sent")
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    return {"__ndarray_class__": True, "as_npy": file.getvalue()}


def numpy_array(value: Any) -> Any:
    """As msgpack-numpy writes it, and with it GR00T's later clients."""
    written = openpi_array(value)
    return {
        b"nd": True,
        b"type": written[b"dtype"],
        b"kind": b"",
        b"shape": written[b"shape"],
        b"data": written[b"data"],
    }


def _read(value: dict[Any, Any]) -> Any:
    """What a map stands for."""
    if b"__ndarray__" in value:
        return _array(value[b"data"], value[b"dtype"], value[b"shape"])
    if "__ndarray__" in value:
        return _array(value["data"], value["dtype"], value["shape"])
    if b"__npgeneric__" in value:
        return _type(value[b"dtype"]).type(value[b"data"])
    if b"nd" in value:
        return _array(value[b"data"], value[b"type"], value[b"shape"] if value[b"nd"] else ())
    if "__ndarray_class__" in value:
        return _npy(value["as_npy"])
    return value


def _type(written: object) -> np.dtype:
    if not isinstance(written, str) or not NUMBERS.fullmatch(written):
        raise ValueError(f"an array of {written!r:.40}, expected plain numbers")
    return np.dtype(written)


def _array(data: bytes, dtype: object, shape: Any, order: Any = "C") -> np.ndarray:
    return np.frombuffer(data, _type(dtype)).reshape(shape, order=order)


def _npy(content: bytes) -> np.ndarray:
    """NumPy's own reader makes room for the shape that is said before it looks at the data."""
    begin = NPY.match(content)
    if begin is None:
        raise ValueError("an array that is no .npy file")
    size = int.from_bytes(begin[1] or begin[2], "little")
    if size > MOST_HEADER_BYTES:
        raise ValueError("a .npy file with an absurdly long header")
    header = ast.literal_eval(content[begin.end() : begin.end() + size].decode("latin1").strip())
    order = "F" if header["fortran_order"] else "C"
    return _array(content[begin.end() + size :], header["descr"], header["shape"], order)
