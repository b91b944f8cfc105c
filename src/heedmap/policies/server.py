"""A policy behind a server that speaks openpi's websocket protocol: `server:ws://HOST:PORT`.

Nothing can be seen of it but what it does, so an audit measures by exchange alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any, final

import numpy as np
import torch
from PIL import Image
from pydantic import Field
from torch import nn

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.errors import MissingExtraError, PolicyError
from heedmap.frozen import Frozen
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.family import Target
from heedmap.record.record import Loaded

try:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import ClientConnection, connect

    from heedmap.policies.openpi_protocol import MOST_ANSWER_BYTES, packed, unpacked
except ModuleNotFoundError as error:
    raise MissingExtraError("server", error.name or "websockets") from error

TIMEOUT_S = 60.0
"""For one answer; the first may have to wait until the server has compiled its model."""


class ServerOptions(Frozen):
    """What may follow `server:ws://HOST:PORT?`: names in the observation, and the rest."""

    images: str = "observation/image"
    """Key of each camera, in their order, comma-separated: `observation/image,...`."""
    state: str | None = "observation/state"
    """Key of the state; empty: it is not sent."""
    prompt: str = "prompt"
    actions: str = "actions"
    resize: int | None = Field(default=224, ge=1, le=8192)
    """Sides of the images that are sent, padded with black; openpi's clients send 224."""
    steps: int = Field(default=1, ge=1, le=1000)
    """Steps of the answered chunk that make up the action."""
    repeats: int = Field(default=1, ge=1, le=1000)
    """Answers whose mean is taken, for servers that draw noise."""
    timeout_s: float = Field(default=TIMEOUT_S, gt=0)


@final
class ServerPolicy(Policy):
    """A black box: observations and instructions in, actions out."""

    family = "server"
    is_black_box = True

    def __init__(self, address: str, options: ServerOptions | None = None) -> None:
        super().__init__(f"server:{address}")
        self._address = address
        self._options = options or ServerOptions()
        self._keys = tuple(self._options.images.split(","))
        self._module = nn.Module()
        self._open = ExitStack()
        self._connection: ClientConnection | None = None
        self.loaded = Loaded(checkpoint=address, choices={"repeats": str(self._options.repeats)})

    @property
    def module(self) -> nn.Module:
        """Empty: the policy runs elsewhere."""
        return self._module

    @property
    def action_names(self) -> None:
        """Its actions are numbers."""
        return None

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """One request after the other, each answered with a chunk of actions."""
        examples = zip(observations, instructions, strict=True)
        rows = [self._answer(observation, text) for observation, text in examples]
        return torch.from_numpy(np.stack(rows))

    def close(self) -> None:
        """Say goodbye to the server."""
        with suppress(WebSocketException, OSError):
            self._open.close()
        self._connection = None

    def _answer(self, observation: Observation, instruction: str) -> np.ndarray:
        request = self._request(observation, instruction)
        answers = [self._ask(request) for _ in range(self._options.repeats)]
        return np.mean(answers, axis=0)

    def _request(self, observation: Observation, instruction: str) -> dict[str, Any]:
        if len(self._keys) != len(observation.images):
            raise PolicyError(
                f"The server gets {len(self._keys)} camera(s) ({', '.join(self._keys)}), the frame "
                f"has {len(observation.images)}; name one key a camera: ?images=KEY,KEY."
            )
        images = zip(self._keys, observation.images.values(), strict=True)
        request: dict[str, Any] = {key: self._image(image) for key, image in images}
        if self._options.state and observation.state is not None:
            request[self._options.state] = observation.state
        return {**request, self._options.prompt: instruction}

    def _image(self, frame: Frame) -> np.ndarray:
        """Scaled into a square, the rest black, as openpi's clients do."""
        side = self._options.resize
        if side is None:
            return frame
        scale = side / max(frame.shape[:2])
        height, width = (max(1, round(length * scale)) for length in frame.shape[:2])
        image = Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR)
        square = Image.new("RGB", (side, side))
        square.paste(image, ((side - width) // 2, (side - height) // 2))
        return np.asarray(square)

    def _ask(self, request: dict[str, Any]) -> np.ndarray:
        try:
            connection = self._connection or self._connect()
            connection.send(packed(request))
            answer = connection.recv(timeout=self._options.timeout_s)
        except (OSError, WebSocketException, TimeoutError) as error:
            self.close()
            raise PolicyError(
                f"The server {self._address} gave no answer ({type(error).__name__}: {error}); "
                f"start it, and check host and port."
            ) from error
        return self._action(unpacked(answer, self._address))

    def _connect(self) -> ClientConnection:
        """Connect, and take the metadata that comes first."""
        connection = self._open.enter_context(
            connect(
                self._address,
                compression=None,
                max_size=MOST_ANSWER_BYTES,
                open_timeout=self._options.timeout_s,
            )
        )
        unpacked(connection.recv(timeout=self._options.timeout_s), self._address)
        self._connection = connection
        return connection

    def _action(self, message: dict[str, Any]) -> np.ndarray:
        chunk = message.get(self._options.actions)
        if not isinstance(chunk, np.ndarray) or chunk.ndim != 2 or len(chunk) < self._options.steps:
            shape = f"an array of shape {chunk.shape}" if isinstance(chunk, np.ndarray) else "none"
            raise PolicyError(
                f"The server's answer has {shape} at '{self._options.actions}' (it holds "
                f"{', '.join(str(key) for key in message)}), expected (step, dimension) with at "
                f"least {self._options.steps} step(s); name it: ?actions=KEY."
            )
        return chunk[: self._options.steps].astype(np.float64).reshape(-1)


def load(target: Target, permissions: Permissions) -> ServerPolicy:
    """The family `server`; it needs no permissions, since the policy runs elsewhere."""
    is_address = target.place.startswith(("ws://", "wss://"))
    address = target.place if is_address else f"ws://{target.place}"
    return ServerPolicy(address, target.options(ServerOptions))
