"""Websocket frames (RFC 6455) in a stream of bytes: where messages end.

Needs the standard library alone: the process that forwards must stay small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_MESSAGE_BYTES = 32 * 2**20
"""Of a longer message no copy is kept; it passes like any other."""
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
LONGEST_HEAD = 14


def head_of(data: bytes | bytearray | memoryview) -> tuple[int, int, bytes, int] | None:
    """First byte, length of the payload, mask and length of the head of the frame that begins here.

    None where more bytes are needed to tell.
    """
    if len(data) < 2:
        return None
    short, size = data[1] & 0x7F, 2
    if short > 125:
        size += 2 if short == 126 else 8
    masked = 4 if data[1] & 0x80 else 0
    if len(data) < size + masked:
        return None
    length = int.from_bytes(data[2:size], "big") if short > 125 else short
    return data[0], length, bytes(data[size : size + masked]), size + masked


@dataclass
class Walker:
    """Follows the frames of one direction, without a copy of their payload.

    `feed` gives each message, or close frame, that ends in a chunk: its opcode, and its frames as
    they came; None in place of the frames where the message is too long to be kept.
    """

    most_bytes: int = MOST_MESSAGE_BYTES
    _head: bytearray = field(default_factory=bytearray)
    _left: int = 0
    _in_payload: bool = False
    _is_last: bool = True
    _opcode: int = 0
    """Of the frame at hand; 0 of a message's further frames."""
    _message: int = 0
    """Opcode of the message at hand; 0 between messages."""
    _parts: list[memoryview | bytes] = field(default_factory=list)
    _control: list[memoryview | bytes] = field(default_factory=list)
    _size: int = 0

    @property
    def is_between(self) -> bool:
        """Whether a frame could be put in here without harm to another."""
        return not self._in_payload and not self._head

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        """The messages that end in this chunk."""
        view = memoryview(chunk)
        at = 0
        while at < len(view) or self._is_complete:
            if not self._in_payload:
                at += self._take_head(view[at : at + LONGEST_HEAD])
                if not self._in_payload:
                    return
            piece = view[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            self._keep(piece)
            if self._is_complete:
                yield from self._end()

    @property
    def _is_complete(self) -> bool:
        return self._in_payload and self._left == 0

    def _take_head(self, piece: memoryview) -> int:
        """Bytes of this piece that belong to the head of a frame."""
        before = len(self._head)
        self._head += piece
        size = self._begin()
        if size is None:
            return len(piece)
        self._in_payload = True
        if self._opcode in (TEXT, BINARY):
            self._message, self._parts, self._size = self._opcode, [], 0
        head = bytes(self._head[:size])
        self._head.clear()
        self._keep(head)
        return size - before

    def _begin(self) -> int | None:
        """Read the head of a frame: its bytes; None where some are missing."""
        found = head_of(self._head)
        if found is None:
            return None
        first, self._left, _, size = found
        self._opcode, self._is_last = first & 0x0F, bool(first & 0x80)
        return size

    def _keep(self, piece: memoryview | bytes) -> None:
        if self._opcode >= CLOSE:
            self._control.append(piece)
            return
        self._size += len(piece)
        if self._size <= self.most_bytes:
            self._parts.append(piece)
        else:
            self._parts = []

    def _end(self) -> Iterator[tuple[int, bytes | None]]:
        """A frame has ended: with it a message, a control frame, or neither."""
        self._in_payload = False
        if self._opcode >= CLOSE:
            if self._opcode == CLOSE:
                yield CLOSE, b"".join(self._control)
            self._control = []
        elif self._is_last:
            opcode, self._message = self._message, 0
            yield opcode, b"".join(self._parts) if self._size <= self.most_bytes else None
            self._parts, self._size = [], 0


def close_frame(code: int, *, is_masked: bool) -> bytes:
    """A close frame with a code; a client's frames are masked, here with zeros."""
    payload = code.to_bytes(2, "big")
    if is_masked:
        return bytes([0x80 | CLOSE, 0x80 | len(payload)]) + bytes(4) + payload
    return bytes([0x80 | CLOSE, len(payload)]) + payload
