"""What the steps add up to: which words held when, what was odd, and how long answers took."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from heedmap.monitor.tap.recording import About, Reading
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.watch import FINDINGS, OF_OBSERVATIONS

MOST_KEPT = 1000
"""Runs of words, and of odd steps; further ones are only counted."""


@dataclass
class Band:
    """Steps of one client in a row with the same words."""

    client: int
    episode: int
    words: str | None
    first: int
    last: int
    time_s: float
    cameras: tuple[str, ...]
    thumbnails: tuple[bytes, ...]
    """Of the first step."""

    @property
    def count(self) -> int:
        """Steps."""
        return self.last - self.first + 1


@dataclass
class Odd:
    """Steps of one client in a row with the same finding, where it is about words with the same."""

    code: str
    client: int
    first: int
    last: int
    words: str | None
    nearest: str | None

    @property
    def is_warning(self) -> bool:
        """Whether it is a warning, rather than a note."""
        return FINDINGS.get(self.code) == "warning"


@dataclass
class ClientNow:
    """What is last known of a client."""

    step: Step
    band: Band
    reading: Reading | None = None
    is_open: bool = True
    odd: dict[str, Odd] = field(default_factory=dict)
    """Runs of odd steps that the last step belongs to, by their code."""


class Story:
    """Grows step by step; the same from a tap that runs and from its recording."""

    def __init__(self) -> None:
        self.clients: dict[int, ClientNow] = {}
        self.bands: list[Band] = []
        self.odds: list[Odd] = []
        self.readings: list[Reading] = []
        self.runs: Counter[str] = Counter()
        """Runs of odd steps, by their code."""
        self.steps: Counter[str] = Counter()
        """Odd steps, by their code."""
        self.count = 0
        self.bands_left_out = 0
        self.errors = 0
        self.unanswered = 0
        self.last_s = 0.0
        self._latencies = array("f")

    def add(self, step: Step) -> list[Odd]:
        """Take a step in; the runs of odd steps that begin with it."""
        self.count += 1
        self.last_s = max(self.last_s, step.time_s)
        self.errors += step.error is not None
        if step.latency_ms is None:
            self.unanswered += 1
        else:
            self._latencies.append(step.latency_ms)
        before = self.clients.get(step.client)
        band = self._band(before, step)
        odd = {} if before is None else before.odd
        now: dict[str, Odd] = {}
        begun: list[Odd] = []
        for code in filter(FINDINGS.__contains__, step.findings):
            self.steps[code] += 1
            run = odd.get(code)
            if run is None or code.startswith("changed") or _is_of_others(run, step):
                run = Odd(code, step.client, step.step, step.step, step.words, step.nearest)
                self.runs[code] += 1
                begun.append(run)
                if len(self.odds) < MOST_KEPT:
                    self.odds.append(run)
            run.last = step.step
            now[code] = run
        reading = None if before is None else before.reading
        self.clients[step.client] = ClientNow(step, band, reading, odd=now)
        return begun

    def add_reading(self, reading: Reading) -> None:
        """Take in what a shadow question found."""
        if len(self.readings) < 100 * MOST_KEPT:
            self.readings.append(reading)
        if reading.client in self.clients:
            self.clients[reading.client].reading = reading

    def end(self, client: int) -> None:
        """A client went away."""
        if client in self.clients:
            self.clients[client].is_open = False

    def _band(self, before: ClientNow | None, step: Step) -> Band:
        last = None if before is None else before.band
        if last is not None and (last.words, last.episode) == (step.words, step.episode):
            last.last = step.step
            return last
        place = (step.client, step.episode, step.words, step.step, step.step, step.time_s)
        band = Band(*place, step.cameras, step.thumbnails)
        if len(self.bands) < MOST_KEPT:
            self.bands.append(band)
        else:
            self.bands_left_out += 1
        return band

    @property
    def warnings(self) -> int:
        """Runs of steps with a warning."""
        return sum(count for code, count in self.runs.items() if FINDINGS.get(code) == "warning")

    def latency_ms(self, quantile: float) -> float | None:
        """Of the server, seen from the tap; None without an answer."""
        found = np.frombuffer(self._latencies, dtype=np.float32)[:]
        return float(np.quantile(found.copy(), quantile)) if len(found) else None

    def by_code(self) -> list[tuple[str, list[Odd]]]:
        """The kept runs of odd steps by their code, the gravest first."""
        order = {code: (grade != "warning", n) for n, (code, grade) in enumerate(FINDINGS.items())}
        codes = sorted(self.runs, key=lambda code: order.get(code, (True, len(order))))
        return [(code, [odd for odd in self.odds if odd.code == code]) for code in codes]


def _is_of_others(run: Odd, step: Step) -> bool:
    """Whether the run is about words, and these are others."""
    return run.code not in OF_OBSERVATIONS and run.words != step.words


@dataclass(frozen=True)
class Told:
    """All that a summary or a page shows."""

    about: About
    story: Story


def story_of(steps: Iterable[Step], readings: Sequence[Reading] = ()) -> Story:
    """The story of a recording."""
    story = Story()
    for step in steps:
        story.add(step)
    for reading in readings:
        story.add_reading(reading)
    for client in story.clients:
        story.end(client)
    return story
