"""Shadow questions: the same observation with other words, asked beside the client.

They go over a connection of the tap's own, and their answers never reach the client. A server
that holds state could be changed by them, so that they are asked only where one observation has
one answer: on this connection, after other questions, after a pause, and as the client got it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

import msgpack
import numpy as np

from heedmap.monitor.tap import gr00t
from heedmap.monitor.tap.address import Address
from heedmap.monitor.tap.conversation import Seen
from heedmap.monitor.tap.lines import LOOK_UP_S, Line, NoAnswerError, WebsocketLine
from heedmap.monitor.tap.messages import (
    Answer,
    Keys,
    answer_of,
    any_unpacked,
    envelope_of,
    gr00t_answer_of,
    payload_of,
    prompt_key,
    unpacked,
    with_words,
)
from heedmap.monitor.tap.recording import Reading

ANSWER_TIMEOUT_S = 60.0
"""For one answer, as of a client."""
PAUSE_S = 0.2
"""Between two questions of the check: state that time changes shows then."""
LEAST_STEPS = 10
"""Of a client, before the spread of its actions is a scale."""
_JOIN_TIMEOUT_S = 5.0


class _Spread:
    """Mean and standard deviation of each action dimension, step by step (Welford)."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._squares = np.zeros(0)

    def add(self, action: np.ndarray) -> None:
        """Take an action in; one of another length begins anew."""
        if action.shape != self._mean.shape:
            self._count, self._mean = 0, np.zeros_like(action)
            self._squares = np.zeros_like(action)
        self._count += 1
        off = action - self._mean
        self._mean = self._mean + off / self._count
        self._squares = self._squares + off * (action - self._mean)

    def scale(self) -> np.ndarray | None:
        """Standard deviations; None as long as there are too few steps."""
        if self._count < LEAST_STEPS:
            return None
        return np.sqrt(self._squares / self._count)


class Shadow:
    """Asks every so many steps of a client, in a thread of its own that begins with the first."""

    def __init__(
        self,
        server: Address,
        exchanges: tuple[str, ...],
        every: int,
        keys: Keys | None = None,
        *,
        is_anyway: bool = False,
    ) -> None:
        self.refusal: str | None = None
        self._server = server
        self._exchanges = exchanges
        self._every = every
        self._keys = keys or Keys()
        self._is_anyway = is_anyway
        self._spreads: dict[int, _Spread] = {}
        self._waiting: Queue[tuple[Seen, np.ndarray | None]] = Queue(maxsize=1)
        self._found: deque[Reading] = deque()
        self._is_over = Event()
        self._is_checked = False
        self._opener = _opener(server)
        self._line: Line | None = None
        self._seq = 0
        self._has_started = False
        self._thread = Thread(target=self._work, daemon=True)

    def offer(self, seen: Seen) -> None:
        """A step that can be asked about; returns at once, and leaves it out where one waits."""
        if seen.step.action is None or self._has_given_up:
            return
        spread = self._spreads.setdefault(seen.step.client, _Spread())
        spread.add(np.array(seen.step.action))
        if seen.step.step % self._every or self._is_over.is_set():
            return
        if not self._has_started:
            self._has_started = True
            self._thread.start()
        try:
            self._waiting.put_nowait((seen, spread.scale()))
        except Full:
            return

    def readings(self) -> list[Reading]:
        """What was found since the last call."""
        return [self._found.popleft() for _ in range(len(self._found))]

    def close(self) -> None:
        """Ask no more, and leave the server."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_TIMEOUT_S)

    @property
    def _has_given_up(self) -> bool:
        return self.refusal not in (None, "asked_anyway")

    def _work(self) -> None:
        while not self._is_over.is_set() and not self._has_given_up:
            try:
                seen, scale = self._waiting.get(timeout=LOOK_UP_S)
            except Empty:
                continue
            try:
                self._found.extend(self._round(seen, scale))
            except (NoAnswerError, OSError, ValueError):
                if not self._is_over.is_set():
                    self.refusal = "no_answer"
        if self._line is not None:
            self._line.close()

    def _round(self, seen: Seen, scale: np.ndarray | None) -> Iterator[Reading]:
        """One reading for every exchange, where the server may be asked."""
        if not self._is_checked:
            self._is_checked = True
            self._refuse(self._check(seen))
        if self._has_given_up or seen.step.words is None:
            return
        same = self._ask(seen, seen.step.words)
        if same.content != seen.answer.content:
            self._refuse("found_later")
        for text in self._exchanges:
            if self._has_given_up or text == seen.step.words:
                continue
            other = self._ask(seen, text)
            distance, noise = distance_of(seen.answer, other), distance_of(seen.answer, same)
            if distance is not None and noise is not None:
                yield Reading(
                    client=seen.step.client,
                    step=seen.step.step,
                    words=seen.step.words.encode("utf-8", "replace").decode(),
                    exchanged=text,
                    distance=distance,
                    scaled=None if scale is None else distance_of(seen.answer, other, scale),
                    same=noise,
                    same_scaled=None if scale is None else distance_of(seen.answer, same, scale),
                )

    def _refuse(self, code: str | None) -> None:
        """Ask no more, unless it was asked for whatever the server does."""
        can_go_on = code in ("has_state", "differs_by_connection", "found_later")
        if code is not None and self.refusal is None:
            self.refusal = "asked_anyway" if self._is_anyway and can_go_on else code

    def _check(self, seen: Seen) -> str | None:
        """Why the server must not be asked: one observation has several answers."""
        payload = payload_of(seen.message, seen.protocol)
        if seen.step.words is None or prompt_key(payload, seen.protocol, self._keys) is None:
            return "no_prompt"
        first = self._ask(seen, seen.step.words)
        time.sleep(PAUSE_S)
        second = self._ask(seen, seen.step.words)
        self._ask(seen, next(iter(self._exchanges)))
        third = self._ask(seen, seen.step.words)
        if not first.content == second.content == third.content:
            return "has_state"
        return "differs_by_connection" if first.content != seen.answer.content else None

    def _ask(self, seen: Seen, words: str) -> Answer:
        """The server's answer to the observation under these words."""
        payload = payload_of(seen.message, seen.protocol)
        name = prompt_key(payload, seen.protocol, self._keys)
        if name is None:
            raise NoAnswerError
        line = self._line or self._connect(seen)
        self._send(line, seen, "observation", with_words(payload, name, words))
        while True:
            answer = self._answer_in(self._received(line), seen)
            if answer is None:
                continue
            if answer.action is None:
                raise NoAnswerError
            return answer

    def _answer_in(self, data: str | bytes, seen: Seen) -> Answer | None:
        """What a message of the server says; None where it belongs to another question."""
        if isinstance(data, str):
            raise NoAnswerError
        if seen.protocol == "gr00t":
            return gr00t_answer_of(any_unpacked(data), self._keys)
        message: Mapping[Any, Any] = unpacked(data)
        if seen.protocol == "vla-eval":
            envelope = envelope_of(message)
            if envelope is None or envelope.seq != self._seq:
                return None
            message = envelope.payload
        return answer_of(message, self._keys)

    def _connect(self, seen: Seen) -> Line:
        """As a client of the same protocol."""
        self._line = line = self._opener(self._server)
        if seen.protocol == "openpi" and seen.has_greeting:
            self._received(line)
        if seen.opening is not None:
            self._send(line, seen, "episode_start", seen.opening)
        return line

    def _send(self, line: Line, seen: Seen, kind: str, payload: Mapping[Any, Any]) -> None:
        message: Mapping[Any, Any] = payload
        if seen.protocol == "gr00t":
            message = gr00t.with_payload(seen.message, payload)
        if seen.protocol == "vla-eval":
            self._seq += 1
            message = {"type": kind, "payload": payload, "seq": self._seq, "timestamp": time.time()}
        data = msgpack.packb(message, unicode_errors="replace")
        assert data is not None
        line.send(data)

    def _received(self, line: Line) -> str | bytes:
        """The next message. Raises NoAnswerError at the end, or after a long time."""
        end_s = time.monotonic() + ANSWER_TIMEOUT_S
        while not self._is_over.is_set() and time.monotonic() < end_s:
            if (data := line.receive()) is not None:
                return data
        raise NoAnswerError


def _opener(server: Address) -> Callable[[Address], Line]:
    """Who connects to the server. Raises ModuleNotFoundError where pyzmq is needed and missing."""
    if not server.is_zmq:
        return WebsocketLine
    from heedmap.monitor.tap.zmq_line import ZmqLine

    return ZmqLine


def distance_of(one: Answer, other: Answer, scale: np.ndarray | None = None) -> float | None:
    """Root mean square over the dimensions of the first action, each divided by its scale.

    Dimensions that never moved have no scale and are left out. None where the two cannot be
    compared, where no dimension is left, or where a number is not finite.
    """
    first, second = np.array(one.action or ()), np.array(other.action or ())
    if first.shape != second.shape or not first.size:
        return None
    difference = first - second
    if scale is not None:
        moves = scale > 0
        difference = difference[moves] / scale[moves]
    value = float(np.sqrt(np.mean(difference**2))) if difference.size else float("nan")
    return value if np.isfinite(value) else None
