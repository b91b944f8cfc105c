"""Small policy servers of ours on loopback, and clients that talk to them through a tap."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

import msgpack
import numpy as np
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from heedmap.monitor.tap.address import listen_at, server_address, written
from heedmap.monitor.tap.recording import Recording, read_run
from heedmap.monitor.tap.run import Options, Questioner, Tap
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.story import Odd, Told
from heedmap.policies.server import messages

Handle = Callable[[ServerConnection], None]
METADATA = {"name": "test"}


def packed(message: Any) -> bytes:
    """As openpi's clients and servers write it."""
    return messages.packed(message, messages.openpi_array)


def unpacked(data: bytes | str) -> Any:
    """What they read."""
    assert isinstance(data, bytes)
    return messages.unpacked(data, "other side", "openpi")


@contextmanager
def serving(handle: Handle) -> Iterator[str]:
    """The address of a server that handles each connection so."""
    with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def policy(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Handle:
    """A server as openpi's: metadata first, then one answer an observation."""

    def handle(connection: ServerConnection) -> None:
        connection.send(packed(METADATA))
        for message in connection:
            connection.send(packed(answer(unpacked(message))))

    return handle


def heeds(observation: dict[str, Any]) -> dict[str, Any]:
    """Turns as the words say, as fast as the image is bright."""
    words = (observation.get("prompt") or "").split()
    turn = float("left" in words) - float("right" in words)
    speed = observation["observation/image"].mean() / 255
    return {"actions": np.array([[turn, speed], [turn, 0.0]], dtype=np.float32)}


def observation(number: int, words: str | None = "turn left") -> dict[str, Any]:
    """The observation of a step, with an image and a state that no other step has."""
    random = np.random.default_rng(number)
    found: dict[str, Any] = {
        "observation/image": random.integers(0, 255, (24, 32, 3), dtype=np.uint8),
        "observation/state": random.normal(size=3),
    }
    return found if words is None else {**found, "prompt": words}


class Quiet:
    """An onlooker that remembers."""

    def __init__(self) -> None:
        self.begun: list[Odd] = []
        self.steps: list[Step] = []
        self.failures: list[str] = []

    def opened(self, client: int) -> None: ...

    def stepped(self, step: Step, begun: list[Odd]) -> None:
        self.steps.append(step)
        self.begun += begun

    def unreachable(self, why: str) -> None: ...

    def failed(self, why: str) -> None:
        self.failures.append(why)

    def ticked(self, told: Told) -> None: ...


class Tapped:
    """A tap that runs in a thread of its own."""

    def __init__(self, tap: Tap, address: str, onlooker: Quiet) -> None:
        self.tap = tap
        self.address = address
        self.seen = onlooker


@contextmanager
def tapping(
    server: str, folder: Path, questioner: Questioner | None = None, **options: Any
) -> Iterator[Tapped]:
    """A tap in front of a server; at the end its recording is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    listening = listen_at("127.0.0.1:0", is_public=False)
    host, port = listening.getsockname()[:2]
    address = written(host, port, server_address(server).scheme)
    over, failed, seen = threading.Event(), list[BaseException](), Quiet()
    tap = Tap(Options(server_address(server), folder, **options), seen, questioner)

    def run() -> None:
        try:
            tap.run(listening, over.is_set)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Tapped(tap, address, seen)
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


@contextmanager
def connected(address: str) -> Iterator[ClientConnection]:
    """A client as openpi's, past the metadata."""
    with connect(address, compression=None, max_size=None) as connection:
        assert msgpack.unpackb(connection.recv()) == METADATA
        yield connection


def ask(connection: ClientConnection, message: dict[str, Any]) -> bytes:
    """One observation, and the answer as it came."""
    connection.send(packed(message))
    answer = connection.recv()
    assert isinstance(answer, bytes)
    return answer


def recorded(
    folder: Path, server: str, asked: list[list[dict[str, Any]]], **options: Any
) -> tuple[Recording, Quiet]:
    """The recording of clients that ask so, one after the other."""
    with tapping(server, folder, **options) as tapped:
        for messages in asked:
            with connected(tapped.address) as connection:
                for message in messages:
                    ask(connection, message)
    return read_run(folder), tapped.seen


def found(steps: list[Step], code: str) -> list[int]:
    """The steps with a finding."""
    return [step.step for step in steps if code in step.findings]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for it, at most a minute."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it did not come about in a minute"
        time.sleep(0.02)


def free_port() -> int:
    """A port that nothing listens at, and that no server gets which takes any."""
    while True:
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", SystemRandom().randint(20_000, 30_000))) as own,
        ):
            return own.getsockname()[1]
