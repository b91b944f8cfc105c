"""What the messages of policy servers say: openpi's, the VLA evaluation harness's, and GR00T's.

All are msgpack. openpi's client sends an observation as a mapping, after the server's metadata;
the harness wraps each message into a mapping of `type`, `payload` and `seq`, and names episodes;
GR00T's names an endpoint. Nothing of a message is run, and what does not fit raises ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgpack
import numpy as np

from heedmap.data.pixels import Frame
from heedmap.monitor.tap import gr00t
from heedmap.monitor.tap.leaves import (
    floats_of,
    frame_of,
    leaves_of,
    numbers_of,
    texts_of,
    value_at,
)

Protocol = Literal["openpi", "vla-eval", "gr00t"]
PROMPTS: Mapping[Protocol, tuple[str, ...]] = {
    "openpi": ("prompt",),
    "vla-eval": ("task_description", "prompt", "instruction"),
}
ACTIONS = ("actions", "action")
MOST_CAMERAS = 16
MOST_NAME_CHARACTERS = 200


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
    robots: int = 1
    """Whose observations the message holds; only that of the first is read."""


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
    """A message without its wrapping."""

    kind: str
    payload: Mapping[Any, Any]
    seq: int | None


def unpacked(data: bytes) -> dict[Any, Any]:
    """The mapping of a message, its arrays still packed. Raises ValueError for anything else."""
    message = any_unpacked(data)
    if not isinstance(message, dict):
        raise ValueError(f"a {type(message).__name__}, no mapping")
    return message


def any_unpacked(data: bytes) -> Any:
    """What a message holds, its arrays still packed. Raises ValueError for what is no msgpack."""
    try:
        return msgpack.unpackb(data, strict_map_key=False)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise ValueError(f"no msgpack: {error}") from error


def payload_of(message: Mapping[Any, Any], protocol: Protocol) -> Mapping[Any, Any]:
    """The observation without the protocol's wrapping."""
    if protocol == "gr00t":
        return gr00t.payload_of(message)
    return message["payload"] if protocol == "vla-eval" else message


def envelope_of(message: Mapping[Any, Any]) -> Envelope | None:
    """The harness's wrapping; None where there is none."""
    kind, payload, seq = message.get("type"), message.get("payload"), message.get("seq")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        return None
    return Envelope(kind, payload, seq if isinstance(seq, int) else None)


def observation_of(message: Mapping[Any, Any], protocol: Protocol, keys: Keys) -> Observation:
    """Words, cameras and state of an observation. Raises ValueError for broken arrays."""
    leaves = dict(leaves_of(message))
    prompt = prompt_key(message, protocol, keys)
    robots = gr00t.batch_of(leaves) if protocol == "gr00t" else 1
    words = None if prompt is None else _text(leaves.get(prompt), robots)
    has_arrays = any(isinstance(value, np.ndarray) for value in leaves.values())
    rest = message if prompt is None else with_words(message, prompt, "")
    seen = gr00t.now(leaves) if protocol == "gr00t" else leaves
    return Observation(words, _images(seen, keys), _state(seen, keys), rest, has_arrays, robots)


def prompt_key(message: Mapping[Any, Any], protocol: Protocol, keys: Keys) -> str | None:
    """Under which name the message has its words; None where it has none."""
    if protocol == "gr00t" and keys.prompt is None:
        return gr00t.prompt_key(message)
    names = PROMPTS[protocol] if keys.prompt is None else (keys.prompt,)
    return next((name for name in names if value_at(message, name) is not None), None)


def with_words(message: Mapping[Any, Any], name: str, words: str) -> dict[Any, Any]:
    """The message with other words, and everything else as it was."""
    if name in message:
        return {**message, name: _in_place_of(message[name], words)}
    first, _, rest = name.partition("/")
    return {**message, first: with_words(message[first], rest, words)}


def _in_place_of(value: Any, words: str) -> Any:
    """Texts in lists stay in lists."""
    is_texts = isinstance(value, list) and texts_of(value)
    return [_in_place_of(each, words) for each in value] if is_texts else words


def gr00t_answer_of(message: Any, keys: Keys) -> Answer:
    """The action, or the error, of an answer of GR00T's. Raises ValueError for a broken array."""
    if isinstance(message, dict) and "error" in message:
        return Answer(None, error=str(message["error"]))
    found = gr00t.chunk_of(message, keys.actions)
    if found is None:
        return Answer(None)
    chunk, content = found
    return Answer(floats_of(chunk[0]), chunk.shape, content)


def answer_of(message: Mapping[Any, Any], keys: Keys) -> Answer:
    """The action of an answer. Raises ValueError for a broken array."""
    names = ACTIONS if keys.actions is None else (keys.actions,)
    found = next((value for name in names if (value := value_at(message, name)) is not None), None)
    chunk = numbers_of(found)
    if chunk is None:
        return Answer(None)
    content = f"{chunk.dtype.str}{chunk.shape}".encode() + chunk.tobytes()
    first = chunk.reshape(-1) if chunk.ndim < 2 else chunk[0].reshape(-1)
    return Answer(floats_of(first), chunk.shape, content)


def _text(value: Any, robots: int) -> str | None:
    """The words, also where they are bytes or the one text of a list; of several robots the first.

    Any other list is taken as it is, and may have fallen apart into characters.
    """
    texts = texts_of(value)
    if texts is not None and len(texts) in (1, robots):
        return texts[0]
    return None if value is None else str(value)


def _images(leaves: Mapping[str, Any], keys: Keys) -> dict[str, Frame]:
    """The cameras that the user named, or everything that can be a picture."""
    found: dict[str, Frame] = {}
    for name, value in leaves.items():
        is_asked = name in keys.images or not keys.images
        if is_asked and len(name) <= MOST_NAME_CHARACTERS and len(found) < MOST_CAMERAS:
            frame = frame_of(value)
            if frame is not None:
                found[name] = frame
    return found


def _state(leaves: Mapping[str, Any], keys: Keys) -> tuple[float, ...] | None:
    """The vector that the user named, or the first whose name has "state" in it."""
    for name, value in leaves.items():
        if name == keys.state or (keys.state is None and "state" in name.lower()):
            numbers = numbers_of(value)
            if numbers is not None and numbers.ndim == 1:
                return floats_of(numbers)
    return None
