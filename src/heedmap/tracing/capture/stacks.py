"""Which attention computations belong together: the stacks of a network.

A *stack* is a run of like layers, such as a vision tower or a decoder: its attention
modules bear the same name but for one number (`decoder.layers.0.attn`, `.1.attn`, ...).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from torch import nn

from heedmap.errors import CaptureError
from heedmap.tracing.capture.calls import AttentionCall, BareCall
from heedmap.tracing.capture.trace import Trace

_HAS_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Stack:
    """Attention computations of like layers, in the order in which they ran."""

    pattern: str
    """The modules' name with `*` for the layer's number."""
    calls: tuple[AttentionCall, ...]

    @property
    def module_names(self) -> tuple[str, ...]:
        """The modules that computed attention, layer by layer."""
        return tuple(call.module_name for call in self.calls)

    @property
    def length(self) -> int:
        """Positions of the sequence: the keys of the first layer."""
        return self.calls[0].key_count

    @property
    def attends_to_itself(self) -> bool:
        """Whether every layer's queries and keys are one and the same sequence."""
        return all(c.attends_to_itself and c.key_count == self.length for c in self.calls)

    @property
    def block_names(self) -> tuple[str, ...]:
        """The layers around the attention modules."""
        return tuple(block_of(name) for name in self.module_names)

    @property
    def first_block(self) -> str:
        """The layer around the first attention module."""
        return self.block_names[0]

    @property
    def last_block(self) -> str:
        """The layer around the last attention module."""
        return self.block_names[-1]

    def without_tensors(self) -> Stack:
        """The same stack, holding no more than sizes and what the masks let through."""
        calls: list[BareCall] = []
        for call in self.calls:
            calls.append(BareCall.of(call, calls[-1] if calls else None))
        return Stack(self.pattern, tuple(calls))

    def check_one_sequence(self) -> None:
        """Raise CaptureError when layers read different numbers of keys in this run."""
        counts = sorted({call.key_count for call in self.calls})
        if len(counts) > 1:
            raise CaptureError(
                "The layers of {pattern} read {counts} keys in one run: they are not one sequence.",
                pattern=self.pattern,
                counts=", ".join(map(str, counts)),
            )

    def check_runs_once(self) -> None:
        """Raise CaptureError when a layer ran more than once in one forward pass."""
        names = self.module_names
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise CaptureError(
                "The attention modules {repeated} ran more than once in one forward pass of the "
                "policy; heedmap describes one pass: give a policy that decodes one action (step) "
                "at a time.",
                repeated=", ".join(repeated),
            )


def stacks_of(trace: Trace, within: str = "") -> list[Stack]:
    """The stacks of a forward pass, ordered by their last attention computation.

    `within` keeps those inside the module of that name.
    """
    grouped: dict[str, list[AttentionCall]] = {}
    for call in trace.attention:
        if not within or call.module_name == within or call.module_name.startswith(f"{within}."):
            pattern = pattern_of(call.module_name)
            grouped[pattern] = [*grouped.pop(pattern, []), call]
    return [Stack(pattern, tuple(calls)) for pattern, calls in grouped.items()]


def pattern_of(module_name: str) -> str:
    """A module's name with `*` for its layer's number: the last part that holds one."""
    head, block, tail = _split(module_name)
    return ".".join([*head, _HAS_NUMBER.sub("*", block), *tail]) if block else module_name


def block_of(module_name: str) -> str:
    """The numbered module around an attention module; itself where none is numbered."""
    head, block, _ = _split(module_name)
    return ".".join([*head, block]) if block else module_name


def towers_of(module: nn.Module, seen: Trace, stack: Stack) -> tuple[str, ...]:
    """Names of the top-most modules that attend or convolve before `stack` begins.

    None of them holds a layer of the stack, or a module that does.
    """
    started = seen.modules_run
    before = set(takewhile(lambda name: not _is_within(name, stack.first_block), started))
    around = {name[:i] for name in stack.block_names for i in range(len(name)) if name[i] == "."}
    around |= {"", *stack.block_names}
    heavy = {call.module_name for call in seen.attention}
    heavy |= {name for name in before if isinstance(module.get_submodule(name), nn.Conv2d)}
    towers: dict[str, None] = {}
    for name in sorted(heavy & before):
        parts = name.split(".")
        outer = (".".join(parts[: count + 1]) for count in range(len(parts)))
        top = next((each for each in outer if each in before and each not in around), None)
        if top is not None:
            towers[top] = None
    return tuple(towers)


def _is_within(name: str, block: str) -> bool:
    """Whether a module is this block or lies in it: a block's parts may be called one by one."""
    return name == block or name.startswith(f"{block}.")


def unseen_attention(module: nn.Module, trace: Trace) -> list[str]:
    """Modules that are called attention and ran, but showed no attention computation.

    They use a kernel that cannot be seen from torch (flash-attn, xformers, a graph that was
    compiled ahead of time).
    """
    seen = {call.module_name for call in trace.attention}
    named = {n for n, m in module.named_modules() if "attention" in type(m).__name__.lower()}
    return [
        name
        for name in dict.fromkeys(trace.modules_run)
        if name in named
        and not any(s == name or s.startswith(f"{name}.") or name.startswith(f"{s}.") for s in seen)
        and not any(other.startswith(f"{name}.") for other in named)
    ]


def _split(module_name: str) -> tuple[Sequence[str], str, Sequence[str]]:
    """The name's parts before, at and after the last one that holds a number."""
    parts = module_name.split(".")
    for index in range(len(parts) - 1, -1, -1):
        if _HAS_NUMBER.search(parts[index]):
            return parts[:index], parts[index], parts[index + 1 :]
    return parts, "", ()
