"""Messages in msgpack, in which each protocol writes arrays in its own way; all are read here.

openpi and vla-eval put an array's bytes, type and shape into a map, under keys of bytes and of
text; GR00T's servers take the content of a `.npy` file, later ones what msgpack-numpy writes.
Nothing but plain numbers is made of what comes in.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from heedmap.data.packed import npy_content, plain_array, plain_type
from heedmap.errors import MissingExtraError, PolicyError, first_line_of

try:
    import msgpack
except ModuleNotFoundError as error:
    raise MissingExtraError("server", error.name or "msgpack") from error

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
            "The server {server} sent what is no message of {what} ({why}); give the address of a "
            "policy server, and ?protocol=NAME for another protocol.",
            server=server,
            what=what,
            why=first_line_of(error),
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
        return plain_array(value[b"data"], value[b"dtype"], value[b"shape"])
    if "__ndarray__" in value:
        return plain_array(value["data"], value["dtype"], value["shape"])
    if b"__npgeneric__" in value:
        return plain_type(value[b"dtype"]).type(value[b"data"])
    if b"nd" in value:
        return plain_array(value[b"data"], value[b"type"], value[b"shape"] if value[b"nd"] else ())
    if "__ndarray_class__" in value:
        return npy_content(value["as_npy"])
    return value
