"""One plain pass of a policy, kept so that variants of it need not be run from the start.

Kept of every layer: keys, values and mask of its attention, and the states that entered it.
Branches (`heedmap.tracing.shared_prefix.branches`) read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import nn

from heedmap.data.observation import Observation
from heedmap.errors import CaptureError
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.capture.rows import MASKED_BELOW, row_bias
from heedmap.tracing.capture.running import names_of_modules
from heedmap.tracing.capture.stacks import Stack, block_of, stacks_of, towers_of
from heedmap.tracing.capture.trace import trace
from heedmap.tracing.observe import check_attention_seen
from heedmap.tracing.shared_prefix.layer_inputs import LayerInput, NotShareableError
from heedmap.tracing.shared_prefix.layers_running import Arguments, LayersRunning
from heedmap.types import Embeddings

Bias = Float[torch.Tensor, "mask_batch mask_head row key"]


@dataclass(frozen=True)
class TrunkLayer:
    """What one layer's attention was given, and the states that entered it."""

    call: FusedCall
    entering: Embeddings
    place: int | str
    output: Any
    """What the layer gave, without the states."""

    @property
    def head_count(self) -> int:
        """Heads of the queries."""
        return self.call.head_count

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
        call = self.call
        bias = row_bias(call.mask, call.is_causal, rows.to(call.query.device), call.key_count)
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
    names = _layers_of(stack)
    recorder = TrunkRecorder()
    with recorder.watching(policy.module, names):
        scores = policy([observation], [instruction])
    return recorder.trunk(stack, observation, instruction, scores)


@dataclass(frozen=True)
class FoundTrunk:
    """What a first pass found: the last stack that attends to itself, and the towers before it."""

    stack: Stack
    towers: tuple[str, ...]
    trunk: Trunk | None
    """None where the stack cannot be shared; `why` says why."""
    why: str | None = None


def find_trunk(policy: Policy, observation: Observation, instruction: str) -> FoundTrunk:
    """As `record_trunk`, and find the stack in the same pass.

    Raises CaptureError where nothing that attends to itself is seen.
    """
    names = numbered_modules(policy.module)
    recorder = TrunkRecorder()
    with recorder.watching(policy.module, names), trace(policy.module) as seen:
        scores = policy([observation], [instruction])
    check_attention_seen(policy, seen)
    stacks = [s for s in stacks_of(seen, policy.transformer_name) if s.attends_to_itself]
    if not stacks:
        raise CaptureError(
            "No transformer that attends to itself was seen in '{policy}'; audit it to see what "
            "was found of every attention, or name it: CallablePolicy(..., transformer=...).",
            policy=policy.name,
        )
    stack = stacks[-1]
    towers = towers_of(policy.module, seen, stack)
    try:
        trunk = recorder.trunk(stack, observation, instruction, scores)
    except NotShareableError as error:
        return FoundTrunk(stack, towers, None, str(error))
    return FoundTrunk(stack, towers, trunk)


def numbered_modules(module: nn.Module) -> list[str]:
    """Names of all modules that may be layers of a stack."""
    return [name for name in names_of_modules(module).values() if name and block_of(name) == name]


def _layers_of(stack: Stack) -> list[str]:
    names = list(dict.fromkeys(stack.block_names))
    if len(names) != len(stack.calls):
        raise NotShareableError("a layer of it attends or runs more than once")
    return names


@final
class TrunkRecorder(LayersRunning):
    """Keeps what every layer is given; changes nothing. Enter with `watching`."""

    def __init__(self) -> None:
        super().__init__()
        self._inputs: dict[int, list[Arguments]] = {}
        self._calls: dict[int, list[FusedCall]] = {}
        self._outputs: dict[int, Any] = {}

    def take(self, layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        """Keep what a layer is called with."""
        self._inputs.setdefault(layer, []).append((args, kwargs))

    def attend(self, layer: int, call: FusedCall) -> torch.Tensor | None:
        """Keep its attention."""
        self._calls.setdefault(layer, []).append(call)

    def gave(self, layer: int, output: Any) -> None:
        """Keep what it gave besides the states."""
        is_tuple = isinstance(output, tuple)
        self._outputs[layer] = (None, *output[1:]) if is_tuple else None

    def trunk(
        self, stack: Stack, observation: Observation, instruction: str, scores: ActionScores
    ) -> Trunk:
        """That of the one pass that was watched. Raises NotShareableError as `record_trunk`."""
        names = _layers_of(stack)
        if not set(names) <= set(self.names):
            raise NotShareableError("a layer of it is not a numbered module")
        layers = tuple(self._layer(self.names.index(name), stack.length) for name in names)
        return Trunk(stack, observation, instruction, layers, scores)

    def _layer(self, number: int, length: int) -> TrunkLayer:
        calls, inputs = self._calls.get(number, []), self._inputs.get(number, [])
        if not calls:
            raise NotShareableError(
                "its attention does not run through torch's scaled_dot_product_attention"
            )
        if len(calls) > 1 or len(inputs) > 1:
            raise NotShareableError("a layer of it attends or runs more than once")
        if calls[0].key_count != length:
            raise NotShareableError("a layer attends to more than its own positions")
        given = LayerInput.of(*inputs[0], length)
        entering = given.states.detach()
        return TrunkLayer(calls[0], entering, given.place, self._outputs[number])


def tolerance(scores: ActionScores) -> float:
    """How far two exact ways may differ by rounding: 1e-5 of the scale, more in half precision."""
    scale = float(scores.float().abs().max().clamp(min=1.0))
    return max(1e-5, 8 * torch.finfo(scores.dtype).eps) * scale
