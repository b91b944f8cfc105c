"""How a websocket begins: an HTTP request and its answer, before the frames.

Only the request is rewritten: it gets the server's host, and no compression is asked for. What is
no websocket (`GET /health`) passes, too. Needs the standard library alone.
"""

from __future__ import annotations

import re

from heedmap.monitor.tap.frames import Walker, close_frame
from heedmap.monitor.tap.link import Client, Link, Route, Shared, Side

MOST_HEAD_BYTES = 64 * 2**10
GOING_AWAY = 1001
_END = b"\r\n\r\n"


class WebsocketServer(Side):
    """The side of the server: its answer says whether this is a websocket."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, Walker(), is_server=True)
        self._head: bytearray | None = bytearray()
        """Of the answer; None once it is complete."""

    def after_opening(self, data: bytes) -> bytes:
        """What follows the head of the answer."""
        if self._head is None:
            return data
        self._head += data
        head, end, rest = bytes(self._head).partition(_END)
        if not end and len(self._head) < MOST_HEAD_BYTES:
            return b""
        self._head = None
        if re.match(rb"HTTP/1\.1 101\b", head):
            self.link.is_agreed = True
            self.link.open()
        return rest

    def goodbye(self) -> bytes:
        """A close frame, masked as a client's."""
        return close_frame(GOING_AWAY, is_masked=True)


class WebsocketClient(Client):
    """The side of the client: its request is held until the server is there."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, Walker())

    def is_ready(self, held: bytes) -> bool:
        """Whether the request is whole; one that is too long is refused."""
        if _END not in held and len(held) > MOST_HEAD_BYTES:
            self.refuse("431 Request Header Fields Too Large")
        return _END in held

    def opening(self, held: bytes) -> tuple[bytes, bytes]:
        """The request for the server; what follows cannot be frames yet, and passes with it."""
        head, end, rest = held.partition(_END)
        return rewritten(head, self.link.shared.route) + end + rest, b""

    def refuse(self, reason: str) -> None:
        """Answer in place of the server."""
        self.write(f"HTTP/1.1 {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        if self.transport is not None:
            self.transport.close()

    async def was_unreachable(self) -> bool:
        """A client of HTTP expects an answer."""
        self.refuse("502 Bad Gateway")
        return False

    def goodbye(self) -> bytes:
        """A close frame."""
        return close_frame(GOING_AWAY, is_masked=False)


class WebsocketLink(Link):
    """Agreed once the server has said so."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self.server, self.client = WebsocketServer(self), WebsocketClient(self)


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
