"""A connection of the tap's own to a policy server, as its clients have one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from heedmap.monitor.tap.address import Address

MOST_ANSWER_BYTES = 64 * 2**20
"""As of an audit, whose packages would bring torch along."""
LOOK_UP_S = 0.25
"""How long one look for an answer takes."""


class NoAnswerError(Exception):
    """The server gave no action to a question."""


class Line(ABC):
    """Messages to a server and from it. Raises NoAnswerError where the connection fails."""

    @abstractmethod
    def send(self, data: bytes) -> None:
        """One message."""

    @abstractmethod
    def receive(self) -> str | bytes | None:
        """The next message; None where none has come within `LOOK_UP_S`."""

    @abstractmethod
    def close(self) -> None:
        """Leave the server; never fails."""


class WebsocketLine(Line):
    """A websocket."""

    def __init__(self, server: Address) -> None:
        self._open = ExitStack()
        try:
            self._connection = self._open.enter_context(
                connect(
                    server.url,
                    compression=None,
                    max_size=MOST_ANSWER_BYTES,
                    ping_interval=None,  # a server that is busy with a client answers no ping
                )
            )
        except (WebSocketException, OSError) as error:
            raise NoAnswerError from error

    def send(self, data: bytes) -> None:
        """As `Line.send`."""
        try:
            self._connection.send(data)
        except (WebSocketException, OSError) as error:
            raise NoAnswerError from error

    def receive(self) -> str | bytes | None:
        """As `Line.receive`."""
        try:
            return self._connection.recv(timeout=LOOK_UP_S)
        except TimeoutError:
            return None
        except (WebSocketException, OSError) as error:
            raise NoAnswerError from error

    def close(self) -> None:
        """As `Line.close`."""
        with suppress(WebSocketException, OSError):
            self._open.close()
