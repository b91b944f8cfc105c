"""LeRobot's policy server (`lerobot.async_inference`): gRPC, whose messages hold pickles.

The client says which checkpoint the server shall load, then sends observations and asks for their
actions. LeRobot itself is not needed here, and no pickle is run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import numpy as np

from heedmap.data.observation import Observation
from heedmap.errors import MissingExtraError, PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.server.connection import MOST_SHOWN, Connection
from heedmap.policies.server.options import ServerOptions, as_chunk
from heedmap.policies.server.pickles import pickled, timed_actions

try:
    import grpc
except ModuleNotFoundError as error:
    raise MissingExtraError("server", error.name or "grpcio") from error

SERVICE = "/transport.AsyncInference/"
HELPERS = "lerobot.async_inference.helpers"
PART_BYTES = 2 * 2**20
MOST_ANSWER_BYTES = 8 * 2**20
BEGIN, MIDDLE, END = 1, 2, 3
"""Which part of an observation a message holds."""
VERSION = "0.6"


@final
class LeRobotConnection(Connection):
    """The checkpoint is loaded with the first question, which says what is seen."""

    protocol = "lerobot"
    reset = "its protocol has none"

    def __init__(self, address: str, options: ServerOptions) -> None:
        self._address = address
        self._options = options
        self._asked = 0
        self._loaded_for: dict[str, Any] | None = None
        self._channel = grpc.insecure_channel(
            address.removeprefix("grpc://"),
            options=(
                ("grpc.max_receive_message_length", MOST_ANSWER_BYTES),
                ("grpc.enable_retries", 0),
                ("grpc.enable_http_proxy", 0),
            ),
        )
        try:
            self._call("Ready", b"")
        except PolicyError:
            self.close()
            raise

    def ask(self, observation: Observation, instruction: str) -> np.ndarray:
        """As `Connection.ask`."""
        images = self._options.pictures(observation)
        if observation.state is None:
            raise PolicyError(
                "The server {address} wants a state, and the frame has none; give frames that "
                "have one.",
                address=self._address,
            )
        state = {f"state_{n}": float(value) for n, value in enumerate(observation.state)}
        self._load(images, list(state))
        self._asked += 1
        self._send({**images, **state, "task": instruction})
        content = _content(self._call("GetActions", b""), self._address)
        if not content:
            raise PolicyError(
                "The server {address} gave no actions, and its log says why; it got the cameras "
                "{cameras}, which must be called as the checkpoint does (?images=NAME,NAME), and "
                "a state of {count} numbers.",
                address=self._address,
                cameras=", ".join(images),
                count=len(state),
            )
        try:
            chunk = timed_actions(content)
        except ValueError as error:
            raise PolicyError(
                "The server {address} sent a pickle that is not read ({why:.200}); expected "
                "actions of LeRobot {version}.",
                address=self._address,
                why=error,
                version=VERSION,
            ) from error
        return as_chunk(
            chunk, Phrase("The server's answer"), Phrase("ask a policy server of LeRobot")
        )

    def close(self) -> None:
        """As `Connection.close`."""
        self._channel.close()

    def _load(self, images: dict[str, np.ndarray], state: list[str]) -> None:
        """Have the checkpoint loaded, once for observations of one form."""
        features: dict[str, Any] = {
            f"observation.images.{key}": {
                "dtype": "image",
                "shape": image.shape,
                "names": ["height", "width", "channels"],
            }
            for key, image in images.items()
        }
        features["observation.state"] = {"dtype": "float32", "shape": (len(state),), "names": state}
        if features == self._loaded_for:
            return
        setup = {
            "policy_type": self._options.policy,
            "pretrained_name_or_path": self._options.checkpoint,
            "lerobot_features": features,
            "actions_per_chunk": self._options.steps,
            "device": self._options.device,
            "rename_map": {},
        }
        content = pickled(f"{HELPERS}.RemotePolicyConfig", setup)
        self._call("SendPolicyInstructions", bytes_field(1, content))
        self._loaded_for = features

    def _send(self, observation: dict[str, Any]) -> None:
        timed = {
            "timestamp": time.time(),
            "timestep": self._asked,
            "observation": observation,
            "must_go": True,  # or what is like the one before is left out
        }
        content = pickled(f"{HELPERS}.TimedObservation", timed)
        begins = range(0, len(content), PART_BYTES)
        parts = [
            bytes((0x08, END if n == begins[-1] else MIDDLE if n else BEGIN))
            + bytes_field(2, content[n : n + PART_BYTES])
            for n in begins
        ]
        call = self._channel.stream_unary(f"{SERVICE}SendObservations")
        with self._transport():
            call(iter(parts), timeout=self._options.timeout_s)

    def _call(self, name: str, request: bytes) -> bytes:
        call = self._channel.unary_unary(f"{SERVICE}{name}")
        with self._transport():
            return call(request, timeout=self._options.timeout_s)

    @contextmanager
    def _transport(self) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            what = error.code().name if isinstance(error, grpc.Call) else type(error).__name__
            details = str(error.details() if isinstance(error, grpc.Call) else error)
            shown = " ".join(details.split())[:MOST_SHOWN]
            raise PolicyError(
                "The server {address} gave no answer ({what}: {shown}); start a policy server of "
                "LeRobot {version}, and check host, port and checkpoint.",
                address=self._address,
                what=what,
                shown=shown,
                version=VERSION,
            ) from error


def bytes_field(number: int, content: bytes) -> bytes:
    """A field of bytes, as Protocol Buffers write it."""
    length, size = bytearray(), len(content)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes((number << 3 | 2,)) + bytes(length) + content


def _content(message: bytes, server: str) -> bytes:
    """Field 1 of a message that has no other; empty where it has none."""
    size, place, shift = 0, 1, 0
    while 0 < place < min(len(message), 6):
        size |= (message[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not message[place - 1] & 0x80:
            break
    content = message[place:]
    if message and (message[0] != 0x0A or len(content) != size):
        raise PolicyError(
            "The server {server} sent what is no message of LeRobot's.", server=server
        )
    return content


def open_connection(address: str, options: ServerOptions) -> LeRobotConnection:
    """A conversation with a server."""
    return LeRobotConnection(address, options)
