"""openpi's policy servers: metadata first, then a chunk of actions for every observation.

They remember nothing. An error is a text, and the end of the conversation.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np

from heedmap.data.observation import Observation
from heedmap.errors import PolicyError
from heedmap.phrase import Phrase
from heedmap.policies.server.connection import Connection, listed
from heedmap.policies.server.messages import openpi_array, packed, unpacked
from heedmap.policies.server.options import ServerOptions, as_chunk
from heedmap.policies.server.websocket import Websocket

IMAGE, STATE, PROMPT, ACTIONS = "observation/image", "observation/state", "prompt", "actions"
SIDE = 224


@final
class OpenpiConnection(Connection):
    """Begins when the server's metadata, `first`, has come."""

    protocol = "openpi"
    reset = "it keeps no state"

    def __init__(self, websocket: Websocket, first: bytes, options: ServerOptions) -> None:
        self._websocket = websocket
        self._options = options
        self._message(first)

    def ask(self, observation: Observation, instruction: str) -> np.ndarray:
        """As `Connection.ask`."""
        own = self._options
        request: dict[str, Any] = dict(own.pictures(observation, IMAGE, SIDE))
        state_key = STATE if own.state is None else own.state
        if state_key and observation.state is not None:
            request[state_key] = observation.state
        request[own.prompt or PROMPT] = instruction
        self._websocket.send(packed(request, openpi_array))
        message = self._message(self._websocket.receive())
        key = own.actions or ACTIONS
        what = Phrase(
            "The server's answer at '{key}' (it holds {message})", key=key, message=listed(message)
        )
        return as_chunk(message.get(key), what, Phrase("name it: ?actions=KEY"))

    def close(self) -> None:
        """As `Connection.close`."""
        self._websocket.close()

    def _message(self, data: bytes) -> dict[Any, Any]:
        message = unpacked(data, self._websocket.address, Phrase("openpi's"))
        if not isinstance(message, dict):
            kind = type(message).__name__
            raise PolicyError(
                "The server {address} sent a {kind}, no message of openpi's.",
                address=self._websocket.address,
                kind=kind,
            )
        return message
