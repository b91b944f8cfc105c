"""Asks the policy: what it does now is a function of what it has seen and was told so far.

A policy without state needs the present moment alone, so that all episodes go through it in one
forward pass. One that keeps state (a queue of actions, a recurrent state, its first instruction)
is asked about one episode at a time: begun anew and shown all earlier moments, unless the moment
is the one after those that it has just seen. That is how it can be asked from any step of an
episode without copying anything inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from heedmap.data.observation import Observation
from heedmap.policies.base import Policy
from heedmap.tracing.batches import BatchSize, in_batches

Rows = Float[np.ndarray, "episode action"]


@dataclass(frozen=True, eq=False)
class Asked:
    """One moment of an episode, the words then, and the moment before it."""

    observation: Observation
    text: str
    before: Asked | None = None

    def so_far(self) -> list[Asked]:
        """All moments from the episode's first to this one."""
        found: list[Asked] = [self]
        while (earlier := found[-1].before) is not None:
            found.append(earlier)
        return found[::-1]


class Driver:
    """One policy, asked in one of the two ways."""

    def __init__(self, policy: Policy, *, keeps_state: bool = False, parallel: int = 16) -> None:
        self.policy = policy
        self.keeps_state = keeps_state
        self.parallel = 1 if keeps_state else parallel
        """Episodes side by side."""
        self._batch = BatchSize(self.parallel)
        self._last: Asked | None = None

    def scores(self, moments: Sequence[Asked]) -> Rows:
        """Scores of the present moment of each episode.

        Raises PolicyRunError and what else calling a policy raises.
        """
        if not self.keeps_state:
            return np.stack(in_batches(moments, self._batch, self._called))
        return np.concatenate([self._in_episode(each) for each in moments])

    def _in_episode(self, moment: Asked) -> Rows:
        is_next = self._last is not None and moment.before is self._last
        todo = [moment] if is_next else moment.so_far()
        if not is_next:
            with self.policy.own_errors([moment.text]):
                self.policy.begin_episode()
        self._last = None  # an error in between leaves the policy in the middle of an episode
        rows = [self._called([each]) for each in todo][-1]
        self._last = moment
        return rows

    def _called(self, moments: Sequence[Asked]) -> Rows:
        seen = [_copied(m.observation) for m in moments]  # some policies write into their frames
        scores = self.policy(seen, [m.text for m in moments])
        return scores.detach().cpu().double().numpy()


def _copied(observation: Observation) -> Observation:
    images = {name: image.copy() for name, image in observation.images.items()}
    state = observation.state
    return Observation(images, None if state is None else state.copy(), observation.history)
