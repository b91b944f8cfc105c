"""Runs of one policy on one frame, recorded once each and compared with one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial

import torch

from heedmap.auditing.variants import observation_variants
from heedmap.data.observation import Observation
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.capture.towers import everything_running
from heedmap.tracing.trail.calls import add_remembered, record_calls, watching_calls
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.losses import entered
from heedmap.tracing.trail.recorder import record
from heedmap.tracing.trail.recording import OperatorKey, Recording

HELD_BYTES = 2**30
"""Recorded activations beyond which earlier runs are let go."""


def recorded(
    policy: Policy,
    observation: Observation,
    text: str,
    held: Mapping[OperatorKey, torch.Tensor] | None = None,
) -> Recording:
    """A run that the policy may refuse; `held` as of `heedmap.tracing.trail.recorder.record`.

    Raises InstructionError where it does, or fails twice in a row; PolicyRunError of a failure that
    does not come again.
    """
    return _accepted(lambda: record(policy, observation, text, held))


def _accepted(run: Callable[[], Recording]) -> Recording:
    found = attempt(run)
    if isinstance(found, PolicyRunError):
        raise InstructionError(found.phrase) from found
    return found


@dataclass
class Trails:
    """Runs of one policy on one frame, each recorded once."""

    policy: Policy
    observation: Observation
    seed: int
    calls_only: bool = False
    """Whether runs tell what module calls gave, and not what operators did between them."""
    _known: dict[str, Recording] = field(default_factory=dict)
    _on_other_frame: tuple[str, Recording] | None = None
    repetition: tuple[str, Recording] | None = None
    """A text and its run, recorded a second time."""

    @cached_property
    def other_frame(self) -> Observation | None:
        """The frame with one camera's pixels exchanged; None where there is no camera."""
        cameras = observation_variants(self.observation, self.seed).values()
        variants = [variant for camera in cameras for variant in camera]
        return variants[0] if variants else None

    @cached_property
    def light(self) -> Trails:
        """Runs of the same policy on the same frame, of which module calls alone are recorded."""
        return Trails(self.policy, self.observation, self.seed, calls_only=True)

    def of(self, text: str) -> Recording:
        """The run under this text. Raises as `recorded` does."""
        if text not in self._known:
            self.let_go_of_many()
            self._known[text] = self.anew(text)
        return self._known[text]

    def anew(self, text: str, at: Observation | None = None) -> Recording:
        """As `of`, but run again, or on another frame."""
        if not self.calls_only:
            return recorded(self.policy, at or self.observation, text)
        with everything_running(self.policy.module):
            return _accepted(lambda: record_calls(self.policy, at or self.observation, text))

    @contextmanager
    def watching(self, text: str) -> Iterator[Callable[[ActionScores], None]]:
        """Keep the module calls of the one run in the body, as that of this frame and text.

        What is yielded is to be called with the run's scores; if it is not, nothing is kept.
        """
        with watching_calls(self.policy) as recording:
            yield partial(self._keep, text, recording)

    def _keep(self, text: str, recording: Recording, scores: ActionScores) -> None:
        for base in self._known.values():
            add_remembered(self.policy, recording, base)
        recording.scores = scores.detach().clone()
        self._known[text] = recording

    def repeated(self, text: str) -> Recording:
        """The run under this text once more: what differs from `of` is the policy's own noise."""
        if self.repetition is None or self.repetition[0] != text:
            self.repetition = text, self.anew(text)
        return self.repetition[1]

    def on_other_frame(self, text: str) -> Recording:
        """The run on `other_frame`, which is there. Raises as `recorded` does."""
        assert self.other_frame is not None
        if self._on_other_frame is None or self._on_other_frame[0] != text:
            self._on_other_frame = text, self.anew(text, self.other_frame)
        return self._on_other_frame[1]

    def runs(self) -> Iterator[tuple[Observation, str, Recording]]:
        """What is held of frames and texts, once each."""
        for text, run in self._known.items():
            yield self.observation, text, run
        if self._on_other_frame is not None and self.other_frame is not None:
            yield self.other_frame, *self._on_other_frame

    def let_go_of_many(self) -> None:
        """Forget all runs where they hold much."""
        if sum(run.held_bytes for _, _, run in self.runs()) > HELD_BYTES:
            self.let_go()

    def let_go(self) -> None:
        """Forget all runs, which hold their activations."""
        self._known.clear()
        self._on_other_frame = None
        self.repetition = None

    def between(self, one: str, two: str) -> Differences:
        """Where the runs under two texts differ."""
        return Differences(self.of(one), self.of(two))

    def over_frame(self, text: str) -> Differences | None:
        """Where the run on another frame differs."""
        if self.other_frame is None:
            return None
        try:
            return Differences(self.of(text), self.on_other_frame(text))
        except InstructionError:
            return None

    def enters(self, one: str, two: str) -> bool | None:
        """Whether anything that the network receives differs; None where one is refused."""
        try:
            found = self.between(one, two)
        except InstructionError:
            return None
        return found.unmatched > 0 or bool(entered(found))
