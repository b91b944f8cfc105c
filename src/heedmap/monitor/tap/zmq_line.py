"""A connection of the tap's own to a server of ZeroMQ; needs pyzmq, which passing on does not."""

from __future__ import annotations

import zmq

from heedmap.monitor.tap.address import Address
from heedmap.monitor.tap.lines import LOOK_UP_S, MOST_ANSWER_BYTES, Line, NoAnswerError


class ZmqLine(Line):
    """A socket that asks and is answered in turn."""

    def __init__(self, server: Address) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REQ)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MOST_ANSWER_BYTES)
        self._socket.setsockopt(zmq.RCVTIMEO, round(1000 * LOOK_UP_S))
        self._socket.setsockopt(zmq.IPV6, int(":" in server.host))
        try:
            self._socket.connect(server.url)
        except zmq.ZMQError as error:
            self.close()
            raise NoAnswerError from error

    def send(self, data: bytes) -> None:
        """As `Line.send`."""
        try:
            self._socket.send(data, zmq.NOBLOCK)
        except zmq.ZMQError as error:
            raise NoAnswerError from error

    def receive(self) -> bytes | None:
        """As `Line.receive`."""
        try:
            return self._socket.recv()
        except zmq.Again:
            return None
        except zmq.ZMQError as error:
            raise NoAnswerError from error

    def close(self) -> None:
        """As `Line.close`."""
        self._context.destroy(linger=0)
