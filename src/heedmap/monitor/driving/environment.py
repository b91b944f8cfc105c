"""What a policy drives in: anything that begins an episode from a seed, is looked at and acted on.

An episode has a *target*, by which success is judged under every instruction. Right, paraphrase and
wrong are given by the environment, for they depend on the room; blank is empty everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from heedmap.data.observation import Observation
from heedmap.report.driving.result import Condition, Goal

Scores = Float[np.ndarray, " action"]
"""One row of what the policy gives: logits of a discrete head, or values of a continuous one."""


@dataclass(frozen=True)
class View:
    """One moment: what is seen, and what may be said now."""

    observation: Observation
    texts: Mapping[Condition, str]
    """A condition that is missing cannot be driven here."""
    phase: str | None = None
    """One of `PHASES`, or a name of its own; None where the environment has none."""


class Environment(Protocol):
    """One episode at a time. A factory `package.module:factory` may give one of one's own."""

    max_steps: int
    """Of an episode, where the user asks for no other number."""
    judges_other: bool
    """Whether `reached` knows of the goal that the wrong instruction names."""

    def begin(self, seed: int) -> bool:
        """Start the episode of that seed, the same at every call; False where it gives none."""
        ...

    def look(self) -> View:
        """The present moment; changes nothing."""
        ...

    def act(self, scores: Scores) -> str:
        """One step by what the policy gave; the action in a word.

        Raises PolicyError for scores that are no action here.
        """
        ...

    def reached(self, goal: Goal) -> bool:
        """Whether the agent is at that goal now."""
        ...

    def is_over(self) -> bool:
        """Whether no further step can be made."""
        ...

    def close(self) -> None:
        """Give back what the simulator holds."""
        ...


Maker = Callable[[], Environment]
"""Makes one more environment, for one more episode side by side."""
Given = TypeVar("Given")
Made = TypeVar("Made")


class Each(Protocol):
    """Calls a function, which asks an environment, for each of several; the results in order."""

    def __call__(self, call: Callable[[Given], Made], given: Iterable[Given], /) -> list[Made]:
        """Raises what one of the calls raises."""
        ...


def one_by_one(call: Callable[[Given], Made], given: Iterable[Given], /) -> list[Made]:
    """In this thread."""
    return list(map(call, given))
