"""Servers of ZeroMQ on loopback, and clients as GR00T's: one question, one answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgpack
import numpy as np
import zmq

from tests.policies.server.gr00t_servers import npy, numpys, of_npy, of_numpys

WORDS_KEY = "annotation.human.task"


@contextmanager
def replying(answer: Callable[[list[bytes]], list[bytes]], port: int = 0) -> Iterator[str]:
    """The address of a server that answers the parts of each message with other parts."""
    context = zmq.Context()
    socket = context.socket(zmq.REP)
    socket.bind(f"tcp://127.0.0.1:{port or '*'}")
    address = socket.getsockopt_string(zmq.LAST_ENDPOINT)
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            if socket.poll(20):
                socket.send_multipart(answer(socket.recv_multipart()))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        stopped.set()
        thread.join()
        context.destroy(linger=0)


class ZmqClient:
    """As GR00T's clients: sends a map of endpoint and data, and waits for the answer."""

    def __init__(self, address: str, *, is_latest: bool = False) -> None:
        self._write = numpys if is_latest else npy
        self._read = of_numpys if is_latest else of_npy
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REQ)
        self._socket.setsockopt(zmq.LINGER, 0)
        self.patience(10.0)
        self._socket.connect(address)

    def patience(self, seconds: float) -> None:
        """How long it waits for an answer."""
        self._socket.setsockopt(zmq.RCVTIMEO, round(1000 * seconds))

    def sent(self, *parts: bytes) -> list[bytes]:
        """Parts of a message, and those of its answer."""
        self._socket.send_multipart(parts)
        return self._socket.recv_multipart()

    def call(self, endpoint: str, data: Any = None) -> bytes:
        """The answer as it came."""
        message = {"endpoint": endpoint} | ({} if data is None else {"data": data})
        (answer,) = self.sent(msgpack.packb(message, default=self._write) or b"")
        return answer

    def unpacked(self, answer: bytes) -> Any:
        """What an answer says."""
        return msgpack.unpackb(answer, object_hook=self._read)

    def close(self) -> None:
        """Leave."""
        self._context.destroy(linger=0)


@contextmanager
def zmq_client(address: str, *, is_latest: bool = False) -> Iterator[ZmqClient]:
    """A client, for as long as this lasts."""
    client = ZmqClient(address, is_latest=is_latest)
    try:
        yield client
    finally:
        client.close()


def flat_observation(number: int, words: Any = ("turn left",)) -> dict[str, Any]:
    """As N1.5 takes it: a moment in a row of one, no batch. None: without words."""
    random = np.random.default_rng(number)
    found: dict[str, Any] = {
        "video.front": random.integers(0, 255, (1, 24, 32, 3), dtype=np.uint8),
        "state.arm": random.normal(size=(1, 3)),
        "state.hand": random.normal(size=(1, 1)),
    }
    return found if words is None else {**found, WORDS_KEY: list(words)}


def grouped_observation(number: int, words: str = "turn left", robots: int = 1) -> dict[str, Any]:
    """As N1.6 takes it: groups of keys, with a batch."""
    flat = [flat_observation(number + robot) for robot in range(robots)]
    groups = {
        kind: {
            key.removeprefix(f"{kind}."): np.stack([each[key] for each in flat])
            for key in flat[0]
            if key.startswith(f"{kind}.")
        }
        for kind in ("video", "state")
    }
    texts = [[words], *([f"robot {robot}"] for robot in range(1, robots))]
    return {"observation": {**groups, "language": {WORDS_KEY: texts}}, "options": None}
