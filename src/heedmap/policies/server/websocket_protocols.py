"""Which of two protocols a server at a websocket's other end speaks."""

from __future__ import annotations

from heedmap.errors import PolicyError
from heedmap.policies.server.connection import Connection
from heedmap.policies.server.openpi import OpenpiConnection
from heedmap.policies.server.options import ServerOptions
from heedmap.policies.server.vla_eval import VlaEvalConnection
from heedmap.policies.server.websocket import Websocket


def open_connection(address: str, options: ServerOptions) -> Connection:
    """A conversation in the protocol that is named; else in the one that the server speaks."""
    websocket = Websocket(address, options.timeout_s)
    try:
        if options.protocol == "vla-eval":
            return VlaEvalConnection(websocket, options)
        if options.protocol == "openpi":
            return OpenpiConnection(websocket, websocket.receive(), options)
        first = websocket.speaks_first()
        if first is not None:
            return OpenpiConnection(websocket, first, options)
        return VlaEvalConnection(websocket, options)
    except PolicyError:
        websocket.close()
        raise
