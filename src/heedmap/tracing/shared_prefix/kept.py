"""Trunks from passes that an audit makes anyway, so that none has to run for them alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch

from heedmap.data.observation import Observation
from heedmap.errors import PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import free_bytes, is_large
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.shared_prefix.layer_inputs import NotShareableError
from heedmap.tracing.shared_prefix.trunk import Trunk, TrunkLayer, TrunkRecorder

MOST_BYTES = 256 * 2**20
FREE_SHARE = 1 / 8
"""Of the free memory: what all trunks may take."""

Result = TypeVar("Result")


@dataclass
class KeptTrunks:
    """Of one policy, by frame and instruction, as many as memory has room for.

    Of a large network one a frame: all others share their prefix with it.
    """

    policy: Policy
    is_wanted: bool = True
    """Whether further passes are recorded: not where that was seen to be impossible."""
    _kept: dict[tuple[str, str], Trunk] = field(default_factory=dict)
    _left_bytes: int | None = None

    def of(self, observation: Observation, instruction: str) -> Trunk | None:
        """That of this input; None where it was not kept."""
        return self._kept.get((observation.sha256, instruction))

    def of_frame(self, observation: Observation) -> Trunk | None:
        """Any of this frame."""
        frame = observation.sha256
        return next((trunk for (of, _), trunk in self._kept.items() if of == frame), None)

    def watched(
        self, names: Sequence[str], observation: Observation, run: Callable[[], Result]
    ) -> tuple[Result, TrunkRecorder | None]:
        """What `run`, one pass of the policy, gives, and what its layers of these names were given.

        None where that is not wanted, or the policy fails under it, twice in a row.
        """
        module = self.policy.module
        is_known = is_large(module) and self.of_frame(observation) is not None
        if not self.is_wanted or is_known:
            return run(), None

        def recorded() -> tuple[Result, TrunkRecorder]:
            recorder = TrunkRecorder()
            with recorder.watching(module, names):
                return run(), recorder

        found = attempt(recorded)
        if isinstance(found, PolicyRunError):
            self.is_wanted = False
            return run(), None
        return found

    def keep(
        self,
        recorder: TrunkRecorder | None,
        stack: Stack,
        observation: Observation,
        instruction: str,
        scores: ActionScores,
    ) -> None:
        """Keep the trunk of a recorded pass, copied, where there is room for it."""
        if recorder is None:
            return
        try:
            trunk = recorder.trunk(stack.without_tensors(), observation, instruction, scores)
        except NotShareableError:
            self.is_wanted = False
            return
        size = sum(_bytes(layer) for layer in trunk.layers)
        if self._left_bytes is None:
            device = trunk.layers[0].entering.device
            self._left_bytes = min(MOST_BYTES, int(FREE_SHARE * free_bytes(device)))
        if size > self._left_bytes:
            self.is_wanted = False
            return
        self._left_bytes -= size
        layers = tuple(_copied(layer) for layer in trunk.layers)
        self._kept[observation.sha256, instruction] = replace(trunk, layers=layers)


def _tensors(layer: TrunkLayer) -> tuple[torch.Tensor, ...]:
    return layer.entering, layer.call.query, layer.call.key, layer.call.value


def _bytes(layer: TrunkLayer) -> int:
    return sum(each.numel() * each.element_size() for each in _tensors(layer))


def _copied(layer: TrunkLayer) -> TrunkLayer:
    """Of its own memory: a policy may write into caches that it keeps from run to run."""
    entering, query, key, value = (each.detach().clone() for each in _tensors(layer))
    call = replace(layer.call, query=query, key=key, value=value)
    return replace(layer, entering=entering, call=call)
