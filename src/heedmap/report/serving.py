"""Pages over HTTP for the person at this machine: read only, on the loopback interface alone.

A view says what there is to see and what it is at; a page in the browser asks every few seconds
whether that has changed, and then loads itself again with the same selection in its address.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from heedmap.data.gates.gate import gate
from heedmap.errors import HeedmapError, RecordError
from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase
from heedmap.report.page.environment import environment

LOOPBACK = "127.0.0.1"
HTTP_PORT = 80
MOST_FIELDS = 200
MOST_SILENCE_S = 60.0
"""Of a browser that is connected; then its thread ends."""
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_REST = "style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; "
_REST += "form-action 'none'; frame-ancestors 'none'"
_NO_PAGE = Phrase("No such page.")


@dataclass(frozen=True)
class State:
    """How far a view is."""

    stamp: str
    """Other than before where there is something new to see."""
    said: Mapping[Language, str]
    """The same in words."""


class View(Protocol):
    """What is served."""

    has_policies: bool
    """Whether its first page has a line for each policy, which can be filtered and compared."""

    language: Language
    """What it is said in, where that is not chosen on the page."""

    def state(self) -> State:
        """As it is now; asked for every few seconds. Raises HeedmapError where it cannot be."""
        ...

    def page(self, path: str, query: Mapping[str, Sequence[str]]) -> str | None:
        """The page at a path; None where there is none. Raises HeedmapError where it cannot be."""
        ...


def server_of(view: View, port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface; port 0 takes a free one.

    Raises RecordError where the port is taken. The caller runs it and closes it.
    """

    class Handler(_Handler):
        served = view
        drawing = Lock()

    try:
        return _Server((LOOPBACK, port), Handler)
    except OSError as error:
        why = error.strerror or error
        raise RecordError(
            "Port {port} cannot be used: {why}; choose another --port.", port=port, why=why
        ) from error


def page_of(text: str, language: Language = "en") -> str:
    """A page of one sentence, where there is nothing to show yet."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    style = "<style>:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui; }</style>"
    body = f"<body><p>{html.escape(text)}</p></body>"
    return (
        f'<!doctype html><html lang="{language}"><title>heedmap</title>{head}{style}{body}</html>'
    )


def hosts_of(port: int) -> list[str]:
    """What browsers call this machine; port 80 goes without saying."""
    named = [f"{host}:{port}" for host in (LOOPBACK, "localhost")]
    return [*named, LOOPBACK, "localhost"] if port == HTTP_PORT else named


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing where whoever asked has gone away, or says nothing for too long."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    served: View
    drawing: Lock
    """Charts are drawn by one thread at a time."""
    timeout = MOST_SILENCE_S
    server_version = "heedmap"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with a page, or with the state of the view."""
        assert isinstance(self.server, ThreadingHTTPServer)
        if self.headers.get("Host") not in hosts_of(self.server.server_port):
            self._refuse(HTTPStatus.FORBIDDEN, Phrase("Only for this machine."))
            return  # another site's name that points here
        try:
            asked = urlsplit(self.path)
            query = parse_qs(asked.query, max_num_fields=MOST_FIELDS)
        except ValueError:  # no address at all, or of too many fields
            self._refuse(HTTPStatus.NOT_FOUND, _NO_PAGE)
            return
        stamp = ""
        try:
            with gate(
                RecordError,
                Phrase("The page"),
                Phrase("heedmap verify tells more"),
                doing=Phrase("shown"),
            ):
                if asked.path == "/state":
                    self._answer(HTTPStatus.OK, "application/json", self._state())
                    return
                stamp = self.served.state().stamp
                with self.drawing:
                    page = self.served.page(unquote(asked.path), query)
        except HeedmapError as error:
            page = page_of(error.in_language(self.served.language), self.served.language)
        if page is None:
            self._refuse(HTTPStatus.NOT_FOUND, _NO_PAGE)
        else:
            self._answer(HTTPStatus.OK, "text/html", self._live(page, stamp))

    def _state(self) -> str:
        return json.dumps(asdict(self.served.state()))

    def _live(self, page: str, stamp: str) -> str:
        live = environment().get_template("live.html.j2")
        shows = self.served.has_policies and 'id="ladder"' in page
        return page.replace("</body>", f"{live.render(stamp=stamp, has_policies=shows)}</body>", 1)

    def _refuse(self, status: HTTPStatus, why: Phrase) -> None:
        self._answer(status, "text/plain", why.in_language(self.served.language))

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", _policy(text if kind == "text/html" else ""))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        with suppress(OSError):  # the reader has gone to another page
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what a browser asks for is not for the terminal."""


def _policy(page: str) -> str:
    """Only the page's own scripts run, by their hashes; nothing is fetched from elsewhere."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _SCRIPT.findall(page)
    ]
    scripts = " ".join(hashes) or "'none'"
    return f"default-src 'none'; script-src {scripts}; {_REST}"
