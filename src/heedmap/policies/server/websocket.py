"""A websocket with limits of size and time."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import ExitStack, suppress

from heedmap.errors import MissingExtraError
from heedmap.policies.server.connection import MOST_ANSWER_BYTES, said, transport

try:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect
except ModuleNotFoundError as error:
    raise MissingExtraError("server", error.name or "websockets") from error

SPEAKS_FIRST_S = 2.0
"""openpi's servers speak at once; one that is silent for so long waits for a greeting."""
GOODBYE_S = 2.0


class Websocket:
    """Bytes to and from a server, each within `timeout_s`. Raises PolicyError as `transport`."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._open = ExitStack()
        with transport(address, WebSocketException):
            self._connection = self._open.enter_context(
                connect(
                    address,
                    compression=None,
                    max_size=MOST_ANSWER_BYTES,
                    open_timeout=timeout_s,
                    close_timeout=GOODBYE_S,
                    ping_interval=None,  # a server that compiles its model answers no ping
                )
            )
            if os.name == "posix":  # else a server that reads nothing would hold us for ever
                limit = struct.pack("ll", *divmod(round(timeout_s * 1e6), 10**6))
                self._connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def send(self, data: bytes) -> None:
        """One message."""
        with transport(self.address, WebSocketException):
            self._connection.send(data)

    def receive(self) -> bytes:
        """One message. A text is an error's, and raised as one."""
        with transport(self.address, WebSocketException):
            data = self._connection.recv(timeout=self._timeout_s)
        return self._bytes(data)

    def speaks_first(self) -> bytes | None:
        """What the server says before it is asked; None where it waits."""
        with transport(self.address, WebSocketException):
            try:
                data = self._connection.recv(timeout=min(SPEAKS_FIRST_S, self._timeout_s))
            except TimeoutError:
                return None
        return self._bytes(data)

    def close(self) -> None:
        """Say goodbye."""
        with suppress(WebSocketException, OSError):
            self._open.close()

    def _bytes(self, data: bytes | str) -> bytes:
        if isinstance(data, str):
            raise said(self.address, data)
        return data
