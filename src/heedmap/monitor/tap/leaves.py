"""The values of a message by their paths: arrays of numbers, texts, and what can be a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from heedmap.data.images import as_frame, decode_image
from heedmap.data.packed import npy_content, plain_array
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

MOST_NUMBERS = 4096
"""Of a state or an action: robots have a few dozen joints."""
MOST_DEPTH = 32
_NUMERIC = re.compile(r"[<>|=]?[biuf]\d{1,2}")


def leaves_of(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping, by its path; arrays are unpacked."""
    if isinstance(value, dict):
        array = array_of(value)
        if array is not None:
            yield name, array
        elif depth < MOST_DEPTH:
            for key, each in value.items():
                path = f"{name}/{_name(key)}" if name else _name(key)
                yield from leaves_of(each, path, depth + 1)
    else:
        yield name, value


def _name(key: Any) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def value_at(message: Mapping[Any, Any], name: str) -> Any:
    """The value under a name, or under a path of nested names."""
    if name in message:
        return message[name]
    first, _, rest = name.partition("/")
    inner = message.get(first)
    return value_at(inner, rest) if rest and isinstance(inner, dict) else None


def array_of(value: Mapping[Any, Any]) -> np.ndarray | None:
    """A packed array or image; None for another mapping. Raises ValueError for a broken one."""
    get = {_name(key): each for key, each in value.items()}.get
    try:
        if get("__ndarray__"):
            return np.frombuffer(get("data") or b"", dtype=_dtype(get("dtype"))).reshape(
                get("shape")
            )
        if get("__ndarray_class__"):
            return npy_content(get("as_npy") or b"")
        data = get("data")
        if "nd" in map(_name, value) and isinstance(data, bytes):
            return plain_array(data, _name(get("type")), get("shape") if get("nd") else ())
        if get("__npgeneric__"):
            return np.asarray(get("data"), dtype=_dtype(get("dtype")))
        if get("__image__") and get("format") == "raw":
            return np.frombuffer(get("data") or b"", dtype=_dtype(get("dtype"))).reshape(
                get("shape")
            )
        if get("__image__"):
            return decode_image(bytes(get("data") or b""), Phrase("The image"))
    except (TypeError, KeyError, SyntaxError, OverflowError, FrameError) as error:
        raise ValueError(f"a broken array: {error}") from error
    return None


def _dtype(name: Any) -> np.dtype:
    """Plain numbers only."""
    text = _name(name)
    if _NUMERIC.fullmatch(text) is None:
        raise ValueError(f"an array of type {text!r}")
    return np.dtype(text)


def texts_of(value: Any) -> list[str] | None:
    """The texts of a value, also where they are bytes or stand in lists; None without any."""
    if isinstance(value, list):
        found = [texts_of(each) for each in value]
        return [text for texts in found for text in texts or ()] if all(found) and found else None
    if isinstance(value, bytes):
        return [value.decode("utf-8", "replace")]
    return [value] if isinstance(value, str) else None


def frame_of(value: Any) -> Frame | None:
    """The picture of an array that can be one."""
    if not isinstance(value, np.ndarray) or value.ndim != 3 or min(value.shape[:2]) < 2:
        return None
    try:
        return as_frame(value, Phrase("The image"))
    except FrameError:
        return None


def numbers_of(value: Any) -> np.ndarray | None:
    """An array of numbers, also from nested lists; None for anything else."""
    if isinstance(value, dict):
        value = array_of(value)
    elif isinstance(value, list):
        try:
            value = np.asarray(value, dtype=np.float64)
        except (ValueError, TypeError):
            return None
    return value if isinstance(value, np.ndarray) and value.size else None


def floats_of(numbers: np.ndarray) -> tuple[float, ...]:
    """The first `MOST_NUMBERS` of a vector."""
    return tuple(numbers[:MOST_NUMBERS].astype(np.float64).tolist())
