"""What the forwarding process tells the observing one: events with a head of fixed size."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_HEAD = struct.Struct("<BBIIdQI")


class Kind(IntEnum):
    """What happened on a connection."""

    opened = 1
    """Both sides agreed on a websocket."""
    text = 2
    binary = 3
    close_frame = 4
    """One side said goodbye; the content is its code and reason."""
    ended = 5
    unreachable = 6
    """A client came and the server was not there; the content says why."""
    over = 7
    """The last event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on the wire."""

    kind: Kind
    client: int
    """Number of the connection, from 1."""
    from_server: bool = False
    number: int = 0
    """Of a message: its place among those of its connection and direction, from 0."""
    time_s: float = 0.0
    """When its last byte came, on the system's monotonic clock."""
    dropped: int = 0
    """Messages that were not copied so far, of all connections."""
    content: bytes = b""
    """Of a message its frames, masked as they came."""

    def packed(self) -> bytes:
        """As bytes for the other process."""
        fixed = (self.kind, self.from_server, self.client, self.number, self.time_s, self.dropped)
        return _HEAD.pack(*fixed, len(self.content)) + self.content


class EventReader:
    """Gives events out of a stream of bytes."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are whole by now."""
        self._unread += chunk
        at = 0
        while len(self._unread) - at >= _HEAD.size:
            kind, from_server, *rest, length = _HEAD.unpack_from(self._unread, at)
            client, number, time_s, dropped = rest
            end = at + _HEAD.size + length
            if len(self._unread) < end:
                break
            content = bytes(self._unread[at + _HEAD.size : end])
            yield Event(Kind(kind), client, bool(from_server), number, time_s, dropped, content)
            at = end
        del self._unread[:at]
