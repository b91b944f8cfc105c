"""Runs of one policy on one frame, recorded once each and compared with one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch

from heedmap.auditing.variants import observation_variants
from heedmap.data.observation import Observation
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import Policy
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
    found = attempt(lambda: record(policy, observation, text, held))
    if isinstance(found, PolicyRunError):
        raise InstructionError(found.phrase) from found
    return found


@dataclass
class Trails:
    """Runs of one policy on one frame, each recorded once."""

    policy: Policy
    observation: Observation
    seed: int
    _known: dict[str, Recording] = field(default_factory=dict)
    _on_other_frame: tuple[str, Recording] | None = None
    _repeated: tuple[str, Recording] | None = None

    @cached_property
    def other_frame(self) -> Observation | None:
        """The frame with one camera's pixels exchanged; None where there is no camera."""
        cameras = observation_variants(self.observation, self.seed).values()
        variants = [variant for camera in cameras for variant in camera]
        return variants[0] if variants else None

    def of(self, text: str) -> Recording:
        """The run under this text. Raises as `recorded` does."""
        if text not in self._known:
            held = sum(recording.held_bytes for recording in self._known.values())
            if held > HELD_BYTES:
                self.let_go()
            self._known[text] = self.anew(text)
        return self._known[text]

    def anew(self, text: str, at: Observation | None = None) -> Recording:
        """As `of`, but run again, or on another frame."""
        return recorded(self.policy, at or self.observation, text)

    def repeated(self, text: str) -> Recording:
        """The run under this text once more: what differs from `of` is the policy's own noise."""
        if self._repeated is None or self._repeated[0] != text:
            self._repeated = text, self.anew(text)
        return self._repeated[1]

    def on_other_frame(self, text: str) -> Recording:
        """The run on `other_frame`, which is there. Raises as `recorded` does."""
        assert self.other_frame is not None
        if self._on_other_frame is None or self._on_other_frame[0] != text:
            self._on_other_frame = text, self.anew(text, self.other_frame)
        return self._on_other_frame[1]

    def let_go(self) -> None:
        """Forget all runs, which hold their activations."""
        self._known.clear()
        self._on_other_frame = None
        self._repeated = None

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
