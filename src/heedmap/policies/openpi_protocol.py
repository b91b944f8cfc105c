"""The messages of openpi's policy servers: msgpack, with arrays as their bytes, type and shape.

A server sends its metadata once; then every observation that it gets is answered with a
chunk of actions, or with the text of an error.
"""

from __future__ import annotations

from typing import Any

import msgpack
import numpy as np

from heedmap.errors import PolicyError

MOST_ANSWER_BYTES = 64 * 2**20
"""A chunk of actions is a few kilobytes."""


def packed(message: dict[str, Any]) -> bytes:
    """A message as a server reads it."""
    data = msgpack.packb(message, default=_plain)
    assert data is not None
    return data


def unpacked(data: bytes | str, server: str) -> dict[str, Any]:
    """A server's answer. Raises PolicyError for an error's text, and for what is no message."""
    if isinstance(data, str):
        last_line = (data.strip().splitlines() or ["no reason"])[-1]
        raise PolicyError(f"The server {server} answered with an error: {last_line}")
    try:
        message = msgpack.unpackb(data, object_hook=_array, strict_map_key=False)
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise PolicyError(
            f"The server {server} sent what is no message of openpi's ({error}); give the address "
            f"of a policy server."
        ) from error
    if not isinstance(message, dict):
        raise PolicyError(f"The server {server} sent a {type(message).__name__}, no message.")
    return message


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def _array(value: dict[Any, Any]) -> Any:
    """Plain numbers only: a dtype that holds objects is refused."""
    if b"__ndarray__" in value:
        dtype = np.dtype(value[b"dtype"])
        if dtype.hasobject:
            raise ValueError("an array of Python objects")
        return np.frombuffer(value[b"data"], dtype=dtype).reshape(value[b"shape"])
    if b"__npgeneric__" in value:
        return np.dtype(value[b"dtype"]).type(value[b"data"])
    return value
