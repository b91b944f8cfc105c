"""When a reading is due, and what all of them cost: plain arithmetic on a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from heedmap.errors import MonitorError

Clock = Callable[[], float]
"""Seconds from some moment on; never backwards."""


class Pace:
    """Readings at every `every_steps`-th step from the first on, where they can be afforded.

    Between two readings so much time is left to training that a reading takes at most
    `most_cost_share` of both together: a step on the grid that comes too early is passed by.
    So readings of two runs are at comparable steps, and the bound holds from the first
    reading on (which cannot be weighed against anything, and is always taken).
    """

    def __init__(self, every_steps: int, most_cost_share: float | None, clock: Clock) -> None:
        if every_steps < 1:
            raise MonitorError(
                "every_steps is the steps between readings, 1 or more: {every_steps}.",
                every_steps=every_steps,
            )
        if most_cost_share is not None and not 0 < most_cost_share <= 1:
            raise MonitorError(
                "most_cost_share is a share of the time, above 0 and up to 1, or None for no "
                "bound; got {most_cost_share}.",
                most_cost_share=most_cost_share,
            )
        self.every_steps = every_steps
        self.most_cost_share = most_cost_share
        self._clock = clock
        self._first_step: int | None = None
        self._next_step = self._last_step = 0
        self._started_s = 0.0
        self._ended_s: float | None = None
        self.last_s = 0.0
        """What the last reading took."""
        self.spent_s = 0.0
        """What all of them took."""

    def is_due(self, step: int) -> bool:
        """Whether a step is on the grid, and not taken before; moves on to the next.

        A step before the last one begins another run, whose first step is due.
        """
        if self._first_step is None:
            self._started_s = self._clock()
        if self._first_step is None or step < self._last_step:
            self._first_step = self._next_step = step
        self._last_step = step
        if step < self._next_step:
            return False
        done = (step - self._first_step) // self.every_steps
        self._next_step = self._first_step + (done + 1) * self.every_steps
        return True

    @property
    def next_share(self) -> float:
        """Share of the time since the last reading that one more, now, would take."""
        if self._ended_s is None:
            return 0.0
        trained_s = self._clock() - self._ended_s
        both_s = self.last_s + trained_s
        return self.last_s / both_s if both_s > 0 else 0.0

    @property
    def can_afford(self) -> bool:
        """Whether a reading that takes as long as the last one stays within the bound."""
        return self.most_cost_share is None or self.next_share <= self.most_cost_share

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Times what runs inside, also where it fails."""
        began_s = self._clock()
        try:
            yield
        finally:
            self._ended_s = self._clock()
            self.last_s = self._ended_s - began_s
            self.spent_s += self.last_s

    @property
    def run_s(self) -> float:
        """Seconds from the first reading's beginning until now."""
        return 0.0 if self._first_step is None else self._clock() - self._started_s

    @property
    def cost_share(self) -> float:
        """Share of the run so far that its readings took."""
        return self.spent_s / self.run_s if self.run_s > 0 else 0.0
