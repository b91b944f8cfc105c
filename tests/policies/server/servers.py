"""Small servers of each protocol on loopback, written from what the protocols say.

Each answers with what a function makes of the question: the images, the state, the text. `spoil`
may exchange an answer's bytes for others; None is silence, `HANG_UP` the end of the conversation.
"""

from __future__ import annotations

import io
import json
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import grpc
import msgpack
import numpy as np
import torch
import zmq
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from heedmap.auditing.api import audit
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.policies.registry import load_policy
from heedmap.policies.server import ServerPolicy
from heedmap.policies.server.lerobot import bytes_field
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.cases import frame_case


@dataclass
class Question:
    """What a server was asked, whatever the protocol."""

    images: dict[str, np.ndarray]
    state: np.ndarray | None
    text: str


Behaviour = Callable[[Question], np.ndarray]
HANG_UP = b"hang up"
Spoil = Callable[[bytes], "bytes | None"]


def heeds(question: Question) -> np.ndarray:
    """Turns where it is told; the picture's brightness is its speed. Three steps, two numbers."""
    words = question.text.split()
    turn = float("left" in words) - float("right" in words)
    brightness = np.mean([image.mean() for image in question.images.values()]) / 255
    return np.array([(turn, brightness), (9, 9), (9, 9)], np.float32)


def ignores(question: Question) -> np.ndarray:
    """The same speed, and always the same turn."""
    return heeds(Question(question.images, question.state, "go")) + np.array([[0.5, 0]], np.float32)


@dataclass
class Queued:
    """Answers from a queue of actions, as servers that chunk do; `reset` empties it."""

    behaviour: Behaviour
    queue: list[np.ndarray] = field(default_factory=list)

    def __call__(self, question: Question) -> np.ndarray:
        self.queue = self.queue or list(self.behaviour(question))
        return self.queue.pop(0)

    def reset(self) -> None:
        self.queue.clear()


@dataclass
class Remembers:
    """Follows the first text of an episode; `reset` begins another."""

    text: str | None = None

    def __call__(self, question: Question) -> np.ndarray:
        self.text = self.text or question.text
        return heeds(Question(question.images, question.state, self.text))

    def reset(self) -> None:
        self.text = None


def forget(behaviour: Behaviour) -> None:
    if isinstance(behaviour, Queued | Remembers):
        behaviour.reset()


def named_array(value: Any) -> Any:
    return {
        "__ndarray__": True,
        "data": value.tobytes(),
        "dtype": value.dtype.str,
        "shape": list(value.shape),
    }


def of_named_array(value: dict[Any, Any]) -> Any:
    if "__ndarray__" not in value:
        return value
    return np.frombuffer(value["data"], value["dtype"]).reshape(value["shape"])


@contextmanager
def websocket_server(handle: Callable[[ServerConnection], None]) -> Iterator[str]:
    """Its address."""

    def quietly(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            handle(connection)

    with serve(quietly, "127.0.0.1", 0, compression=None, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


@contextmanager
def vla_eval_server(
    behaviour: Behaviour, spoil: Spoil = bytes, **greeting: Any
) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the kinds of the messages that came."""
    seen: list[str] = []

    def handle(connection: ServerConnection) -> None:
        for data in connection:
            message = msgpack.unpackb(data, object_hook=of_named_array)
            kind, payload = message["type"], message["payload"]
            seen.append(kind)
            answer: dict[str, Any] | None = None
            if kind == "hello":
                answer = {"protocol_version": 1, "model_server": "Test", **greeting}
            elif kind == "episode_start":
                forget(behaviour)
            elif kind == "observation":
                text, state = payload["task_description"], payload.get("state")
                answer = {"actions": behaviour(Question(payload["images"], state, text))}
                kind = "action"
            if answer is None:
                continue
            reply = {"type": kind, "payload": answer, "seq": message["seq"], "timestamp": 0.0}
            content = msgpack.packb(reply, default=named_array) or b""
            spoilt = content if kind == "hello" else spoil(content)
            if spoilt == HANG_UP:
                return
            if spoilt is not None:
                connection.send(spoilt)

    with websocket_server(handle) as address:
        yield address, seen


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


@dataclass
class TimedAction:
    """Called as LeRobot's."""

    timestamp: float
    timestep: int
    action: torch.Tensor


class Pickles(pickle.Unpickler):
    """As LeRobot's server unpickles; its classes are namespaces here."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name == "lerobot.async_inference.helpers":
            return type(global_name, (SimpleNamespace,), {})
        return super().find_class(module_name, global_name)


def field_of(number: int, message: bytes) -> bytes:
    """The content of a field of bytes, the last one of its message."""
    head = message.index(bytes((number << 3 | 2,)), 0 if number == 1 else 2)
    end = next(n for n in range(head + 1, len(message)) if message[n] < 0x80) + 1
    size = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(message[head + 1 : end]))
    assert len(message) - end == size
    return message[end:]


@contextmanager
def lerobot_server(
    behaviour: Behaviour, spoil: Spoil = bytes
) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Its address, and what was called with what. `spoil` is given the pickle."""
    seen: list[tuple[str, Any]] = []
    stopped = threading.Event()

    def note(name: str, content: bytes | None = None) -> Any:
        found = None if content is None else Pickles(io.BytesIO(content)).load()
        seen.append((name, found))
        return found

    def setup(request: bytes, context: grpc.ServicerContext) -> bytes:
        note("SendPolicyInstructions", field_of(1, request))
        return b""

    def observe(parts: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        received = list(parts)
        assert [part[1] for part in received][-1] == 3
        note("SendObservations", b"".join(field_of(2, part) for part in received))
        return b""

    def act(request: bytes, context: grpc.ServicerContext) -> bytes:
        features = next(each for name, each in seen if name == "SendPolicyInstructions")
        raw = seen[-1][1].observation
        state = [raw[name] for name in features.lerobot_features["observation.state"]["names"]]
        images = {key: each for key, each in raw.items() if isinstance(each, np.ndarray)}
        chunk = torch.from_numpy(behaviour(Question(images, np.array(state), raw["task"])))
        actions = [TimedAction(0.1 * n, n, each) for n, each in enumerate(chunk)]
        content = spoil(pickle.dumps(actions[: features.actions_per_chunk]))
        if content is None:
            stopped.wait(5)
        if content == HANG_UP:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone\n\x1b[2J")
        return bytes_field(1, content) if content else b""

    calls = {
        "Ready": grpc.unary_unary_rpc_method_handler(lambda *_: note("Ready") or b""),
        "SendPolicyInstructions": grpc.unary_unary_rpc_method_handler(setup),
        "SendObservations": grpc.stream_unary_rpc_method_handler(observe),
        "GetActions": grpc.unary_unary_rpc_method_handler(act),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    handler = grpc.method_handlers_generic_handler("transport.AsyncInference", calls)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}?policy=act&checkpoint=runs/one", seen
    finally:
        stopped.set()
        server.stop(None).wait()


def trials(count: int = 8, state: np.ndarray | None = None) -> list[Trial]:
    return [
        Trial(
            f"case {seed}",
            Observation({"image": frame_case(seed).frame}, state),
            {"left": "go to the left", "right": "go to the right"},
            expected={"left": "dim0:+", "right": "dim0:-"},
            paraphrases={"left": ["turn left"], "right": ["turn right"]},
        )
        for seed in range(count)
    ]


def audited(spec: str, state: np.ndarray | None = None) -> PolicyResult:
    """A policy that is loaded as a user would, audited and closed."""
    own = trials(state=state)
    with asking(spec) as policy:
        result = audit(policy, own[0].observation, own[0].instructions, trials=own)
    return result.record.policies[0]


@contextmanager
def asking(spec: str) -> Iterator[ServerPolicy]:
    """A policy that is loaded as a user would, and closed again."""
    policy = load_policy(spec)
    assert isinstance(policy, ServerPolicy)
    try:
        yield policy
    finally:
        policy.close()


def check_verdicts(healthy: PolicyResult, deaf: PolicyResult) -> None:
    """A policy that heeds is said to obey; one that ignores its words is named."""
    assert healthy.verdict.rungs["used"].status == healthy.verdict.rungs["obeyed"].status == "holds"
    assert healthy.verdict.cause == "none"
    assert deaf.verdict.rungs["used"].status == deaf.verdict.rungs["obeyed"].status == "fails"
    assert deaf.verdict.cause == "unused"
