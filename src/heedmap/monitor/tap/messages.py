"""What the messages of policy servers say: openpi's, and those of the VLA evaluation harness.

Both are msgpack. openpi's client sends an observation as a mapping, after the server's metadata;
the harness wraps each message into a mapping of `type`, `payload` and `seq`, and names episodes.
Nothing of a message is run, and what does not fit raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgpack
import numpy as np

from heedmap.data.images import as_frame, decode_image
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError

Protocol = Literal["openpi", "vla-eval"]
PROMPTS: Mapping[Protocol, tuple[str, ...]] = {
    "openpi": ("prompt",),
    "vla-eval": ("task_description", "prompt", "instruction"),
}
ACTIONS = ("actions", "action")
MOST_NUMBERS = 4096
"""Of a state or an action: robots have a few dozen joints."""
MOST_CAMERAS = 16
MOST_NAME_CHARACTERS = 200
MOST_DEPTH = 32
_NUMERIC = re.compile(r"[<>|=]?[biuf]\d{1,2}")


@dataclass(frozen=True)
class Keys:
    """Names in the messages, where the user gave them; paths of nested ones have slashes."""

    prompt: str | None = None
    images: tuple[str, ...] = ()
    state: str | None = None
    actions: str | None = None


@dataclass(frozen=True)
class Observation:
    """What a client sent: words, cameras and state."""

    words: str | None
    """None where the message has none."""
    images: Mapping[str, Frame]
    state: tuple[float, ...] | None
    rest: Mapping[Any, Any] = field(repr=False)
    """The message without its words, its arrays still packed."""
    has_arrays: bool


@dataclass(frozen=True)
class Answer:
    """What the server sent back."""

    action: tuple[float, ...] | None
    """First step of the chunk; None where the answer has no action."""
    shape: tuple[int, ...] = ()
    """Of the whole chunk."""
    content: bytes = field(default=b"", repr=False)
    """Type, shape and bytes of the whole chunk."""
    error: str | None = None


@dataclass(frozen=True)
class Envelope:
    """A message of the harness without its wrapping."""

    kind: str
    payload: Mapping[Any, Any]
    seq: int | None


def unpacked(data: bytes) -> dict[Any, Any]:
    """The mapping of a message, its arrays still packed. Raises ValueError for anything else."""
    try:
        message = msgpack.unpackb(data, strict_map_key=False)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise ValueError(f"no msgpack: {error}") from error
    if not isinstance(message, dict):
        raise ValueError(f"a {type(message).__name__}, no mapping")
    return message


def envelope_of(message: Mapping[Any, Any]) -> Envelope | None:
    """The harness's wrapping; None where there is none."""
    kind, payload, seq = message.get("type"), message.get("payload"), message.get("seq")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        return None
    return Envelope(kind, payload, seq if isinstance(seq, int) else None)


def observation_of(message: Mapping[Any, Any], protocol: Protocol, keys: Keys) -> Observation:
    """Words, cameras and state of an observation. Raises ValueError for broken arrays."""
    leaves = dict(_leaves(message))
    prompt = prompt_key(message, protocol, keys)
    words = None if prompt is None else _text(leaves.get(prompt))
    has_arrays = any(isinstance(value, np.ndarray) for value in leaves.values())
    rest = message if prompt is None else with_words(message, prompt, "")
    return Observation(words, _images(leaves, keys), _state(leaves, keys), rest, has_arrays)


def prompt_key(message: Mapping[Any, Any], protocol: Protocol, keys: Keys) -> str | None:
    """Under which name the message has its words; None where it has none."""
    names = PROMPTS[protocol] if keys.prompt is None else (keys.prompt,)
    return next((name for name in names if _at(message, name) is not None), None)


def with_words(message: Mapping[Any, Any], name: str, words: str) -> dict[Any, Any]:
    """The message with other words, and everything else as it was."""
    if name in message:
        return {**message, name: words}
    first, _, rest = name.partition("/")
    return {**message, first: with_words(message[first], rest, words)}


def answer_of(message: Mapping[Any, Any], keys: Keys) -> Answer:
    """The action of an answer. Raises ValueError for a broken array."""
    names = ACTIONS if keys.actions is None else (keys.actions,)
    found = next((value for name in names if (value := _at(message, name)) is not None), None)
    chunk = _numbers(found)
    if chunk is None:
        return Answer(None)
    content = f"{chunk.dtype.str}{chunk.shape}".encode() + chunk.tobytes()
    first = chunk.reshape(-1) if chunk.ndim < 2 else chunk[0].reshape(-1)
    return Answer(_floats(first), chunk.shape, content)


def _leaves(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping, by its path; arrays are unpacked."""
    if isinstance(value, dict):
        array = _array(value)
        if array is not None:
            yield name, array
        elif depth < MOST_DEPTH:
            for key, each in value.items():
                yield from _leaves(each, f"{name}/{_name(key)}" if name else _name(key), depth + 1)
    else:
        yield name, value


def _name(key: Any) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def _at(message: Mapping[Any, Any], name: str) -> Any:
    """The value under a name, or under a path of nested names."""
    if name in message:
        return message[name]
    first, _, rest = name.partition("/")
    inner = message.get(first)
    return _at(inner, rest) if rest and isinstance(inner, dict) else None


def _array(value: Mapping[Any, Any]) -> np.ndarray | None:
    """A packed array or image; None for another mapping. Raises ValueError for a broken one."""
    get = {_name(key): each for key, each in value.items()}.get
    try:
        if get("__ndarray__"):
            return np.frombuffer(get("data") or b"", dtype=_dtype(get("dtype"))).reshape(
                get("shape")
            )
        if get("__npgeneric__"):
            return np.asarray(get("data"), dtype=_dtype(get("dtype")))
        if get("__image__") and get("format") == "raw":
            return np.frombuffer(get("data") or b"", dtype=_dtype(get("dtype"))).reshape(
                get("shape")
            )
        if get("__image__"):
            return decode_image(bytes(get("data") or b""), "The image")
    except (TypeError, OverflowError, FrameError) as error:
        raise ValueError(f"a broken array: {error}") from error
    return None


def _dtype(name: Any) -> np.dtype:
    """Plain numbers only."""
    text = _name(name)
    if _NUMERIC.fullmatch(text) is None:
        raise ValueError(f"an array of type {text!r}")
    return np.dtype(text)


def _text(value: Any) -> str | None:
    """The words, also where they are bytes or the one text of a list."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None if value is None else str(value)


def _images(leaves: Mapping[str, Any], keys: Keys) -> dict[str, Frame]:
    """The cameras that the user named, or everything that can be a picture."""
    found: dict[str, Frame] = {}
    for name, value in leaves.items():
        is_asked = name in keys.images or not keys.images
        if is_asked and len(name) <= MOST_NAME_CHARACTERS and len(found) < MOST_CAMERAS:
            frame = _frame(value)
            if frame is not None:
                found[name] = frame
    return found


def _frame(value: Any) -> Frame | None:
    """The picture of an array that can be one."""
    if not isinstance(value, np.ndarray) or value.ndim != 3 or min(value.shape[:2]) < 2:
        return None
    try:
        return as_frame(value, "The image")
    except FrameError:
        return None


def _state(leaves: Mapping[str, Any], keys: Keys) -> tuple[float, ...] | None:
    """The vector that the user named, or the first whose name has "state" in it."""
    for name, value in leaves.items():
        if name == keys.state or (keys.state is None and "state" in name.lower()):
            numbers = _numbers(value)
            if numbers is not None and numbers.ndim == 1:
                return _floats(numbers)
    return None


def _numbers(value: Any) -> np.ndarray | None:
    """An array of numbers, also from nested lists; None for anything else."""
    if isinstance(value, dict):
        value = _array(value)
    elif isinstance(value, list):
        try:
            value = np.asarray(value, dtype=np.float64)
        except (ValueError, TypeError):
            return None
    return value if isinstance(value, np.ndarray) and value.size else None


def _floats(numbers: np.ndarray) -> tuple[float, ...]:
    return tuple(numbers[:MOST_NUMBERS].astype(np.float64).tolist())
