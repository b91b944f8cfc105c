"""A small inference server in each of GR00T's forms, on loopback."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
import zmq

from tests.policies.server.servers import Behaviour, Question, Spoil, forget


def npy(value: Any) -> Any:
    file = io.BytesIO()
    np.save(file, value)
    return {"__ndarray_class__": True, "as_npy": file.getvalue()}


def of_npy(value: dict[Any, Any]) -> Any:
    if "__ndarray_class__" not in value:
        return value
    return np.load(io.BytesIO(value["as_npy"]))


def numpys(value: Any) -> Any:
    """As msgpack-numpy does."""
    own = {b"type": value.dtype.str, b"kind": b"", b"shape": value.shape, b"data": value.tobytes()}
    return {b"nd": True, **own}


def of_numpys(value: dict[Any, Any]) -> Any:
    if b"nd" not in value:
        return value
    return np.frombuffer(value[b"data"], value[b"type"]).reshape(value[b"shape"])


@dataclass(frozen=True)
class Gr00tForm:
    """Of N1.5 (flat keys, no batch), N1.6, N1.7 (arrays in other maps), or the wrapper's."""

    name: str
    video: tuple[str, ...] = ("front",)
    state: tuple[str, ...] = ()
    deltas: tuple[int, ...] = (0,)

    @property
    def is_latest(self) -> bool:
        return self.name == "n1.7"

    def config(self) -> dict[str, Any]:
        old = self.name == "n1.5"
        keys = {"video": self.video, "state": self.state, "action": ("turn", "speed")}
        said: dict[str, Any] = {}
        for kind, names in {**keys, "language": ("annotation.human.task",)}.items():
            full = [f"{kind}.{name}" if old and kind != "language" else name for name in names]
            deltas = list(range(3)) if kind == "action" else list(self.deltas)
            written = {"modality_keys": full, "delta_indices": deltas}
            as_json = json.dumps(written) if old else written
            marker = "__ModalityConfig__" if self.is_latest else "__ModalityConfig_class__"
            said[kind] = {marker: True, "as_json": as_json}
        return said

    def answer(self, data: dict[str, Any], behaviour: Behaviour) -> Any:
        old = self.name == "n1.5"
        seen = data if old else data["observation"]
        if self.name in ("n1.6", "n1.7"):
            kinds = ("video", "state")
            seen = {f"{kind}.{k}": each for kind in kinds for k, each in seen[kind].items()} | {
                key: texts[0] for key, texts in seen["language"].items()
            }
        arrays = {key: each if old else each[0] for key, each in seen.items()}
        text = seen["annotation.human.task"][0]
        assert isinstance(text, str)
        images = {key: arrays[f"video.{key}"] for key in self.video}
        assert all(image.shape[0] == len(self.deltas) for image in images.values())
        state = [arrays[f"state.{key}"][-1] for key in self.state]
        chunk = behaviour(
            Question(
                {key: image[-1] for key, image in images.items()},
                np.concatenate(state) if state else None,
                text,
            )
        )
        if old:
            return {"action.turn": chunk[:, 0], "action.speed": chunk[:, 1:]}
        prefix = "action." if self.name == "wrapper" else ""
        parts = {"speed": chunk[None, :, 1:], "turn": chunk[None, :, :1]}
        return [{prefix + key: part for key, part in parts.items()}, {}]


@contextmanager
def gr00t_server(
    behaviour: Behaviour, form: Gr00tForm, spoil: Spoil = bytes
) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the endpoints that were asked."""
    seen: list[str] = []
    context = zmq.Context()
    socket = context.socket(zmq.REP)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            if not socket.poll(20):
                continue
            hook = of_numpys if form.is_latest else of_npy
            request = msgpack.unpackb(socket.recv(), object_hook=hook)
            endpoint = request["endpoint"]
            seen.append(endpoint)
            answer: Any = {"error": f"Unknown endpoint: {endpoint}"}
            if endpoint == "get_modality_config":
                answer = form.config()
            elif endpoint == "get_action":
                answer = form.answer(request["data"], behaviour)
            elif endpoint == "reset" and form.name != "n1.5":
                forget(behaviour)
                answer = {}
            content = msgpack.packb(answer, default=numpys if form.is_latest else npy) or b""
            spoilt = spoil(content) if endpoint == "get_action" else content
            while spoilt is None and not stopped.is_set():
                time.sleep(0.01)
            socket.send(spoilt or b"")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{port}", seen
    finally:
        stopped.set()
        thread.join()
        context.destroy(linger=0)
