"""A server of pages that runs beside a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from heedmap.report.serving import View, server_of


@contextmanager
def served(view: View) -> Iterator[int]:
    """The port of a running server."""
    with server_of(view, 0) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
