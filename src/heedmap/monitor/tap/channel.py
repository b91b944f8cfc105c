"""The way from the process that forwards to the one that observes.

Needs the standard library alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from heedmap.monitor.tap.events import Event, Kind

MOST_UNREAD_BYTES = 128 * 2**20
"""Of copies that the observer has not read yet."""


class Channel(asyncio.Protocol):
    """The way to the observer: what it has not read yet waits here, up to a bound."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        """The observer wants an end, or is gone."""
        self.dropped = 0
        """Messages without a copy so far."""
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: deque[tuple[bool, bytes]] = deque()
        """Whether it is a message, and its bytes."""
        self._waiting_bytes = 0
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The channel is open."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def eof_received(self) -> bool:
        """The observer wants an end; the channel stays open for the last events."""
        self.over.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody observes any more."""
        self._transport = None
        self.over.set()

    def pause_writing(self) -> None:
        """The observer is behind."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The observer has caught up: give it what waits."""
        self._is_full = False
        while self._waiting and not self._is_full and self._transport is not None:
            _, data = self._waiting.popleft()
            self._waiting_bytes -= len(data)
            self._transport.write(data)

    def tell(self, event: Event) -> None:
        """Put an event before the observer, or drop a message that there is no room for."""
        is_message = event.kind in (Kind.text, Kind.binary)
        if self._transport is None:
            return
        if is_message and self._waiting_bytes + len(event.content) > MOST_UNREAD_BYTES:
            self.dropped += 1
            return
        data = event.packed()
        if self._is_full:
            self._waiting.append((is_message, data))
            self._waiting_bytes += len(data)
        else:
            self._transport.write(data)

    async def flushed(self, timeout_s: float) -> None:
        """Close once the observer has taken everything; what it leaves for too long is dropped."""
        end = time.monotonic() + timeout_s
        while self._waiting and self._transport is not None and time.monotonic() < end:
            await asyncio.sleep(0.01)
        self.dropped += sum(is_message for is_message, _ in self._waiting)
        self._waiting.clear()
        if self._transport is not None:
            self._transport.write(Event(Kind.over, 0, dropped=self.dropped).packed())
            self._transport.close()
