"""Frames, events and the channel between the two processes of a tap."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.monitor.tap import channel as channels
from heedmap.monitor.tap.channel import Channel
from heedmap.monitor.tap.events import Event, EventReader, Kind
from heedmap.monitor.tap.frames import CLOSE, Walker, close_frame
from heedmap.monitor.tap.payload import payload_of, unmasked


def frame(payload: bytes, opcode: int, mask: bytes, *, is_last: bool) -> bytes:
    """One frame, written by the book."""
    length = len(payload)
    size = bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big")
    first = bytes([opcode | (0x80 if is_last else 0)])
    masked = bytes(each ^ mask[at % 4] for at, each in enumerate(payload)) if mask else payload
    return first + bytes([size[0] | (0x80 if mask else 0)]) + size[1:] + mask + masked


@given(
    st.lists(
        st.tuples(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.booleans()),
        max_size=6,
    ),
    st.one_of(st.just(b""), st.binary(min_size=4, max_size=4)),
    st.lists(st.integers(0, 3000), max_size=20),
)
def test_a_walker_finds_the_messages_however_the_bytes_are_cut(
    messages: list[tuple[list[bytes], bool]], mask: bytes, cuts: list[int]
) -> None:
    ping, stream = frame(b"ping", 9, mask, is_last=True), b""
    for pieces, is_text in messages:
        for at, piece in enumerate(pieces):
            opcode = (1 if is_text else 2) if at == 0 else 0
            stream += frame(piece, opcode, mask, is_last=at == len(pieces) - 1) + ping
    stream += close_frame(1000, is_masked=bool(mask))
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    walker, found = Walker(), list[tuple[int, bytes]]()
    for begin, end in pairwise(places):
        for opcode, frames in walker.feed(stream[begin:end]):
            assert frames is not None
            found.append((opcode, payload_of(frames)))
    expected = [(1 if is_text else 2, b"".join(pieces)) for pieces, is_text in messages]
    assert found == [*expected, (CLOSE, (1000).to_bytes(2, "big"))]
    assert walker.is_between


def test_of_a_message_that_is_too_long_no_copy_is_kept() -> None:
    walker = Walker(most_bytes=100)
    stream = frame(bytes(60), 2, b"", is_last=False) + frame(bytes(60), 0, b"", is_last=True)
    stream += frame(b"next", 2, b"", is_last=True)
    found = list(walker.feed(stream))
    assert found[0] == (2, None)
    assert payload_of(found[1][1] or b"") == b"next"


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4))
def test_a_mask_is_taken_off(payload: bytes, mask: bytes) -> None:
    assert unmasked(unmasked(payload, mask), mask) == payload
    assert unmasked(payload, mask) == bytes(a ^ mask[i % 4] for i, a in enumerate(payload))


class Full(asyncio.WriteTransport):
    """A way to an observer that has stopped reading."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        self.channel.pause_writing()


def test_what_an_observer_cannot_take_is_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channels, "MOST_UNREAD_BYTES", 1000)
    channel = Channel()
    transport = Full(channel)
    channel.connection_made(transport)
    message = Event(Kind.binary, 1, content=bytes(300))
    for number in range(9):
        channel.tell(replace(message, number=number))
    channel.tell(Event(Kind.ended, 1))
    assert channel.dropped == 5
    while len(transport.written) < 5:
        channel.resume_writing()
    reader = EventReader()
    read = [event for chunk in transport.written for event in reader.feed(chunk)]
    assert [(event.kind, event.number) for event in read] == [
        *((Kind.binary, number) for number in range(4)),
        (Kind.ended, 0),
    ]


@given(
    st.lists(
        st.builds(
            Event,
            kind=st.sampled_from(Kind),
            client=st.integers(0, 2**32 - 1),
            from_server=st.booleans(),
            number=st.integers(0, 2**32 - 1),
            time_s=st.floats(allow_nan=False),
            dropped=st.integers(0, 2**60),
            content=st.binary(max_size=50),
        ),
        max_size=6,
    ),
    st.integers(1, 60),
)
def test_events_are_read_as_they_were_told(events: list[Event], size: int) -> None:
    stream, reader = b"".join(event.packed() for event in events), EventReader()
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [event for chunk in chunks for event in reader.feed(chunk)] == events
