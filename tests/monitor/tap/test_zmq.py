"""What passes between client and server over ZeroMQ passes unchanged, and the copy is read."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.monitor.tap.frames import BINARY
from heedmap.monitor.tap.payload import payload_of_zmq
from heedmap.monitor.tap.recording import read_run
from heedmap.monitor.tap.zmtp import GREETING_BYTES, ZmtpWalker
from tests.monitor.tap.servers import free_port, tapping, until
from tests.monitor.tap.test_forward import received
from tests.monitor.tap.zmq_servers import ZmqClient, replying, zmq_client

GREETING = (b"\xff" + bytes(8) + b"\x7f\x03\x00NULL").ljust(GREETING_BYTES, b"\0")


def echo(parts: list[bytes]) -> list[bytes]:
    return parts


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZmqClient]:
    folder = tmp_path_factory.mktemp("echo")
    with (
        replying(echo) as server,
        tapping(server, folder) as tapped,
        zmq_client(tapped.address) as client,
    ):
        yield client


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=5))
def test_messages_come_back_as_they_were_sent(echoing: ZmqClient, parts: list[bytes]) -> None:
    assert echoing.sent(*parts) == parts


def test_large_messages_pass(echoing: ZmqClient) -> None:
    large = bytes(range(256)) * 2**14
    assert echoing.sent(large, b"", large[:300]) == [large, b"", large[:300]]


def test_the_very_bytes_pass_both_ways(tmp_path: Path) -> None:
    """Also what is no greeting, no frame and no message of ZeroMQ."""
    noise = random.Random(0).randbytes(200_000)
    for begin in (GREETING, b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
            with tapping(address, tmp_path / str(len(begin))) as tapped:
                port = int(tapped.address.rpartition(":")[2])
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(begin)
                    there, _ = server.accept()
                    with there:
                        there.sendall(GREETING + noise)
                        client.sendall(noise)
                        assert received(there, len(begin) + len(noise)) == begin + noise
                        assert received(client, 64 + len(noise)) == GREETING + noise
                        client.shutdown(socket.SHUT_WR)
                        assert there.recv(1) == b""


def test_many_clients_at_once_each_get_their_own(tmp_path: Path) -> None:
    with replying(echo) as server, tapping(server, tmp_path / "run") as tapped:

        def talk(number: int) -> bool:
            with zmq_client(tapped.address) as client:
                messages = [f"{number} {step}".encode() * 400 for step in range(20)]
                return all(client.sent(message) == [message] for message in messages)

        with ThreadPoolExecutor(6) as pool:
            assert all(pool.map(talk, range(6)))
    about = read_run(tmp_path / "run").about
    assert about.messages + about.dropped == 6 * 20 * 2


def test_a_client_waits_until_the_server_is_there(tmp_path: Path) -> None:
    """As it would without a tap; a server that is started again is found again, too."""
    port = free_port()
    with (
        tapping(f"tcp://127.0.0.1:{port}", tmp_path / "run") as tapped,
        ThreadPoolExecutor(1) as pool,
        zmq_client(tapped.address) as client,
    ):
        first = pool.submit(client.sent, b"first")
        time.sleep(0.4)
        assert not first.done()
        with replying(echo, port):
            assert first.result(10) == [b"first"]
        with replying(echo, port), zmq_client(tapped.address) as other:
            assert other.sent(b"second") == [b"second"]
    about = read_run(tmp_path / "run").about
    assert about.unreachable >= 1
    assert about.messages == 4


def test_a_client_that_gives_up_waiting_is_forgotten(tmp_path: Path) -> None:
    with tapping(f"tcp://127.0.0.1:{free_port()}", tmp_path / "run") as tapped:
        with zmq_client(tapped.address) as client, pytest.raises(zmq.Again):
            client.patience(0.3)
            client.sent(b"x")
        until(lambda: tapped.tap.told.about.unreachable == 1)
        time.sleep(0.6)
    assert read_run(tmp_path / "run").about.unreachable == 1, "told once, not at every try"


FRAMES = st.lists(
    st.tuples(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.booleans()), max_size=5
)


def frame(flags: int, body: bytes, *, is_long: bool = False) -> bytes:
    if is_long or len(body) > 255:
        return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body
    return bytes([flags, len(body)]) + body


@settings(max_examples=60, deadline=None)
@given(FRAMES, st.integers(1, 70), st.booleans())
def test_messages_are_found_however_they_are_cut(
    messages: list[tuple[list[bytes], bool]], size: int, is_long: bool
) -> None:
    sent = GREETING + frame(4, b"\x05READY")
    for parts, has_heartbeat in messages:
        sent += frame(4, b"\x04PING") if has_heartbeat else b""
        whole = [b"", *parts]
        last = len(whole) - 1
        for number, part in enumerate(whole):
            sent += frame(int(number < last), part, is_long=is_long)
    walker, found = ZmtpWalker(), list[bytes]()
    for at in range(0, len(sent), size):
        for opcode, frames in walker.feed(sent[at : at + size]):
            assert opcode == BINARY
            assert frames is not None
            found.append(payload_of_zmq(frames))
    assert found == [b"".join(parts) for parts, _ in messages]
    assert walker.is_between


def test_a_message_that_is_too_long_is_counted_and_the_next_is_found() -> None:
    walker = ZmtpWalker(most_bytes=100)
    sent = GREETING + frame(1, b"") + frame(0, bytes(200)) + frame(1, b"") + frame(0, b"next")
    long, following = walker.feed(sent)
    assert long == (BINARY, None)
    assert following[1] is not None
    assert payload_of_zmq(following[1]) == b"next"


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\n", GREETING[:10] + b"\x01", b"\xff" * 64])
def test_what_does_not_begin_as_zeromq_does_is_not_looked_at(begin: bytes) -> None:
    with pytest.raises(ValueError, match="ZeroMQ"):
        list(ZmtpWalker().feed(begin))
