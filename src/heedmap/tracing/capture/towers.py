"""Vision towers: what runs before the transformer and is the same for every instruction.

A tower is run once for an image and its output kept, so that the many passes of an audit
that only exchange words do not look at the same pixels again. What is kept is found by the
tensors that the tower was called with, bit for bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from heedmap.tracing.capture.instead import instead_of, running_instead

MOST_ENTRIES = 64
MOST_BYTES = 256 * 2**20
ROWS_TOLERANCE = 1e-5
"""Of the largest entry: how far one row alone may differ from the same row in a batch."""


@dataclass
class CallsOfModules:
    """What modules were called with in one pass, and gave; of those that ran once."""

    calls: dict[str, tuple[list[Any], Any]] = field(default_factory=dict)
    """By name: flattened arguments, output."""
    often: set[str] = field(default_factory=set)

    def remembered(self, towers: Sequence[str]) -> Memories:
        """Memories of towers, as if the pass had been run under `remembering`."""
        memories: Memories = {name: TowerMemory() for name in towers}
        for name in towers:
            if name in self.calls and name not in self.often:
                given, output = self.calls[name]
                if _is_plain(output):
                    memories[name].keep(given, output)
        return memories


@contextmanager
def keeping_calls(module: nn.Module, names: Sequence[str]) -> Iterator[CallsOfModules]:
    """Keep what modules of these names are called with and give; leaves no hook behind.

    Nothing is kept of a pass that draws random numbers: its towers might.
    """
    kept = CallsOfModules()

    def hook_for(name: str) -> Any:
        def hook(_: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            given = pytree.tree_flatten((args, kwargs))[0]
            if name in kept.calls:
                kept.often.add(name)
            elif _tensors(given):
                kept.calls[name] = (_copied(given), _copied(output))

        return hook

    handles = [
        module.get_submodule(name).register_forward_hook(hook_for(name), with_kwargs=True)
        for name in names
    ]
    before = _random_states()
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()
    if any(not torch.equal(a, b) for a, b in zip(before, _random_states(), strict=True)):
        kept.calls.clear()


Memories = dict[str, "TowerMemory"]
"""What was remembered of every tower, by its name."""


@contextmanager
def remembering(
    module: nn.Module, towers: Sequence[str], memories: Memories | None = None
) -> Iterator[None]:
    """Inside, each of the towers runs once for the same input; nothing stays on the module.

    In a batch of equal rows one is run, where that was seen to give what the batch gives. A
    tower that draws random numbers, and every call whose input needs gradients, runs as
    always. `memories` keep what was remembered from one such body to the next.
    """
    memories = {} if memories is None else memories
    with ExitStack() as contexts:
        for name in towers:
            remembered = _Remembered(memories.setdefault(name, TowerMemory()))
            contexts.enter_context(instead_of(module.get_submodule(name), remembered))
        yield


@contextmanager
def everything_running(module: nn.Module) -> Iterator[None]:
    """Inside, nothing is remembered: every tower of `module` runs, as in the policy's own use."""
    towers = [tower for inner in module.modules() for tower in _remembered_in(inner)]
    before = [tower.is_paused for tower in towers]
    for tower in towers:
        tower.is_paused = True
    try:
        yield
    finally:
        for tower, was_paused in zip(towers, before, strict=True):
            tower.is_paused = was_paused


def is_remembered(module: nn.Module) -> bool:
    """Whether it is a tower that `remembering` watches, and which may not run the next time."""
    return next(_remembered_in(module), None) is not None


def _remembered_in(module: nn.Module) -> Iterator[_Remembered]:
    return (each for each in running_instead(module) if isinstance(each, _Remembered))


class TowerMemory:
    """Outputs of one tower by its inputs, the least recently used ones dropped."""

    def __init__(self) -> None:
        self.entries: OrderedDict[int, tuple[list[Any], Any, int]] = OrderedDict()
        self.rows_alone: bool | None = None
        """Whether one row alone gives what it gives in a batch; None: not tried yet."""
        self._count = 0

    def find(self, given: list[Any]) -> Any:
        """The output for these inputs, or None."""
        for key, (inputs, output, _) in self.entries.items():
            if _same(inputs, given):
                self.entries.move_to_end(key)
                return output
        return None

    def keep(self, given: list[Any], output: Any) -> None:
        """Keep an output; its tensors and the inputs' are copied."""
        held = [each.detach().clone() if torch.is_tensor(each) else each for each in given]
        size = sum(each.nbytes for each in _tensors([held, output]))
        if size > MOST_BYTES:
            return
        self.entries[self._count] = (held, _copied(output), size)
        self._count += 1
        while len(self.entries) > MOST_ENTRIES or self._bytes() > MOST_BYTES:
            self.entries.popitem(last=False)

    def _bytes(self) -> int:
        return sum(size for _, _, size in self.entries.values())


@dataclass
class _Remembered:
    """Runs in place of a tower's forward: from memory where that is the same."""

    memory: TowerMemory
    is_paused: bool = False

    def __call__(self, forward: Any, *args: Any, **kwargs: Any) -> Any:
        given, _ = pytree.tree_flatten((args, kwargs))
        tensors = _tensors(given)
        if self.is_paused or not tensors or any(each.requires_grad for each in tensors):
            return forward(*args, **kwargs)
        batch = _equal_rows(given)
        if batch > 1 and self.memory.rows_alone is not False:
            return self._rows_alone(forward, args, kwargs, batch)
        known = self.memory.find(given)
        if known is not None:
            return _copied(known)
        before = _random_states()
        output = forward(*args, **kwargs)
        drew = any(not torch.equal(a, b) for a, b in zip(before, _random_states(), strict=True))
        if not drew and _is_plain(output):
            self.memory.keep(given, output)
        return output

    def _rows_alone(
        self, forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any], batch: int
    ) -> Any:
        """One row's output for equal rows; the first time, compared with the batch's."""
        one_args, one_kwargs = pytree.tree_map(
            lambda each: each[:1] if torch.is_tensor(each) else each, (args, kwargs)
        )
        alone = self(forward, *one_args, **one_kwargs)
        if not all(len(each) == 1 for each in _tensors([alone])):
            self.memory.rows_alone = False
            return forward(*args, **kwargs)
        expanded = pytree.tree_map(
            lambda each: (
                each.repeat(batch, *[1] * (each.ndim - 1)) if torch.is_tensor(each) else each
            ),
            alone,
        )
        if self.memory.rows_alone is None:
            together = forward(*args, **kwargs)
            self.memory.rows_alone = _is_plain(together) and _close(expanded, together)
            return together
        return expanded


def _equal_rows(given: list[Any]) -> int:
    """How many rows every tensor has, where they are all equal; otherwise 0."""
    tensors = _tensors(given)
    count = len(tensors[0]) if tensors[0].ndim > 1 else 0
    alike = all(len(each) == count and bool((each == each[:1]).all()) for each in tensors)
    return count if alike else 0


def _same(inputs: list[Any], given: list[Any]) -> bool:
    if len(inputs) != len(given):
        return False
    return all(
        torch.is_tensor(b) and a.dtype == b.dtype and a.device == b.device and torch.equal(a, b)
        if torch.is_tensor(a)
        else a is b or (not torch.is_tensor(b) and a == b)
        for a, b in zip(inputs, given, strict=True)
    )


def _close(one: Any, two: Any) -> bool:
    return all(
        a.shape == b.shape
        and bool((a - b).abs().max() <= ROWS_TOLERANCE * b.abs().max().clamp(min=1.0))
        for a, b in zip(_tensors([one]), _tensors([two]), strict=True)
        if a.is_floating_point()
    )


def _is_plain(output: Any) -> bool:
    """Whether an output is made of tensors and containers that can be copied."""
    leaves, _ = pytree.tree_flatten(output)
    return all(each is None or torch.is_tensor(each) or isinstance(each, int) for each in leaves)


def _tensors(value: Any) -> list[torch.Tensor]:
    return [each for each in pytree.tree_flatten(value)[0] if torch.is_tensor(each)]


def _copied(output: Any) -> Any:
    return pytree.tree_map(
        lambda each: each.detach().clone() if torch.is_tensor(each) else each, output
    )


def _random_states() -> list[torch.Tensor]:
    states = [torch.get_rng_state()]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        states += torch.cuda.get_rng_state_all()
    return states
