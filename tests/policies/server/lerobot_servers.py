"""A small policy server of LeRobot's protocol, on loopback; what it is sent, it unpickles."""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import grpc
import numpy as np
import torch

from heedmap.policies.server.lerobot import bytes_field
from tests.policies.server.servers import HANG_UP, Behaviour, Question, Spoil


@dataclass
class TimedAction:
    """Called as LeRobot's."""

    timestamp: float
    timestep: int
    action: torch.Tensor


class Pickles(pickle.Unpickler):
    """As LeRobot's server unpickles; its classes are namespaces here."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name == "lerobot.async_inference.helpers":
            return type(global_name, (SimpleNamespace,), {})
        return super().find_class(module_name, global_name)


def field_of(number: int, message: bytes) -> bytes:
    """The content of a field of bytes, the last one of its message."""
    head = message.index(bytes((number << 3 | 2,)), 0 if number == 1 else 2)
    end = next(n for n in range(head + 1, len(message)) if message[n] < 0x80) + 1
    size = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(message[head + 1 : end]))
    assert len(message) - end == size
    return message[end:]


@contextmanager
def lerobot_server(
    behaviour: Behaviour, spoil: Spoil = bytes
) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Its address, and what was called with what. `spoil` is given the pickle."""
    seen: list[tuple[str, Any]] = []
    stopped = threading.Event()

    def note(name: str, content: bytes | None = None) -> Any:
        found = None if content is None else Pickles(io.BytesIO(content)).load()
        seen.append((name, found))
        return found

    def setup(request: bytes, context: grpc.ServicerContext) -> bytes:
        note("SendPolicyInstructions", field_of(1, request))
        return b""

    def observe(parts: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        received = list(parts)
        assert [part[1] for part in received][-1] == 3
        note("SendObservations", b"".join(field_of(2, part) for part in received))
        return b""

    def act(request: bytes, context: grpc.ServicerContext) -> bytes:
        features = next(each for name, each in seen if name == "SendPolicyInstructions")
        raw = seen[-1][1].observation
        state = [raw[name] for name in features.lerobot_features["observation.state"]["names"]]
        images = {key: each for key, each in raw.items() if isinstance(each, np.ndarray)}
        chunk = torch.from_numpy(behaviour(Question(images, np.array(state), raw["task"])))
        actions = [TimedAction(0.1 * n, n, each) for n, each in enumerate(chunk)]
        content = spoil(pickle.dumps(actions[: features.actions_per_chunk]))
        if content is None:
            stopped.wait(5)
        if content == HANG_UP:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone\n\x1b[2J")
        return bytes_field(1, content) if content else b""

    calls = {
        "Ready": grpc.unary_unary_rpc_method_handler(lambda *_: note("Ready") or b""),
        "SendPolicyInstructions": grpc.unary_unary_rpc_method_handler(setup),
        "SendObservations": grpc.stream_unary_rpc_method_handler(observe),
        "GetActions": grpc.unary_unary_rpc_method_handler(act),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    handler = grpc.method_handlers_generic_handler("transport.AsyncInference", calls)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}?policy=act&checkpoint=runs/one", seen
    finally:
        stopped.set()
        server.stop(None).wait()
