"""The process that passes the traffic on: bytes in, the same bytes out, and a copy to look at.

Only the request that opens a connection is rewritten: it gets the server's host, and no
compression is asked for. Everything after it passes as it comes, chunk by chunk, also what is no
websocket (`GET /health`). The copy goes to the observer over a socket that never blocks: what it
has not read yet is bounded, and beyond that a message passes without a copy.

Needs the standard library alone. Run as `python -m heedmap.monitor.tap.forward '{...}'`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import socket
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from heedmap.monitor.tap.channel import Channel
from heedmap.monitor.tap.events import Event, Kind
from heedmap.monitor.tap.frames import CLOSE, TEXT, Walker, close_frame

MOST_CLIENTS = 256
MOST_HEAD_BYTES = 64 * 2**10
CONNECT_TIMEOUT_S, CLOSE_TIMEOUT_S, FLUSH_TIMEOUT_S = 10.0, 2.0, 10.0
GOING_AWAY = 1001
_HIGH_WATER_BYTES = 2**20
_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Route:
    """From where to where, as the observer says it; the numbers are open file descriptors."""

    listening: int
    channel: int
    host: str
    port: int
    is_tls: bool
    path: str
    """Path and query that every client is led to; empty: the client's own."""


class Forwarder:
    """All connections, and what they have in common."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.channel = Channel()
        self.links: set[Link] = set()
        self._clients = 0

    def accept(self) -> Client:
        """A protocol for a new client."""
        return Client(Link(self))

    def next_number(self) -> int:
        """For a client whose websocket is open."""
        self._clients += 1
        return self._clients

    async def close(self, timeout_s: float) -> None:
        """Say goodbye on every connection, and wait until they are closed."""
        for link in list(self.links):
            link.say_goodbye()
        end = time.monotonic() + timeout_s
        while self.links and time.monotonic() < end:
            await asyncio.sleep(0.01)


class Side(asyncio.Protocol):
    """One side of a connection: what comes here goes out on the other side."""

    def __init__(self, link: Link, *, is_server: bool) -> None:
        self.link = link
        self.is_server = is_server
        self.transport: asyncio.Transport | None = None
        self.head: bytearray | None = bytearray()
        """Of the request or answer that opens the connection; None once it is complete."""
        self.walker = Walker()
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
        self.link.forwarder.links.add(self.link)

    def data_received(self, data: bytes) -> None:
        """Pass it on first, then look at it."""
        self.other.write(data)
        if self.head is not None:
            data = self.take_head(data)
        if self.link.number and data and self.is_observed:
            try:
                self.observe(data)
            except Exception:  # whatever is wrong with the copy, the traffic passes
                self.is_observed = False
                self.link.forwarder.channel.dropped += 1

    def take_head(self, data: bytes) -> bytes:
        """What follows the head; the server's says whether this is a websocket."""
        assert self.head is not None
        self.head += data
        head, end, rest = bytes(self.head).partition(_END)
        if not end and len(self.head) < MOST_HEAD_BYTES:
            return b""
        self.head = None
        if re.match(rb"HTTP/1\.1 101\b", head):
            self.link.open()
        return rest

    def observe(self, data: bytes) -> None:
        """Tell of each message that ends here."""
        channel, now = self.link.forwarder.channel, time.monotonic()
        for opcode, frames in self.walker.feed(data):
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


class Client(Side):
    """The side that connected to the tap; its request is held until the server is there."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, is_server=False)
        link.client = self
        self._is_connecting = False

    def data_received(self, data: bytes) -> None:
        """Hold the request until the server is there; then as on either side."""
        if self.head is None:
            super().data_received(data)
            return
        self.head += data
        if self._is_connecting:
            return
        if len(self.link.forwarder.links) > MOST_CLIENTS:
            self.refuse("503 Service Unavailable")
        elif _END in self.head:
            self._is_connecting = True
            self.link.connecting = asyncio.ensure_future(self._connect())
        elif len(self.head) > MOST_HEAD_BYTES:
            self.refuse("431 Request Header Fields Too Large")

    async def _connect(self) -> None:
        route, loop = self.link.forwarder.route, asyncio.get_running_loop()
        tls = ssl.create_default_context() if route.is_tls else None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.create_connection(
                    lambda: self.link.server, route.host, route.port, ssl=tls
                )
        except (OSError, TimeoutError) as error:
            why = str(error) or f"no answer in {CONNECT_TIMEOUT_S:g} s"
            self.link.forwarder.channel.tell(Event(Kind.unreachable, 0, content=why.encode()))
            self.refuse("502 Bad Gateway")
            return
        if self.transport is None:  # it went away meanwhile
            if self.link.server.transport is not None:
                self.link.server.transport.close()
            return
        assert self.head is not None
        head, end, rest = bytes(self.head).partition(_END)
        self.head = None
        self.link.server.write(rewritten(head, route) + end + rest)

    def refuse(self, status: str) -> None:
        """Answer in place of the server."""
        self.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        if self.transport is not None:
            self.transport.close()


class Link:
    """A client's connection and the one to the server that belongs to it."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        self.server = Side(self, is_server=True)
        self.client: Side = self.server  # until a client takes its place
        self.connecting: asyncio.Future[None] | None = None
        self.number = 0
        """0 as long as this is no websocket."""

    def open(self) -> None:
        """Both sides agreed on a websocket."""
        self.number = self.forwarder.next_number()
        self.forwarder.channel.tell(Event(Kind.opened, self.number, time_s=time.monotonic()))

    def say_goodbye(self) -> None:
        """A close frame for each side, where it cuts no other frame in two; then the end."""
        for side in (self.client, self.server):
            if self.number and side.other.walker.is_between:
                side.write(close_frame(GOING_AWAY, is_masked=side.is_server))
            if side.transport is not None:
                side.transport.close()

    def end(self) -> None:
        """One side is gone; once both are, the observer is told."""
        if self in self.forwarder.links and self.client.transport is self.server.transport is None:
            self.forwarder.links.discard(self)
            if self.number:
                event = Event(Kind.ended, self.number, time_s=time.monotonic())
                self.forwarder.channel.tell(event)


def rewritten(head: bytes, route: Route) -> bytes:
    """A request's head, led to the server's host and path; compression is not asked for."""
    first, *fields = head.split(b"\r\n")
    if route.path:
        method, _, version = first.split(b" ", 2) if first.count(b" ") == 2 else (first, b"", b"")
        first = b" ".join((method, route.path.encode(), version))
    host = f"[{route.host}]" if ":" in route.host else route.host
    kept = [b"Host: %s:%d" % (host.encode(), route.port)]
    kept += [
        field
        for field in fields
        if field.split(b":")[0].strip().lower() not in (b"host", b"sec-websocket-extensions")
    ]
    return b"\r\n".join((first, *kept))


async def forward(route: Route) -> None:
    """Listen until the observer closes its side of the channel."""
    loop, forwarder = asyncio.get_running_loop(), Forwarder(route)
    channel = socket.socket(fileno=route.channel)
    await loop.create_connection(lambda: forwarder.channel, sock=channel)
    listening = socket.socket(fileno=route.listening)
    server = await loop.create_server(forwarder.accept, sock=listening)
    await forwarder.channel.over.wait()
    server.close()
    await forwarder.close(CLOSE_TIMEOUT_S)
    await forwarder.channel.flushed(FLUSH_TIMEOUT_S)


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of peers that break off
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the observer decides when it ends
    asyncio.run(forward(Route(**json.loads(sys.argv[1]))))
