"""Is there a path from the instruction to the action beside its positions in the sequence?

The sequence entering the transformer is kept at instruction A while all other inputs get
instruction B. If the action still moves, the instruction has another path, *after* the
sequence was made: a cross-attention, word embeddings added in the head. A path *before*
it is seen where image positions move with the instruction: a FiLM in the vision tower.
The first module on the path is named: the first whose input changes with the instruction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from heedmap.data.observation import Observation
from heedmap.ladder.verdict import Bypass
from heedmap.policies.base import Policy
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.capture.towers import everything_running
from heedmap.tracing.observe import Pass, enter, observe
from heedmap.types import Embeddings

_Digest = tuple[tuple[Any, ...], ...]


def find_bypass(
    policy: Policy,
    base: Pass,
    observation: Observation,
    instructions: tuple[str, str],
    other_observation: Observation,
    image_positions: tuple[int, ...],
) -> Bypass:
    """Look for a bypass on one frame, with two instructions of one length.

    `base` is the pass under the first instruction; `other_observation` has another image;
    `image_positions` are those that the frame moves. Raises CaptureError when the
    sequences' lengths differ.
    """
    stack, (first, second) = base.stack, instructions

    def run(instruction: str, held: Embeddings | None = None, at: Observation = observation):
        edit = None if held is None else (lambda _: held)
        with everything_running(policy.module), _module_inputs(policy.module) as seen:
            got = observe(policy, stack.pattern, at, instruction, like=stack, edit_sequence=edit)
        return got, seen

    fixed = observe(
        policy,
        stack.pattern,
        observation,
        second,
        like=stack,
        edit_sequence=lambda _: base.sequence,
    )
    change = float((fixed.scores - base.scores).abs().max())
    if change > 0:
        _, plain_inputs = run(first)
        _, fixed_inputs = run(second, held=base.sequence)
        module = _first_that_differs(plain_inputs, fixed_inputs, stack, before=False)
        if _is_residual(module, stack, plain_inputs):
            return Bypass(status="not measured")
        return Bypass(status="found", kind="after", module=module or "", change=change)
    other = enter(policy, base, observation, second)
    follows = (other.sequence != base.sequence).any(dim=-1)[0]
    if image_positions and bool(follows[list(image_positions)].any()):
        _, plain_inputs = run(first)
        swapped, swapped_inputs = run(second)
        _, other_inputs = run(first, at=other_observation)
        both = _first_that_differs(plain_inputs, swapped_inputs, stack, True, other_inputs)
        moved = float((swapped.scores - base.scores).abs().max())
        return Bypass(status="found", kind="before", module=both or "", change=moved)
    return Bypass(status="none")


def _is_residual(module: str | None, stack: Stack, inputs: _Inputs) -> bool:
    """Whether it lies beside the attention in one unnumbered layer.

    What is held there is the attention's first argument. The layer's own residual goes past it, and
    so do keys and values that are given as the same tensor again.
    """
    if stack.first_block not in stack.module_names:
        return False  # a whole layer is held
    layer, _, attention = stack.first_block.rpartition(".")
    is_in_layer = bool(layer and attention) and (module or "").startswith(layer)
    return is_in_layer or stack.first_block in inputs.given_twice


@dataclass
class _Inputs:
    """What every module was given, in the order in which they began."""

    order: list[tuple[str, int]] = field(default_factory=list)
    digests: dict[tuple[str, int], _Digest] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    """How often each module has begun."""
    given_twice: set[str] = field(default_factory=set)
    """Modules that were given one tensor as several arguments."""


def _first_that_differs(
    one: _Inputs, two: _Inputs, stack: Stack, before: bool, third: _Inputs | None = None
) -> str | None:
    """The first module, before or from the first layer on, whose input differs.

    With `third`, its input must differ from `one` there as well.
    """
    names = [name for name, _ in one.order]
    start = names.index(stack.first_block)
    # The first layer itself is given the fixed sequence only after its input was noted.
    candidates = one.order[:start] if before else one.order[start + 1 :]
    for key in candidates:
        told = one.digests[key]  # empty for a module without tensors
        moves_in_third = third is None or told != third.digests.get(key)
        if told and told != two.digests.get(key) and moves_in_third:
            return key[0]
    return None


@contextmanager
def _module_inputs(module: nn.Module) -> Iterator[_Inputs]:
    """A digest of the tensors that every module takes, call by call."""
    seen = _Inputs()
    handles = [
        inner.register_forward_pre_hook(partial(_note, seen, name), with_kwargs=True)
        for name, inner in module.named_modules()
        if name
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _note(
    seen: _Inputs, name: str, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    key = (name, seen.runs.get(name, 0))
    seen.runs[name] = key[1] + 1
    tensors = [value for value in (*args, *kwargs.values()) if torch.is_tensor(value)]
    if len({id(tensor) for tensor in tensors}) < len(tensors):
        seen.given_twice.add(name)
    seen.order.append(key)
    seen.digests[key] = tuple(_digest(tensor) for tensor in tensors)


def _digest(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Shape and three sums that any change of one number changes."""
    flat = tensor.detach().double().flatten()
    ramp = torch.linspace(1, 2, max(flat.numel(), 1), dtype=torch.float64, device=flat.device)
    weighted = (flat * ramp[: flat.numel()]).sum()
    return tuple(tensor.shape), float(flat.sum()), float(flat.abs().sum()), float(weighted)
