"""Servers that answer with what is no answer: one sentence each, within the time that is given."""

from __future__ import annotations

import io
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection
from websockets.utils import accept_key

from heedmap.data.observation import of_frame
from heedmap.errors import MissingExtraError, PolicyError
from heedmap.policies.registry import load_policy
from heedmap.policies.server.messages import (
    npy_array,
    numpy_array,
    openpi_array,
    packed,
    unpacked,
    vla_eval_array,
)
from heedmap.testbed.specimens.world import FrameCase
from tests.policies.server.gr00t_servers import Gr00tForm, gr00t_server
from tests.policies.server.servers import (
    HANG_UP,
    Spoil,
    asking,
    heeds,
    vla_eval_server,
    websocket_server,
)

BOMB = b"\x80\x03cbuiltins\neval\nX\x04\x00\x00\x001/0 \x85R."


@contextmanager
def openpi_server(spoil: Spoil) -> Iterator[str]:
    def handle(connection: ServerConnection) -> None:
        connection.send(packed({}, openpi_array))
        for _ in connection:
            content = spoil(packed({"actions": np.zeros((3, 2))}, openpi_array))
            if content == HANG_UP:
                return
            if content is not None:
                connection.send(content)

    with websocket_server(handle) as address:
        yield f"{address}?protocol=openpi"


@contextmanager
def of_protocol(name: str, spoil: Spoil) -> Iterator[str]:
    """The spec of a healthy server, but for what `spoil` makes of its answers."""
    if name == "openpi":
        with openpi_server(spoil) as address:
            yield f"server:{address}"
    elif name == "vla-eval":
        with vla_eval_server(heeds, spoil) as (address, _):
            yield f"server:{address}?protocol=vla-eval"
    else:
        with gr00t_server(heeds, Gr00tForm("n1.6"), spoil) as (address, _):
            yield f"server:{address}?"


def npy_of(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def huge_npy() -> bytes:
    """A header that says 4 TB."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999,)}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 8


def action(value: Any) -> Spoil:
    """An answer of the protocol's form with another value for its actions."""

    def spoil(content: bytes) -> bytes:
        message = msgpack.unpackb(content, strict_map_key=False)
        if isinstance(message, list):  # GR00T
            message[0] = dict.fromkeys(message[0], value)
        elif "payload" in message:
            message["payload"]["actions"] = value
        else:
            message["actions"] = value
        return msgpack.packb(message) or b""

    return spoil


def array(**changes: Any) -> dict[str, Any]:
    said = {"__ndarray__": True, "data": b"\0" * 8, "dtype": "<f4", "shape": [1, 2]}
    return {**said, **changes}


NO_ANSWERS: dict[str, tuple[Spoil, str]] = {
    "bytes": (lambda _: b"\xc1", "no message of"),
    "a pickle": (lambda _: BOMB, "no message of|gave no|sent a|has none"),
    "cut in half": (lambda content: content[: len(content) // 2], "no message of"),
    "nothing": (lambda _: b"", "no message of"),
    "a number": (lambda _: b"\x07", "sent a int|gave no|has none"),
    "deep lists": (lambda _: b"\x91" * 100_000 + b"\xc0", "no message of"),
    "a list that is said to be huge": (lambda _: b"\xdd\xff\xff\xff\xff", "no message of"),
    "an error": (
        lambda _: (
            msgpack.packb({"type": "error", "payload": {"error": "boom"}, "error": "boom"}) or b""
        ),
        "error: boom|has none",
    ),
    "a text": (action("left"), "has none"),
    "texts": (action(array(dtype="<U2")), "plain numbers"),
    "objects": (action(array(dtype="|O")), "plain numbers"),
    "records": (action(array(dtype="f4,f4")), "plain numbers"),
    "a pickled array": (
        action({b"nd": True, b"type": "|O", b"kind": b"O", b"shape": [1], b"data": BOMB}),
        "plain numbers",
    ),
    "complex": (action(array(dtype="<c8")), "plain numbers"),
    "a shape that does not fit": (action(array(shape=[1000])), "no message of"),
    "a huge shape": (action(array(shape=[10**18])), "no message of"),
    "many long names": (
        lambda _: msgpack.packb({f"{'n' * 1000}{n}": n for n in range(1000)}) or b"",
        "it holds n|gave no",
    ),
    "no data": (action({"__ndarray__": True}), "no message of"),
    "nobody's array": (action(array(data=b"", shape=[0, 2])), "array of float32 and shape"),
    "not a number": (action(array(data=b"\xff" * 8)), "not finite"),
    "a .npy file of objects": (
        action({"__ndarray_class__": True, "as_npy": npy_of(np.array([{}]))}),
        "plain numbers",
    ),
    "a huge .npy file": (
        action({"__ndarray_class__": True, "as_npy": huge_npy()}),
        "no message of",
    ),
    "no .npy file": (action({"__ndarray_class__": True, "as_npy": BOMB}), "no .npy file"),
    "a .npy file without a header": (
        action({"__ndarray_class__": True, "as_npy": b"\x93NUMPY\x01\x00\xff\xff{"}),
        "absurdly long",
    ),
    "a .npy header of code": (
        action({"__ndarray_class__": True, "as_npy": b"\x93NUMPY\x01\x00\x06\x001 // 0"}),
        "no message of",
    ),
}


@pytest.mark.parametrize("protocol", ["openpi", "vla-eval", "gr00t"])
@pytest.mark.parametrize("what", NO_ANSWERS)
def test_answers_that_are_none(protocol: str, what: str, case: FrameCase) -> None:
    spoil, told = NO_ANSWERS[what]
    with (
        of_protocol(protocol, spoil) as spec,
        asking(f"{spec}&timeout_s=5") as policy,
        pytest.raises(PolicyError) as caught,
    ):
        policy([of_frame(case.frame)], ["go"])
    assert re.search(told, str(caught.value))
    assert len(str(caught.value)) < 1000
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("protocol", ["openpi", "vla-eval", "gr00t"])
def test_silence_and_hanging_up_take_no_longer_than_is_given(
    protocol: str, case: FrameCase
) -> None:
    ways: list[Callable[[bytes], bytes | None]] = [lambda _: None]
    if protocol != "gr00t":  # ZeroMQ hides that a peer has gone
        ways.append(lambda _: HANG_UP)
    for spoil in ways:
        with of_protocol(protocol, spoil) as spec, asking(f"{spec}&timeout_s=0.3") as policy:
            begin = time.monotonic()
            with pytest.raises(PolicyError, match="gave no answer"):
                policy([of_frame(case.frame)], ["go"])
            assert time.monotonic() - begin < 5


def test_a_server_that_reads_nothing_holds_nobody_up() -> None:
    def greet() -> None:
        peer, _ = listener.accept()
        with peer:
            head = peer.recv(4096).decode()
            key = next(
                line[19:] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-K")
            )
            peer.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode()
                + bytes((0x82, 1, 0x80))  # metadata: an empty map
            )
            done.wait(10)

    done = threading.Event()
    large = of_frame(np.zeros((3000, 3000, 3), np.uint8))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet)
        thread.start()
        spec = (
            f"server:127.0.0.1:{listener.getsockname()[1]}?protocol=openpi&timeout_s=0.3&resize=0"
        )
        begin = time.monotonic()
        with asking(spec) as policy, pytest.raises(PolicyError, match="gave no answer"):
            policy([large], ["go"])
        assert time.monotonic() - begin < 5
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("package", "place"),
    [
        ("websockets", "ws://127.0.0.1:9"),
        ("msgpack", "ws://127.0.0.1:9"),
        ("zmq", "tcp://127.0.0.1:9"),
        ("msgpack", "tcp://127.0.0.1:9"),
        ("grpc", "grpc://127.0.0.1:9?policy=act&checkpoint=x"),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    package: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if nothing of either had been imported yet."""
    ours = "heedmap.policies.server"
    for name in list(sys.modules):
        if name.startswith(f"{ours}.") or name.split(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
            if name.startswith(f"{ours}."):
                monkeypatch.delattr(sys.modules[ours], name.rpartition(".")[2])
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"the package '{package}[.'].*\[server\]"):
        load_policy(f"server:{place}")


def test_answers_that_are_too_large_are_not_taken(case: FrameCase) -> None:
    huge = b"\0" * (64 * 2**20 + 1)
    with (
        of_protocol("openpi", lambda _: huge) as spec,
        asking(spec) as policy,
        pytest.raises(PolicyError, match="gave no answer"),
    ):
        policy([of_frame(case.frame)], ["go"])


def test_a_failed_answer_does_not_spoil_the_next(case: FrameCase) -> None:
    left = iter([True])
    with (
        of_protocol("gr00t", lambda c: b"\xc1" if next(left, False) else c) as spec,
        asking(spec) as policy,
    ):
        with pytest.raises(PolicyError, match="no message"):
            policy([of_frame(case.frame)], ["go left"])
        assert policy([of_frame(case.frame)], ["go left"])[0, 0] == 1


@pytest.mark.parametrize("config", [{}, [], {"video": 1}, {"video": {"as_json": "[" * 50_000}}])
def test_a_policy_that_does_not_say_what_it_takes(config: Any, case: FrameCase) -> None:
    class Says(Gr00tForm):
        def config(self) -> Any:
            return config

    with (
        gr00t_server(heeds, Says("n1.6")) as (address, _),
        asking(f"server:{address}") as policy,
        pytest.raises(PolicyError, match="does not say what its policy takes"),
    ):
        policy([of_frame(case.frame)], ["go"])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_one_error(data: bytes) -> None:
    for content in (data, packed({"a": np.zeros(3)}, npy_array)[: len(data)] + data):
        try:
            unpacked(content, "S", "openpi's")
        except PolicyError as error:
            assert "no message" in str(error)  # noqa: PT017


@given(
    st.sampled_from(["<f4", ">f8", "|u1", "<i8", "|b1", "<f2"]),
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([npy_array, numpy_array, openpi_array, vla_eval_array]),
)
def test_arrays_come_back_as_they_were(dtype: str, shape: list[int], write: Any) -> None:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    for each in (values, np.asfortranarray(values)):
        found = unpacked(packed({"x": each}, write), "S", "openpi's")["x"]
        assert found.dtype == each.dtype
        assert np.array_equal(found, each)
