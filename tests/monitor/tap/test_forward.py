"""What passes through a tap passes unchanged, in both directions."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection

from heedmap.monitor.tap.recording import read_run
from tests.monitor.tap.servers import Handle, free_port, serving, tapping

MESSAGES = st.one_of(st.binary(max_size=300), st.text(max_size=100))


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)
        if message == b"close":
            connection.close(4321, "as asked")


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> object:
    with serving(echo) as server, tapping(server, tmp_path_factory.mktemp("echo")) as tapped:
        yield tapped.address


@settings(max_examples=20, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=8))
def test_messages_come_back_as_they_were_sent(echoing: str, messages: list[str | bytes]) -> None:
    with connect(echoing) as connection:
        for message in messages:
            connection.send(message)
        back = [connection.recv() for _ in messages]
    assert back == messages
    assert list(map(type, back)) == list(map(type, messages))


def test_large_messages_and_fragments_of_them_pass(echoing: str) -> None:
    large = bytes(range(256)) * 2**14
    with connect(echoing, max_size=None) as connection:
        connection.send(large)
        assert connection.recv() == large
        connection.send([large[:1000], b"", large[1000:]])
        assert connection.recv() == large
        connection.send(["a", "b", "ö"])
        assert connection.recv() == "abö"


def noting_the_end() -> tuple[list[int | None], threading.Event, Handle]:
    """Close codes that an echoing server was given, when it was, and the server."""
    codes: list[int | None] = []
    ended = threading.Event()

    def handle(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            echo(connection)
        codes.append(connection.close_code)
        ended.set()

    return codes, ended, handle


def test_close_codes_pass_in_both_directions(tmp_path: Path) -> None:
    codes, ended, handle = noting_the_end()

    with serving(handle) as server, tapping(server, tmp_path / "run") as tapped:
        with connect(tapped.address) as connection:
            connection.send(b"close")
            assert connection.recv() == b"close"
            with pytest.raises(ConnectionClosed) as closed:
                connection.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4321, "as asked")
        assert ended.wait(5)
        ended.clear()
        with connect(tapped.address) as connection:
            connection.close(4007)
        assert ended.wait(5)
    assert codes == [4321, 4007]


def test_a_server_gets_the_clients_headers_and_path_and_no_compression(tmp_path: Path) -> None:
    seen: list[Request] = []

    def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request)

    with serving(handle) as server, tapping(server, tmp_path / "run") as tapped:
        headers = {"Authorization": "Api-Key secret"}
        with connect(f"{tapped.address}/policy?a=1", additional_headers=headers):
            pass
    assert seen[0].path == "/policy?a=1"
    assert seen[0].headers["Authorization"] == "Api-Key secret"
    assert seen[0].headers["Host"] == server.removeprefix("ws://")
    assert "Sec-WebSocket-Extensions" not in seen[0].headers


def test_what_is_no_websocket_passes_too(tmp_path: Path) -> None:
    """Servers say over plain HTTP whether they are ready."""
    from websockets.sync.server import serve

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(200, "ready") if request.path == "/healthz" else None

    with serve(echo, "127.0.0.1", 0, process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        with tapping(address, tmp_path / "run") as tapped:
            url = tapped.address.replace("ws://", "http://")
            with urllib.request.urlopen(f"{url}/healthz") as response:
                assert response.read() == b"ready"
            with connect(tapped.address) as connection:
                connection.send("x")
                assert connection.recv() == "x"
        server.shutdown()
        thread.join()
    assert read_run(tmp_path / "run").about.messages == 2


def test_many_clients_at_once_each_get_their_own(tmp_path: Path) -> None:
    with serving(echo) as server, tapping(server, tmp_path / "run") as tapped:

        def talk(number: int) -> bool:
            with connect(tapped.address, max_size=None) as connection:
                for step in range(20):
                    message = f"{number} {step}".encode() * 400
                    connection.send(message)
                    if connection.recv() != message:
                        return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(talk, range(8)))
    about = read_run(tmp_path / "run").about
    assert about.messages + about.dropped == 8 * 20 * 2


def test_a_client_is_refused_while_the_server_is_away(tmp_path: Path) -> None:
    away = f"ws://127.0.0.1:{free_port()}"
    with tapping(away, tmp_path / "run") as tapped:
        with pytest.raises(InvalidStatus, match="502"):
            connect(tapped.address)
        port = int(tapped.address.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 502
        connection.close()
    assert read_run(tmp_path / "run").about.unreachable == 2


def test_both_sides_are_told_when_the_tap_ends(tmp_path: Path) -> None:
    codes, ended, handle = noting_the_end()

    with serving(handle) as server, ExitStack() as left_open:
        with tapping(server, tmp_path / "run") as tapped:
            connection = left_open.enter_context(connect(tapped.address))
            connection.send(b"x")
            connection.recv()
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert ended.wait(5)
    assert codes == [1001]


def test_bytes_that_are_no_frames_pass_too(tmp_path: Path) -> None:
    """After the websocket is open, whatever one side sends reaches the other."""
    noise = random.Random(0).randbytes(200_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"ws://127.0.0.1:{server.getsockname()[1]}"
        with tapping(address, tmp_path / "run") as tapped:
            port = int(tapped.address.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" + noise)
                there, _ = server.accept()
                with there:
                    request = b"GET / HTTP/1.1\r\n" + f"Host: {address[5:]}".encode()
                    expected = request + b"\r\nUpgrade: websocket\r\n\r\n" + noise
                    assert received(there, len(expected)) == expected
                    there.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + noise)
                    there.shutdown(socket.SHUT_WR)
                    back = received(client, 36 + len(noise))
                    client.sendall(noise)
                    client.shutdown(socket.SHUT_WR)
                    assert received(there, len(noise)) == noise
                    assert there.recv(1) == b""
    assert back == b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + noise


def received(connection: socket.socket, size: int) -> bytes:
    """So many bytes."""
    connection.settimeout(10)
    found = b""
    while len(found) < size and (chunk := connection.recv(2**16)):
        found += chunk
    return found


def test_a_client_that_reads_slowly_gets_everything(tmp_path: Path) -> None:
    large = bytes(range(256)) * 2**12

    def floods(connection: ServerConnection) -> None:
        for _ in range(16):
            connection.send(large)

    with (
        serving(floods) as server,
        tapping(server, tmp_path / "run") as tapped,
        connect(tapped.address, max_size=None) as connection,
    ):
        time.sleep(0.2)
        assert all(connection.recv() == large for _ in range(16))
