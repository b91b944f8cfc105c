"""Latency that a tap adds: the same questions directly and through it, in turn.

    .venv/bin/python -m benchmarks.tap [--questions 1000] [--cameras 2] [--side 224]
        [--clients 1] [--protocol gr00t] [--json FILE]

Server, tap and clients are processes and threads of their own on loopback; the server answers at
once, so that nothing but the wire is measured. A question goes directly, then through the tap.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zmq
from rich.console import Console
from rich.table import Table
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from heedmap.monitor.tap.recording import read_run
from heedmap.policies.server.messages import npy_array, openpi_array, packed

CHUNK_SHAPE = (50, 14)
WARM_UP = 20
TAP = "from heedmap.cli.main import main; main()"


def main() -> None:
    """Measure, check that the recording is whole, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=1000, help="of every client")
    parser.add_argument("--cameras", type=int, default=2)
    parser.add_argument("--side", type=int, default=224, help="of an image, in pixels")
    parser.add_argument("--clients", type=int, default=1, help="at once")
    parser.add_argument("--rate", type=float, default=0.0, help="questions a second; 0: no pause")
    parser.add_argument("--protocol", choices=("openpi", "gr00t"), default="openpi")
    parser.add_argument("--json", type=Path, help="add the row to this file of JSON lines")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        reply_at_once() if given.protocol == "gr00t" else answer_at_once()
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run"
        serve = ["-m", "benchmarks.tap", "--serve", "--protocol", given.protocol]
        with started(serve) as server:
            place = ["tap", server, "--listen", "127.0.0.1:0", "--out", str(folder)]
            with started(["-c", TAP, *place]) as tap:
                taken = asked(given, {"direct": server, "through the tap": tap})
        run = read_run(folder)
        kept = sum(1 for _ in run.steps())
    row = {
        "mebibytes": len(question(given, 0)) / 2**20,
        "recorded": kept,
        "dropped": run.about.dropped,
        **summary(taken),
    }
    show(row)
    if given.json is not None:
        with given.json.open("a") as file:
            file.write(json.dumps({"benchmark": "tap", **vars(given), **row}, default=str) + "\n")


def observation(given: argparse.Namespace, number: int) -> dict[str, Any]:
    """As of a robot with cameras; each another one."""
    random = np.random.default_rng(number)
    shape = (given.side, given.side, 3)
    images = {
        f"observation/camera_{camera}": random.integers(0, 255, shape, dtype=np.uint8)
        for camera in range(given.cameras)
    }
    return {**images, "observation/state": random.normal(size=14), "prompt": "open the drawer"}


def question(given: argparse.Namespace, number: int) -> bytes:
    """The observation as a client of the protocol sends it."""
    seen = observation(given, number)
    if given.protocol == "openpi":
        return packed(seen, openpi_array)
    data = {
        f"video.{name.rpartition('/')[2]}": value[None]
        for name, value in seen.items()
        if "camera" in name
    }
    data |= {"state.arm": seen["observation/state"][None], "annotation.task": [seen["prompt"]]}
    return packed({"endpoint": "get_action", "data": data}, npy_array)


class Asker:
    """A client's connection."""

    def __init__(self, given: argparse.Namespace, address: str) -> None:
        self._context = zmq.Context() if given.protocol == "gr00t" else None
        if self._context is not None:
            self._socket = self._context.socket(zmq.REQ)
            self._socket.connect(address)
            return
        self._open = ExitStack()
        self._connection = self._open.enter_context(connect(address, compression=None))
        self._connection.recv()

    def ask(self, data: bytes) -> None:
        """One question, and its answer."""
        if self._context is not None:
            self._socket.send(data)
            self._socket.recv()
            return
        self._connection.send(data)
        self._connection.recv()

    def close(self) -> None:
        """Leave."""
        if self._context is not None:
            self._context.destroy(linger=0)
        else:
            self._open.close()


def asked(given: argparse.Namespace, places: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of every question, by the way that it went."""
    taken: dict[str, list[float]] = {name: [] for name in places}

    def ask() -> None:
        questions = [question(given, number) for number in range(8)]
        own: dict[str, list[float]] = {name: [] for name in places}
        ways = {name: Asker(given, address) for name, address in places.items()}
        for number in range(given.questions + WARM_UP):
            for name, way in ways.items():
                start = time.perf_counter()
                way.ask(questions[number % len(questions)])
                own[name].append(time.perf_counter() - start)
            if given.rate:
                time.sleep(1 / given.rate)
        for way in ways.values():
            way.close()
        for name, seconds in own.items():
            taken[name] += seconds[WARM_UP:]

    threads = [threading.Thread(target=ask) for _ in range(given.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def summary(taken: dict[str, list[float]]) -> dict[str, float]:
    """Median and 99th percentile of each way, and what the tap adds to them, in ms."""
    found: dict[str, float] = {}
    for name, share in (("median", 0.5), ("p99", 0.99)):
        direct, tapped = (1000 * float(np.quantile(each, share)) for each in taken.values())
        found |= {f"direct_{name}_ms": direct, f"tapped_{name}_ms": tapped}
        found[f"added_{name}_ms"] = tapped - direct
    return found


def show(row: dict[str, Any]) -> None:
    """One line a way."""
    table = Table(title=f"{row['mebibytes']:.2f} MiB an observation")
    for title in ("", "median ms", "99 % ms"):
        table.add_column(title, justify="right" if title else "left")
    for name in ("direct", "tapped", "added"):
        table.add_row(name, *(f"{row[f'{name}_{share}_ms']:.2f}" for share in ("median", "p99")))
    console = Console(width=110)
    console.print(table)
    console.print(f"{row['recorded']} steps recorded, {row['dropped']} messages not observed")


@contextmanager
def started(arguments: list[str]) -> Iterator[str]:
    """A process that prints the address that it listens at, for as long as this lasts."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        found = [word for word in words if word.startswith(("ws://", "tcp://"))]
        assert found, "no address was printed"
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def answer_at_once() -> None:
    """A server that gives the same chunk of actions to every question."""
    answer = packed({"actions": np.zeros(CHUNK_SHAPE, dtype=np.float32)}, openpi_array)

    def handle(connection: ServerConnection) -> None:
        connection.send(packed({}, openpi_array))
        for _ in connection:
            connection.send(answer)

    with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)
        server.serve_forever()


def reply_at_once() -> None:
    """The same as a server of GR00T's."""
    chunk = np.zeros(CHUNK_SHAPE, dtype=np.float32)
    answer = packed({"action.arm": chunk}, npy_array)
    socket = zmq.Context().socket(zmq.REP)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    print(f"tcp://127.0.0.1:{port}", flush=True)
    while True:
        socket.recv()
        socket.send(answer)


if __name__ == "__main__":
    main()
