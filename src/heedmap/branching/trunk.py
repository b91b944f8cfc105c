"""One plain pass of a policy, kept so that variants of it need not be run from the start.

Kept of every layer: keys, values and mask of its attention, and the states that entered it.
Branches (`heedmap.branching.branches`) read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float

from heedmap.branching.layer_inputs import LayerInput, NotShareableError
from heedmap.branching.layers_running import Arguments, LayersRunning, SdpaCall
from heedmap.capture.rows import MASKED_BELOW, row_bias
from heedmap.capture.stacks import Stack
from heedmap.inputs.observation import Observation
from heedmap.policies.base import ActionScores, Policy
from heedmap.types import Embeddings

Bias = Float[torch.Tensor, "mask_batch mask_head row key"]


@dataclass(frozen=True)
class TrunkLayer:
    """What one layer's attention was given, and the states that entered it."""

    call: SdpaCall
    entering: Embeddings
    place: int | str
    output: Any
    """What the layer gave, without the states."""

    @property
    def head_count(self) -> int:
        """Heads of the queries."""
        return self.call.query.shape[1]

    def as_output(self, states: torch.Tensor) -> Any:
        """These states in the form in which the layer gives its own."""
        return states if self.output is None else type(self.output)((states, *self.output[1:]))

    def unpacked(self, query: torch.Tensor, rows: int) -> tuple[torch.Tensor, torch.Size]:
        """Queries of (batch, head, row, dim), and the shape in which they came.

        A single row of grouped heads may come as so many rows of each key head.
        """
        if query.shape[1] == self.head_count:
            return query, query.shape
        return query.reshape(len(query), self.head_count, rows, -1), query.shape

    def of_kept_heads(self, keys: torch.Tensor) -> torch.Tensor:
        """Keys or values of as many heads as were kept: repeated where those were repeated."""
        return keys.repeat_interleave(self.call.key.shape[1] // keys.shape[1], dim=1)

    def bias(self, rows: torch.Tensor) -> Bias | None:
        """What is added to the scores of these rows, masked keys at minus infinity."""
        call, mask = self.call, self.call.attn_mask
        if mask is not None:
            mask = mask[(None,) * (4 - mask.ndim)]
        bias = row_bias(mask, call.is_causal, rows.to(call.query.device), call.key.shape[2])
        if bias is None:
            return None
        masked = bias < MASKED_BELOW
        return bias.masked_fill(masked & ~masked.all(dim=-1, keepdim=True), -torch.inf)


@dataclass(frozen=True)
class Trunk:
    """A plain pass of one example: every layer of the stack, and the action's scores."""

    stack: Stack
    observation: Observation
    instruction: str
    layers: tuple[TrunkLayer, ...]
    scores: ActionScores

    @property
    def length(self) -> int:
        """Positions of the sequence."""
        return self.stack.length


def record_trunk(policy: Policy, stack: Stack, observation: Observation, instruction: str) -> Trunk:
    """Run the policy once, keeping what branches need.

    Raises NotShareableError where a layer's attention does not run through
    `scaled_dot_product_attention`, or its states are not (batch, position, dim).
    """
    recorder = _Recorder(stack.length)
    with recorder.watching(policy.module, stack):
        scores = policy([observation], [instruction])
    layers = recorder.layers(len(stack.calls))
    return Trunk(stack, observation, instruction, layers, scores)


@final
class _Recorder(LayersRunning):
    """Keeps what every layer is given; changes nothing."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self._length = length
        self._calls: dict[int, SdpaCall] = {}
        self._entering: dict[int, tuple[Embeddings, int | str]] = {}
        self._outputs: dict[int, Any] = {}

    def take(self, layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        if layer in self._entering:
            raise NotShareableError("a layer runs more than once for one action")
        given = LayerInput.of(args, kwargs, self._length)
        self._entering[layer] = given.states.detach(), given.place

    def attend(self, layer: int, call: SdpaCall) -> torch.Tensor | None:
        if layer in self._calls:
            raise NotShareableError("a layer of it attends more than once")
        if call.key.shape[2] != self._length or call.query.ndim != 4:
            raise NotShareableError("a layer attends to more than its own positions")
        self._calls[layer] = call

    def gave(self, layer: int, output: Any) -> None:
        is_tuple = isinstance(output, tuple)
        self._outputs[layer] = (None, *output[1:]) if is_tuple else None

    def layers(self, count: int) -> tuple[TrunkLayer, ...]:
        """All layers. Raises NotShareableError where one's attention was not seen."""
        if len(self._calls) != count:
            raise NotShareableError(
                "its attention does not run through torch's scaled_dot_product_attention"
            )
        return tuple(
            TrunkLayer(self._calls[layer], *self._entering[layer], self._outputs[layer])
            for layer in range(count)
        )


def tolerance(scores: ActionScores) -> float:
    """How far two exact ways may differ by rounding: 1e-5 of the scale, more in half precision."""
    scale = float(scores.float().abs().max().clamp(min=1.0))
    return max(1e-5, 8 * torch.finfo(scores.dtype).eps) * scale
