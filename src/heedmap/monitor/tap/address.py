"""Addresses: the server behind the tap, and where the tap listens."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from heedmap.errors import TapError

REACH_TIMEOUT_S = 5.0
Scheme = Literal["ws", "wss", "tcp"]
_SCHEMES: dict[str, Scheme] = {"ws": "ws", "wss": "wss", "tcp": "tcp", "zmq": "tcp"}


@dataclass(frozen=True)
class Address:
    """A policy server's place."""

    url: str
    scheme: Scheme
    """Websockets, the same over TLS, or ZeroMQ."""
    host: str
    port: int
    path: str
    """Path and query; empty where none is given."""

    @property
    def is_tls(self) -> bool:
        """Whether the connection to the server is encrypted."""
        return self.scheme == "wss"

    @property
    def is_zmq(self) -> bool:
        """Whether GR00T's protocol is spoken there."""
        return self.scheme == "tcp"


def server_address(url: str) -> Address:
    """The parts of `ws://HOST:PORT[/PATH]`, `wss://...` or `tcp://HOST:PORT`.

    Raises TapError for anything else.
    """
    whole = url if "://" in url else f"ws://{url}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not host or parts.username or not _is_plain(whole):
        raise TapError(
            "'{url}' is no address of a policy server; give ws://HOST:PORT, or tcp://HOST:PORT of "
            "GR00T's.",
            url=url,
        )
    query = f"?{parts.query}" if parts.query else ""
    path = "" if parts.path in ("", "/") and not query else f"{parts.path or '/'}{query}"
    if scheme == "tcp":
        if port is None or path or parts.fragment:
            raise TapError("'{url}' is no address of ZeroMQ; give tcp://HOST:PORT.", url=url)
        return Address(written(host, port, scheme), scheme, host, port, "")
    return Address(whole, scheme, host, port or (443 if scheme == "wss" else 80), path)


def check_reachable(address: Address) -> None:
    """Raise TapError where nothing listens at the server's address."""
    try:
        socket.create_connection((address.host, address.port), REACH_TIMEOUT_S).close()
    except OSError as error:
        raise TapError(
            "The policy server {url} cannot be reached ({why}); start it first, and check host "
            "and port.",
            url=address.url,
            why=error.strerror or error,
        ) from error


def listen_at(place: str, *, is_public: bool) -> socket.socket:
    """An open listening socket at HOST:PORT; port 0 takes a free one.

    Raises TapError for a place that is none, that is taken, or that other machines could reach
    where that was not allowed.
    """
    host, _, digits = place.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not digits.isascii() or not digits.isdigit() or int(digits) > 65535:
        raise TapError(
            "--listen '{place}' is no HOST:PORT; give one such as 127.0.0.1:8100.", place=place
        )
    try:
        found = socket.getaddrinfo(host, int(digits), type=socket.SOCK_STREAM)
        family, _, _, _, where = found[0]
        if not is_public and not ipaddress.ip_address(where[0]).is_loopback:
            raise TapError(
                "--listen {place} could be reached by other machines; give 127.0.0.1:PORT, or "
                "--public where that is meant.",
                place=place,
            )
        return socket.create_server(where[:2], family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TapError(
            "The tap cannot listen at {place} ({reason}); give another --listen HOST:PORT.",
            place=place,
            reason=reason,
        ) from error


def written(host: str, port: int, scheme: Scheme) -> str:
    """As a client writes it; a tap of encrypted websockets listens without encryption."""
    begin = "tcp" if scheme == "tcp" else "ws"
    return f"{begin}://[{host}]:{port}" if ":" in host else f"{begin}://{host}:{port}"


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url
