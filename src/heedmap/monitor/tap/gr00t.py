"""GR00T's messages: an endpoint's name and its arguments, arrays over time and mostly in batches.

N1.5 has flat keys (`video.front`) and no batch; later forms have groups of keys, or flat keys, with
a batch. Of what goes over time the last moment is the present one, and of a batch only the first
robot is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from heedmap.monitor.tap.leaves import array_of, texts_of

DEFAULT_ENDPOINT, ASK, RESET = "get_action", "get_action", "reset"
DIMENSIONS: Mapping[str, int] = {"video": 3, "state": 1}
"""Of one moment of one robot; time comes before them, and the batch before it."""
_LANGUAGE = ("language", "annotation")


def endpoint_of(message: Mapping[Any, Any]) -> str:
    """What is asked of the server."""
    return str(message.get("endpoint", DEFAULT_ENDPOINT))


def payload_of(message: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The observation inside a question. Raises ValueError for a question without one."""
    data = message.get("data")
    if not isinstance(data, dict):
        raise ValueError("a question without an observation")
    inner = data.get("observation")
    return inner if isinstance(inner, dict) else data


def with_payload(message: Mapping[Any, Any], payload: Mapping[Any, Any]) -> dict[Any, Any]:
    """The question with another observation."""
    data = message["data"]
    is_inner = isinstance(data.get("observation"), dict)
    return {**message, "data": {**data, "observation": payload} if is_inner else payload}


def prompt_key(payload: Mapping[Any, Any]) -> str | None:
    """The first key of language that holds texts."""
    for key, value in payload.items():
        if key == "language" and isinstance(value, dict):
            inner = next((name for name, each in value.items() if texts_of(each)), None)
            if inner is not None:
                return f"{key}/{inner}"
        elif str(key).split(".")[0] in _LANGUAGE and texts_of(value):
            return str(key)
    return None


def batch_of(leaves: Mapping[str, Any]) -> int:
    """Robots in one observation."""
    sizes = [
        len(value)
        for name, value in leaves.items()
        if isinstance(value, np.ndarray) and value.ndim == DIMENSIONS.get(_kind(name), 9) + 2
    ]
    return max(sizes, default=1)


def now(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Images and states of the present moment, of the first robot; the states joined into one."""
    found: dict[str, Any] = {}
    states: list[np.ndarray] = []
    for name, value in leaves.items():
        kind = _kind(name)
        if kind in DIMENSIONS and isinstance(value, np.ndarray) and value.size:
            over = value.ndim - DIMENSIONS[kind]
            value = value[0] if over == 2 else value
            value = value[-1] if over >= 1 else value
            if kind == "state":
                states.append(np.atleast_1d(value))
        found[name] = value
    if states and all(each.ndim == 1 for each in states):
        found = {"state": np.concatenate(states), **found}
    return found


def chunk_of(answer: Any, key: str | None) -> tuple[np.ndarray, bytes] | None:
    """The parts of the action beside each other, (step, dimension), and the bytes of all of them.

    `key` names one part. None for what is no answer with an action.
    """
    if isinstance(answer, list) and answer:  # with what else the policy says of it
        answer = answer[0]
    parts = list(_parts(answer, key)) if isinstance(answer, dict) else []
    if not parts or len({len(part) for part, _ in parts}) != 1:
        return None
    return np.concatenate([part for part, _ in parts], axis=1), b"".join(each for _, each in parts)


def _parts(answer: Mapping[Any, Any], key: str | None) -> Iterator[tuple[np.ndarray, bytes]]:
    for name, value in answer.items():
        array = array_of(value) if isinstance(value, dict) else None
        if array is None or not array.size or (key and key not in (name, f"action.{name}")):
            continue
        content = f"{name}{array.dtype.str}{array.shape}".encode() + array.tobytes()
        part = array[0] if array.ndim == 3 else array
        if part.ndim in (1, 2):
            yield part.reshape(len(part), -1), content


def _kind(name: str) -> str:
    return name.replace("/", ".").split(".")[0]
