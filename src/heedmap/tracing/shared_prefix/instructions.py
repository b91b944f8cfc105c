"""Many instructions on one frame: the prefix before the words runs once.

One pass under one of the instructions gives the keys and values of the common prefix (the
image, and whatever of the prompt they all begin with). Of the others only what enters the
layers is made; then all of them run together, each on its own words, padded in front. As
with branches nothing is assumed: the prefix is what is equal bit for bit in all of them, the
masks must keep it from the words, and the first instruction must come out as it did alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import torch
from jaxtyping import Float

from heedmap.errors import HeedmapError, PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import is_out_of_memory
from heedmap.tracing.capture.calls import FusedCall, Values
from heedmap.tracing.capture.instead import instead_of
from heedmap.tracing.capture.rows import MASKED_BELOW, Keys, Mask, Queries, row_bias
from heedmap.tracing.shared_prefix.layer_inputs import (
    LayerInput,
    NotShareableError,
    suffixes_stacked,
)
from heedmap.tracing.shared_prefix.layers_running import (
    Arguments,
    LayersRunning,
    scores_of_rows,
)
from heedmap.tracing.shared_prefix.shared_attention import attend_shared
from heedmap.tracing.shared_prefix.trunk import Trunk, TrunkLayer, tolerance
from heedmap.types import Embeddings

RowsByLayer = Float[torch.Tensor, "layer head row _"]
"""The last axis counts keys: each instruction has a sequence of its own length."""


@dataclass(frozen=True)
class Sequences:
    """What enters every layer under every instruction, and how much of it is common."""

    inputs: tuple[tuple[LayerInput, ...], ...]
    """By instruction and layer."""
    prefix: int
    """Positions at the front that are the same under all instructions."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Positions of each instruction's sequence."""
        return tuple(inputs[0].states.shape[1] for inputs in self.inputs)

    def of(self, chosen: Sequence[int]) -> Sequences:
        """Those of some instructions, with the same prefix."""
        return Sequences(tuple(self.inputs[index] for index in chosen), self.prefix)

    @property
    def width(self) -> int:
        """Positions behind the prefix, of the longest instruction."""
        return max(self.lengths) - self.prefix


def sequences_of(policy: Policy, trunk: Trunk, instructions: Sequence[str]) -> Sequences:
    """What every instruction brings before the layers; the layers themselves do not run.

    Raises NotShareableError where nothing is common, or the masks let the prefix see on.
    """
    inputs = tuple(_entering(policy, trunk, text) for text in instructions)
    first = inputs[0][0].states[0]
    prefix = min(len(first), *(each[0].states.shape[1] for each in inputs)) - 1
    for each in inputs[1:]:
        same = (each[0].states[0, :prefix] == first[:prefix]).all(dim=-1)
        prefix = int(same.long().cumprod(dim=0).sum())
    if prefix == 0:
        raise NotShareableError("the instruction stands first in the sequence: nothing is common")
    for layer in trunk.layers:
        bias = layer.bias(torch.arange(prefix))
        if bias is None or bool((bias[..., prefix:] > MASKED_BELOW).any()):
            raise NotShareableError("what stands before the words sees them (not causal)")
    return Sequences(inputs, prefix)


def run_together(
    policy: Policy,
    trunk: Trunk,
    instructions: Sequence[str],
    sequences: Sequences,
    rows: Sequence[int],
    *,
    copies: bool = False,
) -> tuple[ActionScores, list[RowsByLayer]]:
    """Scores of every instruction, and the float32 attention of its `rows`, counted from the end.

    The trunk's instruction must be the first. With `copies` the policy is called on all
    instructions, or on the last one only, whose head then reads the states of all.

    Raises NotShareableError where the policy cannot be run this way, or the first
    instruction's scores are not those of the trunk.
    """
    running = _Together(trunk, sequences, rows)
    return _run(policy, instructions, running, copies=copies), running.weights()


class LayerRows(NamedTuple):
    """What one layer was given behind the prefix, one example an instruction."""

    entering: Embeddings
    query: Queries
    key: Keys
    value: Values


def keep_together(
    policy: Policy,
    trunk: Trunk,
    instructions: Sequence[str],
    sequences: Sequences,
    *,
    copies: bool = False,
) -> tuple[ActionScores, list[LayerRows]]:
    """Scores of every instruction, and its rows in every layer; all of one length.

    Arguments and errors are those of `run_together`.
    """
    running = _Together(trunk, sequences, (), keeps=True)
    return _run(policy, instructions, running, copies=copies), running.kept


def _run(
    policy: Policy, instructions: Sequence[str], running: _Together, *, copies: bool
) -> ActionScores:
    trunk = running.trunk
    texts = list(instructions) if copies else [instructions[-1]]
    examples = [(trunk.observation, text) for text in texts]
    with running.watching(policy.module, trunk.stack.block_names):
        scores = scores_of_rows(policy, examples, len(instructions))
    if (scores[0] - trunk.scores[0]).abs().max() > tolerance(trunk.scores):
        raise NotShareableError("words alone give other scores than the whole sequence")
    return scores


@final
class _EnoughError(HeedmapError):
    """Raised inside the policy when all that was wanted has been seen."""


def _entering(policy: Policy, trunk: Trunk, instruction: str) -> tuple[LayerInput, ...]:
    """What every layer is given, each passing on what it gets; stops behind the last."""
    found = attempt(lambda: _passing_on(policy, trunk, instruction))
    if isinstance(found, PolicyRunError):
        if is_out_of_memory(found):
            raise found
        why = f"its code does not run without its layers ({type(found.__cause__).__name__})"
        raise NotShareableError(why) from found
    if len(found) != len(trunk.layers):
        raise NotShareableError("its layers are not run one after the other")
    return found


def _passing_on(policy: Policy, trunk: Trunk, instruction: str) -> tuple[LayerInput, ...]:
    inputs: list[LayerInput] = []
    layers = trunk.layers

    def pass_on(_: Any, *args: Any, **kwargs: Any) -> Any:
        at = len(inputs)
        if at < len(layers):
            inputs.append(LayerInput(args, kwargs, layers[at].place))
        if len(inputs) == len(layers):
            raise _EnoughError("All layers were reached.")
        return layers[at].as_output(inputs[at].states)

    with ExitStack() as contexts:
        for name in trunk.stack.block_names:
            contexts.enter_context(instead_of(policy.module.get_submodule(name), pass_on))
        contexts.enter_context(torch.no_grad())
        contexts.enter_context(suppress(_EnoughError))
        policy.act_unchecked([trunk.observation], [instruction])
    return tuple(inputs)


@final
class _Together(LayersRunning):
    """Feeds every instruction's own positions to the layers, and the prefix to their attention."""

    def __init__(
        self, trunk: Trunk, sequences: Sequences, rows: Sequence[int], *, keeps: bool = False
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.kept: list[LayerRows] = []
        """Of every layer, where they are kept."""
        self._keeps = keeps
        self._entering: Embeddings | None = None
        self._sequences = sequences
        self._rows = tuple(sequences.width + row for row in rows)
        self._weights: list[torch.Tensor] = []
        self._stacked: dict[tuple[int, ...], Any] = {}
        """By the identity of what was stacked: layers mostly share their masks and tables."""

    def weights(self) -> list[RowsByLayer]:
        """Each instruction's rows over its own sequence."""
        by_layer = torch.stack(self._weights, dim=1)  # instruction, layer, head, row, key
        prefix, width = self._sequences.prefix, self._sequences.width
        return [
            torch.cat([own[..., :prefix], own[..., prefix + width - (length - prefix) :]], dim=-1)
            for own, length in zip(by_layer, self._sequences.lengths, strict=True)
        ]

    def take(self, layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        given = LayerInput(args, kwargs, self.trunk.layers[layer].place)
        inputs = [each[layer] for each in self._sequences.inputs]
        states = given.states
        if layer == 0:
            states = self._stack([each.states for each in inputs])
        args_of, kwargs_of = zip(*(each.others for each in inputs), strict=True)
        columns = [self._stack(list(column)) for column in zip(*args_of, strict=True)]
        named = {key: self._stack([each[key] for each in kwargs_of]) for key in kwargs_of[0]}
        self._entering = states
        replaced = given.replaced(states, (tuple(columns), named))
        return replaced.args, replaced.kwargs

    def attend(self, layer: int, call: FusedCall) -> torch.Tensor | None:
        kept, prefix = self.trunk.layers[layer], self._sequences.prefix
        query, packed = kept.unpacked(call.query, self._sequences.width)
        key, value = kept.of_kept_heads(call.key), kept.of_kept_heads(call.value)
        if self._keeps:
            assert self._entering is not None, "the layer was entered"
            self.kept.append(LayerRows(self._entering.detach(), query.detach(), key, value))
        read, weights = attend_shared(
            query,
            (key, value),
            (kept.call.key[0, :, :prefix], kept.call.value[0, :, :prefix]),
            self._bias(layer),
            kept.call.scaling,
            weights_of_rows=self._rows,
        )
        if weights is not None:
            self._weights.append(weights.cpu())
        return read.reshape(*packed[:-1], read.shape[-1])

    def _stack(self, values: list[Any]) -> Any:
        lengths, prefix = self._sequences.lengths, self._sequences.prefix
        key = tuple(id(value) for value in values)
        if key not in self._stacked:
            self._stacked[key] = suffixes_stacked(values, lengths, prefix)
        return self._stacked[key]

    def _bias(self, layer: int) -> torch.Tensor:
        """What is added to the scores: (instruction, head, own row, prefix and own keys)."""
        call = self.trunk.layers[layer].call
        masks = [mask_of(each[layer], self.trunk.layers[layer]) for each in self._sequences.inputs]
        key = (-1, *(id(mask) for mask in masks))
        if key not in self._stacked:
            biases = [
                self._own_bias(mask, call.is_causal, length).to(call.query.device)
                for mask, length in zip(masks, self._sequences.lengths, strict=True)
            ]
            self._stacked[key] = torch.cat(biases)
        return self._stacked[key]

    def _own_bias(
        self, mask: torch.Tensor | None, is_causal: bool, length: int
    ) -> Float[torch.Tensor, "1 head row key"]:
        """One instruction's rows; rows and keys of the padding in front see all, and nobody."""
        prefix, width = self._sequences.prefix, self._sequences.width
        own = length - prefix
        rows = torch.arange(prefix, length)
        bias = row_bias(mask, is_causal, rows if mask is None else rows.to(mask.device), length)
        if bias is None:
            raise NotShareableError("every position sees every other (not causal)")
        padded = bias.new_zeros(1, bias.shape[1], width, prefix + width)
        padded[:, :, width - own :, prefix : prefix + width - own] = -torch.inf
        padded[:, :, width - own :, :prefix] = bias[..., :prefix]
        padded[:, :, width - own :, prefix + width - own :] = bias[..., prefix:]
        return padded.masked_fill(padded < MASKED_BELOW, -torch.inf)


def mask_of(given: LayerInput, layer: TrunkLayer) -> Mask | None:
    """The attention mask among a layer's arguments; None where the trunk's attention had none.

    Raises NotShareableError where it had one that the layer was not given.
    """
    if layer.call.mask is None:
        return None
    length = given.states.shape[1]
    args, kwargs = given.others
    for value in (*args, *kwargs.values()):
        if torch.is_tensor(value) and value.ndim == 4 and value.shape[2:] == (length, length):
            return value
    raise NotShareableError("its layers make their attention mask themselves")
