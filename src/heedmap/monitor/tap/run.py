"""A tap while it runs: starts the process that forwards, and observes until it is told to end."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol as Shape

from heedmap.errors import HeedmapError, TapError
from heedmap.monitor.tap.address import Address, written
from heedmap.monitor.tap.conversation import Conversation, Seen
from heedmap.monitor.tap.events import Event, EventReader, Kind
from heedmap.monitor.tap.messages import Keys, Protocol
from heedmap.monitor.tap.payload import payload_of, payload_of_zmq
from heedmap.monitor.tap.recording import About, Reading, write_about
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.store import Store, cannot_write
from heedmap.monitor.tap.story import Odd, Story, Told
from heedmap.monitor.tap.watch import Watch

TICK_S = 0.25
"""At least so often the observer looks up from the wire."""
END_TIMEOUT_S = 15.0
"""More than the forwarder takes to close and to say the rest."""
ABOUT_EVERY_S = 2.0
_READ_BYTES = 2**20


class Onlooker(Shape):
    """Who is told what the tap sees, at once: the terminal and the page."""

    def opened(self, client: int) -> None:
        """A client is connected."""

    def stepped(self, step: Step, begun: list[Odd]) -> None:
        """A step is complete; these runs of odd steps begin with it."""

    def unreachable(self, why: str) -> None:
        """A client came, and the server was not there."""

    def failed(self, why: str) -> None:
        """Nothing more is recorded; the traffic goes on."""

    def ticked(self, told: Told) -> None:
        """Some time has passed."""


class Questioner(Shape):
    """Who asks shadow questions."""

    def offer(self, seen: Seen) -> None:
        """A step that can be asked about; returns at once."""

    def readings(self) -> list[Reading]:
        """What was found since the last call."""
        ...

    refusal: str | None
    """Code of why it does not ask, or no more."""

    def close(self) -> None:
        """Ask no more."""


@dataclass(frozen=True)
class Options:
    """What is tapped, and how."""

    server: Address
    folder: Path
    keys: Keys = field(default_factory=Keys)
    protocol: Protocol | None = None
    """None: found by what is said; over ZeroMQ it is always GR00T's."""
    trained: tuple[str, ...] = ()
    """Training instructions."""
    trained_from: tuple[str, ...] = ()
    """Where they come from."""
    max_mb: float = 500.0


class Tap:
    """Observes one forwarding process. `run` returns when it is told to stop."""

    def __init__(
        self, options: Options, onlooker: Onlooker, questioner: Questioner | None = None
    ) -> None:
        self.options = options
        self.story = Story()
        self._onlooker = onlooker
        self._questioner = questioner
        self._store = Store(options.folder, int(options.max_mb * 2**20))
        self._watch = Watch(options.trained)
        self._conversations: dict[int, Conversation] = {}
        self._start_s = time.monotonic()
        self._about = About(
            server=options.server.url,
            listening="",
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            trained=options.trained_from,
            max_mb=options.max_mb,
        )
        self._written_s = 0.0
        self._failure: HeedmapError | None = None

    @property
    def told(self) -> Told:
        """All that is known by now."""
        return Told(self._about, self.story)

    def run(self, listening: socket.socket, is_over: Callable[[], bool]) -> None:
        """Forward and observe until `is_over`.

        Raises TapError where the forwarding ends early, and at the end where not everything could
        be recorded: a full disk is no reason to stop a robot.
        """
        host, port = listening.getsockname()[:2]
        self._note(listening=written(host, port, self.options.server.scheme))
        self._record(lambda: write_about(self.options.folder, self._about))
        is_early = False
        with forwarding(self.options.server, listening) as channel:
            try:
                for event in events(channel, is_over):
                    if event is not None:
                        self._take(event)
                    self._tick()
                is_early = not is_over()
            finally:
                self._finish()
        if is_early:
            raise TapError(
                "The process that forwards ended; what it saw is in {folder}.",
                folder=self.options.folder,
            )
        if self._failure is not None:
            raise TapError(self._failure.phrase) from self._failure

    def _record(self, write: Callable[[], object]) -> None:
        """Write, as long as that has not failed."""
        if self._failure is None:
            try:
                write()
            except HeedmapError as error:
                self._failure = error
            except OSError as error:
                self._failure = cannot_write(self.options.folder, error)
            if self._failure is not None:
                self._onlooker.failed(self._failure.phrase)

    def _finish(self) -> None:
        """Keep what is still open, and say that this is the end."""
        if self._questioner is not None:
            self._questioner.close()
        for client in list(self._conversations):
            self._end(client)
        self._record(self._store.close_part)
        self._note(ended=datetime.now(UTC).isoformat(timespec="seconds"))
        self._collect()
        self._record(lambda: write_about(self.options.folder, self._about))

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._written_s >= ABOUT_EVERY_S:
            self._collect()
            self._record(lambda: write_about(self.options.folder, self._about))
            self._written_s = now
        self._record(lambda: self._onlooker.ticked(self.told))

    def _collect(self) -> None:
        """What others have found meanwhile."""
        removed = self._store.removed
        self._note(
            parts_without_thumbnails=removed.thumbnails,
            steps_removed=removed.steps,
            clients=len(self.story.clients),
        )
        if self._questioner is not None:
            for reading in self._questioner.readings():
                line = reading.model_dump_json().encode() + b"\n"
                self._record(lambda line=line: self._store.append_reading(line))
                self.story.add_reading(reading)
            self._note(shadow=self._questioner.refusal)

    def _take(self, event: Event) -> None:
        if event.dropped > self._about.dropped:
            self._note(dropped=event.dropped)
        match event.kind:
            case Kind.opened:
                spoken = "gr00t" if self.options.server.is_zmq else self.options.protocol
                talk = Conversation(event.client, self.options.keys, spoken)
                self._conversations[event.client] = talk
                self._onlooker.opened(event.client)
            case Kind.unreachable:
                self._note(unreachable=self._about.unreachable + 1)
                self._onlooker.unreachable(event.content.decode("utf-8", "replace"))
            case Kind.ended:
                self._end(event.client)
            case Kind.text | Kind.binary:
                self._hear(event)
            case Kind.close_frame | Kind.over:
                pass

    def _hear(self, event: Event) -> None:
        """A message; what cannot be read is counted."""
        talk = self._conversations.get(event.client)
        if talk is None:
            return
        self._note(messages=self._about.messages + 1)
        read = payload_of_zmq if self.options.server.is_zmq else payload_of
        payload = read(event.content)
        try:
            data = payload.decode() if event.kind is Kind.text else payload
            if event.from_server:
                for seen in talk.from_server(data, event.number, event.time_s):
                    self._keep(seen)
            else:
                talk.from_client(data, event.number, event.time_s)
        except (ValueError, RecursionError):
            self._note(unreadable=self._about.unreadable + 1)

    def _keep(self, seen: Seen) -> None:
        if seen.observation.robots > 1:
            self._note(batched=self._about.batched + 1)
        step = self._watch.look(seen, self._start_s)
        self._record(lambda: self._store.append(step))
        self._onlooker.stepped(step, self.story.add(step))
        if self._questioner is not None:
            self._questioner.offer(seen)

    def _end(self, client: int) -> None:
        talk = self._conversations.pop(client, None)
        for seen in [] if talk is None else talk.unanswered():
            self._keep(seen)
        self._watch.forget(client)
        self.story.end(client)

    def _note(self, **values: object) -> None:
        self._about = self._about.model_copy(update=values)


@contextmanager
def forwarding(server: Address, listening: socket.socket) -> Iterator[socket.socket]:
    """The process that forwards, while this lasts; gives the channel of its events.

    Its connections are closed at the end, and when this process is killed.
    """
    ours, theirs = socket.socketpair()
    route = {
        "listening": listening.fileno(),
        "channel": theirs.fileno(),
        "host": server.host,
        "port": server.port,
        "is_tls": server.is_tls,
        "is_zmq": server.is_zmq,
        "path": server.path,
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "heedmap.monitor.tap.forward", json.dumps(route)],
        pass_fds=(listening.fileno(), theirs.fileno()),
        start_new_session=True,  # Ctrl-C comes here alone
    )
    theirs.close()
    listening.close()
    try:
        yield ours
    finally:
        ours.close()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def events(channel: socket.socket, is_over: Callable[[], bool]) -> Iterator[Event | None]:
    """What happens on the wire; None each time that nothing did for a while.

    Once it is over the forwarder is told to close, and what it still has to say comes, too.
    """
    reader, end_s = EventReader(), 0.0
    while not end_s or time.monotonic() < end_s:
        if not end_s and is_over():
            channel.shutdown(socket.SHUT_WR)
            end_s = time.monotonic() + END_TIMEOUT_S
        if not select.select([channel], [], [], TICK_S)[0]:
            yield None
            continue
        chunk = channel.recv(_READ_BYTES)
        if not chunk:
            return
        yield from reader.feed(chunk)
