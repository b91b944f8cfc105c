"""Bytes that whoever reaches the port of `heedmap serve` may send."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from random import Random

from tests.fuzz.mutate import ESCAPE, VALUES

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
SECONDS = 25.0


def write_requests(folder: Path) -> None:
    from tests.report.sample import realistic

    realistic(layers=1, heads=1, names=("m", "n")).save(folder / "run")
    (folder / "written").write_bytes(REQUEST)


def ask(folder: Path) -> None:
    """Send what is written; the next one is answered as ever, and nothing was printed."""
    with _served(folder / "run") as port:
        said = _answer(port, (folder / "written").read_bytes().replace(b"{port}", b"%d" % port))
        assert b"root:x:" not in said  # of /etc/passwd
        for raw in (b"\x1b", b"\xe2\x80\xae"):
            assert raw not in said, "raw characters"
        after = _answer(port, b"GET /state HTTP/1.0\r\nHost: localhost:%d\r\n\r\n" % port)
        assert b" 200 " in after, after[:80]


def spoil_request(folder: Path, draw: Random) -> str:
    """Another path, other headers, or other bytes."""
    names = [v for v in VALUES if isinstance(v, str)] + ["m", "n", "<b>", "%", "%00", "%ff", "["]
    names += ["http://[", "//[::1", "\udcff", "a" * 70_000, "../record.json", "%2e%2e/", ESCAPE]

    def text() -> bytes:
        return draw.choice(names).encode("utf-8", "surrogatepass")

    paths = (b"/", b"/compare?policy=m&policy=n", b"/drawings?policy=m", b"/state", b"http://[")
    paths += (b"/compare?" + b"policy=m&" * draw.choice((2, 199, 500)), b"*", text(), b"/" + text())
    paths += (b"/compare?policy=" + text() + b"&policy=" + text(), b"/drawings?policy=" + text())
    line = [draw.choice((b"GET", b"GET", b"GET", b"HEAD", b"POST", b"G\x00", text()))]
    line += [draw.choice(paths), draw.choice((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9", b"", text()))]
    heads = [b"Host: " + draw.choice((b"127.0.0.1:{port}",) * 4 + (b"evil", text()))]
    heads += [
        draw.choice((b"Content-Length: -1", b"Expect: 100-continue", text() + b": " + text()))
    ]
    heads *= draw.choice((1, 1, 1, 200))
    made = b" ".join(line) + b"\r\n" + b"\r\n".join(heads) + b"\r\nConnection: close\r\n\r\n"
    kind = draw.choice(("text", "text", "text", "cut", "bytes", "nothing"))
    if kind == "cut":
        made = made[: draw.randrange(len(made))]
    elif kind == "bytes":
        made = draw.randbytes(draw.choice((1, 100, 70_000)))
    elif kind == "nothing":
        made = b""
    (folder / "written").write_bytes(made)
    return f"{kind} {made[:60]!r}"


@contextmanager
def _served(run: Path) -> Iterator[int]:
    """The server's port. Afterwards AssertionError where it printed anything."""
    from heedmap.cli.serve import ResultView
    from tests.serving import served

    errors = io.StringIO()
    with redirect_stderr(errors), served(ResultView(run, "en")) as port:
        yield port
    assert not errors.getvalue(), errors.getvalue()[-300:]


def _answer(port: int, request: bytes) -> bytes:
    """What comes back until the server closes; the sender says that no more will come."""
    found = b""
    address = ("127.0.0.1", port)
    with socket.create_connection(address, SECONDS) as connection, suppress(ConnectionError):
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(2**16):
            found += part
    return found
