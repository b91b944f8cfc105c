"""How ZeroMQ talks over TCP (ZMTP 3): a greeting of each side, then frames.

Nothing is rewritten: greeting, handshake and messages pass as they come. Needs the standard library
alone, and no ZeroMQ.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from heedmap.monitor.tap.frames import BINARY, PING, Walker
from heedmap.monitor.tap.link import Client, Link, Shared, Side

GREETING_BYTES = 64
RETRY_S = 0.25
"""A client of ZeroMQ waits for its server, and so the tap tries again as it would."""
_MORE, _LONG, _COMMAND = 1, 2, 4


def head_of(data: bytes | bytearray | memoryview) -> tuple[int, int, int] | None:
    """Flags, length of the body and length of the head of the frame that begins here.

    None where more bytes are needed to tell.
    """
    if not data:
        return None
    size = 9 if data[0] & _LONG else 2
    if len(data) < size:
        return None
    return data[0], int.from_bytes(data[1:size], "big"), size


@dataclass
class ZmtpWalker(Walker):
    """Follows one direction: past the greeting, a message is the frames up to a last one.

    `feed` raises ValueError for what does not begin as ZMTP 3 does.
    """

    _greeting: bytearray = field(default_factory=bytearray)

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        """The messages that end in this chunk."""
        missing = GREETING_BYTES - len(self._greeting)
        self._greeting += chunk[:missing]
        begin = self._greeting
        if begin[:1] not in (b"", b"\xff") or begin[9:10] not in (b"", b"\x7f"):
            raise ValueError("no greeting of ZeroMQ")
        if begin[10:11] not in (b"", b"\x03"):
            raise ValueError("another version of ZeroMQ's protocol")
        yield from super().feed(chunk[missing:])

    def _begin(self) -> int | None:
        """As of a websocket; commands, such as heartbeats, stand between messages."""
        found = head_of(self._head)
        if found is None:
            return None
        flags, self._left, size = found
        self._is_last = not flags & _MORE
        self._opcode = PING if flags & _COMMAND else 0 if self._message else BINARY
        return size


class ZmqClient(Client):
    """The side of the client: its greeting is held until the server is there."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, ZmtpWalker())

    def is_ready(self, held: bytes) -> bool:
        """Both sides greet at once."""
        return True

    def opening(self, held: bytes) -> tuple[bytes, bytes]:
        """All that was held, to be looked at like what follows."""
        return b"", held

    def refuse(self, reason: str) -> None:
        """There are no words for a reason."""
        if self.transport is not None:
            self.transport.close()

    async def was_unreachable(self) -> bool:
        """Try again, as long as the client waits."""
        await asyncio.sleep(RETRY_S)
        return True


class ZmqLink(Link):
    """Opened by its first message."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self.is_agreed = True
        self.server = Side(self, ZmtpWalker(), is_server=True)
        self.client = ZmqClient(self)
