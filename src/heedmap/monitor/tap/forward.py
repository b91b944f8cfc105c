"""The process that passes the traffic on: bytes in, the same bytes out, and a copy to look at.

Of a websocket only the request that opens it is rewritten, of ZeroMQ nothing. Everything else
passes as it comes, chunk by chunk. The copy goes to the observer over a socket that never blocks:
what it has not read yet is bounded, and beyond that a message passes without a copy.

Needs the standard library alone. Run as `python -m heedmap.monitor.tap.forward '{...}'`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import time

from heedmap.monitor.tap.link import Client, Route, Shared
from heedmap.monitor.tap.websocket import WebsocketLink
from heedmap.monitor.tap.zmtp import ZmqLink

CLOSE_TIMEOUT_S, FLUSH_TIMEOUT_S = 2.0, 10.0


class Forwarder:
    """All connections."""

    def __init__(self, route: Route) -> None:
        self.shared = Shared(route)

    def accept(self) -> Client:
        """A protocol for a new client."""
        kind = ZmqLink if self.shared.route.is_zmq else WebsocketLink
        return kind(self.shared).client

    async def close(self, timeout_s: float) -> None:
        """Say goodbye on every connection, and wait until they are closed."""
        links = self.shared.links
        for link in list(links):
            link.say_goodbye()
        end = time.monotonic() + timeout_s
        while links and time.monotonic() < end:
            await asyncio.sleep(0.01)


async def forward(route: Route) -> None:
    """Listen until the observer closes its side of the channel."""
    loop, forwarder = asyncio.get_running_loop(), Forwarder(route)
    observer = forwarder.shared.channel
    channel = socket.socket(fileno=route.channel)
    await loop.create_connection(lambda: observer, sock=channel)
    listening = socket.socket(fileno=route.listening)
    server = await loop.create_server(forwarder.accept, sock=listening)
    await observer.over.wait()
    server.close()
    await forwarder.close(CLOSE_TIMEOUT_S)
    await observer.flushed(FLUSH_TIMEOUT_S)


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of peers that break off
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the observer decides when it ends
    asyncio.run(forward(Route(**json.loads(sys.argv[1]))))
