"""A client's connection and the one to the server: bytes in, the same bytes out, both ways.

What is common to the protocols; how a connection begins is in `websocket` and `zmtp`. Needs the
standard library alone.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field

from heedmap.monitor.tap.channel import Channel
from heedmap.monitor.tap.events import Event, Kind
from heedmap.monitor.tap.frames import CLOSE, TEXT, Walker
from heedmap.phrase import Phrase

MOST_CLIENTS = 256
MOST_HELD_BYTES = 2**20
CONNECT_TIMEOUT_S = 10.0
_HIGH_WATER_BYTES = 2**20


@dataclass(frozen=True)
class Route:
    """From where to where, as the observer says it; the first two are open file descriptors."""

    listening: int
    channel: int
    host: str
    port: int
    is_tls: bool
    path: str
    """Path and query that every client is led to; empty: the client's own."""
    is_zmq: bool = False
    """ZeroMQ, or websockets."""


@dataclass
class Shared:
    """What all connections have in common."""

    route: Route
    channel: Channel = field(default_factory=Channel)
    links: set[Link] = field(default_factory=set["Link"])
    clients: int = 0
    """That were numbered so far."""


class Side(asyncio.Protocol):
    """One side of a connection: what comes here goes out on the other side."""

    def __init__(self, link: Link, walker: Walker, *, is_server: bool) -> None:
        self.link = link
        self.is_server = is_server
        self.transport: asyncio.Transport | None = None
        self.walker = walker
        self.has_ended = False
        self.is_observed = True
        self._number = 0

    @property
    def other(self) -> Side:
        """Where it goes."""
        return self.link.client if self.is_server else self.link.server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
        self.transport = transport
        self.link.shared.links.add(self.link)

    def data_received(self, data: bytes) -> None:
        """Pass it on first, then look at it."""
        self.other.write(data)
        data = self.after_opening(data)
        if data and self.link.is_agreed and self.is_observed:
            try:
                self.observe(data)
            except Exception:  # whatever is wrong with the copy, the traffic passes
                self.is_observed = False
                self.link.shared.channel.dropped += 1

    def after_opening(self, data: bytes) -> bytes:
        """What follows that which opens the connection."""
        return data

    def goodbye(self) -> bytes:
        """What this side is told when the tap ends."""
        return b""

    def observe(self, data: bytes) -> None:
        """Tell of each message that ends here."""
        channel, now = self.link.shared.channel, time.monotonic()
        for opcode, frames in self.walker.feed(data):
            self.link.open()
            if opcode == CLOSE:
                kind = Kind.close_frame
            else:
                kind = Kind.text if opcode == TEXT else Kind.binary
                self._number += 1
            if frames is None:
                channel.dropped += 1
                continue
            number = max(0, self._number - 1)
            place = (self.link.number, self.is_server, number, now, channel.dropped)
            channel.tell(Event(kind, *place, frames))

    def write(self, data: bytes) -> None:
        """Send it, where there is somebody."""
        if self.transport is not None:
            self.transport.write(data)

    def pause_writing(self) -> None:
        """This side is slow: read no more from the other one."""
        if self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This side has caught up."""
        if self.other.transport is not None:
            self.other.transport.resume_reading()

    def eof_received(self) -> bool:
        """This side sends no more; the other one may, unless it has ended, too."""
        self.has_ended = True
        other = self.other.transport
        if other is None or self.other.has_ended or not other.can_write_eof():
            return False
        with suppress(OSError):
            other.write_eof()
        is_tls = self.transport is not None and self.transport.get_extra_info("sslcontext")
        return not is_tls  # which cannot end one direction alone

    def connection_lost(self, exc: Exception | None) -> None:
        """This side is gone, and with it the other one."""
        self.transport = None
        if self.other.transport is not None:
            self.other.transport.close()
        self.link.end()


class Client(Side, ABC):
    """The side that connected to the tap; what it says first is held until the server is there."""

    def __init__(self, link: Link, walker: Walker) -> None:
        super().__init__(link, walker, is_server=False)
        self.held: bytearray | None = bytearray()
        """None once the server is there."""
        self._is_connecting = False

    @abstractmethod
    def is_ready(self, held: bytes) -> bool:
        """Whether the server is asked for now."""

    @abstractmethod
    def opening(self, held: bytes) -> tuple[bytes, bytes]:
        """What the server gets of that which was held: the opening, and what follows it."""

    @abstractmethod
    def refuse(self, reason: str) -> None:
        """Send the client away."""

    @abstractmethod
    async def was_unreachable(self) -> bool:
        """Whether to try again for this client, which waits."""

    def data_received(self, data: bytes) -> None:
        """Hold it until the server is there; then as on either side."""
        if self.held is None:
            super().data_received(data)
            return
        self.held += data
        if self._is_connecting and len(self.held) <= MOST_HELD_BYTES:
            return
        if self._is_connecting or len(self.link.shared.links) > MOST_CLIENTS:
            self.refuse("503 Service Unavailable")
        elif self.is_ready(bytes(self.held)):
            self._is_connecting = True
            self.link.connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        has_told = False
        while (why := await self._reach()) is not None:
            if not has_told:
                channel = self.link.shared.channel
                channel.tell(Event(Kind.unreachable, 0, content=why.encode()))
                has_told = True
            if not await self.was_unreachable() or self.transport is None:
                return
        if self.transport is None:  # it went away meanwhile
            if self.link.server.transport is not None:
                self.link.server.transport.close()
            return
        assert self.held is not None
        opening, rest = self.opening(bytes(self.held))
        self.held = None
        self.link.server.write(opening)
        if rest:
            super().data_received(rest)

    async def _reach(self) -> str | None:
        """Connect to the server; why that failed, or None."""
        route, loop = self.link.shared.route, asyncio.get_running_loop()
        tls = ssl.create_default_context() if route.is_tls else None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.create_connection(
                    lambda: self.link.server, route.host, route.port, ssl=tls
                )
        except (OSError, TimeoutError) as error:
            return str(error) or Phrase("no answer in {seconds:g} s", seconds=CONNECT_TIMEOUT_S)
        return None


class Link(ABC):
    """A client's connection and the one to the server that belongs to it."""

    server: Side
    client: Client

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.connecting: asyncio.Future[None] | None = None
        self.is_agreed = False
        """Whether both sides speak the protocol; else what passes is not looked at."""
        self.number = 0
        """0 as long as it is not open."""

    def open(self) -> None:
        """Give it a number, and tell of it, once."""
        if not self.number:
            self.shared.clients += 1
            self.number = self.shared.clients
            event = Event(Kind.opened, self.number, time_s=time.monotonic())
            self.shared.channel.tell(event)

    def say_goodbye(self) -> None:
        """Where that cuts no frame in two; then the end."""
        for side in (self.client, self.server):
            if self.number and side.other.walker.is_between:
                side.write(side.goodbye())
            if side.transport is not None:
                side.transport.close()

    def end(self) -> None:
        """One side is gone; once both are, the observer is told."""
        if self in self.shared.links and self.client.transport is self.server.transport is None:
            self.shared.links.discard(self)
            if self.number:
                event = Event(Kind.ended, self.number, time_s=time.monotonic())
                self.shared.channel.tell(event)
