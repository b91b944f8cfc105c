"""What the frames of a message hold; apart from `frames`, which must do without numpy."""

from __future__ import annotations

import numpy as np

from heedmap.monitor.tap import zmtp
from heedmap.monitor.tap.frames import LONGEST_HEAD, head_of


def payload_of(frames: bytes) -> bytes:
    """The payload of the frames of one message, joined and unmasked."""
    view, found = memoryview(frames), list[bytes]()
    while view:
        head = head_of(view[:LONGEST_HEAD])
        assert head is not None, "a walker gives whole frames"
        _, length, mask, size = head
        found.append(unmasked(view[size : size + length], mask))
        view = view[size + length :]
    return b"".join(found)


def payload_of_zmq(frames: bytes) -> bytes:
    """The body of a message of ZeroMQ: what follows the empty part before a request or answer."""
    view, parts = memoryview(frames), list[bytes]()
    while view:
        head = zmtp.head_of(view[:LONGEST_HEAD])
        assert head is not None, "a walker gives whole frames"
        _, length, size = head
        parts.append(bytes(view[size : size + length]))
        view = view[size + length :]
    begin = parts.index(b"") + 1 if b"" in parts[:-1] else 0
    return b"".join(parts[begin:])


def unmasked(payload: memoryview | bytes, mask: bytes) -> bytes:
    """The payload exclusive-or its mask of four bytes, or as it is without one."""
    if not any(mask):
        return bytes(payload)
    words = np.frombuffer(bytes(payload) + bytes(-len(payload) % 4), dtype=np.uint32)
    return (words ^ np.frombuffer(mask, dtype=np.uint32)).tobytes()[: len(payload)]
