"""Small servers of each protocol on loopback, written from what the protocols say.

Each answers with what a function makes of the question: the images, the state, the text. `spoil`
may exchange an answer's bytes for others; None is silence, `HANG_UP` the end of the conversation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgpack
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from heedmap.auditing.api import audit
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.policies.registry import load_policy
from heedmap.policies.server import ServerPolicy
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
